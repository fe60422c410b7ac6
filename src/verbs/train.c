/*
 * train.c
 *	  userseg.train: from a source to a stored version.
 *
 * The order of things: arguments and privileges first, then one read of the source
 * into a Frame; with a target, a fit on one part of the rows and its metrics on the other;
 * then the encoder, the fit of the algorithm, (for clusters) the numbers of the
 * segments and their profile, and the registry.
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
#include "verbs/holdout.h"
#include "verbs/label.h"
#include "verbs/sql_step.h"
#include "verbs/suspects.h"
#include "verbs/train.h"

/* What one training knows after the fit. */
typedef struct Training
{
	const UsTrainArgs *args;
	UsPrepared	prepared;
	UsSuspect  *suspect;
	int			n_suspects;
	UsHoldout	holdout;
	UsFitted	fitted;			/* the model that is stored */
	int64		n_rows;			/* that it was fitted on */
	int		   *segment_ids;	/* NULL: fresh numbers */
	UsReport   *details;
} Training;

/* Which strategy iterates: the parameter of the algorithm, if it has one. */
static bool
wants_sql(const UsParams *params)
{
	for (int i = 0; i < params->n; i++)
		if (strcmp(params->spec[i].name, "strategy") == 0)
			return strcmp(params->value[i].text, "sql") == 0;
	return false;
}

/* Fit on all rows. */
static void
fit(Training *t)
{
	UsPrepared *p = &t->prepared;
	UsSqlStep	step;
	bool		by_sql = wants_sql(p->recipe.params);

	us_train_encode(p);
	if (by_sql)
		us_sql_step_make(&step, p->recipe.algorithm, p->source, p->frame, p->encoder);
	us_recipe_fit(&p->recipe, p->frame, p->encoder, by_sql ? &step : NULL, p->budget, &t->fitted);
	t->n_rows = p->frame->nrows;
}

/* Keep the model of the training part. */
static void
keep_part(Training *t)
{
	UsPrepared *p = &t->prepared;

	t->fitted = t->holdout.fitted;
	p->encoder = t->fitted.encoder;
	for (int i = 0; i < us_encoder_nwarnings(p->encoder); i++)
		us_train_warn(p, "%s", us_encoder_warning(p->encoder, i));
	t->n_rows = t->holdout.n_training;
}

/* A model with a target: measured on the hold-out, or else on its own rows. */
static void
fit_supervised(Training *t)
{
	UsPrepared *p = &t->prepared;
	bool		refit = us_params_get(p->recipe.params, "refit")->boolean;

	t->suspect = us_suspects_warn(p, us_recipe_target(&p->recipe, p->frame), &t->n_suspects);
	us_holdout_run(t->args, p, !refit, &t->holdout);
	if (refit || t->holdout.training == NULL)
		fit(t);
	else
		keep_part(t);
	if (t->holdout.metrics == NULL)
		t->holdout.metrics = us_measure(&t->fitted, p->frame, US_MEASURE_BRIEF, p->budget);
	if (t->holdout.metrics->n_unknown > 0)
		us_train_warn(p, INT64_FORMAT " of " INT64_FORMAT " rows of the hold-out are of a class that no row of the training part has: they do not count in the metrics",
					  t->holdout.metrics->n_unknown, t->holdout.n_holdout);
}

