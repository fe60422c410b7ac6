/*
 * compensated.h
 *	  Running sums that keep what rounding takes away, for values in a fixed order.
 *
 * A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen",
 * ZAMM 54 (1974).  A few times cheaper than math/exact_sum.h, but the order of the values
 * shows in the last digit.
 */
#ifndef US_COMPENSATED_H
#define US_COMPENSATED_H

#include <math.h>

typedef struct UsCompensated
{
	double		sum;
	double		rest;
} UsCompensated;

static inline void
us_compensated_add(UsCompensated *c, double x)
{
	double		sum = c->sum + x;

	c->rest += fabs(c->sum) >= fabs(x) ? (c->sum - sum) + x : (x - sum) + c->sum;
	c->sum = sum;
}

static inline double
us_compensated_value(const UsCompensated *c)
{
	return c->sum + c->rest;
}

#endif
