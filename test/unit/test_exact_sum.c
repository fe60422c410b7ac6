/*
 * test_exact_sum.c
 *	  Exact sums against an independent method: J. R. Shewchuk's expansions of
 *	  doubles that do not overlap (Discrete & Computational Geometry 18, 1997),
 *	  where the sum of an expansion is found again by adding its parts up.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "math/exact_sum.h"
#include "math/random.h"
#include "unit.h"

#define N	5000

typedef struct Expansion
{
	int			n;
	double		part[2200];	/* each has a bit of its own */
} Expansion;

/* Add x to an expansion: exact as long as nothing overflows. */
static void
grow(Expansion *e, double x)
{
	int			n = 0;

	for (int i = 0; i < e->n; i++)
	{
		double		y = e->part[i];
		double		hi;
		double		lo;

		if (fabs(x) < fabs(y))
		{
			double		t = x;

			x = y;
			y = t;
		}
		hi = x + y;
		lo = y - (hi - x);
		if (lo != 0)
			e->part[n++] = lo;
		x = hi;
	}
	e->part[n++] = x;
	e->n = n;
}

/* The accumulator holds exactly the sum of the expansion: taking its parts away leaves 0. */
static bool
equals(const UsExactSum *sum, const Expansion *e)
{
	UsExactSum	rest = *sum;
	UsExactWords words;

	for (int i = 0; i < e->n; i++)
		us_exact_add(&rest, -e->part[i]);
	us_exact_pack(&rest, &words);
	return words.n == 0 && !words.negative && words.first == 0;
}

static bool
same(const UsExactSum *a, const UsExactSum *b)
{
	UsExactWords x;
	UsExactWords y;

	us_exact_pack(a, &x);
	us_exact_pack(b, &y);
	return x.negative == y.negative && x.first == y.first && x.n == y.n &&
		memcmp(x.word, y.word, x.n * sizeof(uint32)) == 0;
}

/* n values of random sign and mantissa, exponents between lo and hi. */
static void
fill(double *x, int n, int lo, int hi, uint64 stream)
{
	UsRandom	random;

	us_random_init(&random, 7, stream);
	for (int i = 0; i < n; i++)
	{
		double		m = 1 + us_random_double(&random);
		int			e = lo + (int) us_random_below(&random, hi - lo + 1);

		x[i] = ldexp(us_random_u64(&random) & 1 ? m : -m, e);
	}
}

UNIT_TEST(sum_of_nothing_is_zero)
{
	UsExactSum	sum = {0};
	double		zeros[3] = {0.0, -0.0, 0.0};

	UNIT_EQUAL_INT(us_exact_add_array(&sum, NULL, 0), 0);
	UNIT_CHECK(us_exact_round(&sum) == 0 && !signbit(us_exact_round(&sum)));
	UNIT_EQUAL_INT(us_exact_add_array(&sum, zeros, 3), 3);
	UNIT_CHECK(us_exact_round(&sum) == 0 && !signbit(us_exact_round(&sum)));
}

UNIT_TEST(single_values_come_back)
{
	static const double values[] = {1, -1, 0.1, -3.5e-310, 5e-324, -5e-324, DBL_MIN, DBL_MAX,
	-DBL_MAX, 1.7976931348623155e308, 2.2250738585072009e-308, 4503599627370497.5, 1e22, -1e-22};

	for (int i = 0; i < lengthof(values); i++)
	{
		UsExactSum	sum = {0};

		us_exact_add(&sum, values[i]);
		UNIT_CHECK(us_exact_round(&sum) == values[i]);
		us_exact_add(&sum, -values[i]);
		UNIT_CHECK(us_exact_round(&sum) == 0);
	}
}

