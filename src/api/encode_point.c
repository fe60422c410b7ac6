/*
 * encode_point.c
 *	  userseg._encode_point: a row of the source of a training, encoded and judged by the
 *	  state of the iteration (assigned to its nearest centre, or its responsibilities under a
 *	  mixture), for strategy sql.
 */
#include "postgres.h"

#include "fmgr.h"

#include "agg/gmm_state.h"
#include "agg/kmeans_point.h"
#include "api/encode_args.h"

PG_FUNCTION_INFO_V1(userseg_encode_point);
PG_FUNCTION_INFO_V1(userseg_encode_row);
PG_FUNCTION_INFO_V1(userseg_encode_gmm_point);
PG_FUNCTION_INFO_V1(userseg_encode_gmm_row);

/* Arguments before the columns. */
#define FIRST_COLUMN 3

/* Of one kind of state: made ready for argument 1, and the point of an encoded row, or NULL. */
typedef struct PointKind
{
	UsEncodeExtra prepare;
	void	   *(*make) (void *state, const double *x, double weight);
} PointKind;

static void
check_width(int columns, int width)
{
	if (columns != width)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of %d columns for an encoder of %d", columns, width)));
}

typedef struct Centres
{
	UsCentroidSet *set;
	UsAssigner *assigner;
} Centres;

static void *
prepare_set(Datum state, int width)
{
	Centres    *c = palloc(sizeof(Centres));

	c->set = (UsCentroidSet *) PG_DETOAST_DATUM_COPY(state);
	check_width(c->set->d, width);
	c->assigner = palloc(us_assigner_size(c->set));
	us_assigner_fill(c->assigner, c->set);
	return c;
}

static void *
make_assigned(void *state, const double *x, double weight)
{
	const Centres *c = state;

	return us_kmeans_point_make(c->set, c->assigner, x, weight);
}

static void *
prepare_mixture(Datum state, int width)
{
	UsGmmJudge *judge = us_gmm_judge((UsMixture *) PG_DETOAST_DATUM_COPY(state));

	check_width(judge->mixture->d, width);
	return judge;
}

static void *
make_judged(void *state, const double *x, double weight)
{
	return us_gmm_point_make(state, x, weight);
}

static const PointKind kmeans = {prepare_set, make_assigned};
static const PointKind gmm = {prepare_mixture, make_judged};

/* The point of this call; NULL for a row that counts nothing. */
static Datum
make_point(FunctionCallInfo fcinfo, bool as_row, const PointKind *kind)
{
	UsEncodeArgs *a;
	void	   *point = NULL;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || (as_row && PG_ARGISNULL(FIRST_COLUMN)))
		PG_RETURN_NULL();
	a = us_encode_args(fcinfo, FIRST_COLUMN, as_row, kind->prepare);
	if (us_encode_args_row(fcinfo, a, FIRST_COLUMN, as_row))
		point = kind->make(a->extra, a->x, PG_ARGISNULL(2) ? 1 : PG_GETARG_FLOAT8(2));
	if (point == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(point);
}

/* userseg._encode_point(encoder, centroid set, weight, column, ...) */
Datum
userseg_encode_point(PG_FUNCTION_ARGS)
{
	return make_point(fcinfo, false, &kmeans);
}

/* userseg._encode_row(encoder, centroid set, weight, row): for more columns than a function can have. */
Datum
userseg_encode_row(PG_FUNCTION_ARGS)
{
	return make_point(fcinfo, true, &kmeans);
}

/* userseg._encode_point(encoder, mixture, weight, column, ...) */
Datum
userseg_encode_gmm_point(PG_FUNCTION_ARGS)
{
	return make_point(fcinfo, false, &gmm);
}

/* userseg._encode_row(encoder, mixture, weight, row) */
Datum
userseg_encode_gmm_row(PG_FUNCTION_ARGS)
{
	return make_point(fcinfo, true, &gmm);
}
