/*
 * jacobi.h
 *	  Eigenvalues and eigenvectors of small symmetric matrices.
 */
#ifndef US_JACOBI_H
#define US_JACOBI_H

/*
 * Eigenvalues value[n], descending, and orthonormal eigenvectors of the symmetric matrix
 * a[n][n], which is overwritten; row i of vector[n][n] belongs to value[i], its
 * component of largest magnitude (of equals the first) is positive.  All entries finite.
 *
 * Cyclic Jacobi rotations: H. Rutishauser, "The Jacobi method for real symmetric
 * matrices", Numerische Mathematik 9 (1966).  Time n^3 a sweep, usually six to ten sweeps: for
 * matrices of up to some hundred rows.
 */
extern void us_jacobi(double *a, int n, double *value, double *vector);

#endif
