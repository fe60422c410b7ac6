-- Tuning.

CREATE FUNCTION userseg.tune(
  model       text,
  algorithm   text,
  source      text,
  target      text,
  grid        jsonb,
  search      text     DEFAULT 'grid',
  folds       int      DEFAULT 5,
  metric      text     DEFAULT NULL,
  trials      int      DEFAULT 20,
  max_seconds float8   DEFAULT NULL,
  id          text     DEFAULT NULL,
  features    text[]   DEFAULT NULL,
  transform   jsonb    DEFAULT '{}',
  params      jsonb    DEFAULT '{}',
  null_policy text     DEFAULT 'impute',
  weight      text     DEFAULT NULL,
  split       text     DEFAULT 'auto',
  holdout     float8   DEFAULT 0.2,
  time_column text     DEFAULT NULL,
  seed        bigint   DEFAULT 42,
  alias       text     DEFAULT NULL)
RETURNS TABLE (trial int, params jsonb, status text, metric text, mean float8, sd float8,
               fold_values float8[], n bigint, duration interval, best boolean, version int)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 20
AS 'MODULE_PATHNAME', 'userseg_tune';
COMMENT ON FUNCTION userseg.tune(text, text, text, text, jsonb, text, int, text, int, float8, text, text[], jsonb, jsonb, text, text, text, float8, text, bigint, text)
IS 'Try parameters by cross-validation, one row a trial, and train the best as a new version of the model, in the caller''s transaction';
