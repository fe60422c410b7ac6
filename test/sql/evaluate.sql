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
SELECT version FROM userseg.train('part1', 'logistic', 'SELECT * FROM buyers', target => 'region', id => 'id', features => '{visits,spend,noise}', params => '{"refit": false}');
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

-- calibration of three classes: a table of each, then of the class that is answered; of the rows at hand as by hand
SELECT of_class, count(*), max(weight) FILTER (WHERE bin IS NULL) = sum(weight) FILTER (WHERE bin IS NOT NULL) AS whole,
  round((max(details->>'brier'))::numeric, 6) = (SELECT round(avg(((p->>c.of_class)::float8 - (region = c.of_class)::int)^2)::numeric, 6) FROM (SELECT userseg.predict_proba('part1', b) AS p, region FROM buyers b) s) AS brier
FROM userseg.calibration('part1', 'buyers', 4, true) c GROUP BY of_class ORDER BY of_class;
SELECT bin, weight = count AS weight, round(predicted::numeric, 9) = round(mean::numeric, 9) AS predicted, round(observed::numeric, 9) = round(right_ones::numeric, 9) AS observed
FROM userseg.calibration('part1', 'buyers', 5, true) c JOIN (SELECT least(greatest(ceil(p * 5), 1), 5)::int AS bin, count(*), avg(p) AS mean, avg((label = region)::int) AS right_ones
  FROM (SELECT (d).probability AS p, (d).label, region FROM (SELECT userseg.predict_detail('part1', b) AS d, region FROM buyers b) t) s GROUP BY 1) h USING (bin) WHERE of_class IS NULL ORDER BY bin;
SELECT count(*), min(of_class), bool_and(a.predicted IS NOT DISTINCT FROM b.predicted) AS same FROM userseg.calibration('part1', 'buyers', class => 'south') a JOIN userseg.calibration('part1', 'buyers') b USING (bin, of_class);
-- of two classes the other one
SELECT bool_and(round((a.observed + b.observed)::numeric, 12) = 1 AND round((a.predicted + b.predicted)::numeric, 12) = 1) AS opposite, count(*)
FROM userseg.calibration('buy', 'buyers', 5, class => 'no') a JOIN userseg.calibration('buy', 'buyers', 5) b ON a.bin = 6 - b.bin;

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

-- of any class
SELECT bin, positives, round(lift::numeric, 6) = round((positives / weight / (SELECT avg((region = 'west')::int) FROM buyers))::numeric, 6) AS lift FROM userseg.lift('part1', 'buyers', 2, all_rows => true, class => 'west');
SELECT a.weight, a.positives + b.positives = a.weight AS whole FROM userseg.lift('buy', 'buyers', all_rows => true, class => 'no') a, userseg.lift('buy', 'buyers', all_rows => true) b WHERE a.bin IS NULL AND b.bin IS NULL;

-- compare
SELECT metric, test, sign(difference) AS sign, p_value < 0.05 AS differ, ci_low < difference AND difference < ci_high AS inside, n FROM userseg.compare('buy', 'buy_less', 'buyers');
SELECT metric, difference, p_value FROM userseg.compare('val', 'val', 'buyers');

-- by folds: what cross_validate says of both, the t test of the differences corrected for what folds share (Nadeau and Bengio)
CREATE TEMP TABLE two_ways AS
SELECT a.metric, avg(a.value) AS a, avg(b.value) AS b, avg(a.value - b.value) AS d, sqrt((1 / 4.0 + avg(a.n::float8 / a.n_training)) * var_samp(a.value - b.value)) AS error
FROM userseg.cross_validate('logistic', 'buyers', 'bought', 4, id => 'id', features => '{visits,spend,region,noise}') a
JOIN userseg.cross_validate('logistic', 'buyers', 'bought', 4, id => 'id', features => '{spend,region}') b USING (fold, metric) WHERE fold IS NOT NULL GROUP BY a.metric;
SELECT count(*) AS metrics, bool_and(abs(c.value_a - t.a) < 1e-12 AND abs(c.value_b - t.b) < 1e-12 AND abs(c.difference - t.d) < 1e-12) AS means,
  bool_and(abs((c.ci_high - c.ci_low) / 2 - 3.182446305284263 * t.error) < 1e-12) AS intervals, max(test) AS test, bool_or(p_value < 0.05) FILTER (WHERE metric = 'auc') AS differ
