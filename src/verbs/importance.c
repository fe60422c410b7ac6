/*
 * importance.c
 *	  userseg.importance: what the loss of a model would be without knowing a feature.
 */
#include "postgres.h"

#include <math.h>

#include "eval/sample.h"
#include "infra/progress.h"
#include "math/hash.h"
#include "model/answer.h"
#include "stat/losses.h"
#include "stat/normal.h"
#include "verbs/importance.h"

#define BLOCK_ROWS	256
#define LEVEL		0.95

typedef struct Row
{
	uint64		order;			/* what rows are sorted by */
	int32		place;
} Row;

typedef struct Work
{
	UsEvaluation v;
	const UsArtifact *artifact;
	UsArena    *arena;
	int			width;
	int64		n;				/* rows */
	double	   *x;				/* [width][n] encoded */
	double	   *y;
	double	   *weight;			/* or NULL */
	uint64	   *row_hash;		/* [n] of key, encoded values, target and weight: equal for equal rows only */
	UsLoss		loss;			/* of a regression */
	int32	   *canon;			/* [n] rows in the order of their hashes */
	int32	   *from;			/* [n] where row i takes the feature from */
	double	   *base;			/* [n] loss as it is */
	double	  **rise;			/* [nfeatures][n] sum over repeats; NULL: not used */
	double	   *block;			/* [width][BLOCK_ROWS] */
	double	   *row;			/* [width] */
	double	   *p;				/* [n_labels] */
	UsScore		score[BLOCK_ROWS];
} Work;

/* ---- rows ---- */

