/*
 * lapack.c
 *	  Products, positive definite and triangular matrices, by LAPACK.
 *
 * Problems that take longer than a step are cut into blocks here, with a check for interrupts
 * between them; the blocks go to LAPACK.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/lapack.h"
#include "infra/lapack_library.h"

/* up to this order a factorisation is one call; above, panels of so many columns */
#define WHOLE_ORDER		512
#define PANEL			64

static const double one = 1.0;
static const double minus_one = -1.0;

void
us_lapack_load(void)
{
	(void) us_lapack_library();
}

/* ---- products ---- */

void
us_lapack_multiply(bool transpose_a, bool transpose_b, int m, int n, int k,
				   double alpha, const double *a, int lda, const double *b, int ldb,
				   double beta, double *c, int ldc)
{
	const UsLapackLibrary *library = us_lapack_library();
	int			columns = us_lapack_columns(2.0 * m * k, n);

	us_lapack_check(transpose_a ? k : m, transpose_a ? m : k, lda);
	us_lapack_check(transpose_b ? n : k, transpose_b ? k : n, ldb);
	us_lapack_check(m, n, ldc);
	for (int j = 0; j < n; j += columns)
	{
		int			some = Min(columns, n - j);

		CHECK_FOR_INTERRUPTS();
		library->dgemm(transpose_a ? "T" : "N", transpose_b ? "T" : "N", &m, &some, &k, &alpha,
					   a, &lda, b + (transpose_b ? (Size) j : (Size) j * ldb), &ldb, &beta,
					   c + (Size) j * ldc, &ldc, 1, 1);
	}
}

/* Subtract or add: lower triangle of c[n x n] = alpha op(a) op(a)' + beta c, tile by tile. */
static void
rank_update(const UsLapackLibrary *library, bool outer, int n, int k, double alpha,
			const double *a, int lda, double beta, double *c, int ldc)
{
	int			columns = us_lapack_columns(2.0 * n * k, n);

	for (int j = 0; j < n; j += columns)
	{
		int			some = Min(columns, n - j);
		int			below = n - j - some;
		const double *at = a + (outer ? (Size) j : (Size) j * lda);
		const double *under = a + (outer ? (Size) j + some : (Size) (j + some) * lda);

		CHECK_FOR_INTERRUPTS();
		library->dsyrk("L", outer ? "N" : "T", &some, &k, &alpha, at, &lda, &beta,
					   c + j + (Size) j * ldc, &ldc, 1, 1);
		if (below > 0)
			library->dgemm(outer ? "N" : "T", outer ? "T" : "N", &below, &some, &k, &alpha,
						   under, &lda, at, &lda, &beta, c + j + some + (Size) j * ldc, &ldc, 1, 1);
	}
}

void
us_lapack_gram(bool outer, int n, int k, double alpha, const double *a, int lda,
			   double beta, double *c, int ldc)
{
	us_lapack_check(outer ? n : k, outer ? k : n, lda);
	us_lapack_check(n, n, ldc);
	rank_update(us_lapack_library(), outer, n, k, alpha, a, lda, beta, c, ldc);
}

void
us_lapack_mirror(int n, double *a, int lda)
{
	for (int j = 0; j < n; j++)
		for (int i = j + 1; i < n; i++)
			a[j + (Size) i * lda] = a[i + (Size) j * lda];
}

/* ---- positive definite matrices ---- */

int
us_lapack_cholesky(int n, double *a, int lda)
{
	const UsLapackLibrary *library = us_lapack_library();
	int			panel = n <= WHOLE_ORDER ? n : PANEL;
	int			info;

	us_lapack_check(n, n, lda);
	for (int j = 0; j < n; j += panel)
	{
		int			some = Min(panel, n - j);
		int			below = n - j - some;
		double	   *diagonal = a + j + (Size) j * lda;
		double	   *under = diagonal + some;

		CHECK_FOR_INTERRUPTS();
		library->dpotrf("L", &some, diagonal, &lda, &info, 1);
		if (info > 0)
			return j + info;
		us_lapack_info("dpotrf", info);
		/* OpenBLAS does not see NaN */
		for (int i = 0; i < some; i++)
			if (!isfinite(diagonal[i + (Size) i * lda]))
				return j + i + 1;
		if (below == 0)
			break;
		library->dtrsm("R", "L", "T", "N", &below, &some, &one, diagonal, &lda, under, &lda,
					   1, 1, 1, 1);
		rank_update(library, true, below, some, minus_one, under, lda, one,
					under + (Size) some * lda, lda);
	}
	return 0;
}

void
us_lapack_cholesky_solve(int n, const double *l, int ldl, int nrhs, double *b, int ldb)
{
	const UsLapackLibrary *library = us_lapack_library();
	int			columns = us_lapack_columns(2.0 * n * n, nrhs);
	int			info;

	us_lapack_check(n, n, ldl);
	us_lapack_check(n, nrhs, ldb);
	for (int j = 0; j < nrhs; j += columns)
	{
		int			some = Min(columns, nrhs - j);

		CHECK_FOR_INTERRUPTS();
		library->dpotrs("L", &n, &some, l, &ldl, b + (Size) j * ldb, &ldb, &info, 1);
		us_lapack_info("dpotrs", info);
	}
}

