-- userseg.assign: what it refuses, who may, and what it does about tables that are gone.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET client_min_messages = warning;
CREATE SCHEMA assign_errors;
SET search_path = assign_errors;

-- SQLSTATE, message, detail and hint of a statement, or what it returns
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  m text; d text; h text; r text;
BEGIN
  EXECUTE statement INTO r;
  RETURN r;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  RETURN concat_ws(E'\n', SQLSTATE || ' ' || m, 'DETAIL ' || nullif(d, ''), 'HINT ' || nullif(h, ''));
END $$;
\pset format unaligned
\pset tuples_only on

CREATE TABLE shopper (id int, spend float8, visits float8);
INSERT INTO shopper SELECT i, 10 + i, 1 + i % 3 FROM generate_series(1, 10) i;
INSERT INTO shopper SELECT i, 490 + i, 20 + i % 3 FROM generate_series(11, 20) i;
SELECT version FROM userseg.train('assign_errs', 'kmeans', 'shopper', id => 'id', params => '{"k":2}');
SELECT version FROM userseg.train('assign_other', 'kmeans', 'shopper', id => 'id', params => '{"k":2}');
SELECT version FROM userseg.train('assign_strict', 'kmeans', 'shopper', id => 'id', params => '{"k":2}', null_policy => 'error');

-- ---- arguments ----
SELECT try($$SELECT userseg.assign(NULL, 'shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', NULL, 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', NULL, 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', NULL)$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', NULL)$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => NULL)$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => 'infinity')$$);
SELECT try($$SELECT userseg.assign('nobody', 'shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs@7', 'shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('Assign_errs', 'shopper', 'id', 't')$$);

-- ---- the source ----
SELECT try($$SELECT userseg.assign('assign_errs', 'nothing', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT * FROM shopper; DROP TABLE shopper', 'id', 't')$$);
CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM assign_errors.shopper; RETURN 1; END $$;
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT *, writes() FROM shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id, spend FROM shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id FROM shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id, spend::text, visits FROM shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'ID', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT *, id FROM shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT nullif(id, 3) AS id, spend, visits FROM shopper ORDER BY shopper.id', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT ARRAY[id] AS id, spend, visits FROM shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT ''{}''::json AS id, spend, visits FROM shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id AS segment, spend, visits FROM shopper', 'segment', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id AS valid_to, spend, visits FROM shopper', 'valid_to', 't')$$);
SELECT try($$SELECT userseg.assign('assign_strict', 'SELECT id, nullif(spend, 17) AS spend, visits FROM shopper', 'id', 't')$$);
-- nothing was left behind by any of these
SELECT to_regclass('t'), to_regclass('t_history'), count(*) FROM shopper;

-- an id in two rows: in the first run, again, and as a new one
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id / 2 AS "the id", spend, visits FROM shopper', 'the id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-10')$$);
INSERT INTO shopper SELECT * FROM shopper WHERE id IN (12, 7);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id + 100 AS id, spend, visits FROM shopper', 'id', 't')$$) ~ '^23505 id "id" has the same value in more than one row of the source\nDETAIL Key \(id\)=\(1(07|12)\) already exists.\nHINT Give each id one row in the source: GROUP BY id, or SELECT DISTINCT ON \(id\).$';
DELETE FROM shopper WHERE ctid IN (SELECT max(ctid) FROM shopper GROUP BY id HAVING count(*) > 1);
-- a unique index of the user is none of that
CREATE UNIQUE INDEX one_each ON t (segment) WHERE id > 100;
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id + 100 AS id, spend, visits FROM shopper WHERE id < 3', 'id', 't')$$);
DROP INDEX one_each;

-- ---- time ----
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-09')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-10')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2999-01-01')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2500-01-01')$$);
SELECT regexp_replace(try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't')$$), 'as_of [0-9].* is', 'as_of ... is');
DROP TABLE t, t_history;