static inline uint64
bits_of(double x)
{
	uint64		bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

/* A hash of row r of a chunk: rows of one key, too, get an order of their own. */
static uint64
hash_row(const Work *w, const UsChunk *chunk, const double *x, const double *y, int r)
{
	uint64		hash = us_mix64(chunk->key[r], bits_of(y[r]));

	for (int j = 0; j < w->width; j++)
		hash = us_mix64(hash, bits_of(x[(Size) j * US_CHUNK_ROWS + r]));
	return chunk->weight ? us_mix64(hash, bits_of(chunk->weight[r])) : hash;
}

/* Encode the rows, or as many of them as are looked at. */
static void
load(Work *w, UsFrame *frame, uint64 seed)
{
	UsEncoder  *bound = us_encoder_bind(w->artifact->encoder, frame);
	int64		room = Min(frame->nrows, US_IMPORTANCE_ROWS);
	double		share = us_sample_share(frame, seed, room);
	double	   *chunk_x = us_arena_array(w->arena, (Size) Max(w->width, 1) * US_CHUNK_ROWS, sizeof(double));
	double	   *chunk_y = us_arena_array(w->arena, US_CHUNK_ROWS, sizeof(double));

	w->x = us_arena_array(w->arena, (Size) Max(w->width, 1) * room, sizeof(double));
	w->y = us_arena_array(w->arena, room, sizeof(double));
	w->row_hash = us_arena_array(w->arena, room, sizeof(uint64));
	if (frame->weighted)
		w->weight = us_arena_array(w->arena, room, sizeof(double));
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("encode the rows", i, frame->nchunks);
		us_target_chunk(w->v.each[0].fitted.target, chunk, chunk_y);
		us_encoder_apply_chunk(bound, chunk, chunk_x, US_CHUNK_ROWS);
		for (int r = 0; r < chunk->nrows; r++)
		{
			if ((share > 0 && us_uniform(seed, chunk->key[r]) >= share) || w->n == room ||
				(w->artifact->task == US_TASK_CLASSIFICATION && chunk_y[r] < 0))
				continue;
			for (int j = 0; j < w->width; j++)
				w->x[(Size) j * room + w->n] = chunk_x[(Size) j * US_CHUNK_ROWS + r];
			w->y[w->n] = chunk_y[r];
			w->row_hash[w->n] = hash_row(w, chunk, chunk_x, chunk_y, r);
			if (w->weight)
				w->weight[w->n] = chunk->weight[r];
			w->n++;
		}
	}
	/* columns next to each other */
	for (int j = 1; j < w->width; j++)
		memmove(w->x + (Size) j * w->n, w->x + (Size) j * room, w->n * sizeof(double));
	/* a deviance that is not defined for some row */
	for (int64 i = 0; i < w->n; i++)
		if (!isfinite(us_loss_of(&w->loss, 1, w->y[i])))
			w->loss.kind = US_LOSS_SQUARED;
	if (w->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has a class that the model knows")));
}

static int
compare_rows(const void *a, const void *b)
{
	const Row  *x = a;
	const Row  *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* The rows in the order of their hashes, or in another one that follows from salt; equal rows as they come. */
static void
sort_by(const Work *w, bool shuffle, uint64 salt, int32 *order)
{
	Row		   *row = palloc(sizeof(Row) * w->n);

	for (int64 i = 0; i < w->n; i++)
		row[i] = (Row) {shuffle ? us_mix64(salt, w->row_hash[i]) : w->row_hash[i], (int32) i};
	qsort(row, w->n, sizeof(Row), compare_rows);
	for (int64 i = 0; i < w->n; i++)
		order[i] = row[i].place;
	pfree(row);
}

/* ---- losses ---- */

/* The loss of n rows of the block that begin at row first. */
static void
block_losses(Work *w, int64 first, int n, double *loss)
{
	const UsArtifact *a = w->artifact;

	if (a->n_labels <= 2)
		us_answer_block(a, w->block, BLOCK_ROWS, n, w->score);
	for (int r = 0; r < n; r++)
	{
		double		y = w->y[first + r];

		if (a->task == US_TASK_REGRESSION)
			loss[r] = us_loss_of(&w->loss, Max(w->score[r].value, w->loss.kind > US_LOSS_PINBALL ? DBL_MIN : -DBL_MAX), y);
		else if (a->n_labels == 2)
			loss[r] = us_log_loss(y == a->positive ? w->score[r].value : 1 - w->score[r].value);
		else
		{
			for (int j = 0; j < w->width; j++)
				w->row[j] = w->block[(Size) j * BLOCK_ROWS + r];
			us_answer_proba(a, w->row, w->p);
			loss[r] = us_log_loss(w->p[(int) y]);
		}
	}
}

static void
copy_columns(Work *w, const UsFeature *f, int64 first, int n, const int32 *from)
{
	for (int j = f->first; j < f->first + f->width; j++)
		for (int r = 0; r < n; r++)
			w->block[(Size) j * BLOCK_ROWS + r] = w->x[(Size) j * w->n + (from ? from[first + r] : first + r)];
}

/* One exchange: every feature in turn, block by block. */
static void
exchange(Work *w, bool begin)
{
	const UsEncoder *encoder = w->artifact->encoder;
	double		loss[BLOCK_ROWS];

	for (int64 first = 0; first < w->n; first += BLOCK_ROWS)
	{
		int			n = (int) Min(BLOCK_ROWS, w->n - first);

		for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
			copy_columns(w, us_encoder_feature(encoder, f), first, n, NULL);
		if (begin)
			block_losses(w, first, n, w->base + first);
		for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
		{
			const UsFeature *feature = us_encoder_feature(encoder, f);

			us_progress("exchange the values of features", 0, 0);
			if (w->rise[f] == NULL)
				continue;
			copy_columns(w, feature, first, n, w->from);
			block_losses(w, first, n, loss);
			for (int r = 0; r < n; r++)
				w->rise[f][first + r] += loss[r] - w->base[first + r];
			copy_columns(w, feature, first, n, NULL);
		}
	}
}

static int
compare_lines(const void *a, const void *b)
{
	const UsImportanceLine *x = a;
	const UsImportanceLine *y = b;

	if (x->importance != y->importance)
		return x->importance > y->importance ? -1 : 1;
	return strcmp(x->feature, y->feature);
}

void
us_importance_finish(UsImportanceLine *line, int n)
{
	double		total = 0;

	for (int i = 0; i < n; i++)
		total += Max(line[i].importance, 0);
	for (int i = 0; i < n; i++)
		line[i].share = total > 0 ? Max(line[i].importance, 0) / total : NAN;
	qsort(line, n, sizeof(UsImportanceLine), compare_lines);
}

static UsImportanceLine *
summarise(Work *w, int repeats, int *n)
{
	const UsEncoder *encoder = w->artifact->encoder;
	int			nfeatures = us_encoder_nfeatures(encoder);
	UsImportanceLine *line = palloc0(sizeof(UsImportanceLine) * Max(nfeatures, 1));
	double		z = us_normal_quantile(1 - (1 - LEVEL) / 2);

	*n = 0;
	for (int f = 0; f < nfeatures; f++)
	{
		UsImportanceLine *l = &line[*n];
		UsMean		mean;

		if (w->rise[f] == NULL)
			continue;
		for (int64 i = 0; i < w->n; i++)
			w->rise[f][i] /= repeats;
		mean = us_weighted_mean(w->rise[f], w->weight, w->n);
		l->feature = us_encoder_feature(encoder, f)->name;
		l->metric = w->artifact->task == US_TASK_REGRESSION ? us_loss_name(w->loss.kind) : "log_loss";
		l->importance = mean.mean;
		l->low = mean.mean - z * mean.error;
		l->high = mean.mean + z * mean.error;
		l->n = mean.n;
		(*n)++;
	}
	us_importance_finish(line, *n);
	return line;
}

UsImportanceLine *
us_importance(const UsEvaluationArgs *args, int repeats, int64 seed, int *n)
{
	Work	   *w = palloc0(sizeof(Work));
	UsImportanceLine *line;
	const UsEncoder *encoder;

	if (repeats < 1 || repeats > 1000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("repeats is %d, outside of 1 to 1000", repeats),
				 errhint("5 is usual.")));
	us_evaluation_open(args, &w->v);
	w->artifact = w->v.each[0].model->artifact;
	w->loss = us_recipe_loss(&w->v.each[0].recipe);
	encoder = w->artifact->encoder;
	w->width = us_encoder_width(encoder);
	w->arena = us_arena_create(CurrentMemoryContext, w->v.budget);
	load(w, w->v.frame, (uint64) seed);
	w->canon = us_arena_array(w->arena, w->n, sizeof(int32));
	w->from = us_arena_array(w->arena, w->n, sizeof(int32));
	w->base = us_arena_array(w->arena, w->n, sizeof(double));
	w->rise = us_arena_array(w->arena, Max(us_encoder_nfeatures(encoder), 1), sizeof(double *));
	for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
		if (us_encoder_feature(encoder, f)->width > 0)
			w->rise[f] = us_arena_array(w->arena, w->n, sizeof(double));
	w->block = us_arena_array(w->arena, (Size) Max(w->width, 1) * BLOCK_ROWS, sizeof(double));
	w->row = us_arena_array(w->arena, Max(w->width, 1), sizeof(double));
	w->p = us_arena_array(w->arena, Max(w->artifact->n_labels, 2), sizeof(double));
	sort_by(w, false, 0, w->canon);
	for (int t = 0; t < repeats; t++)
	{
		int32	   *shuffled = palloc(sizeof(int32) * w->n);

		/* the row at a place in one order takes the value of the row at that place in another */
		sort_by(w, true, us_mix64((uint64) seed, t), shuffled);
		for (int64 i = 0; i < w->n; i++)
			w->from[w->canon[i]] = shuffled[i];
		pfree(shuffled);
		exchange(w, t == 0);
	}
	line = summarise(w, repeats, n);
	us_arena_reset(w->arena);
	us_evaluation_close(&w->v);
	return line;
}
