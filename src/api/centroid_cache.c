/*
 * centroid_cache.c
 *	  Centroid sets as arguments of SQL functions.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/memutils.h"

#include "api/centroid_cache.h"
#include "api/value_cache.h"
#include "infra/args.h"
#include "infra/compat.h"

/* What us_cached_set keeps in fn_extra. */
typedef struct CachedArgument
{
	bool		is_const;		/* the argument is a constant of the query */
	UsSetCache	cache;
} CachedArgument;

const UsCentroidSet *
us_set_arg(FunctionCallInfo fcinfo, int n)
{
	const UsCentroidSet *c = (const UsCentroidSet *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	us_check_version(US_CENTROID_SET_NAME, c->version, US_CENTROID_SET_VERSION);
	return c;
}

const UsKmeansState *
us_state_arg(FunctionCallInfo fcinfo, int n)
{
	const UsKmeansState *s = (const UsKmeansState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	us_check_version(US_KMEANS_STATE_NAME, s->version, US_KMEANS_STATE_VERSION);
	return s;
}

UsKmeansState *
us_state_copy(FunctionCallInfo fcinfo, int n)
{
	const UsKmeansState *s = us_state_arg(fcinfo, n);
	UsKmeansState *copy = (UsKmeansState *) palloc(VARSIZE(s));

	memcpy(copy, s, VARSIZE(s));
	return copy;
}

UsKmeansState *
us_state_own(FunctionCallInfo fcinfo)
{
	if (AggCheckCallContext(fcinfo, NULL) && !VARATT_IS_EXTENDED(PG_GETARG_POINTER(0)))
		return (UsKmeansState *) PG_GETARG_POINTER(0);
	return us_state_copy(fcinfo, 0);
}

const UsKmeansPoint *
us_point_arg(FunctionCallInfo fcinfo, int n)
{
	const UsKmeansPoint *p = (const UsKmeansPoint *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n));

	us_check_version(US_KMEANS_POINT_NAME, p->version, US_KMEANS_POINT_VERSION);
	return p;
}

uint64
us_set_arg_fingerprint(FunctionCallInfo fcinfo, int n)
{
	struct varlena *raw = (struct varlena *) PG_GETARG_POINTER(n);

	if (!VARATT_IS_4B_U(raw))
		raw = PG_DETOAST_DATUM_SLICE(PointerGetDatum(raw), 0, offsetof(UsCentroidSet, value) - VARHDRSZ);
	return ((const UsCentroidSet *) raw)->fingerprint;
}

static void
cache_fill(UsSetCache *cache, MemoryContext context, struct varlena *raw)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	UsSetCache	before = *cache;

	memset(cache, 0, sizeof(UsSetCache));	/* empty, if an error comes */
	cache->set = (const UsCentroidSet *) PG_DETOAST_DATUM_COPY(PointerGetDatum(raw));
	us_check_version(US_CENTROID_SET_NAME, cache->set->version, US_CENTROID_SET_VERSION);
	cache->assigner = (UsAssigner *) palloc(us_assigner_size(cache->set));
	us_assigner_fill(cache->assigner, cache->set);
	if (us_is_comparable(raw))
	{
		cache->raw = (char *) palloc(VARSIZE_ANY(raw));
		memcpy(cache->raw, raw, VARSIZE_ANY(raw));
		cache->raw_size = VARSIZE_ANY(raw);
	}
	MemoryContextSwitchTo(old);

	if (before.raw != NULL)
		pfree(before.raw);
	if (before.set != NULL)
		pfree((void *) before.set);
	if (before.assigner != NULL)
		pfree(before.assigner);
}

void
us_set_cache_load(UsSetCache *cache, MemoryContext context, Datum value)
{
	struct varlena *raw = (struct varlena *) DatumGetPointer(value);

	if (cache->raw_size == 0 || cache->raw_size != VARSIZE_ANY(raw) ||
		memcmp(cache->raw, raw, cache->raw_size) != 0)
		cache_fill(cache, context, raw);
}

const UsCentroidSet *
us_cached_set(FunctionCallInfo fcinfo, int n, const UsAssigner **assigner)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	CachedArgument *argument = (CachedArgument *) flinfo->fn_extra;

	if (argument == NULL)
	{
		argument = (CachedArgument *) MemoryContextAllocZero(flinfo->fn_mcxt,
															 sizeof(CachedArgument));
		flinfo->fn_extra = argument;
		us_set_cache_load(&argument->cache, flinfo->fn_mcxt, PG_GETARG_DATUM(n));
		argument->is_const = us_arg_is_const(flinfo, n);
	}
	else if (!argument->is_const)
		us_set_cache_load(&argument->cache, flinfo->fn_mcxt, PG_GETARG_DATUM(n));
	*assigner = argument->cache.assigner;
	return argument->cache.set;
}

const double *
us_vector_arg(FunctionCallInfo fcinfo, int n, int d,
			  double shorter[US_SHORT_VECTOR])
{
	struct varlena *raw = (struct varlena *) PG_GETARG_POINTER(n);
	const double *x;
	int			count;

	if (VARATT_IS_4B_U(raw))
	{
		ArrayType  *array = (ArrayType *) raw;

		if (ARR_NDIM(array) == 1 && !ARR_HASNULL(array) && ARR_DIMS(array)[0] == d)
			return (const double *) ARR_DATA_PTR(array);
	}
	else if (VARATT_IS_SHORT(raw) && !VARATT_IS_EXTERNAL(raw))
	{
		const Size	head = ARR_OVERHEAD_NONULLS(1);
		char		header[ARR_OVERHEAD_NONULLS(1)] pg_attribute_aligned(8);
		const ArrayType *array = (const ArrayType *) header;

		/* not aligned, and its first VARHDRSZ bytes are one */
		if (VARSIZE_SHORT(raw) - VARHDRSZ_SHORT == head - VARHDRSZ + sizeof(double) * d)
		{
			memcpy(header + VARHDRSZ, VARDATA_SHORT(raw), head - VARHDRSZ);
			if (ARR_NDIM(array) == 1 && !ARR_HASNULL(array) && ARR_DIMS(array)[0] == d)
			{
				memcpy(shorter, VARDATA_SHORT(raw) + head - VARHDRSZ, sizeof(double) * d);
				return shorter;
			}
		}
	}
	x = us_array_float8(PG_GETARG_ARRAYTYPE_P(n), "x", &count);
	if (count != d)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the vector has length %d, the centroids have length %d", count, d)));
	return x;
}
