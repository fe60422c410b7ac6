/*
 * test_kernels.c
 *	  Distances and exact sums: blocks, packed centres and plain scalar code agree
 *	  bit for bit, whatever instruction set the loader chose.
 */
#include "postgres.h"

#include <math.h>

#include "math/random.h"
#include "math/sums.h"
#include "unit.h"

#define ROWS 1000
#define BLOCKS ((ROWS + US_LANES - 1) / US_LANES)

/* Memory aligned for vectors. */
static void *
aligned(Size bytes)
{
	return (void *) TYPEALIGN(US_BLOCK_ALIGN, palloc0(bytes + US_BLOCK_ALIGN));
}

typedef struct Sample
{
	int			width;
	UsGrid		grid[40];
	int			scale;
	UsQuantiser z[40];
	double	   *value[40];		/* [ROWS rounded up] */
	float	   *x;				/* blocks */
	float		back[40];
	int64		squares[40];
} Sample;

/* Columns of very different location and spread. */
static void
make_sample(Sample *s, int width, uint64 seed)
{
	UsRandom	random;

	us_random_init(&random, seed, width);
	s->width = width;
	s->x = (float *) aligned(sizeof(float) * BLOCKS * US_LANES * width);
	for (int j = 0; j < width; j++)
	{
		double		low = INFINITY;
		double		high = -INFINITY;

		s->value[j] = (double *) palloc0(sizeof(double) * BLOCKS * US_LANES);
		for (int i = 0; i < ROWS; i++)
		{
			double		v = (j % 3 - 1) * 1000.0 + ldexp(us_random_normal(&random), j % 5);

			s->value[j][i] = v;
			low = fmin(low, v);
			high = fmax(high, v);
		}
		s->grid[j] = us_grid_make((low + high) / 2, low, high);
	}
	us_grids_level(s->grid, width);
	s->scale = us_grids_scale(s->grid, width);
	for (int j = 0; j < width; j++)
	{
		s->z[j] = us_quantiser(s->grid[j], s->scale);
		s->back[j] = s->z[j].back;
		us_store_column(&s->z[j], s->value[j], ROWS, s->x, width, j, &s->squares[j]);
	}
}

static float
coordinate(const Sample *s, int i, int j)
{
	return s->x[((i / US_LANES) * s->width + j) * US_LANES + i % US_LANES];
}

UNIT_TEST(columns_stand_on_their_grid)
{
	Sample		s;

	make_sample(&s, 7, 1);
	for (int j = 0; j < s.width; j++)
	{
		int64		squares = 0;
		int			wrong = 0;

		for (int i = 0; i < ROWS; i++)
		{
			double		q = us_grid_q(s.grid[j], s.value[j][i]);
			float		c = us_grid_coordinate(us_grid_relative(s.grid[j], q), s.scale);

			wrong += us_quantise(&s.z[j], s.value[j][i]) != q;
			wrong += coordinate(&s, i, j) != c;
			wrong += (double) (c * s.back[j]) != q;
			wrong += fabs(q) > (1 << US_GRID_BITS);
			wrong += fabs(us_grid_relative(s.grid[j], q) + s.grid[j].offset - s.value[j][i]) >
				ldexp(0.5, s.grid[j].exponent) + 1e-12;
			squares += (int64) q * (int64) q;
		}
		UNIT_EQUAL_INT(wrong, 0);
		UNIT_EQUAL_INT(s.squares[j], squares);
		for (int i = ROWS; i < BLOCKS * US_LANES; i++)
			UNIT_CHECK(coordinate(&s, i, j) == 0);
	}
}

UNIT_TEST(extreme_grids_are_exact)
{
	static const double reach[] = {1e-300, 5e-324, 1e300, 1.0, 3e-20};

	for (int i = 0; i < lengthof(reach); i++)
	{
		UsGrid		g[2];
		UsQuantiser z;

		g[0] = us_grid_make(0, -reach[i], reach[i]);
		z = us_quantiser(g[0], us_grids_scale(g, 1));
		for (int t = -5; t <= 5; t++)
		{
			double		x = reach[i] * t / 5;

			UNIT_CHECK(us_quantise(&z, x) == us_grid_q(g[0], x));
			UNIT_CHECK(fabs(us_quantise(&z, x)) <= (1 << US_GRID_BITS));
		}
		/* a tiny column beside a large one stays a normal float4 */
		g[0] = us_grid_make(0, -1e30, 1e30);
		g[1] = us_grid_make(0, -reach[i], reach[i]);
		us_grids_level(g, 2);
		z = us_quantiser(g[1], us_grids_scale(g, 2));
		UNIT_CHECK((float) (1.0 * z.down) * z.back == 1.0f);
		UNIT_CHECK((float) (8388607.0 * z.down) * z.back == 8388607.0f);
	}
}

