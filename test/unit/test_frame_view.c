/*
 * test_frame_view.c
 *	  Views: the rows that are chosen, and nothing else, in full chunks.
 */
#include "postgres.h"

#include <math.h>

#include "data/frame_build.h"
#include "data/frame_share.h"
#include "data/frame_view.h"
#include "math/hash.h"
#include "unit.h"

#define MB ((Size) 1024 * 1024)

enum
{
	NUMBER, CATEGORY, TAGS, VECTOR, NCOLUMNS
};

#define DIM 3

static const UsColumn columns[NCOLUMNS] = {
	{.name = "number", .kind = US_KIND_NUMBER},
	{.name = "category", .kind = US_KIND_CATEGORY},
	{.name = "tags", .kind = US_KIND_TAGS},
	{.name = "vector", .kind = US_KIND_VECTOR}
};

static UsFrame *
build(int nrows, int first_vector, UsBudget *budget)
{
	UsFrameBuilder *builder = us_frame_begin(columns, NCOLUMNS, true, true, budget);

	for (int r = 0; r < nrows; r++)
	{
		const char *tag[2] = {"a", "b"};
		int			len[2] = {1, 1};
		double		vector[DIM] = {r, r + 1, r + 2};

		builder->key[builder->row] = us_hash64(r);
		builder->weight[builder->row] = 1 + r % 5;
		us_frame_put_number(builder, NUMBER, r % 7 == 0 ? NAN : r);
		if (r % 11 == 0)
			us_frame_put_null(builder, CATEGORY);
		else
			us_frame_put_category(builder, CATEGORY, r % 2 ? "odd" : "even", r % 2 ? 3 : 4);
		if (r % 5 == 0)
			us_frame_put_null(builder, TAGS);
		else
			us_frame_put_tags(builder, TAGS, r % 3, tag, len);
		if (r < first_vector || r % 3 == 0)
			us_frame_put_null(builder, VECTOR);
		else
			us_frame_put_vector(builder, VECTOR, DIM, vector);
		us_frame_end_row(builder);
	}
	return us_frame_finish(builder, NULL);
}

/* Keeps each row whose number is not divisible by *context (0: none). */
static void
not_divisible(void *context, int i, const UsChunk *chunk, bool *keep)
{
	int			by = *(int *) context;

	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = by > 0 && (i * US_CHUNK_ROWS + r) % by != 0;
}

/* Row k of a chunk is row r of the data. */
static bool
row_is(const UsFrame *frame, const UsChunk *chunk, int k, int r, int first_vector)
{
	const UsChunkColumn *v = chunk->column;
	int			code = v[CATEGORY].code[k];
	int			tags = r % 5 == 0 ? 0 : r % 3;
	bool		ok = true;

	ok &= chunk->key[k] == us_hash64(r) && chunk->weight[k] == 1 + r % 5;
	ok &= r % 7 == 0 ? isnan(v[NUMBER].number[k]) : v[NUMBER].number[k] == r;
	if (r % 11 == 0)
		ok &= code == -1;
	else
	{
		int			len;
		const char *text = us_dictionary_get(frame->column[CATEGORY].dictionary, code, &len);

		ok &= len == (r % 2 ? 3 : 4) && memcmp(text, r % 2 ? "odd" : "even", len) == 0;
	}
	ok &= v[TAGS].tag_null[k] == (r % 5 == 0);
	ok &= v[TAGS].tag_start[k + 1] - v[TAGS].tag_start[k] == tags;
	for (int t = 0; ok && t < tags; t++)
	{
		int			len;

		ok &= *us_dictionary_get(frame->column[TAGS].dictionary, v[TAGS].tag_code[v[TAGS].tag_start[k] + t], &len) == "ab"[t];
	}
	if (frame->column[VECTOR].dim == 0)
		return ok;
	if (r < first_vector || r % 3 == 0)
		return ok && isnan(v[VECTOR].vector[k * DIM]);
	for (int d = 0; d < DIM; d++)
		ok &= v[VECTOR].vector[k * DIM + d] == r + d;
	return ok;
}

