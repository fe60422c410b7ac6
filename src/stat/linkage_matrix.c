/*
 * linkage_matrix.c
 *	  Hierarchical clustering on the matrix of distances: Ward, complete, average,
 *	  weighted.
 *
 * The upper triangle of the matrix stands row by row in float8 or float4.  The
 * arithmetic is float8 in both cases; float4 rounds what is kept.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "stat/linkage_work.h"

typedef struct Matrix
{
	UsLinkage	linkage;
	bool		small;			/* float4 */
	double	   *large_d;		/* [n (n - 1) / 2], one of the two */
	float	   *small_d;
	int64	   *base;			/* [n]: the distance of i < j is at base[i] + j */
	double	   *weight;			/* [n] of the cluster in each place */
	int32	   *live;			/* places that are taken, rising */
	int			nlive;
} Matrix;

Size
us_linkage_matrix_bytes(UsLinkageStorage storage, int n, int width)
{
	Size		pairs = (Size) n * (n - 1) / 2;
	Size		points = (Size) us_half_blocks(n) * US_HALF_LANES;

	return us_chain_bytes(n) +
		US_PLACE(pairs * (storage == US_LINKAGE_FLOAT4 ? sizeof(float) : sizeof(double))) +
		US_PLACE(n * (sizeof(int64) + sizeof(double) + sizeof(int32))) +
		US_PLACE(points * sizeof(double)) + US_PLACE(points * width * sizeof(double));
}

/* ---- reading and writing ---- */

US_INLINE double
get(const Matrix *m, int64 at, bool small)
{
	return small ? m->small_d[at] : m->large_d[at];
}

US_INLINE void
put(Matrix *m, int64 at, double d, bool small)
{
	if (small)
		m->small_d[at] = (float) d;
	else
		m->large_d[at] = d;
}

/* Ward's distance of two points from their Euclidean distance; exact for weights 1. */
static inline double
ward_factor(double a, double b)
{
	return sqrt(2 * a * b / (a + b));
}

/* Distances of all pairs; near and x are scratch. */
static void
fill(Matrix *m, const UsLinkageInput *in, double *near, double *x)
{
	bool		manhattan = in->metric == US_METRIC_MANHATTAN;

	us_linkage_blocks(in->x, in->n, in->width, x);
	for (int i = 0; i < in->n - 1; i++)
	{
		int			from = (i + 1) / US_HALF_LANES * US_HALF_LANES;

		CHECK_FOR_INTERRUPTS();
		us_near_blocks(x + (Size) from * in->width, in->n - from, in->width,
					   in->x + (Size) i * in->width, manhattan, near + from);
		for (int j = i + 1; j < in->n; j++)
		{
			double		d = us_distance_of_near(in->metric, near[j]);

			if (in->linkage == US_LINKAGE_WARD && in->weight != NULL)
				d *= ward_factor(in->weight[i], in->weight[j]);
			put(m, m->base[i] + j, d, m->small);
		}
	}
}

/* ---- the chain ---- */

static int
first_place(void *context)
{
	return ((Matrix *) context)->live[0];
}

US_INLINE int
find_nearest(const Matrix *m, int x, int prev, double *distance, bool small)
{
	double		best = INFINITY;
	int			nearest = -1;
	int			i = 0;

	if (prev >= 0)
	{
		best = get(m, prev < x ? m->base[prev] + x : m->base[x] + prev, small);
		nearest = prev;
	}
	for (; m->live[i] < x; i++)
	{
		double		d = get(m, m->base[m->live[i]] + x, small);

		if (d < best)
		{
			best = d;
			nearest = m->live[i];
		}
	}
	for (i++; i < m->nlive; i++)
	{
		double		d = get(m, m->base[x] + m->live[i], small);

		if (d < best)
		{
			best = d;
			nearest = m->live[i];
		}
	}
	*distance = best;
	return nearest;
}

static int
nearest_place(void *context, int x, int prev, double *distance)
{
	const Matrix *m = (const Matrix *) context;

	return m->small ? find_nearest(m, x, prev, distance, true) :
		find_nearest(m, x, prev, distance, false);
}

