/*
 * test_gap.c
 *	  Eigenvectors, the box of the reference distribution, the gap statistic.
 */
#include "postgres.h"

#include <math.h>

#include "math/jacobi.h"
#include "stat/gap.h"
#include "unit.h"

/* numpy.linalg.eigh of a covariance matrix of three columns */
UNIT_TEST(eigenvectors_equal_lapack)
{
	double		a[9] = {4, 1, -2, 1, 3, 0.5, -2, 0.5, 5};
	double		value[3];
	double		vector[9];
	double		copy[9];

	memcpy(copy, a, sizeof(a));
	us_jacobi(copy, 3, value, vector);
	UNIT_CLOSE(value[0] + value[1] + value[2], 12, 1e-14);
	UNIT_CHECK(value[0] >= value[1] && value[1] >= value[2]);
	for (int i = 0; i < 3; i++)
	{
		const double *v = vector + i * 3;

		for (int r = 0; r < 3; r++)
			UNIT_CHECK(fabs(a[r * 3] * v[0] + a[r * 3 + 1] * v[1] + a[r * 3 + 2] * v[2] -
							value[i] * v[r]) < 1e-13);
		for (int o = 0; o < 3; o++)
			UNIT_CHECK(fabs(v[0] * vector[o * 3] + v[1] * vector[o * 3 + 1] + v[2] * vector[o * 3 + 2] -
							(o == i)) < 1e-14);
		UNIT_CHECK(Max(v[0], Max(v[1], v[2])) >= -Min(v[0], Min(v[1], v[2])));
	}
	/* roots of the characteristic polynomial x^3 - 12 x^2 + 41.75 x - 40 */
	UNIT_CLOSE(value[0], 6.576456854440895, 1e-12);
	UNIT_CLOSE(value[1], 3.8393364524664815, 1e-12);
	UNIT_CLOSE(value[2], 1.584206693092622, 1e-12);
}

UNIT_TEST(eigenvectors_of_degenerate_matrices)
{
	double		zero[4] = {0};
	double		diagonal[9] = {1e-300, 0, 0, 0, 3, 0, 0, 0, 1e300};
	double		ones[16];
	double		value[4];
	double		vector[16];

	us_jacobi(zero, 2, value, vector);
	UNIT_CHECK(value[0] == 0 && value[1] == 0);
	UNIT_CHECK(fabs(vector[0]) == 1 || fabs(vector[1]) == 1);
	us_jacobi(diagonal, 3, value, vector);
	UNIT_CHECK(value[0] == 1e300 && value[1] == 3 && value[2] == 1e-300);
	UNIT_CHECK(vector[2] == 1 && vector[4] == 1 && vector[6] == 1);
	for (int i = 0; i < 16; i++)
		ones[i] = 1;
	us_jacobi(ones, 4, value, vector);
	UNIT_CLOSE(value[0], 4, 1e-14);
	UNIT_CHECK(fabs(value[1]) < 1e-14 && fabs(value[3]) < 1e-14);
	UNIT_CLOSE(vector[0], 0.5, 1e-14);
}

/* corners of a rectangle of 10 by 2, turned by 30 degrees around (5, -3) */
#define COS30	0.86602540378443864676
static const double corner[4][2] = {{5, 1}, {5, -1}, {-5, 1}, {-5, -1}};

static double
turned(const void *rows, int64 i, double *x)
{
	x[0] = 5 + COS30 * corner[i][0] - 0.5 * corner[i][1];
	x[1] = -3 + 0.5 * corner[i][0] + COS30 * corner[i][1];
	return 2.0;
}

UNIT_TEST(gap_box_follows_the_principal_components)
{
	UsGapBox	box = us_gap_box_at(palloc(us_gap_box_bytes(2)), 2);
	UsRandom	random;
	double		x[2];
	double		reach[2];
	double		sum[2] = {0};
	double		squares[2] = {0};

	us_gap_box_fit(&box, turned, NULL, 4);
	UNIT_CLOSE(box.center[0], 5, 1e-14);
	UNIT_CLOSE(box.center[1], -3, 1e-14);
	UNIT_CLOSE(box.axis[0], COS30, 1e-14);
	UNIT_CLOSE(box.axis[1], 0.5, 1e-14);
	UNIT_CLOSE(box.high[0], 5, 1e-14);
	UNIT_CLOSE(box.low[0], -5, 1e-14);
	UNIT_CLOSE(box.high[1], 1, 1e-14);
	us_gap_reach(&box, reach);
	UNIT_CLOSE(reach[0], 5 * COS30 + 0.5, 1e-14);
	UNIT_CLOSE(reach[1], 2.5 + COS30, 1e-14);

	/* uniform: means 0, variances 100 / 12 and 4 / 12 along the axes, none outside */
	us_random_init(&random, 1, 2);
	for (int i = 0; i < 20000; i++)
	{
		us_gap_draw(&box, &random, x);
		for (int a = 0; a < 2; a++)
		{
			double		t = box.axis[a * 2] * (x[0] - 5) + box.axis[a * 2 + 1] * (x[1] + 3);

			UNIT_CHECK(fabs(t) <= box.high[a] + 1e-12);
			sum[a] += t / 20000;
			squares[a] += t * t / 20000;
		}
	}
	/* five standard errors of a mean, and of a mean square, sd of t^2 = r^2 * sqrt(4/45) */
	UNIT_CHECK(fabs(sum[0]) < 5 * 10 / sqrt(12 * 20000.0) && fabs(sum[1]) < 5 * 2 / sqrt(12 * 20000.0));
	UNIT_CHECK(fabs(squares[0] - 100 / 12.0) < 5 * 25 * sqrt(4 / 45.0 / 20000));
	UNIT_CHECK(fabs(squares[1] - 4 / 12.0) < 5 * sqrt(4 / 45.0 / 20000));
}

