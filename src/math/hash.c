/*
 * hash.c
 *	  Hash of a byte string, the same on every machine and PostgreSQL version.
 *
 * PostgreSQL's own hash_bytes_extended() differs between little-endian and big-endian
 * machines and may change between major versions; what is stored with a model (which
 * side of a split a user is on) must not.
 */
#include "postgres.h"

#include "math/hash.h"
#include "math/simd.h"
#include "port/pg_bswap.h"

#define PRIME1	UINT64CONST(0x9E3779B185EBCA87)
#define PRIME2	UINT64CONST(0xC2B2AE3D27D4EB4F)
#define PRIME3	UINT64CONST(0x165667B19E3779F9)
#define PRIME4	UINT64CONST(0x85EBCA77C2B2AE63)
#define PRIME5	UINT64CONST(0x27D4EB2F165667C5)

typedef double Lanes __attribute__((vector_size(8 * US_HALF_LANES), aligned(8)));
typedef uint64 WordLanes __attribute__((vector_size(8 * US_HALF_LANES), aligned(8)));

#define STRIPE	32				/* bytes taken by the four lanes at a time */

/* us_hash64 of each lane, in place. */
US_INLINE void
hash_lanes(WordLanes *x)
{
	WordLanes	h = *x + UINT64CONST(0x9E3779B97F4A7C15);

	h = (h ^ (h >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	h = (h ^ (h >> 27)) * UINT64CONST(0x94D049BB133111EB);
	*x = h ^ (h >> 31);
}

US_CLONES int
us_hash_add_numbers(uint64 *sum, const double *x, int n, uint64 seed, uint64 null_word)
{
	WordLanes	nulls = {0};
	int			n_null = 0;
	int			i = 0;

	for (; i + US_HALF_LANES <= n; i += US_HALF_LANES)
	{
		Lanes		v = *(const Lanes *) (x + i);
		WordLanes	null = (WordLanes) (v != v);
		WordLanes	h = (((WordLanes) v & ~null) | (null & null_word)) ^ seed;

		hash_lanes(&h);
		*(WordLanes *) (sum + i) += h;
		nulls -= null;
	}
	for (int j = 0; j < US_HALF_LANES; j++)
		n_null += (int) nulls[j];
	for (; i < n; i++)
	{
		uint64		word;

		memcpy(&word, &x[i], sizeof(word));
		if (x[i] != x[i])
		{
			word = null_word;
			n_null++;
		}
		sum[i] += us_hash64(word ^ seed);
	}
	return n_null;
}

US_CLONES int
us_hash_select(uint64 seed, const uint64 *key, int n, uint64 limit, int *row)
{
	uint64		s = us_hash64(seed);
	int			found = 0;
	int			i = 0;

	for (; i + US_HALF_LANES <= n; i += US_HALF_LANES)
	{
		WordLanes	mixed = *(const WordLanes *) (key + i) ^ s;

		hash_lanes(&mixed);
		mixed += s;
		hash_lanes(&mixed);
		for (int j = 0; j < US_HALF_LANES; j++)
			if (mixed[j] <= limit)
				row[found++] = i + j;
	}
	for (; i < n; i++)
		if (us_mix64(seed, key[i]) <= limit)
			row[found++] = i;
	return found;
}

static inline uint64
rotate_left(uint64 x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static inline uint64
read_le64(const unsigned char *p)
{
	uint64		v;

	memcpy(&v, p, sizeof(v));
#ifdef WORDS_BIGENDIAN
	v = pg_bswap64(v);
#endif
	return v;
}

static inline uint64
read_le32(const unsigned char *p)
{
	uint32		v;

	memcpy(&v, p, sizeof(v));
#ifdef WORDS_BIGENDIAN
	v = pg_bswap32(v);
#endif
	return v;
}

static inline uint64
lane_round(uint64 acc, uint64 input)
{
	return rotate_left(acc + input * PRIME2, 31) * PRIME1;
}

static inline uint64
merge_lane(uint64 acc, uint64 lane)
{
	return (acc ^ lane_round(0, lane)) * PRIME1 + PRIME4;
}

/* Take in all whole stripes from *p, which is moved behind them. */
static uint64
hash_stripes(const unsigned char **p, const unsigned char *end, uint64 seed)
{
	uint64		lane[4] = {seed + PRIME1 + PRIME2, seed + PRIME2, seed, seed - PRIME1};
	uint64		acc;

	for (; end - *p >= STRIPE; *p += STRIPE)
	{
		for (int i = 0; i < 4; i++)
			lane[i] = lane_round(lane[i], read_le64(*p + 8 * i));
	}
	acc = rotate_left(lane[0], 1) + rotate_left(lane[1], 7) +
		rotate_left(lane[2], 12) + rotate_left(lane[3], 18);
	for (int i = 0; i < 4; i++)
		acc = merge_lane(acc, lane[i]);
	return acc;
}

uint64
us_hash_bytes(const void *data, size_t len, uint64 seed)
{
	const unsigned char *p = (const unsigned char *) data;
	const unsigned char *end = p + len;
	uint64		acc;

	if (len >= STRIPE)
		acc = hash_stripes(&p, end, seed);
	else
		acc = seed + PRIME5;
	acc += (uint64) len;

	for (; end - p >= 8; p += 8)
		acc = rotate_left(acc ^ lane_round(0, read_le64(p)), 27) * PRIME1 + PRIME4;
	if (end - p >= 4)
	{
		acc = rotate_left(acc ^ (read_le32(p) * PRIME1), 23) * PRIME2 + PRIME3;
		p += 4;
	}
	for (; p < end; p++)
		acc = rotate_left(acc ^ (*p * PRIME5), 11) * PRIME1;

	acc = (acc ^ (acc >> 33)) * PRIME2;
	acc = (acc ^ (acc >> 29)) * PRIME3;
	return acc ^ (acc >> 32);
}
