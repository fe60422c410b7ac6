-- Intervals and paired tests of evaluate and compare against R (pROC, stats), run beside on the same rows:
-- two logistic regressions on Telco, all of its rows.
CREATE FUNCTION pg_temp.line(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
CREATE TEMP TABLE telco AS SELECT * FROM userseg_data.telco_churn;
SELECT 1 FROM userseg.train('a', 'logistic', 'telco', target => 'churn', id => 'customer_id', features => '{tenure,contract,monthly_charges}', params => '{"refit": false}') \g /dev/null
SELECT 1 FROM userseg.train('b', 'logistic', 'telco', target => 'churn', id => 'customer_id', features => '{tenure,payment_method,senior_citizen}', params => '{"refit": false}') \g /dev/null
\copy (SELECT (churn = 'Yes')::int AS y, userseg.predict_value('a', t) AS a, userseg.predict_value('b', t) AS b FROM telco t) TO PROGRAM 'if command -v Rscript >/dev/null; then Rscript "$US_TOP/test/golden/evaluate_reference.R"; else cat >/dev/null; fi > "$US_WORK/evaluate_reference.csv"' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE reference (metric text, value float8, low float8, high float8);
\copy reference FROM PROGRAM 'cat "$US_WORK/evaluate_reference.csv"' WITH (FORMAT csv)
CREATE TEMP TABLE ours AS
SELECT 'auc_a' AS metric, value, ci_low AS low, ci_high AS high FROM userseg.evaluate('a', 'telco', true) WHERE metric = 'auc'
UNION ALL SELECT 'auc_b', value, ci_low, ci_high FROM userseg.evaluate('b', 'telco', true) WHERE metric = 'auc'
UNION ALL SELECT 'accuracy', value, ci_low, ci_high FROM userseg.evaluate('a', 'telco', true) WHERE metric = 'accuracy'
UNION ALL SELECT v.* FROM userseg.compare('a', 'b', 'telco', true) c,
	LATERAL (VALUES ('delong_p', CASE WHEN test = 'DeLong' THEN p_value END, NULL::float8, NULL::float8),
		('delong_difference', CASE WHEN test = 'DeLong' THEN difference END, ci_low, ci_high),
		('mcnemar_exact', CASE WHEN test = 'McNemar exact' THEN p_value END, NULL, NULL),
		('mcnemar_chi2', CASE WHEN test = 'McNemar chi2' THEN p_value END, NULL, NULL),
		('brier', CASE WHEN metric = 'brier' THEN difference END, ci_low, ci_high),
		('brier_p', CASE WHEN metric = 'brier' THEN p_value END, NULL, NULL)) v(metric, value, low, high) WHERE v.value IS NOT NULL;
SELECT count(*) = 0 AS absent FROM reference \gset
\if :absent
SELECT '1..1';
SELECT 'ok - evaluate # SKIP R with pROC is not installed';
\else
SELECT '1..' || count(*) FROM reference;
-- p-values relative to their size
SELECT pg_temp.line(count(o.value) = 1 AND max(greatest(abs(o.value - r.value) / CASE WHEN metric ~ '_p$|^mcnemar' THEN r.value ELSE 1 END, abs(o.low - r.low), abs(o.high - r.high))) < 1e-9,
	metric || ': ' || max(greatest(abs(o.value - r.value), abs(o.low - r.low), abs(o.high - r.high))))
FROM reference r LEFT JOIN ours o USING (metric) GROUP BY metric ORDER BY metric;
\endif
