/*
 * exact_scatter.h
 *	  The sum of squares around the mean from exact sums, where floating point would cancel.
 */
#ifndef US_EXACT_SCATTER_H
#define US_EXACT_SCATTER_H

#include "math/exact_sum.h"

/*
 * square - (sum[0]^2 + ... + sum[d-1]^2) / weight, for the exact sums of w |x|^2, of w and of
 * w x_j: by Huygens' theorem the sum of w |x - mean|^2.  It is computed as
 * (square * weight - sum_j sum_j^2) / weight with whole numbers of any length and rounded
 * at the end, so nothing cancels: relative error below 1e-15.  weight > 0; infinite
 * beyond the range of double; negative only if the sums are not those of rows.
 */
extern double us_exact_scatter(const UsExactSum *square, const UsExactSum *weight,
							   const UsExactSum *sum, int d);

#endif
