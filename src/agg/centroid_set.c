/*
 * centroid_set.c
 *	  Making, reading and writing userseg.centroid_set.
 */
#include "postgres.h"

#include <math.h>

#include "agg/centroid_set.h"
#include "math/hash.h"

#define FLAG_GRIDDED	1

static Size
set_size(int k, int d, bool gridded)
{
	return offsetof(UsCentroidSet, value) + sizeof(double) * ((Size) k * d + k) +
		(gridded ? sizeof(UsGrid) * d : 0);
}

/* A set of zeros, and pointers to its parts that can be written. */
static UsCentroidSet *
set_alloc(int k, int d, bool gridded, double **center, double **weight, UsGrid **grid)
{
	Size		size = set_size(k, d, gridded);
	UsCentroidSet *c = (UsCentroidSet *) palloc0(size);

	SET_VARSIZE(c, size);
	c->version = US_CENTROID_SET_VERSION;
	c->gridded = gridded;
	c->k = k;
	c->d = d;
	*center = c->value;
	*weight = c->value + (Size) k * d;
	*grid = (UsGrid *) (*weight + k);
	return c;
}

/* Fill in the fingerprint; the same on every machine, since the payload is. */
static void
set_sign(UsCentroidSet *c)
{
	UsWriter	w;

	us_writer_init(&w);
	us_centroid_set_write(c, &w);
	c->fingerprint = us_hash_bytes(w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, 0);
	pfree(w.buf.data);
}

static void
check_sizes(int k, int d)
{
	if (k < 1 || k > US_CENTROID_MAX_K)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a centroid set cannot have %d centroids", k),
				 errdetail("The number of centroids is between 1 and %d.", US_CENTROID_MAX_K)));
	if (d < 1 || d > US_CENTROID_MAX_D)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("centroids cannot have %d columns", d),
				 errdetail("The number of columns is between 1 and %d.", US_CENTROID_MAX_D)));
	if ((int64) k * d > US_CENTROID_MAX_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a centroid set cannot have %d centroids of %d columns", k, d),
				 errdetail("Their product is at most %d.", US_CENTROID_MAX_VALUES)));
}

/* Copy the centres in, checked. */
static void
take_centers(UsCentroidSet *c, const double *from, double *to)
{
	for (int i = 0; i < c->k; i++, from += c->d, to += c->d)
	{
		for (int j = 0; j < c->d; j++)
		{
			if (!isfinite(from[j]))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("centroid %d has %s in column %d", i + 1,
								isnan(from[j]) ? "NaN" : "an infinite value", j + 1)));
			to[j] = from[j] + 0.0;	/* -0 becomes 0 */
		}
		if (c->metric == US_METRIC_COSINE && !c->gridded && !us_unit_vector(to, c->d, to))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("centroid %d is zero, which has no direction", i + 1),
					 errhint("Use another metric, or leave this centroid out.")));
	}
}

UsCentroidSet *
us_centroid_set_make(int k, int d, const double *center, const double *weight,
					 UsMetric metric, const UsGrid *grid, int weight_exponent)
{
	UsCentroidSet *c;
	double	   *centers;
	double	   *weights;
	UsGrid	   *grids;

	check_sizes(k, d);
	if (metric == US_METRIC_SQEUCLIDEAN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a centroid set cannot have metric \"%s\"", us_metric_name(metric)),
				 errhint("Use \"%s\": the nearest centroid is the same.",
						 us_metric_name(US_METRIC_EUCLIDEAN))));
	c = set_alloc(k, d, grid != NULL, &centers, &weights, &grids);
	c->metric = metric;
	take_centers(c, center, centers);
	for (int i = 0; i < k; i++)
	{
		double		w = weight == NULL ? 1 : weight[i];

		if (!isfinite(w) || w < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weight of centroid %d is %g", i + 1, w),
					 errdetail("A weight is a finite number, not negative.")));
		weights[i] = w + 0.0;
	}
	if (grid != NULL)
	{
		c->weight_exponent = weight_exponent;
		for (int j = 0; j < d; j++)
		{
			grids[j].offset = grid[j].offset;
			grids[j].exponent = grid[j].exponent;
		}
	}
	set_sign(c);
	return c;
}

double
us_centroid_value(const UsCentroidSet *c, int i, int j)
{
	double		value = us_centroid_center(c, i)[j];

	return c->gridded ? us_centroid_grid(c)[j].offset + value : value;
}

