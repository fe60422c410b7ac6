/*
 * answers.h
 *	  What a model says about rows whose target is known, side by side.
 */
#ifndef US_ANSWERS_H
#define US_ANSWERS_H

#include "eval/recipe.h"

typedef struct UsAnswers
{
	UsTask		task;
	int64		n;
	double	   *y;				/* [n] number, or class index */
	double	   *value;			/* [n] prediction, or with two classes the probability of the positive one */
	int32	   *label;			/* [n] class index that was predicted; NULL for regression */
	double	   *proba;			/* [n][n_classes] for more than two classes; else NULL */
	double	   *weight;			/* [n] of the frame; NULL: 1 */

	/* classification */
	int			n_classes;
	char	  **class_name;
	int			positive;		/* class index; two classes always have one here (the last by default); else -1 */

	int64		n_unknown;		/* rows left out: of a class that the model does not know */
	bool		sampled;		/* not all rows: what fits into the budget, chosen by key */
	UsArena    *arena;			/* of the arrays */
} UsAnswers;

/*
 * Score the rows of a frame with a model as fitted, as new rows are scored; the frame has the target column.  The
 * arrays take at most half of what is left of budget: else rows are chosen by a hash of their key.
 */
extern UsAnswers *us_answers_collect(const UsFitted *fitted, UsFrame *frame, UsBudget *budget);

/* Give the memory of the arrays back. */
extern void us_answers_free(UsAnswers *answers);

#endif
