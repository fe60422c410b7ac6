/*
 * boost_grow.h
 *	  Growing the trees of a boosting, one after the other, by passes over a team's area.
 */
#ifndef US_BOOST_GROW_H
#define US_BOOST_GROW_H

#include "learn/boost_task.h"

typedef struct UsBoostPlan
{
	const UsTreeColumn *column;
	UsSplitRule rule;			/* units are set for each tree */
	UsObjective objective;
	int			n_rounds;
	double		learning_rate;
	int			max_depth;
	int			max_leaves;
	bool		leaf_wise;		/* the largest gain first, else level after level */
	int			n_columns;		/* of each tree, drawn anew */
	double		sample_share;	/* of the rows of each tree */
	double		valid_share;	/* of all rows, kept back; 0: none */
	int			patience;		/* rounds without a better loss on them after which it ends */
	uint64		seed;
	int			workers;		/* asked for; -1: by the size of the work */
} UsBoostPlan;

typedef struct UsBoostResult
{
	UsForest   *forest;
	double	   *base;			/* [n_scores] */
	int			rounds;			/* kept */
	bool		stopped;		/* by the validation rows */
	double		train_loss;		/* mean loss after the rounds kept; NaN without validation rows */
	double		valid_loss;
	int			workers;
} UsBoostResult;

/*
 * Boost.  y[n] is the class number or the target less centre, key[n] the row keys, weight[n]
 * or NULL; bins are made from the frame.  Arrays of the result are in the current memory
 * context.  J. H. Friedman, "Greedy Function Approximation", Ann. Stat. 29 (2001); Chen and Guestrin,
 * "XGBoost", KDD 2016; sums by bins and the difference of siblings as in Ke et al., "LightGBM",
 * NIPS 2017.  Raises 53200 when area and sums do not fit the budget.
 */
extern void us_boost(const UsFitInput *input, const UsBoostPlan *plan, int64 n, const float *y,
					 const float *weight, const uint64 *key, UsBoostResult *result);

#endif
