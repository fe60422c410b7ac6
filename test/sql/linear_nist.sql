-- Linear regression on NIST's reference data sets (Statistical Reference Datasets, linear regression): data and certified
-- values as published; the certified values were found again with rational arithmetic.
SET client_min_messages = error;
CREATE SCHEMA test_linear_nist;
SET search_path = test_linear_nist, public;
CREATE TABLE longley (y float8, x1 float8, x2 float8, x3 float8, x4 float8, x5 float8, x6 float8);
INSERT INTO longley VALUES
(60323, 83.0, 234289, 2356, 1590, 107608, 1947),
(61122, 88.5, 259426, 2325, 1456, 108632, 1948),
(60171, 88.2, 258054, 3682, 1616, 109773, 1949),
(61187, 89.5, 284599, 3351, 1650, 110929, 1950),
(63221, 96.2, 328975, 2099, 3099, 112075, 1951),
(63639, 98.1, 346999, 1932, 3594, 113270, 1952),
(64989, 99.0, 365385, 1870, 3547, 115094, 1953),
(63761, 100.0, 363112, 3578, 3350, 116219, 1954),
(66019, 101.2, 397469, 2904, 3048, 117388, 1955),
(67857, 104.6, 419180, 2822, 2857, 118734, 1956),
(68169, 108.4, 442769, 2936, 2798, 120445, 1957),
(66513, 110.8, 444546, 4681, 2637, 121950, 1958),
(68655, 112.6, 482704, 3813, 2552, 123366, 1959),
(69564, 114.2, 502601, 3931, 2514, 125368, 1960),
(69331, 115.7, 518173, 4806, 2572, 127852, 1961),
(70551, 116.9, 554894, 4007, 2827, 130081, 1962);
CREATE TABLE filip (y float8, x float8);
INSERT INTO filip VALUES
(0.8116, -6.860120914), (0.9072, -4.324130045), (0.9052, -4.358625055), (0.9039, -4.358426747), (0.8053, -6.955852379), (0.8377, -6.661145254),
(0.8667, -6.355462942), (0.8809, -6.118102026), (0.7975, -7.115148017), (0.8162, -6.815308569), (0.8515, -6.519993057), (0.8766, -6.204119983),
(0.8885, -5.853871964), (0.8859, -6.109523091), (0.8959, -5.79832982), (0.8913, -5.482672118), (0.8959, -5.171791386), (0.8971, -4.851705903),
(0.9021, -4.517126416), (0.909, -4.143573228), (0.9139, -3.709075441), (0.9199, -3.499489089), (0.8692, -6.300769497), (0.8872, -5.953504836),
(0.89, -5.642065153), (0.891, -5.031376979), (0.8977, -4.680685696), (0.9035, -4.329846955), (0.9078, -3.928486195), (0.7675, -8.56735134),
(0.7705, -8.363211311), (0.7713, -8.107682739), (0.7736, -7.823908741), (0.7775, -7.522878745), (0.7841, -7.218819279), (0.7971, -6.920818754),
(0.8329, -6.628932138), (0.8641, -6.323946875), (0.8804, -5.991399828), (0.7668, -8.781464495), (0.7633, -8.663140179), (0.7678, -8.473531488),
(0.7697, -8.247337057), (0.77, -7.971428747), (0.7749, -7.676129393), (0.7796, -7.352812702), (0.7897, -7.072065318), (0.8131, -6.774174009),
(0.8498, -6.478861916), (0.8741, -6.159517513), (0.8061, -6.835647144), (0.846, -6.53165267), (0.8751, -6.224098421), (0.8856, -5.910094889),
(0.8919, -5.598599459), (0.8934, -5.290645224), (0.894, -4.974284616), (0.8957, -4.64454848), (0.9047, -4.290560426), (0.9129, -3.885055584),
(0.9209, -3.408378962), (0.9219, -3.13200249), (0.7739, -8.726767166), (0.7681, -8.66695597), (0.7665, -8.511026475), (0.7703, -8.165388579),
(0.7702, -7.886056648), (0.7761, -7.588043762), (0.7809, -7.283412422), (0.7961, -6.995678626), (0.8253, -6.691862621), (0.8602, -6.392544977),
(0.8809, -6.067374056), (0.8301, -6.684029655), (0.8664, -6.378719832), (0.8834, -6.065855188), (0.8898, -5.752272167), (0.8964, -5.132414673),
(0.8963, -4.811352704), (0.9074, -4.098269308), (0.9119, -3.66174277), (0.9228, -3.2644011);
CREATE VIEW filip10 AS
SELECT y, x AS x1, x ^ 2 AS x2, x ^ 3 AS x3, x ^ 4 AS x4, x ^ 5 AS x5, x ^ 6 AS x6, x ^ 7 AS x7, x ^ 8 AS x8, x ^ 9 AS x9, x ^ 10 AS x10 FROM filip;
-- Wampler: polynomials of degree 5 at 0 .. 20, with errors of a pattern for 3 to 5
CREATE VIEW wampler AS
SELECT x::float8 AS x1, x::float8 ^ 2 AS x2, x::float8 ^ 3 AS x3, x::float8 ^ 4 AS x4, x::float8 ^ 5 AS x5,
  1 + x + x ^ 2 + x ^ 3 + x ^ 4 + x ^ 5::float8 AS y1,
  1 + 0.1 * x + 0.01 * x ^ 2 + 0.001 * x ^ 3 + 0.0001 * x ^ 4 + 0.00001 * x ^ 5::float8 AS y2,
  1 + x + x ^ 2 + x ^ 3 + x ^ 4 + x ^ 5::float8 + e AS y3, 1 + x + x ^ 2 + x ^ 3 + x ^ 4 + x ^ 5::float8 + 100 * e AS y4,
  1 + x + x ^ 2 + x ^ 3 + x ^ 4 + x ^ 5::float8 + 10000 * e AS y5
