-- Aggregates of the clustering core.
SET extra_float_digits = 0;

CREATE TABLE centroid_rows AS
SELECT i, ARRAY[(i % 7) * 10 + sin(i), cos(i * i % 100), (i * 37 % 101) / 7.0] AS x, 1 + i % 4 AS w
FROM generate_series(1, 2000) i;
CREATE TABLE centroid_start AS
SELECT userseg.centroid_set('{{5,0,10},{25,0,2},{25,0,12},{60,0,7}}') AS c;

-- Against plain SQL: sizes, weights, means, inertia
CREATE FUNCTION pg_temp.close(a float8, b float8) RETURNS boolean
RETURN abs(a - b) <= 1e-12 * greatest(1, abs(b));
WITH assigned AS (
  SELECT userseg.nearest(c, x) AS label, x, w, userseg.distance(x, userseg.centroid(c, userseg.nearest(c, x)), 'sqeuclidean') AS d
  FROM centroid_rows, centroid_start
), plain AS (
  SELECT label, count(*) AS n, sum(w) AS weight, sum(x[1] * w) / sum(w) AS m1, sum(x[2] * w) / sum(w) AS m2, sum(x[3] * w) / sum(w) AS m3
  FROM assigned GROUP BY label
), ours AS (
  SELECT userseg.kmeans_agg(c, x, w) AS s, userseg.kmeans_step(userseg.kmeans_point(c, x, w)) AS p, c FROM centroid_rows, centroid_start GROUP BY c
)
SELECT label, n = (userseg.sizes(s))[label] AS size, weight = (userseg.weights(s))[label] AS weight,
       pg_temp.close((userseg.centroid(userseg.next_centroids(s), label))[1], m1) AND
       pg_temp.close((userseg.centroid(userseg.next_centroids(s), label))[2], m2) AND
       pg_temp.close((userseg.centroid(userseg.next_centroids(s), label))[3], m3) AS mean,
       userseg.centroid(userseg.next_centroids(s), label) = userseg.centroid(userseg.next_centroids(p), label) AS steps_alike,
       (userseg.centroid_weights(userseg.next_centroids(s)))[label] = weight AS weight_of_centroid
FROM plain, ours ORDER BY label;
SELECT pg_temp.close(userseg.inertia(userseg.kmeans_agg(c, x, w)), sum(w * d)) AS inertia,
       pg_temp.close(userseg.inertia(userseg.kmeans_agg(c, x, 1)), sum(d)) AS unweighted,
       pg_temp.close(userseg.inertia_agg(c, x), sum(d)) AS inertia_agg,
       pg_temp.close(userseg.silhouette_agg(c, x), avg((b - a) / greatest(a, b))) AS silhouette_agg
FROM centroid_rows, centroid_start,
     LATERAL (SELECT min(d) AS a, (array_agg(d ORDER BY d))[2] AS b
              FROM generate_series(1, 4) label, userseg.distance(x, userseg.centroid(c, label)) d) two,
     LATERAL (SELECT a * a AS d) square
GROUP BY c;
SELECT count(*) AS columns, bool_and(pg_temp.close(m, a)) AS means, max(weight) AS weight
FROM (SELECT userseg.centroid_agg(x, w) AS c, ARRAY[sum(x[1] * w), sum(x[2] * w), sum(x[3] * w)] AS sums, sum(w) AS sw FROM centroid_rows) t,
     LATERAL unnest(userseg.centroid(c, 1), sums) u(m, s), LATERAL (SELECT s / sw AS a, (userseg.centroid_weights(c))[1] AS weight) v;

-- The mean is exact where a float8 sum is not
SELECT userseg.centroid(userseg.centroid_agg(ARRAY[v], 1), 1) AS exact, avg(v) = 0.25 AS float8_avg_is
FROM unnest('{1e16,1,-1e16,0}'::float8[]) v;
SELECT userseg.centroid(userseg.centroid_agg(ARRAY[v], 1), 1) AS large FROM unnest('{1.7e308,1.7e308,1.6e308,1.6e308}'::float8[]) v;
SELECT userseg.centroid(userseg.centroid_agg(ARRAY[v, -v], 1), 1) AS wide FROM unnest('{1e300,1e-300,-1e300,5e-324}'::float8[]) v;

-- Any order and any grouping: the same state, byte for byte
-- (columns of very different size, weights that are no binary fractions)
CREATE VIEW centroid_odd AS
SELECT i, ARRAY[x[1] / 3, x[2] * 1e-5, x[3] * 1e7] AS x, w / 3.0::float8 AS w,
       userseg.centroid_set('{{0,0,1e7},{0,0,6e7},{18,0,6e7},{0,0,1.2e8}}') AS c FROM centroid_rows;
