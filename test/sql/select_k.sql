-- select_k: the number of clusters by every criterion; results against plain SQL, degenerate input, errors.
\set VERBOSITY default
SET client_min_messages = warning;
SET extra_float_digits = 0;

-- three groups of 40 rows
CREATE TEMP TABLE choose AS
SELECT g AS id,
       (g % 3) * 10 + (g * 7919 % 31)::float8 / 10 AS spend,
       (g % 3 = 1)::int * 8 + (g * 104729 % 23)::float8 / 10 AS visits,
       1 + g % 4 AS w
FROM generate_series(1, 120) g;
-- no groups: the unit square
CREATE TEMP TABLE even AS
SELECT g AS id, ((hashint8extended(g, 1) & 1048575) / 1048576.0)::float8 AS a, ((hashint8extended(g, 2) & 1048575) / 1048576.0)::float8 AS b
FROM generate_series(1, 300) g;

CREATE TEMP TABLE found AS
SELECT * FROM userseg.select_k('kmeans', 'choose', k_max => 5, id => 'id', features => '{spend, visits}');
SELECT k, n_rows, round(inertia::numeric, 4) AS inertia, round(silhouette::numeric, 4) AS silhouette, round(calinski_harabasz::numeric, 2) AS ch,
       round(davies_bouldin::numeric, 4) AS db, round(bic::numeric, 1) AS bic, round(aic::numeric, 1) AS aic, recommended
FROM found ORDER BY k;
SELECT reason FROM found WHERE recommended;
-- what is random: the gap rises to three groups, these return in every bootstrap sample
SELECT k, gap_se BETWEEN 0.001 AND 0.2 AS gap_se, gap > lag(gap) OVER (ORDER BY k) AS gap_rises, stability > 0.99 AS stable,
       (SELECT count(*) FROM unnest(jaccard) j WHERE j BETWEEN 0 AND 1) = k AS jaccard, (SELECT min(j) FROM unnest(jaccard) j) > 0.99 AS clusters_return
FROM found ORDER BY k;
SELECT k, details -> 'sizes' AS sizes, details - '{sizes,log_likelihood,structure,workers}'::text[] AS details FROM found WHERE k IN (1, 3) ORDER BY k;

-- the figures are those of the training: inertia, silhouette, indices of the candidates of k = "auto"
SELECT count(*), max(abs(inertia - (c ->> 'inertia')::float8)) AS inertia, max(abs(silhouette - (c ->> 'silhouette')::float8)) AS silhouette,
       max(abs(calinski_harabasz - (c ->> 'calinski_harabasz')::float8)) AS ch, max(abs(davies_bouldin - (c ->> 'davies_bouldin')::float8)) AS db,
       max(abs(bic - (c ->> 'bic')::float8)) AS bic, bool_and(t.details ->> 'k' = '3') AS same_choice
FROM found, userseg.train('select_auto', 'kmeans', 'choose', id => 'id', features => '{spend, visits}', params => '{"k": [2, 5]}') t,
     jsonb_array_elements(t.details -> 'candidates') c WHERE k = (c ->> 'k')::int;
-- and the spherical likelihood that of its formula
SELECT max(abs((f.details ->> 'log_likelihood')::float8 - likelihood)) < 1e-6 AS likelihood, max(abs(bic - (p * ln(120) - 2 * likelihood))) < 1e-6 AS bic,
       max(abs(aic - (2 * p - 2 * likelihood))) < 1e-6 AS aic
FROM found f, LATERAL (SELECT sum(n::float8 * ln(n::float8 / 120)) - 120 * (ln(2 * pi() * inertia / 240) + 1) AS likelihood, 3.0 * k AS p
                       FROM jsonb_array_elements_text(details -> 'sizes') n) l;

-- no groups
SELECT k, reason FROM userseg.select_k('kmeans', 'even', id => 'id', transform => '{"*": "none"}', k_max => 4) WHERE recommended;
SELECT count(*) FILTER (WHERE recommended) AS recommended, max(reason) FILTER (WHERE reason LIKE '%not among%') AS reason
FROM userseg.select_k('kmeans', 'even', id => 'id', transform => '{"*": "none"}', k_min => 3, k_max => 4);
-- eight groups at the corners of a cube behind five columns of noise: the gap statistic is blind there, but the rows stand in heaps
CREATE FUNCTION pg_temp.noise(key bigint, seed bigint) RETURNS float8 LANGUAGE sql AS $$
  SELECT sqrt(-2 * ln(((hashint8extended(key, seed) & 1048575) + 0.5) / 1048576.0)) * cos(2 * pi() * (hashint8extended(key, -seed) & 1048575) / 1048576.0) $$;
