/*
 * test_gmm.c
 *	  Kernels of mixtures against plain formulas; sums that do not depend on the order of rows; small
 *	  Cholesky factors; mixtures and their states.
 */
#include "postgres.h"

#include <math.h>

#include "agg/gmm_state.h"
#include "math/hash.h"
#include "math/log_lanes.h"
#include "unit.h"

#define K 3
#define D 5
#define N 200

static double
uniform(int seed, int i)
{
	return us_uniform(seed, i);
}

/* A mixture of components around seeds, in [-1, 1]; full covariances A A' + something. */
static UsMixture *
some_mixture(UsCovariance covariance, bool gridded)
{
	UsGrid		grid[D];
	double		weight[K] = {0.9, 0.07, 0.03};
	double		mean[K * D];
	double		all[K * D * (D + 1) / 2];
	int			bad;
	UsMixture  *m;

	for (int j = 0; j < D; j++)
		grid[j] = (UsGrid) {0.25 * j, j - US_GRID_BITS};
	for (int i = 0; i < K * D; i++)
		mean[i] = uniform(1, i) - 0.5;
	for (int c = 0, at = 0; c < K; c++)
		for (int a = 0; a < D; a++)
			for (int b = 0; b <= a; b++, at++)
			{
				all[at] = a == b ? 0.01 * (a + 1) : 0;
				for (int l = 0; l < D; l++)
					all[at] += 0.05 * (uniform(2, (c * D + a) * D + l) - 0.5) * (uniform(2, (c * D + b) * D + l) - 0.5);
			}
	if (covariance == US_COVARIANCE_DIAG)
		for (int i = 0; i < K * D; i++)
			all[i] = 0.01 + 0.1 * uniform(3, i);
	if (covariance == US_COVARIANCE_SPHERICAL)
		for (int i = 0; i < K; i++)
			all[i] = 0.3 + 0.1 * i;
	m = us_mixture_make(covariance, K, D, gridded, gridded ? 40 : 0, grid, weight, mean, all, &bad);
	UNIT_CHECK(m != NULL);
	return m;
}

/* Determinant and solution by Gauss-Jordan elimination. */
static double
solve(double a[D][D], double *b)
{
	double		det = 1;

	for (int p = 0; p < D; p++)
	{
		det *= a[p][p];
		for (int i = 0; i < D; i++)
		{
			double		f = a[i][p] / a[p][p];

			if (i == p)
				continue;
			for (int j = 0; j < D; j++)
				a[i][j] -= f * a[p][j];
			b[i] -= f * b[p];
		}
	}
	for (int p = 0; p < D; p++)
		b[p] /= a[p][p];
	return det;
}

/* log of weight times density of component c at x. */
static double
plain_density(const UsMixture *m, int c, const double *x)
{
	double		a[D][D];
	double		diff[D];
	double		solved[D];
	double		square = 0;
	double		det;

	for (int i = 0; i < D; i++)
	{
		diff[i] = solved[i] = x[i] - us_mixture_mean_value(m, c, i);
		for (int j = 0; j < D; j++)
			a[i][j] = us_mixture_covariance_value(m, c, i, j);
	}
	det = solve(a, solved);
	for (int i = 0; i < D; i++)
		square += diff[i] * solved[i];
	return log(us_mixture_weight(m)[c]) - 0.5 * (D * log(2 * M_PI) + log(det) + square);
}

/* Row i of the test data, in the units of the columns and inside the grid. */
static void
row(const UsMixture *m, int i, double *x)
{
	for (int j = 0; j < D; j++)
	{
		double		q = rint((2 * uniform(7, i * D + j) - 1) * (1 << US_GRID_BITS));

		x[j] = us_mixture_grid(m)[j].offset + ldexp(q, us_mixture_grid(m)[j].exponent);
	}
	if (i % 16 > 3)
		for (int j = 0; j < D; j++)
			x[j] = us_mixture_grid(m)[j].offset +
				us_grid_relative(us_mixture_grid(m)[j], us_grid_q(us_mixture_grid(m)[j],
																  us_mixture_mean_value(m, i % 16 > 5 ? 0 : i % 3, j) + 0.1 * (uniform(8, i * D + j) - 0.5)));
}

