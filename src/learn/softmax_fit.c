/*
 * softmax_fit.c
 *	  Multinomial logistic regression: Newton's method for few coefficients, L-BFGS for many.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/gram_pass.h"
#include "learn/linear_path.h"
#include "learn/softmax_fit.h"
#include "learn/softmax_pass.h"
#include "math/lbfgs.h"
#include "stat/distribution.h"

/* more coefficients than these are left to L-BFGS, without standard errors */
#define MOST_NEWTON			600

#define SECONDS_A_PAIR		1.2e-10
#define MOST_HALVINGS		40
#define SEPARATED_ETA		16.0

typedef struct Fit
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsPenalty	penalty;
	int			classes;
	int			width;
	bool		intercept;
	int			m;
	int			first;			/* class of the first free predictor: 1 without a penalty */
	int			n;				/* free coefficients */
	int		   *at;				/* [n]: their places in beta */
	bool	   *unpenalised;	/* [n]: intercepts */
	bool		newton;
	double		largest_weight;
	double	   *centre;
	double	   *beta;			/* [classes][m], relative to the centres */
	UsDesign   *design;
	int			left_out;
	double		loss;			/* of the last pass, summed up */
	double		weight;
	double	   *gradient;		/* [n], of the log likelihood */
	double	   *information;	/* [n][n] */
	bool	   *dropped;		/* [n] */
	double	   *inverse;		/* [n][n], at the end; or NULL */
	int			iterations;
	bool		converged;
	bool		separated;
	double	   *direction;		/* [n] in which the likelihood runs away then */
} Fit;

/* ---- passes ---- */

static UsPassState
pass(Fit *f, bool information, int only)
{
	UsSoftmaxParam *p = (UsSoftmaxParam *) us_design_param(f->design);
	UsGrid	   *grid;
	double		root = sqrt(f->largest_weight) / 2;
	UsPassState s;

	us_softmax_layout(p, f->width, f->classes, f->intercept);
	p->information = information;
	p->left_out = only >= 0 ? only : f->left_out;
	p->only = only >= 0;
	memcpy((char *) p + p->centre_at, f->centre, sizeof(double) * f->width);
	memcpy((char *) p + p->beta_at, f->beta, sizeof(double) * f->classes * f->m);
	grid = (UsGrid *) ((char *) p + p->grid_at);
	if (f->intercept)
		*grid++ = us_cross_grid(0, root);
	for (int j = 0; j < f->width; j++)
	{
		const UsEncodedColumn *c = us_encoder_column(f->input->encoder, j);

		grid[j] = us_cross_grid(f->centre[j], root * fmax(c->max - f->centre[j], f->centre[j] - c->min));
	}
	s = us_design_pass(f->design, US_KERNEL_SOFTMAX, us_softmax_shape(f->m, f->classes, information));
	f->loss = us_exact_round(&s.exact[f->classes * f->m]);
	f->weight = us_exact_round(&s.exact[f->classes * f->m + 1]);
	for (int i = 0; i < f->n; i++)
		f->gradient[i] = us_exact_round(&s.exact[f->at[i]]);
	for (int i = 0; i < f->n && information; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int j = i; j < f->n; j++)
			f->information[(Size) i * f->n + j] = f->information[(Size) j * f->n + i] =
				us_softmax_information(s, p, f->at[i] / f->m, f->at[i] % f->m, f->at[j] / f->m, f->at[j] % f->m);
	}
	return s;
}

static double
penalty_of(const Fit *f, const double *b)
{
	double		sum = 0;

	for (int i = 0; i < f->n; i++)
		if (!f->unpenalised[i])
			sum += f->penalty.mix * fabs(b[i]) + (1 - f->penalty.mix) / 2 * b[i] * b[i];
	return f->weight * f->penalty.lambda * sum;
}

static void
get_free(const Fit *f, double *b)
{
	for (int i = 0; i < f->n; i++)
		b[i] = f->beta[f->at[i]];
}

static void
set_free(Fit *f, const double *b)
{
	for (int i = 0; i < f->n; i++)
		f->beta[f->at[i]] = b[i];
}

/* ---- steps ---- */

