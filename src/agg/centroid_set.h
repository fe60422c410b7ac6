/*
 * centroid_set.h
 *	  userseg.centroid_set: k centres of d columns, by value.
 *
 * Two kinds.  A plain set is what a user makes from arrays: distances to it are
 * computed in float8 from the values themselves.  A gridded set is made by the trainer:
 * its centres are relative to the offsets of a grid (math/grid.h), rows are rounded
 * to that grid, and distances are the float4 distances of math/kernels.h, so that
 * one SQL aggregate and one pass of the trainer have the same result bit for bit.
 *
 * A set is one flat varlena without pointers; what is sent and printed is the
 * little-endian payload of us_centroid_set_write().
 */
#ifndef US_CENTROID_SET_H
#define US_CENTROID_SET_H

#include "infra/buffer.h"
#include "math/distance.h"
#include "math/grid.h"
#include "math/kernels.h"

#define US_CENTROID_SET_VERSION	1

#define US_CENTROID_MAX_K		US_MAX_CENTERS
#define US_CENTROID_MAX_D		65535
#define US_CENTROID_MAX_VALUES	(1 << 24)	/* k * d: 128 MB */

/* bounds of weight_exponent */
#define US_CENTROID_MAX_WEIGHT_EXPONENT	1100

typedef struct UsCentroidSet
{
	int32		vl_len_;
	uint8		version;		/* US_CENTROID_SET_VERSION */
	uint8		metric;			/* UsMetric, not SQEUCLIDEAN */
	bool		gridded;
	uint8		unused;			/* 0 */
	int32		k;
	int32		d;
	int32		weight_exponent;	/* gridded: a weight w counts as rint(w * 2^weight_exponent) */
	int32		unused2;		/* 0 */
	uint64		fingerprint;	/* hash of the payload */
	double		value[FLEXIBLE_ARRAY_MEMBER];	/* center[k][d], weight[k], then UsGrid[d] */
} UsCentroidSet;

StaticAssertDecl(offsetof(UsCentroidSet, value) == 32, "header of userseg.centroid_set has padding");

/* Centre i, 0-based: d values; relative to the offsets when gridded. */
static inline const double *
us_centroid_center(const UsCentroidSet *c, int i)
{
	return c->value + (Size) i * c->d;
}

/* Weights of the clusters: k values >= 0. */
static inline const double *
us_centroid_weight(const UsCentroidSet *c)
{
	return c->value + (Size) c->k * c->d;
}

/* The grids of the columns, d of them; NULL for a plain set. */
static inline const UsGrid *
us_centroid_grid(const UsCentroidSet *c)
{
	return c->gridded ? (const UsGrid *) (us_centroid_weight(c) + c->k) : NULL;
}

/*
 * A set in the current memory context.  center[k][d], finite; relative to the offsets
 * if grid[d] is given (NULL: a plain set).  weight[k] >= 0, or NULL for 1 each.  Centres
 * of a plain cosine set are brought to unit length.  Raises 22023 for sizes out
 * of bounds, NaN, infinity, negative weights, a zero centre in a plain cosine set and
 * metric SQEUCLIDEAN (it is the same set as EUCLIDEAN).
 */
extern UsCentroidSet *us_centroid_set_make(int k, int d, const double *center,
										   const double *weight, UsMetric metric,
										   const UsGrid *grid, int weight_exponent);

/* Value j of centre i (0-based) in units of the column: offset added. */
extern double us_centroid_value(const UsCentroidSet *c, int i, int j);

/*
 * The largest distance that a centre moved from a to b, in the metric of the sets;
 * 22023 if the two have not the same number of centres and columns, or not one metric.
 */
extern double us_centroid_shift(const UsCentroidSet *a, const UsCentroidSet *b);

/* Payload, and the set of a payload; 22P03 if it is not valid. */
extern void us_centroid_set_write(const UsCentroidSet *c, UsWriter *w);
extern UsCentroidSet *us_centroid_set_read(UsReader *r);

#endif
