-- Centroid sets, distances, the nearest centroid.

CREATE TYPE userseg.centroid_set;

CREATE FUNCTION userseg._centroid_set_in(cstring) RETURNS userseg.centroid_set
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set_in';
COMMENT ON FUNCTION userseg._centroid_set_in(cstring) IS 'Input function of userseg.centroid_set: hexadecimal text, or an array as {{1,2},{3,4}}';

CREATE FUNCTION userseg._centroid_set_out(userseg.centroid_set) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set_out';
COMMENT ON FUNCTION userseg._centroid_set_out(userseg.centroid_set) IS 'Output function of userseg.centroid_set: hexadecimal text';

CREATE FUNCTION userseg._centroid_set_recv(internal) RETURNS userseg.centroid_set
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set_recv';
COMMENT ON FUNCTION userseg._centroid_set_recv(internal) IS 'Binary input function of userseg.centroid_set';

CREATE FUNCTION userseg._centroid_set_send(userseg.centroid_set) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set_send';
COMMENT ON FUNCTION userseg._centroid_set_send(userseg.centroid_set) IS 'Binary output function of userseg.centroid_set';

CREATE TYPE userseg.centroid_set (
  INPUT = userseg._centroid_set_in,
  OUTPUT = userseg._centroid_set_out,
  RECEIVE = userseg._centroid_set_recv,
  SEND = userseg._centroid_set_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.centroid_set IS 'Centroids of clusters: a number of vectors of one length, a metric, a weight each';

CREATE FUNCTION userseg.centroid_set(centers float8[], metric text DEFAULT 'euclidean', weights float8[] DEFAULT NULL)
RETURNS userseg.centroid_set
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set';
COMMENT ON FUNCTION userseg.centroid_set(float8[], text, float8[]) IS 'Centroid set of an array of two dimensions, a row a centroid; metric euclidean, cosine, manhattan or chebyshev; weights 1 each when NULL';

CREATE FUNCTION userseg.centroid_count(c userseg.centroid_set) RETURNS int
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_count';
COMMENT ON FUNCTION userseg.centroid_count(userseg.centroid_set) IS 'Number of centroids';

CREATE FUNCTION userseg.centroid_dim(c userseg.centroid_set) RETURNS int
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_dim';
COMMENT ON FUNCTION userseg.centroid_dim(userseg.centroid_set) IS 'Number of columns of each centroid';

CREATE FUNCTION userseg.centroid_metric(c userseg.centroid_set) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_metric';
COMMENT ON FUNCTION userseg.centroid_metric(userseg.centroid_set) IS 'Metric of the set';

CREATE FUNCTION userseg.centroid_array(c userseg.centroid_set) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_array';
COMMENT ON FUNCTION userseg.centroid_array(userseg.centroid_set) IS 'All centroids as an array of two dimensions, a row a centroid';

CREATE FUNCTION userseg.centroid(c userseg.centroid_set, label int) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid';
COMMENT ON FUNCTION userseg.centroid(userseg.centroid_set, int) IS 'The centroid of a label, counted from 1; NULL if there is none';

CREATE FUNCTION userseg.centroid_weights(c userseg.centroid_set) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_weights';
COMMENT ON FUNCTION userseg.centroid_weights(userseg.centroid_set) IS 'Weight of each centroid: of the rows that it is the mean of';

CREATE FUNCTION userseg.centroid_shift(a userseg.centroid_set, b userseg.centroid_set) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_shift';
COMMENT ON FUNCTION userseg.centroid_shift(userseg.centroid_set, userseg.centroid_set) IS 'Largest distance between a centroid of a and that of the same label of b; 0: nothing moved';

-- Equality, so that rows can be grouped by their set

CREATE FUNCTION userseg._centroid_set_eq(a userseg.centroid_set, b userseg.centroid_set) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set_eq';
COMMENT ON FUNCTION userseg._centroid_set_eq(userseg.centroid_set, userseg.centroid_set) IS 'Function of operator =';

CREATE FUNCTION userseg._centroid_set_ne(a userseg.centroid_set, b userseg.centroid_set) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set_ne';
COMMENT ON FUNCTION userseg._centroid_set_ne(userseg.centroid_set, userseg.centroid_set) IS 'Function of operator <>';

CREATE FUNCTION userseg._centroid_set_hash(c userseg.centroid_set) RETURNS int
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set_hash';
COMMENT ON FUNCTION userseg._centroid_set_hash(userseg.centroid_set) IS 'Hash of a centroid set';

CREATE FUNCTION userseg._centroid_set_hash_extended(c userseg.centroid_set, seed bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_set_hash_extended';
COMMENT ON FUNCTION userseg._centroid_set_hash_extended(userseg.centroid_set, bigint) IS 'Hash of a centroid set with a seed';

CREATE OPERATOR userseg.= (
  LEFTARG = userseg.centroid_set,
  RIGHTARG = userseg.centroid_set,
  FUNCTION = userseg._centroid_set_eq,
  COMMUTATOR = OPERATOR(userseg.=),
  NEGATOR = OPERATOR(userseg.<>),
  RESTRICT = eqsel,
  JOIN = eqjoinsel,
  HASHES
);
COMMENT ON OPERATOR userseg.= (userseg.centroid_set, userseg.centroid_set) IS 'Same centroids, weights and metric';

CREATE OPERATOR userseg.<> (
  LEFTARG = userseg.centroid_set,
  RIGHTARG = userseg.centroid_set,
  FUNCTION = userseg._centroid_set_ne,
  COMMUTATOR = OPERATOR(userseg.<>),
  NEGATOR = OPERATOR(userseg.=),
  RESTRICT = neqsel,
  JOIN = neqjoinsel
);
COMMENT ON OPERATOR userseg.<> (userseg.centroid_set, userseg.centroid_set) IS 'Other centroids, weights or metric';

CREATE OPERATOR CLASS userseg.centroid_set_ops DEFAULT FOR TYPE userseg.centroid_set USING hash AS
  OPERATOR 1 userseg.=,
  FUNCTION 1 userseg._centroid_set_hash(userseg.centroid_set),
  FUNCTION 2 userseg._centroid_set_hash_extended(userseg.centroid_set, bigint);
COMMENT ON OPERATOR CLASS userseg.centroid_set_ops USING hash IS 'Grouping by centroid sets';
COMMENT ON OPERATOR FAMILY userseg.centroid_set_ops USING hash IS 'Grouping by centroid sets';

-- Distances

CREATE FUNCTION userseg.distance(a float8[], b float8[], metric text DEFAULT 'euclidean') RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_distance';
COMMENT ON FUNCTION userseg.distance(float8[], float8[], text) IS 'Distance of two vectors: euclidean, sqeuclidean, cosine, manhattan or chebyshev';

CREATE FUNCTION userseg.nearest(c userseg.centroid_set, x float8[]) RETURNS int
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_nearest';
COMMENT ON FUNCTION userseg.nearest(userseg.centroid_set, float8[]) IS 'Label, from 1, of the nearest centroid; of equally near ones the lowest';

CREATE FUNCTION userseg.nearest_distance(c userseg.centroid_set, x float8[]) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_nearest_distance';
COMMENT ON FUNCTION userseg.nearest_distance(userseg.centroid_set, float8[]) IS 'Distance to the nearest centroid, in the metric of the set';

