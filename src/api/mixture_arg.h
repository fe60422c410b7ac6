/*
 * mixture_arg.h
 *	  Mixtures as arguments of SQL functions.
 */
#ifndef US_MIXTURE_ARG_H
#define US_MIXTURE_ARG_H

#include "fmgr.h"

#include "agg/gmm_state.h"

/* Argument n, detoasted. */
extern const UsMixture *us_mixture_arg(FunctionCallInfo fcinfo, int n);

/* Argument n, a mixture, ready to judge rows; kept in fn_extra: for scalar functions. */
extern UsGmmJudge *us_judge_arg(FunctionCallInfo fcinfo, int n);

/* Argument n, float8[] of as many elements as the mixture has columns; 22023, 22004. */
extern const double *us_judge_vector(FunctionCallInfo fcinfo, int n, const UsGmmJudge *judge);

/* A float8[] of ndim dimensions, dims[ndim], with these values. */
extern Datum us_float8_array(const double *x, int ndim, int *dims);

#endif
