/*
 * cross_state.c
 *	  Sums of products of columns: built from rows and from other states, read.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "agg/cross_state.h"
#include "math/cross.h"
#include "math/exact_sum.h"

/* the window of a new state: values from 2^-30 (about 1e-9) to 2^97 fit */
#define FIRST_LOW		31
#define FIRST_CHUNKS	6

/* rows between two carries: one row adds at most two doubles to a sum */
#define CARRY_ROWS		(US_EXACT_PENDING / 2)

const char *
us_cross_state_name(UsCrossKind kind)
{
	return kind == US_CROSS_GRAM ? "userseg.gram" : "userseg.logistic_state";
}

const char *
us_cross_row_name(UsCrossKind kind)
{
	return kind == US_CROSS_GRAM ? "userseg.gram_row" : "userseg.logistic_row";
}

/* ---- rows ---- */

UsCrossRow *
us_cross_row_new(UsCrossKind kind, int m, int more)
{
	Size		size = offsetof(UsCrossRow, value) + sizeof(double) * (m + more);
	UsCrossRow *row = (UsCrossRow *) palloc0(size);

	SET_VARSIZE(row, size);
	row->version = US_CROSS_STATE_VERSION;
	row->kind = kind;
	row->intercept = true;
	row->m = m;
	row->more = more;
	row->factor = 1;
	return row;
}

void
us_cross_check(const double *x, int d, double weight)
{
	if (d < 1 || d > US_CROSS_MAX_D)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("x has %d columns, 1 to %d are possible", d, US_CROSS_MAX_D)));
	for (int j = 0; j < d; j++)
		if (!isfinite(x[j]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("x[%d] is %g", j + 1, x[j]),
					 errhint("Leave such rows out, or replace the value.")));
	if (!(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight is %g", weight),
				 errhint("A weight is a finite number, 0 or larger.")));
}

/* ---- layout ---- */

static Size
sums_of(const UsCrossState *s)
{
	return us_cross_size(s->m) + s->more;
}

static UsCrossState *
build(const UsCrossState *header, int low, int chunks)
{
	Size		size = offsetof(UsCrossState, data) + sizeof(int64) * sums_of(header) * chunks;
	UsCrossState *s;

	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sums of products of %d columns need %zu MB, more than the largest value of %zu MB",
						header->m, size >> 20, (Size) MaxAllocSize >> 20),
				 errhint("Use fewer columns.")));
	s = (UsCrossState *) palloc0(size);
	memcpy(s, header, offsetof(UsCrossState, data));
	SET_VARSIZE(s, size);
	s->low = low;
	s->chunks = chunks;
	return s;
}

static UsCrossState *
resize(const UsCrossState *s, int low, int chunks)
{
	UsCrossState *to = build(s, low, chunks);
	int			from = Max(s->low, low);
	int			end = Min(s->low + s->chunks, low + chunks);
	Size		n = sums_of(s);

	for (Size i = 0; i < n && from < end; i++)
		memcpy(to->data + i * chunks + (from - low), s->data + i * s->chunks + (from - s->low),
			   sizeof(int64) * (end - from));
	return to;
}

/* ---- adding ---- */

/* Add a finite x to sum number i. */
static inline UsCrossState *
add(UsCrossState *s, Size i, double x)
{
	int64		x0;
	int64		x1;
	int			chunk = us_exact_cut(x, &x0, &x1);
	int			at = chunk - s->low;

	if (unlikely((unsigned int) at >= (unsigned int) (s->chunks - 2)))
	{
		int			first = Min(s->low, chunk);

		if (x == 0)
			return s;
		s = resize(s, first, Max(s->low + s->chunks, chunk + 3) - first);
		at = chunk - s->low;
	}
	s->data[i * s->chunks + at] += x0;
	s->data[i * s->chunks + at + 1] += x1;
	return s;
}

static void
carry(UsCrossState *s)
{
	Size		n = sums_of(s);

	for (Size i = 0; i < n; i++)
		us_exact_carry(s->data + i * s->chunks, s->chunks);
	s->pending = 0;
}

pg_noreturn static void
misfit(const UsCrossState *s, int m, uint64 fingerprint)
{
	if (s->m != m)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows of %d and of %d columns in one sum", s->m, m),
				 errhint("All rows of a state have the same columns.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("rows of different coefficients in one sum"),
			 errhint("Aggregate with one vector of coefficients at a time.")));
}

pg_noreturn static void
out_of_range(double a, double b)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value out of range: the product of %g and %g", a, b),
			 errhint("Scale the columns or the weights.")));
}

UsCrossState *
us_cross_add(UsCrossState *s, const UsCrossRow *row)
{
	int			m = row->m;
	Size		k = 0;

	if (s == NULL)
	{
		UsCrossState header = {0};

		header.version = US_CROSS_STATE_VERSION;
		header.kind = row->kind;
		header.intercept = row->intercept;
		header.m = m;
		header.more = row->more;
		header.fingerprint = row->fingerprint;
		s = build(&header, FIRST_LOW, FIRST_CHUNKS);
	}
	else if (s->kind != row->kind || s->m != m || s->more != row->more ||
			 s->intercept != row->intercept || s->fingerprint != row->fingerprint)
		misfit(s, m, row->fingerprint);
	s->weighted |= row->weighted;
	for (int i = 0; i < m; i++)
	{
		double		v = row->factor * row->value[i];

		for (int j = i; j < m; j++, k++)
		{
			double		product = v * row->value[j];

			if (product == 0 && (v == 0 || row->value[j] == 0))
				continue;
			if (!isfinite(product))
				out_of_range(v, row->value[j]);
			s = add(s, k, product);
			s = add(s, k, fma(v, row->value[j], -product));
		}
	}
	for (int i = 0; i < row->more; i++, k++)
		s = add(s, k, row->value[m + i]);
	s->rows++;
	if (unlikely(++s->pending >= CARRY_ROWS))
		carry(s);
	return s;
}

