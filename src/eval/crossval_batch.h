/*
 * crossval_batch.h
 *	  Cross-validations of several recipes on the same rows and folds, one after the other or
 *	  fold by fold in parallel workers.
 */
#ifndef US_CROSSVAL_BATCH_H
#define US_CROSSVAL_BATCH_H

#include "utils/jsonb.h"

#include "eval/crossval.h"

/* One set of parameters. */
typedef struct UsCrossvalRun
{
	const UsParams *params;
	Jsonb	   *given;			/* what they were made of: an object, or NULL */
	UsFoldResult *fold;			/* [folds->n], in the memory context of the call */
	double		seconds;		/* of all its folds */
	bool		done;			/* false: the time was over before it began */
} UsCrossvalRun;

typedef struct UsCrossvalBatch
{
	const UsRecipe *recipe;		/* with the parameters of any run */
	Jsonb	   *transform;		/* what its transform was made of, or NULL */
	UsFrame    *frame;
	UsFolds    *folds;
	UsBudget   *budget;
	int			n;
	UsCrossvalRun *run;
	TimestampTz deadline;		/* no run begins later; 0: none */
	bool		first;			/* but the first one */
	int			workers;		/* that took part, beside the caller */
} UsCrossvalBatch;

/*
 * Fit and measure every fold of every run.  The first fold tells how long the others will take and how much memory they
 * need; where they are long enough, the rows fit into shared memory beside the fits and userseg.max_parallel_workers
 * allows it, they are claimed one by one by a team, each member fitting alone.  The parameter "workers" of the
 * first run asks for so many.  Results are the same either way.  Errors say which parameters and fold they are of.
 */
extern void us_crossval_batch(UsCrossvalBatch *batch);

#endif
