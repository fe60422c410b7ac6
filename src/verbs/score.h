/*
 * score.h
 *	  Scoring one row: record → vector → answer.
 *
 * What a call site needs from row to row (column map, scratch space) hangs on the
 * UsModel of the statement, in its memory context; a row allocates nothing but
 * its result.
 */
#ifndef US_SCORE_H
#define US_SCORE_H

#include "access/htup.h"
#include "access/tupdesc.h"
#include "utils/jsonb.h"

#include "data/record.h"
#include "infra/compat.h"
#include "infra/report.h"
#include "model/cache.h"

typedef struct UsScorer UsScorer;

/* A full answer, as userseg.prediction; NaN and NULL: none. */
typedef struct UsPrediction
{
	const char *label;
	int			label_id;		/* 0: none */
	double		value;
	double		probability;
	const char *runner_up;
	double		margin;
	double		distance;
	UsReport   *reasons;		/* array */
	int			version;
	int			n_warnings;
	char	  **warnings;
} UsPrediction;

/* The scorer of a model, made at its first row. */
extern UsScorer *us_scorer(UsModel *model);

/*
 * For us_scorer_args(): the columns that its arguments are, always the same for one
 * call site; to be asked before, and told once.
 */
extern bool us_scorer_knows_args(const UsScorer *scorer);
extern void us_scorer_describe_args(UsScorer *scorer, TupleDesc desc);

/*
 * Encode a row.  False when the model skips rows with NULLs and this is one.  Raises
 * 42703 and 42804 for a row that does not have the features, 22004 for a NULL when the
 * model's null policy is 'error'.
 */
extern bool us_scorer_record(UsScorer *scorer, HeapTupleHeader record);
extern bool us_scorer_args(UsScorer *scorer, const NullableDatum *args);
extern bool us_scorer_json(UsScorer *scorer, Jsonb *features);

/* The same from values that stand in the order of the features (bulk scoring). */
extern bool us_scorer_values(UsScorer *scorer, const UsValue *value);

/* Answers for the row that was encoded last. */
extern int	us_scorer_label(UsScorer *scorer);	/* 1.., 0: none */
extern void us_scorer_predict(UsScorer *scorer, UsPrediction *prediction);
extern UsReport *us_scorer_proba(UsScorer *scorer);	/* object: name → probability */
extern UsReport *us_scorer_transform(UsScorer *scorer);	/* object: encoded column → value */
extern double us_scorer_value(UsScorer *scorer);	/* NaN: none */
extern double us_scorer_quantile(UsScorer *scorer, double p);	/* raises 22023 for p outside of 0 .. 1, 42809 for a model without */
extern double us_scorer_points(UsScorer *scorer);	/* of a scorecard */
extern const double *us_scorer_embedding(UsScorer *scorer, int *n);	/* [n], all finite and in the range of real */

/*
 * Raise 22004 for a NULL feature of a model whose null policy is 'error'; row is the id of
 * its row, or NULL.
 */
pg_noreturn extern void us_score_null_error(const UsModel *model, int feature, const char *row);

/* Raise 42809 unless the model gives labels, numbers, or an embedding. */
extern void us_scorer_require_labels(const UsScorer *scorer);
extern void us_scorer_require_value(const UsScorer *scorer);
extern void us_scorer_require_embedding(const UsScorer *scorer);

/* Raise 42809 unless the model is a scorecard. */
extern void us_scorer_require_points(const UsModel *model);

#endif
