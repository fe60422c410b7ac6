/*
 * glm_pass.h
 *	  One pass of a generalised linear model with one linear predictor over the rows: objective, gradient,
 *	  information.
 *
 * P. McCullagh and J. A. Nelder, Generalized Linear Models, 2nd ed. (1989), chapter 2: with predictor
 * eta, mean mu(eta) and variance function V, the gradient by eta is w (y - mu) mu' / V and the
 * expected information w mu'^2 / V.
 */
#ifndef US_GLM_PASS_H
#define US_GLM_PASS_H

#include "learn/design.h"
#include "math/cross.h"

/* Families, each with its one link. */
typedef enum UsFamily
{
	US_FAMILY_BINOMIAL,			/* logit; y is 0 or 1 */
	US_FAMILY_POISSON,			/* log; V = mu */
	US_FAMILY_GAMMA,			/* log; V = mu^2 */
	US_FAMILY_TWEEDIE			/* log; V = mu^power, 1 < power < 2 */
} UsFamily;

typedef struct UsGlmParam
{
	UsFamily	family;
	double		power;
	bool		intercept;
	bool		information;	/* sum it up */
	bool		fine;			/* information to 47 bits of each value, not 23; gradient exact; families but the binomial always */
	bool		statistics;		/* deviance and the rest */
	int			left_out;		/* rows of this fold do not count; -1: all do */
	bool		only;			/* only the rows of that fold count */
	int			m;				/* intercept + width */
	double		most_information;	/* a bound of it in a row: larger ones are taken as that */
	Size		centre_at;		/* of double [width] */
	Size		beta_at;		/* of double [m], relative to the centres */
	Size		grid_at;		/* of UsGrid [m]: of columns times the root of the information */
} UsGlmParam;

/* Exact sums of a pass: gradient [m], then these. */
typedef enum UsGlmSum
{
	US_GLM_OBJECTIVE,			/* minus the log likelihood, but for what only y decides */
	US_GLM_WEIGHT,
	US_GLM_DEVIANCE,			/* these with statistics */
	US_GLM_PEARSON,
	US_GLM_CONSTANT,			/* Poisson: log(y!); gamma: log y */
	US_GLM_SUMS
} UsGlmSum;

/* Minima of a pass. */
typedef enum UsGlmLeast
{
	US_GLM_MINUS_INFORMATION,	/* minus the largest information of a row */
	US_GLM_MARGIN,				/* binomial: of the predictor, on the side of y */
	US_GLM_MINUS_ETA,			/* minus the largest predictor in size */
	US_GLM_LEASTS
} UsGlmLeast;

/* Bytes of the parameters of width columns; the shape of the sums of m = intercept + width. */
extern Size us_glm_param_bytes(int width);

/*
 * The same with or without information, fine or coarse: a coarse pass takes the terms of the gradient as multiples of
 * a unit, and their sums, whole numbers, stand behind those of the information.
 */
extern UsPassShape us_glm_shape(int m, bool information, bool fine);

/* Fill in the offsets and the fields that stay. */
extern void us_glm_layout(UsGlmParam *p, int width, bool intercept, UsFamily family, double power);

/* Bits of a term of the gradient in a coarse pass: sums of 64 of them are exact in double. */
#define US_GLM_GRADIENT_BITS	46

/*
 * The exponent of the unit of element k of the gradient in a coarse pass: with the root of the largest information, w/4,
 * 2^(grid exponent + 47) is above root |x - c|, so that |(x - c) gradient| <= |x - c| w is below 4 root times that.
 */
static inline int
us_glm_gradient_exponent(UsGrid grid, double most_information)
{
	int			e;

	(void) frexp(4 * sqrt(most_information), &e);
	return grid.exponent + US_CROSS_BITS + e - US_GLM_GRADIENT_BITS;
}

/* A term on that unit: (term + r) - r. */
static inline double
us_glm_gradient_rounder(int exponent)
{
	return ldexp(1.5, exponent + 52);
}

/* Element k of the gradient. */
extern double us_glm_gradient(UsPassState state, const UsGlmParam *p, int k);

/* Element (i, j), i <= j, of the information. */
extern UsDd us_glm_information(UsPassState state, const UsGlmParam *p, int i, int j);

/* The kernel: predictor, loss, gradient and information of the rows of a chunk, added up. */
extern void us_glm_kernel(UsDesignWork *w, const UsDesignChunk *c);

/* Predictors beyond are taken as that: exp stays finite, products too. */
#define US_GLM_MOST_ETA	300.0

/* The predictor of one row, as the kernel has it. */
static inline double
us_glm_predictor(const double *x, const double *beta, const double *centre, int width, bool intercept)
{
	double		eta = intercept ? beta[0] : 0;

	for (int j = 0; j < width; j++)
		if (beta[intercept + j] != 0)
			eta += beta[intercept + j] * (x[j] - centre[j]);
	eta = eta > US_GLM_MOST_ETA ? US_GLM_MOST_ETA : eta;
	return eta < -US_GLM_MOST_ETA ? -US_GLM_MOST_ETA : eta;
}

#endif
