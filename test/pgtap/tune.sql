-- Shape of userseg.tune, who may, and the SQLSTATE of its errors.
BEGIN;
SELECT plan(22);

SELECT has_function('userseg', 'tune', ARRAY['text', 'text', 'text', 'text', 'jsonb', 'text', 'integer', 'text', 'integer', 'double precision', 'text', 'text[]',
  'jsonb', 'jsonb', 'text', 'text', 'text', 'double precision', 'text', 'bigint', 'text']);
SELECT is((SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname = 'tune'), 1, 'one signature');
SELECT is((SELECT proargnames FROM pg_proc WHERE oid = 'userseg.tune'::regproc),
  ARRAY['model', 'algorithm', 'source', 'target', 'grid', 'search', 'folds', 'metric', 'trials', 'max_seconds', 'id', 'features', 'transform', 'params',
        'null_policy', 'weight', 'split', 'holdout', 'time_column', 'seed', 'alias',
        'trial', 'params', 'status', 'metric', 'mean', 'sd', 'fold_values', 'n', 'duration', 'best', 'version'], 'arguments and columns');
SELECT is((SELECT pg_get_expr(proargdefaults, 0) FROM pg_proc WHERE oid = 'userseg.tune'::regproc),
  $$'grid'::text, 5, NULL::text, 20, NULL::double precision, NULL::text, NULL::text[], '{}'::jsonb, '{}'::jsonb, 'impute'::text, NULL::text, 'auto'::text, 0.2, NULL::text, 42, NULL::text$$, 'defaults');
SELECT is((SELECT provolatile FROM pg_proc WHERE oid = 'userseg.tune'::regproc), 'v', 'volatile');
SELECT is((SELECT proparallel FROM pg_proc WHERE oid = 'userseg.tune'::regproc), 'u', 'parallel unsafe');
SELECT ok((SELECT NOT prosecdef FROM pg_proc WHERE oid = 'userseg.tune'::regproc), 'runs as the caller');
SELECT isnt(obj_description('userseg.tune'::regproc, 'pg_proc'), NULL, 'has a comment');

CREATE TABLE shopper AS SELECT i AS id, i % 7 AS visits, i % 13 AS pages, i % 7 + i % 3 AS spend FROM generate_series(1, 100) i;
SELECT results_eq($$SELECT trial, status, best, version FROM userseg.tune('shape', 'linear', 'shopper', 'spend', '{"lambda": [10, 0.001]}', folds => 3, id => 'id', params => '{"penalty": "ridge"}')$$,
  $$VALUES (1, 'done', false, NULL::int), (2, 'done', true, 1)$$, 'one row a trial');
SELECT is((SELECT count(*)::int FROM userseg.runs WHERE model = 'shape' AND kind = 'train'), 1, 'the log has the training');
SELECT is((SELECT count(*)::int FROM userseg._trial WHERE model = 'shape'), 2, 'trials are kept');

SELECT throws_ok($$SELECT userseg.tune('shape', 'linear', 'shopper', 'spend', '{}')$$, '22023');
SELECT throws_ok($$SELECT userseg.tune('shape', 'linear', 'shopper', 'spend', '{"lambda": [-1]}')$$, '22023');
SELECT throws_ok($$SELECT userseg.tune('shape', 'linear', 'shopper', 'spend', '{"lambda": [1]}', 'other')$$, '22023');
SELECT throws_ok($$SELECT userseg.tune('shape', 'nothing', 'shopper', 'spend', '{"lambda": [1]}')$$, '42704');
SELECT throws_ok($$SELECT userseg.tune('Shape', 'linear', 'shopper', 'spend', '{"lambda": [1]}')$$, '42602');

-- another role: neither on the name, nor at the trials
CREATE ROLE stranger;
GRANT USAGE ON SCHEMA public TO stranger;
GRANT SELECT ON shopper TO stranger;
SET ROLE stranger;
SELECT throws_ok($$SELECT userseg.tune('shape', 'linear', 'public.shopper', 'spend', '{"lambda": [1]}')$$, '42501');
SELECT throws_ok('SELECT * FROM userseg._trial', '42501');
SELECT results_eq($$SELECT status FROM userseg.tune('own', 'linear', 'public.shopper', 'spend', '{"lambda": [10]}', folds => 3, id => 'id', params => '{"penalty": "ridge"}')$$,
  $$VALUES ('done')$$, 'trials belong to a model');
SELECT results_eq($$SELECT status FROM userseg.tune('own', 'linear', 'public.shopper', 'spend', '{"lambda": [10]}', folds => 3, id => 'id', params => '{"penalty": "ridge"}')$$,
  $$VALUES ('stored')$$, 'and are read back for its owner');
SELECT is(userseg.drop_model('own'), 2, 'a model goes');
RESET ROLE;
SELECT is((SELECT count(*)::int FROM userseg._trial WHERE model = 'own'), 0, 'with its trials');

SELECT * FROM finish();
ROLLBACK;
