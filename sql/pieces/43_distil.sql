-- Small models that imitate large ones.

CREATE FUNCTION userseg.distil(
  model       text,
  algorithm   text,
  new_model   text,
  source      text     DEFAULT NULL,
  id          text     DEFAULT NULL,
  features    text[]   DEFAULT NULL,
  transform   jsonb    DEFAULT '{}',
  params      jsonb    DEFAULT '{}',
  holdout     float8   DEFAULT NULL,
  seed        bigint   DEFAULT NULL,
  alias       text     DEFAULT NULL)
RETURNS TABLE (model text, version int, algorithm text, n_rows bigint, n_features int, measured_on text, measured_rows bigint,
               fidelity float8, fidelity_r2 float8, metric text, teacher_value float8, student_value float8,
               loss float8, warnings text[], details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 1
AS 'MODULE_PATHNAME', 'userseg_distil';
COMMENT ON FUNCTION userseg.distil(text, text, text, text, text, text[], jsonb, jsonb, float8, bigint, text)
IS 'Train a small model on the answers of another one: a new version, with its fidelity and, where the source has the target, what the simplification costs, on rows held out';
