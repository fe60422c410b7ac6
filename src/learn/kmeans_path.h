/*
 * kmeans_path.h
 *	  The search of k-means by the parameters of the algorithm, and its partitions for
 *	  several numbers of clusters.
 */
#ifndef US_KMEANS_PATH_H
#define US_KMEANS_PATH_H

#include "learn/kmeans_search.h"
#include "learn/pathway.h"

/* Choices of the parameters init (in the order of UsSeeding) and search. */
extern const char *const us_kmeans_inits[];
extern const char *const us_kmeans_searches[];

/* What the parameters say of the search; k-means++ where init is points. */
extern void us_kmeans_search_plan(const UsParams *params, UsSearchPlan *plan);

/* How hard it searches on points that are all rows of the source, or a sample of them. */
extern void us_kmeans_search_effort(UsSearchPlan *plan, UsPathEffort effort, bool complete);

/* Of k-means, and of mini-batch k-means, which takes its number of clusters from the same search. */
extern const UsPathway us_kmeans_pathway;

#endif
