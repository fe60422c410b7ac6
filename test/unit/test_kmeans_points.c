/*
 * test_kmeans_points.c
 *	  Lloyd's algorithm, seeding and search on rows in memory.
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_search.h"
#include "unit.h"

/* Points of n rows of 2 columns of whole numbers in -1000 .. 1000. */
static UsPoints *
make_points(const double (*row)[2], const int64 *weight, int n)
{
	UsArena    *arena = us_arena_create(CurrentMemoryContext, NULL);
	UsGrid	   *grid = (UsGrid *) palloc(sizeof(UsGrid) * 2);
	float	   *back = (float *) palloc(sizeof(float) * 2);
	UsPoints   *p;
	int			scale;

	grid[0] = grid[1] = us_grid_make(0, -1000, 1000);
	scale = us_grids_scale(grid, 2);
	back[0] = back[1] = us_quantiser(grid[0], scale).back;
	p = us_points_create(arena, n, 2, grid, scale, back, weight != NULL, false);
	for (int i = 0; i < n; i++)
	{
		float		x[2] = {us_grid_coordinate(row[i][0], scale), us_grid_coordinate(row[i][1], scale)};

		us_points_set(p, i, x);
		p->hash[i] = us_hash64(i);
		if (weight != NULL)
			p->weight[i] = weight[i];
	}
	us_points_complete(p);
	return p;
}

static UsArena *
arena(void)
{
	return us_arena_create(CurrentMemoryContext, NULL);
}

static void
set_center(UsPartition *a, const UsPoints *p, int i, double x, double y)
{
	a->center[i * 2] = us_grid_coordinate(x, p->scale);
	a->center[i * 2 + 1] = us_grid_coordinate(y, p->scale);
}

/* Lloyd's algorithm in plain doubles: returns the inertia around the means. */
static double
plain_lloyd(const double (*row)[2], const int64 *weight, int n, double (*c)[2], int k, int iterations)
{
	double		inertia = 0;

	for (int t = 0; t <= iterations; t++)
	{
		double		sum[8][2] = {{0}};
		double		w[8] = {0};
		double		square = 0;

		for (int i = 0; i < n; i++)
		{
			int			near = 0;
			double		best = INFINITY;
			double		wi = weight ? weight[i] : 1;

			for (int j = 0; j < k; j++)
			{
				double		d = pow(row[i][0] - c[j][0], 2) + pow(row[i][1] - c[j][1], 2);

				if (d < best)
				{
					best = d;
					near = j;
				}
			}
			sum[near][0] += wi * row[i][0];
			sum[near][1] += wi * row[i][1];
			w[near] += wi;
			square += wi * (row[i][0] * row[i][0] + row[i][1] * row[i][1]);
		}
		inertia = square;
		for (int j = 0; j < k; j++)
		{
			inertia -= (sum[j][0] * sum[j][0] + sum[j][1] * sum[j][1]) / w[j];
			c[j][0] = sum[j][0] / w[j];
			c[j][1] = sum[j][1] / w[j];
		}
	}
	return inertia;
}

UNIT_TEST(lloyd_is_the_plain_algorithm)
{
	double		row[500][2];
	int64		weight[500];
	UsRandom	random;

	us_random_init(&random, 3, 1);
	for (int i = 0; i < 500; i++)
	{
		row[i][0] = floor(us_random_double(&random) * 2000) - 1000;
		row[i][1] = floor(us_random_double(&random) * 2000) - 1000;
		weight[i] = 1 + us_random_below(&random, 1000);
	}
	for (int weighted = 0; weighted < 2; weighted++)
	{
		const int64 *w = weighted ? weight : NULL;
		UsPoints   *p = make_points(row, w, 500);
		UsScratch  *s = us_scratch_create(arena(), p);

		for (int iterations = 0; iterations <= 12; iterations += 4)
		{
			UsPartition *a = us_partition_create(arena(), p, 5);
			double		c[5][2];

			for (int j = 0; j < 5; j++)
			{
				c[j][0] = row[j * 31][0];
				c[j][1] = row[j * 31][1];
				set_center(a, p, j, c[j][0], c[j][1]);
			}
			us_partition_lloyd(a, p, s, iterations, 0);
			UNIT_CLOSE(a->inertia / plain_lloyd(row, w, 500, c, 5, iterations), 1.0, 1e-12);
			for (int j = 0; j < 5; j++)
				UNIT_CLOSE(ldexp(a->center[j * 2], p->scale), c[j][0], 1e-6);
		}
	}
}

