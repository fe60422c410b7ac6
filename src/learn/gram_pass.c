/*
 * gram_pass.c
 *	  Passes of linear regression over the rows: sums of products; residuals.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/gram_pass.h"
#include "math/kernels.h"

/* room of the grid of the meat above the root of the residual sum of squares */
#define MEAT_ROOM	128.0

/* ---- grids ---- */

double
us_gram_largest_weight(const UsFitInput *input)
{
	UsFrame    *frame = input->frame;
	double		largest = 0;
	double	   *y;
	double	   *room;

	if (!frame->weighted && !input->target->factored)
		return 1;
	y = (double *) palloc(sizeof(double) * US_CHUNK_ROWS);
	room = (double *) palloc(sizeof(double) * US_CHUNK_ROWS);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *w;

		us_progress("weights", i, frame->nchunks);
		us_target_chunk(input->target, chunk, y);
		w = us_target_weights(input->target, chunk, y, room);
		for (int r = 0; r < chunk->nrows; r++)
			largest = fmax(largest, w[r]);
	}
	pfree(y);
	pfree(room);
	return largest;
}

double *
us_gram_centres(const UsFitInput *input, bool intercept)
{
	int			width = us_encoder_width(input->encoder);
	double	   *centre = (double *) palloc(sizeof(double) * (width + 1));

	for (int j = 0; j < width; j++)
	{
		double		a;
		double		b;

		if (intercept)
			centre[j] = us_encoder_column(input->encoder, j)->mean;
		else
		{
			us_encoder_linear(input->encoder, j, &a, &b, NULL);
			centre[j] = -a * b;
		}
	}
	centre[width] = intercept ? input->target->min + (input->target->max - input->target->min) / 2 : 0;
	return centre;
}

void
us_gram_grids(const UsFitInput *input, bool intercept, const double *centre,
			  double largest_weight, UsGrid *grid)
{
	int			width = us_encoder_width(input->encoder);
	double		root = sqrt(largest_weight);

	if (intercept)
		*grid++ = us_cross_grid(0, root);
	for (int j = 0; j < width; j++)
	{
		const UsEncodedColumn *c = us_encoder_column(input->encoder, j);

		grid[j] = us_cross_grid(centre[j], root * fmax(c->max - centre[j], centre[j] - c->min));
	}
	grid[width] = us_cross_grid(centre[width], root * fmax(input->target->max - centre[width],
														   centre[width] - input->target->min));
}

/* ---- sums of products ---- */

Size
us_gram_param_bytes(int n)
{
	return offsetof(UsGramParam, grid) + sizeof(UsGrid) * n;
}

/* Of each fold: the number of rows, then the triangle of the parts. */
static Size
fold_size(int n)
{
	return 1 + us_cross_size(2 * n);
}

UsPassShape
us_gram_shape(int n, int nfolds)
{
	UsPassShape s = {0};

	s.exact = 2 * Max(nfolds, 1);
	s.whole = fold_size(n) * Max(nfolds, 1);
	return s;
}

typedef struct GramScratch
{
	double	   *part;			/* [2 n][US_CROSS_TILE]: high parts, low parts */
	double	   *root;			/* [US_CHUNK_ROWS]: of the weights, or ones */
	double	   *gathered;		/* [width + 2][US_CHUNK_ROWS], with folds */
} GramScratch;

static GramScratch *
gram_scratch(UsDesignWork *w, const UsGramParam *p)
{
	GramScratch *s = (GramScratch *) w->scratch;

	if (s != NULL)
		return s;
	s = (GramScratch *) palloc0(sizeof(GramScratch));
	s->part = (double *) us_block_alloc(sizeof(double) * US_CROSS_TILE * 2 * p->n);
	s->root = (double *) us_block_alloc(sizeof(double) * US_CHUNK_ROWS);
	for (int r = 0; r < US_CHUNK_ROWS; r++)
		s->root[r] = 1;
	if (p->nfolds > 0)
		s->gathered = (double *) us_block_alloc(sizeof(double) * US_CHUNK_ROWS * (w->width + 2));
	w->scratch = s;
	return s;
}

