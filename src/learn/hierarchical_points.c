/*
 * hierarchical_points.c
 *	  What hierarchical clustering works on: all rows of a source, or prototypes of them.
 *
 * Points are brought into the order of their coordinates, column by column, then of their weights: points
 * that are equal in these are interchangeable, so whatever is made from the sequence does not
 * depend on the order of the source.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/hierarchical_points.h"
#include "learn/microaggregation.h"
#include "learn/microcluster.h"
#include "math/distance.h"

/* up to so many points the matrix is the faster way for Ward too, and ties fall as scipy has them */
#define WARD_MATRIX_POINTS	2048

#define MOST_EXPONENT		1000

/* ---- how many ---- */

Size
us_hierarchy_bytes(UsLinkage linkage, UsLinkageStorage storage, int n, int width)
{
	Size		point = sizeof(double) * (width + 1) + 2 * sizeof(double) + sizeof(int32);

	/* points twice while they are sorted, then once beside the distances */
	return 2 * n * point + n * (sizeof(UsMerge) + 5 * sizeof(int32)) + us_tree_bytes(n) +
		us_linkage_bytes(linkage, storage, n, width + 1) +
		n * sizeof(double) * (width + 3);	/* for the measures */
}

bool
us_hierarchy_storage(UsLinkage linkage, int n, int width, Size room, UsLinkageStorage *storage)
{
	static const UsLinkageStorage order[] = {US_LINKAGE_FLOAT8, US_LINKAGE_NO_MATRIX, US_LINKAGE_FLOAT4};

	for (int i = 0; i < lengthof(order); i++)
	{
		if (!us_linkage_can(linkage, order[i]) ||
			(linkage == US_LINKAGE_WARD && order[i] != US_LINKAGE_NO_MATRIX && n > WARD_MATRIX_POINTS))
			continue;
		if (us_hierarchy_bytes(linkage, order[i], n, width) <= room)
		{
			*storage = order[i];
			return true;
		}
	}
	return false;
}

void
us_hierarchy_decide(UsHierarchyPlan *plan, Size room, int least)
{
	int			values = Max(US_HIERARCHY_VALUES / plan->width, least);
	int			n;

	plan->exact = plan->nrows <= plan->max_exact && plan->nrows <= values;
	plan->n = (int) plan->nrows;
	plan->short_of_memory = false;
	if (plan->exact && us_hierarchy_storage(plan->linkage, plan->n, plan->width, room, &plan->storage))
		return;
	plan->short_of_memory = plan->exact;
	plan->exact = false;
	n = (int) Min(Min(plan->max_prototypes, values), plan->nrows);
	plan->n = n;
	while (!us_hierarchy_storage(plan->linkage, plan->n, plan->width, room, &plan->storage))
	{
		if (plan->n <= least)
		{
			plan->storage = us_linkage_can(plan->linkage, US_LINKAGE_NO_MATRIX) ?
				US_LINKAGE_NO_MATRIX : US_LINKAGE_FLOAT4;
			break;
		}
		plan->n = Max(plan->n / 8 * 7, least);
	}
	plan->short_of_memory = plan->short_of_memory || plan->n < n;
}

/* ---- the points ---- */

/* All rows: coordinates [n][dim], not scaled yet, and weights. */
static void
take_rows(const UsFitInput *input, UsHierarchyPoints *p, double *x, double *weight)
{
	UsFrame    *frame = input->frame;
	double	   *block = (double *) palloc_extended(sizeof(double) * p->width * US_CHUNK_ROWS, MCXT_ALLOC_HUGE);
	Size		at = 0;

	for (int c = 0; c < frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, c);

		us_progress("points", at, p->n);
		us_encoder_apply_chunk(input->encoder, chunk, block, US_CHUNK_ROWS);
		for (int r = 0; r < chunk->nrows; r++, at++)
		{
			double	   *to = x + at * p->dim;

			for (int j = 0; j < p->width; j++)
				to[j] = block[(Size) j * US_CHUNK_ROWS + r];
			weight[at] = chunk->weight ? chunk->weight[r] : 1;
		}
	}
	pfree(block);
}

/* Bring coordinates to their form: unit vectors, or scaled by a power of 2, which is exact. */
static void
normalise(UsHierarchyPoints *p, double *x)
{
	double		most = 0;
	double		down;

	if (p->metric == US_METRIC_COSINE)
	{
		for (int i = 0; i < p->n; i++)
			us_hierarchy_direction(x + (Size) i * p->dim, p->width);
		return;
	}
	for (Size i = 0; i < (Size) p->n * p->dim; i++)
		most = fmax(most, fabs(x[i]));
	(void) frexp(most, &p->exponent);
	p->exponent = Max(p->exponent, -MOST_EXPONENT);
	down = ldexp(1.0, -p->exponent);
	for (Size i = 0; i < (Size) p->n * p->dim; i++)
		x[i] *= down;
}

