/*
 * cluster_metrics.c
 *	  How good a partition is.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "stat/cluster_metrics.h"

/* Rows with the clusters one after the other, each filled up to whole blocks. */
typedef struct Sorted
{
	float	   *x;
	float	   *mass;			/* 0 in rows that fill up */
	int		   *first;			/* [k + 1] first block of each cluster */
} Sorted;

static void
sort_by_label(Sorted *s, const float *x, int n, int width, const uint16 *label, int k,
			  const float *mass)
{
	int		   *next = (int *) palloc0(sizeof(int) * (k + 1));	/* row of each cluster */

	s->first = (int *) palloc0(sizeof(int) * (k + 1));
	for (int i = 0; i < n; i++)
		next[label[i]]++;
	for (int c = 0; c < k; c++)
		s->first[c + 1] = s->first[c] + (next[c] + US_LANES - 1) / US_LANES;
	s->x = (float *) us_block_alloc(sizeof(float) * s->first[k] * US_LANES * width);
	s->mass = (float *) us_block_alloc(sizeof(float) * s->first[k] * US_LANES);
	memset(s->x, 0, sizeof(float) * s->first[k] * US_LANES * width);
	memset(s->mass, 0, sizeof(float) * s->first[k] * US_LANES);
	for (int c = 0; c < k; c++)
		next[c] = s->first[c] * US_LANES;
	for (int i = 0; i < n; i++)
	{
		int			to = next[label[i]]++;
		const float *in = x + (Size) (i / US_LANES) * width * US_LANES + i % US_LANES;
		float	   *out = s->x + (Size) (to / US_LANES) * width * US_LANES + to % US_LANES;

		for (int j = 0; j < width; j++)
			out[j * US_LANES] = in[j * US_LANES];
		s->mass[to] = mass[i];
	}
	pfree(next);
}

/* Distances of a block to the row y[width]: Euclidean, half the square of it (cosine, unit rows), or Manhattan. */
US_INLINE void
distances(const float *x, int width, const float *y, UsMetric metric, UsFloatLanes *out)
{
	UsFloatLanes sum = {0};
	float		root[US_LANES] __attribute__((aligned(US_BLOCK_ALIGN)));

	for (int j = 0; j < width; j++)
	{
		UsFloatLanes d = *(const UsFloatLanes *) (x + j * US_LANES) - y[j];

		sum += metric == US_METRIC_MANHATTAN ? (UsFloatLanes) ((UsIntLanes) d & INT32_MAX) : d * d;
	}
	*out = metric == US_METRIC_COSINE ? sum * 0.5f : sum;
	if (metric != US_METRIC_EUCLIDEAN)
		return;
	*(UsFloatLanes *) root = sum;
	for (int i = 0; i < US_LANES; i++)
		root[i] = sqrtf(root[i]);
	*out = *(UsFloatLanes *) root;
}

/* sum[k]: for each cluster, the sum of mass * distance to the row y[width]. */
US_INLINE void
sum_by_metric(const Sorted *s, int k, int width, const float *y, UsMetric metric, double *sum)
{
	const float *x = s->x;

	for (int c = 0; c < k; c++)
	{
		UsDoubleLanes low = {0};
		UsDoubleLanes high = {0};
		double		total = 0;

		for (int b = s->first[c]; b < s->first[c + 1]; b++, x += (Size) width * US_LANES)
		{
			UsFloatLanes part;
			UsHalfFloatLanes half[2];

			distances(x, width, y, metric, &part);
			part *= *(const UsFloatLanes *) (s->mass + b * US_LANES);
			memcpy(half, &part, sizeof(half));
			low += __builtin_convertvector(half[0], UsDoubleLanes);
			high += __builtin_convertvector(half[1], UsDoubleLanes);
		}
		low += high;
		for (int i = 0; i < US_HALF_LANES; i++)
			total += low[i];
		sum[c] = total;
	}
}

US_CLONES static void
sum_euclidean(const Sorted *s, int k, int width, const float *y, double *sum)
{
	sum_by_metric(s, k, width, y, US_METRIC_EUCLIDEAN, sum);
}

US_CLONES static void
sum_cosine(const Sorted *s, int k, int width, const float *y, double *sum)
{
	sum_by_metric(s, k, width, y, US_METRIC_COSINE, sum);
}

