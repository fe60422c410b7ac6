/*
 * catalog.c
 *	  Reading the registry: which version a reference means, where it came from, its
 *	  artifact, the names of segments.
 *
 * The rows of a version, of its chunks and of its lineage are written in one
 * transaction and never changed: a snapshot that sees the version sees all of them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "infra/args.h"
#include "infra/closest.h"
#include "infra/compat.h"
#include "infra/guc.h"
#include "model/artifact.h"
#include "model/catalog_internal.h"

/* ---- finding a version ---- */

/* The owner of a model, NAMEDATALEN bytes; false when there is no such model. */
static bool
find_model(const char *name, char *owner)
{
	ScanKeyData key[1];
	UsScan		scan;
	HeapTuple	tuple;

	us_key_text(&key[0], US_MODEL_NAME, name);
	us_scan_begin(&scan, US_TABLE_MODEL, 1, key);
	tuple = us_scan_next(&scan);
	if (tuple)
		us_scan_name(&scan, tuple, US_MODEL_OWNER, owner);
	us_scan_end(&scan);
	return tuple != NULL;
}

static void
check_privilege(const char *name, const char *owner, UsPrivilege privilege)
{
	if (privilege == US_PRIVILEGE_OWNER)
	{
		if (!us_privilege_acts_as(owner))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be owner of model \"%s\"", name),
					 errdetail("Its owner is \"%s\".", owner)));
	}
	else if (!us_catalog_may_use(name, owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for model \"%s\"", name),
				 errhint("Its owner, \"%s\", can grant USAGE with userseg.grant_usage().", owner)));
}

/* The version that an alias points to; 0 when there is no such alias. */
static int
find_alias(const char *model, const char *alias)
{
	ScanKeyData key[2];
	UsScan		scan;
	HeapTuple	tuple;
	int			version = 0;

	us_key_text(&key[0], US_ALIAS_MODEL, model);
	us_key_text(&key[1], US_ALIAS_ALIAS, alias);
	us_scan_begin(&scan, US_TABLE_ALIAS, 2, key);
	tuple = us_scan_next(&scan);
	if (tuple)
		version = us_scan_int(&scan, tuple, US_ALIAS_VERSION);
	us_scan_end(&scan);
	return version;
}

pg_noreturn static void
no_alias(const UsReference *reference)
{
	UsClosest	closest;
	ScanKeyData key[1];
	UsScan		scan;
	HeapTuple	tuple;

	us_closest_init(&closest, reference->alias);
	us_key_text(&key[0], US_ALIAS_MODEL, reference->name);
	us_scan_begin(&scan, US_TABLE_ALIAS, 1, key);
	while ((tuple = us_scan_next(&scan)) != NULL)
		us_closest_offer(&closest, us_scan_text(&scan, tuple, US_ALIAS_ALIAS));
	us_scan_end(&scan);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no alias \"%s\"", reference->name, reference->alias),
			 errhint("The view userseg.aliases lists them; userseg.set_alias() makes one.%s",
					 us_closest_hint(&closest))));
}

static void
fill_info(UsScan *scan, HeapTuple tuple, UsVersionInfo *info)
{
	bool		isnull;
	ArrayType  *ids;

	us_scan_name(scan, tuple, US_VERSION_MODEL, info->model);
	info->version = us_scan_int(scan, tuple, US_VERSION_VERSION);
	info->artifact_id = *DatumGetUUIDP(us_scan_datum(scan, tuple, US_VERSION_ARTIFACT_ID, &isnull));
	info->artifact_bytes = DatumGetInt64(us_scan_datum(scan, tuple, US_VERSION_BYTES, &isnull));
	us_scan_name(scan, tuple, US_VERSION_ALGORITHM, info->algorithm);
	if (!us_task_parse(us_scan_text(scan, tuple, US_VERSION_TASK), &info->task))
		elog(ERROR, "version %d of model \"%s\" has an unknown task", info->version, info->model);
	info->n_labels = us_scan_int(scan, tuple, US_VERSION_N_LABELS);
	info->n_rows = DatumGetInt64(us_scan_datum(scan, tuple, US_VERSION_N_ROWS, &isnull));
	info->n_features = us_scan_int(scan, tuple, US_VERSION_N_FEATURES);
	info->converged = DatumGetBool(us_scan_datum(scan, tuple, US_VERSION_CONVERGED, &isnull));
	info->created_at = DatumGetTimestampTz(us_scan_datum(scan, tuple, US_VERSION_CREATED_AT, &isnull));

	ids = DatumGetArrayTypePCopy(us_scan_datum(scan, tuple, US_VERSION_SEGMENT_IDS, &isnull));
	if (ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids)) != info->n_labels || array_contains_nulls(ids))
		elog(ERROR, "version %d of model \"%s\" has %d labels but other segment numbers",
			 info->version, info->model, info->n_labels);
	info->segment_ids = (int *) ARR_DATA_PTR(ids);
}

