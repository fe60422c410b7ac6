-- Tuning: trials, the best of them as a version, and going on where one stopped.
\set VERBOSITY default
SET client_min_messages = warning;

CREATE FUNCTION mix(a bigint, b int) RETURNS float8 LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$SELECT ('x' || left(md5(a::text || ' ' || b::text), 8))::bit(32)::bigint / 4294967296.0$$;

-- few rows and many columns of noise, so that a penalty pays
CREATE TABLE visits AS
SELECT g AS id, mix(g, 1) AS x, mix(g, 2) AS a, mix(g, 3) AS b, mix(g, 4) AS c, mix(g, 5) AS d, mix(g, 6) AS e, mix(g, 7) AS f,
       mix(g, 1) + 2 * mix(g, 8) > 1.5 AS bought, date '2024-01-01' + g % 100 AS day
FROM generate_series(1, 300) g;

-- a grid: one row a trial
SELECT trial, params, status, metric, round(mean::numeric, 3) AS mean, sd > 0 AS sd, array_length(fold_values, 1) AS folds, n, duration > interval '0' AS took_time, best, version
FROM userseg.tune('t', 'logistic', 'visits', 'bought', '{"lambda": [0.001, 0.3, 30], "penalty": ["ridge", "lasso"]}', folds => 4, id => 'id', metric => 'log_loss');
-- the best is a version, with the trials in its details; measured on a hold-out that took no part
SELECT version, algorithm, metric, n_rows, params ->> 'lambda' AS lambda, params ->> 'penalty' AS penalty, details -> 'tuning' ->> 'metric' AS metric,
       jsonb_array_length(details -> 'tuning' -> 'trials') AS trials, details -> 'holdout' ->> 'metrics_on' AS metrics_on,
       (details -> 'holdout' ->> 'training_rows')::int = (details -> 'tuning' ->> 'rows')::int AS rows
FROM userseg.model_versions WHERE model = 't';
-- its trials are what cross_validate finds on the same rows
CREATE TABLE trials AS SELECT * FROM userseg.tune('u', 'logistic', 'visits', 'bought', '{"lambda": [0.3, 30]}', folds => 4, id => 'id', holdout => 0, params => '{"penalty": "ridge"}');
SELECT abs(t.mean - c.value) < 1e-12 AS mean, abs(t.sd - c.sd) < 1e-12 AS sd
FROM trials t, userseg.cross_validate('logistic', 'visits', 'bought', folds => 4, id => 'id', params => '{"penalty": "ridge", "lambda": 30}') c
WHERE t.trial = 2 AND c.fold IS NULL AND c.metric = 'auc';

-- the same again is read back; what is new is run; other data are new
SELECT trial, status, version FROM userseg.tune('t', 'logistic', 'visits', 'bought', '{"lambda": [0.3, 1, 30], "penalty": ["ridge"]}', folds => 4, id => 'id', metric => 'log_loss') ORDER BY trial;
SELECT trial, status FROM userseg.tune('t', 'logistic', 'SELECT * FROM visits ORDER BY x', 'bought', '{"lambda": [0.3], "penalty": ["ridge"]}', folds => 4, id => 'id');
SELECT trial, status FROM userseg.tune('t', 'logistic', 'SELECT * FROM visits WHERE id <> 7', 'bought', '{"lambda": [0.3], "penalty": ["ridge"]}', folds => 4, id => 'id');
SELECT trial, status FROM userseg.tune('t', 'logistic', 'visits', 'bought', '{"lambda": [0.3], "penalty": ["ridge"]}', folds => 5, id => 'id');
SELECT trial, status FROM userseg.tune('v', 'logistic', 'visits', 'bought', '{"lambda": [0.3], "penalty": ["ridge"]}', folds => 4, id => 'id');

-- at random: the same draws for the same seed, whole numbers where the parameter is one
SELECT trial, params, status FROM userseg.tune('r', 'logistic', 'visits', 'bought',
  '{"lambda": {"min": 0.01, "max": 10, "log": true}, "penalty": ["ridge", "lasso"], "max_iter": {"min": 20, "max": 30}}', 'random', trials => 4, folds => 2, id => 'id');
SELECT count(*) FILTER (WHERE status = 'stored') AS stored, count(*) FROM userseg.tune('r', 'logistic', 'visits', 'bought',
  '{"lambda": {"min": 0.01, "max": 10, "log": true}, "penalty": ["ridge", "lasso"], "max_iter": {"min": 20, "max": 30}}', 'random', trials => 6, folds => 2, id => 'id');
-- no point comes twice
SELECT count(*), count(DISTINCT params) FROM userseg.tune('r', 'logistic', 'visits', 'bought', '{"penalty": ["ridge", "lasso"], "lambda": [1, 2]}', 'random', trials => 20, folds => 2, id => 'id');

