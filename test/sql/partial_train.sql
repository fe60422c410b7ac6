-- Continuing a model: what the centres become, what stays, what is told, what may go wrong.
\set VERBOSITY default
SET client_min_messages = warning;
CREATE SCHEMA test_partial;
SET search_path = test_partial;

CREATE TABLE old AS
SELECT g AS id, (g % 3) * 10 + (g * 7919 % 101) / 50.0 AS x, (g % 3 / 2) * 20 + (g * 104729 % 103) / 50.0 AS y FROM generate_series(1, 600) g;
CREATE TABLE new AS
SELECT g AS id, 1 + (g % 2) * 10 + (g * 7919 % 101) / 50.0 AS x, 0.5 + (g * 104729 % 103) / 50.0 AS y, 1 + g % 3 AS w FROM generate_series(1001, 1200) g;
CREATE FUNCTION print(model text) RETURNS text LANGUAGE sql AS $$
  SELECT md5(string_agg(segment_id || feature || value, ',' ORDER BY segment_id, feature COLLATE "C")) FROM userseg.centroids(model, 'encoded')
$$;

-- ---- kmeans ----
SELECT version, n_rows FROM userseg.train('km', 'kmeans', 'old', id => 'id', transform => '{"*": "none"}', params => '{"k": 3, "tolerance": 0}');
SELECT model, version, algorithm, n_rows, n_features, metric, round(metric_value::numeric, 6) AS inertia, converged, duration > interval '0' AS took_time,
       details -> 'sizes' AS sizes, details -> 'effective_weights' AS weights, details -> 'rows_seen' AS seen, details -> 'updates' AS updates,
       details -> 'continues' AS continues, details ->> 'profile' AS profile
FROM userseg.partial_train('km', 'new', decay => 0.5);

-- computed in SQL: every centre is the mean of half of the rows before and of the rows that it is nearest to; the third has no new rows
WITH old_row AS (SELECT userseg.predict_id('km@1', o) AS s, x::float8, y::float8 FROM old o),
     new_row AS (SELECT userseg.predict_id('km@2', n) AS s, x::float8, y::float8 FROM new n),
     b AS (SELECT s, count(*) / 2.0::float8 AS n, avg(x) AS x, avg(y) AS y FROM old_row GROUP BY 1),
     a AS (SELECT s, count(*)::float8 AS n, sum(x) AS x, sum(y) AS y FROM new_row GROUP BY 1),
     want AS (SELECT s, (b.n * b.x + coalesce(a.x, 0)) / (b.n + coalesce(a.n, 0)) AS x, (b.n * b.y + coalesce(a.y, 0)) / (b.n + coalesce(a.n, 0)) AS y
              FROM b LEFT JOIN a USING (s))
SELECT count(*) AS centres, max(abs(c.value - CASE c.feature WHEN 'x' THEN want.x ELSE want.y END)) < 1e-6 AS as_computed
FROM userseg.centroids('km@2', 'encoded') c JOIN want ON s = segment_id;
-- inertia of the new rows, and the profile: decayed means of old and new together
SELECT abs(v.metric_value / (SELECT sum((userseg.predict_detail('km@2', n)).distance ^ 2) FROM new n) - 1) < 1e-6 AS inertia
FROM userseg.model_versions v WHERE model = 'km' AND version = 2;
WITH r AS (SELECT userseg.predict_id('km@1', o) AS s, x::float8 AS v, 0.5 AS w FROM old o UNION ALL SELECT userseg.predict_id('km@2', n), x::float8, 1 FROM new n)
SELECT max(abs(c.value - m.mean)) < 1e-9 AS means, bool_and(c.n = m.n) AS sizes, max(abs(c.z - (m.mean - t.mean) / t.sd)) < 1e-9 AS z
FROM userseg.centroids('km@2') c JOIN (SELECT s, sum(w * v) / sum(w) AS mean, sum(w)::bigint AS n FROM r GROUP BY 1) m ON s = segment_id,
     (SELECT sum(w * v) / sum(w) AS mean, sqrt(sum(w * v * v) / sum(w) - (sum(w * v) / sum(w)) ^ 2) AS sd FROM r) t
