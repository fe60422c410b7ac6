/*
 * losses.h
 *	  What one prediction costs, and means of such costs.
 *
 * Definitions as in scikit-learn.  Arguments are finite unless said otherwise.
 */
#ifndef US_LOSSES_H
#define US_LOSSES_H

#include <float.h>
#include <math.h>

/* -log of the probability p given to what came true, p cut to [eps, 1 - eps], eps = 2^-52. */
static inline double
us_log_loss(double p)
{
	return -log(Min(Max(p, DBL_EPSILON), 1 - DBL_EPSILON));
}

/* The same of class c of k whose probabilities p[k], once cut, are made to add up to 1. */
extern double us_log_loss_classes(const double *p, int k, int c);

/* Absolute error relative to the actual value, whose size is taken as 2^-52 when it is less. */
static inline double
us_percentage_error(double predicted, double actual)
{
	return fabs(predicted - actual) / Max(fabs(actual), DBL_EPSILON);
}

/* Pinball loss of a predicted quantile, 0 <= quantile <= 1 (Koenker and Bassett, Econometrica 46 (1978)). */
static inline double
us_pinball_loss(double predicted, double actual, double quantile)
{
	double		excess = actual - predicted;

	return excess >= 0 ? quantile * excess : (quantile - 1) * excess;
}

/*
 * Unit deviance of the Tweedie family of that power: 0 normal, 1 Poisson, 2 gamma, 3 inverse Gaussian,
 * between 1 and 2 compound Poisson (B. Jørgensen, J. R. Stat. Soc. B 49 (1987)).  NaN where it is not
 * defined: power in (0, 1); mean <= 0 unless power = 0; actual < 0 for 1 <= power < 2;
 * actual <= 0 for power >= 2.
 */
extern double us_tweedie_deviance(double mean, double actual, double power);

/* What a regression minimises. */
typedef enum UsLossKind
{
	US_LOSS_SQUARED,
	US_LOSS_ABSOLUTE,
	US_LOSS_PINBALL,			/* parameter: the quantile */
	US_LOSS_POISSON,			/* unit deviances */
	US_LOSS_GAMMA,
	US_LOSS_TWEEDIE				/* parameter: the power */
} UsLossKind;

typedef struct UsLoss
{
	UsLossKind	kind;
	double		parameter;
} UsLoss;

/* "mse", "mae", "pinball", "poisson_deviance", "gamma_deviance", "tweedie_deviance". */
extern const char *us_loss_name(UsLossKind kind);

/* The loss of one prediction; NaN where it is not defined, as us_tweedie_deviance(). */
extern double us_loss_of(const UsLoss *loss, double predicted, double actual);

/* A mean and its standard error (NaN for a single row). */
typedef struct UsMean
{
	double		mean;
	double		error;
	int64		n;				/* rows of weight above 0 */
	double		weight;
} UsMean;

/*
 * The weighted mean of x[n] (weight NULL: 1), the same in any order.  Its error is that of a ratio of sums:
 * sqrt(sum w^2 (x - mean)^2 n / (n - 1)) / sum w, the usual one for equal weights.  22003 for
 * an infinite x.  NaN without rows.
 */
extern UsMean us_weighted_mean(const double *x, const double *weight, int64 n);

#endif
