/*
 * gap.h
 *	  The gap statistic: does a partition gain more than one of rows without structure?
 *
 * R. Tibshirani, G. Walther, T. Hastie, "Estimating the number of clusters in a data set
 * via the gap statistic", Journal of the Royal Statistical Society B 63 (2001).
 *
 *		box = us_gap_box_at(memory, width);			memory of us_gap_box_bytes(width)
 *		us_gap_box_fit(&box, get, rows, n);			around the rows
 *		us_gap_draw(&box, random, x);				a reference row, n of them a reference set
 *		us_gap(log_w, reference, nsets, nk, gap, se);
 *
 * log W_k is the logarithm of the sum of squares within the clusters, for the rows and for
 * each reference set clustered in the same way; all of them for the same number of
 * rows, or divided by it.
 */
#ifndef US_GAP_H
#define US_GAP_H

#include "math/random.h"

/*
 * The box of the reference distribution, variant (b) of the paper: along the principal
 * components of the rows, as far as they reach.  With more columns than
 * US_GAP_MOST_COMPONENTS along the columns, variant (a).
 */
typedef struct UsGapBox
{
	int			width;
	bool		components;		/* along the principal components */
	double	   *center;			/* [width] mean of the rows */
	double	   *axis;			/* [width][width] one component a row, if components */
	double	   *low;			/* [width] along the axes, relative to the centre */
	double	   *high;			/* [width] */
} UsGapBox;

#define US_GAP_MOST_COMPONENTS	128

/* Row i of rows: x[width], finite; returns its weight > 0. */
typedef double (*UsGapRow) (const void *rows, int64 i, double *x);

/* Bytes of the arrays of a box, and a box over such memory (aligned to 8), plain data. */
extern Size us_gap_box_bytes(int width);
extern UsGapBox us_gap_box_at(void *memory, int width);

/* The box around n >= 1 rows; their order matters in the last digits only. */
extern void us_gap_box_fit(UsGapBox *box, UsGapRow get, const void *rows, int64 n);

/* One row drawn evenly from the box: x[width]. */
extern void us_gap_draw(const UsGapBox *box, UsRandom *random, double *x);

/* How far the box reaches from its centre in each column: reach[width]. */
extern void us_gap_reach(const UsGapBox *box, double *reach);

/*
 * gap[nk], the mean over the reference sets of reference[nsets][nk] - log_w[nk], and
 * se[nk], its standard error sd * sqrt(1 + 1 / nsets) with sd over the sets (divisor nsets, as
 * in the paper and in R's cluster::clusGap).  NaN where a logarithm is infinite: all rows of all clusters
 * equal.
 */
extern void us_gap(const double *log_w, const double *reference, int nsets, int nk,
				   double *gap, double *se);

/*
 * The paper's choice among consecutive k: the index of the smallest one whose gap is at
 * least that of the next less its standard error; the last when there is none; -1 when a gap is NaN.
 */
extern int	us_gap_first(const double *gap, const double *se, int nk);

/*
 * Is there any structure?  log_w[0] and reference[][0] belong to k = 1.  The gain of k is
 * log W_1 - log W_k; returns how many standard errors (sd over the reference sets, divisor
 * nsets - 1, times sqrt(1 + 1 / nsets)) the gain of the rows is above the mean gain of the reference
 * sets, for the k where that is most, *at its index.  Other than the paper's choice this sees structure that
 * only shows at a larger k, and the error of a difference is that of the difference.
 * Infinity when some k leaves no sum of squares; NaN when there is no k > 1 or are less than 2 sets.
 */
extern double us_gap_structure(const double *log_w, const double *reference, int nsets, int nk,
							   int *at);

/*
 * What us_gap_structure of rows without structure exceeds with a probability of at most 5 %: the upper 0.05 / (nk - 1)
 * quantile (Bonferroni) of Student's t with nsets - 1 degrees of freedom, by the first terms of
 * its Cornish-Fisher expansion (Abramowitz and Stegun, 26.7.5).
 */
extern double us_gap_critical(int nsets, int nk);

#endif