/* Fill info for one version, or the newest one when version is 0; false when there is none. */
static bool
find_version(const char *model, int version, UsVersionInfo *info)
{
	ScanKeyData key[2];
	UsScan		scan;
	HeapTuple	tuple;

	us_key_text(&key[0], US_VERSION_MODEL, model);
	us_key_int(&key[1], US_VERSION_VERSION, version);
	us_scan_begin(&scan, US_TABLE_VERSION, version == 0 ? 1 : 2, key);
	tuple = version == 0 ? us_scan_previous(&scan) : us_scan_next(&scan);
	if (tuple)
		fill_info(&scan, tuple, info);
	us_scan_end(&scan);
	return tuple != NULL;
}

void
us_catalog_no_version(const UsReference *reference)
{
	UsVersionInfo newest;

	if (reference->kind == US_REF_ALIAS)
		no_alias(reference);
	if (!find_version(reference->name, 0, &newest))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no version", reference->name),
				 errhint("All were dropped; userseg.train() makes a new one.")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no version %d", reference->name, reference->version),
			 errhint("The newest one is '%s@%d'; the view userseg.model_versions lists them.",
					 reference->name, newest.version)));
}

bool
us_catalog_find(const UsReference *reference, UsPrivilege privilege,
				bool missing_ok, UsVersionInfo *info)
{
	char		owner[NAMEDATALEN];
	int			version = reference->version;

	if (!find_model(reference->name, owner))
	{
		if (missing_ok)
			return false;
		us_catalog_no_model(reference->name);
	}
	check_privilege(reference->name, owner, privilege);

	if (reference->kind != US_REF_VERSION)
		version = find_alias(reference->name, reference->kind == US_REF_ALIAS ?
							 reference->alias : US_DEFAULT_ALIAS);
	if ((reference->kind == US_REF_ALIAS && version == 0) ||
		!find_version(reference->name, version, info))
	{
		if (missing_ok)
			return false;
		us_catalog_no_version(reference);
	}
	strlcpy(info->owner, owner, NAMEDATALEN);
	return true;
}

void
us_catalog_check_model(const char *name)
{
	char		owner[NAMEDATALEN];

	us_reference_check_name(name, "model name");
	if (find_model(name, owner))
		check_privilege(name, owner, US_PRIVILEGE_OWNER);
}

void
us_catalog_begin_model(const char *name, const char *command)
{
	us_catalog_check_model(name);
	PreventCommandIfReadOnly(command);
	PreventCommandIfParallelMode(command);
}

/* ---- what belongs to a version ---- */

static Jsonb *
scan_jsonb(UsScan *scan, HeapTuple tuple, AttrNumber column)
{
	bool		isnull;

	return DatumGetJsonbPCopy(us_scan_datum(scan, tuple, column, &isnull));
}

static char **
scan_texts(UsScan *scan, HeapTuple tuple, AttrNumber column, int *n)
{
	bool		isnull;
	Datum		value = us_scan_datum(scan, tuple, column, &isnull);

	return us_array_cstrings(DatumGetArrayTypeP(value), "array", n);
}

UsVersionLineage *
us_catalog_lineage(const UsVersionInfo *info)
{
	UsVersionLineage *l = palloc0(sizeof(UsVersionLineage));
	ScanKeyData key[2];
	UsScan		scan;
	HeapTuple	tuple;
	bool		isnull;

	us_key_text(&key[0], US_VERSION_MODEL, info->model);
	us_key_int(&key[1], US_VERSION_VERSION, info->version);
	us_scan_begin(&scan, US_TABLE_VERSION, 2, key);
	tuple = us_scan_next(&scan);
	if (tuple == NULL)
		elog(ERROR, "version %d of model \"%s\" is gone", info->version, info->model);

	l->created_by = us_scan_text(&scan, tuple, US_VERSION_CREATED_BY);
	l->source = us_scan_text(&scan, tuple, US_VERSION_SOURCE);
	l->target = us_scan_text(&scan, tuple, US_VERSION_TARGET);
	l->id = us_scan_text(&scan, tuple, US_VERSION_ID);
	l->weight = us_scan_text(&scan, tuple, US_VERSION_WEIGHT);
	l->time_column = us_scan_text(&scan, tuple, US_VERSION_TIME_COLUMN);
	l->columns = scan_texts(&scan, tuple, US_VERSION_COLUMNS, &l->n_columns);
	l->transform = scan_jsonb(&scan, tuple, US_VERSION_TRANSFORM);
	l->params = scan_jsonb(&scan, tuple, US_VERSION_PARAMS);
	l->null_policy = us_scan_text(&scan, tuple, US_VERSION_NULL_POLICY);
	l->holdout = DatumGetFloat8(us_scan_datum(&scan, tuple, US_VERSION_HOLDOUT, &isnull));
	l->seed = DatumGetInt64(us_scan_datum(&scan, tuple, US_VERSION_SEED, &isnull));
	l->data_checksum = strtou64(us_scan_text(&scan, tuple, US_VERSION_CHECKSUM), NULL, 16);
	l->userseg_version = us_scan_text(&scan, tuple, US_VERSION_USERSEG);
	l->postgres_version = us_scan_text(&scan, tuple, US_VERSION_POSTGRES);
	l->parent = us_scan_int(&scan, tuple, US_VERSION_PARENT);
	l->metric = us_scan_text(&scan, tuple, US_VERSION_METRIC);
	l->metric_value = DatumGetFloat8(us_scan_datum(&scan, tuple, US_VERSION_METRIC_VALUE, &isnull));
	if (isnull)
		l->metric_value = get_float8_nan();
	l->iterations = us_scan_int(&scan, tuple, US_VERSION_ITERATIONS);
	l->warnings = scan_texts(&scan, tuple, US_VERSION_WARNINGS, &l->n_warnings);
	l->metrics = scan_jsonb(&scan, tuple, US_VERSION_METRICS);
	l->details = scan_jsonb(&scan, tuple, US_VERSION_DETAILS);
	us_scan_end(&scan);
	return l;
}