FROM userseg.compare('buy', 'buy_less', 'buyers', folds => 4) c JOIN two_ways t USING (metric);
DROP TABLE two_ways;
SELECT metric, difference, p_value, n FROM userseg.compare('val', 'val', 'buyers', folds => 3) WHERE metric IN ('rmse', 'r2');

-- recalibration: another version, probabilities by its function, labels by them
SELECT model_name, version, parent, n, log_loss_before > 0 AS before, log_loss_after > 0 AS after FROM userseg.recalibrate('buy', 'buyers', 'platt');
SELECT version, parent FROM userseg.recalibrate('buy@1', 'buyers', 'isotonic', all_rows => true, alias => 'production');
SELECT bool_and((userseg.predict('buy@2', b) = 'yes') = (userseg.predict_value('buy@2', b) > 0.5)) AS labels, bool_and(userseg.predict_id('buy@2', b) = (userseg.predict_detail('buy@2', b)).label_id) AS ids,
  bool_and(round(((userseg.predict_proba('buy@2', b)->>'yes')::float8 - userseg.predict_value('buy@2', b))::numeric, 12) = 0) AS proba,
  abs(avg(userseg.predict_value('buy@3', b)) - avg((bought = 'yes')::int)) < 1e-9 AS isotonic_mean, count(DISTINCT userseg.predict_value('buy@3', b)) < count(DISTINCT userseg.predict_value('buy@1', b)) AS steps FROM buyers b;
SELECT bool_and((userseg.score(userseg.artifact('buy@2'), b)).value = userseg.predict_value('buy@2', b)) AS by_value FROM buyers b;
SELECT count(*) FROM userseg.evaluate('buy@3', 'buyers', true) e JOIN userseg.evaluate('buy@1', 'buyers', true) f USING (metric) WHERE metric = 'brier' AND e.value < f.value;

-- recalibration of three classes: by function of each, made to add up to 1; by a temperature
SELECT version, parent, n, log_loss_before > 0 AS before, log_loss_after > 0 AS after FROM userseg.recalibrate('part1', 'SELECT * FROM buyers', 'isotonic', all_rows => true);
SELECT version, parent FROM userseg.recalibrate('part1@1', 'SELECT * FROM buyers', 'platt', all_rows => true);
SELECT version, parent FROM userseg.recalibrate('part1@1', 'SELECT * FROM buyers', 'temperature', all_rows => true);
SELECT v, bool_and(abs(total - 1) < 1e-12) AS whole, bool_and((d).label_id = userseg.predict_id('part1@' || v, b)) AS ids, bool_and((d).probability = best) AS best, bool_and((p->>(d).label)::float8 = best) AS labels,
  bool_and(((userseg.score(userseg.artifact('part1@' || v), b)).probability = best)) AS by_value, count(DISTINCT best) > 1 AS differ
FROM generate_series(2, 4) v, LATERAL (SELECT b, userseg.predict_proba('part1@' || v, b) AS p, userseg.predict_detail('part1@' || v, b) AS d FROM buyers b) s,
  LATERAL (SELECT sum(value::float8) AS total, max(value::float8) AS best FROM jsonb_each_text(p)) t GROUP BY v ORDER BY v;
