/*
 * naive_bayes.c
 *	  Naive Bayes: parameters, the course of a training.
 *
 * One pass gives exact sums by class and column (naive_bayes_pass.c); all else is made from them
 * (naive_bayes_model.c).  Numbers are normal in each class, categories have a probability for each level, smoothed by
 * alpha; a missing value is left out of the sums of its column.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "infra/progress.h"
#include "learn/design_row.h"
#include "learn/naive_bayes_model.h"
#include "learn/naive_bayes_pass.h"

static const char *const prior_choices[] = {"learned", "uniform", NULL};
static const char *const smooth_choices[] = {"column", "largest", NULL};
static const char *const strategies[] = {"auto", "local", "sql", NULL};

static const UsParamSpec specs[] = {
	{"alpha", US_PARAM_NUMBER, "1", 1e-10, 1e9, NULL,
	"rows added to each level of a category in each class"},
	{"variance_smoothing", US_PARAM_NUMBER, "1e-9", 1e-18, 1, NULL,
	"share of a variance that is added to the variance of each class"},
	{"smooth_by", US_PARAM_CHOICE, "\"column\"", 0, 0, smooth_choices,
	"whose variance that is: of the column over all rows; or the largest one of all columns, as scikit-learn has it"},
	{"priors", US_PARAM_CHOICE_OR_WEIGHTS, "\"learned\"", 0, 0, prior_choices,
	"probabilities of the classes before anything is known: their shares of the rows, all equal, or a number for each class"},
	{"strategy", US_PARAM_CHOICE, "\"auto\"", 0, 0, strategies,
	"sql: the pass is one SQL aggregate over the source; auto is local"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

/* a value added to its sums */
#define SECONDS_A_VALUE	4e-9

/* columns and values of a column told in details */
#define TOLD_COLUMNS	100
#define TOLD_VALUES		200

typedef struct Course
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsNbSums	sums;
	UsDesign   *design;			/* the sums are in it; or NULL */
	Size		bytes;
} Course;

static double *
read_priors(const UsFitInput *input)
{
	const UsParam *p = us_params_get(input->params, "priors");
	const UsTarget *t = input->target;
	double	   *prior;
	double		sum = 0;

	if (p->text != NULL && strcmp(p->text, "learned") == 0)
		return NULL;
	prior = (double *) palloc0(sizeof(double) * t->n_classes);
	for (int k = 0; k < t->n_classes; k++)
		prior[k] = p->text != NULL ? 1 : 0;
	for (int i = 0; p->text == NULL && i < p->n_names; i++)
	{
		int			k = 0;

		while (k < t->n_classes && strcmp(t->class_name[k], p->names[i]) != 0)
			k++;
		if (k == t->n_classes)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"priors\" names \"%s\", which is no class of target \"%s\"", p->names[i], t->name),
					 errhint("Give a number for each class.")));
		prior[k] = p->weights[i];
	}
	for (int k = 0; k < t->n_classes; k++)
	{
		if (!(prior[k] > 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"priors\" has no number for class \"%s\"", t->class_name[k]),
					 errhint("Give a number for each class.")));
		sum += prior[k];
	}
	for (int k = 0; k < t->n_classes; k++)
		prior[k] /= sum;
	return prior;
}

/* ---- the pass ---- */

static void
sum_locally(Course *c)
{
	const UsParam *workers = us_params_get(c->input->params, "workers");
	UsDesignPlan plan = {0};
	UsPassShape shape = {0};
	UsNbParam  *param;
	int			width = c->sums.columns;

	shape.exact = c->sums.classes * c->sums.per_class;
	plan.input = c->input;
	plan.passes = 1;
	plan.seconds = (double) c->input->frame->nrows * width * SECONDS_A_VALUE;
	plan.workers = workers->is_null ? -1 : (int) workers->integer;
	plan.param_bytes = offsetof(UsNbParam, levels) + sizeof(int32) * width;
	plan.state_bytes = us_pass_bytes(shape);
	c->design = us_design_create(&plan);
	param = (UsNbParam *) us_design_param(c->design);
	param->classes = c->sums.classes;
	param->per_class = c->sums.per_class;
	memcpy(param->levels, c->sums.levels, sizeof(int32) * width);
	c->sums.sum = us_design_pass(c->design, US_KERNEL_NAIVE_BAYES, shape).exact;
	us_design_report(c->design, c->details);
}

static void
sum_in_sql(Course *c)
{
	const UsSqlStep *step = c->input->sql_step;
	UsNbSpec	spec = {c->sums.columns, c->sums.classes, unconstify(int32 *, c->sums.levels), c->input->target->class_factor};
	const UsNbState *s;

	if (c->sums.columns > US_NB_MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("strategy \"sql\" takes up to %d encoded columns, there are %d", US_NB_MAX_COLUMNS, c->sums.columns),
				 errhint("Use strategy \"local\", or fewer columns.")));
	s = (const UsNbState *) step->run(step->context, us_nb_spec_write(&spec));
	us_fit_check_sql_rows(c->input, s != NULL ? s->rows : 0);
	if (s->classes != c->sums.classes || s->columns != c->sums.columns)
		elog(ERROR, "SQL pass gave %d classes of %d columns", s->classes, s->columns);
	c->sums.sum = us_nb_class(s, 0);
}

/* ---- details ---- */

