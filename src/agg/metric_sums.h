/*
 * metric_sums.h
 *	  The state of the aggregates of losses: exact weighted sums, the same in any order.
 *
 * A state is one flat varlena, changed in place while an aggregate runs.  Nothing here
 * depends on fmgr.
 */
#ifndef US_METRIC_SUMS_H
#define US_METRIC_SUMS_H

#include "infra/buffer.h"
#include "infra/report.h"
#include "math/exact_sum.h"

#define US_METRIC_SUMS_VERSION	1

/* What is summed.  The first sum is the weight of the rows, but for the last two. */
typedef enum UsMetricKind
{
	US_METRIC_LOG_LOSS = 1,		/* weight, loss */
	US_METRIC_BRIER,			/* weight, loss */
	US_METRIC_RMSE,				/* weight, squared error */
	US_METRIC_MAE,				/* weight, absolute error */
	US_METRIC_MAPE,				/* weight, relative error */
	US_METRIC_PINBALL,			/* weight, loss; parameter: quantile */
	US_METRIC_R2,				/* weight, squared error, y, y^2 */
	US_METRIC_BINARY,			/* true negative, false positive, false negative, true positive */
	US_METRIC_CALIBRATION		/* Brier; for each bin weight, probability, positives */
} UsMetricKind;

#define US_CALIBRATION_BINS		10
#define US_METRIC_MAX_SUMS		(1 + 3 * US_CALIBRATION_BINS)

typedef struct UsMetricSums
{
	int32		vl_len_;
	uint8		version;
	uint8		kind;
	uint16		n;				/* sums */
	int64		rows;			/* of weight above 0 */
	double		parameter;
	UsExactSum	sum[FLEXIBLE_ARRAY_MEMBER];
} UsMetricSums;

/* A state without rows. */
extern UsMetricSums *us_metric_new(UsMetricKind kind, double parameter);

/* A second state into s, which may be returned anew; 22023 for another kind or parameter. */
extern void us_metric_merge(UsMetricSums *s, const UsMetricSums *other);

/*
 * Take in a row of weight w > 0: a probability and whether it came true (LOG_LOSS, BRIER, CALIBRATION),
 * a prediction and what came true (RMSE .. R2), or two classes 0 and 1 (BINARY).  22003 when a term is
 * beyond the range of double.
 */
extern void us_metric_add(UsMetricSums *s, double predicted, double actual, double w);

/* The mean loss, the root of it (RMSE), R^2; NaN: not defined for these rows. */
extern double us_metric_value(const UsMetricSums *s);

/* BINARY: F1, and the Matthews correlation; NaN without rows. */
extern double us_metric_f1(const UsMetricSums *s);
extern double us_metric_mcc(const UsMetricSums *s);

/* CALIBRATION: summary and bins as an object; NULL without rows. */
extern UsReport *us_metric_calibration(const UsMetricSums *s);

/* The payload that is sent and printed. */
extern void us_metric_write(const UsMetricSums *s, UsWriter *w);
extern UsMetricSums *us_metric_read(UsReader *r);

#endif
