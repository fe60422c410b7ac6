-- userseg.assign: current rows, history, counts; typed ids; names.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA assign;
SET search_path = assign;

-- three groups that no seed can mistake
CREATE TABLE shopper (id int, spend float8, visits float8);
INSERT INTO shopper SELECT i, 10 + i, 1 + i % 3 FROM generate_series(1, 10) i;
INSERT INTO shopper SELECT i, 490 + i, 20 + i % 3 FROM generate_series(11, 20) i;
INSERT INTO shopper SELECT i, 980 + i, 40 + i % 3 FROM generate_series(21, 30) i;
CREATE TABLE example (name text, spend float8, visits float8);
INSERT INTO example VALUES ('low', 15, 2), ('mid', 505, 21), ('high', 1005, 41);

SELECT version, n_rows FROM userseg.train('assigned', 'kmeans', 'shopper', id => 'id', params => '{"k":3}');
SELECT count(userseg.name_segment('assigned', userseg.predict_id('assigned', e), e.name)) FROM example e;

SET check_function_bodies = off;
-- does every current row say what scoring says now?  (0 differences, bit for bit)
CREATE FUNCTION differences(model text) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM (SELECT s.id, userseg.predict_detail(model, s) AS p FROM assign.shopper s) s
  FULL JOIN assign.label l USING (id)
  WHERE (l.segment_id, l.segment, l.value, l.probability, l.version)
    IS DISTINCT FROM ((s.p).label_id, (s.p).label, (s.p).value, (s.p).probability, (s.p).version)
    OR l.segment_id IS DISTINCT FROM userseg.predict_id(model, (SELECT t FROM assign.shopper t WHERE t.id = s.id))
$$;
-- do the periods of each id follow each other, without overlap or empty ones?
CREATE FUNCTION overlaps() RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM (
    SELECT valid_from, valid_to, lag(valid_to) OVER (PARTITION BY id ORDER BY valid_from) AS before
    FROM (SELECT id, valid_from, valid_to FROM assign.label_history
          UNION ALL SELECT id, valid_from, 'infinity' FROM assign.label) AS p) AS q
  WHERE valid_from >= valid_to OR before > valid_from
$$;

-- ---- first run ----
SELECT * FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-01-01');
SELECT segment, count(*), min(valid_from), max(valid_from) FROM label GROUP BY segment ORDER BY min(id);
SELECT differences('assigned');
SELECT count(*) FROM label_history;
SELECT table_schema, table_name, history_name, model, id, version, as_of FROM userseg.assignments ORDER BY 1, 2;

-- the tables
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
  col_description(c.oid, a.attnum) AS comment
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.oid IN ('label'::regclass, 'label_history'::regclass) ORDER BY c.relname, a.attnum;
SELECT obj_description('label'::regclass), obj_description('label_history'::regclass);
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'assign'::regnamespace AND contype = 'p' ORDER BY 1;
SELECT relname, pg_get_userbyid(relowner) = current_user AS mine FROM pg_class
WHERE oid IN ('label'::regclass, 'label_history'::regclass) ORDER BY 1;

-- ---- nothing changed: nothing is written ----
CREATE TABLE was AS SELECT id, xmin::text::bigint AS x, ctid AS c FROM label;
SELECT * FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-01-15');
SELECT count(*) FROM label l JOIN was w USING (id) WHERE (l.xmin::text::bigint, l.ctid) = (w.x, w.c);
SELECT as_of FROM userseg.assignments WHERE table_name = 'label';

-- ---- second run: two move, one comes, two go ----
UPDATE shopper SET spend = 1000, visits = 40 WHERE id = 1;
UPDATE shopper SET spend = 15, visits = 2 WHERE id = 11;
INSERT INTO shopper VALUES (31, 500, 20);
DELETE FROM shopper WHERE id IN (2, 30);
SELECT * FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-02-01');
SELECT differences('assigned'), overlaps();
SELECT id, segment, version, valid_from, valid_to FROM label_history ORDER BY id;
SELECT id, segment, valid_from FROM label WHERE id IN (1, 2, 11, 12, 30, 31) ORDER BY id;
-- rows that did not change were not touched
SELECT count(*) FROM label l JOIN was w USING (id) WHERE (l.xmin::text::bigint, l.ctid) = (w.x, w.c);