-- all temperatures are one power: log odds of two classes in one ratio; the log loss is the least at it
SELECT count(DISTINCT round((ln((q->>'north')::float8 / (q->>'west')::float8) / ln((p->>'north')::float8 / (p->>'west')::float8))::numeric, 6)) AS powers
FROM (SELECT userseg.predict_proba('part1@1', b) AS p, userseg.predict_proba('part1@4', b) AS q FROM buyers b) s WHERE abs(ln((p->>'north')::float8 / (p->>'west')::float8)) > 0.01;
SELECT bool_and(e.value < f.value) AS better, count(*) FROM userseg.evaluate('part1@4', 'SELECT * FROM buyers', true) e JOIN userseg.evaluate('part1@1', 'SELECT * FROM buyers', true) f USING (metric) WHERE metric = 'log_loss';
-- evaluate, and the bulk verbs, answer as predict does
SELECT e.metric, round(e.value::numeric, 12) = round(h.value::numeric, 12) AS same FROM userseg.evaluate('part1@2', 'SELECT * FROM buyers', true) e JOIN
  (SELECT 'accuracy' AS metric, avg((userseg.predict('part1@2', b) = region)::int) AS value FROM buyers b
   UNION ALL SELECT 'brier', avg((SELECT sum((value::float8 - (key = region)::int)^2) FROM jsonb_each_text(userseg.predict_proba('part1@2', b)))) FROM buyers b) h USING (metric) ORDER BY metric;
SELECT n_rows FROM userseg.assign('part1@2', 'buyers', 'id', 'parts');
SELECT count(*) FILTER (WHERE segment <> userseg.predict('part1@2', b)) AS differ FROM parts p JOIN buyers b USING (id);
DROP TABLE parts;
SELECT (SELECT array_agg(v ORDER BY v) FROM (SELECT userseg.recalibrate('part1@1', 'SELECT * FROM buyers ORDER BY spend', m, all_rows => true) FROM unnest('{isotonic,platt,temperature}'::text[]) m) t(v)) IS NOT NULL AS done;
SELECT bool_and(userseg.predict_proba('part1@2', b) = userseg.predict_proba('part1@5', b)) AS isotonic, bool_and(userseg.predict_proba('part1@3', b) = userseg.predict_proba('part1@6', b)) AS platt,
  bool_and(userseg.predict_proba('part1@4', b) = userseg.predict_proba('part1@7', b)) AS temperature FROM buyers b;
-- two classes by a temperature
SELECT version FROM userseg.recalibrate('buy@1', 'buyers', 'temperature', all_rows => true);
SELECT count(DISTINCT round((ln(q / (1 - q)) / ln(p / (1 - p)))::numeric, 6)) AS powers FROM (SELECT userseg.predict_value('buy@1', b) AS p, userseg.predict_value('buy@4', b) AS q FROM buyers b) s;

-- regressions are measured by the loss that they minimise
SELECT version, metric FROM userseg.train('q', 'gradient_boosting', 'buyers', target => 'value', id => 'id', features => '{visits,spend}', params => '{"refit": false, "objective": "quantile", "quantile": 0.8, "n_rounds": 20}');
SELECT version, metric FROM userseg.train('p', 'glm', 'SELECT id, visits, spend, noise AS n FROM buyers', target => 'n', id => 'id', params => '{"refit": false}');
SELECT metric, e.value = s.value AND e.ci_low = s.ci_low AS stored, e.details->>'interval' AS interval FROM userseg.evaluate('q', 'buyers') e JOIN userseg.evaluate('q') s USING (metric) WHERE metric IN ('pinball', 'coverage');
SELECT round(e.value::numeric, 12) = round(h.value::numeric, 12) AS same, metric FROM userseg.evaluate('q', 'buyers', true) e JOIN
  (SELECT v.* FROM (SELECT userseg.pinball_agg(userseg.predict_value('q', b), value, 0.8) AS l, avg((value <= userseg.predict_value('q', b))::int) AS c FROM buyers b) t, LATERAL (VALUES ('pinball', l), ('coverage', c)) v(metric, value)) h USING (metric) ORDER BY metric;
