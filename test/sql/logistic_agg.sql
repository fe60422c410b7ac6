-- Steps of logistic regression, and the whole of it by hand.
SET client_min_messages = warning;
CREATE SCHEMA test_logistic_agg;
SET search_path = test_logistic_agg, public;
CREATE TABLE t AS
SELECT i AS id, (i * 7919 % 101) / 10.0::float8 AS a, (i * 104729 % 97) / 7.0::float8 AS b, i % 4 AS g, 1 + i % 3 AS w,
  ((i * 7919 % 101) / 10.0 - (i * 104729 % 97) / 7.0 + (i * 613 % 59 - 29) / 6.0 > -2)::int AS y
FROM generate_series(1, 500) i;
CREATE TABLE s AS SELECT userseg.logistic_agg('{0.5,0.2,-0.1}', ARRAY[a, b], y) AS s FROM t;
SELECT userseg.row_count(s) AS rows, array_dims(userseg.gradient(s)) AS gradient, array_dims(userseg.information(s)) AS information FROM s;
-- against plain SQL
SELECT abs(userseg.log_likelihood(s) - l) < 1e-9 AS likelihood, abs((userseg.gradient(s))[1] - g1) < 1e-9 AS g1, abs((userseg.gradient(s))[3] - g3) < 1e-9 AS g3,
  abs((userseg.information(s))[1][1] - i11) < 1e-9 AS i11, abs((userseg.information(s))[2][3] - i23) < 1e-8 AS i23, (userseg.information(s))[3][2] = (userseg.information(s))[2][3] AS symmetric
FROM s, (SELECT sum(ln(CASE WHEN y = 1 THEN p ELSE 1 - p END)) AS l, sum(y - p) AS g1, sum((y - p) * b) AS g3, sum(p * (1 - p)) AS i11, sum(p * (1 - p) * a * b) AS i23
  FROM (SELECT *, 1 / (1 + exp(-(0.5 + 0.2 * a - 0.1 * b))) AS p FROM t) x) z;

-- the whole regression by hand, as train has it
CREATE FUNCTION fit() RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
  beta float8[] := '{0,0,0}';
  s userseg.logistic_state;
BEGIN
  FOR i IN 1 .. 20 LOOP
    SELECT userseg.logistic_step(userseg.logistic_row(beta, ARRAY[a, b], y)) INTO s FROM t;
    EXIT WHEN (SELECT max(abs(x)) FROM unnest(userseg.gradient(s)) x) < 1e-10;
    beta := userseg.next_beta(s, beta);
  END LOOP;
  RETURN beta;
END $$;
SELECT version FROM userseg.train('step', 'logistic', 't', target => 'y', features => '{a,b}', holdout => 0);
SELECT count(*), max(abs(b / c.coefficient - 1)) < 1e-9 AS coefficients, max(abs(sqrt(v[n][n]) / std_error - 1)) < 1e-6 AS errors
FROM (SELECT fit() AS beta) f, LATERAL (SELECT userseg.covariance(userseg.logistic_agg(beta, ARRAY[a, b], y)) AS v FROM t) cov,
  unnest(beta) WITH ORDINALITY u(b, n) JOIN userseg.coefficients('step') c ON c.term = (ARRAY['(intercept)', 'a', 'b'])[n];

-- states
SELECT (SELECT userseg.logistic_agg('{0.5,0.2,-0.1}', ARRAY[a, b], y)::text FROM (SELECT * FROM t ORDER BY hashint4(id)) x) = s::text AS shuffled,
  (SELECT userseg.rollup(part)::text FROM (SELECT userseg.logistic_agg('{0.5,0.2,-0.1}', ARRAY[a, b], y) AS part FROM t GROUP BY g) x) = s::text AS rolled_up,
  (SELECT userseg.logistic_step(userseg.logistic_row('{0.5,0.2,-0.1}', ARRAY[a, b], y))::text FROM t) = s::text AS step, s::text::userseg.logistic_state::text = s::text AS text
