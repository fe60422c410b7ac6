/*
 * test_lapack.c
 *	  Linear algebra by LAPACK, against matrices whose factors are known.
 *
 * The matrix of second differences of order n (2 on the diagonal, -1 beside it) has
 * determinant n + 1, inverse min(i, j) (n + 1 - max(i, j)) / (n + 1) and eigenvalues
 * 2 - 2 cos(i pi / (n + 1)) (R. T. Gregory and D. L. Karney, A Collection of Matrices for Testing
 * Computational Algorithms, 1969).
 */
#include "postgres.h"

#include <math.h>
#include <signal.h>

#include "infra/lapack.h"
#include "infra/lapack_library.h"
#include "math/hash.h"
#include "unit.h"

static double *
matrix(int rows, int columns)
{
	return (double *) palloc0(sizeof(double) * Max((Size) rows * columns, 1));
}

static double *
random_matrix(int rows, int columns, uint64 seed)
{
	double	   *a = matrix(rows, columns);

	for (int i = 0; i < rows * columns; i++)
		a[i] = us_uniform(seed, i) - 0.5;
	return a;
}

/* Second differences in the lower triangle; what stands above it must not matter. */
static double *
second_differences(int n, int ld)
{
	double	   *a = matrix(ld, n);

	for (int j = 0; j < n; j++)
	{
		for (int i = 0; i < j; i++)
			a[i + j * ld] = 1e300;
		a[j + j * ld] = 2;
		if (j + 1 < n)
			a[j + 1 + j * ld] = -1;
	}
	return a;
}

/* Largest difference of a x and b, for a[m x k], x[k x n]. */
static double
misfit(int m, int n, int k, const double *a, int lda, const double *x, int ldx,
	   const double *b, int ldb)
{
	double		most = 0;

	for (int j = 0; j < n; j++)
		for (int i = 0; i < m; i++)
		{
			double		sum = 0;

			for (int l = 0; l < k; l++)
				sum += a[i + l * lda] * x[l + j * ldx];
			most = fmax(most, fabs(sum - b[i + j * ldb]));
		}
	return most;
}

UNIT_TEST(lapack_missing_library_is_named)
{
	UsLapackLibrary library;

	UNIT_ERROR(us_lapack_open("libuserseg-none.so.3", &library), ERRCODE_UNDEFINED_FILE,
			   "LAPACK could not be loaded");
	UNIT_ERROR(us_lapack_open("libm.so.6", &library), ERRCODE_UNDEFINED_FILE,
			   "the LAPACK library \"libm.so.6\" has no routine \"dgemm_\"");
}

UNIT_TEST(lapack_loads_with_signals_and_environment_as_before)
{
	UsLapackLibrary library;
	sigset_t	before;
	sigset_t	after;

	setenv("OPENBLAS_NUM_THREADS", "7", 1);
	unsetenv("OMP_NUM_THREADS");
	sigprocmask(SIG_SETMASK, NULL, &before);
	us_lapack_open(US_LAPACK_FILE, &library);
	sigprocmask(SIG_SETMASK, NULL, &after);
	UNIT_EQUAL_STRING(getenv("OPENBLAS_NUM_THREADS"), "7");
	UNIT_CHECK(getenv("OMP_NUM_THREADS") == NULL);
	for (int i = 1; i < 32; i++)
		UNIT_EQUAL_INT(sigismember(&after, i), sigismember(&before, i));
	unsetenv("OPENBLAS_NUM_THREADS");
}

UNIT_TEST(lapack_illegal_arguments_do_not_reach_it)
{
	double		a[4] = {1, 0, 0, 1};

	UNIT_ERROR(us_lapack_cholesky(2, a, 1), ERRCODE_INTERNAL_ERROR, "leading dimension 1");
	UNIT_ERROR(us_lapack_cholesky(-1, a, 2), ERRCODE_INTERNAL_ERROR, "matrix of -1");
	UNIT_ERROR(us_lapack_cholesky(100000, a, 100000), ERRCODE_INTERNAL_ERROR, "100000");
	UNIT_EQUAL_INT(us_lapack_cholesky(0, a, 1), 0);
}

