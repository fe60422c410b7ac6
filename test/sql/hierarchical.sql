-- Hierarchical clustering: trees against plain SQL, cuts, criteria, scoring, degenerate input, errors.
\set VERBOSITY default
SET client_min_messages = warning;
SET extra_float_digits = 0;

-- three groups of 40 rows
CREATE TABLE shop AS
SELECT g AS id,
       (g % 3) * 10 + (g * 7919 % 31)::float8 / 10 AS spend,
       (g % 3 = 1)::int * 8 + (g * 104729 % 23)::float8 / 10 AS visits,
       1 + g % 4 AS w
FROM generate_series(1, 120) g;

SELECT linkage, v.metric, t.converged, t.metric AS measure, round(t.metric_value::numeric, 4) AS silhouette, t.details ->> 'k' AS k, t.details -> 'weights' AS weights,
       t.details ->> 'exact' AS exact, t.details ->> 'points' AS points, round((t.details ->> 'cophenetic_correlation')::numeric, 4) AS cophenetic
FROM (VALUES ('ward', 'euclidean'), ('complete', 'euclidean'), ('average', 'euclidean'), ('single', 'euclidean'), ('weighted', 'euclidean'), ('centroid', 'euclidean'),
             ('median', 'euclidean'), ('complete', 'manhattan'), ('average', 'manhattan'), ('single', 'manhattan'), ('weighted', 'manhattan')) v(linkage, metric),
     LATERAL userseg.train('shop', 'hierarchical', 'shop', id => 'id', features => '{spend, visits}', params => jsonb_build_object('linkage', linkage, 'metric', v.metric)) t;

-- The tree in plain SQL: single linkage joins two points at h exactly when a path of steps up to h leads from one to the other.
CREATE TABLE few AS SELECT g AS id, (g * 37 % 17)::float8 + g / 100.0 AS a, (g * 53 % 19)::float8 AS b FROM generate_series(1, 14) g;
SELECT n_rows, details ->> 'chosen_by' AS chosen_by, details -> 'reason' AS reason
FROM userseg.train('few', 'hierarchical', 'few', id => 'id', transform => '{"*": "none"}', params => '{"linkage": "single", "k": 3}');
WITH RECURSIVE edge AS (
  SELECT f.id AS i, g.id AS j, sqrt((f.a - g.a) ^ 2 + (f.b - g.b) ^ 2) AS d FROM few f JOIN few g ON f.id <> g.id),
height AS (SELECT DISTINCT height AS h FROM userseg.dendrogram('few')),
reach AS (SELECT h, id AS i, id AS j FROM height, few UNION SELECT h, r.i, e.j FROM reach r JOIN edge e ON e.i = r.j AND e.d <= h + 1e-12)
SELECT count(*) AS heights, bool_and(components = (SELECT count(*) FROM userseg.dendrogram('few') WHERE height > h + 1e-12) + 1) AS as_many_components
FROM (SELECT h, count(DISTINCT least_j) AS components FROM (SELECT h, i, min(j) AS least_j FROM reach GROUP BY h, i) r GROUP BY h) c;
SELECT step, a, b, round(height::numeric, 6) AS height, size, round(inconsistency::numeric, 6) AS inconsistency FROM userseg.dendrogram('few') ORDER BY step;
SELECT * FROM userseg.dendrogram_leaves('few') ORDER BY place;
-- Ward's heights are what a merge adds to the sum of squares
SELECT 1 FROM userseg.train('few', 'hierarchical', 'few', id => 'id', transform => '{"*": "none"}', params => '{"k": 1}') \g /dev/null
SELECT round(sum(height ^ 2)::numeric / 2 - (SELECT var_pop(a) * count(*) + var_pop(b) * count(*) FROM few)::numeric, 9) AS differs FROM userseg.dendrogram('few');

