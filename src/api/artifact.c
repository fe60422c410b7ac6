/*
 * artifact.c
 *	  Models by value: type userseg.artifact, and userseg.artifact() that makes one.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "infra/buffer.h"
#include "model/portable.h"
#include "verbs/registry.h"

PG_FUNCTION_INFO_V1(userseg_artifact);
PG_FUNCTION_INFO_V1(userseg_artifact_value_in);
PG_FUNCTION_INFO_V1(userseg_artifact_value_out);
PG_FUNCTION_INFO_V1(userseg_artifact_value_recv);
PG_FUNCTION_INFO_V1(userseg_artifact_value_send);

/* The row (model, version, value), in the memory of model. */
static Datum
make_artifact(FunctionCallInfo fcinfo, const UsModel *model)
{
	MemoryContext old = MemoryContextSwitchTo(model->context);
	bool		null[3] = {false, false, false};
	bytea	   *payload;
	TupleDesc	desc;
	Datum		value[3];
	Datum		result;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	payload = us_registry_portable(model);
	value[0] = CStringGetTextDatum(model->info.model);
	value[1] = Int32GetDatum(model->info.version);
	value[2] = PointerGetDatum(payload);
	result = HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), value, null));
	pfree(payload);
	MemoryContextSwitchTo(old);
	return result;
}

/* userseg.artifact(model) → userseg.artifact; made once for all rows of a statement */
Datum
userseg_artifact(PG_FUNCTION_ARGS)
{
	UsModel    *model = us_model_resolve(fcinfo->flinfo, PG_GETARG_TEXT_PP(0));

	if (model->extra == NULL)
		model->extra = DatumGetPointer(make_artifact(fcinfo, model));
	PG_RETURN_DATUM(PointerGetDatum(model->extra));
}

/* userseg._artifact_value_in(cstring) */
Datum
userseg_artifact_value_in(PG_FUNCTION_ARGS)
{
	bytea	   *payload = us_hex_decode(PG_GETARG_CSTRING(0), US_PORTABLE_NAME);

	us_portable_check(VARDATA(payload), VARSIZE(payload) - VARHDRSZ);
	PG_RETURN_BYTEA_P(payload);
}

/* userseg._artifact_value_out(_artifact_value) → cstring */
Datum
userseg_artifact_value_out(PG_FUNCTION_ARGS)
{
	bytea	   *payload = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_CSTRING(us_hex_encode(VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload)));
}

/* userseg._artifact_value_recv(internal) */
Datum
userseg_artifact_value_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			len = buf->len - buf->cursor;
	bytea	   *payload = palloc(VARHDRSZ + len);

	SET_VARSIZE(payload, VARHDRSZ + len);
	pq_copymsgbytes(buf, VARDATA(payload), len);
	us_portable_check(VARDATA(payload), len);
	PG_RETURN_BYTEA_P(payload);
}

/* userseg._artifact_value_send(_artifact_value) → bytea */
Datum
userseg_artifact_value_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(PG_GETARG_BYTEA_P_COPY(0));
}
