/*
 * kmeans_state.c
 *	  Building userseg.kmeans_state from rows and from other states.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "agg/kmeans_state.h"
#include "math/simd.h"

/* the window of a new state: values from 2^-30 (about 1e-9) to 2^97 fit */
#define FIRST_LOW		31
#define FIRST_CHUNKS	6

/* rows between two carries: one row adds at most two doubles to a sum */
#define CARRY_ROWS		(US_EXACT_PENDING / 2)

/* columns of a clustering feature between two carries of the sum of squares: one adds up to four doubles */
#define FEATURE_COLUMNS	(US_EXACT_PENDING / 8)

/* ---- layout ---- */

static Size
sums_of(const UsKmeansState *s)
{
	return (Size) s->k * us_kmeans_width(s);
}

static int64 *
pending_of(const UsKmeansState *s)
{
	return us_kmeans_rows(s) + s->k;
}

int64 *
us_kmeans_chunks(const UsKmeansState *s, int i, int j)
{
	return pending_of(s) + s->k + ((Size) i * us_kmeans_width(s) + j) * s->chunks;
}

UsKmeansState *
us_kmeans_build(const UsKmeansState *header, const UsCentroidSet *c, bool with_assigner,
				int low, int chunks)
{
	Size		set_size = c != NULL ? MAXALIGN(VARSIZE(c)) : 0;
	Size		assigner_size = c != NULL && with_assigner ? us_assigner_size(c) : 0;
	Size		size = offsetof(UsKmeansState, data) + set_size + assigner_size +
		sizeof(int64) * (2 * header->k + sums_of(header) * chunks);
	UsKmeansState *s;

	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sums of %d clusters of %d columns need %zu MB, more than the largest value of %zu MB",
						header->k, header->d, size >> 20, (Size) MaxAllocSize >> 20),
				 errhint("Use fewer clusters or fewer columns.")));
	s = (UsKmeansState *) palloc0(size);
	memcpy(s, header, offsetof(UsKmeansState, data));
	SET_VARSIZE(s, size);
	s->set_size = set_size;
	s->assigner_size = assigner_size;
	s->low = low;
	s->chunks = chunks;
	if (c != NULL)
		memcpy(s->data, c, VARSIZE(c));
	if (assigner_size > 0)
		us_assigner_fill((UsAssigner *) (s->data + set_size), c);
	return s;
}

/* A copy of s with a set or without (NULL), and with another window. */
static UsKmeansState *
resize(const UsKmeansState *s, const UsCentroidSet *c, bool with_assigner, int low, int chunks)
{
	UsKmeansState *to = us_kmeans_build(s, c, with_assigner, low, chunks);
	int			from = Max(s->low, low);
	int			end = Min(s->low + s->chunks, low + chunks);
	Size		nsums = sums_of(s);
	const int64 *in = us_kmeans_chunks(s, 0, 0);
	int64	   *out = us_kmeans_chunks(to, 0, 0);

	memcpy(us_kmeans_rows(to), us_kmeans_rows(s), sizeof(int64) * 2 * s->k);
	for (Size i = 0; i < nsums && from < end; i++)
		memcpy(out + i * chunks + (from - low), in + i * s->chunks + (from - s->low),
			   sizeof(int64) * (end - from));
	return to;
}

/* ---- new states ---- */

UsKmeansState *
us_kmeans_new(UsKmeansKind kind, const UsCentroidSet *c)
{
	UsKmeansState header = {0};

	header.version = US_KMEANS_STATE_VERSION;
	header.kind = kind;
	header.metric = c->metric;
	header.gridded = c->gridded;
	header.k = c->k;
	header.d = c->d;
	header.weight_exponent = c->weight_exponent;
	header.fingerprint = c->fingerprint;
	return us_kmeans_build(&header, c, true, FIRST_LOW, FIRST_CHUNKS);
}

UsKmeansState *
us_kmeans_new_for_point(const UsKmeansPoint *p)
{
	UsKmeansState header = {0};

	header.version = US_KMEANS_STATE_VERSION;
	header.kind = US_KMEANS_CLUSTERS;
	header.metric = p->metric;
	header.gridded = p->gridded;
	header.k = p->k;
	header.d = p->d;
	header.weight_exponent = p->weight_exponent;
	header.fingerprint = p->fingerprint;
	return us_kmeans_build(&header, NULL, false, FIRST_LOW, FIRST_CHUNKS);
}

