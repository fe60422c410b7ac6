/*
 * linear_choose.c
 *	  Ridge, lasso and elastic net: the penalty chosen, the coefficients, what is told about the path.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/linear_fit.h"
#include "learn/linear_path.h"

/* the least lambda of a path, as a share of the largest: with more rows than columns, and else */
#define PATH_RATIO			1e-4
#define PATH_RATIO_WIDE		1e-2

/* mean squared errors of a path */
typedef struct Path
{
	int			n;
	double	   *lambda;
	double	   *error;			/* in cross-validation, or the criterion */
	double	   *error_se;		/* of its mean over the folds; NULL: none */
	int		   *nonzero;
	int			best;
} Path;

/* b[intercept + p] relative to the centres for the coefficients that the quadratic gave. */
static void
with_intercept(const UsCrossSums *s, const double *slope, double *b)
{
	int			n = s->intercept + s->p + 1;

	memcpy(b + s->intercept, slope, sizeof(double) * s->p);
	if (s->intercept)
	{
		UsDd		sum = s->a[n - 1];	/* of y */

		for (int j = 0; j < s->p; j++)
			sum = us_dd_sub(sum, us_dd_mul(us_dd(slope[j]), s->a[1 + j]));
		b[0] = us_dd_round(us_dd_div(sum, s->a[0]));
	}
}

static int
count_nonzero(const double *b, int p)
{
	int			n = 0;

	for (int j = 0; j < p; j++)
		n += b[j] != 0;
	return n;
}

static int
descend(const UsLinearFit *f, const UsQuadratic *q, double lambda, double *slope)
{
	const UsParams *params = f->input->params;

	return us_coordinate_descent(q, lambda, f->penalty.mix, NULL, us_params_get(params, "tolerance")->number,
								 (int) Min(us_params_get(params, "max_iter")->integer, 100000000), slope);
}

/* error[i] and its error over the folds, each fitted without its rows. */
static void
cross_validate(UsLinearFit *f, Path *path)
{
	int			p = f->width;
	double	   *sum = (double *) palloc0(sizeof(double) * path->n);
	double	   *square = (double *) palloc0(sizeof(double) * path->n);
	double	   *slope = (double *) palloc(sizeof(double) * p);
	double	   *b = (double *) palloc(sizeof(double) * (p + 1));
	int			used = 0;

	for (int k = 0; k < f->nfolds; k++)
	{
		UsCrossSums *train = us_gram_sums(f->state, f->gram, k, true, f->centre);
		UsCrossSums *test = us_gram_sums(f->state, f->gram, k, false, f->centre);
		UsQuadratic *q;

		if (test->n == 0 || train->n == 0)
			continue;
		us_progress("folds", k, f->nfolds);
		used++;
		q = us_quadratic_of(train);
		memset(slope, 0, sizeof(double) * p);
		for (int i = 0; i < path->n; i++)
		{
			double		error;

			(void) descend(f, q, path->lambda[i], slope);
			with_intercept(train, slope, b);
			error = us_mean_square(test, b);
			sum[i] += error;
			square[i] += error * error;
			CHECK_FOR_INTERRUPTS();
		}
		pfree(q->c);
		pfree(train->a);
		pfree(test->a);
	}
	path->error_se = (double *) palloc(sizeof(double) * path->n);
	for (int i = 0; i < path->n; i++)
	{
		path->error[i] = used > 0 ? sum[i] / used : NAN;
		path->error_se[i] = used > 1 ?
			sqrt(Max(square[i] / used - path->error[i] * path->error[i], 0) / (used - 1)) : NAN;
	}
}

/* The criterion of each lambda on all rows; columns that are not 0 count as parameters (H. Zou, T. Hastie, R. Tibshirani, Annals of Statistics 35, 2007). */
static void
criterion(UsLinearFit *f, const UsQuadratic *q, Path *path, bool bic)
{
	double	   *slope = (double *) palloc0(sizeof(double) * f->width);
	double	   *b = (double *) palloc(sizeof(double) * (f->width + 1));
	double		n = (double) f->sums->n;

	for (int i = 0; i < path->n; i++)
	{
		(void) descend(f, q, path->lambda[i], slope);
		with_intercept(f->sums, slope, b);
		path->error[i] = n * log(us_mean_square(f->sums, b)) +
			(bic ? log(n) : 2) * (count_nonzero(slope, f->width) + f->intercept);
		CHECK_FOR_INTERRUPTS();
	}
}

