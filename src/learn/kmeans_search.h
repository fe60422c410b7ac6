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
	double		max_work;		/* coordinates compared after which no more is begun, */
	double		max_passes;		/* or so many comparisons of all points with all centres; 0: no limit */
} UsSearchPlan;

/* What a search works in, and its best partition when it ends. */
typedef struct UsSearchSpace
{
	UsPartition *best;			/* of all starts */
	UsPartition *current;		/* of this start */
	UsPartition *trial;
	float	   *place;			/* [width], of a new centre */
	float	   *last;			/* [k][width], for the caller: a search leaves it alone but as its start */
	double	   *loss;			/* [k] */
} UsSearchSpace;

typedef struct UsSearchResult
{
	int			starts;			/* made */
	int			iterations;		/* of Lloyd's algorithm, all together */
	int			moves;			/* tried */
	int			gains;			/* of them kept */
} UsSearchResult;

/* Room for searches for up to max_k clusters; and its bytes. */
extern UsSearchSpace *us_search_space_create(UsArena *arena, const UsPoints *p, int max_k);
extern Size us_search_space_bytes(int n, int width, int max_k);

/*
 * The best partition of the points into k clusters that the plan finds: space->best.
 * start[k - 1][width], if not NULL, are the centres of a partition into k - 1 clusters from
 * which one more start is made, by a further centre.
 */
extern void us_kmeans_search(const UsPoints *p, int k, const UsSearchPlan *plan,
							 const float *start, uint64 seed, UsScratch *s,
							 UsSearchSpace *space, UsSearchResult *result);

#endif
