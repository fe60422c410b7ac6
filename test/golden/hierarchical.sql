-- Hierarchical clustering against the reference figures of scipy on five data sets, in the order of the file,
-- and against scipy itself, where it is there, on the rows in the order that userseg brings them into.
--
-- Where distances are tied, the result depends on the order of the rows, and the reference says how much
-- five permutations moved it: mall (ward, complete; some merges of average), mall_std (some merges of ward, complete,
-- average), iris (complete).  Those are left to the comparison with scipy on the same order.
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
CREATE TABLE rfm_2000 AS
SELECT * FROM (SELECT id, (a - avg(a) OVER ()) / stddev_pop(a) OVER () AS a, (b - avg(b) OVER ()) / stddev_pop(b) OVER () AS b,
                      (c - avg(c) OVER ()) / stddev_pop(c) OVER () AS c FROM rfm_raw) s
ORDER BY md5(id::text) COLLATE "C", id LIMIT 2000;
CREATE TABLE rows AS
SELECT 'mall' AS dataset, id::int, ARRAY[a, b] AS x FROM mall UNION ALL
SELECT 'mall_std', id, ARRAY[a, b] FROM mall_std UNION ALL
SELECT 'iris', id, ARRAY[a, b, c, d] FROM iris UNION ALL
SELECT 'wholesale_ln', id, ARRAY[a, b, c, d, e, f] FROM wholesale_ln UNION ALL
SELECT 'rfm_2000', id, ARRAY[a, b, c] FROM rfm_2000;
-- for cuts by height: real columns on very different scales, and a grid full of ties
CREATE TABLE diabetes AS SELECT row_no AS id, age::float8 AS a, bmi::float8 AS b, bp::float8 AS c, s1::float8 AS d, s5::float8 AS e FROM userseg_data.diabetes_raw;
CREATE TABLE grid AS SELECT g AS id, (hashint4(g) & 7)::float8 AS a, (hashint4(g + 1000) & 7)::float8 AS b, (hashint4(g + 2000) & 3)::float8 AS c FROM generate_series(1, 600) g;
CREATE TABLE more AS
SELECT 'diabetes' AS dataset, id::int, ARRAY[a, b, c, d, e] AS x FROM diabetes UNION ALL
SELECT 'grid', id, ARRAY[a, b, c] FROM grid;
SELECT '1..18';