/* Newton's step d[n], and the inverse of the penalised information; returns twice its gain. */
static double
newton_step(Fit *f, const double *b, double *d, double *inverse)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "Newton step", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	int			n = f->n;
	UsDd	   *a = (UsDd *) MemoryContextAllocHuge(context, sizeof(UsDd) * n * n);
	UsDd	   *g = (UsDd *) palloc(sizeof(UsDd) * n);
	UsElimination *e;
	double		gain = 0;

	for (int i = 0; i < n; i++)
	{
		double		l2 = f->unpenalised[i] ? 0 : f->weight * f->penalty.lambda * (1 - f->penalty.mix);

		for (int j = 0; j < n; j++)
			a[(Size) i * n + j] = us_dd(f->information[(Size) i * n + j]);
		a[(Size) i * n + i] = us_two_sum(f->information[(Size) i * n + i], l2);
		g[i] = us_two_sum(f->gradient[i], -l2 * b[i]);
	}
	/* the information was rounded to 53 bits: what is left of a dependent column is noise of 1e-8 of its root */
	e = us_eliminate(a, n, 1e-7);
	us_eliminate_solve(e, g, g);
	for (int i = 0; i < n; i++)
	{
		double		l2 = f->unpenalised[i] ? 0 : f->weight * f->penalty.lambda * (1 - f->penalty.mix);

		d[i] = us_dd_round(g[i]);
		gain += d[i] * (f->gradient[i] - l2 * b[i]);
		f->dropped[i] = e->dropped[i];
	}
	if (inverse != NULL)
		us_eliminate_inverse(e, inverse);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return Max(gain, 0);
}

/* The same with absolute values in the penalty (glm_fit.c). */
static double
proximal_step(Fit *f, const double *b, double *d)
{
	int			n = f->n;
	UsQuadratic q = {.p = n};
	double	   *to = (double *) palloc(sizeof(double) * n);
	double		gain = penalty_of(f, b);

	q.c = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * n * n);
	q.cy = (double *) palloc(sizeof(double) * n);
	for (int i = 0; i < n; i++)
	{
		q.cy[i] = f->gradient[i] / f->weight;
		for (int j = 0; j < n; j++)
		{
			q.c[(Size) i * n + j] = f->information[(Size) i * n + j] / f->weight;
			q.cy[i] += q.c[(Size) i * n + j] * b[j];
		}
		q.yy += q.c[(Size) i * n + i];
		to[i] = b[i];
	}
	(void) us_coordinate_descent(&q, f->penalty.lambda, f->penalty.mix, f->unpenalised, 1e-10, 100000, to);
	for (int i = 0; i < n; i++)
	{
		d[i] = to[i] - b[i];
		gain += d[i] * f->gradient[i];
	}
	gain -= penalty_of(f, to);
	pfree(q.c);
	pfree(q.cy);
	pfree(to);
	return gain;
}

/* Does a step that gains next to nothing still go far? */
static bool
runs_away(const Fit *f, const double *d, double gain, int step)
{
	double		size = 0;

	if (f->penalty.lambda > 0 || step < 6 || gain > 1e-3)
		return false;
	for (int i = 0; i < f->n; i++)
		if (!f->unpenalised[i])
			size = fmax(size, fabs(d[i]) *
						us_encoder_column(f->input->encoder, f->at[i] % f->m - f->intercept)->sd);
	return size > 0.05;
}

static void
by_newton(Fit *f, double tolerance, int max_iter)
{
	int			n = f->n;
	double	   *b = (double *) palloc(sizeof(double) * n);
	double	   *d = (double *) palloc(sizeof(double) * n);
	double	   *to = (double *) palloc(sizeof(double) * n);
	bool		absolute = f->penalty.on && f->penalty.mix > 0;

	f->converged = false;
	(void) pass(f, true, -1);
	for (int step = 1; step <= max_iter && !f->converged; step++)
	{
		double		gain;
		double		before;
		double		now = INFINITY;
		double		length = 1;

		get_free(f, b);
		before = f->loss + penalty_of(f, b);
		gain = absolute ? proximal_step(f, b, d) : newton_step(f, b, d, NULL);
		f->iterations++;
		us_progress_note("step %d: objective %.15g, gain to come %.3g", step, before, gain / 2);
		for (int h = 0; h < MOST_HALVINGS; h++, length /= 2)
		{
			for (int i = 0; i < n; i++)
				to[i] = b[i] + length * d[i];
			set_free(f, to);
			(void) pass(f, true, -1);
			now = f->loss + penalty_of(f, to);
			if (now <= before + 1e-12 * fabs(before))
				break;
		}
		if (gain / 2 <= tolerance)
			f->converged = true;
		else if (runs_away(f, d, gain, step))
		{
			f->separated = true;
			f->direction = (double *) palloc(sizeof(double) * n);
			memcpy(f->direction, d, sizeof(double) * n);
			break;
		}
		else if (!(now < before) && length < 1e-6)
			break;
	}
	pfree(b);
	pfree(d);
	pfree(to);
}

