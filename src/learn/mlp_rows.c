/*
 * mlp_rows.c
 *	  The encoded rows of the training of a network in memory.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/mlp_rows.h"
#include "math/exact_sum.h"

#define MOST_ROWS	(1 << 30)

Size
us_mlp_rows_bytes(int64 n, int width)
{
	return (Size) n * (sizeof(float) * ((Size) width + 2) + sizeof(uint64) + sizeof(int32)) +
		sizeof(double) * ((Size) width + 2) * US_CHUNK_ROWS;
}

/* By key, then by contents; rows that are alike in both may stand in any order. */
static inline int
compare_rows(const int32 *a, const int32 *b, const UsMlpRows *r)
{
	const float *u = r->x + (Size) *a * r->width;
	const float *v = r->x + (Size) *b * r->width;

	if (r->key[*a] != r->key[*b])
		return r->key[*a] < r->key[*b] ? -1 : 1;
	for (int j = 0; j < r->width; j++)
		if (u[j] != v[j])
			return u[j] < v[j] ? -1 : 1;
	if (r->y[*a] != r->y[*b])
		return r->y[*a] < r->y[*b] ? -1 : 1;
	if (r->weight[*a] != r->weight[*b])
		return r->weight[*a] < r->weight[*b] ? -1 : 1;
	return 0;
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE int32
#define ST_COMPARE(a, b, rows) compare_rows(a, b, rows)
#define ST_COMPARE_ARG_TYPE const UsMlpRows
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
read_chunk(const UsFitInput *input, const UsChunk *chunk, double centre, double scale, double *block, UsMlpRows *r, int first)
{
	double	   *y = block + (Size) r->width * US_CHUNK_ROWS;
	double	   *room = y + US_CHUNK_ROWS;
	const double *w = chunk->weight;

	us_encoder_apply_chunk(input->encoder, chunk, block, US_CHUNK_ROWS);
	if (input->target != NULL)
	{
		us_target_chunk(input->target, chunk, y);
		w = us_target_weights(input->target, chunk, y, room);
	}
	for (int i = 0; i < chunk->nrows; i++)
	{
		float	   *x = r->x + (Size) (first + i) * r->width;

		for (int j = 0; j < r->width; j++)
			x[j] = (float) block[(Size) j * US_CHUNK_ROWS + i];
		r->y[first + i] = input->target != NULL ? (float) ((y[i] - centre) / scale) : 0;
		r->weight[first + i] = w != NULL ? (float) w[i] : 1;
		r->key[first + i] = chunk->key[i];
		r->order[first + i] = first + i;
	}
}

UsMlpRows *
us_mlp_rows_read(const UsFitInput *input, double centre, double scale, UsArena *arena)
{
	UsFrame    *frame = input->frame;
	UsMlpRows  *r = (UsMlpRows *) palloc0(sizeof(UsMlpRows));
	UsExactSum *sum = (UsExactSum *) palloc0(sizeof(UsExactSum));
	int			first = 0;
	double	   *block;

	if (frame->nrows > MOST_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a network is trained on at most %d rows, the source has %lld", MOST_ROWS, (long long) frame->nrows)));
	r->n = (int) frame->nrows;
	r->width = us_encoder_width(input->encoder);
	r->x = (float *) us_arena_array(arena, (Size) r->n * r->width, sizeof(float));
	r->y = (float *) us_arena_array(arena, r->n, sizeof(float));
	r->weight = (float *) us_arena_array(arena, r->n, sizeof(float));
	r->key = (uint64 *) us_arena_array(arena, r->n, sizeof(uint64));
	r->order = (int32 *) us_arena_array(arena, r->n, sizeof(int32));
	block = (double *) us_arena_array(arena, (Size) US_CHUNK_ROWS * (r->width + 2), sizeof(double));
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("rows", i, frame->nchunks);
		read_chunk(input, chunk, centre, scale, block, r, first);
		first += chunk->nrows;
	}
	us_progress("order", 0, 0);
	sort_rows(r->order, r->n, r);
	for (int i = 0; i < r->n; i++)
		us_exact_add(sum, r->weight[i]);
	r->mean_weight = us_exact_mean(sum, r->n);
	pfree(sum);
	return r;
}
