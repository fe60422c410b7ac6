/*
 * random_forest.c
 *	  Random forests (L. Breiman, "Random Forests", Machine Learning 45 (2001)) for
 *	  classification and regression.
 */
#include "postgres.h"

#include <math.h>

#include "learn/forest_grow.h"
#include "math/exact_sum.h"

/* Leaves that one tree should not exceed when min_leaf is chosen by the number of rows. */
#define USUAL_LEAVES	20000
#define USUAL_LEAST		5


static const UsParamSpec specs[] = {
	{"n_trees", US_PARAM_INT, "200", 1, 100000, NULL,
	"number of trees"},
	{"max_features", US_PARAM_INT, NULL, 1, US_TREE_WIDTH, NULL,
	"columns tried at each node, constant ones not counted; default: the square root of their number for classes, a third for a regression"},
	{"max_depth", US_PARAM_INT, "100", 0, 1000, NULL,
	"most splits from the root to a leaf"},
	{"min_leaf", US_PARAM_NUMBER, NULL, 0, 1e12, NULL,
	"least weight (distinct rows) of a leaf; default 5, or a 20000th of the rows when that is more"},
	{"max_leaves", US_PARAM_INT, NULL, 2, 1e9, NULL,
	"most leaves of a tree, the largest gains first; default: no limit"},
	{"min_gain", US_PARAM_NUMBER, "0", 0, INFINITY, NULL,
	"least gain of a split: decrease of impurity times weight"},
	US_TREE_CRITERION_PARAM,
	{"bootstrap", US_PARAM_BOOL, "true", 0, 0, NULL,
	"each tree has a bootstrap sample of the rows; false: all rows"},
	{"sample_share", US_PARAM_NUMBER, "1", 0.001, 1, NULL,
	"size of a bootstrap sample as a share of the rows"},
	{"leaf_samples", US_PARAM_INT, "0", 0, US_TREE_SAMPLES, NULL,
	"for a regression: targets of training rows that are kept for each leaf, for predict_quantile; 1 or a few do"},
	{"max_bins", US_PARAM_INT, "255", 2, US_TREE_BINS, NULL,
	"most bins that a number is cut into"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	US_TREE_BACKGROUND_PARAM,
	{NULL}
};

static void
read_plan(const UsFitInput *input, const UsTreeStats *stats, UsSplitRule *rule, UsForestPlan *plan)
{
	int			width = us_encoder_width(input->encoder);
	const UsParam *features = us_tree_param(input, "max_features");
	const UsParam *leaf = us_tree_param(input, "min_leaf");
	const UsParam *leaves = us_tree_param(input, "max_leaves");
	const UsParam *workers = us_tree_param(input, "workers");
	double		usual = fmax(USUAL_LEAST, ceil((double) stats->n / USUAL_LEAVES));

	*rule = us_tree_average_rule(input, stats,
								 leaf->is_null ? usual : leaf->number,
								 us_tree_param(input, "min_gain")->number);
	plan->grow.rule = rule;
	plan->grow.try = !features->is_null ? Min((int) features->integer, width) :
		Max(stats->n_classes > 0 ? (int) sqrt((double) width) : width / 3, 1);
	plan->grow.max_depth = (int) us_tree_param(input, "max_depth")->integer;
	plan->grow.max_leaves = leaves->is_null ? PG_INT64_MAX : leaves->integer;
	/* the weights of a sample are multiplicities: so much has a distinct row on average */
	if (us_tree_param(input, "bootstrap")->boolean)
	{
		double		share = us_tree_param(input, "sample_share")->number;

		rule->min_weight *= share / -expm1(-share);
	}
	plan->n_trees = (int) us_tree_param(input, "n_trees")->integer;
	plan->bootstrap = us_tree_param(input, "bootstrap")->boolean;
	plan->share = us_tree_param(input, "sample_share")->number;
	plan->oob = plan->bootstrap;
	plan->n_samples = (int) us_tree_param(input, "leaf_samples")->integer;
	if (plan->n_samples > 0 && stats->n_classes > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"leaf_samples\" is for regressions, and the target has %d classes", stats->n_classes),
				 errhint("Leave it out: userseg.predict_proba has the distribution of classes.")));
	plan->seed = input->seed;
	plan->workers = workers->is_null ? -1 : (int) workers->integer;
}

/* Sums over the rows that some tree did not see. */
typedef struct OobSums
{
	int64		rows;
	UsExactSum	weight;
	UsExactSum	right;
	UsExactSum	loss;
	UsExactSum	square;
	UsExactSum	total;
} OobSums;

