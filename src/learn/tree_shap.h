/*
 * tree_shap.h
 *	  Shapley values of the answers of trees.
 *
 * What a row x gets from a sum of trees is told apart by columns.  The value of a set S of columns is what the
 * trees say when only the columns of S are known:
 *
 *	- path dependent: at a split of another column both sides are followed, each by its share of the training
 *	  rows (S. Lundberg, G. Erion, S.-I. Lee, "Consistent individualized feature attribution for tree ensembles",
 *	  arXiv:1802.03888 (2018), algorithm 1);
 *	- interventional: the other columns are taken from rows of a background sample, and the answers
 *	  averaged (S. Lundberg et al., "From local explanations to global understanding with explainable AI for
 *	  trees", Nature Machine Intelligence 2 (2020)).
 *
 * The Shapley value of a column is the mean of what knowing it adds over all orders in which columns become known; the
 * values add up to the answer less the expected one.
 */
#ifndef US_TREE_SHAP_H
#define US_TREE_SHAP_H

#include "learn/tree.h"

typedef struct UsTreeShap
{
	const UsForest *forest;
	int			depth;			/* most splits from a root to a leaf */
	int		   *points;			/* [n_trees] path dependent: nodes of the quadrature */
	double	   *expected;		/* [us_forest_sums] expected value of each sum */
	int			n_background;	/* 0: path dependent */
	const uint8 *background;	/* [n_background][width] bins, US_TREE_MISSING for missing values */

	/* scratch of path dependent values; tree_shap_path.c */
	struct UsShapLevel *level;	/* [depth + 1] */
	double	  **rule_of;		/* [most points + 1] nodes, then weights, by the number of points; NULL: not used */
	double	   *vectors;		/* 4 of them a level */
	uint16	   *last;			/* [width] */

	/* scratch of interventional ones; tree_shap_background.c */
	uint8	   *side;			/* [width] */
	double	   *inverse;		/* [depth + 2] */
} UsTreeShap;

/*
 * Prepare a forest for explanations, in the current memory context; forest and background are not copied.  What is
 * looked at is bounded by the number of nodes, the depth by US_TREE_DEPTH.
 */
extern UsTreeShap *us_tree_shap_create(const UsForest *forest, const uint8 *background, int n_background);

/*
 * Add to phi[width] the Shapley values of sum factor[k] * (sum k of the forest), us_forest_sums of them, for the row with
 * bin[width] (US_TREE_MISSING for missing values).  They add up to its value less the sum of factor[k] * expected[k].
 */
extern void us_tree_shap(UsTreeShap *shap, const uint8 *bin, const double *factor, double *phi);

/* ---- between the files of tree_shap ---- */

/*
 * The share of the training rows of a split that goes to child 0 or 1, by the weights of the children: they need
 * not be exactly that of the node.
 */
static inline double
us_shap_share(const UsTreeNode *left, int child)
{
	double		both = (double) left[0].cover + left[1].cover;

	return both > 0 ? left[child].cover / both : 0.5;
}

/* What a leaf adds to the sum that is explained; only is the one class with a factor, or -1. */
static inline double
us_shap_leaf(const UsForest *f, const UsTreeNode *leaf, const double *factor, int only)
{
	const float *place;
	double		sum = 0;

	if (f->n_classes == 0)
		return leaf->u.value * factor[0];
	place = f->place + leaf->u.place * f->n_classes;
	if (only >= 0)
		return place[only] * factor[only];
	for (int k = 0; k < f->n_classes; k++)
		sum += place[k] * factor[k];
	return sum;
}

/* Rules of quadrature and scratch memory for path dependent values. */
extern void us_shap_path_prepare(UsTreeShap *shap);
/* The values of tree t, whose root is split, added to phi; factor as us_shap_leaf has it. */
extern void us_shap_path(UsTreeShap *shap, int t, const uint8 *bin, const double *factor, int only, double *phi);
/* The same, interventional. */
extern void us_shap_background_prepare(UsTreeShap *shap);
/* The same, interventional: the mean over the background rows. */
extern void us_shap_background(UsTreeShap *shap, int t, const uint8 *bin, const double *factor, int only, double *phi);

#endif
