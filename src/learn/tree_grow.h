/*
 * tree_grow.h
 *	  Growing one tree in one process, for single trees and forests.
 */
#ifndef US_TREE_GROW_H
#define US_TREE_GROW_H

#include "learn/tree_data.h"
#include "learn/tree_split.h"

/* A row of the tree that grows, with what is summed up. */
typedef struct UsTreeItem
{
	uint32		row;
	int32		a;				/* GRADIENT: gradient; ABSOLUTE: target; else the weight */
	int32		b;				/* GRADIENT: hessian; ABSOLUTE: weight; else the class */
} UsTreeItem;

typedef struct UsGrowPlan
{
	const UsTreeColumn *column;
	const UsTreeRows *rows;		/* row after row */
	const UsSplitRule *rule;
	int			try;			/* columns that are tried at each node, drawn anew; width: all */
	int			max_depth;		/* of leaves; 0: only a root */
	int64		max_leaves;		/* the largest gains are split first; PG_INT64_MAX: no limit */
	bool		keep_stats;		/* the tree has the sums of all its nodes */
} UsGrowPlan;

/* A tree as it was grown, children in the order of their parents (learn/tree.h). */
typedef struct UsGrownTree
{
	int32		n;
	UsTreeNode *node;
	int			n_sets;
	UsTreeSet  *set;
	int			n_places;
	float	   *place;			/* [n_places][nstats] shares of the classes */
	int64	   *stat;			/* [n][nstats] sums, if kept */
	double	   *gain;			/* [n] of the splits, if sums are kept: those of the nodes are in single precision */
} UsGrownTree;

/* Most nodes that a tree of n rows with that weight together can have. */
extern int64 us_grow_most_nodes(const UsGrowPlan *plan, int64 n, double weight);

/* Bytes of scratch memory for such trees. */
extern Size us_grow_bytes(const UsGrowPlan *plan, int64 n, double weight);

/*
 * Grow a tree on item[n], which are reordered; seed draws the columns.  In the current memory
 * context.  Does not depend on the order of the items.
 */
extern UsGrownTree *us_grow_tree(const UsGrowPlan *plan, UsTreeItem *item, int64 n, uint64 seed);

#endif
