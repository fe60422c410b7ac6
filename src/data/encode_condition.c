/*
 * encode_condition.c
 *	  A condition on an encoded column, as one on the feature behind it.
 *
 * Encodings of numbers ascend (those of times descend), but for values that have no logarithm, which count
 * as the smallest value of the training.  So the values that fulfil "encoded <= bound" are an interval; its
 * ends are found by bisection over all numbers that the type has: doubles in their order, or microseconds.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "data/encode_condition.h"

/* microseconds: the range of timestamps, without its ends */
#define FIRST_INSTANT	INT64CONST(-211813488000000000)
#define LAST_INSTANT	INT64CONST(9223371331199999999)

#define MICROSECONDS	1000000.0

/* ---- numbers in their order ---- */

/* The double of a place in the order of all finite doubles, 0 at 0. */
static double
double_at(int64 place)
{
	int64		bits = place < 0 ? -place : place;
	double		x;

	memcpy(&x, &bits, sizeof(x));
	return place < 0 ? -x : x;
}

static int64
last_double(void)
{
	double		x = DBL_MAX;
	int64		bits;

	memcpy(&bits, &x, sizeof(x));
	return bits;
}

/* ---- the search ---- */

typedef struct Search
{
	const UsForm *form;
	double		bound;
} Search;

/* The encoded value at a place, ascending in it; times go backwards. */
static double
encoded_at(const Search *s, int64 place, bool *clamped)
{
	const UsForm *f = s->form;
	double		v;

	*clamped = false;
	if (f->kind == US_FORM_ELEMENT)
		return us_encoded_limit(us_op_affine(double_at(place), f->a, f->b));
	v = f->kind == US_FORM_AGE ? (f->reference - (double) -place / MICROSECONDS) / f->unit : double_at(place);
	*clamped = us_chain_apply_row(f->chain, v, &v);
	return v;
}

static bool
fulfils(const Search *s, int64 place)
{
	bool		clamped;

	return encoded_at(s, place, &clamped) <= s->bound;
}

static bool
is_clamped(const Search *s, int64 place)
{
	bool		clamped;

	(void) encoded_at(s, place, &clamped);
	return clamped;
}

static bool
may_clamp(const UsForm *form)
{
	for (int i = 0; form->chain != NULL && i < form->chain->n; i++)
		if (form->chain->step[i].op == US_OP_LOG1P)
			return true;
	return false;
}