UsCrossState *
us_cross_merge(UsCrossState *s, const UsCrossState *other)
{
	int			low = Min(s->low, other->low);
	int			end = Max(s->low + s->chunks, other->low + other->chunks);
	int64		carried[US_EXACT_CHUNKS + 4];
	Size		n = sums_of(s);

	if (s->kind != other->kind || s->m != other->m || s->more != other->more ||
		s->intercept != other->intercept || s->fingerprint != other->fingerprint)
		misfit(s, other->m, other->fingerprint);
	if (s->rows + other->rows > US_CROSS_MAX_ROWS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s cannot count more than " INT64_FORMAT " rows",
						us_cross_state_name((UsCrossKind) s->kind), US_CROSS_MAX_ROWS)));
	if (low < s->low || end > s->low + s->chunks)
		s = resize(s, low, end - low);
	for (Size i = 0; i < n; i++)
	{
		int64	   *to = s->data + i * s->chunks;

		memcpy(carried, other->data + i * other->chunks, sizeof(int64) * other->chunks);
		us_exact_carry(carried, other->chunks);
		for (int c = 0; c < other->chunks; c++)
			to[other->low - s->low + c] += carried[c];
		us_exact_carry(to, s->chunks);
	}
	s->pending = 0;
	s->weighted |= other->weighted;
	s->rows += other->rows;
	return s;
}

/* ---- reading ---- */

static void
exact(const UsCrossState *s, Size i, UsExactSum *sum)
{
	const int64 *chunk = s->data + i * s->chunks;
	int			n = Min(s->chunks, US_EXACT_CHUNKS - s->low);

	memset(sum, 0, sizeof(*sum));
	memcpy(sum->chunk + s->low, chunk, sizeof(int64) * n);
	sum->pending = US_EXACT_PENDING;
	if (n < s->chunks)
		sum->chunk[US_EXACT_CHUNKS - 1] += chunk[n] * (INT64CONST(1) << 32);
}

UsCrossState *
us_cross_seal(const UsCrossState *s)
{
	Size		n = sums_of(s);
	int			first = US_EXACT_CHUNKS;
	int			end = 0;
	UsExactWords *words = (UsExactWords *) palloc(sizeof(UsExactWords));
	UsExactSum *sum = (UsExactSum *) palloc(sizeof(UsExactSum));
	UsCrossState *to = NULL;

	for (int pass = 0; pass < 2; pass++)
	{
		for (Size i = 0; i < n; i++)
		{
			exact(s, i, sum);
			us_exact_pack(sum, words);
			if (words->n == 0)
				continue;
			if (pass == 0)
			{
				first = Min(first, words->first);
				end = Max(end, words->first + words->n);
				continue;
			}
			for (int c = 0; c < words->n; c++)
				to->data[i * to->chunks + words->first + c - first] =
					words->negative ? -(int64) words->word[c] : (int64) words->word[c];
			us_exact_carry(to->data + i * to->chunks, to->chunks);
		}
		if (pass == 0)
		{
			if (end == 0)
				first = 0;
			to = build(s, first, Max(end - first, 1) + 2);
			to->pending = 0;
		}
	}
	pfree(words);
	pfree(sum);
	return to;
}

static UsDd
rounded(const UsCrossState *s, Size i)
{
	UsExactSum	sum;
	double		hi;

	exact(s, i, &sum);
	hi = us_exact_round(&sum);
	if (!isfinite(hi))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range: overflow"),
				 errhint("Scale the columns or the weights.")));
	us_exact_add(&sum, -hi);
	return us_fast_two_sum(hi, us_exact_round(&sum));
}

UsDd
us_cross_product(const UsCrossState *s, int i, int j)
{
	return rounded(s, us_cross_at(s->m, Min(i, j), Max(i, j)));
}

UsDd
us_cross_more(const UsCrossState *s, int k)
{
	Assert(k < s->more);
	return rounded(s, us_cross_size(s->m) + k);
}

UsCrossSums *
us_cross_sums(const UsCrossState *s, const double *centre)
{
	UsCrossSums *sums = (UsCrossSums *) palloc0(sizeof(UsCrossSums));
	int			m = s->m;

	sums->intercept = s->intercept;
	sums->p = m - 1 - s->intercept;
	sums->n = s->rows;
	sums->weight = s->weighted ? us_cross_more(s, 0).hi : (double) s->rows;
	sums->log_weight = us_cross_more(s, 1).hi;
	sums->a = (UsDd *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsDd) * m * m);
	for (int i = 0; i < m; i++)
		for (int j = i; j < m; j++)
			sums->a[(Size) i * m + j] = sums->a[(Size) j * m + i] = us_cross_product(s, i, j);
	sums->centre = (double *) palloc0(sizeof(double) * (sums->p + 1));
	if (centre != NULL)
		memcpy(sums->centre, centre, sizeof(double) * (sums->p + 1));
	return sums;
}
