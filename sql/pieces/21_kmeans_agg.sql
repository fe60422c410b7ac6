-- The clustering core: one pass over rows and their nearest centroids, as aggregates.

-- A row that is assigned and ready to be summed

CREATE TYPE userseg.kmeans_point;

CREATE FUNCTION userseg._kmeans_point_in(cstring) RETURNS userseg.kmeans_point
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_point_in';
COMMENT ON FUNCTION userseg._kmeans_point_in(cstring) IS 'Input function of userseg.kmeans_point: hexadecimal text';

CREATE FUNCTION userseg._kmeans_point_out(userseg.kmeans_point) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_point_out';
COMMENT ON FUNCTION userseg._kmeans_point_out(userseg.kmeans_point) IS 'Output function of userseg.kmeans_point: hexadecimal text';

CREATE FUNCTION userseg._kmeans_point_recv(internal) RETURNS userseg.kmeans_point
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_point_recv';
COMMENT ON FUNCTION userseg._kmeans_point_recv(internal) IS 'Binary input function of userseg.kmeans_point';

CREATE FUNCTION userseg._kmeans_point_send(userseg.kmeans_point) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_point_send';
COMMENT ON FUNCTION userseg._kmeans_point_send(userseg.kmeans_point) IS 'Binary output function of userseg.kmeans_point';

