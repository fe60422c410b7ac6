/*
 * measure.h
 *	  The usual figures of merit of a classifier or a regression.
 */
#ifndef US_MEASURE_H
#define US_MEASURE_H

#include "eval/answers.h"

typedef struct UsMetric
{
	const char *name;			/* "auc", "rmse", ... */
	double		value;			/* NaN: not defined for these rows */
	double		ci_low;			/* 95 % confidence interval; NaN: none */
	double		ci_high;
	int64		n;				/* rows it was measured on */
} UsMetric;

typedef struct UsMetrics
{
	int			n;
	UsMetric   *metric;
	int			main;			/* index of the one that the task is judged by */
	int64		n_unknown;		/* rows left out: of a class that the model does not know */
	bool		sampled;
} UsMetrics;

/* All metrics of the task, in the current memory context: the first is the one the task is judged by. */
extern UsMetrics *us_measure_answers(const UsAnswers *answers);

/* The same of a model as fitted, on the rows of a frame. */
extern UsMetrics *us_measure(const UsFitted *fitted, UsFrame *frame, UsBudget *budget);

/* Whether a larger value of a metric is better. */
extern bool us_metric_rises(const char *name);

/* A copy in another context; an array of {metric, value, ci_low, ci_high, n}. */
extern UsMetrics *us_metrics_copy(const UsMetrics *metrics, MemoryContext context);
extern UsReport *us_metrics_report(const UsMetrics *metrics);

#endif
