/*
 * distribution.c
 *	  Distribution functions and quantiles: chi-square, Student's t, F, beta, binomial.
 */
#include "postgres.h"

#include <math.h>

#include "stat/distribution.h"
#include "stat/normal.h"
#include "stat/special.h"

/* Degrees of freedom beyond which t is the normal distribution with its first correction, O(1 / df^2). */
#define NEARLY_NORMAL	1e9

double
us_chi2_cdf(double x, double df)
{
	double		p;

	us_gamma_inc(df / 2, Max(x, 0) / 2, &p, NULL);
	return isnan(x) ? NAN : p;
}

double
us_chi2_upper(double x, double df)
{
	double		q;

	us_gamma_inc(df / 2, Max(x, 0) / 2, NULL, &q);
	return isnan(x) ? NAN : q;
}

double
us_chi2_quantile(double p, double df)
{
	return 2 * us_gamma_inv(df / 2, p, 1 - p);
}

double
us_student_two_sided(double t, double df)
{
	double		square = t * t;
	double		p;

	if (isnan(t) || !(df > 0))
		return NAN;
	if (isinf(square))
		return 0;
	if (df > NEARLY_NORMAL)
	{
		/* P(|T| > t) = P(|Z| > t (1 - (1 + t^2) / (4 df))) + O(1 / df^2) */
		double		z = isinf(df) ? t : t * (1 - (1 + square) / (4 * df));

		return 2 * us_normal_cdf(-fabs(z));
	}
	us_beta_inc(df / 2, 0.5, df / (df + square), square / (df + square), &p, NULL);
	return p;
}

double
us_student_cdf(double t, double df)
{
	double		tail = us_student_two_sided(t, df) / 2;

	return t < 0 ? tail : 1 - tail;
}

double
us_student_quantile(double p, double df)
{
	double		tail = Min(p, 1 - p);
	double		t;

	if (!(p >= 0 && p <= 1) || !(df > 0))
		return NAN;
	if (tail == 0)
		return p < 0.5 ? -INFINITY : INFINITY;
	if (df > NEARLY_NORMAL)
	{
		double		z = us_normal_quantile(tail);

		t = isinf(df) ? -z : -(z + (z * z * z + z) / (4 * df));
	}
	else
	{
		double		x,
					y;

		us_beta_inv(df / 2, 0.5, 2 * tail, 1 - 2 * tail, &x, &y);
		t = sqrt(df) * sqrt(y / x);
	}
	return p < 0.5 ? -t : t;
}

/* x = df1 f / (df1 f + df2) and 1 - x, without overflow. */
static void
f_to_beta(double f, double df1, double df2, double *x, double *y)
{
	double		ratio = Max(f, 0) * (df1 / df2);

	*x = isinf(ratio) ? 1 : ratio / (1 + ratio);
	*y = 1 / (1 + ratio);
}

double
us_f_cdf(double f, double df1, double df2)
{
	double		x,
				y,
				p;

	f_to_beta(f, df1, df2, &x, &y);
	us_beta_inc(df1 / 2, df2 / 2, x, y, &p, NULL);
	return isnan(f) ? NAN : p;
}

double
us_f_upper(double f, double df1, double df2)
{
	double		x,
				y,
				q;

	f_to_beta(f, df1, df2, &x, &y);
	us_beta_inc(df1 / 2, df2 / 2, x, y, NULL, &q);
	return isnan(f) ? NAN : q;
}

double
us_f_quantile(double p, double df1, double df2)
{
	double		x,
				y;

	us_beta_inv(df1 / 2, df2 / 2, p, 1 - p, &x, &y);
	return x / y * (df2 / df1);
}

double
us_beta_quantile(double p, double a, double b)
{
	double		x;

	us_beta_inv(a, b, p, 1 - p, &x, NULL);
	return x;
}

double
us_binomial_cdf(double k, double n, double p)
{
	double		q;

	if (isnan(k) || !(n >= 0) || !(p >= 0 && p <= 1))
		return NAN;
	k = floor(k);
	if (k < 0 || k >= n)
		return k < 0 ? 0 : 1;
	us_beta_inc(k + 1, n - k, p, 1 - p, NULL, &q);
	return q;
}

double
us_binomial_upper(double k, double n, double p)
{
	double		below;

	if (isnan(k) || !(n >= 0) || !(p >= 0 && p <= 1))
		return NAN;
	k = ceil(k);
	if (k <= 0 || k > n)
		return k <= 0 ? 1 : 0;
	us_beta_inc(k, n - k + 1, p, 1 - p, &below, NULL);
	return below;
}
