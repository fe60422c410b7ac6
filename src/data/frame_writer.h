/*
 * frame_writer.h
 *	  Inside of the writing of a Frame: shared by frame_build.c and frame_part.c.
 */
#ifndef US_FRAME_WRITER_H
#define US_FRAME_WRITER_H

#include "data/frame_build.h"
#include "data/frame_store.h"

typedef struct UsFrameWriter
{
	UsFrameBuilder public;
	char	   *open;			/* block being filled */
	char	   *slab;			/* blocks in reserve */
	int			slab_blocks;
	uint64		sum_low;		/* of the checksum, 128 bits */
	uint64		sum_high;
	uint64		hash[US_CHUNK_ROWS + 1];
} UsFrameWriter;

/* A writer without an open block, in the current memory context; the arguments are those of us_frame_begin(). */
extern UsFrameWriter *us_frame_writer_create(const UsColumn *column, int ncolumns, bool weighted, bool keyed,
											 UsBudget *budget);

/* Direct the writing arrays at a block of store->fixed_size bytes. */
extern void us_frame_open_block(UsFrameWriter *writer, char *fixed);

/* Keys, NULLs and checksum of the rows of the open block, which are final. */
extern void us_frame_complete_rows(UsFrameWriter *writer, int nrows);

/*
 * A copy of a block with a full chunk, complete but for the frame's counts of rows, NULLs and the checksum; columns of tags
 * or vectors cannot be in it.  It gets a place beside the open one, in memory or in the file.
 */
extern void us_frame_add_block(UsFrameWriter *writer, char *fixed);

#endif
