/*
 * answers.c
 *	  What a model says about rows whose target is known.
 */
#include "postgres.h"

#include "data/frame_view.h"
#include "eval/answers.h"
#include "eval/sample.h"
#include "eval/score_team.h"
#include "infra/parallel.h"
#include "infra/progress.h"
#include "math/hash.h"
#include "stat/calibration.h"
#include "stat/evaluation.h"

#define SAMPLE_SALT	UINT64CONST(0x616e7377657273)

typedef struct Collector
{
	const UsFitted *fitted;
	UsAnswers  *a;
	bool		by_proba;		/* the value of a score is not what is wanted */
	bool		swapped;		/* of two classes the first is the positive one */
	double		share;			/* of the rows that are taken */
	uint64		seed;
	int64		room;			/* rows that the arrays have room for */
	UsEncoder  *bound;
	int			width;
	UsScoreTeam *team;
	double	   *p;				/* [n_classes] */
	double	   *y;				/* [US_CHUNK_ROWS] */
} Collector;

/* Arrays for as many rows as the budget has room for. */
static void
reserve(Collector *c, UsFrame *frame, int64 most_rows, UsBudget *budget)
{
	UsAnswers  *a = c->a;
	bool		classes = a->task == US_TASK_CLASSIFICATION;
	int			probas = !classes ? 0 : a->n_classes == 2 ? 1 : a->n_classes;
	Size		row = sizeof(uint64) + 2 * (classes ? sizeof(int32) : sizeof(double)) +
		probas * sizeof(double) + (frame->weighted ? sizeof(double) : 0);
	double		evaluation = us_evaluation_memory(1000000, Min(a->n_classes, 2)) / 1e6;
	double		room = us_budget_left(budget) * 0.8 / (row + evaluation);
	Size		n = (Size) frame->nrows;

	if (most_rows > 0)
		room = Min(room, most_rows);
	if (frame->nrows > room)
	{
		n = (Size) room;
		c->share = us_sample_share(frame, c->seed, (int64) n);
		if (c->share == 0)
			c->share = 1;		/* too many rows of one key to choose by keys: the first that fit */
		a->sampled = true;
	}
	c->room = (int64) n;
	a->arena = us_arena_create(CurrentMemoryContext, budget);
	a->key = us_arena_array(a->arena, n, sizeof(uint64));
	if (frame->weighted)
		a->weight = us_arena_array(a->arena, n, sizeof(double));
	if (!classes)
	{
		a->y = us_arena_array(a->arena, n, sizeof(double));
		a->value = us_arena_array(a->arena, n, sizeof(double));
		return;
	}
	a->actual = us_arena_array(a->arena, n, sizeof(int32));
	a->predicted = us_arena_array(a->arena, n, sizeof(int32));
	a->proba = palloc0(a->n_classes * sizeof(double *));
	for (int k = a->n_classes == 2 ? 1 : 0; k < a->n_classes; k++)
		a->proba[k] = us_arena_array(a->arena, n, sizeof(double));
}

/* A class index of the target as one of the answers. */
static inline int32
class_index(const Collector *c, int index)
{
	return c->swapped ? 1 - index : index;
}

/* As model/answer.c does it: of two classes that are equally probable the first of the target. */
static inline void
calibrate(const Collector *c, int64 i)
{
	UsAnswers  *a = c->a;

	if (c->fitted->calibrator == NULL)
		return;
	a->proba[1][i] = us_calibrate(c->fitted->calibrator, a->proba[1][i]);
	a->predicted[i] = c->swapped ? a->proba[1][i] >= 0.5 : a->proba[1][i] > 0.5;
}

