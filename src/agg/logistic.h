/*
 * logistic.h
 *	  Rows and states of userseg.logistic_state: one step of logistic regression.
 */
#ifndef US_AGG_LOGISTIC_H
#define US_AGG_LOGISTIC_H

#include "agg/cross_state.h"

/* What a vector of coefficients beta[m] is told from another by. */
extern uint64 us_logistic_fingerprint(const double *beta, int m);

/*
 * The row of x[d] and y, 0 <= y <= 1, at beta[1 + d]: 22023 for other lengths, values that are not finite,
 * another y.
 */
extern UsCrossRow *us_logistic_row_make(const double *beta, int m, const double *x, int d, double y);

/*
 * Newton's step from the state: b[m] = beta + step, the inverse of the information in inverse[m][m] (or NULL); NaN
 * for a term that depends on those before it.
 */
extern void us_logistic_solve(const UsCrossState *s, const double *beta, double *b, double *inverse);

#endif
