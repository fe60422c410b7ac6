/*
 * svm_features.h
 *	  What a linear machine sees of a row: its encoded columns, or its kernels with landmarks.
 *
 * Landmarks z_1 .. z_p stand for all rows (C. Williams, M. Seeger, "Using the Nyström method to speed up kernel
 * machines", NIPS 2000): with the eigenvalues L and eigenvectors U of their kernel matrix, a'b of
 * a = L^(-1/2) U' (K(z_1, x), .., K(z_p, x)) is the kernel, exactly for landmarks, nearly for rows close to
 * their span.  Weights w of a are weights U L^(-1/2) w of the kernels with landmarks: the machine is
 * one with kernels whose vectors are the landmarks.
 */
#ifndef US_SVM_FEATURES_H
#define US_SVM_FEATURES_H

#include "learn/svm_kernel.h"
#include "learn/svm_rows.h"

/* Rows of a block. */
#define US_SVM_BLOCK	256

/* Most landmarks. */
#define US_SVM_MOST_LANDMARKS	4096

typedef struct UsSvmFeatures
{
	const UsSvmRows *rows;
	int			p;				/* values of a row */
	int			stride;			/* p, padded */
	int			rank;			/* weights: p, or fewer */
	double	   *map;			/* [rank][p]: U L^(-1/2); NULL: weights are those of the values */
	UsSvmKernel kernel;
	int		   *row;			/* [p]: the landmarks */
	double	   *landmark;		/* [width][stride] */
	double	   *square;			/* [stride]: their squared lengths */
	const double *stored;		/* [n][stride], or NULL: made block by block */
	double	   *block;			/* [US_SVM_BLOCK][stride] */
} UsSvmFeatures;

/* The encoded columns themselves. */
extern UsSvmFeatures *us_svm_features_plain(const UsSvmRows *rows, UsArena *arena);

/* Bytes of us_svm_features_landmarks for n rows, but for values that are stored. */
extern Size us_svm_landmarks_bytes(int64 n, int width, int p);

/*
 * Kernels with at most p landmarks, p <= rows->n.  They are pivots of a Cholesky factorisation of the kernel matrix of some thousand
 * rows (all rows, if there are no more; else a weighted random sample: P. Efraimidis, P. Spirakis, Information
 * Processing Letters 97, 2006), drawn one after the other with the chances of their weights times the squared
 * distance of their images from the span of those before (Y. Chen, E. Epperly, J. Tropp, R. Webber, "Randomly pivoted
 * Cholesky", Comm. Pure Appl. Math. 78, 2025), until nothing is left.  All is a function of seed and keys.
 * Eigenvalues below 1e-8 of the largest are left out.  The values of all rows are stored if no more than spare
 * bytes are taken by them; what is computed is the same.  58P01 without LAPACK, 22003 where kernels are not finite.
 */
extern UsSvmFeatures *us_svm_features_landmarks(const UsSvmRows *rows, const UsSvmKernel *kernel, int p, uint64 seed,
												Size spare, UsArena *arena, UsBudget *budget);

/* The values of rows from .. from + n - 1, n <= US_SVM_BLOCK, [n][stride], padded with 0; until the next call. */
extern const double *us_svm_features_block(const UsSvmFeatures *x, int from, int n);

/* value[stride] = map w[rank]; weight[rank] = map' value[p]. */
extern void us_svm_features_up(const UsSvmFeatures *x, const double *w, double *value);
extern void us_svm_features_down(const UsSvmFeatures *x, const double *value, double *w);

#endif
