/*
 * cross_validate.c
 *	  userseg.cross_validate.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "infra/args.h"
#include "verbs/cross_validate.h"

PG_FUNCTION_INFO_V1(userseg_cross_validate);

#define COLUMNS 8

static void
read_args(FunctionCallInfo fcinfo, UsCrossValidateArgs *args)
{
	UsTrainArgs *t = &args->train;

	t->algorithm = US_ARG_CSTRING(0, "algorithm");
	t->source = US_ARG_CSTRING(1, "source");
	t->target = US_ARG_CSTRING(2, "target");
	args->folds = US_ARG_INT32_OR(3, 5);
	t->id = US_ARG_CSTRING_OR_NULL(4);
	t->n_features = -1;
	if (!PG_ARGISNULL(5))
		t->features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(5), "features", &t->n_features);
	t->transform = PG_ARGISNULL(6) ? NULL : PG_GETARG_JSONB_P(6);
	t->params = PG_ARGISNULL(7) ? NULL : PG_GETARG_JSONB_P(7);
	t->null_policy = PG_ARGISNULL(8) ? "impute" : US_ARG_CSTRING(8, "null_policy");
	t->weight = US_ARG_CSTRING_OR_NULL(9);
	args->split = PG_ARGISNULL(10) ? "auto" : US_ARG_CSTRING(10, "split");
	t->time_column = US_ARG_CSTRING_OR_NULL(11);
	t->seed = US_ARG_INT64_OR(12, 42);
}

static void
put(ReturnSetInfo *rsinfo, int fold, const char *metric, const double number[4], int64 n, int64 n_training)
{
	Datum		value[COLUMNS];
	bool		null[COLUMNS] = {false};

	null[0] = fold == 0;
	value[0] = Int32GetDatum(fold);
	value[1] = CStringGetTextDatum(metric);
	for (int i = 0; i < 4; i++)
	{
		null[2 + i] = isnan(number[i]);
		value[2 + i] = Float8GetDatum(number[i]);
	}
	value[6] = Int64GetDatum(n);
	null[7] = fold == 0;
	value[7] = Int64GetDatum(n_training);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
}

/* userseg.cross_validate(...): one row a fold and metric, then one a metric. */
Datum
userseg_cross_validate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsCrossValidateArgs args = {0};
	UsCrossValidateResult r = {0};

	read_args(fcinfo, &args);
	InitMaterializedSRF(fcinfo, 0);
	us_cross_validate(&args, &r);
	for (int f = 0; f < r.n_folds; f++)
		for (int i = 0; i < r.fold[f].metrics->n; i++)
		{
			const UsMetricValue *m = &r.fold[f].metrics->metric[i];
			double		number[4] = {m->value, m->low, m->high, NAN};

			put(rsinfo, f + 1, m->name, number, m->n, r.fold[f].n_training);
		}
	for (int i = 0; i < r.n_summary; i++)
	{
		const UsFoldSummary *s = &r.summary[i];
		double		number[4] = {s->mean, s->ci_low, s->ci_high, s->sd};

		put(rsinfo, 0, s->name, number, s->n_rows, 0);
	}
	return (Datum) 0;
}
