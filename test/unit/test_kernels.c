/*
 * test_kernels.c
 *	  Distances and exact sums: blocks, packed centres and plain scalar code agree
 *	  bit for bit, whatever instruction set the loader chose.
 */
#include "postgres.h"

#include <math.h>

#include "math/kernels.h"
#include "math/random.h"
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
		s->squares[j] = us_store_column(&s->z[j], s->value[j], ROWS, s->x, width, j);
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

UNIT_TEST(sums_are_exact_and_moves_keep_them)
{
	static const int counts[] = {1, 3, 8, 70, 200};
	Sample		s;
	UsRandom	random;
	uint16	   *before = (uint16 *) aligned(sizeof(uint16) * BLOCKS * US_LANES);
	uint16	   *after = (uint16 *) aligned(sizeof(uint16) * BLOCKS * US_LANES);
	uint16		changed[BLOCKS * US_LANES];

	us_random_init(&random, 3, 3);
	make_sample(&s, 8, 3);
	for (int c = 0; c < lengthof(counts); c++)
	{
		int			k = counts[c];
		int64	   *sum = (int64 *) palloc0(sizeof(int64) * k * 8);
		int64	   *want = (int64 *) palloc0(sizeof(int64) * k * 8);
		int64	   *count = (int64 *) palloc0(sizeof(int64) * k);
		int64	   *want_count = (int64 *) palloc0(sizeof(int64) * k);
		int			n = 0;
		int			differ = 0;

		for (int r = 0; r < BLOCKS * US_LANES; r++)
		{
			before[r] = us_random_below(&random, k);
			after[r] = r % 50 < 20 ? us_random_below(&random, k) : before[r];
			if (r < ROWS)
			{
				for (int j = 0; j < 8; j++)
					want[after[r] * 8 + j] += (int64) us_grid_q(s.grid[j], s.value[j][r]);
				want_count[after[r]]++;
				differ += before[r] != after[r];
			}
		}
		us_sum_blocks(s.x, ROWS, 8, s.back, before, k, sum, count);
		n = us_changed_rows(before, after, ROWS, changed);
		UNIT_EQUAL_INT(n, differ);
		us_move_rows(s.x, 8, s.back, before, after, changed, n, sum, count);
		UNIT_CHECK(memcmp(sum, want, sizeof(int64) * k * 8) == 0);
		UNIT_CHECK(memcmp(count, want_count, sizeof(int64) * k) == 0);
	}
}
