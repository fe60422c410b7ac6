/*
 * softmax_pass.h
 *	  One pass of multinomial logistic regression over the rows: loss, gradient, information.
 *
 * With probabilities p_k the gradient by predictor k is w ([y = k] - p_k), and the information between
 * predictors k and l is w p_k ([k = l] - p_l).
 */
#ifndef US_SOFTMAX_PASS_H
#define US_SOFTMAX_PASS_H

#include "learn/design.h"
#include "math/cross.h"

typedef struct UsSoftmaxParam
{
	bool		intercept;
	bool		information;	/* sum it up, to 47 bits of each value */
	int			classes;
	int			m;				/* intercept + width: columns of a predictor */
	int			left_out;		/* rows of this fold do not count; -1: all do */
	bool		only;			/* only those do */
	Size		centre_at;		/* of double [width] */
	Size		beta_at;		/* of double [classes][m], relative to the centres */
	Size		grid_at;		/* of UsGrid [m]: of columns times half the root of the largest weight */
} UsSoftmaxParam;

/* Bytes of the parameters; offsets filled in. */
extern Size us_softmax_param_bytes(int width, int classes);
extern void us_softmax_layout(UsSoftmaxParam *p, int width, int classes, bool intercept);

/* Exact sums: gradient [classes][m], loss, weight; the information for each pair k <= l of classes. */
extern UsPassShape us_softmax_shape(int m, int classes, bool information);

/* Element of the information between column i of predictor k and column j of predictor l. */
extern double us_softmax_information(UsPassState state, const UsSoftmaxParam *p, int k, int i, int l, int j);

/* The kernel: adds a chunk of rows up. */
extern void us_softmax_kernel(UsDesignWork *w, const UsDesignChunk *c);

#endif
