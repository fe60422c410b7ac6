/*
 * rfm_breaks.c
 *	  Score breaks: learning and using them.
 *
 * The breaks for n scores are the quantiles k/n, k = 1 .. n-1, of type 7 of R. J. Hyndman
 * and Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician
 * 50 (1996): at position k (count - 1) / n among the sorted values, interpolated.  It is
 * what percentile_cont, numpy and R compute.  A score is 1 plus the number of breaks
 * strictly below the value, so equal values have equal scores.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "agg/rfm_breaks.h"
#include "infra/compat.h"
#include "math/select.h"

#define HEADER		offsetof(UsRfmValues, value)
#define FIRST_SIZE	(HEADER + 6 * sizeof(float8))
#define MAX_VALUES	((MaxAllocSize - HEADER) / sizeof(float8))

/* No values yet.  Raises 22023 when the number of scores is not from 2 to 1000. */
UsRfmValues *
us_rfm_values_new(int scores)
{
	UsRfmValues *s;

	if (scores < US_RFM_MIN_SCORES || scores > US_RFM_MAX_SCORES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of scores is %d", scores),
				 errdetail("It may be from %d to %d.", US_RFM_MIN_SCORES, US_RFM_MAX_SCORES)));
	s = palloc0(FIRST_SIZE);
	SET_VARSIZE(s, FIRST_SIZE);
	s->scores = scores;
	return s;
}

/* Raise 22P03 unless this is a state: it may come from anywhere. */
void
us_rfm_values_check(const UsRfmValues *s)
{
	if (VARSIZE(s) < HEADER || s->scores < US_RFM_MIN_SCORES || s->scores > US_RFM_MAX_SCORES ||
		s->count > (VARSIZE(s) - HEADER) / sizeof(float8))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid state of userseg.rfm_breaks: %u bytes", (unsigned) VARSIZE(s))));
}

/*
 * Append n values, which need not be aligned, in place.  Returns s, or a larger copy in
 * the current memory context.  Raises 54000 when they do not fit into 1 GB.
 */
UsRfmValues *
us_rfm_values_add(UsRfmValues *s, const void *values, uint32 n)
{
	Size		needed = HEADER + ((Size) s->count + n) * sizeof(float8);

	if ((Size) s->count + n > MAX_VALUES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot learn breaks from more than %zu values", (size_t) MAX_VALUES),
				 errhint("Learn them from a sample of the rows.")));
	if (needed > VARSIZE(s))
	{
		Size		size = Min(Max(needed, 2 * (Size) VARSIZE(s)), MaxAllocSize);
		UsRfmValues *larger = palloc(size);

		memcpy(larger, s, VARSIZE(s));
		memset((char *) larger + VARSIZE(s), 0, size - VARSIZE(s));
		SET_VARSIZE(larger, size);
		s = larger;
	}
	memcpy(s->value + s->count, values, n * sizeof(float8));
	s->count += n;
	return s;
}

/* Between a <= b, also when b - a overflows. */
static double
between(double a, double b, double fraction)
{
	double		x = a + (b - a) * fraction;

	if (!isfinite(x))
		x = a * (1 - fraction) + b * fraction;
	return Min(Max(x, a), b);
}

/*
 * The breaks [scores - 1], ascending, of a state with at least one value; the same for
 * any order of the values.  Raises 22P03 for a NaN, which no caller adds.
 */
void
us_rfm_values_breaks(const UsRfmValues *s, double *breaks)
{
	int64		last = (int64) s->count - 1;
	int64	   *rank = palloc(sizeof(int64) * 2 * s->scores);
	int			m = 0;
	UsSelect   *select;

	for (uint32 i = 0; i < s->count; i++)
		if (!isfinite(s->value[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid state of userseg.rfm_breaks: value %u is not finite", i)));

	/* positions are fractions with denominator scores, hence exact; ranks count from 1 */
	for (int64 k = 1; k < s->scores; k++)
		for (int64 r = k * last / s->scores; r <= (k * last + s->scores - 1) / s->scores; r++)
			if (m == 0 || rank[m - 1] < r + 1)
				rank[m++] = r + 1;
	select = us_select_create(s->count, false, rank, m, 0);
	do
		us_select_add(select, s->value, NULL, (int) s->count);
	while (!us_select_end_pass(select));

	for (int64 k = 1; k < s->scores; k++)
	{
		int64		lower = k * last / s->scores;
		int64		rest = k * last % s->scores;
		double		a = us_select_value(select, lower + 1);

		breaks[k - 1] = rest == 0 ? a :
			between(a, us_select_value(select, lower + 2), (double) rest / s->scores);
	}
	us_select_free(select);
	pfree(rank);
}

/* Raise 22023 unless n breaks ascend (they may repeat) and none is NaN; name is the argument. */
void
us_rfm_breaks_check(const double *breaks, int n, const char *name)
{
	if (n < US_RFM_MIN_SCORES - 1 || n > US_RFM_MAX_SCORES - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" has %d breaks", name, n),
				 errdetail("There may be from %d to %d.",
						   US_RFM_MIN_SCORES - 1, US_RFM_MAX_SCORES - 1),
				 errhint("userseg.rfm_breaks learns breaks from a column.")));
	for (int i = 0; i < n; i++)
	{
		if (isnan(breaks[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("break %d of argument \"%s\" is NaN", i + 1, name)));
		if (i > 0 && breaks[i] < breaks[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("breaks of argument \"%s\" do not ascend", name),
					 errdetail("Break %d is %g, break %d is %g.",
							   i, breaks[i - 1], i + 1, breaks[i])));
	}
}

/*
 * Score of a value: 1 plus the number of breaks strictly below it, or, reversed, n + 1
 * less that number.  The breaks ascend; value is not NaN.
 */
int
us_rfm_score(double value, const double *breaks, int n, bool reverse)
{
	int			below = 0;
	int			end = n;

	while (below < end)
	{
		int			middle = (below + end) / 2;

		if (breaks[middle] < value)
			below = middle + 1;
		else
			end = middle;
	}
	return reverse ? n + 1 - below : below + 1;
}
