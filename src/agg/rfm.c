/*
 * rfm.c
 *	  RFM states from events and from other states.
 *
 * An amount below zero is a return: it is counted, its sum is netted in the monetary
 * value, and nothing else changes: it is neither an order nor a sign of life.
 */
#include "postgres.h"

#include <math.h>

#include "agg/rfm.h"
#include "math/money.h"

/*
 * Sizes of new states, powers of two as the allocator likes them: with room for ten
 * keys, or for none when the first event has no key.
 */
#define FIRST_SIZE_KEYED	128
#define FIRST_SIZE_KEYLESS	64

/* A state of no events, of a good size for events that have keys or have none. */
UsRfm *
us_rfm_new(bool keyed)
{
	Size		size = keyed ? FIRST_SIZE_KEYED : FIRST_SIZE_KEYLESS;
	UsRfm	   *s = palloc0(size);

	SET_VARSIZE(s, size);
	s->version = US_RFM_VERSION;
	return s;
}

/* A copy in the current memory context. */
UsRfm *
us_rfm_copy(const UsRfm *s)
{
	UsRfm	   *copy = palloc(VARSIZE(s));

	memcpy(copy, s, VARSIZE(s));
	return copy;
}

/* The extra counters, also of a state that does without them. */
UsRfmExtra
us_rfm_extra(const UsRfm *s)
{
	UsRfmExtra	extra = {0};

	if (s->flags & US_RFM_EXTRA)
		return *(UsRfmExtra *) us_rfm_extra_place(s);
	if (s->flags & US_RFM_SMALL)
	{
		const UsRfmSmall *small = us_rfm_extra_place(s);

		extra.returned = small->returned;
		extra.returns = small->returns;
		extra.skipped = small->skipped;
	}
	if (us_rfm_kind(s) == US_RFM_NO_KEY)
		extra.keyless = s->purchases;
	return extra;
}

/* The flag of the smallest form that holds extra counters beside keys of a kind. */
static uint8
extra_form(UsRfmKind kind, const UsRfmExtra *extra)
{
	if ((kind != US_RFM_NO_KEY && extra->keyless > 0) || extra->returned > PG_INT64_MAX ||
		extra->returns > PG_UINT32_MAX || extra->skipped > PG_UINT32_MAX)
		return US_RFM_EXTRA;
	return extra->returns > 0 || extra->skipped > 0 ? US_RFM_SMALL : 0;
}

/*
 * Set the extra counters, none of which ever falls, in place.  Returns s, or a larger
 * copy in the current memory context when there was no room.
 */
UsRfm *
us_rfm_set_extra(UsRfm *s, const UsRfmExtra *extra)
{
	uint8		form = extra_form(us_rfm_kind(s), extra);

	if ((s->flags & form) != form)
	{
		Size		size = us_rfm_sealed_size(s) - us_rfm_extra_size(s);

		s = us_rfm_grow(s, size + (form == US_RFM_EXTRA ? sizeof(UsRfmExtra) : sizeof(UsRfmSmall)));
		s->flags = (s->flags & ~(US_RFM_SMALL | US_RFM_EXTRA)) | form;
	}
	if (form == US_RFM_EXTRA)
		*(UsRfmExtra *) us_rfm_extra_place(s) = *extra;
	else if (form == US_RFM_SMALL)
	{
		UsRfmSmall *small = us_rfm_extra_place(s);

		small->returned = (int64) extra->returned;
		small->returns = (uint32) extra->returns;
		small->skipped = (uint32) extra->skipped;
	}
	return s;
}

/*
 * Note the kind of key of an event or a state; 22023 when there was another one.
 * Returns as us_rfm_set_extra().
 */
static inline UsRfm *
take_kind(UsRfm *s, UsRfmKind kind)
{
	UsRfmExtra	extra;

	if (us_rfm_kind(s) == kind || kind == US_RFM_NO_KEY)
		return s;
	if (us_rfm_kind(s) != US_RFM_NO_KEY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot mix bigint and text order keys in one userseg.rfm"),
				 errdetail("The same order would be counted twice."),
				 errhint("Cast the order keys to text wherever states are made.")));
	extra = us_rfm_extra(s);	/* the purchases so far had no key */
	s->flags |= kind;
	return us_rfm_set_extra(s, &extra);
}

static inline void
add_money(int128 *sum, int128 amount)
{
	if (__builtin_add_overflow(*sum, amount, sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("sum of amounts is out of range"),
				 errdetail("Sums up to 1.7e32 can be kept.")));
}

