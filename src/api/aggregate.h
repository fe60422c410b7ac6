/*
 * aggregate.h
 *	  What transition and combine functions on flat varlena states have in common.
 *
 * Nothing is kept in fn_extra: an executor may look these functions up anew for every row.
 */
#ifndef US_AGGREGATE_H
#define US_AGGREGATE_H

#include "fmgr.h"

#include "infra/compat.h"

/* Argument n as a state to be read. */
static inline void *
us_aggregate_read(FunctionCallInfo fcinfo, int n)
{
	return PG_DETOAST_DATUM(PG_GETARG_DATUM(n));
}

/* Argument 0, to be changed: the state itself inside an aggregate, else a copy; NULL when there is none. */
static inline void *
us_aggregate_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		return NULL;
	if (AggCheckCallContext(fcinfo, NULL) && !VARATT_IS_EXTENDED(PG_GETARG_POINTER(0)))
		return PG_GETARG_POINTER(0);
	return PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
}

/* What a transition returns for a row that does not count. */
static inline Datum
us_aggregate_unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* A combine function; merge takes a state to be changed and one to be read. */
static inline Datum
us_aggregate_combine(FunctionCallInfo fcinfo, void *(*merge) (void *a, const void *b))
{
	void	   *a;

	if (PG_ARGISNULL(1))
		return us_aggregate_unchanged(fcinfo);
	a = us_aggregate_state(fcinfo);
	if (a == NULL)
		PG_RETURN_DATUM(PointerGetDatum(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(1))));
	PG_RETURN_POINTER(merge(a, us_aggregate_read(fcinfo, 1)));
}

#endif
