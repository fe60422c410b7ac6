/*
 * test_naive_bayes.c
 *	  Models of naive Bayes from known sums; blocks against rows; the stored form.
 */
#include "postgres.h"

#include <math.h>

#include "learn/naive_bayes_model.h"
#include "unit.h"

#define COLUMNS	3

static const int32 levels[COLUMNS] = {0, 3, 0};

/* Three classes, two columns of numbers and one of categories; the second number is missing in class 2. */
static UsNbState *
make_state(void)
{
	UsNbState  *s = NULL;

	for (int i = 0; i < 30; i++)
	{
		UsNbRow    *row = us_nb_row_new(COLUMNS);

		row->label = 1 + i % 3;
		row->weight = 1 + i % 2;
		row->x[0] = i * 7 % 11;
		row->x[1] = i % 5 == 0 ? NAN : i % 2;
		row->x[2] = i % 3 == 1 ? NAN : i / 4.0;
		memcpy(us_nb_row_levels(row), levels, sizeof(levels));
		s = us_nb_add(s, row);
	}
	return s;
}

static UsNbModel *
make_model(const UsNbState *s, double alpha)
{
	UsNbSums	sums = {s->columns, s->classes, us_nb_levels(s), s->per_class, us_nb_class(s, 0)};
	UsNbRule	rule = {alpha, 1e-9, false, NULL};

	return us_nb_model_make(&sums, &rule);
}

UNIT_TEST(naive_bayes_from_sums)
{
	UsNbModel  *m = make_model(make_state(), 0.5);
	double		weight[3] = {0};
	double		sum[3] = {0};
	double		square[3] = {0};
	double		level[3][2] = {{0}};
	double		all = 0;

	for (int i = 0; i < 30; i++)
	{
		double		w = 1 + i % 2;
		int			k = i % 3;

		all += w;
		weight[k] += w;
		sum[k] += w * (i * 7 % 11);
		square[k] += w * (i * 7 % 11) * (i * 7 % 11);
		if (i % 5 != 0)
			level[k][i % 2] += w;
	}
	for (int k = 0; k < 3; k++)
	{
		double		mean = sum[k] / weight[k];

		UNIT_CLOSE(m->log_prior[k], log(weight[k] / all), 1e-15);
		UNIT_CLOSE(m->value[m->at[0] + 2 * k], mean, 1e-15);
		UNIT_CLOSE(m->value[m->at[0] + 2 * k + 1], square[k] / weight[k] - mean * mean, 1e-7);
		/* level 2 has no rows: it says nothing and takes no share */
		for (int l = 0; l < 2; l++)
			UNIT_CLOSE(m->value[m->at[1] + 3 * k + l], log((level[k][l] + 0.5) / (level[k][0] + level[k][1] + 1)), 1e-14);
		UNIT_CLOSE(m->value[m->at[1] + 3 * k + 2], 0, 0);
	}
	/* a class without values has those of all rows */
	UNIT_CHECK(m->value[m->at[2] + 2] > 3 && m->value[m->at[2] + 2] < 4);
}

UNIT_TEST(naive_bayes_blocks_are_rows)
{
	UsNbModel  *m = make_model(make_state(), 1);
	double		x[COLUMNS][64];
	UsScore		block[64];
	int32		label[64];

	for (int r = 0; r < 64; r++)
	{
		x[0][r] = r == 5 ? 1e300 : r / 3.0 - 4;
		x[1][r] = r % 7 == 0 ? NAN : r % 3;
		x[2][r] = r == 6 ? -1e308 : r % 5 == 0 ? NAN : r * 0.7;
	}
	us_nb_score_block(m, &x[0][0], 64, 64, block);
	us_nb_label_block(m, &x[0][0], 64, 64, label);
	for (int r = 0; r < 64; r++)
	{
		double		row[COLUMNS] = {x[0][r], x[1][r], x[2][r]};
		double		p[3];
		double		c[COLUMNS];
		UsScore		score;
		double		mean = 0;
		double		total;

		us_nb_score(m, row, &score);
		UNIT_CHECK(memcmp(&score, &block[r], sizeof(score)) == 0);
		UNIT_EQUAL_INT(label[r], score.label);
		us_nb_proba(m, row, p);
		UNIT_CLOSE(p[0] + p[1] + p[2], 1, 1e-15);
		UNIT_CLOSE(p[score.label - 1], score.probability, 1e-15);
		UNIT_CLOSE(p[score.label - 1] - p[score.runner_up - 1], score.margin, 1e-15);
		if (r == 5 || r == 6)
			continue;
		us_nb_explain(m, row, &score, c);
		total = us_nb_base(m, row, &score);
		for (int j = 0; j < COLUMNS; j++)
			total += c[j];
		for (int k = 0; k < 3; k++)
			mean += log(p[k]) / 3;
		UNIT_CLOSE(total, log(p[score.label - 1]) - mean, 1e-10);
	}
}

