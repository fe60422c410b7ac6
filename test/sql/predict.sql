-- Scoring: answers against arithmetic in SQL; rows of every origin; statements of every kind.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA predict;
SET search_path = predict;
CREATE TABLE customer (id int PRIMARY KEY, spend float8, visits int, basket numeric(12,2), active boolean, channel text, since date);
INSERT INTO customer
SELECT i, (i::bigint * 7919 % 1009)::float8 / 3, i * 31 % 97, CASE WHEN i % 13 = 0 THEN NULL ELSE (i * 17 % 211)::numeric / 4 END,
  i % 3 = 0, CASE i % 4 WHEN 0 THEN 'web' WHEN 1 THEN 'app' WHEN 2 THEN 'shop' END, date '2020-01-01' + i % 700
FROM generate_series(1, 600) i;
SELECT version, n_features FROM userseg.train('predict_p', 'kmeans', 'customer', id => 'id', features => '{spend,visits,basket}', params => '{"k":4}');
SELECT version, n_features FROM userseg.train('predict_wide', 'kmeans', 'customer', id => 'id', params => '{"k":3}');
SELECT count(userseg.name_segment('predict_p', i, 'group ' || i)) FROM generate_series(1, 4) i;

-- ---- answers ----
-- what the model sees is the standardised column, NULL the median
WITH s AS (SELECT avg(spend) AS ms, stddev_pop(spend) AS ss, avg(visits) AS mv, stddev_pop(visits) AS sv,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY basket::float8) AS median FROM customer),
b AS (SELECT avg(coalesce(basket::float8, median)) AS mb, stddev_pop(coalesce(basket::float8, median)) AS sb FROM customer, s)
SELECT max(abs((t->>'spend')::float8 - (c.spend - ms) / ss)) < 1e-12 AS spend,
  max(abs((t->>'visits')::float8 - (c.visits - mv::float8) / sv::float8)) < 1e-12 AS visits,
  max(abs((t->>'basket')::float8 - (coalesce(c.basket::float8, median) - mb) / sb)) < 1e-12 AS basket,
  bool_and((SELECT count(*) FROM jsonb_object_keys(t)) = 3) AS no_more
FROM (SELECT c, userseg.transform('predict_p', c) AS t FROM customer c) x, LATERAL (SELECT (x.c).*) c, s, b;
-- the label is the nearest centre, the distance that to it, the margin that to the second less that
CREATE TABLE answer AS
SELECT c.id, a.* FROM customer c, LATERAL (
  SELECT array_agg(segment_id ORDER BY d) AS ids, array_agg(segment ORDER BY d) AS names, array_agg(d ORDER BY d) AS ds
  FROM (SELECT segment_id, segment, sqrt(sum((value - (userseg.transform('predict_p', c)->>feature)::float8) ^ 2)) AS d
        FROM userseg.centroids('predict_p', 'encoded') GROUP BY 1, 2) e) a;
SELECT count(*), count(*) FILTER (WHERE userseg.predict_id('predict_p', c) = ids[1]) AS id, count(*) FILTER (WHERE userseg.predict('predict_p', c) = names[1]) AS name,
  count(*) FILTER (WHERE (p).label = names[1] AND (p).label_id = ids[1] AND (p).runner_up = names[2] AND (p).version = 1) AS detail,
  max(abs((p).distance - ds[1])) < 1e-12 AS distance, count((p).value) AS value
FROM (SELECT a.*, c, userseg.predict_detail('predict_p', c) AS p FROM answer a JOIN customer c USING (id)) x;
-- probabilities of all segments, the largest that of the label
SELECT max(abs(1 - (SELECT sum(value::float8) FROM jsonb_each_text(p)))) < 1e-12 AS one,
  bool_and((SELECT key FROM jsonb_each_text(p) ORDER BY value::float8 DESC LIMIT 1) = userseg.predict('predict_p', c)) AS largest,
  bool_and((SELECT count(*) FROM jsonb_each(p)) = 4) AS four
