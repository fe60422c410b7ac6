-- fuzz.sql: loaded into the database of every test/fuzz/*.sql script.
--
-- fuzz.check(type, sample, n): mutations of a valid value go through the input and
-- the receive function of the type; what these accept goes through every function of
-- the extension that takes the type alone.  An error is what should happen.  A crash
-- ends the session and so the script; the report of a sanitizer stands in the server
-- log, which the suite reads afterwards.
CREATE SCHEMA fuzz;

-- Pseudo-random number of [0, n), a function of its arguments only.
CREATE FUNCTION fuzz.draw(seed bigint, i bigint, what int, n int) RETURNS int
LANGUAGE sql IMMUTABLE AS $$
  SELECT abs(hashint8extended(i * 64 + what, seed) % greatest(n, 1))::int
$$;

-- One mutation of a payload: bytes set, bits flipped, cut, grown, runs copied, or
-- an integer of extreme value written somewhere.
CREATE FUNCTION fuzz.mutate(payload bytea, seed bigint, i bigint) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  result bytea := payload;
  len int;
  at int;
  extremes bytea[] := ARRAY['\x00000000', '\xffffffff', '\xffffff7f', '\x00000080', '\x01000000', '\xffff0000',
    '\x000000000000f07f', '\x000000000000f87f', '\x000000000000f0ff', '\xffffffffffffff7f', '\xffffffffffffffff',
    '\x0000000000000080', '\x0000000000000000'];
  piece bytea;
BEGIN
  FOR step IN 1 .. 1 + fuzz.draw(seed, i, 0, 3) LOOP
    len := octet_length(result);
    at := fuzz.draw(seed, i, step * 8 + 1, len);
    CASE fuzz.draw(seed, i, step * 8 + 2, 6)
      WHEN 0 THEN
        IF len > 0 THEN result := set_byte(result, at, fuzz.draw(seed, i, step * 8 + 3, 256)); END IF;
      WHEN 1 THEN
        IF len > 0 THEN result := set_bit(result, at * 8 + fuzz.draw(seed, i, step * 8 + 3, 8),
          1 - get_bit(result, at * 8 + fuzz.draw(seed, i, step * 8 + 3, 8))); END IF;
      WHEN 2 THEN
        result := substr(result, 1, at);
      WHEN 3 THEN
        result := result || substr(result, 1 + at, 1 + fuzz.draw(seed, i, step * 8 + 3, 64));
      WHEN 4 THEN
        result := substr(result, 1, at) || substr(result, at + 2 + fuzz.draw(seed, i, step * 8 + 3, 8));
      ELSE
        piece := extremes[1 + fuzz.draw(seed, i, step * 8 + 3, array_length(extremes, 1))];
        result := overlay(result PLACING piece FROM 1 + at);
    END CASE;
  END LOOP;
  RETURN result;
END $$;

-- Functions of the extension that take a value of the type and nothing else, and
-- aggregates over it, as SQL on the placeholder $1.
CREATE FUNCTION fuzz.users(type regtype) RETURNS SETOF text
LANGUAGE sql STABLE AS $$
  SELECT format('SELECT %s.%I($1)', p.pronamespace::regnamespace, p.proname)
  FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
  WHERE p.pronargs - p.pronargdefaults <= 1 AND p.pronargs >= 1 AND p.proargtypes[0] = $1::oid
    AND p.prokind IN ('f', 'a') AND NOT p.proretset
    AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'userseg')
  UNION ALL
  SELECT format('SELECT userseg.merge($1, %L::%s)', '@', type)
  FROM pg_proc p WHERE p.proname = 'merge' AND p.proargtypes[0] = $1::oid AND p.pronargs = 2
$$;

-- What becomes of one mutated value: 'refused', 'accepted', or what was strange.
-- "query" makes the value; the functions of fuzz.users then see it.
CREATE FUNCTION fuzz.try(type regtype, query text, users text[]) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  value text;
  u text;
BEGIN
  EXECUTE query INTO value;
  FOREACH u IN ARRAY users LOOP
    BEGIN
      EXECUTE replace(u, '$1', format('%L::%s', value, type));
    EXCEPTION
      WHEN internal_error THEN
        RETURN format('%s: %s', u, SQLERRM);
      WHEN OTHERS THEN
        NULL;
    END;
  END LOOP;
  RETURN 'accepted';
EXCEPTION
  WHEN invalid_binary_representation OR invalid_text_representation OR feature_not_supported
    OR protocol_violation OR program_limit_exceeded OR data_exception THEN
    RETURN 'refused';
  WHEN OTHERS THEN
    RETURN format('%s %s', SQLSTATE, SQLERRM);
END $$;

-- One row of one bytea in a binary COPY file is the wire form of any type: written
-- here, read by the receive function of the type.
CREATE FUNCTION fuzz.receive(type regtype, payload bytea) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  value text;
BEGIN
  EXECUTE format('COPY (SELECT %L::bytea) TO ''/%s'' (FORMAT binary)', payload,
    ltrim(current_setting('data_directory') || '/fuzz.copy', '/'));
  DROP TABLE IF EXISTS pg_temp.received;
  EXECUTE format('CREATE TEMP TABLE received (v %s)', type);
  EXECUTE format('COPY pg_temp.received FROM ''%s/fuzz.copy'' (FORMAT binary)', current_setting('data_directory'));
  SELECT v::text INTO value FROM pg_temp.received;
  RETURN value;
END $$;

-- n mutations of a valid value, in hexadecimal text, through the input function,
-- and n through the receive function; two TAP lines.
CREATE FUNCTION fuzz.check(type regtype, sample text, n int, seed bigint DEFAULT 1) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
  payload bytea := decode(sample, 'hex');
  users text[] := ARRAY(SELECT replace(u, '''@''', quote_literal(sample)) FROM fuzz.users(type) u);
  mutated bytea;
  outcome text;
  outcomes text[];
  value text;
BEGIN
  SET LOCAL client_min_messages = error;
  EXECUTE format('SELECT %L::%s::text', sample, type) INTO value;
  IF value <> sample OR fuzz.receive(type, payload) <> sample THEN
    RETURN NEXT format('not ok - %s: the sample does not come back', type);
    RETURN;
  END IF;
  FOR way IN 1 .. 2 LOOP
    outcomes := '{}';
    FOR i IN 1 .. n LOOP
      mutated := fuzz.mutate(payload, seed + way, i);
      outcomes := outcomes || fuzz.try(type, CASE way
        WHEN 1 THEN format('SELECT %L::%s::text', encode(mutated, 'hex'), type)
        ELSE format('SELECT fuzz.receive(%L, %L)', type, mutated) END, users);
    END LOOP;
    RETURN QUERY
      SELECT format('%sok - %s %s: %s mutations, %s refused, %s accepted',
          CASE WHEN bool_and(o IN ('refused', 'accepted')) THEN '' ELSE 'not ' END, type,
          CASE way WHEN 1 THEN 'input' ELSE 'receive' END, n,
          count(*) FILTER (WHERE o = 'refused'), count(*) FILTER (WHERE o = 'accepted'))
      FROM unnest(outcomes) o;
    RETURN QUERY
      SELECT DISTINCT '#   ' || o FROM unnest(outcomes) o WHERE o NOT IN ('refused', 'accepted') LIMIT 20;
  END LOOP;
END $$;

-- fuzz.model(model, source, n): mutations of the stored form of a model, with a right
-- checksum, read as a model by value; what is accepted scores the rows of source.
\getenv unit_library USERSEG_UNIT
CREATE FUNCTION fuzz.artifact_seal(bytea) RETURNS bytea LANGUAGE C STRICT AS :'unit_library', 'unit_artifact_seal';
CREATE FUNCTION fuzz.model(model text, source regclass, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  body bytea := substr(decode((userseg.artifact(model)).value::text, 'hex'), 37);
  start int := position('USEG'::bytea IN body);
  whole bytea;
  value text;
  accepted int := 0;
  refused int := 0;
  strange text[] := '{}';
BEGIN
  FOR i IN 1 .. n LOOP
    whole := substr(body, 1, start - 1) || fuzz.artifact_seal(fuzz.mutate(substr(body, start), 3, i));
    value := '01000000' || encode(sha256(whole), 'hex') || encode(whole, 'hex');
    BEGIN
      PERFORM value::userseg._artifact_value;
      accepted := accepted + 1;
      EXECUTE format('SELECT userseg.score(($1, 1, $2)::userseg.artifact, p) FROM %s p', source) USING model, value;
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