-- ---- another name and another version: the same segments ----
SELECT userseg.name_segment('assigned', userseg.predict_id('assigned', e), 'top') FROM example e WHERE e.name = 'high';
SELECT version FROM userseg.train('assigned', 'kmeans', 'shopper', id => 'id', params => '{"k":3}');
SELECT * FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-03-01');
SELECT differences('assigned'), overlaps();
SELECT segment, version, count(*), count(*) FILTER (WHERE valid_from = '2024-03-01') AS begun_now FROM label
GROUP BY segment, version ORDER BY min(id);
SELECT count(*) FROM label_history;

-- ---- fourth run: one returns, one moves back ----
INSERT INTO shopper VALUES (2, 12, 3);
UPDATE shopper SET spend = 11, visits = 2 WHERE id = 1;
SELECT * FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-04-01');
SELECT differences('assigned'), overlaps();
SELECT id, segment, version, valid_from, valid_to FROM label_history WHERE id IN (1, 2)
UNION ALL SELECT id, segment, version, valid_from, NULL FROM label WHERE id IN (1, 2) ORDER BY 1, 4;

-- what held for no time leaves no trace: three runs at one instant
UPDATE shopper SET spend = 500, visits = 20 WHERE id = 3;
SELECT n_changed, n_gone FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-05-01');
UPDATE shopper SET spend = 1000, visits = 40 WHERE id = 3;
SELECT n_changed, n_gone FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-05-01');
DELETE FROM shopper WHERE id = 3;
SELECT n_changed, n_gone FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-05-01');
SELECT id, segment, valid_from, valid_to FROM label_history WHERE id = 3;
SELECT differences('assigned'), overlaps();

-- an older version on purpose
SELECT n_rows, n_changed, n_unchanged, version FROM userseg.assign('assigned@1', 'shopper', 'id', 'label', as_of => '2024-06-01');
SELECT differences('assigned@1');

-- an empty source: all are gone, and come back
SELECT * FROM userseg.assign('assigned', 'SELECT * FROM shopper WHERE false', 'id', 'label', as_of => '2024-07-01');
SELECT count(*) FROM label;
SELECT n_rows, n_new FROM userseg.assign('assigned', 'shopper', 'id', 'label', as_of => '2024-08-01');
SELECT differences('assigned'), overlaps();
SELECT * FROM userseg.assign('assigned', 'SELECT * FROM shopper WHERE false', 'id', 'nobody');

-- without as_of: now, also twice in a transaction
BEGIN;
SELECT n_unchanged FROM userseg.assign('assigned', 'shopper', 'id', 'label');
SELECT n_unchanged FROM userseg.assign('assigned', 'shopper', 'id', 'label');
SELECT as_of = now() AS is_now FROM userseg.assignments WHERE table_name = 'label';
COMMIT;

-- all or nothing
BEGIN;
SELECT n_new FROM userseg.assign('assigned', 'shopper', 'id', 'undone');
ROLLBACK;
SELECT to_regclass('undone'), to_regclass('undone_history'), count(*) FROM userseg.assignments WHERE table_name = 'undone';

-- the log of runs
SELECT kind, model, version, ok, n_rows, details - 'table' - 'workers' AS details FROM userseg.runs
WHERE kind = 'assign' AND details->>'table' = 'assign.label' ORDER BY run LIMIT 3;

