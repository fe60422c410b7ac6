-- Networks against scikit-learn's of the same architecture, the mean of ten seeds on the same split: not worse by more than one
-- standard deviation.  Autoencoders against principal components.  The figures of scikit-learn were printed by mlp_reference.py.
SET client_min_messages = error;
SET extra_float_digits = 1;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || coalesce(what, 'nothing to compare')
$$;
CREATE VIEW telco AS
SELECT row_no, gender, senior_citizen, partner, dependents, tenure, phone_service, multiple_lines, internet_service, online_security, online_backup, device_protection,
  tech_support, streaming_tv, streaming_movies, contract, paperless_billing, payment_method, monthly_charges, total_charges, churn = 'Yes' AS y FROM userseg_data.telco_churn;
CREATE VIEW shoppers AS
SELECT row_no, administrative, administrative_duration, informational, informational_duration, product_related, product_related_duration, bounce_rates, exit_rates, page_values, special_day,
  month, operating_systems, browser, region, traffic_type, visitor_type, weekend, revenue AS y FROM userseg_data.online_shoppers;
CREATE VIEW diabetes AS SELECT row_no, age, sex, bmi, bp, s1, s2, s3, s4, s5, s6, target AS y FROM userseg_data.diabetes_raw;

CREATE FUNCTION pg_temp.scores(source text, algorithm text, params jsonb, seeds int) RETURNS TABLE (seed int, auc float8, logloss float8, rmse float8) LANGUAGE plpgsql AS $$
BEGIN
  FOR s IN 1 .. seeds LOOP
    seed := s;
    PERFORM userseg.train('golden_' || source, algorithm, format('SELECT * FROM %I WHERE row_no %% 5 <> 0', source), target => 'y', id => 'row_no', holdout => 0, seed => s, params => params);
    IF source = 'diabetes' THEN
      EXECUTE format('SELECT userseg.rmse_agg(userseg.predict_value($1, t), y) FROM %I t WHERE row_no %% 5 = 0', source) INTO rmse USING 'golden_' || source;
    ELSE
      EXECUTE format('SELECT userseg.auc_agg(p, y), userseg.log_loss_agg(p, y) FROM (SELECT userseg.predict_value($1, t) AS p, y FROM %I t WHERE row_no %% 5 = 0) q', source)
        INTO auc, logloss USING 'golden_' || source;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;
SELECT '1..10';
CREATE TEMP TABLE figures AS
SELECT source, avg(auc) AS auc, avg(logloss) AS logloss, avg(rmse) AS rmse FROM unnest('{telco,shoppers,diabetes}'::text[]) source, LATERAL pg_temp.scores(source, 'mlp', '{"hidden": [64]}', 10) GROUP BY source;
CREATE TEMP TABLE reference (source text, auc float8, auc_sd float8, logloss float8, logloss_sd float8, rmse float8, rmse_sd float8);
INSERT INTO reference VALUES ('telco', 0.8329, 0.0021, 0.4344, 0.0026, NULL, NULL), ('shoppers', 0.9249, 0.0075, 0.2393, 0.0124, NULL, NULL), ('diabetes', NULL, NULL, NULL, NULL, 57.209, 0.755);
SELECT pg_temp.ok(f.auc >= r.auc - r.auc_sd, format('%s: AUC %s, scikit-learn %s ± %s', source, round(f.auc::numeric, 4), r.auc, r.auc_sd)) FROM figures f JOIN reference r USING (source) WHERE r.auc IS NOT NULL ORDER BY source;
SELECT pg_temp.ok(f.logloss <= r.logloss + r.logloss_sd, format('%s: log loss %s, scikit-learn %s ± %s', source, round(f.logloss::numeric, 4), r.logloss, r.logloss_sd)) FROM figures f JOIN reference r USING (source) WHERE r.auc IS NOT NULL ORDER BY source;
SELECT pg_temp.ok(f.rmse <= r.rmse + r.rmse_sd, format('diabetes: RMSE %s, scikit-learn %s ± %s', round(f.rmse::numeric, 3), r.rmse, r.rmse_sd)) FROM figures f JOIN reference r USING (source) WHERE source = 'diabetes';
SELECT pg_temp.ok(f.auc > 0.8379 - 0.01, format('telco: AUC %s, logistic regression 0.8379', round(f.auc::numeric, 4))) FROM figures f WHERE f.source = 'telco';

-- iris through two and one units, against as many principal components of the standardised columns
SELECT pg_temp.ok(metric_value <= error * margin, format('iris, code %s, %s: error %s, principal components %s', code, params, round(metric_value::numeric, 6), round(error::numeric, 6)))
FROM (VALUES (1, '{"hidden": []}'::jsonb, 0.27037554586700113, 1.001), (2, '{"hidden": []}', 0.04186792799998359, 1.001), (2, '{"hidden": [16]}', 0.04186792799998359, 1)) v(code, params, error, margin),
  LATERAL userseg.train('iris_' || code, 'autoencoder', 'SELECT sepal_length, sepal_width, petal_length, petal_width FROM userseg_data.iris',
    params => params || jsonb_build_object('code', code, 'validation_share', 0, 'max_epochs', 3000, 'tolerance', 0, 'early_stopping', 200, 'l2', 0, 'learning_rate', 0.01, 'batch_size', 150)) t;

-- the hidden layer of a network says what its inputs say, in fewer numbers: a logistic regression on the embedding of Telco's customers, against one on the columns
SELECT 1 FROM userseg.train('telco_code', 'mlp', 'SELECT * FROM telco WHERE row_no % 5 <> 0', target => 'y', id => 'row_no', holdout => 0, params => '{"hidden": [64, 8]}') \g /dev/null
CREATE TABLE coded AS SELECT row_no, userseg.embed('telco_code', t) AS code, y FROM telco t;
SELECT 1 FROM userseg.train('on_code', 'logistic', 'SELECT * FROM coded WHERE row_no % 5 <> 0', target => 'y', id => 'row_no', holdout => 0, params => '{"penalty": "ridge", "lambda": 0.001}') \g /dev/null
SELECT pg_temp.ok(auc > 0.8379 - 0.01, format('telco: logistic regression on an embedding of 8 numbers has AUC %s, on all columns 0.8379', round(auc::numeric, 4)))
FROM (SELECT userseg.auc_agg(userseg.predict_value('on_code', c), y) AS auc FROM coded c WHERE row_no % 5 = 0) q;
