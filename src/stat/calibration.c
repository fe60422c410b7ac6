/*
 * calibration.c
 *	  Whether predicted probabilities mean what they say, and functions that mend them.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/exact_sum.h"
#include "stat/calibration.h"
#include "stat/ranking.h"

#define CUT		1e-15

/* ---- reliability ---- */

int
us_reliability_bin(double p, int n_bins)
{
	int			i = (int) (p * n_bins);

	/* the borders are the doubles i / n_bins, as they are told */
	while (i > 0 && p <= (double) i / n_bins)
		i--;
	while (i < n_bins - 1 && p > (double) (i + 1) / n_bins)
		i++;
	return Min(i, n_bins - 1);
}

void
us_reliability_summary(UsReliabilityBin *bin, int n_bins, double brier, UsReliability *result)
{
	double		weight = 0;
	double		positives = 0;
	double		base;

	memset(result, 0, sizeof(*result));
	for (int i = 0; i < n_bins; i++)
	{
		bin[i].low = (double) i / n_bins;
		bin[i].high = (double) (i + 1) / n_bins;
		weight += bin[i].weight;
		if (bin[i].weight > 0)
			positives += bin[i].weight * bin[i].observed;
	}
	base = positives / weight;
	for (int i = 0; i < n_bins; i++)
	{
		double		share = bin[i].weight / weight;
		double		gap;

		if (bin[i].weight <= 0)
			continue;
		gap = fabs(bin[i].predicted - bin[i].observed);
		result->ece += share * gap;
		result->mce = Max(result->mce, gap);
		result->reliability += share * gap * gap;
		result->resolution += share * (bin[i].observed - base) * (bin[i].observed - base);
	}
	result->uncertainty = base * (1 - base);
	result->brier = brier;
	result->within = brier - (result->reliability - result->resolution + result->uncertainty);
}

void
us_reliability(const double *p, const uint8 *positive, const double *weight, int64 n,
			   int n_bins, UsReliabilityBin *bin, UsReliability *result)
{
	UsExactSum *sum = (UsExactSum *) palloc0(sizeof(UsExactSum) * (3 * n_bins + 1));
	double		total = 0;

	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;
		UsExactSum *s = sum + 3 * us_reliability_bin(p[i], n_bins);
		double		miss = p[i] - (positive[i] != 0);

		us_exact_add(&s[0], w);
		us_exact_add(&s[1], w * p[i]);
		if (positive[i])
			us_exact_add(&s[2], w);
		us_exact_add(&sum[3 * n_bins], w * miss * miss);
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	for (int i = 0; i < n_bins; i++)
	{
		bin[i].weight = us_exact_round(&sum[3 * i]);
		bin[i].predicted = bin[i].weight > 0 ? us_exact_round(&sum[3 * i + 1]) / bin[i].weight : NAN;
		bin[i].observed = bin[i].weight > 0 ? us_exact_round(&sum[3 * i + 2]) / bin[i].weight : NAN;
		total += bin[i].weight;
	}
	us_reliability_summary(bin, n_bins, us_exact_round(&sum[3 * n_bins]) / total, result);
	pfree(sum);
}

/* ---- calibrators ---- */

static double
log_odds(double p)
{
	p = Min(Max(p, CUT), 1 - CUT);
	return log(p) - log1p(-p);
}

Size
us_calibrator_memory(int64 n)
{
	return us_ranking_memory(n) + n * 3 * sizeof(double);
}

/* The function that Platt scaling minimises, at (a, b): without cancellation on either side. */
static double
platt_objective(const UsRanking *r, const double *f, double target1, double target0, double a, double b)
{
	double		sum = 0;

	for (int64 i = 0; i < r->n; i++)
	{
		double		z = f[i] * a + b;
		double		soft = log1p(exp(-fabs(z)));

		sum += r->positive[i] * ((z >= 0 ? target1 : target1 - 1) * z + soft);
		sum += r->negative[i] * ((z >= 0 ? target0 : target0 - 1) * z + soft);
	}
	return sum;
}

/* Gradient g[2] and Hessian h[3] (aa, ab, bb) there. */
static void
platt_derivatives(const UsRanking *r, const double *f, double target1, double target0,
				  double a, double b, double *g, double *h)
{
	g[0] = g[1] = h[1] = 0;
	h[0] = h[2] = 1e-12;
	for (int64 i = 0; i < r->n; i++)
	{
		double		z = f[i] * a + b;
		double		e = exp(-fabs(z));
		double		p = z >= 0 ? e / (1 + e) : 1 / (1 + e);
		double		d1 = r->positive[i] * (target1 - p) + r->negative[i] * (target0 - p);
		double		d2 = (r->positive[i] + r->negative[i]) * p * (1 - p);

		g[0] += f[i] * d1;
		g[1] += d1;
		h[0] += f[i] * f[i] * d2;
		h[1] += f[i] * d2;
		h[2] += d2;
	}
}