FROM (SELECT c, userseg.predict_proba('predict_p', c) AS p FROM customer c) x;
-- the same model by value, and of a JSON object
SELECT count(*) FROM customer c WHERE userseg.score(userseg.artifact('predict_p'), c)::text <> userseg.predict_detail('predict_p', c)::text;
SELECT count(*) FROM customer c WHERE userseg.predict_json('predict_p', to_jsonb(c))::text <> userseg.predict_detail('predict_p', c)::text;
SELECT count(*) FROM customer c WHERE userseg.predict_json('predict_wide', to_jsonb(c))::text <> userseg.predict_detail('predict_wide', c)::text;
CREATE VIEW customer_char AS SELECT id, spend, channel::char(6) AS channel, ARRAY[channel::char(6)] AS channels FROM customer;
SELECT version FROM userseg.train('predict_char', 'kmeans', 'customer_char', id => 'id', params => '{"k":3}');
SELECT count(*) FROM customer_char c WHERE userseg.predict_json('predict_char', to_jsonb(c))::text <> userseg.predict_detail('predict_char', c)::text;
SELECT userseg.drop_model('predict_char');
DROP VIEW customer_char;
-- reasons add up, the strongest first; warnings tell
SELECT DISTINCT jsonb_array_length((p).reasons), (p).reasons->0 ?& ARRAY['feature', 'contribution', 'value'] AS members
FROM (SELECT userseg.predict_detail('predict_p', c) AS p FROM customer c) x;
SELECT r->>'value' AS since FROM customer c, jsonb_array_elements((userseg.predict_detail('predict_wide', c)).reasons) r
WHERE id IN (1, 13) AND r->>'feature' = 'since' ORDER BY id;
SELECT (userseg.predict_detail('predict_p', c)).warnings FROM customer c WHERE id IN (1, 13) ORDER BY id;
SELECT (userseg.predict_detail('predict_wide', x)).warnings
FROM (SELECT 'NaN'::float8 AS spend, NULL::int AS visits, 1 AS basket, true AS active, 'kiosk' AS channel, date '2020-01-01' AS since) x;
-- a clustering has no value
SELECT userseg.predict_value('predict_p', c) FROM customer c LIMIT 1;

-- ---- NULL ----
SELECT userseg.predict(NULL, c), userseg.predict_id('predict_p', NULL), userseg.predict('predict_p', NULL::customer) FROM customer c WHERE id = 1;
-- a row of NULLs is a row: everything is imputed
SELECT userseg.predict_id('predict_p', x) IS NOT NULL FROM (SELECT NULL::float8 AS spend, NULL::int AS visits, NULL::numeric AS basket) x;
SELECT version FROM userseg.train('predict_skips', 'kmeans', 'customer', id => 'id', features => '{spend,basket}', params => '{"k":2}', null_policy => 'skip');
SELECT version FROM userseg.train('predict_errors', 'kmeans', 'SELECT * FROM customer WHERE basket IS NOT NULL', id => 'id', features => '{spend,basket}', params => '{"k":2}', null_policy => 'error');
SELECT count(*) FILTER (WHERE basket IS NULL), count(userseg.predict('predict_skips', c)) + count(*) FILTER (WHERE basket IS NULL) = count(*) AS rest,
  count(*) FILTER (WHERE basket IS NULL AND (userseg.predict_detail('predict_skips', c)).version IS NOT NULL) AS scored FROM customer c;
SELECT userseg.predict('predict_errors', c) IS NOT NULL FROM customer c WHERE id = 1;
SELECT userseg.predict('predict_errors', c) FROM customer c WHERE id = 13;

