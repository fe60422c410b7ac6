/*
 * evaluation.h
 *	  Rows of a source whose target is known, as stored models answer them: what the verbs
 *	  of evaluation share.
 */
#ifndef US_VERB_EVALUATION_H
#define US_VERB_EVALUATION_H

#include "data/source.h"
#include "eval/answers.h"
#include "eval/split.h"
#include "model/cache.h"

/* A model that is evaluated. */
typedef struct UsEvaluated
{
	const UsModel *model;
	const UsVersionLineage *lineage;
	UsSplit		split;			/* NONE: all rows */
	UsRecipe	recipe;
	UsFitted	fitted;			/* of the artifact, target and encoder of frame */
} UsEvaluated;

typedef struct UsEvaluation
{
	int			n;				/* models: 1 or 2 */
	UsEvaluated each[2];
	UsBudget   *budget;
	UsFrame    *source;			/* everything that was read */
	UsFrame    *frame;			/* the rows to be evaluated: source, or a view of it */
	int			by;				/* column of the frame that makes slices, or -1 */
} UsEvaluation;

/* details->section->member of a training; type jbvNull if there is none. */
extern JsonbValue us_lineage_detail(const UsVersionLineage *lineage, const char *section, const char *member);

typedef struct UsEvaluationArgs
{
	const char *model;
	const char *other;			/* second model, or NULL */
	const char *source;			/* NULL: the one that the model was trained on */
	bool		all_rows;		/* not only those held out */
	const char *by;				/* column, or NULL */
	bool		named;			/* by, NULL here, becomes a column with the text of: */
	const char *name;			/* a column that names rows; NULL: the id of the model, if it has one */
} UsEvaluationArgs;

/*
 * Open the models, read the source as the caller and choose the rows: those that every model
 * held out of its training (by id, or by time), or all.  Raises 22023 for models without a target, for ones whose
 * targets differ, when nothing was held out, and when no row is left.  Rows without a target are left
 * out with a WARNING; a WARNING tells that a model was fitted again on what it had held out.
 */
extern void us_evaluation_open(const UsEvaluationArgs *args, UsEvaluation *evaluation);

/* The same for a model of clusters: no target, all rows. */
extern void us_evaluation_open_clusters(const UsEvaluationArgs *args, UsEvaluation *evaluation);

/*
 * What model i answers to the rows of a frame: evaluation->frame, or a view of it; at most most_rows of them (0: no
 * limit), chosen by their keys, with a NOTICE.  Where that is the limit, all models of an evaluation get the same rows.
 */
extern UsAnswers *us_evaluation_answers(UsEvaluation *evaluation, int i, UsFrame *frame, int64 most_rows);

/*
 * A view of frame (evaluation->frame, or a view of it) with as many rows as asked for at most, chosen by seed and key; rows with one key are
 * chosen one by one, so that few distinct rows without an id are drawn in the shares they have.  The frame itself if
 * it has no more.
 */
extern UsFrame *us_evaluation_sample(UsEvaluation *evaluation, UsFrame *frame, int64 rows, uint64 seed);

/* Raise 42809 unless model i has two classes, or any classes. */
extern void us_evaluation_require_binary(const UsEvaluation *evaluation, const char *verb);
extern void us_evaluation_require_classes(const UsEvaluation *evaluation, const char *verb);

/* Give the memory back. */
extern void us_evaluation_close(UsEvaluation *evaluation);

#endif
