/*
 * measure.c
 *	  The usual figures of merit of a classifier or a regression.
 *
 * Sums over rows are exact, so that the metrics do not depend on their order.
 */
#include "postgres.h"

#include <math.h>

#include "eval/measure.h"
#include "infra/progress.h"
#include "math/exact_sum.h"

#define MAX_METRICS		24

/* probabilities are at least this in the log loss, as in scikit-learn */
#define LEAST_PROBABILITY	1e-15

static void
add(UsMetrics *m, const char *name, double value, int64 n)
{
	Assert(m->n < MAX_METRICS);
	m->metric[m->n++] = (UsMetric) {name, isfinite(value) ? value : NAN, NAN, NAN, n};
}

/* Mean of value(i) with the weights of the answers. */
static double
mean(const UsAnswers *a, double (*value) (const UsAnswers *a, int64 i))
{
	UsExactSum *sum = palloc0(sizeof(UsExactSum));
	UsExactSum *weight = palloc0(sizeof(UsExactSum));
	double		result;

	for (int64 i = 0; i < a->n; i++)
	{
		double		w = a->weight ? a->weight[i] : 1;

		if (i % 1024 == 0)
			us_progress("measure", 0, 0);
		us_exact_add(sum, w * value(a, i));
		us_exact_add(weight, w);
	}
	result = us_exact_round(sum) / us_exact_round(weight);
	pfree(sum);
	pfree(weight);
	return result;
}

/* ---- classes ---- */

static double
is_right(const UsAnswers *a, int64 i)
{
	return a->label[i] == a->y[i];
}

static double
log_loss(const UsAnswers *a, int64 i)
{
	double		p;

	if (a->proba)
		p = a->proba[(Size) i * a->n_classes + (int) a->y[i]];
	else
		p = a->y[i] == a->positive ? a->value[i] : 1 - a->value[i];
	return -log(Max(p, LEAST_PROBABILITY));
}

static void
measure_classes(const UsAnswers *a, UsMetrics *m)
{
	add(m, "log_loss", mean(a, log_loss), a->n);
	add(m, "accuracy", mean(a, is_right), a->n);
}

/* ---- numbers ---- */

static double
squared_error(const UsAnswers *a, int64 i)
{
	return (a->y[i] - a->value[i]) * (a->y[i] - a->value[i]);
}

static double
absolute_error(const UsAnswers *a, int64 i)
{
	return fabs(a->y[i] - a->value[i]);
}

static void
measure_numbers(const UsAnswers *a, UsMetrics *m)
{
	add(m, "rmse", sqrt(mean(a, squared_error)), a->n);
	add(m, "mae", mean(a, absolute_error), a->n);
}

UsMetrics *
us_measure_answers(const UsAnswers *a)
{
	UsMetrics  *m = palloc0(sizeof(UsMetrics));

	m->metric = palloc0(MAX_METRICS * sizeof(UsMetric));
	m->n_unknown = a->n_unknown;
	m->sampled = a->sampled;
	if (a->task == US_TASK_CLASSIFICATION)
		measure_classes(a, m);
	else
		measure_numbers(a, m);
	return m;
}

UsMetrics *
us_measure(const UsFitted *fitted, UsFrame *frame, UsBudget *budget)
{
	UsAnswers  *a = us_answers_collect(fitted, frame, budget);
	UsMetrics  *m = us_measure_answers(a);

	us_answers_free(a);
	return m;
}

bool
us_metric_rises(const char *name)
{
	static const char *const falling[] = {"log_loss", "brier", "rmse", "mae", "mape", "pinball"};

	for (int i = 0; i < lengthof(falling); i++)
		if (strcmp(name, falling[i]) == 0)
			return false;
	return true;
}

UsMetrics *
us_metrics_copy(const UsMetrics *m, MemoryContext context)
{
	UsMetrics  *copy = MemoryContextAlloc(context, sizeof(UsMetrics));

	*copy = *m;
	copy->metric = MemoryContextAlloc(context, MAX_METRICS * sizeof(UsMetric));
	memcpy(copy->metric, m->metric, MAX_METRICS * sizeof(UsMetric));
	return copy;
}

UsReport *
us_metrics_report(const UsMetrics *m)
{
	UsReport   *list = us_report_array();

	for (int i = 0; i < m->n; i++)
	{
		UsReport   *o = us_report_add_object(list, NULL);

		us_report_text(o, "metric", m->metric[i].name);
		us_report_number(o, "value", m->metric[i].value);
		us_report_number(o, "ci_low", m->metric[i].ci_low);
		us_report_number(o, "ci_high", m->metric[i].ci_high);
		us_report_int(o, "n", m->metric[i].n);
	}
	return list;
}
