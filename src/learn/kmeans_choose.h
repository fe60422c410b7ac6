/*
 * kmeans_choose.h
 *	  The number of clusters: a search for each candidate, criteria, the choice.
 */
#ifndef US_KMEANS_CHOOSE_H
#define US_KMEANS_CHOOSE_H

#include "learn/figures.h"
#include "learn/kmeans_search.h"

/* What is known of one number of clusters. */
typedef struct UsCandidate
{
	UsFigures	figures;		/* of the points */
	float	   *center;			/* [k][width], kernel coordinates */
	UsSums		sums;			/* of the points */
	UsSearchResult search;
} UsCandidate;

typedef struct UsChoicePlan
{
	int			lo;
	int			hi;
	UsCriterion criterion;
	UsMeasure	measure;
	const UsSearchPlan *search;
	uint64		seed;
} UsChoicePlan;

/* Is shown the best partition into k clusters, which is gone after the call. */
typedef void (*UsKmeansVisit) (void *context, const UsPartition *best, const UsSearchResult *search);

/*
 * Search lo .. hi clusters, from starts of their own and, but for the first and for two clusters, from the best
 * of one fewer.
 */
extern void us_kmeans_each_k(const UsPoints *p, int lo, int hi, const UsSearchPlan *search,
							 uint64 seed, UsScratch *s, UsSearchSpace *space,
							 UsKmeansVisit visit, void *context);

/*
 * Search lo .. hi clusters into candidate[hi - lo + 1], and return the index of the
 * chosen one.  Of equal ones the smaller k is taken; when the criterion is not defined for any, the smallest.
 */
extern int	us_kmeans_choose(const UsPoints *p, const UsChoicePlan *plan, UsScratch *s,
							 UsSearchSpace *space, UsArena *arena, UsCandidate *candidate);

/* The index of the elbow of the inertia over k; -1: there is none. */
extern int	us_kmeans_elbow(const UsCandidate *candidate, int n);

/* All figures of a partition of the points. */
extern void us_kmeans_measure(const UsPoints *p, const UsPartition *a, const UsMeasure *measure,
							  UsFigures *figures);

#endif
