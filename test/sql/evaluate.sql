-- Stored models on rows whose target is known.
SET extra_float_digits = 0;
CREATE TABLE buyers AS
SELECT i AS id, sin(i * 1.7) * 2 AS visits, cos(i * 2.3) AS spend, (ARRAY['north', 'south', 'west'])[1 + i % 3] AS region, i % 2 = 0 AS member, i % 5 AS noise,
  CASE WHEN sin(i * 1.7) * 1.5 + cos(i * 2.3) + (i * 7919 % 1000) / 250.0 - 2 > 0 THEN 'yes' ELSE 'no' END AS bought,
  3 * sin(i * 1.7) + (i * 104729 % 1000) / 500.0 AS value, 1 + i % 3 AS w
FROM generate_series(1, 2000) i;
SELECT model, version, metric FROM userseg.train('buy', 'logistic', 'buyers', target => 'bought', id => 'id', features => '{visits,spend,region,noise}', params => '{"refit": false}');
SELECT version FROM userseg.train('buy_less', 'logistic', 'buyers', target => 'bought', id => 'id', features => '{spend,region}', params => '{"refit": false}');
SELECT version FROM userseg.train('val', 'linear', 'buyers', target => 'value', id => 'id', features => '{visits,spend,noise}', params => '{"refit": false}');
SELECT version FROM userseg.train('part', 'logistic', 'buyers', target => 'region', id => 'id', features => '{visits,spend}', weight => 'w', params => '{"refit": false}');
SELECT version FROM userseg.train('seg', 'kmeans', 'buyers', features => '{visits,spend}', params => '{"k": 3}');

-- stored at training = the hold-out chosen again
SELECT count(*), bool_and(a.value = b.value AND a.n = b.n AND a.ci_low IS NOT DISTINCT FROM b.ci_low) AS same
FROM userseg.evaluate('buy') a JOIN userseg.evaluate('buy', 'buyers') b USING (metric);
SELECT count(*), bool_and(a.value = b.value AND a.n = b.n) AS same FROM userseg.evaluate('val') a JOIN userseg.evaluate('val', 'SELECT * FROM buyers ORDER BY id DESC') b USING (metric);
-- the aggregates say the same of all rows
SELECT round(e.value::numeric, 10) = round(a.value::numeric, 10) AS same, e.metric, e.n
FROM userseg.evaluate('buy', 'buyers', all_rows => true) e JOIN
  (SELECT v.* FROM (SELECT userseg.auc_agg(p, y) AS auc, userseg.log_loss_agg(p, y) AS ll, userseg.brier_agg(p, y) AS brier, userseg.f1_agg(p > 0.5, y) AS f1, userseg.ks_agg(p, y) AS ks
     FROM (SELECT userseg.predict_value('buy', b) AS p, bought = 'yes' AS y FROM buyers b) t) s,
   LATERAL (VALUES ('auc', auc), ('log_loss', ll), ('brier', brier), ('f1', f1), ('ks', ks)) v(metric, value)) a USING (metric) ORDER BY metric;
SELECT round(e.value::numeric, 9) = round(a.value::numeric, 9) AS same, e.metric
FROM userseg.evaluate('val', 'buyers', true) e JOIN
  (SELECT v.* FROM (SELECT userseg.rmse_agg(p, y) AS rmse, userseg.mae_agg(p, y) AS mae, userseg.r2_agg(p, y) AS r2 FROM (SELECT userseg.predict_value('val', b) AS p, value AS y FROM buyers b) t) s,
   LATERAL (VALUES ('rmse', rmse), ('mae', mae), ('r2', r2)) v(metric, value)) a USING (metric) ORDER BY metric;
-- slices: of text, boolean and number, NULL among them; their rows add up
SELECT metric, slice, n, details FROM userseg.evaluate('buy', 'buyers', by => 'region') WHERE metric = 'auc';
SELECT slice, n > 100 AS many, ci_low < value AND value < ci_high AS inside FROM userseg.evaluate('buy', 'SELECT *, nullif(noise, 3) AS part FROM buyers', true, 'part') WHERE metric = 'log_loss';
SELECT sum(n) FILTER (WHERE slice IS NOT NULL) = max(n) FILTER (WHERE slice IS NULL) AS whole FROM userseg.evaluate('val', 'buyers', by => 'member') WHERE metric = 'mae';
SELECT metric, value IS NOT NULL AS has_value, n FROM userseg.evaluate('seg', 'buyers');
SELECT metric FROM userseg.evaluate('seg');

