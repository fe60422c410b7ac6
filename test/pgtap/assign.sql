-- Shape of userseg.assign, and the SQLSTATE of its errors.
BEGIN;
SELECT plan(21);

SELECT has_function('userseg', 'assign', ARRAY['text', 'text', 'text', 'text', 'boolean', 'timestamp with time zone']);
SELECT is((SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname = 'assign'), 1, 'one signature');
SELECT is((SELECT proargnames FROM pg_proc WHERE oid = 'userseg.assign'::regproc),
  ARRAY['model', 'source', 'id', 'into_table', 'history', 'as_of',
        'n_rows', 'n_new', 'n_changed', 'n_unchanged', 'n_gone', 'n_unscored', 'version'], 'arguments and columns');
SELECT is((SELECT pg_get_expr(proargdefaults, 0) FROM pg_proc WHERE oid = 'userseg.assign'::regproc), 'true, now()', 'defaults');
SELECT is((SELECT provolatile FROM pg_proc WHERE oid = 'userseg.assign'::regproc), 'v', 'volatile');
SELECT is((SELECT proparallel FROM pg_proc WHERE oid = 'userseg.assign'::regproc), 'u', 'parallel unsafe');
SELECT ok((SELECT NOT prosecdef FROM pg_proc WHERE oid = 'userseg.assign'::regproc), 'runs as the caller');
SELECT ok((SELECT proretset FROM pg_proc WHERE oid = 'userseg.assign'::regproc), 'returns a set');
SELECT isnt(obj_description('userseg.assign'::regproc, 'pg_proc'), NULL, 'has a comment');
SELECT ok(has_function_privilege('public', 'userseg.assign(text, text, text, text, boolean, timestamptz)', 'execute'), 'for everyone');

CREATE TABLE shopper AS SELECT i AS id, (i / 6 * 100 + i)::float8 AS spend FROM generate_series(1, 10) i;
SELECT isnt((SELECT version FROM userseg.train('shape', 'kmeans', 'shopper', id => 'id', params => '{"k":2}')), NULL, 'a model');
SELECT results_eq($$SELECT n_rows, n_new, n_changed, n_unchanged, n_gone, n_unscored, version FROM userseg.assign('shape', 'shopper', 'id', 'label')$$,
  $$VALUES (10::bigint, 10::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 1)$$, 'one row of counts');
SELECT columns_are('label', ARRAY['id', 'segment_id', 'segment', 'value', 'probability', 'version', 'valid_from']);
SELECT columns_are('label_history', ARRAY['id', 'segment_id', 'segment', 'value', 'probability', 'version', 'valid_from', 'valid_to']);
SELECT col_is_pk('label', 'id');
SELECT col_is_pk('label_history', ARRAY['id', 'valid_from']);
SELECT set_eq('SELECT id, segment_id, segment FROM label',
  $$SELECT id, userseg.predict_id('shape', s), userseg.predict('shape', s) FROM shopper s$$, 'labels as scored');

SELECT throws_ok($$SELECT userseg.assign('shape', 'shopper', 'id', 'shopper')$$, '42P07');
SELECT throws_ok($$SELECT userseg.assign('shape', 'shopper', 'id', 'label', as_of => '2000-01-01')$$, '22023');
SELECT throws_ok($$SELECT userseg.assign('shape', 'SELECT 1::bigint AS id, 2::float8 AS spend', 'id', 'label')$$, '42804');
SELECT throws_ok($$SELECT userseg.assign('shape', 'SELECT 11 AS id, 2::float8 AS spend FROM shopper', 'id', 'label')$$, '23505');

SELECT * FROM finish();
ROLLBACK;
