/*
 * evaluation.c
 *	  All usual figures of a classifier or a regressor on some rows, with intervals.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/exact_sum.h"
#include "stat/bootstrap.h"
#include "stat/confusion.h"
#include "stat/delong.h"
#include "stat/evaluation.h"
#include "stat/losses.h"
#include "stat/normal.h"
#include "stat/proportion.h"
#include "stat/ranking.h"

#define CELL_REPLICATES	1000

/* What is being written: rows, and metrics so far. */
typedef struct Sheet
{
	const UsEvaluationRows *rows;
	UsMetricValue   *metric;
	int			n;
	int64		used;			/* rows of weight above 0 */
	double		effective;		/* (sum w)^2 / sum w^2 */
	bool		equal;			/* all their weights are 1 */
	double		z;
} Sheet;

static double
row_weight(const UsEvaluationRows *rows, int64 i)
{
	return rows->weight ? rows->weight[i] : 1;
}

static void
sheet_begin(Sheet *sheet, const UsEvaluationRows *rows)
{
	UsExactSum	sum = {0};
	UsExactSum	square = {0};
	double		total;

	memset(sheet, 0, sizeof(*sheet));
	sheet->rows = rows;
	sheet->metric = (UsMetricValue *) palloc0(sizeof(UsMetricValue) * US_MAX_METRICS);
	sheet->equal = true;
	sheet->z = us_normal_quantile(1 - (1 - rows->level) / 2);
	for (int64 i = 0; i < rows->n; i++)
	{
		double		w = row_weight(rows, i);

		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
		if (w == 0)
			continue;
		sheet->used++;
		sheet->equal = sheet->equal && w == 1;
		us_exact_add(&sum, w);
		us_exact_add(&square, w * w);
	}
	total = us_exact_round(&sum);
	sheet->effective = sheet->used == 0 ? 0 : sheet->equal ? sheet->used :
		total / us_exact_round(&square) * total;
}

static UsMetricValue *
put(Sheet *sheet, const char *name, double value, double low, double high, const char *interval)
{
	UsMetricValue   *m = &sheet->metric[sheet->n++];

	Assert(sheet->n <= US_MAX_METRICS);
	m->name = name;
	m->value = isfinite(value) ? value : NAN;
	m->n = sheet->used;
	m->low = m->high = NAN;
	if (isfinite(value) && isfinite(low) && isfinite(high))
	{
		m->low = low;
		m->high = high;
		m->interval = interval;
	}
	return m;
}

/* A figure with a standard error, inside of [least, most]. */
static UsMetricValue *
put_normal(Sheet *sheet, const char *name, double value, double error, double least, double most,
		   const char *interval)
{
	return put(sheet, name, value, Max(value - sheet->z * error, least),
			   Min(value + sheet->z * error, most), interval);
}

/* A share of the rows of the given weight out of the weight of all. */
static void
put_share(Sheet *sheet, const char *name, double part, double whole, double all)
{
	double		low,
				high;

	if (whole <= 0)
	{
		put(sheet, name, all > 0 ? 0 : NAN, NAN, NAN, NULL);
		return;
	}
	if (sheet->equal)
		us_clopper_pearson(part, whole, sheet->rows->level, &low, &high);
	else
		us_wilson(part / whole, sheet->effective * (whole / all), sheet->rows->level, &low, &high);
	put(sheet, name, part / whole, low, high, sheet->equal ? "clopper-pearson" : "wilson");
}

/* ---- confusion ---- */

/* Figures of a confusion matrix by their place in UsConfusionMeasures, with a bootstrap of its cells. */
typedef struct CellFigure
{
	const char *name;
	size_t		place;
} CellFigure;

#define PLACE(field) {#field, offsetof(UsConfusionMeasures, field)}

static double
figure_at(const UsConfusionMeasures *m, size_t place)
{
	return *(const double *) ((const char *) m + place);
}