-- successive halving: fewer trials on more rows
CREATE TABLE many AS SELECT g AS id, mix(g, 1) AS x, mix(g, 2) AS z, 3 * mix(g, 1) + mix(g, 3) AS spend FROM generate_series(1, 12000) g;
SELECT status, round(avg(n), -3) AS rows, count(*), count(*) FILTER (WHERE best) AS best
FROM userseg.tune('h', 'linear', 'many', 'spend', '{"lambda": {"min": 0.0001, "max": 100, "log": true}}', 'halving', trials => 9, folds => 3, id => 'id', params => '{"penalty": "ridge"}')
GROUP BY status, round(n, -3) ORDER BY 2;
-- the best is the one with the smallest error of those on all rows
SELECT (SELECT min((t ->> 'mean')::float8) FROM jsonb_array_elements(details -> 'tuning' -> 'trials') t WHERE (t ->> 'share')::float8 = 1)
     = (SELECT (t ->> 'mean')::float8 FROM jsonb_array_elements(details -> 'tuning' -> 'trials') t WHERE (t ->> 'best')::boolean) AS best
FROM userseg.model_versions WHERE model = 'h';

-- a limit of time: what was not run is run by the next call
SELECT count(*) FILTER (WHERE status = 'not run') > 0 AS left_over, count(*) FILTER (WHERE best) AS best
FROM userseg.tune('l', 'linear', 'many', 'spend', '{"lambda": {"min": 0.0001, "max": 100, "log": true}}', 'random', trials => 200, folds => 3, id => 'id',
                  params => '{"penalty": "ridge"}', max_seconds => 0.001);
SELECT warnings[1] ~ '^\d+ of 200 trials were not run within 0.001 seconds' AS told FROM userseg.model_versions WHERE model = 'l';

-- nothing stays of a tuning that is rolled back
BEGIN;
SELECT status FROM userseg.tune('gone', 'linear', 'many', 'spend', '{"lambda": [1]}', folds => 2, id => 'id', params => '{"penalty": "ridge"}');
ROLLBACK;
SELECT status FROM userseg.tune('gone', 'linear', 'many', 'spend', '{"lambda": [1]}', folds => 2, id => 'id', params => '{"penalty": "ridge"}');
SELECT userseg.drop_model('gone');
SELECT status FROM userseg.tune('gone', 'linear', 'many', 'spend', '{"lambda": [1]}', folds => 2, id => 'id', params => '{"penalty": "ridge"}', alias => 'production');
SELECT alias, version FROM userseg.aliases WHERE model = 'gone';

-- what is minimised judges; where it differs between trials, the error in units of the target
SELECT trial, metric, best FROM userseg.tune('q', 'gradient_boosting', 'many', 'spend', '{"max_depth": [2, 3]}', folds => 2, id => 'id', params => '{"objective": "quantile", "quantile": 0.9, "n_rounds": 10}');
SELECT trial, metric FROM userseg.tune('q', 'gradient_boosting', 'many', 'spend', '{"objective": ["squared", "absolute"]}', folds => 2, id => 'id', params => '{"n_rounds": 10}');
SELECT * FROM userseg.tune('e', 'gradient_boosting', 'many', 'spend', '{"objective": ["squared", "quantile"]}', folds => 2, id => 'id', metric => 'pinball');

-- errors
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', NULL);
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{}');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '[1]');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": 1}');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": []}');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": {"min": 1}}', 'random');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": {"min": 0, "max": 1, "log": true}}', 'random');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": {"min": 2, "max": 1}}', 'random');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": {"min": 0, "max": 1}}');
\set VERBOSITY terse
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lamda": [1]}');
\set VERBOSITY default
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1, -1]}');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"task": ["regression"]}');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1]}', params => '{"lambda": 2}');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1]}', 'best');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1]}', trials => 0);
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1]}', max_seconds => 0);
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1]}', folds => 0);
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1]}', id => 'id', metric => 'rmse', params => '{"penalty": "ridge"}');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1]}', metric => 'base_rate');
SELECT * FROM userseg.tune('E', 'logistic', 'visits', 'bought', '{"lambda": [1]}');
SELECT * FROM userseg.tune('e', 'kmeans', 'visits', 'bought', '{"k": [2]}');
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', (SELECT jsonb_object_agg(k, (SELECT jsonb_agg(g) FROM generate_series(1, 101) g)) FROM unnest('{lambda,max_iter}'::text[]) k));
BEGIN READ ONLY;
SELECT * FROM userseg.tune('e', 'logistic', 'visits', 'bought', '{"lambda": [1]}');
ROLLBACK;
SELECT count(*) FROM userseg.models WHERE model = 'e';

SELECT userseg.drop_model(model) FROM userseg.models ORDER BY model;
DROP TABLE visits, many, trials;
DROP FUNCTION mix;
