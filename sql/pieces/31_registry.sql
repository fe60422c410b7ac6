-- The registry as users see it: views, administration, what is known of a model.

-- ---- privileges: the checks of src/model/privilege.c, for the views ----

CREATE FUNCTION userseg._acts_as(role text) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_acts_as';
COMMENT ON FUNCTION userseg._acts_as(text)
IS 'Whether the current user has the rights of the role of this name; nobody but a superuser has those of a role that does not exist';

CREATE FUNCTION userseg._may_use(model text, owner text) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'userseg_may_use';
COMMENT ON FUNCTION userseg._may_use(text, text)
IS 'Whether the current user has the rights of the owner, or a grant on the model';

-- ---- views ----

CREATE VIEW userseg.models WITH (security_barrier) AS
SELECT m.name AS model, m.owner, m.created_at, n.versions, n.newest AS newest_version,
	d.version AS default_version, d.algorithm, d.task, d.n_labels, d.n_rows, d.n_features,
	d.metric, d.metric_value, d.converged, d.created_at AS trained_at
FROM userseg._model m
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS versions, pg_catalog.max(v.version) AS newest
	FROM userseg._version v WHERE v.model = m.name) n
LEFT JOIN userseg._alias a ON a.model = m.name AND a.alias = 'production'
LEFT JOIN userseg._version d ON d.model = m.name AND d.version = COALESCE(a.version, n.newest)
WHERE userseg._may_use(m.name, m.owner);
COMMENT ON VIEW userseg.models IS 'Models that you may use: what a bare name means now';
COMMENT ON COLUMN userseg.models.model IS 'Name of the model';
COMMENT ON COLUMN userseg.models.owner IS 'Role that owns it';
COMMENT ON COLUMN userseg.models.created_at IS 'When its first version was trained';
COMMENT ON COLUMN userseg.models.versions IS 'Number of versions';
COMMENT ON COLUMN userseg.models.newest_version IS 'Number of the newest version';
COMMENT ON COLUMN userseg.models.default_version IS 'Version that the bare name means: alias production, else the newest';
COMMENT ON COLUMN userseg.models.algorithm IS 'Algorithm of that version';
COMMENT ON COLUMN userseg.models.task IS 'clustering, classification or regression';
COMMENT ON COLUMN userseg.models.n_labels IS 'Number of segments or classes, 0 for a regression';
COMMENT ON COLUMN userseg.models.n_rows IS 'Rows it was trained on';
COMMENT ON COLUMN userseg.models.n_features IS 'Features used';
COMMENT ON COLUMN userseg.models.metric IS 'Name of the main figure of merit';
COMMENT ON COLUMN userseg.models.metric_value IS 'Its value';
COMMENT ON COLUMN userseg.models.converged IS 'Whether the training converged';
COMMENT ON COLUMN userseg.models.trained_at IS 'End of the training';

CREATE VIEW userseg.model_versions WITH (security_barrier) AS
SELECT v.model, v.version, v.artifact_id, v.artifact_bytes, v.algorithm, v.task, v.n_labels,
	v.segment_ids, v.n_rows, v.n_features, v.converged, v.created_at, v.created_by, v.metric,
	v.metric_value, v.iterations, v.duration, v.warnings, v.metrics, v.details, v.source,
	v.target, v.id, v.weight, v.time_column, v.columns, v.transform, v.params, v.null_policy,
	v.holdout, v.seed, v.data_checksum, v.userseg_version, v.postgres_version,
	v.parent_version