CREATE TABLE centroid_state AS
SELECT userseg.kmeans_agg(c, x, w ORDER BY i) AS s, userseg.kmeans_step(userseg.kmeans_point(c, x, w) ORDER BY i) AS p
FROM centroid_odd;
SELECT userseg.sizes(s) FROM centroid_state;
SELECT DISTINCT s::text = (SELECT s::text FROM centroid_state) AS same
FROM generate_series(1, 8) seed,
     LATERAL (SELECT userseg.kmeans_agg(c, x, w ORDER BY hashint4extended(i, seed)) AS s FROM centroid_odd) t;
CREATE TABLE centroid_parts AS
SELECT i % 13 AS part, userseg.kmeans_agg(c, x, w) AS s, userseg.kmeans_step(userseg.kmeans_point(c, x, w)) AS p
FROM centroid_odd GROUP BY 1;
SELECT userseg.rollup(s)::text = (SELECT s::text FROM centroid_state) AS rollup,
       userseg.rollup(s ORDER BY part DESC)::text = (SELECT s::text FROM centroid_state) AS backwards,
       userseg.rollup(p)::text = (SELECT p::text FROM centroid_state) AS steps,
       (SELECT userseg.rollup(half) FROM (SELECT userseg.rollup(s) AS half FROM centroid_parts GROUP BY part % 2) h)::text
         = (SELECT s::text FROM centroid_state) AS rollup_of_rollups
FROM centroid_parts;
SELECT userseg.merge(userseg.merge(a.s, b.s), c.s)::text = userseg.merge(c.s, userseg.merge(b.s, a.s))::text AS merge,
       userseg.merge(a.s, NULL)::text = a.s::text AND userseg.merge(NULL, a.s)::text = a.s::text AND userseg.merge(NULL::userseg.kmeans_state, NULL) IS NULL AS with_null,
       userseg.merge(a.p, b.s)::text = userseg.merge(b.s, a.p)::text AS takes_the_set
FROM centroid_parts a, centroid_parts b, centroid_parts c WHERE a.part = 0 AND b.part = 1 AND c.part = 2;
-- stored bytes are equal too, whatever way they came about
CREATE TABLE centroid_ways AS
SELECT userseg.rollup(s) AS s FROM centroid_state UNION ALL SELECT userseg.rollup(s ORDER BY part) FROM centroid_parts
UNION ALL SELECT userseg.rollup(s ORDER BY -part) FROM centroid_parts
UNION ALL SELECT s::text::userseg.kmeans_state FROM centroid_state;
SELECT count(*), count(DISTINCT userseg._kmeans_state_send(s)) AS sends, count(DISTINCT pg_column_size(s)) AS sizes FROM centroid_ways;

-- Text and binary round trip
SELECT bool_and(s::text::userseg.kmeans_state::text = s::text AND p::text::userseg.kmeans_state::text = p::text) AS text_round_trip FROM centroid_parts;
CREATE TEMP TABLE parts2 (LIKE centroid_parts);
ALTER TABLE parts2 ADD point userseg.kmeans_point;
CREATE TEMP TABLE parts3 (LIKE parts2);
INSERT INTO parts2 SELECT part, s, p, userseg.kmeans_point(c, ARRAY[part,0.1,-2e100], 0.3) FROM centroid_parts, centroid_start;
INSERT INTO parts2 VALUES (-1);
SELECT bool_and(point::text::userseg.kmeans_point::text = point::text) AS text_round_trip FROM parts2;
\set copy_file `echo "${TMPDIR:-/tmp}/userseg_centroid_agg_$$.bin"`
\o :copy_file
COPY parts2 TO STDOUT (FORMAT binary);
\o
\set copy_in '\\copy parts3 FROM ' :'copy_file' ' (FORMAT binary)'
:copy_in
\setenv COPY_FILE :copy_file
\! rm -f "$COPY_FILE"
SELECT count(*), count(b.s), bool_and(a.s::text = b.s::text AND a.p::text = b.p::text AND a.point::text = b.point::text) AS binary_round_trip
FROM parts2 a JOIN parts3 b USING (part);

-- Rows that do not count: NULL, weight 0
SELECT userseg.sizes(userseg.kmeans_agg(c, x, w)) AS agg, userseg.sizes(userseg.kmeans_step(userseg.kmeans_point(c, x, w))) AS step,
       userseg.centroid_array(userseg.centroid_agg(x, w)) AS mean,
       userseg.inertia_agg(c, x) AS inertia, userseg.silhouette_agg(c, x) AS silhouette
FROM (VALUES ('{1}'::float8[], NULL::float8), (NULL, 1), ('{3}', 0), ('{7}', 2), (NULL, NULL)) v(x, w),
     userseg.centroid_set('{{0},{10}}') c;
