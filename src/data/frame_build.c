/*
 * frame_build.c
 *	  Writing a Frame: rows into chunks, chunks into memory or a temporary file.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "data/frame_part.h"
#include "data/frame_writer.h"
#include "infra/compat.h"
#include "infra/progress.h"
#include "math/hash.h"

/* Blocks are taken from the arena several at a time, so that little of its 2 MB units is lost. */
#define SLAB_UNIT		((Size) 2 * 1024 * 1024)
#define SLAB_MAX_BLOCKS	8

/* Lay out the block: header, key, weight, columns; each array on its own cache lines. */
static void
lay_out(UsFrame *frame, UsFrameStore *store)
{
	Size		at;

	store->nplaces = frame->ncolumns;
	store->place = palloc0(Max(frame->ncolumns, 1) * sizeof(UsFramePlace));
	store->absent = palloc0(Max(frame->ncolumns, 1) * sizeof(double *));
	store->origin = palloc(Max(frame->ncolumns, 1) * sizeof(int));
	for (int j = 0; j < frame->ncolumns; j++)
	{
		UsKind		kind = frame->column[j].kind;

		store->origin[j] = j;
		store->place[j].kind = kind;
		store->place[j].variable = kind == US_KIND_TAGS || kind == US_KIND_VECTOR ?
			store->nvariable++ : -1;
	}

	/* one line between the arrays keeps them from sharing a cache set */
#define PLACE(size)	(at += US_FRAME_ROUND(size) + US_FRAME_ALIGN, at - US_FRAME_ROUND(size))
	at = US_FRAME_ROUND(offsetof(UsBlockHeader, length) + store->nvariable * sizeof(Size));
	store->key_at = PLACE(US_CHUNK_ROWS * sizeof(uint64));
	if (frame->weighted)
		store->weight_at = PLACE(US_CHUNK_ROWS * sizeof(double));
	for (int j = 0; j < frame->ncolumns; j++)
	{
		UsFramePlace *place = &store->place[j];

		switch (place->kind)
		{
			case US_KIND_CATEGORY:
				place->at = PLACE(US_CHUNK_ROWS * sizeof(int32));
				break;
			case US_KIND_TAGS:
				place->at = PLACE((US_CHUNK_ROWS + 1) * sizeof(int32));
				place->null_at = PLACE(US_CHUNK_ROWS * sizeof(bool));
				break;
			case US_KIND_VECTOR:
				break;
			default:
				place->at = PLACE(US_CHUNK_ROWS * sizeof(double));
				break;
		}
	}
#undef PLACE
	store->fixed_size = at;
}

void
us_frame_open_block(UsFrameWriter *writer, char *fixed)
{
	UsFrameBuilder *builder = &writer->public;
	UsFrame    *frame = builder->frame;
	UsFrameStore *store = frame->store;

	writer->open = fixed;
	builder->row = 0;
	builder->key = (uint64 *) (fixed + store->key_at);
	builder->weight = frame->weighted ? (double *) (fixed + store->weight_at) : NULL;
	for (int j = 0; j < frame->ncolumns; j++)
	{
		const UsFramePlace *place = &store->place[j];

		switch (place->kind)
		{
			case US_KIND_CATEGORY:
				builder->code[j] = (int32 *) (fixed + place->at);
				break;
			case US_KIND_TAGS:
				builder->tag_start[j] = (int32 *) (fixed + place->at);
				builder->tag_null[j] = (bool *) (fixed + place->null_at);
				builder->tag_start[j][0] = 0;
				break;
			case US_KIND_VECTOR:
				break;
			default:
				builder->number[j] = (double *) (fixed + place->at);
				break;
		}
	}
}

/*
 * May size more bytes be taken from the arena without spilling?  The arena may
 * take up to one unit more than it is asked for.
 */
static bool
has_room(UsFrameBuilder *builder, Size size)
{
	return us_arena_bytes(builder->frame->store->arena) + size <= builder->share &&
		size + SLAB_UNIT <= us_budget_left(builder->budget);
}

/* How many blocks at a time lose the least of the arena's units. */
static int
slab_size(Size block)
{
	int			best = 1;
	double		best_loss = 1;

	for (int n = 1; n <= SLAB_MAX_BLOCKS; n++)
	{
		Size		size = n * block;
		double		loss = 1.0 - (double) size / TYPEALIGN(SLAB_UNIT, size);

		if (loss < best_loss)
		{
			best = n;
			best_loss = loss;
		}
	}
	return best;
}

