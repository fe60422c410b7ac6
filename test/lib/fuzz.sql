-- fuzz.sql: loaded into the database of every test/fuzz/*.sql script.
--
-- fuzz.input(type, sample, n, seed): n mutations of a valid value's text go through
-- the input function of the type, and the values that it accepts through every
-- function of the extension that takes this type alone.  Returns one TAP line.
-- An error is what should happen; a crash ends the session and so the script, and a
-- sanitizer's report stands in the server log, which the suite reads afterwards.
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

CREATE FUNCTION fuzz.input(type regtype, sample text, n int, seed bigint DEFAULT 1) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  payload bytea := CASE WHEN sample ~ '^(\\x)?([0-9a-fA-F]{2})+$' THEN decode(regexp_replace(sample, '^\\x', ''), 'hex')
    ELSE convert_to(sample, 'UTF8') END;
  hex boolean := sample ~ '^(\\x)?([0-9a-fA-F]{2})+$';
  users text[] := ARRAY(SELECT replace(u, '''@''', quote_literal(sample)) FROM fuzz.users(type) u);
  mutated text;
  accepted bigint := 0;
  refused bigint := 0;
  strange text[] := '{}';
  again text;
  u text;
BEGIN
  -- the sample itself is valid
  EXECUTE format('SELECT %L::%s::text', sample, type) INTO again;
  IF again <> sample THEN
    RETURN format('not ok - %s: the sample does not come back: %s', type, left(again, 100));
  END IF;
  FOR i IN 1 .. n LOOP
    BEGIN
      mutated := CASE WHEN hex THEN CASE WHEN sample LIKE '\x%' THEN '\x' ELSE '' END || encode(fuzz.mutate(payload, seed, i), 'hex')
        ELSE convert_from(fuzz.mutate(payload, seed, i), 'UTF8') END;
    EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
      CONTINUE;
    END;
    BEGIN
      EXECUTE format('SELECT %L::%s::text', mutated, type) INTO again;
      accepted := accepted + 1;
      FOREACH u IN ARRAY users LOOP
        BEGIN
          EXECUTE replace(u, '$1', format('%L::%s', mutated, type));
        EXCEPTION WHEN internal_error THEN
          strange := strange || format('%s: %s', u, SQLERRM);
        WHEN OTHERS THEN
          NULL;
        END;
      END LOOP;
    EXCEPTION
      WHEN invalid_binary_representation OR invalid_text_representation OR feature_not_supported
        OR protocol_violation OR program_limit_exceeded OR data_exception THEN
        refused := refused + 1;
      WHEN OTHERS THEN
        strange := strange || format('%s %s', SQLSTATE, SQLERRM);
    END;
  END LOOP;
  RETURN format('%sok - %s: %s mutations, %s refused, %s accepted', CASE WHEN strange = '{}' THEN '' ELSE 'not ' END,
      type, n, refused, accepted)
    || coalesce((SELECT string_agg(DISTINCT E'\n#   ' || s, '') FROM unnest(strange[1:20]) s), '');
END $$;

