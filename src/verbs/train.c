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

#include "utils/timestamp.h"

#include "eval/profile.h"
#include "data/kind.h"
#include "infra/progress.h"
#include "model/cache.h"
#include "model/catalog.h"
#include "verbs/align.h"
#include "verbs/holdout.h"
#include "verbs/label.h"
#include "verbs/sql_step.h"
#include "verbs/suspects.h"
#include "verbs/training.h"
#include "verbs/tree_rules.h"

/* What a training with a target knows beside. */
typedef struct Supervised
{
	UsHoldout	holdout;
	UsSuspect  *suspect;
	int			n_suspects;
} Supervised;

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
fit(UsTraining *t)
{
	UsPrepared *p = &t->prepared;
	UsSqlStep	step;
	bool		by_sql = wants_sql(p->recipe.params);

	us_train_encode(p);
	if (by_sql)
		us_sql_step_make(&step, p->recipe.algorithm, p->source, p->frame,
						 p->recipe.algorithm->needs_target ? us_recipe_target(&p->recipe, p->frame) : NULL,
						 p->encoder);
	us_recipe_fit(&p->recipe, p->frame, p->encoder, by_sql ? &step : NULL, p->budget, &t->fitted);
	t->n_rows = us_train_rows(p)->nrows;
}

/* Keep the model of the training part. */
static void
keep_part(UsTraining *t, const UsHoldout *h)
{
	UsPrepared *p = &t->prepared;

	t->fitted = h->fitted;
	p->encoder = t->fitted.encoder;
	for (int i = 0; i < us_encoder_nwarnings(p->encoder); i++)
		us_train_warn(p, "%s", us_encoder_warning(p->encoder, i));
	t->n_rows = h->n_training;
}

/* A model with a target: measured on the hold-out, or else on its own rows. */
static void
fit_supervised(UsTraining *t, Supervised *s)
{
	UsPrepared *p = &t->prepared;
	UsHoldout  *h = &s->holdout;
	bool		refit = us_params_get(p->recipe.params, "refit")->boolean;

	/* nothing in the answers of a model is a leak */
	if (p->measure == NULL)
		s->suspect = us_suspects_warn(p, us_recipe_target(&p->recipe, p->frame), &s->n_suspects);
	us_holdout_run(t->args, p, !refit, h);
	if (refit || h->training == NULL)
		fit(t);
	else
		keep_part(t, h);
	if (h->metrics == NULL)
		h->metrics = us_train_measure(p, &t->fitted, us_train_rows(p), US_MEASURE_BRIEF, p->budget);
	t->metrics = h->metrics;
	if (h->metrics->n_unknown > 0)
		us_train_warn(p, INT64_FORMAT " of " INT64_FORMAT " rows of the hold-out are of a class that no row of the training part has: they do not count in the metrics",
					  h->metrics->n_unknown, h->n_holdout);
}

