/*
 * frame_put.c
 *	  Writing a Frame: values into the row that is being written.
 *
 * Numbers only go to their array; the other kinds also hash themselves into the
 * hash of the row here, numbers follow when their chunk is full (frame_build.c).
 */
#include "postgres.h"

#include <limits.h>

#include "utils/float.h"
#include "utils/memutils.h"

#include "data/frame_build.h"
#include "data/frame_store.h"
#include "infra/compat.h"
#include "math/hash.h"

/* Room for size bytes of a column with many values a row; what is there stays. */
static void
reserve_items(UsFrameBuilder *builder, int j, Size size)
{
	UsFrameItems *items = &builder->items[j];
	Size		wanted = Max(items->allocated * 2, 1024);

	if (size <= items->allocated)
		return;
	wanted = Max(wanted, size);
	us_budget_take(builder->budget, wanted - items->allocated,
				   psprintf("one chunk of column \"%s\"", builder->frame->column[j].name));
	items->data = items->data == NULL ?
		MemoryContextAllocHuge(builder->frame->store->context, wanted) :
		repalloc_huge(items->data, wanted);
	items->allocated = wanted;
}

/* What a value adds to the hash of its row: a sum, so the order of columns does not matter. */
static inline void
add_hash(UsFrameBuilder *builder, int j, uint64 word)
{
	builder->hash[builder->row] += us_hash64(word ^ builder->seed[j]);
}

void
us_frame_put_code(UsFrameBuilder *builder, int j, int code)
{
	builder->code[j][builder->row] = code;
	add_hash(builder, j, us_dictionary_hash(builder->frame->column[j].dictionary, code));
}

int
us_frame_put_category(UsFrameBuilder *builder, int j, const char *bytes, int len)
{
	UsDictionary *dictionary = builder->frame->column[j].dictionary;
	int			code;

	if (dictionary == NULL)
	{
		builder->code[j][builder->row] = -1;
		add_hash(builder, j, us_hash_text(bytes, len));
		return -1;
	}
	code = us_dictionary_intern(dictionary, bytes, len);
	us_frame_put_code(builder, j, code);
	return code;
}

static int
compare_codes(const void *a, const void *b)
{
	int32		x = *(const int32 *) a;
	int32		y = *(const int32 *) b;

	return x < y ? -1 : x > y;
}

static int
compare_hashes(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return x < y ? -1 : x > y;
}

/* The hash of a set of tags, by the hashes of its n distinct tags in any order. */
static uint64
hash_tags(const uint64 *hash, int n)
{
	uint64		sum = (uint64) n;

	for (int i = 0; i < n; i++)
		sum += us_hash64(hash[i]);
	return us_hash64(sum);
}

/* Sort n hashes and leave each once; their number. */
static int
distinct_hashes(uint64 *hash, int n)
{
	int			distinct = 0;

	qsort(hash, n, sizeof(uint64), compare_hashes);
	for (int i = 0; i < n; i++)
		if (i == 0 || hash[i] != hash[i - 1])
			hash[distinct++] = hash[i];
	return distinct;
}

void
us_frame_put_tags(UsFrameBuilder *builder, int j, int n,
				  const char *const *bytes, const int *len)
{
	UsDictionary *dictionary = builder->frame->column[j].dictionary;
	int32		start = builder->tag_start[j][builder->row];
	uint64	   *hash = (uint64 *) palloc(Max(n, 1) * sizeof(uint64));
	int32	   *code;
	int			distinct = 0;

	builder->tag_null[j][builder->row] = false;
	if (dictionary == NULL)
	{
		for (int i = 0; i < n; i++)
			hash[i] = us_hash_text(bytes[i], len[i]);
		add_hash(builder, j, hash_tags(hash, distinct_hashes(hash, n)));
		builder->tag_start[j][builder->row + 1] = start;
		pfree(hash);
		return;
	}

	if ((int64) start + n > INT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\" has more than %d tags in %d rows",
						builder->frame->column[j].name, INT_MAX, US_CHUNK_ROWS)));
	reserve_items(builder, j, ((Size) start + n) * sizeof(int32));
	code = (int32 *) builder->items[j].data + start;
	for (int i = 0; i < n; i++)
		code[i] = us_dictionary_intern(dictionary, bytes[i], len[i]);
	qsort(code, n, sizeof(int32), compare_codes);
	for (int i = 0; i < n; i++)
	{
		if (distinct > 0 && code[i] == code[distinct - 1])
			continue;
		hash[distinct] = us_dictionary_hash(dictionary, code[i]);
		code[distinct++] = code[i];
	}
	builder->tag_start[j][builder->row + 1] = start + distinct;
	add_hash(builder, j, hash_tags(hash, distinct));
	pfree(hash);
}

void
us_frame_put_vector(UsFrameBuilder *builder, int j, int n, const double *value)
{
	UsColumn   *column = &builder->frame->column[j];
	Size		width = n * sizeof(double);
	double	   *vector;
	uint64		word;

	Assert(n > 0);
	if (column->dim == 0)
	{
		/* first value of the column: the rows before it are NULL */
		column->dim = n;
		reserve_items(builder, j, (builder->row + 1) * width);
		vector = (double *) builder->items[j].data;
		for (Size i = 0; i < (Size) builder->row * n; i++)
			vector[i] = get_float8_nan();
	}
	Assert(column->dim == n);
	reserve_items(builder, j, (builder->row + 1) * width);
	vector = (double *) builder->items[j].data + (Size) builder->row * n;
	word = n;
	for (int i = 0; i < n; i++)
	{
		uint64		bits;

		vector[i] = value[i] + 0.0;
		memcpy(&bits, &vector[i], sizeof(bits));
		word = us_hash64(word ^ bits);
	}
	add_hash(builder, j, word);
}

void
us_frame_put_null(UsFrameBuilder *builder, int j)
{
	UsColumn   *column = &builder->frame->column[j];

	switch (column->kind)
	{
		case US_KIND_CATEGORY:
			builder->code[j][builder->row] = -1;
			add_hash(builder, j, US_FRAME_NULL_WORD);
			break;
		case US_KIND_TAGS:
			builder->tag_null[j][builder->row] = true;
			builder->tag_start[j][builder->row + 1] = builder->tag_start[j][builder->row];
			add_hash(builder, j, US_FRAME_NULL_WORD);
			break;
		case US_KIND_VECTOR:
			if (column->dim > 0)
			{
				double	   *vector;

				reserve_items(builder, j, (builder->row + 1) * column->dim * sizeof(double));
				vector = (double *) builder->items[j].data + (Size) builder->row * column->dim;
				for (int i = 0; i < column->dim; i++)
					vector[i] = get_float8_nan();
			}
			add_hash(builder, j, US_FRAME_NULL_WORD);
			break;
		default:
			builder->number[j][builder->row] = get_float8_nan();
			break;
	}
}

void
us_frame_give_up(UsFrameBuilder *builder, int j)
{
	UsColumn   *column = &builder->frame->column[j];

	us_dictionary_free(column->dictionary);
	column->dictionary = NULL;
}
