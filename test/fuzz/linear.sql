-- Rows and states of sums of products; encoders' row specifications; models by value.
SELECT '1..19';
SELECT fuzz.check('userseg.gram_row', userseg.gram_row('{1,-0.1}', 1e300, 0.5)::text, 500);
SELECT fuzz.check('userseg.gram', userseg.gram_agg(ARRAY[i, -i / 7.0], i * 1e-5, 1)::text, 1000) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.gram', userseg.gram_agg(ARRAY[1e150 / i ^ 200], i, i)::text, 500) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.logistic_row', userseg.logistic_row('{0.1,1,-1}', '{1,-0.1}', 0.5)::text, 500);
SELECT fuzz.check('userseg.logistic_state', userseg.logistic_agg('{0.1,1,-1}', ARRAY[i, -i / 7.0], i % 2)::text, 1000) FROM generate_series(1, 9) i;
-- what is accepted answers, whatever it says
CREATE FUNCTION answers(value text, type text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF type = 'gram' THEN
    PERFORM userseg.ols(value::userseg.gram), userseg.ols_summary(value::userseg.gram), userseg.cross_products(value::userseg.gram);
  ELSE
    PERFORM userseg.covariance(value::userseg.logistic_state), userseg.gradient(value::userseg.logistic_state), userseg.log_likelihood(value::userseg.logistic_state);
  END IF;
  RETURN 'answered';
EXCEPTION WHEN data_exception OR feature_not_supported THEN
  RETURN 'refused';
END $$;
CREATE FUNCTION mutated(value text, n int) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT encode(set_byte(v, p, (get_byte(v, p) + 1 + abs(hashint4extended(i, 7) % 255))::int % 256), 'hex')
  FROM generate_series(1, n) i, LATERAL (SELECT decode(value, 'hex') AS v) d, LATERAL (SELECT (abs(hashint4extended(i, 3)) % length(v))::int AS p) x
$$;
SELECT CASE WHEN count(*) = 1000 AND bool_and(a IN ('answered', 'refused')) THEN 'ok' ELSE 'not ok' END || ' - mutated grams answer or are refused'
FROM (SELECT userseg.gram_agg(ARRAY[i, -i / 7.0], i * 1e-5, 1)::text AS g FROM generate_series(1, 9) i) s, mutated(g, 1000) m, answers(m, 'gram') a;
SELECT CASE WHEN count(*) = 1000 AND bool_and(a IN ('answered', 'refused')) THEN 'ok' ELSE 'not ok' END || ' - mutated steps answer or are refused'
FROM (SELECT userseg.logistic_agg('{0.1,1,-1}', ARRAY[i, -i / 7.0], i % 2)::text AS g FROM generate_series(1, 9) i) s, mutated(g, 1000) m, answers(m, 'logistic') a;

-- models by value: the linear ones, sealed again after a mutation, as in registry.sql
\getenv unit_library USERSEG_UNIT
CREATE FUNCTION unit_artifact_seal(bytea) RETURNS bytea LANGUAGE C STRICT AS :'unit_library', 'unit_artifact_seal';
CREATE TABLE people AS
SELECT i AS id, (i * 31 % 17)::float8 AS a, (ARRAY['DE', 'FR'])[1 + i % 2] AS country, (i * 31 % 17) * 2 + i % 5 AS spend, (i * 31 % 17) + i % 7 > 12 AS buys FROM generate_series(1, 200) i;
SELECT 1 FROM userseg.train('spend', 'linear', 'people', target => 'spend', features => '{a,country}', holdout => 0) \g /dev/null
SELECT 1 FROM userseg.train('buys', 'logistic', 'people', target => 'buys', features => '{a,country}', holdout => 0) \g /dev/null
SELECT 1 FROM userseg.train('margin', 'svm', 'people', target => 'buys', features => '{a,country}', holdout => 0) \g /dev/null
SELECT 1 FROM userseg.train('tube', 'svm', 'people', target => 'spend', features => '{a,country}', holdout => 0) \g /dev/null
SELECT 1 FROM userseg.train('kernel', 'svm', 'people', target => 'buys', features => '{a,country}', holdout => 0, params => '{"kernel": "rbf"}') \g /dev/null
SELECT 1 FROM userseg.train('landmarks', 'svm', 'people', target => 'buys', features => '{a,country}', holdout => 0, params => '{"kernel": "rbf", "kernel_approximation": "nystroem", "components": 9}') \g /dev/null
CREATE TABLE sample AS
SELECT model, substr(body, 1, at - 1) AS head, substr(body, at) AS stored
FROM unnest('{spend,buys,margin,tube,kernel,landmarks}'::text[]) model, LATERAL (SELECT substr(decode((userseg.artifact(model)).value::text, 'hex'), 37)) b(body), position('USEG'::bytea IN body) at;
CREATE FUNCTION scored(head bytea, stored bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v text := '01000000' || encode(sha256(head || unit_artifact_seal(stored)), 'hex') || encode(head || unit_artifact_seal(stored), 'hex');
BEGIN
  PERFORM userseg.score(('m', 1, v)::userseg.artifact, p) FROM people p WHERE id <= 3;
  RETURN 'answered';
EXCEPTION WHEN invalid_binary_representation OR feature_not_supported OR program_limit_exceeded OR data_exception
  OR undefined_column OR datatype_mismatch OR character_not_in_repertoire OR untranslatable_character THEN
  RETURN 'refused';
END $$;
SELECT CASE WHEN count(*) = 500 AND bool_and(a IN ('answered', 'refused')) AND count(*) FILTER (WHERE a = 'refused') > 0 AND count(*) FILTER (WHERE a = 'answered') > 0 THEN 'ok' ELSE 'not ok' END || ' - mutated models answer or are refused: ' || model
FROM sample, mutated(encode(stored, 'hex'), 500) m, scored(head, decode(m, 'hex')) a GROUP BY model;
SELECT CASE WHEN bool_and(a IN ('answered', 'refused')) THEN 'ok' ELSE 'not ok' END || ' - models cut short'
FROM sample, generate_series(1, length(stored) - 1, 7) n, scored(head, substr(stored, 1, n)) a;
