-- Source: what it may be, that it cannot write, and how it becomes a frame.
-- The functions unit_* are of the library of unit tests: the verbs that users
-- call come on top of the same code.
\getenv unit_library USERSEG_UNIT
SET client_min_messages = warning;
CREATE SCHEMA src;
SET search_path = src;
CREATE FUNCTION unit_source(source text, target text DEFAULT NULL, id text DEFAULT NULL,
	weight text DEFAULT NULL, time_column text DEFAULT NULL, features text[] DEFAULT NULL,
	null_policy text DEFAULT 'impute', memory_kb int DEFAULT 65536, show text DEFAULT 'columns')
RETURNS text LANGUAGE C AS :'unit_library';
CREATE FUNCTION unit_source_plan(source text, target text DEFAULT NULL, id text DEFAULT NULL,
	weight text DEFAULT NULL, time_column text DEFAULT NULL, features text[] DEFAULT NULL,
	null_policy text DEFAULT 'impute')
RETURNS text LANGUAGE C AS :'unit_library';
CREATE FUNCTION unit_source_count(source text, stop_after bigint DEFAULT 1000000)
RETURNS bigint LANGUAGE C AS :'unit_library';
CREATE FUNCTION unit_row_key(anyelement) RETURNS bigint LANGUAGE C AS :'unit_library';

-- Relations: as regclass resolves them
CREATE TABLE users (id int, spend float8);
INSERT INTO users VALUES (1, 10), (2, 20), (3, NULL);
CREATE VIEW v AS SELECT * FROM users WHERE id < 3;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM users;
CREATE TABLE parts (id int, spend float8) PARTITION BY LIST (id);
CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1, 2, 3);
INSERT INTO parts SELECT * FROM users;
CREATE TABLE parent (id int, spend float8);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent VALUES (1, 1);
INSERT INTO child VALUES (2, 2);
CREATE SCHEMA "Odd ""schema.";
CREATE TABLE "Odd ""schema."."Table; DROP TABLE users; --" ("Spend ""€"" in EUR" float8, spend float8, "SPEND" int);
INSERT INTO "Odd ""schema."."Table; DROP TABLE users; --" VALUES (1, 2, 3);
CREATE TABLE "select" (a int);
INSERT INTO "select" VALUES (1);
CREATE TABLE aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg (a23456789012345678901234567890123456789012345678901234567890123 int);
INSERT INTO aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg VALUES (7);

SELECT s, unit_source(s) FROM unnest(ARRAY['users', 'src.users', 'SRC.Users', ' src . users ', '"src"."users"',
	'v', 'mv', 'parts', 'parent', 'select', '"select"',
	'"Odd ""schema."."Table; DROP TABLE users; --"',
	'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg']) s;
SELECT unit_source('information_schema.sql_features', features => '{feature_id}') LIKE 'rows=%' AS other_schema;
SELECT unit_source(current_database() || '.src.users') = unit_source('users') AS three_part_name;
SELECT unit_source('"Odd ""schema."."Table; DROP TABLE users; --"',
				   features => ARRAY['Spend "€" in EUR', 'SPEND']);
SELECT unit_source_plan('"Odd ""schema."."Table; DROP TABLE users; --"');

-- Queries
SELECT s, unit_source(s) FROM unnest(ARRAY[
	'SELECT spend FROM users', 'VALUES (1, ''a''), (2, ''b'')', 'VALUES(1)', 'SELECT(1)AS"a"', 'TABLE users', '(SELECT id FROM users)',
	'SELECT 1 AS a;', '/* note */ SELECT 1 AS a -- end', 'SELECT 1 AS a UNION ALL SELECT 2',
	'WITH x AS (SELECT id * 2 AS twice FROM users) SELECT * FROM x',
	'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r',
	'SELECT u.id, s.total FROM users u, LATERAL (SELECT sum(spend) AS total FROM users x WHERE x.id <= u.id) s',
	'SELECT id, count(*) OVER (ORDER BY id) AS n FROM users ORDER BY id LIMIT 2']) s;
SELECT unit_source_plan('SELECT id FROM users -- the end;');

