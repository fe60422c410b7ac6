/*
 * svm.c
 *	  Support vector machines: parameters, the course of a training.
 *
 * 1. The encoded rows are brought into memory, in the order of their keys (svm_rows.c).
 * 2. Each decision function is found by dual coordinate descent (svm_descent.c), with another kernel than the linear
 *	  one by sequential minimal optimisation (svm_smo.c): one of a regression or of two
 *	  classes, else one for each class against the rest.
 * 3. Probabilities: J. Platt, "Probabilistic outputs for support vector machines and comparisons to
 *	  regularized likelihood methods", 1999: a sigmoid of the decision values that rows get from a
 *	  machine that was trained without them, by folds.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "infra/progress.h"
#include "learn/svm_descent.h"
#include "learn/svm_model.h"
#include "learn/svm_smo.h"
#include "math/hash.h"
#include "stat/calibration.h"

#define FOLD_SEED	UINT64CONST(0x73766d66)

/* the machines of the folds need not be better than this: two parameters are made of them */
#define FOLD_TOLERANCE	1e-3

/* with a kernel that is not linear */
#define MOST_KERNEL_ROWS	100000

static const char *const losses[] = {"hinge", "squared_hinge", "epsilon_insensitive", "squared_epsilon_insensitive", NULL};

static const UsParamSpec specs[] = {
	{"C", US_PARAM_NUMBER, "1", 1e-10, 1e12, NULL,
	"what the loss of a row counts beside half the squared length of the weights"},
	{"loss", US_PARAM_CHOICE, NULL, 0, 0, losses,
	"of one row; default hinge for classes, epsilon_insensitive for numbers"},
	{"kernel", US_PARAM_CHOICE, "\"linear\"", 0, 0, us_svm_kernel_names,
	"in whose space rows are kept apart; all but linear for up to tens of thousands of rows"},
	{"gamma", US_PARAM_NUMBER, NULL, 1e-100, 1e100, NULL,
	"scale of the kernels rbf and polynomial; default 1 / (columns * mean variance of the encoded columns)"},
	{"degree", US_PARAM_INT, "3", 1, US_SVM_MOST_DEGREE, NULL,
	"of the polynomial kernel"},
	{"coef0", US_PARAM_NUMBER, "1", -1e100, 1e100, NULL,
	"constant of the polynomial kernel"},
	{"epsilon", US_PARAM_NUMBER, "0.1", 0, 1e100, NULL,
	"regression: errors up to this, in units of the target, cost nothing"},
	{"intercept", US_PARAM_BOOL, "true", 0, 0, NULL,
	"false: the decision value of a row of zeros is 0"},
	{"penalise_intercept", US_PARAM_BOOL, "false", 0, 0, NULL,
	"true: the intercept is kept small as the other weights are, as liblinear does"},
	{"tolerance", US_PARAM_NUMBER, "1e-4", 1e-10, 0.1, NULL,
	"the training ends when the objective is proven to be within this share of the smallest one"},
	{"max_iter", US_PARAM_INT, "10000", 1, 100000000, NULL,
	"most passes over the rows, for one decision function"},
	{"probability", US_PARAM_BOOL, "true", 0, 0, NULL,
	"classes: calibrate probabilities by Platt scaling, which costs a training for each fold"},
	{"folds", US_PARAM_INT, "5", 2, 50, NULL,
	"of the calibration"},
	{NULL}
};

typedef struct Course
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsSvmProblem problem;
	UsSvmKernel kernel;
	double	   *beta;			/* [outputs][n]: multipliers, with a kernel that is not linear */
	UsSvmRows  *rows;
	UsArena    *arena;
	UsSvmSolution *whole;		/* from all rows */
	UsSvmSolution *part;		/* from those of all folds but one */
	UsSvmModel *model;
	bool		calibrate;
	int			folds;
	double	   *y;				/* [n]: +-1, of the class at hand */
	uint8	   *fold;			/* [n] */
	double	   *held_out;		/* [n]: decision values of rows that were left out */
	uint8	   *positive;		/* [n] */
	double		objective;		/* sums over the decision functions */
	double		gap;
	double		support;
	int64		passes;
	double		worst;			/* gap beside the objective */
	int			failed;
} Course;

static int
n_outputs(const UsTarget *t)
{
	return t->task == US_TASK_REGRESSION || t->n_classes == 2 ? 1 : t->n_classes;
}

/* As scikit-learn's "scale": the variance of all values of the encoded columns. */
static double
default_gamma(const UsEncoder *encoder)
{
	int			width = us_encoder_width(encoder);
	double		sum = 0;
	double		squares = 0;

	for (int j = 0; j < width; j++)
	{
		const UsEncodedColumn *column = us_encoder_column(encoder, j);

		sum += column->mean;
		squares += column->sd * column->sd + column->mean * column->mean;
	}
	return 1 / fmax(squares - sum * sum / width, 1e-100);
}

