/*
 * distil.c
 *	  userseg.distil.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "api/rows.h"
#include "infra/args.h"
#include "verbs/distil.h"

PG_FUNCTION_INFO_V1(userseg_distil);

static void
put_result(FunctionCallInfo fcinfo, const UsDistilResult *d)
{
	const UsTrainResult *r = &d->version;
	UsResultRow row = {0};
	Datum	   *warning = palloc(Max(r->n_warnings, 1) * sizeof(Datum));

	for (int i = 0; i < r->n_warnings; i++)
		warning[i] = CStringGetTextDatum(r->warnings[i]);
	us_row_text(&row, r->model);
	us_row_int(&row, r->version);
	us_row_text(&row, r->algorithm);
	us_row_bigint(&row, r->n_rows);
	us_row_int(&row, r->n_features);
	us_row_text(&row, us_distil_rows_name(d->measured_on));
	us_row_bigint(&row, d->n_measured);
	us_row_number(&row, d->fidelity);
	us_row_number(&row, d->fidelity_r2);
	us_row_text(&row, d->metric);
	us_row_number(&row, d->teacher_value);
	us_row_number(&row, d->student_value);
	us_row_number(&row, d->metric && us_metric_direction(d->metric) < 0 ? d->student_value - d->teacher_value :
				  d->teacher_value - d->student_value);
	us_row_datum(&row, PointerGetDatum(construct_array(warning, r->n_warnings, TEXTOID, -1, false, TYPALIGN_INT)), false);
	us_row_datum(&row, JsonbPGetDatum(r->details), false);
	us_row_put(fcinfo, &row);
}

/* userseg.distil(...): one row about the new version and how well it imitates. */
Datum
userseg_distil(PG_FUNCTION_ARGS)
{
	UsDistilArgs args = {0};
	UsDistilResult result;

	args.teacher = US_ARG_CSTRING(0, "model");
	args.train.algorithm = US_ARG_CSTRING(1, "algorithm");
	args.train.model = US_ARG_CSTRING(2, "new_model");
	args.train.source = US_ARG_CSTRING_OR_NULL(3);
	args.train.id = US_ARG_CSTRING_OR_NULL(4);
	args.train.n_features = -1;
	if (!PG_ARGISNULL(5))
		args.train.features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(5), "features", &args.train.n_features);
	args.train.transform = PG_ARGISNULL(6) ? NULL : PG_GETARG_JSONB_P(6);
	args.train.params = PG_ARGISNULL(7) ? NULL : PG_GETARG_JSONB_P(7);
	args.train.null_policy = "impute";
	args.train.holdout = US_ARG_FLOAT8_OR(8, 0);
	args.divided = !PG_ARGISNULL(8);
	args.train.seed = US_ARG_INT64_OR(9, 0);
	args.seeded = !PG_ARGISNULL(9);
	args.train.alias = US_ARG_CSTRING_OR_NULL(10);
	InitMaterializedSRF(fcinfo, 0);
	us_distil(&args, &result);
	put_result(fcinfo, &result);
	return (Datum) 0;
}
