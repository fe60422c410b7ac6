-- Centroid sets, distances, the nearest centroid.
SET extra_float_digits = 0;

-- Making and reading
SELECT '{{1,0},{5,2.5}}'::userseg.centroid_set;
SELECT userseg.centroid_count(c), userseg.centroid_dim(c), userseg.centroid_metric(c),
       userseg.centroid_array(c), userseg.centroid_weights(c),
       userseg.centroid(c, 0), userseg.centroid(c, 1), userseg.centroid(c, 2), userseg.centroid(c, 3)
FROM userseg.centroid_set(ARRAY[[1,0],[5,2.5]]::float8[], weights => '{3,0}') c;
-- one dimension is one centroid; any number array will do; a literal is an array too
SELECT userseg.centroid_array(userseg.centroid_set('{1,2,3}'::float8[])) AS one,
       userseg.centroid_array(userseg.centroid_set(ARRAY[[1,2],[3,4]])) AS ints,
       userseg.centroid_array(userseg.centroid_set('{{1,2},{3,4}}')) AS literal;
-- cosine: brought to unit length
SELECT userseg.centroid_array(userseg.centroid_set('{{3,4},{0,-7},{3e200,4e200}}', 'cosine'));
SELECT userseg.centroid_set(NULL) IS NULL AS no_centers;
-- -0 is 0: equal sets have equal texts
SELECT '{{0,1}}'::userseg.centroid_set::text = '{{-0,1}}'::userseg.centroid_set::text AS same;
-- text and binary round trip
CREATE TEMP TABLE sets (id int, c userseg.centroid_set);
INSERT INTO sets VALUES
  (1, '{{1,2},{3,4}}'), (2, userseg.centroid_set('{{0.1,1e-300,1e300}}', 'manhattan', '{0.5}')),
  (3, userseg.centroid_set('{{1,2},{3,4}}', 'cosine')), (4, NULL),
  (5, userseg.centroid_set(array_fill(0.25::float8, '{30,40}'), 'chebyshev'));
SELECT bool_and(c::text::userseg.centroid_set::text = c::text) AS text_round_trip FROM sets;
CREATE TEMP TABLE sets2 (LIKE sets);
\set copy_file `echo "${TMPDIR:-/tmp}/userseg_centroid_$$.bin"`
\o :copy_file
COPY sets TO STDOUT (FORMAT binary);
\o
\set copy_in '\\copy sets2 FROM ' :'copy_file' ' (FORMAT binary)'
:copy_in
\setenv COPY_FILE :copy_file
\! rm -f "$COPY_FILE"
SELECT count(*), count(b.c), bool_and(a.c::text = b.c::text) AS binary_round_trip
FROM sets a JOIN sets2 b USING (id);

-- What is refused
SELECT userseg.centroid_set('{}'::float8[]);
SELECT userseg.centroid_set('{{{1}}}'::float8[]);
SELECT userseg.centroid_set('{{1,NULL}}');
SELECT userseg.centroid_set(ARRAY[[1,2],[3,'NaN']]::float8[]);
SELECT userseg.centroid_set(ARRAY[[1,2],['-Infinity',1]]::float8[]);
SELECT userseg.centroid_set('{{1,2}}'::float8[], 'sqeuclidean');
SELECT userseg.centroid_set('{{1,2}}'::float8[], 'hamming');
SELECT userseg.centroid_set('{{1,2}}'::float8[], NULL);
SELECT userseg.centroid_set('{{1,2},{0,0}}'::float8[], 'cosine');
SELECT userseg.centroid_set('{{1,2}}'::float8[], weights => '{1,2}');
SELECT userseg.centroid_set('{{1,2}}'::float8[], weights => '{-1}');
SELECT userseg.centroid_set('{{1,2}}'::float8[], weights => '{NaN}');
SELECT userseg.centroid_set(array_fill(0::float8, '{65536,1}'));
SELECT userseg.centroid_set(array_fill(0::float8, '{1,65536}'));
SELECT userseg.centroid_set(array_fill(0::float8, '{2049,8192}'));
SELECT '1,2'::userseg.centroid_set;
SELECT '01'::userseg.centroid_set;
SELECT '{{1,2},{3}}'::userseg.centroid_set;
SELECT '{{1,x}}'::userseg.centroid_set;

