/*
 * leakage.c
 *	  Columns that a supervised training should not have.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "eval/leakage.h"
#include "eval/leakage_score.h"
#include "infra/progress.h"
#include "math/hash.h"

#define SAMPLE_ROWS		4096
#define SAMPLE_VALUES	(1 << 20)
#define SAMPLE_MIN		512

#define SAMPLE_SALT		UINT64CONST(0x6c65616b616765)

/* later in this share of the rows */
#define LATER_SHARE		0.01

/* ids lie within so many times the number of rows */
#define ID_RANGE		10

/* pairs of columns that are compared row by row, since they are equal in the sample */
#define MAX_COMPARED	100

/* A sample of the rows, column by column. */
typedef struct Sample
{
	UsFrame    *frame;
	int			n;
	int			room;
	double	  **value;			/* [ncolumns][room]: numbers, codes, NaN; NULL: not looked at */
	double	   *y;				/* [room] */
	uint64	   *key;			/* [room] */
	UsSuspect  *suspect;
	int			n_suspects;
	int			n_compared;		/* pairs of columns, row by row */
} Sample;

static bool
looked_at(const UsColumn *column)
{
	return column->kind != US_KIND_TAGS && column->kind != US_KIND_VECTOR &&
		(column->role == US_ROLE_FEATURE || column->role == US_ROLE_TIME);
}

static void
take_rows(Sample *s, const UsTarget *target, uint64 seed)
{
	UsFrame    *frame = s->frame;
	double	   *y = palloc(US_CHUNK_ROWS * sizeof(double));
	int		   *row = palloc(US_CHUNK_ROWS * sizeof(int));
	double		share = 0.95 * s->room / Max(frame->nrows, 1);
	uint64		limit = frame->nrows <= s->room ? PG_UINT64_MAX :
		(uint64) (share * 18446744073709551615.0);

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		int			n = us_hash_select(seed, chunk->key, chunk->nrows, limit, row);

		us_progress("look for leaks", i, frame->nchunks);
		if (n > 0)
			us_target_chunk(target, chunk, y);
		for (int k = 0; k < n && s->n < s->room; k++)
		{
			int			r = row[k];

			for (int j = 0; j < frame->ncolumns; j++)
			{
				const UsChunkColumn *c = &chunk->column[j];

				if (s->value[j] == NULL)
					continue;
				s->value[j][s->n] = c->number ? c->number[r] : c->code[r] < 0 ? NAN : c->code[r];
			}
			s->y[s->n] = y[r];
			s->key[s->n++] = chunk->key[r];
		}
	}
	pfree(y);
	pfree(row);
}

static void
suspect(Sample *s, int j, const char *kind, double figure, char *text)
{
	s->suspect = s->suspect ?
		repalloc(s->suspect, (s->n_suspects + 1) * sizeof(UsSuspect)) : palloc(sizeof(UsSuspect));
	/* sums of the sample depend on the order of its rows in their last digits */
	s->suspect[s->n_suspects++] = (UsSuspect) {s->frame->column[j].name, kind, rint(figure * 1e6) / 1e6, text};
}

static void
check_target(Sample *s, int j, const UsTarget *target, UsLeakScorer *scorer)
{
	const UsColumn *column = &s->frame->column[j];
	double		figure = us_leak_score(scorer, s->value[j], column->kind != US_KIND_CATEGORY);

	if (target->task == US_TASK_CLASSIFICATION && figure >= US_LEAK_AUC)
		suspect(s, j, "target", figure,
				psprintf("column \"%s\" alone predicts \"%s\" with an AUC of %.4f: is it known before the outcome?",
						 column->name, target->name, figure));
	if (target->task == US_TASK_REGRESSION && figure >= US_LEAK_R2)
		suspect(s, j, "target", figure,
				psprintf("column \"%s\" alone predicts \"%s\" with an R2 of %.4f: is it known before the outcome?",
						 column->name, target->name, figure));
}

static int
compare_numbers(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static void
check_id(Sample *s, int j)
{
	const UsColumn *column = &s->frame->column[j];
	double	   *sorted;
	bool		distinct = true;

	if (column->kind != US_KIND_NUMBER || column->n_null > 0)
		return;
	for (int i = 0; i < s->n; i++)
		if (s->value[j][i] != rint(s->value[j][i]))
			return;
	sorted = palloc(s->n * sizeof(double));
	memcpy(sorted, s->value[j], s->n * sizeof(double));
	qsort(sorted, s->n, sizeof(double), compare_numbers);
	for (int i = 1; i < s->n && distinct; i++)
		distinct = sorted[i] != sorted[i - 1];
	if (distinct && sorted[s->n - 1] - sorted[0] <= (double) ID_RANGE * s->frame->nrows)
		suspect(s, j, "id", NAN,
				psprintf("column \"%s\" looks like an id: whole numbers, different in all of %d rows that were looked at",
						 column->name, s->n));
	pfree(sorted);
}

static bool
same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof(double)) == 0 || (isnan(a) && isnan(b));
}

/* Are two columns equal in all rows? */
static bool
columns_equal(UsFrame *frame, int a, int b)
{
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const UsChunkColumn *x = &chunk->column[a];
		const UsChunkColumn *y = &chunk->column[b];

		us_progress("compare columns", i, frame->nchunks);
		for (int r = 0; r < chunk->nrows; r++)
			if (!same_bits(x->number[r], y->number[r]))
				return false;
	}
	return true;
}