static void
put_cell_figures(Sheet *sheet, const double *cell, int k, const CellFigure *figure, int n)
{
	double	   *value = (double *) palloc(sizeof(double) * n * CELL_REPLICATES);
	double	   *drawn = (double *) palloc(sizeof(double) * k * k);
	UsConfusionMeasures m;

	for (int r = 0; r < CELL_REPLICATES; r++)
	{
		us_bootstrap_confusion(cell, k, sheet->effective, sheet->rows->seed, r, drawn);
		us_confusion_measures(drawn, k, &m, NULL);
		for (int f = 0; f < n; f++)
			value[f * CELL_REPLICATES + r] = figure_at(&m, figure[f].place);
		CHECK_FOR_INTERRUPTS();
	}
	us_confusion_measures(cell, k, &m, NULL);
	for (int f = 0; f < n; f++)
	{
		double		low,
					high;

		us_percentile_interval(value + f * CELL_REPLICATES, CELL_REPLICATES, sheet->rows->level, &low, &high);
		if (sheet->used < 2)
			low = high = NAN;
		put(sheet, figure[f].name, figure_at(&m, figure[f].place), low, high, "bootstrap");
	}
	pfree(value);
	pfree(drawn);
}

/* F1 of class 1 with the same bootstrap. */
static void
put_f1(Sheet *sheet, const double *cell)
{
	double	   *value = (double *) palloc(sizeof(double) * CELL_REPLICATES);
	double		drawn[4];
	double		low,
				high;

	for (int r = 0; r < CELL_REPLICATES; r++)
	{
		us_bootstrap_confusion(cell, 2, sheet->effective, sheet->rows->seed, r, drawn);
		value[r] = us_f1(drawn[3], drawn[1], drawn[2]);
	}
	us_percentile_interval(value, CELL_REPLICATES, sheet->rows->level, &low, &high);
	if (sheet->used < 2)
		low = high = NAN;
	put(sheet, "f1", sheet->used > 0 ? us_f1(cell[3], cell[1], cell[2]) : NAN, low, high, "bootstrap");
	pfree(value);
}

/* ---- two classes ---- */

static void
put_ranking(Sheet *sheet, const double *p, const uint8 *positive)
{
	const UsEvaluationRows *rows = sheet->rows;
	UsRanking  *ranking = us_ranking_build(p, positive, rows->weight, rows->n);
	int			replicates = us_bootstrap_replicates(rows->n);
	double	   *ap = (double *) palloc(sizeof(double) * 2 * replicates);
	double	   *ks = ap + replicates;
	double		low[2] = {NAN, NAN};
	double		high[2] = {NAN, NAN};
	double		error;
	UsDelong	delong;

	us_delong(p, NULL, positive, rows->weight, rows->n, &delong);
	error = sqrt(delong.variance[0]);
	put_normal(sheet, "auc", delong.auc[0], error, 0, 1, "delong");
	put_normal(sheet, "gini", 2 * delong.auc[0] - 1, 2 * error, -1, 1, "delong");
	if (rows->key && sheet->used > 1)
	{
		us_bootstrap_ranking(p, positive, rows->weight, rows->key, rows->by_id, rows->n, rows->seed, replicates,
							 ap, ks);
		us_percentile_interval(ap, replicates, rows->level, &low[0], &high[0]);
		us_percentile_interval(ks, replicates, rows->level, &low[1], &high[1]);
	}
	put(sheet, "average_precision", us_average_precision(ranking), low[0], high[0], "bootstrap");
	put(sheet, "ks", us_ranking_ks(ranking, NULL), low[1], high[1], "bootstrap");
	us_ranking_free(ranking);
	pfree(ap);
}

static void
put_binary_cells(Sheet *sheet, const double *cell)
{
	static const CellFigure balanced[] = {PLACE(balanced_accuracy)};
	static const CellFigure correlated[] = {PLACE(mcc), PLACE(kappa)};
	double		negatives = cell[0] + cell[1];
	double		positives = cell[2] + cell[3];
	double		all = negatives + positives;

	put_share(sheet, "accuracy", cell[0] + cell[3], all, all);
	put_cell_figures(sheet, cell, 2, balanced, lengthof(balanced));
	put_share(sheet, "precision", cell[3], cell[1] + cell[3], all);
	put_share(sheet, "recall", cell[3], positives, all);
	put_share(sheet, "specificity", cell[0], negatives, all);
	put_f1(sheet, cell);
	put_cell_figures(sheet, cell, 2, correlated, lengthof(correlated));
	put_share(sheet, "base_rate", positives, all, all);
}

/* ---- losses ---- */

