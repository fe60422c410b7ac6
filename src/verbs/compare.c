/*
 * compare.c
 *	  userseg.compare: two models on the same rows.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "stat/delong.h"
#include "stat/distribution.h"
#include "stat/losses.h"
#include "stat/normal.h"
#include "stat/proportion.h"
#include "verbs/evaluate.h"

#define LEVEL		0.95
#define MOST_LINES	6

typedef struct Pair
{
	UsEvaluation v;
	UsAnswers  *a[2];
	UsCompareLine *line;
	int			n;
	double	   *work[3];		/* losses of both, and their difference */
} Pair;

static UsCompareLine *
add_line(Pair *p, const char *metric, const char *test)
{
	UsCompareLine *line = &p->line[p->n++];

	*line = (UsCompareLine) {.metric = metric, .test = test, .a = NAN, .b = NAN, .difference = NAN,
		.low = NAN, .high = NAN, .p_value = NAN, .n = p->a[0]->n};
	return line;
}

/* ---- means of losses ---- */

static double
class_loss(const UsAnswers *a, int64 i, bool squared)
{
	double		p[2];

	if (a->n_classes == 2)
	{
		p[1] = a->proba[1][i];
		p[0] = 1 - p[1];
		return squared ? (p[1] - a->actual[i]) * (p[1] - a->actual[i]) : us_log_loss(p[a->actual[i]]);
	}
	if (!squared)
		return us_log_loss(a->proba[a->actual[i]][i]);
	p[0] = 0;
	for (int k = 0; k < a->n_classes; k++)
		p[0] += (a->proba[k][i] - (k == a->actual[i])) * (a->proba[k][i] - (k == a->actual[i]));
	return p[0];
}

typedef enum Loss
{
	LOSS_LOG,
	LOSS_BRIER,
	LOSS_SQUARED,
	LOSS_ABSOLUTE,
	LOSS_OWN					/* the one that both models minimise */
} Loss;

static double
loss_of(const UsAnswers *a, int64 i, Loss loss)
{
	double		e;

	if (loss == LOSS_LOG || loss == LOSS_BRIER)
		return class_loss(a, i, loss == LOSS_BRIER);
	if (loss == LOSS_OWN)
		return us_loss_of(&a->loss, a->value[i], a->y[i]);
	e = a->value[i] - a->y[i];
	return loss == LOSS_SQUARED ? e * e : fabs(e);
}

