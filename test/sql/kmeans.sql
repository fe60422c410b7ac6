-- k-means: results against plain SQL, parameters, criteria, degenerate input, errors.
\set VERBOSITY default
SET client_min_messages = warning;
SET extra_float_digits = 0;

-- three groups of 40 rows
CREATE TABLE shop AS
SELECT g AS id,
       (g % 3) * 10 + (g * 7919 % 31)::float8 / 10 AS spend,
       (g % 3 = 1)::int * 8 + (g * 104729 % 23)::float8 / 10 AS visits,
       1 + g % 4 AS w
FROM generate_series(1, 120) g;

-- What a model says of a partition is what plain SQL says: inertia, centres, sizes, and every row stands nearest.
CREATE FUNCTION pg_temp.check_model(reference text, source text)
RETURNS TABLE (inertia_differs float8, centre_differs float8, sizes_differ bigint, misplaced bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$CREATE TEMP TABLE labelled AS
    SELECT s.*, userseg.predict_id(%L, s) AS label FROM (%s) s$q$, reference, source);
  CREATE TEMP TABLE means AS SELECT label, avg(spend) AS spend, avg(visits) AS visits, count(*) AS n FROM labelled GROUP BY label;
  RETURN QUERY SELECT
    (SELECT abs(sum((l.spend - m.spend) ^ 2 + (l.visits - m.visits) ^ 2)
            - (SELECT metric_value FROM userseg.model_versions v WHERE v.model || '@' || version = reference)) FROM labelled l JOIN means m USING (label)),
    (SELECT max(abs(c.value - CASE feature WHEN 'spend' THEN spend ELSE visits END)) FROM userseg.centroids(reference) c JOIN means ON label = segment_id),
    (SELECT count(*) FROM means m JOIN userseg.centroids(reference) c ON label = segment_id WHERE c.n <> m.n),
    (SELECT count(*) FROM labelled l JOIN means own USING (label) JOIN means o ON o.label <> l.label
     WHERE (l.spend - o.spend) ^ 2 + (l.visits - o.visits) ^ 2 < (l.spend - own.spend) ^ 2 + (l.visits - own.visits) ^ 2 - 1e-6);
  DROP TABLE labelled, means;
END $$;

SELECT k, t.version, t.converged, round(t.metric_value::numeric, 3) AS inertia, t.details -> 'sizes' AS sizes
FROM generate_series(1, 5) k, LATERAL userseg.train('shop', 'kmeans', 'shop', id => 'id', features => '{spend, visits}',
  transform => '{"*": "none"}', params => jsonb_build_object('k', k)) t;
SELECT k, round(inertia_differs::numeric, 4) AS inertia, round(centre_differs::numeric, 5) AS centre, sizes_differ, misplaced
FROM generate_series(1, 5) k, LATERAL pg_temp.check_model('shop@' || k, 'SELECT * FROM shop') c;

-- the number of clusters: criteria agree on three groups
SELECT criterion, t.details ->> 'k' AS k, t.details ->> 'chosen_by' AS chosen_by, t.details ->> 'elbow' AS elbow, t.warnings
FROM unnest('{silhouette,elbow,calinski_harabasz,davies_bouldin}'::text[]) criterion,
     LATERAL userseg.train('auto', 'kmeans', 'shop', id => 'id', features => '{spend, visits}', params => jsonb_build_object('criterion', criterion)) t;
SELECT c ->> 'k' AS k, round((c ->> 'inertia')::numeric, 4) AS inertia, round((c ->> 'silhouette')::numeric, 4) AS silhouette,
       round((c ->> 'davies_bouldin')::numeric, 4) AS davies_bouldin, round((c ->> 'calinski_harabasz')::numeric, 2) AS calinski_harabasz,
       (c ->> 'starts')::int > 0 AS starts