void *
us_catalog_artifact(const UsVersionInfo *info, size_t *len)
{
	size_t		done = 0;
	int			next = 0;
	char	   *data;
	ScanKeyData key[2];
	UsScan		scan;
	HeapTuple	tuple;

	if (info->artifact_bytes < 0 || info->artifact_bytes > (int64) us_max_artifact_kb * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("version %d of model \"%s\" has " INT64_FORMAT " bytes, more than the %d kB allowed",
						info->version, info->model, info->artifact_bytes, us_max_artifact_kb),
				 errhint("A superuser can raise userseg.max_artifact_size.")));
	*len = info->artifact_bytes;
	data = palloc(Max(*len, 1));

	us_key_uuid(&key[0], US_CHUNK_ARTIFACT_ID, &info->artifact_id);
	us_key_int(&key[1], US_CHUNK_PART, 0);
	us_scan_begin(&scan, US_TABLE_CHUNK, 2, key);
	while ((tuple = us_scan_next(&scan)) != NULL)
	{
		bool		isnull;
		Datum		stored = us_scan_datum(&scan, tuple, US_CHUNK_DATA, &isnull);
		bytea	   *chunk = DatumGetByteaPP(stored);
		size_t		size = VARSIZE_ANY_EXHDR(chunk);

		CHECK_FOR_INTERRUPTS();
		if (us_scan_int(&scan, tuple, US_CHUNK_CHUNK) != next++ || size > *len - done)
			break;
		memcpy(data + done, VARDATA_ANY(chunk), size);
		done += size;
		if ((Pointer) chunk != DatumGetPointer(stored))
			pfree(chunk);
	}
	us_scan_end(&scan);
	if (tuple != NULL || done != *len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("stored model of version %d of model \"%s\" is damaged", info->version, info->model),
				 errdetail("%zu of %zu bytes fit together in %d chunks.", done, *len, next)));
	return data;
}

/* ---- names of segments ---- */

void
us_catalog_segment_names(const char *model, int n, const int *segment_ids, char **names)
{
	ScanKeyData key[1];
	UsScan		scan;
	HeapTuple	tuple;

	for (int i = 0; i < n; i++)
		names[i] = NULL;
	us_key_text(&key[0], US_SEGMENT_NAME_MODEL, model);
	us_scan_begin(&scan, US_TABLE_SEGMENT_NAME, 1, key);
	while ((tuple = us_scan_next(&scan)) != NULL)
	{
		int			id = us_scan_int(&scan, tuple, US_SEGMENT_NAME_ID);

		for (int i = 0; i < n; i++)
			if (segment_ids[i] == id)
				names[i] = us_scan_text(&scan, tuple, US_SEGMENT_NAME_NAME);
	}
	us_scan_end(&scan);
	for (int i = 0; i < n; i++)
		if (names[i] == NULL)
			names[i] = psprintf("segment %d", segment_ids[i]);
}

/* ---- assignments ---- */

bool
us_catalog_assignment_get(const char *schema, const char *table, UsAssignment *assignment)
{
	ScanKeyData key[2];
	UsScan		scan;
	HeapTuple	tuple;
	bool		isnull;

	us_key_text(&key[0], US_ASSIGNMENT_SCHEMA, schema);
	us_key_text(&key[1], US_ASSIGNMENT_TABLE, table);
	us_scan_begin(&scan, US_TABLE_ASSIGNMENT, 2, key);
	tuple = us_scan_next(&scan);
	if (tuple)
	{
		us_scan_name(&scan, tuple, US_ASSIGNMENT_SCHEMA, assignment->table_schema);
		us_scan_name(&scan, tuple, US_ASSIGNMENT_TABLE, assignment->table_name);
		us_scan_name(&scan, tuple, US_ASSIGNMENT_HISTORY, assignment->history_name);
		us_scan_name(&scan, tuple, US_ASSIGNMENT_MODEL, assignment->model);
		us_scan_name(&scan, tuple, US_ASSIGNMENT_ID, assignment->id_column);
		assignment->version = us_scan_int(&scan, tuple, US_ASSIGNMENT_VERSION);
		assignment->as_of = DatumGetTimestampTz(us_scan_datum(&scan, tuple, US_ASSIGNMENT_AS_OF, &isnull));
		us_scan_name(&scan, tuple, US_ASSIGNMENT_OWNER, assignment->owner);
	}
	us_scan_end(&scan);
	return tuple != NULL;
}
