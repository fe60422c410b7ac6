/*
 * assign_merge.c
 *	  The later runs of an assignment: what differs between the scored rows and the
 *	  table goes into it, and what it replaces into the history.
 *
 * The scored rows are joined with the table once.  The rows that differ are kept apart by
 * what is to happen to them, so that each statement that writes is planned for the
 * right number of rows; where nothing differs, nothing is written.  The table is
 * locked against writers: all statements see the same rows.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "verbs/assign_rows.h"

/* What is to happen to a row. */
typedef enum Kind
{
	KIND_SAME,
	KIND_NEW,
	KIND_CHANGED,				/* of another segment */
	KIND_REFRESHED,				/* of the same segment, something else differs */
	KIND_GONE,
	N_KINDS
} Kind;

static const char *const kind_relation[N_KINDS] = {NULL, "us_new", "us_changed", "us_refreshed", "us_gone"};

#define SCORED_RELATION	"us_scored"
#define SCORED_COLUMNS	(US_ASSIGN_PROBABILITY + 1)

/* operators of pg_catalog, whatever the search_path says */
#define OP(op)	" OPERATOR(pg_catalog." op ") "
#define DIFFERS(a, b) \
	"COALESCE(" a OP("<>") b ", " a " IS NOT NULL OR " b " IS NOT NULL)"

typedef struct Merge
{
	UsAssignRun *run;
	const char *id;				/* quoted, as table and history */
	const char *table;
	const char *history;
	const char *match;			/* "c.id = s.id", by the type's own equality */
	TupleDesc	scored_desc;	/* id, segment_id, segment, value, probability */
	Tuplestorestate *scored;
	TupleDesc	diff_desc;		/* as diff_query() selects */
	Tuplestorestate *diff[N_KINDS];
	int64		n[N_KINDS];
} Merge;

/* ---- scored rows ---- */

static void
store_block(const UsScoredBlock *block, void *arg)
{
	Merge	   *merge = arg;
	Datum		values[SCORED_COLUMNS];
	bool		isnull[SCORED_COLUMNS] = {false};

	for (int i = 0; i < block->n; i++)
	{
		values[0] = block->id[i];
		us_assign_values(merge->run, &block->score[i], values, isnull);
		tuplestore_putvalues(merge->scored, merge->scored_desc, values, isnull);
	}
}

/* Their columns, as the table has them; the first is called id. */
static void
describe_scored(Merge *merge)
{
	UsAssignRun *run = merge->run;
	Relation	relation = table_open(run->table.relation, NoLock);
	const char *name[SCORED_COLUMNS] = {NameStr(us_block_scorer_id(run->scorer)->attname)};

	merge->scored_desc = CreateTemplateTupleDesc(SCORED_COLUMNS);
	for (int i = 0; i < SCORED_COLUMNS; i++)
	{
		if (i > 0)
			name[i] = us_assign_column_name(i);
		TupleDescCopyEntry(merge->scored_desc, i + 1, RelationGetDescr(relation),
						   get_attnum(run->table.relation, name[i]));
	}
	namestrcpy(&TupleDescAttr(merge->scored_desc, 0)->attname, "id");
	table_close(relation, NoLock);
}

/* ---- SQL ---- */

/* Make rows known to SQL under a name. */
static void
register_rows(const char *name, TupleDesc desc, Tuplestorestate *store, int64 n)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	int			code;

	enr->md.name = pstrdup(name);
	enr->md.reliddesc = InvalidOid;
	enr->md.tupdesc = desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = n;
	enr->reldata = store;
	code = SPI_register_relation(enr);
	if (code != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register rows \"%s\": %s", name, SPI_result_code_string(code));
}

/* Run a statement that writes; $1 is as_of, $2 the version. */
static void
write_rows(const Merge *merge, int expected, const char *sql)
{
	Oid			type[] = {TIMESTAMPTZOID, INT4OID};
	Datum		value[] = {
		TimestampTzGetDatum(merge->run->as_of),
		Int32GetDatum(merge->run->model->info.version)
	};
	int			code = SPI_execute_with_args(sql, 2, type, value, NULL, false, 0);

	if (code != expected)
		elog(ERROR, "\"%s\" gave %s", sql, SPI_result_code_string(code));
}

