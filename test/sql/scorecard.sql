-- Scorecards: every figure recomputed from the rows.
SET client_min_messages = warning;
CREATE SCHEMA test_scorecard;
SET search_path = test_scorecard, public;
CREATE FUNCTION u(i int, salt int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
  SELECT ((hashint8extended(i::bigint * 31 + salt, 7) & 1048575) + 0.5) / 1048576
$$;
CREATE TABLE credit AS
SELECT i AS id, age, CASE WHEN u(i, 9) < 0.1 THEN NULL ELSE income END AS income, job, flag, u(i, 6) AS noise, 1 + i % 3 AS w,
  CASE WHEN u(i, 5) < 1 / (1 + exp(1.2 + 0.05 * (age - 40) + (income - 3) * 0.6 - CASE job WHEN 'none' THEN 1.5 WHEN 'clerk' THEN 0.2 ELSE 0 END - flag::int)) THEN 'bad' ELSE 'good' END AS outcome
FROM (SELECT i, 20 + floor(50 * u(i, 1))::int AS age, round((-2 * ln(u(i, 2)))::numeric, 2)::float8 AS income,
  (ARRAY['clerk', 'none', 'owner', 'worker'])[1 + floor(4 * u(i, 3))::int] AS job, u(i, 4) < 0.3 AS flag FROM generate_series(1, 4000) i) x;
SELECT model, version, algorithm, n_rows, n_features, metric, converged, warnings
FROM userseg.train('card', 'scorecard', 'credit', target => 'outcome', id => 'id', features => '{age,income,job,flag,noise}', params => '{"positive": "bad"}', holdout => 0);
CREATE TABLE card AS SELECT * FROM userseg.scorecard('card');
SELECT feature, status, count(*) AS bins, round(sum(n)::numeric) AS n, sum(iv) > 0.02 AS told FROM card GROUP BY 1, 2 ORDER BY 1;
-- the conditions part the rows: each row is in one bin, and weights, shares, weights of evidence and information are those of the rows
CREATE FUNCTION check_card(model text, source text, event text, weight text DEFAULT '1') RETURNS TABLE (bins bigint, n_right boolean, rate_right boolean, woe_right boolean, iv_right boolean, covered boolean) LANGUAGE plpgsql AS $$
DECLARE
  r record;
  n float8; bad float8; all_n float8; all_bad float8;
BEGIN
  EXECUTE format('SELECT sum(%s), sum(%1$s) FILTER (WHERE %s) FROM %I', weight, event, source) INTO all_n, all_bad;
  bins := 0; n_right := true; rate_right := true; woe_right := true; iv_right := true;
  FOR r IN SELECT * FROM userseg.scorecard(model) LOOP
    EXECUTE format('SELECT sum(%s), sum(%1$s) FILTER (WHERE %s) FROM %I WHERE %s', weight, event, source, r.condition) INTO n, bad;
    bins := bins + 1;
    n_right := n_right AND abs(n - r.n) < 1e-9 AND abs(n / all_n - r.share) < 1e-12;
    rate_right := rate_right AND abs(bad / n - r.event_rate) < 1e-12;
    woe_right := woe_right AND abs(r.woe - ln(((n - bad) / (all_n - all_bad)) / (bad / all_bad))) < 1e-12;
    iv_right := iv_right AND abs(r.iv - r.woe * ((n - bad) / (all_n - all_bad) - bad / all_bad)) < 1e-12;
  END LOOP;
  covered := (SELECT bool_and(abs(s - 1) < 1e-12) FROM (SELECT sum(share) AS s FROM userseg.scorecard(model) GROUP BY feature) x);
  RETURN NEXT;
END $$;
SELECT * FROM check_card('card', 'credit', 'outcome = ''bad''');
SELECT feature, bin, condition FROM card WHERE feature IN ('job', 'flag') OR condition LIKE '%NULL' ORDER BY 1, 2;
-- shares of bads rise or fall from bin to bin of a number, and rise for categories; no bin is small
SELECT feature, bool_and(event_rate > before) OR bool_and(event_rate < before) AS monotone, min(share) >= 0.05 AS large, count(*) < 6 AS few
FROM (SELECT *, lag(event_rate) OVER (PARTITION BY feature ORDER BY bin) AS before FROM card WHERE condition NOT LIKE '%NULL') x GROUP BY 1 ORDER BY 1;
-- points: 600 at odds of 50 to 1, 20 more double them; the sum of the bins of a row
SELECT max(abs(userseg.scorecard_points('card', c) - (600 + 20 / ln(2) * (ln((1 - p) / p) - ln(50))))) < 1e-9 AS odds FROM credit c, LATERAL userseg.predict_value('card', c) p;
CREATE FUNCTION summed(model text, r credit) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  l record;
  holds boolean;
  total float8 := 0;
BEGIN
  FOR l IN SELECT condition, points FROM userseg.scorecard(model) WHERE status = 'used' LOOP
    EXECUTE format('SELECT %s FROM (SELECT ($1).*) x', l.condition) INTO holds USING r;
    IF holds THEN total := total + l.points; END IF;
  END LOOP;
  RETURN total;
END $$;
SELECT max(abs(userseg.scorecard_points('card', c) - summed('card', c))) < 1e-9 AS sum_of_bins FROM credit c WHERE id <= 100;
SELECT version FROM userseg.train('other', 'scorecard', 'credit', target => 'outcome', id => 'id', features => '{age,income,job,flag,noise}', params => '{"positive": "bad", "base_score": 0, "base_odds": 1, "points_to_double": 0.6931471805599453, "reasons": "mean"}', holdout => 0);
SELECT max(abs(userseg.scorecard_points('other', c) - ln((1 - p) / p))) < 1e-9 AS scaled FROM credit c, LATERAL userseg.predict_value('card', c) p;
-- the regression: the mean probability is the share of bads (intercept), and residuals are orthogonal to the weights of evidence
SELECT abs(avg(userseg.predict_value('card', c)) - avg((outcome = 'bad')::int)) < 1e-6 AS calibrated FROM credit c;
SELECT abs(sum((userseg.predict_value('card', c) - (outcome = 'bad')::int) * k.woe)) < 1e-3 AS orthogonal
FROM credit c JOIN card k ON feature = 'job' AND k.condition = format('job = %L', job);
-- reasons: points lost against the best bin, or against the mean; with the base they are the points
SELECT m, max(abs(s - userseg.scorecard_points(m, c))) < 1e-9 AS add_up, CASE m WHEN 'card' THEN max(worst) <= 0 ELSE abs(avg(s - base)) < 1e-9 END AS meant
FROM unnest('{card,other}'::text[]) m, credit c, LATERAL userseg.predict_detail(m, c) d,
  LATERAL (SELECT sum((r ->> 'contribution')::float8) AS s, max((r ->> 'contribution')::float8) FILTER (WHERE r ->> 'feature' <> '(base)') AS worst, max((r ->> 'contribution')::float8) FILTER (WHERE r ->> 'feature' = '(base)') AS base FROM jsonb_array_elements(d.reasons) r) x
GROUP BY 1 ORDER BY 1;
-- scoring in SQL alone, and what was not seen in training: a level, NULL where none was, NaN
SELECT userseg.to_sql('card', 'value') AS expression \gset
SELECT max(abs(:expression - userseg.predict_value('card', credit))) < 1e-12 AS same FROM credit;
CREATE TYPE applicant AS (age float8, income float8, job text, flag boolean, noise float8);
SELECT round(userseg.scorecard_points('card', ROW(50, 4, 'pilot', false, 0)::applicant)::numeric, 6) = round(((SELECT sum(points) FROM card WHERE status = 'used' AND feature <> 'job' AND (feature, bin) IN (SELECT feature, bin FROM card)
  AND CASE feature WHEN 'age' THEN bin = (SELECT 1 + count(*) FROM card WHERE feature = 'age' AND condition ~ '<= [0-9.]+$' AND substring(condition FROM '<= ([0-9.]+)$')::float8 < 50) WHEN 'income' THEN bin = (SELECT 1 + count(*) FROM card WHERE feature = 'income' AND condition ~ '<= [0-9.]+$' AND substring(condition FROM '<= ([0-9.]+)$')::float8 < 4) WHEN 'flag' THEN condition NOT LIKE 'flag%' END)
  + (SELECT min(points - 20 / ln(2) * woe * (SELECT (c ->> 'coefficient')::float8 FROM jsonb_array_elements(v.details -> 'columns') c WHERE c ->> 'column' = 'job')) FROM card, userseg.model_versions v WHERE feature = 'job' AND v.model = 'card'))::numeric, 6) AS unseen_level_is_neutral;
SELECT userseg.scorecard_points('card', ROW('NaN', NULL, NULL, NULL, NULL)::applicant) BETWEEN 300 AND 900 AS answered, userseg.scorecard_points('card', NULL::applicant) IS NULL AS none;
-- the same in any order, by workers, in little memory; weights as repeated rows; classes the other way round
CREATE FUNCTION bits(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(userseg.scorecard_points($1, c)::text, ',' ORDER BY id)) FROM credit c $$;
SELECT count(version) FROM (VALUES ('plain', 'credit', '{}'::jsonb), ('shuffled', 'SELECT * FROM credit ORDER BY hashint4(id)', '{}'), ('workers', 'SELECT * FROM credit ORDER BY id DESC', '{"workers": 2}')) v(how, source, params),
  LATERAL userseg.train('same_' || how, 'scorecard', source, target => 'outcome', features => '{age,income,job,flag}', id => 'id', weight => 'w', holdout => 0, params => params) l;
SELECT count(DISTINCT bits('same_' || how)) AS distinct_models FROM unnest('{plain,shuffled,workers}'::text[]) how;
SELECT count(version) FROM userseg.train('weighed', 'scorecard', 'credit', target => 'outcome', weight => 'w', features => '{age,income,job,flag}', holdout => 0, params => '{"cells": 100}');
SELECT count(version) FROM userseg.train('repeated', 'scorecard', 'SELECT c.* FROM credit c, generate_series(1, w)', target => 'outcome', features => '{job,flag}', holdout => 0);
SELECT count(version) FROM userseg.train('weighed', 'scorecard', 'credit', target => 'outcome', weight => 'w', features => '{job,flag}', holdout => 0);
SELECT max(abs(userseg.scorecard_points('weighed', c) - userseg.scorecard_points('repeated', c))) < 1e-6 AS weights FROM credit c;
SELECT * FROM check_card('weighed', 'credit', 'outcome = ''good''', 'w');
SELECT count(version) FROM userseg.train('good', 'scorecard', 'credit', target => 'outcome', id => 'id', features => '{age,income,job,flag,noise}', holdout => 0);
SELECT max(abs(userseg.predict_value('good', c) + userseg.predict_value('card', c) - 1)) < 1e-6 AS complement, max(abs(userseg.scorecard_points('good', c) - (600 + 20 / ln(2) * (-ln((1 - p) / p) - ln(50))))) < 1e-4 AS turned
FROM credit c, LATERAL userseg.predict_value('card', c) p;
-- trends; features that say little; a copy; a bin of one class only
CREATE TABLE bump AS SELECT id, outcome, noise, abs(age - 45) * 10 + age AS bump FROM credit;
SELECT count(version) FROM unnest('{rising,falling,none}'::text[]) trend, LATERAL userseg.train('trend_' || trend, 'scorecard', 'bump', target => 'outcome', id => 'id', features => '{bump,noise}', holdout => 0, params => jsonb_build_object('trend', trend, 'min_iv', 0, 'positive', 'bad'));
SELECT trend, count(*) > 1 AS several, bool_and(event_rate > before) AS rises, bool_and(event_rate < before) AS falls
FROM unnest('{rising,falling,none}'::text[]) trend, LATERAL (SELECT *, lag(event_rate) OVER (PARTITION BY feature ORDER BY bin) AS before FROM userseg.scorecard('trend_' || trend)) s WHERE feature = 'bump' GROUP BY 1 ORDER BY 1;
SELECT warnings FROM userseg.train('twice', 'scorecard', 'SELECT *, age AS copy FROM credit', target => 'outcome', id => 'id', features => '{age,copy,job}', holdout => 0);
SELECT feature, status, count(points) AS pointed FROM userseg.scorecard('twice') GROUP BY 1, 2 ORDER BY 1;
SELECT count(version) FROM userseg.train('pure', 'scorecard', 'SELECT x, CASE WHEN x <= 2 THEN ''good'' WHEN i % 2 = 0 THEN ''good'' ELSE ''bad'' END AS outcome FROM generate_series(1, 400) i, LATERAL (SELECT i % 8 AS x) s', target => 'outcome', holdout => 0, params => '{"positive": "bad"}');
SELECT bin, condition, n, round(woe::numeric, 6) AS woe, round(iv::numeric, 6) AS iv FROM userseg.scorecard('pure') ORDER BY bin;
SELECT version, converged, warnings FROM userseg.train('ridge', 'scorecard', 'SELECT x, CASE WHEN x <= 2 THEN ''good'' WHEN i % 2 = 0 THEN ''good'' ELSE ''bad'' END AS outcome FROM generate_series(1, 400) i, LATERAL (SELECT i % 8 AS x) s', target => 'outcome', holdout => 0, params => '{"positive": "bad", "lambda": 0.01}');
-- numbers of all kinds, scaled by the user; an array; times
SELECT converged FROM userseg.train('kinds', 'scorecard', 'SELECT outcome, ln(age) AS a, ARRAY[coalesce(income, 2), age]::float8[] AS v, date ''2024-01-01'' - age AS day, make_interval(hours => age) AS wait, ARRAY[job] AS tags FROM credit', target => 'outcome', transform => '{"a": ["standard"]}', holdout => 0, params => '{"lambda": 0.001}');
SELECT feature, min(condition) AS first FROM userseg.scorecard('kinds') GROUP BY 1 ORDER BY 1;
-- errors
SELECT userseg.train('no', 'scorecard', 'SELECT age, job FROM credit', target => 'job', holdout => 0);
SELECT userseg.train('no', 'scorecard', 'credit', target => 'outcome', features => '{noise}', holdout => 0);
SELECT userseg.train('no', 'scorecard', 'credit', target => 'outcome', features => '{noise}', params => '{"max_bins": 1}', holdout => 0);
SELECT version FROM userseg.train('tree', 'decision_tree', 'credit', target => 'outcome', features => '{age}', holdout => 0);
SELECT * FROM userseg.scorecard('tree');
SELECT userseg.scorecard_points('tree', c) FROM credit c LIMIT 1;
SELECT count(*) AS dropped FROM unnest('{card,other,same_plain,same_shuffled,same_workers,weighed,repeated,good,trend_rising,trend_falling,trend_none,twice,pure,ridge,kinds,tree}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_scorecard CASCADE;
