-- Generalised linear models. Expected figures: iteratively reweighted least squares in numpy and scikit-learn's
-- TweedieRegressor(alpha = 0, link = 'log') on the same rows.
SET client_min_messages = warning;
CREATE SCHEMA test_glm;
SET search_path = test_glm, public;
CREATE TABLE t AS
SELECT i AS id, (i * 7919 % 101) / 50.0::float8 AS a, (i * 104729 % 97) / 40.0::float8 AS b, 1 + i % 3 AS w,
  floor(exp(0.5 + 0.6 * (i * 7919 % 101) / 50.0 - 0.4 * (i * 104729 % 97) / 40.0) * (0.3 + (i * 613 % 59) / 30.0))::float8 AS n,
  exp(1 + 0.5 * (i * 7919 % 101) / 50.0 + 0.2 * (i * 104729 % 97) / 40.0) * (0.2 + (i * 613 % 59) / 29.0)::float8 AS amount,
  CASE WHEN i * 31 % 10 < 4 THEN 0 ELSE exp(1 + 0.5 * (i * 7919 % 101) / 50.0) * (0.2 + (i * 613 % 59) / 29.0)::float8 END AS spend
FROM generate_series(1, 500) i;
CREATE TABLE fit AS
SELECT m.*, f.converged, f.warnings, f.details
FROM (VALUES ('poisson', 'n', 'poisson', NULL), ('weighted', 'n', 'poisson', 'w'), ('gamma', 'amount', 'gamma', NULL), ('tweedie', 'spend', 'tweedie', NULL)) m(model, y, family, weight),
  LATERAL userseg.train(m.model, 'glm', 't', target => m.y, features => '{a,b}', weight => m.weight, holdout => 0, params => jsonb_build_object('family', m.family)) f;
SELECT model, converged, warnings, round((details ->> 'deviance')::numeric, 7) AS deviance, round((details ->> 'pearson_chi2')::numeric, 7) AS pearson, round((details ->> 'dispersion')::numeric, 9) AS dispersion,
  round((details ->> 'log_likelihood')::numeric, 7) AS log_likelihood, details ->> 'df_resid' AS df_resid FROM fit;
CREATE TABLE want (model text, term text, coefficient float8, std_error float8);
INSERT INTO want VALUES
('poisson', '(intercept)', 0.43352951, 0.08831287), ('poisson', 'a', 0.74181134, 0.05618315), ('poisson', 'b', -0.49498971, 0.04595508),
('gamma', '(intercept)', 1.18406816, 0.05763176), ('gamma', 'a', 0.48541137, 0.03757861), ('gamma', 'b', 0.21214134, 0.03134387),
('tweedie', '(intercept)', 0.79172545, 0.12530935), ('tweedie', 'a', 0.48956169, 0.07972293), ('tweedie', 'b', -0.0921531, 0.06613287),
('weighted', '(intercept)', 0.42081639, 0.06264214), ('weighted', 'a', 0.74229628, 0.03971346), ('weighted', 'b', -0.48157331, 0.03215266);
SELECT count(*), count(*) FILTER (WHERE abs(c.coefficient - w.coefficient) > 1.5e-8) AS wrong, count(*) FILTER (WHERE abs(c.std_error - w.std_error) > 1.5e-8) AS wrong_errors
FROM want w, LATERAL userseg.coefficients(w.model) c WHERE c.term = w.term;
-- with the canonical link the sums of the predictions are those of the data
SELECT abs(sum(userseg.predict_value('poisson', t) - n)) < 1e-7 AS total, abs(sum(a * (userseg.predict_value('poisson', t) - n))) < 1e-7 AS a FROM t;
-- the null deviance is that of the mean
SELECT abs((details ->> 'deviance_null')::float8 - (SELECT 2 * sum(CASE WHEN n > 0 THEN n * ln(n / m) ELSE 0 END - (n - m)) FROM t, (SELECT avg(n) AS m FROM t) x)) < 1e-8 AS deviance_null FROM fit WHERE model = 'poisson';
-- reasons add up to the predictor, the logarithm of the prediction
SELECT count(*) FILTER (WHERE abs(ln(p.value) - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) > 1e-9) AS wrong FROM t, LATERAL userseg.predict_detail('tweedie', t) p;

