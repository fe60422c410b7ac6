/*
 * gradient_boosting.c
 *	  Gradient boosting of trees for classes, means, medians, quantiles and counts.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/boost_grow.h"

/* sizes of gradients, and of distances of targets from their middle, that single precision has room for */
#define MOST_GRADIENT	1e37
#define LEAST_TARGET	1e-30

static const char *const objectives[] = {
	"squared", "absolute", "huber", "quantile", "poisson", "tweedie", NULL
};
static const char *const growths[] = {"level", "leaf", NULL};

static const UsParamSpec specs[] = {
	{"objective", US_PARAM_CHOICE, "\"squared\"", 0, 0, objectives,
	"loss of a regression; classes have the logistic or multinomial loss"},
	{"n_rounds", US_PARAM_INT, "200", 1, 100000, NULL,
	"trees, for each class where there are more than two"},
	{"learning_rate", US_PARAM_NUMBER, "0.1", 0.0001, 1, NULL,
	"factor of every tree"},
	{"growth", US_PARAM_CHOICE, "\"level\"", 0, 0, growths,
	"level splits all nodes of a level; leaf the node of the largest gain first"},
	{"max_depth", US_PARAM_INT, "6", 1, 64, NULL,
	"most splits from the root to a leaf"},
	{"max_leaves", US_PARAM_INT, "64", 2, 4096, NULL,
	"most leaves of a tree"},
	{"min_child_weight", US_PARAM_NUMBER, "1", 0, 1e12, NULL,
	"least sum of the hessian in a leaf; a row counts 1 with squared loss, p (1 - p) with logistic loss"},
	{"l2", US_PARAM_NUMBER, "1", 0, 1e12, NULL,
	"added to the hessian of a leaf"},
	{"min_gain", US_PARAM_NUMBER, "0", 0, INFINITY, NULL,
	"least gain of a split"},
	{"row_share", US_PARAM_NUMBER, "1", 0.001, 1, NULL,
	"share of the rows that each tree learns from, drawn anew"},
	{"column_share", US_PARAM_NUMBER, "1", 0.001, 1, NULL,
	"share of the columns that each tree may split, drawn anew"},
	{"early_stopping", US_PARAM_INT, "0", 0, 100000, NULL,
	"ends after so many rounds without a better loss on validation rows; 0: all rounds"},
	{"validation_share", US_PARAM_NUMBER, "0.1", 0.001, 0.9, NULL,
	"share of the rows kept back for early_stopping, by hash of the id"},
	{"monotone", US_PARAM_NAMES, "[]", 0, 0, NULL,
	"numbers that the prediction never falls in: \"income\", or never rises in: \"-debt\""},
	{"quantile", US_PARAM_NUMBER, "0.5", 0.001, 0.999, NULL,
	"probability of objective quantile"},
	{"huber", US_PARAM_NUMBER, NULL, 1e-12, 1e12, NULL,
	"residual from which objective huber is linear; default: the 0.9 quantile of the distances to the median"},
	{"tweedie", US_PARAM_NUMBER, "1.5", 1.001, 1.999, NULL,
	"variance power of objective tweedie"},
	{"level_smooth", US_PARAM_NUMBER, "10", 0, 1e6, NULL,
	"hessian added to the levels of a category before they are ordered, and to l2 where they are split"},
	{"max_bins", US_PARAM_INT, "255", 2, US_TREE_BINS, NULL,
	"most bins that a number is cut into"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	US_TREE_BACKGROUND_PARAM,
	{NULL}
};

/* One training. */
typedef struct Fit
{
	const UsFitInput *input;
	int64		n;
	float	   *y;				/* class number, or target less centre */
	float	   *weight;			/* or NULL */
	uint64	   *key;
	double		centre;
	double		low;			/* range of the target */
	UsBoostPlan plan;
	int8	   *monotone;
} Fit;

/* ---- the rows ---- */

/* Are the largest distance of a number from the middle of the target, and that times the largest weight, what floats hold? */
static void
check_range(const Fit *f, double largest, double weight)
{
	const UsTarget *t = f->input->target;

	if (f->input->task == US_TASK_CLASSIFICATION || largest == 0 ||
		(largest >= LEAST_TARGET && largest * weight <= MOST_GRADIENT))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("target \"%s\" is beyond the single precision of gradient boosting", t->name),
			 errdetail("It ranges from %g to %g, and a row counts as up to %g rows; weighted errors may be from %g to %g in size.",
					   t->min, t->max, weight, LEAST_TARGET, MOST_GRADIENT),
			 errhint("Multiply the target in the source by a constant.")));
}

