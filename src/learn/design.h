/*
 * design.h
 *	  The encoded rows of a supervised training, shown chunk by chunk, pass after pass, to a kernel
 *	  that sums something up.
 *
 * When few passes are to be made, or the rows do not fit, a pass encodes them anew, some chunks at a
 * time: that costs less than memory touched for the first time.  Else they are kept.  The chunks at
 * hand are worked on by the leader or by a team.
 *
 * A kernel adds to a UsPassState: sums that are exact, so the same for any order of the rows and any
 * number of workers.
 */
#ifndef US_DESIGN_H
#define US_DESIGN_H

#include "learn/algorithm.h"
#include "math/exact_sum.h"

/* Kernels; design_kernels.c has the table. */
typedef enum UsDesignKernelId
{
	US_KERNEL_GRAM,				/* gram_pass.h */
	US_KERNEL_RESIDUAL,
	US_KERNEL_HUBER,				/* huber.h */
	US_KERNEL_GLM,				/* glm_pass.h */
	US_KERNEL_SOFTMAX,			/* softmax_pass.h */
	US_KERNEL_NAIVE_BAYES		/* naive_bayes_pass.h */
} UsDesignKernelId;

typedef struct UsDesignChunk
{
	int			nrows;
	const double *x;			/* [width][US_CHUNK_ROWS] */
	const double *y;			/* [nrows]: number, or class index */
	const double *weight;		/* [nrows] > 0; NULL: 1 */
	const uint8 *fold;			/* [nrows] 0 .. nfolds - 1; NULL without folds */
} UsDesignChunk;

/* How much a pass sums up. */
typedef struct UsPassShape
{
	int			exact;
	int			least;
	Size		whole;
} UsPassShape;

typedef struct UsPassState
{
	UsExactSum *exact;
	double	   *least;			/* start at infinity, minima survive */
	int128	   *whole;
} UsPassState;

typedef struct UsDesignWork
{
	const void *param;			/* written by the leader before the pass */
	int			width;
	UsPassState state;
	void	   *scratch;		/* NULL at first: the kernel's, palloc'd */
} UsDesignWork;

typedef void (*UsDesignKernel) (UsDesignWork *w, const UsDesignChunk *chunk);
extern const UsDesignKernel us_design_kernels[];

typedef struct UsDesignPlan
{
	const UsFitInput *input;
	int			nfolds;			/* 0: none */
	int			passes;			/* that are likely */
	double		seconds;		/* that one pass takes, without the encoding */
	int			workers;		/* -1: by the work */
	Size		param_bytes;
	Size		state_bytes;	/* the largest of us_pass_bytes */
} UsDesignPlan;

typedef struct UsDesign UsDesign;

/* Bytes of the state of a shape. */
extern Size us_pass_bytes(UsPassShape shape);

/* The rows of input; memory comes from its budget (53200). */
extern UsDesign *us_design_create(const UsDesignPlan *plan);

/*
 * About want of the rows, chosen by their keys, for a first approximation, in memory if there is room; NULL where
 * the frame has fewer than four times as many, or so many rows have one key that this would be no sample.
 */
extern UsDesign *us_design_sample(UsDesign *d, int64 want);

/* Where the parameters of the next pass are written. */
extern void *us_design_param(UsDesign *d);

/* One pass over all rows; the state is valid until the next one. */
extern UsPassState us_design_pass(UsDesign *d, UsDesignKernelId kernel, UsPassShape shape);

/* "workers", "passes", "kept", "memory_mb" of details. */
extern void us_design_report(const UsDesign *d, UsReport *details);

/* Give memory and workers back. */
extern void us_design_end(UsDesign *d);

#endif
