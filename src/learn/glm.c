/*
 * glm.c
 *	  Generalised linear models with the logarithm as link: Poisson, gamma, Tweedie.
 *
 * Fisher's scoring on the same passes and steps as logistic regression (glm_fit.c).
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/glm_course.h"
#include "stat/distribution.h"

static const char *const families[] = {
	[US_FAMILY_POISSON - US_FAMILY_POISSON] = "poisson",
	[US_FAMILY_GAMMA - US_FAMILY_POISSON] = "gamma",
	[US_FAMILY_TWEEDIE - US_FAMILY_POISSON] = "tweedie",
	NULL
};
static const char *const choices[] = {"cv", "bic", "aic", NULL};

static const UsParamSpec specs[] = {
	{"family", US_PARAM_CHOICE, "\"poisson\"", 0, 0, families,
	"counts, positive amounts whose spread grows with them, or amounts of which many are 0"},
	{"power", US_PARAM_NUMBER, "1.5", 1.01, 1.99, NULL,
	"of the family \"tweedie\": the variance is the mean to this power"},
	{"offset", US_PARAM_TEXT, NULL, 0, 0, NULL,
	"a feature that is added to the predictor with the coefficient 1, such as the logarithm of an exposure"},
	US_PENALTY_SPECS("30", choices, "half its deviance but for a constant"),
	{"max_iter", US_PARAM_INT, "100", 1, 1000000, NULL,
	"most steps over all rows"},
	{"tolerance", US_PARAM_NUMBER, "1e-8", 0, 1, NULL,
	"ends when a step would lower half the deviance by no more than this, or is sure to be followed by such a step"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

/* The weighted mean of the response. */
static double
mean_response(const UsFitInput *input)
{
	UsExactSum *sum = (UsExactSum *) palloc0(2 * sizeof(UsExactSum));
	double	   *y = (double *) palloc(sizeof(double) * US_CHUNK_ROWS);
	double	   *room = (double *) palloc(sizeof(double) * US_CHUNK_ROWS);
	double		mean;

	for (int i = 0; i < input->frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(input->frame, i);
		const double *w;

		us_progress("mean", i, input->frame->nchunks);
		us_target_chunk(input->target, chunk, y);
		w = us_target_weights(input->target, chunk, y, room);
		for (int r = 0; r < chunk->nrows && w != NULL; r++)
		{
			us_exact_add(&sum[1], w[r]);
			y[r] *= w[r];
		}
		(void) us_exact_add_array(&sum[0], y, chunk->nrows);
	}
	mean = us_exact_round(&sum[0]) /
		(input->frame->weighted ? us_exact_round(&sum[1]) : (double) input->frame->nrows);
	pfree(sum);
	pfree(y);
	pfree(room);
	return mean;
}

/* Responses that the family has. */
static void
check_response(const UsFitInput *input, UsFamily family, const char *name)
{
	const UsTarget *t = input->target;

	if (t->min < 0 || (t->min == 0 && family == US_FAMILY_GAMMA))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" has the value %g, family \"%s\" is for numbers %s 0",
						t->name, t->min, name, family == US_FAMILY_GAMMA ? "above" : "from"),
				 family == US_FAMILY_GAMMA && t->min == 0 ?
				 errhint("Family \"tweedie\" takes zeros.") :
				 errhint("Use algorithm \"linear\" for numbers below 0.")));
}

/*
 * The encoded column of the offset, -1 where none is asked for, and its coefficient there; 22023 where the name
 * is not that of a number among the features that differs from row to row, 22004 for a NULL in it.
 */
static int
find_offset(const UsFitInput *input, double *coef)
{
	const UsParam *asked = us_params_get(input->params, "offset");
	const UsFeature *feature = NULL;
	double		a;
	double		b;

	if (asked->is_null)
		return -1;
	for (int i = 0; i < us_encoder_nfeatures(input->encoder) && feature == NULL; i++)
		if (strcmp(us_encoder_feature(input->encoder, i)->name, asked->text) == 0)
			feature = us_encoder_feature(input->encoder, i);
	if (feature == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("offset \"%s\" is not among the features", asked->text),
				 errhint("An offset is a number of the source, such as ln(days) AS log_days; where features are listed, list it too.")));
	if (feature->kind != US_KIND_NUMBER || feature->width != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("offset \"%s\" of type %s has %d encoded columns, not 1", feature->name, feature->type_name, feature->width),
				 errdetail("An offset is one number that differs from row to row."),
				 feature->width == 0 ?
				 errhint("Leave out an offset that is the same in all rows: the intercept has it.") :
				 errhint("Cast it to double precision in the source, and give it no transform of several columns.")));
	for (int j = 0; j < input->frame->ncolumns; j++)
		if (strcmp(input->frame->column[j].name, feature->name) == 0 && input->frame->column[j].n_null > 0)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("offset \"%s\" is NULL in " INT64_FORMAT " rows", feature->name, input->frame->column[j].n_null),
					 errhint("Leave such rows out of the source, or use null_policy 'skip'.")));
	us_encoder_linear(input->encoder, feature->first, &a, &b, NULL);
	*coef = 1 / b;
	return feature->first;
}

