/*
 * catalog_version.c
 *	  Storing and dropping versions.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "infra/compat.h"
#include "model/artifact.h"
#include "model/catalog_internal.h"

/* Create the model, owned by the caller, unless it exists, and lock its row. */
static void
ensure_model(const UsWrite *write, const char *name)
{
	UsArgs		args = {0};

	us_args_text(&args, name);
	us_args_text(&args, write->role);
	us_write_run("INSERT INTO userseg._model AS m (name, owner, created_at)"
				 " VALUES ($1, $2, pg_catalog.clock_timestamp())"
				 " ON CONFLICT (name) DO UPDATE SET last_version = m.last_version", &args);
}

static int
compare_int(const void *a, const void *b)
{
	int			x = *(const int *) a;
	int			y = *(const int *) b;

	return (x > y) - (x < y);
}

/*
 * The durable numbers of the labels: classes 1..n, clusters as the caller aligned
 * them, with fresh numbers above *last for those that it left open (0).  Raises *last.
 */
static int *
durable_ids(const UsNewVersion *new, int *last)
{
	int		   *ids = palloc(sizeof(int) * Max(new->n_labels, 1));
	int		   *sorted = palloc(sizeof(int) * Max(new->n_labels, 1));

	for (int i = 0; i < new->n_labels; i++)
	{
		if (new->segment_ids)
			ids[i] = new->segment_ids[i];
		else
			ids[i] = new->task == US_TASK_CLUSTERING ? 0 : i + 1;
		*last = Max(*last, ids[i]);
	}
	for (int i = 0; i < new->n_labels; i++)
		if (ids[i] == 0)
			ids[i] = ++*last;
	memcpy(sorted, ids, sizeof(int) * new->n_labels);
	qsort(sorted, new->n_labels, sizeof(int), compare_int);
	for (int i = 0; i < new->n_labels; i++)
		if (sorted[i] < 1 || (i > 0 && sorted[i] == sorted[i - 1]))
			elog(ERROR, "segment number %d is not positive and unique", sorted[i]);
	return ids;
}

/* Take the next version number and the segment numbers, under the lock of the model. */
static int
next_version(const UsNewVersion *new, int **ids)
{
	UsArgs		args = {0};
	int			version;
	int			last;

	us_args_text(&args, new->model);
	us_write_run("SELECT last_version, last_segment_id FROM userseg._model WHERE name = $1", &args);
	version = us_write_int(0, 1) + 1;
	last = us_write_int(0, 2);
	*ids = durable_ids(new, &last);
	us_args_int(&args, version);
	us_args_int(&args, last);
	us_write_run("UPDATE userseg._model SET last_version = $2, last_segment_id = $3 WHERE name = $1", &args);
	return version;
}

static void
random_uuid(pg_uuid_t *uuid)
{
	if (!pg_strong_random(uuid->data, UUID_LEN))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random values")));
	/* version 4, variant of RFC 4122 */
	uuid->data[6] = (uuid->data[6] & 0x0f) | 0x40;
	uuid->data[8] = (uuid->data[8] & 0x3f) | 0x80;
}

static void
args_ids(UsArgs *args, int n, const int *ids)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = Int32GetDatum(ids[i]);
	us_args_datum(args, INT4ARRAYOID,
				  PointerGetDatum(construct_array(elements, n, INT4OID, 4, true, TYPALIGN_INT)), false);
}

