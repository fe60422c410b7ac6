/*
 * metric_sums.c
 *	  The state of the aggregates of losses.
 */
#include "postgres.h"

#include <math.h>

#include "agg/exact_wire.h"
#include "agg/metric_sums.h"
#include "math/double_double.h"
#include "stat/calibration.h"
#include "stat/confusion.h"
#include "stat/evaluation.h"
#include "stat/losses.h"

static int
sums_of(int kind)
{
	switch (kind)
	{
		case US_METRIC_R2:
		case US_METRIC_BINARY:
			return 4;
		case US_METRIC_CALIBRATION:
			return US_METRIC_MAX_SUMS;
		default:
			return 2;
	}
}

UsMetricSums *
us_metric_new(UsMetricKind kind, double parameter)
{
	int			n = sums_of(kind);
	Size		size = offsetof(UsMetricSums, sum) + n * sizeof(UsExactSum);
	UsMetricSums *s = (UsMetricSums *) palloc0(size);

	SET_VARSIZE(s, size);
	s->version = US_METRIC_SUMS_VERSION;
	s->kind = kind;
	s->n = n;
	s->parameter = parameter;
	return s;
}

void
us_metric_merge(UsMetricSums *s, const UsMetricSums *other)
{
	if (s->kind != other->kind)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states of two different metrics cannot be merged")));
	if (s->parameter != other->parameter)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quantile is %g in some rows and %g in others",
						Min(s->parameter, other->parameter), Max(s->parameter, other->parameter)),
				 errhint("Pass the same quantile for every row.")));
	s->rows += other->rows;
	for (int i = 0; i < s->n; i++)
		us_exact_merge(&s->sum[i], &other->sum[i]);
}

/* Add w times y and w times y^2 without rounding (but of terms 2^-106 of them). */
static void
add_moments(UsMetricSums *s, double y, double w)
{
	UsDouble2	wy = us_two_product(w, y);
	UsDouble2	wyy = us_two_product(wy.hi, y);

	us_exact_add(&s->sum[3], wyy.hi);	/* the largest first: it tells an overflow */
	us_exact_add(&s->sum[3], wyy.lo);
	us_exact_add(&s->sum[3], wy.lo * y);
	us_exact_add(&s->sum[2], wy.hi);
	us_exact_add(&s->sum[2], wy.lo);
}

/* What a row costs; 22003 when that is beyond the range of double. */
static double
loss_of(const UsMetricSums *s, double predicted, double actual, double w)
{
	double		error = predicted - actual;
	double		loss = error * error;

	switch (s->kind)
	{
		case US_METRIC_LOG_LOSS:
			loss = us_log_loss(actual != 0 ? predicted : 1 - predicted);
			break;
		case US_METRIC_MAE:
			loss = fabs(error);
			break;
		case US_METRIC_MAPE:
			loss = us_percentage_error(predicted, actual);
			break;
		case US_METRIC_PINBALL:
			loss = us_pinball_loss(predicted, actual, s->parameter);
			break;
		default:
			break;
	}
	if (!isfinite(w * loss))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the error of a row is out of range"),
				 errdetail("Predicted is %g, actual is %g.", predicted, actual)));
	return w * loss;
}

void
us_metric_add(UsMetricSums *s, double predicted, double actual, double w)
{
	s->rows++;
	if (s->kind == US_METRIC_BINARY)
	{
		us_exact_add(&s->sum[2 * (actual != 0) + (predicted != 0)], w);
		return;
	}
	if (s->kind == US_METRIC_CALIBRATION)
	{
		UsExactSum *bin = s->sum + 1 + 3 * us_reliability_bin(predicted, US_CALIBRATION_BINS);

		us_exact_add(&bin[0], w);
		us_exact_add(&bin[1], w * predicted);
		if (actual != 0)
			us_exact_add(&bin[2], w);
		us_exact_add(&s->sum[0], loss_of(s, predicted, actual, w));
		return;
	}
	us_exact_add(&s->sum[1], loss_of(s, predicted, actual, w));
	us_exact_add(&s->sum[0], w);
	if (s->kind == US_METRIC_R2)
		add_moments(s, actual, w);
}

/* An exact sum to twice the precision of double. */
static UsDouble2
rounded_twice(const UsExactSum *sum)
{
	UsExactSum	rest = *sum;
	double		hi = us_exact_round(sum);

	if (isinf(hi))
		return (UsDouble2) {hi, 0};
	us_exact_add(&rest, -hi);
	return (UsDouble2) {hi, us_exact_round(&rest)};
}

static double
r2(const UsMetricSums *s)
{
	UsDouble2	y = rounded_twice(&s->sum[2]);
	UsDouble2	explained = us_double2_divide(us_double2_multiply(y, y), rounded_twice(&s->sum[0]));
	UsDouble2	total = us_double2_subtract(rounded_twice(&s->sum[3]), explained);

	/* what is left of a constant is below the rounding of the products */
	if (total.hi <= 1e-26 * fabs(explained.hi))
		total.hi = 0;
	return us_r2(us_exact_round(&s->sum[1]), total.hi, s->rows);
}