/* The mean of a loss of both models; a t test of the differences row by row. */
static void
compare_loss(Pair *p, const char *metric, Loss loss)
{
	UsCompareLine *line = add_line(p, metric, "paired t");
	int64		n = p->a[0]->n;
	UsMean		mean;

	for (int64 i = 0; i < n; i++)
	{
		p->work[0][i] = loss_of(p->a[0], i, loss);
		p->work[1][i] = loss_of(p->a[1], i, loss);
		p->work[2][i] = p->work[0][i] - p->work[1][i];
		/* a loss that is not defined for a row: none */
		if (!isfinite(p->work[2][i]))
			return;
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	line->a = us_weighted_mean(p->work[0], p->a[0]->weight, n).mean;
	line->b = us_weighted_mean(p->work[1], p->a[0]->weight, n).mean;
	mean = us_weighted_mean(p->work[2], p->a[0]->weight, n);
	line->difference = mean.mean;
	if (mean.n < 2)
		return;
	line->low = mean.mean - us_student_quantile(1 - (1 - LEVEL) / 2, mean.n - 1) * mean.error;
	line->high = mean.mean + us_student_quantile(1 - (1 - LEVEL) / 2, mean.n - 1) * mean.error;
	line->p_value = mean.error > 0 ? us_student_two_sided(mean.mean / mean.error, mean.n - 1) : mean.mean == 0 ? 1 : 0;
	if (loss != LOSS_SQUARED)
		return;
	/* told as RMSE too, without a test of its own */
	line = add_line(p, "rmse", NULL);
	line->a = sqrt(p->line[p->n - 2].a);
	line->b = sqrt(p->line[p->n - 2].b);
	line->difference = line->a - line->b;
}

/* ---- classes ---- */

static void
compare_auc(Pair *p, UsBudget *budget)
{
	UsCompareLine *line = add_line(p, "auc", "DeLong");
	int64		n = p->a[0]->n;
	uint8	   *positive = us_arena_array(p->a[0]->arena, Max(n, 1), sizeof(uint8));
	Size		bytes = us_delong_memory(n, true);
	UsDelong	d;
	double		z,
				half;

	for (int64 i = 0; i < n; i++)
		positive[i] = p->a[0]->actual[i] == 1;
	us_budget_take(budget, bytes, "comparison of AUCs");
	us_delong(p->a[0]->proba[1], p->a[1]->proba[1], positive, p->a[0]->weight, n, &d);
	us_budget_release(budget, bytes);
	line->a = d.auc[0];
	line->b = d.auc[1];
	line->difference = d.auc[0] - d.auc[1];
	line->p_value = us_delong_test(&d, &z);
	half = us_normal_quantile(1 - (1 - LEVEL) / 2) * sqrt(Max(d.variance[0] + d.variance[1] - 2 * d.covariance, 0));
	line->low = line->difference - half;
	line->high = line->difference + half;
}

/* Share of right answers; McNemar's exact test, of rows (weights do not enter the test). */
static void
compare_accuracy(Pair *p)
{
	UsCompareLine *line = add_line(p, "accuracy", "McNemar exact");
	int64		n = p->a[0]->n;
	double		only[2] = {0, 0};
	double		chi2,
				p_chi2,
				half;
	UsMean		mean;

	for (int64 i = 0; i < n; i++)
	{
		for (int m = 0; m < 2; m++)
			p->work[m][i] = p->a[m]->predicted[i] == p->a[m]->actual[i];
		p->work[2][i] = p->work[0][i] - p->work[1][i];
		only[0] += p->work[2][i] > 0;
		only[1] += p->work[2][i] < 0;
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	line->a = us_weighted_mean(p->work[0], p->a[0]->weight, n).mean;
	line->b = us_weighted_mean(p->work[1], p->a[0]->weight, n).mean;
	mean = us_weighted_mean(p->work[2], p->a[0]->weight, n);
	line->difference = mean.mean;
	half = us_normal_quantile(1 - (1 - LEVEL) / 2) * mean.error;
	line->low = mean.mean - half;
	line->high = mean.mean + half;
	us_mcnemar(only[0], only[1], &line->p_value, &chi2, &p_chi2);
	line = add_line(p, "accuracy", "McNemar chi2");
	*line = p->line[p->n - 2];
	line->test = "McNemar chi2";
	line->p_value = p_chi2;
}

/* As many rows as surely fit for both models: answers of both, losses, and DeLong's test. */
static int64
common_rows(const UsEvaluation *v)
{
	int			k = Max(v->each[0].model->artifact->n_labels, 2);
	Size		row = 2 * (4 + k) * sizeof(double) + 4 * sizeof(double) + us_delong_memory(1, true);

	/* a collection of answers keeps room for a sheet of metrics too (stat/evaluation.h) */
	return (int64) (us_budget_left(v->budget) / (row + 160.0));
}

UsCompareLine *
us_compare(const UsEvaluationArgs *args, int *n)
{
	Pair		p = {0};
	int64		most;

	us_evaluation_open(args, &p.v);
	most = common_rows(&p.v);
	for (int m = 0; m < 2; m++)
		p.a[m] = us_evaluation_answers(&p.v, m, p.v.frame, most);
	if (p.a[0]->n != p.a[1]->n || memcmp(p.a[0]->key, p.a[1]->key, p.a[0]->n * sizeof(uint64)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg(INT64_FORMAT " rows of two models do not fit into userseg.max_memory", p.v.frame->nrows),
				 errhint("Raise userseg.max_memory, or compare on a sample of the rows.")));
	p.line = palloc(sizeof(UsCompareLine) * MOST_LINES);
	for (int i = 0; i < 3; i++)
		p.work[i] = us_arena_array(p.a[0]->arena, Max(p.a[0]->n, 1), sizeof(double));
	if (p.v.each[0].recipe.task == US_TASK_REGRESSION)
	{
		const UsLoss *loss = &p.a[0]->loss;

		if (loss->kind > US_LOSS_ABSOLUTE && loss->kind == p.a[1]->loss.kind &&
			loss->parameter == p.a[1]->loss.parameter)
			compare_loss(&p, us_loss_name(loss->kind), LOSS_OWN);
		compare_loss(&p, "mse", LOSS_SQUARED);
		compare_loss(&p, "mae", LOSS_ABSOLUTE);
	}
	else
	{
		if (p.a[0]->n_classes == 2)
			compare_auc(&p, p.v.budget);
		compare_accuracy(&p);
		compare_loss(&p, "log_loss", LOSS_LOG);
		compare_loss(&p, "brier", LOSS_BRIER);
	}
	*n = p.n;
	us_answers_free(p.a[1]);
	us_answers_free(p.a[0]);
	us_evaluation_close(&p.v);
	return p.line;
}
