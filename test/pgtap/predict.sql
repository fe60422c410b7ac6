-- Shape of the scoring functions.
BEGIN;
SELECT plan(48);

CREATE TEMP TABLE scoring (name text, arguments text, result text);
INSERT INTO scoring VALUES
  ('predict', 'model text, features record', 'text'),
  ('predict_id', 'model text, features record', 'integer'),
  ('predict_value', 'model text, features record', 'double precision'),
  ('predict_quantile', 'model text, features record, quantile double precision', 'double precision'),
  ('predict_proba', 'model text, features record', 'jsonb'),
  ('predict_detail', 'model text, features record', 'userseg.prediction'),
  ('predict_json', 'model text, features jsonb', 'userseg.prediction'),
  ('embed', 'model text, features record', 'real[]'),
  ('transform', 'model text, features record', 'jsonb'),
  ('score', 'a userseg.artifact, features record', 'userseg.prediction');
CREATE TEMP VIEW functions AS
SELECT s.*, p.* FROM scoring s LEFT JOIN pg_proc p ON p.proname = s.name AND p.pronamespace = 'userseg'::regnamespace;

SELECT is(count(*)::int, 1, name || ' has one signature') FROM functions GROUP BY name ORDER BY name;
SELECT is(pg_get_function_arguments(oid), arguments, name || ': arguments') FROM functions ORDER BY name;
SELECT is(format_type(prorettype, NULL), result, name || ': result') FROM functions ORDER BY name;
SELECT ok(provolatile = 's' AND proparallel = 's' AND proisstrict AND NOT prosecdef AND procost > 1 AND NOT proretset,
  name || ' is stable, parallel safe, strict, of honest cost, and runs as the caller') FROM functions ORDER BY name;
-- what stands in for them differs only in the form of the row
SELECT is((SELECT count(*)::int FROM functions f JOIN pg_proc s
    ON s.pronamespace = f.pronamespace AND s.proname = '_' || f.proname
   AND (s.prorettype, s.provolatile, s.proparallel, s.prosecdef, s.procost, s.provariadic)
     = (f.prorettype, f.provolatile, f.proparallel, f.prosecdef, f.procost, '"any"'::regtype)
   WHERE f.prosupport = 'userseg._predict_support'::regproc), 8, 'sisters that take columns');
SELECT is((SELECT prosupport::text FROM functions WHERE name = 'predict_json'), '-', 'jsonb has no columns');

SELECT has_composite('userseg', 'prediction', 'the type of a prediction');
SELECT is((SELECT array_agg(attname::text || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum)
           FROM pg_attribute WHERE attrelid = 'userseg.prediction'::regclass),
  ARRAY['label text', 'label_id integer', 'value double precision', 'probability double precision', 'runner_up text',
        'margin double precision', 'distance double precision', 'reasons jsonb', 'version integer', 'warnings text[]'],
  'columns of a prediction');
SELECT is((SELECT count(*)::int FROM pg_attribute WHERE attrelid = 'userseg.prediction'::regclass AND col_description(attrelid, attnum) IS NULL), 0, 'with comments');
SELECT isnt(obj_description('userseg.prediction'::regtype, 'pg_type'), NULL, 'and one of the type');

SELECT throws_ok($$SELECT userseg.predict('nobody', ROW(1))$$, '42704');
SELECT throws_ok($$SELECT userseg.predict('No Body', ROW(1))$$, '42602');

SELECT * FROM finish();
ROLLBACK;
