/*
 * eliminate.h
 *	  Elimination of a symmetric positive semidefinite matrix in about 32 digits.
 *
 * A = L D L' without pivoting, column after column in the order given, where a column that depends
 * on those before it is left out: the sweeps of J. H. Goodnight, "A tutorial on the SWEEP
 * operator", The American Statistician 33 (1979), in the arithmetic of math/dd.h.  It is the method
 * of normal equations, whose loss of digits is the square of the condition of the data; with 32
 * digits, and sums of products that are exact, data of a condition up to 1e13 are no trouble.
 */
#ifndef US_ELIMINATE_H
#define US_ELIMINATE_H

#include "math/dd.h"

typedef struct UsElimination
{
	int			n;
	int			stride;			/* n rounded up to whole vectors */
	int			rank;
	bool	   *dropped;		/* [n]: depends on columns before it */
	double	   *d;				/* [n]: D, 0 for a dropped column */
	double	   *inverse_hi;		/* M = L^-1, unit lower triangular: [n][stride] */
	double	   *inverse_lo;
	UsDd	   *pivot;			/* [n]: D in full */
} UsElimination;

/* Bytes that us_eliminate takes for n columns, those of its result included. */
extern Size us_eliminate_bytes(int n);

/*
 * Eliminate a[n][n] (full, by rows, which is destroyed): column order is that of a.  A column
 * is dropped when what the columns before it leave of its square a[i][i] is at most
 * tolerance^2 of it, or it is 0.  Result in the current memory context.
 */
extern UsElimination *us_eliminate(UsDd *a, int n, double tolerance);

/* x = A^-1 b; 0 for dropped columns.  b and x may be the same. */
extern void us_eliminate_solve(const UsElimination *e, const UsDd *b, UsDd *x);

/* inverse[n][n] = A^-1 in double, full; rows and columns of dropped columns are 0. */
extern void us_eliminate_inverse(const UsElimination *e, double *inverse);

/* log of the determinant of what was not dropped. */
extern double us_eliminate_logdet(const UsElimination *e);

/*
 * The condition number of data whose cross products are c[n][n] with the inverse ci[n][n] (both full;
 * left-out columns have a 0 in the diagonal of ci and do not count), after scaling each
 * column to length 1: the root of the product of the largest eigenvalues of both, each found by the
 * power method.  0 if nothing is left.
 */
extern double us_condition(int n, const double *c, const double *ci);

#endif
