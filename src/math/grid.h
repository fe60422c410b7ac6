/*
 * grid.h
 *	  The fixed-point grid that makes sums independent of their order.
 *
 * A value x is rounded once, to the nearest multiple of a power of two around
 * an offset:
 *
 *		q = rint((x - offset) / step),	step = 2^exponent
 *
 * From then on only the integer q counts: sums of q are exact in integers,
 * hence the same in any order, in any number of workers, in memory or in SQL.
 * Clustering grids are chosen so that |q| <= 2^23 for all training values: then
 * q * step is exact in float4 too, and the float4 kernels see exactly the value
 * that the integer sums see.  Values beyond the training range keep their q up to
 * US_GRID_MAX_Q; farther ones are clamped there.
 */
#ifndef US_GRID_H
#define US_GRID_H

#include <math.h>

/* bits of |q| for values inside the range a grid was made for */
#define US_GRID_BITS	23

/* largest |q|: values farther out are clamped, so that sums cannot overflow 128 bits */
#define US_GRID_MAX_Q	1099511627776.0 /* 2^40 */

/* exponents outside are refused when a grid is read */
#define US_GRID_MIN_EXPONENT	(-1060)
#define US_GRID_MAX_EXPONENT	1000

typedef struct UsGrid
{
	double		offset;			/* in units of the column, finite */
	int			exponent;		/* step = 2^exponent */
} UsGrid;

/* The grid for values in [min, max] around offset: the finest step with |q| <= 2^23. */
static inline UsGrid
us_grid_make(double offset, double min, double max)
{
	UsGrid		g;
	double		reach = fmax(fabs(max - offset), fabs(min - offset));
	int			e = 0;

	if (reach > 0)
		(void) frexp(reach, &e);	/* reach = f * 2^e, f < 1 */
	g.offset = offset;
	g.exponent = e - US_GRID_BITS;
	if (g.exponent < US_GRID_MIN_EXPONENT)
		g.exponent = US_GRID_MIN_EXPONENT;
	return g;
}

/* The integer of a finite value, as a double (exact). */
static inline double
us_grid_q(UsGrid g, double x)
{
	double		q = rint(ldexp(x - g.offset, -g.exponent));

	return q > US_GRID_MAX_Q ? US_GRID_MAX_Q : (q < -US_GRID_MAX_Q ? -US_GRID_MAX_Q : q);
}

/*
 * Kernel coordinates of a set of columns.  So that squared distances neither
 * overflow nor vanish in float4, all columns are divided by one power of two,
 * 2^scale: training values then lie in [-1, 1], and a coordinate is
 * (float) (q * 2^(exponent - scale)).  Columns so small beside the largest
 * that their step would not be a normal float4 get a coarser grid first
 * (us_grids_level): their range is less than 2^-79 of the largest, so their share of
 * a squared distance is beyond float8.
 */
#define US_GRID_MIN_RELATIVE	(-126)

static inline int
us_grids_scale(const UsGrid *grid, int width)
{
	int			e = US_GRID_MIN_EXPONENT;

	for (int j = 0; j < width; j++)
		if (grid[j].exponent > e)
			e = grid[j].exponent;
	return e + US_GRID_BITS;
}

/* Coarsen the grids of the columns that are too small for the scale of the set. */
static inline void
us_grids_level(UsGrid *grid, int width)
{
	int			least = us_grids_scale(grid, width) + US_GRID_MIN_RELATIVE;

	for (int j = 0; j < width; j++)
		if (grid[j].exponent < least)
			grid[j].exponent = least;
}

/* The kernel coordinate of a value relative to the offset, in units of the column. */
static inline float
us_grid_coordinate(double relative, int scale)
{
	return (float) ldexp(relative, -scale);
}

/* The value of an integer relative to the offset: q * step. */
static inline double
us_grid_relative(UsGrid g, double q)
{
	return ldexp(q, g.exponent);
}

#endif
