-- Sums by class and column: naive Bayes by hand, and the pass of algorithm naive_bayes in SQL.

CREATE TYPE userseg.naive_bayes_row;

CREATE FUNCTION userseg._naive_bayes_row_in(cstring) RETURNS userseg.naive_bayes_row
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_row_in';
COMMENT ON FUNCTION userseg._naive_bayes_row_in(cstring) IS 'Input function of userseg.naive_bayes_row: hexadecimal text';

CREATE FUNCTION userseg._naive_bayes_row_out(userseg.naive_bayes_row) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_row_out';
COMMENT ON FUNCTION userseg._naive_bayes_row_out(userseg.naive_bayes_row) IS 'Output function of userseg.naive_bayes_row: hexadecimal text';

CREATE FUNCTION userseg._naive_bayes_row_recv(internal) RETURNS userseg.naive_bayes_row
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_row_recv';
COMMENT ON FUNCTION userseg._naive_bayes_row_recv(internal) IS 'Binary input function of userseg.naive_bayes_row';

CREATE FUNCTION userseg._naive_bayes_row_send(userseg.naive_bayes_row) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_row_send';
COMMENT ON FUNCTION userseg._naive_bayes_row_send(userseg.naive_bayes_row) IS 'Binary output function of userseg.naive_bayes_row';

