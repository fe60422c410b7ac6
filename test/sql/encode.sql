-- Encoders: what each step makes of a column, what is refused, and that neither the
-- order of the rows nor memory nor the stored form changes anything.  The functions
-- unit_* are of the library of unit tests; they state a column only if counting over
-- the encoded rows gives the same mean, sd, min and max.
\getenv unit_library USERSEG_UNIT
SET client_min_messages = warning;
SET timezone = 'Europe/Berlin';
CREATE SCHEMA enc;
SET search_path = enc;
CREATE FUNCTION cols(source text, transform jsonb DEFAULT NULL, target text DEFAULT NULL,
	weight text DEFAULT NULL, id text DEFAULT NULL, memory_kb int DEFAULT NULL)
RETURNS SETOF text LANGUAGE C AS :'unit_library', 'unit_encode_columns';
CREATE FUNCTION rows(source text, transform jsonb DEFAULT NULL, target text DEFAULT NULL,
	weight text DEFAULT NULL, id text DEFAULT NULL, memory_kb int DEFAULT NULL)
RETURNS SETOF float8[] LANGUAGE C AS :'unit_library', 'unit_encode';
CREATE FUNCTION stored(source text, transform jsonb DEFAULT NULL, target text DEFAULT NULL,
	weight text DEFAULT NULL, id text DEFAULT NULL, memory_kb int DEFAULT NULL)
RETURNS bytea LANGUAGE C AS :'unit_library', 'unit_encode_stored';
CREATE FUNCTION apply(bytea, record) RETURNS float8[] LANGUAGE C AS :'unit_library', 'unit_encode_read';
CREATE FUNCTION unit_source(source text, target text, id text, weight text, time_column text, features text[], null_policy text, memory_kb int, show text)
RETURNS text LANGUAGE C AS :'unit_library';
CREATE FUNCTION shown(float8[]) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(round(x::numeric, 4)::text, ' ' ORDER BY i) FROM unnest($1) WITH ORDINALITY AS u(x, i) $$;

CREATE TABLE person (
	id int, age int, spend numeric, vip boolean, stay interval, country text, size text,
	tags text[], v float8[], joined timestamptz, born date, same int, nothing float8, bought boolean, w float8);
INSERT INTO person VALUES
	(1, 20, 10.5, true, '1 day', 'FR', 'S', '{a,b}', '{1,2}', '2024-01-01 00:30+01', '1990-05-17', 7, NULL, true, 1),
	(2, 30, 0, false, '2 days', 'DE', 'M', '{a}', '{2,2}', '2024-03-31 01:30+01', '1985-12-31', 7, NULL, false, 2),
	(3, NULL, 250, true, NULL, 'FR', 'L', NULL, '{3,5}', '2024-03-31 03:30+02', '2000-02-29', 7, NULL, true, 1),
	(4, 40, NULL, NULL, '12:00', NULL, 'M', '{}', NULL, NULL, NULL, 7, NULL, false, 3),
	(5, 50, 99.99, false, '3 days', 'IT', 'M', '{b,c}', '{5,1}', '2024-07-04 12:00+02', '1970-01-01', 7, NULL, true, 1),
	(6, 60, 20, false, '1 day', 'DE', 'S', '{a}', '{6,0}', '2023-12-31 23:59:59+01', '1999-07-01', 7, NULL, false, 0.5);

-- ---- defaults of each kind ----
SELECT cols('SELECT age, spend, vip, stay FROM enc.person');
SELECT cols('SELECT country, tags, v FROM enc.person');
SELECT cols('SELECT joined, born FROM enc.person');
SELECT cols('SELECT age, same FROM enc.person');
SELECT shown(r) FROM rows('SELECT age, spend, vip, country, tags, v, joined FROM enc.person') AS r;
-- with weights
SELECT cols('SELECT age, spend, vip, stay, country, tags, v, joined, w FROM enc.person', weight => 'w');

