/*
 * kmeans_choose.h
 *	  The number of clusters: a search for each candidate, criteria, the choice.
 */
#ifndef US_KMEANS_CHOOSE_H
#define US_KMEANS_CHOOSE_H

#include "infra/report.h"
#include "learn/kmeans_search.h"

typedef enum UsCriterion
{
	US_CRITERION_SILHOUETTE,
	US_CRITERION_ELBOW,
	US_CRITERION_CALINSKI_HARABASZ,
	US_CRITERION_DAVIES_BOULDIN
} UsCriterion;

/* What is known of one number of clusters; NaN where it is not defined. */
typedef struct UsCandidate
{
	int			k;
	float	   *center;			/* [k][width], kernel coordinates */
	UsSums		sums;			/* of the points */
	UsSearchResult search;
	double		inertia;		/* of the points, units of the user's weights */
	double		silhouette;
	double		davies_bouldin;
	double		calinski_harabasz;
} UsCandidate;

typedef struct UsChoicePlan
{
	int			lo;
	int			hi;
	UsCriterion criterion;
	int			silhouette_rows;	/* first points for the silhouette; 0: none */
	const UsSearchPlan *search;
	uint64		seed;
	double		weight_unit;	/* one user's unit of weight per integer weight */
	double		rows;			/* of the source that the points stand for */
} UsChoicePlan;

/*
 * Search lo .. hi clusters, each from the best of one fewer and from starts of its own,
 * into candidate[hi - lo + 1], and return the index of the chosen one.  Of equal
 * ones the smaller k is taken; when the criterion is not defined for any, the smallest.
 */
extern int	us_kmeans_choose(const UsPoints *p, const UsChoicePlan *plan, UsScratch *s,
							 UsSearchSpace *space, UsArena *arena, UsCandidate *candidate);

/* The index of the elbow of the inertia over k; -1: there is none. */
extern int	us_kmeans_elbow(const UsCandidate *candidate, int n);

/*
 * Criteria for a partition of the points: silhouette on the first silhouette_rows of them,
 * the others on all.
 */
extern void us_kmeans_measure(const UsPoints *p, const UsPartition *a, const UsChoicePlan *plan,
							  UsScratch *s, UsCandidate *candidate);

#endif
