-- Aggregates of losses: exact weighted sums of what each prediction costs.

CREATE TYPE userseg.metric_sums;

CREATE FUNCTION userseg._metric_sums_in(cstring) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_metric_sums_in';
COMMENT ON FUNCTION userseg._metric_sums_in(cstring) IS 'Input function of userseg.metric_sums: hexadecimal text';

CREATE FUNCTION userseg._metric_sums_out(userseg.metric_sums) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_metric_sums_out';
COMMENT ON FUNCTION userseg._metric_sums_out(userseg.metric_sums) IS 'Output function of userseg.metric_sums: hexadecimal text';

CREATE FUNCTION userseg._metric_sums_recv(internal) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_metric_sums_recv';
COMMENT ON FUNCTION userseg._metric_sums_recv(internal) IS 'Binary input function of userseg.metric_sums';

CREATE FUNCTION userseg._metric_sums_send(userseg.metric_sums) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_metric_sums_send';
COMMENT ON FUNCTION userseg._metric_sums_send(userseg.metric_sums) IS 'Binary output function of userseg.metric_sums';

CREATE TYPE userseg.metric_sums (
  INPUT = userseg._metric_sums_in,
  OUTPUT = userseg._metric_sums_out,
  RECEIVE = userseg._metric_sums_recv,
  SEND = userseg._metric_sums_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.metric_sums IS 'Exact sums of a metric: the state of the aggregates of losses';

-- Functions of the aggregates

CREATE FUNCTION userseg._log_loss_step(state userseg.metric_sums, probability float8, label boolean) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_log_loss_step';
COMMENT ON FUNCTION userseg._log_loss_step(userseg.metric_sums, float8, boolean) IS 'Transition function of log_loss_agg';

CREATE FUNCTION userseg._log_loss_step(state userseg.metric_sums, probability float8, label boolean, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_log_loss_step';
COMMENT ON FUNCTION userseg._log_loss_step(userseg.metric_sums, float8, boolean, float8) IS 'Transition function of log_loss_agg, weighted';

CREATE FUNCTION userseg._brier_step(state userseg.metric_sums, probability float8, label boolean) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_brier_step';
COMMENT ON FUNCTION userseg._brier_step(userseg.metric_sums, float8, boolean) IS 'Transition function of brier_agg';

CREATE FUNCTION userseg._brier_step(state userseg.metric_sums, probability float8, label boolean, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_brier_step';
COMMENT ON FUNCTION userseg._brier_step(userseg.metric_sums, float8, boolean, float8) IS 'Transition function of brier_agg, weighted';

CREATE FUNCTION userseg._calibration_step(state userseg.metric_sums, probability float8, label boolean) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_calibration_step';
COMMENT ON FUNCTION userseg._calibration_step(userseg.metric_sums, float8, boolean) IS 'Transition function of calibration_agg';

CREATE FUNCTION userseg._calibration_step(state userseg.metric_sums, probability float8, label boolean, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_calibration_step';
COMMENT ON FUNCTION userseg._calibration_step(userseg.metric_sums, float8, boolean, float8) IS 'Transition function of calibration_agg, weighted';

CREATE FUNCTION userseg._rmse_step(state userseg.metric_sums, predicted float8, actual float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_rmse_step';
COMMENT ON FUNCTION userseg._rmse_step(userseg.metric_sums, float8, float8) IS 'Transition function of rmse_agg';

CREATE FUNCTION userseg._rmse_step(state userseg.metric_sums, predicted float8, actual float8, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_rmse_step';
COMMENT ON FUNCTION userseg._rmse_step(userseg.metric_sums, float8, float8, float8) IS 'Transition function of rmse_agg, weighted';

CREATE FUNCTION userseg._mae_step(state userseg.metric_sums, predicted float8, actual float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_mae_step';
COMMENT ON FUNCTION userseg._mae_step(userseg.metric_sums, float8, float8) IS 'Transition function of mae_agg';

CREATE FUNCTION userseg._mae_step(state userseg.metric_sums, predicted float8, actual float8, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_mae_step';
COMMENT ON FUNCTION userseg._mae_step(userseg.metric_sums, float8, float8, float8) IS 'Transition function of mae_agg, weighted';

CREATE FUNCTION userseg._mape_step(state userseg.metric_sums, predicted float8, actual float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_mape_step';
COMMENT ON FUNCTION userseg._mape_step(userseg.metric_sums, float8, float8) IS 'Transition function of mape_agg';

CREATE FUNCTION userseg._mape_step(state userseg.metric_sums, predicted float8, actual float8, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_mape_step';
COMMENT ON FUNCTION userseg._mape_step(userseg.metric_sums, float8, float8, float8) IS 'Transition function of mape_agg, weighted';

CREATE FUNCTION userseg._r2_step(state userseg.metric_sums, predicted float8, actual float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_r2_step';
COMMENT ON FUNCTION userseg._r2_step(userseg.metric_sums, float8, float8) IS 'Transition function of r2_agg';

CREATE FUNCTION userseg._r2_step(state userseg.metric_sums, predicted float8, actual float8, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_r2_step';
COMMENT ON FUNCTION userseg._r2_step(userseg.metric_sums, float8, float8, float8) IS 'Transition function of r2_agg, weighted';

CREATE FUNCTION userseg._pinball_step(state userseg.metric_sums, predicted float8, actual float8, quantile float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_pinball_step';
COMMENT ON FUNCTION userseg._pinball_step(userseg.metric_sums, float8, float8, float8) IS 'Transition function of pinball_agg';

CREATE FUNCTION userseg._pinball_step(state userseg.metric_sums, predicted float8, actual float8, quantile float8, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_pinball_step';
COMMENT ON FUNCTION userseg._pinball_step(userseg.metric_sums, float8, float8, float8, float8) IS 'Transition function of pinball_agg, weighted';

CREATE FUNCTION userseg._binary_step(state userseg.metric_sums, predicted boolean, actual boolean) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_binary_step';
COMMENT ON FUNCTION userseg._binary_step(userseg.metric_sums, boolean, boolean) IS 'Transition function of f1_agg and mcc_agg';

CREATE FUNCTION userseg._binary_step(state userseg.metric_sums, predicted boolean, actual boolean, weight float8) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_binary_step';
COMMENT ON FUNCTION userseg._binary_step(userseg.metric_sums, boolean, boolean, float8) IS 'Transition function of f1_agg and mcc_agg, weighted';

CREATE FUNCTION userseg._metric_combine(a userseg.metric_sums, b userseg.metric_sums) RETURNS userseg.metric_sums
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_metric_combine';
COMMENT ON FUNCTION userseg._metric_combine(userseg.metric_sums, userseg.metric_sums) IS 'Combine function of the aggregates with this state';

CREATE FUNCTION userseg._metric_value(state userseg.metric_sums) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_metric_value';
COMMENT ON FUNCTION userseg._metric_value(userseg.metric_sums) IS 'Final function of the aggregates that are a mean loss, and of r2_agg';

CREATE FUNCTION userseg._f1_final(state userseg.metric_sums) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_f1_final';
COMMENT ON FUNCTION userseg._f1_final(userseg.metric_sums) IS 'Final function of f1_agg';

CREATE FUNCTION userseg._mcc_final(state userseg.metric_sums) RETURNS float8
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_mcc_final';
COMMENT ON FUNCTION userseg._mcc_final(userseg.metric_sums) IS 'Final function of mcc_agg';

CREATE FUNCTION userseg._calibration_final(state userseg.metric_sums) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_calibration_final';
COMMENT ON FUNCTION userseg._calibration_final(userseg.metric_sums) IS 'Final function of calibration_agg';

-- Aggregates

CREATE AGGREGATE userseg.log_loss_agg(probability float8, label boolean) (
  SFUNC = userseg._log_loss_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.log_loss_agg(float8, boolean) IS 'Mean of -log of the probability given to what came true';

CREATE AGGREGATE userseg.log_loss_agg(probability float8, label boolean, weight float8) (
  SFUNC = userseg._log_loss_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.log_loss_agg(float8, boolean, float8) IS 'Mean of -log of the probability given to what came true; rows weighted';

CREATE AGGREGATE userseg.brier_agg(probability float8, label boolean) (
  SFUNC = userseg._brier_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.brier_agg(float8, boolean) IS 'Mean squared difference of probability and what came true';

CREATE AGGREGATE userseg.brier_agg(probability float8, label boolean, weight float8) (
  SFUNC = userseg._brier_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.brier_agg(float8, boolean, float8) IS 'Mean squared difference of probability and what came true; rows weighted';

CREATE AGGREGATE userseg.calibration_agg(probability float8, label boolean) (
  SFUNC = userseg._calibration_step,
  STYPE = userseg.metric_sums,
  SSPACE = 17000,
  FINALFUNC = userseg._calibration_final,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.calibration_agg(float8, boolean) IS 'Ten bins of probability with what came true in them, ECE, and the parts of the Brier score';

CREATE AGGREGATE userseg.calibration_agg(probability float8, label boolean, weight float8) (
  SFUNC = userseg._calibration_step,
  STYPE = userseg.metric_sums,
  SSPACE = 17000,
  FINALFUNC = userseg._calibration_final,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.calibration_agg(float8, boolean, float8) IS 'Ten bins of probability with what came true in them, ECE, and the parts of the Brier score; rows weighted';

CREATE AGGREGATE userseg.rmse_agg(predicted float8, actual float8) (
  SFUNC = userseg._rmse_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rmse_agg(float8, float8) IS 'Root of the mean squared error';

CREATE AGGREGATE userseg.rmse_agg(predicted float8, actual float8, weight float8) (
  SFUNC = userseg._rmse_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rmse_agg(float8, float8, float8) IS 'Root of the mean squared error; rows weighted';

CREATE AGGREGATE userseg.mae_agg(predicted float8, actual float8) (
  SFUNC = userseg._mae_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.mae_agg(float8, float8) IS 'Mean absolute error';

CREATE AGGREGATE userseg.mae_agg(predicted float8, actual float8, weight float8) (
  SFUNC = userseg._mae_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.mae_agg(float8, float8, float8) IS 'Mean absolute error; rows weighted';

CREATE AGGREGATE userseg.mape_agg(predicted float8, actual float8) (
  SFUNC = userseg._mape_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.mape_agg(float8, float8) IS 'Mean absolute error relative to the actual value';

CREATE AGGREGATE userseg.mape_agg(predicted float8, actual float8, weight float8) (
  SFUNC = userseg._mape_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.mape_agg(float8, float8, float8) IS 'Mean absolute error relative to the actual value; rows weighted';

CREATE AGGREGATE userseg.r2_agg(predicted float8, actual float8) (
  SFUNC = userseg._r2_step,
  STYPE = userseg.metric_sums,
  SSPACE = 2200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.r2_agg(float8, float8) IS 'Share of the variance of the actual values that the predictions explain';

CREATE AGGREGATE userseg.r2_agg(predicted float8, actual float8, weight float8) (
  SFUNC = userseg._r2_step,
  STYPE = userseg.metric_sums,
  SSPACE = 2200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.r2_agg(float8, float8, float8) IS 'Share of the variance of the actual values that the predictions explain; rows weighted';

CREATE AGGREGATE userseg.pinball_agg(predicted float8, actual float8, quantile float8) (
  SFUNC = userseg._pinball_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.pinball_agg(float8, float8, float8) IS 'Mean pinball loss of a predicted quantile';

CREATE AGGREGATE userseg.pinball_agg(predicted float8, actual float8, quantile float8, weight float8) (
  SFUNC = userseg._pinball_step,
  STYPE = userseg.metric_sums,
  SSPACE = 1200,
  FINALFUNC = userseg._metric_value,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.pinball_agg(float8, float8, float8, float8) IS 'Mean pinball loss of a predicted quantile; rows weighted';

CREATE AGGREGATE userseg.f1_agg(predicted boolean, actual boolean) (
  SFUNC = userseg._binary_step,
  STYPE = userseg.metric_sums,
  SSPACE = 2200,
  FINALFUNC = userseg._f1_final,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.f1_agg(boolean, boolean) IS 'F1 of true: harmonic mean of precision and recall';

CREATE AGGREGATE userseg.f1_agg(predicted boolean, actual boolean, weight float8) (
  SFUNC = userseg._binary_step,
  STYPE = userseg.metric_sums,
  SSPACE = 2200,
  FINALFUNC = userseg._f1_final,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.f1_agg(boolean, boolean, float8) IS 'F1 of true: harmonic mean of precision and recall; rows weighted';

CREATE AGGREGATE userseg.mcc_agg(predicted boolean, actual boolean) (
  SFUNC = userseg._binary_step,
  STYPE = userseg.metric_sums,
  SSPACE = 2200,
  FINALFUNC = userseg._mcc_final,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.mcc_agg(boolean, boolean) IS 'Matthews correlation of predicted and actual class';

CREATE AGGREGATE userseg.mcc_agg(predicted boolean, actual boolean, weight float8) (
  SFUNC = userseg._binary_step,
  STYPE = userseg.metric_sums,
  SSPACE = 2200,
  FINALFUNC = userseg._mcc_final,
  COMBINEFUNC = userseg._metric_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.mcc_agg(boolean, boolean, float8) IS 'Matthews correlation of predicted and actual class; rows weighted';
