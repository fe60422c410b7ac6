/*
 * svm.c
 *	  Support vector machines: the course of a training.
 *
 * 1. The encoded rows are brought into memory, in the order of their keys (svm_rows.c).
 * 2. Each decision function is found by Newton's method (svm_newton.c), of many columns by dual coordinate descent
 *	  (svm_descent.c), with another kernel than the linear one by sequential minimal optimisation (svm_smo.c), or
 *	  by Newton's method on kernels with landmarks (svm_features.c): one of a regression or of two
 *	  classes, else one for each class against the rest.
 * 3. Probabilities: J. Platt, "Probabilistic outputs for support vector machines and comparisons to
 *	  regularized likelihood methods", 1999: a sigmoid of the decision values that rows get from a
 *	  machine that was trained without them, by folds.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "infra/progress.h"
#include "learn/svm_model.h"
#include "learn/svm_newton.h"
#include "learn/svm_plan.h"
#include "learn/svm_smo.h"
#include "math/hash.h"
#include "stat/calibration.h"

#define FOLD_SEED	UINT64CONST(0x73766d66)

/* the machines of the folds need not be better than this: two parameters are made of them; with kernels they are dear */
#define FOLD_TOLERANCE			1e-4
#define FOLD_TOLERANCE_KERNEL	1e-3

typedef struct Course
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsSvmPlan	plan;
	UsSvmFeatures *features;	/* of Newton's method */
	double	   *beta;			/* [outputs][n]: multipliers, with a kernel that is not linear */
	UsSvmRows  *rows;
	UsArena    *arena;
	UsSvmSolution *whole;		/* from all rows */
	UsSvmSolution *part;		/* from those of all folds but one */
	UsSvmModel *model;
	double	   *y;				/* [n]: +-1, of the class at hand */
	uint8	   *fold;			/* [n] */
	double	   *held_out;		/* [n]: decision values of rows that were left out */
	uint8	   *positive;		/* [n] */
	double		objective;		/* sums over the decision functions */
	double		gap;
	double		support;
	int64		passes;
	int64		most_passes;	/* of one that did not converge */
	double		worst;			/* gap beside the objective */
	int			failed;
} Course;

static inline bool
by_newton(const Course *c)
{
	return c->plan.method == US_SVM_BY_NEWTON || c->plan.method == US_SVM_BY_LANDMARKS;
}

/* The product of two rows is at most that of their lengths. */
static void
check_polynomial(const Course *c)
{
	double		most = 0;

	for (int i = 0; i < c->rows->n; i++)
		most = fmax(most, c->rows->square[i]);
	if (c->plan.kernel.kind == US_SVM_POLYNOMIAL && !(pow(c->plan.kernel.gamma * most + fabs(c->plan.kernel.coef0), c->plan.kernel.degree) < 1e140))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a polynomial kernel of degree %d, gamma %g and coef0 %g is out of range: rows have squared lengths up to %g",
						c->plan.kernel.degree, c->plan.kernel.gamma, c->plan.kernel.coef0, most),
				 errhint("Lower gamma, coef0 or degree, or scale the columns.")));
}

/* The features of Newton's method; what is kept of kernels is what the rest of the training leaves. */
static void
make_features(Course *c)
{
	UsBudget   *budget = c->input->budget;
	int			n = c->rows->n;
	Size		needed;

	if (c->plan.method == US_SVM_BY_NEWTON)
	{
		c->features = us_svm_features_plain(c->rows, c->arena);
		return;
	}
	needed = us_svm_newton_bytes(n, c->plan.components) + us_svm_landmarks_bytes(n, c->rows->width, c->plan.components) +
		(c->plan.calibrate ? us_calibrator_memory(n) : 0) + (Size) 8 * 1024 * 1024;
	c->features = us_svm_features_landmarks(c->rows, &c->plan.kernel, c->plan.components, c->input->seed,
											us_budget_left(budget) > needed ? us_budget_left(budget) - needed : 0, c->arena, budget);
}