UNIT_TEST(gmm_densities_and_responsibilities)
{
	for (int covariance = 0; covariance < US_COVARIANCE_COUNT; covariance++)
	{
		UsMixture  *m = some_mixture((UsCovariance) covariance, false);
		UsGmmJudge *judge = us_gmm_judge(m);

		for (int i = 0; i < N; i++)
		{
			double		x[D];
			double		p[K];
			double		total = 0;
			double		density;

			row(m, i, x);
			UNIT_EQUAL_INT(us_gmm_judge_densities(judge, x, false), 0);
			for (int c = 0; c < K; c++)
			{
				p[c] = plain_density(m, c, x);
				UNIT_CLOSE(judge->row->r[c], p[c], 1e-10);
				total += exp(p[c]);
			}
			density = us_gmm_judge_responsibilities(judge, 1);
			if (total > 0)
				UNIT_CLOSE(density, log(total), 1e-10);
			for (int c = 0; c < K; c++)
				UNIT_CLOSE(judge->row->r[c], exp(p[c] - density), 1e-10);
		}
	}
}

/* Sums of rows from one tile, in an order by mixing; weights vary. */
static int128 *
tile_sums(const UsMixture *m, int order)
{
	UsGmm		g = us_mixture_gmm(m);
	UsGmmScratch *s = us_gmm_scratch(K, D);
	int128	   *sums = (int128 *) palloc0(sizeof(int128) * us_gmm_sums(g.covariance, K, D));

	for (int part = 0; part < 2; part++)
	{
		int			n = 0;

		for (int at = 0; at < N; at++)
		{
			int			i = (at * 37 + order * 11) % N;
			double		x[D];
			double		y[D];

			if ((at < 77) == (part == 0))
			{
				row(m, i, x);
				(void) us_mixture_place(m, x, true, y);
				for (int j = 0; j < D; j++)
					s->y[j * US_GMM_STRIDE + n] = y[j];
				s->weight[n++] = ldexp(rint(ldexp(1.0 / (1 + i % 4), 40)), -40);
			}
		}
		for (int i = n; i < US_GMM_TILE; i++)
			s->weight[i] = 0;
		us_gmm_log_densities(&g, s, n);
		us_gmm_responsibilities(K, s, n);
		us_gmm_accumulate(&g, s, n, sums);
	}
	return sums;
}

UNIT_TEST(gmm_sums_do_not_depend_on_the_order)
{
	for (int covariance = 0; covariance < US_COVARIANCE_COUNT; covariance++)
	{
		UsMixture  *m = some_mixture((UsCovariance) covariance, true);
		UsGmmJudge *judge = us_gmm_judge(m);
		Size		bytes = sizeof(int128) * us_gmm_sums((UsCovariance) covariance, K, D);
		int128	   *first = tile_sums(m, 0);
		UsGmmState *state = NULL;
		double		weight = 0;
		double		sum[D] = {0};

		for (int order = 1; order < 5; order++)
			UNIT_CHECK(memcmp(tile_sums(m, order), first, bytes) == 0);
		for (int i = 0; i < N; i++)
		{
			double		x[D];
			UsGmmPoint *p;

			row(m, i, x);
			p = us_gmm_point_make(judge, x, 1.0 / (1 + i % 4));
			if (state == NULL)
				state = us_gmm_state_new(&p->shape);
			us_gmm_state_add(state, p);
			weight += 1.0 / (1 + i % 4);
			for (int j = 0; j < D; j++)
				sum[j] += p->value[K + j] * p->value[1];
		}
		/* row by row, as in SQL */
		UNIT_CHECK(memcmp(state->sums.sum, first, bytes) == 0);
		UNIT_CLOSE(ldexp((double) first[0], -US_GMM_BITS), weight, 1e-11);
		for (int j = 0; j < D; j++)
			UNIT_CLOSE(ldexp((double) us_gmm_sums_of(first, (UsCovariance) covariance, D, 1)[1 + j], -US_GMM_BITS),
					   sum[j], 1e-10);
	}
}

