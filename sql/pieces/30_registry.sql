-- The registry: what is known of models.  Only src/model/ reads and writes these
-- tables; roles see the views of 31_registry.sql.
--
-- Roles stand in them by name, never as an oid, reg* or aclitem: a dump restores
-- into any cluster, also after a role was dropped.  There are no foreign keys, which a
-- parallel restore would not load in order: writers of a model take turns under the
-- lock of its row in _model and leave nothing behind.  Every text key is COLLATE "C":
-- it compares by bytes, whatever the database's collation.  Columns are only ever
-- added, at the end and with a default, so that an older dump restores.

CREATE TABLE userseg._model (
	name text COLLATE "C" NOT NULL,
	owner text COLLATE "C" NOT NULL,
	created_at timestamptz NOT NULL,
	last_version int NOT NULL DEFAULT 0,
	last_segment_id int NOT NULL DEFAULT 0,
	CONSTRAINT _model_pkey PRIMARY KEY (name)
);
COMMENT ON TABLE userseg._model IS 'Models: a name, its owner, and the numbers given out so far';
COMMENT ON COLUMN userseg._model.name IS 'Name of the model';
COMMENT ON COLUMN userseg._model.owner IS 'Name of the role that owns it';
COMMENT ON COLUMN userseg._model.created_at IS 'When its first version was trained';
COMMENT ON COLUMN userseg._model.last_version IS 'Highest version number given out: numbers are not used again';
COMMENT ON COLUMN userseg._model.last_segment_id IS 'Highest segment number given out: numbers are not used again';

CREATE TABLE userseg._version (
	model text COLLATE "C" NOT NULL,
	version int NOT NULL,
	artifact_id uuid NOT NULL,
	artifact_bytes bigint NOT NULL,
	algorithm text COLLATE "C" NOT NULL,
	task text COLLATE "C" NOT NULL,
	n_labels int NOT NULL,
	segment_ids int[] NOT NULL,
	n_rows bigint NOT NULL,
	n_features int NOT NULL,
	converged boolean NOT NULL,
	created_at timestamptz NOT NULL,
	created_by text COLLATE "C" NOT NULL,
	metric text,
	metric_value float8,
	iterations int NOT NULL,
	duration interval NOT NULL,
	warnings text[] NOT NULL,
	metrics jsonb NOT NULL,
	details jsonb NOT NULL,
	source text NOT NULL,
	target text,
	id text,
	weight text,
	time_column text,
	columns text[] NOT NULL,
	transform jsonb NOT NULL,
	params jsonb NOT NULL,
	null_policy text NOT NULL,
	holdout float8 NOT NULL,
	seed bigint NOT NULL,
	data_checksum text COLLATE "C" NOT NULL,
	userseg_version text NOT NULL,
	postgres_version text NOT NULL,
	parent_version int,
	CONSTRAINT _version_pkey PRIMARY KEY (model, version),
	CONSTRAINT _version_artifact_id_key UNIQUE (artifact_id)
);
COMMENT ON TABLE userseg._version IS 'Versions of models: immutable once stored';
COMMENT ON COLUMN userseg._version.model IS 'Name of the model';
COMMENT ON COLUMN userseg._version.version IS 'Number of the version, from 1';
COMMENT ON COLUMN userseg._version.artifact_id IS 'Random identity of the stored model, never used again';
COMMENT ON COLUMN userseg._version.artifact_bytes IS 'Size of the stored model';
COMMENT ON COLUMN userseg._version.algorithm IS 'Name of the algorithm, see userseg.algorithms()';
COMMENT ON COLUMN userseg._version.task IS 'clustering, classification or regression';
COMMENT ON COLUMN userseg._version.n_labels IS 'Number of segments or classes, 0 for a regression';
COMMENT ON COLUMN userseg._version.segment_ids IS 'Durable number of each segment or class';
COMMENT ON COLUMN userseg._version.n_rows IS 'Rows it was trained on';
COMMENT ON COLUMN userseg._version.n_features IS 'Features used';
COMMENT ON COLUMN userseg._version.converged IS 'Whether the training converged';
COMMENT ON COLUMN userseg._version.created_at IS 'End of the training';
COMMENT ON COLUMN userseg._version.created_by IS 'Role that trained it';
COMMENT ON COLUMN userseg._version.metric IS 'Name of the main figure of merit';
COMMENT ON COLUMN userseg._version.metric_value IS 'Its value';
COMMENT ON COLUMN userseg._version.iterations IS 'Iterations of the training';
COMMENT ON COLUMN userseg._version.duration IS 'Time the training took';
COMMENT ON COLUMN userseg._version.warnings IS 'Warnings of the training';
COMMENT ON COLUMN userseg._version.metrics IS 'All figures measured at training: array of {metric, value, ci_low, ci_high, n}';
COMMENT ON COLUMN userseg._version.details IS 'What is special to the algorithm and the preprocessing';
COMMENT ON COLUMN userseg._version.source IS 'Source of the training as it was given';
COMMENT ON COLUMN userseg._version.target IS 'Target column';
COMMENT ON COLUMN userseg._version.id IS 'Id column';
COMMENT ON COLUMN userseg._version.weight IS 'Weight column';
COMMENT ON COLUMN userseg._version.time_column IS 'Time column';
COMMENT ON COLUMN userseg._version.columns IS 'Columns used as features';
COMMENT ON COLUMN userseg._version.transform IS 'Transformations as they were given';
COMMENT ON COLUMN userseg._version.params IS 'Parameters as they were given';
COMMENT ON COLUMN userseg._version.null_policy IS 'impute, error or skip';
COMMENT ON COLUMN userseg._version.holdout IS 'Share of the rows held out';
COMMENT ON COLUMN userseg._version.seed IS 'Seed of all random decisions';
COMMENT ON COLUMN userseg._version.data_checksum IS 'Checksum of the training data, independent of the order of the rows';
COMMENT ON COLUMN userseg._version.userseg_version IS 'Version of userseg that trained it';
COMMENT ON COLUMN userseg._version.postgres_version IS 'Version of PostgreSQL that trained it';
COMMENT ON COLUMN userseg._version.parent_version IS 'Version of the same model that it was made from, NULL when it was trained anew';

