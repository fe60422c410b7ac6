/*
 * naive_bayes_formula.c
 *	  Naive Bayes models as formulas.
 *
 * Terms are those of naive_bayes_model.c, added in the same order, so that classes whose joint probabilities are far
 * away from what is usual compare in the same way.
 */
#include "postgres.h"

#include <math.h>

#include "learn/linear_model.h"
#include "learn/naive_bayes_model.h"

/* with no more than this the square of any encoded value stays finite */
#define MOST_SCALE	1e7

/* log P(x | k) of a column of categories. */
typedef struct Levels
{
	const double *value;		/* [levels] */
	int			levels;
} Levels;

static double
level_value(const void *context, double x)
{
	const Levels *c = (const Levels *) context;

	return isnan(x) ? 0 : c->value[us_nb_level(x, c->levels)];
}

/* A missing value says nothing. */
static UsFormula *
unless_missing(UsFormula *f)
{
	return f->may_miss ? us_formula_fill(f, 0) : f;
}

static UsFormula *
category_term(const UsNbModel *m, int j, int k, UsFormula *x)
{
	Levels		c = {m->value + m->at[j] + (Size) k * m->levels[j], m->levels[j]};
	UsFormula  *f = us_formula_by_level(x, level_value, &c);

	if (f != NULL)
		return f;
	/* a boolean, 0 or 1 */
	Assert(c.levels == 2);
	return unless_missing(us_formula_two(US_F_SUB, us_formula_constant(c.value[0]), us_formula_scale(x, c.value[0] - c.value[1])));
}

static UsFormula *
number_term(const UsNbModel *m, int j, int k, UsFormula *x)
{
	Size		at = m->at[j] + 2 * (Size) k;
	double		reach = 2 * sqrt(-US_NB_LEAST_LOG / m->scale[at + 1]);
	UsFormula  *d = us_formula_affine(x, m->value[at], 1);

	if (m->scale[at + 1] > MOST_SCALE)
		d = us_formula_clip(d, -reach, reach);
	d = us_formula_scale(us_formula_square(d, 0), m->scale[at + 1]);
	d = unless_missing(us_formula_two(US_F_SUB, us_formula_constant(m->scale[at]), d));
	return us_formula_clip(d, US_NB_LEAST_LOG, INFINITY);
}

/* The joint log probability of class k. */
static UsFormula *
joint(const UsNbModel *m, int k, const UsFormulaRequest *request)
{
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * ((Size) m->width + 1));
	int			n = 0;

	term[n++] = us_formula_constant(m->log_prior[k]);
	for (int j = 0; j < m->width; j++)
		if (m->levels[j] != US_NB_IGNORED)
			term[n++] = m->levels[j] > 0 ? category_term(m, j, k, request->column[j]) :
				number_term(m, j, k, request->column[j]);
	return us_formula_sum(n, term);
}

UsFormula *
us_nb_formula(const void *model, const UsFormulaRequest *request)
{
	const UsNbModel *m = (const UsNbModel *) model;
	UsFormula **score = (UsFormula **) palloc(sizeof(UsFormula *) * m->classes);

	us_formula_check(request, (int64) m->classes * m->width, psprintf("%d classes of %d columns", m->classes, m->width));
	for (int k = 0; k < m->classes; k++)
		score[k] = joint(m, k, request);
	return us_formula_classes(m->classes, score, request);
}
