/*
 * cholesky.c
 *	  Cholesky factors of small matrices.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/cholesky.h"

/* sum of x[i] * y[i], in four parts: a fixed order */
static inline double
dot(const double *x, const double *y, int n)
{
	double		part[4] = {0, 0, 0, 0};
	int			i = 0;

	for (; i + 4 <= n; i += 4)
		for (int l = 0; l < 4; l++)
			part[l] += x[i + l] * y[i + l];
	for (; i < n; i++)
		part[0] += x[i] * y[i];
	return (part[0] + part[1]) + (part[2] + part[3]);
}

int
us_cholesky(int n, double *a)
{
	for (int i = 0; i < n; i++)
	{
		double	   *row = a + us_packed(i);
		double		pivot;

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < i; j++)
		{
			const double *other = a + us_packed(j);

			row[j] = (row[j] - dot(row, other, j)) / other[j];
		}
		pivot = row[i] - dot(row, row, i);
		if (!(pivot > 0) || isinf(pivot))
			return i + 1;
		row[i] = sqrt(pivot);
	}
	return 0;
}

/*
 * Row i of the inverse is -(sum over k < i of L_ik times row k of the inverse) / L_ii, then
 * 1 / L_ii.
 */
void
us_cholesky_invert(int n, double *l)
{
	double	   *sum = (double *) palloc(sizeof(double) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		double	   *row = l + us_packed(i);
		double		pivot = 1 / row[i];

		CHECK_FOR_INTERRUPTS();
		memset(sum, 0, sizeof(double) * n);
		for (int k = 0; k < i; k++)
		{
			const double *above = l + us_packed(k);
			double		factor = row[k];

			for (int j = 0; j <= k; j++)
				sum[j] += factor * above[j];
		}
		for (int j = 0; j < i; j++)
			row[j] = -sum[j] * pivot;
		row[i] = pivot;
	}
	pfree(sum);
}
