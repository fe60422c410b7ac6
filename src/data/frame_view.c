/*
 * frame_view.c
 *	  Some of the rows of a Frame as a Frame of their own.
 *
 * At the beginning it is counted how many rows of each chunk of the parent are in
 * the view: a chunk of the view begins at a known row of a known chunk.  To read it, the rows
 * that are kept are listed chunk by chunk, and each column is gathered by that list.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "data/frame_store.h"
#include "data/frame_view.h"
#include "infra/compat.h"
#include "infra/progress.h"

typedef struct UsFrameView
{
	UsFrame    *parent;
	UsRowChoice choose;
	void	   *context;
	int64	   *before;			/* [parent->nchunks + 1]: rows of the view before a chunk of the parent */
	Size	   *tag_room;		/* [ncolumns]: tags that fit into tag_code */
	Size		taken;			/* from the budget, beside the arena */
	bool		keep[US_CHUNK_ROWS];
	int			row[US_CHUNK_ROWS];
} UsFrameView;

/* The rows of chunk i of the parent that are in the view: their number, in view->row. */
static int
list_rows(UsFrameView *view, int i, const UsChunk *chunk)
{
	int			n = 0;

	view->choose(view->context, i, chunk, view->keep);
	for (int r = 0; r < chunk->nrows; r++)
	{
		view->row[n] = r;
		n += view->keep[r];
	}
	return n;
}

/* Is row r of the column NULL? */
static bool
is_null(const UsColumn *column, const UsChunkColumn *c, int r)
{
	switch (column->kind)
	{
		case US_KIND_CATEGORY:
			return c->code[r] < 0;
		case US_KIND_TAGS:
			return c->tag_null[r];
		case US_KIND_VECTOR:
			return column->dim == 0 || isnan(c->vector[(Size) r * column->dim]);
		default:
			return isnan(c->number[r]);
	}
}

/* Count rows and NULLs. */
static void
count(UsFrame *frame, UsFrameView *view)
{
	UsFrame    *parent = view->parent;

	for (int j = 0; j < frame->ncolumns; j++)
		frame->column[j].n_null = 0;
	for (int i = 0; i < parent->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(parent, i);
		int			n = list_rows(view, i, chunk);

		us_progress("choose rows", i, parent->nchunks);
		view->before[i + 1] = view->before[i] + n;
		for (int j = 0; j < frame->ncolumns; j++)
		{
			if (parent->column[j].n_null == 0)
				continue;
			for (int k = 0; k < n; k++)
				frame->column[j].n_null += is_null(&parent->column[j], &chunk->column[j], view->row[k]);
		}
	}
	frame->nrows = view->before[parent->nchunks];
	frame->nchunks = (int) ((frame->nrows + US_CHUNK_ROWS - 1) / US_CHUNK_ROWS);
}

/* Arrays for the one chunk that is there at a time. */
static void
make_room(UsFrame *frame, UsFrameStore *store)
{
	Size		rows = (Size) Min(frame->nrows, US_CHUNK_ROWS);

	rows = Max(rows, 1);
	store->view.column = palloc0(Max(frame->ncolumns, 1) * sizeof(UsChunkColumn));
	store->view.key = us_arena_array(store->arena, rows, sizeof(uint64));
	if (frame->weighted)
		store->view.weight = us_arena_array(store->arena, rows, sizeof(double));
	for (int j = 0; j < frame->ncolumns; j++)
	{
		UsChunkColumn *c = &store->view.column[j];

		switch (frame->column[j].kind)
		{
			case US_KIND_CATEGORY:
				c->code = us_arena_array(store->arena, rows, sizeof(int32));
				break;
			case US_KIND_TAGS:
				c->tag_start = us_arena_array(store->arena, rows + 1, sizeof(int32));
				c->tag_null = us_arena_array(store->arena, rows, sizeof(bool));
				break;
			case US_KIND_VECTOR:
				if (frame->column[j].dim > 0)
					c->vector = us_arena_array(store->arena, rows * frame->column[j].dim, sizeof(double));
				break;
			default:
				c->number = us_arena_array(store->arena, rows, sizeof(double));
				break;
		}
	}
}