FROM userseg.train('auto', 'kmeans', 'shop', id => 'id', features => '{spend, visits}', params => '{"k": [2, 5]}') t,
     jsonb_array_elements(t.details -> 'candidates') c;
-- a range is cut at the number of distinct rows
SELECT t.details ->> 'k' AS k, jsonb_array_length(t.details -> 'candidates') AS candidates, t.details -> 'sizes' AS sizes
FROM userseg.train('few', 'kmeans', 'SELECT g % 2 AS a FROM generate_series(1, 10) g') t;

-- weights count as rows; without ids equal rows are one point of the sample
SELECT round((a.metric_value - b.metric_value)::numeric, 9) AS differs, a.details #>> '{sample,distinct_rows}' AS distinct_rows,
       b.details #>> '{sample,distinct_rows}' AS repeated, b.details #>> '{sample,rows}' AS rows, a.details -> 'sizes' AS sizes
FROM userseg.train('w', 'kmeans', 'shop', id => 'id', features => '{spend, visits}', weight => 'w', transform => '{"*": "none"}', params => '{"k": 3}') a,
     userseg.train('r', 'kmeans', 'SELECT spend, visits FROM shop, generate_series(1, w)', transform => '{"*": "none"}', params => '{"k": 3}') b;
-- a common factor of the weights changes nothing but the unit of the inertia
SELECT round((b.metric_value / a.metric_value)::numeric, 6) AS ratio, a.details -> 'sizes' = b.details -> 'sizes' AS sizes
FROM userseg.train('w1', 'kmeans', 'shop', id => 'id', features => '{spend, visits}', weight => 'w', params => '{"k": 4}') a,
     userseg.train('w2', 'kmeans', 'SELECT id, spend, visits, w * 1e9 AS w FROM shop', id => 'id', features => '{spend, visits}', weight => 'w', params => '{"k": 4}') b;

-- a weight that vanishes beside the largest: the row has a label, and counts nothing in the centres
SELECT t.details ->> 'strategy' AS strategy, t.details -> 'sizes' AS sizes, t.details -> 'weights' AS weights, t.metric_value < 1e-9 AS nothing_left
FROM unnest('{local, sql}'::text[]) strategy, LATERAL userseg.train('vanishing', 'kmeans',
  'SELECT g AS id, g % 2 * 10 + (g = 10)::int AS a, CASE WHEN g = 10 THEN 1e-20 ELSE 1 END AS w FROM generate_series(1, 10) g',
  id => 'id', weight => 'w', params => jsonb_build_object('k', 2, 'strategy', strategy)) t;

-- cosine looks at directions only
CREATE TABLE direction AS
SELECT g AS id, (1 + g % 5) * cos(a) AS x, (1 + g % 5) * sin(a) AS y
FROM (SELECT g, (g % 3) * 2 + (g * 31 % 17) / 100.0 AS a FROM generate_series(1, 90) g) t;
SELECT t.details -> 'sizes' AS sizes, t.details ->> 'metric' AS metric, round(t.metric_value::numeric, 4) AS inertia
FROM userseg.train('direction', 'kmeans', 'direction', id => 'id', transform => '{"*": "none"}', params => '{"k": 3, "metric": "cosine"}') t;
SELECT count(DISTINCT userseg.predict_id('direction', d)) AS labels_of_a_direction
FROM (SELECT scale * x AS x, scale * y AS y FROM direction, unnest('{0.001, 1, 1000}'::float8[]) scale WHERE id % 3 = 1) d;

-- given centres: in units of the source, labels in their order; one iteration is one step of Lloyd's algorithm
SELECT t.iterations, t.converged, t.details ->> 'init' AS init, t.warnings
FROM userseg.train('given', 'kmeans', 'shop', id => 'id', features => '{spend, visits}',
  params => '{"init": [[2, 2], [11, 9], [20, 0]], "max_iter": 1, "tolerance": 0, "silhouette_rows": 0}') t;
