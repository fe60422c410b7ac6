-- Networks: what they do in every case; figures against scikit-learn are in test/golden.
SET client_min_messages = error;
CREATE SCHEMA test_mlp;
SET search_path = test_mlp, public;
CREATE TABLE t AS
SELECT i AS id, CASE WHEN i % 13 = 0 THEN NULL ELSE i * 7919 % 101 END AS a, (i * 104729 % 97) / 8.0 AS b,
  (ARRAY['red', 'green', 'blue'])[1 + i % 3] AS colour, i % 4 = 0 AS flag,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 3 IN (0, 2) ELSE i * 104729 % 97 > 60 END AS y,
  20 + 5 * sin((i * 7919 % 101) / 20.0) + 4 * (i % 3) AS amount, 1 + i % 3 AS w
FROM generate_series(1, 900) i;
-- classes: what no straight line tells apart
SELECT model, version, algorithm, n_rows, n_features, converged, warnings, details #> '{model,units}' AS units, details #>> '{model,loss}' AS loss, (details ->> 'epochs')::int = iterations AS epochs
FROM userseg.train('net', 'mlp', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id', holdout => 0, params => '{"hidden": [32, 8], "learning_rate": 0.01}');
SELECT avg((userseg.predict('net', t) = y::text)::int) > 0.95 AS learns, bool_and(p BETWEEN 0 AND 1) AS probabilities FROM t, LATERAL (SELECT userseg.predict_value('net', t) AS p) s;
SELECT version, metric, metric_value > 0.9 AS good FROM userseg.train('held', 'mlp', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id', params => '{"learning_rate": 0.01}');
-- numbers, squared and Huber's loss; three classes with tanh, dropout, weights
SELECT how, version, details #>> '{model,loss}' AS loss
FROM (VALUES ('squared'), ('huber')) v(how), LATERAL userseg.train('amount_' || how, 'mlp', 't', target => 'amount', features => '{a,b,colour,flag}', id => 'id', holdout => 0, params => jsonb_build_object('loss', how, 'learning_rate', 0.01));
SELECT how, sqrt(avg((userseg.predict_value('amount_' || how, t) - amount) ^ 2)) < 0.3 * stddev(amount) AS learns FROM (VALUES ('squared'), ('huber')) v(how), t GROUP BY how ORDER BY how;
SELECT version, details #>> '{model,loss}' AS loss FROM userseg.train('colour', 'mlp', 't', target => 'colour', features => '{a,b,amount}', id => 'id', weight => 'w', holdout => 0,
  params => '{"activation": "tanh", "hidden": [24], "dropout": 0.1, "class_weight": "balanced", "learning_rate": 0.01, "max_epochs": 60}');
SELECT avg((userseg.predict('colour', t) = colour)::int) > 0.9 AS learns, (SELECT round(sum(v::float8)::numeric, 9) FROM jsonb_each_text(userseg.predict_proba('colour', (SELECT t FROM t WHERE id = 1))) e(k, v)) AS sum FROM t;
-- the same bits in any order of the rows, with and without workers, in a small budget; another seed gives another model
CREATE FUNCTION bits(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(userseg.predict_proba($1, t)::text, ',' ORDER BY id)) FROM t $$;
SELECT version FROM userseg.train('shuffled', 'mlp', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'y', features => '{a,b,colour,flag}', id => 'id', holdout => 0, params => '{"hidden": [32, 8], "learning_rate": 0.01}');
SELECT version FROM userseg.train('seeded', 'mlp', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id', holdout => 0, seed => 7, params => '{"hidden": [32, 8], "learning_rate": 0.01}');
SELECT bits('net') = bits('shuffled') AS shuffled, bits('net') = bits('seeded') AS another_seed;
-- without an id rows have the key of their contents: equal rows are alike
SELECT version FROM userseg.train('keyless', 'mlp', 'SELECT y, a, b FROM t', target => 'y', holdout => 0, params => '{"max_epochs": 5}');
SELECT version FROM userseg.train('keyless2', 'mlp', 'SELECT y, a, b FROM t ORDER BY hashint4(id)', target => 'y', holdout => 0, params => '{"max_epochs": 5}');
SELECT bits('keyless') = bits('keyless2') AS same;
-- reasons and base add up: to the log odds of the label, to the number
SELECT bool_and(abs(s - ln(p / (1 - p))) < 1e-6) AS add_up FROM t, LATERAL userseg.predict_detail('net', t) d, LATERAL (SELECT d.probability AS p, sum((r ->> 'contribution')::float8) AS s FROM jsonb_array_elements(d.reasons) r) x WHERE p < 1 - 1e-9;
SELECT bool_and(abs(s - x.value) < 1e-9) AS add_up FROM t, LATERAL userseg.predict_detail('amount_squared', t) d, LATERAL (SELECT d.value, sum((r ->> 'contribution')::float8) AS s FROM jsonb_array_elements(d.reasons) r) x;
-- embeddings: the last hidden layer; of columns and of rows; in parallel plans; NULL for no row
SELECT array_length(userseg.embed('net', t), 1) AS length, pg_typeof(userseg.embed('net', t)) AS type, bool_and(x >= 0) AS rectified FROM t, LATERAL unnest(userseg.embed('net', t)) x WHERE id = 1 GROUP BY 1, 2;
SELECT userseg.embed('net', t) = userseg.embed('net', r) AS row_or_columns FROM t, LATERAL (SELECT t.flag, t.colour, t.b, t.a, 1 AS more) r WHERE id = 5;
SELECT count(*), count(e) FROM (SELECT userseg.embed('net', t) AS e FROM (VALUES (1), (-1)) v(n) LEFT JOIN t ON t.id = v.n) q;
-- what comes last decides: a logistic regression on the embedding of the network
SELECT userseg.predict_value('net', t) > 0.5 AS yes, (userseg.embed('net', t))[1:2] IS NOT NULL AS embedded FROM t WHERE id = 3;
-- NULL, unseen, far away, infinite: an answer, never NaN
CREATE TYPE abcf AS (a float8, b float8, colour text, flag boolean);
SELECT x, userseg.predict_value('net', ROW(x, 1, 'violet', NULL)::abcf) BETWEEN 0 AND 1 AS classes, userseg.predict_value('amount_squared', ROW(x, -x, NULL, true)::abcf) <> 'NaN' AS number, array_position(userseg.embed('net', ROW(x, x, NULL, true)::abcf), 'NaN') IS NULL AS embedded
FROM unnest('{1e10,-1e200,1e308,infinity,NaN}'::float8[]) x;
-- few rows, duplicates only, many columns, early stopping off, without rows kept back
SELECT version, converged, details ->> 'validation_rows' AS kept_back FROM userseg.train('few', 'mlp', 'SELECT y, a, b FROM t WHERE id <= 5', target => 'y', holdout => 0, params => '{"early_stopping": 0, "max_epochs": 3}');
SELECT version, details ->> 'validation_loss' AS validation, iterations FROM userseg.train('plain', 'mlp', 'SELECT y, a, b FROM t', target => 'y', holdout => 0, params => '{"validation_share": 0, "early_stopping": 0, "max_epochs": 4, "batch_size": 1000}');
SELECT version FROM userseg.train('alike', 'mlp', 'SELECT 1.5 * (i % 2) AS a, i % 2 = 0 AS y FROM generate_series(1, 100) i', target => 'y', holdout => 0, params => '{"max_epochs": 5}');
SELECT version FROM userseg.train('wide', 'mlp', 'SELECT y, ARRAY(SELECT sin(id * j)::float8 FROM generate_series(1, 300) j) AS v FROM t', target => 'y', holdout => 0, params => '{"max_epochs": 3}');
SET client_min_messages = warning;
SELECT converged, warnings FROM userseg.train('short', 'mlp', 't', target => 'y', features => '{a,b}', id => 'id', holdout => 0, params => '{"max_epochs": 3}');
SET client_min_messages = error;
-- cross-validation, tuning, evaluation, importance, partial dependence, by value, explain_train
SELECT count(*) > 5 AS measured FROM userseg.cross_validate('mlp', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id', folds => 3, params => '{"max_epochs": 5}');
SELECT count(*) AS trials FROM userseg.tune('tuned', 'mlp', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id', grid => '{"hidden": [[8], [16, 8]], "max_epochs": [5]}', folds => 2);
SELECT count(*) > 3 AS evaluated FROM userseg.evaluate('held', 't');
SELECT count(*) AS features FROM userseg.importance('held', 't');
SELECT count(*) > 5 AS points FROM userseg.partial_dependence('held', 't', 'a');
SELECT bool_and((userseg.score(userseg.artifact('net'), t)).value = userseg.predict_value('net', t)) AS by_value FROM t;
SELECT value IS NOT NULL AS memory FROM userseg.explain_train('e', 'mlp', 't', target => 'y', params => '{"hidden": [100, 50]}') WHERE topic = 'memory' AND item = 'training';
-- autoencoders: rows that are planted far from the others have the largest errors
CREATE TABLE u AS
SELECT i AS id, x, 2 * x + (i * 104729 % 97) / 97.0 AS twice, -x + (i * 613 % 59) / 59.0 AS minus, colour FROM generate_series(1, 600) i, LATERAL (SELECT (i * 7919 % 101) / 10.0 AS x, (ARRAY['red', 'green'])[1 + i % 2] AS colour) s
UNION ALL SELECT 600 + i, 1 + i / 2.0, 19 - i / 2.0, -5, 'red' FROM generate_series(1, 6) i;
SELECT model, metric, metric_value < 0.2 AS small, details #> '{model,units}' AS units, details ->> 'anomalies' AS anomalies
FROM userseg.train('auto', 'autoencoder', 'u', id => 'id', features => '{x,twice,minus,colour}', params => '{"code": 2, "hidden": [8], "learning_rate": 0.01, "max_epochs": 60}');
SELECT userseg.predict('auto', u) AS segment, count(*), bool_and(id > 600) AS planted FROM u GROUP BY 1 ORDER BY 1;
SELECT userseg.predict_id('auto', u) AS id, array_length(userseg.embed('auto', u), 1) AS code, p.value >= (SELECT (details #>> '{model,threshold}')::float8 FROM userseg.model_versions WHERE model = 'auto') AS above,
  abs(p.value - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) < 1e-9 AS add_up, p.probability
FROM u, LATERAL userseg.predict_detail('auto', u) p WHERE u.id = 601;
SELECT segment, n FROM userseg.describe_segments('auto') ORDER BY 1;
SELECT userseg.predict_proba('auto', (SELECT u FROM u WHERE id = 601));
SELECT version FROM userseg.train('auto_shuffled', 'autoencoder', 'SELECT * FROM u ORDER BY hashint4(id)', id => 'id', features => '{x,twice,minus,colour}', params => '{"code": 2, "hidden": [8], "learning_rate": 0.01, "max_epochs": 60}');
SELECT bool_and(userseg.predict_value('auto', u) = userseg.predict_value('auto_shuffled', u)) AS same FROM u;
SELECT details ->> 'anomalies' AS anomalies FROM userseg.train('given', 'autoencoder', 'u', id => 'id', features => '{x,twice,minus,colour}', params => '{"code": 1, "hidden": [], "threshold": 0.5}') \gset
SELECT count(*) = :anomalies AS threshold FROM u WHERE userseg.predict_value('given', u) >= 0.5;
SELECT slice, metric, round(value::numeric, 4) AS value FROM userseg.evaluate('auto', 'u') ORDER BY 1;
SELECT version FROM userseg.train('auto', 'autoencoder', 'u', id => 'id', features => '{x,twice,minus,colour}', seed => 2, params => '{"code": 2, "hidden": [8], "learning_rate": 0.01, "max_epochs": 60}');
SELECT userseg.predict('auto', u) AS segment, userseg.predict_id('auto', u) AS id, count(*) FROM u GROUP BY 1, 2 ORDER BY 2;
SELECT segment, count(*) AS features FROM userseg.centroids('auto') GROUP BY 1 ORDER BY 1;
-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'mlp', 't', target => 'y', params => '{"hidden": []}');
SELECT userseg.train('e', 'mlp', 't', target => 'y', params => '{"hidden": [8, 8, 8, 8]}');
SELECT userseg.train('e', 'mlp', 't', target => 'y', params => '{"hidden": [0]}');
SELECT userseg.train('e', 'mlp', 't', target => 'y', params => '{"loss": "huber"}');
SELECT userseg.train('e', 'mlp', 'SELECT a * 1e100 AS a, b, amount FROM t', target => 'amount', holdout => 0, transform => '{"a": "none"}');
SELECT userseg.train('e', 'mlp', 't');
SELECT userseg.train('e', 'autoencoder', 't', params => '{"hidden": [8, 8, 8, 8]}');
SELECT userseg.train('e', 'mlp', 't', target => 'y', transform => '{"colour": "native"}');
SELECT 1 AS trained FROM userseg.train('linear', 'linear', 't', target => 'amount', features => '{a,b}', holdout => 0);
SELECT userseg.embed('linear', t) FROM t LIMIT 1;
SELECT userseg.predict('amount_squared', t) FROM t LIMIT 1;
SET userseg.max_memory = '4MB';
SELECT userseg.train('e', 'mlp', 'SELECT i * 7919 % 10007 AS a, i * 7 % 9973 AS b, i % 2 = 0 AS y FROM generate_series(1, 150000) i', target => 'y', holdout => 0);
RESET userseg.max_memory;
SELECT count(*) AS dropped FROM unnest('{net,held,amount_squared,amount_huber,colour,shuffled,seeded,keyless,keyless2,few,plain,alike,wide,short,tuned,auto,auto_shuffled,given,linear}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_mlp CASCADE;