-- ---- rows that do not fit ----
SELECT userseg.predict('predict_p', ROW(1, 2));
SELECT userseg.predict('predict_p', x) FROM (SELECT 1 AS visits, 2 AS other) x;
SELECT userseg.predict('predict_p', x) FROM (SELECT 1 AS visits, 2 AS other OFFSET 0) x;
SELECT userseg.predict('predict_p', x) FROM (SELECT '1'::text AS spend, 1 AS visits, 2 AS basket) x;
SELECT userseg.predict('predict_p', x) FROM (SELECT '1'::text AS spend, 1 AS visits, 2 AS basket OFFSET 0) x;
SELECT userseg.predict('predict_p', x) FROM (SELECT 1 AS spend, 1 AS visits, 2 AS basket, 3 AS spend OFFSET 0) x;
SELECT userseg.predict('predict_p', 1);
SELECT userseg.predict_json('predict_p', '{"visits":1}');
SELECT userseg.predict_json('predict_p', '[1]');
SELECT userseg.predict_json('predict_p', '{"spend":"much","visits":1,"basket":2}');
SELECT (userseg.predict_json('predict_p', '{"spend":10,"visits":null,"basket":2.5,"more":[]}')).warnings;
SELECT userseg.predict('nobody', c) FROM customer c;
SELECT userseg.predict('predict_p@9', c) FROM customer c;
-- any number type fits a number, other columns do not matter, nor does the order
SELECT count(*) FROM customer c, LATERAL (SELECT c.active, c.basket::float4, 'x' AS more, c.spend::numeric, c.visits::bigint OFFSET 0) x
WHERE abs((userseg.predict_detail('predict_p', x)).distance - (userseg.predict_detail('predict_p', c)).distance) > 1e-5;

