-- Who may do what with a model.
\set VERBOSITY terse
\set SHOW_CONTEXT never
-- other tests may have left something
DO $$
BEGIN
	PERFORM userseg.drop_model(model) FROM userseg.models;
	DELETE FROM userseg._run;
	DELETE FROM userseg._assignment;
END $$;
CREATE ROLE regress_us_alice;
CREATE ROLE regress_us_bob;
CREATE ROLE "regress us Carol";
CREATE ROLE regress_us_team;
CREATE ROLE regress_us_mallory;
GRANT regress_us_team TO regress_us_bob;
CREATE SCHEMA lab;
GRANT USAGE, CREATE ON SCHEMA lab TO regress_us_alice, regress_us_mallory;
CREATE TABLE points AS SELECT i AS id, (i % 2) * 100 + i / 1000.0 AS x FROM generate_series(1, 100) i;
GRANT SELECT ON points TO PUBLIC;

-- an unprivileged role trains on what it can read, and owns the model
SET ROLE regress_us_alice;
SELECT version FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":2}', alias => 'production');
SELECT segment_ids[1] AS id FROM userseg.model_versions \gset
SELECT userseg.name_segment('vip', :id, 'gold');
SELECT model, owner FROM userseg.models;
SELECT kind, model, version, ok, n_rows, role FROM userseg.runs;

-- nobody else sees or uses it
SET ROLE regress_us_bob;
SELECT count(*) FROM userseg.models;
SELECT count(*) FROM userseg.model_versions;
SELECT count(*) FROM userseg.aliases;
SELECT count(*) FROM userseg.alias_history;
SELECT count(*) FROM userseg.grants;
SELECT count(*) FROM userseg.segment_names;
SELECT count(*) FROM userseg.runs;
SELECT userseg.predict('vip', p) FROM points p LIMIT 1;
SELECT userseg.artifact('vip');
SELECT userseg.training_info('vip');
SELECT userseg.feature_info('vip');
SELECT userseg.training_info('vip@9');
SELECT version FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":2}');
SELECT userseg.set_alias('vip@1', 'production');
SELECT userseg.drop_alias('vip', 'production');
SELECT userseg.rollback('vip');
SELECT userseg.drop_version('vip@1');
SELECT userseg.drop_model('vip');
SELECT userseg.grant_usage('vip', 'regress_us_bob');
SELECT userseg.revoke_usage('vip', 'regress_us_bob');
SELECT userseg.name_segment('vip', 1, 'x');
-- the hint does not show names that the role may not use
\set VERBOSITY default
SELECT userseg.training_info('vipp');
\set VERBOSITY terse
-- the tables are out of reach
SELECT count(*) FROM userseg._model;
SELECT count(*) FROM userseg._artifact_chunk;
INSERT INTO userseg._grant VALUES ('vip', 'regress_us_bob', 'usage', now(), 'regress_us_bob');
UPDATE userseg._model SET owner = 'regress_us_bob';
SELECT nextval('userseg._run_number');
UPDATE userseg.aliases SET version = 1;

