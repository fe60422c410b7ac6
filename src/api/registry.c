/*
 * registry.c
 *	  Administration of models, and what is known of them.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "data/params_json.h"
#include "infra/args.h"
#include "infra/compat.h"
#include "model/cache.h"
#include "model/report_json.h"
#include "verbs/registry.h"

PG_FUNCTION_INFO_V1(userseg_acts_as);
PG_FUNCTION_INFO_V1(userseg_may_use);
PG_FUNCTION_INFO_V1(userseg_set_alias);
PG_FUNCTION_INFO_V1(userseg_drop_alias);
PG_FUNCTION_INFO_V1(userseg_rollback);
PG_FUNCTION_INFO_V1(userseg_drop_version);
PG_FUNCTION_INFO_V1(userseg_drop_model);
PG_FUNCTION_INFO_V1(userseg_grant_usage);
PG_FUNCTION_INFO_V1(userseg_revoke_usage);
PG_FUNCTION_INFO_V1(userseg_reassign_owned);
PG_FUNCTION_INFO_V1(userseg_algorithms);
PG_FUNCTION_INFO_V1(userseg_training_info);
PG_FUNCTION_INFO_V1(userseg_feature_info);

/* ---- privileges, for the views ---- */

/* userseg._acts_as(role) → bool */
Datum
userseg_acts_as(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(us_privilege_acts_as(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

/* userseg._may_use(model, owner) → bool */
Datum
userseg_may_use(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(us_catalog_may_use(text_to_cstring(PG_GETARG_TEXT_PP(0)),
									  text_to_cstring(PG_GETARG_TEXT_PP(1))));
}

/* ---- administration ---- */

static UsReference
model_reference(FunctionCallInfo fcinfo)
{
	return us_reference_parse(US_ARG_CSTRING(0, "model"));
}

/* The argument "model" where only a bare name will do. */
static char *
model_name(FunctionCallInfo fcinfo)
{
	char	   *text = US_ARG_CSTRING(0, "model");

	us_reference_parse_name(text);
	return text;
}

/* userseg.set_alias(model, alias, force) → int */
Datum
userseg_set_alias(PG_FUNCTION_ARGS)
{
	UsReference reference = model_reference(fcinfo);

	PG_RETURN_INT32(us_catalog_set_alias(&reference, US_ARG_CSTRING(1, "alias"), US_ARG_BOOL_OR(2, false)));
}

/* userseg.drop_alias(model, alias) → int */
Datum
userseg_drop_alias(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(us_catalog_drop_alias(model_name(fcinfo), US_ARG_CSTRING(1, "alias")));
}

/* userseg.rollback(model, alias) → int */
Datum
userseg_rollback(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(us_catalog_rollback(model_name(fcinfo), US_ARG_CSTRING(1, "alias")));
}

/* userseg.drop_version(model) → int */
Datum
userseg_drop_version(PG_FUNCTION_ARGS)
{
	UsReference reference = model_reference(fcinfo);

	PG_RETURN_INT32(us_catalog_drop_version(&reference));
}

/* userseg.drop_model(model) → int */
Datum
userseg_drop_model(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(us_catalog_drop_model(model_name(fcinfo)));
}

/* userseg.grant_usage(model, role) */
Datum
userseg_grant_usage(PG_FUNCTION_ARGS)
{
	us_catalog_grant(model_name(fcinfo), US_ARG_CSTRING(1, "role"));
	PG_RETURN_VOID();
}

/* userseg.revoke_usage(model, role) */
Datum
userseg_revoke_usage(PG_FUNCTION_ARGS)
{
	us_catalog_revoke(model_name(fcinfo), US_ARG_CSTRING(1, "role"));
	PG_RETURN_VOID();
}

/* userseg.reassign_owned(old_role, new_role) → bigint */
Datum
userseg_reassign_owned(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(us_catalog_reassign_owned(US_ARG_CSTRING(0, "old_role"), US_ARG_CSTRING(1, "new_role")));
}

/* ---- what is known ---- */

/* A row of a result in the making. */
typedef struct Row
{
	int			n;
	Datum		value[40];
	bool		null[40];
} Row;

static void
add(Row *row, Datum value, bool isnull)
{
	row->value[row->n] = value;
	row->null[row->n++] = isnull;
}

static void
add_text(Row *row, const char *text)
{
	add(row, text ? CStringGetTextDatum(text) : (Datum) 0, text == NULL);
}

static void
add_number(Row *row, double x)
{
	add(row, Float8GetDatum(x), isnan(x));
}

static void
add_texts(Row *row, int n, const char *const *texts)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(texts[i]);
	add(row, PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT)), false);
}

