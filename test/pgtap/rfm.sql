-- Shape of the RFM interface: type, aggregates, accessors.
BEGIN;
SELECT plan(78);

SELECT has_type('userseg', 'rfm', 'type rfm');
SELECT is(typalign::text || typstorage::text || typlen, 'dx-1', 'rfm is a varlena, aligned to 8 bytes, compressible')
FROM pg_type WHERE oid = 'userseg.rfm'::regtype;

-- aggregates: real transition type, combine and final function, parallel safe
SELECT ok(a.aggtranstype = 'userseg.rfm'::regtype AND a.aggcombinefn = 'userseg._rfm_combine'::regproc
	AND a.aggfinalfn = 'userseg._rfm_final'::regproc AND a.agginitval IS NULL AND p.proparallel = 's' AND a.aggkind = 'n',
	p.oid::regprocedure || ' is flat, combinable and parallel safe')
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
WHERE p.oid IN ('userseg.rfm_agg(timestamptz, float8, bigint)'::regprocedure, 'userseg.rfm_agg(timestamptz, float8, text)'::regprocedure,
	'userseg.rollup(userseg.rfm)'::regprocedure) ORDER BY p.oid::regprocedure::text;
SELECT is(proargnames, ARRAY['ts', 'amount', 'order_key'], p.oid::regprocedure || ': arguments')
FROM pg_proc p WHERE pronamespace = 'userseg'::regnamespace AND proname IN ('rfm_agg', 'rfm_event') ORDER BY p.oid::regprocedure::text;
SELECT is((SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname = 'rfm_agg'), 2, 'the one overload');

-- untyped parameters of drivers resolve
PREPARE untyped_key AS SELECT userseg.rfm_agg(now(), 1, $1);
SELECT is((SELECT parameter_types[1] FROM pg_prepared_statements WHERE name = 'untyped_key'), 'text'::regtype, 'an untyped key is text');
SELECT lives_ok('SELECT userseg.rfm_agg(now(), 1::numeric, 7::smallint)', 'numbers of every type');

-- accessors: name, arguments, result
CREATE TEMP TABLE accessor (name text, arguments text, result text);
INSERT INTO accessor VALUES
	('recency', 'state userseg.rfm, as_of timestamp with time zone', 'double precision'),
	('recency_days', $$state userseg.rfm, as_of timestamp with time zone, time_zone text DEFAULT current_setting('TimeZone'::text)$$, 'integer'),
	('tenure', 'state userseg.rfm, as_of timestamp with time zone', 'double precision'),
	('tenure_days', $$state userseg.rfm, as_of timestamp with time zone, time_zone text DEFAULT current_setting('TimeZone'::text)$$, 'integer'),
	('lifespan', 'state userseg.rfm', 'double precision'),
	('first_at', 'state userseg.rfm', 'timestamp with time zone'),
	('last_at', 'state userseg.rfm', 'timestamp with time zone'),
	('frequency', 'state userseg.rfm', 'bigint'),
	('repeat_count', 'state userseg.rfm', 'bigint'),
	('is_exact', 'state userseg.rfm', 'boolean'),
	('frequency_error', 'state userseg.rfm', 'double precision'),
	('monetary', 'state userseg.rfm', 'double precision'),
	('monetary_exact', 'state userseg.rfm', 'numeric'),
	('purchase_amount', 'state userseg.rfm', 'double precision'),
	('return_amount', 'state userseg.rfm', 'double precision'),
	('average_value', 'state userseg.rfm', 'double precision'),
	('purchases', 'state userseg.rfm', 'bigint'),
	('returns', 'state userseg.rfm', 'bigint'),
	('events', 'state userseg.rfm', 'bigint'),
	('skipped', 'state userseg.rfm', 'bigint');
CREATE TEMP VIEW accessor_proc AS
SELECT a.*, p.oid, p.provolatile, p.proparallel, p.proisstrict, pg_get_function_arguments(p.oid) AS has_arguments, pg_get_function_result(p.oid) AS has_result
FROM accessor a LEFT JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND p.proname = a.name AND p.proargtypes[0] = 'userseg.rfm'::regtype;
SELECT is(has_arguments, arguments, name || ': arguments') FROM accessor_proc ORDER BY name;
SELECT is(has_result, result, name || ': result') FROM accessor_proc ORDER BY name;
SELECT ok(provolatile = 'i' AND proparallel = 's' AND proisstrict, name || ' is immutable, strict, parallel safe') FROM accessor_proc ORDER BY name;

SELECT ok(to_regoperator('userseg.||(userseg.rfm, userseg.rfm)') IS NOT NULL, 'operator ||');
SELECT is(oprcom, oid, '|| is its own commutator') FROM pg_operator WHERE oprnamespace = 'userseg'::regnamespace AND oprleft = 'userseg.rfm'::regtype;
SELECT volatility_is('userseg', 'merge', ARRAY['userseg.rfm', 'userseg.rfm'], 'immutable');
SELECT is((SELECT array_agg(p.oid::regprocedure::text) FROM pg_proc p WHERE pronamespace = 'userseg'::regnamespace
	AND (proname LIKE '%rfm%' OR proname IN (SELECT name FROM accessor) OR proname IN ('merge', 'rollup')) AND obj_description(p.oid, 'pg_proc') IS NULL), NULL,
	'everything has a comment');
SELECT isnt(obj_description('userseg.rfm'::regtype, 'pg_type'), NULL, 'and the type');
SELECT is((SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND prosecdef
	AND (proname LIKE '%rfm%' OR proname IN (SELECT name FROM accessor))), 0, 'nothing runs as another role');

SELECT * FROM finish();
ROLLBACK;
