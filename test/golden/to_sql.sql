-- Models as SQL expressions on public data: on every row of the sources, and on rows with NULL, NaN, infinities and categories
-- that were never seen, the expression says what the model says: values and probabilities to 1e-9, labels exactly.
SET client_min_messages = error;
SET extra_float_digits = 1;
SET jit = off;
SELECT setseed(0.5);

-- every source with a damaged copy of its rows behind it
CREATE TABLE telco AS
SELECT row_no, gender, senior_citizen, partner, dependents = 'Yes' AS dependents, tenure, phone_service, multiple_lines, internet_service, online_security,
  contract, paperless_billing, payment_method, monthly_charges::float8, total_charges, churn FROM userseg_data.telco_churn;
INSERT INTO telco
SELECT -row_no, CASE WHEN row_no % 5 = 0 THEN 'other' ELSE gender END, CASE WHEN row_no % 3 = 0 THEN NULL ELSE senior_citizen END, partner,
  CASE WHEN row_no % 4 = 0 THEN NULL ELSE dependents END, CASE WHEN row_no % 7 = 0 THEN NULL ELSE tenure END, phone_service, multiple_lines,
  CASE WHEN row_no % 6 = 0 THEN NULL ELSE internet_service END, online_security, CASE WHEN row_no % 11 = 0 THEN E'it''s "new"\\' ELSE contract END, paperless_billing, payment_method,
  CASE row_no % 9 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN NULL WHEN 4 THEN 1e7 ELSE monthly_charges END,
  CASE row_no % 8 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN NULL WHEN 3 THEN -5 ELSE total_charges END, churn
FROM telco WHERE row_no % 4 = 0;
CREATE TABLE shoppers AS SELECT * FROM userseg_data.online_shoppers;
INSERT INTO shoppers
SELECT -row_no, CASE WHEN row_no % 4 = 0 THEN NULL ELSE administrative END, CASE row_no % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE administrative_duration END, informational, informational_duration, product_related,
  product_related_duration * 1000, CASE WHEN row_no % 3 = 0 THEN NULL ELSE bounce_rates END, exit_rates, CASE row_no % 6 WHEN 0 THEN NULL WHEN 1 THEN 'Infinity' ELSE page_values END, special_day,
  CASE row_no % 7 WHEN 0 THEN NULL WHEN 1 THEN 'Jan' ELSE month END, operating_systems, browser, region, traffic_type, CASE WHEN row_no % 5 = 0 THEN NULL ELSE visitor_type END,
  CASE WHEN row_no % 3 = 0 THEN NULL ELSE weekend END, revenue
FROM shoppers WHERE row_no % 8 = 0;
CREATE TABLE bank AS SELECT row_no, age, job, marital, education, credit_default, balance, housing, loan, contact, day, month, campaign, pdays, previous, poutcome, y FROM userseg_data.bank_marketing WHERE row_no % 5 = 0;
CREATE TABLE diabetes AS SELECT * FROM userseg_data.diabetes_raw;
INSERT INTO diabetes SELECT -row_no, CASE WHEN row_no % 3 = 0 THEN NULL ELSE age END, sex, CASE row_no % 4 WHEN 0 THEN 'NaN' WHEN 1 THEN NULL ELSE bmi END, bp, s1, s2, s3, s4, s5, s6, target FROM diabetes;
INSERT INTO bank SELECT -row_no, CASE row_no % 3 WHEN 0 THEN NULL ELSE age * 1000 END, CASE row_no % 4 WHEN 0 THEN 'ceo' WHEN 1 THEN NULL ELSE job END, marital, education, credit_default, CASE row_no % 5 WHEN 0 THEN NULL WHEN 1 THEN -2147483648 ELSE balance END,
  housing, loan, CASE WHEN row_no % 2 = 0 THEN E'"\\''' ELSE contact END, day, CASE WHEN row_no % 3 = 0 THEN '' ELSE month END, campaign, pdays, previous, CASE WHEN row_no % 7 = 0 THEN 'é 漢' ELSE poutcome END, y
FROM bank WHERE row_no % 3 = 0;
CREATE TABLE iris AS SELECT * FROM userseg_data.iris;
-- customers of a shop: what they spend, exact numbers, times, names of columns that need quotes; then rows with columns taken away or unheard of
CREATE TABLE retail AS
SELECT customer_id AS row_no, sum(quantity * unit_price) AS "Monetary ""net""", count(DISTINCT invoice_no) AS frequency, max(invoice_date) AS "lastAt", min(invoice_date)::date AS first_day,
  max(invoice_date) - min(invoice_date) AS tenure, mode() WITHIN GROUP (ORDER BY country) AS "Country", array_agg(DISTINCT left(stock_code, 1)) AS tags,
  ARRAY[avg(quantity), avg(unit_price), stddev_pop(unit_price)]::float8[] AS basket, bool_or(quantity < 0) AS returned, sum(quantity) > 500 AS large
