/*
 * evaluation.c
 *	  Rows of a source whose target is known, as stored models answer them.
 *
 * A hold-out is not stored: it is chosen again, by the same hash of the same ids (or by the instant of a
 * split by time), from what the caller may read now.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"

#include "data/params_json.h"
#include "infra/guc.h"
#include "infra/progress.h"
#include "verbs/evaluation.h"

/* ---- lineage ---- */

JsonbValue
us_lineage_detail(const UsVersionLineage *lineage, const char *section, const char *member)
{
	JsonbValue	v = us_json_root(lineage->details);
	const char *path[2] = {section, member};

	for (int depth = 0; depth < 2; depth++)
	{
		int			n = 0;
		UsJsonMember *m = us_json_is_object(&v) ? us_json_members(&v, &n) : NULL;
		int			i = 0;

		while (i < n && strcmp(m[i].key, path[depth]) != 0)
			i++;
		if (i == n)
			return (JsonbValue) {.type = jbvNull};
		v = m[i].value;
	}
	return v;
}

static bool
detail_is(const UsVersionLineage *lineage, const char *section, const char *member, const char *text)
{
	JsonbValue	v = us_lineage_detail(lineage, section, member);

	return v.type == jbvString && strcmp(us_json_string(&v), text) == 0;
}

static UsSplit
find_split(const UsEvaluated *e)
{
	const UsVersionLineage *l = e->lineage;
	UsSplit		split = {.kind = US_SPLIT_NONE};
	JsonbValue	cutoff;

	if (detail_is(l, "holdout", "by", "time"))
	{
		cutoff = us_lineage_detail(l, "holdout", "cutoff");
		split.kind = US_SPLIT_TIME;
		split.share = l->holdout;
		split.cutoff = us_json_number(&cutoff);
		return split;
	}
	if (!detail_is(l, "holdout", "by", "key"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" version %d was trained without a hold-out", e->model->info.model,
						e->model->info.version),
				 errhint("Evaluate other rows than it was trained on, with all_rows => true.")));
	if (l->id == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the hold-out of model \"%s\" version %d cannot be chosen again: it was trained without an id",
						e->model->info.model, e->model->info.version),
				 errhint("Train with id => 'column', or evaluate all rows of a source with all_rows => true.")));
	return us_split_by_key(l->holdout, (uint64) l->seed);
}

/*
 * The parameters that a version was trained with.  What another userseg knew and this one does not is left out.
 */
static const UsParams *
trained_params(const UsAlgorithm *algorithm, const UsVersionLineage *lineage)
{
	const UsParamSpec *spec[2] = {algorithm->params, us_algorithm_common_params(algorithm)};
	JsonbValue	root;
	UsJsonMember *member = NULL;
	int			n = 0;
	int			kept = 0;

	if (lineage->params)
	{
		root = us_json_root(lineage->params);
		member = us_json_is_object(&root) ? us_json_members(&root, &n) : NULL;
	}
	for (int i = 0; member && i < n; i++)
	{
		bool		known = false;

		for (int s = 0; s < lengthof(spec); s++)
			for (const UsParamSpec *p = spec[s]; p && p->name; p++)
				known |= strcmp(p->name, member[i].key) == 0;
		if (known)
			member[kept++] = member[i];
	}
	return us_params_from_members(spec[0], spec[1], member, kept);
}

/* ---- models ---- */

static void
open_model(const char *reference, UsEvaluated *e)
{
	const UsArtifact *a;

	e->model = us_model_open(reference, US_PRIVILEGE_USAGE);
	e->lineage = us_catalog_lineage(&e->model->info);
	a = e->model->artifact;
	e->recipe.algorithm = a->algorithm;
	e->recipe.task = a->task;
	if (a->task == US_TASK_REGRESSION)
		e->recipe.params = trained_params(a->algorithm, e->lineage);
	e->recipe.null_policy = us_encoder_null_policy(a->encoder);
	e->recipe.seed = (uint64) e->lineage->seed;	/* of samples and bootstraps */
	e->fitted.recipe = &e->recipe;
	e->fitted.encoder = a->encoder;
	e->fitted.result.model = a->model;
	e->fitted.result.task = a->task;
	e->fitted.result.n_labels = a->n_labels;
	e->fitted.calibrator = a->calibrator;
}

/* Both models must predict the same. */
static void
check_pair(const UsEvaluation *v)
{
	const UsArtifact *a = v->each[0].model->artifact;
	const UsArtifact *b = v->each[1].model->artifact;
	bool		same = a->task == b->task && a->n_labels == b->n_labels &&
		strcmp(v->each[0].lineage->target, v->each[1].lineage->target) == 0;

	for (int k = 0; same && k < a->n_labels; k++)
		same = strcmp(a->class_names[k], b->class_names[k]) == 0;
	if (!same || a->positive != b->positive)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("models \"%s\" version %d and \"%s\" version %d do not predict the same",
						v->each[0].model->info.model, v->each[0].model->info.version,
						v->each[1].model->info.model, v->each[1].model->info.version),
				 errdetail("Targets \"%s\" and \"%s\", %d and %d classes.", v->each[0].lineage->target,
						   v->each[1].lineage->target, a->n_labels, b->n_labels),
				 errhint("Compare models with the same target and the same classes.")));
}

