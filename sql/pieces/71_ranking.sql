-- Scores against labels: type userseg.ranking, AUC, average precision, KS, Gini, lift.

CREATE TYPE userseg.ranking;

CREATE FUNCTION userseg._ranking_in(cstring) RETURNS userseg.ranking
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_ranking_in';
COMMENT ON FUNCTION userseg._ranking_in(cstring) IS 'Input function of userseg.ranking: hexadecimal text';

CREATE FUNCTION userseg._ranking_out(userseg.ranking) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_ranking_out';
COMMENT ON FUNCTION userseg._ranking_out(userseg.ranking) IS 'Output function of userseg.ranking: hexadecimal text';

CREATE FUNCTION userseg._ranking_recv(internal) RETURNS userseg.ranking
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_ranking_recv';
COMMENT ON FUNCTION userseg._ranking_recv(internal) IS 'Binary input function of userseg.ranking';

CREATE FUNCTION userseg._ranking_send(userseg.ranking) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_ranking_send';
COMMENT ON FUNCTION userseg._ranking_send(userseg.ranking) IS 'Binary output function of userseg.ranking';

CREATE TYPE userseg.ranking (
  INPUT = userseg._ranking_in,
  OUTPUT = userseg._ranking_out,
  RECEIVE = userseg._ranking_recv,
  SEND = userseg._ranking_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.ranking IS 'Weight of positive and of negative rows at each distinct score';

-- Functions of the aggregates

CREATE FUNCTION userseg._ranking_step(state userseg.ranking, score float8, label boolean) RETURNS userseg.ranking
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'userseg_ranking_step';
COMMENT ON FUNCTION userseg._ranking_step(userseg.ranking, float8, boolean) IS 'Transition function of the ranking aggregates';

CREATE FUNCTION userseg._ranking_step(state userseg.ranking, score float8, label boolean, weight float8) RETURNS userseg.ranking
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 2 AS 'MODULE_PATHNAME', 'userseg_ranking_step';
COMMENT ON FUNCTION userseg._ranking_step(userseg.ranking, float8, boolean, float8) IS 'Transition function of the ranking aggregates, weighted';

CREATE FUNCTION userseg._ranking_combine(a userseg.ranking, b userseg.ranking) RETURNS userseg.ranking
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_combine';
COMMENT ON FUNCTION userseg._ranking_combine(userseg.ranking, userseg.ranking) IS 'Combine function of the ranking aggregates, transition function of rollup';

CREATE FUNCTION userseg._ranking_final(state userseg.ranking) RETURNS userseg.ranking
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_final';
COMMENT ON FUNCTION userseg._ranking_final(userseg.ranking) IS 'Final function of ranking_agg and rollup: sorted, no room left';

CREATE FUNCTION userseg._lift_final(state userseg.ranking) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_lift';
COMMENT ON FUNCTION userseg._lift_final(userseg.ranking) IS 'Final function of lift_agg';

-- Accessors

CREATE FUNCTION userseg.auc(state userseg.ranking) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_auc';
COMMENT ON FUNCTION userseg.auc(userseg.ranking) IS 'Probability that a positive row has a higher score than a negative one, ties half; NULL with one class';

CREATE FUNCTION userseg.gini(state userseg.ranking) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_gini';
COMMENT ON FUNCTION userseg.gini(userseg.ranking) IS '2 AUC - 1; NULL with one class';

CREATE FUNCTION userseg.ks(state userseg.ranking) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_ks';
COMMENT ON FUNCTION userseg.ks(userseg.ranking) IS 'Largest distance of the score distributions of both classes; NULL with one class';

CREATE FUNCTION userseg.average_precision(state userseg.ranking) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_average_precision';
COMMENT ON FUNCTION userseg.average_precision(userseg.ranking) IS 'Mean of precision over the positive rows, from the highest score down; NULL without positive rows';

CREATE FUNCTION userseg.auc_error(state userseg.ranking) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_auc_error';
COMMENT ON FUNCTION userseg.auc_error(userseg.ranking) IS 'Most by which auc may be off: 0 up to 524288 distinct scores; NULL with one class';

CREATE FUNCTION userseg.is_exact(state userseg.ranking) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_is_exact';
COMMENT ON FUNCTION userseg.is_exact(userseg.ranking) IS 'Whether all distinct scores are kept apart: at most 524288 of them';

CREATE FUNCTION userseg.lift_table(state userseg.ranking, bins int DEFAULT 10) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_lift';
COMMENT ON FUNCTION userseg.lift_table(userseg.ranking, int) IS 'Bins of equal weight from the highest scores down: rate, lift, cumulative gain';

CREATE FUNCTION userseg.merge(a userseg.ranking, b userseg.ranking) RETURNS userseg.ranking
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'userseg_ranking_merge';
COMMENT ON FUNCTION userseg.merge(userseg.ranking, userseg.ranking) IS 'State of the rows of both; NULL is a state without rows';

-- Aggregates

CREATE AGGREGATE userseg.ranking_agg(score float8, label boolean) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg._ranking_final,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.ranking_agg(float8, boolean) IS 'State of scores and labels, for storage, rollup and several figures from one pass';

CREATE AGGREGATE userseg.ranking_agg(score float8, label boolean, weight float8) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg._ranking_final,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.ranking_agg(float8, boolean, float8) IS 'State of scores and labels, for storage, rollup and several figures from one pass; rows weighted';

CREATE AGGREGATE userseg.auc_agg(score float8, label boolean) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg.auc,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.auc_agg(float8, boolean) IS 'Area under the ROC curve; NULL with one class';

CREATE AGGREGATE userseg.auc_agg(score float8, label boolean, weight float8) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg.auc,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.auc_agg(float8, boolean, float8) IS 'Area under the ROC curve; NULL with one class; rows weighted';

CREATE AGGREGATE userseg.gini_agg(score float8, label boolean) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg.gini,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.gini_agg(float8, boolean) IS 'Gini coefficient, 2 AUC - 1; NULL with one class';

CREATE AGGREGATE userseg.gini_agg(score float8, label boolean, weight float8) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg.gini,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.gini_agg(float8, boolean, float8) IS 'Gini coefficient, 2 AUC - 1; NULL with one class; rows weighted';

CREATE AGGREGATE userseg.ks_agg(score float8, label boolean) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg.ks,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.ks_agg(float8, boolean) IS 'Kolmogorov-Smirnov distance of both classes; NULL with one class';

CREATE AGGREGATE userseg.ks_agg(score float8, label boolean, weight float8) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg.ks,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.ks_agg(float8, boolean, float8) IS 'Kolmogorov-Smirnov distance of both classes; NULL with one class; rows weighted';

CREATE AGGREGATE userseg.average_precision_agg(score float8, label boolean) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg.average_precision,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.average_precision_agg(float8, boolean) IS 'Average precision; NULL without positive rows';

CREATE AGGREGATE userseg.average_precision_agg(score float8, label boolean, weight float8) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg.average_precision,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.average_precision_agg(float8, boolean, float8) IS 'Average precision; NULL without positive rows; rows weighted';

CREATE AGGREGATE userseg.lift_agg(score float8, label boolean) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg._lift_final,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.lift_agg(float8, boolean) IS 'Deciles from the highest scores down: rate, lift, cumulative gain';

CREATE AGGREGATE userseg.lift_agg(score float8, label boolean, weight float8) (
  SFUNC = userseg._ranking_step,
  STYPE = userseg.ranking,
  SSPACE = 600,
  FINALFUNC = userseg._lift_final,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.lift_agg(float8, boolean, float8) IS 'Deciles from the highest scores down: rate, lift, cumulative gain; rows weighted';

CREATE AGGREGATE userseg.rollup(state userseg.ranking) (
  SFUNC = userseg._ranking_combine,
  STYPE = userseg.ranking,
  SSPACE = 2000,
  FINALFUNC = userseg._ranking_final,
  COMBINEFUNC = userseg._ranking_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rollup(userseg.ranking) IS 'State of all rows of the states';
