/*
 * test_isolation.c
 *	  Isolation trees: path lengths by hand, blocks, explanations, the stored form.
 */
#include "postgres.h"

#include <math.h>

#include "learn/isolation_tree.h"
#include "math/random.h"
#include "unit.h"

UNIT_TEST(isolation_usual_length)
{
	double		harmonic = 0;

	UNIT_CHECK(us_isolation_usual(0) == 0);
	UNIT_CHECK(us_isolation_usual(1) == 0);
	UNIT_CHECK(us_isolation_usual(2) == 1);
	for (int i = 1; i < 10000; i++)
		harmonic += 1.0 / i;
	/* H(n) = ln n + gamma + 1 / 2n */
	UNIT_CHECK(fabs(us_isolation_usual(10000) - (2 * harmonic - 2 * 9999 / 10000.0)) < 1.1e-4);
}

UNIT_TEST(isolation_two_rows)
{
	double		x[] = {1, 5};
	int			n[] = {2};
	int			levels[] = {0};
	UsIsolationForest *f = us_isolation_grow(x, n, 1, 2, 1, levels, 7);
	double		far = 1e9;

	UNIT_CHECK(f->root[1] == 3);
	UNIT_CHECK(us_isolation_length(f, &x[0]) == 1);
	UNIT_CHECK(us_isolation_length(f, &far) == 1);
	UNIT_CHECK(us_isolation_score(f, 1) == 0.5);
}

/* Equal rows cannot be parted: the path ends where they are, and counts what would follow. */
UNIT_TEST(isolation_equal_rows)
{
	double		x[] = {3, 3, 3, 9};
	int			n[] = {4};
	int			levels[] = {0};
	UsIsolationForest *f = us_isolation_grow(x, n, 1, 4, 1, levels, 1);

	UNIT_CHECK(fabs(us_isolation_length(f, &x[0]) - (1 + us_isolation_usual(3))) < 1e-15);
	UNIT_CHECK(us_isolation_length(f, &x[3]) == 1);
	UNIT_CHECK(fabs(f->length[0] - (3 * (1 + us_isolation_usual(3)) + 1) / 4) < 1e-15);
}

/*
 * Of three values 0, 1, 3 the threshold parts the first with probability 1/3, the last with 2/3: expected
 * path lengths are 5/3, 2 and 4/3.
 */
UNIT_TEST(isolation_expected_lengths)
{
	int			trees = 60000;
	double	   *x = palloc(sizeof(double) * 3 * trees);
	int		   *n = palloc(sizeof(int) * trees);
	int			levels[] = {0};
	double		value[] = {0, 1, 3};
	double		expected[] = {5.0 / 3, 2, 4.0 / 3};
	UsIsolationForest *f;

	for (int t = 0; t < trees; t++)
	{
		memcpy(x + 3 * t, value, sizeof(value));
		n[t] = 3;
	}
	f = us_isolation_grow(x, n, trees, 3, 1, levels, 3);
	for (int i = 0; i < 3; i++)
		UNIT_CHECK(fabs(us_isolation_length(f, &value[i]) - expected[i]) < 5 * 0.5 / sqrt(trees));
}

UNIT_TEST(isolation_blocks_and_reasons)
{
	enum
	{ TREES = 20, SAMPLE = 64, WIDTH = 4 };
	double	   *x = palloc(sizeof(double) * TREES * SAMPLE * WIDTH);
	int			n[TREES];
	int			levels[] = {0, 5, 0, 0};
	UsRandom	random;
	UsIsolationForest *f;
	double		out[SAMPLE];
	UsWriter	w;
	UsReader	r;
	bytea	   *stored;
	UsIsolationForest *back;

	us_random_init(&random, 5, 0);
	for (int i = 0; i < TREES * SAMPLE; i++)
	{
		x[i * WIDTH] = us_random_normal(&random);
		x[i * WIDTH + 1] = us_random_below(&random, 5);
		x[i * WIDTH + 2] = us_random_below(&random, 4) == 0 ? NAN : us_random_normal(&random);
		x[i * WIDTH + 3] = 1;
	}
	for (int t = 0; t < TREES; t++)
		n[t] = t == 3 ? SAMPLE / 2 : SAMPLE;
	f = us_isolation_grow(x, n, TREES, SAMPLE, WIDTH, levels, 11);
	us_isolation_length_block(f, x, SAMPLE, out);
	us_writer_init(&w);
	us_isolation_write(f, &w);
	stored = us_writer_varlena(&w);
	us_reader_init(&r, VARDATA(stored), VARSIZE(stored) - VARHDRSZ, "test");
	back = us_isolation_read(&r, WIDTH);
	us_reader_end(&r);
	for (int i = 0; i < SAMPLE; i++)
	{
		double		c[WIDTH];
		double		sum = 0;
		double		base = 0;

		UNIT_CHECK(out[i] == us_isolation_length(f, x + i * WIDTH));
		UNIT_CHECK(out[i] == us_isolation_length(back, x + i * WIDTH));
		us_isolation_explain(f, x + i * WIDTH, c);
		for (int j = 0; j < WIDTH; j++)
			sum += c[j];
		for (int t = 0; t < TREES; t++)
			base += f->length[f->root[t]] / TREES;
		UNIT_CHECK(fabs(base - sum - out[i]) < 1e-12);
		UNIT_CHECK(c[3] == 0);
	}
	/* every row of a tree is in one of its leaves */
	for (int t = 0; t < TREES; t++)
		UNIT_CHECK(f->size[f->root[t]] == n[t]);
}
