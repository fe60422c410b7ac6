/*
 * distil.c
 *	  A small model that imitates a large one: the teacher answers the rows of a source, the student learns the answers.
 *
 * The student is fitted on the training part alone and compared with the teacher, and both with the target if the
 * source has it, on the rows held out; then it is trained as any other version (train.c).
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "data/frame_view.h"
#include "data/params_json.h"
#include "eval/measure.h"
#include "infra/guc.h"
#include "infra/progress.h"
#include "math/exact_sum.h"
#include "model/answer.h"
#include "model/cache.h"
#include "model/catalog.h"
#include "verbs/distil.h"
#include "verbs/holdout.h"

#define BLOCK_ROWS		512

/* splits of a student that is a tree, unless params say otherwise */
#define STUDENT_DEPTH	4

/* Sums of the numbers of teacher and student. */
typedef enum Sum
{
	SUM_T,
	SUM_S,
	SUM_TT,
	SUM_SS,
	SUM_TS,
	SUM_DD,						/* squared differences */
	SUMS
} Sum;

typedef struct Distilling
{
	const UsDistilArgs *args;
	UsTrainArgs train;			/* with defaults filled in */
	const UsModel *teacher;
	const UsArtifact *a;		/* of the teacher */
	UsEncoder  *encoder;		/* of the teacher, bound to frame */
	UsFrame    *frame;			/* the source as read */
	UsPrepared	prepared;		/* of the student: its frame has the answers */
	const char *target;			/* of the teacher, if the source has it; or NULL */
	bool		classes;		/* the student is a classifier */
	bool		has_value;		/* there are numbers to compare */

	/* the comparison */
	UsArtifact	student;
	UsFitted	fitted;
	int		   *class_of;		/* [classes of the student] class of the teacher */
	int64		n;				/* rows compared */
	int64		agreed;
	UsExactSum	sum[SUMS];
	UsAnswers	truth[2];		/* of teacher and student, with the target; n = 0 without */
	int64		right[2];		/* several classes: rows whose label is the target */
	int64		known;
} Distilling;

/* ---- the rows ---- */

static bool
has_column(const UsSource *source, const char *name)
{
	TupleDesc	desc = us_source_tupdesc(source);

	for (int i = 0; i < desc->natts; i++)
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

/* The features of the teacher, those of the student, and the target. */
static void
read_rows(Distilling *d, const UsVersionLineage *lineage)
{
	UsPrepared *p = &d->prepared;
	const UsEncoder *encoder = d->a->encoder;
	UsSourceSpec spec = {0};
	ListCell   *lc;

	p->source = us_source_open(d->train.source);
	if (lineage->target && has_column(p->source, lineage->target))
		d->target = lineage->target;
	spec.id = d->train.id;
	spec.null_policy = us_encoder_null_policy(encoder);
	spec.features = palloc(sizeof(char *) * (us_encoder_nfeatures(encoder) + Max(d->train.n_features, 0) + 1));
	for (int i = 0; i < us_encoder_nfeatures(encoder); i++)
		if (us_encoder_feature(encoder, i)->width > 0)
			add_feature(&spec, us_encoder_feature(encoder, i)->name);
	for (int i = 0; i < d->train.n_features; i++)
		add_feature(&spec, d->train.features[i]);
	/* the target is read as a feature, so that rows without it can be imitated too */
	if (d->target)
		add_feature(&spec, pstrdup(d->target));
	p->info = us_source_columns(p->source, &spec);
	us_progress("read the source", 0, 0);
	d->frame = us_source_read(p->source, &spec, p->budget, p->info);
	foreach(lc, p->info->warnings)
		us_train_warn(p, "%s", (char *) lfirst(lc));
	for (int j = 0; j < d->frame->ncolumns; j++)
		if (d->target && strcmp(d->frame->column[j].name, d->target) == 0)
			d->frame->column[j].role = US_ROLE_TARGET;
	if (d->frame->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the source has no rows to train on")));
	d->encoder = us_encoder_bind(encoder, d->frame);
}

/* ---- the student ---- */

/* A parameter that the user has not given. */
static void
set_default(const UsParams *params, const char *name, UsParam value)
{
	UsParam    *p = unconstify(UsParam *, us_params_find(params, name));

	if (p && !p->given)
		*p = value;
}

static void
make_student(Distilling *d)
{
	UsPrepared *p = &d->prepared;
	UsRecipe   *r = &p->recipe;
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
	d->classes = d->a->task == US_TASK_CLASSIFICATION && us_algorithm_can(r->algorithm, US_TASK_CLASSIFICATION);
	if (!d->classes && !us_algorithm_can(r->algorithm, US_TASK_REGRESSION))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" predicts classes, and model \"%s\" version %d numbers", r->algorithm->name,
						d->teacher->info.model, d->teacher->info.version),
				 errhint("Use a regression such as \"linear\" or \"decision_tree\".")));
	d->has_value = us_answer_has_value(d->a);
	if (!d->classes && !d->has_value)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" predicts numbers, and model \"%s\" version %d has %d classes and none of them is the positive one",
						r->algorithm->name, d->teacher->info.model, d->teacher->info.version, d->a->n_labels),
				 errhint("Use a classifier such as \"decision_tree\".")));
	r->task = d->classes ? US_TASK_CLASSIFICATION : US_TASK_REGRESSION;
	if (strcmp(r->algorithm->name, "decision_tree") == 0)
		set_default(r->params, "max_depth", (UsParam) {.given = true, .integer = STUDENT_DEPTH, .number = STUDENT_DEPTH});
	if (d->classes && d->a->positive >= 0)
		set_default(r->params, "positive", (UsParam) {.given = true, .text = d->a->class_names[d->a->positive]});
}

