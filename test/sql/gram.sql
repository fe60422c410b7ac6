-- Sums of products and linear regression by hand.
SET client_min_messages = warning;
CREATE SCHEMA test_gram;
SET search_path = test_gram, public;
CREATE TABLE t AS
SELECT i AS id, (i * 7919 % 101) / 10.0::float8 AS a, (i * 104729 % 97) / 7.0::float8 AS b, 1 + i % 3 AS w, i % 4 AS g,
  3 * (i * 7919 % 101) / 10.0::float8 - 2 * (i * 104729 % 97) / 7.0::float8 + (i * 613 % 59 - 29) / 11.0::float8 AS y
FROM generate_series(1, 400) i;
CREATE TABLE s AS SELECT userseg.gram_agg(ARRAY[a, b], y, 1) AS g FROM t;
SELECT userseg.row_count(g), array_dims(userseg.cross_products(g)) FROM s;
SELECT abs(p[1][1] - n) < 1e-9 AS n, abs(p[1][2] - a) < 1e-9 AS a, abs(p[2][3] - ab) < 1e-8 AS ab, p[2][3] = p[3][2] AS symmetric, abs(p[4][4] - yy) < 1e-8 AS yy
FROM (SELECT userseg.cross_products(g) AS p FROM s) x, (SELECT count(*) AS n, sum(a) AS a, sum(a * b) AS ab, sum(y * y) AS yy FROM t) z;
SELECT term, round(coefficient::numeric, 6) AS coefficient, round(std_error::numeric, 6) AS std_error, round(t::numeric, 3) AS t, p_value < 1e-6 AS small, round(ci_low::numeric, 6) AS ci_low
FROM s, userseg.ols(g);
SELECT round((j ->> 'r2')::numeric, 9) AS r2, j ->> 'df_resid' AS df_resid, j ->> 'rank' AS rank FROM s, userseg.ols_summary(g) j;
-- what train says of the same rows
SELECT version FROM userseg.train('gram', 'linear', 't', target => 'y', features => '{a,b}', holdout => 0);
SELECT count(*), max(abs(o.coefficient / c.coefficient - 1)) < 1e-11 AS coefficients, max(abs(o.std_error / c.std_error - 1)) < 1e-11 AS errors
FROM s, userseg.ols(g) o JOIN userseg.coefficients('gram') c ON c.term = (ARRAY['(intercept)', 'a', 'b'])[o.term + 1];

-- states: the same for any order and grouping, in text and binary
SELECT (SELECT userseg.gram_agg(ARRAY[a, b], y, 1)::text FROM (SELECT * FROM t ORDER BY hashint4(id)) x) = g::text AS shuffled,
  (SELECT userseg.rollup(part)::text FROM (SELECT userseg.gram_agg(ARRAY[a, b], y, 1) AS part FROM t GROUP BY t.g) x) = g::text AS rolled_up,
  (SELECT userseg.gram_step(userseg.gram_row(ARRAY[a, b], y))::text FROM t) = g::text AS step, g::text::userseg.gram::text = g::text AS text
FROM s;
SELECT userseg.merge(x.g, NULL)::text = x.g::text AS with_null, userseg.row_count(userseg.merge(x.g, x.g)) AS rows, userseg.merge(NULL::userseg.gram, NULL) IS NULL AS none FROM s x;
CREATE TABLE stored (g userseg.gram);
INSERT INTO stored SELECT g FROM s;
SELECT stored.g::text = s.g::text AS stored FROM stored, s;
SELECT count(*) AS windows, bool_and(userseg.row_count(g) = least(n, 5)) AS moving
FROM (SELECT row_number() OVER (ORDER BY id) AS n, userseg.gram_agg(ARRAY[a, b], y, 1) OVER (ORDER BY id ROWS 4 PRECEDING) AS g FROM t LIMIT 20) x;
-- weights: as many rows
SELECT max(abs(a.coefficient / b.coefficient - 1)) < 1e-12 AS weights
FROM (SELECT userseg.gram_agg(ARRAY[a, b], y, w) AS g FROM t) x, (SELECT userseg.gram_agg(ARRAY[a, b], y, 1) AS g FROM t, generate_series(1, w)) z, userseg.ols(x.g) a JOIN LATERAL userseg.ols(z.g) b USING (term);

-- no digits are lost far from 0: a line whose points are a million from it
SELECT term, round(coefficient::numeric, 6) AS coefficient FROM (SELECT userseg.gram_agg(ARRAY[1e9 + i], 1e9 + 2.5 * i, 1) AS g FROM generate_series(1, 100) i) x, userseg.ols(g);

