/*
 * test_frame.c
 *	  Frame: what is written comes back, in memory and from the temporary file.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "utils/float.h"

#include "data/frame_build.h"
#include "math/hash.h"
#include "unit.h"

#define MB ((Size) 1024 * 1024)

enum
{
	NUMBER, CATEGORY, TAGS, VECTOR, NCOLUMNS
};

#define DIM 5

static const UsColumn columns[NCOLUMNS] = {
	{.name = "number", .kind = US_KIND_NUMBER},
	{.name = "category", .kind = US_KIND_CATEGORY},
	{.name = "tags", .kind = US_KIND_TAGS},
	{.name = "vector", .kind = US_KIND_VECTOR}
};

/* Row r of the test data; vectors begin at row first_vector. */
static void
put_row(UsFrameBuilder *builder, int r, int first_vector)
{
	char		text[3][16];
	const char *tag[3] = {text[0], text[1], text[2]};
	int			len[3];
	double		vector[DIM];

	if (builder->keyed)
		builder->key[builder->row] = us_hash64(r);
	if (builder->weight != NULL)
		builder->weight[builder->row] = 1 + r % 3;
	if (r % 7 == 0)
		us_frame_put_null(builder, NUMBER);
	else
		us_frame_put_number(builder, NUMBER, r * 0.25);
	if (r % 11 == 0)
		us_frame_put_null(builder, CATEGORY);
	else
	{
		snprintf(text[0], sizeof(text[0]), "c%d", r % 13);
		us_frame_put_category(builder, CATEGORY, text[0], (int) strlen(text[0]));
	}
	if (r % 5 == 0)
		us_frame_put_null(builder, TAGS);
	else
	{
		for (int i = 0; i < r % 4; i++)
			len[i] = snprintf(text[i], sizeof(text[i]), "t%d", (r + i * i) % 6);
		us_frame_put_tags(builder, TAGS, r % 4, tag, len);
	}
	if (r < first_vector || r % 3 == 0)
		us_frame_put_null(builder, VECTOR);
	else
	{
		for (int i = 0; i < DIM; i++)
			vector[i] = r + i;
		us_frame_put_vector(builder, VECTOR, DIM, vector);
	}
}

static UsFrame *
build(int nrows, int first_vector, int step, bool weighted, bool keyed, UsBudget *budget)
{
	UsFrameBuilder *builder = us_frame_begin(columns, NCOLUMNS, weighted, keyed, budget);

	for (int i = 0; i < nrows; i++)
	{
		put_row(builder, (int) ((int64) i * step % nrows), first_vector);
		us_frame_end_row(builder);
	}
	return us_frame_finish(builder, NULL);
}

static bool
code_is(const UsColumn *column, int code, const char *text)
{
	int			len;
	const char *bytes = us_dictionary_get(column->dictionary, code, &len);

	return len == (int) strlen(text) && memcmp(bytes, text, len) == 0;
}

/* Tags of a row: the right number, the right ones, each once. */
static bool
tags_are_right(const UsColumn *column, const UsChunkColumn *v, int k, int r)
{
	int			n = v->tag_start[k + 1] - v->tag_start[k];
	int			want = 0;

	if (v->tag_null[k] != (r % 5 == 0))
		return false;
	if (v->tag_null[k])
		return n == 0;
	for (int i = 0; i < r % 4; i++)
	{
		char		text[16];
		int			found = 0;
		bool		repeated = false;

		snprintf(text, sizeof(text), "t%d", (r + i * i) % 6);
		for (int e = 0; e < i; e++)
			repeated = repeated || (r + e * e) % 6 == (r + i * i) % 6;
		want += !repeated;
		for (int t = v->tag_start[k]; t < v->tag_start[k + 1]; t++)
			found += code_is(column, v->tag_code[t], text);
		if (found != 1)
			return false;
	}
	return n == want;
}

static bool
vector_is_right(const double *vector, int r, int first_vector)
{
	if (r < first_vector || r % 3 == 0)
		return isnan(vector[0]);
	for (int i = 0; i < DIM; i++)
		if (vector[i] != r + i)
			return false;
	return true;
}

