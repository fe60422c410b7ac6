/*
 * gauss_legendre.h
 *	  Gauss-Legendre quadrature on the unit interval.
 */
#ifndef US_GAUSS_LEGENDRE_H
#define US_GAUSS_LEGENDRE_H

/*
 * Nodes x[n], ascending and inside of (0, 1), and weights w[n], positive, of the rule that integrates polynomials of
 * degree up to 2 n - 1 over [0, 1] exactly.  n > 0.  Roots of the Legendre polynomial by Newton's method
 * from cos(pi (i - 1/4) / (n + 1/2)); P. J. Davis, P. Rabinowitz, Methods of Numerical Integration, 2nd ed. 1984, section 2.7.
 */
extern void us_gauss_legendre(int n, double *x, double *w);

#endif
