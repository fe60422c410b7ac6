/*
 * softmax_pass.c
 *	  One pass of multinomial logistic regression over the rows.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "learn/softmax_pass.h"
#include "math/kernels.h"
#include "math/exp_lanes.h"

void
us_softmax_layout(UsSoftmaxParam *p, int width, int classes, bool intercept)
{
	memset(p, 0, sizeof(UsSoftmaxParam));
	p->intercept = intercept;
	p->classes = classes;
	p->m = intercept + width;
	p->left_out = -1;
	p->centre_at = MAXALIGN(sizeof(UsSoftmaxParam));
	p->beta_at = p->centre_at + sizeof(double) * width;
	p->grid_at = p->beta_at + sizeof(double) * classes * (width + 1);
}

Size
us_softmax_param_bytes(int width, int classes)
{
	UsSoftmaxParam p;

	us_softmax_layout(&p, width, classes, true);
	return p.grid_at + sizeof(UsGrid) * (width + 1);
}

UsPassShape
us_softmax_shape(int m, int classes, bool information)
{
	UsPassShape s = {0};

	s.exact = classes * m + 2;
	s.whole = information ? us_cross_size(classes) * us_cross_size(2 * m) : 0;
	return s;
}

double
us_softmax_information(UsPassState state, const UsSoftmaxParam *p, int k, int i, int l, int j)
{
	const UsGrid *grid = (const UsGrid *) ((const char *) p + p->grid_at);
	int			m = p->m;
	const int128 *t = state.whole + us_cross_at(p->classes, Min(k, l), Max(k, l)) * us_cross_size(2 * m);
	int			a = Min(i, j);
	int			b = Max(i, j);
	int128		sum = us_cross_join(t[us_cross_at(2 * m, a, b)],
									t[us_cross_at(2 * m, a, m + b)] + t[us_cross_at(2 * m, b, m + a)],
									t[us_cross_at(2 * m, m + a, m + b)]);
	double		v = us_dd_round(us_dd_scale(us_dd_int128(sum), grid[i].exponent + grid[j].exponent));

	return k == l ? v : -v;
}

typedef struct SoftmaxScratch
{
	double		weight[US_CROSS_TILE];
	double		loss[US_CROSS_TILE];
	double		most[US_CROSS_TILE];
	double		sum[US_CROSS_TILE];
	double		factor[US_CROSS_TILE];
	double		ones[US_CROSS_TILE];
	double	   *p;				/* [classes][US_CROSS_TILE]: predictors, then probabilities */
	double	   *part;			/* [2 m][US_CROSS_TILE] */
} SoftmaxScratch;

static SoftmaxScratch *
scratch_of(UsDesignWork *w, const UsSoftmaxParam *p)
{
	SoftmaxScratch *s = (SoftmaxScratch *) w->scratch;

	if (s != NULL)
		return s;
	s = (SoftmaxScratch *) us_block_alloc(sizeof(SoftmaxScratch));
	s->p = (double *) us_block_alloc(sizeof(double) * US_CROSS_TILE * p->classes);
	s->part = p->information ? (double *) us_block_alloc(sizeof(double) * US_CROSS_TILE * 2 * p->m) : NULL;
	for (int r = 0; r < US_CROSS_TILE; r++)
		s->ones[r] = 1;
	w->scratch = s;
	return s;
}

US_CLONES static void
predict(SoftmaxScratch *s, const UsSoftmaxParam *p, const double *x, int width, int n)
{
	const double *centre = (const double *) ((const char *) p + p->centre_at);
	const double *beta = (const double *) ((const char *) p + p->beta_at);

	for (int k = 0; k < p->classes; k++)
	{
		double	   *eta = s->p + (Size) k * US_CROSS_TILE;
		const double *b = beta + (Size) k * p->m;

		for (int r = 0; r < US_CROSS_TILE; r++)
			eta[r] = p->intercept ? b[0] : 0;
		for (int j = 0; j < width; j++)
		{
			const double *column = x + (Size) j * US_CHUNK_ROWS;
			double		f = b[p->intercept + j];

			for (int r = 0; r < n && f != 0; r++)
				eta[r] += f * (column[r] - centre[j]);
		}
		for (int r = 0; r < US_CROSS_TILE; r++)
			s->most[r] = k == 0 || eta[r] > s->most[r] ? eta[r] : s->most[r];
	}
}

