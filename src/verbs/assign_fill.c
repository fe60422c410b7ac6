/*
 * assign_fill.c
 *	  The first run of an assignment: scored rows straight into a new table.
 *
 * As CREATE TABLE AS writes, so is written here: the rows come from an executor that
 * may run a parallel plan, in its leader, into a table that nobody else sees, with
 * the transaction id assigned before.  The primary key is built when the rows are there.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "verbs/assign_rows.h"

typedef struct Fill
{
	const UsAssignRun *run;
	Relation	relation;
	BulkInsertState bulk;
	CommandId	command;
	TupleTableSlot *slot[US_BLOCK_ROWS];
} Fill;

static void
fill_block(const UsScoredBlock *block, void *arg)
{
	Fill	   *fill = arg;
	const UsAssignRun *run = fill->run;

	for (int i = 0; i < block->n; i++)
	{
		TupleTableSlot *slot = fill->slot[i];

		ExecClearTuple(slot);
		/* an event trigger may have added columns of its own behind these */
		memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
		memset(slot->tts_isnull, false, US_ASSIGN_COLUMNS * sizeof(bool));
		slot->tts_values[0] = block->id[i];
		us_assign_values(run, &block->score[i], slot->tts_values, slot->tts_isnull);
		slot->tts_values[US_ASSIGN_VERSION] = Int32GetDatum(run->model->info.version);
		slot->tts_values[US_ASSIGN_VALID_FROM] = TimestampTzGetDatum(run->as_of);
		ExecStoreVirtualTuple(slot);
	}
	table_multi_insert(fill->relation, fill->slot, block->n, fill->command,
					   TABLE_INSERT_SKIP_FSM, fill->bulk);
}

/* All rows, without an index. */
static void
fill_table(UsAssignRun *run)
{
	Fill		fill = {.run = run};

	(void) GetCurrentTransactionId();
	fill.relation = table_open(run->table.relation, RowExclusiveLock);
	fill.bulk = GetBulkInsertState();
	fill.command = GetCurrentCommandId(true);
	for (int i = 0; i < US_BLOCK_ROWS; i++)
		fill.slot[i] = table_slot_create(fill.relation, NULL);
	us_block_scorer_run(run->scorer, fill_block, &fill, &run->counts);
	for (int i = 0; i < US_BLOCK_ROWS; i++)
		ExecDropSingleTupleTableSlot(fill.slot[i]);
	FreeBulkInsertState(fill.bulk);
	table_finish_bulk_insert(fill.relation, TABLE_INSERT_SKIP_FSM);
	table_close(fill.relation, NoLock);
	CommandCounterIncrement();
}

void
us_assign_fill(UsAssignRun *run)
{
	MemoryContext context = CurrentMemoryContext;

	fill_table(run);
	PG_TRY();
	{
		us_assign_table_add_key(&run->table, NameStr(us_block_scorer_id(run->scorer)->attname));
	}
	PG_CATCH();
	{
		us_assign_rethrow(run, context, NULL);
	}
	PG_END_TRY();
}
