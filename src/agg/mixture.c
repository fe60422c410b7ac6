/*
 * mixture.c
 *	  Making userseg.mixture, and what its values are.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "agg/mixture.h"
#include "math/hash.h"

/* largest element of an inverse factor: squared distances to clamped rows stay in range */
#define MOST_FACTOR		0x1p400

/* a plain grid reaches so many standard deviations beyond the means */
#define PLAIN_REACH		8.0

static const char *const names[] = {
	[US_COVARIANCE_FULL] = "full",
	[US_COVARIANCE_DIAG] = "diag",
	[US_COVARIANCE_TIED] = "tied",
	[US_COVARIANCE_SPHERICAL] = "spherical"
};

const char *
us_covariance_name(UsCovariance covariance)
{
	return names[covariance];
}

bool
us_covariance_find(const char *name, UsCovariance *covariance)
{
	for (int i = 0; i < US_COVARIANCE_COUNT; i++)
		if (strcmp(name, names[i]) == 0)
		{
			*covariance = (UsCovariance) i;
			return true;
		}
	return false;
}

/* ---- sizes ---- */

Size
us_mixture_covariances(UsCovariance covariance, int k, int d)
{
	switch (covariance)
	{
		case US_COVARIANCE_FULL:
			return us_packed(d) * k;
		case US_COVARIANCE_TIED:
			return us_packed(d);
		case US_COVARIANCE_DIAG:
			return (Size) k * d;
		default:
			return k;
	}
}

static Size
factors(UsCovariance covariance, int k, int d)
{
	return covariance == US_COVARIANCE_SPHERICAL ? (Size) k * d :
		us_mixture_covariances(covariance, k, d);
}

void
us_mixture_check_sizes(UsCovariance covariance, int k, int d)
{
	if (k < 1 || k > US_MIXTURE_MAX_K || d < 1 || d > US_MIXTURE_MAX_D)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a mixture cannot have %d components of %d columns", k, d),
				 errdetail("At most %d components and %d columns are possible.",
						   US_MIXTURE_MAX_K, US_MIXTURE_MAX_D)));
	if ((Size) k * d + us_mixture_covariances(covariance, k, d) > US_MIXTURE_MAX_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a mixture of %d components with %s covariances of %d columns has too many parameters",
						k, us_covariance_name(covariance), d),
				 errdetail("Means and covariances have at most %d values.", US_MIXTURE_MAX_VALUES),
				 errhint("Use covariance \"diag\", fewer components or fewer columns.")));
}

/* ---- making ---- */

/* Where the prepared values are. */
static double *
factor_of(const UsMixture *m)
{
	return (double *) us_mixture_covariance(m) +
		us_mixture_covariances((UsCovariance) m->covariance, m->k, m->d);
}

static double *
transformed_of(const UsMixture *m)
{
	return factor_of(m) + factors((UsCovariance) m->covariance, m->k, m->d);
}

static double *
constant_of(const UsMixture *m)
{
	return transformed_of(m) + (m->covariance == US_COVARIANCE_TIED ? (Size) m->k * m->d : 0);
}

/* Are n elements of a factor in range? */
static bool
in_range(const double *factor, Size n)
{
	for (Size i = 0; i < n; i++)
		if (!(fabs(factor[i]) <= MOST_FACTOR))
			return false;
	return true;
}

/* The factor of a packed covariance; the log of its determinant to *logdet.  False: not positive definite. */
static bool
invert_triangle(const double *covariance, int d, double *factor, double *logdet)
{
	double		sum = 0;

	memcpy(factor, covariance, sizeof(double) * us_packed(d));
	if (us_cholesky(d, factor) != 0)
		return false;
	us_cholesky_invert(d, factor);
	for (int i = 0; i < d; i++)
		sum += log(factor[us_packed(i) + i]);
	*logdet = sum;
	return in_range(factor, us_packed(d));
}

