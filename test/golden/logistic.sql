-- Logistic regression against statsmodels and scikit-learn: maximum likelihood with inference, L2, L1, several classes, aliased columns.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || coalesce(what, 'nothing to compare')
$$;
CREATE FUNCTION pg_temp.far(got float8, want float8) RETURNS float8 LANGUAGE sql AS $$
  SELECT CASE WHEN got IS NULL OR want IS NULL THEN 'infinity' WHEN got = want THEN 0 ELSE abs(got - want) / greatest(abs(want), 1e-300) END
$$;
CREATE TEMP TABLE golden AS SELECT body -> 'models' AS m FROM userseg_golden.doc WHERE name = 'logistic';
-- the columns of the reference as numbers, in its order; y stands last
CREATE VIEW telco AS
SELECT row_no, customer_id, senior_citizen, tenure, monthly_charges, coalesce(total_charges, 0) AS total_charges, (gender = 'Male')::int AS "gender=Male",
  (partner = 'Yes')::int AS "partner=Yes", (dependents = 'Yes')::int AS "dependents=Yes", (phone_service = 'Yes')::int AS "phone_service=Yes",
  (multiple_lines = 'Yes')::int AS "multiple_lines=Yes", (internet_service = 'Fiber optic')::int AS "internet_service=Fiber optic",
  (internet_service = 'No')::int AS "internet_service=No", (online_security = 'Yes')::int AS "online_security=Yes",
  (online_backup = 'Yes')::int AS "online_backup=Yes", (device_protection = 'Yes')::int AS "device_protection=Yes",
  (tech_support = 'Yes')::int AS "tech_support=Yes", (streaming_tv = 'Yes')::int AS "streaming_tv=Yes", (streaming_movies = 'Yes')::int AS "streaming_movies=Yes",
  (contract = 'One year')::int AS "contract=One year", (contract = 'Two year')::int AS "contract=Two year", (paperless_billing = 'Yes')::int AS "paperless_billing=Yes",
  (payment_method = 'Credit card (automatic)')::int AS "payment_method=Credit card (automatic)",
  (payment_method = 'Electronic check')::int AS "payment_method=Electronic check", (payment_method = 'Mailed check')::int AS "payment_method=Mailed check",
  churn AS y
FROM userseg_data.telco_churn;
CREATE VIEW telco_train AS SELECT * FROM telco WHERE row_no % 5 <> 0;
CREATE VIEW hill AS
SELECT row_no, recency, history, mens, womens, newbie, (zip_code = 'Surburban')::int AS "zip_code=Surburban", (zip_code = 'Urban')::int AS "zip_code=Urban",
  (channel = 'Phone')::int AS "channel=Phone", (channel = 'Web')::int AS "channel=Web", (segment = 'Mens E-Mail')::int AS "segment=Mens E-Mail",
  (segment = 'Womens E-Mail')::int AS "segment=Womens E-Mail", visit AS y
FROM userseg_data.hillstrom;
CREATE VIEW hill_train AS SELECT * FROM hill WHERE row_no % 5 <> 0;

