/*
 * test_random.c
 *	  Variates against their distribution functions in closed form: the
 *	  Kolmogorov-Smirnov distance (sqrt(n) D is above 1.95 in one case of a thousand) and
 *	  chi-square with its normal approximation.
 */
#include "postgres.h"

#include <math.h>

#include "math/random.h"
#include "unit.h"

#define N	20000
#define KS_BOUND 1.95

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* sqrt(n) times the distance between the values and the uniform distribution. */
static double
ks_uniform(double *u, int n)
{
	double		distance = 0.0;

	qsort(u, n, sizeof(double), compare_doubles);
	for (int i = 0; i < n; i++)
		distance = Max(distance, Max(fabs(u[i] - (double) i / n), fabs((i + 1.0) / n - u[i])));
	return sqrt(n) * distance;
}

/* Distribution function of the gamma of integer shape (Erlang). */
static double
erlang(int shape, double x)
{
	double		term = exp(-x);
	double		tail = term;

	for (int k = 1; k < shape; k++)
	{
		term *= x / k;
		tail += term;
	}
	return 1.0 - tail;
}

static double
normal(double x)
{
	return 0.5 * erfc(-x / sqrt(2.0));
}

#define KS_TEST(name, draw, cdf) \
	UNIT_TEST(name) \
	{ \
		double	   *u = (double *) palloc(N * sizeof(double)); \
		UsRandom	random; \
		us_random_init(&random, 42, __LINE__); \
		for (int i = 0; i < N; i++) \
		{ \
			double		x = (draw); \
			u[i] = (cdf); \
		} \
		UNIT_CHECK(ks_uniform(u, N) < KS_BOUND); \
	}

KS_TEST(uniform_by_key, us_uniform(7, i), x)
KS_TEST(uniform_by_seed, us_uniform(i, 7), x)
KS_TEST(uniform_in_sequence, us_random_double(&random), x)
KS_TEST(normal_variate, us_random_normal(&random), normal(x))
KS_TEST(exponential_variate, us_random_exponential(&random), -expm1(-x))
KS_TEST(gamma_of_half_is_half_chi_square, us_random_gamma(&random, 0.5), erf(sqrt(x)))
KS_TEST(gamma_of_1, us_random_gamma(&random, 1.0), erlang(1, x))
KS_TEST(gamma_of_7, us_random_gamma(&random, 7.0), erlang(7, x))
KS_TEST(beta_of_half_is_arcsine, us_random_beta(&random, 0.5, 0.5), 2.0 / M_PI * asin(sqrt(x)))
KS_TEST(beta_of_3_and_1, us_random_beta(&random, 3.0, 1.0), x * x * x)

/* Normal deviate of chi-square of Poisson draws; cells below 10 expected are pooled. */
static double
poisson_deviate(double mean)
{
	int			top = (int) (mean + 12.0 * sqrt(mean) + 12.0);
	int		   *count = (int *) palloc0((top + 1) * sizeof(int));
	double		chi = 0.0,
				expected = 0.0,
				before = 0.0;
	int			cells = 0,
				seen = 0;
	UsRandom	random;

	us_random_init(&random, 42, (uint64) (mean * 16.0));
	for (int i = 0; i < N; i++)
	{
		int64		k = us_random_poisson(&random, mean);

		UNIT_CHECK(k >= 0 && k <= top);
		count[Min(k, top)]++;
	}
	for (int k = 0; k <= top; k++)
	{
		double		p = N * exp(k * log(mean) - mean - lgamma(k + 1.0));

		before += p;
		expected += p;
		seen += count[k];
		if (k < top && (expected < 10.0 || N - before < 10.0))
			continue;
		if (k == top)
			expected += N - before;
		chi += (seen - expected) * (seen - expected) / expected;
		cells++;
		expected = 0.0;
		seen = 0;
	}
	return (chi - (cells - 1)) / sqrt(2.0 * (cells - 1));
}

UNIT_TEST(poisson_variate)
{
	static const double mean[] = {0.5, 4.0, 9.9, 10.0, 35.0, 400.0};

	for (int i = 0; i < lengthof(mean); i++)
		UNIT_CHECK(fabs(poisson_deviate(mean[i])) < 4.0);
}

UNIT_TEST(poisson_extremes)
{
	UsRandom	random;

	us_random_init(&random, 1, 1);
	UNIT_EQUAL_INT(us_random_poisson(&random, 0.0), 0);
	for (int i = 0; i < 100; i++)	/* 8 standard deviations */
		UNIT_CLOSE((double) us_random_poisson(&random, 1e9), 1e9, 8.0 / sqrt(1e9));
}

UNIT_TEST(below_is_even)
{
	int			count[7] = {0};
	double		chi = 0.0;
	UsRandom	random;

	us_random_init(&random, 42, 9);
	for (int i = 0; i < 7 * N; i++)
		count[us_random_below(&random, 7)]++;
	for (int i = 0; i < 7; i++)
		chi += (count[i] - N) * (double) (count[i] - N) / N;
	UNIT_CHECK(chi < 22.5);		/* 0.999 of chi-square with 6 degrees */
	UNIT_EQUAL_INT(us_random_below(&random, 1), 0);
}

UNIT_TEST(streams_repeat_and_differ)
{
	UsRandom	a,
				b,
				c;
	int			same = 0;

	us_random_init(&a, 5, 1);
	us_random_init(&b, 5, 1);
	us_random_init(&c, 5, 2);
	for (int i = 0; i < 1000; i++)
	{
		uint64		x = us_random_u64(&a);

		UNIT_CHECK(x == us_random_u64(&b));
		same += x == us_random_u64(&c);
	}
	UNIT_EQUAL_INT(same, 0);
}
