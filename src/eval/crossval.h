/*
 * crossval.h
 *	  Cross-validation: a recipe fitted and measured fold by fold.
 */
#ifndef US_CROSSVAL_H
#define US_CROSSVAL_H

#include "datatype/timestamp.h"

#include "eval/folds.h"
#include "eval/measure.h"

/* What came of a fold. */
typedef struct UsFoldResult
{
	int64		n_training;		/* rows */
	int64		n_test;
	UsMetrics  *metrics;
	bool		converged;
} UsFoldResult;

/* A metric over the folds. */
typedef struct UsFoldSummary
{
	const char *name;
	int			n;				/* folds that have a value */
	double		mean;			/* NaN: none has */
	double		sd;				/* of the values, with n - 1; NaN for n < 2 */
	double		ci_low;			/* 95 %, Nadeau and Bengio's corrected t; NaN for n < 2 */
	double		ci_high;
	int64		n_rows;			/* measured in all folds together */
} UsFoldSummary;

/*
 * Fit and measure fold f of the rows of frame, encoders and all learned on its training side alone; result in the
 * current memory context.  Errors say which fold it is.  Nothing else stays; memory is that of one fold.
 */
extern void us_crossval_fold(const UsRecipe *recipe, UsFrame *frame, UsFolds *folds, int f,
							 UsBudget *budget, UsFoldResult *result);

/* The value of a metric in a fold; NaN: none. */
extern double us_crossval_value(const UsFoldResult *result, const char *metric);

/* Every metric that a fold has, over the n folds; *count of them, palloc'd. */
extern UsFoldSummary *us_crossval_summary(const UsFoldResult *result, int n, int *count);

#endif
