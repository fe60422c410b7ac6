-- Tables of two labelings.
SELECT '1..4';
SELECT fuzz.check('userseg.contingency', userseg.contingency_agg(i % 5, i % 3)::text, 1500) FROM generate_series(1, 40) i;
SELECT fuzz.check('userseg.contingency', userseg.contingency_agg(i, NULL)::text, 300) FROM generate_series(1, 4) i;
