-- Naive Bayes: what it does in every case; figures against scikit-learn are in test/golden.
SET client_min_messages = warning;
CREATE SCHEMA test_naive_bayes;
SET search_path = test_naive_bayes, public;
CREATE TABLE t AS
SELECT i AS id, CASE WHEN i % 13 = 0 THEN NULL ELSE i * 7919 % 101 END AS a, (i * 104729 % 97) / 8.0 AS b,
  (ARRAY['red', 'green', 'blue', NULL, 'grey'])[1 + i % 5] AS colour, i % 3 = 0 AS flag,
  CASE WHEN i * 7919 % 101 > 60 THEN i % 5 IN (0, 2) ELSE i * 104729 % 97 > 80 END AS y, 1 + i % 3 AS w
FROM generate_series(1, 800) i;
SELECT model, version, algorithm, n_rows, n_features, converged, iterations, warnings, details -> 'model' AS said
FROM userseg.train('nb', 'naive_bayes', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id', holdout => 0);
-- every number by hand: priors, means and variances of the values that are known, smoothed shares of levels
CREATE TABLE by_class AS
SELECT k, ln(count(*) / 800.0::float8) AS prior, avg(a)::float8 AS ma, var_pop(a)::float8 + 1e-9 * (SELECT var_pop(a) FROM t)::float8 AS va,
  avg(b)::float8 AS mb, var_pop(b)::float8 + 1e-9 * (SELECT var_pop(b) FROM t)::float8 AS vb, count(colour) AS known, count(*) FILTER (WHERE flag) AS flagged, count(*) AS n
FROM t, LATERAL (SELECT y::int AS k) c GROUP BY k;
CREATE TABLE by_level AS SELECT y::int AS k, colour, count(*) AS n FROM t WHERE colour IS NOT NULL GROUP BY 1, 2;
CREATE FUNCTION joint(r t, k int) RETURNS float8 LANGUAGE sql AS $$
  SELECT c.prior + coalesce(-0.5 * ln(2 * pi() * va) - (r.a - ma) ^ 2 / (2 * va), 0) - 0.5 * ln(2 * pi() * vb) - (r.b - mb) ^ 2 / (2 * vb)
    + CASE WHEN r.colour IS NULL THEN 0 ELSE ln((coalesce((SELECT l.n FROM by_level l WHERE l.k = c.k AND l.colour = r.colour), 0) + 1.0::float8) / (known + 4)) END
    + ln((CASE WHEN r.flag THEN flagged ELSE n - flagged END + 1.0::float8) / (n + 2))
  FROM by_class c WHERE c.k = $2
$$;
SELECT count(*), max(abs(userseg.predict_value('nb', t) - 1 / (1 + exp(joint(t, 0) - joint(t, 1))))) < 1e-12 AS equal FROM t;
-- reasons and base add up to the log odds of the label
SELECT bool_and(abs(s - ln(p / (1 - p))) < 1e-9) AS add_up, bool_and(n = 5) AS told
FROM t, LATERAL userseg.predict_detail('nb', t) d, LATERAL (SELECT d.probability AS p, sum((r ->> 'contribution')::float8) AS s, count(*) AS n FROM jsonb_array_elements(d.reasons) r) x;
-- the same bits in any order of the rows, by workers, as an SQL aggregate; weights as repeated rows
CREATE FUNCTION bits(model text) RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(userseg.predict_proba($1, t)::text, ',' ORDER BY id)) FROM t $$;
SELECT how, (l).details ->> 'strategy' AS strategy
FROM (VALUES ('plain', 't', '{}'::jsonb), ('shuffled', 'SELECT * FROM t ORDER BY hashint4(id)', '{}'), ('workers', 'SELECT * FROM t ORDER BY id DESC', '{"workers": 2}'), ('sql', 't', '{"strategy": "sql"}')) v(how, source, params),
  LATERAL (SELECT userseg.train('same_' || how, 'naive_bayes', source, target => 'y', features => '{a,b,colour,flag}', id => 'id', weight => 'w', holdout => 0, params => params || '{"class_weight": "balanced"}') AS l) x;
