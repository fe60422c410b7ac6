-- Shape of scorecard() and scorecard_points().
BEGIN;
SELECT plan(7);
SELECT is(pg_get_function_arguments('userseg.scorecard'::regproc), 'model text', 'scorecard');
SELECT is(pg_get_function_result('userseg.scorecard'::regproc), 'TABLE(feature text, status text, bin integer, condition text, n double precision, share double precision, event_rate double precision, woe double precision, iv double precision, points double precision)', 'what scorecard tells');
SELECT is(pg_get_function_arguments('userseg.scorecard_points'::regproc), 'model text, features record', 'scorecard_points');
SELECT is(pg_get_function_result('userseg.scorecard_points'::regproc), 'double precision', 'points are numbers');
SELECT is(provolatile::text || proparallel::text || proisstrict, 'sstrue', 'scorecard_points is stable, parallel safe and strict') FROM pg_proc WHERE oid = 'userseg.scorecard_points'::regproc;
SELECT is(provolatile::text || proparallel::text, 'ss', 'scorecard is stable and parallel safe') FROM pg_proc WHERE oid = 'userseg.scorecard'::regproc;
SELECT isnt(obj_description('userseg.scorecard'::regproc), NULL, 'scorecard has a comment');
SELECT * FROM finish();
ROLLBACK;
