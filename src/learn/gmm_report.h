/*
 * gmm_report.h
 *	  One training of a mixture, what is told about it, and its singular components.
 */
#ifndef US_GMM_REPORT_H
#define US_GMM_REPORT_H

#include "learn/gmm_run.h"
#include "learn/gmm_search.h"

typedef struct UsGmmFit
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsSpace    *space;
	UsArena    *arena;			/* of points and partitions */
	UsGmmRun   *run;
	UsGmmPoints points;
	bool		complete;		/* the points are all rows */
	int			lo;				/* candidates for k */
	int			hi;
	UsGmmSearchPlan search;
	UsGmmCandidate *candidate;	/* [hi - lo + 1] */
	int			chosen;
	UsGmmRunResult final;
	UsGmmTrouble *trouble;		/* of the final mixture */
	int			n_troubles;
	Size		parameter_bytes;	/* taken from the budget */
} UsGmmFit;

/* Find the singular components of the final mixture, count equal values, warn with a remedy. */
extern void us_gmm_find_troubles(UsGmmFit *f);

/* All that is told in details. */
extern void us_gmm_report(UsGmmFit *f);

#endif
