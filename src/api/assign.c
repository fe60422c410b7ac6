/*
 * assign.c
 *	  userseg.assign.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/timestamp.h"

#include "infra/args.h"
#include "verbs/assign.h"

PG_FUNCTION_INFO_V1(userseg_assign);

/* userseg.assign(model, source, id, into_table, history, as_of): one row of counts. */
Datum
userseg_assign(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsAssignArgs args;
	UsAssignResult r;
	Datum		value[7];
	bool		null[7] = {false};

	args.model = US_ARG_CSTRING(0, "model");
	args.source = US_ARG_CSTRING(1, "source");
	args.id = US_ARG_CSTRING(2, "id");
	args.into_table = US_ARG_CSTRING(3, "into_table");
	US_ARG_REQUIRE(4, "history");
	args.history = PG_GETARG_BOOL(4);
	US_ARG_REQUIRE(5, "as_of");
	args.as_of = PG_GETARG_TIMESTAMPTZ(5);
	InitMaterializedSRF(fcinfo, 0);
	us_assign(&args, &r);

	value[0] = Int64GetDatum(r.n_rows);
	value[1] = Int64GetDatum(r.n_new);
	value[2] = Int64GetDatum(r.n_changed);
	value[3] = Int64GetDatum(r.n_unchanged);
	value[4] = Int64GetDatum(r.n_gone);
	value[5] = Int64GetDatum(r.n_unscored);
	value[6] = Int32GetDatum(r.version);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	return (Datum) 0;
}
