-- Score breaks, scores, segments and their rules.
SET extra_float_digits = 0;
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

-- Breaks are the quantiles of percentile_cont, here of columns with and without ties.
CREATE TEMP TABLE figure AS
SELECT i, (hashint8extended(i, 1) % 1000000) / 1000.0::float8 AS many, (i * i % 7)::float8 AS few,
	1.5e308 * ((i * 7919 % 4999) / 2500.0 - 1) AS huge, -i::float8 AS down
FROM generate_series(1::bigint, 4999) i;
SELECT n, column_name,
	(SELECT bool_and(abs(b - p) <= 1e-14 * abs(p)) AND count(*) = n - 1 FROM unnest(breaks, plain) u (b, p)) AS equal
FROM unnest(ARRAY[2, 3, 5, 10, 100]) n,
	LATERAL (SELECT array_agg(k / n::float8 ORDER BY k) AS share FROM generate_series(1, n - 1) k) s,
	LATERAL (SELECT 'many', userseg.rfm_breaks(many, n), percentile_cont(share) WITHIN GROUP (ORDER BY many) FROM figure GROUP BY share
		UNION ALL SELECT 'few', userseg.rfm_breaks(few, n), percentile_cont(share) WITHIN GROUP (ORDER BY few) FROM figure GROUP BY share
		UNION ALL SELECT 'down', userseg.rfm_breaks(down, n), percentile_cont(share) WITHIN GROUP (ORDER BY down) FROM figure GROUP BY share
		) c (column_name, breaks, plain)
ORDER BY 1, 2;
SELECT userseg.rfm_breaks(huge, 5) AS no_overflow FROM figure;
SELECT userseg.rfm_breaks(v, 4) AS four_values FROM (VALUES (1), (2), (3), (10)) x (v);
SELECT userseg.rfm_breaks(v, 5) AS one_value FROM (VALUES (7.5)) x (v);
SELECT userseg.rfm_breaks(v, 5) AS constant FROM (VALUES (3), (3), (3)) x (v);
SELECT userseg.rfm_breaks(v, 5) AS nulls_ignored FROM (VALUES (NULL), (1), (NULL), (6)) x (v);
SELECT userseg.rfm_breaks(NULL, 5) IS NULL AS only_null, (SELECT userseg.rfm_breaks(i, 5) IS NULL FROM generate_series(1, 0) i) AS no_rows;
SELECT userseg.rfm_breaks(v, 2)::text AS one_zero FROM (VALUES ('-0'::float8), ('-0'), ('0')) x (v);

-- the same in any order, by groups, and from workers
SELECT (SELECT userseg.rfm_breaks(many, 7) FROM figure) = (SELECT userseg.rfm_breaks(many, 7 ORDER BY few, many DESC) FROM figure) AS any_order;
SELECT count(*) FILTER (WHERE NOT same) AS differ FROM (
	SELECT (SELECT bool_and(abs(b - p) < 1e-12 * abs(p)) FROM unnest(breaks, plain) u (b, p)) AS same
	FROM (SELECT userseg.rfm_breaks(many, 5) AS breaks, percentile_cont(ARRAY[0.2, 0.4, 0.6, 0.8]) WITHIN GROUP (ORDER BY many) AS plain
		FROM figure GROUP BY i % 50) g) x;
CREATE TABLE rfm_figure AS SELECT * FROM figure;
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
SELECT pg_temp.workers('SELECT userseg.rfm_breaks(many, 5) FROM rfm_figure') > 0 AS workers_launched;
SELECT userseg.rfm_breaks(many, 5) = (SELECT userseg.rfm_breaks(many, 5) FROM figure) AS same FROM rfm_figure;
SELECT pg_temp.workers('SELECT count(*) FROM rfm_figure WHERE userseg.rfm_segment(1 + i::int % 5, 1, 1) = ''New''') > 0 AS workers_launched;
SELECT count(*) FROM rfm_figure WHERE userseg.rfm_segment(1 + i::int % 5, 1, 1) = 'New';
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
DROP TABLE rfm_figure;