-- a grant lets a role score and read; it administers nothing
SET ROLE regress_us_alice;
SELECT userseg.grant_usage('vip', 'regress_us_team');
SELECT userseg.grant_usage('vip', 'regress_us_team');
SELECT userseg.grant_usage('vip', 'nobody_here');
SELECT userseg.grant_usage('vip@1', 'regress_us_team');
SELECT grantee, privilege, granted_by FROM userseg.grants;
SET ROLE regress_us_bob;
SELECT model, owner, default_version FROM userseg.models;
SELECT name FROM userseg.segment_names;
SELECT count(userseg.predict('vip', p)) FROM points p;
SELECT version FROM userseg.training_info('vip');
SELECT (userseg.artifact('vip')).version;
SELECT version FROM userseg.train('vip', 'kmeans', 'points', id => 'id', params => '{"k":2}');
SELECT userseg.drop_model('vip');
SELECT userseg.grant_usage('vip', 'regress_us_mallory');
-- a prepared statement checks at each execution
PREPARE p AS SELECT count(userseg.predict('vip', p)) FROM points p;
EXECUTE p;
SET ROLE regress_us_mallory;
EXECUTE p;
SET ROLE regress_us_bob;
EXECUTE p;
-- who uses a model sees its own runs, the owner sees all of them
RESET ROLE;
GRANT USAGE, CREATE ON SCHEMA lab TO regress_us_bob;
SET ROLE regress_us_bob;
SELECT n_rows FROM userseg.assign('vip', 'points', 'id', 'lab.labels');
SELECT kind, role FROM userseg.runs ORDER BY run;
SELECT table_schema, table_name, model, owner FROM userseg.assignments;
SET ROLE regress_us_alice;
SELECT kind, role FROM userseg.runs ORDER BY run;
SELECT count(*) FROM userseg.assignments;
SET ROLE regress_us_mallory;
SELECT count(*) FROM userseg.runs;
-- within one PL/pgSQL call site, too
RESET ROLE;
CREATE FUNCTION lab.both() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r text;
BEGIN
	FOREACH r IN ARRAY ARRAY['regress_us_bob', 'regress_us_mallory', 'regress_us_bob', 'regress_us_alice'] LOOP
		PERFORM set_config('role', r, true);
		BEGIN
			RETURN NEXT r || ' ' || (userseg.artifact('vip')).version;
		EXCEPTION WHEN insufficient_privilege THEN
			RETURN NEXT r || ' ' || SQLERRM;
		END;
	END LOOP;
	PERFORM set_config('role', 'none', true);
END $$;
SELECT lab.both();
-- a function of the owner lends its right
SET ROLE regress_us_alice;
CREATE FUNCTION lab.score(p points) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$ SELECT userseg.predict('vip', p) $$;
RESET ROLE;
GRANT USAGE ON SCHEMA lab TO regress_us_mallory;
SET ROLE regress_us_mallory;
SELECT count(lab.score(p)) FROM points p;
SELECT count(userseg.predict('vip', p)) FROM points p;
-- a view does not
SET ROLE regress_us_alice;
CREATE VIEW lab.scored AS SELECT p.id, userseg.predict('vip', p) AS segment FROM points p;
GRANT SELECT ON lab.scored TO regress_us_mallory, regress_us_bob;
SET ROLE regress_us_mallory;
SELECT count(segment) FROM lab.scored;
SET ROLE regress_us_bob;
SELECT count(segment) FROM lab.scored;

SET ROLE regress_us_alice;
SELECT userseg.revoke_usage('vip', 'regress_us_team');
SELECT userseg.revoke_usage('vip', 'regress_us_team');
SET ROLE regress_us_bob;
SELECT userseg.predict('vip', p) FROM points p LIMIT 1;
SELECT count(*) FROM userseg.models;

-- public; names with capitals and blanks
SET ROLE regress_us_alice;
SELECT userseg.grant_usage('vip', 'PUBLIC');
SELECT grantee FROM userseg.grants;
SET ROLE regress_us_mallory;
SELECT count(userseg.predict('vip', p)) FROM points p;
SET ROLE regress_us_alice;
SELECT userseg.revoke_usage('vip', 'public');
SELECT userseg.grant_usage('vip', 'regress us Carol');
SET ROLE "regress us Carol";
SELECT count(userseg.predict('vip', p)) FROM points p;
SET ROLE regress_us_mallory;
SELECT count(userseg.predict('vip', p)) FROM points p;

-- members of the owning role own the model; superusers, all
RESET ROLE;
GRANT regress_us_alice TO regress_us_bob;
SET ROLE regress_us_bob;
SELECT userseg.set_alias('vip@1', 'staging');
SELECT set_by FROM userseg.aliases WHERE alias = 'staging';
RESET ROLE;
REVOKE regress_us_alice FROM regress_us_bob;
SELECT count(userseg.predict('vip', p)) FROM points p;

