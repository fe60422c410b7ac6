-- Reasons of trees, importances, interactions, curves of single rows: what they must be in every case. Shapley values
-- against the definition on random trees are in test/unit, against XGBoost in test/golden.
SET client_min_messages = warning;
CREATE SCHEMA test_explain;
SET search_path = test_explain, public;
CREATE TABLE t AS
SELECT i AS id, CASE WHEN i % 13 = 0 THEN NULL ELSE i * 7919 % 101 END AS a, i * 104729 % 97 AS b, (ARRAY['red', 'green', 'blue', NULL, 'grey'])[1 + i % 5] AS colour,
  i * 31 % 11 AS n1, i * 37 % 13 AS n2, i * 41 % 17 AS n3, i * 43 % 19 AS n4, i * 47 % 23 AS n5, i * 53 % 29 AS n6, i * 59 % 31 AS n7, i * 61 % 37 AS n8, i * 67 % 41 AS n9,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 5 IN (0, 2) ELSE i * 104729 % 97 > 80 END AS y,
  (i * 7919 % 101) / 10.0 + CASE WHEN i % 5 = 1 THEN 20 ELSE 0 END + (i * 31 % 11) * (i * 104729 % 97) / 100.0 AS amount,
  CASE WHEN i * 7919 % 101 > 70 THEN 'high' WHEN i * 104729 % 97 > 50 THEN 'middle' ELSE 'low' END AS three
FROM generate_series(1, 800) i;

-- contributions, the other features and the base add up to what is explained, in every row
CREATE TABLE models AS
SELECT algorithm || '_' || target || CASE WHEN background > 0 THEN '_b' ELSE '' END AS model, algorithm, target, background, p
FROM (VALUES ('decision_tree', '{"max_depth": 8}'::jsonb), ('random_forest', '{"n_trees": 20}'), ('gradient_boosting', '{"n_rounds": 20, "max_depth": 4}')) a(algorithm, p),
  unnest('{y,amount,three}'::text[]) target, unnest('{0,7}'::int[]) background;
INSERT INTO models VALUES ('poisson', 'gradient_boosting', 'amount', 0, '{"n_rounds": 10, "objective": "poisson"}');
SELECT count(*) FROM models m, LATERAL userseg.train(m.model, m.algorithm, 'SELECT id, a, b, colour, n1, n2, n3, n4, n5, n6, n7, n8, n9, ' || target || ' FROM t', target => m.target, id => 'id', params => p || jsonb_build_object('background', background));
CREATE TABLE told AS
SELECT m.model, t.id, (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r) AS sum, jsonb_array_length(p.reasons) AS n,
  CASE WHEN m.model = 'poisson' THEN ln(p.value) WHEN p.label IS NULL THEN p.value WHEN m.algorithm <> 'gradient_boosting' THEN p.probability
       WHEN m.target = 'y' THEN ln(p.probability / (1 - p.probability))
       ELSE ln(p.probability) - (SELECT avg(ln(value::float8)) FROM jsonb_each_text(userseg.predict_proba(m.model, t))) END AS want
FROM models m, t, LATERAL userseg.predict_detail(m.model, t) p WHERE id <= 300;
SELECT model, count(*), max(n) AS reasons, max(abs(sum - want)) < 1e-9 AS exact FROM told GROUP BY model ORDER BY model;

-- the same for everything that has a base, on the scale that its page states
CREATE TABLE others AS
SELECT a.algorithm || '_' || target || n AS model, a.algorithm, target, p
FROM (VALUES (1, 'logistic', '{"penalty": "ridge", "lambda": 1}'::jsonb, '{y,three}'::text[]), (2, 'linear', '{}', '{amount}'), (3, 'linear', '{"penalty": "ridge", "lambda": 1}', '{amount}'), (4, 'glm', '{"family": "gamma"}', '{amount}'), (5, 'svm', '{}', '{amount}'),
  (6, 'svm', '{"kernel": "rbf"}', '{amount}'), (7, 'naive_bayes', '{}', '{y,three}'), (8, 'naive_bayes', '{"smooth_by": "largest"}', '{y}'), (9, 'mlp', '{"hidden": [5], "max_epochs": 5}', '{y,three,amount}'), (10, 'mlp', '{"hidden": [4, 3], "activation": "tanh", "max_epochs": 5}', '{three,amount}'),
  (11, 'isolation_forest', '{"n_trees": 20}', '{id}'), (12, 'autoencoder', '{"hidden": [6], "max_epochs": 5}', '{id}')) a(n, algorithm, p, targets), unnest(targets) target;
