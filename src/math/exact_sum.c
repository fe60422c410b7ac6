/*
 * exact_sum.c
 *	  Sums of doubles without any rounding.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "math/exact_sum.h"
#include "math/clones.h"

#if FLT_EVAL_METHOD != 0
#error "exact sums need arithmetic that is done in double, as on x86-64 and arm64"
#endif

#define CHUNK_BITS	32
#define CHUNK_MASK	INT64CONST(0xffffffff)
#define LOWEST		(-1074)		/* exponent of the unit of chunk 0 */

/* ---- one value ---- */

void
us_exact_carry(int64 *chunk, int n)
{
	int64		over = 0;

	for (int i = 0; i < n - 1; i++)
	{
		int64		v = chunk[i] + over;

		chunk[i] = v & CHUNK_MASK;
		over = v >> CHUNK_BITS; /* rounds down, for negative values too */
	}
	chunk[n - 1] += over;
}

/* After it the form is canonical: two's complement, as it were. */
static void
carry(UsExactSum *sum)
{
	us_exact_carry(sum->chunk, US_EXACT_CHUNKS);
	sum->pending = 0;
}

static void
refuse(double x)
{
	if (isnan(x))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot add NaN to a sum")));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("cannot add an infinite value to a sum"),
			 errhint("Numbers, or their products with weights, are too large: divide them by a constant.")));
}

void
us_exact_add(UsExactSum *sum, double x)
{
	int64		low;
	int64		high;
	int64	   *chunk = sum->chunk + us_exact_cut(x, &low, &high);

	if (unlikely(!isfinite(x)))
		refuse(x);
	if (unlikely(sum->pending >= US_EXACT_PENDING))
		carry(sum);
	sum->pending++;
	chunk[0] += low;
	chunk[1] += high;
}

void
us_exact_merge(UsExactSum *sum, const UsExactSum *other)
{
	UsExactSum	canonical = *other;

	carry(&canonical);
	if (sum->pending >= US_EXACT_PENDING)
		carry(sum);
	sum->pending++;
	for (int i = 0; i < US_EXACT_CHUNKS; i++)
		sum->chunk[i] += canonical.chunk[i];
}

/* ---- canonical form and rounding ---- */

void
us_exact_pack(const UsExactSum *sum, UsExactWords *words)
{
	UsExactSum	s = *sum;
	uint32		word[US_EXACT_CHUNKS + 1];
	int			first = 0;
	int			last = US_EXACT_CHUNKS;

	carry(&s);
	words->negative = s.chunk[US_EXACT_CHUNKS - 1] < 0;
	if (words->negative)
	{
		for (int i = 0; i < US_EXACT_CHUNKS; i++)
			s.chunk[i] = -s.chunk[i];
		carry(&s);
	}
	for (int i = 0; i < US_EXACT_CHUNKS; i++)
		word[i] = (uint32) s.chunk[i];
	word[US_EXACT_CHUNKS] = (uint32) (s.chunk[US_EXACT_CHUNKS - 1] >> CHUNK_BITS);

	while (last >= 0 && word[last] == 0)
		last--;
	if (last >= 0)
		while (word[first] == 0)
			first++;
	words->first = first;
	words->n = last - first + 1;
	memcpy(words->word, word + first, words->n * sizeof(uint32));
}

bool
us_exact_unpack(const UsExactWords *words, UsExactSum *sum)
{
	memset(sum, 0, sizeof(*sum));
	if (words->n == 0)
		return words->first == 0 && !words->negative;
	if (words->n < 0 || words->first < 0 ||
		words->first > US_EXACT_CHUNKS || words->n > US_EXACT_CHUNKS + 1 - words->first ||
		words->word[0] == 0 || words->word[words->n - 1] == 0)
		return false;
	for (int i = 0; i < words->n; i++)
	{
		int			c = words->first + i;

		if (c < US_EXACT_CHUNKS)
			sum->chunk[c] = words->word[i];
		else if (words->word[i] > PG_INT32_MAX)
			return false;		/* no sum of doubles is that large */
		else
			sum->chunk[c - 1] |= (int64) words->word[i] << CHUNK_BITS;
	}
	if (words->negative)
		for (int i = 0; i < US_EXACT_CHUNKS; i++)
			sum->chunk[i] = -sum->chunk[i];
	carry(sum);
	return true;
}

/* The word of weight 2^(32 i), or 0 outside. */
static uint64
word_at(const UsExactWords *words, int i)
{
	return i < 0 || i >= words->n ? 0 : words->word[i];
}

/* The double nearest to sum * 2^scale; subnormal results are rounded twice unless scale is 0. */
static double
round_scaled(const UsExactSum *sum, int scale)
{
	UsExactWords words;
	uint64		top;
	uint64		kept;
	uint64		rest;
	int			exponent;
	int			spare;
	bool		sticky;
	double		value;

	us_exact_pack(sum, &words);
	if (words.n == 0)
		return 0;

	/* the first 64 bits, its highest bit set, and whether anything follows */
	spare = __builtin_clz(words.word[words.n - 1]);
	top = word_at(&words, words.n - 1) << 32 | word_at(&words, words.n - 2);
	if (spare > 0)
		top = top << spare | word_at(&words, words.n - 3) >> (32 - spare);
	sticky = (uint32) (word_at(&words, words.n - 3) << spare) != 0;
	for (int i = words.n - 4; i >= 0 && !sticky; i--)
		sticky = words.word[i] != 0;

	/*
	 * top has 64 bits, double keeps 53: round to nearest even by hand.  A
	 * subnormal sum has fewer than 53 bits above 2^-1074, and zeros below.
	 */
	exponent = LOWEST + CHUNK_BITS * (words.first + words.n - 2) - spare + 11;
	kept = top >> 11;
	rest = (top & 0x7ff) << 1 | (sticky ? 1 : 0);
	if (rest > 0x800 || (rest == 0x800 && (kept & 1) != 0))
		kept++;
	value = ldexp((double) kept, exponent + scale);
	return words.negative ? -value : value;
}

