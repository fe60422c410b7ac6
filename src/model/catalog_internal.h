/*
 * catalog_internal.h
 *	  The tables of the registry (sql/pieces/30_registry.sql) as the catalog*.c files
 *	  see them; no other file includes this.
 */
#ifndef US_CATALOG_INTERNAL_H
#define US_CATALOG_INTERNAL_H

#include "access/genam.h"
#include "access/skey.h"
#include "executor/spi.h"
#include "utils/rel.h"

#include "model/catalog.h"

/* ---- reading: index scans under the active snapshot (catalog_scan.c) ---- */

typedef enum UsTable
{
	US_TABLE_MODEL,
	US_TABLE_VERSION,
	US_TABLE_CHUNK,
	US_TABLE_ALIAS,
	US_TABLE_GRANT,
	US_TABLE_SEGMENT_NAME,
	US_TABLE_ASSIGNMENT,
	US_TABLE_RFM_RULE,
	US_TABLE_RFM_SCALE,
	US_TABLE_TRIAL
} UsTable;

/* attribute numbers */
#define US_MODEL_NAME			1
#define US_MODEL_OWNER			2
#define US_VERSION_MODEL		1
#define US_VERSION_VERSION		2
#define US_VERSION_ARTIFACT_ID	3
#define US_VERSION_BYTES		4
#define US_VERSION_ALGORITHM	5
#define US_VERSION_TASK			6
#define US_VERSION_N_LABELS		7
#define US_VERSION_SEGMENT_IDS	8
#define US_VERSION_N_ROWS		9
#define US_VERSION_N_FEATURES	10
#define US_VERSION_CONVERGED	11
#define US_VERSION_CREATED_AT	12
#define US_VERSION_CREATED_BY	13
#define US_VERSION_METRIC		14
#define US_VERSION_METRIC_VALUE	15
#define US_VERSION_ITERATIONS	16
#define US_VERSION_WARNINGS		18
#define US_VERSION_METRICS		19
#define US_VERSION_DETAILS		20
#define US_VERSION_SOURCE		21
#define US_VERSION_TARGET		22
#define US_VERSION_ID			23
#define US_VERSION_WEIGHT		24
#define US_VERSION_TIME_COLUMN	25
#define US_VERSION_COLUMNS		26
#define US_VERSION_TRANSFORM	27
#define US_VERSION_PARAMS		28
#define US_VERSION_NULL_POLICY	29
#define US_VERSION_HOLDOUT		30
#define US_VERSION_SEED			31
#define US_VERSION_CHECKSUM		32
#define US_VERSION_USERSEG		33
#define US_VERSION_POSTGRES		34
#define US_VERSION_PARENT		35
#define US_CHUNK_ARTIFACT_ID	1
#define US_CHUNK_PART			2
#define US_CHUNK_CHUNK			3
#define US_CHUNK_DATA			4
#define US_ALIAS_MODEL			1
#define US_ALIAS_ALIAS			2
#define US_ALIAS_VERSION		3
#define US_GRANT_MODEL			1
#define US_GRANT_GRANTEE		2
#define US_GRANT_PRIVILEGE		3
#define US_SEGMENT_NAME_MODEL	1
#define US_SEGMENT_NAME_ID		2
#define US_SEGMENT_NAME_NAME	3
#define US_ASSIGNMENT_SCHEMA	1
#define US_ASSIGNMENT_TABLE		2
#define US_ASSIGNMENT_HISTORY	3
#define US_ASSIGNMENT_MODEL		4
#define US_ASSIGNMENT_ID		5
#define US_ASSIGNMENT_VERSION	6
#define US_ASSIGNMENT_AS_OF		7
#define US_ASSIGNMENT_OWNER		8
#define US_RFM_RULE_POSITION	1
#define US_RFM_RULE_SEGMENT		2
#define US_RFM_RULE_REPLACES	3
#define US_RFM_RULE_RANGES		4	/* r_min, r_max, f_min, f_max, m_min, m_max */
#define US_RFM_SCALE_NAME		1
#define US_RFM_SCALE_OWNER		2
#define US_RFM_SCALE_BREAKS		3	/* recency, frequency, monetary */

#define US_TRIAL_MODEL			1
#define US_TRIAL_KEY			2
#define US_TRIAL_METRICS		4
#define US_TRIAL_VALUES			5
#define US_TRIAL_ROWS			6
#define US_TRIAL_CONVERGED		7
#define US_TRIAL_SECONDS		8

