/*
 * rfm.c
 *	  Type userseg.rfm, the aggregates that make it, and its accessors.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "agg/rfm.h"
#include "math/hash.h"
#include "math/money.h"

#define TYPE_NAME	"userseg.rfm"

/* Enters the hash of text order keys; stored states depend on it, so it never changes. */
#define TEXT_KEY_SEED	UINT64CONST(0x72666D)

/* ---- arguments ---- */

static UsRfm *
check_version(UsRfm *s)
{
	if (VARSIZE(s) < sizeof(UsRfm) || s->version != US_RFM_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s has format version %d, this library reads version %d",
						TYPE_NAME, s->version, US_RFM_VERSION)));
	return s;
}

/* A state for reading. */
static UsRfm *
get_state(Datum value)
{
	return check_version((UsRfm *) PG_DETOAST_DATUM(value));
}

/*
 * A state of which only the fields of the struct are read: of a large one, stored apart,
 * only the first block is fetched.
 */
static UsRfm *
get_header(Datum value)
{
	if (VARATT_IS_EXTENDED(DatumGetPointer(value)))
		return check_version((UsRfm *) PG_DETOAST_DATUM_SLICE(value, 0, sizeof(UsRfm) - VARHDRSZ));
	return check_version((UsRfm *) DatumGetPointer(value));
}

/* The extra counters of a state. */
static UsRfmExtra
get_extra(Datum value)
{
	UsRfm	   *s = get_header(value);

	return us_rfm_extra(us_rfm_extra_size(s) > 0 ? get_state(value) : s);
}

/* Net amount of a state, in millionths. */
static int128
net_amount(Datum value)
{
	return get_header(value)->purchased - get_extra(value).returned;
}

/*
 * Argument 0 for changing: inside an aggregate the transition value itself, else a copy;
 * when NULL a new state, for events that have keys or have none.
 */
static UsRfm *
get_transition(FunctionCallInfo fcinfo, bool keyed)
{
	if (PG_ARGISNULL(0))
		return us_rfm_new(keyed);
	/* with many groups, the two cache lines that an event needs are far away: fetch them together */
	__builtin_prefetch((char *) PG_GETARG_POINTER(0) + sizeof(UsRfm), 1);
	if (AggCheckCallContext(fcinfo, NULL) && !VARATT_IS_EXTENDED(PG_GETARG_POINTER(0)))
		return (UsRfm *) PG_GETARG_POINTER(0);
	return check_version((UsRfm *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
}

static int128
event_amount(float8 amount)
{
	if (isnan(amount) || isinf(amount))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount of an event is %s", isnan(amount) ? "NaN" : "infinite"),
				 errhint("Filter such rows out, or pass NULL to have them counted as skipped.")));
	if (fabs(amount) > US_MONEY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount %.17g of an event is out of range", amount),
				 errdetail("Amounts may be from -1e18 to 1e18.")));
	return us_money_round(amount);
}

static TimestampTz
event_time(TimestampTz ts)
{
	if (TIMESTAMP_NOT_FINITE(ts))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time of an event is infinite"),
				 errhint("Filter such rows out, or pass NULL to have them counted as skipped.")));
	return ts;
}

/* as_of of the accessors */
static TimestampTz
reference_time(TimestampTz as_of)
{
	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"as_of\" must be finite")));
	return as_of;
}

/* Take in the event whose time and amount are arguments n and n + 1. */
static UsRfm *
add_event(FunctionCallInfo fcinfo, UsRfm *s, int n, UsRfmKind kind, uint64 key)
{
	if (PG_ARGISNULL(n) || PG_ARGISNULL(n + 1))
		return us_rfm_skip(s);
	return us_rfm_add(s, event_time(PG_GETARG_TIMESTAMPTZ(n)),
					  event_amount(PG_GETARG_FLOAT8(n + 1)), kind, key);
}

static UsRfm *
add_bigint_event(FunctionCallInfo fcinfo, UsRfm *s, int n)
{
	if (PG_ARGISNULL(n + 2))
		return add_event(fcinfo, s, n, US_RFM_NO_KEY, 0);
	return add_event(fcinfo, s, n, US_RFM_BIGINT, (uint64) PG_GETARG_INT64(n + 2));
}