-- ---- rows that the model skips ----
CREATE TABLE gap AS SELECT id, CASE WHEN id % 4 = 0 THEN NULL ELSE spend END AS spend, visits FROM shopper WHERE id <= 20;
SELECT version FROM userseg.train('assign_skip', 'kmeans', 'shopper', id => 'id', params => '{"k":3}', null_policy => 'skip');
SET client_min_messages = notice;
SELECT * FROM userseg.assign('assign_skip', 'gap', 'id', 'gap_label', as_of => '2024-01-01');
SET client_min_messages = warning;
SELECT count(*), count(segment_id), count(segment), count(version) FROM gap_label WHERE id % 4 = 0;
-- NULL stays NULL: unchanged; a segment lost or gained: changed
SELECT n_unchanged, n_unscored FROM userseg.assign('assign_skip', 'gap', 'id', 'gap_label', as_of => '2024-01-02');
UPDATE gap SET spend = 12 WHERE id = 4;
UPDATE gap SET spend = NULL WHERE id = 5;
SELECT n_changed, n_unchanged, n_unscored FROM userseg.assign('assign_skip', 'gap', 'id', 'gap_label', as_of => '2024-01-03');
SELECT id, segment IS NULL AS without, valid_to FROM gap_label_history ORDER BY id;
-- imputed ones are scored, and told
SET client_min_messages = notice;
SELECT n_unscored FROM userseg.assign('assigned', $$SELECT * FROM (VALUES (1, NULL, 2::float8), (2, 'NaN'::float8, NULL), (3, 1, 1)) v(id, spend, visits)$$, 'id', 'odd');
SET client_min_messages = warning;
SELECT id, segment IS NOT NULL AS scored FROM odd ORDER BY id;

-- ---- history on and off ----
CREATE TABLE few AS SELECT * FROM shopper WHERE id IN (4, 5, 6);
SELECT n_new FROM userseg.assign('assigned', 'few', 'id', 'plain', history => false, as_of => '2024-01-01');
SELECT to_regclass('plain_history'), history_name FROM userseg.assignments WHERE table_name = 'plain';
UPDATE few SET spend = 1000, visits = 40 WHERE id = 4;
SELECT n_changed FROM userseg.assign('assigned', 'few', 'id', 'plain', history => false, as_of => '2024-01-02');
UPDATE few SET spend = 500, visits = 20 WHERE id = 4;
SELECT n_changed FROM userseg.assign('assigned', 'few', 'id', 'plain', as_of => '2024-01-03');
SELECT * FROM (SELECT id, segment, valid_from, valid_to FROM plain_history) h;
UPDATE few SET spend = 10, visits = 2 WHERE id = 4;
SELECT n_changed FROM userseg.assign('assigned', 'few', 'id', 'plain', history => false, as_of => '2024-01-04');
SELECT count(*) FROM plain_history;
SELECT history_name FROM userseg.assignments WHERE table_name = 'plain';

