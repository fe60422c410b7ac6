/*
 * dip.h
 *	  The dip statistic: how far is a sample from having one mode?
 *
 * J. A. Hartigan and P. M. Hartigan, "The dip test of unimodality", Annals of Statistics 13 (1985).
 */
#ifndef US_DIP_H
#define US_DIP_H

/*
 * The dip of x[n], finite and ascending, n >= 1: the largest distance between its distribution function and the nearest one
 * that has one mode; between 1 / (2 n) and 1 / 4.  P. M. Hartigan, "Algorithm AS 217", Applied Statistics 34 (1985), with the
 * closing rule corrected as in M. Maechler's diptest for R.  Raises an error of memory only.
 */
extern double us_dip(const double *x, int n);

/*
 * What sqrt(n) * us_dip of n values drawn evenly from an interval exceeds with the probability p <= 0.05.  Samples of any other
 * distribution with one mode have a smaller dip in the limit (Hartigan and Hartigan, section 3), so this is for all of them.
 * sqrt(log(6.2 / p) / 16) is the table of diptest at n = 72000 (a million simulated samples) to 0.01 for p from 0.05 to 0.0001,
 * and above its entries for smaller n.
 */
extern double us_dip_critical(double p);

#endif
