/*
 * test_matrix.c
 *	  Encoded rows as blocks, in memory and in the file of a team; the sample of
 *	  distinct rows.
 */
#include "postgres.h"

#include <math.h>

#include "data/frame_build.h"
#include "data/matrix.h"
#include "data/shuffle.h"
#include "lib/stringinfo.h"
#include "learn/kmeans_sample.h"
#include "math/random.h"
#include "unit.h"
#include "unit_encode.h"

#define MB ((Size) 1024 * 1024)
#define ROWS 10000

/* A number as a function of the row: repeated values, so that there are equal rows. */
static double
value(int i, int j)
{
	return j == 0 ? i % 70 * 0.25 : (i % 90 - 45) * 3.0;
}

/* Two columns; rows in order (step 1) or another (step coprime to ROWS); keys by id or by value. */
static UsFrame *
make_frame(int step, bool weighted, bool keyed)
{
	UsColumn	column[2] = {
		{.name = "a", .type_name = "double precision", .kind = US_KIND_NUMBER, .role = US_ROLE_FEATURE},
		{.name = "b", .type_name = "double precision", .kind = US_KIND_NUMBER, .role = US_ROLE_FEATURE}
	};
	UsFrameBuilder *b = us_frame_begin(column, 2, weighted, keyed, us_budget_create(64 * MB));

	for (int r = 0; r < ROWS; r++)
	{
		int			i = (int) ((int64) r * step % ROWS);

		if (keyed)
			b->key[b->row] = us_hash64(i);
		if (weighted)
			b->weight[b->row] = 0.5 + i % 5;
		us_frame_put_number(b, 0, value(i, 0));
		us_frame_put_number(b, 1, value(i, 1));
		us_frame_end_row(b);
	}
	return us_frame_finish(b, NULL);
}

static UsEncoder *
learn(UsFrame *frame)
{
	return us_encoder_learn(frame, unit_transform("{\"*\": \"none\"}"), US_NULL_IMPUTE, 42,
							us_budget_create(64 * MB));
}

UNIT_TEST(matrix_in_memory_and_in_a_file)
{
	for (int c = 0; c < 4; c++)
	{
		bool		weighted = c % 2 == 1;
		UsFrame    *frame = make_frame(1, weighted, true);
		UsEncoder  *encoder = learn(frame);
		UsSpace    *space = us_space_create(encoder, frame, false);
		UsMatrix	m = us_matrix_layout(space, frame);
		UsTeam	   *team;
		int128		squares[2];
		int128		want[2] = {0};
		void	   *buffer = (void *) TYPEALIGN(US_BLOCK_ALIGN, palloc(m.chunk_bytes + US_BLOCK_ALIGN));
		int			wrong = 0;

		m.spilled = c / 2 == 1;
		team = us_team_create(m.spilled ? 64 : m.chunk_bytes * m.nchunks, 0, false, NULL);
		us_matrix_encode(&m, team, true, space, frame, encoder, squares, NULL, NULL);
		UNIT_EQUAL_INT(m.nchunks, (ROWS + US_CHUNK_ROWS - 1) / US_CHUNK_ROWS);
		for (int i = 0; i < m.nchunks; i++)
		{
			UsMatrixChunk chunk;

			us_matrix_chunk(&m, team, i, buffer, &chunk);
			UNIT_EQUAL_INT(chunk.nrows, Min(US_CHUNK_ROWS, ROWS - i * US_CHUNK_ROWS));
			for (int r = 0; r < chunk.nrows; r++)
			{
				int			row = i * US_CHUNK_ROWS + r;
				int64		w = weighted ? chunk.weight[r] : 1;

				wrong += weighted && ldexp(w, -space->weight_exponent) != 0.5 + row % 5;
				for (int j = 0; j < 2; j++)
				{
					double		q = us_grid_q(space->grid[j], value(row, j));
					float		x = chunk.x[((r / US_LANES) * 2 + j) * US_LANES + r % US_LANES];

					wrong += x * space->back[j] != q;
					want[j] += (int128) (q * q) * w;
				}
			}
		}
		UNIT_EQUAL_INT(wrong, 0);
		UNIT_CHECK(squares[0] == want[0] && squares[1] == want[1]);
		if (m.spilled)
			UNIT_ERROR(us_team_read(team, m.chunk_bytes * m.nchunks - 1, buffer, 2),
					   ERRCODE_DATA_CORRUPTED, "ends at byte");
		us_team_end(team);
	}
}

UNIT_TEST(weights_are_scaled_to_forty_bits)
{
	UsFrame    *frame = make_frame(1, true, true);
	UsSpace    *space = us_space_create(learn(frame), frame, false);

	/* the largest is 4.5 < 2^3 */
	UNIT_EQUAL_INT(space->weight_exponent, 40 - 3);
}

