/*
 * training.h
 *	  What follows every fit, of a training (train.c) or of its continuation
 *	  (partial_train.c): warnings, details, the stored form, the new version.
 */
#ifndef US_TRAINING_H
#define US_TRAINING_H

#include "datatype/timestamp.h"

#include "eval/measure.h"
#include "eval/profile.h"
#include "verbs/train.h"

/* What one training knows after the fit. */
typedef struct UsTraining
{
	const char *kind;			/* of the run: 'train', 'partial_train' */
	TimestampTz started;
	const UsTrainArgs *args;
	UsPrepared	prepared;
	UsFitted	fitted;			/* the model that is stored */
	int64		n_rows;			/* that it was fitted on */
	const UsMetrics *metrics;	/* NULL: the fit has a metric of its own */
	int			parent;			/* version that it continues; 0: none */
	int		   *segment_ids;	/* NULL: fresh numbers */
	UsReport   *details;
	UsBranches *branches;		/* of a tree; NULL: none */
} UsTraining;

/* Warnings of the fit, and one if it did not converge, become those of the training. */
extern void us_training_warn_fit(UsTraining *t);

/* Source, memory, preprocessing and unused columns into the details. */
extern void us_training_report(UsTraining *t);

/* The stored form: encoder, model, classes, and for clusters the profile (else NULL) and, of a tree, what is known of its branches. */
extern bytea *us_training_artifact(UsTraining *t, const UsProfile *profile);

/* Store the version, log the run, fill the result, raise the warnings. */
extern void us_training_store(UsTraining *t, bytea *artifact, UsTrainResult *result);

#endif
