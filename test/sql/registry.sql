-- Models, versions, aliases: the life of a model in one session.
\set VERBOSITY terse
\set SHOW_CONTEXT never
-- other tests may have left something
DO $$
BEGIN
	PERFORM userseg.drop_model(model) FROM userseg.models;
	DELETE FROM userseg._run;
	DELETE FROM userseg._assignment;
END $$;
CREATE TABLE points AS
SELECT i AS id, (i % 2) * 100 + i / 1000.0 AS x, (i % 2) * 50 - i / 500.0 AS y
FROM generate_series(1, 200) i;

-- nothing there
SELECT model FROM userseg.models;
SELECT userseg.predict('vip', p) FROM points p LIMIT 1;

-- versions count from 1; a bare name means the newest one while there is no alias production
SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x, y FROM points', params => '{"k":2}');
SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x, y FROM points', params => '{"k":3}');
SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x, y FROM points', params => '{"k":4}');
SELECT model, owner = current_user AS mine, versions, newest_version, default_version, n_labels, converged FROM userseg.models;
SELECT version, algorithm, task, n_labels, cardinality(segment_ids), created_by = current_user AS mine, source, columns,
	artifact_bytes > 100 AS stored, duration > '0' AS timed, data_checksum ~ '^[0-9a-f]{16}$' AS summed
FROM userseg.model_versions WHERE model = 'vip' ORDER BY version;
SELECT count(DISTINCT artifact_id), count(DISTINCT data_checksum) FROM userseg.model_versions;
SELECT version, source, columns, n_rows, seed, trained_by = current_user AS mine, userseg_version = userseg.version() AS this
FROM userseg.training_info('vip@2');
SELECT feature, type, used, weight, encoded, details->0->>'encoder' AS encoder FROM userseg.feature_info('vip') ORDER BY feature;

-- aliases
SELECT userseg.set_alias('vip@1', 'production');
SELECT userseg.set_alias('vip@2', 'production');
SELECT userseg.set_alias('vip@3', 'staging');
SELECT userseg.set_alias('vip@staging', 'canary');
SELECT userseg.set_alias('vip', 'production');
SELECT userseg.set_alias('vip@2', 'production');
SELECT model, alias, version, set_by = current_user AS mine FROM userseg.aliases ORDER BY alias;
SELECT default_version, newest_version FROM userseg.models;
SELECT r, t.version FROM unnest(ARRAY['vip', 'vip@production', 'vip@staging', 'vip@1']) WITH ORDINALITY u(r, n),
	userseg.training_info(r) t ORDER BY n;

-- going back, one step a call
SELECT userseg.set_alias('vip@3', 'production');
SELECT userseg.rollback('vip');
SELECT userseg.rollback('vip', 'production');
SELECT userseg.rollback('vip');
-- forward again, and back over what was gone back over already
SELECT userseg.set_alias('vip@3', 'production');
SELECT userseg.rollback('vip');
SELECT step, action, version, previous, undone FROM userseg.alias_history WHERE alias = 'production' ORDER BY step;
-- a version dropped meanwhile is passed over
SELECT userseg.set_alias('vip@2', 'production');
SELECT userseg.set_alias('vip@3', 'production');
SELECT userseg.drop_version('vip@2');
SELECT userseg.rollback('vip');
SELECT userseg.rollback('vip', 'nightly');
SELECT userseg.rollback('vip', 'canary');

-- aliases move inside the transaction
BEGIN;
SELECT userseg.set_alias('vip@3', 'production');
SELECT version FROM userseg.training_info('vip');
ROLLBACK;
SELECT version FROM userseg.training_info('vip');
BEGIN;
SAVEPOINT s;
SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x, y FROM points', params => '{"k":2}', alias => 'production');
SELECT version FROM userseg.training_info('vip');
ROLLBACK TO s;
SELECT version FROM userseg.training_info('vip');
COMMIT;

-- a version that did not converge is stored, but promoted only by force
SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT sqrt(id) AS x, (id * 7919) % 101 AS y FROM points',
	params => '{"k":2,"max_iter":1,"init":[[0,0],[0,0.1]]}', alias => 'production');
SELECT converged FROM userseg.model_versions WHERE version = 4;
SELECT default_version FROM userseg.models;
SELECT userseg.set_alias('vip@4', 'production');
SELECT userseg.set_alias('vip@4', 'production', force => true);
SELECT userseg.rollback('vip');

-- dropping
SELECT userseg.drop_version('vip@1');
SELECT userseg.drop_version('vip');
SELECT userseg.drop_version('vip@canary');
SELECT userseg.drop_alias('vip', 'staging');
SELECT userseg.drop_version('vip@canary');
SELECT userseg.drop_alias('vip', 'staging');
SELECT version FROM userseg.model_versions ORDER BY version;
-- numbers are not used again
SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x, y FROM points', params => '{"k":2}');