static void
read_rows(Fit *f, UsArena *arena)
{
	const UsFitInput *input = f->input;
	UsFrame    *frame = input->frame;
	bool		classes = input->task == US_TASK_CLASSIFICATION;
	bool		log_link = f->plan.objective.kind >= US_OBJECTIVE_POISSON;
	double	   *y = palloc(US_CHUNK_ROWS * sizeof(double));
	double	   *room = palloc(US_CHUNK_ROWS * sizeof(double));
	bool		weighted = frame->weighted || input->target->factored;
	double		row = us_target_row(input->target);
	double		largest = 0;
	double		most_weight = 0;
	int64		n = 0;

	f->n = frame->nrows;
	f->y = us_arena_array(arena, f->n, sizeof(float));
	f->key = us_arena_array(arena, f->n, sizeof(uint64));
	f->weight = weighted ? us_arena_array(arena, f->n, sizeof(float)) : NULL;
	/* single precision is enough around the middle of the target */
	f->centre = classes || log_link ? 0 : (input->target->min + input->target->max) / 2;
	f->low = input->target->min;
	if (log_link && !classes && f->low < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("objective \"%s\" needs a target that is not negative; \"%s\" goes down to %g",
						us_objective_names[f->plan.objective.kind], input->target->name, f->low),
				 errhint("Use objective squared, absolute, huber or quantile.")));
	us_progress("read the target", 0, 0);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *w;

		CHECK_FOR_INTERRUPTS();
		us_target_chunk(input->target, chunk, y);
		w = us_target_weights(input->target, chunk, y, room);
		for (int r = 0; r < chunk->nrows; r++, n++)
		{
			f->y[n] = (float) (y[r] - f->centre);
			f->key[n] = chunk->key[r];
			largest = fmax(largest, fabs(y[r] - f->centre));
			most_weight = fmax(most_weight, w ? w[r] / row : 1);
			if (f->weight)
				f->weight[n] = (float) (w ? w[r] / row : 1);
		}
	}
	check_range(f, largest, most_weight);
	pfree(room);
	pfree(y);
}

/* ---- the plan ---- */

static double
number(const Fit *f, const char *name)
{
	return us_tree_param(f->input, name)->number;
}

static void
choose_objective(Fit *f)
{
	UsObjective *o = &f->plan.objective;
	const char *name = us_tree_param(f->input, "objective")->text;

	o->n_scores = 1;
	if (f->input->task == US_TASK_CLASSIFICATION)
	{
		o->kind = f->input->target->n_classes == 2 ? US_OBJECTIVE_LOGISTIC : US_OBJECTIVE_MULTINOMIAL;
		o->n_scores = o->kind == US_OBJECTIVE_LOGISTIC ? 1 : f->input->target->n_classes;
		return;
	}
	while (strcmp(us_objective_names[o->kind], name) != 0)
		o->kind++;
	if (o->kind == US_OBJECTIVE_QUANTILE)
		o->parameter = number(f, "quantile");
	else if (o->kind == US_OBJECTIVE_TWEEDIE)
		o->parameter = number(f, "tweedie");
}

/* +1 or -1 for the columns that are named. */
static void
read_monotone(Fit *f)
{
	const UsParam *p = us_tree_param(f->input, "monotone");
	const UsEncoder *encoder = f->input->encoder;
	int			width = us_encoder_width(encoder);

	if (p->n_names == 0)
		return;
	if (f->plan.objective.kind == US_OBJECTIVE_MULTINOMIAL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("monotone columns need a number or two classes as target; \"%s\" has %d classes",
						f->input->target->name, f->input->target->n_classes)));
	f->monotone = palloc0(Max(width, 1));
	for (int i = 0; i < p->n_names; i++)
	{
		const char *name = p->names[i];
		int			sign = name[0] == '-' ? -1 : 1;
		bool		found = false;

		if (sign < 0)
			name++;
		for (int c = 0; c < width; c++)
			if (strcmp(us_encoder_column(encoder, c)->name, name) == 0 && us_encoder_levels(encoder, c) == 0)
			{
				f->monotone[c] = (int8) sign;
				found = true;
			}
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"monotone\" names \"%s\", which is not a column of numbers", name),
					 errhint("Name numeric features, with a minus in front where the prediction must not rise.")));
	}
	f->plan.rule.monotone = f->monotone;
}

