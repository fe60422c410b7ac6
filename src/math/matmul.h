/*
 * matmul.h
 *	  Products of matrices in registers, with the same bits everywhere.
 *
 * Each element is summed up in the order of the inner index, beginning with what is in c, without fused multiply-add:
 * the result does not depend on the machine, on the tiling or on how many rows are multiplied at a time.
 */
#ifndef US_MATMUL_H
#define US_MATMUL_H

/* columns of b and c come in multiples of this */
#define US_MATMUL_LANES	8

/*
 * c[m][n] += a b: element (i, l) of a, m x k, is a[i * row + l * column]; b is [k][n], c [m][n], with rows ldb and ldc
 * apart; n is a multiple of US_MATMUL_LANES.  Looks for interrupts.
 */
extern void us_matmul_add(int m, int n, int k, const double *a, int row, int column, const double *b, int ldb,
						  double *c, int ldc);

#endif