UNIT_TEST(lloyd_stops_where_nothing_changes)
{
	static const double row[6][2] = {{0, 0}, {1, 0}, {0, 1}, {50, 50}, {51, 50}, {50, 51}};
	UsPoints   *p = make_points(row, NULL, 6);
	UsScratch  *s = us_scratch_create(arena(), p);
	UsPartition *a = us_partition_create(arena(), p, 2);

	set_center(a, p, 0, 0, 0);
	set_center(a, p, 1, 1, 0);
	UNIT_CHECK(us_partition_lloyd(a, p, s, 300, 0) < 10);
	UNIT_CHECK(a->fixed);
	UNIT_CLOSE(a->inertia, 8.0 / 3, 1e-12);
	UNIT_EQUAL_INT(a->sums.rows[0], 3);
}

UNIT_TEST(empty_cluster_takes_the_farthest_row)
{
	static const double row[5][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {100, 7}};
	UsPoints   *p = make_points(row, NULL, 5);
	UsScratch  *s = us_scratch_create(arena(), p);
	UsPartition *a = us_partition_create(arena(), p, 2);

	set_center(a, p, 0, 2, 0);
	set_center(a, p, 1, -900, -900);
	us_partition_lloyd(a, p, s, 300, 0);
	UNIT_EQUAL_INT(a->sums.rows[0], 4);
	UNIT_EQUAL_INT(a->sums.rows[1], 1);
	UNIT_CLOSE(a->inertia, 5.0, 1e-12);
	UNIT_CLOSE(ldexp(a->center[2], p->scale), 100, 0);
}

UNIT_TEST(rows_are_drawn_by_mass_and_distance)
{
	static const double row[6][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}};
	static const int64 weight[6] = {5, 1, 1, 2, 1, 3};
	UsPoints   *p = make_points(row, weight, 6);
	UsScratch  *s = us_scratch_create(arena(), p);
	float		zero[2] = {0, 0};
	double		expected[6];
	double		total = 0;
	double		chi2 = 0;
	int			drawn[6] = {0};
	UsRandom	random;

	us_distance_blocks(p->x, p->nblocks, 2, zero, s->first);
	for (int i = 0; i < 6; i++)
		total += expected[i] = weight[i] * row[i][0] * row[i][0];
	us_random_init(&random, 11, 1);
	for (int t = 0; t < 100000; t++)
		drawn[us_seed_draw(p, s->first, us_sum_least(s->first, NULL, p->mass, p->nblocks, NULL),
						   &random)]++;
	UNIT_EQUAL_INT(drawn[0], 0);
	for (int i = 1; i < 6; i++)
		chi2 += pow(drawn[i] - expected[i] / total * 100000, 2) / (expected[i] / total * 100000);
	/* 99.99 % of chi-square with 4 degrees of freedom */
	UNIT_CHECK(chi2 < 23.51);
}

