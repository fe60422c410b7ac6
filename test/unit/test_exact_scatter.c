/*
 * test_exact_scatter.c
 *	  Sums of squares around the mean that floating point would lose.
 */
#include "postgres.h"

#include <math.h>

#include "math/exact_scatter.h"
#include "unit.h"

/* The scatter of rows x[n] of one column with whole weights, each product exact. */
static double
scatter(const double *x, const double *w, int n)
{
	UsExactSum	square = {0};
	UsExactSum	weight = {0};
	UsExactSum	sum = {0};

	for (int i = 0; i < n; i++)
	{
		double		p = x[i] * x[i];
		double		e = fma(x[i], x[i], -p);
		double		wi = w ? w[i] : 1;

		us_exact_add(&square, p * wi);
		us_exact_add(&square, e * wi);
		us_exact_add(&sum, x[i] * wi);
		us_exact_add(&weight, wi);
	}
	return us_exact_scatter(&square, &weight, &sum, 1);
}

UNIT_TEST(scatter_of_small_and_large_numbers)
{
	static const double plain[4] = {1, 2, 3, 6};
	static const double weight[4] = {2, 1, 4, 1};
	static const double far[4] = {1e8 + 1, 1e8 + 2, 1e8 + 3, 1e8 + 6};
	static const double farther[4] = {4503599627370496.0 + 1, 4503599627370496.0 + 2,
	4503599627370496.0 + 3, 4503599627370496.0 + 6};
	static const double huge[2] = {1e150, -1e150};
	static const double tiny[2] = {0x1p-300, -0x1p-300};
	static const double equal[3] = {0.1, 0.1, 0.1};

	UNIT_CHECK(scatter(plain, NULL, 4) == 14);
	UNIT_CLOSE(scatter(plain, weight, 4), 17.5, 0);	/* 2*1 + 4 + 4*9 + 36 - 22^2 / 8 */
	UNIT_CHECK(scatter(far, NULL, 4) == 14);
	UNIT_CHECK(scatter(farther, NULL, 4) == 14);
	UNIT_CLOSE(scatter(huge, NULL, 2) / 2e300, 1, 1e-15);
	UNIT_CLOSE(scatter(tiny, NULL, 2) * 0x1p600, 2, 1e-15);
	UNIT_CHECK(scatter(equal, NULL, 3) == 0);
	UNIT_CHECK(scatter(plain, NULL, 1) == 0);
}

UNIT_TEST(scatter_of_what_are_no_rows_is_negative)
{
	UsExactSum	square = {0};
	UsExactSum	weight = {0};
	UsExactSum	sum[2] = {{{0}}};

	us_exact_add(&square, 5);
	us_exact_add(&weight, 2);
	us_exact_add(&sum[0], 3);
	us_exact_add(&sum[1], -1);
	UNIT_CHECK(us_exact_scatter(&square, &weight, sum, 2) == 0);
	us_exact_add(&sum[1], -0x1p-40);
	UNIT_CHECK(us_exact_scatter(&square, &weight, sum, 2) < 0);
	us_exact_add(&square, -6);
	UNIT_CHECK(us_exact_scatter(&square, &weight, sum, 2) < 0);
}

UNIT_TEST(scatter_beyond_double_is_infinite)
{
	UsExactSum	square = {0};
	UsExactSum	weight = {0};
	UsExactSum	sum = {0};

	us_exact_add(&square, 1.7e308);
	us_exact_add(&square, 1.7e308);
	us_exact_add(&weight, 2);
	UNIT_CHECK(isinf(us_exact_scatter(&square, &weight, &sum, 1)));
}
