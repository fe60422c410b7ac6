/*
 * frame_store.h
 *	  Where the chunks of a Frame are: shared by frame_build.c, which fills it, and
 *	  frame.c, which reads it.
 *
 * A chunk is a block of fixed size, laid out the same for every chunk of the
 * frame, and one variable part for each column of tags or vectors.  In the
 * temporary file the variable parts follow their block, so that a chunk is
 * one write and one read.
 */
#ifndef US_FRAME_STORE_H
#define US_FRAME_STORE_H

#include "storage/fd.h"

#include "data/frame.h"

/* Every array starts at a multiple of this. */
#define US_FRAME_ALIGN	64

/* What NULL adds to the hash of a row, before the seed of its column. */
#define US_FRAME_NULL_WORD	UINT64CONST(0x6e756c6c76616c75)

/* Where the values of a column stand in a block. */
typedef struct UsFramePlace
{
	UsKind		kind;
	Size		at;				/* number, code or tag_start */
	Size		null_at;		/* tag_null */
	int			variable;		/* number of its variable part: tag_code, vector; or -1 */
} UsFramePlace;

/* At the start of a block. */
typedef struct UsBlockHeader
{
	int64		nrows;
	Size		length[FLEXIBLE_ARRAY_MEMBER];	/* of the variable parts, in bytes */
} UsBlockHeader;

typedef struct UsFrameBlock
{
	char	   *fixed;
	char	  **variable;		/* [nvariable]; NULL: no value in the chunk */
} UsFrameBlock;

typedef struct UsFrameStore
{
	MemoryContext context;		/* of everything */
	UsBudget   *budget;
	UsArena    *arena;

	int			nplaces;		/* columns as the frame was begun with */
	UsFramePlace *place;
	int		   *origin;			/* [frame->ncolumns]: place of a column of the frame */
	int			nvariable;
	Size		key_at;
	Size		weight_at;		/* 0: no weights */
	Size		fixed_size;
	double	  **absent;			/* [nplaces]: a chunk of NaN, for vectors before the first value */

	/* in memory */
	UsFrameBlock *block;
	UsChunk    *chunk;			/* the same blocks, as they are read; made at the end */
	int			allocated;		/* blocks of the array */

	/* in a temporary file */
	bool		spilled;
	File		file;
	off_t	   *offset;			/* [nchunks + 1] */
	Size		largest;		/* chunk, in bytes */
	char	   *buffer;
	char	  **buffer_variable;
	UsChunk		view;
	int			current;		/* chunk in the buffer, or -1 */

	/* rows of another frame (frame_view.c); the chunk at hand is in view */
	struct UsFrameView *subset;
} UsFrameStore;

#define US_FRAME_ROUND(size)	TYPEALIGN(US_FRAME_ALIGN, (size))

/* Start the temporary file: it goes with the transaction, or with us_frame_free(). */
extern void us_frame_file_create(UsFrameStore *store);

/* Append a block and its variable parts as chunk i. */
extern void us_frame_file_write(UsFrameStore *store, int i, const char *fixed,
								char *const *variable);

/* Read chunk i into the buffer and find its variable parts. */
extern void us_frame_file_read(UsFrameStore *store, int i);

/* Make the chunks readable, when columns and chunks are final. */
extern void us_frame_open(UsFrame *frame);

/* us_frame_chunk() and us_frame_free() of a frame that has a subset. */
extern const UsChunk *us_frame_view_chunk(UsFrame *frame, int i);
extern void us_frame_view_free(UsFrame *frame);

#endif
