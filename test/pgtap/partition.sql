-- Shape of the agreement of labelings, and the SQLSTATE of its errors.
BEGIN;
SELECT plan(35);

SELECT has_type('userseg', t, t || ' is a type') FROM unnest('{contingency,agreement}'::text[]) t;
SELECT is(typlen = -1 AND typalign = 'd' AND typstorage = 'x' AND typreceive <> 0 AND typsend <> 0, true, typname || ' is sent, received, toasted')
FROM pg_type WHERE typnamespace = 'userseg'::regnamespace AND typname = 'contingency';

CREATE TEMP TABLE shape (name text, arguments text, result text, strict boolean);
INSERT INTO shape VALUES
  ('contingency_agg', 'a anycompatible, b anycompatible', 'userseg.contingency', false),
  ('contingency_step', 'labels text[]', 'userseg.contingency', false),
  ('contingency_rows', 'c userseg.contingency', 'bigint', true),
  ('contingency_nulls', 'c userseg.contingency', 'bigint', true),
  ('adjusted_rand_agg', 'a anycompatible, b anycompatible', 'double precision', false),
  ('normalized_mutual_info_agg', 'a anycompatible, b anycompatible', 'double precision', false),
  ('adjusted_rand', 'c userseg.contingency', 'double precision', true),
  ('normalized_mutual_info', 'c userseg.contingency', 'double precision', true),
  ('v_measure', 'a anycompatible, b anycompatible', 'userseg.agreement', false),
  ('v_measure', 'c userseg.contingency', 'userseg.agreement', true),
  ('rollup', 'state userseg.contingency', 'userseg.contingency', false),
  ('merge', 'a userseg.contingency, b userseg.contingency', 'userseg.contingency', false);
SET LOCAL search_path = pg_catalog, public;
SELECT is(count(*), 1::bigint, name || '(' || arguments || ')')
FROM shape LEFT JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
  AND pg_get_function_arguments(p.oid) = arguments AND format_type(prorettype, NULL) = result AND proisstrict = strict
  AND provolatile = 'i' AND proparallel = 's' AND NOT prosecdef AND obj_description(p.oid, 'pg_proc') IS NOT NULL
GROUP BY name, arguments ORDER BY name, arguments;
SELECT is(count(*), 1::bigint, name || ' has one signature')
FROM (SELECT DISTINCT name FROM shape) s JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
WHERE name NOT IN ('rollup', 'merge', 'v_measure') GROUP BY name ORDER BY name;

-- aggregates: what distributes and runs in parallel
SELECT is(a.aggtranstype = 'userseg.contingency'::regtype AND a.aggcombinefn = 'userseg._contingency_combine'::regproc
          AND a.aggserialfn = 0 AND a.agginitval IS NULL AND a.aggmtransfn = 0 AND a.aggfinalmodify = 'r', true, p.proname || ' has a state of its own type, and combines')
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
WHERE p.pronamespace = 'userseg'::regnamespace AND a.aggtranstype = 'userseg.contingency'::regtype ORDER BY p.proname;
SELECT is((SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'userseg.agreement'::regclass), '{homogeneity,completeness,v_measure}', 'columns of agreement');

SELECT throws_ok($$SELECT userseg.adjusted_rand_agg(now(), now())$$, '42804');
SELECT throws_ok($$SELECT userseg.contingency_step('{a}')$$, '22023');
SELECT throws_ok($$SELECT userseg.adjusted_rand_agg(i, i) FROM generate_series(1, 500001) i$$, '54000');
SELECT throws_ok($$SELECT '01'::userseg.contingency$$, '22P03');
SELECT throws_ok($$SELECT userseg.adjusted_rand_agg(1, 'x'::text)$$, '42883');

SELECT * FROM finish();
ROLLBACK;
