/*
 * test_special.c
 *	  Incomplete gamma and beta functions against values of 60 digits (mpmath), and
 *	  their inverses by going there and back.
 */
#include "postgres.h"

#include <math.h>

#include "stat/special.h"
#include "unit.h"

#define SAME(got, want)	UNIT_CLOSE((got) / (want), 1.0, 1e-12)

static const double gamma_values[][4] = {	/* a, x, P, Q */
	{0.5, 0.125, 0.38292492254802621, 0.61707507745197379},
	{0.5, 40, 1.0, 3.7440973842028988e-19},
	{1, 1e-10, 9.9999999995000004e-11, 0.9999999999},
	{3.5, 2, 0.22022259152428408, 0.77977740847571592},
	{3.5, 60, 1.0, 7.6612464633530203e-23},
	{20, 5, 3.4521358209144602e-7, 0.99999965478641791},
	{100, 130, 0.99724959163269347, 0.0027504083673065263},
	{1000, 900, 0.00054990226571178292, 0.99945009773428822},
	{50000, 51000, 0.99999558806074488, 4.4119392551203062e-6},
	{999999, 1000500, 0.69190237978111186, 0.30809762021888814},
	{1000001, 1000500, 0.6911983958098777, 0.3088016041901223},
	{2000000.0, 1993000.0, 3.6109717335529751e-7, 0.99999963890282664},
};

static const double beta_values[][5] = {	/* a, b, x, I, 1 - I */
	{0.5, 0.5, 0.25, 0.33333333333333333, 0.66666666666666667},
	{2, 3, 0.5, 0.6875, 0.3125},
	{0.5, 5, 0.0009765625, 0.076804249040841155, 0.92319575095915885},
	{12.5, 0.5, 0.75, 0.0079127383580058196, 0.99208726164199418},
	{12.5, 0.5, 0.9990234375, 0.87703132884198494, 0.12296867115801506},
	{100, 200, 0.375, 0.93514176465742219, 0.064858235342577813},
	{3000, 5000, 0.34375, 2.5617599116931672e-9, 0.99999999743824009},
	{100000.0, 0.5, 0.9999923706054688, 0.21673170057440307, 0.78326829942559693},
	{1, 1, 0.125, 0.125, 0.875},
	{0.0625, 8, 0.5, 0.99993750301807868, 6.2496981921320439e-5},
	{50000, 50000, 0.4921875, 3.8792122512263653e-7, 0.99999961207877488},
};

UNIT_TEST(gamma_in_both_tails)
{
	for (int i = 0; i < lengthof(gamma_values); i++)
	{
		const double *v = gamma_values[i];
		double		p,
					q;

		us_gamma_inc(v[0], v[1], &p, &q);
		SAME(p, v[2]);
		SAME(q, v[3]);
	}
}

UNIT_TEST(gamma_inverse_finds_the_argument)
{
	for (int i = 0; i < lengthof(gamma_values); i++)
	{
		const double *v = gamma_values[i];

		SAME(us_gamma_inv(v[0], v[2], v[3]), v[1]);
	}
	for (double shape = 0.25; shape < 3e6; shape *= 7)
		for (double p = 1e-300; p < 0.45; p = sqrt(p) * 0.7)
		{
			double		below,
						above,
						x = us_gamma_inv(shape, p, 1 - p);

			us_gamma_inc(shape, x, &below, NULL);
			UNIT_CHECK(x < 1e-290 || fabs(log(below / p)) < 1e-10);
			us_gamma_inc(shape, us_gamma_inv(shape, 1 - p, p), NULL, &above);
			UNIT_CHECK(fabs(log(above / p)) < 1e-10);
		}
}

UNIT_TEST(beta_in_both_tails)
{
	for (int i = 0; i < lengthof(beta_values); i++)
	{
		const double *v = beta_values[i];
		double		p,
					q;

		us_beta_inc(v[0], v[1], v[2], 1 - v[2], &p, &q);
		SAME(p, v[3]);
		SAME(q, v[4]);
		us_beta_inc(v[1], v[0], 1 - v[2], v[2], &p, &q);
		SAME(p, v[4]);
		SAME(q, v[3]);
	}
}

UNIT_TEST(beta_inverse_finds_the_argument)
{
	for (int i = 0; i < lengthof(beta_values); i++)
	{
		const double *v = beta_values[i];
		double		x,
					y;

		us_beta_inv(v[0], v[1], v[3], v[4], &x, &y);
		SAME(x, v[2]);
		UNIT_CLOSE(y, 1 - v[2], 1e-12);
		us_beta_inv(v[1], v[0], v[4], v[3], &x, &y);
		SAME(y, v[2]);
	}
}

UNIT_TEST(outside_of_the_domain)
{
	double		p,
				q;

	us_gamma_inc(0, 1, &p, &q);
	UNIT_CHECK(isnan(p) && isnan(q));
	us_gamma_inc(1, -1, &p, &q);
	UNIT_CHECK(isnan(p) && isnan(q));
	us_gamma_inc(2, 0, &p, &q);
	UNIT_CHECK(p == 0 && q == 1);
	us_gamma_inc(2, INFINITY, &p, &q);
	UNIT_CHECK(p == 1 && q == 0);
	us_beta_inc(0, 1, 0.5, 0.5, &p, &q);
	UNIT_CHECK(isnan(p) && isnan(q));
	us_beta_inc(1, 1, NAN, 0.5, &p, &q);
	UNIT_CHECK(isnan(p) && isnan(q));
	us_beta_inc(3, 2, 0, 1, &p, &q);
	UNIT_CHECK(p == 0 && q == 1);
	us_beta_inc(3, 2, 1, 0, &p, &q);
	UNIT_CHECK(p == 1 && q == 0);
	UNIT_CHECK(us_gamma_inv(2, 0, 1) == 0);
	UNIT_CHECK(isinf(us_gamma_inv(2, 1, 0)));
	UNIT_CHECK(isnan(us_gamma_inv(2, NAN, NAN)));
	us_beta_inv(2, 3, 0, 1, &p, &q);
	UNIT_CHECK(p == 0 && q == 1);
	us_beta_inv(2, 3, 1, 0, &p, &q);
	UNIT_CHECK(p == 1 && q == 0);
	us_beta_inv(-2, 3, 0.5, 0.5, &p, &q);
	UNIT_CHECK(isnan(p) && isnan(q));
}
