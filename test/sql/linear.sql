-- Linear regression: what it does in every case; its figures are compared with other libraries in test/golden and with NIST's
-- certified values in linear_nist.
SET client_min_messages = warning;
CREATE SCHEMA test_linear;
SET search_path = test_linear, public;
CREATE TABLE t AS
SELECT i AS id, (i * 7919 % 101) / 10.0 AS a, (i * 104729 % 97) / 7.0 AS b, i % 5 AS c, CASE WHEN i % 4 = 0 THEN NULL ELSE (i * 31 % 23)::float8 END AS holes,
  3 * (i * 7919 % 101) / 10.0 - 2 * (i * 104729 % 97) / 7.0 + (i * 613 % 59 - 29) / 11.0 + 0.5 * (i % 5) AS y, 1 + i % 3 AS w
FROM generate_series(1, 500) i;
CREATE FUNCTION same(x text, y text) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT array_agg(c ORDER BY term) FROM userseg.coefficients(x) c) IS NOT DISTINCT FROM (SELECT array_agg(c ORDER BY term) FROM userseg.coefficients(y) c)
$$;

-- the whole answer of a training
SELECT model, version, algorithm, n_rows, n_features, converged, iterations, warnings,
  details ->> 'rank' AS rank, details ->> 'df_resid' AS df_resid, round((details ->> 'r2')::numeric, 6) AS r2, details ->> 'std_errors' AS errors
FROM userseg.train('m', 'linear', 't', target => 'y', features => '{a,b,c}', holdout => 0);
-- figures by PostgreSQL's own aggregates: R2 is the squared correlation with the prediction
SELECT round(corr(y, userseg.predict_value('m', t))::numeric ^ 2, 9) = round((v.details ->> 'r2')::numeric, 9) AS r2,
  abs(sum((y - userseg.predict_value('m', t)) ^ 2) / (v.details ->> 'rss')::float8 - 1) < 1e-9 AS rss, abs(sum(y - userseg.predict_value('m', t))) < 1e-9 AS zero_mean
FROM t, (SELECT details FROM userseg.model_versions WHERE model = 'm') v GROUP BY v.details;

-- the same bits in any order of the rows, by any number of workers
SELECT version FROM userseg.train('shuffled', 'linear', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'y', features => '{a,b,c}', holdout => 0);
SELECT version FROM userseg.train('workers', 'linear', 't', target => 'y', features => '{a,b,c}', holdout => 0, params => '{"workers": 2}');
SELECT same('m', 'shuffled') AS shuffled, same('m', 'workers') AS workers;

-- a weight is as many rows
SELECT version FROM userseg.train('weighed', 'linear', 't', target => 'y', features => '{a,b,c}', weight => 'w', holdout => 0);
SELECT version FROM userseg.train('repeated', 'linear', 'SELECT t.* FROM t, generate_series(1, w)', target => 'y', features => '{a,b,c}', holdout => 0);
SELECT count(*), count(*) FILTER (WHERE abs(a.coefficient / b.coefficient - 1) > 1e-10) AS wrong FROM userseg.coefficients('weighed') a JOIN userseg.coefficients('repeated') b USING (term);

-- dependent columns
SELECT warnings, details ->> 'rank' AS rank FROM userseg.train('twice', 'linear', 'SELECT *, a AS a2, a + 2 * b AS ab FROM t', target => 'y', features => '{a,b,a2,ab}', holdout => 0);
SELECT term, coefficient IS NULL AS "null", note FROM userseg.coefficients('twice');
-- nearly dependent ones are no combination
SELECT warnings, details ->> 'refinements' > '0' AS refined, (details ->> 'condition_number')::float8 > 1e5 AS ill FROM userseg.train('near', 'linear', 'SELECT *, a + 1e-6 * (id % 7) AS a2 FROM t', target => 'y', features => '{a,a2}', holdout => 0);
SELECT bool_and(note IS NULL) FROM userseg.coefficients('near');