WHERE c.feature = 'x';

SET client_min_messages = error;
-- versions, lineage, runs; numbers and names stay
SELECT userseg.name_segment('km', 2, 'middle');
SELECT version, parent_version FROM userseg.model_versions WHERE model = 'km' ORDER BY 1;
SELECT version, parent_version, source, id, params ->> 'k' AS k, seed FROM userseg.training_info('km');
SELECT kind, version, ok, n_rows FROM userseg.runs WHERE model = 'km' ORDER BY run;
SELECT segment_id, segment, n FROM userseg.describe_segments('km') ORDER BY 1;
SELECT version, parent_version FROM userseg.partial_train('km@1', 'new', seed => 7) JOIN LATERAL (SELECT 1 AS parent_version) p ON true;
SELECT version, parent_version FROM userseg.training_info('km@3');

-- half-life: 200 rows at a half-life of 200 are a decay of a half
SELECT details -> 'continues' AS continues FROM userseg.partial_train('km@1', 'new', half_life => 200);
SELECT print('km@2') = print('km@4') AS same;
-- nothing before counts; everything before counts
SELECT details -> 'effective_weights' AS weights FROM userseg.partial_train('km@1', 'new', decay => 0);
SELECT details -> 'effective_weights' AS weights FROM userseg.partial_train('km@1', 'new');
-- any order; weights as repeated rows
SELECT version FROM userseg.partial_train('km@1', 'SELECT y, x, id FROM new ORDER BY md5(id::text)', decay => 0.5, params => '{"workers": 0}');
SELECT version, details -> 'effective_weights' AS weights FROM userseg.partial_train('km@1', 'new', weight => 'w', decay => 0.5);
SELECT version FROM userseg.partial_train('km@1', 'SELECT new.* FROM new, generate_series(1, w)', decay => 0.5);
SELECT print('km@2') = print('km@7') AS any_order, print('km@8') = print('km@9') AS weights;
-- one iteration only
SELECT converged, iterations, warnings FROM userseg.partial_train('km@1', 'new', params => '{"max_iter": 1, "tolerance": 0}');

-- ---- mini-batches: one batch of all rows is one step of the counted means ----
SELECT version FROM userseg.train('mb', 'minibatch_kmeans', 'old', id => 'id', transform => '{"*": "none"}', params => '{"k": 3}');
SELECT version, iterations, converged, details -> 'batch_size' AS batch_size, details -> 'effective_weights' AS weights
FROM userseg.partial_train('mb', 'new', params => '{"batch_size": 1024}', half_life => 100);
WITH old_row AS (SELECT userseg.predict_id('mb@1', o) AS s FROM old o),
     new_row AS (SELECT userseg.predict_id('mb@1', n) AS s, x::float8, y::float8 FROM new n),
     b AS (SELECT segment_id AS s, (SELECT count(*) / 4.0::float8 FROM old_row WHERE s = segment_id) AS n,
                  max(value) FILTER (WHERE feature = 'x') AS x, max(value) FILTER (WHERE feature = 'y') AS y FROM userseg.centroids('mb@1', 'encoded') GROUP BY 1),
     a AS (SELECT s, count(*)::float8 AS n, sum(x) AS x, sum(y) AS y FROM new_row GROUP BY 1),
     want AS (SELECT s, (b.n * b.x + coalesce(a.x, 0)) / (b.n + coalesce(a.n, 0)) AS x, (b.n * b.y + coalesce(a.y, 0)) / (b.n + coalesce(a.n, 0)) AS y
              FROM b LEFT JOIN a USING (s))
