/*
 * catalog_trial.h
 *	  Trials of userseg.tune that were measured: read back when the same is tried again on
 *	  the same data.
 */
#ifndef US_CATALOG_TRIAL_H
#define US_CATALOG_TRIAL_H

#include "utils/jsonb.h"

/* bytes of a key, with the final NUL */
#define US_TRIAL_KEY_BYTES	33

typedef struct UsTrialRecord
{
	char		key[US_TRIAL_KEY_BYTES];	/* hexadecimal digest of data, algorithm, parameters and folds */
	Jsonb	   *params;			/* of the trial */
	int			n_folds;
	int			n_metrics;
	char	  **metric;			/* [n_metrics] names */
	double	   *value;			/* [n_folds][n_metrics]; NaN: none */
	int64	   *n_training;		/* [n_folds] rows */
	int64	   *n_test;			/* [n_folds] */
	bool		converged;		/* in all folds */
	double		seconds;
} UsTrialRecord;

/*
 * The trial of a model under that key; false if there is none.  Everything but key and params is filled. Whoever asks has
 * the rights on the model.
 */
extern bool us_catalog_trial_get(const char *model, const char *key, UsTrialRecord *record);

/* Keep trials of a model that the caller owns, in the caller's transaction. */
extern void us_catalog_trials_put(const char *model, int n, const UsTrialRecord *const *record);

#endif