UNIT_TEST(unit_rows_have_length_one)
{
	UsFrame    *frame = make_frame(1, false, true);
	UsEncoder  *encoder = learn(frame);
	UsSpace    *space = us_space_create(encoder, frame, true);
	double		x[2] = {3, -4};
	double		scratch[2];
	float		c[2];

	us_space_row(space, x, scratch, c);
	UNIT_CLOSE(ldexp(c[0], space->scale), 0.6, 1e-7);
	UNIT_CLOSE(ldexp(c[1], space->scale), -0.8, 1e-7);
}

static UsPoints *
sample(UsFrame *frame, int capacity, bool *complete)
{
	UsEncoder  *encoder = learn(frame);
	UsSpace    *space = us_space_create(encoder, frame, false);
	UsMatrix	m = us_matrix_layout(space, frame);
	UsTeam	   *team = us_team_create(64, 0, false, NULL);
	UsSampler  *sampler = us_sampler_create(space, capacity, 7,
											us_arena_create(CurrentMemoryContext, NULL));

	us_matrix_encode(&m, team, false, space, frame, encoder, NULL, us_sampler_visit, sampler);
	us_team_end(team);
	return us_sampler_points(sampler, us_arena_create(CurrentMemoryContext, NULL), complete);
}

static bool
same_points(const UsPoints *a, const UsPoints *b)
{
	if (a->n != b->n || (a->weight == NULL) != (b->weight == NULL))
		return false;
	return memcmp(a->x, b->x, sizeof(float) * a->nblocks * US_LANES * a->width) == 0 &&
		memcmp(a->hash, b->hash, sizeof(uint64) * a->n) == 0 &&
		(a->weight == NULL || memcmp(a->weight, b->weight, sizeof(int64) * a->n) == 0);
}

static int
compare_hash(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return x < y ? -1 : x > y;
}

UNIT_TEST(sample_is_the_rows_with_the_smallest_hashes)
{
	static const int capacities[] = {500, 3000, 9999};

	for (int c = 0; c < lengthof(capacities); c++)
	{
		bool		complete;
		bool		complete2;
		UsPoints   *p = sample(make_frame(1, false, true), capacities[c], &complete);
		UsPoints   *q = sample(make_frame(7, false, true), capacities[c], &complete2);
		uint64		hash[ROWS];
		int64		rows = 0;
		int			ascending = 0;

		for (int i = 0; i < ROWS; i++)
			hash[i] = us_mix64(7, us_hash64(i));
		qsort(hash, ROWS, sizeof(uint64), compare_hash);
		UNIT_CHECK(!complete && !complete2);
		UNIT_CHECK(same_points(p, q));
		for (int i = 0; i < p->n; i++)
		{
			rows += p->rows ? p->rows[i] : 1;
			ascending += i == 0 || p->hash[i] > p->hash[i - 1];
		}
		/* rows of equal values became one point, and all of them have hashes among the smallest */
		UNIT_EQUAL_INT(rows, capacities[c]);
		UNIT_EQUAL_INT(ascending, p->n);
		UNIT_CHECK(p->hash[0] == hash[0]);
		UNIT_CHECK(p->hash[p->n - 1] <= hash[capacities[c] - 1]);
	}
}

/* Without ids: 630 distinct rows; each with the number and weight of all its equals. */
UNIT_TEST(sample_of_distinct_rows_is_complete)
{
	for (int weighted = 0; weighted < 2; weighted++)
	{
		bool		complete;
		bool		complete2;
		UsPoints   *p = sample(make_frame(1, weighted == 1, false), 630, &complete);
		UsPoints   *q = sample(make_frame(3, weighted == 1, false), 2000, &complete2);
		int64		rows = 0;

		UNIT_CHECK(complete && complete2);
		UNIT_EQUAL_INT(p->n, 630);
		UNIT_CHECK(same_points(p, q));
		for (int i = 0; i < p->n; i++)
		{
			rows += p->rows[i];
			UNIT_CHECK(p->rows[i] == 15 || p->rows[i] == 16);
			if (!weighted)
				UNIT_CHECK(p->weight[i] == p->rows[i]);
		}
		UNIT_EQUAL_INT(rows, ROWS);
		UNIT_CLOSE(p->total_mass, weighted ? ldexp(25000, 37) : ROWS, 1e-6);
	}
}

/* 629 of 630 distinct rows: one is given up with all its equals. */
UNIT_TEST(sample_gives_up_whole_rows)
{
	bool		complete;
	UsPoints   *p = sample(make_frame(1, false, false), 629, &complete);
	int64		rows = 0;

	UNIT_CHECK(!complete);
	UNIT_EQUAL_INT(p->n, 629);
	for (int i = 0; i < p->n; i++)
		rows += p->rows[i];
	UNIT_CHECK(rows == ROWS - 15 || rows == ROWS - 16);
}

