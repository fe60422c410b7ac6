/*
 * centroid.c
 *	  userseg.centroid_set, distance, nearest.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "agg/nearest.h"
#include "api/centroid_cache.h"
#include "api/payload.h"
#include "infra/args.h"
#include "math/hash.h"

PG_FUNCTION_INFO_V1(userseg_centroid_set_in);
PG_FUNCTION_INFO_V1(userseg_centroid_set_out);
PG_FUNCTION_INFO_V1(userseg_centroid_set_recv);
PG_FUNCTION_INFO_V1(userseg_centroid_set_send);
PG_FUNCTION_INFO_V1(userseg_centroid_set);
PG_FUNCTION_INFO_V1(userseg_centroid_count);
PG_FUNCTION_INFO_V1(userseg_centroid_dim);
PG_FUNCTION_INFO_V1(userseg_centroid_metric);
PG_FUNCTION_INFO_V1(userseg_centroid_array);
PG_FUNCTION_INFO_V1(userseg_centroid);
PG_FUNCTION_INFO_V1(userseg_centroid_weights);
PG_FUNCTION_INFO_V1(userseg_centroid_shift);
PG_FUNCTION_INFO_V1(userseg_centroid_set_eq);
PG_FUNCTION_INFO_V1(userseg_centroid_set_ne);
PG_FUNCTION_INFO_V1(userseg_centroid_set_hash);
PG_FUNCTION_INFO_V1(userseg_centroid_set_hash_extended);
PG_FUNCTION_INFO_V1(userseg_distance);
PG_FUNCTION_INFO_V1(userseg_nearest);
PG_FUNCTION_INFO_V1(userseg_nearest_distance);

/* ---- making ---- */

static UsMetric
metric_of(const char *name)
{
	UsMetric	metric;

	if (!us_metric_find(name, &metric))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown metric \"%s\"", name),
				 errhint("The metrics are euclidean, sqeuclidean, cosine, manhattan and chebyshev.")));
	return metric;
}

/* A set from an array: two dimensions, a row a centre; or one dimension, one centre. */
static UsCentroidSet *
set_from_array(ArrayType *array, UsMetric metric, ArrayType *weights)
{
	int			ndim = ARR_NDIM(array);
	const double *weight = NULL;
	int			k;
	int			d;

	if (ndim < 1 || ndim > 2)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("centroids must be an array of two dimensions, not %d", ndim),
				 errdetail("Each row of the array is a centroid.")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("centroids must not contain NULL")));
	k = ndim == 2 ? ARR_DIMS(array)[0] : 1;
	d = ARR_DIMS(array)[ndim - 1];
	if (weights != NULL)
	{
		int			n;

		weight = us_array_float8(weights, "weights", &n);
		if (n != k)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("number of weights (%d) and of centroids (%d) differ", n, k)));
	}
	return us_centroid_set_make(k, d, (const double *) ARR_DATA_PTR(array), weight,
								metric, NULL, 0);
}

static void *
read_set(UsReader *r)
{
	return us_centroid_set_read(r);
}

/*
 * Input: the payload in hexadecimal, or an array of float8 as in '{{1,2},{3,4}}', which is
 * a set with the Euclidean metric.
 */
Datum
userseg_centroid_set_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	UsCentroidSet *c;

	if (strchr(text, '{') != NULL)
	{
		Datum		array = OidFunctionCall3(F_ARRAY_IN, CStringGetDatum(text),
											 ObjectIdGetDatum(FLOAT8OID), Int32GetDatum(-1));

		c = set_from_array(DatumGetArrayTypeP(array), US_METRIC_EUCLIDEAN, NULL);
	}
	else
		c = us_payload_from_text(text, US_CENTROID_SET_NAME, read_set);
	PG_RETURN_POINTER(c);
}

/* Output: the payload in hexadecimal. */
Datum
userseg_centroid_set_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_centroid_set_write(us_set_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input: the payload. */
Datum
userseg_centroid_set_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0),
											  US_CENTROID_SET_NAME, read_set));
}

/* Binary output: the payload. */
Datum
userseg_centroid_set_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_centroid_set_write(us_set_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* userseg.centroid_set(centers float8[], metric text, weights float8[]) → centroid_set. */
Datum
userseg_centroid_set(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(set_from_array(PG_GETARG_ARRAYTYPE_P(0),
									 metric_of(US_ARG_CSTRING(1, "metric")),
									 PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2)));
}

/* ---- reading ---- */

/* userseg.centroid_count(centroid_set) → int. */
Datum
userseg_centroid_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(us_set_arg(fcinfo, 0)->k);
}

/* userseg.centroid_dim(centroid_set) → int. */
Datum
userseg_centroid_dim(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(us_set_arg(fcinfo, 0)->d);
}

/* userseg.centroid_metric(centroid_set) → text. */
Datum
userseg_centroid_metric(PG_FUNCTION_ARGS)
{
	UsMetric	metric = (UsMetric) us_set_arg(fcinfo, 0)->metric;

	PG_RETURN_TEXT_P(cstring_to_text(us_metric_name(metric)));
}

