-- Mini-batch k-means: results, equal rows, limits and errors.
\set VERBOSITY default
SET client_min_messages = warning;
CREATE SCHEMA test_minibatch;
SET search_path = test_minibatch;

CREATE TABLE points AS
SELECT g AS id, (g % 4) * 10 + (g * 7919 % 101) / 100.0 AS x, (g % 4 / 2) * 20 + (g * 104729 % 103) / 100.0 AS y
FROM generate_series(1, 20000) g;

-- four places far apart: as k-means finds them
SELECT n_rows, n_features, metric, converged, iterations > 1 AS iterated, details -> 'sizes' AS sizes, details ->> 'strategy' AS strategy,
       details -> 'batch_size' AS batch_size, warnings
FROM userseg.train('four', 'minibatch_kmeans', 'points', id => 'id', params => '{"k": 4}');
SELECT algorithm FROM userseg.train('thorough', 'kmeans', 'points', id => 'id', params => '{"k": 4}');
SELECT count(*) AS near FROM userseg.centroids('four') a JOIN userseg.centroids('thorough') b
  ON a.feature = b.feature AND abs(a.value - b.value) < 1e-9;
-- one iteration over all rows ends on the means of its rows
SELECT max(abs(c.value - m.mean)) < 1e-6 AS means FROM userseg.centroids('four') c
JOIN (SELECT userseg.predict_id('four', p) AS segment_id, avg(x)::float8 AS x, avg(y)::float8 AS y FROM points p GROUP BY 1) s USING (segment_id)
CROSS JOIN LATERAL (VALUES ('x', s.x), ('y', s.y)) m(feature, mean) WHERE m.feature = c.feature;
SELECT abs(v.metric_value / (SELECT sum((userseg.predict_detail('four', p)).distance ^ 2) FROM points p) - 1) < 1e-6 AS inertia
FROM userseg.model_versions v WHERE model = 'four';

-- the same for any order, workers and storage; another seed is another order of batches
CREATE FUNCTION print(model text) RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(segment_id || feature || value, ',' ORDER BY segment_id, feature COLLATE "C")) FROM userseg.centroids(model, 'encoded')
$$;
CREATE TABLE blurred AS SELECT id, x + y / 3 AS a, y + (id * 31 % 1009) / 50.0 AS b, (id * 17 % 211)::float8 AS c, 1 AS one, 2.0 AS two FROM points;
SELECT version FROM userseg.train('b', 'minibatch_kmeans', 'SELECT id, a, b, c FROM blurred', id => 'id', params => '{"k": 7, "batch_size": 100, "polish": 0}');
SELECT version FROM userseg.train('b', 'minibatch_kmeans', 'SELECT c, b, a, id FROM blurred ORDER BY c DESC, a', id => 'id', features => '{a,b,c}', params => '{"k": 7, "batch_size": 112, "polish": 0, "workers": 2}');
SET userseg.max_memory = '6MB';
SELECT version, details -> 'spilled' AS spilled, warnings FROM userseg.train('b', 'minibatch_kmeans', 'SELECT id, a, b, c FROM blurred ORDER BY b', id => 'id', params => '{"k": 7, "batch_size": 100, "polish": 0, "sample_rows": 16384}');
RESET userseg.max_memory;
SELECT version FROM userseg.train('b', 'minibatch_kmeans', 'SELECT id, a, b, c, two FROM blurred', id => 'id', weight => 'two', params => '{"k": 7, "batch_size": 100, "polish": 0}');
SELECT version FROM userseg.train('b', 'minibatch_kmeans', 'SELECT id, a, b, c FROM blurred', id => 'id', params => '{"k": 7, "batch_size": 100, "polish": 0}', seed => 2);
SELECT print('b@1') = print('b@2') AS order_and_workers, print('b@1') = print('b@3') AS spilled, print('b@1') = print('b@4') AS equal_weights, print('b@1') = print('b@5') AS another_seed;

-- polishing never makes it worse
SELECT bool_and(b.metric_value <= a.metric_value) AS better
FROM userseg.train('p0', 'minibatch_kmeans', 'blurred', features => '{a,b,c}', id => 'id', params => '{"k": 9, "polish": 0}') a,
     userseg.train('p3', 'minibatch_kmeans', 'blurred', features => '{a,b,c}', id => 'id', params => '{"k": 9, "polish": 3}') b;

-- the number of clusters, given centres, cosine
SELECT details -> 'k' AS k, details ->> 'chosen_by' AS chosen_by, jsonb_array_length(details -> 'candidates') AS candidates
FROM userseg.train('auto', 'minibatch_kmeans', 'points', id => 'id', params => '{"k": [2, 6]}');
SELECT details -> 'k' AS k FROM userseg.train('auto', 'minibatch_kmeans', 'points', id => 'id', params => '{"criterion": "calinski_harabasz"}');
SELECT details -> 'k' AS k, details ->> 'init' AS init, details -> 'sizes' AS sizes
FROM userseg.train('given', 'minibatch_kmeans', 'points', id => 'id', features => '{x,y}', params => '{"init": [[0, 0], [30, 20]]}');
SELECT details -> 'sizes' AS sizes, details ->> 'metric' AS metric
FROM userseg.train('direction', 'minibatch_kmeans', 'SELECT g AS id, g * cos(g % 3) AS x, g * sin(g % 3) AS y FROM generate_series(1, 3000) g',
                   id => 'id', transform => '{"*": "none"}', params => '{"metric": "cosine", "k": 3}');

