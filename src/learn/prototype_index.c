/*
 * prototype_index.c
 *	  The nearest of thousands of labelled prototypes.
 *
 * Groups are made by halving the prototypes of a label at the median of the column in which
 * they spread most (as in a k-d tree; J. L. Bentley, Communications of the ACM 18, 1975).
 * A search computes the distances of all centres, looks into the group with the lowest
 * bound, then into those whose bound does not exclude them.  It finds what a search
 * through all prototypes finds.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/prototype_filter.h"
#include "learn/prototype_index.h"
#include "math/kernels.h"
#include "math/row_blocks.h"

#define LEAST_GROUP		16
#define MOST_GROUP		64

/* rows from which on looking at many at a time is worth while; and rows between two looks for interrupts */
#define LEAST_ROWS		256
#define INTERRUPT_ROWS	64

/* rounding of a bound is below this part of the distance of the centre */
#define SLACK			1e-12

struct UsPrototypeIndex
{
	int			width;
	bool		manhattan;
	int			ngroups;
	int		   *first;			/* [ngroups + 1] first block of a group */
	int		   *label;			/* [ngroups] */
	double	   *radius;			/* [ngroups] */
	double	   *center;			/* blocks of groups */
	double	   *x;				/* blocks of prototypes, every group filled up with infinity */
	int32	   *number;			/* of the prototype in each place */
	int			n;
	UsPrototypeFilter *filter;	/* for many rows, once it was needed */
	double	   *bound;			/* scratch: distances to centres, then what is least in each group */
};

/* What is needed while groups are made. */
typedef struct Making
{
	UsPrototypeIndex *index;
	const double *x;
	int			size;			/* prototypes of a group at most */
	int32	   *order;			/* prototypes, by label, then by group */
	int		   *start;			/* [groups + 1] into order */
	int			room;
	int			column;			/* by which order is sorted now */
} Making;

static int
compare_prototypes(const void *a, const void *b, void *context)
{
	const Making *m = (const Making *) context;
	int32		i = *(const int32 *) a;
	int32		j = *(const int32 *) b;
	double		x = m->x[(Size) i * m->index->width + m->column];
	double		y = m->x[(Size) j * m->index->width + m->column];

	if (x != y)
		return x < y ? -1 : 1;
	return i < j ? -1 : (i > j ? 1 : 0);
}

static int
compare_numbers(const void *a, const void *b)
{
	return *(const int32 *) a < *(const int32 *) b ? -1 : 1;
}

/* Column in which order[from .. to - 1] spread most. */
static int
widest_column(const Making *m, int from, int to)
{
	int			width = m->index->width;
	int			widest = 0;
	double		most = -1;

	for (int j = 0; j < width; j++)
	{
		double		low = INFINITY;
		double		high = -INFINITY;

		for (int i = from; i < to; i++)
		{
			double		v = m->x[(Size) m->order[i] * width + j];

			low = fmin(low, v);
			high = fmax(high, v);
		}
		if (high - low > most)
		{
			most = high - low;
			widest = j;
		}
	}
	return widest;
}

static void
split(Making *m, int from, int to, int label)
{
	UsPrototypeIndex *index = m->index;

	CHECK_FOR_INTERRUPTS();
	if (to - from > m->size)
	{
		int			middle = from + (to - from) / 2;

		m->column = widest_column(m, from, to);
		qsort_arg(m->order + from, to - from, sizeof(int32), compare_prototypes, m);
		split(m, from, middle, label);
		split(m, middle, to, label);
		return;
	}
	qsort(m->order + from, to - from, sizeof(int32), compare_numbers);
	if (index->ngroups + 1 >= m->room)
	{
		m->room *= 2;
		m->start = (int *) repalloc(m->start, sizeof(int) * m->room);
		index->label = (int *) repalloc(index->label, sizeof(int) * m->room);
	}
	index->label[index->ngroups] = label;
	m->start[index->ngroups++] = from;
	m->start[index->ngroups] = to;
}