static UsKmeansState *
new_without_set(UsKmeansKind kind, int d)
{
	UsKmeansState header = {0};

	header.version = US_KMEANS_STATE_VERSION;
	header.kind = kind;
	header.k = 1;
	header.d = d;
	return us_kmeans_build(&header, NULL, false, FIRST_LOW, FIRST_CHUNKS);
}

UsKmeansState *
us_kmeans_new_mean(int d)
{
	return new_without_set(US_KMEANS_MEAN, d);
}

UsKmeansState *
us_kmeans_new_feature(int d)
{
	return new_without_set(US_KMEANS_FEATURE, d);
}

/* ---- adding ---- */

/* A larger window, in which the finite value x has room. */
static UsKmeansState *
grow(const UsKmeansState *s, double x)
{
	int64		low;
	int64		high;
	int			chunk = us_exact_cut(x, &low, &high);
	int			first = Min(s->low, chunk);
	int			end = Max(s->low + s->chunks, chunk + 3);	/* chunk, chunk + 1, and one above */

	return resize(s, us_kmeans_set(s), s->assigner_size > 0, first, end - first);
}

/* Add x to the chunks of one sum; false if it has no room in the window. */
US_INLINE bool
put(int64 *chunk, int low, int room, double x)
{
	int64		x0;
	int64		x1;
	int			i = us_exact_cut(x, &x0, &x1) - low;

	if (unlikely((unsigned int) i >= (unsigned int) room))
		return x == 0;
	chunk[i] += x0;
	chunk[i + 1] += x1;
	return true;
}

/* Add n doubles to the sums j .. j + n - 1 of cluster i. */
static UsKmeansState *
add_values(UsKmeansState *s, int i, int j, const double *x, int n)
{
	int64	   *chunk = us_kmeans_chunks(s, i, j);
	int			low = s->low;
	int			chunks = s->chunks;

	for (int v = 0; v < n; v++, chunk += chunks)
	{
		while (!put(chunk, low, chunks - 2, x[v]))
		{
			s = grow(s, x[v]);
			low = s->low;
			chunks = s->chunks;
			chunk = us_kmeans_chunks(s, i, j + v);
		}
	}
	return s;
}

/* Add x * y exactly: the rounded product and its error (T. J. Dekker, Numer. Math. 18, 1971). */
static UsKmeansState *
add_product(UsKmeansState *s, int i, int j, double x, double y)
{
	double		product = x * y;
	double		error = fma(x, y, -product);

	s = add_values(s, i, j, &product, 1);
	return add_values(s, i, j, &error, 1);
}

static UsKmeansState *
add_weighted(UsKmeansState *s, const UsKmeansPoint *p)
{
	for (int j = 0; j < p->d; j++)
	{
		if (p->gridded)
			s = add_product(s, p->label, j, p->value[j], p->weight);
		else
		{
			double		product = p->value[j] * p->weight;

			s = add_values(s, p->label, j, &product, 1);
		}
	}
	return s;
}

/* Count a row of cluster i, after its values were added. */
US_INLINE void
count_row(UsKmeansState *s, int i)
{
	int64	   *pending = pending_of(s) + i;

	us_kmeans_rows(s)[i]++;
	if (unlikely(++*pending >= CARRY_ROWS))
	{
		for (int j = 0; j < us_kmeans_width(s); j++)
			us_exact_carry(us_kmeans_chunks(s, i, j), s->chunks);
		*pending = 0;
	}
}

pg_noreturn static void
another_set(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("rows of different centroid sets in one k-means state"),
			 errdetail("All rows of a state are assigned to one centroid set."),
			 errhint("Group by the centroid set, or aggregate with one set at a time.")));
}

pg_noreturn static void
lengths_differ(int d, int other)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("vectors of length %d and of length %d have no mean", d, other)));
}