bool
us_platt_fit(const double *p, const uint8 *positive, const double *weight, int64 n, UsCalibrator *calibrator)
{
	UsRanking  *r = us_ranking_build(p, positive, weight, n);
	double	   *f = (double *) MemoryContextAllocHuge(CurrentMemoryContext, Max(r->n, 1) * sizeof(double));
	double		target1 = (r->positives + 1) / (r->positives + 2);
	double		target0 = 1 / (r->negatives + 2);
	double		a = 0;
	double		b = log((r->negatives + 1) / (r->positives + 1));
	double		value;
	bool		both = r->positives > 0 && r->negatives > 0;

	for (int64 i = 0; i < r->n; i++)
		f[i] = log_odds(r->score[i]);
	value = platt_objective(r, f, target1, target0, a, b);
	for (int iteration = 0; both && iteration < 100; iteration++)
	{
		double		g[2],
					h[3],
					step[2],
					size = 1,
					det,
					next;

		CHECK_FOR_INTERRUPTS();
		platt_derivatives(r, f, target1, target0, a, b, g, h);
		if (fabs(g[0]) < 1e-10 * r->n && fabs(g[1]) < 1e-10 * r->n)
			break;
		det = h[0] * h[2] - h[1] * h[1];
		step[0] = -(h[2] * g[0] - h[1] * g[1]) / det;
		step[1] = -(h[0] * g[1] - h[1] * g[0]) / det;
		do
		{
			next = platt_objective(r, f, target1, target0, a + size * step[0], b + size * step[1]);
			if (next < value + 1e-4 * size * (g[0] * step[0] + g[1] * step[1]))
				break;
			size /= 2;
		} while (size >= 1e-10);
		if (size < 1e-10)
			break;
		a += size * step[0];
		b += size * step[1];
		value = next;
	}
	memset(calibrator, 0, sizeof(*calibrator));
	calibrator->kind = US_CALIBRATE_PLATT;
	calibrator->a = a;
	calibrator->b = b;
	pfree(f);
	us_ranking_free(r);
	return both;
}

/* Points of a fit: the ends of its blocks; every so many when there are too many. */
static void
isotonic_points(UsCalibrator *c, const UsRanking *r, const int64 *start, const double *mean, int64 n_blocks)
{
	int64		step = (n_blocks + US_ISOTONIC_POINTS / 2 - 1) / (US_ISOTONIC_POINTS / 2);

	c->x = (double *) palloc(sizeof(double) * (US_ISOTONIC_POINTS + 4));
	c->y = (double *) palloc(sizeof(double) * (US_ISOTONIC_POINTS + 4));
	for (int64 i = 0; i < n_blocks; i = (i + step < n_blocks || i == n_blocks - 1) ? i + step : n_blocks - 1)
	{
		double		first = r->score[start[i]];
		double		last = r->score[start[i + 1] - 1];

		c->x[c->n] = first;
		c->y[c->n++] = mean[i];
		if (last > first)
		{
			c->x[c->n] = last;
			c->y[c->n++] = mean[i];
		}
	}
}

bool
us_isotonic_fit(const double *p, const uint8 *positive, const double *weight, int64 n, UsCalibrator *calibrator)
{
	UsRanking  *r = us_ranking_build(p, positive, weight, n);
	Size		room = Max(r->n, 1) + 1;
	int64	   *start = (int64 *) MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(int64));
	double	   *mean = (double *) MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(double));
	double	   *mass = (double *) MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(double));
	int64		n_blocks = 0;
	bool		both = r->positives > 0 && r->negatives > 0;

	memset(calibrator, 0, sizeof(*calibrator));
	calibrator->kind = US_CALIBRATE_ISOTONIC;
	for (int64 i = 0; i < r->n; i++)
	{
		start[n_blocks] = i;
		mass[n_blocks] = r->positive[i] + r->negative[i];
		mean[n_blocks] = r->positive[i] / mass[n_blocks];
		while (n_blocks > 0 && mean[n_blocks - 1] >= mean[n_blocks])
		{
			double		both_mass = mass[n_blocks - 1] + mass[n_blocks];

			mean[n_blocks - 1] += (mean[n_blocks] - mean[n_blocks - 1]) * (mass[n_blocks] / both_mass);
			mass[--n_blocks] = both_mass;
		}
		n_blocks++;
		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	start[n_blocks] = r->n;
	if (both)
		isotonic_points(calibrator, r, start, mean, n_blocks);
	pfree(start);
	pfree(mean);
	pfree(mass);
	us_ranking_free(r);
	return both;
}

