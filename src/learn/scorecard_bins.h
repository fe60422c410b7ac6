/*
 * scorecard_bins.h
 *	  The bins of a scorecard, from the rows of a training.
 */
#ifndef US_SCORECARD_BINS_H
#define US_SCORECARD_BINS_H

#include "learn/scorecard_model.h"
#include "stat/woe.h"

typedef struct UsCardPlan
{
	int			cells;			/* a number is cut into as many at first */
	int			max_bins;
	double		min_share;		/* least share of the weight of all rows in a bin */
	UsTrend		trend;			/* of numbers; categories stand in the order of their shares of bads */
	double		smoothing;
} UsCardPlan;

/*
 * Bin all columns of an encoded width into column[]: bounds or levels, weights, weights of evidence; status and coef are
 * left at 0.  bad is the class index of the bad class.  Sums do not depend on the order of the rows; memory for them is
 * taken from the budget of input (53200).
 */
extern void us_scorecard_bins(const UsFitInput *input, const UsCardPlan *plan, int bad, UsCardColumn *column);

#endif
