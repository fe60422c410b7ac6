/*
 * row_blocks.h
 *	  Distances of rows of doubles that stand in blocks, structure of arrays: the inner
 *	  loops of methods that compare all rows with each other.
 */
#ifndef US_ROW_BLOCKS_H
#define US_ROW_BLOCKS_H

#include <math.h>

#include "math/distance.h"
#include "math/simd.h"

/*
 * Rows in blocks of US_HALF_LANES: column j of row i of a block is x[j * US_HALF_LANES + i].  Free
 * places are infinite: their distance to anything is infinite.
 */
static inline double *
us_block_of(double *x, int width, int i)
{
	return x + (Size) (i / US_HALF_LANES) * width * US_HALF_LANES + i % US_HALF_LANES;
}

static inline int
us_half_blocks(int n)
{
	return (n + US_HALF_LANES - 1) / US_HALF_LANES;
}

/* Squared Euclidean distances of the rows of a block to p[width], in the order of the columns. */
US_INLINE void
us_square_lanes(const double *block, const double *p, int width, UsDoubleLanes *out)
{
	UsDoubleLanes sum = {0};

	for (int j = 0; j < width; j++)
	{
		UsDoubleLanes d = *(const UsDoubleLanes *) (block + j * US_HALF_LANES) - p[j];

		sum += d * d;
	}
	*out = sum;
}

/* The same for the metric, in a form that orders as the distance does: squared if it is not Manhattan. */
US_INLINE void
us_near_lanes(const double *block, const double *p, int width, bool manhattan, UsDoubleLanes *out)
{
	UsDoubleLanes sum = {0};

	if (!manhattan)
	{
		us_square_lanes(block, p, width, out);
		return;
	}
	for (int j = 0; j < width; j++)
	{
		UsDoubleLanes d = *(const UsDoubleLanes *) (block + j * US_HALF_LANES) - p[j];

		sum += (UsDoubleLanes) ((UsLongLanes) d & INT64CONST(0x7fffffffffffffff));
	}
	*out = sum;
}

/*
 * near[us_half_blocks(n) * US_HALF_LANES] of n rows in blocks to p: squared distances,
 * or Manhattan distances.
 */
extern void us_near_blocks(const double *x, int n, int width, const double *p, bool manhattan, double *near);

/* A distance from what us_near_blocks() gives. */
static inline double
us_distance_of_near(UsMetric metric, double near)
{
	switch (metric)
	{
		case US_METRIC_COSINE:
			return Min(near / 2, 2);
		case US_METRIC_MANHATTAN:
			return near;
		default:
			return sqrt(near);
	}
}

#endif