-- giving models away
SET ROLE regress_us_mallory;
SELECT userseg.reassign_owned('regress_us_alice', 'regress_us_mallory');
SET ROLE regress_us_alice;
SELECT userseg.reassign_owned('regress_us_alice', 'regress_us_bob');
SELECT userseg.reassign_owned('public', 'regress_us_alice');
RESET ROLE;
SELECT userseg.reassign_owned('regress_us_alice', 'nobody_here');
SELECT userseg.reassign_owned('regress_us_alice', 'regress_us_team');
SET ROLE regress_us_bob;
SELECT model, owner FROM userseg.models;
SET ROLE regress_us_alice;
SELECT count(*) FROM userseg.models;
RESET ROLE;

-- what a role that is gone has left is nobody's, until a superuser gives it away
SELECT userseg.reassign_owned('regress_us_team', 'regress_us_alice');
DROP OWNED BY regress_us_alice;
DROP ROLE regress_us_alice;
DROP ROLE "regress us Carol";
SET ROLE regress_us_bob;
SELECT count(*) FROM userseg.models;
SELECT userseg.predict('vip', p) FROM points p LIMIT 1;
SELECT userseg.reassign_owned('regress_us_alice', 'regress_us_bob');
RESET ROLE;
SELECT model, owner FROM userseg.models;
SELECT userseg.revoke_usage('vip', 'regress us Carol');
SELECT count(*) FROM userseg.grants;
SELECT userseg.reassign_owned('regress_us_alice', 'regress_us_bob');
SET ROLE regress_us_bob;
SELECT count(userseg.predict('vip', p)) FROM points p;

-- what a user plants is not picked up: operators and functions that match better
RESET ROLE;
CREATE SCHEMA trap AUTHORIZATION regress_us_mallory;
GRANT CREATE, USAGE ON SCHEMA trap TO regress_us_mallory, regress_us_bob;
SET ROLE regress_us_mallory;
CREATE FUNCTION trap.spring(text, text) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
CREATE FUNCTION trap.spring(int, int) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.spring);
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.spring);
CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
CREATE FUNCTION trap.max(int) RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
CREATE FUNCTION trap.octet_length(bytea) RETURNS int LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
RESET ROLE;
SET search_path = trap, pg_catalog, public;
SELECT 'a'::text = 'a'::text;
SET ROLE regress_us_bob;
SELECT version FROM userseg.train('vip', 'kmeans', 'SELECT x FROM points', params => '{"k":2}', alias => 'production');
SELECT userseg.rollback('vip');
SELECT userseg.set_alias('vip@2', 'staging');
SELECT userseg.grant_usage('vip', 'regress_us_mallory');
SELECT userseg.revoke_usage('vip', 'regress_us_mallory');
SELECT userseg.name_segment('vip', 1, 'silver');
SELECT count(userseg.predict('vip', p)) FROM points p;
SELECT model, default_version FROM userseg.models;
SELECT userseg.drop_version('vip@staging');
RESET search_path;
-- the same in the temporary schema
CREATE FUNCTION pg_temp.spring(text, text) RETURNS boolean LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'sprung as %', current_user; END $$;
CREATE OPERATOR pg_temp.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_temp.spring);
CREATE TEMP TABLE _model (name text, owner text);
CREATE TEMP TABLE _grant (model text, grantee text, privilege text);
INSERT INTO _grant SELECT 'vip', 'regress_us_mallory', 'usage';
SELECT userseg.set_alias('vip@1', 'production');
SELECT userseg.set_alias('vip@1', 'canary');
SELECT count(*) FROM userseg.grants;
SELECT userseg.drop_model('vip');
RESET ROLE;

DROP SCHEMA trap CASCADE;
DROP SCHEMA lab CASCADE;
DROP TABLE points;
DROP OWNED BY regress_us_bob, regress_us_team, regress_us_mallory;
DROP ROLE regress_us_bob, regress_us_team, regress_us_mallory;