-- Distances
SELECT metric, round(userseg.distance('{1,2,3}', '{4,-2,3}', metric)::numeric, 12) AS distance
FROM unnest('{euclidean,sqeuclidean,cosine,manhattan,chebyshev}'::text[]) metric;
SELECT userseg.distance('{1,2,3}', '{4,-2,3}') AS by_default;
-- angles: 1 - cos, exact for small ones as well
SELECT userseg.distance('{1,0}', '{0,3}', 'cosine') AS right_angle,
       userseg.distance('{1,1}', '{-2,-2}', 'cosine') AS opposite,
       userseg.distance('{1,2}', '{2,4}', 'cosine') AS parallel,
       userseg.distance('{1,0}', '{1,1e-9}', 'cosine') AS tiny,
       userseg.distance('{0,0}', '{1,1}', 'cosine') AS zero,
       userseg.distance('{0,0}', '{0,0}', 'cosine') AS zeros;
-- squares that overflow or vanish do no harm
SELECT userseg.distance('{3e200,0}', '{0,4e200}') AS large, userseg.distance('{3e-200,0}', '{0,4e-200}') AS small,
       userseg.distance('{1e308}', '{-7e307}') AS largest, userseg.distance('{5e-324}', '{0}') AS smallest,
       userseg.distance('{3e200,1e200}', '{1e200,3e200}', 'cosine') AS cosine,
       userseg.distance('{3e-200,1e-200}', '{1e-200,3e-200}', 'cosine') AS cosine_small;
SELECT userseg.distance('{1.5e308}', '{-1.5e308}');
SELECT userseg.distance('{1e200}', '{0}', 'sqeuclidean');
SELECT userseg.distance('{1.5e308}', '{-1.5e308}', 'manhattan');
SELECT userseg.distance('{1,2}', '{1,2,3}');
SELECT userseg.distance('{}', '{}');
SELECT userseg.distance('{1,NULL}', '{1,2}');
SELECT userseg.distance('{{1,2}}', '{1,2}');
SELECT userseg.distance('{1,2}', '{1,NaN}');
SELECT userseg.distance('{Infinity,2}', '{1,2}');
SELECT userseg.distance('{1}', '{2}', 'Euclidean');
SELECT userseg.distance(NULL, '{2}') IS NULL AND userseg.distance('{2}', NULL) IS NULL AS nulls;

-- The nearest: against the smallest distance, first label on ties, for each metric
CREATE TEMP TABLE centers AS
SELECT i AS label, ARRAY[i % 5, (i * 7) % 11, -(i % 3)]::float8[] AS center FROM generate_series(1, 37) i;
CREATE TEMP TABLE rows3 AS
SELECT i, ARRAY[(i * 13) % 17 / 3.0, (i * 5) % 23 / 2.0, (i % 9) - 4]::float8[] AS x FROM generate_series(1, 500) i;
SELECT metric, count(*) AS n, count(*) FILTER (WHERE n = label AND abs(d - distance) <= 1e-12 * distance) AS equal,
       count(DISTINCT label) > 5 AS many
FROM unnest('{euclidean,cosine,manhattan,chebyshev}'::text[]) metric,
     LATERAL (SELECT userseg.centroid_set(array_agg(center ORDER BY label), metric) AS c FROM centers
              WHERE metric <> 'cosine' OR center <> '{0,0,0}') s,
     rows3,
     LATERAL (SELECT label, userseg.distance(x, center, metric) AS distance FROM centers
              ORDER BY CASE metric WHEN 'cosine' THEN round(userseg.distance(x, center, metric)::numeric, 12)::float8
                                   ELSE userseg.distance(x, center, metric) END, label LIMIT 1) b,
     LATERAL (SELECT userseg.nearest(c, x) AS n, userseg.nearest_distance(c, x) AS d OFFSET 0) f
WHERE x <> '{0,0,0}'
GROUP BY metric ORDER BY metric;
SELECT userseg.nearest('{{1,0},{0,0},{1,0},{0,0}}', '{0.2,0}') AS lowest_of_equal,
       userseg.nearest('{{1,0},{0,0}}', '{0.5,0}') AS tie,
       userseg.nearest('{{7}}', '{-3}') AS only, userseg.nearest_distance('{{7}}', '{-3}') AS distance;
-- far away, and very close: squares that overflow or vanish
SELECT userseg.nearest('{{1e200},{3e200},{2e200}}', '{1.8e200}') AS large,
       userseg.nearest_distance('{{1e200},{3e200},{2e200}}', '{1.8e200}') AS large_distance,
       userseg.nearest('{{1e-200},{3e-200},{2e-200}}', '{1.8e-200}') AS small,
       userseg.nearest_distance('{{1e-200},{3e-200},{2e-200}}', '{1.8e-200}') AS small_distance,
       userseg.nearest('{{1.7e308},{-1.7e308}}', '{-1e308}') AS largest,
       userseg.nearest('{{1e-200},{0}}', '{0}') AS exact;