/* The same for the diagonal of component i. */
static bool
invert_diagonal(const UsMixture *m, int i, double *factor, double *logdet)
{
	const double *covariance = us_mixture_covariance(m);
	double		sum = 0;

	for (int j = 0; j < m->d; j++)
	{
		double		variance = m->covariance == US_COVARIANCE_DIAG ?
			covariance[(Size) i * m->d + j] : ldexp(covariance[i], -2 * us_mixture_unit(m, j));

		if (!(variance > 0))
			return false;
		factor[j] = 1 / sqrt(variance);
		sum += log(factor[j]);
	}
	*logdet = sum;
	return in_range(factor, m->d);
}

/* Factors, transformed means, constants; 0, or the number of a component that is singular. */
static int
prepare(UsMixture *m)
{
	int			d = m->d;
	double	   *factor = factor_of(m);
	double	   *constant = constant_of(m);
	double		base = -0.5 * d * log(2 * M_PI);
	double		logdet = 0;

	for (int j = 0; j < d; j++)
		base -= us_mixture_unit(m, j) * M_LN2;
	if (m->covariance == US_COVARIANCE_TIED && !invert_triangle(us_mixture_covariance(m), d, factor, &logdet))
		return 1;
	for (int i = 0; i < m->k; i++)
	{
		const double *mean = us_mixture_mean(m) + (Size) i * d;

		if (m->covariance == US_COVARIANCE_FULL)
		{
			if (!invert_triangle(us_mixture_covariance(m) + us_packed(d) * i, d, factor, &logdet))
				return i + 1;
			factor += us_packed(d);
		}
		else if (m->covariance == US_COVARIANCE_TIED)
		{
			double	   *out = transformed_of(m) + (Size) i * d;

			for (int a = 0; a < d; a++)
			{
				out[a] = 0;
				for (int b = 0; b <= a; b++)
					out[a] += mean[b] * factor[us_packed(a) + b];
			}
		}
		else
		{
			if (!invert_diagonal(m, i, factor, &logdet))
				return i + 1;
			factor += d;
		}
		constant[i] = log(us_mixture_weight(m)[i]) + logdet + base;
	}
	return 0;
}

/* Fill in the fingerprint; the same on every machine, since the payload is. */
static void
sign(UsMixture *m)
{
	UsWriter	w;

	us_writer_init(&w);
	us_mixture_write(m, &w);
	m->fingerprint = us_hash_bytes(w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, 0);
	pfree(w.buf.data);
}

UsMixture *
us_mixture_make(UsCovariance covariance, int k, int d, bool gridded, int weight_exponent,
				const UsGrid *grid, const double *weight, const double *mean,
				const double *covariances, int *bad)
{
	Size		ncovariances = us_mixture_covariances(covariance, k, d);
	Size		size = offsetof(UsMixture, value) + sizeof(double) *
		(2 * (Size) d + 2 * (Size) k + (Size) k * d * (covariance == US_COVARIANCE_TIED ? 2 : 1) +
		 ncovariances + factors(covariance, k, d));
	UsMixture  *m = (UsMixture *) palloc0(size);
	UsGrid	   *grids = (UsGrid *) m->value;

	SET_VARSIZE(m, size);
	m->version = US_MIXTURE_VERSION;
	m->covariance = covariance;
	m->gridded = gridded;
	m->k = k;
	m->d = d;
	m->weight_exponent = weight_exponent;
	for (int j = 0; j < d; j++)
	{
		/* by member: the padding of the struct stays 0 */
		grids[j].offset = grid[j].offset;
		grids[j].exponent = grid[j].exponent;
	}
	memcpy((double *) us_mixture_weight(m), weight, sizeof(double) * k);
	memcpy((double *) us_mixture_mean(m), mean, sizeof(double) * k * d);
	memcpy((double *) us_mixture_covariance(m), covariances, sizeof(double) * ncovariances);
	*bad = prepare(m);
	if (*bad != 0)
	{
		pfree(m);
		return NULL;
	}
	sign(m);
	return m;
}

