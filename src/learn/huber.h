/*
 * huber.h
 *	  Linear regression with Huber's loss.
 *
 * Minimises, over the coefficients and the scale s > 0,
 *
 *		sum w (s + H((y - b0 - x b) / s) s),	H(z) = z^2 for |z| <= epsilon, else 2 epsilon |z| - epsilon^2
 *
 * (P. J. Huber and E. M. Ronchetti, Robust Statistics, 2nd ed., 2009, section 7.7: the concomitant scale), as
 * scikit-learn's HuberRegressor does.
 */
#ifndef US_HUBER_H
#define US_HUBER_H

#include "learn/linear_fit.h"

/* Of US_KERNEL_HUBER. */
typedef struct UsHuberParam
{
	bool		intercept;
	bool		squares;		/* ordinary least squares: every row has weight 1 */
	int			m;				/* intercept + width */
	double		limit;			/* epsilon times the scale */
	Size		centre_at;		/* of double [width + 1] */
	Size		beta_at;		/* of double [m] */
	Size		grid_at;		/* of UsGrid [m + 1], of columns times the root of the weight */
} UsHuberParam;

/* Bytes of the parameters and the shape of the sums, for the most that a fit needs. */
extern Size us_huber_param_bytes(int width);
extern UsPassShape us_huber_shape(int m);

/* The kernel: weights of the rows from their residuals, products of the weighted columns, sums for the scale. */
extern void us_huber_kernel(UsDesignWork *w, const UsDesignChunk *c);

/* Fit: the model, its figures, details; f->design stands ready. */
extern void us_linear_huber(UsLinearFit *f);

#endif
