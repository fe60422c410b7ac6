-- Aggregates of losses: values by hand, NULLs, one class, empty input, errors, state round trips, order, workers.
SET extra_float_digits = 0;
CREATE TABLE metric_rows (id int, p float8, y boolean, predicted float8, actual float8, w float8);
INSERT INTO metric_rows VALUES (1, 0.9, true, 3, 2, 1), (2, 0.2, false, 5, 5, 2), (3, 0.4, true, 1, 4, 0.5), (4, 0.75, false, 8, 10, 1),
  (5, NULL, true, NULL, 1, 1), (6, 0.5, NULL, 1, NULL, 1), (7, 0.5, true, 1, 100, NULL), (8, 0.1, true, 1, 50, 0);

-- by hand: -ln of 0.9 0.8 0.4 0.25; squares 0.01 0.04 0.36 0.5625
SELECT userseg.log_loss_agg(p, y, w)::numeric(12, 10) AS log_loss, ((-ln(0.9) - 2 * ln(0.8) - 0.5 * ln(0.4) - ln(0.25)) / 4.5)::numeric(12, 10) AS by_hand,
  userseg.brier_agg(p, y, w)::numeric(12, 10) AS brier, ((0.01 + 2 * 0.04 + 0.5 * 0.36 + 0.5625) / 4.5)::numeric(12, 10) AS by_hand
FROM metric_rows;
-- errors 1 0 -3 -2
SELECT userseg.rmse_agg(predicted, actual)::numeric(12, 10) AS rmse, sqrt(14 / 4.0)::numeric(12, 10) AS by_hand,
  userseg.mae_agg(predicted, actual) AS mae, userseg.mape_agg(predicted, actual) AS mape, (0.5 + 0 + 0.75 + 0.2) / 4 AS by_hand,
  userseg.r2_agg(predicted, actual)::numeric(12, 10) AS r2, (1 - 14 / (4 * var_pop(actual)))::numeric(12, 10) AS by_hand,
  userseg.pinball_agg(predicted, actual, 0.9) AS pinball, (0.1 * 1 + 0.9 * 3 + 0.9 * 2) / 4 AS by_hand
FROM metric_rows WHERE id <= 4;
SELECT userseg.f1_agg(p > 0.3, y) AS f1, userseg.mcc_agg(p > 0.3, y)::numeric(12, 10) AS mcc, userseg.f1_agg(p > 0.3, y, w)::numeric(12, 10) AS weighted
FROM metric_rows WHERE id <= 4;
SELECT jsonb_pretty(jsonb_set(c, '{bins}', (SELECT jsonb_agg(b) FROM jsonb_array_elements(c->'bins') b WHERE (b->>'weight')::float8 > 0))) AS calibration
FROM (SELECT userseg.calibration_agg(p, y) AS c FROM (VALUES (0.0, false), (0.1, false), (0.1, true), (0.85, true), (0.9, false), (1.0, true)) v(p, y)) s;

-- nothing, NULLs only, weight 0 only: NULL, not an error
SELECT num_nonnulls(userseg.log_loss_agg(p, y), userseg.brier_agg(p, y), userseg.rmse_agg(p, p), userseg.mae_agg(p, p), userseg.mape_agg(p, p), userseg.r2_agg(p, p),
  userseg.pinball_agg(p, p, 0.5), userseg.f1_agg(y, y), userseg.mcc_agg(y, y), userseg.calibration_agg(p, y)) AS empty FROM metric_rows WHERE false;
SELECT num_nonnulls(userseg.log_loss_agg(NULL, y), userseg.rmse_agg(p, NULL), userseg.f1_agg(NULL, y), userseg.calibration_agg(p, NULL), userseg.mae_agg(p, p, NULL), userseg.r2_agg(p, p, 0)) AS nulls FROM metric_rows;
-- one class, one row, constants
SELECT userseg.log_loss_agg(p, true)::numeric(12, 10) AS log_loss, userseg.f1_agg(false, false) AS f1_nothing, userseg.f1_agg(true, true) AS f1_all, userseg.mcc_agg(true, true) AS mcc FROM metric_rows WHERE id <= 4;
SELECT userseg.log_loss_agg(0, true)::numeric(12, 10) AS certain_and_wrong, userseg.log_loss_agg(1, true) < 1e-15 AS certain_and_right;
SELECT userseg.r2_agg(1, 1) AS one_row, userseg.rmse_agg(3, 1) AS rmse;
SELECT userseg.r2_agg(0.1, 0.1) AS hit, userseg.r2_agg(v, 0.1) AS missed FROM (VALUES (0.1), (0.2)) t(v);
SELECT userseg.mape_agg(1, 0)::numeric(20, 0) AS actual_zero, userseg.mae_agg(1e200, -1e200) AS large, userseg.mae_agg(5e-324, 0) > 0 AS tiny;
-- digits that a sum of squares would lose
SELECT userseg.r2_agg(1e9 + i + (i % 2) * 0.5, 1e9 + i)::numeric(14, 11) AS r2, (1 - 0.125 / ((100 * 100 - 1) / 12.0))::numeric(14, 11) AS by_hand FROM generate_series(1, 100) i;

