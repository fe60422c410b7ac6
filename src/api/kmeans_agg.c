/*
 * kmeans_agg.c
 *	  The aggregates of the clustering core: transition, combine and final functions.
 *
 * States are changed in place while an aggregate runs.  Nothing is kept in fn_extra: an
 * executor may look these functions up anew for every row.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/array.h"
#include "utils/float.h"

#include "agg/kmeans_state.h"
#include "api/centroid_cache.h"
#include "infra/args.h"

PG_FUNCTION_INFO_V1(userseg_kmeans_point);
PG_FUNCTION_INFO_V1(userseg_kmeans_step);
PG_FUNCTION_INFO_V1(userseg_kmeans_agg_step);
PG_FUNCTION_INFO_V1(userseg_centroid_agg_step);
PG_FUNCTION_INFO_V1(userseg_inertia_step);
PG_FUNCTION_INFO_V1(userseg_silhouette_step);
PG_FUNCTION_INFO_V1(userseg_kmeans_combine);
PG_FUNCTION_INFO_V1(userseg_kmeans_final);
PG_FUNCTION_INFO_V1(userseg_centroid_final);
PG_FUNCTION_INFO_V1(userseg_inertia_final);
PG_FUNCTION_INFO_V1(userseg_silhouette_final);
PG_FUNCTION_INFO_V1(userseg_kmeans_merge);

/* The state of an aggregate, to be changed; NULL at first. */
static UsKmeansState *
state_arg(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(0) ? NULL : us_state_own(fcinfo);
}

/* What a transition returns for a row that does not count. */
static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* The state of kind for argument 1, a centroid set; made on the first row. */
static UsKmeansState *
state_for_set(FunctionCallInfo fcinfo, UsKmeansKind kind)
{
	UsKmeansState *s = state_arg(fcinfo);

	if (s == NULL)
		return us_kmeans_new(kind, us_set_arg(fcinfo, 1));
	if (s->assigner_size == 0 || s->kind != kind ||
		s->fingerprint != us_set_arg_fingerprint(fcinfo, 1))
		s = us_kmeans_prepare(s, kind, us_set_arg(fcinfo, 1));
	return s;
}

/* ---- k-means ---- */

/* userseg.kmeans_point(centroid_set, x float8[], weight float8) → kmeans_point; strict. */
Datum
userseg_kmeans_point(PG_FUNCTION_ARGS)
{
	const UsAssigner *assigner;
	const UsCentroidSet *c = us_cached_set(fcinfo, 0, &assigner);
	double		shorter[US_SHORT_VECTOR];
	UsKmeansPoint *p = us_kmeans_point_make(c, assigner, us_vector_arg(fcinfo, 1, c->d, shorter),
											PG_GETARG_FLOAT8(2));

	if (p == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(p);
}

/* Transition of kmeans_step(kmeans_point). */
Datum
userseg_kmeans_step(PG_FUNCTION_ARGS)
{
	UsKmeansState *s;
	const UsKmeansPoint *p;

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	p = us_point_arg(fcinfo, 1);
	s = state_arg(fcinfo);
	if (s == NULL)
		s = us_kmeans_new_for_point(p);
	PG_RETURN_POINTER(us_kmeans_add(s, p));
}

/* Transition of kmeans_agg(centroid_set, x float8[], weight float8). */
Datum
userseg_kmeans_agg_step(PG_FUNCTION_ARGS)
{
	UsKmeansState *s;
	UsKmeansPoint *p;
	double		shorter[US_SHORT_VECTOR];

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		return unchanged(fcinfo);
	s = state_for_set(fcinfo, US_KMEANS_CLUSTERS);
	p = us_kmeans_point_make(us_kmeans_set(s), us_kmeans_assigner(s),
							 us_vector_arg(fcinfo, 2, s->d, shorter), PG_GETARG_FLOAT8(3));
	if (p == NULL)
		return unchanged(fcinfo);
	PG_RETURN_POINTER(us_kmeans_add(s, p));
}

/* Final function of kmeans_agg, kmeans_step, rollup: the state for storage. */
Datum
userseg_kmeans_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_kmeans_seal(us_state_arg(fcinfo, 0)));
}

/* ---- the mean ---- */