static void
warn_fit(Training *t)
{
	const UsFitResult *result = &t->fitted.result;

	for (int i = 0; i < result->n_warnings; i++)
		us_train_warn(&t->prepared, "%s", result->warnings[i]);
	if (!result->converged)
		us_train_warn(&t->prepared, "\"%s\" did not converge in %d iterations; it is stored, but an alias moves to it only when forced",
					  t->args->model, result->iterations);
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
	t->segment_ids = palloc0(t->fitted.result.n_labels * sizeof(int));
	kept = us_align_segments(t->prepared.frame, earlier, t->fitted.result.n_labels,
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

/* The target, and where the metrics come from. */
static void
report_target(Training *t)
{
	const UsTarget *target = t->fitted.target;
	const UsHoldout *h = &t->holdout;
	UsReport   *r = us_report_add_object(t->details, "target");

	us_report_text(r, "column", target->name);
	us_report_text(r, "task", us_task_name(target->task));
	if (target->task == US_TASK_CLASSIFICATION)
	{
		UsReport   *classes = us_report_add_array(r, "classes");

		for (int k = 0; k < target->n_classes; k++)
		{
			UsReport   *c = us_report_add_object(classes, NULL);

			us_report_text(c, "class", target->class_name[k]);
			us_report_int(c, "rows", target->class_rows[k]);
			us_report_number(c, "weight", target->class_factor[k]);
		}
		if (target->positive >= 0)
			us_report_text(r, "positive", target->class_name[target->positive]);
		else
			us_report_null(r, "positive");
	}
	r = us_report_add_object(t->details, "holdout");
	us_report_text(r, "by", h->split.kind == US_SPLIT_KEY ? "key" :
				   h->split.kind == US_SPLIT_TIME ? "time" : "none");
	us_report_int(r, "training_rows", h->n_training);
	us_report_int(r, "holdout_rows", h->n_holdout);
	if (h->split.kind == US_SPLIT_TIME)
		us_report_number(r, "cutoff", h->split.cutoff);
	us_report_text(r, "metrics_on", h->split.kind == US_SPLIT_NONE ? "training" : "holdout");
	us_report_bool(r, "metrics_sampled", h->metrics->sampled);
	us_report_attach(t->details, "suspects", us_suspects_report(t->suspect, t->n_suspects));
	us_report_bool(r, "refitted", h->split.kind != US_SPLIT_NONE && t->n_rows == t->prepared.frame->nrows);
}

/* The stored form: encoder, model, classes, and for clusters the profile. */
static bytea *
make_artifact(Training *t, const UsProfile *profile)
{
	const UsFitted *f = &t->fitted;
	UsArtifact	artifact = {0};
	UsArtifactSection section = {0};
	UsWriter	w;

	artifact.algorithm = f->recipe->algorithm;
	artifact.task = f->result.task;
	artifact.encoder = f->encoder;
	artifact.model = f->result.model;
	artifact.n_labels = f->result.n_labels;
	artifact.positive = -1;
	if (f->result.task == US_TASK_CLASSIFICATION)
	{
		artifact.class_names = f->target->class_name;
		artifact.positive = f->target->positive;
	}
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
	const UsFitResult *fit = &t->fitted.result;
	const UsMetrics *metrics = t->holdout.metrics;
	UsNewVersion v = {0};
	UsRun		run = {0};

	v.model = args->model;
	v.artifact = artifact;
	v.algorithm = p->recipe.algorithm->name;
	v.task = fit->task;
	v.n_labels = fit->n_labels;
	v.segment_ids = t->segment_ids;
	v.n_rows = t->n_rows;
	v.n_columns = v.n_features = used_features(p->encoder, &v.columns);
	v.metric = metrics ? metrics->metric[0].name : fit->metric;
	v.metric_value = metrics ? metrics->metric[0].value : fit->metric_value;
	v.metrics = metrics ? us_report_to_jsonb(us_metrics_report(metrics)) : NULL;
	v.converged = fit->converged;
	v.iterations = fit->iterations;
	v.n_warnings = p->n_warnings;
	v.warnings = p->warnings;
	v.details = us_report_to_jsonb(t->details);
	v.source = args->source;
	v.target = args->target;
	v.id = args->id;
	v.weight = args->weight;
	v.time_column = args->time_column;
	v.transform = args->transform;
	v.params = us_report_to_jsonb(us_params_report(p->recipe.params));
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

/* Numbers of the segments and what they look like. */
static UsProfile *
describe_segments(Training *t)
{
	UsPrepared *p = &t->prepared;
	UsLabelSource *labels = us_label_source(p->recipe.algorithm, t->fitted.result.model, p->encoder,
											p->frame, t->fitted.result.labels, p->budget);

	align(t, labels);
	us_progress("describe segments", 0, 0);
	return us_profile_compute(p->frame, p->encoder, t->fitted.result.n_labels, us_label_chunk, labels,
							  p->budget, p->recipe.seed);
}

/* Fit, describe and store; p is the rows as read. */
static void
finish(Training *t, TimestampTz started, const char *name, UsReport *more, UsTrainResult *result)
{
	UsPrepared *p = &t->prepared;
	UsProfile  *profile = NULL;

	if (p->recipe.task == US_TASK_CLUSTERING)
		fit(t);
	else
		fit_supervised(t);
	warn_fit(t);
	t->details = t->fitted.result.details;
	if (p->recipe.task == US_TASK_CLUSTERING)
		profile = describe_segments(t);
	else
		report_target(t);
	report_preparation(t);
	if (more)
		us_report_attach(t->details, name, more);
	store(t, make_artifact(t, profile), started, result);
	for (int i = 0; i < result->n_warnings; i++)
		ereport(WARNING, (errmsg("%s", result->warnings[i])));
	if (t->holdout.training)
		us_frame_free(t->holdout.training);
	us_frame_free(p->frame);
	us_progress_end();
}

void
us_train_store(const UsTrainArgs *args, UsPrepared *prepared, TimestampTz started,
			   const char *name, UsReport *more, UsTrainResult *result)
{
	Training	t = {.args = args, .prepared = *prepared};

	finish(&t, started, name, more, result);
}

void
us_train(const UsTrainArgs *args, UsTrainResult *result)
{
	TimestampTz started = GetCurrentTimestamp();
	Training	t = {.args = args};

	us_catalog_begin_model(args->model);
	if (args->alias)
		us_reference_check_name(args->alias, "alias");
	us_train_read(args, &t.prepared);
	finish(&t, started, NULL, NULL, result);
}