-- three classes, weighted rows: what was stored is found again
SELECT count(*), bool_and(a.value = b.value AND a.n = b.n AND a.ci_low IS NOT DISTINCT FROM b.ci_low) AS same, max(b.details->>'interval') FILTER (WHERE metric = 'accuracy') AS interval
FROM userseg.evaluate('part') a JOIN userseg.evaluate('part', 'buyers') b USING (metric);
SELECT count(DISTINCT class), count(*) FROM userseg.partial_dependence('part', 'buyers', 'visits', 3);
SELECT count(*) FROM userseg.importance('part', 'buyers');
SELECT count(*) FROM userseg.calibration('part', 'buyers');

-- confusion
SELECT actual, predicted, weight, round(share_of_actual::numeric, 4) AS of_actual FROM userseg.confusion('buy', 'buyers', all_rows => true);
SELECT c.actual, c.predicted, c.weight = (SELECT count(*) FROM buyers b WHERE b.bought = c.actual AND CASE WHEN userseg.predict_value('buy', b) >= 0.3 THEN 'yes' ELSE 'no' END = c.predicted) AS same
FROM userseg.confusion('buy', 'buyers', 0.3, true) c;

-- calibration: bins hold all rows; the summary has the parts of the Brier score
SELECT count(*), sum(weight) FILTER (WHERE bin IS NOT NULL) = max(weight) FILTER (WHERE bin IS NULL) AS whole,
  max(abs((details->>'brier')::float8 - ((details->>'reliability')::float8 - (details->>'resolution')::float8 + (details->>'uncertainty')::float8 + (details->>'within')::float8))) < 1e-12 AS parts
FROM userseg.calibration('buy', 'buyers', 5);

