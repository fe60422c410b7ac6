-- silhouette: values of plain SQL, exact and sampled, one value a row; degenerate input, errors.
\set VERBOSITY default
SET client_min_messages = notice;
SET extra_float_digits = 0;

CREATE TEMP TABLE visit AS
SELECT g AS id, (g % 3) * 4 + (g * 7919 % 31)::float8 / 10 AS a, (g % 3 = 1)::int * 6 + (g * 104729 % 23)::float8 / 10 AS b,
       (ARRAY['south', 'north', 'west'])[1 + g % 3] AS place, (g % 7 < 3)::int + 1 AS half
FROM generate_series(1, 90) g;

-- by hand, and by the definition in plain SQL
CREATE FUNCTION pg_temp.by_hand(source text, label text) RETURNS TABLE (id int, s float8) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    WITH r AS MATERIALIZED (SELECT id, a, b, %I AS label FROM %s),
    d AS (SELECT x.id, x.label, y.label AS other, sum(sqrt((x.a - y.a) ^ 2 + (x.b - y.b) ^ 2)) AS total, count(*) AS n FROM r x, r y GROUP BY 1, 2, 3)
    SELECT o.id, CASE WHEN o.n = 1 THEN 0 ELSE (min(n.total / n.n) - o.total / (o.n - 1)) / greatest(min(n.total / n.n), o.total / (o.n - 1)) END
    FROM d o JOIN d n ON n.id = o.id AND n.other <> o.label WHERE o.other = o.label GROUP BY o.id, o.n, o.total$q$, label, source);
END $$;
SELECT label, count(*), max(abs(silhouette - h.s)) < 1e-12 AS value, round(avg(silhouette)::numeric, 4) AS mean
FROM userseg.silhouette('visit', 'place', '{a, b}', id => 'id', transform => '{"*": "none"}', each_row => true) s
JOIN pg_temp.by_hand('visit', 'place') h ON h.id = s.id::int GROUP BY label ORDER BY label;
SELECT round(silhouette::numeric, 4) AS silhouette, n_rows, id, label, neighbour, details - '{labels,davies_bouldin}'::text[] AS details
FROM userseg.silhouette('visit', 'place', '{a, b}', transform => '{"*": "none"}');
SELECT l ->> 'label' AS label, l ->> 'rows' AS rows, round((l ->> 'silhouette')::numeric, 4) AS silhouette
FROM userseg.silhouette('visit', 'place', '{a, b}', transform => '{"*": "none"}') s, jsonb_array_elements(details -> 'labels') l;
-- numbers as labels; a useless grouping has about 0
SELECT round(silhouette::numeric, 4) AS silhouette, (SELECT count(*) FROM pg_temp.by_hand('visit', 'half') h) AS n,
       abs(silhouette - (SELECT avg(s) FROM pg_temp.by_hand('visit', 'half') h)) < 1e-12 AS same
FROM userseg.silhouette('visit', 'half', '{a, b}', transform => '{"*": "none"}');
-- standardised unless told otherwise, all columns but id and label
SELECT abs(s.silhouette - t.silhouette) < 1e-6 AS same
FROM userseg.silhouette('SELECT id, a, b, place FROM visit', 'place', id => 'id') s,
     userseg.silhouette('SELECT (a - avg(a) OVER ()) / stddev_pop(a) OVER () AS a, (b - avg(b) OVER ()) / stddev_pop(b) OVER () AS b, place FROM visit', 'place', transform => '{"*": "none"}') t;
-- neighbours; a label with strange characters, and an empty one
SELECT label, neighbour, count(*), round(avg(silhouette)::numeric, 4) AS mean
FROM userseg.silhouette($$SELECT id::text || ':x' AS id, a, b, CASE place WHEN 'south' THEN '3:' WHEN 'west' THEN '' ELSE 'né' END AS l FROM visit$$, 'l', '{a, b}', id => 'id', each_row => true)
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT id FROM userseg.silhouette($$SELECT id::text || ':x' AS id, a, b, CASE place WHEN 'south' THEN '3:' ELSE '' END AS l FROM visit$$, 'l', '{a, b}', id => 'id', each_row => true) ORDER BY id COLLATE "C" LIMIT 2;
-- equal rows count as often as they occur
SELECT abs(a.silhouette - (SELECT avg(s) FROM pg_temp.by_hand('(SELECT (row_number() OVER ())::int AS id, a, b, place FROM visit, generate_series(1, 1 + id % 3)) x', 'place') h)) < 1e-6 AS same, n_rows
FROM userseg.silhouette('SELECT a, b, place FROM visit, generate_series(1, 1 + id % 3)', 'place', transform => '{"*": "none"}') a;
-- beside rows far out the others keep their distances
SELECT max(abs(s.silhouette - h.s)) < 1e-8 AS value, count(DISTINCT s.silhouette) > 60 AS apart
FROM userseg.silhouette('SELECT id, a + CASE WHEN id = 30 THEN 1e8 ELSE 0 END AS a, b - CASE WHEN id = 31 THEN 1e8 ELSE 0 END AS b, place FROM visit', 'place', id => 'id', transform => '{"*": "none"}', each_row => true) s
JOIN pg_temp.by_hand('(SELECT id, a + CASE WHEN id = 30 THEN 1e8 ELSE 0 END AS a, b - CASE WHEN id = 31 THEN 1e8 ELSE 0 END AS b, place FROM visit) x', 'place') h ON h.id = s.id::int;
-- the same rows under two labels stay apart
SELECT round(silhouette::numeric, 4) AS silhouette, n_rows FROM userseg.silhouette('SELECT g % 2 AS l, g / 2 AS a FROM generate_series(0, 19) g', 'l');
-- metrics
SELECT metric, round(silhouette::numeric, 4) AS silhouette FROM unnest('{euclidean,cosine,manhattan}'::text[]) metric,
  LATERAL userseg.silhouette('SELECT a + 1 AS a, b + 1 AS b, place FROM visit', 'place', transform => '{"*": "none"}', metric => metric);
