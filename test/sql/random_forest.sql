-- Random forests: what they do in every case; figures against other libraries are in test/golden.
SET client_min_messages = warning;
CREATE SCHEMA test_forest;
SET search_path = test_forest, public;
CREATE TABLE t AS
SELECT i AS id, CASE WHEN i % 13 = 0 THEN NULL ELSE i * 7919 % 101 END AS a, i * 104729 % 97 AS b,
  (ARRAY['red', 'green', 'blue', NULL, 'grey'])[1 + i % 5] AS colour, i * 31 % 11 AS noise,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 5 IN (0, 2) ELSE i * 104729 % 97 > 80 END AS y,
  (i * 7919 % 101) / 10.0 + CASE WHEN i % 5 = 1 THEN 20 ELSE 0 END AS amount
FROM generate_series(1, 800) i;
SELECT model, version, algorithm, n_rows, n_features, converged, iterations, warnings, (details #>> '{out_of_bag,rows}')::int > 790 AS oob_rows, (details #>> '{out_of_bag,accuracy}')::float8 > 0.9 AS oob
FROM userseg.train('f', 'random_forest', 't', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_trees": 50}');
SELECT avg((userseg.predict('f', t) = y::text)::int) > 0.95 AS learns, bool_and(p BETWEEN 0 AND 1) AS probabilities, bool_and(abs((d ->> 'true')::float8 + (d ->> 'false')::float8 - 1) < 1e-9) AS sums
FROM t, LATERAL (SELECT userseg.predict_value('f', t) AS p, userseg.predict_proba('f', t) AS d) s;
-- a row is scored like the block it stands in
SELECT count(*) FILTER (WHERE v IS DISTINCT FROM userseg.predict_value('f', t)) AS different FROM t JOIN (SELECT id, userseg.predict_value('f', t) AS v FROM t OFFSET 0) s USING (id);
SELECT n_rows, n_new FROM userseg.assign('f', 't', 'id', 'assigned');
SELECT count(*) FILTER (WHERE a.value IS DISTINCT FROM userseg.predict_value('f', t) OR a.segment <> userseg.predict('f', t)) AS different FROM t JOIN assigned a USING (id);
-- the same forest in any order, by any number of workers
CREATE FUNCTION bits(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(userseg.predict_proba($1, t)::text, ',' ORDER BY id)) FROM t $$;
SELECT version FROM userseg.train('shuffled', 'random_forest', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_trees": 50}');
SELECT version FROM userseg.train('workers', 'random_forest', 'SELECT * FROM t ORDER BY id DESC', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_trees": 50, "workers": 2}');
SELECT version FROM userseg.train('seed', 'random_forest', 't', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, seed => 43, params => '{"n_trees": 50}');
SELECT bits('f') = bits('shuffled') AS shuffled, bits('f') = bits('workers') AS workers, bits('f') <> bits('seed') AS seed;
SELECT a.details -> 'out_of_bag' = b.details -> 'out_of_bag' AS oob FROM userseg.model_versions a, userseg.model_versions b WHERE a.model = 'f' AND b.model = 'workers';
-- regression: not beyond the range of the target, and better than the mean
SELECT details #>> '{out_of_bag,r2}' IS NOT NULL AS r2, (details #>> '{out_of_bag,r2}')::float8 > 0.8 AS oob FROM userseg.train('r', 'random_forest', 't', target => 'amount', features => '{a,b,colour,noise}', id => 'id', holdout => 0.2, params => '{"n_trees": 60, "min_leaf": 2}');
SELECT bool_and(v BETWEEN lo - 1e-9 AND hi + 1e-9) AS inside, 1 - sum((v - amount) ^ 2) / sum((amount - m) ^ 2) > 0.9 AS fits
FROM (SELECT userseg.predict_value('r', t) AS v, amount, min(amount) OVER () AS lo, max(amount) OVER () AS hi, avg(amount) OVER () AS m FROM t) s;
-- one tree on all rows is the decision tree
SELECT version FROM userseg.train('one', 'random_forest', 't', target => 'y', features => '{a,b,colour,noise}', holdout => 0, params => '{"n_trees": 1, "bootstrap": false, "max_features": 4, "min_leaf": 3}');
SELECT version FROM userseg.train('tree', 'decision_tree', 't', target => 'y', features => '{a,b,colour,noise}', holdout => 0, params => '{"pruning": "none", "min_leaf": 3, "max_depth": 100}');
SELECT bits('one') = bits('tree') AS same;
-- class weights; three classes
SELECT version FROM userseg.train('heavy', 'random_forest', 't', target => 'y', features => '{a,b,colour,noise}', id => 'id', holdout => 0, params => '{"n_trees": 50, "class_weight": {"true": 5}}');
SELECT avg(userseg.predict_value('heavy', t)) > avg(userseg.predict_value('f', t)) AS heavier FROM t;
SELECT converged FROM userseg.train('three', 'random_forest', 'SELECT id, a, b, CASE WHEN a > 70 THEN ''high'' WHEN b > 50 THEN ''middle'' ELSE ''low'' END AS c FROM t', target => 'c', id => 'id', params => '{"n_trees": 20}');
SELECT label, round(probability::numeric, 1) AS probability, runner_up IS NOT NULL AS runner_up, value FROM userseg.predict_detail('three', (SELECT t FROM t WHERE id = 9));
-- few rows, few columns
SELECT converged FROM userseg.train('few', 'random_forest', 'SELECT i AS x, i % 2 = 0 AS y FROM generate_series(1, 3) i', target => 'y', holdout => 0, params => '{"n_trees": 3}');
-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'random_forest', 't');
SELECT userseg.train('e', 'random_forest', 't', target => 'y', params => '{"trees": 10}');
SELECT userseg.predict('r', t) FROM t LIMIT 1;
SET userseg.max_memory = '4MB';
SELECT userseg.train('e', 'random_forest', 'SELECT i * 7919 % 10007 AS a, i % 7 AS b, i % 2 = 0 AS y FROM generate_series(1, 60000) i', target => 'y', params => '{"min_leaf": 1}');
RESET userseg.max_memory;
SELECT count(*) AS dropped FROM unnest('{f,shuffled,workers,seed,r,one,tree,heavy,three,few}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_forest CASCADE;
