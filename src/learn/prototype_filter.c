/*
 * prototype_filter.c
 *	  The nearest of thousands of prototypes for many rows at a time.
 *
 * With u = 2^-24, a distance d of a row x and a prototype c, computed in float4 of their
 * rounded coordinates, is off by at most u (|x| + |c|) + (width + 2) u d.  Bounds and comparisons
 * here leave room for twice that and more.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/prototype_filter.h"
#include "math/kernels.h"

/* prototypes of a group on the average: centres are looked at by all rows, members by few */
#define GROUPS_PER_ROOT	1.5

/* Lloyd's iterations that make the groups */
#define ITERATIONS		5

struct UsPrototypeFilter
{
	int			width;
	int			groups;
	float	   *center;			/* [groups][width] */
	float	   *radius;			/* [groups], rounded up */
	int		   *first;			/* [groups + 1] members */
	float	   *member;			/* [n][width], by group */
	int32	   *number;			/* [n]: which prototype a member is */
	float		largest;		/* longest prototype */
};

/* ---- making ---- */

/* Row i of blocks gets x[width]. */
static void
put_row(float *block, int width, int i, const double *x)
{
	float	   *row = block + (Size) (i / US_LANES) * width * US_LANES + i % US_LANES;

	for (int j = 0; j < width; j++)
		row[j * US_LANES] = (float) x[j];
}

/* Means of the groups in float8; groups without members keep their centre. */
static void
move_centers(UsPrototypeFilter *f, const double *x, int n, const uint16 *label, double *sum, int *count)
{
	int			width = f->width;

	memset(sum, 0, sizeof(double) * f->groups * width);
	memset(count, 0, sizeof(int) * f->groups);
	for (int i = 0; i < n; i++)
	{
		count[label[i]]++;
		for (int j = 0; j < width; j++)
			sum[(Size) label[i] * width + j] += x[(Size) i * width + j];
	}
	for (int g = 0; g < f->groups; g++)
		for (int j = 0; count[g] > 0 && j < width; j++)
			f->center[(Size) g * width + j] = (float) (sum[(Size) g * width + j] / count[g]);
}

/* Members in order of their groups, and how far they reach. */
static void
take_members(UsPrototypeFilter *f, const double *x, int n, const uint16 *label, int *count)
{
	int			width = f->width;

	memset(count, 0, sizeof(int) * f->groups);
	for (int i = 0; i < n; i++)
		f->first[label[i] + 1]++;
	for (int g = 0; g < f->groups; g++)
		f->first[g + 1] += f->first[g];
	for (int i = 0; i < n; i++)
	{
		int			g = label[i];
		int			at = f->first[g] + count[g]++;
		double		away = 0;
		double		length = 0;

		f->number[at] = i;
		for (int j = 0; j < width; j++)
		{
			double		v = x[(Size) i * width + j];
			double		d = v - f->center[(Size) g * width + j];

			f->member[(Size) at * width + j] = (float) v;
			away += d * d;
			length += v * v;
		}
		f->radius[g] = Max(f->radius[g], (float) (sqrt(away) * (1 + 1e-6)));
		f->largest = Max(f->largest, (float) (sqrt(length) * (1 + 1e-6)));
	}
}

UsPrototypeFilter *
us_prototype_filter(const double *x, int n, int width)
{
	UsPrototypeFilter *f = (UsPrototypeFilter *) palloc0(sizeof(UsPrototypeFilter));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "groups of prototypes",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	int			nblocks = (n + US_LANES - 1) / US_LANES;
	int			groups = Max(Min((int) (GROUPS_PER_ROOT * sqrt(n)), n), 1);
	float	   *block;
	uint16	   *label;
	double	   *sum;
	int		   *count;

	f->width = width;
	f->groups = groups;
	f->center = (float *) us_block_alloc(sizeof(float) * groups * width);
	f->radius = (float *) palloc0(sizeof(float) * groups);
	f->first = (int *) palloc0(sizeof(int) * (groups + 1));
	f->member = (float *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(float) * n * width);
	f->number = (int32 *) palloc(sizeof(int32) * n);

	old = MemoryContextSwitchTo(scratch);
	block = (float *) us_block_alloc(sizeof(float) * nblocks * US_LANES * width);
	label = (uint16 *) us_block_alloc(sizeof(uint16) * nblocks * US_LANES);
	sum = (double *) palloc(sizeof(double) * groups * width);
	count = (int *) palloc(sizeof(int) * groups);
	MemoryContextSwitchTo(old);
	memset(block, 0, sizeof(float) * nblocks * US_LANES * width);
	for (int i = 0; i < n; i++)
		put_row(block, width, i, x + (Size) i * width);
	for (int g = 0; g < groups; g++)
		for (int j = 0; j < width; j++)
			f->center[(Size) g * width + j] = (float) x[(Size) ((int64) g * n / groups) * width + j];
	for (int i = 0; i <= ITERATIONS; i++)
	{
		us_nearest_blocks(block, nblocks, width, f->center, groups, label, NULL);
		if (i < ITERATIONS)
			move_centers(f, x, n, label, sum, count);
	}
	take_members(f, x, n, label, count);
	MemoryContextDelete(scratch);
	return f;
}

/* ---- searching ---- */

/* What is known of 16 rows. */
typedef struct Near
{
	UsFloatLanes best;			/* squared distances */
	UsFloatLanes next;
	UsIntLanes	nearest;		/* members */
} Near;

