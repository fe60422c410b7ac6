/*
 * prototype_cells.h
 *	  To which of the prototypes of a source a row belongs: the cells of the code book that the
 *	  prototypes were made with, as they are kept in a model.
 *
 * Each cell has a prototype, the mean of the rows in it, so a row of the training belongs to the
 * prototype that it was summed up in.
 */
#ifndef US_PROTOTYPE_CELLS_H
#define US_PROTOTYPE_CELLS_H

#include "infra/buffer.h"
#include "learn/microcluster_search.h"

typedef struct UsCells
{
	bool		unit;			/* rows are brought to unit length first */
	UsGrid	   *grid;			/* [width] */
	UsCodeBook	book;
	int32	   *prototype;		/* [book.n]: of each cell, 0-based */

	/* made from these */
	int			scale;
	UsQuantiser *quantiser;		/* [width] */
	UsPackedBook *packed;
	double	   *scratch;		/* [width] */
	float	   *coordinate;		/* [width] */
} UsCells;

/* Fill in what is made from the other fields, in the current memory context. */
extern void us_cells_prepare(UsCells *c);

/* The prototype of a row x[width], encoded.  Not in parallel on the same cells: they hold the scratch. */
extern int	us_cells_row(UsCells *c, const double *x);

/* The same for a block x[width][stride], column-major: prototype[nrows]. */
extern void us_cells_block(UsCells *c, const double *x, int stride, int nrows, int32 *prototype);

/* Stored form; read validates (22P03) and prepares: n prototypes of width columns. */
extern void us_cells_write(const UsCells *c, UsWriter *w);
extern UsCells *us_cells_read(UsReader *r, int width, bool unit, int n);

#endif
