/*
 * svm_rows.c
 *	  The encoded rows of a training in memory, in the order of their keys.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"

#include "infra/progress.h"
#include "learn/svm_rows.h"

/* A row while its place is looked for. */
typedef struct Place
{
	uint64		key;
	int			row;			/* where it was read, or stands */
} Place;

#define ST_SORT sort_places
#define ST_ELEMENT_TYPE Place
#define ST_COMPARE(a, b) ((a)->key != (b)->key ? ((a)->key < (b)->key ? -1 : 1) : (a)->row < (b)->row ? -1 : (a)->row > (b)->row)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DECLARE
#define ST_DEFINE
#include "lib/sort_template.h"

static int
padded(int width)
{
	return (width + US_SVM_LANES - 1) / US_SVM_LANES * US_SVM_LANES;
}

/* While they are read. */
static Size
order_bytes(int64 n, int width)
{
	return (Size) n * (sizeof(Place) + sizeof(int)) + sizeof(double) * (width + 2) * US_CHUNK_ROWS;
}

Size
us_svm_rows_bytes(int64 n, int width)
{
	return (Size) n * (sizeof(double) * (padded(width) + 3) + sizeof(uint64)) + order_bytes(n, width);
}

/* The order of rows of one key: that of their values. */
static int
compare_rows(const UsSvmRows *r, int a, int b)
{
	for (int j = 0; j < r->width; j++)
	{
		double		u = r->x[(Size) a * r->stride + j];
		double		v = r->x[(Size) b * r->stride + j];

		if (u != v)
			return u < v ? -1 : 1;
	}
	if (r->y[a] != r->y[b])
		return r->y[a] < r->y[b] ? -1 : 1;
	if (r->weight[a] != r->weight[b])
		return r->weight[a] < r->weight[b] ? -1 : 1;
	return 0;
}

static int
compare_places(const void *left, const void *right, void *arg)
{
	CHECK_FOR_INTERRUPTS();
	return compare_rows((const UsSvmRows *) arg, ((const Place *) left)->row, ((const Place *) right)->row);
}

/* Row from to row to. */
static void
move_row(UsSvmRows *r, int from, int to)
{
	memcpy(r->x + (Size) to * r->stride, r->x + (Size) from * r->stride, sizeof(double) * r->stride);
	r->y[to] = r->y[from];
	r->weight[to] = r->weight[from];
}

/* Bring the n rows from first on, whose places were sorted, to where they belong, cycle by cycle. */
static void
permute(UsSvmRows *r, Place *place, int first, int n, double *x)
{
	for (int i = first; i < first + n; i++)
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
}

/* Rows of one key, whose order is that of the source until now. */
static void
sort_equals(UsSvmRows *r, Place *place)
{
	double	   *x = (double *) palloc(sizeof(double) * r->stride);
	int			end;

	for (int i = 0; i < r->n; i = end)
	{
		bool		differ = false;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		for (end = i + 1; end < r->n && r->key[end] == r->key[i]; end++)
		{
			if (end % 1024 == 0)
				CHECK_FOR_INTERRUPTS();
			differ = differ || compare_rows(r, i, end) != 0;
		}
		if (!differ)
			continue;
		for (int k = i; k < end; k++)
			place[k].row = k;
		qsort_arg(place + i, end - i, sizeof(Place), compare_places, r);
		permute(r, place, i, end - i, x);
	}
	pfree(x);
}

/* The rows of a chunk, the first of which was read as number first, to the places of their keys. */
static void
read_chunk(const UsFitInput *input, const UsChunk *chunk, double *block, UsSvmRows *r, const int *rank, int first)
{
	double	   *y = block + (Size) r->width * US_CHUNK_ROWS;
	double	   *room = y + US_CHUNK_ROWS;
	const double *w;

	us_encoder_apply_chunk(input->encoder, chunk, block, US_CHUNK_ROWS);
	us_target_chunk(input->target, chunk, y);
	w = us_target_weights(input->target, chunk, y, room);
	for (int i = 0; i < chunk->nrows; i++)
	{
		int			at = rank[first + i];
		double	   *x = r->x + (Size) at * r->stride;

		for (int j = 0; j < r->width; j++)
			x[j] = block[(Size) j * US_CHUNK_ROWS + i];
		r->y[at] = y[i];
		r->weight[at] = w != NULL ? w[i] : 1;
	}
}

/* The order of the keys: place, rank by number of row, keys. */
static void
order_keys(const UsFitInput *input, UsSvmRows *r, Place *place, int *rank)
{
	UsFrame    *frame = input->frame;
	int			n = 0;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("rows", i, frame->nchunks);
		for (int k = 0; k < chunk->nrows; k++, n++)
		{
			place[n].key = chunk->key[k];
			place[n].row = n;
		}
	}
	sort_places(place, n);
	for (int i = 0; i < n; i++)
	{
		r->key[i] = place[i].key;
		rank[place[i].row] = i;
	}
}

/* Squared lengths. */
static void
measure(UsSvmRows *r)
{
	for (int i = 0; i < r->n; i++)
	{
		const double *x = r->x + (Size) i * r->stride;

		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		r->square[i] = us_svm_dot(x, x, r->stride);
	}
}

UsSvmRows *
us_svm_rows_read(const UsFitInput *input, UsArena *arena)
{
	UsFrame    *frame = input->frame;
	UsSvmRows  *r = (UsSvmRows *) us_arena_alloc(arena, sizeof(UsSvmRows));
	int			first = 0;
	Place	   *place;
	int		   *rank;
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
	place = (Place *) palloc_extended(sizeof(Place) * r->n, MCXT_ALLOC_HUGE);
	rank = (int *) palloc_extended(sizeof(int) * r->n, MCXT_ALLOC_HUGE);
	block = (double *) palloc_extended(sizeof(double) * (r->width + 2) * US_CHUNK_ROWS, MCXT_ALLOC_HUGE);
	order_keys(input, r, place, rank);
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("rows in the order of their keys", i, frame->nchunks);
		read_chunk(input, chunk, block, r, rank, first);
		first += chunk->nrows;
	}
	sort_equals(r, place);
	measure(r);
	pfree(block);
	pfree(rank);
	pfree(place);
	us_budget_release(input->budget, order_bytes(r->n, r->width));
	return r;
}
