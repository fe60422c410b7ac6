/*
 * encode_point.c
 *	  userseg._encode_point: a row of the source of a training, encoded and judged by the
 *	  state of the iteration (assigned to its nearest centre, or its responsibilities under a
 *	  mixture), for strategy sql.
 *
 * Encoder and state are constants of the query: what is made of them is kept for all rows.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "agg/gmm_state.h"
#include "agg/kmeans_point.h"
#include "data/encode.h"
#include "data/record.h"
#include "infra/buffer.h"

PG_FUNCTION_INFO_V1(userseg_encode_point);
PG_FUNCTION_INFO_V1(userseg_encode_row);
PG_FUNCTION_INFO_V1(userseg_encode_gmm_point);
PG_FUNCTION_INFO_V1(userseg_encode_gmm_row);

/* Arguments before the columns. */
#define FIRST_COLUMN 3

typedef struct PointMaker
{
	UsEncoder  *encoder;
	UsRecordMap *map;			/* of _encode_point */
	UsRowMap	rows;			/* of _encode_row */
	UsCentroidSet *set;			/* k-means */
	UsAssigner *assigner;
	UsGmmJudge *judge;			/* mixtures */
	UsValue    *value;			/* [nfeatures] */
	double	   *x;				/* [width] */
	Datum		column[FUNC_MAX_ARGS];
	bool		isnull[FUNC_MAX_ARGS];
} PointMaker;

/* Of one kind of state: make ready for argument 1, and the point of p->x, or NULL. */
typedef struct PointKind
{
	int			(*prepare) (PointMaker *p, Datum state);	/* returns its columns */
	void	   *(*make) (PointMaker *p, double weight);
} PointKind;

static int
prepare_set(PointMaker *p, Datum state)
{
	p->set = (UsCentroidSet *) PG_DETOAST_DATUM_COPY(state);
	p->assigner = palloc(us_assigner_size(p->set));
	us_assigner_fill(p->assigner, p->set);
	return p->set->d;
}

static void *
make_assigned(PointMaker *p, double weight)
{
	return us_kmeans_point_make(p->set, p->assigner, p->x, weight);
}

static int
prepare_mixture(PointMaker *p, Datum state)
{
	p->judge = us_gmm_judge((UsMixture *) PG_DETOAST_DATUM_COPY(state));
	return p->judge->mixture->d;
}

static void *
make_judged(PointMaker *p, double weight)
{
	return us_gmm_point_make(p->judge, p->x, weight);
}

static const PointKind kmeans = {prepare_set, make_assigned};
static const PointKind gmm = {prepare_mixture, make_judged};

/* The columns that come as arguments, with the names of the features. */
static TupleDesc
argument_columns(FunctionCallInfo fcinfo, const UsEncoder *encoder)
{
	int			n = PG_NARGS() - FIRST_COLUMN;
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
						   get_fn_expr_argtype(fcinfo->flinfo, FIRST_COLUMN + i), -1, 0);
		TupleDescInitEntryCollation(desc, i + 1, InvalidOid);
	}
	return desc;
}

static PointMaker *
point_maker(FunctionCallInfo fcinfo, bool as_row, const PointKind *kind)
{
	PointMaker *p = fcinfo->flinfo->fn_extra;
	MemoryContext old;
	UsReader	r;
	bytea	   *stored;
	int			width;
	int			columns;

	if (p)
		return p;
	if (!get_fn_expr_arg_stable(fcinfo->flinfo, 0) || !get_fn_expr_arg_stable(fcinfo->flinfo, 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("encoder and state must be constants of the query"),
				 errhint("This function serves userseg.train; use userseg.kmeans_point or userseg.gmm_point in queries.")));
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	p = palloc0(sizeof(PointMaker));
	stored = PG_GETARG_BYTEA_PP(0);
	us_reader_init(&r, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored), "encoder");
	p->encoder = us_encoder_read(&r);
	us_reader_end(&r);
	width = us_encoder_width(p->encoder);
	columns = kind->prepare(p, PG_GETARG_DATUM(1));
	if (columns != width)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of %d columns for an encoder of %d", columns, width)));
	p->value = palloc0(Max(us_encoder_nfeatures(p->encoder), 1) * sizeof(UsValue));
	p->x = palloc(Max(width, 1) * sizeof(double));
	if (as_row)
		us_row_map_init(&p->rows, fcinfo->flinfo->fn_mcxt);
	else
		p->map = us_record_map(p->encoder, argument_columns(fcinfo, p->encoder), fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = p;
	MemoryContextSwitchTo(old);
	return p;
}

/* The point of the values in p->value; NULL for a row that counts nothing. */
static Datum
make_point(FunctionCallInfo fcinfo, PointMaker *p, const PointKind *kind)
{
	double		weight = PG_ARGISNULL(2) ? 1 : PG_GETARG_FLOAT8(2);
	UsRowNotes	notes = {0};
	void	   *point;

	us_encoder_apply_row(p->encoder, p->value, p->x, &notes);
	if (notes.first_null >= 0 && us_encoder_null_policy(p->encoder) != US_NULL_IMPUTE)
		PG_RETURN_NULL();
	point = kind->make(p, weight);
	if (point == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(point);
}

static Datum
point_of_columns(FunctionCallInfo fcinfo, const PointKind *kind)
{
	PointMaker *p;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	p = point_maker(fcinfo, false, kind);
	for (int i = FIRST_COLUMN; i < PG_NARGS(); i++)
	{
		p->column[i - FIRST_COLUMN] = fcinfo->args[i].value;
		p->isnull[i - FIRST_COLUMN] = fcinfo->args[i].isnull;
	}
	us_record_values(p->map, p->column, p->isnull, p->value);
	return make_point(fcinfo, p, kind);
}

static Datum
point_of_row(FunctionCallInfo fcinfo, const PointKind *kind)
{
	PointMaker *p;
	HeapTupleHeader row;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
	p = point_maker(fcinfo, true, kind);
	row = PG_GETARG_HEAPTUPLEHEADER(3);
	us_record_deform(us_row_map(&p->rows, p->encoder, row), row, p->value);
	return make_point(fcinfo, p, kind);
}

/* userseg._encode_point(encoder, centroid set, weight, column, ...) */
Datum
userseg_encode_point(PG_FUNCTION_ARGS)
{
	return point_of_columns(fcinfo, &kmeans);
}

/* userseg._encode_row(encoder, centroid set, weight, row): for more columns than a function can have. */
Datum
userseg_encode_row(PG_FUNCTION_ARGS)
{
	return point_of_row(fcinfo, &kmeans);
}

/* userseg._encode_point(encoder, mixture, weight, column, ...) */
Datum
userseg_encode_gmm_point(PG_FUNCTION_ARGS)
{
	return point_of_columns(fcinfo, &gmm);
}

/* userseg._encode_row(encoder, mixture, weight, row) */
Datum
userseg_encode_gmm_row(PG_FUNCTION_ARGS)
{
	return point_of_row(fcinfo, &gmm);
}
