/*
 * gmm_search.h
 *	  Search for a good mixture on the rows of a sample: starts, EM, the best of them.
 */
#ifndef US_GMM_SEARCH_H
#define US_GMM_SEARCH_H

#include "agg/gmm_sums.h"
#include "learn/gmm_trouble.h"
#include "learn/kmeans_search.h"

/* The rows that are searched on, as the kernels of mixtures take them. */
typedef struct UsGmmPoints
{
	const UsPoints *points;
	double	   *weight;			/* [n], at most 1; NULL: 1 */
	double		weight_unit;	/* of the user for one of these */
	double		total_weight;	/* of all, in the user's units */
	double		rows;			/* of the source that they are */
	double		variance;		/* mean of the variances of the columns */
	double	   *factor;			/* [width], see us_gmm_pass */
	const UsGrid *grid;
	int			weight_exponent;
	UsScratch  *scratch;
	UsSearchSpace *space;		/* for the most components */
} UsGmmPoints;

typedef struct UsGmmSearchPlan
{
	UsCovariance covariance;
	int			starts;
	int			patience;		/* moves of components until so many in a row brought no gain; 0: none */
	int			max_iter;
	double		tolerance;		/* of the mean log-likelihood, for the result */
	double		rough;			/* the same while starts and moves are compared */
	double		reg;
	double		max_work;		/* products of rows after which nothing more is begun */
	uint64		seed;
} UsGmmSearchPlan;

/*
 * The points as mixtures take them, in arena: unit is the user's weight for one integer weight, variance the mean
 * of the variances of the columns; for mixtures of up to max_k components.
 */
extern void us_gmm_points_make(UsGmmPoints *p, const UsPoints *points, double unit, int weight_exponent,
							   double variance, int max_k, UsArena *arena);

/* What is known of one number of components. */
typedef struct UsGmmCandidate
{
	int			k;
	UsMixture  *mixture;		/* NULL: no start gave covariances that are positive definite */
	double		log_likelihood; /* of the points, in the user's units of weight */
	double		bic;
	double		aic;
	bool		converged;
	int			iterations;		/* of EM, of all starts together */
	int			starts;			/* made */
	int			finished;		/* of them and of the moves continued to the end */
	int			moves;			/* tried */
	int			gains;			/* of them kept */
	int			n_troubles;		/* singular components */
} UsGmmCandidate;

/* Bytes of parameters and sums that a search for k components works with. */
extern Size us_gmm_search_bytes(UsCovariance covariance, int k, int d, int starts);

/*
 * The best mixture of k components for the points: candidate (k is set by the caller).
 * Starts are partitions: the best of a search by k-means, then k-means++ with Lloyd's algorithm and
 * without in turn; and fewer, if not NULL, the best mixture of k - 1 components, whose largest
 * component is split.  All get some iterations of EM, then the best of them are
 * continued until max_work is used up (C. Biernacki, G. Celeux, G. Govaert, "Choosing
 * starting values for the EM algorithm", Computational Statistics and Data Analysis
 * 41 (2003)).  At last components of the best are moved, one at a time (Q. Zhao, V. Hautamäki,
 * I. Kärkkäinen, P. Fränti, "Random swap EM algorithm for Gaussian mixture models", Pattern
 * Recognition Letters 33 (2012)).  A mixture without singular components is better than one with them.
 */
extern void us_gmm_search(const UsGmmPoints *p, const UsGmmSearchPlan *plan, const UsMixture *fewer,
						  UsGmmCandidate *candidate);

#endif
