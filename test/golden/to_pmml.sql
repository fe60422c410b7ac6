-- Models as PMML on public data: the evaluator in test/lib/pmml, which knows nothing of the extension, gives the answers of the model on every
-- row and on rows with NULL, NaN, infinities and categories that were never seen; documents are valid by test/lib/pmml.rng.
SET client_min_messages = error;
SET extra_float_digits = 1;
SELECT '1..69';
CREATE TABLE telco AS
SELECT row_no, gender, senior_citizen, partner, dependents = 'Yes' AS dependents, tenure, phone_service, multiple_lines, internet_service, online_security, contract, payment_method, monthly_charges::float8, total_charges, churn
FROM userseg_data.telco_churn;
INSERT INTO telco
SELECT -row_no, CASE WHEN row_no % 5 = 0 THEN 'other' ELSE gender END, CASE WHEN row_no % 3 = 0 THEN NULL ELSE senior_citizen END, partner, CASE WHEN row_no % 4 = 0 THEN NULL ELSE dependents END, CASE WHEN row_no % 7 = 0 THEN NULL ELSE tenure END,
  phone_service, multiple_lines, CASE WHEN row_no % 6 = 0 THEN NULL ELSE internet_service END, online_security, CASE WHEN row_no % 11 = 0 THEN E'it''s <new> & "odd"\\' ELSE contract END, payment_method,
  CASE row_no % 9 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN NULL WHEN 4 THEN 1e7 ELSE monthly_charges END,
  CASE row_no % 8 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN NULL WHEN 3 THEN -5 ELSE total_charges END, churn
FROM telco WHERE row_no % 4 = 0;
CREATE TABLE diabetes AS SELECT * FROM userseg_data.diabetes_raw;
INSERT INTO diabetes SELECT -row_no, CASE WHEN row_no % 3 = 0 THEN NULL ELSE age END, sex, CASE row_no % 4 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL ELSE bmi END, bp, s1, s2, s3, s4, s5, s6, target FROM diabetes;
-- the document, a line, and the rows with the answers of the model
CREATE FUNCTION pg_temp.lines(source text, target text, algorithm text, params jsonb DEFAULT '{}', transform jsonb DEFAULT '{}', null_policy text DEFAULT 'impute', calibration text DEFAULT NULL, part int DEFAULT 1) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM userseg.train('golden', algorithm, format('SELECT * FROM %I WHERE row_no > 0', source), target => target, id => 'row_no', params => params, transform => transform, null_policy => null_policy, holdout => 0);
  IF calibration IS NOT NULL THEN
    PERFORM userseg.recalibrate('golden', format('SELECT * FROM %I WHERE row_no > 0', source), method => calibration, all_rows => true);
  END IF;
  RETURN NEXT userseg.to_pmml('golden')::text;
  RETURN NEXT '-----';
  RETURN QUERY EXECUTE format('SELECT jsonb_build_object(''row'', to_jsonb(t) - ''row_no'', %s)::text FROM %I t WHERE row_no %% %s = 0',
    CASE WHEN target IS NULL THEN $q$'label', userseg.predict('golden', t)$q$ WHEN target IN ('churn', 'payment_method') THEN $q$'label', userseg.predict('golden', t), 'proba', userseg.predict_proba('golden', t)$q$
    ELSE $q$'value', userseg.predict_value('golden', t)$q$ END, source, part);