-- names of segments belong to their numbers, and stay
SELECT segment_ids[1] AS id, segment_ids[2] AS other FROM userseg.model_versions WHERE model = 'vip' AND version = 5 \gset
SELECT userseg.name_segment('vip', :id, 'Can''t Lose');
SELECT userseg.name_segment('vip', :other, 'Can''t Lose');
SELECT userseg.name_segment('vip', :other, 'segment ' || :id);
SELECT userseg.name_segment('vip', :other, 'segment ' || :other);
SELECT userseg.name_segment('vip', :other, '');
SELECT userseg.name_segment('vip', :other, ' x');
SELECT userseg.name_segment('vip', :other, repeat('x', 64));
SELECT userseg.name_segment('vip', :other, E'a\nb');
SELECT userseg.name_segment('vip', 1000, 'x');
SELECT userseg.name_segment('vip', :other, repeat('x', 63));
SELECT segment_id = :id AS first, name FROM userseg.segment_names ORDER BY name COLLATE "C";
SELECT DISTINCT userseg.predict('vip@5', p) AS segment FROM points p ORDER BY segment;
SELECT userseg.name_segment('vip', :other, NULL);
SELECT userseg.name_segment('vip', :id, NULL);
SELECT count(*) FROM userseg.segment_names;

-- references
SELECT userseg.training_info('vip@9');
SELECT userseg.training_info('vip@stagin');
SELECT userseg.training_info('vipp');
SELECT userseg.training_info('Vip');
SELECT userseg.training_info('');
SELECT userseg.training_info('vip@');
SELECT userseg.training_info('vip@0');
SELECT userseg.training_info('vip@4x');
SELECT userseg.training_info('vip@1@2');
SELECT userseg.training_info('vip@2147483648');
SELECT userseg.training_info('1vip');
SELECT userseg.training_info(repeat('v', 64));
SELECT userseg.training_info(NULL);
SELECT userseg.drop_model('vip@1');
SELECT userseg.set_alias('vip@5', 'Prod');
SELECT userseg.set_alias('vip@5', '7');
SELECT userseg.set_alias('vip@77', 'production');
SELECT userseg.set_alias('nobody', 'production');
SELECT version FROM userseg.train('vip@2', 'kmeans', 'SELECT x, y FROM points', params => '{"k":2}');
\set VERBOSITY default
SELECT userseg.training_info('vipp');
SELECT userseg.training_info('vip@productoin');
\set VERBOSITY terse
SELECT version FROM userseg.train(repeat('v', 63), 'kmeans', 'SELECT x, y FROM points', params => '{"k":2}');
SELECT userseg.drop_model(repeat('v', 63));

-- the reference may differ from row to row, over more models than a call site remembers
SELECT count(version) FROM generate_series(1, 12) i,
	LATERAL userseg.train('many', 'kmeans', 'SELECT x, y FROM points WHERE id > ' || i, params => '{"k":2}');
SELECT r, string_agg((userseg.artifact('many@' || v)).version::text, ' ' ORDER BY n)
FROM generate_series(1, 3) r, generate_series(1, 12) WITH ORDINALITY g(v, n) GROUP BY r ORDER BY r;
SELECT count(*), count(DISTINCT (userseg.artifact('many@' || v)).value::text)
FROM generate_series(1, 3) r, generate_series(1, 12) v;
-- without room for models that are not in use
SET userseg.model_cache_size = 0;
SELECT count(*), count(DISTINCT (userseg.artifact('many@' || v)).value::text)
FROM generate_series(1, 3) r, generate_series(1, 12) v;
RESET userseg.model_cache_size;
SELECT userseg.drop_model('many');

-- nothing is written in a read-only transaction
BEGIN READ ONLY;
SELECT version FROM userseg.training_info('vip');
SELECT userseg.set_alias('vip@5', 'production');
ROLLBACK;
BEGIN READ ONLY; SELECT userseg.rollback('vip'); ROLLBACK;
BEGIN READ ONLY; SELECT userseg.drop_model('vip'); ROLLBACK;
BEGIN READ ONLY; SELECT userseg.grant_usage('vip', 'public'); ROLLBACK;
BEGIN READ ONLY; SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x, y FROM points', params => '{"k":2}'); ROLLBACK;

-- one call site, statement by statement: a promotion is seen at once
DO $$
DECLARE
	seen text[] := '{}';
BEGIN
	FOR i IN 1..4 LOOP
		PERFORM userseg.set_alias(CASE WHEN i % 2 = 1 THEN 'vip@1' ELSE 'vip@5' END, 'live');
		seen := seen || (SELECT version::text FROM userseg.training_info('vip@live'));
		seen := seen || ((userseg.artifact('vip@live')).version::text);
	END LOOP;
	RAISE NOTICE '%', seen;
END $$;
SELECT userseg.drop_model('vip');
SELECT model FROM userseg.models;
SELECT count(*) FROM userseg._version;
SELECT count(*) FROM userseg._artifact_chunk;
SELECT count(*) FROM userseg._alias_history;
SELECT userseg.drop_model('vip');
-- a new model of the name is another one
SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x, y FROM points', params => '{"k":2}');
SELECT userseg.drop_version('vip@1');
SELECT userseg.training_info('vip');
SELECT userseg.drop_model('vip');
DROP TABLE points;