/* "c.id = s.id" by the equality of the default btree operator class of the type. */
static char *
match_condition(const Merge *merge)
{
	Oid			type = TupleDescAttr(merge->scored_desc, 0)->atttypid;
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR);
	StringInfoData sql;

	initStringInfo(&sql);
	generate_operator_clause(&sql, psprintf("c.%s", merge->id), type, entry->eq_opr, "s.id", type);
	return sql.data;
}

/* ---- what differs ---- */

/* A receiver that keeps rows apart by their first column, the kind. */
typedef struct DiffReceiver
{
	DestReceiver public;
	Merge	   *merge;
	MemoryContext context;
} DiffReceiver;

static void
diff_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	DiffReceiver *receiver = (DiffReceiver *) self;
	MemoryContext old = MemoryContextSwitchTo(receiver->context);

	receiver->merge->diff_desc = CreateTupleDescCopy(desc);
	MemoryContextSwitchTo(old);
}

static bool
diff_row(TupleTableSlot *slot, DestReceiver *self)
{
	Merge	   *merge = ((DiffReceiver *) self)->merge;
	bool		isnull;
	int			kind = DatumGetInt32(slot_getattr(slot, 1, &isnull));

	merge->n[kind]++;
	if (kind != KIND_SAME)
		tuplestore_puttupleslot(merge->diff[kind], slot);
	return true;
}

static void
diff_nothing(DestReceiver *self)
{
}

/*
 * Every scored row beside the row of the table, with what is to happen.  (Both sides
 * have a column that is never NULL, since an id of a row type may look NULL, and that is
 * not the user's: the table may have any other.)
 */
static char *
diff_query(const Merge *merge)
{
	return psprintf("SELECT CASE WHEN c.tableoid IS NULL THEN %d"
					" WHEN s.here IS NULL THEN %d"
					" WHEN " DIFFERS("c.segment_id", "s.segment_id") " THEN %d"
					" WHEN c.version" OP("<>") "%d OR " DIFFERS("c.segment", "s.segment")
					" OR " DIFFERS("c.value", "s.value")
					" OR " DIFFERS("c.probability", "s.probability") " THEN %d"
					" ELSE %d END AS kind,"
					" CASE WHEN c.tableoid IS NULL THEN s.id ELSE c.%s END AS id,"
					" s.segment_id, s.segment, s.value, s.probability,"
					" c.segment_id AS old_segment_id, c.segment AS old_segment, c.value AS old_value,"
					" c.probability AS old_probability, c.version AS old_version,"
					" c.valid_from AS old_valid_from"
					" FROM (SELECT *, true AS here FROM " SCORED_RELATION ") AS s"
					" FULL JOIN %s AS c ON %s",
					KIND_NEW, KIND_GONE, KIND_CHANGED, merge->run->model->info.version,
					KIND_REFRESHED, KIND_SAME, merge->id, merge->table, merge->match);
}