/* Centre and radius of group g: the middle of the box around it. */
static void
measure_group(Making *m, int g, double *middle)
{
	UsPrototypeIndex *index = m->index;
	int			width = index->width;

	index->radius[g] = 0;
	for (int j = 0; j < width; j++)
	{
		double		low = INFINITY;
		double		high = -INFINITY;

		for (int i = m->start[g]; i < m->start[g + 1]; i++)
		{
			double		v = m->x[(Size) m->order[i] * width + j];

			low = fmin(low, v);
			high = fmax(high, v);
		}
		middle[j] = low + (high - low) / 2;
		us_block_of(index->center, width, g)[j * US_HALF_LANES] = middle[j];
	}
	for (int i = m->start[g]; i < m->start[g + 1]; i++)
	{
		const double *x = m->x + (Size) m->order[i] * width;
		double		d = 0;

		for (int j = 0; j < width; j++)
			d += index->manhattan ? fabs(x[j] - middle[j]) : (x[j] - middle[j]) * (x[j] - middle[j]);
		index->radius[g] = fmax(index->radius[g], index->manhattan ? d : sqrt(d));
	}
}

/* The prototypes of group g into blocks from index->first[g] on. */
static void
store_group(Making *m, int g)
{
	UsPrototypeIndex *index = m->index;
	int			place = index->first[g] * US_HALF_LANES;

	for (int i = m->start[g]; i < m->start[g + 1]; i++, place++)
	{
		for (int j = 0; j < index->width; j++)
			us_block_of(index->x, index->width, place)[j * US_HALF_LANES] =
				m->x[(Size) m->order[i] * index->width + j];
		index->number[place] = m->order[i];
	}
	for (; place < index->first[g + 1] * US_HALF_LANES; place++)
	{
		for (int j = 0; j < index->width; j++)
			us_block_of(index->x, index->width, place)[j * US_HALF_LANES] = INFINITY;
		index->number[place] = PG_INT32_MAX;
	}
}

/* Prototypes by label: order, and where each label begins. */
static int *
order_by_label(Making *m, int n, const int32 *label, int *k)
{
	int		   *begin;

	*k = 0;
	for (int i = 0; i < n; i++)
		*k = Max(*k, label[i]);
	begin = (int *) palloc0(sizeof(int) * (*k + 2));
	for (int i = 0; i < n; i++)
		begin[label[i] + 1]++;
	for (int c = 1; c <= *k + 1; c++)
		begin[c] += begin[c - 1];
	for (int i = 0; i < n; i++)
		m->order[begin[label[i]]++] = i;
	for (int c = *k + 1; c > 0; c--)
		begin[c] = begin[c - 1];
	begin[0] = 0;
	return begin;
}

UsPrototypeIndex *
us_prototype_index(const double *x, int n, int width, const int32 *label, bool manhattan)
{
	UsPrototypeIndex *index = (UsPrototypeIndex *) palloc0(sizeof(UsPrototypeIndex));
	Making		m = {index, x};
	double	   *middle = (double *) palloc(sizeof(double) * width);
	int			padded;
	int		   *begin;
	int			k;

	index->width = width;
	index->manhattan = manhattan;
	index->n = n;
	m.size = Max(LEAST_GROUP, Min(MOST_GROUP, (int) sqrt(n)));
	m.order = (int32 *) palloc(sizeof(int32) * n);
	m.room = 16;
	m.start = (int *) palloc(sizeof(int) * m.room);
	index->label = (int *) palloc(sizeof(int) * m.room);
	begin = order_by_label(&m, n, label, &k);
	for (int c = 1; c <= k; c++)
		if (begin[c] < begin[c + 1])
			split(&m, begin[c], begin[c + 1], c);

	padded = us_half_blocks(index->ngroups) * US_HALF_LANES;
	index->first = (int *) palloc0(sizeof(int) * (index->ngroups + 1));
	index->radius = (double *) palloc(sizeof(double) * index->ngroups);
	index->center = (double *) us_block_alloc(sizeof(double) * padded * width);
	index->bound = (double *) us_block_alloc(sizeof(double) * padded);
	for (Size i = 0; i < (Size) padded * width; i++)
		index->center[i] = INFINITY;
	for (int g = 0; g < index->ngroups; g++)
		index->first[g + 1] = index->first[g] + us_half_blocks(m.start[g + 1] - m.start[g]);
	index->x = (double *) us_block_alloc(sizeof(double) * width * US_HALF_LANES * index->first[index->ngroups]);
	index->number = (int32 *) palloc(sizeof(int32) * US_HALF_LANES * index->first[index->ngroups]);
	for (int g = 0; g < index->ngroups; g++)
	{
		measure_group(&m, g, middle);
		store_group(&m, g);
	}
	pfree(middle);
	pfree(m.order);
	pfree(m.start);
	pfree(begin);
	return index;
}

/* ---- searching ---- */