static bool
same_name(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---- rows ---- */

static void
add_feature(UsSourceSpec *spec, char *name)
{
	for (int i = 0; i < spec->n_features; i++)
		if (strcmp(spec->features[i], name) == 0)
			return;
	if (same_name(name, spec->target) || same_name(name, spec->id) || same_name(name, spec->weight) ||
		same_name(name, spec->time_column))
		return;
	spec->features[spec->n_features++] = name;
}

/* The columns that the models and the slices need. */
static void
make_spec(const UsEvaluation *v, const UsEvaluationArgs *args, UsSourceSpec *spec)
{
	const UsVersionLineage *l = v->each[0].lineage;
	int			room = 1;

	for (int i = 0; i < v->n; i++)
		room += us_encoder_nfeatures(v->each[i].model->artifact->encoder);
	spec->features = palloc0(room * sizeof(char *));
	spec->target = l->target;
	spec->weight = l->weight;
	spec->null_policy = v->each[0].recipe.null_policy;
	if (!args->all_rows)
		spec->id = l->id;
	if (v->each[0].split.kind == US_SPLIT_TIME)
		spec->time_column = l->time_column;
	for (int i = 0; i < v->n; i++)
	{
		const UsEncoder *encoder = v->each[i].model->artifact->encoder;

		for (int j = 0; j < us_encoder_nfeatures(encoder); j++)
			if (us_encoder_feature(encoder, j)->width > 0)
				add_feature(spec, us_encoder_feature(encoder, j)->name);
	}
	if (args->by)
		add_feature(spec, pstrdup(args->by));
	for (int i = 1; i < v->n; i++)
		if (!args->all_rows && !same_name(l->id, v->each[i].lineage->id))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the models held out rows by different ids, \"%s\" and \"%s\"",
							l->id, v->each[i].lineage->id),
					 errhint("Compare on rows that neither was trained on, with all_rows => true.")));
}

static int
find_column(const UsFrame *frame, const char *name)
{
	for (int j = 0; j < frame->ncolumns; j++)
		if (strcmp(frame->column[j].name, name) == 0)
			return j;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column \"%s\" cannot make slices", name),
			 errhint("Slices come from a column that is not the id, with few different values.")));
}

/* The source with the text of a column once more, under a name that it has not: args->by. */
static UsSource *
name_rows(UsSource *source, UsEvaluationArgs *args)
{
	TupleDesc	tupdesc = us_source_tupdesc(source);
	UsSourceSpec spec = {.id = args->name, .all_features = true, .null_policy = US_NULL_IMPUTE};
	char	   *name = pstrdup("name");

	(void) us_source_columns(source, &spec);
	for (int i = 0; i < tupdesc->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(tupdesc, i)->attname), name) == 0)
		{
			name = psprintf("%s_", name);
			i = -1;
		}
	args->by = name;
	return us_source_open_step(psprintf("SELECT s.*, (s.%s)::pg_catalog.text AS %s FROM %s s", quote_identifier(args->name),
										quote_identifier(name), us_source_from(source)), us_source_shown(source));
}

static void
read_source(UsEvaluation *v, const UsEvaluationArgs *given)
{
	UsSourceSpec spec = {0};
	UsEvaluationArgs named = *given;
	const UsEvaluationArgs *args = &named;
	const char *text = args->source ? args->source : v->each[0].lineage->source;
	UsSource   *source = us_source_open(text);
	UsSourceInfo *info;
	ListCell   *lc;

	if (args->named && args->name == NULL)
		named.name = v->each[0].lineage->id;
	if (args->named && args->name)
		source = name_rows(source, &named);
	make_spec(v, args, &spec);
	info = us_source_columns(source, &spec);
	us_progress("read the source", 0, 0);
	v->budget = us_budget_create((Size) us_max_memory_kb * 1024);
	v->source = us_source_read(source, &spec, v->budget, info);
	foreach(lc, info->warnings)
		ereport(WARNING, (errmsg("%s", (char *) lfirst(lc))));
	v->by = args->by ? find_column(v->source, args->by) : -1;
}

/* A UsRowChoice: rows that every model held out. */
static void
held_out(void *context, int i, const UsChunk *chunk, bool *keep)
{
	UsEvaluation *v = context;

	for (int r = 0; r < chunk->nrows; r++)
	{
		keep[r] = true;
		for (int m = 0; m < v->n && keep[r]; m++)
		{
			const UsSplit *split = &v->each[m].split;

			keep[r] = us_split_holds_out(split, chunk->key[r], split->kind == US_SPLIT_TIME ?
										 chunk->column[split->column].number[r] : 0);
		}
	}
}