-- ---- the table ----
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'shopper')$$);
CREATE VIEW v AS SELECT 1 AS id;
CREATE INDEX i ON shopper (id);
CREATE SEQUENCE s;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'v')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'i')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 's')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'pg_temp.t')$$);
CREATE TEMP TABLE temporary (id int);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'temporary')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'nowhere.t')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'a b')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', '')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'elsewhere.assign_errors.t')$$);

SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-01')$$);
SELECT try($$SELECT userseg.assign('assign_other', 'shopper', 'id', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id AS key, spend, visits FROM shopper', 'key', 't')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id::bigint, spend, visits FROM shopper', 'id', 't')$$);
ALTER TABLE t ALTER value TYPE numeric;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't')$$);
ALTER TABLE t DROP COLUMN value;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't')$$);
ALTER TABLE t ADD COLUMN value float8;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-02')$$);
ALTER TABLE t DROP CONSTRAINT t_pkey;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't')$$);
CREATE UNIQUE INDEX partial ON t (id) WHERE id > 0;
CREATE UNIQUE INDEX wider ON t (id, version);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't')$$) ~ '^55000';
ALTER TABLE t ADD PRIMARY KEY (id);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-03')$$);
ALTER TABLE t_history DROP COLUMN valid_to;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't')$$);

-- the history is dropped: it begins anew
DROP TABLE t_history;
UPDATE shopper SET spend = 500, visits = 20 WHERE id = 1;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-04')$$);
SELECT id, valid_from, valid_to FROM t_history;
-- the table is dropped: the history is gone on with
DROP TABLE t;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-03')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT id::bigint, spend, visits FROM shopper', 'id', 't', as_of => '2024-01-05')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-05')$$);
DELETE FROM shopper WHERE id = 1;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-06')$$);
SELECT id, valid_from, valid_to FROM t_history ORDER BY 2;
-- both are dropped: everything begins anew, with any model and id
DROP TABLE t, t_history;
SELECT try($$SELECT userseg.assign('assign_other', 'SELECT id::text AS key, spend, visits FROM shopper', 'key', 't', as_of => '2023-01-01')$$);
-- the table alone, and another model: a history of its own
DROP TABLE t;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2022-01-01')$$);
SELECT history_name FROM userseg.assignments WHERE table_schema = 'assign_errors';
-- a renamed table is another one; another table under the old name is none
ALTER TABLE t RENAME TO renamed;
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 'renamed')$$);
CREATE TABLE t (id int PRIMARY KEY);
SELECT try($$SELECT userseg.assign('assign_errs', 'shopper', 'id', 't')$$);
DROP TABLE t;

-- ---- transactions ----
BEGIN READ ONLY;
SELECT userseg.assign('assign_errs', 'shopper', 'id', 'u');
ROLLBACK;
SELECT to_regclass('u');

