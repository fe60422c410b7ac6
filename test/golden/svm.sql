-- Support vector machines against libsvm and liblinear by scikit-learn: the objective, the test rows.
-- The figures of scikit-learn that are not in the folder of references were printed by svm_reference.py.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || coalesce(what, 'nothing to compare')
$$;
CREATE FUNCTION pg_temp.far(got float8, want float8) RETURNS float8 LANGUAGE sql AS $$
  SELECT CASE WHEN got IS NULL OR want IS NULL THEN 'infinity' WHEN got = want THEN 0 ELSE abs(got - want) / greatest(abs(want), 1e-300) END
$$;
CREATE VIEW diabetes AS SELECT age, sex, bmi, bp, s1, s2, s3, s4, s5, s6, target, row_no FROM userseg_data.diabetes_raw;
CREATE VIEW diabetes_train AS SELECT * FROM diabetes WHERE row_no % 5 <> 0;
CREATE TEMP TABLE golden AS SELECT body -> 'models' AS m FROM userseg_golden.doc WHERE name = 'svr';
CREATE FUNCTION pg_temp.fit(model text, source text, params jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT details || jsonb_build_object('converged', converged) FROM userseg.train(model, 'svm', source, target => 'target', holdout => 0,
    features => '{age,sex,bmi,bp,s1,s2,s3,s4,s5,s6}', params => params)
$$;
CREATE TEMP TABLE svr AS
SELECT name, part, pg_temp.fit(replace(lower(name), '.', '_') || '_' || part, source, params) AS details
FROM (VALUES ('linear_C1_eps10', '{"C": 1, "epsilon": 10, "tolerance": 1e-8}'::jsonb), ('linear_C10_eps1', '{"C": 10, "epsilon": 1, "tolerance": 1e-8}'),
    ('linear_C1_eps0', '{"C": 1, "epsilon": 0, "tolerance": 1e-8}'), ('rbf_C100_eps10_g0.1', '{"kernel": "rbf", "gamma": 0.1, "C": 100, "epsilon": 10, "tolerance": 1e-8}'),
    ('rbf_C10_eps1_g0.05', '{"kernel": "rbf", "gamma": 0.05, "C": 10, "epsilon": 1, "tolerance": 1e-8}')) v(name, params),
  (VALUES ('full', 'diabetes'), ('train', 'diabetes_train')) p(part, source);
SELECT '1..13';
SELECT pg_temp.ok(count(*) = 10 AND bool_and((details -> 'converged')::boolean) AND max(pg_temp.far((details ->> 'objective')::float8, (m #>> ARRAY[name, part, 'primal'])::float8)) < 1e-7,
  'SVR: objectives within ' || max(pg_temp.far((details ->> 'objective')::float8, (m #>> ARRAY[name, part, 'primal'])::float8))) FROM svr, golden;
SELECT pg_temp.ok(count(*) = 10 AND max(abs((details ->> 'support_vectors')::int - (m #>> ARRAY[name, part, 'n_support'])::int)) <= 1, 'support vectors') FROM svr, golden;
SELECT pg_temp.ok(count(*) = 60 AND max(abs(encoded - want)) < 0.05, 'coefficients within ' || max(abs(encoded - want)))
FROM (SELECT encoded, (m #>> ARRAY[name, part, 'coef', term])::float8 AS want FROM svr, golden, LATERAL userseg.coefficients(replace(lower(name), '.', '_') || '_' || part) c WHERE name LIKE 'linear%' AND part = 'full' AND term <> '(intercept)'
  UNION ALL SELECT encoded, (m #>> ARRAY[name, part, 'coef', term])::float8 FROM svr, golden, LATERAL userseg.coefficients(replace(lower(name), '.', '_') || '_' || part) c WHERE name LIKE 'linear%' AND part = 'train' AND term <> '(intercept)') s;
SELECT pg_temp.ok(count(*) = 5 AND max(pg_temp.far(rmse, want)) < 1e-3, 'RMSE of the test rows within ' || max(pg_temp.far(rmse, want)))
FROM (SELECT sqrt(avg((userseg.predict_value(replace(lower(name), '.', '_') || '_train', d) - target) ^ 2)) AS rmse, (SELECT (m #>> ARRAY[name, 'test', 'rmse'])::float8 FROM golden) AS want
  FROM svr, diabetes d WHERE part = 'train' AND row_no % 5 = 0 GROUP BY name) s;
SELECT pg_temp.ok(pg_temp.far((pg_temp.fit('l1', 'diabetes', '{"C": 1, "epsilon": 10, "penalise_intercept": true, "tolerance": 1e-8}') ->> 'objective')::float8, (m #>> '{LinearSVR_C1_eps10_L1,objective_value}')::float8) < 1e-6,
  'LinearSVR, epsilon-insensitive') FROM golden;
SELECT pg_temp.ok(pg_temp.far((pg_temp.fit('l2', 'diabetes', '{"C": 1, "epsilon": 10, "loss": "squared_epsilon_insensitive", "penalise_intercept": true, "tolerance": 1e-8}') ->> 'objective')::float8, (m #>> '{LinearSVR_C1_eps10_L2,objective_value}')::float8) < 1e-6,
  'LinearSVR, squared') FROM golden;
SELECT pg_temp.ok(pg_temp.far((pg_temp.fit('l2', 'diabetes', '{"C": 1, "epsilon": 10, "loss": "squared_epsilon_insensitive", "tolerance": 1e-8}') ->> 'objective')::float8, (m #>> '{squared_eps_free_intercept_C1_eps10,objective_value}')::float8) < 1e-6,
  'squared, free intercept') FROM golden;

-- classes: Telco churn, the columns of svm_reference.py
CREATE VIEW telco AS
SELECT row_no, tenure, monthly_charges, coalesce(total_charges, 0) AS total_charges, senior_citizen, (contract = 'One year')::int AS c1, (contract = 'Two year')::int AS c2,
  (internet_service = 'Fiber optic')::int AS fiber, (payment_method = 'Electronic check')::int AS electronic, (paperless_billing = 'Yes')::int AS paperless, churn
FROM userseg_data.telco_churn;
CREATE VIEW telco_train AS SELECT * FROM telco WHERE row_no % 5 <> 0;
CREATE TEMP TABLE svc AS
SELECT name, objective, accuracy, t.details, t.converged
FROM (VALUES ('hinge', '{"C": 1}'::jsonb, 2596.604490119528, 0.7762784090909091), ('squared', '{"C": 0.1, "loss": "squared_hinge", "penalise_intercept": true}', 314.90961963565496, 0.7791193181818182),
    ('balanced', '{"C": 1, "class_weight": "balanced"}', 3033.2517526366814, 0.6441761363636364),
    ('rbf', '{"C": 1, "kernel": "rbf", "gamma": 0.1}', 2348.0229247526618, 0.7862215909090909), ('polynomial', '{"C": 1, "kernel": "polynomial", "degree": 3, "coef0": 1, "gamma": 0.1}', 2363.464897591907, 0.7855113636363636)) v(name, params, objective, accuracy),
  LATERAL userseg.train('svc_' || name, 'svm', 'telco_train', target => 'churn', holdout => 0, params => '{"tolerance": 1e-7, "max_iter": 1000000, "probability": false}' || params,
    features => '{tenure,monthly_charges,total_charges,senior_citizen,c1,c2,fiber,electronic,paperless}') t;
SELECT pg_temp.ok(count(*) = 5 AND bool_and(converged) AND max(pg_temp.far((details ->> 'objective')::float8, objective)) < 1e-6, 'SVC and LinearSVC: objectives within ' || max(pg_temp.far((details ->> 'objective')::float8, objective))) FROM svc;
SELECT pg_temp.ok(count(*) = 5 AND max(abs(got - accuracy)) < 1e-3, 'accuracy of the test rows within ' || max(abs(got - accuracy)))
FROM (SELECT name, accuracy, avg((userseg.predict('svc_' || name, t) = churn)::int::float8) AS got FROM svc, telco t WHERE row_no % 5 = 0 GROUP BY name, accuracy) s;

-- Row weights: wholesale customers, from logarithms as they are.
CREATE VIEW wholesale AS
SELECT ln(fresh::float8) AS fresh, ln(milk::float8) AS milk, ln(frozen::float8) AS frozen, ln(detergents_paper::float8) AS detergents_paper, ln(delicassen::float8) AS delicassen, (region = 3)::int AS other,
  'c' || channel AS channel, ln(grocery::float8) AS grocery, 1 + row_no % 3 * 0.5 AS w
FROM userseg_data.wholesale_customers;
SELECT pg_temp.ok(count(*) = 6 AND bool_and(converged) AND max(pg_temp.far((details ->> 'objective')::float8, objective)) < 1e-6, 'with row weights: objectives within ' || max(pg_temp.far((details ->> 'objective')::float8, objective)))
FROM (VALUES ('linear', 'channel', '{"C": 2}'::jsonb, 298.06100907030634), ('squared', 'channel', '{"C": 2, "loss": "squared_hinge", "penalise_intercept": true}', 405.37377285602736),
    ('rbf', 'channel', '{"C": 2, "kernel": "rbf", "gamma": 0.2}', 193.9845466929804), ('polynomial', 'channel', '{"C": 0.5, "kernel": "polynomial", "degree": 2, "coef0": 0.5, "gamma": 0.1}', 69.7078711049757),
    ('number_rbf', 'grocery', '{"C": 3, "kernel": "rbf", "gamma": 0.1, "epsilon": 0.2}', 289.00575474306174), ('number_linear', 'grocery', '{"epsilon": 0.3}', 119.38597916585067)) v(name, target, params, objective),
  LATERAL userseg.train('weighted_' || name, 'svm', 'wholesale', target => v.target, weight => 'w', holdout => 0, features => '{fresh,milk,frozen,detergents_paper,delicassen,other}', transform => '{"*": "none"}',
    params => '{"tolerance": 1e-8, "max_iter": 1000000}' || CASE WHEN v.target = 'channel' THEN '{"probability": false}' ELSE '{}' END::jsonb || v.params) t;

-- Approximated kernels against exact machines: bank marketing (36,169 rows to learn from), online shoppers (9,864).
CREATE VIEW bank AS
SELECT row_no, age, balance, day, duration, campaign, pdays, previous, (housing = 'yes')::int AS housing, (loan = 'yes')::int AS loan, y FROM userseg_data.bank_marketing;
CREATE VIEW shoppers AS
SELECT row_no, administrative, administrative_duration, informational, product_related, product_related_duration, bounce_rates, exit_rates, page_values, special_day, weekend::int AS weekend,
  CASE WHEN revenue THEN 'yes' ELSE 'no' END AS y, ln(1 + product_related_duration) AS duration
FROM userseg_data.online_shoppers;
CREATE TEMP TABLE approximation AS
SELECT v.name, t.converged, t.details
FROM (VALUES ('bank', 'y', '{age,balance,day,duration,campaign,pdays,previous,housing,loan}', '{"class_weight": "balanced"}'::jsonb),
    ('shoppers', 'y', '{administrative,administrative_duration,informational,product_related,product_related_duration,bounce_rates,exit_rates,page_values,special_day,weekend}', '{"class_weight": "balanced"}'),
    ('duration', 'duration', '{administrative,administrative_duration,informational,product_related,bounce_rates,exit_rates,page_values,special_day,weekend}', '{"epsilon": 0.1}')) v(name, target, features, params),
  LATERAL userseg.train('nystroem_' || name, 'svm', 'SELECT * FROM ' || CASE name WHEN 'bank' THEN 'bank' ELSE 'shoppers' END || ' WHERE row_no % 5 <> 0', target => target, holdout => 0, features => v.features::text[],
    params => '{"kernel": "rbf", "gamma": 0.1, "C": 1, "kernel_approximation": "nystroem", "probability": false}' || params) t;
SELECT pg_temp.ok(bool_and(converged) AND abs(avg((p = y)::int) - 0.801039593010396) < 1e-2 AND abs(avg((p = y)::int) FILTER (WHERE y = 'yes') / 2 + avg((p = y)::int) FILTER (WHERE y = 'no') / 2 - 0.8249225298154269) < 1e-2,
  'bank marketing: accuracy ' || round(avg((p = y)::int), 4) || ' as an exact machine, within 1e-2')
FROM (SELECT y, userseg.predict('nystroem_bank', b) AS p FROM bank b WHERE row_no % 5 = 0) s, approximation WHERE name = 'bank';
SELECT pg_temp.ok(bool_and(converged) AND abs(avg((p = y)::int) - 0.8609083536090836) < 1e-2 AND abs(avg((p = y)::int) FILTER (WHERE y = 'yes') / 2 + avg((p = y)::int) FILTER (WHERE y = 'no') / 2 - 0.8350299868320051) < 1e-2,
  'online shoppers: accuracy ' || round(avg((p = y)::int), 4) || ' as an exact machine, within 1e-2')
FROM (SELECT y, userseg.predict('nystroem_shoppers', b) AS p FROM shoppers b WHERE row_no % 5 = 0) s, approximation WHERE name = 'shoppers';
SELECT pg_temp.ok(bool_and(converged) AND abs(sqrt(avg((p - duration) ^ 2)) / 0.7491653582042654 - 1) < 1e-2, 'online shoppers, numbers: RMSE ' || round(sqrt(avg((p - duration) ^ 2))::numeric, 4) || ' as an exact machine, within 1e-2')
FROM (SELECT duration, userseg.predict_value('nystroem_duration', b) AS p FROM shoppers b WHERE row_no % 5 = 0) s, approximation WHERE name = 'duration';