FROM unnest('{759,-2048,2048,-2048,2523,-2048,2048,-2048,1838,-2048,2048,-2048,1838,-2048,2048,-2048,2523,-2048,2048,-2048,759}'::float8[])
  WITH ORDINALITY AS u(e, i), LATERAL (SELECT i - 1 AS x) v;
CREATE TABLE noint1 AS SELECT 130.0::float8 + i AS y, 60.0::float8 + i AS x FROM generate_series(0, 10) i;
CREATE TABLE noint2 (y float8, x float8);
INSERT INTO noint2 VALUES (3, 4), (4, 5), (4, 6);

CREATE TABLE certified (name text, term text, coefficient float8, std_error float8);
INSERT INTO certified VALUES
('longley', '(intercept)', -3482258.63459582, 890420.383607373), ('longley', 'x1', 15.0618722713733, 84.9149257747669),
('longley', 'x2', -0.0358191792925910, 0.0334910077722432), ('longley', 'x3', -2.02022980381683, 0.488399681651699),
('longley', 'x4', -1.03322686717359, 0.214274163161675), ('longley', 'x5', -0.0511041056535807, 0.226073200069370),
('longley', 'x6', 1829.15146461355, 455.478499142212), ('filip', '(intercept)', -1467.48961422980, 298.084530995537),
('filip', 'x1', -2772.17959193342, 559.779865474950), ('filip', 'x2', -2316.37108160893, 466.477572127796),
('filip', 'x3', -1127.97394098372, 227.204274477751), ('filip', 'x4', -354.478233703349, 71.6478660875927),
('filip', 'x5', -75.1242017393757, 15.2897178747400), ('filip', 'x6', -10.8753180355343, 2.23691159816033),
('filip', 'x7', -1.06221498588947, 0.221624321934227), ('filip', 'x8', -0.0670191154593408, 0.0142363763154724),
('filip', 'x9', -0.00246781078275479, 0.000535617408889821), ('filip', 'x10', -0.0000402962525080404, 0.00000896632837373868),
('wampler1', '(intercept)', 1, 0), ('wampler1', 'x1', 1, 0),
('wampler1', 'x2', 1, 0), ('wampler1', 'x3', 1, 0),
('wampler1', 'x4', 1, 0), ('wampler1', 'x5', 1, 0),
('wampler2', '(intercept)', 1, 0), ('wampler2', 'x1', 0.1, 0),
('wampler2', 'x2', 0.01, 0), ('wampler2', 'x3', 0.001, 0),
('wampler2', 'x4', 0.0001, 0), ('wampler2', 'x5', 0.00001, 0),
('wampler3', '(intercept)', 1, 2152.32624678170), ('wampler3', 'x1', 1, 2363.55173469681),
('wampler3', 'x2', 1, 779.343524331583), ('wampler3', 'x3', 1, 101.475507550350),
('wampler3', 'x4', 1, 5.64566512170752), ('wampler3', 'x5', 1, 0.112324854679312),
('wampler4', '(intercept)', 1, 215232.62467817000), ('wampler4', 'x1', 1, 236355.17346968100),
('wampler4', 'x2', 1, 77934.352433158300), ('wampler4', 'x3', 1, 10147.550755035000),
('wampler4', 'x4', 1, 564.56651217075200), ('wampler4', 'x5', 1, 11.232485467931200),
('wampler5', '(intercept)', 1, 21523262.46781700000), ('wampler5', 'x1', 1, 23635517.34696810000),
('wampler5', 'x2', 1, 7793435.243315830000), ('wampler5', 'x3', 1, 1014755.075503500000),
('wampler5', 'x4', 1, 56456.65121707520000), ('wampler5', 'x5', 1, 1123.248546793120000),
('noint1', 'x', 2.07438016528926, 0.0165289256198347), ('noint2', 'x', 0.727272727272727, 0.0420827318078432);
CREATE TABLE certified_fit (name text, sigma float8, r2 float8, f float8);
INSERT INTO certified_fit VALUES
('longley', 304.854073561965, 0.995479004577296, 330.285339234588), ('filip', 0.00334801051324544, 0.996727416185620, 2162.43954511489),
('wampler1', 0, 1, NULL), ('wampler2', 0, 1, NULL), ('wampler3', 2360.14502379268, 0.999995559025820, 675524.458240122),
('wampler4', 236014.502379268, 0.957478440825662, 67.5524458240122), ('wampler5', 23601450.2379268, 0.00224668921574940, 0.00675524458240122),
('noint1', 3.56753034006338, 0.999365492298663, 15750.2500000000), ('noint2', 0.369274472937998, 0.993348115299335, 298.6666666666667);

