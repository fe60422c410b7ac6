/*
 * evaluate.h
 *	  userseg.evaluate, confusion, calibration, lift, compare, recalibrate.
 */
#ifndef US_EVALUATE_H
#define US_EVALUATE_H

#include "utils/jsonb.h"

#include "infra/report.h"
#include "stat/calibration.h"
#include "stat/ranking.h"
#include "verbs/evaluation.h"

/* A figure; NaN: none. */
typedef struct UsEvaluateLine
{
	const char *slice;			/* NULL: all rows, or rows without a value in the column of slices when sliced */
	bool		sliced;
	const char *metric;
	double		value;
	double		low;
	double		high;
	int64		n;
	const char *interval;		/* or NULL */
} UsEvaluateLine;

/*
 * All figures of a model on the rows of a source (args->source NULL and no slices: those stored at training), then, with by,
 * of each slice.  Lines are palloc'd, *n of them.
 */
extern UsEvaluateLine *us_evaluate(const UsEvaluationArgs *args, int *n);

/* verbs/evaluate_clusters.c: figures of a model of clusters on the rows of a source. */
extern UsEvaluateLine *us_evaluate_clusters(const UsEvaluationArgs *args, int *n);

/* A confusion matrix: cell[k * k] by actual and predicted class, weights. */
typedef struct UsConfusionResult
{
	int			k;
	char	  **name;			/* [k] */
	double	   *cell;
	int64		n;
} UsConfusionResult;

/* threshold: of the probability of the positive class of two, NaN: the model's own labels. */
extern void us_confusion_verb(const UsEvaluationArgs *args, const double *threshold, UsConfusionResult *result);

/* What came true in each bin of a probability. */
typedef struct UsCalibrationTable
{
	const char *class;			/* NULL: of the class that is answered, whichever it is */
	int			n_bins;
	UsReliabilityBin *bin;
	double	   *low;			/* [n_bins] 95 % interval of observed; NaN: none */
	double	   *high;
	double		weight;			/* of all rows */
	double		predicted;
	double		observed;
	UsReport   *details;
} UsCalibrationTable;

/*
 * Tables, *n of them, palloc'd: of the class; without one, of two classes of the positive one, of more of
 * each of them and of the one that is answered.  22023 unless 1 <= n_bins <= 1000, and for a class that the model has not.
 */
extern UsCalibrationTable *us_calibration_verb(const UsEvaluationArgs *args, int n_bins, const char *class, int *n);

typedef struct UsLiftResult
{
	int			n_bins;
	UsLiftBin  *bin;
	double	   *profit;			/* [n_bins] of treating the bins down to this one */
	double		rate;			/* of all rows */
	double		weight;
	int64		n;
	UsReport   *details;
} UsLiftResult;

/*
 * payoff: {"true_positive": ..., ...} for what one row is worth, or NULL.  class: the one that is looked for; NULL: the positive
 * one (22023 for a model that has none).
 */
extern void us_lift_verb(const UsEvaluationArgs *args, int n_bins, Jsonb *payoff, const char *class,
						 UsLiftResult *result);

/* One comparison; NaN: none. */
typedef struct UsCompareLine
{
	const char *metric;
	double		a;
	double		b;
	double		difference;		/* a - b */
	double		low;
	double		high;
	double		p_value;
	const char *test;
	int64		n;
} UsCompareLine;

/* args->model less args->other on the same rows, *n lines, palloc'd; 53200 when they do not fit into the budget. */
extern UsCompareLine *us_compare(const UsEvaluationArgs *args, int *n);

/*
 * verbs/compare_folds.c: what both were made by, fitted and measured on the same folds of the source, with Nadeau and Bengio's
 * corrected t test; every metric that both have in every fold.  22023 when the folds would not be the same.
 */
extern UsCompareLine *us_compare_folds(const UsEvaluationArgs *args, int folds, int *n);

typedef struct UsRecalibrateResult
{
	const char *model;
	int			version;
	int			parent;
	int64		n;
	double		log_loss[2];	/* before, after */
	double		brier[2];
	double		ece[2];
} UsRecalibrateResult;

/* A new version of the model whose probabilities go through a calibrator fitted on these rows. */
extern void us_recalibrate(const UsEvaluationArgs *args, const char *method, const char *alias,
						   UsRecalibrateResult *result);

#endif
