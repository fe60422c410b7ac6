/*
 * gmm.h
 *	  Mixtures of normal distributions: the inner loops of expectation and maximisation.
 *
 * Columns are in units in which rows of a training lie in [-1, 1].  Rows stand in tiles of up to
 * US_GMM_TILE rows, structure of arrays: column j of row i of a tile is y[j * US_GMM_STRIDE + i].
 * All functions work on whole lanes; rows that fill up a tile have weight 0.
 *
 * A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum Likelihood from Incomplete Data via the
 * EM Algorithm", JRSS B 39 (1977); C. M. Bishop, Pattern Recognition and Machine Learning,
 * 2006, section 9.2.
 *
 * The sums that the M-step needs do not depend on the order of the rows: each product (r y_i) y_j,
 * with r the weighted responsibility, is rounded once to a multiple of 2^-46 and summed as
 * an integer.  In the kernel the rounding is that of the addition to an accumulator which stays
 * in one binade; setting the last bit of each product to 1 first makes sure that none is half way
 * between two multiples, where the result would depend on the accumulator.
 */
#ifndef US_GMM_H
#define US_GMM_H

#include "math/cholesky.h"
#include "math/exact_sum.h"
#include "math/simd.h"

/* The numbers are stored in data: they never change. */
typedef enum UsCovariance
{
	US_COVARIANCE_FULL = 0,		/* a matrix for each component */
	US_COVARIANCE_DIAG = 1,		/* a variance for each component and column */
	US_COVARIANCE_TIED = 2,		/* one matrix */
	US_COVARIANCE_SPHERICAL = 3 /* a variance for each component */
} UsCovariance;

#define US_COVARIANCE_COUNT 4

/* rows of a tile: so that 32 products of at most 1 come to each lane of an accumulator */
#define US_GMM_TILE		256

/* and a little more from column to column, so that columns do not share lines of the cache */
#define US_GMM_STRIDE	(US_GMM_TILE + 16)

/* responsibilities below this are 0: nothing of theirs would reach half a unit of a sum */
#define US_GMM_CUT		0x1p-48

/* sums count in 2^-US_GMM_BITS */
#define US_GMM_BITS		46

/* A mixture prepared for the kernels; the arrays belong to somebody else. */
typedef struct UsGmm
{
	int			k;
	int			d;
	UsCovariance covariance;
	const double *mean;			/* [k][d]; TIED: times the factor */

	/*
	 * Inverse Cholesky factors W, covariance = (W'W)^-1.  FULL: [k] packed triangles; TIED: one; DIAG
	 * and SPHERICAL: [k][d], their diagonals.
	 */
	const double *factor;
	const double *constant;		/* [k]: log of weight and of the density at the mean */
} UsGmm;

/* Sums of one component besides S0 = sum of r and S1 = sums of r y_j: of r y_i y_j. */
extern Size us_gmm_products(UsCovariance covariance, int d);

/*
 * Sums of a mixture: the weight of all rows; for each component S0, S1[d], products; for
 * TIED at last the packed products w y_i y_j of all rows, whatever the component.
 */
extern Size us_gmm_sums(UsCovariance covariance, int k, int d);

/* The sums of component i. */
static inline int128 *
us_gmm_sums_of(int128 *sums, UsCovariance covariance, int d, int i)
{
	return sums + 1 + (1 + d + us_gmm_products(covariance, d)) * (Size) i;
}

/* What the kernels work in, for tiles of a mixture; aligned memory of the current context. */
typedef struct UsGmmScratch
{
	double	   *y;				/* [d][STRIDE]: the caller fills it */
	double	   *weight;			/* [STRIDE]: the same, at most 1; 0 in missing rows */
	double	   *r;				/* [k][STRIDE]: log densities, then responsibilities */
	double	   *density;		/* [STRIDE]: log density of the mixture */
	double	   *other;			/* [d][STRIDE], tied or active rows */
	double	   *product;		/* [STRIDE] */
	double	   *some;			/* [STRIDE] */
} UsGmmScratch;

/* Room for tiles of k components and d columns, cleared; and its bytes. */
extern UsGmmScratch *us_gmm_scratch(int k, int d);
extern Size us_gmm_scratch_bytes(int k, int d);

/* Fill scratch->y from kernel coordinates of rows in blocks: times factor[d], which are powers of two. */
extern void us_gmm_load(UsGmmScratch *s, const float *x, int nrows, int d, const double *factor);

/* Log of weight times density of every component for n rows: scratch->r. */
extern void us_gmm_log_densities(const UsGmm *m, UsGmmScratch *s, int n);

/*
 * From these the log density of the mixture, and responsibilities times weight: r.
 */
extern void us_gmm_responsibilities(int k, UsGmmScratch *s, int n);

/* Add n rows to the sums. */
extern void us_gmm_accumulate(const UsGmm *m, UsGmmScratch *s, int n, int128 *sums);

/*
 * Add one row, y[d], r[k] and weight w, as us_gmm_accumulate does, with sums that count in
 * 2^-bits.  False when a sum or product is beyond 2^125.
 */
extern bool us_gmm_add_row(UsCovariance covariance, int k, int d, const double *y, const double *r,
						   double w, int bits, int128 *sums);

#endif