SELECT count(DISTINCT bits('same_' || how)) AS distinct_models FROM unnest('{plain,shuffled,workers,sql}'::text[]) how;
SELECT version FROM userseg.train('weighed', 'naive_bayes', 't', target => 'y', weight => 'w', features => '{a,b,colour,flag}', holdout => 0);
SELECT version FROM userseg.train('repeated', 'naive_bayes', 'SELECT t.* FROM t, generate_series(1, w)', target => 'y', features => '{a,b,colour,flag}', holdout => 0);
SELECT max(abs(userseg.predict_value('weighed', t) - userseg.predict_value('repeated', t))) < 1e-12 AS weights FROM t;
-- priors: learned, equal, given
SELECT priors, (SELECT string_agg(round(v::numeric, 4)::text, ' ') FROM jsonb_array_elements_text(l.details #> '{model,priors}') v) AS got
FROM (VALUES ('"learned"'::jsonb), ('"uniform"'), ('{"false": 1, "true": 3}')) p(priors), LATERAL userseg.train('prior', 'naive_bayes', 't', target => 'y', features => '{a,b}', holdout => 0, params => jsonb_build_object('priors', priors)) l;
-- what is missing says nothing; unseen levels neither; a row of nothing has the priors
CREATE TYPE abcf AS (a float8, b float8, colour text, flag boolean);
SELECT round(userseg.predict_value('nb', ROW(NULL, NULL, NULL, NULL)::abcf)::numeric, 6) = (SELECT round(avg(y::int)::numeric, 6) FROM t) AS prior,
  userseg.predict_value('nb', ROW(NULL, NULL, 'violet', NULL)::abcf) = userseg.predict_value('nb', ROW(NULL, NULL, NULL, NULL)::abcf) AS unseen;
-- far away, infinite, NaN: an answer, never NaN
SELECT x, userseg.predict_value('nb', ROW(x, 1, 'red', true)::abcf) BETWEEN 0 AND 1 AS answered FROM unnest('{1e10,-1e200,1e308,infinity,NaN}'::float8[]) x;
-- three classes; a class without a value in a column; a class of one row; many rare levels as one
SELECT converged FROM userseg.train('three', 'naive_bayes', 'SELECT id, CASE WHEN id % 3 <> 1 THEN a END AS a, b, CASE WHEN id = 1 THEN ''one'' WHEN id % 3 = 1 THEN ''without'' ELSE ''with'' END AS c FROM t', target => 'c', features => '{a,b}', id => 'id', holdout => 0);
SELECT label, round(probability::numeric, 4) AS probability, value FROM userseg.predict_detail('three', ROW(50, 6, NULL, NULL)::abcf);
SELECT round(sum(v::float8)::numeric, 9) AS sum, count(*) AS n FROM jsonb_each_text(userseg.predict_proba('three', ROW(50, 6, NULL, NULL)::abcf)) e(k, v);
SELECT converged FROM userseg.train('thirds', 'naive_bayes', 'SELECT a, b, colour, id * 7 % 11 % 3 AS c FROM t', target => 'c', holdout => 0, params => '{"task": "classification"}');
SELECT abs((SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements((userseg.predict_detail('thirds', ROW(50, 6, NULL, NULL)::abcf)).reasons) r)
  - (SELECT max(ln(v::float8)) - avg(ln(v::float8)) FROM jsonb_each_text(userseg.predict_proba('thirds', ROW(50, 6, NULL, NULL)::abcf)) e(k, v))) < 1e-9 AS above_the_mean;
SELECT details #> '{columns,colour}' AS colour FROM userseg.train('rare', 'naive_bayes', 'SELECT y, CASE WHEN id % 50 = 0 THEN ''rare'' || id WHEN id % 2 = 0 THEN ''even'' ELSE ''odd'' END AS colour FROM t', target => 'y', holdout => 0, transform => '{"colour": {"native": {"min_count": 5}}}') \gset
SELECT :'colour'::jsonb -> 'levels' ? '(other)' AS other, :'colour'::jsonb ->> 'kind' AS kind, (SELECT round(sum((p ->> 0)::float8)::numeric, 9) FROM jsonb_each(:'colour'::jsonb -> 'levels') e(k, p)) AS sum;
-- numbers that the user scales or bins, tags, vectors, times, durations
SELECT converged, details -> 'model' AS said
FROM userseg.train('kinds', 'naive_bayes', 'SELECT y, a, ARRAY[colour, CASE WHEN flag THEN ''f'' END] AS tags, ARRAY[b, b * b]::float8[] AS v, date ''2024-01-01'' + id AS day, make_interval(hours => id % 50) AS wait FROM t', target => 'y', transform => '{"a": ["standard"]}', holdout => 0);
-- scikit-learn's smoothing by the largest variance changes what is told; columns of equal values
SELECT round((details #>> '{columns,b,sd,0}')::numeric, 4) AS sd FROM userseg.train('wide', 'naive_bayes', 't', target => 'y', features => '{a,b}', holdout => 0, params => '{"variance_smoothing": 0.1, "smooth_by": "largest"}');
SELECT round(sqrt((SELECT var_pop(b) FROM t WHERE NOT y) + 0.1 * (SELECT var_pop(a) FROM t))::numeric, 4) AS sd;
SET client_min_messages = notice;
SELECT warnings FROM userseg.train('equal', 'naive_bayes', 'SELECT y, 5 AS five, b, 1e-200 * (id % 2) AS tiny FROM t', target => 'y', holdout => 0);
SET client_min_messages = warning;
-- holdout, cross-validation, tuning, evaluation, importance
SELECT metric, metric_value > 0.7 AS good FROM userseg.train('held', 'naive_bayes', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id');
SELECT count(*) > 5 AS measured FROM userseg.cross_validate('naive_bayes', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id', folds => 3);
SELECT count(*) AS trials FROM userseg.tune('tuned', 'naive_bayes', 't', target => 'y', features => '{a,b,colour,flag}', id => 'id', grid => '{"alpha": [0.1, 1, 10]}', folds => 3);
SELECT count(*) > 3 AS evaluated FROM userseg.evaluate('held', 't');
SELECT count(*) AS features FROM userseg.importance('held', 't');
SELECT count(*) > 5 AS points FROM userseg.partial_dependence('held', 't', 'a');
SELECT value IS NOT NULL AS memory FROM userseg.explain_train('e', 'naive_bayes', 't', target => 'y') WHERE topic = 'memory' AND item = 'allowed';
-- a model by value answers the same
SELECT bool_and((userseg.score(userseg.artifact('nb'), t)).value = userseg.predict_value('nb', t)) AS by_value FROM t;
-- errors
\set VERBOSITY default
SELECT userseg.train('e', 'naive_bayes', 't', target => 'y', params => '{"alpha": 0}');
SELECT userseg.train('e', 'naive_bayes', 't', target => 'y', params => '{"priors": {"maybe": 1}}');
SELECT userseg.train('e', 'naive_bayes', 't', target => 'y', params => '{"priors": {"true": 1}}');
SELECT userseg.train('e', 'naive_bayes', 't', target => 'y', params => '{"priors": "equal"}');
SELECT userseg.train('e', 'naive_bayes', 't', target => 'b');
SELECT userseg.train('e', 'naive_bayes', 'SELECT a, true AS y FROM t', target => 'y');
SELECT userseg.train('e', 'naive_bayes', 't', target => 'y', params => '{"task": "regression"}');
SET userseg.max_memory = '16MB';
SELECT userseg.train('e', 'naive_bayes', 'SELECT i % 200 AS k, i % 7 AS a, ''level'' || i % 251 AS b FROM generate_series(1, 5000) i', target => 'k', params => '{"task": "classification"}', holdout => 0);
RESET userseg.max_memory;
SELECT count(*) AS dropped FROM unnest('{nb,same_plain,same_shuffled,same_workers,same_sql,weighed,repeated,prior,three,thirds,rare,kinds,wide,equal,held,tuned}'::text[]) m, LATERAL userseg.drop_model(m) x;
DROP SCHEMA test_naive_bayes CASCADE;
