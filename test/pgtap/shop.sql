-- Shape of the simulated shop's interface, and the SQLSTATE of its errors.
BEGIN;
SELECT plan(27);

SELECT has_function('userseg', 'simulate_shop',
  ARRAY['integer', 'integer', 'bigint', 'timestamp with time zone', 'double precision', 'double precision']);
SELECT has_function('userseg', 'simulate_shop_truth',
  ARRAY['integer', 'integer', 'bigint', 'timestamp with time zone']);
SELECT is((SELECT count(*)::int FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'userseg' AND p.proname LIKE 'simulate\_shop%'), 2, 'one signature each');
SELECT is((SELECT proargnames FROM pg_proc WHERE oid = 'userseg.simulate_shop'::regproc),
  ARRAY['customers', 'days', 'seed', 'start', 'duplicate_rate', 'missing_rate',
        'user_id', 'event_time', 'kind', 'order_id', 'product_id', 'category', 'amount', 'rating', 'latitude', 'longitude'],
  'arguments and columns of the events');
SELECT is((SELECT proargnames FROM pg_proc WHERE oid = 'userseg.simulate_shop_truth'::regproc),
  ARRAY['customers', 'days', 'seed', 'start',
        'user_id', 'group_id', 'group_name', 'joined_at', 'dropout_time', 'orders', 'order_rate', 'dropout_probability',
        'mean_order_value', 'session_rate', 'return_rate', 'favourite_category', 'habit', 'home_city', 'home_latitude',
        'home_longitude', 'utc_offset'],
  'arguments and columns of the truth');

-- by name, to be safe from the number of arguments
SELECT is(p.provolatile, 'i', p.proname || ' is immutable') FROM pg_proc p WHERE p.oid = 'userseg.simulate_shop'::regproc;
SELECT is(p.provolatile, 'i', p.proname || ' is immutable') FROM pg_proc p WHERE p.oid = 'userseg.simulate_shop_truth'::regproc;
SELECT is(p.proparallel, 's', p.proname || ' is parallel safe') FROM pg_proc p WHERE p.oid = 'userseg.simulate_shop'::regproc;
SELECT is(p.proparallel, 's', p.proname || ' is parallel safe') FROM pg_proc p WHERE p.oid = 'userseg.simulate_shop_truth'::regproc;
SELECT ok(p.proretset, p.proname || ' returns a set') FROM pg_proc p WHERE p.oid = 'userseg.simulate_shop'::regproc;
SELECT ok(p.proretset, p.proname || ' returns a set') FROM pg_proc p WHERE p.oid = 'userseg.simulate_shop_truth'::regproc;
SELECT ok(NOT p.prosecdef, p.proname || ' runs as the caller') FROM pg_proc p WHERE p.oid = 'userseg.simulate_shop'::regproc;
SELECT ok(NOT p.prosecdef, p.proname || ' runs as the caller') FROM pg_proc p WHERE p.oid = 'userseg.simulate_shop_truth'::regproc;
SELECT isnt(obj_description('userseg.simulate_shop'::regproc, 'pg_proc'), NULL, 'simulate_shop has a comment');
SELECT isnt(obj_description('userseg.simulate_shop_truth'::regproc, 'pg_proc'), NULL, 'simulate_shop_truth has a comment');

SELECT results_eq('SELECT * FROM userseg.simulate_shop(20)',
  $$SELECT * FROM userseg.simulate_shop(20, 365, 42, '2024-01-01 00:00:00+00', 0.005, 0.01)$$, 'defaults of the events');
SELECT results_eq('SELECT * FROM userseg.simulate_shop_truth(20)',
  $$SELECT * FROM userseg.simulate_shop_truth(20, 365, 42, '2024-01-01 00:00:00+00')$$, 'defaults of the truth');
SET LOCAL timezone = 'Asia/Tokyo';
SELECT results_eq('SELECT user_id, extract(epoch FROM event_time) FROM userseg.simulate_shop(20)',
  $$SELECT user_id, extract(epoch FROM event_time) FROM userseg.simulate_shop(20, start => '2024-01-01 09:00:00+09')$$,
  'the zone of the session does not matter');

SELECT throws_ok('SELECT * FROM userseg.simulate_shop(0)', '22023');
SELECT throws_ok('SELECT * FROM userseg.simulate_shop(5, 0)', '22023');
SELECT throws_ok('SELECT * FROM userseg.simulate_shop(5, 3661)', '22023');
SELECT throws_ok($$SELECT * FROM userseg.simulate_shop(5, 10, 1, 'infinity')$$, '22023');
SELECT throws_ok('SELECT * FROM userseg.simulate_shop(5, 10, duplicate_rate => 1)', '22023');
SELECT throws_ok('SELECT * FROM userseg.simulate_shop(5, 10, missing_rate => -1)', '22023');
SELECT throws_ok('SELECT * FROM userseg.simulate_shop(NULL)', '22004');
SELECT throws_ok('SELECT * FROM userseg.simulate_shop(5, 10, missing_rate => NULL)', '22004');
SELECT throws_ok('SELECT * FROM userseg.simulate_shop_truth(5, NULL)', '22004');

SELECT * FROM finish();
ROLLBACK;
