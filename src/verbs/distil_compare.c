/*
 * distil_compare.c
 *	  How well a student imitates its teacher, and what that costs.
 *
 * Both answer the same rows.  Fidelity is the share of rows with the same label, and R^2 of the student's numbers for
 * those of the teacher; where the target is known, the usual figures of both stand side by side.
 */
#include "postgres.h"

#include <math.h>

#include "data/frame_view.h"
#include "eval/sample.h"
#include "infra/progress.h"
#include "math/exact_sum.h"
#include "math/hash.h"
#include "model/answer.h"
#include "utils/memutils.h"
#include "verbs/distil.h"

#define BLOCK_ROWS	512

#define SAMPLE_SALT	UINT64CONST(0x64697374696c)

/* of what is left of the memory, for the answers and what is made of them */
#define ANSWERS_SHARE	0.7

enum
{
	TEACHER,
	STUDENT,
	PAIR
};

typedef struct Comparison
{
	const UsDistilling *d;
	UsArtifact	artifact[PAIR];
	int		   *class_of;		/* [classes of the student] class of the teacher */
	bool		by_label;		/* labels are compared */
	bool		binary;			/* the positive class or not */
	const UsTarget *target;		/* of the teacher on these rows; NULL: not known */
	UsExactSum	mass;
	UsExactSum	agreed;
	UsAnswers	imitation;		/* numbers of the student for those of the teacher; without key: none */
	UsAnswers	truth[PAIR];	/* for the target; without key: none */
	double	   *p;				/* [n_classes] */
	double	   *q;
	uint64		seed;			/* of a sample */
	double		share;
} Comparison;

/* ---- what is compared ---- */

static void
make_artifacts(Comparison *c, const UsFitted *fitted, UsFrame *rows)
{
	const UsDistilling *d = c->d;
	const UsTarget *t = fitted->target;

	c->artifact[TEACHER] = *d->artifact;
	c->artifact[TEACHER].encoder = us_encoder_bind(d->artifact->encoder, rows);
	c->artifact[STUDENT] = (UsArtifact) {
		.algorithm = fitted->recipe->algorithm, .task = fitted->recipe->task, .encoder = us_encoder_bind(fitted->encoder, rows),
		.model = fitted->result.model, .n_labels = fitted->result.n_labels,
		.class_names = d->classes ? t->class_name : NULL, .positive = d->classes ? t->positive : -1
	};
	c->class_of = palloc(sizeof(int) * Max(fitted->result.n_labels, 1));
	for (int k = 0; d->classes && k < t->n_classes; k++)
	{
		c->class_of[k] = -1;
		for (int j = 0; j < d->n_classes; j++)
			if (strcmp(t->class_name[k], d->class_name[j]) == 0)
				c->class_of[k] = j;
	}
}

static int
probabilities(const Comparison *c)
{
	return c->binary ? 1 : c->d->n_classes;
}

/* Bytes of a row of answers, and of what is made of them. */
static double
row_bytes(const Comparison *c, bool weighted)
{
	Size		weight = weighted ? sizeof(double) : 0;
	Size		row = c->d->has_value ? 3 * sizeof(double) + weight : 0;

	if (c->target && c->target->task == US_TASK_REGRESSION)
		row += PAIR * (3 * sizeof(double) + weight);
	else if (c->target)
		row += PAIR * (sizeof(uint64) + 2 * sizeof(int32) + probabilities(c) * sizeof(double) + weight);
	return row + us_evaluation_memory(1000000, 2) / 1e6;
}

static void
reserve_numbers(UsAnswers *a, int64 n)
{
	a->y = us_arena_array(a->arena, n, sizeof(double));
	a->value = us_arena_array(a->arena, n, sizeof(double));
}

