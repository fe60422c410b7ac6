/*
 * microcluster_task.c
 *	  Assigning all rows to the places of a code book, and summing them up.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "learn/kmeans_bounds.h"
#include "learn/microcluster_task.h"

/* ---- sums ---- */

Size
us_micro_sums_bytes(int n, int width)
{
	return 2 * sizeof(int128) * n * width + 2 * sizeof(int64) * n;
}

UsMicroSums
us_micro_sums_at(void *memory, int n, int width)
{
	UsMicroSums s;

	s.n = n;
	s.width = width;
	s.sum = (int128 *) memory;
	s.square = s.sum + (Size) n * width;
	s.weight = (int64 *) (s.square + (Size) n * width);
	s.rows = s.weight + n;
	return s;
}

void
us_micro_sums_add(UsMicroSums *to, const UsMicroSums *from)
{
	Assert(to->n == from->n && to->width == from->width);
	for (Size i = 0; i < 2 * (Size) to->n * to->width; i++)
		to->sum[i] += from->sum[i];
	for (int i = 0; i < to->n; i++)
	{
		to->weight[i] += from->weight[i];
		to->rows[i] += from->rows[i];
	}
}

/* ---- the area ---- */

static Size
place(Size *at, Size bytes)
{
	Size		here = *at;

	*at = TYPEALIGN(US_BLOCK_ALIGN, here + bytes);
	return here;
}

Size
us_micro_area_layout(UsMicroArea *area, const UsMatrix *matrix, int n, int members)
{
	int			width = matrix->width;
	Size		at = 0;

	memset(area, 0, sizeof(UsMicroArea));
	area->matrix = *matrix;
	area->max_n = n;
	area->max_groups = us_code_book_groups(n);
	(void) place(&at, sizeof(UsMicroArea));
	area->back_at = place(&at, sizeof(float) * width);
	area->group_at = place(&at, sizeof(float) * area->max_groups * width);
	area->start_at = place(&at, sizeof(int) * (area->max_groups + 1));
	area->place_at = place(&at, sizeof(float) * n * width);
	area->member_bytes = TYPEALIGN(US_BLOCK_ALIGN, us_micro_sums_bytes(n, width));
	area->member_at = place(&at, area->member_bytes * members);
	return at;
}

void
us_micro_area_set_book(UsMicroArea *area, const UsCodeBook *book)
{
	char	   *base = (char *) area;

	Assert(book->groups <= area->max_groups && book->n <= area->max_n);
	area->groups = book->groups;
	area->n = book->n;
	memcpy(base + area->group_at, book->group, sizeof(float) * book->groups * book->width);
	memcpy(base + area->start_at, book->start, sizeof(int) * (book->groups + 1));
	memcpy(base + area->place_at, book->place, sizeof(float) * book->n * book->width);
}

UsMicroSums
us_micro_area_sums(UsMicroArea *area, int member)
{
	return us_micro_sums_at((char *) area + area->member_at + area->member_bytes * member,
							area->n, area->matrix.width);
}

/* ---- the pass ---- */

/* What a member needs. */
typedef struct Work
{
	int			width;
	int			groups;
	UsMicroSums sums;
	const float *back;
	const float *group;
	const int  *start;
	const float *place;
	int		   *first;			/* [groups + 1]: rows of each group in order */
	float	   *dense;			/* the rows of one group */
	uint16		order[US_CHUNK_ROWS];	/* rows by group */
	uint16		label[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	uint16		near[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
} Work;

static Work *
begin(UsMicroArea *area, int member)
{
	Work	   *w = (Work *) us_block_alloc(sizeof(Work));
	char	   *base = (char *) area;

	w->width = area->matrix.width;
	w->groups = area->groups;
	w->sums = us_micro_area_sums(area, member);
	w->back = (const float *) (base + area->back_at);
	w->group = (const float *) (base + area->group_at);
	w->start = (const int *) (base + area->start_at);
	w->place = (const float *) (base + area->place_at);
	w->first = (int *) palloc(sizeof(int) * (w->groups + 1));
	w->dense = (float *) us_block_alloc(sizeof(float) * US_CHUNK_ROWS * w->width);
	return w;
}

/* The rows of a chunk, ordered by the group in label: w->order, from w->first[g] on. */
static void
order_by_group(Work *w, int nrows)
{
	int		   *first = w->first;
	int			at = 0;

	memset(first, 0, sizeof(int) * (w->groups + 1));
	for (int r = 0; r < nrows; r++)
		first[w->label[r] + 1]++;
	for (int g = 0; g <= w->groups; g++)
		at = first[g] += at;
	/* first[g] moves to the end of group g, and is put back */
	for (int r = 0; r < nrows; r++)
		w->order[first[w->label[r]]++] = r;
	memmove(first + 1, first, sizeof(int) * w->groups);
	first[0] = 0;
}

/* Add the n rows that stand in dense, whose places are start + near[]. */
static void
sum_up(Work *w, int start, const uint16 *order, int n, const int64 *weight)
{
	int			width = w->width;

	for (int i = 0; i < n; i++)
	{
		const float *row = w->dense + (Size) (i / US_LANES) * width * US_LANES + i % US_LANES;
		int			p = start + w->near[i];
		int128	   *sum = w->sums.sum + (Size) p * width;
		int128	   *square = w->sums.square + (Size) p * width;
		int64		factor = weight == NULL ? 1 : weight[order[i]];

		for (int j = 0; j < width; j++)
		{
			int64		q = (int32) (row[j * US_LANES] * w->back[j]);

			if (factor == 1)
			{
				sum[j] += q;
				square[j] += q * q;
			}
			else
			{
				sum[j] += (int128) q * factor;
				square[j] += (int128) (q * q) * factor;
			}
		}
		w->sums.weight[p] += factor;
		w->sums.rows[p]++;
	}
}

static void
assign(Work *w, const UsMatrixChunk *chunk)
{
	int			width = w->width;

	us_nearest_blocks(chunk->x, (chunk->nrows + US_LANES - 1) / US_LANES, width,
					  w->group, w->groups, w->label, NULL);
	order_by_group(w, chunk->nrows);
	for (int g = 0; g < w->groups; g++)
	{
		const uint16 *order = w->order + w->first[g];
		int			n = w->first[g + 1] - w->first[g];

		if (n == 0)
			continue;
		us_bounds_gather(chunk->x, width, order, n, w->dense);
		us_nearest_blocks(w->dense, (n + US_LANES - 1) / US_LANES, width,
						  w->place + (Size) w->start[g] * width, w->start[g + 1] - w->start[g],
						  w->near, NULL);
		sum_up(w, w->start[g], order, n, chunk->weight);
	}
}

void
us_task_microcluster(UsTeamTask *task)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "micro-clusters",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsMicroArea *area = (UsMicroArea *) task->area;
	Work	   *w = begin(area, task->member);
	void	   *buffer = area->matrix.spilled ? us_block_alloc(area->matrix.chunk_bytes) : NULL;
	int64		i;

	while (us_team_next(task, &i))
	{
		UsMatrixChunk chunk;

		us_matrix_chunk(&area->matrix, task->team, (int) i, buffer, &chunk);
		assign(w, &chunk);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

void *
us_micro_visit_begin(UsMicroArea *area)
{
	return begin(area, 0);
}

void
us_micro_visit(void *context, const UsMatrixChunk *chunk, const uint64 *key)
{
	assign((Work *) context, chunk);
}