double
us_centroid_shift(const UsCentroidSet *a, const UsCentroidSet *b)
{
	double	   *x;
	double	   *y;
	double		shift = 0;

	if (a->k != b->k || a->d != b->d || a->metric != b->metric)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot compare %d %s centroids of %d columns with %d %s centroids of %d columns",
						a->k, us_metric_name((UsMetric) a->metric), a->d,
						b->k, us_metric_name((UsMetric) b->metric), b->d)));
	x = palloc(sizeof(double) * a->d);
	y = palloc(sizeof(double) * a->d);
	for (int i = 0; i < a->k; i++)
	{
		for (int j = 0; j < a->d; j++)
		{
			x[j] = us_centroid_value(a, i, j);
			y[j] = us_centroid_value(b, i, j);
		}
		shift = fmax(shift, us_distance((UsMetric) a->metric, x, y, a->d));
	}
	return shift;
}

/*
 * Payload: u8 version, u8 metric, u8 flags, u32 k, u32 d, f64 center[k][d], f64 weight[k];
 * gridded: i32 weight_exponent, then for each column f64 offset, i32 exponent.
 */
void
us_centroid_set_write(const UsCentroidSet *c, UsWriter *w)
{
	const UsGrid *grid = us_centroid_grid(c);
	Size		n = (Size) c->k * c->d + c->k;

	us_write_u8(w, US_CENTROID_SET_VERSION);
	us_write_u8(w, c->metric);
	us_write_u8(w, c->gridded ? FLAG_GRIDDED : 0);
	us_write_u32(w, c->k);
	us_write_u32(w, c->d);
	for (Size i = 0; i < n; i++)
		us_write_f64(w, c->value[i]);
	if (grid != NULL)
	{
		us_write_i32(w, c->weight_exponent);
		for (int j = 0; j < c->d; j++)
		{
			us_write_f64(w, grid[j].offset);
			us_write_i32(w, grid[j].exponent);
		}
	}
}

/* A double that must be finite and not -0. */
static double
read_finite(UsReader *r, const char *what)
{
	double		x = us_read_f64(r);

	if (!isfinite(x) || (x == 0 && signbit(x)))
		us_corrupt(r, "%s %g", what, x);
	return x;
}

UsCentroidSet *
us_centroid_set_read(UsReader *r)
{
	UsCentroidSet *c;
	double	   *center;
	double	   *weight;
	UsGrid	   *grid;
	uint8		version = us_read_u8(r);
	uint8		metric = us_read_u8(r);
	uint8		flags = us_read_u8(r);
	uint32		k = us_read_u32(r);
	uint32		d = us_read_u32(r);
	bool		gridded = (flags & FLAG_GRIDDED) != 0;

	us_check_version(r->what, version, US_CENTROID_SET_VERSION);
	if (metric >= US_METRIC_COUNT || metric == US_METRIC_SQEUCLIDEAN)
		us_corrupt(r, "metric %d", metric);
	if (flags > FLAG_GRIDDED)
		us_corrupt(r, "flags %d", flags);
	if (k < 1 || k > US_CENTROID_MAX_K || d < 1 || d > US_CENTROID_MAX_D ||
		(uint64) k * d > US_CENTROID_MAX_VALUES)
		us_corrupt(r, "%u centroids of %u columns", k, d);
	if (((Size) k * d + k) * 8 > r->len - r->pos)
		us_corrupt(r, "%u centroids of %u columns in %zu bytes", k, d, r->len - r->pos);

	c = set_alloc(k, d, gridded, &center, &weight, &grid);
	c->metric = metric;
	for (Size i = 0; i < (Size) k * d; i++)
		center[i] = read_finite(r, "centroid value");
	for (uint32 i = 0; i < k; i++)
	{
		weight[i] = read_finite(r, "weight");
		if (weight[i] < 0)
			us_corrupt(r, "weight %g", weight[i]);
	}
	if (gridded)
	{
		c->weight_exponent = us_read_i32(r);
		if (c->weight_exponent < -US_CENTROID_MAX_WEIGHT_EXPONENT ||
			c->weight_exponent > US_CENTROID_MAX_WEIGHT_EXPONENT)
			us_corrupt(r, "exponent %d of weights", c->weight_exponent);
		for (uint32 j = 0; j < d; j++)
		{
			grid[j].offset = read_finite(r, "offset");
			grid[j].exponent = us_read_i32(r);
			if (grid[j].exponent < US_GRID_MIN_EXPONENT || grid[j].exponent > US_GRID_MAX_EXPONENT)
				us_corrupt(r, "exponent %d of a grid", grid[j].exponent);
		}
	}
	if (metric == US_METRIC_COSINE && !gridded)
		for (uint32 i = 0; i < k; i++)
		{
			double		square = 0;

			for (uint32 j = 0; j < d; j++)
				square += center[(Size) i * d + j] * center[(Size) i * d + j];
			if (!(fabs(square - 1) < 1e-9))
				us_corrupt(r, "centroid %u of length %g with metric cosine", i + 1, sqrt(square));
		}
	set_sign(c);
	return c;
}
