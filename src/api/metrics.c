/*
 * metrics.c
 *	  Aggregates of losses: log loss, Brier, RMSE, MAE, MAPE, pinball, R², F1, MCC, calibration.
 */
#include "postgres.h"

#include <math.h>

#include "utils/float.h"
#include "utils/jsonb.h"

#include "agg/metric_sums.h"
#include "api/aggregate.h"
#include "api/metric_args.h"
#include "api/payload.h"
#include "model/report_json.h"

PG_FUNCTION_INFO_V1(userseg_metric_sums_in);
PG_FUNCTION_INFO_V1(userseg_metric_sums_out);
PG_FUNCTION_INFO_V1(userseg_metric_sums_recv);
PG_FUNCTION_INFO_V1(userseg_metric_sums_send);
PG_FUNCTION_INFO_V1(userseg_log_loss_step);
PG_FUNCTION_INFO_V1(userseg_brier_step);
PG_FUNCTION_INFO_V1(userseg_calibration_step);
PG_FUNCTION_INFO_V1(userseg_rmse_step);
PG_FUNCTION_INFO_V1(userseg_mae_step);
PG_FUNCTION_INFO_V1(userseg_mape_step);
PG_FUNCTION_INFO_V1(userseg_r2_step);
PG_FUNCTION_INFO_V1(userseg_pinball_step);
PG_FUNCTION_INFO_V1(userseg_binary_step);
PG_FUNCTION_INFO_V1(userseg_metric_combine);
PG_FUNCTION_INFO_V1(userseg_metric_value);
PG_FUNCTION_INFO_V1(userseg_f1_final);
PG_FUNCTION_INFO_V1(userseg_mcc_final);
PG_FUNCTION_INFO_V1(userseg_calibration_final);

#define TYPE "userseg.metric_sums"

/* ---- the type ---- */

static void *
read_state(UsReader *r)
{
	return us_metric_read(r);
}

static UsWriter
payload(FunctionCallInfo fcinfo)
{
	UsWriter	w;

	us_writer_init(&w);
	us_metric_write((const UsMetricSums *) us_aggregate_read(fcinfo, 0), &w);
	return w;
}

/* Input function of userseg.metric_sums */
Datum
userseg_metric_sums_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), TYPE, read_state));
}

/* Output function of userseg.metric_sums */
Datum
userseg_metric_sums_out(PG_FUNCTION_ARGS)
{
	UsWriter	w = payload(fcinfo);

	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input function of userseg.metric_sums */
Datum
userseg_metric_sums_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), TYPE, read_state));
}

