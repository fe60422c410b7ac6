/*
 * holdout.h
 *	  A training measured on rows that it has not seen.
 */
#ifndef US_HOLDOUT_H
#define US_HOLDOUT_H

#include "eval/measure.h"
#include "eval/split.h"
#include "verbs/train.h"

typedef struct UsHoldout
{
	UsSplit		split;
	int64		n_training;		/* rows */
	int64		n_holdout;
	const UsMetrics *metrics;	/* on the hold-out; NULL: none */
	UsFrame    *training;		/* view; NULL: everything is for training */
	UsFitted	fitted;			/* on the training part */
} UsHoldout;

/* How the arguments of a training divide its rows. */
extern UsSplit us_holdout_split(const UsTrainArgs *args, UsPrepared *prepared);

/*
 * Divide the rows of a supervised training as its arguments say, fit on the training part and measure
 * on the other.  keep: fitted stays, else it is gone.  Without a hold-out nothing is fitted.
 */
extern void us_holdout_run(const UsTrainArgs *args, UsPrepared *prepared, bool keep,
						   UsHoldout *holdout);

#endif
