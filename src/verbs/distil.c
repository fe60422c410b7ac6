/*
 * distil.c
 *	  A small model that imitates a large one: the teacher answers the rows of a source, the student learns the answers.
 *
 * The student is an ordinary version: it is fitted on the training part and measured on the rest as in any training
 * (holdout.c), except that what it is measured by is the teacher (distil_compare.c), and the target if the source
 * has it.
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "data/params_json.h"
#include "infra/guc.h"
#include "infra/progress.h"
#include "model/answer.h"
#include "model/catalog.h"
#include "verbs/distil.h"
#include "verbs/evaluation.h"

#define DEFAULT_HOLDOUT	0.2
#define DEFAULT_SEED	42

/* Splits of a student that is a tree, unless params say otherwise; its answers have no noise that would have to be pruned away. */
#define STUDENT_DEPTH	4
#define STUDENT_PRUNING	"none"

/* ---- the teacher ---- */

/* The default split is that of the teacher, if it has kept it out. */
static void
choose_split(UsDistilling *d, const UsDistilArgs *args, const UsVersionLineage *lineage)
{
	JsonbValue	by = us_lineage_detail(lineage, "holdout", "by");
	JsonbValue	refitted = us_lineage_detail(lineage, "holdout", "refitted");
	UsTrainArgs *t = &d->train;
	bool		kept = by.type == jbvString && strcmp(us_json_string(&by), "key") == 0 &&
		refitted.type == jbvBool && !refitted.val.boolean && lineage->id != NULL &&
		t->id != NULL && strcmp(t->id, lineage->id) == 0;

	if (!args->divided)
		t->holdout = kept ? lineage->holdout : DEFAULT_HOLDOUT;
	if (!args->seeded)
		t->seed = kept ? lineage->seed : DEFAULT_SEED;
	d->kept = kept && t->seed == lineage->seed && t->holdout <= lineage->holdout;
}

static void
open_teacher(UsDistilling *d, const UsDistilArgs *args)
{
	const UsVersionLineage *lineage;
	UsTrainArgs *t = &d->train;
	UsReport   *r = d->report;

	d->teacher = us_model_open(args->teacher, US_PRIVILEGE_USAGE);
	d->artifact = d->teacher->artifact;
	d->n_classes = d->artifact->n_labels;
	d->class_name = d->artifact->class_names ? d->artifact->class_names : d->teacher->label_name;
	d->has_value = us_answer_has_value(d->artifact);
	lineage = us_catalog_lineage(&d->teacher->info);
	if (t->source == NULL)
	{
		t->source = lineage->source;
		if (t->id == NULL)
			t->id = lineage->id;
	}
	t->target = lineage->target;
	t->weight = lineage->weight;
	t->null_policy = lineage->null_policy;
	choose_split(d, args, lineage);
	if (!(t->holdout >= 0 && t->holdout < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("holdout is %g, outside of 0 <= holdout < 1", t->holdout),
				 errhint("0.2 keeps a fifth of the rows for the comparison; 0 keeps none.")));
	us_report_text(r, "teacher", d->teacher->info.model);
	us_report_int(r, "teacher_version", d->teacher->info.version);
	us_report_text(r, "teacher_algorithm", d->teacher->info.algorithm);
	if (lineage->metric && !isnan(lineage->metric_value))
	{
		r = us_report_add_object(r, "teacher_trained");
		us_report_text(r, "metric", lineage->metric);
		us_report_number(r, "value", lineage->metric_value);
	}
}

/* ---- the student ---- */

/* A parameter that the user has not given. */
static void
set_default(const UsParams *params, const char *name, UsParam value)
{
	UsParam    *p = unconstify(UsParam *, us_params_find(params, name));

	value.given = true;
	if (p && !p->given)
		*p = value;
}

/* Classes or numbers: what was asked for, else what the teacher tells and the algorithm can learn. */
static void
choose_task(UsDistilling *d)
{
	const UsRecipe *r = &d->prepared.recipe;
	const UsParam *asked = us_params_find(r->params, "task");
	UsTask		task = d->n_classes > 0 && us_algorithm_can(r->algorithm, US_TASK_CLASSIFICATION) ?
		US_TASK_CLASSIFICATION : US_TASK_REGRESSION;

	if (asked && asked->text)
		(void) us_task_parse(asked->text, &task);
	d->classes = task == US_TASK_CLASSIFICATION;
	if (d->classes && d->artifact->task == US_TASK_CLUSTERING)
		d->has_value = false;	/* a density or a distance, not the probability of a class */
	if (!us_algorithm_can(r->algorithm, task) || (d->classes && d->n_classes == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" cannot learn %s of model \"%s\" version %d", r->algorithm->name,
						d->classes ? "classes" : "numbers", d->teacher->info.model, d->teacher->info.version),
				 errhint("Its task is %s; \"decision_tree\" can learn both.", r->algorithm->task)));
	if (!d->classes && !d->has_value)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" learns numbers, and model \"%s\" version %d has %d classes and none of them is the positive one",
						r->algorithm->name, d->teacher->info.model, d->teacher->info.version, d->n_classes),
				 errhint("Use a classifier such as \"decision_tree\".")));
}