CREATE TABLE userseg._artifact_chunk (
	artifact_id uuid NOT NULL,
	part int NOT NULL,
	chunk int NOT NULL,
	data bytea NOT NULL,
	CONSTRAINT _artifact_chunk_pkey PRIMARY KEY (artifact_id, part, chunk),
	CONSTRAINT _artifact_chunk_size CHECK (pg_catalog.octet_length(data) <= 1048576)
);
ALTER TABLE userseg._artifact_chunk ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE userseg._artifact_chunk IS 'Stored models in chunks of at most 1 MB';
COMMENT ON COLUMN userseg._artifact_chunk.artifact_id IS 'Identity of the stored model';
COMMENT ON COLUMN userseg._artifact_chunk.part IS 'Part of a grouped model, 0 for now';
COMMENT ON COLUMN userseg._artifact_chunk.chunk IS 'Number of the chunk, from 0';
COMMENT ON COLUMN userseg._artifact_chunk.data IS 'Bytes of the chunk';

CREATE TABLE userseg._alias (
	model text COLLATE "C" NOT NULL,
	alias text COLLATE "C" NOT NULL,
	version int NOT NULL,
	set_at timestamptz NOT NULL,
	set_by text COLLATE "C" NOT NULL,
	CONSTRAINT _alias_pkey PRIMARY KEY (model, alias)
);
COMMENT ON TABLE userseg._alias IS 'Aliases: names that point to one version of a model and can be moved';
COMMENT ON COLUMN userseg._alias.model IS 'Name of the model';
COMMENT ON COLUMN userseg._alias.alias IS 'Name of the alias';
COMMENT ON COLUMN userseg._alias.version IS 'Version it points to';
COMMENT ON COLUMN userseg._alias.set_at IS 'When it was moved there';
COMMENT ON COLUMN userseg._alias.set_by IS 'Role that moved it';

