-- Isolation forests against scikit-learn's on public data: figures by isolation_forest_reference.py, each with its standard
-- deviation over ten forests.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
SELECT '1..12';
CREATE TABLE bank AS SELECT row_no AS id, age, balance, day, duration, campaign, pdays, previous, y::text IN ('yes', 'true') AS y FROM userseg_data.bank_marketing;
CREATE TABLE shoppers AS SELECT row_no AS id, administrative, administrative_duration, informational, informational_duration, product_related, product_related_duration, bounce_rates, exit_rates, page_values,
  special_day, revenue AS y FROM userseg_data.online_shoppers;
CREATE TABLE wholesale AS SELECT row_no AS id, fresh, milk, grocery, frozen, detergents_paper, delicassen, channel = 2 AS y FROM userseg_data.wholesale_customers;
CREATE TEMP TABLE reference (dataset text, mean float8, mean_sd float8, median float8, median_sd float8, high float8, high_sd float8, auc float8, auc_sd float8);
INSERT INTO reference VALUES
	('bank', 0.4194, 0.0048, 0.3967, 0.0059, 0.6055, 0.0038, 0.7346, 0.0047),
	('shoppers', 0.4001, 0.0036, 0.3786, 0.0045, 0.6149, 0.0078, 0.6522, 0.0149),
	('wholesale', 0.4068, 0.0047, 0.3844, 0.0052, 0.6967, 0.0083, 0.7697, 0.0206);
CREATE FUNCTION pg_temp.figures(dataset text) RETURNS TABLE (mean float8, median float8, high float8, auc float8) LANGUAGE plpgsql AS $$
BEGIN
  FOR s IN 1 .. 10 LOOP
    PERFORM userseg.train('golden', 'isolation_forest', dataset, id => 'id', seed => s,
      features => (SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = dataset::regclass AND attnum > 0 AND attname NOT IN ('id', 'y')));
    RETURN QUERY EXECUTE format('SELECT avg(v), percentile_cont(0.5) WITHIN GROUP (ORDER BY v), percentile_cont(0.99) WITHIN GROUP (ORDER BY v), userseg.auc_agg(v, y)
      FROM (SELECT userseg.predict_value(''golden'', t) AS v, y FROM %I t) q', dataset);
  END LOOP;
END $$;
-- means of ten forests each: their difference has the standard deviation of both over the root of ten
WITH ours AS MATERIALIZED (SELECT r.dataset, avg(f.mean) AS mean, avg(f.median) AS median, avg(f.high) AS high, avg(f.auc) AS auc,
    stddev(f.mean) AS mean_sd, stddev(f.median) AS median_sd, stddev(f.high) AS high_sd, stddev(f.auc) AS auc_sd
  FROM reference r, LATERAL pg_temp.figures(r.dataset) f GROUP BY r.dataset)
SELECT pg_temp.ok(abs(v.ours - v.theirs) < 4 * sqrt((v.our_sd ^ 2 + v.their_sd ^ 2) / 10) + 0.0005,
  format('%s: %s of the scores is %s, the reference %s', o.dataset, v.what, round(v.ours::numeric, 4), round(v.theirs::numeric, 4)))
FROM ours o JOIN reference r USING (dataset),
  LATERAL (VALUES ('mean', o.mean, r.mean, o.mean_sd, r.mean_sd), ('median', o.median, r.median, o.median_sd, r.median_sd), ('99th percentile', o.high, r.high, o.high_sd, r.high_sd),
    ('area under the curve', o.auc, r.auc, o.auc_sd, r.auc_sd)) v(what, ours, theirs, our_sd, their_sd);
