-- Gradient boosting: what it does in every case; figures against other libraries are in test/golden.
SET client_min_messages = warning;
CREATE SCHEMA test_boosting;
SET search_path = test_boosting, public;
CREATE TABLE t AS
SELECT i AS id, CASE WHEN i % 13 = 0 THEN NULL ELSE i * 7919 % 101 END AS a, i * 104729 % 97 AS b,
  (ARRAY['red', 'green', 'blue', NULL, 'grey'])[1 + i % 5] AS colour, i * 31 % 11 AS noise,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 5 IN (0, 2) ELSE i * 104729 % 97 > 80 END AS y,
  (i * 7919 % 101) / 10.0 + CASE WHEN i % 5 = 1 THEN 20 ELSE 0 END AS amount, 1 + i % 3 AS w
FROM generate_series(1, 800) i;
SELECT model, version, algorithm, n_rows, n_features, converged, iterations, warnings, details ->> 'objective' AS objective, details #>> '{model,trees}' AS trees
FROM userseg.train('g', 'gradient_boosting', 't', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_rounds": 40}');
SELECT avg((userseg.predict('g', t) = y::text)::int) > 0.97 AS learns, bool_and(p BETWEEN 0 AND 1) AS probabilities FROM t, LATERAL (SELECT userseg.predict_value('g', t) AS p) s;
-- the first tree by hand: squared loss, no penalty, one split: mean plus rate times the mean residual of the side
SELECT version FROM userseg.train('step', 'gradient_boosting', 'SELECT i AS x, CASE WHEN i > 6 THEN 10.0 ELSE 0 END AS y FROM generate_series(1, 10) i', target => 'y', holdout => 0, params => '{"n_rounds": 1, "max_depth": 1, "l2": 0, "learning_rate": 0.5}');
CREATE TYPE one AS (x float8);
SELECT x, round(userseg.predict_value('step', ROW(x)::one)::numeric, 6) AS value FROM (VALUES (1::float8), (7), (NULL)) v(x);
-- logistic loss: log odds plus rate times G / H of the side, p = 0.4
SELECT version FROM userseg.train('step', 'gradient_boosting', 'SELECT i AS x, i > 6 AS y FROM generate_series(1, 10) i', target => 'y', holdout => 0, params => '{"n_rounds": 1, "max_depth": 1, "l2": 1, "learning_rate": 0.3, "min_child_weight": 0}');
SELECT x, round((ln(p / (1 - p)) - ln(0.4 / 0.6) - 0.3 * CASE WHEN x > 6.5 THEN 4 * 0.6 / (4 * 0.24 + 1) ELSE -6 * 0.4 / (6 * 0.24 + 1) END)::numeric, 6) AS difference
FROM (VALUES (1::float8), (7)) v(x), LATERAL (SELECT userseg.predict_value('step', ROW(x)::one)) s(p);
-- the same model in any order of the rows, by any number of workers; weights as repeated rows
CREATE FUNCTION bits(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(userseg.predict_proba($1, t)::text, ',' ORDER BY id)) FROM t $$;
SELECT version FROM userseg.train('shuffled', 'gradient_boosting', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_rounds": 40}');
SELECT version FROM userseg.train('workers', 'gradient_boosting', 'SELECT * FROM t ORDER BY id DESC', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_rounds": 40, "workers": 2}');
SELECT bits('g') = bits('shuffled') AS shuffled, bits('g') = bits('workers') AS workers;
SELECT version FROM userseg.train('weighed', 'gradient_boosting', 't', target => 'y', weight => 'w', features => '{a,b,colour,noise}', holdout => 0, params => '{"n_rounds": 10}');
SELECT version FROM userseg.train('repeated', 'gradient_boosting', 'SELECT t.* FROM t, generate_series(1, w)', target => 'y', features => '{a,b,colour,noise}', holdout => 0, params => '{"n_rounds": 10}');
SELECT max(abs(userseg.predict_value('weighed', t) - userseg.predict_value('repeated', t))) < 1e-6 AS weights FROM t;
-- samples of rows and columns, leaf by leaf, early stopping
SELECT details ->> 'stopped_early' AS stopped, (details ->> 'rounds')::int < 300 AS fewer, (details ->> 'validation_loss')::float8 < 0.4 AS loss
FROM userseg.train('early', 'gradient_boosting', 't', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_rounds": 300, "early_stopping": 5, "row_share": 0.7, "column_share": 0.75, "growth": "leaf", "max_leaves": 12}');
SELECT version FROM userseg.train('early2', 'gradient_boosting', 'SELECT * FROM t ORDER BY b', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_rounds": 300, "early_stopping": 5, "row_share": 0.7, "column_share": 0.75, "growth": "leaf", "max_leaves": 12, "workers": 1}');
SELECT bits('early') = bits('early2') AS same;
-- objectives: each does better than the constant it starts from, in its own loss
CREATE FUNCTION loss(objective text, y float8, f float8) RETURNS float8 LANGUAGE sql AS $$
  SELECT CASE objective WHEN 'squared' THEN (y - f) ^ 2 WHEN 'absolute' THEN abs(y - f) WHEN 'huber' THEN CASE WHEN abs(y - f) < 3 THEN (y - f) ^ 2 / 2 ELSE 3 * (abs(y - f) - 1.5) END
    WHEN 'quantile' THEN CASE WHEN y >= f THEN 0.9 * (y - f) ELSE 0.1 * (f - y) END WHEN 'poisson' THEN f - y * ln(f) WHEN 'tweedie' THEN f ^ 0.5 / 0.5 + y * f ^ -0.5 / 0.5 END $$;
SELECT objective, converged FROM unnest('{squared,absolute,huber,quantile,poisson,tweedie}'::text[]) objective,
  LATERAL userseg.train('o_' || objective, 'gradient_boosting', 't', target => 'amount', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => format('{"objective": "%s", "n_rounds": 60, "quantile": 0.9, "huber": 3}', objective)::jsonb);
SELECT objective, sum(loss(objective, amount, userseg.predict_value('o_' || objective, t))) < (0.5 + CASE WHEN objective IN ('poisson', 'tweedie') THEN 0.5 ELSE 0 END) * min(constant) AS better
FROM t, unnest('{squared,absolute,huber,quantile,poisson,tweedie}'::text[]) objective,
  LATERAL (SELECT sum(loss(objective, u.amount, CASE objective WHEN 'absolute' THEN m.median WHEN 'quantile' THEN m.nine ELSE m.mean END)) AS constant
           FROM t u, (SELECT avg(amount) AS mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS median, percentile_cont(0.9) WITHIN GROUP (ORDER BY amount) AS nine FROM t) m) c
GROUP BY objective ORDER BY objective;
SELECT round(avg((amount <= userseg.predict_value('o_quantile', t))::int), 1) AS below FROM t;
-- monotone columns
SELECT converged FROM userseg.train('mono', 'gradient_boosting', 'SELECT a, b, colour, sin(a / 8.0) + a / 60.0 - b / 40.0 AS z FROM t WHERE a IS NOT NULL', target => 'z', holdout => 0, params => '{"monotone": ["a", "-b"], "n_rounds": 60}');
CREATE TYPE abc AS (a float8, b float8, colour text);
SELECT bool_and(v >= before) AS rises, (SELECT bool_and(v <= before) FROM (SELECT v, lag(v) OVER (PARTITION BY a ORDER BY b) AS before FROM generate_series(0, 100, 20) a, generate_series(0, 96, 4) b, LATERAL (SELECT userseg.predict_value('mono', ROW(a, b, 'red')::abc)) s(v)) q) AS falls
FROM (SELECT v, lag(v) OVER (PARTITION BY b ORDER BY a) AS before FROM generate_series(0, 100, 2) a, generate_series(0, 90, 30) b, LATERAL (SELECT userseg.predict_value('mono', ROW(a, b, 'red')::abc)) s(v)) q;
-- three classes
SELECT converged, details #>> '{model,trees}' AS trees FROM userseg.train('three', 'gradient_boosting', 'SELECT id, a, b, CASE WHEN a > 70 THEN ''high'' WHEN b > 50 THEN ''middle'' ELSE ''low'' END AS c FROM t', target => 'c', id => 'id', params => '{"n_rounds": 20}');
SELECT label, round(probability::numeric, 1) AS probability, value FROM userseg.predict_detail('three', (SELECT t FROM t WHERE id = 9));
-- targets of any size that floats hold
SELECT round((m.metric_value / 1e30)::numeric, 2) = round(o.metric_value::numeric, 2) AS same
FROM userseg.train('large', 'gradient_boosting', 'SELECT a, b, amount * 1e30 AS z FROM t', target => 'z', params => '{"n_rounds": 20}', holdout => 0) m,
  userseg.train('usual', 'gradient_boosting', 'SELECT a, b, amount AS z FROM t', target => 'z', params => '{"n_rounds": 20}', holdout => 0) o;
-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'gradient_boosting', 't', target => 'amount', features => '{a,b}', params => '{"monotone": ["c"]}');
SELECT userseg.train('e', 'gradient_boosting', 'SELECT a, b, a - 50 AS z FROM t WHERE a IS NOT NULL', target => 'z', params => '{"objective": "poisson"}');
SELECT userseg.train('e', 'gradient_boosting', 't', target => 'colour', features => '{a,b}', params => '{"monotone": ["a"]}');
SELECT userseg.train('e', 'gradient_boosting', 't', target => 'y', params => '{"learning_rate": 0}');
SELECT userseg.train('e', 'gradient_boosting', 'SELECT a, b, amount * 1e100 AS z FROM t', target => 'z');
SELECT userseg.train('e', 'gradient_boosting', 'SELECT a, b, amount / 1e50 AS z FROM t', target => 'z');
SET userseg.max_memory = '4MB';
SELECT userseg.train('e', 'gradient_boosting', 'SELECT i * 7919 % 10007 AS a, i * 7 % 9973 AS b, i % 2 = 0 AS y FROM generate_series(1, 150000) i', target => 'y');
RESET userseg.max_memory;
SELECT count(*) AS dropped FROM unnest('{g,step,shuffled,workers,weighed,repeated,early,early2,o_squared,o_absolute,o_huber,o_quantile,o_poisson,o_tweedie,mono,three,large,usual}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_boosting CASCADE;
