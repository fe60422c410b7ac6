/*
 * cf.h
 *	  userseg.cf, a clustering feature: number, weight, sum and sum of squares of rows, from
 *	  which centre, radius and distances of clusters follow.
 *
 * T. Zhang, R. Ramakrishnan, M. Livny, "BIRCH: an efficient data clustering method for very
 * large databases", SIGMOD 1996.  The difference of sum of squares and squared sum, which
 * cancels in floating point (A. Lang, E. Schubert, "BETULA: numerically stable CF-trees for
 * BIRCH clustering", SISAP 2020, therefore keep mean and deviation), is taken of exact
 * sums here: so nothing cancels, and a feature does not depend on the order of the rows.
 *
 * In memory it is a UsKmeansState of kind US_KMEANS_FEATURE: built, merged and sealed
 * by agg/kmeans_state.c.
 */
#ifndef US_CF_H
#define US_CF_H

#include "agg/kmeans_state.h"

/* The value of a payload; 22P03 if it is not valid. */
extern UsKmeansState *us_cf_read(UsReader *r);

/* Weighted mean of the rows: c[d]. */
extern void us_cf_center(const UsKmeansState *s, double *c);

/* Sum of w |x - mean|^2, not negative, infinite beyond the range of double. */
extern double us_cf_sse(const UsKmeansState *s);

/* Distances of two clusters; the names are those of us_cf_distance_find. */
typedef enum UsCfDistance
{
	US_CF_CENTROID,				/* D0: Euclidean, of the centres */
	US_CF_MANHATTAN,			/* D1: of the centres */
	US_CF_AVERAGE,				/* D2: root mean square distance of the pairs of rows, one of each */
	US_CF_DIAMETER,				/* D3: the diameter of both together */
	US_CF_WARD					/* D4: what merging adds to the sum of squares */
} UsCfDistance;

/* The distance of that name; false if there is none. */
extern bool us_cf_distance_find(const char *name, UsCfDistance *distance);

/*
 * Root of the mean squared distance of the pairs of rows, where a row of weight w counts as w
 * rows (BIRCH, equation 3): sqrt(2 sse / (weight - 1)); NaN for a weight of at most 1.
 */
extern double us_cf_diameter(double sse, double weight);

/*
 * Distance of two features of one number of columns (22023), both with rows.  BIRCH,
 * equations 4 to 8; NaN for a diameter of a weight of at most 1, infinite beyond double.
 */
extern double us_cf_distance(const UsKmeansState *a, const UsKmeansState *b, UsCfDistance distance);

#endif
