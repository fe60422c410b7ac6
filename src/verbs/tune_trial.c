/*
 * tune_trial.c
 *	  One trial of a tuning: cross-validated, or read back.
 *
 * A trial is known by a digest of all that its figures depend on: the checksum of the rows, the algorithm, the
 * parameters, the preprocessing, the folds and the seed.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "eval/crossval_batch.h"
#include "infra/compat.h"
#include "infra/progress.h"
#include "math/hash.h"
#include "model/report_json.h"
#include "verbs/tune.h"

const char *
us_trial_status_name(UsTrialStatus status)
{
	static const char *const name[] = {"not run", "done", "stored", "stopped"};

	return name[status];
}

static char *
json_text(Jsonb *jb)
{
	return jb ? JsonbToCString(NULL, &jb->root, VARSIZE(jb)) : "{}";
}

static void
append(StringInfo s, const char *text)
{
	/* the length first, so that no two lists of texts are alike */
	if (text)
		appendStringInfo(s, "%zu:%s;", strlen(text), text);
	else
		appendStringInfoString(s, "-;");
}

static void
make_key(const UsTuning *t, const UsTrial *trial, double share, char *key)
{
	const UsTrainArgs *a = &t->args->cv.train;
	const UsFrame *frame = t->prepared.frame;
	UsReport   *params = us_params_report(trial->params);
	StringInfoData s;

	/* these change nothing */
	us_report_null(params, "verbose");
	us_report_null(params, "workers");
	initStringInfo(&s);
	append(&s, US_VERSION);
	appendStringInfo(&s, "%016llx%016llx;" INT64_FORMAT ";", (unsigned long long) frame->checksum[0],
					 (unsigned long long) frame->checksum[1], frame->nrows);
	append(&s, a->algorithm);
	append(&s, a->target);
	append(&s, a->id);
	append(&s, a->weight);
	append(&s, a->time_column);
	append(&s, a->null_policy);
	for (int j = 0; j < frame->ncolumns; j++)
	{
		append(&s, frame->column[j].name);
		append(&s, frame->column[j].type_name);
	}
	append(&s, json_text(a->transform));
	append(&s, json_text(us_report_to_jsonb(params)));
	appendStringInfo(&s, "%d;%d;%.17g;%.17g;" INT64_FORMAT, t->folds->n, (int) t->folds->kind, a->holdout,
					 share, a->seed);
	snprintf(key, US_TRIAL_KEY_BYTES, "%016llx%016llx",
			 (unsigned long long) us_hash_bytes(s.data, s.len, 1),
			 (unsigned long long) us_hash_bytes(s.data, s.len, 2));
	pfree(s.data);
}

/* What the folds gave, as a record. */
static void
make_record(const UsFoldResult *fold, int n, double seconds, UsTrialRecord *r)
{
	int			n_summary;
	UsFoldSummary *summary = us_crossval_summary(fold, n, &n_summary);

	r->n_folds = n;
	r->n_metrics = n_summary;
	r->metric = palloc(n_summary * sizeof(char *));
	r->value = palloc(n * n_summary * sizeof(double));
	r->n_training = palloc(n * sizeof(int64));
	r->n_test = palloc(n * sizeof(int64));
	r->converged = true;
	r->seconds = seconds;
	for (int i = 0; i < n_summary; i++)
		r->metric[i] = pstrdup(summary[i].name);
	for (int f = 0; f < n; f++)
	{
		r->n_training[f] = fold[f].n_training;
		r->n_test[f] = fold[f].n_test;
		r->converged &= fold[f].converged;
		for (int i = 0; i < n_summary; i++)
			r->value[f * n_summary + i] = us_crossval_value(&fold[f], r->metric[i]);
	}
}