/* ---- the comparison ---- */

static double
clip(double p)
{
	return fmin(fmax(p, 0), 1);
}

/* Of two classes the positive one is 1 in answers (eval/answers.h). */
static int32
oriented(const Distilling *d, int class)
{
	return d->a->n_labels == 2 && d->a->positive == 0 ? 1 - class : class;
}

static void
compare_truth(Distilling *d, uint64 key, double y, const int *class, const double *value)
{
	if (isnan(y) || (d->a->task == US_TASK_CLASSIFICATION && y < 0))
		return;
	d->known++;
	for (int m = 0; m < 2; m++)
	{
		UsAnswers  *t = &d->truth[m];
		int64		i = t->n;

		if (d->a->task == US_TASK_CLASSIFICATION)
			d->right[m] += class[m] == (int) y;
		if (t->key == NULL)
			continue;
		t->key[i] = key;
		if (d->a->task == US_TASK_REGRESSION)
		{
			t->y[i] = y;
			t->value[i] = value[m];
		}
		else
		{
			t->actual[i] = oriented(d, (int) y);
			t->predicted[i] = oriented(d, class[m]);
			t->proba[1][i] = clip(value[m]);
		}
		t->n++;
	}
}

/* One row: labels of the teacher's classes from 0, and numbers. */
static void
compare_row(Distilling *d, uint64 key, double y, const UsScore *t, const UsScore *s)
{
	int			class[2] = {t->label - 1, -1};
	double		value[2] = {t->value, s->value};
	double		gap = value[1] - value[0];

	d->n++;
	if (d->classes)
		class[1] = d->class_of[s->label - 1];
	else if (d->a->task == US_TASK_CLASSIFICATION)
		class[1] = s->value >= 0.5 ? d->a->positive : d->a->n_labels == 2 ? 1 - d->a->positive : -1;
	d->agreed += class[0] == class[1];
	if (d->has_value)
	{
		us_exact_add(&d->sum[SUM_T], value[0]);
		us_exact_add(&d->sum[SUM_S], value[1]);
		us_exact_add(&d->sum[SUM_TT], value[0] * value[0]);
		us_exact_add(&d->sum[SUM_SS], value[1] * value[1]);
		us_exact_add(&d->sum[SUM_TS], value[0] * value[1]);
		us_exact_add(&d->sum[SUM_DD], gap * gap);
	}
	if (d->target)
		compare_truth(d, key, y, class, value);
}

/* Arrays for answers beside the target: two classes, or numbers. */
static void
reserve_truth(Distilling *d, int64 n)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, d->prepared.budget);
	bool		numbers = d->a->task == US_TASK_REGRESSION;

	for (int m = 0; m < 2 && d->target && (numbers || d->a->n_labels == 2); m++)
	{
		UsAnswers  *t = &d->truth[m];

		t->task = d->a->task;
		t->n_classes = d->a->n_labels;
		t->by_id = d->frame->by_id;
		t->arena = arena;
		t->key = us_arena_array(arena, n, sizeof(uint64));
		if (numbers)
		{
			t->y = us_arena_array(arena, n, sizeof(double));
			t->value = us_arena_array(arena, n, sizeof(double));
			continue;
		}
		t->actual = us_arena_array(arena, n, sizeof(int32));
		t->predicted = us_arena_array(arena, n, sizeof(int32));
		t->proba = palloc0(sizeof(double *) * 2);
		t->proba[1] = us_arena_array(arena, n, sizeof(double));
	}
}

