/*
 * numeric.c
 *	  numeric to float8 without the way through text.
 *
 * The server's conversion prints the numeric and parses the text: some 200 ns a
 * value.  Most values have few digits; for them one exact multiplication or
 * division gives the same correctly rounded result (W. D. Clinger, "How to Read
 * Floating Point Numbers Accurately", PLDI 1990, section 3, the fast path):
 * the value is m * 10^e with an integer m <= 2^53 and |e| <= 22, both exact in
 * float8, so the one operation rounds once.
 *
 * The stored form read here is the on-disk format of numeric (comments at the
 * top of the server's numeric.c), which pg_upgrade keeps.  Whatever is not
 * plainly of that form goes to the server's function.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "data/kind.h"
#include "infra/compat.h"

#define SIGN_MASK			0xC000	/* first 16 bits: */
#define LONG_NEGATIVE		0x4000	/* 00 and 01: sign and scale, then 16 bits of weight */
#define SHORT_FORM			0x8000	/* 10: sign, scale and weight in these bits */
#define SPECIAL				0xC000	/* 11: NaN and infinities */
#define SHORT_NEGATIVE		0x2000
#define SHORT_WEIGHT_SIGN	0x0040
#define SHORT_WEIGHT_MASK	0x003F

#define DIGIT_BASE			10000	/* a digit has 16 bits */
#define DIGIT_DECIMALS		4
#define MAX_DIGITS			4		/* more cannot stay below 2^53 */
#define MAX_EXACT			(UINT64CONST(1) << 53)
#define MAX_EXACT_POWER		22		/* 10^22 < 2^53 * 2^22, and 5^22 < 2^53 */

static const double power_of_ten[MAX_EXACT_POWER + 1] =
{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

static inline uint16
read_word(const char *p)
{
	uint16		word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* The value, if the fast path can give it. */
static bool
convert_exactly(const struct varlena *numeric, double *result)
{
	const char *p = VARDATA_ANY(numeric);
	Size		len = VARSIZE_ANY_EXHDR(numeric);
	uint16		header;
	bool		negative;
	int			weight;
	int			ndigits;
	uint64		mantissa = 0;
	int			exponent;

	if (len < sizeof(uint16))
		return false;
	header = read_word(p);
	p += sizeof(uint16);
	len -= sizeof(uint16);
	if ((header & SIGN_MASK) == SPECIAL)
		return false;
	if ((header & SIGN_MASK) == SHORT_FORM)
	{
		negative = (header & SHORT_NEGATIVE) != 0;
		weight = header & SHORT_WEIGHT_MASK;
		if (header & SHORT_WEIGHT_SIGN)
			weight -= SHORT_WEIGHT_MASK + 1;
	}
	else
	{
		if (len < sizeof(uint16))
			return false;
		negative = (header & SIGN_MASK) == LONG_NEGATIVE;
		weight = (int16) read_word(p);
		p += sizeof(uint16);
		len -= sizeof(uint16);
	}

	ndigits = (int) (len / sizeof(uint16));
	if (ndigits > MAX_DIGITS)
		return false;
	for (int i = 0; i < ndigits; i++)
	{
		uint16		digit = read_word(p + i * sizeof(uint16));

		if (digit >= DIGIT_BASE)
			return false;
		mantissa = mantissa * DIGIT_BASE + digit;
	}
	if (mantissa == 0)
	{
		*result = 0;
		return true;
	}
	exponent = DIGIT_DECIMALS * (weight - ndigits + 1);
	if (mantissa > MAX_EXACT || exponent > MAX_EXACT_POWER || exponent < -MAX_EXACT_POWER)
		return false;

	*result = exponent >= 0 ? (double) mantissa * power_of_ten[exponent] :
		(double) mantissa / power_of_ten[-exponent];
	if (negative)
		*result = -*result;
	return true;
}

double
us_numeric_to_double(Datum value)
{
	const struct varlena *numeric = (const struct varlena *) DatumGetPointer(value);
	double		result;

	if (!VARATT_IS_EXTENDED(numeric) || VARATT_IS_SHORT(numeric))
	{
		if (convert_exactly(numeric, &result))
			return result;
	}
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
}
