-- Boosting beside XGBoost with the same rounds, depth and rate, on bank marketing without what is only known after the call; trees pruned by
-- cross-validation beside scikit-learn's best ccp_alpha by cross-validation.  The same splits for both, one in five rows
-- for the test; the mean of the differences is not worse than 0.003 AUC, 0.005 log loss, 0.005 accuracy, 1 % RMSE.
SET client_min_messages = error;
SET extra_float_digits = 1;
CREATE VIEW bank AS
SELECT row_no, y = 'yes' AS y, age, job, marital, education, credit_default, balance, housing, loan, contact, day, month, campaign, pdays, previous, poutcome
FROM userseg_data.bank_marketing;
-- a quarter of it, for scikit-learn grows some hundred trees a split
CREATE VIEW quarter AS SELECT * FROM bank WHERE row_no % 4 = 0;
CREATE VIEW telco AS
SELECT row_no, churn = 'Yes' AS y, gender, senior_citizen, partner, dependents, tenure, phone_service, multiple_lines, internet_service, online_security, online_backup, device_protection,
  tech_support, streaming_tv, streaming_movies, contract, paperless_billing, payment_method, monthly_charges, total_charges FROM userseg_data.telco_churn;
CREATE VIEW diabetes AS SELECT row_no, target::float8 + 0.5 AS y, age, sex, bmi, bp, s1, s2, s3, s4, s5, s6 FROM userseg_data.diabetes_raw;

-- rows of the test of split s
CREATE FUNCTION held_out(row_no bigint, s int) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN hashint8extended(row_no, s) % 5 = 0;

CREATE TABLE figures (source text, work text, model text, split int, metric text, value float8);

CREATE PROCEDURE ours(source text, work text, algorithm text, params jsonb, splits int) LANGUAGE plpgsql AS $$
BEGIN
  FOR s IN 0 .. splits - 1 LOOP
    PERFORM userseg.train('peer', algorithm, format('SELECT * FROM %I WHERE NOT held_out(row_no, %s)', source, s), target => 'y', id => 'row_no', params => params, holdout => 0, seed => s);
    EXECUTE format('CREATE TEMP TABLE answer AS SELECT y, userseg.predict_value(''peer'', t) AS v FROM %I t WHERE held_out(row_no, %s)', source, s);
    IF source = 'diabetes' THEN
      EXECUTE 'INSERT INTO figures SELECT $1, $2, ''userseg'', $3, ''rmse'', sqrt(avg((v - y) ^ 2)) FROM answer' USING source, work, s;
    ELSE
      EXECUTE 'INSERT INTO figures SELECT $1, $2, ''userseg'', $3, metric, value FROM (
          SELECT userseg.auc_agg(v, y) AS auc, avg(-ln(greatest(CASE WHEN y THEN v ELSE 1 - v END, 1e-15))) AS log_loss, avg(((v >= 0.5) = y)::int)::float8 AS accuracy FROM answer) a,
        LATERAL (VALUES (''auc'', auc), (''log_loss'', log_loss), (''accuracy'', accuracy)) m(metric, value)' USING source, work, s;
    END IF;
    DROP TABLE answer;
  END LOOP;
END $$;
CALL ours('bank', 'boosting', 'gradient_boosting', '{"n_rounds": 100, "max_depth": 6, "learning_rate": 0.1}', 4);
CALL ours('telco', 'pruning', 'decision_tree', '{}', 4);
CALL ours('quarter', 'pruning', 'decision_tree', '{}', 4);
CALL ours('diabetes', 'pruning', 'decision_tree', '{}', 6);

