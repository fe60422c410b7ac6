-- A model by value; bytes that are not one.
\set VERBOSITY terse
\set SHOW_CONTEXT never
-- other tests may have left something
DO $$
BEGIN
	PERFORM userseg.drop_model(model) FROM userseg.models;
	DELETE FROM userseg._run;
	DELETE FROM userseg._assignment;
END $$;
CREATE TABLE points AS
SELECT i AS id, (i % 2) * 100 + i / 1000.0 AS x, CASE i % 4 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'Österreich' END AS country
FROM generate_series(1, 200) i;
SELECT version FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":2}');
SELECT segment_ids[1] AS id FROM userseg.model_versions \gset
SELECT userseg.name_segment('vip', :id, 'Österreich');

SELECT (userseg.artifact('vip')).model, (userseg.artifact('vip@1')).version;
SELECT userseg.artifact(NULL) IS NULL;
SELECT userseg.artifact('nobody');

-- it scores as the model does, from a call, a table, its text
CREATE TABLE shelf AS SELECT userseg.artifact('vip') AS a;
SELECT count(*), bool_and((userseg.score(userseg.artifact('vip'), p)).label = userseg.predict('vip', p)) FROM points p;
SELECT count(*), bool_and((userseg.score(s.a, p)).label = userseg.predict('vip', p)) FROM points p, shelf s;
SELECT bool_and((userseg.score(s.a::text::userseg.artifact, p)).label = userseg.predict('vip', p)) FROM points p, shelf s WHERE p.id < 10;
SELECT encode(userseg._artifact_value_send((a).value), 'hex') = (a).value::text AS same FROM shelf;
-- it stays what it was, when the model is renamed, retrained, dropped
SELECT userseg.name_segment('vip', :id, NULL);
SELECT bool_or((userseg.score(s.a, p)).label = 'Österreich') AS old_name, bool_or(userseg.predict('vip', p) = 'Österreich') AS new_name FROM points p, shelf s;
SELECT userseg.drop_model('vip');
SELECT count((userseg.score(s.a, p)).label) FROM points p, shelf s;
SELECT userseg.score(('vip', 1, NULL)::userseg.artifact, p) FROM points p LIMIT 1;
SELECT userseg.score(NULL::userseg.artifact, p) FROM points p LIMIT 1;