-- Not one SELECT: refused, nothing executed
CREATE TABLE log (what text);
CREATE FUNCTION try(source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text; message text; detail text; hint text;
BEGIN
	RETURN unit_source(source);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(E'\n', state || ' ' || message, NULLIF(detail, ''),
					 CASE WHEN hint LIKE 'The source is the name of a table%' THEN '(hint)' ELSE NULLIF(hint, '') END);
END $$;
SELECT s, try(s) FROM unnest(ARRAY[
	'', '   ', ';', '-- nothing', '/* nothing */', 'SELECT 1; SELECT 2', 'SELECT 1;;SELECT 2',
	'INSERT INTO log VALUES (1)', 'UPDATE log SET what = 1', 'DELETE FROM log', 'TRUNCATE log', 'DROP TABLE log',
	'EXECUTE p', 'EXPLAIN ANALYZE SELECT 1', 'COPY log TO STDOUT', 'CALL f()', 'DO ''BEGIN END''', 'FETCH ALL FROM c',
	'CREATE TABLE x AS SELECT 1', 'SET search_path = x', 'SHOW search_path', 'LOCK TABLE log', 'BEGIN',
	'MERGE INTO log USING users ON true WHEN MATCHED THEN DELETE',
	'SELECT 1 AS a INTO x', 'SELECT id INTO TEMP x FROM users', '(SELECT 1 AS a INTO x) UNION SELECT 2',
	'SELECT * FROM users FOR UPDATE', 'SELECT * FROM users FOR KEY SHARE', 'SELECT * FROM users FOR SHARE OF users',
	'SELECT * FROM (SELECT * FROM users FOR UPDATE) x', 'SELECT (SELECT id FROM users LIMIT 1 FOR UPDATE) AS a',
	'(SELECT id FROM users FOR UPDATE) UNION ALL SELECT 1',
	'WITH d AS (DELETE FROM log RETURNING *) SELECT * FROM d',
	'WITH i AS (INSERT INTO log VALUES (1) RETURNING *) SELECT * FROM i',
	'WITH u AS (UPDATE log SET what = 1 RETURNING *) SELECT 1 AS a',
	'WITH a AS (WITH b AS (INSERT INTO log VALUES (1) RETURNING *) SELECT * FROM b) SELECT * FROM a',
	'SELECT * FROM (WITH i AS (INSERT INTO log VALUES (1) RETURNING *) SELECT * FROM i) x',
	'SELECT 1 AS a WHERE EXISTS (WITH i AS (INSERT INTO log VALUES (1) RETURNING *) SELECT * FROM i)',
	'SELECT * FROM users ORDER BY (WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i)',
	'SELECT * FROM users u JOIN users w ON (WITH i AS (INSERT INTO log VALUES (1) RETURNING true) SELECT * FROM i)',
	'VALUES ((WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i))',
	'SELECT sum(spend) FILTER (WHERE (WITH i AS (INSERT INTO log VALUES (1) RETURNING true) SELECT * FROM i)) FROM users',
	'SELECT 1 AS a LIMIT (WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i)',
	'SELECT sum(id) OVER (ORDER BY (WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i)) FROM users',
	'SELECT * FROM generate_series(1, (WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i)) g',
	'SELECT ARRAY(WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i) AS a',
	'SELECT CASE WHEN (WITH i AS (INSERT INTO log VALUES (1) RETURNING true) SELECT * FROM i) THEN 1 END AS a',
	'SELECT XMLELEMENT(NAME x, (WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i)) AS a',
	'SELECT * FROM users TABLESAMPLE system ((WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i))',
	'SELECT id FROM users GROUP BY GROUPING SETS ((id), ((WITH i AS (INSERT INTO log VALUES (1) RETURNING 1) SELECT * FROM i)))',
	'SELECT * FROM users, LATERAL ROWS FROM (generate_series(1, (WITH i AS (DELETE FROM log RETURNING 1) SELECT * FROM i))) g']) s;
-- broken text
SELECT s, try(s) FROM unnest(ARRAY['users u', 'SELECT', 'SELECT a b c', 'SELECT ''unterminated', 'SELECT "unterminated',
	'"unterminated', 'SELECT $x$unterminated', '/* unterminated', 'users.', '.users', 'a.b.c.d', 'SELECT $1 AS a', '42',
	'nope', 'nope.users', 'SELECT nope FROM users', 'SELECT 1/0 AS a', 'SELECT * FROM users WHERE', '''users''', '1a', 'a.1b', 'a..b', 'users;', 'users -- all', '(users)']) s;
SELECT left(try(repeat('(', 20000) || 'SELECT 1' || repeat(')', 20000)), 25) AS deep_parentheses;
SELECT left(try('SELECT ' || repeat('abs(', 20000) || '1' || repeat(')', 20000) || ' AS a'), 25) AS deep_calls;
SELECT left(try('SELECT 1' || repeat('+1', 200000) || ' AS a'), 30) AS long_expression;
SELECT try('SELECT ' || (SELECT string_agg(i || ' AS c' || i, ', ') FROM generate_series(1, 1600) i)) LIKE 'rows=1 %' AS wide;
SELECT length(s) > 100000 AS long, try(s) FROM (SELECT 'SELECT 1 AS a' || repeat(' ', 100000) || '-- ' || repeat('x', 100000) AS s) x;
SELECT * FROM log;

-- The position of an error is in the source, and the source is named
SELECT unit_source('SELECT spend, nope FROM users');
SELECT unit_source('SELECT 1/(id - 1) AS a FROM users');
SELECT unit_source('SELECT 1/(id - 1) AS a FROM users -- ' || repeat('x', 300));

-- Writing: 25006, nothing kept
CREATE SEQUENCE seq;
CREATE FUNCTION write() RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES ('written'); RETURN 1; END$$;
CREATE FUNCTION write_quietly() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	BEGIN INSERT INTO log VALUES ('quiet'); EXCEPTION WHEN OTHERS THEN RETURN 0; END;
	RETURN 1;
END$$;
CREATE FUNCTION escape() RETURNS int LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('transaction_read_only', 'off', true); INSERT INTO log VALUES ('escaped'); RETURN 1; END$$;
CREATE FUNCTION reset_it() RETURNS int LANGUAGE plpgsql AS $$
BEGIN RESET transaction_read_only; INSERT INTO log VALUES ('reset'); RETURN 1; END$$;
CREATE FUNCTION write_sql() RETURNS int LANGUAGE sql AS $$INSERT INTO log VALUES ('sql') RETURNING 1$$;
CREATE FUNCTION make_table() RETURNS int LANGUAGE plpgsql AS $$BEGIN CREATE TABLE made (); RETURN 1; END$$;
CREATE VIEW writing AS SELECT id, write() AS w FROM users;
CREATE VIEW locking AS SELECT * FROM users FOR UPDATE;
SELECT s, split_part(try(s), E'\n', 1) FROM unnest(ARRAY['SELECT write() AS a', 'SELECT write_sql() AS a', 'SELECT write_quietly() AS a', 'SELECT nextval(''seq'') AS a',
	'SELECT setval(''seq'', 5) AS a', 'SELECT make_table() AS a', 'writing', 'locking', 'SELECT escape() AS a']) s;
-- (the server refuses some of this itself, by version)
DO $$ BEGIN
	CREATE FUNCTION set_off() RETURNS int LANGUAGE plpgsql SET transaction_read_only = off AS
		'BEGIN INSERT INTO log VALUES (''set off''); RETURN 1; END';
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
SELECT s, try(s) ~ '^(25001|25006|0A000|42883) ' AS refused FROM unnest(ARRAY['SELECT reset_it() AS a', 'SELECT set_off() AS a']) s;
-- what a function sets is as it was before
SET work_mem = '1MB';
SELECT unit_source_count('SELECT set_config(''work_mem'', ''2MB'', false) AS a');
SHOW work_mem;
RESET work_mem;
SELECT * FROM log;
SELECT last_value, is_called FROM seq;
SHOW transaction_read_only;
-- as in any read-only transaction, temporary tables may be written
CREATE TEMP TABLE mine (a int);
CREATE FUNCTION write_temp() RETURNS int LANGUAGE plpgsql AS $$BEGIN INSERT INTO mine VALUES (1); RETURN 1; END$$;
SELECT unit_source_count('SELECT write_temp() AS a');
-- after an error the transaction can go on and write: in a block, in a savepoint
DO $$
BEGIN
	BEGIN
		PERFORM unit_source('SELECT write() AS a');
	EXCEPTION WHEN read_only_sql_transaction THEN
		INSERT INTO log VALUES ('after the block');
	END;
	PERFORM unit_source('users');
	INSERT INTO log VALUES ('after success');
END $$;
BEGIN;
SAVEPOINT s;
SELECT unit_source('SELECT write() AS a');
ROLLBACK TO s;
INSERT INTO log VALUES ('after the savepoint');
SELECT unit_source_count('users');
INSERT INTO log VALUES ('after that');
COMMIT;
SELECT * FROM log;
-- a read-only transaction stays one
BEGIN READ ONLY;
SELECT unit_source_count('users');
SHOW transaction_read_only;
COMMIT;

-- Where it is called from: in a query, nested, in a function of a source, in a procedure, with a cursor
SELECT id, unit_source_count('SELECT * FROM users WHERE id <= ' || id) FROM users ORDER BY id;
SELECT unit_source('SELECT id, unit_source_count(''SELECT * FROM users WHERE id <= '' || id) AS n FROM users');
CREATE PROCEDURE p() LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO users VALUES (4, 40);
	RAISE WARNING 'in the transaction: %', unit_source_count('users');
	COMMIT;
	RAISE WARNING 'after commit: %', unit_source_count('users');
	DELETE FROM users WHERE id = 4;
	COMMIT;
	RAISE WARNING 'at last: %', unit_source_count('users');
END $$;
CALL p();
WITH new AS (INSERT INTO users VALUES (5, 50) RETURNING id) SELECT unit_source_count('users') AS own_snapshot FROM new;
DELETE FROM users WHERE id = 5;
-- and stops when told to
SELECT unit_source_count('SELECT 1/(3 - g) + 0 * random() AS a FROM generate_series(1, 10) g', 2);  -- random(): no parallel plan

-- Rights are the caller's; so are row security and search_path
CREATE ROLE regress_source_reader;
GRANT USAGE ON SCHEMA src TO regress_source_reader;
CREATE TABLE secret (id int, owner name, spend float8);
INSERT INTO secret VALUES (1, 'regress_source_reader', 1), (2, 'other', 2);
SET ROLE regress_source_reader;
SELECT unit_source('secret');
RESET ROLE;
GRANT SELECT ON secret TO regress_source_reader;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (owner = current_user);
SET ROLE regress_source_reader;
SELECT unit_source_count('secret');
SELECT unit_source_count('SELECT * FROM src.secret');
RESET ROLE;
SELECT unit_source_count('secret');
CREATE SCHEMA other;
CREATE TABLE other.users (spend int);
SET search_path = other, src;
SELECT unit_source_count('users');
SET search_path = src;

-- Every kind
CREATE TYPE grade AS ENUM ('low', 'high');
CREATE DOMAIN positive AS numeric(8, 2) CHECK (VALUE > 0);
CREATE DOMAIN tags AS text[];
CREATE TABLE kinds (
	id bigint, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, num numeric, dom positive, b bool,
	t text, vc varchar(10), bp char(10), n name, ch "char", e grade,
	d date, ts timestamp, tz timestamptz, tm time, iv interval,
	vec float8[], vi int[], vn numeric(5, 1)[], tg tags, te grade[], tb char(5)[]);
SET timezone = 'America/New_York';
INSERT INTO kinds VALUES
	(1, 1, 2, 3, 0.5, 0.25, 1.1, 2.5, true, 'a', 'b', 'c', 'd', 'e', 'high',
	 '2000-01-02', '2000-01-01 00:00:01.5', '2000-01-01 00:00:01+00', '01:00', '1 month 1 day 1 hour',
	 '{1,2}', '{3,4}', '{5.5,6.5}', '{x,y,x,NULL}', '{low,low}', '{q,r}'),
	(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
	 NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(3, 10, 20, 30, -8, 16, 100, 0.5, false, '', 'b', 'c ', 'dd', 'f', 'low',
	 '1999-12-30', '1999-12-31', '1999-12-31 23:59:50+00', '00:00:00.5', '-1 day',
	 '[5:6]={3,4}', '{5,6}', '{7.5,8.5}', '{}', '{high}', '{}');
SELECT unit_source('kinds', id => 'id');
SELECT unit_source('kinds', id => 'id', show => 'checksum') AS checksum;

-- Types that cannot be features
CREATE TABLE odd (a int, u uuid, o oid, net inet, j json, jb jsonb, x bytea, p point, r int4range, m money,
	tz timetz, bits bit(3), bs bool[], ds date[], rc src.users, rcs src.users[]);
INSERT INTO odd (a) VALUES (1);
SELECT unit_source('odd');
SELECT unit_source('odd', features => ARRAY['a', 'u']);
SELECT unit_source('odd', features => ARRAY['jb']);
SELECT unit_source('SELECT u, jb FROM odd');
SELECT unit_source('SELECT FROM odd');
SELECT unit_source('kinds', target => 'd');
SELECT unit_source('kinds', target => 'vec');
SELECT unit_source('kinds', weight => 't');
SELECT unit_source('kinds', time_column => 'iv');
SELECT unit_source('kinds', id => 'vec');
SELECT unit_source('odd', id => 'rc');
SELECT unit_source('kinds', time_column => 'ts', features => '{f8}') ;
SELECT unit_source('kinds', time_column => 'i4', features => '{f8}');

-- Names
SELECT unit_source('users', target => 'nope', id => 'Id', features => ARRAY['spend', 'x y', 'nope']);
SELECT unit_source('users', id => 'id', features => ARRAY['spend', 'gone']);
SELECT unit_source('SELECT 1 AS a, 2 AS a, 3 AS b');
SELECT unit_source('SELECT 1 AS a, 2 AS a, 3 AS b', features => '{b}');
SELECT unit_source('SELECT 1 AS a, 2 AS a, 3 AS b', features => '{a}');
SELECT unit_source('users', features => '{spend,spend}');
SELECT unit_source('users', features => '{spend,id}', id => 'id');
SELECT unit_source('users', target => 'spend', weight => 'spend');
SELECT unit_source('users', features => '{}');
SELECT unit_source('users', features => '{spend,NULL}');
SELECT left(try((SELECT 'SELECT ' || string_agg(i || ' AS c' || i, ', ') FROM generate_series(1, 150) i)), 7) AS wide;
DO $$ BEGIN PERFORM unit_source((SELECT 'SELECT ' || string_agg(i || ' AS c' || i, ', ') FROM generate_series(1, 150) i), id => 'x');
EXCEPTION WHEN undefined_column THEN RAISE WARNING '%', SQLERRM; END $$;

-- NaN, infinity, overflow
CREATE TABLE wild (id text, f8 float8, f4 float4, num numeric, d date, ts timestamptz, vec float8[], vn numeric[]);
INSERT INTO wild VALUES ('fine', 1, 1, 1, '2000-01-01', '2000-01-01', '{1,1}', '{1,1}');
CREATE FUNCTION wild(assignment text, with_id boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	INSERT INTO wild SELECT * FROM wild;
	EXECUTE 'UPDATE wild SET id = ''Ann''''s'', ' || assignment || ' WHERE ctid = (SELECT max(ctid) FROM wild)';
	PERFORM unit_source('wild', id => CASE WHEN with_id THEN 'id' END, features => '{f8,f4,num,d,ts,vec,vn}');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RAISE WARNING '% % | % | %', SQLSTATE, SQLERRM, detail, hint;
END $$;
SELECT wild('f8 = ''NaN''');
SELECT wild('f8 = ''NaN''', false);
SELECT wild('f8 = ''-Infinity''');
SELECT wild('f4 = ''Infinity''');
SELECT wild('num = ''NaN''');
SELECT wild('num = ''Infinity''');
SELECT wild('num = 1e400');
SELECT wild('f8 = -1e141');
SELECT wild('num = 1e140');
SELECT wild('num = 1e-400');
SELECT wild('d = ''infinity''');
SELECT wild('ts = ''-infinity''');
SELECT wild('vec = ''{1,NaN}''');
SELECT wild('vec = ''{1,NULL}''');
SELECT wild('vec = ''{1}''');
SELECT wild('vec = ''{}''');
SELECT wild('vec = ''{{1,2}}''');
SELECT wild('vec = NULL');
SELECT wild('vn = ''{1,Infinity}''');
SELECT wild('vn[2] = 1e309');
SELECT wild('vn[2] = 1e200');

-- NULLs by policy; target, time, weight and id have their own rule
CREATE TABLE holes (id int, a float8, b text, y boolean, w float8, t date);
INSERT INTO holes VALUES
	(1, 1, 'x', true, 1, '2024-01-01'), (2, NULL, 'x', true, 1, '2024-01-01'), (3, 3, NULL, false, 1, '2024-01-01'),
	(4, 4, 'y', NULL, 1, '2024-01-01'), (5, 5, 'y', true, 0, '2024-01-01'), (6, 6, 'z', false, 2, NULL);
SELECT p, unit_source('holes', 'y', 'id', 'w', 't', null_policy => p) FROM unnest(ARRAY['impute', 'skip']) p;
SELECT unit_source('SELECT id, a, NULL::int AS gone FROM holes', null_policy => 'skip');
SELECT unit_source('holes', features => '{b,a}', null_policy => 'error', id => 'id');
SELECT unit_source('SELECT * FROM holes WHERE id > 3', target => 'y', features => '{a,b}', null_policy => 'error', id => 'id');
SELECT unit_source('SELECT * FROM holes WHERE id > 4', time_column => 't', features => '{a,b}', null_policy => 'error', id => 'id');
SELECT unit_source('SELECT NULL::int AS id, 1 AS a', id => 'id');
SELECT unit_source('SELECT 1 AS a, NULL::float8 AS w', weight => 'w');
SELECT unit_source('SELECT 1 AS a, -0.5 AS w', weight => 'w');
SELECT unit_source('SELECT 1 AS a, ''NaN''::float8 AS w', weight => 'w');
SELECT unit_source('SELECT 1 AS a, 1e400::numeric AS w', weight => 'w');
SELECT unit_source('SELECT 1 AS a, 2e18 AS w', weight => 'w');
SELECT unit_source('SELECT 1 AS a, -0.0::float8 AS w', weight => 'w');
-- a weight of 0 leaves the row out before anything else is looked at
SELECT unit_source('SELECT ''NaN''::float8 AS a, 0 AS w UNION ALL SELECT 1, 2', weight => 'w');
SELECT unit_source('SELECT * FROM users WHERE false');

-- Columns that turn out to be useless are left out, unless they were asked for
CREATE TABLE useless AS SELECT i AS a, 'user ' || i AS mail, 'c' || i % 60 AS city, NULL::int AS nothing,
	CASE WHEN i % 4 = 0 THEN 'rare ' || i END AS rare FROM generate_series(1, 300) i;
SELECT unit_source('useless');
SELECT unit_source('useless', features => '{mail,nothing}');
SELECT unit_source('SELECT mail, nothing FROM useless');
-- more distinct values than a dictionary may hold
SELECT unit_source('SELECT i AS a, md5((i % 7000)::text) AS h, ARRAY[md5(i::text), md5(i::text)] AS hs FROM generate_series(1, 21000) i', memory_kb => 4096);
SELECT unit_source('SELECT i AS a, md5(i::text) AS h FROM generate_series(1, 100000) i', features => '{h}', memory_kb => 4096);

-- Keys: whole numbers alike in every type, text by its bytes.  The numbers are XXH64
-- of 8 bytes little-endian, of UTF-8, or of what the send function gives (another
-- implementation of the published algorithm gives the same).
SELECT unit_row_key(42::int2) AS key, unit_row_key(42::int2) = ALL (ARRAY[unit_row_key(42), unit_row_key(42::int8),
	unit_row_key(42::numeric), unit_row_key(42.00), unit_row_key(42::float4), unit_row_key(42::float8)]) AS alike;
SELECT unit_row_key(-1) = unit_row_key((-1)::numeric) AS negative, unit_row_key(0) = unit_row_key('-0'::float8) AS zero,
	unit_row_key(9223372036854775807) = unit_row_key(9223372036854775807::numeric) AS largest,
	unit_row_key(9223372036854775808::numeric) <> unit_row_key(9223372036854775807) AS beyond,
	unit_row_key(1.5) = unit_row_key(1.500) AS scale, unit_row_key(0.5::float4) = unit_row_key(0.5::float8) AS half;
SELECT unit_row_key('Zoë'::text) AS text, unit_row_key('Zoë'::text) = unit_row_key('Zoë'::varchar) AS varchar,
	unit_row_key('Zoë'::text) = unit_row_key('Zoë  '::char(8)) AS char, unit_row_key('Zoë'::text) = unit_row_key('Zoë'::name) AS name,
	unit_row_key('low'::grade) = unit_row_key('low'::text) AS enum, unit_row_key(5::positive) = unit_row_key(5) AS domain;
SELECT unit_row_key('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid) AS uuid, unit_row_key('2024-02-29'::date) AS date,
	unit_row_key('2024-02-29 12:00+00'::timestamptz) AS timestamptz, unit_row_key('10.0.0.1'::inet) AS inet, unit_row_key(true) = unit_row_key(1) AS bool;
SELECT unit_row_key(ARRAY[1]) AS array, unit_row_key(ROW(1)) AS row;

-- The same rows in any order, in memory or in a file, by any plan: the same checksum
CREATE TABLE many AS SELECT i AS id, sin(i) AS a, (i % 100) / 7.0 AS b, 'c' || i % 37 AS c, ARRAY['t' || i % 5, 't' || i % 3] AS tags,
	CASE WHEN i % 9 > 0 THEN ARRAY[i, i / 2] END AS vec, 1 + i % 3 AS w FROM generate_series(1, 60000) i;
ANALYZE many;
SELECT count(DISTINCT x), min(substr(x, 1, 8)) FROM unnest(ARRAY[
	unit_source('many', id => 'id', weight => 'w', show => 'checksum'),
	unit_source('many', id => 'id', weight => 'w', show => 'checksum', memory_kb => 4096),
	unit_source('SELECT * FROM many ORDER BY a', id => 'id', weight => 'w', show => 'checksum'),
	unit_source('SELECT w, vec, tags, c, b, a, id FROM many ORDER BY c, id DESC', id => 'id', weight => 'w', show => 'checksum')]) x;
SELECT count(DISTINCT x) FROM unnest(ARRAY[
	unit_source('SELECT a, b, c, tags, vec FROM many', show => 'checksum'),
	unit_source('SELECT c, b, a, vec, tags FROM many ORDER BY id DESC', show => 'checksum', memory_kb => 4096)]) x;
SELECT unit_source('SELECT id, a + CASE id WHEN 777 THEN 1e-12 ELSE 0 END AS a, b, c, tags, vec, w FROM many', id => 'id', weight => 'w', show => 'checksum')
	<> unit_source('many', id => 'id', weight => 'w', show => 'checksum') AS one_value_differs;
-- in memory and in the file: the same chunks
SELECT split_part(m, ' ', 2), split_part(f, ' ', 1), split_part(m, ' ', 3) = split_part(f, ' ', 2) AS same
FROM unit_source('SELECT * FROM many ORDER BY id', id => 'id', weight => 'w', show => 'content') m,
	unit_source('SELECT * FROM many ORDER BY id', id => 'id', weight => 'w', show => 'content', memory_kb => 4096) f;
-- in parallel
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT unit_source('many', id => 'id', weight => 'w', show => 'checksum', memory_kb => 4096) =
	(SELECT unit_source('SELECT * FROM many OFFSET 0', id => 'id', weight => 'w', show => 'checksum')) AS parallel_is_serial;
SELECT unit_source('SELECT w, count(*) AS n, sum(a) > 0 AS s FROM many GROUP BY w');
SELECT split_part(try('SELECT write() AS a FROM many'), E'\n', 1);
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
-- the temporary file counts
SET temp_file_limit = '1MB';
SELECT unit_source('many', memory_kb => 65536) IS NOT NULL AS in_memory;
\set VERBOSITY sqlstate
SELECT unit_source('many', memory_kb => 4096);
\set VERBOSITY default
RESET temp_file_limit;
SELECT count(*) AS temporary_files FROM pg_ls_tmpdir();

-- the same through a verb: the file is gone when it ends
SET userseg.max_memory = '4MB';
SELECT note FROM userseg.explain_train('m', 'kmeans', 'src.many', id => 'id', features => '{a,b,c,w}') WHERE item = 'rows as read';
SELECT count(*) AS temporary_files FROM pg_ls_tmpdir();
RESET userseg.max_memory;

RESET search_path;
DROP OWNED BY regress_source_reader;
DROP ROLE regress_source_reader;
DROP SCHEMA src, other, "Odd ""schema." CASCADE;