UNIT_TEST(rounding_is_to_nearest_even)
{
	static const struct
	{
		double		a,
					b,
					c,
					want;
	}			cases[] = {
		{1, 0x1p-53, 0, 1},		/* tie, to the even 1 */
		{1, 0x1p-53, 0x1p-1074, 0x1.0000000000001p0},	/* a tie but for the last bit of all */
		{1, 0x1p-53, -0x1p-1074, 1},
		{0x1.0000000000001p0, 0x1p-53, 0, 0x1.0000000000002p0}, /* tie, up to even */
		{-1, -0x1p-53, -0x1p-200, -0x1.0000000000001p0},
		{0x1.fffffffffffffp0, 0x1p-53, 0, 2},	/* carries into the next binade */
		{1e16, 1, -1e16, 1},
		{1e300, 1, -1e300, 1},
		{1e308, 1e308, -1e308, 1e308},	/* beyond the range on the way */
		{DBL_MAX, 0x1p970, 0, INFINITY},	/* half a unit above the largest: infinite */
		{DBL_MAX, 0x1.fffffffffffffp969, 0, DBL_MAX},
		{DBL_MIN, -5e-324, 0, 2.2250738585072009e-308},
	};

	for (int i = 0; i < lengthof(cases); i++)
	{
		UsExactSum	sum = {0};

		us_exact_add(&sum, cases[i].a);
		us_exact_add(&sum, cases[i].b);
		us_exact_add(&sum, cases[i].c);
		if (us_exact_round(&sum) != cases[i].want)
			UNIT_CLOSE(us_exact_round(&sum), cases[i].want, 0);
	}
}

/* Value by value = by array = the expansion, whatever the spread of the exponents. */
UNIT_TEST(sums_are_exact)
{
	static const int range[][2] = {{0, 0}, {-3, 10}, {-60, 60}, {-300, 300}, {-1000, 900},
	{-1074, -1000}, {900, 1000}, {990, 1010}, {-830, -790}};
	static const int sizes[] = {1, 7, 8, 63, 64, 65, 1000, 1024, 1031, N};
	double	   *x = palloc(N * sizeof(double));

	for (int r = 0; r < lengthof(range); r++)
	{
		fill(x, N, range[r][0], range[r][1], r);
		for (int s = 0; s < lengthof(sizes); s++)
		{
			UsExactSum	one = {0};
			UsExactSum	many = {0};
			Expansion	e = {0};

			for (int i = 0; i < sizes[s]; i++)
			{
				us_exact_add(&one, x[i]);
				grow(&e, x[i]);
			}
			UNIT_EQUAL_INT(us_exact_add_array(&many, x, sizes[s]), sizes[s]);
			UNIT_CHECK(equals(&one, &e));
			UNIT_CHECK(same(&one, &many));
			/* the largest part of the expansion is the sum rounded to within its last bit */
			UNIT_CLOSE(us_exact_round(&one) / e.part[e.n - 1], 1, 2 * DBL_EPSILON);
		}
	}
}

UNIT_TEST(order_and_grouping_do_not_matter)
{
	double	   *x = palloc(N * sizeof(double));
	UsExactSum	forward = {0};
	UsExactSum	parts[3] = {{{0}}};
	UsExactSum	merged = {0};

	fill(x, N, -100, 100, 99);
	us_exact_add_array(&forward, x, N);
	for (int i = N - 1; i >= 0; i--)
		us_exact_add(&parts[i % 3], x[i]);
	us_exact_merge(&merged, &parts[2]);
	us_exact_merge(&merged, &parts[0]);
	us_exact_merge(&merged, &parts[1]);
	UNIT_CHECK(same(&forward, &merged));
	UNIT_CHECK(us_exact_round(&forward) == us_exact_round(&merged));
}

/* Long runs of one sign fill the chunks: carries come in time. */
UNIT_TEST(many_large_values)
{
	UsExactSum	sum = {0};
	UsExactSum	doubled = {0};

	for (int i = 0; i < 1000000; i++)
		us_exact_add(&sum, -DBL_MAX);
	UNIT_CHECK(us_exact_round(&sum) == -INFINITY);
	for (int i = 0; i < 999999; i++)
		us_exact_add(&sum, DBL_MAX);
	UNIT_CHECK(us_exact_round(&sum) == -DBL_MAX);

	us_exact_add(&doubled, 3);
	for (int i = 0; i < 1030; i++)
	{
		UsExactSum	copy = doubled;

		us_exact_merge(&doubled, &copy);
	}
	for (int i = 0; i < 3000; i++)
		us_exact_merge(&sum, &doubled);
	UNIT_CHECK(us_exact_round(&sum) == INFINITY);
}

UNIT_TEST(canonical_form_comes_back)
{
	double	   *x = palloc(N * sizeof(double));

	fill(x, N, -1074, 1000, 5);
	for (int n = 0; n <= 200; n++)
	{
		UsExactSum	sum = {0};
		UsExactSum	back;
		UsExactWords words;

		us_exact_add_array(&sum, x + n, n);
		us_exact_pack(&sum, &words);
		UNIT_CHECK(us_exact_unpack(&words, &back));
		UNIT_CHECK(same(&sum, &back));
	}
}

