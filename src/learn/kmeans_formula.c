/*
 * kmeans_formula.c
 *	  k-means models as formulas.
 *
 * The label is decided as scoring does it: on the grid, in float4, in the order of the columns.  So rows half way
 * between two centres get the same label.  Membership is computed in float8 (kmeans_score.c).
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_model.h"

/* Coordinates of centres below this vanish beside any step of the grid; their squares must not underflow. */
#define LEAST_COORDINATE	ldexp(1.0, -70)

/* where exp() of a difference is 0 */
#define MOST_GAP			800.0

/* The columns, brought to unit length where the model does that. */
static UsFormula **
columns(const UsKmeansModel *m, const UsFormulaRequest *request)
{
	UsFormula **x = (UsFormula **) palloc(sizeof(UsFormula *) * m->width);
	UsFormula **square;
	UsFormula  *length;
	UsFormula  *zero = us_formula_constant(0);

	memcpy(x, request->column, sizeof(UsFormula *) * m->width);
	if (!m->unit)
		return x;
	square = (UsFormula **) palloc(sizeof(UsFormula *) * m->width);
	for (int j = 0; j < m->width; j++)
		square[j] = us_formula_square(x[j], 0);
	length = us_formula_one(US_F_SQRT, us_formula_sum(m->width, square));
	for (int j = 0; j < m->width; j++)
		x[j] = us_formula_above(length, zero, us_formula_two(US_F_DIV, x[j], length), zero);
	return x;
}

/* Squared distances to all centres in float4, as the kernel has them. */
static UsFormula **
kernel_distances(const UsKmeansModel *m, UsFormula *const *x)
{
	UsFormula **coordinate = (UsFormula **) palloc(sizeof(UsFormula *) * m->width);
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * m->width);
	UsFormula **distance = (UsFormula **) palloc(sizeof(UsFormula *) * m->k);

	for (int j = 0; j < m->width; j++)
	{
		UsFormula  *q = us_formula_affine(x[j], m->grid[j].offset, ldexp(1.0, -m->grid[j].exponent));

		q = us_formula_one(US_F_ROUND, us_formula_clip(q, -US_GRID_MAX_Q, US_GRID_MAX_Q));
		coordinate[j] = us_formula_one(US_F_REAL, us_formula_scale(q, ldexp(1.0, m->grid[j].exponent - m->scale)));
	}
	for (int i = 0; i < m->k; i++)
	{
		for (int j = 0; j < m->width; j++)
		{
			double		c = m->coordinate[(Size) i * m->width + j];

			term[j] = us_formula_real_square(coordinate[j], fabs(c) < LEAST_COORDINATE ? 0 : c);
		}
		distance[i] = us_formula_new(US_F_REAL_SUM, m->width, term);
	}
	return distance;
}

/* Squared distances in float8. */
static UsFormula **
distances(const UsKmeansModel *m, UsFormula *const *x)
{
	UsFormula **relative = (UsFormula **) palloc(sizeof(UsFormula *) * m->width);
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * m->width);
	UsFormula **distance = (UsFormula **) palloc(sizeof(UsFormula *) * m->k);

	for (int j = 0; j < m->width; j++)
		relative[j] = us_formula_clip(us_formula_affine(x[j], m->grid[j].offset, 1), -m->reach[j], m->reach[j]);
	for (int i = 0; i < m->k; i++)
	{
		for (int j = 0; j < m->width; j++)
			term[j] = us_formula_square(relative[j], m->center[(Size) i * m->width + j]);
		distance[i] = us_formula_sum(m->width, term);
	}
	return distance;
}

/* The share of cluster i relative to that of the label. */
static UsFormula *
share(const UsKmeansModel *m, UsFormula *const *d, int i, int label)
{
	UsFormula  *gap = us_formula_two(US_F_SUB, d[i], d[label]);
	UsFormula  *const term[] = {
		us_formula_constant(m->log_prior[i] - m->log_prior[label]),
		us_formula_scale(us_formula_clip(gap, 0, MOST_GAP / m->precision), -m->precision)
	};

	return us_formula_one(US_F_EXP, us_formula_sum(2, term));
}

/* The probability of cluster c, -1: of the label, where that is the label. */
static UsFormula *
membership(const UsKmeansModel *m, UsFormula *const *d, int label, int c)
{
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * m->k);
	UsFormula  *own = us_formula_constant(1);
	int			n = 0;

	if (!(m->weight[label] > 0))
		return us_formula_constant(c < 0 || c == label ? 1 : 0);
	if (c >= 0 && !(m->weight[c] > 0))
		return us_formula_constant(0);
	for (int i = 0; i < m->k; i++)
	{
		if (!(m->weight[i] > 0))
			continue;
		term[n] = i == label ? us_formula_constant(1) : share(m, d, i, label);
		if (i == c)
			own = term[n];
		n++;
	}
	return us_formula_two(US_F_DIV, own, us_formula_sum(n, term));
}

UsFormula *
us_kmeans_model_formula(const void *model, const UsFormulaRequest *request)
{
	const UsKmeansModel *m = (const UsKmeansModel *) model;
	UsFormula **result = (UsFormula **) palloc(sizeof(UsFormula *) * m->k);
	UsFormula **x;
	UsFormula **kernel;
	UsFormula **d;
	int64		nodes = (int64) m->k * m->width;

	if (request->want != US_WANT_LABEL)
		nodes += (int64) m->k * m->k;
	us_formula_check(request, nodes, psprintf("%d centres of %d columns", m->k, m->width));
	x = columns(m, request);
	kernel = kernel_distances(m, x);
	if (request->want == US_WANT_LABEL)
		return us_formula_pick_label(m->k, kernel, true);
	d = distances(m, x);
	for (int i = 0; i < m->k; i++)
		result[i] = membership(m, d, i, request->want == US_WANT_TOP ? -1 : request->class);
	return us_formula_pick(m->k, kernel, result, true);
}
