/*
 * money.h
 *	  Amounts of money as whole millionths in 128-bit integers, so that sums are
 *	  exact and do not depend on their order.
 */
#ifndef US_MONEY_H
#define US_MONEY_H

#include <math.h>

/* millionths in one unit */
#define US_MONEY_SCALE	1000000

/* largest absolute amount that is taken: 10^14 of them fit into a sum */
#define US_MONEY_MAX	1e18

/*
 * Products below this (2^51) have bits for quarters: a rounded product lies on the same
 * side of every half as the exact one, unless it is itself a half.
 */
#define US_MONEY_ROUNDABLE	2251799813685248.0

/* The general case of us_money_round(): product is amount * 1e6 as rounded by the machine. */
extern int128 us_money_round_exactly(double amount, double product);

/*
 * The nearest number of millionths to a finite amount with |amount| <= US_MONEY_MAX,
 * rounded once: the exact product amount * 10^6 goes to the nearest integer, halves
 * away from zero (as numeric rounds).  Only halves and large amounts need the exact
 * product.
 */
static inline int128
us_money_round(double amount)
{
	double		product = amount * US_MONEY_SCALE;

	if (fabs(product) < US_MONEY_ROUNDABLE)
	{
		long		nearest = lrint(product);

		if (fabs(product - (double) nearest) != 0.5)
			return nearest;
	}
	return us_money_round_exactly(amount, product);
}

/* Units from millionths: correctly rounded up to 2^53 millionths, 1.5 ulp beyond. */
static inline double
us_money_units(int128 micro)
{
	return (double) micro / US_MONEY_SCALE;
}

/* Size of the text of any amount, sign, point and NUL included. */
#define US_MONEY_TEXT	48

/* Units from millionths as decimal text with six decimals, written to out. */
extern void us_money_text(int128 micro, char out[US_MONEY_TEXT]);

#endif