-- ---- numbers ----
SELECT shown(r) FROM rows('SELECT age FROM enc.person', '{"age": "none"}') AS r;
SELECT shown(r) FROM rows('SELECT age FROM enc.person', '{"age": [{"impute": "mean"}, "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT age FROM enc.person', '{"age": [{"impute": {"constant": -1}}, "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT age FROM enc.person', '{"age": [{"impute": "indicator"}, "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT age FROM enc.person', '{"age": ["minmax", {"impute": {"constant": -1}}]}') AS r;
SELECT shown(r) FROM rows('SELECT age FROM enc.person', '{"age": "robust"}') AS r;
SELECT shown(r) FROM rows('SELECT spend FROM enc.person', '{"spend": ["log1p", "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT -spend AS spend FROM enc.person', '{"spend": [{"log1p": {"signed": true}}, "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT spend FROM enc.person', '{"spend": [{"clip": {"lo": 5, "hi_quantile": 0.75}}, "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT spend FROM enc.person', '{"spend": {"quantile": {"n": 100}}}') AS r;
SELECT shown(r) FROM rows('SELECT spend FROM enc.person', '{"spend": {"quantile": {"output": "normal"}}}') AS r;
SELECT shown(r) FROM rows('SELECT spend FROM enc.person', '{"spend": ["power", "none"]}') AS r;
SELECT cols('SELECT spend FROM enc.person', '{"spend": ["log1p", {"clip": {"hi": 4}}, "robust", {"weight": 4}]}');
-- an object is applied in canonical order: impute, clip, log1p, ..., weight
SELECT cols('SELECT spend FROM enc.person', '{"spend": {"weight": 4, "robust": true, "log1p": {}, "clip": {"hi": 4}}}');
-- "*", "*kind" and an own entry
SELECT cols('SELECT age, spend, country FROM enc.person', '{"*": "none", "*category": "frequency", "age": "minmax"}');
-- quartiles that are equal
SELECT cols('SELECT CASE i WHEN 1 THEN 50 ELSE 0 END AS x FROM generate_series(1, 20) i', '{"x": "robust"}');

-- ---- categories ----
SELECT cols('SELECT country FROM enc.person', '{"country": "none"}');
SELECT cols('SELECT country FROM enc.person', '{"country": {"onehot": {"min_count": 2}}}');
SELECT cols('SELECT country FROM enc.person', '{"country": {"onehot": {"max_categories": 1, "scale": "none"}, "impute": "most_frequent"}}');
SELECT cols('SELECT country FROM enc.person', '{"country": {"impute": {"constant": "IT"}, "weight": 3}}');
SELECT cols('SELECT CASE WHEN country = ''FR'' THEN ''(other)'' ELSE country END AS c FROM enc.person', '{"c": {"onehot": {"max_categories": 2}}}');
SELECT shown(r) FROM rows('SELECT size FROM enc.person', '{"size": [{"ordinal": ["S", "M", "L"]}, "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT country FROM enc.person', '{"country": ["ordinal", "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT country FROM enc.person', '{"country": ["frequency", "none"]}') AS r;
SELECT cols('SELECT country, w FROM enc.person', '{"country": "frequency"}', weight => 'w');
-- target: a row's own target is not in its value, nor is any of its fold
CREATE TABLE deal AS SELECT i AS id, (ARRAY['x', 'y', 'z'])[1 + i % 3] AS c, (i * 7919 % 100) + 50 * (i % 3) AS y FROM generate_series(1, 3000) i;
WITH enc AS (
	SELECT row_number() OVER () AS id, r[1] AS value FROM enc.rows('SELECT c, y, id FROM enc.deal ORDER BY id', '{"c": [{"target": {"smoothing": 0}}, "none"]}', 'y', id => 'id') AS r
), level AS (
	SELECT d.c, count(DISTINCT value) AS folds, avg(value) AS mean, avg(d.y) AS target
	FROM enc JOIN enc.deal d USING (id) GROUP BY d.c
), fold AS (   -- the value of a fold is the mean over the rows of the level outside of it
	SELECT d.c, value, sum(y) AS s, count(*) AS n, sum(sum(y)) OVER (PARTITION BY d.c) AS total, sum(count(*)) OVER (PARTITION BY d.c) AS rows
	FROM enc JOIN enc.deal d USING (id) GROUP BY d.c, value
)
SELECT (SELECT count(*) FROM fold) AS values, bool_and(folds = 5) AS five_folds, bool_and(abs(mean - target) < 1) AS near,
	(SELECT bool_and(abs(value - (total - s) / (rows - n)) < 1e-9) FROM fold) AS out_of_fold FROM level;
