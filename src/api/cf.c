/*
 * cf.c
 *	  userseg.cf: transition functions of cf_agg and cf_step, input and output, accessors.  Combining,
 *	  sealing and merging are those of the states in api/kmeans_agg.c.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "agg/cf.h"
#include "api/centroid_cache.h"
#include "api/payload.h"
#include "infra/args.h"

PG_FUNCTION_INFO_V1(userseg_cf_in);
PG_FUNCTION_INFO_V1(userseg_cf_recv);
PG_FUNCTION_INFO_V1(userseg_cf_agg_step);
PG_FUNCTION_INFO_V1(userseg_cf_step);
PG_FUNCTION_INFO_V1(userseg_cf_dim);
PG_FUNCTION_INFO_V1(userseg_cf_count);
PG_FUNCTION_INFO_V1(userseg_cf_weight);
PG_FUNCTION_INFO_V1(userseg_cf_centroid);
PG_FUNCTION_INFO_V1(userseg_cf_sse);
PG_FUNCTION_INFO_V1(userseg_cf_radius);
PG_FUNCTION_INFO_V1(userseg_cf_diameter);
PG_FUNCTION_INFO_V1(userseg_cf_distance);

#define NAME	"userseg.cf"

/* ---- input ---- */

static void *
read_feature(UsReader *r)
{
	return us_cf_read(r);
}

/* Input: the payload in hexadecimal. */
Datum
userseg_cf_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), NAME, read_feature));
}

/* Binary input: the payload. */
Datum
userseg_cf_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), NAME, read_feature));
}

/* ---- aggregates ---- */

/* Add argument 1, a row, with weight w to the feature in argument 0. */
static Datum
add_row(FunctionCallInfo fcinfo, double w)
{
	UsKmeansState *s = NULL;
	int			d;
	const double *x = us_array_float8(PG_GETARG_ARRAYTYPE_P(1), "x", &d);

	w = us_kmeans_check_row(x, d, w);
	if (!PG_ARGISNULL(0))
		s = us_state_own(fcinfo);
	if (w == 0)
	{
		if (s == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(s);
	}
	if (s == NULL)
		s = us_kmeans_new_feature(d);
	PG_RETURN_POINTER(us_kmeans_add_feature(s, x, d, w));
}

/* What a transition returns for a row that does not count. */
static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* Transition of cf_agg(x float8[], weight float8). */
Datum
userseg_cf_agg_step(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged(fcinfo);
	return add_row(fcinfo, PG_GETARG_FLOAT8(2));
}

/* Transition of cf_step(x float8[]): weight 1. */
Datum
userseg_cf_step(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	return add_row(fcinfo, 1);
}

/* ---- accessors; all strict ---- */

static Datum
in_range(double x)
{
	if (isinf(x))
		float_overflow_error();
	PG_RETURN_FLOAT8(x);
}

/* userseg.cf_dim(cf) → int: number of columns. */
Datum
userseg_cf_dim(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(us_state_arg(fcinfo, 0)->d);
}

/* userseg.cf_count(cf) → bigint: number of rows. */
Datum
userseg_cf_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(us_kmeans_rows(us_state_arg(fcinfo, 0))[0]);
}

/* userseg.cf_weight(cf) → float8: sum of their weights. */
Datum
userseg_cf_weight(PG_FUNCTION_ARGS)
{
	return in_range(us_kmeans_weight(us_state_arg(fcinfo, 0), 0));
}

/* userseg.cf_centroid(cf) → float8[]: their weighted mean. */
Datum
userseg_cf_centroid(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = us_state_arg(fcinfo, 0);
	double	   *c = (double *) palloc(sizeof(double) * s->d);
	Datum	   *value = (Datum *) palloc(sizeof(Datum) * s->d);

	us_cf_center(s, c);
	for (int j = 0; j < s->d; j++)
		value[j] = in_range(c[j]);
	PG_RETURN_ARRAYTYPE_P(construct_array(value, s->d, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* userseg.cf_sse(cf) → float8: weighted sum of squared distances to the mean. */
Datum
userseg_cf_sse(PG_FUNCTION_ARGS)
{
	return in_range(us_cf_sse(us_state_arg(fcinfo, 0)));
}

/* userseg.cf_radius(cf) → float8: root mean square distance to the mean. */
Datum
userseg_cf_radius(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = us_state_arg(fcinfo, 0);

	return in_range(sqrt(us_cf_sse(s) / us_kmeans_weight(s, 0)));
}

/* userseg.cf_diameter(cf) → float8: root mean square distance of two rows; NULL for a weight of at most 1. */
Datum
userseg_cf_diameter(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = us_state_arg(fcinfo, 0);
	double		diameter = us_cf_diameter(us_cf_sse(s), us_kmeans_weight(s, 0));

	if (isnan(diameter))
		PG_RETURN_NULL();
	return in_range(diameter);
}

/* userseg.cf_distance(a cf, b cf, distance text) → float8. */
Datum
userseg_cf_distance(PG_FUNCTION_ARGS)
{
	const char *name = US_ARG_CSTRING(2, "distance");
	UsCfDistance distance;
	double		result;

	if (!us_cf_distance_find(name, &distance))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no distance \"%s\" of clustering features", name),
				 errhint("Distances are \"centroid\", \"manhattan\", \"average\", \"diameter\" and \"ward\".")));
	result = us_cf_distance(us_state_arg(fcinfo, 0), us_state_arg(fcinfo, 1), distance);
	if (isnan(result))
		PG_RETURN_NULL();
	return in_range(result);
}