/* The log likelihood, where it has a closed form: Poisson; gamma with the dispersion as it was found. */
static double
log_likelihood(const UsGlmCourse *c, double dispersion)
{
	const UsGlmFit *f = c->fit;
	double		shape = 1 / dispersion;

	switch (c->problem.family)
	{
		case US_FAMILY_POISSON:
			return -f->objective - f->constant;
		case US_FAMILY_GAMMA:
			/* sum w (shape log shape - lgamma(shape) + (shape - 1) log y - shape (y / mu + log mu)) */
			return f->weight * (shape * log(shape) - lgamma(shape)) + (shape - 1) * f->constant - shape * f->objective;
		default:
			return NAN;
	}
}

static void
add_figures(UsGlmCourse *c, double null_deviance, double dispersion)
{
	UsGlmFit   *f = c->fit;
	UsLinearModel *m = c->model;
	double		rank = f->rank;
	double		ll = log_likelihood(c, dispersion);
	double		n = (double) c->input->frame->nrows;
	int			nonzero = 0;

	us_linear_model_figure(m, "n", n);
	if (c->input->frame->weighted)
		us_linear_model_figure(m, "weight", f->weight);
	us_linear_model_figure(m, "deviance", f->deviance);
	us_linear_model_figure(m, "deviance_null", null_deviance);
	us_linear_model_figure(m, "pearson_chi2", f->pearson);
	if (c->problem.family == US_FAMILY_TWEEDIE)
		us_linear_model_figure(m, "power", c->problem.power);
	if (c->penalty.on)
	{
		for (int k = c->problem.intercept; k < f->m; k++)
			nonzero += f->beta[k] != 0 && !us_glm_is_given(&c->problem, k);
		us_linear_model_figure(m, "lambda", c->penalty.lambda);
		us_linear_model_figure(m, "mix", c->penalty.mix);
		us_linear_model_figure(m, "nonzero", nonzero);
		return;
	}
	us_linear_model_figure(m, "dispersion", dispersion);
	us_linear_model_figure(m, "rank", rank);
	us_linear_model_figure(m, "df_model", rank - c->problem.intercept);
	us_linear_model_figure(m, "df_resid", n - rank);
	us_linear_model_figure(m, "log_likelihood", ll);
	us_linear_model_figure(m, "aic", -2 * ll + 2 * rank);
	us_linear_model_figure(m, "bic", -2 * ll + log(n) * rank);
}

static void
glm_fit(const UsFitInput *input, UsFitResult *result)
{
	const char *family = us_params_get(input->params, "family")->text;
	UsGlmCourse c;
	double		null_deviance;
	double		dispersion = 1;
	double		df;

	us_glm_course_begin(&c, input, result);
	for (int i = 0; families[i] != NULL; i++)
		if (strcmp(family, families[i]) == 0)
			c.problem.family = (UsFamily) (US_FAMILY_POISSON + i);
	check_response(input, c.problem.family, family);
	us_report_text(c.details, "family", family);
	c.problem.power = us_params_get(input->params, "power")->number;
	c.problem.mean = mean_response(input);
	c.problem.start = log(c.problem.mean);
	c.problem.offset = find_offset(input, &c.problem.offset_coef);
	us_glm_course_fit(&c);
	null_deviance = us_glm_null_deviance(&c.problem, c.fit);
	df = (double) input->frame->nrows - c.fit->rank;
	if (c.problem.family != US_FAMILY_POISSON)
		dispersion = df > 0 ? c.fit->pearson / df : NAN;
	c.model = us_linear_model_create(US_LINK_LOG, 0, input->encoder);
	us_glm_course_terms(&c, dispersion);
	add_figures(&c, null_deviance, dispersion);
	us_glm_course_end(&c);
}

static uint64
glm_memory(const UsParams *params, int64 nrows, int width)
{
	return us_pass_bytes(us_glm_shape(width + 1, true, true)) + us_eliminate_bytes(width + 1);
}

static void
glm_loss(const UsParams *params, UsLoss *loss)
{
	const char *family = us_params_get(params, "family")->text;

	loss->kind = strcmp(family, "poisson") == 0 ? US_LOSS_POISSON :
		strcmp(family, "gamma") == 0 ? US_LOSS_GAMMA : US_LOSS_TWEEDIE;
	loss->parameter = us_params_get(params, "power")->number;
}

const UsAlgorithm us_algorithm_glm = {
	.name = "glm",
	.task = "regression",
	.description = "Generalised linear models with the logarithm as link: Poisson, gamma, Tweedie, with inference or penalties",
	.streams = true,
	.needs_target = true,
	.params = specs,
	.fit = glm_fit,
	.memory = glm_memory,
	.loss = glm_loss,
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
