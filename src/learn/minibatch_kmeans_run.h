/*
 * minibatch_kmeans_run.h
 *	  Centres that move batch by batch over the shuffled rows of a run.
 */
#ifndef US_MINIBATCH_KMEANS_RUN_H
#define US_MINIBATCH_KMEANS_RUN_H

#include "learn/kmeans_run.h"

typedef struct UsBatchPlan
{
	int			k;
	int			batch_rows;		/* a multiple of US_LANES */
	int			max_passes;		/* over all rows */
	int			patience;		/* batches without a gain after which it ends; 0: all passes are made */
	double		tolerance;		/* ends when the smoothed squared move of the centres is at most this
								 * times the mean variance of the columns; 0: never */
	double		starved;		/* share of the largest count below which a centre is put elsewhere */
	uint64		seed;
} UsBatchPlan;

typedef struct UsBatchResult
{
	int			batches;
	double		passes;			/* share of the rows that were read, more than 1 after several passes */
	bool		converged;
	int			reassigned;		/* starved centres that were put elsewhere */
	double		smoothed;		/* inertia per unit of weight, units of the columns; NaN without batches */
} UsBatchResult;

/*
 * Mini-batch k-means (D. Sculley, "Web-scale k-means clustering", WWW 2010, algorithm 1) from
 * center[k][width], relative to the offsets, and count[k], the weight of the rows that
 * each centre is the mean of so far, in integer weights; both are changed.
 *
 * The rows of a batch are all assigned to the centres as they stand; then each centre becomes the
 * mean of its rows of all batches so far:
 *
 *		n_i := n_i + w_i,  c_i := c_i + (w_i / n_i) (mean of its rows - c_i)
 *
 * which is what single steps of rate 1/n_i add up to.  Batches are slices of the shuffled
 * rows; every pass takes the chunks of the matrix in another random order.
 *
 * It ends, converged, by the rules of scikit-learn's MiniBatchKMeans: the inertia of the batches,
 * exponentially smoothed with rate 2 w / (W + 1) (w the weight of the batch, W that of all
 * rows, at most 1), did not fall below its minimum for patience batches; or the smoothed
 * move of the centres is small.  A centre whose count is below the share starved of the largest
 * one is looked for every 10 k rows; it takes a row of the batch, drawn by its squared
 * distance to the nearest centre (k-means++), and the smallest count of the others.
 */
extern void us_batches_run(UsKmeansRun *run, const UsSpace *space, const UsBatchPlan *plan,
						   double *center, double *count, UsBatchResult *result);

#endif