static void
reserve_answers(const Comparison *c, UsAnswers *a, UsTask task, UsFrame *rows, UsArena *arena)
{
	int64		n = rows->nrows;

	a->task = task;
	a->by_id = rows->by_id;
	a->arena = arena;
	a->key = us_arena_array(arena, n, sizeof(uint64));
	if (rows->weighted)
		a->weight = us_arena_array(arena, n, sizeof(double));
	if (task == US_TASK_REGRESSION)
	{
		reserve_numbers(a, n);
		return;
	}
	a->n_classes = c->binary ? 2 : c->d->n_classes;
	a->actual = us_arena_array(arena, n, sizeof(int32));
	a->predicted = us_arena_array(arena, n, sizeof(int32));
	a->proba = palloc0(sizeof(double *) * a->n_classes);
	for (int k = c->binary ? 1 : 0; k < a->n_classes; k++)
		a->proba[k] = us_arena_array(arena, n, sizeof(double));
}

static void
reserve(Comparison *c, UsFrame *rows, UsBudget *budget)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);

	if (c->d->has_value)
		reserve_answers(c, &c->imitation, US_TASK_REGRESSION, rows, arena);
	for (int m = 0; m < PAIR && c->target; m++)
		reserve_answers(c, &c->truth[m], c->target->task, rows, arena);
	c->p = palloc(sizeof(double) * Max(c->d->n_classes, 1));
	c->q = palloc(sizeof(double) * Max(c->d->n_classes, 1));
}

/* ---- the rows ---- */

/* Place of the next answer to a row. */
static int64
next(UsAnswers *a, const UsChunk *chunk, int r)
{
	int64		i = a->n++;

	a->key[i] = chunk->key[r];
	if (a->weight)
		a->weight[i] = chunk->weight[r];
	return i;
}

/* Class of the teacher, 1 or 0 for the positive one or not; of a student that tells numbers by its number. */
static int
class_of(const Comparison *c, int m, const UsScore *s)
{
	int			class = s->label - 1;

	if (m == STUDENT && !c->d->classes)
		return s->value >= 0.5;
	if (m == STUDENT)
		class = class < 0 ? -1 : c->class_of[class];
	return c->binary ? class == c->d->artifact->positive : class;
}

/* Probabilities of all classes of the teacher. */
static void
put_probabilities(const Comparison *c, int m, const double *row, UsAnswers *a, int64 i)
{
	const UsArtifact *artifact = &c->artifact[m];

	us_answer_proba(artifact, row, c->p);
	memset(c->q, 0, sizeof(double) * c->d->n_classes);
	for (int k = 0; k < artifact->n_labels; k++)
	{
		int			class = m == STUDENT ? c->class_of[k] : k;

		if (class >= 0)
			c->q[class] = c->p[k];
	}
	for (int k = 0; k < c->d->n_classes; k++)
		a->proba[k][i] = c->q[k];
}

/* The answer beside the target y; row gives the encoded row. */
static void
put_truth(Comparison *c, int m, const UsChunk *chunk, int r, double y, const UsScore *s, const double *row)
{
	UsAnswers  *a = &c->truth[m];
	int64		i;

	if (a->task == US_TASK_REGRESSION ? isnan(y) : y < 0)
		return;
	i = next(a, chunk, r);
	if (a->task == US_TASK_REGRESSION)
	{
		a->y[i] = y;
		a->value[i] = s->value;
		return;
	}
	a->actual[i] = c->binary ? (int) y == c->d->artifact->positive : (int) y;
	a->predicted[i] = class_of(c, m, s);
	if (c->binary)
		a->proba[1][i] = fmin(fmax(s->value, 0), 1);
	else
		put_probabilities(c, m, row, a, i);
}

static void
compare_row(Comparison *c, const UsChunk *chunk, int r, const UsScore *t, const UsScore *s)
{
	double		weight = chunk->weight ? chunk->weight[r] : 1;
	UsAnswers  *a = &c->imitation;

	us_exact_add(&c->mass, weight);
	if (c->by_label && class_of(c, TEACHER, t) == class_of(c, STUDENT, s))
		us_exact_add(&c->agreed, weight);
	if (a->key)
	{
		int64		i = next(a, chunk, r);

		a->y[i] = t->value;
		a->value[i] = s->value;
	}
}