/* Log loss and Brier score; several classes: of all their probabilities. */
static void
put_losses(Sheet *sheet, const int32 *actual, const double *const *proba, int k)
{
	const UsEvaluationRows *rows = sheet->rows;
	double	   *loss = (double *) MemoryContextAllocHuge(CurrentMemoryContext, Max(rows->n, 1) * sizeof(double));
	double	   *p = (double *) palloc(sizeof(double) * k);

	for (int which = 0; which < 2; which++)
	{
		UsMean		mean;

		for (int64 i = 0; i < rows->n; i++)
		{
			double		sum = 0;

			for (int c = 0; c < k; c++)
			{
				double		miss;

				p[c] = proba[c] ? proba[c][i] : 1 - proba[1][i];
				miss = p[c] - (c == actual[i]);
				if (k > 2 || c == 1)
					sum += miss * miss;
			}
			loss[i] = which == 1 ? sum : k == 2 ? us_log_loss(p[actual[i]]) :
				us_log_loss_classes(p, k, actual[i]);
			if (i % 1024 == 0)
				CHECK_FOR_INTERRUPTS();
		}
		mean = us_weighted_mean(loss, rows->weight, rows->n);
		put_normal(sheet, which ? "brier" : "log_loss", mean.mean, mean.error, 0, INFINITY, "normal");
	}
	pfree(loss);
	pfree(p);
}

/* ---- several classes ---- */

/*
 * The mean of the AUCs of one class against the rest, equal or by the weight of the class.  Its variance is that
 * of the sum of the components of all of them, row by row: (V - A) / share of the class of the row.
 */
static void
put_auc_ovr(Sheet *sheet, const int32 *actual, const double *const *proba, int k, const double *support,
			bool by_support, const char *name)
{
	const UsEvaluationRows *rows = sheet->rows;
	Size		room = Max(rows->n, 1);
	uint8	   *positive = (uint8 *) MemoryContextAllocHuge(CurrentMemoryContext, room);
	double	   *v = (double *) MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(double));
	double	   *influence = (double *) palloc_extended(room * sizeof(double), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	double		all = 0;
	double		mean = 0;
	double		weight = 0;

	for (int c = 0; c < k; c++)
		all += support[c];
	for (int c = 0; c < k; c++)
	{
		double		w = by_support ? support[c] / all : 1.0 / k;
		double		auc;

		if (support[c] <= 0 || support[c] >= all)
			continue;
		for (int64 i = 0; i < rows->n; i++)
			positive[i] = actual[i] == c;
		auc = us_auc_components(proba[c], positive, rows->weight, rows->n, v);
		for (int64 i = 0; i < rows->n; i++)
			if (row_weight(rows, i) > 0)
				influence[i] += w * (v[i] - auc) / ((positive[i] ? support[c] : all - support[c]) / all);
		mean += w * auc;
		weight += w;
		CHECK_FOR_INTERRUPTS();
	}
	if (weight > 0)
		put_normal(sheet, name, mean / weight,
				   us_weighted_mean(influence, rows->weight, rows->n).error / weight, 0, 1, "delong");
	else
		put(sheet, name, NAN, NAN, NAN, NULL);
	pfree(positive);
	pfree(v);
	pfree(influence);
}

UsMetricValue *
us_evaluate_classes(const UsEvaluationRows *rows, const int32 *actual, const int32 *predicted,
					const double *const *proba, int k, int *count)
{
	static const CellFigure balanced[] = {PLACE(balanced_accuracy)};
	static const CellFigure others[] = {PLACE(precision_macro), PLACE(recall_macro), PLACE(f1_macro),
	PLACE(f1_weighted), PLACE(mcc), PLACE(kappa)};
	Sheet		sheet;
	double	   *cell;

	sheet_begin(&sheet, rows);
	cell = us_confusion_cells(actual, predicted, rows->weight, rows->n, k);
	if (k == 2)
	{
		uint8	   *positive = (uint8 *) MemoryContextAllocHuge(CurrentMemoryContext, Max(rows->n, 1));

		for (int64 i = 0; i < rows->n; i++)
			positive[i] = actual[i] == 1;
		put_ranking(&sheet, proba[1], positive);
		pfree(positive);
		put_losses(&sheet, actual, proba, k);
		put_binary_cells(&sheet, cell);
	}
	else
	{
		double	   *support = (double *) palloc0(sizeof(double) * k);
		double		correct = 0;
		double		all = 0;

		for (int i = 0; i < k * k; i++)
		{
			support[i / k] += cell[i];
			all += cell[i];
			correct += i / k == i % k ? cell[i] : 0;
		}
		put_share(&sheet, "accuracy", correct, all, all);
		put_cell_figures(&sheet, cell, k, balanced, lengthof(balanced));
		put_auc_ovr(&sheet, actual, proba, k, support, false, "auc_ovr");
		put_auc_ovr(&sheet, actual, proba, k, support, true, "auc_ovr_weighted");
		put_losses(&sheet, actual, proba, k);
		put_cell_figures(&sheet, cell, k, others, lengthof(others));
		pfree(support);
	}
	pfree(cell);
	*count = sheet.n;
	return sheet.metric;
}