SELECT segment_id, feature, round(c.value::numeric, 9) = round(m.mean::numeric, 9) AS one_step
FROM userseg.centroids('given') c
JOIN (SELECT label, f, avg(v) AS mean
      FROM (SELECT s.*, (SELECT o FROM (VALUES (1, 2, 2), (2, 11, 9), (3, 20, 0)) i(o, a, b)
                         ORDER BY (spend - a) ^ 2 / (SELECT var_pop(spend) FROM shop) + (visits - b) ^ 2 / (SELECT var_pop(visits) FROM shop) LIMIT 1) AS label
            FROM shop s) s, LATERAL (VALUES ('spend', spend), ('visits', visits)) u(f, v) GROUP BY label, f) m
  ON label = segment_id AND f = feature ORDER BY 1, 2;
-- a centre that no row is nearest to is given the row farthest from its own
SELECT t.details ->> 'repaired_clusters' AS repaired, t.details -> 'sizes' AS sizes, t.converged
FROM userseg.train('repair', 'kmeans', 'shop', id => 'id', features => '{spend, visits}',
  params => '{"init": [[2, 2], [1000, 1000], [3, 3]], "tolerance": 0}') t;
-- a feature that is no number: points are in encoded units
SELECT t.details -> 'sizes' AS sizes
FROM userseg.train('mixed', 'kmeans', 'SELECT id, spend, CASE WHEN id % 3 = 1 THEN ''a'' ELSE ''b'' END AS kind FROM shop', id => 'id',
  params => '{"init": [[-1, 0, 0], [1, 0, 0]]}') t;

