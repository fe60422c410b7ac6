/*
 * naive_bayes_agg.c
 *	  userseg.naive_bayes_row and userseg.naive_bayes_state: naive_bayes_agg, naive_bayes_step, accessors.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"

#include "agg/naive_bayes.h"
#include "api/aggregate.h"
#include "api/payload.h"
#include "api/rows.h"
#include "api/value_cache.h"
#include "infra/args.h"
#include "learn/naive_bayes_model.h"

PG_FUNCTION_INFO_V1(userseg_naive_bayes_row_in);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_row_out);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_row_recv);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_row_send);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_state_in);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_state_out);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_state_recv);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_state_send);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_row);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_step);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_agg_step);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_combine);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_final);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_merge);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_rows);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_statistics);
PG_FUNCTION_INFO_V1(userseg_naive_bayes_proba);

#define ROW_TYPE	"userseg.naive_bayes_row"
#define STATE_TYPE	"userseg.naive_bayes_state"

/* ---- input and output ---- */

static void *
read_row(UsReader *r)
{
	return us_nb_row_read(r);
}

static void *
read_state(UsReader *r)
{
	return us_nb_state_read(r);
}

static const UsNbRow *
row_arg(FunctionCallInfo fcinfo, int n)
{
	const UsNbRow *row = (const UsNbRow *) us_aggregate_read(fcinfo, n);

	us_check_version(ROW_TYPE, row->version, US_NB_STATE_VERSION);
	return row;
}

static const UsNbState *
state_arg(FunctionCallInfo fcinfo, int n)
{
	const UsNbState *s = (const UsNbState *) us_aggregate_read(fcinfo, n);

	us_check_version(STATE_TYPE, s->version, US_NB_STATE_VERSION);
	return s;
}

/* Input of userseg.naive_bayes_row: the payload in hexadecimal. */
Datum
userseg_naive_bayes_row_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), ROW_TYPE, read_row));
}

/* Output of userseg.naive_bayes_row. */
Datum
userseg_naive_bayes_row_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_nb_row_write(row_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input of userseg.naive_bayes_row. */
Datum
userseg_naive_bayes_row_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), ROW_TYPE, read_row));
}

/* Binary output of userseg.naive_bayes_row. */
Datum
userseg_naive_bayes_row_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_nb_row_write(row_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* Input of userseg.naive_bayes_state: the payload in hexadecimal. */
Datum
userseg_naive_bayes_state_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), STATE_TYPE, read_state));
}

/* Output of userseg.naive_bayes_state. */
Datum
userseg_naive_bayes_state_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_nb_state_write(state_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input of userseg.naive_bayes_state. */
Datum
userseg_naive_bayes_state_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), STATE_TYPE, read_state));
}

/* Binary output of userseg.naive_bayes_state. */
Datum
userseg_naive_bayes_state_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_nb_state_write(state_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* ---- rows ---- */

/* Argument n as numbers, NULL as NaN; 22023 for NaN and infinity. */
static double *
read_x(FunctionCallInfo fcinfo, int n, int *count)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(n);
	Datum	   *value;
	bool	   *null;
	double	   *x;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("x has %d dimensions", ARR_NDIM(array)),
				 errhint("Pass an array of one dimension.")));
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &value, &null, count);
	x = (double *) palloc(sizeof(double) * Max(*count, 1));
	for (int j = 0; j < *count; j++)
	{
		x[j] = null[j] ? NAN : DatumGetFloat8(value[j]);
		if (!null[j] && !isfinite(x[j]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value %d of x is %g", j + 1, x[j]),
					 errhint("NULL stands for a value that is not known.")));
	}
	return x;
}

