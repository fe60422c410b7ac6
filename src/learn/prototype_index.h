/*
 * prototype_index.h
 *	  The nearest of thousands of labelled prototypes, by the triangle inequality.
 *
 * Prototypes of one label that are near to each other form groups of some dozens.  A group
 * whose centre is farther away than its radius and the nearest prototype found so far need not be
 * looked at.
 */
#ifndef US_PROTOTYPE_INDEX_H
#define US_PROTOTYPE_INDEX_H

typedef struct UsPrototypeIndex UsPrototypeIndex;

/*
 * An index of x[n][width] with labels 1 .. k, in the current memory context; nothing is kept of x.
 * manhattan: sums of absolute differences, else squared Euclidean distances.  Squares of
 * differences must be finite.
 */
extern UsPrototypeIndex *us_prototype_index(const double *x, int n, int width, const int32 *label,
											bool manhattan);

/*
 * The nearest prototype of p[width], 0-based, the lowest number among equals; *near gets its squared (or
 * Manhattan) distance.  Not in parallel on one index: it holds the scratch.
 */
extern int	us_prototype_nearest(UsPrototypeIndex *index, const double *p, double *near);

/*
 * The same for rows p[nrows][width], nrows <= US_FILTER_ROWS (learn/prototype_filter.h), many at a time:
 * nearest[nrows].
 */
extern void us_prototype_nearest_rows(UsPrototypeIndex *index, const double *p, int nrows, int32 *nearest);

/* The same among those of other labels than that of the call before, for the same p; -1: there are none. */
extern int	us_prototype_runner_up(UsPrototypeIndex *index, const double *p, int label, double *near);

#endif
