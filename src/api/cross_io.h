/*
 * cross_io.h
 *	  Arguments of the types userseg.gram and userseg.logistic_state, and what their aggregates share.
 */
#ifndef US_CROSS_IO_H
#define US_CROSS_IO_H

#include "fmgr.h"

#include "agg/cross_state.h"

/* Argument n as a state or row of a kind; 0A000 for another format. */
extern const UsCrossState *us_cross_state_arg(FunctionCallInfo fcinfo, int n);
extern const UsCrossRow *us_cross_row_arg(FunctionCallInfo fcinfo, int n);

/* Transition by a row; NULL: it does not count. */
extern Datum us_cross_transition(FunctionCallInfo fcinfo, const UsCrossRow *row);

/* A float8[] of n numbers, or of rows x n; NaN becomes NULL. */
extern Datum us_cross_array(const double *x, int rows, int n);

#endif