/* Argument n as levels of columns; zeros if it is not there or NULL. */
static void
read_levels(FunctionCallInfo fcinfo, int n, int columns, int32 *levels)
{
	ArrayType  *array;
	Datum	   *value;
	bool	   *null;
	int			count;

	if (n < PG_NARGS() && !PG_ARGISNULL(n))
	{
		array = PG_GETARG_ARRAYTYPE_P(n);
		deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT, &value, &null, &count);
		if (count != columns)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("levels has %d values, x has %d", count, columns),
					 errhint("Pass 0 for a column of numbers, the number of its levels for one of categories.")));
		for (int j = 0; j < count; j++)
			levels[j] = null[j] ? 0 : DatumGetInt32(value[j]);
	}
	us_nb_check_levels(levels, columns);
}

/* The row of x, class, weight and levels from arguments first ..; NULL if it does not count. */
static UsNbRow *
make_row(FunctionCallInfo fcinfo, int first)
{
	int			columns;
	double	   *x;
	int			label;
	double		weight;
	UsNbRow    *row;

	if (PG_ARGISNULL(first) || PG_ARGISNULL(first + 1) || PG_ARGISNULL(first + 2))
		return NULL;
	x = read_x(fcinfo, first, &columns);
	label = PG_GETARG_INT32(first + 1);
	weight = PG_GETARG_FLOAT8(first + 2);
	if (label < 1 || label > US_NB_MAX_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("y is %d", label),
				 errhint("It is the number of a class, 1 to %d.", US_NB_MAX_CLASSES)));
	if (!(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight is %g", weight),
				 errhint("A weight is a finite number, 0 or larger.")));
	row = us_nb_row_new(Min(Max(columns, 0), US_NB_MAX_COLUMNS));
	if (columns != row->columns)
		us_nb_check_levels(us_nb_row_levels(row), columns);	/* raises */
	read_levels(fcinfo, first + 3, columns, us_nb_row_levels(row));
	if (weight == 0)
		return NULL;
	row->label = label;
	row->weight = weight;
	memcpy(row->x, x, sizeof(double) * columns);
	for (int j = 0; j < columns; j++)
	{
		int			n = us_nb_row_levels(row)[j];

		if (n > 0 && !isnan(x[j]) && (x[j] < 0 || x[j] >= n || x[j] != rint(x[j])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("value %d of x is %g, its column has %d levels", j + 1, x[j], n),
					 errhint("Levels are 0 to %d.", n - 1)));
	}
	return row;
}

/* userseg.naive_bayes_row(x float8[], y int, weight float8, levels int[]) → naive_bayes_row; NULL if it does not count. */
Datum
userseg_naive_bayes_row(PG_FUNCTION_ARGS)
{
	UsNbRow    *row = make_row(fcinfo, 0);

	if (row == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(row);
}

/* ---- aggregates ---- */

static UsNbState *
own_state(FunctionCallInfo fcinfo)
{
	UsNbState  *s = (UsNbState *) us_aggregate_state(fcinfo);

	if (s != NULL)
		us_check_version(STATE_TYPE, s->version, US_NB_STATE_VERSION);
	return s;
}

/* Transition of naive_bayes_step(naive_bayes_row). */
Datum
userseg_naive_bayes_step(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return us_aggregate_unchanged(fcinfo);
	PG_RETURN_POINTER(us_nb_add(own_state(fcinfo), row_arg(fcinfo, 1)));
}

/* Transition of naive_bayes_agg(x float8[], y int, weight float8). */
Datum
userseg_naive_bayes_agg_step(PG_FUNCTION_ARGS)
{
	UsNbRow    *row = make_row(fcinfo, 1);

	if (row == NULL)
		return us_aggregate_unchanged(fcinfo);
	PG_RETURN_POINTER(us_nb_add(own_state(fcinfo), row));
}

static void *
merge_states(void *a, const void *b)
{
	us_check_version(STATE_TYPE, ((UsNbState *) a)->version, US_NB_STATE_VERSION);
	us_check_version(STATE_TYPE, ((const UsNbState *) b)->version, US_NB_STATE_VERSION);
	return us_nb_merge((UsNbState *) a, (const UsNbState *) b);
}

/* Combine function of both, and transition of rollup. */
Datum
userseg_naive_bayes_combine(PG_FUNCTION_ARGS)
{
	return us_aggregate_combine(fcinfo, merge_states);
}

/* Final function: the state for storage; strict. */
Datum
userseg_naive_bayes_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_nb_seal(state_arg(fcinfo, 0)));
}

