/*
 * partition.c
 *	  Agreement of two labelings: userseg.contingency, adjusted_rand_agg and its sisters.
 *
 * Nothing is kept in fn_extra of transition, combine and final functions: an executor may look
 * them up anew for every row.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "agg/contingency.h"
#include "api/payload.h"
#include "data/frame_build.h"
#include "data/kind.h"
#include "infra/args.h"

PG_FUNCTION_INFO_V1(userseg_contingency_in);
PG_FUNCTION_INFO_V1(userseg_contingency_out);
PG_FUNCTION_INFO_V1(userseg_contingency_recv);
PG_FUNCTION_INFO_V1(userseg_contingency_send);
PG_FUNCTION_INFO_V1(userseg_contingency_agg_step);
PG_FUNCTION_INFO_V1(userseg_contingency_step);
PG_FUNCTION_INFO_V1(userseg_contingency_combine);
PG_FUNCTION_INFO_V1(userseg_contingency_final);
PG_FUNCTION_INFO_V1(userseg_contingency_merge);
PG_FUNCTION_INFO_V1(userseg_contingency_rows);
PG_FUNCTION_INFO_V1(userseg_contingency_nulls);
PG_FUNCTION_INFO_V1(userseg_adjusted_rand);
PG_FUNCTION_INFO_V1(userseg_normalized_mutual_info);
PG_FUNCTION_INFO_V1(userseg_v_measure);

#define NAME	"userseg.contingency"

/* ---- arguments ---- */

/* Argument n, detoasted; 0A000 if another release stored it. */
static const UsContingencyState *
state_arg(FunctionCallInfo fcinfo, int n)
{
	const UsContingencyState *s = (const UsContingencyState *) PG_GETARG_VARLENA_P(n);

	us_check_version(NAME, s->version, US_CONTINGENCY_VERSION);
	return s;
}

/* The state of an aggregate, to be changed; a copy when the function is called by itself; a new one at first. */
static UsContingencyState *
own_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		return us_contingency_new();
	if (AggCheckCallContext(fcinfo, NULL) && !VARATT_IS_EXTENDED(PG_GETARG_POINTER(0)))
		return (UsContingencyState *) PG_GETARG_POINTER(0);
	return us_contingency_copy(state_arg(fcinfo, 0));
}

/* What a transition returns for a value that does not count. */
static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* Hash of a label, a value of a type that names things; false for a type that does not. */
static bool
label_hash(Oid type, Datum value, uint64 *hash)
{
	char		digits[MAXINT8LEN + 1];
	UsType		found;
	bool		identifier;
	const char *bytes;
	int			len;

	switch (type)
	{
		case INT2OID:
			*hash = us_hash_text(digits, pg_lltoa(DatumGetInt16(value), digits));
			return true;
		case INT4OID:
			*hash = us_hash_text(digits, pg_lltoa(DatumGetInt32(value), digits));
			return true;
		case INT8OID:
			*hash = us_hash_text(digits, pg_lltoa(DatumGetInt64(value), digits));
			return true;
		case BOOLOID:
			bytes = DatumGetBool(value) ? "true" : "false";
			*hash = us_hash_text(bytes, (int) strlen(bytes));
			return true;
		case TEXTOID:
			{
				text	   *t = DatumGetTextPP(value);

				*hash = us_hash_text(VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
				return true;
			}
		default:
			break;
	}
	if (!OidIsValid(type) || !us_type_find(type, &found, &identifier))
		return false;
	if (found.kind == US_KIND_CATEGORY)
	{
		bytes = us_type_bytes(&found, found.reading, value, &len);
		*hash = us_hash_text(bytes, len);
		return true;
	}
	return found.type != type && label_hash(found.type, value, hash);	/* a domain */
}

static uint64
label_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, n);
	uint64		hash;

	if (!label_hash(type, PG_GETARG_DATUM(n), &hash))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("\"%s\" is of type %s, which is no type of labels", name,
						format_type_be(type)),
				 errhint("Labels are text, integers, booleans or enums; cast to text.")));
	return hash;
}

/* ---- input and output ---- */

static void *
read_state(UsReader *r)
{
	return us_contingency_read(r);
}

/* Input: the payload in hexadecimal. */
Datum
userseg_contingency_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_text(PG_GETARG_CSTRING(0), NAME, read_state));
}

/* Output: the payload in hexadecimal. */
Datum
userseg_contingency_out(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_contingency_write(state_arg(fcinfo, 0), &w);
	PG_RETURN_CSTRING(us_payload_text(&w));
}

