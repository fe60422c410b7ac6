/*
 * microcluster_search.h
 *	  The place of a code book that a row belongs to: the nearest of its groups, and the
 *	  nearest place of that group.
 */
#ifndef US_MICROCLUSTER_SEARCH_H
#define US_MICROCLUSTER_SEARCH_H

#include "learn/microcluster_book.h"

/* Scratch for the rows of a chunk. */
typedef struct UsBookSearch
{
	const UsCodeBook *book;
	int		   *first;			/* [groups + 1]: where the rows of each group begin in order */
	uint16	   *order;			/* the rows of the chunk before, by group */
	uint16	   *group;
	uint16	   *near;
	float	   *dense;			/* the rows of one group */
} UsBookSearch;

/* Scratch in the current memory context; the book must live as long. */
extern UsBookSearch *us_book_search(const UsCodeBook *book);

/*
 * place[nrows] of the rows of blocks at x (math/kernels.h), aligned to US_BLOCK_ALIGN, nrows <=
 * US_CHUNK_ROWS.
 */
extern void us_book_search_blocks(UsBookSearch *s, const float *x, int nrows, uint16 *place);

/* A book for single rows: its groups and the places of each group, packed (us_pack_centers). */
typedef struct UsPackedBook
{
	const UsCodeBook *book;
	float	   *group;
	float	   *place;
	Size	   *at;				/* [groups]: the first place of each group in place */
} UsPackedBook;

/* Pack a book, in the current memory context; it must live as long. */
extern UsPackedBook *us_book_pack(const UsCodeBook *book);

/* The place of one row of kernel coordinates x[width], as us_book_search_blocks. */
extern int	us_book_search_row(const UsPackedBook *packed, const float *x);

#endif
