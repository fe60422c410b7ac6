/*
 * microaggregation.c
 *	  Points put together so that each of the new ones stands for several rows.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "learn/microaggregation.h"

#define NO_GROUP	(-1)

typedef struct Near
{
	double		square;
	int			point;			/* in left[] */
} Near;

typedef struct Work
{
	const double *x;
	const int64 *rows;
	int			width;
	int			least;
	int32	   *group;
	int			ngroups;
	int		   *left;			/* [nleft] points without a group, in their order */
	int			nleft;
	int64		rows_left;
	double	   *mean;			/* [width] */
	Near	   *near;			/* [least] */
} Work;

static inline int64
rows_of(const Work *w, int i)
{
	return w->rows ? w->rows[i] : 1;
}

static double
square(const Work *w, const double *p, int i)
{
	const double *x = w->x + (Size) i * w->width;
	double		sum = 0;

	for (int j = 0; j < w->width; j++)
		sum += (x[j] - p[j]) * (x[j] - p[j]);
	return sum;
}

/* The mean of the rows that are left. */
static void
find_mean(Work *w)
{
	memset(w->mean, 0, sizeof(double) * w->width);
	for (int l = 0; l < w->nleft; l++)
	{
		const double *x = w->x + (Size) w->left[l] * w->width;
		double		share = (double) rows_of(w, w->left[l]) / w->rows_left;

		for (int j = 0; j < w->width; j++)
			w->mean[j] += share * x[j];
	}
}

/* Of the points that are left, the one farthest from p; the first of equals. */
static int
farthest(const Work *w, const double *p)
{
	int			found = w->left[0];
	double		most = -1;

	CHECK_FOR_INTERRUPTS();
	for (int l = 0; l < w->nleft; l++)
	{
		double		d = square(w, p, w->left[l]);

		if (d > most)
		{
			most = d;
			found = w->left[l];
		}
	}
	return found;
}

/* A new group around a point that is left: it and the nearest ones, until they have enough rows. */
static void
form_group(Work *w, int center)
{
	const double *p = w->x + (Size) center * w->width;
	int			found = 0;
	int64		rows = 0;
	int			kept = 0;

	CHECK_FOR_INTERRUPTS();
	/* every point has a row at least, so "least" of them are enough; the centre is the nearest to itself */
	for (int l = 0; l < w->nleft; l++)
	{
		int			i = w->left[l];
		double		d = i == center ? -1 : square(w, p, i);
		int			at;

		if (found == w->least && d >= w->near[found - 1].square)
			continue;
		at = found < w->least ? found++ : found - 1;
		for (; at > 0 && d < w->near[at - 1].square; at--)
			w->near[at] = w->near[at - 1];
		w->near[at] = (Near) {d, i};
	}
	for (int i = 0; i < found && rows < w->least; i++)
	{
		w->group[w->near[i].point] = w->ngroups;
		rows += rows_of(w, w->near[i].point);
	}
	for (int l = 0; l < w->nleft; l++)
		if (w->group[w->left[l]] == NO_GROUP)
			w->left[kept++] = w->left[l];
	w->nleft = kept;
	w->rows_left -= rows;
	w->ngroups++;
}

/* All points that are left become a group, or, if they have too few rows, join that of the nearest point each. */
static void
place_rest(Work *w, int n)
{
	if (w->rows_left >= w->least)
	{
		for (int l = 0; l < w->nleft; l++)
			w->group[w->left[l]] = w->ngroups;
		w->ngroups += w->nleft > 0;
		return;
	}
	for (int l = 0; l < w->nleft; l++)
	{
		const double *p = w->x + (Size) w->left[l] * w->width;
		int			nearest = -1;
		double		least = INFINITY;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
		{
			double		d;

			if (w->group[i] == NO_GROUP)
				continue;
			d = square(w, p, i);
			if (nearest < 0 || d < least)
			{
				nearest = i;
				least = d;
			}
		}
		w->near[l] = (Near) {least, w->group[nearest]};
	}
	/* not before: a point joins a group as it was */
	for (int l = 0; l < w->nleft; l++)
		w->group[w->left[l]] = w->near[l].point;
}

int
us_microaggregate(const double *x, const int64 *rows, int n, int width, int least, int32 *group)
{
	Work		w = {x, rows, width, least, group};

	w.left = (int *) palloc(sizeof(int) * n);
	w.mean = (double *) palloc(sizeof(double) * width);
	w.near = (Near *) palloc(sizeof(Near) * least);
	for (int i = 0; i < n; i++)
	{
		group[i] = NO_GROUP;
		if (rows_of(&w, i) >= least)
			group[i] = w.ngroups++;
		else
		{
			w.left[w.nleft++] = i;
			w.rows_left += rows_of(&w, i);
		}
	}
	while (w.rows_left >= 2 * (int64) least)
	{
		bool		second = w.rows_left >= 3 * (int64) least;
		int			first;

		find_mean(&w);
		first = farthest(&w, w.mean);
		form_group(&w, first);
		if (second && w.rows_left >= least)
			form_group(&w, farthest(&w, x + (Size) first * width));
	}
	place_rest(&w, n);
	pfree(w.left);
	pfree(w.mean);
	pfree(w.near);
	return w.ngroups;
}
