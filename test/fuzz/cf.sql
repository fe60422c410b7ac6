-- Clustering features.
SELECT '1..6';
SELECT fuzz.check('userseg.cf', userseg.cf_agg(ARRAY[i, -i / 7.0, 1e9 + i], i / 3.0)::text, 1500) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.cf', userseg.cf_step(ARRAY[1e150 / i ^ 200, 1e-300])::text, 500) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.cf', userseg.cf_step('{0}')::text, 500);