/* The answer for row r of the chunk; proba[n_classes] if it is wanted. */
static void
put(Collector *c, int r, const UsScore *score, const double *proba, const UsChunk *chunk)
{
	UsAnswers  *a = c->a;
	int64		i = a->n++;

	a->key[i] = chunk->key[r];
	if (a->weight)
		a->weight[i] = chunk->weight[r];
	if (a->task == US_TASK_REGRESSION)
	{
		a->y[i] = c->y[r];
		a->value[i] = score->value;
		return;
	}
	a->actual[i] = class_index(c, (int) c->y[r]);
	a->predicted[i] = class_index(c, score->label - 1);
	if (!c->by_proba)
	{
		a->proba[1][i] = score->value;
		calibrate(c, i);
		return;
	}
	if (a->n_classes == 2)
	{
		a->proba[1][i] = proba[0];
		calibrate(c, i);
	}
	else
	{
		memcpy(c->p, proba, a->n_classes * sizeof(double));
		if (c->fitted->calibrator)
		{
			us_calibrate_classes(c->fitted->calibrator, c->p, a->n_classes, -1);
			a->predicted[i] = 0;
			for (int k = 1; k < a->n_classes; k++)
				if (c->p[k] > c->p[a->predicted[i]])
					a->predicted[i] = k;
		}
		for (int k = 0; k < a->n_classes; k++)
			a->proba[k][i] = c->p[k];
	}
}

static void
take_chunk(Collector *c, const UsChunk *chunk)
{
	UsAnswers  *a = c->a;
	int			stride;
	double	   *x = us_score_team_x(c->team, &stride);
	const UsScore *score;
	const double *proba;

	us_target_chunk(c->fitted->target, chunk, c->y);
	us_encoder_apply_chunk(c->bound, chunk, x, stride);
	us_progress("score", 0, 0);
	score = us_score_team_run(c->team, chunk->nrows, &proba);
	for (int r = 0; r < chunk->nrows; r++)
	{
		if (a->sampled && (us_uniform(c->seed, chunk->key[r]) >= c->share || a->n == c->room))
			continue;
		if (a->task == US_TASK_CLASSIFICATION && c->y[r] < 0)
			a->n_unknown++;
		else
			put(c, r, &score[r], proba ? proba + (Size) r * a->n_classes : NULL, chunk);
	}
}

/* UsRowChoice: the rows that are taken. */
static void
choose_rows(void *context, int i, const UsChunk *chunk, bool *keep)
{
	const Collector *c = context;
	int			row[US_CHUNK_ROWS];
	int			n = us_hash_select(c->seed, chunk->key, chunk->nrows, us_uniform_limit(c->share), row);

	memset(keep, false, sizeof(bool) * chunk->nrows);
	for (int k = 0; k < n; k++)
		keep[row[k]] = true;
}

UsAnswers *
us_answers_collect(const UsFitted *fitted, UsFrame *frame, int64 most_rows, UsBudget *budget)
{
	Collector  *c = palloc0(sizeof(Collector));
	UsAnswers  *a = palloc0(sizeof(UsAnswers));
	UsFrame    *rows;

	a->task = fitted->target->task;
	a->n_classes = fitted->target->n_classes;
	a->loss = us_recipe_loss(fitted->recipe);
	a->by_id = frame->by_id;
	c->fitted = fitted;
	c->a = a;
	c->swapped = a->n_classes == 2 && fitted->target->positive == 0;
	c->by_proba = a->n_classes > 2 || c->swapped;
	c->seed = us_mix64(fitted->recipe->seed, SAMPLE_SALT);
	c->bound = us_encoder_bind(fitted->encoder, frame);
	c->width = us_encoder_width(fitted->encoder);
	c->team = us_score_team(&(UsScoreJob) {
		.algorithm = fitted->recipe->algorithm,
		.model = fitted->result.model,
		.width = c->width,
		.n_labels = a->n_classes,
		.proba = c->by_proba,
		.rows = US_CHUNK_ROWS,
		.all_rows = true,
		.workers = us_team_workers_allowed(),
		.budget = budget
	});
	c->p = palloc(Max(a->n_classes, 1) * sizeof(double));
	c->y = palloc(US_CHUNK_ROWS * sizeof(double));
	reserve(c, frame, most_rows, budget);
	/* a view costs the memory of a chunk, and saves the scoring of rows that are not taken */
	rows = a->sampled && us_budget_left(budget) > 4 * (Size) frame->ncolumns * US_CHUNK_ROWS * sizeof(double) ?
		us_frame_view(frame, choose_rows, c, budget) : frame;
	for (int i = 0; i < rows->nchunks; i++)
		take_chunk(c, us_frame_chunk(rows, i));
	if (rows != frame)
		us_frame_free(rows);
	us_score_team_end(c->team);
	pfree(c->y);
	pfree(c->p);
	pfree(c);
	return a;
}

void
us_answers_free(UsAnswers *a)
{
	us_arena_reset(a->arena);
	pfree(a);
}
