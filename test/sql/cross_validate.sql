-- Cross-validation: folds that share no user, encoders learned inside of them.
\set VERBOSITY default
SET client_min_messages = warning;

CREATE FUNCTION mix(a bigint, b int) RETURNS float8 LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$SELECT ('x' || left(md5(a::text || ' ' || b::text), 8))::bit(32)::bigint / 4294967296.0$$;

CREATE TABLE visits AS
SELECT g AS id, mix(g, 1) AS x, mix(g, 2) AS z, 'c' || (mix(g, 3) * 200)::int AS city,
       date '2024-01-01' + g % 500 AS day,
       mix(g, 1) + mix(g, 4) > 1.2 AS bought, mix(g, 7) > 0.5 AS coin,
       3 * mix(g, 1) + mix(g, 6) AS spend
FROM generate_series(1, 2000) g;

-- one row a fold and metric, and one for all folds
SELECT fold, metric, round(value::numeric, 3) AS value, ci_low < value AND value < ci_high AS inside, sd IS NOT NULL AS sd, n, n_training
FROM userseg.cross_validate('logistic', 'visits', 'bought', folds => 4, id => 'id', features => '{x,z}') WHERE metric IN ('auc', 'accuracy');
SELECT count(*), count(DISTINCT metric) FROM userseg.cross_validate('linear', 'visits', 'spend', folds => 3, id => 'id', features => '{x,z}');

-- mean and standard deviation over the folds
CREATE TABLE cv AS SELECT * FROM userseg.cross_validate('logistic', 'visits', 'bought', folds => 7, id => 'id', features => '{x,z}');
SELECT max(abs(s.value - f.mean)) < 1e-12 AS mean, max(abs(s.sd - f.sd)) < 1e-12 AS sd, bool_and(s.n = f.n) AS n, count(*)
FROM (SELECT metric, avg(value) AS mean, stddev_samp(value) AS sd, sum(n) AS n FROM cv WHERE fold IS NOT NULL GROUP BY metric) f
JOIN cv s USING (metric) WHERE s.fold IS NULL;
-- the interval is that of Nadeau and Bengio: t(0.975, 6) = 2.446911851
SELECT max(abs(s.ci_high - s.value - 2.446911851 * s.sd * sqrt(1 / 7.0 + f.share))) < 1e-9 AS half_width
FROM (SELECT metric, avg(n / n_training::float8) AS share FROM cv WHERE fold IS NOT NULL GROUP BY metric) f
JOIN cv s USING (metric) WHERE s.fold IS NULL;

-- stratified: the same share of each class in every fold
SELECT max(value) - min(value) < 0.006 AS even FROM cv WHERE metric = 'base_rate' AND fold IS NOT NULL;
-- the same whatever the order of the rows; another seed makes other folds
SELECT (SELECT array_agg(value ORDER BY fold, metric) FROM userseg.cross_validate('logistic', 'SELECT * FROM visits ORDER BY z', 'bought', id => 'id', features => '{x,z}'))
     = (SELECT array_agg(value ORDER BY fold, metric) FROM userseg.cross_validate('logistic', 'SELECT * FROM visits ORDER BY x', 'bought', id => 'id', features => '{x,z}')) AS same,
       (SELECT array_agg(value ORDER BY fold, metric) FROM userseg.cross_validate('logistic', 'visits', 'bought', id => 'id', features => '{x,z}'))
     = (SELECT array_agg(value ORDER BY fold, metric) FROM userseg.cross_validate('logistic', 'visits', 'bought', id => 'id', features => '{x,z}', seed => 7)) AS other;

-- all rows of a user are in one fold
SELECT array_agg(n % 4 ORDER BY fold) AS rest
FROM userseg.cross_validate('logistic', 'SELECT v.* FROM visits v, generate_series(1, 4)', 'bought', id => 'id', features => '{x,z}') WHERE metric = 'auc';

-- by time: a fold is measured on what comes after the rows that it learned from, as one would in SQL
CREATE TABLE by_time AS SELECT * FROM userseg.cross_validate('linear', 'visits', 'spend', folds => 4, time_column => 'day', id => 'id', features => '{x,z}');
SELECT fold, n, n_training FROM by_time WHERE metric = 'rmse' ORDER BY fold;
SELECT version, n_rows FROM userseg.train('first', 'linear', $$SELECT * FROM visits WHERE day < '2024-01-01'::date + 200$$, target => 'spend', id => 'id', features => '{x,z}', holdout => 0);
SELECT abs(sqrt(avg((userseg.predict_value('first', v) - spend) ^ 2)) - (SELECT value FROM by_time WHERE fold = 2 AND metric = 'rmse')) < 1e-12 AS as_in_sql
FROM visits v WHERE day >= '2024-01-01'::date + 200 AND day < '2024-01-01'::date + 300;

