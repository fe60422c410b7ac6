/*
 * gap.c
 *	  The gap statistic.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/jacobi.h"
#include "stat/gap.h"
#include "stat/normal.h"

/* rows between two checks for interrupts */
#define ROWS_A_CHECK 1024

Size
us_gap_box_bytes(int width)
{
	Size		axes = width <= US_GAP_MOST_COMPONENTS ? (Size) width * width : 0;

	return sizeof(double) * (3 * (Size) width + axes);
}

UsGapBox
us_gap_box_at(void *memory, int width)
{
	UsGapBox	box;

	box.width = width;
	box.components = width <= US_GAP_MOST_COMPONENTS;
	box.center = (double *) memory;
	box.low = box.center + width;
	box.high = box.low + width;
	box.axis = box.high + width;
	return box;
}

static inline void
check_row(int64 i)
{
	if (i % ROWS_A_CHECK == 0)
		CHECK_FOR_INTERRUPTS();
}

/* The mean of the rows; returns their weight. */
static double
fit_center(UsGapBox *box, UsGapRow get, const void *rows, int64 n, double *x)
{
	double		total = 0;

	memset(box->center, 0, sizeof(double) * box->width);
	for (int64 i = 0; i < n; i++)
	{
		double		w = get(rows, i, x);

		check_row(i);
		total += w;
		for (int j = 0; j < box->width; j++)
			box->center[j] += (x[j] - box->center[j]) * (w / total);
	}
	return total;
}

/* The principal components: eigenvectors of the covariance matrix. */
static void
fit_axes(UsGapBox *box, UsGapRow get, const void *rows, int64 n, double total, double *x)
{
	int			width = box->width;
	double	   *covariance = (double *) palloc0(sizeof(double) * width * width);
	double	   *variance = (double *) palloc(sizeof(double) * width);

	for (int64 i = 0; i < n; i++)
	{
		double		w = get(rows, i, x) / total;

		check_row(i);
		for (int j = 0; j < width; j++)
			x[j] -= box->center[j];
		for (int a = 0; a < width; a++)
			for (int b = 0; b <= a; b++)
				covariance[(Size) a * width + b] += w * x[a] * x[b];
	}
	for (int a = 0; a < width; a++)
		for (int b = 0; b < a; b++)
			covariance[(Size) b * width + a] = covariance[(Size) a * width + b];
	us_jacobi(covariance, width, variance, box->axis);
	pfree(covariance);
	pfree(variance);
}

/* The place of a row, relative to the centre, along axis i. */
static double
along(const UsGapBox *box, int i, const double *x)
{
	const double *axis = box->axis + (Size) i * box->width;
	double		t = 0;

	if (!box->components)
		return x[i];
	for (int j = 0; j < box->width; j++)
		t += axis[j] * x[j];
	return t;
}

void
us_gap_box_fit(UsGapBox *box, UsGapRow get, const void *rows, int64 n)
{
	int			width = box->width;
	double	   *x = (double *) palloc(sizeof(double) * width);
	double		total = fit_center(box, get, rows, n, x);

	if (box->components)
		fit_axes(box, get, rows, n, total, x);
	for (int i = 0; i < width; i++)
	{
		box->low[i] = INFINITY;
		box->high[i] = -INFINITY;
	}
	for (int64 r = 0; r < n; r++)
	{
		(void) get(rows, r, x);
		check_row(r);
		for (int j = 0; j < width; j++)
			x[j] -= box->center[j];
		for (int i = 0; i < width; i++)
		{
			double		t = along(box, i, x);

			box->low[i] = Min(box->low[i], t);
			box->high[i] = Max(box->high[i], t);
		}
	}
	pfree(x);
}

void
us_gap_draw(const UsGapBox *box, UsRandom *random, double *x)
{
	int			width = box->width;

	memcpy(x, box->center, sizeof(double) * width);
	for (int i = 0; i < width; i++)
	{
		double		t = box->low[i] + us_random_double(random) * (box->high[i] - box->low[i]);

		if (!box->components)
			x[i] += t;
		else
		{
			const double *axis = box->axis + (Size) i * width;

			for (int j = 0; j < width; j++)
				x[j] += t * axis[j];
		}
	}
}

void
us_gap_reach(const UsGapBox *box, double *reach)
{
	int			width = box->width;

	memset(reach, 0, sizeof(double) * width);
	for (int i = 0; i < width; i++)
	{
		double		far = Max(fabs(box->low[i]), fabs(box->high[i]));

		if (!box->components)
			reach[i] = far;
		else
			for (int j = 0; j < width; j++)
				reach[j] += far * fabs(box->axis[(Size) i * width + j]);
	}
}

/* Mean and standard deviation of column k of reference[nsets][nk], minus column minus if that is >= 0. */
static void
moments(const double *reference, int nsets, int nk, int k, int minus, double divisor,
		double *mean, double *sd)
{
	double		squares = 0;

	*mean = 0;
	for (int b = 0; b < nsets; b++)
	{
		const double *r = reference + (Size) b * nk;

		*mean += (r[k] - (minus >= 0 ? r[minus] : 0)) / nsets;
	}
	for (int b = 0; b < nsets; b++)
	{
		const double *r = reference + (Size) b * nk;
		double		d = r[k] - (minus >= 0 ? r[minus] : 0) - *mean;

		squares += d * d;
	}
	*sd = sqrt(squares / divisor);
}

void
us_gap(const double *log_w, const double *reference, int nsets, int nk, double *gap, double *se)
{
	for (int k = 0; k < nk; k++)
	{
		double		mean;
		double		sd;

		gap[k] = se[k] = NAN;
		if (nsets < 1)
			continue;
		moments(reference, nsets, nk, k, -1, nsets, &mean, &sd);
		if (!isfinite(mean - log_w[k]))
			continue;
		gap[k] = mean - log_w[k];
		se[k] = sd * sqrt(1 + 1.0 / nsets);
	}
}

int
us_gap_first(const double *gap, const double *se, int nk)
{
	for (int k = 0; k < nk; k++)
		if (isnan(gap[k]))
			return -1;
	for (int k = 0; k < nk - 1; k++)
		if (gap[k] >= gap[k + 1] - se[k + 1])
			return k;
	return nk - 1;
}

double
us_gap_structure(const double *log_w, const double *reference, int nsets, int nk, int *at)
{
	double		most = NAN;

	*at = -1;
	if (nsets < 2)
		return NAN;
	for (int k = 1; k < nk; k++)
	{
		double		mean;
		double		sd;
		double		errors;

		moments(reference, nsets, nk, k, 0, nsets - 1, &mean, &sd);
		if (isinf(log_w[k]) && isfinite(log_w[0]))
			errors = INFINITY;
		else
			errors = (log_w[0] - log_w[k] + mean) / (sd * sqrt(1 + 1.0 / nsets));
		if (!isnan(errors) && !(errors <= most))
		{
			most = errors;
			*at = k;
		}
	}
	return most;
}

double
us_gap_critical(int nsets, int nk)
{
	double		z = us_normal_quantile(1 - 0.05 / Max(nk - 1, 1));
	double		z2 = z * z;
	double		v = Max(nsets - 1, 1);

	return z * (1 + (z2 + 1) / (4 * v) + ((5 * z2 + 16) * z2 + 3) / (96 * v * v));
}
