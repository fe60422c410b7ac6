/*
 * exp_lanes.h
 *	  exp() of the lanes of a vector, the same bits on every machine.
 */
#ifndef US_EXP_LANES_H
#define US_EXP_LANES_H

#include "math/kernels.h"

/*
 * exp(x) for x in [-708, 708], lane by lane; smaller x give 0, larger ones exp(708).
 * x = n ln 2 + r with |r| <= ln(2) / 2 (W. J. Cody and W. Waite, Software Manual for the
 * Elementary Functions, 1980, chapter 6: ln 2 in two parts, so that r is exact to the last
 * digits); exp(r) by its Taylor series to r^13, whose rest is below 5e-18.
 * Relative error below 4e-16.
 */
US_INLINE void
us_exp_lanes(UsDoubleLanes *x)
{
	static const double inverse_factorial[] = {
		1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
		1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0,
		1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0
	};
	UsDoubleLanes most = US_SPLAT_DOUBLE(708.0);
	UsLongLanes zero = *x < -most;
	UsDoubleLanes v = US_SELECT_DOUBLE(*x > most, most, US_SELECT_DOUBLE(zero, -most, *x));
	UsDoubleLanes shifted = v * 1.4426950408889634 + US_ROUNDER;
	UsDoubleLanes n = shifted - US_ROUNDER;
	UsDoubleLanes r = (v - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
	UsDoubleLanes e = US_SPLAT_DOUBLE(inverse_factorial[0]);

	for (int i = 1; i < 14; i++)
		e = e * r + inverse_factorial[i];
	/* the low bits of shifted are n; e is in [0.7, 1.42], so its exponent takes it */
	e = (UsDoubleLanes) ((UsLongLanes) e + ((UsLongLanes) shifted << 52));
	*x = US_SELECT_DOUBLE(zero, (UsDoubleLanes) {0}, e);
}

#endif