/* A block to write into, in memory: a reserved one or the first of a new slab. */
static char *
next_block(UsFrameWriter *writer)
{
	UsFrameBuilder *builder = &writer->public;
	UsFrameStore *store = builder->frame->store;
	char	   *block;

	if (writer->slab_blocks == 0)
	{
		/* the first chunk may be the only one */
		int			n = builder->frame->nchunks > 0 ? slab_size(store->fixed_size) : 1;

		if (!has_room(builder, n * store->fixed_size))
			n = 1;
		writer->slab = us_arena_array(store->arena, n, store->fixed_size);
		writer->slab_blocks = n;
	}
	block = writer->slab;
	writer->slab += store->fixed_size;
	writer->slab_blocks--;
	return block;
}

static bool
can_have_next_block(UsFrameWriter *writer)
{
	return writer->slab_blocks > 0 ||
		has_room(&writer->public, writer->public.frame->store->fixed_size);
}

UsFrameWriter *
us_frame_writer_create(const UsColumn *column, int ncolumns, bool weighted, bool keyed,
					   UsBudget *budget)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "userseg frame",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsFrameWriter *writer = palloc0(sizeof(UsFrameWriter));
	UsFrameBuilder *builder = &writer->public;
	UsFrame    *frame = palloc0(sizeof(UsFrame));
	UsFrameStore *store = palloc0(sizeof(UsFrameStore));
	int			n = Max(ncolumns, 1);

	frame->store = store;
	frame->ncolumns = ncolumns;
	frame->weighted = weighted;
	frame->by_id = keyed;
	frame->column = palloc0(n * sizeof(UsColumn));
	store->context = context;
	store->budget = budget;
	store->arena = us_arena_create(context, budget);

	builder->frame = frame;
	builder->keyed = keyed;
	builder->budget = budget;
	builder->share = us_budget_left(budget) / 2;
	builder->number = palloc0(n * sizeof(double *));
	builder->code = palloc0(n * sizeof(int32 *));
	builder->tag_start = palloc0(n * sizeof(int32 *));
	builder->tag_null = palloc0(n * sizeof(bool *));
	builder->items = palloc0(n * sizeof(UsFrameItems));
	builder->seed = palloc(n * sizeof(uint64));
	builder->late = palloc0(n * sizeof(bool));
	builder->hash = writer->hash;
	for (int j = 0; j < ncolumns; j++)
	{
		UsColumn   *c = &frame->column[j];

		*c = column[j];
		c->name = pstrdup(column[j].name);
		c->type_name = column[j].type_name ? pstrdup(column[j].type_name) : NULL;
		c->dim = 0;
		c->n_null = 0;
		c->dictionary = NULL;
		if (c->kind == US_KIND_CATEGORY || c->kind == US_KIND_TAGS)
			c->dictionary = us_dictionary_create(c->name, budget);
		builder->seed[j] = us_hash_text(c->name, (int) strlen(c->name));
	}
	lay_out(frame, store);
	MemoryContextSwitchTo(old);
	return writer;
}

UsFrameBuilder *
us_frame_begin(const UsColumn *column, int ncolumns, bool weighted, bool keyed,
			   UsBudget *budget)
{
	UsFrameWriter *writer = us_frame_writer_create(column, ncolumns, weighted, keyed, budget);
	MemoryContext old = MemoryContextSwitchTo(writer->public.frame->store->context);

	us_frame_open_block(writer, next_block(writer));
	MemoryContextSwitchTo(old);
	return &writer->public;
}

/* Count the NULLs of the open chunk and add the numbers to the hashes of its rows. */
static void
complete_hashes(UsFrameBuilder *builder, int nrows)
{
	UsFrame    *frame = builder->frame;

	for (int j = 0; j < frame->ncolumns; j++)
	{
		UsColumn   *column = &frame->column[j];
		int			n_null = 0;

		if (column->kind == US_KIND_VECTOR && column->dim == 0)
			builder->late[j] = true;
		if (column->kind == US_KIND_CATEGORY)
		{
			for (int r = 0; r < nrows; r++)
				n_null += builder->code[j][r] < 0;
		}
		else if (column->kind == US_KIND_TAGS)
		{
			for (int r = 0; r < nrows; r++)
				n_null += builder->tag_null[j][r];
		}
		else if (column->kind == US_KIND_VECTOR)
		{
			const double *vector = (const double *) builder->items[j].data;

			for (int r = 0; r < nrows; r++)
				n_null += column->dim == 0 || isnan(vector[(Size) r * column->dim]);
		}
		else
			n_null = us_hash_add_numbers(builder->hash, builder->number[j], nrows,
										 builder->seed[j], US_FRAME_NULL_WORD);
		column->n_null += n_null;
	}
}

