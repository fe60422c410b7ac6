/*
 * normal.h
 *	  The standard normal distribution.
 */
#ifndef US_NORMAL_H
#define US_NORMAL_H

/* P(Z <= x), through erfc: full relative accuracy in the lower tail. */
extern double us_normal_cdf(double x);

/*
 * The x with P(Z <= x) = p, 0 < p < 1; infinite at 0 and 1, NaN outside.
 * M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution",
 * Applied Statistics 37 (1988), PPND16: relative error about 1e-16.
 */
extern double us_normal_quantile(double p);

/*
 * Its coefficients from the constant on, numerator and denominator: for |q| <= 0.425, q = p - 1/2, q times the
 * ratio at 0.180625 - q^2; farther out, to p = 1.4e-11, the ratio at sqrt(-log(min(p, 1 - p))) - 1.6.
 */
extern const double us_normal_centre[2][8];
extern const double us_normal_middle[2][8];

#endif
