/*
 * assign_table.c
 *	  The two tables of an assignment: found, locked, checked, created.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"
#include "utils/varlena.h"

#include "infra/compat.h"
#include "math/hash.h"
#include "verbs/assign_table.h"

/*
 * The class of advisory locks on names of tables that are being created; those of SQL
 * functions are 1 and 2.
 */
#define NAME_LOCK_CLASS	0x5347

/* A column besides the id. */
typedef struct Column
{
	const char *name;
	Oid			type;
	const char *type_sql;
	bool		not_null;
	const char *comment;
} Column;

static const Column columns[] = {
	[US_ASSIGN_SEGMENT_ID] = {"segment_id", INT4OID, "pg_catalog.int4", false,
	"Number of the segment or class; NULL where the row could not be scored"},
	[US_ASSIGN_SEGMENT] = {"segment", TEXTOID, "pg_catalog.text", false,
	"Name of the segment or class"},
	[US_ASSIGN_VALUE] = {"value", FLOAT8OID, "pg_catalog.float8", false,
	"Regression value, or probability of the positive class, where the model gives one"},
	[US_ASSIGN_PROBABILITY] = {"probability", FLOAT8OID, "pg_catalog.float8", false,
	"Probability of the segment or class, where the model gives one"},
	[US_ASSIGN_VERSION] = {"version", INT4OID, "pg_catalog.int4", true,
	"Version of the model that gave the row its values"},
	[US_ASSIGN_VALID_FROM] = {"valid_from", TIMESTAMPTZOID, "pg_catalog.timestamptz", true,
	"Since when the id is in the segment"},
	[US_ASSIGN_VALID_TO] = {"valid_to", TIMESTAMPTZOID, "pg_catalog.timestamptz", true,
	"Until when it was, exclusive"}
};

const char *
us_assign_column_name(UsAssignColumn column)
{
	return columns[column].name;
}

char *
us_assign_table_sql(const UsAssignTable *table)
{
	return quote_qualified_identifier(table->schema, table->name);
}

char *
us_assign_history_sql(const UsAssignTable *table)
{
	return quote_qualified_identifier(table->schema, table->history);
}

/* ---- finding and locking ---- */

/* Before a relation is locked: it must be a table that the user may read and write. */
static void
before_lock(const RangeVar *name, Oid relation, Oid previous, void *arg)
{
	static const AclMode needed[] = {ACL_SELECT, ACL_INSERT, ACL_UPDATE, ACL_DELETE};
	char		kind;

	if (!OidIsValid(relation) || (kind = get_rel_relkind(relation)) == '\0')
		return;
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("\"%s\" exists and is not a table", name->relname),
				 errhint("Choose another name for into_table.")));
	for (int i = 0; i < lengthof(needed); i++)
	{
		AclResult	acl = pg_class_aclcheck(relation, GetUserId(), needed[i]);

		if (acl != ACLCHECK_OK)
			aclcheck_error(acl, OBJECT_TABLE, name->relname);
	}
}

pg_noreturn static void
refuse_temporary(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("\"%s\" would be a temporary table", name),
			 errdetail("An assignment is recorded in the catalog and outlives the session."),
			 errhint("Name a permanent table, or create a temporary one from a query with userseg.predict_detail.")));
}

/*
 * Lock the name of a table that does not exist, until the end of the transaction.  Two
 * sessions that create it wait for each other here, rather than for an error
 * of the unique index of pg_class.
 */
static void
lock_name(Oid schema, const char *name)
{
	LOCKTAG		tag;
	uint64		hash = us_hash_bytes(name, strlen(name), 0);

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, schema, (uint32) hash, NAME_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

void
us_assign_table_lock(const char *into_table, UsAssignTable *table)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(into_table));
	RangeVar   *name = makeRangeVarFromNameList(names);
	Oid			locked = InvalidOid;

	memset(table, 0, sizeof(UsAssignTable));
	for (;;)
	{
		table->relation = RangeVarGetRelidExtended(name, ShareRowExclusiveLock, RVR_MISSING_OK,
												   before_lock, NULL);
		if (OidIsValid(table->relation))
		{
			table->schema_oid = get_rel_namespace(table->relation);
			break;
		}
		table->schema_oid = RangeVarGetAndCheckCreationNamespace(name, NoLock, NULL);
		if (table->schema_oid == locked)
			break;
		lock_name(table->schema_oid, name->relname);
		locked = table->schema_oid;
	}
	if (isAnyTempNamespace(table->schema_oid))
		refuse_temporary(name->relname);
	table->schema = get_namespace_name(table->schema_oid);
	table->name = pstrdup(name->relname);
}

/* ---- checking ---- */

