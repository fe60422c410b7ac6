-- Shape of the regression aggregates, their accessors and coefficients().
BEGIN;
SELECT plan(30);
SELECT has_type('userseg', t, t || ' is a type') FROM unnest('{gram,gram_row,logistic_state,logistic_row}'::text[]) t;
SELECT is(typlen = -1 AND typalign = 'd' AND typstorage = 'x' AND typreceive <> 0 AND typsend <> 0, true, typname || ' is sent, received, toasted')
FROM pg_type WHERE typnamespace = 'userseg'::regnamespace AND typname IN ('gram', 'gram_row', 'logistic_state', 'logistic_row') ORDER BY typname;

CREATE TEMP TABLE shape (name text, arguments text, result text, strict boolean, volatility text);
INSERT INTO shape VALUES
  ('gram_agg', 'x double precision[], y double precision, weight double precision', 'userseg.gram', false, 'i'),
  ('gram_step', 'row_ userseg.gram_row', 'userseg.gram', false, 'i'),
  ('gram_row', 'x double precision[], y double precision, weight double precision DEFAULT 1', 'userseg.gram_row', true, 'i'),
  ('rollup', 'state userseg.gram', 'userseg.gram', false, 'i'),
  ('merge', 'a userseg.gram, b userseg.gram', 'userseg.gram', false, 'i'),
  ('row_count', 'g userseg.gram', 'bigint', true, 'i'),
  ('cross_products', 'g userseg.gram', 'double precision[]', true, 'i'),
  ('ols_summary', 'g userseg.gram', 'jsonb', true, 'i'),
  ('logistic_agg', 'beta double precision[], x double precision[], y double precision', 'userseg.logistic_state', false, 'i'),
  ('logistic_step', 'row_ userseg.logistic_row', 'userseg.logistic_state', false, 'i'),
  ('logistic_row', 'beta double precision[], x double precision[], y double precision', 'userseg.logistic_row', true, 'i'),
  ('rollup', 'state userseg.logistic_state', 'userseg.logistic_state', false, 'i'),
  ('merge', 'a userseg.logistic_state, b userseg.logistic_state', 'userseg.logistic_state', false, 'i'),
  ('row_count', 's userseg.logistic_state', 'bigint', true, 'i'),
  ('log_likelihood', 's userseg.logistic_state', 'double precision', true, 'i'),
  ('gradient', 's userseg.logistic_state', 'double precision[]', true, 'i'),
  ('information', 's userseg.logistic_state', 'double precision[]', true, 'i'),
  ('covariance', 's userseg.logistic_state', 'double precision[]', true, 'i'),
  ('next_beta', 's userseg.logistic_state, beta double precision[]', 'double precision[]', true, 'i');
SET LOCAL search_path = pg_catalog, public;
SELECT is(count(*), 1::bigint, name || '(' || arguments || ')')
FROM shape LEFT JOIN pg_proc p ON p.pronamespace = 'userseg'::regnamespace AND proname = name
  AND pg_get_function_identity_arguments(p.oid) || CASE WHEN pronargdefaults > 0 THEN ' DEFAULT 1' ELSE '' END = arguments AND format_type(prorettype, NULL) = result AND proisstrict = strict
  AND provolatile::text = volatility AND proparallel = 's' AND NOT prosecdef AND obj_description(p.oid, 'pg_proc') IS NOT NULL
GROUP BY name, arguments ORDER BY name, arguments;
SELECT is(pg_get_function_arguments('userseg.coefficients'::regproc), 'model text, level double precision DEFAULT 0.95', 'coefficients');
SELECT is(pg_get_function_result('userseg.coefficients'::regproc), 'TABLE(class text, term text, coefficient double precision, std_error double precision, statistic double precision, p_value double precision, ci_low double precision, ci_high double precision, encoded double precision, note text)', 'what coefficients tells');
SELECT is(pg_get_function_result('userseg.ols'::regproc), 'TABLE(term integer, coefficient double precision, std_error double precision, t double precision, p_value double precision, ci_low double precision, ci_high double precision)', 'what ols tells');
SELECT * FROM finish();
ROLLBACK;
