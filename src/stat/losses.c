/*
 * losses.c
 *	  What one prediction costs, and means of such costs.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "math/exact_sum.h"
#include "stat/losses.h"

double
us_log_loss_classes(const double *p, int k, int c)
{
	double		sum = 0;

	for (int i = 0; i < k; i++)
		sum += Min(Max(p[i], DBL_EPSILON), 1 - DBL_EPSILON);
	return us_log_loss(p[c]) + log(sum);
}

double
us_tweedie_deviance(double mean, double actual, double power)
{
	bool		positive = power >= 2;
	double		deviance;

	if (power == 0)
		return (actual - mean) * (actual - mean);
	if ((power > 0 && power < 1) || !(mean > 0) || (positive && !(actual > 0)) ||
		(power >= 1 && !positive && !(actual >= 0)) || isnan(power))
		return NAN;
	if (power == 1)
		deviance = (actual > 0 ? actual * log(actual / mean) : 0) - actual + mean;
	else if (power == 2)
		deviance = log(mean / actual) + actual / mean - 1;
	else
		deviance = pow(Max(actual, 0), 2 - power) / ((1 - power) * (2 - power)) -
			actual * pow(mean, 1 - power) / (1 - power) +
			pow(mean, 2 - power) / (2 - power);
	return deviance < 0 ? 0 : 2 * deviance; /* below 0 by rounding only */
}

const char *
us_loss_name(UsLossKind kind)
{
	static const char *const name[] = {"mse", "mae", "pinball", "poisson_deviance", "gamma_deviance", "tweedie_deviance"};

	return name[kind];
}

double
us_loss_of(const UsLoss *loss, double predicted, double actual)
{
	switch (loss->kind)
	{
		case US_LOSS_SQUARED:
			return (predicted - actual) * (predicted - actual);
		case US_LOSS_ABSOLUTE:
			return fabs(predicted - actual);
		case US_LOSS_PINBALL:
			return us_pinball_loss(predicted, actual, loss->parameter);
		case US_LOSS_POISSON:
			return us_tweedie_deviance(predicted, actual, 1);
		case US_LOSS_GAMMA:
			return us_tweedie_deviance(predicted, actual, 2);
		case US_LOSS_TWEEDIE:
			return us_tweedie_deviance(predicted, actual, loss->parameter);
	}
	return NAN;
}

UsMean
us_weighted_mean(const double *x, const double *weight, int64 n)
{
	UsMean		result = {NAN, NAN, 0, 0};
	UsExactSum	sum = {0};
	UsExactSum	total = {0};
	UsExactSum	square = {0};

	for (int64 i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;

		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
		if (w == 0)
			continue;
		us_exact_add(&sum, w * x[i]);
		us_exact_add(&total, w);
		result.n++;
	}
	result.weight = us_exact_round(&total);
	if (result.n == 0)
		return result;
	result.mean = us_exact_round(&sum) / result.weight;
	if (result.n < 2)
		return result;
	for (int64 i = 0; i < n; i++)
	{
		double		w = (weight ? weight[i] : 1) / result.weight;
		double		d = w * (x[i] - result.mean);

		if (i % 8192 == 0)
			CHECK_FOR_INTERRUPTS();
		us_exact_add(&square, d * d);
	}
	result.error = sqrt(us_exact_round(&square) * ((double) result.n / (result.n - 1)));
	return result;
}