/* Every value of a frame written in order. */
static void
check_frame(UsFrame *frame, int nrows, int first_vector)
{
	int			r = 0;
	int			wrong = 0;

	UNIT_EQUAL_INT(frame->nrows, nrows);
	UNIT_EQUAL_INT(frame->nchunks, (nrows + US_CHUNK_ROWS - 1) / US_CHUNK_ROWS);
	/* row 0 has no vector */
	UNIT_EQUAL_INT(frame->column[VECTOR].dim, nrows > Max(first_vector, 1) ? DIM : 0);
	for (int c = 0; c < frame->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, c);

		for (int k = 0; k < chunk->nrows; k++, r++)
		{
			const UsChunkColumn *v = chunk->column;
			char		text[16];

			wrong += frame->weighted && chunk->weight[k] != 1 + r % 3;
			wrong += r % 7 == 0 ? !isnan(v[NUMBER].number[k]) : v[NUMBER].number[k] != r * 0.25;
			snprintf(text, sizeof(text), "c%d", r % 13);
			wrong += r % 11 == 0 ? v[CATEGORY].code[k] != -1 :
				!code_is(&frame->column[CATEGORY], v[CATEGORY].code[k], text);
			wrong += !tags_are_right(&frame->column[TAGS], &v[TAGS], k, r);
			wrong += frame->column[VECTOR].dim > 0 &&
				!vector_is_right(v[VECTOR].vector + (Size) k * DIM, r, first_vector);
		}
	}
	UNIT_EQUAL_INT(r, nrows);
	UNIT_EQUAL_INT(wrong, 0);
	UNIT_EQUAL_INT(frame->column[NUMBER].n_null, (nrows + 6) / 7);
	UNIT_EQUAL_INT(frame->column[CATEGORY].n_null, (nrows + 10) / 11);
	UNIT_EQUAL_INT(frame->column[TAGS].n_null, (nrows + 4) / 5);
}

UNIT_TEST(frame_in_memory_gives_back_what_was_written)
{
	static const int sizes[] = {0, 1, US_CHUNK_ROWS - 1, US_CHUNK_ROWS, US_CHUNK_ROWS + 1,
	5 * US_CHUNK_ROWS + 17};

	for (int i = 0; i < lengthof(sizes); i++)
	{
		UsBudget   *budget = us_budget_create(256 * MB);
		UsFrame    *frame = build(sizes[i], 0, 1, i % 2 == 1, true, budget);

		UNIT_CHECK(!frame->spilled);
		check_frame(frame, sizes[i], 0);
		us_frame_free(frame);
		UNIT_EQUAL_INT(us_budget_used(budget), 0);
	}
}

UNIT_TEST(frame_in_a_file_gives_back_what_was_written)
{
	UsBudget   *budget = us_budget_create(4 * MB);
	int			n = 20 * US_CHUNK_ROWS + 1000;
	UsFrame    *frame = build(n, 0, 1, true, true, budget);

	UNIT_CHECK(frame->spilled);
	check_frame(frame, n, 0);
	/* and again, backwards */
	for (int c = frame->nchunks - 1; c >= 0; c--)
		UNIT_CHECK(us_frame_chunk(frame, c)->column[NUMBER].number[1] ==
				   (c * US_CHUNK_ROWS + 1) * 0.25 || (c * US_CHUNK_ROWS + 1) % 7 == 0);
	UNIT_CHECK(us_budget_peak(budget) <= 4 * MB);
	us_frame_free(frame);
	UNIT_EQUAL_INT(us_budget_used(budget), 0);
}

UNIT_TEST(vectors_may_begin_late_or_never)
{
	static const int first[] = {10, US_CHUNK_ROWS, 2 * US_CHUNK_ROWS + 5, INT_MAX};
	int			n = 15 * US_CHUNK_ROWS + 3;

	for (int i = 0; i < lengthof(first); i++)
	{
		for (int spilled = 0; spilled < 2; spilled++)
		{
			UsBudget   *budget = us_budget_create(spilled ? 4 * MB : 64 * MB);
			UsFrame    *frame = build(n, first[i], 1, false, true, budget);

			UNIT_CHECK(frame->spilled == spilled);
			check_frame(frame, n, first[i]);
			us_frame_free(frame);
			UNIT_EQUAL_INT(us_budget_used(budget), 0);
		}
	}
}

