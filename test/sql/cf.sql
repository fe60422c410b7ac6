-- Clustering features.
SET extra_float_digits = 0;

-- against plain SQL: count, weight, mean, sum of squares, radius, diameter
CREATE TABLE cf_rows AS
SELECT i, i % 5 AS part, ARRAY[(i % 7) * 10 + sin(i), cos(i * i % 100), (i * 37 % 101) / 7.0] AS x, 1 + i % 4 AS w FROM generate_series(1, 400) i;
CREATE FUNCTION pg_temp.close(a float8, b float8) RETURNS boolean RETURN abs(a - b) <= 1e-12 * greatest(1, abs(b));
WITH plain AS (
  SELECT count(*) AS n, sum(w) AS weight, ARRAY[sum(x[1] * w), sum(x[2] * w), sum(x[3] * w)] AS s FROM cf_rows
), mean AS (
  SELECT n, weight, ARRAY[s[1] / weight, s[2] / weight, s[3] / weight] AS m FROM plain
), ss AS (
  SELECT n, weight, m, sum(w * userseg.distance(x, m, 'sqeuclidean')) AS sse FROM cf_rows, mean GROUP BY n, weight, m
), pairs AS (
  SELECT sum(a.w * b.w * userseg.distance(a.x, b.x, 'sqeuclidean')) AS d FROM cf_rows a, cf_rows b
)
SELECT userseg.cf_dim(f) AS dim, userseg.cf_count(f) = n AS count, userseg.cf_weight(f) = weight AS weight,
       userseg.distance(userseg.cf_centroid(f), m) < 1e-12 AS mean, pg_temp.close(userseg.cf_sse(f), sse) AS sse,
       pg_temp.close(userseg.cf_radius(f), sqrt(sse / weight)) AS radius, pg_temp.close(userseg.cf_diameter(f), sqrt(d / (weight * (weight - 1)))) AS diameter
FROM ss, pairs, (SELECT userseg.cf_agg(x, w) AS f FROM cf_rows) f;
SELECT userseg.cf_step(x)::text = userseg.cf_agg(x, 1)::text AS step, userseg.cf_weight(userseg.cf_step(x)) AS weight FROM cf_rows;

-- distances of two clusters, against their definitions over pairs of rows
WITH f AS (
  SELECT a, b, userseg.cf_merge(a, b) AS m FROM (SELECT userseg.cf_agg(x, w) FILTER (WHERE part = 1) AS a, userseg.cf_agg(x, w) FILTER (WHERE part = 3) AS b FROM cf_rows) t
), pairs AS (
  SELECT sum(a.w * b.w * userseg.distance(a.x, b.x, 'sqeuclidean')) / sum(a.w * b.w) AS d FROM cf_rows a, cf_rows b WHERE a.part = 1 AND b.part = 3
)
SELECT pg_temp.close(userseg.cf_distance(a, b), userseg.cf_sse(m) - userseg.cf_sse(a) - userseg.cf_sse(b)) AS ward,
       userseg.cf_distance(a, b, 'centroid') = userseg.distance(userseg.cf_centroid(a), userseg.cf_centroid(b)) AS centroid,
       userseg.cf_distance(a, b, 'manhattan') = userseg.distance(userseg.cf_centroid(a), userseg.cf_centroid(b), 'manhattan') AS manhattan,
       pg_temp.close(userseg.cf_distance(a, b, 'average'), sqrt(d)) AS average,
       pg_temp.close(userseg.cf_distance(a, b, 'diameter'), userseg.cf_diameter(m)) AS diameter,
       userseg.cf_distance(a, b) = userseg.cf_distance(b, a, distance => 'ward') AS symmetric, userseg.cf_distance(a, a) AS itself
FROM f, pairs;

