/*
 * linear_fit.h
 *	  One training of linear regression, as its files share it.
 */
#ifndef US_LINEAR_FIT_H
#define US_LINEAR_FIT_H

#include "learn/gram_pass.h"
#include "learn/linear_model.h"
#include "learn/penalty.h"

typedef struct UsLinearFit
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	int			width;
	bool		intercept;
	bool		weighted;
	double		largest_weight;
	double	   *centre;			/* [width + 1] */

	UsPenalty	penalty;
	UsRobust	robust;
	bool		huber;

	/* rows */
	UsDesign   *design;			/* NULL with strategy sql */
	int			nfolds;
	Size		algebra_bytes;	/* taken from the budget for what is made of the sums */
	UsPassState state;			/* of the pass that made the sums */
	const UsGramParam *gram;
	UsCrossSums *sums;

	UsLinearModel *model;
} UsLinearFit;

/* ---- linear_ols.c: least squares, inference ---- */
extern void us_linear_least_squares(UsLinearFit *f);

/* ---- linear_choose.c: penalties ---- */
extern void us_linear_penalised(UsLinearFit *f);

#endif