static inline void
add_count(int64 *count, int64 more)
{
	*count += more;				/* both are at most 2^60 plus the events of one query */
	if (*count > US_RFM_MAX_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of events is out of range"),
				 errdetail("Up to %lld events can be counted.", (long long) US_RFM_MAX_COUNT)));
}

static inline void
take_times(UsRfm *s, int64 first, int64 last)
{
	if (s->purchases == 0)
	{
		s->first_at = first;
		s->last_at = last;
	}
	else
	{
		s->first_at = Min(s->first_at, first);
		s->last_at = Max(s->last_at, last);
	}
}

/* Count an event that lacks its time or amount; returns as us_rfm_add(). */
UsRfm *
us_rfm_skip(UsRfm *s)
{
	UsRfmExtra	extra = us_rfm_extra(s);

	extra.skipped++;
	return us_rfm_set_extra(s, &extra);
}

static UsRfm *
add_return(UsRfm *s, int128 micro)
{
	UsRfmExtra	extra = us_rfm_extra(s);

	add_money(&extra.returned, micro);
	extra.returns++;
	return us_rfm_set_extra(s, &extra);
}

/* A purchase without a key, before it is counted in purchases. */
static UsRfm *
add_keyless(UsRfm *s)
{
	UsRfmExtra	extra = us_rfm_extra(s);

	extra.keyless++;
	return us_rfm_set_extra(s, &extra);
}

/*
 * Take an event in, in place: ts finite, micro the amount in millionths, key ignored
 * when kind is US_RFM_NO_KEY.  Returns s, or a larger copy in the current memory
 * context when there was no room.  Raises 22023 for a second kind of key and 22003
 * when a sum leaves 128 bits.
 */
UsRfm *
us_rfm_add(UsRfm *s, TimestampTz ts, int128 micro, UsRfmKind kind, uint64 key)
{
	s = take_kind(s, kind);
	if (micro < 0)
		return add_return(s, -micro);
	if (kind == US_RFM_NO_KEY && (s->flags & (US_RFM_KIND | US_RFM_EXTRA)) != 0)
		s = add_keyless(s);
	add_money(&s->purchased, micro);
	take_times(s, ts, ts);
	s->purchases++;
	return kind == US_RFM_NO_KEY ? s : us_rfm_keys_add(s, key);
}

/*
 * Take the events of another state in, in place; returns and raises as us_rfm_add(),
 * and 22003 when there are too many events.
 */
UsRfm *
us_rfm_merge(UsRfm *s, const UsRfm *other)
{
	UsRfmExtra	more = us_rfm_extra(other);
	UsRfmExtra	extra;

	s = take_kind(s, us_rfm_kind(other));
	extra = us_rfm_extra(s);
	add_money(&extra.returned, more.returned);
	add_count(&extra.returns, more.returns);
	add_count(&extra.keyless, more.keyless);
	add_count(&extra.skipped, more.skipped);
	s = us_rfm_set_extra(s, &extra);

	add_money(&s->purchased, other->purchased);
	if (other->purchases > 0)
		take_times(s, other->first_at, other->last_at);
	add_count(&s->purchases, other->purchases);
	return us_rfm_keys_merge(s, other);
}

/* The state in its only form for these events: keys ascend, no room left; a new copy. */
UsRfm *
us_rfm_seal(const UsRfm *s)
{
	Size		size = us_rfm_sealed_size(s);
	UsRfm	   *sealed = palloc(size);

	memcpy(sealed, s, size - us_rfm_extra_size(s));
	SET_VARSIZE(sealed, size);
	memcpy(us_rfm_extra_place(sealed), us_rfm_extra_place(s), us_rfm_extra_size(s));
	us_rfm_keys_sort(sealed);
	return sealed;
}

/*
 * Number of distinct orders, counting each purchase without a key as one.  Exact unless
 * sketched; then the estimate is held within what is certain: more keys than are kept
 * exactly, and not more than purchases.
 */
int64
us_rfm_frequency(const UsRfm *s)
{
	int64		keyless = us_rfm_extra(s).keyless;
	double		estimate;

	if (!us_rfm_sketched(s))
		return s->n_keys + keyless;
	estimate = rint(us_hll_estimate(us_rfm_registers(s)));
	estimate = Min(estimate, (double) (s->purchases - keyless));
	estimate = Max(estimate, (double) (US_RFM_MAX_KEYS + 1));
	return (int64) estimate + keyless;
}
