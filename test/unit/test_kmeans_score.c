/*
 * test_kmeans_score.c
 *	  Scoring: blocks and single rows agree bit for bit; figures against plain
 *	  arithmetic; hostile stored models.
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_model.h"
#include "math/exp_lanes.h"
#include "math/random.h"
#include "unit.h"

#define WIDTH	5
#define ROWS	300

UNIT_TEST(exp_of_lanes)
{
	UsRandom	random;
	double		worst = 0;

	us_random_init(&random, 1, 1);
	for (int i = 0; i < 20000; i++)
	{
		UsDoubleLanes v;
		double		x[US_HALF_LANES];

		for (int lane = 0; lane < US_HALF_LANES; lane++)
		{
			x[lane] = (us_random_double(&random) - 0.5) * (i % 2 ? 1400 : 3);
			v[lane] = x[lane];
		}
		us_exp_lanes(&v);
		for (int lane = 0; lane < US_HALF_LANES; lane++)
			worst = fmax(worst, fabs(v[lane] / exp(x[lane]) - 1));
	}
	UNIT_CHECK(worst < 5e-16);
	{
		UsDoubleLanes v = {0, -1e5, -INFINITY, 1e5, 1, -708, 708, -709};

		us_exp_lanes(&v);
		UNIT_CHECK(v[0] == 1.0);
		UNIT_CHECK(v[1] == 0.0 && v[2] == 0.0 && v[7] == 0.0);
		UNIT_CHECK(v[3] == v[6]);
		UNIT_CLOSE(v[4], 2.718281828459045, 1e-15);
		UNIT_CHECK(v[5] > 0);
	}
}

static UsKmeansModel *
make_model(int k, bool unit, double inertia)
{
	UsSpace    *space = (UsSpace *) palloc0(sizeof(UsSpace));
	double	   *center = (double *) palloc(sizeof(double) * k * WIDTH);
	UsSums		sums = us_sums_at(palloc(us_sums_bytes(k, WIDTH)), k, WIDTH);
	UsRandom	random;

	us_random_init(&random, 7, k);
	space->width = WIDTH;
	space->unit = unit;
	space->grid = (UsGrid *) palloc(sizeof(UsGrid) * WIDTH);
	for (int j = 0; j < WIDTH; j++)
		space->grid[j] = unit ? us_grid_make(0, -1, 1) : us_grid_make(j * 10.0, j * 10.0 - 5, j * 10.0 + 4);
	us_sums_clear(&sums);
	for (int i = 0; i < k; i++)
	{
		sums.rows[i] = sums.weight[i] = 10 + i;
		for (int j = 0; j < WIDTH; j++)
			center[i * WIDTH + j] = us_random_normal(&random) * (unit ? 0.4 : 2);
	}
	return us_kmeans_model_create(space, k, center, &sums, inertia);
}

UNIT_TEST(blocks_and_rows_agree)
{
	static const int counts[] = {1, 2, 3, 8, 9, 70};

	for (int c = 0; c < lengthof(counts) * 2; c++)
	{
		int			k = counts[c / 2];
		UsKmeansModel *m = make_model(k, c % 2 == 1, k == 3 ? 0.0 : 500.0);
		double		x[WIDTH * 320];
		UsScore		block[ROWS];
		int32		label[ROWS];
		UsRandom	random;
		int			wrong = 0;

		us_random_init(&random, 9, 9);
		for (int j = 0; j < WIDTH; j++)
			for (int i = 0; i < ROWS; i++)
				x[j * 320 + i] = i == 5 ? 1e300 : (i == 6 ? 0 : j * 10.0 + us_random_normal(&random) * 3);
		us_kmeans_model_score_block(m, x, 320, ROWS, block);
		us_kmeans_model_label_block(m, x, 320, ROWS, label);
		for (int i = 0; i < ROWS; i++)
		{
			double		row[WIDTH];
			double		p[70];
			double		contribution[WIDTH];
			double		sum = 0;
			UsScore		one;

			for (int j = 0; j < WIDTH; j++)
				row[j] = x[j * 320 + i];
			us_kmeans_model_score(m, row, &one);
			wrong += one.label != block[i].label || one.runner_up != block[i].runner_up ||
				one.probability != block[i].probability || one.distance != block[i].distance ||
				(k > 1 && one.margin != block[i].margin);
			wrong += us_kmeans_model_label(m, row) != one.label || label[i] != one.label;
			wrong += !(one.probability >= 0 && one.probability <= 1) || !isfinite(one.distance);
			us_kmeans_model_proba(m, row, p);
			for (int t = 0; t < k; t++)
				sum += p[t];
			wrong += fabs(sum - 1) > 1e-12 || p[one.label - 1] != one.probability;
			us_kmeans_model_explain(m, row, &one, contribution);
			sum = 0;
			for (int j = 0; j < WIDTH; j++)
				sum += contribution[j];
			if (k > 1 && i != 5)
				wrong += fabs(sum - (pow(one.distance + one.margin, 2) - pow(one.distance, 2))) > 1e-9;
		}
		UNIT_EQUAL_INT(wrong, 0);
	}
}

/* Membership by the formula of the mixture, in long double. */
UNIT_TEST(membership_is_that_of_the_mixture)
{
	UsKmeansModel *m = make_model(3, false, 500.0);
	double		x[WIDTH] = {0.5, 9, 21, 30, 38};
	long double e[3];
	long double total = 0;
	double		n = 10 + 11 + 12;
	double		p[3];

	for (int i = 0; i < 3; i++)
	{
		long double square = 0;

		for (int j = 0; j < WIDTH; j++)
			square += powl(x[j] - j * 10.0L - m->center[i * WIDTH + j], 2);
		e[i] = (10 + i) / n * expl(-square / (2 * 500.0L / (n * WIDTH)));
		total += e[i];
	}
	us_kmeans_model_proba(m, x, p);
	for (int i = 0; i < 3; i++)
		UNIT_CLOSE(p[i], (double) (e[i] / total), 1e-13);
}

