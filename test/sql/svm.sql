-- Support vector machines. Expected objectives: scikit-learn's SVC, SVR, LinearSVC and LinearSVR on the same rows.
SET client_min_messages = warning;
CREATE SCHEMA test_svm;
SET search_path = test_svm, public;
CREATE TABLE t AS
SELECT i AS id, (i * 7919 % 101) / 50.0::float8 - 1 AS a, (i * 104729 % 97) / 40.0::float8 - 1.2 AS b, 1 + i % 3 AS w,
  (i * 7919 % 101) / 50.0 - (i * 104729 % 97) / 40.0 + 0.2 > (i * 613 % 59) / 30.0 - 1 AS yes,
  3 * (i * 7919 % 101) / 50.0 - (i * 104729 % 97) / 40.0 + (i * 613 % 59) / 30.0::float8 AS y,
  (ARRAY['low', 'middle', 'top'])[1 + ((i * 7919 % 101) / 50.0 + (i * 613 % 59) / 90.0 > 0.8)::int + ((i * 7919 % 101) / 50.0 + (i * 613 % 59) / 90.0 > 1.7)::int] AS kind
FROM generate_series(1, 300) i;
\set raw '{"a": ["none"], "b": ["none"]}'
CREATE TABLE fit AS
SELECT m.*, f.converged, f.warnings, f.details
FROM (VALUES ('svc', 'yes', NULL, '{}'::jsonb), ('weighted', 'yes', 'w', '{}'), ('balanced', 'yes', NULL, '{"class_weight": "balanced"}'), ('squared', 'yes', NULL, '{"loss": "squared_hinge", "penalise_intercept": true}'),
    ('no_intercept', 'yes', NULL, '{"intercept": false}'), ('svr', 'y', NULL, '{}'), ('svr2', 'y', NULL, '{"loss": "squared_epsilon_insensitive", "C": 0.1, "epsilon": 0.3, "penalise_intercept": true}'),
    ('three', 'kind', NULL, '{}')) m(model, y, weight, params),
  LATERAL userseg.train(m.model, 'svm', 't', target => m.y, id => 'id', features => '{a,b}', transform => :'raw', weight => m.weight, holdout => 0, params => '{"C": 2, "tolerance": 1e-9}' || m.params) f;
SELECT model, converged, warnings, round((details ->> 'objective')::numeric, 5) AS objective, (details ->> 'duality_gap')::float8 < 1e-8 * (details ->> 'objective')::float8 AS proven,
  details ->> 'support_vectors' AS support, details ->> 'loss' AS loss, details ->> 'calibrated' AS calibrated FROM fit;
SELECT model, term, round(coefficient::numeric, 4) AS coefficient, note FROM fit, userseg.coefficients(model) WHERE model IN ('svc', 'svr', 'no_intercept', 'svr2');
-- the objective of the weights that are stored is the one that is told
SELECT abs((w.coefficient ^ 2 + v.coefficient ^ 2) / 2 + 2 * (SELECT sum(greatest(0, 1 - (CASE WHEN yes THEN 1 ELSE -1 END) * (i.coefficient + w.coefficient * a + v.coefficient * b))) FROM t)
    - (details ->> 'objective')::float8) < 1e-9 AS same
FROM fit, userseg.coefficients('svc') w, userseg.coefficients('svc') v, userseg.coefficients('svc') i WHERE model = 'svc' AND w.term = 'a' AND v.term = 'b' AND i.term = '(intercept)';
-- two rows at a time weigh as one of weight 2
SELECT version FROM userseg.train('twice', 'svm', 'SELECT t.* FROM t, generate_series(1, w)', target => 'yes', features => '{a,b}', transform => :'raw', holdout => 0, params => '{"C": 2, "tolerance": 1e-9, "probability": false}');
SELECT max(abs(a.coefficient - b.coefficient)) < 1e-5 AS same FROM userseg.coefficients('twice') a JOIN userseg.coefficients('weighted') b USING (term);