static double
smooth_loss(void *context, const double *b, double *g)
{
	Fit		   *f = (Fit *) context;
	double		l2;

	set_free(f, b);
	(void) pass(f, false, -1);
	l2 = f->penalty.lambda * (1 - f->penalty.mix);
	for (int i = 0; i < f->n; i++)
		g[i] = -f->gradient[i] / f->weight + (f->unpenalised[i] ? 0 : l2 * b[i]);
	return (f->loss + penalty_of(f, b)) / f->weight;
}

static void
by_lbfgs(Fit *f, double tolerance, int max_iter)
{
	double	   *b = (double *) palloc(sizeof(double) * f->n);
	UsLbfgsResult r;

	get_free(f, b);
	r = us_lbfgs(smooth_loss, f, f->n, b, tolerance / (double) f->input->frame->nrows, 1e-9, max_iter);
	set_free(f, b);
	f->iterations += r.iterations;
	f->converged = r.converged;
	pfree(b);
}

static void
minimise(Fit *f)
{
	double		tolerance = us_params_get(f->input->params, "tolerance")->number;
	int			max_iter = (int) us_params_get(f->input->params, "max_iter")->integer;

	if (f->newton)
		by_newton(f, tolerance, max_iter);
	else
		by_lbfgs(f, tolerance, Max(max_iter, 1000));
}

/* ---- the course ---- */

static void
restart(Fit *f)
{
	const UsTarget *t = f->input->target;

	memset(f->beta, 0, sizeof(double) * f->classes * f->m);
	for (int k = 1; k < f->classes && f->intercept; k++)
		f->beta[(Size) k * f->m] = log(t->class_mass[k] * t->class_factor[k] / (t->class_mass[0] * t->class_factor[0]));
}

/* The free coefficients: of every class but the first, and with a penalty its slopes. */
static void
open(Fit *f)
{
	const UsParams *params = f->input->params;
	bool	   *last = (bool *) palloc(sizeof(bool) * f->width);
	int		   *run = (int *) palloc(sizeof(int) * f->width);
	int		   *order;
	UsDesignPlan plan = {0};

	us_linear_references(f->input->encoder, last, run);
	order = us_elimination_order(f->width, f->intercept, last, run);
	f->at = (int *) palloc(sizeof(int) * f->classes * f->m);
	f->unpenalised = (bool *) palloc(sizeof(bool) * f->classes * f->m);
	f->first = f->penalty.on ? 0 : 1;
	for (int k = f->first; k < f->classes; k++)
		for (int i = 0; i < f->m; i++)
		{
			bool		is_intercept = f->intercept && order[i] == 0;

			if (k == 0 && is_intercept)
				continue;
			f->unpenalised[f->n] = is_intercept;
			f->at[f->n++] = k * f->m + order[i];
		}
	f->newton = f->n <= MOST_NEWTON || (f->penalty.on && f->penalty.mix > 0);
	if (f->penalty.choose && strcmp(us_params_get(params, "choose")->text, "cv") == 0)
		plan.nfolds = (int) us_params_get(params, "folds")->integer;
	plan.input = f->input;
	plan.passes = f->newton ? 10 : 200;
	plan.seconds = (double) f->input->frame->nrows * f->classes * f->m *
		(f->newton ? SECONDS_A_PAIR * f->classes * f->m : 2e-9);
	plan.workers = us_workers_read(params);
	plan.param_bytes = us_softmax_param_bytes(f->width, f->classes);
	plan.state_bytes = us_pass_bytes(us_softmax_shape(f->m, f->classes, f->newton));
	us_budget_take(f->input->budget, f->newton ? sizeof(double) * 6 * f->n * f->n : us_lbfgs_bytes(f->n),
				   psprintf("fit of %d coefficients", f->n));
	f->design = us_design_create(&plan);
	f->gradient = (double *) palloc(sizeof(double) * f->n);
	f->dropped = (bool *) palloc0(sizeof(bool) * f->n);
	f->beta = (double *) palloc0(sizeof(double) * f->classes * f->m);
	if (f->newton)
		f->information = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * f->n * f->n);
	restart(f);
}

/* The least lambda of a path for which all slopes are 0. */
static double
lambda_max(Fit *f)
{
	double		most = 0;

	restart(f);
	(void) pass(f, false, -1);
	for (int i = 0; i < f->n; i++)
		if (!f->unpenalised[i])
			most = fmax(most, fabs(f->gradient[i]));
	return most / f->weight / fmax(f->penalty.mix, 1e-3);
}