-- the number of segments: criteria agree on three groups, and say why
SELECT criterion, t.details ->> 'k' AS k, t.details ->> 'chosen_by' AS chosen_by, t.details ->> 'reason' AS reason, t.warnings
FROM unnest('{silhouette,largest_gap,gap_statistic,inconsistency}'::text[]) criterion,
     LATERAL userseg.train('auto', 'hierarchical', 'shop', id => 'id', features => '{spend, visits}', params => jsonb_build_object('criterion', criterion)) t;
SELECT c ->> 'k' AS k, round((c ->> 'height_low')::numeric, 4) AS low, round((c ->> 'height_high')::numeric, 4) AS high, round((c ->> 'silhouette')::numeric, 4) AS silhouette,
       round((c ->> 'inconsistency')::numeric, 4) AS inconsistency, round((c ->> 'inertia')::numeric, 4) AS inertia
FROM userseg.train('auto', 'hierarchical', 'shop', id => 'id', features => '{spend, visits}', params => '{"k": [1, 5]}') t,
     jsonb_array_elements(t.details -> 'candidates') c;
-- a height
SELECT t.details ->> 'k' AS k, t.details ->> 'chosen_by' AS chosen_by, (t.details ->> 'height_low')::float8 <= 5 AND (t.details ->> 'height_high')::float8 > 5 AS around
FROM userseg.train('at', 'hierarchical', 'shop', id => 'id', features => '{spend, visits}', params => '{"height": 5}') t;

-- cut again: nested, as a training with that k, numbers and descriptions go on
CREATE TABLE segmented AS SELECT id, userseg.predict_id('shop', s) AS three FROM shop s;
SELECT 1 FROM userseg.train('cut', 'hierarchical', 'shop', id => 'id', features => '{spend, visits}', params => '{"k": 3}') \g /dev/null
SELECT segment_id, n, suggested_name, rule IS NOT NULL AS rule FROM userseg.describe_segments('cut');
SELECT userseg.name_segment('cut', 2, 'visitors');
SELECT c.model, version, n_segments, metric, round(metric_value::numeric, 4) AS silhouette, details ->> 'cut_of_version' AS cut_of,
       details ->> 'segments_without_rule' AS without_rule, details #>> '{alignment,share_kept}' AS kept, details -> 'weights' AS weights FROM userseg.cut('cut', k => 5) c;
SELECT segment_id, segment, n, round(share::numeric, 4) AS share, suggested_name, rule FROM userseg.describe_segments('cut');
SELECT count(DISTINCT (userseg.predict_id('cut@1', s), userseg.predict_id('cut@2', s))) AS pairs, bool_and(userseg.predict_id('cut@2', s) = 2) FILTER (WHERE userseg.predict('cut@2', s) = 'visitors') AS named FROM shop s;
-- the same profile and the same labels as of a training
SELECT 1 FROM userseg.train('five', 'hierarchical', 'shop', id => 'id', features => '{spend, visits}', params => '{"k": 5}') \g /dev/null
SELECT count(*) AS lines, max(abs(c.value - t.value)) < 1e-9 AS value, max(abs(c.z - t.z)) < 1e-9 AS z, bool_and(c.n = t.n) AS n
FROM (SELECT *, row_number() OVER (PARTITION BY feature ORDER BY value) AS r FROM userseg.centroids('cut')) c
JOIN (SELECT *, row_number() OVER (PARTITION BY feature ORDER BY value) AS r FROM userseg.centroids('five')) t USING (feature, r);
SELECT count(DISTINCT (userseg.predict_id('cut', s), userseg.predict_id('five', s))) AS pairs FROM shop s;
-- and the same rules, found when the version that was cut was trained; not those of finer cuts than into 20
SELECT count(*) AS rules, bool_and(c.rule = t.rule AND c.rule_fidelity = t.rule_fidelity) AS same FROM userseg.describe_segments('cut') c JOIN userseg.describe_segments('five') t USING (n);
SELECT c.n_segments, c.details ->> 'segments_without_rule' AS without_rule FROM unnest('{1,2,20,40}'::int[]) k, LATERAL userseg.cut('five', k => k) c;
SELECT count(*) AS segments, count(rule) AS rules FROM userseg.describe_segments('five');
-- from a fine cut back to a coarse one
SELECT c.details ->> 'segments_without_rule' AS without_rule FROM userseg.cut('five', k => 5) c;
SELECT count(*) AS rules, bool_and(c.rule = t.rule AND c.n = t.n) AS same FROM userseg.describe_segments('five') c JOIN userseg.describe_segments('five@1') t USING (n);
-- the heights of a cut give the same cut
SELECT b.n_segments, b.height_low = a.height_low AND b.height_high = a.height_high AS same
FROM userseg.cut('cut@1', k => 4) a, LATERAL userseg.cut('cut@1', height => (a.height_low + a.height_high) / 2, alias => 'live') b;
SELECT n_segments FROM userseg.cut('cut', height => 1e9);
SELECT model, version, params -> 'k' AS k, params -> 'height' AS height, source, id FROM userseg.training_info('cut@live');
SELECT kind, model, version, ok FROM userseg.runs WHERE model = 'cut' ORDER BY version;
SELECT alias, version FROM userseg.aliases WHERE model = 'cut';