/* ---- regression ---- */

double
us_r2(double residual_square, double total_square, int64 n)
{
	if (n < 2)
		return NAN;
	if (total_square <= 0)
		return residual_square == 0 ? 1 : 0;
	return 1 - residual_square / total_square;
}

/* R^2 with the standard error of its influence values -(e^2 - mse) / v + mse ((y - mean)^2 - v) / v^2. */
static void
put_r2(Sheet *sheet, const double *actual, const double *predicted, double *work)
{
	const UsEvaluationRows *rows = sheet->rows;
	UsMean		mean = us_weighted_mean(actual, rows->weight, rows->n);
	UsMean		influence;
	double		mse,
				v;

	for (int64 i = 0; i < rows->n; i++)
		work[i] = (actual[i] - predicted[i]) * (actual[i] - predicted[i]);
	mse = us_weighted_mean(work, rows->weight, rows->n).mean;
	for (int64 i = 0; i < rows->n; i++)
		work[i] = (actual[i] - mean.mean) * (actual[i] - mean.mean);
	v = us_weighted_mean(work, rows->weight, rows->n).mean;
	if (!(v > 0) || sheet->used < 2)
	{
		put(sheet, "r2", us_r2(mse, v, sheet->used), NAN, NAN, NULL);
		return;
	}
	for (int64 i = 0; i < rows->n; i++)
	{
		double		e = actual[i] - predicted[i];

		work[i] = (mse / v * work[i] - e * e) / v;
	}
	influence = us_weighted_mean(work, rows->weight, rows->n);
	put_normal(sheet, "r2", us_r2(mse, v, sheet->used), influence.error, -INFINITY, 1, "delta");
}

/* The mean of a loss; NaN where it is not defined for a row. */
static UsMean
mean_loss(const UsEvaluationRows *rows, const UsLoss *loss, const double *actual, const double *predicted,
		  double constant, double *work)
{
	for (int64 i = 0; i < rows->n; i++)
	{
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		work[i] = us_loss_of(loss, predicted ? predicted[i] : constant, actual[i]);
		if (!isfinite(work[i]) && row_weight(rows, i) > 0)
			return (UsMean) {NAN, NAN, 0, 0};
		if (!isfinite(work[i]))
			work[i] = 0;
	}
	return us_weighted_mean(work, rows->weight, rows->n);
}

/*
 * The share of a deviance that the mean of the actual values leaves; its standard error is that of the influence values
 * (deviance / null * null of the row - deviance of the row) / null, to which the mean itself, being the minimum, adds nothing.
 */
static void
put_d2(Sheet *sheet, const UsLoss *loss, const double *actual, const double *predicted, double deviance, double *work)
{
	const UsEvaluationRows *rows = sheet->rows;
	double		mean = us_weighted_mean(actual, rows->weight, rows->n).mean;
	UsMean		null = mean_loss(rows, loss, actual, NULL, mean, work);
	UsMean		influence;

	if (!(null.mean > 0) || isnan(deviance))
	{
		put(sheet, "d2", NAN, NAN, NAN, NULL);
		return;
	}
	for (int64 i = 0; i < rows->n; i++)
		if (row_weight(rows, i) > 0)
			work[i] = (deviance / null.mean * work[i] - us_loss_of(loss, predicted[i], actual[i])) / null.mean;
	influence = us_weighted_mean(work, rows->weight, rows->n);
	put_normal(sheet, "d2", 1 - deviance / null.mean, influence.error, -INFINITY, 1, "delta");
}

