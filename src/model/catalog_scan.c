/*
 * catalog_scan.c
 *	  Index scans over the tables of the registry.
 *
 * No planner, no operator look-up, no search_path, no privilege on the tables: the
 * keys are text in collation "C", integers and uuids, compared by the functions of
 * pg_catalog named here.  The snapshot is the active one, never a catalog snapshot, so
 * that all rows of a statement, in all of its workers, have one answer.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "infra/closest.h"
#include "infra/compat.h"
#include "model/catalog_internal.h"

static const char *const table_names[] = {
	[US_TABLE_MODEL] = "_model",
	[US_TABLE_VERSION] = "_version",
	[US_TABLE_CHUNK] = "_artifact_chunk",
	[US_TABLE_ALIAS] = "_alias",
	[US_TABLE_GRANT] = "_grant",
	[US_TABLE_SEGMENT_NAME] = "_segment_name",
	[US_TABLE_ASSIGNMENT] = "_assignment",
	[US_TABLE_RFM_RULE] = "rfm_rule",
	[US_TABLE_RFM_SCALE] = "_rfm_scale",
	[US_TABLE_TRIAL] = "_trial",
};

/* ---- keys ---- */

void
us_key_text(ScanKey key, AttrNumber column, const char *value)
{
	ScanKeyEntryInitialize(key, 0, column, BTEqualStrategyNumber, InvalidOid,
						   C_COLLATION_OID, F_TEXTEQ, CStringGetTextDatum(value));
}

void
us_key_int(ScanKey key, AttrNumber column, int value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(value));
}

void
us_key_uuid(ScanKey key, AttrNumber column, const pg_uuid_t *value)
{
	ScanKeyInit(key, column, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(value));
}

/* ---- scans ---- */

static Oid
relation_oid(const char *name, const char *suffix)
{
	char	   *relname = psprintf("%s%s", name, suffix);
	Oid			nspid = get_namespace_oid("userseg", true);
	Oid			relid = OidIsValid(nspid) ? get_relname_relid(relname, nspid) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"userseg.%s\" does not exist", relname),
				 errhint("Run CREATE EXTENSION userseg in this database.")));
	pfree(relname);
	return relid;
}

Oid
us_catalog_tables_owner(void)
{
	Relation	table = table_open(relation_oid(table_names[US_TABLE_MODEL], ""), AccessShareLock);
	Oid			owner = table->rd_rel->relowner;

	table_close(table, AccessShareLock);
	return owner;
}

void
us_scan_begin(UsScan *scan, UsTable table, int nkeys, ScanKey keys)
{
	scan->table = table_open(relation_oid(table_names[table], ""), AccessShareLock);
	scan->index = index_open(relation_oid(table_names[table], "_pkey"), AccessShareLock);
	scan->scan = systable_beginscan_ordered(scan->table, scan->index, GetActiveSnapshot(),
											nkeys, keys);
}

HeapTuple
us_scan_next(UsScan *scan)
{
	return systable_getnext_ordered(scan->scan, ForwardScanDirection);
}

HeapTuple
us_scan_previous(UsScan *scan)
{
	return systable_getnext_ordered(scan->scan, BackwardScanDirection);
}

void
us_scan_end(UsScan *scan)
{
	systable_endscan_ordered(scan->scan);
	index_close(scan->index, AccessShareLock);
	table_close(scan->table, AccessShareLock);
}

/* ---- columns ---- */

Datum
us_scan_datum(UsScan *scan, HeapTuple tuple, AttrNumber column, bool *isnull)
{
	return heap_getattr(tuple, column, RelationGetDescr(scan->table), isnull);
}

int
us_scan_int(UsScan *scan, HeapTuple tuple, AttrNumber column)
{
	bool		isnull;
	Datum		value = us_scan_datum(scan, tuple, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

char *
us_scan_text(UsScan *scan, HeapTuple tuple, AttrNumber column)
{
	bool		isnull;
	Datum		value = us_scan_datum(scan, tuple, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

void
us_scan_name(UsScan *scan, HeapTuple tuple, AttrNumber column, char *name)
{
	char	   *text = us_scan_text(scan, tuple, column);

	strlcpy(name, text ? text : "", NAMEDATALEN);
}

/* ---- privileges and hints ---- */

bool
us_catalog_may_use(const char *model, const char *owner)
{
	bool		may = us_privilege_acts_as(owner);
	ScanKeyData key[1];
	UsScan		scan;
	HeapTuple	tuple;

	if (may)
		return true;
	us_key_text(&key[0], US_GRANT_MODEL, model);
	us_scan_begin(&scan, US_TABLE_GRANT, 1, key);
	while (!may && (tuple = us_scan_next(&scan)) != NULL)
		may = strcmp(us_scan_text(&scan, tuple, US_GRANT_PRIVILEGE), "usage") == 0 &&
			us_privilege_acts_as(us_scan_text(&scan, tuple, US_GRANT_GRANTEE));
	us_scan_end(&scan);
	return may;
}

void
us_catalog_no_model(const char *name)
{
	UsClosest	closest;
	UsScan		scan;
	HeapTuple	tuple;

	us_closest_init(&closest, name);
	us_scan_begin(&scan, US_TABLE_MODEL, 0, NULL);
	while ((tuple = us_scan_next(&scan)) != NULL)
	{
		char	   *model = us_scan_text(&scan, tuple, US_MODEL_NAME);

		CHECK_FOR_INTERRUPTS();
		if (us_catalog_may_use(model, us_scan_text(&scan, tuple, US_MODEL_OWNER)))
			us_closest_offer(&closest, model);
	}
	us_scan_end(&scan);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" does not exist", name),
			 errhint("The view userseg.models lists the models that you may use.%s",
					 us_closest_hint(&closest))));
}