static void
tell_column(UsReport *list, const UsEncoder *encoder, const UsNbModel *m, int j)
{
	UsReport   *r = us_report_add_object(list, us_encoder_column(encoder, j)->name);
	int			n = m->levels[j];
	const double *value = m->value + m->at[j];
	UsReport   *levels;
	UsReport   *mean;
	UsReport   *sd;

	us_report_text(r, "kind", n == US_NB_IGNORED ? "ignored" : n > 0 ? "categories" : "numbers");
	if (n == US_NB_IGNORED || m->classes * (n > 0 ? n : 2) > TOLD_VALUES)
		return;
	if (n == 0)
	{
		mean = us_report_add_array(r, "mean");
		sd = us_report_add_array(r, "sd");
		for (int k = 0; k < m->classes; k++)
		{
			us_report_number(mean, NULL, value[2 * k]);
			us_report_number(sd, NULL, sqrt(value[2 * k + 1]));
		}
		return;
	}
	levels = us_report_add_object(r, "levels");
	for (int l = 0; l < n; l++)
	{
		const char *text = us_encoder_levels(encoder, j) == 0 ? (l > 0 ? "true" : "false") :
			us_encoder_level_text(encoder, j, l);
		UsReport   *p;
		bool		seen = false;

		for (int k = 0; k < m->classes; k++)
			seen |= value[(Size) k * n + l] != 0;
		if (!seen)
			continue;
		p = us_report_add_array(levels, text != NULL ? text : "(other)");
		for (int k = 0; k < m->classes; k++)
			us_report_number(p, NULL, exp(value[(Size) k * n + l]));
	}
}

static void
tell(Course *c, const UsNbModel *m)
{
	const UsEncoder *encoder = c->input->encoder;
	UsReport   *list;

	us_report_text(c->details, "strategy", c->input->sql_step != NULL ? "sql" : "local");
	us_report_attach(c->details, "model", us_nb_describe(m));
	if (m->width <= TOLD_COLUMNS)
	{
		list = us_report_add_object(c->details, "columns");
		for (int j = 0; j < m->width; j++)
			tell_column(list, encoder, m, j);
	}
	for (int j = 0; j < m->width; j++)
		if (m->levels[j] == US_NB_IGNORED)
			us_fit_warn(c->result, psprintf("column \"%s\" is ignored: its values are all equal", us_encoder_column(encoder, j)->name));
}

/* Sums of all classes, in bytes; they are shared out to the members of a team. */
static Size
sums_bytes(int64 classes, int64 per_class)
{
	return sizeof(UsExactSum) * (Size) (classes * per_class);
}

static void
naive_bayes_fit(const UsFitInput *input, UsFitResult *result)
{
	Course		c = {input, result};
	UsNbRule	rule = {0};
	int			width = us_encoder_width(input->encoder);
	int32	   *levels = (int32 *) palloc(sizeof(int32) * Max(width, 1));
	UsNbModel  *m;

	memset(result, 0, sizeof(UsFitResult));
	c.details = us_report_object();
	rule.alpha = us_params_get(input->params, "alpha")->number;
	rule.smoothing = us_params_get(input->params, "variance_smoothing")->number;
	rule.largest = strcmp(us_params_get(input->params, "smooth_by")->text, "largest") == 0;
	rule.prior = read_priors(input);
	us_nb_encoder_levels(input->encoder, levels);
	c.sums.columns = width;
	c.sums.classes = input->target->n_classes;
	c.sums.levels = levels;
	c.sums.per_class = us_nb_sums(levels, width);
	c.bytes = sums_bytes(c.sums.classes, c.sums.per_class);
	us_budget_take(input->budget, c.bytes, psprintf("naive Bayes: %d sums for each of %d classes", c.sums.per_class, c.sums.classes));
	us_budget_release(input->budget, c.bytes);
	if (c.bytes / sizeof(UsExactSum) > INT_MAX)
		elog(ERROR, "too many sums");
	us_progress("sums", 0, 0);
	if (input->sql_step != NULL)
		sum_in_sql(&c);
	else
		sum_locally(&c);
	m = us_nb_model_make(&c.sums, &rule);
	tell(&c, m);
	if (c.design != NULL)
		us_design_end(c.design);

	result->model = m;
	result->task = input->task;
	result->n_labels = m->classes;
	result->metric_value = NAN;
	result->converged = true;
	result->iterations = 1;
	result->details = c.details;
}

static uint64
naive_bayes_memory(const UsParams *params, int64 nrows, int width)
{
	return sums_bytes(2, 1 + US_NB_NUMBER_SUMS * (int64) width) + sizeof(double) * (uint64) US_CHUNK_ROWS * (width + 2);
}

const UsAlgorithm us_algorithm_naive_bayes = {
	.name = "naive_bayes",
	.task = "classification",
	.description = "Naive Bayes: numbers are normal in each class, categories have smoothed probabilities; one exact pass",
	.sql_aggregate = "naive_bayes_step",
	.native = true,
	.streams = true,
	.needs_target = true,
	.params = specs,
	.fit = naive_bayes_fit,
	.memory = naive_bayes_memory,
	.score = us_nb_score,
	.label = us_nb_label,
	.label_block = us_nb_label_block,
	.score_block = us_nb_score_block,
	.proba = us_nb_proba,
	.explain = us_nb_explain,
	.base = us_nb_base,
	.formula = us_nb_formula,
	.shape = US_SHAPE_SCORES,
	.describe = us_nb_describe,
	.write = us_nb_write,
	.read = us_nb_read,
};
