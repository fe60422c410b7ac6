/*
 * train.h
 *	  userseg.train and userseg.explain_train.
 */
#ifndef US_TRAIN_H
#define US_TRAIN_H

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "data/encode.h"
#include "data/source.h"
#include "eval/measure.h"

/* The arguments of train, as the user gave them; defaults are already filled in. */
typedef struct UsTrainArgs
{
	const char *model;
	const char *algorithm;
	const char *source;
	const char *target;			/* NULL: none */
	const char *id;				/* NULL: none */
	int			n_features;		/* -1: every usable column */
	char	  **features;
	Jsonb	   *transform;		/* NULL: {} */
	Jsonb	   *params;			/* NULL: {} */
	const char *null_policy;
	const char *weight;			/* NULL: none */
	double		holdout;
	const char *time_column;	/* NULL: none */
	int64		seed;
	const char *alias;			/* NULL: none */
} UsTrainArgs;

typedef struct UsTrainResult
{
	const char *model;
	int			version;
	const char *algorithm;
	int64		n_rows;
	int			n_features;
	const char *metric;			/* NULL: none */
	double		metric_value;	/* NaN: none */
	bool		converged;
	int			iterations;
	int64		duration_us;
	int			n_warnings;
	char	  **warnings;
	Jsonb	   *details;
} UsTrainResult;

/*
 * How good a model as fitted is on some of the rows, where that is not for its target to say: in the current memory
 * context.
 */
typedef UsMetrics *(*UsTrainMeasure) (void *context, const UsFitted *fitted, UsFrame *rows, UsBudget *budget);

/*
 * Everything before the fit: what training and its explanation share.
 */
typedef struct UsPrepared
{
	UsRecipe	recipe;
	UsBudget   *budget;
	UsSource   *source;
	UsSourceInfo *info;
	UsFrame    *frame;
	UsFrame    *source_rows;	/* the rows of the source, of which frame is made; NULL: frame itself */
	UsTrainMeasure measure;		/* NULL: by the target */
	void	   *measure_context;
	UsEncoder  *encoder;		/* of all rows; NULL until us_train_encode() */
	int			n_warnings;
	char	  **warnings;
	int			warnings_room;
} UsPrepared;

/* The policy of that name; 22023 for another text. */
extern UsNullPolicy us_null_policy_parse(const char *text);

/* What to do with the rows, as far as it can be said before they are read: all but the task. */
extern void us_train_recipe(const UsTrainArgs *args, UsRecipe *recipe);

/* Check the arguments (but the model and alias) and read the source once. */
extern void us_train_read(const UsTrainArgs *args, UsPrepared *prepared);

/* The rows of the source. */
extern UsFrame *us_train_rows(const UsPrepared *prepared);

/* Measure a model as fitted on some of them. */
extern UsMetrics *us_train_measure(const UsPrepared *prepared, const UsFitted *fitted, UsFrame *rows, UsMeasureMode mode,
								   UsBudget *budget);

/* Learn the encoder on all rows; its warnings become those of the training. */
extern void us_train_encode(UsPrepared *prepared);

/* Raise 22023 when the frame has no rows. */
extern void us_train_check_rows(const UsPrepared *prepared);

/* Add a warning to those of the training (palloc'd). */
extern void us_train_warn(UsPrepared *prepared, const char *fmt,...) pg_attribute_printf(2, 3);

/*
 * The second half of us_train(), from rows that were read to a stored version: task supervised, the recipe of prepared.  more
 * becomes part of the details under name, as it is after the model was measured.  kind is that of the run.  The caller has called us_catalog_begin_model().  Frees the
 * frame.
 */
extern void us_train_store(const UsTrainArgs *args, UsPrepared *prepared, TimestampTz started,
						   const char *kind, const char *name, UsReport *more, UsTrainResult *result);

/*
 * Train: a new version of the model in the caller's transaction.  Warnings are
 * raised as WARNINGs and returned.  Results are in the current memory context.
 */
extern void us_train(const UsTrainArgs *args, UsTrainResult *result);

/* One line of an explanation. */
typedef struct UsExplainLine
{
	const char *topic;			/* 'source', 'algorithm', 'target', 'holdout', 'column', 'encoding', 'memory', 'warning' */
	const char *item;
	char	   *value;
	char	   *note;			/* or NULL */
} UsExplainLine;

/* What train would do; trains nothing.  Returns the lines, *n of them. */
extern UsExplainLine *us_explain_train(const UsTrainArgs *args, int *n);

#endif
