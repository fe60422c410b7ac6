-- Clustering features: number, weight, mean and sum of squares of rows as one mergeable value.

CREATE TYPE userseg.cf;

CREATE FUNCTION userseg._cf_in(cstring) RETURNS userseg.cf
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cf_in';
COMMENT ON FUNCTION userseg._cf_in(cstring) IS 'Input function of userseg.cf: hexadecimal text';

CREATE FUNCTION userseg._cf_out(userseg.cf) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_state_out';
COMMENT ON FUNCTION userseg._cf_out(userseg.cf) IS 'Output function of userseg.cf: hexadecimal text';

CREATE FUNCTION userseg._cf_recv(internal) RETURNS userseg.cf
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cf_recv';
COMMENT ON FUNCTION userseg._cf_recv(internal) IS 'Binary input function of userseg.cf';

CREATE FUNCTION userseg._cf_send(userseg.cf) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_state_send';
COMMENT ON FUNCTION userseg._cf_send(userseg.cf) IS 'Binary output function of userseg.cf';

CREATE TYPE userseg.cf (
  INPUT = userseg._cf_in,
  OUTPUT = userseg._cf_out,
  RECEIVE = userseg._cf_recv,
  SEND = userseg._cf_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.cf IS 'Clustering feature: number, weight, sum and sum of squares of rows, exact';

-- Functions of the aggregates

CREATE FUNCTION userseg._cf_agg_step(state userseg.cf, x float8[], weight float8) RETURNS userseg.cf
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_cf_agg_step';
COMMENT ON FUNCTION userseg._cf_agg_step(userseg.cf, float8[], float8) IS 'Transition function of cf_agg';

CREATE FUNCTION userseg._cf_step(state userseg.cf, x float8[]) RETURNS userseg.cf
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_cf_step';
COMMENT ON FUNCTION userseg._cf_step(userseg.cf, float8[]) IS 'Transition function of cf_step';

CREATE FUNCTION userseg._cf_combine(a userseg.cf, b userseg.cf) RETURNS userseg.cf
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_combine';
COMMENT ON FUNCTION userseg._cf_combine(userseg.cf, userseg.cf) IS 'Combine function of cf_agg and cf_step, transition function of rollup';

CREATE FUNCTION userseg._cf_final(state userseg.cf) RETURNS userseg.cf
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_final';
COMMENT ON FUNCTION userseg._cf_final(userseg.cf) IS 'Final function of cf_agg, cf_step and rollup: the state in canonical form';

-- Aggregates

CREATE AGGREGATE userseg.cf_agg(x float8[], weight float8) (
  SFUNC = userseg._cf_agg_step,
  STYPE = userseg.cf,
  SSPACE = 800,
  FINALFUNC = userseg._cf_final,
  COMBINEFUNC = userseg._cf_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.cf_agg(float8[], float8) IS 'Clustering feature of weighted vectors; rows with NULL or weight 0 do not count';

CREATE AGGREGATE userseg.cf_step(x float8[]) (
  SFUNC = userseg._cf_step,
  STYPE = userseg.cf,
  SSPACE = 800,
  FINALFUNC = userseg._cf_final,
  COMBINEFUNC = userseg._cf_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.cf_step(float8[]) IS 'Clustering feature of vectors of weight 1: the form that distributes cheaply';

CREATE AGGREGATE userseg.rollup(state userseg.cf) (
  SFUNC = userseg._cf_combine,
  STYPE = userseg.cf,
  SSPACE = 800,
  FINALFUNC = userseg._cf_final,
  COMBINEFUNC = userseg._cf_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.cf) IS 'Clustering feature of all rows of the features';

-- Merging and accessors

CREATE FUNCTION userseg.cf_merge(a userseg.cf, b userseg.cf) RETURNS userseg.cf
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_merge';
COMMENT ON FUNCTION userseg.cf_merge(userseg.cf, userseg.cf) IS 'Clustering feature of the rows of both; NULL counts as no rows';

CREATE FUNCTION userseg.merge(a userseg.cf, b userseg.cf) RETURNS userseg.cf
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_merge';
COMMENT ON FUNCTION userseg.merge(userseg.cf, userseg.cf) IS 'The same as cf_merge';

CREATE FUNCTION userseg.cf_dim(f userseg.cf) RETURNS int
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cf_dim';
COMMENT ON FUNCTION userseg.cf_dim(userseg.cf) IS 'Number of columns of the rows';

CREATE FUNCTION userseg.cf_count(f userseg.cf) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cf_count';
COMMENT ON FUNCTION userseg.cf_count(userseg.cf) IS 'Number of rows';

CREATE FUNCTION userseg.cf_weight(f userseg.cf) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_cf_weight';
COMMENT ON FUNCTION userseg.cf_weight(userseg.cf) IS 'Sum of the weights of the rows';

CREATE FUNCTION userseg.cf_centroid(f userseg.cf) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_cf_centroid';
COMMENT ON FUNCTION userseg.cf_centroid(userseg.cf) IS 'Weighted mean of the rows';

CREATE FUNCTION userseg.cf_sse(f userseg.cf) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_cf_sse';
COMMENT ON FUNCTION userseg.cf_sse(userseg.cf) IS 'Weighted sum of the squared distances of the rows to their mean';

CREATE FUNCTION userseg.cf_radius(f userseg.cf) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_cf_radius';
COMMENT ON FUNCTION userseg.cf_radius(userseg.cf) IS 'Root mean square distance of the rows to their mean';

CREATE FUNCTION userseg.cf_diameter(f userseg.cf) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_cf_diameter';
COMMENT ON FUNCTION userseg.cf_diameter(userseg.cf) IS 'Root mean square distance of two rows, where a weight counts rows; NULL for a weight of at most 1';

CREATE FUNCTION userseg.cf_distance(a userseg.cf, b userseg.cf, distance text DEFAULT 'ward') RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'userseg_cf_distance';
COMMENT ON FUNCTION userseg.cf_distance(userseg.cf, userseg.cf, text) IS 'Distance of two clusters: centroid, manhattan, average, diameter of both, or ward, what merging adds to the sum of squares';
