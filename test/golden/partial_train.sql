-- partial_train month by month on Online Retail, one row a customer and month, against a training on all rows: inertia of
-- all rows around the centres, and adjusted Rand index of the labels.
--
-- Bounds.  Over five seeds the ratio of the inertias is 1.0027 .. 1.0042 (k = 3), 1.0206 .. 1.0229 (k = 5) and 1.0347 .. 1.0355
-- (k = 8) for kmeans, at most 1.0048, 1.0238 and 1.0413 for mini-batches: bounds are twice the excess.  The index is 0.756 or more for
-- k = 3 and about 0.3 for the others: customers are a continuum, and partitions of nearly the same inertia differ.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
SELECT '1..11';
CREATE TABLE visit AS
SELECT row_number() OVER (ORDER BY month, customer_id) AS id, t.*
FROM (SELECT date_trunc('month', invoice_date)::date AS month, customer_id, ln(1 + count(DISTINCT invoice_no)::float8) AS orders,
             ln(1 + count(DISTINCT stock_code)::float8) AS products, ln(1 + sum(quantity)::float8) AS items, ln(1 + sum(quantity * unit_price)::float8) AS money
      FROM userseg_data.online_retail WHERE customer_id IS NOT NULL AND quantity > 0 AND unit_price > 0 GROUP BY 1, 2) t;
CREATE FUNCTION inertia(model text) RETURNS float8 LANGUAGE sql AS $$ SELECT sum((userseg.predict_detail(model, v)).distance ^ 2) FROM visit v $$;
-- L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification 2 (1985), equation 5
CREATE FUNCTION adjusted_rand(a text, b text) RETURNS float8 LANGUAGE sql AS $$
  WITH label AS MATERIALIZED (SELECT userseg.predict_id(a, v) AS x, userseg.predict_id(b, v) AS y FROM visit v),
       cell AS (SELECT x, y, count(*)::float8 AS n FROM label GROUP BY 1, 2),
       pairs AS (SELECT (SELECT sum(n * (n - 1) / 2) FROM cell) AS agreed,
                        (SELECT sum(n * (n - 1) / 2) FROM (SELECT sum(n) AS n FROM cell GROUP BY x) r) AS x,
                        (SELECT sum(n * (n - 1) / 2) FROM (SELECT sum(n) AS n FROM cell GROUP BY y) r) AS y,
                        (SELECT sum(n) * (sum(n) - 1) / 2 FROM cell) AS total)
  SELECT (agreed - x * y / total) / ((x + y) / 2 - x * y / total) FROM pairs
$$;
CREATE TEMP TABLE result (algorithm text, k int, decay float8, month_one float8, continued float8, whole float8, rand float8);
CREATE PROCEDURE follow(algorithm text, clusters int, each_month float8) LANGUAGE plpgsql AS $$
DECLARE
  m date;
BEGIN
  PERFORM userseg.train('part', algorithm, $q$SELECT * FROM visit WHERE month = '2010-12-01'$q$, id => 'id',
    features => '{orders, products, items, money}', transform => '{"*": "none"}', params => jsonb_build_object('k', clusters));
  FOR m IN SELECT DISTINCT month FROM visit WHERE month > '2010-12-01' ORDER BY 1 LOOP
    PERFORM userseg.partial_train('part', format('SELECT * FROM visit WHERE month = %L', m), decay => each_month);
  END LOOP;
  PERFORM userseg.train('whole', algorithm, 'visit', id => 'id',
    features => '{orders, products, items, money}', transform => '{"*": "none"}', params => jsonb_build_object('k', clusters));
  INSERT INTO result SELECT algorithm, clusters, each_month, inertia('part@1'), inertia('part'), inertia('whole'), adjusted_rand('part', 'whole');
  PERFORM userseg.drop_model('part'), userseg.drop_model('whole');
