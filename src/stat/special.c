/*
 * special.c
 *	  Incomplete gamma and beta functions, and their inverses.
 *
 * The factors in front of series and fractions are probabilities of a Poisson and a
 * binomial distribution, computed as in C. Loader, "Fast and accurate computation of
 * binomial probabilities" (2000): no difference of large logarithms of gamma functions.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "stat/special.h"

#define LOG_SQRT_2PI	0.918938533204672741780329736406
#define TEMME_SHAPE		1e6
#define MAX_TERMS		2000000
#define TINY			1e-290

/* log(n!) less Stirling's approximation to it: Loader's stirlerr. */
static double
stirling_error(double n)
{
	double		nn = n * n;

	if (n < 15)
		return lgamma(n + 1) - (n + 0.5) * log(n) + n - LOG_SQRT_2PI;
	return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - (1.0 / 1188 -
		(691.0 / 360360 - 1.0 / 156 / nn) / nn) / nn) / nn) / nn) / nn) / n;
}

/* x log(x / m) + m - x without cancellation: Loader's bd0. */
static double
deviance_part(double x, double m)
{
	double		v,
				sum,
				term;

	if (fabs(x - m) >= 0.1 * (x + m))
		return x * log(x / m) + m - x;
	v = (x - m) / (x + m);
	sum = (x - m) * v;
	term = 2 * x * v;
	v *= v;
	for (int j = 1; j < 1000; j++)
	{
		double		next;

		term *= v;
		next = sum + term / (2 * j + 1);
		if (next == sum)
			break;
		sum = next;
	}
	return sum;
}

/* x^a e^-x / Gamma(a + 1): the Poisson probability of a, for any a > 0. */
static double
poisson_point(double a, double x)
{
	if (x == 0)
		return 0;
	if (a < 1)
		return exp(a * log(x) - x - lgamma(a + 1));
	return exp(-stirling_error(a) - deviance_part(a, x)) / sqrt(2 * M_PI * a);
}

/* ---- gamma ---- */

