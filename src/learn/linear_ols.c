/*
 * linear_ols.c
 *	  Least squares: refinement, standard errors, figures.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/linear_fit.h"

#define MAX_REFINEMENTS		10

/* with variance inflation beyond its square, "auto" refines */
#define REFINE_INFLATION	1e4

/* room of the grid of the meat, for leverages near 1 */
#define MEAT_ROOM			128.0

static UsResidualParam *
residual_param(UsLinearFit *f, const UsLeastSquares *l, UsRobust robust)
{
	UsResidualParam *p = (UsResidualParam *) us_design_param(f->design);

	us_residual_layout(p, f->width, f->intercept, robust);
	memcpy((char *) p + p->centre_at, f->centre, sizeof(double) * (f->width + 1));
	memcpy((char *) p + p->beta_at, l->b, sizeof(UsDd) * l->m);
	return p;
}

/* An exact sum to 106 bits. */
static UsDd
exact_dd(const UsExactSum *sum)
{
	UsExactSum	rest = *sum;
	double		hi = us_exact_round(sum);

	if (!isfinite(hi))
		return us_dd(hi);
	us_exact_add(&rest, -hi);
	return us_fast_two_sum(hi, us_exact_round(&rest));
}

/* Correct the coefficients by the residuals of the rows until they stand still. */
static int
refine(UsLinearFit *f, UsLeastSquares *l)
{
	UsDd	   *g = (UsDd *) palloc(sizeof(UsDd) * (l->m + 1));
	double		before = INFINITY;
	int			i;

	for (i = 1; i <= MAX_REFINEMENTS; i++)
	{
		UsPassState state;
		double		change = 0;

		(void) residual_param(f, l, US_ROBUST_NONE);
		state = us_design_pass(f->design, US_KERNEL_RESIDUAL, us_residual_shape(l->m, false));
		for (int k = 0; k < l->m; k++)
			g[k] = exact_dd(&state.exact[k]);
		us_least_squares_set_rss(l, f->sums, us_exact_round(&state.exact[l->m]));
		us_least_squares_solve(l, g, g);
		for (int k = 0; k < l->m; k++)
			change += g[k].hi * g[k].hi * f->sums->a[(Size) k * (l->m + 1) + k].hi;
		us_progress_note("refinement %d: change %.3g, residual sum of squares %.15g", i, sqrt(change), l->rss);
		if (!(change < before))
			break;
		for (int k = 0; k < l->m; k++)
			l->b[k] = us_dd_add(l->b[k], g[k]);
		before = change;
		if (change <= 1e-40 * f->sums->a[(Size) l->m * (l->m + 1) + l->m].hi)
			break;
	}
	pfree(g);
	return i;
}

/* L^-1 / sqrt(D) in the order of the columns: leverage = |root x|^2. */
static void
fill_root(const UsLeastSquares *l, double *root)
{
	const UsElimination *e = l->e;

	memset(root, 0, sizeof(double) * l->m * l->m);
	for (int k = 0; k < l->m; k++)
		for (int i = 0; i <= k && !e->dropped[k]; i++)
			root[(Size) k * l->m + l->order[i]] = e->inverse_hi[(Size) k * e->stride + i] / sqrt(e->d[k]);
}

/* to = a b, all [n][n]. */
static void
multiply(int n, const double *a, const double *b, double *to)
{
	memset(to, 0, sizeof(double) * n * n);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < n; k++)
		{
			double		f = a[(Size) i * n + k];

			for (int j = 0; j < n && f != 0; j++)
				to[(Size) i * n + j] += f * b[(Size) k * n + j];
		}
	}
}

/* The sandwich covariance v[m][m]; J. G. MacKinnon and H. White, J. Econometrics 29 (1985). */
static void
robust_covariance(UsLinearFit *f, const UsLeastSquares *l, double *v)
{
	int			m = l->m;
	UsResidualParam *p = residual_param(f, l, f->robust);
	UsGrid	   *grid = (UsGrid *) ((char *) p + p->grid_at);
	double		most = sqrt(l->rss) * sqrt(f->largest_weight) * (f->robust == US_ROBUST_HC3 ? MEAT_ROOM : 2);
	double	   *meat = (double *) palloc(sizeof(double) * m * m);
	double	   *half = (double *) palloc(sizeof(double) * m * m);
	double		factor = 1;
	UsPassState state;

	us_gram_grids(f->input, f->intercept, f->centre, most * most, grid);
	if (f->robust >= US_ROBUST_HC2)
		fill_root(l, (double *) ((char *) p + p->root_at));
	state = us_design_pass(f->design, US_KERNEL_RESIDUAL, us_residual_shape(m, true));
	if (f->robust == US_ROBUST_HC1)
		factor = (double) f->sums->n / (double) Max(l->df_resid, 1);
	for (int i = 0; i < m; i++)
		for (int j = i; j < m; j++)
		{
			int128		sum = us_cross_join(state.whole[us_cross_at(2 * m, i, j)],
											state.whole[us_cross_at(2 * m, i, m + j)] +
											state.whole[us_cross_at(2 * m, j, m + i)],
											state.whole[us_cross_at(2 * m, m + i, m + j)]);

			meat[(Size) i * m + j] = meat[(Size) j * m + i] = factor *
				us_dd_round(us_dd_scale(us_dd_int128(sum), grid[i].exponent + grid[j].exponent));
		}
	multiply(m, l->inverse, meat, half);
	multiply(m, half, l->inverse, v);
	pfree(meat);
	pfree(half);
}

