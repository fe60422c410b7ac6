-- Mixtures, points, states of gmm_step, and stored models of gmm.
SELECT '1..21';
\getenv unit_library USERSEG_UNIT
CREATE FUNCTION unit_artifact_seal(bytea) RETURNS bytea LANGUAGE C STRICT AS :'unit_library', 'unit_artifact_seal';
\set full 'userseg.mixture(''{1,3}'', ''{{0,0},{20,2}}'', ''{{{9,1},{1,4}},{{16,0},{0,2}}}'')'
\set tied 'userseg.mixture(NULL, ''{{0,0},{20,2}}'', ''{{9,1},{1,4}}'', ''tied'')'
\set diag 'userseg.mixture(''{0,1}'', ''{{0,0},{20,2}}'', ''{{9,4},{16,2}}'', ''diag'')'
\set spherical 'userseg.mixture(NULL, ''{{0,1e50},{20,2}}'', ''{1e-3,9}'', ''spherical'')'
SELECT fuzz.check('userseg.mixture', (:full)::text, 1000);
SELECT fuzz.check('userseg.mixture', (:tied)::text, 500);
SELECT fuzz.check('userseg.mixture', (:diag)::text, 500);
SELECT fuzz.check('userseg.mixture', (:spherical)::text, 500);
SELECT fuzz.check('userseg.gmm_point', (userseg.gmm_point(:full, '{3,4}', 0.5))::text, 500);
SELECT fuzz.check('userseg.gmm_point', (userseg.gmm_point(:tied, '{3,4}'))::text, 500);
SELECT fuzz.check('userseg.gmm_state', userseg.gmm_step(userseg.gmm_point(:full, ARRAY[i, -i / 7.0]))::text, 1000) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.gmm_state', userseg.gmm_step(userseg.gmm_point(:tied, ARRAY[i, -i / 7.0], i))::text, 500) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.gmm_state', userseg.gmm_step(userseg.gmm_point(:diag, ARRAY[i, -i / 7.0]))::text, 500) FROM generate_series(1, 9) i;

-- Mixtures, states and points that were accepted meet each other.
CREATE FUNCTION fuzz_pairs(m userseg.mixture, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  s userseg.gmm_state := (SELECT userseg.gmm_step(userseg.gmm_point(m, ARRAY[i, -i / 7.0])) FROM generate_series(1, 9) i);
  changed userseg.mixture;
  state userseg.gmm_state;
  point userseg.gmm_point := userseg.gmm_point(m, '{3,4}', 0.5);
  strange text[] := '{}';
BEGIN
  FOR i IN 1 .. n LOOP
    BEGIN
      -- enough of them that their lanes go to the sums
      point := encode(fuzz.mutate(decode(userseg.gmm_point(m, '{3,4}', 0.5)::text, 'hex'), 9, i), 'hex')::userseg.gmm_point;
      state := (SELECT userseg.gmm_step(point) FROM generate_series(1, 70));
      PERFORM state::text::userseg.gmm_state, userseg.log_likelihood(state), userseg.component_weights(state), userseg.next_mixture(state, m)::text;
    EXCEPTION WHEN internal_error THEN strange := strange || SQLERRM; WHEN OTHERS THEN NULL;
    END;
    BEGIN
      changed := encode(fuzz.mutate(decode(m::text, 'hex'), 7, i), 'hex')::userseg.mixture;
      PERFORM userseg.log_density(changed, '{1,2}'), userseg.responsibilities(changed, '{1e300,-1e300}');
      IF (userseg.log_density(changed, '{1,2}'))::text = 'NaN' THEN strange := strange || 'NaN'::text; END IF;
      state := (SELECT userseg.gmm_step(userseg.gmm_point(changed, ARRAY[j, -j / 7.0])) FROM generate_series(1, 9) j);
      PERFORM userseg.next_mixture(state, changed)::text;
    EXCEPTION WHEN internal_error THEN strange := strange || SQLERRM; WHEN OTHERS THEN NULL;
    END;
    BEGIN
      state := encode(fuzz.mutate(decode(s::text, 'hex'), 8, i), 'hex')::userseg.gmm_state;
      PERFORM userseg.next_mixture(state, m)::text, userseg.merge(state, s)::text;
    EXCEPTION WHEN internal_error THEN strange := strange || SQLERRM; WHEN OTHERS THEN NULL;
    END;
  END LOOP;
  RETURN CASE WHEN strange = '{}' THEN 'ok' ELSE 'not ok' END || ' - what was accepted is used' || coalesce((SELECT string_agg(DISTINCT E'\n#   ' || t, '') FROM unnest(strange) t), '');
END $$;
SELECT fuzz_pairs(:full, 2000);

-- stored models, with the checksum and digest that belong to them (see registry.sql)
CREATE TABLE people AS SELECT i AS id, (i * 7919 % 401) / 40.0 AS a, (i * 3571 % 97) / 20.0 + i % 2 * 9 AS b FROM generate_series(1, 200) i;
SELECT 1 FROM userseg.train('soft', 'gmm', 'people', id => 'id', params => '{"k":2}') \g /dev/null
CREATE TABLE sample AS
SELECT substr(body, 1, at - 1) AS head, substr(body, at) AS stored
FROM (SELECT substr(decode((userseg.artifact('soft')).value::text, 'hex'), 37)) b(body), position('USEG'::bytea IN body) at;
CREATE FUNCTION fuzz_models(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  s sample;
  sealed bytea;
  payload text;
  accepted int := 0;
  strange text[] := '{}';
BEGIN
  SELECT * INTO s FROM sample;
  FOR i IN 1 .. n LOOP
    BEGIN
      sealed := s.head || unit_artifact_seal(fuzz.mutate(s.stored, 1, i));
      payload := '01000000' || encode(sha256(sealed), 'hex') || encode(sealed, 'hex');
      PERFORM payload::userseg._artifact_value;
      accepted := accepted + 1;
      IF EXISTS (SELECT 1 FROM people p WHERE id <= 20 AND (userseg.score(('soft', 1, payload)::userseg.artifact, p)).value = 'NaN') THEN
        strange := strange || 'NaN'::text;
      END IF;
    EXCEPTION
      WHEN invalid_binary_representation OR feature_not_supported OR program_limit_exceeded OR data_exception
        OR undefined_column OR datatype_mismatch OR character_not_in_repertoire OR untranslatable_character THEN
        NULL;
      WHEN OTHERS THEN
        strange := strange || format('%s %s', SQLSTATE, SQLERRM);
    END;
  END LOOP;
  RETURN format('%sok - stored models: %s mutations, %s read', CASE WHEN strange = '{}' THEN '' ELSE 'not ' END, n, accepted)
    || coalesce((SELECT string_agg(DISTINCT E'\n#   ' || t, '') FROM unnest(strange[1:20]) t), '');
END $$;
SELECT fuzz_models(5000);
SELECT CASE WHEN count(*) = 2 THEN '' ELSE 'not ' END || 'ok - the sample itself' FROM (SELECT DISTINCT userseg.predict_id('soft', p) FROM people p) d;