-- Scores: equal values have equal scores; as ntile where there are no ties.
SELECT v, userseg.rfm_score(v, '{1,2,3,6}') AS score, userseg.rfm_score(v, '{1,2,3,6}', reverse => true) AS reversed
FROM (VALUES ('-Infinity'::float8), (0), (1), (1.5), (2), (3), (6), (6.1), ('Infinity'), (NULL)) x (v);
SELECT userseg.rfm_score(v, '{1,1,1,2}') AS repeated_breaks, v FROM generate_series(1, 3) v;
SELECT userseg.rfm_score(5, NULL) IS NULL AS null_breaks, userseg.rfm_score(5, '{7}') AS one_break, userseg.rfm_score(8, '{7}'),
	userseg.rfm_score(8, '{-Infinity,Infinity}') AS infinite_breaks;
SELECT count(*) FILTER (WHERE userseg.rfm_score(down, b) <> ntile) AS not_ntile, max(score) - min(score) AS spread,
	count(*) FILTER (WHERE score + userseg.rfm_score(down, b, true) <> 6) AS not_mirrored
FROM (SELECT down, b, ntile(5) OVER (ORDER BY down), userseg.rfm_score(down, b) AS score
	FROM figure, (SELECT userseg.rfm_breaks(down, 5) AS b FROM figure WHERE i <= 4996) y WHERE i <= 4996) x;
SELECT max(score) AS highest, min(users) AS smallest, max(users) AS largest, count(*) AS scores
FROM (SELECT userseg.rfm_score(many, b) AS score, count(*) AS users FROM figure, (SELECT userseg.rfm_breaks(many, 10) AS b FROM figure) y GROUP BY 1) x;

-- The eleven segments, against the published table written as cells.
CREATE TEMP TABLE published (segment text, cells text);
INSERT INTO published VALUES
	('Champions', '555 554 544 545 454 455 445'),
	('Loyal', '543 444 435 355 354 345 344 335'),
	('Potential Loyalist', '553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 323'),
	('New', '512 511 422 421 412 411 311'),
	('Promising', '525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313'),
	('Need Attention', '535 534 443 434 343 334 325 324'),
	('About To Sleep', '331 321 312 221 213 231 241 251'),
	('At Risk', '255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124'),
	('Can''t Lose', '155 154 144 214 215 115 114 113'),
	('Hibernating', '332 322 233 232 223 222 132 123 122 212 211'),
	('Lost', '111 112 121 131 141 151');
SELECT count(*) AS cells, count(DISTINCT (r, f, m)) AS different, count(DISTINCT p.segment) AS segments,
	count(*) FILTER (WHERE p.segment IS DISTINCT FROM userseg.rfm_segment(r, f, m)) AS wrong,
	count(*) FILTER (WHERE p.segment IS DISTINCT FROM rules.segment OR rules.rule IS NOT NULL) AS wrong_in_rules
FROM (SELECT r, f, m FROM generate_series(1, 5) r, generate_series(1, 5) f, generate_series(1, 5) m) cell
LEFT JOIN LATERAL (SELECT segment FROM published WHERE r::text || f || m = ANY (string_to_array(cells, ' '))) p ON true
LEFT JOIN userseg.rfm_rules() rules USING (r, f, m);
SELECT userseg.rfm_segment(NULL, 1, 1) IS NULL AS null_score;

-- Rules that override: the lowest position holds; a new statement sees a change at once.
INSERT INTO userseg.rfm_rule (position, segment, replaces) VALUES (20, 'VIP', 'Champions');
INSERT INTO userseg.rfm_rule (position, segment, r_min, m_min) VALUES (10, 'Big and recent', 5, 5);
INSERT INTO userseg.rfm_rule (position, segment, r_max, f_max) VALUES (-1, 'Gone', 1, 2);
SELECT userseg.rfm_segment(5, 5, 5), userseg.rfm_segment(4, 5, 5), userseg.rfm_segment(5, 1, 5), userseg.rfm_segment(1, 2, 5),
	userseg.rfm_segment(3, 3, 3);
SELECT segment, rule, count(*) FROM userseg.rfm_rules() WHERE rule IS NOT NULL GROUP BY 1, 2 ORDER BY 2;
DO $$
DECLARE
	before text;
	inside text;
BEGIN
	FOR i IN 1..2 LOOP
		before := userseg.rfm_segment(5, 5, 5);
		UPDATE userseg.rfm_rule SET segment = 'Round ' || i WHERE position = 10;
		inside := userseg.rfm_segment(5, 5, 5);
		RAISE NOTICE '% then %', before, inside;
	END LOOP;