US_CLONES static void
sum_manhattan(const Sorted *s, int k, int width, const float *y, double *sum)
{
	sum_by_metric(s, k, width, y, US_METRIC_MANHATTAN, sum);
}

/* The silhouette of a row of cluster c from its sums of distances; *next gets the nearest other cluster. */
static double
silhouette_of(const double *sum, const double *weight, int k, int c, double own, int *next)
{
	double		rest = weight[c] - own;
	double		a;
	double		b = INFINITY;

	for (int o = 0; o < k; o++)
		if (o != c && weight[o] > 0 && sum[o] / weight[o] < b)
		{
			b = sum[o] / weight[o];
			*next = o;
		}
	/* alone, but for rounding of the weights */
	if (rest <= weight[c] * 1e-12)
		return 0;
	a = sum[c] / rest;
	return Max(a, b) > 0 ? (b - a) / Max(a, b) : 0;
}

double
us_silhouette_blocks(const float *x, int n, int width, const uint16 *label, int k,
					 const float *mass, const double *own, double *each)
{
	return us_silhouettes(US_METRIC_EUCLIDEAN, x, n, width, label, k, mass, own, each, NULL);
}

double
us_silhouettes(UsMetric metric, const float *x, int n, int width, const uint16 *label, int k,
			   const float *mass, const double *own, double *each, int32 *neighbour)
{
	void		(*sums) (const Sorted *, int, int, const float *, double *) =
		metric == US_METRIC_COSINE ? sum_cosine :
		metric == US_METRIC_MANHATTAN ? sum_manhattan : sum_euclidean;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "silhouette",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Sorted		s;
	double	   *weight = (double *) palloc0(sizeof(double) * k);
	double	   *sum = (double *) palloc(sizeof(double) * k);
	float	   *y = (float *) palloc(sizeof(float) * width);
	int			clusters = 0;
	double		total = 0;
	double		total_mass = 0;

	for (int i = 0; i < n; i++)
		weight[label[i]] += mass[i];
	for (int c = 0; c < k; c++)
		clusters += weight[c] > 0;
	if (clusters >= 2)
		sort_by_label(&s, x, n, width, label, k, mass);
	for (int i = 0; i < n && clusters >= 2; i++)
	{
		const float *row = x + (Size) (i / US_LANES) * width * US_LANES + i % US_LANES;
		double		value;
		int			next = -1;

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < width; j++)
			y[j] = row[j * US_LANES];
		sums(&s, k, width, y, sum);
		value = silhouette_of(sum, weight, k, label[i], own ? own[i] : 1.0, &next);
		if (neighbour != NULL)
			neighbour[i] = next;
		if (each != NULL)
			each[i] = value;
		total += mass[i] * value;
		total_mass += mass[i];
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return clusters >= 2 ? total / total_mass : NAN;
}

double
us_calinski_harabasz(double total, double within, double n, int k)
{
	if (k < 2 || n <= k || within <= 0)
		return NAN;
	return ((total - within) / (k - 1)) / (within / (n - k));
}

double
us_davies_bouldin(const double *center, const double *scatter, int k, int width)
{
	double		sum = 0;
	int			n = 0;

	for (int a = 0; a < k; a++)
	{
		double		worst = 0;

		CHECK_FOR_INTERRUPTS();
		if (isnan(scatter[a]))
			continue;
		for (int b = 0; b < k; b++)
		{
			double		d = 0;

			if (b == a || isnan(scatter[b]))
				continue;
			for (int j = 0; j < width; j++)
			{
				double		diff = center[(Size) a * width + j] - center[(Size) b * width + j];

				d += diff * diff;
			}
			if (d > 0)
				worst = fmax(worst, (scatter[a] + scatter[b]) / sqrt(d));
		}
		sum += worst;
		n++;
	}
	return n < 2 ? NAN : sum / n;
}

int
us_elbow(const double *x, const double *y, int n)
{
	double		best = 0;
	int			bend = -1;

	if (n < 3 || !(x[n - 1] > x[0]) || !(y[0] > y[n - 1]))
		return -1;
	for (int i = 1; i < n - 1; i++)
	{
		double		u = (x[i] - x[0]) / (x[n - 1] - x[0]);
		double		v = (y[0] - y[i]) / (y[0] - y[n - 1]);

		if (v - u > best)
		{
			best = v - u;
			bend = i;
		}
	}
	return bend;
}
