/*
 * linear.c
 *	  Linear regression: parameters, the course of a training, details.
 *
 * 1. One pass sums up the products of all columns, exactly (gram_pass.c); for a choice of the penalty
 *	  by cross-validation, fold by fold, so that the sums of every training part are differences.
 * 2. Least squares from them (stat/least_squares.c), or the penalised path (linear_path.c).
 * 3. Where columns are nearly dependent, passes over the rows that correct the coefficients by the
 *	  residuals, which are computed in 32 digits (A. Björck, "Iterative refinement of linear least
 *	  squares solutions", BIT 7, 1967).
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/gram_pass.h"
#include "learn/design_row.h"
#include "learn/huber.h"
#include "learn/linear_fit.h"

/* seconds for the products of one pair of columns of a row, in four parts */
#define SECONDS_A_PAIR		1.2e-10

static const char *const choices[] = {"cv", "bic", "aic", NULL};
static const char *const losses[] = {"squared", "huber", NULL};
static const char *const robusts[] = {"none", "HC0", "HC1", "HC2", "HC3", NULL};
static const char *const strategies[] = {"auto", "local", "sql", NULL};
static const char *const refinements[] = {"auto", "always", "never", NULL};

static const UsParamSpec specs[] = {
	US_PENALTY_SPECS("100", choices, "half its squared error"),
	{"loss", US_PARAM_CHOICE, "\"squared\"", 0, 0, losses,
	"huber: errors beyond epsilon scales count by their size, not its square"},
	{"epsilon", US_PARAM_NUMBER, "1.35", 1, 1000, NULL,
	"of the loss \"huber\""},
	{"robust", US_PARAM_CHOICE, "\"none\"", 0, 0, robusts,
	"standard errors that hold when the variance differs from row to row"},
	{"refine", US_PARAM_CHOICE, "\"auto\"", 0, 0, refinements,
	"correct the coefficients by residuals of the rows; auto: where columns are nearly dependent"},
	{"max_iter", US_PARAM_INT, "10000", 1, 100000000, NULL,
	"most sweeps of the coordinate descent for one lambda, or iterations of the loss \"huber\""},
	{"tolerance", US_PARAM_NUMBER, "1e-9", 1e-15, 0.1, NULL,
	"change of the fit, beside the spread of y, at which these end"},
	{"strategy", US_PARAM_CHOICE, "\"auto\"", 0, 0, strategies,
	"sql: the sums come from an SQL aggregate over the source; auto is local"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

/* ---- sums of products ---- */

static bool
chooses_by_folds(const UsLinearFit *f)
{
	return f->penalty.choose && strcmp(us_params_get(f->input->params, "choose")->text, "cv") == 0;
}

static void
local_sums(UsLinearFit *f)
{
	int			width = f->width;
	int			n = f->intercept + width + 1;
	bool		robust = f->robust != US_ROBUST_NONE;
	UsDesignPlan plan = {0};
	UsGramParam *p;

	f->nfolds = chooses_by_folds(f) ? (int) us_params_get(f->input->params, "folds")->integer : 0;
	plan.input = f->input;
	plan.nfolds = f->nfolds;
	plan.passes = f->huber ? 30 : 1;
	plan.seconds = (double) f->input->frame->nrows * n * n / 2 * SECONDS_A_PAIR;
	plan.workers = us_workers_read(f->input->params);
	plan.param_bytes = Max(us_gram_param_bytes(n), us_residual_param_bytes(width, robust));
	plan.param_bytes = Max(plan.param_bytes, us_huber_param_bytes(width));
	plan.state_bytes = Max(us_pass_bytes(us_gram_shape(n, f->nfolds)),
						   us_pass_bytes(us_residual_shape(f->intercept + width, robust)));
	plan.state_bytes = Max(plan.state_bytes, us_pass_bytes(us_huber_shape(n - 1)));
	f->algebra_bytes = us_eliminate_bytes(n) + (Size) n * n * 4 * sizeof(UsDd);
	us_budget_take(f->input->budget, f->algebra_bytes,
				   psprintf("sum of products of %d encoded columns", width));
	f->design = us_design_create(&plan);
	if (f->huber)
		return;
	p = (UsGramParam *) us_design_param(f->design);
	p->intercept = f->intercept;
	p->weighted = f->weighted;
	p->nfolds = f->nfolds;
	p->n = n;
	us_gram_grids(f->input, f->intercept, f->centre, f->largest_weight, p->grid);
	f->state = us_design_pass(f->design, US_KERNEL_GRAM, us_gram_shape(n, f->nfolds));
	f->gram = p;
	f->sums = us_gram_sums(f->state, p, -1, false, f->centre);
}

/* The same from one SQL aggregate. */
static void
sql_sums(UsLinearFit *f)
{
	UsRowSpec	spec = {0};
	const UsSqlStep *step = f->input->sql_step;
	const UsCrossState *state;

	if (f->width > US_CROSS_MAX_D)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d encoded columns, strategy \"sql\" can sum up %d", f->width, US_CROSS_MAX_D),
				 errhint("Use strategy \"local\".")));
	if (chooses_by_folds(f))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("strategy \"sql\" cannot choose lambda by cross-validation"),
				 errdetail("An SQL step sees one row at a time and not its fold."),
				 errhint("Give lambda, choose it by \"bic\" or \"aic\", or use strategy \"local\".")));
	if (f->robust != US_ROBUST_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("strategy \"sql\" has no robust standard errors"),
				 errhint("Use strategy \"local\".")));
	spec.kind = US_CROSS_GRAM;
	spec.intercept = f->intercept;
	spec.weighted = f->weighted;
	spec.fine = true;
	spec.width = f->width;
	spec.grid = (UsGrid *) palloc(sizeof(UsGrid) * (f->width + 2));
	us_gram_grids(f->input, f->intercept, f->centre, f->largest_weight, spec.grid);
	state = (const UsCrossState *) step->run(step->context, us_row_spec_write(&spec));
	us_fit_check_sql_rows(f->input, state != NULL ? state->rows : 0);
	f->sums = us_cross_sums(state, f->centre);
}