/* Distance of a third cluster, of weight wi, to the merged one. */
US_INLINE double
merged_distance(UsLinkage linkage, double xi, double yi, double xy, double wx, double wy, double wi)
{
	switch (linkage)
	{
		case US_LINKAGE_COMPLETE:
			return xi > yi ? xi : yi;
		case US_LINKAGE_AVERAGE:
			return (wx * xi + wy * yi) / (wx + wy);
		case US_LINKAGE_WEIGHTED:
			return 0.5 * (xi + yi);
		default:
			{
				double		t = 1.0 / (wx + wy + wi);
				double		square = (wi + wx) * t * xi * xi + (wi + wy) * t * yi * yi - wi * t * xy * xy;

				return square > 0 ? sqrt(square) : 0;
			}
	}
}

US_INLINE void
update(Matrix *m, UsLinkage linkage, int x, int y, double xy, bool small)
{
	double		wx = m->weight[x];
	double		wy = m->weight[y];

	for (int l = 0; l < m->nlive; l++)
	{
		int			i = m->live[l];
		int64		at_x = i < x ? m->base[i] + x : m->base[x] + i;
		int64		at_y = i < y ? m->base[i] + y : m->base[y] + i;

		if (i == x || i == y)
			continue;
		put(m, at_y, merged_distance(linkage, get(m, at_x, small), get(m, at_y, small), xy,
									 wx, wy, m->weight[i]), small);
	}
}

static void
update_all(Matrix *m, int x, int y, double xy)
{
	switch (m->linkage)
	{
		case US_LINKAGE_COMPLETE:
			m->small ? update(m, US_LINKAGE_COMPLETE, x, y, xy, true) :
				update(m, US_LINKAGE_COMPLETE, x, y, xy, false);
			break;
		case US_LINKAGE_AVERAGE:
			m->small ? update(m, US_LINKAGE_AVERAGE, x, y, xy, true) :
				update(m, US_LINKAGE_AVERAGE, x, y, xy, false);
			break;
		case US_LINKAGE_WEIGHTED:
			m->small ? update(m, US_LINKAGE_WEIGHTED, x, y, xy, true) :
				update(m, US_LINKAGE_WEIGHTED, x, y, xy, false);
			break;
		default:
			m->small ? update(m, US_LINKAGE_WARD, x, y, xy, true) :
				update(m, US_LINKAGE_WARD, x, y, xy, false);
	}
}

static void
merge_places(void *context, int x, int y, double distance)
{
	Matrix	   *m = (Matrix *) context;
	int			low = 0;
	int			high = m->nlive - 1;

	update_all(m, x, y, distance);
	m->weight[y] += m->weight[x];
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (m->live[middle] < x)
			low = middle + 1;
		else
			high = middle;
	}
	m->nlive--;
	memmove(m->live + low, m->live + low + 1, sizeof(int32) * (m->nlive - low));
}

void
us_linkage_matrix(const UsLinkageInput *in, char *memory, UsMerge *merge)
{
	Size		pairs = (Size) in->n * (in->n - 1) / 2;
	Size		points = (Size) us_half_blocks(in->n) * US_HALF_LANES;
	UsChain		chain = {0};
	Matrix		m = {0};
	double	   *near;

	m.linkage = in->linkage;
	m.small = in->storage == US_LINKAGE_FLOAT4;
	memory = us_chain_place(&chain, in->n, memory);
	m.large_d = (double *) memory;
	m.small_d = (float *) memory;
	memory += US_PLACE(pairs * (m.small ? sizeof(float) : sizeof(double)));
	m.base = (int64 *) memory;
	m.weight = (double *) (m.base + in->n);
	m.live = (int32 *) (m.weight + in->n);
	memory += US_PLACE(in->n * (sizeof(int64) + sizeof(double) + sizeof(int32)));
	near = (double *) memory;
	for (int64 i = 0; i < in->n; i++)
	{
		m.base[i] = in->n * i - i * (i + 1) / 2 - i - 1;
		m.weight[i] = in->weight ? in->weight[i] : 1;
		m.live[i] = (int32) i;
	}
	m.nlive = in->n;
	fill(&m, in, near, (double *) (memory + US_PLACE(points * sizeof(double))));

	chain.first = first_place;
	chain.nearest = nearest_place;
	chain.merge = merge_places;
	chain.context = &m;
	us_chain_run(&chain, merge);
}
