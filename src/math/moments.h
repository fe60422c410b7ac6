/*
 * moments.h
 *	  Range, mean and variance of float8 columns with NULLs (as NaN) and weights, the
 *	  same in any order of the rows.
 *
 * Variances are taken around a centre given before, and corrected for its
 * distance from the mean:
 *
 *		var = sum w (x - c)^2 / W - (sum w (x - c) / W)^2
 *
 * With a centre within one standard deviation of the mean (the median always is)
 * at most one bit is lost.  Deviations are scaled by a power of two of the range,
 * so that squares neither overflow nor vanish; products are rounded once a row, the
 * sums are exact (math/exact_sum.h).
 */
#ifndef US_MOMENTS_H
#define US_MOMENTS_H

#include "math/exact_sum.h"

/* Smallest and largest value and the numbers of values and of NaN; start from us_range_init. */
typedef struct UsRange
{
	double		min;			/* infinity while there is no value */
	double		max;
	int64		n;				/* values */
	int64		n_null;			/* NaN */
} UsRange;

/* The range of nothing. */
extern void us_range_init(UsRange *range);

/* Take in x[0 .. n); NaN are counted, infinite values are values. */
extern void us_range_add(UsRange *range, const double *x, int n);

/* Take in what another range has seen. */
extern void us_range_merge(UsRange *range, const UsRange *other);

/* Are all of x[0 .. n) at most limit in size?  False with a NaN. */
extern bool us_within(const double *x, int n, double limit);

typedef struct UsMoments
{
	double		centre;
	double		unit;			/* deviations are counted in units of this power of two ... */
	double		per_unit;		/* ... its reciprocal */
	bool		weighted;
	UsExactSum	weight;			/* of the values */
	UsExactSum	sum1;
	UsExactSum	sum2;
	int64		n;				/* values */
} UsMoments;

/*
 * Start: min and max bound the values to come, which are finite; centre lies
 * between them.
 */
extern void us_moments_init(UsMoments *m, double centre, double min, double max);

/* Take in x[0 .. n) with weights w (NULL: 1); NaN in x are left out. */
extern void us_moments_add(UsMoments *m, const double *x, const double *w, int n);

/* Sum of weights, mean and population standard deviation; zeros when there was no value. */
extern double us_moments_weight(const UsMoments *m);
extern double us_moments_mean(const UsMoments *m);
extern double us_moments_sd(const UsMoments *m);

#endif