END $$;
BEGIN;
DELETE FROM userseg.rfm_rule;
SELECT userseg.rfm_segment(5, 5, 5);
ROLLBACK;
SELECT userseg.rfm_segment(5, 5, 5);
PREPARE segment(int) AS SELECT userseg.rfm_segment($1, 5, 5);
EXECUTE segment(5);
DELETE FROM userseg.rfm_rule;
EXECUTE segment(5);
\pset tuples_only on
\pset format unaligned
SELECT pg_temp.fails($$INSERT INTO userseg.rfm_rule VALUES (1, '')$$);
SELECT pg_temp.fails($$INSERT INTO userseg.rfm_rule (position, segment, replaces) VALUES (1, 'x', 'Champion')$$);
SELECT pg_temp.fails($$INSERT INTO userseg.rfm_rule (position, segment, r_min) VALUES (1, 'x', 0)$$);
SELECT pg_temp.fails($$INSERT INTO userseg.rfm_rule (position, segment, f_min, f_max) VALUES (1, 'x', 4, 3)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_segment(0, 1, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_segment(1, 6, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_segment(1, 1, -3)$$);

-- Errors of breaks and scores
SELECT pg_temp.fails($$SELECT userseg.rfm_breaks('NaN', 5)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_breaks('-Infinity', 5)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_breaks(1, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_breaks(1, 1001)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_breaks(1, NULL)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_breaks(1, n) FROM (VALUES (5), (4)) v (n)$$);
SELECT pg_temp.fails($$SELECT userseg._rfm_breaks_combine(userseg._rfm_breaks_step(NULL, 1, 5), userseg._rfm_breaks_step(NULL, 1, 4))$$);
SELECT pg_temp.fails($$SELECT userseg._rfm_breaks_final('')$$);
SELECT pg_temp.fails($$SELECT userseg._rfm_breaks_step('\x0500000002000000000000000000000000000000', 1, 5)$$);
SELECT pg_temp.fails($$SELECT userseg._rfm_breaks_combine(NULL, '\xffffffff0000000000000000')$$);
SELECT pg_temp.fails($$SELECT userseg._rfm_breaks_final('\x050000000100000000000000000000000000f87f')$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_score('NaN', '{1,2}')$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_score(1, '{}')$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_score(1, '{2,1}')$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_score(1, '{1,NaN}')$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_score(1, '{1,NULL}')$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_score(1, '{{1},{2}}')$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_score(1, array_agg(i::float8 ORDER BY i)) FROM generate_series(1, 1000) i$$);
\pset tuples_only off
\pset format aligned

-- A state given by hand is not changed, and one from elsewhere works.
SELECT userseg._rfm_breaks_final(s) AS before, userseg._rfm_breaks_final(userseg._rfm_breaks_step(s, 3, 2)) AS after, userseg._rfm_breaks_final(s) AS again
FROM (SELECT userseg._rfm_breaks_step(userseg._rfm_breaks_step(NULL, 1, 2), 2, 2) AS s) x;

-- Stored breaks
CREATE ROLE userseg_rfm_ann;
CREATE ROLE userseg_rfm_bob;
CREATE ROLE userseg_rfm_team ROLE userseg_rfm_ann;
SET ROLE userseg_rfm_ann;
SELECT userseg.save_rfm_scale('shop', '{10,20,30,40}', '{1,2,3,6}', '{100,200,300,400}');
SELECT c.* FROM userseg.rfm_scores('shop', 5, 7, 1000) c;
SELECT v.*, c.* FROM (VALUES (5, 1, 50), (45, 9, 350), (10, 2, 100.5), (NULL, 0, -5)) v (recency, frequency, monetary),
	userseg.rfm_scores('shop', recency, frequency, monetary) c;
SELECT (userseg.rfm_scores('shop', 'Infinity', 0, -5)).*;
SELECT userseg.save_rfm_scale('shop', '{10,20,30}', '{1,2,3,6}', '{100,200,300,400}');
SELECT userseg.rfm_scores('shop', 5, 7, 1000) AS four_scores_have_no_segment;
SELECT name, owner, recency, frequency, monetary, saved_by FROM userseg.rfm_scales;
SET ROLE userseg_rfm_team;
SELECT userseg.save_rfm_scale('team', '{10,20,30,40}', '{1,2,3,6}', '{100,200,300,400}');
SET ROLE userseg_rfm_ann;
SELECT userseg.save_rfm_scale('team', '{1,2,3,4}', '{1,2,3,6}', '{100,200,300,400}');
SELECT name, owner, saved_by FROM userseg.rfm_scales ORDER BY name;
-- two scales in one call site, and a change between statements of a loop
SELECT n, (userseg.rfm_scores(n, 15, 1, 1)).r FROM unnest(ARRAY['shop', 'team', 'shop']) n;
DO $$
BEGIN
	FOR i IN 1..2 LOOP
		RAISE NOTICE '%', userseg.rfm_scores('team', 15, 1, 1);
		PERFORM userseg.save_rfm_scale('team', '{10,20,30,40}', '{1,2,3,6}', '{100,200,300,400}');
	END LOOP;
END $$;
SET ROLE userseg_rfm_bob;
SELECT count(*) AS bob_sees FROM userseg.rfm_scales;
\pset tuples_only on
\pset format unaligned
SELECT pg_temp.fails($$SELECT userseg.rfm_scores('shop', 1, 1, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.save_rfm_scale('shop', '{1}', '{1}', '{1}')$$);
SELECT pg_temp.fails($$SELECT userseg.drop_rfm_scale('shop')$$);
SELECT pg_temp.fails($$SELECT * FROM userseg._rfm_scale$$);
SELECT pg_temp.fails($$INSERT INTO userseg.rfm_rule (position, segment) VALUES (1, 'Mine')$$);
SELECT pg_temp.fails($$UPDATE userseg.rfm_rule SET segment = 'Mine'$$);
-- tables of the same names in the way change nothing
CREATE TEMP TABLE rfm_rule AS SELECT 1 AS position, 'Mine' AS segment;
SELECT userseg.rfm_segment(5, 5, 5), (SELECT count(*) FROM userseg.rfm_rule);
DROP TABLE rfm_rule;
SET ROLE userseg_rfm_ann;
SELECT pg_temp.fails($$SELECT userseg.rfm_scores('shopp', 1, 1, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_scores(NULL, 1, 1, 1)$$);
SELECT pg_temp.fails($$SELECT userseg.rfm_scores('shop', 1, 'NaN', 1)$$);
SELECT pg_temp.fails($$SELECT userseg.drop_rfm_scale('none')$$);
SELECT pg_temp.fails($$SELECT userseg.save_rfm_scale('Shop', '{1}', '{1}', '{1}')$$);
SELECT pg_temp.fails($$SELECT userseg.save_rfm_scale('shop', '{1}', '{2,1}', '{1}')$$);
SELECT pg_temp.fails($$SELECT userseg.save_rfm_scale('shop', '{1}', NULL, '{1}')$$);
SELECT pg_temp.fails($$SELECT userseg.save_rfm_scale('shop', '{1}', '{1}', '{}')$$);
BEGIN READ ONLY;
SELECT (userseg.rfm_scores('shop', 1, 1, 1)).f;
SELECT pg_temp.fails($$SELECT userseg.save_rfm_scale('shop', '{1}', '{1}', '{1}')$$);
SELECT pg_temp.fails($$SELECT userseg.drop_rfm_scale('shop')$$);
ROLLBACK;
\pset tuples_only off
\pset format aligned
SELECT userseg.drop_rfm_scale('shop');
RESET ROLE;
-- the administrator may let others keep the rules, and gives scales away
GRANT INSERT, DELETE ON userseg.rfm_rule TO userseg_rfm_bob;
SET ROLE userseg_rfm_bob;
INSERT INTO userseg.rfm_rule (position, segment, replaces) VALUES (1, 'Stars', 'Champions');
SET ROLE userseg_rfm_ann;
SELECT userseg.rfm_segment(5, 5, 5) AS for_everyone;
RESET ROLE;
DELETE FROM userseg.rfm_rule;
REVOKE INSERT, DELETE ON userseg.rfm_rule FROM userseg_rfm_bob;
SELECT userseg.reassign_owned('userseg_rfm_team', 'userseg_rfm_bob') AS models;
SET ROLE userseg_rfm_bob;
SELECT name, owner FROM userseg.rfm_scales;
SELECT userseg.drop_rfm_scale('team');
RESET ROLE;
DROP ROLE userseg_rfm_team, userseg_rfm_ann, userseg_rfm_bob;
