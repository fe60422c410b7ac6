/*
 * cluster_metrics.c
 *	  How good a partition is.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "math/clones.h"
#include "stat/cluster_metrics.h"

/* rows whose distances are computed together */
#define TILE	512

typedef double Vec __attribute__((vector_size(64), aligned(8), may_alias));

/* Squared distances of a row to rows [from, from + m): m a multiple of 8. */
US_CLONES
static void
squared_distances(const double *x, int stride, int width, const double *row, int from, int m,
				  double *d)
{
	for (int r = 0; r < m; r += 8)
	{
		Vec			sum = {0};

		for (int j = 0; j < width; j++)
		{
			Vec			diff = *(const Vec *) (x + (Size) j * stride + from + r) - row[j];

			sum += diff * diff;
		}
		*(Vec *) (d + r) = sum;
	}
}

/* Sums for one row under one partition: distance to every cluster. */
static double
silhouette_of(const double *sum, const double *size, int k, int own, double weight)
{
	double		a,
				b = INFINITY;

	if (size[own] <= weight && weight <= 1)
		return 0;				/* alone */
	/* equal rows are at distance 0, one of them is the row itself */
	a = size[own] - 1 > 0 ? sum[own] / (size[own] - 1) : 0;
	for (int c = 0; c < k; c++)
		if (c != own && size[c] > 0)
			b = fmin(b, sum[c] / size[c]);
	if (isinf(b))
		return 0;				/* one cluster only */
	return fmax(a, b) > 0 ? (b - a) / fmax(a, b) : 0;
}

void
us_silhouettes(const double *x, int stride, int n, int width, const double *weight,
			   UsLabeling *labeling, int nlabelings)
{
	double	  **size = palloc(Max(nlabelings, 1) * sizeof(double *));
	double	  **sum = palloc(Max(nlabelings, 1) * sizeof(double *));
	double	   *row = palloc(Max(width, 1) * sizeof(double));
	double	   *d = palloc((TILE + 8) * sizeof(double));
	double		total = 0;

	for (int l = 0; l < nlabelings; l++)
	{
		size[l] = palloc0(labeling[l].k * sizeof(double));
		sum[l] = palloc(labeling[l].k * sizeof(double));
		for (int i = 0; i < n; i++)
			size[l][labeling[l].label[i]] += weight ? weight[i] : 1;
		labeling[l].mean = 0;
	}
	for (int i = 0; i < n; i++)
	{
		double		w = weight ? weight[i] : 1;

		CHECK_FOR_INTERRUPTS();
		total += w;
		for (int j = 0; j < width; j++)
			row[j] = x[(Size) j * stride + i];
		for (int l = 0; l < nlabelings; l++)
			memset(sum[l], 0, labeling[l].k * sizeof(double));
		for (int from = 0; from < n; from += TILE)
		{
			int			m = Min(TILE, n - from);

			squared_distances(x, stride, width, row, from, (m + 7) & ~7, d);
			for (int r = 0; r < m; r++)
				d[r] = weight ? weight[from + r] * sqrt(d[r]) : sqrt(d[r]);
			for (int l = 0; l < nlabelings; l++)
			{
				const uint16 *label = labeling[l].label + from;
				double	   *s = sum[l];

				for (int r = 0; r < m; r++)
					s[label[r]] += d[r];
			}
		}
		for (int l = 0; l < nlabelings; l++)
		{
			double		s = silhouette_of(sum[l], size[l], labeling[l].k, labeling[l].label[i], w);

			if (labeling[l].each)
				labeling[l].each[i] = s;
			labeling[l].mean += w * s;
		}
	}
	for (int l = 0; l < nlabelings; l++)
	{
		labeling[l].mean = total > 0 ? labeling[l].mean / total : 0;
		pfree(size[l]);
		pfree(sum[l]);
	}
	pfree(size);
	pfree(sum);
	pfree(row);
	pfree(d);
}

double
us_calinski_harabasz(double total, double within, double n, int k)
{
	if (k < 2 || n <= k || within <= 0)
		return NAN;
	return ((total - within) / (k - 1)) / (within / (n - k));
}

double
us_davies_bouldin(const double *center, const double *scatter, int k, int width)
{
	double		sum = 0;
	int			n = 0;

	for (int a = 0; a < k; a++)
	{
		double		worst = 0;

		CHECK_FOR_INTERRUPTS();
		if (isnan(scatter[a]))
			continue;
		for (int b = 0; b < k; b++)
		{
			double		d = 0;

			if (b == a || isnan(scatter[b]))
				continue;
			for (int j = 0; j < width; j++)
			{
				double		diff = center[(Size) a * width + j] - center[(Size) b * width + j];

				d += diff * diff;
			}
			if (d > 0)
				worst = fmax(worst, (scatter[a] + scatter[b]) / sqrt(d));
		}
		sum += worst;
		n++;
	}
	return n < 2 ? NAN : sum / n;
}

int
us_elbow(const double *x, const double *y, int n)
{
	double		best = 0;
	int			bend = -1;

	if (n < 3 || !(x[n - 1] > x[0]) || !(y[0] > y[n - 1]))
		return -1;
	for (int i = 1; i < n - 1; i++)
	{
		double		u = (x[i] - x[0]) / (x[n - 1] - x[0]);
		double		v = (y[0] - y[i]) / (y[0] - y[n - 1]);

		if (v - u > best)
		{
			best = v - u;
			bend = i;
		}
	}
	return bend;
}