static void
add_oob(OobSums *s, const UsTreeStats *stats, const UsTreeItem *item, const double *sum, double n)
{
	double		w = (stats->n_classes ? item->a : item->b) * stats->unit_h;
	double		square = 0;
	int			best = 0;

	s->rows++;
	us_exact_add(&s->weight, w);
	if (stats->n_classes == 0)
	{
		double		y = stats->absolute ? item->a * stats->unit : -item->a * stats->unit / w;
		double		d = sum[0] / n - y;

		us_exact_add(&s->square, w * d * d);
		us_exact_add(&s->total, w * y * y);
		return;
	}
	for (int c = 0; c < stats->n_classes; c++)
	{
		double		d = sum[c] / n - (c == item->b);

		if (sum[c] > sum[best])
			best = c;
		square += d * d;
	}
	us_exact_add(&s->square, w * square);
	us_exact_add(&s->right, best == item->b ? w : 0);
	us_exact_add(&s->loss, -w * log(fmax(sum[item->b] / n, 1e-15)));
}

/* Out-of-bag accuracy, log loss and Brier score; or root mean squared error and R squared. */
static void
report_oob(const UsTreeStats *stats, const UsForestOob *oob, UsReport *details)
{
	UsReport   *r = us_report_add_object(details, "out_of_bag");
	int			k = Max(stats->n_classes, 1);
	OobSums    *s = palloc0(sizeof(OobSums));
	double		weight;

	for (int64 i = 0; i < stats->n; i++)
		if (oob->n[i] > 0)
			add_oob(s, stats, &stats->item[i], oob->sum + i * k, oob->n[i]);
	us_report_int(r, "rows", s->rows);
	if (s->rows == 0)
		return;
	weight = us_exact_round(&s->weight);
	if (stats->n_classes == 0)
	{
		double		total = us_exact_round(&s->total);

		us_report_number(r, "rmse", sqrt(us_exact_round(&s->square) / weight));
		us_report_number(r, "r2", total > 0 ? 1 - us_exact_round(&s->square) / total : NAN);
		return;
	}
	us_report_number(r, "accuracy", us_exact_round(&s->right) / weight);
	us_report_number(r, "log_loss", us_exact_round(&s->loss) / weight);
	us_report_number(r, "brier", us_exact_round(&s->square) / weight / (k == 2 ? 2 : 1));
}

static void
forest_fit(const UsFitInput *input, UsFitResult *result)
{
	UsTreeModel *m = palloc0(sizeof(UsTreeModel));
	UsTreeStats stats = {0};
	UsForestPlan plan = {{0}};
	UsForestOob oob = {0};
	UsSplitRule rule;
	UsArena    *arena = us_arena_create(CurrentMemoryContext, input->budget);

	memset(result, 0, sizeof(UsFitResult));
	result->details = us_report_object();
	stats.item = us_arena_array(arena, input->frame->nrows, sizeof(UsTreeItem));
	stats.key = us_arena_array(arena, input->frame->nrows, sizeof(uint64));
	stats.absolute = us_tree_absolute(input);
	us_tree_stats_fill(input, &stats);
	plan.grow.column = us_tree_columns(input, (int) us_tree_param(input, "max_bins")->integer);
	read_plan(input, &stats, &rule, &plan);

	m->kind = US_TREES_AVERAGE;
	m->n_labels = stats.n_classes;
	m->forest = us_forest_grow(input, &plan, &stats, &oob, result->details);
	m->base = palloc(sizeof(double));
	m->base[0] = stats.centre;
	us_tree_model_background(m, input);
	us_tree_model_prepare(m);
	us_report_attach(result->details, "model", us_tree_model_describe(m));
	us_report_number(result->details, "least_leaf_weight", rule.min_weight);
	us_report_int(result->details, "max_features", plan.grow.try);
	if (plan.oob)
		report_oob(&stats, &oob, result->details);
	us_arena_reset(arena);

	result->model = m;
	result->task = input->task;
	result->n_labels = stats.n_classes;
	result->metric_value = NAN;
	result->converged = true;
	result->iterations = plan.n_trees;
}

static uint64
forest_memory(const UsParams *params, int64 nrows, int width)
{
	return (uint64) nrows * (width + 3 * sizeof(UsTreeItem) + sizeof(uint64) + 2 * sizeof(double)) +
		(uint64) us_params_get(params, "n_trees")->integer * Min(nrows / USUAL_LEAST, USUAL_LEAVES) * 2 *
		(sizeof(UsTreeNode) + 2 * sizeof(float));
}

const UsAlgorithm us_algorithm_random_forest = {
	.name = "random_forest",
	.task = "classification, regression",
	.description = "random forest: trees on bootstrap samples, out-of-bag error, native categories and missing values",
	.native = true,
	.needs_target = true,
	.params = specs,
	.fit = forest_fit,
	.memory = forest_memory,
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
	.quantile = us_tree_model_quantile,
	.describe = us_tree_model_describe,
	.write = us_tree_model_write,
	.read = us_tree_model_read,
};
