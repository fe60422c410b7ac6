/*
 * cross_validate.h
 *	  userseg.cross_validate.
 */
#ifndef US_CROSS_VALIDATE_H
#define US_CROSS_VALIDATE_H

#include "eval/crossval.h"
#include "verbs/train.h"

typedef struct UsCrossValidateArgs
{
	UsTrainArgs train;			/* without model, alias, holdout */
	int			folds;
	const char *split;
} UsCrossValidateArgs;

typedef struct UsCrossValidateResult
{
	int			n_folds;
	UsFoldResult *fold;
	int			n_summary;
	UsFoldSummary *summary;
} UsCrossValidateResult;

/*
 * What cross_validate and tune share: check the arguments and read the source.  Raises 22023 for an algorithm without a
 * target and for a number of folds out of range.
 */
extern void us_cross_validate_read(const UsCrossValidateArgs *args, UsPrepared *prepared);

/* The folds of the rows of frame, that of prepared or a view of it. */
extern UsFolds *us_cross_validate_folds(const UsCrossValidateArgs *args, UsPrepared *prepared, UsFrame *frame);

/* Cross-validate; nothing is stored.  Warnings are raised as WARNINGs.  Results are in the current memory context. */
extern void us_cross_validate(const UsCrossValidateArgs *args, UsCrossValidateResult *result);

#endif
