/*
 * distance.c
 *	  Distances between two vectors of doubles.
 */
#include "postgres.h"

#include <math.h>

#include "math/distance.h"

/* Sums of squares inside lose nothing to underflow: d <= 2^24 terms below 2^-1022 count nothing. */
#define SQUARE_MIN	1e-280
#define SQUARE_MAX	1e300

static const char *const metric_names[US_METRIC_COUNT] = {
	"euclidean", "sqeuclidean", "cosine", "manhattan", "chebyshev"
};

bool
us_metric_find(const char *name, UsMetric *metric)
{
	for (int i = 0; i < US_METRIC_COUNT; i++)
	{
		if (strcmp(name, metric_names[i]) == 0)
		{
			*metric = (UsMetric) i;
			return true;
		}
	}
	return false;
}

const char *
us_metric_name(UsMetric metric)
{
	return metric_names[metric];
}

static double
sum_of_squares(const double *a, const double *b, int d)
{
	double		sum = 0;

	for (int j = 0; j < d; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

double
us_square_scaled(const double *a, const double *b, int d, int *exponent)
{
	double		max = 0;
	double		sum = 0;
	double		half = 1;
	int			e;

	for (int j = 0; j < d; j++)
		max = fmax(max, fabs(a[j] - b[j]));
	if (isinf(max))
	{
		half = 0.5;				/* even the difference overflows */
		max = 0;
		for (int j = 0; j < d; j++)
			max = fmax(max, fabs(half * a[j] - half * b[j]));
	}
	*exponent = 0;
	if (max == 0)
		return 0;
	(void) frexp(max, &e);
	for (int j = 0; j < d; j++)
	{
		double		diff = ldexp(half * a[j] - half * b[j], -e);

		sum += diff * diff;
	}
	sum = frexp(sum, exponent);
	*exponent += 2 * e + (half < 1 ? 2 : 0);
	return sum;
}

static double
euclidean(const double *a, const double *b, int d)
{
	double		sum = sum_of_squares(a, b, d);
	int			e;

	if (sum >= SQUARE_MIN && sum <= SQUARE_MAX)
		return sqrt(sum);
	sum = us_square_scaled(a, b, d, &e);
	if (e % 2 != 0)
	{
		sum *= 2;
		e--;
	}
	return ldexp(sqrt(sum), e / 2);
}

/* Norm as value * 2^exponent, without overflow. */
static double
norm(const double *x, int d, int *exponent)
{
	double		max = 0;
	double		sum = 0;

	*exponent = 0;
	for (int j = 0; j < d; j++)
	{
		max = fmax(max, fabs(x[j]));
		sum += x[j] * x[j];
	}
	if (max > 0 && !(sum >= SQUARE_MIN && sum <= SQUARE_MAX))
	{
		(void) frexp(max, exponent);
		sum = 0;
		for (int j = 0; j < d; j++)
		{
			double		v = ldexp(x[j], -*exponent);

			sum += v * v;
		}
	}
	return sqrt(sum);
}

bool
us_unit_vector(const double *x, int d, double *u)
{
	int			e;
	double		length = norm(x, d, &e);

	if (length == 0)
	{
		memset(u, 0, sizeof(double) * d);
		return false;
	}
	for (int j = 0; j < d; j++)
		u[j] = (e == 0 ? x[j] : ldexp(x[j], -e)) / length;
	return true;
}

static double
cosine(const double *a, const double *b, int d)
{
	int			ea;
	int			eb;
	double		na = norm(a, d, &ea);
	double		nb = norm(b, d, &eb);
	double		sum = 0;

	if (na == 0 || nb == 0)
		return 1;
	for (int j = 0; j < d; j++)
	{
		double		u = (ea == 0 ? a[j] : ldexp(a[j], -ea)) / na;
		double		v = (eb == 0 ? b[j] : ldexp(b[j], -eb)) / nb;

		sum += (u - v) * (u - v);
	}
	return fmin(sum / 2, 2);
}

double
us_distance(UsMetric metric, const double *a, const double *b, int d)
{
	double		result = 0;

	switch (metric)
	{
		case US_METRIC_EUCLIDEAN:
			return euclidean(a, b, d);
		case US_METRIC_SQEUCLIDEAN:
			return sum_of_squares(a, b, d);
		case US_METRIC_COSINE:
			return cosine(a, b, d);
		case US_METRIC_MANHATTAN:
			for (int j = 0; j < d; j++)
				result += fabs(a[j] - b[j]);
			return result;
		case US_METRIC_CHEBYSHEV:
			for (int j = 0; j < d; j++)
				result = fmax(result, fabs(a[j] - b[j]));
			return result;
	}
	elog(ERROR, "unknown metric %d", (int) metric);
}

double
us_distance_in_range(double distance)
{
	if (isinf(distance))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("distance out of range"),
				 errdetail("It is beyond double precision."),
				 errhint("Scale the columns.")));
	return distance;
}
