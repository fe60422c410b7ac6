/*
 * shuffle.c
 *	  Rows in the order of their hashes, in two passes over them.
 *
 * The range of hashes is cut into buckets of about equally many rows.  A first pass over
 * the keys counts the rows of each bucket, so that every bucket knows its place; a second one encodes
 * the rows and puts each at the end of its bucket.  Then the buckets are sorted one
 * by one.  Equal rows of a bucket (which without an id share a key, and may be
 * many) are kept once with their number, so that a bucket needs no more memory
 * than its distinct rows.
 */
#include "postgres.h"

#include "infra/progress.h"
#include "data/shuffle.h"
#include "math/hash.h"

/* apart from the hashes that draw samples under the same seed */
#define STREAM UINT64CONST(0x73687566666c6521)

/* bytes of the rows of a bucket when it is sorted, and of all write buffers together */
#define BUCKET_BYTES	((Size) 2 * 1024 * 1024)
#define WRITE_BYTES		((Size) 4 * 1024 * 1024)
#define LEAST_BUCKET	64
#define MOST_BUFFERED	256

/* what an arena may round up */
#define ROUNDING		((Size) 4 * 1024 * 1024)

/* A row on its way: this, then float[width]. */
typedef struct Row
{
	uint64		hash;
	int64		weight;			/* 1 without weights */
} Row;

/* A row of a bucket that is sorted: a record in memory, and how many are equal. */
typedef struct Entry
{
	uint64		hash;
	int64		n;
	int32		slot;
} Entry;

typedef struct Shuffle
{
	const UsMatrix *m;
	UsTeam	   *team;
	uint64		seed;
	UsMatrixVisit visit;		/* of the caller, or NULL */
	void	   *context;

	Size		row_bytes;
	int			nbuckets;
	int64	   *start;			/* [nbuckets + 1] first row of each */
	int64	   *filled;			/* [nbuckets] rows that are in their place */
	char	   *memory;			/* all rows, or NULL: in the file ... */
	uint64		file_at;		/* ... from here */
	int			buffered;		/* rows that each bucket buffers before they are written */
	char	   *buffer;			/* [nbuckets][buffered] */
	int		   *waiting;		/* [nbuckets] rows in its buffer */

	/* sorting of a bucket */
	UsArena    *arena;
	UsBudget   *budget;
	int			room;
	int			n;
	Entry	   *entry;			/* [room] */
	char	   *row;			/* [room] by slot */
	int32	   *owner;			/* [room], scratch */

	/* the matrix in the making */
	int64		done;			/* rows */
	char	   *own;			/* the chunk at hand, if the matrix is spilled */
	char	   *chunk;
} Shuffle;

static inline char *
slot_row(const Shuffle *s, int32 slot)
{
	return s->row + (Size) slot * s->row_bytes;
}

static inline int
compare_entries(const Entry *a, const Entry *b, const Shuffle *s)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return memcmp(slot_row(s, a->slot), slot_row(s, b->slot), s->row_bytes);
}

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE Entry
#define ST_COMPARE(a, b, s) compare_entries(a, b, s)
#define ST_COMPARE_ARG_TYPE const Shuffle
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "miscadmin.h"
#include "lib/sort_template.h"

/* ---- sizes ---- */

static Size
bytes_of_row(const UsMatrix *m)
{
	return TYPEALIGN(sizeof(int64), sizeof(Row) + sizeof(float) * m->width);
}

/* Rows of a bucket, on average. */
static int
bucket_rows(const UsMatrix *m)
{
	Size		rows = BUCKET_BYTES / bytes_of_row(m);

	return (int) Max(Min(rows, US_CHUNK_ROWS), LEAST_BUCKET);
}

static int
number_of_buckets(const UsMatrix *m)
{
	return (int) (m->nrows / bucket_rows(m)) + 1;
}

/* Room to sort a bucket in, when its rows are as many as they should be. */
static int
usual_room(const UsMatrix *m)
{
	return 2 * bucket_rows(m);
}

static Size
bytes_of_room(const UsMatrix *m, int room)
{
	return (Size) room * (sizeof(Entry) + bytes_of_row(m) + sizeof(int32));
}

static Size
bytes_of_buckets(const UsMatrix *m)
{
	return (Size) number_of_buckets(m) * (2 * sizeof(int64) + sizeof(int)) + sizeof(int64);
}

static int
rows_buffered(const UsMatrix *m)
{
	Size		rows = WRITE_BYTES / (number_of_buckets(m) * bytes_of_row(m));

	return (int) Max(Min(rows, MOST_BUFFERED), 1);
}

Size
us_shuffle_bytes(const UsMatrix *m)
{
	return bytes_of_room(m, usual_room(m)) + bytes_of_buckets(m) + m->chunk_bytes +
		(Size) number_of_buckets(m) * rows_buffered(m) * bytes_of_row(m) + ROUNDING;
}

