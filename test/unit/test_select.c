/*
 * test_select.c
 *	  Moments, medians and quantiles against sorting, minimum of a function, normal distribution.
 */
#include "postgres.h"

#include <math.h>

#include "math/fixed_sum.h"
#include "math/minimum.h"
#include "math/moments.h"
#include "math/random.h"
#include "math/select.h"
#include "stat/normal.h"
#include "unit.h"

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Kinds of columns: normal, few values, half zeros, huge range of magnitudes, all the same. */
static double
value(UsRandom *r, int kind)
{
	switch (kind)
	{
		case 0:
			return us_random_normal(r);
		case 1:
			return (double) us_random_below(r, 7) - 3;
		case 2:
			return us_random_below(r, 2) ? us_random_exponential(r) : 0;
		case 3:
			return ldexp(us_random_normal(r), (int) us_random_below(r, 2000) - 1000);
		default:
			return -2.5;
	}
}

static double *
column(int kind, int n, uint64 seed)
{
	UsRandom	r;
	double	   *x = palloc(sizeof(double) * n);

	us_random_init(&r, seed, 1);
	for (int i = 0; i < n; i++)
		x[i] = value(&r, kind);
	return x;
}

UNIT_TEST(median_is_that_of_sorting)
{
	static const int sizes[] = {1, 2, 3, 10, 1001, 50000};

	for (int kind = 0; kind < 5; kind++)
		for (int s = 0; s < lengthof(sizes); s++)
		{
			int			n = sizes[s];
			double	   *x = column(kind, n, 7 + s);
			double	   *sample = palloc(sizeof(double) * 400);
			double	   *inside = palloc(sizeof(double) * (n + 64));
			UsMedian	median;
			double		result;
			int			m = n > 2000 ? 400 : 0;

			for (int i = 0; i < m; i++)
				sample[i] = x[i * 7];
			us_median_init(&median, sample, m, inside, us_median_capacity(n, m));
			us_median_add(&median, x, n / 3);
			us_median_add(&median, x + n / 3, n - n / 3);
			UNIT_CHECK(us_median_result(&median, &result));
			qsort(x, n, sizeof(double), compare);
			UNIT_CLOSE(result, 0.5 * x[(n - 1) / 2] + 0.5 * x[n / 2], 0);
			UNIT_CLOSE(median.range.min, x[0], 0);
			UNIT_CLOSE(median.range.max, x[n - 1], 0);
		}
}

UNIT_TEST(a_sample_that_misses_is_noticed)
{
	int			n = 10000;
	double	   *x = column(0, n, 3);
	double		sample[100];
	double	   *inside = palloc(sizeof(double) * n);
	UsMedian	median;
	double		result;

	for (int i = 0; i < 100; i++)
		sample[i] = 5 + i;
	us_median_init(&median, sample, 100, inside, us_median_capacity(n, 100));
	us_median_add(&median, x, n);
	UNIT_CHECK(!us_median_result(&median, &result));

	/* everything inside, and no room for it */
	for (int i = 0; i < 100; i++)
		sample[i] = i < 50 ? -1e9 : 1e9;
	us_median_init(&median, sample, 100, inside, 100);
	us_median_add(&median, x, n);
	UNIT_CHECK(!us_median_result(&median, &result));
}

/* Ranks of a weighted column by sorting and counting. */
static double
at_rank(const double *x, const int64 *w, int n, int64 rank)
{
	double	   *sorted = palloc(sizeof(double) * n);
	double		result = NAN;
	int64		below = 0;

	memcpy(sorted, x, sizeof(double) * n);
	qsort(sorted, n, sizeof(double), compare);
	for (int i = 0; i < n; i++)
	{
		below = 0;
		for (int k = 0; k < n; k++)
			if (x[k] <= sorted[i])
				below += w ? w[k] : 1;
		if (below >= rank)
		{
			result = sorted[i];
			break;
		}
	}
	pfree(sorted);
	return result;
}

