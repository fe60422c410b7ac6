/*
 * kmeans_point.c
 *	  Making, reading and writing userseg.kmeans_point.
 */
#include "postgres.h"

#include <math.h>

#include "agg/kmeans_point.h"

#define FLAG_GRIDDED	1

/* largest integer weight: products with the integers of a grid stay inside 128 bits */
#define MAX_WEIGHT		4611686018427387904.0	/* 2^62 */

static Size
point_size(int d)
{
	return offsetof(UsKmeansPoint, value) + sizeof(double) * d;
}

pg_noreturn static void
refuse_weight(double w)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the weight of a row is %g", w),
			 errdetail("A weight is a finite number, not negative.")));
}

/* The weight that counts: on the grid of weights when there is one. */
static double
effective_weight(const UsCentroidSet *c, double w)
{
	double		counts = w;

	if (w >= 0 && c->gridded)
		counts = rint(ldexp(w, c->weight_exponent));
	if (!isfinite(w) || w < 0 || counts > (c->gridded ? MAX_WEIGHT : INFINITY))
		refuse_weight(w);
	return counts;
}

double
us_kmeans_check_row(const double *x, int d, double w)
{
	if (d < 1 || d > US_CENTROID_MAX_D)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a vector of length %d has no mean", d),
				 errdetail("The length is between 1 and %d.", US_CENTROID_MAX_D)));
	us_check_finite(x, d);
	if (!isfinite(w) || w < 0)
		refuse_weight(w);
	return w;
}

/* 22003 unless all that a state will add up is finite. */
static void
check_range(const UsKmeansPoint *p)
{
	double		largest = 0;

	if (p->weight == 1 && isfinite(p->cost))
		return;
	for (int j = 0; j < p->d; j++)
		largest = fmax(largest, fabs(p->value[j]));
	if (!isfinite(p->cost) || !isfinite(p->cost * p->weight) || !isfinite(largest * p->weight))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range in k-means: a vector with values up to %g and weight %g",
						largest, p->weight),
				 errdetail("Its squared distance to the nearest centroid, %g, or its part of the sums is beyond double precision.",
						   p->cost),
				 errhint("Scale the columns or the weights.")));
}

UsKmeansPoint *
us_kmeans_point_make(const UsCentroidSet *c, const UsAssigner *a, const double *x, double w)
{
	UsKmeansPoint *p;

	if (c->metric != US_METRIC_EUCLIDEAN && c->metric != US_METRIC_COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k-means cannot use metric \"%s\"", us_metric_name(c->metric)),
				 errdetail("The mean of a cluster is its centre for \"euclidean\" and \"cosine\" only."),
				 errhint("Make the centroid set with one of these metrics.")));
	if (w == 0)
		return NULL;
	if (w != 1 || c->gridded)
		w = effective_weight(c, w);
	p = (UsKmeansPoint *) palloc(point_size(c->d));
	SET_VARSIZE(p, point_size(c->d));
	p->version = US_KMEANS_POINT_VERSION;
	p->metric = c->metric;
	p->gridded = c->gridded;
	p->unused = 0;
	p->k = c->k;
	p->d = c->d;
	p->weight_exponent = c->weight_exponent;
	p->fingerprint = c->fingerprint;
	p->weight = w;
	p->label = us_assigner_nearest(a, x, p->value, &p->cost);
	check_range(p);
	return p;
}

/*
 * Payload: u8 version, u8 metric, u8 flags, u32 k, u32 d, i32 weight_exponent,
 * u64 fingerprint, u32 label, f64 weight, f64 cost, f64 value[d].
 */
void
us_kmeans_point_write(const UsKmeansPoint *p, UsWriter *w)
{
	us_write_u8(w, US_KMEANS_POINT_VERSION);
	us_write_u8(w, p->metric);
	us_write_u8(w, p->gridded ? FLAG_GRIDDED : 0);
	us_write_u32(w, p->k);
	us_write_u32(w, p->d);
	us_write_i32(w, p->weight_exponent);
	us_write_u64(w, p->fingerprint);
	us_write_u32(w, p->label);
	us_write_f64(w, p->weight);
	us_write_f64(w, p->cost);
	for (int j = 0; j < p->d; j++)
		us_write_f64(w, p->value[j]);
}

UsKmeansPoint *
us_kmeans_point_read(UsReader *r)
{
	UsKmeansPoint *p;
	uint8		version = us_read_u8(r);
	uint8		metric = us_read_u8(r);
	uint8		flags = us_read_u8(r);
	uint32		k = us_read_u32(r);
	uint32		d = us_read_u32(r);
	bool		gridded = (flags & FLAG_GRIDDED) != 0;
	int32		weight_exponent = us_read_i32(r);
	uint64		fingerprint = us_read_u64(r);
	uint32		label = us_read_u32(r);

	us_check_version(r->what, version, US_KMEANS_POINT_VERSION);
	if (metric != US_METRIC_EUCLIDEAN && metric != US_METRIC_COSINE)
		us_corrupt(r, "metric %d", metric);
	if (flags > FLAG_GRIDDED)
		us_corrupt(r, "flags %d", flags);
	if (k < 1 || k > US_CENTROID_MAX_K || d < 1 || d > US_CENTROID_MAX_D ||
		(uint64) k * d > US_CENTROID_MAX_VALUES)
		us_corrupt(r, "%u centroids of %u columns", k, d);
	if (label >= k)
		us_corrupt(r, "label %u of %u", label, k);
	if (weight_exponent < (gridded ? -US_CENTROID_MAX_WEIGHT_EXPONENT : 0) ||
		weight_exponent > (gridded ? US_CENTROID_MAX_WEIGHT_EXPONENT : 0))
		us_corrupt(r, "exponent %d of weights", weight_exponent);
	if ((Size) d * 8 > r->len - r->pos)
		us_corrupt(r, "%u columns in %zu bytes", d, r->len - r->pos);

	p = (UsKmeansPoint *) palloc0(point_size(d));
	SET_VARSIZE(p, point_size(d));
	p->version = version;
	p->metric = metric;
	p->gridded = gridded;
	p->k = k;
	p->d = d;
	p->weight_exponent = weight_exponent;
	p->fingerprint = fingerprint;
	p->label = label;
	p->weight = us_read_f64(r);
	p->cost = us_read_f64(r);
	if (gridded ? !(p->weight >= 0 && p->weight <= MAX_WEIGHT) || p->weight != rint(p->weight) :
		!isfinite(p->weight) || p->weight <= 0)
		us_corrupt(r, "weight %g", p->weight);
	if (!isfinite(p->cost * p->weight) || p->cost < 0)
		us_corrupt(r, "cost %g", p->cost);
	for (uint32 j = 0; j < d; j++)
	{
		double		v = us_read_f64(r);

		if (!isfinite(v) || !isfinite(v * p->weight) ||
			(gridded && (v != rint(v) || fabs(v) > US_GRID_MAX_Q)))
			us_corrupt(r, "value %g in column %u", v, j + 1);
		p->value[j] = v;
	}
	return p;
}