-- the reference figures
CREATE TABLE golden AS
SELECT dataset, linkage, (SELECT array_agg(v::float8 ORDER BY o) FROM jsonb_array_elements_text(r -> 'last20_heights_ascending') WITH ORDINALITY t(v, o)) AS last20,
       (r ->> 'height_sum')::float8 AS height_sum, (r ->> 'cophenetic_correlation')::float8 AS cophenetic, r -> 'cuts' AS cuts,
       (r ->> 'max_abs_change_of_last20_under_5_permutations')::float8 < 1e-12
       AND abs((r #>> '{height_sum_range_under_permutations,1}')::float8 - (r #>> '{height_sum_range_under_permutations,0}')::float8) < 1e-9 AS untied
FROM userseg_golden.doc, jsonb_each(body -> 'datasets') d(dataset, b), jsonb_each(b -> 'methods') m(linkage, r)
WHERE name = 'hclust';
CREATE TABLE golden_label (dataset text, linkage text, k int, id int, label int);
DO $$
DECLARE d text;
BEGIN
  FOREACH d IN ARRAY '{mall,mall_std,iris,wholesale_ln,rfm_2000}'::text[] LOOP
    EXECUTE format('INSERT INTO golden_label SELECT %L, split_part(key, ''_k'', 1), split_part(key, ''_k'', 2)::int, (j ->> ''id'')::int, value::int
                    FROM (SELECT to_jsonb(t) AS j FROM userseg_golden.%I t) r, jsonb_each_text(j) WHERE key <> ''id''', d, 'hclust_labels_' || d);
  END LOOP;
END $$;

-- ours: every linkage and metric, cut at k = 2..6
CREATE TABLE ours AS
SELECT dataset, m.metric, linkage, t.model, t.details
FROM unnest('{mall,mall_std,iris,wholesale_ln,rfm_2000}'::text[]) dataset, unnest('{euclidean,cosine,manhattan}'::text[]) m(metric),
     unnest('{ward,complete,average,single,weighted,centroid,median}'::text[]) linkage,
     LATERAL userseg.train(dataset || '_' || m.metric || '_' || linkage, 'hierarchical', dataset, id => 'id', transform => '{"*": "none"}',
       params => jsonb_build_object('metric', m.metric, 'linkage', linkage, 'k', 2)) t
WHERE m.metric = 'euclidean' OR linkage NOT IN ('ward', 'centroid', 'median');
SELECT c.version FROM ours, generate_series(3, 6) k, userseg.cut(ours.model || '@1', k) c \g /dev/null
CREATE TABLE ours_height AS
SELECT dataset, metric, linkage, array_agg(d.height ORDER BY step) AS height, array_agg(ARRAY[d.a, d.b] ORDER BY step) AS pair,
       array_agg(d.inconsistency ORDER BY step) AS inconsistency
FROM ours, userseg.dendrogram(model) d GROUP BY 1, 2, 3;
CREATE TABLE ours_label (dataset text, metric text, linkage text, k int, id int, label int);
DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT * FROM ours, generate_series(2, 6) k LOOP
    EXECUTE format('INSERT INTO ours_label SELECT %L, %L, %L, %s, id, userseg.predict_id(%L, t) FROM %I t', r.dataset, r.metric, r.linkage, r.k, r.model || '@' || r.k - 1, r.dataset);
  END LOOP;
END $$;

ANALYZE golden, golden_label, ours, ours_height, ours_label;

-- how far two arrays differ, relative to the second
CREATE FUNCTION pg_temp.differ(a float8[], b float8[]) RETURNS float8 LANGUAGE sql AS $$
  SELECT coalesce(max(CASE WHEN x IS NULL OR y IS NULL THEN 'infinity' WHEN y = 0 THEN abs(x) ELSE abs(x - y) / abs(y) END), 0) FROM unnest(a, b) t(x, y)
$$;
-- same partition up to numbering: as many pairs of labels as labels on each side
CREATE VIEW against_golden AS
SELECT dataset, linkage, k, count(DISTINCT (g.label, o.label)) = count(DISTINCT g.label) AND count(DISTINCT g.label) = count(DISTINCT o.label) AS same
FROM golden_label g JOIN ours_label o USING (dataset, linkage, k, id) WHERE metric = 'euclidean' GROUP BY 1, 2, 3;

SELECT pg_temp.ok(count(*) = 13 AND max(e) < 1e-9, 'last 20 heights where no tie moves them, 13 trees: within ' || max(e))
FROM (SELECT pg_temp.differ(height[cardinality(height) - 19 :], last20) AS e FROM golden JOIN ours_height USING (dataset, linkage) WHERE metric = 'euclidean' AND untied) s;
SELECT pg_temp.ok(count(*) = 13 AND max(e) < 1e-9, 'sum of heights, the same: within ' || max(e))
FROM (SELECT abs((SELECT sum(h) FROM unnest(height) h) / height_sum - 1) AS e FROM golden JOIN ours_height USING (dataset, linkage) WHERE metric = 'euclidean' AND untied) s;
SELECT pg_temp.ok(count(*) = 13 AND max(e) < 1e-9, 'cophenetic correlation, the same: within ' || max(e))
FROM (SELECT abs((details ->> 'cophenetic_correlation')::float8 - cophenetic) AS e FROM golden JOIN ours USING (dataset, linkage) WHERE metric = 'euclidean' AND untied) s;
-- cuts that all permutations of the reference agree on
SELECT pg_temp.ok(count(*) = 93 AND bool_and(same), 'labels at k = 2..6 of all cuts that no permutation changes: ' || count(*) FILTER (WHERE same) || ' of ' || count(*))
FROM golden JOIN against_golden USING (dataset, linkage) WHERE (cuts #>> ARRAY[k::text, 'permuted_input_runs_with_same_labels_of_5'])::int = 5;
SELECT pg_temp.ok(count(*) = 93 AND max(e) < 1e-9, 'their silhouettes: within ' || max(e))
FROM (SELECT abs(v.metric_value - (cuts #>> ARRAY[k::text, 'silhouette'])::float8) AS e
      FROM golden, generate_series(2, 6) k, userseg.model_versions v
      WHERE v.model = dataset || '_euclidean_' || linkage AND v.version = k - 1 AND (cuts #>> ARRAY[k::text, 'permuted_input_runs_with_same_labels_of_5'])::int = 5) s;
SELECT pg_temp.ok(bool_and((SELECT sum(h) FROM unnest(height) h) BETWEEN 0.98 * height_sum AND 1.02 * height_sum), 'tied trees: heights add up to nearly the same')
FROM golden JOIN ours_height USING (dataset, linkage) WHERE metric = 'euclidean' AND NOT untied;

-- scipy beside it
CREATE TABLE scipy_cut (dataset text, metric text, linkage text, height float8, label int[]);
CREATE TABLE scipy (dataset text, metric text, linkage text, height float8[], pair int[], leaf int[], inconsistency float8[], cophenetic float8, label jsonb);
SELECT current_database() AS db \gset
\setenv PGDATABASE :db
\! "${USERSEG_PYTHON:-/usr/bin/python3}" "$US_TOP/test/golden/hierarchical_reference.py"
SELECT count(*) > 0 AS scipy FROM scipy \gset
\if :scipy
  CREATE TABLE place AS SELECT dataset, id, row_number() OVER (PARTITION BY dataset ORDER BY x)::int AS leaf FROM rows;
  CREATE TABLE scipy_label AS
  SELECT s.dataset, s.metric, s.linkage, k, p.id, (label -> (k - 2) ->> (p.leaf - 1))::int AS label
  FROM scipy s, generate_series(2, 6) k, place p WHERE p.dataset = s.dataset;
  ANALYZE scipy, place, scipy_label;
  CREATE TABLE together AS
  SELECT dataset, metric, linkage, pg_temp.differ(o.height, s.height) AS height, o.pair = (SELECT array_agg(ARRAY[s.pair[2 * i - 1], s.pair[2 * i]] ORDER BY i) FROM generate_series(1, cardinality(s.pair) / 2) i) AS pairs,
         o.height AS h
  FROM ours_height o JOIN scipy s USING (dataset, metric, linkage);
  SELECT pg_temp.ok(count(*) = 10 AND max(height) < 1e-9, 'ward and average, all data sets, ties too: heights within ' || max(height))
  FROM together WHERE metric = 'euclidean' AND linkage IN ('ward', 'average');
  SELECT pg_temp.ok(count(*) = 10 AND max(height) < 1e-9, 'complete and single: within ' || max(height))
  FROM together WHERE metric = 'euclidean' AND linkage IN ('complete', 'single');
  SELECT pg_temp.ok(count(*) = 5 AND max(height) < 1e-9, 'weighted: within ' || max(height))
  FROM together WHERE metric = 'euclidean' AND linkage = 'weighted';
  SELECT pg_temp.ok(count(*) = 4 AND max(height) < 1e-9, 'centroid and median, where nothing is tied: within ' || max(height))
  FROM together WHERE metric = 'euclidean' AND linkage IN ('centroid', 'median') AND dataset IN ('wholesale_ln', 'rfm_2000');
  SELECT pg_temp.ok(count(*) = 40 AND max(e) < 1e-12, 'cosine and Manhattan: within ' || max(e))
  FROM (SELECT (SELECT max(abs(x - y)) FROM unnest(o.height, s.height) u(x, y)) AS e FROM ours_height o JOIN scipy s USING (dataset, metric, linkage) WHERE metric <> 'euclidean') s;
  SELECT pg_temp.ok(bool_and(pairs), 'the same clusters are merged in the same steps: ' || count(*) FILTER (WHERE pairs) || ' of ' || count(*))
  FROM together WHERE metric = 'euclidean' AND linkage IN ('ward', 'complete', 'average', 'weighted');
  SELECT pg_temp.ok(bool_and(o.leaf = s.leaf), 'leaves in the same order')
  FROM (SELECT dataset, linkage, array_agg(l.leaf ORDER BY place) AS leaf FROM ours, userseg.dendrogram_leaves(model) l WHERE metric = 'euclidean' GROUP BY 1, 2) o
  JOIN scipy s USING (dataset, linkage) JOIN together t USING (dataset, linkage) WHERE s.metric = 'euclidean' AND t.metric = 'euclidean' AND t.pairs;
  SELECT pg_temp.ok(count(*) > 20 AND max(e) < 1e-9, 'cophenetic correlation: within ' || max(e))
  FROM (SELECT abs((details ->> 'cophenetic_correlation')::float8 - s.cophenetic) AS e FROM ours JOIN scipy s USING (dataset, metric, linkage) JOIN together t USING (dataset, metric, linkage) WHERE t.height < 1e-9 AND metric = 'euclidean') s;
  SELECT pg_temp.ok(count(*) = 20 AND max(e) < 1e-9, 'inconsistency: within ' || max(e))
  FROM (SELECT (SELECT max(abs(x - y)) FROM unnest(o.inconsistency, s.inconsistency) u(x, y)) AS e
        FROM ours_height o JOIN scipy s USING (dataset, metric, linkage) JOIN together t USING (dataset, metric, linkage) WHERE metric = 'euclidean' AND linkage IN ('ward', 'complete', 'average', 'weighted')) s;
  SELECT pg_temp.ok(count(*) > 100 AND bool_and(same), 'labels at k = 2..6, all cuts without equal heights at them: ' || count(*) FILTER (WHERE same) || ' of ' || count(*))
  FROM (SELECT dataset, metric, linkage, k, count(DISTINCT (g.label, o.label)) = count(DISTINCT g.label) AND count(DISTINCT g.label) = count(DISTINCT o.label) AS same
        FROM scipy_label g JOIN ours_label o USING (dataset, metric, linkage, k, id) JOIN together t USING (dataset, metric, linkage)
        WHERE metric = 'euclidean' AND t.height < 1e-9 AND linkage NOT IN ('centroid', 'median') AND h[cardinality(h) - k + 1] < h[cardinality(h) - k + 2] - 1e-9 GROUP BY 1, 2, 3, 4) s;
  CREATE TABLE our_cut (dataset text, metric text, linkage text, height float8, n_segments int, id int, label int);
  DO $$
  DECLARE r record; model text; n int;
  BEGIN
    FOR r IN SELECT DISTINCT dataset, metric, linkage FROM scipy_cut LOOP
      PERFORM userseg.train('more_' || r.dataset || '_' || r.metric || '_' || r.linkage, 'hierarchical', r.dataset, id => 'id', transform => '{"*": "none"}',
        params => jsonb_build_object('metric', r.metric, 'linkage', r.linkage, 'k', 2, 'max_cut', 1000));
    END LOOP;
    FOR r IN SELECT * FROM scipy_cut LOOP
      model := 'more_' || r.dataset || '_' || r.metric || '_' || r.linkage;
      SELECT n_segments INTO n FROM userseg.cut(model || '@1', height => r.height);
      EXECUTE format('INSERT INTO our_cut SELECT %L, %L, %L, %s, %s, id, userseg.predict_id(%L, t) FROM %I t', r.dataset, r.metric, r.linkage, r.height, n, model, r.dataset);
    END LOOP;
  END $$;
  CREATE TABLE cut_pair AS
  SELECT o.*, s.label[p.place] AS other
  FROM our_cut o JOIN (SELECT dataset, id, row_number() OVER (PARTITION BY dataset ORDER BY x)::int AS place FROM more) p USING (dataset, id)
  JOIN scipy_cut s ON (s.dataset, s.metric, s.linkage) = (o.dataset, o.metric, o.linkage) AND s.height = o.height;
  SELECT pg_temp.ok(count(*) >= 100 AND bool_and(n = others), 'cut by height: as many segments as clusters of fcluster in ' || count(*) || ' cuts, up to ' || max(n))
  FROM (SELECT max(n_segments) AS n, count(DISTINCT other) AS others FROM cut_pair GROUP BY dataset, metric, linkage, height) s;
  SELECT pg_temp.ok(count(*) >= 100 AND bool_and(same), 'the same rows in each: ' || count(*) FILTER (WHERE same) || ' of ' || count(*))
  FROM (SELECT count(DISTINCT (label, other)) = count(DISTINCT label) AND count(DISTINCT label) = count(DISTINCT other) AS same FROM cut_pair GROUP BY dataset, metric, linkage, height) s;
\else
  SELECT 'ok - # SKIP scipy is absent' FROM generate_series(7, 18);
\endif
