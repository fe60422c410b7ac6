/*
 * select_k.h
 *	  userseg.select_k: how many clusters?
 */
#ifndef US_SELECT_K_H
#define US_SELECT_K_H

#include "learn/select.h"
#include "verbs/train.h"

/* The arguments of select_k, defaults already filled in. */
typedef struct UsSelectKArgs
{
	UsTrainArgs train;			/* those that it shares with train; model NULL */
	int			k_min;
	int			k_max;
	const char *criterion;		/* NULL: the algorithm's */
	int			reference_sets;
	int			bootstraps;
} UsSelectKArgs;

typedef struct UsSelectKResult
{
	UsSelection selection;
	int64		n_rows;			/* of the source, that were used */
	Jsonb	  **details;		/* [selection.n] */
} UsSelectKResult;

/*
 * Read the source once, compare the numbers of clusters; nothing is stored.  Warnings are raised
 * as WARNINGs.  Raises 22023 for arguments out of range and for algorithms that have no
 * numbers of clusters to compare.
 */
extern void us_select_k_verb(const UsSelectKArgs *args, UsSelectKResult *result);

#endif
