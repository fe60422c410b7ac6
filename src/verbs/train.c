/*
 * train.c
 *	  userseg.train: from a source to a stored version.
 *
 * The order of things: arguments and privileges first, then one read of the source
 * into a Frame, then the encoder, then the fit of the algorithm, then (for
 * clusters) the numbers of the segments and their profile, then the registry.
 * Everything happens in the caller's transaction; an error anywhere leaves nothing.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "eval/profile.h"
#include "data/params_json.h"
#include "infra/progress.h"
#include "model/artifact.h"
#include "model/cache.h"
#include "model/catalog.h"
#include "model/report_json.h"
#include "verbs/align.h"
#include "verbs/label.h"
#include "verbs/sql_step.h"
#include "verbs/train.h"

/* What one training knows after the fit. */
typedef struct Training
{
	const UsTrainArgs *args;
	UsPrepared	prepared;
	UsFitResult fit;
	int		   *segment_ids;	/* NULL: fresh numbers */
	UsReport   *details;
} Training;

/* Which strategy iterates: the parameter of the algorithm, if it has one. */
static bool
wants_sql(const UsPrepared *p)
{
	for (int i = 0; i < p->params->n; i++)
		if (strcmp(p->params->spec[i].name, "strategy") == 0)
			return strcmp(p->params->value[i].text, "sql") == 0;
	return false;
}

static void
fit(Training *t)
{
	UsPrepared *p = &t->prepared;
	UsFitInput	input = {0};
	UsSqlStep	step;

	input.frame = p->frame;
	input.encoder = p->encoder;
	input.params = p->params;
	input.seed = (uint64) t->args->seed;
	input.budget = p->budget;
	if (wants_sql(p))
	{
		us_sql_step_make(&step, p->algorithm, p->source, p->frame, p->encoder);
		input.sql_step = &step;
	}
	p->algorithm->fit(&input, &t->fit);
	for (int i = 0; i < t->fit.n_warnings; i++)
		us_train_warn(p, "%s", t->fit.warnings[i]);
	if (!t->fit.converged)
		us_train_warn(p, "\"%s\" did not converge in %d iterations; it is stored, but an alias moves to it only when forced",
					  t->args->model, t->fit.iterations);
}

/* The version whose segments the new one continues: what a bare name means now, or NULL. */
static const UsModel *
earlier_version(const Training *t)
{
	UsReference reference = us_reference_parse_name(t->args->model);
	UsVersionInfo info;

	if (!us_catalog_find(&reference, US_PRIVILEGE_OWNER, true, &info)
		|| info.task != US_TASK_CLUSTERING || info.n_labels == 0)
		return NULL;
	return us_model_open(psprintf("%s@%d", info.model, info.version), US_PRIVILEGE_OWNER);
}

/* Durable numbers for the clusters, as far as an earlier version has them. */
static void
align(Training *t, UsLabelSource *labels)
{
	const UsModel *earlier = earlier_version(t);
	UsReport   *report;
	double		kept;
	char	   *note;

	if (earlier == NULL)
		return;
	us_progress("align segments", 0, 0);
	t->segment_ids = palloc0(t->fit.n_labels * sizeof(int));
	kept = us_align_segments(t->prepared.frame, earlier, t->fit.n_labels,
							 us_label_chunk, labels, (uint64) t->args->seed,
							 t->segment_ids, &note);
	report = us_report_add_object(t->details, "alignment");
	us_report_text(report, "method", "membership");
	us_report_int(report, "version", earlier->info.version);
	us_report_number(report, "share_kept", kept);
	if (note)
		us_train_warn(&t->prepared, "%s", note);
}

static void
report_preparation(Training *t)
{
	UsPrepared *p = &t->prepared;
	UsReport   *r = us_report_add_object(t->details, "source");

	us_report_int(r, "read", p->info->n_read);
	us_report_int(r, "skipped", p->info->n_read - p->frame->nrows);
	us_report_bool(r, "spilled", p->frame->spilled);
	r = us_report_add_object(t->details, "memory");
	us_report_number(r, "allowed_mb", us_budget_left(p->budget) / 1048576.0
					 + us_budget_used(p->budget) / 1048576.0);
	us_report_number(r, "peak_mb", us_budget_peak(p->budget) / 1048576.0);
	us_report_attach(t->details, "preprocessing", us_encoder_report(p->encoder));
	r = us_report_add_object(t->details, "columns_unused");
	for (int i = 0; i < p->info->ncolumns; i++)
		if (p->info->column[i].use == US_USE_NONE)
			us_report_text(r, p->info->column[i].name,
						   p->info->column[i].reason ? p->info->column[i].reason : "not asked for");
}

