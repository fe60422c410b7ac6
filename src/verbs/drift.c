/*
 * drift.c
 *	  How far new rows are from those that an encoder learned on.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/progress.h"
#include "math/exact_sum.h"
#include "verbs/drift.h"

UsColumnDrift *
us_drift_measure(const UsEncoder *encoder, UsFrame *frame, UsBudget *budget)
{
	UsColumnDrift *d = (UsColumnDrift *) palloc0(sizeof(UsColumnDrift));
	int			width = us_encoder_width(encoder);
	UsArena    *arena = us_arena_create(CurrentMemoryContext, budget);
	UsExactSum *sum = (UsExactSum *) us_arena_array(arena, width, sizeof(UsExactSum));
	UsExactSum	weight = {0};
	double	   *x = (double *) MemoryContextAllocHuge(CurrentMemoryContext,
														(Size) width * US_CHUNK_ROWS * sizeof(double));

	d->width = width;
	d->min = (double *) palloc(sizeof(double) * width);
	d->max = (double *) palloc(sizeof(double) * width);
	d->mean = (double *) palloc(sizeof(double) * width);
	for (int j = 0; j < width; j++)
	{
		d->min[j] = INFINITY;
		d->max[j] = -INFINITY;
	}
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("measure drift", i, frame->nchunks);
		us_encoder_apply_chunk(encoder, chunk, x, US_CHUNK_ROWS);
		for (int j = 0; j < width; j++)
		{
			double	   *column = x + (Size) j * US_CHUNK_ROWS;

			for (int r = 0; r < chunk->nrows; r++)
			{
				d->min[j] = fmin(d->min[j], column[r]);
				d->max[j] = fmax(d->max[j], column[r]);
				if (chunk->weight)
					column[r] *= chunk->weight[r];
			}
			(void) us_exact_add_array(&sum[j], column, chunk->nrows);
		}
		if (chunk->weight)
			(void) us_exact_add_array(&weight, chunk->weight, chunk->nrows);
	}
	d->weight = frame->weighted ? us_exact_round(&weight) : (double) frame->nrows;
	for (int j = 0; j < width; j++)
		d->mean[j] = us_exact_mean(&sum[j], d->weight);
	pfree(x);
	us_arena_reset(arena);
	return d;
}

typedef struct Shifted
{
	int			column;
	double		shift;
} Shifted;

static int
compare_shifted(const void *a, const void *b)
{
	double		x = fabs(((const Shifted *) a)->shift);
	double		y = fabs(((const Shifted *) b)->shift);

	if (x != y)
		return x > y ? -1 : 1;
	return ((const Shifted *) a)->column - ((const Shifted *) b)->column;
}

int
us_drift_columns(const UsColumnDrift *d, const UsEncoder *encoder, int64 nrows,
				 double limit_sd, double limit_error, int *column, double *shift)
{
	Shifted    *s = (Shifted *) palloc(sizeof(Shifted) * Max(d->width, 1));
	double		limit = fmax(limit_sd, limit_error / sqrt((double) Max(nrows, 1)));
	int			n = 0;

	for (int j = 0; j < d->width; j++)
	{
		const UsEncodedColumn *c = us_encoder_column(encoder, j);
		double		z = c->sd > 0 ? (d->mean[j] - c->mean) / c->sd : 0;

		if (fabs(z) > limit)
			s[n++] = (Shifted) {j, z};
	}
	qsort(s, n, sizeof(Shifted), compare_shifted);
	for (int i = 0; i < n; i++)
	{
		column[i] = s[i].column;
		shift[i] = s[i].shift;
	}
	pfree(s);
	return n;
}