-- every way to begin, with and without moves, finds the three groups; the same seed gives the same model
SELECT init, search, t.details -> 'sizes' AS sizes, t.details #>> '{candidates,0,starts}' AS starts,
       (t.details #>> '{candidates,0,moves}')::int > 0 AS moves
FROM unnest('{k-means++,k-means||,random}'::text[]) init, unnest('{moves,starts}'::text[]) search,
     LATERAL userseg.train('init', 'kmeans', 'shop', id => 'id', features => '{spend, visits}',
       params => jsonb_build_object('k', 3, 'init', init, 'search', search, 'n_init', 5)) t;

-- in memory, in workers that were waited for, by SQL aggregates, in any order of the rows: bit for bit the same
CREATE TABLE big AS
SELECT g AS id, hashint4(g) % 1000 / 100.0 + (g % 5) * 7 AS x, hashint4(g + 1) % 1000 / 200.0 - (g % 4) * 5 AS y, hashint4(g + 2) % 1000 / 300.0 AS z, 1 + g % 3 AS w
FROM generate_series(1, 20000) g;
CREATE FUNCTION pg_temp.fingerprint(source text, weight text, params jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t record;
BEGIN
  SELECT * INTO t FROM userseg.train('same', 'kmeans', source, id => 'id', features => '{x, y, z}', weight => weight,
    params => '{"k": 6, "tolerance": 0, "n_init": 2}' || params);
  RETURN md5((SELECT string_agg(segment_id || feature || float8send(value), ',' ORDER BY segment_id, feature) FROM userseg.centroids('same', 'encoded'))
             || (t.details ->> 'sizes') || float8send(t.metric_value));
END $$;
SELECT weight, count(DISTINCT fingerprint) AS models
FROM (SELECT NULL UNION ALL SELECT 'w') w(weight),
     LATERAL (SELECT pg_temp.fingerprint('big', weight, '{}')
              UNION ALL SELECT pg_temp.fingerprint('big', weight, '{"workers": 1}')
              UNION ALL SELECT pg_temp.fingerprint('big', weight, '{"workers": 2}')
              UNION ALL SELECT pg_temp.fingerprint('big', weight, '{"strategy": "sql"}')
              UNION ALL SELECT pg_temp.fingerprint('SELECT * FROM big ORDER BY z, id DESC', weight, '{}')) f(fingerprint)
GROUP BY weight ORDER BY weight NULLS FIRST;
SELECT count(DISTINCT pg_temp.fingerprint('big', 'w', params || '{"metric": "cosine"}')) AS models
FROM unnest('{"{}", "{\"workers\": 1}", "{\"strategy\": \"sql\"}"}'::jsonb[]) params;
SET userseg.max_memory = '4MB';
SELECT t.details ->> 'spilled' AS spilled FROM userseg.train('spilled', 'kmeans',
  'SELECT b.*, b.id + 20000 * g AS id2 FROM big b, generate_series(0, 9) g', id => 'id2', features => '{x, y, z}', params => '{"k": 6, "sample_rows": 2000}') t;
RESET userseg.max_memory;
SELECT t.details ->> 'spilled' AS spilled FROM userseg.train('held', 'kmeans',
  'SELECT b.*, b.id + 20000 * g AS id2 FROM big b, generate_series(0, 9) g', id => 'id2', features => '{x, y, z}', params => '{"k": 6, "sample_rows": 2000}') t;
SELECT count(*) AS differences FROM userseg.centroids('spilled', 'encoded') a JOIN userseg.centroids('held', 'encoded') b USING (segment_id, feature)
WHERE float8send(a.value) <> float8send(b.value);

-- many centres of many columns: bounds spare most of the work and change nothing
CREATE TABLE wide AS
SELECT g AS id, ARRAY(SELECT (hashint4(g % 30 * 100 + j) % 1000) / 100.0 + (hashint4(g * 100 + j) % 1000) / 400.0 FROM generate_series(1, 24) j)::float8[] AS v
FROM generate_series(1, 6000) g;
CREATE TABLE bounds AS
SELECT name, t.details ->> 'bounds' AS bounds, t.details ->> 'strategy' AS strategy, (t.details ->> 'workers')::int AS workers, t.iterations,
       md5((t.details ->> 'sizes') || float8send(t.metric_value)) AS model
FROM (VALUES ('plain', '{}'), ('workers', '{"workers": 2}'), ('sql', '{"strategy": "sql"}')) p(name, params),
     LATERAL userseg.train('wide', 'kmeans', 'wide', id => 'id',
       params => '{"k": 24, "n_init": 1, "search": "starts", "init": "random", "sample_rows": 1024, "tolerance": 0}'::jsonb || params::jsonb) t;
SELECT name, bounds, strategy, workers, iterations > 3 AS iterated, model = (SELECT model FROM bounds WHERE name = 'plain') AS same FROM bounds;

-- what is told of one row: the runner-up is farther, the shares add up to 1
SELECT t.converged FROM userseg.train('big3', 'kmeans', 'big', id => 'id', features => '{x, y, z}', params => '{"k": 6}') t;
SELECT bool_and(d.label_id = userseg.predict_id('big3', b)) AS label, bool_and(d.margin >= 0) AS margin,
       bool_and(d.probability > 0 AND d.probability <= 1) AS probability,
       max(abs((SELECT sum(value::float8) FROM jsonb_each_text(userseg.predict_proba('big3', b))) - 1)) < 1e-12 AS shares
FROM (SELECT * FROM big WHERE id <= 500) b, LATERAL userseg.predict_detail('big3', b) d;

-- progress
SET client_min_messages = notice;
SELECT 1 AS done FROM userseg.train('talk', 'kmeans', 'shop', id => 'id', features => '{spend, visits}',
  params => '{"k": 2, "n_init": 2, "search": "starts", "verbose": true}');
SET client_min_messages = warning;

-- degenerate: two distinct rows, rows far out, columns of very different scale
SELECT t.details -> 'sizes' AS sizes, t.metric_value, t.converged FROM userseg.train('two', 'kmeans', 'SELECT g % 2 AS a FROM generate_series(1, 7) g', params => '{"k": 2}') t;
CREATE TYPE x_row AS (a float8);
SELECT a, userseg.predict_id('two', ROW(a)::x_row), round((userseg.predict_detail('two', ROW(a)::x_row)).probability::numeric, 3) AS probability
FROM unnest('{0, 0.4, 0.6, 1e300, -1e300}'::float8[]) a;
SELECT t.details -> 'sizes' AS sizes
FROM userseg.train('scales', 'kmeans', 'SELECT g AS id, (g % 2) * 1e100 AS a, g * 1e-100 AS b FROM generate_series(1, 20) g', id => 'id',
  transform => '{"*": "none"}', params => '{"k": 2}') t;

-- errors
SELECT userseg.train('e', 'kmeans', 'shop', params => '{"k": 0}');
SELECT userseg.train('e', 'kmeans', 'shop', params => '{"clusters": 3}');
SELECT userseg.train('e', 'kmeans', 'shop', params => '{"metric": "manhattan"}');
SELECT userseg.train('e', 'kmeans', 'shop', params => '{"k": [5, 2]}');
SELECT userseg.train('e', 'kmeans', 'SELECT g % 4 AS a, g % 2 AS b FROM generate_series(1, 100) g', params => '{"k": 6}');
SELECT userseg.train('e', 'kmeans', 'SELECT g % 4 AS a, g % 2 AS b FROM generate_series(1, 100) g', params => '{"k": [6, 8]}');
-- the same, found only when all rows are looked at
SELECT userseg.train('e', 'kmeans', 'SELECT g AS id, g % 4 AS a, g % 2 AS b FROM generate_series(1, 3000) g', id => 'id', params => '{"k": 6, "sample_rows": 1024}');
SELECT userseg.train('e', 'kmeans', 'SELECT g AS id, g % 4 AS a, g % 2 AS b FROM generate_series(1, 3000) g', id => 'id',
  params => '{"init": [[0, 0], [1, 1], [2, 0], [3, 1], [9, 9]]}');
SELECT userseg.train('e', 'kmeans', 'shop', features => '{spend, visits}', params => '{"init": [[1, 2, 3], [4, 5, 6]]}');
SELECT userseg.train('e', 'kmeans', 'shop', features => '{spend, visits}', params => '{"k": 3, "init": [[1, 2], [4, 5]]}');
SELECT userseg.train('e', 'kmeans', 'SELECT spend, id::text AS t FROM shop', params => '{"init": [[1, 2], [4, 5]]}');
SELECT userseg.train('e', 'kmeans', 'SELECT CASE WHEN g = 1 THEN 1e140 ELSE -1e140 END AS a FROM generate_series(1, 10) g', transform => '{"*": "none"}', params => '{"k": 2}');
SELECT userseg.train('e', 'kmeans', 'SELECT g AS id, CASE WHEN g = 1 THEN 1e100 ELSE 0 END AS a, g * 1e-100 AS b FROM generate_series(1, 20) g', id => 'id',
  transform => '{"*": "none"}', params => '{"k": 3}');
-- distinct, but only in a column whose squares vanish beside those of the other
SELECT userseg.train('e', 'kmeans', 'SELECT g AS id, (g = 1)::int AS a, g * 1e-25 AS b FROM generate_series(1, 20) g', id => 'id',
  transform => '{"*": "none"}', params => '{"k": 3}');
-- a source that changes from pass to pass: the advisory lock is held for the first two executions
SELECT count(pg_advisory_lock(4711)) FROM generate_series(1, 2);
SET client_min_messages = error;
SELECT userseg.train('e', 'kmeans', 'SELECT g AS id, g % 10 AS a FROM (SELECT pg_advisory_unlock(4711) AS held OFFSET 0) u,
  LATERAL generate_series(1, CASE WHEN held THEN 100 ELSE 90 END) g', id => 'id', params => '{"init": [[0], [1]], "strategy": "sql"}');
SET client_min_messages = warning;
SELECT userseg.train('e', 'kmeans', 'SELECT 1 AS a FROM generate_series(1, 10) g', params => '{"k": 2}');

-- strategy "sql" where rows go whole, one column is called as the row is, and strings have escapes
DO $$ BEGIN EXECUTE 'CREATE TABLE broad AS SELECT g AS id, g % 5 AS s, '
  || (SELECT string_agg(format('(g * %s) %% 17 AS c%s', k % 16 + 1, k), ', ') FROM generate_series(1, 92) k) || ' FROM generate_series(1, 200) g'; END $$;
SELECT userseg.train('broad_local', 'kmeans', 'broad', id => 'id', params => '{"k": 3, "strategy": "local"}', seed => 1) IS NOT NULL AS trained;
SET standard_conforming_strings = off;
SELECT userseg.train('broad_sql', 'kmeans', 'broad', id => 'id', params => '{"k": 3, "strategy": "sql"}', seed => 1) IS NOT NULL AS trained;
RESET standard_conforming_strings;
SELECT count(*) AS differences FROM userseg.centroids('broad_local') a JOIN userseg.centroids('broad_sql') b USING (segment_id, feature) WHERE a.value <> b.value;

-- the row that a step takes may be of another type in each row of a query: each is looked at
CREATE TABLE as_learned AS SELECT CASE g % 2 WHEN 0 THEN 'even' ELSE 'odd' END AS parity, g::float8 AS a FROM generate_series(1, 20) g;
CREATE TABLE as_forged AS SELECT 4294967292 AS parity, 1.0::float8 AS a;
SELECT userseg.train('parity', 'kmeans', 'as_learned', params => '{"k": 2}') IS NOT NULL AS trained;
CREATE FUNCTION pg_temp.row_of(i int) RETURNS record LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  IF i = 1 THEN SELECT * INTO r FROM as_learned LIMIT 1;
  ELSIF i = 2 THEN SELECT a, parity INTO r FROM as_learned LIMIT 1;
  ELSE SELECT * INTO r FROM as_forged; END IF;
  RETURN r;
END $$;
-- a section of a stored model: u32 type, u64 length, bytes; the second is the encoder
CREATE FUNCTION pg_temp.encoder(reference text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE b bytea; at int; BEGIN
  SELECT data INTO b FROM userseg._artifact_chunk c JOIN userseg.model_versions v USING (artifact_id) WHERE v.model = reference;
  at := 21 + get_byte(b, 12);
  RETURN substr(b, at + 12, get_byte(b, at + 3) + 256 * get_byte(b, at + 4));
END $$;
SELECT pg_temp.encoder('parity') AS encoder \gset
SELECT a.p IS NOT NULL AS here, a.p::text = b.p::text AS same
FROM (SELECT userseg._encode_row(:'encoder'::bytea, userseg.centroid_set(ARRAY[[0,0,0],[1,1,1]]::float8[]), NULL, pg_temp.row_of(1)) AS p) a,
  (SELECT userseg._encode_row(:'encoder'::bytea, userseg.centroid_set(ARRAY[[0,0,0],[1,1,1]]::float8[]), NULL, pg_temp.row_of(i)) AS p FROM generate_series(1, 2) i) b;
SELECT userseg._encode_row(:'encoder'::bytea, userseg.centroid_set(ARRAY[[0,0,0],[1,1,1]]::float8[]), NULL, pg_temp.row_of(i)) IS NOT NULL FROM generate_series(1, 3) i;

-- all parameters
SELECT p ->> 'name' AS name, p ->> 'type' AS type, p ->> 'default' AS default, p ->> 'min' AS min, p ->> 'max' AS max, p -> 'choices' AS choices
FROM userseg.algorithms() a, jsonb_array_elements(a.params) p WHERE algorithm = 'kmeans';

DO $$ BEGIN PERFORM userseg.drop_model(model) FROM userseg.models; END $$;
