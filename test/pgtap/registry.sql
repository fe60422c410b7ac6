-- Shape of the registry: functions, views, types, tables, and who may touch them.
BEGIN;
SELECT no_plan();

-- functions: name, arguments with defaults, result, volatility, parallel label, strict
PREPARE have AS
SELECT p.proname::text, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid),
	p.provolatile::text, p.proparallel::text, p.proisstrict, p.prosecdef
FROM pg_proc p WHERE p.pronamespace = 'userseg'::regnamespace AND p.proname IN
	('set_alias', 'drop_alias', 'rollback', 'drop_version', 'drop_model', 'grant_usage', 'revoke_usage',
	'reassign_owned', 'algorithms', 'training_info', 'feature_info', 'artifact', '_acts_as', '_may_use');
PREPARE want AS VALUES
	('set_alias', 'model text, alias text, force boolean DEFAULT false', 'integer', 'v', 'u', false, false),
	('drop_alias', 'model text, alias text', 'integer', 'v', 'u', false, false),
	('rollback', 'model text, alias text DEFAULT ''production''::text', 'integer', 'v', 'u', false, false),
	('drop_version', 'model text', 'integer', 'v', 'u', false, false),
	('drop_model', 'model text', 'integer', 'v', 'u', false, false),
	('grant_usage', 'model text, role text', 'void', 'v', 'u', false, false),
	('revoke_usage', 'model text, role text', 'void', 'v', 'u', false, false),
	('reassign_owned', 'old_role text, new_role text', 'bigint', 'v', 'u', false, false),
	('algorithms', '', 'TABLE(algorithm text, task text, description text, params jsonb)', 's', 's', false, false),
	('training_info', 'model text', 'TABLE(model text, version integer, artifact_id uuid, algorithm text, task text, owner text, '
		'trained_by text, trained_at timestamp with time zone, source text, target text, id text, weight text, '
		'time_column text, columns text[], transform jsonb, params jsonb, null_policy text, holdout double precision, '
		'seed bigint, n_rows bigint, data_checksum text, iterations integer, converged boolean, metric text, '
		'metric_value double precision, warnings text[], userseg_version text, postgres_version text, parent_version integer)', 's', 's', false, false),
	('feature_info', 'model text', 'TABLE(feature text, type text, used boolean, weight double precision, encoded text[], details jsonb)',
		's', 's', false, false),
	('artifact', 'model text', 'userseg.artifact', 's', 's', true, false),
	('_acts_as', 'role text', 'boolean', 's', 's', true, false),
	('_may_use', 'model text, owner text', 'boolean', 's', 's', true, false);
SELECT set_eq('have', 'want', 'functions');
SELECT ok(has_function_privilege('public', p.oid, 'EXECUTE'), p.proname || ' is for everyone')
FROM pg_proc p WHERE p.pronamespace = 'userseg'::regnamespace AND p.proname IN ('set_alias', 'artifact', '_may_use', '_acts_as');

-- views
SELECT columns_are('userseg', 'models', ARRAY['model', 'owner', 'created_at', 'versions', 'newest_version', 'default_version',
	'algorithm', 'task', 'n_labels', 'n_rows', 'n_features', 'metric', 'metric_value', 'converged', 'trained_at']);
SELECT columns_are('userseg', 'model_versions', ARRAY['model', 'version', 'artifact_id', 'artifact_bytes', 'algorithm', 'task',
	'n_labels', 'segment_ids', 'n_rows', 'n_features', 'converged', 'created_at', 'created_by', 'metric', 'metric_value',
	'iterations', 'duration', 'warnings', 'metrics', 'details', 'source', 'target', 'id', 'weight', 'time_column', 'columns',
	'transform', 'params', 'null_policy', 'holdout', 'seed', 'data_checksum', 'userseg_version', 'postgres_version', 'parent_version']);
SELECT columns_are('userseg', 'aliases', ARRAY['model', 'alias', 'version', 'set_at', 'set_by']);
SELECT columns_are('userseg', 'alias_history', ARRAY['model', 'alias', 'step', 'action', 'version', 'previous', 'undone', 'set_at', 'set_by']);
SELECT columns_are('userseg', 'grants', ARRAY['model', 'grantee', 'privilege', 'granted_at', 'granted_by']);
SELECT columns_are('userseg', 'segment_names', ARRAY['model', 'segment_id', 'name', 'named_at', 'named_by']);
SELECT columns_are('userseg', 'assignments', ARRAY['table_schema', 'table_name', 'history_name', 'model', 'id', 'version', 'as_of', 'owner', 'assigned_at']);
SELECT columns_are('userseg', 'runs', ARRAY['run', 'kind', 'model', 'version', 'ok', 'message', 'started_at', 'finished_at', 'n_rows', 'details', 'role']);
SELECT ok(c.reloptions @> ARRAY['security_barrier=true'] AND has_table_privilege('public', c.oid, 'SELECT')
	AND NOT has_table_privilege('public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'),
	c.relname || ' is a security barrier that everyone may read')
FROM pg_class c WHERE c.relnamespace = 'userseg'::regnamespace AND c.relkind = 'v'
	AND c.relname IN ('models', 'model_versions', 'aliases', 'alias_history', 'grants', 'segment_names', 'assignments', 'runs');