/* What is special to a loss, but squared error and ABSOLUTE. */
static void
put_own_loss(Sheet *sheet, const UsLoss *loss, const double *actual, const double *predicted, double *work)
{
	const UsEvaluationRows *rows = sheet->rows;
	UsMean		mean = mean_loss(rows, loss, actual, predicted, 0, work);
	UsExactSum	covered = {0};
	UsExactSum	all = {0};

	put_normal(sheet, us_loss_name(loss->kind), mean.mean, mean.error, 0, INFINITY, "normal");
	if (loss->kind != US_LOSS_PINBALL)
	{
		put_d2(sheet, loss, actual, predicted, mean.mean, work);
		return;
	}
	for (int64 i = 0; i < rows->n; i++)
	{
		us_exact_add(&all, row_weight(rows, i));
		if (actual[i] <= predicted[i])
			us_exact_add(&covered, row_weight(rows, i));
	}
	put_share(sheet, "coverage", us_exact_round(&covered), us_exact_round(&all), us_exact_round(&all));
}

/* values of this size have fourth powers, which the errors of mean squares need */
#define LARGE	1e70

/* The power of two that large values are to be divided by so that their powers are finite; 1 for others. */
static double
unit_of(const double *actual, const double *predicted, int64 n)
{
	double		most = 0;
	int			exponent;

	for (int64 i = 0; i < n; i++)
		most = Max(most, Max(fabs(actual[i]), fabs(predicted[i])));
	if (!(most > LARGE) || isinf(most))
		return 1;
	(void) frexp(most, &exponent);
	return ldexp(1.0, exponent);
}

/* The same values in units. */
static double *
in_units(const double *x, int64 n, double unit)
{
	double	   *y = (double *) MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(double));

	for (int64 i = 0; i < n; i++)
		y[i] = x[i] / unit;
	return y;
}

UsMetricValue *
us_evaluate_values(const UsEvaluationRows *rows, const double *actual, const double *predicted, const UsLoss *loss,
				   int *count)
{
	double	   *work = (double *) MemoryContextAllocHuge(CurrentMemoryContext, Max(rows->n, 1) * sizeof(double));
	double		unit = unit_of(actual, predicted, rows->n);
	UsMean		mean[4];
	Sheet		sheet;

	sheet_begin(&sheet, rows);
	if (loss->kind != US_LOSS_SQUARED && loss->kind != US_LOSS_ABSOLUTE)
		put_own_loss(&sheet, loss, actual, predicted, work);
	if (unit != 1)
	{
		actual = in_units(actual, rows->n, unit);
		predicted = in_units(predicted, rows->n, unit);
	}
	for (int which = 0; which < 4; which++)
	{
		for (int64 i = 0; i < rows->n; i++)
		{
			double		e = predicted[i] - actual[i];

			work[i] = which == 0 ? e * e : which == 1 ? fabs(e) :
				which == 2 ? us_percentage_error(predicted[i], actual[i]) : e;
			if (i % 8192 == 0)
				CHECK_FOR_INTERRUPTS();
		}
		mean[which] = us_weighted_mean(work, rows->weight, rows->n);
	}
	if (loss->kind == US_LOSS_ABSOLUTE)
		put_normal(&sheet, "mae", unit * mean[1].mean, unit * mean[1].error, 0, INFINITY, "normal");
	put(&sheet, "rmse", unit * sqrt(mean[0].mean), unit * sqrt(Max(mean[0].mean - sheet.z * mean[0].error, 0)),
		unit * sqrt(mean[0].mean + sheet.z * mean[0].error), "delta");
	if (loss->kind != US_LOSS_ABSOLUTE)
		put_normal(&sheet, "mae", unit * mean[1].mean, unit * mean[1].error, 0, INFINITY, "normal");
	put_normal(&sheet, "mape", mean[2].mean, mean[2].error, 0, INFINITY, "normal");
	put_r2(&sheet, actual, predicted, work);
	put_normal(&sheet, "mse", unit * unit * mean[0].mean, unit * unit * mean[0].error, 0, INFINITY, "normal");
	put_normal(&sheet, "bias", unit * mean[3].mean, unit * mean[3].error, -INFINITY, INFINITY, "normal");
	pfree(work);
	*count = sheet.n;
	return sheet.metric;
}

Size
us_evaluation_memory(int64 n, int k)
{
	Size		work = Max(us_ranking_memory(n) + us_bootstrap_memory(n),
					   us_delong_memory(n, false) + n * sizeof(double));

	return n + work + us_confusion_memory(n, k);
}
