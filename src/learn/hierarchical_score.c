/*
 * hierarchical_score.c
 *	  Scoring with a hierarchical model: a row belongs to the segment of its nearest
 *	  point.
 *
 * Blocks are scored row by row with the same function, so both give the same bits.  Coordinates
 * farther out than 2^17 times the largest of the training are taken as that, so that no square
 * overflows.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/hierarchical_model.h"
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
 * How clear the choice is: b^2 / (a^2 + b^2), a and b the distances to the nearest point of the segment
 * and to the nearest of another one; the membership of fuzzy c-means with exponent 2 (J. C. Bezdek,
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

static void
score_row(const UsHierarchicalModel *m, const double *x, int stride, UsScore *score)
{
	double		near;
	double		second;
	int			nearest;
	int			other;

	take_row(m, x, stride);
	nearest = us_prototype_nearest(m->index, m->p, &near);
	score->label = m->label[nearest];
	score->value = NAN;
	score->distance = distance(m, near);
	score->runner_up = 0;
	score->probability = 1;
	score->margin = NAN;
	other = us_prototype_runner_up(m->index, m->p, score->label, &second);
	if (other < 0)
		return;
	score->runner_up = m->label[other];
	score->probability = clearness(m, near, second);
	score->margin = distance(m, second) - score->distance;
}

void
us_hierarchical_score(const void *model, const double *x, UsScore *score)
{
	score_row((const UsHierarchicalModel *) model, x, 1, score);
}

int
us_hierarchical_label(const void *model, const double *x)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	double		near;

	take_row(m, x, 1);
	return m->label[us_prototype_nearest(m->index, m->p, &near)];
}

void
us_hierarchical_score_block(const void *model, const double *x, int stride, int nrows, UsScore *out)
{
	for (int i = 0; i < nrows; i++)
	{
		if (i % INTERRUPT_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		score_row((const UsHierarchicalModel *) model, x + i, stride, &out[i]);
	}
}

void
us_hierarchical_point_block(const UsHierarchicalModel *m, const double *x, int stride, int nrows,
							const int32 *number, int32 *out)
{
	int			dim = m->points.dim;
	int			most = Min(nrows, US_FILTER_ROWS);
	double	   *row = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
														sizeof(double) * most * dim);

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

void
us_hierarchical_label_block(const void *model, const double *x, int stride, int nrows, int32 *label)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;

	us_hierarchical_point_block(m, x, stride, nrows, m->label, label);
}

/* The two segments that the choice is between share all. */
void
us_hierarchical_proba(const void *model, const double *x, double *p)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	UsScore		score;

	score_row(m, x, 1, &score);
	memset(p, 0, sizeof(double) * m->k);
	p[score.label - 1] = score.probability;
	if (score.runner_up > 0)
		p[score.runner_up - 1] = 1 - score.probability;
}

/*
 * By column, the squared difference (Manhattan: the difference) to the nearest point of the runner-up
 * minus that to the nearest point of the label: what speaks for the label.
 */
void
us_hierarchical_explain(const void *model, const double *x, const UsScore *score, double *c)
{
	const UsHierarchicalModel *m = (const UsHierarchicalModel *) model;
	const UsHierarchyPoints *points = &m->points;
	double		near;
	const double *a;
	const double *b;
	int			other;

	take_row(m, x, 1);
	a = points->x + (Size) us_prototype_nearest(m->index, m->p, &near) * points->dim;
	other = us_prototype_runner_up(m->index, m->p, score->label, &near);
	b = other < 0 ? a : points->x + (Size) other * points->dim;
	for (int j = 0; j < points->width; j++)
	{
		double		u = fabs(m->p[j] - a[j]) / m->down;
		double		v = fabs(m->p[j] - b[j]) / m->down;

		c[j] = points->metric == US_METRIC_MANHATTAN ? v - u : (v - u) * (v + u);
	}
}
