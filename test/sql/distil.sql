-- Distilling: a small model that imitates a large one, compared by hand.
SET client_min_messages = warning;
CREATE SCHEMA test_distil;
SET search_path = test_distil, public;
CREATE TABLE t AS
SELECT i AS id, i * 7919 % 101 AS a, CASE WHEN i % 13 = 0 THEN NULL ELSE (i * 104729 % 97) / 8.0 END AS b, (ARRAY['red', 'green', 'blue', NULL])[1 + i % 4] AS colour, i % 3 = 0 AS flag,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 4 IN (0, 2) ELSE i * 104729 % 97 > 80 END <> (i * 613 % 97 < 9) AS y, (i * 7919 % 101) / 10.0 + (i * 104729 % 97) / 30.0 AS z, (ARRAY['low', 'middle', 'high'])[1 + (i * 7919 % 101) / 34] AS kind
FROM generate_series(1, 3000) i;
SELECT version FROM userseg.train('big', 'random_forest', 't', target => 'y', id => 'id', features => '{a,b,colour,flag}', params => '{"n_trees": 20}', holdout => 0);
-- a tree of depth 4 unless params say otherwise; the result in one row
SELECT model, version, algorithm, n_rows, n_features, measured_on, measured_rows BETWEEN 500 AND 700 AS measured, agreement > 0.9 AS agrees, r2 > 0.8 AS near, correlation >= r2 AS related, metric, teacher_value > 0.7 AS teacher, student_value > 0.7 AS student,
  abs(difference - (student_value - teacher_value)) < 1e-12 AS differs, details #>> '{distillation,teacher}' AS taught_by, details #>> '{distillation,teacher_version}' AS taught_version
FROM userseg.distil('big', 'decision_tree', 'small', 't', id => 'id');
SELECT max(depth) <= 4 AS shallow FROM userseg.rules('small');
-- without a hold-out every figure is that of the version itself, on all rows
SELECT agreement, r2, correlation, teacher_value, student_value FROM userseg.distil('big', 'decision_tree', 'all', 't', id => 'id', holdout => 0) \gset
SELECT abs(avg((userseg.predict('big', t) = userseg.predict('all', t))::int) - :agreement) < 1e-12 AS agreement,
  abs(1 - sum((p - q) ^ 2) / (sum(p * p) - sum(p) ^ 2 / count(*)) - :r2) < 1e-9 AS r2, abs(corr(p, q) - :correlation) < 1e-9 AS correlation,
  abs(userseg.auc(userseg.ranking_agg(p, y)) - :teacher_value) < 1e-9 AS teacher, abs(userseg.auc(userseg.ranking_agg(q, y)) - :student_value) < 1e-9 AS student
FROM t, LATERAL (SELECT userseg.predict_value('big', t) AS p, userseg.predict_value('all', t) AS q OFFSET 0) v;
-- a leaf of the student is the mean probability of the teacher in it
SELECT max(abs(q - mean)) < 1e-6 AS soft FROM (SELECT userseg.predict_value('all', t) AS q, avg(userseg.predict_value('big', t)) OVER (PARTITION BY userseg.predict_value('all', t)) AS mean FROM t) s;
-- other students; some of the features; the source of the teacher; a source without the target, with NULL targets
SELECT algorithm, n_features, agreement > 0.6 AS agrees, metric FROM userseg.distil('big', 'scorecard', 'card', params => '{"lambda": 0.001}');
SELECT algorithm, n_features, agreement > 0.6 AS agrees, metric FROM userseg.distil('big', 'logistic', 'lr', 't', features => '{a,b}');
SELECT algorithm, agreement > 0.6 AS agrees, metric, details #>> '{target,task}' AS task FROM userseg.distil('big', 'linear', 'ols', 't', id => 'id');
SELECT metric, agreement > 0.9 AS agrees FROM userseg.distil('big', 'decision_tree', 'blind', 'SELECT a, b, colour, flag FROM t');
SELECT metric, agreement > 0.9 AS agrees FROM userseg.distil('big', 'decision_tree', 'half', 'SELECT id, a, b, colour, flag, CASE WHEN id % 2 = 0 THEN y END AS y FROM t', id => 'id');
-- several classes; a regression
SELECT version FROM userseg.train('kinds', 'random_forest', 't', target => 'kind', id => 'id', features => '{a,b,colour}', params => '{"n_trees": 10}', holdout => 0);
SELECT metric, agreement > 0.9 AS agrees, student_value > 0.9 AS student FROM userseg.distil('kinds', 'decision_tree', 'few_kinds', 't', id => 'id');
SELECT version FROM userseg.train('value', 'gradient_boosting', 't', target => 'z', id => 'id', features => '{a,b,colour}', params => '{"n_rounds": 30}', holdout => 0);
SELECT metric, agreement, r2 > 0.8 AS near, student_value > teacher_value AS costs FROM userseg.distil('value', 'decision_tree', 'few_values', 't', id => 'id');
-- the same in any order of the rows
SELECT count(version) FROM userseg.distil('big', 'decision_tree', 'turned', 'SELECT * FROM t ORDER BY md5(id::text)', id => 'id', holdout => 0);
SELECT bool_and(userseg.predict_value('turned', t) = userseg.predict_value('all', t)) AS same FROM t;
-- errors
SELECT userseg.distil('nobody', 'decision_tree', 'no', 't');
SELECT userseg.distil('big', 'kmeans', 'no', 't');
SELECT userseg.distil('value', 'logistic', 'no', 't');
SELECT userseg.distil('kinds', 'linear', 'no', 't');
SELECT userseg.distil('big', 'logistic', 'no', 't', params => '{"strategy": "sql"}');
SELECT userseg.distil('big', 'decision_tree', 'no', 'SELECT a FROM t');
SELECT version FROM userseg.train('segments', 'kmeans', 't', id => 'id', features => '{a,b}', params => '{"k": 3}');
SELECT userseg.distil('segments', 'decision_tree', 'no', 't');
SELECT count(*) AS dropped FROM unnest('{big,small,all,card,lr,ols,blind,half,kinds,few_kinds,value,few_values,turned,segments}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_distil CASCADE;
