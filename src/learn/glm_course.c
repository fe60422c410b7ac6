/*
 * glm_course.c
 *	  The course of a training with one linear predictor.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/glm_course.h"
#include "learn/gram_pass.h"
#include "learn/linear_fit.h"
#include "learn/linear_path.h"

#define PATH_RATIO		1e-4
#define PATH_RATIO_WIDE	1e-2

void
us_glm_course_begin(UsGlmCourse *c, const UsFitInput *input, UsFitResult *result)
{
	int			width = us_encoder_width(input->encoder);
	bool	   *last = (bool *) palloc(sizeof(bool) * width);
	int		   *run = (int *) palloc(sizeof(int) * width);

	memset(c, 0, sizeof(UsGlmCourse));
	memset(result, 0, sizeof(UsFitResult));
	c->input = input;
	c->result = result;
	c->details = us_report_object();
	c->penalty = us_penalty_read(input->params);
	c->problem.input = input;
	c->problem.intercept = us_params_get(input->params, "intercept")->boolean;
	c->problem.penalised = c->penalty.on;
	c->problem.lambda = c->penalty.lambda;
	c->problem.mix = c->penalty.mix;
	c->problem.max_iter = (int) us_params_get(input->params, "max_iter")->integer;
	c->problem.tolerance = us_params_get(input->params, "tolerance")->number;
	c->problem.workers = us_workers_read(input->params);
	c->problem.offset = -1;
	c->problem.centre = us_gram_centres(input, c->problem.intercept);
	c->problem.largest_weight = us_gram_largest_weight(input);
	us_linear_references(input->encoder, last, run);
	c->problem.last = last;
	c->problem.run = run;
	us_report_text(c->details, "strategy", input->sql_step != NULL ? "sql" : "local");
	us_report_text(c->details, "penalty", us_params_get(input->params, "penalty")->text);
}

/* ---- the penalty ---- */

static int
count_nonzero(const UsGlmCourse *c)
{
	int			n = 0;

	for (int k = c->problem.intercept; k < c->fit->m; k++)
		n += c->fit->beta[k] != 0 && !us_glm_is_given(&c->problem, k);
	return n;
}

/* loss[n] of each lambda in the fold that was left out, and its number of rows' weight. */
static void
fold_path(UsGlmCourse *c, int fold, const double *lambda, int n, double *loss)
{
	us_glm_restart(&c->problem, c->fit);
	for (int i = 0; i < n; i++)
	{
		c->problem.lambda = lambda[i];
		c->fit->left_out = fold;
		us_glm_minimise(&c->problem, c->fit);
		loss[i] = us_glm_fold_loss(&c->problem, c->fit, fold);
	}
	c->fit->left_out = -1;
}

static double
choose(UsGlmCourse *c)
{
	const char *by = us_params_get(c->input->params, "choose")->text;
	int			n = (int) us_params_get(c->input->params, "n_lambda")->integer;
	double	   *lambda = (double *) palloc(sizeof(double) * n);
	double	   *error = (double *) palloc0(sizeof(double) * n);
	double	   *square = (double *) palloc0(sizeof(double) * n);
	double	   *loss = (double *) palloc(sizeof(double) * n);
	double		rows = (double) c->input->frame->nrows;
	UsReport   *path = us_report_add_array(c->details, "path");
	int			used = 0;
	int			best = 0;

	us_lambda_path(us_glm_lambda_max(&c->problem, c->fit), c->problem.mix,
				   rows > c->fit->width ? PATH_RATIO : PATH_RATIO_WIDE, n, lambda);
	for (int k = 0; k < c->problem.nfolds; k++)
	{
		us_progress("folds", k, c->problem.nfolds);
		fold_path(c, k, lambda, n, loss);
		if (isnan(loss[0]))
			continue;			/* no row */
		used++;
		for (int i = 0; i < n; i++)
		{
			error[i] += loss[i];
			square[i] += loss[i] * loss[i];
		}
	}
	us_glm_restart(&c->problem, c->fit);
	for (int i = 0; i < n; i++)
	{
		UsReport   *row = us_report_add_object(path, NULL);

		c->problem.lambda = lambda[i];
		us_glm_minimise(&c->problem, c->fit);
		us_report_number(row, "lambda", lambda[i]);
		us_report_int(row, "nonzero", count_nonzero(c));
		if (used > 0)
		{
			double		mean = error[i] / used;

			us_report_number(row, "mean_loss", mean);
			us_report_number(row, "std_error", used > 1 ?
							 sqrt(Max(square[i] / used - mean * mean, 0) / (used - 1)) : NAN);
			error[i] = mean;
		}
		else
		{
			error[i] = 2 * c->fit->objective +
				(strcmp(by, "bic") == 0 ? log(rows) : 2) * (count_nonzero(c) + c->problem.intercept);
			us_report_number(row, by, error[i]);
		}
		if (error[i] < error[best])
			best = i;
	}
	us_report_text(c->details, "chosen_by", by);
	return lambda[best];
}

