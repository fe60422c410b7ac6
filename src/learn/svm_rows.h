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

/* All rows of input, from the arena.  Raises 53200 where the frame has more than INT_MAX of them. */
extern UsSvmRows *us_svm_rows_read(const UsFitInput *input, UsArena *arena);

/* a'b over stride values: four sums, so that they need not wait for each other. */
static inline double
us_svm_dot(const double *a, const double *b, int stride)
{
	double		s0 = 0,
				s1 = 0,
				s2 = 0,
				s3 = 0;

	for (int j = 0; j < stride; j += US_SVM_LANES)
	{
		s0 += a[j] * b[j];
		s1 += a[j + 1] * b[j + 1];
		s2 += a[j + 2] * b[j + 2];
		s3 += a[j + 3] * b[j + 3];
	}
	return (s0 + s1) + (s2 + s3);
}

#endif
