-- Shape of clustering features, and the SQLSTATE of their errors.
BEGIN;
SELECT plan(38);

SELECT has_type('userseg', 'cf', 'cf is a type');
SELECT is(typlen = -1 AND typalign = 'd' AND typstorage = 'x' AND typreceive <> 0 AND typsend <> 0, true, typname || ' is sent, received, toasted')
FROM pg_type WHERE typnamespace = 'userseg'::regnamespace AND typname = 'cf';

CREATE TEMP TABLE shape (name text, arguments text, result text, strict boolean);
INSERT INTO shape VALUES
  ('cf_agg', 'x double precision[], weight double precision', 'userseg.cf', false),
  ('cf_step', 'x double precision[]', 'userseg.cf', false),
  ('rollup', 'state userseg.cf', 'userseg.cf', false),
  ('cf_merge', 'a userseg.cf, b userseg.cf', 'userseg.cf', false),
  ('merge', 'a userseg.cf, b userseg.cf', 'userseg.cf', false),
  ('cf_dim', 'f userseg.cf', 'integer', true),
  ('cf_count', 'f userseg.cf', 'bigint', true),
  ('cf_weight', 'f userseg.cf', 'double precision', true),
  ('cf_centroid', 'f userseg.cf', 'double precision[]', true),
  ('cf_sse', 'f userseg.cf', 'double precision', true),
  ('cf_radius', 'f userseg.cf', 'double precision', true),
  ('cf_diameter', 'f userseg.cf', 'double precision', true),
  ('cf_distance', 'a userseg.cf, b userseg.cf, distance text DEFAULT ''ward''::text', 'double precision', true);
SET LOCAL search_path = pg_catalog, public;
SELECT is(count(*), 1::bigint, name || '(' || arguments || ')')
FROM shape LEFT JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
  AND pg_get_function_arguments(p.oid) = arguments AND format_type(prorettype, NULL) = result AND proisstrict = strict
  AND provolatile = 'i' AND proparallel = 's' AND NOT prosecdef AND obj_description(p.oid, 'pg_proc') IS NOT NULL
GROUP BY name, arguments ORDER BY name;
SELECT is(count(*), 1::bigint, name || ' has one signature')
FROM shape JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
WHERE name NOT IN ('rollup', 'merge') GROUP BY name ORDER BY name;

SELECT is(a.aggtranstype = 'userseg.cf'::regtype AND a.aggcombinefn = 'userseg._cf_combine'::regproc
          AND a.aggserialfn = 0 AND a.agginitval IS NULL AND a.aggmtransfn = 0 AND a.aggfinalmodify = 'r', true, p.proname || ' has a state of its own type, and combines')
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
WHERE p.pronamespace = 'userseg'::regnamespace AND a.aggtranstype = 'userseg.cf'::regtype ORDER BY p.proname;

SELECT throws_ok($$SELECT userseg.cf_step('{NaN}')$$, '22023');
SELECT throws_ok($$SELECT userseg.cf_step('{NULL}')$$, '22004');
SELECT throws_ok($$SELECT userseg.cf_step('{{1}}')$$, '2202E');
SELECT throws_ok($$SELECT userseg.cf_step('{1e160}')$$, '22003');
SELECT throws_ok($$SELECT userseg.cf_agg('{1}', -1)$$, '22023');
SELECT throws_ok($$SELECT userseg.cf_merge(userseg.cf_step('{1}'), userseg.cf_step('{1,2}'))$$, '22023');
SELECT throws_ok($$SELECT userseg.cf_distance(userseg.cf_step('{1}'), userseg.cf_step('{1}'), 'x')$$, '22023');
SELECT throws_ok($$SELECT '01'::userseg.cf$$, '22P03');
SELECT throws_ok($$SELECT userseg.cf_step('{2}')::text::userseg.kmeans_state$$, '22P03');

SELECT * FROM finish();
ROLLBACK;
