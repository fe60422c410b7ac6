/*
 * kmeans_task.c
 *	  The passes of k-means over the chunks of a matrix.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "learn/kmeans_task.h"

static Size
place(Size *at, Size bytes)
{
	Size		here = *at;

	*at = TYPEALIGN(US_BLOCK_ALIGN, here + bytes);
	return here;
}

Size
us_kmeans_area_layout(UsKmeansArea *area, const UsMatrix *matrix, int max_k,
					  int members, bool keep, bool bounds)
{
	int			width = matrix->width;
	Size		at = 0;

	memset(area, 0, sizeof(UsKmeansArea));
	area->matrix = *matrix;
	area->k = max_k;
	area->keep = keep;
	area->bounds = bounds;
	area->fresh = true;
	(void) place(&at, sizeof(UsKmeansArea));
	area->back_at = place(&at, sizeof(float) * width);
	area->center_at = place(&at, sizeof(float) * max_k * width);
	area->drift_at = place(&at, sizeof(float) * max_k);
	area->far_at = TYPEALIGN(US_BLOCK_ALIGN, us_sums_bytes(max_k, width));
	area->member_bytes = TYPEALIGN(US_BLOCK_ALIGN, area->far_at + sizeof(float) * (width + 1));
	area->member_at = place(&at, area->member_bytes * members);
	if (keep)
		area->label_at = place(&at, sizeof(uint16) * US_CHUNK_ROWS * matrix->nchunks);
	if (bounds)
		area->bound_at = place(&at, 2 * sizeof(float) * US_CHUNK_ROWS * matrix->nchunks);
	return at;
}

float *
us_kmeans_area_center(UsKmeansArea *area)
{
	return (float *) ((char *) area + area->center_at);
}

float *
us_kmeans_area_drift(UsKmeansArea *area)
{
	return (float *) ((char *) area + area->drift_at);
}

UsSums
us_kmeans_area_sums(UsKmeansArea *area, int member)
{
	return us_sums_at((char *) area + area->member_at + area->member_bytes * member,
					  area->k, area->matrix.width);
}

float *
us_kmeans_area_farthest(UsKmeansArea *area, int member)
{
	return (float *) ((char *) area + area->member_at + area->member_bytes * member +
					  area->far_at);
}

/* What a member needs for one task. */
typedef struct Work
{
	UsKmeansArea *area;
	UsTeam	   *team;
	UsSums		sums;
	const float *back;
	const float *center;
	void	   *buffer;			/* of a spilled chunk */
	float	   *dense;			/* rows that are compared again, with bounds */
	uint16		label[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	float		first[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	float		second[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	uint16		some[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	uint16		changed[US_CHUNK_ROWS];
	uint16		active[US_CHUNK_ROWS + 1];
} Work;

static Work *
begin(UsTeamTask *task)
{
	Work	   *w = (Work *) us_block_alloc(sizeof(Work));
	const UsMatrix *m;

	w->area = (UsKmeansArea *) task->area;
	m = &w->area->matrix;
	w->team = task->team;
	w->sums = us_kmeans_area_sums(w->area, task->member);
	w->back = (const float *) (task->area + w->area->back_at);
	w->center = us_kmeans_area_center(w->area);
	w->buffer = m->spilled ? us_block_alloc(m->chunk_bytes) : NULL;
	w->dense = w->area->bounds ?
		(float *) us_block_alloc(sizeof(float) * US_CHUNK_ROWS * m->width) : NULL;
	return w;
}

/* Rows of chunk i. */
static int
rows_of_chunk(const UsMatrix *m, int64 i)
{
	return (int) Min(m->nrows - i * US_CHUNK_ROWS, US_CHUNK_ROWS);
}

static uint16 *
kept_labels(const Work *w, int64 i)
{
	return (uint16 *) ((char *) w->area + w->area->label_at) + (Size) i * US_CHUNK_ROWS;
}

static float *
kept_bounds(const Work *w, int64 i)
{
	return (float *) ((char *) w->area + w->area->bound_at) + 2 * (Size) i * US_CHUNK_ROWS;
}

/* All rows of chunk i anew. */
static void
assign_fresh(Work *w, int64 i)
{
	UsKmeansArea *area = w->area;
	int			width = area->matrix.width;
	uint16	   *label = area->keep ? kept_labels(w, i) : w->label;
	UsMatrixChunk chunk;
	int			nblocks;

	us_matrix_chunk(&area->matrix, w->team, (int) i, w->buffer, &chunk);
	nblocks = (chunk.nrows + US_LANES - 1) / US_LANES;
	if (area->bounds)
	{
		float	   *upper = kept_bounds(w, i);

		us_two_nearest_blocks(chunk.x, nblocks, width, w->center, area->k, label,
							  w->first, w->second);
		us_bounds_set(w->first, w->second, nblocks * US_LANES, width,
					  upper, upper + US_CHUNK_ROWS);
	}
	else
		us_nearest_blocks(chunk.x, nblocks, width, w->center, area->k, label, NULL);
	us_sums_blocks(&w->sums, chunk.x, chunk.nrows, w->back, chunk.weight, label);
}

/* w->label holds the new labels of a chunk: take over what changed. */
static void
take_changes(Work *w, const UsMatrixChunk *chunk, uint16 *label)
{
	int			n = us_changed_rows(label, w->label, chunk->nrows, w->changed);

	if (n == 0)
		return;
	us_sums_move(&w->sums, chunk->x, w->back, chunk->weight, label, w->label, w->changed, n);
	memcpy(label, w->label, sizeof(uint16) * chunk->nrows);
}

/* The changes of chunk i. */
static void
assign_changes(Work *w, int64 i)
{
	UsKmeansArea *area = w->area;
	UsMatrixChunk chunk;

	us_matrix_chunk(&area->matrix, w->team, (int) i, w->buffer, &chunk);
	us_nearest_blocks(chunk.x, (chunk.nrows + US_LANES - 1) / US_LANES, area->matrix.width,
					  w->center, area->k, w->label, NULL);
	take_changes(w, &chunk, kept_labels(w, i));
}

/* The changes of chunk i, comparing only rows whose bounds leave a doubt. */
static void
assign_doubtful(Work *w, int64 i)
{
	UsKmeansArea *area = w->area;
	int			width = area->matrix.width;
	uint16	   *label = kept_labels(w, i);
	float	   *upper = kept_bounds(w, i);
	float	   *lower = upper + US_CHUNK_ROWS;
	UsMatrixChunk chunk;
	int			n;

	n = us_bounds_move(&area->drift, us_kmeans_area_drift(area), label,
					   rows_of_chunk(&area->matrix, i), width, upper, lower, w->active);
	if (n == 0)
		return;
	us_matrix_chunk(&area->matrix, w->team, (int) i, w->buffer, &chunk);
	us_bounds_gather(chunk.x, width, w->active, n, w->dense);
	us_two_nearest_blocks(w->dense, (n + US_LANES - 1) / US_LANES, width, w->center, area->k,
						  w->some, w->first, w->second);
	memcpy(w->label, label, sizeof(uint16) * US_CHUNK_ROWS);
	for (int a = 0; a < n; a++)
	{
		int			r = w->active[a];

		w->label[r] = w->some[a];
		us_bounds_set(&w->first[a], &w->second[a], 1, width, &upper[r], &lower[r]);
	}
	take_changes(w, &chunk, label);
}

void
us_task_kmeans_assign(UsTeamTask *task)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "k-means pass",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Work	   *w = begin(task);
	int64		i;

	while (us_team_next(task, &i))
	{
		if (w->area->fresh || !w->area->keep)
			assign_fresh(w, i);
		else if (w->area->bounds)
			assign_doubtful(w, i);
		else
			assign_changes(w, i);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

bool
us_kmeans_is_farther(const float *a, const float *b, int width)
{
	if (a[0] != b[0])
		return a[0] > b[0];
	for (int j = 1; j <= width; j++)
		if (a[j] != b[j])
			return a[j] < b[j];
	return false;
}

void
us_kmeans_farthest_of(const UsMatrixChunk *chunk, int width, const float *center, int k,
					  float *far)
{
	uint16		label[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	float		distance[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	float	   *row = (float *) palloc(sizeof(float) * (width + 1));

	us_nearest_blocks(chunk->x, (chunk->nrows + US_LANES - 1) / US_LANES, width, center, k,
					  label, distance);
	for (int r = 0; r < chunk->nrows; r++)
	{
		const float *x = chunk->x + (Size) (r / US_LANES) * width * US_LANES + r % US_LANES;

		if (distance[r] < far[0] || (chunk->weight != NULL && chunk->weight[r] == 0))
			continue;
		row[0] = distance[r];
		for (int j = 0; j < width; j++)
			row[j + 1] = x[j * US_LANES];
		if (us_kmeans_is_farther(row, far, width))
			memcpy(far, row, sizeof(float) * (width + 1));
	}
	pfree(row);
}

void
us_task_kmeans_farthest(UsTeamTask *task)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "k-means farthest row",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Work	   *w = begin(task);
	float	   *far = us_kmeans_area_farthest(w->area, task->member);
	int64		i;

	while (us_team_next(task, &i))
	{
		UsMatrixChunk chunk;

		us_matrix_chunk(&w->area->matrix, task->team, (int) i, w->buffer, &chunk);
		us_kmeans_farthest_of(&chunk, w->area->matrix.width, w->center, w->area->k, far);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
