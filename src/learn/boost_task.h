/*
 * boost_task.h
 *	  The passes of boosting over the rows of a team's area.
 *
 * Rows are cut into shards, each with its part of an index that keeps the rows of a node
 * together.  A pass does all shards; sums are integers, so that it does not matter which
 * member does which shard, nor how many there are.
 */
#ifndef US_BOOST_TASK_H
#define US_BOOST_TASK_H

#include "infra/parallel.h"
#include "learn/tree_learner.h"
#include "math/exact_sum.h"

/* Nodes that are expanded in one pass, at most. */
#define US_BOOST_BATCH	64

/*
 * Rows whose gradients and hessians are added as one number of 64 bits, and the bits that this leaves
 * for the largest of both: bits_g + bits_h <= US_BOOST_BITS.
 */
#define US_BOOST_PACKED		4096
#define US_BOOST_BITS		39

/* A node that is split in a pass; the numbers are those of nodes of the tree at hand. */
typedef struct UsBoostSplit
{
	int32		node;
	int32		left;
	bool		build_left;		/* sums are made for this child, else for the other */
	uint16		column;
	uint8		bin;
	uint8		flags;
	UsTreeSet	set;
} UsBoostSplit;

/* What stands at the beginning of the area; offsets are from there. */
typedef struct UsBoostArea
{
	int64		n;
	int			width;
	int			shards;
	int			members;
	UsObjective objective;
	int64		hist_size;		/* bins of all columns together, missing ones included */
	int			max_nodes;		/* of a tree */
	bool		weighted;
	bool		by_column;		/* bins stand column after column too */
	uint32		valid_limit;	/* rows whose number is below it are for validation; 0: none */

	/* the pass at hand */
	int			k;				/* score that the tree is for */
	bool		has_tree;		/* the last tree is to be added to the scores first */
	int			tree_k;
	int32		tree_nodes;
	uint64		tree_seed;
	uint32		sample_limit;	/* rows whose number for the tree is below it are in; PG_UINT32_MAX: all */
	double		per_unit_g;		/* one over the unit of gradients */
	double		per_unit_h;
	int			bits_h;			/* of the largest hessian */
	int			shift;			/* of gradients in a packed number: bits of the sum of hessians */
	int			n_columns;		/* columns of the tree at hand */
	int			n_split;
	UsBoostSplit split[US_BOOST_BATCH];

	Size		bin_at;			/* [n][width] */
	Size		column_bin_at;	/* [width][n], when there is room: parting rows looks at one column */
	Size		gh_at;			/* [n][2] float, then [n] int64: gradient and hessian as one number */
	Size		score_at;		/* [n][n_scores] double */
	Size		y_at;			/* [n] float */
	Size		weight_at;		/* [n] float, when weighted */
	Size		number_at;		/* [n] uint32, random by row key */
	Size		index_at;		/* [n] uint32 */
	Size		spare_at;		/* [n] uint32 */
	Size		column_at;		/* [width] UsTreeColumn without thresholds */
	Size		place_at;		/* [width] int32: first bin of each column in the sums */
	Size		chosen_at;		/* [width] uint16: columns of the tree */
	Size		range_at;		/* [shards][max_nodes][2] int64 */
	Size		node_at;		/* [max_nodes] nodes of the last tree */
	Size		set_at;			/* [max_nodes] their sets */
	Size		largest_at;		/* [shards][3] double: largest gradient and hessian, least hessian */
	Size		loss_at;		/* [shards][2] UsExactSum: training, validation */
	Size		mass_at;		/* [shards][2] UsExactSum of weights */
	Size		used_at;		/* [members] bool */
	Size		hist_at;		/* [members][US_BOOST_BATCH][hist_size][2] int64 */
	Size		packed_at;		/* [members][US_BOOST_BATCH][hist_size] int64 */
} UsBoostArea;

/* Array at an offset of the area. */
#define US_BOOST_ARRAY(area, type, at) ((type *) ((char *) (area) + (area)->at))

/* Offsets for n rows; returns the bytes. */
extern Size us_boost_layout(UsBoostArea *a);

/* The sums that a member made for split i of the pass. */
extern int64 *us_boost_hist(UsBoostArea *a, int member, int i);

/*
 * Passes, by shard.  gradient: add the last tree to the scores, losses, then gradients and
 * hessians for score k and their largest.  root: integers of them, the rows of the tree, their sums
 * as split 0.  expand: move the rows of each split node to its children, sums for one of them.
 */
extern PGDLLEXPORT void us_task_boost_gradient(UsTeamTask *task);
extern PGDLLEXPORT void us_task_boost_root(UsTeamTask *task);
extern PGDLLEXPORT void us_task_boost_expand(UsTeamTask *task);

#endif
