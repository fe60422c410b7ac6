-- Decision trees: what they do in every case; figures against other libraries are in test/golden.
SET client_min_messages = warning;
CREATE SCHEMA test_tree;
SET search_path = test_tree, public;
CREATE TABLE t AS
SELECT i AS id, CASE WHEN i % 13 = 0 THEN NULL ELSE i * 7919 % 101 END AS a, i * 104729 % 97 AS b,
  (ARRAY['red', 'green', 'blue', NULL, 'grey'])[1 + i % 5] AS colour, i * 31 % 11 AS noise,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 5 IN (0, 2) ELSE i * 104729 % 97 > 80 END AS y
FROM generate_series(1, 800) i;
SELECT model, version, algorithm, n_rows, n_features, converged, warnings, details #>> '{pruning,by}' AS pruning, (details #>> '{pruning,leaves_grown}')::int >= (details #>> '{model,leaves}')::int AS pruned
FROM userseg.train('d', 'decision_tree', 't', target => 'y', features => '{a,b,colour,noise}', holdout => 0);
SELECT avg((userseg.predict('d', t) = y::text)::int) > 0.93 AS learns FROM t;
-- a tree without limits knows every row that differs from the others
SELECT version FROM userseg.train('full', 'decision_tree', 't', target => 'y', features => '{a,b,colour,noise}', holdout => 0, params => '{"pruning": "none", "min_leaf": 1}');
SELECT count(*) FILTER (WHERE userseg.predict('full', t) <> y::text) AS wrong, round(avg(userseg.predict_value('full', t))::numeric, 4) = round(avg(y::int), 4) AS calibrated FROM t;
-- one split, by hand: variance is 6 * 4 / 10 = 2.4 before, 0 after
SELECT details #>> '{model,leaves}' AS leaves FROM userseg.train('step', 'decision_tree', 'SELECT i AS x, CASE WHEN i > 6 THEN 1.0 ELSE 0 END AS y FROM generate_series(1, 10) i', target => 'y', holdout => 0, params => '{"pruning": "none", "min_leaf": 1}');
CREATE TYPE one AS (x float8);
SELECT x, round(userseg.predict_value('step', ROW(x)::one)::numeric, 6) AS value FROM (VALUES (1::float8), (6.5), (6.50001), (1e300), (NULL)) v(x);
-- the same tree in any order of the rows, and with repeated rows as with weights
CREATE FUNCTION bits(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(userseg.predict_proba($1, t)::text, ',' ORDER BY id)) FROM t $$;
SELECT version FROM userseg.train('shuffled', 'decision_tree', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'y', id => 'id', features => '{a,b,colour,noise}', holdout => 0);
SELECT version FROM userseg.train('ordered', 'decision_tree', 'SELECT * FROM t ORDER BY id DESC', target => 'y', id => 'id', features => '{a,b,colour,noise}', holdout => 0);
SELECT version FROM userseg.train('weighed', 'decision_tree', 'SELECT *, 1 + id % 3 AS w FROM t', target => 'y', weight => 'w', features => '{a,b,colour,noise}', holdout => 0, params => '{"pruning": "none", "min_leaf": 7}');
SELECT version FROM userseg.train('repeated', 'decision_tree', 'SELECT t.* FROM t, generate_series(1, 1 + id % 3)', target => 'y', features => '{a,b,colour,noise}', holdout => 0, params => '{"pruning": "none", "min_leaf": 7}');
SELECT bits('shuffled') = bits('ordered') AS any_order, bits('weighed') = bits('repeated') AS weights;
-- three classes, entropy, limits
SELECT details #>> '{model,leaves}' AS leaves FROM userseg.train('three', 'decision_tree', 'SELECT a, b, CASE WHEN a > 70 THEN ''high'' WHEN b > 50 THEN ''middle'' ELSE ''low'' END AS c FROM t WHERE a IS NOT NULL', target => 'c', holdout => 0, params => '{"criterion": "entropy", "max_leaves": 3}');
SELECT label, label_id, round(probability::numeric, 3) AS probability, runner_up FROM userseg.predict_detail('three', (SELECT t FROM t WHERE id = 8));
SELECT details #>> '{model,leaves}' AS leaves FROM userseg.train('root', 'decision_tree', 't', target => 'y', features => '{a,b}', holdout => 0, params => '{"max_depth": 0}');
-- a level that training did not see, a missing value, no row
CREATE TYPE full_row AS (a float8, b float8, colour text, noise float8);
SELECT userseg.predict_value('d', ROW(90, 1, 'pink', 3)::full_row) BETWEEN 0 AND 1 AS unseen, userseg.predict_value('d', ROW(NULL, NULL, NULL, NULL)::full_row) BETWEEN 0 AND 1 AS missing, userseg.predict_value('d', NULL::full_row) IS NULL AS no_row;
SELECT warnings FROM userseg.predict_detail('d', ROW(90, 1, 'pink', 3)::full_row);
-- few rows
SELECT details #>> '{model,leaves}' AS leaves FROM userseg.train('few', 'decision_tree', 'SELECT i AS x, i % 2 = 0 AS y FROM generate_series(1, 2) i', target => 'y', holdout => 0);
-- the absolute error: leaves are medians; rows repeated as with weights
SELECT details #>> '{model,leaves}' AS leaves FROM userseg.train('median', 'decision_tree', 'SELECT i AS x, CASE WHEN i > 6 THEN 10 ELSE i END AS y FROM generate_series(1, 9) i', target => 'y', holdout => 0, params => '{"pruning": "none", "min_leaf": 1, "max_depth": 1, "criterion": "absolute_error"}');
SELECT x, round(userseg.predict_value('median', ROW(x)::one)::numeric, 6) AS value FROM (VALUES (1::float8), (9)) v(x);
SELECT version FROM userseg.train('weighed', 'decision_tree', 'SELECT a, b, colour, a * b AS z, 1 + id % 3 AS w FROM t WHERE a IS NOT NULL', target => 'z', weight => 'w', holdout => 0, params => '{"pruning": "none", "min_leaf": 7, "criterion": "absolute_error"}');
SELECT version FROM userseg.train('repeated', 'decision_tree', 'SELECT a, b, colour, a * b AS z FROM t, generate_series(1, 1 + id % 3) WHERE a IS NOT NULL', target => 'z', holdout => 0, params => '{"pruning": "none", "min_leaf": 7, "criterion": "absolute_error"}');
SELECT max(abs(userseg.predict_value('weighed', t) - userseg.predict_value('repeated', t))) < 1e-3 AS weights FROM t;
SELECT version FROM userseg.train('pruned', 'decision_tree', 'SELECT a, b, colour, a * b AS z FROM t ORDER BY hashint4(id)', target => 'z', holdout => 0, params => '{"criterion": "absolute_error"}');
SELECT (details #>> '{model,leaves}')::int BETWEEN 2 AND (details #>> '{pruning,leaves_grown}')::int AS pruned FROM userseg.model_versions WHERE model = 'pruned';
-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'decision_tree', 't');
SELECT userseg.train('e', 'decision_tree', 't', target => 'y', params => '{"min_leaf": -1}');
SELECT userseg.train('e', 'decision_tree', 't', target => 'y', params => '{"criterion": "mae"}');
SELECT userseg.train('e', 'decision_tree', 't', target => 'y', holdout => 0, params => '{"criterion": "absolute_error"}');
SELECT userseg.train('e', 'kmeans', 't', features => '{a,colour}', transform => '{"colour": "native"}');
SELECT userseg.train('e', 'kmeans', 't', features => '{a,b}', transform => '{"a": {"impute": "keep"}}');
SELECT count(*) AS dropped FROM unnest('{d,full,step,shuffled,ordered,weighed,repeated,three,root,few,median,pruned}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_tree CASCADE;

-- the scale of a target changes nothing of a pruned tree, and the penalty by its square
SELECT scale, t.details -> 'pruning' ->> 'leaves_grown' AS grown, t.details -> 'model' ->> 'leaves' AS leaves,
       round(((t.details -> 'pruning' ->> 'alpha')::float8 / scale / scale)::numeric, 8) AS alpha
FROM unnest('{1, 1e30, 1e100, 1e-100}'::float8[]) scale,
     LATERAL userseg.train('scaled', 'decision_tree', format('SELECT g AS id, g %% 17 AS a, g * 7 %% 23 AS b,
       ((g %% 17 > 8)::int * 2 + (g * 7 %% 23 > 11)::int + 0.25 * (g %% 3))::float8 * %s AS y FROM generate_series(1, 400) g', scale),
       target => 'y', id => 'id', holdout => 0) t ORDER BY abs(log(scale));
SELECT userseg.drop_model('scaled');
