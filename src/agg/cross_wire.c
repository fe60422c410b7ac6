/*
 * cross_wire.c
 *	  Payloads of userseg.gram, userseg.logistic_state and their rows.
 *
 * State: u8 version, u8 kind, u8 flags, u32 m, u32 more, u64 fingerprint, i64 rows, and its sums: u8 number
 * of words, with SIGN added for a negative one; if it is not 0: u8 first, u32 words (UsExactWords).
 * Row: u8 version, u8 kind, u8 flags, u32 m, u32 more, u64 fingerprint, f64 factor, f64 values.
 */
#include "postgres.h"

#include <math.h>

#include "agg/cross_state.h"
#include "math/cross.h"
#include "math/exact_sum.h"

#define FLAG_WEIGHTED	1
#define FLAG_INTERCEPT	2
#define SIGN			0x80

/* numbers beside the products, for m columns */
static int
more_of(UsCrossKind kind, int m)
{
	return kind == US_CROSS_GRAM ? 2 : m + 2;
}

/* What both begin with. */
typedef struct Head
{
	uint8		flags;
	int			m;
	int			more;
	uint64		fingerprint;
} Head;

static void
write_head(UsWriter *w, uint8 kind, bool weighted, bool intercept, int m, int more, uint64 fingerprint)
{
	us_write_u8(w, US_CROSS_STATE_VERSION);
	us_write_u8(w, kind);
	us_write_u8(w, (weighted ? FLAG_WEIGHTED : 0) | (intercept ? FLAG_INTERCEPT : 0));
	us_write_u32(w, m);
	us_write_u32(w, more);
	us_write_u64(w, fingerprint);
}

static Head
read_head(UsReader *r, UsCrossKind kind)
{
	Head		h;
	uint8		version = us_read_u8(r);
	uint8		stored;
	uint32		m;
	uint32		more;

	us_check_version(r->what, version, US_CROSS_STATE_VERSION);
	stored = us_read_u8(r);
	h.flags = us_read_u8(r);
	m = us_read_u32(r);
	more = us_read_u32(r);
	h.fingerprint = us_read_u64(r);
	if (stored != kind)
		us_corrupt(r, "kind %d", stored);
	if ((h.flags & ~(FLAG_WEIGHTED | FLAG_INTERCEPT)) != 0)
		us_corrupt(r, "flags %d", h.flags);
	if (m < 2 || m > US_CROSS_MAX_D + 2)
		us_corrupt(r, "%u columns", m);
	h.m = (int) m;
	h.more = more_of(kind, h.m);
	if (more != (uint32) h.more || (kind == US_CROSS_GRAM && h.fingerprint != 0))
		us_corrupt(r, "%u more numbers for %u columns", more, m);
	return h;
}

/* ---- states ---- */

void
us_cross_write(const UsCrossState *s, UsWriter *w)
{
	const UsCrossState *sealed = us_cross_seal(s);
	Size		n = us_cross_size(s->m) + s->more;
	UsExactWords words;
	UsExactSum	sum;

	write_head(w, s->kind, s->weighted, s->intercept, s->m, s->more, s->fingerprint);
	us_write_i64(w, s->rows);
	for (Size i = 0; i < n; i++)
	{
		int			c = Min(sealed->chunks, US_EXACT_CHUNKS - sealed->low);

		memset(&sum, 0, sizeof(sum));
		memcpy(sum.chunk + sealed->low, sealed->data + i * sealed->chunks, sizeof(int64) * c);
		if (c < sealed->chunks)
			sum.chunk[US_EXACT_CHUNKS - 1] += sealed->data[i * sealed->chunks + c] * (INT64CONST(1) << 32);
		us_exact_pack(&sum, &words);
		us_write_u8(w, words.n | (words.negative ? SIGN : 0));
		if (words.n == 0)
			continue;
		us_write_u8(w, words.first);
		for (int k = 0; k < words.n; k++)
			us_write_u32(w, words.word[k]);
	}
}

