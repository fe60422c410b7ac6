-- Shape of silhouette.
BEGIN;
SELECT plan(6);

SELECT is(pg_get_function_arguments(oid),
  'source text, label text, features text[] DEFAULT NULL::text[], id text DEFAULT NULL::text, transform jsonb DEFAULT ''{}''::jsonb, '
  'null_policy text DEFAULT ''impute''::text, metric text DEFAULT ''euclidean''::text, sample_rows integer DEFAULT 10000, '
  'each_row boolean DEFAULT false, seed bigint DEFAULT 42, weight text DEFAULT NULL::text, workers integer DEFAULT NULL::integer', 'arguments')
FROM pg_proc WHERE proname = 'silhouette' AND pronamespace = 'userseg'::regnamespace;
SELECT is(pg_get_function_result(oid),
  'TABLE(id text, label text, neighbour text, silhouette double precision, n_rows bigint, details jsonb)', 'columns')
FROM pg_proc WHERE proname = 'silhouette' AND pronamespace = 'userseg'::regnamespace;
SELECT ok(provolatile = 'v' AND proparallel = 'u' AND NOT proisstrict AND NOT prosecdef AND procost > 1000 AND proretset, 'reads the source as the caller')
FROM pg_proc WHERE proname = 'silhouette' AND pronamespace = 'userseg'::regnamespace;

CREATE TABLE rows_of_owner AS SELECT g AS id, g % 7 AS a, g % 2 AS l FROM generate_series(1, 50) g;
CREATE TABLE written (a int);
CREATE FUNCTION writes(int) RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO written VALUES ($1) RETURNING a';
SELECT throws_ok($$SELECT userseg.silhouette('SELECT writes(id) AS a, l FROM rows_of_owner', 'l')$$, '25006', NULL, 'a source that writes');
CREATE ROLE userseg_silhouette_nobody;
GRANT USAGE ON SCHEMA userseg TO userseg_silhouette_nobody;
SET LOCAL ROLE userseg_silhouette_nobody;
SELECT throws_ok($$SELECT userseg.silhouette('rows_of_owner', 'l')$$, '42501', NULL, 'a source that the caller may not read');
RESET ROLE;
SET TRANSACTION READ ONLY;
SELECT is((SELECT count(*)::int FROM userseg.silhouette('rows_of_owner', 'l', id => 'id', each_row => true)), 50, 'in a transaction that only reads');

SELECT * FROM finish();
ROLLBACK;
