/*
 * linkage_points.c
 *	  Hierarchical clustering on the positions of clusters, without a matrix: Ward,
 *	  centroid, median.
 *
 * Clusters stand in places, in blocks for the vector units.  A merge leaves the lower
 * place free (infinite); when a quarter of the places is free they are closed up, which keeps
 * their order.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "stat/linkage_work.h"

/* blocks that are looked at together */
#define STRIDE	4

/* rounding of the two forms in which Ward's distances are compared stays below this */
#define SLACK	(1 + 1e-14)

typedef struct Places
{
	UsLinkage	linkage;
	int			n;				/* places */
	int			width;
	int			free;			/* of them */
	int			first;			/* the lowest that is taken is not below this */
	double	   *x;				/* blocks, filled up to STRIDE of them */
	double	   *weight;			/* 1 where free */
	double	   *p;				/* [width]: one position */
	/* candidates for the nearest, of centroid and median */
	double	   *least;			/* not more than the squared distance to any higher place; infinite where free */
	double	   *near;			/* scratch */
	int32	   *candidate;		/* the place that was at that distance, perhaps no more; -1: gone */
	int32	   *point;			/* of the cluster in a place */
	int32	   *place;			/* new numbers of places */
} Places;

static int
room(int n)
{
	return (us_half_blocks(n) + STRIDE - 1) / STRIDE * STRIDE * US_HALF_LANES;
}

static Size
places_bytes(int n, int width)
{
	return US_PLACE(sizeof(double) * room(n) * width) + US_PLACE(sizeof(double) * room(n)) +
		US_PLACE(sizeof(double) * width);
}

Size
us_linkage_ward_bytes(int n, int width)
{
	return us_chain_bytes(n) + places_bytes(n, width);
}

Size
us_linkage_geometric_bytes(int n, int width)
{
	return places_bytes(n, width) + 2 * US_PLACE(sizeof(double) * room(n)) + 3 * US_PLACE(sizeof(int32) * n);
}

/* ---- places ---- */

static inline double *
position(const Places *s, int i)
{
	return us_block_of(s->x, s->width, i);
}

static void
set_free(Places *s, int i)
{
	s->weight[i] = 1;
	for (int j = 0; j < s->width; j++)
		position(s, i)[j * US_HALF_LANES] = INFINITY;
}

static inline bool
is_free(const Places *s, int i)
{
	return isinf(position(s, i)[0]);
}

/* Where the cluster in place i is, into s->p. */
static void
take_position(Places *s, int i)
{
	for (int j = 0; j < s->width; j++)
		s->p[j] = position(s, i)[j * US_HALF_LANES];
}

static char *
open_places(Places *s, const UsLinkageInput *in, char *memory)
{
	s->linkage = in->linkage;
	s->n = in->n;
	s->width = in->width;
	s->x = (double *) memory;
	memory += US_PLACE(sizeof(double) * room(in->n) * in->width);
	s->weight = (double *) memory;
	memory += US_PLACE(sizeof(double) * room(in->n));
	s->p = (double *) memory;
	memory += US_PLACE(sizeof(double) * in->width);
	us_linkage_blocks(in->x, in->n, in->width, s->x);
	for (int i = 0; i < in->n; i++)
		s->weight[i] = in->weight ? in->weight[i] : 1;
	for (int i = in->n; i < room(in->n); i++)
		set_free(s, i);
	return memory;
}

/* Put the mean of x and y into place y. */
static void
merge_positions(Places *s, int x, int y)
{
	double		share = s->linkage == US_LINKAGE_MEDIAN ? 0.5 :
		s->weight[x] / (s->weight[x] + s->weight[y]);
	const double *from = position(s, x);
	double	   *to = position(s, y);

	for (int j = 0; j < s->width * US_HALF_LANES; j += US_HALF_LANES)
		to[j] += share * (from[j] - to[j]);
	s->weight[y] += s->weight[x];
	set_free(s, x);
	s->free++;
	while (is_free(s, s->first))
		s->first++;
}

/* Close up the places if a quarter of them is free: place[i] is the new number of i, or -1. */
static bool
close_up(Places *s, int32 *place)
{
	int			n = 0;

	if (s->free <= s->n / 4 || s->n <= STRIDE * US_HALF_LANES)
		return false;
	for (int i = 0; i < s->n; i++)
	{
		place[i] = -1;
		if (is_free(s, i))
			continue;
		place[i] = n;
		if (i != n)
		{
			for (int j = 0; j < s->width; j++)
				position(s, n)[j * US_HALF_LANES] = position(s, i)[j * US_HALF_LANES];
			s->weight[n] = s->weight[i];
		}
		n++;
	}
	for (int i = n; i < Min(room(n), room(s->n)); i++)
		set_free(s, i);
	s->n = n;
	s->free = s->first = 0;
	return true;
}

