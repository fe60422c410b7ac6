-- Type userseg.rfm, its aggregates and accessors.
SET timezone = 'UTC';
SET extra_float_digits = 0;

-- One user by hand: order 1 has two lines, order 2 costs nothing, a return, an event
-- without key, two events that are no events.
CREATE TEMP TABLE line (ts timestamptz, amount float8, order_key bigint);
INSERT INTO line VALUES
	('2024-03-01 10:00+00', 10.10, 1),
	('2024-03-01 10:01+00', 5.05, 1),
	('2024-03-09 12:00+00', 0, 2),
	('2024-03-20 12:00+00', -4.005, 3),
	('2024-03-11 12:00+00', 100, NULL),
	(NULL, 7, 4),
	('2024-03-30 12:00+00', NULL, 5);
CREATE TEMP VIEW one AS SELECT userseg.rfm_agg(ts, amount, order_key) AS s FROM line;
SELECT userseg.frequency(s), userseg.repeat_count(s), userseg.monetary(s), userseg.monetary_exact(s),
	userseg.purchase_amount(s), userseg.return_amount(s), userseg.average_value(s) FROM one;
SELECT userseg.purchases(s), userseg.returns(s), userseg.events(s), userseg.skipped(s),
	userseg.is_exact(s), userseg.frequency_error(s) FROM one;
SELECT userseg.first_at(s), userseg.last_at(s), userseg.lifespan(s), userseg.recency(s, '2024-03-12 00:00+00'),
	userseg.tenure(s, '2024-03-12 10:00+00') FROM one;
SELECT userseg.recency(s, '2024-03-11 11:00+00') AS before_the_last FROM one;

-- text keys, and any other type by a cast
SELECT userseg.frequency(userseg.rfm_agg(ts, amount, 'A' || order_key)) AS text_keys,
	userseg.frequency(userseg.rfm_agg(ts, amount, order_key::numeric::text)) AS cast_keys,
	userseg.frequency(userseg.rfm_agg(ts, amount, order_key::int)) AS int_keys,
	userseg.frequency(userseg.rfm_agg(ts, amount, NULL)) AS no_keys FROM line;
SELECT userseg.frequency(userseg.rfm_agg(now(), 1, k)) AS distinct_texts
FROM (VALUES ('a'), ('b'), (''), ('a'), (repeat('x', 100000)), (repeat('x', 100001))) v (k);

-- no rows, only NULLs, only returns
SELECT userseg.rfm_agg(ts, amount, order_key) IS NULL AS no_rows FROM line WHERE false;
SELECT userseg.rollup(s) IS NULL AS no_rows, userseg.rollup(NULL::userseg.rfm) IS NULL AS only_null FROM one WHERE false;
SELECT userseg.frequency(s), userseg.monetary(s), userseg.recency(s, now()), userseg.recency_days(s, now(), 'UTC'),
	userseg.tenure(s, now()), userseg.tenure_days(s, now(), 'UTC'), userseg.lifespan(s), userseg.first_at(s),
	userseg.last_at(s), userseg.average_value(s), userseg.repeat_count(s), userseg.skipped(s)
FROM (SELECT userseg.rfm_agg(NULL, NULL, NULL) AS s FROM generate_series(1, 3)) x;
SELECT userseg.frequency(s), userseg.monetary(s), userseg.recency(s, now()), userseg.average_value(s),
	userseg.returns(s), userseg.return_amount(s), userseg.events(s)
FROM (SELECT userseg.rfm_agg(now(), -1.5, 7) AS s FROM generate_series(1, 3)) x;
SELECT userseg.frequency(NULL), userseg.recency(NULL, now()), userseg.merge(NULL::userseg.rfm, NULL);

