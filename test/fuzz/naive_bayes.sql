-- Rows and states of naive Bayes, and models by value.
SELECT '1..7';
SELECT fuzz.check('userseg.naive_bayes_row', userseg.naive_bayes_row('{1.5,NULL,2}', 3, 0.5, '{0,0,4}')::text, 500);
SELECT fuzz.check('userseg.naive_bayes_state', userseg.naive_bayes_step(userseg.naive_bayes_row(ARRAY[i, -i / 7.0, i % 3], 1 + i % 2, 1, '{0,0,3}'))::text, 1000) FROM generate_series(1, 9) i;
-- what is accepted answers, whatever it says
CREATE FUNCTION answers(value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM userseg.class_statistics(value::userseg.naive_bayes_state);
  RETURN CASE WHEN 'NaN' = ANY (userseg.naive_bayes_proba(value::userseg.naive_bayes_state, '{1,NULL,2}')) THEN 'NaN' ELSE 'answered' END;
EXCEPTION WHEN data_exception OR feature_not_supported OR program_limit_exceeded THEN
  RETURN 'refused';
END $$;
SELECT CASE WHEN count(*) = 1000 AND bool_and(a IN ('answered', 'refused')) THEN 'ok' ELSE 'not ok' END || ' - mutated states answer or are refused'
FROM (SELECT userseg.naive_bayes_step(userseg.naive_bayes_row(ARRAY[i, -i / 7.0, i % 3], 1 + i % 2, 1, '{0,0,3}'))::text AS s FROM generate_series(1, 9) i) q,
  generate_series(1, 1000) n, LATERAL answers(encode(fuzz.mutate(decode(s, 'hex'), 5, n), 'hex')) a;
CREATE TABLE people AS
SELECT i AS id, (i % 5) * 20 + i / 10.0 AS spent, CASE WHEN i % 6 > 0 THEN i * 7 % 13 END AS visits, (ARRAY['a', 'b', 'c', 'd', 'e', 'f'])[1 + i % 6] AS place, i * 7 % 13 > 6 AS y, i % 3 AS three
FROM generate_series(1, 80) i;
CREATE VIEW some_people AS SELECT * FROM people WHERE id <= 20;
SELECT 1 FROM userseg.train('two', 'naive_bayes', 'people', target => 'y', id => 'id', features => '{spent,visits,place}', holdout => 0) \g /dev/null
SELECT 1 FROM userseg.train('three', 'naive_bayes', 'people', target => 'three', id => 'id', features => '{spent,visits,place}', holdout => 0, params => '{"task": "classification"}') \g /dev/null
SELECT fuzz.model('two', 'some_people', 1500);
SELECT fuzz.model('three', 'some_people', 1500);
