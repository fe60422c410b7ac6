/*
 * kmeans_search.h
 *	  Search for a good partition: restarts, and moves of single centres.
 */
#ifndef US_KMEANS_SEARCH_H
#define US_KMEANS_SEARCH_H

#include "learn/kmeans_seed.h"

typedef struct UsSearchPlan
{
	UsSeeding	seeding;
	int			starts;			/* seedings that are run to their local optimum */
	bool		moves;			/* each of them is then improved by moves of centres, */
	int			patience;		/* until so many in a row brought no gain */
	int			max_iter;		/* of us_partition_lloyd, for one start or move */
	double		tolerance;		/* the same */
	double		max_work;		/* coordinates compared after which no more is begun */
} UsSearchPlan;

typedef struct UsSearchResult
{
	UsPartition *best;
	int			starts;			/* made */
	int			iterations;		/* of Lloyd's algorithm, all together */
	int			moves;			/* tried */
	int			gains;			/* of them kept */
} UsSearchResult;

/*
 * The best partition of the points into k clusters that the plan finds.  start, if
 * not NULL, is a partition into k - 1 clusters from which one more start is made, by
 * splitting.  Partitions are made in arena.
 */
extern void us_kmeans_search(const UsPoints *p, int k, const UsSearchPlan *plan,
							 const UsPartition *start, uint64 seed, UsScratch *s,
							 UsArena *arena, UsSearchResult *result);

#endif
