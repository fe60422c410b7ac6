-- One step of logistic regression over rows.

CREATE TYPE userseg.logistic_row;

CREATE FUNCTION userseg._logistic_row_in(cstring) RETURNS userseg.logistic_row
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_logistic_row_in';
COMMENT ON FUNCTION userseg._logistic_row_in(cstring) IS 'Input function of userseg.logistic_row: hexadecimal text';

CREATE FUNCTION userseg._logistic_row_out(userseg.logistic_row) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_row_out';
COMMENT ON FUNCTION userseg._logistic_row_out(userseg.logistic_row) IS 'Output function of userseg.logistic_row: hexadecimal text';

CREATE FUNCTION userseg._logistic_row_recv(internal) RETURNS userseg.logistic_row
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_logistic_row_recv';
COMMENT ON FUNCTION userseg._logistic_row_recv(internal) IS 'Binary input function of userseg.logistic_row';

CREATE FUNCTION userseg._logistic_row_send(userseg.logistic_row) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_row_send';
COMMENT ON FUNCTION userseg._logistic_row_send(userseg.logistic_row) IS 'Binary output function of userseg.logistic_row';

CREATE TYPE userseg.logistic_row (
  INPUT = userseg._logistic_row_in,
  OUTPUT = userseg._logistic_row_out,
  RECEIVE = userseg._logistic_row_recv,
  SEND = userseg._logistic_row_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.logistic_row IS 'A row ready to be summed up by userseg.logistic_step';

CREATE TYPE userseg.logistic_state;

CREATE FUNCTION userseg._logistic_state_in(cstring) RETURNS userseg.logistic_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_logistic_state_in';
COMMENT ON FUNCTION userseg._logistic_state_in(cstring) IS 'Input function of userseg.logistic_state: hexadecimal text';

CREATE FUNCTION userseg._logistic_state_out(userseg.logistic_state) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_state_out';
COMMENT ON FUNCTION userseg._logistic_state_out(userseg.logistic_state) IS 'Output function of userseg.logistic_state: hexadecimal text';

CREATE FUNCTION userseg._logistic_state_recv(internal) RETURNS userseg.logistic_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_logistic_state_recv';
COMMENT ON FUNCTION userseg._logistic_state_recv(internal) IS 'Binary input function of userseg.logistic_state';

CREATE FUNCTION userseg._logistic_state_send(userseg.logistic_state) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_state_send';
COMMENT ON FUNCTION userseg._logistic_state_send(userseg.logistic_state) IS 'Binary output function of userseg.logistic_state';

CREATE TYPE userseg.logistic_state (
  INPUT = userseg._logistic_state_in,
  OUTPUT = userseg._logistic_state_out,
  RECEIVE = userseg._logistic_state_recv,
  SEND = userseg._logistic_state_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.logistic_state IS 'Exact sums of one step of logistic regression: likelihood, gradient, information';

CREATE FUNCTION userseg.logistic_row(beta float8[], x float8[], y float8) RETURNS userseg.logistic_row
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_logistic_row';
COMMENT ON FUNCTION userseg.logistic_row(float8[], float8[], float8) IS 'The row x with response y, 0 to 1, at coefficients beta, of which the first is the intercept';

CREATE FUNCTION userseg._logistic_step(state userseg.logistic_state, row_ userseg.logistic_row) RETURNS userseg.logistic_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_gram_step';
COMMENT ON FUNCTION userseg._logistic_step(userseg.logistic_state, userseg.logistic_row) IS 'Transition function of logistic_step';

CREATE FUNCTION userseg._logistic_agg_step(state userseg.logistic_state, beta float8[], x float8[], y float8) RETURNS userseg.logistic_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_logistic_agg_step';
COMMENT ON FUNCTION userseg._logistic_agg_step(userseg.logistic_state, float8[], float8[], float8) IS 'Transition function of logistic_agg';

CREATE FUNCTION userseg._logistic_state_combine(a userseg.logistic_state, b userseg.logistic_state) RETURNS userseg.logistic_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_combine';
COMMENT ON FUNCTION userseg._logistic_state_combine(userseg.logistic_state, userseg.logistic_state) IS 'Combine function of the aggregates with this state, transition function of rollup';

CREATE FUNCTION userseg._logistic_state_final(state userseg.logistic_state) RETURNS userseg.logistic_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_final';
COMMENT ON FUNCTION userseg._logistic_state_final(userseg.logistic_state) IS 'Final function of the aggregates with this state: canonical form';

CREATE AGGREGATE userseg.logistic_agg(beta float8[], x float8[], y float8) (
  SFUNC = userseg._logistic_agg_step,
  STYPE = userseg.logistic_state,
  SSPACE = 12000,
  FINALFUNC = userseg._logistic_state_final,
  COMBINEFUNC = userseg._logistic_state_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.logistic_agg(float8[], float8[], float8) IS 'Log likelihood, gradient and information of logistic regression at beta over rows; rows with NULL do not count';

CREATE AGGREGATE userseg.logistic_step(row_ userseg.logistic_row) (
  SFUNC = userseg._logistic_step,
  STYPE = userseg.logistic_state,
  SSPACE = 12000,
  FINALFUNC = userseg._logistic_state_final,
  COMBINEFUNC = userseg._logistic_state_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.logistic_step(userseg.logistic_row) IS 'The same over rows made by logistic_row: the form that distributes cheaply';

CREATE AGGREGATE userseg.rollup(state userseg.logistic_state) (
  SFUNC = userseg._logistic_state_combine,
  STYPE = userseg.logistic_state,
  SSPACE = 12000,
  FINALFUNC = userseg._logistic_state_final,
  COMBINEFUNC = userseg._logistic_state_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.logistic_state) IS 'State of all rows of the states';

CREATE FUNCTION userseg.merge(a userseg.logistic_state, b userseg.logistic_state) RETURNS userseg.logistic_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_merge';
COMMENT ON FUNCTION userseg.merge(userseg.logistic_state, userseg.logistic_state) IS 'State of the rows of both states; NULL counts as a state of no rows';

CREATE FUNCTION userseg.row_count(s userseg.logistic_state) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gram_rows';
COMMENT ON FUNCTION userseg.row_count(userseg.logistic_state) IS 'Number of rows of a state';

CREATE FUNCTION userseg.log_likelihood(s userseg.logistic_state) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_logistic_likelihood';
COMMENT ON FUNCTION userseg.log_likelihood(userseg.logistic_state) IS 'Log likelihood of the rows';

CREATE FUNCTION userseg.gradient(s userseg.logistic_state) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_logistic_gradient';
COMMENT ON FUNCTION userseg.gradient(userseg.logistic_state) IS 'Gradient of the log likelihood by the coefficients';

CREATE FUNCTION userseg.information(s userseg.logistic_state) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_logistic_information';
COMMENT ON FUNCTION userseg.information(userseg.logistic_state) IS 'Information matrix of the coefficients';

CREATE FUNCTION userseg.covariance(s userseg.logistic_state) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_logistic_covariance';
COMMENT ON FUNCTION userseg.covariance(userseg.logistic_state) IS 'Inverse of the information: at the maximum, the covariance of the coefficients';

CREATE FUNCTION userseg.next_beta(s userseg.logistic_state, beta float8[]) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_next_beta';
COMMENT ON FUNCTION userseg.next_beta(userseg.logistic_state, float8[]) IS 'Coefficients after one step of Newton from beta, with which the state was made; NULL for a term that depends on those before it';

CREATE FUNCTION userseg._encode_logistic(encoder bytea, specification bytea, weight float8, y float8, VARIADIC columns "any")
RETURNS userseg.logistic_row
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_logistic';
COMMENT ON FUNCTION userseg._encode_logistic(bytea, bytea, float8, float8, "any") IS 'Used by userseg.train with strategy sql: a row of the source, encoded, as logistic_step takes it';

CREATE FUNCTION userseg._encode_logistic_row(encoder bytea, specification bytea, weight float8, y float8, features record)
RETURNS userseg.logistic_row
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_logistic_row';
COMMENT ON FUNCTION userseg._encode_logistic_row(bytea, bytea, float8, float8, record) IS 'The same with the columns as a row, for more columns than a function can have';
