/*
 * fixed_sum.h
 *	  Many small sums of bounded doubles, the same in any order: 16 bytes each where
 *	  a UsExactSum takes 544.
 *
 * Every value is rounded once to a multiple of 2^-60 of a bound that is known before,
 * and added as an integer.
 */
#ifndef US_FIXED_SUM_H
#define US_FIXED_SUM_H

#include <math.h>

#define US_FIXED_BITS	60

/* The factor that turns values up to bound (finite, not negative) into integers. */
static inline double
us_fixed_unit(double bound)
{
	int			exponent = 0;

	if (bound > 0)
		(void) frexp(bound, &exponent);
	return ldexp(1.0, Max(Min(US_FIXED_BITS - exponent, 1020), -1000));
}

static inline void
us_fixed_add(int128 *sum, double x, double unit)
{
	*sum += (int64) rint(x * unit);
}

static inline double
us_fixed_value(int128 sum, double unit)
{
	return (double) sum / unit;
}

#endif
