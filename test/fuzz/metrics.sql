-- States of the metric aggregates.
SELECT '1..12';
SELECT fuzz.check('userseg.metric_sums', userseg._r2_step(userseg._r2_step(NULL, 1.5, -2e10), 3, 1e-3, 0.7)::text, 2000);
SELECT fuzz.check('userseg.metric_sums', userseg._calibration_step(userseg._calibration_step(NULL, 0.3, true), 0.9, false, 0.7)::text, 2000);
SELECT fuzz.check('userseg.metric_sums', userseg._pinball_step(userseg._pinball_step(NULL, 0.3, 7, 0.25), 0.9, 1, 0.25, 0.7)::text, 1000);
SELECT fuzz.check('userseg.ranking', userseg.ranking_agg(g - 3.5, g % 2 = 0, g / 3.0)::text, 3000) FROM generate_series(1, 7) g;
SELECT fuzz.check('userseg.confusion_counts', userseg._confusion_step(userseg._confusion_step(NULL, 'b', 'a'), 'c', 'a', 0.1)::text, 3000);
SELECT fuzz.check('userseg.ranking', userseg.ranking_agg(g, g % 2 = 0)::text, 300) FROM generate_series(1, 300) g;
