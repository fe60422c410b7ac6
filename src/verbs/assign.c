/*
 * assign.c
 *	  userseg.assign: keep a table of users and their segments.
 *
 * The table is locked before anything is looked at, and everything is looked at
 * under a snapshot taken after that: of two runs that meet, the later one sees
 * what the earlier one wrote, and scores the source as it is then.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "data/source.h"
#include "infra/progress.h"
#include "infra/report.h"
#include "model/catalog.h"
#include "model/report_json.h"
#include "verbs/assign.h"
#include "verbs/assign_rows.h"

static void
check_as_of(TimestampTz as_of)
{
	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("as_of cannot be %s", timestamptz_to_str(as_of)),
				 errhint("It is the instant from which the segments of this run hold; the default is now().")));
}

/*
 * The instant of this run: not before that of the last one.  now() stands still during a
 * transaction, so a run that waited for another one, or came after it in a transaction
 * that began before, has an earlier now(): it takes the instant of the other.
 */
static TimestampTz
effective_as_of(TimestampTz as_of, const UsAssignTable *table)
{
	TimestampTz last = table->last.as_of;

	if (!table->continued || as_of >= last)
		return as_of;
	if (as_of == GetCurrentTransactionStartTimestamp() && last <= GetCurrentTimestamp())
		return last;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("as_of %s is before that of the last run, %s",
					pstrdup(timestamptz_to_str(as_of)), pstrdup(timestamptz_to_str(last))),
			 errhint("Segments are assigned in the order of time. To begin anew, drop the table and its history.")));
	return 0;
}

/* Say what was met in the rows, if anything. */
static void
notice_counts(const UsBlockCounts *counts)
{
	StringInfoData text;

	initStringInfo(&text);
#define NOTE(n, what) \
	if ((n) > 0) \
		appendStringInfo(&text, "%s" INT64_FORMAT " " what, text.len > 0 ? ", " : "", (n))
	NOTE(counts->n_unscored, "without a segment because of a NULL feature");
	NOTE(counts->n_imputed, "with an imputed feature");
	NOTE(counts->n_unseen, "with a category not seen in training");
	NOTE(counts->n_not_finite, "with NaN or infinity taken as NULL");
	NOTE(counts->n_bad_dim, "with a vector of another length taken as NULL");
#undef NOTE
	if (text.len > 0)
		ereport(NOTICE,
				(errmsg("of " INT64_FORMAT " rows: %s", counts->n_rows, text.data)));
	pfree(text.data);
}

/* Create what is missing, as far as it is wanted; true if the table is new. */
static bool
create_tables(UsAssignRun *run)
{
	UsAssignTable *table = &run->table;
	const FormData_pg_attribute *id = us_block_scorer_id(run->scorer);
	const char *model = run->model->info.model;
	bool		new = !OidIsValid(table->relation);

	if (new)
		us_assign_table_create(table, model, id);
	if (run->history && !OidIsValid(table->history_relation))
		us_assign_history_create(table, model, id);
	return new;
}

/* The record of the run, written before the tables: of two runs in old snapshots one fails here. */
static void
record_assignment(const UsAssignRun *run)
{
	const UsAssignTable *table = &run->table;
	UsAssignment record = {.version = run->model->info.version, .as_of = run->as_of};

	strlcpy(record.table_schema, table->schema, NAMEDATALEN);
	strlcpy(record.table_name, table->name, NAMEDATALEN);
	strlcpy(record.history_name, table->history ? table->history : "", NAMEDATALEN);
	strlcpy(record.model, run->model->info.model, NAMEDATALEN);
	strlcpy(record.id_column, NameStr(us_block_scorer_id(run->scorer)->attname), NAMEDATALEN);
	strlcpy(record.owner, table->owner, NAMEDATALEN);
	us_catalog_assignment_put(&record);
}

static void
log_run(const UsAssignRun *run, const UsAssignResult *r, TimestampTz started_at)
{
	UsReport   *details = us_report_object();
	UsRun		log = {
		.kind = "assign",
		.model = run->model->info.model,
		.version = run->model->info.version,
		.ok = true,
		.started_at = started_at,
		.n_rows = r->n_rows
	};

	us_report_text(details, "table", us_assign_table_sql(&run->table));
	us_report_int(details, "new", r->n_new);
	us_report_int(details, "changed", r->n_changed);
	us_report_int(details, "unchanged", r->n_unchanged);
	us_report_int(details, "gone", r->n_gone);
	us_report_int(details, "unscored", r->n_unscored);
	us_report_int(details, "imputed", run->counts.n_imputed);
	us_report_int(details, "unseen", run->counts.n_unseen);
	us_report_int(details, "not_finite", run->counts.n_not_finite);
	us_report_int(details, "bad_length", run->counts.n_bad_dim);
	us_report_int(details, "workers", run->counts.n_workers);
	log.details = us_report_to_jsonb(details);
	us_catalog_log_run(&log);
}

/* Model, source and tables of a run, checked against each other. */
static void
prepare(const UsAssignArgs *args, UsAssignRun *run)
{
	const UsModel *model = us_model_open(args->model, US_PRIVILEGE_USAGE);
	UsAssignTable *table = &run->table;

	run->model = model;
	run->scorer = us_block_scorer(model, us_source_open(args->source), args->id);
	us_assign_table_check(table, model->info.model, us_block_scorer_id(run->scorer));
	run->as_of = effective_as_of(args->as_of, table);
	run->history = args->history;
	if (run->history)
		us_assign_table_name_history(table);
	run->label_text = palloc(sizeof(Datum) * Max(model->n_labels, 1));
	for (int i = 0; i < model->n_labels; i++)
		run->label_text[i] = CStringGetTextDatum(model->label_name[i]);
}

void
us_assign(const UsAssignArgs *args, UsAssignResult *result)
{
	TimestampTz started_at = GetCurrentTimestamp();
	UsAssignRun run = {0};

	PreventCommandIfReadOnly("userseg.assign()");
	PreventCommandIfParallelMode("userseg.assign()");
	check_as_of(args->as_of);
	memset(result, 0, sizeof(UsAssignResult));
	us_progress_begin(false);

	us_assign_table_lock(args->into_table, &run.table);
	PushActiveSnapshot(GetTransactionSnapshot());
	prepare(args, &run);
	record_assignment(&run);
	if (create_tables(&run))
	{
		us_assign_fill(&run);
		result->n_new = run.counts.n_rows;
	}
	else
		us_assign_merge(&run, result);
	PopActiveSnapshot();

	result->n_rows = run.counts.n_rows;
	result->n_unscored = run.counts.n_unscored;
	result->n_unchanged = result->n_rows - result->n_new - result->n_changed;
	result->version = run.model->info.version;
	notice_counts(&run.counts);
	log_run(&run, result, started_at);
	us_progress_end();
}