UNIT_TEST(other_forms_are_refused)
{
	UsExactSum	sum;
	UsExactWords good = {false, 3, 2, {5, 6}};
	UsExactWords bad;

	UNIT_CHECK(us_exact_unpack(&good, &sum));
	UNIT_CHECK(us_exact_round(&sum) == ldexp(5, 96 - 1074) + ldexp(6, 128 - 1074));
	bad = good, bad.first = -1;
	UNIT_CHECK(!us_exact_unpack(&bad, &sum));
	bad = good, bad.n = -1;
	UNIT_CHECK(!us_exact_unpack(&bad, &sum));
	bad = good, bad.first = US_EXACT_CHUNKS;
	UNIT_CHECK(!us_exact_unpack(&bad, &sum));
	bad = good, bad.first = PG_INT32_MAX;
	UNIT_CHECK(!us_exact_unpack(&bad, &sum));
	bad = good, bad.word[0] = 0;
	UNIT_CHECK(!us_exact_unpack(&bad, &sum));
	bad = good, bad.word[1] = 0;
	UNIT_CHECK(!us_exact_unpack(&bad, &sum));
	bad = good, bad.n = 0;
	UNIT_CHECK(!us_exact_unpack(&bad, &sum));
	bad = good, bad.first = US_EXACT_CHUNKS - 1, bad.word[1] = 0x80000000;
	UNIT_CHECK(!us_exact_unpack(&bad, &sum));
	bad.word[1] = 0x7fffffff;
	UNIT_CHECK(us_exact_unpack(&bad, &sum));
}

UNIT_TEST(nan_in_an_array_is_left_out)
{
	double	   *x = palloc(N * sizeof(double));
	UsExactSum	with = {0};
	UsExactSum	without = {0};
	int			n = 0;

	fill(x, N, -3, 3, 11);
	for (int i = 0; i < N; i++)
	{
		if (i % 7 == 0 || i > 4990)
			x[i] = NAN;
		else
			us_exact_add(&without, x[i]), n++;
	}
	UNIT_EQUAL_INT(us_exact_add_array(&with, x, N), n);
	UNIT_CHECK(same(&with, &without));
}

UNIT_TEST(values_that_are_no_numbers_are_refused)
{
	UsExactSum	sum = {0};
	double	   *x = palloc0(N * sizeof(double));

	UNIT_ERROR(us_exact_add(&sum, NAN), ERRCODE_INVALID_PARAMETER_VALUE, "NaN");
	UNIT_ERROR(us_exact_add(&sum, -INFINITY), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "infinite");
	x[1500] = INFINITY;
	UNIT_ERROR(us_exact_add_array(&sum, x, N), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "infinite");
	x[1400] = NAN;
	UNIT_ERROR(us_exact_add_array(&sum, x, N), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "infinite");
}

UNIT_TEST(means_do_not_overflow)
{
	UsExactSum	sum = {0};

	for (int i = 0; i < 10; i++)
		us_exact_add(&sum, -1.5e308);
	UNIT_CHECK(us_exact_round(&sum) == -INFINITY);
	UNIT_CLOSE(us_exact_mean(&sum, 10) / -1.5e308, 1, DBL_EPSILON);
	us_exact_add(&sum, 1.5e308);
	UNIT_CLOSE(us_exact_mean(&sum, 11) / (-1.5e308 / 11 * 9), 1, 2 * DBL_EPSILON);
}

/* A window of chunks holds sums as the whole accumulator does. */
UNIT_TEST(a_window_of_chunks_is_enough)
{
	UsExactSum	whole = {0};
	UsExactSum	sum = {0};
	double	   *x = palloc(N * sizeof(double));
	int64	   *window = sum.chunk + 30;

	fill(x, N, -8, 8, 21);
	for (int i = 0; i < N; i++)
	{
		int64		low;
		int64		high;
		int			c = us_exact_cut(x[i], &low, &high) - 30;

		UNIT_CHECK(c >= 0 && c <= 2);
		window[c] += low;
		window[c + 1] += high;
		if (i % US_EXACT_PENDING == 0)
			us_exact_carry(window, 5);
	}
	us_exact_carry(window, 5);
	us_exact_add_array(&whole, x, N);
	UNIT_CHECK(same(&whole, &sum));
}