void
us_kmeans_check_kind(const UsKmeansState *s, UsKmeansKind kind)
{
	if (s->kind != kind)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k-means state of another aggregate"),
				 errdetail("It is of kind %d, not %d.", s->kind, kind)));
}

UsKmeansState *
us_kmeans_prepare(UsKmeansState *s, UsKmeansKind kind, const UsCentroidSet *c)
{
	us_kmeans_check_kind(s, kind);
	if (s->fingerprint != c->fingerprint || s->k != c->k || s->d != c->d ||
		s->gridded != c->gridded)
		another_set();
	if (s->assigner_size > 0)
		return s;
	return resize(s, c, true, s->low, s->chunks);
}

UsKmeansState *
us_kmeans_add(UsKmeansState *s, const UsKmeansPoint *p)
{
	double		more[2];

	us_kmeans_check_kind(s, US_KMEANS_CLUSTERS);
	if (p->fingerprint != s->fingerprint || p->k != s->k || p->d != s->d ||
		p->gridded != s->gridded)
		another_set();
	if (p->weight == 1)
		s = add_values(s, p->label, 0, p->value, p->d);
	else
		s = add_weighted(s, p);
	more[0] = p->weight;
	more[1] = p->weight * p->cost;
	s = add_values(s, p->label, p->d, more, 2);
	count_row(s, p->label);
	return s;
}

UsKmeansState *
us_kmeans_add_mean(UsKmeansState *s, const double *x, int d, double w)
{
	us_kmeans_check_kind(s, US_KMEANS_MEAN);
	if (d != s->d)
		lengths_differ(s->d, d);
	if (w == 1)
		s = add_values(s, 0, 0, x, s->d);
	else
	{
		for (int j = 0; j < s->d; j++)
		{
			double		product = x[j] * w;

			if (!isfinite(product))
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("value out of range: %g with weight %g", x[j], w),
						 errhint("Scale the columns or the weights.")));
			s = add_values(s, 0, j, &product, 1);
		}
	}
	s = add_values(s, 0, s->d, &w, 1);
	count_row(s, 0);
	return s;
}

/*
 * Everything exact: w x_j and w x_j^2 are sums of rounded products and their errors, as long as
 * no product is so small that its error vanishes (about 1e-290).
 */
UsKmeansState *
us_kmeans_add_feature(UsKmeansState *s, const double *x, int d, double w)
{
	us_kmeans_check_kind(s, US_KMEANS_FEATURE);
	if (d != s->d)
		lengths_differ(s->d, d);
	for (int j = 0; j < d; j++)
	{
		double		square = x[j] * x[j];
		double		error = fma(x[j], x[j], -square);

		if (!isfinite(square * w) || !isfinite(x[j] * w))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("value out of range: the square of %g with weight %g", x[j], w),
					 errhint("Scale the columns or the weights.")));
		if (w == 1)
		{
			s = add_values(s, 0, j, &x[j], 1);
			s = add_values(s, 0, d + 1, &square, 1);
			s = add_values(s, 0, d + 1, &error, 1);
		}
		else
		{
			s = add_product(s, 0, j, x[j], w);
			s = add_product(s, 0, d + 1, square, w);
			s = add_product(s, 0, d + 1, error, w);
		}
		if (j % FEATURE_COLUMNS == 0)
			us_exact_carry(us_kmeans_chunks(s, 0, d + 1), s->chunks);
	}
	s = add_values(s, 0, d, &w, 1);
	count_row(s, 0);
	return s;
}

UsKmeansState *
us_kmeans_add_figure(UsKmeansState *s, UsKmeansKind kind, int label, double y)
{
	double		more[2] = {1, y};

	us_kmeans_check_kind(s, kind);
	Assert(label >= 0 && label < s->k);
	s = add_values(s, label, 0, more, 2);
	count_row(s, label);
	return s;
}

/* ---- merging and sealing ---- */

