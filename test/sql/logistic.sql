-- Logistic regression: what it does in every case; its figures are compared with other libraries in test/golden.
SET client_min_messages = warning;
CREATE SCHEMA test_logistic;
SET search_path = test_logistic, public;
CREATE TABLE t AS
SELECT i AS id, (i * 7919 % 101) / 10.0 AS a, (i * 104729 % 97) / 7.0 AS b, i % 5 AS c,
  (i * 7919 % 101) / 10.0 - (i * 104729 % 97) / 7.0 + (i * 613 % 59 - 29) / 6.0 > -2 AS y, 1 + i % 3 AS w
FROM generate_series(1, 600) i;
CREATE FUNCTION same(x text, y text) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT array_agg(c ORDER BY class, term) FROM userseg.coefficients(x) c) IS NOT DISTINCT FROM (SELECT array_agg(c ORDER BY class, term) FROM userseg.coefficients(y) c)
$$;
SELECT model, version, algorithm, n_rows, n_features, converged, warnings,
  details ->> 'rank' AS rank, round((details ->> 'log_likelihood')::numeric, 6) AS log_likelihood, round((details ->> 'pseudo_r2')::numeric, 6) AS pseudo_r2, details ->> 'std_errors' AS errors
FROM userseg.train('m', 'logistic', 't', target => 'y', features => '{a,b,c}', holdout => 0);
SELECT class, term, round(coefficient::numeric, 6) AS coefficient, round(std_error::numeric, 6) AS std_error, round(p_value::numeric, 6) AS p_value FROM userseg.coefficients('m');
-- at the maximum of the likelihood the residuals are orthogonal to the columns
SELECT abs(sum(y::int - p)) < 1e-8 AS one, abs(sum(a * (y::int - p))) < 1e-8 AS a, abs(sum(b * (y::int - p))) < 1e-8 AS b, abs(sum(c * (y::int - p))) < 1e-8 AS c,
  abs(sum(ln(CASE WHEN y THEN p ELSE 1 - p END)) - (SELECT (details ->> 'log_likelihood')::float8 FROM userseg.model_versions WHERE model = 'm')) < 1e-8 AS likelihood
FROM (SELECT t.*, userseg.predict_value('m', t) AS p FROM t) s;
SELECT label, round(probability::numeric, 6) AS probability, runner_up, round(margin::numeric, 6) AS margin, round(value::numeric, 6) AS value FROM userseg.predict_detail('m', (SELECT t FROM t WHERE id = 1));

-- the same bits in any order of the rows, by any number of workers
SELECT version FROM userseg.train('shuffled', 'logistic', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'y', features => '{a,b,c}', holdout => 0);
SELECT version FROM userseg.train('workers', 'logistic', 't', target => 'y', features => '{a,b,c}', holdout => 0, params => '{"workers": 2}');
SELECT same('m', 'shuffled') AS shuffled, same('m', 'workers') AS workers;

-- weights of rows and of classes count as rows
SELECT version FROM userseg.train('weighed', 'logistic', 't', target => 'y', features => '{a,b,c}', weight => 'w', holdout => 0, params => '{"class_weight": {"true": 2}}');
SELECT version FROM userseg.train('repeated', 'logistic', 'SELECT t.* FROM t, generate_series(1, w * CASE WHEN y THEN 2 ELSE 1 END)', target => 'y', features => '{a,b,c}', holdout => 0);
SELECT count(*), count(*) FILTER (WHERE abs(a.coefficient / b.coefficient - 1) > 1e-9 OR abs(a.std_error / b.std_error - 1) > 1e-9) AS wrong
FROM userseg.coefficients('weighed') a JOIN userseg.coefficients('repeated') b USING (term);

