/*
 * gmm_partial.h
 *	  Continuing a mixture with new rows.
 */
#ifndef US_GMM_PARTIAL_H
#define US_GMM_PARTIAL_H

#include "learn/algorithm.h"

/* Of the vtable. */
extern void us_gmm_partial_fit(const UsPartialInput *input, UsFitResult *result);
extern const char *const us_gmm_partial_params[];

#endif