-- rounded once to a millionth, halves away from zero; summed exactly
SELECT a, userseg.monetary_exact(userseg.rfm_event('2024-01-01', a, NULL)) AS micro
FROM (VALUES (0.0078125::float8), (-0.0078125), (0.0234375), (0.1), (2.55), (123456789.1234565), (1e18), (-1e18),
	(4503599627.3704955), (9007199254740993), (0.0000005), (0.00000049999999999), (-1e-9), ('-0')) v (a);
SELECT userseg.purchases(s), userseg.returns(s) FROM (SELECT userseg.rfm_event('2024-01-01', -1e-9, NULL) AS s) x;
SELECT userseg.monetary_exact(userseg.rfm_agg('2024-01-01', a, NULL)) AS exact, sum(a) AS inexact
FROM (VALUES (1e15::float8), (0.1), (-1e15), (0.2)) v (a);
SELECT userseg.monetary_exact(userseg.rfm_agg('2024-01-01', 1e18, NULL)) FROM generate_series(1, 1000);

-- calendar days: the spring day of 23 hours in Paris, a date line apart
SELECT userseg.recency(s, '2024-04-01 00:30+02') AS elapsed,
	userseg.recency_days(s, '2024-04-01 00:30+02', 'Europe/Paris') AS paris,
	userseg.recency_days(s, '2024-04-01 00:30+02', 'UTC') AS utc,
	userseg.recency_days(s, '2024-04-01 00:30+02', 'Pacific/Auckland') AS auckland,
	userseg.tenure_days(s, '2024-04-01 00:30+02', 'Europe/Paris') AS tenure
FROM (SELECT userseg.rfm_event('2024-03-31 00:30+01', 1, NULL) AS s) x;
SET timezone = 'Europe/Paris';
SELECT userseg.recency_days(s, '2024-04-01 00:30') AS session_zone
FROM (SELECT userseg.rfm_event('2024-03-31 00:30', 1, NULL) AS s) x;
SET timezone = 'UTC';
SELECT userseg.recency_days(s, '1999-12-31 12:00', 'UTC') AS backwards, userseg.recency_days(s, '0044-03-15 12:00 BC', 'UTC') AS far
FROM (SELECT userseg.rfm_event('2000-01-01 12:00', 1, NULL) AS s) x;
SELECT userseg.recency(s, '294276-12-31 00:00') AS longest, userseg.recency_days(s, '294276-12-31 00:00', 'UTC')
FROM (SELECT userseg.rfm_event('4713-01-01 00:00 BC', 1, NULL) AS s) x;

