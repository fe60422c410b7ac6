/*
 * special.h
 *	  Incomplete gamma and beta functions, and their inverses.
 *
 * Values are good to about 1e-13 relative, in both tails: every function gives the
 * part below and the part above, neither as one minus the other.  Arguments outside of
 * the domain give NaN.
 */
#ifndef US_SPECIAL_H
#define US_SPECIAL_H

/*
 * The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P, a > 0, x >= 0:
 * the distribution function at x of the gamma distribution of shape a and scale 1.
 * Either of p, q may be NULL.  Series below the mean, Lentz's continued fraction above it
 * (Press et al., "Numerical Recipes", 3rd ed., section 6.2), Temme's uniform expansion for
 * shapes above 1e6 (N. M. Temme, SIAM J. Math. Anal. 10 (1979); DLMF 8.12).
 */
extern void us_gamma_inc(double a, double x, double *p, double *q);

/* The x with P(a, x) = p and Q(a, x) = q, where p + q = 1 and the smaller one decides. */
extern double us_gamma_inv(double a, double p, double q);

/*
 * The regularised incomplete beta function I_x(a, b) and 1 - I_x(a, b), a, b > 0: the
 * distribution function at x of the beta distribution.  y is 1 - x, given by the caller,
 * who often knows it better than a subtraction.  Continued fraction of DLMF 8.17.22.
 */
extern void us_beta_inc(double a, double b, double x, double y, double *p, double *q);

/* The x with I_x(a, b) = p and 1 - I_x(a, b) = q (the smaller one decides), and y = 1 - x; either may be NULL. */
extern void us_beta_inv(double a, double b, double p, double q, double *x, double *y);

#endif
