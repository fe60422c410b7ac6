/*
 * log_lanes.h
 *	  log() of the lanes of a vector, the same bits on every machine.
 */
#ifndef US_LOG_LANES_H
#define US_LOG_LANES_H

#include "math/kernels.h"

/*
 * log(x) for normal x > 0, lane by lane.  x = 2^n m with m in [sqrt(1/2), sqrt(2)), and
 * log(m) = 2 atanh(f) with f = (m - 1) / (m + 1), |f| < 0.172, by its Taylor series to f^21, whose
 * rest is below 2e-18 (W. J. Cody and W. Waite, Software Manual for the Elementary
 * Functions, 1980, chapter 5).  Absolute error below 3e-16 for x near 1, else relative error
 * below 3e-16.
 */
US_INLINE void
us_log_lanes(UsDoubleLanes *x)
{
	static const double inverse_odd[] = {
		1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3
	};
	UsLongLanes bits = (UsLongLanes) *x;

	/* exponent counted from sqrt(1/2), whose bits are 0x3fe6a09e667f3bcd */
	UsLongLanes shifted = bits - INT64CONST(0x3fe6a09e667f3bcd);
	UsLongLanes exponent = shifted >> 52;
	UsDoubleLanes m = (UsDoubleLanes) (bits - (exponent << 52));
	UsDoubleLanes f = (m - 1.0) / (m + 1.0);
	UsDoubleLanes f2 = f * f;
	UsDoubleLanes series = US_SPLAT_DOUBLE(inverse_odd[0]);

	/* the low bits of 1.5 * 2^52 + n are those of n */
	UsDoubleLanes n = (UsDoubleLanes) (exponent + INT64CONST(0x4338000000000000)) - US_ROUNDER;

	for (int i = 1; i < 10; i++)
		series = series * f2 + inverse_odd[i];
	*x = n * 6.93147180369123816490e-01 +
		(f + f + (f + f) * f2 * series + n * 1.90821492927058770002e-10);
}

#endif