SELECT userseg.kmeans_agg(c, x, w) IS NULL AS agg, userseg.kmeans_step(userseg.kmeans_point(c, x, w)) IS NULL AS step,
       userseg.centroid_agg(x, w) IS NULL AS mean, userseg.inertia_agg(c, x) IS NULL AS inertia,
       userseg.silhouette_agg(c, x) IS NULL AS silhouette, userseg.rollup(s) IS NULL AS rollup
FROM (VALUES (NULL::float8[], 1::float8, NULL::userseg.kmeans_state), (NULL, NULL, NULL)) v(x, w, s), userseg.centroid_set('{{0},{10}}') c;
SELECT userseg.kmeans_agg(c, x, w) IS NULL AS agg, userseg.kmeans_step(userseg.kmeans_point(c, x, w)) IS NULL AS step,
       userseg.centroid_agg(x, w) IS NULL AS mean, userseg.inertia_agg(c, x) IS NULL AS inertia, userseg.silhouette_agg(c, x) IS NULL AS silhouette
FROM centroid_rows, centroid_start WHERE false;
SELECT userseg.kmeans_agg(NULL, x, w) IS NULL AS no_set, userseg.inertia_agg(NULL, x) IS NULL AS no_inertia FROM centroid_rows;

-- One row, one cluster, one column, many columns
SELECT userseg.sizes(s), userseg.centroid_array(userseg.next_centroids(s)), userseg.inertia(s)
FROM (SELECT userseg.kmeans_agg('{{1,2}}', '{4,6}', 2.5) AS s) t;
SELECT userseg.silhouette_agg('{{1,2}}', '{4,6}') IS NULL AS one_cluster, userseg.silhouette_agg('{{1},{1}}', '{1}') AS on_both;
SELECT userseg.centroid_dim(n), userseg.centroid(n, 1) = array_fill(2::float8, '{1000}') AS mean, userseg.inertia(s)
FROM (SELECT userseg.kmeans_agg(userseg.centroid_set(array_fill(0::float8, '{1,1000}')), array_fill(i::float8, '{1000}'), 1) AS s FROM generate_series(1, 3) i) t,
     userseg.next_centroids(s) n;

-- Clusters without rows keep their centroid
SELECT userseg.sizes(s), userseg.weights(s), userseg.centroid_array(userseg.next_centroids(s)) AS next, userseg.centroid_weights(userseg.next_centroids(s))
FROM (SELECT userseg.kmeans_agg('{{0},{100},{10}}', ARRAY[v], 1) AS s FROM unnest('{1,2,8}'::float8[]) v) t;
SELECT userseg.centroid_array(userseg.next_centroids(s, '{{0},{100},{10}}')) AS next
FROM (SELECT userseg.kmeans_step(userseg.kmeans_point('{{0},{100},{10}}', ARRAY[v], 1)) AS s FROM unnest('{1,2,8}'::float8[]) v) t;
SELECT userseg.next_centroids(s)
FROM (SELECT userseg.kmeans_step(userseg.kmeans_point('{{0},{100},{10}}', ARRAY[v], 1)) AS s FROM unnest('{1,2,8}'::float8[]) v) t;
SELECT userseg.next_centroids(s, '{{0},{100},{11}}')
FROM (SELECT userseg.kmeans_step(userseg.kmeans_point('{{0},{100},{10}}', ARRAY[v], 1)) AS s FROM unnest('{1,2,8}'::float8[]) v) t;
SELECT userseg.next_centroids(NULL) IS NULL AS no_state;

-- Cosine: means of directions
SELECT userseg.sizes(s), userseg.centroid_array(userseg.next_centroids(s)) AS next, userseg.inertia(s)
FROM (SELECT userseg.kmeans_agg(userseg.centroid_set('{{1,0},{0,1}}', 'cosine'), x, 1) AS s
      FROM (VALUES ('{3,4}'::float8[]), ('{30,40}'), ('{8,6}'), ('{-1,0}'), ('{0,0}')) v(x)) t;
-- directions that cancel: the centroid stays
SELECT userseg.centroid_array(userseg.next_centroids(s)) AS next
FROM (SELECT userseg.kmeans_agg(userseg.centroid_set('{{1,0}}', 'cosine'), x, 1) AS s FROM (VALUES ('{0,2}'::float8[]), ('{0,-3}')) v(x)) t;

-- As a window aggregate: every frame equals the aggregate of its rows
SELECT count(*), bool_and(w::text = (SELECT userseg.kmeans_agg(c, x, r.w)::text FROM centroid_rows r, centroid_start WHERE r.i BETWEEN t.i - 3 AND t.i + 1)) AS moving_frame,
       bool_and(p::text = (SELECT userseg.kmeans_step(userseg.kmeans_point(c, x))::text FROM centroid_rows r, centroid_start WHERE r.i <= t.i)) AS growing_frame
