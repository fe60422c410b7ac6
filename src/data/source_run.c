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

#include "data/source_scan.h"
#include "data/source_text.h"
#include "infra/compat.h"

/* of the node that is put into a plan: no plan is so large */
#define NODE_ID		1000000000

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

/* Plan the source, once. */
static void
plan_source(UsSource *source)
{
	if (source->plan != NULL)
		return;
	source->plan = pg_plan_query(copyObject(source->query), source->sql, CURSOR_OPT_PARALLEL_OK, NULL);
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

/* All rows of a query that has been started, and its end. */
static void
run_to_end(QueryDesc *query)
{
	us_executor_run(query);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
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
	run_to_end(query);
	guard_end(&guard);
}

/* Set a setting until the end of the guard. */
static void
set_option(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
}

/* Does the Gather give the columns of the plan below as they are, which are those of the source? */
static bool
passes_on(const Gather *gather, const UsSource *source)
{
	ListCell   *lc;

	if (gather->plan.qual != NIL || list_length(gather->plan.targetlist) != source->tupdesc->natts ||
		list_length(outerPlan(gather)->targetlist) != source->tupdesc->natts)
		return false;
	foreach(lc, gather->plan.targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		const Var  *var = (const Var *) entry->expr;

		if (entry->resjunk || !IsA(var, Var) || var->varno != OUTER_VAR || var->varattno != entry->resno)
			return false;
	}
	return true;
}

/*
 * A plan for so many workers, with a Gather on top; NULL if there is none.  Nothing will come through the Gather, so it costs
 * nothing.
 */
static PlannedStmt *
plan_for_workers(UsSource *source, int workers)
{
	PlannedStmt *plan;
	Gather	   *gather;

	set_option("max_parallel_workers_per_gather", psprintf("%d", workers));
	set_option("parallel_leader_participation", "on");
	set_option("parallel_setup_cost", "0");
	set_option("parallel_tuple_cost", "0");
	plan = pg_plan_query(copyObject(source->query), source->sql, CURSOR_OPT_PARALLEL_OK, NULL);
	gather = (Gather *) plan->planTree;
	if (!IsA(gather, Gather) || gather->single_copy || gather->invisible || gather->num_workers <= 0 ||
		plan->rowMarks != NIL || !passes_on(gather, source))
		return NULL;
	return plan;
}

/* The node between a Gather and the plan below it. */
static void
insert_node(Gather *gather, CustomScan *scan)
{
	Plan	   *below = outerPlan(gather);
	Plan	   *plan = &scan->scan.plan;

	plan->startup_cost = below->startup_cost;
	plan->total_cost = below->total_cost;
	plan->plan_rows = below->plan_rows;
	plan->plan_width = below->plan_width;
	plan->parallel_aware = true;
	plan->parallel_safe = true;
	plan->plan_node_id = NODE_ID;
	plan->extParam = bms_copy(below->extParam);
	plan->allParam = bms_copy(below->allParam);
	outerPlan(gather) = plan;
}

bool
us_source_run_workers(UsSource *source, int workers, UsScanWrap wrap, UsScanBegin begin, void *arg)
{
	UsGuard		guard;
	QueryDesc  *query;
	PlannedStmt *plan;

	guard_begin(&guard, source);
	plan = plan_for_workers(source, workers);
	if (plan != NULL)
	{
		insert_node((Gather *) plan->planTree, wrap(outerPlan(plan->planTree), arg));
		query = CreateQueryDesc(plan, source->sql, GetActiveSnapshot(), InvalidSnapshot, None_Receiver, NULL, NULL, 0);
		ExecutorStart(query, 0);
		begin(castNode(CustomScanState, outerPlanState(query->planstate)), arg);
		run_to_end(query);
	}
	guard_end(&guard);
	return plan != NULL;
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