static void
put_row(FunctionCallInfo fcinfo, Row *row)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	Assert(row->n == rsinfo->setDesc->natts);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, row->value, row->null);
}

/* userseg.algorithms() → (algorithm, task, description, params) */
Datum
userseg_algorithms(PG_FUNCTION_ARGS)
{
	const UsAlgorithm *algorithm;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; (algorithm = us_algorithm_get(i)) != NULL; i++)
	{
		Row			row = {0};

		add_text(&row, algorithm->name);
		add_text(&row, algorithm->task);
		add_text(&row, algorithm->description);
		add(&row, JsonbPGetDatum(us_report_to_jsonb(us_params_describe(algorithm->params,
																		 us_algorithm_common_params(algorithm)))), false);
		put_row(fcinfo, &row);
	}
	return (Datum) 0;
}

/* userseg.training_info(model) → one row */
Datum
userseg_training_info(PG_FUNCTION_ARGS)
{
	UsReference reference = model_reference(fcinfo);
	UsVersionInfo info;
	UsVersionLineage *l;
	Row			row = {0};

	us_catalog_find(&reference, US_PRIVILEGE_USAGE, false, &info);
	l = us_catalog_lineage(&info);
	InitMaterializedSRF(fcinfo, 0);
	add_text(&row, info.model);
	add(&row, Int32GetDatum(info.version), false);
	add(&row, UUIDPGetDatum(&info.artifact_id), false);
	add_text(&row, info.algorithm);
	add_text(&row, us_task_name(info.task));
	add_text(&row, info.owner);
	add_text(&row, l->created_by);
	add(&row, TimestampTzGetDatum(info.created_at), false);
	add_text(&row, l->source);
	add_text(&row, l->target);
	add_text(&row, l->id);
	add_text(&row, l->weight);
	add_text(&row, l->time_column);
	add_texts(&row, l->n_columns, (const char *const *) l->columns);
	add(&row, JsonbPGetDatum(l->transform), false);
	add(&row, JsonbPGetDatum(l->params), false);
	add_text(&row, l->null_policy);
	add_number(&row, l->holdout);
	add(&row, Int64GetDatum(l->seed), false);
	add(&row, Int64GetDatum(info.n_rows), false);
	add_text(&row, psprintf("%016llx", (unsigned long long) l->data_checksum));
	add(&row, Int32GetDatum(l->iterations), false);
	add(&row, BoolGetDatum(info.converged), false);
	add_text(&row, l->metric);
	add_number(&row, l->metric_value);
	add_texts(&row, l->n_warnings, (const char *const *) l->warnings);
	add_text(&row, l->userseg_version);
	add_text(&row, l->postgres_version);
	add(&row, Int32GetDatum(l->parent), l->parent == 0);
	put_row(fcinfo, &row);
	return (Datum) 0;
}

/* userseg.feature_info(model) → a row for each feature */
Datum
userseg_feature_info(PG_FUNCTION_ARGS)
{
	UsModel    *model = us_model_open(US_ARG_CSTRING(0, "model"), US_PRIVILEGE_USAGE);
	int			n;
	UsFeatureInfo *info = us_registry_features(model, &n);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Row			row = {0};

		add_text(&row, info[i].name);
		add_text(&row, info[i].type);
		add(&row, BoolGetDatum(info[i].used), false);
		add_number(&row, info[i].weight);
		add_texts(&row, info[i].n_encoded, info[i].encoded);
		add(&row, info[i].details ? JsonbPGetDatum(us_report_to_jsonb(info[i].details)) : (Datum) 0,
			info[i].details == NULL);
		put_row(fcinfo, &row);
	}
	return (Datum) 0;
}