END $$;
CALL follow('kmeans', 3, 1); CALL follow('kmeans', 3, 0.8); CALL follow('kmeans', 5, 1); CALL follow('kmeans', 8, 0.8);
CALL follow('minibatch_kmeans', 3, 1); CALL follow('minibatch_kmeans', 5, 0.8); CALL follow('minibatch_kmeans', 8, 1);
-- one test each, so that the figures are printed
SELECT pg_temp.ok(continued / whole < CASE k WHEN 3 THEN 1.01 WHEN 5 THEN 1.048 ELSE 1.083 END AND continued < month_one AND rand > CASE k WHEN 3 THEN 0.7 ELSE 0.2 END,
  algorithm || ', k = ' || k || ', decay ' || decay || ': inertia ' || round(continued::numeric, 1) || ', of the training on all ' || round(whole::numeric, 1)
  || ' (ratio ' || round((continued / whole)::numeric, 4) || '), of the first month alone ' || round(month_one::numeric, 1) || '; adjusted Rand ' || round(rand::numeric, 3))
FROM result ORDER BY algorithm, k, decay;
SELECT pg_temp.ok(count(*) = 7, 'seven courses') FROM result;

-- a mixture: mean log-likelihood of all rows, of the model continued, of the first month alone, and of one trained on all
CREATE PROCEDURE follow_mixture() LANGUAGE plpgsql AS $$
DECLARE
  m date;
BEGIN
  PERFORM userseg.train('mixture', 'gmm', $q$SELECT * FROM visit WHERE month = '2010-12-01'$q$, id => 'id',
    features => '{orders, products, items, money}', transform => '{"*": "none"}', params => '{"k": 2, "reg_covar": 0.01}');
  FOR m IN SELECT DISTINCT month FROM visit WHERE month > '2010-12-01' ORDER BY 1 LOOP
    PERFORM userseg.partial_train('mixture', format('SELECT * FROM visit WHERE month = %L', m));
  END LOOP;
  PERFORM userseg.train('all_months', 'gmm', 'visit', id => 'id',
    features => '{orders, products, items, money}', transform => '{"*": "none"}', params => '{"k": 2, "reg_covar": 0.01}');
END $$;
CALL follow_mixture();
CREATE FUNCTION density(model text) RETURNS float8 LANGUAGE sql AS $$ SELECT avg(userseg.predict_value(model, v)) FROM visit v $$;
CREATE TEMP TABLE densities AS SELECT density('mixture@1') AS first_month, density('mixture') AS continued, density('all_months') AS whole;
SELECT pg_temp.ok(continued > first_month AND continued <= whole + 1e-3, 'mixture: mean log density ' || round(continued::numeric, 4) || ', of the training on all ' || round(whole::numeric, 4)
  || ', of the first month alone ' || round(first_month::numeric, 4)) FROM densities;
SELECT pg_temp.ok((whole - continued) / (whole - first_month) < 0.5, 'nearer to the training on all: '
  || round(((whole - continued) / (whole - first_month))::numeric, 3) || ' of the distance is left') FROM densities;

-- scikit-learn's partial_fit from the same centres and counts: one month is one batch of both.  MiniBatchKMeans 1.2.1 with
-- these centres, partial_fit on 2010-12 and then on 2011-01; printed by partial_train_reference.py
SELECT userseg.train('same', 'minibatch_kmeans', $$SELECT * FROM visit WHERE month = '2010-12-01'$$, id => 'id', features => '{orders, products, items, money}',
  transform => '{"*": "none"}', params => '{"init": [[0.7, 2, 4, 5], [0.7, 3, 5, 6], [1.5, 4, 7, 7.5]], "max_iter": 1, "batch_size": 1000, "polish": 0}') \g /dev/null
SELECT userseg.partial_train('same', $$SELECT * FROM visit WHERE month = '2011-01-01'$$, params => '{"batch_size": 1000}') \g /dev/null
SELECT pg_temp.ok(count(*) = 12 AND max(abs(c.value - r.value)) < 1e-6, 'two batches of scikit-learn''s partial_fit: centres within ' || max(abs(c.value - r.value)))
FROM userseg.centroids('same', 'encoded') c JOIN (VALUES (1, 'orders', 0.722727903907), (1, 'products', 1.989202456854), (1, 'items', 4.012714084079), (1, 'money', 4.961465364240), (2, 'orders', 0.808220610748), (2, 'products', 3.119506850863), (2, 'items', 5.304718120432), (2, 'money', 5.945990824029), (3, 'orders', 1.166524544054), (3, 'products', 3.822200309081), (3, 'items', 6.861436124019), (3, 'money', 7.397447595095)) r(segment_id, feature, value) USING (segment_id, feature);