-- separation, complete and quasi-complete: named, and no finite maximum is claimed
SELECT converged, warnings, details -> 'std_errors' AS errors FROM userseg.train('apart', 'logistic', 'SELECT a, c, a > 5 AS y FROM t', target => 'y', holdout => 0);
SELECT converged, warnings[1] FROM userseg.train('nearly', 'logistic', 'SELECT a, (id % 10 = 0)::int AS sure, y OR id % 10 = 0 AS y FROM t', target => 'y', holdout => 0);
SELECT converged, warnings FROM userseg.train('ridged', 'logistic', 'SELECT a, c, a > 5 AS y FROM t', target => 'y', params => '{"penalty": "ridge", "lambda": 0.01}', holdout => 0);
-- a ridge, chosen or 0, on separated rows; with three classes
SELECT converged, warnings, (details ->> 'lambda')::float8 > 0 AS lambda, (details #>> '{path,0,lambda}')::float8 > 100 * (details ->> 'lambda')::float8 AS path FROM userseg.train('chosen', 'logistic', 'SELECT a, c, a > 5 AS y FROM t', target => 'y', params => '{"penalty": "ridge", "n_lambda": 8}', holdout => 0);
SELECT converged, warnings[2] FROM userseg.train('chosen', 'logistic', 'SELECT a, c, a > 5 AS y FROM t', target => 'y', params => '{"penalty": "ridge", "lambda": 0}', holdout => 0);
SELECT converged, warnings[1] FROM userseg.train('chosen', 'logistic', 'SELECT a, c, CASE WHEN a > 5 THEN ''high'' WHEN a > 2 THEN ''middle'' ELSE ''low'' END AS y FROM t', target => 'y', holdout => 0);
SELECT converged, warnings FROM userseg.train('chosen', 'logistic', 'SELECT a, c, CASE WHEN a > 5 THEN ''high'' WHEN a > 2 THEN ''middle'' ELSE ''low'' END AS y FROM t', target => 'y', params => '{"penalty": "ridge", "n_lambda": 5}', holdout => 0);
-- dependent columns
SELECT warnings, details ->> 'rank' AS rank FROM userseg.train('twice', 'logistic', 'SELECT a, b, a - b AS ab, y FROM t', target => 'y', holdout => 0);
SELECT term, note FROM userseg.coefficients('twice') WHERE note IS NOT NULL;

-- penalties
SELECT details ->> 'chosen_by' AS chosen_by, jsonb_array_length(details -> 'path') AS path, (details ->> 'lambda')::float8 > 0 AS lambda, details #>> '{path,0,nonzero}' AS first
FROM userseg.train('lasso', 'logistic', 't', target => 'y', features => '{a,b,c}', params => '{"penalty": "lasso", "n_lambda": 8}', id => 'id', holdout => 0);
SELECT version FROM userseg.train('lasso2', 'logistic', 'SELECT * FROM t ORDER BY id DESC', target => 'y', features => '{a,b,c}', params => '{"penalty": "lasso", "n_lambda": 8}', id => 'id', holdout => 0);
SELECT same('lasso', 'lasso2') AS same_folds;
SELECT details ->> 'nonzero' AS nonzero FROM userseg.train('strong', 'logistic', 't', target => 'y', features => '{a,b,c}', params => '{"penalty": "elastic_net", "lambda": 1e6}', holdout => 0);
SELECT abs(coefficient - ln((SELECT avg(y::int) / (1 - avg(y::int)) FROM t))) < 1e-9 AS log_odds FROM userseg.coefficients('strong') WHERE term = '(intercept)';

-- more than two classes: the first is what the others are compared with
CREATE TABLE m AS SELECT id, a, b, c, w, (ARRAY['low', 'middle', 'top'])[1 + (a - b + (id * 613 % 59 - 29) / 6.0 > -4)::int + (a - b + (id * 613 % 59 - 29) / 6.0 > 1)::int] AS y FROM t;
SELECT converged, warnings, details ->> 'rank' AS rank, round((details ->> 'pseudo_r2')::numeric, 6) AS pseudo_r2, details ->> 'solver' AS solver FROM userseg.train('three', 'logistic', 'm', target => 'y', features => '{a,b,c}', holdout => 0);
-- information criteria of two and of more classes
SELECT model, abs((details ->> 'aic')::float8 - (-2 * (details ->> 'log_likelihood')::float8 + 2 * (details ->> 'rank')::int)) < 1e-9 AS aic,
  abs((details ->> 'bic')::float8 - (-2 * (details ->> 'log_likelihood')::float8 + ln((details ->> 'n')::float8) * (details ->> 'rank')::int)) < 1e-9 AS bic
FROM userseg.model_versions WHERE model IN ('m', 'three') AND version = 1 ORDER BY model;
SELECT class, term, round(coefficient::numeric, 5) AS coefficient, round(std_error::numeric, 5) AS std_error, note FROM userseg.coefficients('three');
-- residuals are orthogonal to the columns, for each class; probabilities add up to 1
SELECT k, abs(sum((y = k)::int - (p ->> k)::float8)) < 1e-7 AS one, abs(sum(a * ((y = k)::int - (p ->> k)::float8))) < 1e-6 AS a FROM (SELECT m.*, userseg.predict_proba('three', m) AS p FROM m) s, unnest('{low,middle,top}'::text[]) k GROUP BY k ORDER BY k;
SELECT bool_and(abs((SELECT sum(v::float8) FROM jsonb_each_text(userseg.predict_proba('three', m)) j(k, v)) - 1) < 1e-12) AS one FROM m;
SELECT count(*), count(*) FILTER (WHERE p.label <> (SELECT k FROM jsonb_each_text(userseg.predict_proba('three', m)) j(k, v) ORDER BY v::float8 DESC LIMIT 1)) AS wrong FROM m, LATERAL userseg.predict_detail('three', m) p;
SELECT version FROM userseg.train('three_workers', 'logistic', 'SELECT * FROM m ORDER BY hashint4(id)', target => 'y', features => '{a,b,c}', holdout => 0, params => '{"workers": 2}');
SELECT same('three', 'three_workers') AS any_order;
SELECT version FROM userseg.train('three_weighed', 'logistic', 'm', target => 'y', features => '{a,b}', weight => 'w', holdout => 0);
SELECT version FROM userseg.train('three_repeated', 'logistic', 'SELECT m.* FROM m, generate_series(1, w)', target => 'y', features => '{a,b}', holdout => 0);
SELECT count(*), count(*) FILTER (WHERE abs(a.coefficient / b.coefficient - 1) > 1e-9 OR abs(a.std_error / b.std_error - 1) > 1e-8) AS wrong
FROM userseg.coefficients('three_weighed') a JOIN userseg.coefficients('three_repeated') b USING (class, term) WHERE a.note IS NULL;
SELECT details ->> 'chosen_by' AS chosen_by, jsonb_array_length(details -> 'path') AS path, details #>> '{path,0,nonzero}' AS first, converged
FROM userseg.train('three_lasso', 'logistic', 'm', target => 'y', features => '{a,b,c}', id => 'id', holdout => 0, params => '{"penalty": "lasso", "n_lambda": 5, "folds": 3}');

-- many columns: L-BFGS, no inference; the same minimum as Newton's where both can
CREATE TABLE wide AS SELECT t.id, y, (SELECT array_agg((hashint4(t.id * 1000 + j) % 1000) / 1000.0::float8) || ARRAY[a, b] FROM generate_series(1, 700) j) AS v FROM t;
SELECT converged, details ->> 'solver' AS solver, details -> 'std_errors' AS errors FROM userseg.train('wide', 'logistic', 'wide', target => 'y', id => 'id', holdout => 0, params => '{"penalty": "ridge", "lambda": 0.05}');
-- at the minimum the gradient of the mean loss is that of the penalty: lambda times the coefficient
SELECT abs(avg(y::int - p)) < 1e-6 AS intercept, abs(avg((v[701] - m) * (y::int - p)) * (c.coefficient / c.encoded) / (0.05 * c.encoded) - 1) < 1e-4 AS slope
FROM (SELECT wide.*, userseg.predict_value('wide', wide) AS p, avg(v[701]) OVER () AS m FROM wide) s, userseg.coefficients('wide') c WHERE c.term = 'v[701]' GROUP BY c.encoded, c.coefficient;

-- separation names the columns by how far they go
SELECT converged, array_to_string(warnings, ' ') ~ 'without any doubt by "z"[,;]' AS z_first FROM userseg.train('separated', 'logistic',
  'SELECT i AS id, i * 7919 % 97 AS a, i * 104729 % 89 AS b, i * 31 % 83 AS c, i * 17 % 79 AS d, i * 13 % 73 AS e, i * 11 % 71 AS f, i * 7 % 67 AS g, i * 5 % 61 AS h, i * 19 % 59 AS j, i * 23 % 53 AS k, i * 29 % 47 AS l, i * 613 % 101 AS z, i * 613 % 101 > 60 AS y FROM generate_series(1, 600) i',
  target => 'y', id => 'id', holdout => 0);
SELECT userseg.drop_model('separated');
-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'logistic', 't', target => 'y', params => '{"lambda": 1}');
SELECT userseg.train('e', 'logistic', 't', target => 'a');
SELECT userseg.train('e', 'logistic', 'SELECT true AS y, a FROM t', target => 'y');
SELECT count(*) AS dropped FROM unnest('{apart,chosen,lasso,lasso2,m,nearly,repeated,ridged,shuffled,strong,twice,weighed,workers,three,three_workers,three_weighed,three_repeated,three_lasso,wide}'::text[]) m, LATERAL userseg.drop_model(m) d;
DROP SCHEMA test_logistic CASCADE;
