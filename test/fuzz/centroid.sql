-- Centroid sets, points and states of the clustering aggregates.
SELECT '1..8';
SELECT fuzz.check('userseg.centroid_set', userseg.centroid_set('{{1,2.5},{-3,1e300},{0,7}}', 'euclidean', '{1,2,3}')::text, 3000);
SELECT fuzz.check('userseg.kmeans_point', userseg.kmeans_point(userseg.centroid_set('{{1,2.5},{-3,4}}'), '{0.1,2}', 3)::text, 3000);
SELECT fuzz.check('userseg.kmeans_state',
  userseg.kmeans_agg(userseg.centroid_set('{{1,2},{-3,4},{100,100}}'), ARRAY[g, -g / 3.0], g)::text, 3000)
FROM generate_series(1, 20) g;
SELECT fuzz.check('userseg.kmeans_state',
  userseg.kmeans_agg(userseg.centroid_set('{{1,2},{-3,4}}'), ARRAY[1e150 / g, 1e-300 * g], 1 / 3.0)::text, 1000)
FROM generate_series(1, 20) g;
