/*
 * encode_power.c
 *	  The exponent of the Yeo-Johnson transform by maximum likelihood.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "data/encode_power.h"
#include "data/encode_step.h"
#include "math/minimum.h"
#include "math/moments.h"

#define BLOCK		1024

/*
 * The search starts within FIRST_REACH of 1 (where the transform is the identity); a best
 * exponent at the end of a range is looked for beyond it, in ten times the range, up to
 * LAST_REACH, and never where (1 + |x|)^lambda overflows.
 */
#define FIRST_REACH	5.0
#define LAST_REACH	5000.0
#define POWER_MAX	300.0
#define TOLERANCE	1e-9

/* a standard deviation below this share of the largest value is rounding */
#define NOISE		1e-10

struct UsPowerFit
{
	bool		keep;
	bool		done;
	double		min;
	double		max;
	double		centre;
	double		lowest;			/* bounds of all ranges */
	double		highest;
	double		reach;			/* of the range at hand */
	UsMinimum	search;
	bool		has_logs;
	double		mean_log;		/* mean of sign(x) log(1 + |x|) */
	UsExactSum	logs;
	UsExactSum	weights;
	int64		n;
	UsMoments	moments;		/* at search.x */
	double	   *value;			/* kept */
	double	   *weight;
};

Size
us_power_memory(int64 n, bool weighted)
{
	return sizeof(double) * (Size) n * (weighted ? 2 : 1);
}

static void
begin_range(UsPowerFit *fit, double lo, double hi)
{
	lo = fmax(lo, fit->lowest);
	hi = fmin(hi, fit->highest);
	if (lo > hi)
		lo = hi = 1;			/* values so large that only the identity does not overflow */
	us_minimum_init(&fit->search, lo, hi, TOLERANCE);
}

/* A range is searched: true if its best is the answer, else the next range is begun. */
static bool
end_range(UsPowerFit *fit)
{
	double		best = fit->search.best;
	double		margin = 0.01 * fit->reach;

	if (fit->reach >= LAST_REACH)
		return true;
	if (best < 1 - fit->reach + margin)
		begin_range(fit, 1 - 10 * fit->reach, 1 - fit->reach + 2 * margin);
	else if (best > 1 + fit->reach - margin)
		begin_range(fit, 1 + fit->reach - 2 * margin, 1 + 10 * fit->reach);
	else
		return true;
	fit->reach *= 10;
	return false;
}

UsPowerFit *
us_power_create(int64 n, bool weighted, bool keep, double min, double max, double centre)
{
	UsPowerFit *fit = palloc0(sizeof(UsPowerFit));

	fit->keep = keep;
	fit->min = min;
	fit->max = max;
	fit->centre = centre;
	fit->lowest = min < 0 ? 2 - POWER_MAX / log1p(-min) : -INFINITY;
	fit->highest = max > 0 ? POWER_MAX / log1p(max) : INFINITY;
	begin_range(fit, 1 - FIRST_REACH, 1 + FIRST_REACH);
	fit->reach = FIRST_REACH;
	if (keep)
	{
		fit->value = MemoryContextAllocHuge(CurrentMemoryContext, Max(sizeof(double) * n, 1));
		if (weighted)
			fit->weight = MemoryContextAllocHuge(CurrentMemoryContext, Max(sizeof(double) * n, 1));
	}
	return fit;
}

static void
begin_trial(UsPowerFit *fit)
{
	double		lambda = fit->search.trial;

	us_moments_init(&fit->moments, us_yeo_johnson(fit->centre, lambda),
					us_yeo_johnson(fit->min, lambda), us_yeo_johnson(fit->max, lambda));
}

static void
add_trial(UsPowerFit *fit, const double *x, const double *w, int64 n)
{
	double		y[BLOCK];
	double		lambda = fit->search.trial;

	for (int64 start = 0; start < n; start += BLOCK)
	{
		int			size = (int) Min(BLOCK, n - start);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < size; i++)
			y[i] = x[start + i] == x[start + i] ? us_yeo_johnson(x[start + i], lambda) : NAN;
		us_moments_add(&fit->moments, y, w ? w + start : NULL, size);
	}
}

/* Minus the likelihood of a row: what the search makes small. */
static double
trial_value(const UsPowerFit *fit)
{
	double		lambda = fit->search.trial;
	double		sd = us_moments_sd(&fit->moments);
	double		reach = fmax(fabs(us_yeo_johnson(fit->min, lambda)),
							 fabs(us_yeo_johnson(fit->max, lambda)));

	if (!(sd > NOISE * reach))
		return INFINITY;
	return log(sd) - (lambda - 1) * fit->mean_log;
}

void
us_power_begin(UsPowerFit *fit)
{
	if (!fit->keep)
		begin_trial(fit);
}

void
us_power_add(UsPowerFit *fit, const double *x, const double *w, int n)
{
	double		product[BLOCK];
	double		present[BLOCK];

	if (!fit->has_logs)
		for (int start = 0; start < n; start += BLOCK)
		{
			int			size = Min(BLOCK, n - start);

			for (int i = 0; i < size; i++)
			{
				double		v = x[start + i];
				double		weight = w ? w[start + i] : 1;

				present[i] = v == v ? weight : NAN;
				product[i] = weight * copysign(log1p(fabs(v)), v);
			}
			us_exact_add_array(&fit->logs, product, size);
			us_exact_add_array(&fit->weights, present, size);
		}
	if (!fit->keep)
	{
		add_trial(fit, x, w, n);
		return;
	}
	for (int i = 0; i < n; i++)
	{
		if (x[i] != x[i])
			continue;
		fit->value[fit->n] = x[i];
		if (w)
			fit->weight[fit->n] = w[i];
		fit->n++;
	}
}

void
us_power_end(UsPowerFit *fit)
{
	if (!fit->has_logs)
		fit->mean_log = us_exact_round(&fit->logs) / us_exact_round(&fit->weights);
	fit->has_logs = true;
	if (!fit->keep)
	{
		us_minimum_tell(&fit->search, trial_value(fit));
		fit->done = fit->search.done && end_range(fit);
		return;
	}
	do
	{
		begin_trial(fit);
		add_trial(fit, fit->value, fit->weight, fit->n);
		us_minimum_tell(&fit->search, trial_value(fit));
	} while (!fit->search.done || !end_range(fit));
	pfree(fit->value);
	if (fit->weight)
		pfree(fit->weight);
	fit->done = true;
}

bool
us_power_done(const UsPowerFit *fit)
{
	return fit->done;
}

double
us_power_lambda(const UsPowerFit *fit)
{
	return fit->search.best;
}
