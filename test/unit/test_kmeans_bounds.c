/*
 * test_kmeans_bounds.c
 *	  Bounds: rows that they leave out keep the label that the kernel gives, on a
 *	  walk of the centres with jumps, ties and duplicates.
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_bounds.h"
#include "math/random.h"
#include "unit.h"

#define ROWS	4000
#define WIDTH	20
#define K		30

static void *
aligned(Size bytes)
{
	return (void *) TYPEALIGN(US_BLOCK_ALIGN, palloc0(bytes + US_BLOCK_ALIGN));
}

UNIT_TEST(rows_within_their_bounds_keep_their_label)
{
	int			nblocks = ROWS / US_LANES;
	float	   *x = (float *) aligned(sizeof(float) * ROWS * WIDTH);
	float	   *dense = (float *) aligned(sizeof(float) * ROWS * WIDTH);
	float		before[K * WIDTH];
	float		after[K * WIDTH];
	float		drift[K];
	uint16	   *label = (uint16 *) aligned(sizeof(uint16) * ROWS);
	uint16	   *some = (uint16 *) aligned(sizeof(uint16) * ROWS);
	uint16	   *truth = (uint16 *) aligned(sizeof(uint16) * ROWS);
	float	   *first = (float *) aligned(sizeof(float) * ROWS);
	float	   *second = (float *) aligned(sizeof(float) * ROWS);
	float	   *upper = (float *) aligned(sizeof(float) * ROWS);
	float	   *lower = (float *) aligned(sizeof(float) * ROWS);
	uint16		active[ROWS + 1];
	UsRandom	random;
	int64		left_out = 0;
	int			wrong = 0;

	us_random_init(&random, 1, 1);
	/* rows on a coarse grid around K places: many equal distances */
	for (int i = 0; i < ROWS; i++)
		for (int j = 0; j < WIDTH; j++)
			x[((i / US_LANES) * WIDTH + j) * US_LANES + i % US_LANES] =
				((i * 7 + j * (i % K)) % 13) / 16.0f - 0.4f + us_random_below(&random, 3) / 64.0f;
	for (int i = 0; i < K; i++)
		for (int j = 0; j < WIDTH; j++)
			after[i * WIDTH + j] = x[((i / US_LANES) * WIDTH + j) * US_LANES + i % US_LANES];
	us_two_nearest_blocks(x, nblocks, WIDTH, after, K, label, first, second);
	us_bounds_set(first, second, ROWS, WIDTH, upper, lower);

	for (int step = 0; step < 60; step++)
	{
		UsDrift		d;
		int			n;

		memcpy(before, after, sizeof(before));
		for (int i = 0; i < K; i++)
			for (int j = 0; j < WIDTH; j++)
				if (step % 10 != 9 || i == 3)
					after[i * WIDTH + j] += (float) us_random_normal(&random) *
						(step % 20 == 19 ? 0.3f : 0.02f / (1 + step));
		d = us_bounds_drift(before, after, K, WIDTH, drift);
		n = us_bounds_move(&d, drift, label, ROWS, WIDTH, upper, lower, active);
		left_out += ROWS - n;
		us_bounds_gather(x, WIDTH, active, n, dense);
		us_two_nearest_blocks(dense, (n + US_LANES - 1) / US_LANES, WIDTH, after, K, some, first, second);
		for (int a = 0; a < n; a++)
		{
			label[active[a]] = some[a];
			us_bounds_set(&first[a], &second[a], 1, WIDTH, &upper[active[a]], &lower[active[a]]);
		}
		us_nearest_blocks(x, nblocks, WIDTH, after, K, truth, NULL);
		for (int i = 0; i < ROWS; i++)
			wrong += label[i] != truth[i];
	}
	UNIT_EQUAL_INT(wrong, 0);
	UNIT_CHECK(left_out > ROWS * 10);
}
