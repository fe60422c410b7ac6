-- Training: from a source to a stored version, and what may go wrong.
\set VERBOSITY default
SET client_min_messages = warning;

CREATE TABLE customers AS
SELECT g AS id,
       CASE WHEN g % 3 = 0 THEN 100 ELSE 10 END + (g * 7919 % 13)::float8 / 10 AS spend,
       CASE WHEN g % 3 = 1 THEN 50 ELSE 5 END + (g * 104729 % 17)::float8 / 10 AS visits,
       (ARRAY['FR', 'DE', 'UK'])[1 + g % 3] AS country,
       g % 2 = 0 AS newsletter,
       7 AS constant
FROM generate_series(1, 300) g;

-- one row about the version
SELECT model, version, algorithm, n_rows, n_features, metric, round(metric_value::numeric, 4) AS inertia,
       converged, iterations > 0 AS iterated, duration > interval '0' AS took_time, warnings
FROM userseg.train('vip', 'kmeans', 'customers', id => 'id',
                   features => ARRAY['spend', 'visits'], params => '{"k": 3}');

-- the same arguments give the same model; a name that exists gets a new version
SELECT version, round(metric_value::numeric, 4) AS inertia
FROM userseg.train('vip', 'kmeans', 'customers', id => 'id',
                   features => ARRAY['spend', 'visits'], params => '{"k": 3}');
SELECT count(*), count(DISTINCT (segment_id, feature, value)) AS distinct_values
FROM (SELECT * FROM userseg.centroids('vip@1') UNION ALL SELECT * FROM userseg.centroids('vip@2')) c;

-- a query as source, in any order, gives the same centroids
SELECT version FROM userseg.train('vip', 'kmeans',
  'SELECT id, visits, spend FROM customers ORDER BY md5(id::text)', id => 'id',
  features => ARRAY['spend', 'visits'], params => '{"k": 3}');
SELECT (SELECT array_agg((feature, value)::text ORDER BY segment_id, feature) FROM userseg.centroids('vip@1', 'encoded'))
     = (SELECT array_agg((feature, value)::text ORDER BY segment_id, feature) FROM userseg.centroids('vip@3', 'encoded')) AS same;

-- every usable column, constants dropped with a warning that is kept
SELECT n_features, warnings FROM userseg.train('all_columns', 'kmeans', 'customers', id => 'id', params => '{"k": 3}');
SELECT details -> 'preprocessing' IS NOT NULL AS preprocessing, details -> 'source' AS source,
       details ->> 'strategy' AS strategy
FROM userseg.model_versions WHERE model = 'all_columns';

-- in memory, as SQL aggregates: bit for bit the same
SELECT details ->> 'strategy' AS strategy
FROM userseg.train('by_sql', 'kmeans', 'customers', id => 'id', params => '{"k": 3, "strategy": "sql"}');
SELECT count(*) AS differences FROM userseg.centroids('all_columns', 'encoded') a
JOIN userseg.centroids('by_sql', 'encoded') b USING (segment_id, feature)
WHERE a.value IS DISTINCT FROM b.value;
SET standard_conforming_strings = off;
SELECT details ->> 'strategy' AS strategy
FROM userseg.train('by_sql', 'kmeans', 'customers', id => 'id', params => '{"k": 3, "strategy": "sql"}');
RESET standard_conforming_strings;

-- weights count as repeated rows
CREATE TABLE weighted AS SELECT *, 1 + id % 4 AS w FROM customers;
SELECT round(a.metric_value::numeric, 6) = round(b.metric_value::numeric, 6) AS same
FROM userseg.train('w1', 'kmeans', 'weighted', id => 'id', features => ARRAY['spend', 'visits'],
                   weight => 'w', transform => '{"*": "none"}', params => '{"k": 3}') a,
     userseg.train('w2', 'kmeans', 'SELECT spend, visits FROM weighted, generate_series(1, w)',
                   transform => '{"*": "none"}', params => '{"k": 3}') b;

-- at the limits of numbers and weights
SELECT n_rows, warnings
FROM userseg.train('limits', 'kmeans', 'SELECT g::float8 * 1e139 AS x, g::float8 * 1e17 AS w FROM generate_series(1, 10) g',
                   weight => 'w', params => '{"k": 2}');
SELECT segment_id, (value / 1e139)::numeric(6,3) AS mean, z::numeric(6,3) FROM userseg.centroids('limits');

-- aliases at training
SELECT version FROM userseg.train('vip', 'kmeans', 'customers', id => 'id',
  features => ARRAY['spend'], params => '{"k": 2}', alias => 'production');
SELECT alias, version FROM userseg.aliases WHERE model = 'vip';

-- what it would do
SELECT topic, item, value FROM userseg.explain_train('vip', 'kmeans', 'customers', id => 'id', params => '{"k": 3}')
WHERE topic IN ('source', 'algorithm', 'column', 'encoding');
SELECT count(*) FROM userseg.model_versions WHERE model = 'vip';

-- a feature of the earlier version has another role or type now: segments are numbered anew
SELECT warnings FROM userseg.train('vip', 'kmeans', 'customers', features => '{visits}', weight => 'spend', params => '{"k": 2}');
SELECT warnings FROM userseg.train('by_sql', 'kmeans', $$SELECT visits, now()::timestamp + visits * interval '1 day' AS t FROM customers$$, params => '{"k": 2}');
SELECT warnings FROM userseg.train('by_sql', 'kmeans', $$SELECT visits, now() + visits * interval '1 day' AS t FROM customers$$, params => '{"k": 2}');