/* Coefficients and their covariance for a model that always has a place for the intercept. */
static void
fill_terms(UsLinearFit *f, const UsLeastSquares *l, const double *v)
{
	int			n = f->width + 1;
	int			skip = 1 - l->intercept;
	double	   *b = (double *) palloc0(sizeof(double) * n);
	double	   *full = (double *) palloc0(sizeof(double) * n * n);
	bool	   *dropped = (bool *) palloc0(sizeof(bool) * n);
	char	   *warning;

	for (int i = 0; i < l->m; i++)
	{
		b[skip + i] = us_dd_round(l->b[i]);
		dropped[skip + i] = l->dropped[i];
		for (int j = 0; j < l->m; j++)
			full[(Size) (skip + i) * n + skip + j] = v[(Size) i * l->m + j];
	}
	us_linear_model_terms(f->model, 0, f->input->encoder, b, l->df_resid > 0 ? full : NULL, dropped,
						  f->centre, f->centre[f->width]);
	warning = us_linear_alias_warning(f->input->encoder, dropped);
	if (warning != NULL)
		us_fit_warn(f->result, warning);
	pfree(full);
}

static void
add_figures(UsLinearFit *f, const UsLeastSquares *l)
{
	UsLinearModel *m = f->model;

	us_linear_model_figure(m, "n", (double) f->sums->n);
	if (f->weighted)
		us_linear_model_figure(m, "weight", f->sums->weight);
	us_linear_model_figure(m, "rank", l->rank);
	us_linear_model_figure(m, "df_model", l->df_model);
	us_linear_model_figure(m, "df_resid", (double) l->df_resid);
	us_linear_model_figure(m, "rss", l->rss);
	us_linear_model_figure(m, "tss", l->tss);
	us_linear_model_figure(m, "sigma", sqrt(l->sigma2));
	us_linear_model_figure(m, "r2", l->r2);
	us_linear_model_figure(m, "adjusted_r2", l->adjusted_r2);
	us_linear_model_figure(m, "f", l->f);
	us_linear_model_figure(m, "f_p", l->f_p);
	us_linear_model_figure(m, "log_likelihood", l->log_likelihood);
	us_linear_model_figure(m, "aic", l->aic);
	us_linear_model_figure(m, "bic", l->bic);
	us_linear_model_figure(m, "condition_number", l->condition);
}

void
us_linear_least_squares(UsLinearFit *f)
{
	const char *asked = us_params_get(f->input->params, "refine")->text;
	bool	   *last = (bool *) palloc(sizeof(bool) * f->width);
	int		   *run = (int *) palloc(sizeof(int) * f->width);
	UsLeastSquares *l;
	double		inflation;
	double	   *v;
	int			refinements = 0;

	us_progress("solve", 0, 0);
	us_linear_references(f->input->encoder, last, run);
	l = us_least_squares(f->sums, last, run);
	inflation = us_least_squares_inflation(l, f->sums);
	if (f->design != NULL && strcmp(asked, "never") != 0 &&
		(strcmp(asked, "always") == 0 || inflation > REFINE_INFLATION))
		refinements = refine(f, l);
	else if (f->design == NULL && inflation > REFINE_INFLATION)
		us_fit_warn(f->result, psprintf("columns are nearly dependent (condition number %.3g): strategy \"sql\" "
										"cannot refine the coefficients, \"local\" can", l->condition));
	if (l->df_resid == 0)
		us_fit_warn(f->result, psprintf("as many coefficients as rows (" INT64_FORMAT "): there are no standard errors",
										f->sums->n));

	v = (double *) palloc(sizeof(double) * Max((Size) l->m * l->m, 1));
	if (f->robust != US_ROBUST_NONE && l->df_resid > 0)
	{
		static const char *const name[] = {NULL, "HC0", "HC1", "HC2", "HC3"};

		robust_covariance(f, l, v);
		f->model->errors = name[f->robust];
	}
	else
	{
		for (Size i = 0; i < (Size) l->m * l->m; i++)
			v[i] = l->df_resid > 0 ? l->inverse[i] * l->sigma2 : 0;
		f->model->errors = l->df_resid > 0 ? "nonrobust" : NULL;
	}
	f->model->df = (double) l->df_resid;
	fill_terms(f, l, v);
	add_figures(f, l);
	us_report_int(f->details, "refinements", refinements);
	f->result->iterations = 1 + refinements;
	f->result->converged = true;
}
