/*
 * kmeans_run.h
 *	  Lloyd's algorithm on all rows of the source: in memory or in a temporary file,
 *	  by a team of workers, or by one SQL aggregate an iteration.
 */
#ifndef US_KMEANS_RUN_H
#define US_KMEANS_RUN_H

#include "data/matrix.h"
#include "learn/algorithm.h"
#include "math/sums.h"

typedef struct UsKmeansRun UsKmeansRun;

/*
 * What centres were before the rows of the run: center[k][width], each the mean of rows of
 * weight[k], in integer weights.  They pull at the centres and keep their clusters alive.
 */
typedef struct UsRunPrior
{
	const double *center;
	const double *weight;
} UsRunPrior;

/* What is asked of a run. */
typedef struct UsRunPlan
{
	const UsFitInput *input;
	const UsSpace *space;
	int			max_k;
	bool		shuffled;		/* rows in the order of the hash of (seed, key); and few passes will follow */
	int			workers;		/* asked for: exactly so many if they can be had; -1: by the size of the work */
	const UsRunPrior *prior;	/* NULL: none */
	Size		reserve;		/* bytes of the budget that the caller needs beside the run */
} UsRunPlan;

typedef struct UsRunResult
{
	UsSums		sums;			/* of the partition by the centres */
	double		inertia;		/* around the centres, integer weights, units of the columns */
	int			iterations;
	bool		converged;
	int			passes;			/* over all rows */
	int			repairs;		/* empty clusters that were given a row */
} UsRunResult;

/* Decide where the rows go, start the workers. */
extern UsKmeansRun *us_kmeans_run_create(const UsRunPlan *plan);

/* The rows of a run, and the team in whose area or file they are. */
extern const UsMatrix *us_kmeans_run_matrix(const UsKmeansRun *run, UsTeam **team);

/* Encode all rows; each chunk, in the order of the source, is shown to visit. */
extern void us_kmeans_run_encode(UsKmeansRun *run, UsMatrixVisit visit, void *context);

/*
 * Lloyd's algorithm from center[k][width] (relative to the offsets), which is changed.
 *
 * One iteration assigns all rows and moves every centre to the mean of its rows.  It
 * ends, converged, when no centre moves any more; when the inertia does not fall any
 * more (rounding of distances to float4 can keep a row going to and fro); or when
 * the sum of the squared distances that the centres moved is at most tolerance
 * times the mean variance of the columns.  After max_iter iterations it ends not converged.
 * Labels and sums of the result belong to the last centres.
 *
 * With a prior (C. M. Bishop, Pattern Recognition and Machine Learning, 2006, section 2.3.6, on a
 * conjugate prior for a mean) centre i moves to (n_i p_i + S_i) / (n_i + w_i): p_i and n_i are centre
 * and weight of the prior, S_i and w_i sum and weight of the rows of cluster i now.  This minimises
 *
 *		sum over rows of w |x - c|^2  +  sum over clusters of n_i |c_i - p_i|^2
 *
 * step by step, and its fall is what is looked at.  Cluster i stays cluster i, with rows or
 * without.
 *
 * An empty cluster, without a prior, takes the row that is farthest from its centre (of equals the one whose
 * coordinates come first).  Raises 22023 when the source has fewer distinct rows than k.
 */
extern void us_kmeans_run_lloyd(UsKmeansRun *run, double *center, int k,
								int max_iter, double tolerance, UsRunResult *result);

/* Sums of weight * q^2 of all rows; after Lloyd for an SQL run, else after encoding. */
extern const int128 *us_kmeans_run_squares(const UsKmeansRun *run);

/*
 * The clusters of all rows by the last centres, [nchunks][US_CHUNK_ROWS] from 0, palloc'd and taken
 * from the budget; NULL when they are not known or the budget has no room.
 */
extern const uint16 *us_kmeans_run_labels(const UsKmeansRun *run);

/* Where the work was done, into details. */
extern void us_kmeans_run_report(const UsKmeansRun *run, UsReport *details);

/* Send workers home, free memory. */
extern void us_kmeans_run_end(UsKmeansRun *run);

#endif
