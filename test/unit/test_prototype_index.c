/*
 * test_prototype_index.c
 *	  The nearest of labelled prototypes is the one that a search through all of them finds.
 */
#include "postgres.h"

#include <math.h>

#include "learn/prototype_index.h"
#include "math/random.h"
#include "unit.h"

static double
near_of(const double *a, const double *b, int width, bool manhattan)
{
	double		sum = 0;

	for (int j = 0; j < width; j++)
		sum += manhattan ? fabs(a[j] - b[j]) : (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

/* The first nearest of those of other labels than "without" (0: of all); -1: there is none. */
static int
search_all(const double *x, int n, int width, const int32 *label, int without, const double *p,
		   bool manhattan, double *near)
{
	int			nearest = -1;

	*near = INFINITY;
	for (int i = 0; i < n; i++)
	{
		double		d = near_of(x + (Size) i * width, p, width, manhattan);

		if (label[i] != without && d < *near)
		{
			*near = d;
			nearest = i;
		}
	}
	return nearest;
}

/* lattice: coordinates of few values, so that many distances are equal */
static void
compare(int n, int width, int k, bool lattice, bool manhattan, uint64 seed)
{
	double	   *x = (double *) palloc(sizeof(double) * n * width);
	int32	   *label = (int32 *) palloc(sizeof(int32) * n);
	double	   *p = (double *) palloc(sizeof(double) * width);
	UsPrototypeIndex *index;
	UsRandom	random;
	int			differ = 0;

	us_random_init(&random, seed, 0);
	for (int i = 0; i < n; i++)
	{
		label[i] = 1 + us_random_below(&random, k);
		for (int j = 0; j < width; j++)
			x[(Size) i * width + j] = lattice ? us_random_below(&random, 4) / 4.0 : us_random_normal(&random) + label[i];
	}
	index = us_prototype_index(x, n, width, label, manhattan);
	for (int r = 0; r < 300; r++)
	{
		double		near;
		double		want_near;
		int			nearest;
		int			want;

		for (int j = 0; j < width; j++)
			p[j] = lattice ? us_random_below(&random, 9) / 8.0 : us_random_normal(&random) * 3;
		want = search_all(x, n, width, label, 0, p, manhattan, &want_near);
		nearest = us_prototype_nearest(index, p, &near);
		differ += nearest != want || near != want_near;
		want = search_all(x, n, width, label, label[nearest], p, manhattan, &want_near);
		nearest = us_prototype_runner_up(index, p, label[nearest], &near);
		differ += nearest != want || near != want_near;
	}
	UNIT_EQUAL_INT(differ, 0);
	pfree(x);
	pfree(label);
	pfree(p);
}

UNIT_TEST(nearest_prototypes_are_those_of_a_full_search)
{
	static const int sizes[] = {1, 2, 7, 8, 9, 100, 3000};

	for (int i = 0; i < lengthof(sizes); i++)
		for (int variant = 0; variant < 4; variant++)
		{
			compare(sizes[i], 3, 4, variant % 2 == 0, variant / 2 == 0, 5 + i);
			compare(sizes[i], 1, 1, variant % 2 == 0, variant / 2 == 0, 50 + i);
			compare(sizes[i], 9, 100, variant % 2 == 0, variant / 2 == 0, 500 + i);
		}
}

UNIT_TEST(equal_prototypes_and_far_rows)
{
	double		x[200];
	int32		label[200];
	double		p = 131072;
	double		near;
	UsPrototypeIndex *index;

	for (int i = 0; i < 200; i++)
	{
		x[i] = 0.5;
		label[i] = 2 - (i < 100);
	}
	index = us_prototype_index(x, 200, 1, label, false);
	UNIT_EQUAL_INT(us_prototype_nearest(index, &p, &near), 0);
	UNIT_EQUAL_INT(us_prototype_runner_up(index, &p, 1, &near), 100);
	UNIT_CLOSE(near, (131072 - 0.5) * (131072 - 0.5), 0);
	UNIT_EQUAL_INT(us_prototype_runner_up(us_prototype_index(x, 100, 1, label, true), &p, 1, &near), -1);
}
