-- Shape of select_k.
BEGIN;
SELECT plan(8);

SELECT is(pg_get_function_arguments(oid),
  'algorithm text, source text, k_min integer DEFAULT 1, k_max integer DEFAULT 10, id text DEFAULT NULL::text, features text[] DEFAULT NULL::text[], '
  'transform jsonb DEFAULT ''{}''::jsonb, params jsonb DEFAULT ''{}''::jsonb, null_policy text DEFAULT ''impute''::text, weight text DEFAULT NULL::text, '
  'seed bigint DEFAULT 42, criterion text DEFAULT NULL::text, reference_sets integer DEFAULT 50, bootstraps integer DEFAULT 20', 'arguments')
FROM pg_proc WHERE proname = 'select_k' AND pronamespace = 'userseg'::regnamespace;
SELECT is(pg_get_function_result(oid),
  'TABLE(k integer, n_rows bigint, inertia double precision, silhouette double precision, calinski_harabasz double precision, davies_bouldin double precision, '
  'gap double precision, gap_se double precision, bic double precision, aic double precision, stability double precision, jaccard double precision[], '
  'recommended boolean, reason text, details jsonb)', 'columns')
FROM pg_proc WHERE proname = 'select_k' AND pronamespace = 'userseg'::regnamespace;
SELECT ok(provolatile = 'v' AND proparallel = 'u' AND NOT proisstrict AND NOT prosecdef AND procost > 1000 AND proretset,
  'reads the source as the caller, starts workers')
FROM pg_proc WHERE proname = 'select_k' AND pronamespace = 'userseg'::regnamespace;
SELECT isnt(obj_description(oid, 'pg_proc'), NULL, 'has a comment')
FROM pg_proc WHERE proname = 'select_k' AND pronamespace = 'userseg'::regnamespace;

-- the source is read with the caller's rights, and cannot write
CREATE TABLE rows_of_owner AS SELECT g AS id, g % 7 AS a FROM generate_series(1, 50) g;
CREATE TABLE written (a int);
CREATE FUNCTION writes(int) RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO written VALUES ($1) RETURNING a';
SELECT throws_ok($$SELECT userseg.select_k('kmeans', 'SELECT writes(id) AS a FROM rows_of_owner')$$, '25006', NULL, 'a source that writes');
SELECT throws_ok($$SELECT userseg.select_k('kmeans', 'DELETE FROM rows_of_owner')$$, '42601', NULL, 'a source that is no SELECT');
CREATE ROLE userseg_select_k_nobody;
GRANT USAGE ON SCHEMA userseg TO userseg_select_k_nobody;
SET LOCAL ROLE userseg_select_k_nobody;
SELECT throws_ok($$SELECT userseg.select_k('kmeans', 'rows_of_owner')$$, '42501', NULL, 'a source that the caller may not read');
RESET ROLE;
-- in a transaction that only reads
SET TRANSACTION READ ONLY;
SELECT is((SELECT count(*)::int FROM userseg.select_k('kmeans', 'rows_of_owner', 1, 3, id => 'id', reference_sets => 2, bootstraps => 2)), 3, 'in a transaction that only reads');

SELECT * FROM finish();
ROLLBACK;
