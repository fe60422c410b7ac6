-- Quantiles of regressions by random forests that keep targets in their leaves.
SET client_min_messages = warning;
CREATE SCHEMA test_quantile;
SET search_path = test_quantile, public;
-- the spread grows with x: y is uniform in 10 .. 10 + 20 x
CREATE TABLE t AS SELECT i AS id, (i * 7919 % 1000) / 100.0 AS x, 10 + 20 * (i * 7919 % 1000) / 100.0 * ((hashint8extended(i, 5) & 1048575) + 0.5) / 1048576 AS y FROM generate_series(1, 4000) i;
CREATE TABLE unseen AS SELECT i AS id, (i * 7919 % 1000) / 100.0 AS x, 10 + 20 * (i * 7919 % 1000) / 100.0 * ((hashint8extended(i, 5) & 1048575) + 0.5) / 1048576 AS y FROM generate_series(100001, 102000) i;
SELECT version FROM userseg.train('q', 'random_forest', 't', target => 'y', id => 'id', holdout => 0, params => '{"n_trees": 100, "min_leaf": 20, "leaf_samples": 2}');
SELECT quantile, abs(avg((y <= userseg.predict_quantile('q', u, quantile))::int) - quantile) < 0.03 AS covers FROM unseen u, unnest('{0.1,0.25,0.5,0.75,0.9}'::float8[]) quantile GROUP BY quantile ORDER BY quantile;
-- near the true quantiles, 10 + 20 x p
SELECT quantile, avg(abs(userseg.predict_quantile('q', u, quantile) - (10 + 20 * x * quantile))) < 10 AS near, corr(userseg.predict_quantile('q', u, quantile), 20 * x * quantile) > 0.9 OR quantile < 0.2 AS follows
FROM unseen u, unnest('{0.1,0.5,0.9}'::float8[]) quantile GROUP BY quantile ORDER BY quantile;
SELECT bool_and(a <= b AND b <= c) AS ascending, bool_and(a >= (SELECT min(y) FROM t) - 1e-4 AND c <= (SELECT max(y) FROM t) + 1e-4) AS within FROM unseen u, LATERAL (SELECT userseg.predict_quantile('q', u, 0) AS a, userseg.predict_quantile('q', u, 0.5) AS b, userseg.predict_quantile('q', u, 1) AS c) p;
-- the prediction is what it is without samples; any order of rows and workers
SELECT version FROM userseg.train('plain', 'random_forest', 't', target => 'y', id => 'id', holdout => 0, params => '{"n_trees": 100, "min_leaf": 20}');
SELECT version FROM userseg.train('shuffled', 'random_forest', 'SELECT * FROM t ORDER BY hashint4(id)', target => 'y', id => 'id', holdout => 0, params => '{"n_trees": 100, "min_leaf": 20, "leaf_samples": 2, "workers": 1}');
SELECT bool_and(userseg.predict_value('q', u) = userseg.predict_value('plain', u)) AS same_mean, bool_and(userseg.predict_quantile('q', u, 0.3) = userseg.predict_quantile('shuffled', u, 0.3)) AS any_order FROM unseen u;
-- a leaf of one row says that row
CREATE TYPE one AS (x float8);
SELECT version FROM userseg.train('alone', 'random_forest', 'SELECT i AS x, i * i AS y FROM generate_series(1, 9) i', target => 'y', holdout => 0, params => '{"n_trees": 1, "bootstrap": false, "min_leaf": 1, "leaf_samples": 3, "max_features": 1}');
SELECT x, round(userseg.predict_quantile('alone', ROW(x)::one, 0.1)::numeric, 4) AS low, round(userseg.predict_quantile('alone', ROW(x)::one, 0.9)::numeric, 4) AS high FROM (VALUES (1::float8), (4), (9)) v(x);
SELECT userseg.predict_quantile('alone', NULL::one, 0.1) IS NULL AS no_row, userseg.predict_quantile('alone', ROW(1)::one, NULL) IS NULL AS no_quantile;
-- errors
\set VERBOSITY default
SELECT userseg.predict_quantile('q', u, 1.5) FROM unseen u LIMIT 1;
SELECT userseg.predict_quantile('plain', u, 0.5) FROM unseen u LIMIT 1;
SELECT version FROM userseg.train('classes', 'random_forest', 'SELECT x, y > 50 AS y FROM t', target => 'y', holdout => 0, params => '{"n_trees": 2}');
SELECT userseg.predict_quantile('classes', u, 0.5) FROM unseen u LIMIT 1;
SELECT userseg.train('e', 'random_forest', 'SELECT x, y > 50 AS y FROM t', target => 'y', params => '{"leaf_samples": 1}');
SELECT count(*) AS dropped FROM unnest('{q,plain,shuffled,alone,classes}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_quantile CASCADE;
