/*
 * forest_grow.h
 *	  Many trees on bootstrap samples of the same rows, by a team of workers.
 */
#ifndef US_FOREST_GROW_H
#define US_FOREST_GROW_H

#include "infra/parallel.h"
#include "learn/tree_learner.h"

typedef struct UsForestPlan
{
	UsGrowPlan	grow;			/* column, rule and limits; rows is set by the forest */
	int			n_trees;
	bool		bootstrap;		/* rows count as often as a Poisson number of mean share says; else each tree has all rows */
	double		share;
	int			n_samples;		/* targets that are kept for each leaf of a regression */
	bool		oob;			/* answers of the trees that a row was not drawn for */
	uint64		seed;
	int			workers;		/* asked for; -1: by the size of the work */
} UsForestPlan;

/* Out-of-bag answers. */
typedef struct UsForestOob
{
	double	   *sum;			/* [n][sums]: of the trees that did not see the row */
	uint32	   *n;				/* [n] how many these were */
} UsForestOob;

/*
 * Grow the trees; the forest is in the current memory context, its arrays are taken from the
 * budget.  A row's number in a bootstrap sample is a function of seed, tree and row key (Poisson
 * bootstrap: Chamandy et al., "Estimating uncertainty for massive data streams", 2012), so that
 * the result does not depend on the order of rows or on the workers.  Raises 53200 with a
 * hint when the trees do not fit.
 */
extern UsForest *us_forest_grow(const UsFitInput *input, const UsForestPlan *plan,
								UsTreeStats *stats, UsForestOob *oob, UsReport *details);

#endif
