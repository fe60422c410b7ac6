/*
 * glm_pass.c
 *	  One pass of a generalised linear model over the rows.
 */
#include "postgres.h"

#include <math.h>

#include "learn/glm_pass.h"
#include "math/kernels.h"
#include "math/logistic_lanes.h"

Size
us_glm_param_bytes(int width)
{
	UsGlmParam	p;

	us_glm_layout(&p, width, true, US_FAMILY_BINOMIAL, 0);
	return p.grid_at + sizeof(UsGrid) * (width + 1);
}

void
us_glm_layout(UsGlmParam *p, int width, bool intercept, UsFamily family, double power)
{
	memset(p, 0, sizeof(UsGlmParam));
	p->family = family;
	p->power = power;
	p->intercept = intercept;
	p->left_out = -1;
	p->m = intercept + width;
	p->centre_at = MAXALIGN(sizeof(UsGlmParam));
	p->beta_at = p->centre_at + sizeof(double) * width;
	p->grid_at = p->beta_at + sizeof(double) * (width + 1);
}

UsPassShape
us_glm_shape(int m, bool information, bool fine)
{
	UsPassShape s = {0};

	s.exact = m + US_GLM_SUMS;
	s.least = US_GLM_LEASTS;
	s.whole = (information ? us_cross_size(fine ? 2 * m : m) : 0) + (fine ? 0 : m);
	return s;
}

/* Where the sums of a coarse gradient stand. */
static Size
gradient_at(const UsGlmParam *p)
{
	return p->information ? us_cross_size(p->m) : 0;
}

double
us_glm_gradient(UsPassState state, const UsGlmParam *p, int k)
{
	const UsGrid *grid = (const UsGrid *) ((const char *) p + p->grid_at);
	int			e = us_glm_gradient_exponent(grid[k], p->most_information);

	if (p->fine)
		return us_exact_round(&state.exact[k]);
	return us_dd_scale(us_dd_int128(state.whole[gradient_at(p) + k]), e).hi;
}

UsDd
us_glm_information(UsPassState state, const UsGlmParam *p, int i, int j)
{
	const UsGrid *grid = (const UsGrid *) ((const char *) p + p->grid_at);
	int			m = p->m;
	int128		sum;
	int			e = grid[i].exponent + grid[j].exponent;

	if (!p->fine)
		return us_dd_scale(us_dd_int128(state.whole[us_cross_at(m, i, j)]), e + 2 * US_CROSS_LOW_BITS);
	sum = us_cross_join(state.whole[us_cross_at(2 * m, i, j)],
						state.whole[us_cross_at(2 * m, i, m + j)] + state.whole[us_cross_at(2 * m, j, m + i)],
						state.whole[us_cross_at(2 * m, m + i, m + j)]);
	return us_dd_scale(us_dd_int128(sum), e);
}

typedef struct GlmScratch
{
	double		eta[US_CROSS_TILE];
	double		gradient[US_CROSS_TILE];	/* by eta */
	double		root[US_CROSS_TILE];	/* of the information */
	double		objective[US_CROSS_TILE];
	double		weight[US_CROSS_TILE];
	double		deviance[US_CROSS_TILE];
	double		pearson[US_CROSS_TILE];
	double		constant[US_CROSS_TILE];
	double		product[US_CROSS_TILE];
	double		ones[US_CROSS_TILE];
	double	   *part;			/* [2 m][US_CROSS_TILE] */
} GlmScratch;

