-- Centroid sets, points and states: plain and on a grid, of every aggregate.
SELECT '1..20';
\set grid 0100010200000002000000000000000000f83f000000000000d0bf00000000000000c0000000000000e03f000000000000f03f000000000000f03f030000000000000000002440ecffffff000000000000f0bfeaffffff
SELECT fuzz.check('userseg.centroid_set', userseg.centroid_set(ARRAY[[1,0.1],[-2,1e300],[0,0]], weights => '{0,7,1e-300}')::text, 1000);
SELECT fuzz.check('userseg.centroid_set', userseg.centroid_set(ARRAY[[1,0.1],[-2,3]], 'cosine')::text, 500);
SELECT fuzz.check('userseg.centroid_set', :'grid', 1000);
SELECT fuzz.check('userseg.kmeans_point', userseg.kmeans_point('{{1,0.1},{-2,3}}', '{0.3,-5}', 0.5)::text, 500);
SELECT fuzz.check('userseg.kmeans_point', userseg.kmeans_point(:'grid', '{10.3,-5}', 0.5)::text, 500);
SELECT fuzz.check('userseg.kmeans_state', userseg.kmeans_agg('{{1,0.1},{-2,3}}', ARRAY[i, -i / 7.0], i)::text, 1000) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.kmeans_state', userseg.kmeans_agg(:'grid', ARRAY[i, -i / 7.0], i)::text, 1000) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.kmeans_state', userseg.kmeans_step(userseg.kmeans_point('{{1},{-2}}', ARRAY[1e150 / i ^ 200]))::text, 500) FROM generate_series(1, 9) i;
SELECT fuzz.check('userseg.kmeans_state', userseg._centroid_agg_step(NULL, '{1,-1e-300}', 3)::text, 500);
SELECT fuzz.check('userseg.kmeans_state', userseg._silhouette_step(NULL, '{{0},{1}}', '{0.3}')::text, 500);
