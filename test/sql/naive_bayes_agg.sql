-- States of naive Bayes: sums by class and column, merged, read, scored.
SET client_min_messages = warning;
CREATE SCHEMA test_naive_bayes_agg;
SET search_path = test_naive_bayes_agg, public;
CREATE TABLE t AS
SELECT i AS id, CASE WHEN i % 13 <> 0 THEN (i * 7919 % 101) / 10.0::float8 END AS a, (i * 104729 % 97) / 7.0::float8 AS b, i % 4 AS g, i % 3 AS c, 1 + i % 3 AS w,
  1 + ((i * 7919 % 101) / 10.0 - (i * 104729 % 97) / 7.0 + (i * 613 % 59 - 29) / 6.0 > -2)::int AS y
FROM generate_series(1, 500) i;
CREATE TABLE s AS SELECT userseg.naive_bayes_agg(ARRAY[a, b], y, w) AS s FROM t;
SELECT userseg.row_count(s) AS rows FROM s;
-- against plain SQL
SELECT class, column_no, level, abs(weight - n) < 1e-9 AS weight, abs(mean - m) < 1e-12 AS mean, abs(variance - v) < 1e-12 AS variance
FROM s, LATERAL userseg.class_statistics(s) st, LATERAL (
  SELECT sum(w) AS n, sum(w * x) / sum(w) AS m, sum(w * x * x) / sum(w) - (sum(w * x) / sum(w)) ^ 2 AS v
  FROM (SELECT w, (ARRAY[a, b])[column_no] AS x FROM t WHERE y = class) z WHERE x IS NOT NULL) q;
-- exact where floating point would cancel
SELECT mean - 1e9 AS mean, variance FROM (SELECT userseg.naive_bayes_agg(ARRAY[1e9 + x], 1, 1) AS s FROM generate_series(1, 3) x) q, LATERAL userseg.class_statistics(s);
-- categories
SELECT class, column_no, level, weight, mean IS NULL AS no_mean
FROM (SELECT userseg.naive_bayes_step(userseg.naive_bayes_row(ARRAY[a, c], y, levels => '{0,3}')) AS s FROM t) q, LATERAL userseg.class_statistics(s) WHERE column_no = 2 ORDER BY 1, 2, 3;
SELECT y, c, count(*) FROM t GROUP BY 1, 2 ORDER BY 1, 2;
-- probabilities: those of the trained model
SELECT version FROM userseg.train('step', 'naive_bayes', 't', target => 'y', features => '{a,b}', weight => 'w', holdout => 0, params => '{"task": "classification"}');
SELECT max(abs((userseg.naive_bayes_proba(s, ARRAY[a, b]))[2] - userseg.predict_value('step', t))) < 1e-15 AS equal, bool_and(array_length(userseg.naive_bayes_proba(s, ARRAY[a, b]), 1) = 2) AS two FROM s, t;
SELECT userseg.naive_bayes_proba(userseg.naive_bayes_agg(ARRAY[x], y, 1), '{2}') AS class_two_has_no_rows FROM (VALUES (1.0::float8, 1), (2, 3), (3, 3)) v(x, y);
-- states: any order, groups, merges; text; workers
SELECT (SELECT userseg.naive_bayes_agg(ARRAY[a, b], y, w)::text FROM (SELECT * FROM t ORDER BY hashint4(id)) x) = s::text AS shuffled,
  (SELECT userseg.rollup(part)::text FROM (SELECT userseg.naive_bayes_agg(ARRAY[a, b], y, w) AS part FROM t GROUP BY g) x) = s::text AS rolled_up,
  (SELECT userseg.naive_bayes_step(userseg.naive_bayes_row(ARRAY[a, b], y, w))::text FROM t) = s::text AS step, s::text::userseg.naive_bayes_state::text = s::text AS text
FROM s;
SELECT userseg.row_count(userseg.merge(s, s)) AS rows, userseg.merge(s, NULL)::text = s::text AS with_null, userseg.merge(NULL::userseg.naive_bayes_state, NULL) IS NULL AS none FROM s;
SELECT r::text::userseg.naive_bayes_row::text = r::text AS row_text FROM userseg.naive_bayes_row('{1.5,NULL,2}', 3, 0.5, '{0,0,4}') r;
SELECT bool_and(n > 0) AS moves FROM (SELECT userseg.row_count(userseg.naive_bayes_agg(ARRAY[a], y, 1) OVER (ORDER BY id ROWS 5 PRECEDING)) AS n FROM t) x;
-- NULL, nothing, weight 0
SELECT userseg.naive_bayes_agg(ARRAY[a], y, 1) IS NULL AS none FROM t WHERE false;
SELECT userseg.row_count(userseg.naive_bayes_agg(x, y, w)) AS counted FROM (VALUES ('{1}'::float8[], 1, 1.0::float8), (NULL, 1, 1), ('{2}', NULL, 1), ('{2}', 1, NULL), ('{2}', 1, 0), ('{NULL}', 2, 1)) v(x, y, w);
SELECT class, weight, mean, variance FROM (SELECT userseg.naive_bayes_agg('{NULL}', 1, 1) AS s) q, LATERAL userseg.class_statistics(s);
SELECT userseg.naive_bayes_row('{1}', 1, 0) IS NULL AS weight_0;
-- errors
SELECT userseg.naive_bayes_row('{}', 1);
SELECT userseg.naive_bayes_row('{{1}}', 1);
SELECT userseg.naive_bayes_row(array_fill(1.0::float8, '{1501}'), 1);
SELECT userseg.naive_bayes_row('{NaN}', 1);
SELECT userseg.naive_bayes_row('{1,infinity}', 1);
SELECT userseg.naive_bayes_row('{1}', 0);
SELECT userseg.naive_bayes_row('{1}', 1001);
SELECT userseg.naive_bayes_row('{1}', 1, -1);
SELECT userseg.naive_bayes_row('{1}', 1, 1, '{0,0}');
SELECT userseg.naive_bayes_row('{1}', 1, 1, '{1}');
SELECT userseg.naive_bayes_row('{3}', 1, 1, '{3}');
SELECT userseg.naive_bayes_row('{0.5}', 1, 1, '{3}');
SELECT userseg.naive_bayes_agg(x, 1, 1) FROM (VALUES ('{1}'::float8[]), ('{1,2}')) v(x);
SELECT userseg.naive_bayes_step(userseg.naive_bayes_row('{1}', 1, 1, l)) FROM (VALUES ('{2}'::int[]), ('{3}')) v(l);
SELECT userseg.naive_bayes_agg('{1e300}', 1, 1);
SELECT userseg.naive_bayes_proba(s, '{1}') FROM s;
SELECT 'ff'::userseg.naive_bayes_state;
SELECT '01'::userseg.naive_bayes_row;
SELECT r::text::userseg.naive_bayes_state FROM userseg.naive_bayes_row('{1}', 1) r;
SELECT userseg.drop_model('step');
DROP SCHEMA test_naive_bayes_agg CASCADE;
