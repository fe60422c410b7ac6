/*
 * gmm_step.c
 *	  userseg.gmm_point, userseg.gmm_state, the aggregate gmm_step, and what follows from its states.
 *
 * States are changed in place while an aggregate runs.  Nothing is kept in fn_extra of the functions of
 * the aggregate: an executor may look them up anew for every row.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"

#include "api/aggregate.h"
#include "api/mixture_arg.h"
#include "api/payload.h"
#include "infra/args.h"

PG_FUNCTION_INFO_V1(userseg_gmm_point_in);
PG_FUNCTION_INFO_V1(userseg_gmm_point_out);
PG_FUNCTION_INFO_V1(userseg_gmm_point_recv);
PG_FUNCTION_INFO_V1(userseg_gmm_point_send);
PG_FUNCTION_INFO_V1(userseg_gmm_state_in);
PG_FUNCTION_INFO_V1(userseg_gmm_state_out);
PG_FUNCTION_INFO_V1(userseg_gmm_state_recv);
PG_FUNCTION_INFO_V1(userseg_gmm_state_send);
PG_FUNCTION_INFO_V1(userseg_gmm_point);
PG_FUNCTION_INFO_V1(userseg_gmm_step);
PG_FUNCTION_INFO_V1(userseg_gmm_combine);
PG_FUNCTION_INFO_V1(userseg_gmm_final);
PG_FUNCTION_INFO_V1(userseg_gmm_merge);
PG_FUNCTION_INFO_V1(userseg_gmm_rows);
PG_FUNCTION_INFO_V1(userseg_gmm_weights);
PG_FUNCTION_INFO_V1(userseg_gmm_log_likelihood);
PG_FUNCTION_INFO_V1(userseg_next_mixture);

static const UsGmmPoint *
point_arg(FunctionCallInfo fcinfo, int n)
{
	const UsGmmPoint *p = (const UsGmmPoint *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	us_check_version(US_GMM_POINT_NAME, p->shape.version, US_GMM_POINT_VERSION);
	return p;
}

/* As it came: a state of an aggregate that runs has lanes. */
static const UsGmmState *
raw_state_arg(FunctionCallInfo fcinfo, int n)
{
	const UsGmmState *s = (const UsGmmState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	us_check_version(US_GMM_STATE_NAME, s->shape.version, US_GMM_STATE_VERSION);
	return s;
}

static const UsGmmState *
state_arg(FunctionCallInfo fcinfo, int n)
{
	const UsGmmState *s = raw_state_arg(fcinfo, n);

	return us_gmm_state_is_open(s) ? us_gmm_state_sealed(s) : s;
}

/* ---- input and output ---- */

static void *
read_point(UsReader *r)
{
	return us_gmm_point_read(r);
}

static void *
read_state(UsReader *r)
{
	return us_gmm_state_read(r);
}

/* Input: the payload in hexadecimal. */
Datum
userseg_gmm_point_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), US_GMM_POINT_NAME, read_point));
}

/* Output: the payload in hexadecimal. */
Datum
userseg_gmm_point_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_gmm_point_write(point_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input: the payload. */
Datum
userseg_gmm_point_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0),
											  US_GMM_POINT_NAME, read_point));
}

/* Binary output: the payload. */
Datum
userseg_gmm_point_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_gmm_point_write(point_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* Input: the payload in hexadecimal. */
Datum
userseg_gmm_state_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), US_GMM_STATE_NAME, read_state));
}

/* Output: the payload in hexadecimal. */
Datum
userseg_gmm_state_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_gmm_state_write(state_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input: the payload. */
Datum
userseg_gmm_state_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0),
											  US_GMM_STATE_NAME, read_state));
}