-- the type that passes a model by value
SELECT is((SELECT array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
	FROM pg_type t JOIN pg_attribute a ON a.attrelid = t.typrelid WHERE t.oid = 'userseg.artifact'::regtype),
	ARRAY['model text', 'version integer', 'value userseg._artifact_value'], 'userseg.artifact');

-- the tables: for the superuser only, dumped, without oids, keys compared by bytes
SELECT is((SELECT array_agg(c.relname::text ORDER BY c.relname COLLATE "C") FROM pg_class c
	WHERE c.relnamespace = 'userseg'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^_' AND c.relname !~ '^_rfm'),
	ARRAY['_alias', '_alias_history', '_artifact_chunk', '_assignment', '_grant', '_model', '_run', '_segment_name', '_trial', '_version'],
	'tables');
SELECT is((SELECT array_agg(c.relname::text ORDER BY c.relname COLLATE "C") FROM pg_extension e, unnest(e.extconfig) o
	JOIN pg_class c ON c.oid = o WHERE e.extname = 'userseg' AND c.relname ~ '^_' AND c.relname !~ '^_rfm'),
	ARRAY['_alias', '_alias_history', '_artifact_chunk', '_assignment', '_grant', '_model', '_run', '_run_number', '_segment_name', '_trial', '_version'],
	'dumped with the database');
SELECT is_empty($$
	SELECT c.relname, p.privilege FROM pg_class c,
		unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p(privilege)
	WHERE c.relnamespace = 'userseg'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^_' AND has_table_privilege('public', c.oid, p.privilege)$$,
	'nobody else may touch a table');
SELECT is_empty($$
	SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE c.relnamespace = 'userseg'::regnamespace AND c.relkind = 'r'
		AND (a.atttypid::regtype::text ~ '^(reg|oid|aclitem|xid|cid)' OR a.atttypid::regtype::text ~ 'aclitem')$$,
	'no table has an oid, reg* or aclitem column');
SELECT is_empty($$
	SELECT c.relname, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		JOIN pg_attribute a ON a.attrelid = i.indexrelid
	WHERE c.relnamespace = 'userseg'::regnamespace AND c.relname ~ '^_' AND a.atttypid = 'text'::regtype
		AND a.attcollation <> 'pg_catalog."C"'::regcollation$$,
	'text keys are compared by bytes');
SELECT is_empty($$
	SELECT conname FROM pg_constraint WHERE connamespace = 'userseg'::regnamespace AND contype = 'f'$$,
	'no foreign keys, for parallel restores');

-- SQLSTATEs
CREATE TABLE points AS SELECT i AS id, (i % 2) * 100 + i / 1000.0 AS x FROM generate_series(1, 100) i;
SELECT lives_ok($$SELECT userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":2}', alias => 'production')$$, 'train');
SELECT lives_ok($$SELECT userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":2,"max_iter":1,"init":[[0],[0.1]]}')$$, 'train again');
SELECT throws_ok('SELECT userseg.training_info(''nobody'')', '42704', NULL, 'unknown model');
SELECT throws_ok('SELECT userseg.training_info(''vip@x'')', '42704', NULL, 'unknown alias');
SELECT throws_ok('SELECT userseg.training_info(''vip@9'')', '42704', NULL, 'unknown version');
SELECT throws_ok('SELECT userseg.training_info(''Vip'')', '42602', NULL, 'malformed reference');
SELECT throws_ok('SELECT userseg.training_info(NULL)', '22004', NULL, 'NULL');
SELECT throws_ok('SELECT userseg.drop_version(''vip'')', '42602', NULL, 'a version is needed');
SELECT throws_ok('SELECT userseg.drop_model(''vip@1'')', '42602', NULL, 'a bare name is needed');
SELECT throws_ok('SELECT userseg.drop_version(''vip@1'')', '55000', NULL, 'an alias points to it');
SELECT throws_ok('SELECT userseg.rollback(''vip'')', '55000', NULL, 'nothing to go back to');
SELECT throws_ok('SELECT userseg.set_alias(''vip@2'', ''production'')', '55000', NULL, 'not converged');
SELECT throws_ok('SELECT userseg.grant_usage(''vip'', ''nobody here'')', '42704', NULL, 'unknown role');
SELECT throws_ok('SELECT userseg.name_segment(''vip'', 1000, ''x'')', '42704', NULL, 'unknown segment');
SELECT throws_ok('SELECT userseg.name_segment(''vip'', 1, '''')', '22023', NULL, 'empty name');
SELECT lives_ok('SELECT userseg.name_segment(''vip'', 1, ''gold'')', 'name');
SELECT throws_ok('SELECT userseg.name_segment(''vip'', 2, ''gold'')', '42710', NULL, 'name taken');
CREATE ROLE userseg_pgtap_nobody;
SET LOCAL ROLE userseg_pgtap_nobody;
SELECT throws_ok('SELECT userseg.training_info(''vip'')', '42501', NULL, 'no privilege');
SELECT throws_ok('SELECT userseg.drop_model(''vip'')', '42501', NULL, 'not the owner');
SELECT throws_ok('SELECT userseg.reassign_owned(''userseg_pgtap_nobody'', ''postgres'')', '42501', NULL, 'not a member');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
