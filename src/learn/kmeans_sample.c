/*
 * kmeans_sample.c
 *	  Distinct rows with the smallest hashes ("bottom-k sketch"; E. Cohen and H. Kaplan,
 *	  "Summarizing data using bottom-k sketches", PODC 2007).
 *
 * Rows whose hash is below the bound are appended to a buffer somewhat larger than the
 * capacity; when it is full, it is sorted, equal rows are merged, and the rows behind the
 * capacity are given up, which lowers the bound.  A row that is kept was never
 * given up before (the bound only falls), so its count is complete.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "learn/kmeans_sample.h"
#include "math/hash.h"

#define SAMPLE_ROWS			16384
#define SAMPLE_ROWS_EACH	50
#define SAMPLE_VALUES		(1 << 22)
#define LEAST_ROWS_EACH		10

/* Where the coordinates of a row are in the buffer, and its hash. */
typedef struct SampleRow
{
	uint64		hash;
	int32		slot;
} SampleRow;

struct UsSampler
{
	const UsSpace *space;
	int			width;
	int			capacity;		/* rows that are kept */
	int			room;			/* rows of the buffer */
	int			n;				/* rows in the buffer, slots 0 .. n - 1 */
	uint64		seed;
	uint64		bound;			/* largest hash that is let in */
	bool		lost;			/* a row was given up */
	double		far;			/* 1 / mean_square, or 0: all rows alike */
	float	   *zero;			/* the offsets, if far > 0 */
	SampleRow  *row;			/* [room] */
	float	   *x;				/* [room][width], by slot */
	int64	   *weight;			/* [room], by slot; NULL without weights */
	int64	   *rows;			/* [room], by slot: equal rows */
	int32	   *order;			/* [room], scratch */
};

static inline const float *
coordinates(const UsSampler *s, int32 slot)
{
	return s->x + (Size) slot * s->width;
}

static inline int
compare_rows(const SampleRow *a, const SampleRow *b, const UsSampler *s)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return memcmp(coordinates(s, a->slot), coordinates(s, b->slot), sizeof(float) * s->width);
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE SampleRow
#define ST_COMPARE(a, b, s) compare_rows(a, b, s)
#define ST_COMPARE_ARG_TYPE const UsSampler
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static int
room_for(int capacity)
{
	return capacity + capacity / 2 + 1;
}

Size
us_sampler_bytes(const UsSpace *space, int capacity)
{
	return (Size) room_for(capacity) *
		(sizeof(SampleRow) + sizeof(float) * space->width + sizeof(int64) + sizeof(int32) +
		 (space->weighted ? sizeof(int64) : 0));
}

UsSampler *
us_sampler_create(const UsSpace *space, int capacity, uint64 seed, UsArena *arena)
{
	UsSampler  *s = (UsSampler *) us_arena_alloc(arena, sizeof(UsSampler));

	s->space = space;
	s->width = space->width;
	s->capacity = capacity;
	s->room = room_for(capacity);
	s->seed = seed;
	s->bound = PG_UINT64_MAX;
	s->row = (SampleRow *) us_arena_array(arena, s->room, sizeof(SampleRow));
	s->x = (float *) us_arena_array(arena, (Size) s->room * s->width, sizeof(float));
	if (space->weighted)
		s->weight = (int64 *) us_arena_array(arena, s->room, sizeof(int64));
	s->rows = (int64 *) us_arena_array(arena, s->room, sizeof(int64));
	s->order = (int32 *) us_arena_array(arena, s->room, sizeof(int32));
	return s;
}

void
us_sampler_prefer_far(UsSampler *s, double mean_square)
{
	Assert(mean_square > 0);
	s->far = 1 / mean_square;
	s->zero = (float *) palloc0(sizeof(float) * s->width);
}

/* Row from is one more of the row to. */
static inline void
merge_into(UsSampler *s, int32 to, int32 from)
{
	s->rows[to] += s->rows[from];
	if (s->weight != NULL)
		s->weight[to] += s->weight[from];
}

/* Sort and merge equal rows; returns how many distinct ones stand at the front. */
static int
merge_equal(UsSampler *s)
{
	int			n = 0;

	sort_rows(s->row, s->n, s);
	for (int i = 0; i < s->n; i++)
	{
		if (n > 0 && compare_rows(&s->row[n - 1], &s->row[i], s) == 0)
			merge_into(s, s->row[n - 1].slot, s->row[i].slot);
		else
			s->row[n++] = s->row[i];
	}
	return n;
}

