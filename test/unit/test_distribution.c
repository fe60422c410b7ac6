/*
 * test_distribution.c
 *	  Distributions against values of 60 digits (mpmath).
 */
#include "postgres.h"

#include <math.h>

#include "stat/distribution.h"
#include "stat/normal.h"
#include "unit.h"

#define SAME(got, want)	UNIT_CLOSE((got) / (want), 1.0, 1e-12)

UNIT_TEST(chi2)
{
	SAME(us_chi2_upper(3.8414588206941245, 1), 0.05);
	SAME(us_chi2_cdf(1, 7), 0.0051714634834845177);
	SAME(us_chi2_quantile(0.95, 1), 3.8414588206941245);
	SAME(us_chi2_quantile(0.5, 10), 9.3418177655919674);
	SAME(us_chi2_quantile(0.001, 3), 0.024297585815692734);
	SAME(us_chi2_quantile(0.999, 2000), 2201.1561965866292);
	UNIT_CHECK(us_chi2_cdf(-1, 3) == 0 && us_chi2_upper(-1, 3) == 1);
	UNIT_CHECK(isnan(us_chi2_cdf(1, 0)) && isnan(us_chi2_upper(NAN, 1)));
	UNIT_CHECK(us_chi2_quantile(0, 3) == 0 && isinf(us_chi2_quantile(1, 3)));
}

UNIT_TEST(student)
{
	SAME(us_student_two_sided(2, 1), 0.29516723530086655);
	SAME(us_student_two_sided(2.5, 7), 0.040992218585752897);
	SAME(us_student_two_sided(12, 30), 5.5801854151992561e-13);
	SAME(us_student_two_sided(1.5, 0.5), 0.50790179064810845);
	SAME(us_student_two_sided(-3, 1e5), 0.0027004608840647192);
	SAME(us_student_two_sided(40, 200), 2.2487396535202507e-97);
	SAME(us_student_quantile(0.975, 1), 12.706204736174693);
	SAME(us_student_quantile(0.975, 10), 2.2281388519862742);
	SAME(us_student_quantile(0.995, 30), 2.749995653567225);
	SAME(us_student_quantile(0.0001, 4.5), -11.02099636861223);
	SAME(us_student_quantile(0.6, 1000), 0.25341451583949871);
	SAME(us_student_cdf(2.5, 7), 1 - 0.040992218585752897 / 2);
	SAME(us_student_cdf(-2.5, 7), 0.040992218585752897 / 2);
	UNIT_CHECK(us_student_quantile(0.5, 4) == 0);
	UNIT_CHECK(us_student_two_sided(INFINITY, 3) == 0 && us_student_two_sided(0, 3) == 1);
}

UNIT_TEST(student_becomes_normal)
{
	/* the two ways of computing meet where they change */
	for (double t = 0.125; t < 8; t *= 2)
	{
		double		beta = us_student_two_sided(t, 0.9999999e9);

		UNIT_CLOSE(us_student_two_sided(t, 1.0000001e9) / beta, 1.0, 1e-11);
	}
	UNIT_CLOSE(us_student_quantile(0.975, 1.0000001e9), us_student_quantile(0.975, 0.9999999e9), 1e-12);
	SAME(us_student_quantile(0.975, INFINITY), us_normal_quantile(0.975));
	SAME(us_student_cdf(-1, INFINITY), us_normal_cdf(-1));
}

UNIT_TEST(fisher)
{
	SAME(us_f_cdf(4, 3, 20), 0.97792300033763757);
	SAME(us_f_upper(4, 3, 20), 0.022076999662362429);
	SAME(us_f_cdf(0.25, 5, 2.5), 0.087932208383540282);
	SAME(us_f_upper(60, 2, 1000), 2.4603033893638138e-25);
	SAME(us_f_quantile(0.95, 3, 20), 3.0983912121407792);
	SAME(us_f_quantile(0.01, 10, 4), 0.16682407458910283);
	UNIT_CHECK(us_f_upper(-1, 2, 3) == 1 && us_f_upper(INFINITY, 2, 3) == 0);
}

UNIT_TEST(beta_and_binomial)
{
	double		tail = 0;
	double		choose = 1;

	SAME(us_beta_quantile(0.025, 8, 3), 0.44390453769235846);
	SAME(us_beta_quantile(0.975, 1, 10), 0.30849710781876076);
	/* P(X <= 3), n = 10, p = 0.25, summed */
	for (int k = 0; k <= 3; k++)
	{
		tail += choose * pow(0.25, k) * pow(0.75, 10 - k);
		choose = choose * (10 - k) / (k + 1);
	}
	SAME(us_binomial_cdf(3, 10, 0.25), tail);
	SAME(us_binomial_upper(4, 10, 0.25), 1 - tail);
	UNIT_CHECK(us_binomial_cdf(-1, 5, 0.5) == 0 && us_binomial_cdf(5, 5, 0.5) == 1);
	UNIT_CHECK(us_binomial_upper(0, 5, 0.5) == 1 && us_binomial_upper(6, 5, 0.5) == 0);
	UNIT_CHECK(us_binomial_cdf(2, 5, 0) == 1 && us_binomial_upper(2, 5, 0) == 0);
	UNIT_CHECK(us_binomial_cdf(2, 5, 1) == 0 && isnan(us_binomial_cdf(2, 5, 1.5)));
}
