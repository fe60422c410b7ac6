/*
 * select.h
 *	  Exact medians and quantiles of columns that are read in passes, in any order
 *	  and in bounded memory.
 */
#ifndef US_SELECT_H
#define US_SELECT_H

#include "math/moments.h"

/*
 * Median of unweighted values in one pass, with a sample taken before.  The sample
 * brackets the median: values below the bracket are counted, those inside are kept.
 * The answer is exact; the sample only decides whether there is one, so where the
 * sample comes from does not show in the result.  (The idea is that of R. W. Floyd and
 * R. L. Rivest, "Expected Time Bounds for Selection", CACM 18 (1975).)
 */
typedef struct UsMedian
{
	UsRange		range;			/* of all values, as a by-product */
	double		lo;				/* bracket, closed */
	double		hi;
	int64		n_below;		/* values < lo */
	int64		n_lo;			/* values = lo */
	int64		n_hi;			/* values = hi; 0 when lo = hi */
	double	   *inside;			/* lo < x < hi */
	int			n_inside;
	int			capacity;
	int			placed;			/* so many of inside are not above the others */
	bool		overflow;		/* more were inside than there is room for */
} UsMedian;

/* Values to keep room for when n values will come after a sample of m; all when m = 0. */
extern int	us_median_capacity(int64 n, int m);

/*
 * Start; sample[m], without NaN, is reordered; inside has room for capacity values.
 * With m = 0 everything is kept.
 */
extern void us_median_init(UsMedian *median, double *sample, int m,
						   double *inside, int capacity);

/* Take in x[0 .. n); NaN are left out. */
extern void us_median_add(UsMedian *median, const double *x, int n);

/*
 * The median (mean of the two middle values of an even number), or false when the bracket
 * missed it or overflowed.  There must have been a value.  Reorders inside.
 */
extern bool us_median_result(UsMedian *median, double *result);

/* The value of rank k (from 0) of x[0 .. n), which is reordered. */
extern double us_kth(double *x, int n, int k);

/*
 * Values at given ranks.  Rank t stands for the smallest value whose cumulative weight is at least
 * t; unweighted, the t-th smallest value (from 1).  Weights are integers.
 *
 * Few values are kept and sorted, and so are more for many ranks where limit bytes
 * suffice (one pass); else they are found digit by digit of their sortable bits (a
 * radix selection of 4 to 6 passes).
 */
#define US_SELECT_SMALL	65536

typedef struct UsSelect UsSelect;

/* n: number of values to come; rank[m] ascending, from 1 to the total weight. */
extern UsSelect *us_select_create(int64 n, bool weighted, const int64 *rank, int m, Size limit);

/* Take in x[0 .. n) with weights w (NULL: 1); NaN are left out. */
extern void us_select_add(UsSelect *select, const double *x, const int64 *w, int n);

/* End of a pass: true when the values are known, false when all must come again. */
extern bool us_select_end_pass(UsSelect *select);

/* The value at a rank that was in rank[]. */
extern double us_select_value(const UsSelect *select, int64 rank);

/* Bytes that create will allocate. */
extern Size us_select_memory(int64 n, bool weighted, int m, Size limit);

/* Give its memory back. */
extern void us_select_free(UsSelect *select);

/*
 * Ranks of the p-quantile, 0 <= p <= 1, of a total weight W > 0 and the fraction between the
 * values at the two ranks.  Unweighted: linear interpolation, type 7 of R. J. Hyndman and
 * Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50
 * (1996), as numpy and R do.  Weighted: their type 2, the inverse of the distribution
 * function, averaged where it has a step; weights may be multiplied by a constant and
 * a row of weight 2 is two rows.  Both give the usual median at p = 1/2.
 */
extern void us_quantile_ranks(double p, int64 weight, bool weighted,
							  int64 *lower, int64 *upper, double *fraction);

#endif
