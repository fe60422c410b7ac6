/*
 * exact_scatter.c
 *	  Products of exact sums as whole numbers in units of 2^-2148.
 */
#include "postgres.h"

#include <math.h>

#include "math/exact_scatter.h"

/* digits of 32 bits of a product of two sums, and of 65536 such products */
#define DIGITS	(2 * (US_EXACT_CHUNKS + 1) + 2)

/* Add a * b, without their signs. */
static void
add_product(uint32 *digit, const UsExactWords *a, const UsExactWords *b)
{
	for (int i = 0; i < a->n; i++)
	{
		uint64		carry = 0;
		int			at = a->first + b->first + i;

		for (int j = 0; j < b->n || carry > 0; j++, at++)
		{
			Assert(at < DIGITS);
			carry += digit[at];
			if (j < b->n)
				carry += (uint64) a->word[i] * b->word[j];
			digit[at] = (uint32) carry;
			carry >>= 32;
		}
	}
}

/* a -= b; returns true, and leaves b - a, if b is larger. */
static bool
subtract(uint32 *a, const uint32 *b)
{
	int			top = DIGITS - 1;
	bool		larger;
	int64		borrow = 0;

	while (top > 0 && a[top] == b[top])
		top--;
	larger = b[top] > a[top];
	for (int i = 0; i < DIGITS; i++)
	{
		int64		d = (larger ? (int64) b[i] - a[i] : (int64) a[i] - b[i]) + borrow;

		a[i] = (uint32) d;
		borrow = d >> 32;
	}
	return larger;
}

/* The number as mantissa * 2^exponent, mantissa in [0.5, 1), or 0. */
static double
leading(const uint32 *digit, int *exponent)
{
	int			top = DIGITS - 1;
	double		value = 0;

	while (top > 0 && digit[top] == 0)
		top--;
	/* what is below the third digit is less than 2^-64 of the value */
	for (int i = Max(top - 2, 0); i <= top; i++)
		value = value / 4294967296.0 + digit[i];
	value = frexp(value, exponent);
	*exponent += 32 * top - 2148;
	return value;
}

double
us_exact_scatter(const UsExactSum *square, const UsExactSum *weight,
				 const UsExactSum *sum, int d)
{
	uint32		whole[DIGITS] = {0};
	uint32		part[DIGITS] = {0};
	UsExactWords a;
	UsExactWords b;
	double		numerator;
	double		divisor;
	int			exponent;
	int			divisor_exponent;
	bool		negative;

	us_exact_pack(square, &a);
	us_exact_pack(weight, &b);
	if (a.n > 0 && a.negative)
		return -INFINITY;
	add_product(whole, &a, &b);
	for (int j = 0; j < d; j++)
	{
		us_exact_pack(&sum[j], &a);
		add_product(part, &a, &a);
	}
	negative = subtract(whole, part);
	numerator = leading(whole, &exponent);
	divisor = frexp(us_exact_round(weight), &divisor_exponent);
	numerator = ldexp(numerator / divisor, exponent - divisor_exponent);
	return negative ? -numerator : numerator;
}