-- at scoring: the smoothed mean of all rows, the prior for what is new; NULL of a column without NULL too
SELECT shown(apply(stored('SELECT c, y FROM enc.deal', '{"c": [{"target": {"smoothing": 100}}, "none"]}', 'y'), t)) AS encoded,
	round((SELECT (sum(d.y) + 100 * (SELECT avg(y) FROM deal)) / (count(*) + 100) FROM deal d WHERE d.c = t.c), 4) AS level,
	round((SELECT avg(y) FROM deal), 4) AS prior
FROM (VALUES ('x'), ('z'), ('new'), (NULL)) AS t(c);
SELECT cols('SELECT country, bought FROM enc.person', '{"country": {"target": {"smoothing": 1, "folds": 2}}}', 'bought');
SELECT shown(r) FROM rows('SELECT country, CASE WHEN bought THEN ''yes'' ELSE ''no'' END AS y, id FROM enc.person', '{"country": [{"target": {"folds": 2}}, "none"]}', 'y', id => 'id') AS r;

-- ---- tags, vectors, times ----
SELECT cols('SELECT tags FROM enc.person', '{"tags": {"multihot": {"max_tags": 1}, "impute": "indicator"}}');
SELECT cols('SELECT tags FROM enc.person', '{"tags": "none"}');
SELECT cols('SELECT v FROM enc.person', '{"v": "standard"}');
SELECT cols('SELECT v FROM enc.person', '{"v": ["none", {"impute": "indicator"}]}');
SELECT shown(r) FROM rows('SELECT joined FROM enc.person', '{"joined": [{"age": {"as_of": "2024-07-05 12:00+02", "unit": "hour"}}, "none"]}') AS r;
-- the clock of Berlin: 01:30 in winter time, 03:30 in summer time; NULL is the mean
SELECT shown(r) FROM rows('SELECT joined FROM enc.person', '{"joined": [{"cyclic": ["hour", "dow"]}, "none"]}') AS r;
SELECT shown(r) FROM rows('SELECT born FROM enc.person', '{"born": {"cyclic": {"parts": ["day", "doy", "month"], "scale": "none"}}}') AS r;
SELECT cols('SELECT joined FROM enc.person', '{"joined": {"age": {}, "cyclic": ["month"], "impute": "indicator", "weight": 2}}');
SET timezone = 'Asia/Tokyo';
SELECT encode(stored('SELECT joined FROM enc.person', '{"joined": {"cyclic": ["hour"]}}'), 'escape') LIKE '%Asia/Tokyo%' AS zone_is_stored;
-- the zone of the training counts, not that of the session
CREATE TABLE model AS SELECT stored('SELECT joined FROM enc.person', '{"joined": [{"cyclic": ["hour"]}, "none"]}') AS m;
SET timezone = 'UTC';
SELECT shown(apply(m, t)) FROM model, (VALUES ('2024-06-01 06:00+09'::timestamptz)) AS t(joined);
SET timezone = 'Europe/Berlin';

-- ---- rows to be scored ----
CREATE TABLE model2 AS SELECT stored('SELECT age, spend, country, tags, v FROM enc.person', '{"*": "none"}') AS m;
SELECT shown(apply(m, t)) FROM model2, (VALUES
	(33::smallint, 1.5::real, 'FR'::varchar, '{a,zzz}'::varchar[], '{1,2}'::int[], 'x'),
	(NULL, 'NaN', NULL, NULL, NULL, 'x'),
	(1, 'infinity', 'Österreich', '{}', '{1,2,3}', NULL),
	(1, 2, '', '{NULL,c}', '{3,4}', NULL)) AS t(age, spend, country, tags, v, extra);