static int64
count_table(const Merge *merge)
{
	bool		isnull;
	int			code = SPI_execute(psprintf("SELECT pg_catalog.count(*) FROM %s", merge->table), false, 0);

	if (code != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not count the rows of %s: %s", merge->table, SPI_result_code_string(code));
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* Raise 23505 with the smallest id that was scored twice. */
static void
refuse_twice(const Merge *merge)
{
	int			code = SPI_execute("SELECT id FROM " SCORED_RELATION
								   " GROUP BY id HAVING pg_catalog.count(*)" OP(">") "1 ORDER BY id LIMIT 1",
								   false, 1);

	if (code != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "rows of %s are not what they were", merge->table);
	us_assign_twice(merge->run, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
}

static void
find_differences(Merge *merge)
{
	DiffReceiver receiver = {
		.public = {
			.receiveSlot = diff_row,
			.rStartup = diff_startup,
			.rShutdown = diff_nothing,
			.rDestroy = diff_nothing,
			.mydest = DestNone
		},
		.merge = merge,
		.context = GetMemoryChunkContext(merge)
	};
	SPIExecuteOptions options = {.dest = &receiver.public};
	const char *sql = diff_query(merge);
	int			code = SPI_execute_extended(sql, &options);
	int64		n_rows = merge->run->counts.n_rows;

	if (code != SPI_OK_UTILITY)	/* SPI's name for a query into another receiver than its own */
		elog(ERROR, "\"%s\" gave %s", sql, SPI_result_code_string(code));
	/* as many rows were matched on both sides, unless an id was scored twice */
	if (n_rows - merge->n[KIND_NEW] != count_table(merge) - merge->n[KIND_GONE])
		refuse_twice(merge);
	for (int kind = KIND_NEW; kind < N_KINDS; kind++)
		register_rows(kind_relation[kind], merge->diff_desc, merge->diff[kind], merge->n[kind]);
}

/* ---- writing ---- */

/* Close the rows that are replaced or removed; what held for no time leaves no trace. */
static void
write_history(const Merge *merge, Kind kind)
{
	if (merge->history == NULL || merge->n[kind] == 0)
		return;
	write_rows(merge, SPI_OK_INSERT,
			   psprintf("INSERT INTO %s (%s, segment_id, segment, value, probability, version,"
						" valid_from, valid_to)"
						" SELECT d.id, d.old_segment_id, d.old_segment, d.old_value, d.old_probability,"
						" d.old_version, d.old_valid_from, $1 FROM %s AS d"
						" WHERE d.old_valid_from" OP("<") "$1",
						merge->history, merge->id, kind_relation[kind]));
}

static void
update_rows(const Merge *merge, Kind kind)
{
	if (merge->n[kind] == 0)
		return;
	write_rows(merge, SPI_OK_UPDATE,
			   psprintf("UPDATE %s AS c SET segment_id = s.segment_id, segment = s.segment,"
						" value = s.value, probability = s.probability, version = $2, valid_from = %s"
						" FROM %s AS s WHERE %s",
						merge->table, kind == KIND_CHANGED ? "$1" : "c.valid_from",
						kind_relation[kind], merge->match));
}

static void
delete_rows(const Merge *merge)
{
	if (merge->n[KIND_GONE] > 0)
		write_rows(merge, SPI_OK_DELETE,
				   psprintf("DELETE FROM %s AS c USING %s AS s WHERE %s",
							merge->table, kind_relation[KIND_GONE], merge->match));
}

/* An id that was scored twice and is new to the table is found here. */
static void
insert_rows(const Merge *merge)
{
	MemoryContext context = CurrentMemoryContext;

	if (merge->n[KIND_NEW] == 0)
		return;
	PG_TRY();
	{
		write_rows(merge, SPI_OK_INSERT,
				   psprintf("INSERT INTO %s (%s, segment_id, segment, value, probability, version, valid_from)"
							" SELECT s.id, s.segment_id, s.segment, s.value, s.probability, $2, $1"
							" FROM %s AS s",
							merge->table, merge->id, kind_relation[KIND_NEW]));
	}
	PG_CATCH();
	{
		us_assign_rethrow(merge->run, context, merge->run->table.unique_index);
	}
	PG_END_TRY();
}

void
us_assign_merge(UsAssignRun *run, UsAssignResult *result)
{
	Merge	   *merge = palloc0(sizeof(Merge));

	merge->run = run;
	merge->id = quote_identifier(NameStr(us_block_scorer_id(run->scorer)->attname));
	merge->table = us_assign_table_sql(&run->table);
	merge->history = run->history ? us_assign_history_sql(&run->table) : NULL;
	describe_scored(merge);
	merge->match = match_condition(merge);
	merge->scored = tuplestore_begin_heap(false, false, work_mem);
	for (int kind = KIND_NEW; kind < N_KINDS; kind++)
		merge->diff[kind] = tuplestore_begin_heap(false, false, work_mem);
	us_block_scorer_run(run->scorer, store_block, merge, &run->counts);

	SPI_connect();
	register_rows(SCORED_RELATION, merge->scored_desc, merge->scored, run->counts.n_rows);
	find_differences(merge);
	write_history(merge, KIND_CHANGED);
	write_history(merge, KIND_GONE);
	delete_rows(merge);
	update_rows(merge, KIND_CHANGED);
	update_rows(merge, KIND_REFRESHED);
	insert_rows(merge);
	SPI_finish();

	tuplestore_end(merge->scored);
	for (int kind = KIND_NEW; kind < N_KINDS; kind++)
		tuplestore_end(merge->diff[kind]);
	result->n_new = merge->n[KIND_NEW];
	result->n_changed = merge->n[KIND_CHANGED];
	result->n_gone = merge->n[KIND_GONE];
}
