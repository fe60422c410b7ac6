/*
 * test_hash.c
 *	  Hashes against figures of other implementations: they must never change.
 */
#include "postgres.h"

#include <math.h>

#include "math/hash.h"
#include "port/pg_bitutils.h"
#include "unit.h"

UNIT_TEST(hash64_is_splitmix64)
{
	/* SplitMix64 from state 1234567, the sequence of the reference program by S. Vigna */
	static const uint64 expected[] = {
		UINT64CONST(6457827717110365317), UINT64CONST(3203168211198807973),
		UINT64CONST(9817491932198370423), UINT64CONST(4593380528125082431),
		UINT64CONST(16408922859458223821)
	};

	for (int i = 0; i < lengthof(expected); i++)
		UNIT_CHECK(us_hash64(1234567 + i * UINT64CONST(0x9E3779B97F4A7C15)) == expected[i]);
}

UNIT_TEST(hash_bytes_is_xxh64)
{
	/* python3-xxhash 3.2.0 on bytes (37 i + 11) mod 256; the first is in the specification */
	static const struct
	{
		size_t		length;
		uint64		seed;
		uint64		hash;
	}			expected[] = {
		{0, 0, UINT64CONST(0xEF46DB3751D8E999)},
		{1, 2654435761U, UINT64CONST(0xE7FDA85A72454615)},
		{3, 2654435761U, UINT64CONST(0x5CBB7F85404A1F73)},
		{4, 0, UINT64CONST(0xFB1E5CF2F1AE4D95)},
		{7, 2654435761U, UINT64CONST(0xC53CCE27AE03AD38)},
		{8, 0, UINT64CONST(0x57CB2B7521F3E21A)},
		{12, 0, UINT64CONST(0x2F53B00266039E64)},
		{31, 2654435761U, UINT64CONST(0x9FAB920EF1FC4E09)},
		{32, 0, UINT64CONST(0xCC6B8AAADA790B2D)},
		{33, 2654435761U, UINT64CONST(0x207074871E91CB01)},
		{63, 2654435761U, UINT64CONST(0xE28C6289B8031861)},
		{64, 0, UINT64CONST(0x155CCCE4BF32BEFC)},
		{100, 0, UINT64CONST(0x4826E367566EA023)},
		{256, 0, UINT64CONST(0x43C92F09CB3E28CF)},
	};
	unsigned char bytes[257];

	for (int shift = 0; shift < 2; shift++) /* also from an odd address */
	{
		for (int i = 0; i < 256; i++)
			bytes[i + shift] = (unsigned char) (37 * i + 11);
		for (int i = 0; i < lengthof(expected); i++)
			UNIT_CHECK(us_hash_bytes(bytes + shift, expected[i].length, expected[i].seed) ==
					   expected[i].hash);
	}
}

UNIT_TEST(mix64_depends_on_every_bit)
{
	/* one bit of seed or key changed flips half of the 64 bits: mean 32, sd of the mean 0.125 */
	for (int bit = 0; bit < 64; bit++)
	{
		uint64		flip = UINT64CONST(1) << bit;
		int			by_key = 0,
					by_seed = 0;

		for (uint64 i = 0; i < 1000; i++)
		{
			by_key += pg_popcount64(us_mix64(42, i) ^ us_mix64(42, i ^ flip));
			by_seed += pg_popcount64(us_mix64(i, 42) ^ us_mix64(i ^ flip, 42));
		}
		UNIT_CLOSE(by_key / 1000.0, 32.0, 0.6 / 32.0);
		UNIT_CLOSE(by_seed / 1000.0, 32.0, 0.6 / 32.0);
	}
}

UNIT_TEST(uniform_is_open)
{
	UNIT_CHECK(us_bits_to_uniform(0) > 0.0);
	UNIT_CHECK(us_bits_to_uniform(PG_UINT64_MAX) < 1.0);
	UNIT_CHECK(us_bits_to_uniform(0) == 1.0 - us_bits_to_uniform(PG_UINT64_MAX));
}

UNIT_TEST(hashes_of_arrays_are_those_of_their_elements)
{
	double		x[37];
	uint64		key[37];
	uint64		sum[37];
	int			row[37];

	for (int i = 0; i < 37; i++)
	{
		x[i] = i % 5 == 3 ? NAN : i * 1.25 - 7;
		key[i] = us_hash64(i);
	}
	for (int n = 0; n <= 37; n++)	/* full vectors and a rest */
	{
		uint64		limit = PG_UINT64_MAX / 3;
		int			nulls = 0;
		int			found = 0;

		memset(sum, 0, sizeof(sum));
		for (int i = 0; i < n; i++)
			nulls += isnan(x[i]);
		UNIT_CHECK(us_hash_add_numbers(sum, x, n, 99, 12345) == nulls);
		for (int i = 0; i < 37; i++)
		{
			uint64		word;

			memcpy(&word, &x[i], sizeof(word));
			if (isnan(x[i]))
				word = 12345;
			UNIT_CHECK(sum[i] == (i < n ? us_hash64(word ^ 99) : 0));
		}
		for (int i = 0; i < n; i++)
			found += us_mix64(5, key[i]) <= limit;
		UNIT_CHECK(us_hash_select(5, key, n, limit, row) == found);
		found = 0;
		for (int i = 0; i < n; i++)
			if (us_mix64(5, key[i]) <= limit)
				UNIT_CHECK(row[found++] == i);
	}
}

UNIT_TEST(hash_uniform_limit)
{
	static const double share[] = {1, 0.5, 1.0 / 3, 0.95, 0x1p-30, 0x1.8p-52};

	for (int i = 0; i < lengthof(share); i++)
	{
		uint64		limit = us_uniform_limit(share[i]);

		UNIT_CHECK(us_bits_to_uniform(limit) < share[i]);
		UNIT_CHECK(limit == PG_UINT64_MAX || us_bits_to_uniform(limit + 1) >= share[i]);
	}
}
