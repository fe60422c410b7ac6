/*
 * test_gmm_row.c
 *	  Mixtures row by row: the bits of tiles; sums in lanes: those of 128 bits.
 */
#include "postgres.h"

#include <math.h>

#include "agg/gmm_state.h"
#include "math/hash.h"
#include "unit.h"

typedef struct Shape
{
	int			k;
	int			d;
} Shape;

/* one lane of eight, all of them, more than one group; more columns than go in lanes */
static const Shape shapes[] = {{1, 1}, {3, 5}, {8, 8}, {17, 20}, {2, 70}};

static double
uniform(int seed, Size i)
{
	return us_uniform(seed, i);
}

/* Components in [-1, 1] whose covariances are dominated by their diagonals. */
static UsMixture *
some_mixture(UsCovariance covariance, Shape shape, bool gridded)
{
	int			k = shape.k;
	int			d = shape.d;
	Size		n = us_mixture_covariances(covariance, k, d);
	UsGrid	   *grid = (UsGrid *) palloc0(sizeof(UsGrid) * d);
	double	   *weight = (double *) palloc(sizeof(double) * k);
	double	   *mean = (double *) palloc(sizeof(double) * k * d);
	double	   *all = (double *) palloc(sizeof(double) * n);
	bool		triangles = covariance == US_COVARIANCE_FULL || covariance == US_COVARIANCE_TIED;
	int			bad;
	UsMixture  *m;

	for (int j = 0; j < d; j++)
		grid[j] = (UsGrid) {0.25 * j, j % 7 - 3 - US_GRID_BITS};
	for (int i = 0; i < k; i++)
		weight[i] = (i + 1) * 2.0 / (k * (k + 1));
	for (int i = 0; i < k * d; i++)
		mean[i] = uniform(1, i) - 0.5;
	for (Size i = 0; i < n && !triangles; i++)
		all[i] = 0.01 + 0.1 * uniform(2, i);
	for (Size at = 0; at < n && triangles; at += us_packed(d))
		for (int a = 0; a < d; a++)
			for (int b = 0; b <= a; b++)
				all[at + us_packed(a) + b] = a == b ? 0.01 * (a % 5 + 1) :
					0.01 * (uniform(3, at + us_packed(a) + b) - 0.5) / d;
	m = us_mixture_make(covariance, k, d, gridded, gridded ? 40 : 0, grid, weight, mean, all, &bad);
	UNIT_CHECK(m != NULL);
	return m;
}

static UsMixture *
next_case(int *number, bool *more)
{
	int			i = (*number)++;
	int			shape = i / 2 / US_COVARIANCE_COUNT;

	*more = shape < lengthof(shapes);
	return *more ? some_mixture((UsCovariance) (i / 2 % US_COVARIANCE_COUNT), shapes[shape], i % 2 == 0) : NULL;
}

/* Row i in units of the grid, mostly near a component, sometimes far out. */
static void
some_row(const UsMixture *m, int i, double reach, double *y)
{
	const double *mean = us_mixture_mean(m) + (Size) (i % m->k) * m->d;

	for (int j = 0; j < m->d; j++)
		y[j] = i % 5 == 0 ? reach * (2 * uniform(4, i * m->d + j) - 1) :
			mean[j] + 0.2 * (uniform(5, i * m->d + j) - 0.5);
}