SELECT apply(m, t) FROM model2, (SELECT 1 AS age, 2 AS "Spend") AS t;
SELECT apply(m, ROW(1, 2, 'FR', '{a}'::text[], '{1,2}'::float8[])) FROM model2;
SELECT apply(m, t) FROM model2, (SELECT 'old' AS age, 2 AS spend, 'FR' AS country, '{a}'::text[] AS tags, '{1,2}'::float8[] AS v) AS t;
SELECT apply(m, t) FROM model2, (SELECT 1 AS age, 2 AS spend, 'FR' AS country, '{a}'::text[] AS tags, '{{1,2}}'::float8[] AS v) AS t;
SELECT apply(m, t) FROM model2, (SELECT 1 AS age, 2 AS spend, 'FR' AS country, '{a}'::text[] AS tags, '{1,NULL}'::float8[] AS v) AS t;
SELECT apply(m, t) FROM model, (SELECT date '2024-01-01' AS joined) AS t;
-- log(1 + x) has no value at -1: the training minimum stands in
SELECT shown(apply(stored('SELECT spend FROM enc.person', '{"spend": ["log1p", "none"]}'), t)) FROM (VALUES (-1), (-0.5), (10)) AS t(spend);
-- huge values stay finite
SELECT apply(stored('SELECT age FROM enc.person'), t) FROM (VALUES (1e308::float8), (-1e308)) AS t(age);

-- ---- neither order, nor memory, nor the number of chunks matters ----
CREATE TABLE many AS SELECT i AS id, (i * 7919 % 10007)::float8 / 7 AS x, CASE WHEN i % 11 > 0 THEN sqrt(i) * (i % 13) END AS y,
	'c' || (i * 31 % 97) AS c, ARRAY['t' || i % 7, 't' || i % 3] AS tags, ARRAY[i % 17, sin(i)] AS v, timestamptz '2024-01-01' + i * interval '1 hour' AS at,
	i % 5 = 0 AS target, 1 + i % 3 AS w
FROM generate_series(1, 100000) i;
CREATE FUNCTION same(transform jsonb, weight text DEFAULT NULL) RETURNS TABLE (orders_agree boolean, spilled_agrees boolean) LANGUAGE sql AS $$
	WITH q AS (SELECT CASE WHEN weight IS NULL THEN 'SELECT id, x, y, c, tags, v, at, target FROM enc.many' ELSE 'SELECT * FROM enc.many' END AS text),
	a AS (SELECT enc.stored(q.text || ' ORDER BY id', transform, 'target', weight, 'id', 200000) AS s FROM q)
	SELECT s = enc.stored(q.text || ' ORDER BY x, id DESC', transform, 'target', weight, 'id', 200000),
		s = enc.stored(q.text || ' ORDER BY y', transform, 'target', weight, 'id', 12288) FROM a, q
$$;
SELECT unit_source('SELECT id, x, y, c, tags, v, at, target FROM enc.many', 'target', 'id', NULL, NULL, NULL, NULL, 12288, 'content') LIKE 'spilled%' AS spilled;
SELECT * FROM same('{}');
SELECT * FROM same('{}', 'w');
SELECT * FROM same('{"*number": ["robust"], "c": "target", "at": {"age": {}, "cyclic": ["hour"]}, "v": "standard"}');
SELECT * FROM same('{"*number": ["robust"], "c": "target", "at": {"age": {}, "cyclic": ["hour"]}, "v": "standard"}', 'w');
SELECT * FROM same('{"x": {"quantile": {"output": "normal"}}, "y": ["power", {"clip": {"lo_quantile": 0.01}}], "c": "frequency"}');
SELECT * FROM same('{"x": {"quantile": {"n": 50}}, "y": ["power", {"impute": "indicator"}], "c": "frequency"}', 'w');
SELECT count(*) AS columns, count(*) FILTER (WHERE c LIKE '%counted%' OR c LIKE '%differ%') AS wrong FROM cols('SELECT x, y, c, tags, v, at, w FROM enc.many', '{"c": {"onehot": {"max_categories": 20}}, "tags": {"multihot": {"max_tags": 4}}}', weight => 'w') AS c;

