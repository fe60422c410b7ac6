/*
 * predict.c
 *	  userseg.predict and its sisters: scoring one row.
 *
 * Each function has two forms: one takes the row and is STRICT, so that a NULL row (a join
 * miss) gives NULL; the other takes its columns and stands in for the first where
 * the planner finds that it can (verbs/score_columns.h).
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "infra/args.h"
#include "model/cache.h"
#include "model/report_json.h"
#include "verbs/score.h"
#include "verbs/score_columns.h"

PG_FUNCTION_INFO_V1(userseg_predict_support);
PG_FUNCTION_INFO_V1(userseg_predict_json);

/* Takes a row of the call into the scorer; false if there is no answer. */
typedef bool (*EncodeRow) (FunctionCallInfo fcinfo, UsScorer *scorer);

/* ---- rows ---- */

static bool
encode_record(FunctionCallInfo fcinfo, UsScorer *scorer)
{
	return us_scorer_record(scorer, PG_GETARG_HEAPTUPLEHEADER(1));
}

/* The row type that the arguments of a call by columns make up. */
static TupleDesc
argument_columns(FunctionCallInfo fcinfo)
{
	int			n;
	char	  **name = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(US_COLUMNS_NAMES), "columns", &n);
	TupleDesc	desc;

	if (n != PG_NARGS() - US_COLUMNS_FIRST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d names for %d columns", n, PG_NARGS() - US_COLUMNS_FIRST)));
	desc = CreateTemplateTupleDesc(n);
	for (int i = 0; i < n; i++)
		TupleDescInitEntry(desc, i + 1, name[i],
						   get_fn_expr_argtype(fcinfo->flinfo, US_COLUMNS_FIRST + i), -1, 0);
	return desc;
}

static bool
encode_columns(FunctionCallInfo fcinfo, UsScorer *scorer)
{
	if (!us_scorer_knows_args(scorer))
		us_scorer_describe_args(scorer, argument_columns(fcinfo));
	return us_scorer_args(scorer, &fcinfo->args[US_COLUMNS_FIRST]);
}

/* No model, or no row. */
static inline bool
columns_absent(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) || PG_ARGISNULL(US_COLUMNS_NAMES) || PG_ARGISNULL(US_COLUMNS_PRESENT);
}

static inline UsModel *
named_model(FunctionCallInfo fcinfo)
{
	return us_model_resolve(fcinfo->flinfo, PG_GETARG_TEXT_PP(0));
}

/* The model by value. */
static inline UsModel *
valued_model(FunctionCallInfo fcinfo)
{
	return us_model_resolve_value(fcinfo->flinfo, PG_GETARG_DATUM(0));
}

/* ---- answers ---- */

/* The label of the row, or 0. */
static inline int
label_of(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	UsScorer   *s = us_scorer(model);

	us_scorer_require_labels(s);
	return encode(fcinfo, s) ? us_scorer_label(s) : 0;
}

static inline Datum
answer_label(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	int			label = label_of(fcinfo, model, encode);

	if (label < 1)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(model->label_name[label - 1]));
}

static inline Datum
answer_id(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	int			label = label_of(fcinfo, model, encode);

	if (label < 1)
		PG_RETURN_NULL();
	PG_RETURN_INT32(model->label_id[label - 1]);
}