static double
wide(const void *rows, int64 i, double *x)
{
	for (int j = 0; j < US_GAP_MOST_COMPONENTS + 1; j++)
		x[j] = j + (i == 0 ? -1 : 1);
	return 1;
}

UNIT_TEST(gap_box_of_many_columns_follows_the_columns)
{
	int			width = US_GAP_MOST_COMPONENTS + 1;
	UsGapBox	box = us_gap_box_at(palloc(us_gap_box_bytes(width)), width);
	double	   *x = (double *) palloc(sizeof(double) * width);
	UsRandom	random;

	us_random_init(&random, 1, 2);
	us_gap_box_fit(&box, wide, NULL, 2);
	UNIT_CHECK(!box.components);
	UNIT_CLOSE(box.high[100], 1, 1e-14);
	us_gap_draw(&box, &random, x);
	for (int j = 0; j < width; j++)
		UNIT_CHECK(x[j] >= j - 1 && x[j] <= j + 1);
	us_gap_reach(&box, x);
	UNIT_CLOSE(x[width - 1], 1, 1e-14);
}

UNIT_TEST(gap_statistic_by_hand)
{
	static const double log_w[3] = {5, 3, 2.5};
	static const double reference[2][3] = {{6, 5, 4}, {4, 4, 3}};
	static const double flat[2][3] = {{5, 4.5, 4}, {5, 4.6, 4.2}};
	static const double none[3] = {5, -INFINITY, -INFINITY};
	double		gap[3];
	double		se[3];
	int			at;

	us_gap(log_w, &reference[0][0], 2, 3, gap, se);
	UNIT_CLOSE(gap[0], 0, 1e-15);
	UNIT_CLOSE(gap[1], 1.5, 1e-15);
	UNIT_CLOSE(gap[2], 1.0, 1e-15);
	UNIT_CLOSE(se[0], sqrt(1.5), 1e-14);
	UNIT_CLOSE(se[1], 0.5 * sqrt(1.5), 1e-14);
	/* 0 < 1.5 - 0.61, 1.5 >= 1 - 0.61 */
	UNIT_EQUAL_INT(us_gap_first(gap, se, 3), 1);
	UNIT_EQUAL_INT(us_gap_first(gap, se, 2), 1);
	gap[2] = 3;
	UNIT_EQUAL_INT(us_gap_first(gap, se, 3), 2);
	gap[2] = NAN;
	UNIT_EQUAL_INT(us_gap_first(gap, se, 3), -1);

	/* gains 2 and 2.5 against means of 0.45 and 0.9 with sd 0.0707 and 0.1414 */
	UNIT_CLOSE(us_gap_structure(log_w, &flat[0][0], 2, 3, &at), 1.55 / (sqrt(0.005) * sqrt(1.5)), 1e-12);
	UNIT_EQUAL_INT(at, 1);
	UNIT_CHECK(isinf(us_gap_structure(none, &flat[0][0], 2, 3, &at)) && at == 1);
	UNIT_CHECK(isnan(us_gap_structure(log_w, &flat[0][0], 1, 3, &at)) && at == -1);
	UNIT_CHECK(isnan(us_gap_structure(log_w, &flat[0][0], 2, 1, &at)));
	us_gap(none, &flat[0][0], 2, 3, gap, se);
	UNIT_CHECK(gap[0] == 0 && isnan(gap[1]) && isnan(se[2]));
}

UNIT_TEST(gap_critical_is_the_quantile_of_student)
{
	/* scipy.stats.t.ppf(1 - 0.05 / 9, 49), (1 - 0.05 / 9, 19) */
	UNIT_CLOSE(us_gap_critical(50, 10), 2.6392228080276787, 1e-4);
	UNIT_CLOSE(us_gap_critical(20, 10), 2.812727634431189, 1e-3);
	/* (0.95, 49) */
	UNIT_CLOSE(us_gap_critical(50, 2), 1.6765508919142629, 1e-5);
}
