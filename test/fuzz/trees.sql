-- Models of trees by value: nodes, bins, sets and distributions out of range, in any part of the stored form.
\getenv unit_library USERSEG_UNIT
CREATE FUNCTION unit_artifact_seal(bytea) RETURNS bytea LANGUAGE C STRICT AS :'unit_library', 'unit_artifact_seal';
CREATE TABLE people AS
SELECT i AS id, (i % 5) * 20 + i / 10.0 AS spent, CASE WHEN i % 6 > 0 THEN i * 7 % 13 END AS visits, (ARRAY['a', 'b', 'c', 'd', 'e', 'f'])[1 + i % 6] AS place, i * 7 % 13 > 6 AS y, i % 3 AS three
FROM generate_series(1, 80) i;
SELECT 1 FROM userseg.train('tree', 'decision_tree', 'people', target => 'y', id => 'id', features => '{spent,visits,place}', holdout => 0, params => '{"pruning": "none", "min_leaf": 1}') \g /dev/null
SELECT 1 FROM userseg.train('forest', 'random_forest', 'people', target => 'three', id => 'id', features => '{spent,visits,place}', holdout => 0, params => '{"n_trees": 3, "min_leaf": 1, "task": "classification"}') \g /dev/null
SELECT 1 FROM userseg.train('boosted', 'gradient_boosting', 'people', target => 'spent', id => 'id', features => '{visits,place,three}', holdout => 0, params => '{"n_rounds": 4}') \g /dev/null

CREATE TABLE sample AS
SELECT model, substr(body, 1, at - 1) AS head, substr(body, at) AS stored
FROM unnest('{tree,forest,boosted}'::text[]) model, LATERAL (SELECT substr(decode((userseg.artifact(model)).value::text, 'hex'), 37)) b(body), position('USEG'::bytea IN body) at;
CREATE FUNCTION sealed(head bytea, stored bytea) RETURNS text LANGUAGE sql AS
$$ SELECT '01000000' || encode(sha256(head || unit_artifact_seal(stored)), 'hex') || encode(head || unit_artifact_seal(stored), 'hex') $$;

CREATE FUNCTION fuzz_trees(model text, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  s sample;
  payload text;
  accepted int := 0;
  refused int := 0;
  strange text[] := '{}';
BEGIN
  SELECT * INTO s FROM sample WHERE sample.model = $1;
  FOR i IN 1 .. n LOOP
    payload := sealed(s.head, fuzz.mutate(s.stored, 3, i));
    BEGIN
      PERFORM payload::userseg._artifact_value;
      accepted := accepted + 1;
      PERFORM userseg.score(('m', 1, payload)::userseg.artifact, p) FROM people p WHERE id <= 20;
    EXCEPTION
      WHEN invalid_binary_representation OR feature_not_supported OR program_limit_exceeded OR data_exception
        OR undefined_column OR datatype_mismatch OR character_not_in_repertoire OR untranslatable_character THEN
        refused := refused + 1;
      WHEN OTHERS THEN
        strange := strange || format('%s %s', SQLSTATE, SQLERRM);
    END;
  END LOOP;
  RETURN format('%sok - %s: %s mutations, %s refused, %s read', CASE WHEN strange = '{}' THEN '' ELSE 'not ' END, model, n, refused, accepted)
    || coalesce((SELECT string_agg(DISTINCT E'\n#   ' || t, '') FROM unnest(strange[1:20]) t), '');
END $$;
SELECT fuzz_trees('tree', 3000);
SELECT fuzz_trees('forest', 3000);
SELECT fuzz_trees('boosted', 3000);
SELECT '1..3';
