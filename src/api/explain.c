/*
 * explain.c
 *	  userseg.importance, partial_dependence, individual_conditional_expectation, interaction.
 */
#include "postgres.h"

#include <math.h>

#include "api/rows.h"
#include "infra/args.h"
#include "verbs/explain.h"

PG_FUNCTION_INFO_V1(userseg_importance);
PG_FUNCTION_INFO_V1(userseg_partial_dependence);
PG_FUNCTION_INFO_V1(userseg_individual_conditional_expectation);
PG_FUNCTION_INFO_V1(userseg_interaction);

/* Arguments 0 and 1, model and source, and all_rows, argument n. */
static UsEvaluationArgs
common_args(FunctionCallInfo fcinfo, int n)
{
	UsEvaluationArgs args = {0};

	args.model = US_ARG_CSTRING(0, "model");
	args.source = US_ARG_CSTRING_OR_NULL(1);
	args.all_rows = US_ARG_BOOL_OR(n, false);
	return args;
}

static UsImportanceLine *
importance(const UsEvaluationArgs *args, const char *method, int repeats, int64 seed, int *n)
{
	if (strcmp(method, "permutation") == 0)
		return us_importance(args, repeats, seed, n);
	if (strcmp(method, "contribution") == 0)
		return us_importance_contributions(args, seed, n);
	if (strcmp(method, "gain") == 0 || strcmp(method, "splits") == 0)
		return us_importance_trained(args->model, strcmp(method, "gain") == 0, n);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no importance by \"%s\"", method),
			 errhint("Methods are \"permutation\", \"contribution\", \"gain\" and \"splits\".")));
}

/* userseg.importance(model, source, repeats, all_rows, seed, method) */
Datum
userseg_importance(PG_FUNCTION_ARGS)
{
	UsEvaluationArgs args = common_args(fcinfo, 3);
	UsImportanceLine *line;
	int			n;

	line = importance(&args, US_ARG_CSTRING(5, "method"), US_ARG_INT32_OR(2, 5), US_ARG_INT64_OR(4, 42), &n);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		UsResultRow row = {0};

		us_row_text(&row, line[i].feature);
		us_row_text(&row, line[i].metric);
		us_row_number(&row, line[i].importance);
		us_row_number(&row, line[i].low);
		us_row_number(&row, line[i].high);
		us_row_number(&row, line[i].share);
		us_row_datum(&row, Int64GetDatum(line[i].n), line[i].n == 0);
		us_row_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/* userseg.partial_dependence(model, source, feature, points, all_rows) */
Datum
userseg_partial_dependence(PG_FUNCTION_ARGS)
{
	UsEvaluationArgs args = common_args(fcinfo, 4);
	UsDependenceLine *line;
	int			n;

	line = us_partial_dependence(&args, US_ARG_CSTRING(2, "feature"), US_ARG_INT32_OR(3, 20), &n);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		UsResultRow row = {0};

		us_row_text(&row, line[i].value);
		us_row_number(&row, line[i].x);
		us_row_text(&row, line[i].class);
		us_row_number(&row, line[i].prediction);
		us_row_number(&row, line[i].low);
		us_row_number(&row, line[i].high);
		us_row_bigint(&row, line[i].n);
		us_row_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/* A UsCurveFunction: a row of the result. */
static void
show_point(const UsCurveLine *line, void *context)
{
	FunctionCallInfo fcinfo = context;
	UsResultRow row = {0};

	us_row_text(&row, line->id);
	us_row_text(&row, line->value);
	us_row_number(&row, line->x);
	us_row_text(&row, line->class);
	us_row_number(&row, line->prediction);
	us_row_put(fcinfo, &row);
	for (int i = 0; i < row.n; i++)
		if (!row.null[i] && (i == 0 || i == 1 || i == 3))
			pfree(DatumGetPointer(row.value[i]));
}

/* userseg.individual_conditional_expectation(model, source, feature, points, rows, centred, id, all_rows, seed) */
Datum
userseg_individual_conditional_expectation(PG_FUNCTION_ARGS)
{
	UsCurveArgs args = {.rows = common_args(fcinfo, 7)};

	args.rows.named = true;
	args.rows.name = US_ARG_CSTRING_OR_NULL(6);
	args.feature = US_ARG_CSTRING(2, "feature");
	args.points = US_ARG_INT32_OR(3, 20);
	args.most_rows = US_ARG_INT32_OR(4, 50);
	args.centred = US_ARG_BOOL_OR(5, false);
	args.seed = US_ARG_INT64_OR(8, 42);
	InitMaterializedSRF(fcinfo, 0);
	us_curves(&args, show_point, fcinfo);
	return (Datum) 0;
}

/* userseg.interaction(model, source, features, rows, log_odds, all_rows, seed) */
Datum
userseg_interaction(PG_FUNCTION_ARGS)
{
	UsInteractionArgs args = {.rows = common_args(fcinfo, 5), .n_features = -1};
	UsInteractionLine *line;
	int			n;

	if (!PG_ARGISNULL(2))
		args.features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(2), "features", &args.n_features);
	args.most_rows = US_ARG_INT32_OR(3, 100);
	args.log_odds = US_ARG_BOOL_OR(4, false);
	args.seed = US_ARG_INT64_OR(6, 42);
	line = us_interaction(&args, &n);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		UsResultRow row = {0};

		us_row_text(&row, line[i].a);
		us_row_text(&row, line[i].b);
		us_row_number(&row, line[i].strength);
		us_row_number(&row, line[i].effect);
		us_row_bigint(&row, line[i].n);
		us_row_put(fcinfo, &row);
	}
	return (Datum) 0;
}
