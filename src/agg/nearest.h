/*
 * nearest.h
 *	  The nearest centre of a row, by a set that has been prepared for it.
 *
 * A UsAssigner is flat, without pointers, so that it can stand in the state of an
 * aggregate as well as in the cache of a scalar function.
 */
#ifndef US_NEAREST_H
#define US_NEAREST_H

#include "agg/centroid_set.h"

typedef struct UsAssigner
{
	int32		k;
	int32		d;
	uint8		metric;			/* UsMetric */
	bool		gridded;
	int16		unused;
	int32		scale;			/* gridded: of kernel coordinates, us_grids_scale */
	uint64		fingerprint;	/* of the set */
	double		data[FLEXIBLE_ARRAY_MEMBER];	/* gridded: UsQuantiser[d]; then packed centres */
} UsAssigner;

/* Bytes of the assigner of a set, a multiple of 8, and filling it in. */
extern Size us_assigner_size(const UsCentroidSet *c);
extern void us_assigner_fill(UsAssigner *a, const UsCentroidSet *c);

/* 22023, naming the column, if x[d] has NaN or infinity. */
extern void us_check_finite(const double *x, int d);

/*
 * The nearest centre of x[d], 0-based, ties to the lowest number.  value[d] gets
 * what a sum over rows has to add: x, or the integers of the grid, or for
 * cosine the unit vector of x (its integers).  *cost, if not NULL, is the squared
 * distance, in units of the columns (EUCLIDEAN; COSINE between unit vectors: twice
 * the cosine distance), or the distance (MANHATTAN, CHEBYSHEV); it is infinite when
 * beyond the range of double.  22023 if x has NaN or infinity.  value may be x.
 */
extern int	us_assigner_nearest(const UsAssigner *a, const double *x, double *value, double *cost);

/*
 * The nearest of the other centres, given value[] and the result of us_assigner_nearest, and its
 * cost; -1 and infinity when k = 1.
 */
extern int	us_assigner_second(const UsAssigner *a, const double *value, int label, double *cost);

/*
 * The distance, in the metric of the set, of value[] to centre label, given their cost; 22003
 * if it is out of range.
 */
extern double us_assigner_distance(const UsAssigner *a, const double *value, int label, double cost);

/*
 * The simplified silhouette of x[d] (E. R. Hruschka, R. J. G. B. Campello, L. N. de Castro,
 * "Evolving clusters in gene-expression data", Information Sciences 176, 2006): with
 * a the distance to the nearest centre and b that to the second nearest, (b - a) / b; 0 where b
 * is 0 or there is one centre only.  22003 if b is out of range.  *label gets the 0-based
 * label.
 */
extern double us_silhouette(const UsAssigner *a, const double *x, int *label);

#endif
