/*
 * logistic.c
 *	  Logistic regression: parameters, the course of a training, figures.
 */
#include "postgres.h"

#include <math.h>

#include "learn/glm_course.h"
#include "learn/softmax_fit.h"
#include "stat/distribution.h"

static const char *const choices[] = {"cv", "bic", "aic", NULL};

static const char *const strategies[] = {"auto", "local", "sql", NULL};

static const UsParamSpec specs[] = {
	US_PENALTY_SPECS("30", choices, "its log loss"),
	{"max_iter", US_PARAM_INT, "100", 1, 1000000, NULL,
	"most steps over all rows"},
	{"tolerance", US_PARAM_NUMBER, "1e-8", 0, 1, NULL,
	"ends when a step would raise the log likelihood by no more than this, or is sure to be followed by such a step"},
	{"strategy", US_PARAM_CHOICE, "\"auto\"", 0, 0, strategies,
	"sql: each step is one SQL aggregate over the source, for two classes; auto is local"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

/* Weight of class k with its factor. */
static double
mass(const UsTarget *t, int k)
{
	return t->class_mass[k] * t->class_factor[k];
}

static void
add_figures(UsGlmCourse *c)
{
	const UsTarget *t = c->input->target;
	UsGlmFit   *f = c->fit;
	UsLinearModel *m = c->model;
	double		all = mass(t, 0) + mass(t, 1);
	double		null = 0;
	double		rank = f->rank;
	double		ll = -f->objective;
	double		n = (double) c->input->frame->nrows;

	for (int k = 0; k < 2; k++)
		null += mass(t, k) * log(c->problem.intercept ? mass(t, k) / all : 0.5);
	us_linear_model_figure(m, "n", n);
	if (c->input->frame->weighted || t->factored)
		us_linear_model_figure(m, "weight", f->weight);
	us_linear_model_figure(m, "log_likelihood", ll);
	us_linear_model_figure(m, "log_likelihood_null", null);
	us_linear_model_figure(m, "deviance", f->deviance);
	us_linear_model_figure(m, "pseudo_r2", 1 - ll / null);
	if (c->penalty.on)
	{
		double		size = 0;
		int			nonzero = 0;

		for (int k = c->problem.intercept; k < f->m; k++)
		{
			size += c->penalty.mix * fabs(f->beta[k]) + (1 - c->penalty.mix) / 2 * f->beta[k] * f->beta[k];
			nonzero += f->beta[k] != 0;
		}
		us_linear_model_figure(m, "lambda", c->penalty.lambda);
		us_linear_model_figure(m, "mix", c->penalty.mix);
		us_linear_model_figure(m, "objective", -ll / f->weight + c->penalty.lambda * size);
		us_linear_model_figure(m, "nonzero", nonzero);
		return;
	}
	us_linear_model_figure(m, "rank", rank);
	us_linear_model_figure(m, "df_model", rank - c->problem.intercept);
	us_linear_model_figure(m, "lr", 2 * (ll - null));
	us_linear_model_figure(m, "lr_p", rank > c->problem.intercept ?
						   us_chi2_upper(Max(2 * (ll - null), 0), rank - c->problem.intercept) : NAN);
	us_linear_model_figure(m, "aic", -2 * ll + 2 * rank);
	us_linear_model_figure(m, "bic", -2 * ll + log(n) * rank);
}

static void
logistic_fit(const UsFitInput *input, UsFitResult *result)
{
	const UsTarget *t = input->target;
	UsGlmCourse c;

	if (t->n_classes > 2)
	{
		us_softmax_fit(input, result);
		return;
	}
	us_glm_course_begin(&c, input, result);
	c.problem.family = US_FAMILY_BINOMIAL;
	c.problem.mean = mass(t, 1) / (mass(t, 0) + mass(t, 1));
	c.problem.start = log(mass(t, 1) / mass(t, 0));
	us_glm_course_fit(&c);
	c.model = us_linear_model_create(US_LINK_LOGIT, 2, input->encoder);
	us_glm_course_terms(&c, 1);
	add_figures(&c);
	us_glm_course_end(&c);
}

static uint64
logistic_memory(const UsParams *params, int64 nrows, int width)
{
	return us_pass_bytes(us_glm_shape(width + 1, true, true)) + us_eliminate_bytes(width + 1);
}

const UsAlgorithm us_algorithm_logistic = {
	.name = "logistic",
	.task = "classification",
	.description = "Logistic regression, of two or more classes, with inference or penalties",
	.sql_aggregate = "logistic_step",
	.streams = true,
	.needs_target = true,
	.params = specs,
	.fit = logistic_fit,
	.memory = logistic_memory,
	.score = us_linear_score,
	.label = us_linear_label,
	.label_block = us_linear_label_block,
	.score_block = us_linear_score_block,
	.proba = us_linear_proba,
	.explain = us_linear_explain,
	.base = us_linear_base,
	.coefficients = us_linear_coefficients,
	.formula = us_linear_formula,
	.shape = US_SHAPE_LINEAR,
	.describe = us_linear_describe,
	.write = us_linear_write,
	.read = us_linear_read
};
