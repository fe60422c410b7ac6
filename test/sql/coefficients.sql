-- Coefficients in units of the source.
SET client_min_messages = warning;
CREATE SCHEMA test_coefficients;
SET search_path = test_coefficients, public;
SET extra_float_digits = 0;
CREATE TABLE shop AS
SELECT i AS id, i % 17 + i / 40.0 AS visits, CASE i % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'IT' END AS country,
  exp((i % 11)::float8) - 1 AS income, 100 + (i % 17 + i / 40.0) * 3 + CASE i % 3 WHEN 1 THEN 20 WHEN 2 THEN -7 ELSE 0 END + (i % 11) * 5 + (i * 7919 % 13 - 6) / 3.0 AS spend
FROM generate_series(1, 200) i;

-- one column: what PostgreSQL's own aggregates say
SELECT version FROM userseg.train('one', 'linear', 'shop', target => 'spend', features => '{visits}', holdout => 0);
SELECT term, round(coefficient::numeric, 9) AS coefficient, round(std_error::numeric, 9) AS std_error, round(statistic::numeric, 6) AS statistic, p_value < 1e-9 AS small, note
FROM userseg.coefficients('one');
SELECT round(regr_slope(spend, visits)::numeric, 9) AS slope, round(regr_intercept(spend, visits)::numeric, 9) AS intercept,
  round(sqrt((regr_syy(spend, visits) - regr_slope(spend, visits) * regr_sxy(spend, visits)) / (count(*) - 2) / regr_sxx(spend, visits))::numeric, 9) AS error FROM shop;

-- a category: its first level is what the others are compared with; a logarithm: the unit is that of the logarithm
SELECT version, warnings FROM userseg.train('all', 'linear', 'shop', target => 'spend', id => 'id', transform => '{"income": ["log1p", "standard"]}', holdout => 0);
SELECT term, round(coefficient::numeric, 6) AS coefficient, round(ci_low::numeric, 6) AS ci_low, round(ci_high::numeric, 6) AS ci_high, note FROM userseg.coefficients('all');
-- the interval of another level is wider by the ratio of the quantiles of t: 2.601 / 1.972 with 195 degrees of freedom
SELECT round(avg((b.ci_high - b.ci_low) / (a.ci_high - a.ci_low))::numeric, 3) AS wider FROM userseg.coefficients('all') a JOIN userseg.coefficients('all', 0.99) b USING (term);
-- encoded coefficients are those of the standardised columns
SELECT round((encoded / coefficient / (SELECT stddev_pop(visits) FROM shop))::numeric, 9) AS ratio FROM userseg.coefficients('all') WHERE term = 'visits';
-- the prediction is the sum
SELECT count(*), count(*) FILTER (WHERE abs(userseg.predict_value('all', s) - (SELECT sum(coefficient * CASE term WHEN '(intercept)' THEN 1 WHEN 'visits' THEN visits WHEN 'log1p(income)' THEN ln(1 + income)
    ELSE (term = 'country=' || country)::int END) FROM userseg.coefficients('all') WHERE note IS NULL)) > 1e-9) AS wrong FROM shop s;
-- reasons add up to the prediction
SELECT count(*), count(*) FILTER (WHERE abs(p.value - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) > 1e-9) AS wrong,
  min(jsonb_array_length(p.reasons)) AS reasons
FROM shop s, LATERAL userseg.predict_detail('all', s) p;
-- more columns than are told: the others together
SELECT version FROM userseg.train('wide', 'linear', 'SELECT sqrt(i) AS y, i % 2 AS a1, i % 3 AS a2, i % 4 AS a3, i % 5 AS a4, i % 6 AS a5, i % 7 AS a6, i % 8 AS a7, i % 9 AS a8, i % 10 AS a9, i % 11 AS b1, i % 12 AS b2, i % 13 AS b3 FROM generate_series(1, 300) i', target => 'y', holdout => 0);
SELECT count(*) AS reasons, count(*) FILTER (WHERE r ->> 'feature' IN ('(base)', '(other features)')) AS rest, abs(sum((r ->> 'contribution')::float8) - min(p.value)) < 1e-9 AS adds_up
FROM (SELECT 1 AS a1, 0 AS a2, 0 AS a3, 0 AS a4, 0 AS a5, 0 AS a6, 3 AS a7, 0 AS a8, 0 AS a9, 0 AS b1, 0 AS b2, 5 AS b3) x, LATERAL userseg.predict_detail('wide', x) p, jsonb_array_elements(p.reasons) r;

-- two classes: the class whose log odds they are
SELECT version FROM userseg.train('buyer', 'logistic', 'SELECT visits, spend > 150 AS buyer FROM shop', target => 'buyer', holdout => 0);
SELECT class, term, round(coefficient::numeric, 6) AS coefficient, p_value < 0.05 AS matters FROM userseg.coefficients('buyer');
SELECT count(*), count(*) FILTER (WHERE abs(CASE p.label WHEN 'true' THEN 1 ELSE -1 END * ln(userseg.predict_value('buyer', s) / (1 - userseg.predict_value('buyer', s)))
  - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) > 1e-9) AS wrong FROM shop s, LATERAL userseg.predict_detail('buyer', s) p;

-- errors
SELECT version FROM userseg.train('cluster', 'kmeans', 'SELECT visits, spend FROM shop', params => '{"k": 2}');
\set VERBOSITY default
SELECT * FROM userseg.coefficients('cluster');
SELECT * FROM userseg.coefficients('one', 1);
SELECT * FROM userseg.coefficients('one', 'NaN');
SELECT * FROM userseg.coefficients('one', NULL);
SELECT * FROM userseg.coefficients(NULL);
SELECT * FROM userseg.coefficients('none');
SELECT count(*) AS dropped FROM unnest('{all,buyer,cluster,one,wide}'::text[]) m, LATERAL userseg.drop_model(m) d;
DROP SCHEMA test_coefficients CASCADE;
