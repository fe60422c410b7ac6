/*
 * test_gauss_legendre.c
 *	  Quadrature is exact for the polynomials that it is made for.
 */
#include "postgres.h"

#include <math.h>

#include "math/gauss_legendre.h"
#include "unit.h"

UNIT_TEST(gauss_legendre_integrates_powers)
{
	double		x[40];
	double		w[40];

	for (int n = 1; n <= 40; n++)
	{
		us_gauss_legendre(n, x, w);
		for (int k = 0; k < 2 * n; k++)
		{
			double		sum = 0;

			for (int i = 0; i < n; i++)
				sum += w[i] * pow(x[i], k);
			UNIT_CHECK(fabs(sum * (k + 1) - 1) < 1e-13);
		}
	}
	/* not those of the next degree: the error of n points is known */
	us_gauss_legendre(2, x, w);
	UNIT_CLOSE(w[0] * pow(x[0], 4) + w[1] * pow(x[1], 4), 1.0 / 5 - 1.0 / 180, 1e-14);
	/* the rule of three points by hand */
	us_gauss_legendre(3, x, w);
	UNIT_CLOSE(x[0], (1 - sqrt(0.6)) / 2, 1e-15);
	UNIT_CLOSE(x[1], 0.5, 0);
	UNIT_CLOSE(w[0], 5.0 / 18, 1e-15);
	UNIT_CLOSE(w[1], 8.0 / 18, 1e-15);
}

UNIT_TEST(gauss_legendre_has_many_points)
{
	double		x[500];
	double		w[500];
	double		sum = 0;

	us_gauss_legendre(500, x, w);
	for (int i = 0; i < 500; i++)
	{
		UNIT_CHECK(x[i] > 0 && x[i] < 1 && w[i] > 0 && (i == 0 || x[i] > x[i - 1]));
		sum += w[i] * cos(3 * x[i]);
	}
	UNIT_CLOSE(sum, sin(3) / 3, 1e-14);
}
