-- Training with a target: classes and numbers, hold-out, what is known of it afterwards.
\set VERBOSITY default
SET client_min_messages = warning;

CREATE FUNCTION mix(a bigint, b int) RETURNS float8 LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS
$$SELECT ('x' || left(md5(a::text || ' ' || b::text), 8))::bit(32)::bigint / 4294967296.0$$;

CREATE TABLE visits AS
SELECT g AS id, mix(g, 1) AS x, mix(g, 2) AS z, 'c' || (mix(g, 3) * 5)::int AS city,
       date '2024-01-01' + g % 500 AS day,
       mix(g, 1) + mix(g, 4) > 1.2 AS bought,
       CASE WHEN mix(g, 1) + mix(g, 4) > 1.2 THEN 'yes' ELSE 'no' END AS answer,
       (ARRAY['low', 'medium', 'high'])[1 + floor((mix(g, 1) + mix(g, 2) + mix(g, 5)))::int] AS level,
       3 * mix(g, 1) + mix(g, 6) AS spend
FROM generate_series(1, 2000) g;

-- a boolean makes a classifier; metrics come from the hold-out, the model from all rows
SELECT version, algorithm, n_rows, n_features, metric, metric_value BETWEEN 0.75 AND 0.9 AS plausible, converged, warnings,
       details -> 'target' AS target, details -> 'holdout' AS holdout, details -> 'suspects' AS suspects
FROM userseg.train('buy', 'logistic', 'visits', target => 'bought', id => 'id', features => '{x,z}');
SELECT m ->> 'metric' AS metric, (m ->> 'n')::int AS n, (m ->> 'ci_low')::float8 < (m ->> 'value')::float8 AS above,
       (m ->> 'value')::float8 < (m ->> 'ci_high')::float8 AS below, m ->> 'interval' AS interval
FROM userseg.model_versions, jsonb_array_elements(metrics) m WHERE model = 'buy';

-- the refitted model is that of all rows
SELECT version, details -> 'holdout' AS holdout FROM userseg.train('buy', 'logistic', 'visits', target => 'bought', id => 'id',
  features => '{x,z}', holdout => 0);
SELECT count(*) AS differences FROM visits v
WHERE userseg.predict_value('buy@1', v) IS DISTINCT FROM userseg.predict_value('buy@2', v);
-- the same users are held out whatever the order of the rows and however often they come
SELECT a.metric_value = b.metric_value AS same, 2 * (a.details -> 'holdout' ->> 'holdout_rows')::int = (c.details -> 'holdout' ->> 'holdout_rows')::int AS twice
FROM userseg.train('a', 'logistic', 'SELECT * FROM visits ORDER BY z', target => 'bought', id => 'id', features => '{x,z}') a,
     userseg.train('a', 'logistic', 'SELECT * FROM visits ORDER BY x', target => 'bought', id => 'id', features => '{x,z}') b,
     userseg.train('a', 'logistic', 'SELECT * FROM visits UNION ALL SELECT * FROM visits', target => 'bought', id => 'id', features => '{x,z}') c;

-- by time: what is later than the cutoff is held out; the metrics are those that SQL finds on these rows
SELECT version, n_rows, details -> 'holdout' AS holdout
FROM userseg.train('by_time', 'logistic', 'visits', target => 'bought', id => 'id', features => '{x,z}',
                   time_column => 'day', holdout => 0.25, params => '{"refit": false}');
CREATE TABLE later AS
SELECT bought, userseg.predict_value('by_time', v) AS p, userseg.predict('by_time', v) = bought::text AS hit
FROM visits v WHERE day > (SELECT (details -> 'holdout' ->> 'cutoff_time')::date FROM userseg.model_versions WHERE model = 'by_time');
SELECT m ->> 'metric' AS metric,
       abs((m ->> 'value')::float8 - CASE m ->> 'metric'
         WHEN 'auc' THEN (SELECT avg(CASE WHEN a.p > b.p THEN 1 WHEN a.p = b.p THEN 0.5 ELSE 0 END) FROM later a, later b WHERE a.bought AND NOT b.bought)
         WHEN 'log_loss' THEN (SELECT avg(-ln(CASE WHEN bought THEN p ELSE 1 - p END)) FROM later)
         WHEN 'brier' THEN (SELECT avg((p - bought::int) ^ 2) FROM later)
         WHEN 'accuracy' THEN (SELECT avg(hit::int) FROM later)
         WHEN 'base_rate' THEN (SELECT avg(bought::int) FROM later) END) < 1e-12 AS as_in_sql,
       (m ->> 'n')::int = (SELECT count(*) FROM later) AS n
