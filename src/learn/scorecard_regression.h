/*
 * scorecard_regression.h
 *	  The logistic regression of a scorecard on its weights of evidence.
 */
#ifndef US_SCORECARD_REGRESSION_H
#define US_SCORECARD_REGRESSION_H

#include "learn/scorecard_model.h"

typedef struct UsCardFit
{
	bool		converged;
	int			iterations;		/* of the last regression */
	int			regressions;
	UsReport   *design;			/* workers, passes, memory of the last one */
} UsCardFit;

/*
 * Fit intercept and coefficients of the columns with status US_CARD_USED; columns that are combinations of others, and
 * one after the other those whose coefficient is the furthest below 0, get another status.  lambda: strength of a ridge
 * penalty beside the mean loss of a row.  Warnings go to result.  Raises 22023 when no column is left.
 */
extern void us_scorecard_regression(const UsFitInput *input, UsScorecard *m, double lambda, UsFitResult *result,
									UsCardFit *fit);

#endif