pg_noreturn static void
unfit(const char *name, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("table \"%s\" does not fit the source", name),
			 errdetail_internal("%s", detail),
			 errhint("Bring the source or the table into line, or choose another name for into_table.")));
}

/* The column of that name, or NULL. */
static Form_pg_attribute
find_attribute(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute a = TupleDescAttr(desc, i);

		if (!a->attisdropped && strcmp(NameStr(a->attname), name) == 0)
			return a;
	}
	return NULL;
}

/* Raise 42804 unless the table has the columns of an assignment; further ones are the user's. */
static void
check_columns(Relation relation, const FormData_pg_attribute *id, int last)
{
	const char *name = RelationGetRelationName(relation);
	TupleDesc	desc = RelationGetDescr(relation);
	Form_pg_attribute a = find_attribute(desc, NameStr(id->attname));

	if (a == NULL)
		unfit(name, psprintf("It has no column \"%s\", the id.", NameStr(id->attname)));
	if (a->atttypid != id->atttypid || a->atttypmod != id->atttypmod)
		unfit(name, psprintf("Its id \"%s\" is %s, that of the source is %s.", NameStr(id->attname),
							 format_type_with_typemod(a->atttypid, a->atttypmod),
							 format_type_with_typemod(id->atttypid, id->atttypmod)));
	for (int i = US_ASSIGN_SEGMENT_ID; i <= last; i++)
	{
		a = find_attribute(desc, columns[i].name);
		if (a == NULL)
			unfit(name, psprintf("It has no column \"%s\".", columns[i].name));
		if (a->atttypid != columns[i].type)
			unfit(name, psprintf("Its column \"%s\" is %s, not %s.", columns[i].name,
								 format_type_be(a->atttypid), format_type_be(columns[i].type)));
	}
}

/* The name of a unique index on just the id, or NULL. */
static char *
find_unique_index(Relation relation, const char *id)
{
	AttrNumber	attnum = find_attribute(RelationGetDescr(relation), id)->attnum;
	List	   *indexes = RelationGetIndexList(relation);
	char	   *found = NULL;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Form_pg_index form = index->rd_index;

		if (form->indisunique && form->indisvalid && form->indimmediate &&
			form->indnkeyatts == 1 && form->indkey.values[0] == attnum &&
			RelationGetIndexPredicate(index) == NIL)
			found = pstrdup(RelationGetRelationName(index));
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
	return found;
}

/* Raise unless the id can stand as the key of a table with these columns. */
static void
check_id(const FormData_pg_attribute *id)
{
	for (int i = US_ASSIGN_SEGMENT_ID; i <= US_ASSIGN_VALID_TO; i++)
		if (strcmp(NameStr(id->attname), columns[i].name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("id \"%s\" has the name of another column of the table", columns[i].name),
					 errhint("Rename it in the source: SELECT %s AS ...", columns[i].name)));
	if (!OidIsValid(lookup_type_cache(id->atttypid, TYPECACHE_LT_OPR)->lt_opr))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be the id of a table", NameStr(id->attname),
						format_type_be(id->atttypid)),
				 errdetail("A primary key needs a type that can be sorted."),
				 errhint("Cast it to text in the source.")));
}

/* Check a table that exists. */
static void
check_table(UsAssignTable *table, const char *model, const FormData_pg_attribute *id)
{
	Relation	relation = table_open(table->relation, NoLock);

	if (!table->continued)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("table \"%s\" already exists", table->name),
				 errdetail("It was not made by userseg.assign."),
				 errhint("Choose another name for into_table, or rename or drop the table.")));
	if (strcmp(table->last.model, model) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" belongs to model \"%s\"", table->name, table->last.model),
				 errhint("Assign with model \"%s\" into another table, or drop this one.", model)));
	if (strcmp(table->last.id_column, NameStr(id->attname)) != 0)
		unfit(table->name, psprintf("Its id is \"%s\", not \"%s\".", table->last.id_column,
									NameStr(id->attname)));
	check_columns(relation, id, US_ASSIGN_VALID_FROM);
	table->owner = GetUserNameFromId(relation->rd_rel->relowner, false);
	table->unique_index = find_unique_index(relation, NameStr(id->attname));
	if (table->unique_index == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no primary key on \"%s\"", table->name, NameStr(id->attname)),
				 errhint("ALTER TABLE %s ADD PRIMARY KEY (%s);", us_assign_table_sql(table),
						 quote_identifier(NameStr(id->attname)))));
	table_close(relation, NoLock);
}

/*
 * The history of the record, where it still exists.  Where the table of current rows is
 * gone, it is gone on with only if it is of the same model and id.
 */