/* Keys of the rows, and their part of the checksum: a 128-bit sum. */
static void
complete_keys(UsFrameWriter *writer, int nrows)
{
	UsFrameBuilder *builder = &writer->public;

	for (int r = 0; r < nrows; r++)
	{
		uint64		row = builder->hash[r];
		uint64		low;

		if (builder->keyed)
			row = us_hash64(row) ^ us_hash64(builder->key[r]);
		else
			builder->key[r] = us_hash64(row);
		low = us_mix64(1, row);
		writer->sum_low += low;
		writer->sum_high += us_mix64(2, row) + (writer->sum_low < low);
	}
}

/* Bytes of the variable part of column j in the open chunk. */
static Size
variable_length(UsFrameBuilder *builder, int j, int nrows)
{
	const UsColumn *column = &builder->frame->column[j];

	if (column->kind == US_KIND_TAGS)
		return builder->tag_start[j][nrows] * sizeof(int32);
	return (Size) nrows * column->dim * sizeof(double);
}

/* Move every chunk to a temporary file and give its memory back. */
static void
spill(UsFrameWriter *writer)
{
	UsFrame    *frame = writer->public.frame;
	UsFrameStore *store = frame->store;
	MemoryContext old = MemoryContextSwitchTo(store->context);

	us_frame_file_create(store);
	frame->spilled = true;
	for (int i = 0; i < frame->nchunks; i++)
	{
		CHECK_FOR_INTERRUPTS();
		us_frame_file_write(store, i, store->block[i].fixed, store->block[i].variable);
	}
	us_arena_reset(store->arena);
	writer->slab_blocks = 0;
	MemoryContextSwitchTo(old);
}

/* Keep a copy of the variable parts of the open chunk in memory, if there is room. */
static bool
keep_variable(UsFrameWriter *writer, UsFrameBlock *block, char *const *variable)
{
	UsFrameStore *store = writer->public.frame->store;
	const UsBlockHeader *header = (const UsBlockHeader *) writer->open;
	Size		total = 0;

	for (int v = 0; v < store->nvariable; v++)
		total += US_FRAME_ROUND(header->length[v]);
	if (!has_room(&writer->public, total))
		return false;
	block->variable = palloc0((store->nvariable + 1) * sizeof(char *));
	if (total > 0)
	{
		char	   *p = us_arena_alloc(store->arena, total);

		for (int v = 0; v < store->nvariable; v++)
		{
			if (header->length[v] == 0)
				continue;
			memcpy(p, variable[v], header->length[v]);
			block->variable[v] = p;
			p += US_FRAME_ROUND(header->length[v]);
		}
	}
	return true;
}

/* Room in the arrays by chunk for one more. */
static void
reserve_chunk(UsFrameStore *store, int nchunks)
{
	if (nchunks < store->allocated)
		return;
	store->allocated = Max(store->allocated * 2, 64);
	if (store->spilled)
		store->offset = repalloc_huge(store->offset,
									  ((Size) store->allocated + 1) * sizeof(off_t));
	else if (store->block == NULL)
		store->block = palloc(store->allocated * sizeof(UsFrameBlock));
	else
		store->block = repalloc_huge(store->block,
									 (Size) store->allocated * sizeof(UsFrameBlock));
}

/* Store the open chunk; if more follows, open the next. */
static void
store_chunk(UsFrameWriter *writer, bool more)
{
	UsFrameBuilder *builder = &writer->public;
	UsFrame    *frame = builder->frame;
	UsFrameStore *store = frame->store;
	UsBlockHeader *header = (UsBlockHeader *) writer->open;
	char	  **variable = palloc0((store->nvariable + 1) * sizeof(char *));

	header->nrows = builder->row;
	for (int j = 0; j < frame->ncolumns; j++)
	{
		int			v = store->place[j].variable;

		if (v < 0)
			continue;
		header->length[v] = variable_length(builder, j, builder->row);
		variable[v] = builder->items[j].data;
	}

	reserve_chunk(store, frame->nchunks);
	if (!store->spilled)
	{
		UsFrameBlock *block = &store->block[frame->nchunks];

		block->fixed = writer->open;
		if (keep_variable(writer, block, variable))
		{
			frame->nchunks++;
			if (more && !can_have_next_block(writer))
			{
				spill(writer);
				us_frame_open_block(writer, us_arena_alloc(store->arena, store->fixed_size));
			}
			else if (more)
				us_frame_open_block(writer, next_block(writer));
			pfree(variable);
			return;
		}
		/* the block must outlive the arena's reset: it goes to the file last */
		block->variable = variable;
		frame->nchunks++;
		spill(writer);
		if (more)
			us_frame_open_block(writer, us_arena_alloc(store->arena, store->fixed_size));
		return;
	}
	us_frame_file_write(store, frame->nchunks++, writer->open, variable);
	pfree(variable);
	builder->row = 0;
}

