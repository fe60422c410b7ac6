/*
 * moments.c
 *	  Range, mean and variance of float8 columns, the same in any order.
 */
#include "postgres.h"

#include <math.h>

#include "math/moments.h"
#include "math/simd.h"

#define BLOCK	1024

typedef int64 Lanes64 __attribute__((vector_size(8 * US_HALF_LANES), aligned(8)));
typedef double Lanes __attribute__((vector_size(8 * US_HALF_LANES), aligned(8)));

#define SELECT(mask, a, b)	((Lanes) (((mask) & (Lanes64) (a)) | (~(mask) & (Lanes64) (b))))

void
us_range_init(UsRange *range)
{
	range->min = INFINITY;
	range->max = -INFINITY;
	range->n = 0;
	range->n_null = 0;
}

US_CLONES void
us_range_add(UsRange *range, const double *x, int n)
{
	Lanes		min = INFINITY - (Lanes) {0};
	Lanes		max = -INFINITY - (Lanes) {0};
	Lanes64		nulls = {0};
	int64		n_null = 0;
	int			i = 0;

	for (; i + US_HALF_LANES <= n; i += US_HALF_LANES)
	{
		Lanes		v = *(const Lanes *) (x + i);

		min = SELECT(v < min, v, min);	/* false for NaN */
		max = SELECT(v > max, v, max);
		nulls += (v != v);
	}
	for (int j = 0; j < US_HALF_LANES; j++)
	{
		if (min[j] < range->min)
			range->min = min[j];
		if (max[j] > range->max)
			range->max = max[j];
		n_null -= nulls[j];
	}
	for (; i < n; i++)
	{
		if (x[i] < range->min)
			range->min = x[i];
		if (x[i] > range->max)
			range->max = x[i];
		n_null += x[i] != x[i];
	}
	range->n += n - n_null;
	range->n_null += n_null;
}

void
us_range_merge(UsRange *range, const UsRange *other)
{
	if (other->min < range->min)
		range->min = other->min;
	if (other->max > range->max)
		range->max = other->max;
	range->n += other->n;
	range->n_null += other->n_null;
}

/* values that may have been written one after the other just now: a vector over such waits for all of them */
#define FEW		64

/* One after the other: sizes are in the order of their bits, NaN beyond all. */
static bool
few_within(const double *x, int n, double limit)
{
	int64		most;
	int64		rest = 0;

	memcpy(&most, &limit, sizeof(most));
	for (int i = 0; i < n; i++)
	{
		int64		bits;

		memcpy(&bits, &x[i], sizeof(bits));
		rest |= most - (bits & INT64CONST(0x7fffffffffffffff));
	}
	return rest >= 0;
}

US_CLONES static bool
many_within(const double *x, int n, double limit)
{
	const Lanes64 magnitude = INT64CONST(0x7fffffffffffffff) - (Lanes64) {0};
	Lanes64		good = magnitude;
	int64		all = -1;
	int			i = 0;

	for (; i + US_HALF_LANES <= n; i += US_HALF_LANES)
		good &= (Lanes) (*(const Lanes64 *) (x + i) & magnitude) <= limit;
	for (int j = 0; j < US_HALF_LANES; j++)
		all &= good[j];
	for (; i < n; i++)
		if (!(fabs(x[i]) <= limit))
			all = 0;
	return all != 0;
}

bool
us_within(const double *x, int n, double limit)
{
	return n <= FEW ? few_within(x, n, limit) : many_within(x, n, limit);
}

void
us_moments_init(UsMoments *m, double centre, double min, double max)
{
	double		reach = fmax(max - centre, centre - min);
	int			exponent = 0;

	memset(m, 0, sizeof(*m));
	m->centre = centre;
	if (reach > 0)
		(void) frexp(fmin(reach, 8e307), &exponent);

	/* the reciprocal must be a normal number too */
	exponent = Max(exponent, -1020);
	m->unit = ldexp(1.0, exponent);
	m->per_unit = ldexp(1.0, -exponent);
}

/* Deviations of n values in units, d, and their squares, s; NaN stay NaN. */
US_CLONES static void
deviations(const UsMoments *m, const double *x, const double *w, int n,
		   double *d, double *s)
{
	double		centre = m->centre;
	double		per_unit = m->per_unit;

	/* x and the centre are cut first where their difference would overflow */
	double		cut = m->unit > 1e300 ? 0.25 : 1;
	double		c = centre * cut;
	double		p = per_unit / cut;
	int			i = 0;

	for (; i + US_HALF_LANES <= n; i += US_HALF_LANES)
	{
		Lanes		v = (*(const Lanes *) (x + i) * cut - c) * p;

		if (w != NULL)
		{
			Lanes		vw = v * *(const Lanes *) (w + i);

			*(Lanes *) (d + i) = vw;
			*(Lanes *) (s + i) = vw * v;
		}
		else
		{
			*(Lanes *) (d + i) = v;
			*(Lanes *) (s + i) = v * v;
		}
	}
	for (; i < n; i++)
	{
		double		v = (x[i] * cut - c) * p;

		d[i] = w ? v * w[i] : v;
		s[i] = d[i] * v;
	}
}

