-- Cross-validation.

CREATE FUNCTION userseg.cross_validate(
  algorithm   text,
  source      text,
  target      text,
  folds       int      DEFAULT 5,
  id          text     DEFAULT NULL,
  features    text[]   DEFAULT NULL,
  transform   jsonb    DEFAULT '{}',
  params      jsonb    DEFAULT '{}',
  null_policy text     DEFAULT 'impute',
  weight      text     DEFAULT NULL,
  split       text     DEFAULT 'auto',
  time_column text     DEFAULT NULL,
  seed        bigint   DEFAULT 42)
RETURNS TABLE (fold int, metric text, value float8, ci_low float8, ci_high float8, sd float8,
               n bigint, n_training bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 90
AS 'MODULE_PATHNAME', 'userseg_cross_validate';
COMMENT ON FUNCTION userseg.cross_validate(text, text, text, int, text, text[], jsonb, jsonb, text, text, text, text, bigint)
IS 'Fit and measure a classifier or regression fold by fold: one row a fold and metric, then one a metric with fold NULL, the mean over the folds';
