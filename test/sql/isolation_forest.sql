-- Isolation forests: what they do in every case; figures against another library are in test/golden.
SET client_min_messages = warning;
CREATE SCHEMA test_isolation;
SET search_path = test_isolation, public;
CREATE TABLE t AS
SELECT i AS id, i * 7919 % 101 AS a, CASE WHEN i % 17 = 0 THEN NULL ELSE i * 104729 % 97 END AS b, (ARRAY['red', 'green', 'blue', NULL])[1 + i % 4] AS colour, 1 + i % 3 AS w FROM generate_series(1, 1000) i
UNION ALL SELECT 1000 + i, 400 + i * 20, 900, 'violet', 1 FROM generate_series(1, 5) i;
SELECT version, n_features, metric, round(metric_value::numeric, 3) AS share, converged, iterations, warnings, details #>> '{model,anomalies}' AS anomalies
FROM userseg.train('risk', 'isolation_forest', 't', id => 'id', features => '{a,b,colour}', params => '{"contamination": 0.005}');
SELECT id > 1000 AS odd, userseg.predict('risk', t), userseg.predict_id('risk', t), count(*) FROM t GROUP BY 1, 2, 3 ORDER BY 1, 2;
SELECT segment_id, segment, n, rule_fidelity >= 0.99 AS faithful FROM userseg.describe_segments('risk');
-- the parts of an answer fit together
SELECT bool_and(d.value BETWEEN 0 AND 1) AS bounded, bool_and((d.label = 'anomaly') = (d.value >= m.threshold)) AS by_threshold, bool_and(d.probability >= 0.5) AS probable, bool_and(abs(d.margin - abs(d.value - m.threshold)) < 1e-15) AS margin,
  bool_and(abs((p ->> 'anomaly')::float8 + (p ->> 'normal')::float8 - 1) < 1e-12) AS adds_up, bool_and(abs((p ->> d.label)::float8 - d.probability) < 1e-12) AS same
FROM t, userseg.predict_detail('risk', t) d, userseg.predict_proba('risk', t) p, (SELECT (details #>> '{model,threshold}')::float8 AS threshold FROM userseg.model_versions WHERE model = 'risk') m;
-- contributions and base add up to log2 of the score
SELECT max(abs(d)) < 1e-9 AS add_up FROM (
  SELECT -log(2, userseg.predict_value('risk', t)::numeric)::float8 + CASE userseg.predict('risk', t) WHEN 'anomaly' THEN 1 ELSE -1 END * (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements((userseg.predict_detail('risk', t)).reasons) r) AS d FROM t) q;
SELECT r ->> 'feature' AS feature, (r ->> 'contribution')::float8 > 0 AS towards FROM jsonb_array_elements((userseg.predict_detail('risk', (SELECT t FROM t WHERE id = 1005))).reasons) r LIMIT 1;
-- any order of the rows; a threshold; weights draw rows as often
CREATE FUNCTION bits(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(userseg.predict_value($1, t)::text, ',' ORDER BY id)) FROM t $$;
SELECT version FROM userseg.train('shuffled', 'isolation_forest', 'SELECT * FROM t ORDER BY hashint4(id)', id => 'id', features => '{a,b,colour}');
SELECT bits('risk') = bits('shuffled') AS any_order;
SELECT details #>> '{model,threshold}' AS threshold FROM userseg.train('risk', 'isolation_forest', 't', id => 'id', features => '{a,b,colour}', params => '{"threshold": 0.625, "n_trees": 50, "sample_size": 64}');
SELECT segment_id, name FROM userseg.segment_names WHERE model = 'risk' ORDER BY 1;
SELECT version FROM userseg.train('weighed', 'isolation_forest', 'SELECT a, b, colour, CASE WHEN id > 1000 THEN 1000 ELSE w END AS weight FROM t', weight => 'weight');
SELECT avg(userseg.predict_value('weighed', t)) < avg(userseg.predict_value('shuffled', t)) - 0.03 AS heavy_rows_are_more_usual FROM t WHERE id > 1000;
-- missing values, levels and rows that training did not see
CREATE TYPE full_row AS (a float8, b float8, colour text);
SELECT userseg.predict('shuffled', ROW(50, 50, 'red')::full_row) AS usual, userseg.predict('shuffled', ROW(1e300, -1e300, 'pink')::full_row) AS far, userseg.predict_value('shuffled', ROW(NULL, NULL, NULL)::full_row) BETWEEN 0 AND 1 AS missing, userseg.predict_value('shuffled', NULL::full_row) IS NULL AS no_row;
-- few rows, rows that are all alike but one
SELECT details #>> '{model,sample_size}' AS sample_size, details #>> '{model,anomalies}' AS anomalies FROM userseg.train('few', 'isolation_forest', 'SELECT i AS x FROM generate_series(1, 2) i');
SELECT details #>> '{model,anomalies}' AS anomalies FROM userseg.train('alike', 'isolation_forest', 'SELECT 1 + (i = 70)::int AS x FROM generate_series(1, 200) i');
SELECT details #>> '{model,anomalies}' AS anomalies, warnings FROM userseg.train('pairs', 'isolation_forest', 'SELECT i % 2 AS x FROM generate_series(1, 200) i');
CREATE TYPE one AS (x float8);
SELECT userseg.predict('alike', ROW(1)::one) AS usual, userseg.predict('alike', ROW(2)::one) AS odd;
SELECT warnings FROM userseg.train('none', 'isolation_forest', 't', features => '{a,b}', params => '{"threshold": 1}');
-- verbs on it
SELECT metric, slice, round(value::numeric, 4) AS value, n FROM userseg.evaluate('shuffled', 't');
SELECT n_rows, n_unscored FROM userseg.assign('shuffled', 't', 'id', 'test_isolation.watched');
SELECT segment, count(*) FROM watched GROUP BY 1 ORDER BY 1;
SELECT (userseg.score(userseg.artifact('shuffled'), t)).value = userseg.predict_value('shuffled', t) AS by_value FROM t WHERE id = 1003;
-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'isolation_forest', 'SELECT 1 AS x');
SELECT userseg.train('e', 'isolation_forest', 't', features => '{a}', params => '{"contamination": 0.7}');
SELECT userseg.train('e', 'isolation_forest', 't', features => '{a}', params => '{"sample_size": 1}');
SELECT count(*) FROM userseg.centroids('risk', 'encoded');
SELECT count(*) AS dropped FROM unnest('{risk,shuffled,weighed,few,alike,pairs,none}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_isolation CASCADE;
