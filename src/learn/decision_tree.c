/*
 * decision_tree.c
 *	  Classification and regression trees (Breiman, Friedman, Olshen and Stone, Classification
 *	  and Regression Trees, 1984) on binned columns.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/tree_prune.h"

static const char *const prunings[] = {"cross_validation", "alpha", "none", NULL};

static const UsParamSpec specs[] = {
	US_TREE_CRITERION_PARAM,
	{"max_depth", US_PARAM_INT, "30", 0, 1000, NULL,
	"most splits from the root to a leaf"},
	{"min_leaf", US_PARAM_NUMBER, "5", 0, 1e12, NULL,
	"least weight (rows) of a leaf"},
	{"max_leaves", US_PARAM_INT, NULL, 2, 1e9, NULL,
	"most leaves, the largest gains first; default: no limit"},
	{"min_gain", US_PARAM_NUMBER, "0", 0, INFINITY, NULL,
	"least gain of a split: decrease of impurity times weight"},
	{"pruning", US_PARAM_CHOICE, "\"cross_validation\"", 0, 0, prunings,
	"cross_validation finds the penalty of a leaf that predicts best; alpha gives it; none keeps the tree as grown"},
	{"alpha", US_PARAM_NUMBER, "0", 0, 1e12, NULL,
	"with pruning alpha: penalty of a leaf, as impurity per unit of weight"},
	{"folds", US_PARAM_INT, "5", 2, 100, NULL,
	"folds of the cross-validation"},
	{"max_bins", US_PARAM_INT, "255", 2, US_TREE_BINS, NULL,
	"most bins that a number is cut into"},
	US_TREE_BACKGROUND_PARAM,
	{NULL}
};

static void
read_plan(const UsFitInput *input, const UsTreeStats *stats, UsSplitRule *rule, UsGrowPlan *plan)
{
	const UsParam *leaves = us_tree_param(input, "max_leaves");

	*rule = us_tree_average_rule(input, stats,
								 us_tree_param(input, "min_leaf")->number,
								 us_tree_param(input, "min_gain")->number);
	plan->rule = rule;
	plan->try = us_encoder_width(input->encoder);
	plan->max_depth = (int) us_tree_param(input, "max_depth")->integer;
	plan->max_leaves = leaves->is_null ? PG_INT64_MAX : leaves->integer;
	plan->keep_stats = true;
}

/* The pruned tree; says what was done. */
static UsGrownTree *
prune(const UsFitInput *input, const UsGrowPlan *plan, const UsTreeStats *stats,
	  UsTreeItem *item, UsGrownTree *tree, UsReport *details)
{
	const char *how = us_tree_param(input, "pruning")->text;
	double	   *link;
	double		alpha = us_tree_param(input, "alpha")->number;
	double		weight = us_split_weight(plan->rule, tree->stat);
	UsReport   *r = us_report_add_object(details, "pruning");

	us_report_text(r, "by", how);
	us_report_int(r, "leaves_grown", (tree->n + 1) / 2);
	if (strcmp(how, "none") == 0)
		return tree;
	link = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) tree->n);
	us_prune_links(tree, weight, link);
	if (strcmp(how, "cross_validation") == 0)
		alpha = us_prune_choose(plan, stats, item, tree, link,
								(int) us_tree_param(input, "folds")->integer, input->seed);
	us_report_number(r, "alpha", alpha);
	return us_prune_tree(tree, plan->rule, link, alpha);
}

static UsForest *
forest_of_tree(const UsFitInput *input, UsTreeColumn *column, const UsGrownTree *tree, int n_classes)
{
	UsForest   *f = palloc0(sizeof(UsForest));

	f->width = us_encoder_width(input->encoder);
	f->column = column;
	f->n_classes = n_classes;
	f->n_scores = n_classes == 0;
	f->n_trees = 1;
	f->root = palloc0(2 * sizeof(int32));
	f->root[1] = tree->n;
	f->node = tree->node;
	f->n_sets = tree->n_sets;
	f->set = tree->set;
	f->n_places = tree->n_places;
	f->place = tree->place;
	return f;
}

static void
tree_fit(const UsFitInput *input, UsFitResult *result)
{
	UsTreeModel *m = palloc0(sizeof(UsTreeModel));
	UsTreeStats stats = {0};
	UsGrowPlan	plan = {0};
	UsSplitRule rule;
	UsTreeColumn *column;
	UsGrownTree *tree;
	UsTreeRows	rows = {.n = input->frame->nrows, .width = us_encoder_width(input->encoder)};
	UsArena    *arena = us_arena_create(CurrentMemoryContext, input->budget);
	UsTreeItem *item;
	Size		scratch;

	memset(result, 0, sizeof(UsFitResult));
	result->details = us_report_object();
	stats.item = us_arena_array(arena, rows.n, sizeof(UsTreeItem));
	stats.key = us_arena_array(arena, rows.n, sizeof(uint64));
	stats.absolute = us_tree_absolute(input);
	us_tree_stats_fill(input, &stats);
	column = us_tree_columns(input, (int) us_tree_param(input, "max_bins")->integer);
	rows.row_bin = us_arena_array(arena, rows.n, rows.width);
	us_tree_bin_rows(input, column, &rows);
	read_plan(input, &stats, &rule, &plan);
	plan.column = column;
	plan.rows = &rows;
	item = us_arena_array(arena, rows.n, sizeof(UsTreeItem));
	memcpy(item, stats.item, sizeof(UsTreeItem) * (Size) rows.n);
	scratch = us_grow_bytes(&plan, rows.n, stats.weight);
	us_budget_take(input->budget, scratch, "growing a tree");
	us_progress("grow trees", 0, 1);
	tree = us_grow_tree(&plan, item, rows.n, input->seed);
	tree = prune(input, &plan, &stats, item, tree, result->details);
	us_budget_release(input->budget, scratch);

	m->kind = US_TREES_AVERAGE;
	m->n_labels = stats.n_classes;
	m->forest = forest_of_tree(input, column, tree, stats.n_classes);
	m->base = palloc(sizeof(double));
	m->base[0] = stats.centre;
	us_tree_model_background(m, input);
	us_tree_model_prepare(m);
	us_report_attach(result->details, "model", us_tree_model_describe(m));
	us_arena_reset(arena);

	result->model = m;
	result->task = input->task;
	result->n_labels = stats.n_classes;
	result->metric_value = NAN;
	result->converged = true;
	result->iterations = 1;
}

static uint64
tree_memory(const UsParams *params, int64 nrows, int width)
{
	return (uint64) nrows * (width + 4 * sizeof(UsTreeItem) + sizeof(uint64));
}

const UsAlgorithm us_algorithm_decision_tree = {
	.name = "decision_tree",
	.task = "classification, regression",
	.description = "decision tree (CART): pruned by cross-validation, native categories and missing values",
	.native = true,
	.needs_target = true,
	.params = specs,
	.fit = tree_fit,
	.memory = tree_memory,
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
