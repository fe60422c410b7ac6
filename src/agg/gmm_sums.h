/*
 * gmm_sums.h
 *	  What one pass over rows knows of a mixture, and the M-step that follows from it.
 *
 * The sums are integers and an exact sum, so they are the same in any order and grouping of
 * the rows.  They belong to the mixture under which the responsibilities were computed.
 */
#ifndef US_GMM_SUMS_H
#define US_GMM_SUMS_H

#include "agg/mixture.h"
#include "math/gmm_row.h"

/* Plain mixtures: sums count in 2^-60, since weights may be small. */
#define US_GMM_PLAIN_BITS	US_GMM_FINE_BITS

typedef struct UsGmmSums
{
	int64		rows;			/* also those whose weight vanishes on its grid */
	UsExactSum	density;		/* of weight times log density */
	int128		sum[FLEXIBLE_ARRAY_MEMBER]; /* us_gmm_sums */
} UsGmmSums;

/* Bytes of the sums of a mixture. */
extern Size us_gmm_sums_bytes(UsCovariance covariance, int k, int d);

/* to = to + from, of the same shape.  False when a sum is beyond 126 bits. */
extern bool us_gmm_sums_add(UsGmmSums *to, const UsGmmSums *from, UsCovariance covariance, int k, int d);

/* Bits after the point of the sums of a mixture. */
static inline int
us_gmm_bits(bool gridded)
{
	return gridded ? US_GMM_BITS : US_GMM_PLAIN_BITS;
}

/* Weight of all rows, and of component i (its expected rows), in the user's units. */
extern double us_gmm_total_weight(const UsGmmSums *s, bool gridded, int weight_exponent);
extern double us_gmm_weight(const UsGmmSums *s, UsCovariance covariance, int d, int i, bool gridded,
							int weight_exponent);

/* Sum over the rows of weight times log density, in the user's units of weight. */
extern double us_gmm_log_likelihood(const UsGmmSums *s, bool gridded, int weight_exponent);

/*
 * The M-step: the mixture that maximises the expected log-likelihood of the rows of s, whose
 * responsibilities are those under m (Bishop, Pattern Recognition and Machine Learning, 2006,
 * equations 9.24 to 9.27), with reg added to all variances in units of the columns.
 *
 * step < 1 is one of stepwise EM: the statistics per unit of weight become
 * (1 - step) those of m + step those of the rows (O. Cappé and E. Moulines, "On-line
 * expectation-maximization algorithm for latent data models", JRSS B 71 (2009); P. Liang
 * and D. Klein, "Online EM for Unsupervised Models", NAACL 2009).  The statistics of m follow from
 * its parameters, so nothing else has to be kept; its covariances are taken as they are, and reg is
 * the least variance then instead of being added anew each step.
 *
 * A component without any weight keeps its mean and covariance.  NULL, and the number (from 1) of
 * the component in *bad, when a covariance is not positive definite.
 */
extern UsMixture *us_mixture_next(const UsMixture *m, const UsGmmSums *s, double step, double reg,
								  int *bad);

#endif
