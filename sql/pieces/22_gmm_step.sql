-- Mixtures of normal distributions: a mixture by value, and one pass of EM as an aggregate.

CREATE TYPE userseg.mixture;

CREATE FUNCTION userseg._mixture_in(cstring) RETURNS userseg.mixture
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture_in';
COMMENT ON FUNCTION userseg._mixture_in(cstring) IS 'Input function of userseg.mixture: hexadecimal text';

CREATE FUNCTION userseg._mixture_out(userseg.mixture) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture_out';
COMMENT ON FUNCTION userseg._mixture_out(userseg.mixture) IS 'Output function of userseg.mixture: hexadecimal text';

CREATE FUNCTION userseg._mixture_recv(internal) RETURNS userseg.mixture
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture_recv';
COMMENT ON FUNCTION userseg._mixture_recv(internal) IS 'Binary input function of userseg.mixture';

CREATE FUNCTION userseg._mixture_send(userseg.mixture) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture_send';
COMMENT ON FUNCTION userseg._mixture_send(userseg.mixture) IS 'Binary output function of userseg.mixture';

CREATE TYPE userseg.mixture (
  INPUT = userseg._mixture_in,
  OUTPUT = userseg._mixture_out,
  RECEIVE = userseg._mixture_recv,
  SEND = userseg._mixture_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.mixture IS 'A mixture of normal distributions: weights, means and covariances of its components';

CREATE FUNCTION userseg.mixture(weights float8[], means float8[], covariances float8[], covariance text DEFAULT 'full')
RETURNS userseg.mixture
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture';
COMMENT ON FUNCTION userseg.mixture(float8[], float8[], float8[], text) IS 'Mixture of components with these weights (NULL: equal), means (a row a component) and covariances: full k matrices, tied one matrix, diag a row of variances a component, spherical a variance a component';

CREATE FUNCTION userseg.covariance_type(m userseg.mixture) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture_covariance_type';
COMMENT ON FUNCTION userseg.covariance_type(userseg.mixture) IS 'Form of the covariances: full, diag, tied or spherical';

CREATE FUNCTION userseg.mixture_weights(m userseg.mixture) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture_weights';
COMMENT ON FUNCTION userseg.mixture_weights(userseg.mixture) IS 'Shares of the components, with sum 1';

CREATE FUNCTION userseg.mixture_means(m userseg.mixture) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture_means';
COMMENT ON FUNCTION userseg.mixture_means(userseg.mixture) IS 'Means as an array of two dimensions, a row a component';

CREATE FUNCTION userseg.mixture_covariances(m userseg.mixture) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mixture_covariances';
COMMENT ON FUNCTION userseg.mixture_covariances(userseg.mixture) IS 'Covariances, in the form that userseg.mixture takes';

CREATE FUNCTION userseg.log_density(m userseg.mixture, x float8[]) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_log_density';
COMMENT ON FUNCTION userseg.log_density(userseg.mixture, float8[]) IS 'Natural logarithm of the density of the mixture at x';

CREATE FUNCTION userseg.responsibilities(m userseg.mixture, x float8[]) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_responsibilities';
COMMENT ON FUNCTION userseg.responsibilities(userseg.mixture, float8[]) IS 'Probability of each component given x';

-- A row that is judged and ready to be summed

CREATE TYPE userseg.gmm_point;

CREATE FUNCTION userseg._gmm_point_in(cstring) RETURNS userseg.gmm_point
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_point_in';
COMMENT ON FUNCTION userseg._gmm_point_in(cstring) IS 'Input function of userseg.gmm_point: hexadecimal text';

CREATE FUNCTION userseg._gmm_point_out(userseg.gmm_point) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_point_out';
COMMENT ON FUNCTION userseg._gmm_point_out(userseg.gmm_point) IS 'Output function of userseg.gmm_point: hexadecimal text';

CREATE FUNCTION userseg._gmm_point_recv(internal) RETURNS userseg.gmm_point
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_point_recv';
COMMENT ON FUNCTION userseg._gmm_point_recv(internal) IS 'Binary input function of userseg.gmm_point';

CREATE FUNCTION userseg._gmm_point_send(userseg.gmm_point) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_point_send';
COMMENT ON FUNCTION userseg._gmm_point_send(userseg.gmm_point) IS 'Binary output function of userseg.gmm_point';

CREATE TYPE userseg.gmm_point (
  INPUT = userseg._gmm_point_in,
  OUTPUT = userseg._gmm_point_out,
  RECEIVE = userseg._gmm_point_recv,
  SEND = userseg._gmm_point_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.gmm_point IS 'A row and its responsibilities under a mixture: what userseg.gmm_step sums';

CREATE FUNCTION userseg.gmm_point(m userseg.mixture, x float8[], weight float8 DEFAULT 1) RETURNS userseg.gmm_point
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_gmm_point';
COMMENT ON FUNCTION userseg.gmm_point(userseg.mixture, float8[], float8) IS 'The row x judged by a mixture (the E-step); NULL for weight 0';

-- What one pass knows of a mixture

CREATE TYPE userseg.gmm_state;

CREATE FUNCTION userseg._gmm_state_in(cstring) RETURNS userseg.gmm_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_state_in';
COMMENT ON FUNCTION userseg._gmm_state_in(cstring) IS 'Input function of userseg.gmm_state: hexadecimal text';

CREATE FUNCTION userseg._gmm_state_out(userseg.gmm_state) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_state_out';
COMMENT ON FUNCTION userseg._gmm_state_out(userseg.gmm_state) IS 'Output function of userseg.gmm_state: hexadecimal text';

CREATE FUNCTION userseg._gmm_state_recv(internal) RETURNS userseg.gmm_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_state_recv';
COMMENT ON FUNCTION userseg._gmm_state_recv(internal) IS 'Binary input function of userseg.gmm_state';

CREATE FUNCTION userseg._gmm_state_send(userseg.gmm_state) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_state_send';
COMMENT ON FUNCTION userseg._gmm_state_send(userseg.gmm_state) IS 'Binary output function of userseg.gmm_state';

CREATE TYPE userseg.gmm_state (
  INPUT = userseg._gmm_state_in,
  OUTPUT = userseg._gmm_state_out,
  RECEIVE = userseg._gmm_state_recv,
  SEND = userseg._gmm_state_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.gmm_state IS 'Exact sums of rows under a mixture: what the M-step needs';

CREATE FUNCTION userseg._gmm_step(state userseg.gmm_state, point userseg.gmm_point) RETURNS userseg.gmm_state
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_gmm_step';
COMMENT ON FUNCTION userseg._gmm_step(userseg.gmm_state, userseg.gmm_point) IS 'Transition function of gmm_step';

CREATE FUNCTION userseg._gmm_combine(a userseg.gmm_state, b userseg.gmm_state) RETURNS userseg.gmm_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_combine';
COMMENT ON FUNCTION userseg._gmm_combine(userseg.gmm_state, userseg.gmm_state) IS 'Combine function of gmm_step, transition function of rollup';

CREATE FUNCTION userseg._gmm_final(state userseg.gmm_state) RETURNS userseg.gmm_state
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_final';
COMMENT ON FUNCTION userseg._gmm_final(userseg.gmm_state) IS 'Final function of gmm_step and rollup: the state in canonical form';

CREATE AGGREGATE userseg.gmm_step(point userseg.gmm_point) (
  SFUNC = userseg._gmm_step,
  STYPE = userseg.gmm_state,
  SSPACE = 8000,
  FINALFUNC = userseg._gmm_final,
  COMBINEFUNC = userseg._gmm_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.gmm_step(userseg.gmm_point) IS 'One pass of EM over rows judged by gmm_point: exact sums, whatever the order; next_mixture is the M-step';

CREATE AGGREGATE userseg.rollup(state userseg.gmm_state) (
  SFUNC = userseg._gmm_combine,
  STYPE = userseg.gmm_state,
  SSPACE = 8000,
  FINALFUNC = userseg._gmm_final,
  COMBINEFUNC = userseg._gmm_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.gmm_state) IS 'State of all rows of the states';

CREATE FUNCTION userseg.merge(a userseg.gmm_state, b userseg.gmm_state) RETURNS userseg.gmm_state
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_merge';
COMMENT ON FUNCTION userseg.merge(userseg.gmm_state, userseg.gmm_state) IS 'State of the rows of both states; NULL counts as a state of no rows';

CREATE FUNCTION userseg.next_mixture(s userseg.gmm_state, m userseg.mixture, reg_covar float8 DEFAULT 1e-6, step float8 DEFAULT 1)
RETURNS userseg.mixture
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_next_mixture';
COMMENT ON FUNCTION userseg.next_mixture(userseg.gmm_state, userseg.mixture, float8, float8) IS 'The M-step: the mixture that follows from the rows of the state, judged by m; step below 1 moves only so far from m (stepwise EM); NULL for a state without weight';

CREATE FUNCTION userseg.log_likelihood(s userseg.gmm_state) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_log_likelihood';
COMMENT ON FUNCTION userseg.log_likelihood(userseg.gmm_state) IS 'Weighted sum of the log densities of the rows under the mixture that judged them';

CREATE FUNCTION userseg.component_weights(s userseg.gmm_state) RETURNS float8[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_weights';
COMMENT ON FUNCTION userseg.component_weights(userseg.gmm_state) IS 'Sum of the responsibilities of each component: its expected number of rows';

CREATE FUNCTION userseg.row_count(s userseg.gmm_state) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_gmm_rows';
COMMENT ON FUNCTION userseg.row_count(userseg.gmm_state) IS 'Number of rows';