static int
count_nonzero(const Fit *f)
{
	int			nonzero = 0;

	for (int i = 0; i < f->n; i++)
		nonzero += !f->unpenalised[i] && f->beta[f->at[i]] != 0;
	return nonzero;
}

static void
choose(Fit *f)
{
	const UsParams *params = f->input->params;
	const char *by = us_params_get(params, "choose")->text;
	int			folds = strcmp(by, "cv") == 0 ? (int) us_params_get(params, "folds")->integer : 0;
	int			n = (int) us_params_get(params, "n_lambda")->integer;
	double	   *lambda = (double *) palloc(sizeof(double) * n);
	double	   *error = (double *) palloc0(sizeof(double) * n);
	double		rows = (double) f->input->frame->nrows;
	UsReport   *path = us_report_add_array(f->details, "path");
	int			best = 0;

	us_lambda_path(lambda_max(f), f->penalty.mix, 1e-4, n, lambda);
	for (int k = 0; k < folds; k++)
	{
		us_progress("folds", k, folds);
		restart(f);
		for (int i = 0; i < n; i++)
		{
			f->penalty.lambda = lambda[i];
			f->left_out = k;
			minimise(f);
			(void) pass(f, false, k);
			error[i] += f->weight > 0 ? f->loss / f->weight / folds : 0;
		}
		f->left_out = -1;
	}
	restart(f);
	for (int i = 0; i < n; i++)
	{
		UsReport   *row = us_report_add_object(path, NULL);

		f->penalty.lambda = lambda[i];
		minimise(f);
		if (folds == 0)
			error[i] = 2 * f->loss + (strcmp(by, "bic") == 0 ? log(rows) : 2) * count_nonzero(f);
		us_report_number(row, "lambda", lambda[i]);
		us_report_int(row, "nonzero", count_nonzero(f));
		us_report_number(row, folds > 0 ? "mean_loss" : by, error[i]);
		if (error[i] < error[best])
			best = i;
	}
	f->penalty.lambda = lambda[best];
	us_report_text(f->details, "chosen_by", by);
	restart(f);
}

/* Terms of all classes. */
static void
fill_terms(Fit *f, UsLinearModel *model)
{
	int			n = f->width + 1;
	int			skip = 1 - f->intercept;
	double		mean = 0;
	double	   *b = (double *) palloc(sizeof(double) * n);
	double	   *v = (double *) palloc(sizeof(double) * n * n);
	bool	   *dropped = (bool *) palloc(sizeof(bool) * n);
	char	   *warning = NULL;

	for (int k = 0; k < f->classes && f->intercept && f->penalty.on; k++)
		mean += f->beta[(Size) k * f->m] / f->classes;
	for (int k = 0; k < f->classes; k++)
	{
		memset(b, 0, sizeof(double) * n);
		memset(v, 0, sizeof(double) * n * n);
		memset(dropped, 0, sizeof(bool) * n);
		for (int i = 0; i < f->m; i++)
			b[skip + i] = f->beta[(Size) k * f->m + i] - (f->intercept && i == 0 ? mean : 0);
		for (int i = 0; i < f->n; i++)
		{
			if (f->at[i] / f->m != k)
				continue;
			dropped[skip + f->at[i] % f->m] = f->dropped[i] && !f->penalty.on && f->newton;
			for (int j = 0; j < f->n && f->inverse != NULL; j++)
				if (f->at[j] / f->m == k)
					v[(Size) (skip + f->at[i] % f->m) * n + skip + f->at[j] % f->m] = f->inverse[(Size) i * f->n + j];
		}
		us_linear_model_terms(model, k, f->input->encoder, b, f->inverse != NULL && k >= f->first ? v : NULL,
							  dropped, f->centre, 0);
		if (k < f->first)
			for (int t = 0; t < n; t++)
				model->term[(Size) k * n + t].status = US_TERM_REFERENCE;
		if (k == f->first)
			warning = us_linear_alias_warning(f->input->encoder, dropped);
	}
	if (warning != NULL)
		us_fit_warn(f->result, warning);
	pfree(v);
}

static void
warn_separated(Fit *f)
{
	double	   *direction = (double *) palloc0(sizeof(double) * f->width);

	for (int i = 0; i < f->n; i++)
	{
		int			j = f->at[i] % f->m - f->intercept;

		if (!f->unpenalised[i])
			direction[j] = fmax(direction[j], fabs(f->direction[i]));
	}
	us_fit_warn(f->result,
				psprintf("separation: the likelihood has no finite maximum, since some rows are predicted without any doubt by "
						 "%s; use %s, or leave that out",
						 us_linear_moving_columns(f->input->encoder, direction),
						 f->penalty.on ? "a lambda above 0" : "penalty \"ridge\""));
	pfree(direction);
}