-- errors
CREATE FUNCTION pg_temp.fails(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || SQLERRM || CASE WHEN detail <> '' THEN E'\nDETAIL: ' || detail ELSE '' END
		|| CASE WHEN hint <> '' THEN E'\nHINT: ' || hint ELSE '' END;
END $$;
\pset tuples_only on
\pset format unaligned
SELECT pg_temp.fails($$SELECT userseg.rfm_agg(now(), 'NaN', 1)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_agg(now(), 'NaN'::numeric, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_agg(now(), '-Infinity', 'x')$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_agg('infinity', 1, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_event(now(), 1.5e18, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.recency(userseg.rfm_event(now(), 1, NULL), '-infinity')$$);
SELECT pg_temp.fails($$SELECT userseg.recency_days(userseg.rfm_event(now(), 1, NULL), 'infinity', 'UTC')$$);
SELECT pg_temp.fails($$SELECT userseg.tenure(userseg.rfm_event(now(), 1, NULL), 'infinity')$$);
SELECT pg_temp.fails($$SELECT userseg.tenure_days(userseg.rfm_event(now(), 1, NULL), 'infinity', 'UTC')$$);
SELECT pg_temp.fails($$SELECT userseg.recency_days(userseg.rfm_event(now(), 1, NULL), now(), 'Mars/Olympus')$$);
SELECT pg_temp.fails($$SELECT userseg.merge(userseg.rfm_event(now(), 1, 1), userseg.rfm_event(now(), 1, '1'::text))$$);
SELECT pg_temp.fails($$SELECT userseg.rollup(s) FROM (VALUES (userseg.rfm_event(now(), 1, 1)), (userseg.rfm_event(now(), -1, 'x'))) v (s)$$);
\pset tuples_only off
\pset format aligned
\set VERBOSITY terse

-- Against plain SQL on 20,000 events: users of all sizes, returns, NULLs, ties.
CREATE TEMP TABLE event AS
SELECT i, (h % 97) * (h % 13) AS user_id, '2023-01-01'::timestamptz + (h % 500000) * interval '1 minute' AS ts,
	CASE WHEN h % 50 = 0 THEN NULL ELSE ((h / 7) % 100000 - 9000) / 1000.0 END AS amount,
	CASE WHEN h % 31 = 0 THEN NULL ELSE (h / 11) % 3000 - 1000 END AS order_key
FROM (SELECT i, abs(hashint8extended(i, 1)) AS h FROM generate_series(1, 20000) i) x;
CREATE TEMP TABLE state AS
SELECT user_id, userseg.rfm_agg(ts, amount, order_key) AS s, userseg.rfm_agg(ts, amount, order_key::text) AS t
FROM event GROUP BY user_id;
CREATE TEMP TABLE plain AS
SELECT user_id,
	count(DISTINCT order_key) FILTER (WHERE amount >= 0) + count(*) FILTER (WHERE amount >= 0 AND order_key IS NULL) AS frequency,
	min(ts) FILTER (WHERE amount >= 0) AS first_at, max(ts) FILTER (WHERE amount >= 0) AS last_at,
	coalesce(sum(amount), 0) AS monetary, coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS returned,
	count(*) FILTER (WHERE amount >= 0) AS purchases, count(*) FILTER (WHERE amount < 0) AS returns,
	count(*) FILTER (WHERE amount IS NULL) AS skipped
FROM event GROUP BY user_id;
SELECT count(*) AS users, sum(p.frequency) AS orders, max(p.frequency) AS largest,
	count(*) FILTER (WHERE NOT (userseg.frequency(s) = p.frequency AND userseg.frequency(t) = p.frequency
		AND userseg.first_at(s) IS NOT DISTINCT FROM p.first_at AND userseg.last_at(s) IS NOT DISTINCT FROM p.last_at
		AND userseg.monetary_exact(s) = p.monetary AND userseg.return_amount(s)::numeric = p.returned
		AND userseg.monetary(s) = p.monetary::float8
		AND userseg.purchases(s) = p.purchases AND userseg.returns(s) = p.returns
		AND userseg.skipped(s) = p.skipped AND userseg.is_exact(s))) AS wrong
FROM state JOIN plain p USING (user_id);

-- The same bytes in any order, grouping and way of merging.
CREATE TEMP TABLE part AS
SELECT user_id, i % 7 AS p, userseg.rfm_agg(ts, amount, order_key) AS s FROM event GROUP BY 1, 2;
SELECT count(*) AS users, count(*) FILTER (WHERE a.s::text <> b.s::text OR a.s::text <> c.s::text OR a.s::text <> d.s::text) AS differ
FROM state a
JOIN (SELECT user_id, userseg.rollup(s ORDER BY p DESC) AS s FROM part GROUP BY 1) b USING (user_id)
JOIN (SELECT user_id, userseg.rfm_agg(ts, amount, order_key ORDER BY amount, i DESC) AS s FROM event GROUP BY 1) c USING (user_id)
JOIN (SELECT user_id, userseg.rollup(userseg.rfm_event(ts, amount, order_key)) AS s FROM event GROUP BY 1) d USING (user_id);
SELECT count(*) AS triples,
	count(*) FILTER (WHERE userseg.merge(userseg.merge(a, b), c)::text <> userseg.merge(a, userseg.merge(b, c))::text) AS not_associative,
	count(*) FILTER (WHERE userseg.merge(a, b)::text <> userseg.merge(b, a)::text OR userseg.merge(a, b)::text <> (a OPERATOR(userseg.||) b)::text) AS not_commutative,
	count(*) FILTER (WHERE userseg.merge(a, NULL)::text <> a::text OR userseg.merge(NULL, a)::text <> a::text) AS not_neutral
FROM (SELECT s AS a, lead(s, 1) OVER w AS b, lead(s, 2) OVER w AS c FROM part WINDOW w AS (ORDER BY user_id, p)) x
WHERE c IS NOT NULL;

-- Above 8192 distinct keys a sketch takes over; whether it does depends on the set alone.
CREATE TEMP TABLE many AS
SELECT n, userseg.rfm_agg('2024-01-01', 1, k) AS s, userseg.rfm_agg('2024-01-01', 1, k ORDER BY hashint8(k)) AS shuffled,
	userseg.rfm_agg('2024-01-01', 1, 'k' || k) AS t
FROM unnest(ARRAY[8191, 8192, 8193, 20000, 100000, 300000]) n,
	LATERAL (SELECT generate_series(1, n)::bigint AS k UNION ALL SELECT generate_series(1, n)) x GROUP BY n;
SELECT n, userseg.is_exact(s), userseg.frequency_error(s), s::text = shuffled::text AS any_order,
	round(100.0 * (userseg.frequency(s) - n) / n, 2) AS percent, round(100.0 * (userseg.frequency(t) - n) / n, 2) AS text_percent
FROM many ORDER BY n;
WITH half AS (
	SELECT k % 2 AS h, userseg.rfm_agg('2024-01-01', 1, k) AS s FROM generate_series(1, 12000::bigint) k GROUP BY 1)
SELECT userseg.is_exact(a.s) AND userseg.is_exact(b.s) AS halves_exact, userseg.is_exact(userseg.merge(a.s, b.s)) AS whole_exact,
	userseg.merge(a.s, b.s)::text = (SELECT userseg.rfm_agg('2024-01-01', 1, k)::text FROM generate_series(1, 12000::bigint) k) AS same,
	userseg.frequency(userseg.merge(a.s, userseg.merge(a.s, a.s))) AS same_orders_thrice
FROM half a, half b WHERE a.h = 0 AND b.h = 1;
SELECT userseg.merge(s, userseg.rfm_event('2024-01-01', 1, 5))::text = userseg.merge(userseg.rfm_event('2024-01-01', 1, 5), s)::text AS sketch_and_keys,
	userseg.frequency(userseg.merge(s, userseg.rfm_event('2024-01-01', 1, 5))) = userseg.frequency(s) AS known_key,
	userseg.frequency(userseg.merge(s, userseg.rfm_event('2024-01-01', 1, NULL))) - userseg.frequency(s) AS keyless,
	userseg.returns(userseg.merge(s, userseg.rfm_event('2024-01-01', -1, 5))) AS sketch_and_return
FROM many WHERE n = 20000;

-- Stored states, large ones out of line: read, updated, copied as text and in binary.
CREATE TEMP TABLE stored (n int PRIMARY KEY, s userseg.rfm);
INSERT INTO stored SELECT n, s FROM many UNION ALL SELECT -user_id, s FROM state;
UPDATE stored SET s = userseg.merge(s, userseg.rfm_event('2024-02-01', 2, 1)) WHERE n = 8191;
SELECT userseg.frequency(s), userseg.monetary(s), userseg.last_at(s), userseg.purchases(s) FROM stored WHERE n = 8191;
CREATE TEMP TABLE copied (n int, c userseg.rfm);
\copy stored TO results/rfm.copy
\copy copied FROM results/rfm.copy
\copy stored TO results/rfm.copy (FORMAT binary)
\copy copied FROM results/rfm.copy (FORMAT binary)
\! rm results/rfm.copy
SELECT count(*), count(*) FILTER (WHERE s::text = c::text AND userseg.frequency(s) = userseg.frequency(c)) AS same
FROM stored JOIN copied USING (n);
SELECT count(*) AS differ FROM state WHERE decode(s::text, 'hex') <> userseg._rfm_send(s) OR upper(s::text)::userseg.rfm::text <> s::text;

-- A state given to a step function by hand is not changed.
SELECT userseg.purchases(userseg._rfm_step(s, now(), 1, 1)) - userseg.purchases(s) AS one_more,
	userseg.purchases(userseg._rfm_combine(s, s)) - 2 * userseg.purchases(s) AS twice,
	userseg.frequency(userseg._rfm_final(userseg._rfm_step(userseg._rfm_step(NULL, now(), 1, 2), now(), 1, 1)))
FROM state WHERE user_id = 0;

-- As a window aggregate, with frames that grow and that move.
SELECT count(*) AS rows, count(*) FILTER (WHERE userseg.frequency(grow) <> plain_grow) AS grow_wrong,
	count(*) FILTER (WHERE userseg.monetary_exact(move) <> plain_move) AS move_wrong,
	count(*) FILTER (WHERE userseg.frequency(move) <> (SELECT count(DISTINCT k) FROM unnest(keys) k)) AS keys_wrong
FROM (SELECT userseg.rfm_agg(ts, abs(amount), order_key) OVER g AS grow, userseg.rfm_agg(ts, abs(amount), order_key) OVER m AS move,
		count(*) FILTER (WHERE first) OVER g AS plain_grow, sum(abs(amount)) OVER m AS plain_move, array_agg(order_key) OVER m AS keys
	FROM (SELECT *, row_number() OVER (PARTITION BY user_id, order_key ORDER BY i) = 1 AS first FROM event
		WHERE user_id < 200 AND amount IS NOT NULL AND order_key IS NOT NULL) e
	WINDOW g AS (PARTITION BY user_id ORDER BY i), m AS (PARTITION BY user_id ORDER BY i ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)) x;

-- Parallel plans really with workers give the same bytes.
CREATE TABLE rfm_event AS SELECT * FROM event;
CREATE FUNCTION pg_temp.workers(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
	RETURN coalesce(substring(plan::text FROM '"Workers Launched": (\d+)')::int, 0);
END $$;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT pg_temp.workers('SELECT user_id, userseg.rfm_agg(ts, amount, order_key) FROM rfm_event GROUP BY user_id') > 0 AS workers_launched,
	pg_temp.workers('SELECT userseg.rollup(userseg.rfm_event(ts, amount, order_key)) FROM rfm_event') > 0 AS workers_launched;
SELECT count(*) AS users, count(*) FILTER (WHERE a.s::text <> b.s::text) AS differ
FROM (SELECT user_id, userseg.rfm_agg(ts, amount, order_key) AS s FROM rfm_event GROUP BY user_id) a JOIN state b USING (user_id);
SELECT userseg.rfm_agg(ts, amount, i)::text = (SELECT userseg.rfm_agg(ts, amount, i ORDER BY i DESC)::text FROM event) AS sketch_same
FROM rfm_event;
DROP TABLE rfm_event;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- Input that no writer makes.  A payload is a header, the keys, nothing else.
CREATE FUNCTION pg_temp.try(input text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN 'accepted: ' || userseg.events(input::userseg.rfm) || ' events';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE FUNCTION pg_temp.le(value bigint, bytes int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(substr(to_hex((value >> (8 * i)) & 255 | 256), 2), '' ORDER BY i) FROM generate_series(0, bytes - 1) i
$$;
-- version, flags, first, last, sum, purchases, then what is given
CREATE FUNCTION pg_temp.payload(flags int, first bigint, last bigint, low bigint, high bigint, purchases bigint, rest text)
RETURNS text LANGUAGE sql AS $$
	SELECT '01' || pg_temp.le(flags, 1) || pg_temp.le(first, 8) || pg_temp.le(last, 8) || pg_temp.le(low, 8) || pg_temp.le(high, 8)
		|| pg_temp.le(purchases, 8) || rest
$$;
CREATE FUNCTION pg_temp.extra(low bigint, high bigint, returns bigint, keyless bigint, skipped bigint) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.le(low, 8) || pg_temp.le(high, 8) || pg_temp.le(returns, 8) || pg_temp.le(keyless, 8) || pg_temp.le(skipped, 8)
$$;
SELECT what, pg_temp.try(input) FROM (VALUES
	(1, 'empty', ''),
	(2, 'odd', '010'),
	(3, 'not hexadecimal', '0g'),
	(4, 'cut', '0101'),
	(5, 'version', '02'),
	(6, 'flags', pg_temp.payload(16, 0, 0, 0, 0, 0, pg_temp.le(0, 4))),
	(7, 'kind', pg_temp.payload(3, 0, 0, 0, 0, 0, pg_temp.le(0, 4))),
	(8, 'no events', pg_temp.payload(0, 0, 0, 0, 0, 0, pg_temp.le(0, 4))),
	(9, 'one key', pg_temp.payload(1, 5, 6, 7, 0, 2, pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(10, 'kind without event', pg_temp.payload(1, 0, 0, 0, 0, 0, pg_temp.le(0, 4))),
	(11, 'time without purchase', pg_temp.payload(0, 1, 1, 0, 0, 0, pg_temp.le(0, 4))),
	(12, 'last before first', pg_temp.payload(1, 7, 6, 7, 0, 1, pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(13, 'infinite time', pg_temp.payload(1, 5, 9223372036854775807, 7, 0, 1, pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(14, 'sum without purchase', pg_temp.payload(0, 0, 0, 1, 0, 0, pg_temp.le(0, 4))),
	(15, 'negative sum', pg_temp.payload(1, 5, 6, -1, -1, 1, pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(16, 'sum too large', pg_temp.payload(1, 5, 6, 0, 54211, 1, pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(17, 'negative count', pg_temp.payload(1, 5, 6, 7, 0, -1, pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(18, 'count too large', pg_temp.payload(1, 5, 6, 7, 0, 1152921504606846977, pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(19, 'more keys than purchases', pg_temp.payload(1, 5, 6, 7, 0, 1, pg_temp.le(2, 4) || pg_temp.le(9, 8) || pg_temp.le(10, 8))),
	(20, 'equal keys', pg_temp.payload(1, 5, 6, 7, 0, 2, pg_temp.le(2, 4) || pg_temp.le(9, 8) || pg_temp.le(9, 8))),
	(21, 'no keys', pg_temp.payload(1, 5, 6, 7, 0, 2, pg_temp.le(0, 4))),
	(22, 'keys of no kind', pg_temp.payload(0, 5, 6, 7, 0, 2, pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(23, 'keys missing', pg_temp.payload(1, 5, 6, 7, 0, 2, pg_temp.le(2, 4) || pg_temp.le(9, 8))),
	(24, 'too many keys', pg_temp.payload(1, 5, 6, 7, 0, 9999, pg_temp.le(8193, 4))),
	(25, 'bytes too many', pg_temp.payload(1, 5, 6, 7, 0, 2, pg_temp.le(1, 4) || pg_temp.le(9, 8) || '00')),
	(26, 'needless extra', pg_temp.payload(9, 5, 6, 7, 0, 2, pg_temp.extra(0, 0, 0, 0, 0) || pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(27, 'returns of nothing', pg_temp.payload(9, 5, 6, 7, 0, 2, pg_temp.extra(0, 0, 1, 0, 0) || pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(28, 'extra', pg_temp.payload(9, 5, 6, 7, 0, 2, pg_temp.extra(4, 0, 1, 0, 3) || pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(29, 'too many keyless', pg_temp.payload(9, 5, 6, 7, 0, 2, pg_temp.extra(4, 0, 1, 3, 0) || pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(30, 'keyless and keys', pg_temp.payload(9, 5, 6, 7, 0, 2, pg_temp.extra(4, 0, 1, 2, 0) || pg_temp.le(1, 4) || pg_temp.le(9, 8))),
	(31, 'sketch cut', pg_temp.payload(5, 5, 6, 7, 0, 9999, repeat('01', 16383))),
	(32, 'sketch of few', pg_temp.payload(5, 5, 6, 7, 0, 8192, repeat('01', 16384))),
	(33, 'sketch of nothing', pg_temp.payload(5, 5, 6, 7, 0, 9999, repeat('00', 16384))),
	(34, 'sketch register', pg_temp.payload(5, 5, 6, 7, 0, 9999, repeat('01', 16383) || '34')),
	(35, 'sketch of no kind', pg_temp.payload(4, 5, 6, 7, 0, 9999, repeat('01', 16384)))
) v (n, what, input) ORDER BY n;
-- all registers at their end: held between what is certain
SELECT userseg.frequency(s), userseg.average_value(s) IS NOT NULL AS finite
FROM (SELECT pg_temp.payload(5, 5, 6, 7, 0, 9999, repeat('33', 16384))::userseg.rfm AS s) x;
-- counters that no merge may add up
SELECT userseg.merge(s, s) FROM (SELECT pg_temp.payload(1, 5, 6, 7, 0, 1152921504606846976, pg_temp.le(1, 4) || pg_temp.le(9, 8))::userseg.rfm AS s) x;
SELECT userseg.merge(s, s) FROM (SELECT pg_temp.payload(1, 5, 6, 7, 4611686018427387904, 1152921504606846976, pg_temp.le(1, 4) || pg_temp.le(9, 8))::userseg.rfm AS s) x;
-- returns that outgrow their small form, by sum and by number, are the same in any grouping
SELECT userseg.monetary_exact(a), userseg.returns(a), userseg.frequency(a), a::text = b::text AS same
FROM (SELECT userseg.rfm_agg('2024-01-01', v, k) AS a, userseg.merge(userseg.rfm_agg('2024-01-01', v, k ORDER BY v) FILTER (WHERE v < 0),
	userseg.rfm_agg('2024-01-01', v, k) FILTER (WHERE v >= 0)) AS b FROM (VALUES (-1e18, 1), (-0.5, 2), (7, 3), (-1e12, 4), (7, 5)) x (v, k)) y;
SELECT userseg.returns(userseg.merge(s, s)), userseg.skipped(userseg.merge(s, s)), userseg.return_amount(userseg.merge(s, s)),
	userseg.merge(s, userseg.merge(s, s))::text = userseg.merge(userseg.merge(s, s), s)::text AS same
FROM (SELECT pg_temp.payload(9, 5, 6, 7, 0, 2, pg_temp.extra(4000000000, 0, 4000000000, 0, 4294967295) || pg_temp.le(1, 4) || pg_temp.le(9, 8))::userseg.rfm AS s) x;
-- a sketch that learns of returns and of purchases without a key
SELECT userseg.returns(s), userseg.skipped(s), userseg.frequency(s) - userseg.frequency(keyed) AS keyless, s::text = turned::text AS same
FROM (SELECT userseg.rfm_agg('2024-01-01', v, k ORDER BY k NULLS LAST) AS s, userseg.rfm_agg('2024-01-01', v, k ORDER BY k DESC NULLS FIRST) AS turned,
		userseg.rfm_agg('2024-01-01', v, k) FILTER (WHERE k <= 9000) AS keyed
	FROM (SELECT 1 AS v, i::bigint AS k FROM generate_series(1, 9000) i UNION ALL VALUES (-1, 9001), (NULL, 9002), (1, NULL), (1, NULL)) e) x;