-- NULL, nothing, one row, dependent columns
SELECT userseg.gram_agg(ARRAY[a], y, 1) IS NULL AS none FROM t WHERE false;
SELECT userseg.row_count(userseg.gram_agg(x, y, w)) AS counted FROM (VALUES (ARRAY[1.0::float8], 1.0::float8, 1.0::float8), (NULL, 1, 1), ('{2}', NULL, 1), ('{2}', 1, NULL), ('{2}', 1, 0), ('{3}', 2, 1)) v(x, y, w);
SELECT o.* FROM (SELECT userseg.gram_agg('{2,3}', 5, 1) AS g) x, userseg.ols(g) o;
SELECT term, round(coefficient::numeric, 6) AS coefficient FROM (SELECT userseg.gram_agg(ARRAY[a, 2 * a, b], y, 1) AS g FROM t) x, userseg.ols(g);
SELECT userseg.ols_summary(NULL) IS NULL AS none;

-- strategy sql: the same sums, hence the same bits
CREATE FUNCTION same(x text, y text) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT array_agg(c ORDER BY class, term) FROM userseg.coefficients(x) c) IS NOT DISTINCT FROM (SELECT array_agg(c ORDER BY class, term) FROM userseg.coefficients(y) c)
$$;
SELECT details ->> 'strategy' AS strategy, converged FROM userseg.train('in_sql', 'linear', 't', target => 'y', features => '{a,b}', holdout => 0, params => '{"strategy": "sql"}');
SELECT same('gram', 'in_sql');
CREATE TABLE u AS SELECT t.*, (ARRAY['x', 'y', NULL])[1 + id % 3] AS c, CASE WHEN id % 7 > 0 THEN y END AS y2 FROM t;
SELECT version FROM userseg.train('u_local', 'linear', 'u', target => 'y2', features => '{a,b,c}', weight => 'w', holdout => 0, params => '{"penalty": "elastic_net", "choose": "bic"}');
SELECT version FROM userseg.train('u_sql', 'linear', 'SELECT * FROM u', target => 'y2', features => '{a,b,c}', weight => 'w', holdout => 0, params => '{"penalty": "elastic_net", "choose": "bic", "strategy": "sql"}');
SELECT same('u_local', 'u_sql');
SELECT version FROM userseg.train('origin_local', 'linear', 'u', target => 'y', features => '{a,b}', holdout => 0, params => '{"intercept": false}');
SELECT version FROM userseg.train('origin_sql', 'linear', 'u', target => 'y', features => '{a,b}', holdout => 0, params => '{"intercept": false, "strategy": "sql"}');
SELECT same('origin_local', 'origin_sql');

-- errors
SELECT userseg.gram_agg(x, 1, 1) FROM (VALUES (ARRAY[1.0::float8]), ('{1,2}')) v(x);
SELECT userseg.gram_row('{}', 1);
SELECT userseg.gram_row('{1,NaN}', 1);
SELECT userseg.gram_row('{1}', 'infinity');
SELECT userseg.gram_row('{1}', 1, -1);
SELECT userseg.gram_row('{1,NULL}', 1);
SELECT userseg.gram_row('{{1},{2}}', 1);
SELECT userseg.gram_agg('{1e200}', 1, 1);
SELECT userseg.gram_row(array_fill(1::float8, '{1501}'), 1);
SELECT userseg.merge(userseg._gram_step(NULL, userseg.gram_row('{1}', 1)), userseg._gram_step(NULL, userseg.gram_row('{1,2}', 1)));
SELECT '00'::userseg.gram;
SELECT 'zz'::userseg.gram;
SELECT '01'::userseg.gram_row;
SELECT * FROM userseg.ols(userseg._gram_step(NULL, userseg.gram_row('{1}', 1)), 2);
SELECT userseg.train('e', 'linear', 't', target => 'y', params => '{"strategy": "sql", "penalty": "lasso"}', holdout => 0);
SELECT userseg.train('e', 'linear', 't', target => 'y', params => '{"strategy": "sql", "robust": "HC0"}', holdout => 0);
SELECT userseg._encode_gram('\x', '\x', 1, 1, 1);
SELECT count(*) AS dropped FROM unnest('{gram,in_sql,u_local,u_sql,origin_local,origin_sql}'::text[]) m, LATERAL userseg.drop_model(m) d;
DROP SCHEMA test_gram CASCADE;