/* Binary output: the payload. */
Datum
userseg_gmm_state_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_gmm_state_write(state_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* ---- the aggregate ---- */

/* userseg.gmm_point(mixture, x float8[], weight float8) → gmm_point; strict. */
Datum
userseg_gmm_point(PG_FUNCTION_ARGS)
{
	UsGmmJudge *judge = us_judge_arg(fcinfo, 0);
	UsGmmPoint *p = us_gmm_point_make(judge, us_judge_vector(fcinfo, 1, judge), PG_GETARG_FLOAT8(2));

	if (p == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(p);
}

/* Transition of gmm_step(gmm_point). */
Datum
userseg_gmm_step(PG_FUNCTION_ARGS)
{
	const UsGmmPoint *p;
	UsGmmState *s;

	if (PG_ARGISNULL(1))
		return us_aggregate_unchanged(fcinfo);
	p = point_arg(fcinfo, 1);
	s = us_aggregate_state(fcinfo);
	if (s == NULL)
		s = us_gmm_state_begin(&p->shape);
	us_gmm_state_add(s, p);
	PG_RETURN_POINTER(s);
}

/* Combine function of gmm_step, and transition of rollup. */
Datum
userseg_gmm_combine(PG_FUNCTION_ARGS)
{
	UsGmmState *s;

	if (PG_ARGISNULL(1))
		return us_aggregate_unchanged(fcinfo);
	s = us_aggregate_state(fcinfo);
	if (s == NULL)
		PG_RETURN_POINTER(us_gmm_state_sealed(raw_state_arg(fcinfo, 1)));
	us_gmm_state_merge(s, raw_state_arg(fcinfo, 1));
	PG_RETURN_POINTER(s);
}

/* Final function of gmm_step and rollup: equal bytes for equal sums. */
Datum
userseg_gmm_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_gmm_state_sealed(raw_state_arg(fcinfo, 0)));
}

/* userseg.merge(a, b gmm_state) → gmm_state; NULL only if both are. */
Datum
userseg_gmm_merge(PG_FUNCTION_ARGS)
{
	UsGmmState *s;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	s = us_gmm_state_sealed(raw_state_arg(fcinfo, 0));
	us_gmm_state_merge(s, raw_state_arg(fcinfo, 1));
	PG_RETURN_POINTER(us_gmm_state_sealed(s));
}

/* ---- accessors ---- */

/* userseg.row_count(gmm_state) → bigint. */
Datum
userseg_gmm_rows(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(state_arg(fcinfo, 0)->sums.rows);
}

/* userseg.component_weights(gmm_state) → float8[]: sums of the responsibilities. */
Datum
userseg_gmm_weights(PG_FUNCTION_ARGS)
{
	const UsGmmState *s = state_arg(fcinfo, 0);
	int			k = s->shape.k;
	double	   *w = (double *) palloc(sizeof(double) * k);

	for (int i = 0; i < k; i++)
		w[i] = us_gmm_state_weight(s, i);
	return us_float8_array(w, 1, &k);
}

/* userseg.log_likelihood(gmm_state) → float8. */
Datum
userseg_gmm_log_likelihood(PG_FUNCTION_ARGS)
{
	const UsGmmState *s = state_arg(fcinfo, 0);

	PG_RETURN_FLOAT8(us_gmm_log_likelihood(&s->sums, s->shape.gridded, s->shape.weight_exponent));
}

/* userseg.next_mixture(gmm_state, mixture, reg_covar float8, step float8) → mixture; strict. */
Datum
userseg_next_mixture(PG_FUNCTION_ARGS)
{
	const UsGmmState *s = state_arg(fcinfo, 0);
	const UsMixture *m = us_mixture_arg(fcinfo, 1);
	double		reg = PG_GETARG_FLOAT8(2);
	double		step = PG_GETARG_FLOAT8(3);
	UsMixture  *next;
	int			bad;

	us_gmm_state_check(s, m);
	if (!isfinite(reg) || reg < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reg_covar is %g", reg),
				 errdetail("It is a finite number, not negative.")));
	if (!(step > 0 && step <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step is %g, outside of 0 < step <= 1", step)));
	if (s->sums.sum[0] <= 0)
		PG_RETURN_NULL();
	next = us_mixture_next(m, &s->sums, step, reg, &bad);
	if (next == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the covariance of component %d is not positive definite", bad),
				 errdetail("Its rows lie in a plane, or it has too few of them."),
				 errhint("Pass a larger reg_covar, or use fewer components.")));
	PG_RETURN_POINTER(next);
}
