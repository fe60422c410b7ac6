/*
 * encode_levels.h
 *	  The levels of a category or tag feature: byte strings, found by hash.
 */
#ifndef US_ENCODE_LEVELS_H
#define US_ENCODE_LEVELS_H

#include "data/frame.h"
#include "infra/buffer.h"

#define US_MAX_LEVELS	1000000
#define US_MAX_POOLED	20000

/* index of what is no level of its own */
#define US_LEVEL_OTHER	(-1)

typedef struct UsLevels
{
	int			n;
	char	  **text;			/* NUL-terminated, server encoding */
	int		   *len;
	uint32		mask;			/* size of the hash table - 1 */
	int32	   *table;			/* index, or -1 where empty */
	int			npooled;
	uint64	   *pooled;			/* ascending hashes of what training saw but has no place of its own */
} UsLevels;

/* Index of the level with these bytes, or US_LEVEL_OTHER. */
extern int	us_levels_find(const UsLevels *levels, const char *text, int len);

/*
 * Whether training saw this string, which has no place of its own.  Of more than
 * US_MAX_POOLED such strings none is remembered: then all count as seen.
 */
extern bool us_levels_saw(const UsLevels *levels, const char *text, int len);

/* Levels from n strings without duplicates; the strings are kept. */
extern UsLevels *us_levels_make(char **text, int n);

/*
 * The levels that have a place of their own, from the number of rows of each code of a
 * dictionary: at least min_count rows, and among the max most frequent (ties: the first
 * by bytes).  They come in byte order.
 */
extern UsLevels *us_levels_choose(const UsDictionary *dictionary, const int64 *count,
								  int64 min_count, int max);

/* For each code of the dictionary its level, or US_LEVEL_OTHER. */
extern int *us_levels_map(const UsLevels *levels, const UsDictionary *dictionary);

/* -1, 0, 1 by bytes. */
extern int	us_bytes_compare(const char *a, int alen, const char *b, int blen);

/* Stored form. */
extern void us_levels_write(const UsLevels *levels, UsWriter *w);
extern UsLevels *us_levels_read(UsReader *r);

#endif
