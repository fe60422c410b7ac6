-- Metric aggregates against sum() of the same columns: serial.
--   psql -XAtq -v rows=1000000 -f test/bench/metrics.sql   (in a database with the extension; leaves nothing)
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
\ir lib.compare.sql
CREATE TABLE userseg_bench_metrics AS
SELECT i AS id, (hashint8extended(i, 1) & 1048575) / 1048576.0::float8 AS p, ((hashint8extended(i, 2) & 4503599627370495) + 0.5) / 4503599627370496.0::float8 AS distinct_p,
  hashint8extended(i, 3) % 3 = 0 AS y, (hashint8extended(i, 4) & 1048575) / 1000.0::float8 AS actual
FROM generate_series(1, :rows) i;
VACUUM ANALYZE userseg_bench_metrics;
\set sum 'SELECT sum(p + actual) FROM userseg_bench_metrics'
SELECT pg_temp.compare('`rmse_agg`, ' || :rows || ' rows / `sum(p + actual)`, both serial', '', 'SELECT userseg.rmse_agg(p, actual) FROM userseg_bench_metrics', :'sum');
SELECT pg_temp.compare('`log_loss_agg`', '', 'SELECT userseg.log_loss_agg(p, y) FROM userseg_bench_metrics', :'sum');
SELECT pg_temp.compare('`auc_agg`, a thousand distinct scores', '', 'SELECT userseg.auc_agg(round(p * 1000), y) FROM userseg_bench_metrics', :'sum');
SELECT pg_temp.compare('`auc_agg`, all scores distinct / `rank() OVER (ORDER BY p)`', '', 'SELECT userseg.auc_agg(distinct_p, y) FROM userseg_bench_metrics',
  'SELECT sum(r) FILTER (WHERE y) FROM (SELECT y, rank() OVER (ORDER BY distinct_p) AS r FROM userseg_bench_metrics) t');
DROP TABLE userseg_bench_metrics;