-- weights, by the definition: means over the other rows, by their weights; rows of weight 0 are not there
CREATE FUNCTION pg_temp.weighted(source text) RETURNS TABLE (id int, label text, w float8, s float8) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($q$
    WITH r AS MATERIALIZED (SELECT id, a, b, place, w FROM %s x WHERE w > 0),
    d AS (SELECT x.id, x.place, x.w, y.place AS other, sum(y.w * sqrt((x.a - y.a) ^ 2 + (x.b - y.b) ^ 2)) / nullif(sum(y.w), 0) AS mean
          FROM r x JOIN r y ON y.id <> x.id GROUP BY 1, 2, 3, 4)
    SELECT o.id, o.place, o.w, (min(n.mean) - o.mean) / greatest(min(n.mean), o.mean)
    FROM d o JOIN d n ON n.id = o.id AND n.other <> o.place WHERE o.other = o.place GROUP BY o.id, o.place, o.w, o.mean$q$, source);
END $$;
CREATE TEMP TABLE weighted AS SELECT *, ((id * 37) % 11 / 4.0)::float8 AS w FROM visit;
SELECT count(*) AS rows, max(abs(s.silhouette - h.s)) < 1e-12 AS value, min(s.silhouette - u.silhouette) < -0.01 AS other_than_without
FROM userseg.silhouette('weighted', 'place', '{a, b}', id => 'id', transform => '{"*": "none"}', each_row => true, weight => 'w') s
JOIN pg_temp.weighted('weighted') h ON h.id = s.id::int
JOIN userseg.silhouette('weighted', 'place', '{a, b}', id => 'id', transform => '{"*": "none"}', each_row => true) u ON u.id = s.id;
SELECT n_rows, abs(silhouette - (SELECT sum(w * h.s) / sum(w) FROM pg_temp.weighted('weighted') h)) < 1e-6 AS mean,
       (SELECT bool_and(abs((l ->> 'silhouette')::float8 - h.s) < 1e-6 AND abs((l ->> 'weight')::float8 - h.w) < 1e-6 AND (l ->> 'rows')::int = h.n)
        FROM jsonb_array_elements(details -> 'labels') l
        JOIN (SELECT label, sum(w * s) / sum(w) AS s, sum(w) AS w, count(*) AS n FROM pg_temp.weighted('weighted') GROUP BY label) h ON h.label = l ->> 'label') AS labels,
       abs((details ->> 'inertia')::float8 - (SELECT sum(i) FROM (SELECT sum(w * a * a) - sum(w * a) ^ 2 / sum(w) + sum(w * b * b) - sum(w * b) ^ 2 / sum(w) AS i
                                             FROM weighted WHERE w > 0 GROUP BY place) x)) < 1e-4 AS inertia
FROM userseg.silhouette('weighted', 'place', '{a, b}', id => 'id', transform => '{"*": "none"}', weight => 'w');
-- only their ratios matter; equal ones are none
SELECT abs(a.silhouette - b.silhouette) < 1e-6 AS ratios, abs(c.silhouette - d.silhouette) < 1e-6 AS equal
FROM userseg.silhouette('SELECT a, b, place, w FROM weighted', 'place', weight => 'w') a,
     userseg.silhouette('SELECT a, b, place, w * 1e-9 AS w FROM weighted', 'place', weight => 'w') b,
     userseg.silhouette('SELECT a, b, place, 0.3 AS w FROM weighted', 'place', weight => 'w') c,
     userseg.silhouette('SELECT a, b, place FROM weighted', 'place') d;