/* Order 600 goes panel by panel. */
UNIT_TEST(lapack_cholesky_of_second_differences)
{
	static const int orders[] = {1, 2, 9, 600};

	for (int t = 0; t < lengthof(orders); t++)
	{
		int			n = orders[t];
		int			ld = n + 3;
		double	   *a = second_differences(n, ld);
		double	   *b = matrix(n, 2);
		double		norm = us_lapack_symmetric_norm(n, a, ld);
		double		inverse_norm = 0;
		double		most = 0;

		UNIT_CLOSE(norm, n == 1 ? 2 : n == 2 ? 3 : 4, 0);
		UNIT_EQUAL_INT(us_lapack_cholesky(n, a, ld), 0);
		UNIT_CLOSE(us_lapack_cholesky_logdet(n, a, ld), log(n + 1.0), 1e-12);

		/* x = 1: b = 1 at both ends; and the same times 3 */
		for (int j = 0; j < 2; j++)
		{
			b[j * n] += j == 0 ? 1 : 3;
			b[n - 1 + j * n] += j == 0 ? 1 : 3;
		}
		us_lapack_cholesky_solve(n, a, ld, 2, b, n);
		for (int i = 0; i < n; i++)
			most = fmax(most, fmax(fabs(b[i] - 1), fabs(b[i + n] - 3)));
		UNIT_CHECK(most < 1e-10);

		for (int j = 1; j <= n; j++)
		{
			double		sum = 0;

			for (int i = 1; i <= n; i++)
				sum += Min(i, j) * (n + 1.0 - Max(i, j)) / (n + 1.0);
			inverse_norm = fmax(inverse_norm, sum);
		}
		/* an estimate from above, and for this matrix the true value */
		UNIT_CLOSE(us_lapack_cholesky_rcond(n, a, ld, norm) * norm * inverse_norm, 1, 1e-9);

		us_lapack_cholesky_inverse(n, a, ld);
		most = 0;
		for (int j = 1; j <= n; j++)
			for (int i = 1; i <= n; i++)
				most = fmax(most, fabs(a[i - 1 + (j - 1) * ld] -
									   Min(i, j) * (n + 1.0 - Max(i, j)) / (n + 1.0)));
		UNIT_CHECK(most < 1e-9 * n);
	}
}

UNIT_TEST(lapack_cholesky_names_the_minor_that_is_not_positive)
{
	for (int n = 5; n <= 600; n += 595)
	{
		double	   *a = second_differences(n, n);
		int			bad = n - 2;

		a[(bad - 1) * (n + 1)] = 0.5;
		UNIT_EQUAL_INT(us_lapack_cholesky(n, a, n), bad);
		a = second_differences(n, n);
		a[(bad - 1) * (n + 1)] = NAN;
		UNIT_EQUAL_INT(us_lapack_cholesky(n, a, n), bad);
	}
}

UNIT_TEST(lapack_products)
{
	int			m = 7;
	int			n = 5;
	int			k = 11;
	double	   *a = random_matrix(m, k, 1);
	double	   *b = random_matrix(k, n, 2);
	double	   *at = matrix(k, m);
	double	   *bt = matrix(n, k);
	double	   *c = matrix(m, n);
	double	   *g = matrix(m, m);

	for (int i = 0; i < m; i++)
		for (int j = 0; j < k; j++)
			at[j + i * k] = a[i + j * m];
	for (int i = 0; i < k; i++)
		for (int j = 0; j < n; j++)
			bt[j + i * n] = b[i + j * k];
	us_lapack_multiply(false, false, m, n, k, 1, a, m, b, k, 0, c, m);
	UNIT_CHECK(misfit(m, n, k, a, m, b, k, c, m) < 1e-14);
	us_lapack_multiply(true, true, m, n, k, -1, at, k, bt, n, 2, c, m);
	UNIT_CHECK(misfit(m, n, k, a, m, b, k, c, m) < 1e-14);

	us_lapack_gram(true, m, k, 1, a, m, 0, g, m);
	us_lapack_mirror(m, g, m);
	UNIT_CHECK(misfit(m, m, k, a, m, at, k, g, m) < 1e-14);
	us_lapack_gram(false, m, k, -1, at, k, 1, g, m);
	for (int j = 0; j < m; j++)
		for (int i = j; i < m; i++)
			UNIT_CLOSE(g[i + j * m], 0, 1e-14);
}