FROM userseg._version v JOIN userseg._model m ON m.name = v.model
WHERE userseg._may_use(m.name, m.owner);
COMMENT ON VIEW userseg.model_versions IS 'Versions of the models that you may use, with their lineage';
COMMENT ON COLUMN userseg.model_versions.model IS 'Name of the model';
COMMENT ON COLUMN userseg.model_versions.version IS 'Number of the version, from 1';
COMMENT ON COLUMN userseg.model_versions.artifact_id IS 'Random identity of the stored model, never used again';
COMMENT ON COLUMN userseg.model_versions.artifact_bytes IS 'Size of the stored model';
COMMENT ON COLUMN userseg.model_versions.algorithm IS 'Name of the algorithm, see userseg.algorithms()';
COMMENT ON COLUMN userseg.model_versions.task IS 'clustering, classification or regression';
COMMENT ON COLUMN userseg.model_versions.n_labels IS 'Number of segments or classes, 0 for a regression';
COMMENT ON COLUMN userseg.model_versions.segment_ids IS 'Durable number of each segment or class';
COMMENT ON COLUMN userseg.model_versions.n_rows IS 'Rows it was trained on';
COMMENT ON COLUMN userseg.model_versions.n_features IS 'Features used';
COMMENT ON COLUMN userseg.model_versions.converged IS 'Whether the training converged';
COMMENT ON COLUMN userseg.model_versions.created_at IS 'End of the training';
COMMENT ON COLUMN userseg.model_versions.created_by IS 'Role that trained it';
COMMENT ON COLUMN userseg.model_versions.metric IS 'Name of the main figure of merit';
COMMENT ON COLUMN userseg.model_versions.metric_value IS 'Its value';
COMMENT ON COLUMN userseg.model_versions.iterations IS 'Iterations of the training';
COMMENT ON COLUMN userseg.model_versions.duration IS 'Time the training took';
COMMENT ON COLUMN userseg.model_versions.warnings IS 'Warnings of the training';
COMMENT ON COLUMN userseg.model_versions.metrics IS 'All figures measured at training: array of {metric, value, ci_low, ci_high, n}';
COMMENT ON COLUMN userseg.model_versions.details IS 'What is special to the algorithm and the preprocessing';
COMMENT ON COLUMN userseg.model_versions.source IS 'Source of the training as it was given';
COMMENT ON COLUMN userseg.model_versions.target IS 'Target column';
COMMENT ON COLUMN userseg.model_versions.id IS 'Id column';
COMMENT ON COLUMN userseg.model_versions.weight IS 'Weight column';
COMMENT ON COLUMN userseg.model_versions.time_column IS 'Time column';
COMMENT ON COLUMN userseg.model_versions.columns IS 'Columns used as features';
COMMENT ON COLUMN userseg.model_versions.transform IS 'Transformations as they were given';
COMMENT ON COLUMN userseg.model_versions.params IS 'Parameters as they were given';
COMMENT ON COLUMN userseg.model_versions.null_policy IS 'impute, error or skip';
COMMENT ON COLUMN userseg.model_versions.holdout IS 'Share of the rows held out';
COMMENT ON COLUMN userseg.model_versions.seed IS 'Seed of all random decisions';
COMMENT ON COLUMN userseg.model_versions.data_checksum IS 'Checksum of the training data, independent of the order of the rows';
COMMENT ON COLUMN userseg.model_versions.userseg_version IS 'Version of userseg that trained it';
COMMENT ON COLUMN userseg.model_versions.postgres_version IS 'Version of PostgreSQL that trained it';
COMMENT ON COLUMN userseg.model_versions.parent_version IS 'Version of the same model that it was made from, NULL when it was trained anew';

CREATE VIEW userseg.aliases WITH (security_barrier) AS
SELECT a.model, a.alias, a.version, a.set_at, a.set_by
FROM userseg._alias a JOIN userseg._model m ON m.name = a.model
WHERE userseg._may_use(m.name, m.owner);
COMMENT ON VIEW userseg.aliases IS 'Aliases of the models that you may use';
COMMENT ON COLUMN userseg.aliases.model IS 'Name of the model';
COMMENT ON COLUMN userseg.aliases.alias IS 'Name of the alias';
COMMENT ON COLUMN userseg.aliases.version IS 'Version it points to';
COMMENT ON COLUMN userseg.aliases.set_at IS 'When it was moved there';
COMMENT ON COLUMN userseg.aliases.set_by IS 'Role that moved it';

CREATE VIEW userseg.alias_history WITH (security_barrier) AS
SELECT h.model, h.alias, h.step, h.action, h.version, h.previous, h.undone, h.set_at, h.set_by
FROM userseg._alias_history h JOIN userseg._model m ON m.name = h.model
WHERE userseg._may_use(m.name, m.owner);
COMMENT ON VIEW userseg.alias_history IS 'Every move of an alias of the models that you may use';
COMMENT ON COLUMN userseg.alias_history.model IS 'Name of the model';
COMMENT ON COLUMN userseg.alias_history.alias IS 'Name of the alias';
COMMENT ON COLUMN userseg.alias_history.step IS 'Number of the move, from 1';
COMMENT ON COLUMN userseg.alias_history.action IS 'set, rollback or drop';
COMMENT ON COLUMN userseg.alias_history.version IS 'Version it points to since then, NULL after a drop';
COMMENT ON COLUMN userseg.alias_history.previous IS 'Version it pointed to before, NULL when it was new';
COMMENT ON COLUMN userseg.alias_history.undone IS 'Whether a rollback went back over this move';
COMMENT ON COLUMN userseg.alias_history.set_at IS 'When it was moved';
COMMENT ON COLUMN userseg.alias_history.set_by IS 'Role that moved it';

CREATE VIEW userseg.grants WITH (security_barrier) AS
SELECT g.model, g.grantee, g.privilege, g.granted_at, g.granted_by
FROM userseg._grant g JOIN userseg._model m ON m.name = g.model
WHERE userseg._may_use(m.name, m.owner);
COMMENT ON VIEW userseg.grants IS 'Grants on the models that you may use';
COMMENT ON COLUMN userseg.grants.model IS 'Name of the model';
COMMENT ON COLUMN userseg.grants.grantee IS 'Name of the role, or public';
COMMENT ON COLUMN userseg.grants.privilege IS 'usage';
COMMENT ON COLUMN userseg.grants.granted_at IS 'When it was granted';
COMMENT ON COLUMN userseg.grants.granted_by IS 'Role that granted it';

