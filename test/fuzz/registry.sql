-- Models by value: mutated ones through input and receive, scoring with those accepted.
\getenv unit_library USERSEG_UNIT
CREATE FUNCTION unit_artifact_seal(bytea) RETURNS bytea LANGUAGE C STRICT AS :'unit_library', 'unit_artifact_seal';
SET timezone = 'UTC';
CREATE TABLE people AS
SELECT i AS id, CASE WHEN i % 7 > 0 THEN (i % 5) * 20 + i / 100.0 END AS spent, i % 3 = 0 AS active,
  (ARRAY['DE', 'FR', 'Österreich'])[1 + i % 3] AS country, ARRAY['sale', 't' || i % 4] AS tags,
  ARRAY[i % 3, i % 4]::float8[] AS v, timestamptz '2024-01-01' + i * interval '7 hours' AS joined, i * interval '1 day' AS age
FROM generate_series(1, 200) i;
SELECT 1 FROM userseg.train('vip', 'kmeans', 'people', id => 'id', params => '{"k":3}') \g /dev/null
SELECT userseg.name_segment('vip', 1, 'Österreich') \g /dev/null

-- a version that was continued is read the same way
SELECT 1 FROM userseg.partial_train('vip', 'people', half_life => 300) \g /dev/null
SELECT fuzz.check('userseg._artifact_value', (userseg.artifact('vip')).value::text, 1000);

-- What follows the digest: name, version, id, labels, then the stored model.  A mutation of
-- either is given the checksum and the digest that belong to it, so that it gets to the parsers.
CREATE TABLE sample AS
SELECT substr(body, 1, at - 1) AS head, substr(body, at) AS stored, body
FROM (SELECT substr(decode((userseg.artifact('vip')).value::text, 'hex'), 37)) b(body), position('USEG'::bytea IN body) at;

CREATE FUNCTION sealed(head bytea, stored bytea) RETURNS text LANGUAGE sql AS
$$ SELECT '01000000' || encode(sha256(head || unit_artifact_seal(stored)), 'hex') || encode(head || unit_artifact_seal(stored), 'hex') $$;

CREATE FUNCTION fuzz_models(n int, part text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  s sample;
  payload text;
  accepted int := 0;
  refused int := 0;
  strange text[] := '{}';
BEGIN
  SELECT * INTO s FROM sample;
  FOR i IN 1 .. n LOOP
    payload := CASE part WHEN 'stored' THEN sealed(s.head, fuzz.mutate(s.stored, 1, i))
      ELSE sealed(fuzz.mutate(s.head, 2, i), s.stored) END;
    BEGIN
      PERFORM payload::userseg._artifact_value;
      accepted := accepted + 1;
      PERFORM userseg.score(('vip', 1, payload)::userseg.artifact, p) FROM people p WHERE id <= 20;
    EXCEPTION
      WHEN invalid_binary_representation OR feature_not_supported OR program_limit_exceeded OR data_exception
        OR undefined_column OR datatype_mismatch OR character_not_in_repertoire OR untranslatable_character THEN
        refused := refused + 1;
      WHEN OTHERS THEN
        strange := strange || format('%s %s', SQLSTATE, SQLERRM);
    END;
  END LOOP;
  RETURN format('%sok - %s: %s mutations, %s refused, %s read', CASE WHEN strange = '{}' THEN '' ELSE 'not ' END, part, n, refused, accepted)
    || coalesce((SELECT string_agg(DISTINCT E'\n#   ' || t, '') FROM unnest(strange[1:20]) t), '');
END $$;
SELECT CASE WHEN sealed(head, stored) = (userseg.artifact('vip')).value::text THEN '' ELSE 'not ' END || 'ok - the sample itself' FROM sample;
SELECT fuzz_models(10000, 'stored');
SELECT fuzz_models(2000, 'head');

-- a classifier with calibrated probabilities
SELECT 1 FROM userseg.train('active', 'logistic', 'people', target => 'active', id => 'id', features => '{spent,country}', params => '{"refit": false, "penalty": "ridge", "lambda": 0.1}') \g /dev/null
SELECT 1 FROM userseg.recalibrate('active', 'people', 'isotonic', all_rows => true) \g /dev/null
UPDATE sample SET head = substr(b.body, 1, position('USEG'::bytea IN b.body) - 1), stored = substr(b.body, position('USEG'::bytea IN b.body))
FROM (SELECT substr(decode((userseg.artifact('active')).value::text, 'hex'), 37)) b(body);
SELECT fuzz_models(4000, 'stored');
-- of more classes: a function of each, a temperature
SELECT 1 FROM userseg.train('place', 'logistic', 'people', target => 'country', id => 'id', features => '{spent,active}', params => '{"refit": false, "penalty": "ridge", "lambda": 0.1}') \g /dev/null
SELECT 1 FROM unnest('{platt,isotonic,temperature}'::text[]) m, LATERAL userseg.recalibrate('place@1', 'people', m, all_rows => true) \g /dev/null
UPDATE sample SET head = substr(b.body, 1, position('USEG'::bytea IN b.body) - 1), stored = substr(b.body, position('USEG'::bytea IN b.body))
FROM (SELECT substr(decode((userseg.artifact('place@2')).value::text, 'hex'), 37)) b(body);
SELECT fuzz_models(3000, 'stored');
UPDATE sample SET head = substr(b.body, 1, position('USEG'::bytea IN b.body) - 1), stored = substr(b.body, position('USEG'::bytea IN b.body))
FROM (SELECT substr(decode((userseg.artifact('place@3')).value::text, 'hex'), 37)) b(body);
SELECT fuzz_models(3000, 'stored');
UPDATE sample SET head = substr(b.body, 1, position('USEG'::bytea IN b.body) - 1), stored = substr(b.body, position('USEG'::bytea IN b.body))
FROM (SELECT substr(decode((userseg.artifact('place@4')).value::text, 'hex'), 37)) b(body);
SELECT fuzz_models(2000, 'stored');
SELECT '1..9';