static UsRfm *
add_text_event(FunctionCallInfo fcinfo, UsRfm *s, int n)
{
	text	   *key;

	if (PG_ARGISNULL(n + 2))
		return add_event(fcinfo, s, n, US_RFM_NO_KEY, 0);
	key = PG_GETARG_TEXT_PP(n + 2);
	return add_event(fcinfo, s, n, US_RFM_TEXT,
					 us_hash_bytes(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), TEXT_KEY_SEED));
}

/* ---- input and output ---- */

PG_FUNCTION_INFO_V1(userseg_rfm_in);
PG_FUNCTION_INFO_V1(userseg_rfm_out);
PG_FUNCTION_INFO_V1(userseg_rfm_recv);
PG_FUNCTION_INFO_V1(userseg_rfm_send);

static UsRfm *
read_state(const void *data, size_t len)
{
	UsReader	r;

	us_reader_init(&r, data, len, TYPE_NAME);
	return us_rfm_read(&r);
}

static bytea *
write_state(Datum value)
{
	UsWriter	w;

	us_writer_init(&w);
	us_rfm_write(us_rfm_seal(get_state(value)), &w);
	return us_writer_varlena(&w);
}

/* userseg.rfm from hexadecimal text. */
Datum
userseg_rfm_in(PG_FUNCTION_ARGS)
{
	bytea	   *payload = us_hex_decode(PG_GETARG_CSTRING(0), TYPE_NAME);

	PG_RETURN_POINTER(read_state(VARDATA(payload), VARSIZE(payload) - VARHDRSZ));
}

/* userseg.rfm as hexadecimal text. */
Datum
userseg_rfm_out(PG_FUNCTION_ARGS)
{
	bytea	   *payload = write_state(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(us_hex_encode(VARDATA(payload), VARSIZE(payload) - VARHDRSZ));
}

/* userseg.rfm from its binary form. */
Datum
userseg_rfm_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	UsRfm	   *s = read_state(buf->data + buf->cursor, buf->len - buf->cursor);

	buf->cursor = buf->len;
	PG_RETURN_POINTER(s);
}

/* userseg.rfm in binary form. */
Datum
userseg_rfm_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(write_state(PG_GETARG_DATUM(0)));
}

/* ---- aggregates ---- */

PG_FUNCTION_INFO_V1(userseg_rfm_step_bigint);
PG_FUNCTION_INFO_V1(userseg_rfm_step_text);
PG_FUNCTION_INFO_V1(userseg_rfm_event_bigint);
PG_FUNCTION_INFO_V1(userseg_rfm_event_text);
PG_FUNCTION_INFO_V1(userseg_rfm_combine);
PG_FUNCTION_INFO_V1(userseg_rfm_final);
PG_FUNCTION_INFO_V1(userseg_rfm_merge);

/* _rfm_step(state, ts, amount, order_key bigint): transition function of rfm_agg. */
Datum
userseg_rfm_step_bigint(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(add_bigint_event(fcinfo, get_transition(fcinfo, !PG_ARGISNULL(3)), 1));
}

/* _rfm_step(state, ts, amount, order_key text): transition function of rfm_agg. */
Datum
userseg_rfm_step_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(add_text_event(fcinfo, get_transition(fcinfo, !PG_ARGISNULL(3)), 1));
}

/* rfm_event(ts, amount, order_key bigint): the state of one event. */
Datum
userseg_rfm_event_bigint(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_rfm_seal(add_bigint_event(fcinfo, us_rfm_new(!PG_ARGISNULL(2)), 0)));
}

/* rfm_event(ts, amount, order_key text): the state of one event. */
Datum
userseg_rfm_event_text(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_rfm_seal(add_text_event(fcinfo, us_rfm_new(!PG_ARGISNULL(2)), 0)));
}

/* _rfm_combine(state, state): combine function, and transition function of rollup. */
Datum
userseg_rfm_combine(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(1))
	{
		UsRfm	   *other = get_state(PG_GETARG_DATUM(1));

		PG_RETURN_POINTER(us_rfm_merge(get_transition(fcinfo, us_rfm_kind(other) != US_RFM_NO_KEY), other));
	}
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* _rfm_final(state): final function of rfm_agg and rollup. */
Datum
userseg_rfm_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(us_rfm_seal(get_state(PG_GETARG_DATUM(0))));
}

