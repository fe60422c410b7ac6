/*
 * delong.h
 *	  How sure an AUC is, and whether two AUCs on the same rows differ.
 *
 * E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or
 * more correlated receiver operating characteristic curves", Biometrics 44 (1988); in
 * n log n by midranks: X. Sun, W. Xu, "Fast implementation of DeLong's algorithm", IEEE
 * Signal Processing Letters 21 (2014).
 *
 * With weights, the variance of a weighted mean of the same components: sums of w^2 (V - A)^2
 * over (sum of w)^2, times m / (m - 1) for the m rows of a class; DeLong's for equal weights.
 */
#ifndef US_DELONG_H
#define US_DELONG_H

typedef struct UsDelong
{
	double		auc[2];
	double		variance[2];	/* of each */
	double		covariance;
	int64		positives;		/* rows of weight above 0 */
	int64		negatives;
} UsDelong;

/*
 * AUC and its variance on n rows (as us_ranking_build); b, a second score of the same rows, may be
 * NULL.  AUCs are NaN with one class, variances with fewer than two rows in a class.
 * us_delong_memory(n, pair) bytes.
 */
extern void us_delong(const double *a, const double *b, const uint8 *positive, const double *weight,
					  int64 n, UsDelong *result);
extern Size us_delong_memory(int64 n, bool pair);

/*
 * The components of an AUC, v[n]: for a positive row the share of the negatives below it, for a negative one that of the
 * positives above it, ties counted half; rows of weight 0 have none.  Returns the AUC, their mean in either
 * class.  There must be rows of both classes.
 */
extern double us_auc_components(const double *score, const uint8 *positive, const double *weight,
								int64 n, double *v);

/* The two-sided p-value of equal AUCs; *z gets the statistic.  1 where they are equal, NaN without variances. */
extern double us_delong_test(const UsDelong *result, double *z);

#endif