typedef struct Sorting
{
	const double *x;
	const double *weight;
	const double *within;
	int			dim;
} Sorting;

static inline int
compare_points(const int32 *a, const int32 *b, const Sorting *s)
{
	const double *x = s->x + (Size) *a * s->dim;
	const double *y = s->x + (Size) *b * s->dim;

	for (int j = 0; j < s->dim; j++)
		if (x[j] != y[j])
			return x[j] < y[j] ? -1 : 1;
	if (s->weight[*a] != s->weight[*b])
		return s->weight[*a] < s->weight[*b] ? -1 : 1;
	if (s->within != NULL && s->within[*a] != s->within[*b])
		return s->within[*a] < s->within[*b] ? -1 : 1;
	return 0;
}

#define ST_SORT sort_points
#define ST_ELEMENT_TYPE int32
#define ST_COMPARE(a, b, s) compare_points(a, b, s)
#define ST_COMPARE_ARG_TYPE const Sorting
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

int32 *
us_hierarchy_put_in_order(UsHierarchyPoints *p, UsArena *arena, const double *x, const double *weight,
						  const double *within)
{
	Sorting		s = {x, weight, within, p->dim};
	int32	   *order = (int32 *) us_arena_array(arena, p->n, sizeof(int32));

	for (int i = 0; i < p->n; i++)
		order[i] = i;
	sort_points(order, p->n, &s);
	p->x = (double *) us_arena_array(arena, (Size) p->n * p->dim, sizeof(double));
	p->weight = (double *) us_arena_array(arena, p->n, sizeof(double));
	p->within = within ? (double *) us_arena_array(arena, p->n, sizeof(double)) : NULL;
	for (int i = 0; i < p->n; i++)
	{
		memcpy(p->x + (Size) i * p->dim, x + (Size) order[i] * p->dim, sizeof(double) * p->dim);
		p->weight[i] = weight[order[i]];
		if (within)
			p->within[i] = ldexp(within[order[i]], -2 * p->exponent);
	}
	return order;
}

