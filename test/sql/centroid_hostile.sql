-- Values from outside: whatever the bytes, an error or a value that can be used.
-- (Thousands of statements that run once: nothing for JIT, even where it is forced.)
SET jit = off;
CREATE TABLE centroid_hostile AS
SELECT 'centroid_set' AS type, userseg.centroid_set('{{1,0.1},{-2,3}}', 'cosine')::text AS good
UNION ALL SELECT 'centroid_set', userseg.centroid_set('{{1,0.1},{-2,1e300}}', 'euclidean', '{0,7}')::text
UNION ALL SELECT 'centroid_set', '0100010200000002000000000000000000f83f000000000000d0bf00000000000000c0000000000000e03f000000000000f03f000000000000f03f030000000000000000002440ecffffff000000000000f0bfeaffffff'  -- on a grid, as the trainer makes them
UNION ALL SELECT 'kmeans_point', userseg.kmeans_point('{{1,0.1},{-2,3}}', '{0.3,-5}', 0.5)::text
UNION ALL SELECT 'kmeans_state', userseg.kmeans_agg('{{1,0.1},{-2,3}}', ARRAY[i, -0.1], i)::text FROM generate_series(1, 3) i
UNION ALL SELECT 'kmeans_state', userseg.kmeans_step(userseg.kmeans_point('{{1,0.1},{-2,3}}', ARRAY[i, -0.1]))::text FROM generate_series(1, 3) i
UNION ALL SELECT 'kmeans_point', userseg.kmeans_point('0100010200000002000000000000000000f83f000000000000d0bf00000000000000c0000000000000e03f000000000000f03f000000000000f03f030000000000000000002440ecffffff000000000000f0bfeaffffff', '{11,-1}', 0.5)::text
UNION ALL SELECT 'kmeans_state', userseg.kmeans_agg('0100010200000002000000000000000000f83f000000000000d0bf00000000000000c0000000000000e03f000000000000f03f000000000000f03f030000000000000000002440ecffffff000000000000f0bfeaffffff', ARRAY[i, -i], i / 4.0)::text FROM generate_series(1, 9) i
UNION ALL SELECT 'kmeans_state', userseg._centroid_agg_step(NULL, '{1,-1e-300}', 3)::text
UNION ALL SELECT 'kmeans_state', userseg._silhouette_step(NULL, '{{0},{1}}', '{0.3}')::text;

-- Use a value in every way there is; returns what became of it
CREATE FUNCTION pg_temp.try(type text, input text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  c userseg.centroid_set;
  p userseg.kmeans_point;
  s userseg.kmeans_state;
  again text;
BEGIN
  CASE type
  WHEN 'centroid_set' THEN
    c := input::userseg.centroid_set;
    PERFORM userseg.nearest(c, array_fill(0.5::float8, ARRAY[userseg.centroid_dim(c)])),
            userseg.centroid_array(c), userseg.centroid_weights(c), userseg.centroid_metric(c);
    again := c::text;
  WHEN 'kmeans_point' THEN
    p := input::userseg.kmeans_point;
    s := userseg._kmeans_step(NULL, p);
    PERFORM userseg.sizes(s), userseg.weights(s), userseg.inertia(s);
    again := p::text;
  ELSE
    s := input::userseg.kmeans_state;
    again := s::text;
    PERFORM userseg.sizes(s), userseg.weights(s);
    s := userseg.merge(s, s);
    PERFORM userseg.inertia(s), userseg.next_centroids(s);
  END CASE;
  RETURN CASE WHEN again = input THEN 'value' ELSE 'not canonical' END;
EXCEPTION WHEN OTHERS THEN
  -- an error after the value was read is not about its bytes
  RETURN CASE WHEN again = input THEN 'value, ' ELSE '' END || SQLSTATE;
END $$;

SELECT type, pg_temp.try(type, good) FROM centroid_hostile ORDER BY type, good COLLATE "C";

-- One byte after the other: each bit flipped, and the ends of the range
CREATE TEMP TABLE outcome AS
SELECT type, pg_temp.try(type, encode(set_byte(decode(good, 'hex'), at, v), 'hex')) AS outcome
FROM centroid_hostile, LATERAL generate_series(0, length(good) / 2 - 1) at,
     LATERAL (SELECT DISTINCT v FROM unnest(ARRAY[0, 1, 127, 128, 255] ||
       ARRAY(SELECT get_byte(decode(good, 'hex'), at) # (1 << bit) FROM generate_series(0, 7) bit)) v
       WHERE v <> get_byte(decode(good, 'hex'), at)) change;
-- shortened, lengthened, several bytes at once
INSERT INTO outcome
SELECT type, pg_temp.try(type, left(good, 2 * n)) FROM centroid_hostile, LATERAL generate_series(0, length(good) / 2 - 1) n
UNION ALL SELECT type, pg_temp.try(type, good || '00') FROM centroid_hostile
UNION ALL
SELECT type, pg_temp.try(type, encode(set_byte(set_byte(b, (h % n)::int, (h / 1000 % 256)::int), (h / 1000000 % n)::int, (h / 1000000000 % 256)::int), 'hex'))
FROM centroid_hostile, LATERAL (SELECT decode(good, 'hex') AS b, length(good) / 2 AS n) d, generate_series(1, 500) i,
     LATERAL (SELECT hashint8extended(i, 3) & 9223372036854775807 AS h) r;
SELECT type, sum(n) > 900 AS many, string_agg(DISTINCT outcome, ' ' ORDER BY outcome) AS outcomes
FROM (SELECT type, outcome, count(*) AS n FROM outcome GROUP BY 1, 2) t GROUP BY type ORDER BY type;

-- Sizes that would need more memory than the bytes can hold
SELECT '01000000ffff000000010000'::userseg.centroid_set;
SELECT '010000ffffff7fffffff7f'::userseg.centroid_set;
SELECT '0200000100000001000000'::userseg.centroid_set;
SELECT ('02' || substr(good, 3))::userseg.kmeans_state FROM centroid_hostile WHERE type = 'kmeans_state' LIMIT 1;
SELECT ('02' || substr(good, 3))::userseg.kmeans_point FROM centroid_hostile WHERE type = 'kmeans_point';
SELECT 'zz'::userseg.kmeans_state;
SELECT '0'::userseg.kmeans_point;

DROP TABLE centroid_hostile;