/* The last place of first .. last up to which what is true; first - 1: none. */
static int64
last_true(const Search *s, bool (*what) (const Search *s, int64 place), int64 first, int64 last)
{
	int64		lo = first - 1;
	int64		hi = last;

	while (lo < hi)
	{
		int64		mid = lo + (int64) (((uint64) hi - (uint64) lo + 1) / 2);

		if (what(s, mid))
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

/* The places that fulfil the condition: low < place <= high. */
static void
search(const Search *s, int64 first, int64 last, int64 *low, int64 *high)
{
	int64		clamped = may_clamp(s->form) ? last_true(s, is_clamped, first, last) : first - 1;

	*low = first - 1;
	*high = clamped < last ? last_true(s, fulfils, clamped + 1, last) : clamped;
	if (clamped >= first && !fulfils(s, first))
		*low = clamped;			/* values without a logarithm count as a larger one */
}

static void
number_condition(const UsForm *form, double bound, UsCondition *c)
{
	Search		s = {form, bound};
	bool		time = form->kind == US_FORM_AGE;
	int64		first = time ? -LAST_INSTANT : -last_double();
	int64		last = time ? -FIRST_INSTANT : last_double();
	int64		low;
	int64		high;

	search(&s, first, last, &low, &high);
	c->kind = US_CONDITION_NUMBER;
	c->element = form->element;
	if (time)
	{
		c->low = high == last ? -INFINITY : (double) (-high - 1) / MICROSECONDS;
		c->high = low < first ? INFINITY : (double) (-low - 1) / MICROSECONDS;
		if (high < first)
			c->low = INFINITY;	/* none */
		return;
	}
	c->low = low < first ? -INFINITY : double_at(low);
	c->high = high == last ? INFINITY : high < first ? -INFINITY : double_at(high);
}

/* ---- the rest ---- */

/* Whether an encoded value fulfils the condition. */
static bool
value_fulfils(double x, double bound, bool missing)
{
	return isnan(x) ? missing : x <= bound;
}

static void
levels_of(const UsForm *form, UsCondition *c)
{
	c->kind = US_CONDITION_LEVELS;
	c->nlevels = form->nlevels;
	c->level = form->level;
	c->holds = palloc(sizeof(bool) * (form->nlevels + 1));
}

void
us_encoder_condition(const UsEncoder *encoder, int j, double bound, bool missing, UsCondition *c)
{
	UsForm		form;
	double		x;

	us_encoder_form(encoder, j, &form);
	memset(c, 0, sizeof(UsCondition));
	c->feature = form.feature;
	c->column = j;
	switch (form.kind)
	{
		case US_FORM_NUMBER:
		case US_FORM_AGE:
			number_condition(&form, bound, c);
			(void) us_chain_apply_row(form.chain, NAN, &x);
			c->null = value_fulfils(x, bound, missing);
			break;
		case US_FORM_ELEMENT:
			number_condition(&form, bound, c);
			c->null = form.fill <= bound;
			break;
		case US_FORM_CIRCLE:
			c->kind = US_CONDITION_ENCODED;
			c->bound = bound;
			c->null = form.fill <= bound;
			break;
		case US_FORM_LEVELS:
			levels_of(&form, c);
			for (int i = 0; i < form.nlevels; i++)
				c->holds[i] = value_fulfils(us_form_value(&form, i), bound, missing);
			c->holds[form.nlevels] = value_fulfils(us_form_value(&form, US_FORM_PLACE_OTHER(&form)), bound, missing);
			c->null = value_fulfils(us_form_value(&form, US_FORM_PLACE_NULL(&form)), bound, missing);
			if (form.value)
				pfree(form.value);
			break;
		case US_FORM_TAG:
			c->kind = US_CONDITION_TAG;
			c->nlevels = form.nlevels;
			c->level = form.level;
			c->tag = form.tag;
			if ((form.scale <= bound) == (0 <= bound))
			{
				/* the same with and without it: everything, or nothing */
				c->kind = US_CONDITION_NUMBER;
				c->low = -INFINITY;
				c->high = 0 <= bound ? INFINITY : -INFINITY;
			}
			c->without = 0 <= bound;
			c->null = 0 <= bound;
			break;
		case US_FORM_NULL:
			c->kind = US_CONDITION_NULL;
			c->null = form.scale <= bound;
			if (c->null == (0 <= bound))
			{
				c->kind = US_CONDITION_NUMBER;
				c->low = -INFINITY;
				c->high = c->null ? INFINITY : -INFINITY;
			}
			break;
	}
}

void
us_encoder_condition_set(const UsEncoder *encoder, int j, const uint64 *bits, int nbits, bool missing,
						 UsCondition *c)
{
	UsForm		form;

	us_encoder_form(encoder, j, &form);
	Assert(form.kind == US_FORM_LEVELS);
	memset(c, 0, sizeof(UsCondition));
	c->feature = form.feature;
	c->column = j;
	levels_of(&form, c);
	for (int place = 0; place < form.nlevels + 2; place++)
	{
		double		x = us_form_value(&form, place);
		bool		holds = missing;

		if (!isnan(x) && x >= 0 && x < nbits)
			holds = (bits[(int) x >> 6] >> ((int) x & 63)) & 1;
		if (place == US_FORM_PLACE_NULL(&form))
			c->null = holds;
		else
			c->holds[place < form.nlevels ? place : form.nlevels] = holds;
	}
	if (form.value)
		pfree(form.value);
}
