/*
 * training.c
 *	  What follows every fit, of a training or of its continuation: warnings, details,
 *	  the stored form, the new version.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "data/params_json.h"
#include "model/artifact.h"
#include "model/catalog.h"
#include "model/report_json.h"
#include "verbs/segments.h"
#include "verbs/training.h"

void
us_training_warn_fit(UsTraining *t)
{
	const UsFitResult *result = &t->fitted.result;

	for (int i = 0; i < result->n_warnings; i++)
		us_train_warn(&t->prepared, "%s", result->warnings[i]);
	if (!result->converged)
		us_train_warn(&t->prepared, "\"%s\" did not converge in %d iterations; it is stored, but an alias moves to it only when forced",
					  t->args->model, result->iterations);
}

void
us_training_report(UsTraining *t)
{
	UsPrepared *p = &t->prepared;
	UsReport   *r = us_report_add_object(t->details, "source");

	us_report_int(r, "read", p->info->n_read);
	us_report_int(r, "skipped", p->info->n_read - us_train_rows(p)->nrows);
	us_report_bool(r, "spilled", p->frame->spilled);
	us_report_int(r, "workers", p->info->n_workers);
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

bytea *
us_training_artifact(UsTraining *t, const UsProfile *profile)
{
	const UsFitted *f = &t->fitted;
	UsArtifact	artifact = {0};
	UsArtifactSection section[3];
	int			n_sections = 0;

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
	if (profile)
		section[n_sections++] = us_segments_section(US_SECTION_PROFILE, profile);
	if (t->branches && t->branches->profile)
	{
		section[n_sections++] = us_segments_section(US_SECTION_BRANCHES, t->branches->profile);
		section[n_sections++] = us_rules_section(t->branches->range, t->branches->n_ranges);
	}
	return us_artifact_write(&artifact, section, n_sections);
}

/* Names of the features that have encoded columns; returns how many. */
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

void
us_training_store(UsTraining *t, bytea *artifact, UsTrainResult *result)
{
	const UsTrainArgs *args = t->args;
	UsPrepared *p = &t->prepared;
	const UsFitResult *fit = &t->fitted.result;
	const UsMetrics *metrics = t->metrics;
	UsNewVersion v = {0};
	UsRun		run = {0};

	v.model = args->model;
	v.artifact = artifact;
	v.algorithm = p->recipe.algorithm->name;
	v.task = fit->task;
	v.n_labels = fit->n_labels;
	v.segment_ids = t->segment_ids;
	v.label_names = p->recipe.algorithm->label_names;
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
	v.parent = t->parent;
	v.alias = args->alias;
	v.duration_us = GetCurrentTimestamp() - t->started;

	result->version = us_catalog_add_version(&v);
	run.kind = t->kind;
	run.model = args->model;
	run.version = result->version;
	run.ok = true;
	run.started_at = t->started;
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
	for (int i = 0; i < result->n_warnings; i++)
		ereport(WARNING, (errmsg("%s", result->warnings[i])));
}
