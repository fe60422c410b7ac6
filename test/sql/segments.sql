-- Segments: cards, centroids, rules, names that stay.
SET client_min_messages = warning;
CREATE TABLE shoppers AS
SELECT g AS id,
       CASE WHEN g % 4 = 0 THEN 900 WHEN g % 4 = 1 THEN 300 ELSE 20 END + g % 7 AS spend,
       CASE WHEN g % 4 = 3 THEN NULL ELSE CASE WHEN g % 4 = 2 THEN 200 ELSE 10 END + g % 5 END AS "Days idle",
       CASE WHEN g % 4 = 0 THEN 'gold' ELSE 'basic' END AS tier,
       g % 4 = 1 AS "weekly",
       timestamptz '2024-01-01 00:00+00' + g % 4 * interval '100 days' AS signup
FROM generate_series(1, 400) g;
SELECT version FROM userseg.train('cards', 'kmeans', 'shoppers', id => 'id', params => '{"k": 4}');

-- figures against plain SQL: sizes, means, shares, z, lift
CREATE TEMP TABLE labelled AS
SELECT s.*, userseg.predict_id('cards', s) AS segment_id FROM shoppers s;
SELECT count(*) FILTER (WHERE d.n <> l.n) AS wrong_n, count(*) FILTER (WHERE abs(d.share - l.n / 400.0) > 1e-12) AS wrong_share, count(*)
FROM userseg.describe_segments('cards') d
FULL JOIN (SELECT segment_id, count(*) AS n FROM labelled GROUP BY 1) l USING (segment_id);

WITH plain AS (
  SELECT segment_id, f.feature, avg(f.value) AS value
  FROM labelled l, LATERAL (VALUES ('spend', spend::float8), ('Days idle', "Days idle"), ('weekly', weekly::int),
    ('tier=gold', (tier = 'gold')::int), ('tier=basic', (tier = 'basic')::int),
    ('signup', extract(epoch FROM signup)::float8)) f(feature, value)
  GROUP BY 1, 2)
SELECT count(*) AS compared, count(*) FILTER (WHERE abs(c.value - p.value) > 1e-9 * greatest(1, abs(p.value))) AS wrong
FROM userseg.centroids('cards') c JOIN plain p USING (segment_id, feature);

SELECT count(*) AS compared, count(*) FILTER (WHERE abs(c.z - p.z) > 1e-9) AS wrong_z,
       count(*) FILTER (WHERE abs(c.lift_vs_rest - p.lift) > 1e-9 * p.lift) AS wrong_lift
FROM userseg.centroids('cards') c
JOIN LATERAL (
  SELECT (avg(spend) FILTER (WHERE segment_id = c.segment_id) - avg(spend)) / stddev_pop(spend) AS z,
         avg(spend) FILTER (WHERE segment_id = c.segment_id) / avg(spend) FILTER (WHERE segment_id <> c.segment_id) AS lift
  FROM labelled) p ON true
WHERE feature = 'spend';

-- each rule is a WHERE clause, and its fidelity is what it says
CREATE FUNCTION rule_check(OUT segments bigint, OUT agreement_right bool, OUT precision_right bool, OUT recall_right bool)
LANGUAGE plpgsql AS $$
DECLARE
  d record; agree float8; prec float8; rec float8;