void
us_glm_course_fit(UsGlmCourse *c)
{
	const UsParams *params = c->input->params;

	if (c->penalty.choose && strcmp(us_params_get(params, "choose")->text, "cv") == 0)
		c->problem.nfolds = (int) us_params_get(params, "folds")->integer;
	if (c->problem.nfolds > 0 && c->input->sql_step != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("strategy \"sql\" cannot choose lambda by cross-validation"),
				 errdetail("An SQL step sees one row at a time and not its fold."),
				 errhint("Give lambda, choose it by \"bic\" or \"aic\", or use strategy \"local\".")));
	c->fit = us_glm_open(&c->problem);
	if (c->penalty.choose)
	{
		c->penalty.lambda = choose(c);
		c->problem.lambda = c->penalty.lambda;
		us_glm_restart(&c->problem, c->fit);
	}
	else if (c->penalty.on)
		us_report_text(c->details, "chosen_by", "given");
	us_report_text(c->details, "solver", c->fit->newton ? "newton" : "l-bfgs");
	c->fit->iterations = 0;
	us_progress("iterate", 0, 0);
	us_glm_minimise(&c->problem, c->fit);
	us_glm_finish(&c->problem, c->fit);
}

/* ---- the model ---- */

static void
warn_separated(UsGlmCourse *c)
{
	us_fit_warn(c->result,
				psprintf("%s separation: the likelihood has no finite maximum, since some rows are predicted without "
						 "any doubt by %s; use %s, or leave that out",
						 c->fit->margin > 0 ? "complete" : "quasi-complete",
						 us_linear_moving_columns(c->input->encoder, c->fit->direction + c->problem.intercept),
						 c->penalty.on ? "a lambda above 0" : "penalty \"ridge\""));
}

void
us_glm_course_terms(UsGlmCourse *c, double dispersion)
{
	UsGlmFit   *f = c->fit;
	int			n = f->width + 1;
	int			skip = 1 - c->problem.intercept;
	double	   *b = (double *) palloc0(sizeof(double) * n);
	bool	   *dropped = (bool *) palloc0(sizeof(bool) * n);
	bool		inference = !c->penalty.on && !f->separated && isfinite(dispersion) && f->newton;
	double	   *v = inference ? (double *) MemoryContextAllocExtended(CurrentMemoryContext, sizeof(double) * n * n,
																 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO) : NULL;
	char	   *warning;

	for (int i = 0; i < f->m; i++)
	{
		b[skip + i] = f->beta[i];
		dropped[skip + i] = f->dropped[i] && !c->penalty.on && !us_glm_is_given(&c->problem, i);
		for (int j = 0; j < f->m && inference; j++)
			v[(Size) (skip + i) * n + skip + j] = f->solution->inverse[(Size) i * f->m + j] * dispersion;
	}
	c->model->has_intercept = c->problem.intercept;
	us_linear_model_terms(c->model, 0, c->input->encoder, b, inference ? v : NULL, dropped, c->problem.centre, 0);
	c->model->errors = inference ? "expected information" : NULL;
	if (c->problem.offset >= 0)
	{
		UsCoefficient *offset = &c->model->term[1 + c->problem.offset];

		offset->estimate = 1;
		offset->std_error = NAN;
		offset->status = US_TERM_OFFSET;
	}
	warning = us_linear_alias_warning(c->input->encoder, dropped);
	if (warning != NULL)
		us_fit_warn(c->result, warning);
	if (f->separated)
		warn_separated(c);
	if (v != NULL)
		pfree(v);
}

void
us_glm_course_end(UsGlmCourse *c)
{
	us_linear_model_figures(c->model, c->details);
	if (c->input->sql_step != NULL)
		us_report_int(c->details, "passes", c->fit->sql_passes);
	else
		us_design_report(c->fit->design, c->details);
	us_glm_close(&c->problem, c->fit);
	c->result->model = c->model;
	c->result->task = c->input->task;
	c->result->n_labels = c->model->classes;
	c->result->metric_value = NAN;
	c->result->converged = c->fit->converged && !c->fit->separated;
	c->result->iterations = c->fit->iterations;
	c->result->details = c->details;
}