/* ---- Ward ---- */

/* Squared Ward distance of clusters of weights a and b at this squared distance. */
static inline double
ward_square(double a, double b, double square)
{
	return 2 * a * b / (a + b) * square;
}

/*
 * Of the places but x itself, which is made free for this: the nearest of a cluster of weight
 * w at p, the lowest among equals; *best is what it must be below.  Divisions are made
 * only where multiplications say that a lane may be nearer.
 */
US_CLONES static int
ward_scan(const Places *s, const double *p, double w, double *best)
{
	int			nearest = -1;
	double		least = *best;

	for (int b = 0; b < us_half_blocks(s->n); b += STRIDE)
	{
		const double *x = s->x + (Size) b * s->width * US_HALF_LANES;
		UsLongLanes maybe = {0};
		double		square[STRIDE * US_HALF_LANES] __attribute__((aligned(US_BLOCK_ALIGN)));

		for (int i = 0; i < STRIDE; i++)
		{
			UsDoubleLanes d;
			UsDoubleLanes v = *(const UsDoubleLanes *) (s->weight + (b + i) * US_HALF_LANES);

			us_square_lanes(x + (Size) i * s->width * US_HALF_LANES, p, s->width, &d);
			*(UsDoubleLanes *) (square + i * US_HALF_LANES) = d;
			maybe |= v * d * (2 * w) <= (v + w) * (least * SLACK);
		}
		if (!us_any_lane(&maybe))
			continue;
		for (int i = 0; i < STRIDE * US_HALF_LANES; i++)
		{
			double		d = ward_square(s->weight[b * US_HALF_LANES + i], w, square[i]);

			if (d < least)
			{
				least = d;
				nearest = b * US_HALF_LANES + i;
			}
		}
	}
	*best = least;
	return nearest;
}

static int
ward_first(void *context)
{
	return ((Places *) context)->first;
}

