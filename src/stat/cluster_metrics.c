/*
 * cluster_metrics.c
 *	  How good a partition is.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "stat/cluster_metrics.h"

/* Blocks that n rows need at most when those of each of k clusters are filled up. */
static Size
most_blocks(int n, int k)
{
	return (Size) n / US_LANES + Min(n, k);
}

/* Bytes of an array in the memory of silhouettes, to whole lines. */
static Size
line(Size count, Size size)
{
	return TYPEALIGN(US_BLOCK_ALIGN, count * size);
}

Size
us_silhouettes_bytes(int n, int width, int k, bool fine)
{
	Size		rows = most_blocks(n, k) * US_LANES;

	return line(rows * width, fine ? sizeof(double) : sizeof(float)) + 2 * line(rows, sizeof(float)) + line(rows, sizeof(double)) +
		line(rows, sizeof(int32)) + line(n, sizeof(int32)) + line(k, sizeof(double)) +
		line(k + 1, sizeof(int32));
}

UsSilhouettes
us_silhouettes_at(void *memory, UsMetric metric, int n, int width, int k, bool fine)
{
	Size		rows = most_blocks(n, k) * US_LANES;
	UsSilhouettes s = {metric, n, width, k};
	char	   *at = (char *) memory;

	if (fine)
		s.fine = (double *) at;
	else
		s.x = (float *) at;
	at += line(rows * width, fine ? sizeof(double) : sizeof(float));
	s.mass = (float *) at;
	at += line(rows, sizeof(float));
	s.own = (float *) at;
	at += line(rows, sizeof(float));
	s.value = (double *) at;
	at += line(rows, sizeof(double));
	s.next = (int32 *) at;
	at += line(rows, sizeof(int32));
	s.slot = (int32 *) at;
	at += line(n, sizeof(int32));
	s.weight = (double *) at;
	at += line(k, sizeof(double));
	s.first = (int32 *) at;
	return s;
}

/* Row number from of x, blocks or (fine) rows, to row number to of the blocks. */
static void
put_row(UsSilhouettes *s, const float *x, const double *fine, int from, int to)
{
	Size		block = (Size) (to / US_LANES) * s->width * US_LANES + to % US_LANES;
	const float *row = x + (Size) (from / US_LANES) * s->width * US_LANES + from % US_LANES;

	for (int j = 0; j < s->width; j++)
		if (fine)
			s->fine[block + j * US_LANES] = fine[(Size) from * s->width + j];
		else
			s->x[block + j * US_LANES] = row[j * US_LANES];
}

