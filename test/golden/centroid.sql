-- Clustering aggregates against scikit-learn's best k-means solutions, k = 2..10 on three
-- data sets: at its centres, sizes, labels and inertia are the same, and Lloyd's algorithm has
-- nothing left to do.
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
CREATE TEMP TABLE x AS
SELECT 'iris' AS dataset, row_no AS id, ARRAY[sepal_length, sepal_width, petal_length, petal_width] AS x FROM userseg_data.iris
UNION ALL
SELECT 'mall', customer_id, ARRAY[annual_income_k, spending_score] FROM userseg_data.mall_customers
UNION ALL
SELECT 'rfm', customer_id, ARRAY[(r - avg(r) OVER ()) / stddev_pop(r) OVER (), (f - avg(f) OVER ()) / stddev_pop(f) OVER (),
                                 (m - avg(m) OVER ()) / stddev_pop(m) OVER ()]
FROM (SELECT customer_id, ln(1 + recency_days::float8) AS r, ln(1 + frequency::float8) AS f, ln(1 + monetary::float8) AS m
      FROM userseg_golden.rfm_dropped) t;
CREATE TEMP TABLE label AS
SELECT dataset, id, substr(k, 2)::int AS k, label::int
FROM (SELECT 'iris' AS dataset, id, to_jsonb(t) - 'id' AS j FROM userseg_golden.kmeans_labels_iris t
      UNION ALL SELECT 'mall', id, to_jsonb(t) - 'id' FROM userseg_golden.kmeans_labels_mall t
      UNION ALL SELECT 'rfm', id, to_jsonb(t) - 'id' FROM userseg_golden.kmeans_labels_rfm t) l, jsonb_each_text(j) e(k, label);
CREATE TEMP TABLE best AS
SELECT dataset, k::int, (r ->> 'inertia')::float8 AS inertia,
       ARRAY(SELECT jsonb_array_elements_text(r -> 'sizes_by_label')::bigint) AS sizes,
       userseg.centroid_set((SELECT array_agg(ARRAY(SELECT jsonb_array_elements_text(c)::float8) ORDER BY at)
                             FROM jsonb_array_elements(r -> 'centers_by_label') WITH ORDINALITY t(c, at))) AS c
FROM userseg_golden.doc, jsonb_each(body -> 'datasets') d(dataset, b), jsonb_each(b -> 'k') kk(k, r)
WHERE name = 'kmeans' AND dataset IN ('iris', 'mall', 'rfm');
SELECT '1..5';

CREATE TEMP TABLE ours AS
SELECT dataset, k, userseg.kmeans_agg(c, x, 1) AS s, userseg.inertia_agg(c, x) AS inertia_agg,
       bool_and(userseg.nearest(c, x) = label) AS labels,
       sum(userseg.distance(x, userseg.centroid(c, label), 'sqeuclidean')) AS plain
FROM x JOIN best USING (dataset) JOIN label USING (dataset, id, k) GROUP BY dataset, k;
SELECT pg_temp.ok(count(*) = 27 AND bool_and(labels), 'label of every row, ' || count(*) || ' partitions') FROM ours;
SELECT pg_temp.ok(count(*) = 27 AND bool_and(userseg.sizes(s) = sizes), 'sizes') FROM ours JOIN best USING (dataset, k);
SELECT pg_temp.ok(count(*) = 27 AND max(abs(userseg.inertia(s) / inertia - 1)) < 1e-10 AND max(abs(inertia_agg / inertia - 1)) < 1e-10,
  'inertia within ' || max(abs(userseg.inertia(s) / inertia - 1)))
FROM ours JOIN best USING (dataset, k);
SELECT pg_temp.ok(count(*) = 27 AND max(userseg.centroid_shift(userseg.next_centroids(s), c)) < 1e-10,
  'centres stay within ' || max(userseg.centroid_shift(userseg.next_centroids(s), c)))
FROM ours JOIN best USING (dataset, k);
-- the mean of all rows, and the total sum of squares around it
SELECT pg_temp.ok(count(*) = 3 AND bool_and(abs(t / total_ss - 1) < 1e-10), 'total sum of squares')
FROM (SELECT dataset, userseg.centroid_agg(x, 1) AS c FROM x GROUP BY dataset) m,
     LATERAL (SELECT userseg.inertia_agg(m.c, x) AS t FROM x WHERE x.dataset = m.dataset) s,
     LATERAL (SELECT (body #>> ARRAY['datasets', dataset, 'total_ss'])::float8 AS total_ss FROM userseg_golden.doc WHERE name = 'kmeans') g;
