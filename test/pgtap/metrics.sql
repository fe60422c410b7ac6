-- Shape of the metric aggregates: names, arguments, results, both arities, labels, comments.
BEGIN;
SELECT plan(48);
SELECT has_type('userseg', t, t || ' is a type') FROM unnest('{metric_sums,ranking,confusion_counts}'::text[]) t;
CREATE TEMP TABLE shape (name text, arguments text, result text);
INSERT INTO shape VALUES
  ('log_loss_agg', 'probability double precision, label boolean', 'double precision'),
  ('brier_agg', 'probability double precision, label boolean', 'double precision'),
  ('calibration_agg', 'probability double precision, label boolean', 'jsonb'),
  ('rmse_agg', 'predicted double precision, actual double precision', 'double precision'),
  ('mae_agg', 'predicted double precision, actual double precision', 'double precision'),
  ('mape_agg', 'predicted double precision, actual double precision', 'double precision'),
  ('r2_agg', 'predicted double precision, actual double precision', 'double precision'),
  ('pinball_agg', 'predicted double precision, actual double precision, quantile double precision', 'double precision'),
  ('f1_agg', 'predicted boolean, actual boolean', 'double precision'),
  ('mcc_agg', 'predicted boolean, actual boolean', 'double precision'),
  ('confusion_agg', 'predicted text, actual text', 'jsonb'),
  ('auc_agg', 'score double precision, label boolean', 'double precision'),
  ('gini_agg', 'score double precision, label boolean', 'double precision'),
  ('ks_agg', 'score double precision, label boolean', 'double precision'),
  ('average_precision_agg', 'score double precision, label boolean', 'double precision'),
  ('lift_agg', 'score double precision, label boolean', 'jsonb'),
  ('ranking_agg', 'score double precision, label boolean', 'userseg.ranking');
INSERT INTO shape SELECT name, arguments || ', weight double precision', result FROM shape;
SET LOCAL search_path = pg_catalog, public;
SELECT is(count(*), 1::bigint, name || '(' || arguments || ')')
FROM shape LEFT JOIN (pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid) ON p.pronamespace = 'userseg'::regnamespace AND proname = name
  AND pg_get_function_arguments(p.oid) = arguments AND format_type(prorettype, NULL) = result
  AND provolatile = 'i' AND proparallel = 's' AND aggcombinefn <> 0 AND obj_description(p.oid, 'pg_proc') IS NOT NULL
GROUP BY name, arguments ORDER BY name, arguments;
SELECT is(pg_get_function_arguments(p.oid) || ' ' || format_type(prorettype, NULL), wanted, p.proname)
FROM (VALUES ('auc', 'state userseg.ranking double precision'), ('gini', 'state userseg.ranking double precision'), ('ks', 'state userseg.ranking double precision'),
  ('average_precision', 'state userseg.ranking double precision'), ('auc_error', 'state userseg.ranking double precision'),
  ('lift_table', 'state userseg.ranking, bins integer DEFAULT 10 jsonb')) v(name, wanted)
JOIN pg_proc p ON p.proname = name AND p.pronamespace = 'userseg'::regnamespace AND p.proargtypes[0] = 'userseg.ranking'::regtype ORDER BY name;
SELECT throws_ok($$SELECT userseg.auc_agg('NaN', true)$$, '22023', NULL, 'NaN');
SELECT throws_ok($$SELECT userseg.auc_agg(1, true, 1e13)$$, '22003', NULL, 'weight');
SELECT throws_ok($$SELECT userseg.confusion_agg(i::text, i::text) FROM generate_series(1, 501) i$$, '54000', NULL, 'labels');
SELECT throws_ok($$SELECT '01'::userseg.ranking$$, '22P03', NULL, 'truncated state');
-- untyped parameters resolve
PREPARE untyped AS SELECT userseg.auc_agg($1, $2), userseg.auc_agg($1, $2, $3), userseg.pinball_agg($4, $5, $6), userseg.confusion_agg($7, $8);
SELECT is((SELECT parameter_types::text FROM pg_prepared_statements WHERE name = 'untyped'),
  '{"double precision",boolean,"double precision","double precision","double precision","double precision",text,text}', 'untyped parameters');
SELECT * FROM finish();
ROLLBACK;
