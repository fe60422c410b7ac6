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
					  int members, bool keep)
{
	int			width = matrix->width;
	Size		at = 0;

	memset(area, 0, sizeof(UsKmeansArea));
	area->matrix = *matrix;
	area->k = max_k;
	area->keep = keep;
	area->fresh = true;
	(void) place(&at, sizeof(UsKmeansArea));
	area->back_at = place(&at, sizeof(float) * width);
	area->center_at = place(&at, sizeof(float) * max_k * width);
	area->far_at = TYPEALIGN(US_BLOCK_ALIGN, us_sums_bytes(max_k, width));
	area->member_bytes = TYPEALIGN(US_BLOCK_ALIGN, area->far_at + sizeof(float) * (width + 1));
	area->member_at = place(&at, area->member_bytes * members);
	if (keep)
		area->label_at = place(&at, sizeof(uint16) * US_CHUNK_ROWS * matrix->nchunks);
	return at;
}

float *
us_kmeans_area_center(UsKmeansArea *area)
{
	return (float *) ((char *) area + area->center_at);
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

/* Memory aligned for blocks, in the current context. */
static void *
block_memory(Size bytes)
{
	return (void *) TYPEALIGN(US_BLOCK_ALIGN,
							  MemoryContextAllocHuge(CurrentMemoryContext,
													 bytes + US_BLOCK_ALIGN));
}

/* What a member needs for one task. */
typedef struct Work
{
	UsKmeansArea *area;
	const float *back;
	const float *center;
	void	   *buffer;			/* of a spilled chunk */
	uint16		label[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));
	uint16		changed[US_CHUNK_ROWS];
} Work;

static Work *
begin(UsTeamTask *task)
{
	Work	   *w = (Work *) block_memory(sizeof(Work));

	w->area = (UsKmeansArea *) task->area;
	w->back = (const float *) (task->area + w->area->back_at);
	w->center = us_kmeans_area_center(w->area);
	w->buffer = w->area->matrix.spilled ? block_memory(w->area->matrix.chunk_bytes) : NULL;
	return w;
}

static void
assign_chunk(Work *w, int i, const UsMatrixChunk *chunk, UsSums *sums)
{
	UsKmeansArea *area = w->area;
	int			nblocks = (chunk->nrows + US_LANES - 1) / US_LANES;
	uint16	   *label = area->keep ?
		(uint16 *) ((char *) area + area->label_at) + (Size) i * US_CHUNK_ROWS : w->label;
	int			n;

	if (area->fresh || !area->keep)
	{
		us_nearest_blocks(chunk->x, nblocks, area->matrix.width, w->center, area->k, label, NULL);
		us_sums_blocks(sums, chunk->x, chunk->nrows, w->back, chunk->weight, label);
		return;
	}
	us_nearest_blocks(chunk->x, nblocks, area->matrix.width, w->center, area->k, w->label, NULL);
	n = us_changed_rows(label, w->label, chunk->nrows, w->changed);
	if (n == 0)
		return;
	us_sums_move(sums, chunk->x, w->back, chunk->weight, label, w->label, w->changed, n);
	memcpy(label, w->label, sizeof(uint16) * nblocks * US_LANES);
}

void
us_task_kmeans_assign(UsTeamTask *task)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "k-means pass",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Work	   *w = begin(task);
	UsSums		sums = us_kmeans_area_sums(w->area, task->member);
	int64		i;

	while (us_team_next(task, &i))
	{
		UsMatrixChunk chunk;

		us_matrix_chunk(&w->area->matrix, task->team, (int) i, w->buffer, &chunk);
		assign_chunk(w, (int) i, &chunk, &sums);
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
