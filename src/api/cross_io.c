/*
 * cross_io.c
 *	  userseg.gram, userseg.logistic_state and their rows: input, output, what their aggregates share.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "api/cross_io.h"
#include "api/payload.h"

PG_FUNCTION_INFO_V1(userseg_gram_in);
PG_FUNCTION_INFO_V1(userseg_gram_recv);
PG_FUNCTION_INFO_V1(userseg_gram_row_in);
PG_FUNCTION_INFO_V1(userseg_gram_row_recv);
PG_FUNCTION_INFO_V1(userseg_logistic_state_in);
PG_FUNCTION_INFO_V1(userseg_logistic_state_recv);
PG_FUNCTION_INFO_V1(userseg_logistic_row_in);
PG_FUNCTION_INFO_V1(userseg_logistic_row_recv);
PG_FUNCTION_INFO_V1(userseg_cross_state_out);
PG_FUNCTION_INFO_V1(userseg_cross_state_send);
PG_FUNCTION_INFO_V1(userseg_cross_row_out);
PG_FUNCTION_INFO_V1(userseg_cross_row_send);
PG_FUNCTION_INFO_V1(userseg_cross_combine);
PG_FUNCTION_INFO_V1(userseg_cross_final);
PG_FUNCTION_INFO_V1(userseg_cross_merge);

/* ---- input and output ---- */

static void *
read_gram(UsReader *r)
{
	return us_cross_read(r, US_CROSS_GRAM);
}

static void *
read_gram_row(UsReader *r)
{
	return us_cross_row_read(r, US_CROSS_GRAM);
}

static void *
read_logistic(UsReader *r)
{
	return us_cross_read(r, US_CROSS_LOGISTIC);
}

static void *
read_logistic_row(UsReader *r)
{
	return us_cross_row_read(r, US_CROSS_LOGISTIC);
}

/* Input of userseg.gram: the payload in hexadecimal. */
Datum
userseg_gram_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), "userseg.gram", read_gram));
}

/* Binary input: the payload. */
Datum
userseg_gram_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), "userseg.gram", read_gram));
}

/* Input of userseg.gram_row. */
Datum
userseg_gram_row_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), "userseg.gram_row", read_gram_row));
}

/* Binary input of userseg.gram_row. */
Datum
userseg_gram_row_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), "userseg.gram_row", read_gram_row));
}

/* Input of userseg.logistic_state. */
Datum
userseg_logistic_state_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), "userseg.logistic_state", read_logistic));
}

/* Binary input of userseg.logistic_state. */
Datum
userseg_logistic_state_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), "userseg.logistic_state", read_logistic));
}

/* Input of userseg.logistic_row. */
Datum
userseg_logistic_row_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), "userseg.logistic_row", read_logistic_row));
}

/* Binary input of userseg.logistic_row. */
Datum
userseg_logistic_row_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), "userseg.logistic_row", read_logistic_row));
}

const UsCrossState *
us_cross_state_arg(FunctionCallInfo fcinfo, int n)
{
	const UsCrossState *s = (const UsCrossState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	us_check_version(us_cross_state_name((UsCrossKind) s->kind), s->version, US_CROSS_STATE_VERSION);
	return s;
}

const UsCrossRow *
us_cross_row_arg(FunctionCallInfo fcinfo, int n)
{
	const UsCrossRow *row = (const UsCrossRow *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	us_check_version(us_cross_row_name((UsCrossKind) row->kind), row->version, US_CROSS_STATE_VERSION);
	return row;
}

/* Output of both kinds of state: the payload in hexadecimal. */
Datum
userseg_cross_state_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_cross_write(us_cross_state_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary output: the payload. */
Datum
userseg_cross_state_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_cross_write(us_cross_state_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* Output of both kinds of row. */
Datum
userseg_cross_row_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_cross_row_write(us_cross_row_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary output of both kinds of row. */
Datum
userseg_cross_row_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_cross_row_write(us_cross_row_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* ---- aggregates ---- */

static UsCrossState *
state_copy(FunctionCallInfo fcinfo, int n)
{
	const UsCrossState *s = us_cross_state_arg(fcinfo, n);
	UsCrossState *copy = (UsCrossState *) palloc(VARSIZE(s));

	memcpy(copy, s, VARSIZE(s));
	return copy;
}

/* The state to be changed: in place in an aggregate, else a copy; NULL at first. */
static UsCrossState *
own_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		return NULL;
	if (AggCheckCallContext(fcinfo, NULL) && !VARATT_IS_EXTENDED(PG_GETARG_POINTER(0)))
		return (UsCrossState *) PG_GETARG_POINTER(0);
	return state_copy(fcinfo, 0);
}

static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

Datum
us_cross_transition(FunctionCallInfo fcinfo, const UsCrossRow *row)
{
	if (row == NULL)
		return unchanged(fcinfo);
	PG_RETURN_POINTER(us_cross_add(own_state(fcinfo), row));
}

/* Combine function of all aggregates here, and transition of rollup. */
Datum
userseg_cross_combine(PG_FUNCTION_ARGS)
{
	UsCrossState *s;

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	s = own_state(fcinfo);
	if (s == NULL)
		PG_RETURN_POINTER(state_copy(fcinfo, 1));
	PG_RETURN_POINTER(us_cross_merge(s, us_cross_state_arg(fcinfo, 1)));
}

/* Final function: the state for storage; strict. */
Datum
userseg_cross_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_cross_seal(us_cross_state_arg(fcinfo, 0)));
}

/* userseg.merge(a, b); NULL only if both are. */
Datum
userseg_cross_merge(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	PG_RETURN_POINTER(us_cross_seal(us_cross_merge(state_copy(fcinfo, 0), us_cross_state_arg(fcinfo, 1))));
}

Datum
us_cross_array(const double *x, int rows, int n)
{
	int			count = rows * n;
	Datum	   *value = (Datum *) palloc(sizeof(Datum) * Max(count, 1));
	bool	   *null = (bool *) palloc(sizeof(bool) * Max(count, 1));
	int			dims[2] = {rows, n};
	int			lower[2] = {1, 1};

	for (int i = 0; i < count; i++)
	{
		null[i] = isnan(x[i]);
		value[i] = Float8GetDatum(x[i]);
	}
	if (rows == 1)
		PG_RETURN_POINTER(construct_md_array(value, null, 1, &n, lower, FLOAT8OID, sizeof(float8),
											 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	PG_RETURN_POINTER(construct_md_array(value, null, 2, dims, lower, FLOAT8OID, sizeof(float8),
										 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