static double
interpolate(const UsCalibrator *c, double p)
{
	int			lo = 0;
	int			hi = c->n - 1;

	if (p <= c->x[0])
		return c->y[0];
	if (p >= c->x[hi])
		return c->y[hi];
	while (hi - lo > 1)
	{
		int			middle = (lo + hi) / 2;

		if (c->x[middle] <= p)
			lo = middle;
		else
			hi = middle;
	}
	return c->y[lo] + (c->y[hi] - c->y[lo]) * ((p - c->x[lo]) / (c->x[hi] - c->x[lo]));
}

double
us_calibrate(const UsCalibrator *calibrator, double p)
{
	if (isnan(p) || calibrator->kind == US_CALIBRATE_NONE)
		return p;
	if (calibrator->kind == US_CALIBRATE_PLATT)
		return 1 / (1 + exp(calibrator->a * log_odds(p) + calibrator->b));
	return interpolate(calibrator, p);
}

/* ---- several classes ---- */

/* What is left at the power a: the slope of the log loss in a, which grows with it. */
static double
temperature_slope(const double *const *proba, int k, const int32 *actual, const double *weight, int64 n, double a)
{
	UsExactSum	sum = {0};

	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;
		double		total = 0;
		double		mean = 0;
		double		own = 0;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		for (int c = 0; c < k; c++)
		{
			double		l = log(Max(proba[c] ? proba[c][i] : 1 - proba[1][i], CUT));
			double		e = exp(a * l);

			total += e;
			mean += e * l;
			if (c == actual[i])
				own = l;
		}
		us_exact_add(&sum, w * (mean / total - own));
	}
	return us_exact_round(&sum);
}

bool
us_temperature_fit(const double *const *proba, int k, const int32 *actual, const double *weight, int64 n,
				   UsCalibrator *calibrator)
{
	double		lo = log(0.01);
	double		hi = log(100);
	double		a;

	memset(calibrator, 0, sizeof(*calibrator));
	/* the slope rises: halve the logarithm of the power; where it is flat, nothing is changed */
	if (temperature_slope(proba, k, actual, weight, n, 1) == 0)
		lo = hi = 0;
	for (int i = 0; i < 60 && hi - lo > 1e-13; i++)
	{
		double		middle = (lo + hi) / 2;

		if (temperature_slope(proba, k, actual, weight, n, exp(middle)) < 0)
			lo = middle;
		else
			hi = middle;
	}
	a = exp((lo + hi) / 2);
	calibrator->kind = k == 2 ? US_CALIBRATE_PLATT : US_CALIBRATE_TEMPERATURE;
	calibrator->a = k == 2 ? -a : a;
	return n > 0;
}

int
us_calibrate_each_fit(UsCalibratorKind kind, const double *const *proba, int k, const int32 *actual,
					  const double *weight, int64 n, UsCalibrator *calibrator)
{
	uint8	   *positive = (uint8 *) MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1));
	int			missing = -1;

	memset(calibrator, 0, sizeof(*calibrator));
	calibrator->kind = US_CALIBRATE_CLASSES;
	calibrator->n_each = k;
	calibrator->each = (UsCalibrator *) palloc0(sizeof(UsCalibrator) * k);
	for (int c = 0; c < k && missing < 0; c++)
	{
		bool		fitted;

		for (int64 i = 0; i < n; i++)
			positive[i] = actual[i] == c;
		fitted = kind == US_CALIBRATE_PLATT ?
			us_platt_fit(proba[c], positive, weight, n, &calibrator->each[c]) :
			us_isotonic_fit(proba[c], positive, weight, n, &calibrator->each[c]);
		if (!fitted)
			missing = c;
	}
	pfree(positive);
	return missing;
}

void
us_calibrate_classes(const UsCalibrator *calibrator, double *p, int k, int positive)
{
	double		total = 0;

	if (calibrator->kind == US_CALIBRATE_PLATT || calibrator->kind == US_CALIBRATE_ISOTONIC)
	{
		p[positive] = us_calibrate(calibrator, p[positive]);
		p[1 - positive] = 1 - p[positive];
		return;
	}
	for (int c = 0; c < k; c++)
	{
		p[c] = calibrator->kind == US_CALIBRATE_TEMPERATURE ? pow(Max(p[c], CUT), calibrator->a) :
			us_calibrate(&calibrator->each[c], p[c]);
		total += p[c];
	}
	for (int c = 0; c < k; c++)
		p[c] = total > 0 ? p[c] / total : 1.0 / k;
}
