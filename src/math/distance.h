/*
 * distance.h
 *	  Distances between two vectors of doubles.
 */
#ifndef US_DISTANCE_H
#define US_DISTANCE_H

/* The numbers are stored in data: they never change. */
typedef enum UsMetric
{
	US_METRIC_EUCLIDEAN = 0,
	US_METRIC_SQEUCLIDEAN = 1,
	US_METRIC_COSINE = 2,
	US_METRIC_MANHATTAN = 3,
	US_METRIC_CHEBYSHEV = 4
} UsMetric;

#define US_METRIC_COUNT 5

/* The metric of that name; false if there is none. */
extern bool us_metric_find(const char *name, UsMetric *metric);
extern const char *us_metric_name(UsMetric metric);

/*
 * Distance of a[d] and b[d], all finite.  Never NaN; infinite when it is beyond the
 * range of double.  Sums go in the order of the columns; the Euclidean distance is scaled
 * where squares would overflow or vanish.
 *
 *	EUCLIDEAN	sqrt(sum (a-b)^2)
 *	SQEUCLIDEAN	sum (a-b)^2
 *	COSINE		1 - a.b / (|a| |b|), computed as half the squared distance of the unit
 *				vectors, which is exact to the last digits for small angles too; 1 when
 *				one of the vectors is 0 (it has no direction)
 *	MANHATTAN	sum |a-b|
 *	CHEBYSHEV	max |a-b|
 */
extern double us_distance(UsMetric metric, const double *a, const double *b, int d);

/* The distance itself; 22003 if it is infinite. */
extern double us_distance_in_range(double distance);

/*
 * Sum of (a-b)^2 as mantissa * 2^exponent, mantissa in [0.5, 1), or 0 with exponent 0:
 * neither overflow nor underflow.
 */
extern double us_square_scaled(const double *a, const double *b, int d, int *exponent);

/* u[d] = x[d] / |x|, or 0 for the zero vector, when it returns false.  u may be x. */
extern bool us_unit_vector(const double *x, int d, double *u);

#endif
