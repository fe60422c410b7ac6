/*
 * lbfgs.h
 *	  The minimum of a smooth function of many variables, by its gradient.
 *
 * Limited-memory BFGS with the two loops of J. Nocedal, "Updating quasi-Newton matrices with limited storage",
 * Mathematics of Computation 35 (1980), and a line search for the weak Wolfe conditions by bisection
 * (A. S. Lewis and M. L. Overton, Mathematical Programming 141, 2013).
 */
#ifndef US_LBFGS_H
#define US_LBFGS_H

/* The value at x[n], and its gradient g[n]; may raise errors. */
typedef double (*UsSmoothFunction) (void *context, const double *x, double *g);

typedef struct UsLbfgsResult
{
	double		value;
	int			iterations;
	int			evaluations;
	bool		converged;
} UsLbfgsResult;

/* Doubles that it takes for n variables. */
extern Size us_lbfgs_bytes(int n);

/*
 * Descend from x[n]; ends when no step gains more than tolerance in the value, or the root mean square of the
 * gradient is at most gradient_tolerance, or after max_iter.
 */
extern UsLbfgsResult us_lbfgs(UsSmoothFunction function, void *context, int n, double *x, double tolerance,
							  double gradient_tolerance, int max_iter);

#endif