-- ---- privileges ----
CREATE ROLE assign_ann;
CREATE ROLE assign_bob;
GRANT USAGE ON SCHEMA assign_errors TO assign_ann, assign_bob;
GRANT EXECUTE ON FUNCTION try TO assign_ann, assign_bob;
CREATE SCHEMA ann AUTHORIZATION assign_ann;
SET ROLE assign_ann;
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'ann.t')$$);
RESET ROLE;
SELECT userseg.grant_usage('assign_errs', 'assign_ann');
SET ROLE assign_ann;
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'ann.t')$$);
RESET ROLE;
GRANT SELECT ON shopper TO assign_ann;
SET ROLE assign_ann;
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'assign_errors.mine')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'pg_catalog.mine')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'ann.t', as_of => '2024-01-01')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'ann.t', as_of => '2024-01-02')$$);
SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'ann' ORDER BY 1;
SELECT table_name, owner FROM userseg.assignments;
SELECT kind, role, ok, n_rows, version FROM (SELECT *, row_number() OVER (ORDER BY run DESC) FROM userseg.runs) r WHERE row_number = 1;
RESET ROLE;
-- bob may use the model, but not the table
SELECT userseg.grant_usage('assign_errs', 'assign_bob');
GRANT SELECT ON shopper TO assign_bob;
GRANT USAGE ON SCHEMA ann TO assign_bob;
GRANT SELECT, UPDATE ON ann.t TO assign_bob;
SET ROLE assign_bob;
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'ann.t', as_of => '2024-01-03')$$);
SELECT count(*) FROM userseg.assignments;
RESET ROLE;
-- with rights on both tables he may keep it up to date; it stays hers
GRANT INSERT, DELETE ON ann.t TO assign_bob;
DELETE FROM shopper WHERE id = 20;
SET ROLE assign_bob;
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'ann.t', as_of => '2024-01-03')$$);
RESET ROLE;
GRANT INSERT ON ann.t_history TO assign_bob;
SET ROLE assign_bob;
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'ann.t', as_of => '2024-01-03')$$);
RESET ROLE;
SELECT owner FROM userseg.assignments WHERE table_schema = 'ann';
-- row security of the table holds for those that it binds
ALTER TABLE ann.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON ann.t TO assign_bob USING (id < 10);
SET ROLE assign_bob;
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT * FROM assign_errors.shopper WHERE id < 5', 'id', 'ann.t', as_of => '2024-01-04')$$);
SELECT try($$SELECT userseg.assign('assign_errs', 'SELECT 50 AS id, spend, visits FROM assign_errors.shopper LIMIT 1', 'id', 'ann.t', as_of => '2024-01-05')$$);
RESET ROLE;
SELECT min(id), max(id), count(*) FROM ann.t;
-- without USAGE any more
SELECT userseg.revoke_usage('assign_errs', 'assign_ann');
SET ROLE assign_ann;
SELECT try($$SELECT userseg.assign('assign_errs', 'assign_errors.shopper', 'id', 'ann.t', as_of => '2024-01-06')$$);
RESET ROLE;

-- ---- planted operators ----
CREATE SCHEMA planted;
CREATE FUNCTION planted.lie(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
CREATE FUNCTION planted.lie(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
CREATE FUNCTION planted.lie(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
CREATE FUNCTION planted.lie(float8, float8) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
CREATE FUNCTION planted.lie(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
DO $$
DECLARE
  o text; t text;
BEGIN
  FOREACH o IN ARRAY ARRAY['=', '<>', '<', '>'] LOOP
    FOREACH t IN ARRAY ARRAY['varchar', 'text', 'int', 'float8', 'timestamptz'] LOOP
      EXECUTE format('CREATE OPERATOR planted.%s (FUNCTION = planted.lie, LEFTARG = %s, RIGHTARG = %s)', o, t, t);
    END LOOP;
  END LOOP;
END $$;
CREATE FUNCTION planted.count() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
CREATE TYPE planted.int4 AS (planted text);
CREATE TABLE planted.shopper AS SELECT ('u' || id)::varchar(9) AS id, spend, visits FROM assign_errors.shopper;
SET search_path = planted, pg_catalog;
SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-01');
RESET search_path;
UPDATE planted.shopper SET spend = 500, visits = 20 WHERE id = 'u2';
DELETE FROM planted.shopper WHERE id = 'u3';
INSERT INTO planted.shopper VALUES ('new', 10, 1);
SET search_path = planted, pg_catalog;
SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-02');
RESET search_path;
INSERT INTO planted.shopper VALUES ('new', 10, 1);
SET search_path = planted, pg_catalog;
\set VERBOSITY sqlstate
SELECT userseg.assign('assign_errs', 'shopper', 'id', 't', as_of => '2024-01-02');
\set VERBOSITY default
RESET search_path;

DROP SCHEMA assign_errors, ann, planted CASCADE;
SELECT userseg.drop_model('assign_errs'), userseg.drop_model('assign_other'), userseg.drop_model('assign_strict');
DROP ROLE assign_ann, assign_bob;