FROM userseg.model_versions, jsonb_array_elements(metrics) m
WHERE model = 'by_time' AND m ->> 'metric' IN ('auc', 'log_loss', 'brier', 'accuracy', 'base_rate');

-- answers
SELECT userseg.predict('buy', v) = CASE WHEN userseg.predict_value('buy', v) > 0.5 THEN 'true' ELSE 'false' END AS label,
       userseg.predict_id('buy', v) = 1 + (userseg.predict_value('buy', v) > 0.5)::int AS id,
       (userseg.predict_proba('buy', v) ->> 'true')::float8 = userseg.predict_value('buy', v) AS proba,
       abs((userseg.predict_proba('buy', v) ->> 'true')::float8 + (userseg.predict_proba('buy', v) ->> 'false')::float8 - 1) < 1e-15 AS sums,
       count(*)
FROM visits v GROUP BY 1, 2, 3, 4;
SELECT (p).label, (p).label_id, (p).value = (p).probability AS value, (p).runner_up, (p).margin = 2 * (p).probability - 1 AS margin,
       (p).distance, jsonb_array_length((p).reasons) > 0 AS reasons, (p).version
FROM (SELECT userseg.predict_detail('buy', v) AS p FROM visits v WHERE x > 0.99 ORDER BY id LIMIT 1) d;

-- another positive class: the same model, the other probability; classes keep their order
SELECT version FROM userseg.train('buy', 'logistic', 'visits', target => 'bought', id => 'id', features => '{x,z}',
  params => '{"positive": false}');
SELECT max(abs(userseg.predict_value('buy@1', v) + userseg.predict_value('buy@3', v) - 1)) < 1e-12 AS other,
       count(*) FILTER (WHERE userseg.predict_id('buy@1', v) <> userseg.predict_id('buy@3', v)) AS differ
FROM visits v;
SELECT details -> 'target' ->> 'positive' AS positive FROM userseg.model_versions WHERE model = 'buy' AND version = 3;

-- text and number as classes
SELECT details -> 'target' AS target FROM userseg.train('answer', 'logistic', 'visits', target => 'answer', id => 'id', features => '{x,z}', params => '{"positive": "no"}');
SELECT details -> 'target' AS target FROM userseg.train('answer', 'logistic', 'SELECT id, x, z, 5 - 2 * bought::int AS y FROM visits', target => 'y', id => 'id');
SELECT count(*) AS differences FROM visits v WHERE userseg.predict('answer@2', v) <> (5 - 2 * userseg.predict('buy@1', v)::boolean::int)::text;
-- boolean as number
SELECT metric FROM userseg.train('share', 'linear', 'visits', target => 'bought', id => 'id', features => '{x,z}', params => '{"task": "regression"}');

-- more than two classes
SELECT metric, details -> 'target' ->> 'positive' AS positive, details -> 'target' -> 'classes' AS classes
FROM userseg.train('level', 'logistic', 'visits', target => 'level', id => 'id', features => '{x,z}');
SELECT userseg.predict('level', v) = level AS hit, count(*) > 100 AS many FROM visits v GROUP BY 1 ORDER BY 1;
SELECT array_agg(k ORDER BY k) AS classes, abs(sum(p::float8) - 1) < 1e-12 AS sums
FROM visits v, jsonb_each_text(userseg.predict_proba('level', v)) AS e(k, p) WHERE id = 1;
SELECT userseg.predict_value('level', v) FROM visits v LIMIT 1;
SELECT (userseg.predict_detail('level', v)).value FROM visits v LIMIT 1;
SELECT version FROM userseg.train('level', 'logistic', 'visits', target => 'level', id => 'id', features => '{x,z}', params => '{"positive": "high"}');
SELECT count(*) AS differences FROM visits v WHERE userseg.predict_value('level', v) <> (userseg.predict_proba('level', v) ->> 'high')::float8;

-- a number makes a regression
SELECT metric, metric_value BETWEEN 0.27 AND 0.31 AS plausible, details -> 'target' AS target FROM userseg.train('spend', 'linear', 'visits', target => 'spend', id => 'id', features => '{x,z}');
SELECT corr(userseg.predict_value('spend', v), spend) > 0.9 AS predicts FROM visits v;
SELECT userseg.predict('spend', v) FROM visits v LIMIT 1;
SELECT userseg.predict_id('spend', v) FROM visits v LIMIT 1;
SELECT userseg.predict_proba('spend', v) FROM visits v LIMIT 1;
SELECT (p).label, (p).label_id, (p).value > 0 AS value, (p).probability, jsonb_array_length((p).reasons) > 0 AS reasons
FROM (SELECT userseg.predict_detail('spend', v) AS p FROM visits v WHERE id = 1) d;

