/*
 * cf.c
 *	  What clustering features tell.
 */
#include "postgres.h"

#include <math.h>

#include "agg/cf.h"
#include "math/distance.h"
#include "math/exact_scatter.h"

/* Sum of squares around the mean; negative if the sums are not those of rows. */
static double
scatter(const UsKmeansState *s)
{
	UsExactSum *sum = (UsExactSum *) palloc_extended(sizeof(UsExactSum) * (s->d + 2),
													 MCXT_ALLOC_HUGE);
	double		sse;

	for (int j = 0; j < s->d + 2; j++)
		us_kmeans_sum(s, 0, j, &sum[j]);
	sse = us_exact_scatter(&sum[s->d + 1], &sum[s->d], sum, s->d);
	pfree(sum);
	return sse;
}

UsKmeansState *
us_cf_read(UsReader *r)
{
	UsKmeansState *s = us_kmeans_read(r);

	if (s->kind != US_KMEANS_FEATURE)
		us_corrupt(r, "a state of kind %d", s->kind);
	if (us_kmeans_rows(s)[0] == 0)
		us_corrupt(r, "no rows");
	if (scatter(s) < 0)
		us_corrupt(r, "a sum of squares below the squared sum");
	return s;
}

void
us_cf_center(const UsKmeansState *s, double *c)
{
	double		weight = us_kmeans_weight(s, 0);

	for (int j = 0; j < s->d; j++)
	{
		UsExactSum	sum;

		us_kmeans_sum(s, 0, j, &sum);
		c[j] = us_exact_mean(&sum, weight);
	}
}

double
us_cf_sse(const UsKmeansState *s)
{
	/* errors of products below 1e-290 are lost: a trace of less than nothing may be left */
	return Max(scatter(s), 0.0);
}

double
us_cf_diameter(double sse, double weight)
{
	return weight > 1 ? sqrt(2 * (sse / (weight - 1))) : (double) NAN;
}

bool
us_cf_distance_find(const char *name, UsCfDistance *distance)
{
	static const char *const names[] = {
		[US_CF_CENTROID] = "centroid",
		[US_CF_MANHATTAN] = "manhattan",
		[US_CF_AVERAGE] = "average",
		[US_CF_DIAMETER] = "diameter",
		[US_CF_WARD] = "ward"
	};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) != 0)
			continue;
		*distance = (UsCfDistance) i;
		return true;
	}
	return false;
}

double
us_cf_distance(const UsKmeansState *a, const UsKmeansState *b, UsCfDistance distance)
{
	double	   *u;
	double	   *v;
	double		wa = us_kmeans_weight(a, 0);
	double		wb = us_kmeans_weight(b, 0);
	double		result;

	if (a->d != b->d)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("clustering features of %d and of %d columns have no distance",
						a->d, b->d)));
	u = (double *) palloc(sizeof(double) * a->d);
	v = (double *) palloc(sizeof(double) * a->d);
	us_cf_center(a, u);
	us_cf_center(b, v);
	if (distance == US_CF_CENTROID)
		result = us_distance(US_METRIC_EUCLIDEAN, u, v, a->d);
	else if (distance == US_CF_MANHATTAN)
		result = us_distance(US_METRIC_MANHATTAN, u, v, a->d);
	else
	{
		double		square = us_distance(US_METRIC_SQEUCLIDEAN, u, v, a->d);
		double		ward = wa / (wa + wb) * wb * square;

		if (distance == US_CF_WARD)
			result = ward;
		else if (distance == US_CF_AVERAGE)
			result = sqrt(us_cf_sse(a) / wa + us_cf_sse(b) / wb + square);
		else
			result = us_cf_diameter(us_cf_sse(a) + us_cf_sse(b) + ward, wa + wb);
	}
	pfree(u);
	pfree(v);
	return result;
}