-- target encoding on pure noise: none is found, since encoders are learned inside the folds
SELECT round(value::numeric, 2) AS auc, ci_low < 0.5 AND ci_high > 0.5 AS no_skill
FROM userseg.cross_validate('logistic', 'visits', 'coin', id => 'id', features => '{city}', transform => '{"city": {"target": {"smoothing": 0}}}')
WHERE metric = 'auc' AND fold IS NULL;
-- learned outside of them, on all rows, the same encoding cheats
SELECT round(value::numeric, 2) AS auc, ci_low > 0.55 AS cheats
FROM userseg.cross_validate('logistic', 'SELECT id, coin, avg(coin::int) OVER (PARTITION BY city) AS city FROM visits', 'coin', id => 'id')
WHERE metric = 'auc' AND fold IS NULL;

-- more than two classes
SELECT fold, metric, value BETWEEN 0.5 AND 0.9 AS plausible, n
FROM userseg.cross_validate('logistic', $$SELECT id, x, z, CASE WHEN x < 0.3 + z / 10 THEN 'low' WHEN x < 0.6 + z / 10 THEN 'medium' ELSE 'high' END AS level FROM (SELECT id, x, mix(id, 9) AS z FROM visits) v$$,
  'level', folds => 3, id => 'id', features => '{z}') WHERE metric IN ('auc_ovr') ORDER BY fold;

-- nothing is stored: a read-only transaction may
BEGIN READ ONLY;
SELECT count(*) FROM userseg.cross_validate('linear', 'visits', 'spend', folds => 2, features => '{x,z}') WHERE metric = 'rmse';
ROLLBACK;

-- weights count in the fits and in the metrics
SELECT version FROM userseg.train('first', 'linear', $$SELECT *, 1 + id % 3 AS w FROM visits WHERE day < '2024-01-01'::date + 200$$, target => 'spend', id => 'id', weight => 'w', features => '{x,z}', holdout => 0);
SELECT abs(sqrt(sum((1 + id % 3) * (userseg.predict_value('first', v) - spend) ^ 2) / sum(1 + id % 3))
           - (SELECT value FROM userseg.cross_validate('linear', 'SELECT *, 1 + id % 3 AS w FROM visits', 'spend', folds => 4, time_column => 'day', id => 'id', weight => 'w', features => '{x,z}')
              WHERE fold = 2 AND metric = 'rmse')) < 1e-12 AS as_in_sql
FROM visits v WHERE day >= '2024-01-01'::date + 200 AND day < '2024-01-01'::date + 300;

-- suspects are told
SELECT count(*) FROM userseg.cross_validate('linear', 'SELECT id, x, x AS y, spend FROM visits', 'spend', folds => 2, id => 'id') WHERE metric = 'r2';

-- errors
SELECT * FROM userseg.cross_validate('logistic', 'visits', NULL);
SELECT * FROM userseg.cross_validate('logistic', 'visits', 'bought', folds => 1);
SELECT * FROM userseg.cross_validate('logistic', 'visits', 'bought', folds => 101);
SELECT * FROM userseg.cross_validate('kmeans', 'visits', 'bought');
SELECT * FROM userseg.cross_validate('logistic', 'visits', 'bought', split => 'random');
SELECT * FROM userseg.cross_validate('logistic', 'visits', 'bought', split => 'time');
SELECT * FROM userseg.cross_validate('linear', 'visits', 'spend', split => 'stratified');
SELECT * FROM userseg.cross_validate('linear', 'SELECT spend, x FROM visits LIMIT 4', 'spend');
SELECT * FROM userseg.cross_validate('linear', $$SELECT spend, x, date '2024-01-01' + id % 3 AS day FROM visits$$, 'spend', time_column => 'day');
SELECT * FROM userseg.cross_validate('logistic', 'SELECT id, x, id = 1 AS one FROM visits', 'one', folds => 3, id => 'id');
\set VERBOSITY terse
SELECT * FROM userseg.cross_validate('logistic', 'visits', 'bought', params => '{"nothing": 1}');
\set VERBOSITY default

SELECT userseg.drop_model(model) FROM userseg.models ORDER BY model;
DROP TABLE visits, cv, by_time;
DROP FUNCTION mix;
