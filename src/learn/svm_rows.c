/*
 * svm_rows.c
 *	  The encoded rows of a training in memory, in the order of their keys.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/svm_rows.h"

/* Rows while they are sorted. */
typedef struct Place
{
	uint64		key;
	int			row;			/* where it was read */
} Place;

static int
padded(int width)
{
	return (width + US_SVM_LANES - 1) / US_SVM_LANES * US_SVM_LANES;
}

/* While they are read. */
static Size
order_bytes(int64 n, int width)
{
	return (Size) n * sizeof(Place) + sizeof(double) * width * US_CHUNK_ROWS;
}

Size
us_svm_rows_bytes(int64 n, int width)
{
	return (Size) n * (sizeof(double) * (padded(width) + 3) + sizeof(uint64)) + order_bytes(n, width);
}

static int
compare_places(const void *left, const void *right, void *arg)
{
	const Place *a = (const Place *) left;
	const Place *b = (const Place *) right;
	const UsSvmRows *r = (const UsSvmRows *) arg;

	CHECK_FOR_INTERRUPTS();
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	for (int j = 0; j < r->width; j++)
	{
		double		u = r->x[(Size) a->row * r->stride + j];
		double		v = r->x[(Size) b->row * r->stride + j];

		if (u != v)
			return u < v ? -1 : 1;
	}
	if (r->y[a->row] != r->y[b->row])
		return r->y[a->row] < r->y[b->row] ? -1 : 1;
	if (r->weight[a->row] != r->weight[b->row])
		return r->weight[a->row] < r->weight[b->row] ? -1 : 1;
	return 0;
}

static void
read_chunk(const UsFitInput *input, const UsChunk *chunk, double *block, UsSvmRows *r, Place *place, int first)
{
	const double *w;

	us_encoder_apply_chunk(input->encoder, chunk, block, US_CHUNK_ROWS);
	us_target_chunk(input->target, chunk, r->y + first);
	w = us_target_weights(input->target, chunk, r->y + first, r->weight + first);
	for (int i = 0; i < chunk->nrows; i++)
	{
		double	   *x = r->x + (Size) (first + i) * r->stride;

		for (int j = 0; j < r->width; j++)
			x[j] = block[(Size) j * US_CHUNK_ROWS + i];
		r->weight[first + i] = w != NULL ? w[i] : 1;
		place[first + i].key = chunk->key[i];
		place[first + i].row = first + i;
	}
}

/* Row from to row to. */
static void
move_row(UsSvmRows *r, int from, int to)
{
	memcpy(r->x + (Size) to * r->stride, r->x + (Size) from * r->stride, sizeof(double) * r->stride);
	r->y[to] = r->y[from];
	r->weight[to] = r->weight[from];
}

/* Bring the rows to their places, cycle by cycle; key is filled. */
static void
permute(UsSvmRows *r, Place *place)
{
	double	   *x = (double *) palloc(sizeof(double) * r->stride);

	for (int i = 0; i < r->n; i++)
		r->key[i] = place[i].key;
	for (int i = 0; i < r->n; i++)
	{
		int			hole = i;
		double		y = r->y[i];
		double		weight = r->weight[i];

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if (place[i].row == i)
			continue;
		memcpy(x, r->x + (Size) i * r->stride, sizeof(double) * r->stride);
		while (place[hole].row != i)
		{
			int			from = place[hole].row;

			move_row(r, from, hole);
			place[hole].row = hole;
			hole = from;
		}
		memcpy(r->x + (Size) hole * r->stride, x, sizeof(double) * r->stride);
		r->y[hole] = y;
		r->weight[hole] = weight;
		place[hole].row = hole;
	}
	pfree(x);
}

UsSvmRows *
us_svm_rows_read(const UsFitInput *input, UsArena *arena)
{
	UsFrame    *frame = input->frame;
	UsSvmRows  *r = (UsSvmRows *) us_arena_alloc(arena, sizeof(UsSvmRows));
	int			first = 0;
	Place	   *place;
	double	   *block;

	if (frame->nrows > INT_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a support vector machine takes %d rows, the source has %lld",
						INT_MAX / 2, (long long) frame->nrows)));
	r->n = (int) frame->nrows;
	r->width = us_encoder_width(input->encoder);
	r->stride = padded(r->width);
	r->x = (double *) us_arena_array(arena, (Size) r->n * r->stride, sizeof(double));
	r->y = (double *) us_arena_array(arena, r->n, sizeof(double));
	r->weight = (double *) us_arena_array(arena, r->n, sizeof(double));
	r->square = (double *) us_arena_array(arena, r->n, sizeof(double));
	r->key = (uint64 *) us_arena_array(arena, r->n, sizeof(uint64));
	us_budget_take(input->budget, order_bytes(r->n, r->width), "order of the rows");
	place = (Place *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Place) * r->n);
	block = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * r->width * US_CHUNK_ROWS);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("rows", i, frame->nchunks);
		read_chunk(input, chunk, block, r, place, first);
		first += chunk->nrows;
	}
	qsort_arg(place, r->n, sizeof(Place), compare_places, r);
	permute(r, place);
	for (int i = 0; i < r->n; i++)
	{
		const double *x = r->x + (Size) i * r->stride;

		r->square[i] = us_svm_dot(x, x, r->stride);
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	pfree(block);
	pfree(place);
	us_budget_release(input->budget, order_bytes(r->n, r->width));
	return r;
}
