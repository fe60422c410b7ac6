/*
 * catalog_write.c
 *	  How the registry is written: SQL as the owner of the tables.
 *
 * A write switches to the owner of the tables in a security-restricted operation and
 * pins search_path, so that neither the rights nor the path of the caller
 * matter and nothing that a user made can be picked up.  The statements are
 * constants; what users say goes in as parameters of types of pg_catalog.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "infra/compat.h"
#include "model/catalog_internal.h"

/* ---- parameters ---- */

void
us_args_datum(UsArgs *args, Oid type, Datum value, bool isnull)
{
	Assert(args->n < US_MAX_ARGS);
	args->type[args->n] = type;
	args->value[args->n] = value;
	args->null[args->n] = isnull ? 'n' : ' ';
	args->n++;
}

void
us_args_text(UsArgs *args, const char *value)
{
	us_args_datum(args, TEXTOID, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

void
us_args_int(UsArgs *args, int value)
{
	us_args_datum(args, INT4OID, Int32GetDatum(value), false);
}

void
us_args_int8(UsArgs *args, int64 value)
{
	us_args_datum(args, INT8OID, Int64GetDatum(value), false);
}

void
us_args_texts(UsArgs *args, int n, char **values)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(values[i]);
	us_args_datum(args, TEXTARRAYOID,
				  PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT)),
				  false);
}

void
us_args_jsonb(UsArgs *args, Jsonb *value, const char *otherwise)
{
	us_args_datum(args, JSONBOID,
				  value ? JsonbPGetDatum(value) :
				  DirectFunctionCall1(jsonb_in, CStringGetDatum(otherwise)), false);
}

/* ---- acting as the owner ---- */

void
us_write_begin(UsWrite *write, const char *command)
{
	PreventCommandIfReadOnly(command);
	PreventCommandIfParallelMode(command);
	write->context = CurrentMemoryContext;
	write->role = us_privilege_current_role();
	GetUserIdAndSecContext(&write->user, &write->security);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SetUserIdAndSecContext(us_catalog_tables_owner(),
						   write->security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	write->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
us_write_end(UsWrite *write)
{
	AtEOXact_GUC(false, write->guc_level);
	SetUserIdAndSecContext(write->user, write->security);
	SPI_finish();
	MemoryContextSwitchTo(write->context);
}

uint64
us_write_run(const char *sql, UsArgs *args)
{
	int			rc = SPI_execute_with_args(sql, args->n, args->type, args->value, args->null, false, 0);

	if (rc < 0)
		elog(ERROR, "registry statement failed: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

int
us_write_int(uint64 row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

char *
us_write_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/* ---- the model that is written ---- */

void
us_write_lock_model(const UsWrite *write, const char *name)
{
	static const char *const sql[] = {
		"SELECT owner FROM userseg._model WHERE name = $1",
		"SELECT owner FROM userseg._model WHERE name = $1 FOR UPDATE",
	};
	UsArgs		args = {0};

	us_args_text(&args, name);

	/* without the lock first, so that nobody can lock what is not theirs */
	for (int i = 0; i < lengthof(sql); i++)
	{
		const char *owner;

		if (us_write_run(sql[i], &args) == 0)
		{
			/* the hint shows what the caller may see */
			SetUserIdAndSecContext(write->user, write->security);
			us_catalog_no_model(name);
		}
		owner = us_write_text(0, 1);
		if (!us_privilege_user_acts_as(write->user, owner))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be owner of model \"%s\"", name),
					 errdetail("Its owner is \"%s\".", owner)));
	}
}

int
us_write_resolve(const UsReference *reference, bool *converged)
{
	static const char *const sql[] = {
		[US_REF_DEFAULT] =
		"SELECT version, converged FROM userseg._version WHERE model = $1 AND version = COALESCE("
		"(SELECT a.version FROM userseg._alias a WHERE a.model = $1 AND a.alias = $2),"
		"(SELECT pg_catalog.max(v.version) FROM userseg._version v WHERE v.model = $1))",
		[US_REF_ALIAS] =
		"SELECT version, converged FROM userseg._version WHERE model = $1 AND version ="
		" (SELECT a.version FROM userseg._alias a WHERE a.model = $1 AND a.alias = $2)",
		[US_REF_VERSION] =
		"SELECT version, converged FROM userseg._version WHERE model = $1 AND version = $3",
	};
	UsArgs		args = {0};
	bool		isnull;

	us_args_text(&args, reference->name);
	us_args_text(&args, reference->kind == US_REF_ALIAS ? reference->alias : US_DEFAULT_ALIAS);
	us_args_int(&args, reference->version);
	if (us_write_run(sql[reference->kind], &args) == 0)
		us_catalog_no_version(reference);
	*converged = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	return us_write_int(0, 1);
}
