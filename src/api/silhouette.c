/*
 * silhouette.c
 *	  userseg.silhouette.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "infra/args.h"
#include "verbs/silhouette.h"

PG_FUNCTION_INFO_V1(userseg_silhouette);

#define COLUMNS 6

static void
put_text(const char *text, Datum *value, bool *null)
{
	*null = text == NULL;
	*value = text != NULL ? CStringGetTextDatum(text) : (Datum) 0;
}

/* A UsSilhouetteRow: into the result of the function. */
static void
put_row(void *context, const char *id, const char *label, const char *neighbour, double silhouette)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) context;
	Datum		value[COLUMNS] = {0};
	bool		null[COLUMNS] = {false};

	put_text(id, &value[0], &null[0]);
	put_text(label, &value[1], &null[1]);
	put_text(neighbour, &value[2], &null[2]);
	null[3] = isnan(silhouette);
	value[3] = Float8GetDatum(silhouette);
	value[4] = Int64GetDatum(1);
	null[5] = true;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	for (int i = 0; i < 3; i++)
		if (!null[i])
			pfree(DatumGetPointer(value[i]));
}

/* userseg.silhouette(...): one row about all, or one for each row of the source. */
Datum
userseg_silhouette(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsSilhouetteArgs args = {0};
	UsSilhouetteResult r = {0};
	Datum		value[COLUMNS] = {0};
	bool		null[COLUMNS] = {true, true, true, false, false, false};

	args.source = US_ARG_CSTRING(0, "source");
	args.label = US_ARG_CSTRING(1, "label");
	args.n_features = -1;
	if (!PG_ARGISNULL(2))
		args.features = us_array_cstrings(PG_GETARG_ARRAYTYPE_P(2), "features", &args.n_features);
	args.id = US_ARG_CSTRING_OR_NULL(3);
	args.transform = PG_ARGISNULL(4) ? NULL : PG_GETARG_JSONB_P(4);
	args.null_policy = PG_ARGISNULL(5) ? "impute" : US_ARG_CSTRING(5, "null_policy");
	args.metric = PG_ARGISNULL(6) ? "euclidean" : US_ARG_CSTRING(6, "metric");
	args.sample_rows = US_ARG_INT32_OR(7, 10000);
	args.each_row = US_ARG_BOOL_OR(8, false);
	args.seed = US_ARG_INT64_OR(9, 42);
	args.weight = US_ARG_CSTRING_OR_NULL(10);
	args.workers = US_ARG_INT32_OR(11, -1);
	InitMaterializedSRF(fcinfo, 0);
	us_silhouette_verb(&args, put_row, rsinfo, &r);
	if (args.each_row)
		return (Datum) 0;
	null[3] = isnan(r.silhouette);
	value[3] = Float8GetDatum(r.silhouette);
	value[4] = Int64GetDatum(r.n_rows);
	value[5] = JsonbPGetDatum(r.details);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	return (Datum) 0;
}