FROM userseg_data.online_retail WHERE customer_id % 3 = 0 GROUP BY customer_id;
INSERT INTO retail
SELECT -row_no * 10 - i, CASE WHEN i = 0 THEN NULL WHEN row_no % 7 = 0 THEN 'NaN' WHEN row_no % 7 = 1 THEN 'Infinity' WHEN row_no % 7 = 2 THEN '-Infinity' WHEN row_no % 7 = 3 THEN 1e60 ELSE "Monetary ""net""" END,
  CASE WHEN i <> 1 THEN CASE WHEN row_no % 5 = 0 THEN -9223372036854775807 ELSE frequency END END,
  CASE WHEN i <> 2 THEN CASE row_no % 5 WHEN 0 THEN timestamp '-infinity' WHEN 1 THEN 'infinity' WHEN 2 THEN '0044-03-15 BC' ELSE "lastAt" END END,
  CASE WHEN i <> 3 THEN first_day END, CASE WHEN i <> 4 THEN CASE WHEN row_no % 2 = 0 THEN -tenure ELSE tenure + interval '3 years 2 months' END END,
  CASE WHEN i <> 5 THEN CASE row_no % 4 WHEN 0 THEN E'Cote d''Ivoire "\\' WHEN 1 THEN 'Île' ELSE "Country" END END, CASE WHEN i <> 6 THEN CASE WHEN row_no % 3 = 0 THEN '{}' WHEN row_no % 3 = 1 THEN tags || '{"it''s",NULL}'::text[] ELSE tags END END,
  CASE WHEN i <> 7 THEN CASE row_no % 4 WHEN 0 THEN '{1,2}' WHEN 1 THEN '{1,NaN,3}' WHEN 2 THEN '{-Infinity,1,2}' ELSE basket END END, CASE WHEN i <> 8 THEN returned END, large
FROM retail, generate_series(0, 9) i WHERE row_no / 3 % 20 = i;

CREATE TEMP TABLE plan (n serial, source text, algorithm text, target text, params jsonb, transform jsonb DEFAULT '{}', null_policy text DEFAULT 'impute');
INSERT INTO plan (source, algorithm, target, params, transform, null_policy) VALUES
  ('telco', 'logistic', 'churn', '{}', '{}', 'impute'),
  ('telco', 'logistic', 'churn', '{"penalty": "ridge", "lambda": 3}', '{"total_charges": [{"impute": "indicator"}, "log1p", "standard"], "monthly_charges": ["power"], "contract": "frequency", "internet_service": {"target": {}}}', 'impute'),
  ('telco', 'logistic', 'internet_service', '{"penalty": "ridge", "lambda": 1}', '{}', 'skip'),
  ('telco', 'linear', 'monthly_charges', '{}', '{"tenure": [{"quantile": {"output": "uniform", "n": 20}}], "contract": {"impute": "level"}}', 'impute'),
  ('shoppers', 'logistic', 'revenue', '{"penalty": "ridge", "lambda": 1}', '{"*number": [{"log1p": {"signed": true}}, "standard"], "page_values": [{"clip": {"hi": 50}}, "minmax"], "month": {"onehot": {"min_count": 500}}}', 'impute'),
  ('shoppers', 'glm', 'product_related', '{"family": "poisson"}', '{}', 'impute'),
  ('shoppers', 'glm', 'administrative', '{"family": "tweedie"}', '{"*number": ["robust"]}', 'impute'),
  ('bank', 'logistic', 'marital', '{"penalty": "ridge", "lambda": 1}', '{}', 'impute'),
  ('diabetes', 'linear', 'target', '{}', '{}', 'impute'),
  ('diabetes', 'svm', 'target', '{}', '{}', 'impute'),
  ('telco', 'svm', 'churn', '{}', '{}', 'impute'),
  ('iris', 'svm', 'species', '{}', '{}', 'impute'),
  ('iris', 'logistic', 'species', '{"penalty": "ridge", "lambda": 1}', '{}', 'impute'),
  ('telco', 'kmeans', NULL, '{"k": 5}', '{}', 'impute'),
  ('telco', 'minibatch_kmeans', NULL, '{"k": 3}', '{"contract": "ordinal"}', 'impute'),
  ('shoppers', 'kmeans', NULL, '{"k": 4}', '{"*number": ["log1p", "standard"]}', 'skip'),
  ('iris', 'kmeans', NULL, '{"k": 3, "metric": "cosine"}', '{"*": "none"}', 'impute'),
  ('diabetes', 'kmeans', NULL, '{"k": 2, "metric": "cosine"}', '{}', 'impute');
