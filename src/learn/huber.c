/*
 * huber.c
 *	  Linear regression with Huber's loss: iteratively reweighted least squares with exact sums.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/huber.h"
#include "math/kernels.h"

/* Exact sums of a pass. */
enum
{
	SUM_WEIGHT,					/* of all rows */
	SUM_INSIDE,					/* weight * r^2 of rows within the limit */
	SUM_OUTSIDE,				/* weight of the others */
	SUM_FAR,					/* weight * |r| of the others */
	SUMS
};

static void
lay_out(UsHuberParam *p, int width, bool intercept)
{
	memset(p, 0, sizeof(UsHuberParam));
	p->intercept = intercept;
	p->m = intercept + width;
	p->centre_at = MAXALIGN(sizeof(UsHuberParam));
	p->beta_at = p->centre_at + sizeof(double) * (width + 1);
	p->grid_at = p->beta_at + sizeof(double) * (width + 1);
}

Size
us_huber_param_bytes(int width)
{
	UsHuberParam p;

	lay_out(&p, width, true);
	return p.grid_at + sizeof(UsGrid) * (width + 2);
}

UsPassShape
us_huber_shape(int m)
{
	UsPassShape s = {0};

	s.exact = SUMS;
	s.whole = 1 + us_cross_size(2 * (m + 1));	/* rows outside, products */
	return s;
}

typedef struct HuberScratch
{
	double		r[US_CROSS_TILE];
	double		root[US_CROSS_TILE];
	double		sum[SUMS][US_CROSS_TILE];
	double		ones[US_CROSS_TILE];
	double	   *part;			/* [2 (m + 1)][US_CROSS_TILE] */
} HuberScratch;

static void
weigh(const UsHuberParam *p, HuberScratch *s, const double *weight, int n, int128 *outside)
{
	for (int r = 0; r < n; r++)
	{
		double		w = weight != NULL ? weight[r] : 1;
		double		size = fabs(s->r[r]);
		bool		far = !p->squares && size > p->limit;

		s->sum[SUM_WEIGHT][r] = w;
		s->sum[SUM_INSIDE][r] = far ? 0 : w * size * size;
		s->sum[SUM_OUTSIDE][r] = far ? w : 0;
		s->sum[SUM_FAR][r] = far ? w * size : 0;
		s->root[r] = sqrt(far ? w * (p->limit / size) : w);
		*outside += far;
	}
}

void
us_huber_kernel(UsDesignWork *w, const UsDesignChunk *c)
{
	const UsHuberParam *p = (const UsHuberParam *) w->param;
	const double *centre = (const double *) ((const char *) p + p->centre_at);
	const double *beta = (const double *) ((const char *) p + p->beta_at);
	const UsGrid *grid = (const UsGrid *) ((const char *) p + p->grid_at);
	HuberScratch *s = (HuberScratch *) w->scratch;
	int			columns = p->m + 1;

	if (s == NULL)
	{
		w->scratch = s = (HuberScratch *) us_block_alloc(sizeof(HuberScratch));
		s->part = (double *) us_block_alloc(sizeof(double) * US_CROSS_TILE * 2 * columns);
		for (int r = 0; r < US_CROSS_TILE; r++)
			s->ones[r] = 1;
	}
	for (int first = 0; first < c->nrows; first += US_CROSS_TILE)
	{
		int			n = Min(c->nrows - first, US_CROSS_TILE);

		for (int r = 0; r < n; r++)
			s->r[r] = c->y[first + r] - centre[w->width] - (p->intercept ? beta[0] : 0);
		for (int j = 0; j < w->width; j++)
		{
			const double *x = c->x + (Size) j * US_CHUNK_ROWS + first;

			for (int r = 0; r < n; r++)
				s->r[r] -= beta[p->intercept + j] * (x[r] - centre[j]);
		}
		weigh(p, s, c->weight != NULL ? c->weight + first : NULL, n, &w->state.whole[0]);
		for (int k = 0; k < SUMS; k++)
			(void) us_exact_add_array(&w->state.exact[k], s->sum[k], n);
		for (int k = 0; k < columns; k++)
		{
			int			j = k - p->intercept;
			const double *x = j < 0 ? s->ones : j < w->width ? c->x + (Size) j * US_CHUNK_ROWS + first : c->y + first;

			us_cross_cut(grid[k], x, s->root, n, s->part + (Size) k * US_CROSS_TILE,
						 s->part + (Size) (columns + k) * US_CROSS_TILE);
		}
		us_cross_triangle(s->part, 2 * columns, n, w->state.whole + 1);
	}
}

typedef struct Pass
{
	double		weight;
	double		inside;
	double		outside;
	double		far;
	double		rows_outside;
	UsCrossSums sums;
} Pass;