/* Binary input: the payload. */
Datum
userseg_contingency_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_payload_from_message((StringInfo) PG_GETARG_POINTER(0), NAME, read_state));
}

/* Binary output: the payload. */
Datum
userseg_contingency_send(PG_FUNCTION_ARGS)
{
	UsWriter	w;

	us_writer_init(&w);
	us_contingency_write(state_arg(fcinfo, 0), &w);
	PG_RETURN_BYTEA_P(us_writer_varlena(&w));
}

/* ---- the aggregates ---- */

/* Transition of contingency_agg(a, b), adjusted_rand_agg, ...: labels of any type that names things. */
Datum
userseg_contingency_agg_step(PG_FUNCTION_ARGS)
{
	UsContingencyState *s = own_state(fcinfo);
	uint64		a;
	uint64		b;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_POINTER(us_contingency_add_null(s, 1));
	a = label_arg(fcinfo, 1, "a");
	b = label_arg(fcinfo, 2, "b");
	PG_RETURN_POINTER(us_contingency_add(s, a, b, 1));
}

/* Transition of contingency_step(labels text[]): the two labels of a row. */
Datum
userseg_contingency_step(PG_FUNCTION_ARGS)
{
	UsContingencyState *s;
	Datum	   *item;
	bool	   *null;
	int			n;
	uint64		hash[2];

	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &item, &null, &n);
	if (n != 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an array of %d labels, 2 are needed", n),
				 errhint("Pass ARRAY[a::text, b::text].")));
	s = own_state(fcinfo);
	if (null[0] || null[1])
		PG_RETURN_POINTER(us_contingency_add_null(s, 1));
	for (int i = 0; i < 2; i++)
	{
		text	   *value = DatumGetTextPP(item[i]);

		hash[i] = us_hash_text(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	}
	PG_RETURN_POINTER(us_contingency_add(s, hash[0], hash[1], 1));
}

/* Combine function, and transition of rollup. */
Datum
userseg_contingency_combine(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	PG_RETURN_POINTER(us_contingency_merge(own_state(fcinfo), state_arg(fcinfo, 1)));
}

/* Final function of contingency_agg, contingency_step, rollup: the state for storage; strict. */
Datum
userseg_contingency_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_contingency_seal(state_arg(fcinfo, 0)));
}

/* userseg.merge(a, b contingency) → contingency; NULL only if both are. */
Datum
userseg_contingency_merge(PG_FUNCTION_ARGS)
{
	UsContingencyState *s;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	s = us_contingency_merge(us_contingency_copy(state_arg(fcinfo, 0)), state_arg(fcinfo, 1));
	PG_RETURN_POINTER(us_contingency_seal(s));
}

/* ---- what a state tells; also the final functions ---- */

/* userseg.contingency_rows(contingency) → bigint: rows with both labels; strict. */
Datum
userseg_contingency_rows(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(state_arg(fcinfo, 0)->rows);
}

/* userseg.contingency_nulls(contingency) → bigint: rows left out; strict. */
Datum
userseg_contingency_nulls(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(state_arg(fcinfo, 0)->nulls);
}

/* userseg.adjusted_rand(contingency) → float8; NULL without rows; strict. */
Datum
userseg_adjusted_rand(PG_FUNCTION_ARGS)
{
	double		figure = us_adjusted_rand(us_contingency_table(state_arg(fcinfo, 0)));

	if (isnan(figure))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(figure);
}

/* userseg.normalized_mutual_info(contingency) → float8; NULL without rows; strict. */
Datum
userseg_normalized_mutual_info(PG_FUNCTION_ARGS)
{
	UsMutualInfo m = us_mutual_info(us_contingency_table(state_arg(fcinfo, 0)));

	if (isnan(m.mutual))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(us_normalized_mutual_info(&m));
}

/* userseg.v_measure(contingency) → (homogeneity, completeness, v_measure); NULL without rows; strict. */
Datum
userseg_v_measure(PG_FUNCTION_ARGS)
{
	UsMutualInfo m = us_mutual_info(us_contingency_table(state_arg(fcinfo, 0)));
	TupleDesc	desc;
	Datum		value[3];
	bool		null[3] = {false, false, false};
	double		h;
	double		c;
	double		v;

	if (isnan(m.mutual))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE || desc->natts != 3)
		elog(ERROR, "v_measure returns three numbers");
	us_v_measure(&m, &h, &c, &v);
	value[0] = Float8GetDatum(h);
	value[1] = Float8GetDatum(c);
	value[2] = Float8GetDatum(v);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), value, null)));
}
