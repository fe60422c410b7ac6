/*
 * encode_design.c
 *	  userseg._encode_gram, userseg._encode_logistic: a row of the source of a training, encoded, as the sums of a
 *	  linear model take it, for strategy sql.
 */
#include "postgres.h"

#include "fmgr.h"

#include "api/encode_args.h"
#include "learn/design_row.h"

PG_FUNCTION_INFO_V1(userseg_encode_gram);
PG_FUNCTION_INFO_V1(userseg_encode_gram_row);
PG_FUNCTION_INFO_V1(userseg_encode_logistic);
PG_FUNCTION_INFO_V1(userseg_encode_logistic_row);

/* Arguments before the columns: encoder, specification, weight, response. */
#define FIRST_COLUMN 4

static void *
read_spec(Datum argument, int width)
{
	bytea	   *stored = DatumGetByteaPCopy(argument);
	UsRowSpec  *spec = us_row_spec_read(VARDATA(stored), VARSIZE(stored) - VARHDRSZ);

	us_encode_check_width(spec->width, width);
	return spec;
}

static Datum
make_row(FunctionCallInfo fcinfo, UsCrossKind kind, bool as_row)
{
	UsEncodeArgs *a;
	const UsRowSpec *spec;
	UsCrossRow *row = NULL;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3) || (as_row && PG_ARGISNULL(FIRST_COLUMN)))
		PG_RETURN_NULL();
	a = us_encode_args(fcinfo, FIRST_COLUMN, as_row, read_spec);
	spec = a->extra;
	if (spec->kind != kind)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("specification of another kind of sums")));
	if (us_encode_args_row(fcinfo, a, FIRST_COLUMN, as_row))
		row = us_design_row(spec, a->x, PG_GETARG_FLOAT8(3), PG_ARGISNULL(2) ? 1 : PG_GETARG_FLOAT8(2));
	if (row == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(row);
}

/* userseg._encode_gram(encoder, specification, weight, y, column, ...) */
Datum
userseg_encode_gram(PG_FUNCTION_ARGS)
{
	return make_row(fcinfo, US_CROSS_GRAM, false);
}

/* The same with the columns as a row. */
Datum
userseg_encode_gram_row(PG_FUNCTION_ARGS)
{
	return make_row(fcinfo, US_CROSS_GRAM, true);
}

/* userseg._encode_logistic(encoder, specification, weight, class, column, ...) */
Datum
userseg_encode_logistic(PG_FUNCTION_ARGS)
{
	return make_row(fcinfo, US_CROSS_LOGISTIC, false);
}

/* The same with the columns as a row. */
Datum
userseg_encode_logistic_row(PG_FUNCTION_ARGS)
{
	return make_row(fcinfo, US_CROSS_LOGISTIC, true);
}
