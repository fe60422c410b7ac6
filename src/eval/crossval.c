/*
 * crossval.c
 *	  Cross-validation.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "data/frame_view.h"
#include "eval/crossval.h"
#include "infra/progress.h"
#include "stat/proportion.h"

#define LEVEL	0.95

static void
fold_context(void *arg)
{
	const UsFolds *f = arg;

	errcontext("fold %d of %d", f->at + 1, f->n);
}

static void
run_fold(const UsRecipe *recipe, UsFrame *frame, UsFolds *folds, UsBudget *budget,
		 MemoryContext outer, UsFoldResult *result)
{
	UsFrame    *training = us_frame_view(frame, us_folds_training, folds, budget);
	UsFrame    *test = us_frame_view(frame, us_folds_test, folds, budget);
	UsFitted	fitted;

	if (training->nrows == 0 || test->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fold %d has " INT64_FORMAT " rows to learn from and " INT64_FORMAT " to measure on",
						folds->at + 1, training->nrows, test->nrows),
				 errhint("Use fewer folds or more rows.")));
	us_recipe_fit(recipe, training, NULL, NULL, budget, &fitted);
	result->n_training = training->nrows;
	result->n_test = test->nrows;
	result->converged = fitted.result.converged;
	result->metrics = us_metrics_copy(us_measure(&fitted, test, US_MEASURE_FOLD, budget), outer);
	us_frame_free(test);
	us_frame_free(training);
}

void
us_crossval_fold(const UsRecipe *recipe, UsFrame *frame, UsFolds *folds, int f, UsBudget *budget,
				 UsFoldResult *result)
{
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(outer, "userseg fold", ALLOCSET_DEFAULT_SIZES);
	ErrorContextCallback context = {error_context_stack, fold_context, folds};

	memset(result, 0, sizeof(UsFoldResult));
	folds->at = f;
	us_progress_note("fold %d of %d", f + 1, folds->n);
	MemoryContextSwitchTo(work);
	error_context_stack = &context;
	run_fold(recipe, frame, folds, us_budget_part(budget), outer, result);
	error_context_stack = context.previous;
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(work);
}

/* ---- over the folds ---- */

/* A metric of a fold, or NULL. */
static const UsMetricValue *
find_metric(const UsMetrics *metrics, const char *name)
{
	for (int i = 0; i < metrics->n; i++)
		if (strcmp(metrics->metric[i].name, name) == 0)
			return &metrics->metric[i];
	return NULL;
}

double
us_crossval_value(const UsFoldResult *result, const char *metric)
{
	const UsMetricValue *m = find_metric(result->metrics, metric);

	return m ? m->value : NAN;
}

static void
summarise(const UsFoldResult *result, int n, UsFoldSummary *s)
{
	double		value[US_MAX_FOLDS];
	double		share = 0;
	double		t;

	for (int f = 0; f < n; f++)
	{
		const UsMetricValue *m = find_metric(result[f].metrics, s->name);

		if (m == NULL || isnan(m->value))
			continue;
		value[s->n++] = m->value;
		share += (double) result[f].n_test / result[f].n_training;
		s->n_rows += m->n;
	}
	s->mean = s->sd = s->ci_low = s->ci_high = NAN;
	if (s->n == 0)
		return;
	us_corrected_t(value, s->n, share / s->n, LEVEL, &s->mean, &t, &s->ci_low, &s->ci_high);
	s->mean = s->sd = 0;
	for (int i = 0; i < s->n; i++)
		s->mean += value[i] / s->n;
	for (int i = 0; i < s->n; i++)
		s->sd += (value[i] - s->mean) * (value[i] - s->mean);
	s->sd = s->n > 1 ? sqrt(s->sd / (s->n - 1)) : NAN;
}

UsFoldSummary *
us_crossval_summary(const UsFoldResult *result, int n, int *count)
{
	UsFoldSummary *summary = NULL;

	*count = 0;
	for (int f = 0; f < n; f++)
		for (int i = 0; i < result[f].metrics->n; i++)
		{
			const char *name = result[f].metrics->metric[i].name;
			bool		known = false;

			for (int k = 0; k < *count; k++)
				known |= strcmp(summary[k].name, name) == 0;
			if (known)
				continue;
			summary = summary ? repalloc(summary, (*count + 1) * sizeof(UsFoldSummary)) :
				palloc(sizeof(UsFoldSummary));
			summary[*count] = (UsFoldSummary) {.name = name};
			summarise(result, n, &summary[(*count)++]);
		}
	return summary;
}
