-- Scores against labels: ties, weights, one class, the limit of distinct scores, states, errors.
SET extra_float_digits = 0;
-- 3 rows of 0.9 with 2 positive, 2 of 0.1 with 1: pairs 3 x 2, won 2, tied 2 + 1, lost 1
SELECT userseg.auc_agg(s, y)::numeric(12, 10) AS auc, ((2 + 3 / 2.0) / 6)::numeric(12, 10) AS by_hand, userseg.gini_agg(s, y)::numeric(12, 10) AS gini,
  userseg.ks_agg(s, y)::numeric(12, 10) AS ks, userseg.average_precision_agg(s, y)::numeric(12, 10) AS ap, (2 / 3.0 * 2 / 3.0 + 1 / 3.0 * 3 / 5.0)::numeric(12, 10) AS by_hand
FROM (VALUES (0.9, true), (0.1, false), (0.9, false), (0.9, true), (0.1, true), (NULL, true), (0.5, NULL)) v(s, y);
SELECT userseg.auc_agg(s, y, w)::numeric(12, 10) AS weighted, userseg.auc_agg(-s, y, w)::numeric(12, 10) AS upside_down
FROM (VALUES (3, true, 2), (2, false, 1), (1, true, 1), (0, false, 3), (9, false, 0)) v(s, y, w);
SELECT jsonb_pretty(userseg.lift_table(r, 2)) AS halves FROM (SELECT userseg.ranking_agg(s, s > 5 OR s = 2) AS r FROM generate_series(1, 10) s) t;
SELECT jsonb_array_length(userseg.lift_agg(s, s > 5)) AS deciles, userseg.lift_agg(s, s > 5)->0->>'lift' AS first FROM generate_series(1, 100) s;

-- infinity of zeros: minus zero is zero; NULL where nothing is defined
SELECT userseg.auc_agg(s, y) AS zeros FROM (VALUES ('-0'::float8, true), (0, false)) v(s, y);
SELECT userseg.auc_agg(1, true) AS one_class, userseg.ks_agg(1, false) AS one_class, userseg.average_precision_agg(1, false) AS no_positive, userseg.average_precision_agg(1, true) AS all_positive;
SELECT userseg.auc_agg(1, true) AS empty, userseg.lift_agg(1, true) AS empty, userseg.ranking_agg(1, true) AS empty WHERE false;
SELECT userseg.auc_agg(NULL, true) AS nulls, userseg.auc_agg(1, true, 0) AS weightless;
SELECT userseg.auc_agg(s, y) AS extremes FROM (VALUES (1.7e308, true), (-1.7e308, false), (5e-324, false), (-5e-324, true)) v(s, y);
SELECT userseg.lift_table(userseg.ranking_agg(s, false), 2)->0->'lift' AS no_positive FROM generate_series(1, 4) s;

-- states: rollup, merge, text and back
CREATE TABLE rankings AS SELECT i % 5 AS g, userseg.ranking_agg(i * 7919 % 101 / 10.0, i % 3 = 0, 1 + i % 2) AS r FROM generate_series(1, 1000) i GROUP BY 1;
SELECT (SELECT userseg.ranking_agg(i * 7919 % 101 / 10.0, i % 3 = 0, 1 + i % 2)::text FROM generate_series(1, 1000) i) = userseg.rollup(r)::text AS rolled_up,
  bool_and(r::text::userseg.ranking::text = r::text) AS text, userseg.auc(userseg.rollup(r))::numeric(12, 10) AS auc FROM rankings;
SELECT userseg.merge(a.r, b.r)::text = userseg.merge(b.r, a.r)::text AS commutes, userseg.merge(a.r, NULL)::text = a.r::text AS with_null, userseg.merge(NULL::userseg.ranking, NULL) IS NULL AS nulls,
  userseg.gini(a.r) = 2 * userseg.auc(a.r) - 1 AS gini, userseg.is_exact(a.r) AS exact, userseg.auc_error(a.r) AS error
FROM rankings a, rankings b WHERE a.g = 1 AND b.g = 2;
COPY (SELECT r FROM rankings WHERE g = 1) TO '/dev/null' WITH (FORMAT binary);

-- more distinct scores than are kept: the same state in any order, an error within its bound
CREATE TABLE many_scores AS SELECT i, i / 6e5 + 1e-9 * sin(i) AS s, (i::bigint * 104729) % 600011 < i AS y FROM generate_series(1, 600000) i;
SELECT userseg.is_exact(r) AS exact, userseg.auc_error(r) BETWEEN 1e-9 AND 1e-5 AS bound, abs(userseg.auc(r) - auc) <= userseg.auc_error(r) AS within
FROM (SELECT userseg.ranking_agg(s, y) AS r FROM many_scores) t,
  (SELECT (sum(r) FILTER (WHERE y) - count(*) FILTER (WHERE y) * (count(*) FILTER (WHERE y) + 1) / 2.0) / (count(*) FILTER (WHERE y)::float8 * count(*) FILTER (WHERE NOT y)) AS auc
   FROM (SELECT y, rank() OVER (ORDER BY s) AS r FROM many_scores) q) e;
SELECT md5(userseg.ranking_agg(s, y ORDER BY i)::text) = md5(userseg.ranking_agg(s, y ORDER BY i DESC)::text) AS backwards FROM many_scores;
SELECT md5(userseg.rollup(r)::text) = (SELECT md5(userseg.ranking_agg(s, y)::text) FROM many_scores) AS in_parts
FROM (SELECT userseg.ranking_agg(s, y) AS r FROM many_scores GROUP BY i % 3) t;

-- errors
SELECT userseg.auc_agg('NaN', true);
SELECT userseg.auc_agg('-Infinity', true);
SELECT userseg.auc_agg(1, true, -0.5);
SELECT userseg.auc_agg(1, 1);
SELECT userseg.ranking_agg(1, true, 1e12) FROM generate_series(1, 20000);
SELECT userseg.lift_table(r, 0) FROM rankings LIMIT 1;
SELECT userseg.lift_table(r, 1001) FROM rankings LIMIT 1;
SELECT '01'::userseg.ranking;
SELECT ('02' || substr(r::text, 3))::userseg.ranking FROM rankings WHERE g = 0;
SELECT ('012e' || substr(r::text, 5))::userseg.ranking FROM rankings WHERE g = 0;
SELECT (substr(r::text, 1, 12) || repeat('ff', 8) || substr(r::text, 29))::userseg.ranking FROM rankings WHERE g = 0;
SELECT (r::text || '00')::userseg.ranking FROM rankings WHERE g = 0;
DROP TABLE rankings, many_scores;
