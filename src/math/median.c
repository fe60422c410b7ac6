/*
 * median.c
 *	  The median by a bracket that a sample gives.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "utils/memutils.h"

#include "math/select.h"
#include "math/simd.h"

typedef uint64 Bits64 __attribute__((vector_size(8 * US_HALF_LANES), aligned(8)));
typedef double Lanes __attribute__((vector_size(8 * US_HALF_LANES), aligned(8)));

/* half width of the bracket in standard deviations of the sample's rank: missed once in 2000 */
#define BRACKET_SIGMA	3.5

int
us_median_capacity(int64 n, int m)
{
	double		share = m > 0 ? BRACKET_SIGMA / sqrt((double) m) : 1;

	/* with an eighth to spare */
	return (int) Min(ceil((double) n * Min(share * 1.125, 1)) + 64, MaxAllocSize / sizeof(double));
}

void
us_median_init(UsMedian *median, double *sample, int m, double *inside, int capacity)
{
	memset(median, 0, sizeof(*median));
	us_range_init(&median->range);
	median->inside = inside;
	median->capacity = capacity;
	median->lo = -INFINITY;
	median->hi = INFINITY;
	if (m > 0)
	{
		int			half = (int) (BRACKET_SIGMA * sqrt((double) m) / 2) + 1;
		int			lo = (m - 1) / 2 - half;
		int			hi = m / 2 + half;

		if (lo >= 0)
			median->lo = us_kth(sample, m, lo);
		/* what comes behind lo is not smaller now */
		lo = Max(lo, 0);
		if (hi < m)
			median->hi = us_kth(sample + lo, m - lo, hi - lo);
	}
}

/* values at a time */
#define STRETCH		1024

/* Counts of n finite values, a multiple of US_HALF_LANES: which of them are inside, 1 or 0, to in[n]. */
US_CLONES static void
count_sides(UsMedian *median, const double *x, int n, uint64 *in)
{
	const double lo = median->lo;
	const double hi = median->hi;
	Bits64		below_lo = {0};
	Bits64		above_lo = {0};
	Bits64		below_hi = {0};
	Bits64		above_hi = {0};

	/* a < b where the sign of a - b is set: differences of finite numbers vanish only if these are equal */
	for (int i = 0; i < n; i += US_HALF_LANES)
	{
		Lanes		v = *(const Lanes *) (x + i);
		Bits64		right = (Bits64) (lo - v);
		Bits64		left = (Bits64) (v - hi);

		below_lo += (Bits64) (v - lo) >> 63;
		above_lo += right >> 63;
		below_hi += left >> 63;
		above_hi += (Bits64) (hi - v) >> 63;
		*(Bits64 *) (in + i) = (right & left) >> 63;
	}
	median->n_lo += n;
	median->n_hi += n;
	for (int j = 0; j < US_HALF_LANES; j++)
	{
		median->n_below += below_lo[j];
		median->n_lo -= below_lo[j] + above_lo[j];
		median->n_hi -= below_hi[j] + above_hi[j];
	}
}

/* Counts of one stretch of at most room values; the values inside are appended. */
static void
bracket(UsMedian *median, const double *x, int n, bool finite)
{
	uint64		in[STRETCH];
	double		lo = median->lo;
	double		hi = median->hi;
	double	   *inside = median->inside;
	int			k = median->n_inside;
	int			i = 0;

	if (finite)
	{
		int			whole = n - n % US_HALF_LANES;

		count_sides(median, x, whole, in);
		for (; i < whole; i++)
		{
			inside[k] = x[i];
			k += (int) in[i];
		}
	}
	for (; i < n; i++)
	{
		median->n_below += x[i] < lo;
		median->n_lo += x[i] == lo;
		median->n_hi += x[i] == hi;
		inside[k] = x[i];
		k += x[i] > lo && x[i] < hi;
	}
	median->n_inside = k;
}

void
us_median_add(UsMedian *median, const double *x, int n)
{
	UsRange		range;
	bool		finite;

	us_range_init(&range);
	us_range_add(&range, x, n);
	us_range_merge(&median->range, &range);
	finite = range.n_null == 0 && range.min >= -DBL_MAX && range.max <= DBL_MAX;
	while (n > 0 && !median->overflow)
	{
		/* the kernel writes one place beyond what it keeps */
		int			size = Min(Min(n, STRETCH), median->capacity - median->n_inside - 1);

		median->overflow = size <= 0;
		if (median->overflow)
			break;
		bracket(median, x, size, finite);
		x += size;
		n -= size;
	}
}

/* The value of rank k (from 0) of all, or false. */
static bool
median_rank(UsMedian *median, int64 k, double *result)
{
	k -= median->n_below;
	if (k < 0)
		return false;
	if (k < median->n_lo)
	{
		*result = median->lo;
		return true;
	}
	k -= median->n_lo;
	if (k < median->n_inside)
	{
		int			placed = k >= median->placed ? median->placed : 0;

		*result = us_kth(median->inside + placed, median->n_inside - placed, (int) k - placed);
		median->placed = (int) k;
		return true;
	}
	k -= median->n_inside;
	*result = median->hi;
	return median->hi > median->lo && k < median->n_hi;
}

/* Mean of two values without overflow. */
static double
middle(double a, double b)
{
	return a == b ? a : 0.5 * a + 0.5 * b;
}

bool
us_median_result(UsMedian *median, double *result)
{
	int64		n = median->range.n;
	double		lower;
	double		upper;

	if (median->overflow || n == 0 ||
		!median_rank(median, (n - 1) / 2, &lower) ||
		!median_rank(median, n / 2, &upper))
		return false;
	*result = middle(lower, upper);
	return true;
}
