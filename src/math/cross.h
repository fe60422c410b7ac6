/*
 * cross.h
 *	  Sums of products of columns, exact, hence the same in any order of the rows.
 *
 * Each value is rounded once to the grid of its column, q = rint((x - offset) / 2^exponent) with
 * |q| <= 2^47, and cut into q = high 2^24 + low, |high|, |low| <= 2^23, both kept as doubles.  A sum
 * of products of such parts over a few hundred rows is below 2^53, so the floating-point
 * kernel that computes it makes no error; between tiles the sums are integers of 128 bits.
 * A column of values less than 2^e apart from its offset is known to 2^(e - 48) so; where
 * 23 bits are enough, only the high parts are used.
 */
#ifndef US_CROSS_H
#define US_CROSS_H

#include "math/dd.h"
#include "math/grid.h"
#include "math/simd.h"

/* rows of a tile */
#define US_CROSS_TILE		512

/* bits of |q| */
#define US_CROSS_BITS		47
#define US_CROSS_LOW_BITS	24

/* Rows that the sums have room for. */
#define US_CROSS_MAX_ROWS	(INT64CONST(1) << 32)

/* The grid for values at most reach away from offset. */
extern UsGrid us_cross_grid(double offset, double reach);

/*
 * The parts of x[0 .. n), n <= US_CROSS_TILE, in units of the grid: high[US_CROSS_TILE] and, unless
 * NULL, low[US_CROSS_TILE]; what is beyond n becomes 0.  factor, if not NULL, multiplies
 * x - offset first: the grid is then that of the product.  Values outside of the reach are taken
 * as at its end.
 */
extern void us_cross_cut(UsGrid grid, const double *x, const double *factor, int n,
						 double *high, double *low);

/*
 * The value of one number on its grid, as us_cross_cut() has it: q * 2^exponent, of the high part alone
 * when not fine.
 */
static inline double
us_cross_value(UsGrid grid, double x, double factor, bool fine)
{
	const double most = ldexp(1.0, US_CROSS_BITS);
	const double rounder = 6755399441055744.0;	/* US_ROUNDER */
	double		v = (x - grid.offset) * factor * ldexp(1.0, -grid.exponent);

	v = v > most ? most : v;
	v = v < -most ? -most : v;
	v = (v + rounder) - rounder;
	if (!fine)
		v = ((v * ldexp(1.0, -US_CROSS_LOW_BITS) + rounder) - rounder) * ldexp(1.0, US_CROSS_LOW_BITS);
	return ldexp(v, grid.exponent);
}

/* Position of columns i <= j of n in a packed triangle, and its size. */
static inline Size
us_cross_at(int n, int i, int j)
{
	return (Size) i * (2 * (Size) n - i - 1) / 2 + j;
}

static inline Size
us_cross_size(int n)
{
	return (Size) n * (n + 1) / 2;
}

/*
 * Add the products of all pairs of n columns column[n][US_CROSS_TILE] of parts (aligned to
 * US_BLOCK_ALIGN) to sum[us_cross_size(n)]; rows is rounded up to 8.
 */
extern void us_cross_triangle(const double *column, int n, int rows, int128 *sum);

/* Add the products of a[na][US_CROSS_TILE] and b[nb][US_CROSS_TILE] to sum[na][nb]. */
extern void us_cross_rectangle(const double *a, int na, const double *b, int nb, int rows, int128 *sum);

/*
 * A sum of products of two columns from those of their parts: high by high, high by low and low by high
 * together, low by low; in units of both grids.
 */
static inline int128
us_cross_join(int128 high, int128 mixed, int128 low)
{
	return (high * ((int128) 1 << US_CROSS_LOW_BITS) + mixed) * ((int128) 1 << US_CROSS_LOW_BITS) + low;
}

#endif