UsFrame *
us_frame_view(UsFrame *parent, UsRowChoice choose, void *context, UsBudget *budget)
{
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "userseg frame view",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	UsFrame    *frame = palloc0(sizeof(UsFrame));
	UsFrameStore *store = palloc0(sizeof(UsFrameStore));
	UsFrameView *view = palloc0(sizeof(UsFrameView));

	*frame = *parent;
	frame->store = store;
	frame->column = palloc(Max(frame->ncolumns, 1) * sizeof(UsColumn));
	memcpy(frame->column, parent->column, frame->ncolumns * sizeof(UsColumn));
	store->context = own;
	store->budget = budget;
	store->arena = us_arena_create(own, budget);
	store->subset = view;
	store->current = -1;
	view->parent = parent;
	view->choose = choose;
	view->context = context;
	view->before = MemoryContextAllocExtended(own, ((Size) parent->nchunks + 1) * sizeof(int64),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	view->tag_room = palloc0(Max(frame->ncolumns, 1) * sizeof(Size));
	count(frame, view);
	make_room(frame, store);
	MemoryContextSwitchTo(old);
	return frame;
}

/* ---- reading ---- */

/* Room for n tags of a column; those that are there stay. */
static void
reserve_tags(UsFrameStore *store, UsFrameView *view, int j, Size n)
{
	UsChunkColumn *c = &store->view.column[j];
	Size		room = Max(n, 2 * view->tag_room[j]);

	if (n <= view->tag_room[j])
		return;
	us_budget_take(store->budget, (room - view->tag_room[j]) * sizeof(int32), "one chunk of a column of tags");
	view->taken += (room - view->tag_room[j]) * sizeof(int32);
	c->tag_code = c->tag_code == NULL ?
		MemoryContextAllocHuge(store->context, room * sizeof(int32)) :
		repalloc_huge(c->tag_code, room * sizeof(int32));
	view->tag_room[j] = room;
}

/* Rows row[n] of a column of tags of the parent behind the first at rows of the view. */
static void
gather_tags(UsFrameStore *store, UsFrameView *view, int j, const UsChunkColumn *in,
			const int *row, int n, int at)
{
	UsChunkColumn *out = &store->view.column[j];
	int32		end = at == 0 ? 0 : out->tag_start[at];
	int64		total = end;

	out->tag_start[0] = 0;
	for (int k = 0; k < n; k++)
		total += in->tag_start[row[k] + 1] - in->tag_start[row[k]];
	if (total > INT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d tags in %d rows", INT_MAX, US_CHUNK_ROWS)));
	reserve_tags(store, view, j, (Size) total);
	for (int k = 0; k < n; k++)
	{
		int			length = in->tag_start[row[k] + 1] - in->tag_start[row[k]];

		out->tag_null[at + k] = in->tag_null[row[k]];
		if (length > 0)
			memcpy(out->tag_code + end, in->tag_code + in->tag_start[row[k]], length * sizeof(int32));
		end += length;
		out->tag_start[at + k + 1] = end;
	}
}

/* Rows row[n] of a chunk of the parent behind the first at rows of the view. */
static void
gather(UsFrame *frame, const UsChunk *in, const int *row, int n, int at)
{
	UsFrameStore *store = frame->store;
	UsChunk    *out = &store->view;

	for (int k = 0; k < n; k++)
		out->key[at + k] = in->key[row[k]];
	for (int k = 0; frame->weighted && k < n; k++)
		out->weight[at + k] = in->weight[row[k]];
	for (int j = 0; j < frame->ncolumns; j++)
	{
		const UsChunkColumn *c = &in->column[j];
		UsChunkColumn *o = &out->column[j];
		int			dim = frame->column[j].dim;

		switch (frame->column[j].kind)
		{
			case US_KIND_CATEGORY:
				for (int k = 0; k < n; k++)
					o->code[at + k] = c->code[row[k]];
				break;
			case US_KIND_TAGS:
				gather_tags(store, store->subset, j, c, row, n, at);
				break;
			case US_KIND_VECTOR:
				for (int k = 0; dim > 0 && k < n; k++)
					memcpy(o->vector + (Size) (at + k) * dim, c->vector + (Size) row[k] * dim,
						   dim * sizeof(double));
				break;
			default:
				for (int k = 0; k < n; k++)
					o->number[at + k] = c->number[row[k]];
				break;
		}
	}
}

/* The chunk of the parent in which row of the view stands. */
static int
find_chunk(const UsFrameView *view, int64 row)
{
	int			lo = 0;
	int			hi = view->parent->nchunks;

	/* before[lo] <= row < before[hi] */
	while (hi - lo > 1)
	{
		int			middle = lo + (hi - lo) / 2;

		if (view->before[middle] <= row)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

const UsChunk *
us_frame_view_chunk(UsFrame *frame, int i)
{
	UsFrameStore *store = frame->store;
	UsFrameView *view = store->subset;
	int64		first = (int64) i * US_CHUNK_ROWS;
	int			want = (int) Min(frame->nrows - first, US_CHUNK_ROWS);
	int			n = 0;

	if (store->current == i)
		return &store->view;
	store->current = -1;
	for (int p = find_chunk(view, first); n < want; p++)
	{
		const UsChunk *chunk;
		int			skip = (int) (first + n - view->before[p]);
		int			found;

		if (view->before[p + 1] == view->before[p])
			continue;
		chunk = us_frame_chunk(view->parent, p);
		found = list_rows(view, p, chunk);
		found = Min(found - skip, want - n);
		gather(frame, chunk, view->row + skip, found, n);
		n += found;
	}
	store->view.nrows = n;
	store->current = i;
	return &store->view;
}

void
us_frame_view_free(UsFrame *frame)
{
	UsFrameStore *store = frame->store;

	us_budget_release(store->budget, store->subset->taken);
	us_arena_reset(store->arena);
	MemoryContextDelete(store->context);
}
