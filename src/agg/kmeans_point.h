/*
 * kmeans_point.h
 *	  userseg.kmeans_point: one row, assigned to its nearest centre and ready to be summed.
 *
 * The scalar function that makes points holds the centroid set; the aggregate
 * kmeans_step takes the points alone (one argument is what distributes cheaply).
 */
#ifndef US_KMEANS_POINT_H
#define US_KMEANS_POINT_H

#include "agg/nearest.h"

#define US_KMEANS_POINT_VERSION	1

typedef struct UsKmeansPoint
{
	int32		vl_len_;
	uint8		version;		/* US_KMEANS_POINT_VERSION */
	uint8		metric;
	bool		gridded;
	uint8		unused;			/* 0 */
	int32		k;
	int32		d;
	int32		label;			/* 0-based */
	int32		weight_exponent;
	uint64		fingerprint;	/* of the centroid set */
	double		weight;			/* > 0; gridded: an integer >= 0 */
	double		cost;			/* us_assigner_nearest, not times weight; finite */
	double		value[FLEXIBLE_ARRAY_MEMBER];	/* us_assigner_nearest, d of them, not times weight */
} UsKmeansPoint;

StaticAssertDecl(offsetof(UsKmeansPoint, value) == 48, "header of userseg.kmeans_point has padding");

/*
 * The point of a row x[d] of weight w in the current memory context, or NULL if the
 * weight is 0: such a row does not count.  (On the grid of weights a very small weight may
 * become 0: then the row is counted, as the trainer does, and adds nothing.)
 * 22023: NaN or infinity in x, a weight that is negative, NaN or infinite, and a metric
 * for which means are no centres (manhattan, chebyshev).  22003: a squared distance or a
 * weighted value beyond the range of double.
 */
extern UsKmeansPoint *us_kmeans_point_make(const UsCentroidSet *c, const UsAssigner *a,
										   const double *x, double w);

/*
 * Check a row of the mean: 22023 for no columns or too many, NaN or infinity in x[d], a
 * weight that is negative, NaN or infinite.  Returns the weight.
 */
extern double us_kmeans_check_row(const double *x, int d, double w);

/* Payload, and the point of a payload; 22P03 if it is not valid. */
extern void us_kmeans_point_write(const UsKmeansPoint *p, UsWriter *w);
extern UsKmeansPoint *us_kmeans_point_read(UsReader *r);

#endif
