-- Numbers of clusters and silhouettes: indices against scikit-learn at the reference's labels, the gap
-- statistic against R's cluster::clusGap run beside it, recommendations.
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
       (r ->> 'calinski_harabasz')::float8 AS calinski_harabasz, r -> 'sizes_desc' AS sizes
FROM userseg_golden.doc, jsonb_each(body -> 'datasets') d(dataset, b), jsonb_each(b -> 'k') kk(k, r)
WHERE name = 'kmeans';
SELECT '1..17';

-- the fixed matrix, three labelings: scikit-learn's indices, every row's silhouette, other metrics
CREATE TABLE matrix AS
SELECT i::int AS id, (x ->> 0)::float8 AS x, (x ->> 1)::float8 AS y, (body #>> ARRAY['validity', 'a', 'labels', (i - 1)::text])::int AS a,
       (body #>> ARRAY['validity', 'b', 'labels', (i - 1)::text])::int AS b, (body #>> ARRAY['validity', 'singleton', 'labels', (i - 1)::text])::int AS singleton
FROM userseg_golden.doc, jsonb_array_elements(body #> '{validity,matrix}') WITH ORDINALITY m(x, i) WHERE name = 'misc';
CREATE TEMP TABLE validity AS
SELECT labeling, v.body -> labeling AS v FROM (SELECT body -> 'validity' AS body FROM userseg_golden.doc WHERE name = 'misc') v,
  unnest('{a,b,singleton}'::text[]) labeling;
CREATE TEMP TABLE fixed AS
SELECT labeling, v, s.silhouette, s.details, m.silhouette AS manhattan, c.silhouette AS cosine
FROM validity, LATERAL userseg.silhouette('matrix', labeling, '{x, y}', id => 'id', transform => '{"*": "none"}') s,
     LATERAL userseg.silhouette('matrix', labeling, '{x, y}', id => 'id', transform => '{"*": "none"}', metric => 'manhattan') m,
     LATERAL userseg.silhouette('matrix', labeling, '{x, y}', id => 'id', transform => '{"*": "none"}', metric => 'cosine') c;
SELECT pg_temp.ok(count(*) = 3 AND max(abs(silhouette - (v ->> 'silhouette')::float8)) < 1e-12, 'silhouettes of the fixed matrix') FROM fixed;
SELECT pg_temp.ok(max(abs(manhattan - (v ->> 'silhouette_manhattan')::float8)) < 1e-12, 'by Manhattan distance') FROM fixed;
SELECT pg_temp.ok(max(abs(cosine - (v ->> 'silhouette_cosine')::float8)) < 1e-12, 'by cosine distance, within ' || max(abs(cosine - (v ->> 'silhouette_cosine')::float8))) FROM fixed;
SELECT pg_temp.ok(max(abs((details ->> 'davies_bouldin')::float8 - (v ->> 'davies_bouldin')::float8)) < 1e-6
  AND max(abs((details ->> 'calinski_harabasz')::float8 / (v ->> 'calinski_harabasz')::float8 - 1)) < 1e-6
  AND max(abs((details ->> 'inertia')::float8 - (v ->> 'inertia')::float8)) < 1e-6, 'Davies-Bouldin, Calinski-Harabasz, inertia') FROM fixed;
SELECT pg_temp.ok(count(*) = 36 AND max(abs(s.silhouette - (v -> 'silhouette_samples' ->> (s.id::int - 1))::float8)) < 1e-12, 'the silhouette of every row')
FROM validity, LATERAL userseg.silhouette('matrix', labeling, '{x, y}', id => 'id', transform => '{"*": "none"}', each_row => true) s;
SELECT pg_temp.ok(abs(userseg.adjusted_rand_agg(a, b) - min((v.body ->> 'ari')::float8)) < 1e-12
  AND abs(userseg.normalized_mutual_info_agg(a, b) - min((v.body ->> 'nmi_arithmetic')::float8)) < 1e-12, 'adjusted Rand index and mutual information of two labelings')
FROM matrix, (SELECT body -> 'validity' AS body FROM userseg_golden.doc WHERE name = 'misc') v;

-- the reference's k-means labels on five data sets, k = 2 .. 10
CREATE TEMP TABLE labelled AS
SELECT g.*, s.silhouette AS found, s.details
FROM golden g, LATERAL userseg.silhouette(format('SELECT t.*, l.k%s AS label FROM %I t JOIN userseg_golden.%I l USING (id)', k, dataset, 'kmeans_labels_' || dataset),
  'label', id => 'id', transform => '{"*": "none"}') s;
SELECT pg_temp.ok(count(*) = 45 AND bool_and((details ->> 'exact')::boolean) AND max(abs(found - silhouette)) < 1e-12,
  'silhouettes at the reference''s labels within ' || max(abs(found - silhouette))) FROM labelled;
SELECT pg_temp.ok(max(abs((details ->> 'davies_bouldin')::float8 - davies_bouldin)) < 1e-6,
  'Davies-Bouldin within ' || max(abs((details ->> 'davies_bouldin')::float8 - davies_bouldin))) FROM labelled;
SELECT pg_temp.ok(max(abs((details ->> 'calinski_harabasz')::float8 / calinski_harabasz - 1)) < 1e-6,
  'Calinski-Harabasz within ' || max(abs((details ->> 'calinski_harabasz')::float8 / calinski_harabasz - 1))) FROM labelled;

-- select_k finds partitions as good as the best known, with the reference's figures where they are the same
CREATE TEMP TABLE found AS
SELECT s.*, dataset FROM (SELECT DISTINCT dataset FROM golden) d,
  LATERAL userseg.select_k('kmeans', dataset, id => 'id', transform => '{"*": "none"}') s;
SELECT pg_temp.ok(count(*) = 45 AND max(f.inertia / best_known) < 1.001, 'inertia at most ' || max(f.inertia / best_known) || ' times the best known')
FROM found f JOIN golden USING (dataset, k);
SELECT pg_temp.ok(count(*) >= 20 AND max(abs(f.silhouette - g.silhouette)) < 1e-6 AND max(abs(f.davies_bouldin - g.davies_bouldin)) < 1e-6
  AND max(abs(f.calinski_harabasz / g.calinski_harabasz - 1)) < 1e-6, 'indices of the ' || count(*) || ' partitions that are the reference''s')
FROM found f JOIN golden g USING (dataset, k) WHERE abs(f.inertia / g.inertia - 1) < 2e-7 AND f.details -> 'sizes' = sizes;

-- recommendations, whatever the seed
SELECT pg_temp.ok(string_agg(dataset || ' ' || k, ', ' ORDER BY dataset) = 'iris 2, mall 5, mall_std 5, rfm 2, wholesale_ln 2' AND min(length(reason)) > 60,
  string_agg(dataset || ' ' || k, ', ' ORDER BY dataset)) FROM found WHERE recommended;
SELECT pg_temp.ok(count(*) = 16 AND count(*) FILTER (WHERE dataset = 'mall' AND k = 5) = 8 AND count(*) FILTER (WHERE dataset = 'iris' AND k IN (2, 3)) = 8,
  'k = 5 on mall and 2 or 3 on iris under eight seeds')
FROM unnest('{mall,iris}'::text[]) dataset, generate_series(1, 8) seed,
     LATERAL userseg.select_k('kmeans', dataset, id => 'id', transform => '{"*": "none"}', seed => seed, bootstraps => 10) s WHERE recommended;
-- round groups of any number from none to eight, seeds apart: the true number
CREATE FUNCTION pg_temp.normal(key bigint, seed bigint) RETURNS float8 LANGUAGE sql AS $$
  SELECT sqrt(-2 * ln(((hashint8extended(key, seed) & 1048575) + 0.5) / 1048576.0)) * cos(2 * pi() * (hashint8extended(key, -seed) & 1048575) / 1048576.0) $$;
CREATE TABLE blobs AS
SELECT n, g AS id, cos(2 * pi() * (g % n) / n) * 4 * n / 3 + pg_temp.normal(g, n) AS x, sin(2 * pi() * (g % n) / n) * 4 * n / 3 + pg_temp.normal(g, n + 100) AS y,
       pg_temp.normal(g, n + 200) AS z
FROM generate_series(1, 8) n, generate_series(1, 400) g;
SELECT pg_temp.ok(count(*) = 8 AND bool_and(n = k), 'normal groups: ' || string_agg(n || ' → ' || k, ', ' ORDER BY n))
FROM generate_series(1, 8) n, LATERAL userseg.select_k('kmeans', format('SELECT id, x, y, z FROM blobs WHERE n = %s', n), id => 'id', transform => '{"*": "none"}', bootstraps => 10) s
WHERE recommended;
-- no groups: even noise is taken for structure in one of twenty sources at most
SELECT pg_temp.ok(count(*) = 20 AND count(*) FILTER (WHERE k > 1) <= 3, 'uniform noise: structure in ' || count(*) FILTER (WHERE k > 1) || ' of 20 sources')
FROM generate_series(1, 20) n, LATERAL userseg.select_k('kmeans', format('SELECT g AS id, (hashint8extended(g, %s) & 1048575) / 1048576.0 AS x, (hashint8extended(g, -%1$s) & 1048575) / 1048576.0 AS y FROM generate_series(1, 300) g', n),
  id => 'id', transform => '{"*": "none"}', k_max => 6, bootstraps => 0, seed => n) s WHERE recommended;

-- the gap statistic of R, on its own random reference sets
\set has_r `Rscript -e 'library(cluster)' >/dev/null 2>&1 && echo true || echo false`
\if :has_r
\set out `mktemp`
\setenv OUT :out
CREATE TEMP TABLE peer (k int, logw float8, elogw float8, gap float8, se float8);
CREATE TEMP TABLE gaps (dataset text, k int, logw float8, gap float8, se float8);
\copy (SELECT a, b FROM mall ORDER BY id) TO PROGRAM 'Rscript -e "library(cluster); set.seed(1); x <- as.matrix(read.csv(file(\"stdin\"), header=FALSE, sep=\"\t\")); f <- function(x, k) list(cluster=kmeans(x, k, nstart=20, iter.max=100)\$cluster); g <- clusGap(x, FUN=f, K.max=7, B=50, d.power=2, spaceH0=\"scaledPCA\", verbose=FALSE); write.table(g\$Tab, col.names=FALSE, sep=\"\t\", quote=FALSE)" >$OUT'
\copy peer FROM PROGRAM 'cat $OUT'
INSERT INTO gaps SELECT 'mall', k, logw, gap, se FROM peer;
TRUNCATE peer;
\copy (SELECT a, b, c, d FROM iris ORDER BY id) TO PROGRAM 'Rscript -e "library(cluster); set.seed(1); x <- as.matrix(read.csv(file(\"stdin\"), header=FALSE, sep=\"\t\")); f <- function(x, k) list(cluster=kmeans(x, k, nstart=20, iter.max=100)\$cluster); g <- clusGap(x, FUN=f, K.max=7, B=50, d.power=2, spaceH0=\"scaledPCA\", verbose=FALSE); write.table(g\$Tab, col.names=FALSE, sep=\"\t\", quote=FALSE)" >$OUT'
\copy peer FROM PROGRAM 'cat $OUT; rm $OUT'
INSERT INTO gaps SELECT 'iris', k, logw, gap, se FROM peer;
-- two means of 50 logarithms each, of standard deviation se / sqrt(1 + 1/50): within five standard errors of their difference
SELECT pg_temp.ok(count(*) = 14 AND bool_and(abs(f.gap - g.gap) < 5 * sqrt((f.gap_se ^ 2 + g.se ^ 2) / 1.02 / 50)),
  'gap of R''s clusGap: differs by at most ' || round(max(abs(f.gap - g.gap))::numeric, 4) || ', ' || round(max(abs(f.gap - g.gap) / sqrt((f.gap_se ^ 2 + g.se ^ 2) / 1.02 / 50))::numeric, 1) || ' standard errors')
FROM gaps g JOIN found f USING (dataset, k);
-- standard errors of 50 sets: a standard deviation known to 10 %
SELECT pg_temp.ok(bool_and(f.gap_se / g.se BETWEEN 0.5 AND 2), 'and its standard error, ratios ' || round(min(f.gap_se / g.se)::numeric, 2) || ' to ' || round(max(f.gap_se / g.se)::numeric, 2))
FROM gaps g JOIN found f USING (dataset, k);
\else
SELECT 'ok - gap statistic # SKIP no R package cluster' UNION ALL SELECT 'ok - its standard error # SKIP no R package cluster';
\endif
