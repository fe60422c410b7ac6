/*
 * gmm.c
 *	  Mixtures of normal distributions: the inner loops.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/exp_lanes.h"
#include "math/gmm.h"
#include "math/log_lanes.h"

/* 1.5 * 2^52 units of the sums: adding a product to it rounds the product to a unit */
#define ROUNDER		(1.5 * (INT64CONST(1) << (52 - US_GMM_BITS)))

/* columns from which a group of rows is worth a look for interrupts */
#define WIDE		128

/* lanes i of an array of doubles */
#define LANES(p, i)		(*(const UsDoubleLanes *) ((p) + (i)))
#define SET_LANES(p, i)	(*(UsDoubleLanes *) ((p) + (i)))

/* rows up to whole blocks of US_LANES */
static inline int
padded(int n)
{
	return (n + US_LANES - 1) / US_LANES * US_LANES;
}

Size
us_gmm_products(UsCovariance covariance, int d)
{
	switch (covariance)
	{
		case US_COVARIANCE_FULL:
			return us_packed(d);
		case US_COVARIANCE_TIED:
			return 0;
		default:
			return d;
	}
}

Size
us_gmm_sums(UsCovariance covariance, int k, int d)
{
	return 1 + (1 + d + us_gmm_products(covariance, d)) * (Size) k +
		(covariance == US_COVARIANCE_TIED ? us_packed(d) : 0);
}

Size
us_gmm_scratch_bytes(int k, int d)
{
	return sizeof(double) * US_GMM_STRIDE * (2 * (Size) d + k + 4);
}

UsGmmScratch *
us_gmm_scratch(int k, int d)
{
	UsGmmScratch *s = (UsGmmScratch *) palloc(sizeof(UsGmmScratch));
	double	   *at = (double *) us_block_alloc(us_gmm_scratch_bytes(k, d));

	memset(at, 0, us_gmm_scratch_bytes(k, d));
	s->weight = at;
	s->density = s->weight + US_GMM_STRIDE;
	s->product = s->density + US_GMM_STRIDE;
	s->some = s->product + US_GMM_STRIDE;
	s->y = s->some + US_GMM_STRIDE;
	s->other = s->y + US_GMM_STRIDE * (Size) d;
	s->r = s->other + US_GMM_STRIDE * (Size) d;
	return s;
}

/* ---- loading ---- */

US_CLONES void
us_gmm_load(UsGmmScratch *s, const float *x, int nrows, int d, const double *factor)
{
	for (int b = 0; b < nrows; b += US_LANES)
	{
		const float *block = x + (Size) b * d;

		for (int j = 0; j < d; j++)
		{
			double	   *y = s->y + (Size) j * US_GMM_STRIDE + b;

			for (int half = 0; half < US_LANES; half += US_HALF_LANES)
				SET_LANES(y, half) = __builtin_convertvector(*(const UsHalfFloatLanes *) (block + j * US_LANES + half),
															 UsDoubleLanes) * factor[j];
		}
	}
}

/* ---- densities ---- */

/* z = W (y - mean) row by row of a triangle, for US_LANES rows; the sum of z^2 to low and high. */
US_INLINE void
triangle_distance(const double *y, const double *mean, const double *factor, int d,
				  UsDoubleLanes *diff, UsDoubleLanes *low, UsDoubleLanes *high)
{
	UsDoubleLanes sum_low = {0};
	UsDoubleLanes sum_high = {0};

	for (int i = 0; i < d; i++)
	{
		UsDoubleLanes z_low = {0};
		UsDoubleLanes z_high = {0};

		diff[2 * i] = LANES(y, (Size) i * US_GMM_STRIDE) - mean[i];
		diff[2 * i + 1] = LANES(y, (Size) i * US_GMM_STRIDE + US_HALF_LANES) - mean[i];
		for (int j = 0; j <= i; j++)
		{
			z_low += diff[2 * j] * factor[j];
			z_high += diff[2 * j + 1] * factor[j];
		}
		factor += i + 1;
		sum_low += z_low * z_low;
		sum_high += z_high * z_high;
	}
	*low = sum_low;
	*high = sum_high;
}

