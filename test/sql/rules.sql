-- Leaves of trees as rules: they part the rows exactly as the trees do.
SET client_min_messages = warning;
CREATE SCHEMA test_rules;
SET search_path = test_rules, public;
CREATE TABLE t AS
SELECT i AS id, CASE WHEN i % 13 = 0 THEN NULL ELSE i * 7919 % 101 END AS a, (i * 104729 % 97) / 7.0 AS "b ""c""", (ARRAY['red', 'it''s', 'blue', NULL, 'grey'])[1 + i % 5] AS colour, i % 3 = 0 AS flag,
  timestamptz '2024-01-01 00:00+00' + i * interval '1 hour' AS at, CASE i % 4 WHEN 0 THEN ARRAY['x'] WHEN 1 THEN ARRAY['x', 'y'] WHEN 2 THEN ARRAY['z', NULL] END AS tags,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 5 IN (0, 2) ELSE i * 104729 % 97 > 80 END AS y, (i * 7919 % 101) * (1 + i % 3) AS amount
FROM generate_series(1, 900) i;
-- a readable tree
SELECT version FROM userseg.train('small', 'decision_tree', 't', target => 'y', features => '{a,"b \"c\"",colour,flag}', holdout => 0, params => '{"max_depth": 3, "pruning": "none"}');
SELECT tree, leaf, depth, rule, n, round(share::numeric, 4) AS share, label, round(value::numeric, 4) AS value, round(lift::numeric, 3) AS lift FROM userseg.rules('small');
-- every row fulfils one rule of each tree, and the rule says what the tree says
CREATE FUNCTION rule_of(model text, tree int) RETURNS TABLE (id int, n_rules bigint, value float8) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE (SELECT format('SELECT t.id, count(r.value), sum(r.value) FROM t LEFT JOIN LATERAL (%s) r ON true GROUP BY t.id',
      string_agg(format('SELECT %L::float8 AS value WHERE %s', r.value, r.rule), ' UNION ALL ')) FROM userseg.rules(model, tree) r);
END $$;
SELECT version FROM userseg.train('classes', 'decision_tree', 't', target => 'y', features => '{a,"b \"c\"",colour,flag,at,tags}', holdout => 0, params => '{"pruning": "none", "min_leaf": 3}');
SELECT count(*) AS rows, bool_and(n_rules = 1) AS one_rule, bool_and(abs(r.value - userseg.predict_value('classes', t)) < 1e-7) AS says_it FROM rule_of('classes', 1) r JOIN t USING (id);
SELECT round(sum(share)::numeric, 12) AS shares, round(sum(n)) AS rows, round(sum(n * lift)::numeric, 6) AS lifts, count(*) > 10 AS leaves, bool_and(depth > 0) AS below_root FROM userseg.rules('classes');
SELECT version FROM userseg.train('numbers', 'random_forest', 't', target => 'amount', features => '{a,"b \"c\"",colour,flag,at,tags}', holdout => 0, params => '{"n_trees": 5, "min_leaf": 4}');
SELECT count(*) AS rows, bool_and(n_rules = 1) AS one_rule, bool_and(abs(v - userseg.predict_value('numbers', t)) < 1e-9) AS mean_of_trees
FROM (SELECT id, min(n_rules) AS n_rules, avg(value) AS v FROM generate_series(1, 5) k, LATERAL rule_of('numbers', k) GROUP BY id) r JOIN t USING (id);
SELECT version FROM userseg.train('boosted', 'gradient_boosting', 't', target => 'amount', features => '{a,"b \"c\"",colour,flag,at,tags}', holdout => 0, params => '{"n_rounds": 6, "max_depth": 3}');
SELECT count(*) AS rows, bool_and(n_rules = 1) AS one_rule, max(p - v) - min(p - v) < 1e-9 AS sum_of_trees
FROM (SELECT id, min(n_rules) AS n_rules, sum(value) AS v FROM generate_series(1, 6) k, LATERAL rule_of('boosted', k) GROUP BY id) r JOIN t USING (id), LATERAL userseg.predict_value('boosted', t) p;
SELECT count(DISTINCT tree) AS trees, bool_and(lift IS NULL) AS no_lift, bool_and(label IS NULL) AS no_label FROM userseg.rules('boosted');
SELECT version FROM userseg.train('three', 'gradient_boosting', 't', target => 'colour', features => '{a,flag}', holdout => 0, params => '{"n_rounds": 2, "max_depth": 1}');
SELECT tree, label, count(*) FROM userseg.rules('three') GROUP BY 1, 2 ORDER BY 1;
SELECT version FROM userseg.train('root', 'decision_tree', 't', target => 'y', features => '{a}', holdout => 0, params => '{"max_depth": 0}');
SELECT tree, leaf, depth, rule, n, share, label, round(value::numeric, 4) AS value, lift FROM userseg.rules('root');
-- errors
\set VERBOSITY default
SELECT userseg.rules('boosted', 7);
SELECT userseg.rules('boosted', 0);
SELECT userseg.rules('nothing');
SELECT version FROM userseg.train('line', 'linear', 't', target => 'amount', features => '{flag}', holdout => 0);
SELECT userseg.rules('line');
SELECT userseg.rules(NULL);
SELECT count(*) AS dropped FROM unnest('{small,classes,numbers,boosted,three,root,line}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_rules CASCADE;