/* The points of cells and of rows, after point i has become point map[i]. */
static void
renumber(const int32 *map, UsCells *cells, uint16 *of_row, int64 room)
{
	for (int i = 0; i < cells->book.n; i++)
		cells->prototype[i] = map[cells->prototype[i]];
	for (int64 i = 0; of_row != NULL && i < room; i++)
	{
		if (i % US_CHUNK_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		of_row[i] = (uint16) map[of_row[i]];
	}
}

/* The points in being made. */
typedef struct Making
{
	const UsFitInput *input;
	UsHierarchyPoints *p;
	UsArena    *arena;			/* of the points */
	UsArena    *scratch;
	int64	   *rows;			/* [n] of each point */
	uint16	   *of_row;
} Making;

/* Bring n points into order, and whatever refers to them. */
static void
put_in_order(Making *m, const double *x, const double *weight, const double *within, const int64 *rows)
{
	UsHierarchyPoints *p = m->p;
	const int32 *order = us_hierarchy_put_in_order(p, m->arena, x, weight, within);
	int32	   *rank = (int32 *) us_arena_array(m->scratch, p->n, sizeof(int32));

	m->rows = (int64 *) us_arena_array(m->scratch, p->n, sizeof(int64));
	for (int i = 0; i < p->n; i++)
	{
		rank[order[i]] = i;
		m->rows[i] = rows ? rows[order[i]] : 1;
	}
	if (p->cells != NULL)
		renumber(rank, p->cells, m->of_row, (int64) m->input->frame->nchunks * US_CHUNK_ROWS);
}

/* Weight, mean and sum of squares of each group of points, the last in units of x; and rows. */
static void
sum_groups(const UsHierarchyPoints *p, const int64 *rows, const int32 *group, int ngroups,
		   double *x, double *weight, double *within, int64 *sum_rows)
{
	for (int i = 0; i < p->n; i++)
	{
		weight[group[i]] += p->weight[i];
		sum_rows[group[i]] += rows[i];
	}
	for (int i = 0; i < p->n; i++)
		for (int j = 0; j < p->dim; j++)
			x[(Size) group[i] * p->dim + j] += p->weight[i] / weight[group[i]] * p->x[(Size) i * p->dim + j];
	for (int i = 0; i < p->n; i++)
	{
		double		square = 0;

		for (int j = 0; j < p->dim; j++)
		{
			double		d = p->x[(Size) i * p->dim + j] - x[(Size) group[i] * p->dim + j];

			square += d * d;
		}
		within[group[i]] += p->weight[i] * square + (p->within ? p->within[i] : 0);
	}
	for (int g = 0; g < ngroups && p->metric == US_METRIC_COSINE; g++)
		us_hierarchy_direction(x + (Size) g * p->dim, p->width);
}

/* Put points of few rows together. */
static void
aggregate(Making *m, int min_rows)
{
	UsHierarchyPoints *p = m->p;
	int32	   *group = (int32 *) us_arena_array(m->scratch, p->n, sizeof(int32));
	int			n = us_microaggregate(p->x, m->rows, p->n, p->dim, min_rows, group);
	double	   *x = (double *) us_arena_array(m->scratch, (Size) n * p->dim, sizeof(double));
	double	   *weight = (double *) us_arena_array(m->scratch, n, sizeof(double));
	double	   *within = (double *) us_arena_array(m->scratch, n, sizeof(double));
	int64	   *rows = (int64 *) us_arena_array(m->scratch, n, sizeof(int64));
	double		total = 0;

	sum_groups(p, m->rows, group, n, x, weight, within, rows);
	p->exact = true;
	for (int g = 0; g < n; g++)
	{
		p->exact = p->exact && within[g] == 0;
		within[g] = ldexp(within[g], 2 * p->exponent);
		total += weight[g];
	}
	if (p->own == 0)
		p->own = total / m->input->frame->nrows;
	if (p->cells != NULL)
		renumber(group, p->cells, m->of_row, (int64) m->input->frame->nchunks * US_CHUNK_ROWS);
	p->n = n;
	put_in_order(m, x, weight, p->exact ? NULL : within, rows);
}

void
us_hierarchy_points(const UsHierarchyPlan *plan, const UsFitInput *input, UsArena *arena,
					UsReport *details, UsHierarchyPoints *p, uint16 **of_row)
{
	UsArena    *scratch = us_arena_create(CurrentMemoryContext, input->budget);
	Making		m = {input, p, arena, scratch};
	const int64 *rows = NULL;
	double	   *x;
	double	   *weight;
	double	   *within = NULL;

	memset(p, 0, sizeof(UsHierarchyPoints));
	p->metric = plan->metric;
	p->width = plan->width;
	p->dim = plan->width + (plan->metric == US_METRIC_COSINE);
	p->exact = plan->exact;
	if (plan->exact)
	{
		p->n = plan->n;
		p->own = input->frame->weighted ? 0 : 1;
		x = (double *) us_arena_array(scratch, (Size) p->n * p->dim, sizeof(double));
		weight = (double *) us_arena_array(scratch, p->n, sizeof(double));
		take_rows(input, p, x, weight);
	}
	else
	{
		UsPrototypes *made = us_prototypes_build(input, plan->n, plan->metric == US_METRIC_COSINE,
												  plan->linkage == US_LINKAGE_WARD ? SIZE_MAX :
												  us_hierarchy_bytes(plan->linkage, plan->storage, plan->n, plan->width),
												  details);
		double		total = 0;

		p->n = made->n;
		p->exact = true;
		x = (double *) us_arena_array(scratch, (Size) p->n * p->dim, sizeof(double));
		for (int i = 0; i < p->n; i++)
		{
			memcpy(x + (Size) i * p->dim, made->center + (Size) i * p->width, sizeof(double) * p->width);
			total += made->weight[i];
			p->exact = p->exact && made->within[i] == 0;
		}
		weight = made->weight;
		within = p->exact ? NULL : made->within;
		/* with Ward's method a mixture finds the segments */
		if (plan->linkage != US_LINKAGE_WARD)
			p->cells = made->cells;
		m.of_row = made->of_row;
		rows = made->rows;
		p->own = input->frame->weighted ? total / input->frame->nrows : 1;
	}
	for (Size i = 0; i < (Size) p->n * p->dim; i++)
		x[i] += 0.0;			/* no negative zeros */
	normalise(p, x);
	put_in_order(&m, x, weight, within, rows);
	if (plan->min_rows > 1)
		aggregate(&m, plan->min_rows);
	p->least_rows = m.rows[0];
	for (int i = 1; i < p->n; i++)
		p->least_rows = Min(p->least_rows, m.rows[i]);
	*of_row = m.of_row;
	us_arena_reset(scratch);
}

int
us_hierarchy_distinct(const UsHierarchyPoints *p)
{
	int			n = 1;

	for (int i = 1; i < p->n; i++)
		n += memcmp(p->x + (Size) (i - 1) * p->dim, p->x + (Size) i * p->dim, sizeof(double) * p->dim) != 0;
	return n;
}
