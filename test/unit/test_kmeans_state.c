/*
 * test_kmeans_state.c
 *	  States of gridded sets against the trainer's kernels, bit for bit; sums of plain
 *	  states against exact sums.
 */
#include "postgres.h"

#include <math.h>

#include "agg/kmeans_state.h"
#include "math/random.h"
#include "unit.h"

#define ROWS	1000
#define WIDTH	5
#define K		7

typedef struct Table
{
	double		x[ROWS][WIDTH];
	double		weight[ROWS];	/* as the user has it */
	int64		integer[ROWS];	/* as it counts */
	UsGrid		grid[WIDTH];
	double		center[K][WIDTH];	/* relative to the offsets */
	UsCentroidSet *set;
	UsAssigner *assigner;
} Table;

/* Rows around K places, columns of different size; weights in steps of 2^-weight_exponent. */
static Table *
table_make(bool weighted, int weight_exponent, uint64 stream)
{
	static const double size[WIDTH] = {1, 1000, 1e-6, 7, 1e9};
	Table	   *t = palloc0(sizeof(Table));
	UsRandom	random;

	us_random_init(&random, 3, stream);
	for (int r = 0; r < ROWS; r++)
	{
		for (int j = 0; j < WIDTH; j++)
			t->x[r][j] = size[j] * (us_random_normal(&random) + (r * (j + 1)) % K);
		t->integer[r] = weighted ? 1 + (int64) (us_random_u64(&random) >> (24 + r % 40)) : 1;
		t->weight[r] = ldexp((double) t->integer[r], -weight_exponent);
	}
	for (int j = 0; j < WIDTH; j++)
	{
		double		min = INFINITY;
		double		max = -INFINITY;

		for (int r = 0; r < ROWS; r++)
		{
			min = fmin(min, t->x[r][j]);
			max = fmax(max, t->x[r][j]);
		}
		t->grid[j] = us_grid_make(3 * size[j], min, max);
	}
	us_grids_level(t->grid, WIDTH);
	for (int i = 0; i < K; i++)
		for (int j = 0; j < WIDTH; j++)
			t->center[i][j] = t->x[i * 11][j] - t->grid[j].offset;
	t->set = us_centroid_set_make(K, WIDTH, t->center[0], NULL, US_METRIC_EUCLIDEAN,
								  t->grid, weight_exponent);
	t->assigner = (UsAssigner *) palloc(us_assigner_size(t->set));
	us_assigner_fill(t->assigner, t->set);
	return t;
}

static void *
aligned(Size size)
{
	return (void *) TYPEALIGN(64, palloc0(size + 64));
}