/* The M-step against formulas in plain double precision. */
UNIT_TEST(gmm_m_step)
{
	for (int covariance = 0; covariance < US_COVARIANCE_COUNT; covariance++)
	{
		UsMixture  *m = some_mixture((UsCovariance) covariance, true);
		UsGmmJudge *judge = us_gmm_judge(m);
		UsGmmState *state = NULL;
		double		r[N][K];
		double		x[N][D];
		double		reg = 0.001;
		double		tied[D][D] = {{0}};
		int			bad;
		UsMixture  *next;

		for (int i = 0; i < N; i++)
		{
			UsGmmPoint *p;

			row(m, i, x[i]);
			p = us_gmm_point_make(judge, x[i], 1);
			for (int c = 0; c < K; c++)
				r[i][c] = p->value[c];
			if (state == NULL)
				state = us_gmm_state_new(&p->shape);
			us_gmm_state_add(state, p);
		}
		next = us_mixture_next(m, &state->sums, 1, reg, &bad);
		UNIT_CHECK(next != NULL);
		for (int c = 0; c < K; c++)
		{
			double		mass = 0;
			double		mean[D] = {0};
			double		v[D][D] = {{0}};
			double		trace = 0;

			for (int i = 0; i < N; i++)
				mass += r[i][c];
			for (int i = 0; i < N; i++)
				for (int a = 0; a < D; a++)
					mean[a] += r[i][c] * x[i][a] / mass;
			for (int i = 0; i < N; i++)
				for (int a = 0; a < D; a++)
					for (int b = 0; b < D; b++)
					{
						v[a][b] += r[i][c] * (x[i][a] - mean[a]) * (x[i][b] - mean[b]) / mass;
						tied[a][b] += r[i][c] * (x[i][a] - mean[a]) * (x[i][b] - mean[b]) / N;
					}
			UNIT_CLOSE(us_mixture_weight(next)[c], mass / N, 1e-11);
			for (int a = 0; a < D; a++)
			{
				UNIT_CLOSE(us_mixture_mean_value(next, c, a), mean[a], 1e-10);
				trace += v[a][a] / D;
				for (int b = 0; b <= a; b++)
					if (covariance == US_COVARIANCE_FULL || (covariance == US_COVARIANCE_DIAG && a == b))
						UNIT_CLOSE(us_mixture_covariance_value(next, c, a, b), v[a][b] + (a == b ? reg : 0), 1e-9);
			}
			if (covariance == US_COVARIANCE_SPHERICAL)
				UNIT_CLOSE(us_mixture_covariance_value(next, c, 0, 0), trace + reg, 1e-9);
		}
		for (int a = 0; a < D && covariance == US_COVARIANCE_TIED; a++)
			for (int b = 0; b <= a; b++)
				UNIT_CLOSE(us_mixture_covariance_value(next, 0, a, b), tied[a][b] + (a == b ? reg : 0), 1e-9);
	}
}

/* A step of 0 would keep the mixture; one half lies between. */
UNIT_TEST(gmm_stepwise)
{
	for (int covariance = 0; covariance < US_COVARIANCE_COUNT; covariance++)
	{
		UsMixture  *m = some_mixture((UsCovariance) covariance, true);
		UsGmmJudge *judge = us_gmm_judge(m);
		UsGmmState *state = NULL;
		UsMixture  *same;
		UsMixture  *half;
		UsMixture  *whole;
		int			bad;

		for (int i = 0; i < N; i++)
		{
			double		x[D];
			UsGmmPoint *p;

			row(m, i, x);
			p = us_gmm_point_make(judge, x, 1);
			if (state == NULL)
				state = us_gmm_state_new(&p->shape);
			us_gmm_state_add(state, p);
		}
		same = us_mixture_next(m, &state->sums, 1e-300, 0, &bad);
		half = us_mixture_next(m, &state->sums, 0.5, 0, &bad);
		whole = us_mixture_next(m, &state->sums, 1, 0, &bad);
		for (int c = 0; c < K; c++)
		{
			double		a = us_mixture_weight(m)[c];
			double		b = us_mixture_weight(whole)[c];

			UNIT_CLOSE(us_mixture_weight(half)[c], (a + b) / 2, 1e-12);
			for (int j = 0; j < D; j++)
			{
				UNIT_CLOSE(us_mixture_mean_value(half, c, j),
						   (a * us_mixture_mean_value(m, c, j) + b * us_mixture_mean_value(whole, c, j)) / (a + b), 1e-11);
				UNIT_CLOSE(us_mixture_covariance_value(same, c, j, 0),
						   us_mixture_covariance_value(m, c, j, 0), 1e-11);
			}
		}
	}
}