-- scoring: a row of the training is its own nearest point; what is told of a row between two segments
SELECT bool_and(d.distance = 0 AND d.probability = 1 AND d.margin > 0 AND d.label_id = userseg.predict_id('five', s)) AS own_point FROM shop s, userseg.predict_detail('five', s) d;
CREATE TABLE line AS SELECT g AS id, g::float8 AS a FROM unnest('{0, 1, 10, 11}'::int[]) g;
SELECT 1 FROM userseg.train('line', 'hierarchical', 'line', id => 'id', transform => '{"*": "none"}', params => '{"k": 2}') \g /dev/null
SELECT x.a, d.label, d.runner_up, round(d.probability::numeric, 6) AS probability, d.distance, d.margin, d.reasons #>> '{0,contribution}' AS reason FROM (VALUES (0.5::float8), (4), (5.5), (9), (1e300), (-1e300)) x(a), userseg.predict_detail('line', x) d;
SELECT x.a, jsonb_object_keys(userseg.predict_proba('line', x)), round((userseg.predict_proba('line', x) ->> 'segment 2')::numeric, 6) AS second FROM (VALUES (4::float8)) x(a);
SELECT * FROM userseg.centroids('line', 'encoded');
-- cosine looks at directions only; a row without direction is one of its own
SELECT t.details ->> 'k' AS k, t.details -> 'weights' AS weights, round((t.details ->> 'height_high')::numeric, 6) AS height_high
FROM userseg.train('direction', 'hierarchical', 'SELECT g AS id, (1 + g % 5) * (g % 3 = 1)::int AS x, (1 + g % 4) * (g % 3 = 2)::int AS y FROM generate_series(1, 30) g',
  id => 'id', transform => '{"*": "none"}', params => '{"linkage": "average", "metric": "cosine"}') t;
SELECT x, y, d.label, round(d.distance::numeric, 6) AS distance, round(d.probability::numeric, 6) AS probability FROM (VALUES (5::float8, 0::float8), (0, 0.01), (0, 0), (1, 1), (3, 2.9)) v(x, y), userseg.predict_detail('direction', v) d;

-- weights: a row of weight 3 is three rows
SELECT a.details -> 'weights' AS weights, b.details -> 'weights' AS rows, round(((a.details ->> 'inertia')::float8 - (b.details ->> 'inertia')::float8)::numeric, 9) AS inertia
FROM userseg.train('w', 'hierarchical', 'shop', id => 'id', features => '{spend, visits}', weight => 'w', transform => '{"*": "none"}', params => '{"k": 3}') a,
     userseg.train('r', 'hierarchical', 'SELECT spend, visits FROM shop, generate_series(1, w)', transform => '{"*": "none"}', params => '{"k": 3}') b;
