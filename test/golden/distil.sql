-- A forest of 200 trees on the Telco customers imitated by a tree of depth 4, on rows that neither has seen, beside
-- scikit-learn's regression tree of depth 4 on the probabilities of the same forest (run by distil_tree.py where it is installed): not
-- worse on the mean of three forests by more than 0.001; and scikit-learn's own distillation of its own forest (distil_reference.py, ten seeds): the AUC of the
-- student is not below its mean by more than its standard deviation.
SET client_min_messages = error;
CREATE TEMP TABLE reference (metric text, mean float8, sd float8);
INSERT INTO reference VALUES
  ('fidelity', 0.915696, 0.002616),
  ('r2', 0.868433, 0.001843),
  ('teacher_auc', 0.837524, 0.000839),
  ('student_auc', 0.824409, 0.001113);
CREATE VIEW telco AS
SELECT row_no, gender, senior_citizen, partner, dependents, tenure, phone_service, multiple_lines, internet_service, online_security, online_backup, device_protection,
  tech_support, streaming_tv, streaming_movies, contract, paperless_billing, payment_method, monthly_charges, total_charges, churn FROM userseg_data.telco_churn;
CREATE TABLE answers (seed int, row_no int, p float8);
CREATE FUNCTION pg_temp.distilled(student text, params jsonb, seeds int) RETURNS TABLE (fidelity float8, r2 float8, teacher_auc float8, student_auc float8) LANGUAGE plpgsql AS $$
BEGIN
  FOR s IN 0 .. seeds - 1 LOOP
    PERFORM userseg.train('golden_forest', 'random_forest', 'SELECT * FROM telco WHERE row_no % 5 <> 0', target => 'churn', id => 'row_no', params => '{"n_trees": 200, "min_leaf": 5, "positive": "Yes"}', holdout => 0, seed => s);
    INSERT INTO answers SELECT s, row_no, userseg.predict_value('golden_forest', t) FROM telco t WHERE student = 'decision_tree';
    PERFORM userseg.distil('golden_forest', student, 'golden_student', params => params, holdout => 0);
    RETURN QUERY WITH p AS MATERIALIZED (SELECT churn = 'Yes' AS y, userseg.predict_value('golden_forest', t) AS p, userseg.predict_value('golden_student', t) AS q,
        userseg.predict('golden_forest', t) = userseg.predict('golden_student', t) AS same FROM telco t WHERE row_no % 5 = 0)
      SELECT avg(same::int)::float8, 1 - sum((p - q) ^ 2) / (count(*) * var_pop(p)), userseg.auc(userseg.ranking_agg(p, y)), userseg.auc(userseg.ranking_agg(q, y)) FROM p;
  END LOOP;
END $$;
SELECT '1..6';
CREATE TEMP TABLE got AS
SELECT avg(fidelity) AS fidelity, avg(r2) AS r2, avg(teacher_auc) AS teacher_auc, avg(student_auc) AS student_auc FROM pg_temp.distilled('decision_tree', '{"min_leaf": 5}', 3);
CREATE TEMP TABLE theirs (metric text, value float8);
\copy (SELECT seed, p, t.* FROM answers JOIN telco t USING (row_no)) TO PROGRAM '"${BENCH_PYTHON:-/usr/bin/python3}" "$US_TOP/test/golden/distil_tree.py" > distil_tree.csv 2> /dev/null || true' WITH (FORMAT csv, HEADER)
\copy theirs FROM PROGRAM 'cat distil_tree.csv; rm -f distil_tree.csv' WITH (FORMAT csv)
SELECT format('%s - a tree of depth 4 for a forest: %s %s, scikit-learn''s for the same forest %s, for its own %s', CASE WHEN value IS NULL OR v.got >= value - 0.001 THEN 'ok' ELSE 'not ok' END, r.metric, round(v.got::numeric, 4),
  coalesce(round(value::numeric, 4)::text, '(not installed)'), round(mean::numeric, 4))
FROM got, LATERAL (VALUES ('fidelity', fidelity), ('r2', r2), ('student_auc', student_auc)) v(name, got) JOIN reference r ON r.metric = name LEFT JOIN theirs USING (metric) ORDER BY 1;
SELECT format('%s - for a forest of AUC %s one of %s, scikit-learn: for one of %s one of %s', CASE WHEN student_auc >= s.mean - s.sd THEN 'ok' ELSE 'not ok' END, round(teacher_auc::numeric, 4), round(student_auc::numeric, 4), round(t.mean::numeric, 4), round(s.mean::numeric, 4))
FROM got, reference s, reference t WHERE s.metric = 'student_auc' AND t.metric = 'teacher_auc';
SELECT format('%s - a scorecard for a forest: fidelity %s, R^2 %s, AUC %s of %s', CASE WHEN fidelity > 0.9 AND student_auc > teacher_auc - 0.01 THEN 'ok' ELSE 'not ok' END,
  round(fidelity::numeric, 4), round(r2::numeric, 4), round(student_auc::numeric, 4), round(teacher_auc::numeric, 4)) FROM pg_temp.distilled('scorecard', '{}', 1);
-- the rules of the student are its leaves
SELECT userseg.distil('golden_forest', 'decision_tree', 'golden_student', holdout => 0) \g /dev/null
SELECT format('%s - its rules: %s, the first of them: %s', CASE WHEN count(*) BETWEEN 9 AND 16 AND sum(share) > 1 - 1e-9 THEN 'ok' ELSE 'not ok' END, count(*), (array_agg(rule ORDER BY value DESC))[1]) FROM userseg.rules('golden_student');
SELECT userseg.drop_model('golden_forest'), userseg.drop_model('golden_student') \g /dev/null
DROP VIEW telco;
DROP TABLE answers;
