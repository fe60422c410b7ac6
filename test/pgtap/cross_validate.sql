-- Shape of userseg.cross_validate, and the SQLSTATE of its errors.
BEGIN;
SELECT plan(15);

SELECT has_function('userseg', 'cross_validate', ARRAY['text', 'text', 'text', 'integer', 'text', 'text[]', 'jsonb', 'jsonb', 'text', 'text', 'text', 'text', 'bigint']);
SELECT is((SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname = 'cross_validate'), 1, 'one signature');
SELECT is((SELECT proargnames FROM pg_proc WHERE oid = 'userseg.cross_validate'::regproc),
  ARRAY['algorithm', 'source', 'target', 'folds', 'id', 'features', 'transform', 'params', 'null_policy', 'weight', 'split', 'time_column', 'seed',
        'fold', 'metric', 'value', 'ci_low', 'ci_high', 'sd', 'n', 'n_training'], 'arguments and columns');
SELECT is((SELECT pg_get_expr(proargdefaults, 0) FROM pg_proc WHERE oid = 'userseg.cross_validate'::regproc),
  $$5, NULL::text, NULL::text[], '{}'::jsonb, '{}'::jsonb, 'impute'::text, NULL::text, 'auto'::text, NULL::text, 42$$, 'defaults');
SELECT is((SELECT provolatile FROM pg_proc WHERE oid = 'userseg.cross_validate'::regproc), 'v', 'volatile');
SELECT is((SELECT proparallel FROM pg_proc WHERE oid = 'userseg.cross_validate'::regproc), 'u', 'parallel unsafe');
SELECT ok((SELECT NOT prosecdef FROM pg_proc WHERE oid = 'userseg.cross_validate'::regproc), 'runs as the caller');
SELECT isnt(obj_description('userseg.cross_validate'::regproc, 'pg_proc'), NULL, 'has a comment');

CREATE TABLE shopper AS SELECT i AS id, i % 7 AS visits, i % 7 + i % 5 > 5 AS bought, i % 7 + i % 3 AS spend FROM generate_series(1, 100) i;
SELECT set_eq($$SELECT DISTINCT fold FROM userseg.cross_validate('linear', 'shopper', 'spend', folds => 3, id => 'id', features => '{visits}')$$,
  ARRAY[1, 2, 3, NULL], 'a row a fold, and one for all');
SELECT throws_ok($$SELECT userseg.cross_validate('linear', 'shopper', 'spend', folds => 1)$$, '22023');
SELECT throws_ok($$SELECT userseg.cross_validate('linear', 'shopper', 'spend', split => 'half')$$, '22023');
SELECT throws_ok($$SELECT userseg.cross_validate('kmeans', 'shopper', 'spend')$$, '22023');
SELECT throws_ok($$SELECT userseg.cross_validate('nothing', 'shopper', 'spend')$$, '42704');
SELECT throws_ok($$SELECT userseg.cross_validate('linear', 'shopper', 'nothing')$$, '42703');

CREATE ROLE stranger;
GRANT USAGE ON SCHEMA public TO stranger;
SET ROLE stranger;
SELECT throws_ok($$SELECT userseg.cross_validate('linear', 'public.shopper', 'spend')$$, '42501');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
