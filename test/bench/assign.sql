-- userseg.assign against tables made by plain SQL.
--   psql -XAtq -v rows=1000000 -f test/bench/assign.sql   (in a database with the extension; leaves nothing)
SET client_min_messages = warning;
SET jit = off;
\ir lib.compare.sql
CREATE TABLE userseg_bench_assign AS
SELECT i AS id, (i % 8) * 2.5 + u[1] AS c1, (i / 3 % 8) * 1.5 + u[2] AS c2, u[3] AS c3, u[4] AS c4, u[5] AS c5, u[6] AS c6, u[7] AS c7, u[8] AS c8
FROM generate_series(1, :rows) i,
  LATERAL (SELECT array_agg((hashint8extended(i, j) & 1048575) / 104857.6::float8) AS u FROM generate_series(1, 8) j) r;
VACUUM ANALYZE userseg_bench_assign;
SELECT version FROM userseg.train('userseg_bench_assign', 'kmeans', 'SELECT * FROM userseg_bench_assign WHERE id <= 100000', id => 'id', params => '{"k":8}') \gset
\set assign 'SELECT userseg.assign(''userseg_bench_assign'', ''userseg_bench_assign'', ''id'', ''userseg_bench_label'')'
\set drop 'DROP TABLE IF EXISTS userseg_bench_label, userseg_bench_label_history'
\set plain 'CREATE TABLE userseg_bench_plain AS SELECT id, 3 AS segment_id, text ''segment 3'' AS segment, NULL::float8 AS value, NULL::float8 AS probability, 1 AS version, now() AS valid_from FROM userseg_bench_assign; ALTER TABLE userseg_bench_plain ADD PRIMARY KEY (id)'
SELECT pg_temp.compare('`assign` ' || :rows || ' users into a new table, k-means, 8 columns, with index and history / a table of the same columns filled with constants, and the same index', '1.5',
  :'assign', :'plain', :'drop', 'DROP TABLE IF EXISTS userseg_bench_plain');
-- later runs: the table stands
VACUUM ANALYZE userseg_bench_label;
VACUUM ANALYZE userseg_bench_plain;
\set join 'SELECT count(*) FROM (SELECT id, c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 AS s FROM userseg_bench_assign OFFSET 0) a FULL JOIN userseg_bench_plain USING (id) WHERE segment_id <> version AND s < 0'
SELECT pg_temp.compare('`assign` again, nothing changed / one full join of both tables', '', :'assign', :'join');
SELECT pg_temp.compare('`assign` again, one in a hundred changed / same', '', :'assign', :'join',
  'UPDATE userseg_bench_assign SET c1 = 25 - c1 WHERE id % 100 = 0');
SELECT pg_temp.compare('`assign` again, with a version trained anew: every row is written / `UPDATE ... SET version` of every row', '', :'assign',
  'UPDATE userseg_bench_plain SET version = version + 1',
  'SELECT userseg.train(''userseg_bench_assign'', ''kmeans'', ''SELECT * FROM userseg_bench_assign WHERE id <= 20000'', id => ''id'', params => ''{"k":8}'')');
SELECT userseg.drop_model('userseg_bench_assign') \g /dev/null
DROP TABLE userseg_bench_assign, userseg_bench_label, userseg_bench_label_history, userseg_bench_plain;
