/*
 * ranking.c
 *	  How well scores put positive rows before negative ones.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/compensated.h"
#include "math/exact_sum.h"
#include "stat/ranking.h"

typedef struct Row
{
	double		score;
	double		weight;			/* below 0: of a negative row */
} Row;

/* Weights are sorted too, so that their sums do not depend on the order of the rows. */
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

static void *
allocate(int64 n, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * size);
}

Size
us_ranking_memory(int64 n)
{
	return n * (sizeof(Row) + 3 * sizeof(double));
}

UsRanking *
us_ranking_build(const double *score, const uint8 *positive, const double *weight, int64 n)
{
	UsRanking  *ranking = (UsRanking *) palloc0(sizeof(UsRanking));
	Row		   *row = (Row *) allocate(n, sizeof(Row));
	int64		m = 0;
	int64		d = -1;

	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;

		if (w == 0)
			continue;
		row[m].score = score[i] + 0.0;	/* -0 is 0 */
		row[m++].weight = positive[i] ? w : -w;
	}
	sort_rows(row, m);
	ranking->score = (double *) allocate(m, sizeof(double));
	ranking->positive = (double *) allocate(m, sizeof(double));
	ranking->negative = (double *) allocate(m, sizeof(double));
	for (int64 i = 0; i < m; i++)
	{
		if (i == 0 || row[i].score != ranking->score[d])
		{
			ranking->score[++d] = row[i].score;
			ranking->positive[d] = ranking->negative[d] = 0;
		}
		if (row[i].weight > 0)
			ranking->positive[d] += row[i].weight;
		else
			ranking->negative[d] -= row[i].weight;
	}
	ranking->n = d + 1;
	pfree(row);
	us_ranking_total(ranking);
	return ranking;
}

void
us_ranking_free(UsRanking *ranking)
{
	pfree(ranking->score);
	pfree(ranking->positive);
	pfree(ranking->negative);
	pfree(ranking);
}

static double
exact_total(const double *x, int64 n)
{
	UsExactSum	sum = {0};

	for (int64 i = 0; i < n; i += 8192)
	{
		us_exact_add_array(&sum, x + i, (int) Min(n - i, 8192));
		CHECK_FOR_INTERRUPTS();
	}
	return us_exact_round(&sum);
}

void
us_ranking_total(UsRanking *ranking)
{
	ranking->positives = exact_total(ranking->positive, ranking->n);
	ranking->negatives = exact_total(ranking->negative, ranking->n);
}