-- assigned: classes are segments, numbers are values
SELECT n_new FROM userseg.assign('buy@1', 'visits', 'id', 'buyers');
SELECT count(*) FILTER (WHERE segment <> userseg.predict('buy@1', v) OR segment_id <> userseg.predict_id('buy@1', v)
                        OR value <> userseg.predict_value('buy@1', v)) AS differences FROM buyers JOIN visits v USING (id);
SELECT n_new FROM userseg.assign('buy@3', 'visits', 'id', 'others');
SELECT count(*) FILTER (WHERE value <> userseg.predict_value('buy@3', v)) AS differences FROM others JOIN visits v USING (id);
SELECT n_new FROM userseg.assign('spend', 'visits', 'id', 'spenders');
SELECT count(*) FILTER (WHERE segment IS NOT NULL OR probability IS NOT NULL OR value <> userseg.predict_value('spend', v)) AS differences
FROM spenders JOIN visits v USING (id);

-- there are no segments
SELECT * FROM userseg.centroids('buy');
SELECT * FROM userseg.describe_segments('spend');
SELECT userseg.name_segment('buy', 1, 'buyers');

-- weights of classes: as weights of rows
SELECT version FROM userseg.train('w', 'logistic', 'visits', target => 'bought', id => 'id', features => '{x,z}', holdout => 0,
  params => '{"class_weight": {"true": 3}}');
SELECT version FROM userseg.train('w', 'logistic', 'SELECT *, CASE WHEN bought THEN 3 ELSE 1 END AS w FROM visits', target => 'bought', id => 'id', features => '{x,z}',
  weight => 'w', holdout => 0);
SELECT version FROM userseg.train('w', 'logistic', 'visits', target => 'bought', id => 'id', features => '{x,z}', holdout => 0,
  params => '{"class_weight": "balanced"}');
SELECT max(abs(userseg.predict_value('w@1', v) - userseg.predict_value('w@2', v))) < 1e-9 AS same,
       abs(avg(userseg.predict_value('w@3', v)) FILTER (WHERE bought) + avg(userseg.predict_value('w@3', v)) FILTER (WHERE NOT bought) - 1) < 1e-9 AS balanced
FROM visits v;

-- rows without a target are left out, and counted
SELECT n_rows, warnings FROM userseg.train('a', 'logistic', 'SELECT id, x, CASE WHEN z < 0.9 THEN bought END AS bought FROM visits', target => 'bought', id => 'id');

-- what looks like a leak
SET client_min_messages = error;
SELECT w AS warning FROM userseg.train('leak', 'logistic', $$SELECT id, x, x AS copy, id AS number, city, city AS town, day, day + CASE WHEN id % 4 = 0 THEN 3 ELSE -3 END AS called,
  CASE WHEN bought AND id % 400 <> 0 THEN 'order ' || id % 7 END AS first_order, bought FROM visits$$,
  target => 'bought', id => 'id', time_column => 'day', params => '{"penalty": "ridge"}'), unnest(warnings) w WHERE w LIKE 'column%';
SELECT s ->> 'column' AS "column", s ->> 'kind' AS kind, round((s ->> 'figure')::numeric, 2) AS figure
FROM userseg.model_versions, jsonb_array_elements(details -> 'suspects') s WHERE model = 'leak';
SET client_min_messages = warning;
SELECT topic, item, value, note FROM userseg.explain_train('leak', 'logistic', 'SELECT id, x, spend * 2 AS spend2, bought, spend FROM visits', target => 'spend',
  id => 'id', features => '{x,spend2}');
SELECT topic, item, value, note FROM userseg.explain_train('leak', 'linear', 'SELECT id, x, spend * 2 AS spend2, bought, spend FROM visits', target => 'spend',
  id => 'id', features => '{x,spend2}') WHERE topic IN ('target', 'holdout', 'warning');
-- the order of a skewed amount, which neither bins nor a straight line show
SELECT value FROM userseg.explain_train('leak', 'linear', 'SELECT id, x, exp(spend * 5) AS amount, -spend AS score, 3 * x + spend AS honest FROM visits', target => 'amount', id => 'id') WHERE topic = 'warning';