UNIT_TEST(gmm_payloads_come_back)
{
	for (int covariance = 0; covariance < US_COVARIANCE_COUNT; covariance++)
	{
		UsMixture  *m = some_mixture((UsCovariance) covariance, covariance % 2 == 0);
		UsWriter	w;
		UsReader	r;
		UsMixture  *back;

		us_writer_init(&w);
		us_mixture_write(m, &w);
		us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, US_MIXTURE_NAME);
		back = us_mixture_read(&r);
		us_reader_end(&r);
		UNIT_EQUAL_INT(VARSIZE(back), VARSIZE(m));
		UNIT_CHECK(memcmp(back, m, VARSIZE(m)) == 0);
	}
}

UNIT_TEST(gmm_log_of_lanes)
{
	UsDoubleLanes v;
	double		in[8] = {1, 2, 0.5, 1.0 + 1e-9, 1e300, 1e-300, M_SQRT1_2, 65535};

	memcpy(&v, in, sizeof(v));
	us_log_lanes(&v);
	for (int i = 0; i < 8; i++)
		UNIT_CHECK(fabs(v[i] - log(in[i])) <= 4e-16 * fmax(1, fabs(log(in[i]))));
	for (int t = 0; t < 1000; t++)
	{
		for (int i = 0; i < 8; i++)
			in[i] = exp(20 * (uniform(9, t * 8 + i) - 0.5));
		memcpy(&v, in, sizeof(v));
		us_log_lanes(&v);
		for (int i = 0; i < 8; i++)
			UNIT_CHECK(fabs(v[i] - log(in[i])) <= 4e-16 * fmax(1, fabs(log(in[i]))));
	}
}

/* Second differences: determinant n + 1, inverse min(i, j) (n + 1 - max(i, j)) / (n + 1). */
UNIT_TEST(cholesky_of_second_differences)
{
	for (int n = 1; n < 30; n++)
	{
		double	   *l = (double *) palloc0(sizeof(double) * us_packed(n));
		double		det = 1;

		for (int i = 0; i < n; i++)
		{
			l[us_packed(i) + i] = 2;
			if (i > 0)
				l[us_packed(i) + i - 1] = -1;
		}
		UNIT_EQUAL_INT(us_cholesky(n, l), 0);
		for (int i = 0; i < n; i++)
			det *= l[us_packed(i) + i] * l[us_packed(i) + i];
		UNIT_CLOSE(det, n + 1, 1e-13);
		us_cholesky_invert(n, l);
		for (int i = 0; i < n; i++)
			for (int j = 0; j <= i; j++)
			{
				double		sum = 0;

				for (int k = i; k < n; k++)
					sum += l[us_packed(k) + i] * l[us_packed(k) + j];
				UNIT_CLOSE(sum, (j + 1) * (n - i) / (n + 1.0), 1e-13);
			}
	}
}

UNIT_TEST(cholesky_of_what_is_not_positive)
{
	double		zero[1] = {0};
	double		flat[3] = {1, 1, 1};
	double		nan[3] = {1, NAN, 1};
	double		infinite[3] = {1, 0, INFINITY};

	UNIT_EQUAL_INT(us_cholesky(1, zero), 1);
	UNIT_EQUAL_INT(us_cholesky(2, flat), 2);
	UNIT_EQUAL_INT(us_cholesky(2, nan), 2);
	UNIT_EQUAL_INT(us_cholesky(2, infinite), 2);
	UNIT_EQUAL_INT(us_cholesky(0, zero), 0);
}
