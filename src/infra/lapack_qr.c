/*
 * lapack_qr.c
 *	  QR with column pivoting, by LAPACK, and what is solved with it.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/lapack.h"
#include "infra/lapack_library.h"

/* columns of a panel, at most */
#define PANEL	32

/* The norms of the columns of a[m x n]; 22003 if one is not finite. */
static void
column_norms(int m, int n, const double *a, int lda, double *norm)
{
	for (int j = 0; j < n; j++)
	{
		const double *x = a + (Size) j * lda;
		double		largest = 0;
		double		sum = 0;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < m; i++)
			largest = isfinite(x[i]) ? fmax(largest, fabs(x[i])) : INFINITY;
		for (int i = 0; i < m && largest > 0; i++)
			sum += (x[i] / largest) * (x[i] / largest);
		norm[j] = largest * sqrt(sum);
		if (!isfinite(norm[j]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a matrix of %d x %d is not finite in column %d", m, n, j + 1),
					 errhint("Bring the columns to a common scale.")));
	}
}

/* The panels of dgeqp3, with checks for interrupts between them; pivot counts from 1. */
static void
factor_in_panels(const UsLapackLibrary *library, int m, int n, double *a, int lda, int *pivot,
				 double *tau, double *norm)
{
	int			most = Min(m, n);
	int			panel = Min(us_lapack_columns(4.0 * m * n, n), PANEL);
	double	   *norm2 = (double *) palloc(sizeof(double) * n);
	double	   *auxiliary = (double *) palloc(sizeof(double) * panel);
	double	   *f = (double *) palloc(sizeof(double) * panel * n);
	int			j = 0;

	memcpy(norm2, norm, sizeof(double) * n);
	for (int i = 0; i < n; i++)
		pivot[i] = i + 1;
	while (j < most)
	{
		int			rest = n - j;
		int			some = Min(panel, most - j);
		int			done;

		CHECK_FOR_INTERRUPTS();
		library->dlaqps(&m, &rest, &j, &some, &done, a + (Size) j * lda, &lda, pivot + j, tau + j,
						norm + j, norm2 + j, auxiliary, f, &rest);
		if (done < 1)
			elog(ERROR, "LAPACK routine dlaqps made no progress");
		j += done;
	}
	pfree(norm2);
	pfree(auxiliary);
	pfree(f);
}

void
us_lapack_qr(int m, int n, double *a, int lda, int *pivot, double *tau)
{
	const UsLapackLibrary *library = us_lapack_library();
	double	   *norm = (double *) palloc(sizeof(double) * Max(n, 1));

	us_lapack_check(m, n, lda);
	column_norms(m, n, a, lda, norm);
	if (4.0 * m * n * Min(m, n) <= US_LAPACK_STEP)
	{
		int			size = 2 * n + (n + 1) * PANEL;
		double	   *work = (double *) palloc(sizeof(double) * size);
		int			info;

		memset(pivot, 0, sizeof(int) * n);
		library->dgeqp3(&m, &n, a, &lda, pivot, tau, work, &size, &info);
		us_lapack_info("dgeqp3", info);
		pfree(work);
	}
	else
		factor_in_panels(library, m, n, a, lda, pivot, tau, norm);
	for (int j = 0; j < n; j++)
		pivot[j]--;
	pfree(norm);
}

int
us_lapack_qr_rank(int m, int n, const double *a, int lda, double tolerance)
{
	int			most = Min(m, n);
	double		limit = most > 0 ? tolerance * fabs(a[0]) : 0;
	int			rank = 0;

	us_lapack_check(m, n, lda);
	while (rank < most && fabs(a[rank + (Size) rank * lda]) > limit)
		rank++;
	return rank;
}

void
us_lapack_qr_apply(bool transpose, int m, int k, const double *a, int lda, const double *tau,
				   int nrhs, double *c, int ldc)
{
	const UsLapackLibrary *library = us_lapack_library();
	int			columns = us_lapack_columns(4.0 * m * k, nrhs);
	int			size = Max(columns, 1) * PANEL + 65 * 64;	/* dormqr keeps triangles of reflectors there */
	double	   *work = (double *) palloc(sizeof(double) * size);
	int			info;

	us_lapack_check(m, k, lda);
	us_lapack_check(m, nrhs, ldc);
	if (k > m)
		elog(ERROR, "%d reflectors of %d rows", k, m);
	for (int j = 0; j < nrhs; j += columns)
	{
		int			some = Min(columns, nrhs - j);

		CHECK_FOR_INTERRUPTS();
		library->dormqr("L", transpose ? "T" : "N", &m, &some, &k, a, &lda, tau,
						c + (Size) j * ldc, &ldc, work, &size, &info, 1, 1);
		us_lapack_info("dormqr", info);
	}
	pfree(work);
}

void
us_lapack_qr_solve(int m, int n, int rank, const double *a, int lda, const int *pivot,
				   const double *tau, int nrhs, double *b, int ldb, double *x, int ldx)
{
	us_lapack_check(n, nrhs, ldx);
	if (rank < 0 || rank > Min(m, n))
		elog(ERROR, "rank %d of a matrix of %d x %d", rank, m, n);
	us_lapack_qr_apply(true, m, Min(m, n), a, lda, tau, nrhs, b, ldb);
	if (us_lapack_triangular_solve(true, false, rank, a, lda, nrhs, b, ldb) != 0)
		elog(ERROR, "a diagonal element of R is 0");
	for (int j = 0; j < nrhs; j++)
	{
		memset(x + (Size) j * ldx, 0, sizeof(double) * n);
		for (int i = 0; i < rank; i++)
			x[pivot[i] + (Size) j * ldx] = b[i + (Size) j * ldb];
	}
}

void
us_lapack_qr_inverse(int n, int rank, const double *a, int lda, const int *pivot,
					 double *c, int ldc)
{
	double	   *inverse = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
															sizeof(double) * Max((Size) rank * rank, 1));
	double	   *product = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
															sizeof(double) * Max((Size) rank * rank, 1));

	us_lapack_check(n, n, ldc);
	if (us_lapack_triangular_inverse(true, rank, a, lda, inverse, Max(rank, 1)) != 0)
		elog(ERROR, "a diagonal element of R is 0");
	us_lapack_gram(true, rank, rank, 1, inverse, Max(rank, 1), 0, product, Max(rank, 1));
	us_lapack_mirror(rank, product, Max(rank, 1));
	for (int j = 0; j < n; j++)
		memset(c + (Size) j * ldc, 0, sizeof(double) * n);
	for (int j = 0; j < rank; j++)
		for (int i = 0; i < rank; i++)
			c[pivot[i] + (Size) pivot[j] * ldc] = product[i + (Size) j * rank];
	pfree(inverse);
	pfree(product);
}
