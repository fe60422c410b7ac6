/*
 * importance.h
 *	  userseg.importance and userseg.partial_dependence: what a model's answers depend on.
 */
#ifndef US_IMPORTANCE_H
#define US_IMPORTANCE_H

#include "verbs/evaluation.h"

/* What a feature is worth; NaN: none. */
typedef struct UsImportanceLine
{
	const char *feature;
	const char *metric;			/* the loss that rises, "log_loss" or "mse"; or "gain", "splits", "contribution" (verbs/explain.h) */
	double		importance;		/* its rise when the feature is shuffled; or what the metric says */
	double		low;			/* 95 % interval over the rows */
	double		high;
	double		share;			/* of the rises of all features, those below 0 left out */
	int64		n;
} UsImportanceLine;

/*
 * Permutation importance on the rows of the evaluation (L. Breiman, "Random forests", Machine Learning 45 (2001); A. Fisher, C.
 * Rudin, F. Dominici, JMLR 20 (2019)): the mean loss with the values of one feature exchanged between the rows, less
 * the mean loss as it is, over repeats exchanges.  At most US_IMPORTANCE_ROWS rows, chosen by their keys.  The largest first.
 */
extern UsImportanceLine *us_importance(const UsEvaluationArgs *args, int repeats, int64 seed, int *n);

#define US_IMPORTANCE_ROWS	20000

/* Fill the shares and put the largest first. */
extern void us_importance_finish(UsImportanceLine *line, int n);

/* The mean answer with one feature set to a value in all rows. */
typedef struct UsDependenceLine
{
	const char *value;			/* as text */
	double		x;				/* NaN unless a number */
	const char *class;			/* NULL: regression */
	double		prediction;
	double		low;
	double		high;
	int64		n;
} UsDependenceLine;

/*
 * Partial dependence (J. Friedman, "Greedy function approximation", Annals of Statistics 29 (2001), section 8.2) at up to
 * points quantiles of a number, or at all values of a category (at most 100).  At most US_DEPENDENCE_ROWS rows.
 * Raises 42703 for a feature that the model has not.
 */
extern UsDependenceLine *us_partial_dependence(const UsEvaluationArgs *args, const char *feature,
											   int points, int *n);

#define US_DEPENDENCE_ROWS	5000

#endif
