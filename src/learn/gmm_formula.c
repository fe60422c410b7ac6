/*
 * gmm_formula.c
 *	  Mixtures as formulas.
 *
 * Log densities of the components are summed up as the kernel for single rows does it (math/gmm_row.c).
 */
#include "postgres.h"

#include <math.h>

#include "learn/gmm_model.h"
#include "learn/linear_model.h"

/* where exp() of a difference is as good as 0 */
#define MOST_GAP	700

/* log density of a component without weight */
#define NOTHING		(-1e300)

/* The columns in units of the grid. */
static UsFormula **
place(const UsGmmModel *m, const UsFormulaRequest *request)
{
	const double most = US_GRID_MAX_Q / (1 << US_GRID_BITS);
	UsFormula **y = (UsFormula **) palloc(sizeof(UsFormula *) * m->gmm.d);

	for (int j = 0; j < m->gmm.d; j++)
		y[j] = us_formula_clip(us_formula_affine(request->column[j], us_mixture_grid(m->mixture)[j].offset,
												 ldexp(1, -us_mixture_unit(m->mixture, j))), -most, most);
	return y;
}

/* Row a of a packed triangle times a vector. */
static UsFormula *
triangle_row(const double *factor, int a, UsFormula *const *v)
{
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * (a + 1));

	for (int b = 0; b <= a; b++)
		term[b] = us_formula_scale(v[b], factor[us_packed(a) + b]);
	return us_formula_sum(a + 1, term);
}

/* Log of weight and density of component i; tied: the transformed row. */
static UsFormula *
component(const UsGmm *g, int i, UsFormula *const *y, UsFormula *const *tied)
{
	UsFormula **d = (UsFormula **) palloc(sizeof(UsFormula *) * g->d);
	UsFormula **square = (UsFormula **) palloc(sizeof(UsFormula *) * g->d);

	for (int j = 0; j < g->d; j++)
		d[j] = us_formula_affine((tied != NULL ? tied : y)[j], g->mean[(Size) i * g->d + j], 1);
	for (int j = 0; j < g->d; j++)
	{
		UsFormula  *z = d[j];

		if (g->covariance == US_COVARIANCE_FULL)
			z = triangle_row(g->factor + us_packed(g->d) * i, j, d);
		else if (tied == NULL)
			z = us_formula_scale(z, g->factor[(Size) i * g->d + j]);
		square[j] = us_formula_square(z, 0);
	}
	return us_formula_two(US_F_SUB, us_formula_constant(g->constant[i]), us_formula_scale(us_formula_sum(g->d, square), 0.5));
}

/* The log density of the mixture: log of the sum of exp(density), from the largest one. */
static UsFormula *
log_density(int n, UsFormula *const *density)
{
	UsFormula  *largest = us_formula_new(US_F_LARGEST, n, density);
	UsFormula **term = (UsFormula **) palloc(sizeof(UsFormula *) * n);
	UsFormula  *sum[2];

	if (n == 1)
		return density[0];
	for (int i = 0; i < n; i++)
	{
		term[i] = us_formula_one(US_F_EXP, us_formula_two(US_F_SUB, density[i], largest));
		term[i]->number = MOST_GAP;
	}
	sum[0] = largest;
	sum[1] = us_formula_one(US_F_LN, us_formula_sum(n, term));
	return us_formula_sum(2, sum);
}

/* The density of each of k components, of the n that have labels. */
static UsFormula *
scores(int k, int n, UsFormula *const *density, UsFormula *const *label)
{
	UsFormula **score = (UsFormula **) palloc(sizeof(UsFormula *) * k);

	for (int i = 0; i < k; i++)
		score[i] = us_formula_constant(NOTHING);
	for (int i = 0; i < n; i++)
		score[(int) label[i]->number - 1] = density[i];
	return us_formula_new(US_F_SCORES, k, score);
}

UsFormula *
us_gmm_model_formula(const void *model, const UsFormulaRequest *request)
{
	const UsGmmModel *m = (const UsGmmModel *) model;
	const UsGmm *g = &m->gmm;
	bool		triangle = g->covariance == US_COVARIANCE_FULL || g->covariance == US_COVARIANCE_TIED;
	UsFormula **density = (UsFormula **) palloc(sizeof(UsFormula *) * g->k);
	UsFormula **result = (UsFormula **) palloc(sizeof(UsFormula *) * g->k);
	UsFormula **tied = NULL;
	UsFormula **y;
	int			own = -1;
	int			n = 0;

	us_formula_check(request, (int64) g->k * (triangle ? (int64) us_packed(g->d) : g->d),
					 psprintf("%d components of %d columns", g->k, g->d));
	y = place(m, request);
	if (g->covariance == US_COVARIANCE_TIED)
	{
		tied = (UsFormula **) palloc(sizeof(UsFormula *) * g->d);
		for (int a = 0; a < g->d; a++)
			tied[a] = triangle_row(g->factor, a, y);
	}
	/* components without weight have no row */
	for (int i = 0; i < g->k; i++)
	{
		if (isinf(g->constant[i]))
			continue;
		if (i == request->class)
			own = n;
		result[n] = us_formula_label(i + 1);
		density[n++] = component(g, i, y, tied);
	}
	if (request->want == US_WANT_SCORES)
		return scores(g->k, n, density, result);
	if (request->want == US_WANT_VALUE)
		return log_density(n, density);
	if (request->want == US_WANT_LABEL)
		return us_formula_pick(n, density, result, false);
	if (request->want == US_WANT_CLASS && own < 0)
		return us_formula_constant(0);
	return us_formula_softmax(n, density, request->want == US_WANT_TOP ? -1 : own);
}
