-- Recency, frequency, monetary: type userseg.rfm, its aggregates and accessors.

CREATE TYPE userseg.rfm;

CREATE FUNCTION userseg._rfm_in(cstring) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_in';
COMMENT ON FUNCTION userseg._rfm_in(cstring) IS 'Input function of userseg.rfm: hexadecimal text';

CREATE FUNCTION userseg._rfm_out(userseg.rfm) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_out';
COMMENT ON FUNCTION userseg._rfm_out(userseg.rfm) IS 'Output function of userseg.rfm: hexadecimal text';

CREATE FUNCTION userseg._rfm_recv(internal) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_recv';
COMMENT ON FUNCTION userseg._rfm_recv(internal) IS 'Binary input function of userseg.rfm';

CREATE FUNCTION userseg._rfm_send(userseg.rfm) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_send';
COMMENT ON FUNCTION userseg._rfm_send(userseg.rfm) IS 'Binary output function of userseg.rfm';

CREATE TYPE userseg.rfm (
	INPUT = userseg._rfm_in,
	OUTPUT = userseg._rfm_out,
	RECEIVE = userseg._rfm_recv,
	SEND = userseg._rfm_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE userseg.rfm IS 'Purchases and returns of a user: first and last time, counts, exact sums, distinct orders';

-- Aggregates

CREATE FUNCTION userseg._rfm_step(state userseg.rfm, ts timestamptz, amount float8, order_key bigint) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_step_bigint';
COMMENT ON FUNCTION userseg._rfm_step(userseg.rfm, timestamptz, float8, bigint) IS 'Transition function of rfm_agg';

CREATE FUNCTION userseg._rfm_step(state userseg.rfm, ts timestamptz, amount float8, order_key text) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_step_text';
COMMENT ON FUNCTION userseg._rfm_step(userseg.rfm, timestamptz, float8, text) IS 'Transition function of rfm_agg';

CREATE FUNCTION userseg._rfm_combine(a userseg.rfm, b userseg.rfm) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_combine';
COMMENT ON FUNCTION userseg._rfm_combine(userseg.rfm, userseg.rfm) IS 'Combine function of rfm_agg, transition function of rollup';

CREATE FUNCTION userseg._rfm_final(state userseg.rfm) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_final';
COMMENT ON FUNCTION userseg._rfm_final(userseg.rfm) IS 'Final function of rfm_agg and rollup: sorts keys, frees room';

CREATE AGGREGATE userseg.rfm_agg(ts timestamptz, amount float8, order_key bigint) (
	SFUNC = userseg._rfm_step,
	STYPE = userseg.rfm,
	SSPACE = 200,
	FINALFUNC = userseg._rfm_final,
	COMBINEFUNC = userseg._rfm_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rfm_agg(timestamptz, float8, bigint) IS 'State of the events of a user; lines with the same order key are one order, NULL is an order of its own';

CREATE AGGREGATE userseg.rfm_agg(ts timestamptz, amount float8, order_key text) (
	SFUNC = userseg._rfm_step,
	STYPE = userseg.rfm,
	SSPACE = 200,
	FINALFUNC = userseg._rfm_final,
	COMBINEFUNC = userseg._rfm_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rfm_agg(timestamptz, float8, text) IS 'State of the events of a user; lines with the same order key are one order, NULL is an order of its own';

CREATE AGGREGATE userseg.rollup(state userseg.rfm) (
	SFUNC = userseg._rfm_combine,
	STYPE = userseg.rfm,
	SSPACE = 200,
	FINALFUNC = userseg._rfm_final,
	COMBINEFUNC = userseg._rfm_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.rfm) IS 'State of all events of the states';

CREATE FUNCTION userseg.rfm_event(ts timestamptz, amount float8, order_key bigint) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_event_bigint';
COMMENT ON FUNCTION userseg.rfm_event(timestamptz, float8, bigint) IS 'State of one event';

CREATE FUNCTION userseg.rfm_event(ts timestamptz, amount float8, order_key text) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_event_text';
COMMENT ON FUNCTION userseg.rfm_event(timestamptz, float8, text) IS 'State of one event';

CREATE FUNCTION userseg.merge(a userseg.rfm, b userseg.rfm) RETURNS userseg.rfm
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_merge';
COMMENT ON FUNCTION userseg.merge(userseg.rfm, userseg.rfm) IS 'State of the events of both; NULL is a state without events';

CREATE OPERATOR userseg.|| (
	FUNCTION = userseg.merge,
	LEFTARG = userseg.rfm,
	RIGHTARG = userseg.rfm,
	COMMUTATOR = OPERATOR(userseg.||)
);
COMMENT ON OPERATOR userseg.|| (userseg.rfm, userseg.rfm) IS 'merge two states';

-- Accessors

CREATE FUNCTION userseg.recency(state userseg.rfm, as_of timestamptz) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_recency';
COMMENT ON FUNCTION userseg.recency(userseg.rfm, timestamptz) IS 'Elapsed days from the last purchase to as_of';

CREATE FUNCTION userseg.recency_days(state userseg.rfm, as_of timestamptz, time_zone text DEFAULT pg_catalog.current_setting('TimeZone')) RETURNS int
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_recency_days';
COMMENT ON FUNCTION userseg.recency_days(userseg.rfm, timestamptz, text) IS 'Calendar days in the time zone from the last purchase to as_of';

CREATE FUNCTION userseg.tenure(state userseg.rfm, as_of timestamptz) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_tenure';
COMMENT ON FUNCTION userseg.tenure(userseg.rfm, timestamptz) IS 'Elapsed days from the first purchase to as_of';

CREATE FUNCTION userseg.tenure_days(state userseg.rfm, as_of timestamptz, time_zone text DEFAULT pg_catalog.current_setting('TimeZone')) RETURNS int
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_tenure_days';
COMMENT ON FUNCTION userseg.tenure_days(userseg.rfm, timestamptz, text) IS 'Calendar days in the time zone from the first purchase to as_of';

CREATE FUNCTION userseg.lifespan(state userseg.rfm) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_lifespan';
COMMENT ON FUNCTION userseg.lifespan(userseg.rfm) IS 'Elapsed days from the first to the last purchase';

CREATE FUNCTION userseg.first_at(state userseg.rfm) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_first_at';
COMMENT ON FUNCTION userseg.first_at(userseg.rfm) IS 'Time of the first purchase';

CREATE FUNCTION userseg.last_at(state userseg.rfm) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_last_at';
COMMENT ON FUNCTION userseg.last_at(userseg.rfm) IS 'Time of the last purchase';

CREATE FUNCTION userseg.frequency(state userseg.rfm) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_frequency';
COMMENT ON FUNCTION userseg.frequency(userseg.rfm) IS 'Number of distinct orders';

CREATE FUNCTION userseg.repeat_count(state userseg.rfm) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_repeat_count';
COMMENT ON FUNCTION userseg.repeat_count(userseg.rfm) IS 'Number of orders after the first';

CREATE FUNCTION userseg.is_exact(state userseg.rfm) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_is_exact';
COMMENT ON FUNCTION userseg.is_exact(userseg.rfm) IS 'Whether frequency is exact: at most 8192 distinct order keys';

CREATE FUNCTION userseg.frequency_error(state userseg.rfm) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_frequency_error';
COMMENT ON FUNCTION userseg.frequency_error(userseg.rfm) IS 'Standard error of frequency relative to it; 0 when exact';

CREATE FUNCTION userseg.monetary(state userseg.rfm) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_monetary';
COMMENT ON FUNCTION userseg.monetary(userseg.rfm) IS 'Amounts of purchases less those of returns';

CREATE FUNCTION userseg.monetary_exact(state userseg.rfm) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_monetary_exact';
COMMENT ON FUNCTION userseg.monetary_exact(userseg.rfm) IS 'Amounts of purchases less those of returns, exact to 0.000001';

CREATE FUNCTION userseg.purchase_amount(state userseg.rfm) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_purchase_amount';
COMMENT ON FUNCTION userseg.purchase_amount(userseg.rfm) IS 'Sum of the amounts of purchases';

CREATE FUNCTION userseg.return_amount(state userseg.rfm) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_return_amount';
COMMENT ON FUNCTION userseg.return_amount(userseg.rfm) IS 'Sum of the amounts of returns, as a positive number';

CREATE FUNCTION userseg.average_value(state userseg.rfm) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_average_value';
COMMENT ON FUNCTION userseg.average_value(userseg.rfm) IS 'Amount of purchases per order, before returns';

CREATE FUNCTION userseg.purchases(state userseg.rfm) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_purchases';
COMMENT ON FUNCTION userseg.purchases(userseg.rfm) IS 'Number of events with an amount of zero or more';

CREATE FUNCTION userseg.returns(state userseg.rfm) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_returns';
COMMENT ON FUNCTION userseg.returns(userseg.rfm) IS 'Number of events with a negative amount';

CREATE FUNCTION userseg.events(state userseg.rfm) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_events';
COMMENT ON FUNCTION userseg.events(userseg.rfm) IS 'Number of purchases and returns';

CREATE FUNCTION userseg.skipped(state userseg.rfm) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_skipped';
COMMENT ON FUNCTION userseg.skipped(userseg.rfm) IS 'Number of events without a time or an amount, which count nowhere else';