-- networks, naive Bayes, mixtures, isolation
INSERT INTO plan (source, algorithm, target, params, transform, null_policy) VALUES
  ('telco', 'naive_bayes', 'churn', '{}', '{}', 'impute'),
  ('telco', 'naive_bayes', 'payment_method', '{"smooth_by": "largest"}', '{"contract": "onehot", "total_charges": ["log1p", "standard"]}', 'impute'),
  ('shoppers', 'naive_bayes', 'revenue', '{}', '{}', 'impute'),
  ('retail', 'naive_bayes', 'large', '{}', '{}', 'impute'),
  ('bank', 'mlp', 'y', '{"hidden": [6], "max_epochs": 3}', '{}', 'impute'),
  ('telco', 'mlp', 'payment_method', '{"hidden": [5, 4], "activation": "tanh", "max_epochs": 3}', '{}', 'skip'),
  ('diabetes', 'mlp', 'target', '{"hidden": [6, 4, 3], "max_epochs": 20}', '{}', 'impute'),
  ('shoppers', 'gmm', NULL, '{"k": 3, "covariance": "diag"}', '{"*number": ["log1p", "standard"]}', 'impute'),
  ('diabetes', 'gmm', NULL, '{"k": 2}', '{}', 'impute'), ('diabetes', 'gmm', NULL, '{"k": 2, "covariance": "tied"}', '{}', 'impute'), ('iris', 'gmm', NULL, '{"k": 3, "covariance": "spherical"}', '{}', 'impute'), ('iris', 'gmm', NULL, '{"k": 1}', '{}', 'impute'),
  ('telco', 'isolation_forest', NULL, '{"n_trees": 15, "sample_size": 64}', '{}', 'impute'),
  ('retail', 'isolation_forest', NULL, '{"n_trees": 12, "sample_size": 32}', '{"Country": "onehot", "Monetary \"net\"": ["power", "standard"], "returned": {"impute": "indicator"}}', 'impute');
-- one step at a time, each on every kind of feature that it is for
INSERT INTO plan (source, algorithm, target, params, transform)
SELECT 'retail', a.algorithm, 'large', a.params, jsonb_build_object(s.feature, s.step::jsonb)
FROM (VALUES ('logistic', '{"penalty": "ridge", "lambda": 1}'::jsonb), ('decision_tree', '{"max_depth": 5}')) a(algorithm, params),
  (VALUES ('*number', '"none"'), ('*number', '"standard"'), ('*number', '"robust"'), ('*number', '"minmax"'), ('*number', '{"clip": {"lo_quantile": 0.05, "hi_quantile": 0.9}}'), ('*number', '{"clip": {"lo": 3}}'), ('frequency', '["log1p"]'), ('*number', '[{"clip": {"lo": 0}}, "log1p"]'),
    ('*number', '[{"log1p": {"signed": true}}]'), ('*number', '["power"]'), ('*number', '{"quantile": {"n": 12}}'), ('*number', '{"quantile": {"n": 12, "output": "normal"}}'), ('*number', '[{"impute": "indicator"}, "standard"]'), ('*number', '{"impute": "mean"}'),
    ('*number', '{"impute": {"constant": -1}}'), ('Country', '"onehot"'), ('Country', '{"onehot": {"min_count": 20, "scale": "none"}}'), ('Country', '{"onehot": {"max_categories": 2}}'), ('Country', '"ordinal"'),
    ('Country', '"frequency"'), ('Country', '{"target": {"smoothing": 3}}'), ('Country', '[{"impute": "level"}, "onehot"]'), ('Country', '[{"impute": "most_frequent"}, "onehot"]'),
    ('lastAt', '{"age": {"as_of": "2011-12-10", "unit": "week"}}'), ('lastAt', '{"cyclic": {"parts": ["hour", "dow", "day", "doy", "month"]}}'), ('first_day', '{"cyclic": {"parts": ["doy"]}}'), ('tenure', '["log1p", "standard"]'), ('tags', '{"multihot": {"max_tags": 3}}'),
    ('basket', '"standard"'), ('basket', '"none"'), ('returned', '{"impute": "indicator"}'), ('basket', '{"weight": 3}'), ('*', '{"impute": "indicator"}')) s(feature, step);
