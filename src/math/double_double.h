/*
 * double_double.h
 *	  Numbers of twice the precision: a pair of doubles whose sum is meant.
 *
 * T. J. Dekker, "A floating-point technique for extending the available precision",
 * Numerische Mathematik 18 (1971); products by fma.
 */
#ifndef US_DOUBLE_DOUBLE_H
#define US_DOUBLE_DOUBLE_H

#include <math.h>

typedef struct UsDouble2
{
	double		hi;
	double		lo;				/* |lo| <= ulp(hi) / 2 */
} UsDouble2;

/* a + b, where nothing is lost. */
static inline UsDouble2
us_two_sum(double a, double b)
{
	double		s = a + b;
	double		t = s - a;

	return (UsDouble2) {s, (a - (s - t)) + (b - t)};
}

/* a * b, where nothing is lost (but to underflow). */
static inline UsDouble2
us_two_product(double a, double b)
{
	double		p = a * b;

	return (UsDouble2) {p, fma(a, b, -p)};
}

static inline UsDouble2
us_double2_subtract(UsDouble2 a, UsDouble2 b)
{
	UsDouble2	s = us_two_sum(a.hi, -b.hi);

	return us_two_sum(s.hi, s.lo + (a.lo - b.lo));
}

static inline UsDouble2
us_double2_multiply(UsDouble2 a, UsDouble2 b)
{
	UsDouble2	p = us_two_product(a.hi, b.hi);

	return us_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline UsDouble2
us_double2_divide(UsDouble2 a, UsDouble2 b)
{
	double		q = a.hi / b.hi;
	UsDouble2	rest = us_double2_subtract(a, us_double2_multiply(b, (UsDouble2) {q, 0}));

	return us_two_sum(q, rest.hi / b.hi);
}

#endif
