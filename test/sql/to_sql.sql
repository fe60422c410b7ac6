-- Models as SQL expressions: every kind of feature and step, every output, every error.
SET client_min_messages = error;
CREATE SCHEMA test_to_sql;
SET search_path = test_to_sql, public;
SET extra_float_digits = 1;
SET TimeZone = 'Europe/Berlin';
-- compiling expressions of this length takes longer than evaluating them
SET jit = off;
CREATE TYPE plan AS ENUM ('free', 'paid', 'it''s "special"');
CREATE DOMAIN level AS numeric;
CREATE TABLE shop AS
SELECT g AS id, round((g * 7919 % 1009) / 10.0, 1) AS "Spend ""net""", CASE WHEN g % 9 = 0 THEN NULL ELSE g % 13 END AS visits, (ARRAY['FR', 'DE', 'it''s "x"', E'back\\slash'])[1 + g % 4] AS country,
  CASE WHEN g % 10 = 0 THEN NULL ELSE g % 3 = 0 END AS vip, timestamp '2024-01-01 00:00:00.25' + g * interval '7 hours 11 min 3 sec' AS at, date '2023-11-30' + g % 97 AS day,
  CASE WHEN g % 2 = 0 THEN g * interval '1 hour 7 min' ELSE (g % 30) * interval '1 month' - interval '3 days' END AS dur, time '00:00:01' + (g % 1000) * interval '1 min 1.5 sec' AS clock,
  CASE WHEN g % 7 = 0 THEN NULL ELSE ARRAY['a' || g % 3, 'b' || g % 5, NULL] END AS tags, ARRAY[g % 7, g % 11, 1 / (1 + g % 3.0)]::float8[] AS v,
  timestamptz '2024-01-01+00' + g * interval '7 hours 11 min' AS tz, (ARRAY['free', 'paid', 'it''s "special"'])[1 + g % 3]::plan AS plan, (ARRAY['x', 'yy', 'zzz'])[1 + g % 3]::char(5) AS code, (1e-9 * (g % 50))::real AS tiny,
  (g % 31)::level AS lvl
FROM generate_series(1, 300) g;
-- what scoring may meet
CREATE TABLE met AS SELECT * FROM shop;
INSERT INTO met (id) VALUES (1001);
INSERT INTO met (id, "Spend ""net""", visits, country, vip, at, day, dur, tags, v, tz, code, tiny, lvl) VALUES
  (1002, 'NaN', -3, 'unseen', false, 'infinity', '-infinity', '-2 years 3 days', '{}', '{1,2}', '-infinity', 'none', 'NaN', 'Infinity'),
  (1003, '-Infinity', 1000000, '', true, '1999-02-28 23:59:59.999999', '2024-02-29', '1 year 1 mon 40:00:01.5', '{unseen,a1}', '{1,NaN,2}', '2025-12-31 23:30:00+00', 'zzz', '-Infinity', -5),
  (1004, 1e12, 0, 'it''s "x"', NULL, '2024-12-31 00:00:00', '2100-01-01', '0', '{a1,a1}', '{1,2,Infinity}', '2024-03-31 01:00:00+00', 'x', 1, 30);
