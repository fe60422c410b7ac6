-- Shape of mixtures and of gmm_step, and the SQLSTATE of their errors.
BEGIN;
SELECT plan(42);

SELECT has_type('userseg', t, t || ' is a type') FROM unnest('{mixture,gmm_point,gmm_state}'::text[]) t;
SELECT is(typlen = -1 AND typalign = 'd' AND typstorage = 'x' AND typreceive <> 0 AND typsend <> 0, true, typname || ' is sent, received, toasted')
FROM pg_type WHERE typnamespace = 'userseg'::regnamespace AND typname IN ('mixture', 'gmm_point', 'gmm_state') ORDER BY typname;

-- name, arguments with their names and defaults, result, strict
CREATE TEMP TABLE shape (name text, arguments text, result text, strict boolean);
INSERT INTO shape VALUES
  ('mixture', 'weights double precision[], means double precision[], covariances double precision[], covariance text DEFAULT ''full''::text', 'userseg.mixture', false),
  ('covariance_type', 'm userseg.mixture', 'text', true),
  ('mixture_weights', 'm userseg.mixture', 'double precision[]', true),
  ('mixture_means', 'm userseg.mixture', 'double precision[]', true),
  ('mixture_covariances', 'm userseg.mixture', 'double precision[]', true),
  ('log_density', 'm userseg.mixture, x double precision[]', 'double precision', true),
  ('responsibilities', 'm userseg.mixture, x double precision[]', 'double precision[]', true),
  ('gmm_point', 'm userseg.mixture, x double precision[], weight double precision DEFAULT 1', 'userseg.gmm_point', true),
  ('gmm_step', 'point userseg.gmm_point', 'userseg.gmm_state', false),
  ('rollup', 'state userseg.gmm_state', 'userseg.gmm_state', false),
  ('merge', 'a userseg.gmm_state, b userseg.gmm_state', 'userseg.gmm_state', false),
  ('next_mixture', 's userseg.gmm_state, m userseg.mixture, reg_covar double precision DEFAULT ''1e-06''::numeric, step double precision DEFAULT 1', 'userseg.mixture', true),
  ('log_likelihood', 's userseg.gmm_state', 'double precision', true),
  ('component_weights', 's userseg.gmm_state', 'double precision[]', true),
  ('row_count', 's userseg.gmm_state', 'bigint', true);
SET LOCAL search_path = pg_catalog, public;
SELECT is(count(*), 1::bigint, name || '(' || arguments || ')')
FROM shape LEFT JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
  AND pg_get_function_arguments(p.oid) = arguments AND format_type(prorettype, NULL) = result AND proisstrict = strict
  AND provolatile = 'i' AND proparallel = 's' AND NOT prosecdef AND obj_description(p.oid, 'pg_proc') IS NOT NULL
GROUP BY name, arguments ORDER BY name;

-- aggregates: what distributes and runs in parallel
SELECT is(a.aggtranstype = 'userseg.gmm_state'::regtype AND a.aggcombinefn = 'userseg._gmm_combine'::regproc
          AND a.aggserialfn = 0 AND a.agginitval IS NULL AND a.aggmtransfn = 0 AND a.aggfinalmodify = 'r', true, p.proname || ' has a state of its own type, and combines')
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
WHERE p.pronamespace = 'userseg'::regnamespace AND a.aggtranstype = 'userseg.gmm_state'::regtype ORDER BY p.proname;

-- the same values by position as by name; defaults
SELECT is(userseg.mixture(NULL, '{{1}}', '{{{2}}}')::text, userseg.mixture(covariances => '{{{2}}}', means => '{{1}}', weights => NULL, covariance => 'full')::text, 'mixture by name');
SELECT is(userseg.gmm_point(userseg.mixture(NULL, '{{1}}', '{2}', 'spherical'), '{2}')::text,
          userseg.gmm_point(m => userseg.mixture(NULL, '{{1}}', '{2}', 'spherical'), x => '{2}', weight => 1)::text, 'gmm_point by name');

CREATE TEMP TABLE m AS SELECT userseg.mixture(NULL, '{{1},{5}}', '{2,3}', 'spherical') AS m;
SELECT throws_ok($$SELECT userseg.mixture(NULL, '{1}', '{1}', 'spherical')$$, '2202E');
SELECT throws_ok($$SELECT userseg.mixture(NULL, '{{1}}', '{1,2}', 'spherical')$$, '22023');
SELECT throws_ok($$SELECT userseg.mixture(NULL, '{{1}}', '{0}', 'spherical')$$, '22023');
SELECT throws_ok($$SELECT userseg.mixture(NULL, '{{1}}', '{1}', 'oval')$$, '22023');
SELECT throws_ok($$SELECT userseg.mixture(NULL, '{{NULL}}', '{1}', 'spherical')$$, '22004');
SELECT throws_ok($$SELECT userseg.mixture(NULL, NULL, '{1}', 'spherical')$$, '22004');
SELECT throws_ok($$SELECT userseg.gmm_point(m, '{1,2}') FROM m$$, '22023');
SELECT throws_ok($$SELECT userseg.gmm_point(m, '{NaN}') FROM m$$, '22023');
SELECT throws_ok($$SELECT userseg.gmm_point(m, '{1}', -1) FROM m$$, '22023');
SELECT throws_ok($$SELECT userseg.gmm_point(m, '{1e300}') FROM m$$, '22003');
SELECT throws_ok($$SELECT userseg.log_density(m, '{NULL}') FROM m$$, '22004');
SELECT throws_ok($$SELECT userseg.next_mixture(userseg.gmm_step(userseg.gmm_point(m, '{1}')), userseg.mixture(NULL, '{{1}}', '{1}', 'spherical')) FROM m$$, '22023');
SELECT throws_ok($$SELECT userseg.next_mixture(s, m, 1e-6, 0) FROM m, LATERAL (SELECT userseg.gmm_step(userseg.gmm_point(m, ARRAY[x])) AS s FROM (VALUES (1.0::float8)) v(x)) s$$, '22023');
SELECT throws_ok($$SELECT '00'::userseg.mixture$$, '22P03');
SELECT throws_ok($$SELECT '99'::userseg.gmm_state$$, '0A000');
SELECT throws_ok($$SELECT 'x'::userseg.gmm_point$$, '22P02');
SELECT ok(userseg.gmm_step(p) IS NULL, 'no rows: NULL') FROM (SELECT NULL::userseg.gmm_point AS p WHERE false) e;
SELECT * FROM finish();
ROLLBACK;
