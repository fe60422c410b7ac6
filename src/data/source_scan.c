/*
 * source_scan.c
 *	  Reading a source with parallel workers: the node that every process runs.
 *
 * The leader reads rows too, and looks for full parts of the workers (source_parts.h) every few rows; when there are no
 * more rows for it, it waits for the workers that have begun.
 *
 * What a row can do wrong (NaN, a NULL where there may be none) and what can run out is not told by whoever finds it: all
 * stop, and the source is read by one process, whose message does not depend on who read what.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "utils/memutils.h"

#include "data/frame_part.h"
#include "data/source_parts.h"
#include "data/source_scan.h"
#include "data/source_text.h"
#include "infra/compat.h"
#include "infra/parallel.h"

#define NODE_NAME			"userseg source"

/*
 * Seconds of the planner's unit of cost, of a row that comes out, of one of its columns; and how many reading must take to be worth
 * workers.  They start while the leader reads.
 */
#define SECONDS_A_COST		1.2e-6
#define SECONDS_A_ROW		2e-8
#define SECONDS_A_COLUMN	5e-9
#define SECONDS_WORTH		0.01

/* the leader looks for full parts after so many rows (a power of two) */
#define ROWS_BETWEEN		32

/* of a dictionary in a worker, before it begins anew */
#define DICTIONARY_LEAST	((Size) 16 * 1024)
#define DICTIONARY_MOST		((Size) 1024 * 1024)
#define WORKER_BYTES		((Size) 1024 * 1024)

/* What us_source_scan knows. */
typedef struct UsScanRun
{
	UsFrameReader *reader;
	UsSource   *source;
	struct UsScanState *state;
	Size		dictionary_limit;	/* of a dictionary in a worker */
	Size		worker_bytes;	/* budget of a worker */
} UsScanRun;

typedef struct UsScanState
{
	CustomScanState css;
	UsParts    *parts;			/* NULL: alone */
	bool		worker;
	bool		ended;
	bool		gave_up;
	int			rows;			/* counts them, for ROWS_BETWEEN */
	UsFrameReader *reader;
	UsScanRun  *run;			/* of the leader */
	UsFrameReader own;			/* of a worker */
	UsSourceSpec spec;
} UsScanState;

/* ---- shared memory ---- */

static Size
scan_estimate(CustomScanState *node, ParallelContext *pcxt)
{
	return us_parts_bytes(((UsScanState *) node)->reader, pcxt->nworkers);
}

static void
scan_initialize(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	UsScanState *s = (UsScanState *) node;

	s->parts = us_parts_create(coordinate, s->reader, pcxt->nworkers, s->run->dictionary_limit, s->run->worker_bytes);
}

static void
scan_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	UsScanState *s = (UsScanState *) node;

	s->parts = us_parts_attach(coordinate, ParallelWorkerNumber);
	s->worker = true;
}

/* ---- a worker ---- */

/* The uses of the columns, as the leader has written them into the plan. */
static UsSourceInfo *
read_uses(UsScanState *s, List *private)
{
	UsSourceInfo *info = us_source_list_columns(ExecGetResultType(&s->css.ss.ps));
	ListCell   *lc = list_head(private);
#define NEXT()	(lc = lnext(private, lc), lfirst_int(lc))

	s->spec.null_policy = (UsNullPolicy) lfirst_int(lc);
	s->spec.all_features = NEXT();
	s->spec.keep_unlabelled = NEXT();
	info->id = NEXT();
	info->nused = NEXT();
	info->used = palloc(info->nused * sizeof(int));
	for (int j = 0; j < info->nused; j++)
	{
		info->used[j] = NEXT();
		info->column[info->used[j]].use = (UsUse) NEXT();
	}
#undef NEXT
	return info;
}

static List *
write_uses(const UsFrameReader *reader)
{
	const UsSourceInfo *info = reader->info;
	List	   *private = list_make5_int(reader->spec->null_policy, reader->spec->all_features, reader->spec->keep_unlabelled, info->id,
									   info->nused);

	for (int j = 0; j < info->nused; j++)
	{
		private = lappend_int(private, info->used[j]);
		private = lappend_int(private, info->column[info->used[j]].use);
	}
	return private;
}

/* ---- what all do ---- */

