/*
 * gmm_run.h
 *	  EM on all rows of the source: in memory or in a temporary file, by a team of workers,
 *	  or by one SQL aggregate an iteration.
 */
#ifndef US_GMM_RUN_H
#define US_GMM_RUN_H

#include "agg/gmm_sums.h"
#include "data/matrix.h"
#include "learn/algorithm.h"

typedef struct UsGmmRun UsGmmRun;

/* What is asked of a run. */
typedef struct UsGmmRunPlan
{
	const UsFitInput *input;
	const UsSpace *space;
	UsCovariance covariance;
	int			max_k;
	int			workers;		/* asked for: exactly so many if they can be had; -1: by the size of the work */
	Size		reserve;		/* bytes of the budget that the caller needs beside the run */
} UsGmmRunPlan;

typedef struct UsGmmRunResult
{
	UsMixture  *mixture;
	double		log_likelihood; /* of the rows under it, in the user's units of weight */
	double		total_weight;	/* the same units */
	int64		rows;
	int			iterations;		/* M-steps */
	bool		converged;
	int			singular;		/* component (from 1) whose covariance is not positive definite; 0: none */
} UsGmmRunResult;

/* Decide where the rows go, start the workers. */
extern UsGmmRun *us_gmm_run_create(const UsGmmRunPlan *plan);

/* Encode all rows; each chunk is shown to visit. */
extern void us_gmm_run_encode(UsGmmRun *run, UsMatrixVisit visit, void *context);

/* Show all rows again. */
extern void us_gmm_run_show(UsGmmRun *run, UsMatrixVisit visit, void *context);

/*
 * The E-step: sums of all rows under a mixture on the grid of the space (gridded), with its
 * weight_exponent us_gmm_weight_exponent.  They belong to the run and stand until the next pass.
 */
extern const UsGmmSums *us_gmm_run_pass(UsGmmRun *run, const UsMixture *m);

/* The weight_exponent of mixtures for rows of a space. */
extern int	us_gmm_weight_exponent(const UsSpace *space);

/*
 * EM from a mixture, which is not changed.  It ends, converged, when an iteration raises the mean
 * log-likelihood by less than tolerance; the log-likelihood of the result belongs to its mixture. After
 * max_iter iterations it ends not converged.  If an M-step meets a covariance that is not positive
 * definite, it ends with the mixture before, and says which in singular.
 */
extern void us_gmm_run_em(UsGmmRun *run, const UsMixture *start, double reg, int max_iter,
						  double tolerance, UsGmmRunResult *result);

/* Where the work was done, into details. */
extern void us_gmm_run_report(const UsGmmRun *run, UsReport *details);

/* Send workers home, free memory. */
extern void us_gmm_run_end(UsGmmRun *run);

#endif