-- errors
SELECT userseg.log_loss_agg(1.5, true);
SELECT userseg.brier_agg(-0.1, true);
SELECT userseg.rmse_agg('NaN', 1);
SELECT userseg.mae_agg(1, 'Infinity');
SELECT userseg.rmse_agg(1e200, 1);
SELECT userseg.rmse_agg(1, 1, -1);
SELECT userseg.rmse_agg(1, 1, 'NaN');
SELECT userseg.rmse_agg(1, 1, 1e-13);
SELECT userseg.rmse_agg(1, 1, 1e13);
SELECT userseg.pinball_agg(1, 1, 1.5);
SELECT userseg.pinball_agg(1, 1, q) FROM (VALUES (0.5), (0.6)) v(q);
SELECT userseg.rmse_agg(1, true);

-- states as text: what comes in must be what goes out, and nothing else
CREATE TABLE metric_states AS SELECT userseg._r2_step(userseg._r2_step(NULL, 1, 2), 3, -1e-3, 0.7) AS s;
SELECT s::text::userseg.metric_sums::text = s::text AS same, userseg._metric_value(userseg._metric_combine(s, s)) = userseg._metric_value(s) AS twice FROM metric_states;
SELECT userseg._metric_combine(s, userseg._mae_step(NULL, 1, 2)) FROM metric_states;
SELECT userseg._f1_final(s) FROM metric_states;
SELECT ''::userseg.metric_sums;
SELECT 'zz'::userseg.metric_sums;
SELECT ('02' || substr(s::text, 3))::userseg.metric_sums FROM metric_states;
SELECT ('01ff' || substr(s::text, 5))::userseg.metric_sums FROM metric_states;
SELECT (s::text || '00')::userseg.metric_sums FROM metric_states;

-- the same in any order, with weights that do not add up exactly
CREATE TABLE metric_many AS
SELECT i, (i * 7919 % 1000) / 1000.0::float8 AS p, i * 104729 % 3 = 0 AS y, sin(i) * 1e3 AS predicted, sin(i) * 1e3 + cos(i * 3) AS actual, (1 + i % 11) / 7.0::float8 AS w
FROM generate_series(1, 20000) i;
ALTER TABLE metric_many SET (parallel_workers = 2);
CREATE FUNCTION pg_temp.figures(source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  result text;
BEGIN
  EXECUTE 'SELECT ROW(userseg.log_loss_agg(p, y, w), userseg.brier_agg(p, y, w), userseg.rmse_agg(predicted, actual, w), userseg.mae_agg(predicted, actual, w), userseg.mape_agg(predicted, actual, w),
    userseg.r2_agg(predicted, actual, w), userseg.pinball_agg(predicted, actual, 0.3, w), userseg.f1_agg(p > 0.5, y, w), userseg.mcc_agg(p > 0.5, y, w), userseg.calibration_agg(p, y, w),
    userseg.auc_agg(p, y, w), userseg.average_precision_agg(p, y, w), userseg.ks_agg(p, y, w), userseg.ranking_agg(predicted, y, w)::text, userseg.lift_agg(p, y, w),
    userseg.confusion_agg((p * 3)::int::text, (p * 3 + actual - predicted)::int::text, w))::text FROM ' || source INTO result;
  RETURN md5(result);
END $$;
CREATE FUNCTION pg_temp.workers(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
  RETURN coalesce((regexp_match(plan::text, '"Workers Launched": (\d+)'))[1]::int, 0);
END $$;
SET extra_float_digits = 1;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE metric_answers AS SELECT pg_temp.figures('metric_many') AS serial;
SELECT pg_temp.figures('(SELECT * FROM metric_many ORDER BY i DESC) t') = serial AS backwards,
  pg_temp.figures('(SELECT * FROM metric_many ORDER BY hashint4extended(i, 3)) t') = serial AS shuffled FROM metric_answers;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT pg_temp.workers('SELECT userseg.auc_agg(p, y, w), userseg.rmse_agg(predicted, actual) FROM metric_many') > 0 AS workers,
  pg_temp.figures('metric_many') = serial AS same FROM metric_answers;
SET parallel_leader_participation = off;
SELECT pg_temp.figures('metric_many') = serial AS without_leader FROM metric_answers;
-- as a window, where final functions run again and again on one state
SELECT count(*), sum(abs(running - alone)) < 1e-12 AS same
FROM (SELECT i, userseg.auc_agg(p, y) OVER (ORDER BY i) AS running,
    (SELECT userseg.auc_agg(p, y) FROM metric_many m WHERE m.i <= o.i) AS alone FROM metric_many o WHERE i <= 60) t;
DROP TABLE metric_rows, metric_states, metric_many, metric_answers;