-- ---- ids of any type ----
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN code AS varchar(8) CHECK (VALUE ~ '^c');
CREATE FUNCTION try_type(type text, form text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  source text := format('SELECT (%s)::%s AS key, spend, visits FROM (SELECT *, row_number() OVER (ORDER BY id) AS i FROM assign.shopper) s WHERE i <= 3', form, type);
  first record;
  second record;
  given text;
  wrong bigint;
BEGIN
  SELECT * INTO first FROM userseg.assign('assigned', source, 'key', 'assign.typed', as_of => '2024-01-01');
  SELECT * INTO second FROM userseg.assign('assigned', replace(source, 'i <= 3', 'i IN (2, 3)') , 'key', 'assign.typed', as_of => '2024-01-02');
  SELECT format_type(atttypid, atttypmod) || CASE WHEN attcollation = (SELECT typcollation FROM pg_type t WHERE t.oid = atttypid) THEN '' ELSE ' ' || attcollation::regcollation END INTO given
  FROM pg_attribute WHERE attrelid = 'assign.typed'::regclass AND attnum = 1;
  EXECUTE format('SELECT count(*) FROM (%s) s FULL JOIN assign.typed t USING (key) FULL JOIN assign.typed_history h USING (key) WHERE (t.key IS NULL) <> (h.valid_to IS NOT NULL)', source) INTO wrong;
  DROP TABLE assign.typed, assign.typed_history;
  RETURN format('%s: new %s, then unchanged %s gone %s; wrong %s', given, first.n_new, second.n_unchanged, second.n_gone, wrong);
END $$;
SELECT try_type('smallint', 'i');
SELECT try_type('int', 'i');
SELECT try_type('bigint', 'i + 5000000000');
SELECT try_type('text', $$'user ' || i$$);
SELECT try_type('text COLLATE "C"', $$'user ' || i$$);
SELECT try_type('varchar(10)', $$'user ' || i$$);
SELECT try_type('char(6)', $$'u' || i$$);
SELECT try_type('name', $$'user ' || i$$);
SELECT try_type('uuid', $$md5(i::text)$$);
SELECT try_type('numeric', 'i / 3.0');
SELECT try_type('numeric(12,2)', 'i / 3.0');
SELECT try_type('float8', 'i / 3.0');
SELECT try_type('date', $$date '2024-01-01' + i::int$$);
SELECT try_type('timestamptz', $$timestamptz '2024-01-01' + i * interval '1 hour'$$);
SELECT try_type('timestamp(0)', $$timestamp '2024-01-01' + i * interval '1 hour'$$);
SELECT try_type('inet', $$'10.0.0.' || i$$);
SELECT try_type('bytea', $$decode(md5(i::text), 'hex')$$);
SELECT try_type('mood', $$(enum_range(NULL::assign.mood))[i]$$);
SELECT try_type('code', $$'c' || i$$);
SELECT try_type('bit(8)', $$i::int$$);
-- long ids are kept whole
SELECT try_type('text', $$repeat(md5(i::text), 50) || i$$);

-- ---- names ----
CREATE SCHEMA "Säle & ""Co""";
CREATE VIEW "Säle & ""Co"""."Käufer""" AS SELECT id AS "Kunden-Nr ""x""", spend, visits FROM shopper;
SELECT n_new FROM userseg.assign('assigned', '"Säle & ""Co"""."Käufer"""', 'Kunden-Nr "x"', '"Säle & ""Co"""."Label ""A"" of; DROP TABLE"', as_of => '2024-01-01');
DELETE FROM shopper WHERE id = 4;
UPDATE shopper SET spend = 1000, visits = 40 WHERE id = 5;
INSERT INTO shopper VALUES (40, 1000, 40);
SELECT n_new, n_changed, n_gone FROM userseg.assign('assigned', '"Säle & ""Co"""."Käufer"""', 'Kunden-Nr "x"', '"Säle & ""Co"""."Label ""A"" of; DROP TABLE"', as_of => '2024-01-02');
SELECT count(*) FROM "Säle & ""Co"""."Label ""A"" of; DROP TABLE_history";
-- 63 bytes: the name of the history is cut as that of an index is
SELECT n_new FROM userseg.assign('assigned', 'shopper', 'id', '"' || repeat('ä', 31) || 'z"');
SELECT n_new FROM userseg.assign('assigned', 'shopper', 'id', '"' || repeat('ä', 31) || 'y"');
SELECT table_name, history_name, octet_length(history_name) FROM userseg.assignments WHERE table_name ~ '^ä' ORDER BY table_name DESC;
-- folded, as regclass reads it
SELECT n_new FROM userseg.assign('assigned', 'shopper', 'id', 'assign.FOLDED');
SELECT to_regclass('assign.folded');
-- a name that is taken
CREATE TABLE taken_history ();
SELECT n_new FROM userseg.assign('assigned', 'shopper', 'id', 'taken');
SELECT history_name FROM userseg.assignments WHERE table_name = 'taken';

-- ---- columns, triggers and defaults of the user ----
ALTER TABLE label ADD COLUMN note text DEFAULT 'seen', ADD COLUMN touched int NOT NULL DEFAULT 0;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := OLD.touched + 1; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON label FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO shopper VALUES (41, 1000, 40);
SELECT n_new, n_changed, n_gone FROM userseg.assign('assigned', 'shopper', 'id', 'label');
SELECT id, note, touched FROM label WHERE id IN (5, 6, 41) ORDER BY id;

-- ---- columns of any name ----
CREATE VIEW awkward AS SELECT id AS here, spend, visits FROM shopper;
SELECT n_new FROM userseg.assign('assigned', 'awkward', 'here', 'awkward_label');
ALTER TABLE awkward_label ADD COLUMN s text, ADD COLUMN c text, ADD COLUMN id text, ADD COLUMN us_scored text;
INSERT INTO shopper VALUES (42, 1000, 40);
DELETE FROM shopper WHERE id = 41;
SELECT n_new, n_changed, n_gone FROM userseg.assign('assigned', 'awkward', 'here', 'awkward_label');

DROP SCHEMA "Säle & ""Co""" CASCADE;
DROP SCHEMA assign CASCADE;
SELECT userseg.drop_model('assigned'), userseg.drop_model('assign_skip');
