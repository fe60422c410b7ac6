/*
 * partial_train.h
 *	  userseg.partial_train.
 */
#ifndef US_PARTIAL_TRAIN_H
#define US_PARTIAL_TRAIN_H

#include "verbs/train.h"

/* The arguments, as the user gave them. */
typedef struct UsPartialArgs
{
	const char *model;			/* a reference: the version that is continued */
	const char *source;
	const char *id;				/* NULL: as in that version, where the source has the column */
	const char *weight;			/* NULL: as in that version */
	Jsonb	   *params;			/* NULL: {}; what is not in it stands as in that version */
	double		decay;			/* 0 .. 1 */
	bool		has_half_life;
	double		half_life;		/* in units of weight */
	int64		seed;
	const char *alias;			/* NULL: none */
} UsPartialArgs;

/* An encoded column is told to have drifted when its mean moved by more than this many ... */
#define US_DRIFT_SD		0.5		/* standard deviations of the training ... */
#define US_DRIFT_ERROR	3.0		/* and standard errors of the mean of the new rows */

/*
 * Continue a version with new rows: a new version of the model in the caller's transaction.
 * The row of the model stays locked until its end.  Warnings are raised as WARNINGs and returned.
 */
extern void us_partial_train(const UsPartialArgs *args, UsTrainResult *result);

#endif