CREATE FUNCTION pg_temp.fit(model text, source text, params jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
  SELECT details || jsonb_build_object('converged', converged, 'warned', to_jsonb(warnings)) FROM userseg.train(model, 'logistic', source, target => 'y', params => '{"task": "classification"}' || params, holdout => 0,
    features => (SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = source::regclass AND attnum > 0 AND attname NOT IN ('y', 'row_no', 'customer_id')))
$$;
CREATE TEMP TABLE fit AS
SELECT name, path, pg_temp.fit(name, name) AS details
FROM (VALUES ('telco', '{telco_churn,full}'::text[]), ('telco_train', '{telco_churn,train}'), ('hill', '{hillstrom_visit,full}'), ('hill_train', '{hillstrom_visit,train}')) v(name, path);
CREATE TEMP TABLE term AS
SELECT name, c.*, golden.m #> path #> ARRAY['terms', CASE term WHEN '(intercept)' THEN 'const' ELSE term END] AS g
FROM golden, fit, LATERAL userseg.coefficients(name) c;
SELECT '1..19';
SELECT pg_temp.ok(count(*) = 72 AND max(pg_temp.far(coefficient, (g ->> 'coef')::float8)) < 1e-6,
  count(*) || ' coefficients within ' || max(pg_temp.far(coefficient, (g ->> 'coef')::float8))) FROM term;
SELECT pg_temp.ok(max(pg_temp.far(std_error, (g ->> 'se')::float8)) < 1e-6, 'standard errors within ' || max(pg_temp.far(std_error, (g ->> 'se')::float8))) FROM term;
SELECT pg_temp.ok(max(pg_temp.far(statistic, (g ->> 'z')::float8)) < 1e-6, 'z within ' || max(pg_temp.far(statistic, (g ->> 'z')::float8))) FROM term;
SELECT pg_temp.ok(max(pg_temp.far(p_value, (g ->> 'p')::float8)) < 1e-5, 'p within ' || max(pg_temp.far(p_value, (g ->> 'p')::float8))) FROM term;
SELECT pg_temp.ok(max(greatest(pg_temp.far(ci_low, (g ->> 'ci_low')::float8), pg_temp.far(ci_high, (g ->> 'ci_high')::float8))) < 1e-6,
  'intervals within ' || max(greatest(pg_temp.far(ci_low, (g ->> 'ci_low')::float8), pg_temp.far(ci_high, (g ->> 'ci_high')::float8)))) FROM term;
SELECT pg_temp.ok(count(*) = 32 AND max(far) < 1e-8, count(*) || ' figures within ' || max(far))
FROM (SELECT pg_temp.far((details ->> a)::float8, (m #> path ->> b)::float8) AS far
  FROM golden, fit, (VALUES ('n', 'n'), ('log_likelihood', 'log_likelihood'), ('log_likelihood_null', 'log_likelihood_null'), ('pseudo_r2', 'pseudo_r2_mcfadden'),
    ('lr', 'lr_stat'), ('aic', 'aic'), ('bic', 'bic'), ('df_model', 'df_model')) v(a, b)) s;
SELECT pg_temp.ok(bool_and((details ->> 'converged')::boolean AND details -> 'warned' = '[]'), 'converged without a warning') FROM fit;

-- scikit-learn's C is 1 / (lambda rows)
CREATE TEMP TABLE l2 AS
SELECT name, g, pg_temp.fit('l2_' || name, name, jsonb_build_object('penalty', 'ridge', 'lambda', 1.0 / n)) AS details
FROM (VALUES ('telco', '{telco_churn,l2_full}'::text[], 7043), ('telco_train', '{telco_churn,l2_train}', 5635), ('hill', '{hillstrom_visit,l2_full}', 64000)) v(name, g, n);
SELECT pg_temp.ok(count(*) = 57 AND max(far) < 1e-6, 'L2: ' || count(*) || ' coefficients within ' || max(far))
FROM (SELECT pg_temp.far(encoded, (m #> g #>> ARRAY['coef_standardised', term])::float8) AS far
  FROM golden, l2, LATERAL userseg.coefficients('l2_' || name) WHERE term <> '(intercept)') s;
CREATE TEMP TABLE l1 AS
SELECT c, pg_temp.fit('l1', 'telco', jsonb_build_object('penalty', 'lasso', 'lambda', 1 / (c * 7043), 'tolerance', 1e-12)) AS details, row_number() OVER () AS version
FROM (VALUES (0.01::float8), (0.1)) v(c);
CREATE TEMP TABLE l1_term AS
SELECT t.*, (m #>> ARRAY['telco_churn', 'l1_full_C' || c, 'coef', term])::float8 AS want FROM golden, l1, LATERAL userseg.coefficients('l1@' || version) t WHERE term <> '(intercept)';
SELECT pg_temp.ok(count(*) = 46 AND max(pg_temp.far(encoded, want)) < 1e-5, 'L1: ' || count(*) || ' coefficients within ' || max(pg_temp.far(encoded, want))
  || ', ' || count(*) FILTER (WHERE want = 0) || ' exact zeros') FROM l1_term;
SELECT pg_temp.ok(max(far) < 1e-9, 'its objective within ' || max(far))
FROM (SELECT pg_temp.far((details ->> 'objective')::float8 * c * 7043, (m #>> ARRAY['telco_churn', 'l1_full_C' || c, 'value'])::float8) AS far FROM golden, l1) s;
SELECT pg_temp.ok(abs((details ->> 'nonzero')::int - 14) = 0, 'as many columns left') FROM l1 WHERE c = 0.01;

-- predictions
SELECT pg_temp.ok(abs(l / (m #>> '{telco_churn,test_metrics,logloss}')::float8 - 1) < 1e-9, 'log loss of the test rows ' || l)
FROM golden, (SELECT -avg(ln(CASE WHEN y = 'Yes' THEN p ELSE 1 - p END)) AS l
  FROM (SELECT y, userseg.predict_value('telco_train', t) AS p FROM telco t WHERE row_no % 5 = 0) s) s;
-- the matrix of rank 24 of 31: names of what has no coefficient of its own, the same likelihood
CREATE VIEW naive AS
SELECT row_no, senior_citizen, tenure, monthly_charges, coalesce(total_charges, 0) AS total_charges, gender, partner, dependents, phone_service, multiple_lines, internet_service,
  online_security, online_backup, device_protection, tech_support, streaming_tv, streaming_movies, contract, paperless_billing, payment_method, churn AS y
FROM userseg_data.telco_churn;
SELECT pg_temp.ok((d ->> 'rank')::int = 24 AND pg_temp.far((d ->> 'log_likelihood')::float8, (m #>> '{telco_churn,full,log_likelihood}')::float8) < 1e-8
  AND jsonb_array_length(d -> 'warned') = 1, d #>> '{warned,0}')
FROM golden, (SELECT pg_temp.fit('naive', 'naive') AS d) s;

-- several classes: L2 on iris, maximum likelihood on channels (history counts in hundreds there)
CREATE VIEW iris AS SELECT sepal_length, sepal_width, petal_length, petal_width, species AS y FROM userseg_data.iris;
CREATE TEMP TABLE iris_fit AS SELECT pg_temp.fit('iris', 'iris', '{"penalty": "ridge", "lambda": 0.006666666666666667, "tolerance": 1e-14}') AS details;
SELECT pg_temp.ok(count(*) = 15 AND max(abs(encoded - want)) < 1e-6, 'iris, L2: ' || count(*) || ' coefficients within ' || max(abs(encoded - want)))
FROM (SELECT encoded, (CASE term WHEN '(intercept)' THEN m #>> ARRAY['iris_multinomial_l2', 'full', 'intercept_sum_zero', k::text]
    ELSE m #>> ARRAY['iris_multinomial_l2', 'full', 'coef', k::text, (array_position(ARRAY['sepal_length', 'sepal_width', 'petal_length', 'petal_width'], term) - 1)::text] END)::float8 AS want
  FROM golden, userseg.coefficients('iris'), LATERAL (SELECT array_position(ARRAY['setosa', 'versicolor', 'virginica'], class) - 1 AS k) x) s;
SELECT pg_temp.ok(pg_temp.far((details ->> 'objective')::float8 * 150, (m #>> '{iris_multinomial_l2,full,objective}')::float8) < 1e-9,
  'its objective within ' || pg_temp.far((details ->> 'objective')::float8 * 150, (m #>> '{iris_multinomial_l2,full,objective}')::float8)) FROM golden, iris_fit;
SELECT pg_temp.ok(NOT (d ->> 'converged')::boolean AND d #>> '{warned,0}' LIKE 'separation%', d #>> '{warned,0}') FROM (SELECT pg_temp.fit('iris_ml', 'iris') AS d) s;
CREATE VIEW channels AS SELECT recency, history / 100.0::float8 AS history, mens, womens, newbie, channel AS y FROM userseg_data.hillstrom;
CREATE TEMP TABLE channel_fit AS SELECT pg_temp.fit('channels', 'channels') AS details;
CREATE TEMP TABLE channel_term AS
SELECT c.*, (m #>> ARRAY['hillstrom_channel_mnlogit', 'coef', class, t])::float8 AS want, (m #>> ARRAY['hillstrom_channel_mnlogit', 'se', class, t])::float8 AS want_error
FROM golden, userseg.coefficients('channels') c, LATERAL (SELECT CASE term WHEN '(intercept)' THEN 'const' ELSE term END AS t) x WHERE class <> 'Multichannel';
SELECT pg_temp.ok(count(*) = 12 AND max(pg_temp.far(coefficient, want)) < 1e-6, 'channels: ' || count(*) || ' coefficients within ' || max(pg_temp.far(coefficient, want))) FROM channel_term;
SELECT pg_temp.ok(max(pg_temp.far(std_error, want_error)) < 1e-6, 'standard errors within ' || max(pg_temp.far(std_error, want_error))) FROM channel_term;
SELECT pg_temp.ok(greatest(pg_temp.far((details ->> 'log_likelihood')::float8, (m #>> '{hillstrom_channel_mnlogit,log_likelihood}')::float8),
    pg_temp.far((details ->> 'log_likelihood_null')::float8, (m #>> '{hillstrom_channel_mnlogit,log_likelihood_null}')::float8)) < 1e-9, 'likelihoods') FROM golden, channel_fit;