CREATE FUNCTION agrees(model text, output text, shared boolean DEFAULT false, class text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  expression text := userseg.to_sql(model, output, 's', class, shared);
  own text := CASE output WHEN 'label' THEN format('userseg.predict(%L, s)', model) WHEN 'id' THEN format('userseg.predict_id(%L, s)', model) WHEN 'value' THEN format('userseg.predict_value(%L, s)', model)
    ELSE CASE WHEN class IS NULL THEN format('(userseg.predict_detail(%L, s)).probability', model) ELSE format('(userseg.predict_proba(%L, s) ->> %L)::float8', model, class) END END;
  result text;
BEGIN
  EXECUTE format('SELECT format(''%%s rows, %%s NULL, %%s differ'', count(*), count(*) FILTER (WHERE a IS NULL), count(*) FILTER (WHERE %s)) FROM (SELECT %s AS a, %s AS b FROM met s) x',
    CASE WHEN output IN ('label', 'id') THEN 'a IS DISTINCT FROM b' ELSE '(a IS NULL) <> (b IS NULL) OR abs(a - b) > 1e-9 * greatest(1, abs(a))' END, own, expression) INTO result;
  RETURN result;
END $$;
CREATE FUNCTION fit(name text, algorithm text, target text, transform jsonb DEFAULT '{}', params jsonb DEFAULT '{}', features text[] DEFAULT NULL, null_policy text DEFAULT 'impute') RETURNS int LANGUAGE sql AS $$
  SELECT version FROM userseg.train(name, algorithm, 'test_to_sql.shop', target => target, id => 'id', features => features, transform => transform, params => params, null_policy => null_policy, holdout => 0) $$;

-- the text: names and levels quoted, numbers that come back, NULL as scoring sees it
SELECT fit('text', 'linear', 'visits', '{"Spend \"net\"": "none", "country": {"onehot": {"scale": "none"}}, "vip": "none"}', '{}', '{"Spend \"net\"",country,vip}');
SELECT regexp_replace(userseg.to_sql('text'), '\d\.\d{6,}(e-\d+)?', 'N', 'g') AS expression;
SELECT regexp_replace(userseg.to_sql('text', 'value', 'the "row"'), '\d\.\d{6,}(e-\d+)?', 'N', 'g') AS expression;
SELECT fit('leaf', 'decision_tree', 'vip', '{}', '{"max_depth": 2, "pruning": "none"}', '{visits,country,plan}');
SELECT userseg.to_sql('leaf') AS expression;
SELECT fit('long', 'decision_tree', 'visits', '{}', '{"max_depth": 3, "pruning": "none"}', '{country,at,dur,tags,v,tiny,day,tz,clock}');
SELECT regexp_replace(userseg.to_sql('long'), '\d\.\d{6,}(e-\d+)?', 'N', 'g') AS expression;
SELECT agrees('text', 'value'), agrees('leaf', 'label'), agrees('leaf', 'id'), agrees('leaf', 'probability'), agrees('leaf', 'value');

-- every kind of feature and step
SELECT fit('all', 'linear', 'visits');
SELECT agrees('all', 'value'), agrees('all', 'value', true);
SELECT fit('steps', 'linear', 'visits', '{"Spend \"net\"": ["power", "standard"], "tiny": [{"clip": {"lo": 1e-9, "hi": 4e-8}}, "log1p", "standard"], "lvl": [{"impute": "indicator"}, {"log1p": {"signed": true}}, "minmax"],
  "country": "frequency", "plan": {"ordinal": {"order": ["free", "paid", "it''s \"special\""]}}, "code": {"target": {}}, "vip": {"impute": "indicator"}, "dur": ["robust"], "day": {"cyclic": ["dow", "day", "doy", "month"]},
  "at": [{"age": {"as_of": "2025-01-31", "unit": "hour"}}, {"cyclic": ["hour", "dow"]}, {"impute": "indicator"}], "tz": {"cyclic": ["hour", "day", "doy"]}, "v": "standard", "tags": {"multihot": {"min_count": 70}}}');
SELECT agrees('steps', 'value'), agrees('steps', 'value', true);
SELECT fit('quantiles', 'linear', 'visits', '{"Spend \"net\"": {"quantile": {"n": 7}}, "lvl": [{"quantile": {"n": 5, "output": "normal"}}, "standard"], "tiny": ["power", "standard"]}', '{}', '{"Spend \"net\"",lvl,tiny}');
SELECT agrees('quantiles', 'value'), agrees('quantiles', 'value', true);
SELECT fit('powers', 'linear', 'visits', '{"lvl": ["power", "standard"], "Spend \"net\"": [{"clip": {"lo": 20, "hi": 80}}, "power"], "dur": ["power", "standard"]}', '{}', '{"Spend \"net\"",lvl,dur}'), agrees('powers', 'value'), agrees('powers', 'value', true);
SELECT fit('levels', 'linear', 'visits', '{"country": {"impute": "level", "onehot": {"min_count": 76}}, "vip": "none"}', '{}', '{country,vip}'), agrees('levels', 'value');

-- trees on all of them, encoded or not
SELECT fit('tree', 'decision_tree', 'country', '{"v": "standard", "tz": {"cyclic": ["hour", "day"]}}', '{"pruning": "none", "min_leaf": 1}');
SELECT agrees('tree', 'label'), agrees('tree', 'probability'), agrees('tree', 'probability', class => 'DE');
SELECT fit('coded', 'random_forest', 'vip', '{"*": {"impute": "median"}, "country": "onehot", "plan": "frequency", "code": {"onehot": {"min_count": 200}}, "lvl": ["log1p", "standard"], "tags": {"multihot": {"min_count": 70}}, "day": {"age": {}}}', '{"n_trees": 12, "min_leaf": 2}');
SELECT agrees('coded', 'label'), agrees('coded', 'value'), agrees('coded', 'probability', true), agrees('coded', 'probability', class => 'false');
SELECT fit('boost', 'gradient_boosting', 'plan', '{}', '{"n_rounds": 5, "max_depth": 3}'), agrees('boost', 'label'), agrees('boost', 'label', true), agrees('boost', 'probability', true), agrees('boost', 'probability', class => 'paid');
SELECT fit('count', 'gradient_boosting', 'visits', '{}', '{"objective": "poisson", "n_rounds": 20, "max_depth": 2}'), agrees('count', 'value'), agrees('count', 'value', true);
SELECT fit('mean', 'random_forest', 'visits', '{}', '{"n_trees": 7}'), agrees('mean', 'value');

-- one node deep, and as deep as trees get: a list, which is not nested
SELECT fit('stump', 'decision_tree', 'visits', '{}', '{"max_depth": 0}', '{lvl}');
SELECT userseg.to_sql('stump') ~ '^\d\.\d+::float8$' AS number;
SELECT version FROM userseg.train('deep', 'decision_tree', 'SELECT i, 1.4 ^ i AS y FROM generate_series(1, 100) i', target => 'y', holdout => 0, params => '{"pruning": "none", "min_leaf": 1, "max_depth": 1000}');
SELECT userseg.to_sql('deep') AS e \gset
SELECT count(*), count(*) FILTER (WHERE abs(userseg.predict_value('deep', s) - (:e)) > 1e-9 * (:e)) AS differ FROM (SELECT i FROM generate_series(1, 100) i) s;

-- linear predictors and their links
SELECT fit('class', 'logistic', 'country', '{}', '{"penalty": "ridge", "lambda": 1}', '{lvl,visits,plan}'), agrees('class', 'label'), agrees('class', 'label', true), agrees('class', 'probability'), agrees('class', 'probability', true, 'FR');
SELECT fit('two', 'logistic', 'vip', '{}', '{"penalty": "ridge", "lambda": 1}', '{lvl,visits,plan,tags}'), agrees('two', 'label'), agrees('two', 'value'), agrees('two', 'probability'), agrees('two', 'probability', class => 'false');
SELECT fit('first', 'logistic', 'vip', '{}', '{"penalty": "ridge", "lambda": 1, "positive": "false"}', '{lvl,visits,plan,tags}'), agrees('first', 'label'), agrees('first', 'value');
SELECT fit('log', 'glm', 'lvl', '{}', '{}', '{visits,country}'), agrees('log', 'value');
SELECT fit('margin', 'svm', 'vip', '{}', '{}', '{lvl,visits,plan}'), agrees('margin', 'label'), agrees('margin', 'value'), agrees('margin', 'probability');
SELECT fit('margins', 'svm', 'country', '{}', '{}', '{lvl,visits,plan}'), agrees('margins', 'label'), agrees('margins', 'probability', true), agrees('margins', 'probability', class => 'DE');

-- calibrated probabilities
SELECT version FROM userseg.recalibrate('two', 'test_to_sql.shop', method => 'platt', all_rows => true);
SELECT agrees('two', 'label'), agrees('two', 'value'), agrees('two', 'probability'), agrees('two', 'probability', class => 'false');
SELECT version FROM userseg.recalibrate('two@1', 'test_to_sql.shop', method => 'isotonic', all_rows => true);
SELECT agrees('two', 'label'), agrees('two', 'value', true), agrees('two', 'probability');

SELECT version FROM unnest('{temperature,platt,isotonic}'::text[]) m, LATERAL userseg.recalibrate('class@1', 'test_to_sql.shop', method => m, all_rows => true, alias => m) r;
SELECT m, agrees('class@' || m, 'label'), agrees('class@' || m, 'probability', true), agrees('class@' || m, 'probability', class => 'FR') FROM unnest('{temperature,platt,isotonic}'::text[]) m;

-- segments
SELECT fit('seg', 'kmeans', NULL, '{}', '{"k": 4}', '{lvl,visits,country,at,"Spend \"net\""}'), agrees('seg', 'label'), agrees('seg', 'id', true), agrees('seg', 'probability'), agrees('seg', 'probability', true, 'segment 2');
SELECT fit('cos', 'kmeans', NULL, '{}', '{"k": 3, "metric": "cosine"}', '{v,lvl}'), agrees('cos', 'label'), agrees('cos', 'label', true), agrees('cos', 'probability', true);
SELECT fit('one', 'kmeans', NULL, '{}', '{"k": 1}', '{lvl,visits}'), agrees('one', 'label');
SELECT userseg.to_sql('one'), userseg.to_sql('one', 'probability');
SELECT userseg.name_segment('seg', 1, 'it''s a "name"');
SELECT agrees('seg', 'label');

-- naive Bayes, networks, mixtures, isolation: every kind of feature
SELECT fit('bayes', 'naive_bayes', 'country'), agrees('bayes', 'label'), agrees('bayes', 'probability', true), agrees('bayes', 'probability', class => 'DE');
SELECT fit('bayes2', 'naive_bayes', 'vip', '{"country": "onehot", "lvl": [{"impute": "indicator"}, "standard"]}'), agrees('bayes2', 'label', true), agrees('bayes2', 'value');
SELECT fit('net', 'mlp', 'vip', '{}', '{"hidden": [5], "max_epochs": 5}'), agrees('net', 'label'), agrees('net', 'value'), agrees('net', 'probability', true);
SELECT fit('nets', 'mlp', 'country', '{}', '{"hidden": [4, 3], "activation": "tanh", "max_epochs": 5}', '{lvl,visits,plan}'), agrees('nets', 'label'), agrees('nets', 'probability', true), agrees('nets', 'probability', true, class => 'FR');
SELECT fit('netv', 'mlp', 'visits', '{}', '{"hidden": [4], "max_epochs": 5}'), agrees('netv', 'value');
SELECT c, fit('gauss', 'gmm', NULL, '{}', jsonb_build_object('k', 2, 'covariance', c), '{lvl,visits,v,day}'), agrees('gauss', 'label', true), agrees('gauss', 'probability', true), agrees('gauss', 'value', true), agrees('gauss', 'probability', true, 'segment 2') FROM unnest('{full,tied,diag,spherical}'::text[]) c;
SELECT fit('odd', 'isolation_forest', NULL, '{}', '{"n_trees": 10, "sample_size": 32}'), agrees('odd', 'label'), agrees('odd', 'id', true), agrees('odd', 'value');
SELECT fit('odd2', 'isolation_forest', NULL, '{"country": "onehot", "lvl": ["log1p", "standard"], "tags": {"multihot": {"min_count": 70}}, "day": {"cyclic": ["doy"]}}', '{"n_trees": 10, "sample_size": 32}'), agrees('odd2', 'label', true), agrees('odd2', 'value', true);

-- rows with NULL have no answer where the model does not impute
SELECT fit('skip', 'logistic', 'plan', '{}', '{"penalty": "ridge", "lambda": 1}', '{lvl,visits,v}', 'skip'), agrees('skip', 'label');

-- without sub-selects in a generated column and an index; nothing of the extension is in it; safe in any search_path
SELECT fit('plain', 'decision_tree', 'visits', '{}', '{"max_depth": 3}', '{lvl,country,"Spend \"net\""}');
SELECT userseg.to_sql('plain') AS e \gset
CREATE TABLE generated (lvl level, country text, "Spend ""net""" numeric, p float8 GENERATED ALWAYS AS (:e) STORED);
INSERT INTO generated SELECT lvl, country, "Spend ""net""" FROM met;
SELECT count(*), count(*) FILTER (WHERE p IS DISTINCT FROM userseg.predict_value('plain', g)) AS differ FROM generated g;
CREATE INDEX ON generated ((:e));
CREATE VIEW viewed AS SELECT id, :e AS p FROM met;
SELECT count(*) FILTER (WHERE p IS NULL) AS nulls, pg_get_viewdef('viewed') ~ 'userseg' AS named FROM viewed;
-- names of shared parts are not those of columns
SELECT version FROM userseg.train('names', 'logistic', 'SELECT i % 3 AS y, i AS s1, i % 7 AS s_2, i % 5 AS s2 FROM generate_series(1, 100) i', target => 'y', params => '{"task": "classification", "penalty": "ridge", "lambda": 1}', holdout => 0);
SELECT userseg.to_sql('names', subselect => true) AS e \gset
SELECT count(*) FILTER (WHERE userseg.predict('names', s) IS DISTINCT FROM :e) AS differ, :'e' ~ '\ms__1\M' AS other_names FROM (SELECT i AS s1, i % 7 AS s_2, i % 5 AS s2 FROM generate_series(1, 100) i) s;

-- errors
SELECT version FROM userseg.train('rbf', 'svm', 'shop', target => 'vip', features => '{lvl,visits}', params => '{"kernel": "rbf"}', holdout => 0);
SELECT version FROM userseg.train('mix', 'hierarchical', 'shop', features => '{lvl,visits}', params => '{"k": 2}');
\set VERBOSITY default
SELECT userseg.to_sql(NULL);
SELECT userseg.to_sql('none');
SELECT userseg.to_sql('plain', 'score');
SELECT userseg.to_sql('plain', 'label');
SELECT userseg.to_sql('plain', 'probability');
SELECT userseg.to_sql('seg', 'value');
SELECT userseg.to_sql('class@1', 'value');
SELECT userseg.to_sql('class@1', 'label', class => 'DE');
SELECT userseg.to_sql('class@1', 'probability', class => 'XX');
SELECT userseg.to_sql('plain', alias => '');
SELECT userseg.to_sql('plain', subselect => NULL);
SELECT userseg.to_sql('plain', max_length => NULL);
SELECT userseg.to_sql('plain', max_length => 0);
SELECT userseg.to_sql('class@1', max_length => 500);
SELECT userseg.to_sql('class@1', max_length => 500, subselect => true);
SELECT userseg.to_sql('coded', max_length => 200);
SELECT userseg.to_sql('mix');
SELECT userseg.to_sql('odd', 'probability');
SELECT userseg.to_sql('gauss', 'value', max_length => 100);
SELECT userseg.to_sql('net', max_length => 400);
SELECT userseg.to_sql('bayes', max_length => 400);
SELECT userseg.to_sql('odd', max_length => 400);
\set VERBOSITY terse
SELECT userseg.to_sql('rbf');
\set VERBOSITY default
-- whoever may use the model may export it
CREATE ROLE test_to_sql_reader;
SET ROLE test_to_sql_reader;
SELECT userseg.to_sql('plain');
RESET ROLE;
SELECT userseg.grant_usage('plain', 'test_to_sql_reader');
SET ROLE test_to_sql_reader;
SELECT length(userseg.to_sql('plain')) > 100 AS exported;
RESET ROLE;
SELECT count(*) AS dropped FROM userseg.models m, LATERAL userseg.drop_model(m.model) d WHERE m.model IN ('text', 'leaf', 'long', 'all', 'steps', 'quantiles', 'levels', 'tree', 'coded', 'boost', 'count', 'mean', 'stump', 'deep',
  'class', 'two', 'first', 'log', 'margin', 'margins', 'seg', 'cos', 'one', 'skip', 'plain', 'names', 'rbf', 'mix', 'bayes', 'bayes2', 'net', 'nets', 'netv', 'gauss', 'odd', 'odd2', 'powers');
\set VERBOSITY terse
DROP SCHEMA test_to_sql CASCADE;
DROP ROLE test_to_sql_reader;
