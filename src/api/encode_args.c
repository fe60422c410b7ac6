/*
 * encode_args.c
 *	  Rows of the source of a training as arguments of a function that encodes them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/memutils.h"

#include "api/encode_args.h"
#include "infra/buffer.h"

/* The columns that come as arguments, with the names of the features. */
static TupleDesc
argument_columns(FunctionCallInfo fcinfo, int first, const UsEncoder *encoder)
{
	int			n = PG_NARGS() - first;
	TupleDesc	desc;

	if (n != us_encoder_nfeatures(encoder) || get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d columns for an encoder of %d features", n, us_encoder_nfeatures(encoder)),
				 errhint("Pass one argument for each feature, in their order.")));
	desc = CreateTemplateTupleDesc(n);
	for (int i = 0; i < n; i++)
	{
		TupleDescInitEntry(desc, i + 1, us_encoder_feature(encoder, i)->name,
						   get_fn_expr_argtype(fcinfo->flinfo, first + i), -1, 0);
		TupleDescInitEntryCollation(desc, i + 1, InvalidOid);
	}
	return desc;
}

UsEncodeArgs *
us_encode_args(FunctionCallInfo fcinfo, int first, bool as_row, UsEncodeExtra extra)
{
	UsEncodeArgs *a = fcinfo->flinfo->fn_extra;
	MemoryContext old;
	UsReader	r;
	bytea	   *stored;

	if (a)
		return a;
	if (!get_fn_expr_arg_stable(fcinfo->flinfo, 0) || !get_fn_expr_arg_stable(fcinfo->flinfo, 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("encoder and state must be constants of the query"),
				 errhint("This function serves userseg.train; use userseg.kmeans_point, userseg.gmm_point or userseg.gram_row in queries.")));
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	a = palloc0(sizeof(UsEncodeArgs));
	stored = PG_GETARG_BYTEA_PP(0);
	us_reader_init(&r, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), "encoder");
	a->encoder = us_encoder_read(&r);
	us_reader_end(&r);
	a->extra = extra(PG_GETARG_DATUM(1), us_encoder_width(a->encoder));
	a->value = palloc0(Max(us_encoder_nfeatures(a->encoder), 1) * sizeof(UsValue));
	a->x = palloc(Max(us_encoder_width(a->encoder), 1) * sizeof(double));
	if (as_row)
		us_row_map_init(&a->rows, fcinfo->flinfo->fn_mcxt);
	else
		a->map = us_record_map(a->encoder, argument_columns(fcinfo, first, a->encoder), fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = a;
	MemoryContextSwitchTo(old);
	return a;
}

bool
us_encode_args_row(FunctionCallInfo fcinfo, UsEncodeArgs *a, int first, bool as_row)
{
	UsRowNotes	notes = {0};

	if (as_row)
	{
		HeapTupleHeader row = PG_GETARG_HEAPTUPLEHEADER(first);

		us_record_deform(us_row_map(&a->rows, a->encoder, row), row, a->value);
	}
	else
	{
		for (int i = first; i < PG_NARGS(); i++)
		{
			a->column[i - first] = fcinfo->args[i].value;
			a->isnull[i - first] = fcinfo->args[i].isnull;
		}
		us_record_values(a->map, a->column, a->isnull, a->value);
	}
	us_encoder_apply_row(a->encoder, a->value, a->x, &notes);
	return notes.first_null < 0 || us_encoder_null_policy(a->encoder) == US_NULL_IMPUTE;
}

void
us_encode_check_width(int columns, int width)
{
	if (columns != width)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("specification of %d columns for an encoder of %d", columns, width)));
}