SET client_min_messages = error;
SELECT count(*) FROM others m, LATERAL userseg.train(m.model, m.algorithm, 'SELECT id, a, b, colour, n1, n2, n3, n4, n5, n6, n7, n8, n9' || CASE WHEN target <> 'id' THEN ', ' || target ELSE '' END || ' FROM t', target => nullif(m.target, 'id'), id => 'id', params => m.p, holdout => CASE WHEN target = 'id' THEN 0.2 ELSE 0 END);
-- calibrated: what is explained is the answer before it
SELECT m.model, version FROM (VALUES ('logistic_y1', 'platt'), ('naive_bayes_y7', 'isotonic'), ('mlp_three9', 'temperature')) m(model, method), LATERAL userseg.recalibrate(m.model, 'SELECT * FROM test_explain.t', method => method, all_rows => true) r;
SELECT model, count(*), max(n) AS reasons, max(abs(sum - want) / greatest(1, abs(want))) < 1e-9 AS exact
FROM (SELECT m.model, (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r) AS sum, jsonb_array_length(p.reasons) AS n,
    CASE WHEN m.algorithm = 'glm' THEN ln(p.value) WHEN m.algorithm = 'isolation_forest' THEN CASE p.label_id WHEN 2 THEN 1 ELSE -1 END * ln(p.value) / ln(2::float8) WHEN p.label IS NULL OR m.algorithm = 'autoencoder' THEN p.value
      ELSE CASE m.target WHEN 'y' THEN 2 ELSE 1 END * (ln(p.probability) - (SELECT avg(ln(value::float8)) FROM jsonb_each_text(userseg.predict_proba(m.model || '@1', t)))) END AS want
  FROM others m, t, LATERAL userseg.predict_detail(m.model || '@1', t) p WHERE id <= 200) x GROUP BY model ORDER BY model;
SELECT m AS model, max(abs((SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r) - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(q.reasons) r))) AS same
FROM unnest('{logistic_y1,naive_bayes_y7,mlp_three9}'::text[]) m, t, LATERAL userseg.predict_detail(m || '@1', t) p, LATERAL userseg.predict_detail(m || '@2', t) q WHERE id <= 200 AND p.label = q.label GROUP BY m ORDER BY m;
SET client_min_messages = warning;
-- machines of classes: the decision value of the label is above 0 where it is chosen, and contributions of a class turn around with it
SELECT version FROM userseg.train('machine', 'svm', 'SELECT id, a, b, colour, y FROM t', target => 'y', id => 'id', holdout => 0);
SELECT count(*), bool_and(sum > 0) AS chosen, count(DISTINCT label) AS labels FROM (SELECT p.label, (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r) AS sum FROM t, userseg.predict_detail('machine', t) p WHERE id <= 300) x;
-- decision value by the expression of the class, through its sigmoid, which is strictly monotone: equal values, equal probabilities
SELECT max(slope) / min(slope) - 1 < 1e-6 AS one_line
FROM (SELECT (ln(v / (1 - v)) - first_value(ln(v / (1 - v))) OVER w) / nullif(d - first_value(d) OVER w, 0) AS slope
  FROM (SELECT id, p.value AS v, CASE p.label WHEN 'true' THEN 1 ELSE -1 END * (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r) AS d FROM t, userseg.predict_detail('machine', t) p WHERE id <= 300) x WINDOW w AS (ORDER BY d)) y WHERE abs(slope) < 1e9;

-- by hand: y = one AND two, four equal cells. A tree that knows "one" says 1/2, "two" alone 1/2; half of each step goes to each
CREATE TABLE cells AS SELECT i AS id, i % 2 AS one, i / 2 % 2 AS two, (i % 4 = 3)::int AS y FROM generate_series(0, 399) i;
SELECT version FROM userseg.train('cells', 'decision_tree', 'cells', target => 'y', id => 'id', holdout => 0, params => '{"pruning": "none", "task": "regression"}');
CREATE TYPE two AS (one int, two int);
SELECT x, jsonb_agg((r ->> 'feature') || ' ' || round((r ->> 'contribution')::numeric, 6) ORDER BY r ->> 'feature') AS reasons
FROM (VALUES (ROW(1, 1)::two), (ROW(1, 0)::two), (ROW(0, 0)::two)) v(x), LATERAL userseg.predict_detail('cells', x) p, jsonb_array_elements(p.reasons) r GROUP BY x ORDER BY x DESC;
-- no split: the base alone
SELECT version FROM userseg.train('root', 'decision_tree', 'cells', target => 'y', id => 'id', features => '{one}', holdout => 0, params => '{"max_depth": 0, "task": "regression"}');
SELECT r ->> 'feature' AS feature, round((r ->> 'contribution')::numeric, 6) AS contribution FROM userseg.predict_detail('root', ROW(1, 1)::two) p, jsonb_array_elements(p.reasons) r;

