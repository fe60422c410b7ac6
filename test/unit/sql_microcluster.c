/*
 * sql_microcluster.c
 *	  Micro-clusters of a source, for test/t/042_microcluster.pl and measurements.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

#include "data/params_json.h"
#include "data/source.h"
#include "data/transform.h"
#include "infra/args.h"
#include "learn/microcluster.h"
#include "model/report_json.h"

PG_FUNCTION_INFO_V1(unit_prototypes);

static const UsParamSpec specs[] = {
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL, "parallel workers"},
	{"seed", US_PARAM_INT, "42", 0, 1000, NULL, "seed"},
	{NULL}
};

static void
put(ReturnSetInfo *rsinfo, char *line)
{
	Datum		value = CStringGetTextDatum(line);
	bool		null = false;

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &null);
}

/*
 * unit_prototypes(source text, max int, is_unit bool, id text, weight text, params jsonb, memory_kb int)
 * → setof text: details, bytes of the budget at most, then "weight within {center}" of each prototype.
 */
Datum
unit_prototypes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	UsSource   *source = us_source_open(US_ARG_CSTRING(0, "source"));
	UsSourceSpec spec = {.all_features = true};
	UsReport   *details = us_report_object();
	UsFitInput	input = {0};
	UsPrototypes *p;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	spec.id = US_ARG_CSTRING_OR_NULL(3);
	spec.weight = US_ARG_CSTRING_OR_NULL(4);
	input.budget = us_budget_create((Size) US_ARG_INT32_OR(6, 256 * 1024) * 1024);
	input.params = us_params_parse(specs, NULL, PG_ARGISNULL(5) ? NULL : PG_GETARG_JSONB_P(5));
	input.seed = us_params_get(input.params, "seed")->integer;
	input.frame = us_source_read(source, &spec, input.budget, us_source_columns(source, &spec));
	input.encoder = us_encoder_learn(input.frame, us_transform_parse(NULL), US_NULL_IMPUTE, 42,
									 input.budget);
	us_report_bool(details, "frame_spilled", input.frame->spilled);
	p = us_prototypes_build(&input, PG_GETARG_INT32(1), PG_GETARG_BOOL(2), 0, details);
	put(rsinfo, JsonbToCString(NULL, &us_report_to_jsonb(details)->root, -1));
	put(rsinfo, psprintf("%zu", us_budget_peak(input.budget)));
	for (int i = 0; i < p->n; i++)
	{
		StringInfoData line;

		initStringInfo(&line);
		appendStringInfo(&line, "%.17g %.17g {", p->weight[i], p->within[i]);
		for (int j = 0; j < p->width; j++)
			appendStringInfo(&line, "%s%.17g", j > 0 ? "," : "", p->center[(Size) i * p->width + j]);
		appendStringInfoChar(&line, '}');
		put(rsinfo, line.data);
		pfree(line.data);
	}
	us_frame_free(input.frame);
	return (Datum) 0;
}
