/*
 * frame_build.h
 *	  The writing side of a Frame.
 *
 *		builder = us_frame_begin(column, ncolumns, weighted, keyed, budget);
 *		for each row:
 *			builder->key[builder->row] = ...		if keyed
 *			builder->weight[builder->row] = ...		if weighted
 *			us_frame_put_*(builder, j, ...) for every column j
 *			us_frame_end_row(builder);
 *		frame = us_frame_finish(builder, NULL);
 *
 * A row that was begun and shall not be kept is given up by us_frame_undo_row().
 * While rows are written the
 * frame holds at most half of the budget that was left at the beginning: then it
 * moves to a temporary file.
 */
#ifndef US_FRAME_BUILD_H
#define US_FRAME_BUILD_H

#include <math.h>

#include "data/frame.h"

/* A growing array of one open chunk, for columns whose rows have many values. */
typedef struct UsFrameItems
{
	char	   *data;
	Size		allocated;
} UsFrameItems;

typedef struct UsFrameBuilder
{
	UsFrame    *frame;
	int			row;			/* being written, within the open chunk */
	bool		keyed;			/* keys are set by the writer; else they are made of all columns */
	uint64	   *key;			/* [US_CHUNK_ROWS] of the open chunk */
	double	   *weight;			/* the same, or NULL */
	double	  **number;			/* [ncolumns] of such arrays, for kinds stored as a number */
	int32	  **code;			/* [ncolumns], categories */
	int32	  **tag_start;		/* [ncolumns], tags */
	bool	  **tag_null;
	uint64	   *hash;			/* of what hashes value by value: categories, tags, vectors */
	UsFrameItems *items;		/* [ncolumns], tags and vectors */
	uint64	   *seed;			/* [ncolumns], hash of the column's name */
	bool	   *late;			/* [ncolumns], vectors: a chunk ended before the first value */
	Size		share;			/* bytes that may stay in memory */
	UsBudget   *budget;
	int			generation;		/* counts how often the dictionaries began anew */
	struct UsPartWriter *part;	/* the rows go to another process (frame_part.h); else NULL */
} UsFrameBuilder;

/*
 * Start a frame of these columns (copied; dictionary, dim and n_null are set
 * here).  weighted: rows have weights.  keyed: the writer sets keys.
 */
extern UsFrameBuilder *us_frame_begin(const UsColumn *column, int ncolumns,
									  bool weighted, bool keyed, UsBudget *budget);

/* A number, boolean, time or duration; NaN is NULL. */
static inline void
us_frame_put_number(UsFrameBuilder *builder, int j, double value)
{
	/* minus zero becomes zero */
	builder->number[j][builder->row] = value + 0.0;
}

/* A category by its bytes; its code is returned.  Raises 53200 over the budget. */
extern int	us_frame_put_category(UsFrameBuilder *builder, int j, const char *bytes, int len);

/* A category that has a code already. */
extern void us_frame_put_code(UsFrameBuilder *builder, int j, int code);

/* A set of tags by their bytes; repeated ones count once. */
extern void us_frame_put_tags(UsFrameBuilder *builder, int j, int n,
							  const char *const *bytes, const int *len);

/* A vector; n > 0 is the dim of the column after its first one: the caller compares. */
extern void us_frame_put_vector(UsFrameBuilder *builder, int j, int n, const double *value);

/* NULL, for any kind. */
extern void us_frame_put_null(UsFrameBuilder *builder, int j);

/* Chunk full: keys, checksum, storing.  Called by us_frame_end_row. */
extern void us_frame_seal(UsFrameBuilder *builder);

/* The row is complete. */
static inline void
us_frame_end_row(UsFrameBuilder *builder)
{
	if (++builder->row == US_CHUNK_ROWS)
		us_frame_seal(builder);
	builder->hash[builder->row] = 0;
}

/* What was put into the row so far is forgotten. */
static inline void
us_frame_undo_row(UsFrameBuilder *builder)
{
	builder->hash[builder->row] = 0;
}

/*
 * The dictionary of a column that will be dropped is not kept any longer; its values
 * go on to count for keys and checksum.
 */
extern void us_frame_give_up(UsFrameBuilder *builder, int j);

/*
 * All rows are written: the counts and columns of the frame are final, and it can be
 * decided which columns to drop; its chunks cannot be read yet.
 */
extern UsFrame *us_frame_complete(UsFrameBuilder *builder);

/*
 * The frame, ready to be read.  drop[ncolumns], or NULL, marks columns that are
 * left out: they keep their part in keys and checksum.
 */
extern UsFrame *us_frame_finish(UsFrameBuilder *builder, const bool *drop);

/*
 * Dictionary: distinct byte strings with codes 0.. in order of appearance.
 * name is the column's, for the message when the budget is over.
 */
extern UsDictionary *us_dictionary_create(const char *name, UsBudget *budget);

/* The code of a string, entered if it is new; raises 53200 over the budget. */
extern int	us_dictionary_intern(UsDictionary *dictionary, const char *bytes, int len);

/* Hash of the string of a code in UTF-8: the same in every database. */
extern uint64 us_dictionary_hash(const UsDictionary *dictionary, int code);

/* Size of the content: a function of the strings alone, not of their order. */
extern Size us_dictionary_bytes(const UsDictionary *dictionary);

/* Give memory back; the dictionary is gone. */
extern void us_dictionary_free(UsDictionary *dictionary);

/* XXH64 of text in UTF-8 that is given in the server encoding. */
extern uint64 us_hash_text(const char *bytes, int len);

#endif
