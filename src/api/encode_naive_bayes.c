/*
 * encode_naive_bayes.c
 *	  userseg._encode_naive_bayes: a row of the source of a training, encoded, as naive_bayes_step takes it, for strategy
 *	  sql.
 */
#include "postgres.h"

#include "fmgr.h"

#include "api/encode_args.h"
#include "learn/naive_bayes_pass.h"

PG_FUNCTION_INFO_V1(userseg_encode_naive_bayes);
PG_FUNCTION_INFO_V1(userseg_encode_naive_bayes_row);

/* Arguments before the columns: encoder, specification, weight, class. */
#define FIRST_COLUMN 4

static void *
read_spec(Datum argument, int width)
{
	bytea	   *stored = DatumGetByteaPCopy(argument);
	UsNbSpec   *spec = us_nb_spec_read(VARDATA(stored), VARSIZE(stored) - VARHDRSZ);

	us_encode_check_width(spec->width, width);
	return spec;
}

static Datum
make_row(FunctionCallInfo fcinfo, bool as_row)
{
	UsEncodeArgs *a;
	UsNbRow    *row = NULL;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3) || (as_row && PG_ARGISNULL(FIRST_COLUMN)))
		PG_RETURN_NULL();
	a = us_encode_args(fcinfo, FIRST_COLUMN, as_row, read_spec);
	if (us_encode_args_row(fcinfo, a, FIRST_COLUMN, as_row))
		row = us_nb_spec_row((const UsNbSpec *) a->extra, a->x, PG_GETARG_FLOAT8(3),
							 PG_ARGISNULL(2) ? 1 : PG_GETARG_FLOAT8(2));
	if (row == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(row);
}

/* userseg._encode_naive_bayes(encoder, specification, weight, class, column, ...) */
Datum
userseg_encode_naive_bayes(PG_FUNCTION_ARGS)
{
	return make_row(fcinfo, false);
}

/* The same with the columns as a row. */
Datum
userseg_encode_naive_bayes_row(PG_FUNCTION_ARGS)
{
	return make_row(fcinfo, true);
}
