/*
 * microaggregation.h
 *	  Points put together so that each of the new ones stands for several rows of the source.
 */
#ifndef US_MICROAGGREGATION_H
#define US_MICROAGGREGATION_H

/*
 * Put points x[n][width] of rows[n] rows each (NULL: 1) into groups of at least "least" rows, as near to each other as can be
 * had: group[n], 0-based; returns the number of groups. Points of so many rows stay alone, unless
 * a few rows are left that fit nowhere else. All together must be at least so many rows. The result is a function
 * of the sequence of points. Time O(n^2 width / least). Looks for interrupts.
 *
 * MDAV (J. Domingo-Ferrer and V. Torra, "Ordinal, continuous and heterogeneous k-anonymity through
 * microaggregation", Data Mining and Knowledge Discovery 11, 2005): a group forms around the point that is
 * farthest from the mean of those left, another around the point farthest from that.
 */
extern int	us_microaggregate(const double *x, const int64 *rows, int n, int width, int least, int32 *group);

#endif
