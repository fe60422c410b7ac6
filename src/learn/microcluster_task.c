/*
 * microcluster_task.c
 *	  Assigning all rows to the places of a code book, and summing them up.
 */
#include "postgres.h"

#include "utils/memutils.h"

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
us_micro_area_layout(UsMicroArea *area, const UsMatrix *matrix, int n, int members, bool keep)
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
	area->keep = keep;
	if (keep)
		area->cell_at = place(&at, sizeof(uint16) * US_CHUNK_ROWS * matrix->nchunks);
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

uint16 *
us_micro_area_cells(UsMicroArea *area)
{
	return (uint16 *) ((char *) area + area->cell_at);
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
	UsCodeBook	book;			/* in the area */
	UsBookSearch *search;
	UsMicroSums sums;
	const float *back;
	uint16	   *kept;			/* of all chunks, or NULL */
	uint16	   *place;			/* of one, if they are not kept */
	int			chunk;			/* that comes next, where chunks come in order */
} Work;

static Work *
begin(UsMicroArea *area, int member)
{
	Work	   *w = (Work *) palloc0(sizeof(Work));
	char	   *base = (char *) area;

	w->book.width = area->matrix.width;
	w->book.groups = area->groups;
	w->book.n = area->n;
	w->book.group = (float *) (base + area->group_at);
	w->book.start = (int *) (base + area->start_at);
	w->book.place = (float *) (base + area->place_at);
	w->search = us_book_search(&w->book);
	w->sums = us_micro_area_sums(area, member);
	w->back = (const float *) (base + area->back_at);
	if (area->keep)
		w->kept = us_micro_area_cells(area);
	else
		w->place = (uint16 *) palloc(sizeof(uint16) * US_CHUNK_ROWS);
	return w;
}

/* Add the rows of a chunk, group by group, so that sums stay near. */
static void
sum_up(Work *w, const UsMatrixChunk *chunk, const uint16 *place)
{
	int			width = w->book.width;

	for (int i = 0; i < chunk->nrows; i++)
	{
		int			r = w->search->order[i];
		const float *row = chunk->x + (Size) (r / US_LANES) * width * US_LANES + r % US_LANES;
		int			p = place[r];
		int128	   *sum = w->sums.sum + (Size) p * width;
		int128	   *square = w->sums.square + (Size) p * width;
		int64		factor = chunk->weight == NULL ? 1 : chunk->weight[r];

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

/* Chunk i of the matrix. */
static void
assign(Work *w, const UsMatrixChunk *chunk, int i)
{
	uint16	   *place = w->kept ? w->kept + (Size) i * US_CHUNK_ROWS : w->place;

	us_book_search_blocks(w->search, chunk->x, chunk->nrows, place);
	sum_up(w, chunk, place);
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
		assign(w, &chunk, (int) i);
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
	Work	   *w = (Work *) context;

	assign(w, chunk, w->chunk++);
}