UsGmm
us_mixture_gmm(const UsMixture *m)
{
	UsGmm		g;

	g.k = m->k;
	g.d = m->d;
	g.covariance = (UsCovariance) m->covariance;
	g.mean = m->covariance == US_COVARIANCE_TIED ? transformed_of(m) : us_mixture_mean(m);
	g.factor = factor_of(m);
	g.constant = constant_of(m);
	return g;
}

/* ---- plain mixtures ---- */

/* Shares from weights. */
static void
take_weights(int k, const double *weight, double *share)
{
	double		sum = 0;

	for (int i = 0; i < k; i++)
	{
		if (!isfinite(weight[i]) || weight[i] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weight of component %d is %g", i + 1, weight[i]),
					 errdetail("A weight is a finite number, not negative.")));
		sum += weight[i];
	}
	if (!(sum > 0) || isinf(sum))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the weights of the components add up to %g", sum)));
	for (int i = 0; i < k; i++)
		share[i] = weight[i] / sum;
}

/* The variance of column j in component i, in the units of the arguments. */
static double
plain_variance(UsCovariance covariance, int d, const double *covariances, int i, int j)
{
	switch (covariance)
	{
		case US_COVARIANCE_FULL:
			return covariances[us_packed(d) * i + us_packed(j) + j];
		case US_COVARIANCE_TIED:
			return covariances[us_packed(j) + j];
		case US_COVARIANCE_DIAG:
			return covariances[(Size) i * d + j];
		default:
			return covariances[i];
	}
}

static void
check_finite(const double *x, Size n, const char *what)
{
	for (Size i = 0; i < n; i++)
		if (!isfinite(x[i]) || fabs(x[i]) > 1e280)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s of a mixture cannot be %g", what, x[i])));
}

/* The grid of column j: around the mean of the means, and reaching beyond them. */
static UsGrid
plain_grid(UsCovariance covariance, int k, int d, const double *share, const double *mean,
		   const double *covariances, int j)
{
	double		offset = 0;
	double		reach = 0;

	for (int i = 0; i < k; i++)
		offset += share[i] * mean[(Size) i * d + j];
	for (int i = 0; i < k; i++)
		reach = fmax(reach, fabs(mean[(Size) i * d + j] - offset) +
					 PLAIN_REACH * sqrt(fmax(plain_variance(covariance, d, covariances, i, j), 0)));
	return us_grid_make(offset, offset - reach, offset + reach);
}

UsMixture *
us_mixture_plain(UsCovariance covariance, int k, int d, const double *weight,
				 const double *mean, const double *covariances)
{
	Size		n = us_mixture_covariances(covariance, k, d);
	double	   *share;
	double	   *y;
	double	   *scaled;
	UsGrid	   *grid;
	int		   *unit;
	UsMixture  *m;
	int			bad;

	us_mixture_check_sizes(covariance, k, d);
	check_finite(mean, (Size) k * d, "the mean");
	check_finite(covariances, n, "the covariance");
	share = (double *) palloc(sizeof(double) * k);
	y = (double *) palloc(sizeof(double) * k * d);
	scaled = (double *) palloc(sizeof(double) * n);
	grid = (UsGrid *) palloc(sizeof(UsGrid) * d);
	unit = (int *) palloc(sizeof(int) * d);
	take_weights(k, weight, share);
	for (int j = 0; j < d; j++)
	{
		grid[j] = plain_grid(covariance, k, d, share, mean, covariances, j);
		unit[j] = grid[j].exponent + US_GRID_BITS;
		for (int i = 0; i < k; i++)
			y[(Size) i * d + j] = ldexp(mean[(Size) i * d + j] - grid[j].offset, -unit[j]);
	}
	memcpy(scaled, covariances, sizeof(double) * n);
	if (covariance == US_COVARIANCE_DIAG)
		for (Size i = 0; i < n; i++)
			scaled[i] = ldexp(scaled[i], -2 * unit[i % d]);
	else if (covariance != US_COVARIANCE_SPHERICAL)
		for (Size at = 0; at < n;)
			for (int a = 0; a < d; a++)
				for (int b = 0; b <= a; b++, at++)
					scaled[at] = ldexp(scaled[at], -unit[a] - unit[b]);
	m = us_mixture_make(covariance, k, d, false, 0, grid, share, y, scaled, &bad);
	if (m == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the covariance of component %d is not positive definite", bad),
				 errhint("Add a small number to the variances.")));
	return m;
}