static bool
same_bytes(const void *a, const void *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

static UsKmeansState *
add_row(UsKmeansState *s, const Table *t, int r)
{
	UsKmeansPoint *p = us_kmeans_point_make(t->set, t->assigner, t->x[r], t->weight[r]);

	return us_kmeans_add(s == NULL ? us_kmeans_new_for_point(p) : s, p);
}

/* The trainer's way: blocks, labels, integer sums. */
static UsSums
sums_of_blocks(const Table *t, uint16 *label, float *cost)
{
	int			nblocks = (ROWS + US_LANES - 1) / US_LANES;
	int			scale = us_grids_scale(t->grid, WIDTH);
	float	   *x = aligned(sizeof(float) * nblocks * US_LANES * WIDTH);
	float	   *center = aligned(sizeof(float) * K * WIDTH);
	double	   *column = aligned(sizeof(double) * nblocks * US_LANES);
	float		back[WIDTH];
	UsSums		sums = us_sums_at(aligned(us_sums_bytes(K, WIDTH)), K, WIDTH);

	for (int j = 0; j < WIDTH; j++)
	{
		UsQuantiser z = us_quantiser(t->grid[j], scale);

		for (int r = 0; r < ROWS; r++)
			column[r] = t->x[r][j];
		us_store_column(&z, column, ROWS, x, WIDTH, j, NULL);
		back[j] = z.back;
	}
	for (int i = 0; i < K * WIDTH; i++)
		center[i] = us_grid_coordinate(t->center[i / WIDTH][i % WIDTH], scale);
	us_nearest_blocks(x, nblocks, WIDTH, center, K, label, cost);
	us_sums_clear(&sums);
	us_sums_blocks(&sums, x, ROWS, back, t->integer, label);
	return sums;
}

static void
check_against_trainer(bool weighted, int weight_exponent)
{
	Table	   *t = table_make(weighted, weight_exponent, weight_exponent + 100);
	uint16	   *label = aligned(sizeof(uint16) * (ROWS + US_LANES));
	float	   *cost = aligned(sizeof(float) * (ROWS + US_LANES));
	UsSums		want = sums_of_blocks(t, label, cost);
	UsSums		got = us_sums_at(aligned(us_sums_bytes(K, WIDTH)), K, WIDTH);
	UsKmeansState *s = NULL;
	UsCentroidSet *next;
	double		mean[WIDTH];

	for (int r = 0; r < ROWS; r++)
	{
		UsKmeansPoint *p = us_kmeans_point_make(t->set, t->assigner, t->x[r], t->weight[r]);

		UNIT_EQUAL_INT(p->label, label[r]);
		UNIT_CHECK(p->cost == ldexp(cost[r], 2 * us_grids_scale(t->grid, WIDTH)));
		s = add_row(s, t, r);
	}
	us_kmeans_get_sums(us_kmeans_seal(s), &got);
	UNIT_CHECK(memcmp(want.sum, got.sum, us_sums_bytes(K, WIDTH)) == 0);

	next = us_kmeans_next(s, t->set);
	for (int i = 0; i < K; i++)
	{
		us_sums_mean(&want, i, t->grid, mean);
		UNIT_CHECK(memcmp(mean, us_centroid_center(next, i), sizeof(mean)) == 0);
		UNIT_CLOSE(us_centroid_weight(next)[i], ldexp((double) want.weight[i], -weight_exponent), 0);
	}
	UNIT_EQUAL_INT(next->weight_exponent, weight_exponent);
	UNIT_CHECK(memcmp(us_centroid_grid(next), us_centroid_grid(t->set), sizeof(UsGrid) * WIDTH) == 0);
}

UNIT_TEST(gridded_states_are_the_trainers)
{
	check_against_trainer(false, 0);
}

UNIT_TEST(gridded_weights_are_the_trainers)
{
	check_against_trainer(true, 10);
	check_against_trainer(true, -3);
}

/* Weights and values whose products need more than 53 bits are summed exactly. */
UNIT_TEST(large_products_are_exact)
{
	Table	   *t = table_make(false, 20, 1);
	UsKmeansState *s = NULL;
	UsSums		got = us_sums_at(aligned(us_sums_bytes(K, WIDTH)), K, WIDTH);
	int128		sum = 0;

	for (int r = 0; r < 10; r++)
	{
		int64		w = (INT64CONST(1) << 46) + 2 * r + 1;
		int128		q = (int128) us_grid_q(t->grid[1], t->x[r][1]);

		t->weight[r] = ldexp((double) w, -20);
		sum += q * w;
		s = add_row(s, t, r);
	}
	us_kmeans_get_sums(s, &got);
	for (int i = 1; i < K; i++)
		got.sum[1] += got.sum[i * WIDTH + 1];
	UNIT_CHECK(got.sum[1] == sum);
}

UNIT_TEST(order_and_grouping_leave_no_trace)
{
	Table	   *t = table_make(true, 10, 2);
	UsKmeansState *forward = NULL;
	UsKmeansState *backward = NULL;
	UsKmeansState *part[3] = {NULL};
	UsKmeansState *merged;
	UsWriter	w;
	UsReader	r;

	for (int i = 0; i < ROWS; i++)
	{
		forward = add_row(forward, t, i);
		backward = add_row(backward, t, ROWS - 1 - i);
		part[i * 7 % 3] = add_row(part[i * 7 % 3], t, i);
	}
	merged = us_kmeans_merge(us_kmeans_merge(us_kmeans_seal(part[2]), part[0]), us_kmeans_seal(part[1]));
	forward = us_kmeans_seal(forward);
	UNIT_CHECK(same_bytes(forward, us_kmeans_seal(backward)));
	UNIT_CHECK(same_bytes(forward, us_kmeans_seal(merged)));
	UNIT_CHECK(same_bytes(forward, us_kmeans_seal(forward)));

	us_writer_init(&w);
	us_kmeans_write(forward, &w);
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "state");
	UNIT_CHECK(same_bytes(forward, us_kmeans_read(&r)));
	us_reader_end(&r);
}