/* The same for a diagonal; with factor NULL for y that is transformed already (TIED). */
US_INLINE void
diagonal_distance(const double *y, const double *mean, const double *factor, int d,
				  UsDoubleLanes *low, UsDoubleLanes *high)
{
	UsDoubleLanes sum_low = {0};
	UsDoubleLanes sum_high = {0};

	for (int j = 0; j < d; j++)
	{
		UsDoubleLanes z_low = LANES(y, (Size) j * US_GMM_STRIDE) - mean[j];
		UsDoubleLanes z_high = LANES(y, (Size) j * US_GMM_STRIDE + US_HALF_LANES) - mean[j];

		if (factor != NULL)
		{
			z_low *= factor[j];
			z_high *= factor[j];
		}
		sum_low += z_low * z_low;
		sum_high += z_high * z_high;
	}
	*low = sum_low;
	*high = sum_high;
}

/* W y of US_LANES rows, W a packed triangle. */
US_INLINE void
transform(const double *y, const double *factor, int d, double *out)
{
	for (int i = 0; i < d; i++)
	{
		UsDoubleLanes low = {0};
		UsDoubleLanes high = {0};

		for (int j = 0; j <= i; j++)
		{
			low += LANES(y, (Size) j * US_GMM_STRIDE) * factor[j];
			high += LANES(y, (Size) j * US_GMM_STRIDE + US_HALF_LANES) * factor[j];
		}
		factor += i + 1;
		SET_LANES(out, (Size) i * US_GMM_STRIDE) = low;
		SET_LANES(out, (Size) i * US_GMM_STRIDE + US_HALF_LANES) = high;
	}
}

/* All rows of a tile under component c. */
US_CLONES static void
component_densities(const UsGmm *m, int c, UsGmmScratch *s, int n, UsDoubleLanes *diff)
{
	const double *mean = m->mean + (Size) c * m->d;
	double	   *out = s->r + (Size) c * US_GMM_STRIDE;

	for (int at = 0; at < n; at += US_LANES)
	{
		UsDoubleLanes low;
		UsDoubleLanes high;

		if (m->d >= WIDE)
			CHECK_FOR_INTERRUPTS();
		if (m->covariance == US_COVARIANCE_FULL)
			triangle_distance(s->y + at, mean, m->factor + us_packed(m->d) * c, m->d, diff, &low, &high);
		else if (m->covariance == US_COVARIANCE_TIED)
			diagonal_distance(s->other + at, mean, NULL, m->d, &low, &high);
		else
			diagonal_distance(s->y + at, mean, m->factor + (Size) c * m->d, m->d, &low, &high);
		SET_LANES(out, at) = m->constant[c] - low * 0.5;
		SET_LANES(out, at + US_HALF_LANES) = m->constant[c] - high * 0.5;
	}
}

US_CLONES static void
transform_tile(const UsGmm *m, UsGmmScratch *s, int n)
{
	for (int at = 0; at < n; at += US_LANES)
	{
		if (m->d >= WIDE)
			CHECK_FOR_INTERRUPTS();
		transform(s->y + at, m->factor, m->d, s->other + at);
	}
}

/* columns whose differences are on the stack */
#define STACK_COLUMNS	64

void
us_gmm_log_densities(const UsGmm *m, UsGmmScratch *s, int n)
{
	UsDoubleLanes stack[2 * STACK_COLUMNS];
	UsDoubleLanes *diff = stack;

	if (m->d > STACK_COLUMNS)
		diff = (UsDoubleLanes *) us_block_alloc(sizeof(UsDoubleLanes) * 2 * m->d);
	if (m->covariance == US_COVARIANCE_TIED)
		transform_tile(m, s, n);
	for (int c = 0; c < m->k; c++)
	{
		CHECK_FOR_INTERRUPTS();
		component_densities(m, c, s, n, diff);
	}
}