/* All ways of seeding choose distinct rows, as long as there are any. */
UNIT_TEST(seeds_are_distinct_rows)
{
	double		row[60][2];
	UsPoints   *p;
	UsScratch  *s;

	for (int i = 0; i < 60; i++)
	{
		row[i][0] = i % 10;
		row[i][1] = i / 10 * 100;
	}
	p = make_points(row, NULL, 60);
	s = us_scratch_create(arena(), p);
	for (int seeding = US_SEED_PLUS_PLUS; seeding <= US_SEED_RANDOM; seeding++)
	{
		static const int counts[] = {1, 2, 7, 59, 60};

		for (int c = 0; c < lengthof(counts); c++)
		{
			int			k = counts[c];
			float	   *center = (float *) palloc(sizeof(float) * k * 2);
			UsRandom	random;
			int			same = 0;
			int			rows = 0;

			us_random_init(&random, 5, k);
			us_seed_centers(p, s, (UsSeeding) seeding, k, &random, center);
			for (int i = 0; i < k; i++)
			{
				for (int j = 0; j < i; j++)
					same += memcmp(center + i * 2, center + j * 2, sizeof(float) * 2) == 0;
				for (int r = 0; r < 60; r++)
				{
					float		x[2];

					us_points_get(p, r, x);
					rows += memcmp(x, center + i * 2, sizeof(x)) == 0;
				}
			}
			UNIT_EQUAL_INT(same, 0);
			UNIT_EQUAL_INT(rows, k);
		}
	}
}

/*
 * 25 tight groups: the best partition is known, and starts alone miss it; moves find
 * it under every seed.
 */
UNIT_TEST(moves_find_what_starts_miss)
{
	double		row[500][2];
	UsSearchPlan plan = {US_SEED_RANDOM, 1, false, 50, 300, 0, 1e12};
	UsPoints   *p;
	UsScratch  *s;
	UsSearchSpace *space;
	double		best = 0;
	int			missed[2] = {0};

	for (int i = 0; i < 500; i++)
	{
		int			group = i % 25;

		row[i][0] = group % 5 * 200 - 400 + i / 25 % 5;
		row[i][1] = group / 5 * 200 - 400 + i / 125;
	}
	/* in each group 5 x 4 places of a grid of step 1 */
	best = 25 * (4 * 10.0 + 5 * 5.0);
	p = make_points(row, NULL, 500);
	s = us_scratch_create(arena(), p);
	space = us_search_space_create(arena(), p, 25);
	for (int moves = 0; moves < 2; moves++)
		for (int seed = 0; seed < 20; seed++)
		{
			UsSearchResult result;

			plan.moves = moves == 1;
			us_kmeans_search(p, 25, &plan, NULL, seed, s, space, &result);
			UNIT_CHECK(space->best->inertia > best * (1 - 1e-9));
			missed[moves] += space->best->inertia > best * (1 + 1e-9);
		}
	UNIT_CHECK(missed[0] > 15);
	UNIT_EQUAL_INT(missed[1], 0);
}

/* A weighted row is as many rows. */
UNIT_TEST(search_with_weights)
{
	double		row[40][2];
	double		expanded[120][2];
	int64		weight[40];
	int			n = 0;
	UsSearchPlan plan = {US_SEED_PLUS_PLUS, 5, true, 50, 300, 0, 1e12};
	UsSearchResult result;
	UsPoints   *p;
	UsSearchSpace *space;
	double		inertia;

	for (int i = 0; i < 40; i++)
	{
		row[i][0] = i * 7919 % 83;
		row[i][1] = i * 104729 % 97;
		weight[i] = 1 + i % 3;
		for (int w = 0; w < weight[i]; w++)
			memcpy(expanded[n++], row[i], sizeof(row[i]));
	}
	p = make_points(row, weight, 40);
	space = us_search_space_create(arena(), p, 4);
	us_kmeans_search(p, 4, &plan, NULL, 1, us_scratch_create(arena(), p), space, &result);
	inertia = space->best->inertia;
	p = make_points(expanded, NULL, n);
	space = us_search_space_create(arena(), p, 4);
	us_kmeans_search(p, 4, &plan, NULL, 2, us_scratch_create(arena(), p), space, &result);
	UNIT_CLOSE(inertia / space->best->inertia, 1.0, 1e-12);
}
