/*
 * mixture.h
 *	  userseg.mixture: a mixture of normal distributions, by value.
 *
 * Inside, columns are in units y = (x - offset) / 2^(exponent + US_GRID_BITS) of a grid
 * (math/grid.h).  Two kinds, as with centroid sets.  A plain mixture is what a user makes from
 * arrays; its grid follows from its means and covariances and rows are not rounded.  A gridded one is
 * made by the trainer on the grid of its rows, and rows are rounded to it, so that one
 * SQL aggregate and one pass of the trainer have the same result bit for bit.
 *
 * A mixture is one flat varlena without pointers, ready for the kernels of math/gmm.h; what is
 * sent and printed is the little-endian payload of us_mixture_write().
 */
#ifndef US_MIXTURE_H
#define US_MIXTURE_H

#include "agg/centroid_set.h"
#include "math/gmm.h"

#define US_MIXTURE_NAME			"userseg.mixture"
#define US_MIXTURE_VERSION		1

#define US_MIXTURE_MAX_K		1000
#define US_MIXTURE_MAX_D		4096
#define US_MIXTURE_MAX_VALUES	(1 << 24)	/* of means and covariances: 128 MB */

/* grids are not finer, so that the factors between units are doubles */
#define US_MIXTURE_MIN_EXPONENT	(-1000)

/* gridded: a weight w counts as rint(w * 2^weight_exponent) * 2^-US_MIXTURE_WEIGHT_BITS, at most 1 */
#define US_MIXTURE_WEIGHT_BITS	40

typedef struct UsMixture
{
	int32		vl_len_;
	uint8		version;		/* US_MIXTURE_VERSION */
	uint8		covariance;		/* UsCovariance */
	bool		gridded;
	uint8		unused;			/* 0 */
	int32		k;
	int32		d;
	int32		weight_exponent;	/* gridded; else 0 */
	int32		unused2;		/* 0 */
	uint64		fingerprint;	/* hash of the payload */

	/*
	 * UsGrid[d], weight[k], mean[k][d], covariance (us_mixture_covariance); then what
	 * follows from these: factors, transformed means (TIED), constants.
	 */
	double		value[FLEXIBLE_ARRAY_MEMBER];
} UsMixture;

StaticAssertDecl(offsetof(UsMixture, value) == 32, "header of userseg.mixture has padding");
StaticAssertDecl(sizeof(UsGrid) == 2 * sizeof(double), "grids stand between doubles");

static inline const UsGrid *
us_mixture_grid(const UsMixture *m)
{
	return (const UsGrid *) m->value;
}

/* Shares of the components, k values >= 0 with sum 1. */
static inline const double *
us_mixture_weight(const UsMixture *m)
{
	return m->value + 2 * (Size) m->d;
}

/* Means [k][d], in units of the grid. */
static inline const double *
us_mixture_mean(const UsMixture *m)
{
	return us_mixture_weight(m) + m->k;
}

/*
 * Covariances.  FULL: [k] packed triangles, TIED: one, DIAG: variances [k][d], in units of the
 * grid; SPHERICAL: variances [k] in units of the columns.
 */
static inline const double *
us_mixture_covariance(const UsMixture *m)
{
	return us_mixture_mean(m) + (Size) m->k * m->d;
}

/* The number of these values. */
extern Size us_mixture_covariances(UsCovariance covariance, int k, int d);

/* 'full', ...; and back: false for another text. */
extern const char *us_covariance_name(UsCovariance covariance);
extern bool us_covariance_find(const char *name, UsCovariance *covariance);

/* The exponent of 2 by which a unit of the grid of column j is larger than one of the column. */
static inline int
us_mixture_unit(const UsMixture *m, int j)
{
	return us_mixture_grid(m)[j].exponent + US_GRID_BITS;
}

/*
 * A mixture in the current memory context, from values as above.  NULL, and *bad (from 1) a
 * component whose covariance is not positive definite, or so small that densities would leave the
 * range of double.  Sizes are the caller's to check (us_mixture_check_sizes); weights sum to 1.
 */
extern UsMixture *us_mixture_make(UsCovariance covariance, int k, int d, bool gridded,
								  int weight_exponent, const UsGrid *grid, const double *weight,
								  const double *mean, const double *covariances, int *bad);

/* 22023 unless k components of d columns can be. */
extern void us_mixture_check_sizes(UsCovariance covariance, int k, int d);

/*
 * The plain mixture of values in units of the columns; covariances as us_mixture_covariance.
 * weight[k] >= 0 are brought to sum 1.  22023 for NaN, infinity, negative weights, no weight
 * at all, a covariance that is not positive definite.
 */
extern UsMixture *us_mixture_plain(UsCovariance covariance, int k, int d, const double *weight,
								   const double *mean, const double *covariances);

/* The mixture as the kernels see it. */
extern UsGmm us_mixture_gmm(const UsMixture *m);

/* Value j of the mean of component i, and element (a, b) of its covariance, in units of the columns. */
extern double us_mixture_mean_value(const UsMixture *m, int i, int j);
extern double us_mixture_covariance_value(const UsMixture *m, int i, int a, int b);

/*
 * Row x[d], finite, in units of the grid: y[d].  Rounded to the grid if round.  Values
 * beyond 2^17 times the range of the grid are taken as that; returns the number (from 1) of
 * the first such column, or 0.
 */
extern int	us_mixture_place(const UsMixture *m, const double *x, bool round, double *y);

/* Parameters of the mixture besides those that others determine, for BIC and AIC. */
extern double us_mixture_parameters(const UsMixture *m);

/* Payload, and the mixture of a payload; 22P03 if it is not valid. */
extern void us_mixture_write(const UsMixture *m, UsWriter *w);
extern UsMixture *us_mixture_read(UsReader *r);

#endif