-- ---- rows of every origin: with and without the planner's help, one answer ----
CREATE FUNCTION by_columns(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
    IF line ~ '_predict_id\(' AND line !~ 'userseg.predict_id\(' THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;
-- the answers by way of rows, to compare with: a volatile function is not looked through
CREATE FUNCTION hide(record) RETURNS record LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
CREATE TABLE truth AS SELECT id, userseg.predict_id('predict_p', hide(c)) AS label FROM customer c;
SELECT count(DISTINCT label), count(label) FROM truth;
CREATE FUNCTION check_query(query text, OUT columns boolean, OUT n bigint, OUT wrong bigint) LANGUAGE plpgsql AS $$
BEGIN
  columns := predict.by_columns(query);
  EXECUTE format('SELECT count(*), count(*) FILTER (WHERE q.label IS DISTINCT FROM t.label) FROM (%s) AS q(id, label) LEFT JOIN predict.truth t USING (id)', query) INTO n, wrong;
END $$;
CREATE VIEW v AS SELECT id, channel, spend * 1 AS spend, visits, basket FROM customer;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM customer WHERE id > 0;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM customer;
CREATE TABLE parts (LIKE customer) PARTITION BY LIST (visits);
CREATE TABLE part_one PARTITION OF parts FOR VALUES IN (1, 2, 3, 4);
CREATE TABLE part_two (since date, channel text, visits int, extra int, active boolean, basket numeric(12,2), spend float8, id int NOT NULL);
ALTER TABLE part_two DROP COLUMN extra;
ALTER TABLE parts ATTACH PARTITION part_two DEFAULT;
INSERT INTO parts SELECT * FROM customer;
CREATE TABLE base (LIKE customer);
CREATE TABLE child (more text) INHERITS (base);
INSERT INTO base SELECT * FROM customer WHERE id <= 300;
INSERT INTO child SELECT *, 'more' FROM customer WHERE id > 300;
CREATE TABLE boxed AS SELECT id, c AS box FROM customer c;
CREATE TABLE changed (x int, id int, y text, spend float8);
INSERT INTO changed SELECT 1, id, 'y', spend FROM customer;
ALTER TABLE changed DROP COLUMN x, DROP COLUMN y, ADD COLUMN visits int DEFAULT 5, ADD COLUMN basket numeric DEFAULT 20;
CREATE TABLE changed_truth AS SELECT id, userseg.predict_id('predict_p', hide(x)) AS label FROM (SELECT id, spend, 5 AS visits, 20 AS basket FROM customer) x;
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', c) FROM predict.customer c$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', c.*) FROM predict.customer c$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', v) FROM predict.v$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', b) FROM predict.barrier b$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', k) FROM predict.kept k$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', x) FROM (SELECT * FROM predict.customer) x$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', x) FROM (SELECT * FROM predict.customer ORDER BY id LIMIT 1000) x$$);
SELECT * FROM check_query($$WITH x AS MATERIALIZED (SELECT * FROM predict.customer) SELECT id, userseg.predict_id('predict_p', x) FROM x$$);
SELECT * FROM check_query($$WITH x AS NOT MATERIALIZED (SELECT * FROM predict.customer) SELECT id, userseg.predict_id('predict_p', x) FROM x$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', x) FROM predict.parts x$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', x) FROM predict.base x$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', box) FROM predict.boxed$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', ROW(c.*)::predict.customer) FROM predict.customer c$$);
SELECT * FROM check_query($$SELECT c.id, (SELECT userseg.predict_id('predict_p', c)) FROM predict.customer c$$);
SELECT * FROM check_query($$SELECT c.id, x.p FROM predict.customer c, LATERAL (SELECT userseg.predict_id('predict_p', c) AS p) x$$);
SELECT * FROM check_query($$SELECT j.id, userseg.predict_id('predict_p', j) FROM (predict.customer c JOIN (SELECT id AS other FROM predict.customer) o ON o.other = c.id) j$$);
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', c) FROM predict.customer c GROUP BY c.id$$);
SELECT n, wrong FROM check_query($$SELECT min((c).id), userseg.predict_id('predict_p', c) FROM predict.customer c GROUP BY c$$);
SELECT * FROM check_query($$SELECT id, min(userseg.predict_id('predict_p', c)) OVER (PARTITION BY id) FROM predict.customer c$$);
SELECT * FROM check_query($$SELECT id, label FROM (SELECT id, userseg.predict_id('predict_p', c) AS label FROM predict.customer c UNION ALL SELECT id, userseg.predict_id('predict_p', v) FROM predict.v) u ORDER BY label$$);
SELECT columns, n FROM check_query($$SELECT id, userseg.predict_id('predict_p', c) FROM predict.changed c$$);
SELECT count(*) FROM changed c JOIN changed_truth t USING (id) WHERE userseg.predict_id('predict_p', c) <> t.label OR userseg.predict_id('predict_p', hide(c)) <> t.label;
-- no partner: NULL, in the joins of each kind
SELECT * FROM check_query($$SELECT i, userseg.predict_id('predict_p', c) FROM generate_series(-5, 600) i LEFT JOIN predict.customer c ON c.id = i$$);
SELECT * FROM check_query($$SELECT i, userseg.predict_id('predict_p', c) FROM predict.customer c RIGHT JOIN generate_series(-5, 600) i ON c.id = i$$);
SELECT * FROM check_query($$SELECT coalesce(i, c.id), userseg.predict_id('predict_p', c) FROM predict.customer c FULL JOIN generate_series(-5, 10) i ON c.id = i$$);
SELECT * FROM check_query($$SELECT i, userseg.predict_id('predict_p', c) FROM generate_series(-5, 600) i LEFT JOIN (SELECT * FROM predict.customer) c ON c.id = i$$);
SELECT * FROM check_query($$SELECT i, userseg.predict_id('predict_p', v) FROM generate_series(-5, 600) i LEFT JOIN predict.v ON v.id = i$$);
SELECT * FROM check_query($$SELECT i, p FROM generate_series(-5, 600) i LEFT JOIN (SELECT id, userseg.predict_id('predict_p', c) AS p FROM predict.customer c) c ON c.id = i$$);
SELECT * FROM check_query($$SELECT i, userseg.predict_id('predict_p', x) FROM generate_series(-5, 600) i LEFT JOIN predict.parts x ON x.id = i$$);
SELECT * FROM check_query($$SELECT a.id, userseg.predict_id('predict_p', b) FROM predict.customer a LEFT JOIN (predict.customer c JOIN predict.customer b USING (id)) ON a.id = b.id AND a.id > 0$$);
SELECT userseg.predict_id('predict_p', c) IS NULL AS total, count(*), count(userseg.predict_id('predict_p', c)) FROM customer c WHERE id < 4 GROUP BY GROUPING SETS ((c), ()) ORDER BY 1, 2;
-- too many columns to pass
SELECT format('CREATE TABLE broad AS SELECT c.*, %s FROM customer c', string_agg(format('%s AS c%s', i, i), ', ')) FROM generate_series(1, 95) i
\gexec
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', c) FROM predict.broad c$$);
ALTER TABLE broad DROP COLUMN c91, DROP COLUMN c92, DROP COLUMN c93, DROP COLUMN c94, DROP COLUMN c95;
SELECT * FROM check_query($$SELECT id, userseg.predict_id('predict_p', c) FROM predict.broad c$$);

