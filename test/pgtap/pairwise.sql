-- Shape of pairwise, and the SQLSTATE of its errors.
BEGIN;
SELECT plan(10);
SELECT is(pg_get_function_arguments(oid), 'source text, id text, features text[] DEFAULT NULL::text[], metric text DEFAULT ''euclidean''::text', 'arguments of pairwise')
FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname = 'pairwise';
SELECT is(pg_get_function_result(oid), 'TABLE(a text, b text, distance double precision)', 'result of pairwise')
FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname = 'pairwise';
SELECT is(provolatile = 'v' AND proparallel = 'u' AND NOT proisstrict AND NOT prosecdef, true, 'pairwise reads, as the caller')
FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname = 'pairwise';
CREATE TABLE pair_rows AS SELECT i AS id, i AS x, 'a' AS c FROM generate_series(1, 3) i;
CREATE FUNCTION pair_write() RETURNS int LANGUAGE sql AS $$INSERT INTO pair_rows VALUES (9, 9) RETURNING 1$$;
SELECT throws_ok($$SELECT * FROM userseg.pairwise('pair_rows', 'id', metric => 'x', features => '{x}')$$, '22023');
SELECT throws_ok($$SELECT * FROM userseg.pairwise('pair_rows', 'id')$$, '42804');
SELECT throws_ok($$SELECT * FROM userseg.pairwise('pair_rows', 'id', '{y}')$$, '42703');
SELECT throws_ok($$SELECT * FROM userseg.pairwise('SELECT 1 AS id, x FROM pair_rows', 'id')$$, '23505');
SELECT throws_ok($$SELECT * FROM userseg.pairwise('SELECT id, pair_write() AS x FROM pair_rows', 'id')$$, '25006');
SELECT throws_ok($$SELECT * FROM userseg.pairwise('DELETE FROM pair_rows', 'id')$$, '42601');
SELECT throws_ok($$SELECT * FROM userseg.pairwise('SELECT i, i AS x FROM generate_series(1, 5001) i', 'i')$$, '54000');
SELECT * FROM finish();
ROLLBACK;