SELECT count(*), bool_and(abs(x.height - y.height) < 1e-9) AS heights FROM (SELECT height, row_number() OVER (ORDER BY step DESC) AS r FROM userseg.dendrogram('w')) x
JOIN (SELECT height, row_number() OVER (ORDER BY step DESC) AS r FROM userseg.dendrogram('r')) y USING (r);

-- a common factor of the weights changes nothing but their unit, however small
SELECT f.factor, t.details ->> 'k' AS k, round(t.metric_value::numeric, 9) AS silhouette, round((t.details ->> 'cophenetic_correlation')::numeric, 9) AS cophenetic,
       round(((t.details ->> 'height_high')::float8 / sqrt(f.factor))::numeric, 6) AS height
FROM unnest('{1, 1e-200, 1e15}'::float8[]) f(factor), LATERAL userseg.train('factor', 'hierarchical', format('SELECT id, spend, visits, w * %s::float8 AS w FROM shop', f.factor), id => 'id', weight => 'w') t;

-- more rows than are clustered one by one: prototypes
SELECT t.details ->> 'exact' AS exact, (t.details ->> 'points')::int <= 64 AS few, t.details ->> 'k' AS k, t.details -> 'weights' AS weights, t.warnings
FROM userseg.train('many', 'hierarchical', 'SELECT g AS id, s.spend + g / 1e4 AS spend, s.visits - g / 1e4 AS visits FROM shop s, generate_series(1, 50) g', params => '{"max_exact": 1000, "prototypes": 64}') t;
SELECT count(DISTINCT userseg.predict_id('many', s)) AS segments, count(DISTINCT (userseg.predict_id('many', s), id % 3)) AS pairs FROM shop s;
-- what is told of the segments is what is scored: for each linkage, cut coarser and finer, in blocks and row by row
CREATE TABLE crowd AS SELECT g AS id, s.spend + (hashint4(g * 120 + s.id) & 1023) / 300.0 AS spend, s.visits - (hashint4(g + s.id * 120) & 1023) / 400.0 AS visits, 1 + g % 3 AS w FROM shop s, generate_series(1, 50) g;
SELECT DISTINCT ON (linkage) linkage, t.details ->> 'exact' AS exact, t.details ->> 'least_rows' <> '' AS least_rows
FROM unnest('{ward,complete,average,single,weighted,centroid,median}'::text[]) linkage,
     LATERAL userseg.train('crowd_' || linkage, 'hierarchical', 'crowd', id => 'id', features => '{spend, visits}', params => jsonb_build_object('linkage', linkage, 'max_exact', 1000, 'prototypes', 200, 'k', 5, 'max_cut', 90)) t;
SELECT 1 FROM unnest('{ward,complete,average,single,weighted,centroid,median}'::text[]) linkage, unnest('{3,80}'::int[]) k, LATERAL userseg.cut('crowd_' || linkage || '@1', k => k) \g /dev/null
CREATE TABLE counted AS
SELECT v.model, v.version, d.label_id, count(*) AS n, bool_and(d.label_id = userseg.predict_id(v.model || '@' || v.version, c)) AS as_label,
       bool_and(d.probability BETWEEN 0.5 AND 1 AND d.margin >= 0 AND d.runner_up <> d.label) AS clear
