/*
 * kmeans_partial.h
 *	  Continuing a k-means model with new rows: what k-means and mini-batch k-means have
 *	  in common.
 *
 *		us_kmeans_partial_open		new rows into the matrix of a run; the model as its prior
 *		...							the algorithm moves center, and measures it
 *		us_kmeans_partial_result	the model, details; ends the run
 */
#ifndef US_KMEANS_PARTIAL_H
#define US_KMEANS_PARTIAL_H

#include "learn/kmeans_model.h"
#include "learn/kmeans_run.h"

typedef struct UsKmeansPartial
{
	const UsPartialInput *input;
	const UsKmeansModel *old;
	UsFitResult *result;
	UsReport   *details;
	UsSpace    *space;
	UsKmeansRun *run;
	UsRunPrior	prior;			/* the centres of the model; their weights times decay, in integer weights */
	double	   *center;			/* [k][width] */
} UsKmeansPartial;

/* Encode the new rows, shuffled or not.  result is cleared.  Raises 22023 when no row has a weight. */
extern void us_kmeans_partial_open(UsKmeansPartial *p, const UsPartialInput *input,
								   UsFitResult *result, bool shuffled);

/* The new model from center and the partition of the new rows by it. */
extern void us_kmeans_partial_result(UsKmeansPartial *p, const UsRunResult *run);

#endif