static void
check_history(UsAssignTable *table, const char *model, const FormData_pg_attribute *id)
{
	Relation	relation;
	Oid			found = get_relname_relid(table->last.history_name, table->schema_oid);

	if (!OidIsValid(found))
		return;
	if (!OidIsValid(table->relation) &&
		(strcmp(table->last.model, model) != 0 ||
		 strcmp(table->last.id_column, NameStr(id->attname)) != 0))
		return;
	relation = try_table_open(found, RowExclusiveLock);
	if (relation == NULL)
		return;
	check_columns(relation, id, US_ASSIGN_VALID_TO);
	table_close(relation, NoLock);
	table->history = pstrdup(table->last.history_name);
	table->history_relation = found;
	table->continued = true;
}

void
us_assign_table_check(UsAssignTable *table, const char *model, const FormData_pg_attribute *id)
{
	bool		recorded = us_catalog_assignment_get(table->schema, table->name, &table->last);

	check_id(id);
	table->owner = us_privilege_current_role();
	if (OidIsValid(table->relation))
	{
		table->continued = recorded;
		check_table(table, model, id);
	}
	if (recorded && table->last.history_name[0] != '\0')
		check_history(table, model, id);
}

/* ---- creating ---- */

/* Run one utility command as the current user. */
static void pg_attribute_printf(1, 2)
command(const char *format,...)
{
	StringInfoData sql;
	int			code;

	initStringInfo(&sql);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(&sql, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&sql, needed);
	}
	SPI_connect();
	code = SPI_execute(sql.data, false, 0);
	if (code != SPI_OK_UTILITY)
		elog(ERROR, "\"%s\" gave %s", sql.data, SPI_result_code_string(code));
	SPI_finish();
	pfree(sql.data);
}

void
us_assign_table_name_history(UsAssignTable *table)
{
	if (table->history == NULL)
		table->history = ChooseRelationName(table->name, NULL, "history", table->schema_oid, false);
}

/* "name type" for the id, as in the source; its collation too, if it is not that of the type. */
static char *
id_definition(const FormData_pg_attribute *id)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "%s %s", quote_identifier(NameStr(id->attname)),
					 format_type_extended(id->atttypid, id->atttypmod,
										  FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
	if (OidIsValid(id->attcollation) && id->attcollation != get_typcollation(id->atttypid))
		appendStringInfo(&sql, " COLLATE %s", generate_collation_name(id->attcollation));
	return sql.data;
}

static void
comment_columns(const char *table_sql, const char *id, int last)
{
	command("COMMENT ON COLUMN %s.%s IS 'The id, as in the source'", table_sql,
					  quote_identifier(id));
	for (int i = US_ASSIGN_SEGMENT_ID; i <= last; i++)
		command("COMMENT ON COLUMN %s.%s IS %s", table_sql, columns[i].name,
						  quote_literal_cstr(columns[i].comment));
}

/* Create a table of the columns up to last, with further clauses after the last. */
static void
create(const char *table_sql, const FormData_pg_attribute *id, int last, const char *clauses)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s (%s NOT NULL", table_sql, id_definition(id));
	for (int i = US_ASSIGN_SEGMENT_ID; i <= last; i++)
		appendStringInfo(&sql, ", %s %s%s", columns[i].name, columns[i].type_sql,
						 columns[i].not_null ? " NOT NULL" : "");
	command("%s%s)", sql.data, clauses);
	comment_columns(table_sql, NameStr(id->attname), last);
	pfree(sql.data);
}

void
us_assign_table_create(UsAssignTable *table, const char *model, const FormData_pg_attribute *id)
{
	char	   *table_sql = us_assign_table_sql(table);

	create(table_sql, id, US_ASSIGN_VALID_FROM, "");
	command("COMMENT ON TABLE %s IS 'Segments of model \"%s\", kept up to date by userseg.assign'",
					  table_sql, model);
	table->relation = get_relname_relid(table->name, table->schema_oid);
}

void
us_assign_history_create(UsAssignTable *table, const char *model, const FormData_pg_attribute *id)
{
	char	   *table_sql = us_assign_history_sql(table);

	create(table_sql, id, US_ASSIGN_VALID_TO,
		   psprintf(", PRIMARY KEY (%s, valid_from)", quote_identifier(NameStr(id->attname))));
	command("COMMENT ON TABLE %s IS 'Past segments of model \"%s\", written by userseg.assign'",
					  table_sql, model);
	table->history_relation = get_relname_relid(table->history, table->schema_oid);
}

void
us_assign_table_add_key(const UsAssignTable *table, const char *id)
{
	command("ALTER TABLE %s ADD PRIMARY KEY (%s)", us_assign_table_sql(table),
					  quote_identifier(id));
}