-- two rows of weight 1 at one place are one of weight 2, but for being each other's neighbours
SELECT abs(a.silhouette - b.silhouette) BETWEEN 1e-6 AND 0.02 AS near
FROM userseg.silhouette('SELECT a, b, place, 1 + id % 3 AS w FROM visit', 'place', weight => 'w') a,
     userseg.silhouette('SELECT a, b, place FROM visit, generate_series(1, 1 + id % 3)', 'place') b;
-- a heavy row that is alone in its group; heavy and light ones together
SELECT label, round(silhouette::numeric, 6) AS silhouette FROM userseg.silhouette(
  'SELECT * FROM (VALUES (1, 0, 1, 1e9), (2, 1, 2, 1e9), (3, 3, 2, 1), (4, 2, 1, 0)) v(id, a, l, w)', 'l', '{a}', id => 'id', each_row => true, weight => 'w', transform => '{"*": "none"}') ORDER BY id;
-- workers do not matter
SELECT count(*), count(DISTINCT (s, l)) FROM (SELECT s.id, array_agg(silhouette) AS s, array_agg(neighbour) AS l
  FROM unnest('{0,1,2}'::int[]) n, LATERAL userseg.silhouette('weighted', 'place', '{a, b}', id => 'id', each_row => true, workers => n, weight => 'w') s GROUP BY s.id) x
WHERE s[1] = s[2] AND s[1] = s[3] AND l[1] = l[2] AND l[1] = l[3];
-- another order of the rows
SELECT a.silhouette = b.silhouette AS same FROM userseg.silhouette('visit', 'place', '{a, b}') a, userseg.silhouette('SELECT * FROM visit ORDER BY b, id DESC', 'place', '{a, b}') b;
-- a sample
SELECT n_rows, abs(silhouette - 0.5) < 0.4 AS near, details ->> 'exact' AS exact FROM userseg.silhouette('visit', 'place', '{a, b}', id => 'id', sample_rows => 30);
SELECT count(*) FROM userseg.silhouette('visit', 'place', '{a, b}', id => 'id', sample_rows => 30, each_row => true);

-- singletons, one label, NULL
SELECT id, label, silhouette FROM userseg.silhouette('SELECT id, a, b, CASE WHEN id = 7 THEN ''alone'' ELSE place END AS l FROM visit', 'l', '{a, b}', id => 'id', each_row => true) WHERE label = 'alone';
SELECT silhouette, n_rows, details ->> 'calinski_harabasz' AS ch FROM userseg.silhouette('SELECT a, b, 1 AS l FROM visit', 'l');
SELECT count(*), count(silhouette), count(neighbour), count(id) FROM userseg.silhouette('SELECT a, b, 1 AS l FROM visit', 'l', each_row => true);
SELECT n_rows FROM userseg.silhouette('SELECT a, b, nullif(place, ''west'') AS l FROM visit', 'l');
SELECT n_rows FROM userseg.silhouette('SELECT nullif(a, 0) AS a, CASE WHEN id % 3 > 0 THEN b END AS b, place FROM visit', 'place', null_policy => 'skip');
-- errors
SELECT userseg.silhouette('SELECT a, NULL::text AS l FROM visit', 'l');
SELECT userseg.silhouette('visit', 'plaice');
SELECT userseg.silhouette('visit', 'place', '{a, place}');
SELECT userseg.silhouette('visit', 'place', '{a, c}');
SELECT userseg.silhouette('visit', 'place', id => 'ident');
SELECT userseg.silhouette('SELECT 1 AS a, g AS l FROM generate_series(1, 5) g', 'l');
SELECT userseg.silhouette('visit', 'place', metric => 'chebyshev');
SELECT userseg.silhouette('visit', 'place', sample_rows => 5);
SELECT userseg.silhouette('visit', 'place', null_policy => 'error', transform => '{"a": "cube"}');
SELECT userseg.silhouette('visit', NULL);
SELECT userseg.silhouette('visit', 'place', weight => 'heavy');
SELECT userseg.silhouette('SELECT a, place, -1 AS w FROM visit', 'place', weight => 'w');
SELECT userseg.silhouette('SELECT a, place, 0 AS w FROM visit', 'place', weight => 'w');
SELECT userseg.silhouette('visit', 'place', '{a, b}', weight => 'b');
SELECT userseg.silhouette('visit', 'place', workers => 65);
SELECT userseg.silhouette('SELECT a, NULL AS b, place FROM visit', 'place', '{a, b}', null_policy => 'error');
SELECT userseg.silhouette('DELETE FROM visit', 'place');
SELECT userseg.silhouette('SELECT ''NaN''::float8 AS a, 1 AS l', 'l');
SELECT userseg.silhouette('SELECT g AS a, g AS l FROM generate_series(1, 70000) g', 'l', id => NULL);
