/*
 * metric_args.c
 *	  Arguments of the metric aggregates.
 */
#include "postgres.h"

#include <math.h>

#include "agg/weight_units.h"
#include "api/metric_args.h"

bool
us_metric_row_null(FunctionCallInfo fcinfo)
{
	for (int i = 1; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return true;
	return false;
}

double
us_metric_number(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		x = PG_GETARG_FLOAT8(n);

	if (!isfinite(x))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %s", name, isnan(x) ? "NaN" : "infinite"),
				 errhint("Leave such rows out, or pass NULL: rows with a NULL do not count.")));
	return x;
}

double
us_metric_probability(FunctionCallInfo fcinfo, int n, const char *name)
{
	double		p = us_metric_number(fcinfo, n, name);

	if (p < 0 || p > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is %g, outside of 0 to 1", name, p),
				 errhint("Scores that are no probabilities have auc_agg, average_precision_agg, ks_agg and lift_agg.")));
	return p;
}

double
us_metric_weight(FunctionCallInfo fcinfo, int n)
{
	double		w;

	if (n >= PG_NARGS())
		return 1;
	w = us_metric_number(fcinfo, n, "weight");
	if (w < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight is %g, below 0", w),
				 errhint("A row of weight 2 counts as two rows, one of weight 0 does not count.")));
	if (w != 0 && (w < US_WEIGHT_LEAST || w > US_WEIGHT_LARGEST))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("weight %g is out of range", w),
				 errdetail("Weights are 0, or from 2^-40 (9.1e-13) to 2^40 (1.1e12)."),
				 errhint("Multiply all weights by a constant: the metrics do not change.")));
	return w;
}
