/*
 * rfm_wire.c
 *	  The payload of an RFM state, as it is sent, printed and read.
 *
 *		u8	version (1)
 *		u8	flags: 0x03 kind of keys (0 none, 1 bigint, 2 hash of text), 0x04 sketch, 0x08 extra
 *		i64 time of the first and of the last purchase, microseconds since 2000-01-01 UTC
 *		u64, i64 sum of purchases in millionths, low and high half
 *		i64 number of purchases
 *		with extra: u64, i64 sum of returns; i64 returns, purchases without key, skipped events
 *		keys: u32 number, u64 each, strictly ascending; or sketch: 16384 registers of a byte
 *
 * A reader accepts only what a writer can have written: whoever may call the input
 * functions can pass anything, and everything else in the extension relies on states
 * being consistent.
 */
#include "postgres.h"

#include "agg/rfm.h"
#include "math/money.h"

static void
write_money(UsWriter *w, int128 micro)
{
	us_write_u64(w, (uint64) micro);
	us_write_i64(w, (int64) (micro >> 64));
}

static int128
read_money(UsReader *r)
{
	uint64		low = us_read_u64(r);
	int64		high = us_read_i64(r);

	return ((int128) high << 64) | low;
}

/* flag of the payload; the lower ones are those of the state */
#define HAS_EXTRA	0x08

/* Append the payload of a sealed state. */
void
us_rfm_write(const UsRfm *s, UsWriter *w)
{
	bool		has_extra = (s->flags & (US_RFM_SMALL | US_RFM_EXTRA)) != 0;

	us_write_u8(w, s->version);
	us_write_u8(w, (s->flags & (US_RFM_KIND | US_RFM_SKETCHED)) | (has_extra ? HAS_EXTRA : 0));
	us_write_i64(w, s->first_at);
	us_write_i64(w, s->last_at);
	write_money(w, s->purchased);
	us_write_i64(w, s->purchases);
	if (has_extra)
	{
		UsRfmExtra	extra = us_rfm_extra(s);

		write_money(w, extra.returned);
		us_write_i64(w, extra.returns);
		us_write_i64(w, extra.keyless);
		us_write_i64(w, extra.skipped);
	}
	if (us_rfm_sketched(s))
		us_write_bytes(w, us_rfm_registers(s), US_HLL_REGISTERS);
	else
	{
		us_write_u32(w, s->n_keys);
		for (int i = 0; i < s->n_keys; i++)
			us_write_u64(w, s->keys[i]);
	}
}

static int64
read_count(UsReader *r, const char *name)
{
	int64		count = us_read_i64(r);

	if (count < 0 || count > US_RFM_MAX_COUNT)
		us_corrupt(r, "%s is %lld", name, (long long) count);
	return count;
}

/* The sum of count amounts of at least minimum millionths each must be possible. */
static void
check_money(UsReader *r, int128 sum, int64 count, int minimum, const char *name)
{
	const int128 largest = (int128) US_MONEY_MAX * US_MONEY_SCALE;

	if (sum < (int128) count * minimum || sum / largest + (sum % largest != 0) > count)
		us_corrupt(r, "sum of %s does not fit their number %lld", name, (long long) count);
}

static void
read_purchases(UsReader *r, UsRfm *s)
{
	s->first_at = us_read_i64(r);
	s->last_at = us_read_i64(r);
	s->purchased = read_money(r);
	s->purchases = read_count(r, "number of purchases");
	if (s->purchases == 0 && (s->first_at != 0 || s->last_at != 0))
		us_corrupt(r, "time of a purchase without purchases");
	if (s->first_at > s->last_at || !IS_VALID_TIMESTAMP(s->first_at) ||
		!IS_VALID_TIMESTAMP(s->last_at))
		us_corrupt(r, "first time %lld and last time %lld",
				   (long long) s->first_at, (long long) s->last_at);
	check_money(r, s->purchased, s->purchases, 0, "purchases");
}

