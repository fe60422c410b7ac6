/*
 * frame.h
 *	  The rows of a source as typed columns, in chunks of US_CHUNK_ROWS rows,
 *	  in memory or spilled to a temporary file.
 *
 * A Frame is written once, by data/source.c, and then read any number of times,
 * chunk by chunk.  It knows nothing of SQL types: numbers, booleans, times and
 * durations are float8 (NaN stands for NULL: a NaN or infinity in the source is
 * refused on the way in), categories and tags are codes into a dictionary of the
 * column, vectors are rows of float8.
 *
 * Dictionary codes come in order of first appearance and so depend on the
 * order of the rows: nothing that is stored may depend on the codes, only on
 * the bytes behind them.
 */
#ifndef US_FRAME_H
#define US_FRAME_H

#include "infra/arena.h"

#define US_CHUNK_ROWS	4096

typedef enum UsKind
{
	US_KIND_NUMBER,				/* int2..numeric: float8 */
	US_KIND_BOOLEAN,			/* 0 / 1 */
	US_KIND_CATEGORY,			/* text, varchar, char, enum, name: code */
	US_KIND_TAGS,				/* array of a category type: codes */
	US_KIND_VECTOR,				/* array of a number type: dim float8 */
	US_KIND_TIME,				/* date, timestamp, timestamptz: seconds since 2000-01-01 00:00 UTC */
	US_KIND_DURATION			/* interval: seconds (months of 30 days, days of 24 hours) */
	/* free text, jsonb, places and pgvector columns get their kinds later */
} UsKind;

typedef enum UsRole
{
	US_ROLE_FEATURE,
	US_ROLE_TARGET,
	US_ROLE_WEIGHT,				/* kind NUMBER; also in UsChunk.weight */
	US_ROLE_TIME				/* time_column: not a feature */
} UsRole;

typedef struct UsDictionary UsDictionary;

typedef struct UsColumn
{
	char	   *name;			/* as in the source, server encoding */
	char	   *type_name;		/* format_type_be() of the source's type */
	UsKind		kind;
	UsRole		role;
	bool		zoned;			/* TIME: timestamptz */
	int			dim;			/* VECTOR: length of every row; 0 while no row had a value */
	UsDictionary *dictionary;	/* CATEGORY, TAGS */
	int64		n_null;
} UsColumn;

/* One column of one chunk; what is filled follows the kind. */
typedef struct UsChunkColumn
{
	double	   *number;			/* [nrows]; NaN = NULL */
	int32	   *code;			/* CATEGORY: [nrows], -1 = NULL */
	int32	   *tag_start;		/* TAGS: [nrows + 1] into tag_code; a NULL array has tag_null set */
	int32	   *tag_code;		/* distinct within a row */
	bool	   *tag_null;		/* TAGS: [nrows] */
	double	   *vector;			/* VECTOR: [nrows][dim]; first element NaN = NULL */
} UsChunkColumn;

typedef struct UsChunk
{
	int			nrows;
	uint64	   *key;			/* row key: hash of the id, or of all used columns */
	double	   *weight;			/* > 0, finite; NULL when the frame has no weights */
	UsChunkColumn *column;		/* [ncolumns] */
} UsChunk;

typedef struct UsFrame
{
	int			ncolumns;
	UsColumn   *column;
	int64		nrows;
	int			nchunks;
	bool		weighted;
	bool		by_id;			/* keys are those of ids; else of all used columns, so that equal rows share one */
	double		row_weight;		/* what a row counts where it stands several times, with shares of its weight; 0: it does not */
	bool		spilled;		/* lives in a temporary file */
	int64		n_skipped;		/* rows left out by null_policy 'skip' or weight 0 */
	uint64		checksum[2];	/* order-independent sum over rows of a hash of key, weight and values */
	struct UsFrameStore *store;
} UsFrame;

/*
 * The i-th chunk.  In memory it is returned as it stands; spilled, or in a view
 * (data/frame_view.h), it is read into the frame's one buffer, valid until the next call.
 */
extern const UsChunk *us_frame_chunk(UsFrame *frame, int i);

/* Give the frame's memory back to its budget and remove its temporary file. */
extern void us_frame_free(UsFrame *frame);

/* Number of entries, and the bytes of one (not NUL-terminated, server encoding). */
extern int	us_dictionary_size(const UsDictionary *dictionary);
extern const char *us_dictionary_get(const UsDictionary *dictionary, int code, int *len);

#endif
