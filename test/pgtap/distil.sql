-- Shape of distil().
BEGIN;
SELECT plan(4);
SELECT is(pg_get_function_arguments('userseg.distil'::regproc), 'model text, algorithm text, new_model text, source text DEFAULT NULL::text, id text DEFAULT NULL::text, features text[] DEFAULT NULL::text[], transform jsonb DEFAULT ''{}''::jsonb, params jsonb DEFAULT ''{}''::jsonb, holdout double precision DEFAULT NULL::double precision, seed bigint DEFAULT NULL::bigint, alias text DEFAULT NULL::text', 'distil');
SELECT is(pg_get_function_result('userseg.distil'::regproc), 'TABLE(model text, version integer, algorithm text, n_rows bigint, n_features integer, measured_on text, measured_rows bigint, fidelity double precision, fidelity_r2 double precision, metric text, teacher_value double precision, student_value double precision, loss double precision, warnings text[], details jsonb)', 'what distil tells');
SELECT is(provolatile::text || proparallel::text || proisstrict, 'vufalse', 'distil is volatile, parallel unsafe, and not strict') FROM pg_proc WHERE oid = 'userseg.distil'::regproc;
SELECT isnt(obj_description('userseg.distil'::regproc), NULL, 'distil has a comment');
SELECT * FROM finish();
ROLLBACK;
