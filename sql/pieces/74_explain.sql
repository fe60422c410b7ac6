-- What the answers of stored models depend on.

CREATE FUNCTION userseg.importance(
  model    text,
  source   text    DEFAULT NULL,
  repeats  int     DEFAULT 5,
  all_rows boolean DEFAULT false,
  seed     bigint  DEFAULT 42,
  method   text    DEFAULT 'permutation')
RETURNS TABLE (feature text, metric text, importance float8, ci_low float8, ci_high float8, share float8, n bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 20
AS 'MODULE_PATHNAME', 'userseg_importance';
COMMENT ON FUNCTION userseg.importance(text, text, int, boolean, bigint, text)
IS 'What the features are worth to a model: how much its loss rises when their values are exchanged between the rows; or their mean contribution, the gain or number of their splits';

CREATE FUNCTION userseg.partial_dependence(
  model    text,
  source   text,
  feature  text,
  points   int     DEFAULT 20,
  all_rows boolean DEFAULT false)
RETURNS TABLE (value text, x float8, class text, prediction float8, ci_low float8, ci_high float8, n bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 20
AS 'MODULE_PATHNAME', 'userseg_partial_dependence';
COMMENT ON FUNCTION userseg.partial_dependence(text, text, text, int, boolean)
IS 'The mean answer of a model with a feature set to each of some values in all rows';

CREATE FUNCTION userseg.individual_conditional_expectation(
  model    text,
  source   text,
  feature  text,
  points   int     DEFAULT 20,
  rows     int     DEFAULT 50,
  centred  boolean DEFAULT false,
  id       text    DEFAULT NULL,
  all_rows boolean DEFAULT false,
  seed     bigint  DEFAULT 42)
RETURNS TABLE (row_id text, value text, x float8, class text, prediction float8)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1000
AS 'MODULE_PATHNAME', 'userseg_individual_conditional_expectation';
COMMENT ON FUNCTION userseg.individual_conditional_expectation(text, text, text, int, int, boolean, text, boolean, bigint)
IS 'The answers of a model for single rows with a feature set to each of some values, or their differences to the first';

CREATE FUNCTION userseg.interaction(
  model    text,
  source   text    DEFAULT NULL,
  features text[]  DEFAULT NULL,
  rows     int     DEFAULT 100,
  log_odds boolean DEFAULT false,
  all_rows boolean DEFAULT false,
  seed     bigint  DEFAULT 42)
RETURNS TABLE (feature_a text, feature_b text, strength float8, effect float8, n bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 100
AS 'MODULE_PATHNAME', 'userseg_interaction';
COMMENT ON FUNCTION userseg.interaction(text, text, text[], int, boolean, boolean, bigint)
IS 'How strongly pairs of features interact in the answers of a model: Friedman and Popescu''s H, the strongest first';
