/*
 * ranking.h
 *	  How well scores put positive rows before negative ones: AUC, average precision,
 *	  Kolmogorov-Smirnov, gain, the best threshold.
 *
 * All of it follows from the weight of positive and of negative rows at each distinct
 * score.  Equal scores are a tie, whatever the order of the rows.  What is not defined
 * (one class only) is NaN; callers make it NULL.
 */
#ifndef US_RANKING_H
#define US_RANKING_H

/* Distinct scores, ascending, and the weights of their rows. */
typedef struct UsRanking
{
	int64		n;
	double	   *score;
	double	   *positive;
	double	   *negative;
	double		positives;		/* sums, in no order: exact and rounded once */
	double		negatives;
} UsRanking;

/*
 * The ranking of n rows: finite scores, positive[] 0 or 1, finite weights >= 0 (NULL: 1; rows of
 * weight 0 are left out).  palloc'd in the current context; us_ranking_memory(n) bytes.
 */
extern UsRanking *us_ranking_build(const double *score, const uint8 *positive, const double *weight, int64 n);
extern Size us_ranking_memory(int64 n);
extern void us_ranking_free(UsRanking *ranking);

/* Set positives and negatives of a ranking made elsewhere. */
extern void us_ranking_total(UsRanking *ranking);

/*
 * Area under the ROC curve: the probability that a positive row has a higher score than a
 * negative one, ties counted half (Hanley and McNeil, Radiology 143 (1982)).  NaN with one class.
 * Gini is 2 AUC - 1.
 */
extern double us_auc(const UsRanking *ranking);

/*
 * Average precision: the sum over thresholds, from the highest, of precision times the step in
 * recall, not interpolated (as scikit-learn).  NaN without positive rows.
 */
extern double us_average_precision(const UsRanking *ranking);

/*
 * Kolmogorov-Smirnov distance of the scores of both classes: the largest difference of their
 * distribution functions; *threshold, if not NULL, gets the lowest score with that difference, which
 * belongs to the upper side.  NaN with one class.
 */
extern double us_ranking_ks(const UsRanking *ranking, double *threshold);

/*
 * Weight of positive rows among the share of all rows with the highest scores, 0 <= share <= 1.  A tie
 * across the border is divided in proportion: the mean over all orders of tied rows.
 */
extern double us_gain(const UsRanking *ranking, double share);

/* One of the bins of equal weight, from the highest scores on. */
typedef struct UsLiftBin
{
	double		weight;
	double		positives;
	double		rate;			/* positives / weight */
	double		lift;			/* rate / rate of all rows; NaN without positives */
	double		cumulative_positives;
	double		cumulative_gain;	/* share of all positives; NaN without positives */
	double		cumulative_lift;
	double		lowest_score;	/* of the rows of the bin */
} UsLiftBin;

/* Fill bin[n_bins], from the highest scores on; the ranking has rows.  Ties are divided as in us_gain. */
extern void us_lift_bins(const UsRanking *ranking, int n_bins, UsLiftBin *bin);

/* What one row is worth, by what it is and what is done with it. */
typedef struct UsPayoff
{
	double		true_positive;
	double		false_positive;
	double		true_negative;
	double		false_negative;
} UsPayoff;

/*
 * The threshold t with the largest payoff when rows of score >= t are treated as positive; of
 * equally good ones the highest (fewest rows are treated).  Returns the payoff of all rows;
 * *threshold is infinite when treating nobody is best; *treated gets the weight of the rows treated.
 */
extern double us_best_threshold(const UsRanking *ranking, const UsPayoff *payoff,
								double *threshold, double *treated);

#endif