/* ---- values ---- */

double
us_mixture_mean_value(const UsMixture *m, int i, int j)
{
	return us_mixture_grid(m)[j].offset +
		ldexp(us_mixture_mean(m)[(Size) i * m->d + j], us_mixture_unit(m, j));
}

double
us_mixture_covariance_value(const UsMixture *m, int i, int a, int b)
{
	const double *covariance = us_mixture_covariance(m);
	int			units = us_mixture_unit(m, a) + us_mixture_unit(m, b);

	switch (m->covariance)
	{
		case US_COVARIANCE_DIAG:
			return a == b ? ldexp(covariance[(Size) i * m->d + a], units) : 0;
		case US_COVARIANCE_SPHERICAL:
			return a == b ? covariance[i] : 0;
		case US_COVARIANCE_FULL:
			covariance += us_packed(m->d) * i;
			/* FALLTHROUGH */
		default:
			return ldexp(covariance[us_packed(Max(a, b)) + Min(a, b)], units);
	}
}

/* x * 2^e, faster than ldexp where 2^e is a normal number. */
static inline double
scale(double x, int e)
{
	uint64		bits = (uint64) (e + 1023) << 52;
	double		factor;

	if (e < -1022 || e > 1023)
		return ldexp(x, e);
	memcpy(&factor, &bits, sizeof(factor));
	return x * factor;
}

int
us_mixture_place(const UsMixture *m, const double *x, bool round, double *y)
{
	const UsGrid *grid = us_mixture_grid(m);
	const double most = US_GRID_MAX_Q / (1 << US_GRID_BITS);
	int			far = 0;

	for (int j = 0; j < m->d; j++)
	{
		double		v = scale(x[j] - grid[j].offset, -us_mixture_unit(m, j));

		/* to whole units; farther out than this it is clamped below */
		if (round && fabs(v) < most)
			v = (v * (1 << US_GRID_BITS) + US_ROUNDER - US_ROUNDER) * (1.0 / (1 << US_GRID_BITS));
		if (!(fabs(v) < most))
		{
			v = v > 0 ? most : -most;
			if (far == 0)
				far = j + 1;
		}
		y[j] = v;
	}
	return far;
}

double
us_mixture_parameters(const UsMixture *m)
{
	return (double) us_mixture_covariances((UsCovariance) m->covariance, m->k, m->d) +
		(double) m->k * m->d + m->k - 1;
}

/* ---- payload ---- */

/*
 * u8 version, u8 covariance, u8 gridded, u32 k, u32 d, i32 weight_exponent; for each column f64
 * offset, i32 exponent; f64 weight[k], mean[k][d], covariances.
 */
void
us_mixture_write(const UsMixture *m, UsWriter *w)
{
	const double *value = us_mixture_weight(m);
	Size		n = m->k + (Size) m->k * m->d +
		us_mixture_covariances((UsCovariance) m->covariance, m->k, m->d);

	us_write_u8(w, US_MIXTURE_VERSION);
	us_write_u8(w, m->covariance);
	us_write_u8(w, m->gridded);
	us_write_u32(w, m->k);
	us_write_u32(w, m->d);
	us_write_i32(w, m->weight_exponent);
	for (int j = 0; j < m->d; j++)
	{
		us_write_f64(w, us_mixture_grid(m)[j].offset);
		us_write_i32(w, us_mixture_grid(m)[j].exponent);
	}
	for (Size i = 0; i < n; i++)
	{
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		us_write_f64(w, value[i]);
	}
}

