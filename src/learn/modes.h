/*
 * modes.h
 *	  Do the rows stand in several heaps between the centres of a partition?
 */
#ifndef US_MODES_H
#define US_MODES_H

#include "infra/arena.h"
#include "learn/kmeans_points.h"

/* Lines looked at, one for each of the largest clusters. */
#define US_MODES_MOST_LINES	16

/* Rows without clusters have a line with several heaps with at most this probability. */
#define US_MODES_LEVEL		0.001

typedef struct UsModes
{
	double		dip;			/* sqrt(n) times the dip on the line where it is largest; NaN: no line */
	double		critical;		/* exceeded in rows of one mode with probability US_MODES_LEVEL, for all lines together */
	int			a;				/* the clusters of that line */
	int			b;
} UsModes;

/*
 * From each of the largest clusters of the partition whose sums are given a line goes through its mean and the
 * mean that is nearest to it; the points, of more than 65536 the first, each as often as it has rows (of more rows than points and
 * 16384, an even part), are
 * projected on it, and the dip statistic (stat/dip.h) tells whether they have one mode there.  A density that is log-concave, as
 * an even one over a convex body or a normal one is, has one mode on every line (A. Prekopa, Acta Scientiarum
 * Mathematicarum 34, 1973), whatever the share of columns that only add noise, which the gap statistic is
 * blind behind.  So that the steps of rounded, counted or binary columns are not taken for heaps, a value is first spread evenly
 * to the middle of its neighbours in its column.
 *
 * The partition was made from these rows, which makes a dip likelier; US_MODES_LEVEL, one in a thousand, is chosen for that.
 * Depends on the points, their order and seed.  Memory from the budget: (lines + 3) numbers a row.  Raises 53200.
 */
extern UsModes us_modes(const UsPoints *p, const UsSums *sums, uint64 seed, UsBudget *budget);

#endif