UNIT_TEST(ranks_are_those_of_sorting)
{
	int			n = 600;
	int64	   *w = palloc(sizeof(int64) * n);

	for (int kind = 0; kind < 5; kind++)
		for (int weighted = 0; weighted < 2; weighted++)
			for (int many = 0; many < 2; many++)
			{
				double	   *x = column(kind, n, 11);
				int			m = many ? 40 : 6;
				int64	   *rank = palloc(sizeof(int64) * m);
				int64		total = 0;
				UsSelect   *select;
				int			passes = 0;

				for (int i = 0; i < n; i++)
				{
					w[i] = 1 + i % 5;
					total += weighted ? w[i] : 1;
				}
				for (int r = 0; r < m; r++)
					rank[r] = 1 + (total - 1) * r / (m - 1);

				/* announced as many, with no room: digit by digit */
				for (int keep = 0; keep < 2; keep++)
				{
					select = us_select_create(keep ? n : 1000000, weighted, rank, m, keep ? 1 << 20 : 0);
					do
					{
						us_select_add(select, x, weighted ? w : NULL, n);
						passes++;
					} while (!us_select_end_pass(select));
					for (int r = 0; r < m; r++)
						UNIT_CLOSE(us_select_value(select, rank[r]),
								   at_rank(x, weighted ? w : NULL, n, rank[r]), 0);
					us_select_free(select);
				}
				UNIT_CHECK(passes >= 3);
			}
}

/* More values in one digit than are kept: all four digits are needed. */
UNIT_TEST(ranks_of_crowded_values)
{
	int			n = 300000;
	double	   *x = palloc(sizeof(double) * n);
	static const int64 rank[] = {1, 150000, 300000};
	UsSelect   *select = us_select_create(n, false, rank, 3, 0);
	int			passes = 0;

	for (int i = 0; i < n; i++)
		x[i] = 1 + (double) ((int64) i * 7919 % n) * 1e-12;
	do
	{
		us_select_add(select, x, NULL, n);
		passes++;
	} while (!us_select_end_pass(select));
	UNIT_EQUAL_INT(passes, 4);
	qsort(x, n, sizeof(double), compare);
	for (int r = 0; r < 3; r++)
		UNIT_CLOSE(us_select_value(select, rank[r]), x[rank[r] - 1], 0);
}

UNIT_TEST(quantile_ranks_interpolate)
{
	int64		lower;
	int64		upper;
	double		fraction;

	/* numpy.quantile(range(1, 11), 0.25) = 3.25 */
	us_quantile_ranks(0.25, 10, false, &lower, &upper, &fraction);
	UNIT_EQUAL_INT(lower, 3);
	UNIT_EQUAL_INT(upper, 4);
	UNIT_CLOSE(fraction, 0.25, 1e-15);
	us_quantile_ranks(1, 10, false, &lower, &upper, &fraction);
	UNIT_EQUAL_INT(lower, 10);
	UNIT_EQUAL_INT(upper, 10);
	us_quantile_ranks(0, 10, true, &lower, &upper, &fraction);
	UNIT_EQUAL_INT(lower, 1);
	UNIT_EQUAL_INT(upper, 1);
	us_quantile_ranks(0.5, 10, true, &lower, &upper, &fraction);
	UNIT_EQUAL_INT(lower, 5);
	UNIT_EQUAL_INT(upper, 6);
}

UNIT_TEST(moments_do_not_depend_on_order)
{
	int			n = 5000;

	for (int kind = 0; kind < 4; kind++)
		for (int weighted = 0; weighted < 2; weighted++)
		{
			double	   *x = column(kind, n, 5);
			double	   *w = palloc(sizeof(double) * n);
			UsMoments	a;
			UsMoments	b;
			UsRange		range;

			for (int i = 0; i < n; i++)
				w[i] = weighted ? 0.1 * (1 + i % 7) : 1;
			us_range_init(&range);
			us_range_add(&range, x, n);
			us_moments_init(&a, x[17], range.min, range.max);
			us_moments_init(&b, x[17], range.min, range.max);
			us_moments_add(&a, x, weighted ? w : NULL, n);
			for (int i = n - 1; i >= 0; i--)
				us_moments_add(&b, x + i, weighted ? w + i : NULL, 1);
			UNIT_CHECK(us_moments_mean(&a) == us_moments_mean(&b));
			UNIT_CHECK(us_moments_sd(&a) == us_moments_sd(&b));
			UNIT_CHECK(us_moments_sd(&a) > 0);
		}
}

