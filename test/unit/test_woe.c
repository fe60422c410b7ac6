/*
 * test_woe.c
 *	  Optimal bins against all partitions of a few cells.
 */
#include "postgres.h"

#include <math.h>

#include "math/hash.h"
#include "stat/woe.h"
#include "unit.h"

#define CELLS	9

/* The best partition by trying all 2^(n - 1); *bins gets the number of its bins. */
static double
try_all(const UsWoeRule *rule, const double *good, const double *bad, int n, UsTrend trend, int *bins)
{
	double		best = -1;

	*bins = 0;
	for (int mask = 0; mask < 1 << (n - 1); mask++)
	{
		double		value = 0;
		double		before = NAN;
		int			count = 0;
		bool		allowed = true;

		for (int i = 0; i < n;)
		{
			double		g = 0;
			double		b = 0;

			do
			{
				g += good[i];
				b += bad[i];
			} while (!(mask >> i++ & 1) && i < n);
			count++;
			allowed &= g + b > 0 && (g + b >= rule->min_weight || (mask == 0));
			if (!isnan(before) && trend != US_TREND_NONE)
				allowed &= trend == US_TREND_RISING ? before < b / (g + b) : before > b / (g + b);
			before = b / (g + b);
			value += us_woe_bin_value(rule, g, b);
		}
		if (count > rule->max_bins || !allowed)
			continue;
		if (value > best * (1 + 1e-11) || (value > best * (1 - 1e-11) && count < *bins))
		{
			best = value;
			*bins = count;
		}
	}
	return best;
}

/* What the bins that were found are worth, and whether they are allowed. */
static double
worth(const UsWoeRule *rule, const double *good, const double *bad, const int *last, int bins, bool *allowed)
{
	double		value = 0;

	*allowed = true;
	for (int k = 0, i = 0; k < bins; k++)
	{
		double		g = 0;
		double		b = 0;

		*allowed &= last[k] >= i;
		for (; i <= last[k]; i++)
		{
			g += good[i];
			b += bad[i];
		}
		*allowed &= bins == 1 || g + b >= rule->min_weight;
		value += us_woe_bin_value(rule, g, b);
	}
	return value;
}

UNIT_TEST(best_of_all_partitions)
{
	for (int round = 0; round < 600; round++)
	{
		double		good[CELLS];
		double		bad[CELLS];
		int			last[US_WOE_MAX_BINS];
		int			n = 1 + round % CELLS;
		UsWoeRule	rule = {1 + round % 5, 0, (UsTrend) (round % 4), 0.5, 1, 1};
		double		value;
		double		want;
		bool		allowed;
		int			bins;
		int			want_bins;

		for (int i = 0; i < n; i++)
		{
			/* zeros and equal shares among them */
			good[i] = floor(us_uniform(round, 2 * i) * (round % 3 == 0 ? 4 : 200));
			bad[i] = floor(us_uniform(round, 2 * i + 1) * (round % 3 == 0 ? 4 : 90));
			rule.all_good += good[i];
			rule.all_bad += bad[i];
		}
		rule.min_weight = (rule.all_good + rule.all_bad) * (round % 7) / 30.0;
		bins = us_woe_partition(&rule, good, bad, n, last, &value);
		want = try_all(&rule, good, bad, n, rule.trend == US_TREND_AUTO ? US_TREND_RISING : rule.trend, &want_bins);
		if (rule.trend == US_TREND_AUTO)
		{
			int			other_bins;
			double		other = try_all(&rule, good, bad, n, US_TREND_FALLING, &other_bins);

			if (other > want * (1 + 1e-11))
			{
				want = other;
				want_bins = other_bins;
			}
		}
		if (want < 0)
			continue;			/* no row at all */
		UNIT_CLOSE(value, want, 1e-12);
		UNIT_CLOSE(worth(&rule, good, bad, last, bins, &allowed), value, 1e-12);
		UNIT_CHECK(allowed);
		UNIT_CHECK(last[bins - 1] == n - 1);
		UNIT_CHECK(bins == want_bins);
	}
}

UNIT_TEST(weight_of_evidence)
{
	/* two bins by hand */
	static const double good[] = {570, 150, 0, 0};
	static const double bad[] = {30, 50, 5, 0};
	double		woe[4];
	double		part[4];
	double		value = us_woe(good, bad, 2, 0.5, woe, part);

	UNIT_CLOSE(woe[0], log((570.0 / 720) / (30.0 / 80)), 1e-15);
	UNIT_CLOSE(woe[1], log((150.0 / 720) / (50.0 / 80)), 1e-15);
	UNIT_CLOSE(value, (570.0 / 720 - 30.0 / 80) * woe[0] + (150.0 / 720 - 50.0 / 80) * woe[1], 1e-15);
	UNIT_CLOSE(part[0] + part[1], value, 1e-15);
	/* an empty cell: half a row more in each; a bin without rows says nothing */
	(void) us_woe(good, bad, 4, 0.5, woe, part);
	UNIT_CLOSE(woe[2], log((0.5 / 721.5) / (5.5 / 86.5)), 1e-15);
	UNIT_CLOSE(woe[0], log((570.5 / 721.5) / (30.5 / 86.5)), 1e-15);
	UNIT_CHECK(woe[3] == 0 && part[3] == 0);
}