-- as many coefficients as rows, fewer rows, a perfect fit
SELECT warnings, details ->> 'df_resid' AS df_resid, details ->> 'sigma' AS sigma, details ->> 'std_errors' AS errors FROM userseg.train('two', 'linear', 'SELECT y, a FROM t ORDER BY id LIMIT 2', target => 'y', holdout => 0);
SELECT count(*), count(std_error), count(p_value) FROM userseg.coefficients('two');
SELECT warnings, details ->> 'rank' AS rank FROM userseg.train('few', 'linear', 'SELECT y, a, b, c FROM t ORDER BY id LIMIT 3', target => 'y', holdout => 0);
SELECT details ->> 'rss' AS rss, details ->> 'r2' AS r2, details ->> 'f_p' AS f_p, details -> 'log_likelihood' AS log_likelihood FROM userseg.train('line', 'linear', 'SELECT i AS x, 2 * i + 1 AS y FROM generate_series(1, 8) i', target => 'y', transform => '{"*": "none"}', holdout => 0);
SELECT term, coefficient, std_error, statistic, p_value, ci_low FROM userseg.coefficients('line');

-- without an intercept the prediction of zeros is 0, whatever the encoding
SELECT version FROM userseg.train('origin', 'linear', 'SELECT y, a, b FROM t', target => 'y', params => '{"intercept": false}', holdout => 0);
SELECT term, round(coefficient::numeric, 9) AS coefficient, note FROM userseg.coefficients('origin');
SELECT abs(userseg.predict_value('origin', x)) < 1e-12 AS zero FROM (SELECT 0 AS a, 0 AS b) x;
SELECT round(((sum(a * y) * sum(b * b) - sum(b * y) * sum(a * b)) / (sum(a * a) * sum(b * b) - sum(a * b) ^ 2))::numeric, 9) AS a FROM t;

-- penalties: the path, its choice, zeros
SELECT details ->> 'chosen_by' AS chosen_by, jsonb_array_length(details -> 'path') AS path, (details ->> 'lambda')::float8 > 0 AS lambda, details ->> 'nonzero' AS nonzero, details -> 'std_errors' AS errors
FROM userseg.train('lasso', 'linear', 't', target => 'y', features => '{a,b,c,holes,w}', params => '{"penalty": "lasso"}', holdout => 0);
SELECT details ->> 'chosen_by' AS chosen_by, jsonb_array_length(details -> 'path') AS path, details #>> '{path,0,nonzero}' AS first
FROM userseg.train('bic', 'linear', 't', target => 'y', features => '{a,b,c,holes,w}', params => '{"penalty": "elastic_net", "mix": 0.9, "choose": "bic", "n_lambda": 20}', holdout => 0);
SELECT version FROM userseg.train('lasso_shuffled', 'linear', 'SELECT * FROM t ORDER BY id DESC', target => 'y', features => '{a,b,c,holes,w}', params => '{"penalty": "lasso"}', id => 'id', holdout => 0);
SELECT version FROM userseg.train('lasso_ordered', 'linear', 't', target => 'y', features => '{a,b,c,holes,w}', params => '{"penalty": "lasso"}', id => 'id', holdout => 0);
SELECT same('lasso_shuffled', 'lasso_ordered') AS same_folds;
-- a strong one leaves the mean
SELECT details ->> 'nonzero' AS nonzero FROM userseg.train('strong', 'linear', 't', target => 'y', features => '{a,b,c}', params => '{"penalty": "lasso", "lambda": 1e6}', holdout => 0);
SELECT term, abs(coefficient - (SELECT avg(y) FROM t)) < 1e-12 AS mean, note FROM userseg.coefficients('strong');
-- a weak ridge is least squares
SELECT version FROM userseg.train('weak', 'linear', 't', target => 'y', features => '{a,b,c}', params => '{"penalty": "ridge", "lambda": 1e-12}', holdout => 0);
SELECT count(*), count(*) FILTER (WHERE abs(a.coefficient / b.coefficient - 1) > 1e-9) AS wrong FROM userseg.coefficients('weak') a JOIN userseg.coefficients('m') b USING (term);

-- robust errors of every kind
SELECT hc, details ->> 'std_errors' AS errors FROM unnest('{HC0,HC1,HC2,HC3}'::text[]) hc, LATERAL userseg.train('r_' || lower(hc), 'linear', 't', target => 'y', features => '{a,b,c}', params => jsonb_build_object('robust', hc), holdout => 0);
-- HC1 is HC0 times sqrt(n / (n - k)); HC0 < HC2 < HC3
SELECT bool_and(abs(b.std_error / a.std_error - sqrt(500.0 / 496)) < 1e-12) AS hc1, bool_and(a.std_error < c.std_error AND c.std_error < d.std_error) AS ordered
FROM userseg.coefficients('r_hc0') a JOIN userseg.coefficients('r_hc1') b USING (term) JOIN userseg.coefficients('r_hc2') c USING (term) JOIN userseg.coefficients('r_hc3') d USING (term);

