/*
 * test_prototype_filter.c
 *	  The nearest of many prototypes for many rows, against a search through all of them.
 */
#include "postgres.h"

#include <math.h>

#include "learn/prototype_filter.h"
#include "learn/prototype_index.h"
#include "math/random.h"
#include "unit.h"

#define ROWS 3000

/* The nearest by the definition. */
static int
plain(const double *x, int n, int width, const double *p)
{
	double		best = INFINITY;
	int			nearest = 0;

	for (int i = 0; i < n; i++)
	{
		double		d = 0;

		for (int j = 0; j < width; j++)
			d += (x[i * width + j] - p[j]) * (x[i * width + j] - p[j]);
		if (d < best)
		{
			best = d;
			nearest = i;
		}
	}
	return nearest;
}

/* Every answer of the filter is right; returns how many rows it leaves open. */
static int
check(const double *x, int n, const double *p, int nrows, int width)
{
	UsPrototypeFilter *f = us_prototype_filter(x, n, width);
	int32	   *label = (int32 *) palloc(sizeof(int32) * n);
	int32	   *nearest = (int32 *) palloc(sizeof(int32) * nrows);
	int32	   *all = (int32 *) palloc(sizeof(int32) * nrows);
	int			open = 0;
	int			wrong = 0;

	for (int i = 0; i < n; i++)
		label[i] = 1 + i % 3;
	us_prototype_filter_nearest(f, p, nrows, nearest);
	us_prototype_nearest_rows(us_prototype_index(x, n, width, label, false), p, nrows, all);
	for (int i = 0; i < nrows; i++)
	{
		int			want = plain(x, n, width, p + (Size) i * width);

		open += nearest[i] < 0;
		wrong += nearest[i] >= 0 && nearest[i] != want;
		wrong += all[i] != want;
	}
	UNIT_EQUAL_INT(wrong, 0);
	return open;
}

UNIT_TEST(nearest_of_many_prototypes)
{
	static const int widths[] = {1, 2, 8, 19};

	for (int w = 0; w < lengthof(widths); w++)
	{
		int			width = widths[w];
		double	   *x = (double *) palloc(sizeof(double) * 1500 * width);
		double	   *p = (double *) palloc(sizeof(double) * ROWS * width);
		UsRandom	random;

		us_random_init(&random, 7, width);
		/* clusters of clusters, and some far away */
		for (int i = 0; i < 1500; i++)
			for (int j = 0; j < width; j++)
				x[i * width + j] = 0.1 * us_random_normal(&random) + ((i >> j) & 1) * 0.5 + (i % 300 == 0 ? 4 : 0);
		for (int i = 0; i < ROWS; i++)
			for (int j = 0; j < width; j++)
				p[i * width + j] = 0.1 * us_random_normal(&random) + ((i >> j) & 1) * 0.5 + (i % 500 == 0 ? 1000 * j : 0);
		/* doubts are rare, but for neighbours 1e-4 apart on a line */
		UNIT_CHECK(check(x, 1500, p, ROWS, width) < (width == 1 ? ROWS / 2 : ROWS / 50));
		UNIT_CHECK(check(x, 17, p, 300, width) < 30);
		UNIT_CHECK(check(x, 1, p, 300, width) == 0);
	}
}

UNIT_TEST(nearest_of_equal_prototypes)
{
	double		x[64];
	double		p[600];

	/* each prototype twice, rows on them, between them, and a hair beside the middle */
	for (int i = 0; i < 64; i++)
		x[i] = i / 2 / 64.0;
	for (int i = 0; i < 600; i++)
		p[i] = i % 64 / 128.0 + (i % 3 == 0 ? 1e-15 : 0);
	UNIT_EQUAL_INT(check(x, 64, p, 600, 1), 600);
	/* all equal; differences that vanish in float4 */
	for (int i = 0; i < 64; i++)
		x[i] = 0.75;
	UNIT_EQUAL_INT(check(x, 64, p, 600, 1), 600);
	for (int i = 0; i < 64; i++)
		x[i] = 0.75 + i * 1e-12;
	UNIT_EQUAL_INT(check(x, 64, p, 600, 1), 600);
	for (int i = 0; i < 64; i++)
		x[i] = i * 1e-30;
	for (int i = 0; i < 600; i++)
		p[i] = i * 1e-31;
	(void) check(x, 64, p, 600, 1);
	/* rows at the end of the range */
	for (int i = 0; i < 64; i++)
		x[i] = i / 64.0;
	for (int i = 0; i < 600; i++)
		p[i] = (i % 2 == 0 ? 131072.0 : -131072.0) + i;
	(void) check(x, 64, p, 600, 1);
}