/* Mean and standard deviation of the metric that decides. */
static void
judge(UsTuning *t, UsTrial *trial)
{
	const UsTrialRecord *r = &trial->record;
	StringInfoData names;
	double		sum = 0;
	double		square = 0;

	initStringInfo(&names);
	for (int i = 0; i < r->n_metrics; i++)
	{
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "", r->metric[i]);
		if (strcmp(r->metric[i], t->metric) != 0)
			continue;
		for (int f = 0; f < r->n_folds; f++)
			sum += r->value[f * r->n_metrics + i];
		trial->mean = sum / r->n_folds;
		for (int f = 0; f < r->n_folds; f++)
			square += (r->value[f * r->n_metrics + i] - trial->mean) *
				(r->value[f * r->n_metrics + i] - trial->mean);
		trial->sd = r->n_folds > 1 ? sqrt(square / (r->n_folds - 1)) : NAN;
		pfree(names.data);
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no metric \"%s\" for task %s", t->metric,
					us_task_name(t->prepared.recipe.task)),
			 errhint("Metrics are %s.", names.data)));
}

/* A record that is not in the catalog yet. */
static void
keep_fresh(UsTuning *t, const UsTrialRecord *record)
{
	UsTrialRecord *copy = palloc(sizeof(UsTrialRecord));

	*copy = *record;
	t->fresh = t->fresh ? repalloc(t->fresh, (t->n_fresh + 1) * sizeof(*t->fresh)) :
		palloc(sizeof(*t->fresh));
	t->fresh[t->n_fresh++] = copy;
}

/* The trial has been measured on that share of the rows. */
static void
settle(UsTuning *t, UsTrial *trial, const UsTrialRecord *record, UsTrialStatus status, double share)
{
	trial->status = status;
	trial->fresh = status == US_TRIAL_DONE;
	trial->record = *record;
	trial->share = share;
	t->n_measured++;
	if (t->metric == NULL)
		t->metric = record->metric[0];
	judge(t, trial);
	if (trial->fresh)
		keep_fresh(t, record);
}

/* Run the trials at which[n], in parallel where that pays. */
static void
run_trials(UsTuning *t, const int *which, int n, double share)
{
	const UsTuneArgs *args = t->args;
	UsCrossvalRun *run = palloc0(sizeof(UsCrossvalRun) * Max(n, 1));
	UsCrossvalBatch batch = {&t->prepared.recipe, args->cv.train.transform, t->frame, t->folds, t->prepared.budget, n, run};

	if (!isnan(args->max_seconds))
		batch.deadline = t->started + (TimestampTz) Min(args->max_seconds * 1e6, 1e17);
	batch.first = t->n_measured == 0;
	for (int i = 0; i < n; i++)
	{
		run[i].params = t->trial[which[i]].params;
		run[i].given = us_candidates_given(t->candidates, t->trial[which[i]].point);
	}
	us_progress_note("%d trials on %g of the rows", n, share);
	us_crossval_batch(&batch);
	for (int i = 0; i < n; i++)
	{
		UsTrial    *trial = &t->trial[which[i]];
		UsTrialRecord record = {.params = trial->point};

		if (!run[i].done)
			continue;
		make_key(t, trial, share, record.key);
		make_record(run[i].fold, t->folds->n, run[i].seconds, &record);
		settle(t, trial, &record, US_TRIAL_DONE, share);
	}
	pfree(run);
}

bool
us_tune_measure(UsTuning *t, double share)
{
	int		   *which = palloc(sizeof(int) * Max(t->n, 1));
	int			n = 0;

	t->folds->share = share;
	for (int i = 0; i < t->n; i++)
	{
		UsTrial    *trial = &t->trial[i];
		UsTrialRecord record = {.params = trial->point};

		if (trial->status == US_TRIAL_STOPPED)
			continue;
		us_progress("read trials back", i, t->n);
		make_key(t, trial, share, record.key);
		if (us_catalog_trial_get(t->args->cv.train.model, record.key, &record))
			settle(t, trial, &record, US_TRIAL_STORED, share);
		else
			which[n++] = i;
	}
	run_trials(t, which, n, share);
	for (int i = 0; i < n; i++)
		if (t->trial[which[i]].share != share)
			return false;
	return true;
}
