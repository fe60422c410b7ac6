/*
 * frame_share.c
 *	  The rows of a Frame in one piece of memory that several processes can read.
 *
 * First a header, the columns and the entries of their dictionaries, then chunk by chunk the arrays that a
 * UsChunk points to.  Writing and measuring are one walk: without memory it only counts.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "data/frame_build.h"
#include "data/frame_share.h"
#include "data/frame_store.h"
#include "infra/progress.h"

/* Where the next array goes. */
typedef struct Pen
{
	char	   *base;			/* NULL: nothing is written */
	Size		at;
} Pen;

/* Write bytes at the next place, aligned. */
static void
put(Pen *pen, const void *data, Size bytes)
{
	pen->at = US_FRAME_ROUND(pen->at);
	if (pen->base && bytes > 0)
		memcpy(pen->base + pen->at, data, bytes);
	pen->at += bytes;
}

/* The array that stands there, for reading. */
static void *
get(Pen *pen, Size bytes)
{
	void	   *data;

	pen->at = US_FRAME_ROUND(pen->at);
	data = pen->base + pen->at;
	pen->at += bytes;
	return data;
}

static void
put_text(Pen *pen, const char *text)
{
	Size		length = text ? strlen(text) + 1 : 0;

	put(pen, &length, sizeof(length));
	put(pen, text, length);
}

static char *
get_text(Pen *pen)
{
	Size		length;

	memcpy(&length, get(pen, sizeof(length)), sizeof(length));
	return length > 0 ? pstrdup(get(pen, length)) : NULL;
}

static void
put_column(Pen *pen, const UsColumn *c)
{
	UsColumn	plain = *c;
	int			n = c->dictionary ? us_dictionary_size(c->dictionary) : 0;

	plain.name = plain.type_name = NULL;
	plain.dictionary = NULL;
	put(pen, &plain, sizeof(plain));
	put_text(pen, c->name);
	put_text(pen, c->type_name);
	put(pen, &n, sizeof(n));
	for (int code = 0; code < n; code++)
	{
		int			length;
		const char *bytes = us_dictionary_get(c->dictionary, code, &length);

		if (code % 1024 == 0)
			us_progress("share the rows", 0, 0);
		put(pen, &length, sizeof(length));
		put(pen, bytes, length);
	}
}

static void
get_column(Pen *pen, UsColumn *c, UsBudget *budget)
{
	int			n;

	memcpy(c, get(pen, sizeof(UsColumn)), sizeof(UsColumn));
	c->name = get_text(pen);
	c->type_name = get_text(pen);
	memcpy(&n, get(pen, sizeof(n)), sizeof(n));
	if (c->kind == US_KIND_CATEGORY || c->kind == US_KIND_TAGS)
		c->dictionary = us_dictionary_create(c->name, budget);
	for (int code = 0; code < n; code++)
	{
		int			length;

		if (code % 1024 == 0)
			us_progress("attach to the rows", 0, 0);
		memcpy(&length, get(pen, sizeof(length)), sizeof(length));
		(void) us_dictionary_intern(c->dictionary, get(pen, length), length);
	}
}

/* The arrays of a column of a chunk. */
static void
put_values(Pen *pen, const UsColumn *column, const UsChunkColumn *c, int nrows)
{
	switch (column->kind)
	{
		case US_KIND_CATEGORY:
			put(pen, c->code, nrows * sizeof(int32));
			break;
		case US_KIND_TAGS:
			put(pen, c->tag_start, (nrows + 1) * sizeof(int32));
			put(pen, c->tag_null, nrows * sizeof(bool));
			put(pen, c->tag_code, c->tag_start[nrows] * sizeof(int32));
			break;
		case US_KIND_VECTOR:
			put(pen, c->vector, (Size) nrows * column->dim * sizeof(double));
			break;
		default:
			put(pen, c->number, nrows * sizeof(double));
			break;
	}
}

static void
get_values(Pen *pen, const UsColumn *column, UsChunkColumn *c, int nrows)
{
	switch (column->kind)
	{
		case US_KIND_CATEGORY:
			c->code = get(pen, nrows * sizeof(int32));
			break;
		case US_KIND_TAGS:
			c->tag_start = get(pen, (nrows + 1) * sizeof(int32));
			c->tag_null = get(pen, nrows * sizeof(bool));
			c->tag_code = get(pen, c->tag_start[nrows] * sizeof(int32));
			break;
		case US_KIND_VECTOR:
			c->vector = get(pen, (Size) nrows * column->dim * sizeof(double));
			break;
		default:
			c->number = get(pen, nrows * sizeof(double));
			break;
	}
}

static void
put_frame(UsFrame *frame, Pen *pen)
{
	put(pen, frame, sizeof(UsFrame));
	for (int j = 0; j < frame->ncolumns; j++)
		put_column(pen, &frame->column[j]);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("share the rows", i, frame->nchunks);
		put(pen, &chunk->nrows, sizeof(int));
		put(pen, chunk->key, chunk->nrows * sizeof(uint64));
		if (frame->weighted)
			put(pen, chunk->weight, chunk->nrows * sizeof(double));
		for (int j = 0; j < frame->ncolumns; j++)
			put_values(pen, &frame->column[j], &chunk->column[j], chunk->nrows);
	}
}

Size
us_frame_shared_bytes(UsFrame *frame)
{
	Pen			pen = {NULL, 0};

	put_frame(frame, &pen);
	return pen.at;
}

void
us_frame_share(UsFrame *frame, char *area)
{
	Pen			pen = {area, 0};

	put_frame(frame, &pen);
}

UsFrame *
us_frame_attach(const char *area, UsBudget *budget)
{
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "userseg shared frame", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	UsFrame    *frame = palloc0(sizeof(UsFrame));
	UsFrameStore *store = palloc0(sizeof(UsFrameStore));
	Pen			pen = {unconstify(char *, area), 0};

	memcpy(frame, get(&pen, sizeof(UsFrame)), sizeof(UsFrame));
	frame->spilled = false;
	frame->store = store;
	frame->column = palloc0(Max(frame->ncolumns, 1) * sizeof(UsColumn));
	store->context = own;
	store->budget = budget;
	store->arena = us_arena_create(own, budget);
	store->chunk = palloc0(Max(frame->nchunks, 1) * sizeof(UsChunk));
	for (int j = 0; j < frame->ncolumns; j++)
		get_column(&pen, &frame->column[j], budget);
	for (int i = 0; i < frame->nchunks; i++)
	{
		UsChunk    *chunk = &store->chunk[i];

		memcpy(&chunk->nrows, get(&pen, sizeof(int)), sizeof(int));
		chunk->key = get(&pen, chunk->nrows * sizeof(uint64));
		if (frame->weighted)
			chunk->weight = get(&pen, chunk->nrows * sizeof(double));
		chunk->column = palloc0(Max(frame->ncolumns, 1) * sizeof(UsChunkColumn));
		for (int j = 0; j < frame->ncolumns; j++)
			get_values(&pen, &frame->column[j], &chunk->column[j], chunk->nrows);
	}
	MemoryContextSwitchTo(old);
	return frame;
}
