/*
 * kmeans_wire.c
 *	  The payload of userseg.kmeans_state.
 *
 * u8 version, u8 kind, u8 metric, u8 flags, u32 k, u32 d, i32 weight_exponent,
 * u64 fingerprint; the centroid set when FLAG_SET; for each cluster i64 rows
 * and its sums.  A sum is u8 number of words, with
 * SIGN added for a negative one; if it is not 0: u8 first, u32 words (UsExactWords).
 */
#include "postgres.h"

#include <math.h>

#include "agg/kmeans_state.h"

#define FLAG_GRIDDED	1
#define FLAG_SET		2

#define SIGN			0x80

/* Words of a sum of US_KMEANS_MAX_ROWS doubles end before this one. */
#define MAX_WORDS		US_EXACT_CHUNKS

/* ---- writing ---- */

static void
write_sum(const UsKmeansState *s, int i, int j, UsWriter *w)
{
	UsExactSum	sum;
	UsExactWords words;

	us_kmeans_sum(s, i, j, &sum);
	us_exact_pack(&sum, &words);
	us_write_u8(w, words.n | (words.negative ? SIGN : 0));
	if (words.n == 0)
		return;
	us_write_u8(w, words.first);
	for (int c = 0; c < words.n; c++)
		us_write_u32(w, words.word[c]);
}

/* Append the payload of a state. */
void
us_kmeans_write(const UsKmeansState *s, UsWriter *w)
{
	const UsCentroidSet *c = us_kmeans_set(s);

	us_write_u8(w, US_KMEANS_STATE_VERSION);
	us_write_u8(w, s->kind);
	us_write_u8(w, s->metric);
	us_write_u8(w, (s->gridded ? FLAG_GRIDDED : 0) | (c != NULL ? FLAG_SET : 0));
	us_write_u32(w, s->k);
	us_write_u32(w, s->d);
	us_write_i32(w, s->weight_exponent);
	us_write_u64(w, s->fingerprint);
	if (c != NULL)
		us_centroid_set_write(c, w);
	for (int i = 0; i < s->k; i++)
	{
		us_write_i64(w, us_kmeans_rows(s)[i]);
		for (int j = 0; j < us_kmeans_width(s); j++)
			write_sum(s, i, j, w);
	}
}

/* ---- reading ---- */

/* The header, checked; a sum takes one byte at least. */
static void
read_header(UsReader *r, UsKmeansState *header, uint8 *flags)
{
	uint8		version = us_read_u8(r);
	uint32		k;
	uint32		d;

	us_check_version(r->what, version, US_KMEANS_STATE_VERSION);
	header->version = version;
	header->kind = us_read_u8(r);
	header->metric = us_read_u8(r);
	*flags = us_read_u8(r);
	k = us_read_u32(r);
	d = us_read_u32(r);
	header->weight_exponent = us_read_i32(r);
	header->fingerprint = us_read_u64(r);

	if (header->kind < US_KMEANS_CLUSTERS || header->kind > US_KMEANS_FEATURE)
		us_corrupt(r, "kind %d", header->kind);
	if (header->metric >= US_METRIC_COUNT || header->metric == US_METRIC_SQEUCLIDEAN ||
		(header->kind != US_KMEANS_INERTIA && header->kind != US_KMEANS_SILHOUETTE &&
		 header->metric != US_METRIC_EUCLIDEAN && header->metric != US_METRIC_COSINE))
		us_corrupt(r, "metric %d", header->metric);
	if (*flags > (FLAG_GRIDDED | FLAG_SET) ||
		(us_kmeans_has_no_set((UsKmeansKind) header->kind) &&
		 (*flags != 0 || k != 1 || header->fingerprint != 0 ||
		  header->metric != US_METRIC_EUCLIDEAN)))
		us_corrupt(r, "flags %d of kind %d", *flags, header->kind);
	header->gridded = (*flags & FLAG_GRIDDED) != 0;
	if (k < 1 || k > US_CENTROID_MAX_K || d < 1 || d > US_CENTROID_MAX_D ||
		(uint64) k * d > US_CENTROID_MAX_VALUES)
		us_corrupt(r, "%u clusters of %u columns", k, d);
	header->k = k;
	header->d = d;
	if (header->weight_exponent < (header->gridded ? -US_CENTROID_MAX_WEIGHT_EXPONENT : 0) ||
		header->weight_exponent > (header->gridded ? US_CENTROID_MAX_WEIGHT_EXPONENT : 0))
		us_corrupt(r, "exponent %d of weights", header->weight_exponent);
	if ((Size) k * us_kmeans_width(header) > r->len - r->pos)
		us_corrupt(r, "%u clusters of %u columns in %zu bytes", k, d, r->len - r->pos);
}