-- scoring: rows and blocks, labels, probabilities, reasons
SELECT yes, userseg.predict('svc', t) AS label, round(userseg.predict_value('svc', t)::numeric, 4) AS p, kind, userseg.predict('three', t) AS kind_label, round((userseg.predict_proba('three', t) ->> 'low')::numeric, 3) AS low,
  round(userseg.predict_value('svr', t)::numeric, 4) AS value, round(y::numeric, 3) AS y FROM t WHERE id <= 4;
SELECT m, count(*) FILTER (WHERE abs((SELECT sum(value::float8) FROM jsonb_each_text(userseg.predict_proba(m, t))) - 1) > 1e-12) AS wrong_sums,
  count(*) FILTER (WHERE p.label <> userseg.predict(m, t) OR abs(p.probability - (userseg.predict_proba(m, t) ->> p.label)::float8) > 1e-12) AS wrong_labels
FROM unnest('{svc,three,squared}'::text[]) m, t, LATERAL userseg.predict_detail(m, t) p GROUP BY m ORDER BY m;
SELECT count(*) FILTER (WHERE abs(p.value - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) > 1e-9) AS wrong FROM t, LATERAL userseg.predict_detail('svr', t) p;
SELECT metric, round(value::numeric, 4) AS value FROM userseg.evaluate('svc', 't', all_rows => true) WHERE metric IN ('accuracy', 'auc', 'log_loss');
SELECT metric, round(value::numeric, 4) AS value FROM userseg.evaluate('three', 't', all_rows => true) WHERE metric IN ('accuracy', 'auc_ovr', 'log_loss');
-- probabilities that are not calibrated follow the decision value
SELECT version, details ->> 'calibrated' AS calibrated FROM userseg.train('plain', 'svm', 't', target => 'yes', features => '{a,b}', transform => :'raw', holdout => 0, params => '{"C": 2, "tolerance": 1e-9, "probability": false}');
SELECT count(*) FILTER (WHERE abs(ln(p / (1 - p)) - (i.coefficient + w.coefficient * a + v.coefficient * b)) > 1e-8) AS wrong
FROM t, LATERAL userseg.predict_value('plain', t) p, userseg.coefficients('plain') w, userseg.coefficients('plain') v, userseg.coefficients('plain') i WHERE w.term = 'a' AND v.term = 'b' AND i.term = '(intercept)';

-- kernels
CREATE TABLE kernel AS
SELECT m.*, f.converged, f.warnings, f.details
FROM (VALUES ('k_rbf', 'yes', NULL, '{"kernel": "rbf", "gamma": 0.7}'::jsonb), ('k_weighted', 'yes', 'w', '{"kernel": "rbf", "gamma": 0.7}'), ('k_default', 'yes', NULL, '{"kernel": "rbf"}'), ('k_poly', 'yes', NULL, '{"kernel": "polynomial", "gamma": 0.5, "degree": 2}'),
    ('k_svr', 'y', NULL, '{"kernel": "rbf", "gamma": 0.7, "epsilon": 0.2}'), ('k_three', 'kind', NULL, '{"kernel": "rbf", "gamma": 0.7}'), ('k_line', 'yes', NULL, '{"kernel": "polynomial", "gamma": 1, "degree": 1, "coef0": 0}'),
    ('k_squared', 'yes', NULL, '{"kernel": "polynomial", "gamma": 1, "degree": 1, "coef0": 0, "loss": "squared_hinge"}'), ('squared_free', 'yes', NULL, '{"loss": "squared_hinge"}'),
    ('k_tube', 'y', NULL, '{"kernel": "polynomial", "gamma": 1, "degree": 1, "coef0": 0, "loss": "squared_epsilon_insensitive"}'), ('tube_free', 'y', NULL, '{"loss": "squared_epsilon_insensitive"}')) m(model, y, weight, params),
  LATERAL userseg.train(m.model, 'svm', 't', target => m.y, id => 'id', features => '{a,b}', transform => :'raw', weight => m.weight, holdout => 0, params => '{"C": 2, "tolerance": 1e-9}' || m.params) f;