FROM userseg.model_versions v, crowd c, userseg.predict_detail(v.model || '@' || v.version, c) d WHERE v.model LIKE 'crowd_%' GROUP BY 1, 2, 3;
SELECT v.version, count(DISTINCT v.model) AS models, count(*) FILTER (WHERE s.n > 0) = (SELECT count(*) FROM counted c WHERE c.version = v.version) AS all_told, bool_and(s.n = coalesce(c.n, 0)) AS as_told, bool_and(as_label) AS as_label, bool_and(clear) AS clear
FROM (SELECT DISTINCT model, version FROM counted) v CROSS JOIN LATERAL userseg.describe_segments(v.model || '@' || v.version) s LEFT JOIN counted c ON (c.model, c.version, c.label_id) = (v.model, v.version, s.segment_id)
GROUP BY v.version ORDER BY v.version;
-- cuts are nested
SELECT linkage, count(DISTINCT fine) AS fine, count(DISTINCT (fine, middle)) = count(DISTINCT fine) AND count(DISTINCT (middle, coarse)) = count(DISTINCT middle) AS nested
FROM (SELECT linkage, userseg.predict_id('crowd_' || linkage || '@3', c) AS fine, userseg.predict_id('crowd_' || linkage || '@1', c) AS middle, userseg.predict_id('crowd_' || linkage || '@2', c) AS coarse
      FROM unnest('{ward,average,single}'::text[]) linkage, crowd c) s GROUP BY 1 ORDER BY 1;
-- few distinct rows among many are the points themselves
SELECT t.details ->> 'exact' AS exact, t.details ->> 'points' AS points, t.details ->> 'k' AS k
FROM userseg.train('repeated', 'hierarchical', 'SELECT g % 7 AS a, g % 3 AS b FROM generate_series(1, 5000) g', params => '{"max_exact": 1000}') t;

-- no point of fewer rows than asked for: exact, on prototypes, by direction; sums stay those of all rows
SELECT v.what, t.details ->> 'exact' AS exact, (t.details ->> 'points')::int <= v.most AS few, (t.details ->> 'least_rows')::int >= 7 AS enough, (SELECT sum(w::float8) FROM jsonb_array_elements_text(t.details -> 'weights') w) AS rows
FROM (VALUES ('rows', 'SELECT spend, visits FROM shop', '{"min_rows": 7}'::jsonb, 120 / 7), ('directions', 'SELECT spend, visits FROM shop', '{"min_rows": 7, "metric": "cosine", "linkage": "average"}', 120 / 7),
             ('cells', 'SELECT spend, visits FROM crowd', '{"min_rows": 7, "max_exact": 1000, "prototypes": 1000, "linkage": "single"}', 900),
             ('mixture', 'SELECT spend, visits FROM crowd', '{"min_rows": 7, "max_exact": 1000, "prototypes": 1000}', 900)) v(what, source, params, most),
     LATERAL userseg.train('means', 'hierarchical', v.source, params => v.params || '{"k": 3}', transform => '{"*": "none"}') t;
SELECT version, count(*) + 1 = (SELECT (details ->> 'points')::int FROM userseg.model_versions v WHERE v.model = 'means' AND v.version = u.version) AS tree FROM generate_series(1, 4) u(version), LATERAL userseg.dendrogram('means@' || version) GROUP BY version ORDER BY version;
-- the three groups are still found
SELECT count(DISTINCT (userseg.predict_id('means@1', s), id % 3)) AS pairs FROM shop s;
SELECT t.details ->> 'points' AS points, t.details ->> 'least_rows' AS least_rows FROM userseg.train('three', 'hierarchical', 'SELECT g % 3 AS a FROM generate_series(1, 30) g', params => '{"min_rows": 10}') t;

-- the order of the rows does not matter
SELECT count(*) FROM unnest('{id, -id, md5(id::text), hashint4(id)}'::text[]) o, LATERAL userseg.train('ordered', 'hierarchical', 'SELECT id, (id * 7 % 5) AS a, (id % 4) AS b FROM shop ORDER BY ' || o, id => 'id', params => '{"linkage": "complete"}') t;
SELECT count(DISTINCT print) AS different FROM (
  SELECT v, md5(string_agg(step || ' ' || a || ' ' || b || ' ' || height || ' ' || size, ',' ORDER BY step)) AS print
  FROM generate_series(1, 4) v, userseg.dendrogram('ordered@' || v) GROUP BY v) s;