SELECT k, recommended, (details ->> 'structure')::float8 < 2 AS no_gap, (details ->> 'dip')::float8 > 2 AS heaps, reason LIKE '%the rows stand in separate heaps along a line between two clusters (dip times root of n %' AS told
FROM userseg.select_k('kmeans', 'SELECT g AS id, pg_temp.noise(g, 1) + 6 * (g % 2) AS a, pg_temp.noise(g, 2) + 6 * (g / 2 % 2) AS b, pg_temp.noise(g, 3) + 6 * (g / 4 % 2) AS c,
  pg_temp.noise(g, 4) AS d, pg_temp.noise(g, 5) AS e, pg_temp.noise(g, 6) AS f, pg_temp.noise(g, 7) AS h, pg_temp.noise(g, 8) AS i FROM generate_series(1, 2000) g', 7, 9, id => 'id', bootstraps => 0) ORDER BY k;
-- rows of one heap, rounded or not, skewed, in few columns or many for their number: none is seen
SELECT what, bool_or((details ->> 'dip')::float8 > 0.7) AS heaps, count(DISTINCT details ->> 'dip') AS tested
FROM (VALUES ('normal', 'pg_temp.noise(g, %s)', 6, 500), ('rounded', 'round(2 * pg_temp.noise(g, %s))', 1, 3000), ('skewed', 'exp(pg_temp.noise(g, %s))', 1, 500),
             ('even', '(hashint8extended(g, %s) & 1048575) / 1048576.0', 3, 500), ('wide', 'pg_temp.noise(g, %s)', 40, 60)) v(what, formula, width, n),
     LATERAL (SELECT string_agg(format(formula, j) || ' AS c' || j, ', ') AS columns FROM generate_series(1, width) j) c,
     LATERAL userseg.select_k('kmeans', format('SELECT g AS id, %s FROM generate_series(1, %s) g', columns, n), 2, 4, id => 'id', transform => '{"*": ["standard"]}', bootstraps => 0)
GROUP BY what ORDER BY what;
-- without reference sets nothing tells; without bootstrap samples there is no stability
SELECT k, gap, gap_se, stability, jaccard, details ->> 'structure' AS structure, recommended, reason
FROM userseg.select_k('kmeans', 'choose', 2, 3, id => 'id', features => '{spend, visits}', reference_sets => 0, bootstraps => 0) ORDER BY k;
-- criteria that may decide
SELECT criterion, k, details ->> 'criterion' AS decided
FROM unnest('{silhouette,elbow,calinski_harabasz,davies_bouldin,bic,gap}'::text[]) criterion,
     LATERAL userseg.select_k('kmeans', 'choose', k_max => 5, id => 'id', features => '{spend, visits}', criterion => criterion, reference_sets => 10, bootstraps => 5)
WHERE recommended;
SELECT k, details ->> 'criterion' AS decided FROM userseg.select_k('kmeans', 'choose', k_max => 5, id => 'id', features => '{spend, visits}',
  params => '{"criterion": "elbow"}', reference_sets => 10, bootstraps => 5) WHERE recommended;

-- four groups at the corners of a square: two clusters can be made in two ways, three in four, and do not return in bootstrap samples
SELECT k, recommended, (SELECT min(j) FROM unnest(jaccard) j) < 0.6 AS unstable, reason LIKE '%but a cluster returns in bootstrap samples with%' AS told
FROM userseg.select_k('kmeans', $$SELECT g AS id, g % 2 * 10 + (g * 7919 % 31) / 10.0 AS a, g / 2 % 2 * 10 + (g * 7919 % 37) / 12.0 AS b FROM generate_series(1, 80) g$$, 2, 3,
  id => 'id', transform => '{"*": "none"}', bootstraps => 40) ORDER BY k;

-- in the likelihood of a mixture as in its training: as rows
SELECT a.k, abs(a.bic / b.bic - 1) < 1e-9 AND abs(a.aic / b.aic - 1) < 1e-9 AS as_rows, abs(a.bic / (t.c ->> 'bic')::float8 - 1) < 1e-9 AS as_trained, a.recommended = b.recommended AS same
FROM userseg.select_k('gmm', 'SELECT spend, visits, 1 + id % 3 AS w FROM choose', 1, 3, weight => 'w', reference_sets => 0, bootstraps => 0) a
JOIN userseg.select_k('gmm', 'SELECT spend, visits FROM choose, generate_series(0, id % 3)', 1, 3, reference_sets => 0, bootstraps => 0) b USING (k)
JOIN (SELECT c, (c ->> 'k')::int AS k FROM userseg.train('select_mixture', 'gmm', 'SELECT spend, visits, 1 + id % 3 AS w FROM choose', weight => 'w', params => '{"k": [1, 3]}'),
      jsonb_array_elements(details -> 'candidates') c) t USING (k) ORDER BY k;
SELECT userseg.drop_model('select_mixture');
-- weights count as rows
SELECT max(abs(a.inertia - b.inertia)) < 1e-9 AS inertia, max(abs(a.davies_bouldin - b.davies_bouldin)) < 1e-6 AS db,
       bool_and(a.recommended = b.recommended) AS choice
FROM userseg.select_k('kmeans', 'choose', 2, 4, id => 'id', features => '{spend, visits}', weight => 'w', transform => '{"*": "none"}', reference_sets => 5, bootstraps => 0) a
JOIN userseg.select_k('kmeans', 'SELECT spend, visits FROM choose, generate_series(1, w)', 2, 4, transform => '{"*": "none"}', reference_sets => 5, bootstraps => 0) b USING (k);
-- cosine: directions
SELECT k, round(silhouette::numeric, 4) AS silhouette, recommended
FROM userseg.select_k('kmeans', $$SELECT g AS id, r * cos(t) AS a, r * sin(t) AS b FROM generate_series(1, 90) g,
  LATERAL (SELECT 1 + g * 7919 % 11 AS r, g % 3 * 0.6 + (g * 104729 % 23) / 100.0 AS t) x$$, 1, 4, id => 'id', transform => '{"*": "none"}',
  params => '{"metric": "cosine"}', reference_sets => 20, bootstraps => 10) ORDER BY k;

-- other algorithms: the same groups; cuts of a tree are those of the training (without ties)
SELECT algorithm, k, round(silhouette::numeric, 4) AS silhouette, bic IS NOT NULL AS bic, details -> 'sizes' AS sizes, details ->> 'criterion' AS decided
FROM unnest('{kmeans,minibatch_kmeans,hierarchical,gmm}'::text[]) algorithm,
     LATERAL userseg.select_k(algorithm, 'choose', k_max => 5, id => 'id', features => '{spend, visits}', reference_sets => 10, bootstraps => 5)
WHERE recommended;
SELECT v.linkage, v.metric, count(*), max(abs(s.silhouette - (c ->> 'silhouette')::float8)) < 1e-6 AS silhouette, max(abs(s.inertia / (c ->> 'inertia')::float8 - 1)) < 1e-6 AS inertia
FROM (VALUES ('ward', 'euclidean'), ('average', 'manhattan'), ('complete', 'cosine'), ('single', 'euclidean'), ('median', 'euclidean')) v(linkage, metric),
     LATERAL (SELECT jsonb_build_object('linkage', v.linkage, 'metric', v.metric) AS params) p,
     LATERAL userseg.train('select_tree', 'hierarchical', 'SELECT id, spend + sin(id) AS spend, visits + cos(2 * id) AS visits FROM choose', id => 'id', features => '{spend, visits}', params => params || '{"k": [2, 6]}') t,
     LATERAL jsonb_array_elements(t.details -> 'candidates') c,
     LATERAL userseg.select_k('hierarchical', 'SELECT id, spend + sin(id) AS spend, visits + cos(2 * id) AS visits FROM choose', 2, 6, id => 'id', features => '{spend, visits}', params => params, reference_sets => 0, bootstraps => 0) s
WHERE s.k = (c ->> 'k')::int GROUP BY 1, 2 ORDER BY 1, 2;
SELECT k, details ->> 'criterion' AS decided FROM userseg.select_k('hierarchical', 'choose', k_max => 5, id => 'id', features => '{spend, visits}',
  params => '{"criterion": "gap_statistic"}', reference_sets => 10, bootstraps => 0) WHERE recommended;
-- mixtures: the BIC of the training; none for a mixture with a component that has collapsed
SELECT covariance, count(*), max(abs(bic / (c ->> 'bic')::float8 - 1)) < 1e-9 AS bic, bool_and(aic < bic) AS aic
FROM unnest('{full,diag,tied,spherical}'::text[]) covariance,
     LATERAL userseg.train('select_tree', 'gmm', 'SELECT id, spend + sin(id) AS spend, visits + cos(2 * id) AS visits FROM choose', id => 'id', params => jsonb_build_object('covariance', covariance, 'k', '[1, 4]'::jsonb)) t,
     LATERAL jsonb_array_elements(t.details -> 'candidates') c,
     LATERAL userseg.select_k('gmm', 'SELECT id, spend + sin(id) AS spend, visits + cos(2 * id) AS visits FROM choose', 1, 4, id => 'id', params => jsonb_build_object('covariance', covariance), reference_sets => 0, bootstraps => 0) s
WHERE s.k = (c ->> 'k')::int GROUP BY 1 ORDER BY 1;
SELECT k, bic IS NOT NULL AS bic, recommended, reason LIKE 'smallest bic%; not defined for k = 3;%' AS told
FROM userseg.select_k('gmm', 'SELECT id, CASE WHEN id % 3 = 0 THEN 1 ELSE a END AS a, b FROM even', 1, 3, id => 'id', reference_sets => 0, bootstraps => 0) ORDER BY k;
-- a sample of many rows
SELECT count(*), min(n_rows) AS n_rows, min(details ->> 'rows') AS compared, min(details ->> 'complete') AS complete
FROM userseg.select_k('hierarchical', 'SELECT g AS id, sqrt(g) AS a, g * 7919 % 1009 AS b FROM generate_series(1, 5000) g', 2, 3, id => 'id', params => '{"prototypes": 500}', reference_sets => 2, bootstraps => 2);

-- few distinct rows: what is possible, and a warning
SET client_min_messages = notice;
SELECT k, round(inertia::numeric, 4) AS inertia, silhouette, gap, bic, recommended, reason
FROM userseg.select_k('kmeans', 'SELECT g % 3 AS a FROM generate_series(1, 30) g', transform => '{"*": "none"}', k_max => 5, reference_sets => 5, bootstraps => 5) ORDER BY k;
SELECT k, recommended, reason FROM userseg.select_k('kmeans', 'SELECT g % 2 AS a FROM generate_series(1, 10) g', k_max => 1);
SELECT userseg.select_k('kmeans', 'SELECT g % 2 AS a FROM generate_series(1, 10) g', k_min => 3);
-- as many candidates as rows
SELECT count(*), max(k), count(*) FILTER (WHERE recommended) FROM userseg.select_k('kmeans', 'SELECT g AS a, g % 3 AS b FROM generate_series(1, 12) g', k_max => 12, reference_sets => 5, bootstraps => 5);
-- a criterion that is not defined
SELECT k, silhouette, recommended FROM userseg.select_k('kmeans', 'choose', 2, 3, id => 'id', features => '{spend, visits}', params => '{"silhouette_rows": 0}', reference_sets => 5, bootstraps => 0);
-- one row, rows that are all equal, none
SELECT userseg.select_k('kmeans', 'SELECT 1 AS a');
SELECT userseg.select_k('kmeans', 'SELECT 1 AS a FROM generate_series(1, 10)');
SELECT userseg.select_k('kmeans', 'SELECT 1 AS a WHERE false');
SELECT count(*) FROM userseg.select_k('kmeans', 'SELECT CASE WHEN g % 5 > 0 THEN g END AS a FROM generate_series(1, 50) g', 2, 3, reference_sets => 2, bootstraps => 2);

-- errors
SELECT userseg.select_k('kmeanz', 'choose');
SELECT userseg.select_k('kmeans', 'choose', 0, 3);
SELECT userseg.select_k('kmeans', 'choose', 5, 3);
SELECT userseg.select_k('kmeans', 'choose', 1, 1001);
SELECT userseg.select_k('kmeans', 'choose', reference_sets => -1);
SELECT userseg.select_k('kmeans', 'choose', bootstraps => 1001);
SELECT userseg.select_k('kmeans', 'choose', criterion => 'silhuette');
SELECT userseg.select_k('kmeans', 'choose', params => '{"k": 3}');
SELECT userseg.select_k('kmeans', 'choose', params => '{"init": [[1, 2, 3, 4]]}');
SELECT userseg.select_k('kmeans', 'choose', params => '{"strategy": "sql"}');
SELECT userseg.select_k('hierarchical', 'choose', params => '{"k": 3}');
SELECT userseg.select_k('hierarchical', 'choose', params => '{"height": 3}');
SELECT userseg.select_k('hierarchical', 'choose', params => '{"criterion": "largest_gap"}');
SELECT userseg.select_k('hierarchical', 'choose', params => '{"linkage": "ward", "metric": "cosine"}');
SELECT userseg.select_k('gmm', 'choose', params => '{"strategy": "sql"}');
SELECT userseg.select_k('gmm', 'SELECT g AS id, g % 2 * 5 AS a, sin(g) * (g % 2) AS b FROM generate_series(1, 60) g', 2, 3, id => 'id', params => '{"reg_covar": 0}', reference_sets => 0, bootstraps => 0);
SELECT userseg.select_k('logistic', 'choose');
SELECT userseg.select_k(NULL, 'choose');
SELECT userseg.select_k('kmeans', 'choose', null_policy => 'drop');
SELECT userseg.select_k('kmeans', $$SELECT 'NaN'::float8 AS a$$);
-- a small budget: a smaller sample is told, too small a one an error
SET userseg.max_memory = '8MB';
SELECT count(*) FROM userseg.select_k('kmeans', 'SELECT g AS id, sqrt(g) AS a, g * 7919 % 1009 AS b FROM generate_series(1, 30000) g', 2, 3, id => 'id', reference_sets => 2, bootstraps => 2);
RESET userseg.max_memory;
SELECT userseg.drop_model('select_auto'), userseg.drop_model('select_tree');