/* All rows of a shuffled matrix as one string of bytes: coordinates and weights in order. */
static StringInfo
shuffled_rows(UsFrame *frame, bool spilled, Size budget, uint64 seed, int128 *squares)
{
	UsEncoder  *encoder = learn(frame);
	UsSpace    *space = us_space_create(encoder, frame, false);
	UsMatrix	m = us_matrix_layout(space, frame);
	UsTeam	   *team;
	void	   *buffer = us_block_alloc(m.chunk_bytes);
	StringInfo	out = makeStringInfo();

	m.spilled = spilled;
	team = us_team_create(spilled ? 64 : m.chunk_bytes * m.nchunks, 0, false, NULL);
	us_matrix_shuffle(&m, team, space, frame, encoder, seed, us_budget_create(budget), squares, NULL, NULL);
	for (int i = 0; i < m.nchunks; i++)
	{
		UsMatrixChunk chunk;

		us_matrix_chunk(&m, team, i, buffer, &chunk);
		for (int r = 0; r < chunk.nrows; r++)
		{
			for (int j = 0; j < 2; j++)
				appendBinaryStringInfo(out, (char *) &chunk.x[(r / US_LANES * 2 + j) * US_LANES + r % US_LANES], sizeof(float));
			if (chunk.weight)
				appendBinaryStringInfo(out, (char *) &chunk.weight[r], sizeof(int64));
		}
	}
	us_team_end(team);
	return out;
}

static int
compare_pairs(const void *a, const void *b)
{
	return memcmp(a, b, 2 * sizeof(float));
}

/* The same rows in the same order for any source, in memory and in the file, with keys and without. */
UNIT_TEST(shuffled_rows_do_not_depend_on_the_source)
{
	for (int c = 0; c < 4; c++)
	{
		bool		weighted = c % 2 == 1;
		bool		keyed = c / 2 == 1;
		int128		squares[2];
		int128		others[2];
		StringInfo	first = shuffled_rows(make_frame(1, weighted, keyed), false, 64 * MB, 7, squares);
		StringInfo	second;

		UNIT_EQUAL_INT(first->len, ROWS * (8 + (weighted ? 8 : 0)));
		second = shuffled_rows(make_frame(7919, weighted, keyed), false, 64 * MB, 7, others);
		UNIT_CHECK(first->len == second->len && memcmp(first->data, second->data, first->len) == 0);
		UNIT_CHECK(memcmp(squares, others, sizeof(squares)) == 0);
		/* too little memory for all rows: through the file */
		second = shuffled_rows(make_frame(3, weighted, keyed), true, us_shuffle_bytes(&(UsMatrix) {.width = 2, .nrows = ROWS, .nchunks = 3, .chunk_bytes = 4096 * 16}), 7, others);
		UNIT_CHECK(first->len == second->len && memcmp(first->data, second->data, first->len) == 0);
		second = shuffled_rows(make_frame(1, weighted, keyed), false, 64 * MB, 8, others);
		UNIT_CHECK(memcmp(first->data, second->data, first->len) != 0);
		if (!weighted)
		{
			/* another order of the same rows */
			qsort(first->data, ROWS, 2 * sizeof(float), compare_pairs);
			qsort(second->data, ROWS, 2 * sizeof(float), compare_pairs);
			UNIT_CHECK(memcmp(first->data, second->data, first->len) == 0);
		}
	}
}

/* New rows that reach farther: the same offsets, wider steps, exact coordinates. */
UNIT_TEST(space_of_new_rows_covers_them)
{
	UsFrame    *frame = make_frame(1, false, true);
	UsEncoder  *encoder = learn(frame);
	UsSpace    *space = us_space_create(encoder, frame, false);
	double		min[2] = {-1e6, -10};
	double		max[2] = {5, 10};
	double		far[2] = {-1e155, -10};
	UsSpace    *wider = us_space_continue(encoder, frame, false, space->grid, min, max);

	UNIT_CHECK(wider->grid[0].offset == space->grid[0].offset && wider->grid[1].offset == space->grid[1].offset);
	UNIT_CHECK(fabs(us_grid_q(wider->grid[0], -1e6)) <= 8388608);
	UNIT_CHECK(fabs(us_grid_q(wider->grid[0], -1e6)) > 4194304 - 1);
	UNIT_EQUAL_INT(wider->grid[1].exponent, space->grid[1].exponent);
	UNIT_ERROR(us_space_continue(encoder, frame, false, space->grid, far, max), ERRCODE_INVALID_PARAMETER_VALUE, "-1e+155");
}
