/*
 * test_cross.c
 *	  Exact sums of products of columns; elimination in 32 digits.
 */
#include "postgres.h"

#include <math.h>
#include "math/cross.h"
#include "math/eliminate.h"
#include "math/kernels.h"
#include "math/random.h"
#include "unit.h"

/* sums of products, rows one by one in integers of 128 bits */
UNIT_TEST(cross_products_are_exact)
{
	enum { N = 5, ROWS = 300 };
	double	   *x = (double *) palloc(sizeof(double) * N * ROWS);
	double	   *part = (double *) us_block_alloc(sizeof(double) * 2 * N * US_CROSS_TILE);
	int128	   *sum = (int128 *) palloc0(sizeof(int128) * us_cross_size(2 * N));
	UsRandom	rng;

	us_random_init(&rng, 7, 0);
	for (int i = 0; i < N * ROWS; i++)
		x[i] = (us_random_double(&rng) - 0.3) * (1 + i % 7);
	for (int j = 0; j < N; j++)
		us_cross_cut(us_cross_grid(0.1, 8), x + j * ROWS, NULL, ROWS, part + (Size) j * US_CROSS_TILE,
					 part + (Size) (N + j) * US_CROSS_TILE);
	us_cross_triangle(part, 2 * N, ROWS, sum);
	for (int i = 0; i < N; i++)
		for (int j = i; j < N; j++)
		{
			int128		want = 0;
			int128		got = us_cross_join(sum[us_cross_at(2 * N, i, j)],
											sum[us_cross_at(2 * N, i, N + j)] + sum[us_cross_at(2 * N, j, N + i)],
											sum[us_cross_at(2 * N, N + i, N + j)]);

			for (int r = 0; r < ROWS; r++)
				want += (int128) (int64) rint(ldexp(x[i * ROWS + r] - 0.1, 43)) *
					(int64) rint(ldexp(x[j * ROWS + r] - 0.1, 43));
			UNIT_CHECK(got == want);
		}
}

UNIT_TEST(cross_products_with_factors_and_ends)
{
	double	   *part = (double *) us_block_alloc(sizeof(double) * 4 * US_CROSS_TILE);
	double		x[] = {1, 2, 300, -5};
	double		f[] = {2, 0.5, 1, 1};
	int128		sum[10] = {0};
	int128		r[1] = {0};
	UsGrid		g = us_cross_grid(0, 4);	/* 300 and -5 are taken as the ends, 8 and -8 */

	us_cross_cut(g, x, f, 4, part, part + US_CROSS_TILE);
	UNIT_CHECK(part[4] == 0 && part[US_CROSS_TILE - 1] == 0);
	us_cross_triangle(part, 2, 4, sum);
	UNIT_CLOSE(us_dd_round(us_dd_scale(us_dd_int128(us_cross_join(sum[us_cross_at(2, 0, 0)],
																	2 * sum[us_cross_at(2, 0, 1)],
																	sum[us_cross_at(2, 1, 1)])),
										2 * g.exponent)), 4 + 1 + 64 + 25, 0);
	us_cross_rectangle(part, 1, part, 1, 4, r);
	UNIT_CHECK(r[0] == sum[0]);
}

/* The inverse of the Hilbert matrix of order 10, condition 1.6e13, is whole numbers. */
UNIT_TEST(eliminate_hilbert)
{
	enum { N = 10 };
	UsDd	   *a = (UsDd *) palloc(sizeof(UsDd) * N * N);
	double		inverse[N * N];
	double		binomial[2 * N + 1][2 * N + 1];
	UsElimination *e;
	UsDd		b[N];
	double		sum = 0;

	for (int n = 0; n <= 2 * N; n++)
		for (int k = 0; k <= n; k++)
			binomial[n][k] = k == 0 || k == n ? 1 : binomial[n - 1][k - 1] + binomial[n - 1][k];
	for (int i = 0; i < N; i++)
	{
		for (int j = 0; j < N; j++)
			a[i * N + j] = us_dd_div(us_dd(1), us_dd(i + j + 1));
		b[i] = us_dd(1);
	}
	e = us_eliminate(a, N, 1e-13);
	UNIT_EQUAL_INT(e->rank, N);
	us_eliminate_inverse(e, inverse);
	for (int i = 1; i <= N; i++)
		for (int j = 1; j <= N; j++)
		{
			double		want = ((i + j) % 2 ? -1 : 1) * (i + j - 1) * binomial[N + i - 1][N - j] *
				binomial[N + j - 1][N - i] * binomial[i + j - 2][i - 1] * binomial[i + j - 2][i - 1];

			UNIT_CLOSE(inverse[(i - 1) * N + j - 1] / want, 1, 1e-9);
		}
	us_eliminate_solve(e, b, b);
	for (int i = 0; i < N; i++)
		sum += us_dd_round(b[i]);
	UNIT_CLOSE(sum, N * N, 1e-12);	/* the elements of the inverse add up to n^2 */
	UNIT_CLOSE(us_eliminate_logdet(e), -121.26496874930371, 1e-13);
}

UNIT_TEST(eliminate_drops_what_depends)
{
	/* columns 1, 2, their sum, 0, and one of its own */
	double		x[4][5] = {{1, 2, 3, 0, 1}, {2, 1, 3, 0, -1}, {0, 1, 1, 0, 2}, {1, 1, 2, 0, 5}};
	UsDd		a[25];
	UsDd		b[5];
	double		inverse[25];
	UsElimination *e;

	for (int i = 0; i < 5; i++)
	{
		b[i] = us_dd(0);
		for (int j = 0; j < 5; j++)
		{
			a[i * 5 + j] = us_dd(0);
			for (int r = 0; r < 4; r++)
				a[i * 5 + j].hi += x[r][i] * x[r][j];
		}
		for (int r = 0; r < 4; r++)
			b[i].hi += x[r][i] * (3 * x[r][0] - x[r][1] + 0.5 * x[r][4]);
	}
	e = us_eliminate(a, 5, 1e-11);
	UNIT_EQUAL_INT(e->rank, 3);
	UNIT_CHECK(!e->dropped[0] && !e->dropped[1] && e->dropped[2] && e->dropped[3] && !e->dropped[4]);
	us_eliminate_solve(e, b, b);
	UNIT_CLOSE(b[0].hi, 3, 1e-14);
	UNIT_CLOSE(b[1].hi, -1, 1e-14);
	UNIT_CHECK(b[2].hi == 0 && b[3].hi == 0);
	UNIT_CLOSE(b[4].hi, 0.5, 1e-14);
	us_eliminate_inverse(e, inverse);
	UNIT_CHECK(inverse[2] == 0 && inverse[2 * 5 + 2] == 0 && inverse[3 * 5 + 3] == 0 && inverse[0] > 0);
}

/* numpy.linalg.cond of two columns of length 1 with correlation 0.8: sqrt(1.8 / 0.2) */
UNIT_TEST(condition_number)
{
	double		c[] = {4, 0.8 * 2 * 3, 0.8 * 2 * 3, 9};
	double		det = 36 * 0.36;
	double		ci[] = {9 / det, -4.8 / det, -4.8 / det, 4 / det};

	UNIT_CLOSE(us_condition(2, c, ci), 3, 1e-10);
}
