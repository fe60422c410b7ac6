/*
 * linkage_measure.c
 *	  How well a tree stands for the distances of its points: cophenetic correlation,
 *	  silhouettes of its cuts.
 *
 * Points stand in the order of the leaves, so that the points of every cluster are a range
 * of places, and sums of distances to a cluster are sums over a range of blocks.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "math/kernels.h"
#include "stat/linkage_tree.h"
#include "stat/linkage_work.h"

/* blocks between two looks for interrupts */
#define INTERRUPT_BLOCKS	8192

/* The points that take part, in the order of the leaves. */
typedef struct Row
{
	int			n;
	int			width;
	UsMetric	metric;
	double	   *x;				/* blocks; 0 behind the last */
	double	   *weight;			/* whole blocks; 0 behind the last */
	int32	   *leaf;			/* [n] */
	int32	   *start;			/* [tree->n + 1] points that take part before a place of the tree */
	double	   *p;				/* [width] scratch */
} Row;

static void
make_row(Row *r, const UsTree *t, const UsTreePoints *points)
{
	int			places = us_half_blocks(t->n) * US_HALF_LANES;

	memset(r, 0, sizeof(Row));
	r->width = points->width;
	r->metric = points->metric;
	r->x = (double *) us_block_alloc(sizeof(double) * places * r->width);
	r->weight = (double *) us_block_alloc(sizeof(double) * places);
	memset(r->x, 0, sizeof(double) * places * r->width);
	memset(r->weight, 0, sizeof(double) * places);
	r->leaf = (int32 *) palloc(sizeof(int32) * t->n);
	r->start = (int32 *) palloc(sizeof(int32) * (t->n + 1));
	r->p = (double *) palloc(sizeof(double) * r->width);
	for (int i = 0; i < t->n; i++)
	{
		int			leaf = t->order[i];

		r->start[i] = r->n;
		if (points->chosen != NULL && !points->chosen[leaf])
			continue;
		for (int j = 0; j < r->width; j++)
			us_block_of(r->x, r->width, r->n)[j * US_HALF_LANES] = points->x[(Size) leaf * r->width + j];
		r->weight[r->n] = points->weight ? points->weight[leaf] : 1;
		r->leaf[r->n++] = leaf;
	}
	r->start[t->n] = r->n;
}

static void
take_point(Row *r, int i)
{
	for (int j = 0; j < r->width; j++)
		r->p[j] = us_block_of(r->x, r->width, i)[j * US_HALF_LANES];
}

/* Distances of the points of block b to p. */
US_INLINE void
distance_lanes(const Row *r, int b, bool manhattan, UsDoubleLanes *out)
{
	double		root[US_HALF_LANES] __attribute__((aligned(US_BLOCK_ALIGN)));

	us_near_lanes(r->x + (Size) b * r->width * US_HALF_LANES, r->p, r->width, manhattan, out);
	if (r->metric == US_METRIC_COSINE)
		*out *= 0.5;
	if (r->metric != US_METRIC_EUCLIDEAN)
		return;
	*(UsDoubleLanes *) root = *out;
	for (int i = 0; i < US_HALF_LANES; i++)
		root[i] = sqrt(root[i]);
	*out = *(UsDoubleLanes *) root;
}

/* Sums over the points from .. to - 1 of weight * distance to p, and of weight * its square. */
US_INLINE void
range_sums(const Row *r, int from, int to, bool manhattan, double *sum, double *square)
{
	UsDoubleLanes s = {0};
	UsDoubleLanes q = {0};

	*sum = *square = 0;
	for (int b = from / US_HALF_LANES; b * US_HALF_LANES < to; b++)
	{
		UsDoubleLanes w = *(const UsDoubleLanes *) (r->weight + b * US_HALF_LANES);
		UsDoubleLanes d;

		distance_lanes(r, b, manhattan, &d);
		if (b % INTERRUPT_BLOCKS == 0)
			CHECK_FOR_INTERRUPTS();
		if (b * US_HALF_LANES < from || (b + 1) * US_HALF_LANES > to)
			for (int i = 0; i < US_HALF_LANES; i++)
				if (b * US_HALF_LANES + i < from || b * US_HALF_LANES + i >= to)
					w[i] = 0;
		s += w * d;
		q += w * d * d;
	}
	for (int i = 0; i < US_HALF_LANES; i++)
	{
		*sum += s[i];
		*square += q[i];
	}
}

US_CLONES static void
root_sums(const Row *r, int from, int to, double *sum, double *square)
{
	range_sums(r, from, to, false, sum, square);
}

US_CLONES static void
manhattan_sums(const Row *r, int from, int to, double *sum, double *square)
{
	range_sums(r, from, to, true, sum, square);
}

static void
sums(const Row *r, int from, int to, double *sum, double *square)
{
	if (r->metric == US_METRIC_MANHATTAN)
		manhattan_sums(r, from, to, sum, square);
	else
		root_sums(r, from, to, sum, square);
}

/* ---- cophenetic correlation ---- */

typedef struct Moments
{
	double		n;
	double		y;				/* distances */
	double		yy;
	double		c;				/* cophenetic distances */
	double		cc;
	double		yc;
} Moments;

/* Pairs with one point in a .. b - 1 and one in b .. c - 1, which come together at height. */
static void
add_pairs(Row *r, int a, int b, int c, double height, Moments *m)
{
	bool		first_less = b - a <= c - b;
	int			from = first_less ? a : b;
	int			to = first_less ? b : c;
	double		other = 0;
	double		pairs = 0;
	double		y = 0;

	for (int i = first_less ? b : a; i < (first_less ? c : b); i++)
		other += r->weight[i];
	for (int i = from; i < to; i++)
	{
		double		sum;
		double		square;

		CHECK_FOR_INTERRUPTS();
		take_point(r, i);
		if (first_less)
			sums(r, b, c, &sum, &square);
		else
			sums(r, a, b, &sum, &square);
		y += r->weight[i] * sum;
		m->yy += r->weight[i] * square;
		pairs += r->weight[i] * other;
	}
	m->n += pairs;
	m->y += y;
	m->c += pairs * height;
	m->cc += pairs * height * height;
	m->yc += y * height;
}