/* merge(a, b): the state of the events of both; NULL is a state without events. */
Datum
userseg_rfm_merge(PG_FUNCTION_ARGS)
{
	UsRfm	   *s;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(1));
	s = us_rfm_copy(get_state(PG_GETARG_DATUM(0)));
	PG_RETURN_POINTER(us_rfm_seal(us_rfm_merge(s, get_state(PG_GETARG_DATUM(1)))));
}

/* ---- accessors of times ---- */

PG_FUNCTION_INFO_V1(userseg_rfm_recency);
PG_FUNCTION_INFO_V1(userseg_rfm_recency_days);
PG_FUNCTION_INFO_V1(userseg_rfm_tenure);
PG_FUNCTION_INFO_V1(userseg_rfm_tenure_days);
PG_FUNCTION_INFO_V1(userseg_rfm_lifespan);
PG_FUNCTION_INFO_V1(userseg_rfm_first_at);
PG_FUNCTION_INFO_V1(userseg_rfm_last_at);

/* Elapsed days; the difference of two timestamps may leave 64 bits. */
static float8
days_between(TimestampTz from, TimestampTz to)
{
	return (float8) ((int128) to - from) / USECS_PER_DAY;
}

/* Number of the calendar day on which ts lies in a time zone. */
static int64
calendar_day(TimestampTz ts, Datum zone)
{
	Timestamp	local = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone,
															  TimestampTzGetDatum(ts)));
	int64		day = local / USECS_PER_DAY;

	return day - (local % USECS_PER_DAY < 0);
}

/* recency(state, as_of): days from the last purchase; NULL without one. */
Datum
userseg_rfm_recency(PG_FUNCTION_ARGS)
{
	UsRfm	   *s = get_header(PG_GETARG_DATUM(0));
	TimestampTz as_of = reference_time(PG_GETARG_TIMESTAMPTZ(1));

	if (s->purchases == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(days_between(s->last_at, as_of));
}

/* recency_days(state, as_of, time_zone): calendar days from the last purchase. */
Datum
userseg_rfm_recency_days(PG_FUNCTION_ARGS)
{
	UsRfm	   *s = get_header(PG_GETARG_DATUM(0));
	TimestampTz as_of = reference_time(PG_GETARG_TIMESTAMPTZ(1));
	int64		today = calendar_day(as_of, PG_GETARG_DATUM(2));

	if (s->purchases == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) (today - calendar_day(s->last_at, PG_GETARG_DATUM(2))));
}

/* tenure(state, as_of): days from the first purchase; NULL without one. */
Datum
userseg_rfm_tenure(PG_FUNCTION_ARGS)
{
	UsRfm	   *s = get_header(PG_GETARG_DATUM(0));
	TimestampTz as_of = reference_time(PG_GETARG_TIMESTAMPTZ(1));

	if (s->purchases == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(days_between(s->first_at, as_of));
}

/* tenure_days(state, as_of, time_zone): calendar days from the first purchase. */
Datum
userseg_rfm_tenure_days(PG_FUNCTION_ARGS)
{
	UsRfm	   *s = get_header(PG_GETARG_DATUM(0));
	TimestampTz as_of = reference_time(PG_GETARG_TIMESTAMPTZ(1));
	int64		today = calendar_day(as_of, PG_GETARG_DATUM(2));

	if (s->purchases == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) (today - calendar_day(s->first_at, PG_GETARG_DATUM(2))));
}