static const UsCentroidSet *
read_set(UsReader *r, const UsKmeansState *header)
{
	UsCentroidSet *c = us_centroid_set_read(r);

	if (c->k != header->k || c->d != header->d || c->metric != header->metric ||
		c->gridded != header->gridded || c->weight_exponent != header->weight_exponent ||
		c->fingerprint != header->fingerprint)
		us_corrupt(r, "a centroid set of other shape");
	return c;
}

static void
read_sum(UsReader *r, UsExactWords *words)
{
	uint8		n = us_read_u8(r);

	words->negative = (n & SIGN) != 0;
	words->n = n & ~SIGN;
	words->first = words->n > 0 ? us_read_u8(r) : 0;
	if (words->n > MAX_WORDS || words->first + words->n > MAX_WORDS)
		us_corrupt(r, "a sum of %d words from %d", words->n, words->first);
	for (int c = 0; c < words->n; c++)
		words->word[c] = us_read_u32(r);
	if (words->n > 0 ? (words->word[0] == 0 || words->word[words->n - 1] == 0) : words->negative)
		us_corrupt(r, "a sum that is not canonical");
}

/* The window of chunks for sums that are still to be read from r. */
static void
scan_window(UsReader r, const UsKmeansState *header, int *low, int *chunks)
{
	int			first = MAX_WORDS;
	int			end = 0;
	UsExactWords words;

	for (int i = 0; i < header->k; i++)
	{
		(void) us_read_i64(&r);
		for (int j = 0; j < us_kmeans_width(header); j++)
		{
			read_sum(&r, &words);
			if (words.n == 0)
				continue;
			first = Min(first, words.first);
			end = Max(end, words.first + words.n);
		}
	}
	*low = end > 0 ? first : 0;
	*chunks = end > 0 ? end - first + 1 : 2;
}

/* Words into chunks of a window that has room for them and one above. */
static void
put_words(const UsExactWords *words, int low, int64 *chunk, int chunks)
{
	for (int c = 0; c < words->n; c++)
	{
		int64		word = words->word[c];

		chunk[words->first + c - low] = words->negative ? -word : word;
	}
	us_exact_carry(chunk, chunks);
}

/* Rows, weight and cost of a cluster fit together. */
static void
check_cluster(UsReader *r, const UsKmeansState *s, int i)
{
	int64		rows = us_kmeans_rows(s)[i];
	double		weight = us_kmeans_weight(s, i);
	double		cost = us_kmeans_cost(s, i);

	if (rows < 0 || rows > US_KMEANS_MAX_ROWS)
		us_corrupt(r, INT64_FORMAT " rows", rows);
	if (rows == 0 ? weight != 0 || cost != 0 : !(s->gridded ? weight >= 0 : weight > 0))
		us_corrupt(r, "weight %g of " INT64_FORMAT " rows", weight, rows);
	if (cost < 0 && s->kind != US_KMEANS_SILHOUETTE)
		us_corrupt(r, "cost %g", cost);
}

/* The sealed state of a payload; 22P03 if it is not valid. */
UsKmeansState *
us_kmeans_read(UsReader *r)
{
	UsKmeansState header = {0};
	const UsCentroidSet *c = NULL;
	UsKmeansState *s;
	UsExactWords words;
	uint8		flags;
	int			low;
	int			chunks;

	read_header(r, &header, &flags);
	if ((flags & FLAG_SET) != 0)
		c = read_set(r, &header);
	scan_window(*r, &header, &low, &chunks);
	s = us_kmeans_build(&header, c, false, low, chunks);
	for (int i = 0; i < s->k; i++)
	{
		us_kmeans_rows(s)[i] = us_read_i64(r);
		for (int j = 0; j < us_kmeans_width(s); j++)
		{
			read_sum(r, &words);
			put_words(&words, low, us_kmeans_chunks(s, i, j), chunks);
		}
		check_cluster(r, s, i);
	}
	return us_kmeans_seal(s);
}
