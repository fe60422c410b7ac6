/*
 * predict.c
 *	  userseg.predict and its sisters: scoring one row.
 *
 * All are STRICT: a NULL row (a join miss) gives NULL.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "model/cache.h"
#include "model/report_json.h"
#include "verbs/score.h"

PG_FUNCTION_INFO_V1(userseg_predict);
PG_FUNCTION_INFO_V1(userseg_predict_id);
PG_FUNCTION_INFO_V1(userseg_predict_value);
PG_FUNCTION_INFO_V1(userseg_predict_proba);
PG_FUNCTION_INFO_V1(userseg_predict_detail);
PG_FUNCTION_INFO_V1(userseg_predict_json);
PG_FUNCTION_INFO_V1(userseg_score);
PG_FUNCTION_INFO_V1(userseg_transform);

/* The scorer of the model named by argument 0. */
static inline UsScorer *
named_scorer(FunctionCallInfo fcinfo)
{
	return us_scorer(us_model_resolve(fcinfo->flinfo, PG_GETARG_TEXT_PP(0)));
}

Datum
userseg_predict(PG_FUNCTION_ARGS)
{
	UsModel    *model = us_model_resolve(fcinfo->flinfo, PG_GETARG_TEXT_PP(0));
	UsScorer   *s = us_scorer(model);
	int			label;

	us_scorer_require_labels(s);
	if (!us_scorer_record(s, PG_GETARG_HEAPTUPLEHEADER(1)) || (label = us_scorer_label(s)) < 1)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(model->label_name[label - 1]));
}

Datum
userseg_predict_id(PG_FUNCTION_ARGS)
{
	UsModel    *model = us_model_resolve(fcinfo->flinfo, PG_GETARG_TEXT_PP(0));
	UsScorer   *s = us_scorer(model);
	int			label;

	us_scorer_require_labels(s);
	if (!us_scorer_record(s, PG_GETARG_HEAPTUPLEHEADER(1)) || (label = us_scorer_label(s)) < 1)
		PG_RETURN_NULL();
	PG_RETURN_INT32(model->label_id[label - 1]);
}

Datum
userseg_predict_value(PG_FUNCTION_ARGS)
{
	UsScorer   *s = named_scorer(fcinfo);
	double		value;

	us_scorer_require_value(s);
	if (!us_scorer_record(s, PG_GETARG_HEAPTUPLEHEADER(1)))
		PG_RETURN_NULL();
	value = us_scorer_value(s);
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

Datum
userseg_predict_proba(PG_FUNCTION_ARGS)
{
	UsScorer   *s = named_scorer(fcinfo);

	us_scorer_require_labels(s);
	if (!us_scorer_record(s, PG_GETARG_HEAPTUPLEHEADER(1)))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(us_report_to_jsonb(us_scorer_proba(s)));
}

Datum
userseg_transform(PG_FUNCTION_ARGS)
{
	UsScorer   *s = named_scorer(fcinfo);

	if (!us_scorer_record(s, PG_GETARG_HEAPTUPLEHEADER(1)))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(us_report_to_jsonb(us_scorer_transform(s)));
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

Datum
userseg_predict_detail(PG_FUNCTION_ARGS)
{
	UsScorer   *s = named_scorer(fcinfo);

	if (!us_scorer_record(s, PG_GETARG_HEAPTUPLEHEADER(1)))
		PG_RETURN_NULL();
	return prediction_datum(fcinfo, s);
}

Datum
userseg_predict_json(PG_FUNCTION_ARGS)
{
	UsScorer   *s = named_scorer(fcinfo);

	if (!us_scorer_json(s, PG_GETARG_JSONB_P(1)))
		PG_RETURN_NULL();
	return prediction_datum(fcinfo, s);
}

/* userseg.score(artifact, record): the model by value. */
Datum
userseg_score(PG_FUNCTION_ARGS)
{
	UsScorer   *s = us_scorer(us_model_resolve_value(fcinfo->flinfo, PG_GETARG_DATUM(0)));

	if (!us_scorer_record(s, PG_GETARG_HEAPTUPLEHEADER(1)))
		PG_RETURN_NULL();
	return prediction_datum(fcinfo, s);
}
