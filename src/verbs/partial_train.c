/*
 * partial_train.c
 *	  userseg.partial_train: a version is continued with new rows.
 *
 * The model is locked first, so that of two sessions the second continues what the first
 * made, not what both saw.  Encoder, parameters and the numbers of the segments are those of the
 * version that is continued; only the rows are new.
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "data/params_json.h"
#include "infra/guc.h"
#include "infra/progress.h"
#include "model/cache.h"
#include "model/report_json.h"
#include "verbs/drift.h"
#include "verbs/label.h"
#include "verbs/partial_train.h"
#include "verbs/training.h"

/* columns that a message or the details name */
#define MOST_NAMED	5
#define MOST_LISTED 20

#define COMMAND		"userseg.partial_train()"

/* One continuation. */
typedef struct Partial
{
	const UsPartialArgs *args;
	UsTraining	training;
	UsTrainArgs train_args;		/* as a training would have been given them */
	UsModel    *model;			/* that is continued */
	UsVersionLineage *lineage;
	UsProfile  *profile;		/* stored with it; NULL: none */
	UsEncoder  *bound;			/* its encoder for the new rows */
	UsColumnDrift *drift;
	double		decay;
} Partial;

/* ---- what is continued ---- */

/* Lock the model, then look: in a snapshot of now, which sees what was waited for. */
static void
open_version(Partial *p)
{
	UsReference reference = us_reference_parse(p->args->model);
	UsReader	r;
	void	   *data;
	size_t		len;
	int			version;

	if (p->args->alias)
		us_reference_check_name(p->args->alias, "alias");
	version = us_catalog_lock_version(&reference, COMMAND);
	PushActiveSnapshot(GetTransactionSnapshot());
	p->model = us_model_open(psprintf("%s@%d", reference.name, version), US_PRIVILEGE_OWNER);
	p->lineage = us_catalog_lineage(&p->model->info);
	data = us_catalog_artifact(&p->model->info, &len);
	PopActiveSnapshot();
	if (us_artifact_section(data, len, US_SECTION_PROFILE, &r))
		p->profile = us_profile_read(&r, p->model->artifact->encoder, p->model->n_labels);
	pfree(data);
	p->training.parent = version;
}

static void
check_algorithm(const UsAlgorithm *algorithm)
{
	StringInfoData names;

	if (algorithm->partial_fit)
		return;
	initStringInfo(&names);
	for (int i = 0; us_algorithm_get(i); i++)
		if (us_algorithm_get(i)->partial_fit)
			appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", us_algorithm_get(i)->name);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a model of algorithm \"%s\" cannot be continued", algorithm->name),
			 errhint("Models of %s can; others are trained again with userseg.train().", names.data)));
}

/* ---- arguments ---- */

static void
check_decay(const UsPartialArgs *args)
{
	if (isnan(args->decay) || args->decay < 0 || args->decay > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("decay is %g, outside of 0 <= decay <= 1", args->decay),
				 errhint("1 lets the rows before count fully, 0 not at all.")));
	if (!args->has_half_life)
		return;
	if (isnan(args->half_life) || args->half_life <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("half_life is %g, which is not above 0", args->half_life),
				 errhint("It is the number of new rows (or their weight) after which the rows before count half.")));
	if (args->decay != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("decay and half_life cannot be given both"),
				 errdetail("half_life gives a decay of 2^(- new rows / half_life).")));
}

static bool
is_partial_param(const UsAlgorithm *algorithm, const char *name)
{
	for (const char *const *p = algorithm->partial_params; *p; p++)
		if (strcmp(*p, name) == 0)
			return true;
	for (const UsParamSpec *s = us_common_params; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return true;
	return false;
}

pg_noreturn static void
fixed_param(const UsAlgorithm *algorithm, const char *name)
{
	StringInfoData names;

	initStringInfo(&names);
	for (const char *const *p = algorithm->partial_params; *p; p++)
		appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "", *p);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"%s\" cannot be given to partial_train", name),
			 errdetail("It stands as the version that is continued has it; %s can be given.", names.data),
			 errhint("Train a new version with userseg.train() to change it.")));
}

/* The parameters of the version, with those that are given in their place. */
static UsParams *
merge_params(const Partial *p, const UsAlgorithm *algorithm)
{
	UsParams   *given = us_params_parse(algorithm->params, us_algorithm_common_params(algorithm), p->args->params);
	JsonbValue	root = us_json_root(p->lineage->params);
	UsJsonMember *member;
	UsParams   *params;
	int			n;

	member = us_json_members(&root, &n);
	params = us_params_from_members(algorithm->params, us_algorithm_common_params(algorithm), member, n);
	for (int i = 0; i < given->n; i++)
	{
		if (!given->value[i].given)
			continue;
		if (!is_partial_param(algorithm, given->spec[i].name))
			fixed_param(algorithm, given->spec[i].name);
		params->value[i] = given->value[i];
	}
	return params;
}

