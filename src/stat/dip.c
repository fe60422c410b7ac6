/*
 * dip.c
 *	  The dip statistic: how far is a sample from having one mode?
 *
 * Heights are counted in units of 1 / n.  The nearest distribution with one mode is convex below
 * the modal interval, concave above it, so it is found by narrowing an interval [low, high]: between its ends, the greatest
 * convex minorant and the least concave majorant of the distribution function are compared; where
 * they are furthest apart lies the next interval, and what the function deviates from them outside of it is the dip so far.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "stat/dip.h"

typedef struct Dip
{
	const double *x;
	int			n;
	int		   *minorant_next;	/* [n] the corner before i of the convex minorant of x[0 .. i] */
	int		   *majorant_next;	/* [n] the corner after i of the concave majorant of x[i .. n - 1] */
	int		   *minorant;		/* corners from high down to low */
	int		   *majorant;		/* corners from low up to high */
	int			n_minorant;
	int			n_majorant;
} Dip;

/* Is the corner m superfluous between its neighbour b and the point i, which is further on? */
static bool
superfluous(const double *x, int i, int m, int b)
{
	return !((x[i] - x[m]) * (m - b) < (x[m] - x[b]) * (i - m));
}

static void
find_hulls(Dip *d)
{
	const double *x = d->x;

	d->minorant_next[0] = 0;
	for (int i = 1; i < d->n; i++)
	{
		int			m = i - 1;

		while (m > 0 && superfluous(x, i, m, d->minorant_next[m]))
			m = d->minorant_next[m];
		d->minorant_next[i] = m;
	}
	d->majorant_next[d->n - 1] = d->n - 1;
	for (int i = d->n - 2; i >= 0; i--)
	{
		int			m = i + 1;

		while (m < d->n - 1 && superfluous(x, i, m, d->majorant_next[m]))
			m = d->majorant_next[m];
		d->majorant_next[i] = m;
	}
}

/* The corners between low and high. */
static void
collect(Dip *d, int low, int high)
{
	int			n = 0;

	d->minorant[0] = high;
	while (d->minorant[n] > low)
	{
		d->minorant[n + 1] = d->minorant_next[d->minorant[n]];
		n++;
	}
	d->n_minorant = n + 1;
	n = 0;
	d->majorant[0] = low;
	while (d->majorant[n] < high)
	{
		d->majorant[n + 1] = d->majorant_next[d->majorant[n]];
		n++;
	}
	d->n_majorant = n + 1;
}

/* The height above point a of the line from a to b at x. */
static double
rise(const double *x, int a, int b, double at)
{
	return (at - x[a]) * (b - a) / (x[b] - x[a]);
}

/*
 * The largest distance between majorant and minorant, at their corners; from where on they lie outside of the next
 * interval: *at_minorant, *at_majorant.
 */
static double
distance(const Dip *d, int *at_minorant, int *at_majorant)
{
	const double *x = d->x;
	int			i = d->n_minorant - 2;
	int			j = 1;
	double		most = 0;

	*at_minorant = d->n_minorant - 1;
	*at_majorant = d->n_majorant - 1;
	if (d->n_minorant == 2 && d->n_majorant == 2)
		return 1;
	do
	{
		int			g = d->minorant[i];
		int			h = d->majorant[j];
		double		apart;

		if (g > h)
		{
			int			before = d->minorant[i + 1];

			apart = (h - before + 1) - rise(x, before, g, x[h]);
			j++;
			if (apart >= most)
			{
				most = apart;
				*at_minorant = i + 1;
				*at_majorant = j - 1;
			}
		}
		else
		{
			int			before = d->majorant[j - 1];

			apart = rise(x, before, h, x[g]) - (g - before - 1);
			i--;
			if (apart >= most)
			{
				most = apart;
				*at_minorant = i + 1;
				*at_majorant = j;
			}
		}
		i = Max(i, 0);
		j = Min(j, d->n_majorant - 1);
	} while (d->minorant[i] != d->majorant[j]);
	return most;
}

/*
 * How far the distribution function deviates from a side of the hull between the corners a < b: above a minorant (the
 * step is taken at its upper end), below a majorant.
 */
static double
deviation(const double *x, int a, int b, bool above)
{
	double		most = 1;

	if (b - a <= 1 || x[a] == x[b])
		return most;
	for (int i = a; i <= b; i++)
	{
		double		line = rise(x, a, b, x[i]);
		double		v = above ? (i - a + 1) - line : line - (i - a - 1);

		most = Max(most, v);
	}
	return most;
}

/* The dip of the part outside of the corners at_minorant and at_majorant. */
static double
outside(const Dip *d, int at_minorant, int at_majorant)
{
	double		most = 0;

	for (int i = at_minorant; i < d->n_minorant - 1; i++)
		most = Max(most, deviation(d->x, d->minorant[i + 1], d->minorant[i], true));
	for (int i = at_majorant; i < d->n_majorant - 1; i++)
		most = Max(most, deviation(d->x, d->majorant[i], d->majorant[i + 1], false));
	return most;
}

double
us_dip(const double *x, int n)
{
	Dip			d = {x, n};
	int		   *corners;
	double		dip = 1;
	int			low = 0;
	int			high = n - 1;

	if (n < 2 || x[0] == x[n - 1])
		return 0.5 / n;
	corners = (int *) palloc_extended(sizeof(int) * 4 * (Size) n, MCXT_ALLOC_HUGE);
	d.minorant_next = corners;
	d.majorant_next = corners + n;
	d.minorant = corners + 2 * (Size) n;
	d.majorant = corners + 3 * (Size) n;
	find_hulls(&d);
	for (;;)
	{
		int			g;
		int			h;

		CHECK_FOR_INTERRUPTS();
		collect(&d, low, high);
		if (distance(&d, &g, &h) < dip)
			break;
		dip = Max(dip, outside(&d, g, h));
		if (low == d.minorant[g] && high == d.majorant[h])
			break;
		low = d.minorant[g];
		high = d.majorant[h];
	}
	pfree(corners);
	return dip / (2.0 * n);
}

double
us_dip_critical(double p)
{
	return sqrt(log(6.2 / p) / 16);
}
