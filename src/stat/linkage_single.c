/*
 * linkage_single.c
 *	  Single linkage: the minimum spanning tree.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "stat/linkage_work.h"

/* blocks between two looks for interrupts */
#define INTERRUPT_BLOCKS	4096

/* Points that are not in the tree yet, in blocks; those that joined are infinite. */
typedef struct Outside
{
	int			n;				/* places */
	int			width;
	bool		manhattan;
	double	   *x;
	double	   *near;			/* to the nearest point of the tree; infinite where free */
	int32	   *point;			/* which point stands in a place */
} Outside;

Size
us_linkage_single_bytes(int n, int width)
{
	Size		points = (Size) us_half_blocks(n) * US_HALF_LANES;

	return US_PLACE(points * width * sizeof(double)) + US_PLACE(points * sizeof(double)) +
		US_PLACE(points * sizeof(int32));
}

/*
 * p joined the tree: nearer distances; returns the place of the nearest point outside, the
 * lowest among equals.
 */
US_INLINE int
join(Outside *o, const double *p, bool manhattan)
{
	UsDoubleLanes best = US_SPLAT_DOUBLE((double) INFINITY);
	UsLongLanes where = {0};
	int			nearest = -1;
	double		least = INFINITY;

	for (int b = 0; b < us_half_blocks(o->n); b++)
	{
		UsDoubleLanes *near = (UsDoubleLanes *) (o->near + b * US_HALF_LANES);
		UsDoubleLanes d;
		UsLongLanes less;

		if (b % INTERRUPT_BLOCKS == 0)
			CHECK_FOR_INTERRUPTS();
		us_near_lanes(o->x + (Size) b * o->width * US_HALF_LANES, p, o->width, manhattan, &d);
		d = US_SELECT_DOUBLE(d < *near, d, *near);
		*near = d;
		less = d < best;
		best = US_SELECT_DOUBLE(less, d, best);
		where = US_SELECT_INT(less, (UsLongLanes) {0} + b, where);
	}
	for (int lane = 0; lane < US_HALF_LANES; lane++)
	{
		int			at = (int) where[lane] * US_HALF_LANES + lane;

		if (best[lane] < least || (best[lane] == least && at < nearest))
		{
			least = best[lane];
			nearest = at;
		}
	}
	return nearest;
}

US_CLONES static int
join_square(Outside *o, const double *p)
{
	return join(o, p, false);
}

US_CLONES static int
join_manhattan(Outside *o, const double *p)
{
	return join(o, p, true);
}

static void
take_out(Outside *o, int place)
{
	o->near[place] = INFINITY;
	for (int j = 0; j < o->width; j++)
		us_block_of(o->x, o->width, place)[j * US_HALF_LANES] = INFINITY;
}

/* Close the gaps. */
static void
compact(Outside *o)
{
	int			n = 0;

	for (int i = 0; i < o->n; i++)
	{
		if (isinf(o->near[i]))
			continue;
		for (int j = 0; j < o->width; j++)
			us_block_of(o->x, o->width, n)[j * US_HALF_LANES] =
				us_block_of(o->x, o->width, i)[j * US_HALF_LANES];
		o->near[n] = o->near[i];
		o->point[n++] = o->point[i];
	}
	for (int i = n; i < us_half_blocks(n) * US_HALF_LANES; i++)
		take_out(o, i);
	o->n = n;
}

/* The edges are (point joined before, point joined): cut at a height, the order of joining falls into the clusters. */
void
us_linkage_single(const UsLinkageInput *in, char *memory, UsMerge *merge)
{
	Size		points = (Size) us_half_blocks(in->n) * US_HALF_LANES;
	Outside		o = {0};
	int			last = 0;
	int			left = in->n - 1;

	o.n = in->n;
	o.width = in->width;
	o.manhattan = in->metric == US_METRIC_MANHATTAN;
	o.x = (double *) memory;
	memory += US_PLACE(points * in->width * sizeof(double));
	o.near = (double *) memory;
	o.point = (int32 *) (memory + US_PLACE(points * sizeof(double)));
	us_linkage_blocks(in->x, in->n, in->width, o.x);
	for (int i = 0; i < points; i++)
	{
		o.near[i] = i < in->n ? DBL_MAX : INFINITY;
		o.point[i] = i;
	}
	take_out(&o, 0);
	for (int k = 0; k < in->n - 1; k++)
	{
		const double *p = in->x + (Size) last * in->width;
		int			place = o.manhattan ? join_manhattan(&o, p) : join_square(&o, p);

		merge[k].a = last;
		merge[k].b = o.point[place];
		merge[k].height = us_distance_of_near(in->metric, o.near[place]);
		last = o.point[place];
		take_out(&o, place);
		left--;
		if (left < o.n / 4 * 3)
			compact(&o);
	}
}