UNIT_TEST(nearest_agrees_bit_for_bit)
{
	static const int widths[] = {1, 2, 3, 8, 17, 40};
	static const int counts[] = {1, 2, 3, 4, 5, 8, 15, 16, 17, 33};
	uint16	   *label = (uint16 *) aligned(sizeof(uint16) * BLOCKS * US_LANES);
	float	   *distance = (float *) aligned(sizeof(float) * BLOCKS * US_LANES);

	for (int w = 0; w < lengthof(widths); w++)
	{
		int			width = widths[w];
		Sample		s;

		make_sample(&s, width, 2);
		for (int c = 0; c < lengthof(counts); c++)
		{
			int			k = counts[c];
			float	   *center = (float *) aligned(sizeof(float) * k * width);
			float	   *packed = (float *) palloc(sizeof(float) * us_packed_floats(k, width));
			int			wrong = 0;

			/* rows as centres, the last one twice: a tie */
			for (int i = 0; i < k; i++)
				for (int j = 0; j < width; j++)
					center[i * width + j] = coordinate(&s, (i == k - 1 ? 0 : i) * 7, j);
			us_pack_centers(center, k, width, packed);
			us_nearest_blocks(s.x, BLOCKS, width, center, k, label, distance);
			for (int r = 0; r < ROWS; r++)
			{
				float		x[40];
				float		best = INFINITY;
				float		d;
				int			nearest = -1;

				for (int j = 0; j < width; j++)
					x[j] = coordinate(&s, r, j);
				for (int i = 0; i < k; i++)
				{
					d = us_squared_distance(x, center + i * width, width);
					if (d < best)
					{
						best = d;
						nearest = i;
					}
				}
				wrong += label[r] != nearest || distance[r] != best;
				wrong += us_nearest_row(x, width, packed, k, &d) != nearest || d != best;
			}
			UNIT_EQUAL_INT(wrong, 0);
		}
	}
}

UNIT_TEST(second_distances)
{
	Sample		s;
	uint16	   *label = (uint16 *) aligned(sizeof(uint16) * BLOCKS * US_LANES);
	uint16	   *label2 = (uint16 *) aligned(sizeof(uint16) * BLOCKS * US_LANES);
	float	   *d = (float *) aligned(sizeof(float) * BLOCKS * US_LANES);
	float	   *first = (float *) aligned(sizeof(float) * BLOCKS * US_LANES);
	float	   *second = (float *) aligned(sizeof(float) * BLOCKS * US_LANES);

	make_sample(&s, 5, 4);
	for (int k = 1; k < 9; k++)
	{
		float	   *center = (float *) aligned(sizeof(float) * k * 5);
		int			wrong = 0;

		for (int i = 0; i < k; i++)
			for (int j = 0; j < 5; j++)
				center[i * 5 + j] = coordinate(&s, (i == k - 1 ? 0 : i) * 7, j);
		us_nearest_blocks(s.x, BLOCKS, 5, center, k, label2, d);
		us_two_nearest_blocks(s.x, BLOCKS, 5, center, k, label, first, second);
		for (int r = 0; r < ROWS; r++)
		{
			float		want = INFINITY;

			for (int i = 0; i < k; i++)
			{
				float		x[5];

				for (int j = 0; j < 5; j++)
					x[j] = coordinate(&s, r, j);
				if (i != label2[r])
					want = Min(want, us_squared_distance(x, center + i * 5, 5));
			}
			wrong += label[r] != label2[r] || first[r] != d[r] || second[r] != want;
		}
		us_distance_blocks(s.x, BLOCKS, 5, center, d);
		if (k == 1)
			wrong += memcmp(d, first, sizeof(float) * ROWS) != 0;
		UNIT_EQUAL_INT(wrong, 0);
	}
}