/* bound[]: what the distance to a prototype of each group is at least. */
static void
find_bounds(UsPrototypeIndex *index, const double *p)
{
	us_near_blocks(index->center, index->ngroups, index->width, p, index->manhattan, index->bound);
	if (!index->manhattan)
		for (int g = 0; g < us_half_blocks(index->ngroups) * US_HALF_LANES; g++)
			index->bound[g] = sqrt(index->bound[g]);
	for (int g = 0; g < index->ngroups; g++)
		index->bound[g] = index->bound[g] * (1 - SLACK) - index->radius[g] * (1 + SLACK);
}

/* The best of a group and the best so far. */
US_INLINE void
look_into(const UsPrototypeIndex *index, int g, const double *p, bool manhattan, int *nearest, double *near)
{
	for (int b = index->first[g]; b < index->first[g + 1]; b++)
	{
		UsDoubleLanes d;
		UsLongLanes maybe;

		us_near_lanes(index->x + (Size) b * index->width * US_HALF_LANES, p, index->width, manhattan, &d);
		maybe = d <= *near;
		if (!us_any_lane(&maybe))
			continue;
		for (int i = 0; i < US_HALF_LANES; i++)
		{
			int32		number = index->number[b * US_HALF_LANES + i];

			if (d[i] < *near || (d[i] == *near && number < *nearest))
			{
				*near = d[i];
				*nearest = number;
			}
		}
	}
}

/* Search the groups of labels other than "without" (0: all), whose bounds are known. */
US_INLINE int
search_groups(const UsPrototypeIndex *index, const double *p, int without, bool manhattan, double *near)
{
	int			nearest = PG_INT32_MAX;
	int			begin = -1;
	double		distance;

	for (int g = 0; g < index->ngroups; g++)
		if (index->label[g] != without && (begin < 0 || index->bound[g] < index->bound[begin]))
			begin = g;
	*near = INFINITY;
	if (begin < 0)
		return -1;
	look_into(index, begin, p, manhattan, &nearest, near);
	distance = manhattan ? *near : sqrt(*near);
	for (int g = 0; g < index->ngroups; g++)
	{
		if (index->bound[g] > distance * (1 + SLACK) || g == begin || index->label[g] == without)
			continue;
		look_into(index, g, p, manhattan, &nearest, near);
		distance = manhattan ? *near : sqrt(*near);
	}
	return nearest;
}

US_CLONES static int
search_square(const UsPrototypeIndex *index, const double *p, int without, double *near)
{
	return search_groups(index, p, without, false, near);
}

US_CLONES static int
search_manhattan(const UsPrototypeIndex *index, const double *p, int without, double *near)
{
	return search_groups(index, p, without, true, near);
}

int
us_prototype_nearest(UsPrototypeIndex *index, const double *p, double *near)
{
	find_bounds(index, p);
	return us_prototype_runner_up(index, p, 0, near);
}

int
us_prototype_runner_up(UsPrototypeIndex *index, const double *p, int label, double *near)
{
	return index->manhattan ? search_manhattan(index, p, label, near) :
		search_square(index, p, label, near);
}

/* ---- many rows ---- */

/* The filter of the index, made from its blocks in the context that it lives in. */
static UsPrototypeFilter *
filter_of(UsPrototypeIndex *index)
{
	int			width = index->width;
	MemoryContext old;
	double	   *x;

	if (index->filter != NULL)
		return index->filter;
	old = MemoryContextSwitchTo(GetMemoryChunkContext(index));
	x = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * index->n * width);
	for (int place = 0; place < index->first[index->ngroups] * US_HALF_LANES; place++)
	{
		int32		number = index->number[place];

		for (int j = 0; number != PG_INT32_MAX && j < width; j++)
			x[(Size) number * width + j] = us_block_of(index->x, width, place)[j * US_HALF_LANES];
	}
	index->filter = us_prototype_filter(x, index->n, width);
	pfree(x);
	MemoryContextSwitchTo(old);
	return index->filter;
}

void
us_prototype_nearest_rows(UsPrototypeIndex *index, const double *p, int nrows, int32 *nearest)
{
	double		near;

	if (index->manhattan || nrows < LEAST_ROWS)
		memset(nearest, 0xff, sizeof(int32) * nrows);
	else
		us_prototype_filter_nearest(filter_of(index), p, nrows, nearest);
	for (int i = 0; i < nrows; i++)
	{
		if (i % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		if (nearest[i] < 0)
			nearest[i] = us_prototype_nearest(index, p + (Size) i * index->width, &near);
	}
}
