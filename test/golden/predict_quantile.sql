-- Quantiles of forests against quantile regression forests in numpy on scikit-learn's trees, on the rows whose number is divisible by
-- five: figures by predict_quantile_reference.py, mean pinball losses of three quantiles with their standard deviations over ten forests.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
SELECT '1..6';
CREATE VIEW diabetes_raw AS SELECT d.*, target::float8 AS y FROM userseg_data.diabetes_raw d;
CREATE VIEW wholesale AS SELECT row_no, channel, region, milk, grocery, frozen, detergents_paper, delicassen, fresh::float8 AS y FROM userseg_data.wholesale_customers;
CREATE TEMP TABLE reference (source text, low float8, low_sd float8, middle float8, middle_sd float8, high float8, high_sd float8);
INSERT INTO reference VALUES
	('diabetes_raw', 8.5883, 0.0401, 23.4591, 0.1782, 9.8776, 0.0620),
	('wholesale', 1159.1455, 6.6056, 4201.6926, 24.0522, 3048.6708, 38.5510);
CREATE FUNCTION pg_temp.losses(source text) RETURNS TABLE (quantile float8, loss float8) LANGUAGE plpgsql AS $$
BEGIN
  FOR s IN 1 .. 10 LOOP
    PERFORM userseg.train('golden', 'random_forest', format('SELECT * FROM %I WHERE row_no %% 5 <> 0', source), target => 'y', holdout => 0, seed => s,
      params => '{"n_trees": 200, "min_leaf": 5, "leaf_samples": 4}',
      features => (SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = source::regclass AND attnum > 0 AND attname NOT IN ('y', 'row_no', 'target')));
    RETURN QUERY EXECUTE format('SELECT q, avg(greatest(q * d, (q - 1) * d)) FROM (SELECT q, y - userseg.predict_quantile(''golden'', t, q) AS d
      FROM %I t, unnest(''{0.1,0.5,0.9}''::float8[]) q WHERE row_no %% 5 = 0) r GROUP BY q', source);
  END LOOP;
END $$;
-- not worse by more than a fiftieth of the loss and the noise of both means
WITH ours AS MATERIALIZED (SELECT r.source, l.quantile, avg(l.loss) AS loss, stddev(l.loss) AS sd FROM reference r, LATERAL pg_temp.losses(r.source) l GROUP BY 1, 2)
SELECT pg_temp.ok(o.loss < v.loss * 1.02 + 3 * sqrt((o.sd ^ 2 + v.sd ^ 2) / 10),
  format('%s: pinball loss of quantile %s is %s, the reference %s', o.source, o.quantile, round(o.loss::numeric, 3), round(v.loss::numeric, 3)))
FROM ours o JOIN reference r USING (source) JOIN LATERAL (VALUES (0.1, r.low, r.low_sd), (0.5, r.middle, r.middle_sd), (0.9, r.high, r.high_sd)) v(quantile, loss, sd) ON v.quantile = o.quantile ORDER BY o.source, o.quantile;