/* Put the rows that are left into slots 0 .. n - 1. */
static void
compact(UsSampler *s, int n)
{
	/* order[slot]: the row that owns it, or -1 */
	for (int i = 0; i < s->n; i++)
		s->order[i] = -1;
	for (int i = 0; i < n; i++)
		s->order[s->row[i].slot] = i;
	for (int from = s->n - 1, to = 0; from >= n; from--)
	{
		int			owner = s->order[from];

		if (owner < 0)
			continue;
		while (s->order[to] >= 0)
			to++;
		memcpy(s->x + (Size) to * s->width, coordinates(s, from), sizeof(float) * s->width);
		if (s->weight != NULL)
			s->weight[to] = s->weight[from];
		s->rows[to] = s->rows[from];
		s->row[owner].slot = to;
		s->order[to] = owner;
	}
	s->n = n;
}

static void
shrink(UsSampler *s)
{
	int			n = merge_equal(s);

	if (n >= s->capacity)
	{
		s->lost = s->lost || n > s->capacity;
		n = s->capacity;
		s->bound = s->row[n - 1].hash;
	}
	compact(s, n);
}

void
us_sampler_visit(void *context, const UsMatrixChunk *chunk, const uint64 *key)
{
	UsSampler  *s = (UsSampler *) context;
	uint64		seed = s->seed;
	float		distance[US_CHUNK_ROWS] __attribute__((aligned(US_BLOCK_ALIGN)));

	if (s->far > 0)
		us_distance_blocks(chunk->x, (chunk->nrows + US_LANES - 1) / US_LANES, s->width, s->zero,
						   distance);
	for (int r = 0; r < chunk->nrows; r++)
	{
		uint64		hash = us_mix64(seed, key[r]);
		const float *row;
		float	   *x;

		if (s->far > 0)
			hash = (uint64) ((double) (hash >> 11) / (1 + distance[r] * s->far));
		if (hash > s->bound)
		{
			s->lost = true;
			continue;
		}
		if (chunk->weight != NULL && chunk->weight[r] == 0)
			continue;
		if (s->n == s->room)
			shrink(s);
		s->row[s->n].hash = hash;
		s->row[s->n].slot = s->n;
		if (s->weight != NULL)
			s->weight[s->n] = chunk->weight[r];
		s->rows[s->n] = 1;
		row = chunk->x + (Size) (r / US_LANES) * s->width * US_LANES + r % US_LANES;
		x = s->x + (Size) s->n * s->width;
		for (int j = 0; j < s->width; j++)
			x[j] = row[j * US_LANES];
		s->n++;
	}
}

/*
 * Merge rows of different keys with equal coordinates into the one with the
 * smaller hash, by a hash table of coordinates in order; returns how many are left.
 */
static int
merge_equal_coordinates(UsSampler *s, UsArena *arena)
{
	uint32		size = 16;
	int32	   *table;
	int			n = 0;

	while (size < (uint32) s->n * 2)
		size *= 2;
	table = (int32 *) us_arena_array(arena, size, sizeof(int32));	/* row + 1; 0: free */
	for (int i = 0; i < s->n; i++)
	{
		const float *x = coordinates(s, s->row[i].slot);
		uint32		at = (uint32) us_hash_bytes(x, sizeof(float) * s->width, 0) & (size - 1);

		while (table[at] != 0 &&
			   memcmp(coordinates(s, s->row[table[at] - 1].slot), x, sizeof(float) * s->width) != 0)
			at = (at + 1) & (size - 1);
		if (table[at] != 0)
		{
			merge_into(s, s->row[table[at] - 1].slot, s->row[i].slot);
			continue;
		}
		s->row[n++] = s->row[i];
		table[at] = n;
	}
	return n;
}

UsPoints *
us_sampler_points(UsSampler *s, UsArena *arena, bool *complete)
{
	UsPoints   *p;
	bool		repeated = false;
	int			n = merge_equal(s);

	if (n > s->capacity)
	{
		s->lost = true;
		n = s->capacity;
	}
	s->n = n;
	n = merge_equal_coordinates(s, arena);
	for (int i = 0; i < n; i++)
		repeated = repeated || s->rows[s->row[i].slot] > 1;
	p = us_points_create(arena, n, s->width, s->space->grid, s->space->scale, s->space->back,
						 repeated || s->space->weighted, repeated);
	for (int i = 0; i < n; i++)
	{
		int32		slot = s->row[i].slot;

		us_points_set(p, i, coordinates(s, slot));
		p->hash[i] = s->row[i].hash;
		if (p->weight != NULL)
			p->weight[i] = s->weight ? s->weight[slot] : s->rows[slot];
		if (p->rows != NULL)
			p->rows[i] = s->rows[slot];
	}
	us_points_complete(p);
	*complete = !s->lost;
	return p;
}

int64
us_sample_rows(int64 asked, int64 nrows, int width, int max_k)
{
	int64		rows = asked;

	if (rows == 0)
	{
		rows = Max(SAMPLE_ROWS, (int64) SAMPLE_ROWS_EACH * max_k);
		rows = Min(rows, SAMPLE_VALUES / width);
		rows = Max(rows, Max(US_LEAST_SAMPLE_ROWS, (int64) LEAST_ROWS_EACH * max_k));
	}
	return Max(Min(rows, nrows), max_k);
}