CREATE VIEW userseg.segment_names WITH (security_barrier) AS
SELECT s.model, s.segment_id, s.name, s.named_at, s.named_by
FROM userseg._segment_name s JOIN userseg._model m ON m.name = s.model
WHERE userseg._may_use(m.name, m.owner);
COMMENT ON VIEW userseg.segment_names IS 'Names given to segments of the models that you may use';
COMMENT ON COLUMN userseg.segment_names.model IS 'Name of the model';
COMMENT ON COLUMN userseg.segment_names.segment_id IS 'Durable number of the segment';
COMMENT ON COLUMN userseg.segment_names.name IS 'Its name';
COMMENT ON COLUMN userseg.segment_names.named_at IS 'When it was named';
COMMENT ON COLUMN userseg.segment_names.named_by IS 'Role that named it';

CREATE VIEW userseg.assignments WITH (security_barrier) AS
SELECT a.table_schema, a.table_name, a.history_name, a.model, a.id, a.version, a.as_of, a.owner, a.assigned_at
FROM userseg._assignment a
WHERE userseg._acts_as(a.owner);
COMMENT ON VIEW userseg.assignments IS 'Tables of segment labels that you own';
COMMENT ON COLUMN userseg.assignments.table_schema IS 'Schema of the table of current rows';
COMMENT ON COLUMN userseg.assignments.table_name IS 'Table of current rows';
COMMENT ON COLUMN userseg.assignments.history_name IS 'Table of closed rows, in the same schema, NULL without history';
COMMENT ON COLUMN userseg.assignments.model IS 'Name of the model';
COMMENT ON COLUMN userseg.assignments.id IS 'Id column of the source';
COMMENT ON COLUMN userseg.assignments.version IS 'Version used last';
COMMENT ON COLUMN userseg.assignments.as_of IS 'Instant for which the last run assigned';
COMMENT ON COLUMN userseg.assignments.owner IS 'Role that owned the table at the last run';
COMMENT ON COLUMN userseg.assignments.assigned_at IS 'When the last run was';

CREATE VIEW userseg.runs WITH (security_barrier) AS
SELECT r.run, r.kind, r.model, r.version, r.ok, r.message, r.started_at, r.finished_at, r.n_rows,
	r.details, r.role
FROM userseg._run r
WHERE userseg._acts_as(r.role) OR userseg._acts_as(r.owner);
COMMENT ON VIEW userseg.runs IS 'Runs of yours and of your models: trainings, assignments and other jobs';
COMMENT ON COLUMN userseg.runs.run IS 'Number of the run';
COMMENT ON COLUMN userseg.runs.kind IS 'train, assign, ...';
COMMENT ON COLUMN userseg.runs.model IS 'Name of the model';
COMMENT ON COLUMN userseg.runs.version IS 'Version that was made or used, if any';
COMMENT ON COLUMN userseg.runs.ok IS 'Whether it succeeded';
COMMENT ON COLUMN userseg.runs.message IS 'Message of the error, if it failed';
COMMENT ON COLUMN userseg.runs.started_at IS 'Start';
COMMENT ON COLUMN userseg.runs.finished_at IS 'End';
COMMENT ON COLUMN userseg.runs.n_rows IS 'Rows read, where counted';
COMMENT ON COLUMN userseg.runs.details IS 'What is special to the kind of run';
COMMENT ON COLUMN userseg.runs.role IS 'Role that ran it';

GRANT SELECT ON userseg.models, userseg.model_versions, userseg.aliases, userseg.alias_history, userseg.grants, userseg.segment_names, userseg.assignments, userseg.runs TO PUBLIC;

-- ---- administration: for the owner of the model ----

CREATE FUNCTION userseg.set_alias(model text, alias text, force boolean DEFAULT false) RETURNS int
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_set_alias';
COMMENT ON FUNCTION userseg.set_alias(text, text, boolean)
IS 'Let an alias point to a version, as in set_alias(''vip@7'', ''production''); returns its number';

CREATE FUNCTION userseg.drop_alias(model text, alias text) RETURNS int
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_drop_alias';
COMMENT ON FUNCTION userseg.drop_alias(text, text)
IS 'Remove an alias; returns the version it pointed to';

CREATE FUNCTION userseg.rollback(model text, alias text DEFAULT 'production') RETURNS int
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_rollback';
COMMENT ON FUNCTION userseg.rollback(text, text)
IS 'Let an alias point where it pointed before its last move; returns that version';

