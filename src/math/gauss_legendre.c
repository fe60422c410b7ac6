/*
 * gauss_legendre.c
 *	  Gauss-Legendre quadrature on the unit interval.
 */
#include "postgres.h"

#include <math.h>

#include "math/gauss_legendre.h"

/* The Legendre polynomial of degree n at z, and its derivative; |z| < 1. */
static double
legendre(int n, double z, double *derivative)
{
	double		before = 1;
	double		p = z;

	for (int k = 2; k <= n; k++)
	{
		double		next = ((2 * k - 1) * z * p - (k - 1) * before) / k;

		before = p;
		p = next;
	}
	*derivative = n * (z * p - before) / (z * z - 1);
	return p;
}

void
us_gauss_legendre(int n, double *x, double *w)
{
	for (int i = 0; i < (n + 1) / 2; i++)
	{
		bool		middle = 2 * i + 1 == n;
		double		z = middle ? 0 : cos(M_PI * (i + 0.75) / (n + 0.5));
		double		derivative;

		/* quadratic convergence from a guess that is good to 1e-3 or better */
		for (int step = 0; step < 8 && !middle; step++)
		{
			double		change = legendre(n, z, &derivative) / derivative;

			z -= change;
			if (fabs(change) < 1e-15)
				break;
		}
		legendre(n, z, &derivative);
		x[i] = (1 - z) / 2;
		x[n - 1 - i] = (1 + z) / 2;
		w[i] = w[n - 1 - i] = 1 / ((1 - z * z) * derivative * derivative);
	}
}
