/*
 * test_lbfgs.c
 *	  Minima that are known.
 */
#include "postgres.h"

#include <math.h>

#include "math/lbfgs.h"
#include "unit.h"

/* Rosenbrock's function in pairs of variables: 0 at (1, 1, ...) */
static double
rosenbrock(void *context, const double *x, double *g)
{
	int			n = *(int *) context;
	double		f = 0;

	for (int i = 0; i < n; i += 2)
	{
		double		a = 1 - x[i];
		double		b = x[i + 1] - x[i] * x[i];

		f += a * a + 100 * b * b;
		g[i] = -2 * a - 400 * x[i] * b;
		g[i + 1] = 200 * b;
	}
	return f;
}

UNIT_TEST(lbfgs_rosenbrock)
{
	int			n = 20;
	double		x[20];
	UsLbfgsResult r;

	for (int i = 0; i < n; i++)
		x[i] = i % 2 == 0 ? -1.2 : 1;
	r = us_lbfgs(rosenbrock, &n, n, x, 0, 1e-10, 1000);
	UNIT_CHECK(r.converged);
	UNIT_CHECK(r.iterations < 200);
	for (int i = 0; i < n; i++)
		UNIT_CLOSE(x[i], 1, 1e-8);
	UNIT_CLOSE(r.value, 0, 1e-15);
}

/* sum of i (x_i - i)^2 + log cosh: minimum where it says */
static double
quadratic(void *context, const double *x, double *g)
{
	double		f = 0;

	for (int i = 0; i < 50; i++)
	{
		double		d = x[i] - i;

		f += (i + 1) * d * d;
		g[i] = 2 * (i + 1) * d;
	}
	return f;
}

UNIT_TEST(lbfgs_quadratic)
{
	double		x[50] = {0};
	UsLbfgsResult r = us_lbfgs(quadratic, NULL, 50, x, 0, 1e-9, 500);

	UNIT_CHECK(r.converged);
	for (int i = 0; i < 50; i++)
		UNIT_CLOSE(x[i], i, 1e-9);
}

UNIT_TEST(lbfgs_stops)
{
	double		x[50] = {0};

	UNIT_EQUAL_INT(us_lbfgs(quadratic, NULL, 50, x, 0, 0, 3).iterations, 3);
	UNIT_CHECK(!us_lbfgs(quadratic, NULL, 50, x, 0, 0, 3).converged);
	UNIT_CHECK(us_lbfgs(quadratic, NULL, 50, x, 1e9, 0, 10).iterations == 2);
}