double
us_tree_cophenetic(const UsTree *t, const UsTreePoints *points)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "cophenetic",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Moments		m = {0};
	Row			r;
	int32	   *first = (int32 *) palloc(sizeof(int32) * (2 * (Size) t->n));
	int32	   *end = (int32 *) palloc(sizeof(int32) * (2 * (Size) t->n));
	double		vy;
	double		vc;
	double		result = NAN;

	make_row(&r, t, points);
	for (int i = 0; i < t->n; i++)
	{
		first[t->order[i]] = i;
		end[t->order[i]] = i + 1;
	}
	for (int i = 0; i < t->n - 1; i++)
	{
		int			a = t->merge[i].a;
		int			b = t->merge[i].b;

		first[t->n + i] = first[a];
		end[t->n + i] = end[b];
		if (r.start[first[a]] < r.start[end[a]] && r.start[first[b]] < r.start[end[b]])
			add_pairs(&r, r.start[first[a]], r.start[first[b]], r.start[end[b]],
					  t->merge[i].height, &m);
	}
	if (m.n > 0)
	{
		vy = m.yy - m.y * (m.y / m.n);
		vc = m.cc - m.c * (m.c / m.n);
		/* what rounding leaves of no variance at all is none */
		if (vy > m.yy * 1e-14 && vc > m.cc * 1e-14)
			result = Max(-1, Min(1, (m.yc - m.y * (m.c / m.n)) / (sqrt(vy) * sqrt(vc))));
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return result;
}

/* ---- silhouettes ---- */

/* The finest cut, as ranges; cuts into fewer clusters join neighbours. */
typedef struct Cuts
{
	int			n;				/* ranges */
	int			clusters;		/* of the finest cut: ranges without points are left out of n */
	int32	   *from;			/* [n + 1] */
	int32	   *rank;			/* [n] of the merge that parts a range from the one before */
	double	   *weight;			/* [n] */
	double	   *sum;			/* [n] of distances of the point at hand */
} Cuts;

static void
make_cuts(Cuts *c, const UsTree *t, const Row *r, int hi)
{
	int			rank = 0;		/* least rank since the last range with points */

	c->n = 0;
	c->from = (int32 *) palloc(sizeof(int32) * (hi + 1));
	c->rank = (int32 *) palloc(sizeof(int32) * hi);
	c->weight = (double *) palloc0(sizeof(double) * hi);
	c->sum = (double *) palloc(sizeof(double) * hi);
	for (int i = 0; i < t->n;)
	{
		int			end = i + 1;

		while (end < t->n && t->rank[end] >= hi - 1)
			end++;
		if (i > 0)
			rank = Min(rank, t->rank[i]);
		if (r->start[i] < r->start[end])
		{
			c->from[c->n] = r->start[i];
			c->rank[c->n] = rank;
			for (int p = r->start[i]; p < r->start[end]; p++)
				c->weight[c->n] += r->weight[p];
			c->n++;
			rank = hi;
		}
		i = end;
	}
	c->from[c->n] = r->n;
}

/* The silhouette of a point of range own_range in the cut into k clusters. */
static double
silhouette_at(const Cuts *c, int k, int own_range, double own)
{
	double		a = 0;
	double		b = INFINITY;
	bool		alone = false;

	for (int i = 0; i < c->n;)
	{
		double		sum = c->sum[i];
		double		weight = c->weight[i];
		bool		mine = i == own_range;
		int			end = i + 1;

		for (; end < c->n && c->rank[end] >= k - 1; end++)
		{
			sum += c->sum[end];
			weight += c->weight[end];
			mine = mine || end == own_range;
		}
		i = end;
		if (!mine)
			b = fmin(b, sum / weight);
		else if (weight - own <= weight * 1e-12)
			alone = true;
		else
			a = sum / (weight - own);
	}
	if (alone || isinf(b))
		return 0;
	return Max(a, b) > 0 ? (b - a) / Max(a, b) : 0;
}

/* Clusters of the cut into k that have points. */
static int
clusters_of(const Cuts *c, int k)
{
	int			n = c->n > 0;

	for (int i = 1; i < c->n; i++)
		n += c->rank[i] < k - 1;
	return n;
}

void
us_tree_silhouettes(const UsTree *t, const UsTreePoints *points, int lo, int hi, double *out)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "silhouettes",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	double		total = 0;
	Cuts		c = {0};
	Row			r;

	make_row(&r, t, points);
	make_cuts(&c, t, &r, hi);
	for (int k = lo; k <= hi; k++)
		out[k - lo] = 0;
	for (int range = 0; range < c.n; range++)
		for (int i = c.from[range]; i < c.from[range + 1]; i++)
		{
			double		own = points->own ? points->own[r.leaf[i]] : 1;
			double		square;

			CHECK_FOR_INTERRUPTS();
			take_point(&r, i);
			for (int other = 0; other < c.n; other++)
				sums(&r, c.from[other], c.from[other + 1], &c.sum[other], &square);
			for (int k = lo; k <= hi; k++)
				out[k - lo] += r.weight[i] * silhouette_at(&c, k, range, own);
			total += r.weight[i];
		}
	for (int k = lo; k <= hi; k++)
		out[k - lo] = clusters_of(&c, k) >= 2 ? out[k - lo] / total : NAN;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