CREATE TYPE userseg.kmeans_point (
  INPUT = userseg._kmeans_point_in,
  OUTPUT = userseg._kmeans_point_out,
  RECEIVE = userseg._kmeans_point_recv,
  SEND = userseg._kmeans_point_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.kmeans_point IS 'A row assigned to its nearest centroid: what userseg.kmeans_step sums';

CREATE FUNCTION userseg.kmeans_point(c userseg.centroid_set, x float8[], weight float8 DEFAULT 1) RETURNS userseg.kmeans_point
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_kmeans_point';
COMMENT ON FUNCTION userseg.kmeans_point(userseg.centroid_set, float8[], float8) IS 'The row x assigned to its nearest centroid; NULL for weight 0';

-- What one pass knows of the clusters

CREATE TYPE userseg.kmeans_state;

CREATE FUNCTION userseg._kmeans_state_in(cstring) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_state_in';
COMMENT ON FUNCTION userseg._kmeans_state_in(cstring) IS 'Input function of userseg.kmeans_state: hexadecimal text';

CREATE FUNCTION userseg._kmeans_state_out(userseg.kmeans_state) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_state_out';
COMMENT ON FUNCTION userseg._kmeans_state_out(userseg.kmeans_state) IS 'Output function of userseg.kmeans_state: hexadecimal text';

CREATE FUNCTION userseg._kmeans_state_recv(internal) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_state_recv';
COMMENT ON FUNCTION userseg._kmeans_state_recv(internal) IS 'Binary input function of userseg.kmeans_state';

CREATE FUNCTION userseg._kmeans_state_send(userseg.kmeans_state) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_state_send';
COMMENT ON FUNCTION userseg._kmeans_state_send(userseg.kmeans_state) IS 'Binary output function of userseg.kmeans_state';

CREATE TYPE userseg.kmeans_state (
  INPUT = userseg._kmeans_state_in,
  OUTPUT = userseg._kmeans_state_out,
  RECEIVE = userseg._kmeans_state_recv,
  SEND = userseg._kmeans_state_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.kmeans_state IS 'Rows, weights, exact sums and inertia of the clusters of a centroid set';

-- Functions of the aggregates

CREATE FUNCTION userseg._kmeans_step(state userseg.kmeans_state, point userseg.kmeans_point) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_step';
COMMENT ON FUNCTION userseg._kmeans_step(userseg.kmeans_state, userseg.kmeans_point) IS 'Transition function of kmeans_step';

CREATE FUNCTION userseg._kmeans_agg_step(state userseg.kmeans_state, c userseg.centroid_set, x float8[], weight float8) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_kmeans_agg_step';
COMMENT ON FUNCTION userseg._kmeans_agg_step(userseg.kmeans_state, userseg.centroid_set, float8[], float8) IS 'Transition function of kmeans_agg';

CREATE FUNCTION userseg._centroid_agg_step(state userseg.kmeans_state, x float8[], weight float8) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_centroid_agg_step';
COMMENT ON FUNCTION userseg._centroid_agg_step(userseg.kmeans_state, float8[], float8) IS 'Transition function of centroid_agg';

CREATE FUNCTION userseg._inertia_step(state userseg.kmeans_state, c userseg.centroid_set, x float8[]) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_inertia_step';
COMMENT ON FUNCTION userseg._inertia_step(userseg.kmeans_state, userseg.centroid_set, float8[]) IS 'Transition function of inertia_agg';

CREATE FUNCTION userseg._silhouette_step(state userseg.kmeans_state, c userseg.centroid_set, x float8[]) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_silhouette_step';
COMMENT ON FUNCTION userseg._silhouette_step(userseg.kmeans_state, userseg.centroid_set, float8[]) IS 'Transition function of silhouette_agg';

CREATE FUNCTION userseg._kmeans_combine(a userseg.kmeans_state, b userseg.kmeans_state) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_combine';
COMMENT ON FUNCTION userseg._kmeans_combine(userseg.kmeans_state, userseg.kmeans_state) IS 'Combine function of the aggregates with this state, transition function of rollup';

CREATE FUNCTION userseg._kmeans_final(state userseg.kmeans_state) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_final';
COMMENT ON FUNCTION userseg._kmeans_final(userseg.kmeans_state) IS 'Final function of kmeans_agg, kmeans_step and rollup: the state in canonical form';

CREATE FUNCTION userseg._centroid_final(state userseg.kmeans_state) RETURNS userseg.centroid_set
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_centroid_final';
COMMENT ON FUNCTION userseg._centroid_final(userseg.kmeans_state) IS 'Final function of centroid_agg';

CREATE FUNCTION userseg._inertia_final(state userseg.kmeans_state) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_inertia_final';
COMMENT ON FUNCTION userseg._inertia_final(userseg.kmeans_state) IS 'Final function of inertia_agg';

CREATE FUNCTION userseg._silhouette_final(state userseg.kmeans_state) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_silhouette_final';
COMMENT ON FUNCTION userseg._silhouette_final(userseg.kmeans_state) IS 'Final function of silhouette_agg';

-- Aggregates

CREATE AGGREGATE userseg.kmeans_agg(c userseg.centroid_set, x float8[], weight float8) (
  SFUNC = userseg._kmeans_agg_step,
  STYPE = userseg.kmeans_state,
  SSPACE = 4000,
  FINALFUNC = userseg._kmeans_final,
  COMBINEFUNC = userseg._kmeans_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.kmeans_agg(userseg.centroid_set, float8[], float8) IS 'One iteration of k-means: rows assigned to their nearest centroid and summed; rows with NULL or weight 0 do not count';

CREATE AGGREGATE userseg.kmeans_step(point userseg.kmeans_point) (
  SFUNC = userseg._kmeans_step,
  STYPE = userseg.kmeans_state,
  SSPACE = 4000,
  FINALFUNC = userseg._kmeans_final,
  COMBINEFUNC = userseg._kmeans_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.kmeans_step(userseg.kmeans_point) IS 'One iteration of k-means over rows assigned by kmeans_point: the form that distributes cheaply';

CREATE AGGREGATE userseg.centroid_agg(x float8[], weight float8) (
  SFUNC = userseg._centroid_agg_step,
  STYPE = userseg.kmeans_state,
  SSPACE = 600,
  FINALFUNC = userseg._centroid_final,
  COMBINEFUNC = userseg._kmeans_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.centroid_agg(float8[], float8) IS 'Weighted mean of vectors, as a centroid set of one centroid; rows with NULL or weight 0 do not count';

CREATE AGGREGATE userseg.inertia_agg(c userseg.centroid_set, x float8[]) (
  SFUNC = userseg._inertia_step,
  STYPE = userseg.kmeans_state,
  SSPACE = 2000,
  FINALFUNC = userseg._inertia_final,
  COMBINEFUNC = userseg._kmeans_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.inertia_agg(userseg.centroid_set, float8[]) IS 'Sum of the squared distances to the nearest centroid (of the distances for manhattan and chebyshev)';

CREATE AGGREGATE userseg.silhouette_agg(c userseg.centroid_set, x float8[]) (
  SFUNC = userseg._silhouette_step,
  STYPE = userseg.kmeans_state,
  SSPACE = 2000,
  FINALFUNC = userseg._silhouette_final,
  COMBINEFUNC = userseg._kmeans_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.silhouette_agg(userseg.centroid_set, float8[]) IS 'Mean simplified silhouette: 1 - a / b with the distances a and b to the nearest and the second nearest centroid';

CREATE AGGREGATE userseg.rollup(state userseg.kmeans_state) (
  SFUNC = userseg._kmeans_combine,
  STYPE = userseg.kmeans_state,
  SSPACE = 4000,
  FINALFUNC = userseg._kmeans_final,
  COMBINEFUNC = userseg._kmeans_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.kmeans_state) IS 'State of all rows of the states';

-- Accessors

CREATE FUNCTION userseg.merge(a userseg.kmeans_state, b userseg.kmeans_state) RETURNS userseg.kmeans_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_kmeans_merge';
COMMENT ON FUNCTION userseg.merge(userseg.kmeans_state, userseg.kmeans_state) IS 'State of the rows of both states; NULL counts as a state of no rows';

CREATE FUNCTION userseg.next_centroids(s userseg.kmeans_state, c userseg.centroid_set DEFAULT NULL) RETURNS userseg.centroid_set
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_next_centroids';
COMMENT ON FUNCTION userseg.next_centroids(userseg.kmeans_state, userseg.centroid_set) IS 'Means of the clusters, with their weights; a cluster without rows keeps its centroid, which kmeans_step cannot know: pass the set that was used as c';

CREATE FUNCTION userseg.inertia(s userseg.kmeans_state) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_inertia';
COMMENT ON FUNCTION userseg.inertia(userseg.kmeans_state) IS 'Weighted sum of the squared distances to the centroids that the rows were assigned to';

CREATE FUNCTION userseg.sizes(s userseg.kmeans_state) RETURNS bigint[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_sizes';
COMMENT ON FUNCTION userseg.sizes(userseg.kmeans_state) IS 'Number of rows of each cluster';

CREATE FUNCTION userseg.weights(s userseg.kmeans_state) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_weights';
COMMENT ON FUNCTION userseg.weights(userseg.kmeans_state) IS 'Weight of the rows of each cluster';