-- ---- statements that write ----
ALTER TABLE customer ADD COLUMN segment int;
UPDATE customer c SET segment = userseg.predict_id('predict_p', c);
SELECT count(*) FROM customer c JOIN truth t USING (id) WHERE segment <> label;
INSERT INTO customer AS c SELECT * FROM customer WHERE id <= 5 ON CONFLICT (id) DO UPDATE SET spend = EXCLUDED.spend, segment = userseg.predict_id('predict_p', EXCLUDED)
RETURNING userseg.predict_id('predict_p', c) = segment AS same;
DELETE FROM customer c WHERE userseg.predict_id('predict_p', c) IS NULL RETURNING userseg.predict_id('predict_p', c);
MERGE INTO customer c USING truth t ON t.id = c.id WHEN MATCHED AND userseg.predict_id('predict_p', c) <> t.label THEN DELETE;
SELECT count(*) FROM customer;
CREATE FUNCTION keep_segment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.segment := userseg.predict_id('predict_p', NEW); RETURN NEW; END $$;
CREATE TRIGGER keep_segment BEFORE INSERT OR UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION keep_segment();
INSERT INTO customer (id, spend, visits, basket) SELECT id + 1000, spend, visits, basket FROM customer WHERE id <= 100;
SELECT count(*) FROM customer c JOIN truth t ON t.id = c.id - 1000 WHERE segment <> label;
DELETE FROM customer WHERE id > 1000;
DROP TRIGGER keep_segment ON customer;

-- ---- functions, cursors, prepared statements ----
PREPARE one (int) AS SELECT userseg.predict_id('predict_p', c) = label FROM customer c JOIN truth USING (id) WHERE c.id = $1;
PREPARE named (text) AS SELECT count(*) FROM customer c JOIN truth USING (id) WHERE userseg.predict_id($1, c) = label;
SET plan_cache_mode = force_generic_plan;
EXECUTE one (7);
EXECUTE one (8);
EXECUTE named ('predict_p');
EXECUTE named ('predict_p@1');
DROP VIEW v, barrier;
DROP TABLE boxed;
DROP MATERIALIZED VIEW kept;
ALTER TABLE customer RENAME COLUMN spend TO spent;
EXECUTE one (7);
ALTER TABLE customer RENAME COLUMN spent TO spend;
ALTER TABLE customer DROP COLUMN active, ADD COLUMN late int DEFAULT 3;
EXECUTE one (7);
RESET plan_cache_mode;
BEGIN;
DECLARE forth SCROLL CURSOR FOR SELECT c.id, userseg.predict_id('predict_p', c) = label AS same FROM customer c JOIN truth USING (id) ORDER BY id;
FETCH 2 FROM forth;
FETCH LAST FROM forth;
FETCH BACKWARD 2 FROM forth;
COMMIT;
CREATE FUNCTION inlined(customer) RETURNS int LANGUAGE sql STABLE AS $$ SELECT userseg.predict_id('predict_p', $1) $$;
SELECT count(*) FROM customer c JOIN truth USING (id) WHERE inlined(c) = label;
-- many models in one place
SELECT count(*), count(*) FILTER (WHERE userseg.predict_id(name, c) IS DISTINCT FROM
  CASE name WHEN 'predict_p' THEN userseg.predict_id('predict_p', c) WHEN 'predict_p@1' THEN userseg.predict_id('predict_p', c) WHEN 'predict_skips' THEN userseg.predict_id('predict_skips', c) END) AS wrong
FROM customer c, (VALUES ('predict_p'), ('predict_p@1'), ('predict_skips')) m(name);

-- a loop sees every promotion, and its own retraining
SELECT version FROM userseg.train('predict_loop', 'kmeans', 'SELECT 1::float8 AS x UNION ALL SELECT 2', params => '{"k":2}');
SELECT version FROM userseg.train('predict_loop', 'kmeans', 'SELECT 1::float8 AS x UNION ALL SELECT 2', params => '{"k":2}');
DO $$
DECLARE
  seen int[];
