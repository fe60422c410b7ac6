/*
 * kmeans_bounds.c
 *	  Bounds by which most rows need not be compared with all centres.
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_bounds.h"

/* more than a float4 operation can lose, relative */
#define ROUNDING	2.384185791015625e-07f	/* 2^-22 */

/* more than is lost where squares are too small for float4 */
#define TINY		8.673617379884035e-19f	/* 2^-60 */

static float
slack(int width)
{
	return (width + 16) * 1.1920928955078125e-07f;	/* 2^-23 */
}

UsDrift
us_bounds_drift(const float *before, const float *after, int k, int width, float *drift)
{
	UsDrift		d = {k, 0, 0, 0};

	for (int i = 0; i < k; i++)
	{
		double		square = 0;

		for (int j = 0; j < width; j++)
		{
			double		diff = (double) after[(Size) i * width + j] - before[(Size) i * width + j];

			square += diff * diff;
		}
		drift[i] = (float) (sqrt(square) * (1 + ROUNDING));
		if (drift[i] > d.most)
		{
			d.second = d.most;
			d.most = drift[i];
			d.mover = i;
		}
		else if (drift[i] > d.second)
			d.second = drift[i];
	}
	return d;
}

void
us_bounds_set(const float *first, const float *second, int n, int width,
			  float *upper, float *lower)
{
	float		s = slack(width);

	for (int i = 0; i < n; i++)
	{
		upper[i] = sqrtf(first[i]) * (1 + s) + TINY;
		lower[i] = sqrtf(second[i]) * (1 - s);
	}
}

US_CLONES int
us_bounds_move(const UsDrift *d, const float *drift, const uint16 *label, int n,
			   int width, float *upper, float *lower, uint16 *active)
{
	float		s = 1 + 2 * slack(width);
	int			count = 0;

	for (int at = 0; at < n; at += US_LANES)
	{
		UsFloatLanes *u = (UsFloatLanes *) (upper + at);
		UsFloatLanes *l = (UsFloatLanes *) (lower + at);
		UsFloatLanes own;
		UsFloatLanes other;
		UsIntLanes	again;
		UsIntLanes	label_lanes = __builtin_convertvector(*(const UsLabelLanes *) (label + at),
														  UsIntLanes);

		for (int i = 0; i < US_LANES; i++)
			own[i] = drift[label[at + i]];
		other = US_SELECT_FLOAT(label_lanes == d->mover, US_SPLAT_FLOAT(d->second),
								US_SPLAT_FLOAT(d->most));
		*u = (*u + own) * (1 + ROUNDING);
		*l = (*l - other) * (1 - ROUNDING);
		again = ~(*u * s < *l);
		for (int i = 0; i < US_LANES; i++)
		{
			active[count] = at + i;
			count -= at + i < n ? again[i] : 0;
		}
	}
	return count;
}

void
us_bounds_gather(const float *x, int width, const uint16 *active, int n, float *out)
{
	int			padded = (n + US_LANES - 1) / US_LANES * US_LANES;

	for (int i = 0; i < padded; i++)
	{
		float	   *to = out + (Size) (i / US_LANES) * width * US_LANES + i % US_LANES;

		if (i < n)
		{
			const float *row = x + (Size) (active[i] / US_LANES) * width * US_LANES +
				active[i] % US_LANES;

			for (int j = 0; j < width; j++)
				to[j * US_LANES] = row[j * US_LANES];
		}
		else
			for (int j = 0; j < width; j++)
				to[j * US_LANES] = 0;
	}
}