static void
read_rows(Course *c)
{
	UsBudget   *budget = c->input->budget;
	int64		n = c->input->frame->nrows;
	int			width = us_encoder_width(c->input->encoder);
	bool		classes = !c->plan.problem.regression;
	int			outputs = us_svm_outputs(c->input->target);
	int			stride = Max(width, c->plan.components) + US_SVM_LANES;
	Size		bytes = us_svm_plan_bytes(&c->plan, n, width, outputs, false);

	us_budget_take(budget, bytes, psprintf("support vector machine of %lld rows of %d encoded columns",
										   (long long) n, width));
	us_budget_release(budget, bytes);
	c->arena = us_arena_create(CurrentMemoryContext, budget);
	c->rows = us_svm_rows_read(c->input, c->arena);
	check_polynomial(c);
	c->plan.problem.rows = c->rows;
	c->whole = us_svm_solution_create(n, stride, c->arena);
	if (classes)
		c->y = (double *) us_arena_array(c->arena, n, sizeof(double));
	c->plan.problem.y = classes ? c->y : c->rows->y;
	c->plan.problem.spread = classes ? 1 : (c->input->target->max - c->input->target->min) / 2;
	if (c->plan.method == US_SVM_BY_PAIRS)
		c->beta = (double *) us_arena_array(c->arena, (Size) n * outputs, sizeof(double));
	if (c->plan.calibrate)
	{
		c->part = us_svm_solution_create(n, stride, c->arena);
		c->fold = (uint8 *) us_arena_array(c->arena, n, 1);
		c->positive = (uint8 *) us_arena_array(c->arena, n, 1);
		c->held_out = (double *) us_arena_array(c->arena, n, sizeof(double));
		for (int64 i = 0; i < n; i++)
			c->fold[i] = (uint8) (us_uniform(c->input->seed ^ FOLD_SEED, c->rows->key[i]) * c->plan.folds);
	}
	if (by_newton(c))
		make_features(c);
}

/* Whether the rows outside of a fold have both signs. */
static bool
has_both(const Course *c, int fold)
{
	bool		seen[2] = {false, false};

	for (int i = 0; i < c->rows->n && !(seen[0] && seen[1]); i++)
		if (c->fold[i] != fold)
			seen[c->y[i] > 0] = true;
	return seen[0] && seen[1];
}

/* The sigmoid of decision function o, whose solution is s; from there the folds start. */
static bool
calibrate(Course *c, const UsSvmSolution *s, UsSvmSigmoid *sigmoid)
{
	UsSvmProblem p = c->plan.problem;
	UsSvmSolution *t = c->part;
	UsBudget   *budget = c->input->budget;
	Size		bytes = us_calibrator_memory(c->rows->n);
	UsCalibrator platt;
	bool		done;

	p.fold = c->fold;
	p.tolerance = fmax(p.tolerance, c->plan.kernel.kind == US_SVM_LINEAR ? FOLD_TOLERANCE : FOLD_TOLERANCE_KERNEL);
	for (int k = 0; k < c->plan.folds; k++)
	{
		if (!has_both(c, k))
			return false;
		us_progress("folds", k, c->plan.folds);
		p.left_out = k;
		if (c->beta != NULL)
			us_svm_smo(&p, &c->plan.kernel, t, c->held_out, budget);
		else
		{
			memcpy(t->alpha, s->alpha, sizeof(double) * c->rows->n);
			t->b = s->b;
			if (by_newton(c))
			{
				memcpy(t->w, s->w, sizeof(double) * c->features->rank);
				us_svm_newton(&p, c->features, t, true, c->held_out, budget);
			}
			else
			{
				us_svm_descend(&p, t, budget);
				us_svm_values(&p, t, c->held_out);
			}
		}
		c->passes += t->passes;
	}
	for (int i = 0; i < c->rows->n; i++)
	{
		double		f = c->held_out[i];

		c->held_out[i] = f > 0 ? 1 / (1 + exp(-f)) : exp(f) / (1 + exp(f));
		c->positive[i] = c->y[i] > 0;
	}
	us_budget_take(budget, bytes, "calibration of probabilities");
	done = us_platt_fit(c->held_out, c->positive, c->rows->weight, c->rows->n, &platt);
	us_budget_release(budget, bytes);
	if (!done || !isfinite(platt.a) || !isfinite(platt.b))
		return false;
	sigmoid->a = platt.a;
	sigmoid->b = platt.b;
	return true;
}