static inline Datum
answer_value(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	UsScorer   *s = us_scorer(model);
	double		value;

	us_scorer_require_value(s);
	if (!encode(fcinfo, s))
		PG_RETURN_NULL();
	value = us_scorer_value(s);
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

static Datum
answer_proba(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	UsScorer   *s = us_scorer(model);

	us_scorer_require_labels(s);
	if (!encode(fcinfo, s))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(us_report_to_jsonb(us_scorer_proba(s)));
}

static Datum
answer_transform(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	UsScorer   *s = us_scorer(model);

	if (!encode(fcinfo, s))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(us_report_to_jsonb(us_scorer_transform(s)));
}

static Datum
answer_points(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	UsScorer   *s = us_scorer(model);

	us_scorer_require_points(model);
	if (!encode(fcinfo, s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(us_scorer_points(s));
}

/* The embedding of the row, as real[]. */
static Datum
answer_embed(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	UsScorer   *s = us_scorer(model);
	const double *code;
	Datum	   *value;
	int			n;

	us_scorer_require_embedding(s);
	if (!encode(fcinfo, s))
		PG_RETURN_NULL();
	code = us_scorer_embedding(s, &n);
	value = palloc(sizeof(Datum) * n);
	for (int i = 0; i < n; i++)
		value[i] = Float4GetDatum((float4) code[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(value, n, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

static void
put_number(Datum *value, bool *null, int i, double x)
{
	null[i] = isnan(x);
	value[i] = Float8GetDatum(x);
}

static void
put_text(Datum *value, bool *null, int i, const char *s)
{
	null[i] = s == NULL;
	value[i] = s ? CStringGetTextDatum(s) : (Datum) 0;
}

/* The row that was encoded last, as userseg.prediction. */
static Datum
prediction_datum(FunctionCallInfo fcinfo, UsScorer *s)
{
	UsPrediction p;
	TupleDesc	desc;
	Datum		value[10];
	bool		null[10] = {false};
	Datum	   *warning;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	us_scorer_predict(s, &p);
	put_text(value, null, 0, p.label);
	null[1] = p.label_id == 0;
	value[1] = Int32GetDatum(p.label_id);
	put_number(value, null, 2, p.value);
	put_number(value, null, 3, p.probability);
	put_text(value, null, 4, p.runner_up);
	put_number(value, null, 5, p.margin);
	put_number(value, null, 6, p.distance);
	null[7] = p.reasons == NULL;
	value[7] = null[7] ? (Datum) 0 : JsonbPGetDatum(us_report_to_jsonb(p.reasons));
	value[8] = Int32GetDatum(p.version);
	warning = palloc(Max(p.n_warnings, 1) * sizeof(Datum));
	for (int i = 0; i < p.n_warnings; i++)
		warning[i] = CStringGetTextDatum(p.warnings[i]);
	value[9] = PointerGetDatum(construct_array(warning, p.n_warnings, TEXTOID, -1, false, TYPALIGN_INT));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), value, null));
}

static Datum
answer_detail(FunctionCallInfo fcinfo, UsModel *model, EncodeRow encode)
{
	UsScorer   *s = us_scorer(model);

	if (!encode(fcinfo, s))
		PG_RETURN_NULL();
	return prediction_datum(fcinfo, s);
}

/* ---- functions ---- */

/* A function of a row, and the same of its columns. */
#define SCORING_FUNCTION(name, resolve, answer) \
PG_FUNCTION_INFO_V1(userseg_##name); \
PG_FUNCTION_INFO_V1(userseg_##name##_columns); \
Datum \
userseg_##name(PG_FUNCTION_ARGS) \
{ \
	return answer(fcinfo, resolve(fcinfo), encode_record); \
} \
Datum \
userseg_##name##_columns(PG_FUNCTION_ARGS) \
{ \
	if (columns_absent(fcinfo)) \
		PG_RETURN_NULL(); \
	return answer(fcinfo, resolve(fcinfo), encode_columns); \
}

SCORING_FUNCTION(predict, named_model, answer_label)
SCORING_FUNCTION(predict_id, named_model, answer_id)
SCORING_FUNCTION(predict_value, named_model, answer_value)
SCORING_FUNCTION(predict_proba, named_model, answer_proba)
SCORING_FUNCTION(predict_detail, named_model, answer_detail)
SCORING_FUNCTION(embed, named_model, answer_embed)
SCORING_FUNCTION(transform, named_model, answer_transform)
SCORING_FUNCTION(scorecard_points, named_model, answer_points)
SCORING_FUNCTION(score, valued_model, answer_detail)

PG_FUNCTION_INFO_V1(userseg_predict_quantile);

/* userseg.predict_quantile(model, features, quantile). */
Datum
userseg_predict_quantile(PG_FUNCTION_ARGS)
{
	UsScorer   *s = us_scorer(named_model(fcinfo));

	if (!encode_record(fcinfo, s))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(us_scorer_quantile(s, PG_GETARG_FLOAT8(2)));
}

/* userseg.predict_json(model, features jsonb). */
Datum
userseg_predict_json(PG_FUNCTION_ARGS)
{
	UsScorer   *s = us_scorer(named_model(fcinfo));

	if (!us_scorer_json(s, PG_GETARG_JSONB_P(1)))
		PG_RETURN_NULL();
	return prediction_datum(fcinfo, s);
}

/* The planner's question about a call of a function of a row. */
Datum
userseg_predict_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	Node	   *call = NULL;

	if (IsA(request, SupportRequestSimplify))
		call = us_score_columns(((SupportRequestSimplify *) request)->root,
								((SupportRequestSimplify *) request)->fcall);
	PG_RETURN_POINTER(call);
}