static double
square_between(const Places *s, int x, int y)
{
	const double *a = position(s, x);
	const double *b = position(s, y);
	double		sum = 0;

	for (int j = 0; j < s->width * US_HALF_LANES; j += US_HALF_LANES)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

static int
ward_nearest(void *context, int x, int prev, double *distance)
{
	Places	   *s = (Places *) context;
	double		w = s->weight[x];
	double		best = DBL_MAX;
	int			nearest;

	if (prev >= 0)
		best = ward_square(s->weight[prev], w, square_between(s, prev, x));
	take_position(s, x);
	position(s, x)[0] = INFINITY;
	nearest = ward_scan(s, s->p, w, &best);
	position(s, x)[0] = s->p[0];
	*distance = sqrt(best);
	return nearest < 0 ? prev : nearest;
}

static void
ward_merge(void *context, int x, int y, double distance)
{
	merge_positions((Places *) context, x, y);
}

static bool
ward_compact(void *context, int32 *place)
{
	return close_up((Places *) context, place);
}

void
us_linkage_ward(const UsLinkageInput *in, char *memory, UsMerge *merge)
{
	UsChain		chain = {0};
	Places		s = {0};

	memory = us_chain_place(&chain, in->n, memory);
	(void) open_places(&s, in, memory);
	chain.first = ward_first;
	chain.nearest = ward_nearest;
	chain.merge = ward_merge;
	chain.compact = ward_compact;
	chain.context = &s;
	us_chain_run(&chain, merge);
}

/* ---- centroid and median ---- */

/* The nearest of the places above x, the lowest among equals; -1: there is none. */
US_CLONES static int
scan_above(const Places *s, int x, const double *p, double *best)
{
	UsDoubleLanes least = US_SPLAT_DOUBLE((double) INFINITY);
	UsLongLanes where = {0};
	int			start = (x + 1) / US_HALF_LANES;
	int			nearest = -1;

	for (int b = start; b < us_half_blocks(s->n); b++)
	{
		UsDoubleLanes d;
		UsLongLanes less;

		us_square_lanes(s->x + (Size) b * s->width * US_HALF_LANES, p, s->width, &d);
		if (b == start)
			for (int i = 0; i <= x - b * US_HALF_LANES; i++)
				d[i] = INFINITY;
		less = d < least;
		least = US_SELECT_DOUBLE(less, d, least);
		where = US_SELECT_INT(less, (UsLongLanes) {0} + b, where);
	}
	*best = INFINITY;
	for (int lane = 0; lane < US_HALF_LANES; lane++)
	{
		int			at = (int) where[lane] * US_HALF_LANES + lane;

		if (least[lane] < *best || (least[lane] == *best && nearest >= 0 && at < nearest))
		{
			*best = least[lane];
			nearest = at;
		}
	}
	return nearest;
}

static void
find_candidate(Places *s, int x)
{
	take_position(s, x);
	s->candidate[x] = scan_above(s, x, s->p, &s->least[x]);
}

/* The place with the smallest least, the lowest among equals. */
US_CLONES static int
scan_least(const double *value, int n)
{
	UsDoubleLanes least = US_SPLAT_DOUBLE((double) INFINITY);
	UsLongLanes where = {0};
	double		best = INFINITY;
	int			lowest = -1;

	for (int b = 0; b < us_half_blocks(n); b++)
	{
		UsDoubleLanes v = *(const UsDoubleLanes *) (value + b * US_HALF_LANES);
		UsLongLanes less = v < least;

		least = US_SELECT_DOUBLE(less, v, least);
		where = US_SELECT_INT(less, (UsLongLanes) {0} + b, where);
	}
	for (int lane = 0; lane < US_HALF_LANES; lane++)
	{
		int			at = (int) where[lane] * US_HALF_LANES + lane;

		if (least[lane] < best || (least[lane] == best && lowest >= 0 && at < lowest))
		{
			best = least[lane];
			lowest = at;
		}
	}
	return lowest;
}

/* The nearest pair x < candidate[x] of all. */
static int
nearest_pair(Places *s)
{
	for (;;)
	{
		int			x = scan_least(s->least, s->n);

		CHECK_FOR_INTERRUPTS();
		if (s->candidate[x] >= 0 && !is_free(s, s->candidate[x]) &&
			square_between(s, x, s->candidate[x]) == s->least[x])
			return x;
		find_candidate(s, x);
	}
}

/* x < y are merged into y: what that means for the candidates. */
static void
update_candidates(Places *s, int x, int y)
{
	s->least[x] = INFINITY;
	take_position(s, y);
	us_near_blocks(s->x, y, s->width, s->p, false, s->near);
	for (int i = 0; i < y; i++)
	{
		if (isinf(s->least[i]))
			continue;
		if (s->candidate[i] == x)
			s->candidate[i] = y;
		if (s->near[i] < s->least[i])
		{
			s->least[i] = s->near[i];
			s->candidate[i] = y;
		}
	}
	if (!isinf(s->least[y]))
		find_candidate(s, y);
}

static void
close_candidates(Places *s)
{
	int			n = s->n;

	if (!close_up(s, s->place))
		return;
	for (int i = 0; i < n; i++)
	{
		int			to = s->place[i];

		if (to < 0)
			continue;
		s->point[to] = s->point[i];
		s->least[to] = s->least[i];
		s->candidate[to] = s->candidate[i] < 0 ? -1 : s->place[s->candidate[i]];
	}
	for (int i = s->n; i < Min(room(s->n), room(n)); i++)
		s->least[i] = INFINITY;
}

void
us_linkage_geometric(const UsLinkageInput *in, char *memory, UsMerge *merge)
{
	Places		s = {0};

	memory = open_places(&s, in, memory);
	s.least = (double *) memory;
	memory += US_PLACE(sizeof(double) * room(in->n));
	s.near = (double *) memory;
	memory += US_PLACE(sizeof(double) * room(in->n));
	s.candidate = (int32 *) memory;
	memory += US_PLACE(sizeof(int32) * in->n);
	s.point = (int32 *) memory;
	memory += US_PLACE(sizeof(int32) * in->n);
	s.place = (int32 *) memory;
	for (int i = 0; i < room(in->n); i++)
		s.least[i] = INFINITY;
	for (int i = 0; i < in->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		s.point[i] = i;
		find_candidate(&s, i);
	}
	for (int k = 0; k < in->n - 1; k++)
	{
		int			x = nearest_pair(&s);
		int			y = s.candidate[x];

		merge[k].a = s.point[x];
		merge[k].b = s.point[y];
		merge[k].height = sqrt(s.least[x]);
		merge_positions(&s, x, y);
		update_candidates(&s, x, y);
		close_candidates(&s);
	}
}