static void
read_plan(Fit *f)
{
	UsBoostPlan *p = &f->plan;
	int			width = us_encoder_width(f->input->encoder);
	const UsParam *workers = us_tree_param(f->input, "workers");

	p->n_rounds = (int) us_tree_param(f->input, "n_rounds")->integer;
	p->learning_rate = number(f, "learning_rate");
	p->leaf_wise = strcmp(us_tree_param(f->input, "growth")->text, "leaf") == 0;
	p->max_depth = (int) us_tree_param(f->input, "max_depth")->integer;
	p->max_leaves = (int) us_tree_param(f->input, "max_leaves")->integer;
	if (p->max_depth < 12)
		p->max_leaves = Min(p->max_leaves, 1 << p->max_depth);
	p->n_columns = Max((int) rint(number(f, "column_share") * width), 1);
	p->sample_share = number(f, "row_share");
	p->patience = (int) us_tree_param(f->input, "early_stopping")->integer;
	p->valid_share = p->patience > 0 ? number(f, "validation_share") : 0;
	p->seed = f->input->seed;
	p->workers = workers->is_null ? -1 : (int) workers->integer;
	p->rule.kind = US_SPLIT_GRADIENT;
	p->rule.nstats = 2;
	p->rule.lambda = number(f, "l2");
	p->rule.min_weight = number(f, "min_child_weight");
	p->rule.min_gain = number(f, "min_gain");
	p->rule.level_smooth = p->rule.level_lambda = number(f, "level_smooth");
	read_monotone(f);
}

/* The weighted quantile of the targets, or of their distances to a value. */
static double
target_quantile(const Fit *f, double probability, double around)
{
	double	   *x = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) f->n);
	double	   *w = f->weight ? MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) f->n) : NULL;
	double		result;

	for (int64 i = 0; i < f->n; i++)
	{
		x[i] = isnan(around) ? f->y[i] : fabs(f->y[i] - around);
		if (w)
			w[i] = f->weight[i];
	}
	result = us_objective_quantile_of(x, w, f->n, probability);
	pfree(x);
	if (w)
		pfree(w);
	return result;
}

/* What all rows start from: the constant of least loss. */
static double *
base_scores(Fit *f)
{
	UsObjective *o = &f->plan.objective;
	double	   *base = palloc0(sizeof(double) * o->n_scores);
	UsExactSum	sum = {0};
	UsExactSum	mass = {0};
	double		mean;

	if (o->kind == US_OBJECTIVE_ABSOLUTE || o->kind == US_OBJECTIVE_HUBER || o->kind == US_OBJECTIVE_QUANTILE)
	{
		const UsParam *huber = us_tree_param(f->input, "huber");

		base[0] = target_quantile(f, o->kind == US_OBJECTIVE_QUANTILE ? o->parameter : 0.5, NAN);
		if (o->kind == US_OBJECTIVE_HUBER)
			o->parameter = huber->is_null ? fmax(target_quantile(f, 0.9, base[0]), 1e-12) : huber->number;
		return base;
	}
	if (o->kind == US_OBJECTIVE_MULTINOMIAL)
	{
		const UsTarget *t = f->input->target;

		for (int k = 0; k < o->n_scores; k++)
			base[k] = log(t->class_mass[k] * t->class_factor[k] / t->mass);
		return base;
	}
	for (int64 i = 0; i < f->n; i++)
	{
		double		w = f->weight ? f->weight[i] : 1;

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		us_exact_add(&sum, w * f->y[i]);
		us_exact_add(&mass, w);
	}
	mean = us_exact_round(&sum) / us_exact_round(&mass);
	if (o->kind == US_OBJECTIVE_LOGISTIC)
		base[0] = log(mean / (1 - mean));
	else
		base[0] = o->kind == US_OBJECTIVE_SQUARED ? mean : log(fmax(mean, 1e-12));
	return base;
}