BEGIN
  FOR i IN 1..6 LOOP
    PERFORM userseg.set_alias('predict_loop@' || 1 + i % 2, 'production');
    seen := seen || (SELECT (userseg.predict_detail('predict_loop', r)).version FROM (SELECT 1.0::float8 AS x) r);
  END LOOP;
  RAISE WARNING 'versions seen: %', seen;
END $$;
DO $$
DECLARE
  r record;
  seen int[];
BEGIN
  FOR i IN 1..3 LOOP
    PERFORM userseg.train('predict_loop', 'kmeans', 'SELECT 1::float8 AS x UNION ALL SELECT 2', params => '{"k":2}', alias => 'production');
    r := ROW(1.0)::record;
    SELECT 1.0::float8 AS x INTO r;
    seen := seen || (userseg.predict_detail('predict_loop', r)).version;
  END LOOP;
  RAISE WARNING 'versions seen: %', seen;
END $$;
-- a row type that is altered in a loop
CREATE TYPE shape AS (x float8, y text);
DO $$
DECLARE
  seen text[];
BEGIN
  FOR i IN 1..4 LOOP
    seen := seen || (SELECT userseg.transform('predict_loop', hide(jsonb_populate_record(NULL::predict.shape, jsonb_build_object('x', i)))) ->> 'x' IS NOT NULL)::text;
    IF i = 2 THEN
      ALTER TYPE predict.shape DROP ATTRIBUTE x, ADD ATTRIBUTE z int, ADD ATTRIBUTE x numeric;
    END IF;
  END LOOP;
  RAISE WARNING 'seen: %', seen;