UNIT_TEST(lapack_triangles)
{
	double		upper[9] = {2, 7, 7, 1, 4, 7, 3, 5, 8};	/* 7: not looked at */
	double		x[3] = {1, 2, 3};
	double		b[3];
	double		inverse[9];

	/* U x and U' x by hand */
	b[0] = 2 + 2 + 9;
	b[1] = 8 + 15;
	b[2] = 24;
	UNIT_EQUAL_INT(us_lapack_triangular_solve(true, false, 3, upper, 3, 1, b, 3), 0);
	for (int i = 0; i < 3; i++)
		UNIT_CLOSE(b[i], x[i], 1e-15);
	b[0] = 2;
	b[1] = 1 + 8;
	b[2] = 3 + 10 + 24;
	UNIT_EQUAL_INT(us_lapack_triangular_solve(true, true, 3, upper, 3, 1, b, 3), 0);
	for (int i = 0; i < 3; i++)
		UNIT_CLOSE(b[i], x[i], 1e-15);

	UNIT_EQUAL_INT(us_lapack_triangular_inverse(true, 3, upper, 3, inverse, 3), 0);
	UNIT_CLOSE(inverse[6], (1 * 5 - 3 * 4) / (2.0 * 4 * 8), 1e-15);
	UNIT_CLOSE(inverse[1], 0, 0);
	/* norms 16 and 1/2 + ... : columns of the inverse are (1/2), (-1/8, 1/4), (-7/64, -5/32, 1/8) */
	UNIT_CLOSE(us_lapack_triangular_rcond(true, 3, upper, 3), 1 / (16 * 0.5), 1e-12);

	upper[4] = 0;
	UNIT_EQUAL_INT(us_lapack_triangular_solve(true, false, 3, upper, 3, 1, b, 3), 2);
	UNIT_CLOSE(us_lapack_triangular_rcond(true, 3, upper, 3), 0, 0);
}

/* 400 x 300 goes panel by panel. */
UNIT_TEST(lapack_qr)
{
	static const int sizes[][2] = {{5, 3}, {3, 5}, {4, 4}, {400, 300}};

	for (int t = 0; t < lengthof(sizes); t++)
	{
		int			m = sizes[t][0];
		int			n = sizes[t][1];
		int			most = Min(m, n);
		double	   *a = random_matrix(m, n, t);
		double	   *qr = matrix(m, n);
		double	   *back = matrix(m, n);
		double		tau[400];
		int			pivot[400];
		double		worst = 0;

		memcpy(qr, a, sizeof(double) * m * n);
		us_lapack_qr(m, n, qr, m, pivot, tau);
		UNIT_EQUAL_INT(us_lapack_qr_rank(m, n, qr, m, 1e-12), most);
		for (int j = 1; j < most; j++)
			UNIT_CHECK(fabs(qr[j * (m + 1)]) <= fabs(qr[(j - 1) * (m + 1)]) * (1 + 1e-12));
		for (int j = 0; j < n; j++)
			for (int i = 0; i <= Min(j, m - 1); i++)
				back[i + j * m] = qr[i + j * m];
		us_lapack_qr_apply(false, m, most, qr, m, tau, n, back, m);
		for (int j = 0; j < n; j++)
			for (int i = 0; i < m; i++)
				worst = fmax(worst, fabs(back[i + j * m] - a[i + pivot[j] * m]));
		UNIT_CHECK(worst < 1e-12);
	}
}