bool
us_silhouettes_sort(UsSilhouettes *s, const float *x, const double *fine, const uint16 *label,
					const float *mass, const int64 *rows)
{
	int		   *next = (int *) palloc0(sizeof(int) * (s->k + 1));	/* row of each cluster */
	int			clusters = 0;

	for (int i = 0; i < s->n; i++)
		next[label[i]]++;
	memset(s->weight, 0, sizeof(double) * s->k);
	s->first[0] = 0;
	for (int c = 0; c < s->k; c++)
	{
		s->first[c + 1] = s->first[c] + (next[c] + US_LANES - 1) / US_LANES;
		next[c] = s->first[c] * US_LANES;
	}
	if (fine)
		memset(s->fine, 0, sizeof(double) * s->first[s->k] * US_LANES * s->width);
	else
		memset(s->x, 0, sizeof(float) * s->first[s->k] * US_LANES * s->width);
	memset(s->mass, 0, sizeof(float) * s->first[s->k] * US_LANES);
	for (int i = 0; i < s->n; i++)
	{
		int			to = next[label[i]]++;

		put_row(s, x, fine, i, to);
		s->mass[to] = mass[i];
		s->own[to] = rows ? (float) (mass[i] / (double) rows[i]) : mass[i];
		s->slot[i] = to;
		s->weight[label[i]] += mass[i];
	}
	pfree(next);
	for (int c = 0; c < s->k; c++)
		clusters += s->weight[c] > 0;
	return clusters >= 2;
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
sum_by_metric(const UsSilhouettes *s, const float *y, UsMetric metric, double *sum)
{
	const float *x = s->x;

	for (int c = 0; c < s->k; c++)
	{
		UsDoubleLanes low = {0};
		UsDoubleLanes high = {0};
		double		total = 0;

		for (int b = s->first[c]; b < s->first[c + 1]; b++, x += (Size) s->width * US_LANES)
		{
			UsFloatLanes part;
			UsHalfFloatLanes half[2];

			distances(x, s->width, y, metric, &part);
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

/* Distances of half a block of float8 rows to y[width]. */
US_INLINE void
fine_distances(const double *x, int width, const double *y, UsMetric metric, UsDoubleLanes *out)
{
	UsDoubleLanes sum = {0};
	double		root[US_HALF_LANES] __attribute__((aligned(US_BLOCK_ALIGN)));

	for (int j = 0; j < width; j++)
	{
		UsDoubleLanes d = *(const UsDoubleLanes *) (x + j * US_LANES) - y[j];

		sum += metric == US_METRIC_MANHATTAN ? (UsDoubleLanes) ((UsLongLanes) d & INT64CONST(0x7fffffffffffffff)) : d * d;
	}
	*out = metric == US_METRIC_COSINE ? sum * 0.5 : sum;
	if (metric != US_METRIC_EUCLIDEAN)
		return;
	*(UsDoubleLanes *) root = sum;
	for (int i = 0; i < US_HALF_LANES; i++)
		root[i] = sqrt(root[i]);
	*out = *(UsDoubleLanes *) root;
}

/* sum[k] for float8 rows. */
US_INLINE void
sum_fine(const UsSilhouettes *s, const double *y, UsMetric metric, double *sum)
{
	for (int c = 0; c < s->k; c++)
	{
		UsDoubleLanes lanes = {0};
		double		total = 0;

		for (int at = s->first[c] * US_LANES; at < s->first[c + 1] * US_LANES; at += US_HALF_LANES)
		{
			UsDoubleLanes part;

			fine_distances(s->fine + (Size) (at / US_LANES) * s->width * US_LANES + at % US_LANES, s->width, y,
						   metric, &part);
			lanes += part * __builtin_convertvector(*(const UsHalfFloatLanes *) (s->mass + at), UsDoubleLanes);
		}
		for (int i = 0; i < US_HALF_LANES; i++)
			total += lanes[i];
		sum[c] = total;
	}
}

US_CLONES static void
sum_euclidean_fine(const UsSilhouettes *s, const double *y, double *sum)
{
	sum_fine(s, y, US_METRIC_EUCLIDEAN, sum);
}

US_CLONES static void
sum_cosine_fine(const UsSilhouettes *s, const double *y, double *sum)
{
	sum_fine(s, y, US_METRIC_COSINE, sum);
}

US_CLONES static void
sum_manhattan_fine(const UsSilhouettes *s, const double *y, double *sum)
{
	sum_fine(s, y, US_METRIC_MANHATTAN, sum);
}

US_CLONES static void
sum_euclidean(const UsSilhouettes *s, const float *y, double *sum)
{
	sum_by_metric(s, y, US_METRIC_EUCLIDEAN, sum);
}

US_CLONES static void
sum_cosine(const UsSilhouettes *s, const float *y, double *sum)
{
	sum_by_metric(s, y, US_METRIC_COSINE, sum);
}

US_CLONES static void
sum_manhattan(const UsSilhouettes *s, const float *y, double *sum)
{
	sum_by_metric(s, y, US_METRIC_MANHATTAN, sum);
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

/* sum[k] of the distances to row i of the blocks; y has room for width values of either type. */
static void
sum_distances(const UsSilhouettes *s, int i, double *y, double *sum)
{
	Size		at = (Size) (i / US_LANES) * s->width * US_LANES + i % US_LANES;
	float	   *narrow = (float *) y;

	for (int j = 0; j < s->width; j++)
		if (s->fine)
			y[j] = s->fine[at + j * US_LANES];
		else
			narrow[j] = s->x[at + j * US_LANES];
	switch (s->metric)
	{
		case US_METRIC_COSINE:
			s->fine ? sum_cosine_fine(s, y, sum) : sum_cosine(s, narrow, sum);
			break;
		case US_METRIC_MANHATTAN:
			s->fine ? sum_manhattan_fine(s, y, sum) : sum_manhattan(s, narrow, sum);
			break;
		default:
			s->fine ? sum_euclidean_fine(s, y, sum) : sum_euclidean(s, narrow, sum);
	}
}

/* The cluster of a block. */
static int
cluster_of(const UsSilhouettes *s, int block)
{
	int			low = 0;
	int			high = s->k - 1;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (s->first[middle + 1] <= block)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
us_silhouettes_block(const UsSilhouettes *s, int block)
{
	double	   *sum = (double *) palloc(sizeof(double) * s->k);
	double	   *y = (double *) palloc(sizeof(double) * s->width);
	int			c = cluster_of(s, block);

	for (int i = block * US_LANES; i < (block + 1) * US_LANES; i++)
	{
		if (s->mass[i] == 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		sum_distances(s, i, y, sum);
		s->next[i] = -1;
		s->value[i] = silhouette_of(sum, s->weight, s->k, c, s->own[i], &s->next[i]);
	}
	pfree(sum);
	pfree(y);
}

double
us_silhouettes_mean(const UsSilhouettes *s, double *each, int32 *neighbour)
{
	double		total = 0;
	double		mass = 0;

	for (int i = 0; i < s->n; i++)
	{
		int			at = s->slot[i];

		total += s->mass[at] * s->value[at];
		mass += s->mass[at];
		if (each != NULL)
			each[i] = s->value[at];
		if (neighbour != NULL)
			neighbour[i] = s->next[at];
	}
	return total / mass;
}

double
us_silhouettes(UsMetric metric, const float *x, int n, int width, const uint16 *label, int k,
			   const float *mass, const int64 *rows, double *each, int32 *neighbour)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "silhouette",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsSilhouettes s = us_silhouettes_at(us_block_alloc(us_silhouettes_bytes(n, width, k, false)), metric, n, width,
										k, false);
	bool		defined = us_silhouettes_sort(&s, x, NULL, label, mass, rows);
	double		mean = NAN;

	for (int b = 0; b < s.first[k] && defined; b++)
		us_silhouettes_block(&s, b);
	if (defined)
		mean = us_silhouettes_mean(&s, each, neighbour);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return mean;
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
