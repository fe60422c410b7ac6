/*
 * lapack.h
 *	  Dense linear algebra of large matrices, by LAPACK.
 *
 * Matrices are column-major: element (i, j) of a matrix a with leading dimension lda is
 * a[i + j * lda].  Dimensions of 0 are allowed.  Large problems are done in steps between which
 * interrupts are looked for.  Every function raises 58P01 when the library is not
 * installed.  Work space is taken from the current memory context: at most a few
 * columns where nothing else is said.
 *
 * Results may differ in the last digits between machines and between implementations of LAPACK,
 * not from one call to the next.
 */
#ifndef US_LAPACK_H
#define US_LAPACK_H

/* Load the library if that has not been done: 58P01 early rather than after an hour. */
extern void us_lapack_load(void);

/* ---- products (lapack.c) ---- */

/*
 * c[m x n] = alpha op(a) op(b) + beta c; op(a) is m x k, op(b) k x n, op the transposition where
 * transpose_a, transpose_b.
 */
extern void us_lapack_multiply(bool transpose_a, bool transpose_b, int m, int n, int k,
							   double alpha, const double *a, int lda, const double *b, int ldb,
							   double beta, double *c, int ldc);

/* The lower triangle of c[n x n] = alpha a'a + beta c, a is k x n; or with outer alpha a a' + beta c, a is n x k. */
extern void us_lapack_gram(bool outer, int n, int k, double alpha, const double *a, int lda,
						   double beta, double *c, int ldc);

/* Copy the lower triangle of a[n x n] to the upper one. */
extern void us_lapack_mirror(int n, double *a, int lda);

/* ---- positive definite matrices (lapack.c) ---- */

/*
 * The factor L of a[n x n] = L L', from the lower triangle of a into it; the upper triangle is
 * left alone.  Returns 0, or the order of the first leading minor that is not positive (NaN
 * included): then a is of no use.
 */
extern int	us_lapack_cholesky(int n, double *a, int lda);

/* Solve L L' x = b for the n x nrhs columns of b, in place. */
extern void us_lapack_cholesky_solve(int n, const double *l, int ldl, int nrhs, double *b, int ldb);

/* The inverse of L L', full, over L.  Above n = 512 this takes n * n doubles of work space. */
extern void us_lapack_cholesky_inverse(int n, double *l, int ldl);

/* log det (L L'). */
extern double us_lapack_cholesky_logdet(int n, const double *l, int ldl);

/* The 1-norm of the symmetric matrix whose lower triangle is in a, before it is factored. */
extern double us_lapack_symmetric_norm(int n, const double *a, int lda);

/* Reciprocal condition of L L' in the 1-norm, estimated; norm is us_lapack_symmetric_norm of it. */
extern double us_lapack_cholesky_rcond(int n, const double *l, int ldl, double norm);

/* ---- triangular matrices (lapack.c) ---- */

/*
 * Solve op(t) x = b for the columns of b[n x nrhs], in place; t is the upper or lower triangle
 * of a square, op the transposition where transpose.  Returns 0, or the number (from
 * 1) of a diagonal element that is 0 or NaN: then b is unchanged.
 */
extern int	us_lapack_triangular_solve(bool upper, bool transpose, int n, const double *t, int ldt,
									   int nrhs, double *b, int ldb);

/* inverse[n x n] of a triangle t, the other half 0; returns as us_lapack_triangular_solve. */
extern int	us_lapack_triangular_inverse(bool upper, int n, const double *t, int ldt,
										 double *inverse, int ldi);

/* Reciprocal condition of a triangle in the 1-norm, estimated. */
extern double us_lapack_triangular_rcond(bool upper, int n, const double *t, int ldt);

/* ---- pivoted QR (lapack_qr.c) ---- */

/*
 * a P = Q R by Householder reflections, the column with the largest remaining norm
 * first: R in the upper triangle of a[m x n], the reflectors below and in tau[min(m, n)];
 * column j of a P is column pivot[j] (from 0) of a.  22003 if a is not finite.
 * P. A. Businger and G. H. Golub, Numer. Math. 7 (1965); G. Quintana-Ortí, X. Sun,
 * C. Bischof, SIAM J. Sci. Comput. 19 (1998).
 */
extern void us_lapack_qr(int m, int n, double *a, int lda, int *pivot, double *tau);

/* The number of leading diagonal elements of R beyond tolerance times the first one. */
extern int	us_lapack_qr_rank(int m, int n, const double *a, int lda, double tolerance);

/* c[m x nrhs] = Q c, or Q'c, where Q is of k reflectors. */
extern void us_lapack_qr_apply(bool transpose, int m, int k, const double *a, int lda,
							   const double *tau, int nrhs, double *c, int ldc);

/*
 * Least squares with the first rank pivoted columns: b[m x nrhs] is overwritten, and x[n x nrhs]
 * gets the solution, 0 for the other columns.  The rows of b from rank on then hold
 * Q'b, whose sum of squares is that of the residuals.
 */
extern void us_lapack_qr_solve(int m, int n, int rank, const double *a, int lda, const int *pivot,
							   const double *tau, int nrhs, double *b, int ldb, double *x, int ldx);

/*
 * c[n x n] = (a'a)^-1 from R, in the original order of columns; rows and columns of those
 * beyond rank are 0.  Takes rank * rank doubles of work space.
 */
extern void us_lapack_qr_inverse(int n, int rank, const double *a, int lda, const int *pivot,
								 double *c, int ldc);

/* ---- symmetric eigenproblem (lapack_eigen.c) ---- */

/* Largest order: the step that cannot be interrupted stays short. */
#define US_LAPACK_EIGEN_MAX 4096

/*
 * Eigenvalues w[n], ascending, of the symmetric matrix whose lower triangle is in a, which is
 * destroyed; eigenvectors in the columns of z[n x n], or none (z NULL).  The element of
 * an eigenvector that is largest in magnitude (of equals the first) is positive.  22003 if a is not
 * finite, 54000 above US_LAPACK_EIGEN_MAX.
 * Tridiagonalisation, then relatively robust representations: I. S. Dhillon and B. N. Parlett,
 * Linear Algebra Appl. 387 (2004).
 */
extern void us_lapack_eigen(int n, double *a, int lda, double *w, double *z, int ldz);

#endif