CREATE TABLE peer (model text, split int, metric text, value float8);
\copy (SELECT *, held_out(row_no, 0) AS test_0, held_out(row_no, 1) AS test_1, held_out(row_no, 2) AS test_2, held_out(row_no, 3) AS test_3 FROM bank ORDER BY row_no) TO PROGRAM '/usr/bin/python3 -W ignore "$US_TOP/test/golden/trees_peers_reference.py" boosting > "$US_WORK/trees_peers.csv"' WITH (FORMAT csv, HEADER)
\copy peer FROM PROGRAM 'cat "$US_WORK/trees_peers.csv"' WITH (FORMAT csv)
INSERT INTO figures SELECT 'bank', 'boosting', p.* FROM peer p; TRUNCATE peer;
\copy (SELECT *, held_out(row_no, 0) AS test_0, held_out(row_no, 1) AS test_1, held_out(row_no, 2) AS test_2, held_out(row_no, 3) AS test_3 FROM telco ORDER BY row_no) TO PROGRAM '/usr/bin/python3 -W ignore "$US_TOP/test/golden/trees_peers_reference.py" pruning > "$US_WORK/trees_peers.csv"' WITH (FORMAT csv, HEADER)
\copy peer FROM PROGRAM 'cat "$US_WORK/trees_peers.csv"' WITH (FORMAT csv)
INSERT INTO figures SELECT 'telco', 'pruning', p.* FROM peer p; TRUNCATE peer;
\copy (SELECT *, held_out(row_no, 0) AS test_0, held_out(row_no, 1) AS test_1, held_out(row_no, 2) AS test_2, held_out(row_no, 3) AS test_3 FROM quarter ORDER BY row_no) TO PROGRAM '/usr/bin/python3 -W ignore "$US_TOP/test/golden/trees_peers_reference.py" pruning > "$US_WORK/trees_peers.csv"' WITH (FORMAT csv, HEADER)
\copy peer FROM PROGRAM 'cat "$US_WORK/trees_peers.csv"' WITH (FORMAT csv)
INSERT INTO figures SELECT 'quarter', 'pruning', p.* FROM peer p; TRUNCATE peer;
\copy (SELECT *, held_out(row_no, 0) AS test_0, held_out(row_no, 1) AS test_1, held_out(row_no, 2) AS test_2, held_out(row_no, 3) AS test_3, held_out(row_no, 4) AS test_4, held_out(row_no, 5) AS test_5 FROM diabetes ORDER BY row_no) TO PROGRAM '/usr/bin/python3 -W ignore "$US_TOP/test/golden/trees_peers_reference.py" pruning > "$US_WORK/trees_peers.csv"' WITH (FORMAT csv, HEADER)
\copy peer FROM PROGRAM 'cat "$US_WORK/trees_peers.csv"' WITH (FORMAT csv)
INSERT INTO figures SELECT 'diabetes', 'pruning', p.* FROM peer p;

CREATE TABLE compared AS
SELECT o.source, o.work, p.model, metric, avg(o.value) AS got, avg(p.value) AS want, avg(o.value - p.value) AS difference, stddev(o.value - p.value) AS sd
FROM figures o JOIN figures p USING (source, work, split, metric) WHERE o.model = 'userseg' AND p.model <> 'userseg'
GROUP BY o.source, o.work, p.model, metric;
SELECT format('1..%s', greatest(count(*), 1)) FROM compared;
SELECT 'ok - trees beside others # SKIP no scikit-learn or XGBoost for /usr/bin/python3' WHERE NOT EXISTS (SELECT FROM compared);
SELECT format('%s - %s of %s, %s: %s, %s %s (sd of differences %s)', CASE WHEN difference * better >= -slack THEN 'ok' ELSE 'not ok' END, work, source, metric,
  round(got::numeric, 4), model, round(want::numeric, 4), round(sd::numeric, 4))
FROM compared JOIN (VALUES ('auc', 0.003, 1), ('log_loss', 0.005, -1), ('accuracy', 0.005, 1), ('rmse', 0.6, -1)) m(metric, slack, better) USING (metric)
ORDER BY work, source, model, metric;
SELECT userseg.drop_model('peer') \g /dev/null