-- nothing cancels: the same rows far from zero, where float8 variance fails
SELECT userseg.cf_sse(userseg.cf_step(ARRAY[1e9 + v])) AS exact, userseg.cf_sse(userseg.cf_agg(ARRAY[4503599627370496.0 + v], 3)) AS weighted,
       userseg.cf_radius(userseg.cf_step(ARRAY[1e15 + v, -1e15 - v])) AS radius FROM unnest('{0,1,2,3}'::float8[]) v;
SELECT userseg.cf_sse(userseg.cf_agg(ARRAY[0.1, 1e100], 0.3)) AS equal_rows, userseg.cf_radius(userseg.cf_agg(ARRAY[0.1, 1e100], 0.3)) AS radius FROM generate_series(1, 1000);
SELECT userseg.cf_sse(userseg.cf_step(ARRAY[v])) AS wide FROM unnest('{1e150,-1e150}'::float8[]) v;
SELECT userseg.cf_sse(userseg.cf_step(ARRAY[v])) AS small FROM unnest('{1e-140,-1e-140}'::float8[]) v;

-- any order and any grouping: the same value, byte for byte
CREATE VIEW cf_odd AS SELECT i, part, ARRAY[x[1] / 3, x[2] * 1e-5, x[3] * 1e7] AS x, w / 3.0::float8 AS w FROM cf_rows;
CREATE TABLE cf_parts AS SELECT part, userseg.cf_agg(x, w) AS f FROM cf_odd GROUP BY part;
SELECT count(*), count(DISTINCT f::text) AS texts, count(DISTINCT userseg._cf_send(f)) AS sends FROM (
  SELECT userseg.cf_agg(x, w ORDER BY i) AS f FROM cf_odd
  UNION ALL SELECT userseg.cf_agg(x, w ORDER BY hashint4extended(i, 1)) FROM cf_odd
  UNION ALL SELECT userseg.cf_agg(x, w ORDER BY -i) FROM cf_odd
  UNION ALL SELECT userseg.rollup(f) FROM cf_parts
  UNION ALL SELECT userseg.rollup(f ORDER BY part DESC) FROM cf_parts
  UNION ALL SELECT userseg.cf_merge(a.f, b.f) FROM (SELECT userseg.rollup(f) AS f FROM cf_parts WHERE part < 2) a, (SELECT userseg.rollup(f::text::userseg.cf) AS f FROM cf_parts WHERE part >= 2) b
  UNION ALL SELECT userseg.merge(b.f, a.f) FROM (SELECT userseg.rollup(f) AS f FROM cf_parts WHERE part < 2) a, (SELECT userseg.rollup(f) AS f FROM cf_parts WHERE part >= 2) b) t;
SELECT userseg.cf_merge(f, NULL)::text = f::text AND userseg.cf_merge(NULL, f)::text = f::text AS with_null, userseg.cf_merge(NULL, NULL) IS NULL AS none FROM cf_parts WHERE part = 0;
SELECT round(userseg.cf_radius(userseg.cf_agg(x, w) OVER (ORDER BY i ROWS BETWEEN 2 PRECEDING AND CURRENT ROW))::numeric, 6) AS moving FROM cf_rows ORDER BY i LIMIT 4;
CREATE TABLE cf_copy (LIKE cf_parts);
\set copy_file `echo "${TMPDIR:-/tmp}/userseg_cf_$$.bin"`
\o :copy_file
COPY cf_parts TO STDOUT (FORMAT binary);
\o
\set copy_in '\\copy cf_copy FROM ' :'copy_file' ' (FORMAT binary)'
:copy_in
\setenv COPY_FILE :copy_file
\! rm -f "$COPY_FILE"
SELECT count(*), bool_and(a.f::text = b.f::text) AS binary_round_trip FROM cf_parts a JOIN cf_copy b USING (part);

