/*
 * labelled.h
 *	  Rows of a frame with labels that somebody gave them, as points in memory.
 */
#ifndef US_LABELLED_H
#define US_LABELLED_H

#include "learn/kmeans_sample.h"

typedef struct UsLabelled
{
	UsPoints   *points;			/* distinct pairs of row and label */
	double	   *fine;			/* [points->n][width] their coordinates to 48 bits of the range of a column */
	uint16	   *label;			/* [points->nblocks * US_LANES] */
	bool		complete;		/* they are all rows of the frame */
} UsLabelled;

/* Labels 0 .. of the rows of chunk number i of the frame: label[nrows]. */
typedef void (*UsLabelsOfChunk) (void *context, int i, const UsMatrixChunk *chunk, uint16 *label);

/* Most labels: they are told apart as float4 coordinates. */
#define US_LABELLED_MOST	65535

/* Bytes for up to capacity points. */
extern Size us_labelled_bytes(const UsSpace *space, int capacity);

/*
 * The rows of the frame: all distinct ones up to capacity, else those with the smallest hash of seed and row key, each
 * with the number of its equals; an order that does not depend on that of the rows.
 */
extern UsLabelled us_labelled_read(const UsSpace *space, UsFrame *frame, const UsEncoder *encoder,
								   UsLabelsOfChunk labels, void *context, int capacity,
								   uint64 seed, UsArena *arena, UsBudget *budget);

/* An index of the points by row and label, for us_labelled_find. */
typedef struct UsLabelledIndex UsLabelledIndex;
extern UsLabelledIndex *us_labelled_index(const UsLabelled *l, UsArena *arena);

/* The rows of a frame to 48 bits, chunk by chunk. */
typedef struct UsFineRows UsFineRows;
extern UsFineRows *us_fine_rows(const UsSpace *space, UsFrame *frame, const UsEncoder *encoder, UsArena *arena);
extern void us_fine_chunk(UsFineRows *f, int i);

/* The point of row r of that chunk with that label; -1: it is not among the points. */
extern int	us_labelled_find(const UsLabelledIndex *index, const UsFineRows *f, const UsMatrixChunk *chunk, int r,
							 uint16 label);

#endif
