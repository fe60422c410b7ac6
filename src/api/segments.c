/*
 * segments.c
 *	  userseg.centroids, userseg.describe_segments, userseg.name_segment.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "infra/args.h"
#include "model/catalog.h"
#include "model/report_json.h"
#include "verbs/segments.h"

PG_FUNCTION_INFO_V1(userseg_centroids);
PG_FUNCTION_INFO_V1(userseg_describe_segments);
PG_FUNCTION_INFO_V1(userseg_name_segment);

static void
put_number(Datum *value, bool *null, int i, double x)
{
	null[i] = isnan(x);
	value[i] = Float8GetDatum(x);
}

static void
put_text(Datum *value, bool *null, int i, const char *s)
{
	null[i] = s == NULL;
	value[i] = s ? CStringGetTextDatum(s) : (Datum) 0;
}

/* userseg.centroids(model, space): the means of the segments, long form. */
Datum
userseg_centroids(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *reference = US_ARG_CSTRING(0, "model");
	const char *space = US_ARG_CSTRING(1, "space");
	bool		encoded = strcmp(space, "encoded") == 0;
	UsSegmentedModel m;
	UsCentroidLine *line;
	int			n;

	if (!encoded && strcmp(space, "original") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no space \"%s\"", space),
				 errhint("Spaces are \"original\" and \"encoded\".")));
	m = us_segments_open(reference);
	InitMaterializedSRF(fcinfo, 0);
	line = us_segments_centroids(&m, encoded, &n);
	for (int i = 0; i < n; i++)
	{
		Datum		value[7];
		bool		null[7] = {false};

		value[0] = Int32GetDatum(m.model->label_id[line[i].label - 1]);
		put_text(value, null, 1, m.model->label_name[line[i].label - 1]);
		put_text(value, null, 2, line[i].feature);
		put_number(value, null, 3, line[i].value);
		put_number(value, null, 4, line[i].z);
		put_number(value, null, 5, line[i].lift);
		value[6] = Int64GetDatum(m.profile->n[line[i].label - 1]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	return (Datum) 0;
}

/* userseg.describe_segments(model): the segment cards. */
Datum
userseg_describe_segments(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsSegmentedModel m = us_segments_open(US_ARG_CSTRING(0, "model"));
	char	  **name = us_profile_suggest_names(m.profile, m.model->artifact->encoder);

	InitMaterializedSRF(fcinfo, 0);
	for (int label = 1; label <= m.model->n_labels; label++)
	{
		const UsSegmentRule *rule = &m.profile->rule[label - 1];
		Datum		value[10];
		bool		null[10] = {false};

		value[0] = Int32GetDatum(m.model->label_id[label - 1]);
		put_text(value, null, 1, m.model->label_name[label - 1]);
		value[2] = Int64GetDatum(m.profile->n[label - 1]);
		put_number(value, null, 3, m.profile->nrows > 0
				   ? (double) m.profile->n[label - 1] / m.profile->nrows : NAN);
		put_text(value, null, 4, name[label - 1]);
		value[5] = JsonbPGetDatum(us_report_to_jsonb(us_segments_top(&m, label)));
		put_text(value, null, 6, rule->condition);
		put_number(value, null, 7, rule->condition ? rule->fidelity : NAN);
		put_number(value, null, 8, rule->condition ? rule->precision : NAN);
		put_number(value, null, 9, rule->condition ? rule->recall : NAN);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
	}
	return (Datum) 0;
}

/* userseg.name_segment(model, segment_id, name). */
Datum
userseg_name_segment(PG_FUNCTION_ARGS)
{
	UsReference model = us_reference_parse_name(US_ARG_CSTRING(0, "model"));

	US_ARG_REQUIRE(1, "segment_id");
	us_catalog_name_segment(model.name, PG_GETARG_INT32(1), US_ARG_CSTRING_OR_NULL(2));
	PG_RETURN_VOID();
}