US_CLONES void
us_gmm_responsibilities(int k, UsGmmScratch *s, int n)
{
	n = padded(n);
	for (int at = 0; at < n; at += US_HALF_LANES)
	{
		UsDoubleLanes most = LANES(s->r, at);
		UsDoubleLanes sum = {0};
		UsDoubleLanes share;
		UsDoubleLanes log_sum;

		for (int c = 1; c < k; c++)
		{
			UsDoubleLanes v = LANES(s->r, (Size) c * US_GMM_STRIDE + at);

			most = US_SELECT_DOUBLE(v > most, v, most);
		}
		for (int c = 0; c < k; c++)
		{
			UsDoubleLanes e = LANES(s->r, (Size) c * US_GMM_STRIDE + at) - most;

			us_exp_lanes(&e);
			SET_LANES(s->r, (Size) c * US_GMM_STRIDE + at) = e;
			sum += e;
		}
		log_sum = sum;
		us_log_lanes(&log_sum);
		SET_LANES(s->density, at) = most + log_sum;
		share = LANES(s->weight, at) / sum;
		for (int c = 0; c < k; c++)
		{
			UsDoubleLanes r = LANES(s->r, (Size) c * US_GMM_STRIDE + at) * share;

			SET_LANES(s->r, (Size) c * US_GMM_STRIDE + at) =
				US_SELECT_DOUBLE(r < US_GMM_CUT, (UsDoubleLanes) {0}, r);
		}
	}
}

/* ---- sums ---- */

/* Units in an accumulator, over its lanes; the bits of doubles of one binade count their units. */
US_INLINE int64
units(const UsDoubleLanes *sum)
{
	UsDoubleLanes start = US_SPLAT_DOUBLE(ROUNDER);
	UsLongLanes count = (UsLongLanes) *sum - (UsLongLanes) start;
	int64		total = 0;

	for (int lane = 0; lane < US_HALF_LANES; lane++)
		total += count[lane];
	return total;
}

/* Never half way between two units. */
#define ODD(x) ((UsDoubleLanes) ((UsLongLanes) (x) | 1))

/* Add a * b[j] over n rows to sums[j], for some columns. */
US_INLINE void
add_products(const double *a, const double *b, int columns, int n, int128 *sums)
{
	UsDoubleLanes sum[4];

	for (int j = 0; j < columns; j++)
		sum[j] = US_SPLAT_DOUBLE(ROUNDER);
	for (int at = 0; at < n; at += US_HALF_LANES)
	{
		UsDoubleLanes x = LANES(a, at);

		for (int j = 0; j < columns; j++)
			sum[j] += ODD(x * LANES(b, (Size) j * US_GMM_STRIDE + at));
	}
	for (int j = 0; j < columns; j++)
		sums[j] += units(&sum[j]);
}

/* Add a * b[j] to sums[j] for count columns. */
US_CLONES static void
add_row_of_products(const double *a, const double *b, int count, int n, int128 *sums)
{
	for (; count >= 4; count -= 4, b += 4 * US_GMM_STRIDE, sums += 4)
		add_products(a, b, 4, n, sums);
	if (count == 3)
		add_products(a, b, 3, n, sums);
	else if (count == 2)
		add_products(a, b, 2, n, sums);
	else if (count == 1)
		add_products(a, b, 1, n, sums);
}

/* Add the values of a. */
US_CLONES static void
add_values(const double *a, int n, int128 *sum)
{
	UsDoubleLanes total = US_SPLAT_DOUBLE(ROUNDER);

	for (int at = 0; at < n; at += US_HALF_LANES)
		total += ODD(LANES(a, at));
	*sum += units(&total);
}

US_CLONES static void
multiply(const double *a, const double *b, int n, double *out)
{
	for (int at = 0; at < n; at += US_HALF_LANES)
		SET_LANES(out, at) = LANES(a, at) * LANES(b, at);
}

/* Rows of y with r > 0 to the front of out and r: n becomes their number, filled up with 0. */
static int
gather(const UsGmmScratch *s, const double *r, int d, const uint16 *active, int n, double *some)
{
	int			end = padded(n);

	for (int i = 0; i < n; i++)
		some[i] = r[active[i]];
	memset(some + n, 0, sizeof(double) * (end - n));
	for (int j = 0; j < d; j++)
	{
		const double *from = s->y + (Size) j * US_GMM_STRIDE;
		double	   *to = s->other + (Size) j * US_GMM_STRIDE;

		for (int i = 0; i < n; i++)
			to[i] = from[active[i]];
		memset(to + n, 0, sizeof(double) * (end - n));
	}
	return end;
}

