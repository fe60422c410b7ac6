/*
 * answers.c
 *	  What a model says about rows whose target is known.
 */
#include "postgres.h"

#include "eval/answers.h"
#include "infra/progress.h"
#include "math/hash.h"
#include "utils/memutils.h"

/* rows that are scored at a time */
#define BLOCK_ROWS	512

#define SAMPLE_SALT	UINT64CONST(0x616e7377657273)

typedef struct Collector
{
	const UsFitted *fitted;
	UsAnswers  *a;
	bool		by_proba;		/* value comes from probabilities */
	double		share;			/* of the rows that are taken */
	uint64		seed;
	UsEncoder  *bound;
	int			width;
	double	   *x;				/* [width][US_CHUNK_ROWS] */
	double	   *row;			/* [width] */
	double	   *p;				/* [n_classes] */
	double	   *y;				/* [US_CHUNK_ROWS] */
	UsScore		score[BLOCK_ROWS];
} Collector;

static UsAnswers *
start(const UsFitted *fitted)
{
	const UsTarget *target = fitted->target;
	UsAnswers  *a = palloc0(sizeof(UsAnswers));

	a->task = target->task;
	a->n_classes = target->n_classes;
	a->class_name = target->class_name;
	a->positive = target->positive;
	return a;
}

/* Arrays for as many rows as the budget has room for. */
static void
reserve(Collector *c, UsFrame *frame, UsBudget *budget)
{
	UsAnswers  *a = c->a;
	Size		row = 2 * sizeof(double);
	double		room;
	Size		n;

	if (a->task == US_TASK_CLASSIFICATION)
		row += sizeof(int32);
	if (a->n_classes > 2)
		row += a->n_classes * sizeof(double);
	if (frame->weighted)
		row += sizeof(double);
	room = us_budget_left(budget) / 2.0 / row;
	c->share = 1;
	n = (Size) frame->nrows;
	if (frame->nrows > room)
	{
		/* room for chance */
		c->share = 0.95 * room / frame->nrows;
		n = (Size) room;
		a->sampled = true;
	}
	a->arena = us_arena_create(CurrentMemoryContext, budget);
	a->y = us_arena_array(a->arena, n, sizeof(double));
	a->value = us_arena_array(a->arena, n, sizeof(double));
	if (a->task == US_TASK_CLASSIFICATION)
		a->label = us_arena_array(a->arena, n, sizeof(int32));
	if (a->n_classes > 2)
		a->proba = us_arena_array(a->arena, n, a->n_classes * sizeof(double));
	if (frame->weighted)
		a->weight = us_arena_array(a->arena, n, sizeof(double));
	a->n = (int64) n;
}

/* The answer for row r of the chunk, at place i. */
static void
put(Collector *c, int64 i, int r, const UsScore *score, const UsChunk *chunk)
{
	UsAnswers  *a = c->a;
	const UsAlgorithm *algorithm = c->fitted->recipe->algorithm;

	a->y[i] = c->y[r];
	a->value[i] = score->value;
	if (a->label)
		a->label[i] = score->label - 1;
	if (a->weight)
		a->weight[i] = chunk->weight[r];
	if (!c->by_proba)
		return;
	for (int j = 0; j < c->width; j++)
		c->row[j] = c->x[(Size) j * US_CHUNK_ROWS + r];
	algorithm->proba(c->fitted->result.model, c->row, c->p);
	a->value[i] = a->positive >= 0 ? c->p[a->positive] : 0;
	if (a->proba)
		memcpy(a->proba + (Size) i * a->n_classes, c->p, a->n_classes * sizeof(double));
}

/* Score a chunk; returns how many answers there are then. */
static int64
take_chunk(Collector *c, const UsChunk *chunk, int64 n)
{
	UsAnswers  *a = c->a;
	const UsAlgorithm *algorithm = c->fitted->recipe->algorithm;

	us_target_chunk(c->fitted->target, chunk, c->y);
	us_encoder_apply_chunk(c->bound, chunk, c->x, US_CHUNK_ROWS);
	for (int first = 0; first < chunk->nrows; first += BLOCK_ROWS)
	{
		int			rows = Min(BLOCK_ROWS, chunk->nrows - first);

		us_progress("score", 0, 0);
		algorithm->score_block(c->fitted->result.model, c->x + first, US_CHUNK_ROWS, rows, c->score);
		for (int r = first; r < first + rows; r++)
		{
			if (a->sampled && (us_uniform(c->seed, chunk->key[r]) >= c->share || n == a->n))
				continue;
			if (a->task == US_TASK_CLASSIFICATION && c->y[r] < 0)
				a->n_unknown++;
			else
				put(c, n++, r, &c->score[r - first], chunk);
		}
	}
	return n;
}

UsAnswers *
us_answers_collect(const UsFitted *fitted, UsFrame *frame, UsBudget *budget)
{
	Collector  *c = palloc0(sizeof(Collector));
	UsAnswers  *a = start(fitted);
	Size		bytes;
	int64		n = 0;

	c->fitted = fitted;
	c->a = a;
	c->by_proba = a->n_classes > 2 || (a->n_classes == 2 && a->positive != 1);
	c->seed = us_mix64(fitted->recipe->seed, SAMPLE_SALT);
	c->bound = us_encoder_bind(fitted->encoder, frame);
	c->width = us_encoder_width(fitted->encoder);
	bytes = (Size) Max(c->width, 1) * US_CHUNK_ROWS * sizeof(double);
	us_budget_take(budget, bytes, "scoring");
	c->x = MemoryContextAllocHuge(CurrentMemoryContext, bytes);
	c->row = palloc(Max(c->width, 1) * sizeof(double));
	c->p = palloc(Max(a->n_classes, 1) * sizeof(double));
	c->y = palloc(US_CHUNK_ROWS * sizeof(double));
	reserve(c, frame, budget);
	for (int i = 0; i < frame->nchunks; i++)
		n = take_chunk(c, us_frame_chunk(frame, i), n);
	a->n = n;
	pfree(c->x);
	us_budget_release(budget, bytes);
	pfree(c->y);
	pfree(c->p);
	pfree(c->row);
	pfree(c);
	return a;
}

void
us_answers_free(UsAnswers *a)
{
	us_arena_reset(a->arena);
	pfree(a);
}
