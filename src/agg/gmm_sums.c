/*
 * gmm_sums.c
 *	  Sums of a pass over the rows of a mixture, and the M-step.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "agg/gmm_sums.h"

Size
us_gmm_sums_bytes(UsCovariance covariance, int k, int d)
{
	return offsetof(UsGmmSums, sum) + sizeof(int128) * us_gmm_sums(covariance, k, d);
}

bool
us_gmm_sums_add(UsGmmSums *to, const UsGmmSums *from, UsCovariance covariance, int k, int d)
{
	Size		n = us_gmm_sums(covariance, k, d);
	bool		ok = true;

	to->rows += from->rows;
	us_exact_merge(&to->density, &from->density);
	for (Size i = 0; i < n; i++)
		ok = !__builtin_add_overflow(to->sum[i], from->sum[i], &to->sum[i]) && ok;
	return ok;
}

/* The unit of weights of gridded sums in the user's units. */
static double
weight_unit(bool gridded, int weight_exponent, double x)
{
	return gridded ? ldexp(x, US_MIXTURE_WEIGHT_BITS - weight_exponent) : x;
}

double
us_gmm_total_weight(const UsGmmSums *s, bool gridded, int weight_exponent)
{
	return weight_unit(gridded, weight_exponent, ldexp((double) s->sum[0], -us_gmm_bits(gridded)));
}

double
us_gmm_weight(const UsGmmSums *s, UsCovariance covariance, int d, int i, bool gridded,
			  int weight_exponent)
{
	const int128 *own = us_gmm_sums_of((int128 *) s->sum, covariance, d, i);

	return weight_unit(gridded, weight_exponent, ldexp((double) own[0], -us_gmm_bits(gridded)));
}

double
us_gmm_log_likelihood(const UsGmmSums *s, bool gridded, int weight_exponent)
{
	return weight_unit(gridded, weight_exponent, us_exact_round(&s->density));
}

/* ---- the M-step ---- */

/*
 * Statistics per unit of weight, all about the offsets: shares, first and second moments, as many
 * of these as the covariance has (SPHERICAL: as DIAG).  Extended precision, since the
 * covariance is a small difference of moments where a component is far from the offset.
 */
typedef struct Moments
{
	long double *share;			/* [k] */
	long double *first;			/* [k][d] */
	long double *second;		/* FULL [k] packed, TIED packed, else [k][d] */
	Size		nsecond;
	void	   *memory;
} Moments;

static Size
second_moments(const UsMixture *m)
{
	UsCovariance covariance = (UsCovariance) m->covariance;

	return covariance == US_COVARIANCE_SPHERICAL ? (Size) m->k * m->d :
		us_mixture_covariances(covariance, m->k, m->d);
}

/* long double wants an alignment of 16, palloc gives 8. */
static void
moments_alloc(Moments *x, const UsMixture *m)
{
	Size		first = (Size) m->k * m->d;
	Size		n;

	x->nsecond = second_moments(m);
	n = m->k + first + x->nsecond;
	x->memory = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(long double) * (n + 1));
	x->share = (long double *) TYPEALIGN(sizeof(long double), x->memory);
	x->first = x->share + m->k;
	x->second = x->first + first;
	memset(x->share, 0, sizeof(long double) * n);
}

static void
moments_free(Moments *x)
{
	pfree(x->memory);
}

/* Of the rows of a pass. */
static void
moments_of_sums(Moments *x, const UsMixture *m, const UsGmmSums *s)
{
	UsCovariance covariance = (UsCovariance) m->covariance;
	int			d = m->d;
	Size		products = us_gmm_products(covariance, d);
	long double total = 0;

	moments_alloc(x, m);
	for (int i = 0; i < m->k; i++)
		total += (long double) us_gmm_sums_of((int128 *) s->sum, covariance, d, i)[0];
	for (int i = 0; i < m->k; i++)
	{
		const int128 *own = us_gmm_sums_of((int128 *) s->sum, covariance, d, i);

		CHECK_FOR_INTERRUPTS();
		x->share[i] = (long double) own[0] / total;
		for (int j = 0; j < d; j++)
			x->first[(Size) i * d + j] = (long double) own[1 + j] / total;
		for (Size j = 0; j < products; j++)
			x->second[products * i + j] = (long double) own[1 + d + j] / total;
	}
	if (covariance == US_COVARIANCE_TIED)
	{
		const int128 *all = us_gmm_sums_of((int128 *) s->sum, covariance, d, m->k);

		for (Size j = 0; j < x->nsecond; j++)
			x->second[j] = (long double) all[j] / (long double) s->sum[0];
	}
}

/* Add share * (covariance + mean mean') of component i to a packed triangle. */
static void
add_triangle(long double *to, const UsMixture *m, int i, const double *covariance)
{
	const double *mean = us_mixture_mean(m) + (Size) i * m->d;
	double		share = us_mixture_weight(m)[i];

	for (int a = 0; a < m->d; a++)
		for (int b = 0; b <= a; b++, to++)
			*to += (long double) share * (covariance[us_packed(a) + b] + (long double) mean[a] * mean[b]);
}