SELECT model, converged, warnings, round((details ->> 'objective')::numeric, 4) AS objective, round((details ->> 'gamma')::numeric, 6) AS gamma FROM kernel;
-- a polynomial of degree 1 is linear: another method, the same minimum
SELECT a.model, abs((a.details ->> 'objective')::float8 / (b.details ->> 'objective')::float8 - 1) < 1e-8 AS same
FROM (VALUES ('k_line', 'svc'), ('k_squared', 'squared_free'), ('k_tube', 'tube_free')) v(one, other) JOIN kernel a ON a.model = v.one JOIN (SELECT model, details FROM fit UNION ALL SELECT model, details FROM kernel) b ON b.model = v.other ORDER BY v.one;
SELECT max(abs(userseg.predict_value('k_tube', t) - userseg.predict_value('tube_free', t))) < 1e-4 AS same FROM t;
SELECT yes, userseg.predict('k_rbf', t) AS label, round(userseg.predict_value('k_rbf', t)::numeric, 3) AS p, kind, userseg.predict('k_three', t) AS kind_label, round(userseg.predict_value('k_svr', t)::numeric, 4) AS value, round(y::numeric, 3) AS y FROM t WHERE id <= 4;
SELECT m, count(*) FILTER (WHERE abs((SELECT sum(value::float8) FROM jsonb_each_text(userseg.predict_proba(m, t))) - 1) > 1e-12) AS wrong_sums,
  count(*) FILTER (WHERE p.label <> userseg.predict(m, t) OR abs(p.probability - (userseg.predict_proba(m, t) ->> p.label)::float8) > 1e-12) AS wrong_labels
FROM unnest('{k_rbf,k_three,k_poly}'::text[]) m, t, LATERAL userseg.predict_detail(m, t) p GROUP BY m ORDER BY m;
SELECT m, count(*) FILTER (WHERE abs(p.value - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) > 1e-9) AS wrong FROM unnest('{k_svr,k_tube}'::text[]) m, t, LATERAL userseg.predict_detail(m, t) p GROUP BY m ORDER BY m;
SELECT metric, round(value::numeric, 4) AS value FROM userseg.evaluate('k_rbf', 't', all_rows => true) WHERE metric IN ('accuracy', 'auc');
SELECT version FROM userseg.train('k_other', 'svm', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'kind', id => 'id', features => '{a,b}', transform => :'raw', holdout => 0, params => '{"C": 2, "tolerance": 1e-9, "kernel": "rbf", "gamma": 0.7}');
SELECT (SELECT array_agg(userseg.predict_proba('k_three', t) ORDER BY id) FROM t) = (SELECT array_agg(userseg.predict_proba('k_other', t) ORDER BY id) FROM t) AS same;
SELECT userseg.coefficients('k_rbf');
SELECT userseg.train('e', 'svm', 't', target => 'yes', params => '{"kernel": "rbf", "intercept": false}');
SELECT userseg.train('e', 'svm', 'SELECT g % 17 AS a, g % 19 AS b, g % 23 > 11 AS yes FROM generate_series(1, 100001) g', target => 'yes', holdout => 0, params => '{"kernel": "rbf", "kernel_approximation": "none"}');

-- coordinate descent: another method than Newton's, the same minimum
CREATE TABLE descent AS
SELECT m.model, f.converged, f.details
FROM (SELECT model, y, weight, params FROM fit UNION ALL VALUES ('squared_free', 'yes', NULL, '{"loss": "squared_hinge"}'::jsonb), ('tube_free', 'y', NULL, '{"loss": "squared_epsilon_insensitive"}')) m,
  LATERAL userseg.train('d_' || m.model, 'svm', 't', target => m.y, id => 'id', features => '{a,b}', transform => :'raw', weight => m.weight, holdout => 0, params => '{"C": 2, "tolerance": 1e-9, "probability": false, "solver": "descent"}' || m.params) f;
SELECT d.model, d.converged, n.details ->> 'solver' AS one, d.details ->> 'solver' AS other, abs((d.details ->> 'objective')::float8 / (n.details ->> 'objective')::float8 - 1) < 2e-9 AS same
FROM descent d JOIN (SELECT model, details FROM fit UNION ALL SELECT model, details FROM kernel) n USING (model) ORDER BY d.model;