/* Values of all sizes and both signs: the window grows both ways, and carries come in time. */
UNIT_TEST(plain_sums_are_exact)
{
	static const int reach[] = {0, 5, 100, 400};
	UsRandom	random;

	us_random_init(&random, 4, 4);
	for (int f = 0; f < lengthof(reach); f++)
	{
		UsKmeansState *s = us_kmeans_new_mean(2);
		UsKmeansState *sealed;
		UsExactSum	want[3] = {{{0}}};
		UsExactSum	got;

		for (int r = 0; r < 3000; r++)
		{
			double		w = r % 3 == 0 ? 1 : us_random_double(&random);
			double		x[2];

			for (int j = 0; j < 2; j++)
			{
				x[j] = ldexp(us_random_double(&random) - (j == 0 ? 0.5 : 1.0),
							 (int) us_random_below(&random, 2 * reach[f] + 1) - reach[f]);
				if (r % 50 == 7)
					x[j] = 0;
				us_exact_add(&want[j], w * x[j]);
			}
			us_exact_add(&want[2], w);
			s = us_kmeans_add_mean(s, x, 2, w);
		}
		sealed = us_kmeans_seal(s);
		for (int j = 0; j < 3; j++)
		{
			us_kmeans_sum(s, 0, j, &got);
			UNIT_CHECK(us_exact_round(&got) == us_exact_round(&want[j]));
			us_kmeans_sum(sealed, 0, j, &got);
			for (int c = 0; c < US_EXACT_CHUNKS; c++)
				want[j].chunk[c] = -want[j].chunk[c];
			us_exact_merge(&got, &want[j]);
			UNIT_CHECK(us_exact_round(&got) == 0);
		}
		UNIT_CHECK(us_kmeans_rows(sealed)[0] == 3000);
		UNIT_CHECK(sealed->chunks <= s->chunks + 1);
	}
}

/* A sealed state of the smallest sums takes further rows and merges. */
UNIT_TEST(sealed_states_go_on)
{
	static const double values[] = {0, -1, 1, -5e-324, 1e308, -1e308, 0x1p-1022, -0x1p31, -0x1p32, 0x1p1023};

	for (int a = 0; a < lengthof(values); a++)
		for (int b = 0; b < lengthof(values); b++)
		{
			UsKmeansState *s = us_kmeans_add_mean(us_kmeans_new_mean(1), &values[a], 1, 1);
			UsKmeansState *t = us_kmeans_add_mean(us_kmeans_new_mean(1), &values[b], 1, 1);
			UsKmeansState *u = us_kmeans_seal(s);
			UsKmeansState *v = us_kmeans_seal(s);
			UsExactSum	sum;
			UsExactSum	want = {0};

			us_exact_add(&want, values[a]);
			us_exact_add(&want, values[b]);
			u = us_kmeans_seal(us_kmeans_merge(u, us_kmeans_seal(t)));
			v = us_kmeans_seal(us_kmeans_add_mean(v, &values[b], 1, 1));
			us_kmeans_sum(u, 0, 0, &sum);
			UNIT_CHECK(us_exact_round(&sum) == us_exact_round(&want));
			UNIT_CHECK(same_bytes(u, v));
		}
}

UNIT_TEST(weights_are_put_on_their_grid)
{
	Table	   *t = table_make(true, 2, 5);

	UNIT_CHECK(us_kmeans_point_make(t->set, t->assigner, t->x[0], 0) == NULL);
	/* rint(0.4) and rint(0.8): a row is counted even where its weight vanishes */
	UNIT_CHECK(us_kmeans_point_make(t->set, t->assigner, t->x[0], 0.1)->weight == 0);
	UNIT_CHECK(us_kmeans_point_make(t->set, t->assigner, t->x[0], 0.2)->weight == 1);
	UNIT_ERROR(us_kmeans_point_make(t->set, t->assigner, t->x[0], 1e300),
			   ERRCODE_INVALID_PARAMETER_VALUE, "weight of a row");
}

/* A row far outside the grid is clamped, not lost. */
UNIT_TEST(rows_outside_the_grid_are_clamped)
{
	Table	   *t = table_make(false, 0, 6);
	double		x[WIDTH] = {1e300, -1e300, 0, 0, 0};
	UsKmeansPoint *p = us_kmeans_point_make(t->set, t->assigner, x, 1);

	UNIT_CHECK(p->value[0] == US_GRID_MAX_Q && p->value[1] == -US_GRID_MAX_Q);
	UNIT_CHECK(us_kmeans_add(us_kmeans_new_for_point(p), p) != NULL);
}