void
us_frame_complete_rows(UsFrameWriter *writer, int nrows)
{
	complete_hashes(&writer->public, nrows);
	complete_keys(writer, nrows);
}

/* The same, with rows in the open block, which stay. */
static void
spill_beside(UsFrameWriter *writer)
{
	UsFrameBuilder *builder = &writer->public;
	UsFrameStore *store = builder->frame->store;
	int			row = builder->row;
	char	   *open = MemoryContextAllocHuge(store->context, store->fixed_size);

	memcpy(open, writer->open, store->fixed_size);
	spill(writer);
	us_frame_open_block(writer, us_arena_alloc(store->arena, store->fixed_size));
	memcpy(writer->open, open, store->fixed_size);
	builder->row = row;
	pfree(open);
}

void
us_frame_add_block(UsFrameWriter *writer, char *fixed)
{
	UsFrame    *frame = writer->public.frame;
	UsFrameStore *store = frame->store;

	Assert(store->nvariable == 0);
	if (!store->spilled && !can_have_next_block(writer))
		spill_beside(writer);
	reserve_chunk(store, frame->nchunks);
	if (store->spilled)
		us_frame_file_write(store, frame->nchunks, fixed, NULL);
	else
	{
		char	   *block = next_block(writer);

		memcpy(block, fixed, store->fixed_size);
		store->block[frame->nchunks] = (UsFrameBlock) {.fixed = block};
	}
	frame->nchunks++;
}

/* The rows of the open chunk are final. */
static void
seal_chunk(UsFrameWriter *writer, bool more)
{
	UsFrameBuilder *builder = &writer->public;

	us_frame_complete_rows(writer, builder->row);
	builder->frame->nrows += builder->row;
	store_chunk(writer, more);
	us_progress("read the source", (uint64) builder->frame->nrows, 0);
}

void
us_frame_seal(UsFrameBuilder *builder)
{
	MemoryContext old = MemoryContextSwitchTo(builder->frame->store->context);

	if (builder->part != NULL)
		us_frame_hand_over(builder, true);
	else
		seal_chunk((UsFrameWriter *) builder, true);
	MemoryContextSwitchTo(old);
}

/* Leave out the columns marked in drop. */
static void
drop_columns(UsFrame *frame, const bool *drop)
{
	int			n = 0;

	for (int j = 0; j < frame->ncolumns; j++)
	{
		if (drop[j])
		{
			if (frame->column[j].dictionary != NULL)
				us_dictionary_free(frame->column[j].dictionary);
			continue;
		}
		frame->store->origin[n] = frame->store->origin[j];
		frame->column[n++] = frame->column[j];
	}
	frame->ncolumns = n;
}

/* A chunk of NaN for vectors that have no value before a later chunk. */
static void
make_absent(UsFrameBuilder *builder)
{
	UsFrame    *frame = builder->frame;
	UsFrameStore *store = frame->store;

	for (int j = 0; j < frame->ncolumns; j++)
	{
		const UsColumn *column = &frame->column[j];
		Size		n = (Size) US_CHUNK_ROWS * column->dim;
		double	   *absent;

		if (!builder->late[store->origin[j]])
			continue;
		absent = us_arena_array(store->arena, n, sizeof(double));
		for (Size i = 0; i < n; i++)
			absent[i] = get_float8_nan();
		store->absent[store->origin[j]] = absent;
	}
}

UsFrame *
us_frame_complete(UsFrameBuilder *builder)
{
	UsFrame    *frame = builder->frame;

	if (builder->row > 0)
	{
		MemoryContext old = MemoryContextSwitchTo(frame->store->context);

		seal_chunk((UsFrameWriter *) builder, false);
		builder->row = 0;
		MemoryContextSwitchTo(old);
	}
	return frame;
}

UsFrame *
us_frame_finish(UsFrameBuilder *builder, const bool *drop)
{
	UsFrameWriter *writer = (UsFrameWriter *) builder;
	UsFrame    *frame = us_frame_complete(builder);
	UsFrameStore *store = frame->store;
	MemoryContext old = MemoryContextSwitchTo(store->context);

	for (int j = 0; j < frame->ncolumns; j++)
	{
		if (builder->items[j].data == NULL)
			continue;
		pfree(builder->items[j].data);
		us_budget_release(builder->budget, builder->items[j].allocated);
	}
	frame->checksum[0] = writer->sum_low;
	frame->checksum[1] = writer->sum_high;
	if (drop != NULL)
		drop_columns(frame, drop);
	if (store->spilled)
		us_arena_reset(store->arena);
	make_absent(builder);
	us_frame_open(frame);
	pfree(writer);
	MemoryContextSwitchTo(old);
	return frame;
}