US_CLONES static void
predict(const double *x, const double *beta, const double *centre, int width, bool intercept, int n, double *eta)
{
	for (int r = 0; r < US_CROSS_TILE; r++)
		eta[r] = intercept ? beta[0] : 0;
	for (int j = 0; j < width; j++)
	{
		const double *column = x + (Size) j * US_CHUNK_ROWS;
		double		b = beta[intercept + j];
		double		c = centre[j];

		if (b == 0)
			continue;
		/* whole vectors: what is beyond n is in the chunk and is not used */
		for (int r = 0; r < n; r += US_HALF_LANES)
			*(UsDoubleLanes *) (eta + r) += b * (*(const UsLooseDoubleLanes *) (column + r) - c);
	}
	for (int r = 0; r < n; r += US_HALF_LANES)
	{
		UsDoubleLanes *e = (UsDoubleLanes *) (eta + r);
		UsDoubleLanes most = US_SPLAT_DOUBLE(US_GLM_MOST_ETA);

		*e = US_SELECT_DOUBLE(*e > most, most, *e);
		*e = US_SELECT_DOUBLE(*e < -most, -most, *e);
	}
}

US_CLONES static void
exponentials(double *x)
{
	for (int r = 0; r < US_CROSS_TILE; r += US_HALF_LANES)
		us_exp_lanes((UsDoubleLanes *) (x + r));
}

/* Logistic regression; y stands in constant. */
US_CLONES static void
binomial(GlmScratch *s, bool statistics)
{
	for (int r = 0; r < US_CROSS_TILE; r += US_HALF_LANES)
		us_logistic_lanes((UsDoubleLanes *) (s->eta + r), (UsDoubleLanes *) (s->constant + r),
						  (UsDoubleLanes *) (s->weight + r), (UsDoubleLanes *) (s->objective + r),
						  (UsDoubleLanes *) (s->gradient + r), (UsDoubleLanes *) (s->root + r));
	for (int r = 0; r < US_CROSS_TILE && statistics; r += US_HALF_LANES)
	{
		UsDoubleLanes zero = {0};
		UsDoubleLanes g = *(UsDoubleLanes *) (s->gradient + r);
		UsDoubleLanes v = *(UsDoubleLanes *) (s->root + r);

		*(UsDoubleLanes *) (s->deviance + r) = 2.0 * *(UsDoubleLanes *) (s->objective + r);
		*(UsDoubleLanes *) (s->pearson + r) = US_SELECT_DOUBLE(v > zero, g * g / v, zero);
		*(UsDoubleLanes *) (s->constant + r) = zero;
	}
}

/* x log(x / mu), 0 at 0 */
static double
x_log_ratio(double x, double mu)
{
	return x > 0 ? x * log(x / mu) : 0;
}

/* Families with the logarithm as link; mu stands in product. */
static void
log_link(const UsGlmParam *p, GlmScratch *s, const double *y, int n)
{
	double		q = p->power;

	memcpy(s->product, s->eta, sizeof(s->product));
	exponentials(s->product);
	for (int r = 0; r < n; r++)
	{
		double		mu = s->product[r];
		double		w = s->weight[r];
		double		eta = s->eta[r];
		double		variance;

		s->constant[r] = 0;
		switch (p->family)
		{
			case US_FAMILY_POISSON:
				variance = mu;
				s->gradient[r] = w * (y[r] - mu);
				s->root[r] = w * mu;
				s->objective[r] = w * (mu - y[r] * eta);
				if (p->statistics)
				{
					s->deviance[r] = 2 * w * (x_log_ratio(y[r], mu) - (y[r] - mu));
					s->constant[r] = w * lgamma(y[r] + 1);
				}
				break;
			case US_FAMILY_GAMMA:
				variance = mu * mu;
				s->gradient[r] = w * (y[r] / mu - 1);
				s->root[r] = w;
				s->objective[r] = w * (y[r] / mu + eta);
				if (p->statistics)
				{
					s->deviance[r] = 2 * w * (y[r] / mu - 1 - log(y[r] / mu));
					s->constant[r] = w * log(y[r]);
				}
				break;
			default:
				variance = exp(q * eta);
				s->gradient[r] = w * (y[r] - mu) * exp((1 - q) * eta);
				s->root[r] = w * exp((2 - q) * eta);
				s->objective[r] = w * (exp((2 - q) * eta) / (2 - q) - y[r] * exp((1 - q) * eta) / (1 - q));
				if (p->statistics)
					s->deviance[r] = 2 * w * (pow(y[r], 2 - q) / ((1 - q) * (2 - q)) -
											  y[r] * exp((1 - q) * eta) / (1 - q) + exp((2 - q) * eta) / (2 - q));
		}
		if (p->statistics)
			s->pearson[r] = w * (y[r] - mu) * (y[r] - mu) / variance;
	}
}