/* Binary output function of userseg.metric_sums */
Datum
userseg_metric_sums_send(PG_FUNCTION_ARGS)
{
	UsWriter	w = payload(fcinfo);

	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* ---- transitions ---- */

/* The state of that kind, to be changed; made on the first row. */
static UsMetricSums *
state_of(FunctionCallInfo fcinfo, UsMetricKind kind, double parameter)
{
	UsMetricSums *s = (UsMetricSums *) us_aggregate_state(fcinfo);

	if (s == NULL)
		return us_metric_new(kind, parameter);
	if (s->kind != kind || s->parameter != parameter)
		us_metric_merge(s, us_metric_new(kind, parameter));	/* raises */
	return s;
}

/* A row (probability, label [, weight]). */
static Datum
probability_row(FunctionCallInfo fcinfo, UsMetricKind kind)
{
	UsMetricSums *s;
	double		p,
				w;

	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	p = us_metric_probability(fcinfo, 1, "probability");
	w = us_metric_weight(fcinfo, 3);
	if (w == 0)
		return us_aggregate_unchanged(fcinfo);
	s = state_of(fcinfo, kind, 0);
	us_metric_add(s, p, PG_GETARG_BOOL(2), w);
	PG_RETURN_POINTER(s);
}

/* A row (predicted, actual [, weight]), the weight being argument n. */
static Datum
number_row(FunctionCallInfo fcinfo, UsMetricKind kind, double parameter, int n)
{
	UsMetricSums *s;
	double		predicted,
				actual,
				w;

	predicted = us_metric_number(fcinfo, 1, "predicted value");
	actual = us_metric_number(fcinfo, 2, "actual value");
	w = us_metric_weight(fcinfo, n);
	if (w == 0)
		return us_aggregate_unchanged(fcinfo);
	s = state_of(fcinfo, kind, parameter);
	us_metric_add(s, predicted, actual, w);
	PG_RETURN_POINTER(s);
}

/* Transition of log_loss_agg(probability, label [, weight]) */
Datum
userseg_log_loss_step(PG_FUNCTION_ARGS)
{
	return probability_row(fcinfo, US_METRIC_LOG_LOSS);
}

/* Transition of brier_agg(probability, label [, weight]) */
Datum
userseg_brier_step(PG_FUNCTION_ARGS)
{
	return probability_row(fcinfo, US_METRIC_BRIER);
}

/* Transition of calibration_agg(probability, label [, weight]) */
Datum
userseg_calibration_step(PG_FUNCTION_ARGS)
{
	return probability_row(fcinfo, US_METRIC_CALIBRATION);
}

/* Transition of rmse_agg(predicted, actual [, weight]) */
Datum
userseg_rmse_step(PG_FUNCTION_ARGS)
{
	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	return number_row(fcinfo, US_METRIC_RMSE, 0, 3);
}

/* Transition of mae_agg(predicted, actual [, weight]) */
Datum
userseg_mae_step(PG_FUNCTION_ARGS)
{
	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	return number_row(fcinfo, US_METRIC_MAE, 0, 3);
}

/* Transition of mape_agg(predicted, actual [, weight]) */
Datum
userseg_mape_step(PG_FUNCTION_ARGS)
{
	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	return number_row(fcinfo, US_METRIC_MAPE, 0, 3);
}

/* Transition of r2_agg(predicted, actual [, weight]) */
Datum
userseg_r2_step(PG_FUNCTION_ARGS)
{
	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	return number_row(fcinfo, US_METRIC_R2, 0, 3);
}

/* Transition of pinball_agg(predicted, actual, quantile [, weight]) */
Datum
userseg_pinball_step(PG_FUNCTION_ARGS)
{
	double		quantile;

	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	quantile = PG_GETARG_FLOAT8(3);
	if (!(quantile >= 0 && quantile <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantile is %g, outside of 0 to 1", quantile),
				 errhint("0.5 is the median, 0.9 the value that nine of ten stay below.")));
	return number_row(fcinfo, US_METRIC_PINBALL, quantile, 4);
}

/* Transition of f1_agg and mcc_agg(predicted, actual [, weight]) */
Datum
userseg_binary_step(PG_FUNCTION_ARGS)
{
	UsMetricSums *s;
	double		w;

	if (us_metric_row_null(fcinfo))
		return us_aggregate_unchanged(fcinfo);
	w = us_metric_weight(fcinfo, 3);
	if (w == 0)
		return us_aggregate_unchanged(fcinfo);
	s = state_of(fcinfo, US_METRIC_BINARY, 0);
	us_metric_add(s, PG_GETARG_BOOL(1), PG_GETARG_BOOL(2), w);
	PG_RETURN_POINTER(s);
}

static void *
merge(void *a, const void *b)
{
	us_metric_merge((UsMetricSums *) a, (const UsMetricSums *) b);
	return a;
}

/* Combine function of all of them. */
Datum
userseg_metric_combine(PG_FUNCTION_ARGS)
{
	return us_aggregate_combine(fcinfo, merge);
}

/* ---- results ---- */

/* A figure; NULL where it is not defined. */
static Datum
figure(FunctionCallInfo fcinfo, double value)
{
	if (isnan(value))
		PG_RETURN_NULL();
	if (isinf(value))
		float_overflow_error();
	PG_RETURN_FLOAT8(value);
}

/* A state of kinds first .. last, for a final function. */
static const UsMetricSums *
final_state(FunctionCallInfo fcinfo, UsMetricKind first, UsMetricKind last)
{
	const UsMetricSums *s = (const UsMetricSums *) us_aggregate_read(fcinfo, 0);

	if (s->kind < first || s->kind > last)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of another metric")));
	return s;
}

/* Final function of the means of losses and of r2_agg. */
Datum
userseg_metric_value(PG_FUNCTION_ARGS)
{
	return figure(fcinfo, us_metric_value(final_state(fcinfo, US_METRIC_LOG_LOSS, US_METRIC_R2)));
}

/* Final function of f1_agg. */
Datum
userseg_f1_final(PG_FUNCTION_ARGS)
{
	return figure(fcinfo, us_metric_f1(final_state(fcinfo, US_METRIC_BINARY, US_METRIC_BINARY)));
}

/* Final function of mcc_agg. */
Datum
userseg_mcc_final(PG_FUNCTION_ARGS)
{
	return figure(fcinfo, us_metric_mcc(final_state(fcinfo, US_METRIC_BINARY, US_METRIC_BINARY)));
}

/* Final function of calibration_agg. */
Datum
userseg_calibration_final(PG_FUNCTION_ARGS)
{
	UsReport   *report = us_metric_calibration(final_state(fcinfo, US_METRIC_CALIBRATION, US_METRIC_CALIBRATION));

	if (report == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(us_report_to_jsonb(report));
}