static bool
has_column(TupleDesc tupdesc, const char *name)
{
	for (int i = 0; i < tupdesc->natts; i++)
		if (!TupleDescAttr(tupdesc, i)->attisdropped &&
			strcmp(NameStr(TupleDescAttr(tupdesc, i)->attname), name) == 0)
			return true;
	return false;
}

/* ---- the new rows ---- */

/* Vectors as long as those of the training. */
static void
check_lengths(const UsFrame *frame, const UsEncoder *encoder)
{
	for (int i = 0; i < us_encoder_nfeatures(encoder); i++)
	{
		const UsFeature *f = us_encoder_feature(encoder, i);

		for (int c = 0; c < frame->ncolumns && f->kind == US_KIND_VECTOR && f->width > 0; c++)
			if (frame->column[c].role == US_ROLE_FEATURE && frame->column[c].dim != 0 &&
				frame->column[c].dim != f->dim && strcmp(frame->column[c].name, f->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("feature \"%s\" expects arrays of %d numbers, source has arrays of %d",
								f->name, f->dim, frame->column[c].dim)));
	}
}

/* Read the source, as the features, NULL policy and, unless given, id and weight of the version ask. */
static void
read_source(Partial *p)
{
	UsPrepared *prepared = &p->training.prepared;
	const UsEncoder *encoder = p->model->artifact->encoder;
	UsSourceSpec spec = {0};
	ListCell   *lc;

	prepared->budget = us_budget_create((Size) us_max_memory_kb * 1024);
	prepared->source = us_source_open(p->args->source);
	spec.weight = p->args->weight ? p->args->weight : p->lineage->weight;
	spec.id = p->args->id;
	if (spec.id == NULL && p->lineage->id != NULL &&
		has_column(us_source_tupdesc(prepared->source), p->lineage->id))
		spec.id = p->lineage->id;
	spec.n_features = p->lineage->n_columns;
	spec.features = p->lineage->columns;
	spec.null_policy = us_encoder_null_policy(encoder);
	prepared->info = us_source_columns(prepared->source, &spec);
	us_progress("read the source", 0, 0);
	prepared->frame = us_source_read(prepared->source, &spec, prepared->budget, prepared->info);
	foreach(lc, prepared->info->warnings)
		us_train_warn(prepared, "%s", (char *) lfirst(lc));
	us_train_check_rows(prepared);
	p->bound = us_encoder_bind(encoder, prepared->frame);
	check_lengths(prepared->frame, encoder);
	prepared->encoder = p->model->artifact->encoder;
	p->train_args.id = spec.id;
	p->train_args.weight = spec.weight;
}

/* NULLs and categories that the training did not see, counted. */
static void
warn_of_values(Partial *p)
{
	UsPrepared *prepared = &p->training.prepared;
	UsFrame    *frame = prepared->frame;
	int			n = us_encoder_nfeatures(p->bound);
	int64	   *unseen = (int64 *) palloc(sizeof(int64) * Max(n, 1));

	us_encoder_unseen(p->bound, frame, unseen);
	for (int i = 0; i < n; i++)
	{
		const UsFeature *f = us_encoder_feature(p->bound, i);

		for (int c = 0; c < frame->ncolumns && f->width > 0; c++)
			if (frame->column[c].role == US_ROLE_FEATURE && frame->column[c].n_null > 0 &&
				strcmp(frame->column[c].name, f->name) == 0)
				us_train_warn(prepared, "feature \"%s\" is NULL in " INT64_FORMAT " of " INT64_FORMAT
							  " rows: encoded as the training encoded NULL",
							  f->name, frame->column[c].n_null, frame->nrows);
		if (unseen[i] > 0)
			us_train_warn(prepared, "feature \"%s\" has %s that the training did not see in " INT64_FORMAT
						  " of " INT64_FORMAT " rows", f->name,
						  f->kind == US_KIND_TAGS ? "tags" : "a category", unseen[i], frame->nrows);
	}
}

/* Measure the encoded columns, and say which of them moved. */
static void
measure_drift(Partial *p)
{
	UsPrepared *prepared = &p->training.prepared;
	int			width = us_encoder_width(p->bound);
	int		   *column = (int *) palloc(sizeof(int) * width);
	double	   *shift = (double *) palloc(sizeof(double) * width);
	StringInfoData text;
	int			n;

	p->drift = us_drift_measure(p->bound, prepared->frame, prepared->budget);
	p->decay = p->args->decay;
	if (p->args->has_half_life)
		p->decay = exp2(-p->drift->weight / p->args->half_life);
	n = us_drift_columns(p->drift, p->bound, prepared->frame->nrows, US_DRIFT_SD, US_DRIFT_ERROR,
						 column, shift);
	if (n == 0)
		return;
	initStringInfo(&text);
	for (int i = 0; i < Min(n, MOST_NAMED); i++)
		appendStringInfo(&text, "%s\"%s\" by %+.3g", i > 0 ? ", " : "",
						 us_encoder_column(p->bound, column[i])->name, shift[i]);
	us_train_warn(prepared, "the means of %d of %d encoded columns moved by more than %g standard deviations of the first training: %s%s",
				  n, width, US_DRIFT_SD, text.data, n > MOST_NAMED ? ", ..." : "");
}

