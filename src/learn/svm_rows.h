/*
 * svm_rows.h
 *	  The encoded rows of a training in memory, row by row, in the order of their keys.
 *
 * Rows of equal keys stand in the order of their values, so that whatever visits the rows one after
 * the other gives the same result for any order of the source.
 */
#ifndef US_SVM_ROWS_H
#define US_SVM_ROWS_H

#include "learn/algorithm.h"
#include "math/simd.h"

/* Values of a row are padded with zeros to a multiple of this. */
#define US_SVM_LANES	4

typedef struct UsSvmRows
{
	int			n;
	int			width;
	int			stride;			/* width, padded */
	double	   *x;				/* [n][stride] */
	double	   *y;				/* [n]: number, or class index */
	double	   *weight;			/* [n] > 0, with class_factor */
	double	   *square;			/* [n]: squared length of the row */
	uint64	   *key;			/* [n], ascending */
} UsSvmRows;

/* Bytes of n rows, and of what bringing them into order takes beside them. */
extern Size us_svm_rows_bytes(int64 n, int width);

/* All rows of input, from the arena.  Raises 54000 where the frame has more than INT_MAX / 2 of them. */
extern UsSvmRows *us_svm_rows_read(const UsFitInput *input, UsArena *arena);

/* Four values, at any address of a double. */
typedef double UsSvmQuad __attribute__((vector_size(8 * US_SVM_LANES), aligned(8), may_alias));

/* a'b over stride values: four sums, so that they need not wait for each other. */
US_INLINE double
us_svm_dot(const double *a, const double *b, int stride)
{
	UsSvmQuad	s = {0};

	for (int j = 0; j < stride; j += US_SVM_LANES)
		s += *(const UsSvmQuad *) (a + j) * *(const UsSvmQuad *) (b + j);
	return (s[0] + s[1]) + (s[2] + s[3]);
}

/* w += factor x over stride values. */
US_INLINE void
us_svm_add(double *w, const double *x, double factor, int stride)
{
	for (int j = 0; j < stride; j += US_SVM_LANES)
		*(UsSvmQuad *) (w + j) += factor * *(const UsSvmQuad *) (x + j);
}

#endif