-- trees with parameters drawn at random
INSERT INTO plan (source, algorithm, target, params)
SELECT s.source, a.algorithm, s.target, CASE a.algorithm
    WHEN 'decision_tree' THEN jsonb_build_object('max_depth', 2 + (random() * 12)::int, 'min_leaf', 1 + (random() * 30)::int, 'pruning', (ARRAY['none', 'cross_validation'])[1 + (random())::int])
    WHEN 'random_forest' THEN jsonb_build_object('n_trees', 2 + (random() * 6)::int, 'max_depth', 3 + (random() * 4)::int, 'min_leaf', 1 + (random() * 20)::int)
    ELSE jsonb_build_object('n_rounds', 3 + (random() * 12)::int, 'max_depth', 2 + (random() * 3)::int, 'learning_rate', 0.05 + random() / 2) END
FROM (VALUES ('telco', 'churn'), ('shoppers', 'revenue'), ('bank', 'y'), ('diabetes', 'target'), ('telco', 'payment_method')) s(source, target), (VALUES ('decision_tree'), ('random_forest'), ('gradient_boosting')) a(algorithm);
INSERT INTO plan (source, algorithm, target, params, transform) VALUES
  ('shoppers', 'gradient_boosting', 'product_related', '{"objective": "poisson", "n_rounds": 8, "max_depth": 3}', '{}'),
  ('telco', 'decision_tree', 'churn', '{"max_depth": 8}', '{"*number": ["log1p", "standard"], "contract": "onehot", "*boolean": {"impute": "indicator"}}'),
  ('telco', 'random_forest', 'churn', '{"n_trees": 4, "max_depth": 6}', '{"payment_method": "onehot", "internet_service": "frequency", "total_charges": [{"impute": "indicator"}]}');

CREATE TEMP TABLE result (n int, what text, rows bigint, nulls bigint, worst float8, length int);
CREATE FUNCTION pg_temp.compare(n int, source text, what text, shared boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  sql text := userseg.to_sql('golden', what, alias => 't', subselect => shared, max_length => 20000000);
  model text := CASE what WHEN 'label' THEN $q$userseg.predict('golden', t)$q$ WHEN 'value' THEN $q$userseg.predict_value('golden', t)$q$
    ELSE $q$(userseg.predict_detail('golden', t)).probability$q$ END;
BEGIN
  EXECUTE format('INSERT INTO result SELECT $1, $2, count(*), count(*) FILTER (WHERE a IS NULL), max(CASE WHEN (a IS NULL) <> (b IS NULL) THEN ''Infinity'' ELSE %s END), $3
    FROM (SELECT %s AS a, %s AS b FROM %I t) x',
    CASE what WHEN 'label' THEN '(a IS DISTINCT FROM b)::int::float8' ELSE 'abs(a - b) / greatest(1, abs(a))' END, model, sql, source)
  USING n, what || CASE WHEN shared THEN ', sub-select' ELSE '' END, length(sql);
END $$;
DO $$
DECLARE p record;
BEGIN
  FOR p IN SELECT * FROM plan ORDER BY n LOOP
    PERFORM userseg.train('golden', p.algorithm, format('SELECT * FROM %I WHERE row_no > 0', p.source), target => p.target, id => 'row_no', params => p.params, transform => p.transform, null_policy => p.null_policy, holdout => 0);
    IF p.target IS NULL OR p.target IN ('churn', 'internet_service', 'revenue', 'marital', 'species', 'y', 'payment_method', 'large') THEN
      PERFORM pg_temp.compare(p.n, p.source, 'label', false), pg_temp.compare(p.n, p.source, 'label', true);
      IF p.algorithm <> 'isolation_forest' THEN
        PERFORM pg_temp.compare(p.n, p.source, 'probability', p.params @> '{"metric": "cosine"}' OR p.algorithm IN ('gmm', 'mlp'));
      END IF;
    END IF;
    IF p.algorithm IN ('gmm', 'isolation_forest') OR p.target IN ('large', 'churn', 'revenue', 'y', 'monthly_charges', 'product_related', 'administrative', 'target') THEN
      PERFORM pg_temp.compare(p.n, p.source, 'value', false), pg_temp.compare(p.n, p.source, 'value', true);
    END IF;
  END LOOP;
END $$;
SELECT format('1..%s', count(*)) FROM result;
SELECT format('%s - %s %s of %s %s: %s of %s rows, worst %s, %s characters', CASE WHEN worst <= 1e-9 AND rows > nulls THEN 'ok' ELSE 'not ok' END, algorithm, what, source, target, rows - nulls, rows,
  CASE WHEN worst = 0 THEN '0' ELSE to_char(worst, '9.9EEEE') END, length)
FROM result JOIN plan USING (n) ORDER BY n, what;
SELECT userseg.drop_model('golden') \g /dev/null
