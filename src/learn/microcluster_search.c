/*
 * microcluster_search.c
 *	  The place of a code book that a row belongs to.
 *
 * Rows of a chunk are ordered by their group first, so that those of one group are compared
 * with its places in blocks.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "data/frame.h"
#include "learn/kmeans_bounds.h"
#include "learn/microcluster_search.h"

UsBookSearch *
us_book_search(const UsCodeBook *book)
{
	UsBookSearch *s = (UsBookSearch *) palloc(sizeof(UsBookSearch));

	s->book = book;
	s->first = (int *) palloc(sizeof(int) * (book->groups + 1));
	s->order = (uint16 *) palloc(sizeof(uint16) * US_CHUNK_ROWS);
	s->group = (uint16 *) us_block_alloc(sizeof(uint16) * US_CHUNK_ROWS);
	s->near = (uint16 *) us_block_alloc(sizeof(uint16) * US_CHUNK_ROWS);
	s->dense = (float *) us_block_alloc(sizeof(float) * US_CHUNK_ROWS * book->width);
	return s;
}

/* The rows of a chunk, ordered by their group. */
static void
order_by_group(UsBookSearch *s, int nrows)
{
	int			groups = s->book->groups;
	int		   *first = s->first;

	memset(first, 0, sizeof(int) * (groups + 1));
	for (int r = 0; r < nrows; r++)
		first[s->group[r] + 1]++;
	for (int g = 0; g < groups; g++)
		first[g + 1] += first[g];
	/* first[g] moves to the end of group g, and is put back */
	for (int r = 0; r < nrows; r++)
		s->order[first[s->group[r]]++] = r;
	memmove(first + 1, first, sizeof(int) * groups);
	first[0] = 0;
}

void
us_book_search_blocks(UsBookSearch *s, const float *x, int nrows, uint16 *place)
{
	const UsCodeBook *b = s->book;

	us_nearest_blocks(x, (nrows + US_LANES - 1) / US_LANES, b->width, b->group, b->groups,
					  s->group, NULL);
	order_by_group(s, nrows);
	for (int g = 0; g < b->groups; g++)
	{
		const uint16 *order = s->order + s->first[g];
		int			n = s->first[g + 1] - s->first[g];

		if (n == 0)
			continue;
		us_bounds_gather(x, b->width, order, n, s->dense);
		us_nearest_blocks(s->dense, (n + US_LANES - 1) / US_LANES, b->width,
						  b->place + (Size) b->start[g] * b->width, b->start[g + 1] - b->start[g],
						  s->near, NULL);
		for (int i = 0; i < n; i++)
			place[order[i]] = (uint16) (b->start[g] + s->near[i]);
	}
}

UsPackedBook *
us_book_pack(const UsCodeBook *b)
{
	UsPackedBook *p = (UsPackedBook *) palloc(sizeof(UsPackedBook));
	Size		total = 0;

	p->book = b;
	p->group = (float *) palloc(sizeof(float) * us_packed_floats(b->groups, b->width));
	us_pack_centers(b->group, b->groups, b->width, p->group);
	p->at = (Size *) palloc(sizeof(Size) * b->groups);
	for (int g = 0; g < b->groups; g++)
	{
		p->at[g] = total;
		total += us_packed_floats(b->start[g + 1] - b->start[g], b->width);
	}
	p->place = (float *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * total);
	for (int g = 0; g < b->groups; g++)
		us_pack_centers(b->place + (Size) b->start[g] * b->width, b->start[g + 1] - b->start[g], b->width,
						p->place + p->at[g]);
	return p;
}

int
us_book_search_row(const UsPackedBook *p, const float *x)
{
	const UsCodeBook *b = p->book;
	int			g = us_nearest_row(x, b->width, p->group, b->groups, NULL);

	return b->start[g] + us_nearest_row(x, b->width, p->place + p->at[g], b->start[g + 1] - b->start[g], NULL);
}