/* The same for categories, by their texts: a code of one belongs to one code of the other. */
static bool
categories_equal(UsFrame *frame, int a, int b)
{
	const UsDictionary *da = frame->column[a].dictionary;
	const UsDictionary *db = frame->column[b].dictionary;
	int		   *map = MemoryContextAllocHuge(CurrentMemoryContext,
											 Max(us_dictionary_size(da), 1) * sizeof(int));
	bool		equal = true;

	memset(map, -1, us_dictionary_size(da) * sizeof(int));
	for (int i = 0; i < frame->nchunks && equal; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const int32 *x = chunk->column[a].code;
		const int32 *y = chunk->column[b].code;

		us_progress("compare columns", i, frame->nchunks);
		for (int r = 0; r < chunk->nrows && equal; r++)
		{
			int			xlen;
			int			ylen;

			if (x[r] < 0 || y[r] < 0)
				equal = x[r] == y[r];
			else if (map[x[r]] < 0)
			{
				const char *xt = us_dictionary_get(da, x[r], &xlen);
				const char *yt = us_dictionary_get(db, y[r], &ylen);

				equal = xlen == ylen && memcmp(xt, yt, xlen) == 0;
				map[x[r]] = y[r];
			}
			else
				equal = map[x[r]] == y[r];
		}
	}
	pfree(map);
	return equal;
}

/* Are two values of the sample the same category? */
static bool
same_category(const UsColumn *x, const UsColumn *y, double a, double b)
{
	int			xlen;
	int			ylen;
	const char *xt;
	const char *yt;

	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	xt = us_dictionary_get(x->dictionary, (int) a, &xlen);
	yt = us_dictionary_get(y->dictionary, (int) b, &ylen);
	return xlen == ylen && memcmp(xt, yt, xlen) == 0;
}

/* Are two columns equal in the sample, and have they as many NULLs? */
static bool
alike(const Sample *s, int a, int b)
{
	const UsColumn *x = &s->frame->column[a];
	const UsColumn *y = &s->frame->column[b];

	if (x->kind != y->kind || x->zoned != y->zoned || x->n_null != y->n_null)
		return false;
	for (int i = 0; i < s->n; i++)
		if (x->kind == US_KIND_CATEGORY ? !same_category(x, y, s->value[a][i], s->value[b][i]) :
			!same_bits(s->value[a][i], s->value[b][i]))
			return false;
	return true;
}

static bool
constant(const Sample *s, int j)
{
	for (int i = 1; i < s->n; i++)
		if (!same_bits(s->value[j][i], s->value[j][0]))
			return false;
	return true;
}

static void
check_duplicate(Sample *s, int j)
{
	/* columns of rare values are constant in a sample, and alike where they are not equal */
	if (constant(s, j))
		return;
	for (int k = 0; k < j && s->n_compared < MAX_COMPARED; k++)
	{
		CHECK_FOR_INTERRUPTS();
		if (s->value[k] == NULL || s->frame->column[k].role != US_ROLE_FEATURE || !alike(s, k, j))
			continue;
		s->n_compared++;
		if (s->frame->column[j].kind == US_KIND_CATEGORY ? !categories_equal(s->frame, k, j) :
			!columns_equal(s->frame, k, j))
			continue;
		suspect(s, j, "duplicate", NAN,
				psprintf("columns \"%s\" and \"%s\" are equal in every row",
						 s->frame->column[k].name, s->frame->column[j].name));
		return;
	}
}

static void
check_later(Sample *s, int j)
{
	const UsColumn *column = &s->frame->column[j];
	int			n = 0;

	if (column->kind != US_KIND_TIME)
		return;
	for (int k = 0; k < s->frame->ncolumns; k++)
	{
		if (s->frame->column[k].role != US_ROLE_TIME || s->frame->column[k].kind != US_KIND_TIME)
			continue;
		for (int i = 0; i < s->n; i++)
			n += s->value[j][i] > s->value[k][i];
		if (n >= LATER_SHARE * s->n)
			suspect(s, j, "later", (double) n / s->n,
					psprintf("column \"%s\" is later than time column \"%s\" in %d of %d rows: is it known before the outcome?",
							 column->name, s->frame->column[k].name, n, s->n));
	}
}

UsSuspect *
us_leakage_find(UsFrame *frame, const UsTarget *target, uint64 seed, UsBudget *budget, int *n)
{
	Sample		s = {.frame = frame};
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);
	UsLeakScorer *scorer;

	*n = 0;
	if (frame->nrows < US_LEAK_MIN_ROWS)
		return NULL;
	s.room = Max(Min(SAMPLE_ROWS, SAMPLE_VALUES / (frame->ncolumns + 2)), SAMPLE_MIN);
	s.room = (int) Min(s.room, frame->nrows);
	s.y = us_arena_array(arena, s.room, sizeof(double));
	s.key = us_arena_array(arena, s.room, sizeof(uint64));
	s.value = palloc0(frame->ncolumns * sizeof(double *));
	for (int j = 0; j < frame->ncolumns; j++)
		if (looked_at(&frame->column[j]))
			s.value[j] = us_arena_array(arena, s.room, sizeof(double));
	take_rows(&s, target, us_mix64(seed, SAMPLE_SALT));
	scorer = us_leak_scorer(target, s.y, s.key, s.n, arena);
	for (int j = 0; j < frame->ncolumns; j++)
	{
		if (s.value[j] == NULL || frame->column[j].role != US_ROLE_FEATURE)
			continue;
		us_progress("look for leaks", j, frame->ncolumns);
		check_target(&s, j, target, scorer);
		check_id(&s, j);
		check_duplicate(&s, j);
		check_later(&s, j);
	}
	us_arena_reset(arena);
	*n = s.n_suspects;
	return s.suspect;
}
