/*
 * linkage_tree.h
 *	  The tree of a hierarchical clustering: its leaves in order, its cuts, and how
 *	  well it stands for the distances.
 */
#ifndef US_LINKAGE_TREE_H
#define US_LINKAGE_TREE_H

#include "stat/linkage.h"

/*
 * The leaves of every cluster stand side by side in the order of the leaves (left child a, right
 * child b, as scipy's dendrogram has it by default), and every merge parts its two halves at
 * another place.  So the rank of the merge that parts place i - 1 from place i, in the order in which
 * merges are undone, tells all cuts.
 */
typedef struct UsTree
{
	int			n;				/* leaves */
	const UsMerge *merge;		/* [n - 1] */
	int32	   *order;			/* [n] leaf in each place */
	int32	   *rank;			/* [n] of the merge that parts place i from the one before, 0 is the first undone; rank[0] is not used */
	int32	   *undo;			/* [n - 1] merges in the order in which they are undone */
	double	   *top;			/* [n - 1] the largest height in the cluster that a merge makes */
} UsTree;

/*
 * Do these merges make a tree of n leaves?  Every cluster but the last goes into exactly one
 * later merge, a < b, heights are finite and not negative.
 */
extern bool us_tree_valid(const UsMerge *merge, int n);

/* Bytes of a tree of n leaves, and the tree of valid merges, which must live as long; in the current context. */
extern Size us_tree_bytes(int n);
extern UsTree *us_tree_make(const UsMerge *merge, int n);

/*
 * Undo the k - 1 highest merges: label[n] of the leaves, 1 .. k from left to right.  A
 * merge is as high as the highest below it; of equally high ones the later is undone first.
 */
extern void us_tree_cut(const UsTree *tree, int k, int32 *label);

/* The number of clusters when no merge above height is done. */
extern int	us_tree_clusters_at(const UsTree *tree, double height);

/*
 * The heights between which a cut gives k clusters: *low <= height < *high; low is 0 for k = n, high
 * infinite for k = 1.  They are equal where equal heights leave no such cut.
 */
extern void us_tree_interval(const UsTree *tree, int k, double *low, double *high);

/*
 * Inconsistency coefficient of each merge (A. K. Jain and R. C. Dubes, Algorithms for Clustering
 * Data, 1988, section 3.2; as scipy's inconsistent(Z, depth)): (height - mean) / sd of the heights
 * of the merges from it down to depth levels, sd with n - 1; 0 where sd is 0.  out[n - 1].
 */
extern void us_tree_inconsistency(const UsMerge *merge, int n, int depth, double *out);

/* The points at the leaves, for what follows. */
typedef struct UsTreePoints
{
	int			n;
	int			width;
	UsMetric	metric;			/* as UsLinkageInput */
	const double *x;			/* [n][width] */
	const double *weight;		/* [n], or NULL: 1 */
	const double *own;			/* [n] weight of one of the rows that a point stands for, or NULL: 1 */
	const bool *chosen;			/* [n] only these take part, or NULL: all */
} UsTreePoints;

/*
 * Pearson's correlation of the distances of all pairs of points with their cophenetic distances, the
 * heights at which they come together (R. R. Sokal and F. J. Rohlf, Taxon 11, 1962); pairs count by
 * the product of their weights.  NaN when one of the two does not vary.  Time O(n^2 width).
 */
extern double us_tree_cophenetic(const UsTree *tree, const UsTreePoints *points);

/*
 * The mean silhouettes (stat/cluster_metrics.h) of the cuts into lo .. hi clusters, in one pass over
 * all pairs: out[hi - lo + 1]; NaN for fewer than two clusters with points.
 */
extern void us_tree_silhouettes(const UsTree *tree, const UsTreePoints *points, int lo, int hi, double *out);

#endif
