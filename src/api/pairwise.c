/*
 * pairwise.c
 *	  userseg.pairwise: the distances of all pairs of rows, one pair a row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "infra/args.h"
#include "verbs/pairwise.h"

PG_FUNCTION_INFO_V1(userseg_pairwise);

/* Where a call stands: the pair to come. */
typedef struct PairCall
{
	UsPairwise *rows;
	int			i;
	int			j;
} PairCall;

static void
first_call(FunctionCallInfo fcinfo)
{
	FuncCallContext *context = SRF_FIRSTCALL_INIT();
	MemoryContext caller = MemoryContextSwitchTo(context->multi_call_memory_ctx);
	const char *source = US_ARG_CSTRING(0, "source");
	const char *id = US_ARG_CSTRING(1, "id");
	const char *metric = US_ARG_CSTRING(3, "metric");
	char	  **features = NULL;
	int			n_features = 0;
	PairCall   *call;
	TupleDesc	row;

	if (!PG_ARGISNULL(2))
		features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(2), "features", &n_features);
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE || row->natts != 3)
		elog(ERROR, "return type must be a row of 3 columns");
	context->tuple_desc = BlessTupleDesc(row);
	call = (PairCall *) palloc0(sizeof(PairCall));
	call->rows = us_pairwise_read(source, id, features, n_features, metric);
	call->j = 1;
	context->user_fctx = call;
	MemoryContextSwitchTo(caller);
}

/* userseg.pairwise(source text, id text, features text[], metric text) → setof (a text, b text, distance float8). */
Datum
userseg_pairwise(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	PairCall   *call;
	const UsPairwise *p;
	Datum		value[3];
	bool		null[3] = {false, false, false};

	if (SRF_IS_FIRSTCALL())
		first_call(fcinfo);
	context = SRF_PERCALL_SETUP();
	call = (PairCall *) context->user_fctx;
	p = call->rows;
	if (call->j >= p->n)
		SRF_RETURN_DONE(context);
	value[0] = CStringGetTextDatum(p->id[call->i]);
	value[1] = CStringGetTextDatum(p->id[call->j]);
	value[2] = Float8GetDatum(us_distance_in_range(us_distance(p->metric,
															   p->x + (Size) call->i * p->width,
															   p->x + (Size) call->j * p->width,
															   p->width)));
	if (++call->j == p->n)
	{
		call->i++;
		call->j = call->i + 1;
	}
	SRF_RETURN_NEXT(context, HeapTupleGetDatum(heap_form_tuple(context->tuple_desc, value, null)));
}
