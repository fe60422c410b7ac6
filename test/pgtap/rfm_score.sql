-- Shape of breaks, scores and segments, and who may do what.
BEGIN;
SELECT plan(29);

SELECT ok(a.aggcombinefn = 'userseg._rfm_breaks_combine'::regproc AND a.aggtranstype <> 'internal'::regtype AND p.proparallel = 's',
	'rfm_breaks is combinable and parallel safe')
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid WHERE p.oid = 'userseg.rfm_breaks(float8, int)'::regprocedure;
SELECT is(pg_get_function_result('userseg.rfm_breaks(float8, int)'::regprocedure), 'double precision[]', 'result of rfm_breaks');
SELECT is(pg_get_function_arguments('userseg.rfm_score(float8, float8[], boolean)'::regprocedure),
	'value double precision, breaks double precision[], reverse boolean DEFAULT false', 'arguments of rfm_score');
SELECT is(pg_get_function_arguments('userseg.rfm_segment(int, int, int)'::regprocedure), 'r integer, f integer, m integer', 'arguments of rfm_segment');
SELECT is(pg_get_function_arguments('userseg.rfm_scores(text, float8, float8, float8)'::regprocedure),
	'scale text, recency double precision, frequency double precision, monetary double precision', 'arguments of rfm_scores');
SELECT is(pg_get_function_result('userseg.rfm_rules()'::regprocedure), 'SETOF record', 'result of rfm_rules');
SELECT is((SELECT proargnames FROM pg_proc WHERE oid = 'userseg.rfm_rules()'::regprocedure), ARRAY['r', 'f', 'm', 'segment', 'rule'], 'columns of rfm_rules');
SELECT is(pg_get_function_arguments('userseg.save_rfm_scale(text, float8[], float8[], float8[])'::regprocedure),
	'name text, recency double precision[], frequency double precision[], monetary double precision[]', 'arguments of save_rfm_scale');
SELECT has_function('userseg', 'drop_rfm_scale', ARRAY['text']);

SELECT volatility_is('userseg', 'rfm_score', ARRAY['double precision', 'double precision[]', 'boolean'], 'immutable');
SELECT volatility_is('userseg', 'rfm_segment', ARRAY['integer', 'integer', 'integer'], 'stable');
SELECT volatility_is('userseg', 'rfm_scores', ARRAY['text', 'double precision', 'double precision', 'double precision'], 'stable');
SELECT volatility_is('userseg', 'rfm_rules', ARRAY[]::text[], 'stable');
SELECT is(string_agg(proname, ',' ORDER BY proname), 'drop_rfm_scale,save_rfm_scale', 'only what writes is not parallel safe')
FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname ~ 'rfm_(s|b|r)' AND proparallel <> 's';
SELECT is((SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname ~ 'rfm_(s|b|r)' AND prosecdef), 0, 'nothing runs as another role');

SELECT columns_are('userseg', 'rfm_rule', ARRAY['position', 'segment', 'replaces', 'r_min', 'r_max', 'f_min', 'f_max', 'm_min', 'm_max']);
SELECT col_is_pk('userseg'::name, 'rfm_rule'::name, 'position'::name, 'rules are told by their position');
SELECT columns_are('userseg', 'rfm_scales', ARRAY['name', 'owner', 'recency', 'frequency', 'monetary', 'saved_at', 'saved_by']);
SELECT ok('security_barrier=true' = ANY (reloptions), 'rfm_scales is a security barrier') FROM pg_class WHERE oid = 'userseg.rfm_scales'::regclass;
SELECT ok('userseg.rfm_rule'::regclass = ANY (extconfig) AND 'userseg._rfm_scale'::regclass = ANY (extconfig), 'rules and scales are dumped')
FROM pg_extension WHERE extname = 'userseg';
SELECT is((SELECT count(*)::int FROM userseg.rfm_rule), 0, 'built-in rules are code, the table is empty');

CREATE ROLE userseg_rfm_nobody;
SELECT table_privs_are('userseg', 'rfm_rule', 'userseg_rfm_nobody', ARRAY['SELECT']);
SELECT table_privs_are('userseg', '_rfm_scale', 'userseg_rfm_nobody', ARRAY[]::text[]);
SELECT table_privs_are('userseg', 'rfm_scales', 'userseg_rfm_nobody', ARRAY['SELECT']);
SELECT ok(has_function_privilege('userseg_rfm_nobody', 'userseg.rfm_segment(int, int, int)', 'EXECUTE'), 'everyone may ask for segments');

SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p WHERE pronamespace = 'userseg'::regnamespace
	AND proname ~ 'rfm_(s|b|r)' AND obj_description(p.oid, 'pg_proc') IS NULL), NULL, 'every function has a comment');
SELECT is((SELECT string_agg(attrelid::regclass || '.' || attname, ', ') FROM pg_attribute
	WHERE attrelid IN ('userseg.rfm_rule'::regclass, 'userseg._rfm_scale'::regclass, 'userseg.rfm_scales'::regclass, 'userseg.rfm_cell'::regclass)
	AND attnum > 0 AND col_description(attrelid, attnum) IS NULL), NULL, 'every column has a comment');
SELECT isnt(obj_description('userseg.rfm_rule'::regclass, 'pg_class'), NULL, 'rfm_rule has a comment');
SELECT is((SELECT count(DISTINCT segment)::int FROM userseg.rfm_rules()), 11, 'eleven segments');

SELECT * FROM finish();
ROLLBACK;
