/*
 * test_money.c
 *	  Amounts as millionths, against integer arithmetic on the bits of the double.
 */
#include "postgres.h"

#include <math.h>

#include "math/hash.h"
#include "math/money.h"
#include "unit.h"

/* amount * 10^6 rounded half away from zero, from amount = mantissa * 2^exponent; |amount| in [2^-60, 2^60) */
static int128
reference(double amount)
{
	int			exponent;
	int64		mantissa = (int64) ldexp(frexp(fabs(amount), &exponent), 53);
	uint128		product = (uint128) mantissa * 1000000;

	exponent -= 53;
	if (exponent >= 0)
		product <<= exponent;
	else
		product = (product + ((uint128) 1 << (-exponent - 1))) >> -exponent;
	return amount < 0 ? -(int128) product : (int128) product;
}

UNIT_TEST(money_is_rounded_once)
{
	int			wrong = 0;

	for (uint64 i = 0; i < 1000000; i++)
	{
		uint64		bits = us_mix64(1, i);
		int			exponent = (int) (us_mix64(2, i) % 119) - 60;
		double		amount = ldexp(1 + (bits >> 12) / 4503599627370496.0, exponent);

		if (bits & 1)
			amount = -amount;
		wrong += us_money_round(amount) != reference(amount);
	}
	UNIT_EQUAL_INT(wrong, 0);
}

UNIT_TEST(money_near_halves)
{
	int			wrong = 0;

	/* doubles at and beside k + 1/2 millionths, whose rounded products are often halves */
	for (uint64 i = 0; i < 200000; i++)
	{
		double		half = ((double) (us_mix64(3, i) >> (20 + i % 40)) + 0.5) / 1000000;

		for (int side = -1; side <= 1; side++)
		{
			double		amount = side == 0 ? half : nextafter(half, side * INFINITY);

			wrong += us_money_round(amount) != reference(amount);
			wrong += us_money_round(-amount) != -reference(amount);
		}
	}
	UNIT_EQUAL_INT(wrong, 0);
	UNIT_CHECK(us_money_round(0.0) == 0 && us_money_round(-0.0) == 0);
	UNIT_CHECK(us_money_round(5e-324) == 0 && us_money_round(-5e-324) == 0);
	UNIT_CHECK(us_money_round(-1e18) == -((int128) 1000000000000 * 1000000000000));
}

UNIT_TEST(money_as_text)
{
	char		text[US_MONEY_TEXT];
	int128		largest = ~((int128) 1 << 127);

	us_money_text(0, text);
	UNIT_CHECK(strcmp(text, "0.000000") == 0);
	us_money_text(-1, text);
	UNIT_CHECK(strcmp(text, "-0.000001") == 0);
	us_money_text(12345678, text);
	UNIT_CHECK(strcmp(text, "12.345678") == 0);
	us_money_text(largest, text);
	UNIT_CHECK(strcmp(text, "170141183460469231731687303715884.105727") == 0);
	us_money_text(-largest - 1, text);
	UNIT_CHECK(strcmp(text, "-170141183460469231731687303715884.105728") == 0);
}
