-- Distilling: a small model that imitates a large one, compared by hand.
SET client_min_messages = warning;
CREATE SCHEMA test_distil;
SET search_path = test_distil, public;
CREATE TABLE t AS
SELECT i AS id, i * 7919 % 101 AS a, CASE WHEN i % 13 = 0 THEN NULL ELSE (i * 104729 % 97) / 8.0 END AS b, (ARRAY['red', 'green', 'blue', NULL])[1 + i % 4] AS colour, i % 3 = 0 AS flag, 1 + i % 2 AS w,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 4 IN (0, 2) ELSE i * 104729 % 97 > 80 END <> (i * 613 % 97 < 9) AS y, (i * 7919 % 101) / 10.0 + (i * 104729 % 97) / 30.0 AS z, (ARRAY['low', 'middle', 'high'])[1 + (i * 7919 % 101) / 34] AS kind
FROM generate_series(1, 3000) i;
SELECT version FROM userseg.train('big', 'random_forest', 't', target => 'y', id => 'id', features => '{a,b,colour,flag}', params => '{"n_trees": 20}', holdout => 0);
-- a tree of depth 4 unless params say otherwise; the result in one row
SELECT model, version, algorithm, n_rows, n_features, measured_on, measured_rows BETWEEN 500 AND 700 AS measured, fidelity > 0.9 AS agrees, fidelity_r2 > 0.8 AS near, metric, teacher_value > 0.7 AS teacher, student_value > 0.7 AS student,
  abs(loss - (teacher_value - student_value)) < 1e-12 AS differs, warnings, details #>> '{distillation,teacher}' AS taught_by, details #>> '{distillation,teacher_version}' AS taught_version
FROM userseg.distil('big', 'decision_tree', 'small', 't', id => 'id') \gx
SELECT max(depth) <= 4 AS shallow, count(*) > 8 AS leaves FROM userseg.rules('small');
SELECT kind, model FROM userseg.runs WHERE model = 'small';
-- what it was measured by is kept: the figures of the student for the target, and its fidelity
SELECT metric FROM userseg.evaluate('small');
SELECT d.n_rows, v.n_rows, v.metric, details #>> '{target,column}' AS target, details -> 'suspects' AS suspects, details #>> '{source,read}' AS read, details #>> '{source,skipped}' AS skipped, (details #>> '{holdout,training_rows}')::int + (details #>> '{holdout,holdout_rows}')::int AS divided, details #>> '{holdout,refitted}' AS refitted
FROM userseg.model_versions v, LATERAL (SELECT n_rows FROM userseg.model_versions WHERE model = 'big') d WHERE model = 'small';
-- without a hold-out every figure is that of the version itself, on all rows
SELECT measured_on, measured_rows, fidelity, fidelity_r2, teacher_value, student_value FROM userseg.distil('big', 'decision_tree', 'all', 't', id => 'id', holdout => 0) \gset
SELECT :'measured_on' AS measured_on, :measured_rows AS rows, abs(avg((userseg.predict('big', t) = userseg.predict('all', t))::int) - :fidelity) < 1e-12 AS fidelity,
  abs(1 - sum((p - q) ^ 2) / (sum(p * p) - sum(p) ^ 2 / count(*)) - :fidelity_r2) < 1e-9 AS r2,
  abs(userseg.auc(userseg.ranking_agg(p, y)) - :teacher_value) < 1e-9 AS teacher, abs(userseg.auc(userseg.ranking_agg(q, y)) - :student_value) < 1e-9 AS student