static ArrayType *
float8_array(Datum *values, int ndim, int *dims)
{
	int			lower[2] = {1, 1};

	return construct_md_array(values, NULL, ndim, dims, lower,
							  FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

/* userseg.centroid_array(centroid_set) → float8[][]: a row a centre. */
Datum
userseg_centroid_array(PG_FUNCTION_ARGS)
{
	const UsCentroidSet *c = us_set_arg(fcinfo, 0);
	int			dims[2] = {c->k, c->d};
	Datum	   *values = (Datum *) palloc(sizeof(Datum) * c->k * c->d);

	for (int i = 0; i < c->k; i++)
		for (int j = 0; j < c->d; j++)
			values[(Size) i * c->d + j] = Float8GetDatum(us_centroid_value(c, i, j));
	PG_RETURN_ARRAYTYPE_P(float8_array(values, 2, dims));
}

/* userseg.centroid(centroid_set, label int) → float8[]: one centre, NULL if there is none. */
Datum
userseg_centroid(PG_FUNCTION_ARGS)
{
	const UsCentroidSet *c = us_set_arg(fcinfo, 0);
	int			label = PG_GETARG_INT32(1);
	Datum	   *values;

	if (label < 1 || label > c->k)
		PG_RETURN_NULL();
	values = (Datum *) palloc(sizeof(Datum) * c->d);
	for (int j = 0; j < c->d; j++)
		values[j] = Float8GetDatum(us_centroid_value(c, label - 1, j));
	PG_RETURN_ARRAYTYPE_P(float8_array(values, 1, (int *) &c->d));
}

/* userseg.centroid_weights(centroid_set) → float8[]. */
Datum
userseg_centroid_weights(PG_FUNCTION_ARGS)
{
	const UsCentroidSet *c = us_set_arg(fcinfo, 0);
	Datum	   *values = (Datum *) palloc(sizeof(Datum) * c->k);

	for (int i = 0; i < c->k; i++)
		values[i] = Float8GetDatum(us_centroid_weight(c)[i]);
	PG_RETURN_ARRAYTYPE_P(float8_array(values, 1, (int *) &c->k));
}

/* userseg.centroid_shift(a, b centroid_set) → float8: how far a centre moved at most. */
Datum
userseg_centroid_shift(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(us_distance_in_range(us_centroid_shift(us_set_arg(fcinfo, 0), us_set_arg(fcinfo, 1))));
}

/* ---- equality ---- */

static bool
sets_equal(FunctionCallInfo fcinfo)
{
	const UsCentroidSet *a;
	const UsCentroidSet *b;

	if (us_set_arg_fingerprint(fcinfo, 0) != us_set_arg_fingerprint(fcinfo, 1))
		return false;
	a = us_set_arg(fcinfo, 0);
	b = us_set_arg(fcinfo, 1);
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

/* Operator = of centroid sets. */
Datum
userseg_centroid_set_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(sets_equal(fcinfo));
}

/* Operator <> of centroid sets. */
Datum
userseg_centroid_set_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!sets_equal(fcinfo));
}

/* Hash of a centroid set. */
Datum
userseg_centroid_set_hash(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32((int32) us_set_arg_fingerprint(fcinfo, 0));
}

/* Hash of a centroid set with a seed; with seed 0 it has the lower half of the other. */
Datum
userseg_centroid_set_hash_extended(PG_FUNCTION_ARGS)
{
	uint64		seed = (uint64) PG_GETARG_INT64(1);
	uint64		fingerprint = us_set_arg_fingerprint(fcinfo, 0);

	PG_RETURN_INT64(seed == 0 ? fingerprint : us_mix64(seed, fingerprint));
}

/* ---- distances ---- */

/* A vector that is finite. */
static const double *
finite_vector(FunctionCallInfo fcinfo, int n, const char *name, int *d)
{
	const double *x = us_array_float8(PG_GETARG_ARRAYTYPE_P(n), name, d);

	for (int j = 0; j < *d; j++)
		if (!isfinite(x[j]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of vector \"%s\" is %s", j + 1, name,
							isnan(x[j]) ? "NaN" : "infinite")));
	return x;
}

/* userseg.distance(a float8[], b float8[], metric text) → float8. */
Datum
userseg_distance(PG_FUNCTION_ARGS)
{
	int			d;
	int			other;
	const double *a = finite_vector(fcinfo, 0, "a", &d);
	const double *b = finite_vector(fcinfo, 1, "b", &other);

	if (d != other)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("vectors of length %d and of length %d have no distance", d, other)));
	if (d == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("empty vectors have no distance")));
	PG_RETURN_FLOAT8(us_distance_in_range(us_distance(metric_of(US_ARG_CSTRING(2, "metric")), a, b, d)));
}

/* userseg.nearest(centroid_set, x float8[]) → int: number of the nearest centre, from 1. */
Datum
userseg_nearest(PG_FUNCTION_ARGS)
{
	const UsAssigner *a;
	const UsCentroidSet *c = us_cached_set(fcinfo, 0, &a);
	double		shorter[US_SHORT_VECTOR];
	double	   *value = (double *) palloc(sizeof(double) * c->d);

	PG_RETURN_INT32(us_assigner_nearest(a, us_vector_arg(fcinfo, 1, c->d, shorter), value, NULL) + 1);
}

/* userseg.nearest_distance(centroid_set, x float8[]) → float8: distance to the nearest centre. */
Datum
userseg_nearest_distance(PG_FUNCTION_ARGS)
{
	const UsAssigner *a;
	const UsCentroidSet *c = us_cached_set(fcinfo, 0, &a);
	double		shorter[US_SHORT_VECTOR];
	double	   *value = (double *) palloc(sizeof(double) * c->d);
	double		cost;
	int			label = us_assigner_nearest(a, us_vector_arg(fcinfo, 1, c->d, shorter), value, &cost);

	PG_RETURN_FLOAT8(us_assigner_distance(a, value, label, cost));
}
