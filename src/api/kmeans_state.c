/*
 * kmeans_state.c
 *	  userseg.kmeans_state and userseg.kmeans_point: input, output, accessors.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/float.h"

#include "agg/kmeans_state.h"
#include "api/centroid_cache.h"
#include "api/payload.h"

PG_FUNCTION_INFO_V1(userseg_kmeans_state_in);
PG_FUNCTION_INFO_V1(userseg_kmeans_state_out);
PG_FUNCTION_INFO_V1(userseg_kmeans_state_recv);
PG_FUNCTION_INFO_V1(userseg_kmeans_state_send);
PG_FUNCTION_INFO_V1(userseg_kmeans_point_in);
PG_FUNCTION_INFO_V1(userseg_kmeans_point_out);
PG_FUNCTION_INFO_V1(userseg_kmeans_point_recv);
PG_FUNCTION_INFO_V1(userseg_kmeans_point_send);
PG_FUNCTION_INFO_V1(userseg_next_centroids);
PG_FUNCTION_INFO_V1(userseg_inertia);
PG_FUNCTION_INFO_V1(userseg_sizes);
PG_FUNCTION_INFO_V1(userseg_weights);

/* ---- input and output ---- */

static void *
read_state(UsReader *r)
{
	UsKmeansState *s = us_kmeans_read(r);

	if (s->kind == US_KMEANS_FEATURE)
		us_corrupt(r, "a clustering feature");
	return s;
}

static void *
read_point(UsReader *r)
{
	return us_kmeans_point_read(r);
}

/* Input: the payload in hexadecimal. */
Datum
userseg_kmeans_state_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), US_KMEANS_STATE_NAME, read_state));
}

/* Output: the payload in hexadecimal. */
Datum
userseg_kmeans_state_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_kmeans_write(us_state_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input: the payload. */
Datum
userseg_kmeans_state_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0),
											  US_KMEANS_STATE_NAME, read_state));
}

/* Binary output: the payload. */
Datum
userseg_kmeans_state_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_kmeans_write(us_state_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* Input: the payload in hexadecimal. */
Datum
userseg_kmeans_point_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), US_KMEANS_POINT_NAME, read_point));
}

/* Output: the payload in hexadecimal. */
Datum
userseg_kmeans_point_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_kmeans_point_write(us_point_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input: the payload. */
Datum
userseg_kmeans_point_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0),
											  US_KMEANS_POINT_NAME, read_point));
}

/* Binary output: the payload. */
Datum
userseg_kmeans_point_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_kmeans_point_write(us_point_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* ---- accessors ---- */

/* userseg.next_centroids(kmeans_state, centroid_set) → centroid_set: the means of the clusters. */
Datum
userseg_next_centroids(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	s = us_state_arg(fcinfo, 0);
	if (s->kind != US_KMEANS_MEAN)
		us_kmeans_check_kind(s, US_KMEANS_CLUSTERS);
	PG_RETURN_POINTER(us_kmeans_next(s, PG_ARGISNULL(1) ? NULL : us_set_arg(fcinfo, 1)));
}

/* userseg.inertia(kmeans_state) → float8. */
Datum
userseg_inertia(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = us_state_arg(fcinfo, 0);
	double		inertia;

	us_kmeans_check_kind(s, US_KMEANS_CLUSTERS);
	inertia = us_kmeans_total_cost(s);
	if (isinf(inertia))
		float_overflow_error();
	PG_RETURN_FLOAT8(inertia);
}

/* userseg.sizes(kmeans_state) → bigint[]: rows of each cluster. */
Datum
userseg_sizes(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = us_state_arg(fcinfo, 0);
	Datum	   *values = (Datum *) palloc(sizeof(Datum) * s->k);

	for (int i = 0; i < s->k; i++)
		values[i] = Int64GetDatum(us_kmeans_rows(s)[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, s->k, INT8OID, sizeof(int64),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* userseg.weights(kmeans_state) → float8[]: sum of weights of each cluster. */
Datum
userseg_weights(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = us_state_arg(fcinfo, 0);
	Datum	   *values = (Datum *) palloc(sizeof(Datum) * s->k);

	for (int i = 0; i < s->k; i++)
		values[i] = Float8GetDatum(us_kmeans_weight(s, i));
	PG_RETURN_ARRAYTYPE_P(construct_array(values, s->k, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
