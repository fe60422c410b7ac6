/*
 * hierarchical_score.c
 *	  Scoring with a hierarchical model: a row belongs to the segment of its point, which is the
 *	  nearest one, or that of its cell where points stand for many rows (prototype_cells.h); or, with Ward's
 *	  method then, to that which the mixture of the branches finds (hierarchical_mixture.h).
 *
 * Cells and mixtures are computed in blocks; what is told of a row comes from the same functions for single rows and
 * blocks, so both give the same bits.  Coordinates farther out than 2^17 times the largest of the
 * training are taken as that, so that no square overflows.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/hierarchical_mixture.h"
#include "learn/prototype_filter.h"
#include "math/row_blocks.h"

#define REACH	131072.0

/* rows between two looks for interrupts */
#define INTERRUPT_ROWS	64

/* Coordinates of a row, x[0], x[stride], ..., into m->p. */
static void
take_row(const UsHierarchicalModel *m, const double *x, int stride)
{
	const UsHierarchyPoints *points = &m->points;

	if (points->metric == US_METRIC_COSINE)
	{
		for (int j = 0; j < points->width; j++)
			m->p[j] = x[(Size) j * stride];
		us_hierarchy_direction(m->p, points->width);
		return;
	}
	for (int j = 0; j < points->width; j++)
	{
		double		v = x[(Size) j * stride] * m->down;

		m->p[j] = v > REACH ? REACH : (v < -REACH ? -REACH : v);
	}
}

static double
distance(const UsHierarchicalModel *m, double near)
{
	double		d = us_distance_of_near(m->points.metric, near);

	return m->points.metric == US_METRIC_COSINE ? d : d / m->down;
}

/*
 * How clear the choice is: b^2 / (a^2 + b^2), a and b the distances to the point of the row
 * and to the nearest of another segment; the membership of fuzzy c-means with exponent 2 (J. C. Bezdek,
 * Pattern Recognition with Fuzzy Objective Function Algorithms, 1981) for these two points.
 */
static double
clearness(const UsHierarchicalModel *m, double near, double second)
{
	if (m->points.metric == US_METRIC_MANHATTAN)
	{
		near *= near;
		second *= second;
	}
	return second > 0 ? second / (near + second) : 0.5;
}

/* What orders as the distance of m->p from point i does. */
static double
near_of(const UsHierarchicalModel *m, int i)
{
	const UsHierarchyPoints *points = &m->points;
	const double *x = points->x + (Size) i * points->dim;
	double		sum = 0;

	for (int j = 0; j < points->dim; j++)
	{
		double		d = m->p[j] - x[j];

		sum += points->metric == US_METRIC_MANHATTAN ? fabs(d) : d * d;
	}
	return sum;
}

/* Find the points of other segments that are nearest to a point: out[US_OTHER_POINTS]. */
static void
find_others(const UsHierarchicalModel *m, int point, int32 *out)
{
	const UsHierarchyPoints *points = &m->points;
	double		least[US_OTHER_POINTS];
	int			found = 0;

	CHECK_FOR_INTERRUPTS();
	memcpy(m->p, points->x + (Size) point * points->dim, sizeof(double) * points->dim);
	for (int i = 0; i < points->n; i++)
	{
		double		near;
		int			at;

		if (m->label[i] == m->label[point])
			continue;
		near = near_of(m, i);
		if (found == US_OTHER_POINTS && near >= least[found - 1])
			continue;
		at = found < US_OTHER_POINTS ? found++ : found - 1;
		for (; at > 0 && near < least[at - 1]; at--)
		{
			least[at] = least[at - 1];
			out[at] = out[at - 1];
		}
		least[at] = near;
		out[at] = i;
	}
	while (found < US_OTHER_POINTS)
		out[found++] = -1;
}

/* The point of another segment that is nearest to a row whose point is known, among those nearest to that point. */
static int
nearest_other(const UsHierarchicalModel *m, const double *x, int stride, int point, double *near)
{
	int32	   *other = m->other + (Size) point * US_OTHER_POINTS;
	int			nearest = -1;

	if (!m->other_known[point])
	{
		find_others(m, point, other);
		m->other_known[point] = true;
		take_row(m, x, stride);
	}
	for (int i = 0; i < US_OTHER_POINTS && other[i] >= 0; i++)
	{
		double		d = near_of(m, other[i]);

		if (nearest < 0 || d < *near)
		{
			nearest = other[i];
			*near = d;
		}
	}
	return nearest;
}