-- ---- what is refused ----
SELECT cols('SELECT age FROM enc.person', '{"agee": "standard"}');
SELECT cols('SELECT age FROM enc.person', '{"spend": "standard"}');
SELECT cols('SELECT age FROM enc.person', '{"age": "standart"}');
SELECT cols('SELECT age FROM enc.person', '{"age": 1}');
SELECT cols('SELECT age FROM enc.person', '{"age": [["standard"]]}');
SELECT cols('SELECT age FROM enc.person', '[]');
SELECT cols('SELECT age FROM enc.person', '{"age": "onehot"}');
SELECT cols('SELECT country FROM enc.person', '{"country": "standard"}');
SELECT cols('SELECT country FROM enc.person', '{"country": ["onehot", "frequency"]}');
SELECT cols('SELECT country FROM enc.person', '{"country": {"impute": "median"}}');
SELECT cols('SELECT country FROM enc.person', '{"*": "robust"}');
SELECT cols('SELECT age FROM enc.person', '{"*number": "cyclic"}');
SELECT cols('SELECT age FROM enc.person', '{"age": ["standard", "standard"]}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"impute": "middle"}}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"impute": {"constant": null}}}');
SELECT cols('SELECT age FROM enc.person', '{"age": "impute"}');
SELECT cols('SELECT age FROM enc.person', '{"age": "weight"}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"weight": 0}}');
SELECT cols('SELECT age FROM enc.person', '{"age": "clip"}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"clip": {"lo": 1, "lo_quantile": 0.1}}}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"clip": {"lo": 2, "hi": 1}}}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"clip": {"lo": 1000, "hi_quantile": 0.5}}}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"quantile": {"output": "gauss"}}}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"quantile": {"n": 1}}}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"standard": {"with_mean": false}}}');
SELECT cols('SELECT age FROM enc.person', '{"age": {"standard": 3}}');
SELECT cols('SELECT country FROM enc.person', '{"country": {"onehot": {"min_cout": 3}}}');
SELECT cols('SELECT country FROM enc.person', '{"country": {"ordinal": ["FR", "FR"]}}');
SELECT cols('SELECT country FROM enc.person', '{"country": {"ordinal": ["FR", "DE"]}}');
SELECT cols('SELECT country FROM enc.person', '{"country": "target"}');
SELECT cols('SELECT country, size FROM enc.person', '{"country": "target"}', 'size');
SELECT cols('SELECT joined FROM enc.person', '{"joined": {"cyclic": ["hour", "minute"]}}');
SELECT cols('SELECT joined FROM enc.person', '{"joined": {"cyclic": []}}');
SELECT cols('SELECT joined FROM enc.person', '{"joined": {"age": {"as_of": "soon"}}}');
SELECT cols('SELECT joined FROM enc.person', '{"joined": {"age": {"as_of": "infinity"}}}');
SELECT cols('SELECT age - 40 AS debt FROM enc.person', '{"debt": "log1p"}');
SELECT cols('SELECT same FROM enc.person');
SELECT cols('SELECT age FROM enc.person WHERE false');

-- ---- forged encoders: an error each, never anything worse ----
CREATE FUNCTION forge(original bytea, seed int, n int) RETURNS TABLE (outcome text) LANGUAGE plpgsql AS $$
DECLARE
	forged bytea;
	h int;
BEGIN
	FOR i IN 1 .. n LOOP
		forged := original;
		FOR k IN 1 .. 1 + i % 3 LOOP
			h := abs(hashint4(seed * 1000003 + i * 17 + k));
			forged := set_byte(forged, h % length(forged), (h / 65536) % 256);
		END LOOP;
		IF i % 10 = 0 THEN
			forged := substr(forged, 1, abs(hashint4(i)) % length(forged));
		END IF;
		BEGIN
			PERFORM enc.apply(forged, t) FROM (SELECT 1 AS age, 2 AS spend, 'FR'::text AS country, 'S'::text AS size, '{a}'::text[] AS tags,
				'{1,2}'::float8[] AS v, now() AS joined) AS t;
			outcome := 'accepted';
		EXCEPTION WHEN OTHERS THEN
			outcome := CASE WHEN SQLSTATE IN ('22P03', '0A000', '42703', '42804') THEN 'refused' ELSE SQLSTATE || ': ' || SQLERRM END;
		END;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT outcome, count(*) > 100 AS many FROM forge(stored('SELECT age, spend, country, size, tags, v, joined, bought FROM enc.person',
	'{"age": ["robust", {"impute": "indicator"}], "spend": {"quantile": {"n": 5}}, "size": "target", "joined": {"age": {}, "cyclic": ["hour"]}}', 'bought'), 1, 2000) GROUP BY outcome ORDER BY outcome;
SELECT apply('\x02', t) FROM person t;
SELECT apply('\x', t) FROM person t;