/* Transition of centroid_agg(x float8[], weight float8). */
Datum
userseg_centroid_agg_step(PG_FUNCTION_ARGS)
{
	UsKmeansState *s;
	const double *x;
	double		w;
	int			d;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged(fcinfo);
	x = us_array_float8(PG_GETARG_ARRAYTYPE_P(1), "x", &d);
	w = us_kmeans_check_row(x, d, PG_GETARG_FLOAT8(2));
	if (w == 0)
		return unchanged(fcinfo);
	s = state_arg(fcinfo);
	if (s == NULL)
		s = us_kmeans_new_mean(d);
	PG_RETURN_POINTER(us_kmeans_add_mean(s, x, d, w));
}

/* The state of a final function, of the right kind. */
static const UsKmeansState *
final_arg(FunctionCallInfo fcinfo, UsKmeansKind kind)
{
	const UsKmeansState *s = us_state_arg(fcinfo, 0);

	us_kmeans_check_kind(s, kind);
	return s;
}

/* Final function of centroid_agg: a set of one centre, the mean; strict. */
Datum
userseg_centroid_final(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = final_arg(fcinfo, US_KMEANS_MEAN);

	if (us_kmeans_rows(s)[0] == 0)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(us_kmeans_next(s, NULL));
}

/* ---- inertia and silhouette ---- */

/* Transition of inertia_agg(centroid_set, x float8[]). */
Datum
userseg_inertia_step(PG_FUNCTION_ARGS)
{
	UsKmeansState *s;
	double	   *value;
	double		shorter[US_SHORT_VECTOR];
	double		cost;
	int			label;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged(fcinfo);
	s = state_for_set(fcinfo, US_KMEANS_INERTIA);
	value = (double *) palloc(sizeof(double) * s->d);
	label = us_assigner_nearest(us_kmeans_assigner(s), us_vector_arg(fcinfo, 2, s->d, shorter),
					  value, &cost);
	PG_RETURN_POINTER(us_kmeans_add_figure(s, US_KMEANS_INERTIA, label,
										   us_distance_in_range(cost)));
}

/* Final function of inertia_agg; strict. */
Datum
userseg_inertia_final(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = final_arg(fcinfo, US_KMEANS_INERTIA);
	double		inertia = us_kmeans_total_cost(s);

	if (isinf(inertia))
		float_overflow_error();
	PG_RETURN_FLOAT8(inertia);
}

/* Transition of silhouette_agg(centroid_set, x float8[]). */
Datum
userseg_silhouette_step(PG_FUNCTION_ARGS)
{
	UsKmeansState *s;
	double		shorter[US_SHORT_VECTOR];
	double		figure;
	int			label;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return unchanged(fcinfo);
	s = state_for_set(fcinfo, US_KMEANS_SILHOUETTE);
	figure = us_silhouette(us_kmeans_assigner(s), us_vector_arg(fcinfo, 2, s->d, shorter),
						   &label);
	PG_RETURN_POINTER(us_kmeans_add_figure(s, US_KMEANS_SILHOUETTE, label, figure));
}

/* Final function of silhouette_agg: the mean; NULL for one cluster; strict. */
Datum
userseg_silhouette_final(PG_FUNCTION_ARGS)
{
	const UsKmeansState *s = final_arg(fcinfo, US_KMEANS_SILHOUETTE);
	double		weight = us_kmeans_total_weight(s);

	if (s->k == 1 || weight == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(us_kmeans_total_cost(s) / weight);
}

/* ---- merging ---- */

/* Combine function of all aggregates here, and transition of rollup. */
Datum
userseg_kmeans_combine(PG_FUNCTION_ARGS)
{
	UsKmeansState *s;

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	s = state_arg(fcinfo);
	if (s == NULL)
		PG_RETURN_POINTER(us_state_copy(fcinfo, 1));
	PG_RETURN_POINTER(us_kmeans_merge(s, us_state_arg(fcinfo, 1)));
}

/* userseg.merge(a, b kmeans_state) → kmeans_state; NULL only if both are. */
Datum
userseg_kmeans_merge(PG_FUNCTION_ARGS)
{
	UsKmeansState *s;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	s = us_kmeans_merge(us_state_copy(fcinfo, 0), us_state_arg(fcinfo, 1));
	PG_RETURN_POINTER(us_kmeans_seal(s));
}
