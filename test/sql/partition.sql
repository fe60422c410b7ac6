-- Agreement of labelings.
SET extra_float_digits = 0;

-- scikit-learn 1.2.1: adjusted_rand_score, normalized_mutual_info_score, homogeneity_completeness_v_measure
CREATE TABLE partition_rows AS SELECT i, i * i % 7 AS a, i * i * i % 5 AS b FROM generate_series(0, 99) i;
SELECT abs(userseg.adjusted_rand_agg(a, b) - -0.03254405061370282) < 1e-15 AS adjusted_rand,
       abs(userseg.normalized_mutual_info_agg(a, b) - 0.0019468743024627477) < 1e-15 AS nmi,
       abs((v).homogeneity - 0.0021284595666302463) < 1e-15 AS homogeneity, abs((v).completeness - 0.001793836716438269) < 1e-15 AS completeness,
       abs((v).v_measure - 0.001946874302462748) < 1e-15 AS v_measure
FROM partition_rows, LATERAL (SELECT userseg.v_measure(a, b) AS v FROM partition_rows) m GROUP BY v;
SELECT userseg.adjusted_rand_agg(a, b) AS crossed FROM (VALUES (1, 1), (1, 2), (2, 1), (2, 2)) v(a, b);
SELECT userseg.adjusted_rand_agg(g, 3 - g) AS renamed, userseg.normalized_mutual_info_agg(g, 3 - g) AS nmi, userseg.v_measure(g, 3 - g) AS v FROM partition_rows, generate_series(1, 2) g;
-- one label on a side, on both; one row
SELECT userseg.adjusted_rand_agg(1, b) AS ari, userseg.normalized_mutual_info_agg(1, b) AS nmi, userseg.v_measure(1, b) AS v FROM partition_rows;
SELECT userseg.adjusted_rand_agg(a, 1) AS ari, userseg.normalized_mutual_info_agg(a, 1) AS nmi, userseg.v_measure(a, 1) AS v FROM partition_rows;
SELECT userseg.adjusted_rand_agg(1, 1) AS ari, userseg.normalized_mutual_info_agg(1, 1) AS nmi, userseg.v_measure(1, 1) AS v FROM partition_rows;
SELECT userseg.adjusted_rand_agg(7, 9) AS ari, userseg.normalized_mutual_info_agg(7, 9) AS nmi, userseg.v_measure(7, 9) AS v;
-- no rows, NULL labels
SELECT userseg.adjusted_rand_agg(a, b) IS NULL AS ari, userseg.normalized_mutual_info_agg(a, b) IS NULL AS nmi, userseg.v_measure(a, b) IS NULL AS v,
       userseg.contingency_agg(a, b) IS NULL AS state FROM partition_rows WHERE false;
SELECT userseg.adjusted_rand_agg(a, b) IS NULL AS ari, userseg.normalized_mutual_info_agg(a, b) IS NULL AS nmi, userseg.v_measure(a, b) IS NULL AS v,
       userseg.contingency_rows(userseg.contingency_agg(a, b)) AS rows, userseg.contingency_nulls(userseg.contingency_agg(a, b)) AS nulls
FROM (VALUES (1, NULL::int), (NULL, 2), (NULL, NULL)) v(a, b);
SELECT userseg.contingency_rows(c) AS rows, userseg.contingency_nulls(c) AS nulls, userseg.adjusted_rand(c) = ari AS same
FROM (SELECT userseg.contingency_agg(nullif(a, 0), b) AS c, (SELECT userseg.adjusted_rand_agg(a, b) FROM partition_rows WHERE a <> 0) AS ari FROM partition_rows) t;

-- types of labels: text, integers, booleans, enums, domains, name, char(n); a common type is found
CREATE TYPE partition_mood AS ENUM ('good', 'bad');
CREATE DOMAIN partition_number AS int;
CREATE DOMAIN partition_word AS text;
SELECT userseg.adjusted_rand_agg(a::text, b::varchar) = userseg.adjusted_rand_agg(a, b) AS text, userseg.adjusted_rand_agg(a::smallint, b::bigint) = userseg.adjusted_rand_agg(a, b) AS integers,
       userseg.adjusted_rand_agg(a::partition_number, b::partition_number) = userseg.adjusted_rand_agg(a, b) AS domains, userseg.adjusted_rand_agg(a::text::partition_word, b::text) = userseg.adjusted_rand_agg(a, b) AS words,
       userseg.adjusted_rand_agg(a::text::name, b::text::name) = userseg.adjusted_rand_agg(a, b) AS names, userseg.adjusted_rand_agg(a::char(3), b::char(5)) = userseg.adjusted_rand_agg(a, b) AS chars,
       userseg.adjusted_rand(userseg.contingency_step(ARRAY[a::text, b::text])) = userseg.adjusted_rand_agg(a, b) AS step,
       userseg.contingency_step(ARRAY[a::text, b::text])::text = userseg.contingency_agg(a, b)::text AS same_state