/* A row and the two points that its segment and the runner-up are judged by. */
typedef struct Choice
{
	int			point;
	double		near;
	int			other;			/* -1: there is no other segment */
	double		other_near;
} Choice;

/* The row goes to m->p; point is its point if it is known already, else -1. */
static void
choose(const UsHierarchicalModel *m, const double *x, int stride, int point, Choice *c)
{
	take_row(m, x, stride);
	c->point = point;
	if (m->points.cells == NULL)
	{
		c->point = us_prototype_nearest(m->index, m->p, &c->near);
		c->other = us_prototype_runner_up(m->index, m->p, m->label[c->point], &c->other_near);
		return;
	}
	c->other = nearest_other(m, x, stride, point, &c->other_near);
	c->near = near_of(m, point);
}

static void
fill_score(const UsHierarchicalModel *m, const Choice *c, UsScore *score)
{
	score->label = m->label[c->point];
	score->value = NAN;
	score->distance = distance(m, c->near);
	score->runner_up = 0;
	score->probability = 1;
	score->margin = NAN;
	if (c->other < 0)
		return;
	score->runner_up = m->label[c->other];
	/* at the border the point of the row need not be the nearest one */
	score->probability = fmax(clearness(m, c->near, c->other_near), 0.5);
	score->margin = fmax(distance(m, c->other_near) - score->distance, 0);
}

/* The cell of a row; -1 without cells. */
static int
cell_of(const UsHierarchicalModel *m, const double *x)
{
	return m->points.cells != NULL ? us_cells_row(m->points.cells, x) : -1;
}

/* ---- by the mixture ---- */

/* Rows x + i, n of at most US_HALF_LANES, to the mixture. */
static void
look(const UsHierarchicalModel *m, const double *x, int stride, int n)
{
	for (int i = 0; i < n; i++)
	{
		take_row(m, x + i, stride);
		for (int j = 0; j < m->points.dim; j++)
			m->mixture->block[j * US_HALF_LANES + i] = m->p[j];
	}
	us_tree_mixture_look(m->mixture);
}

static void
fill_choice(const UsHierarchicalModel *m, const UsTreeChoice *c, UsScore *score)
{
	score->label = m->branch_label[c->branch];
	score->value = NAN;
	score->distance = distance(m, c->near);
	score->runner_up = 0;
	score->probability = 1;
	score->margin = NAN;
	if (c->other < 0)
		return;
	score->runner_up = m->branch_label[c->other];
	score->probability = c->probability;
	score->margin = fmax(distance(m, c->other_near) - score->distance, 0);
}

/* ---- the vtable ---- */

void
us_hierarchical_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	int32	   *point = NULL;

	for (int from = 0; m->mixture != NULL && from < nrows; from += US_HALF_LANES)
	{
		int			n = Min(nrows - from, US_HALF_LANES);
		UsTreeChoice c;

		if (from % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		look(m, x + from, stride, n);
		for (int i = 0; i < n; i++)
		{
			us_tree_mixture_choose(m->mixture, i, m->branch_label, m->k, &c);
			fill_choice(m, &c, &out[from + i]);
		}
	}
	if (m->mixture != NULL)
		return;
	if (m->points.cells != NULL)
	{
		point = (int32 *) palloc(sizeof(int32) * nrows);
		us_cells_block(m->points.cells, x, stride, nrows, point);
	}
	for (int i = 0; i < nrows; i++)
	{
		Choice		c;

		if (i % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		choose(m, x + i, stride, point ? point[i] : -1, &c);
		fill_score(m, &c, &out[i]);
	}
	if (point)
		pfree(point);
}

void
us_hierarchical_score(const void *model, const double *x, UsScore *score)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	Choice		c;

	if (m->mixture != NULL)
	{
		us_hierarchical_score_block(model, x, 1, 1, score);
		return;
	}
	choose(m, x, 1, cell_of(m, x), &c);
	fill_score(m, &c, score);
}

