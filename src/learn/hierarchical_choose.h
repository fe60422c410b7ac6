/*
 * hierarchical_choose.h
 *	  The number of segments that a tree is cut into.
 */
#ifndef US_HIERARCHICAL_CHOOSE_H
#define US_HIERARCHICAL_CHOOSE_H

#include "learn/hierarchical_model.h"

typedef enum UsCutCriterion
{
	US_CUT_SILHOUETTE,
	US_CUT_LARGEST_GAP,
	US_CUT_GAP_STATISTIC,
	US_CUT_INCONSISTENCY
} UsCutCriterion;

typedef struct UsCutPlan
{
	UsCutCriterion criterion;
	UsLinkage	linkage;
	int			lo;				/* candidates */
	int			hi;
	int			silhouette_rows;
	int			references;		/* data sets of the gap statistic */
	uint64		seed;
	UsBudget   *budget;
} UsCutPlan;

/* One number of segments; NaN: not defined. */
typedef struct UsCutCandidate
{
	int			k;
	double		low;			/* heights between which a cut gives k */
	double		high;
	double		silhouette;
	double		inconsistency;	/* of the merge that a cut into k leaves out last */
	double		inertia;
	double		gap;			/* gap statistic and its standard error; NaN unless it is the criterion */
	double		gap_error;
} UsCutCandidate;

/* Inconsistency looks at merges so many levels down. */
#define US_INCONSISTENCY_DEPTH	5

/*
 * Figures of the candidates plan->lo .. plan->hi, and which one the criterion chooses (an index);
 * *reason gets a sentence.  heights in encoded units.
 *
 *	SILHOUETTE		the largest mean silhouette
 *	LARGEST_GAP		the largest difference of the heights between which a cut gives k clusters; one cluster
 *					has no upper height and is not chosen
 *	GAP_STATISTIC	the smallest k whose gap is at least that of k + 1 less its standard error (stat/gap.h)
 *	INCONSISTENCY	the merge from k to k - 1 clusters is the most inconsistent one
 */
extern int	us_cut_choose(const UsHierarchyPoints *points, const UsTree *tree, const UsCutPlan *plan,
						  UsCutCandidate *candidate, char **reason);

/*
 * Gap statistic (stat/gap.h) of lo .. hi clusters: gap[hi - lo + 1], se[]; NaN beyond the number of points it
 * works on.  Those are all, or US_GAP_POINTS drawn by weight; they and plan->references sets of as
 * many points drawn evenly from the box around them are clustered with the linkage.  W is the sum of
 * squares within the clusters.
 */
#define US_GAP_POINTS	500
extern void us_cut_gap(const UsHierarchyPoints *points, const UsCutPlan *plan, double *gap, double *se);

#endif
