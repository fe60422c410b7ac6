/*
 * random.c
 *	  Sequences of random numbers and the usual variates.
 */
#include "postgres.h"

#include <math.h>

#include "math/random.h"

/* At and above this mean the rejection method is faster than multiplying uniforms. */
#define POISSON_REJECTION_MEAN 10.0

void
us_random_init(UsRandom *random, uint64 seed, uint64 stream)
{
	pg_prng_seed(&random->state, us_mix64(seed, stream));
	random->spare = 0.0;
	random->has_spare = false;
}

uint32
us_random_below(UsRandom *random, uint32 n)
{
	uint64		product = (us_random_u64(random) >> 32) * n;

	Assert(n > 0);
	if ((uint32) product < n)
	{
		uint32		threshold = (0 - n) % n;	/* 2^32 mod n */

		while ((uint32) product < threshold)
			product = (us_random_u64(random) >> 32) * n;
	}
	return (uint32) (product >> 32);
}

double
us_random_normal(UsRandom *random)
{
	double		x,
				y,
				square,
				factor;

	if (random->has_spare)
	{
		random->has_spare = false;
		return random->spare;
	}
	do
	{
		x = 2.0 * us_random_double(random) - 1.0;
		y = 2.0 * us_random_double(random) - 1.0;
		square = x * x + y * y;
	} while (square >= 1.0 || square == 0.0);
	factor = sqrt(-2.0 * log(square) / square);
	random->spare = y * factor;
	random->has_spare = true;
	return x * factor;
}

double
us_random_exponential(UsRandom *random)
{
	return -log(us_random_double(random));
}

double
us_random_gamma(UsRandom *random, double shape)
{
	double		boost = 1.0;
	double		d,
				c;

	Assert(shape > 0.0 && !isinf(shape));
	if (shape < 1.0)
	{
		boost = pow(us_random_double(random), 1.0 / shape);
		shape += 1.0;
	}
	d = shape - 1.0 / 3.0;
	c = 1.0 / sqrt(9.0 * d);
	for (;;)
	{
		double		x,
					v,
					u;

		do
		{
			x = us_random_normal(random);
			v = 1.0 + c * x;
		} while (v <= 0.0);
		v = v * v * v;
		u = us_random_double(random);
		if (u < 1.0 - 0.0331 * (x * x) * (x * x) ||
			log(u) < 0.5 * x * x + d * (1.0 - v + log(v)))
			return boost * d * v;
	}
}

double
us_random_beta(UsRandom *random, double a, double b)
{
	double		x = us_random_gamma(random, a);
	double		y = us_random_gamma(random, b);

	if (x + y > 0.0)
		return x / (x + y);
	return us_random_double(random) < a / (a + b) ? 1.0 : 0.0;
}

/* Number of uniforms whose product stays above exp(-mean); mean < 10. */
static int64
poisson_by_product(UsRandom *random, double mean)
{
	double		limit = exp(-mean);
	double		product = us_random_double(random);
	int64		k = 0;

	while (product > limit)
	{
		product *= us_random_double(random);
		k++;
	}
	return k;
}

/* log(k!) by Stirling's series; k >= 0, error below 1e-10. */
static double
log_factorial(double k)
{
	double		x = k + 1.0;
	double		shift = 0.0;
	double		r;

	while (x < 10.0)
		shift += log(x++);
	r = 1.0 / (x * x);
	return (x - 0.5) * log(x) - x + 0.918938533204672742 +
		(1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r / 1680.0))) / x - shift;
}

/* Transformed rejection with squeeze; mean >= 10. */
static int64
poisson_by_rejection(UsRandom *random, double mean)
{
	double		b = 0.931 + 2.53 * sqrt(mean);
	double		a = -0.059 + 0.02483 * b;
	double		inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
	double		squeeze = 0.9277 - 3.6224 / (b - 2.0);
	double		log_mean = log(mean);

	for (;;)
	{
		double		u = us_random_double(random) - 0.5;
		double		v = us_random_double(random);
		double		us = 0.5 - fabs(u);
		double		k = floor((2.0 * a / us + b) * u + mean + 0.43);

		if (us >= 0.07 && v <= squeeze)
			return (int64) k;
		if (k < 0.0 || (us < 0.013 && v > us))
			continue;
		if (log(v) + log(inverse_alpha) - log(a / (us * us) + b) <=
			-mean + k * log_mean - log_factorial(k))
			return (int64) k;
	}
}

int64
us_random_poisson(UsRandom *random, double mean)
{
	Assert(mean >= 0.0 && mean <= 1e9);
	if (mean <= 0.0)
		return 0;
	if (mean < POISSON_REJECTION_MEAN)
		return poisson_by_product(random, mean);
	return poisson_by_rejection(random, mean);
}
