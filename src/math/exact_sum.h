/*
 * exact_sum.h
 *	  Sums of doubles without any rounding, hence the same in any order.
 *
 * The accumulator is one fixed-point number that covers all finite doubles: chunk
 * i counts in units of 2^(32 i - 1074).  Chunks overlap (64 bits each), so that a
 * value is added to two of them without a carry; carries are made every
 * US_EXACT_PENDING additions.  R. M. Neal, "Fast exact summation using small and
 * large superaccumulators", arXiv:1505.05571 (2015), section 2.
 *
 * A UsExactSum is flat and holds no pointer; all bytes zero is the empty sum.  It
 * takes 2^77 values of the size of the largest double before it overflows.
 */
#ifndef US_EXACT_SUM_H
#define US_EXACT_SUM_H

#define US_EXACT_CHUNKS		67

/* additions between two carries: (2^10 - 1) * 2^53 + 2^32 < 2^63 */
#define US_EXACT_PENDING	1023

typedef struct UsExactSum
{
	int64		chunk[US_EXACT_CHUNKS];
	int64		pending;		/* additions since the last carry */
} UsExactSum;

/*
 * The canonical form: sign and magnitude, the sum of word[i] 2^(32 (first + i) - 1074).
 * Equal sums give equal forms; the first and the last word are not 0; zero is n = 0.
 */
typedef struct UsExactWords
{
	bool		negative;
	int			first;
	int			n;
	uint32		word[US_EXACT_CHUNKS + 1];
} UsExactWords;

/*
 * Cut a finite value other than 0 into low 2^(32 i - 1074) + high 2^(32 (i + 1) - 1074),
 * |low| < 2^32, |high| < 2^52, and return i, 0 .. US_EXACT_CHUNKS - 4.  (0 gives some i
 * and two zeros; for infinity and NaN the result means nothing.)
 */
static inline int
us_exact_cut(double x, int64 *low, int64 *high)
{
	uint64		bits;
	uint64		mantissa;
	uint64		exponent;
	uint64		shift;
	int64		sign;

	memcpy(&bits, &x, sizeof(bits));
	mantissa = bits & UINT64CONST(0x000fffffffffffff);
	exponent = (bits >> 52) & 0x7ff;
	mantissa |= (uint64) (exponent != 0) << 52;
	exponent -= (exponent != 0);	/* x = +-mantissa * 2^(exponent - 1074) */
	shift = exponent % 32;
	sign = -(int64) (bits >> 63);
	*low = (((int64) (mantissa << shift) & INT64CONST(0xffffffff)) ^ sign) - sign;
	*high = ((int64) (mantissa >> (32 - shift)) ^ sign) - sign;
	return (int) (exponent / 32);
}

/*
 * Carry a run of n >= 1 chunks: all but the last come into [0, 2^32), the last is signed
 * and takes what is left.  Sums that keep only a window of chunks use it themselves.
 */
extern void us_exact_carry(int64 *chunk, int n);

/* Add one value; 22003 if it is infinite, 22023 if it is NaN. */
extern void us_exact_add(UsExactSum *sum, double x);

/*
 * Add x[0 .. n), leaving out NaN (frames write NULL so), and return how many were
 * added; 22003 for an infinite value.  Vectorised: well below a nanosecond a value
 * where the magnitudes of 1024 neighbours span less than 2^37.
 */
extern int	us_exact_add_array(UsExactSum *sum, const double *x, int n);

/* Add another sum. */
extern void us_exact_merge(UsExactSum *sum, const UsExactSum *other);

/*
 * The double nearest to the sum, ties to even; +0 for an empty sum; infinite when
 * the sum is beyond the range of double.
 */
extern double us_exact_round(const UsExactSum *sum);

/*
 * The sum divided by n > 0, finite, as a mean: two roundings, no overflow on the way.
 */
extern double us_exact_mean(const UsExactSum *sum, double n);

/* The canonical form of a sum, and back.  unpack returns false if the form is not canonical. */
extern void us_exact_pack(const UsExactSum *sum, UsExactWords *words);
extern bool us_exact_unpack(const UsExactWords *words, UsExactSum *sum);

#endif