/* The version whose segments the new one continues: what a bare name means now, or NULL. */
static const UsModel *
earlier_version(const UsTraining *t)
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
align(UsTraining *t, UsLabelSource *labels)
{
	const UsModel *earlier = earlier_version(t);
	UsReport   *report;
	double		kept;
	char	   *note;

	if (earlier == NULL)
		return;
	if (t->prepared.recipe.algorithm->label_names)
	{
		/* labels that mean what they meant before keep their numbers */
		if (earlier->artifact->algorithm == t->prepared.recipe.algorithm)
			t->segment_ids = earlier->info.segment_ids;
		return;
	}
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

/* The target, and where the metrics come from. */
static void
report_target(UsTraining *t, const Supervised *s)
{
	const UsTarget *target = t->fitted.target;
	const UsHoldout *h = &s->holdout;
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
			if (t->prepared.source_rows)
				us_report_number(c, "mass", target->class_mass[k]);
			else
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
	{
		us_report_number(r, "cutoff", h->split.cutoff);
		if (t->prepared.frame->column[h->split.column].kind == US_KIND_TIME)
			us_report_text(r, "cutoff_time", us_instant_text(h->split.cutoff));
	}
	us_report_text(r, "metrics_on", h->split.kind == US_SPLIT_NONE ? "training" : "holdout");
	us_report_bool(r, "metrics_sampled", h->metrics->sampled);
	us_report_attach(t->details, "suspects", us_suspects_report(s->suspect, s->n_suspects));
	us_report_bool(r, "refitted", h->split.kind != US_SPLIT_NONE && t->n_rows == us_train_rows(&t->prepared)->nrows);
}

/*
 * Numbers of the segments and what they look like.  Of a tree the branches are measured, so that another cut
 * can be described without the rows.
 */
static UsProfile *
describe_segments(UsTraining *t)
{
	UsPrepared *p = &t->prepared;
	const UsAlgorithm *algorithm = p->recipe.algorithm;
	const UsFitResult *fit = &t->fitted.result;
	UsBranches *branches = algorithm->tree ? palloc0(sizeof(UsBranches)) : NULL;
	UsLabelSource *labels;
	UsProfile  *profile;

	labels = branches ?
		us_branch_source(algorithm, fit->model, p->encoder, p->frame, fit->labels, p->budget) :
		us_label_source(algorithm, fit->model, p->encoder, p->frame, fit->labels, p->budget);
	align(t, labels);
	us_progress("describe segments", 0, 0);
	if (branches == NULL)
		return us_profile_compute(p->frame, p->encoder, fit->n_labels, us_label_chunk, labels,
								  p->budget, p->recipe.seed);
	branches->n = algorithm->tree->branches(fit->model);
	branches->label = algorithm->tree->branch_labels(fit->model);
	branches->chunk = us_branch_chunk;
	branches->range = us_tree_ranges(algorithm->tree, fit->model, &branches->n_ranges);
	profile = us_profile_compute_branches(p->frame, p->encoder, branches, fit->n_labels,
										  us_label_chunk, labels, p->budget, p->recipe.seed);
	if (branches->profile == NULL)
		us_train_warn(p, "userseg.max_memory leaves no room to describe the %d branches of the tree: userseg.cut cannot cut this version", branches->n);
	t->branches = branches;
	return profile;
}

/* Fit, describe and store; p is the rows as read. */
static void
finish(UsTraining *t, const char *name, UsReport *more, UsTrainResult *result)
{
	UsPrepared *p = &t->prepared;
	UsProfile  *profile = NULL;
	Supervised	s = {0};

	if (p->recipe.task == US_TASK_CLUSTERING)
		fit(t);
	else
		fit_supervised(t, &s);
	us_training_warn_fit(t);
	t->details = t->fitted.result.details;
	if (p->recipe.task == US_TASK_CLUSTERING)
		profile = describe_segments(t);
	else
		report_target(t, &s);
	us_training_report(t);
	if (more)
		us_report_attach(t->details, name, more);
	us_training_store(t, us_training_artifact(t, profile), result);
	if (s.holdout.training)
		us_frame_free(s.holdout.training);
	us_frame_free(p->frame);
	us_progress_end();
}

void
us_train_store(const UsTrainArgs *args, UsPrepared *prepared, TimestampTz started,
			   const char *kind, const char *name, UsReport *more, UsTrainResult *result)
{
	UsTraining	t = {.kind = kind, .args = args, .prepared = *prepared, .started = started};

	finish(&t, name, more, result);
}

void
us_train(const UsTrainArgs *args, UsTrainResult *result)
{
	UsTraining	t = {.kind = "train", .args = args, .started = GetCurrentTimestamp()};

	us_catalog_begin_model(args->model, "userseg.train()");
	if (args->alias)
		us_reference_check_name(args->alias, "alias");
	us_train_read(args, &t.prepared);
	finish(&t, NULL, NULL, result);
}
