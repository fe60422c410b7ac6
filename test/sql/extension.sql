-- The extension installs, and library, script and control file agree on the version.
SELECT extname, extversion = userseg.version() AS same_version
FROM pg_extension WHERE extname = 'userseg';
SHOW userseg.max_memory;
SET userseg.no_such_setting = 1;