/* Look at the members from .. to - 1. */
US_INLINE void
look_at(const UsPrototypeFilter *f, const float *x, int from, int to, Near *near)
{
	int			width = f->width;

	for (int i = from; i < to; i++)
	{
		const float *c = f->member + (Size) i * width;
		UsFloatLanes s = {0};
		UsIntLanes	closer;

		for (int j = 0; j < width; j++)
		{
			UsFloatLanes d = *(const UsFloatLanes *) (x + j * US_LANES) - c[j];

			s += d * d;
		}
		closer = s < near->next;
		near->next = US_SELECT_FLOAT(closer, s, near->next);
		closer = near->next < near->best;
		near->nearest = US_SELECT_INT(closer, US_SPLAT_INT(i), near->nearest);
		s = US_SELECT_FLOAT(closer, near->next, near->best);
		near->next = US_SELECT_FLOAT(closer, near->best, near->next);
		near->best = s;
	}
}

/* Is any lane of a mask set? */
US_INLINE bool
any_lane(const UsIntLanes *mask)
{
	uint64		part[US_LANES / 2];

	memcpy(part, mask, sizeof(part));
	return (part[0] | part[1] | part[2] | part[3] | part[4] | part[5] | part[6] | part[7]) != 0;
}

/*
 * 16 rows whose nearest centre is that of group own: all groups that may have a member nearer than
 * the nearest so far.  A group is passed over when the distance D of its centre is more
 * than its radius R and the distance b to the nearest so far together: D^2 - b^2 - R^2 > 2 b R.
 */
US_CLONES static void
search_block(const UsPrototypeFilter *f, const float *x, int own, float slack, Near *near)
{
	int			width = f->width;
	float		relative = (width + 8) * 0x1p-22f;

	near->best = near->next = US_SPLAT_FLOAT(__builtin_inff());
	near->nearest = (UsIntLanes) {0};
	look_at(f, x, f->first[own], f->first[own + 1], near);
	for (int g = 0; g < f->groups; g++)
	{
		const float *c = f->center + (Size) g * width;
		float		reach = f->radius[g] + slack;
		UsFloatLanes away = {0};
		UsFloatLanes b = near->best * (1 + relative);
		UsFloatLanes over;
		UsIntLanes	maybe;

		if (g == own)
			continue;
		for (int j = 0; j < width; j++)
		{
			UsFloatLanes d = *(const UsFloatLanes *) (x + j * US_LANES) - c[j];

			away += d * d;
		}
		over = away * (1 - relative) - b - reach * reach;
		maybe = ~((over > 0) & (over * over > b * (4 * reach * reach)));
		if (any_lane(&maybe))
			look_at(f, x, f->first[g], f->first[g + 1], near);
	}
}

/* Longest of the rows of a block. */
static float
longest(const float *x, int width)
{
	float		most = 0;

	for (int i = 0; i < US_LANES; i++)
	{
		float		sum = 0;

		for (int j = 0; j < width; j++)
			sum += x[j * US_LANES + i] * x[j * US_LANES + i];
		most = Max(most, sum);
	}
	return sqrtf(most);
}

/* The answers for the rows of one block; rows[n] say which they are. */
static void
tell(const UsPrototypeFilter *f, const Near *near, const uint16 *rows, int n, float slack, int32 *nearest)
{
	double		relative = (f->width + 8) * 0x1p-23;

	for (int i = 0; i < n; i++)
	{
		double		best = sqrt((double) near->best[i]);
		double		next = sqrt((double) near->next[i]);

		/* (with one prototype next is infinite) */
		nearest[rows[i]] = next * (1 - relative) > best * (1 + relative) + slack ?
			f->number[near->nearest[i]] : -1;
	}
}

void
us_prototype_filter_nearest(const UsPrototypeFilter *f, const double *p, int nrows, int32 *nearest)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "nearest prototypes",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	int			width = f->width;
	int			nblocks = (nrows + US_LANES - 1) / US_LANES;
	float	   *block = (float *) us_block_alloc(sizeof(float) * nblocks * US_LANES * width);
	float	   *x = (float *) us_block_alloc(sizeof(float) * US_LANES * width);
	uint16	   *label = (uint16 *) us_block_alloc(sizeof(uint16) * nblocks * US_LANES);
	uint16	   *order = (uint16 *) palloc(sizeof(uint16) * nrows);
	int		   *at = (int *) palloc0(sizeof(int) * (f->groups + 1));

	Assert(nrows <= US_FILTER_ROWS);
	memset(block, 0, sizeof(float) * nblocks * US_LANES * width);
	for (int i = 0; i < nrows; i++)
		put_row(block, width, i, p + (Size) i * width);
	us_nearest_blocks(block, nblocks, width, f->center, f->groups, label, NULL);
	for (int i = 0; i < nrows; i++)
		at[label[i] + 1]++;
	for (int g = 0; g < f->groups; g++)
		at[g + 1] += at[g];
	for (int i = 0; i < nrows; i++)
		order[at[label[i]]++] = i;	/* at[g] moves to the end of group g */
	for (int from = 0; from < nrows;)
	{
		int			own = label[order[from]];
		int			n = Min(at[own] - from, US_LANES);
		float		slack;
		Near		near;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < US_LANES; i++)
			put_row(x, width, i, p + (Size) order[from + Min(i, n - 1)] * width);
		slack = (longest(x, width) + f->largest) * 0x1p-21f;
		search_block(f, x, own, slack, &near);
		tell(f, &near, order + from, n, slack, nearest);
		from += n;
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