-- rows without ids, very many of them equal: each counts
SELECT details -> 'sizes' AS sizes, round(metric_value::numeric, 6) AS inertia
FROM userseg.train('equal', 'minibatch_kmeans', 'SELECT (g % 3)::float8 AS x FROM generate_series(1, 30000) g', params => '{"k": 3}');

-- the end: not converged after so many passes; as many passes as asked for; the tolerance
SELECT converged, details -> 'batch_passes' AS passes, warnings
FROM userseg.train('short', 'minibatch_kmeans', 'blurred', features => '{a,b,c}', id => 'id', params => '{"k": 9, "max_iter": 1, "max_no_improvement": 1000000}', alias => 'production');
SELECT count(*) AS aliases FROM userseg.aliases WHERE model = 'short';
SELECT converged, details -> 'batch_passes' AS passes, details -> 'batches' AS batches, warnings
FROM userseg.train('long', 'minibatch_kmeans', 'blurred', features => '{a,b,c}', id => 'id', params => '{"k": 9, "max_iter": 3, "max_no_improvement": 0, "batch_size": 8000}');
SELECT converged, iterations FROM userseg.train('tolerant', 'minibatch_kmeans', 'blurred', features => '{a,b,c}', id => 'id', params => '{"k": 9, "tolerance": 1, "batch_size": 4096}');

-- starved centres: given centres far away take rows of the batches
SELECT details -> 'sizes' AS sizes, (details ->> 'reassigned_centers')::int > 0 AS reassigned
FROM userseg.train('far', 'minibatch_kmeans', 'points', id => 'id', features => '{x,y}', params => '{"init": [[0, 0], [1000, 0], [0, 1000], [2000, 2000]], "polish": 5}');

-- one row, two rows, constant columns, NULLs
SELECT n_rows, details -> 'k' AS k FROM userseg.train('tiny', 'minibatch_kmeans', 'SELECT 1 AS id, 2.0 AS x UNION ALL SELECT 2, 3', id => 'id', params => '{"k": 2}');
SELECT n_rows, n_features, details -> 'sizes' AS sizes, warnings FROM userseg.train('constant', 'minibatch_kmeans', 'SELECT id, a, one FROM blurred', id => 'id', params => '{"k": 2}');
SELECT n_rows, details -> 'sizes' AS sizes FROM userseg.train('nulls', 'minibatch_kmeans', 'SELECT id, nullif(id % 2, 0) * a AS a, b FROM blurred WHERE id <= 1000', id => 'id', params => '{"k": 2}');
SELECT n_rows FROM userseg.train('skip', 'minibatch_kmeans', 'SELECT id, nullif(id % 2, 0) * a AS a, b FROM blurred WHERE id <= 1000', id => 'id', null_policy => 'skip', params => '{"k": 2}');

-- errors
SELECT userseg.train('e', 'minibatch_kmeans', 'SELECT 1 AS id, 2.0 AS x', id => 'id', params => '{"k": 1}');
SELECT userseg.train('e', 'minibatch_kmeans', 'SELECT g AS id, g % 2 AS x FROM generate_series(1, 100) g', id => 'id', params => '{"k": 3}');
SELECT userseg.train('e', 'minibatch_kmeans', 'SELECT * FROM points WHERE false', id => 'id');
SELECT userseg.train('e', 'minibatch_kmeans', 'points', id => 'id', params => '{"batch_size": 8}');
SELECT userseg.train('e', 'minibatch_kmeans', 'points', id => 'id', params => '{"reassign": 1.5}');
SELECT userseg.train('e', 'minibatch_kmeans', 'points', id => 'id', params => '{"init": [[1, 2]], "k": 2}');
SELECT userseg.train('e', 'minibatch_kmeans', 'SELECT id, CASE id WHEN 5 THEN ''NaN'' ELSE x END AS x FROM points', id => 'id');
SELECT userseg.train('e', 'minibatch_kmeans', 'SELECT g AS id, g * 1e148::float8 AS x FROM generate_series(1, 9) g', id => 'id', transform => '{"*": "none"}', params => '{"k": 2}');

SET client_min_messages = error;
SELECT count(userseg.drop_model(m)) AS dropped FROM unnest('{four,thorough,b,p0,p3,auto,given,direction,equal,short,long,tolerant,far,tiny,constant,nulls,skip}'::text[]) m;
DROP SCHEMA test_minibatch CASCADE;