double
us_metric_value(const UsMetricSums *s)
{
	double		mean;

	if (s->rows == 0)
		return NAN;
	if (s->kind == US_METRIC_R2)
		return r2(s);
	mean = us_exact_round(&s->sum[1]) / us_exact_round(&s->sum[0]);
	return s->kind == US_METRIC_RMSE ? sqrt(mean) : mean;
}

double
us_metric_f1(const UsMetricSums *s)
{
	return s->rows == 0 ? NAN :
		us_f1(us_exact_round(&s->sum[3]), us_exact_round(&s->sum[1]), us_exact_round(&s->sum[2]));
}

double
us_metric_mcc(const UsMetricSums *s)
{
	return s->rows == 0 ? NAN :
		us_mcc(us_exact_round(&s->sum[3]), us_exact_round(&s->sum[1]),
			   us_exact_round(&s->sum[0]), us_exact_round(&s->sum[2]));
}

UsReport *
us_metric_calibration(const UsMetricSums *s)
{
	UsReliabilityBin bin[US_CALIBRATION_BINS];
	UsReliability r;
	UsReport   *report;
	UsReport   *list;
	double		weight = 0;

	if (s->rows == 0)
		return NULL;
	for (int i = 0; i < US_CALIBRATION_BINS; i++)
	{
		const UsExactSum *sum = s->sum + 1 + 3 * i;

		bin[i].weight = us_exact_round(&sum[0]);
		bin[i].predicted = bin[i].weight > 0 ? us_exact_round(&sum[1]) / bin[i].weight : NAN;
		bin[i].observed = bin[i].weight > 0 ? us_exact_round(&sum[2]) / bin[i].weight : NAN;
		weight += bin[i].weight;
	}
	us_reliability_summary(bin, US_CALIBRATION_BINS, us_exact_round(&s->sum[0]) / weight, &r);
	report = us_report_object();
	us_report_int(report, "n", s->rows);
	us_report_number(report, "weight", weight);
	us_report_number(report, "brier", r.brier);
	us_report_number(report, "ece", r.ece);
	us_report_number(report, "mce", r.mce);
	us_report_number(report, "reliability", r.reliability);
	us_report_number(report, "resolution", r.resolution);
	us_report_number(report, "uncertainty", r.uncertainty);
	us_report_number(report, "within", r.within);
	list = us_report_add_array(report, "bins");
	for (int i = 0; i < US_CALIBRATION_BINS; i++)
	{
		UsReport   *b = us_report_add_object(list, NULL);

		us_report_number(b, "low", bin[i].low);
		us_report_number(b, "high", bin[i].high);
		us_report_number(b, "weight", bin[i].weight);
		us_report_number(b, "predicted", bin[i].predicted);
		us_report_number(b, "observed", bin[i].observed);
	}
	return report;
}

/* ---- payload ---- */

void
us_metric_write(const UsMetricSums *s, UsWriter *w)
{
	us_write_u8(w, s->version);
	us_write_u8(w, s->kind);
	us_write_i64(w, s->rows);
	us_write_f64(w, s->parameter);
	for (int i = 0; i < s->n; i++)
		us_write_exact(w, &s->sum[i]);
}

/* Whether a sum may be less than zero: of actual values. */
static bool
may_be_negative(const UsMetricSums *s, int i)
{
	return s->kind == US_METRIC_R2 && i == 2;
}

UsMetricSums *
us_metric_read(UsReader *r)
{
	uint8		version = us_read_u8(r);
	uint8		kind = us_read_u8(r);
	int64		rows = us_read_i64(r);
	double		parameter = us_read_f64(r);
	UsMetricSums *s;
	double		weight = 0;

	if (version != US_METRIC_SUMS_VERSION)
		us_corrupt(r, "version %u", version);
	if (kind < US_METRIC_LOG_LOSS || kind > US_METRIC_CALIBRATION)
		us_corrupt(r, "metric %u", kind);
	if (rows < 0 || rows > INT64CONST(1) << 60)
		us_corrupt(r, INT64_FORMAT " rows", rows);
	if (!(parameter >= 0 && parameter <= 1) || (kind != US_METRIC_PINBALL && parameter != 0))
		us_corrupt(r, "parameter %g", parameter);
	s = us_metric_new(kind, parameter);
	s->rows = rows;
	for (int i = 0; i < s->n; i++)
	{
		bool		weighs = kind == US_METRIC_BINARY || (kind == US_METRIC_CALIBRATION ? i % 3 == 1 : i == 0);
		double		sum;

		us_read_exact(r, &s->sum[i]);
		sum = us_exact_round(&s->sum[i]);
		if (isinf(sum) || (sum < 0 && !may_be_negative(s, i)))
			us_corrupt(r, "sum %d is %g", i, sum);
		if (weighs)
			weight += sum;
	}
	if ((rows > 0) != (weight > 0) || isinf(weight))
		us_corrupt(r, INT64_FORMAT " rows of weight %g", rows, weight);
	return s;
}
