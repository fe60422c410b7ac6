/*
 * kmeans_read.c
 *	  What the sums of userseg.kmeans_state tell: means, weights, costs.
 */
#include "postgres.h"

#include <math.h>

#include "agg/kmeans_state.h"

void
us_kmeans_sum(const UsKmeansState *s, int i, int j, UsExactSum *sum)
{
	const int64 *chunk = us_kmeans_chunks(s, i, j);
	int			n = Min(s->chunks, US_EXACT_CHUNKS - s->low);

	memset(sum, 0, sizeof(*sum));
	memcpy(sum->chunk + s->low, chunk, sizeof(int64) * n);
	sum->pending = US_EXACT_PENDING;	/* to be carried before more is added */
	if (n < s->chunks)			/* the sign above the last chunk */
		sum->chunk[US_EXACT_CHUNKS - 1] += chunk[n] * (INT64CONST(1) << 32);
}

/* Sum j of all clusters. */
static double
total(const UsKmeansState *s, int j)
{
	UsExactSum	all = {0};

	for (int i = 0; i < s->k; i++)
	{
		UsExactSum	one;

		us_kmeans_sum(s, i, j, &one);
		us_exact_merge(&all, &one);
	}
	return ldexp(us_exact_round(&all), -s->weight_exponent);
}

static double
rounded(const UsKmeansState *s, int i, int j)
{
	UsExactSum	sum;

	us_kmeans_sum(s, i, j, &sum);
	return us_exact_round(&sum);
}

double
us_kmeans_weight(const UsKmeansState *s, int i)
{
	return ldexp(rounded(s, i, us_kmeans_columns(s)), -s->weight_exponent);
}

double
us_kmeans_cost(const UsKmeansState *s, int i)
{
	return ldexp(rounded(s, i, us_kmeans_columns(s) + 1), -s->weight_exponent);
}

double
us_kmeans_total_weight(const UsKmeansState *s)
{
	return total(s, us_kmeans_columns(s));
}

double
us_kmeans_total_cost(const UsKmeansState *s)
{
	return total(s, us_kmeans_columns(s) + 1);
}

/* ---- integers ---- */

/* A sum of integers, as one. */
static int128
integer_sum(const UsKmeansState *s, int i, int j)
{
	UsExactSum	sum;
	UsExactWords words;
	int128		result = 0;
	bool		fits = true;

	us_kmeans_sum(s, i, j, &sum);
	us_exact_pack(&sum, &words);
	for (int w = 0; w < words.n; w++)
	{
		int			shift = 32 * (words.first + w) - 1074;

		/* words below 1 hold zeros but for the top bits of the lowest; 2^94 * 2^32 is the limit */
		if (shift < -31 || shift > 94)
			fits = false;
		else if (shift < 0)
		{
			fits = fits && (words.word[w] & ((UINT64CONST(1) << -shift) - 1)) == 0;
			result += words.word[w] >> -shift;
		}
		else
			result += (int128) words.word[w] << shift;
	}
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum %d of cluster %d is not an integer of 126 bits", j + 1, i + 1)));
	return words.negative ? -result : result;
}

void
us_kmeans_get_sums(const UsKmeansState *s, UsSums *sums)
{
	Assert(s->gridded && s->kind == US_KMEANS_CLUSTERS);
	Assert(sums->k == s->k && sums->width == s->d);

	for (int i = 0; i < s->k; i++)
	{
		int128		weight = integer_sum(s, i, s->d);

		if (weight > PG_INT64_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("the weight of cluster %d is beyond 64 bits", i + 1)));
		sums->rows[i] = us_kmeans_rows(s)[i];
		sums->weight[i] = (int64) weight;
		for (int j = 0; j < s->d; j++)
			sums->sum[(Size) i * s->d + j] = integer_sum(s, i, j);
	}
}

/* ---- the next set ---- */

/* The mean of the rows of cluster i into mean[d]; false if there are none. */
static bool
plain_mean(const UsKmeansState *s, int i, double *mean)
{
	double		weight = us_kmeans_weight(s, i);
	bool		zero = true;

	if (us_kmeans_rows(s)[i] == 0)
		return false;
	for (int j = 0; j < s->d; j++)
	{
		UsExactSum	sum;

		us_kmeans_sum(s, i, j, &sum);
		mean[j] = us_exact_mean(&sum, weight);
		zero = zero && mean[j] == 0;
	}
	return s->metric != US_METRIC_COSINE || !zero;
}

/* Means of a gridded state, computed as the trainer does; clusters without rows keep their centre. */
static void
gridded_means(const UsKmeansState *s, const UsCentroidSet *c, double *center)
{
	char	   *memory = palloc(us_sums_bytes(s->k, s->d) + 16);
	UsSums		sums = us_sums_at((void *) TYPEALIGN(16, memory), s->k, s->d);

	us_kmeans_get_sums(s, &sums);
	memcpy(center, c->value, sizeof(double) * s->k * s->d);
	for (int i = 0; i < s->k; i++)
		if (sums.weight[i] > 0)
			us_sums_mean(&sums, i, us_centroid_grid(c), center + (Size) i * s->d);
	pfree(memory);
}

static void
plain_means(const UsKmeansState *s, const UsCentroidSet *c, double *center)
{
	for (int i = 0; i < s->k; i++, center += s->d)
	{
		if (plain_mean(s, i, center))
			continue;
		if (c == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cluster %d has no mean, and the state does not hold its centroid", i + 1),
					 errdetail("It has " INT64_FORMAT " rows.", us_kmeans_rows(s)[i]),
					 errhint("Pass the centroid set that the rows were assigned to as second argument.")));
		memcpy(center, us_centroid_center(c, i), sizeof(double) * s->d);
	}
}

UsCentroidSet *
us_kmeans_next(const UsKmeansState *s, const UsCentroidSet *c)
{
	double	   *center = (double *) palloc(sizeof(double) * s->k * s->d);
	double	   *weight = (double *) palloc(sizeof(double) * s->k);

	if (c != NULL && c->fingerprint != s->fingerprint)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the state was made with another centroid set"),
				 errhint("Pass the centroid set that the rows were assigned to.")));
	if (c == NULL)
		c = us_kmeans_set(s);
	if (s->gridded && c == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the state does not hold the grid of its centroid set"),
				 errhint("Pass the centroid set that the rows were assigned to as second argument.")));
	if (s->gridded)
		gridded_means(s, c, center);
	else
		plain_means(s, c, center);
	for (int i = 0; i < s->k; i++)
		weight[i] = us_kmeans_weight(s, i);
	return us_centroid_set_make(s->k, s->d, center, weight, (UsMetric) s->metric,
								c != NULL ? us_centroid_grid(c) : NULL,
								s->weight_exponent);
}