static void
insert_version(const UsWrite *write, const UsNewVersion *new, int version,
			   const int *ids, const pg_uuid_t *artifact_id)
{
	Interval	duration = {.time = new->duration_us};
	UsArgs		args = {0};
	StringInfoData sql;

	us_args_text(&args, new->model);
	us_args_int(&args, version);
	us_args_datum(&args, UUIDOID, UUIDPGetDatum(artifact_id), false);
	us_args_int8(&args, VARSIZE(new->artifact) - VARHDRSZ);
	us_args_text(&args, new->algorithm);
	us_args_text(&args, us_task_name(new->task));
	us_args_int(&args, new->n_labels);
	args_ids(&args, new->n_labels, ids);
	us_args_int8(&args, new->n_rows);
	us_args_int(&args, new->n_features);
	us_args_datum(&args, BOOLOID, BoolGetDatum(new->converged), false);
	us_args_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(GetCurrentTimestamp()), false);
	us_args_text(&args, write->role);
	us_args_text(&args, new->metric);
	us_args_datum(&args, FLOAT8OID, Float8GetDatum(new->metric_value), isnan(new->metric_value));
	us_args_int(&args, new->iterations);
	us_args_datum(&args, INTERVALOID, IntervalPGetDatum(&duration), false);
	us_args_texts(&args, new->n_warnings, new->warnings);
	us_args_jsonb(&args, new->metrics, "[]");
	us_args_jsonb(&args, new->details, "{}");
	us_args_text(&args, new->source);
	us_args_text(&args, new->target);
	us_args_text(&args, new->id);
	us_args_text(&args, new->weight);
	us_args_text(&args, new->time_column);
	us_args_texts(&args, new->n_columns, new->columns);
	us_args_jsonb(&args, new->transform, "{}");
	us_args_jsonb(&args, new->params, "{}");
	us_args_text(&args, new->null_policy);
	us_args_datum(&args, FLOAT8OID, Float8GetDatum(new->holdout), false);
	us_args_int8(&args, new->seed);
	us_args_text(&args, psprintf("%016llx", (unsigned long long) new->data_checksum));
	us_args_text(&args, US_VERSION);
	us_args_text(&args, PG_VERSION);
	us_args_datum(&args, INT4OID, Int32GetDatum(new->parent), new->parent == 0);
	Assert(args.n == US_VERSION_PARENT);

	/* the parameters stand in the order of the columns */
	initStringInfo(&sql);
	appendStringInfoString(&sql, "INSERT INTO userseg._version VALUES ($1");
	for (int i = 2; i <= args.n; i++)
		appendStringInfo(&sql, ", $%d", i);
	appendStringInfoChar(&sql, ')');
	us_write_run(sql.data, &args);
}

static void
insert_artifact(const bytea *artifact, const pg_uuid_t *artifact_id)
{
	const char *data = VARDATA(artifact);
	size_t		len = VARSIZE(artifact) - VARHDRSZ;
	size_t		size;
	int			chunk = 0;

	for (size_t done = 0; done < len || chunk == 0; done += size)
	{
		bytea	   *piece;
		UsArgs		args = {0};

		size = Min(len - done, US_CHUNK_BYTES);
		piece = palloc(VARHDRSZ + size);
		SET_VARSIZE(piece, VARHDRSZ + size);
		memcpy(VARDATA(piece), data + done, size);
		us_args_datum(&args, UUIDOID, UUIDPGetDatum(artifact_id), false);
		us_args_int(&args, chunk++);
		us_args_datum(&args, BYTEAOID, PointerGetDatum(piece), false);
		us_write_run("INSERT INTO userseg._artifact_chunk (artifact_id, part, chunk, data)"
					 " VALUES ($1, 0, $2, $3)", &args);
		pfree(piece);
	}
}

/* Name the segments whose labels have a fixed meaning, unless the names are taken. */
static void
name_labels(const UsWrite *write, const UsNewVersion *new, const int *ids)
{
	for (int i = 0; i < new->n_labels; i++)
	{
		UsArgs		args = {0};

		us_args_text(&args, new->model);
		us_args_int(&args, ids[i]);
		us_args_text(&args, new->label_names[i]);
		us_args_text(&args, write->role);
		us_write_run("INSERT INTO userseg._segment_name (model, segment_id, name, named_at, named_by)"
					 " VALUES ($1, $2, $3, pg_catalog.now(), $4) ON CONFLICT DO NOTHING", &args);
	}
}