static void
report_drift(const Partial *p, UsReport *details)
{
	int			width = us_encoder_width(p->bound);
	int		   *column = (int *) palloc(sizeof(int) * width);
	double	   *shift = (double *) palloc(sizeof(double) * width);
	int			n = us_drift_columns(p->drift, p->bound, p->training.prepared.frame->nrows, 0, 0,
									 column, shift);
	UsReport   *list = us_report_add_array(details, "drift");

	for (int i = 0; i < Min(n, MOST_LISTED); i++)
	{
		UsReport   *item = us_report_add_object(list, NULL);

		us_report_text(item, "column", us_encoder_column(p->bound, column[i])->name);
		us_report_number(item, "shift_sd", shift[i]);
	}
}

/* ---- the new version ---- */

static void
fit(Partial *p)
{
	UsTraining *t = &p->training;
	UsPrepared *prepared = &t->prepared;
	UsPartialInput input = {0};

	input.fit.task = prepared->recipe.task;
	input.fit.frame = prepared->frame;
	input.fit.encoder = p->bound;
	input.fit.params = prepared->recipe.params;
	input.fit.seed = prepared->recipe.seed;
	input.fit.budget = prepared->budget;
	input.model = p->model->artifact->model;
	input.decay = p->decay;
	input.min = p->drift->min;
	input.max = p->drift->max;
	t->fitted.recipe = &prepared->recipe;
	t->fitted.encoder = prepared->encoder;
	prepared->recipe.algorithm->partial_fit(&input, &t->fitted.result);
	if (t->fitted.result.n_labels != p->model->n_labels)
		elog(ERROR, "a continued model has %d labels instead of %d",
			 t->fitted.result.n_labels, p->model->n_labels);
	us_training_warn_fit(t);
	t->n_rows = prepared->frame->nrows;
	t->details = t->fitted.result.details;
}

static void
report(const Partial *p)
{
	const UsTraining *t = &p->training;
	UsReport   *r = us_report_add_object(t->details, "continues");

	us_report_int(r, "version", t->parent);
	us_report_number(r, "decay", p->decay);
	if (p->args->has_half_life)
		us_report_number(r, "half_life", p->args->half_life);
	us_report_number(r, "new_weight", p->drift->weight);
	report_drift(p, t->details);
}

/* The segments of old and new rows together; without a stored profile, of the new ones. */
static UsProfile *
describe(Partial *p)
{
	UsTraining *t = &p->training;
	UsPrepared *prepared = &t->prepared;
	const UsFitResult *result = &t->fitted.result;
	UsLabelSource *labels = us_label_source(prepared->recipe.algorithm, result->model, p->bound,
											prepared->frame, result->labels, prepared->budget);
	UsProfile  *profile;

	us_progress("describe segments", 0, 0);
	us_report_text(t->details, "profile", p->profile ? "merged, rules of the new rows" : "new rows");
	if (p->profile == NULL)
		return us_profile_compute(prepared->frame, p->bound, result->n_labels, us_label_chunk, labels,
								  prepared->budget, prepared->recipe.seed);
	profile = us_profile_compute_like(p->profile, prepared->frame, p->bound, us_label_chunk, labels,
									  prepared->budget, prepared->recipe.seed);
	us_profile_merge(profile, p->profile, p->decay);
	return profile;
}

/* What the catalog keeps of this training beside its source and parameters: as before. */
static void
fill_train_args(Partial *p)
{
	UsTrainArgs *a = &p->train_args;

	a->model = p->model->info.model;
	a->algorithm = p->model->info.algorithm;
	a->source = p->args->source;
	a->target = p->lineage->target;
	a->time_column = p->lineage->time_column;
	a->transform = p->lineage->transform;
	a->null_policy = p->lineage->null_policy;
	a->holdout = p->lineage->holdout;
	a->seed = p->args->seed;
	a->alias = p->args->alias;
	p->training.args = a;
}

void
us_partial_train(const UsPartialArgs *args, UsTrainResult *result)
{
	Partial		p = {0};
	UsTraining *t = &p.training;
	UsRecipe   *recipe = &t->prepared.recipe;
	UsProfile  *profile = NULL;

	p.args = args;
	t->kind = "partial_train";
	t->started = GetCurrentTimestamp();
	check_decay(args);
	open_version(&p);
	recipe->algorithm = p.model->artifact->algorithm;
	recipe->task = p.model->artifact->task;
	recipe->seed = (uint64) args->seed;
	check_algorithm(recipe->algorithm);
	recipe->params = merge_params(&p, recipe->algorithm);
	us_progress_begin(us_params_get(recipe->params, "verbose")->boolean);
	fill_train_args(&p);
	read_source(&p);
	warn_of_values(&p);
	measure_drift(&p);
	fit(&p);
	report(&p);
	t->segment_ids = p.model->info.segment_ids;
	if (recipe->task == US_TASK_CLUSTERING)
		profile = describe(&p);
	us_training_report(t);
	us_training_store(t, us_training_artifact(t, profile), result);
	us_frame_free(t->prepared.frame);
	us_progress_end();
}
