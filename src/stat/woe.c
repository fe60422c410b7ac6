/*
 * woe.c
 *	  Weight of evidence, and optimal bins by dynamic programming.
 *
 * The information value is a sum over bins, and the condition on the trend looks at two neighbours: so the best
 * partition of the first cells whose last bin is (i, j] is the best one whose last bin is (h, i], plus that bin
 * (R. Bellman, On the Approximation of Curves by Line Segments Using Dynamic Programming, 1961).
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "stat/woe.h"

/* gains below this share of the information value are none */
#define LEAST_GAIN	1e-12

double
us_woe_bin_value(const UsWoeRule *rule, double good, double bad)
{
	double		g;
	double		b;

	if (good == 0 || bad == 0)
	{
		good += rule->smoothing;
		bad += rule->smoothing;
	}
	g = good / rule->all_good;
	b = bad / rule->all_bad;
	return (g - b) * log(g / b);
}

typedef struct Search
{
	const UsWoeRule *rule;
	int			n;
	const double *good;			/* [n + 1] sums of the cells before */
	const double *bad;
	double	   *value;			/* [n][n]: of the bin of cells i .. j; -1: not allowed */
	double	   *best;			/* [bins][n][n]: of partitions whose last bin that is; -1: there is none */
	uint8	   *before;			/* [bins][n][n]: first cell of the bin before it */
} Search;

#define AT(s, k, i, j)	(((Size) (k) * (s)->n + (i)) * (s)->n + (j))

/* Whether bin i .. j may stand behind bin h .. i - 1. */
static bool
follows(const Search *s, UsTrend trend, int h, int i, int j)
{
	double		left = (s->bad[i] - s->bad[h]) * (s->good[j + 1] - s->good[i]);
	double		right = (s->bad[j + 1] - s->bad[i]) * (s->good[i] - s->good[h]);

	/* odds of bads, without division */
	return trend == US_TREND_NONE || (trend == US_TREND_RISING ? left < right : left > right);
}

static void
fill_values(Search *s)
{
	for (int i = 0; i < s->n; i++)
		for (int j = i; j < s->n; j++)
		{
			double		good = s->good[j + 1] - s->good[i];
			double		bad = s->bad[j + 1] - s->bad[i];
			bool		allowed = good + bad > 0 && good + bad >= s->rule->min_weight;

			s->value[AT(s, 0, i, j)] = allowed || (i == 0 && j == s->n - 1) ? us_woe_bin_value(s->rule, good, bad) : -1;
		}
}

/* The best partition with that trend. */
static int
partition(Search *s, UsTrend trend, int *last, double *value)
{
	int			n = s->n;
	int			bins = 1;
	int			first = 0;

	*value = s->value[AT(s, 0, 0, n - 1)];
	for (int k = 0; k < s->rule->max_bins; k++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
			for (int j = i; j < n; j++)
			{
				double		own = s->value[AT(s, 0, i, j)];
				double		most = k == 0 && i == 0 ? 0 : -1;
				int			from = 0;

				for (int h = 0; k > 0 && own >= 0 && h < i; h++)
				{
					double		b = s->best[AT(s, k - 1, h, i - 1)];

					if (b > most && follows(s, trend, h, i, j))
					{
						most = b;
						from = h;
					}
				}
				s->best[AT(s, k, i, j)] = own >= 0 && most >= 0 ? most + own : -1;
				s->before[AT(s, k, i, j)] = (uint8) from;
			}
		for (int i = 0; i < n; i++)
			if (s->best[AT(s, k, i, n - 1)] > *value * (1 + LEAST_GAIN))
			{
				*value = s->best[AT(s, k, i, n - 1)];
				bins = k + 1;
				first = i;
			}
	}
	for (int k = bins - 1, end = n - 1; k >= 0; k--)
	{
		int			before = s->before[AT(s, k, first, end)];

		last[k] = end;
		end = first - 1;
		first = before;
	}
	return bins;
}

int
us_woe_partition(const UsWoeRule *rule, const double *good, const double *bad, int n, int *last, double *value)
{
	Size		squares = (Size) n * n;
	double	   *sum_good = (double *) palloc0(sizeof(double) * (n + 1));
	double	   *sum_bad = (double *) palloc0(sizeof(double) * (n + 1));
	Search		s = {rule, n, sum_good, sum_bad};
	UsTrend		trend = rule->trend == US_TREND_AUTO ? US_TREND_RISING : rule->trend;
	int			bins;

	for (int i = 0; i < n; i++)
	{
		sum_good[i + 1] = sum_good[i] + good[i];
		sum_bad[i + 1] = sum_bad[i] + bad[i];
	}
	s.value = (double *) palloc(sizeof(double) * squares);
	s.best = (double *) palloc(sizeof(double) * squares * rule->max_bins);
	s.before = (uint8 *) palloc0(squares * rule->max_bins);
	fill_values(&s);
	bins = partition(&s, trend, last, value);
	if (rule->trend == US_TREND_AUTO)
	{
		int		   *other = (int *) palloc(sizeof(int) * US_WOE_MAX_BINS);
		double		other_value;
		int			other_bins = partition(&s, US_TREND_FALLING, other, &other_value);

		if (other_value > *value * (1 + LEAST_GAIN))
		{
			*value = other_value;
			bins = other_bins;
			memcpy(last, other, sizeof(int) * bins);
		}
		pfree(other);
	}
	pfree(sum_good);
	pfree(sum_bad);
	pfree(s.value);
	pfree(s.best);
	pfree(s.before);
	return bins;
}

double
us_woe(const double *good, const double *bad, int n, double smoothing, double *woe, double *part)
{
	double		all_good = 0;
	double		all_bad = 0;
	double		value = 0;
	double		add = 0;

	for (int i = 0; i < n; i++)
		if (good[i] + bad[i] > 0 && (good[i] == 0 || bad[i] == 0))
			add = smoothing;
	for (int i = 0; i < n; i++)
		if (good[i] + bad[i] > 0)
		{
			all_good += good[i] + add;
			all_bad += bad[i] + add;
		}
	for (int i = 0; i < n; i++)
	{
		double		g = (good[i] + add) / all_good;
		double		b = (bad[i] + add) / all_bad;

		woe[i] = part[i] = 0;
		if (!(good[i] + bad[i] > 0))
			continue;
		woe[i] = log(g / b);
		part[i] = (g - b) * woe[i];
		value += part[i];
	}
	return value;
}
