-- Agreement of two labelings of the same rows, from how many rows have each pair of labels.

CREATE TYPE userseg.contingency;

CREATE FUNCTION userseg._contingency_in(cstring) RETURNS userseg.contingency
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_in';
COMMENT ON FUNCTION userseg._contingency_in(cstring) IS 'Input function of userseg.contingency: hexadecimal text';

CREATE FUNCTION userseg._contingency_out(userseg.contingency) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_out';
COMMENT ON FUNCTION userseg._contingency_out(userseg.contingency) IS 'Output function of userseg.contingency: hexadecimal text';

CREATE FUNCTION userseg._contingency_recv(internal) RETURNS userseg.contingency
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_recv';
COMMENT ON FUNCTION userseg._contingency_recv(internal) IS 'Binary input function of userseg.contingency';

CREATE FUNCTION userseg._contingency_send(userseg.contingency) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_send';
COMMENT ON FUNCTION userseg._contingency_send(userseg.contingency) IS 'Binary output function of userseg.contingency';

CREATE TYPE userseg.contingency (
  INPUT = userseg._contingency_in,
  OUTPUT = userseg._contingency_out,
  RECEIVE = userseg._contingency_recv,
  SEND = userseg._contingency_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.contingency IS 'Table of two labelings: how many rows have each pair of labels';

CREATE TYPE userseg.agreement AS (
  homogeneity  float8,
  completeness float8,
  v_measure    float8
);
COMMENT ON TYPE userseg.agreement IS 'What userseg.v_measure tells';
COMMENT ON COLUMN userseg.agreement.homogeneity IS '1 if every label of b has rows of one label of a only';
COMMENT ON COLUMN userseg.agreement.completeness IS '1 if every label of a has rows of one label of b only';
COMMENT ON COLUMN userseg.agreement.v_measure IS 'Harmonic mean of both';

-- Functions of the aggregates

CREATE FUNCTION userseg._contingency_agg_step(state userseg.contingency, a anycompatible, b anycompatible) RETURNS userseg.contingency
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_agg_step';
COMMENT ON FUNCTION userseg._contingency_agg_step(userseg.contingency, anycompatible, anycompatible) IS 'Transition function of contingency_agg, adjusted_rand_agg, normalized_mutual_info_agg and v_measure';

CREATE FUNCTION userseg._contingency_step(state userseg.contingency, labels text[]) RETURNS userseg.contingency
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_step';
COMMENT ON FUNCTION userseg._contingency_step(userseg.contingency, text[]) IS 'Transition function of contingency_step';

CREATE FUNCTION userseg._contingency_combine(a userseg.contingency, b userseg.contingency) RETURNS userseg.contingency
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_combine';
COMMENT ON FUNCTION userseg._contingency_combine(userseg.contingency, userseg.contingency) IS 'Combine function of the aggregates with this state, transition function of rollup';

CREATE FUNCTION userseg._contingency_final(state userseg.contingency) RETURNS userseg.contingency
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_final';
COMMENT ON FUNCTION userseg._contingency_final(userseg.contingency) IS 'Final function of contingency_agg, contingency_step and rollup: the state in canonical form';

-- What a table tells

CREATE FUNCTION userseg.contingency_rows(c userseg.contingency) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_rows';
COMMENT ON FUNCTION userseg.contingency_rows(userseg.contingency) IS 'Number of rows with both labels';

CREATE FUNCTION userseg.contingency_nulls(c userseg.contingency) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_nulls';
COMMENT ON FUNCTION userseg.contingency_nulls(userseg.contingency) IS 'Number of rows left out because a label was NULL';

CREATE FUNCTION userseg.adjusted_rand(c userseg.contingency) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_adjusted_rand';
COMMENT ON FUNCTION userseg.adjusted_rand(userseg.contingency) IS 'Adjusted Rand index: 1 for equal partitions, about 0 for unrelated ones; NULL without rows';

CREATE FUNCTION userseg.normalized_mutual_info(c userseg.contingency) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_normalized_mutual_info';
COMMENT ON FUNCTION userseg.normalized_mutual_info(userseg.contingency) IS 'Mutual information of the labelings divided by the mean of their entropies, 0 to 1; NULL without rows';

CREATE FUNCTION userseg.v_measure(c userseg.contingency) RETURNS userseg.agreement
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_v_measure';
COMMENT ON FUNCTION userseg.v_measure(userseg.contingency) IS 'Homogeneity, completeness and V-measure of clusters b against classes a; NULL without rows';

CREATE FUNCTION userseg.merge(a userseg.contingency, b userseg.contingency) RETURNS userseg.contingency
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_contingency_merge';
COMMENT ON FUNCTION userseg.merge(userseg.contingency, userseg.contingency) IS 'Table of the rows of both tables; NULL counts as a table of no rows';

-- Aggregates

CREATE AGGREGATE userseg.contingency_agg(a anycompatible, b anycompatible) (
  SFUNC = userseg._contingency_agg_step,
  STYPE = userseg.contingency,
  SSPACE = 1000,
  FINALFUNC = userseg._contingency_final,
  COMBINEFUNC = userseg._contingency_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.contingency_agg(anycompatible, anycompatible) IS 'Table of two labels of each row: text, integers, booleans or enums; rows with a NULL label are counted apart';

CREATE AGGREGATE userseg.contingency_step(labels text[]) (
  SFUNC = userseg._contingency_step,
  STYPE = userseg.contingency,
  SSPACE = 1000,
  FINALFUNC = userseg._contingency_final,
  COMBINEFUNC = userseg._contingency_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.contingency_step(text[]) IS 'The same from arrays of the two labels: the form that distributes';

CREATE AGGREGATE userseg.rollup(state userseg.contingency) (
  SFUNC = userseg._contingency_combine,
  STYPE = userseg.contingency,
  SSPACE = 1000,
  FINALFUNC = userseg._contingency_final,
  COMBINEFUNC = userseg._contingency_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.contingency) IS 'Table of all rows of the tables';

CREATE AGGREGATE userseg.adjusted_rand_agg(a anycompatible, b anycompatible) (
  SFUNC = userseg._contingency_agg_step,
  STYPE = userseg.contingency,
  SSPACE = 1000,
  FINALFUNC = userseg.adjusted_rand,
  COMBINEFUNC = userseg._contingency_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.adjusted_rand_agg(anycompatible, anycompatible) IS 'Adjusted Rand index of two labelings: 1 for equal partitions, about 0 for unrelated ones; rows with a NULL label do not count';

CREATE AGGREGATE userseg.normalized_mutual_info_agg(a anycompatible, b anycompatible) (
  SFUNC = userseg._contingency_agg_step,
  STYPE = userseg.contingency,
  SSPACE = 1000,
  FINALFUNC = userseg.normalized_mutual_info,
  COMBINEFUNC = userseg._contingency_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.normalized_mutual_info_agg(anycompatible, anycompatible) IS 'Mutual information of two labelings divided by the mean of their entropies; rows with a NULL label do not count';

CREATE AGGREGATE userseg.v_measure(a anycompatible, b anycompatible) (
  SFUNC = userseg._contingency_agg_step,
  STYPE = userseg.contingency,
  SSPACE = 1000,
  FINALFUNC = userseg.v_measure,
  COMBINEFUNC = userseg._contingency_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.v_measure(anycompatible, anycompatible) IS 'Homogeneity, completeness and V-measure of clusters b against classes a; rows with a NULL label do not count';
