/*
 * catalog_segment.c
 *	  Names of segments, tables of assignments, the log of runs.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "infra/compat.h"
#include "model/catalog_internal.h"

/* ---- names of segments ---- */

/* The number N of a default name "segment N"; 0 for another name. */
static int
default_name_of(const char *name)
{
	int64		id = 0;
	const char *s;

	if (strncmp(name, "segment ", 8) != 0 || name[8] < '1' || name[8] > '9')
		return 0;
	for (s = name + 8; *s >= '0' && *s <= '9'; s++)
	{
		id = id * 10 + (*s - '0');
		if (id > PG_INT32_MAX)
			return 0;
	}
	return *s == '\0' ? (int) id : 0;
}

static void
check_segment_name(const char *name)
{
	size_t		len = strlen(name);

	if (len == 0 || len > US_SEGMENT_NAME_BYTES || name[0] == ' ' || name[len - 1] == ' ')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a segment cannot be named \"%s\"", name),
				 errdetail("The name has %zu bytes.", len),
				 errhint("Names have 1 to %d bytes and no blank at either end.", US_SEGMENT_NAME_BYTES)));
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) name[i] < 32 || name[i] == 127)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the name of a segment cannot have control characters"),
					 errdetail("Byte %zu is %d.", i + 1, (int) name[i])));
}

/* Raise unless a version of the model has the segment. */
static void
check_segment(const char *model, int segment_id)
{
	UsArgs		args = {0};
	char	   *ids;

	us_args_text(&args, model);
	us_args_int(&args, segment_id);
	if (us_write_run("SELECT 1 FROM userseg._version WHERE model = $1 AND task = 'clustering'"
					 " AND $2 = ANY (segment_ids) LIMIT 1", &args) > 0)
		return;
	us_write_run("SELECT pg_catalog.array_to_string(segment_ids, ', ') FROM userseg._version"
				 " WHERE model = $1 AND task = 'clustering' AND $2 IS NOT NULL"
				 " ORDER BY version DESC LIMIT 1", &args);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" has no segments to name", model),
				 errdetail("Only models of task clustering have.")));
	ids = us_write_text(0, 1);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" has no segment %d", model, segment_id),
			 errdetail("The newest version has segments %s.", ids)));
}

/* Raise 42710 when another segment of the model has the name. */
static void
check_unique_name(const char *model, int segment_id, const char *name)
{
	int			other = default_name_of(name);
	UsArgs		args = {0};

	us_args_text(&args, model);
	us_args_int(&args, segment_id);
	us_args_text(&args, name);
	if (us_write_run("SELECT segment_id FROM userseg._segment_name"
					 " WHERE model = $1 AND name = $3 AND segment_id <> $2", &args) > 0)
		other = us_write_int(0, 1);
	if (other != 0 && other != segment_id)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("segment %d of model \"%s\" is named \"%s\" already", other, model, name),
				 errhint("Names are unique in a model, over all of its versions.")));
}

void
us_catalog_name_segment(const char *model, int segment_id, const char *name)
{
	UsArgs		args = {0};
	UsWrite		write;

	if (name)
		check_segment_name(name);
	us_write_begin(&write, "userseg.name_segment()");
	us_write_lock_model(&write, model);
	check_segment(model, segment_id);
	us_args_text(&args, model);
	us_args_int(&args, segment_id);
	if (name == NULL || default_name_of(name) == segment_id)
		us_write_run("DELETE FROM userseg._segment_name WHERE model = $1 AND segment_id = $2", &args);
	else
	{
		check_unique_name(model, segment_id, name);
		us_args_text(&args, name);
		us_args_text(&args, write.role);
		us_write_run("INSERT INTO userseg._segment_name (model, segment_id, name, named_at, named_by)"
					 " VALUES ($1, $2, $3, pg_catalog.now(), $4)"
					 " ON CONFLICT (model, segment_id) DO UPDATE SET name = EXCLUDED.name,"
					 " named_at = EXCLUDED.named_at, named_by = EXCLUDED.named_by", &args);
	}
	us_write_end(&write);
}

/* ---- assignments ---- */

void
us_catalog_assignment_put(const UsAssignment *assignment)
{
	UsArgs		args = {0};
	UsWrite		write;

	us_write_begin(&write, "userseg.assign()");
	us_args_text(&args, assignment->table_schema);
	us_args_text(&args, assignment->table_name);
	us_args_text(&args, assignment->history_name[0] ? assignment->history_name : NULL);
	us_args_text(&args, assignment->model);
	us_args_text(&args, assignment->id_column);
	us_args_int(&args, assignment->version);
	us_args_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(assignment->as_of), false);
	us_args_text(&args, assignment->owner);
	us_write_run("INSERT INTO userseg._assignment (table_schema, table_name, history_name, model, id,"
				 " version, as_of, owner, assigned_at)"
				 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, pg_catalog.now())"
				 " ON CONFLICT (table_schema, table_name) DO UPDATE SET history_name = EXCLUDED.history_name,"
				 " model = EXCLUDED.model, id = EXCLUDED.id, version = EXCLUDED.version,"
				 " as_of = EXCLUDED.as_of, owner = EXCLUDED.owner, assigned_at = EXCLUDED.assigned_at", &args);
	us_write_end(&write);
}

/* ---- runs ---- */

int64
us_catalog_log_run(const UsRun *run)
{
	UsArgs		args = {0};
	UsWrite		write;
	bool		isnull;
	int64		number;

	us_write_begin(&write, "userseg run log");
	us_args_text(&args, run->kind);
	us_args_text(&args, run->model);
	us_args_datum(&args, INT4OID, Int32GetDatum(run->version), run->version == 0);
	us_args_datum(&args, BOOLOID, BoolGetDatum(run->ok), false);
	us_args_text(&args, run->message);
	us_args_datum(&args, TIMESTAMPTZOID, TimestampTzGetDatum(run->started_at), false);
	us_args_datum(&args, INT8OID, Int64GetDatum(run->n_rows), run->n_rows < 0);
	us_args_jsonb(&args, run->details, "{}");
	us_args_text(&args, write.role);
	us_write_run("INSERT INTO userseg._run (kind, model, version, ok, message, started_at, finished_at,"
				 " n_rows, details, role, owner)"
				 " VALUES ($1, $2, $3, $4, $5, $6, pg_catalog.clock_timestamp(), $7, $8, $9,"
				 " COALESCE((SELECT m.owner FROM userseg._model m WHERE m.name = $2), $9))"
				 " RETURNING run", &args);
	number = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	us_write_end(&write);
	return number;
}
