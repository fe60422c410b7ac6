-- Shape of the naive Bayes aggregates and their accessors.
BEGIN;
SELECT plan(14);
SELECT has_type('userseg', t, t || ' is a type') FROM unnest('{naive_bayes_row,naive_bayes_state}'::text[]) t;
SELECT is(typlen = -1 AND typalign = 'd' AND typstorage = 'x' AND typreceive <> 0 AND typsend <> 0, true, typname || ' is sent, received, toasted')
FROM pg_type WHERE typnamespace = 'userseg'::regnamespace AND typname IN ('naive_bayes_row', 'naive_bayes_state') ORDER BY typname;

CREATE TEMP TABLE shape (name text, arguments text, result text, strict boolean, defaults int);
INSERT INTO shape VALUES
  ('naive_bayes_agg', 'x double precision[], y integer, weight double precision', 'userseg.naive_bayes_state', false, 0),
  ('naive_bayes_step', 'row_ userseg.naive_bayes_row', 'userseg.naive_bayes_state', false, 0),
  ('naive_bayes_row', 'x double precision[], y integer, weight double precision, levels integer[]', 'userseg.naive_bayes_row', false, 2),
  ('rollup', 'state userseg.naive_bayes_state', 'userseg.naive_bayes_state', false, 0),
  ('merge', 'a userseg.naive_bayes_state, b userseg.naive_bayes_state', 'userseg.naive_bayes_state', false, 0),
  ('row_count', 's userseg.naive_bayes_state', 'bigint', true, 0),
  ('naive_bayes_proba', 's userseg.naive_bayes_state, x double precision[]', 'double precision[]', true, 0);
SET LOCAL search_path = pg_catalog, public;
SELECT is(count(*), 1::bigint, name || '(' || arguments || ')')
FROM shape LEFT JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
  AND pg_get_function_identity_arguments(p.oid) = arguments AND pronargdefaults = defaults AND format_type(prorettype, NULL) = result AND proisstrict = strict
  AND provolatile = 'i' AND proparallel = 's' AND NOT prosecdef AND obj_description(p.oid, 'pg_proc') IS NOT NULL
GROUP BY name, arguments ORDER BY name, arguments;
SELECT is(pg_get_function_result('userseg.class_statistics'::regproc), 'TABLE(class integer, column_no integer, level integer, weight double precision, mean double precision, variance double precision)', 'what class_statistics tells');
SELECT is(task, 'classification', 'task of naive_bayes') FROM userseg.algorithms() WHERE algorithm = 'naive_bayes';
SELECT is(string_agg(p ->> 'name', ' '), 'alpha variance_smoothing smooth_by priors strategy workers', 'its own parameters')
FROM (SELECT p FROM userseg.algorithms(), LATERAL jsonb_array_elements(params) WITH ORDINALITY e(p, n) WHERE algorithm = 'naive_bayes' ORDER BY n LIMIT 6) s;
SELECT * FROM finish();
ROLLBACK;