-- approximated kernels: with as many landmarks as there are dimensions the exact machine, with few of them a close one; a polynomial of degree 2 in 2 columns has 6 of them
CREATE TABLE nystroem AS
SELECT m.*, f.converged, f.warnings, f.details
FROM (VALUES ('n_rbf', 'k_rbf', 'yes', NULL, '{"kernel": "rbf", "gamma": 0.7}'::jsonb), ('n_weighted', 'k_weighted', 'yes', 'w', '{"kernel": "rbf", "gamma": 0.7}'), ('n_poly', 'k_poly', 'yes', NULL, '{"kernel": "polynomial", "gamma": 0.5, "degree": 2}'),
    ('n_svr', 'k_svr', 'y', NULL, '{"kernel": "rbf", "gamma": 0.7, "epsilon": 0.2}'), ('n_three', 'k_three', 'kind', NULL, '{"kernel": "rbf", "gamma": 0.7}'),
    ('n_squared', 'k_squared', 'yes', NULL, '{"kernel": "polynomial", "gamma": 1, "degree": 1, "coef0": 0, "loss": "squared_hinge"}'), ('n_tube', 'k_tube', 'y', NULL, '{"kernel": "polynomial", "gamma": 1, "degree": 1, "coef0": 0, "loss": "squared_epsilon_insensitive"}')) m(model, exact, y, weight, params),
  LATERAL userseg.train(m.model, 'svm', 't', target => m.y, id => 'id', features => '{a,b}', transform => :'raw', weight => m.weight, holdout => 0, params => '{"C": 2, "tolerance": 1e-8, "kernel_approximation": "nystroem"}' || m.params) f;
SELECT n.model, n.converged, n.warnings, n.details ->> 'kernel_approximation' AS approximation, CASE WHEN n.details ->> 'kernel' = 'rbf' THEN ((n.details ->> 'components')::int BETWEEN 50 AND 150)::text ELSE n.details ->> 'components' END AS components, (n.details ->> 'rank')::int <= (n.details ->> 'components')::int AS rank, n.details ->> 'kernel_values' AS values,
  abs((n.details ->> 'objective')::float8 / (k.details ->> 'objective')::float8 - 1) < 1e-5 AS same
FROM nystroem n JOIN kernel k ON k.model = n.exact ORDER BY n.model;
SELECT max(abs(userseg.predict_value('n_svr', t) - userseg.predict_value('k_svr', t))) < 1e-2 AS same, count(*) FILTER (WHERE userseg.predict('n_rbf', t) <> userseg.predict('k_rbf', t)) <= 1 AS same_classes,
  count(*) FILTER (WHERE userseg.predict('n_three', t) <> userseg.predict('k_three', t)) <= 1 AS same_kinds FROM t;
SELECT version, details ->> 'components' AS components, details ->> 'kernel_approximation' AS approximation FROM userseg.train('n_few', 'svm', 't', target => 'kind', id => 'id', features => '{a,b}', transform => :'raw', holdout => 0,
  params => '{"C": 2, "kernel": "rbf", "gamma": 0.7, "kernel_approximation": "nystroem", "components": 12}');
SELECT count(*) FILTER (WHERE userseg.predict('n_few', t) <> userseg.predict('k_three', t)) < 15 AS close,
  count(*) FILTER (WHERE abs((SELECT sum(value::float8) FROM jsonb_each_text(userseg.predict_proba('n_few', t))) - 1) > 1e-12) AS wrong_sums FROM t;
SELECT count(*) FILTER (WHERE abs(p.value - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) > 1e-9) AS wrong FROM t, LATERAL userseg.predict_detail('n_svr', t) p;
SELECT version FROM userseg.train('n_other', 'svm', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'kind', id => 'id', features => '{a,b}', transform => :'raw', holdout => 0,
  params => '{"C": 2, "kernel": "rbf", "gamma": 0.7, "kernel_approximation": "nystroem", "components": 12}');
