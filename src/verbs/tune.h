/*
 * tune.h
 *	  userseg.tune: parameters by trial.
 */
#ifndef US_TUNE_H
#define US_TUNE_H

#include "eval/candidates.h"
#include "model/catalog_trial.h"
#include "verbs/cross_validate.h"

typedef struct UsTuneArgs
{
	UsCrossValidateArgs cv;		/* with model, alias and holdout */
	Jsonb	   *grid;
	const char *search;			/* 'grid', 'random', 'halving' */
	const char *metric;			/* that decides; NULL: the one of the task */
	int			trials;			/* random and halving: how many are drawn */
	double		max_seconds;	/* no trial but the first begins later; NaN: no limit */
} UsTuneArgs;

typedef enum UsTrialStatus
{
	US_TRIAL_WAITING,			/* not begun: the time was over */
	US_TRIAL_DONE,
	US_TRIAL_STORED,			/* read back from an earlier call */
	US_TRIAL_STOPPED			/* halving: not good enough for more rows */
} UsTrialStatus;

typedef struct UsTrial
{
	Jsonb	   *point;			/* what is special to it */
	UsParams   *params;
	UsTrialStatus status;
	double		share;			/* of the rows, in its last measurement; 0: none */
	UsTrialRecord record;		/* of that */
	bool		fresh;			/* the record is not in the catalog */
	double		mean;			/* of the metric over the folds; NaN: none */
	double		sd;
	bool		best;
} UsTrial;

/* A tuning. */
typedef struct UsTuning
{
	const UsTuneArgs *args;
	UsPrepared	prepared;
	UsFrame    *frame;			/* rows that trials work on: all, or without the hold-out */
	UsFolds    *folds;
	UsCandidates *candidates;
	const char *metric;			/* NULL until the first trial */
	TimestampTz started;
	int			n;
	UsTrial    *trial;
	int			n_measured;		/* measurements so far, also those read back */
	int			n_fresh;		/* records of all measurements that are not in the catalog */
	const UsTrialRecord **fresh;
} UsTuning;

/*
 * Measure all trials that are not STOPPED on a share of the rows, or read back what was measured before; false when the
 * time was over before all of them had begun.  (verbs/tune_trial.c)
 */
extern bool us_tune_measure(UsTuning *tuning, double share);

/* The name of a status. */
extern const char *us_trial_status_name(UsTrialStatus status);

typedef struct UsTuneResult
{
	int			n;
	UsTrial    *trial;			/* [n] */
	const char *metric;
	UsTrainResult version;		/* of the best */
} UsTuneResult;

/*
 * Try, and train the best on all rows as a new version of the model, in the caller's transaction.  Warnings are raised as
 * WARNINGs.  Results are in the current memory context.
 */
extern void us_tune(const UsTuneArgs *args, UsTuneResult *result);

#endif
