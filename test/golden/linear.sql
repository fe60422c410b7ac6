-- Linear regression against statsmodels and scikit-learn: least squares with every kind of standard error, ridge, lasso, elastic net.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || coalesce(what, 'nothing to compare')
$$;
CREATE FUNCTION pg_temp.far(got float8, want float8) RETURNS float8 LANGUAGE sql AS $$
  SELECT CASE WHEN got IS NULL OR want IS NULL THEN 'infinity' WHEN got = want THEN 0 ELSE abs(got - want) / greatest(abs(want), 1e-300) END
$$;
CREATE VIEW diabetes AS SELECT age, sex, bmi, bp, s1, s2, s3, s4, s5, s6, target, row_no FROM userseg_data.diabetes_raw;
CREATE VIEW scaled AS SELECT age, sex, bmi, bp, s1, s2, s3, s4, s5, s6, target FROM userseg_data.diabetes;
CREATE VIEW hill AS
SELECT recency, mens, womens, newbie, (zip_code = 'Surburban')::int AS "zip_code=Surburban", (zip_code = 'Urban')::int AS "zip_code=Urban",
  (channel = 'Phone')::int AS "channel=Phone", (channel = 'Web')::int AS "channel=Web", ln(history::float8) AS y FROM userseg_data.hillstrom;
CREATE VIEW hill_text AS SELECT recency, mens, womens, newbie, zip_code, channel, ln(history::float8) AS y FROM userseg_data.hillstrom;
CREATE VIEW diabetes_train AS SELECT * FROM diabetes WHERE row_no % 5 <> 0;
CREATE TEMP TABLE golden AS SELECT body -> 'models' AS m FROM userseg_golden.doc WHERE name = 'linear';

