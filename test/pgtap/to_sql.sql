-- Shape of the exports of models.
BEGIN;
SELECT plan(6);
SELECT is(pg_get_function_arguments('userseg.to_sql'::regproc),
  'model text, output text DEFAULT NULL::text, alias text DEFAULT NULL::text, class text DEFAULT NULL::text, subselect boolean DEFAULT false, max_length integer DEFAULT 1000000', 'arguments of to_sql');
SELECT is(format_type(prorettype, NULL) || ' ' || provolatile::text || proparallel::text || proisstrict || prosecdef, 'text ssfalsefalse', 'what to_sql returns, and how') FROM pg_proc WHERE oid = 'userseg.to_sql'::regproc;
SELECT isnt(obj_description('userseg.to_sql'::regproc, 'pg_proc'), NULL, 'to_sql has a comment');
SELECT is(pg_get_function_arguments('userseg.to_pmml'::regproc), 'model text, max_length integer DEFAULT 10000000', 'arguments of to_pmml');
SELECT is(format_type(prorettype, NULL) || ' ' || provolatile::text || proparallel::text || proisstrict || prosecdef, 'xml ssfalsefalse', 'what to_pmml returns, and how') FROM pg_proc WHERE oid = 'userseg.to_pmml'::regproc;
SELECT isnt(obj_description('userseg.to_pmml'::regproc, 'pg_proc'), NULL, 'to_pmml has a comment');
SELECT * FROM finish();
ROLLBACK;