FROM (SELECT i, userseg.kmeans_agg(c, x, w) OVER (ORDER BY i ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING) AS w,
             userseg.kmeans_step(userseg.kmeans_point(c, x)) OVER (ORDER BY i) AS p
      FROM centroid_rows, centroid_start WHERE i <= 40) t WHERE i < 40;

-- A transition function called by itself works on a copy
SELECT userseg.sizes(s) AS before, userseg.sizes(userseg._kmeans_agg_step(s, c, '{0,0,0}', 1)) AS agg_step,
       userseg.sizes(userseg._kmeans_step(s, userseg.kmeans_point(c, '{0,0,0}'))) AS step, userseg.sizes(s) AS after
FROM centroid_state, (SELECT c FROM centroid_odd LIMIT 1) o;

-- Many groups, hashed, sorted, spilled
SET work_mem = '64kB';
SET enable_sort = off;
SELECT count(*) AS groups, sum((userseg.sizes(s))[1]) AS in_one, bool_and(pg_temp.close((userseg.centroid(userseg.next_centroids(s), 1))[1], m)) AS means
FROM (SELECT i % 5000 AS g, userseg.kmeans_agg('{{0,0}}', ARRAY[i, -i], 1) AS s, avg(i) AS m FROM generate_series(1, 20000) i GROUP BY 1) t;
RESET work_mem;
RESET enable_sort;

-- What is refused
SELECT userseg.kmeans_agg(c, '{1,NaN,3}', 1) FROM centroid_start;
SELECT userseg.kmeans_agg(c, '{1,Infinity,3}', 1) FROM centroid_start;
SELECT userseg.kmeans_agg(c, '{1,NULL,3}', 1) FROM centroid_start;
SELECT userseg.kmeans_agg(c, '{1,2}', 1) FROM centroid_start;
SELECT userseg.kmeans_agg(c, '{1,2,3}', -1) FROM centroid_start;
SELECT userseg.kmeans_agg(c, '{1,2,3}', 'NaN') FROM centroid_start;
SELECT userseg.kmeans_point(c, '{1,2,3}', 'Infinity') FROM centroid_start;
SELECT userseg.kmeans_agg(userseg.centroid_set('{{1,2}}', 'manhattan'), '{1,2}', 1);
SELECT userseg.kmeans_agg('{{0}}', '{1e160}', 1);
SELECT userseg.kmeans_agg('{{1e155}}', '{1e155}', 1e200);
SELECT userseg.kmeans_agg(userseg.centroid_set(ARRAY[[i]]::float8[]), ARRAY[i]::float8[], 1) FROM generate_series(1, 2) i;
SELECT userseg.kmeans_step(userseg.kmeans_point(userseg.centroid_set(ARRAY[[i]]::float8[]), ARRAY[i]::float8[])) FROM generate_series(1, 2) i;
SELECT userseg.centroid_agg(x, 1) FROM (VALUES ('{1,2}'::float8[]), ('{1}')) v(x);
SELECT userseg.centroid_agg('{}', 1);
SELECT userseg.centroid_agg('{1,NaN}', 1);
SELECT userseg.centroid_agg('{1}', -2);
SELECT userseg.centroid_agg('{1e200}', 1e200);
SELECT userseg.inertia_agg('{{0}}', '{1e160}');
SELECT userseg.inertia_agg('{{0}}', ARRAY[1e154]) FROM generate_series(1, 3);
SELECT userseg.silhouette_agg('{{1.7e308},{1.6e308}}', '{-1.7e308}');
SELECT userseg.merge(a.s, b.s) FROM (SELECT userseg.kmeans_agg('{{0}}', '{1}', 1) AS s) a, (SELECT userseg.kmeans_agg('{{1}}', '{1}', 1) AS s) b;
SELECT userseg._inertia_final(s) FROM centroid_state;
SELECT userseg._inertia_step(s, c, '{1,2,3}') FROM centroid_state, centroid_start;
SELECT userseg.kmeans_agg(userseg.centroid_set(array_fill(1::float8, '{8191,2048}')), array_fill(1::float8, '{2048}'), 1);
-- doubling a state again and again ends before a counter could overflow
DO $$
DECLARE
  s userseg.kmeans_state;
BEGIN
  SELECT userseg.kmeans_agg('{{0}}', '{1.5}', 1) INTO s;
  FOR i IN 1..40 LOOP s := userseg.merge(s, s); END LOOP;
  RAISE NOTICE '% rows, mean %', userseg.sizes(s), userseg.centroid_array(userseg.next_centroids(s));
  s := userseg.merge(s, s);
END $$;

DROP VIEW centroid_odd;
DROP TABLE centroid_rows, centroid_start, centroid_state, centroid_parts, centroid_ways;