-- bytes that are not a model
CREATE FUNCTION try(payload text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM payload::userseg._artifact_value;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT try('');
SELECT try('0');
SELECT try('zz');
SELECT try('00');
SELECT try(repeat('00', 36));
SELECT try(repeat('00', 100));
SELECT try('02' || repeat('00', 100));
SELECT try((a).value::text) FROM shelf;
SELECT try((a).value::text || '00') FROM shelf;
SELECT try(left((a).value::text, -2)) FROM shelf;
SELECT try(overlay((a).value::text placing '02' from 1 for 2)) FROM shelf;
SELECT try(overlay((a).value::text placing '00' from 1 for 2)) FROM shelf;
-- a payload with the digest that belongs to it, so that the mutation reaches the parsers
CREATE FUNCTION sealed(body bytea) RETURNS text LANGUAGE sql AS
$$ SELECT '01000000' || encode(sha256(body), 'hex') || encode(body, 'hex') $$;
CREATE FUNCTION body(v userseg._artifact_value) RETURNS bytea LANGUAGE sql AS
$$ SELECT substr(decode(v::text, 'hex'), 37) $$;
SELECT try(sealed(body((a).value))) FROM shelf;
SELECT try(sealed('\x')) FROM shelf;
SELECT try(sealed(set_byte(body((a).value), 4, 90))) FROM shelf;
SELECT try(sealed(set_byte(body((a).value), 0, 255))) FROM shelf;
SELECT try(sealed(substr(body((a).value), 1, length(body((a).value)) - 1))) FROM shelf;
-- the artifact inside has a checksum of its own
SELECT try(sealed(set_byte(body((a).value), length(body((a).value)) - 100, 255 - get_byte(body((a).value), length(body((a).value)) - 100)))) FROM shelf;
-- formats and sections, with the checksum that belongs to the bytes
\getenv unit_library USERSEG_UNIT
CREATE FUNCTION unit_artifact_seal(bytea) RETURNS bytea LANGUAGE C STRICT AS :'unit_library', 'unit_artifact_seal';
CREATE FUNCTION unit_artifact_read(bytea) RETURNS int LANGUAGE C STRICT AS :'unit_library', 'unit_artifact_read';
CREATE FUNCTION try_stored(stored bytea, seal boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN unit_artifact_read(CASE WHEN seal THEN unit_artifact_seal(stored) ELSE stored END) || ' labels';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
CREATE TABLE stored AS SELECT substr(b, position('USEG'::bytea IN b)) AS b FROM shelf, body((a).value) b;
-- add bytes before the checksum
CREATE FUNCTION more(stored bytea, section text) RETURNS bytea LANGUAGE sql AS
$$ SELECT substr(stored, 1, length(stored) - 4) || decode(section, 'hex') || '\x00000000' $$;
SELECT try_stored(b) FROM stored;
SELECT try_stored(set_byte(b, 0, 0)) FROM stored;
SELECT try_stored(set_byte(b, 4, 2)) FROM stored;
SELECT try_stored(set_byte(b, 4, 0)) FROM stored;
SELECT try_stored('');
SELECT try_stored(substr(b, 1, 11), false) FROM stored;
SELECT try_stored(b, false), try_stored(set_byte(b, 40, 255 - get_byte(b, 40)), false) FROM stored;
SELECT try_stored(substr(b, 1, 12)) FROM stored;
-- what later versions may add is skipped; what they must add is not
SELECT try_stored(more(b, '05000080' || '0300000000000000' || 'abcdef')) FROM stored;
SELECT try_stored(more(b, '06000000' || '0300000000000000' || 'abcdef')) FROM stored;
SELECT try_stored(more(b, '05000080' || '0400000000000000' || 'abcdef')) FROM stored;
SELECT try_stored(more(b, '05000080' || 'ffffffffffffffff' || 'abcdef')) FROM stored;
-- a section again, out of order, or missing
SELECT try_stored(more(b, '03000000' || '0000000000000000')) FROM stored;
SELECT try_stored(more(b, '00000000' || '0000000000000000')) FROM stored;
SELECT try_stored(set_byte(b, 8, 2)) FROM stored;
SELECT try_stored('USEG' || '\x0100000000000000'::bytea);
-- the header: an algorithm that is not there, a task that is none, labels that are not those of the model
SELECT try_stored(set_byte(b, 24, ascii('K'))) FROM stored;
SELECT try_stored(set_byte(b, 30, 9)) FROM stored;
SELECT try_stored(set_byte(b, 30, 1)) FROM stored;
SELECT try_stored(set_byte(b, 30, 2)) FROM stored;
SELECT try_stored(set_byte(b, 31, 3)) FROM stored;
SELECT try_stored(set_byte(b, 31, 0)) FROM stored;
SELECT try_stored(set_byte(b, 20, 7)) FROM stored;
-- stored chunks, damaged by a superuser
SELECT version FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":2}');
BEGIN;
UPDATE userseg._artifact_chunk SET data = set_byte(data, 40, 255 - get_byte(data, 40));
SELECT userseg.artifact('vip');
ROLLBACK;
BEGIN;
DELETE FROM userseg._artifact_chunk;
SELECT userseg.artifact('vip');
ROLLBACK;
BEGIN;
UPDATE userseg._artifact_chunk SET chunk = 1;
SELECT userseg.artifact('vip');
ROLLBACK;
BEGIN;
UPDATE userseg._artifact_chunk SET data = data || '\x00'::bytea;
SELECT userseg.artifact('vip');
ROLLBACK;
BEGIN;
UPDATE userseg._version SET artifact_bytes = artifact_bytes - 1;
SELECT userseg.artifact('vip');
ROLLBACK;
-- limits
BEGIN;
UPDATE userseg._version SET artifact_bytes = 64 * 1024 + 1;
SET LOCAL userseg.max_artifact_size = '64kB';
SELECT userseg.artifact('vip');
ROLLBACK;
SET userseg.max_artifact_size = '64kB';
SELECT try(sealed(body((a).value) || decode(repeat('00', 65536), 'hex'))) FROM shelf;
SELECT userseg.train('large', 'kmeans', 'SELECT ARRAY(SELECT (i * 7919 + j * 104729) % 1009 FROM generate_series(1, 200) j) AS v
	FROM generate_series(1, 100) i', params => '{"k":60,"n_init":1}');
SELECT count(*) FROM userseg._model WHERE name = 'large';
RESET userseg.max_artifact_size;
SELECT userseg.drop_model('vip');
DROP TABLE shelf, points, stored;
DROP FUNCTION try, sealed, body, try_stored, more, unit_artifact_seal, unit_artifact_read;