/* Rows that stand together to the sums of one fold. */
static void
add_rows(UsDesignWork *w, const UsGramParam *p, GramScratch *s, const double *x, const double *y,
		 const double *weight, int nrows, int fold)
{
	int128	   *sum = w->state.whole + fold_size(p->n) * fold;
	const double *factor = weight != NULL ? s->root : NULL;
	sum[0] += nrows;
	if (weight != NULL)
	{
		for (int r = 0; r < nrows; r++)
			s->root[r] = log(weight[r]);
		(void) us_exact_add_array(&w->state.exact[2 * fold], weight, nrows);
		(void) us_exact_add_array(&w->state.exact[2 * fold + 1], s->root, nrows);
		for (int r = 0; r < nrows; r++)
			s->root[r] = sqrt(weight[r]);
	}
	for (int first = 0; first < nrows; first += US_CROSS_TILE)
	{
		int			n = Min(nrows - first, US_CROSS_TILE);
		const double *f = factor != NULL ? factor + first : NULL;
		int			k = 0;

		if (p->intercept)
		{
			us_cross_cut(p->grid[0], s->root + first, NULL, n, s->part,
						 s->part + (Size) p->n * US_CROSS_TILE);
			k = 1;
		}
		for (int j = 0; j <= w->width; j++, k++)
			us_cross_cut(p->grid[k], (j < w->width ? x + (Size) j * US_CHUNK_ROWS : y) + first, f, n,
						 s->part + (Size) k * US_CROSS_TILE, s->part + (Size) (p->n + k) * US_CROSS_TILE);
		us_cross_triangle(s->part, 2 * p->n, n, sum + 1);
	}
}

/* The rows of one fold, one after the other; returns how many. */
static int
gather(UsDesignWork *w, GramScratch *s, const UsDesignChunk *c, int fold)
{
	uint16		row[US_CHUNK_ROWS];
	int			n = 0;

	for (int r = 0; r < c->nrows; r++)
	{
		row[n] = r;
		n += c->fold[r] == fold;
	}
	for (int j = 0; j < w->width + 2; j++)
	{
		const double *from = j < w->width ? c->x + (Size) j * US_CHUNK_ROWS :
			(j == w->width ? c->y : c->weight);
		double	   *to = s->gathered + (Size) j * US_CHUNK_ROWS;

		for (int r = 0; r < n && from != NULL; r++)
			to[r] = from[row[r]];
	}
	return n;
}

void
us_gram_kernel(UsDesignWork *w, const UsDesignChunk *c)
{
	const UsGramParam *p = (const UsGramParam *) w->param;
	GramScratch *s = gram_scratch(w, p);

	if (p->nfolds == 0)
	{
		add_rows(w, p, s, c->x, c->y, c->weight, c->nrows, 0);
		return;
	}
	for (int f = 0; f < p->nfolds; f++)
	{
		int			n = gather(w, s, c, f);
		const double *y = s->gathered + (Size) w->width * US_CHUNK_ROWS;

		add_rows(w, p, s, s->gathered, y, c->weight != NULL ? y + US_CHUNK_ROWS : NULL, n, f);
	}
}

/* Element i of a fold, of all of them, or of all but that one. */
static int128
folded(UsPassState state, int n, int nfolds, int f, bool without, Size i)
{
	int128		sum = 0;

	if (f >= 0 && !without)
		return state.whole[fold_size(n) * f + i];
	for (int k = 0; k < Max(nfolds, 1); k++)
		if (!without || k != f)
			sum += state.whole[fold_size(n) * k + i];
	return sum;
}