static void
read_extra(UsReader *r, const UsRfm *s, UsRfmExtra *extra)
{
	extra->returned = read_money(r);
	extra->returns = read_count(r, "number of returns");
	extra->keyless = read_count(r, "number of purchases without key");
	extra->skipped = read_count(r, "number of skipped events");
	check_money(r, extra->returned, extra->returns, 1, "returns");
	if (extra->returns == 0 && extra->skipped == 0 &&
		(us_rfm_kind(s) == US_RFM_NO_KEY || extra->keyless == 0))
		us_corrupt(r, "extra counters without need");
	if (extra->keyless > s->purchases)
		us_corrupt(r, "%lld purchases without key of %lld",
				   (long long) extra->keyless, (long long) s->purchases);
}

/* What the kind of keys says about the events. */
static void
check_kind(UsReader *r, const UsRfm *s, const UsRfmExtra *extra)
{
	if (us_rfm_kind(s) == US_RFM_NO_KEY)
	{
		if (extra->keyless != s->purchases || us_rfm_sketched(s))
			us_corrupt(r, "order keys of no kind");
	}
	else if (extra->keyless == s->purchases && extra->returns == 0)
		us_corrupt(r, "kind of order keys without an event");
}

static void
read_keys(UsReader *r, UsRfm *s, int64 keyed)
{
	for (int i = 0; i < s->n_keys; i++)
	{
		s->keys[i] = us_read_u64(r);
		if (i > 0 && s->keys[i] <= s->keys[i - 1])
			us_corrupt(r, "order keys do not ascend");
	}
	if (s->n_keys > keyed || (s->n_keys == 0) != (keyed == 0))
		us_corrupt(r, "%d order keys for %lld purchases with a key",
				   s->n_keys, (long long) keyed);
}

static void
read_registers(UsReader *r, UsRfm *s, int64 keyed)
{
	uint8	   *registers = us_rfm_registers(s);
	bool		empty = true;

	memcpy(registers, us_read_bytes(r, US_HLL_REGISTERS), US_HLL_REGISTERS);
	for (int i = 0; i < US_HLL_REGISTERS; i++)
	{
		if (registers[i] > US_HLL_MAX_RANK)
			us_corrupt(r, "register %d of the sketch is %d", i, registers[i]);
		if (registers[i] > 0)
			empty = false;
	}
	if (empty || keyed <= US_RFM_MAX_KEYS)
		us_corrupt(r, "sketch for %lld purchases with a key", (long long) keyed);
}

/*
 * Read a payload up to its end: a sealed state in the current memory context.  Raises
 * 22P03 for anything that us_rfm_write() cannot have written, 0A000 for another version.
 */
UsRfm *
us_rfm_read(UsReader *r)
{
	UsRfm		header = {0};
	UsRfmExtra	extra;
	uint8		flags;
	UsRfm	   *s;

	header.version = us_read_u8(r);
	if (header.version != US_RFM_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has format version %d, this library reads version %d",
						r->what, header.version, US_RFM_VERSION)));
	flags = us_read_u8(r);
	header.flags = flags & (US_RFM_KIND | US_RFM_SKETCHED);
	if (us_rfm_kind(&header) > US_RFM_TEXT || (flags & ~HAS_EXTRA) != header.flags)
		us_corrupt(r, "flags are 0x%02x", flags);
	read_purchases(r, &header);
	if (flags & HAS_EXTRA)
		read_extra(r, &header, &extra);
	else
		extra = us_rfm_extra(&header);
	check_kind(r, &header, &extra);
	if (!us_rfm_sketched(&header))
		header.n_keys = us_read_count(r, sizeof(uint64), US_RFM_MAX_KEYS);

	s = palloc(us_rfm_sealed_size(&header));
	*s = header;
	SET_VARSIZE(s, us_rfm_sealed_size(&header));
	if (us_rfm_sketched(s))
		read_registers(r, s, s->purchases - extra.keyless);
	else
		read_keys(r, s, s->purchases - extra.keyless);
	us_reader_end(r);
	return us_rfm_seal(us_rfm_set_extra(s, &extra));
}