/* The linear predictor o. */
static void
solve_linear(Course *c, int o)
{
	int			width = c->rows->width;
	double	   *b = (double *) palloc(sizeof(double) * (width + 1));
	double	   *zero = (double *) palloc0(sizeof(double) * (width + 1));

	if (by_newton(c))
		us_svm_newton(&c->plan.problem, c->features, c->whole, false, NULL, c->input->budget);
	else
		us_svm_descend(&c->plan.problem, c->whole, c->input->budget);
	b[0] = c->whole->b;
	memcpy(b + 1, c->whole->w, sizeof(double) * width);
	us_linear_model_terms(c->model->linear, o, c->input->encoder, b, NULL, NULL, zero, 0);
	pfree(b);
	pfree(zero);
}

/* Decision function o of kernels with landmarks, which become its vectors. */
static void
solve_landmarks(Course *c, int o)
{
	UsSvmModel *m = c->model;
	const UsSvmFeatures *x = c->features;
	int			width = c->rows->width;
	double	   *value = (double *) palloc(sizeof(double) * x->stride);

	if (o == 0)
	{
		m->kernel = c->plan.kernel;
		m->n = x->p;
		m->vector = (double *) palloc_extended(sizeof(double) * m->n * width, MCXT_ALLOC_HUGE);
		m->coef = (double *) palloc_extended(sizeof(double) * m->n * m->linear->outputs, MCXT_ALLOC_HUGE);
		for (int k = 0; k < m->n; k++)
			memcpy(m->vector + (Size) k * width, c->rows->x + (Size) x->row[k] * c->rows->stride, sizeof(double) * width);
		us_svm_model_squares(m);
	}
	us_svm_newton(&c->plan.problem, x, c->whole, false, NULL, c->input->budget);
	us_svm_features_up(x, c->whole->w, value);
	memcpy(m->coef + (Size) o * m->n, value, sizeof(double) * m->n);
	m->linear->intercept[o] = c->whole->b;
	pfree(value);
}

/* Decision function o. */
static void
solve(Course *c, int o)
{
	UsSvmSolution *s = c->whole;
	int			second = c->input->target->n_classes == 2 ? 1 : o;

	for (int i = 0; c->y != NULL && i < c->rows->n; i++)
		c->y[i] = (int) c->rows->y[i] == second ? 1 : -1;
	memset(s->alpha, 0, sizeof(double) * c->rows->n);
	s->b = 0;
	if (c->plan.problem.regression)
		s->b = c->input->target->min + c->plan.problem.spread;
	if (c->beta != NULL)
	{
		us_svm_smo(&c->plan.problem, &c->plan.kernel, s, NULL, c->input->budget);
		memcpy(c->beta + (Size) o * c->rows->n, s->alpha, sizeof(double) * c->rows->n);
		c->model->linear->intercept[o] = s->b;
	}
	else if (c->plan.method == US_SVM_BY_LANDMARKS)
		solve_landmarks(c, o);
	else
		solve_linear(c, o);
	c->objective += s->objective;
	c->gap += s->gap;
	c->support += (double) s->support;
	c->passes += s->passes;
	c->worst = fmax(c->worst, s->objective > 0 ? s->gap / s->objective : 0);
	c->failed += !s->converged;
	if (!s->converged)
		c->most_passes = Max(c->most_passes, s->passes);
	if (c->plan.calibrate)
		c->model->calibrated = calibrate(c, s, &c->model->sigmoid[o]) && c->model->calibrated;
}

/* The rows that count in some decision function, into the model. */
static void
take_vectors(Course *c)
{
	UsSvmModel *m = c->model;
	int			outputs = m->linear->outputs;
	int			width = c->rows->width;
	int			n = c->rows->n;
	int		   *row = (int *) palloc_extended(sizeof(int) * n, MCXT_ALLOC_HUGE);

	for (int i = 0; i < n; i++)
	{
		bool		counts = false;

		for (int o = 0; o < outputs; o++)
			counts = counts || c->beta[(Size) o * n + i] != 0;
		if (counts)
			row[m->n++] = i;
	}
	m->kernel = c->plan.kernel;
	m->vector = (double *) palloc_extended(sizeof(double) * Max((Size) m->n * width, 1), MCXT_ALLOC_HUGE);
	m->coef = (double *) palloc_extended(sizeof(double) * Max((Size) m->n * outputs, 1), MCXT_ALLOC_HUGE);
	for (int k = 0; k < m->n; k++)
	{
		memcpy(m->vector + (Size) k * width, c->rows->x + (Size) row[k] * c->rows->stride, sizeof(double) * width);
		for (int o = 0; o < outputs; o++)
			m->coef[(Size) o * m->n + k] = c->beta[(Size) o * n + row[k]];
	}
	us_svm_model_squares(m);
	pfree(row);
}