static void
read_kernel(Course *c)
{
	const UsParams *params = c->input->params;
	const char *name = us_params_get(params, "kernel")->text;
	const UsParam *gamma = us_params_get(params, "gamma");

	while (strcmp(us_svm_kernel_names[c->kernel.kind], name) != 0)
		c->kernel.kind++;
	us_report_text(c->details, "kernel", name);
	c->kernel.gamma = gamma->is_null ? default_gamma(c->input->encoder) : gamma->number;
	c->kernel.degree = (int) us_params_get(params, "degree")->integer;
	c->kernel.coef0 = us_params_get(params, "coef0")->number;
	if (c->kernel.kind == US_SVM_LINEAR)
		return;
	us_report_number(c->details, "gamma", c->kernel.gamma);
	if (c->input->frame->nrows > MOST_KERNEL_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("kernel \"%s\" is trained on at most %d rows, there are %lld",
						name, MOST_KERNEL_ROWS, (long long) c->input->frame->nrows),
				 errdetail("The time grows faster than the square of the rows."),
				 errhint("Train on a part of the rows, or use kernel \"linear\".")));
	if (c->problem.intercept != US_SVM_FREE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kernel \"%s\" has an intercept that is not penalised", name),
				 errhint("Leave out \"intercept\" and \"penalise_intercept\", or use kernel \"linear\".")));
}

static void
read_params(Course *c)
{
	const UsParams *params = c->input->params;
	const UsParam *loss = us_params_get(params, "loss");
	UsSvmProblem *p = &c->problem;
	const char *name;

	p->regression = c->input->task == US_TASK_REGRESSION;
	name = loss->text != NULL ? loss->text : losses[p->regression ? 2 : 0];
	if ((strstr(name, "epsilon") != NULL) != p->regression)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("loss \"%s\" is not one of a %s", name, us_task_name(c->input->task)),
				 errhint("Use \"%s\" or \"%s\".", losses[p->regression ? 2 : 0], losses[p->regression ? 3 : 1])));
	if (!p->regression && us_params_get(params, "epsilon")->given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"epsilon\" is for regression"),
				 errhint("Leave it out.")));
	p->squared = strncmp(name, "squared", 7) == 0;
	p->C = us_params_get(params, "C")->number;
	p->epsilon = us_params_get(params, "epsilon")->number;
	p->tolerance = us_params_get(params, "tolerance")->number;
	p->max_iter = us_params_get(params, "max_iter")->integer;
	p->seed = c->input->seed;
	p->intercept = !us_params_get(params, "intercept")->boolean ? US_SVM_ABSENT :
		us_params_get(params, "penalise_intercept")->boolean ? US_SVM_PENALISED : US_SVM_FREE;
	c->calibrate = !p->regression && us_params_get(params, "probability")->boolean;
	c->folds = (int) us_params_get(params, "folds")->integer;
	read_kernel(c);
	us_report_text(c->details, "loss", name);
}

static Size
working_bytes(int64 n, int width, bool classes, bool calibrate, int outputs, bool all)
{
	Size		bytes = us_svm_rows_bytes(n, width) + n * sizeof(double) * (1 + classes);

	bytes += outputs == 0 ? us_svm_descent_bytes(n, width) :
		us_svm_smo_bytes(n, all) + n * sizeof(double) * (outputs + 1);
	if (calibrate)
		bytes += n * (3 * sizeof(double) + 2) + us_calibrator_memory(n);
	return bytes;
}