-- errors
SELECT userseg.train(NULL, 'kmeans', 'customers');
SELECT userseg.train('Vip', 'kmeans', 'customers');
SELECT userseg.train('vip@2', 'kmeans', 'customers');
SELECT userseg.train('vip', 'kmean', 'customers');
SELECT userseg.train('vip', 'kmeans', 'no_such_table');
SELECT userseg.train('vip', 'kmeans', 'customers', features => ARRAY['spend', 'no', 'nor']);
SELECT userseg.train('vip', 'kmeans', 'customers', params => '{"kk": 3}');
SELECT userseg.train('vip', 'kmeans', 'customers', params => '{"k": 0}');
SELECT userseg.train('vip', 'kmeans', 'customers', null_policy => 'drop');
SELECT userseg.train('vip', 'kmeans', 'customers', holdout => 1);
SELECT userseg.train('vip', 'kmeans', 'customers', holdout => 'NaN');
SELECT userseg.train('vip', 'kmeans', 'customers', alias => 'Prod');
SELECT userseg.train('vip', 'kmeans', 'SELECT * FROM customers WHERE false');
SELECT userseg.train('vip', 'kmeans', 'SELECT spend FROM customers LIMIT 2', params => '{"k": 3}');
SELECT userseg.train('vip', 'kmeans', 'SELECT 1 AS x FROM generate_series(1, 10)', params => '{"k": 2}');
SELECT userseg.train('vip', 'kmeans', $$SELECT CASE WHEN id = 7 THEN 'NaN'::float8 ELSE spend END AS spend, id FROM customers$$, id => 'id');
SELECT userseg.train('vip', 'kmeans', 'customers; DROP TABLE customers');
SELECT userseg.train('vip', 'kmeans', 'SELECT 1 AS x; DROP TABLE customers');
SELECT userseg.train('vip', 'kmeans', 'WITH d AS (DELETE FROM customers RETURNING *) SELECT * FROM d');
SELECT count(*) AS still_there FROM customers;
SELECT max(version) AS last FROM userseg.model_versions WHERE model = 'vip';

-- a read-only transaction cannot train
BEGIN READ ONLY;
SELECT count(*) FROM userseg.explain_train('vip', 'kmeans', 'customers', params => '{"k": 3}') WHERE topic = 'source';
SELECT userseg.train('vip', 'kmeans', 'customers');
ROLLBACK;

-- and nothing of a training that is rolled back stays
BEGIN;
SELECT version FROM userseg.train('vip', 'kmeans', 'customers', id => 'id', features => ARRAY['spend'], params => '{"k": 2}');
ROLLBACK;
SELECT max(version) AS last FROM userseg.model_versions WHERE model = 'vip';

SELECT userseg.drop_model(model) FROM userseg.models ORDER BY model;
SELECT userseg.explain_train('vip', 'kmeans', 'SELECT country FROM customers', params => '{"k": 4}');
SELECT userseg.explain_train('vip', 'kmeans', 'SELECT country FROM customers', params => '{"k": [4, 6]}');
SELECT count(*) > 5 AS explained FROM userseg.explain_train('vip', 'kmeans', 'SELECT country FROM customers', params => '{"k": [2, 6]}');

-- one warning for all constant features
SELECT warnings FROM userseg.train('constants', 'kmeans', 'SELECT spend, 1 AS a, ''x''::text AS b, NULL::int AS c, NULL::text AS d FROM customers',
                                   features => '{spend, a, b, c, d}', params => '{"k": 2}');

-- a domain over char(n): as JSON it is padded with blanks
CREATE DOMAIN code AS char(5);
CREATE TABLE coded AS SELECT g AS id, ('c' || g % 3)::code AS code, ARRAY[('t' || g % 2)::code] AS codes, g % 7 AS x FROM generate_series(1, 60) g;
SELECT version FROM userseg.train('coded', 'kmeans', 'coded', id => 'id', params => '{"k": 3}');
SELECT feature, type FROM userseg.feature_info('coded');
SELECT count(*) FILTER (WHERE (userseg.predict_json('coded', to_jsonb(c))).warnings <> '{}') AS with_warnings,
       bool_and((userseg.predict_json('coded', to_jsonb(c))).label_id = userseg.predict_id('coded', c)) AS same FROM coded c;
SELECT userseg.drop_model('coded') + userseg.drop_model('constants') AS dropped;
DROP TABLE coded;
DROP DOMAIN code;

-- a step of strategy sql that fails: its context is the source, not the state
CREATE FUNCTION fails_later(id int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF id = 50 THEN
    IF EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND pid = pg_backend_pid()) THEN
      RAISE EXCEPTION 'failed in a later pass';
    END IF;
    PERFORM pg_advisory_xact_lock(4711);
  END IF;
  RETURN id;
END $$;
SELECT userseg.train('later', 'kmeans', 'SELECT fails_later(g) AS x FROM generate_series(1, 50) g', params => '{"k": 2, "strategy": "sql"}');
DROP FUNCTION fails_later;

DROP TABLE customers, weighted;