/* Errors of a row or of the budget, after which nothing has to be cleaned up. */
static bool
is_ours(int errcode)
{
	return ERRCODE_TO_CATEGORY(errcode) == ERRCODE_DATA_EXCEPTION || errcode == ERRCODE_OUT_OF_MEMORY ||
		errcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/* One row, and what else is to be done now and then. */
static void
take_row(UsScanState *s, TupleTableSlot *slot)
{
	us_row_reader_put(slot, s->reader);
	if (s->worker)
		us_frame_check_part(s->reader->builder);
	else if (s->parts != NULL && (++s->rows & (ROWS_BETWEEN - 1)) == 0)
		us_parts_take(s->parts);
}

/*
 * In take_row() and what else is OURS errors jump to *here.  The leader takes no interrupts there: what a worker reports must not be
 * mistaken for an error of its own.
 */
#define OURS(what) \
	(PG_exception_stack = here, InterruptHoldoffCount += !s->worker, (what), \
	 InterruptHoldoffCount -= !s->worker, PG_exception_stack = outer)

/* The rows of the plan below. */
static void
take_rows(UsScanState *s, sigjmp_buf *here)
{
	PlanState  *below = (PlanState *) linitial(s->css.custom_ps);
	sigjmp_buf *outer = PG_exception_stack;

	while (s->parts == NULL || !us_parts_failed(s->parts))
	{
		TupleTableSlot *slot = ExecProcNode(below);

		if (TupIsNull(slot))
			break;
		OURS(take_row(s, slot));
		if (s->worker && us_frame_parts_ended(s->reader->builder))
			return;
	}
	if (s->worker && !us_parts_failed(s->parts))
		OURS(us_frame_hand_over(s->reader->builder, false));
}

/* The leader has no more rows: what those workers bring that have begun. */
static void
take_rest(UsScanState *s, sigjmp_buf *here)
{
	sigjmp_buf *outer = PG_exception_stack;

	us_parts_close(s->parts);
	for (;;)
	{
		bool		done = us_parts_done(s->parts);

		OURS(us_parts_take(s->parts));
		if (done || us_parts_failed(s->parts))
			break;
		us_parts_wait(s->parts);
	}
}

/* Everything; false after an error of a row or of the budget, but not of the executor. */
static bool
run(UsScanState *s)
{
	sigjmp_buf *outer = PG_exception_stack;
	ErrorContextCallback *context = error_context_stack;
	MemoryContext memory = CurrentMemoryContext;
	uint32		holdoff = InterruptHoldoffCount;
	sigjmp_buf	here;

	if (sigsetjmp(here, 0) != 0)
	{
		PG_exception_stack = outer;
		error_context_stack = context;
		if (!is_ours(geterrcode()))
			PG_RE_THROW();
		InterruptHoldoffCount = holdoff;
		MemoryContextSwitchTo(memory);
		FlushErrorState();
		return false;
	}
	take_rows(s, &here);
	if (!s->worker && s->parts != NULL)
		take_rest(s, &here);
	return true;
}

/* The node in a worker: everything at the first call, and no row comes out of it. */
static void
exec_worker(UsScanState *s)
{
	UsColumn   *columns;

	if (!us_parts_join(s->parts))
	{
		if (!us_parts_failed(s->parts) && !TupIsNull(ExecProcNode((PlanState *) linitial(s->css.custom_ps))))
			elog(ERROR, "a row of the source is left when all have been read");
		return;
	}
	s->reader = &s->own;
	s->own.spec = &s->spec;
	s->own.info = read_uses(s, ((CustomScan *) s->css.ss.ps.plan)->custom_private);
	columns = us_row_reader_init(&s->own);
	us_parts_begin(s->parts, &s->own, columns);
	if (!run(s))
		us_parts_fail(s->parts);
	us_parts_leave(s->parts);
}

static void
exec_leader(UsScanState *s)
{
	s->gave_up = !run(s);
	if (s->parts == NULL)
		return;
	s->gave_up = s->gave_up || us_parts_failed(s->parts);
	if (s->gave_up)
	{
		/* nobody who has begun may be at work when the memory goes */
		us_parts_close(s->parts);
		us_parts_fail(s->parts);
		while (!us_parts_done(s->parts))
			us_parts_wait(s->parts);
	}
	else
		us_parts_add(s->parts);
	us_parts_free(s->parts);
}

static TupleTableSlot *
scan_exec(CustomScanState *node)
{
	UsScanState *s = (UsScanState *) node;

	if (!s->ended)
	{
		s->ended = true;
		if (s->worker)
			exec_worker(s);
		else
			exec_leader(s);
	}
	return NULL;
}

/* ---- the node ---- */

static void
scan_begin(CustomScanState *node, EState *estate, int eflags)
{
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;

	node->custom_ps = list_make1(ExecInitNode(linitial(scan->custom_plans), estate, eflags));
}

static void
scan_end(CustomScanState *node)
{
	ExecEndNode(linitial(node->custom_ps));
}

static void
scan_rescan(CustomScanState *node)
{
	elog(ERROR, "a source is read once");
}

static const CustomExecMethods exec_methods = {
	.CustomName = NODE_NAME,
	.BeginCustomScan = scan_begin,
	.ExecCustomScan = scan_exec,
	.EndCustomScan = scan_end,
	.ReScanCustomScan = scan_rescan,
	.EstimateDSMCustomScan = scan_estimate,
	.InitializeDSMCustomScan = scan_initialize,
	.InitializeWorkerCustomScan = scan_initialize_worker
};

static Node *
scan_create(CustomScan *scan)
{
	UsScanState *s = (UsScanState *) newNode(sizeof(UsScanState), T_CustomScanState);

	s->css.methods = &exec_methods;
	return (Node *) s;
}

static const CustomScanMethods scan_methods = {
	.CustomName = NODE_NAME,
	.CreateCustomScanState = scan_create
};

void
us_source_scan_register(void)
{
	if (GetCustomScanMethods(NODE_NAME, true) == NULL)
		RegisterCustomScanMethods(&scan_methods);
}

/* ---- running it ---- */

/* UsScanWrap: the node above a plan, with the columns of that under the names of the source. */
static CustomScan *
wrap(Plan *below, void *arg)
{
	UsScanRun  *run = (UsScanRun *) arg;
	CustomScan *scan = makeNode(CustomScan);
	ListCell   *lc;

	foreach(lc, below->targetlist)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		Expr	   *column = (Expr *) makeVar(INDEX_VAR, entry->resno, exprType((Node *) entry->expr),
											  exprTypmod((Node *) entry->expr), exprCollation((Node *) entry->expr), 0);
		char	   *name = NameStr(TupleDescAttr(us_source_tupdesc(run->source), entry->resno - 1)->attname);

		scan->scan.plan.targetlist = lappend(scan->scan.plan.targetlist,
											 makeTargetEntry(column, entry->resno, pstrdup(name), false));
	}
	scan->custom_scan_tlist = copyObject(scan->scan.plan.targetlist);
	scan->custom_plans = list_make1(below);
	scan->custom_private = write_uses(run->reader);
	scan->methods = &scan_methods;
	return scan;
}

