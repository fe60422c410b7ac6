/*
 * encode_step.h
 *	  Arithmetic of the steps that take one number to one number, and the chain
 *	  of them that stands behind an encoded column.
 *
 * A step is learned into an operation with two constants.  The same inline function
 * serves chunks and single rows, so that both give the same bits.  NULL is NaN
 * and passes through until a FILL.
 */
#ifndef US_ENCODE_STEP_H
#define US_ENCODE_STEP_H

#include <math.h>

#include "infra/buffer.h"
#include "infra/report.h"

/* Encoded values stay inside +-this, so that their squares are finite. */
#define US_ENCODED_MAX	1e150

/* Values of the enum are part of the stored format. */
typedef enum UsStepOp
{
	US_OP_FILL = 1,				/* NaN becomes a */
	US_OP_AFFINE = 2,			/* (x - a) * b, b > 0 */
	US_OP_CLIP = 3,				/* into [a, b] */
	US_OP_LOG1P = 4,			/* log(1 + x); x <= -1 is taken as a, the training minimum */
	US_OP_SIGNED_LOG1P = 5,		/* sign(x) log(1 + |x|) */
	US_OP_POWER = 6,			/* Yeo-Johnson with lambda a */
	US_OP_UNIFORM = 7,			/* share of the breaks below: [0, 1] */
	US_OP_NORMAL = 8,			/* the normal quantile of it */
	US_OP_KEEP = 9				/* NaN stays: the algorithm handles it */
} UsStepOp;

typedef struct UsStep
{
	UsStepOp	op;
	const char *name;			/* of the step that was asked for: "standard", ... */
	double		a;
	double		b;
	int			nbreaks;		/* UNIFORM, NORMAL: ascending, at least 2 */
	double	   *breaks;
} UsStep;

typedef struct UsChain
{
	int			n;
	UsStep	   *step;
} UsChain;

/* Keep an encoded value inside the limits; NaN stays. */
static inline double
us_encoded_limit(double x)
{
	x = x > US_ENCODED_MAX ? US_ENCODED_MAX : x;
	return x < -US_ENCODED_MAX ? -US_ENCODED_MAX : x;
}

static inline double
us_op_fill(double x, double a)
{
	return x != x ? a : x;
}

static inline double
us_op_affine(double x, double a, double b)
{
	return (x - a) * b;
}

/* Yeo-Johnson (encode_step.c); position of x in breaks as a share, ties averaged. */
extern double us_yeo_johnson(double x, double lambda);
extern double us_yeo_johnson_inverse(double y, double lambda);
extern double us_breaks_share(const double *breaks, int n, double x);

/* One step on one value. */
extern double us_step_apply(const UsStep *step, double x);

/* The whole chain, with the limits of an encoded value; true if a value had no logarithm. */
extern bool us_chain_apply_row(const UsChain *chain, double value, double *x);

/* The same for n values, from x to out (which may be x); bit-equal to us_chain_apply_row. */
extern void us_chain_apply_array(const UsChain *chain, const double *x, double *out, int n);

/* One step for n values in place. */
extern void us_step_apply_array(const UsStep *step, double *x, int n);

/* Back to the unit before the chain; clipping and filling cannot be undone. */
extern double us_chain_invert(const UsChain *chain, double y);

/* FILL and AFFINE only, in this order: its three constants. */
extern bool us_chain_is_affine(const UsChain *chain, double *fill, double *a, double *b);

/* Stored form, and an array of objects telling the steps. */
extern void us_chain_write(const UsChain *chain, UsWriter *w);
extern void us_chain_read(UsChain *chain, UsReader *r);
extern void us_chain_report(const UsChain *chain, UsReport *object);

#endif