/* Both speak of the same class when they speak of one. */
static void
set_positive(UsDistilling *d)
{
	const UsParam *p = us_params_find(d->prepared.recipe.params, "positive");
	const char *name;

	if (!d->classes || d->artifact->positive < 0)
		return;
	name = d->class_name[d->artifact->positive];
	if (p && p->given && p->text && strcmp(p->text, name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the positive class of model \"%s\" version %d is \"%s\", not \"%s\"", d->teacher->info.model,
						d->teacher->info.version, name, p->text),
				 errhint("A model that imitates another one has the same positive class.")));
	set_default(d->prepared.recipe.params, "positive", (UsParam) {.text = name});
}

static void
make_student(UsDistilling *d)
{
	UsRecipe   *r = &d->prepared.recipe;
	const UsParam *strategy;

	us_train_recipe(&d->train, r);
	strategy = us_params_find(r->params, "strategy");
	if (!r->algorithm->needs_target)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" cannot imitate a model: it has no target", r->algorithm->name),
				 errhint("Use a small classifier or regression, such as \"decision_tree\".")));
	if (strategy && strategy->text && strcmp(strategy->text, "sql") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("strategy \"sql\" cannot learn the answers of a model"),
				 errdetail("They are not in the source."),
				 errhint("Use strategy \"local\".")));
	choose_task(d);
	set_positive(d);
	r->task = d->classes ? US_TASK_CLASSIFICATION : US_TASK_REGRESSION;
	if (strcmp(r->algorithm->name, "decision_tree") == 0)
	{
		set_default(r->params, "max_depth", (UsParam) {.integer = STUDENT_DEPTH, .number = STUDENT_DEPTH});
		set_default(r->params, "pruning", (UsParam) {.text = STUDENT_PRUNING});
	}
	us_progress_begin(us_params_get(r->params, "verbose")->boolean);
}

/* ---- the rows ---- */

static bool
has_column(const UsSource *source, const char *name)
{
	TupleDesc	desc = us_source_tupdesc(source);

	for (int i = 0; name && i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return true;
	return false;
}

static void
add_feature(UsSourceSpec *spec, char *name)
{
	for (int i = 0; i < spec->n_features; i++)
		if (strcmp(spec->features[i], name) == 0)
			return;
	spec->features[spec->n_features++] = name;
}

/* The features of the teacher, those of the student, and the target and weight of the teacher if they are there. */
static void
read_rows(UsDistilling *d)
{
	UsPrepared *p = &d->prepared;
	const UsEncoder *encoder = d->artifact->encoder;
	UsSourceSpec spec = {.keep_unlabelled = true, .null_policy = us_encoder_null_policy(encoder)};
	ListCell   *lc;

	p->source = us_source_open(d->train.source);
	spec.id = d->train.id;
	if (has_column(p->source, d->train.target))
		spec.target = d->target = d->train.target;
	if (!has_column(p->source, d->train.weight))
		d->train.weight = NULL;
	spec.weight = d->train.weight;
	spec.features = palloc(sizeof(char *) * (us_encoder_nfeatures(encoder) + Max(d->train.n_features, 0) + 1));
	for (int i = 0; i < us_encoder_nfeatures(encoder); i++)
		if (us_encoder_feature(encoder, i)->width > 0)
			add_feature(&spec, us_encoder_feature(encoder, i)->name);
	for (int i = 0; i < d->train.n_features; i++)
		add_feature(&spec, d->train.features[i]);
	p->info = us_source_columns(p->source, &spec);
	us_progress("read the source", 0, 0);
	d->frame = us_source_read(p->source, &spec, p->budget, p->info);
	foreach(lc, p->info->warnings)
		us_train_warn(p, "%s", (char *) lfirst(lc));
	p->frame = d->frame;
	us_train_check_rows(p);
	d->encoder = us_encoder_bind(encoder, d->frame);
}

/* What the student learns, as a column. */
static const char *
target_name(const UsDistilling *d)
{
	if (d->artifact->task == US_TASK_CLUSTERING)
		return d->classes ? "segment" : "value";
	return d->classes || d->artifact->task == US_TASK_REGRESSION ? d->train.target :
		psprintf("probability of %s", d->class_name[d->artifact->positive]);
}

void
us_distil(const UsDistilArgs *args, UsDistilResult *result)
{
	UsDistilling *d = palloc0(sizeof(UsDistilling));
	UsPrepared *p = &d->prepared;
	TimestampTz started = GetCurrentTimestamp();

	memset(result, 0, sizeof(*result));
	result->fidelity = result->fidelity_r2 = result->teacher_value = result->student_value = NAN;
	us_catalog_begin_model(args->train.model, "userseg.distil()");
	if (args->train.alias)
		us_reference_check_name(args->train.alias, "alias");
	d->train = args->train;
	d->context = CurrentMemoryContext;
	d->report = us_report_object();
	d->result = result;
	open_teacher(d, args);
	make_student(d);
	p->budget = us_budget_create((Size) us_max_memory_kb * 1024);
	read_rows(d);
	us_report_int(d->report, "rows", d->frame->nrows);
	d->train.target = target_name(d);
	p->frame = us_distil_rows(d);
	p->source_rows = d->frame;
	p->measure = us_distil_compare;
	p->measure_context = d;
	us_train_store(&d->train, p, started, "distil", "distillation", d->report, &result->version);
	us_frame_free(d->frame);
}