/* userseg.merge(a, b); NULL only if both are. */
Datum
userseg_naive_bayes_merge(PG_FUNCTION_ARGS)
{
	UsNbState  *copy;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	copy = (UsNbState *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
	PG_RETURN_POINTER(us_nb_seal((UsNbState *) merge_states(copy, state_arg(fcinfo, 1))));
}

/* ---- accessors ---- */

/* userseg.row_count(naive_bayes_state) → bigint; strict. */
Datum
userseg_naive_bayes_rows(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(state_arg(fcinfo, 0)->rows);
}

static void
put_statistics(FunctionCallInfo fcinfo, int label, int column, int level, double weight, double mean, double variance)
{
	UsResultRow row = {0};

	us_row_int(&row, label);
	us_row_int(&row, column);
	us_row_datum(&row, Int32GetDatum(level), level < 0);
	us_row_number(&row, weight);
	us_row_number(&row, mean);
	us_row_number(&row, variance);
	us_row_put(fcinfo, &row);
}

/* userseg.class_statistics(naive_bayes_state): a row a class and column, or level; strict. */
Datum
userseg_naive_bayes_statistics(PG_FUNCTION_ARGS)
{
	const UsNbState *s = state_arg(fcinfo, 0);

	InitMaterializedSRF(fcinfo, 0);
	for (int k = 0; k < s->classes; k++)
	{
		const UsExactSum *cell = us_nb_class(s, k);
		const UsExactSum *all = cell++;

		for (int j = 0; j < s->columns; j++)
		{
			int			n = us_nb_levels(s)[j];
			UsNbMoments m;

			CHECK_FOR_INTERRUPTS();
			for (int l = 0; l < n; l++)
				put_statistics(fcinfo, k + 1, j + 1, l, us_exact_round(&cell[l]), NAN, NAN);
			if (n == 0)
			{
				m = us_nb_moments(all, cell);
				put_statistics(fcinfo, k + 1, j + 1, -1, m.weight, m.weight > 0 ? m.mean : NAN, m.weight > 0 ? m.variance : NAN);
			}
			cell += n > 0 ? n : US_NB_NUMBER_SUMS;
		}
	}
	return (Datum) 0;
}

/* The model of a state, with the parameters that train has by default. */
static void *
model_of(struct varlena *value)
{
	const UsNbState *s = (const UsNbState *) value;
	UsNbSums	sums;
	UsNbRule	rule = {1, 1e-9, false, NULL};

	us_check_version(STATE_TYPE, s->version, US_NB_STATE_VERSION);
	sums = (UsNbSums) {s->columns, s->classes, us_nb_levels(s), s->per_class, us_nb_class(s, 0)};
	return us_nb_model_make(&sums, &rule);
}

/* userseg.naive_bayes_proba(naive_bayes_state, x float8[]) → float8[]: probabilities of the classes; strict. */
Datum
userseg_naive_bayes_proba(PG_FUNCTION_ARGS)
{
	const UsNbModel *m = (const UsNbModel *) us_cached_value(fcinfo, 0, model_of);
	int			n;
	const double *x = read_x(fcinfo, 1, &n);
	double	   *p = (double *) palloc(sizeof(double) * m->classes);
	Datum	   *value = (Datum *) palloc(sizeof(Datum) * m->classes);

	if (n != m->width)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("x has %d values, the state has %d columns", n, m->width),
				 errhint("Pass the columns that the state was made of.")));
	us_nb_proba(m, x, p);
	for (int k = 0; k < m->classes; k++)
		value[k] = Float8GetDatum(p[k]);
	PG_RETURN_POINTER(construct_array(value, m->classes, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