SELECT round(e.value::numeric, 12) = round(h.value::numeric, 12) AS same, metric, ci_low < e.value AND e.value < ci_high AS inside FROM userseg.evaluate('p', 'SELECT id, visits, spend, noise AS n FROM buyers', true) e JOIN
  (SELECT v.* FROM (SELECT avg(d) AS l, 1 - avg(d) / avg(z) AS d2 FROM (SELECT 2 * (CASE WHEN n > 0 THEN n * ln(n / m) ELSE 0 END - n + m) AS d, 2 * (CASE WHEN n > 0 THEN n * ln(n / a) ELSE 0 END - n + a) AS z
     FROM (SELECT noise AS n, userseg.predict_value('p', b) AS m, avg(noise) OVER ()::float8 AS a FROM buyers b) r) t) u, LATERAL (VALUES ('poisson_deviance', l), ('d2', d2)) v(metric, value)) h USING (metric) ORDER BY metric;
SELECT DISTINCT metric FROM userseg.importance('q', 'buyers') UNION ALL SELECT DISTINCT metric FROM userseg.importance('p', 'SELECT id, visits, spend, noise AS n FROM buyers');
SELECT metric, difference, test FROM userseg.compare('q', 'q', 'buyers');
SELECT metric, value IS NULL AS undefined FROM userseg.evaluate('p', 'SELECT id, visits, spend, noise - 1 AS n FROM buyers', true) WHERE metric IN ('poisson_deviance', 'd2', 'rmse');

-- importance: rows of one id, in any order
SELECT bool_and(a.importance = b.importance AND a.ci_low = b.ci_low) AS any_order, bool_and(a.importance > 0.1) FILTER (WHERE feature = 'visits') AS matters
FROM userseg.importance('val', 'SELECT id / 1000 AS id, visits, spend, noise, value FROM buyers', all_rows => true) a
JOIN userseg.importance('val', 'SELECT id / 1000 AS id, visits, spend, noise, value FROM buyers ORDER BY w, id DESC', all_rows => true) b USING (feature);
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
SELECT count(*) FROM userseg.confusion('buy@1', 'buyers', 'NaN');
SELECT count(*) FROM userseg.confusion('part1@1', 'buyers', 0.5);
SELECT count(*) FROM userseg.calibration('val', 'buyers');
SELECT count(*) FROM userseg.calibration('buy@1', 'buyers', 0);
SELECT count(*) FROM userseg.calibration('part1@1', 'buyers', class => 'east');
SELECT count(*) FROM userseg.lift('part1@1', 'buyers');
SELECT count(*) FROM userseg.lift('part1@1', 'buyers', class => 'east');
SELECT * FROM userseg.recalibrate('part1@1', 'SELECT *, ''west'' AS region FROM (SELECT id, visits, spend, noise FROM buyers) b', all_rows => true);
SELECT * FROM userseg.recalibrate('part1@2', 'SELECT * FROM buyers', all_rows => true);
SELECT count(*) FROM userseg.lift('seg', 'buyers');
SELECT count(*) FROM userseg.lift('buy@1', 'buyers', payoff => '[1]');
SELECT count(*) FROM userseg.lift('buy@1', 'buyers', payoff => '{"win": 1}');
SELECT count(*) FROM userseg.lift('buy@1', 'buyers', payoff => '{"true_positive": "1"}');
SELECT count(*) FROM userseg.compare('buy@1', 'val', 'buyers');
SELECT count(*) FROM userseg.compare('buy@1', 'val', 'buyers', folds => 5);
SELECT count(*) FROM userseg.compare('seg', 'seg', 'buyers', folds => 5);
SELECT count(*) FROM userseg.compare('buy@1', 'buy_less', 'buyers', folds => 1);
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
SELECT count(*) FROM userseg.compare('noid', 'noid', 'buyers', folds => 5);
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
SELECT userseg.drop_model(m) FROM unnest('{buy,buy_less,buy_w,val,seg,part,part1,q,p,refitted,nohold,noid,timed}'::text[]) m;
DROP TABLE buyers;

