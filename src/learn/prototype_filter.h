/*
 * prototype_filter.h
 *	  The nearest of thousands of prototypes for many rows at a time, in float4 with a margin for
 *	  its rounding.
 *
 * Rows are put in order by their nearest group of prototypes, so that the rows of one vector are
 * neighbours; then whole groups are passed over by the triangle inequality (C. Elkan, "Using the
 * triangle inequality to accelerate k-means", ICML 2003), for 16 rows in one comparison.
 */
#ifndef US_PROTOTYPE_FILTER_H
#define US_PROTOTYPE_FILTER_H

/* rows of one call */
#define US_FILTER_ROWS	4096

typedef struct UsPrototypeFilter UsPrototypeFilter;

/*
 * A filter of prototypes x[n][width], in the current memory context; nothing is kept of x.
 * Coordinates are below 2^18 in size, and so are those of the rows.
 */
extern UsPrototypeFilter *us_prototype_filter(const double *x, int n, int width);

/*
 * nearest[nrows]: for each of the rows p[nrows][width], nrows <= US_FILTER_ROWS, the prototype that is
 * nearest to it, 0-based; or -1 where two are so near to equal that only a computation in float8
 * can tell, which is rare unless prototypes or rows are equal.  Looks for interrupts.
 */
extern void us_prototype_filter_nearest(const UsPrototypeFilter *filter, const double *p, int nrows,
										int32 *nearest);

#endif