-- the background sample (the forest keeps its distributions in single precision): all rows here, so that the game can be played in SQL: features of the row, all others from each row of the table
CREATE TABLE small AS SELECT id, a, b, colour, y, amount, three FROM t WHERE id <= 150;
SELECT count(*) FROM (VALUES ('forest_all', 'random_forest', 'y', '{"n_trees": 6, "min_leaf": 2}'::jsonb), ('boosted_all', 'gradient_boosting', 'amount', '{"n_rounds": 8}'), ('boosted_y', 'gradient_boosting', 'y', '{"n_rounds": 8}')) m(model, algorithm, target, p),
  LATERAL userseg.train(model, algorithm, 'small', target => target, id => 'id', features => '{a,b,colour}', holdout => 0, params => p || '{"background": 1000}');
SELECT model, details #>> '{model,background_rows}' AS background_rows FROM userseg.model_versions WHERE model IN ('forest_all', 'boosted_y', 'forest_none') ORDER BY model;
CREATE TYPE abc AS (a int, b int, colour text);
CREATE FUNCTION says(model text, x abc, label text) RETURNS float8 LANGUAGE sql AS $$
  SELECT CASE WHEN label IS NULL THEN v WHEN model LIKE 'forest%' THEN CASE WHEN label = 'true' THEN v ELSE 1 - v END
    ELSE CASE WHEN label = 'true' THEN 1 ELSE -1 END * ln(v / (1 - v)) END FROM userseg.predict_value(model, x) v $$;
CREATE FUNCTION game(model text, x small, known int) RETURNS float8 LANGUAGE sql AS $$
  SELECT avg(says(model, ROW(CASE WHEN known & 1 > 0 THEN x.a ELSE s.a END, CASE WHEN known & 2 > 0 THEN x.b ELSE s.b END, CASE WHEN known & 4 > 0 THEN x.colour ELSE s.colour END)::abc,
    (SELECT p.label FROM userseg.predict_detail(model, x) p))) FROM small s $$;
CREATE TABLE played AS SELECT model, x.id, known, game(model, x, known) AS v FROM small x, generate_series(0, 7) known, unnest('{forest_all,boosted_all,boosted_y}'::text[]) model WHERE id IN (1, 13, 42, 100);
CREATE TABLE shares AS
SELECT p.model, p.id, f.feature, sum(w * (q.v - p.v)) AS want
FROM (VALUES ('a', 1), ('b', 2), ('colour', 4)) f(feature, bit), played p JOIN played q USING (model, id),
  LATERAL (SELECT CASE (SELECT count(*) FROM unnest('{1,2,4}'::int[]) b WHERE p.known & b > 0) WHEN 0 THEN 1.0 / 3 WHEN 1 THEN 1.0 / 6 ELSE 1.0 / 3 END) s(w)
WHERE p.known & bit = 0 AND q.known = p.known + bit GROUP BY 1, 2, 3;
SELECT model, count(*), max(abs((r ->> 'contribution')::float8 - want)) < CASE WHEN model LIKE 'forest%' THEN 1e-7 ELSE 1e-10 END AS same
FROM shares s JOIN small x USING (id), LATERAL userseg.predict_detail(s.model, x) p, jsonb_array_elements(p.reasons) r WHERE r ->> 'feature' = feature GROUP BY model ORDER BY model;
SELECT model, count(*), max(abs((r ->> 'contribution')::float8 - v)) < CASE WHEN model LIKE 'forest%' THEN 1e-7 ELSE 1e-10 END AS base
FROM played s JOIN small x USING (id), LATERAL userseg.predict_detail(s.model, x) p, jsonb_array_elements(p.reasons) r WHERE r ->> 'feature' = '(base)' AND known = 0 GROUP BY model ORDER BY model;
-- chosen by key, whatever the order of the rows and the workers; by weight
CREATE FUNCTION bits(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg((userseg.predict_detail($1, t)).reasons::text, ',' ORDER BY id)) FROM t WHERE id % 7 = 0 $$;
SELECT count(*) FROM (VALUES ('ordered', 't', '{}'::jsonb), ('shuffled', 'SELECT * FROM t ORDER BY hashint4(id)', '{}'), ('workers', 'SELECT * FROM t ORDER BY id DESC', '{"workers": 2}')) m(model, source, p),
  LATERAL userseg.train(model, 'random_forest', source, target => 'y', id => 'id', features => '{a,b,colour}', holdout => 0, params => p || '{"n_trees": 5, "background": 20}');