/* The stored form: encoder, model, and for clusters the profile. */
static bytea *
make_artifact(Training *t, const UsProfile *profile)
{
	UsArtifact	artifact = {0};
	UsArtifactSection section = {0};
	UsWriter	w;

	artifact.algorithm = t->prepared.algorithm;
	artifact.task = t->fit.task;
	artifact.encoder = t->prepared.encoder;
	artifact.model = t->fit.model;
	artifact.n_labels = t->fit.n_labels;
	if (profile == NULL)
		return us_artifact_write(&artifact, NULL, 0);
	us_writer_init(&w);
	us_profile_write(profile, &w);
	section.type = US_SECTION_PROFILE;
	section.data = w.buf.data + VARHDRSZ;
	section.len = w.buf.len - VARHDRSZ;
	return us_artifact_write(&artifact, &section, 1);
}

static int
used_features(const UsEncoder *encoder, char ***names)
{
	int			n = us_encoder_nfeatures(encoder);
	int			used = 0;

	*names = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
		if (us_encoder_feature(encoder, i)->width > 0)
			(*names)[used++] = us_encoder_feature(encoder, i)->name;
	return used;
}

static void
store(Training *t, bytea *artifact, int64 started, UsTrainResult *result)
{
	const UsTrainArgs *args = t->args;
	UsPrepared *p = &t->prepared;
	UsNewVersion v = {0};
	UsRun		run = {0};

	v.model = args->model;
	v.artifact = artifact;
	v.algorithm = p->algorithm->name;
	v.task = t->fit.task;
	v.n_labels = t->fit.n_labels;
	v.segment_ids = t->segment_ids;
	v.n_rows = p->frame->nrows;
	v.n_columns = v.n_features = used_features(p->encoder, &v.columns);
	v.metric = t->fit.metric;
	v.metric_value = t->fit.metric_value;
	v.converged = t->fit.converged;
	v.iterations = t->fit.iterations;
	v.n_warnings = p->n_warnings;
	v.warnings = p->warnings;
	v.details = us_report_to_jsonb(t->details);
	v.source = args->source;
	v.target = args->target;
	v.id = args->id;
	v.weight = args->weight;
	v.time_column = args->time_column;
	v.transform = args->transform;
	v.params = us_report_to_jsonb(us_params_report(p->params));
	v.null_policy = args->null_policy;
	v.holdout = args->holdout;
	v.seed = args->seed;
	v.data_checksum = p->frame->checksum[0];
	v.alias = args->alias;
	v.duration_us = GetCurrentTimestamp() - started;

	result->version = us_catalog_add_version(&v);
	run.kind = "train";
	run.model = args->model;
	run.version = result->version;
	run.ok = true;
	run.started_at = started;
	run.n_rows = v.n_rows;
	us_catalog_log_run(&run);
	result->model = args->model;
	result->algorithm = v.algorithm;
	result->n_rows = v.n_rows;
	result->n_features = v.n_features;
	result->metric = v.metric;
	result->metric_value = v.metric_value;
	result->converged = v.converged;
	result->iterations = v.iterations;
	result->n_warnings = v.n_warnings;
	result->warnings = v.warnings;
	result->details = v.details;
	result->duration_us = v.duration_us;
}

void
us_train(const UsTrainArgs *args, UsTrainResult *result)
{
	TimestampTz started = GetCurrentTimestamp();
	Training	t = {0};
	UsLabelSource *labels = NULL;
	UsProfile  *profile = NULL;

	t.args = args;
	us_catalog_begin_model(args->model);
	if (args->alias)
		us_reference_check_name(args->alias, "alias");
	us_train_prepare(args, &t.prepared);
	fit(&t);
	t.details = t.fit.details;
	if (t.fit.task == US_TASK_CLUSTERING)
	{
		labels = us_label_source(t.prepared.algorithm, t.fit.model, t.prepared.encoder,
								 t.prepared.frame, t.fit.labels, t.prepared.budget);
		align(&t, labels);
		us_progress("describe segments", 0, 0);
		profile = us_profile_compute(t.prepared.frame, t.prepared.encoder, t.fit.n_labels,
									 us_label_chunk, labels, t.prepared.budget,
									 (uint64) args->seed);
	}
	report_preparation(&t);
	store(&t, make_artifact(&t, profile), started, result);
	for (int i = 0; i < result->n_warnings; i++)
		ereport(WARNING, (errmsg("%s", result->warnings[i])));
	us_frame_free(t.prepared.frame);
	us_progress_end();
}