CREATE TABLE userseg._alias_history (
	model text COLLATE "C" NOT NULL,
	alias text COLLATE "C" NOT NULL,
	step int NOT NULL,
	action text COLLATE "C" NOT NULL,
	version int,
	previous int,
	undone boolean NOT NULL DEFAULT false,
	set_at timestamptz NOT NULL,
	set_by text COLLATE "C" NOT NULL,
	CONSTRAINT _alias_history_pkey PRIMARY KEY (model, alias, step),
	CONSTRAINT _alias_history_action CHECK (action IN ('set', 'rollback', 'drop'))
);
COMMENT ON TABLE userseg._alias_history IS 'Every move of an alias';
COMMENT ON COLUMN userseg._alias_history.model IS 'Name of the model';
COMMENT ON COLUMN userseg._alias_history.alias IS 'Name of the alias';
COMMENT ON COLUMN userseg._alias_history.step IS 'Number of the move, from 1';
COMMENT ON COLUMN userseg._alias_history.action IS 'set, rollback or drop';
COMMENT ON COLUMN userseg._alias_history.version IS 'Version it points to since then, NULL after a drop';
COMMENT ON COLUMN userseg._alias_history.previous IS 'Version it pointed to before, NULL when it was new';
COMMENT ON COLUMN userseg._alias_history.undone IS 'Whether a rollback went back over this move';
COMMENT ON COLUMN userseg._alias_history.set_at IS 'When it was moved';
COMMENT ON COLUMN userseg._alias_history.set_by IS 'Role that moved it';

CREATE TABLE userseg._grant (
	model text COLLATE "C" NOT NULL,
	grantee text COLLATE "C" NOT NULL,
	privilege text COLLATE "C" NOT NULL DEFAULT 'usage',
	granted_at timestamptz NOT NULL,
	granted_by text COLLATE "C" NOT NULL,
	CONSTRAINT _grant_pkey PRIMARY KEY (model, grantee, privilege)
);
COMMENT ON TABLE userseg._grant IS 'Privileges on models';
COMMENT ON COLUMN userseg._grant.model IS 'Name of the model';
COMMENT ON COLUMN userseg._grant.grantee IS 'Name of the role, or public';
COMMENT ON COLUMN userseg._grant.privilege IS 'usage';
COMMENT ON COLUMN userseg._grant.granted_at IS 'When it was granted';
COMMENT ON COLUMN userseg._grant.granted_by IS 'Role that granted it';

CREATE TABLE userseg._segment_name (
	model text COLLATE "C" NOT NULL,
	segment_id int NOT NULL,
	name text COLLATE "C" NOT NULL,
	named_at timestamptz NOT NULL,
	named_by text COLLATE "C" NOT NULL,
	CONSTRAINT _segment_name_pkey PRIMARY KEY (model, segment_id),
	CONSTRAINT _segment_name_name_key UNIQUE (model, name)
);
COMMENT ON TABLE userseg._segment_name IS 'Names given to segments; they belong to the durable number, not to a version';
COMMENT ON COLUMN userseg._segment_name.model IS 'Name of the model';
COMMENT ON COLUMN userseg._segment_name.segment_id IS 'Durable number of the segment';
COMMENT ON COLUMN userseg._segment_name.name IS 'Its name';
COMMENT ON COLUMN userseg._segment_name.named_at IS 'When it was named';
COMMENT ON COLUMN userseg._segment_name.named_by IS 'Role that named it';

CREATE TABLE userseg._assignment (
	table_schema text COLLATE "C" NOT NULL,
	table_name text COLLATE "C" NOT NULL,
	history_name text COLLATE "C",
	model text COLLATE "C" NOT NULL,
	id text COLLATE "C" NOT NULL,
	version int NOT NULL,
	as_of timestamptz NOT NULL,
	owner text COLLATE "C" NOT NULL,
	assigned_at timestamptz NOT NULL,
	CONSTRAINT _assignment_pkey PRIMARY KEY (table_schema, table_name)
);
COMMENT ON TABLE userseg._assignment IS 'Tables that userseg.assign keeps up to date';
COMMENT ON COLUMN userseg._assignment.table_schema IS 'Schema of the table of current rows';
COMMENT ON COLUMN userseg._assignment.table_name IS 'Table of current rows';
COMMENT ON COLUMN userseg._assignment.history_name IS 'Table of closed rows, in the same schema, NULL without history';
COMMENT ON COLUMN userseg._assignment.model IS 'Name of the model';
COMMENT ON COLUMN userseg._assignment.id IS 'Id column of the source';
COMMENT ON COLUMN userseg._assignment.version IS 'Version used last';
COMMENT ON COLUMN userseg._assignment.as_of IS 'Instant for which the last run assigned';
COMMENT ON COLUMN userseg._assignment.owner IS 'Role that owned the table at the last run';
COMMENT ON COLUMN userseg._assignment.assigned_at IS 'When the last run was';

