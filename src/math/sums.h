/*
 * sums.h
 *	  What one pass of k-means knows of a partition: for each cluster the exact
 *	  sums of the integers of its rows (math/grid.h), their weight and number.
 *
 * The sums are integers, so they are the same in any order of the rows, and rows
 * can be taken out again without error.  Weights are integers too: 1, or the user's
 * weight times a power of two.  Bounds that hold in training and keep every
 * intermediate inside 128 bits: |q| <= 2^23, total weight <= 2^62.
 */
#ifndef US_SUMS_H
#define US_SUMS_H

#include "math/kernels.h"

typedef struct UsSums
{
	int			k;
	int			width;
	int128	   *sum;			/* [k][width], of weight * q */
	int64	   *weight;			/* [k] */
	int64	   *rows;			/* [k]; also rows whose weight vanishes on its grid */
} UsSums;

/* Bytes of the arrays of k clusters, and a UsSums over such memory (aligned to 16), not cleared. */
extern Size us_sums_bytes(int k, int width);
extern UsSums us_sums_at(void *memory, int k, int width);

/* Set all sums to 0. */
extern void us_sums_clear(UsSums *s);
/* Copy sums of the same sizes. */
extern void us_sums_copy(UsSums *to, const UsSums *from);
/* Add sums of the same sizes. */
extern void us_sums_add(UsSums *to, const UsSums *from);

/*
 * Take in the first nrows rows of blocks under their labels.  back[width] turns
 * coordinates into integers (UsQuantiser.back); weight[nrows] is NULL for 1.
 */
extern void us_sums_blocks(UsSums *s, const float *x, int nrows, const float *back,
						   const int64 *weight, const uint16 *label);

/* Move the n rows changed[] from their label before to their label after. */
extern void us_sums_move(UsSums *s, const float *x, const float *back, const int64 *weight,
						 const uint16 *before, const uint16 *after,
						 const uint16 *changed, int n);

/*
 * The mean of cluster i (weight > 0) in units of the columns, relative to the
 * offsets: c[width].
 */
extern void us_sums_mean(const UsSums *s, int i, const UsGrid *grid, double *c);

/*
 * Sum over the rows of weight * squared distance to the mean of their cluster, in
 * units of the columns, for integer weights; squares[width] are the total sums of weight * q^2.
 * By column, sum of squares minus sum over clusters of S^2/N (the decomposition of
 * variance; Steinley, "K-means clustering: a half-century synthesis", 2006), in
 * integers up to the last fraction, so nothing cancels.
 */
extern double us_sums_inertia(const UsSums *s, const int128 *squares, const UsGrid *grid);

/*
 * Sum over the clusters of weight * squared distance between their mean and
 * center[k][width] (relative to the offsets): what the inertia around those centres
 * has more than us_sums_inertia (Huygens).
 */
extern double us_sums_between(const UsSums *s, const double *center, const UsGrid *grid);

#endif
