/*
 * lapack_library.h
 *	  The routines of LAPACK and BLAS that infra/lapack*.c call; for these files only.
 *
 * They have the calling convention of gfortran (and of OpenBLAS): everything by reference,
 * 32-bit integers, and after the arguments the lengths of those that are strings.
 */
#ifndef US_LAPACK_LIBRARY_H
#define US_LAPACK_LIBRARY_H

/* The file that is loaded, and the packages of Debian that have it. */
#define US_LAPACK_FILE		"liblapack.so.3"
#define US_LAPACK_PACKAGES	"liblapack3 (or libopenblas0, which is faster)"

/* Floating-point operations between two checks for interrupts: 0.1 s of the slowest BLAS. */
#define US_LAPACK_STEP		1e8

typedef struct UsLapackLibrary
{
	void		(*dgemm) (const char *transa, const char *transb, const int *m, const int *n,
						  const int *k, const double *alpha, const double *a, const int *lda,
						  const double *b, const int *ldb, const double *beta, double *c,
						  const int *ldc, size_t, size_t);
	void		(*dsyrk) (const char *uplo, const char *trans, const int *n, const int *k,
						  const double *alpha, const double *a, const int *lda, const double *beta,
						  double *c, const int *ldc, size_t, size_t);
	void		(*dsyr2k) (const char *uplo, const char *trans, const int *n, const int *k,
						   const double *alpha, const double *a, const int *lda, const double *b,
						   const int *ldb, const double *beta, double *c, const int *ldc,
						   size_t, size_t);
	void		(*dtrsm) (const char *side, const char *uplo, const char *transa, const char *diag,
						  const int *m, const int *n, const double *alpha, const double *a,
						  const int *lda, double *b, const int *ldb,
						  size_t, size_t, size_t, size_t);
	void		(*dpotrf) (const char *uplo, const int *n, double *a, const int *lda, int *info,
						   size_t);
	void		(*dpotrs) (const char *uplo, const int *n, const int *nrhs, const double *a,
						   const int *lda, double *b, const int *ldb, int *info, size_t);
	void		(*dpotri) (const char *uplo, const int *n, double *a, const int *lda, int *info,
						   size_t);
	void		(*dpocon) (const char *uplo, const int *n, const double *a, const int *lda,
						   const double *anorm, double *rcond, double *work, int *iwork, int *info,
						   size_t);
	void		(*dtrcon) (const char *norm, const char *uplo, const char *diag, const int *n,
						   const double *a, const int *lda, double *rcond, double *work,
						   int *iwork, int *info, size_t, size_t, size_t);
	void		(*dgeqp3) (const int *m, const int *n, double *a, const int *lda, int *jpvt,
						   double *tau, double *work, const int *lwork, int *info);
	void		(*dlaqps) (const int *m, const int *n, const int *offset, const int *nb, int *kb,
						   double *a, const int *lda, int *jpvt, double *tau, double *vn1,
						   double *vn2, double *auxv, double *f, const int *ldf);
	void		(*dormqr) (const char *side, const char *trans, const int *m, const int *n,
						   const int *k, const double *a, const int *lda, const double *tau,
						   double *c, const int *ldc, double *work, const int *lwork, int *info,
						   size_t, size_t);
	void		(*dsytrd) (const char *uplo, const int *n, double *a, const int *lda, double *d,
						   double *e, double *tau, double *work, const int *lwork, int *info,
						   size_t);
	void		(*dlatrd) (const char *uplo, const int *n, const int *nb, double *a,
						   const int *lda, double *e, double *tau, double *w, const int *ldw,
						   size_t);
	void		(*dsterf) (const int *n, double *d, double *e, int *info);
	void		(*dsteqr) (const char *compz, const int *n, double *d, double *e, double *z,
						   const int *ldz, double *work, int *info, size_t);
	void		(*dstemr) (const char *jobz, const char *range, const int *n, double *d, double *e,
						   const double *vl, const double *vu, const int *il, const int *iu,
						   int *m, double *w, double *z, const int *ldz, const int *nzc,
						   int *isuppz, int *tryrac, double *work, const int *lwork, int *iwork,
						   const int *liwork, int *info, size_t, size_t);
	void		(*dormtr) (const char *side, const char *uplo, const char *trans, const int *m,
						   const int *n, const double *a, const int *lda, const double *tau,
						   double *c, const int *ldc, double *work, const int *lwork, int *info,
						   size_t, size_t, size_t);
} UsLapackLibrary;

/* The library, loaded on first use and kept until the backend ends; 58P01 if it is not installed. */
extern const UsLapackLibrary *us_lapack_library(void);

/* The routines of a file that the dynamic linker finds; 58P01 if it or one of them is missing. */
extern void us_lapack_open(const char *file, UsLapackLibrary *library);

/*
 * A matrix of so many rows and columns, leading dimension ld: elog unless that is what LAPACK
 * takes, so that its own handler of errors, which ends the process, is never called.
 */
extern void us_lapack_check(int rows, int columns, int ld);

/* LAPACK reports an illegal argument: cannot happen. */
extern void us_lapack_info(const char *routine, int info);

/* Columns that are worked on at a time, when each takes so many operations: 1 .. n. */
extern int	us_lapack_columns(double operations, int n);

#endif