SELECT (SELECT array_agg(userseg.predict_proba('n_few', t) ORDER BY id) FROM t) = (SELECT array_agg(userseg.predict_proba('n_other', t) ORDER BY id) FROM t) AS same;
-- beyond the memory of the exact machine it is chosen and said
SET userseg.max_memory = '16MB';
SELECT converged, details ->> 'kernel_approximation' AS approximation, details ->> 'kernel_values' AS values, regexp_replace(warnings[1], ' [0-9]+ are left', ' N are left') AS warning
FROM userseg.train('n_auto', 'svm', 'SELECT g AS id, (g * 7919 % 10007) / 5000.0 - 1 AS a, (g * 104729 % 9973) / 5000.0 - 1 AS b, ((g * 7919 % 10007) / 5000.0 - 1) ^ 2 + ((g * 104729 % 9973) / 5000.0 - 1) ^ 2 < 0.6 AS inside FROM generate_series(1, 9000) g',
  target => 'inside', id => 'id', holdout => 0, params => '{"kernel": "rbf", "components": 100, "probability": false}');
RESET userseg.max_memory;
SELECT userseg.predict('n_auto', p) AS inside, x.* FROM (VALUES (0.1, 0.2), (0.9, 0.9), (-0.5, 0.3)) x(a, b), LATERAL (SELECT x.a, x.b) p;
SELECT userseg.train('e', 'svm', 't', target => 'yes', params => '{"kernel": "rbf", "kernel_approximation": "none", "components": 10}');
SELECT userseg.train('e', 'svm', 't', target => 'yes', params => '{"kernel": "rbf", "solver": "newton"}');
SELECT userseg.train('e', 'svm', 't', target => 'yes', params => '{"components": 10}');
SELECT userseg.train('e', 'svm', 't', target => 'yes', params => '{"kernel": "rbf", "kernel_approximation": "nystroem", "components": 0}');
SELECT userseg.train('e', 'svm', 'SELECT a * 1e100 AS a, b, yes FROM t', target => 'yes', features => '{a,b}', transform => :'raw', holdout => 0, params => '{"kernel": "polynomial", "gamma": 1, "degree": 2}');

-- two rows, duplicates, a constant column, NULL, values of any size
SELECT converged, details ->> 'support_vectors' AS support, round((details ->> 'objective')::numeric, 9) AS objective FROM userseg.train('two', 'svm', 'SELECT x::float8 AS x, x > 1 AS far FROM unnest(''{0,2}''::int[]) x',
  target => 'far', transform => '{"x": ["none"]}', holdout => 0, params => '{"tolerance": 1e-9, "probability": false}');
SELECT converged, warnings, abs((details ->> 'objective')::float8 / (3 * (SELECT (details ->> 'objective')::float8 FROM fit WHERE model = 'svc')) - 1) < 1 AS near
FROM userseg.train('copies', 'svm', 'SELECT t.a, t.b, 7 AS same, yes FROM t, generate_series(1, 3)', target => 'yes', transform => '{"a": ["none"], "b": ["none"]}', holdout => 0, params => '{"C": 2}');
SELECT scale, converged, round((details ->> 'objective')::numeric / 251.76993, 4) BETWEEN 0.9 AND 1.1 AS near
FROM unnest('{1e-12,1e-6,1e6,1e12}'::float8[]) scale, LATERAL userseg.train('scaled', 'svm', format('SELECT a * %s AS a, b * %s AS b, CASE WHEN id %% 9 = 0 THEN NULL ELSE a END AS holes, yes FROM t', scale, 1 / scale), target => 'yes', holdout => 0, params => '{"C": 2, "tolerance": 1e-7, "probability": false}') ORDER BY scale;
SET client_min_messages = error;
SELECT scale, loss, converged OR (scale > 1e6 AND loss = 'hinge') AS right FROM unnest('{1e-12,1e-6,1e6,1e12}'::float8[]) scale, unnest('{hinge,squared_hinge}'::text[]) loss, LATERAL userseg.train('scaled', 'svm', format('SELECT a * %s AS a, b, yes FROM t', scale), target => 'yes', holdout => 0,
  transform => :'raw', params => jsonb_build_object('loss', loss, 'tolerance', 1e-6, 'probability', false)) ORDER BY scale, loss;
