/*
 * evaluate.c
 *	  userseg.evaluate, confusion, calibration, lift, compare, recalibrate.
 */
#include "postgres.h"

#include <math.h>

#include "utils/jsonb.h"

#include "api/rows.h"
#include "infra/args.h"
#include "model/report_json.h"
#include "verbs/evaluate.h"

PG_FUNCTION_INFO_V1(userseg_evaluate);
PG_FUNCTION_INFO_V1(userseg_confusion);
PG_FUNCTION_INFO_V1(userseg_calibration);
PG_FUNCTION_INFO_V1(userseg_lift);
PG_FUNCTION_INFO_V1(userseg_compare);
PG_FUNCTION_INFO_V1(userseg_recalibrate);

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

/* userseg.evaluate(model, source, all_rows, by) */
Datum
userseg_evaluate(PG_FUNCTION_ARGS)
{
	UsEvaluationArgs args = common_args(fcinfo, 2);
	UsEvaluateLine *line;
	int			n;

	args.by = US_ARG_CSTRING_OR_NULL(3);
	line = us_evaluate(&args, &n);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		UsResultRow row = {0};
		UsReport   *details = us_report_object();

		if (line[i].interval)
			us_report_text(details, "interval", line[i].interval);
		if (line[i].sliced && args.by)
		{
			us_report_text(details, "by", args.by);
			if (line[i].slice)
				us_report_text(details, "slice", line[i].slice);
			else
				us_report_null(details, "slice");
		}
		us_row_text(&row, line[i].metric);
		us_row_number(&row, line[i].value);
		us_row_number(&row, line[i].low);
		us_row_number(&row, line[i].high);
		us_row_bigint(&row, line[i].n);
		us_row_text(&row, line[i].slice);
		us_row_datum(&row, JsonbPGetDatum(us_report_to_jsonb(details)), false);
		us_row_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/* userseg.confusion(model, source, threshold, all_rows) */
Datum
userseg_confusion(PG_FUNCTION_ARGS)
{
	UsEvaluationArgs args = common_args(fcinfo, 3);
	UsConfusionResult r;
	double		threshold = PG_ARGISNULL(2) ? 0 : PG_GETARG_FLOAT8(2);
	double	   *actual;
	double	   *predicted;

	us_confusion_verb(&args, PG_ARGISNULL(2) ? NULL : &threshold, &r);
	actual = palloc0(sizeof(double) * r.k);
	predicted = palloc0(sizeof(double) * r.k);
	for (int i = 0; i < r.k * r.k; i++)
	{
		actual[i / r.k] += r.cell[i];
		predicted[i % r.k] += r.cell[i];
	}
	InitMaterializedSRF(fcinfo, 0);
	for (int a = 0; a < r.k; a++)
		for (int p = 0; p < r.k; p++)
		{
			UsResultRow row = {0};

			us_row_text(&row, r.name[a]);
			us_row_text(&row, r.name[p]);
			us_row_number(&row, r.cell[a * r.k + p]);
			us_row_number(&row, r.cell[a * r.k + p] / actual[a]);
			us_row_number(&row, r.cell[a * r.k + p] / predicted[p]);
			us_row_put(fcinfo, &row);
		}
	return (Datum) 0;
}

/* The bins of a table of calibration, then all rows. */
static void
put_calibration(FunctionCallInfo fcinfo, const UsCalibrationTable *t)
{
	for (int i = 0; i <= t->n_bins; i++)
	{
		UsResultRow row = {0};
		bool		all = i == t->n_bins;

		us_row_datum(&row, Int32GetDatum(i + 1), all);
		us_row_number(&row, all ? 0 : t->bin[i].low);
		us_row_number(&row, all ? 1 : t->bin[i].high);
		us_row_number(&row, all ? t->weight : t->bin[i].weight);
		us_row_number(&row, all ? t->predicted : t->bin[i].predicted);
		us_row_number(&row, all ? t->observed : t->bin[i].observed);
		us_row_number(&row, all ? NAN : t->low[i]);
		us_row_number(&row, all ? NAN : t->high[i]);
		us_row_text(&row, t->class);
		us_row_datum(&row, all ? JsonbPGetDatum(us_report_to_jsonb(t->details)) : (Datum) 0, !all);
		us_row_put(fcinfo, &row);
	}
}

/* userseg.calibration(model, source, bins, all_rows, class) */
Datum
userseg_calibration(PG_FUNCTION_ARGS)
{
	UsEvaluationArgs args = common_args(fcinfo, 3);
	UsCalibrationTable *table;
	int			n;

	table = us_calibration_verb(&args, US_ARG_INT32_OR(2, 10), US_ARG_CSTRING_OR_NULL(4), &n);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
		put_calibration(fcinfo, &table[i]);
	return (Datum) 0;
}

/* userseg.lift(model, source, bins, payoff, all_rows, class) */
Datum
userseg_lift(PG_FUNCTION_ARGS)
{
	UsEvaluationArgs args = common_args(fcinfo, 4);
	UsLiftResult r;

	us_lift_verb(&args, US_ARG_INT32_OR(2, 10), PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3),
				US_ARG_CSTRING_OR_NULL(5), &r);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i <= r.n_bins; i++)
	{
		UsResultRow row = {0};
		bool		all = i == r.n_bins;
		const UsLiftBin *b = &r.bin[all ? 0 : i];

		us_row_datum(&row, Int32GetDatum(i + 1), all);
		us_row_number(&row, all ? r.weight : b->weight);
		us_row_number(&row, all ? r.weight * r.rate : b->positives);
		us_row_number(&row, all ? r.rate : b->rate);
		us_row_number(&row, all ? 1 : b->lift);
		us_row_number(&row, all ? 1 : b->cumulative_gain);
		us_row_number(&row, all ? 1 : b->cumulative_lift);
		us_row_number(&row, all ? NAN : b->lowest_score);
		us_row_number(&row, all ? r.profit[r.n_bins - 1] : r.profit[i]);
		us_row_datum(&row, all ? JsonbPGetDatum(us_report_to_jsonb(r.details)) : (Datum) 0, !all);
		us_row_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/* userseg.compare(model_a, model_b, source, all_rows, folds) */
Datum
userseg_compare(PG_FUNCTION_ARGS)
{
	UsEvaluationArgs args = {0};
	UsCompareLine *line;
	int			n;

	args.model = US_ARG_CSTRING(0, "model_a");
	args.other = US_ARG_CSTRING(1, "model_b");
	args.source = US_ARG_CSTRING(2, "source");
	args.all_rows = US_ARG_BOOL_OR(3, false);
	line = PG_ARGISNULL(4) ? us_compare(&args, &n) : us_compare_folds(&args, PG_GETARG_INT32(4), &n);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		UsResultRow row = {0};

		us_row_text(&row, line[i].metric);
		us_row_number(&row, line[i].a);
		us_row_number(&row, line[i].b);
		us_row_number(&row, line[i].difference);
		us_row_number(&row, line[i].low);
		us_row_number(&row, line[i].high);
		us_row_number(&row, line[i].p_value);
		us_row_text(&row, line[i].test);
		us_row_bigint(&row, line[i].n);
		us_row_put(fcinfo, &row);
	}
	return (Datum) 0;
}

/* userseg.recalibrate(model, source, method, all_rows, alias) */
Datum
userseg_recalibrate(PG_FUNCTION_ARGS)
{
	UsEvaluationArgs args = common_args(fcinfo, 3);
	UsRecalibrateResult r;
	UsResultRow row = {0};

	us_recalibrate(&args, US_ARG_CSTRING(2, "method"), US_ARG_CSTRING_OR_NULL(4), &r);
	InitMaterializedSRF(fcinfo, 0);
	us_row_text(&row, r.model);
	us_row_int(&row, r.version);
	us_row_int(&row, r.parent);
	us_row_bigint(&row, r.n);
	us_row_number(&row, r.log_loss[0]);
	us_row_number(&row, r.log_loss[1]);
	us_row_number(&row, r.brier[0]);
	us_row_number(&row, r.brier[1]);
	us_row_number(&row, r.ece[0]);
	us_row_number(&row, r.ece[1]);
	us_row_put(fcinfo, &row);
	return (Datum) 0;
}
