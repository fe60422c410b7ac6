-- States of purchases: few orders, many orders (sorted set), and a sketch.
SELECT '1..6';
SELECT fuzz.check('userseg.rfm', userseg.rfm_agg('2024-01-01'::timestamptz + g * interval '1 day', g - 3.25, g)::text, 4000)
FROM generate_series(1, 7) g;
SELECT fuzz.check('userseg.rfm', userseg.rfm_agg('2024-01-01'::timestamptz, 1, 'order ' || g)::text, 1000)
FROM generate_series(1, 300) g;
SELECT fuzz.check('userseg.rfm', userseg.rfm_agg('2024-01-01'::timestamptz, 1, g)::text, 300)
FROM generate_series(1, 20000) g;
