/*
 * microcluster.h
 *	  The rows of a source as a few thousand weighted prototypes: what a method that costs the
 *	  square of the number of rows works on when there are too many of them.
 */
#ifndef US_MICROCLUSTER_H
#define US_MICROCLUSTER_H

#include "learn/algorithm.h"
#include "learn/prototype_cells.h"

typedef struct UsPrototypes
{
	int			n;
	int			width;
	double	   *center;			/* [n][width], encoded units: the mean of the rows */
	double	   *weight;			/* [n], > 0: sum of their weights */
	double	   *within;			/* [n]: weighted sum of squared distances around the mean */
	int64	   *rows;			/* [n]: rows of the source */
	UsCells    *cells;			/* which prototype a row belongs to; NULL when each is a distinct row */

	/*
	 * The same for the rows of the source: [nchunks][US_CHUNK_ROWS], taken from the budget; NULL without
	 * cells, or without room.
	 */
	uint16	   *of_row;
} UsPrototypes;

/*
 * Up to max_prototypes prototypes (1 .. 65535) of all rows of a source, in the current memory
 * context; when the source has no more distinct rows, exactly those.  unit: every
 * encoded row is brought to unit length first (cosine distances), and centres are means of
 * such rows.
 *
 * Every row belongs to one prototype, and weight, centre and sum of squares are those of
 * its rows, from exact sums; all is the same for any order of the rows, any number of
 * workers, and for frames in memory and spilled.  Prototypes come in descending order
 * of their weight, then by their coordinates.
 *
 * Memory is taken from the budget (53200); of_row only if so many bytes as "reserve" are left when all other
 * memory is given back.  details gets an object "microclusters".  Raises 22023 if no row has a weight.
 */
extern UsPrototypes *us_prototypes_build(const UsFitInput *input, int max_prototypes, bool unit,
										 Size reserve, UsReport *details);

/* Bytes that us_prototypes_build would like to have at most. */
extern uint64 us_prototypes_bytes(int max_prototypes, int64 nrows, int width);

#endif
