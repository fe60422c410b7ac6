/*
 * source_run.c
 *	  Running a source: analysed and planned once, executed as COPY (query) TO does,
 *	  into a receiver.
 *
 * The server's own way for a query inside a command is used (analysis, rewriting,
 * planning, executor) rather than SPI: columns and estimates are known before
 * anything runs, there is one plan, and nothing has to be freed after an error.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "data/source_text.h"
#include "infra/compat.h"

/* What holds while a source is planned or run. */
typedef struct UsGuard
{
	ErrorContextCallback callback;
	int			nest_level;
} UsGuard;

/*
 * From here nothing can be written: neither by a statement of a function, nor by
 * nextval().  (SPI's read_only flag does not reach functions that are volatile.)  An
 * error restores the setting with the (sub)transaction, at any depth of blocks.
 */
static void
guard_begin(UsGuard *guard, UsSource *source)
{
	guard->callback.callback = us_source_error_context;
	guard->callback.arg = source;
	guard->callback.previous = error_context_stack;
	error_context_stack = &guard->callback;

	guard->nest_level = NewGUCNestLevel();
	(void) set_config_option("transaction_read_only", "on", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
	PushActiveSnapshot(ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot());
}

static void
guard_end(UsGuard *guard)
{
	/* before 16 a function could RESET it: then what it wrote must go */
	if (!XactReadOnly)
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("source reset transaction_read_only")));
	PopActiveSnapshot();
	/* not committed: the setting is as it was before, and so is what functions have set */
	AtEOXact_GUC(false, guard->nest_level);
	error_context_stack = guard->callback.previous;
}

UsSource *
us_source_open(const char *text)
{
	return us_source_open_step(text, NULL);
}

UsSource *
us_source_open_step(const char *text, const char *step_of)
{
	UsSource   *source = (UsSource *) palloc0(sizeof(UsSource));
	List	   *queries;
	UsGuard		guard;

	source->text = pstrdup(text);
	source->step_of = step_of ? pstrdup(step_of) : NULL;
	us_source_parse(source);

	guard_begin(&guard, source);
	queries = pg_analyze_and_rewrite_fixedparams(source->raw, source->sql, NULL, 0, NULL);
	if (list_length(queries) != 1)
		elog(ERROR, "source was rewritten to %d queries", list_length(queries));
	source->query = linitial_node(Query, queries);
	Assert(source->query->commandType == CMD_SELECT);
	Assert(!source->query->hasModifyingCTE);
	source->tupdesc = ExecCleanTypeFromTL(source->query->targetList);
	source->parallel_safe = max_parallel_hazard(source->query) != PROPARALLEL_UNSAFE;
	if (source->is_relation)
		source->relation = RangeVarGetRelid(source->name, NoLock, false);
	guard_end(&guard);
	return source;
}

bool
us_source_parallel_safe(const UsSource *source)
{
	return source->parallel_safe;
}

TupleDesc
us_source_tupdesc(const UsSource *source)
{
	return source->tupdesc;
}

Oid
us_source_relation(const UsSource *source)
{
	return source->relation;
}

const char *
us_source_from(const UsSource *source)
{
	return source->from;
}

const char *
us_source_shown(const UsSource *source)
{
	return source->text;
}

/* Plan the source, once; the planner uses the query up. */
static void
plan_source(UsSource *source)
{
	if (source->plan != NULL)
		return;
	source->plan = pg_plan_query(source->query, source->sql, CURSOR_OPT_PARALLEL_OK, NULL);
	source->query = NULL;
	if (source->plan->rowMarks != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("source locks rows"),
				 errdetail("A view in it has FOR UPDATE or FOR SHARE.")));
}

void
us_source_estimate(UsSource *source, UsSourceEstimate *estimate)
{
	UsGuard		guard;

	guard_begin(&guard, source);
	plan_source(source);
	estimate->rows = source->plan->planTree->plan_rows;
	estimate->width = source->plan->planTree->plan_width;
	estimate->cost = source->plan->planTree->total_cost;
	guard_end(&guard);
}

void
us_source_run(UsSource *source, DestReceiver *receiver)
{
	UsGuard		guard;
	QueryDesc  *query;

	guard_begin(&guard, source);
	plan_source(source);
	query = CreateQueryDesc(source->plan, source->sql, GetActiveSnapshot(), InvalidSnapshot,
							receiver, NULL, NULL, 0);
	ExecutorStart(query, 0);
	us_executor_run(query);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	guard_end(&guard);
}

/* A receiver that calls a function for each row. */
typedef struct UsEachReceiver
{
	DestReceiver public;
	UsRowFunction function;
	void	   *arg;
	int64		n;
} UsEachReceiver;

static bool
each_row(TupleTableSlot *slot, DestReceiver *self)
{
	UsEachReceiver *receiver = (UsEachReceiver *) self;

	receiver->n++;
	return receiver->function(slot, receiver->arg);
}

static void
each_startup(DestReceiver *self, int operation, TupleDesc tupdesc)
{
}

static void
each_nothing(DestReceiver *self)
{
}

int64
us_source_each(UsSource *source, UsRowFunction function, void *arg)
{
	UsEachReceiver receiver = {
		.public = {
			.receiveSlot = each_row,
			.rStartup = each_startup,
			.rShutdown = each_nothing,
			.rDestroy = each_nothing,
			.mydest = DestNone
		},
		.function = function,
		.arg = arg
	};

	us_source_run(source, &receiver.public);
	return receiver.n;
}