/* ---- the vtable ---- */

static void
report(const Fit *f, const UsTreeModel *m, const UsBoostResult *b, UsReport *r)
{
	us_report_text(r, "objective", us_objective_names[m->objective.kind]);
	us_report_int(r, "rounds", b->rounds);
	us_report_bool(r, "stopped_early", b->stopped);
	us_report_number(r, "train_loss", b->train_loss);
	us_report_number(r, "validation_loss", b->valid_loss);
	us_report_int(r, "workers", b->workers);
	us_report_attach(r, "model", us_tree_model_describe(m));
}

static void
boosting_fit(const UsFitInput *input, UsFitResult *result)
{
	Fit			f = {.input = input};
	UsBoostResult b = {0};
	UsTreeModel *m = palloc0(sizeof(UsTreeModel));
	UsArena    *arena = us_arena_create(CurrentMemoryContext, input->budget);

	memset(result, 0, sizeof(UsFitResult));
	result->details = us_report_object();
	choose_objective(&f);
	read_rows(&f, arena);
	read_plan(&f);
	b.base = base_scores(&f);
	f.plan.column = us_tree_columns(input, (int) us_tree_param(input, "max_bins")->integer);
	us_boost(input, &f.plan, f.n, f.y, f.weight, f.key, &b);
	us_arena_reset(arena);

	m->kind = US_TREES_BOOSTED;
	m->n_labels = input->task == US_TASK_CLASSIFICATION ? input->target->n_classes : 0;
	m->objective = f.plan.objective;
	m->forest = b.forest;
	m->base = b.base;
	if (f.plan.objective.n_scores == 1)
		m->base[0] += f.centre;
	us_tree_model_background(m, input);
	us_tree_model_prepare(m);
	report(&f, m, &b, result->details);
	result->model = m;
	result->task = input->task;
	result->n_labels = m->n_labels;
	result->metric_value = NAN;
	result->converged = true;
	result->iterations = b.rounds;
}

static uint64
boosting_memory(const UsParams *params, int64 nrows, int width)
{
	uint64		leaves = (uint64) us_params_get(params, "max_leaves")->integer;

	return (uint64) nrows * (width + 8 + 8 + 8 + 12 + 16) +
		(leaves + 2 + 2 * US_BOOST_BATCH) * (uint64) width * (US_TREE_BINS + 1) * 16;
}

static void
boosting_loss(const UsParams *params, UsLoss *loss)
{
	const char *objective = us_params_get(params, "objective")->text;

	if (strcmp(objective, "absolute") == 0)
		loss->kind = US_LOSS_ABSOLUTE;
	else if (strcmp(objective, "quantile") == 0)
		*loss = (UsLoss) {US_LOSS_PINBALL, us_params_get(params, "quantile")->number};
	else if (strcmp(objective, "poisson") == 0)
		loss->kind = US_LOSS_POISSON;
	else if (strcmp(objective, "tweedie") == 0)
		*loss = (UsLoss) {US_LOSS_TWEEDIE, us_params_get(params, "tweedie")->number};
}

const UsAlgorithm us_algorithm_gradient_boosting = {
	.name = "gradient_boosting",
	.task = "classification, regression",
	.description = "gradient boosting of trees on binned columns: several losses, early stopping, monotone columns, native categories and missing values",
	.native = true,
	.needs_target = true,
	.params = specs,
	.fit = boosting_fit,
	.memory = boosting_memory,
	.loss = boosting_loss,
	.score = us_tree_model_score,
	.label = us_tree_model_label,
	.label_block = us_tree_model_label_block,
	.score_block = us_tree_model_score_block,
	.proba = us_tree_model_proba,
	.explain = us_tree_model_explain,
	.base = us_tree_model_base,
	.importance = us_tree_model_importance,
	.formula = us_tree_model_formula,
	.shape = US_SHAPE_TREES,
	.trees = us_tree_model_trees,
	.describe = us_tree_model_describe,
	.write = us_tree_model_write,
	.read = us_tree_model_read,
};