/* UsScanBegin */
static void
begin(CustomScanState *node, void *arg)
{
	UsScanRun  *run = (UsScanRun *) arg;
	UsScanState *s = (UsScanState *) node;

	run->state = s;
	s->run = run;
	s->reader = run->reader;
}

/* Can workers read this, and is it worth it? */
static bool
is_worth(UsSource *source, const UsFrameReader *reader)
{
	UsSourceEstimate estimate;

	if (IsInParallelMode() || max_parallel_workers <= 0 || us_team_workers_allowed() <= 0 ||
		!us_frame_has_parts(reader->builder->frame) || (reader->info->id >= 0 && reader->key.form == US_KEY_OUTPUT))
		return false;
	/* an output function may do anything before its error */
	for (int j = 0; j < reader->info->nused; j++)
		if (reader->feature[j].reading == US_READ_OUTPUT)
			return false;
	us_source_estimate(source, &estimate);
	return estimate.cost * SECONDS_A_COST +
		estimate.rows * (SECONDS_A_ROW + SECONDS_A_COLUMN * reader->info->nused) > SECONDS_WORTH;
}

/* Memory of so many workers: their parts and dictionaries. */
static Size
memory_of(UsScanRun *run, int workers)
{
	const UsFrameReader *reader = run->reader;
	int			n = 0;
	Size		room = us_budget_left(reader->builder->budget) / 64;

	for (int j = 0; j < reader->info->nused; j++)
		n += reader->builder->frame->column[j].dictionary != NULL;
	run->dictionary_limit = Min(Max(room / (Max(n, 1) * workers), DICTIONARY_LEAST), DICTIONARY_MOST);
	run->worker_bytes = WORKER_BYTES + n * 4 * run->dictionary_limit + (n > 0 ? 2 * DICTIONARY_MOST : 0);
	return us_parts_bytes(reader, workers) + run->worker_bytes * workers;
}

UsScanEnd
us_source_scan(UsSource *source, UsFrameReader *reader, const UsColumn *columns)
{
	UsScanRun	run = {.reader = reader, .source = source};
	UsBudget   *budget = reader->builder->budget;
	int			workers = us_team_workers_allowed();
	Size		bytes;
	bool		planned;

	if (!is_worth(source, reader))
		return US_SCAN_NOT;
	while ((bytes = memory_of(&run, workers)) > us_budget_left(budget) / 4)
		if (--workers == 0)
			return US_SCAN_NOT;
	us_budget_take(budget, bytes, "reading by workers");
	planned = us_team_segment_fits(bytes) && us_source_run_workers(source, workers, wrap, begin, &run);
	us_budget_release(budget, bytes);
	if (!planned)
		return US_SCAN_NOT;
	return run.state->gave_up ? US_SCAN_GAVE_UP : US_SCAN_DONE;
}
