/*
 * train.c
 *	  userseg.train, userseg.partial_train and userseg.explain_train.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "infra/args.h"
#include "verbs/partial_train.h"

PG_FUNCTION_INFO_V1(userseg_train);
PG_FUNCTION_INFO_V1(userseg_explain_train);
PG_FUNCTION_INFO_V1(userseg_partial_train);

static void
read_args(FunctionCallInfo fcinfo, UsTrainArgs *args)
{
	args->model = US_ARG_CSTRING(0, "model");
	args->algorithm = US_ARG_CSTRING(1, "algorithm");
	args->source = US_ARG_CSTRING(2, "source");
	args->target = US_ARG_CSTRING_OR_NULL(3);
	args->id = US_ARG_CSTRING_OR_NULL(4);
	args->n_features = -1;
	if (!PG_ARGISNULL(5))
		args->features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(5), "features", &args->n_features);
	args->transform = PG_ARGISNULL(6) ? NULL : PG_GETARG_JSONB_P(6);
	args->params = PG_ARGISNULL(7) ? NULL : PG_GETARG_JSONB_P(7);
	args->null_policy = PG_ARGISNULL(8) ? "impute" : US_ARG_CSTRING(8, "null_policy");
	args->weight = US_ARG_CSTRING_OR_NULL(9);
	args->holdout = US_ARG_FLOAT8_OR(10, 0.2);
	args->time_column = US_ARG_CSTRING_OR_NULL(11);
	args->seed = US_ARG_INT64_OR(12, 42);
	args->alias = US_ARG_CSTRING_OR_NULL(13);
}

static Datum
text_array(int n, char **item)
{
	Datum	   *d = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		d[i] = CStringGetTextDatum(item[i]);
	return PointerGetDatum(construct_array(d, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The one row about a new version. */
static void
put_result(FunctionCallInfo fcinfo, const UsTrainResult *r)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Interval	duration = {0};
	Datum		value[12];
	bool		null[12] = {false};

	duration.time = r->duration_us;
	value[0] = CStringGetTextDatum(r->model);
	value[1] = Int32GetDatum(r->version);
	value[2] = CStringGetTextDatum(r->algorithm);
	value[3] = Int64GetDatum(r->n_rows);
	value[4] = Int32GetDatum(r->n_features);
	null[5] = r->metric == NULL;
	value[5] = null[5] ? (Datum) 0 : CStringGetTextDatum(r->metric);
	null[6] = isnan(r->metric_value);
	value[6] = Float8GetDatum(r->metric_value);
	value[7] = BoolGetDatum(r->converged);
	value[8] = Int32GetDatum(r->iterations);
	value[9] = IntervalPGetDatum(&duration);
	value[10] = text_array(r->n_warnings, r->warnings);
	value[11] = JsonbPGetDatum(r->details);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
}

/* userseg.train(...): one row about the new version. */
Datum
userseg_train(PG_FUNCTION_ARGS)
{
	UsTrainArgs args = {0};
	UsTrainResult r = {0};

	read_args(fcinfo, &args);
	InitMaterializedSRF(fcinfo, 0);
	us_train(&args, &r);
	put_result(fcinfo, &r);
	return (Datum) 0;
}

/* userseg.partial_train(...): one row about the new version. */
Datum
userseg_partial_train(PG_FUNCTION_ARGS)
{
	UsPartialArgs args = {0};
	UsTrainResult r = {0};

	args.model = US_ARG_CSTRING(0, "model");
	args.source = US_ARG_CSTRING(1, "source");
	args.id = US_ARG_CSTRING_OR_NULL(2);
	args.params = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3);
	args.weight = US_ARG_CSTRING_OR_NULL(4);
	args.decay = US_ARG_FLOAT8_OR(5, 1);
	args.has_half_life = !PG_ARGISNULL(6);
	args.half_life = US_ARG_FLOAT8_OR(6, 0);
	args.seed = US_ARG_INT64_OR(7, 42);
	args.alias = US_ARG_CSTRING_OR_NULL(8);
	InitMaterializedSRF(fcinfo, 0);
	us_partial_train(&args, &r);
	put_result(fcinfo, &r);
	return (Datum) 0;
}

/* userseg.explain_train(...): the lines of the explanation. */
Datum
userseg_explain_train(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsTrainArgs args = {0};
	UsExplainLine *line;
	int			n;

	read_args(fcinfo, &args);
	InitMaterializedSRF(fcinfo, 0);
	line = us_explain_train(&args, &n);
	for (int i = 0; i < n; i++)
	{
		Datum		value[4];
		bool		null[4] = {false};

		value[0] = CStringGetTextDatum(line[i].topic);
		value[1] = CStringGetTextDatum(line[i].item);
		value[2] = CStringGetTextDatum(line[i].value);
		null[3] = line[i].note == NULL;
		value[3] = null[3] ? (Datum) 0 : CStringGetTextDatum(line[i].note);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	return (Datum) 0;
}
