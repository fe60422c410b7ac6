/*
 * labelled.c
 *	  Rows of a frame with labels, as points in memory.
 *
 * The sampler of k-means (kmeans_sample.c) does the work: the label goes through it as one
 * more coordinate, so that equal rows with different labels stay apart, and so does what
 * rounding to the grid takes away from each column, so that beside a far outlier the other rows stay
 * apart too.
 */
#include "postgres.h"

#include "learn/labelled.h"
#include "math/hash.h"

/* A space with a finer part for each column and one more for the label, for what the sampler uses of it. */
static UsSpace
wider(const UsSpace *space, UsArena *arena)
{
	UsSpace		w = *space;
	int			width = space->width;

	w.width = 2 * width + 1;
	w.grid = (UsGrid *) us_arena_array(arena, w.width, sizeof(UsGrid));
	w.back = (float *) us_arena_array(arena, w.width, sizeof(float));
	memcpy(w.grid, space->grid, sizeof(UsGrid) * width);
	memcpy(w.back, space->back, sizeof(float) * width);
	return w;
}

/* ---- what rounding to the grid takes away ---- */

struct UsFineRows
{
	const UsSpace *space;
	UsFrame    *frame;
	const UsEncoder *encoder;
	double	   *encoded;		/* [width][US_CHUNK_ROWS] */
	double	   *y;				/* [width] */
};

UsFineRows *
us_fine_rows(const UsSpace *space, UsFrame *frame, const UsEncoder *encoder, UsArena *arena)
{
	UsFineRows *f = (UsFineRows *) us_arena_alloc(arena, sizeof(UsFineRows));

	f->space = space;
	f->frame = frame;
	f->encoder = encoder;
	f->encoded = (double *) us_arena_array(arena, (Size) US_CHUNK_ROWS * space->width, sizeof(double));
	f->y = (double *) us_arena_array(arena, space->width, sizeof(double));
	return f;
}

/* Encode chunk number i of the frame. */
static void
encode(UsFineRows *f, int i)
{
	const UsChunk *in = us_frame_chunk(f->frame, i);

	us_encoder_apply_chunk(f->encoder, in, f->encoded, US_CHUNK_ROWS);
	if (f->space->unit)
		us_unit_rows(f->encoded, f->space->width, US_CHUNK_ROWS, in->nrows);
}

/* Column j of row r of that chunk: what its coordinate x lacks, in the same units. */
static inline float
finer(const UsFineRows *f, int r, int j, float x)
{
	double		relative = f->encoded[(Size) j * US_CHUNK_ROWS + r] - f->space->grid[j].offset;

	return (float) (ldexp(relative, -f->space->scale) - x);
}

/* ---- reading ---- */

typedef struct Visit
{
	int			width;			/* of the space */
	int			i;				/* number of the chunk */
	UsFineRows *fine;
	UsLabelsOfChunk labels;
	void	   *context;
	UsSampler  *sampler;
	float	   *x;				/* [US_CHUNK_ROWS * (2 * width + 1)] */
	uint16	   *label;			/* [US_CHUNK_ROWS] */
} Visit;

/* A UsMatrixVisit: hand the chunk on with the finer parts and the labels as more columns. */
static void
visit(void *context, const UsMatrixChunk *chunk, const uint64 *key)
{
	Visit	   *v = (Visit *) context;
	UsMatrixChunk wide = *chunk;
	int			nblocks = (chunk->nrows + US_LANES - 1) / US_LANES;
	Size		from = (Size) v->width * US_LANES;
	Size		to = 2 * from + US_LANES;

	v->labels(v->context, v->i, chunk, v->label);
	encode(v->fine, v->i++);
	memset(v->x, 0, sizeof(float) * nblocks * to);
	for (int b = 0; b < nblocks; b++)
		memcpy(v->x + b * to, chunk->x + b * from, sizeof(float) * from);
	for (int r = 0; r < chunk->nrows; r++)
	{
		float	   *row = v->x + r / US_LANES * to + r % US_LANES;

		for (int j = 0; j < v->width; j++)
			row[(v->width + j) * US_LANES] = finer(v->fine, r, j, row[j * US_LANES]);
		row[2 * from] = v->label[r];
	}
	wide.x = v->x;
	us_sampler_visit(v->sampler, &wide, key);
}

Size
us_labelled_bytes(const UsSpace *space, int capacity)
{
	UsSpace		w = *space;

	w.width = 2 * w.width + 1;
	/* the sampler, its points, the points without label, these in float8, their labels, an index */
	return us_sampler_bytes(&w, capacity) + (Size) capacity *
		(sizeof(float) * (w.width + space->width + 2) + 6 * sizeof(int64) + sizeof(double) * space->width +
		 sizeof(uint16) + 4 * sizeof(int32)) +
		(Size) US_CHUNK_ROWS * (2 * sizeof(double) * space->width + sizeof(float) * w.width);
}

/* Points without the finer parts, which are added to fine, and without the last column, which becomes label. */
static UsLabelled
split(const UsSpace *space, const UsPoints *wide, UsArena *arena)
{
	UsLabelled	l;
	UsPoints   *p = us_points_create(arena, wide->n, space->width, space->grid, space->scale,
									 space->back, wide->weight != NULL, wide->rows != NULL);
	float	   *x = (float *) us_arena_array(arena, wide->width, sizeof(float));

	l.points = p;
	l.complete = true;
	l.fine = (double *) us_arena_array(arena, (Size) wide->n * space->width, sizeof(double));
	l.label = (uint16 *) us_arena_array(arena, (Size) p->nblocks * US_LANES, sizeof(uint16));
	for (int i = 0; i < wide->n; i++)
	{
		us_points_get(wide, i, x);
		us_points_set(p, i, x);
		for (int j = 0; j < space->width; j++)
			l.fine[(Size) i * space->width + j] = (double) x[j] + x[space->width + j];
		l.label[i] = (uint16) x[2 * space->width];
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
	v.fine = us_fine_rows(space, frame, encoder, own);
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
};

static uint32
place(const UsLabelledIndex *index, const double *y, uint16 label)
{
	return (uint32) us_hash_bytes(y, sizeof(double) * index->l->points->width, label) & index->mask;
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
	for (int i = 0; i < p->n; i++)
	{
		uint32		at = place(index, l->fine + (Size) i * p->width, l->label[i]);

		while (index->slot[at] != 0)
			at = (at + 1) & index->mask;
		index->slot[at] = i + 1;
	}
	return index;
}

void
us_fine_chunk(UsFineRows *f, int i)
{
	encode(f, i);
}

int
us_labelled_find(const UsLabelledIndex *index, const UsFineRows *f, const UsMatrixChunk *chunk, int r,
				 uint16 label)
{
	int			width = index->l->points->width;
	const float *row = chunk->x + (Size) (r / US_LANES) * width * US_LANES + r % US_LANES;
	uint32		at;

	for (int j = 0; j < width; j++)
		f->y[j] = (double) row[j * US_LANES] + finer(f, r, j, row[j * US_LANES]);
	at = place(index, f->y, label);
	for (; index->slot[at] != 0; at = (at + 1) & index->mask)
	{
		int			i = index->slot[at] - 1;

		if (index->l->label[i] == label &&
			memcmp(index->l->fine + (Size) i * width, f->y, sizeof(double) * width) == 0)
			return i;
	}
	return -1;
}