UNIT_TEST(sums_are_exact_and_moves_keep_them)
{
	static const int counts[] = {1, 3, 8, 70, 200};
	Sample		s;
	UsRandom	random;
	uint16	   *before = (uint16 *) aligned(sizeof(uint16) * BLOCKS * US_LANES);
	uint16	   *after = (uint16 *) aligned(sizeof(uint16) * BLOCKS * US_LANES);
	uint16		changed[BLOCKS * US_LANES];
	int64		weight[BLOCKS * US_LANES];

	us_random_init(&random, 3, 3);
	make_sample(&s, 8, 3);
	for (int r = 0; r < BLOCKS * US_LANES; r++)
		weight[r] = 1 + (us_random_u64(&random) >> 24);
	for (int c = 0; c < lengthof(counts) * 2; c++)
	{
		int			k = counts[c / 2];
		const int64 *w = c % 2 == 0 ? NULL : weight;
		UsSums		sums = us_sums_at(palloc(us_sums_bytes(k, 8)), k, 8);
		UsSums		want = us_sums_at(palloc(us_sums_bytes(k, 8)), k, 8);
		int			n;
		int			differ = 0;

		us_sums_clear(&sums);
		us_sums_clear(&want);
		for (int r = 0; r < BLOCKS * US_LANES; r++)
		{
			before[r] = us_random_below(&random, k);
			after[r] = r % 50 < 20 ? us_random_below(&random, k) : before[r];
			if (r >= ROWS)
				continue;
			for (int j = 0; j < 8; j++)
				want.sum[after[r] * 8 + j] += (int128) us_grid_q(s.grid[j], s.value[j][r]) *
					(w ? w[r] : 1);
			want.weight[after[r]] += w ? w[r] : 1;
			want.rows[after[r]]++;
			differ += before[r] != after[r];
		}
		us_sums_blocks(&sums, s.x, ROWS, s.back, w, before);
		n = us_changed_rows(before, after, ROWS, changed);
		UNIT_EQUAL_INT(n, differ);
		us_sums_move(&sums, s.x, s.back, w, before, after, changed, n);
		UNIT_CHECK(memcmp(sums.sum, want.sum, us_sums_bytes(k, 8)) == 0);
	}
}

/* Inertia against a plain two-pass sum over the rows, in long double. */
UNIT_TEST(inertia_from_sums)
{
	static const int counts[] = {1, 3, 8, 200};
	Sample		s;
	UsRandom	random;
	uint16	   *label = (uint16 *) aligned(sizeof(uint16) * BLOCKS * US_LANES);
	int64		weight[ROWS];

	us_random_init(&random, 5, 3);
	make_sample(&s, 8, 5);
	for (int c = 0; c < lengthof(counts) * 2; c++)
	{
		int			k = counts[c / 2];
		const int64 *w = c % 2 == 0 ? NULL : weight;
		UsSums		sums = us_sums_at(palloc(us_sums_bytes(k, 8)), k, 8);
		int128		squares[8] = {0};
		long double want = 0;
		double	   *mean = (double *) palloc0(sizeof(double) * k * 8);
		double	   *zero = (double *) palloc0(sizeof(double) * k * 8);
		long double shift = 0;

		us_sums_clear(&sums);
		for (int r = 0; r < ROWS; r++)
		{
			label[r] = us_random_below(&random, k);
			weight[r] = 1 + (us_random_u64(&random) >> 30);
		}
		us_sums_blocks(&sums, s.x, ROWS, s.back, w, label);
		for (int i = 0; i < k; i++)
			if (sums.weight[i] > 0)
				us_sums_mean(&sums, i, s.grid, mean + i * 8);
		for (int r = 0; r < ROWS; r++)
			for (int j = 0; j < 8; j++)
			{
				double		q = us_grid_q(s.grid[j], s.value[j][r]);
				long double d = us_grid_relative(s.grid[j], q) - (long double) mean[label[r] * 8 + j];

				squares[j] += (int128) ((int64) q * (int64) q) * (w ? w[r] : 1);
				want += d * d * (w ? w[r] : 1);
			}
		for (int i = 0; i < k; i++)
			for (int j = 0; j < 8; j++)
				shift += (long double) mean[i * 8 + j] * mean[i * 8 + j] * sums.weight[i];
		UNIT_CLOSE(us_sums_inertia(&sums, squares, s.grid) / (double) want, 1.0, 1e-13);
		UNIT_CLOSE(us_sums_between(&sums, mean, s.grid), 0.0, 0.0);
		UNIT_CLOSE(us_sums_between(&sums, zero, s.grid) / (double) shift, 1.0, 1e-13);
	}
}

/* Rows that all stand on their means have no inertia at all. */
UNIT_TEST(inertia_of_duplicates_is_zero)
{
	UsGrid		grid = us_grid_make(1000.0, 0.0, 3000.1);
	UsSums		sums = us_sums_at(palloc(us_sums_bytes(2, 1)), 2, 1);
	int128		squares = 0;

	us_sums_clear(&sums);
	for (int i = 0; i < 2; i++)
	{
		int64		q = (int64) us_grid_q(grid, i ? 3000.1 : 7.3);

		sums.weight[i] = sums.rows[i] = 1000003;
		sums.sum[i] = (int128) q * 1000003;
		squares += (int128) q * q * 1000003;
	}
	UNIT_CHECK(us_sums_inertia(&sums, &squares, &grid) == 0.0);
}
