-- Gaussian mixtures: results, membership and densities, choice of k, singular components, degenerate input, errors.
\set VERBOSITY default
SET client_min_messages = warning;
SET extra_float_digits = 0;

-- two groups of different shape: 200 rows along a line, 100 around a point; no random numbers
CREATE TABLE gmm_shop AS
SELECT g AS id,
       CASE WHEN g % 3 > 0 THEN (g * 7919 % 401) / 40.0 ELSE 20 + (g * 104729 % 101) / 50.0 END AS spend,
       CASE WHEN g % 3 > 0 THEN (g * 7919 % 401) / 20.0 + (g * 3571 % 97) / 97.0 ELSE 3 + (g * 15485863 % 103) / 50.0 END AS visits,
       1 + g % 4 AS w
FROM generate_series(1::bigint, 300) g;

SELECT covariance, t.version, t.metric, t.converged, round(t.metric_value::numeric, 1) AS log_likelihood,
       (SELECT array_agg(round(x::numeric, 3)) FROM jsonb_array_elements_text(t.details -> 'weights') x) AS weights,
       t.details ->> 'parameters' AS parameters, round((t.details ->> 'bic')::numeric, 1) AS bic,
       t.details ->> 'well_posed' AS well_posed, t.warnings
FROM unnest('{full,diag,tied,spherical}'::text[]) covariance, LATERAL userseg.train('gmm_shop', 'gmm', 'gmm_shop', id => 'id',
  features => '{spend, visits}', params => jsonb_build_object('k', 2, 'covariance', covariance)) t;

-- BIC and AIC follow from log-likelihood and parameters
SELECT abs((details ->> 'bic')::float8 - (-2 * metric_value + 11 * ln(300))) < 1e-6 AS bic,
       abs((details ->> 'aic')::float8 - (-2 * metric_value + 22)) < 1e-6 AS aic,
       abs((details ->> 'mean_log_likelihood')::float8 - metric_value / 300) < 1e-9 AS mean
FROM userseg.model_versions WHERE model = 'gmm_shop' AND version = 1;

-- a mixture of one component: mean and covariance of plain SQL, in encoded units
SELECT userseg.train('gmm_one', 'gmm', 'gmm_shop', id => 'id', features => '{spend, visits}', transform => '{"*": "none"}', params => '{"k": 1, "reg_covar": 0}') \g /dev/null
SELECT abs(sum(userseg.predict_value('gmm_one', s)) - (SELECT metric_value FROM userseg.model_versions WHERE model = 'gmm_one')) < 1e-3 AS densities_add_up,
       abs(-150 * (2 * ln(2 * pi()) + 2 + ln(var_pop(spend) * var_pop(visits) - covar_pop(spend, visits) ^ 2))
           - (SELECT metric_value FROM userseg.model_versions WHERE model = 'gmm_one')) < 1e-3 AS normal_log_likelihood
FROM gmm_shop s;

-- soft membership
SELECT userseg.train('gmm_soft', 'gmm', 'gmm_shop', id => 'id', features => '{spend, visits}', params => '{"k": 2}') \g /dev/null
SELECT id, userseg.predict_id('gmm_soft', s) AS label, userseg.predict_id('gmm_soft', s) = label_id AS same,
       round(probability::numeric, 6) AS probability, (SELECT round(sum(value::numeric), 9) FROM jsonb_each_text(userseg.predict_proba('gmm_soft', s))) AS sum,
       round(value::numeric, 3) AS log_density, round(distance::numeric, 3) AS mahalanobis, round(margin::numeric, 1) AS margin,
       abs(margin - ln(probability / (SELECT greatest(min(p.value::float8), 1e-300) FROM jsonb_each_text(userseg.predict_proba('gmm_soft', s)) p))) < 1e-6 OR margin > 30 AS log_odds
