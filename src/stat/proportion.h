/*
 * proportion.h
 *	  Intervals of a proportion, and tests on counts.
 */
#ifndef US_PROPORTION_H
#define US_PROPORTION_H

/*
 * The exact interval of Clopper and Pearson (Biometrika 26 (1934)) for successes of n, at least
 * of the given level: quantiles of beta distributions.  successes and n need not be whole numbers.
 * (0, 1) for n = 0.
 */
extern void us_clopper_pearson(double successes, double n, double level, double *low, double *high);

/* Wilson's score interval (J. Amer. Statist. Assoc. 22 (1927)), for the effective size of weighted rows. */
extern void us_wilson(double share, double n, double level, double *low, double *high);

/*
 * McNemar's test (Psychometrika 12 (1947)) of two classifiers on the same rows: a_only rows where only the
 * first is right, b_only where only the second is.  *exact: two-sided binomial; *chi2 and its p-value with Edwards'
 * continuity correction.  1, 0 and 1 when they never differ.
 */
extern void us_mcnemar(double a_only, double b_only, double *exact, double *chi2, double *p_chi2);

/*
 * Nadeau and Bengio's corrected resampled t test (Machine Learning 52 (2003)) of differences[n] of a figure
 * from n splits, test_share the ratio of test to training rows in each: variance times
 * (1 / n + test_share) instead of 1 / n.  Returns the two-sided p-value on n - 1 degrees of freedom;
 * *mean, and *low, *high of its interval.  NaN for n < 2; 1 (or 0) when all differences are equal to 0 (to another number).
 */
extern double us_corrected_t(const double *difference, int n, double test_share, double level,
							 double *mean, double *t, double *low, double *high);

#endif