/* ---- from the source to the buckets ---- */

static inline uint64
hash_of(const Shuffle *s, uint64 key)
{
	return us_mix64(s->seed, key);
}

/* Buckets are ranges of hashes. */
static inline int
bucket_of(const Shuffle *s, uint64 hash)
{
	return (int) (((uint128) hash * s->nbuckets) >> 64);
}

/* Find out where each bucket starts. */
static void
count_rows(Shuffle *s, UsFrame *frame)
{
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);

		us_progress("count", i, frame->nchunks);
		for (int r = 0; r < chunk->nrows; r++)
			s->start[bucket_of(s, hash_of(s, chunk->key[r])) + 1]++;
	}
	for (int b = 0; b < s->nbuckets; b++)
		s->start[b + 1] += s->start[b];
}

/* Where row i of all buckets is in the file. */
static uint64
file_offset(const Shuffle *s, int64 i)
{
	return s->file_at + (uint64) i * s->row_bytes;
}

static void
flush(Shuffle *s, int b)
{
	us_team_write(s->team, file_offset(s, s->start[b] + s->filled[b]),
				  s->buffer + (Size) b * s->buffered * s->row_bytes,
				  (Size) s->waiting[b] * s->row_bytes);
	s->filled[b] += s->waiting[b];
	s->waiting[b] = 0;
}

/* The place of the next row of bucket b. */
static char *
next_place(Shuffle *s, int b)
{
	if (s->memory != NULL)
		return s->memory + (Size) (s->start[b] + s->filled[b]++) * s->row_bytes;
	if (s->waiting[b] == s->buffered)
		flush(s, b);
	return s->buffer + ((Size) b * s->buffered + s->waiting[b]++) * s->row_bytes;
}

/* Put the rows of an encoded chunk into their buckets: a UsMatrixVisit. */
static void
scatter(void *context, const UsMatrixChunk *chunk, const uint64 *key)
{
	Shuffle    *s = (Shuffle *) context;
	int			width = s->m->width;

	for (int r = 0; r < chunk->nrows; r++)
	{
		uint64		hash = hash_of(s, key[r]);
		Row		   *row = (Row *) next_place(s, bucket_of(s, hash));
		float	   *to = (float *) (row + 1);
		const float *from = chunk->x + (Size) (r / US_LANES) * width * US_LANES + r % US_LANES;

		row->hash = hash;
		row->weight = chunk->weight ? chunk->weight[r] : 1;
		for (int j = 0; j < width; j++)
			to[j] = from[j * US_LANES];
	}
	if (s->visit != NULL)
		s->visit(s->context, chunk, key);
}

/* ---- from the buckets to the matrix ---- */

/* Sort the entries and merge equal ones. */
static void
merge_equal(Shuffle *s)
{
	int			n = 0;

	sort_entries(s->entry, s->n, s);
	for (int i = 0; i < s->n; i++)
	{
		if (n > 0 && compare_entries(&s->entry[n - 1], &s->entry[i], s) == 0)
			s->entry[n - 1].n += s->entry[i].n;
		else
			s->entry[n++] = s->entry[i];
	}
	s->n = n;
}

/* Bring the rows of the entries into slots 0 .. n - 1, out of before slots. */
static void
compact(Shuffle *s, int before)
{
	int			to = 0;

	for (int slot = 0; slot < before; slot++)
		s->owner[slot] = -1;
	for (int i = 0; i < s->n; i++)
		s->owner[s->entry[i].slot] = i;
	for (int from = before - 1; from >= s->n; from--)
	{
		if (s->owner[from] < 0)
			continue;
		while (s->owner[to] >= 0)
			to++;
		memcpy(slot_row(s, to), slot_row(s, from), s->row_bytes);
		s->entry[s->owner[from]].slot = to;
		s->owner[to] = s->owner[from];
	}
}

static void
make_room(Shuffle *s, int room)
{
	Entry	   *entry = (Entry *) us_arena_array(s->arena, room, sizeof(Entry));
	char	   *row = (char *) us_arena_array(s->arena, room, s->row_bytes);

	if (s->n > 0)
	{
		memcpy(entry, s->entry, sizeof(Entry) * s->n);
		memcpy(row, s->row, s->row_bytes * s->n);
	}
	s->owner = (int32 *) us_arena_array(s->arena, room, sizeof(int32));
	s->entry = entry;
	s->row = row;
	s->room = room;
}