/* Weights of the rows of a tile: 0 for what is left out. */
static void
take_weights(const UsGlmParam *p, GlmScratch *s, const UsDesignChunk *c, int first, int n)
{
	memcpy(s->weight, c->weight != NULL ? c->weight + first : s->ones, sizeof(double) * n);
	for (int r = n; r < US_CROSS_TILE; r++)
		s->weight[r] = 0;
	if (p->left_out >= 0)
		for (int r = 0; r < n; r++)
			if ((c->fold[first + r] == p->left_out) != p->only)
				s->weight[r] = 0;
}

/* The larger of a and b, lane by lane. */
#define LARGER(a, b)	US_SELECT_DOUBLE((a) > (b), (a), (b))

/* Rows of weight 0 have no say; y is at least as long as a vector needs. */
US_CLONES static void
note_extremes(const GlmScratch *s, const double *y, int n, double *least)
{
	UsDoubleLanes zero = {0};
	UsDoubleLanes information = zero;
	UsDoubleLanes eta = zero;
	UsDoubleLanes margin = US_SPLAT_DOUBLE(-INFINITY);	/* the largest of its opposite */

	for (int r = 0; r < n; r += US_HALF_LANES)
	{
		UsDoubleLanes v = *(const UsDoubleLanes *) (s->eta + r);
		UsLongLanes counts = *(const UsDoubleLanes *) (s->weight + r) > zero;
		UsLongLanes positive = *(const UsLooseDoubleLanes *) (y + r) > 0.5;
		UsDoubleLanes size = US_SELECT_DOUBLE(counts, LARGER(v, -v), zero);
		UsDoubleLanes opposite = US_SELECT_DOUBLE(counts, US_SELECT_DOUBLE(positive, -v, v), margin);
		UsDoubleLanes i = US_SELECT_DOUBLE(counts, *(const UsDoubleLanes *) (s->root + r), zero);

		information = LARGER(i, information);
		eta = LARGER(size, eta);
		margin = LARGER(opposite, margin);
	}
	for (int j = 0; j < US_HALF_LANES; j++)
	{
		least[US_GLM_MINUS_INFORMATION] = fmin(least[US_GLM_MINUS_INFORMATION], -information[j]);
		least[US_GLM_MARGIN] = fmin(least[US_GLM_MARGIN], -margin[j]);
		least[US_GLM_MINUS_ETA] = fmin(least[US_GLM_MINUS_ETA], -eta[j]);
	}
}

static void
add_information(UsDesignWork *w, const UsGlmParam *p, GlmScratch *s, const double *x, int n)
{
	const UsGrid *grid = (const UsGrid *) ((const char *) p + p->grid_at);
	int			m = p->m;

	for (int r = 0; r < n; r++)
		s->root[r] = sqrt(Min(s->root[r], p->most_information));
	for (int k = 0; k < m; k++)
	{
		int			j = k - p->intercept;

		us_cross_cut(grid[k], j < 0 ? s->ones : x + (Size) j * US_CHUNK_ROWS, s->root, n,
					 s->part + (Size) k * US_CROSS_TILE,
					 p->fine ? s->part + (Size) (m + k) * US_CROSS_TILE : NULL);
	}
	us_cross_triangle(s->part, p->fine ? 2 * m : m, n, w->state.whole);
}

US_CLONES static void
multiply(const double *x, double centre, const double *by, int n, double *product)
{
	for (int r = 0; r < n; r += US_HALF_LANES)
		*(UsDoubleLanes *) (product + r) = (*(const UsLooseDoubleLanes *) (x + r) - centre) *
			*(const UsDoubleLanes *) (by + r);
}