double
us_auc(const UsRanking *ranking)
{
	UsCompensated below = {0};	/* negatives */
	UsCompensated area = {0};

	if (ranking->positives <= 0 || ranking->negatives <= 0)
		return NAN;
	for (int64 i = 0; i < ranking->n; i++)
	{
		if (ranking->positive[i] != 0)
			us_compensated_add(&area, ranking->positive[i] / ranking->positives *
							   (us_compensated_value(&below) + 0.5 * ranking->negative[i]));
		us_compensated_add(&below, ranking->negative[i]);
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return Min(us_compensated_value(&area) / ranking->negatives, 1);
}

double
us_average_precision(const UsRanking *ranking)
{
	UsCompensated sum = {0};
	UsCompensated found = {0};	/* positives, and all rows */
	UsCompensated taken = {0};

	if (ranking->positives <= 0)
		return NAN;
	for (int64 i = ranking->n - 1; i >= 0; i--)
	{
		us_compensated_add(&found, ranking->positive[i]);
		us_compensated_add(&taken, ranking->positive[i]);
		us_compensated_add(&taken, ranking->negative[i]);
		if (ranking->positive[i] != 0)
			us_compensated_add(&sum, ranking->positive[i] / ranking->positives *
							   (us_compensated_value(&found) / us_compensated_value(&taken)));
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return Min(us_compensated_value(&sum), 1);
}

double
us_ranking_ks(const UsRanking *ranking, double *threshold)
{
	UsCompensated positive = {0};
	UsCompensated negative = {0};
	double		largest = 0;

	if (ranking->positives <= 0 || ranking->negatives <= 0)
		return NAN;
	for (int64 i = 0; i < ranking->n; i++)
	{
		double		distance;

		us_compensated_add(&positive, ranking->positive[i]);
		us_compensated_add(&negative, ranking->negative[i]);
		distance = fabs(us_compensated_value(&positive) / ranking->positives -
						us_compensated_value(&negative) / ranking->negatives);
		if (distance > largest)
		{
			largest = distance;
			if (threshold && i + 1 < ranking->n)
				*threshold = ranking->score[i + 1];
		}
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (threshold && largest == 0)
		*threshold = ranking->score[0];
	return Min(largest, 1);
}

/* ---- gain ---- */

/* A place in a ranking, on the way from the highest score down. */
typedef struct Walk
{
	const UsRanking *ranking;
	int64		next;			/* tie to be taken next, downwards */
	double		weight;			/* of the ties taken */
	double		positives;
} Walk;

/* Positives among the rows of weight target with the highest scores; targets do not fall. */
static double
walk_to(Walk *walk, double target, double *lowest)
{
	const UsRanking *r = walk->ranking;

	while (walk->next >= 0)
	{
		double		tie = r->positive[walk->next] + r->negative[walk->next];

		*lowest = r->score[walk->next];
		if (walk->weight + tie > target)
			return walk->positives + r->positive[walk->next] * Max(target - walk->weight, 0) / tie;
		walk->weight += tie;
		walk->positives += r->positive[walk->next];
		walk->next--;
		if (walk->weight == target)
			break;
		if (walk->next % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return walk->positives;
}

double
us_gain(const UsRanking *ranking, double share)
{
	Walk		walk = {ranking, ranking->n - 1, 0, 0};
	double		lowest;

	return share >= 1 ? ranking->positives :
		walk_to(&walk, share * (ranking->positives + ranking->negatives), &lowest);
}

void
us_lift_bins(const UsRanking *ranking, int n_bins, UsLiftBin *bin)
{
	Walk		walk = {ranking, ranking->n - 1, 0, 0};
	double		total = ranking->positives + ranking->negatives;
	double		base = ranking->positives / total;
	double		before = 0;
	double		lowest = NAN;

	for (int i = 0; i < n_bins; i++)
	{
		double		upto = i + 1 == n_bins ? total : total * (i + 1) / n_bins;
		double		found = walk_to(&walk, upto, &lowest);

		if (i + 1 == n_bins)
		{
			found = ranking->positives;
			lowest = ranking->n > 0 ? ranking->score[0] : NAN;
		}
		bin[i].weight = total / n_bins;
		bin[i].positives = Max(found - before, 0);
		bin[i].rate = bin[i].positives / bin[i].weight;
		bin[i].lift = bin[i].rate / base;
		bin[i].cumulative_positives = found;
		bin[i].cumulative_gain = found / ranking->positives;
		bin[i].cumulative_lift = found / upto / base;
		bin[i].lowest_score = lowest;
		before = found;
	}
}

double
us_best_threshold(const UsRanking *ranking, const UsPayoff *payoff, double *threshold, double *treated)
{
	double		positive = 0;	/* treated so far */
	double		negative = 0;
	double		best = ranking->positives * payoff->false_negative +
		ranking->negatives * payoff->true_negative;

	*threshold = INFINITY;
	*treated = 0;
	for (int64 i = ranking->n - 1; i >= 0; i--)
	{
		double		worth;

		positive += ranking->positive[i];
		negative += ranking->negative[i];
		worth = positive * payoff->true_positive + negative * payoff->false_positive +
			(ranking->positives - positive) * payoff->false_negative +
			(ranking->negatives - negative) * payoff->true_negative;
		if (worth > best)
		{
			best = worth;
			*threshold = ranking->score[i];
			*treated = positive + negative;
		}
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return best;
}