-- Huber: scikit-learn's HuberRegressor(epsilon = 1.35, alpha = 0) gives 0.263828, 2.988090, -1.986614, scale 1.491366, 161 outliers;
-- with epsilon = 2 and weights 0.388785, 2.985315, -1.981998
CREATE TABLE wild AS SELECT id, a, b, w, 3 * (id * 7919 % 101) / 10.0 - 2 * (id * 104729 % 97) / 7.0 + (id * 613 % 59 - 29) / 11.0 + CASE WHEN id % 10 = 0 THEN 80 ELSE 0 END AS y FROM t;
SELECT converged, round((details ->> 'scale')::numeric, 4) AS scale, details ->> 'outliers' AS outliers, details -> 'std_errors' AS errors FROM userseg.train('huber', 'linear', 'wild', target => 'y', features => '{a,b}', holdout => 0, params => '{"loss": "huber"}');
SELECT version FROM userseg.train('huber_weighed', 'linear', 'wild', target => 'y', features => '{a,b}', weight => 'w', holdout => 0, params => '{"loss": "huber", "epsilon": 2}');
SELECT h.term, round(h.coefficient::numeric, 4) AS plain, round(w.coefficient::numeric, 4) AS weighed FROM userseg.coefficients('huber') h JOIN userseg.coefficients('huber_weighed') w USING (term);
SELECT version FROM userseg.train('huber_workers', 'linear', 'SELECT * FROM wild ORDER BY hashint4(id)', target => 'y', features => '{a,b}', holdout => 0, params => '{"loss": "huber", "workers": 2}');
SELECT same('huber', 'huber_workers');
SELECT converged, warnings FROM userseg.train('huber_line', 'linear', 'SELECT i AS x, CASE WHEN i = 7 THEN 1000 ELSE 2 * i END AS y FROM generate_series(1, 20) i', target => 'y', holdout => 0, params => '{"loss": "huber"}');

-- huge and tiny numbers
SELECT warnings FROM userseg.train('scales', 'linear', 'SELECT y * 1e60 AS y, a * 1e40 AS a, b * 1e-40 AS b FROM t', target => 'y', holdout => 0);
SELECT version FROM userseg.train('plain', 'linear', 'SELECT y, a, b FROM t', target => 'y', holdout => 0);
SELECT bool_and(abs(s.coefficient / (m.coefficient * CASE term WHEN 'a' THEN 1e20 WHEN 'b' THEN 1e100 ELSE 1e60 END) - 1) < 1e-9) AS scaled
FROM userseg.coefficients('scales') s JOIN userseg.coefficients('plain') m USING (term);
-- offsets of a million standard deviations
SELECT version FROM userseg.train('offset', 'linear', 'SELECT y + 1e9 AS y, a + 1e7 AS a, b FROM t', target => 'y', holdout => 0);
SELECT term, round(coefficient::numeric, 5) AS coefficient FROM userseg.coefficients('offset') WHERE term <> '(intercept)';