FROM partition_rows;
SELECT userseg.v_measure(a > 2, b > 2) = userseg.v_measure(CASE WHEN a > 2 THEN 'good' ELSE 'bad' END::partition_mood, CASE WHEN b > 2 THEN 'bad' ELSE 'good' END::partition_mood) AS booleans_and_enums FROM partition_rows;
SELECT userseg.adjusted_rand_agg('x', 'y') AS untyped;
PREPARE partition_untyped AS SELECT userseg.adjusted_rand_agg($1, $2) FROM partition_rows;
EXECUTE partition_untyped ('x', 'y');
SELECT userseg.adjusted_rand_agg(a::float8, b::float8) FROM partition_rows;
SELECT userseg.adjusted_rand_agg(now(), now()) FROM partition_rows;
SELECT userseg.contingency_step(ARRAY['a']);
SELECT userseg.contingency_step(ARRAY['a', 'b', 'c']);
SELECT userseg.contingency_step(NULL) IS NULL AS none, userseg.contingency_nulls(userseg.contingency_step(ARRAY['a', NULL])) AS nulls;

-- any order and any grouping: the same state, byte for byte
CREATE TABLE partition_state AS SELECT userseg.contingency_agg(i % 91, i % 37 ORDER BY i) AS c FROM generate_series(1, 5000) i;
SELECT count(*), count(DISTINCT c::text) AS texts, count(DISTINCT userseg._contingency_send(c)) AS sends FROM (
  SELECT c FROM partition_state
  UNION ALL SELECT userseg.contingency_agg(i % 91, i % 37 ORDER BY -i) FROM generate_series(1, 5000) i
  UNION ALL SELECT userseg.rollup(c) FROM (SELECT userseg.contingency_agg(i % 91, i % 37) AS c FROM generate_series(1, 5000) i GROUP BY i % 13) g
  UNION ALL SELECT userseg.rollup(c ORDER BY p DESC) FROM (SELECT i / 100 AS p, userseg.contingency_agg(i % 91, i % 37) AS c FROM generate_series(1, 5000) i GROUP BY 1) g
  UNION ALL SELECT userseg.merge(a.c, b.c) FROM (SELECT userseg.contingency_agg(i % 91, i % 37) AS c FROM generate_series(1, 777) i) a, (SELECT userseg.contingency_agg(i % 91, i % 37) AS c FROM generate_series(778, 5000) i) b
  UNION ALL SELECT c::text::userseg.contingency FROM partition_state) t;
SELECT userseg.merge(c, NULL)::text = c::text AND userseg.merge(NULL, c)::text = c::text AND userseg.merge(NULL::userseg.contingency, NULL) IS NULL AS with_null,
       userseg.contingency_rows(userseg.merge(c, c)) AS twice, userseg.adjusted_rand(c) < userseg.adjusted_rand(userseg.merge(c, c)) AS pairs_of_equal_rows FROM partition_state;
SELECT userseg.contingency_rows(userseg.contingency_agg(i % 7, i % 3) OVER (ORDER BY i ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)) AS moving FROM generate_series(1, 5) i;
CREATE TABLE partition_copy (LIKE partition_state);
\set copy_file `echo "${TMPDIR:-/tmp}/userseg_partition_$$.bin"`
\o :copy_file
COPY partition_state TO STDOUT (FORMAT binary);
\o
\set copy_in '\\copy partition_copy FROM ' :'copy_file' ' (FORMAT binary)'
:copy_in
\setenv COPY_FILE :copy_file
\! rm -f "$COPY_FILE"
SELECT a.c::text = b.c::text AS binary_round_trip FROM partition_state a, partition_copy b;

-- parallel = serial, with workers launched
CREATE TABLE partition_many AS SELECT i % 101 AS a, (i * 7919::bigint % 97)::text AS b FROM generate_series(1, 60000) i;
ANALYZE partition_many;
SET max_parallel_workers_per_gather = 0;
SELECT md5(userseg.contingency_agg(a::text, b)::text) AS serial FROM partition_many \gset
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT md5(userseg.contingency_agg(a::text, b)::text) = :'serial' AS parallel FROM partition_many;
CREATE FUNCTION partition_launched(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT json, COSTS off, TIMING off) ' || query INTO plan;
  RETURN plan::text LIKE '%"Workers Launched": 2%';
END $$;
SELECT partition_launched('SELECT userseg.adjusted_rand_agg(a::text, b) FROM partition_many') AS launched;
RESET ALL;

-- limits and hostile input
SELECT userseg.adjusted_rand_agg(i, i) FROM generate_series(1, 500000) i;
SELECT userseg.adjusted_rand_agg(i, i) FROM generate_series(1, 500001) i;
SELECT '01'::userseg.contingency;
SELECT 'zz'::userseg.contingency;
SELECT userseg.contingency_rows('01000000000000000000000000') AS none, userseg.adjusted_rand('01000000000000000000000000') IS NULL AS ari;
SELECT '0100000000000000000100000001000000000000000200000000000000ffffffffffffffff'::userseg.contingency;
SELECT '01ffffffffffffffff00000000'::userseg.contingency;
SELECT '01000000000000000002000000020000000000000002000000000000000100000000000000010000000000000002000000000000000100000000000000'::userseg.contingency;
SELECT '0100000000000000000200000001000000000000000200000000000000000000000000001002000000000000000200000000000000000000000000f07f'::userseg.contingency;
SELECT userseg.merge(c, c) FROM (SELECT '0100000000000000000100000001000000000000000200000000000000ffffffffffffff0f'::userseg.contingency AS c) s;