/* lifespan(state): days from the first to the last purchase; NULL without one. */
Datum
userseg_rfm_lifespan(PG_FUNCTION_ARGS)
{
	UsRfm	   *s = get_header(PG_GETARG_DATUM(0));

	if (s->purchases == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(days_between(s->first_at, s->last_at));
}

/* first_at(state): time of the first purchase. */
Datum
userseg_rfm_first_at(PG_FUNCTION_ARGS)
{
	UsRfm	   *s = get_header(PG_GETARG_DATUM(0));

	if (s->purchases == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(s->first_at);
}

/* last_at(state): time of the last purchase. */
Datum
userseg_rfm_last_at(PG_FUNCTION_ARGS)
{
	UsRfm	   *s = get_header(PG_GETARG_DATUM(0));

	if (s->purchases == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(s->last_at);
}

/* ---- accessors of counts ---- */

PG_FUNCTION_INFO_V1(userseg_rfm_frequency);
PG_FUNCTION_INFO_V1(userseg_rfm_repeat_count);
PG_FUNCTION_INFO_V1(userseg_rfm_purchases);
PG_FUNCTION_INFO_V1(userseg_rfm_returns);
PG_FUNCTION_INFO_V1(userseg_rfm_skipped);
PG_FUNCTION_INFO_V1(userseg_rfm_events);
PG_FUNCTION_INFO_V1(userseg_rfm_is_exact);
PG_FUNCTION_INFO_V1(userseg_rfm_frequency_error);

static int64
frequency(Datum value)
{
	UsRfm	   *s = get_header(value);

	if (us_rfm_sketched(s) || us_rfm_extra_size(s) > 0)
		s = get_state(value);
	return us_rfm_frequency(s);
}

/* frequency(state): number of distinct orders. */
Datum
userseg_rfm_frequency(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(frequency(PG_GETARG_DATUM(0)));
}

/* repeat_count(state): orders after the first. */
Datum
userseg_rfm_repeat_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(Max(frequency(PG_GETARG_DATUM(0)) - 1, 0));
}

/* purchases(state): events with an amount of zero or more. */
Datum
userseg_rfm_purchases(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_header(PG_GETARG_DATUM(0))->purchases);
}

/* returns(state): events with a negative amount. */
Datum
userseg_rfm_returns(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_extra(PG_GETARG_DATUM(0)).returns);
}

/* skipped(state): events without a time or an amount. */
Datum
userseg_rfm_skipped(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_extra(PG_GETARG_DATUM(0)).skipped);
}

/* events(state): purchases and returns. */
Datum
userseg_rfm_events(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(get_header(PG_GETARG_DATUM(0))->purchases + get_extra(PG_GETARG_DATUM(0)).returns);
}

/* is_exact(state): whether frequency is exact. */
Datum
userseg_rfm_is_exact(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!us_rfm_sketched(get_header(PG_GETARG_DATUM(0))));
}

/* frequency_error(state): relative standard error of frequency; 0 when exact. */
Datum
userseg_rfm_frequency_error(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(us_rfm_sketched(get_header(PG_GETARG_DATUM(0))) ? US_HLL_STANDARD_ERROR : 0);
}

/* ---- accessors of money ---- */

PG_FUNCTION_INFO_V1(userseg_rfm_monetary);
PG_FUNCTION_INFO_V1(userseg_rfm_monetary_exact);
PG_FUNCTION_INFO_V1(userseg_rfm_purchase_amount);
PG_FUNCTION_INFO_V1(userseg_rfm_return_amount);
PG_FUNCTION_INFO_V1(userseg_rfm_average_value);

/* monetary(state): amounts of purchases less those of returns. */
Datum
userseg_rfm_monetary(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(us_money_units(net_amount(PG_GETARG_DATUM(0))));
}

/* monetary_exact(state): monetary as numeric with six decimals. */
Datum
userseg_rfm_monetary_exact(PG_FUNCTION_ARGS)
{
	char		digits[US_MONEY_TEXT];

	us_money_text(net_amount(PG_GETARG_DATUM(0)), digits);
	PG_RETURN_DATUM(DirectFunctionCall3(numeric_in, CStringGetDatum(digits),
										ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* purchase_amount(state): sum of the amounts of purchases. */
Datum
userseg_rfm_purchase_amount(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(us_money_units(get_header(PG_GETARG_DATUM(0))->purchased));
}

/* return_amount(state): sum of the amounts of returns, positive. */
Datum
userseg_rfm_return_amount(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(us_money_units(get_extra(PG_GETARG_DATUM(0)).returned));
}

/* average_value(state): amount of purchases per order, before returns; NULL without an order. */
Datum
userseg_rfm_average_value(PG_FUNCTION_ARGS)
{
	int64		orders = frequency(PG_GETARG_DATUM(0));

	if (orders == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(us_money_units(get_header(PG_GETARG_DATUM(0))->purchased) / (float8) orders);
}
