/*
 * hierarchical_choose.c
 *	  The number of segments that a tree is cut into.
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/hierarchical_choose.h"
#include "stat/gap.h"

/* How far apart the heights are between which a cut gives k clusters. */
static double
height_gap(const UsCutCandidate *c)
{
	return isinf(c->high) ? NAN : c->high - c->low;
}

static double
merit(const UsCutCandidate *c, UsCutCriterion criterion)
{
	switch (criterion)
	{
		case US_CUT_LARGEST_GAP:
			return height_gap(c);
		case US_CUT_INCONSISTENCY:
			return c->inconsistency;
		case US_CUT_GAP_STATISTIC:
			return c->gap;
		default:
			return c->silhouette;
	}
}

/* The first with the largest merit; 0 if none has one. */
static int
largest(const UsCutCandidate *candidate, int n, UsCutCriterion criterion)
{
	int			best = -1;

	for (int i = 0; i < n; i++)
	{
		double		m = merit(&candidate[i], criterion);

		if (!isnan(m) && (best < 0 || m > merit(&candidate[best], criterion)))
			best = i;
	}
	return Max(best, 0);
}

static void
measure(const UsHierarchyPoints *points, const UsTree *tree, const UsCutPlan *plan, UsCutCandidate *candidate)
{
	int			n = plan->hi - plan->lo + 1;
	double	   *silhouette = (double *) palloc(sizeof(double) * n);
	double	   *inertia = (double *) palloc(sizeof(double) * n);
	double	   *inconsistency = (double *) palloc(sizeof(double) * tree->n);
	UsTreePoints sample = us_hierarchy_sample(points, plan->silhouette_rows);

	us_progress("silhouettes", 0, n);
	for (int i = 0; i < n; i++)
		silhouette[i] = NAN;
	if (plan->silhouette_rows > 0)
		us_tree_silhouettes(tree, &sample, plan->lo, plan->hi, silhouette);
	us_hierarchy_inertia(points, tree, plan->lo, plan->hi, inertia);
	us_tree_inconsistency(tree->merge, tree->n, US_INCONSISTENCY_DEPTH, inconsistency);
	for (int i = 0; i < n; i++)
	{
		UsCutCandidate *c = &candidate[i];

		c->k = plan->lo + i;
		us_tree_interval(tree, c->k, &c->low, &c->high);
		c->silhouette = silhouette[i];
		c->inertia = inertia[i];
		c->inconsistency = c->k > 1 ? inconsistency[tree->undo[c->k - 2]] : NAN;
		c->gap = c->gap_error = NAN;
	}
	pfree(silhouette);
	pfree(inertia);
	pfree(inconsistency);
}

static int
choose_by_gap(const UsHierarchyPoints *points, const UsCutPlan *plan, UsCutCandidate *candidate, char **reason)
{
	int			n = plan->hi - plan->lo + 1;
	double	   *gap = (double *) palloc(sizeof(double) * n);
	double	   *se = (double *) palloc(sizeof(double) * n);
	int			chosen;

	us_cut_gap(points, plan, gap, se);
	for (int i = 0; i < n; i++)
	{
		candidate[i].gap = gap[i];
		candidate[i].gap_error = se[i];
	}
	chosen = us_gap_first(gap, se, n);
	if (chosen < 0)
	{
		chosen = largest(candidate, n, US_CUT_GAP_STATISTIC);
		*reason = psprintf("the gap statistic is not defined for all numbers from %d to %d; that of %d is the largest",
						   plan->lo, plan->hi, candidate[chosen].k);
	}
	else if (chosen == n - 1)
		*reason = psprintf("the gap statistic of %d to %d segments grows by more than its standard error to the last", plan->lo, plan->hi);
	else
		*reason = psprintf("the gap statistic of %d segments (%.4g) is the first that is at least that of one more (%.4g) less its standard error (%.2g)",
						   candidate[chosen].k, gap[chosen], gap[chosen + 1], se[chosen + 1]);
	pfree(gap);
	pfree(se);
	return chosen;
}

int
us_cut_choose(const UsHierarchyPoints *points, const UsTree *tree, const UsCutPlan *plan,
			  UsCutCandidate *candidate, char **reason)
{
	int			n = plan->hi - plan->lo + 1;
	const UsCutCandidate *c;
	int			chosen;

	measure(points, tree, plan, candidate);
	if (n == 1)
	{
		*reason = NULL;
		return 0;
	}
	if (plan->criterion == US_CUT_GAP_STATISTIC)
		return choose_by_gap(points, plan, candidate, reason);
	chosen = largest(candidate, n, plan->criterion);
	c = &candidate[chosen];
	if (isnan(merit(c, plan->criterion)))
		*reason = psprintf("the criterion is not defined for any number from %d to %d, so it is the first", plan->lo, plan->hi);
	else if (plan->criterion == US_CUT_LARGEST_GAP)
		*reason = psprintf("of %d to %d segments, %d has the largest gap between heights: %.4g, from %.4g to %.4g",
						   plan->lo, plan->hi, c->k, height_gap(c), c->low, c->high);
	else if (plan->criterion == US_CUT_INCONSISTENCY)
		*reason = psprintf("of %d to %d segments, the merge that %d leaves out is the most inconsistent: %.4g",
						   plan->lo, plan->hi, c->k, c->inconsistency);
	else
		*reason = psprintf("of %d to %d segments, %d has the largest mean silhouette: %.4g",
						   plan->lo, plan->hi, c->k, c->silhouette);
	return chosen;
}
