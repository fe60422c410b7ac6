-- userseg.assign on 100,000 rows: parallel plans, every row as the functions of scoring
-- say, history as it follows from what they said at each run.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA assign_large;
SET search_path = assign_large;
CREATE TABLE customer AS
SELECT i AS id, (i::bigint * 7919 % 10007)::float8 AS spend, (i::bigint * 104729 % 9973)::int AS visits,
  CASE WHEN i % 11 = 0 THEN NULL ELSE (i::bigint * 31 % 997)::numeric / 7 END AS basket,
  CASE i % 5 WHEN 0 THEN 'web' WHEN 1 THEN 'app' WHEN 2 THEN 'shop' ELSE NULL END AS channel
FROM generate_series(1, 100000) i;
ALTER TABLE customer SET (parallel_workers = 2);
ANALYZE customer;
SELECT version FROM userseg.train('assign_large', 'kmeans', 'SELECT * FROM customer WHERE id % 49 = 0', id => 'id', params => '{"k":5}');

-- every row, first and again
SELECT n_rows, n_new FROM userseg.assign('assign_large', 'customer', 'id', 'everyone');
UPDATE customer SET spend = 10007 - spend WHERE id % 20 = 0;
SELECT n_rows, n_changed > 0 AS some_changed, n_changed <= 5000 AS no_others FROM userseg.assign('assign_large', 'customer', 'id', 'everyone');
SELECT count(*) AS differences FROM everyone l FULL JOIN customer c USING (id)
WHERE l.segment_id IS DISTINCT FROM userseg.predict_id('assign_large', c) OR l.segment IS DISTINCT FROM userseg.predict('assign_large', c);
-- little memory: everything spills
SET work_mem = '64kB';
UPDATE customer SET spend = 10007 - spend WHERE id % 20 = 1;
SELECT n_rows, n_new, n_changed > 0 AS some_changed, n_gone FROM userseg.assign('assign_large', 'customer', 'id', 'everyone');
SELECT count(*) AS differences FROM everyone l FULL JOIN customer c USING (id)
WHERE l.segment_id IS DISTINCT FROM userseg.predict_id('assign_large', c);
RESET work_mem;
DELETE FROM customer WHERE id > 20000;
ANALYZE customer;

-- what scoring says, run by run
CREATE TABLE said (run int, id int, segment_id int, segment text);
CREATE FUNCTION say(run int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
BEGIN
  INSERT INTO assign_large.said
  SELECT run, id, userseg.predict_id('assign_large', c), userseg.predict('assign_large', c) FROM assign_large.customer c;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
CREATE FUNCTION as_of(run int) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2024-01-01'::timestamptz + run * interval '1 day' $$;

-- rows really come from parallel workers: the id tells the process that read it
CREATE FUNCTION process() RETURNS int LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN RETURN pg_backend_pid(); END $$;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
SELECT n_rows, n_new FROM userseg.assign('assign_large', $$SELECT process() || ':' || id AS "by", spend, visits, basket, channel FROM customer$$, 'by', 'parallel');
SELECT count(DISTINCT split_part("by", ':', 1)) > 0 AS workers,
  bool_or(split_part("by", ':', 1) = pg_backend_pid()::text) AS leader, count(*) FROM parallel;
SELECT n_rows, n_gone > 0 AS other_workers FROM userseg.assign('assign_large', $$SELECT process() || ':' || id AS "by", spend, visits, basket, channel FROM customer$$, 'by', 'parallel');
RESET parallel_leader_participation;
SELECT say(0);
SELECT count(*) AS differences FROM parallel p FULL JOIN said s ON s.id = split_part(p.by, ':', 2)::int
WHERE (p.segment_id, p.segment) IS DISTINCT FROM (s.segment_id, s.segment);

-- four runs; some users change, some go, some come (back)
SELECT n_rows, n_new, n_changed, n_unchanged, n_gone FROM userseg.assign('assign_large', 'customer', 'id', 'label', as_of => as_of(0));
UPDATE customer SET spend = 10007 - spend WHERE id % 3 = 0;
DELETE FROM customer WHERE id % 10 = 1;
INSERT INTO customer SELECT i, i % 10007, i % 9973, 1, 'web' FROM generate_series(20001, 21000) i;
SELECT say(1);
CREATE TABLE result AS SELECT 1 AS run, * FROM userseg.assign('assign_large', 'customer', 'id', 'label', as_of => as_of(1));
UPDATE customer SET visits = 9973 - visits WHERE id % 4 = 0;
DELETE FROM customer WHERE id > 20800;
INSERT INTO customer SELECT i, i % 10007, i % 9973, 1, 'app' FROM generate_series(1, 2000, 10) i;
SELECT say(2);
INSERT INTO result SELECT 2, * FROM userseg.assign('assign_large', 'customer', 'id', 'label', as_of => as_of(2));
UPDATE customer SET spend = 10007 - spend WHERE id % 3 = 0;
SELECT say(3);
INSERT INTO result SELECT 3, * FROM userseg.assign('assign_large', 'customer', 'id', 'label', as_of => as_of(3));

-- counts, from what was said
SELECT r.run, r.n_rows = e.n_rows AND r.n_new = e.n_new AND r.n_changed = e.n_changed
  AND r.n_unchanged = e.n_unchanged AND r.n_gone = e.n_gone AS counts_right, r.n_changed > 0 AS some_changed
FROM result r CROSS JOIN LATERAL (
  SELECT count(b.id) AS n_rows, count(*) FILTER (WHERE a.id IS NULL) AS n_new,
    count(*) FILTER (WHERE a.segment_id <> b.segment_id) AS n_changed,
    count(*) FILTER (WHERE a.segment_id = b.segment_id) AS n_unchanged,
    count(*) FILTER (WHERE b.id IS NULL) AS n_gone
  FROM (SELECT * FROM said s WHERE s.run = r.run - 1) a FULL JOIN (SELECT * FROM said s WHERE s.run = r.run) b USING (id)) e
ORDER BY r.run;
-- current rows
SELECT count(*) AS differences FROM label l FULL JOIN (SELECT * FROM said WHERE run = 3) s USING (id)
WHERE (l.segment_id, l.segment) IS DISTINCT FROM (s.segment_id, s.segment);
-- all periods: runs of equal segments in what was said (gaps and islands)
WITH step AS (
  SELECT *, run - row_number() OVER (PARTITION BY id, segment_id ORDER BY run) AS island FROM said),
period AS (
  SELECT id, segment_id, as_of(min(run)) AS valid_from, as_of(max(run) + 1) AS valid_to FROM step GROUP BY id, segment_id, island),
stored AS (
  SELECT id, segment_id, valid_from, valid_to FROM label_history
  UNION ALL SELECT id, segment_id, valid_from, as_of(4) FROM label)
SELECT (SELECT count(*) FROM stored) = (SELECT count(*) FROM period) AS as_many, count(*) AS differences
FROM period p FULL JOIN stored s USING (id, segment_id, valid_from, valid_to) WHERE p.id IS NULL OR s.id IS NULL;
DROP SCHEMA assign_large CASCADE;
SELECT userseg.drop_model('assign_large');
