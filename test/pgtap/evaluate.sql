-- Shape of the verbs of evaluation, and the SQLSTATE of their errors.
BEGIN;
SELECT plan(15);
CREATE TEMP TABLE shape (name text, arguments text, columns text);
INSERT INTO shape VALUES
  ('evaluate', 'model text, source text DEFAULT NULL::text, all_rows boolean DEFAULT false, by text DEFAULT NULL::text', 'metric text, value double precision, ci_low double precision, ci_high double precision, n bigint, slice text, details jsonb'),
  ('confusion', 'model text, source text DEFAULT NULL::text, threshold double precision DEFAULT NULL::double precision, all_rows boolean DEFAULT false', 'actual text, predicted text, weight double precision, share_of_actual double precision, share_of_predicted double precision'),
  ('calibration', 'model text, source text DEFAULT NULL::text, bins integer DEFAULT 10, all_rows boolean DEFAULT false, class text DEFAULT NULL::text', 'bin integer, low double precision, high double precision, weight double precision, predicted double precision, observed double precision, ci_low double precision, ci_high double precision, of_class text, details jsonb'),
  ('lift', 'model text, source text DEFAULT NULL::text, bins integer DEFAULT 10, payoff jsonb DEFAULT ''{"true_positive": 1, "false_positive": -1}''::jsonb, all_rows boolean DEFAULT false, class text DEFAULT NULL::text', 'bin integer, weight double precision, positives double precision, rate double precision, lift double precision, cumulative_gain double precision, cumulative_lift double precision, lowest_score double precision, cumulative_profit double precision, details jsonb'),
  ('compare', 'model_a text, model_b text, source text, all_rows boolean DEFAULT false, folds integer DEFAULT NULL::integer', 'metric text, value_a double precision, value_b double precision, difference double precision, ci_low double precision, ci_high double precision, p_value double precision, test text, n bigint'),
  ('recalibrate', 'model text, source text DEFAULT NULL::text, method text DEFAULT ''platt''::text, all_rows boolean DEFAULT false, alias text DEFAULT NULL::text', 'model_name text, version integer, parent integer, n bigint, log_loss_before double precision, log_loss_after double precision, brier_before double precision, brier_after double precision, ece_before double precision, ece_after double precision'),
  ('importance', 'model text, source text DEFAULT NULL::text, repeats integer DEFAULT 5, all_rows boolean DEFAULT false, seed bigint DEFAULT 42, method text DEFAULT ''permutation''::text', 'feature text, metric text, importance double precision, ci_low double precision, ci_high double precision, share double precision, n bigint'),
  ('partial_dependence', 'model text, source text, feature text, points integer DEFAULT 20, all_rows boolean DEFAULT false', 'value text, x double precision, class text, prediction double precision, ci_low double precision, ci_high double precision, n bigint'),
  ('individual_conditional_expectation', 'model text, source text, feature text, points integer DEFAULT 20, rows integer DEFAULT 50, centred boolean DEFAULT false, id text DEFAULT NULL::text, all_rows boolean DEFAULT false, seed bigint DEFAULT 42', 'row_id text, value text, x double precision, class text, prediction double precision'),
  ('interaction', 'model text, source text DEFAULT NULL::text, features text[] DEFAULT NULL::text[], rows integer DEFAULT 100, log_odds boolean DEFAULT false, all_rows boolean DEFAULT false, seed bigint DEFAULT 42', 'feature_a text, feature_b text, strength double precision, effect double precision, n bigint');
SET LOCAL search_path = pg_catalog, public;
SELECT is(count(*), 1::bigint, name)
FROM shape LEFT JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
  AND pg_get_function_arguments(p.oid) = arguments AND pg_get_function_result(p.oid) = 'TABLE(' || columns || ')'
  AND provolatile = 'v' AND proparallel = 'u' AND NOT prosecdef AND NOT proisstrict AND obj_description(p.oid, 'pg_proc') IS NOT NULL
GROUP BY name ORDER BY name;
SELECT throws_ok($$SELECT userseg.evaluate('nothing')$$, '42704', NULL, 'no model');
SELECT throws_ok($$SELECT userseg.evaluate(NULL)$$, '22004', NULL, 'NULL model');
CREATE TABLE public.few AS SELECT i AS id, i % 7 AS a, i % 5 AS b, i % 2 = 0 AS y FROM generate_series(1, 200) i;
SELECT lives_ok($$SELECT userseg.train('m', 'logistic', 'public.few', target => 'y', id => 'id'), userseg.train('k', 'kmeans', 'public.few', params => '{"k": 2}')$$, 'models');
SELECT throws_ok($$SELECT userseg.lift('k', 'public.few')$$, '42809', NULL, 'clusters have no lift');
SELECT throws_ok($$SELECT userseg.evaluate('m', 'SELECT id, y FROM public.few')$$, '42703', NULL, 'missing columns');
SELECT * FROM finish();
ROLLBACK;