/* The sum of the terms (x - centre) by, each a multiple of 2^exponent; by is 0 beyond n. */
US_CLONES static void
add_terms(const double *x, double centre, const double *by, int n, int exponent, int128 *sum)
{
	const double rounder = us_glm_gradient_rounder(exponent);
	UsDoubleLanes s = {0};
	UsLongLanes whole;
	int64		total = 0;

	for (int r = 0; r < n; r += US_HALF_LANES)
	{
		UsDoubleLanes v = (*(const UsLooseDoubleLanes *) (x + r) - centre) * *(const UsDoubleLanes *) (by + r);

		s += (v + rounder) - rounder;
	}
	whole = __builtin_convertvector(s * ldexp(1.0, -exponent), UsLongLanes);
	for (int j = 0; j < US_HALF_LANES; j++)
		total += whole[j];
	*sum += total;
}

/* The gradient of the rows of a tile. */
static void
add_gradient(UsDesignWork *w, const UsGlmParam *p, GlmScratch *s, const double *x, int n)
{
	const double *centre = (const double *) ((const char *) p + p->centre_at);
	const UsGrid *grid = (const UsGrid *) ((const char *) p + p->grid_at);
	int128	   *whole = w->state.whole + gradient_at(p);

	for (int k = 0; k < p->m; k++)
	{
		int			j = k - p->intercept;
		const double *column = j < 0 ? s->ones : x + (Size) j * US_CHUNK_ROWS;
		double		c = j < 0 ? 0 : centre[j];

		if (!p->fine)
			add_terms(column, c, s->gradient, n, us_glm_gradient_exponent(grid[k], p->most_information), &whole[k]);
		else
		{
			multiply(column, c, s->gradient, n, s->product);
			(void) us_exact_add_array(&w->state.exact[k], s->product, n);
		}
	}
}

void
us_glm_kernel(UsDesignWork *w, const UsDesignChunk *c)
{
	const UsGlmParam *p = (const UsGlmParam *) w->param;
	const double *centre = (const double *) ((const char *) p + p->centre_at);
	const double *beta = (const double *) ((const char *) p + p->beta_at);
	UsExactSum *sum = w->state.exact + p->m;
	GlmScratch *s = (GlmScratch *) w->scratch;

	if (s == NULL)
	{
		w->scratch = s = (GlmScratch *) us_block_alloc(sizeof(GlmScratch));
		s->part = p->information ? (double *) us_block_alloc(sizeof(double) * US_CROSS_TILE * 2 * p->m) : NULL;
		for (int r = 0; r < US_CROSS_TILE; r++)
			s->ones[r] = 1;
	}
	for (int first = 0; first < c->nrows; first += US_CROSS_TILE)
	{
		int			n = Min(c->nrows - first, US_CROSS_TILE);
		const double *x = c->x + first;
		const double *y = c->y + first;

		take_weights(p, s, c, first, n);
		predict(x, beta, centre, w->width, p->intercept, n, s->eta);
		if (p->family == US_FAMILY_BINOMIAL)
		{
			memcpy(s->constant, y, sizeof(double) * n);
			memset(s->constant + n, 0, sizeof(double) * (US_CROSS_TILE - n));
			binomial(s, p->statistics);
		}
		else
			log_link(p, s, y, n);
		note_extremes(s, y, n, w->state.least);
		(void) us_exact_add_array(&sum[US_GLM_OBJECTIVE], s->objective, n);
		(void) us_exact_add_array(&sum[US_GLM_WEIGHT], s->weight, n);
		if (p->statistics)
		{
			(void) us_exact_add_array(&sum[US_GLM_DEVIANCE], s->deviance, n);
			(void) us_exact_add_array(&sum[US_GLM_PEARSON], s->pearson, n);
			(void) us_exact_add_array(&sum[US_GLM_CONSTANT], s->constant, n);
		}
		add_gradient(w, p, s, x, n);
		if (p->information)
			add_information(w, p, s, x, n);
	}
}
