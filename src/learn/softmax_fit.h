/*
 * softmax_fit.h
 *	  Multinomial logistic regression: the fit.
 */
#ifndef US_SOFTMAX_FIT_H
#define US_SOFTMAX_FIT_H

#include "learn/linear_model.h"
#include "learn/penalty.h"

/*
 * Fit more than two classes: model, figures, details and warnings of the result.  Without a penalty the first
 * class is the one that the others are compared with; with one all have coefficients, and the intercepts add
 * up to 0.
 */
extern void us_softmax_fit(const UsFitInput *input, UsFitResult *result);

#endif