SET client_min_messages = warning;

-- any order of the rows
CREATE FUNCTION same(one text, other text) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT array_agg(c ORDER BY term, c::text) FROM userseg.coefficients(one) c) IS NOT DISTINCT FROM (SELECT array_agg(c ORDER BY term, c::text) FROM userseg.coefficients(other) c)
    AND (SELECT array_agg(userseg.predict_proba(one, t) ORDER BY id) FROM t) = (SELECT array_agg(userseg.predict_proba(other, t) ORDER BY id) FROM t)
$$;
SELECT version FROM userseg.train('one', 'svm', 't', target => 'kind', features => '{a,b}', holdout => 0);
SELECT version FROM userseg.train('other', 'svm', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'kind', features => '{a,b}', holdout => 0);
SELECT same('one', 'other');
-- a limit of passes
SELECT converged, warnings[1] LIKE '1 of 1 decision functions did not converge in 1 passes: the objective is proven to be within % of the smallest one, tolerance is 1e-10; raise max_iter, lower C or scale the columns' AS told
FROM userseg.train('hasty', 'svm', 't', target => 'y', features => '{a,b}', holdout => 0, params => '{"max_iter": 1, "tolerance": 1e-10, "C": 1000}');
-- a class of one row cannot be left out
SELECT converged, warnings FROM userseg.train('rare', 'svm', 'SELECT a, b, id = 7 AS one FROM t', target => 'one', holdout => 0);
-- separable: the widest street
SELECT round((details ->> 'objective')::numeric, 9) AS objective, details ->> 'support_vectors' AS support FROM userseg.train('street', 'svm', 'SELECT x::float8 AS x, x > 5 AS far FROM unnest(''{1,2,3,7,8,9}''::int[]) x',
  target => 'far', transform => '{"x": ["none"]}', holdout => 0, params => '{"C": 1000, "tolerance": 1e-10}');
SELECT term, round(coefficient::numeric, 6) FROM userseg.coefficients('street');
-- huge and tiny numbers
SELECT converged, (details ->> 'objective')::float8 > 0 AS positive FROM userseg.train('huge', 'svm', 'SELECT a * 1e50 AS a, b * 1e-50 AS b, y * 1e50 AS y FROM t', target => 'y', holdout => 0, params => '{"epsilon": 1e49, "C": 1e12}');

-- errors
SELECT userseg.train('e', 'svm', 't', target => 'yes', params => '{"loss": "epsilon_insensitive"}');
SELECT userseg.train('e', 'svm', 't', target => 'y', params => '{"loss": "hinge"}');
SELECT userseg.train('e', 'svm', 't', target => 'yes', params => '{"epsilon": 0.1}');
SELECT userseg.train('e', 'svm', 't', target => 'yes', params => '{"C": 0}');
SELECT userseg.train('e', 'svm', 'SELECT a, b, true AS yes FROM t', target => 'yes');
SET userseg.max_memory = '4MB';
SELECT userseg.train('e', 'svm', 'SELECT g AS id, g % 17 AS a, g % 19 AS b, g % 23 > 11 AS yes FROM generate_series(1, 60000) g', target => 'yes', id => 'id', holdout => 0);
RESET userseg.max_memory;
SELECT count(*) AS dropped FROM userseg.models m, LATERAL userseg.drop_model(m.model) d WHERE m.model IN ('svc', 'weighted', 'balanced', 'squared', 'no_intercept', 'svr', 'svr2', 'three', 'twice', 'plain', 'one', 'other', 'hasty', 'rare', 'street', 'huge') OR m.model IN ('two', 'copies', 'scaled') OR m.model LIKE 'd\_%' OR m.model LIKE 'n\_%' OR m.model LIKE 'k\_%' OR m.model LIKE '%\_free';
DROP SCHEMA test_svm CASCADE;
