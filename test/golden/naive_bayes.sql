-- Naive Bayes against scikit-learn's GaussianNB, CategoricalNB and the product of both: probabilities of test rows to 1e-9.
-- The figures of scikit-learn were printed by naive_bayes_reference.py.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || coalesce(what, 'nothing to compare')
$$;
CREATE VIEW iris AS SELECT i.*, species AS y FROM userseg_data.iris i;
CREATE VIEW telco AS SELECT t.*, churn AS y FROM userseg_data.telco_churn t;
CREATE VIEW shoppers AS SELECT s.*, revenue AS y FROM userseg_data.online_shoppers s;
CREATE TEMP TABLE setting (name text, source text, features text[], named text, params jsonb, p float8, weighted float8, loss float8, right_ int);
INSERT INTO setting VALUES
  ('iris', 'iris', '{sepal_length,sepal_width,petal_length,petal_width}', 'virginica', '{}', 8.168989727086583, 1038.750792304615, 5.995301368315659, 28),
  ('telco_numbers', 'telco', '{tenure,monthly_charges,senior_citizen}', 'Yes', '{}', 364.9871966113352, 1280296.7456547953, 702.7963999882888, 1043),
  ('telco_categories', 'telco', '{gender,partner,dependents,phone_service,multiple_lines,internet_service,online_security,online_backup,device_protection,tech_support,streaming_tv,streaming_movies,contract,paperless_billing,payment_method}', 'Yes', '{}', 616.6534939805902, 2196910.111639697, 1345.6087771749299, 982),
  ('telco', 'telco', '{tenure,monthly_charges,senior_citizen,gender,partner,dependents,phone_service,multiple_lines,internet_service,online_security,online_backup,device_protection,tech_support,streaming_tv,streaming_movies,contract,paperless_billing,payment_method}', 'Yes', '{}', 604.4899625636164, 2143524.694928174, 1529.8036154078266, 1004),
  ('telco_alpha', 'telco', '{gender,partner,dependents,phone_service,multiple_lines,internet_service,online_security,online_backup,device_protection,tech_support,streaming_tv,streaming_movies,contract,paperless_billing,payment_method}', 'Yes', '{"alpha": 0.01}', 616.3972797890426, 2195928.8434743416, 1348.7094611638095, 982),
  ('telco_smoothed', 'telco', '{tenure,monthly_charges,senior_citizen}', 'Yes', '{"priors": "uniform", "variance_smoothing": 0.01}', 597.5464231678416, 2087002.530609718, 769.5976381566202, 1000),
  ('shoppers', 'shoppers', '{administrative,administrative_duration,informational,informational_duration,product_related,product_related_duration,bounce_rates,exit_rates,page_values,special_day,month,visitor_type,weekend}', 'true', '{}', 481.9503590169361, 3418787.4791562585, 2635.354805951186, 2087);
CREATE FUNCTION pg_temp.figures(name text, source text, features text[], named text, params jsonb) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
  result float8[];
BEGIN
  PERFORM userseg.train('nb_' || name, 'naive_bayes', format('SELECT * FROM %I WHERE row_no %% 5 <> 0', source), target => 'y', features => features, holdout => 0,
    params => '{"smooth_by": "largest"}'::jsonb || params);
  EXECUTE format('SELECT ARRAY[sum(p), sum(p * row_no), sum(-ln(greatest((q ->> y::text)::float8, exp(-600.0::float8)))), count(*) FILTER (WHERE label = y::text)]
    FROM %I s, LATERAL (SELECT userseg.predict_proba($1, s) AS q, userseg.predict($1, s) AS label) a, LATERAL (SELECT (q ->> $2)::float8 AS p) b WHERE row_no %% 5 = 0', source)
    INTO result USING 'nb_' || name, named;
  RETURN result;
END $$;
CREATE FUNCTION pg_temp.far(got float8, want float8) RETURNS float8 LANGUAGE sql AS $$ SELECT abs(got - want) / abs(want) $$;
SELECT '1..7';
SELECT pg_temp.ok(greatest(pg_temp.far(f[1], p), pg_temp.far(f[2], weighted), pg_temp.far(f[3], loss)) < 1e-9 AND f[4] = right_,
  name || ': sums of probabilities within ' || greatest(pg_temp.far(f[1], p), pg_temp.far(f[2], weighted)) || ', log loss within ' || pg_temp.far(f[3], loss))
FROM setting s, LATERAL (SELECT pg_temp.figures(name, source, features, named, params)) q(f);