FROM (SELECT 1 AS id, 5 AS spend, 10.5 AS visits UNION ALL SELECT 2, 21, 4 UNION ALL SELECT 3, 11, 15) s, LATERAL userseg.predict_detail('gmm_soft', s);
-- an outlier has a small density; contributions add up to what speaks for the label
SELECT round(userseg.predict_value('gmm_soft', s)::numeric, 1) AS far, count(*) FILTER (WHERE userseg.predict_value('gmm_soft', t) < userseg.predict_value('gmm_soft', s)) AS rows_below
FROM gmm_shop t, (SELECT 10 AS spend, -30 AS visits) s GROUP BY 1;
SELECT sum((r ->> 'contribution')::numeric) > 0 AS for_the_label, jsonb_array_length(reasons) AS features
FROM (SELECT 21 AS spend, 4 AS visits) s, LATERAL userseg.predict_detail('gmm_soft', s), jsonb_array_elements(reasons) r GROUP BY reasons;
-- values far beyond the training have an answer
SELECT s.spend, (p).label_id IS NOT NULL AS label, (p).value < -1e6 AS far, (p).probability
FROM (SELECT s, userseg.predict_detail('gmm_soft', s) AS p, s.spend FROM (SELECT spend, 1 AS visits FROM unnest('{1e300, -1e300}'::float8[]) spend) s) s;
-- the same in blocks as row by row
SELECT n_rows, n_unscored FROM userseg.assign('gmm_soft', 'gmm_shop', 'id', 'gmm_shop_segment');
SELECT count(*) AS rows, count(*) FILTER (WHERE a.segment_id = userseg.predict_id('gmm_soft', s)) AS labels,
       count(*) FILTER (WHERE a.value = userseg.predict_value('gmm_soft', s) AND a.probability = (userseg.predict_detail('gmm_soft', s)).probability) AS values
FROM gmm_shop_segment a JOIN gmm_shop s USING (id);
SELECT segment_id, count(*) AS features FROM userseg.centroids('gmm_soft') GROUP BY 1 ORDER BY 1;

-- the number of components by BIC, with the reason
SELECT t.details ->> 'k' AS k, t.details ->> 'chosen_by' AS chosen_by
FROM userseg.train('gmm_auto', 'gmm', 'gmm_shop', id => 'id', features => '{spend, visits}', params => '{"k": [1, 4], "covariance": "diag"}') t;
SELECT (c ->> 'k')::int AS k, round((c ->> 'log_likelihood')::numeric, 0) AS log_likelihood, c ->> 'well_posed' AS well_posed, c ->> 'converged' AS converged,
       (c ->> 'starts')::int > 0 AS starts
FROM userseg.model_versions, jsonb_array_elements(details -> 'candidates') c WHERE model = 'gmm_auto' ORDER BY 1;
SELECT details ->> 'k' = (SELECT c ->> 'k' FROM jsonb_array_elements(details -> 'candidates') c ORDER BY (c ->> 'bic')::float8 LIMIT 1) AS smallest_bic
FROM userseg.model_versions WHERE model = 'gmm_auto';

-- weights count as rows
SELECT round((a.metric_value - b.metric_value)::numeric, 4) AS differs, a.details #>> '{sample,distinct_rows}' AS rows, b.details #>> '{sample,rows}' AS repeated
FROM userseg.train('gmm_w', 'gmm', 'gmm_shop', id => 'id', features => '{spend, visits}', weight => 'w', transform => '{"*": "none"}', params => '{"k": 2}') a,
     userseg.train('gmm_r', 'gmm', 'SELECT spend, visits FROM gmm_shop, generate_series(1, w)', transform => '{"*": "none"}', params => '{"k": 2}') b;

-- the order of the rows, the strategy: nothing changes
SELECT count(DISTINCT t.metric_value) AS models, array_agg(t.details ->> 'strategy') AS strategies
FROM (VALUES ('SELECT * FROM gmm_shop ORDER BY id', 'local'), ('SELECT * FROM gmm_shop ORDER BY visits', 'local'), ('SELECT * FROM gmm_shop ORDER BY -id', 'sql')) p(source, strategy),
     LATERAL userseg.train('gmm_same', 'gmm', source, id => 'id', features => '{spend, visits}', params => jsonb_build_object('k', 2, 'strategy', strategy)) t;

-- Singular components: told with a remedy, not chosen.
-- a column with many equal values
CREATE TABLE gmm_ties AS
SELECT g AS id, (g * 7919 % 401) / 40.0 AS spend, CASE WHEN g % 5 > 0 THEN 1 ELSE 2 + (g * 3571 % 997) / 100.0 END AS orders
FROM generate_series(1, 400) g;
SELECT t.details ->> 'k' AS k, t.details ->> 'chosen_by' AS chosen_by, t.warnings
FROM userseg.train('gmm_ties', 'gmm', 'gmm_ties', id => 'id', params => '{"k": [1, 3]}') t;
SELECT t.details ->> 'well_posed' AS well_posed, t.details #> '{singular,0,reason}' AS reason, t.details #> '{singular,0,column}' AS "column",
       t.details #> '{singular,0,equal_rows}' AS equal_rows, t.details #> '{singular,0,value}' AS value, t.warnings