/* Rows from .. to of all buckets become entries, in the slots behind those that are taken. */
static void
read_rows(Shuffle *s, int64 from, int64 to)
{
	Size		bytes = (Size) (to - from) * s->row_bytes;

	if (s->memory != NULL)
		memcpy(slot_row(s, s->n), s->memory + (Size) from * s->row_bytes, bytes);
	else
		us_team_read(s->team, file_offset(s, from), slot_row(s, s->n), bytes);
	for (int64 i = from; i < to; i++, s->n++)
		s->entry[s->n] = (Entry) {((Row *) slot_row(s, s->n))->hash, 1, s->n};
}

/* One more row for the matrix, n times. */
static void
emit(Shuffle *s, const Row *row, int64 n)
{
	const UsMatrix *m = s->m;
	const float *from = (const float *) (row + 1);

	for (int64 i = 0; i < n; i++)
	{
		int			r = (int) (s->done % US_CHUNK_ROWS);
		int			at = (int) (s->done / US_CHUNK_ROWS);
		float	   *to;

		if (r == 0)
		{
			CHECK_FOR_INTERRUPTS();
			s->chunk = s->own ? s->own :
				(char *) us_team_area(s->team) + m->offset + (Size) at * m->chunk_bytes;
			memset(s->chunk, 0, m->chunk_bytes);
		}
		to = (float *) s->chunk + (Size) (r / US_LANES) * m->width * US_LANES + r % US_LANES;
		for (int j = 0; j < m->width; j++)
			to[j * US_LANES] = from[j];
		if (m->weighted)
			((int64 *) (s->chunk + (Size) US_CHUNK_ROWS * m->width * sizeof(float)))[r] = row->weight;
		s->done++;
		if (s->own != NULL && (r == US_CHUNK_ROWS - 1 || s->done == m->nrows))
			us_team_write(s->team, (uint64) at * m->chunk_bytes, s->chunk, m->chunk_bytes);
	}
}

/* Sort bucket b and append its rows to the matrix. */
static void
take_bucket(Shuffle *s, int b)
{
	int64		at = s->start[b];

	s->n = 0;
	while (at < s->start[b + 1])
	{
		int64		to = Min(at + (s->room - s->n), s->start[b + 1]);
		int			n;

		CHECK_FOR_INTERRUPTS();
		read_rows(s, at, to);
		at = to;
		n = s->n;
		merge_equal(s);
		if (at == s->start[b + 1])
			break;
		compact(s, n);
		if (s->n > s->room / 2)
			make_room(s, s->room * 2);
	}
	for (int i = 0; i < s->n; i++)
		emit(s, (const Row *) slot_row(s, s->entry[i].slot), s->entry[i].n);
}

/* ---- the whole ---- */

static void
prepare(Shuffle *s)
{
	const UsMatrix *m = s->m;
	Size		all;

	s->row_bytes = bytes_of_row(m);
	s->nbuckets = number_of_buckets(m);
	s->start = (int64 *) us_arena_array(s->arena, s->nbuckets + 1, sizeof(int64));
	s->filled = (int64 *) us_arena_array(s->arena, s->nbuckets, sizeof(int64));
	s->waiting = (int *) us_arena_array(s->arena, s->nbuckets, sizeof(int));
	make_room(s, usual_room(m));
	all = (Size) m->nrows * s->row_bytes;
	if (all + ROUNDING <= us_budget_left(s->budget))
		s->memory = (char *) us_arena_alloc(s->arena, all);
	else
	{
		s->file_at = m->spilled ? (uint64) m->nchunks * m->chunk_bytes : 0;
		s->buffered = rows_buffered(m);
		s->buffer = (char *) us_arena_array(s->arena, (Size) s->nbuckets * s->buffered, s->row_bytes);
	}
	if (m->spilled)
		s->own = (char *) us_arena_alloc(s->arena, m->chunk_bytes);
}

void
us_matrix_shuffle(const UsMatrix *m, UsTeam *team, const UsSpace *space,
				  UsFrame *frame, const UsEncoder *encoder, uint64 seed, UsBudget *budget,
				  int128 *squares, UsMatrixVisit visit, void *context)
{
	Shuffle		s = {0};

	s.m = m;
	s.team = team;
	s.seed = us_hash64(seed ^ STREAM);
	s.visit = visit;
	s.context = context;
	s.budget = budget;
	s.arena = us_arena_create(CurrentMemoryContext, budget);
	prepare(&s);
	count_rows(&s, frame);
	us_matrix_encode(m, team, false, space, frame, encoder, squares, scatter, &s);
	if (s.memory == NULL)
		for (int b = 0; b < s.nbuckets; b++)
			flush(&s, b);
	for (int b = 0; b < s.nbuckets; b++)
	{
		us_progress("shuffle", b, s.nbuckets);
		take_bucket(&s, b);
	}
	Assert(s.done == m->nrows);
	us_arena_reset(s.arena);
}