UNIT_TEST(checksum_and_keys_do_not_depend_on_order_or_storage)
{
	int			n = 15 * US_CHUNK_ROWS + 100;	/* not a multiple of 7 or 11 */
	UsFrame    *a = build(n, 0, 1, true, false, us_budget_create(64 * MB));
	UsFrame    *b = build(n, 0, 7, true, false, us_budget_create(64 * MB));
	UsFrame    *c = build(n, 0, 11, true, false, us_budget_create(4 * MB));
	UsFrame    *d = build(n, 1, 1, true, false, us_budget_create(64 * MB));
	UsFrame    *e = build(n, 2, 1, true, false, us_budget_create(64 * MB));

	UNIT_CHECK(!b->spilled && c->spilled);
	UNIT_CHECK(a->checksum[0] == b->checksum[0] && a->checksum[1] == b->checksum[1]);
	UNIT_CHECK(a->checksum[0] == c->checksum[0] && a->checksum[1] == c->checksum[1]);
	/* row 0 has no vector anyway; row 1 has */
	UNIT_CHECK(a->checksum[0] == d->checksum[0] && a->checksum[1] == d->checksum[1]);
	UNIT_CHECK(a->checksum[0] != e->checksum[0] && a->checksum[1] != e->checksum[1]);
	/* row 7 of a is row 1 of b */
	UNIT_CHECK(us_frame_chunk(a, 0)->key[7] == us_frame_chunk(b, 0)->key[1]);
	UNIT_CHECK(us_frame_chunk(a, 0)->key[7] != us_frame_chunk(a, 0)->key[8]);
	for (int i = 0; i < 5; i++)
		us_frame_free((UsFrame *[]) {a, b, c, d, e}[i]);
}

/* A frame of one row. */
static UsFrame *
one_row(const char *name, UsKind kind, double number, const char *text, int nbytes)
{
	UsColumn	column = {.name = (char *) name, .kind = kind};
	UsFrameBuilder *builder = us_frame_begin(&column, 1, false, false, us_budget_create(8 * MB));

	if (kind == US_KIND_NUMBER)
		us_frame_put_number(builder, 0, number);
	else if (kind == US_KIND_CATEGORY)
		us_frame_put_category(builder, 0, text, nbytes);
	else
		us_frame_put_tags(builder, 0, nbytes, &text, &nbytes);
	us_frame_end_row(builder);
	return us_frame_finish(builder, NULL);
}

#define KEY(frame) (us_frame_chunk(frame, 0)->key[0])

UNIT_TEST(keys_without_id_tell_values_and_columns_apart)
{
	UNIT_CHECK(KEY(one_row("a", US_KIND_NUMBER, 1, NULL, 0)) ==
			   KEY(one_row("a", US_KIND_NUMBER, 1, NULL, 0)));
	UNIT_CHECK(KEY(one_row("a", US_KIND_NUMBER, 1, NULL, 0)) !=
			   KEY(one_row("b", US_KIND_NUMBER, 1, NULL, 0)));
	UNIT_CHECK(KEY(one_row("a", US_KIND_NUMBER, 0.0, NULL, 0)) ==
			   KEY(one_row("a", US_KIND_NUMBER, -0.0, NULL, 0)));
	UNIT_CHECK(KEY(one_row("a", US_KIND_NUMBER, 1, NULL, 0)) !=
			   KEY(one_row("a", US_KIND_NUMBER, 2, NULL, 0)));
	UNIT_CHECK(KEY(one_row("a", US_KIND_CATEGORY, 0, "x", 1)) !=
			   KEY(one_row("a", US_KIND_CATEGORY, 0, "", 0)));
	UNIT_CHECK(KEY(one_row("a", US_KIND_NUMBER, get_float8_nan(), NULL, 0)) !=
			   KEY(one_row("a", US_KIND_NUMBER, 0, NULL, 0)));
}

UNIT_TEST(a_row_given_up_leaves_no_trace)
{
	UsFrame    *frames[2];

	for (int i = 0; i < 2; i++)
	{
		UsFrameBuilder *builder = us_frame_begin(columns, NCOLUMNS, false, false,
												 us_budget_create(64 * MB));

		for (int r = 0; r < 5000; r++)
		{
			if (i == 1 && r % 10 == 9)
			{
				put_row(builder, 1, 0);
				us_frame_undo_row(builder);
			}
			put_row(builder, r, 0);
			us_frame_end_row(builder);
		}
		frames[i] = us_frame_finish(builder, NULL);
		check_frame(frames[i], 5000, 0);
	}
	UNIT_CHECK(frames[0]->checksum[0] == frames[1]->checksum[0]);
	UNIT_CHECK(frames[0]->checksum[1] == frames[1]->checksum[1]);
}