UsCrossSums *
us_gram_sums(UsPassState state, const UsGramParam *param, int f, bool without, const double *centre)
{
	UsCrossSums *s = (UsCrossSums *) palloc0(sizeof(UsCrossSums));
	int			n = param->n;
	UsExactSum *sum = (UsExactSum *) palloc0(2 * sizeof(UsExactSum));

#define SUM(i, j) folded(state, n, param->nfolds, f, without, 1 + us_cross_at(2 * n, i, j))

	s->intercept = param->intercept;
	s->p = n - 1 - s->intercept;
	s->n = (int64) folded(state, n, param->nfolds, f, without, 0);
	for (int k = 0; k < Max(param->nfolds, 1); k++)
		if (f < 0 || (k == f) != without)
			for (int i = 0; i < 2; i++)
				us_exact_merge(&sum[i], &state.exact[2 * k + i]);
	s->weight = param->weighted ? us_exact_round(&sum[0]) : (double) s->n;
	s->log_weight = us_exact_round(&sum[1]);
	pfree(sum);
	s->a = (UsDd *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsDd) * n * n);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int j = i; j < n; j++)
		{
			int128		total = us_cross_join(SUM(i, j), SUM(i, n + j) + SUM(j, n + i), SUM(n + i, n + j));

			s->a[(Size) i * n + j] = s->a[(Size) j * n + i] =
				us_dd_scale(us_dd_int128(total), param->grid[i].exponent + param->grid[j].exponent);
		}
	}
	s->centre = (double *) palloc(sizeof(double) * (s->p + 1));
	memcpy(s->centre, centre, sizeof(double) * (s->p + 1));
	return s;
#undef SUM
}

/* ---- residuals ---- */

void
us_residual_layout(UsResidualParam *param, int width, bool intercept, UsRobust robust)
{
	Size		at = MAXALIGN(sizeof(UsResidualParam));
	int			m = intercept + width;

	param->intercept = intercept;
	param->robust = robust;
	param->m = m;
	param->centre_at = at;
	at += sizeof(double) * (width + 1);
	param->beta_at = at;
	at += sizeof(UsDd) * m;
	param->grid_at = at;
	at += sizeof(UsGrid) * m;
	param->root_at = at;
}

Size
us_residual_param_bytes(int width, bool robust)
{
	UsResidualParam p;

	us_residual_layout(&p, width, true, US_ROBUST_NONE);
	return p.root_at + (robust ? sizeof(double) * p.m * p.m : 0);
}

/* Sums: X'Wr by column; squares of residuals, then the meat. */
UsPassShape
us_residual_shape(int m, bool robust)
{
	UsPassShape s = {0};

	s.exact = m + 1;
	s.whole = robust ? us_cross_size(2 * m) : 0;
	return s;
}

typedef struct ResidualScratch
{
	UsDd		r[US_CHUNK_ROWS];
	double		product[2 * US_CHUNK_ROWS];
	double		factor[US_CHUNK_ROWS];
	double		leverage[US_CHUNK_ROWS];
	double		sum[US_CHUNK_ROWS];
	double		ones[US_CHUNK_ROWS];
	double	   *part;			/* [2 m][US_CROSS_TILE] */
} ResidualScratch;

/* x - centre as a dd; 1 for the intercept. */
static inline UsDd
relative(const UsDesignChunk *c, const double *centre, int j, int r)
{
	return j < 0 ? us_dd(1) : us_two_sum(c->x[(Size) j * US_CHUNK_ROWS + r], -centre[j]);
}

static void
residuals(const UsResidualParam *p, UsDesignWork *w, const UsDesignChunk *c, ResidualScratch *s)
{
	const double *centre = (const double *) ((const char *) p + p->centre_at);
	const UsDd *beta = (const UsDd *) ((const char *) p + p->beta_at);

	for (int r = 0; r < c->nrows; r++)
		s->r[r] = us_two_sum(c->y[r], -centre[w->width]);
	for (int k = 0; k < p->m; k++)
	{
		int			j = k - p->intercept;

		CHECK_FOR_INTERRUPTS();
		if (beta[k].hi == 0)
			continue;
		for (int r = 0; r < c->nrows; r++)
			s->r[r] = us_dd_sub(s->r[r], us_dd_mul(beta[k], relative(c, centre, j, r)));
	}
	for (int k = 0; k <= p->m; k++)
	{
		int			j = k - p->intercept;

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < c->nrows; r++)
		{
			UsDd		v = us_dd_mul(s->r[r], k < p->m ? relative(c, centre, j, r) : s->r[r]);

			if (c->weight != NULL)
				v = us_dd_mul(v, us_dd(c->weight[r]));
			s->product[2 * r] = v.hi;
			s->product[2 * r + 1] = v.lo;
		}
		(void) us_exact_add_array(&w->state.exact[k], s->product, 2 * c->nrows);
	}
}

