/*
 * tree.h
 *	  Decision trees over binned columns: what single trees, forests and boosting share.
 *
 * Every encoded column is cut into at most US_TREE_BINS bins, learned once: numbers by
 * thresholds, native categories by their level.  A missing value has the bin behind the
 * last one while trees are grown, where sums of few bins are good, and the fixed
 * US_TREE_MISSING when rows are scored, where looking at the column costs.  Trees compare bins, so that scoring looks up the bins of a row once and then
 * walks any number of trees over bytes.
 */
#ifndef US_TREE_H
#define US_TREE_H

#include "infra/arena.h"
#include "infra/buffer.h"

#define US_TREE_BINS	255		/* bins of values; one more may stand for missing */
#define US_TREE_MISSING	255		/* bin of a missing value in scoring */
#define US_TREE_WIDTH	65535	/* columns */
#define US_TREE_DEPTH	1000	/* splits from the root to a leaf */

/* One column as trees see it. */
typedef struct UsTreeColumn
{
	bool		native;			/* bins are levels of a category, without an order */
	int			nbins;			/* 1 .. US_TREE_BINS; the bin of a missing value is nbins */
	double	   *threshold;		/* [nbins - 1], ascending: bin b holds threshold[b - 1] < x <= threshold[b]; NULL when native */
} UsTreeColumn;

/* Bits of UsTreeNode.flags. */
#define US_NODE_MISSING_LEFT	1
#define US_NODE_SET				2	/* a category: the set of bins that go left */

/*
 * A node.  Children stand side by side and behind their parent: left, left + 1.
 */
typedef struct UsTreeNode
{
	int32		left;			/* 0: a leaf */
	uint16		column;
	uint8		bin;			/* bins up to here go left */
	uint8		flags;
	float		cover;			/* weight of its training rows */
	float		gain;			/* of the split */
	union
	{
		double		value;		/* leaf: what it predicts */
		int64		place;		/* leaf with a distribution: its number; US_NODE_SET: number of the set */
	}			u;
} UsTreeNode;

/* The bins that go left, one bit each. */
typedef struct UsTreeSet
{
	uint64		bit[4];
} UsTreeSet;

/* What a row needs of a node on its way down: a third of its bytes (tree_walk.c). */
typedef uint64 UsTreeStep;

/* Trees one after the other in flat arrays. */
typedef struct UsForest
{
	int			width;
	UsTreeColumn *column;		/* [width] */
	int			n_classes;		/* leaves hold a distribution over so many classes; 0: a value */
	int			n_scores;		/* values: tree t adds to score t % n_scores */
	int			n_trees;
	int32	   *root;			/* [n_trees + 1] first node of each tree; children are relative to it */
	UsTreeNode *node;			/* [root[n_trees]] */
	int64		n_sets;
	UsTreeSet  *set;
	int64		n_places;
	float	   *place;			/* [n_places][n_classes], each summing to 1 */

	int			n_samples;		/* targets of training rows kept for each leaf; 0: none */
	float	   *sample;			/* [leaves of all trees][n_samples], on the scale of the values */

	/* of us_forest_prepare() */
	UsTreeStep *step;			/* [root[n_trees]] */
	double	   *value;			/* [same] of leaves; NULL: look at the nodes */
	uint16	   *depth;			/* [n_trees]; NULL: not known */
	float	   *spread;			/* [same][n_classes] distributions of leaves; NULL: look at the nodes */
	int32	   *leaf_number;	/* [same] how many leaves stand before a node; NULL without samples */
} UsForest;

/* Targets kept for a leaf, at most. */
#define US_TREE_SAMPLES	64

/* The bin of a value; missing is what stands for none, and for a level that does not exist. */
static inline uint8
us_tree_bin(const UsTreeColumn *c, double x, uint8 missing)
{
	const double *above = c->threshold;
	int			n = c->nbins - 1;

	if (x != x)
		return missing;
	if (c->native)
		return x >= 0 && x < c->nbins ? (uint8) x : missing;
	if (n == 0)
		return 0;
	/* the number of thresholds below x, without a branch that depends on it */
	while (n > 1)
	{
		int			half = n / 2;

		above += half * (above[half - 1] < x);
		n -= half;
	}
	return (uint8) (above - c->threshold + (above[0] < x));
}

/* Whether a row with that bin goes left. */
static inline bool
us_node_left(const UsTreeNode *node, const UsTreeSet *set, uint8 bin, uint8 missing)
{
	if (bin == missing)
		return (node->flags & US_NODE_MISSING_LEFT) != 0;
	if (node->flags & US_NODE_SET)
		return (set[node->u.place].bit[bin >> 6] >> (bin & 63)) & 1;
	return bin <= node->bin;
}

/*
 * The same for v[n], to out[0], out[step], ...
 */
extern void us_tree_bin_block(const UsTreeColumn *c, const double *v, int n, uint8 missing,
							  uint8 *out, Size step);

/* The steps of the n nodes of one tree, the first of which is that of the forest. */
extern void us_tree_steps(const UsTreeNode *node, int32 n, int32 first, UsTreeStep *step);

/* Splits from the root to the deepest leaf of a tree of n nodes. */
extern int	us_tree_depth(const UsTreeNode *node, int32 n);

/* Make a forest ready for scoring, from its nodes. */
extern void us_forest_prepare(UsForest *f);

/* Bins of one row x[width]. */
extern void us_forest_bins(const UsForest *f, const double *x, uint8 *bin);

/* The leaf of tree t that a row falls into. */
extern const UsTreeNode *us_forest_leaf(const UsForest *f, int t, const uint8 *bin);

/*
 * The leaves of tree t for n rows of bin[][width], row[n] or, NULL, the first ones: numbers of nodes,
 * counted from the first one of all trees.
 */
extern void us_forest_leaves(const UsForest *f, int t, const uint8 *bin, const int *row, int n,
							 int32 *leaf);

/* Add what a leaf of tree t, a node as above, says to the sums of a row, sum[us_forest_sums]. */
extern void us_forest_add_leaf(const UsForest *f, int t, int32 leaf, double *sum);

/*
 * The targets kept in the leaves of all trees that a row of bin[width] falls into, to out[n_trees * n_samples].
 */
extern void us_forest_samples(const UsForest *f, const uint8 *bin, double *out);

/* Leaves of n nodes. */
extern int32 us_tree_leaves(const UsTreeNode *node, Size n);

/*
 * Bins of a block x[width][stride] of nrows rows, row-major: bin[nrows][width].
 */
extern void us_forest_bins_block(const UsForest *f, const double *x, int stride, int nrows,
								 uint8 *bin);

/* Sums that trees add to: classes, or scores. */
static inline int
us_forest_sums(const UsForest *f)
{
	return f->n_classes > 0 ? f->n_classes : f->n_scores;
}

/*
 * Sums over all trees, for nrows rows with bin[nrows][width]: of values or of distributions, to
 * sum[nrows][us_forest_sums].  Trees are added one after the other, so that the result is that of a
 * single row.
 */
extern void us_forest_sum(const UsForest *f, const uint8 *bin, int nrows, double *sum);

/*
 * Stored form.  read checks everything against the width (22P03): thresholds finite and ascending,
 * children behind their parents and inside the tree, each with one parent, not deeper than US_TREE_DEPTH, columns, bins, sets and places
 * in range, values finite, distributions that sum to 1.
 */
extern void us_forest_write(const UsForest *f, UsWriter *w);
extern UsForest *us_forest_read(UsReader *r, int width);

#endif
