/*
 * tree_data.c
 *	  The training rows of trees: where columns are cut into bins, and the bins of all rows.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/tree_data.h"
#include "math/clones.h"
#include "math/hash.h"

/* numbers of the sample, at most */
#define MAX_CELLS	((Size) 8 * 1024 * 1024)

/* the sample is independent of what else is drawn from the seed and the key */
#define SAMPLE_SALT	UINT64CONST(0x7472656573616d70)

#define ST_SORT sort_doubles
#define ST_ELEMENT_TYPE double
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* A threshold that parts a from the larger b. */
static double
between(double a, double b)
{
	double		m = a + (b - a) / 2;

	return m >= a && m < b ? m : a;
}

/*
 * Thresholds of sorted x[n]: all places between distinct values when they are few, else greedily at
 * the next place where a bin has its share of what is left; a value with more than that
 * has a bin of its own.
 */
static void
cut_column(const double *x, int n, int max_bins, UsTreeColumn *column)
{
	int			distinct = n > 0;
	int			left = n;
	int			in_bin = 0;
	int			bins;

	for (int i = 1; i < n; i++)
		distinct += x[i] != x[i - 1];
	bins = Min(distinct, max_bins);
	column->threshold = palloc(Max(bins, 1) * sizeof(double));
	column->nbins = 1;
	for (int i = 0; i < n;)
	{
		int			run = 1;
		int			next;

		while (i + run < n && x[i + run] == x[i])
			run++;
		next = i + run;
		in_bin += run;
		if (next < n && column->nbins < bins)
		{
			double		share = (double) left / (bins - column->nbins + 1);
			int			following = 1;

			while (next + following < n && following < share && x[next + following] == x[next])
				following++;
			if (distinct <= max_bins || in_bin >= share ||
				(following >= share && in_bin >= share / 2))
			{
				column->threshold[column->nbins - 1] = between(x[i], x[next]);
				column->nbins++;
				left -= in_bin;
				in_bin = 0;
			}
		}
		i = next;
	}
}

/* Encoded values of sampled rows, [width][room]; returns how many. */
static int
take_sample(const UsFitInput *input, double *sample, int room)
{
	UsFrame    *frame = input->frame;
	int			width = us_encoder_width(input->encoder);
	double		share = (double) room / Max(frame->nrows, 1) * 0.98;
	uint64		limit = frame->nrows > room ? (uint64) (share * 18446744073709551615.0) : PG_UINT64_MAX;
	double	   *x = MemoryContextAllocHuge(CurrentMemoryContext, (Size) width * US_CHUNK_ROWS * sizeof(double));
	int		   *row = palloc(US_CHUNK_ROWS * sizeof(int));
	int			n = 0;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		int			m = us_hash_select(input->seed ^ SAMPLE_SALT, chunk->key, chunk->nrows, limit, row);

		us_progress("cut columns", i, frame->nchunks);
		m = Min(m, room - n);
		if (m == 0)
			continue;
		us_encoder_apply_chunk(input->encoder, chunk, x, US_CHUNK_ROWS);
		for (int c = 0; c < width; c++)
			for (int j = 0; j < m; j++)
				sample[(Size) c * room + n + j] = x[(Size) c * US_CHUNK_ROWS + row[j]];
		n += m;
	}
	pfree(x);
	pfree(row);
	return n;
}

UsTreeColumn *
us_tree_columns(const UsFitInput *input, int max_bins)
{
	int			width = us_encoder_width(input->encoder);
	UsTreeColumn *column = palloc0(Max(width, 1) * sizeof(UsTreeColumn));
	int			room = (int) Min((Size) Min(US_TREE_SAMPLE, input->frame->nrows), Max(MAX_CELLS / Max(width, 1), 1000));
	UsArena    *arena = us_arena_create(CurrentMemoryContext, input->budget);
	double	   *sample = us_arena_array(arena, (Size) width * room, sizeof(double));
	int			n = take_sample(input, sample, room);

	for (int c = 0; c < width; c++)
	{
		double	   *x = sample + (Size) c * room;
		int			m = 0;

		CHECK_FOR_INTERRUPTS();
		column[c].native = us_encoder_levels(input->encoder, c) > 0;
		if (column[c].native)
		{
			column[c].nbins = Min(us_encoder_levels(input->encoder, c), US_TREE_BINS);
			continue;
		}
		for (int i = 0; i < n; i++)
			if (x[i] == x[i])
				x[m++] = x[i];
		sort_doubles(x, m);
		cut_column(x, m, Min(max_bins, US_TREE_BINS), &column[c]);
	}
	us_arena_reset(arena);
	return column;
}

/* Values that are looked up side by side. */
#define ABREAST		16

/* us_tree_bin for numbers: threshold[2 * half - 1] ascending, the last ones infinite. */
US_CLONES static void
bin_numbers(const double *threshold, int half, const double *v, int n, uint8 missing, uint8 *out, Size step)
{
	int			i = 0;

	for (; i + ABREAST <= n; i += ABREAST)
	{
		int			at[ABREAST] = {0};

		for (int h = half; h > 0; h >>= 1)
			for (int j = 0; j < ABREAST; j++)
				at[j] += h & -(int) (threshold[at[j] + h - 1] < v[i + j]);	/* without a branch */
		for (int j = 0; j < ABREAST; j++)
			out[step * (i + j)] = v[i + j] == v[i + j] ? (uint8) at[j] : missing;
	}
	for (; i < n; i++)
	{
		int			at = 0;

		for (int h = half; h > 0; h >>= 1)
			at += h & -(int) (threshold[at + h - 1] < v[i]);
		out[step * i] = v[i] == v[i] ? (uint8) at : missing;
	}
}

void
us_tree_bin_block(const UsTreeColumn *c, const double *v, int n, uint8 missing, uint8 *out, Size step)
{
	double		threshold[256];
	int			half = 128;

	if (c->native || n < ABREAST)
	{
		for (int i = 0; i < n; i++)
			out[step * i] = us_tree_bin(c, v[i], missing);
		return;
	}
	while (half >= c->nbins && half > 1)
		half >>= 1;
	for (int b = 0; b < 2 * half; b++)
		threshold[b] = b < c->nbins - 1 ? c->threshold[b] : INFINITY;
	bin_numbers(threshold, half, v, n, missing, out, step);
}

void
us_tree_bin_rows(const UsFitInput *input, const UsTreeColumn *column, UsTreeRows *rows)
{
	UsFrame    *frame = input->frame;
	int			width = us_encoder_width(input->encoder);
	double	   *x = MemoryContextAllocHuge(CurrentMemoryContext, (Size) width * US_CHUNK_ROWS * sizeof(double));
	uint8	   *bins = palloc(US_CHUNK_ROWS);
	int64		at = 0;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("bin rows", i, frame->nchunks);
		us_encoder_apply_chunk(input->encoder, chunk, x, US_CHUNK_ROWS);
		for (int c = 0; c < width; c++)
		{
			uint8	   *out = rows->bin ? rows->bin + (Size) c * rows->n + at : bins;

			us_tree_bin_block(&column[c], x + (Size) c * US_CHUNK_ROWS, chunk->nrows, (uint8) column[c].nbins, out, 1);
			if (rows->row_bin)
				for (int r = 0; r < chunk->nrows; r++)
					rows->row_bin[(Size) (at + r) * width + c] = out[r];
		}
		at += chunk->nrows;
	}
	pfree(bins);
	pfree(x);
}