static void
read_rows(Course *c)
{
	UsBudget   *budget = c->input->budget;
	int64		n = c->input->frame->nrows;
	int			width = us_encoder_width(c->input->encoder);
	bool		classes = !c->problem.regression;
	int			outputs = c->kernel.kind == US_SVM_LINEAR ? 0 : n_outputs(c->input->target);
	Size		bytes = working_bytes(n, width, classes, c->calibrate, outputs, false);

	us_budget_take(budget, bytes, psprintf("support vector machine of %lld rows of %d encoded columns",
										   (long long) n, width));
	us_budget_release(budget, bytes);
	c->arena = us_arena_create(CurrentMemoryContext, budget);
	c->rows = us_svm_rows_read(c->input, c->arena);
	c->problem.rows = c->rows;
	c->whole = us_svm_solution_create(c->rows, c->arena);
	if (classes)
		c->y = (double *) us_arena_array(c->arena, n, sizeof(double));
	c->problem.y = classes ? c->y : c->rows->y;
	c->problem.spread = classes ? 1 : (c->input->target->max - c->input->target->min) / 2;
	if (outputs > 0)
		c->beta = (double *) us_arena_array(c->arena, (Size) n * outputs, sizeof(double));
	if (!c->calibrate)
		return;
	c->part = us_svm_solution_create(c->rows, c->arena);
	c->fold = (uint8 *) us_arena_array(c->arena, n, 1);
	c->positive = (uint8 *) us_arena_array(c->arena, n, 1);
	c->held_out = (double *) us_arena_array(c->arena, n, sizeof(double));
	for (int64 i = 0; i < n; i++)
		c->fold[i] = (uint8) (us_uniform(c->input->seed ^ FOLD_SEED, c->rows->key[i]) * c->folds);
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
	UsSvmProblem p = c->problem;
	UsSvmSolution *t = c->part;
	UsBudget   *budget = c->input->budget;
	Size		bytes = us_calibrator_memory(c->rows->n);
	UsCalibrator platt;
	bool		done;

	p.fold = c->fold;
	p.tolerance = fmax(p.tolerance, FOLD_TOLERANCE);
	for (int k = 0; k < c->folds; k++)
	{
		if (!has_both(c, k))
			return false;
		us_progress("folds", k, c->folds);
		p.left_out = k;
		if (c->beta != NULL)
			us_svm_smo(&p, &c->kernel, t, c->held_out, budget);
		else
		{
			memcpy(t->alpha, s->alpha, sizeof(double) * c->rows->n);
			t->b = s->b;
			us_svm_descend(&p, t, budget);
			us_svm_values(&p, t, c->held_out);
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

	us_svm_descend(&c->problem, c->whole, c->input->budget);
	b[0] = c->whole->b;
	memcpy(b + 1, c->whole->w, sizeof(double) * width);
	us_linear_model_terms(c->model->linear, o, c->input->encoder, b, NULL, NULL, zero, 0);
	pfree(b);
	pfree(zero);
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
	if (c->problem.regression)
		s->b = c->input->target->min + c->problem.spread;
	if (c->beta != NULL)
	{
		us_svm_smo(&c->problem, &c->kernel, s, NULL, c->input->budget);
		memcpy(c->beta + (Size) o * c->rows->n, s->alpha, sizeof(double) * c->rows->n);
		c->model->linear->intercept[o] = s->b;
	}
	else
		solve_linear(c, o);
	c->objective += s->objective;
	c->gap += s->gap;
	c->support += (double) s->support;
	c->passes += s->passes;
	c->worst = fmax(c->worst, s->objective > 0 ? s->gap / s->objective : 0);
	c->failed += !s->converged;
	if (c->calibrate)
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
	m->kernel = c->kernel;
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
	us_linear_model_figure(m, "C", c->problem.C);
	if (c->problem.regression)
		us_linear_model_figure(m, "epsilon", c->problem.epsilon);
	us_linear_model_figure(m, "objective", c->objective);
	us_linear_model_figure(m, "duality_gap", c->gap);
	us_linear_model_figure(m, "support_vectors", c->support);
	us_linear_model_figures(m, c->details);
	us_report_int(c->details, "passes", c->passes);
	if (!c->problem.regression)
		us_report_bool(c->details, "calibrated", c->model->calibrated);
	us_report_number(c->details, "memory_mb", (double) us_arena_bytes(c->arena) / (1024.0 * 1024.0));
	if (c->failed > 0)
		us_fit_warn(c->result, psprintf("%d of %d decision functions did not converge in %lld passes: the objective is "
										"proven to be within %.2g of the smallest one, tolerance is %g; "
										"raise max_iter, lower C or scale the columns",
										c->failed, m->outputs, (long long) c->problem.max_iter, c->worst,
										c->problem.tolerance));
	if (c->calibrate && !c->model->calibrated)
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
	read_params(&c);
	c.model = us_svm_model_create(c.problem.regression ? 0 : input->target->n_classes, input->encoder);
	c.model->calibrated = c.calibrate;
	c.model->linear->has_intercept = c.problem.intercept != US_SVM_ABSENT;
	read_rows(&c);
	for (int o = 0; o < n_outputs(input->target); o++)
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

static uint64
svm_memory(const UsParams *params, int64 nrows, int width)
{
	bool		linear = strcmp(us_params_get(params, "kernel")->text, "linear") == 0;

	return working_bytes(nrows, width, true, us_params_get(params, "probability")->boolean, linear ? 0 : 1, true);
}

const UsAlgorithm us_algorithm_svm = {
	.name = "svm",
	.task = "classification, regression",
	.description = "Support vector machines: classification and regression, linear or with kernels",
	.needs_target = true,
	.params = specs,
	.fit = svm_fit,
	.memory = svm_memory,
	.score = us_svm_score,
	.label = us_svm_label,
	.label_block = us_svm_label_block,
	.score_block = us_svm_score_block,
	.proba = us_svm_proba,
	.explain = us_svm_explain,
	.base = us_svm_base,
	.coefficients = us_svm_coefficients,
	.formula = us_svm_formula,
	.describe = us_svm_describe,
	.write = us_svm_write,
	.read = us_svm_read
};