SELECT count(*) AS centres, max(abs(c.value - CASE c.feature WHEN 'x' THEN want.x ELSE want.y END)) < 1e-6 AS as_computed
FROM userseg.centroids('mb@2', 'encoded') c JOIN want ON s = segment_id;
SELECT version, iterations FROM userseg.partial_train('mb@1', 'SELECT * FROM new ORDER BY x', params => '{"batch_size": 16}');
SELECT version, iterations FROM userseg.partial_train('mb@1', 'SELECT * FROM new ORDER BY y', params => '{"batch_size": 16}');
SELECT print('mb@3') = print('mb@4') AS any_order;
-- the sequence of calls means something
SELECT version FROM userseg.partial_train('mb@1', 'SELECT * FROM new WHERE id <= 1100');
SELECT version FROM userseg.partial_train('mb', 'SELECT * FROM new WHERE id > 1100');
SELECT details -> 'rows_seen' AS seen, details -> 'updates' AS updates FROM userseg.model_versions WHERE model = 'mb' AND version = 6;

-- ---- mixtures: one iteration is one step of stepwise EM ----
SELECT version FROM userseg.train('g', 'gmm', 'SELECT id, x, y FROM old', id => 'id', transform => '{"*": "none"}', params => '{"k": 3, "covariance": "diag"}');
SELECT version, metric, converged, iterations, round((details ->> 'rate')::numeric, 6) AS rate, details -> 'rows_seen' AS seen, details -> 'updates' AS updates,
       details -> 'continues' AS continues
FROM userseg.partial_train('g', 'new', params => '{"max_iter": 1}', decay => 0.5);
-- computed in SQL from the memberships under the version before: rate 200 / (300 + 200)
WITH r AS (SELECT c AS s, x::float8, y::float8, (userseg.predict_proba('g@1', n) ->> ('segment ' || c))::float8 AS r FROM new n, generate_series(1, 3) c),
     a AS (SELECT s, sum(r) / 200 AS n, sum(r * x) / 200 AS x, sum(r * y) / 200 AS y FROM r GROUP BY 1),
     b AS (SELECT segment_id AS s, (SELECT (details -> 'weights' ->> (segment_id - 1))::float8 FROM userseg.model_versions WHERE model = 'g' AND version = 1) AS n,
                  max(value) FILTER (WHERE feature = 'x') AS x, max(value) FILTER (WHERE feature = 'y') AS y FROM userseg.centroids('g@1', 'encoded') GROUP BY 1),
     want AS (SELECT s, 0.6 * b.n + 0.4 * a.n AS n, (0.6 * b.n * b.x + 0.4 * a.x) / (0.6 * b.n + 0.4 * a.n) AS x, (0.6 * b.n * b.y + 0.4 * a.y) / (0.6 * b.n + 0.4 * a.n) AS y
              FROM a JOIN b USING (s))
SELECT count(*) AS centres, max(abs(c.value - CASE c.feature WHEN 'x' THEN want.x ELSE want.y END)) < 1e-5 AS as_computed,
       max(abs(want.n * 500 - (v.details -> 'effective_weights' ->> (s - 1))::float8)) < 1e-4 AS weights