static UsGrid *
read_grids(UsReader *r, uint32 d)
{
	UsGrid	   *grid = (UsGrid *) palloc(sizeof(UsGrid) * d);

	for (uint32 j = 0; j < d; j++)
	{
		grid[j].offset = us_read_f64(r);
		grid[j].exponent = us_read_i32(r);
		if (!isfinite(grid[j].offset))
			us_corrupt(r, "offset %g", grid[j].offset);
		if (grid[j].exponent < US_MIXTURE_MIN_EXPONENT || grid[j].exponent > US_GRID_MAX_EXPONENT)
			us_corrupt(r, "exponent %d of a grid", grid[j].exponent);
	}
	return grid;
}

static double *
read_values(UsReader *r, Size n, double most, const char *what)
{
	double	   *x = (double *) palloc(sizeof(double) * n);

	for (Size i = 0; i < n; i++)
	{
		x[i] = us_read_f64(r);
		if (!(fabs(x[i]) <= most))
			us_corrupt(r, "%s %g", what, x[i]);
	}
	return x;
}

UsMixture *
us_mixture_read(UsReader *r)
{
	uint8		version = us_read_u8(r);
	uint8		covariance = us_read_u8(r);
	uint8		gridded = us_read_u8(r);
	uint32		k = us_read_u32(r);
	uint32		d = us_read_u32(r);
	int32		weight_exponent = us_read_i32(r);
	Size		n;
	UsGrid	   *grid;
	double	   *weight;
	double	   *mean;
	double	   *covariances;
	double		sum = 0;
	int			bad;
	UsMixture  *m;

	us_check_version(r->what, version, US_MIXTURE_VERSION);
	if (covariance >= US_COVARIANCE_COUNT)
		us_corrupt(r, "covariance %d", covariance);
	if (gridded > 1)
		us_corrupt(r, "flag %d", gridded);
	if (weight_exponent < -US_CENTROID_MAX_WEIGHT_EXPONENT ||
		weight_exponent > US_CENTROID_MAX_WEIGHT_EXPONENT || (!gridded && weight_exponent != 0))
		us_corrupt(r, "exponent %d of weights", weight_exponent);
	if (k < 1 || k > US_MIXTURE_MAX_K || d < 1 || d > US_MIXTURE_MAX_D)
		us_corrupt(r, "%u components of %u columns", k, d);
	n = us_mixture_covariances((UsCovariance) covariance, k, d);
	if ((Size) k * d + n > US_MIXTURE_MAX_VALUES || ((Size) k * d + n + k) * 8 + (Size) d * 12 > r->len - r->pos)
		us_corrupt(r, "%u components of %u columns in %zu bytes", k, d, r->len - r->pos);
	grid = read_grids(r, d);
	weight = read_values(r, k, 1, "weight");
	for (uint32 i = 0; i < k; i++)
	{
		if (weight[i] < 0)
			us_corrupt(r, "weight %g", weight[i]);
		sum += weight[i];
	}
	if (!(fabs(sum - 1) < 1e-9))
		us_corrupt(r, "weights with sum %g", sum);
	mean = read_values(r, (Size) k * d, US_GRID_MAX_Q / (1 << US_GRID_BITS), "mean");
	covariances = read_values(r, n, 1e300, "covariance");
	m = us_mixture_make((UsCovariance) covariance, k, d, gridded, weight_exponent, grid, weight,
						mean, covariances, &bad);
	if (m == NULL)
		us_corrupt(r, "covariance of component %d is not positive definite", bad);
	pfree(grid);
	pfree(weight);
	pfree(mean);
	pfree(covariances);
	return m;
}
