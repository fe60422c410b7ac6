/*
 * measure.h
 *	  The usual figures of merit of a classifier or a regression.
 */
#ifndef US_MEASURE_H
#define US_MEASURE_H

#include "eval/answers.h"
#include "stat/evaluation.h"

typedef struct UsMetrics
{
	int			n;
	UsMetricValue   *metric;			/* the first is the one that the task is judged by */
	int64		n_unknown;		/* rows left out: of a class that the model does not know */
	bool		sampled;
} UsMetrics;

/*
 * How thoroughly to measure.  Intervals by bootstrap of rows are made in FULL of at most US_BOOTSTRAP_ROWS rows, in THOROUGH of
 * at most US_THOROUGH_ROWS, which takes about a second; BRIEF looks at no more than US_BRIEF_ROWS rows.
 */
typedef enum UsMeasureMode
{
	US_MEASURE_THOROUGH,
	US_MEASURE_FULL,
	US_MEASURE_FOLD,
	US_MEASURE_BRIEF
} UsMeasureMode;

#define US_BOOTSTRAP_ROWS	50000
#define US_THOROUGH_ROWS	1000000
#define US_BRIEF_ROWS		50000

/*
 * All metrics of the task with intervals of 95 %, in the current memory context; seed is that of the bootstrap.  Takes
 * the memory that it needs from budget for the time.
 */
extern UsMetrics *us_measure_answers(const UsAnswers *answers, UsMeasureMode mode, uint64 seed,
									 UsBudget *budget);

/* The same of a model as fitted, on the rows of a frame. */
extern UsMetrics *us_measure(const UsFitted *fitted, UsFrame *frame, UsMeasureMode mode, UsBudget *budget);

/* 1: larger values of a metric are better, -1: smaller ones, 0: it does not tell which model is better. */
extern int	us_metric_direction(const char *name);

/* A copy in another context; an array of {metric, value, ci_low, ci_high, n}. */
extern UsMetrics *us_metrics_copy(const UsMetrics *metrics, MemoryContext context);
extern UsReport *us_metrics_report(const UsMetrics *metrics);

#endif