/* Probabilities in place of predictors; the loss of each row. */
US_CLONES static void
probabilities(SoftmaxScratch *s, const UsSoftmaxParam *p, const double *y, int n)
{
	for (int r = 0; r < n; r++)
		s->loss[r] = s->most[r] - s->p[(Size) y[r] * US_CROSS_TILE + r];
	memset(s->sum, 0, sizeof(s->sum));
	for (int k = 0; k < p->classes; k++)
		for (int r = 0; r < US_CROSS_TILE; r += US_HALF_LANES)
		{
			UsDoubleLanes *e = (UsDoubleLanes *) (s->p + (Size) k * US_CROSS_TILE + r);

			*e -= *(UsDoubleLanes *) (s->most + r);
			us_exp_lanes(e);
			*(UsDoubleLanes *) (s->sum + r) += *e;
		}
	for (int r = 0; r < n; r++)
		s->loss[r] = s->weight[r] * (s->loss[r] + log(s->sum[r]));
	for (int k = 0; k < p->classes; k++)
		for (int r = 0; r < US_CROSS_TILE; r++)
			s->p[(Size) k * US_CROSS_TILE + r] /= s->sum[r];
}

static void
add_gradient(UsDesignWork *w, const UsSoftmaxParam *p, SoftmaxScratch *s, const double *x, const double *y, int n)
{
	const double *centre = (const double *) ((const char *) p + p->centre_at);
	double		product[US_CROSS_TILE];

	for (int k = 0; k < p->classes; k++)
	{
		UsExactSum *sum = w->state.exact + (Size) k * p->m;

		for (int r = 0; r < n; r++)
			s->factor[r] = s->weight[r] * ((y[r] == k) - s->p[(Size) k * US_CROSS_TILE + r]);
		if (p->intercept)
			(void) us_exact_add_array(sum++, s->factor, n);
		for (int j = 0; j < w->width; j++)
		{
			const double *column = x + (Size) j * US_CHUNK_ROWS;

			for (int r = 0; r < n; r++)
				product[r] = (column[r] - centre[j]) * s->factor[r];
			(void) us_exact_add_array(sum++, product, n);
		}
	}
}

static void
add_information(UsDesignWork *w, const UsSoftmaxParam *p, SoftmaxScratch *s, const double *x, int n)
{
	const UsGrid *grid = (const UsGrid *) ((const char *) p + p->grid_at);
	int			m = p->m;

	for (int k = 0; k < p->classes; k++)
		for (int l = k; l < p->classes; l++)
		{
			const double *pk = s->p + (Size) k * US_CROSS_TILE;
			const double *pl = s->p + (Size) l * US_CROSS_TILE;

			for (int r = 0; r < n; r++)
				s->factor[r] = sqrt(s->weight[r] * pk[r] * (k == l ? 1 - pk[r] : pl[r]));
			for (int i = 0; i < m; i++)
			{
				int			j = i - p->intercept;

				us_cross_cut(grid[i], j < 0 ? s->ones : x + (Size) j * US_CHUNK_ROWS, s->factor, n,
							 s->part + (Size) i * US_CROSS_TILE, s->part + (Size) (m + i) * US_CROSS_TILE);
			}
			us_cross_triangle(s->part, 2 * m, n,
							  w->state.whole + us_cross_at(p->classes, k, l) * us_cross_size(2 * m));
			CHECK_FOR_INTERRUPTS();
		}
}

void
us_softmax_kernel(UsDesignWork *w, const UsDesignChunk *c)
{
	const UsSoftmaxParam *p = (const UsSoftmaxParam *) w->param;
	SoftmaxScratch *s = scratch_of(w, p);
	UsExactSum *sum = w->state.exact + (Size) p->classes * p->m;

	for (int first = 0; first < c->nrows; first += US_CROSS_TILE)
	{
		int			n = Min(c->nrows - first, US_CROSS_TILE);
		const double *x = c->x + first;
		const double *y = c->y + first;

		memset(s->weight, 0, sizeof(s->weight));
		for (int r = 0; r < n; r++)
			if (p->left_out < 0 || (c->fold[first + r] == p->left_out) == p->only)
				s->weight[r] = c->weight != NULL ? c->weight[first + r] : 1;
		predict(s, p, x, w->width, n);
		probabilities(s, p, y, n);
		(void) us_exact_add_array(&sum[0], s->loss, n);
		(void) us_exact_add_array(&sum[1], s->weight, n);
		add_gradient(w, p, s, x, y, n);
		if (p->information)
			add_information(w, p, s, x, n);
	}
}
