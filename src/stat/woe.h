/*
 * woe.h
 *	  Weight of evidence: what bins say about two classes, and the bins that say most.
 *
 * The weight of evidence of a bin is ln(share of all goods in it / share of all bads in it), the information value the
 * sum over bins of (share of goods - share of bads) times that: the divergence of H. Jeffreys, Theory of Probability
 * (1946), between the bins of the two classes; L. C. Thomas, D. B. Edelman and J. N. Crook, Credit Scoring and Its
 * Applications (2002), sections 5.4 and 8.
 */
#ifndef US_WOE_H
#define US_WOE_H

/* cells and bins of a partition, at most */
#define US_WOE_MAX_CELLS	100
#define US_WOE_MAX_BINS		30

/* How the share of bads changes from bin to bin. */
typedef enum UsTrend
{
	US_TREND_AUTO,				/* rising or falling, whatever says more */
	US_TREND_RISING,
	US_TREND_FALLING,
	US_TREND_NONE				/* as it likes */
} UsTrend;

typedef struct UsWoeRule
{
	int			max_bins;		/* 1 .. US_WOE_MAX_BINS */
	double		min_weight;		/* least weight of a bin; a partition into one bin is always allowed */
	UsTrend		trend;
	double		smoothing;		/* > 0: added to both weights of a bin where one of them is 0 */
	double		all_good;		/* > 0: weights of the classes, of which shares are taken */
	double		all_bad;
} UsWoeRule;

/* Part of a bin in the information value, by the rule. */
extern double us_woe_bin_value(const UsWoeRule *rule, double good, double bad);

/*
 * Join n cells (1 .. US_WOE_MAX_CELLS, in order) to the bins that have the largest information value of all partitions
 * into neighbours that the rule allows: each bin has at least min_weight, and some; at most max_bins; shares of bads
 * strictly rise, or fall.  Of equal values the one with fewer bins.  last[] gets the last cell of each bin, *value the
 * information value; returns the number of bins.
 */
extern int	us_woe_partition(const UsWoeRule *rule, const double *good, const double *bad, int n, int *last, double *value);

/*
 * The weight of evidence of each of n bins, and its part of the information value; where one of the 2n weights is 0,
 * smoothing is added to all of them first.  Bins without any row count for nothing: 0.  Returns the information value.
 */
extern double us_woe(const double *good, const double *bad, int n, double smoothing, double *woe, double *part);

#endif
