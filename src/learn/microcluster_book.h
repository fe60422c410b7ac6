/*
 * microcluster_book.h
 *	  The code book of micro-clusters: places of prototypes in two levels, learned from a
 *	  sample of the rows.
 *
 * A row goes to the nearest of the groups, and to the nearest place of that group: with
 * n places in sqrt(n) groups that is some 2 sqrt(n) distances instead of n.
 */
#ifndef US_MICROCLUSTER_BOOK_H
#define US_MICROCLUSTER_BOOK_H

#include "learn/kmeans_points.h"

typedef struct UsCodeBook
{
	int			width;
	int			groups;
	int			n;				/* places */
	float	   *group;			/* [groups][width], kernel coordinates */
	int		   *start;			/* [groups + 1]: the first place of each group */
	float	   *place;			/* [n][width] */
} UsCodeBook;

/* Groups for n places. */
extern int	us_code_book_groups(int n);

/*
 * Up to n places for the points (at least n of them): k-means with sqrt(n) groups, and
 * with its share of the places in each of them.  The book is made in arena, what
 * is needed only on the way in work.
 */
extern UsCodeBook *us_code_book_learn(const UsPoints *points, int n, uint64 seed,
									  UsArena *arena, UsArena *work);

/* Bytes that learning takes, beside the points. */
extern Size us_code_book_bytes(int rows, int width, int n);

#endif