-- weighted rows, in any order
SELECT version FROM userseg.train('buy_w', 'logistic', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers', target => 'bought', id => 'id', features => '{visits,spend}', weight => 'mass', params => '{"refit": false}');
SELECT (SELECT md5(string_agg(c::text, ';' ORDER BY bin)) FROM userseg.calibration('buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers') c) = (SELECT md5(string_agg(c::text, ';' ORDER BY bin)) FROM userseg.calibration('buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers ORDER BY spend') c) AS calibration,
  (SELECT md5(string_agg(e::text, ';' ORDER BY metric)) FROM userseg.evaluate('buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers') e) = (SELECT md5(string_agg(e::text, ';' ORDER BY metric)) FROM userseg.evaluate('buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers ORDER BY spend') e) AS evaluate,
  (SELECT md5(string_agg(l::text, ';' ORDER BY bin)) FROM userseg.lift('buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers') l) = (SELECT md5(string_agg(l::text, ';' ORDER BY bin)) FROM userseg.lift('buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers ORDER BY spend') l) AS lift,
  (SELECT md5(string_agg(c::text, ';' ORDER BY metric, test)) FROM userseg.compare('buy_w', 'buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers') c) = (SELECT md5(string_agg(c::text, ';' ORDER BY metric, test)) FROM userseg.compare('buy_w', 'buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers ORDER BY spend') c) AS compare,
  (SELECT md5(string_agg(i::text, ';' ORDER BY feature)) FROM userseg.importance('buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers') i) = (SELECT md5(string_agg(i::text, ';' ORDER BY feature)) FROM userseg.importance('buy_w', 'SELECT *, 0.1 + w / 7.0 AS mass FROM buyers ORDER BY spend') i) AS importance;

-- lift: profit of every threshold by hand
SELECT bin, weight, cumulative_gain BETWEEN 0 AND 1 AS gain, details->'treat_none' AS nobody FROM userseg.lift('buy', 'buyers', 4, '{"true_positive": 10, "false_positive": -4}', true);
SELECT (l.details->>'best_profit')::float8 = p.best AS best_profit, (l.details->>'best_threshold')::float8 = p.threshold AS best_threshold
FROM userseg.lift('buy', 'buyers', 1, '{"true_positive": 10, "false_positive": -4}', true) l,
  (SELECT t AS threshold, profit AS best FROM (SELECT p AS t, sum(CASE WHEN y THEN 10 ELSE -4 END) OVER (ORDER BY p DESC) AS profit
     FROM (SELECT userseg.predict_value('buy', b) AS p, bought = 'yes' AS y FROM buyers b) s) q ORDER BY profit DESC, t DESC LIMIT 1) p
WHERE l.bin IS NULL;

-- compare
SELECT metric, test, sign(difference) AS sign, p_value < 0.05 AS differ, ci_low < difference AND difference < ci_high AS inside, n FROM userseg.compare('buy', 'buy_less', 'buyers');
SELECT metric, difference, p_value FROM userseg.compare('val', 'val', 'buyers');

-- recalibration: another version, probabilities by its function, labels by them
SELECT model_name, version, parent, n, log_loss_before > 0 AS before, log_loss_after > 0 AS after FROM userseg.recalibrate('buy', 'buyers', 'platt');
SELECT version, parent FROM userseg.recalibrate('buy@1', 'buyers', 'isotonic', all_rows => true, alias => 'production');
SELECT bool_and((userseg.predict('buy@2', b) = 'yes') = (userseg.predict_value('buy@2', b) > 0.5)) AS labels, bool_and(userseg.predict_id('buy@2', b) = (userseg.predict_detail('buy@2', b)).label_id) AS ids,
  bool_and(round(((userseg.predict_proba('buy@2', b)->>'yes')::float8 - userseg.predict_value('buy@2', b))::numeric, 12) = 0) AS proba,
  abs(avg(userseg.predict_value('buy@3', b)) - avg((bought = 'yes')::int)) < 1e-9 AS isotonic_mean, count(DISTINCT userseg.predict_value('buy@3', b)) < count(DISTINCT userseg.predict_value('buy@1', b)) AS steps FROM buyers b;
SELECT bool_and((userseg.score(userseg.artifact('buy@2'), b)).value = userseg.predict_value('buy@2', b)) AS by_value FROM buyers b;
SELECT count(*) FROM userseg.evaluate('buy@3', 'buyers', true) e JOIN userseg.evaluate('buy@1', 'buyers', true) f USING (metric) WHERE metric = 'brier' AND e.value < f.value;

-- importance: of noise none; the same in any order; partial dependence rises with visits
SELECT feature, metric, importance > 0.001 AS matters, ci_low <= importance AND importance <= ci_high AS inside, n FROM userseg.importance('buy@1', 'buyers') ORDER BY importance DESC;
SELECT bool_and(a.importance = b.importance AND a.ci_low = b.ci_low) AS any_order FROM userseg.importance('val', 'buyers') a JOIN userseg.importance('val', 'SELECT * FROM buyers ORDER BY w, id DESC') b USING (feature);
SELECT bool_and(prediction > before) AS rises, count(*) FROM (SELECT prediction, lag(prediction) OVER (ORDER BY x) AS before FROM userseg.partial_dependence('buy@1', 'buyers', 'visits', 7)) t;
-- a linear model: the slope is the coefficient
SELECT abs(regr_slope(p.prediction, p.x) - c.coefficient) < 1e-9 AS slope, abs(regr_r2(p.prediction, p.x) - 1) < 1e-12 AS straight
FROM userseg.partial_dependence('val', 'buyers', 'visits', 9) p, userseg.coefficients('val') c WHERE c.term = 'visits' GROUP BY c.coefficient;
SELECT value, class, n FROM userseg.partial_dependence('buy@1', 'buyers', 'region');

-- errors and warnings
SELECT * FROM userseg.evaluate('nothing');
SELECT * FROM userseg.evaluate('buy@1', 'SELECT id, visits FROM buyers');
SELECT * FROM userseg.evaluate('buy@2', 'buyers');
SELECT count(*) FROM userseg.evaluate('buy@1', 'SELECT * FROM buyers WHERE false', true);
SELECT count(*) FROM userseg.evaluate('buy@1', 'buyers', by => 'id');
SELECT count(*) FROM userseg.evaluate('buy@1', 'buyers', by => 'visits');
SELECT count(*) FROM userseg.evaluate('buy@1', 'SELECT *, ARRAY[1.0, 2.0] AS v FROM buyers', by => 'v');
SELECT count(*) FROM userseg.evaluate('seg', 'buyers', by => 'region');
SELECT count(*) FROM userseg.confusion('val', 'buyers');
SELECT count(*) FROM userseg.confusion('buy@1', 'buyers', 1.5);
SELECT count(*) FROM userseg.calibration('val', 'buyers');
SELECT count(*) FROM userseg.calibration('buy@1', 'buyers', 0);
SELECT count(*) FROM userseg.lift('seg', 'buyers');
SELECT count(*) FROM userseg.lift('buy@1', 'buyers', payoff => '[1]');
SELECT count(*) FROM userseg.lift('buy@1', 'buyers', payoff => '{"win": 1}');
SELECT count(*) FROM userseg.lift('buy@1', 'buyers', payoff => '{"true_positive": "1"}');
SELECT count(*) FROM userseg.compare('buy@1', 'val', 'buyers');
SELECT * FROM userseg.recalibrate('buy@1', 'buyers', 'magic');
SELECT * FROM userseg.recalibrate('buy@2', 'buyers', all_rows => true);
SELECT * FROM userseg.recalibrate('buy@1', 'SELECT * FROM buyers WHERE id < 15', all_rows => true);
SELECT * FROM userseg.recalibrate('val', 'buyers');
SELECT * FROM userseg.importance('buy@1', 'buyers', 0);
SELECT * FROM userseg.partial_dependence('buy@1', 'buyers', 'visit');
SELECT * FROM userseg.partial_dependence('buy@1', 'buyers', 'visits', 0);
SELECT count(*) FROM userseg.evaluate('buy@1', 'SELECT id, visits, spend, region, noise, CASE WHEN id % 10 = 0 THEN ''maybe'' ELSE bought END AS bought FROM buyers', true) WHERE metric = 'auc';
SELECT version FROM userseg.train('refitted', 'linear', 'buyers', target => 'value', id => 'id', features => '{visits}');
SELECT count(*) FROM userseg.evaluate('refitted', 'buyers');
SELECT version FROM userseg.train('nohold', 'linear', 'buyers', target => 'value', features => '{visits}', holdout => 0);
SELECT count(*) FROM userseg.evaluate('nohold', 'buyers');
SELECT version FROM userseg.train('noid', 'linear', 'buyers', target => 'value', features => '{visits}', params => '{"refit": false}');
SELECT count(*) FROM userseg.evaluate('noid', 'buyers');
-- a split by time is chosen again by its instant
SELECT version FROM userseg.train('timed', 'linear', 'SELECT *, ''2024-01-01''::timestamptz + id * interval ''1 hour'' AS at FROM buyers', target => 'value', features => '{visits,spend}', time_column => 'at', params => '{"refit": false}');
SELECT bool_and(a.value = b.value AND a.n = b.n) AS same FROM userseg.evaluate('timed') a JOIN userseg.evaluate('timed', 'SELECT *, ''2024-01-01''::timestamptz + id * interval ''1 hour'' AS at FROM buyers') b USING (metric);
-- privileges: the model needs USAGE, the source is read as the caller, a new version is the owner's
CREATE ROLE regress_evaluator;
\set VERBOSITY terse
SET ROLE regress_evaluator;
SELECT count(*) FROM userseg.evaluate('buy@1');
RESET ROLE;
SELECT userseg.grant_usage('buy', 'regress_evaluator');
SET ROLE regress_evaluator;
SELECT count(*) FROM userseg.evaluate('buy@1');
SELECT count(*) FROM userseg.evaluate('buy@1', 'buyers');
SELECT count(*) FROM userseg.lift('buy@1');
RESET ROLE;
GRANT SELECT ON buyers TO regress_evaluator;
SET ROLE regress_evaluator;
SELECT count(*) FROM userseg.evaluate('buy@1', 'buyers');
SELECT * FROM userseg.recalibrate('buy@1', 'buyers');
RESET ROLE;
REVOKE SELECT ON buyers FROM regress_evaluator;
SELECT userseg.revoke_usage('buy', 'regress_evaluator');
DROP ROLE regress_evaluator;
\set VERBOSITY default
-- memory: a small budget takes fewer rows, or says so
SET userseg.max_memory = '64MB';
SELECT count(*) FROM userseg.evaluate('buy@1', 'buyers');
RESET userseg.max_memory;
SELECT userseg.drop_model(m) FROM unnest('{buy,buy_less,buy_w,val,seg,part,refitted,nohold,noid,timed}'::text[]) m;
DROP TABLE buyers;
