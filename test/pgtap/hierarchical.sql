-- Shape of the functions on trees.
BEGIN;
SELECT plan(16);

SELECT is(pg_get_function_arguments('userseg.cut(text, int, float8, text)'::regprocedure),
  'model text, k integer DEFAULT NULL::integer, height double precision DEFAULT NULL::double precision, alias text DEFAULT NULL::text', 'arguments of cut');
SELECT is((SELECT proargnames[5:] FROM pg_proc WHERE oid = 'userseg.cut(text, int, float8, text)'::regprocedure),
  ARRAY['model', 'version', 'n_segments', 'height_low', 'height_high', 'metric', 'metric_value', 'details'], 'columns of cut');
SELECT is(pg_get_function_arguments('userseg.dendrogram(text)'::regprocedure), 'model text', 'arguments of dendrogram');
SELECT is((SELECT proargnames[2:] FROM pg_proc WHERE oid = 'userseg.dendrogram(text)'::regprocedure),
  ARRAY['step', 'a', 'b', 'height', 'size', 'inconsistency'], 'columns of dendrogram');
SELECT is((SELECT proargnames[2:] FROM pg_proc WHERE oid = 'userseg.dendrogram_leaves(text)'::regprocedure),
  ARRAY['place', 'leaf', 'weight', 'segment_id', 'segment'], 'columns of dendrogram_leaves');
SELECT ok(provolatile = 'v' AND proparallel = 'u' AND NOT prosecdef AND proretset AND procost >= 1000, 'cut writes, as the caller')
FROM pg_proc WHERE oid = 'userseg.cut(text, int, float8, text)'::regprocedure;
SELECT ok(provolatile = 's' AND proparallel = 's' AND NOT prosecdef AND proretset AND procost >= 1000, proname || ' looks, as the caller')
FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname LIKE 'dendrogram%' ORDER BY proname;
SELECT isnt(obj_description(oid, 'pg_proc'), NULL, proname || ' has a comment')
FROM pg_proc WHERE pronamespace = 'userseg'::regnamespace AND proname IN ('cut', 'dendrogram', 'dendrogram_leaves') ORDER BY proname;

SELECT is((SELECT array_agg(p ->> 'name') FROM userseg.algorithms(), jsonb_array_elements(params) p WHERE algorithm = 'hierarchical' AND p ->> 'name' <> 'verbose'),
  ARRAY['k', 'linkage', 'metric', 'height', 'criterion', 'max_exact', 'prototypes', 'min_rows', 'max_cut', 'silhouette_rows', 'cophenetic_rows', 'references', 'workers'],
  'parameters');
SELECT throws_ok($$SELECT userseg.cut('nobody', k => 2)$$, '42704');
SELECT throws_ok($$SELECT userseg.cut('nobody')$$, '22023');
SELECT throws_ok($$SELECT userseg.dendrogram(NULL)$$, '22004');
SELECT throws_ok($$SELECT userseg.dendrogram('nobody')$$, '42704');
SELECT * FROM finish();
ROLLBACK;
