/*
 * tune.c
 *	  userseg.tune.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "infra/args.h"
#include "infra/compat.h"
#include "verbs/tune.h"

PG_FUNCTION_INFO_V1(userseg_tune);

#define COLUMNS 11

static void
read_args(FunctionCallInfo fcinfo, UsTuneArgs *args)
{
	UsTrainArgs *t = &args->cv.train;

	t->model = US_ARG_CSTRING(0, "model");
	t->algorithm = US_ARG_CSTRING(1, "algorithm");
	t->source = US_ARG_CSTRING(2, "source");
	t->target = US_ARG_CSTRING(3, "target");
	US_ARG_REQUIRE(4, "grid");
	args->grid = PG_GETARG_JSONB_P(4);
	args->search = PG_ARGISNULL(5) ? "grid" : US_ARG_CSTRING(5, "search");
	args->cv.folds = US_ARG_INT32_OR(6, 5);
	args->metric = US_ARG_CSTRING_OR_NULL(7);
	args->trials = US_ARG_INT32_OR(8, 20);
	args->max_seconds = US_ARG_FLOAT8_OR(9, NAN);
	t->id = US_ARG_CSTRING_OR_NULL(10);
	t->n_features = -1;
	if (!PG_ARGISNULL(11))
		t->features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(11), "features", &t->n_features);
	t->transform = PG_ARGISNULL(12) ? NULL : PG_GETARG_JSONB_P(12);
	t->params = PG_ARGISNULL(13) ? NULL : PG_GETARG_JSONB_P(13);
	t->null_policy = PG_ARGISNULL(14) ? "impute" : US_ARG_CSTRING(14, "null_policy");
	t->weight = US_ARG_CSTRING_OR_NULL(15);
	args->cv.split = PG_ARGISNULL(16) ? "auto" : US_ARG_CSTRING(16, "split");
	t->holdout = US_ARG_FLOAT8_OR(17, 0.2);
	t->time_column = US_ARG_CSTRING_OR_NULL(18);
	t->seed = US_ARG_INT64_OR(19, 42);
	t->alias = US_ARG_CSTRING_OR_NULL(20);
}

static void
put_number(Datum *value, bool *null, int i, double x)
{
	null[i] = isnan(x);
	value[i] = Float8GetDatum(x);
}

/* The values of a metric fold by fold. */
static Datum
fold_values(const UsTrialRecord *r, const char *metric)
{
	Datum	   *value = palloc(r->n_folds * sizeof(Datum));
	bool	   *null = palloc(r->n_folds * sizeof(bool));
	int			n = r->n_folds;
	int			lower = 1;

	for (int f = 0; f < r->n_folds; f++)
	{
		null[f] = true;
		value[f] = (Datum) 0;
		for (int i = 0; i < r->n_metrics; i++)
			if (strcmp(r->metric[i], metric) == 0)
				put_number(value, null, f, r->value[f * r->n_metrics + i]);
	}
	return PointerGetDatum(construct_md_array(value, null, 1, &n, &lower, FLOAT8OID,
											  sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static int64
rows_of(const UsTrialRecord *r)
{
	int64		rows = 0;

	for (int f = 0; f < r->n_folds; f++)
		rows += r->n_test[f];
	return rows;
}

/* userseg.tune(...): one row a trial. */
Datum
userseg_tune(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsTuneArgs	args = {0};
	UsTuneResult r = {0};

	read_args(fcinfo, &args);
	InitMaterializedSRF(fcinfo, 0);
	us_tune(&args, &r);
	for (int i = 0; i < r.n; i++)
	{
		const UsTrial *t = &r.trial[i];
		bool		measured = t->share > 0;
		Interval	duration = {.time = (int64) rint(t->record.seconds * 1e6)};
		Datum		value[COLUMNS];
		bool		null[COLUMNS] = {false};

		value[0] = Int32GetDatum(i + 1);
		value[1] = JsonbPGetDatum(t->point);
		value[2] = CStringGetTextDatum(us_trial_status_name(t->status));
		value[3] = CStringGetTextDatum(r.metric);
		put_number(value, null, 4, t->mean);
		put_number(value, null, 5, t->sd);
		null[6] = null[7] = null[8] = !measured;
		value[6] = measured ? fold_values(&t->record, r.metric) : (Datum) 0;
		value[7] = Int64GetDatum(rows_of(&t->record));
		value[8] = IntervalPGetDatum(&duration);
		value[9] = BoolGetDatum(t->best);
		null[10] = !t->best;
		value[10] = Int32GetDatum(r.version.version);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	return (Datum) 0;
}
