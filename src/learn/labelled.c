/*
 * labelled.c
 *	  Rows of a frame with labels, as points in memory.
 *
 * The sampler of k-means (kmeans_sample.c) does the work: the label goes through it as one
 * more coordinate, so that equal rows with different labels stay apart.
 */
#include "postgres.h"

#include "learn/labelled.h"
#include "math/hash.h"

/* A space with one column more, for what the sampler uses of it. */
static UsSpace
wider(const UsSpace *space, UsArena *arena)
{
	UsSpace		w = *space;
	int			width = space->width;

	w.width = width + 1;
	w.grid = (UsGrid *) us_arena_array(arena, w.width, sizeof(UsGrid));
	w.back = (float *) us_arena_array(arena, w.width, sizeof(float));
	memcpy(w.grid, space->grid, sizeof(UsGrid) * width);
	memcpy(w.back, space->back, sizeof(float) * width);
	w.back[width] = 1;
	return w;
}

typedef struct Visit
{
	int			width;			/* without the label */
	int			i;				/* number of the chunk */
	UsLabelsOfChunk labels;
	void	   *context;
	UsSampler  *sampler;
	float	   *x;				/* [US_CHUNK_ROWS * (width + 1)] */
	uint16	   *label;			/* [US_CHUNK_ROWS] */
} Visit;

/* A UsMatrixVisit: hand the chunk on with the labels as last column. */
static void
visit(void *context, const UsMatrixChunk *chunk, const uint64 *key)
{
	Visit	   *v = (Visit *) context;
	UsMatrixChunk wide = *chunk;
	int			nblocks = (chunk->nrows + US_LANES - 1) / US_LANES;
	Size		from = (Size) v->width * US_LANES;
	Size		to = from + US_LANES;

	v->labels(v->context, v->i++, chunk, v->label);
	for (int b = 0; b < nblocks; b++)
	{
		memcpy(v->x + b * to, chunk->x + b * from, sizeof(float) * from);
		for (int l = 0; l < US_LANES; l++)
			v->x[b * to + from + l] = b * US_LANES + l < chunk->nrows ? v->label[b * US_LANES + l] : 0;
	}
	wide.x = v->x;
	us_sampler_visit(v->sampler, &wide, key);
}

Size
us_labelled_bytes(const UsSpace *space, int capacity)
{
	UsSpace		w = *space;

	w.width++;
	/* the sampler, its points, the points without label, their labels, an index */
	return us_sampler_bytes(&w, capacity) + (Size) capacity *
		(2 * (sizeof(float) * (w.width + 1) + 3 * sizeof(int64)) + sizeof(uint16) + 4 * sizeof(int32));
}

/* Points without the last column, which becomes label. */
static UsLabelled
split(const UsSpace *space, const UsPoints *wide, UsArena *arena)
{
	UsLabelled	l;
	UsPoints   *p = us_points_create(arena, wide->n, space->width, space->grid, space->scale,
									 space->back, wide->weight != NULL, wide->rows != NULL);
	float	   *x = (float *) us_arena_array(arena, wide->width, sizeof(float));

	l.points = p;
	l.complete = true;
	l.label = (uint16 *) us_arena_array(arena, (Size) p->nblocks * US_LANES, sizeof(uint16));
	for (int i = 0; i < wide->n; i++)
	{
		us_points_get(wide, i, x);
		us_points_set(p, i, x);
		l.label[i] = (uint16) x[space->width];
		p->hash[i] = wide->hash[i];
		if (p->weight != NULL)
			p->weight[i] = wide->weight[i];
		if (p->rows != NULL)
			p->rows[i] = wide->rows[i];
	}
	us_points_complete(p);
	return l;
}

UsLabelled
us_labelled_read(const UsSpace *space, UsFrame *frame, const UsEncoder *encoder,
				 UsLabelsOfChunk labels, void *context, int capacity, uint64 seed,
				 UsArena *arena, UsBudget *budget)
{
	UsArena    *own = us_arena_create(CurrentMemoryContext, budget);
	UsMatrix	matrix = us_matrix_layout(space, frame);
	UsSpace		w = wider(space, own);
	Visit		v = {0};
	UsLabelled	l;
	bool		complete;

	v.width = space->width;
	v.labels = labels;
	v.context = context;
	v.sampler = us_sampler_create(&w, capacity, seed, own);
	v.x = (float *) us_arena_array(own, (Size) US_CHUNK_ROWS * w.width, sizeof(float));
	v.label = (uint16 *) us_arena_array(own, US_CHUNK_ROWS, sizeof(uint16));
	us_matrix_encode(&matrix, NULL, false, space, frame, encoder, NULL, visit, &v);
	l = split(space, us_sampler_points(v.sampler, own, &complete), arena);
	l.complete = complete;
	us_arena_reset(own);
	return l;
}

/* ---- finding a row again ---- */

struct UsLabelledIndex
{
	const UsLabelled *l;
	uint32		mask;
	int32	   *slot;			/* [mask + 1] point + 1; 0: free */
	float	   *x;				/* [width] of a point */
	float	   *y;				/* [width] of a row */
};

static uint32
place(const UsLabelledIndex *index, const float *x, uint16 label)
{
	return (uint32) us_hash_bytes(x, sizeof(float) * index->l->points->width, label) & index->mask;
}

UsLabelledIndex *
us_labelled_index(const UsLabelled *l, UsArena *arena)
{
	UsLabelledIndex *index = (UsLabelledIndex *) us_arena_alloc(arena, sizeof(UsLabelledIndex));
	const UsPoints *p = l->points;
	uint32		size = 16;

	while (size < (uint32) p->n * 2)
		size *= 2;
	index->l = l;
	index->mask = size - 1;
	index->slot = (int32 *) us_arena_array(arena, size, sizeof(int32));
	index->x = (float *) us_arena_array(arena, p->width, sizeof(float));
	index->y = (float *) us_arena_array(arena, p->width, sizeof(float));
	for (int i = 0; i < p->n; i++)
	{
		uint32		at;

		us_points_get(p, i, index->x);
		at = place(index, index->x, l->label[i]);
		while (index->slot[at] != 0)
			at = (at + 1) & index->mask;
		index->slot[at] = i + 1;
	}
	return index;
}

int
us_labelled_find(const UsLabelledIndex *index, const UsMatrixChunk *chunk, int r, uint16 label)
{
	const UsPoints *p = index->l->points;
	const float *row = chunk->x + (Size) (r / US_LANES) * p->width * US_LANES + r % US_LANES;
	uint32		at;

	for (int j = 0; j < p->width; j++)
		index->y[j] = row[j * US_LANES];
	at = place(index, index->y, label);
	for (; index->slot[at] != 0; at = (at + 1) & index->mask)
	{
		int			i = index->slot[at] - 1;

		if (index->l->label[i] != label)
			continue;
		us_points_get(p, i, index->x);
		if (memcmp(index->x, index->y, sizeof(float) * p->width) == 0)
			return i;
	}
	return -1;
}
