-- Training.

CREATE FUNCTION userseg.train(
  model       text,
  algorithm   text,
  source      text,
  target      text     DEFAULT NULL,
  id          text     DEFAULT NULL,
  features    text[]   DEFAULT NULL,
  transform   jsonb    DEFAULT '{}',
  params      jsonb    DEFAULT '{}',
  null_policy text     DEFAULT 'impute',
  weight      text     DEFAULT NULL,
  holdout     float8   DEFAULT 0.2,
  time_column text     DEFAULT NULL,
  seed        bigint   DEFAULT 42,
  alias       text     DEFAULT NULL)
RETURNS TABLE (model text, version int, algorithm text, n_rows bigint, n_features int,
               metric text, metric_value float8, converged boolean, iterations int,
               duration interval, warnings text[], details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 1
AS 'MODULE_PATHNAME', 'userseg_train';
COMMENT ON FUNCTION userseg.train(text, text, text, text, text, text[], jsonb, jsonb, text, text, float8, text, bigint, text)
IS 'Train a model on a relation or query: a new version of the model, in the caller''s transaction';

CREATE FUNCTION userseg.explain_train(
  model       text,
  algorithm   text,
  source      text,
  target      text     DEFAULT NULL,
  id          text     DEFAULT NULL,
  features    text[]   DEFAULT NULL,
  transform   jsonb    DEFAULT '{}',
  params      jsonb    DEFAULT '{}',
  null_policy text     DEFAULT 'impute',
  weight      text     DEFAULT NULL,
  holdout     float8   DEFAULT 0.2,
  time_column text     DEFAULT NULL,
  seed        bigint   DEFAULT 42,
  alias       text     DEFAULT NULL)
RETURNS TABLE (topic text, item text, value text, note text)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 30
AS 'MODULE_PATHNAME', 'userseg_explain_train';
COMMENT ON FUNCTION userseg.explain_train(text, text, text, text, text, text[], jsonb, jsonb, text, text, float8, text, bigint, text)
IS 'What userseg.train would do with the same arguments: reads the source, trains nothing';

CREATE FUNCTION userseg.partial_train(
  model       text,
  source      text,
  id          text     DEFAULT NULL,
  params      jsonb    DEFAULT '{}',
  weight      text     DEFAULT NULL,
  decay       float8   DEFAULT 1,
  half_life   float8   DEFAULT NULL,
  seed        bigint   DEFAULT 42,
  alias       text     DEFAULT NULL)
RETURNS TABLE (model text, version int, algorithm text, n_rows bigint, n_features int,
               metric text, metric_value float8, converged boolean, iterations int,
               duration interval, warnings text[], details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 1
AS 'MODULE_PATHNAME', 'userseg_partial_train';
COMMENT ON FUNCTION userseg.partial_train(text, text, text, jsonb, text, float8, float8, bigint, text)
IS 'Continue a version with new rows, those before counting less by decay or half_life: a new version of the model, with the same preprocessing and segments';

-- One iteration of a training as an SQL aggregate (params {"strategy": "sql"}).

CREATE FUNCTION userseg._encode_point(encoder bytea, c userseg.centroid_set, weight float8, VARIADIC columns "any")
RETURNS userseg.kmeans_point
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_point';
COMMENT ON FUNCTION userseg._encode_point(bytea, userseg.centroid_set, float8, "any")
IS 'Internal: a row of a training, encoded and assigned to its nearest centre';

CREATE FUNCTION userseg._encode_row(encoder bytea, c userseg.centroid_set, weight float8, features record)
RETURNS userseg.kmeans_point
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_row';
COMMENT ON FUNCTION userseg._encode_row(bytea, userseg.centroid_set, float8, record)
IS 'Internal: the same for a row of many columns';

CREATE FUNCTION userseg._encode_point(encoder bytea, m userseg.mixture, weight float8, VARIADIC columns "any")
RETURNS userseg.gmm_point
LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_encode_gmm_point';
COMMENT ON FUNCTION userseg._encode_point(bytea, userseg.mixture, float8, "any")
IS 'Internal: a row of a training, encoded and judged by a mixture';

CREATE FUNCTION userseg._encode_row(encoder bytea, m userseg.mixture, weight float8, features record)
RETURNS userseg.gmm_point
LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_encode_gmm_row';
COMMENT ON FUNCTION userseg._encode_row(bytea, userseg.mixture, float8, record)
IS 'Internal: the same for a row of many columns';