/* The student as it was fitted, for answers to the rows of the source. */
static void
make_artifact(Distilling *d)
{
	const UsTarget *t = d->fitted.target;

	d->student = (UsArtifact) {
		.algorithm = d->prepared.recipe.algorithm, .task = d->prepared.recipe.task,
		.encoder = us_encoder_bind(d->fitted.encoder, d->frame), .model = d->fitted.result.model,
		.n_labels = d->fitted.result.n_labels, .class_names = d->classes ? t->class_name : NULL,
		.positive = d->classes ? t->positive : -1
	};
	d->class_of = palloc(sizeof(int) * Max(d->student.n_labels, 1));
	for (int k = 0; d->classes && k < t->n_classes; k++)
	{
		d->class_of[k] = -1;
		for (int c = 0; c < d->a->n_labels; c++)
			if (strcmp(t->class_name[k], d->a->class_names[c]) == 0)
				d->class_of[k] = c;
	}
}

/* As us_target_chunk(), NaN where the target is NULL. */
static void
known_target(const UsTarget *target, const UsChunk *chunk, double *y)
{
	const double *number = chunk->column[target->column].number;

	us_target_chunk(target, chunk, y);
	for (int r = 0; r < chunk->nrows && number; r++)
		if (isnan(number[r]))
			y[r] = NAN;
}

/* Teacher and student on these rows of the source. */
static void
compare(Distilling *d, UsFrame *rows)
{
	int			width = us_encoder_width(d->encoder);
	int			own = us_encoder_width(d->student.encoder);
	Size		bytes = sizeof(double) * (Size) US_CHUNK_ROWS * Max(width + own, 1);
	UsTarget   *target = d->target ? us_target_bind(d->frame, d->a->task, d->a->n_labels, d->a->class_names, d->a->positive) : NULL;
	double	   *y = palloc0(sizeof(double) * US_CHUNK_ROWS);
	double	   *x;
	UsScore		t[BLOCK_ROWS];
	UsScore		s[BLOCK_ROWS];

	us_budget_take(d->prepared.budget, bytes, "answers of teacher and student");
	x = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	reserve_truth(d, rows->nrows);
	for (int i = 0; i < rows->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(rows, i);
		double	   *x2 = x + (Size) US_CHUNK_ROWS * width;

		us_encoder_apply_chunk(d->encoder, chunk, x, US_CHUNK_ROWS);
		us_encoder_apply_chunk(d->student.encoder, chunk, x2, US_CHUNK_ROWS);
		if (target)
			known_target(target, chunk, y);
		for (int first = 0; first < chunk->nrows; first += BLOCK_ROWS)
		{
			int			n = Min(BLOCK_ROWS, chunk->nrows - first);

			us_progress("compare with the teacher", i, rows->nchunks);
			us_answer_block(d->a, x + first, US_CHUNK_ROWS, n, t);
			us_answer_block(&d->student, x2 + first, US_CHUNK_ROWS, n, s);
			for (int r = 0; r < n; r++)
				compare_row(d, chunk->key[first + r], y[first + r], &t[r], &s[r]);
		}
	}
	pfree(x);
	pfree(y);
	us_budget_release(d->prepared.budget, bytes);
}

/* ---- what came of it ---- */

/* R^2 and correlation from the sums; NaN where the teacher, or either of both, says the same of all rows. */
static void
relate(const Distilling *d, double *r2, double *correlation)
{
	double		v[SUMS];
	double		n = (double) d->n;
	double		tt;
	double		ss;

	*r2 = *correlation = NAN;
	for (int i = 0; i < SUMS; i++)
		v[i] = us_exact_round(&d->sum[i]);
	tt = v[SUM_TT] - v[SUM_T] * v[SUM_T] / n;
	ss = v[SUM_SS] - v[SUM_S] * v[SUM_S] / n;
	if (tt > 1e-14 * v[SUM_TT])
		*r2 = 1 - v[SUM_DD] / tt;
	if (tt > 1e-14 * v[SUM_TT] && ss > 1e-14 * v[SUM_SS])
		*correlation = fmin(1, fmax(-1, (v[SUM_TS] - v[SUM_T] * v[SUM_S] / n) / sqrt(tt * ss)));
}

/* Metrics of both against the target; the leading one into the result. */
static UsReport *
measure(Distilling *d, UsDistilResult *result)
{
	UsReport   *r = us_report_object();
	UsMetrics  *m[2];

	if (d->truth[0].key == NULL)
	{
		result->metric = "accuracy";
		result->teacher_value = (double) d->right[0] / d->known;
		result->student_value = (double) d->right[1] / d->known;
		us_report_number(us_report_add_object(r, "teacher"), "accuracy", result->teacher_value);
		us_report_number(us_report_add_object(r, "student"), "accuracy", result->student_value);
		return r;
	}
	for (int i = 0; i < 2; i++)
	{
		UsReport   *o = us_report_add_object(r, i == 0 ? "teacher" : "student");

		m[i] = us_measure_answers(&d->truth[i], US_MEASURE_FOLD, d->prepared.recipe.seed, d->prepared.budget);
		for (int k = 0; k < m[i]->n; k++)
			us_report_number(o, m[i]->metric[k].name, m[i]->metric[k].value);
	}
	result->metric = m[0]->metric[0].name;
	result->teacher_value = m[0]->metric[0].value;
	result->student_value = m[1]->metric[0].value;
	return r;
}