-- degenerate: two rows, equal rows, one direction, k = n
SELECT t.details ->> 'k' AS k, t.metric_value, t.details ->> 'cophenetic_correlation' AS cophenetic FROM userseg.train('two', 'hierarchical', 'SELECT g AS a FROM generate_series(1, 2) g') t;
SELECT t.details ->> 'k' AS k, t.details ->> 'distinct_points' AS distinct_points, t.metric_value FROM userseg.train('pairs', 'hierarchical', 'SELECT g % 2 AS a FROM generate_series(1, 10) g') t;
SELECT t.details ->> 'k' AS k, t.metric_value FROM userseg.train('one', 'hierarchical', 'SELECT g AS a, g AS b FROM generate_series(1, 5) g', transform => '{"*": "none"}', params => '{"metric": "cosine", "linkage": "single"}') t;
SELECT segment_id, n FROM userseg.describe_segments('one');
SELECT t.details ->> 'k' AS k, t.metric_value, t.details ->> 'max_cut' AS max_cut FROM userseg.train('all', 'hierarchical', 'few', id => 'id', params => '{"k": 14, "max_cut": 2}') t;
SELECT t.details ->> 'k' AS k, t.metric_value FROM userseg.train('root', 'hierarchical', 'few', id => 'id', params => '{"k": 1}') t;
-- NULL is imputed, and told when a row is scored; the policies "skip" and "error"; not a number; a column that does not vary; rows that do not
SELECT t.n_rows, t.details ->> 'k' AS k, t.warnings FROM userseg.train('holes', 'hierarchical', 'SELECT id, CASE WHEN id % 10 > 0 THEN spend END AS spend, visits, 7 AS same FROM shop', id => 'id', params => '{"k": 3}') t;
SELECT v.*, d.label IS NOT NULL AS label, d.probability BETWEEN 0.5 AND 1 AS probability, d.warnings FROM (VALUES (NULL::float8, 1::float8), ('NaN', 1), (1, '-infinity'), (NULL, NULL)) v(spend, visits), userseg.predict_detail('holes', v) d;
SELECT t.n_rows FROM userseg.train('skipped', 'hierarchical', 'SELECT id, CASE WHEN id % 10 > 0 THEN spend END AS spend, visits FROM shop', id => 'id', null_policy => 'skip', params => '{"k": 3}') t;
SELECT userseg.train('e', 'hierarchical', 'SELECT id, CASE WHEN id <> 17 THEN spend END AS spend, visits FROM shop', id => 'id', null_policy => 'error');
SELECT userseg.train('e', 'hierarchical', 'SELECT id, CASE WHEN id <> 17 THEN spend ELSE ''NaN'' END AS spend, visits FROM shop', id => 'id');
SELECT userseg.train('e', 'hierarchical', 'SELECT id, CASE WHEN id <> 17 THEN spend ELSE ''infinity'' END AS spend, visits FROM shop', id => 'id');
SELECT userseg.train('e', 'hierarchical', 'SELECT 3 AS a, 4 AS b FROM generate_series(1, 50)');
SELECT userseg.train('e', 'hierarchical', 'SELECT spend, visits FROM shop WHERE false');
SELECT userseg.predict_id('holes', s) FROM (SELECT NULL::shop) v(s);
-- inversions of centroid linkage: an equilateral triangle
SELECT t.details ->> 'height_low' AS low, t.details ->> 'height_high' AS high FROM userseg.train('triangle', 'hierarchical', 'SELECT * FROM (VALUES (0, 0), (1, 0), (0.5, 0.866)) v(a, b)', transform => '{"*": "none"}', params => '{"linkage": "centroid", "k": 2}') t;
SELECT step, a, b, round(height::numeric, 4) AS height, size FROM userseg.dendrogram('triangle');
SELECT n_segments, height_low, round(height_high::numeric, 4) AS height_high FROM userseg.cut('triangle', height => 0.95);
SELECT t.details ->> 'k' AS k FROM userseg.train('huge', 'hierarchical', 'SELECT g % 3 * 4e139 AS a, g % 2 * 1e-140 AS b FROM generate_series(1, 30) g', transform => '{"*": "none"}') t;
SELECT t.details ->> 'k' AS k FROM userseg.train('tiny', 'hierarchical', 'SELECT g % 3 * 1e-300 AS a FROM generate_series(1, 30) g', transform => '{"*": "none"}') t;