-- any order, any workers; a ridge as in scikit-learn; a path
CREATE FUNCTION same(x text, y text) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT array_agg(c ORDER BY term) FROM userseg.coefficients(x) c) IS NOT DISTINCT FROM (SELECT array_agg(c ORDER BY term) FROM userseg.coefficients(y) c)
$$;
SELECT version FROM userseg.train('shuffled', 'glm', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'spend', features => '{a,b}', holdout => 0, params => '{"family": "tweedie", "workers": 1}');
SELECT same('tweedie', 'shuffled');
SELECT version FROM userseg.train('ridge', 'glm', 't', target => 'n', features => '{a,b}', holdout => 0, params => '{"penalty": "ridge", "lambda": 0.1}');
SELECT term, round(encoded::numeric, 8) AS encoded FROM userseg.coefficients('ridge') WHERE term <> '(intercept)';
SELECT converged, details ->> 'chosen_by' AS chosen_by, jsonb_array_length(details -> 'path') AS path FROM userseg.train('path', 'glm', 't', target => 'n', features => '{a,b,w}', id => 'id', holdout => 0, params => '{"penalty": "lasso", "n_lambda": 6, "folds": 3}');

-- an offset, as in R's glm(): the same coefficients, errors and deviances
ALTER TABLE t ADD log_days float8, ADD visits float8;
UPDATE t SET log_days = ln((1 + id % 7) / 4.0::float8),
  visits = floor((1 + id % 7) / 4.0 * exp(0.5 + 0.6 * a - 0.4 * b) * (0.3 + (id * 613 % 59) / 30.0));
CREATE TYPE r AS (a float8, b float8, log_days float8);
CREATE TABLE offset_fit AS
SELECT m.*, f.converged, f.warnings, f.details
FROM (VALUES ('o_poisson', 'visits', 'poisson', NULL, true), ('o_weighted', 'visits', 'poisson', 'w', true), ('o_gamma', 'amount', 'gamma', NULL, true), ('o_tweedie', 'spend', 'tweedie', NULL, true), ('o_bare', 'visits', 'poisson', NULL, false)) m(model, y, family, weight, intercept),
  LATERAL userseg.train(m.model, 'glm', 't', target => m.y, features => '{a,log_days,b}', weight => m.weight, holdout => 0, params => jsonb_build_object('family', m.family, 'offset', 'log_days', 'intercept', m.intercept)) f;
SELECT model, converged, warnings, round((details ->> 'deviance')::numeric, 7) AS deviance, round((details ->> 'deviance_null')::numeric, 6) AS deviance_null, round((details ->> 'dispersion')::numeric, 8) AS dispersion,
  details ->> 'rank' AS rank, details ->> 'df_resid' AS df_resid FROM offset_fit;
TRUNCATE want;
INSERT INTO want VALUES
('o_poisson', '(intercept)', 0.495053655235965, 0.0876945232233317), ('o_poisson', 'a', 0.690472869544859, 0.0559104434985542), ('o_poisson', 'b', -0.497038345829858, 0.0461750184815835),
('o_weighted', '(intercept)', 0.506131362355634, 0.0617270812953607), ('o_weighted', 'a', 0.664845533174973, 0.0394972748449806), ('o_weighted', 'b', -0.479934531172121, 0.0324349441190678),
('o_gamma', '(intercept)', 1.534618188680261, 0.1145526893562138), ('o_gamma', 'a', 0.528139989841565, 0.0746937265075735), ('o_gamma', 'b', 0.209892372163225, 0.0623011518345350),
('o_tweedie', '(intercept)', 0.9139826757697795, 0.185388640272078), ('o_tweedie', 'a', 0.5328634209968411, 0.117166309425794), ('o_tweedie', 'b', -0.0809064668507519, 0.097091859445394),
('o_bare', 'a', 0.937898931421877, 0.0352664855378384), ('o_bare', 'b', -0.371250942743059, 0.0406732008422296);
SELECT count(*), count(*) FILTER (WHERE abs(c.coefficient - w.coefficient) > 1e-8) AS wrong, count(*) FILTER (WHERE abs(c.std_error - w.std_error) > 1e-8) AS wrong_errors
FROM want w, LATERAL userseg.coefficients(w.model) c WHERE c.term = w.term;
SELECT term, coefficient, std_error, p_value, ci_low, note FROM userseg.coefficients('o_poisson') WHERE term = 'log_days';
-- the row's own offset is part of its prediction: twice the days, twice the visits
SELECT abs(sum(userseg.predict_value('o_poisson', t) - visits)) < 1e-7 AS total,
  max(abs(userseg.predict_value('o_poisson', ROW(a, b, log_days + ln(2.0::float8))::r) / userseg.predict_value('o_poisson', t) - 2)) < 1e-12 AS twice FROM t;
