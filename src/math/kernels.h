/*
 * kernels.h
 *	  The inner loops of clustering: distances of blocks of rows to centres.
 *
 * Rows stand in blocks of US_LANES rows, structure of arrays: column j of row i
 * of a block is x[j * US_LANES + i].  Coordinates are float4 on a grid
 * (math/grid.h), so sums of the integers behind them are exact.
 *
 * The squared distance is ((0 + (x0-c0)^2) + (x1-c1)^2) + ... in float4, in the
 * order of the columns and without fused multiply-add.  Every function here, for
 * blocks or for one row, computes just that, so they agree bit for bit.  Functions of many
 * blocks look for interrupts often enough for a cancel within milliseconds.
 */
#ifndef US_KERNELS_H
#define US_KERNELS_H

#include "math/grid.h"
#include "math/simd.h"

/* largest number of centres: labels are uint16 */
#define US_MAX_CENTERS	65535

/* Memory for blocks, not cleared, aligned to US_BLOCK_ALIGN; freed with the current context. */
extern void *us_block_alloc(Size bytes);

/* How one column is put on its grid and into kernel coordinates. */
typedef struct UsQuantiser
{
	double		offset;
	double		up;				/* q = rint((x - offset) * up * up_more) */
	double		up_more;		/* 1 but for exponents below -1000 */
	double		down;			/* coordinate = (float) (q * down) */
	float		back;			/* q = coordinate * back, exact for |q| <= 2^24 */
} UsQuantiser;

/* The quantiser of a grid whose set has the given scale (us_grids_scale). */
extern UsQuantiser us_quantiser(UsGrid grid, int scale);

/* adding and subtracting this rounds |x| < 2^51 to the nearest integer, ties to even */
#define US_ROUNDER	6755399441055744.0	/* 1.5 * 2^52 */

/* The integer of a finite value: us_grid_q, faster. */
static inline double
us_quantise(const UsQuantiser *z, double x)
{
	double		v = (x - z->offset) * z->up * z->up_more;

	v = v > US_GRID_MAX_Q ? US_GRID_MAX_Q : (v < -US_GRID_MAX_Q ? -US_GRID_MAX_Q : v);
	return (v + US_ROUNDER) - US_ROUNDER;
}

/*
 * Put one column of nrows rows into blocks: value[nrows], finite, goes to column j of
 * blocks of width columns at x; missing rows of the last block become 0.  value must
 * have room for whole blocks and is overwritten there.
 * *squares, if not NULL, gets the exact sum of q^2, for nrows <= 4096 values inside the
 * range of the grid.
 */
extern void us_store_column(const UsQuantiser *z, double *value, int nrows,
							float *x, int width, int j, int64 *squares);

/* Squared distance of two vectors of kernel coordinates. */
static inline float
us_squared_distance(const float *x, const float *c, int width)
{
	float		sum = 0;

	for (int j = 0; j < width; j++)
	{
		float		d = x[j] - c[j];

		sum += d * d;
	}
	return sum;
}

/*
 * The nearest of k >= 1 centres, center[k][width], for every row of nblocks blocks.
 * label[i] is 0-based, ties go to the lowest number; distance[i], if not NULL,
 * gets the squared distance.  All pointers aligned to US_BLOCK_ALIGN.
 */
extern void us_nearest_blocks(const float *x, int nblocks, int width,
							  const float *center, int k,
							  uint16 *label, float *distance);

/*
 * Centres packed for us_nearest_row: blocks of US_LANES centres, structure of
 * arrays, the last block filled up with infinity.  Number of floats, and packing.
 */
extern Size us_packed_floats(int k, int width);
extern void us_pack_centers(const float *center, int k, int width, float *packed);

/*
 * The nearest of k packed centres for one row x[width], 0-based, as
 * us_nearest_blocks; *distance, if not NULL, gets the squared distance.
 * No alignment is asked of packed.
 */
extern int	us_nearest_row(const float *x, int width, const float *packed, int k,
						   float *distance);

/*
 * The same, with the squared distance to the second nearest centre (infinity for k = 1).
 */
extern void us_two_nearest_blocks(const float *x, int nblocks, int width,
								  const float *center, int k,
								  uint16 *label, float *first, float *second);

/* Squared distances of all rows of nblocks blocks to one centre c[width]. */
extern void us_distance_blocks(const float *x, int nblocks, int width,
							   const float *c, float *distance);

/*
 * Sum over nblocks blocks of mass * min(a, b), in float8 and in a fixed order; b may
 * be NULL.  least, if not NULL, gets the minima.
 */
extern double us_sum_least(const float *a, const float *b, const float *mass,
						   int nblocks, float *least);

/*
 * Compare two arrays of labels of nrows <= 65535 rows (whole blocks are read);
 * changed[] gets the numbers of the rows that differ; returns how many.
 */
extern int	us_changed_rows(const uint16 *before, const uint16 *after, int nrows,
							uint16 *changed);

#endif