CREATE TYPE userseg.naive_bayes_row (
  INPUT = userseg._naive_bayes_row_in,
  OUTPUT = userseg._naive_bayes_row_out,
  RECEIVE = userseg._naive_bayes_row_recv,
  SEND = userseg._naive_bayes_row_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.naive_bayes_row IS 'A row ready to be summed up by userseg.naive_bayes_step';

CREATE TYPE userseg.naive_bayes_state;

CREATE FUNCTION userseg._naive_bayes_state_in(cstring) RETURNS userseg.naive_bayes_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_state_in';
COMMENT ON FUNCTION userseg._naive_bayes_state_in(cstring) IS 'Input function of userseg.naive_bayes_state: hexadecimal text';

CREATE FUNCTION userseg._naive_bayes_state_out(userseg.naive_bayes_state) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_state_out';
COMMENT ON FUNCTION userseg._naive_bayes_state_out(userseg.naive_bayes_state) IS 'Output function of userseg.naive_bayes_state: hexadecimal text';

CREATE FUNCTION userseg._naive_bayes_state_recv(internal) RETURNS userseg.naive_bayes_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_state_recv';
COMMENT ON FUNCTION userseg._naive_bayes_state_recv(internal) IS 'Binary input function of userseg.naive_bayes_state';

CREATE FUNCTION userseg._naive_bayes_state_send(userseg.naive_bayes_state) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_state_send';
COMMENT ON FUNCTION userseg._naive_bayes_state_send(userseg.naive_bayes_state) IS 'Binary output function of userseg.naive_bayes_state';

CREATE TYPE userseg.naive_bayes_state (
  INPUT = userseg._naive_bayes_state_in,
  OUTPUT = userseg._naive_bayes_state_out,
  RECEIVE = userseg._naive_bayes_state_recv,
  SEND = userseg._naive_bayes_state_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.naive_bayes_state IS 'Exact sums of the columns of rows by class: what naive Bayes needs';

CREATE FUNCTION userseg.naive_bayes_row(x float8[], y int, weight float8 DEFAULT 1, levels int[] DEFAULT NULL) RETURNS userseg.naive_bayes_row
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_naive_bayes_row';
COMMENT ON FUNCTION userseg.naive_bayes_row(float8[], int, float8, int[]) IS 'The row x of class y (1, 2, ...); levels is 0 for a column of numbers, for one of categories how many levels 0, 1, ... it has; NULL in x: not known; NULL for weight 0';

CREATE FUNCTION userseg._naive_bayes_step(state userseg.naive_bayes_state, row_ userseg.naive_bayes_row) RETURNS userseg.naive_bayes_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_naive_bayes_step';
COMMENT ON FUNCTION userseg._naive_bayes_step(userseg.naive_bayes_state, userseg.naive_bayes_row) IS 'Transition function of naive_bayes_step';

CREATE FUNCTION userseg._naive_bayes_agg_step(state userseg.naive_bayes_state, x float8[], y int, weight float8) RETURNS userseg.naive_bayes_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_naive_bayes_agg_step';
COMMENT ON FUNCTION userseg._naive_bayes_agg_step(userseg.naive_bayes_state, float8[], int, float8) IS 'Transition function of naive_bayes_agg';

CREATE FUNCTION userseg._naive_bayes_combine(a userseg.naive_bayes_state, b userseg.naive_bayes_state) RETURNS userseg.naive_bayes_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_combine';
COMMENT ON FUNCTION userseg._naive_bayes_combine(userseg.naive_bayes_state, userseg.naive_bayes_state) IS 'Combine function of the aggregates with this state, transition function of rollup';

CREATE FUNCTION userseg._naive_bayes_final(state userseg.naive_bayes_state) RETURNS userseg.naive_bayes_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_final';
COMMENT ON FUNCTION userseg._naive_bayes_final(userseg.naive_bayes_state) IS 'Final function of the aggregates with this state: canonical form';

CREATE AGGREGATE userseg.naive_bayes_agg(x float8[], y int, weight float8) (
  SFUNC = userseg._naive_bayes_agg_step,
  STYPE = userseg.naive_bayes_state,
  SSPACE = 20000,
  FINALFUNC = userseg._naive_bayes_final,
  COMBINEFUNC = userseg._naive_bayes_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.naive_bayes_agg(float8[], int, float8) IS 'Sums of the columns of numbers x by class y (1, 2, ...), weighted; NULL in x: not known; rows with NULL or weight 0 do not count';

CREATE AGGREGATE userseg.naive_bayes_step(row_ userseg.naive_bayes_row) (
  SFUNC = userseg._naive_bayes_step,
  STYPE = userseg.naive_bayes_state,
  SSPACE = 20000,
  FINALFUNC = userseg._naive_bayes_final,
  COMBINEFUNC = userseg._naive_bayes_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.naive_bayes_step(userseg.naive_bayes_row) IS 'The same over rows made by naive_bayes_row, with categories too: the form that distributes cheaply';

CREATE AGGREGATE userseg.rollup(state userseg.naive_bayes_state) (
  SFUNC = userseg._naive_bayes_combine,
  STYPE = userseg.naive_bayes_state,
  SSPACE = 20000,
  FINALFUNC = userseg._naive_bayes_final,
  COMBINEFUNC = userseg._naive_bayes_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.naive_bayes_state) IS 'State of all rows of the states';

CREATE FUNCTION userseg.merge(a userseg.naive_bayes_state, b userseg.naive_bayes_state) RETURNS userseg.naive_bayes_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_merge';
COMMENT ON FUNCTION userseg.merge(userseg.naive_bayes_state, userseg.naive_bayes_state) IS 'State of the rows of both states; NULL counts as a state of no rows';

CREATE FUNCTION userseg.row_count(s userseg.naive_bayes_state) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_naive_bayes_rows';
COMMENT ON FUNCTION userseg.row_count(userseg.naive_bayes_state) IS 'Number of rows of a state';

CREATE FUNCTION userseg.class_statistics(s userseg.naive_bayes_state)
RETURNS TABLE (class int, column_no int, level int, weight float8, mean float8, variance float8)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20 AS 'MODULE_PATHNAME', 'userseg_naive_bayes_statistics';
COMMENT ON FUNCTION userseg.class_statistics(userseg.naive_bayes_state) IS 'What a state says of each class and column: mean and variance of numbers, the weight of each level of categories';

CREATE FUNCTION userseg.naive_bayes_proba(s userseg.naive_bayes_state, x float8[]) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_naive_bayes_proba';
COMMENT ON FUNCTION userseg.naive_bayes_proba(userseg.naive_bayes_state, float8[]) IS 'Probabilities of the classes 1, 2, ... of the row x, with the parameters that algorithm naive_bayes has by default';

CREATE FUNCTION userseg._encode_naive_bayes(encoder bytea, specification bytea, weight float8, y float8, VARIADIC columns "any")
RETURNS userseg.naive_bayes_row
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_naive_bayes';
COMMENT ON FUNCTION userseg._encode_naive_bayes(bytea, bytea, float8, float8, "any") IS 'Used by userseg.train with strategy sql: a row of the source, encoded, as naive_bayes_step takes it';

CREATE FUNCTION userseg._encode_naive_bayes_row(encoder bytea, specification bytea, weight float8, y float8, features record)
RETURNS userseg.naive_bayes_row
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_naive_bayes_row';
COMMENT ON FUNCTION userseg._encode_naive_bayes_row(bytea, bytea, float8, float8, record) IS 'The same with the columns as a row, for more columns than a function can have';