/* leverage[] = weight |root (x - centre)|^2 */
static void
leverages(const UsResidualParam *p, const UsDesignChunk *c, ResidualScratch *s)
{
	const double *centre = (const double *) ((const char *) p + p->centre_at);
	const double *root = (const double *) ((const char *) p + p->root_at);

	memset(s->leverage, 0, sizeof(s->leverage));
	for (int k = 0; k < p->m; k++)
	{
		memset(s->sum, 0, sizeof(s->sum));
		for (int i = 0; i < p->m; i++)
		{
			double		f = root[(Size) k * p->m + i];
			int			j = i - p->intercept;
			const double *x = c->x + (Size) Max(j, 0) * US_CHUNK_ROWS;

			if (f == 0)
				continue;
			for (int r = 0; r < c->nrows; r++)
				s->sum[r] += f * (j < 0 ? 1 : x[r] - centre[j]);
		}
		for (int r = 0; r < c->nrows; r++)
			s->leverage[r] += s->sum[r] * s->sum[r];
		CHECK_FOR_INTERRUPTS();
	}
	for (int r = 0; c->weight != NULL && r < c->nrows; r++)
		s->leverage[r] *= c->weight[r];
}

static void
meat(const UsResidualParam *p, UsDesignWork *w, const UsDesignChunk *c, ResidualScratch *s)
{
	const UsGrid *grid = (const UsGrid *) ((const char *) p + p->grid_at);

	if (p->robust >= US_ROBUST_HC2)
		leverages(p, c, s);
	for (int r = 0; r < c->nrows; r++)
	{
		double		rest = Max(1 - s->leverage[r], 1.0 / (MEAT_ROOM * MEAT_ROOM));

		s->factor[r] = fabs(us_dd_round(s->r[r])) * (c->weight != NULL ? c->weight[r] : 1);
		if (p->robust == US_ROBUST_HC2)
			s->factor[r] /= sqrt(rest);
		else if (p->robust == US_ROBUST_HC3)
			s->factor[r] /= rest;
		s->ones[r] = 1;
	}
	for (int first = 0; first < c->nrows; first += US_CROSS_TILE)
	{
		int			n = Min(c->nrows - first, US_CROSS_TILE);

		for (int k = 0; k < p->m; k++)
		{
			int			j = k - p->intercept;
			const double *x = j < 0 ? s->ones : c->x + (Size) j * US_CHUNK_ROWS;

			us_cross_cut(grid[k], x + first, s->factor + first, n, s->part + (Size) k * US_CROSS_TILE,
						 s->part + (Size) (p->m + k) * US_CROSS_TILE);
		}
		us_cross_triangle(s->part, 2 * p->m, n, w->state.whole);
	}
}

void
us_residual_kernel(UsDesignWork *w, const UsDesignChunk *c)
{
	const UsResidualParam *p = (const UsResidualParam *) w->param;
	ResidualScratch *s = (ResidualScratch *) w->scratch;

	if (s == NULL)
	{
		s = (ResidualScratch *) palloc0(sizeof(ResidualScratch));
		s->part = (double *) us_block_alloc(sizeof(double) * US_CROSS_TILE * 2 * p->m);
		w->scratch = s;
	}
	residuals(p, w, c, s);
	if (p->robust != US_ROBUST_NONE)
		meat(p, w, c, s);
}
