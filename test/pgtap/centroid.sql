-- Shape of centroid sets, distances and k-means aggregates, and the SQLSTATE of their errors.
BEGIN;
SELECT plan(64);

SELECT has_type('userseg', t, t || ' is a type') FROM unnest('{centroid_set,kmeans_point,kmeans_state}'::text[]) t;
SELECT is(typlen = -1 AND typalign = 'd' AND typstorage = 'x' AND typreceive <> 0 AND typsend <> 0, true, typname || ' is sent, received, toasted')
FROM pg_type WHERE typnamespace = 'userseg'::regnamespace AND typname IN ('centroid_set', 'kmeans_point', 'kmeans_state') ORDER BY typname;

-- name, arguments with their names and defaults, result, strict
CREATE TEMP TABLE shape (name text, arguments text, result text, strict boolean);
INSERT INTO shape VALUES
  ('centroid_set', 'centers double precision[], metric text DEFAULT ''euclidean''::text, weights double precision[] DEFAULT NULL::double precision[]', 'userseg.centroid_set', false),
  ('centroid_count', 'c userseg.centroid_set', 'integer', true),
  ('centroid_dim', 'c userseg.centroid_set', 'integer', true),
  ('centroid_metric', 'c userseg.centroid_set', 'text', true),
  ('centroid_array', 'c userseg.centroid_set', 'double precision[]', true),
  ('centroid', 'c userseg.centroid_set, label integer', 'double precision[]', true),
  ('centroid_weights', 'c userseg.centroid_set', 'double precision[]', true),
  ('centroid_shift', 'a userseg.centroid_set, b userseg.centroid_set', 'double precision', true),
  ('distance', 'a double precision[], b double precision[], metric text DEFAULT ''euclidean''::text', 'double precision', true),
  ('nearest', 'c userseg.centroid_set, x double precision[]', 'integer', true),
  ('nearest_distance', 'c userseg.centroid_set, x double precision[]', 'double precision', true),
  ('kmeans_point', 'c userseg.centroid_set, x double precision[], weight double precision DEFAULT 1', 'userseg.kmeans_point', true),
  ('kmeans_agg', 'c userseg.centroid_set, x double precision[], weight double precision', 'userseg.kmeans_state', false),
  ('kmeans_step', 'point userseg.kmeans_point', 'userseg.kmeans_state', false),
  ('centroid_agg', 'x double precision[], weight double precision', 'userseg.centroid_set', false),
  ('inertia_agg', 'c userseg.centroid_set, x double precision[]', 'double precision', false),
  ('silhouette_agg', 'c userseg.centroid_set, x double precision[]', 'double precision', false),
  ('rollup', 'state userseg.kmeans_state', 'userseg.kmeans_state', false),
  ('merge', 'a userseg.kmeans_state, b userseg.kmeans_state', 'userseg.kmeans_state', false),
  ('next_centroids', 's userseg.kmeans_state, c userseg.centroid_set DEFAULT NULL::userseg.centroid_set', 'userseg.centroid_set', false),
  ('inertia', 's userseg.kmeans_state', 'double precision', true),
  ('sizes', 's userseg.kmeans_state', 'bigint[]', true),
  ('weights', 's userseg.kmeans_state', 'double precision[]', true);
SET LOCAL search_path = pg_catalog, public;
SELECT is(count(*), 1::bigint, name || '(' || arguments || ')')
FROM shape LEFT JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
  AND pg_get_function_arguments(p.oid) = arguments AND format_type(prorettype, NULL) = result AND proisstrict = strict
  AND provolatile = 'i' AND proparallel = 's' AND NOT prosecdef AND obj_description(p.oid, 'pg_proc') IS NOT NULL
GROUP BY name, arguments ORDER BY name;
SELECT is(count(*), 1::bigint, name || ' has one signature')
FROM shape JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
WHERE name NOT IN ('rollup', 'merge') GROUP BY name ORDER BY name;

-- aggregates: what distributes and runs in parallel
SELECT is(a.aggtranstype = 'userseg.kmeans_state'::regtype AND a.aggcombinefn = 'userseg._kmeans_combine'::regproc
          AND a.aggserialfn = 0 AND a.agginitval IS NULL AND a.aggmtransfn = 0 AND a.aggfinalmodify = 'r', true, p.proname || ' has a state of its own type, and combines')
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
WHERE p.pronamespace = 'userseg'::regnamespace AND a.aggtranstype = 'userseg.kmeans_state'::regtype ORDER BY p.proname;

-- the same values by position as by name; defaults
SELECT is(userseg.distance('{1,2}', '{4,6}'), userseg.distance(b => '{1,2}', a => '{4,6}', metric => 'euclidean'), 'distance by name');
SELECT is(userseg.kmeans_point('{{1}}', '{2}')::text, userseg.kmeans_point(c => '{{1}}', x => '{2}', weight => 1)::text, 'kmeans_point by name');
SELECT ok(userseg.centroid_set(ARRAY[[1,2]]) OPERATOR(userseg.=) '{{1,2}}', 'centroid_set by default');

SELECT throws_ok($$SELECT userseg.distance('{1}', '{1,2}')$$, '22023');
SELECT throws_ok($$SELECT userseg.distance('{NaN}', '{1}')$$, '22023');
SELECT throws_ok($$SELECT userseg.distance('{NULL}', '{1}')$$, '22004');
SELECT throws_ok($$SELECT userseg.distance('{{1}}', '{1}')$$, '2202E');
SELECT throws_ok($$SELECT userseg.distance('{1e308}', '{-1e308}')$$, '22003');

SELECT * FROM finish();
ROLLBACK;