static void
run_pass(UsLinearFit *f, const double *beta, double limit, bool squares, Pass *pass)
{
	UsHuberParam *p = (UsHuberParam *) us_design_param(f->design);
	UsGrid	   *grid;
	UsPassState s;
	int			n;

	lay_out(p, f->width, f->intercept);
	n = p->m + 1;
	p->squares = squares;
	p->limit = limit;
	memcpy((char *) p + p->centre_at, f->centre, sizeof(double) * (f->width + 1));
	memcpy((char *) p + p->beta_at, beta, sizeof(double) * p->m);
	grid = (UsGrid *) ((char *) p + p->grid_at);
	us_gram_grids(f->input, f->intercept, f->centre, f->largest_weight, grid);
	s = us_design_pass(f->design, US_KERNEL_HUBER, us_huber_shape(p->m));
	pass->weight = us_exact_round(&s.exact[SUM_WEIGHT]);
	pass->inside = us_exact_round(&s.exact[SUM_INSIDE]);
	pass->outside = us_exact_round(&s.exact[SUM_OUTSIDE]);
	pass->far = us_exact_round(&s.exact[SUM_FAR]);
	pass->rows_outside = (double) s.whole[0];
	pass->sums.p = f->width;
	pass->sums.intercept = f->intercept;
	pass->sums.n = f->input->frame->nrows;
	pass->sums.weight = pass->weight;
	pass->sums.centre = f->centre;
	if (pass->sums.a == NULL)
		pass->sums.a = (UsDd *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsDd) * n * n);
	for (int i = 0; i < n; i++)
		for (int j = i; j < n; j++)
		{
			const int128 *t = s.whole + 1;
			int128		sum = us_cross_join(t[us_cross_at(2 * n, i, j)],
											t[us_cross_at(2 * n, i, n + j)] + t[us_cross_at(2 * n, j, n + i)],
											t[us_cross_at(2 * n, n + i, n + j)]);

			pass->sums.a[i * n + j] = pass->sums.a[j * n + i] =
				us_dd_scale(us_dd_int128(sum), grid[i].exponent + grid[j].exponent);
		}
}

/* The objective at the scale, from the sums of a pass with limit epsilon * scale. */
static double
objective(const Pass *pass, double scale, double epsilon)
{
	return pass->weight * scale + pass->inside / scale + 2 * epsilon * pass->far - epsilon * epsilon * scale * pass->outside;
}

/* The scale at which the objective is least, residuals inside and outside staying so. */
static double
best_scale(const Pass *pass, double epsilon)
{
	double		rest = pass->weight - epsilon * epsilon * pass->outside;

	return rest > 0 ? sqrt(pass->inside / rest) : 0;
}

void
us_linear_huber(UsLinearFit *f)
{
	const UsParams *params = f->input->params;
	double		epsilon = us_params_get(params, "epsilon")->number;
	double		tolerance = us_params_get(params, "tolerance")->number;
	int			max_iter = (int) us_params_get(params, "max_iter")->integer;
	int			n = f->width + 1;
	bool	   *last = (bool *) palloc(sizeof(bool) * f->width);
	int		   *run = (int *) palloc(sizeof(int) * f->width);
	double	   *beta = (double *) palloc0(sizeof(double) * n);
	double	   *b = (double *) palloc0(sizeof(double) * n);
	bool	   *dropped = (bool *) palloc0(sizeof(bool) * n);
	Pass		pass = {0};
	double		scale;
	double		before = INFINITY;
	int			i;
	char	   *warning;

	us_linear_references(f->input->encoder, last, run);
	run_pass(f, beta, 0, true, &pass);
	scale = INFINITY;
	for (i = 1; i <= max_iter; i++)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "Huber step", ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		UsLeastSquares *l = us_least_squares(&pass.sums, last, run);
		double		now;

		for (int k = 0; k < l->m; k++)
		{
			beta[k] = us_dd_round(l->b[k]);
			dropped[1 - f->intercept + k] = l->dropped[k];
		}
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		if (i == 1)
		{
			run_pass(f, beta, 0, true, &pass);
			scale = sqrt(pass.inside / pass.weight);
		}
		/* the scale for these residuals: a few turns, since who is outside depends on it */
		for (int turn = 0; turn < (i == 1 ? 1 : 2); turn++)
		{
			run_pass(f, beta, epsilon * scale, false, &pass);
			scale = best_scale(&pass, epsilon);
		}
		now = objective(&pass, scale, epsilon) / pass.weight;
		us_progress_note("iteration %d: objective %.15g, scale %.10g, %.0f rows outside", i, now, scale, pass.rows_outside);
		if (!(scale > 0))
			break;				/* most rows lie on the plane */
		if (fabs(before - now) <= tolerance * 1e-4 * fabs(now))
		{
			f->result->converged = true;
			break;
		}
		before = now;
	}
	memcpy(b + 1 - f->intercept, beta, sizeof(double) * (f->intercept + f->width));
	us_linear_model_terms(f->model, 0, f->input->encoder, b, NULL, dropped, f->centre, f->centre[f->width]);
	warning = us_linear_alias_warning(f->input->encoder, dropped);
	if (warning != NULL)
		us_fit_warn(f->result, warning);
	if (!(scale > 0))
		us_fit_warn(f->result, pstrdup("the scale of the residuals is 0: most rows lie on the plane"));
	us_linear_model_figure(f->model, "n", (double) f->input->frame->nrows);
	us_linear_model_figure(f->model, "scale", scale);
	us_linear_model_figure(f->model, "outliers", pass.rows_outside);
	us_linear_model_figure(f->model, "objective", scale > 0 ? objective(&pass, scale, epsilon) / pass.weight : 0);
	f->result->iterations = Min(i, max_iter);
	f->result->converged |= !(scale > 0);
}