/* 1 on the diagonal of a[n x n], else 0. */
static void
set_identity(int n, double *a, int lda)
{
	for (int j = 0; j < n; j++)
	{
		memset(a + (Size) j * lda, 0, sizeof(double) * n);
		a[j + (Size) j * lda] = 1;
	}
}

void
us_lapack_cholesky_inverse(int n, double *l, int ldl)
{
	const UsLapackLibrary *library = us_lapack_library();
	int			info;

	us_lapack_check(n, n, ldl);
	if (n <= WHOLE_ORDER)
	{
		library->dpotri("L", &n, l, &ldl, &info, 1);
		us_lapack_info("dpotri", info);
	}
	else
	{
		double	   *inverse = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
																sizeof(double) * (Size) n * n);

		set_identity(n, inverse, n);
		us_lapack_cholesky_solve(n, l, ldl, n, inverse, n);
		for (int j = 0; j < n; j++)
			memcpy(l + (Size) j * ldl, inverse + (Size) j * n, sizeof(double) * n);
		pfree(inverse);
	}
	us_lapack_mirror(n, l, ldl);
}

double
us_lapack_cholesky_logdet(int n, const double *l, int ldl)
{
	double		sum = 0;

	for (int j = 0; j < n; j++)
		sum += log(l[j + (Size) j * ldl]);
	return 2 * sum;
}

double
us_lapack_symmetric_norm(int n, const double *a, int lda)
{
	double	   *sum = (double *) palloc0(sizeof(double) * Max(n, 1));
	double		norm = 0;

	for (int j = 0; j < n; j++)
	{
		const double *column = a + (Size) j * lda;

		sum[j] += fabs(column[j]);
		for (int i = j + 1; i < n; i++)
		{
			sum[j] += fabs(column[i]);
			sum[i] += fabs(column[i]);
		}
	}
	for (int j = 0; j < n; j++)
		norm = fmax(norm, sum[j]);
	pfree(sum);
	return norm;
}

double
us_lapack_cholesky_rcond(int n, const double *l, int ldl, double norm)
{
	const UsLapackLibrary *library = us_lapack_library();
	double	   *work = (double *) palloc(sizeof(double) * Max(3 * n, 1));
	int		   *iwork = (int *) palloc(sizeof(int) * Max(n, 1));
	double		rcond = 0;
	int			info;

	us_lapack_check(n, n, ldl);
	if (!(norm >= 0) || isinf(norm))
		return 0;
	library->dpocon("L", &n, l, &ldl, &norm, &rcond, work, iwork, &info, 1);
	us_lapack_info("dpocon", info);
	pfree(work);
	pfree(iwork);
	return rcond;
}

/* ---- triangular matrices ---- */

int
us_lapack_triangular_solve(bool upper, bool transpose, int n, const double *t, int ldt,
						   int nrhs, double *b, int ldb)
{
	const UsLapackLibrary *library = us_lapack_library();
	int			columns = us_lapack_columns((double) n * n, nrhs);

	us_lapack_check(n, n, ldt);
	us_lapack_check(n, nrhs, ldb);
	for (int j = 0; j < n; j++)
		if (t[j + (Size) j * ldt] == 0 || isnan(t[j + (Size) j * ldt]))
			return j + 1;
	for (int j = 0; j < nrhs; j += columns)
	{
		int			some = Min(columns, nrhs - j);

		CHECK_FOR_INTERRUPTS();
		library->dtrsm("L", upper ? "U" : "L", transpose ? "T" : "N", "N", &n, &some, &one,
					   t, &ldt, b + (Size) j * ldb, &ldb, 1, 1, 1, 1);
	}
	return 0;
}

int
us_lapack_triangular_inverse(bool upper, int n, const double *t, int ldt, double *inverse, int ldi)
{
	us_lapack_check(n, n, ldi);
	set_identity(n, inverse, ldi);
	return us_lapack_triangular_solve(upper, false, n, t, ldt, n, inverse, ldi);
}

double
us_lapack_triangular_rcond(bool upper, int n, const double *t, int ldt)
{
	const UsLapackLibrary *library = us_lapack_library();
	double	   *work = (double *) palloc(sizeof(double) * Max(3 * n, 1));
	int		   *iwork = (int *) palloc(sizeof(int) * Max(n, 1));
	double		rcond = 0;
	int			info;

	us_lapack_check(n, n, ldt);
	library->dtrcon("1", upper ? "U" : "L", "N", &n, t, &ldt, &rcond, work, iwork, &info, 1, 1, 1);
	us_lapack_info("dtrcon", info);
	pfree(work);
	pfree(iwork);
	return rcond;
}
