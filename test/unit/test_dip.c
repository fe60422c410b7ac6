/*
 * test_dip.c
 *	  The dip statistic.  Expected figures: diptest 0.76 for R.
 */
#include "postgres.h"

#include <math.h>

#include "stat/dip.h"
#include "unit.h"

#define N 1000

static int
compare(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* fractions of multiples of the golden ratio, ascending */
static void
even(double *x)
{
	for (int i = 0; i < N; i++)
		x[i] = fmod((i + 1) * 0.6180339887498949, 1);
	qsort(x, N, sizeof(double), compare);
}

UNIT_TEST(dip_equals_diptest)
{
	/* ages of faculty, "statfaculty" of that package */
	static const double faculty[63] = {
		30, 33, 35, 36, 37, 37, 39, 39, 39, 39, 39, 40, 40, 40, 40, 41, 42, 43, 43, 43, 44,
		44, 45, 45, 46, 46, 47, 47, 48, 48, 48, 49, 50, 50, 51, 52, 52, 53, 53, 53, 53, 53,
		54, 54, 57, 57, 59, 60, 60, 60, 61, 61, 61, 61, 62, 62, 62, 62, 63, 66, 70, 72, 72
	};
	double		x[N];
	double		y[N];

	UNIT_CLOSE(us_dip(faculty, 63), 0.05952380952380952, 1e-15);
	even(x);
	UNIT_CLOSE(us_dip(x, N), 0.001298643126524, 1e-14);
	for (int i = 0; i < N; i++)
		y[i] = i < 400 ? x[i] : 2 + x[i] * x[i];
	UNIT_CLOSE(us_dip(y, N), 0.163016780584694, 1e-14);
	for (int i = 0; i < N; i++)
		y[i] = (i + 1) * (i + 1) % 17;
	qsort(y, N, sizeof(double), compare);
	UNIT_CLOSE(us_dip(y, N), 0.10325, 1e-14);
}

UNIT_TEST(dip_of_few_or_equal_values)
{
	static const double pairs[4] = {1, 1, 2, 2};
	static const double some[8] = {0, 1, 1, 1, 5, 5, 5, 9};
	static const double three[3] = {1, 2, 3};
	static const double same[3] = {-7, -7, -7};

	UNIT_CLOSE(us_dip(three, 3), 1.0 / 6, 1e-15);
	UNIT_CLOSE(us_dip(pairs, 4), 0.25, 1e-15);
	UNIT_CLOSE(us_dip(some, 8), 0.1875, 1e-15);
	UNIT_CLOSE(us_dip(same, 3), 1.0 / 6, 1e-15);
	UNIT_CLOSE(us_dip(three, 1), 0.5, 1e-15);
}

/* sqrt(n) times the last row, n = 72000, of the table of that package; its row of n = 1000 is below */
UNIT_TEST(critical_dips_equal_simulated_ones)
{
	static const double p[4] = {0.05, 0.01, 0.001, 0.0001};
	static const double table[4] = {0.5452, 0.6327, 0.7386, 0.8300};
	static const double thousand[4] = {0.5355, 0.6201, 0.7232, 0.8099};

	for (int i = 0; i < 4; i++)
	{
		UNIT_CLOSE(us_dip_critical(p[i]), table[i], 0.01);
		UNIT_CHECK(us_dip_critical(p[i]) > thousand[i]);
	}
}
