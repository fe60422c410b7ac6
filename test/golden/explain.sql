-- Reasons of trees on Telco's customers: exact in every row, for both kinds; and those of boosted trees equal XGBoost's
-- pred_contribs on trees of the same structure, which explain_reference.py makes from the stored model.
SET client_min_messages = error;
SET extra_float_digits = 1;
CREATE VIEW telco AS
SELECT row_no, gender, senior_citizen, partner, dependents, tenure, phone_service, multiple_lines, internet_service, online_security, online_backup, device_protection,
  tech_support, streaming_tv, streaming_movies, contract, paperless_billing, payment_method, monthly_charges, total_charges, churn = 'Yes' AS y FROM userseg_data.telco_churn;
CREATE TEMP TABLE plan (model text, algorithm text, target text, kind text, params jsonb);
INSERT INTO plan VALUES
  ('tree', 'decision_tree', 'y', 'probability', '{}'), ('forest', 'random_forest', 'y', 'probability', '{"n_trees": 20}'), ('boosted', 'gradient_boosting', 'y', 'log odds', '{"n_rounds": 100}'),
  ('contracts', 'gradient_boosting', 'contract', 'scores', '{"n_rounds": 20, "max_depth": 4}'), ('charges', 'random_forest', 'monthly_charges', 'value', '{"n_trees": 10}'),
  ('tree_b', 'decision_tree', 'y', 'probability', '{"background": 100}'), ('forest_b', 'random_forest', 'y', 'probability', '{"n_trees": 10, "background": 10}'),
  ('boosted_b', 'gradient_boosting', 'y', 'log odds', '{"n_rounds": 50, "background": 20}'), ('charges_b', 'gradient_boosting', 'monthly_charges', 'value', '{"n_rounds": 50, "background": 20}');
SELECT '1..13';
SELECT 1 FROM plan, LATERAL userseg.train(model, algorithm, 'telco', target => target, id => 'row_no', holdout => 0, params => params || '{"task": "classification"}'::jsonb - CASE WHEN kind = 'value' THEN 'task' ELSE '' END) \g /dev/null
SELECT format('%s - %s: contributions and base add up to the %s of all %s rows, within %s', CASE WHEN count(*) = 7043 AND max(far) < 1e-9 THEN 'ok' ELSE 'not ok' END, model, kind, count(*), to_char(max(far), '9.9EEEE'))
FROM plan m, telco t,
  LATERAL (SELECT abs((SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r) -
      CASE kind WHEN 'value' THEN p.value WHEN 'probability' THEN p.probability WHEN 'log odds' THEN ln(p.probability / (1 - p.probability))
        ELSE ln(p.probability) - (SELECT avg(ln(value::float8)) FROM jsonb_each_text(userseg.predict_proba(model, t))) END) AS far FROM userseg.predict_detail(model, t) p) d
GROUP BY model, kind;
-- at most ten features, so that all are told; some values are missing
CREATE VIEW telco_gaps AS SELECT t.*, CASE WHEN row_no % 9 > 0 THEN total_charges END AS charges, CASE WHEN row_no % 7 > 0 THEN tenure END AS months, CASE WHEN row_no % 11 > 0 THEN payment_method END AS payment FROM telco t;
SELECT 1 FROM (VALUES ('x_numbers', 'y', '{months,monthly_charges,charges,senior_citizen}'::text[], '{"n_rounds": 60, "max_depth": 5}'::jsonb),
    ('x_levels', 'y', '{months,contract,payment,internet_service,online_security,tech_support,charges,monthly_charges,paperless_billing}', '{"n_rounds": 60}'),
    ('x_three', 'contract', '{months,payment,internet_service,online_security,tech_support,charges,monthly_charges}', '{"n_rounds": 15}'),
    ('x_value', 'monthly_charges', '{months,contract,payment,internet_service,streaming_tv,streaming_movies,charges}', '{"n_rounds": 40, "growth": "leaf", "max_depth": 12}')) v(model, target, features, params),
  LATERAL userseg.train(model, 'gradient_boosting', 'telco_gaps', target => target, id => 'row_no', features => features, holdout => 0, params => params) \g /dev/null
\setenv PGDATABASE :DBNAME
\! "${USERSEG_PYTHON:-/usr/bin/python3}" -W ignore "$US_TOP/test/golden/explain_reference.py" x_numbers x_levels x_three x_value
SELECT userseg.drop_model(m) FROM unnest('{tree,forest,boosted,contracts,charges,tree_b,forest_b,boosted_b,charges_b,x_numbers,x_levels,x_three,x_value}'::text[]) m \g /dev/null
