/*
 * select.h
 *	  Numbers of clusters compared on the same rows by every criterion there is.
 */
#ifndef US_SELECT_H
#define US_SELECT_H

#include "learn/algorithm.h"
#include "learn/pathway.h"

#define US_SELECT_MOST_K	1000

typedef struct UsSelectPlan
{
	const UsAlgorithm *algorithm;	/* with a pathway */
	const UsParams *params;
	UsFrame    *frame;
	const UsEncoder *encoder;
	UsBudget   *budget;
	uint64		seed;
	int			lo;				/* 1 <= lo <= hi <= US_SELECT_MOST_K */
	int			hi;
	int			nreferences;	/* reference sets of the gap statistic; 0: none */
	int			nbootstraps;	/* bootstrap samples; 0: none */
	const char *criterion;		/* that decides; NULL: the algorithm's */
} UsSelectPlan;

typedef struct UsSelectRow
{
	UsFigures	figures;
	int64	   *size;			/* [k] rows of the clusters, as many as the points stand for */
	bool		recommended;
	char	   *reason;			/* or NULL */
} UsSelectRow;

typedef struct UsSelection
{
	int			n;
	UsSelectRow *row;			/* [n] */
	UsCriterion criterion;		/* that decided */
	double		structure;		/* us_gap_structure; NaN: not known; infinite: a k leaves nothing within its clusters */
	double		dip;			/* of us_modes; NaN: not asked for, since the gap statistic or the criterion decided */
	double		rows;			/* that were compared */
	int			distinct_rows;
	bool		complete;		/* all rows of the source */
	bool		components;		/* the reference sets follow the principal components */
	int			reference_rows;	/* rows of each */
	int			workers;		/* that took part */
	int			n_warnings;
	char	  **warnings;
} UsSelection;

/*
 * Compare lo .. hi clusters.  The result depends on the set of rows, the parameters and the seed only.  A range that reaches beyond
 * the number of distinct rows is cut there, with a warning.
 *
 * Raises 22023 when there are fewer distinct rows than lo, for a criterion that does not exist, and what the
 * algorithm raises; 53200 when even a small sample does not fit the budget.
 */
extern void us_select_k(const UsSelectPlan *plan, UsSelection *selection);

#endif