-- many equal rows, of no id, are as many rows: the interval of the average precision is as wide as it ought to be (numpy: 0.278 to 0.397);
-- slices of one row and of rows without a value
CREATE TABLE alike AS SELECT i AS id, i % 7 AS x, i % 3 = 0 AS y, CASE WHEN i = 3 THEN 'single' WHEN i % 50 > 0 THEN 'many' END AS part FROM generate_series(1, 400) i;
SELECT version FROM userseg.train('alike', 'logistic', 'alike', target => 'y', id => 'id', features => '{x}', params => '{"refit": false}');
SELECT ci_high - ci_low BETWEEN 0.10 AND 0.14 AS width FROM userseg.evaluate('alike', 'alike', true) WHERE metric = 'average_precision';
SELECT slice, n, metric, value IS NOT NULL AS value, ci_low IS NOT NULL AS interval FROM userseg.evaluate('alike', 'alike', true, 'part') WHERE metric IN ('auc', 'accuracy', 'f1', 'mcc', 'log_loss') AND details ? 'by' AND n < 10 ORDER BY slice, metric;
SELECT userseg.drop_model('alike');
DROP TABLE alike;

-- reasons of linear models add up to the predictor, whatever the preprocessing: powers, logarithms, quantiles, cycles, levels, targets,
-- tags, vectors, imputed and unseen values; of classes the log odds against the mean of the classes
CREATE TABLE rich AS
SELECT i AS id, CASE WHEN i % 13 > 0 THEN exp(sin(i) * 2) END AS amount, CASE WHEN i % 17 > 0 THEN cos(i * 3) * 5 END AS score, CASE WHEN i % 11 > 0 THEN (ARRAY['fr', 'de', 'uk', 'it'])[1 + i % 4] END AS country,
  CASE WHEN i % 7 > 0 THEN ARRAY['t' || i % 3, 'u' || i % 5] END AS tags, ARRAY[sin(i), cos(i)] AS v, timestamp '2024-01-01' + i * interval '5 hours' AS at, nullif(i % 3, 0) = 1 AS member,
  (i * 7919 % 101) / 10.0 AS noise, sin(i) * 3 + i % 4 + (i * 104729 % 97) / 50.0 AS y, (ARRAY['a', 'b', 'c'])[1 + (i % 4 + (i * 104729 % 97) / 50.0)::int % 3] AS cls
FROM generate_series(1, 900) i;
SELECT model, version FROM unnest('{linear,logistic}'::text[]) a, LATERAL userseg.train('rich_' || a, a, 'SELECT * FROM rich WHERE id <= 600', target => CASE a WHEN 'linear' THEN 'y' ELSE 'cls' END, id => 'id',
  features => '{amount,score,country,tags,v,at,member,noise}', params => '{"refit": false}',
  transform => '{"amount": ["power", "standard"], "score": {"impute": "indicator", "quantile": {"n": 10}}, "country": {"impute": "level", "onehot": {"min_count": 5}}, "at": {"cyclic": ["dow", "hour"]}, "noise": ["log1p", "robust"]}');
CREATE TABLE asked AS SELECT * FROM rich UNION ALL SELECT 1000, NULL, NULL, 'mars', NULL, NULL, NULL, NULL, NULL, NULL, NULL UNION ALL SELECT 1001, 1e9, -1e6, 'fr', '{}', '{0,0}', '2030-02-28', true, 0, NULL, NULL;
SELECT count(*), count(*) FILTER (WHERE abs(p.value - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) > 1e-9 * greatest(1, abs(p.value))) AS wrong
FROM asked s, LATERAL userseg.predict_detail('rich_linear', s) p;
SELECT count(*), count(*) FILTER (WHERE abs((SELECT ln((q ->> p.label)::float8) - avg(ln(value::float8)) FROM jsonb_each_text(q)) - (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(p.reasons) r)) > 1e-9) AS wrong
FROM asked s, LATERAL userseg.predict_detail('rich_logistic', s) p, LATERAL userseg.predict_proba('rich_logistic', s) q WHERE s.id <> 1001;
SELECT userseg.drop_model(m) FROM unnest('{rich_linear,rich_logistic}'::text[]) m;
DROP TABLE rich, asked;
