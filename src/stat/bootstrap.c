/*
 * bootstrap.c
 *	  Intervals by resampling.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/random.h"
#include "stat/bootstrap.h"
#include "stat/ranking.h"

#define DRAWS	20000000		/* rows times replicates, about */
#define MOST	11				/* counts of a row; P(X > 11) is 1e-9 */

int
us_bootstrap_replicates(int64 n)
{
	return (int) Min(Max(DRAWS / Max(n, 1), 100), 1000);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Linear interpolation between order statistics (type 7 of Hyndman and Fan). */
static double
quantile(const double *sorted, int n, double p)
{
	double		h = p * (n - 1);
	int			i = (int) h;

	return i + 1 < n ? sorted[i] + (h - i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

void
us_percentile_interval(double *value, int n, double level, double *low, double *high)
{
	int			m = 0;

	for (int i = 0; i < n; i++)
		if (!isnan(value[i]))
			value[m++] = value[i];
	*low = *high = NAN;
	if (m == 0)
		return;
	qsort(value, m, sizeof(double), compare_doubles);
	*low = quantile(value, m, (1 - level) / 2);
	*high = quantile(value, m, 1 - (1 - level) / 2);
}

/* A row in the order of scores. */
typedef struct Row
{
	double		score;
	double		weight;			/* below 0: of a negative row */
	uint64		key;
} Row;

static inline int
compare_rows(const Row *a, const Row *b)
{
	if (a->score != b->score)
		return a->score < b->score ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight < b->weight ? -1 : 1;
	return (a->key > b->key) - (a->key < b->key);
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE Row
#define ST_COMPARE(a, b) compare_rows(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

Size
us_bootstrap_memory(int64 n)
{
	return n * (sizeof(Row) + 3 * sizeof(double));
}

/* Poisson variable of mean 1 from 64 bits, by inversion; limit[i] = P(X <= i) in units of 2^-64. */
static inline int
poisson_count(uint64 bits, const uint64 *limit)
{
	int			count = 0;

	while (count < MOST && bits >= limit[count])
		count++;
	return count;
}

/* Keys of their own for rows that share one: being equal, it does not matter which gets which. */
static void
part_keys(Row *row, int64 m)
{
	uint64		previous = 0;
	uint64		copies = 0;

	for (int64 i = 0; i < m; i++)
	{
		uint64		key = row[i].key;

		copies = i > 0 && key == previous ? copies + 1 : 0;
		if (copies > 0)
			row[i].key = us_mix64(copies, key);
		previous = key;
	}
}

void
us_bootstrap_ranking(const double *score, const uint8 *positive, const double *weight,
					 const uint64 *key, bool together, int64 n, uint64 seed, int replicates,
					 double *average_precision, double *ks)
{
	UsRanking  *base = us_ranking_build(score, positive, weight, n);
	Row		   *row = (Row *) MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(Row));
	uint64		limit[MOST];
	double		below = 0;
	double		term = exp(-1);
	int64		m = 0;

	for (int i = 0; i < MOST; i++, term /= i)
	{
		below += term;
		limit[i] = (uint64) (below * 18446744073709551616.0);
	}
	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;

		if (w == 0)
			continue;
		row[m].score = score[i] + 0.0;
		row[m].weight = positive[i] ? w : -w;
		row[m++].key = key[i];
	}
	sort_rows(row, m);
	if (!together)
		part_keys(row, m);
	for (int r = 0; r < replicates; r++)
	{
		uint64		draw = us_mix64(seed, r);
		int64		tie = -1;

		for (int64 i = 0; i < m; i++)
		{
			int			count = poisson_count(us_hash64(draw ^ row[i].key), limit);

			if (i == 0 || row[i].score != row[i - 1].score)
			{
				tie++;
				base->positive[tie] = base->negative[tie] = 0;
			}
			if (row[i].weight > 0)
				base->positive[tie] += count * row[i].weight;
			else
				base->negative[tie] -= count * row[i].weight;
			if (i % 8192 == 0)
				CHECK_FOR_INTERRUPTS();
		}
		us_ranking_total(base);
		average_precision[r] = us_average_precision(base);
		ks[r] = us_ranking_ks(base, NULL);
	}
	pfree(row);
	us_ranking_free(base);
}

void
us_bootstrap_confusion(const double *cell, int k, double rows, uint64 seed, int replicate, double *out)
{
	double		total = 0;
	UsRandom	random;

	us_random_init(&random, seed, replicate);
	for (int i = 0; i < k * k; i++)
		total += cell[i];
	for (int i = 0; i < k * k; i++)
		out[i] = cell[i] > 0 ? us_random_poisson(&random, Min(cell[i] / total * rows, 1e9)) : 0;
}
