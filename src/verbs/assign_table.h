/*
 * assign_table.h
 *	  The two tables of an assignment: current rows, and history.
 *
 * What is said to the server goes as SQL text, as the current user, every name in it
 * qualified, so that it means the same under any search_path, while triggers
 * and defaults run under the caller's.
 */
#ifndef US_ASSIGN_TABLE_H
#define US_ASSIGN_TABLE_H

#include "access/tupdesc.h"
#include "catalog/pg_attribute.h"

#include "model/catalog.h"

/* Columns after the id, in the order of creation; history has valid_to besides. */
typedef enum UsAssignColumn
{
	US_ASSIGN_SEGMENT_ID = 1,
	US_ASSIGN_SEGMENT,
	US_ASSIGN_VALUE,
	US_ASSIGN_PROBABILITY,
	US_ASSIGN_VERSION,
	US_ASSIGN_VALID_FROM,
	US_ASSIGN_VALID_TO
} UsAssignColumn;

#define US_ASSIGN_COLUMNS	7	/* of the table of current rows, with the id */

typedef struct UsAssignTable
{
	Oid			schema_oid;
	char	   *schema;
	char	   *name;
	Oid			relation;		/* InvalidOid: to be created */
	char	   *owner;
	char	   *history;		/* name in the same schema; NULL: none */
	Oid			history_relation;	/* InvalidOid: to be created, if history is wanted */
	bool		continued;		/* last is of these tables: instants go on from there */
	UsAssignment last;
	char	   *unique_index;	/* of an existing table, on its id */
} UsAssignTable;

/*
 * Find the table that a text names, as regclass input reads it, and lock it so that
 * others can read but not write, until the end of the transaction; for a table to be
 * created its name is locked against other calls of userseg.assign.  Raises
 * 42602, 42501, 42P07, 0A000 (temporary tables).
 */
extern void us_assign_table_lock(const char *into_table, UsAssignTable *table);

/*
 * Read the record of the table, under the active snapshot, and check it against the
 * model and the id column of the source.  Raises 42P07, 42804, 42701, 55000.
 */
extern void us_assign_table_check(UsAssignTable *table, const char *model,
								  const FormData_pg_attribute *id);

/* Choose a name for the history, if it has none. */
extern void us_assign_table_name_history(UsAssignTable *table);

/* Create the table of current rows, still without its primary key, or the history with it. */
extern void us_assign_table_create(UsAssignTable *table, const char *model,
								   const FormData_pg_attribute *id);
extern void us_assign_history_create(UsAssignTable *table, const char *model,
									 const FormData_pg_attribute *id);

/* The primary key of the table of current rows, once it is filled. */
extern void us_assign_table_add_key(const UsAssignTable *table, const char *id);

/* The name of a column besides the id. */
extern const char *us_assign_column_name(UsAssignColumn column);

/* Quoted names; the result is palloc'd. */
extern char *us_assign_table_sql(const UsAssignTable *table);
extern char *us_assign_history_sql(const UsAssignTable *table);

#endif