UNIT_TEST(gmm_rows_have_the_bits_of_tiles)
{
	const int	n = 37;
	int			number = 0;
	bool		more;

	for (UsMixture *m = next_case(&number, &more); more; m = next_case(&number, &more))
	{
		UsGmm		g = us_mixture_gmm(m);
		UsGmmScratch *s = us_gmm_scratch(m->k, m->d);
		UsGmmRow   *row = us_gmm_row(&g);
		double	   *y = (double *) palloc(sizeof(double) * m->d * n);

		for (int i = 0; i < n; i++)
		{
			some_row(m, i, 1, y + i * m->d);
			s->weight[i] = 1.0 / (1 + i % 4);
			for (int j = 0; j < m->d; j++)
				s->y[j * US_GMM_STRIDE + i] = y[i * m->d + j];
		}
		us_gmm_log_densities(&g, s, n);
		for (int i = 0; i < n; i++)
		{
			us_gmm_row_densities(row, y + i * m->d);
			for (int c = 0; c < m->k; c++)
				UNIT_CHECK(memcmp(&row->r[c], &s->r[c * US_GMM_STRIDE + i], sizeof(double)) == 0);
		}
		us_gmm_responsibilities(m->k, s, n);
		for (int i = 0; i < n; i++)
		{
			double		density;

			us_gmm_row_densities(row, y + i * m->d);
			density = us_gmm_row_responsibilities(row, s->weight[i]);
			UNIT_CHECK(memcmp(&density, &s->density[i], sizeof(double)) == 0);
			for (int c = 0; c < m->k; c++)
				UNIT_CHECK(memcmp(&row->r[c], &s->r[c * US_GMM_STRIDE + i], sizeof(double)) == 0);
		}
	}
}

/* The point of row i, some of them too far out or too heavy for lanes. */
static UsGmmPoint *
some_point(UsGmmJudge *judge, int i)
{
	const UsMixture *m = judge->mixture;
	double	   *x = (double *) palloc(sizeof(double) * m->d);
	double		w = m->gridded ? 1.0 / (1 + i % 4) : i % 23 == 0 ? 1e5 : ldexp(1 + i % 4, -(i % 40));

	some_row(m, i, i % 25 == 0 ? 1000 : i % 15 == 0 ? 5 : 1, x);
	for (int j = 0; j < m->d; j++)
		x[j] = us_mixture_grid(m)[j].offset + ldexp(x[j], us_mixture_unit(m, j));
	return us_gmm_point_make(judge, x, w);
}

UNIT_TEST(gmm_lanes_have_the_sums_of_rows)
{
	int			number = 0;
	bool		more;

	for (UsMixture *m = next_case(&number, &more); more; m = next_case(&number, &more))
	{
		UsGmmJudge *judge = us_gmm_judge(m);
		UsGmmState *plain = NULL;
		UsGmmState *state[3] = {NULL, NULL, NULL};
		UsGmmState *sealed;

		/* 0: all rows; 1 and 2: parts that both end in the middle of their lanes */
		for (int i = 0; i < 300; i++)
		{
			UsGmmPoint *p = some_point(judge, i);

			for (int to = 0; to < 3; to++)
				if (state[to] == NULL)
					state[to] = us_gmm_state_begin(&p->shape);
			if (plain == NULL)
				plain = us_gmm_state_new(&p->shape);
			us_gmm_state_add(plain, p);
			us_gmm_state_add(state[0], p);
			us_gmm_state_add(state[i < 110 ? 1 : 2], p);
			pfree(p);
		}
		UNIT_CHECK(us_gmm_state_is_open(state[0]) == (m->d <= US_GMM_ROW_COLUMNS));
		UNIT_CHECK(!us_gmm_state_is_open(plain));
		UNIT_CHECK(m->d > US_GMM_ROW_COLUMNS || state[0]->pending > 0);
		plain = us_gmm_state_sealed(plain);
		sealed = us_gmm_state_sealed(state[0]);
		UNIT_CHECK(!us_gmm_state_is_open(sealed));
		UNIT_EQUAL_INT(VARSIZE(sealed), VARSIZE(plain));
		UNIT_CHECK(memcmp(sealed, plain, VARSIZE(plain)) == 0);
		/* an open state into an open one, and into a sealed one */
		sealed = us_gmm_state_sealed(state[1]);
		us_gmm_state_merge(sealed, state[2]);
		UNIT_CHECK(memcmp(us_gmm_state_sealed(sealed), plain, VARSIZE(plain)) == 0);
		us_gmm_state_merge(state[1], state[2]);
		UNIT_CHECK(memcmp(us_gmm_state_sealed(state[1]), plain, VARSIZE(plain)) == 0);
	}
}