static void
add_figures(Fit *f, UsLinearModel *m)
{
	const UsTarget *t = f->input->target;
	double		all = 0;
	double		null = 0;
	double		rank = f->n;
	double		n = (double) f->input->frame->nrows;
	double		ll = -f->loss;

	for (int k = 0; k < f->classes; k++)
		all += t->class_mass[k] * t->class_factor[k];
	for (int k = 0; k < f->classes; k++)
		null += t->class_mass[k] * t->class_factor[k] *
			log(f->intercept ? t->class_mass[k] * t->class_factor[k] / all : 1.0 / f->classes);
	for (int i = 0; i < f->n; i++)
		rank -= f->dropped[i];
	us_linear_model_figure(m, "n", n);
	us_linear_model_figure(m, "log_likelihood", ll);
	us_linear_model_figure(m, "log_likelihood_null", null);
	us_linear_model_figure(m, "deviance", -2 * ll);
	us_linear_model_figure(m, "pseudo_r2", 1 - ll / null);
	if (f->penalty.on)
	{
		double	   *b = (double *) palloc(sizeof(double) * f->n);

		get_free(f, b);
		us_linear_model_figure(m, "lambda", f->penalty.lambda);
		us_linear_model_figure(m, "mix", f->penalty.mix);
		us_linear_model_figure(m, "objective", (f->loss + penalty_of(f, b)) / f->weight);
		us_linear_model_figure(m, "nonzero", count_nonzero(f));
		return;
	}
	us_linear_model_figure(m, "rank", rank);
	us_linear_model_figure(m, "df_model", rank - f->intercept * (f->classes - 1));
	us_linear_model_figure(m, "lr", 2 * (ll - null));
	us_linear_model_figure(m, "lr_p", us_chi2_upper(Max(2 * (ll - null), 0), rank - f->intercept * (f->classes - 1)));
	us_linear_model_figure(m, "aic", -2 * ll + 2 * rank);
	us_linear_model_figure(m, "bic", -2 * ll + log(n) * rank);
}

void
us_softmax_fit(const UsFitInput *input, UsFitResult *result)
{
	Fit			f = {0};
	UsLinearModel *model;

	memset(result, 0, sizeof(UsFitResult));
	f.input = input;
	f.result = result;
	f.details = us_report_object();
	f.penalty = us_penalty_read(input->params);
	f.classes = input->target->n_classes;
	f.width = us_encoder_width(input->encoder);
	f.intercept = us_params_get(input->params, "intercept")->boolean;
	f.m = f.intercept + f.width;
	f.left_out = -1;
	if (input->sql_step != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("strategy \"sql\" is for two classes, target \"%s\" has %d", input->target->name, f.classes),
				 errhint("Use strategy \"local\".")));
	f.centre = us_gram_centres(input, f.intercept);
	f.largest_weight = us_gram_largest_weight(input);
	us_report_text(f.details, "strategy", "local");
	us_report_text(f.details, "penalty", us_params_get(input->params, "penalty")->text);
	open(&f);
	if (f.penalty.choose)
		choose(&f);
	else if (f.penalty.on)
		us_report_text(f.details, "chosen_by", "given");
	f.iterations = 0;
	minimise(&f);
	us_report_text(f.details, "solver", f.newton ? "newton" : "l-bfgs");
	(void) pass(&f, f.newton, -1);
	if (f.newton && !f.penalty.on && !f.separated)
	{
		double	   *b = (double *) palloc(sizeof(double) * f.n);
		double	   *d = (double *) palloc(sizeof(double) * f.n);

		f.inverse = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * f.n * f.n);
		get_free(&f, b);
		(void) newton_step(&f, b, d, f.inverse);
	}
	model = us_linear_model_create(US_LINK_SOFTMAX, f.classes, input->encoder);
	model->has_intercept = f.intercept;
	fill_terms(&f, model);
	model->errors = f.inverse != NULL ? "expected information" : NULL;
	if (f.separated)
		warn_separated(&f);
	add_figures(&f, model);
	us_linear_model_figures(model, f.details);
	us_design_report(f.design, f.details);
	us_design_end(f.design);
	us_budget_release(input->budget, f.newton ? sizeof(double) * 6 * f.n * f.n : us_lbfgs_bytes(f.n));
	result->model = model;
	result->task = US_TASK_CLASSIFICATION;
	result->n_labels = f.classes;
	result->metric_value = NAN;
	result->converged = f.converged && !f.separated;
	result->iterations = f.iterations;
	result->details = f.details;
}
