-- Calibrated probabilities of three classes against scikit-learn and scipy, run beside on the same rows: isotonic regression and
-- Platt scaling of each class made to add up to 1, and the temperature of least log loss.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.line(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
CREATE TEMP TABLE shoppers AS SELECT * FROM userseg_data.online_shoppers;
SELECT 1 FROM userseg.train('visitor', 'logistic', 'shoppers', target => 'visitor_type', id => 'row_no', features => '{page_values,exit_rates,product_related,special_day,month,weekend}', params => '{"refit": false}') \g /dev/null
SELECT 1 FROM unnest('{isotonic,platt,temperature}'::text[]) m, LATERAL userseg.recalibrate('visitor@1', 'shoppers', m, all_rows => true) \g /dev/null
\copy (SELECT row_no, visitor_type AS label, (p->>'New_Visitor')::float8 AS p0, (p->>'Other')::float8 AS p1, (p->>'Returning_Visitor')::float8 AS p2 FROM (SELECT s.*, userseg.predict_proba('visitor@1', s) AS p FROM shoppers s) t ORDER BY row_no) TO PROGRAM '/usr/bin/python3 "$US_TOP/test/golden/recalibrate_reference.py" > "$US_WORK/recalibrate_reference.csv"' WITH (FORMAT csv, HEADER)
CREATE TEMP TABLE reference (method text, row_no int, p0 float8, p1 float8, p2 float8);
\copy reference FROM PROGRAM 'cat "$US_WORK/recalibrate_reference.csv"' WITH (FORMAT csv)
SELECT count(*) = 0 AS absent FROM reference \gset
\if :absent
SELECT '1..1';
SELECT 'ok - recalibrate # SKIP scikit-learn is not installed';
\else
SELECT '1..3';
SELECT pg_temp.line(count(*) = (SELECT count(*) FROM shoppers) AND max(worst) < 1e-6, format('%s of %s rows: largest difference %s', method, count(*), max(worst)))
FROM (SELECT method, greatest(abs((p->>'New_Visitor')::float8 - p0), abs((p->>'Other')::float8 - p1), abs((p->>'Returning_Visitor')::float8 - p2)) AS worst
	FROM (SELECT r.*, userseg.predict_proba('visitor@' || CASE method WHEN 'isotonic' THEN 2 WHEN 'platt' THEN 3 ELSE 4 END, s) AS p
		FROM reference r JOIN shoppers s USING (row_no)) t) u GROUP BY method ORDER BY method;
\endif
