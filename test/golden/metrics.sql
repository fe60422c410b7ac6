-- Metric aggregates against scikit-learn and scipy, run beside on the same rows of public data: scores with
-- many ties and without, probabilities, three classes, with weights and without.
CREATE FUNCTION pg_temp.line(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
CREATE TEMP TABLE cases AS
SELECT 'telco_churn' AS tab, round((100 - tenure + monthly_charges)::numeric, 0)::float8 AS score,
	1 / (1 + exp((tenure - monthly_charges / 4.0) / 20.0))::float8 AS probability, churn = 'Yes' AS label,
	(tenure * monthly_charges)::float8 AS predicted, coalesce(total_charges, 0)::float8 + 1 AS actual,
	CASE WHEN tenure > 40 THEN 'Two year' WHEN tenure > 20 THEN 'One year' ELSE 'Month-to-month' END AS class_predicted,
	contract AS class_actual, (1 + row_no % 7) / 4.0::float8 AS weight
FROM userseg_data.telco_churn
UNION ALL
SELECT 'online_shoppers', page_values - bounce_rates, least(1, page_values / 50.0), revenue,
	exit_rates + 1e6, bounce_rates + 1e6, CASE WHEN product_related > 30 THEN 'Returning_Visitor' ELSE 'New_Visitor' END,
	visitor_type, (1 + row_no % 3) / 3.0
FROM userseg_data.online_shoppers;

-- by way of a file: psql's \copy runs programs here, with its own environment
\copy (SELECT tab, score, probability, label::int AS label, predicted, actual, class_predicted, class_actual, weight FROM cases) TO PROGRAM '/usr/bin/python3 "$US_TOP/test/golden/metrics_reference.py" > "$US_WORK/metrics_reference.csv"' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE reference (tab text, weighted boolean, metric text, value float8);
\copy reference FROM PROGRAM 'cat "$US_WORK/metrics_reference.csv"' WITH (FORMAT csv)

CREATE TEMP TABLE ours AS
WITH plain AS (
	SELECT tab, false AS weighted, userseg.ranking_agg(score, label) AS ranking,
		userseg.auc_agg(score, label) AS auc, userseg.gini_agg(score, label) AS gini, userseg.ks_agg(score, label) AS ks,
		userseg.average_precision_agg(score, label) AS average_precision,
		userseg.log_loss_agg(probability, label) AS log_loss, userseg.brier_agg(probability, label) AS brier,
		userseg.rmse_agg(predicted, actual) AS rmse, userseg.mae_agg(predicted, actual) AS mae,
		userseg.mape_agg(predicted, actual) AS mape, userseg.r2_agg(predicted, actual) AS r2,
		userseg.pinball_agg(predicted, actual, 0.8) AS pinball,
		userseg.f1_agg(probability >= 0.5, label) AS f1, userseg.mcc_agg(probability >= 0.5, label) AS mcc,
		userseg.confusion_agg(class_predicted, class_actual) AS confusion,
		userseg.calibration_agg(probability, label) AS calibration
	FROM cases GROUP BY tab
	UNION ALL
	SELECT tab, true, userseg.ranking_agg(score, label, weight),
		userseg.auc_agg(score, label, weight), userseg.gini_agg(score, label, weight), userseg.ks_agg(score, label, weight),
		userseg.average_precision_agg(score, label, weight),
		userseg.log_loss_agg(probability, label, weight), userseg.brier_agg(probability, label, weight),
		userseg.rmse_agg(predicted, actual, weight), userseg.mae_agg(predicted, actual, weight),
		userseg.mape_agg(predicted, actual, weight), userseg.r2_agg(predicted, actual, weight),
		userseg.pinball_agg(predicted, actual, 0.8, weight),
		userseg.f1_agg(probability >= 0.5, label, weight), userseg.mcc_agg(probability >= 0.5, label, weight),
		userseg.confusion_agg(class_predicted, class_actual, weight),
		userseg.calibration_agg(probability, label, weight)
	FROM cases GROUP BY tab
)
SELECT tab, weighted, metric, value FROM plain, LATERAL (VALUES
	('auc', auc), ('auc', userseg.auc(ranking)), ('gini', gini), ('ks', ks), ('ks_scipy', ks), ('ks', userseg.ks(ranking)), ('average_precision', average_precision),
	('log_loss', log_loss), ('brier', brier), ('rmse', rmse), ('mae', mae), ('mape', mape), ('r2', r2), ('pinball', pinball), ('f1', f1), ('mcc', mcc),
	('accuracy', (confusion->>'accuracy')::float8), ('balanced_accuracy', (confusion->>'balanced_accuracy')::float8),
	('kappa', (confusion->>'kappa')::float8), ('mcc_classes', (confusion->>'mcc')::float8),
	('f1_macro', (confusion->>'f1_macro')::float8), ('f1_weighted', (confusion->>'f1_weighted')::float8),
	('precision_macro', (confusion->>'precision_macro')::float8), ('precision_weighted', (confusion->>'precision_weighted')::float8),
	('recall_macro', (confusion->>'recall_macro')::float8), ('recall_weighted', (confusion->>'recall_weighted')::float8),
	('ece', (calibration->>'ece')::float8), ('brier', (calibration->>'brier')::float8)) v(metric, value);

SELECT count(*) = 0 AS absent FROM reference \gset
\if :absent
SELECT '1..1';
SELECT 'ok - metrics # SKIP scikit-learn is not installed';
\else
SELECT '1..' || count(*) FROM reference;
-- the worst of the ways to the figure
SELECT pg_temp.line(max(abs(o.value - r.value)) <= 1e-12 * greatest(1, max(abs(r.value))),
	format('%s%s %s: %s', tab, CASE WHEN weighted THEN ', weighted' END, metric, max(abs(o.value - r.value))))
FROM reference r LEFT JOIN ours o USING (tab, weighted, metric) GROUP BY tab, weighted, metric ORDER BY 1;
\endif
