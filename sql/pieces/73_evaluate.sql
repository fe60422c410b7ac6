-- Stored models on rows whose target is known.

CREATE FUNCTION userseg.evaluate(
  model    text,
  source   text    DEFAULT NULL,
  all_rows boolean DEFAULT false,
  by       text    DEFAULT NULL)
RETURNS TABLE (metric text, value float8, ci_low float8, ci_high float8, n bigint, slice text, details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 20
AS 'MODULE_PATHNAME', 'userseg_evaluate';
COMMENT ON FUNCTION userseg.evaluate(text, text, boolean, text)
IS 'Metrics of a model with intervals: those stored at training, or on the hold-out rows (or all rows) of a source, by slices of a column';

CREATE FUNCTION userseg.confusion(
  model     text,
  source    text    DEFAULT NULL,
  threshold float8  DEFAULT NULL,
  all_rows  boolean DEFAULT false)
RETURNS TABLE (actual text, predicted text, weight float8, share_of_actual float8, share_of_predicted float8)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 4
AS 'MODULE_PATHNAME', 'userseg_confusion';
COMMENT ON FUNCTION userseg.confusion(text, text, float8, boolean)
IS 'Rows by actual and predicted class, the class by a threshold of the probability or by the model';

CREATE FUNCTION userseg.calibration(
  model    text,
  source   text    DEFAULT NULL,
  bins     int     DEFAULT 10,
  all_rows boolean DEFAULT false,
  class    text    DEFAULT NULL)
RETURNS TABLE (bin int, low float8, high float8, weight float8, predicted float8, observed float8, ci_low float8, ci_high float8,
               of_class text, details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 11
AS 'MODULE_PATHNAME', 'userseg_calibration';
COMMENT ON FUNCTION userseg.calibration(text, text, int, boolean, text)
IS 'Predicted probability and what came true in each bin; then, with bin NULL, all rows with ECE and the parts of the Brier score; of more than two classes for each of them, and with of_class NULL for the one that is answered';

CREATE FUNCTION userseg.lift(
  model    text,
  source   text    DEFAULT NULL,
  bins     int     DEFAULT 10,
  payoff   jsonb   DEFAULT '{"true_positive": 1, "false_positive": -1}',
  all_rows boolean DEFAULT false,
  class    text    DEFAULT NULL)
RETURNS TABLE (bin int, weight float8, positives float8, rate float8, lift float8, cumulative_gain float8, cumulative_lift float8,
               lowest_score float8, cumulative_profit float8, details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 11
AS 'MODULE_PATHNAME', 'userseg_lift';
COMMENT ON FUNCTION userseg.lift(text, text, int, jsonb, boolean, text)
IS 'Bins of equal weight from the highest probability of a class down with lift, gain and profit; then, with bin NULL, all rows and the best threshold';

CREATE FUNCTION userseg.compare(
  model_a  text,
  model_b  text,
  source   text,
  all_rows boolean DEFAULT false,
  folds    int     DEFAULT NULL)
RETURNS TABLE (metric text, value_a float8, value_b float8, difference float8, ci_low float8, ci_high float8, p_value float8, test text, n bigint)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 5
AS 'MODULE_PATHNAME', 'userseg_compare';
COMMENT ON FUNCTION userseg.compare(text, text, text, boolean, int)
IS 'Two models on the same rows, those that both held out or all: differences with intervals and paired tests; with folds, what they were made by on the same folds, with the corrected t test';

CREATE FUNCTION userseg.recalibrate(
  model    text,
  source   text    DEFAULT NULL,
  method   text    DEFAULT 'platt',
  all_rows boolean DEFAULT false,
  alias    text    DEFAULT NULL)
RETURNS TABLE (model_name text, version int, parent int, n bigint, log_loss_before float8, log_loss_after float8,
               brier_before float8, brier_after float8, ece_before float8, ece_after float8)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1
AS 'MODULE_PATHNAME', 'userseg_recalibrate';
COMMENT ON FUNCTION userseg.recalibrate(text, text, text, boolean, text)
IS 'A new version of a classifier whose probabilities go through Platt scaling, isotonic regression or a temperature';
