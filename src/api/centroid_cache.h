/*
 * centroid_cache.h
 *	  Centroid sets as arguments of SQL functions.
 */
#ifndef US_CENTROID_CACHE_H
#define US_CENTROID_CACHE_H

#include "fmgr.h"

#include "agg/kmeans_state.h"

/* A set that was seen before, for those who keep more than that in fn_extra; zeros are an empty one. */
typedef struct UsSetCache
{
	char	   *raw;			/* the value as it came: a set, or a pointer into a toast table */
	Size		raw_size;
	const UsCentroidSet *set;
	UsAssigner *assigner;
} UsSetCache;

/*
 * Bring a cache whose memory is in context up to a value of type userseg.centroid_set: cheap when
 * it is the one of before.
 */
extern void us_set_cache_load(UsSetCache *cache, MemoryContext context, Datum value);

/*
 * Argument n as a set with its assigner, which a scalar function keeps in fn_extra
 * from row to row.  Not for functions of aggregates: those may be looked up anew
 * for every row.
 */
extern const UsCentroidSet *us_cached_set(FunctionCallInfo fcinfo, int n,
										  const UsAssigner **assigner);

#define US_CENTROID_SET_NAME	"userseg.centroid_set"
#define US_KMEANS_STATE_NAME	"userseg.kmeans_state"
#define US_KMEANS_POINT_NAME	"userseg.kmeans_point"

/* Argument n as a state and as a point, detoasted; 0A000 if another release stored it. */
extern const UsKmeansState *us_state_arg(FunctionCallInfo fcinfo, int n);
extern const UsKmeansPoint *us_point_arg(FunctionCallInfo fcinfo, int n);

/* A copy of argument n; argument 0, a state to be changed: itself in an aggregate, else a copy. */
extern UsKmeansState *us_state_copy(FunctionCallInfo fcinfo, int n);
extern UsKmeansState *us_state_own(FunctionCallInfo fcinfo);

/* Argument n as a set, in the same way. */
extern const UsCentroidSet *us_set_arg(FunctionCallInfo fcinfo, int n);

/* The fingerprint of argument n; only the beginning of a toasted set is read. */
extern uint64 us_set_arg_fingerprint(FunctionCallInfo fcinfo, int n);

/* Doubles that fit into a value with a short header. */
#define US_SHORT_VECTOR 16

/*
 * Argument n, a float8[], as a vector of d values; 22023 if it has another length, 22004 if
 * it has a NULL.  Small arrays from a table are copied to shorter, not detoasted: that
 * would cost as much as a distance.
 */
extern const double *us_vector_arg(FunctionCallInfo fcinfo, int n, int d,
								   double shorter[US_SHORT_VECTOR]);

#endif
