/*
 * weight_units.h
 *	  Weights of rows as whole numbers of 2^-72 in 128 bits: rounded once, added exactly.
 */
#ifndef US_WEIGHT_UNITS_H
#define US_WEIGHT_UNITS_H

#include <math.h>

#include "infra/buffer.h"

/* Weights are 0, or from 2^-40 to 2^40; each of their sums stays below 2^54. */
#define US_WEIGHT_LEAST		9.094947017729282e-13
#define US_WEIGHT_LARGEST	1099511627776.0
#define US_WEIGHT_BITS		72
#define US_WEIGHT_MOST		((int128) 1 << 126)

/* A weight in range; weights from 2^-19 on are not rounded at all. */
static inline int128
us_weight_units(double weight)
{
	double		scaled = ldexp(weight, US_WEIGHT_BITS);

	return (int128) (scaled < 4503599627370496.0 ? rint(scaled) : scaled);
}

static inline double
us_weight_value(int128 units)
{
	return ldexp((double) units, -US_WEIGHT_BITS);
}

/* Their sum; 22003 when it leaves its range. */
static inline int128
us_weight_add(int128 a, int128 b)
{
	int128		sum;

	if (__builtin_add_overflow(a, b, &sum) || sum >= US_WEIGHT_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of weights is out of range"),
				 errdetail("It must stay below 2^54, about 1.8e16."),
				 errhint("Divide the weights by a constant: the metrics do not change.")));
	return sum;
}

/* In a payload. */
static inline void
us_write_units(UsWriter *w, int128 units)
{
	us_write_u64(w, (uint64) units);
	us_write_u64(w, (uint64) (units >> 64));
}

static inline int128
us_read_units(UsReader *r)
{
	uint64		low = us_read_u64(r);
	uint64		high = us_read_u64(r);

	return ((int128) high << 64) | low;
}

#endif