static void
merge_check(const UsKmeansState *s, const UsKmeansState *other)
{
	int64		total = 0;

	us_kmeans_check_kind(other, (UsKmeansKind) s->kind);
	if (s->d != other->d && us_kmeans_has_no_set((UsKmeansKind) s->kind))
		lengths_differ(s->d, other->d);
	if (s->fingerprint != other->fingerprint || s->k != other->k || s->d != other->d ||
		s->metric != other->metric || s->gridded != other->gridded ||
		s->weight_exponent != other->weight_exponent)
		another_set();
	for (int i = 0; i < s->k; i++)
		total += us_kmeans_rows(s)[i] + us_kmeans_rows(other)[i];
	if (total > US_KMEANS_MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a k-means state cannot count more than " INT64_FORMAT " rows",
						US_KMEANS_MAX_ROWS)));
}

UsKmeansState *
us_kmeans_merge(UsKmeansState *s, const UsKmeansState *other)
{
	int			low = Min(s->low, other->low);
	int			end = Max(s->low + s->chunks, other->low + other->chunks);
	bool		take_set = s->set_size == 0 && other->set_size > 0;
	int64		carried[US_EXACT_CHUNKS + 1];
	Size		nsums = sums_of(s);
	int64	   *to;
	const int64 *from;

	merge_check(s, other);
	if (low < s->low || end > s->low + s->chunks || take_set)
		s = resize(s, us_kmeans_set(take_set ? other : s),
							 s->assigner_size > 0, low, end - low);
	to = us_kmeans_chunks(s, 0, 0);
	from = us_kmeans_chunks(other, 0, 0);
	for (Size i = 0; i < nsums; i++, to += s->chunks, from += other->chunks)
	{
		memcpy(carried, from, sizeof(int64) * other->chunks);
		us_exact_carry(carried, other->chunks);
		for (int c = 0; c < other->chunks; c++)
			to[other->low - s->low + c] += carried[c];
		us_exact_carry(to, s->chunks);
	}
	memset(pending_of(s), 0, sizeof(int64) * s->k);
	for (int i = 0; i < s->k; i++)
		us_kmeans_rows(s)[i] += us_kmeans_rows(other)[i];
	return s;
}

/*
 * The smallest window of chunks for all sums of a carried state whose top chunk is
 * a mere sign (0 or -1): from the lowest chunk that is not 0 to the first one above which
 * there is only sign.
 */
static void
smallest_window(const UsKmeansState *s, int *low, int *chunks)
{
	const int64 *chunk = us_kmeans_chunks(s, 0, 0);
	Size		nsums = sums_of(s);
	int			first = s->chunks;
	int			last = -1;

	for (Size i = 0; i < nsums; i++, chunk += s->chunks)
	{
		int64		sign = chunk[s->chunks - 1] & INT64CONST(0xffffffff);
		int			c = 0;

		while (c < first && chunk[c] == 0)
			c++;
		first = c;
		for (c = s->chunks - 2; c > last && chunk[c] == sign; c--)
			;
		last = Max(last, c);
	}
	if (first == s->chunks)
	{
		*low = FIRST_LOW;		/* all sums are 0 */
		*chunks = 2;
	}
	else
	{
		*low = s->low + first;
		*chunks = Max(last + 2 - first, 2);
	}
}

UsKmeansState *
us_kmeans_seal(const UsKmeansState *s)
{
	/* two more chunks, so that the top is nothing but sign */
	UsKmeansState *wide = resize(s, us_kmeans_set(s), false, s->low, s->chunks + 2);
	UsKmeansState *sealed;
	Size		nsums = sums_of(s);
	int64	   *chunk = us_kmeans_chunks(wide, 0, 0);
	int			low;
	int			chunks;

	for (Size i = 0; i < nsums; i++, chunk += wide->chunks)
	{
		/* the signed top of the old window goes up */
		us_exact_carry(chunk, wide->chunks);
	}
	smallest_window(wide, &low, &chunks);
	sealed = resize(wide, us_kmeans_set(wide), false, low, chunks);
	memset(pending_of(sealed), 0, sizeof(int64) * s->k);
	chunk = us_kmeans_chunks(sealed, 0, 0) + chunks - 1;
	for (Size i = 0; i < nsums; i++, chunk += chunks)
		if (*chunk != 0)
			*chunk = -1;		/* 0xffffffff inside the wide window */
	pfree(wide);
	return sealed;
}