/* The sums of one component: S0, S1, products. */
static void
add_component(const UsGmm *m, UsGmmScratch *s, const double *r, const double *y, int n, int128 *sums)
{
	int128	   *products = sums + 1 + m->d;

	add_values(r, n, sums);
	for (int i = 0; i < m->d; i++)
	{
		const double *column = y + (Size) i * US_GMM_STRIDE;

		if (m->d >= WIDE)
			CHECK_FOR_INTERRUPTS();
		multiply(r, column, n, s->product);
		add_values(s->product, n, sums + 1 + i);
		if (m->covariance == US_COVARIANCE_FULL)
			add_row_of_products(s->product, y, i + 1, n, products + us_packed(i));
		else if (m->covariance != US_COVARIANCE_TIED)
			add_row_of_products(s->product, column, 1, n, products + i);
	}
}

void
us_gmm_accumulate(const UsGmm *m, UsGmmScratch *s, int n, int128 *sums)
{
	uint16		active[US_GMM_TILE];

	n = padded(n);
	add_values(s->weight, n, sums);
	for (int c = 0; c < m->k; c++)
	{
		const double *r = s->r + (Size) c * US_GMM_STRIDE;
		const double *y = s->y;
		int			count = 0;
		int			rows = n;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
		{
			active[count] = i;
			count += r[i] > 0;
		}
		if (count == 0)
			continue;
		if (count <= n / 2)
		{
			rows = gather(s, r, m->d, active, count, s->some);
			r = s->some;
			y = s->other;
		}
		add_component(m, s, r, y, rows, us_gmm_sums_of(sums, m->covariance, m->d, c));
	}
	if (m->covariance == US_COVARIANCE_TIED)
	{
		int128	   *total = us_gmm_sums_of(sums, m->covariance, m->d, m->k);

		for (int i = 0; i < m->d; i++)
		{
			if (m->d >= WIDE)
				CHECK_FOR_INTERRUPTS();
			multiply(s->weight, s->y + (Size) i * US_GMM_STRIDE, n, s->product);
			add_row_of_products(s->product, s->y, i + 1, n, total + us_packed(i));
		}
	}
}

/* ---- single rows ---- */

/* Add x, rounded to a unit as in the kernel; false beyond 2^125. */
static inline bool
add_one(int128 *sum, double x, double unit)
{
	uint64		bits;
	double		q;

	memcpy(&bits, &x, sizeof(bits));
	bits |= 1;
	memcpy(&x, &bits, sizeof(bits));
	q = x * unit;
	if (likely(fabs(q) < 0x1p50))
	{
		*sum += (int64) ((q + US_ROUNDER) - US_ROUNDER);
		return true;
	}
	q = rint(q);
	if (!(fabs(q) < 0x1p120))
		return false;
	return !__builtin_add_overflow(*sum, (int128) q, sum) &&
		*sum < (int128) 1 << 125 && *sum > -((int128) 1 << 125);
}

/* Add a y_j to sums[0 .. n). */
static bool
add_some(int128 *sums, double a, const double *y, int n, double unit)
{
	for (int j = 0; j < n; j++)
		if (!add_one(&sums[j], a * y[j], unit))
			return false;
	return true;
}

bool
us_gmm_add_row(UsCovariance covariance, int k, int d, const double *y, const double *r,
			   double w, int bits, int128 *sums)
{
	double		unit = ldexp(1, bits);
	int128	   *total = us_gmm_sums_of(sums, covariance, d, k);
	bool		ok = add_one(sums, w, unit);

	for (int c = 0; c < k && ok; c++)
	{
		int128	   *own = us_gmm_sums_of(sums, covariance, d, c);

		if (r[c] == 0)
			continue;
		ok = add_one(own, r[c], unit);
		for (int i = 0; i < d && ok; i++)
		{
			double		a = r[c] * y[i];

			ok = add_one(own + 1 + i, a, unit);
			if (ok && covariance == US_COVARIANCE_FULL)
				ok = add_some(own + 1 + d + us_packed(i), a, y, i + 1, unit);
			else if (ok && covariance != US_COVARIANCE_TIED)
				ok = add_one(own + 1 + d + i, a * y[i], unit);
		}
	}
	for (int i = 0; i < d && ok && covariance == US_COVARIANCE_TIED; i++)
		ok = add_some(total + us_packed(i), w * y[i], y, i + 1, unit);
	return ok;
}