static void
check_view(UsFrame *view, int nrows, int by, int first_vector)
{
	int			r = 0;
	int			wrong = 0;
	int			nulls = 0;
	int64		rows = 0;

	for (int i = 0; i < nrows; i++)
	{
		rows += by > 0 && i % by != 0;
		nulls += by > 0 && i % by != 0 && i % 7 == 0;
	}
	UNIT_EQUAL_INT(view->nrows, rows);
	UNIT_EQUAL_INT(view->nchunks, (rows + US_CHUNK_ROWS - 1) / US_CHUNK_ROWS);
	UNIT_EQUAL_INT(view->column[NUMBER].n_null, nulls);
	for (int c = 0; c < view->nchunks; c++)
	{
		const UsChunk *chunk = us_frame_chunk(view, c);

		wrong += c + 1 < view->nchunks && chunk->nrows != US_CHUNK_ROWS;
		for (int k = 0; k < chunk->nrows; k++, r++)
		{
			while (r % by == 0)
				r++;
			wrong += !row_is(view, chunk, k, r, first_vector);
			rows--;
		}
	}
	UNIT_EQUAL_INT(wrong, 0);
	UNIT_EQUAL_INT(rows, 0);
}

UNIT_TEST(views_hold_the_chosen_rows)
{
	static const int sizes[] = {1, US_CHUNK_ROWS, 3 * US_CHUNK_ROWS + 100};
	static const int divisors[] = {0, 1, 2, 3, 1000000};

	for (int i = 0; i < lengthof(sizes); i++)
		for (int d = 0; d < lengthof(divisors); d++)
		{
			UsBudget   *budget = us_budget_create(64 * MB);
			int			by = divisors[d];
			UsFrame    *frame = build(sizes[i], 10, budget);
			Size		before = us_budget_used(budget);
			UsFrame    *view = us_frame_view(frame, not_divisible, &by, budget);

			check_view(view, sizes[i], by, 10);
			us_frame_free(view);
			UNIT_EQUAL_INT(us_budget_used(budget), before);
			us_frame_free(frame);
		}
}

UNIT_TEST(views_of_spilled_frames_and_of_views)
{
	UsBudget   *budget = us_budget_create(6 * MB);
	int			n = 20 * US_CHUNK_ROWS + 1000;
	UsFrame    *frame = build(n, 2 * US_CHUNK_ROWS, budget);
	int			by = 3;
	int			all = 1000000007;
	UsFrame    *view = us_frame_view(frame, not_divisible, &by, budget);
	UsFrame    *second;

	UNIT_CHECK(frame->spilled);
	check_view(view, n, 3, 2 * US_CHUNK_ROWS);
	/* all rows but the first */
	second = us_frame_view(view, not_divisible, &all, budget);
	UNIT_EQUAL_INT(second->nrows, view->nrows - 1);
	UNIT_CHECK(us_frame_chunk(second, 0)->key[0] == us_hash64(2));
	/* in any order, and both in turn */
	for (int c = second->nchunks - 1; c >= 0; c--)
	{
		uint64		key = us_frame_chunk(second, c)->key[0];

		UNIT_CHECK(key == us_frame_chunk(view, c)->key[1]);
	}
	us_frame_free(second);
	us_frame_free(view);
	us_frame_free(frame);
	UNIT_EQUAL_INT(us_budget_used(budget), 0);
}

UNIT_TEST(views_over_the_budget_say_so)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrame    *frame = build(100, 0, budget);
	int			by = 3;

	UNIT_ERROR(us_frame_view(frame, not_divisible, &by, us_budget_create(1000)), ERRCODE_OUT_OF_MEMORY, "needs");
	us_frame_free(frame);
}