UNIT_TEST(moments_of_extreme_values)
{
	static const double big[] = {-1.7e308, 1.7e308};
	static const double tiny[] = {1e-320, 3e-320, NAN};
	static const double shifted[] = {1e15, 1e15 + 1, 1e15 + 2};
	UsMoments	m;

	us_moments_init(&m, 0, -1.7e308, 1.7e308);
	us_moments_add(&m, big, NULL, 2);
	UNIT_CLOSE(us_moments_mean(&m), 0, 0);
	UNIT_CLOSE(us_moments_sd(&m) / 1.7e308, 1, 1e-15);
	us_moments_init(&m, 1e-320, 1e-320, 3e-320);
	us_moments_add(&m, tiny, NULL, 3);
	UNIT_CLOSE(us_moments_mean(&m) / 1e-320, 2, 1e-3);
	UNIT_EQUAL_INT(m.n, 2);
	us_moments_init(&m, 1e15, 1e15, 1e15 + 2);
	us_moments_add(&m, shifted, NULL, 3);
	UNIT_CLOSE(us_moments_sd(&m), sqrt(2.0 / 3), 1e-15);
}

UNIT_TEST(minimum_is_found)
{
	UsMinimum	m;

	us_minimum_init(&m, -3, 8, 1e-9);
	while (!m.done)
		us_minimum_tell(&m, cosh(m.trial - 1.25));
	UNIT_CLOSE(m.best, 1.25, 3e-8);
	UNIT_CHECK(m.ntrials < 40);

	/* at the end of the range, and with values that are infinite */
	us_minimum_init(&m, 2, 5, 1e-9);
	while (!m.done)
		us_minimum_tell(&m, m.trial > 4 ? INFINITY : m.trial);
	UNIT_CLOSE(m.best, 2, 1e-6);
	us_minimum_init(&m, 3, 3, 1e-9);
	while (!m.done)
		us_minimum_tell(&m, 1);
	UNIT_CLOSE(m.best, 3, 0);
}

/* Values of scipy.stats.norm.ppf and cdf, version 1.10.1. */
UNIT_TEST(normal_distribution)
{
	static const double p[] = {1e-300, 1e-7, 0.001, 0.075, 0.3, 0.5, 0.95, 0.9999999};
	static const double x[] = {
		-37.0470962993612, -5.1993375821928165, -3.090232306167813, -1.4395314709384563,
		-0.5244005127080409, 0, 1.6448536269514722, 5.199337582290661
	};

	for (int i = 0; i < lengthof(p); i++)
	{
		UNIT_CLOSE(us_normal_quantile(p[i]), x[i], 1e-14);
		UNIT_CLOSE(us_normal_cdf(us_normal_quantile(p[i])) / p[i], 1, 1e-12);
	}
	UNIT_CHECK(isinf(us_normal_quantile(0)) && isnan(us_normal_quantile(1.5)));
}

UNIT_TEST(fixed_sums_are_of_rounded_values)
{
	double		unit = us_fixed_unit(3.0);
	int128		sum = 0;

	for (int i = 0; i < 1000; i++)
		us_fixed_add(&sum, i % 2 ? 2.7 : -2.7, unit);
	UNIT_CLOSE(us_fixed_value(sum, unit), 0, 0);
	us_fixed_add(&sum, 1.0 / 3, unit);
	UNIT_CLOSE(us_fixed_value(sum, unit), 1.0 / 3, 1e-15);
}

UNIT_TEST(moments_within)
{
	static double x[200];
	static const double out[] = {1.5, -1.5, INFINITY, -INFINITY, NAN, -NAN};

	for (int n = 0; n <= 200; n += n < 20 ? 1 : 45)
	{
		for (int i = 0; i < n; i++)
			x[i] = i % 3 == 0 ? -1.25 : i % 3 == 1 ? 0.0 : 1e-310;
		UNIT_CHECK(us_within(x, n, 1.25));
		for (int i = 0; i < n; i++)
			for (int k = 0; k < lengthof(out); k++)
			{
				double		kept = x[i];

				x[i] = out[k];
				UNIT_CHECK(!us_within(x, n, 1.25));
				x[i] = kept;
			}
	}
}