/* bytes of an artifact in one row of _artifact_chunk */
#define US_CHUNK_BYTES	(1024 * 1024)

/* A scan of the primary key of a table, in its order. */
typedef struct UsScan
{
	Relation	table;
	Relation	index;
	SysScanDesc scan;
} UsScan;

/* One condition "column = value" on a leading column of the primary key. */
extern void us_key_text(ScanKey key, AttrNumber column, const char *value);
extern void us_key_int(ScanKey key, AttrNumber column, int value);
extern void us_key_uuid(ScanKey key, AttrNumber column, const pg_uuid_t *value);

/* Start, step (NULL at the end; the tuple is valid until the next step), end. */
extern void us_scan_begin(UsScan *scan, UsTable table, int nkeys, ScanKey keys);
extern HeapTuple us_scan_next(UsScan *scan);
extern HeapTuple us_scan_previous(UsScan *scan);	/* from the last row backwards */
extern void us_scan_end(UsScan *scan);

/* A column of the current tuple; copies are palloc'd, NULL for SQL NULL. */
extern Datum us_scan_datum(UsScan *scan, HeapTuple tuple, AttrNumber column, bool *isnull);
extern int	us_scan_int(UsScan *scan, HeapTuple tuple, AttrNumber column);
extern char *us_scan_text(UsScan *scan, HeapTuple tuple, AttrNumber column);
extern void us_scan_name(UsScan *scan, HeapTuple tuple, AttrNumber column, char *name);

/* Raise 42704 for a model that does not exist, with the closest name that the role may use. */
pg_noreturn extern void us_catalog_no_model(const char *name);

/* Raise 42704 for an alias or version that a model does not have. */
pg_noreturn extern void us_catalog_no_version(const UsReference *reference);

/* The role that owns the tables. */
extern Oid	us_catalog_tables_owner(void);

/* ---- writing: SQL as the owner of the tables (catalog_write.c) ---- */

/* The parameters of a statement. */
#define US_MAX_ARGS 40
typedef struct UsArgs
{
	int			n;
	Oid			type[US_MAX_ARGS];
	Datum		value[US_MAX_ARGS];
	char		null[US_MAX_ARGS];
} UsArgs;

extern void us_args_datum(UsArgs *args, Oid type, Datum value, bool isnull);
extern void us_args_text(UsArgs *args, const char *value);	/* NULL: SQL NULL */
extern void us_args_int(UsArgs *args, int value);
extern void us_args_int8(UsArgs *args, int64 value);
extern void us_args_texts(UsArgs *args, int n, char **values);	/* text[] */
extern void us_args_jsonb(UsArgs *args, Jsonb *value, const char *otherwise);	/* JSON text for NULL */

/* The time between begin and end, during which this backend acts as the owner of the tables. */
typedef struct UsWrite
{
	Oid			user;			/* who called */
	char	   *role;			/* the name of user */
	int			security;
	int			guc_level;
	MemoryContext context;		/* of the caller */
} UsWrite;

/*
 * Begin a write on behalf of command (for messages).  Raises 25006 in a read-only
 * transaction, 25000 in a parallel operation.  After an error the (sub)transaction's
 * abort restores user and settings.
 */
extern void us_write_begin(UsWrite *write, const char *command);
extern void us_write_end(UsWrite *write);

/* Run one statement, see its effects in the next one; returns the number of rows (SPI_processed). */
extern uint64 us_write_run(const char *sql, UsArgs *args);

/* Column (from 1) of row (from 0) of the last result. */
extern int	us_write_int(uint64 row, int column);	/* 0 for NULL */
extern char *us_write_text(uint64 row, int column); /* NULL for NULL */

/*
 * Lock the row of a model that the caller owns, until the end of the transaction.
 * Raises 42704 and 42501.
 */
extern void us_write_lock_model(const UsWrite *write, const char *name);

/* The version that reference means now, under the lock of its model.  Raises 42704. */
extern int	us_write_resolve(const UsReference *reference, bool *converged);

/*
 * Let an alias point to a version, under the lock of the model; returns the version
 * it pointed to before, or 0.
 */
extern int	us_write_move_alias(const UsWrite *write, const char *model, const char *alias,
								int version);

/* Remove an alias, under the lock of the model. */
extern void us_write_remove_alias(const UsWrite *write, const char *model, const char *alias,
								  int version);

#endif
