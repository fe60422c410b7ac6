-- Shape of rules().
BEGIN;
SELECT plan(4);
SELECT is(pg_get_function_arguments('userseg.rules'::regproc), 'model text, tree_number integer DEFAULT NULL::integer', 'rules');
SELECT is(pg_get_function_result('userseg.rules'::regproc), 'TABLE(tree integer, leaf integer, depth integer, rule text, n double precision, share double precision, label text, value double precision, lift double precision)', 'what rules tells');
SELECT is(provolatile::text || proparallel::text, 'ss', 'rules is stable and parallel safe') FROM pg_proc WHERE oid = 'userseg.rules'::regproc;
SELECT isnt(obj_description('userseg.rules'::regproc), NULL, 'rules has a comment');
SELECT * FROM finish();
ROLLBACK;