END $$;
-- one statement, one version: a function that promotes in the middle of it
CREATE FUNCTION promote(version int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN userseg.set_alias('predict_loop@' || version, 'production'); END $$;
SELECT userseg.set_alias('predict_loop@1', 'production');
SELECT count(DISTINCT (userseg.predict_detail('predict_loop', r)).version) FROM (SELECT i::float8 AS x, CASE WHEN i = 5 THEN promote(2) END FROM generate_series(1, 10) i OFFSET 0) r;
SELECT (userseg.predict_detail('predict_loop', r)).version FROM (SELECT 1::float8 AS x) r;

-- ---- parallel workers, JIT ----
CREATE TABLE many AS SELECT i AS id, (i * 7919 % 1009)::float8 / 3 AS spend, i * 31 % 97 AS visits, CASE WHEN i % 13 > 0 THEN (i * 17 % 211)::numeric / 4 END AS basket, repeat('x', 100) AS filler
FROM generate_series(1, 20000) i;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
SELECT count(*), sum(userseg.predict_id('predict_p', m)), sum((userseg.predict_detail('predict_p', m)).distance)::numeric(20,6) AS distance FROM many m
\gset serial_
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
CREATE FUNCTION workers(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON, COSTS OFF, TIMING OFF) ' || query INTO plan;
  RETURN jsonb_path_query_first(plan, '$.**."Workers Launched"');
END $$;
CREATE FUNCTION hidden(many) RETURNS boolean LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN RETURN userseg.predict_id('predict_p', $1) > 0; END $$;
SELECT workers($$SELECT sum(userseg.predict_id('predict_p', m)) FROM predict.many m$$) > 0 AS columns, workers($$SELECT sum(userseg.predict_id('predict_p', m)) FROM predict.many m WHERE hidden(m)$$) > 0 AS rows;
SELECT :serial_count = count(*) AND :serial_sum = sum(userseg.predict_id('predict_p', m)) AND :serial_distance = sum((userseg.predict_detail('predict_p', m)).distance)::numeric(20,6) AS same FROM many m;
SELECT count(*) FILTER (WHERE userseg.score(userseg.artifact('predict_p'), m)::text <> userseg.predict_detail('predict_p', m)::text) FROM many m;
SET jit = on;
SET jit_above_cost = 0;
SET jit_inline_above_cost = 0;
SET jit_optimize_above_cost = 0;
SELECT :serial_count = count(*) AND :serial_sum = sum(userseg.predict_id('predict_p', m)) AS same FROM many m;
RESET jit_above_cost; RESET jit_inline_above_cost; RESET jit_optimize_above_cost; RESET jit;

-- ---- privileges ----
CREATE ROLE predict_ann;
GRANT USAGE ON SCHEMA predict TO predict_ann;
GRANT SELECT ON customer, many TO predict_ann;
SET ROLE predict_ann;
SELECT count(userseg.predict_id('predict_p', c)) FROM predict.customer c;
SELECT userseg.artifact('predict_p');
RESET ROLE;
SELECT userseg.grant_usage('predict_p', 'predict_ann');
SET ROLE predict_ann;
PREPARE mine AS SELECT count(userseg.predict_id('predict_p', c)) FROM predict.customer c;
EXECUTE mine;
-- in workers too
SELECT count(userseg.predict_id('predict_p', m)) FROM predict.many m;
RESET ROLE;
SELECT userseg.revoke_usage('predict_p', 'predict_ann');
SET ROLE predict_ann;
EXECUTE mine;
RESET ROLE;
-- who may not call a function does not call it under another name
SELECT userseg.grant_usage('predict_p', 'predict_ann');
REVOKE EXECUTE ON FUNCTION userseg.predict_id(text, record) FROM PUBLIC;
SET ROLE predict_ann;
SELECT count(userseg.predict_id('predict_p', c)) FROM predict.customer c;
RESET ROLE;
GRANT EXECUTE ON FUNCTION userseg.predict_id(text, record) TO PUBLIC;

-- ---- what a subtransaction did is gone when it is rolled back ----
-- (the inner one takes a later number with it, so that snapshots before and after are alike)
CREATE TABLE number_taker (x int);
DO $$
DECLARE c predict.customer; kept text; ghost text; after text;
BEGIN
  SELECT * INTO c FROM predict.customer WHERE id = 1;
  FOR i IN 1..3 LOOP
    BEGIN
      IF i = 2 THEN
        PERFORM userseg.name_segment('predict_p', n, 'ghost ' || n) FROM generate_series(1, 4) n;
        BEGIN INSERT INTO predict.number_taker VALUES (1); RAISE EXCEPTION 'inner'; EXCEPTION WHEN raise_exception THEN END;
      END IF;
      after := userseg.predict('predict_p', c);
      IF i = 1 THEN kept := after; END IF;
      IF i = 2 THEN ghost := after; RAISE EXCEPTION 'outer'; END IF;
    EXCEPTION WHEN raise_exception THEN
    END;
  END LOOP;
  ASSERT ghost LIKE 'ghost %', ghost;
  ASSERT after = kept, after;
END $$;

-- ---- the sisters, called by hand ----
SELECT userseg._predict_id('predict_p', '{spend,visits,basket}', 1, spend, visits, basket) = label FROM customer JOIN truth USING (id) WHERE id = 1;
SELECT userseg._predict_id('predict_p', '{spend,visits,basket}', NULL, 1, 2, 3), userseg._predict_id('predict_p', NULL, 1, 1, 2, 3), userseg._predict_id(NULL, '{spend,visits,basket}', 1, 1, 2, 3);
SELECT userseg._predict_id('predict_p', '{spend,visits}', 1, 1, 2, 3);
SELECT userseg._predict_id('predict_p', '{spend,visits,basket}', 1, 1, 2, '3');
SELECT userseg._predict_id('predict_p', '{spend,visits,NULL}', 1, 1, 2, 3);
SELECT userseg._predict_id('predict_p', '{{spend},{visits},{basket}}', 1, 1, 2, 3);
SELECT userseg._predict_id('predict_p', '{spend,visits,spend}', 1, 1, 2, 3);
SELECT userseg._predict_id('predict_p', '{spend,visits,basket}', 1, VARIADIC ARRAY[1, 2, 3]);

DROP SCHEMA predict CASCADE;
SELECT m, userseg.drop_model(m) FROM unnest(ARRAY['predict_p', 'predict_wide', 'predict_skips', 'predict_errors', 'predict_loop']) m;
DROP ROLE predict_ann;