CREATE FUNCTION userseg.drop_version(model text) RETURNS int
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_drop_version';
COMMENT ON FUNCTION userseg.drop_version(text)
IS 'Drop one version, as in drop_version(''vip@7''); returns its number';

CREATE FUNCTION userseg.drop_model(model text) RETURNS int
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_drop_model';
COMMENT ON FUNCTION userseg.drop_model(text)
IS 'Drop a model with all of its versions, aliases, grants and segment names; returns how many versions';

CREATE FUNCTION userseg.grant_usage(model text, role text) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_grant_usage';
COMMENT ON FUNCTION userseg.grant_usage(text, text)
IS 'Let a role (or public) score with a model and read what is known of it';

CREATE FUNCTION userseg.revoke_usage(model text, role text) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_revoke_usage';
COMMENT ON FUNCTION userseg.revoke_usage(text, text)
IS 'Take back what grant_usage gave';

CREATE FUNCTION userseg.reassign_owned(old_role text, new_role text) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_reassign_owned';
COMMENT ON FUNCTION userseg.reassign_owned(text, text)
IS 'Give the models and assignments of one role, which may be dropped already, to another; returns how many models';

-- ---- what is known ----

CREATE FUNCTION userseg.algorithms()
RETURNS TABLE (algorithm text, task text, description text, params jsonb)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10 AS 'MODULE_PATHNAME', 'userseg_algorithms';
COMMENT ON FUNCTION userseg.algorithms()
IS 'Algorithms that userseg.train knows, each with its parameters: name, type, default, min, max, choices, help';

CREATE FUNCTION userseg.training_info(model text)
RETURNS TABLE (model text, version int, artifact_id uuid, algorithm text, task text, owner text,
	trained_by text, trained_at timestamptz, source text, target text, id text, weight text,
	time_column text, columns text[], transform jsonb, params jsonb, null_policy text,
	holdout float8, seed bigint, n_rows bigint, data_checksum text, iterations int,
	converged boolean, metric text, metric_value float8, warnings text[], userseg_version text,
	postgres_version text, parent_version int)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 1 AS 'MODULE_PATHNAME', 'userseg_training_info';
COMMENT ON FUNCTION userseg.training_info(text)
IS 'Where a version came from: who, when, which data, which settings, which software';

CREATE FUNCTION userseg.feature_info(model text)
RETURNS TABLE (feature text, type text, used boolean, weight float8, encoded text[], details jsonb)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'userseg_feature_info';
COMMENT ON FUNCTION userseg.feature_info(text)
IS 'Features of a version: type at training, columns that the model sees, what preprocessing learned';

-- ---- a model by value ----

CREATE TYPE userseg._artifact_value;
CREATE FUNCTION userseg._artifact_value_in(cstring) RETURNS userseg._artifact_value
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_artifact_value_in';
CREATE FUNCTION userseg._artifact_value_out(userseg._artifact_value) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_artifact_value_out';
CREATE FUNCTION userseg._artifact_value_recv(internal) RETURNS userseg._artifact_value
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_artifact_value_recv';
CREATE FUNCTION userseg._artifact_value_send(userseg._artifact_value) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_artifact_value_send';
CREATE TYPE userseg._artifact_value (
	INPUT = userseg._artifact_value_in,
	OUTPUT = userseg._artifact_value_out,
	RECEIVE = userseg._artifact_value_recv,
	SEND = userseg._artifact_value_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);
COMMENT ON TYPE userseg._artifact_value IS 'Everything that scoring needs of a model, in one value';
COMMENT ON FUNCTION userseg._artifact_value_in(cstring) IS 'Input: the payload in hexadecimal, checked';
COMMENT ON FUNCTION userseg._artifact_value_out(userseg._artifact_value) IS 'Output: the payload in hexadecimal';
COMMENT ON FUNCTION userseg._artifact_value_recv(internal) IS 'Binary input: the payload, checked';
COMMENT ON FUNCTION userseg._artifact_value_send(userseg._artifact_value) IS 'Binary output: the payload';

-- A row type, for artifact('vip') with a type of that name that is none would be a cast.
CREATE TYPE userseg.artifact AS (model text, version int, value userseg._artifact_value);
COMMENT ON TYPE userseg.artifact IS 'A model by value: stored, sent, or passed to userseg.score() where there is no catalog';
COMMENT ON COLUMN userseg.artifact.model IS 'Name of the model';
COMMENT ON COLUMN userseg.artifact.version IS 'Number of the version';
COMMENT ON COLUMN userseg.artifact.value IS 'Its encoder, its parameters, numbers and names of its segments or classes';

CREATE FUNCTION userseg.artifact(model text) RETURNS userseg.artifact
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_artifact';
COMMENT ON FUNCTION userseg.artifact(text) IS 'A model by value, for userseg.score()';