CREATE FUNCTION pg_temp.fit(model text, source text, target text, drop text[], params jsonb DEFAULT '{}', weight text DEFAULT NULL, transform jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
  SELECT details FROM userseg.train(model, 'linear', source, target => target, params => params, weight => weight, transform => transform, holdout => 0,
    features => (SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = source::regclass AND attnum > 0 AND attname <> ALL (drop || target)))
$$;
CREATE TEMP TABLE fit AS
SELECT name, path, pg_temp.fit(name, source, y, '{row_no}') AS details
FROM (VALUES ('diabetes', 'diabetes', 'target', '{diabetes_raw_ols,full}'::text[]), ('train', 'diabetes_train', 'target', '{diabetes_raw_ols,train}'),
  ('scaled', 'scaled', 'target', '{diabetes_scaled_ols,full}'), ('hill', 'hill', 'y', '{hillstrom_ln_history_ols,full}'),
  ('hill_text', 'hill_text', 'y', '{hillstrom_ln_history_ols,full}')) v(name, source, y, path);
CREATE TEMP TABLE term AS
SELECT name, c.*, golden.m #> path #> ARRAY['terms', CASE term WHEN '(intercept)' THEN 'const' ELSE term END] AS g
FROM golden, fit, LATERAL userseg.coefficients(name) c;
SELECT '1..14';
SELECT pg_temp.ok(count(*) = 11 * 3 + 9 * 2 AND max(pg_temp.far(coefficient, (g ->> 'coef')::float8)) < 1e-6,
  count(*) || ' coefficients within ' || max(pg_temp.far(coefficient, (g ->> 'coef')::float8))) FROM term WHERE g IS NOT NULL;
SELECT pg_temp.ok(max(pg_temp.far(std_error, (g ->> 'se')::float8)) < 1e-6, 'standard errors within ' || max(pg_temp.far(std_error, (g ->> 'se')::float8)))
FROM term WHERE g IS NOT NULL;
SELECT pg_temp.ok(max(pg_temp.far(statistic, (g ->> 't')::float8)) < 1e-6, 't within ' || max(pg_temp.far(statistic, (g ->> 't')::float8)))
FROM term WHERE g IS NOT NULL;
SELECT pg_temp.ok(max(least(pg_temp.far(p_value, (g ->> 'p')::float8), abs(p_value - (g ->> 'p')::float8) * 1e280)) < 1e-6,
  'p within ' || max(least(pg_temp.far(p_value, (g ->> 'p')::float8), abs(p_value - (g ->> 'p')::float8) * 1e280))) FROM term WHERE g IS NOT NULL;
SELECT pg_temp.ok(max(greatest(pg_temp.far(ci_low, (g ->> 'ci_low')::float8), pg_temp.far(ci_high, (g ->> 'ci_high')::float8))) < 1e-6,
  'intervals within ' || max(greatest(pg_temp.far(ci_low, (g ->> 'ci_low')::float8), pg_temp.far(ci_high, (g ->> 'ci_high')::float8)))) FROM term WHERE g IS NOT NULL;
SELECT pg_temp.ok(count(*) = 55 AND max(far) < 1e-8, count(*) || ' figures within ' || max(far))
FROM (SELECT pg_temp.far((details ->> a)::float8, (m #> path ->> b)::float8) AS far
  FROM golden, fit, (VALUES ('n', 'n'), ('df_resid', 'df_resid'), ('df_model', 'df_model'), ('r2', 'r2'), ('adjusted_r2', 'adj_r2'), ('f', 'f'), ('f_p', 'f_p'),
    ('rss', 'rss'), ('log_likelihood', 'log_likelihood'), ('aic', 'aic'), ('bic', 'bic')) v(a, b)) s;
SELECT pg_temp.ok(string_agg(term || ' ' || note, ', ' ORDER BY term) = 'channel=Multichannel reference, zip_code=Rural reference',
  'the first level of a category is the reference') FROM userseg.coefficients('hill_text') WHERE note IS NOT NULL;
SELECT pg_temp.ok(warnings = '{}', 'and no surprise') FROM userseg.model_versions WHERE model = 'hill_text';

-- robust errors
CREATE TEMP TABLE robust AS
SELECT source, hc, path, pg_temp.fit(source || lower(hc), source, y, '{row_no}', jsonb_build_object('robust', hc)) ->> 'std_errors' AS errors
FROM (VALUES ('diabetes', 'target', '{diabetes_raw_ols,full}'::text[]), ('hill', 'y', '{hillstrom_ln_history_ols,full}')) v(source, y, path),
  (VALUES ('HC0'), ('HC1'), ('HC3')) h(hc);
SELECT pg_temp.ok(count(*) = 60 AND bool_and(errors = hc) AND max(far) < 1e-6, count(*) || ' robust errors within ' || max(far))
FROM (SELECT hc, errors, pg_temp.far(std_error, (m #> path -> ('se_' || hc) ->> CASE term WHEN '(intercept)' THEN 'const' ELSE term END)::float8) AS far
  FROM golden, robust, LATERAL userseg.coefficients(source || lower(hc))) s;

-- weights
CREATE VIEW weighed AS SELECT *, age AS w FROM diabetes;
CREATE TEMP TABLE wls AS SELECT pg_temp.fit('wls', 'weighed', 'target', '{row_no,w}', weight => 'w') AS details;
SELECT pg_temp.ok(count(*) = 11 AND max(far) < 1e-6 AND max(pg_temp.far((details ->> 'r2')::float8, (m #>> '{diabetes_raw_wls_age,r2}')::float8)) < 1e-9,
  'weighted: coefficients and errors within ' || max(far))
FROM golden, wls, LATERAL (SELECT greatest(pg_temp.far(coefficient, (m #>> ARRAY['diabetes_raw_wls_age', 'coef', t])::float8),
    pg_temp.far(std_error, (m #>> ARRAY['diabetes_raw_wls_age', 'se', t])::float8)) AS far
  FROM userseg.coefficients('wls'), LATERAL (SELECT CASE term WHEN '(intercept)' THEN 'const' ELSE term END AS t) x) c;

-- penalties: scikit-learn's Ridge sums up the squares, so its alpha is lambda times the rows
CREATE TEMP TABLE penalised AS
SELECT name, n.part, pg_temp.fit(name || n.part, source, 'target', '{row_no}', params || jsonb_build_object('lambda',
    CASE WHEN name LIKE 'ridge%' THEN alpha / n.rows ELSE alpha END)) AS details
FROM (VALUES ('ridge_alpha1', 1, '{"penalty": "ridge"}'::jsonb), ('ridge_alpha100', 100, '{"penalty": "ridge"}'), ('lasso_alpha1', 1, '{"penalty": "lasso"}'),
    ('lasso_alpha5', 5, '{"penalty": "lasso"}'), ('enet', 1, '{"penalty": "elastic_net", "mix": 0.5}')) v(name, alpha, params),
  (VALUES ('full', 'diabetes', 442.0::float8), ('train', 'diabetes_train', 354)) n(part, source, rows);
CREATE TEMP TABLE penalised_term AS
SELECT p.name, p.part, c.encoded, c.coefficient, c.note, (m #>> ARRAY['diabetes_penalised', 'models', g, CASE part WHEN 'full' THEN 'coef' ELSE 'train_coef' END, term])::float8 AS want
FROM golden, penalised p, LATERAL (SELECT CASE name WHEN 'enet' THEN 'enet_alpha1_l1ratio0.5' ELSE name END AS g) x, LATERAL userseg.coefficients(name || part) c
WHERE term <> '(intercept)';
SELECT pg_temp.ok(count(*) = 40 AND max(pg_temp.far(encoded, want)) < 1e-6, 'ridge: ' || count(*) || ' coefficients within ' || max(pg_temp.far(encoded, want)))
FROM penalised_term WHERE name LIKE 'ridge%';
SELECT pg_temp.ok(count(*) = 60 AND max(pg_temp.far(encoded, want)) < 1e-5, 'lasso and elastic net: ' || count(*) || ' coefficients within ' || max(pg_temp.far(encoded, want)))
FROM penalised_term WHERE name NOT LIKE 'ridge%';
SELECT pg_temp.ok(bool_and((want = 0) = (note = '0 by the penalty' AND note IS NOT NULL)), count(*) FILTER (WHERE want = 0) || ' exact zeros') FROM penalised_term;
SELECT pg_temp.ok(count(*) = 5 AND max(pg_temp.far((details ->> 'objective')::float8 * CASE WHEN name LIKE 'ridge%' THEN 2 * 442 ELSE 1 END, want)) < 1e-9,
  'objectives within ' || max(pg_temp.far((details ->> 'objective')::float8 * CASE WHEN name LIKE 'ridge%' THEN 2 * 442 ELSE 1 END, want)))
FROM golden, penalised, LATERAL (SELECT (m #>> ARRAY['diabetes_penalised', 'models', CASE name WHEN 'enet' THEN 'enet_alpha1_l1ratio0.5' ELSE name END, 'objective_value'])::float8 AS want) x
WHERE part = 'full';