-- a vector of zeros has no direction: distance 1, label 1
SELECT userseg.nearest(userseg.centroid_set('{{1,0},{0,1}}', 'cosine'), '{0,0}'),
       userseg.nearest_distance(userseg.centroid_set('{{1,0},{0,1}}', 'cosine'), '{0,0}');
-- long vectors, wide ones, and more than one block of centroids
SELECT userseg.nearest(userseg.centroid_set(array_agg(v ORDER BY i)), array_fill(33.2::float8, '{1000}')) AS label
FROM (SELECT i, array_fill(i::float8, '{1000}') AS v FROM generate_series(1, 100) i) t;
SELECT userseg.nearest('{{1,2}}', '{1}');
SELECT userseg.nearest('{{1,2}}', '{1,2,3}');
SELECT userseg.nearest('{{1,2}}', '{{1,2}}');
SELECT userseg.nearest('{{1,2}}', '{1,NULL}');
SELECT userseg.nearest('{{1,2}}', '{1,NaN}');
SELECT userseg.nearest('{{1,2}}', '{Infinity,1}');
SELECT userseg.nearest('{{1,2}}', NULL) IS NULL AND userseg.nearest(NULL, '{1,2}') IS NULL AS nulls;
SELECT userseg.nearest_distance('{{1.7e308}}', '{-1.7e308}');

-- One call site, other sets: row by row, from a table, and as a changing parameter
CREATE TEMP TABLE many_sets AS
SELECT i, userseg.centroid_set(ARRAY[[i],[i + 10]]::float8[]) AS c FROM generate_series(1, 50) i;
INSERT INTO many_sets SELECT 100 + i, userseg.centroid_set((
  SELECT array_agg(ARRAY[1000 * i + j + sqrt(j), j]) FROM generate_series(1, 3000) j)) FROM generate_series(1, 3) i;
SELECT count(*) FILTER (WHERE userseg.nearest(c, ARRAY[i + 6]::float8[]) = 2) AS small
FROM many_sets WHERE i < 100;
SELECT i, userseg.nearest(c, ARRAY[2500, 0]) FROM many_sets, generate_series(1, 2) WHERE i > 100 ORDER BY 1;
DO $$
DECLARE
  c userseg.centroid_set;
  n int;
  wrong int := 0;
BEGIN
  FOR i IN 1..20 LOOP
    c := userseg.centroid_set(ARRAY[[i],[i + 10]]::float8[]);
    n := userseg.nearest(c, ARRAY[13]::float8[]);
    IF n <> (CASE WHEN i < 8 THEN 2 ELSE 1 END) THEN wrong := wrong + 1; END IF;
  END LOOP;
  RAISE NOTICE '% wrong', wrong;
END $$;

-- Equality: grouping, distinct, hash joins
SELECT c::text = '{{1}}'::userseg.centroid_set::text AS one, count(*)
FROM (SELECT userseg.centroid_set(ARRAY[[i % 2]]::float8[]) AS c FROM generate_series(1, 9) i) t GROUP BY c ORDER BY 1;
SELECT a OPERATOR(userseg.=) b AS eq, a OPERATOR(userseg.<>) b AS ne
FROM (VALUES ('{{1,2}}'::userseg.centroid_set, '{{1,2}}'::userseg.centroid_set),
             ('{{1,2}}', '{{1,3}}'), ('{{1,2}}', '{{1},{2}}'),
             ('{{1,0}}', userseg.centroid_set('{{1,0}}', 'cosine')),
             ('{{1,0}}', userseg.centroid_set('{{1,0}}', weights => '{2}'))) v(a, b);
SELECT count(*) AS joined FROM many_sets a JOIN many_sets b ON a.c OPERATOR(userseg.=) b.c;
SELECT (userseg._centroid_set_hash_extended(c, 0) & 4294967295)::bit(32) = userseg._centroid_set_hash(c)::bit(32) AS lower_half,
       userseg._centroid_set_hash_extended(c, 1) <> userseg._centroid_set_hash_extended(c, 2) AS seeded
FROM userseg.centroid_set('{{1}}') c;

-- How far centroids moved
SELECT userseg.centroid_shift('{{1,2},{3,4}}', '{{1,2},{6,8}}') AS moved, userseg.centroid_shift('{{1,2}}', '{{1,2}}') AS stayed,
       userseg.centroid_shift(userseg.centroid_set('{{1,0}}', 'manhattan'), userseg.centroid_set('{{2,2}}', 'manhattan')) AS manhattan;
SELECT userseg.centroid_shift('{{1,2},{3,4}}', '{{1,2}}');
SELECT userseg.centroid_shift('{{1,2}}', userseg.centroid_set('{{1,2}}', 'cosine'));