int
us_catalog_add_version(const UsNewVersion *new)
{
	pg_uuid_t	artifact_id;
	UsWrite		write;
	int		   *ids;
	int			version;

	us_reference_check_name(new->model, "model name");
	if (new->alias)
		us_reference_check_name(new->alias, "alias");
	random_uuid(&artifact_id);

	us_write_begin(&write, "userseg.train()");
	ensure_model(&write, new->model);
	us_write_lock_model(&write, new->model);
	version = next_version(new, &ids);
	insert_version(&write, new, version, ids, &artifact_id);
	insert_artifact(new->artifact, &artifact_id);
	if (new->label_names && new->segment_ids == NULL)
		name_labels(&write, new, ids);
	if (new->alias && (new->converged || new->force))
		us_write_move_alias(&write, new->model, new->alias, version);
	us_write_end(&write);

	if (new->alias && !new->converged && !new->force)
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("alias \"%s\" was not moved to version %d of model \"%s\", which did not converge",
						new->alias, version, new->model),
				 errhint("Train with more iterations, or move it with userseg.set_alias('%s@%d', '%s', force => true).",
						 new->model, version, new->alias)));
	return version;
}

int
us_catalog_lock_version(const UsReference *reference, const char *command)
{
	UsWrite		write;
	bool		converged;
	int			version;

	us_write_begin(&write, command);
	us_write_lock_model(&write, reference->name);
	version = us_write_resolve(reference, &converged);
	us_write_end(&write);
	return version;
}

/* Delete a version and its artifact, or all of them (0), under the lock of the model; returns how many. */
static int
delete_versions(const char *model, int version)
{
	UsArgs		args = {0};

	us_args_text(&args, model);
	us_args_int(&args, version);
	us_write_run("DELETE FROM userseg._artifact_chunk WHERE artifact_id IN"
				 " (SELECT v.artifact_id FROM userseg._version v WHERE v.model = $1 AND $2 IN (0, v.version))", &args);
	return (int) us_write_run("DELETE FROM userseg._version WHERE model = $1 AND $2 IN (0, version)", &args);
}

int
us_catalog_drop_model(const char *name)
{
	static const char *const sql[] = {
		"DELETE FROM userseg._alias WHERE model = $1",
		"DELETE FROM userseg._alias_history WHERE model = $1",
		"DELETE FROM userseg._grant WHERE model = $1",
		"DELETE FROM userseg._segment_name WHERE model = $1",
		"DELETE FROM userseg._trial WHERE model = $1",
		"DELETE FROM userseg._model WHERE name = $1",
	};
	UsArgs		args = {0};
	UsWrite		write;
	int			n;

	us_write_begin(&write, "userseg.drop_model()");
	us_write_lock_model(&write, name);
	n = delete_versions(name, 0);
	us_args_text(&args, name);
	for (int i = 0; i < lengthof(sql); i++)
		us_write_run(sql[i], &args);
	us_write_end(&write);
	return n;
}

/* Raise 55000 when an alias other than but points to the version. */
static void
check_no_alias(const char *model, int version, const char *but)
{
	UsArgs		args = {0};
	char	   *aliases;

	us_args_text(&args, model);
	us_args_int(&args, version);
	us_args_text(&args, but);
	us_write_run("SELECT pg_catalog.string_agg(pg_catalog.quote_ident(alias), ', ' ORDER BY alias)"
				 " FROM userseg._alias WHERE model = $1 AND version = $2 AND alias <> $3", &args);
	aliases = us_write_text(0, 1);
	if (aliases)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot drop version %d of model \"%s\" while an alias points to it", version, model),
				 errdetail("Aliases: %s.", aliases),
				 errhint("Move them with userseg.set_alias() or remove them with userseg.drop_alias().")));
}

int
us_catalog_drop_version(const UsReference *reference)
{
	UsWrite		write;
	bool		converged;
	int			version;

	if (reference->kind == US_REF_DEFAULT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("a version is needed: \"%s\" names the whole model", reference->name),
				 errhint("Write '%s@version', as in '%s@1', or use userseg.drop_model().",
						 reference->name, reference->name)));
	us_write_begin(&write, "userseg.drop_version()");
	us_write_lock_model(&write, reference->name);
	version = us_write_resolve(reference, &converged);
	check_no_alias(reference->name, version, reference->alias);
	if (reference->kind == US_REF_ALIAS)
		us_write_remove_alias(&write, reference->name, reference->alias, version);
	delete_versions(reference->name, version);
	us_write_end(&write);
	return version;
}
