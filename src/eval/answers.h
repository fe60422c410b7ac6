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
	uint64	   *key;			/* [n] of the rows */
	bool		by_id;			/* keys are those of ids (data/frame.h) */
	double	   *weight;			/* [n] of the frame; NULL: 1 */

	/* regression */
	double	   *y;				/* [n] what came true */
	double	   *value;			/* [n] what was predicted */
	UsLoss		loss;			/* that the model minimises */

	/*
	 * Classification.  Class indices are those of the target, except that of two classes the positive one is
	 * always 1 here.
	 */
	int			n_classes;
	int32	   *actual;			/* [n] */
	int32	   *predicted;		/* [n] */
	double	  **proba;			/* [n_classes][n]; of two classes only proba[1], the other is NULL */

	int64		n_unknown;		/* rows left out: of a class that the model does not know */
	bool		sampled;		/* not all rows: what fits into the budget, chosen by key */
	UsArena    *arena;			/* of the arrays */
} UsAnswers;

/*
 * Score the rows of a frame with a model as fitted, as new rows are scored; the frame has the target column.  At most
 * most_rows of them (0: no limit), and as many as budget leaves room for, the arrays and stat/evaluation.h
 * together: else rows are chosen by a hash of their key.
 */
extern UsAnswers *us_answers_collect(const UsFitted *fitted, UsFrame *frame, int64 most_rows,
									 UsBudget *budget);

/* Give the memory of the arrays back. */
extern void us_answers_free(UsAnswers *answers);

#endif