/* Of the parameters of a mixture. */
static void
moments_of_mixture(Moments *x, const UsMixture *m)
{
	const double *covariance = us_mixture_covariance(m);
	int			d = m->d;

	moments_alloc(x, m);
	for (int i = 0; i < m->k; i++)
	{
		double		share = us_mixture_weight(m)[i];
		const double *mean = us_mixture_mean(m) + (Size) i * d;

		x->share[i] = share;
		for (int j = 0; j < d; j++)
			x->first[(Size) i * d + j] = (long double) share * mean[j];
		if (m->covariance == US_COVARIANCE_FULL)
			add_triangle(x->second + us_packed(d) * i, m, i, covariance + us_packed(d) * i);
		else if (m->covariance == US_COVARIANCE_TIED)
			add_triangle(x->second, m, i, covariance);
		else
			for (int j = 0; j < d; j++)
			{
				double		variance = m->covariance == US_COVARIANCE_DIAG ?
					covariance[(Size) i * d + j] : ldexp(covariance[i], -2 * us_mixture_unit(m, j));

				x->second[(Size) i * d + j] =
					(long double) share * (variance + (long double) mean[j] * mean[j]);
			}
	}
}

static void
blend(long double *to, const long double *from, Size n, double step)
{
	for (Size i = 0; i < n; i++)
		to[i] = (1 - step) * from[i] + step * to[i];
}

/* What is added to a variance, or is its least value, in units of the grid. */
static double
with_reg(const UsMixture *m, long double variance, int j, double reg, bool add)
{
	double		r = ldexp(reg, -2 * us_mixture_unit(m, j));
	double		v = fmax((double) variance, 0);

	return add ? v + r : fmax(v, r);
}

/* The packed covariance second / share - mean mean' of component i; TIED: less all components'. */
static void
triangle(const UsMixture *m, const long double *second, long double share, const double *mean,
		 double reg, bool add, double *out)
{
	for (int a = 0; a < m->d; a++)
	{
		for (int b = 0; b < a; b++)
			out[us_packed(a) + b] =
				(double) (second[us_packed(a) + b] / share - (long double) mean[a] * mean[b]);
		out[us_packed(a) + a] = with_reg(m, second[us_packed(a) + a] / share -
										 (long double) mean[a] * mean[a], a, reg, add);
	}
}

static void
tied(const UsMixture *m, const Moments *x, const double *mean, double reg, bool add, double *out)
{
	for (int a = 0; a < m->d; a++)
		for (int b = 0; b <= a; b++)
		{
			long double v = x->second[us_packed(a) + b];

			for (int i = 0; i < m->k; i++)
				v -= x->share[i] * mean[(Size) i * m->d + a] * mean[(Size) i * m->d + b];
			out[us_packed(a) + b] = a == b ? with_reg(m, v, a, reg, add) : (double) v;
		}
}

/* Variances of component i: [d], or one of all columns together. */
static void
variances(const UsMixture *m, const Moments *x, int i, const double *mean, double reg, bool add,
		  double *out)
{
	long double sum = 0;

	for (int j = 0; j < m->d; j++)
	{
		long double v = x->second[(Size) i * m->d + j] / x->share[i] - (long double) mean[j] * mean[j];

		if (m->covariance == US_COVARIANCE_DIAG)
			out[j] = with_reg(m, v, j, reg, add);
		else
			sum += ldexpl(v > 0 ? v : 0, 2 * us_mixture_unit(m, j));
	}
	if (m->covariance == US_COVARIANCE_SPHERICAL)
		out[0] = add ? (double) (sum / m->d) + reg : fmax((double) (sum / m->d), reg);
}

/* The parameters that have these moments. */
static UsMixture *
mixture_of_moments(const UsMixture *m, const Moments *x, double reg, bool add, int *bad)
{
	UsCovariance covariance = (UsCovariance) m->covariance;
	Size		n = us_mixture_covariances(covariance, m->k, m->d);
	Size		each = covariance == US_COVARIANCE_TIED ? 0 : n / m->k;
	int			d = m->d;
	double	   *share = (double *) palloc(sizeof(double) * m->k);
	double	   *mean = (double *) palloc(sizeof(double) * m->k * d);
	double	   *out = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * n);
	UsMixture  *next;

	for (int i = 0; i < m->k; i++)
	{
		double	   *own = mean + (Size) i * d;

		CHECK_FOR_INTERRUPTS();
		share[i] = (double) x->share[i];
		if (!(x->share[i] > 0))
		{
			memcpy(own, us_mixture_mean(m) + (Size) i * d, sizeof(double) * d);
			memcpy(out + each * i, us_mixture_covariance(m) + each * i, sizeof(double) * each);
			continue;
		}
		for (int j = 0; j < d; j++)
			own[j] = (double) (x->first[(Size) i * d + j] / x->share[i]);
		if (covariance == US_COVARIANCE_FULL)
			triangle(m, x->second + us_packed(d) * i, x->share[i], own, reg, add, out + each * i);
		else if (covariance != US_COVARIANCE_TIED)
			variances(m, x, i, own, reg, add, out + each * i);
	}
	if (covariance == US_COVARIANCE_TIED)
		tied(m, x, mean, reg, add, out);
	next = us_mixture_make(covariance, m->k, d, m->gridded, m->weight_exponent, us_mixture_grid(m),
						   share, mean, out, bad);
	pfree(share);
	pfree(mean);
	pfree(out);
	return next;
}

UsMixture *
us_mixture_next(const UsMixture *m, const UsGmmSums *s, double step, double reg, int *bad)
{
	Moments		x;
	UsMixture  *next;

	moments_of_sums(&x, m, s);
	if (step < 1)
	{
		Moments		before;

		moments_of_mixture(&before, m);
		blend(x.share, before.share, m->k, step);
		blend(x.first, before.first, (Size) m->k * m->d, step);
		blend(x.second, before.second, x.nsecond, step);
		moments_free(&before);
	}
	next = mixture_of_moments(m, &x, reg, step >= 1, bad);
	moments_free(&x);
	return next;
}