SELECT bits('ordered') = bits('shuffled') AS shuffled, bits('ordered') = bits('workers') AS workers;
SELECT version FROM userseg.train('heavy', 'gradient_boosting', 'SELECT *, CASE WHEN id = 77 THEN 1e9 ELSE 1e-9 END AS w FROM small', target => 'amount', id => 'id', features => '{a,b,colour}', weight => 'w', holdout => 0, params => '{"n_rounds": 3, "background": 1, "min_child_weight": 0}');
SELECT bool_and(abs((r ->> 'contribution')::float8) < 1e-12 OR r ->> 'feature' = '(base)') AS the_heavy_row_is_the_background FROM userseg.predict_detail('heavy', (SELECT s FROM small s WHERE id = 77)) p, jsonb_array_elements(p.reasons) r;
-- a stored model by value explains itself in the same way
SELECT bool_and((userseg.score(userseg.artifact('ordered'), t)).reasons = (userseg.predict_detail('ordered', t)).reasons) AS by_value FROM t WHERE id < 50;

-- importance; contributions to the probabilities of two classes differ in sign, but for single precision
SELECT i.feature, metric, abs(importance - v) < 1e-6 * v AS as_trained, ci_low IS NULL AND ci_high IS NULL AND n IS NULL AS no_rows
FROM userseg.importance('forest_all', method => 'gain') i, (SELECT sum(importance) AS total FROM userseg.importance('forest_all', method => 'gain')) s,
  (VALUES ('a', 0), ('b', 1), ('colour', 2)) f(feature, place), LATERAL (SELECT total * (details #> '{model,importance}' ->> place)::float8 FROM userseg.model_versions WHERE model = 'forest_all') d(v)
WHERE f.feature = i.feature ORDER BY feature;
SELECT sum(importance) = max(((details #>> '{model,nodes}')::int - (details #>> '{model,trees}')::int) / 2) AS splits, round(sum(share)::numeric, 12) AS shares
FROM userseg.importance('random_forest_y', method => 'splits'), userseg.model_versions WHERE model = 'random_forest_y';
SELECT version FROM userseg.train('line', 'linear', 'SELECT id, coalesce(a, 0) AS a, b, amount FROM t', target => 'amount', id => 'id', params => '{"refit": false}');
SELECT model, bool_and(abs(i.importance - w.size) < 1e-7 * (1 + w.size)) AS mean_of_reasons, min(n) AS n, bool_and(ci_low < importance AND importance < ci_high) AS inside
FROM unnest('{forest_all,boosted_y,boosted_all}'::text[]) model, LATERAL userseg.importance(model, 'small', all_rows => true, method => 'contribution') i,
  LATERAL (SELECT avg(abs((r ->> 'contribution')::float8)) AS size FROM small s, LATERAL userseg.predict_detail(model, s) p, jsonb_array_elements(p.reasons) r WHERE r ->> 'feature' = i.feature) w
GROUP BY model ORDER BY model;
SELECT i.feature, abs(importance - (SELECT avg(abs(c.coefficient * (x.v - m.mean))) FROM (SELECT CASE i.feature WHEN 'a' THEN coalesce(a, 0) ELSE b END AS v FROM t) x,
    (SELECT avg(CASE i.feature WHEN 'a' THEN coalesce(a, 0) ELSE b END) AS mean FROM t) m)) < 0.05 * importance AS about_the_coefficient, n
FROM userseg.importance('line', 'SELECT id, coalesce(a, 0) AS a, b, amount FROM t', all_rows => true, method => 'contribution') i JOIN userseg.coefficients('line') c ON c.term = i.feature ORDER BY 1;
SELECT feature IN ('a', 'b') AS matters, metric, n FROM userseg.importance('gradient_boosting_three', 'SELECT * FROM t', all_rows => true, method => 'contribution') LIMIT 2;

-- interaction: H by its definition, from predictions alone
CREATE TABLE few AS SELECT id, a, b, colour, y, amount, three FROM t WHERE id <= 40 AND a IS NOT NULL;
CREATE FUNCTION answers(model text, x abc) RETURNS float8[] LANGUAGE sql AS $$
  SELECT CASE WHEN model LIKE '%three%' THEN (SELECT array_agg(value::float8 ORDER BY key) FROM jsonb_each_text(userseg.predict_proba(model, x))) ELSE ARRAY[userseg.predict_value(model, x)] END $$;
SELECT count(*) FROM (VALUES ('pairs_amount', 'amount'), ('pairs_three', 'three')) m(model, target), LATERAL userseg.train(model, 'gradient_boosting', 't', target => target, id => 'id', features => '{a,b,colour}', holdout => 0, params => '{"n_rounds": 15}');
CREATE TABLE dependence AS
SELECT model, i.id, known, k, avg(v) AS f FROM few i, few j, generate_series(1, 7) known, unnest('{pairs_amount,pairs_three}'::text[]) model,
  LATERAL unnest(answers(model, ROW(CASE WHEN known & 1 > 0 THEN i.a ELSE j.a END, CASE WHEN known & 2 > 0 THEN i.b ELSE j.b END, CASE WHEN known & 4 > 0 THEN i.colour ELSE j.colour END)::abc)) WITH ORDINALITY u(v, k)
WHERE known <> 7 GROUP BY 1, 2, 3, 4;
UPDATE dependence d SET f = f - mean FROM (SELECT model, known, k, avg(f) AS mean FROM dependence GROUP BY 1, 2, 3) m WHERE (m.model, m.known, m.k) = (d.model, d.known, d.k);
CREATE TABLE pairs AS
SELECT p.model, p.a, p.b, sqrt(sum((ab.f - fa.f - fb.f) ^ 2) / sum(ab.f ^ 2)) AS h, sqrt(sum((ab.f - fa.f - fb.f) ^ 2) / (SELECT count(*) FROM few)) AS effect
FROM (SELECT * FROM (VALUES ('a', 'b', 1, 2), ('a', 'colour', 1, 4), ('b', 'colour', 2, 4)) v(a, b, bit_a, bit_b), unnest('{pairs_amount,pairs_three}'::text[]) model) p
  JOIN dependence ab ON ab.known = bit_a + bit_b AND ab.model = p.model JOIN dependence fa ON (fa.known, fa.id, fa.k, fa.model) = (bit_a, ab.id, ab.k, ab.model) JOIN dependence fb ON (fb.known, fb.id, fb.k, fb.model) = (bit_b, ab.id, ab.k, ab.model)
GROUP BY 1, 2, 3;
SELECT model, count(*), max(abs(strength - h)) < 1e-10 AS strength, max(abs(i.effect - p.effect)) < 1e-10 AS effect, min(n) AS n
FROM pairs p, LATERAL userseg.interaction(p.model, 'few', all_rows => true) i WHERE i.feature_a = p.a AND i.feature_b = p.b GROUP BY model ORDER BY model;
-- stumps add up on the scale of log odds, and so does a linear model; the product that was planted is found
SELECT version FROM userseg.train('stumps', 'gradient_boosting', 't', target => 'y', id => 'id', features => '{a,b,colour}', holdout => 0, params => '{"n_rounds": 30, "max_depth": 1}');
SELECT max(strength) < 1e-9 AS adds_up, count(*) FROM userseg.interaction('stumps', 't', log_odds => true, all_rows => true);
SELECT max(strength) > 0.02 AS not_as_probabilities FROM userseg.interaction('stumps', 't', all_rows => true);
SELECT max(strength) < 1e-9 AS adds_up FROM userseg.interaction('line', 'SELECT id, coalesce(a, 0) AS a, b, amount FROM t');
SELECT feature_a, feature_b, strength > 0.2 AS strong, n FROM userseg.interaction('gradient_boosting_amount', 't', features => '{n1,b,a,n5}', all_rows => true, rows => 60) LIMIT 1;
SELECT (SELECT string_agg(i::text, ';') FROM userseg.interaction('pairs_three', 't', all_rows => true, rows => 30) i) = (SELECT string_agg(i::text, ';') FROM userseg.interaction('pairs_three', 'SELECT * FROM t ORDER BY b, id DESC', all_rows => true, rows => 30) i) AS any_order;
SELECT strength, effect FROM userseg.interaction('pairs_amount', 'SELECT * FROM few WHERE id = 1', all_rows => true) LIMIT 1;

-- curves: their mean is the partial dependence; centred they start at 0; one row by name
SELECT count(*), max(abs(mean - prediction)) < 1e-12 AS mean_is_dependence
FROM (SELECT value, class, avg(prediction) AS mean FROM userseg.individual_conditional_expectation('pairs_three', 't', 'b', points => 6, rows => 10000, all_rows => true) GROUP BY 1, 2) c
  JOIN userseg.partial_dependence('pairs_three', 't', 'b', 6, all_rows => true) p USING (value, class);
SELECT count(DISTINCT row_id), count(*), bool_and(abs(prediction - (SELECT userseg.predict_value('pairs_amount', ROW(a, c.x::int, colour)::abc) FROM t WHERE id = row_id::int)) < 1e-12) AS same
FROM userseg.individual_conditional_expectation('pairs_amount', 't', 'b', points => 5, rows => 12, all_rows => true) c;
SELECT bool_and(c.prediction = i.prediction - first) AS centred, count(*)
FROM userseg.individual_conditional_expectation('pairs_amount', 't', 'colour', rows => 9, all_rows => true, centred => true) c JOIN
  (SELECT *, first_value(prediction) OVER (PARTITION BY row_id ORDER BY value COLLATE "C") AS first FROM userseg.individual_conditional_expectation('pairs_amount', 't', 'colour', rows => 9, all_rows => true) i) i USING (row_id, value);
SELECT row_id, value, x, class, prediction IS NOT NULL AS answered FROM userseg.individual_conditional_expectation('pairs_three', 'SELECT *, ''user '' || id AS name FROM t WHERE id IN (5, 6)', 'colour', id => 'name', all_rows => true) LIMIT 4;
SELECT (SELECT string_agg(i::text, ';') FROM userseg.individual_conditional_expectation('pairs_amount', 't', 'a', 3, rows => 5, all_rows => true) i) = (SELECT string_agg(i::text, ';') FROM userseg.individual_conditional_expectation('pairs_amount', 'SELECT * FROM t ORDER BY b, id DESC', 'a', 3, rows => 5, all_rows => true) i) AS any_order;
SELECT version FROM userseg.train('noid', 'linear', 'SELECT i AS a, 2 * i AS y FROM generate_series(1, 30) i', target => 'y', holdout => 0);
SELECT count(*), count(row_id) FROM userseg.individual_conditional_expectation('noid', 'SELECT 1 AS a, 2 AS y', 'a', all_rows => true);

-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'decision_tree', 'cells', target => 'y', params => '{"background": 1001}');
SELECT * FROM userseg.importance('line', method => 'magic');
SELECT * FROM userseg.importance('line', method => 'gain');
SELECT * FROM userseg.importance('line', method => NULL);
SELECT * FROM userseg.interaction('line', 'SELECT id, coalesce(a, 0) AS a, b, amount FROM t', features => '{a}');
SELECT * FROM userseg.interaction('line', 'SELECT id, coalesce(a, 0) AS a, b, amount FROM t', features => '{a,bb}');
SELECT * FROM userseg.interaction('line', 'SELECT id, coalesce(a, 0) AS a, b, amount FROM t', log_odds => true);
SELECT * FROM userseg.interaction('pairs_amount', 't', rows => 1);
SELECT * FROM userseg.individual_conditional_expectation('pairs_amount', 't', 'c', all_rows => true);
SELECT * FROM userseg.individual_conditional_expectation('pairs_amount', 't', 'b', rows => 0);
SELECT * FROM userseg.individual_conditional_expectation('pairs_amount', 't', 'b', points => 0);
SELECT * FROM userseg.individual_conditional_expectation('pairs_amount', 't', 'b', id => 'who', all_rows => true);
\set VERBOSITY terse
SELECT count(*) AS dropped FROM (SELECT model FROM models UNION ALL SELECT model FROM others UNION ALL SELECT 'machine' UNION ALL SELECT unnest('{cells,root,forest_all,boosted_all,boosted_y,ordered,shuffled,workers,heavy,line,pairs_amount,pairs_three,stumps,noid}'::text[])) m, LATERAL userseg.drop_model(m.model) x;
DROP SCHEMA test_explain CASCADE;