static double
choose(UsLinearFit *f, const UsQuadratic *q)
{
	const char *by = us_params_get(f->input->params, "choose")->text;
	Path		path = {0};
	double		most = us_lambda_max(q, f->penalty.mix);
	double	   *slope = (double *) palloc0(sizeof(double) * f->width);
	UsReport   *rows;

	path.n = (int) us_params_get(f->input->params, "n_lambda")->integer;
	path.lambda = (double *) palloc(sizeof(double) * path.n);
	path.error = (double *) palloc(sizeof(double) * path.n);
	us_lambda_path(most, f->penalty.mix, f->sums->n > f->width ? PATH_RATIO : PATH_RATIO_WIDE, path.n, path.lambda);
	if (f->nfolds > 0)
		cross_validate(f, &path);
	else
		criterion(f, q, &path, strcmp(by, "bic") == 0);
	for (int i = 1; i < path.n; i++)
		if (path.error[i] < path.error[path.best])
			path.best = i;

	rows = us_report_add_array(f->details, "path");
	for (int i = 0; i < path.n; i++)
	{
		UsReport   *row = us_report_add_object(rows, NULL);

		(void) descend(f, q, path.lambda[i], slope);
		us_report_number(row, "lambda", path.lambda[i]);
		us_report_int(row, "nonzero", count_nonzero(slope, f->width));
		us_report_number(row, f->nfolds > 0 ? "mean_squared_error" : by, path.error[i]);
		if (path.error_se != NULL)
			us_report_number(row, "std_error", path.error_se[i]);
	}
	us_report_text(f->details, "chosen_by", by);
	return path.lambda[path.best];
}

void
us_linear_penalised(UsLinearFit *f)
{
	UsQuadratic *q = us_quadratic_of(f->sums);
	int			n = f->width + 1;
	double	   *slope = (double *) palloc0(sizeof(double) * f->width);
	double	   *b = (double *) palloc0(sizeof(double) * n);
	double		penalty = 0;
	double		mse;
	int			sweeps;

	us_progress("solve", 0, 0);
	if (f->penalty.choose)
		f->penalty.lambda = choose(f, q);
	else
		us_report_text(f->details, "chosen_by", "given");
	sweeps = descend(f, q, f->penalty.lambda, slope);
	with_intercept(f->sums, slope, b + 1 - f->intercept);
	mse = us_mean_square(f->sums, b + 1 - f->intercept);
	for (int j = 0; j < f->width; j++)
		penalty += f->penalty.mix * fabs(slope[j]) + (1 - f->penalty.mix) / 2 * slope[j] * slope[j];
	us_linear_model_terms(f->model, 0, f->input->encoder, b, NULL, NULL, f->centre, f->centre[f->width]);

	us_linear_model_figure(f->model, "n", (double) f->sums->n);
	if (f->weighted)
		us_linear_model_figure(f->model, "weight", f->sums->weight);
	us_linear_model_figure(f->model, "rss", mse * f->sums->weight);
	us_linear_model_figure(f->model, "tss", q->yy * f->sums->weight);
	us_linear_model_figure(f->model, "r2", q->yy > 0 ? 1 - mse / q->yy : NAN);
	us_linear_model_figure(f->model, "lambda", f->penalty.lambda);
	us_linear_model_figure(f->model, "mix", f->penalty.mix);
	us_linear_model_figure(f->model, "objective", mse / 2 + f->penalty.lambda * penalty);
	us_linear_model_figure(f->model, "nonzero", count_nonzero(slope, f->width));
	f->result->converged = sweeps >= 0;
	f->result->iterations = sweeps >= 0 ? sweeps : (int) us_params_get(f->input->params, "max_iter")->integer;
}
