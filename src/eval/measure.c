/*
 * measure.c
 *	  The usual figures of merit of a classifier or a regression.
 */
#include "postgres.h"

#include "eval/measure.h"
#include "infra/progress.h"

#define LEVEL	0.95

UsMetrics *
us_measure_answers(const UsAnswers *a, UsMeasureMode mode, uint64 seed, UsBudget *budget)
{
	UsMetrics  *m = palloc0(sizeof(UsMetrics));
	UsEvaluationRows rows = {
		.n = a->n,
		.weight = a->weight,
		.key = a->n <= (mode == US_MEASURE_THOROUGH ? US_THOROUGH_ROWS : mode == US_MEASURE_FULL ? US_BOOTSTRAP_ROWS : -1) ?
			a->key : NULL,
		.by_id = a->by_id,
		.seed = seed,
		.level = LEVEL
	};
	Size		bytes = us_evaluation_memory(a->n, a->n_classes);

	us_progress("measure", 0, 0);
	us_budget_take(budget, bytes, "metrics");
	if (a->task == US_TASK_CLASSIFICATION)
		m->metric = us_evaluate_classes(&rows, a->actual, a->predicted, (const double *const *) a->proba,
										a->n_classes, &m->n);
	else
		m->metric = us_evaluate_values(&rows, a->y, a->value, &a->loss, &m->n);
	us_budget_release(budget, bytes);
	m->n_unknown = a->n_unknown;
	m->sampled = a->sampled;
	return m;
}

UsMetrics *
us_measure(const UsFitted *fitted, UsFrame *frame, UsMeasureMode mode, UsBudget *budget)
{
	UsAnswers  *a = us_answers_collect(fitted, frame, mode == US_MEASURE_BRIEF ? US_BRIEF_ROWS : 0, budget);
	UsMetrics  *m = us_measure_answers(a, mode, fitted->recipe->seed, budget);

	us_answers_free(a);
	return m;
}

int
us_metric_direction(const char *name)
{
	static const char *const falling[] = {
		"log_loss", "brier", "rmse", "mse", "mae", "mape", "pinball", "poisson_deviance", "gamma_deviance", "tweedie_deviance"
	};
	static const char *const neither[] = {"base_rate", "bias", "coverage"};

	for (int i = 0; i < lengthof(falling); i++)
		if (strcmp(name, falling[i]) == 0)
			return -1;
	for (int i = 0; i < lengthof(neither); i++)
		if (strcmp(name, neither[i]) == 0)
			return 0;
	return 1;
}

UsMetrics *
us_metrics_copy(const UsMetrics *m, MemoryContext context)
{
	UsMetrics  *copy = MemoryContextAlloc(context, sizeof(UsMetrics));

	*copy = *m;
	copy->metric = MemoryContextAlloc(context, Max(m->n, 1) * sizeof(UsMetricValue));
	memcpy(copy->metric, m->metric, m->n * sizeof(UsMetricValue));
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
		us_report_number(o, "ci_low", m->metric[i].low);
		us_report_number(o, "ci_high", m->metric[i].high);
		us_report_int(o, "n", m->metric[i].n);
		if (m->metric[i].interval)
			us_report_text(o, "interval", m->metric[i].interval);
	}
	return list;
}