static UsReport *
report(Distilling *d, UsDistilResult *result)
{
	UsReport   *r = us_report_object();

	us_report_text(r, "teacher", d->teacher->info.model);
	us_report_int(r, "teacher_version", d->teacher->info.version);
	us_report_text(r, "teacher_algorithm", d->teacher->info.algorithm);
	us_report_int(r, "rows", d->frame->nrows);
	us_report_text(r, "measured_on", result->held_out ? "holdout" : "training");
	us_report_int(r, "measured_rows", result->n_measured);
	us_report_number(r, "agreement", result->agreement);
	us_report_number(r, "r2", result->r2);
	us_report_number(r, "correlation", result->correlation);
	if (d->target && d->known > 0)
		us_report_attach(r, "target", measure(d, result));
	return r;
}

/* Fit on the training part of the answers, compare on the rest of the source. */
static UsReport *
try_student(Distilling *d, UsDistilResult *result)
{
	UsPrepared *p = &d->prepared;
	MemoryContext outer = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(outer, "userseg distillation", ALLOCSET_DEFAULT_SIZES);
	UsBudget   *budget = p->budget;
	UsSplit		split = us_holdout_split(&d->train, p);
	UsFrame    *training = p->frame;
	UsFrame    *rest = d->frame;
	UsReport   *r;

	MemoryContextSwitchTo(work);
	p->budget = us_budget_part(budget);
	if (split.kind != US_SPLIT_NONE)
	{
		training = us_frame_view(p->frame, us_split_training, &split, p->budget);
		rest = us_frame_view(d->frame, us_split_holdout, &split, p->budget);
		result->held_out = training->nrows > 0 && rest->nrows > 0;
	}
	if (!result->held_out)
	{
		training = p->frame;
		rest = d->frame;
	}
	us_recipe_fit(&p->recipe, training, NULL, NULL, p->budget, &d->fitted);
	make_artifact(d);
	compare(d, rest);
	MemoryContextSwitchTo(outer);
	result->n_measured = d->n;
	result->agreement = d->a->task == US_TASK_CLASSIFICATION ? (double) d->agreed / d->n : NAN;
	relate(d, &result->r2, &result->correlation);
	r = report(d, result);
	if (training != p->frame)
		us_frame_free(training);
	if (rest != d->frame)
		us_frame_free(rest);
	p->budget = budget;
	MemoryContextDelete(work);
	return r;
}

void
us_distil(const UsDistilArgs *args, UsDistilResult *result)
{
	Distilling *d = palloc0(sizeof(Distilling));
	UsVersionLineage *lineage;
	TimestampTz started = GetCurrentTimestamp();
	UsReport   *more;

	memset(result, 0, sizeof(*result));
	result->agreement = result->r2 = result->correlation = result->teacher_value = result->student_value = NAN;
	us_catalog_begin_model(args->train.model);
	if (args->train.alias)
		us_reference_check_name(args->train.alias, "alias");
	d->args = args;
	d->train = args->train;
	d->teacher = us_model_open(args->teacher, US_PRIVILEGE_USAGE);
	d->a = d->teacher->artifact;
	if (d->a->task == US_TASK_CLUSTERING)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d gives segments: there is nothing to distil", d->teacher->info.model,
						d->teacher->info.version),
				 errhint("userseg.describe_segments has rules of segments.")));
	lineage = us_catalog_lineage(&d->teacher->info);
	if (d->train.source == NULL)
	{
		d->train.source = lineage->source;
		if (d->train.id == NULL)
			d->train.id = lineage->id;
	}
	d->train.null_policy = lineage->null_policy;
	make_student(d);
	us_progress_begin(us_params_get(d->prepared.recipe.params, "verbose")->boolean);
	d->prepared.budget = us_budget_create((Size) us_max_memory_kb * 1024);
	read_rows(d, lineage);
	d->train.target = d->classes || d->a->task == US_TASK_REGRESSION ? lineage->target :
		psprintf("probability of %s", d->a->class_names[d->a->positive]);
	d->prepared.frame = us_distil_rows(d->frame, d->a, d->encoder, d->train.target, d->classes, d->train.n_features,
									   d->train.n_features < 0 ? NULL : d->train.features, d->prepared.budget);
	more = try_student(d, result);
	result->n_rows = d->frame->nrows;
	d->prepared.info->n_read += d->prepared.frame->nrows - d->frame->nrows;	/* the rows of the student are answers */
	us_frame_free(d->frame);
	us_train_store(&d->train, &d->prepared, started, "distillation", more, &result->version);
}
