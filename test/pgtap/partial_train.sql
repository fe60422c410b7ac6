-- Shape of userseg.partial_train, and the SQLSTATE of its errors.
BEGIN;
SET client_min_messages = error;
SELECT plan(26);

SELECT has_function('userseg', 'partial_train', ARRAY['text', 'text', 'text', 'jsonb', 'text', 'double precision', 'double precision', 'bigint', 'text']);
SELECT is((SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname = 'partial_train'), 1, 'one signature');
SELECT is((SELECT proargnames[1:9] FROM pg_proc WHERE oid = 'userseg.partial_train'::regproc),
  ARRAY['model', 'source', 'id', 'params', 'weight', 'decay', 'half_life', 'seed', 'alias'], 'arguments');
SELECT is((SELECT proargnames[10:] FROM pg_proc WHERE oid = 'userseg.partial_train'::regproc),
  (SELECT proargnames[15:] FROM pg_proc WHERE oid = 'userseg.train'::regproc), 'columns as those of train');
SELECT is((SELECT pg_get_function_result('userseg.partial_train'::regproc)), (SELECT pg_get_function_result('userseg.train'::regproc)), 'and their types');
SELECT is((SELECT pg_get_expr(proargdefaults, 0) FROM pg_proc WHERE oid = 'userseg.partial_train'::regproc),
  'NULL::text, ''{}''::jsonb, NULL::text, 1, NULL::double precision, 42, NULL::text', 'defaults');
SELECT is((SELECT provolatile FROM pg_proc WHERE oid = 'userseg.partial_train'::regproc), 'v', 'volatile');
SELECT is((SELECT proparallel FROM pg_proc WHERE oid = 'userseg.partial_train'::regproc), 'u', 'parallel unsafe');
SELECT ok((SELECT NOT prosecdef AND NOT proisstrict FROM pg_proc WHERE oid = 'userseg.partial_train'::regproc), 'runs as the caller, NULL is a value');
SELECT isnt(obj_description('userseg.partial_train'::regproc, 'pg_proc'), NULL, 'has a comment');
SELECT ok(has_function_privilege('public', 'userseg.partial_train(text, text, text, jsonb, text, float8, float8, bigint, text)', 'execute'), 'for everyone');
SELECT has_column('userseg', 'model_versions', 'parent_version', 'lineage in the view');
SELECT bag_has($$SELECT algorithm FROM userseg.algorithms()$$, $$VALUES ('kmeans'), ('minibatch_kmeans'), ('gmm')$$, 'algorithms');

CREATE TABLE shopper AS SELECT i AS id, (i / 6 * 100 + i)::float8 AS spend FROM generate_series(1, 10) i;
SELECT isnt((SELECT version FROM userseg.train('shape', 'kmeans', 'shopper', id => 'id', params => '{"k":2}')), NULL, 'a model');
SELECT results_eq($$SELECT model, version, algorithm, n_rows, n_features, metric, converged FROM userseg.partial_train('shape', 'shopper')$$,
  $$VALUES ('shape'::text, 2, 'kmeans'::text, 10::bigint, 1, 'inertia'::text, true)$$, 'one row about the new version');
SELECT results_eq($$SELECT version, parent_version FROM userseg.training_info('shape')$$, $$VALUES (2, 1)$$, 'with its lineage');

SELECT throws_ok($$SELECT userseg.partial_train('shape', 'shopper', decay => -1)$$, '22023');
SELECT throws_ok($$SELECT userseg.partial_train('shape', 'shopper', half_life => -1)$$, '22023');
SELECT throws_ok($$SELECT userseg.partial_train('shape', 'shopper', params => '{"k": 3}')$$, '22023');
SELECT throws_ok($$SELECT userseg.partial_train('shape', 'SELECT 1 AS id')$$, '42703');
SELECT throws_ok($$SELECT userseg.partial_train('shape', 'SELECT 1 AS id, ''a''::text AS spend')$$, '42804');
SELECT throws_ok($$SELECT userseg.partial_train('shape', 'SELECT 1 AS id, 2.0 AS spend WHERE false')$$, '22023');
SELECT throws_ok($$SELECT userseg.partial_train('shape@9', 'shopper')$$, '42704');
SELECT throws_ok($$SELECT userseg.partial_train('none', 'shopper')$$, '42704');
SELECT throws_ok($$SELECT userseg.partial_train(NULL, 'shopper')$$, '22004');
CREATE ROLE userseg_partial_nobody;
SET ROLE userseg_partial_nobody;
SELECT throws_ok($$SELECT userseg.partial_train('shape', 'shopper')$$, '42501');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