double
us_exact_round(const UsExactSum *sum)
{
	return round_scaled(sum, 0);
}

double
us_exact_mean(const UsExactSum *sum, double n)
{
	double		s = round_scaled(sum, 0);

	if (isfinite(s))
		return s / n;
	return ldexp(round_scaled(sum, -128) / n, 128);
}

/* ---- arrays ---- */

/*
 * A block of values is cut into two exact parts each, as in J. Demmel and H. D. Nguyen,
 * "Fast Reproducible Floating-Point Summation", ARITH 21 (2013): adding and
 * taking away 1.5 * 2^52 steps rounds a value to a multiple of the step, and what
 * remains is at most half a step.  Parts of one step are summed in plain doubles: with
 * 2^45 steps above the largest value and 2^7 values a lane all sums stay below 2^53
 * steps, hence are exact.  Values with bits below the second step, rare in real
 * columns, go the slow way with what remains of them.
 */
#define BLOCK		1024
#define LANES		8
#define STEP_BITS	45

typedef double V4 __attribute__((vector_size(32), aligned(8)));
typedef int64 V4I __attribute__((vector_size(32), aligned(8)));

#define SELECT(mask, a, b)	((V4) (((mask) & (V4I) (a)) | (~(mask) & (V4I) (b))))

/* Largest |x| of n values, n a multiple of LANES; NaN if there is one. */
US_CLONES static double
largest(const double *x, int n)
{
	const V4I	magnitude = (V4I) {0} + INT64CONST(0x7fffffffffffffff);
	V4			max0 = {0};
	V4			max1 = {0};
	V4I			nan = {0};
	double		result = 0;

	for (int i = 0; i < n; i += LANES)
	{
		V4			a = (V4) (*(const V4I *) (x + i) & magnitude);
		V4			b = (V4) (*(const V4I *) (x + i + 4) & magnitude);

		nan |= (a != a) | (b != b);
		max0 = SELECT(a > max0, a, max0);
		max1 = SELECT(b > max1, b, max1);
	}
	for (int j = 0; j < 4; j++)
	{
		if (nan[j] != 0)
			return NAN;
		result = fmax(result, fmax(max0[j], max1[j]));
	}
	return result;
}

/*
 * Cut n values, n a multiple of LANES, at both steps (round0, round1: 1.5 * 2^52 of
 * them) and give the sums of the parts, part[2 * LANES]; true if nothing remains.
 */
US_CLONES static bool
cut(const double *x, int n, double round0, double round1, double *part)
{
	V4			a0 = {0};
	V4			a1 = {0};
	V4			b0 = {0};
	V4			b1 = {0};
	V4I			rest = {0};

	for (int i = 0; i < n; i += LANES)
	{
		V4			a = *(const V4 *) (x + i);
		V4			b = *(const V4 *) (x + i + 4);
		V4			p = (a + round0) - round0;
		V4			q = (b + round0) - round0;

		a0 += p;
		b0 += q;
		a -= p;
		b -= q;
		p = (a + round1) - round1;
		q = (b + round1) - round1;
		a1 += p;
		b1 += q;
		rest |= (a != p) | (b != q);
	}
	*(V4 *) part = a0;
	*(V4 *) (part + 4) = b0;
	*(V4 *) (part + 8) = a1;
	*(V4 *) (part + 12) = b1;
	return (rest[0] | rest[1] | rest[2] | rest[3]) == 0;
}

/* One block of n <= BLOCK values without NaN, n a multiple of LANES, max = largest |x|. */
static void
add_block(UsExactSum *sum, const double *x, int n, double max)
{
	double		part[2 * LANES];
	double		round0;
	double		round1;
	int			exponent;

	(void) frexp(max, &exponent);	/* max < 2^exponent */

	/* both steps must be normal numbers, and nothing may overflow */
	if (exponent > 1000 || exponent < -800)
	{
		for (int i = 0; i < n; i++)
			us_exact_add(sum, x[i]);
		return;
	}
	round0 = ldexp(1.5, exponent - STEP_BITS + 52);
	round1 = ldexp(1.5, exponent - 2 * STEP_BITS + 52);
	if (!cut(x, n, round0, round1, part))
	{
		for (int i = 0; i < n; i++)
		{
			double		r = x[i] - ((x[i] + round0) - round0);

			us_exact_add(sum, r - ((r + round1) - round1));
		}
	}
	for (int j = 0; j < 2 * LANES; j++)
		us_exact_add(sum, part[j]);
}

int
us_exact_add_array(UsExactSum *sum, const double *x, int n)
{
	double		present[BLOCK];
	int			added = 0;

	for (int start = 0; start < n; start += BLOCK)
	{
		const double *block = x + start;
		int			size = Min(BLOCK, n - start);
		int			even = size - size % LANES;
		double		max = largest(block, even);

		if (isnan(max))
		{
			int			m = 0;

			for (int i = 0; i < size; i++)
			{
				present[m] = block[i];
				m += !isnan(block[i]);
			}
			block = present;
			size = m;
			even = size - size % LANES;
			max = largest(block, even);
		}
		if (isinf(max) || even < BLOCK / 16)
			even = 0;			/* value by value */
		else if (max > 0)
			add_block(sum, block, even, max);
		added += even;
		for (int i = even; i < size; i++)
		{
			if (isnan(block[i]))
				continue;
			us_exact_add(sum, block[i]);
			added++;
		}
	}
	return added;
}
