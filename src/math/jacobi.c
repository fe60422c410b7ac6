/*
 * jacobi.c
 *	  Eigenvalues and eigenvectors of small symmetric matrices.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"

#include "math/jacobi.h"

#define MOST_SWEEPS 60

/* Rotate rows p and q of m[n][n] by the angle of cosine c and sine s. */
static void
rotate_rows(double *m, int n, int p, int q, double c, double s)
{
	double	   *x = m + (Size) p * n;
	double	   *y = m + (Size) q * n;

	for (int j = 0; j < n; j++)
	{
		double		a = x[j];
		double		b = y[j];

		x[j] = c * a - s * b;
		y[j] = s * a + c * b;
	}
}

/* Make a[p][q] vanish, and turn the rows of vector along. */
static void
rotate(double *a, int n, double *vector, int p, int q)
{
	double		apq = a[(Size) p * n + q];
	double		theta = (a[(Size) q * n + q] - a[(Size) p * n + p]) / (2 * apq);
	double		t = (theta >= 0 ? 1.0 : -1.0) / (fabs(theta) + hypot(1, theta));
	double		c = 1 / hypot(1, t);
	double		s = t * c;

	rotate_rows(a, n, p, q, c, s);
	for (int i = 0; i < n; i++)
	{
		double	   *row = a + (Size) i * n;
		double		x = row[p];
		double		y = row[q];

		row[p] = c * x - s * y;
		row[q] = s * x + c * y;
	}
	a[(Size) p * n + q] = a[(Size) q * n + p] = 0;
	rotate_rows(vector, n, p, q, c, s);
}

/* One sweep over all pairs; returns the number of rotations. */
static int
sweep(double *a, int n, double *vector)
{
	int			rotations = 0;

	for (int p = 0; p < n - 1; p++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int q = p + 1; q < n; q++)
		{
			double		diagonal = fabs(a[(Size) p * n + p]) + fabs(a[(Size) q * n + q]);
			double		apq = fabs(a[(Size) p * n + q]);

			/* too small to change a digit of either, or of anything */
			if (apq <= diagonal * (DBL_EPSILON / 8) || apq < DBL_MIN)
				continue;
			rotate(a, n, vector, p, q);
			rotations++;
		}
	}
	return rotations;
}

static void
positive(double *vector, int n)
{
	int			largest = 0;

	for (int j = 1; j < n; j++)
		if (fabs(vector[j]) > fabs(vector[largest]))
			largest = j;
	if (vector[largest] < 0)
		for (int j = 0; j < n; j++)
			vector[j] = -vector[j];
}

static void
swap_rows(double *vector, int n, int a, int b)
{
	for (int j = 0; j < n; j++)
	{
		double		t = vector[(Size) a * n + j];

		vector[(Size) a * n + j] = vector[(Size) b * n + j];
		vector[(Size) b * n + j] = t;
	}
}

void
us_jacobi(double *a, int n, double *value, double *vector)
{
	memset(vector, 0, sizeof(double) * n * n);
	for (int i = 0; i < n; i++)
		vector[(Size) i * n + i] = 1;
	for (int i = 0; i < MOST_SWEEPS; i++)
		if (sweep(a, n, vector) == 0)
			break;
	for (int i = 0; i < n; i++)
	{
		value[i] = a[(Size) i * n + i];
		positive(vector + (Size) i * n, n);
	}
	for (int i = 0; i < n - 1; i++)
	{
		int			largest = i;
		double		t = value[i];

		for (int r = i + 1; r < n; r++)
			if (value[r] > value[largest])
				largest = r;
		if (largest == i)
			continue;
		value[i] = value[largest];
		value[largest] = t;
		swap_rows(vector, n, i, largest);
	}
}
