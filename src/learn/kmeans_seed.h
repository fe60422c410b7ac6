/*
 * kmeans_seed.h
 *	  First centres for k-means.
 */
#ifndef US_KMEANS_SEED_H
#define US_KMEANS_SEED_H

#include "learn/kmeans_points.h"

typedef enum UsSeeding
{
	US_SEED_PLUS_PLUS,
	US_SEED_PARALLEL,
	US_SEED_RANDOM
} UsSeeding;

/*
 * Choose k of the points as centres into center[k][width]; points have at least k
 * distinct rows.  Uses first, second and third of the scratch.
 */
extern void us_seed_centers(const UsPoints *p, UsScratch *s, UsSeeding seeding,
							int k, UsRandom *random, float *center);

/*
 * A row drawn with probability proportional to mass * distance; total is the sum of
 * these products (us_sum_least).  A row with product 0 is never drawn while
 * total > 0.
 */
extern int	us_seed_draw(const UsPoints *p, const float *distance, double total,
						 UsRandom *random);

#endif