-- rows are read where they stand or, sorted ones, taken apart, with the same result: NULLs, a dropped column, one that older rows
-- do not have, widths of all kinds, an order of its own
CREATE TABLE stored (id bigint, gone int, flag boolean, small int2, a float8, b float8, c float8, day date, at timestamptz, span interval, u real, y float8);
INSERT INTO stored SELECT id, id, id % 3 = 0, id % 5, a, CASE WHEN id % 7 > 0 THEN b END, a * b, date '2024-01-01' + id, timestamptz '2024-01-01 00:00+00' + id * id * interval '1 hour', interval '1 day' * (id % 11), id % 13, y FROM t;
CREATE TABLE plain AS SELECT a, a * b AS c, b, id % 3 = 0 AS flag, y FROM t;
SELECT version FROM userseg.train('apart', 'linear', 'SELECT * FROM stored ORDER BY y', target => 'y', id => 'id', holdout => 0);
SELECT version FROM userseg.train('place', 'linear', 'stored', target => 'y', id => 'id', holdout => 0);
SELECT same('apart', 'place');
ALTER TABLE stored DROP COLUMN gone;
ALTER TABLE stored ADD late float8 DEFAULT 2.5;
UPDATE stored SET late = id WHERE id % 10 = 0;
SELECT version FROM userseg.train('apart', 'linear', 'SELECT * FROM stored ORDER BY y', target => 'y', id => 'id', holdout => 0);
SELECT version FROM userseg.train('place', 'linear', 'stored', target => 'y', id => 'id', holdout => 0);
SELECT same('apart', 'place'), count(*) AS late FROM userseg.coefficients('place') WHERE term = 'late';
SELECT version FROM userseg.train('apart', 'linear', 'SELECT * FROM plain ORDER BY y', target => 'y', holdout => 0);
SELECT version FROM userseg.train('place', 'linear', 'SELECT * FROM plain', target => 'y', holdout => 0);
SELECT same('apart', 'place');
-- features that stand apart, and one row that is no number
SELECT version FROM userseg.train('apart', 'linear', 'SELECT * FROM plain ORDER BY y', target => 'y', features => '{b,a}', holdout => 0);
SELECT version FROM userseg.train('place', 'linear', 'plain', target => 'y', features => '{b,a}', holdout => 0);
SELECT same('apart', 'place');
UPDATE plain SET c = 'NaN' WHERE a = (SELECT max(a) FROM plain);
SELECT userseg.train('place', 'linear', 'SELECT * FROM plain ORDER BY a DESC', target => 'y', holdout => 0);

-- the largest numbers there are: the fit is that of smaller ones, and its metrics are numbers
SELECT version FROM userseg.train('small', 'linear', 'SELECT id, a, b, y FROM t', target => 'y', id => 'id');
SELECT converged, warnings, metric FROM userseg.train('huge', 'linear', 'SELECT id, a * 1e100 AS a, b * 1e-100 AS b, y * 1e137 AS y FROM t', target => 'y', id => 'id');
SELECT s.metric, round((h.value / s.value / CASE WHEN s.metric IN ('r2', 'mape') THEN 1 ELSE 1e137 END)::numeric, 9) AS ratio, round((h.ci_low / s.ci_low / CASE WHEN s.metric IN ('r2', 'mape') THEN 1 ELSE 1e137 END)::numeric, 9) AS low
FROM userseg.evaluate('small') s JOIN userseg.evaluate('huge') h USING (metric) WHERE s.metric IN ('rmse', 'mae', 'r2', 'mape', 'bias');
SELECT term, round((h.coefficient / s.coefficient / CASE term WHEN 'a' THEN 1e37 WHEN 'b' THEN 1e237 ELSE 1e137 END)::numeric, 9) AS ratio FROM userseg.coefficients('small') s JOIN userseg.coefficients('huge') h USING (term);

-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'linear', 't', target => 'y', params => '{"lambda": 1}');
SELECT userseg.train('e', 'linear', 't', target => 'y', params => '{"penalty": "lasso", "robust": "HC3"}');
SELECT userseg.train('e', 'linear', 't', target => 'y', params => '{"penalty": "lass"}');
SELECT userseg.train('e', 'linear', 't', target => 'y', params => '{"loss": "huber", "penalty": "ridge"}', holdout => 0);
SELECT userseg.train('e', 'linear', 't', target => 'y', params => '{"folds": 1}');
SELECT userseg.train('e', 'linear', 't');
SELECT userseg.train('e', 'linear', 'SELECT 1 AS y, a FROM t', target => 'y');
SELECT userseg.predict('m', t) FROM t LIMIT 1;
SET userseg.max_memory = '4MB';
-- numbers in the message
SELECT userseg.train('e', 'linear', 'SELECT i AS y, (SELECT array_agg(hashint4(i * 1000 + j)::float8) FROM generate_series(1, 600) j) AS v FROM generate_series(1, 20) i', target => 'y', holdout => 0);
RESET userseg.max_memory;
SELECT count(*) AS dropped FROM unnest('{bic,few,small,huge,apart,place,lasso,lasso_ordered,lasso_shuffled,line,m,near,offset,origin,plain,repeated,scales,shuffled,strong,twice,two,weak,weighed,workers,r_hc0,r_hc1,r_hc2,r_hc3,huber,huber_weighed,huber_workers,huber_line}'::text[]) m, LATERAL userseg.drop_model(m) d;
DROP SCHEMA test_linear CASCADE;
