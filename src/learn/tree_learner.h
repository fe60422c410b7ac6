/*
 * tree_learner.h
 *	  What the algorithms that learn trees have in common: rows as items, and the
 *	  trained model.
 */
#ifndef US_TREE_LEARNER_H
#define US_TREE_LEARNER_H

#include "learn/algorithm.h"
#include "learn/tree_grow.h"
#include "learn/tree_objective.h"

typedef enum UsTreeModelKind
{
	US_TREES_AVERAGE,			/* the mean of the trees: single trees and forests */
	US_TREES_BOOSTED			/* the sum of the trees is a score */
} UsTreeModelKind;

typedef struct UsTreeModel
{
	UsTreeModelKind kind;
	int			n_labels;		/* classes; 0: regression */
	UsForest   *forest;
	double	   *base;			/* [n_scores] what the sums are added to */
	UsObjective objective;		/* BOOSTED */
	double	   *importance;		/* [width] gain of the splits by column, summing to 1 */
	int			n_background;	/* rows that explanations are counted from; 0: none, they follow the training rows' shares */
	uint8	   *background;		/* [n_background][width] their bins */
	struct UsTreeShap *shap;	/* made by the first explanation */

	/* scratch of scoring */
	int			block;			/* rows that go through a tree before the next */
	uint8	   *bin;			/* [block][width] */
	double	   *sum;			/* [block][sums] */
	double	   *draw;			/* [n_trees * n_samples]; NULL without samples */
} UsTreeModel;

/* Most rows of a background sample, and the parameter that asks for one. */
#define US_TREE_BACKGROUND	1000
#define US_TREE_BACKGROUND_PARAM \
	{"background", US_PARAM_INT, "0", 0, US_TREE_BACKGROUND, NULL, \
	"training rows whose bins are kept in the model, from which reasons are counted; 0: from the shares of the training rows at each split"}

/* Keep the background sample that the parameter asks for; the forest has its columns. */
extern void us_tree_model_background(UsTreeModel *m, const UsFitInput *input);

/* Finish a model whose forest is complete: importance, scratch. */
extern void us_tree_model_prepare(UsTreeModel *m);

/* Functions of the vtable. */
extern void us_tree_model_score(const void *model, const double *x, UsScore *score);
extern int	us_tree_model_label(const void *model, const double *x);
extern void us_tree_model_label_block(const void *model, const double *x, int stride, int nrows,
									  int32 *label);
extern void us_tree_model_score_block(const void *model, const double *x, int stride, int nrows,
									  UsScore *out);
extern void us_tree_model_proba(const void *model, const double *x, double *p);
extern UsFormula *us_tree_model_formula(const void *model, const UsFormulaRequest *request);
extern void us_tree_model_explain(const void *model, const double *x, const UsScore *score, double *c);
extern double us_tree_model_base(const void *model, const double *x, const UsScore *score);
extern bool us_tree_model_importance(const void *model, UsImportanceKind kind, double *value);
extern double us_tree_model_quantile(const void *model, const double *x, double p);
extern const UsForest *us_tree_model_trees(const void *model, UsTreeMeaning *meaning);
extern UsReport *us_tree_model_describe(const void *model);
extern void us_tree_model_write(const void *model, UsWriter *w);
extern void *us_tree_model_read(UsReader *r, int width, int *n_labels);

/* A row is at most so often in a bootstrap sample. */
#define US_TREE_MOST_DRAWN	16

/* The statistics of training rows, on a grid. */
typedef struct UsTreeStats
{
	int64		n;
	int			n_classes;		/* 0: regression */
	double		unit;			/* of weights (classes), and of weighted targets (regression) */
	double		unit_h;			/* of weights (regression) */
	double		centre;			/* regression: targets are relative to it */
	double		weight;			/* of all rows together */
	bool		absolute;		/* regression: for the absolute error */
	UsTreeItem *item;			/* [n]: weight and class; or minus the weighted target (absolute: the target), and the weight */
	uint64	   *key;			/* [n] row keys */
} UsTreeStats;

/* The target of an item of a regression, less the centre. */
static inline double
us_tree_item_value(const UsSplitRule *rule, const UsTreeItem *item)
{
	if (rule->kind == US_SPLIT_ABSOLUTE)
		return item->a * rule->unit_g;
	return -(item->a * rule->unit_g) / (item->b * rule->unit_h);
}

/* Read targets, weights and keys of all rows; item and key are room of the caller; absolute is set. */
extern void us_tree_stats_fill(const UsFitInput *input, UsTreeStats *stats);

/*
 * The criteria of trees that average, the parameter, and the rule that it asks for; 22023 for a criterion of
 * regressions and a target of classes.
 */
extern const char *const us_tree_criteria[];
#define US_TREE_CRITERION_PARAM \
	{"criterion", US_PARAM_CHOICE, "\"gini\"", 0, 0, us_tree_criteria, \
	"impurity of classes, gini or entropy; a regression minimises the variance, or with absolute_error the absolute error"}
extern bool us_tree_absolute(const UsFitInput *input);
extern UsSplitRule us_tree_average_rule(const UsFitInput *input, const UsTreeStats *stats, double min_weight,
										double min_gain);

/* The value of the boolean, number or integer parameter of that name. */
extern const UsParam *us_tree_param(const UsFitInput *input, const char *name);

#endif