SELECT converged, details ->> 'nonzero' AS nonzero FROM userseg.train('o_ridge', 'glm', 't', target => 'visits', features => '{a,b,log_days}', holdout => 0, params => '{"offset": "log_days", "penalty": "lasso", "lambda": 1000}');
SELECT term, round(coefficient::numeric, 8) AS coefficient, note, round(ln((SELECT sum(visits) / sum(exp(log_days)) FROM t))::numeric, 8) AS rate FROM userseg.coefficients('o_ridge');
-- a constant offset, one with NULLs, and none
SELECT userseg.train('e', 'glm', 'SELECT a, b, 1::float8 AS o, n FROM t', target => 'n', holdout => 0, params => '{"offset": "o"}');
SELECT userseg.train('e', 'glm', 'SELECT a, nullif(log_days, 0) AS o, n FROM t', target => 'n', holdout => 0, params => '{"offset": "o"}');
SELECT userseg.train('e', 'glm', 't', target => 'n', features => '{a,b}', params => '{"offset": "log_days"}');
SELECT userseg.train('e', 'glm', 'SELECT a, (ARRAY[''x'', ''y''])[1 + id % 2] AS o, n FROM t', target => 'n', params => '{"offset": "o"}');

-- no row of a group has a count: its coefficient runs away
SELECT converged, warnings[1] FROM userseg.train('never', 'glm', 'SELECT a, (id % 5 = 0)::int AS never, CASE WHEN id % 5 = 0 THEN 0 ELSE n END AS n FROM t', target => 'n', holdout => 0);

-- where a few rows have most of the weight, the level that is left out stays out
CREATE TABLE steep AS SELECT i AS id, CASE WHEN i % 1500 = 0 THEN 'rare' ELSE 'l' || i % 5 END AS level, (i % 7 + CASE WHEN i % 300 = 0 THEN 40 ELSE 0 END) / 10.0 AS x,
  i % 3 + CASE WHEN i % 300 = 0 THEN 40 ELSE 0 END AS n FROM generate_series(1, 6000) i;
SELECT converged FROM userseg.train('steep', 'glm', 'steep', target => 'n', id => 'id', features => '{level,x}', holdout => 0);
SELECT term, round(coefficient::numeric, 6) AS coefficient, round(std_error::numeric, 6) AS std_error, note FROM userseg.coefficients('steep');

-- errors
SELECT userseg.train('e', 'glm', 'SELECT a, n - 1 AS y FROM t', target => 'y');
SELECT userseg.train('e', 'glm', 't', target => 'spend', params => '{"family": "gamma"}');
SELECT userseg.train('e', 'glm', 't', target => 'spend', params => '{"family": "tweedie", "power": 2}');
SELECT userseg.train('e', 'glm', 't', target => 'n', params => '{"family": "normal"}');
SELECT count(*) AS dropped FROM unnest('{poisson,weighted,gamma,tweedie,shuffled,ridge,path,never,o_poisson,o_weighted,o_gamma,o_tweedie,o_bare,o_ridge,steep}'::text[]) m, LATERAL userseg.drop_model(m) d;
DROP SCHEMA test_glm CASCADE;
