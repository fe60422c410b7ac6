/*
 * cholesky.h
 *	  Cholesky factors of small matrices, without a library: the same bits on every machine,
 *	  and nothing to load where rows are scored.
 *
 * Triangles are packed by rows: element (i, j), j <= i, is a[us_packed(i) + j].
 */
#ifndef US_CHOLESKY_H
#define US_CHOLESKY_H

/* Where row i of a packed triangle begins; us_packed(n) is the size of one of n rows. */
static inline Size
us_packed(int i)
{
	return (Size) i * (i + 1) / 2;
}

/*
 * a = L L' in place.  Returns 0, or the order of the first leading minor that is not positive (NaN
 * included): then a is of no use.  G. H. Golub and C. F. Van Loan, Matrix Computations,
 * 4th edition 2013, section 4.2.
 */
extern int	us_cholesky(int n, double *a);

/* L becomes its inverse, in place. */
extern void us_cholesky_invert(int n, double *l);

#endif