/* steps above the largest deviation, 1: 128 of them in a lane stay below 2^53 steps */
#define STEP_BITS	45

/*
 * The sums of n deviations, n a multiple of US_HALF_LANES and no more than BLOCK, and of their squares, as
 * us_exact_add_array() makes them, but at once: both are at most 1.  NULLs are left out and counted.  False, and
 * nothing done, where a value has bits below both steps.
 */
US_CLONES static bool
add_block(UsMoments *m, const double *x, int n)
{
	double		cut = m->unit > 1e300 ? 0.25 : 1;
	double		c = m->centre * cut;
	double		p = m->per_unit / cut;
	const double round0 = ldexp(1.5, 1 - STEP_BITS + 52);
	const double round1 = ldexp(1.5, 1 - 2 * STEP_BITS + 52);
	Lanes		sum[4] = {{0}, {0}, {0}, {0}};
	Lanes64		rest = {0};
	Lanes64		nulls = {0};
	int64		lost = 0;
	int			n_null = 0;

	/* each comparison in a place of its own: what is used twice is compared lane by lane */
	for (int i = 0; i < n; i += US_HALF_LANES)
	{
		Lanes		v = *(const Lanes *) (x + i);

		nulls += (v != v);
	}
	for (int i = 0; i < n; i += US_HALF_LANES)
	{
		Lanes		v = (*(const Lanes *) (x + i) * cut - c) * p;
		Lanes		s;
		Lanes		high;
		Lanes		low;

		v = SELECT(v == v, v, (Lanes) {0});
		s = v * v;
		high = (v + round0) - round0;
		sum[0] += high;
		v -= high;
		low = (v + round1) - round1;
		sum[1] += low;
		rest |= (Lanes64) v ^ (Lanes64) low;
		high = (s + round0) - round0;
		sum[2] += high;
		s -= high;
		low = (s + round1) - round1;
		sum[3] += low;
		rest |= (Lanes64) s ^ (Lanes64) low;
	}
	for (int j = 0; j < US_HALF_LANES; j++)
	{
		lost |= rest[j];
		n_null -= (int) nulls[j];
	}
	if (lost != 0)
		return false;
	for (int j = 0; j < US_HALF_LANES; j++)
	{
		us_exact_add(&m->sum1, sum[0][j]);
		us_exact_add(&m->sum1, sum[1][j]);
		us_exact_add(&m->sum2, sum[2][j]);
		us_exact_add(&m->sum2, sum[3][j]);
	}
	m->n += n - n_null;
	return true;
}

void
us_moments_add(UsMoments *m, const double *x, const double *w, int n)
{
	double		d[BLOCK];
	double		s[BLOCK];

	for (int start = 0; start < n; start += BLOCK)
	{
		int			size = Min(BLOCK, n - start);
		const double *bw = w ? w + start : NULL;
		int			added;

		if (bw == NULL && size % US_HALF_LANES == 0 && add_block(m, x + start, size))
			continue;
		deviations(m, x + start, bw, size, d, s);
		added = us_exact_add_array(&m->sum1, d, size);
		us_exact_add_array(&m->sum2, s, size);
		m->n += added;
		if (bw == NULL)
			continue;
		if (added < size)
		{
			for (int i = 0; i < size; i++)
				d[i] = d[i] != d[i] ? NAN : bw[i];
			bw = d;
		}
		us_exact_add_array(&m->weight, bw, size);
		m->weighted = true;
	}
}

double
us_moments_weight(const UsMoments *m)
{
	return m->weighted ? us_exact_round(&m->weight) : (double) m->n;
}

/* Mean of the deviations, in units. */
static double
mean_deviation(const UsMoments *m)
{
	double		weight = us_moments_weight(m);

	return weight > 0 ? us_exact_round(&m->sum1) / weight : 0;
}

double
us_moments_mean(const UsMoments *m)
{
	return m->centre + mean_deviation(m) * m->unit;
}

double
us_moments_sd(const UsMoments *m)
{
	double		weight = us_moments_weight(m);
	double		d = mean_deviation(m);
	double		var;

	if (!(weight > 0))
		return 0;
	var = us_exact_round(&m->sum2) / weight - d * d;
	return var > 0 ? sqrt(var) * m->unit : 0;
}
