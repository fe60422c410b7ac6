/*
 * evaluation_sample.c
 *	  Some of the rows of an evaluation, chosen by their keys.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "infra/progress.h"
#include "math/hash.h"
#include "verbs/evaluation.h"

/* what is drawn here is independent of hold-outs and folds */
#define SAMPLE_SALT	UINT64CONST(0x65786c706c61696e)

typedef struct Keyed
{
	uint64		key;
	int64		row;
} Keyed;

static inline int
compare_keyed(const Keyed *a, const Keyed *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->row < b->row ? -1 : a->row > b->row;
}

#define ST_SORT sort_keyed
#define ST_ELEMENT_TYPE Keyed
#define ST_COMPARE(a, b) compare_keyed(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* The choice, kept as long as the view. */
typedef struct Choice
{
	int64	   *first;			/* [nchunks] */
	bool	   *keep;			/* [nrows] */
} Choice;

/* A UsRowChoice. */
static void
choose(void *context, int i, const UsChunk *chunk, bool *keep)
{
	const Choice *c = context;

	memcpy(keep, c->keep + c->first[i], chunk->nrows);
}

UsFrame *
us_evaluation_sample(UsEvaluation *v, UsFrame *frame, int64 rows, uint64 seed)
{
	UsArena    *arena;
	Choice	   *c;
	Keyed	   *row;
	uint64		key = 0;
	uint64		times = 0;
	int64		n = 0;

	if (frame->nrows <= rows)
		return frame;
	arena = us_arena_create(CurrentMemoryContext, v->budget);
	c = us_arena_alloc(arena, sizeof(Choice));
	c->first = us_arena_array(arena, frame->nchunks, sizeof(int64));
	c->keep = us_arena_array(arena, frame->nrows, sizeof(bool));
	row = us_arena_array(arena, frame->nrows, sizeof(Keyed));
	us_progress("choose rows", 0, 0);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		CHECK_FOR_INTERRUPTS();
		c->first[i] = n;
		for (int r = 0; r < chunk->nrows; r++, n++)
			row[n] = (Keyed) {chunk->key[r], n};
	}
	sort_keyed(row, n);
	/* a number for each row of a key: which of the rows that share it has which does not matter when they are the same */
	for (int64 i = 0; i < n; i++)
	{
		times = i > 0 && row[i].key == key ? times + 1 : 0;
		key = row[i].key;
		row[i].key = us_mix64(us_mix64(seed ^ SAMPLE_SALT, key), times);
	}
	sort_keyed(row, n);
	for (int64 i = 0; i < rows; i++)
		c->keep[row[i].row] = true;
	return us_frame_view(frame, choose, c, v->budget);
}
