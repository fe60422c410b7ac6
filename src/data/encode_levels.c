/*
 * encode_levels.c
 *	  The levels of a category or tag feature.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "data/encode_levels.h"
#include "data/frame_build.h"
#include "infra/utf8.h"
#include "math/hash.h"

int
us_bytes_compare(const char *a, int alen, const char *b, int blen)
{
	int			c = memcmp(a, b, Min(alen, blen));

	return c != 0 ? c : (alen > blen) - (alen < blen);
}

int
us_levels_find(const UsLevels *levels, const char *text, int len)
{
	uint32		at = (uint32) us_hash_bytes(text, len, 0) & levels->mask;

	for (;;)
	{
		int			i = levels->table[at];

		if (i < 0 || (levels->len[i] == len && memcmp(levels->text[i], text, len) == 0))
			return i;
		at = (at + 1) & levels->mask;
	}
}

UsLevels *
us_levels_make(char **text, int n)
{
	UsLevels   *levels = palloc0(sizeof(UsLevels));
	uint32		size = pg_nextpower2_32(2 * n + 2);

	levels->n = n;
	levels->text = text;
	levels->len = palloc(sizeof(int) * Max(n, 1));
	levels->mask = size - 1;
	levels->table = palloc(sizeof(int32) * size);
	memset(levels->table, -1, sizeof(int32) * size);
	for (int i = 0; i < n; i++)
	{
		uint32		at;

		CHECK_FOR_INTERRUPTS();
		levels->len[i] = (int) strlen(text[i]);
		at = (uint32) us_hash_bytes(text[i], levels->len[i], 0) & levels->mask;
		while (levels->table[at] >= 0)
			at = (at + 1) & levels->mask;
		levels->table[at] = i;
	}
	return levels;
}

/* ---- choice ---- */

typedef struct Candidate
{
	const char *text;
	int			len;
	int64		count;
} Candidate;

/* The most frequent first; of equals the first by bytes. */
static int
by_count(const Candidate *x, const Candidate *y)
{
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return us_bytes_compare(x->text, x->len, y->text, y->len);
}

static int
by_bytes(const Candidate *x, const Candidate *y)
{
	return us_bytes_compare(x->text, x->len, y->text, y->len);
}

/* sorts that can be cancelled */
#define ST_SORT sort_by_count
#define ST_ELEMENT_TYPE Candidate
#define ST_COMPARE(a, b) by_count(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_by_bytes
#define ST_ELEMENT_TYPE Candidate
#define ST_COMPARE(a, b) by_bytes(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static int
by_value(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return (x > y) - (x < y);
}

/* Remember what is in the dictionary, occurs, and is no level. */
static void
remember_pooled(UsLevels *levels, const UsDictionary *dictionary, const int64 *count)
{
	int			size = us_dictionary_size(dictionary);
	int			n = 0;

	for (int code = 0; code < size; code++)
		n += count[code] > 0;
	n -= levels->n;
	levels->npooled = Min(n, US_MAX_POOLED + 1);
	if (n <= 0 || n > US_MAX_POOLED)
		return;
	levels->pooled = palloc(sizeof(uint64) * n);
	n = 0;
	for (int code = 0; code < size; code++)
	{
		int			len;
		const char *text = us_dictionary_get(dictionary, code, &len);

		if (count[code] > 0 && us_levels_find(levels, text, len) == US_LEVEL_OTHER)
			levels->pooled[n++] = us_hash_text(text, len);
	}
	qsort(levels->pooled, n, sizeof(uint64), by_value);
}

bool
us_levels_saw(const UsLevels *levels, const char *text, int len)
{
	uint64		key;

	if (levels->npooled == 0 || levels->npooled > US_MAX_POOLED)
		return levels->npooled > 0;
	key = us_hash_text(text, len);
	return bsearch(&key, levels->pooled, levels->npooled, sizeof(uint64), by_value) != NULL;
}

UsLevels *
us_levels_choose(const UsDictionary *dictionary, const int64 *count, int64 min_count, int max)
{
	int			size = us_dictionary_size(dictionary);
	Candidate  *candidate = MemoryContextAllocHuge(CurrentMemoryContext,
												   sizeof(Candidate) * Max(size, 1));
	UsLevels   *levels;
	char	  **text;
	int			n = 0;

	for (int code = 0; code < size; code++)
	{
		if (count[code] < min_count)
			continue;
		candidate[n].text = us_dictionary_get(dictionary, code, &candidate[n].len);
		candidate[n++].count = count[code];
	}
	if (n > max)
	{
		sort_by_count(candidate, n);
		n = max;
	}
	sort_by_bytes(candidate, n);
	text = palloc(sizeof(char *) * Max(n, 1));
	for (int i = 0; i < n; i++)
		text[i] = pnstrdup(candidate[i].text, candidate[i].len);
	pfree(candidate);
	levels = us_levels_make(text, n);
	remember_pooled(levels, dictionary, count);
	return levels;
}

int *
us_levels_map(const UsLevels *levels, const UsDictionary *dictionary)
{
	int			size = us_dictionary_size(dictionary);
	int		   *map = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(int) * Max(size, 1));

	for (int code = 0; code < size; code++)
	{
		int			len;
		const char *text = us_dictionary_get(dictionary, code, &len);

		if (code % 4096 == 0)
			CHECK_FOR_INTERRUPTS();
		map[code] = us_levels_find(levels, text, len);
	}
	return map;
}

/* ---- stored form ---- */

void
us_levels_write(const UsLevels *levels, UsWriter *w)
{
	us_write_u32(w, (uint32) levels->n);
	for (int i = 0; i < levels->n; i++)
		us_write_utf8(w, levels->text[i]);
	us_write_u32(w, (uint32) levels->npooled);
	for (int i = 0; levels->pooled && i < levels->npooled; i++)
		us_write_u64(w, levels->pooled[i]);
}

static void
read_pooled(UsLevels *levels, UsReader *r)
{
	levels->npooled = (int) us_read_count(r, 0, US_MAX_POOLED + 1);
	if (levels->npooled == 0 || levels->npooled > US_MAX_POOLED)
		return;
	if ((r->len - r->pos) / sizeof(uint64) < levels->npooled)
		us_corrupt(r, "%d pooled levels announced before byte %zu", levels->npooled, r->pos);
	levels->pooled = palloc(sizeof(uint64) * levels->npooled);
	for (int i = 0; i < levels->npooled; i++)
	{
		levels->pooled[i] = us_read_u64(r);
		if (i > 0 && levels->pooled[i] < levels->pooled[i - 1])
			us_corrupt(r, "pooled levels out of order before byte %zu", r->pos);
	}
}

UsLevels *
us_levels_read(UsReader *r)
{
	int			n = (int) us_read_count(r, 4, US_MAX_LEVELS);
	char	  **text = palloc(sizeof(char *) * Max(n, 1));
	UsLevels   *levels;

	for (int i = 0; i < n; i++)
		text[i] = us_read_utf8(r);
	levels = us_levels_make(text, n);
	for (int i = 0; i < n; i++)
		if (us_levels_find(levels, text[i], levels->len[i]) != i)
			us_corrupt(r, "level \"%s\" twice before byte %zu", text[i], r->pos);
	read_pooled(levels, r);
	return levels;
}