END $$;
SELECT pg_temp.lines('telco', 'churn', 'logistic') \g |perl "$US_TOP/test/lib/pmml" compare 'logistic on Telco'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'logistic'
SELECT pg_temp.lines('telco', 'payment_method', 'logistic', '{"penalty": "ridge", "lambda": 1}', '{}', 'skip') \g |perl "$US_TOP/test/lib/pmml" compare 'logistic of four classes, rows with NULL skipped'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'logistic of four classes'
SELECT pg_temp.lines('telco', 'churn', 'logistic', '{"penalty": "ridge", "lambda": 3}', '{"total_charges": [{"impute": "indicator"}, "log1p", "standard"], "monthly_charges": ["power"], "contract": "frequency", "internet_service": {"target": {}}, "tenure": [{"quantile": {"n": 9, "output": "normal"}}], "dependents": {"impute": "indicator"}}') \g |perl "$US_TOP/test/lib/pmml" compare 'logistic with all sorts of steps'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'logistic with all sorts of steps'
SELECT pg_temp.lines('telco', 'monthly_charges', 'linear', '{}', '{"tenure": [{"quantile": {"n": 20}}], "contract": {"impute": "level"}, "total_charges": [{"log1p": {"signed": true}}, {"clip": {"lo": 2}}, "robust"]}') \g |perl "$US_TOP/test/lib/pmml" compare 'linear regression'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'linear regression'
SELECT pg_temp.lines('diabetes', 'target', 'glm') \g |perl "$US_TOP/test/lib/pmml" compare 'Poisson regression'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'Poisson regression'
SELECT pg_temp.lines('telco', NULL, 'kmeans', '{"k": 5}') \g |perl "$US_TOP/test/lib/pmml" compare 'k-means on Telco'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'k-means'
SELECT pg_temp.lines('diabetes', NULL, 'kmeans', '{"k": 3, "metric": "cosine"}') \g |perl "$US_TOP/test/lib/pmml" compare 'k-means by angle'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'k-means by angle'
SELECT pg_temp.lines('telco', 'churn', 'scorecard') \g |perl "$US_TOP/test/lib/pmml" compare 'a scorecard'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'a scorecard'
SELECT pg_temp.lines('telco', 'churn', 'scorecard', '{"positive": "No", "base_score": 100, "base_odds": 3, "points_to_double": 7, "reasons": "mean", "min_iv": 0}') \g |perl "$US_TOP/test/lib/pmml" compare 'a scorecard of few points, the reasons from the mean'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'a scorecard of few points, the reasons from the mean'
SELECT pg_temp.lines('telco', 'churn', 'scorecard', '{"min_iv": 0, "lambda": 0.001}', '{"*number": [{"impute": "median"}, "log1p", "standard"], "contract": "onehot", "payment_method": "frequency", "*boolean": {"impute": "indicator"}}') \g |perl "$US_TOP/test/lib/pmml" compare 'a scorecard on encoded columns'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'a scorecard on encoded columns'
SELECT pg_temp.lines('telco', 'churn', 'scorecard', calibration => 'isotonic') \g |perl "$US_TOP/test/lib/pmml" compare 'a scorecard, calibrated'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'a scorecard, calibrated'
SELECT pg_temp.lines('telco', 'churn', 'decision_tree') \g |perl "$US_TOP/test/lib/pmml" compare 'decision tree on Telco'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'decision tree'
SELECT pg_temp.lines('telco', 'churn', 'decision_tree', '{"max_depth": 8}', '{"*number": ["log1p", "standard"], "contract": "onehot", "payment_method": "frequency", "*boolean": {"impute": "indicator"}}') \g |perl "$US_TOP/test/lib/pmml" compare 'decision tree on encoded columns'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'decision tree on encoded columns'
SELECT pg_temp.lines('telco', 'churn', 'random_forest', '{"n_trees": 8, "max_depth": 6}') \g |perl "$US_TOP/test/lib/pmml" compare 'random forest on Telco'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'random forest'
SELECT pg_temp.lines('diabetes', 'target', 'random_forest', '{"n_trees": 5}') \g |perl "$US_TOP/test/lib/pmml" compare 'random forest of a number'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'random forest of a number'
SELECT pg_temp.lines('telco', 'churn', 'gradient_boosting', '{"n_rounds": 20, "max_depth": 3}') \g |perl "$US_TOP/test/lib/pmml" compare 'gradient boosting on Telco'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'gradient boosting'
SELECT pg_temp.lines('telco', 'payment_method', 'gradient_boosting', '{"n_rounds": 3, "max_depth": 3}') \g |perl "$US_TOP/test/lib/pmml" compare 'gradient boosting of four classes'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'gradient boosting of four classes'
SELECT pg_temp.lines('diabetes', 'target', 'gradient_boosting', '{"n_rounds": 10, "objective": "poisson"}') \g |perl "$US_TOP/test/lib/pmml" compare 'gradient boosting of a count'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'gradient boosting of a count'
-- machines, naive Bayes, networks, mixtures, and calibrated probabilities
SELECT pg_temp.lines('telco', 'churn', 'svm') \g |perl "$US_TOP/test/lib/pmml" compare 'linear support vector machine'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'linear support vector machine'
SELECT pg_temp.lines('telco', 'payment_method', 'svm') \g |perl "$US_TOP/test/lib/pmml" compare 'linear support vector machines of four classes'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'linear support vector machines of four classes'
SELECT pg_temp.lines('diabetes', 'target', 'svm') \g |perl "$US_TOP/test/lib/pmml" compare 'support vector regression'
SELECT pg_temp.lines('telco', 'churn', 'naive_bayes') \g |perl "$US_TOP/test/lib/pmml" compare 'naive Bayes'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'naive Bayes'
SELECT pg_temp.lines('telco', 'payment_method', 'naive_bayes', '{"smooth_by": "largest"}', '{"contract": "onehot", "dependents": {"impute": "indicator"}, "total_charges": [{"clip": {"lo": 0}}, "log1p", "standard"]}') \g |perl "$US_TOP/test/lib/pmml" compare 'naive Bayes of four classes'
SELECT pg_temp.lines('telco', 'churn', 'mlp', '{"hidden": [6], "max_epochs": 3}') \g |perl "$US_TOP/test/lib/pmml" compare 'network'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'network'
SELECT pg_temp.lines('telco', 'payment_method', 'mlp', '{"hidden": [5, 4], "activation": "tanh", "max_epochs": 3}') \g |perl "$US_TOP/test/lib/pmml" compare 'network of four classes'
SELECT pg_temp.lines('diabetes', 'target', 'mlp', '{"hidden": [5, 4], "max_epochs": 10}') \g |perl "$US_TOP/test/lib/pmml" compare 'network of a number'
SELECT pg_temp.lines('diabetes', NULL, 'gmm', '{"k": 3}') \g |perl "$US_TOP/test/lib/pmml" compare 'mixture'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'mixture'
SELECT pg_temp.lines('telco', NULL, 'gmm', '{"k": 2, "covariance": "tied"}') \g |perl "$US_TOP/test/lib/pmml" compare 'mixture with one covariance'
SELECT pg_temp.lines('telco', 'churn', 'logistic', '{}', calibration => 'platt', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'logistic of churn, calibrated: platt'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'logistic of churn, calibrated: platt'
SELECT pg_temp.lines('telco', 'churn', 'gradient_boosting', '{"n_rounds": 10, "max_depth": 3}', calibration => 'isotonic', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'gradient_boosting of churn, calibrated: isotonic'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'gradient_boosting of churn, calibrated: isotonic'
SELECT pg_temp.lines('telco', 'churn', 'random_forest', '{"n_trees": 5, "max_depth": 5}', calibration => 'isotonic', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'random_forest of churn, calibrated: isotonic'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'random_forest of churn, calibrated: isotonic'
SELECT pg_temp.lines('telco', 'churn', 'decision_tree', '{"max_depth": 5}', calibration => 'platt', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'decision_tree of churn, calibrated: platt'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'decision_tree of churn, calibrated: platt'
SELECT pg_temp.lines('telco', 'churn', 'svm', '{}', calibration => 'isotonic', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'svm of churn, calibrated: isotonic'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'svm of churn, calibrated: isotonic'
SELECT pg_temp.lines('telco', 'churn', 'naive_bayes', '{}', calibration => 'platt', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'naive_bayes of churn, calibrated: platt'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'naive_bayes of churn, calibrated: platt'
SELECT pg_temp.lines('telco', 'payment_method', 'gradient_boosting', '{"n_rounds": 3, "max_depth": 3}', calibration => 'temperature', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'gradient_boosting of payment_method, calibrated: temperature'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'gradient_boosting of payment_method, calibrated: temperature'
SELECT pg_temp.lines('telco', 'payment_method', 'logistic', '{"penalty": "ridge", "lambda": 1}', calibration => 'isotonic', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'logistic of payment_method, calibrated: isotonic'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'logistic of payment_method, calibrated: isotonic'
SELECT pg_temp.lines('telco', 'payment_method', 'mlp', '{"hidden": [4], "max_epochs": 2}', calibration => 'platt', part => 5) \g |perl "$US_TOP/test/lib/pmml" compare 'mlp of payment_method, calibrated: platt'
SELECT userseg.to_pmml('golden') \g |perl "$US_TOP/test/lib/pmml" check 'mlp of payment_method, calibrated: platt'
SELECT userseg.drop_model('golden') \g /dev/null