UNIT_TEST(stored_model_is_the_same)
{
	UsKmeansModel *m = make_model(4, true, 12.5);
	UsWriter	w;
	UsReader	r;
	int			labels;
	UsKmeansModel *copy;
	UsWriter	again;

	us_writer_init(&w);
	us_kmeans_model_write(m, &w);
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "model");
	copy = (UsKmeansModel *) us_kmeans_model_read(&r, WIDTH, &labels);
	us_reader_end(&r);
	UNIT_EQUAL_INT(labels, 4);
	us_writer_init(&again);
	us_kmeans_model_write(copy, &again);
	UNIT_CHECK(w.buf.len == again.buf.len &&
			   memcmp(w.buf.data + VARHDRSZ, again.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ) == 0);
}

/* Every byte changed in turn, and every length cut off: an error, or a model that scores without NaN. */
UNIT_TEST(mutated_models_are_refused_or_work)
{
	UsKmeansModel *m = make_model(3, false, 12.5);
	MemoryContext context = CurrentMemoryContext;
	UsWriter	w;
	int			size;
	int			refused = 0;
	int			wrong = 0;

	us_writer_init(&w);
	us_kmeans_model_write(m, &w);
	size = w.buf.len - VARHDRSZ;
	for (int at = 0; at < 2 * size; at++)
	{
		char	   *data = (char *) palloc(size);
		UsReader	r;
		int			labels;

		memcpy(data, w.buf.data + VARHDRSZ, size);
		if (at < size)
			data[at] = (char) (data[at] ^ 0xff);
		us_reader_init(&r, data, at < size ? size : at - size, "model");
		PG_TRY();
		{
			double		x[WIDTH] = {1, 10, 19, 31, 42};
			UsScore		score;
			void	   *model = us_kmeans_model_read(&r, WIDTH, &labels);

			us_kmeans_model_score(model, x, &score);
			wrong += score.label < 1 || score.label > labels || isnan(score.probability) ||
				isnan(score.distance) || isnan(score.margin);
		}
		PG_CATCH();
		{
			ErrorData  *error;

			MemoryContextSwitchTo(context);
			error = CopyErrorData();
			FlushErrorState();
			wrong += error->sqlerrcode != ERRCODE_INVALID_BINARY_REPRESENTATION &&
				error->sqlerrcode != ERRCODE_FEATURE_NOT_SUPPORTED;
			refused++;
		}
		PG_END_TRY();
	}
	UNIT_EQUAL_INT(wrong, 0);
	UNIT_CHECK(refused > size);
}
