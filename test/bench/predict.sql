-- The scoring functions, a row at a time, against sum() of the same columns: serial.
--   psql -XAtq -v rows=1000000 -f test/bench/predict.sql   (in a database with the extension; leaves nothing)
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
\ir lib.compare.sql
CREATE TABLE userseg_bench_predict AS
SELECT i AS id, (i % 8) * 2.5 + u[1] AS c1, (i / 3 % 8) * 1.5 + u[2] AS c2, u[3] AS c3, u[4] AS c4, u[5] AS c5, u[6] AS c6, u[7] AS c7, u[8] AS c8
FROM generate_series(1, :rows) i,
  LATERAL (SELECT array_agg((hashint8extended(i, j) & 1048575) / 104857.6::float8) AS u FROM generate_series(1, 8) j) r;
ALTER TABLE userseg_bench_predict ALTER id SET NOT NULL;
-- the same with columns that scoring does not need, one of them toasted
CREATE TABLE userseg_bench_broad AS
SELECT *, 'someone@example.com' AS mail, now() AS seen, (SELECT string_agg(md5(i::text || id), '') FROM generate_series(1, 150) i) AS notes
FROM userseg_bench_predict WHERE id <= :rows / 50;
VACUUM ANALYZE userseg_bench_predict;
VACUUM ANALYZE userseg_bench_broad;
SELECT version FROM userseg.train('userseg_bench_predict', 'kmeans', 'SELECT * FROM userseg_bench_predict WHERE id <= 100000', id => 'id', params => '{"k":8}') \gset
\set sum 'SELECT sum(c1+c2+c3+c4+c5+c6+c7+c8) FROM userseg_bench_predict'
\set m '''userseg_bench_predict'''
SELECT pg_temp.compare('`sum(predict_id(m, t))`, ' || :rows || ' rows, k-means, k = 8, 8 columns / `sum(c1+…+c8)`, both serial', '2.5',
  'SELECT sum(userseg.predict_id(' || :'m' || ', t)) FROM userseg_bench_predict t', :'sum');
SELECT pg_temp.compare('same, rows of a subquery that is not pulled up', '',
  'SELECT sum(userseg.predict_id(' || :'m' || ', t)) FROM (SELECT * FROM userseg_bench_predict OFFSET 0) t',
  'SELECT sum(c1+c2+c3+c4+c5+c6+c7+c8) FROM (SELECT * FROM userseg_bench_predict OFFSET 0) t');
SELECT pg_temp.compare('`count(predict(m, t))`', '',
  'SELECT count(userseg.predict(' || :'m' || ', t)) FROM userseg_bench_predict t', :'sum');
SELECT pg_temp.compare('`predict_id` of ' || :rows / 50 || ' rows with a toasted column beside / `sum(c1+…+c8)`', '',
  'SELECT sum(userseg.predict_id(' || :'m' || ', t)) FROM userseg_bench_broad t', 'SELECT sum(c1+c2+c3+c4+c5+c6+c7+c8) FROM userseg_bench_broad');
SELECT pg_temp.compare('`predict_detail` of ' || :rows / 50 || ' rows / `sum(c1+…+c8)`', '',
  'SELECT count(userseg.predict_detail(' || :'m' || ', t)) FROM userseg_bench_broad t', 'SELECT sum(c1+c2+c3+c4+c5+c6+c7+c8) FROM userseg_bench_broad');
SELECT userseg.drop_model('userseg_bench_predict') \g /dev/null
DROP TABLE userseg_bench_predict, userseg_bench_broad;
