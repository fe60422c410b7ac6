/*
 * dd.h
 *	  Numbers of about 32 digits: the unevaluated sum of two doubles.
 *
 * T. J. Dekker, "A floating-point technique for extending the available precision",
 * Numer. Math. 18 (1971); Y. Hida, X. S. Li, D. H. Bailey, "Library for double-double and
 * quad-double arithmetic" (2007).  No fused multiply-add is used, so that the bits are the
 * same everywhere.  Magnitudes must stay below 2^990.
 */
#ifndef US_DD_H
#define US_DD_H

#include <math.h>

typedef struct UsDd
{
	double		hi;
	double		lo;				/* |lo| <= ulp(hi) / 2 */
} UsDd;

static inline UsDd
us_dd(double x)
{
	UsDd		r = {x, 0};

	return r;
}

/* a + b exactly. */
static inline UsDd
us_two_sum(double a, double b)
{
	UsDd		r;
	double		t;

	r.hi = a + b;
	t = r.hi - a;
	r.lo = (a - (r.hi - t)) + (b - t);
	return r;
}

/* The same where |a| >= |b|. */
static inline UsDd
us_fast_two_sum(double a, double b)
{
	UsDd		r;

	r.hi = a + b;
	r.lo = b - (r.hi - a);
	return r;
}

/* a * b exactly. */
static inline UsDd
us_two_product(double a, double b)
{
	UsDd		r;
	double		t = 134217729.0 * a;	/* 2^27 + 1 */
	double		ah = t - (t - a);
	double		al = a - ah;
	double		bh;
	double		bl;

	t = 134217729.0 * b;
	bh = t - (t - b);
	bl = b - bh;
	r.hi = a * b;
	r.lo = ((ah * bh - r.hi) + ah * bl + al * bh) + al * bl;
	return r;
}

static inline UsDd
us_dd_add(UsDd a, UsDd b)
{
	UsDd		s = us_two_sum(a.hi, b.hi);
	UsDd		t = us_two_sum(a.lo, b.lo);

	s = us_fast_two_sum(s.hi, s.lo + t.hi);
	return us_fast_two_sum(s.hi, s.lo + t.lo);
}

static inline UsDd
us_dd_neg(UsDd a)
{
	UsDd		r = {-a.hi, -a.lo};

	return r;
}

static inline UsDd
us_dd_sub(UsDd a, UsDd b)
{
	return us_dd_add(a, us_dd_neg(b));
}

static inline UsDd
us_dd_mul(UsDd a, UsDd b)
{
	UsDd		p = us_two_product(a.hi, b.hi);

	return us_fast_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline UsDd
us_dd_div(UsDd a, UsDd b)
{
	double		q1 = a.hi / b.hi;
	UsDd		r = us_dd_sub(a, us_dd_mul(b, us_dd(q1)));
	double		q2 = r.hi / b.hi;
	double		q3;

	r = us_dd_sub(r, us_dd_mul(b, us_dd(q2)));
	q3 = r.hi / b.hi;
	return us_dd_add(us_fast_two_sum(q1, q2), us_dd(q3));
}

/* a * 2^e. */
static inline UsDd
us_dd_scale(UsDd a, int e)
{
	UsDd		r = {ldexp(a.hi, e), ldexp(a.lo, e)};

	return r;
}

/* An integer of 128 bits: exact up to 106 bits, else rounded to them. */
static inline UsDd
us_dd_int128(int128 x)
{
	double		hi = (double) x;
	double		lo = (double) (x - (int128) hi);

	return us_fast_two_sum(hi, lo);
}

static inline double
us_dd_round(UsDd a)
{
	return a.hi + a.lo;
}

#endif
