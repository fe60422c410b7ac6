/*
 * proportion.c
 *	  Intervals of a proportion, and tests on counts.
 */
#include "postgres.h"

#include <math.h>

#include "stat/distribution.h"
#include "stat/normal.h"
#include "stat/proportion.h"

void
us_clopper_pearson(double successes, double n, double level, double *low, double *high)
{
	double		tail = (1 - level) / 2;

	*low = successes > 0 ? us_beta_quantile(tail, successes, n - successes + 1) : 0;
	*high = successes < n ? us_beta_quantile(1 - tail, successes + 1, n - successes) : 1;
}

void
us_wilson(double share, double n, double level, double *low, double *high)
{
	double		z = us_normal_quantile(1 - (1 - level) / 2);
	double		z2 = z * z;
	double		center = (share + z2 / (2 * n)) / (1 + z2 / n);
	double		half = z / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n));

	*low = share <= 0 ? 0 : Max(center - half, 0);
	*high = share >= 1 ? 1 : Min(center + half, 1);
}

void
us_mcnemar(double a_only, double b_only, double *exact, double *chi2, double *p_chi2)
{
	double		n = a_only + b_only;
	double		excess = Max(fabs(a_only - b_only) - 1, 0);

	*exact = *p_chi2 = 1;
	*chi2 = 0;
	if (n <= 0)
		return;
	*exact = Min(2 * us_binomial_cdf(Min(a_only, b_only), n, 0.5), 1);
	*chi2 = excess * excess / n;
	*p_chi2 = us_chi2_upper(*chi2, 1);
}

double
us_corrected_t(const double *difference, int n, double test_share, double level,
			   double *mean, double *t, double *low, double *high)
{
	double		sum = 0;
	double		square = 0;
	double		error;
	double		half;

	*mean = *t = *low = *high = NAN;
	if (n < 1)
		return NAN;
	for (int i = 0; i < n; i++)
		sum += difference[i];
	*mean = sum / n;
	if (n < 2)
		return NAN;
	for (int i = 0; i < n; i++)
		square += (difference[i] - *mean) * (difference[i] - *mean);
	error = sqrt(square / (n - 1) * (1.0 / n + test_share));
	half = error * us_student_quantile(1 - (1 - level) / 2, n - 1);
	*low = *mean - half;
	*high = *mean + half;
	*t = *mean == 0 ? 0 : *mean / error;
	return us_student_two_sided(*t, n - 1);
}
