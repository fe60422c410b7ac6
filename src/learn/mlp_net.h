/*
 * mlp_net.h
 *	  Multilayer perceptrons as arithmetic: layers of weights, forward and backward.
 *
 * Layer l of weights goes from units[l] to units[l + 1].  Rows of values have the stride us_mlp_stride(units), what is
 * beyond the units being 0; weights stand as [units[l]][stride of units[l + 1]], then the biases [stride].
 */
#ifndef US_MLP_NET_H
#define US_MLP_NET_H

#include "infra/arena.h"
#include "math/matmul.h"
#include "math/random.h"

#define US_MLP_MOST_HIDDEN	3
#define US_MLP_MOST_UNITS	4096

/* layers of weights: an autoencoder has its hidden layers twice, and the code between them */
#define US_MLP_MOST_LAYERS	(2 * US_MLP_MOST_HIDDEN + 2)

/* Of the units of a layer; the numbers are stored. */
typedef enum UsMlpActivation
{
	US_MLP_LINEAR,
	US_MLP_RELU,
	US_MLP_TANH
} UsMlpActivation;

/* What is minimised, of one row; the numbers are stored. */
typedef enum UsMlpLoss
{
	US_MLP_SQUARED,				/* half the squared error */
	US_MLP_HUBER,				/* linear beyond huber */
	US_MLP_LOGISTIC,			/* y is 0 or 1 */
	US_MLP_SOFTMAX,				/* y is the number of a class, 0 .. */
	US_MLP_RECONSTRUCTION		/* half the mean squared difference of outputs and inputs */
} UsMlpLoss;

typedef struct UsMlpNet
{
	int			layers;			/* of weights */
	int			units[US_MLP_MOST_LAYERS + 1];	/* inputs, ..., outputs */
	uint8		activation[US_MLP_MOST_LAYERS];	/* of units[l + 1]; UsMlpActivation; the last is linear */
	UsMlpLoss	loss;
	double		huber;
	Size		at[US_MLP_MOST_LAYERS];	/* where layer l begins in the parameters */
	Size		n;				/* of parameters, with what fills up the rows */
} UsMlpNet;

/* Room for rows that go through a network. */
typedef struct UsMlpWork
{
	const UsMlpNet *net;
	int			rows;			/* most at a time */
	double	   *act[US_MLP_MOST_LAYERS + 1];	/* [rows][stride]: inputs, ..., outputs */

	/* training only */
	double	   *delta[US_MLP_MOST_LAYERS + 1];	/* [rows][stride] derivatives of the loss by them; none for inputs */
	uint8	   *mask[US_MLP_MOST_LAYERS];	/* [rows][stride] of hidden layers, with dropout: 0 for a unit that is left out */
	double	   *transposed;		/* weights of a layer */
	double	   *y;				/* [rows] number or class */
	double	   *weight;			/* [rows] */
	double		dropout;		/* share of hidden units that are left out */
	UsRandom	random;			/* what decides which */
} UsMlpWork;

static inline int
us_mlp_stride(int units)
{
	return (units + US_MATMUL_LANES - 1) / US_MATMUL_LANES * US_MATMUL_LANES;
}

/* Fill in at and n from layers and units. */
extern void us_mlp_lay_out(UsMlpNet *net);

/* Number of weights and biases that there really are. */
extern Size us_mlp_parameters(const UsMlpNet *net);

/*
 * Random weights, biases 0: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
 * networks", AISTATS 2010, uniform.
 */
extern void us_mlp_init(const UsMlpNet *net, double *w, uint64 seed);

/* Room, from the arena (NULL: the current memory context), and its bytes. */
extern UsMlpWork *us_mlp_work(const UsMlpNet *net, int rows, bool training, double dropout, UsArena *arena);
extern Size us_mlp_work_bytes(const UsMlpNet *net, int rows, bool training, double dropout);

/* act[1] .. act[upto] of n rows from act[0]; no unit is left out. */
extern void us_mlp_forward(UsMlpWork *work, const double *w, int n, int upto);

/* The sum over n rows of weight times loss, at act[layers]; with delta the derivatives times factor. */
extern double us_mlp_loss(UsMlpWork *work, int n, bool delta, double factor);

/*
 * One step of training on n rows: with dropout, gradient[net->n] of factor times the weighted losses plus l2 / 2 times
 * the sum of the squared weights (not biases); returns the sum of the weighted losses.
 * D. E. Rumelhart, G. E. Hinton, R. J. Williams, Nature 323 (1986); dropout: N. Srivastava et al., JMLR 15 (2014).
 */
extern double us_mlp_gradient(UsMlpWork *work, const double *w, int n, double factor, double l2, double *gradient);

#endif