UNIT_TEST(columns_can_be_dropped_at_the_end)
{
	static const bool drop[NCOLUMNS] = {false, true, false, true};

	for (int spilled = 0; spilled < 2; spilled++)
	{
		UsBudget   *budget = us_budget_create(spilled ? 4 * MB : 64 * MB);
		UsFrameBuilder *builder = us_frame_begin(columns, NCOLUMNS, false, true, budget);
		UsFrame    *frame;
		int			wrong = 0;

		for (int r = 0; r < 20000; r++)
		{
			put_row(builder, r, 0);
			us_frame_end_row(builder);
		}
		frame = us_frame_finish(builder, drop);
		UNIT_CHECK(frame->spilled == spilled);
		UNIT_EQUAL_INT(frame->ncolumns, 2);
		UNIT_EQUAL_STRING(frame->column[1].name, "tags");
		for (int c = 0, r = 0; c < frame->nchunks; c++)
			for (int k = 0; k < us_frame_chunk(frame, c)->nrows; k++, r++)
			{
				const UsChunkColumn *v = us_frame_chunk(frame, c)->column;

				wrong += r % 7 == 0 ? !isnan(v[0].number[k]) : v[0].number[k] != r * 0.25;
				wrong += !tags_are_right(&frame->column[1], &v[1], k, r);
			}
		UNIT_EQUAL_INT(wrong, 0);
		us_frame_free(frame);
		UNIT_EQUAL_INT(us_budget_used(budget), 0);
	}
}

/* A column whose dictionary is given up hashes as before. */
UNIT_TEST(giving_up_a_dictionary_keeps_keys_and_checksum)
{
	UsFrame    *frames[2];

	for (int i = 0; i < 2; i++)
	{
		UsFrameBuilder *builder = us_frame_begin(columns, NCOLUMNS, false, false,
												 us_budget_create(64 * MB));

		for (int r = 0; r < 6000; r++)
		{
			if (i == 1 && r == 5000)
			{
				us_frame_give_up(builder, CATEGORY);
				us_frame_give_up(builder, TAGS);
			}
			put_row(builder, r, 0);
			us_frame_end_row(builder);
		}
		frames[i] = us_frame_finish(builder, i == 0 ? NULL :
									(bool[NCOLUMNS]) {false, true, true, false});
	}
	UNIT_CHECK(frames[0]->checksum[0] == frames[1]->checksum[0]);
	UNIT_CHECK(frames[0]->checksum[1] == frames[1]->checksum[1]);
	UNIT_EQUAL_INT(frames[1]->ncolumns, 2);
}

UNIT_TEST(dictionary_grows_and_finds)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsDictionary *dictionary = us_dictionary_create("c", budget);
	static char large[100000];
	int			len;
	int			wrong = 0;

	memset(large, 'x', sizeof(large));
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < 50000; i++)
		{
			char		text[16];

			snprintf(text, sizeof(text), "%d", i);
			wrong += us_dictionary_intern(dictionary, text, (int) strlen(text)) != i;
		}
	UNIT_EQUAL_INT(wrong, 0);
	UNIT_EQUAL_INT(us_dictionary_intern(dictionary, "", 0), 50000);
	UNIT_EQUAL_INT(us_dictionary_intern(dictionary, large, sizeof(large)), 50001);
	UNIT_EQUAL_INT(us_dictionary_intern(dictionary, large, sizeof(large) - 1), 50002);
	UNIT_EQUAL_INT(us_dictionary_intern(dictionary, "", 0), 50000);
	UNIT_EQUAL_INT(us_dictionary_size(dictionary), 50003);
	UNIT_CHECK(memcmp(us_dictionary_get(dictionary, 50001, &len), large, sizeof(large)) == 0);
	UNIT_EQUAL_INT(len, sizeof(large));
	us_dictionary_free(dictionary);
	UNIT_EQUAL_INT(us_budget_used(budget), 0);
}

static void
fill_dictionary(UsBudget *budget)
{
	UsDictionary *dictionary = us_dictionary_create("city", budget);

	for (int i = 0; i < 1000000; i++)
	{
		char		text[16];

		snprintf(text, sizeof(text), "%d", i);
		us_dictionary_intern(dictionary, text, (int) strlen(text));
	}
}

UNIT_TEST(dictionary_over_the_budget_says_so)
{
	UNIT_ERROR(fill_dictionary(us_budget_create(4 * MB)), ERRCODE_OUT_OF_MEMORY,
			   "dictionary of column \"city\" needs");
}