-- parallel = serial, with workers launched
CREATE TABLE cf_many AS SELECT ARRAY[i % 1001 / 7.0, sqrt(i)] AS x, i % 3 AS w FROM generate_series(1, 40000) i;
ANALYZE cf_many;
SET max_parallel_workers_per_gather = 0;
SELECT md5(userseg.cf_agg(x, w)::text) AS serial FROM cf_many \gset
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT md5(userseg.cf_agg(x, w)::text) = :'serial' AS parallel FROM cf_many;
CREATE FUNCTION cf_launched(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT json, COSTS off, TIMING off) ' || query INTO plan;
  RETURN plan::text LIKE '%"Workers Launched": 2%';
END $$;
SELECT cf_launched('SELECT userseg.cf_agg(x, w) FROM cf_many') AS launched;
RESET ALL;
SET extra_float_digits = 0;

-- rows that do not count; one row; many columns
SELECT userseg.cf_count(userseg.cf_agg(x, w)) AS rows, userseg.cf_centroid(userseg.cf_agg(x, w)) AS mean, userseg.cf_count(userseg.cf_step(x)) AS steps
FROM (VALUES ('{1}'::float8[], NULL::float8), (NULL, 1), ('{3}', 0), ('{7}', 2), (NULL, NULL)) v(x, w);
SELECT userseg.cf_agg(x, w) IS NULL AS agg, userseg.cf_step(NULL) IS NULL AS step, userseg.rollup(NULL::userseg.cf) IS NULL AS rollup FROM (VALUES (NULL::float8[], 1.0), ('{1}', 0)) v(x, w);
SELECT userseg.cf_agg(x, w) IS NULL AS no_rows FROM cf_rows WHERE false;
SELECT userseg.cf_sse(f) AS sse, userseg.cf_radius(f) AS radius, userseg.cf_diameter(f) IS NULL AS diameter, userseg.cf_distance(f, f, 'diameter') AS both FROM (SELECT userseg.cf_step('{4,6}') AS f) t;
SELECT userseg.cf_diameter(f) IS NULL AS light, userseg.cf_distance(f, f, 'diameter') IS NULL AS both FROM (SELECT userseg.cf_agg('{4}', 0.5) AS f) t;
SELECT userseg.cf_dim(f), userseg.cf_sse(f) FROM (SELECT userseg.cf_step(array_fill(i::float8, '{3000}')) AS f FROM generate_series(1, 3) i) t;
SELECT pg_column_size(userseg.cf_agg(x, w)) AS bytes FROM cf_rows;

-- errors
SELECT userseg.cf_step('{}');
SELECT userseg.cf_step('{1,NaN}');
SELECT userseg.cf_step('{1,NULL}');
SELECT userseg.cf_step('{{1}}');
SELECT userseg.cf_agg('{1}', -1);
SELECT userseg.cf_agg('{1}', 'NaN');
SELECT userseg.cf_step('{1e160}');
SELECT userseg.cf_agg('{1e100}', 1e200);
SELECT userseg.cf_step(x) FROM (VALUES ('{1}'::float8[]), ('{1,2}')) v(x);
SELECT userseg.cf_merge(userseg.cf_step('{1}'), userseg.cf_step('{1,2}'));
SELECT userseg.cf_distance(userseg.cf_step('{1}'), userseg.cf_step('{1,2}'));
SELECT userseg.cf_distance(userseg.cf_step('{1}'), userseg.cf_step('{1}'), 'median');
SELECT userseg.cf_sse(userseg.cf_agg(ARRAY[v], 1e10)) FROM unnest('{1e149,-1e149,1e149}'::float8[]) v, generate_series(1, 10);
SELECT '05'::userseg.cf;
SELECT userseg.kmeans_agg('{{1}}', '{2}', 1)::text::userseg.cf;
SELECT userseg.cf_step('{2}')::text::userseg.kmeans_state;
-- its sum of squares, 4, changed to 1
SELECT overlay(userseg.cf_step('{2}')::text PLACING '00000400' FROM length(userseg.cf_step('{2}')::text) - 7)::userseg.cf;
SELECT '0105000001000000010000000000000000000000000000000000000000000000000000'::userseg.cf;
