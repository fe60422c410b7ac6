/*
 * tree_split.h
 *	  The best split of a node by the sums of its rows in each bin of a column.
 *
 * Sums are integers (statistics of rows on a grid), so that they do not depend on the order
 * in which rows and workers come.
 */
#ifndef US_TREE_SPLIT_H
#define US_TREE_SPLIT_H

#include "learn/tree.h"

typedef enum UsSplitKind
{
	US_SPLIT_GRADIENT,			/* 2 sums: gradient, hessian; the value of a node is -G / (H + lambda) */
	US_SPLIT_GINI,				/* n_classes sums: weight of each class */
	US_SPLIT_ENTROPY,			/* the same */
	US_SPLIT_ABSOLUTE			/* 2 sums: minus the median, weight (learn/tree_absolute.h) */
} UsSplitKind;

/* How splits are judged. */
typedef struct UsSplitRule
{
	UsSplitKind kind;
	int			nstats;			/* sums of a bin */
	double		unit_g;			/* of one unit of the first sum; CLASS: of every sum */
	double		unit_h;			/* of the second */
	double		lambda;			/* added to the hessian */
	double		min_weight;		/* least hessian, or weight, of a child */
	double		min_gain;		/* least gain of a split */
	double		level_smooth;	/* levels are ordered by G / (H + level_smooth) */
	double		level_lambda;	/* added to lambda where a category of more than US_LEVELS_ALONE levels is split */
	double		level_min;		/* a level with less weight in the node goes where missing values go */
	const int8 *monotone;		/* [width]: 1 rising, -1 falling, 0 free; or NULL */
} UsSplitRule;

/* Do leaves hold a value, and no distribution over classes? */
static inline bool
us_split_of_values(const UsSplitRule *rule)
{
	return rule->kind == US_SPLIT_GRADIENT || rule->kind == US_SPLIT_ABSOLUTE;
}

/* A category of so few levels in a node is split level by level against the rest. */
#define US_LEVELS_ALONE	4

typedef struct UsSplit
{
	double		gain;			/* 0: none found */
	int			column;
	uint8		bin;
	uint8		flags;			/* of the node */
	UsTreeSet	set;
	double		left_value;		/* GRADIENT: value of the children, within the bounds */
	double		right_value;
} UsSplit;

/* The node that is split. */
typedef struct UsSplitNode
{
	const int64 *total;			/* [nstats] */
	double		score;			/* us_split_score of total */
	double		low;			/* bounds of values, for monotone columns */
	double		high;
} UsSplitNode;

/*
 * What a group of rows is worth: G^2 / (H + lambda); sum of n_k^2 / n; sum of n_k log n_k -
 * n log n.  A split gains the scores of its children less that of the node.  Breiman et al.,
 * Classification and Regression Trees, 1984, chapter 4; Chen and Guestrin, "XGBoost", KDD 2016,
 * equation 7 (without the factor 1/2).
 */
extern double us_split_score(const UsSplitRule *rule, const int64 *sum, double lambda);

/* The weight of a group of rows: the hessian, or all classes together. */
extern double us_split_weight(const UsSplitRule *rule, const int64 *sum);

/* GRADIENT, ABSOLUTE: its value. */
extern double us_split_value(const UsSplitRule *rule, const int64 *sum);

/*
 * Of the bins from bin to the one before next, which have no rows but the first, the one whose threshold is nearest to the
 * middle of the gap: for training rows they are all the same, for others it is the fairest.
 */
extern int	us_split_middle(const UsTreeColumn *column, int bin, int next);

/*
 * Try all splits of a column: hist[nbins + 1][nstats]; present, if not NULL, has the bit of every
 * bin with rows (256 bits).  *best is replaced by a better one.  Of equal gains the first stands:
 * lower bin, missing values to the right.
 */
extern void us_split_column(const UsSplitRule *rule, const UsTreeColumn *column, int number,
							const UsSplitNode *node, const int64 *hist, const uint64 *present,
							UsSplit *best);

#endif