-- weights that add up to 1: the same model, but for the rounding of sums
CREATE TABLE light AS SELECT id, x, spend, bought, 1e-6 AS light FROM visits;
SELECT method, target, abs(a.metric_value / b.metric_value - 1) < 0.05 AS same
FROM (VALUES ('decision_tree', 'bought'), ('random_forest', 'bought'), ('gradient_boosting', 'bought'), ('scorecard', 'bought'), ('logistic', 'bought'),
        ('decision_tree', 'spend'), ('random_forest', 'spend'), ('gradient_boosting', 'spend'), ('linear', 'spend')) v(method, target),
  LATERAL userseg.train('heavy', method, 'light', target => target, id => 'id', features => '{x}') a,
  LATERAL userseg.train('light', method, 'light', target => target, id => 'id', features => '{x}', weight => 'light') b;
DROP TABLE light;

-- a class that the training part has not
SELECT warnings, n_rows FROM userseg.train('rare', 'logistic', $$SELECT id, x, day, CASE WHEN day = '2025-05-14' THEN 'rare' ELSE answer END AS y FROM visits$$,
  target => 'y', id => 'id', time_column => 'day');

-- errors
SELECT userseg.train('e', 'logistic', 'visits');
SELECT userseg.train('e', 'logistic', 'visits', target => 'nothing');
SELECT userseg.train('e', 'logistic', 'visits', target => 'day');
SELECT userseg.train('e', 'logistic', 'visits', target => 'spend', id => 'id');
SELECT userseg.train('e', 'linear', 'visits', target => 'answer', id => 'id');
SELECT userseg.train('e', 'linear', 'visits', target => 'bought', id => 'id');
SELECT userseg.train('e', 'linear', 'visits', target => 'spend', id => 'id', params => '{"task": "classification"}');
SELECT userseg.train('e', 'linear', 'visits', target => 'answer', id => 'id', params => '{"task": "regression"}');
SELECT userseg.train('e', 'logistic', 'SELECT id, x, true AS y FROM visits', target => 'y', id => 'id');
SELECT userseg.train('e', 'linear', 'SELECT id, x, 7 AS y FROM visits', target => 'y', id => 'id');
SELECT userseg.train('e', 'logistic', 'SELECT id, x, id::text AS y FROM visits', target => 'y', id => 'id');
SELECT userseg.train('e', 'logistic', 'SELECT id, x, id AS y FROM visits', target => 'y', id => 'id', params => '{"task": "classification"}');
SELECT userseg.train('e', 'logistic', 'visits', target => 'bought', id => 'id', params => '{"positive": "yes"}');
SELECT userseg.train('e', 'logistic', 'visits', target => 'bought', id => 'id', params => '{"class_weight": {"yes": 2}}');
SELECT userseg.train('e', 'logistic', 'visits', target => 'bought', id => 'id', params => '{"class_weight": {"true": 0}}');
SELECT userseg.train('e', 'logistic', 'visits', target => 'bought', id => 'id', params => '{"class_weight": {"true": 1e300}}');
\set VERBOSITY terse
SELECT userseg.train('e', 'linear', 'visits', target => 'spend', id => 'id', params => '{"class_weight": "balanced"}');
\set VERBOSITY default
\set VERBOSITY terse
SELECT userseg.train('e', 'kmeans', 'visits', target => 'spend', id => 'id', params => '{"refit": false}');
\set VERBOSITY default
SELECT userseg.train('e', 'logistic', $$SELECT id, x, date '2024-01-01' AS day, bought FROM visits$$, target => 'bought', id => 'id', time_column => 'day');
-- one class in the training part
SELECT userseg.train('e', 'logistic', $$SELECT id, x, day, day > '2025-04-01' AS late FROM visits$$, target => 'late', id => 'id', time_column => 'day', features => '{x}');
-- too few rows to hold one out
SELECT n_rows, warnings, details -> 'holdout' AS holdout FROM userseg.train('few', 'linear', 'SELECT id, x, spend FROM visits WHERE id <= 3', target => 'spend', id => 'id', holdout => 0.01);
SELECT count(*) FROM userseg.models WHERE model = 'e';

SELECT userseg.drop_model(model) FROM userseg.models ORDER BY model;
DROP TABLE visits, later, buyers, buyers_history, others, others_history, spenders, spenders_history;
DROP FUNCTION mix;