-- correct digits: minus the logarithm of the relative error, absolute where the certified value is 0
CREATE FUNCTION digits(got float8, want float8) RETURNS float8 LANGUAGE sql AS $$
  SELECT CASE WHEN got = want THEN 15 ELSE least(15, -log(abs(got - want)::float8 / CASE WHEN want = 0 THEN 1 ELSE abs(want) END)) END
$$;
CREATE FUNCTION fit(name text, source text, y text, params jsonb, transform jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT details FROM userseg.train(name, 'linear', source, target => y, params => params, transform => transform, holdout => 0,
    features => (SELECT array_agg(attname) FROM pg_attribute WHERE attrelid = source::regclass AND attname ~ '^x' AND attnum > 0))
$$;
CREATE TABLE run AS
SELECT name, transform, fit(name, source, y, d.params::jsonb, transform) AS details
FROM (VALUES ('longley', 'longley', 'y', '{}'), ('filip', 'filip10', 'y', '{}'), ('wampler1', 'wampler', 'y1', '{}'), ('wampler2', 'wampler', 'y2', '{}'),
  ('wampler3', 'wampler', 'y3', '{}'), ('wampler4', 'wampler', 'y4', '{}'), ('wampler5', 'wampler', 'y5', '{}'),
  ('noint1', 'noint1', 'y', '{"intercept": false}'), ('noint2', 'noint2', 'y', '{"intercept": false}')) d(name, source, y, params),
  (VALUES ('{"*": "none"}'::jsonb), ('{}')) t(transform);
CREATE TABLE term AS
SELECT c.*, t.v AS version, r.coefficient AS got, r.std_error AS got_error
FROM certified c, (VALUES (1), (2)) t(v), LATERAL userseg.coefficients(c.name || '@' || t.v) r WHERE r.term = c.term;
-- versions 1 are of the columns as they are
SELECT name, count(*) AS terms, min(digits(got, coefficient)) >= 7 AS coefficients, min(digits(got_error, std_error)) >= 7 AS errors
FROM term WHERE version = 1 GROUP BY 1 ORDER BY 1;
-- versions 2 are of standardised ones: they are rounded once more, which shows where the condition is 4e9 (Filip) or the
-- errors are 10^7 times the coefficients (Wampler 5); beside the standard error it is nothing
SELECT name, min(digits(got, coefficient)) >= CASE WHEN name IN ('wampler4', 'wampler5') THEN 3.5 ELSE 7 END AS coefficients,
  min(digits(got_error, std_error)) >= 6 AS errors, bool_and(abs(got - coefficient) <= 1e-6 * std_error OR std_error = 0) AS beside_error
FROM term WHERE version = 2 GROUP BY 1 ORDER BY 1;
SELECT name, count(*), min(digits((details ->> 'sigma')::float8, sigma)) >= 7 AS sigma, min(digits((details ->> 'r2')::float8, r2)) >= 7 AS r2,
  min(digits((details ->> 'f')::float8, f)) >= 7 AS f
FROM run JOIN certified_fit USING (name) GROUP BY 1 ORDER BY 1;
SELECT count(*) AS dropped FROM unnest('{longley,filip,noint1,noint2,wampler1,wampler2,wampler3,wampler4,wampler5}'::text[]) m, LATERAL userseg.drop_model(m) d;
DROP SCHEMA test_linear_nist CASCADE;