static void
read_words(UsReader *r, UsExactWords *words)
{
	uint8		n = us_read_u8(r);

	words->negative = (n & SIGN) != 0;
	words->n = n & ~SIGN;
	words->first = words->n > 0 ? us_read_u8(r) : 0;
	if (words->n > US_EXACT_CHUNKS || words->first + words->n > US_EXACT_CHUNKS)
		us_corrupt(r, "a sum of %d words from %d", words->n, words->first);
	for (int c = 0; c < words->n; c++)
		words->word[c] = us_read_u32(r);
	if (words->n > 0 ? (words->word[0] == 0 || words->word[words->n - 1] == 0) : words->negative)
		us_corrupt(r, "a sum that is not canonical");
}

/* The window of chunks for n sums that are still to be read from r. */
static void
scan_window(UsReader r, Size n, int *low, int *chunks)
{
	int			first = US_EXACT_CHUNKS;
	int			end = 0;
	UsExactWords words;

	for (Size i = 0; i < n; i++)
	{
		read_words(&r, &words);
		if (words.n == 0)
			continue;
		first = Min(first, words.first);
		end = Max(end, words.first + words.n);
	}
	*low = end > 0 ? first : 0;
	*chunks = Max(end - *low, 1) + 2;
}

/* Sums of squares are not negative, weights neither. */
static void
check(UsReader *r, const UsCrossState *s)
{
	if (s->rows < 0 || s->rows > US_CROSS_MAX_ROWS)
		us_corrupt(r, INT64_FORMAT " rows", s->rows);
	for (int i = 0; i < s->m; i++)
	{
		const int64 *top = s->data + us_cross_at(s->m, i, i) * s->chunks + s->chunks - 1;

		if (*top < 0)
			us_corrupt(r, "a sum of squares below 0");
	}
}

UsCrossState *
us_cross_read(UsReader *r, UsCrossKind kind)
{
	Head		h = read_head(r, kind);
	Size		n = us_cross_size(h.m) + h.more;
	int64		rows = us_read_i64(r);
	UsCrossState *s;
	UsExactWords words;
	Size		size;
	int			low;
	int			chunks;

	if (n > r->len - r->pos)
		us_corrupt(r, "%d columns in %zu bytes", h.m, r->len - r->pos);
	scan_window(*r, n, &low, &chunks);
	size = offsetof(UsCrossState, data) + sizeof(int64) * n * chunks;
	s = (UsCrossState *) palloc0(size);
	SET_VARSIZE(s, size);
	s->version = US_CROSS_STATE_VERSION;
	s->kind = kind;
	s->weighted = (h.flags & FLAG_WEIGHTED) != 0;
	s->intercept = (h.flags & FLAG_INTERCEPT) != 0;
	s->m = h.m;
	s->more = h.more;
	s->fingerprint = h.fingerprint;
	s->rows = rows;
	s->low = low;
	s->chunks = chunks;
	for (Size i = 0; i < n; i++)
	{
		read_words(r, &words);
		for (int c = 0; c < words.n; c++)
			s->data[i * chunks + words.first + c - low] =
				words.negative ? -(int64) words.word[c] : (int64) words.word[c];
		us_exact_carry(s->data + i * chunks, chunks);
	}
	check(r, s);
	return s;
}

/* ---- rows ---- */

void
us_cross_row_write(const UsCrossRow *row, UsWriter *w)
{
	write_head(w, row->kind, row->weighted, row->intercept, row->m, row->more, row->fingerprint);
	us_write_f64(w, row->factor);
	for (int i = 0; i < row->m + row->more; i++)
		us_write_f64(w, row->value[i]);
}

UsCrossRow *
us_cross_row_read(UsReader *r, UsCrossKind kind)
{
	Head		h = read_head(r, kind);
	UsCrossRow *row = us_cross_row_new(kind, h.m, h.more);

	row->weighted = (h.flags & FLAG_WEIGHTED) != 0;
	row->intercept = (h.flags & FLAG_INTERCEPT) != 0;
	row->fingerprint = h.fingerprint;
	row->factor = us_read_f64(r);
	if (!(row->factor >= 0) || isinf(row->factor))
		us_corrupt(r, "factor %g", row->factor);
	for (int i = 0; i < h.m + h.more; i++)
	{
		row->value[i] = us_read_f64(r);
		if (!isfinite(row->value[i]))
			us_corrupt(r, "value %d is not finite", i + 1);
	}
	return row;
}
