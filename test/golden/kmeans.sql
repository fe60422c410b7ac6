-- k-means against scikit-learn on five data sets, k = 2..10: the search reaches the best known of
-- 300 runs whatever the seed; at the reference's own centres, sizes and validity indices are the same.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
CREATE TABLE mall AS
SELECT customer_id AS id, annual_income_k::float8 AS a, spending_score::float8 AS b FROM userseg_data.mall_customers;
CREATE TABLE mall_std AS
SELECT id, (a - avg(a) OVER ()) / stddev_pop(a) OVER () AS a, (b - avg(b) OVER ()) / stddev_pop(b) OVER () AS b FROM mall;
CREATE TABLE iris AS
SELECT row_no AS id, sepal_length AS a, sepal_width AS b, petal_length AS c, petal_width AS d FROM userseg_data.iris;
CREATE TABLE wholesale_ln AS
SELECT row_no AS id, ln(fresh::float8) AS a, ln(milk::float8) AS b, ln(grocery::float8) AS c, ln(frozen::float8) AS d,
       ln(detergents_paper::float8) AS e, ln(delicassen::float8) AS f
FROM userseg_data.wholesale_customers;
CREATE TABLE rfm_raw AS
SELECT customer_id AS id, ln(1 + recency_days::float8) AS a, ln(1 + frequency::float8) AS b, ln(1 + monetary::float8) AS c
FROM userseg_golden.rfm_dropped;
CREATE TABLE rfm AS
SELECT id, (a - avg(a) OVER ()) / stddev_pop(a) OVER () AS a, (b - avg(b) OVER ()) / stddev_pop(b) OVER () AS b,
       (c - avg(c) OVER ()) / stddev_pop(c) OVER () AS c
FROM rfm_raw;
CREATE TEMP TABLE golden AS
SELECT dataset, k::int, (r ->> 'inertia')::float8 AS inertia, (r ->> 'best_known_inertia_300')::float8 AS best_known,
       (r ->> 'silhouette')::float8 AS silhouette, (r ->> 'davies_bouldin')::float8 AS davies_bouldin,
       (r ->> 'calinski_harabasz')::float8 AS calinski_harabasz, r -> 'centers_by_label' AS centers, r -> 'sizes_by_label' AS sizes
FROM userseg_golden.doc, jsonb_each(body -> 'datasets') d(dataset, b), jsonb_each(b -> 'k') kk(k, r)
WHERE name = 'kmeans';
SELECT '1..9';

-- from the reference's centres
CREATE TEMP TABLE there AS
SELECT g.*, t.metric_value, t.details
FROM golden g, LATERAL userseg.train(dataset, 'kmeans', dataset, id => 'id', transform => '{"*": "none"}',
  params => jsonb_build_object('init', centers, 'tolerance', 0)) t;
SELECT pg_temp.ok(count(*) = 45 AND max(abs(metric_value / inertia - 1)) < 1e-6,
  'inertia at the reference''s centres, within ' || max(abs(metric_value / inertia - 1))) FROM there;
SELECT pg_temp.ok(count(*) = 45 AND bool_and(details -> 'sizes' = sizes), 'sizes') FROM there;
SELECT pg_temp.ok(count(*) = 45 AND bool_and((details #>> '{sample,silhouette_exact}')::boolean)
  AND max(abs((details #>> '{criteria,silhouette}')::float8 / silhouette - 1)) < 1e-6,
  'silhouette within ' || max(abs((details #>> '{criteria,silhouette}')::float8 / silhouette - 1))) FROM there;
SELECT pg_temp.ok(max(abs((details #>> '{criteria,davies_bouldin}')::float8 / davies_bouldin - 1)) < 1e-6,
  'Davies-Bouldin within ' || max(abs((details #>> '{criteria,davies_bouldin}')::float8 / davies_bouldin - 1))) FROM there;
SELECT pg_temp.ok(max(abs((details #>> '{criteria,calinski_harabasz}')::float8 / calinski_harabasz - 1)) < 1e-6,
  'Calinski-Harabasz within ' || max(abs((details #>> '{criteria,calinski_harabasz}')::float8 / calinski_harabasz - 1))) FROM there;

-- every k with default parameters, several seeds
CREATE TEMP TABLE found AS
SELECT dataset, k, seed, best_known, t.metric_value, t.converged
FROM golden, generate_series(1, 5) seed, LATERAL userseg.train(dataset, 'kmeans', dataset, id => 'id',
  transform => '{"*": "none"}', params => jsonb_build_object('k', k), seed => seed) t;
SELECT pg_temp.ok(count(*) = 225 AND bool_and(converged) AND max(metric_value / best_known) < 1.001,
  'best known inertia of 300 runs, k given, five seeds: at most ' || max(metric_value / best_known)) FROM found;
SELECT pg_temp.ok(count(*) = 1, 'partitions, not luck: least and largest inertia of the seeds differ by ' || max(spread))
FROM (SELECT max(hi / lo - 1) AS spread FROM (SELECT max(metric_value) AS hi, min(metric_value) AS lo FROM found GROUP BY dataset, k) s) s
WHERE spread < 0.001;

-- the whole range in one training
CREATE TEMP TABLE range AS
SELECT dataset, seed, t.details
FROM (SELECT DISTINCT dataset FROM golden) d, generate_series(1, 3) seed,
     LATERAL userseg.train(dataset, 'kmeans', dataset, id => 'id', transform => '{"*": "none"}', seed => seed) t;
SELECT pg_temp.ok(count(*) = 135 AND max((c ->> 'inertia')::float8 / best_known) < 1.001,
  'best known inertia of 300 runs, k = "auto", three seeds: at most ' || max((c ->> 'inertia')::float8 / best_known))
FROM range, jsonb_array_elements(details -> 'candidates') c JOIN golden ON k = (c ->> 'k')::int WHERE golden.dataset = range.dataset;
SELECT pg_temp.ok(count(*) = 15 AND bool_and((details ->> 'k')::int = best),
  'the number of clusters is the one with the largest silhouette of the reference')
FROM range JOIN (SELECT DISTINCT ON (dataset) dataset, k AS best FROM golden ORDER BY dataset, silhouette DESC) g USING (dataset);
