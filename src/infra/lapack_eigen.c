/*
 * lapack_eigen.c
 *	  Eigenvalues and eigenvectors of symmetric matrices, by LAPACK.
 *
 * The steps of dsyevr, one by one, with checks for interrupts: reduction to tridiagonal form
 * panel by panel, the tridiagonal problem (which is quick), and the way back for some of the
 * vectors at a time.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/lapack.h"
#include "infra/lapack_library.h"

/* columns of a panel, at most, and the order that is left to one call */
#define PANEL	32
#define REST	256

/* dsytrd and dormtr: columns that their blocks have at most */
#define BLOCK	64

/*
 * Bring the largest element to about 1, by a power of two, so that nothing overflows or
 * vanishes; returns the exponent.  22003 if the matrix is not finite.
 */
static int
scale_down(int n, double *a, int lda)
{
	double		largest = 0;
	int			e = 0;

	for (int j = 0; j < n; j++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = j; i < n; i++)
		{
			double		x = fabs(a[i + (Size) j * lda]);

			if (!isfinite(x))
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("a symmetric matrix of %d x %d is not finite in row %d, column %d",
								n, n, i + 1, j + 1),
						 errhint("Bring the columns to a common scale.")));
			largest = fmax(largest, x);
		}
	}
	if (largest == 0)
		return 0;
	(void) frexp(largest, &e);
	for (int j = 0; j < n; j++)
		for (int i = j; i < n; i++)
			a[i + (Size) j * lda] = ldexp(a[i + (Size) j * lda], -e);
	return e;
}

/* a = Q T Q': diagonal d[n] and subdiagonal e[n - 1] of T; the reflectors stay in a and tau. */
static void
tridiagonal(const UsLapackLibrary *library, int n, double *a, int lda,
			double *d, double *e, double *tau)
{
	int			panel = Min(us_lapack_columns(4.0 * n * n, n), PANEL);
	int			size = Max(n, BLOCK) * BLOCK;
	double	   *work = (double *) palloc(sizeof(double) * size);
	double		minus_one = -1;
	double		one = 1;
	int			info;
	int			j = 0;
	int			rest;

	for (; n - j > REST; j += panel)
	{
		int			below = n - j - panel;
		double	   *at = a + j + (Size) j * lda;

		CHECK_FOR_INTERRUPTS();
		rest = n - j;
		library->dlatrd("L", &rest, &panel, at, &lda, e + j, tau + j, work, &rest, 1);
		library->dsyr2k("L", "N", &below, &panel, &minus_one, at + panel, &lda, work + panel, &rest,
						&one, at + panel + (Size) panel * lda, &lda, 1, 1);
		for (int i = 0; i < panel; i++)
		{
			at[i + 1 + (Size) i * lda] = e[j + i];
			d[j + i] = at[i + (Size) i * lda];
		}
	}
	CHECK_FOR_INTERRUPTS();
	rest = n - j;
	library->dsytrd("L", &rest, a + j + (Size) j * lda, &lda, d + j, e + j, tau + j, work, &size,
					&info, 1);
	us_lapack_info("dsytrd", info);
	pfree(work);
}

/* Eigenvectors z and values w of a tridiagonal matrix; d and e are destroyed. */
static void
solve_tridiagonal(const UsLapackLibrary *library, int n, double *d, double *e,
				  double *w, double *z, int ldz)
{
	int			size = 18 * n;
	int			isize = 10 * n;
	double	   *work = (double *) palloc(sizeof(double) * size);
	int		   *iwork = (int *) palloc(sizeof(int) * isize);
	int		   *support = (int *) palloc(sizeof(int) * 2 * n);
	double	   *d2 = (double *) palloc(sizeof(double) * n);
	double	   *e2 = (double *) palloc(sizeof(double) * n);
	double		zero = 0;
	int			none = 0;
	int			accurate = 1;
	int			found = 0;
	int			info;

	memcpy(d2, d, sizeof(double) * n);
	memcpy(e2, e, sizeof(double) * (n - 1));
	e2[n - 1] = 0;
	library->dstemr("V", "A", &n, d2, e2, &zero, &zero, &none, &none, &found, w, z, &ldz, &n,
					support, &accurate, work, &size, iwork, &isize, &info, 1, 1);
	if (info != 0 || found != n)
	{
		/* the QR iteration always works, but takes longer */
		memcpy(w, d, sizeof(double) * n);
		library->dsteqr("I", &n, w, e, z, &ldz, work, &info, 1);
		us_lapack_info("dsteqr", info);
	}
	pfree(work);
	pfree(iwork);
	pfree(support);
	pfree(d2);
	pfree(e2);
}

/* z = Q z, some of the columns at a time. */
static void
back_transform(const UsLapackLibrary *library, int n, const double *a, int lda, const double *tau,
			   double *z, int ldz)
{
	int			columns = us_lapack_columns(2.0 * n * n, n);
	int			size = columns * BLOCK + (BLOCK + 1) * BLOCK;
	double	   *work = (double *) palloc(sizeof(double) * size);
	int			info;

	for (int j = 0; j < n; j += columns)
	{
		int			some = Min(columns, n - j);

		CHECK_FOR_INTERRUPTS();
		library->dormtr("L", "L", "N", &n, &some, a, &lda, tau, z + (Size) j * ldz, &ldz,
						work, &size, &info, 1, 1, 1);
		us_lapack_info("dormtr", info);
	}
	pfree(work);
}

/* The largest element of each column becomes positive. */
static void
fix_signs(int n, double *z, int ldz)
{
	for (int j = 0; j < n; j++)
	{
		double	   *x = z + (Size) j * ldz;
		int			largest = 0;

		for (int i = 1; i < n; i++)
			if (fabs(x[i]) > fabs(x[largest]))
				largest = i;
		if (x[largest] < 0)
			for (int i = 0; i < n; i++)
				x[i] = -x[i];
	}
}

void
us_lapack_eigen(int n, double *a, int lda, double *w, double *z, int ldz)
{
	const UsLapackLibrary *library = us_lapack_library();
	double	   *d;
	double	   *e;
	double	   *tau;
	int			exponent;
	int			info;

	us_lapack_check(n, n, lda);
	if (z != NULL)
		us_lapack_check(n, n, ldz);
	if (n > US_LAPACK_EIGEN_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("eigenvalues of %d columns are too many, at most %d are possible",
						n, US_LAPACK_EIGEN_MAX),
				 errhint("Use fewer columns.")));
	if (n == 0)
		return;
	exponent = scale_down(n, a, lda);
	d = (double *) palloc(sizeof(double) * n);
	e = (double *) palloc(sizeof(double) * n);
	tau = (double *) palloc(sizeof(double) * n);
	tridiagonal(library, n, a, lda, d, e, tau);
	CHECK_FOR_INTERRUPTS();
	if (z == NULL)
	{
		library->dsterf(&n, d, e, &info);
		us_lapack_info("dsterf", info);
		memcpy(w, d, sizeof(double) * n);
	}
	else
	{
		solve_tridiagonal(library, n, d, e, w, z, ldz);
		back_transform(library, n, a, lda, tau, z, ldz);
		fix_signs(n, z, ldz);
	}
	for (int i = 0; i < n; i++)
		w[i] = ldexp(w[i], exponent);
	pfree(d);
	pfree(e);
	pfree(tau);
}