static void
compare_chunk(Comparison *c, const UsChunk *chunk, double *const *x, double *y)
{
	UsScore		score[PAIR][BLOCK_ROWS];
	double	   *row[PAIR];

	for (int m = 0; m < PAIR; m++)
	{
		us_encoder_apply_chunk(c->artifact[m].encoder, chunk, x[m], US_CHUNK_ROWS);
		row[m] = palloc(sizeof(double) * Max(us_encoder_width(c->artifact[m].encoder), 1));
	}
	if (c->target)
		us_target_chunk(c->target, chunk, y);
	for (int first = 0; first < chunk->nrows; first += BLOCK_ROWS)
	{
		int			n = Min(BLOCK_ROWS, chunk->nrows - first);

		us_progress("compare with the teacher", 0, 0);
		for (int m = 0; m < PAIR; m++)
			us_answer_block(&c->artifact[m], x[m] + first, US_CHUNK_ROWS, n, score[m]);
		for (int r = 0; r < n; r++)
		{
			compare_row(c, chunk, first + r, &score[TEACHER][r], &score[STUDENT][r]);
			for (int m = 0; m < PAIR && c->target; m++)
			{
				for (int j = 0; !c->binary && j < us_encoder_width(c->artifact[m].encoder); j++)
					row[m][j] = x[m][(Size) j * US_CHUNK_ROWS + first + r];
				put_truth(c, m, chunk, first + r, y[first + r], &score[m][r], row[m]);
			}
		}
	}
	for (int m = 0; m < PAIR; m++)
		pfree(row[m]);
}

/* A UsRowChoice. */
static void
choose_rows(void *context, int i, const UsChunk *chunk, bool *keep)
{
	const Comparison *c = context;

	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = us_uniform(c->seed, chunk->key[r]) < c->share;
}

/* As many of the rows as there is memory for. */
static UsFrame *
some_rows(Comparison *c, UsFrame *rows, UsBudget *budget)
{
	double		room = us_budget_left(budget) * ANSWERS_SHARE / row_bytes(c, rows->weighted);

	if (rows->nrows <= room)
		return rows;
	c->seed = us_mix64(c->d->prepared.recipe.seed, SAMPLE_SALT);
	c->share = us_sample_share(rows, c->seed, (int64) room);
	return c->share > 0 ? us_frame_view(rows, choose_rows, c, budget) : rows;
}

static void
compare(Comparison *c, UsFrame *rows, UsBudget *budget)
{
	double	   *x[PAIR];
	Size		bytes[PAIR];
	double	   *y = palloc0(sizeof(double) * US_CHUNK_ROWS);

	for (int m = 0; m < PAIR; m++)
	{
		bytes[m] = sizeof(double) * (Size) US_CHUNK_ROWS * Max(us_encoder_width(c->artifact[m].encoder), 1);
		us_budget_take(budget, bytes[m], "answers of teacher and student");
		x[m] = MemoryContextAllocHuge(CurrentMemoryContext, bytes[m]);
	}
	reserve(c, rows, budget);
	for (int i = 0; i < rows->nchunks; i++)
		compare_chunk(c, us_frame_chunk(rows, i), x, y);
	for (int m = 0; m < PAIR; m++)
	{
		pfree(x[m]);
		us_budget_release(budget, bytes[m]);
	}
	pfree(y);
}

/* ---- what came of it ---- */

static double
find_metric(const UsMetrics *m, const char *name)
{
	for (int i = 0; i < m->n; i++)
		if (strcmp(m->metric[i].name, name) == 0)
			return m->metric[i].value;
	return NAN;
}

static void
add_metric(UsMetrics *m, const char *name, double value, int64 n)
{
	m->metric[m->n++] = (UsMetricValue) {.name = name, .value = value, .low = NAN, .high = NAN, .n = n};
}