/* out[nrows]: for each row of a block number[] of its point. */
static void
point_block(const UsHierarchicalModel *m, const double *x, int stride, int nrows, const int32 *number, int32 *out)
{
	int			dim = m->points.dim;
	int			most = Min(nrows, US_FILTER_ROWS);
	double	   *row;

	if (m->points.cells != NULL)
	{
		us_cells_block(m->points.cells, x, stride, nrows, out);
		for (int i = 0; i < nrows; i++)
			out[i] = number[out[i]];
		return;
	}
	row = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * most * dim);
	for (int from = 0; from < nrows; from += most)
	{
		int			n = Min(most, nrows - from);

		for (int i = 0; i < n; i++)
		{
			take_row(m, x + from + i, stride);
			memcpy(row + (Size) i * dim, m->p, sizeof(double) * dim);
		}
		us_prototype_nearest_rows(m->index, row, n, out + from);
		for (int i = from; i < from + n; i++)
			out[i] = number[out[i]];
	}
	pfree(row);
}

/* branch[nrows], 1-based; if fine is false only one of the same component. */
static void
mixture_block(const UsHierarchicalModel *m, const double *x, int stride, int nrows, bool fine, int32 *branch)
{
	for (int from = 0; from < nrows; from += US_HALF_LANES)
	{
		int			n = Min(nrows - from, US_HALF_LANES);

		if (from % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		look(m, x + from, stride, n);
		for (int i = 0; i < n; i++)
			branch[from + i] = us_tree_mixture_branch(m->mixture, i, fine) + 1;
	}
}

void
us_hierarchical_branch_block(const void *model, const double *x, int stride, int nrows, int32 *branch)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;

	if (m->mixture != NULL)
		mixture_block(m, x, stride, nrows, true, branch);
	else
		point_block(m, x, stride, nrows, m->branch, branch);
}

void
us_hierarchical_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;

	if (m->mixture == NULL)
	{
		point_block(m, x, stride, nrows, m->label, label);
		return;
	}
	mixture_block(m, x, stride, nrows, m->k > m->components, label);
	for (int i = 0; i < nrows; i++)
		label[i] = m->branch_label[label[i] - 1];
}

int
us_hierarchical_label(const void *model, const double *x)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	int32		label;
	double		near;

	if (m->mixture != NULL)
	{
		us_hierarchical_label_block(model, x, 1, 1, &label);
		return label;
	}
	if (m->points.cells != NULL)
		return m->label[us_cells_row(m->points.cells, x)];
	take_row(m, x, 1);
	return m->label[us_prototype_nearest(m->index, m->p, &near)];
}

/* The two segments that the choice is between share all. */
void
us_hierarchical_proba(const void *model, const double *x, double *p)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	UsScore		score;

	us_hierarchical_score(model, x, &score);
	memset(p, 0, sizeof(double) * m->k);
	p[score.label - 1] = score.probability;
	if (score.runner_up > 0)
		p[score.runner_up - 1] = 1 - score.probability;
}

/* What a row is compared with: a of its segment, b of the runner-up (a, if there is none). */
static void
find_two(const UsHierarchicalModel *m, const double *x, const double **a, const double **b)
{
	const UsHierarchyPoints *points = &m->points;
	Choice		choice;

	if (m->mixture != NULL)
	{
		UsTreeChoice c;

		look(m, x, 1, 1);
		us_tree_mixture_choose(m->mixture, 0, m->branch_label, m->k, &c);
		*a = c.a;
		*b = c.other < 0 ? c.a : c.b;
		return;
	}
	choose(m, x, 1, cell_of(m, x), &choice);
	*a = points->x + (Size) choice.point * points->dim;
	*b = choice.other < 0 ? *a : points->x + (Size) choice.other * points->dim;
}

/*
 * By column, the squared difference (Manhattan: the difference) to what stands for the runner-up
 * minus that to what stands for the label: what speaks for the label.
 */
void
us_hierarchical_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	const UsHierarchyPoints *points = &m->points;
	const double *a;
	const double *b;

	find_two(m, x, &a, &b);
	for (int j = 0; j < points->width; j++)
	{
		double		u = fabs(m->p[j] - a[j]) / m->down;
		double		v = fabs(m->p[j] - b[j]) / m->down;

		c[j] = points->metric == US_METRIC_MANHATTAN ? v - u : (v - u) * (v + u);
	}
}
