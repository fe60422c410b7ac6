-- Models as PMML: documents, and every error.  What they say is evaluated in test/t and test/golden.
SET client_min_messages = error;
CREATE SCHEMA test_to_pmml;
SET search_path = test_to_pmml, public;
SET extra_float_digits = 1;
CREATE TABLE shop AS
SELECT g AS id, g % 8 AS visits, CASE WHEN g % 5 = 0 THEN NULL ELSE g % 2 = 0 END AS vip, (ARRAY['a <b> & "c"', E'tab\there', 'd'])[1 + g % 3] AS "the ""tag""", (g % 8) * 2 + 4 * (g % 3) + (g * 7919 % 101) / 37.0 AS spend,
  timestamp '2024-01-01' + g * interval '1 hour' AS at, ARRAY['x' || g % 3] AS tags, ARRAY[g % 5, 1]::float8[] AS v, g * interval '1 hour' AS dur
FROM generate_series(1, 240) g;
CREATE FUNCTION fit(name text, algorithm text, target text, features text[], params jsonb DEFAULT '{}', transform jsonb DEFAULT '{}', null_policy text DEFAULT 'impute') RETURNS int LANGUAGE sql AS $$
  SELECT version FROM userseg.train(name, algorithm, 'test_to_pmml.shop', target => target, id => 'id', features => features, params => params, transform => transform, null_policy => null_policy, holdout => 0) $$;
SELECT fit('line', 'linear', 'spend', '{visits,vip,"the \"tag\""}', '{}', '{"visits": "none", "vip": "none", "the \"tag\"": {"onehot": {"scale": "none"}}}');
SELECT regexp_replace(userseg.to_pmml('line')::text, '-?\d(\.\d+)?e-\d+|\d\.\d{6,}', 'N', 'g');
SELECT fit('tree', 'decision_tree', 'vip', '{visits,"the \"tag\"",spend}', '{"max_depth": 2, "pruning": "none", "min_leaf": 20}');
SELECT regexp_replace(userseg.to_pmml('tree')::text, '\d\.\d{6,}', 'N', 'g');
SELECT fit('seg', 'kmeans', NULL, '{visits,spend}', '{"k": 2}', '{"*": "none"}', 'skip');
SELECT regexp_replace(userseg.to_pmml('seg')::text, '\d\.\d{6,}', 'N', 'g');
SELECT fit('boost', 'gradient_boosting', 'vip', '{visits,spend}', '{"n_rounds": 2, "max_depth": 1}');
SELECT regexp_replace(userseg.to_pmml('boost')::text, '\d\.\d{6,}', 'N', 'g');
-- names of derived fields and sums are none that the source has
SELECT version FROM userseg.train('names', 'random_forest', 'SELECT g % 7 AS "sum(1)", g % 5 AS "sum(1)''", (g % 7 > 2)::text AS y FROM generate_series(1, 100) g', target => 'y', params => '{"n_trees": 2, "max_depth": 1}', holdout => 0);
SELECT userseg.to_pmml('names')::text ~ '<OutputField name="sum\(1\)''''"' AS other_name;
SELECT version FROM userseg.train('own', 'linear', 'SELECT g % 7 AS "x1:x1:a", g % 5 AS a, g AS y FROM generate_series(1, 100) g', target => 'y', holdout => 0);
SELECT count(DISTINCT m) AS derived FROM regexp_matches(userseg.to_pmml('own')::text, 'DerivedField name="([^"]*)"', 'g') m;

SELECT fit('time', 'linear', 'spend', '{at,visits}'), fit('tags', 'linear', 'spend', '{tags,visits}'), fit('vector', 'decision_tree', 'spend', '{v}'), fit('dur', 'linear', 'spend', '{dur,visits}'), fit('rbf', 'svm', 'vip', '{visits,spend}', '{"kernel": "rbf"}'), fit('two', 'logistic', 'vip', '{visits,spend}');
SELECT version FROM userseg.recalibrate('two', 'test_to_pmml.shop', all_rows => true);
SELECT version FROM userseg.train('control', 'linear', format('SELECT g AS y, chr(65 + g %% 2) || %L AS c FROM generate_series(1, 50) g', chr(7)), target => 'y', holdout => 0);
-- calibrated probabilities: a chain; ranks of a machine with formulas of probabilities
SELECT regexp_replace(userseg.to_pmml('two')::text, '-?\d(\.\d+)?e-\d+|\d+\.\d{6,}', 'N', 'g');
SELECT fit('machine', 'svm', 'vip', '{visits,spend}');
SELECT regexp_replace(userseg.to_pmml('machine')::text, '-?\d(\.\d+)?e-\d+|\d+\.\d{6,}', 'N', 'g');
SELECT fit('odd', 'isolation_forest', NULL, '{visits,spend}');
\set VERBOSITY default
SELECT userseg.to_pmml(NULL);
SELECT userseg.to_pmml('none');
SELECT userseg.to_pmml('line', NULL);
SELECT userseg.to_pmml('line', 0);
SELECT userseg.to_pmml('line', 1000);
SELECT userseg.to_pmml('time');
SELECT userseg.to_pmml('tags');
SELECT userseg.to_pmml('vector');
SELECT userseg.to_pmml('dur');
SELECT userseg.to_pmml('odd');
SELECT userseg.to_pmml('control');
\set VERBOSITY terse
SELECT userseg.to_pmml('rbf');
\set VERBOSITY default
CREATE ROLE test_to_pmml_reader;
SET ROLE test_to_pmml_reader;
SELECT userseg.to_pmml('line');
RESET ROLE;
SELECT userseg.grant_usage('line', 'test_to_pmml_reader');
SET ROLE test_to_pmml_reader;
SELECT length(userseg.to_pmml('line')::text) > 1000 AS exported;
RESET ROLE;
\set VERBOSITY terse
SELECT count(*) AS dropped FROM unnest('{line,tree,seg,boost,names,own,time,tags,vector,dur,rbf,two,control,machine,odd}'::text[]) m, LATERAL userseg.drop_model(m) d;
DROP SCHEMA test_to_pmml CASCADE;
DROP ROLE test_to_pmml_reader;
