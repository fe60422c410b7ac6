/*
 * leakage.h
 *	  Columns that a supervised training should not have: the target in disguise, ids, the same
 *	  thing twice, what is known only afterwards.
 *
 * Nothing is done about them; they are told.
 */
#ifndef US_LEAKAGE_H
#define US_LEAKAGE_H

#include "data/target.h"

/* A column is said to predict the target alone from this AUC, or R^2, on. */
#define US_LEAK_AUC	0.995
#define US_LEAK_R2	0.995

/* Fewer rows tell nothing. */
#define US_LEAK_MIN_ROWS	50

typedef struct UsSuspect
{
	const char *column;			/* of the frame */
	const char *kind;			/* "target", "id", "duplicate", "later" */
	double		figure;			/* target: AUC or R^2; later: share of rows; else NaN */
	char	   *text;			/* one sentence */
} UsSuspect;

/*
 * Suspects among the features of a frame, in the order of its columns; *n of them, palloc'd.  Looks at up to
 * 4096 rows (fewer when there are more than 254 columns), chosen by key:
 *	target: out of two folds, the mean of the target in up to 64 bins of the column (or levels of the
 *	category; NULL is a bin) predicts with an AUC (classes: one against rest, weighted by their rows) or an R^2 from the bound on; or the
 *	number itself, by its order (AUC, or squared rank correlation) or on a straight line, does.  Weights do not count;
 *	id: whole numbers, all different, within ten times as wide a range as there are rows;
 *	duplicate: equal in every row to an earlier column of the same kind, not constant in these rows; up to 100 pairs are
 *	compared row by row;
 *	later: a time that is after that of the column of role TIME in at least one row of a hundred.
 * Tags and vectors are not looked at.
 */
extern UsSuspect *us_leakage_find(UsFrame *frame, const UsTarget *target, uint64 seed,
								  UsBudget *budget, int *n);

#endif
