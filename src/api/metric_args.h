/*
 * metric_args.h
 *	  Arguments of the metric aggregates.
 */
#ifndef US_METRIC_ARGS_H
#define US_METRIC_ARGS_H

#include "fmgr.h"

/* Whether one of the arguments 1 .. PG_NARGS() - 1 is NULL: such a row does not count. */
extern bool us_metric_row_null(FunctionCallInfo fcinfo);

/* Argument n as a finite number, as a probability, and as the weight of a row (1 when there is no argument n). */
extern double us_metric_number(FunctionCallInfo fcinfo, int n, const char *name);
extern double us_metric_probability(FunctionCallInfo fcinfo, int n, const char *name);
extern double us_metric_weight(FunctionCallInfo fcinfo, int n);

#endif
