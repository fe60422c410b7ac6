/*
 * money.c
 *	  Exact rounding and printing of amounts.
 */
#include "postgres.h"

#include "math/money.h"

/*
 * product + error is the exact product: the error of one rounded multiplication is
 * itself a double.
 */
int128
us_money_round_exactly(double amount, double product)
{
	double		error = fma(amount, (double) US_MONEY_SCALE, -product);
	double		whole = floor(product);
	double		rest = product - whole;
	int128		result;

	if (fabs(product) < US_MONEY_ROUNDABLE)	/* then rest is a half */
		return (int128) whole + (error > 0 || (error == 0 && amount > 0));

	/* the exact product has 67 bits at most, so that this sum is exact */
	rest += error;
	result = (int128) whole + (int128) floor(rest);
	rest -= floor(rest);
	return result + (rest > 0.5 || (rest == 0.5 && amount > 0));
}

void
us_money_text(int128 micro, char out[US_MONEY_TEXT])
{
	uint128		rest = micro < 0 ? -(uint128) micro : (uint128) micro;
	char	   *p = out + US_MONEY_TEXT;

	*--p = '\0';
	for (int digit = 0; digit < 7 || rest > 0; digit++)
	{
		if (digit == 6)
			*--p = '.';
		*--p = '0' + (int) (rest % 10);
		rest /= 10;
	}
	if (micro < 0)
		*--p = '-';
	memmove(out, p, out + US_MONEY_TEXT - p);
}