FROM userseg.train('gmm_ties', 'gmm', 'gmm_ties', id => 'id', params => '{"k": 2}') t;
SELECT t.details ->> 'well_posed' AS well_posed, t.warnings
FROM userseg.train('gmm_ties', 'gmm', 'gmm_ties', id => 'id', params => '{"k": 2, "reg_covar": 0.1, "covariance": "tied"}') t;
SELECT userseg.train('gmm_ties', 'gmm', 'gmm_ties', id => 'id', params => '{"k": 2, "reg_covar": 0}');
-- the value 0, which the grid of a column only comes near to
SELECT array_agg(c -> 'value' ORDER BY c -> 'value') AS values
FROM userseg.train('gmm_zero', 'gmm', 'SELECT id, CASE WHEN id % 3 = 0 THEN 7.3 ELSE 0 END AS orders FROM gmm_ties', id => 'id', params => '{"k": 2}') t, jsonb_array_elements(t.details -> 'singular') c;
-- columns that depend on each other
SELECT t.details ->> 'well_posed' AS well_posed, t.details #>> '{singular,0,reason}' AS reason,
       (SELECT array_agg(x ORDER BY x) FROM unnest(ARRAY[t.details #>> '{singular,0,column}', t.details #>> '{singular,0,other_column}']) x) AS columns,
       regexp_replace(t.warnings[1], '[0-9.]+e-\d+ across', '... across') AS warning
FROM userseg.train('gmm_twice', 'gmm', 'SELECT id, spend, visits, 2 * spend + 1 AS again FROM gmm_shop', id => 'id', params => '{"k": 1}') t;
-- too few rows
SELECT t.details ->> 'well_posed' AS well_posed, t.details #>> '{singular,0,reason}' AS reason, t.warnings
FROM userseg.train('gmm_few', 'gmm', 'SELECT * FROM gmm_shop WHERE id <= 4', id => 'id', features => '{spend, visits}', params => '{"k": 2}') t;

-- degenerate input
SELECT t.details ->> 'k' AS k, t.n_rows, t.warnings
FROM userseg.train('gmm_nulls', 'gmm', 'SELECT id, nullif(spend, 20) AS spend, CASE WHEN id % 7 > 0 THEN visits END AS visits, 5 AS five FROM gmm_shop', id => 'id', params => '{"k": 2}') t;
SELECT userseg.train('gmm_dup', 'gmm', 'SELECT 1 AS a, 2 AS b FROM generate_series(1, 10)');
SELECT userseg.train('gmm_row', 'gmm', 'SELECT 1 AS a, 2 AS b');
SELECT userseg.train('gmm_none', 'gmm', 'SELECT * FROM gmm_shop WHERE false');
SELECT userseg.train('gmm_distinct', 'gmm', 'SELECT g % 3 AS a, g % 3 * 2.5 AS b FROM generate_series(1, 10) g', params => '{"k": 4}');
SELECT t.details ->> 'k' AS k, jsonb_array_length(t.details -> 'candidates') AS candidates
FROM userseg.train('gmm_distinct', 'gmm', 'SELECT g % 3 AS a FROM generate_series(1, 10) g') t;
SELECT userseg.train('gmm_nan', 'gmm', 'SELECT id, CASE WHEN id = 3 THEN ''NaN''::float8 ELSE spend END AS spend, visits FROM gmm_shop', id => 'id');

-- not converged
SELECT t.converged, t.iterations, t.warnings
FROM userseg.train('gmm_short', 'gmm', 'gmm_shop', id => 'id', features => '{spend, visits}',
  params => '{"k": 4, "max_iter": 1, "tolerance": 0, "n_init": 1, "search": "starts"}') t;

-- parameters
SELECT userseg.train('gmm_e', 'gmm', 'gmm_shop', id => 'id', params => '{"covariance": "round"}');
SELECT userseg.train('gmm_e', 'gmm', 'gmm_shop', id => 'id', params => '{"k": 0}');
SELECT userseg.train('gmm_e', 'gmm', 'gmm_shop', id => 'id', params => '{"reg_covar": -1}');
SELECT userseg.train('gmm_e', 'gmm', 'gmm_shop', id => 'id', params => '{"metric": "cosine"}');
SELECT userseg.train('gmm_e', 'gmm', (SELECT 'SELECT ' || string_agg(format('random() AS c%s', i), ', ') || ' FROM generate_series(1, 5)' FROM generate_series(1, 600) i),
  params => '{"k": 100}');

-- what is stored comes back
SELECT userseg.predict_value('gmm_shop', s) = (userseg.score(userseg.artifact('gmm_shop'), s)).value AS by_value FROM gmm_shop s WHERE id = 1;