static void
tell(Course *c)
{
	UsLinearModel *m = c->model->linear;

	us_linear_model_figure(m, "n", c->rows->n);
	us_linear_model_figure(m, "C", c->plan.problem.C);
	if (c->plan.problem.regression)
		us_linear_model_figure(m, "epsilon", c->plan.problem.epsilon);
	us_linear_model_figure(m, "objective", c->objective);
	us_linear_model_figure(m, "duality_gap", c->gap);
	us_linear_model_figure(m, "support_vectors", c->support);
	if (c->plan.method == US_SVM_BY_LANDMARKS)
		us_linear_model_figure(m, "components", c->features->p);
	us_linear_model_figures(m, c->details);
	if (c->plan.method == US_SVM_BY_LANDMARKS)
	{
		us_report_int(c->details, "rank", c->features->rank);
		us_report_text(c->details, "kernel_values", c->features->block == NULL ? "in memory" : "block by block");
	}
	us_report_int(c->details, "passes", c->passes);
	if (!c->plan.problem.regression)
		us_report_bool(c->details, "calibrated", c->model->calibrated);
	us_report_number(c->details, "memory_mb", (double) us_arena_bytes(c->arena) / (1024.0 * 1024.0));
	if (c->failed > 0)
		us_fit_warn(c->result, psprintf("%d of %d decision functions did not converge in %lld passes: the objective is "
										"proven to be within %.2g of the smallest one, tolerance is %g; "
										"raise max_iter, lower C or scale the columns",
										c->failed, m->outputs, (long long) c->most_passes, c->worst,
										c->plan.problem.tolerance));
	if (c->plan.calibrate && !c->model->calibrated)
		us_fit_warn(c->result, "some fold left a class without rows: probabilities are not calibrated");
}

static void
svm_fit(const UsFitInput *input, UsFitResult *result)
{
	Course		c = {0};

	memset(result, 0, sizeof(UsFitResult));
	c.input = input;
	c.result = result;
	c.details = us_report_object();
	us_svm_plan(input, result, c.details, &c.plan);
	c.model = us_svm_model_create(c.plan.problem.regression ? 0 : input->target->n_classes, input->encoder);
	c.model->calibrated = c.plan.calibrate;
	c.model->linear->has_intercept = c.plan.problem.intercept != US_SVM_ABSENT;
	read_rows(&c);
	for (int o = 0; o < us_svm_outputs(input->target); o++)
		solve(&c, o);
	if (c.beta != NULL)
		take_vectors(&c);
	for (int o = 0; o < c.model->linear->outputs && !c.model->calibrated; o++)
	{
		c.model->sigmoid[o].a = -1;
		c.model->sigmoid[o].b = 0;
	}
	tell(&c);
	us_arena_reset(c.arena);
	result->model = c.model;
	result->task = input->task;
	result->n_labels = c.model->linear->classes;
	result->metric_value = NAN;
	result->converged = c.failed == 0;
	result->iterations = (int) Min(c.passes, INT_MAX);
	result->details = c.details;
}

const UsAlgorithm us_algorithm_svm = {
	.name = "svm",
	.task = "classification, regression",
	.description = "Support vector machines: classification and regression, linear or with kernels",
	.needs_target = true,
	.params = us_svm_params,
	.fit = svm_fit,
	.memory = us_svm_memory,
	.score = us_svm_score,
	.label = us_svm_label,
	.label_block = us_svm_label_block,
	.score_block = us_svm_score_block,
	.proba = us_svm_proba,
	.explain = us_svm_explain,
	.base = us_svm_base,
	.coefficients = us_svm_coefficients,
	.formula = us_svm_formula,
	.shape = US_SHAPE_SCORES,
	.describe = us_svm_describe,
	.write = us_svm_write,
	.read = us_svm_read
};