/* A figure on rows that a model was fitted on later is too good. */
static void
warn_refitted(const UsEvaluation *v, const UsEvaluationArgs *args)
{
	for (int i = 0; i < v->n; i++)
	{
		const UsEvaluated *e = &v->each[i];
		JsonbValue	refitted = us_lineage_detail(e->lineage, "holdout", "refitted");

		if (refitted.type == jbvBool && refitted.val.boolean &&
			(args->source == NULL || strcmp(args->source, e->lineage->source) == 0))
			ereport(WARNING,
					(errmsg("model \"%s\" version %d was fitted again on all rows, also those it had held out",
							e->model->info.model, e->model->info.version),
					 errdetail("On its own training source its figures are too good."),
					 errhint("evaluate('%s') without a source shows what was measured before; params {\"refit\": false} keeps the hold-out unseen; new rows are best.",
							 e->model->info.model)));
	}
}

static void
no_rows(const UsEvaluation *v)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no row to evaluate: " INT64_FORMAT " rows with a target were read, none of them was held out",
					v->source->nrows),
			 errhint("Evaluate other rows, or all of them with all_rows => true.")));
}

void
us_evaluation_open(const UsEvaluationArgs *args, UsEvaluation *v)
{
	memset(v, 0, sizeof(*v));
	us_progress_begin(false);
	v->n = args->other ? 2 : 1;
	for (int i = 0; i < v->n; i++)
	{
		UsEvaluated *e = &v->each[i];

		open_model(i == 0 ? args->model : args->other, e);
		if (e->recipe.task == US_TASK_CLUSTERING || e->lineage->target == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("model \"%s\" version %d has no target to be measured by", e->model->info.model,
							e->model->info.version),
					 errhint("This is for classifiers and regressions; evaluate() measures clusters too.")));
		if (!args->all_rows)
			e->split = find_split(e);
	}
	if (v->n == 2)
	{
		check_pair(v);
		v->each[1].recipe.seed = v->each[0].recipe.seed;
	}
	read_source(v, args);
	v->frame = v->source;
	if (!args->all_rows)
	{
		for (int i = 0; i < v->n; i++)
			if (v->each[i].split.kind == US_SPLIT_TIME)
				v->each[i].split.column = us_time_column(v->source);
		v->frame = us_frame_view(v->source, held_out, v, v->budget);
	}
	if (v->frame->nrows == 0)
		no_rows(v);
	warn_refitted(v, args);
	for (int i = 0; i < v->n; i++)
	{
		const UsArtifact *a = v->each[i].model->artifact;

		v->each[i].fitted.target = us_target_bind(v->source, a->task, a->n_labels, a->class_names, a->positive);
	}
}

void
us_evaluation_open_clusters(const UsEvaluationArgs *args, UsEvaluation *v)
{
	UsEvaluationArgs all = *args;

	memset(v, 0, sizeof(*v));
	us_progress_begin(false);
	v->n = 1;
	open_model(args->model, &v->each[0]);
	all.all_rows = true;
	read_source(v, &all);
	v->frame = v->source;
	if (v->frame->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the source has no rows to evaluate")));
}

UsAnswers *
us_evaluation_answers(UsEvaluation *v, int i, UsFrame *frame, int64 most_rows)
{
	UsAnswers  *a = us_answers_collect(&v->each[i].fitted, frame, most_rows, v->budget);

	if (a->n_unknown > 0)
		ereport(WARNING,
				(errmsg(INT64_FORMAT " of " INT64_FORMAT " rows are of a class that model \"%s\" does not know: they do not count",
						a->n_unknown, frame->nrows, v->each[i].model->info.model)));
	if (a->sampled && i == 0)
		ereport(NOTICE,
				(errmsg("figures are from a sample of " INT64_FORMAT " of " INT64_FORMAT " rows", a->n, frame->nrows),
				 errhint("A larger userseg.max_memory takes all of them.")));
	return a;
}

static void
wrong_task(const UsEvaluation *v, const char *verb, const char *wanted)
{
	const UsModel *m = v->each[0].model;

	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("%s is for %s", verb, wanted),
			 errdetail("Model \"%s\" version %d is a %s with %d classes.", m->info.model, m->info.version,
					   us_task_name(m->artifact->task), m->artifact->n_labels),
			 errhint("evaluate() measures every model.")));
}

void
us_evaluation_require_binary(const UsEvaluation *v, const char *verb)
{
	if (v->each[0].recipe.task != US_TASK_CLASSIFICATION || v->each[0].model->artifact->n_labels != 2)
		wrong_task(v, verb, "classifiers of two classes");
}

void
us_evaluation_require_classes(const UsEvaluation *v, const char *verb)
{
	if (v->each[0].recipe.task != US_TASK_CLASSIFICATION)
		wrong_task(v, verb, "classifiers");
}

void
us_evaluation_close(UsEvaluation *v)
{
	if (v->frame != v->source)
		us_frame_free(v->frame);
	us_frame_free(v->source);
	us_progress_end();
}
