-- Scoring.

CREATE TYPE userseg.prediction AS (
  label       text,
  label_id    int,
  value       float8,
  probability float8,
  runner_up   text,
  margin      float8,
  distance    float8,
  reasons     jsonb,
  version     int,
  warnings    text[]);
COMMENT ON TYPE userseg.prediction IS 'A prediction with what speaks for it';
COMMENT ON COLUMN userseg.prediction.label IS 'Class, or name of the segment';
COMMENT ON COLUMN userseg.prediction.label_id IS 'Number of the class or segment, from 1';
COMMENT ON COLUMN userseg.prediction.value IS 'Regression value, or probability of the positive class';
COMMENT ON COLUMN userseg.prediction.probability IS 'Probability of the label';
COMMENT ON COLUMN userseg.prediction.runner_up IS 'The second best label';
COMMENT ON COLUMN userseg.prediction.margin IS 'How far the runner-up is behind, in units of the algorithm';
COMMENT ON COLUMN userseg.prediction.distance IS 'Distance to the centre of the segment, in encoded units';
COMMENT ON COLUMN userseg.prediction.reasons IS 'Contributions of the features to the choice of the label, the strongest first';
COMMENT ON COLUMN userseg.prediction.version IS 'Version of the model that answered';
COMMENT ON COLUMN userseg.prediction.warnings IS 'NULLs that were imputed, values not seen in training';

-- The same functions of the columns of a row, which the planner puts in their place
-- (src/verbs/score_columns.h): no row is formed, no toasted value is fetched in vain.

CREATE FUNCTION userseg._predict_support(internal) RETURNS internal
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_predict_support';
COMMENT ON FUNCTION userseg._predict_support(internal) IS 'Lets the planner pass columns in place of a row';

CREATE FUNCTION userseg._predict(model text, columns text[], present oid, VARIADIC "any") RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_predict_columns';
COMMENT ON FUNCTION userseg._predict(text, text[], oid, "any") IS 'userseg.predict of columns';

CREATE FUNCTION userseg._predict_id(model text, columns text[], present oid, VARIADIC "any") RETURNS int
LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_predict_id_columns';
COMMENT ON FUNCTION userseg._predict_id(text, text[], oid, "any") IS 'userseg.predict_id of columns';

CREATE FUNCTION userseg._predict_value(model text, columns text[], present oid, VARIADIC "any") RETURNS float8
LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_predict_value_columns';
COMMENT ON FUNCTION userseg._predict_value(text, text[], oid, "any") IS 'userseg.predict_value of columns';

CREATE FUNCTION userseg._predict_proba(model text, columns text[], present oid, VARIADIC "any") RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_predict_proba_columns';
COMMENT ON FUNCTION userseg._predict_proba(text, text[], oid, "any") IS 'userseg.predict_proba of columns';

CREATE FUNCTION userseg._predict_detail(model text, columns text[], present oid, VARIADIC "any") RETURNS userseg.prediction
LANGUAGE C STABLE PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'userseg_predict_detail_columns';
COMMENT ON FUNCTION userseg._predict_detail(text, text[], oid, "any") IS 'userseg.predict_detail of columns';

CREATE FUNCTION userseg._embed(model text, columns text[], present oid, VARIADIC "any") RETURNS real[]
LANGUAGE C STABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'userseg_embed_columns';
COMMENT ON FUNCTION userseg._embed(text, text[], oid, "any") IS 'userseg.embed of columns';

CREATE FUNCTION userseg._transform(model text, columns text[], present oid, VARIADIC "any") RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_transform_columns';
COMMENT ON FUNCTION userseg._transform(text, text[], oid, "any") IS 'userseg.transform of columns';

CREATE FUNCTION userseg._score(a userseg.artifact, columns text[], present oid, VARIADIC "any") RETURNS userseg.prediction
LANGUAGE C STABLE PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'userseg_score_columns';
COMMENT ON FUNCTION userseg._score(userseg.artifact, text[], oid, "any") IS 'userseg.score of columns';

CREATE FUNCTION userseg.predict(model text, features record) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_predict';
COMMENT ON FUNCTION userseg.predict(text, record) IS 'Class or name of the segment of a row, matched by column name';

CREATE FUNCTION userseg.predict_id(model text, features record) RETURNS int
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_predict_id';
COMMENT ON FUNCTION userseg.predict_id(text, record) IS 'Number of the class or segment of a row, from 1';

CREATE FUNCTION userseg.predict_value(model text, features record) RETURNS float8
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_predict_value';
COMMENT ON FUNCTION userseg.predict_value(text, record) IS 'Regression value, or probability of the positive class';

CREATE FUNCTION userseg.predict_proba(model text, features record) RETURNS jsonb
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_predict_proba';
COMMENT ON FUNCTION userseg.predict_proba(text, record) IS 'Probability of every class or segment';

CREATE FUNCTION userseg.predict_detail(model text, features record) RETURNS userseg.prediction
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 200 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_predict_detail';
COMMENT ON FUNCTION userseg.predict_detail(text, record) IS 'The prediction with probability, runner-up, reasons and warnings';

CREATE FUNCTION userseg.predict_json(model text, features jsonb) RETURNS userseg.prediction
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 300 AS 'MODULE_PATHNAME', 'userseg_predict_json';
COMMENT ON FUNCTION userseg.predict_json(text, jsonb) IS 'The prediction for the members of a JSON object';

CREATE FUNCTION userseg.score(a userseg.artifact, features record) RETURNS userseg.prediction
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 200 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_score';
COMMENT ON FUNCTION userseg.score(userseg.artifact, record) IS 'The prediction by a model passed by value, which needs no catalog';

CREATE FUNCTION userseg.transform(model text, features record) RETURNS jsonb
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_transform';
COMMENT ON FUNCTION userseg.transform(text, record) IS 'What the model sees of a row after preprocessing';

CREATE FUNCTION userseg.predict_quantile(model text, features record, quantile float8) RETURNS float8
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'userseg_predict_quantile';
COMMENT ON FUNCTION userseg.predict_quantile(text, record, float8) IS 'Quantile of the target for a row, by a random forest that keeps targets in its leaves';

CREATE FUNCTION userseg.embed(model text, features record) RETURNS real[]
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 50 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_embed';
COMMENT ON FUNCTION userseg.embed(text, record) IS 'The position of a row among others, as the hidden layer of a network: mlp, autoencoder';
