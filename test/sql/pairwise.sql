-- Distances of all pairs.
SET extra_float_digits = 0;
CREATE TABLE pair_rows (id int, name text, a float8, b int, v numeric[], ok boolean, born date);
INSERT INTO pair_rows VALUES (10, 'x', 0, 0, '{1,2}', true, '2024-01-01'), (9, 'B', 3, 4, '{1,2}', false, '2024-01-02'), (-1, 'a', 3, 0, '{4,6}', true, '2024-01-03');

-- against the same by a join; each pair once, ids in the order of their type
SELECT * FROM userseg.pairwise('pair_rows', 'id', '{a,b}');
SELECT count(*), bool_and(p.distance = userseg.distance(ARRAY[x.a, x.b], ARRAY[y.a, y.b], m)) AS same
FROM unnest('{euclidean,sqeuclidean,cosine,manhattan,chebyshev}'::text[]) m, LATERAL userseg.pairwise('pair_rows', 'id', '{a,b}', m) p
JOIN pair_rows x ON x.id::text = p.a JOIN pair_rows y ON y.id::text = p.b;
SELECT * FROM userseg.pairwise('SELECT name, v, ok FROM pair_rows', 'name');
SELECT * FROM userseg.pairwise(metric => 'manhattan', features => '{v,a}', id => 'born', source => 'SELECT * FROM pair_rows ORDER BY random()');
SELECT count(*) AS pairs, round(sum(distance)::numeric, 6) AS total FROM userseg.pairwise('SELECT i, sin(i) AS s, cos(i) AS c FROM generate_series(1, 300) i', 'i');
SELECT round(sum(userseg.distance(ARRAY[sin(i), cos(i)], ARRAY[sin(j), cos(j)]))::numeric, 6) AS total FROM generate_series(1, 300) i JOIN generate_series(1, 300) j ON i < j;
-- in the select list the pairs stream
SELECT (userseg.pairwise('SELECT i, i AS x FROM generate_series(1, 5000) i', 'i')).* LIMIT 2;
-- no row, one row, equal rows
SELECT count(*) FROM userseg.pairwise('SELECT id, a FROM pair_rows WHERE false', 'id');
SELECT count(*) FROM userseg.pairwise('SELECT id, a FROM pair_rows LIMIT 1', 'id');
SELECT * FROM userseg.pairwise('SELECT i, 1 AS x FROM generate_series(1, 3) i', 'i', metric => 'cosine');

-- errors
SELECT * FROM userseg.pairwise('pair_rows', 'id', '{a}', 'hamming');
SELECT * FROM userseg.pairwise('pair_rows', 'id');
SELECT * FROM userseg.pairwise('pair_rows', 'id', '{a,born}');
SELECT * FROM userseg.pairwise('pair_rows', 'id', '{a,c,d}');
SELECT * FROM userseg.pairwise('pair_rows', 'key', '{a}');
SELECT * FROM userseg.pairwise('pair_rows', NULL, '{a}');
SELECT * FROM userseg.pairwise(NULL, 'id', '{a}');
SELECT * FROM userseg.pairwise('no_such_table', 'id');
SELECT * FROM userseg.pairwise('DELETE FROM pair_rows', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, NULL::int AS x', 'id');
SELECT * FROM userseg.pairwise('SELECT NULL::int AS id, 1 AS x', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, ''NaN''::float8 AS x', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, 1e400::numeric AS x', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, ''{1,-Infinity}''::float8[] AS x', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, ''{1,NULL}''::int[] AS x', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, ''{{1,2}}''::int[] AS x', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, ''{}''::int[] AS x', 'id');
SELECT * FROM userseg.pairwise('SELECT g AS id, array_fill(1, ARRAY[g]) AS x FROM generate_series(1, 2) g ORDER BY g', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, 1 AS x UNION ALL SELECT 1, 2', 'id');
SELECT * FROM userseg.pairwise('SELECT 1 AS id, 1e300 AS x UNION ALL SELECT 2, -1e300', 'id', metric => 'sqeuclidean');
SELECT count(*) FROM userseg.pairwise('SELECT i, i AS x FROM generate_series(1, 5001) i', 'i');
SET userseg.max_memory = '4MB';
SELECT count(*) FROM userseg.pairwise('SELECT i, array_fill(i, ARRAY[5000]) AS x FROM generate_series(1, 100) i', 'i');
RESET userseg.max_memory;