UNIT_TEST(naive_bayes_stored)
{
	UsNbModel  *m = make_model(make_state(), 1);
	double		row[COLUMNS] = {3, 1, 2};
	UsScore		before;
	UsScore		after;
	UsWriter	w;
	UsReader	r;
	int			labels;
	void	   *again;

	us_writer_init(&w);
	us_nb_write(m, &w);
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "model");
	again = us_nb_read(&r, COLUMNS, &labels);
	us_reader_end(&r);
	UNIT_EQUAL_INT(labels, 3);
	us_nb_score(m, row, &before);
	us_nb_score(again, row, &after);
	UNIT_CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "model");
	UNIT_ERROR(us_nb_read(&r, COLUMNS + 1, &labels), ERRCODE_INVALID_BINARY_REPRESENTATION, "");
	w.buf.data[VARHDRSZ] = 2;
	us_reader_init(&r, w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ, "model");
	UNIT_ERROR(us_nb_read(&r, COLUMNS, &labels), ERRCODE_FEATURE_NOT_SUPPORTED, "format 2");
}

/* Sums of parts are the sums of the whole, for values that floating point would not add up exactly. */
UNIT_TEST(naive_bayes_states_merge)
{
	UsNbState  *whole = NULL;
	UsNbState  *part[2] = {NULL, NULL};
	UsNbState  *merged;

	for (int i = 0; i < 3000; i++)
	{
		UsNbRow    *row = us_nb_row_new(1);

		row->label = 1 + i % 2;
		row->weight = 1.0 / (1 + i % 7);
		row->x[0] = (i % 2 ? 1e15 : 1e-3) / (1 + i);
		whole = us_nb_add(whole, row);
		part[i % 3 == 0] = us_nb_add(part[i % 3 == 0], row);
	}
	merged = us_nb_seal(us_nb_merge(part[1], part[0]));
	whole = us_nb_seal(whole);
	UNIT_EQUAL_INT(VARSIZE(whole), VARSIZE(merged));
	UNIT_CHECK(memcmp(whole, merged, VARSIZE(whole)) == 0);
}

/* Many rows at once are the same sums as row by row, with weights and without, few and many, with missing values. */
UNIT_TEST(naive_bayes_many_rows)
{
	enum
	{
		N = 1500
	};
	static const int counts[] = {1, 63, 64, 1024, N};
	static const int32 two[2] = {0, 5};
	double	   *x = (double *) palloc(sizeof(double) * 2 * N);
	double	   *w = (double *) palloc(sizeof(double) * N);
	int		   *row = (int *) palloc(sizeof(int) * N);

	for (int i = 0; i < N; i++)
	{
		row[i] = (int) ((i * INT64CONST(701)) % N);
		x[i] = i % 11 == 0 ? NAN : sin(i) * pow(10, i % 9 - 4);
		x[N + i] = i % 13 == 0 ? NAN : i * 7 % 5;
		w[i] = 1.0 / (1 + i % 7);
	}
	for (int c = 0; c < (int) lengthof(counts); c++)
		for (int weighted = 0; weighted < 2; weighted++)
		{
			UsNbState  *one = NULL;
			UsNbState  *many;
			UsExactSum *cell;

			for (int i = 0; i < counts[c]; i++)
			{
				UsNbRow    *r = us_nb_row_new(2);

				r->label = 1;
				r->weight = weighted ? w[row[i]] : 1;
				r->x[0] = x[row[i]];
				r->x[1] = x[N + row[i]];
				memcpy(us_nb_row_levels(r), two, sizeof(two));
				one = us_nb_add(one, r);
			}
			one = us_nb_seal(one);
			many = us_nb_seal(one);
			cell = us_nb_class(many, 0) + 1;
			memset(cell, 0, sizeof(UsExactSum) * (US_NB_NUMBER_SUMS + 5));
			us_nb_add_column(cell, 0, x, weighted ? w : NULL, row, counts[c]);
			us_nb_add_column(cell + US_NB_NUMBER_SUMS, 5, x + N, weighted ? w : NULL, row, counts[c]);
			many = us_nb_seal(many);
			UNIT_CHECK(memcmp(one, many, VARSIZE(one)) == 0);
		}
	x[3] = 1e200;
	row[0] = 3;
	{
		UsExactSum	sums[US_NB_NUMBER_SUMS] = {{{0}}};

		UNIT_ERROR(us_nb_add_column(sums, 0, x, NULL, row, 100), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "infinite");
		UNIT_ERROR(us_nb_add_column(sums, 0, x, w, row, 100), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "infinite");
	}
}