-- errors
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"metric": "cosine"}');
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"linkage": "median", "metric": "manhattan"}');
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"linkage": "nearest"}');
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"k": 3, "height": 2}');
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"k": 121}');
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"min_rows": 121}');
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"min_rows": 0}');
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"min_rows": 50, "k": 3}');
SELECT userseg.train('e', 'hierarchical', 'SELECT g AS id, (g % 50) + (g % 77) / 10.0 AS a FROM generate_series(1, 5000) g', id => 'id', params => '{"k": [4000, 5000], "max_exact": 100, "prototypes": 64}');
SELECT userseg.train('e', 'hierarchical', 'shop', id => 'id', params => '{"height": -1}');
SELECT userseg.train('e', 'hierarchical', 'SELECT 1 AS a');
SELECT userseg.train('e', 'hierarchical', 'SELECT g AS a FROM generate_series(1, 11000) g', params => '{"height": 0}');
SELECT userseg.cut('cut');
SELECT userseg.cut('cut', k => 2, height => 1);
SELECT userseg.cut('cut', k => 0);
SELECT userseg.cut('cut', k => 121);
SELECT 1 FROM userseg.train('coarse', 'hierarchical', 'shop', id => 'id', params => '{"k": 3, "max_cut": 10}') \g /dev/null
SELECT userseg.cut('coarse', height => 0);
SELECT userseg.cut('coarse', k => 11);
SELECT userseg.cut('cut', height => -1);
SELECT userseg.cut('cut', height => 'NaN');
SELECT userseg.cut('nobody', k => 2);
SELECT userseg.cut(NULL, k => 2);
SELECT userseg.cut('cut', k => 2, alias => 'Not A Name');
SELECT 1 FROM userseg.train('flat', 'kmeans', 'shop', id => 'id', params => '{"k": 3}') \g /dev/null
SELECT userseg.cut('flat', k => 2);
SELECT userseg.dendrogram('flat');
SELECT userseg.dendrogram_leaves('flat');
BEGIN READ ONLY;
SELECT userseg.cut('cut', k => 2);
ROLLBACK;
-- rights: looking needs USAGE, cutting is the owner's
CREATE ROLE hierarchical_reader;
SET ROLE hierarchical_reader;
SELECT count(*) FROM userseg.dendrogram('cut');
RESET ROLE;
SELECT userseg.grant_usage('cut', 'hierarchical_reader');
SET ROLE hierarchical_reader;
SELECT count(*) FROM userseg.dendrogram('cut');
SELECT count(*) FROM userseg.dendrogram_leaves('cut');
SELECT userseg.cut('cut', k => 2);
RESET ROLE;
SELECT userseg.revoke_usage('cut', 'hierarchical_reader');
DROP ROLE hierarchical_reader;
-- too little memory to describe the branches of a wide source: trained, but not to be cut again
SET userseg.max_memory = '4MB';
SELECT warnings, details ->> 'k' AS k FROM userseg.train('narrow', 'hierarchical',
  'SELECT g AS id, g AS a, g * 7 % 13 AS b, (g * 31 % 97)::text AS c, (g * 37 % 89)::text AS d FROM generate_series(1, 400) g', id => 'id', params => '{"k": 2}');
SELECT userseg.cut('narrow', k => 3);
RESET userseg.max_memory;
SELECT userseg.drop_model(model) FROM userseg.models ORDER BY model \g /dev/null
DROP TABLE shop, few, segmented, line, crowd, counted;