BEGIN
  segments := 0; agreement_right := true; precision_right := true; recall_right := true;
  FOR d IN SELECT * FROM userseg.describe_segments('cards') LOOP
    EXECUTE format('SELECT avg(((%1$s) IS TRUE = (segment_id = %2$s))::int),
                    avg((segment_id = %2$s)::int) FILTER (WHERE %1$s),
                    avg(((%1$s) IS TRUE)::int) FILTER (WHERE segment_id = %2$s) FROM labelled', d.rule, d.segment_id)
    INTO agree, prec, rec;
    segments := segments + 1;
    agreement_right := agreement_right AND abs(agree - d.rule_fidelity) < 1e-9;
    precision_right := precision_right AND abs(prec - d.rule_precision) < 1e-9;
    recall_right := recall_right AND abs(rec - d.rule_recall) < 1e-9;
  END LOOP;
END $$;
SELECT * FROM rule_check();
SELECT rule, round(rule_fidelity::numeric, 3) AS fidelity FROM userseg.describe_segments('cards') ORDER BY rule;
SELECT suggested_name, top_features -> 0 ->> 'feature' AS first_feature FROM userseg.describe_segments('cards') ORDER BY 1;

-- encoded space: centre of a segment = mean of what the model sees
SELECT count(*) AS compared, count(*) FILTER (WHERE abs(c.value - p.value) > 1e-6) AS wrong
FROM userseg.centroids('cards', 'encoded') c
JOIN (SELECT l.segment_id, t.key AS feature, avg(t.value::text::float8) AS value
      FROM labelled l JOIN shoppers s USING (id), jsonb_each(userseg.transform('cards', s)) t GROUP BY 1, 2) p USING (segment_id, feature);
SELECT userseg.centroids('cards', 'elsewhere');

-- names stay when the model is trained again, though the clusters come in another order
SELECT segment_id AS big FROM userseg.describe_segments('cards') ORDER BY (SELECT value FROM userseg.centroids('cards') c WHERE c.segment_id = describe_segments.segment_id AND feature = 'spend') DESC LIMIT 1 \gset
SELECT userseg.name_segment('cards', :big, 'big spenders');
SELECT version FROM userseg.train('cards', 'kmeans', 'SELECT * FROM shoppers WHERE id % 10 <> 3', id => 'id', params => '{"k": 4}', seed => 7);
SELECT d.segment, round(c.value::numeric) AS spend FROM userseg.describe_segments('cards') d
JOIN userseg.centroids('cards') c USING (segment_id) WHERE c.feature = 'spend' AND d.segment = 'big spenders';
SELECT details -> 'alignment' ->> 'version' AS aligned_with, (details -> 'alignment' ->> 'share_kept')::float8 > 0.9 AS most_kept
FROM userseg.model_versions WHERE model = 'cards' AND version = 2;
-- one more cluster gets a fresh number, the others keep theirs
SELECT version FROM userseg.train('cards', 'kmeans', 'shoppers', id => 'id', params => '{"k": 5}');
SELECT max(segment_id) AS highest, count(*), bool_or(segment = 'big spenders') AS named FROM userseg.describe_segments('cards');

-- errors
SELECT userseg.name_segment('cards', 99, 'none');
SELECT userseg.name_segment('cards@1', :big, 'none');
SELECT userseg.name_segment('cards', :big, '');
SELECT userseg.describe_segments('no_such_model');
SELECT userseg.describe_segments(NULL);

DROP FUNCTION rule_check;
SELECT userseg.drop_model('cards');
DROP TABLE shoppers;

-- many segments: every suggested name is one of its own, and they are found in no time
CREATE TEMP TABLE crowd AS SELECT g AS id, g % 40 AS a, g / 40 AS b, g * 7919 % 997 AS c, g * 31 % 89 AS d FROM generate_series(0, 1599) g;
SET client_min_messages = error;
SELECT userseg.train('crowd', 'kmeans', 'crowd', id => 'id', params => '{"k": 400, "n_init": 1}') IS NOT NULL AS trained;
RESET client_min_messages;
SET statement_timeout = '20s';
SELECT count(*), count(DISTINCT suggested_name) FROM userseg.describe_segments('crowd');
RESET statement_timeout;
SELECT userseg.drop_model('crowd');
-- names of encoded columns and of what is described are different from one another
CREATE TABLE collide AS SELECT g AS id, g % 2 AS "c=a", (ARRAY['a', 'b'])[1 + g % 2] AS c, g % 3 AS "c=b" FROM generate_series(1, 30) g;
SELECT version FROM userseg.train('collide', 'kmeans', 'collide', id => 'id', params => '{"k": 2}');
SELECT string_agg(key, ', ' ORDER BY key COLLATE "C") FROM collide r, jsonb_each(userseg.transform('collide', r)) WHERE id = 1;
SELECT string_agg(feature, ', ' ORDER BY feature COLLATE "C") FROM userseg.centroids('collide') WHERE segment_id = 1;
SELECT userseg.drop_model('collide');
DROP TABLE collide;