CREATE TABLE userseg._trial (
	model text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	params jsonb NOT NULL,
	metrics text[] NOT NULL,
	fold_values float8[] NOT NULL,
	fold_rows bigint[] NOT NULL,
	converged boolean NOT NULL,
	seconds float8 NOT NULL,
	tried_by text COLLATE "C" NOT NULL,
	tried_at timestamptz NOT NULL,
	CONSTRAINT _trial_pkey PRIMARY KEY (model, key)
);
COMMENT ON TABLE userseg._trial IS 'Trials of userseg.tune: read back when the same is tried again on the same data';
COMMENT ON COLUMN userseg._trial.model IS 'Name of the model';
COMMENT ON COLUMN userseg._trial.key IS 'Digest of data, algorithm, parameters, folds';
COMMENT ON COLUMN userseg._trial.params IS 'Parameters of the trial';
COMMENT ON COLUMN userseg._trial.metrics IS 'Names of what was measured';
COMMENT ON COLUMN userseg._trial.fold_values IS 'Their values, fold by fold';
COMMENT ON COLUMN userseg._trial.fold_rows IS 'Rows learned from and measured on, fold by fold';
COMMENT ON COLUMN userseg._trial.converged IS 'Whether the fits of all folds converged';
COMMENT ON COLUMN userseg._trial.seconds IS 'Time it took';
COMMENT ON COLUMN userseg._trial.tried_by IS 'Role that tried it';
COMMENT ON COLUMN userseg._trial.tried_at IS 'When';

CREATE SEQUENCE userseg._run_number AS bigint;
COMMENT ON SEQUENCE userseg._run_number IS 'Numbers of runs';

CREATE TABLE userseg._run (
	run bigint NOT NULL DEFAULT pg_catalog.nextval('userseg._run_number'),
	kind text COLLATE "C" NOT NULL,
	model text COLLATE "C" NOT NULL,
	version int,
	ok boolean NOT NULL,
	message text,
	started_at timestamptz NOT NULL,
	finished_at timestamptz NOT NULL,
	n_rows bigint,
	details jsonb NOT NULL,
	role text COLLATE "C" NOT NULL,
	owner text COLLATE "C" NOT NULL,
	CONSTRAINT _run_pkey PRIMARY KEY (run)
);
CREATE INDEX _run_model_idx ON userseg._run (model, run);
COMMENT ON INDEX userseg._run_model_idx IS 'Runs of one model in order';
COMMENT ON TABLE userseg._run IS 'Log of trainings, assignments and other jobs';
COMMENT ON COLUMN userseg._run.run IS 'Number of the run';
COMMENT ON COLUMN userseg._run.kind IS 'train, assign, ...';
COMMENT ON COLUMN userseg._run.model IS 'Name of the model';
COMMENT ON COLUMN userseg._run.version IS 'Version that was made or used, if any';
COMMENT ON COLUMN userseg._run.ok IS 'Whether it succeeded';
COMMENT ON COLUMN userseg._run.message IS 'Message of the error, if it failed';
COMMENT ON COLUMN userseg._run.started_at IS 'Start';
COMMENT ON COLUMN userseg._run.finished_at IS 'End';
COMMENT ON COLUMN userseg._run.n_rows IS 'Rows read, where counted';
COMMENT ON COLUMN userseg._run.details IS 'What is special to the kind of run';
COMMENT ON COLUMN userseg._run.role IS 'Role that ran it';
COMMENT ON COLUMN userseg._run.owner IS 'Role that owned the model then';

REVOKE ALL ON userseg._model, userseg._version, userseg._artifact_chunk, userseg._alias,
	userseg._alias_history, userseg._grant, userseg._segment_name, userseg._assignment,
	userseg._trial, userseg._run FROM PUBLIC;
REVOKE ALL ON SEQUENCE userseg._run_number FROM PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('userseg._model', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._version', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._artifact_chunk', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._alias', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._alias_history', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._grant', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._segment_name', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._assignment', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._trial', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._run_number', '');
SELECT pg_catalog.pg_extension_config_dump('userseg._run', '');
