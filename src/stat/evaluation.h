/*
 * evaluation.h
 *	  All usual figures of a classifier or a regressor on some rows, with intervals.
 *
 * What the interval is made of stands beside it:
 *	"delong"			normal, variance of DeLong et al. (stat/delong.h); several classes: of the mean
 *						of the one-against-rest components
 *	"clopper-pearson"	exact binomial; "wilson" instead where rows have unequal weights, of the
 *						effective number (sum w)^2 / sum w^2 of them
 *	"normal"			mean of a loss and its standard error; "delta": function of such means
 *	"bootstrap"			percentiles of a Poisson bootstrap by row keys (stat/bootstrap.h)
 */
#ifndef US_EVALUATION_H
#define US_EVALUATION_H

#include "stat/losses.h"

/* no more are told of some rows */
#define US_MAX_METRICS	20

typedef struct UsMetricValue
{
	const char *name;
	double		value;			/* NaN: not defined on these rows */
	double		low;			/* NaN: no interval */
	double		high;
	int64		n;				/* rows of weight above 0 */
	const char *interval;		/* how it was made; NULL: none */
} UsMetricValue;

typedef struct UsEvaluationRows
{
	int64		n;
	const double *weight;		/* NULL: 1 */
	const uint64 *key;			/* row keys; NULL: no bootstrap of rows */
	uint64		seed;
	double		level;			/* of the intervals, such as 0.95 */
	bool		by_id;			/* rows of one key belong together; else they are equal by chance */
} UsEvaluationRows;

/*
 * A classifier of k classes, 0 .. k - 1: actual[n], predicted[n], proba[c][n] the probabilities of class c
 * in [0, 1].  With k = 2, class 1 is the positive one and proba[0] may be NULL.  Returns *count
 * metrics, palloc'd, the leading one first:
 *	k = 2: auc gini average_precision ks log_loss brier accuracy balanced_accuracy precision recall
 *	       specificity f1 mcc kappa base_rate
 *	k > 2: accuracy balanced_accuracy auc_ovr auc_ovr_weighted log_loss brier precision_macro
 *	       recall_macro f1_macro f1_weighted mcc kappa
 * Takes us_evaluation_memory(n, k) bytes while it works.
 */
extern UsMetricValue *us_evaluate_classes(const UsEvaluationRows *rows, const int32 *actual, const int32 *predicted,
									 const double *const *proba, int k, int *count);

/*
 * A regressor: rmse mae mape r2 mse bias (mean of predicted - actual).  Of another loss than squared error, that loss comes
 * before them: with ABSOLUTE mae; with PINBALL pinball and coverage, the share of rows with actual <= predicted;
 * with a deviance its mean and d2, the share of it that the mean of the actual values leaves (as R^2).
 */
extern UsMetricValue *us_evaluate_values(const UsEvaluationRows *rows, const double *actual, const double *predicted,
										 const UsLoss *loss, int *count);

/* Bytes that us_evaluate_classes and us_evaluate_values take while they work. */
extern Size us_evaluation_memory(int64 n, int k);

/* R^2 with the cases of scikit-learn: constant actual values give 1 (all hit) or 0; NaN for n < 2. */
extern double us_r2(double residual_square, double total_square, int64 n);

#endif
