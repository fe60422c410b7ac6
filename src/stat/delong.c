/*
 * delong.c
 *	  How sure an AUC is, and whether two AUCs on the same rows differ.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/exact_sum.h"
#include "stat/delong.h"
#include "stat/normal.h"

/* A row of weight above 0, on its way through one sort. */
typedef struct Row
{
	double		score;
	double		weight;			/* below 0: of a negative row */
	int64		place;			/* in the arrays of the caller */
} Row;

static inline int
compare_rows(const Row *a, const Row *b)
{
	if (a->score != b->score)
		return a->score < b->score ? -1 : 1;
	return (a->weight > b->weight) - (a->weight < b->weight);
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE Row
#define ST_COMPARE(a, b) compare_rows(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

Size
us_delong_memory(int64 n, bool pair)
{
	return n * (sizeof(Row) + (pair ? 2 : 1) * sizeof(double));
}

/* v[place] of each row (us_auc_components).  Sums of integers (equal weights) are exact. */
static void
placements(Row *row, int64 m, double positives, double negatives, double *v)
{
	double		above = positives;
	double		below = 0;

	sort_rows(row, m);
	for (int64 i = 0; i < m;)
	{
		double		tied[2] = {0, 0};	/* negatives, positives */
		int64		end = i;

		for (; end < m && row[end].score == row[i].score; end++)
			tied[row[end].weight > 0] += fabs(row[end].weight);
		above -= tied[1];
		for (int64 j = i; j < end; j++)
			v[row[j].place] = row[j].weight > 0 ? (below + 0.5 * tied[0]) / negatives :
				(above + 0.5 * tied[1]) / positives;
		below += tied[0];
		i = end;
		CHECK_FOR_INTERRUPTS();
	}
}

static double
weighted_mean(const double *v, const uint8 *positive, const double *weight, int64 n, double total)
{
	UsExactSum	sum = {0};

	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;

		if (positive[i] && w > 0)
			us_exact_add(&sum, w * v[i]);
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return us_exact_round(&sum) / total;
}

/* Part of the (co)variance that comes from the rows of one class. */
static double
covariance_part(const double *v, double mean_v, const double *u, double mean_u,
				const uint8 *positive, uint8 side, const double *weight, int64 n,
				double total, int64 count)
{
	UsExactSum	sum = {0};

	if (count < 2)
		return NAN;
	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;

		if ((positive[i] != 0) == side && w > 0)
			us_exact_add(&sum, (w * (v[i] - mean_v)) * (w * (u[i] - mean_u)));
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return us_exact_round(&sum) / total / total * ((double) count / (count - 1));
}

/* Weight of the rows of one class, and how many have one. */
static double
class_weight(const uint8 *positive, uint8 side, const double *weight, int64 n, int64 *count)
{
	UsExactSum	sum = {0};

	*count = 0;
	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;

		if ((positive[i] != 0) != side || w == 0)
			continue;
		us_exact_add(&sum, w);
		(*count)++;
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return us_exact_round(&sum);
}

double
us_auc_components(const double *score, const uint8 *positive, const double *weight, int64 n, double *v)
{
	Row		   *row = (Row *) MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(Row));
	int64		m = 0;
	int64		count;
	double		positives = class_weight(positive, 1, weight, n, &count);
	double		negatives = class_weight(positive, 0, weight, n, &count);

	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;

		if (w == 0)
			continue;
		row[m].score = score[i];
		row[m].weight = positive[i] ? w : -w;
		row[m++].place = i;
	}
	placements(row, m, positives, negatives, v);
	pfree(row);
	return weighted_mean(v, positive, weight, n, positives);
}

void
us_delong(const double *a, const double *b, const uint8 *positive, const double *weight,
		  int64 n, UsDelong *result)
{
	const double *score[2] = {a, b};
	double	   *v[2] = {NULL, NULL};
	double		total[2];

	total[0] = class_weight(positive, 0, weight, n, &result->negatives);
	total[1] = class_weight(positive, 1, weight, n, &result->positives);
	for (int s = 0; s < 2; s++)
	{
		result->auc[s] = result->variance[s] = NAN;
		if (score[s] == NULL || total[0] <= 0 || total[1] <= 0)
			continue;
		v[s] = (double *) MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(double));
		result->auc[s] = us_auc_components(score[s], positive, weight, n, v[s]);
	}
	result->covariance = NAN;
	for (int pair = 0; pair < 3; pair++)
	{
		int			s = pair == 1;	/* aa, bb, ab */
		int			t = pair > 0;
		double	   *target = pair == 2 ? &result->covariance : &result->variance[s];

		if (v[s] == NULL || v[t] == NULL)
			continue;
		*target = covariance_part(v[s], result->auc[s], v[t], result->auc[t], positive, 1, weight, n,
								  total[1], result->positives) +
			covariance_part(v[s], result->auc[s], v[t], result->auc[t], positive, 0, weight, n,
							total[0], result->negatives);
	}
	for (int s = 0; s < 2; s++)
		if (v[s])
			pfree(v[s]);
}

double
us_delong_test(const UsDelong *result, double *z)
{
	double		difference = result->auc[0] - result->auc[1];
	double		variance = result->variance[0] + result->variance[1] - 2 * result->covariance;

	if (difference == 0)
	{
		*z = 0;
		return 1;
	}
	*z = difference / sqrt(Max(variance, 0));
	return isnan(variance) ? NAN : 2 * us_normal_cdf(-fabs(*z));
}
