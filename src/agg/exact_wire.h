/*
 * exact_wire.h
 *	  Exact sums in payloads: u8 negative, u8 words, u8 first, u32 word[words].
 */
#ifndef US_EXACT_WIRE_H
#define US_EXACT_WIRE_H

#include "infra/buffer.h"
#include "math/exact_sum.h"

static inline void
us_write_exact(UsWriter *w, const UsExactSum *sum)
{
	UsExactWords words;

	us_exact_pack(sum, &words);
	us_write_u8(w, words.negative);
	us_write_u8(w, words.n);
	us_write_u8(w, words.n > 0 ? words.first : 0);
	for (int i = 0; i < words.n; i++)
		us_write_u32(w, words.word[i]);
}

/* 22P03 unless it is in canonical form. */
static inline void
us_read_exact(UsReader *r, UsExactSum *sum)
{
	UsExactWords words = {0};
	uint8		negative = us_read_u8(r);

	words.n = us_read_u8(r);
	words.first = us_read_u8(r);
	words.negative = negative != 0;
	if (negative > 1 || words.n + words.first > US_EXACT_CHUNKS)
		us_corrupt(r, "a sum of %d words from %d on", words.n, words.first);
	for (int i = 0; i < words.n; i++)
		words.word[i] = us_read_u32(r);
	if (!us_exact_unpack(&words, sum))
		us_corrupt(r, "a sum that is not in canonical form");
}

#endif
