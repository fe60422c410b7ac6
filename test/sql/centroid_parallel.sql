-- Parallel = serial, with workers that were really launched; and any physical order.
SET jit = off;
CREATE TABLE centroid_par AS
SELECT i, ARRAY[(i % 7) * 10 + sin(i), cos(i * i % 100), (i * 37 % 101) / 7.0, 1e6 / i] AS x, 1 + i % 4 AS w
FROM generate_series(1, 20000) i;
ALTER TABLE centroid_par SET (parallel_workers = 2);
ANALYZE centroid_par;

-- Run a query; its value as text, and the number of workers that took part
CREATE FUNCTION pg_temp.workers(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
  RETURN coalesce((regexp_match(plan::text, '"Workers Launched": (\d+)'))[1]::int, 0);
END $$;
CREATE FUNCTION pg_temp.value(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE query INTO result;
  RETURN result;
END $$;

CREATE TABLE centroid_queries (name text, query text, serial text);
INSERT INTO centroid_queries
SELECT name, replace(query, 'SET', quote_literal(c))
FROM (VALUES
  ('kmeans_agg', 'SELECT userseg.kmeans_agg(SET, x, w) FROM centroid_par'),
  ('kmeans_step', 'SELECT userseg.kmeans_step(userseg.kmeans_point(SET, x, w / 7.0)) FROM centroid_par'),
  ('by group', 'SELECT userseg.rollup(s) FROM (SELECT i % 5 AS g, userseg.kmeans_agg(SET, x, w) AS s FROM centroid_par GROUP BY 1) t'),
  ('centroid_agg', 'SELECT userseg.centroid_agg(x, w / 7.0) FROM centroid_par'),
  ('inertia_agg', 'SELECT userseg.inertia_agg(SET, x) FROM centroid_par'),
  ('silhouette_agg', 'SELECT userseg.silhouette_agg(SET, x) FROM centroid_par'),
  ('nearest', 'SELECT sum(userseg.nearest(SET, x) * i) FROM centroid_par')) q(name, query),
  (SELECT userseg.centroid_set('{{5,0,10,5},{25,0,2,1e4},{25,0,12,10},{60,0,7,20}}')::text AS c) s;

SET max_parallel_workers_per_gather = 0;
UPDATE centroid_queries SET serial = pg_temp.value(query);
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT name, pg_temp.workers(query) > 0 AS workers, pg_temp.value(query) = serial AS same FROM centroid_queries ORDER BY name;
SET parallel_leader_participation = off;
SELECT name, pg_temp.workers(query) > 0 AS workers, pg_temp.value(query) = serial AS same FROM centroid_queries ORDER BY name;

-- Another physical order
CREATE TABLE centroid_par2 AS SELECT * FROM centroid_par ORDER BY hashint4extended(i, 5);
DROP TABLE centroid_par;
ALTER TABLE centroid_par2 RENAME TO centroid_par;
ALTER TABLE centroid_par SET (parallel_workers = 2);
SELECT name, pg_temp.workers(query) > 0 AS workers, pg_temp.value(query) = serial AS same FROM centroid_queries ORDER BY name;
SET max_parallel_workers_per_gather = 0;
SELECT name, pg_temp.workers(query) AS workers, pg_temp.value(query) = serial AS same FROM centroid_queries ORDER BY name;

DROP TABLE centroid_par, centroid_queries;
