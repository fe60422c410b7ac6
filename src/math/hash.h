/*
 * hash.h
 *	  64-bit hashes that are the same on every machine and PostgreSQL version.
 *
 * They are the ground of every random decision: what happens to a row is a
 * function of (seed, hash of the row's key), never of its place in the table.
 * Not for security: whoever knows the seed can make collisions.
 */
#ifndef US_HASH_H
#define US_HASH_H

#include <math.h>

/*
 * Mix the bits of a number: a bijection of 64-bit numbers in which every output bit
 * depends on every input bit.  It is one step of SplitMix64 (Steele, Lea, Flood,
 * "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, figure 17), that is
 * D. Stafford's variant 13 of the MurmurHash3 finaliser after adding the golden gamma.
 */
static inline uint64
us_hash64(uint64 x)
{
	x += UINT64CONST(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

/*
 * The 64 random bits that belong to key under seed.  Under one seed different keys
 * have different bits (a bijection).  The seed enters twice, so that two seeds do not
 * give the same numbers in another order.
 */
static inline uint64
us_mix64(uint64 seed, uint64 key)
{
	uint64		s = us_hash64(seed);

	return us_hash64(us_hash64(s ^ key) + s);
}

/*
 * Bits to a double in the open interval (0,1): (k + 1/2) / 2^52 for the upper 52 bits k.
 * All values are exact, symmetric about 1/2, never 0 and never 1, so log(u) and
 * log(1-u) are finite.  (53 random bits would round the largest value up to 1.)
 */
static inline double
us_bits_to_uniform(uint64 bits)
{
	return ((double) (bits >> 12) + 0.5) * (1.0 / 4503599627370496.0);
}

/* The uniform number in (0,1) that belongs to key under seed. */
static inline double
us_uniform(uint64 seed, uint64 key)
{
	return us_bits_to_uniform(us_mix64(seed, key));
}

/*
 * sum[i] += us_hash64(bits of x[i] ^ seed) for n values, with null_word for the bits of a NaN;
 * returns the number of NaNs.
 */
extern int	us_hash_add_numbers(uint64 *sum, const double *x, int n, uint64 seed, uint64 null_word);

/* The places i of key[n] with us_mix64(seed, key[i]) <= limit, ascending, into row[n]; their number. */
extern int	us_hash_select(uint64 seed, const uint64 *key, int n, uint64 limit, int *row);

/* The limit with which it selects the keys with us_uniform(seed, key) < share, 2^-53 < share <= 1. */
static inline uint64
us_uniform_limit(double share)
{
	/* k + 1/2 < share 2^52 for the upper 52 bits k */
	uint64		below = (uint64) ceil(share * 4503599627370496.0 - 0.5);

	return (below << 12) - 1;
}

/*
 * Hash of len bytes: XXH64 as in its published specification (Y. Collet, "xxHash fast
 * digest algorithm", XXH64 section), so any implementation gives the same numbers.
 * data need not be aligned.
 */
extern uint64 us_hash_bytes(const void *data, size_t len, uint64 seed);

#endif