/* ---- the course of a training ---- */

static void
read_params(UsLinearFit *f)
{
	const UsParams *params = f->input->params;
	const char *robust = us_params_get(params, "robust")->text;

	f->penalty = us_penalty_read(params);
	f->intercept = us_params_get(params, "intercept")->boolean;
	for (int i = 0; robusts[i] != NULL; i++)
		if (strcmp(robust, robusts[i]) == 0)
			f->robust = (UsRobust) i;
	f->huber = strcmp(us_params_get(params, "loss")->text, "huber") == 0;
	if (f->huber && (f->penalty.on || f->robust != US_ROBUST_NONE || f->input->sql_step != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("loss \"huber\" has no penalty, no robust standard errors and no strategy \"sql\""),
				 errhint("Leave these out, or use loss \"squared\".")));
	if (f->penalty.on && f->robust != US_ROBUST_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there are no standard errors with a penalty, so none that are robust"),
				 errhint("Leave out \"robust\", or the penalty.")));
}

static void
linear_fit(const UsFitInput *input, UsFitResult *result)
{
	UsLinearFit f = {0};

	memset(result, 0, sizeof(UsFitResult));
	f.input = input;
	f.result = result;
	f.details = us_report_object();
	f.width = us_encoder_width(input->encoder);
	f.weighted = input->frame->weighted || input->target->factored;
	read_params(&f);
	f.centre = us_gram_centres(input, f.intercept);
	f.largest_weight = us_gram_largest_weight(input);
	f.model = us_linear_model_create(US_LINK_IDENTITY, 0, input->encoder);
	f.model->has_intercept = f.intercept;
	us_report_text(f.details, "strategy", input->sql_step != NULL ? "sql" : "local");
	us_report_text(f.details, "penalty", us_params_get(input->params, "penalty")->text);

	if (input->sql_step != NULL)
		sql_sums(&f);
	else
		local_sums(&f);
	if (f.huber)
		us_linear_huber(&f);
	else if (f.penalty.on)
		us_linear_penalised(&f);
	else
		us_linear_least_squares(&f);
	us_linear_model_figures(f.model, f.details);
	if (f.design != NULL)
	{
		us_design_report(f.design, f.details);
		us_design_end(f.design);
	}
	us_budget_release(input->budget, f.algebra_bytes);
	result->model = f.model;
	result->task = US_TASK_REGRESSION;
	result->metric = NULL;
	result->metric_value = NAN;
	result->details = f.details;
}

static uint64
linear_memory(const UsParams *params, int64 nrows, int width)
{
	return us_pass_bytes(us_gram_shape(width + 2, 0)) + us_eliminate_bytes(width + 2);
}

const UsAlgorithm us_algorithm_linear = {
	.name = "linear",
	.task = "regression",
	.description = "Linear regression with inference: least squares, ridge, lasso, elastic net, Huber",
	.sql_aggregate = "gram_step",
	.streams = true,
	.needs_target = true,
	.params = specs,
	.fit = linear_fit,
	.memory = linear_memory,
	.score = us_linear_score,
	.label = us_linear_label,
	.label_block = us_linear_label_block,
	.score_block = us_linear_score_block,
	.explain = us_linear_explain,
	.base = us_linear_base,
	.coefficients = us_linear_coefficients,
	.formula = us_linear_formula,
	.shape = US_SHAPE_LINEAR,
	.describe = us_linear_describe,
	.write = us_linear_write,
	.read = us_linear_read
};