/* The metrics of the student, of both into the report. */
static UsMetrics *
measure(Comparison *c, UsReport *report, UsBudget *budget)
{
	const UsDistilling *d = c->d;
	UsDistilResult *result = d->result;
	UsReport   *r = us_report_add_object(report, "target");
	UsMetrics  *metrics = NULL;

	us_report_text(r, "column", d->target);
	us_report_int(r, "rows", c->truth[TEACHER].n);
	for (int m = 0; m < PAIR; m++)
	{
		UsReport   *o = us_report_add_object(r, m == TEACHER ? "teacher" : "student");

		metrics = us_measure_answers(&c->truth[m], US_MEASURE_FULL, d->prepared.recipe.seed, budget);
		for (int k = 0; k < metrics->n; k++)
			us_report_number(o, metrics->metric[k].name, metrics->metric[k].value);
		*(m == TEACHER ? &result->teacher_value : &result->student_value) = metrics->metric[0].value;
	}
	result->metric = metrics->metric[0].name;
	return metrics;
}

/* d->result and d->report, in the context of the latter; metrics of the student. */
static UsMetrics *
tell(Comparison *c, UsFrame *all, UsBudget *budget)
{
	const UsDistilling *d = c->d;
	UsDistilResult *result = d->result;
	MemoryContext outer = MemoryContextSwitchTo(d->context);
	UsMetrics  *metrics;
	UsMetrics  *told = NULL;

	result->measured_on = all == d->frame ? US_DISTIL_TRAINING : d->kept ? US_DISTIL_UNSEEN : US_DISTIL_HOLDOUT;
	if (c->by_label)
		result->fidelity = us_exact_round(&c->agreed) / us_exact_round(&c->mass);
	if (c->imitation.key)
		result->fidelity_r2 = find_metric(us_measure_answers(&c->imitation, US_MEASURE_FOLD, d->prepared.recipe.seed, budget), "r2");
	us_report_text(d->report, "measured_on", us_distil_rows_name(result->measured_on));
	us_report_int(d->report, "measured_rows", result->n_measured);
	us_report_number(d->report, "fidelity", result->fidelity);
	us_report_number(d->report, "fidelity_r2", result->fidelity_r2);
	if (c->target && c->truth[TEACHER].n > 0)
		told = measure(c, d->report, budget);
	MemoryContextSwitchTo(outer);
	metrics = palloc0(sizeof(UsMetrics));
	if (told)
		*metrics = *told;
	metrics->metric = palloc(sizeof(UsMetricValue) * (metrics->n + 2));
	if (told)
		memcpy(metrics->metric, told->metric, sizeof(UsMetricValue) * told->n);
	if (c->by_label)
		add_metric(metrics, "fidelity", result->fidelity, result->n_measured);
	if (c->imitation.key)
		add_metric(metrics, "fidelity_r2", result->fidelity_r2, result->n_measured);
	metrics->sampled = result->n_measured < all->nrows;
	return metrics;
}

UsMetrics *
us_distil_compare(void *distilling, const UsFitted *fitted, UsFrame *all, UsBudget *budget)
{
	UsDistilling *d = distilling;
	const UsArtifact *a = d->artifact;
	Comparison	c = {.d = d};
	UsFrame    *rows;
	UsMetrics  *metrics;

	c.binary = a->task == US_TASK_CLASSIFICATION && d->has_value && (a->n_labels == 2 || !d->classes);
	c.by_label = d->classes || c.binary;
	if (d->target)
		c.target = us_target_bind(all, a->task, a->n_labels, a->class_names, a->positive);
	make_artifacts(&c, fitted, all);
	rows = some_rows(&c, all, budget);
	compare(&c, rows, budget);
	d->result->n_measured = rows->nrows;
	metrics = tell(&c, all, budget);
	if (c.imitation.arena || c.truth[TEACHER].arena)
		us_arena_reset(c.imitation.arena ? c.imitation.arena : c.truth[TEACHER].arena);
	if (rows != all)
		us_frame_free(rows);
	return metrics;
}

const char *
us_distil_rows_name(UsDistilRows rows)
{
	return rows == US_DISTIL_UNSEEN ? "unseen" : rows == US_DISTIL_HOLDOUT ? "holdout" : "training";
}