/* P(a, x) / poisson_point, for x below a + 1. */
static double
gamma_series(double a, double x)
{
	double		term = 1;
	double		sum = 1;

	for (int n = 1; n < MAX_TERMS; n++)
	{
		term *= x / (a + n);
		sum += term;
		if (term < sum * (DBL_EPSILON / 4))
			break;
		if (n % 10000 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return sum;
}

/* Q(a, x) / (a poisson_point), for x above a + 1: modified Lentz. */
static double
gamma_fraction(double a, double x)
{
	double		b = x + 1 - a;
	double		c = 1 / TINY;
	double		d = 1 / b;
	double		h = d;

	for (int i = 1; i < MAX_TERMS; i++)
	{
		double		an = -i * (i - a);
		double		change;

		b += 2;
		d = an * d + b;
		if (fabs(d) < TINY)
			d = TINY;
		c = b + an / c;
		if (fabs(c) < TINY)
			c = TINY;
		d = 1 / d;
		change = d * c;
		h *= change;
		if (fabs(change - 1) <= DBL_EPSILON)
			break;
		if (i % 10000 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return h;
}

/*
 * Large shapes: DLMF 8.12.3-4 with the series of the coefficients around eta = 0 (8.12.11,
 * 8.12.12).  Where |eta| > 0.05 the tail is below the smallest double.
 */
static void
gamma_temme(double a, double x, double *p, double *q)
{
	static const double c0[] = {-1.0 / 3, 1.0 / 12, -2.0 / 135, 1.0 / 864, 1.0 / 2835,
		-139.0 / 777600, 1.0 / 25515, -571.0 / 261273600};
	static const double c1[] = {-1.0 / 540, -1.0 / 288, 1.0 / 378, -77.0 / 77760, 1.0 / 4860};
	double		half_square = deviance_part(a, x) / a;	/* eta^2 / 2 = lambda - 1 - log lambda */
	double		eta = x < a ? -sqrt(2 * half_square) : sqrt(2 * half_square);
	double		s0 = 0;
	double		s1 = 0;
	double		rest;

	if (fabs(eta) > 0.05)
	{
		*p = eta < 0 ? 0 : 1;
		*q = eta < 0 ? 1 : 0;
		return;
	}
	for (int i = lengthof(c0) - 1; i >= 0; i--)
		s0 = s0 * eta + c0[i];
	for (int i = lengthof(c1) - 1; i >= 0; i--)
		s1 = s1 * eta + c1[i];
	rest = exp(-a * half_square) / sqrt(2 * M_PI * a) * (s0 + s1 / a);
	*p = 0.5 * erfc(-eta * sqrt(a / 2)) - rest;
	*q = 0.5 * erfc(eta * sqrt(a / 2)) + rest;
}

void
us_gamma_inc(double a, double x, double *p, double *q)
{
	double		below = NAN;
	double		above = NAN;

	if (!(a > 0) || !(x >= 0) || isinf(a))
		;
	else if (x == 0 || isinf(x))
	{
		below = x == 0 ? 0 : 1;
		above = x == 0 ? 1 : 0;
	}
	else if (a > TEMME_SHAPE)
		gamma_temme(a, x, &below, &above);
	else if (x < a + 1)
	{
		below = poisson_point(a, x) * gamma_series(a, x);
		above = 1 - below;
	}
	else
	{
		above = poisson_point(a, x) * a * gamma_fraction(a, x);
		below = 1 - above;
	}
	if (p)
		*p = Min(Max(below, 0), 1);
	if (q)
		*q = Min(Max(above, 0), 1);
	if (isnan(below))
	{
		if (p)
			*p = NAN;
		if (q)
			*q = NAN;
	}
}

/*
 * The u in [lo, hi] where the logarithm of a tail is log_target, by Newton's method within a
 * bracket that shrinks.  tail(u) gives the logarithm and its derivative; rising says whether
 * it grows with u.
 */
typedef struct UsTail
{
	double		a;
	double		b;				/* beta only */
	bool		rising;			/* the tail below, else the one above */
} UsTail;

typedef double (*UsTailFunction) (const UsTail *tail, double u, double *slope);

static double
solve_tail(const UsTail *tail, UsTailFunction value, double log_target, double u, double lo, double hi)
{
	for (int i = 0; i < 400; i++)
	{
		double		slope;
		double		f = value(tail, u, &slope) - log_target;
		double		next;

		if (f == 0)
			return u;
		if ((f > 0) == tail->rising)
			hi = u;
		else
			lo = u;
		next = u - f / slope;
		if (!(next > lo && next < hi))	/* also NaN, where the tail vanishes */
			next = lo + (hi - lo) / 2;
		if (fabs(next - u) <= DBL_EPSILON / 2 * Max(1, fabs(u)))
			return next;
		u = next;
	}
	return u;
}

/* u = log x */
static double
gamma_tail(const UsTail *tail, double u, double *slope)
{
	double		x = exp(u);
	double		p,
				q;

	us_gamma_inc(tail->a, x, &p, &q);
	*slope = tail->a * poisson_point(tail->a, x) / (tail->rising ? p : -q);
	return log(tail->rising ? p : q);
}

double
us_gamma_inv(double a, double p, double q)
{
	UsTail		tail = {a, 0, p <= q};
	double		target = tail.rising ? p : q;
	double		guess = log(a);

	if (!(a > 0) || isinf(a) || !(target >= 0) || !(target <= 0.5))
		return NAN;
	if (target == 0)
		return tail.rising ? 0 : INFINITY;
	if (tail.rising && a < 1)
		guess = (log(target) + lgamma(a + 1)) / a;	/* P(a, x) is about x^a / Gamma(a + 1) */
	return exp(solve_tail(&tail, gamma_tail, log(target), Min(Max(guess, -740), 700), -745, 709));
}

/* ---- beta ---- */

/* x^a y^b / B(a, b) */
static double
beta_point(double a, double b, double x, double y)
{
	double		n = a + b;

	if (x == 0 || y == 0)
		return 0;
	return sqrt(a * b / (2 * M_PI * n)) *
		exp(stirling_error(n) - stirling_error(a) - stirling_error(b) -
			deviance_part(a, n * x) - deviance_part(b, n * y));
}

/*
 * I_x(a, b) / beta_point, for x <= a / (a + b).  The even part of the continued fraction (8.17.22),
 * by forward recurrence: A. R. DiDonato and A. H. Morris, "Algorithm 708", ACM
 * TOMS 18 (1992), equation (9).
 */
static double
beta_fraction(double a, double b, double x, double y)
{
	double		lambda = Max(a > b ? (a + b) * y - b : a - (a + b) * x, 0);
	double		num[2] = {0, 1};
	double		den[2] = {1, (1 + lambda) / (1 + 1 / a)};
	double		ratio = (1 + 1 / a) / (1 + lambda);

	for (int n = 1; n < MAX_TERMS; n++)
	{
		double		s = a + 2 * n - 1;
		double		w = n * (b - n) * x;
		double		alpha = (n - 1 + a) * (n - 1 + a + b) * w * x / (s * s);
		double		beta = n + w / s + (a + n) / (a + 2 * n + 1) * (1 + lambda + n * (1 + y));
		double		last = ratio;
		double		next;

		next = alpha * num[0] + beta * num[1];
		num[0] = num[1];
		num[1] = next;
		next = alpha * den[0] + beta * den[1];
		den[0] = den[1];
		den[1] = next;
		ratio = num[1] / den[1];
		if (fabs(ratio - last) <= DBL_EPSILON / 2 * ratio)
			break;
		num[0] /= den[1];
		num[1] = ratio;
		den[0] /= den[1];
		den[1] = 1;
		if (n % 10000 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return ratio;
}

void
us_beta_inc(double a, double b, double x, double y, double *p, double *q)
{
	double		below = NAN;
	double		above = NAN;

	if (!(a > 0) || !(b > 0) || isinf(a) || isinf(b) || !(x >= 0) || !(y >= 0))
		;
	else if (x == 0 || y == 0)
	{
		below = x == 0 ? 0 : 1;
		above = x == 0 ? 1 : 0;
	}
	else if (x <= a / (a + b))
	{
		below = Min(beta_point(a, b, x, y) * beta_fraction(a, b, x, y), 1);
		above = 1 - below;
	}
	else
	{
		above = Min(beta_point(a, b, x, y) * beta_fraction(b, a, y, x), 1);
		below = 1 - above;
	}
	if (p)
		*p = below;
	if (q)
		*q = above;
}

/* u = log (x / y) */
static double
beta_tail(const UsTail *tail, double u, double *slope)
{
	double		small = exp(-fabs(u)) / (1 + exp(-fabs(u)));
	double		large = 1 / (1 + exp(-fabs(u)));
	double		x = u < 0 ? small : large;
	double		y = u < 0 ? large : small;
	double		p,
				q;

	us_beta_inc(tail->a, tail->b, x, y, &p, &q);
	*slope = beta_point(tail->a, tail->b, x, y) / (tail->rising ? p : -q);
	return log(tail->rising ? p : q);
}

void
us_beta_inv(double a, double b, double p, double q, double *x, double *y)
{
	UsTail		tail = {a, b, p <= q};
	double		target = tail.rising ? p : q;
	double		u = NAN;

	if (!(a > 0) || !(b > 0) || isinf(a) || isinf(b) || !(target >= 0) || !(target <= 0.5))
		;
	else if (target == 0)
		u = tail.rising ? -INFINITY : INFINITY;
	else
	{
		u = log(a / b);
		if (tail.rising && a < 1)
			u = Min(u, log(target) / a);
		if (!tail.rising && b < 1)
			u = Max(u, -log(target) / b);
		u = solve_tail(&tail, beta_tail, log(target), Min(Max(u, -744), 744), -745, 745);
	}
	if (x)
		*x = 1 / (1 + exp(-u));
	if (y)
		*y = 1 / (1 + exp(u));
}
