/*
 * linear_path.h
 *	  Ridge, lasso and elastic net from sums of products, for one penalty or a whole path.
 *
 * Minimises, over the intercept and b,
 *
 *		1/(2 W) sum w (y - b0 - x b)^2 + lambda (mix |b|_1 + (1 - mix)/2 |b|^2)
 *
 * for encoded columns, as J. Friedman, T. Hastie, R. Tibshirani, "Regularization paths for generalized
 * linear models via coordinate descent", Journal of Statistical Software 33 (2010), section 2, by
 * coordinate descent with covariance updates; then the equations of the columns that are not 0 are
 * solved exactly.
 */
#ifndef US_LINEAR_PATH_H
#define US_LINEAR_PATH_H

#include "stat/least_squares.h"

/* The quadratic to be minimised: half b'Cb - c'b, per unit of weight. */
typedef struct UsQuadratic
{
	int			p;
	double	   *c;				/* [p][p], full */
	double	   *cy;				/* [p] */
	double		yy;
} UsQuadratic;

/* The quadratic of a regression: means of products, around means where there is an intercept. */
extern UsQuadratic *us_quadratic_of(const UsCrossSums *s);

/*
 * Descend from b[p] to the minimum of the quadratic with the penalty; free[p] (or NULL) marks columns that
 * are not penalised.  Returns the sweeps, or -1 when max_sweeps did not suffice.
 */
extern int	us_coordinate_descent(const UsQuadratic *q, double lambda, double mix, const bool *free,
								  double tolerance, int max_sweeps, double *b);

/* The smallest lambda for which all b are 0 (mix below 0.001 counts as that). */
extern double us_lambda_max(const UsQuadratic *q, double mix);

/*
 * lambda[n], falling from max to max * ratio, evenly in the logarithm; a ridge (mix 0), whose path begins a thousand times
 * further out than that of a lasso, ends where that of the lasso would.
 */
extern void us_lambda_path(double max, double mix, double ratio, int n, double *lambda);

/* The mean square of y - b0 - x b over the rows of s, for b0 and b relative to the centres. */
extern double us_mean_square(const UsCrossSums *s, const double *b);

#endif