/* Whether two frames say the same of every row. */
static bool
same_rows(UsFrame *a, UsFrame *b)
{
	bool		same = a->nrows == b->nrows && a->nchunks == b->nchunks && a->ncolumns == b->ncolumns &&
		a->weighted == b->weighted && a->checksum[0] == b->checksum[0];

	for (int j = 0; same && j < a->ncolumns; j++)
		same = strcmp(a->column[j].name, b->column[j].name) == 0 && a->column[j].n_null == b->column[j].n_null &&
			a->column[j].dim == b->column[j].dim;
	for (int i = 0; same && i < a->nchunks; i++)
	{
		const UsChunk *x = us_frame_chunk(a, i);
		const UsChunk *y = us_frame_chunk(b, i);

		same = x->nrows == y->nrows && memcmp(x->key, y->key, x->nrows * sizeof(uint64)) == 0 &&
			memcmp(x->weight, y->weight, x->nrows * sizeof(double)) == 0 &&
			memcmp(x->column[NUMBER].number, y->column[NUMBER].number, x->nrows * sizeof(double)) == 0 &&
			memcmp(x->column[CATEGORY].code, y->column[CATEGORY].code, x->nrows * sizeof(int32)) == 0 &&
			memcmp(x->column[TAGS].tag_start, y->column[TAGS].tag_start, (x->nrows + 1) * sizeof(int32)) == 0 &&
			memcmp(x->column[TAGS].tag_null, y->column[TAGS].tag_null, x->nrows) == 0 &&
			(x->column[TAGS].tag_start[x->nrows] == 0 ||
			 memcmp(x->column[TAGS].tag_code, y->column[TAGS].tag_code, x->column[TAGS].tag_start[x->nrows] * sizeof(int32)) == 0) &&
			(a->column[VECTOR].dim == 0 ||
			 memcmp(x->column[VECTOR].vector, y->column[VECTOR].vector, x->nrows * DIM * sizeof(double)) == 0);
	}
	for (int j = CATEGORY; same && j <= TAGS; j++)
	{
		same = us_dictionary_size(a->column[j].dictionary) == us_dictionary_size(b->column[j].dictionary);
		for (int code = 0; same && code < us_dictionary_size(a->column[j].dictionary); code++)
		{
			int			xlen,
						ylen;
			const char *xt = us_dictionary_get(a->column[j].dictionary, code, &xlen);
			const char *yt = us_dictionary_get(b->column[j].dictionary, code, &ylen);

			same = xlen == ylen && memcmp(xt, yt, xlen) == 0;
		}
	}
	return same;
}

static void
keep_odd(void *context, int i, const UsChunk *chunk, bool *keep)
{
	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = chunk->key[r] & 1;
}

UNIT_TEST(frame_shared)
{
	/* vectors begin in a later chunk; a view; no rows */
	static const int nrows[] = {9000, 4096, 1};

	for (int i = 0; i < lengthof(nrows); i++)
		for (int odd = 0; odd < 2; odd++)
		{
			UsBudget   *budget = us_budget_create(64 * MB);
			UsFrame    *all = build(nrows[i], nrows[i] > 5000 ? 5000 : 0, budget);
			UsFrame    *frame = odd ? us_frame_view(all, keep_odd, NULL, budget) : all;
			Size		bytes = us_frame_shared_bytes(frame);
			char	   *area = us_arena_alloc(us_arena_create(CurrentMemoryContext, NULL), bytes + 64);
			Size		used = us_budget_used(budget);
			UsFrame    *copy;

			memset(area + bytes, 0x7f, 64);
			us_frame_share(frame, area);
			UNIT_CHECK(area[bytes] == 0x7f);
			copy = us_frame_attach(area, budget);
			UNIT_CHECK(same_rows(frame, copy));
			us_frame_free(copy);
			UNIT_CHECK(us_budget_used(budget) == used);
		}
}
