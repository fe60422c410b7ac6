/*
 * logistic_agg.c
 *	  userseg.logistic_state: logistic_agg, logistic_step, accessors.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/array.h"

#include "agg/logistic.h"
#include "api/cross_io.h"
#include "infra/args.h"

PG_FUNCTION_INFO_V1(userseg_logistic_row);
PG_FUNCTION_INFO_V1(userseg_logistic_agg_step);
PG_FUNCTION_INFO_V1(userseg_logistic_likelihood);
PG_FUNCTION_INFO_V1(userseg_logistic_gradient);
PG_FUNCTION_INFO_V1(userseg_logistic_information);
PG_FUNCTION_INFO_V1(userseg_next_beta);
PG_FUNCTION_INFO_V1(userseg_logistic_covariance);

static UsCrossRow *
make_row(FunctionCallInfo fcinfo, int first)
{
	int			m;
	int			d;
	const double *beta = us_array_float8(PG_GETARG_ARRAYTYPE_P(first), "beta", &m);
	const double *x = us_array_float8(PG_GETARG_ARRAYTYPE_P(first + 1), "x", &d);

	return us_logistic_row_make(beta, m, x, d, PG_GETARG_FLOAT8(first + 2));
}

/* userseg.logistic_row(beta float8[], x float8[], y float8) → logistic_row; strict. */
Datum
userseg_logistic_row(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(make_row(fcinfo, 0));
}

/* Transition of logistic_agg(beta float8[], x float8[], y float8). */
Datum
userseg_logistic_agg_step(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return us_cross_transition(fcinfo, NULL);
	return us_cross_transition(fcinfo, make_row(fcinfo, 1));
}

/* userseg.log_likelihood(logistic_state) → float8; strict. */
Datum
userseg_logistic_likelihood(PG_FUNCTION_ARGS)
{
	const UsCrossState *s = us_cross_state_arg(fcinfo, 0);

	PG_RETURN_FLOAT8(-us_cross_more(s, s->m).hi);
}

/* userseg.gradient(logistic_state) → float8[], of the log likelihood; strict. */
Datum
userseg_logistic_gradient(PG_FUNCTION_ARGS)
{
	const UsCrossState *s = us_cross_state_arg(fcinfo, 0);
	double	   *g = (double *) palloc(sizeof(double) * s->m);

	for (int i = 0; i < s->m; i++)
		g[i] = us_cross_more(s, i).hi;
	return us_cross_array(g, 1, s->m);
}

/* userseg.information(logistic_state) → float8[][]; strict. */
Datum
userseg_logistic_information(PG_FUNCTION_ARGS)
{
	const UsCrossState *s = us_cross_state_arg(fcinfo, 0);
	double	   *a = (double *) palloc(sizeof(double) * s->m * s->m);

	for (int i = 0; i < s->m; i++)
		for (int j = i; j < s->m; j++)
			a[i * s->m + j] = a[j * s->m + i] = us_cross_product(s, i, j).hi;
	return us_cross_array(a, s->m, s->m);
}

/* userseg.next_beta(logistic_state, beta float8[]) → float8[]: Newton's step; strict. */
Datum
userseg_next_beta(PG_FUNCTION_ARGS)
{
	const UsCrossState *s = us_cross_state_arg(fcinfo, 0);
	int			m;
	const double *beta = us_array_float8(PG_GETARG_ARRAYTYPE_P(1), "beta", &m);
	double	   *b;

	if (m != s->m || us_logistic_fingerprint(beta, m) != s->fingerprint)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the state was not made with this beta"),
				 errhint("Pass the vector that logistic_agg was given.")));
	b = (double *) palloc(sizeof(double) * m);
	us_logistic_solve(s, beta, b, NULL);
	return us_cross_array(b, 1, m);
}

/* userseg.covariance(logistic_state) → float8[][]: the inverse of the information; strict. */
Datum
userseg_logistic_covariance(PG_FUNCTION_ARGS)
{
	const UsCrossState *s = us_cross_state_arg(fcinfo, 0);
	double	   *zero = (double *) palloc0(sizeof(double) * s->m);
	double	   *b = (double *) palloc(sizeof(double) * s->m);
	double	   *inverse = (double *) palloc(sizeof(double) * s->m * s->m);

	us_logistic_solve(s, zero, b, inverse);
	return us_cross_array(inverse, s->m, s->m);
}
