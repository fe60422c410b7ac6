-- Sums of products of columns: linear regression by hand, and the passes of algorithm linear in SQL.

CREATE TYPE userseg.gram_row;

CREATE FUNCTION userseg._gram_row_in(cstring) RETURNS userseg.gram_row
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gram_row_in';
COMMENT ON FUNCTION userseg._gram_row_in(cstring) IS 'Input function of userseg.gram_row: hexadecimal text';

CREATE FUNCTION userseg._gram_row_out(userseg.gram_row) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_row_out';
COMMENT ON FUNCTION userseg._gram_row_out(userseg.gram_row) IS 'Output function of userseg.gram_row: hexadecimal text';

CREATE FUNCTION userseg._gram_row_recv(internal) RETURNS userseg.gram_row
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gram_row_recv';
COMMENT ON FUNCTION userseg._gram_row_recv(internal) IS 'Binary input function of userseg.gram_row';

CREATE FUNCTION userseg._gram_row_send(userseg.gram_row) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_row_send';
COMMENT ON FUNCTION userseg._gram_row_send(userseg.gram_row) IS 'Binary output function of userseg.gram_row';

CREATE TYPE userseg.gram_row (
  INPUT = userseg._gram_row_in,
  OUTPUT = userseg._gram_row_out,
  RECEIVE = userseg._gram_row_recv,
  SEND = userseg._gram_row_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.gram_row IS 'A row ready to be summed up by userseg.gram_step';

CREATE TYPE userseg.gram;

CREATE FUNCTION userseg._gram_in(cstring) RETURNS userseg.gram
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gram_in';
COMMENT ON FUNCTION userseg._gram_in(cstring) IS 'Input function of userseg.gram: hexadecimal text';

CREATE FUNCTION userseg._gram_out(userseg.gram) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_state_out';
COMMENT ON FUNCTION userseg._gram_out(userseg.gram) IS 'Output function of userseg.gram: hexadecimal text';

CREATE FUNCTION userseg._gram_recv(internal) RETURNS userseg.gram
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gram_recv';
COMMENT ON FUNCTION userseg._gram_recv(internal) IS 'Binary input function of userseg.gram';

CREATE FUNCTION userseg._gram_send(userseg.gram) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_state_send';
COMMENT ON FUNCTION userseg._gram_send(userseg.gram) IS 'Binary output function of userseg.gram';

CREATE TYPE userseg.gram (
  INPUT = userseg._gram_in,
  OUTPUT = userseg._gram_out,
  RECEIVE = userseg._gram_recv,
  SEND = userseg._gram_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.gram IS 'Exact sums of products of the columns of rows: what a linear regression needs';

CREATE FUNCTION userseg.gram_row(x float8[], y float8, weight float8 DEFAULT 1) RETURNS userseg.gram_row
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_gram_row';
COMMENT ON FUNCTION userseg.gram_row(float8[], float8, float8) IS 'The row x with response y; NULL for weight 0';

CREATE FUNCTION userseg._gram_step(state userseg.gram, row_ userseg.gram_row) RETURNS userseg.gram
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_gram_step';
COMMENT ON FUNCTION userseg._gram_step(userseg.gram, userseg.gram_row) IS 'Transition function of gram_step';

CREATE FUNCTION userseg._gram_agg_step(state userseg.gram, x float8[], y float8, weight float8) RETURNS userseg.gram
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_gram_agg_step';
COMMENT ON FUNCTION userseg._gram_agg_step(userseg.gram, float8[], float8, float8) IS 'Transition function of gram_agg';

CREATE FUNCTION userseg._gram_combine(a userseg.gram, b userseg.gram) RETURNS userseg.gram
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_combine';
COMMENT ON FUNCTION userseg._gram_combine(userseg.gram, userseg.gram) IS 'Combine function of the aggregates with this state, transition function of rollup';

CREATE FUNCTION userseg._gram_final(state userseg.gram) RETURNS userseg.gram
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_final';
COMMENT ON FUNCTION userseg._gram_final(userseg.gram) IS 'Final function of the aggregates with this state: canonical form';

CREATE AGGREGATE userseg.gram_agg(x float8[], y float8, weight float8) (
  SFUNC = userseg._gram_agg_step,
  STYPE = userseg.gram,
  SSPACE = 12000,
  FINALFUNC = userseg._gram_final,
  COMBINEFUNC = userseg._gram_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.gram_agg(float8[], float8, float8) IS 'Sums of products of 1, x and y over rows, weighted; rows with NULL or weight 0 do not count';

CREATE AGGREGATE userseg.gram_step(row_ userseg.gram_row) (
  SFUNC = userseg._gram_step,
  STYPE = userseg.gram,
  SSPACE = 12000,
  FINALFUNC = userseg._gram_final,
  COMBINEFUNC = userseg._gram_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.gram_step(userseg.gram_row) IS 'The same over rows made by gram_row: the form that distributes cheaply';

CREATE AGGREGATE userseg.rollup(state userseg.gram) (
  SFUNC = userseg._gram_combine,
  STYPE = userseg.gram,
  SSPACE = 12000,
  FINALFUNC = userseg._gram_final,
  COMBINEFUNC = userseg._gram_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.gram) IS 'State of all rows of the states';

CREATE FUNCTION userseg.merge(a userseg.gram, b userseg.gram) RETURNS userseg.gram
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cross_merge';
COMMENT ON FUNCTION userseg.merge(userseg.gram, userseg.gram) IS 'State of the rows of both states; NULL counts as a state of no rows';

CREATE FUNCTION userseg.row_count(g userseg.gram) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gram_rows';
COMMENT ON FUNCTION userseg.row_count(userseg.gram) IS 'Number of rows of a state';

CREATE FUNCTION userseg.cross_products(g userseg.gram) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gram_products';
COMMENT ON FUNCTION userseg.cross_products(userseg.gram) IS 'The matrix of the sums of products of 1, x and y';

CREATE FUNCTION userseg.ols(g userseg.gram, level float8 DEFAULT 0.95)
RETURNS TABLE (term int, coefficient float8, std_error float8, t float8, p_value float8, ci_low float8, ci_high float8)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10 AS 'MODULE_PATHNAME', 'userseg_gram_fit';
COMMENT ON FUNCTION userseg.ols(userseg.gram, float8) IS 'Linear regression from a state: coefficients with inference, term 0 being the intercept; NULL for a term that depends on those before it';

CREATE FUNCTION userseg.ols_summary(g userseg.gram) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_gram_summary';
COMMENT ON FUNCTION userseg.ols_summary(userseg.gram) IS 'What is told about a linear regression from a state: R2, F, likelihood, information criteria';

CREATE FUNCTION userseg._encode_gram(encoder bytea, specification bytea, weight float8, y float8, VARIADIC columns "any")
RETURNS userseg.gram_row
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_gram';
COMMENT ON FUNCTION userseg._encode_gram(bytea, bytea, float8, float8, "any") IS 'Used by userseg.train with strategy sql: a row of the source, encoded, as gram_step takes it';

CREATE FUNCTION userseg._encode_gram_row(encoder bytea, specification bytea, weight float8, y float8, features record)
RETURNS userseg.gram_row
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_gram_row';
COMMENT ON FUNCTION userseg._encode_gram_row(bytea, bytea, float8, float8, record) IS 'The same with the columns as a row, for more columns than a function can have';
