-- What the extension is as a whole.
BEGIN;
SELECT plan(7);

SELECT has_schema('userseg');
SELECT has_extension('userseg');
SELECT function_returns('userseg', 'version', ARRAY[]::text[], 'text');
SELECT volatility_is('userseg', 'version', ARRAY[]::text[], 'immutable');
SELECT is(userseg.version(), (SELECT extversion FROM pg_extension WHERE extname = 'userseg'),
  'library and script have the same version');
SELECT is((SELECT extrelocatable FROM pg_extension WHERE extname = 'userseg'), false, 'not relocatable');
SELECT set_eq(
  $$SELECT name, context FROM pg_settings WHERE name LIKE 'userseg.%' AND name IN
      ('userseg.max_memory', 'userseg.max_artifact_size', 'userseg.max_parallel_workers')$$,
  $$VALUES ('userseg.max_memory', 'user'), ('userseg.max_artifact_size', 'superuser'),
      ('userseg.max_parallel_workers', 'user')$$,
  'settings, and who may change them');

SELECT * FROM finish();
ROLLBACK;