FROM s;
SELECT userseg.row_count(userseg.merge(s, s)) AS rows, userseg.merge(s, NULL)::text = s::text AS with_null FROM s;
-- NULL, nothing, far away, fractions
SELECT userseg.logistic_agg('{0,0}', ARRAY[a], y) IS NULL AS none FROM t WHERE false;
SELECT userseg.row_count(userseg.logistic_agg('{0,0}', x, y)) AS counted FROM (VALUES (ARRAY[1.0::float8], 1.0::float8), (NULL, 1), ('{2}', NULL), ('{3}', 0.25)) v(x, y);
SELECT round(userseg.log_likelihood(userseg.logistic_agg('{0,1}', ARRAY[x], 1))::numeric, 6) AS certain, round(userseg.log_likelihood(userseg.logistic_agg('{0,1}', ARRAY[x], 0))::numeric, 6) AS wrong FROM (VALUES (1000.0::float8)) v(x);
SELECT userseg.next_beta(userseg.logistic_agg('{0,0,0}', ARRAY[a, 2 * a], y), '{0,0,0}') IS NOT NULL AS told, (userseg.next_beta(userseg.logistic_agg('{0,0,0}', ARRAY[a, 2 * a], y), '{0,0,0}'))[3] IS NULL AS depends FROM t;

-- strategy sql: the same bits
CREATE FUNCTION same(x text, y text) RETURNS boolean LANGUAGE sql AS $$
  SELECT (SELECT array_agg(c ORDER BY class, term) FROM userseg.coefficients(x) c) IS NOT DISTINCT FROM (SELECT array_agg(c ORDER BY class, term) FROM userseg.coefficients(y) c)
$$;
CREATE TABLE u AS SELECT t.*, (ARRAY['x', 'y', NULL])[1 + id % 3] AS c, (ARRAY['no', 'yes'])[1 + y] AS answer, y = 1 AS flag FROM t;
SELECT target, (l).version, (s).details ->> 'strategy' AS strategy, same('local_' || target, 'sql_' || target) IS NOT NULL AS told
FROM unnest('{answer,flag,y}'::text[]) target,
  LATERAL (SELECT userseg.train('local_' || target, 'logistic', 'u', target => target, features => '{a,b,c}', weight => 'w', holdout => 0, params => '{"class_weight": "balanced"}') AS l) l,
  LATERAL (SELECT userseg.train('sql_' || target, 'logistic', 'u', target => target, features => '{a,b,c}', weight => 'w', holdout => 0, params => '{"class_weight": "balanced", "strategy": "sql"}') AS s) s;
SELECT same('local_answer', 'sql_answer') AS text, same('local_flag', 'sql_flag') AS boolean, same('local_y', 'sql_y') AS number;
SELECT version FROM userseg.train('ridge_local', 'logistic', 'u', target => 'flag', features => '{a,b,c}', holdout => 0, params => '{"penalty": "elastic_net", "lambda": 0.01}');
SELECT version FROM userseg.train('ridge_sql', 'logistic', 'u', target => 'flag', features => '{a,b,c}', holdout => 0, params => '{"penalty": "elastic_net", "lambda": 0.01, "strategy": "sql"}');
SELECT same('ridge_local', 'ridge_sql');

-- errors
SELECT userseg.logistic_row('{0}', '{1}', 1);
SELECT userseg.logistic_row('{0,1}', '{1}', 2);
SELECT userseg.logistic_row('{0,NaN}', '{1}', 1);
SELECT userseg.logistic_row('{0,1}', '{NaN}', 1);
SELECT userseg.logistic_row('{0}', '{}', 1);
SELECT userseg.logistic_agg(b, '{1}', 1) FROM (VALUES (ARRAY[0, 0]::float8[]), ('{0,1}')) v(b);
SELECT userseg.next_beta(s, '{0,0,0}') FROM s;
SELECT 'ff'::userseg.logistic_state;
SELECT '01'::userseg.logistic_row;
SELECT s::text::userseg.gram FROM s;
SELECT userseg.train('e', 'logistic', 'u', target => 'flag', params => '{"strategy": "sql", "penalty": "lasso"}', holdout => 0);
SELECT count(*) AS dropped FROM unnest('{step,local_answer,local_flag,local_y,sql_answer,sql_flag,sql_y,ridge_local,ridge_sql}'::text[]) m, LATERAL userseg.drop_model(m) d;
DROP SCHEMA test_logistic_agg CASCADE;