FROM userseg.centroids('g@2', 'encoded') c JOIN want ON s = segment_id JOIN userseg.model_versions v ON v.model = 'g' AND v.version = 2;
-- many iterations; any order; every kind of covariance; rows far away
SELECT version, converged, iterations > 1 AS iterated FROM userseg.partial_train('g@1', 'SELECT * FROM new ORDER BY x', decay => 0.5);
SELECT version FROM userseg.partial_train('g@1', 'SELECT * FROM new ORDER BY y, x DESC', decay => 0.5, params => '{"workers": 0}');
SELECT print('g@3') = print('g@4') AS any_order;
SELECT c AS covariance, (SELECT count(*) FROM userseg.train('g_' || c, 'gmm', 'SELECT id, x, y FROM old', id => 'id', params => format('{"k": 2, "covariance": "%s"}', c)::jsonb)) AS trained
FROM unnest('{full,tied,spherical}'::text[]) c;
SELECT c AS covariance, t.n_rows, t.converged, t.metric_value < 0 AS log_likelihood, (t.details #>> '{continues,decay}')::float8 AS decay
FROM unnest('{full,tied,spherical}'::text[]) c, LATERAL userseg.partial_train('g_' || c, 'new', decay => 0.25, alias => 'production') t;
SELECT alias, version FROM userseg.aliases WHERE model = 'g_full';
SELECT n_rows FROM userseg.partial_train('g@1', 'SELECT * FROM new UNION ALL SELECT 1, 5e4, -7e4, 1');
SELECT bool_and((userseg.predict_detail('g', n)).probability BETWEEN 0 AND 1) AS scored FROM new n;
SELECT warnings, details -> 'effective_weights' AS weights FROM userseg.partial_train('g@1', 'SELECT 1 AS id, 1.0 AS x, 2.0 AS y', decay => 0);
SELECT (userseg.predict_detail('g', n)).probability BETWEEN 0 AND 1 AS scored FROM new n LIMIT 1;

-- ---- what is told: NULLs, categories, drift ----
CREATE TABLE people AS
SELECT g AS id, (g * 31 % 97)::float8 AS age, (ARRAY['FR', 'DE', 'UK'])[1 + g % 3] AS country, ARRAY['t' || g % 4, 'u'] AS tags, ARRAY[g % 5, g % 7]::float8[] AS v
FROM generate_series(1, 500) g;
SELECT n_features FROM userseg.train('people', 'kmeans', 'people', id => 'id', params => '{"k": 4}');
SELECT warnings, jsonb_array_length(details -> 'drift') > 5 AS listed, details -> 'drift' -> 0 ->> 'column' AS most
FROM userseg.partial_train('people', $$SELECT id, CASE WHEN id % 10 > 0 THEN age + 100 END AS age, CASE WHEN id % 4 = 0 THEN 'IT' ELSE country END AS country,
  CASE WHEN id = 7 THEN '{new}' ELSE tags END AS tags, v FROM people$$);
SELECT segment_id, feature, n FROM userseg.centroids('people') WHERE feature LIKE 'country=%' AND segment_id = 1 ORDER BY 2;
-- new rows far outside of the range of the training
SELECT n_rows, warnings FROM userseg.partial_train('km@1', 'SELECT 1 AS id, 1e9::float8 AS x, -1e12::float8 AS y');
SELECT (userseg.predict_detail('km', n)).probability BETWEEN 0 AND 1 AS usable, userseg.predict_id('km', n) AS segment FROM (SELECT 1e9::float8 AS x, -1e12::float8 AS y) n;
-- a model is continued many times
DO $$ BEGIN FOR i IN 1 .. 12 LOOP PERFORM userseg.partial_train('km', format('SELECT * FROM new WHERE id %% 12 = %s', i - 1), decay => 0.9); END LOOP; END $$;
SELECT version, parent_version, details -> 'updates' AS updates, details -> 'rows_seen' AS seen FROM userseg.model_versions WHERE model = 'km' ORDER BY 1 DESC LIMIT 1;

-- policies for NULL are those of the version
SELECT version FROM userseg.train('strict', 'kmeans', 'old', id => 'id', null_policy => 'error', params => '{"k": 2}');
SELECT version FROM userseg.train('skips', 'kmeans', 'old', id => 'id', null_policy => 'skip', params => '{"k": 2}');
SELECT n_rows, warnings, details -> 'source' AS source FROM userseg.partial_train('skips', 'SELECT id, x, nullif(y, 0.5) AS y FROM new WHERE id <> 1003 UNION ALL SELECT 1, 2, NULL');
-- an alias is continued and moved; its id where the source has it
SELECT userseg.set_alias('km@1', 'production');
SELECT version FROM userseg.partial_train('km', 'SELECT x, y FROM new', alias => 'production');
SELECT parent_version FROM userseg.training_info('km');
SELECT id FROM userseg.training_info('km');
-- cosine
SELECT version FROM userseg.train('mix', 'kmeans', 'old', id => 'id', transform => '{"*": "none"}', params => '{"k": 2, "metric": "cosine"}');
SELECT version, details ->> 'metric' AS metric FROM userseg.partial_train('mix', 'new');
-- nothing is left of an error or a rollback
BEGIN;
SELECT version > 1 AS made FROM userseg.partial_train('mix', 'new');
ROLLBACK;
SELECT count(*) FROM userseg.model_versions WHERE model = 'mix';

-- ---- errors ----
SET client_min_messages = warning;
SELECT userseg.partial_train('km', 'new', decay => 1.5);
SELECT userseg.partial_train('km', 'new', decay => 'NaN');
SELECT userseg.partial_train('km', 'new', half_life => 0);
SELECT userseg.partial_train('km', 'new', half_life => 'NaN');
SELECT userseg.partial_train('km', 'new', decay => 0.5, half_life => 10);
SELECT version FROM userseg.train('tree', 'hierarchical', 'old', id => 'id', params => '{"k": 3}');
SELECT userseg.partial_train('tree', 'new');
SELECT version FROM userseg.train('yes', 'logistic', 'SELECT id, x, y, x + y / 3 > 8 + id % 5 AS yes FROM old', target => 'yes', id => 'id');
SELECT userseg.partial_train('yes', 'SELECT id, x, y, true AS yes FROM new');
-- columns that depend on each other, under a common covariance
SELECT version, warnings FROM userseg.train('flat', 'gmm', 'SELECT id, x, 2 * x AS z, y FROM old', id => 'id', params => '{"k": 2, "covariance": "tied", "reg_covar": 1e-4}');
SELECT version, warnings FROM userseg.partial_train('flat', 'SELECT id, x, 2 * x AS z, y FROM old');
SELECT userseg.partial_train('km', 'new', params => '{"k": 4}');
\set VERBOSITY terse
SELECT userseg.partial_train('km', 'new', params => '{"batch_size": 100}');
\set VERBOSITY default
SELECT userseg.partial_train('mb', 'new', params => '{"max_iter": 3}');
SELECT userseg.partial_train('g', 'new', params => '{"reg_covar": 1}');
SELECT userseg.partial_train('km', 'SELECT id, x FROM new');
SELECT userseg.partial_train('km', 'SELECT id, x, y::text AS y FROM new');
SELECT userseg.partial_train('people', 'SELECT id, age, country, tags, v || 1::float8 AS v FROM people');
SELECT userseg.partial_train('km', 'SELECT * FROM new WHERE false');
SELECT userseg.partial_train('km', 'SELECT id, x, 1e141 AS y FROM new');
SELECT userseg.partial_train('km', 'SELECT id, x, ''NaN''::float8 AS y FROM new');
SELECT userseg.partial_train('strict', 'SELECT 1 AS id, 2.0 AS x, NULL::float8 AS y');
SELECT userseg.partial_train('km', 'INSERT INTO new VALUES (1)');
SELECT userseg.partial_train('kn', 'new');
SELECT userseg.partial_train('km@99', 'new');
SELECT userseg.partial_train(NULL, 'new');
SELECT userseg.partial_train('km', 'new', alias => 'No Alias');
SELECT userseg.partial_train('km', 'new', weight => 'none');
CREATE ROLE userseg_partial_other;
GRANT SELECT ON new TO userseg_partial_other;
GRANT USAGE ON SCHEMA userseg TO userseg_partial_other;
SELECT userseg.grant_usage('km', 'userseg_partial_other');
SET ROLE userseg_partial_other;
SELECT userseg.partial_train('km', 'new');
RESET ROLE;
SELECT userseg.revoke_usage('km', 'userseg_partial_other');
DROP OWNED BY userseg_partial_other;
DROP ROLE userseg_partial_other;
BEGIN READ ONLY;
SELECT userseg.partial_train('km', 'new');
ROLLBACK;

SET client_min_messages = error;
SELECT count(userseg.drop_model(m)) AS dropped FROM unnest('{km,mb,people,strict,skips,mix,tree,yes,g,g_full,g_tied,g_spherical}'::text[]) m;
DROP SCHEMA test_partial CASCADE;