FROM t, LATERAL (SELECT userseg.predict_value('big', t) AS p, userseg.predict_value('all', t) AS q OFFSET 0) v;
-- on the rows held out they are those of the model of the training part, which refit false keeps
SELECT measured_on, measured_rows, fidelity, fidelity_r2, student_value, n_rows FROM userseg.distil('big', 'decision_tree', 'part', 't', id => 'id', params => '{"refit": false}') \gset
SELECT :'measured_on' AS measured_on, :measured_rows + :n_rows AS rows, abs(value - :student_value) < 1e-12 AS auc FROM userseg.evaluate('part', 't') WHERE metric = 'auc';
-- a leaf of the student is the mean probability of the teacher in it
SELECT max(abs(q - mean)) < 1e-6 AS soft FROM (SELECT userseg.predict_value('all', t) AS q, avg(userseg.predict_value('big', t)) OVER (PARTITION BY userseg.predict_value('all', t)) AS mean FROM t) s;
-- a regression tree on the probabilities has the same leaves
SELECT fidelity = :fidelity AS "like the classifier", details #>> '{target,column}' AS target FROM userseg.distil('big', 'decision_tree', 'numbers', 't', id => 'id', params => '{"task": "regression", "refit": false}');
SELECT count(*) - count(*) FILTER (WHERE abs(userseg.predict_value('numbers', t) - userseg.predict_value('part', t)) < 1e-6) AS differ FROM t;
-- what the teacher held out and was not fitted on later, neither has seen
SELECT version FROM userseg.train('kept', 'random_forest', 't', target => 'y', id => 'id', features => '{a,b,colour,flag}', params => '{"n_trees": 20, "refit": false}', holdout => 0.3, seed => 7);
SELECT measured_on, abs(teacher_value - (SELECT value FROM userseg.evaluate('kept', 't') WHERE metric = 'auc')) < 1e-12 AS same, measured_rows = (SELECT n FROM userseg.evaluate('kept', 't') WHERE metric = 'auc') AS rows,
  abs((details #>> '{distillation,teacher_trained,value}')::float8 - teacher_value) < 1e-9 AS trained FROM userseg.distil('kept', 'decision_tree', 'unseen');
SELECT measured_on FROM userseg.distil('kept', 'decision_tree', 'unseen', seed => 8);
SELECT measured_on FROM userseg.distil('kept', 'decision_tree', 'unseen', 't');
-- a teacher with calibrated probabilities: they are what is learned
SELECT parent FROM userseg.recalibrate('kept', 't');
SELECT fidelity FROM userseg.distil('kept@2', 'decision_tree', 'calibrated', 't', id => 'id', holdout => 0) \gset
SELECT abs(avg((userseg.predict('kept@2', t) = userseg.predict('calibrated', t))::int) - :fidelity) < 1e-12 AS fidelity, abs(avg(userseg.predict_value('kept@2', t)) - avg(userseg.predict_value('calibrated', t))) < 1e-6 AS mean,
  abs(avg(userseg.predict_value('kept@1', t)) - avg(userseg.predict_value('calibrated', t))) > 1e-4 AS other FROM t;
-- other students; some of the features; the source of the teacher; a source without the target, with NULL targets
SELECT algorithm, n_features, fidelity > 0.6 AS agrees, metric FROM userseg.distil('big', 'scorecard', 'card', params => '{"lambda": 0.001}');
SELECT algorithm, n_features, fidelity > 0.6 AS agrees, metric FROM userseg.distil('big', 'logistic', 'lr', 't', features => '{a,b}');
SELECT algorithm, fidelity > 0.6 AS agrees, metric FROM userseg.distil('big', 'naive_bayes', 'nb', 't', id => 'id');
SELECT algorithm, fidelity > 0.6 AS agrees, metric, details #>> '{target,task}' AS task FROM userseg.distil('big', 'linear', 'ols', 't', id => 'id');
SELECT metric, fidelity > 0.9 AS agrees, loss FROM userseg.distil('big', 'decision_tree', 'blind', 'SELECT a, b, colour, flag FROM t');
SELECT metric FROM userseg.evaluate('blind');
SELECT metric, measured_rows > (details #>> '{distillation,target,rows}')::int AS half, fidelity > 0.9 AS agrees FROM userseg.distil('big', 'decision_tree', 'half', 'SELECT id, a, b, colour, flag, CASE WHEN id % 2 = 0 THEN y END AS y FROM t', id => 'id');
-- rows that the teacher does not answer are left out; the target may be unknown even so
SELECT version FROM userseg.train('strict', 'random_forest', 't', target => 'y', id => 'id', features => '{a,b,colour}', params => '{"n_trees": 10}', holdout => 0, null_policy => 'skip');
SELECT n_rows, (SELECT count(*) FROM t WHERE b IS NOT NULL AND colour IS NOT NULL) AS complete, details #>> '{source,read}' AS read, details #>> '{source,skipped}' AS skipped, details #>> '{distillation,target,rows}' AS known
FROM userseg.distil('strict', 'decision_tree', 'strict_small', 'SELECT id, a, b, colour, CASE WHEN id % 2 = 0 THEN y END AS y FROM t', id => 'id', holdout => 0);
SELECT count(*) AS known FROM t WHERE b IS NOT NULL AND colour IS NOT NULL AND id % 2 = 0;
-- weights of the teacher count
SELECT version FROM userseg.train('heavy', 'random_forest', 't', target => 'y', id => 'id', weight => 'w', features => '{a,b,colour}', params => '{"n_trees": 10}', holdout => 0);
SELECT fidelity FROM userseg.distil('heavy', 'decision_tree', 'heavy_small', 't', id => 'id', holdout => 0) \gset
SELECT abs(sum(w * (userseg.predict('heavy', t) = userseg.predict('heavy_small', t))::int)::float8 / sum(w) - :fidelity) < 1e-12 AS fidelity FROM t;
-- several classes; numbers; segments
SELECT version FROM userseg.train('kinds', 'random_forest', 't', target => 'kind', id => 'id', features => '{a,b,colour}', params => '{"n_trees": 10}', holdout => 0);
SELECT metric, fidelity > 0.9 AS agrees, fidelity_r2, student_value > 0.9 AS student FROM userseg.distil('kinds', 'decision_tree', 'few_kinds', 't', id => 'id');
SELECT version FROM userseg.train('kinds', 'random_forest', 't', target => 'kind', id => 'id', features => '{a,b,colour}', params => '{"n_trees": 10, "positive": "middle"}', holdout => 0);
SELECT metric, fidelity > 0.9 AS agrees, fidelity_r2 > 0.9 AS near FROM userseg.distil('kinds', 'decision_tree', 'few_kinds', 't', id => 'id');
SELECT metric, fidelity > 0.5 AS agrees, fidelity_r2 IS NOT NULL AS compared, details #>> '{target,column}' AS target FROM userseg.distil('kinds', 'linear', 'middle', 't', id => 'id');
SELECT version FROM userseg.train('value', 'gradient_boosting', 't', target => 'z', id => 'id', features => '{a,b,colour}', params => '{"n_rounds": 30}', holdout => 0);
SELECT metric, fidelity IS NULL AS numbers, fidelity_r2, teacher_value, student_value FROM userseg.distil('value', 'decision_tree', 'few_values', 't', id => 'id', holdout => 0) \gset
SELECT :'metric' AS metric, :'numbers' AS "no labels", abs(1 - sum((p - q) ^ 2) / (sum(p * p) - sum(p) ^ 2 / count(*)) - :fidelity_r2) < 1e-9 AS r2, abs(sqrt(avg((p - z) ^ 2)) - :teacher_value) < 1e-9 AS teacher, abs(sqrt(avg((q - z) ^ 2)) - :student_value) < 1e-9 AS student
FROM t, LATERAL (SELECT userseg.predict_value('value', t) AS p, userseg.predict_value('few_values', t) AS q OFFSET 0) v;
SELECT version FROM userseg.train('segments', 'kmeans', 't', id => 'id', features => '{a,b}', params => '{"k": 3}');
SELECT userseg.name_segment('segments', 1, 'first');
SELECT metric, fidelity > 0.9 AS agrees, fidelity_r2 FROM userseg.distil('segments', 'decision_tree', 'segment_rules', 't', id => 'id');
SELECT avg((userseg.predict('segments', t) = userseg.predict('segment_rules', t))::int) > 0.9 AS same FROM t;
-- the same in any order of the rows
SELECT count(version) FROM userseg.distil('big', 'decision_tree', 'turned', 'SELECT * FROM t ORDER BY md5(id::text)', id => 'id', holdout => 0);
SELECT bool_and(userseg.predict_value('turned', t) = userseg.predict_value('all', t)) AS same FROM t;
-- the source of the teacher is gone
CREATE TABLE later AS SELECT * FROM t;
SELECT version FROM userseg.train('orphan', 'random_forest', 'later', target => 'y', id => 'id', features => '{a,b}', params => '{"n_trees": 5}', holdout => 0);
DROP TABLE later;
SELECT userseg.distil('orphan', 'decision_tree', 'no');
SELECT fidelity > 0.8 AS agrees FROM userseg.distil('orphan', 'decision_tree', 'orphan_small', 't', id => 'id');
-- errors
SELECT userseg.distil('nobody', 'decision_tree', 'no', 't');
SELECT userseg.distil('big', 'kmeans', 'no', 't');
SELECT userseg.distil('big', 'decision_tre', 'no', 't');
SELECT userseg.distil('value', 'logistic', 'no', 't');
SELECT userseg.distil('value', 'decision_tree', 'no', 't', params => '{"task": "classification"}');
SELECT userseg.distil('kinds@1', 'linear', 'no', 't');
SELECT userseg.distil('segments', 'linear', 'no', 't');
SELECT userseg.distil('big', 'logistic', 'no', 't', params => '{"strategy": "sql"}');
SELECT userseg.distil('big', 'decision_tree', 'no', 't', params => '{"positive": false}');
SELECT userseg.distil('big', 'decision_tree', 'no', 't', holdout => 1);
SELECT userseg.distil('big', 'decision_tree', 'no', 't', holdout => 'NaN');
SELECT userseg.distil('big', 'decision_tree', 'no', 'SELECT a FROM t');
SELECT userseg.distil('big', 'decision_tree', 'no', 't', features => '{a,nothing}');
SELECT userseg.distil('big', 'decision_tree', 'no', 'SELECT * FROM t WHERE false');
SELECT userseg.distil('big', 'decision_tree', 'no', 'SELECT * FROM t LIMIT 1');
SELECT userseg.distil('big', NULL, 'no', 't');
SELECT count(*) AS dropped FROM unnest('{big,small,all,part,numbers,kept,unseen,calibrated,card,lr,nb,ols,blind,half,strict,strict_small,heavy,heavy_small,kinds,few_kinds,middle,value,few_values,segments,segment_rules,turned,orphan,orphan_small}'::text[]) m, LATERAL userseg.drop_model(m) x;
SELECT count(*) FROM userseg.models WHERE model = 'no';
-- names that look like numbers stay as they are, for the target and for segments of another kind
CREATE TABLE codes AS SELECT id, a, b, '0' || (1 + (a > 30)::int + (a > 60)::int) AS code, a > 30 AS two FROM t;
SELECT version FROM userseg.train('coded', 'random_forest', 'codes', target => 'code', id => 'id', features => '{a,b}', params => '{"n_trees": 10}', holdout => 0);
SELECT fidelity > 0.95 AS agrees, student_value > 0.9 AS right FROM userseg.distil('coded', 'decision_tree', 'coded_small', 'codes', id => 'id');
SELECT DISTINCT userseg.predict('coded_small', c) AS class FROM codes c ORDER BY 1;
-- the number of an anomaly is none that the probability of a class can be compared with
SELECT version FROM userseg.train('odd', 'isolation_forest', 't', id => 'id', features => '{a,b}', holdout => 0);
SELECT fidelity > 0.7 AS agrees, fidelity_r2 FROM userseg.distil('odd', 'decision_tree', 'odd_small', 't', id => 'id');
SELECT count(*) AS dropped FROM unnest('{coded,coded_small,odd,odd_small}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_distil CASCADE;