UNIT_TEST(lapack_least_squares_without_a_dependent_column)
{
	/* y = 3 + 2 t at t = 0..3 with residuals 1 -1 -1 1; the third column is twice the second */
	double		a[12] = {1, 1, 1, 1, 0, 1, 2, 3, 0, 2, 4, 6};
	double		copy[12];
	double		b[4] = {4, 4, 6, 10};
	double		x[3];
	double		c[9];
	double		tau[3];
	int			pivot[3];
	int			rank;

	memcpy(copy, a, sizeof(a));
	us_lapack_qr(4, 3, a, 4, pivot, tau);
	rank = us_lapack_qr_rank(4, 3, a, 4, 1e-12);
	UNIT_EQUAL_INT(rank, 2);
	us_lapack_qr_solve(4, 3, rank, a, 4, pivot, tau, 1, b, 4, x, 3);
	UNIT_CLOSE(x[0], 3, 1e-14);
	UNIT_CLOSE(x[1], 0, 0);
	UNIT_CLOSE(x[2], 1, 1e-14);
	UNIT_CLOSE(b[2] * b[2] + b[3] * b[3], 4, 1e-14);

	/* (a'a)^-1 of columns 1 and 3: a'a = (4 12; 12 56) */
	us_lapack_qr_inverse(3, rank, a, 4, pivot, c, 3);
	UNIT_CLOSE(c[0], 56.0 / 80, 1e-14);
	UNIT_CLOSE(c[2], -12.0 / 80, 1e-14);
	UNIT_CLOSE(c[6], -12.0 / 80, 1e-14);
	UNIT_CLOSE(c[8], 4.0 / 80, 1e-14);
	for (int i = 0; i < 3; i++)
		UNIT_CLOSE(c[1 + 3 * i] + c[i + 3], 0, 0);

	copy[5] = INFINITY;
	UNIT_ERROR(us_lapack_qr(4, 3, copy, 4, pivot, tau), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
			   "is not finite in column 2");
}

/* Order 300 goes panel by panel. */
UNIT_TEST(lapack_eigen_of_second_differences)
{
	static const int orders[] = {1, 2, 10, 300};

	for (int t = 0; t < lengthof(orders); t++)
	{
		int			n = orders[t];
		double	   *a = second_differences(n, n);
		double	   *whole = second_differences(n, n);
		double	   *z = matrix(n, n);
		double	   *zt = matrix(n, n);
		double	   *wz = matrix(n, n);
		double	   *unit = matrix(n, n);
		double	   *w = matrix(n, 1);

		us_lapack_mirror(n, whole, n);
		us_lapack_eigen(n, a, n, w, z, n);
		for (int j = 0; j < n; j++)
		{
			double		largest = 0;

			UNIT_CLOSE(w[j], 2 - 2 * cos((j + 1) * M_PI / (n + 1)), 1e-13);
			unit[j * (n + 1)] = 1;
			for (int i = 0; i < n; i++)
			{
				wz[i + j * n] = w[j] * z[i + j * n];
				zt[j + i * n] = z[i + j * n];
				if (fabs(z[i + j * n]) > fabs(largest))
					largest = z[i + j * n];
			}
			UNIT_CHECK(largest > 0);
		}
		UNIT_CHECK(misfit(n, n, n, whole, n, z, n, wz, n) < 1e-12);
		UNIT_CHECK(misfit(n, n, n, zt, n, z, n, unit, n) < 1e-12);

		us_lapack_eigen(n, whole, n, wz, NULL, 0);
		for (int j = 0; j < n; j++)
			UNIT_CLOSE(wz[j], w[j], 1e-13);
	}
}

UNIT_TEST(lapack_eigen_of_extreme_and_equal_values)
{
	double		huge[4] = {3e200, 1e200, 0, 3e200};
	double		zero[4] = {0, 0, 0, 0};
	double		bad[4] = {1, NAN, 0, 1};
	double		w[2];
	double		z[4];

	us_lapack_eigen(2, huge, 2, w, z, 2);
	UNIT_CLOSE(w[0] / 2e200, 1, 1e-15);
	UNIT_CLOSE(w[1] / 4e200, 1, 1e-15);
	us_lapack_eigen(2, zero, 2, w, z, 2);
	UNIT_CLOSE(w[0], 0, 0);
	UNIT_CLOSE(fabs(z[0]) + fabs(z[1]), 1, 1e-15);
	UNIT_ERROR(us_lapack_eigen(2, bad, 2, w, z, 2), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
			   "not finite in row 2, column 1");
	UNIT_ERROR(us_lapack_eigen(US_LAPACK_EIGEN_MAX + 1, bad, US_LAPACK_EIGEN_MAX + 1, w, NULL, 0),
			   ERRCODE_PROGRAM_LIMIT_EXCEEDED, "4097 columns");
}
