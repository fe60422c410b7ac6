/*
 * frame.c
 *	  Reading a Frame, chunk by chunk, from memory or from its temporary file.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "data/frame_build.h"
#include "data/frame_store.h"
#include "infra/compat.h"

/* Point a chunk at a block. */
static void
view_block(const UsFrame *frame, char *fixed, char **variable, UsChunk *chunk)
{
	const UsFrameStore *store = frame->store;

	chunk->nrows = (int) ((UsBlockHeader *) fixed)->nrows;
	chunk->key = (uint64 *) (fixed + store->key_at);
	chunk->weight = store->weight_at > 0 ? (double *) (fixed + store->weight_at) : NULL;
	for (int j = 0; j < frame->ncolumns; j++)
	{
		int			origin = store->origin[j];
		const UsFramePlace *place = &store->place[origin];
		UsChunkColumn *column = &chunk->column[j];

		switch (place->kind)
		{
			case US_KIND_CATEGORY:
				column->code = (int32 *) (fixed + place->at);
				break;
			case US_KIND_TAGS:
				column->tag_start = (int32 *) (fixed + place->at);
				column->tag_null = (bool *) (fixed + place->null_at);
				column->tag_code = (int32 *) variable[place->variable];
				break;
			case US_KIND_VECTOR:
				column->vector = (double *) variable[place->variable];
				if (column->vector == NULL)
					column->vector = store->absent[origin];
				break;
			default:
				column->number = (double *) (fixed + place->at);
				break;
		}
	}
}

void
us_frame_open(UsFrame *frame)
{
	UsFrameStore *store = frame->store;
	int			nviews = store->spilled ? 1 : frame->nchunks;
	UsChunkColumn *columns;

	columns = MemoryContextAllocExtended(store->context,
										 (Size) Max(nviews, 1) * Max(frame->ncolumns, 1) *
										 sizeof(UsChunkColumn),
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (store->spilled)
	{
		store->view.column = columns;
		store->buffer = us_arena_alloc(store->arena, store->largest);
		store->buffer_variable = MemoryContextAllocZero(store->context,
														(store->nvariable + 1) * sizeof(char *));
		store->current = -1;
		return;
	}
	store->chunk = MemoryContextAllocZero(store->context,
										  Max(nviews, 1) * sizeof(UsChunk));
	for (int i = 0; i < frame->nchunks; i++)
	{
		store->chunk[i].column = columns + (Size) i * frame->ncolumns;
		view_block(frame, store->block[i].fixed, store->block[i].variable, &store->chunk[i]);
	}
}

const UsChunk *
us_frame_chunk(UsFrame *frame, int i)
{
	UsFrameStore *store = frame->store;

	Assert(i >= 0 && i < frame->nchunks);
	CHECK_FOR_INTERRUPTS();
	if (store->subset != NULL)
		return us_frame_view_chunk(frame, i);
	if (!store->spilled)
		return &store->chunk[i];
	if (store->current != i)
	{
		store->current = -1;
		us_frame_file_read(store, i);
		view_block(frame, store->buffer, store->buffer_variable, &store->view);
		store->current = i;
	}
	return &store->view;
}

void
us_frame_free(UsFrame *frame)
{
	UsFrameStore *store = frame->store;

	if (store->subset != NULL)
	{
		us_frame_view_free(frame);
		return;
	}
	if (store->spilled)
		FileClose(store->file);
	for (int j = 0; j < frame->ncolumns; j++)
		if (frame->column[j].dictionary != NULL)
			us_dictionary_free(frame->column[j].dictionary);
	us_arena_reset(store->arena);
	MemoryContextDelete(store->context);
}
