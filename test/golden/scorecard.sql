-- Weights of evidence and information values of categories against pandas (scorecard_reference.py); a scorecard of simulated credit
-- applications: points, KS, Gini, reason codes.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || coalesce(what, 'nothing to compare')
$$;
CREATE TEMP TABLE reference (variable text, few boolean, iv float8, woe float8[]);
INSERT INTO reference VALUES
  ('gender', false, 0.000380436636119779, '{0.0194090335880108,-0.01960163012255922}'),
  ('gender', true, 0.009097868417271877, '{0.0909717782057268,-0.10008345855698253}'),
  ('partner', false, 0.1187285028426526, '{0.389128570509428,-0.30815632067354326}'),
  ('partner', true, 0.2585354791252746, '{0.6343066805370118,-0.4165149442947494}'),
  ('internet_service', false, 0.6179525742200359, '{1.5078400086817751,0.43442687477435166,-0.6910655056563224}'),
  ('internet_service', true, 0.4062628759393289, '{0.9444616088408514,0.5877866649021188,-0.6241543090729936}'),
  ('contract', false, 1.238559792784284, '{2.517267163979338,1.0452593699772672,-0.7245363682352497}'),
  ('payment_method', false, 0.4571089328419982, '{0.6974175703989961,0.5880897645855356,0.4248494042226123,-0.8290971506773144}'),
  ('payment_method', true, 0.799462416517237, '{0.9985288301111271,0.5389965007326869,0.13353139262452257,-1.203972804325936}'),
  ('tech_support', false, 0.699567294911045, '{1.5078400086817751,0.7033713045708837,-0.6804868115571217}'),
  ('tech_support', true, 0.6948027052681554, '{1.2927683031090673,0.9444616088408514,-0.6109090823229733}'),
  ('multiple_lines', false, 0.008206811545041692, '{0.08428363269883443,0.0780112417184051,-0.10383595021009125}'),
  ('multiple_lines', true, 0.01986376844795558, '{0.06899287148695143,0.017699577099401072,-0.4418327522790392}');
SELECT '1..5';
-- each level a bin of its own: as many bins as there may be, of any size
CREATE FUNCTION pg_temp.far(v text, few boolean, iv float8, woe float8[]) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  result float8;
BEGIN
  PERFORM userseg.train('woe', 'scorecard', format('SELECT %I AS level, churn FROM userseg_data.telco_churn WHERE NOT %L OR row_no <= 60', v, few), target => 'churn', holdout => 0,
    params => '{"positive": "Yes", "max_bins": 30, "min_share": 0, "min_iv": 0, "lambda": 0.0001}', transform => '{"level": {"native": {"min_count": 1}}}');
  SELECT CASE WHEN count(*) = cardinality(far.woe) THEN greatest(max(abs(s.woe - far.woe[s.bin])), abs(sum(s.iv) - far.iv)) ELSE 'infinity' END INTO result FROM userseg.scorecard('woe') s;
  RETURN result;
END $$;
SELECT pg_temp.ok(max(far) < 1e-12 AND count(*) > 10, 'weights of evidence and information values of ' || count(*) || ' variables within ' || max(far) || coalesce(', not ' || string_agg(variable || few, ' ') FILTER (WHERE far > 1e-12), ''))
FROM reference r, LATERAL pg_temp.far(variable, few, iv, woe) far;
-- of numbers too, in the bins that were found: counted again by their conditions as WHERE; with 0.5 in every cell where one is 0
CREATE FUNCTION pg_temp.counted(model text, source text, bad text) RETURNS TABLE (feature text, bins bigint, far float8) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  r record;
  n float8[];
BEGIN
  CREATE TEMP TABLE cell AS SELECT s.feature, s.bin, s.condition, s.woe, s.iv, 0::float8 AS g, 0::float8 AS b FROM userseg.scorecard(model) s;
  FOR r IN SELECT * FROM cell LOOP
    EXECUTE format('SELECT ARRAY[count(*) FILTER (WHERE NOT %s), count(*) FILTER (WHERE %1$s)] FROM %s WHERE %s', bad, source, r.condition) INTO n;
    UPDATE cell c SET g = n[1], b = n[2] WHERE c.feature = r.feature AND c.bin = r.bin;
  END LOOP;
  RETURN QUERY WITH held AS (SELECT *, CASE WHEN min(least(g, b)) OVER (PARTITION BY feature) = 0 THEN 0.5 ELSE 0 END AS s FROM cell WHERE g + b > 0),
      share AS (SELECT *, (g + s) / sum(g + s) OVER v AS gs, (b + s) / sum(b + s) OVER v AS bs FROM held WINDOW v AS (PARTITION BY feature))
    SELECT feature, count(*), greatest(max(abs(ln(gs / bs) - woe)), max(abs((gs - bs) * ln(gs / bs) - iv))) FROM share GROUP BY 1;
  DROP TABLE cell;
END $$;
SELECT 1 FROM userseg.train('woe', 'scorecard', 'SELECT * FROM userseg_data.telco_churn', target => 'churn', id => 'row_no', holdout => 0, params => '{"positive": "Yes", "min_iv": 0, "lambda": 0.0001}',
  features => '{gender,senior_citizen,partner,dependents,tenure,phone_service,multiple_lines,internet_service,online_security,online_backup,device_protection,tech_support,streaming_tv,streaming_movies,contract,paperless_billing,payment_method,monthly_charges,total_charges}') \g /dev/null
SELECT pg_temp.ok(max(far) < 1e-9 AND count(*) = 19 AND sum(bins) > 50, format('Telco: %s bins of %s variables counted again, within %s', sum(bins), count(*), max(far))) FROM pg_temp.counted('woe', 'userseg_data.telco_churn', 'churn = ''Yes''');
SELECT userseg.drop_model('woe') \g /dev/null
-- simulated applications: a part of the risk is in a number with a trend, in a category, in missing values
CREATE TABLE public.applications AS
SELECT i AS id, age, CASE WHEN i % 10 = 3 THEN NULL ELSE income END AS income, job, delays,
  CASE WHEN u5 < 1 / (1 + exp(2.2 + 0.04 * (age - 40) + (income - 3) * 0.4 - 0.9 * delays - CASE job WHEN 'none' THEN 1.2 WHEN 'student' THEN 0.6 ELSE 0 END)) THEN 'bad' ELSE 'good' END AS outcome
FROM (SELECT i, 20 + floor(50 * u1)::int AS age, round((-2 * ln(u2))::numeric, 2)::float8 AS income, (ARRAY['employed', 'none', 'self', 'student'])[1 + floor(4 * u3)::int] AS job, floor(-ln(u4) * 0.8)::int AS delays, u5
  FROM generate_series(1, 20000) i, LATERAL (SELECT ((hashint8extended(i, 1) & 1048575) + 0.5) / 1048576 AS u1, ((hashint8extended(i, 2) & 1048575) + 0.5) / 1048576 AS u2,
    ((hashint8extended(i, 3) & 1048575) + 0.5) / 1048576 AS u3, ((hashint8extended(i, 4) & 1048575) + 0.5) / 1048576 AS u4, ((hashint8extended(i, 5) & 1048575) + 0.5) / 1048576 AS u5) u) x;
SELECT 1 FROM userseg.train('applications', 'scorecard', 'applications', target => 'outcome', id => 'id', params => '{"positive": "bad", "refit": false}') \g /dev/null
SELECT pg_temp.ok(gini > 0.5 AND ks > 0.35, format('on the hold-out: Gini %s, KS %s', round(gini::numeric, 4), round(ks::numeric, 4)))
FROM (SELECT max(value) FILTER (WHERE metric = 'gini') AS gini, max(value) FILTER (WHERE metric = 'ks') AS ks FROM userseg.evaluate('applications')) e;
SELECT pg_temp.ok(max(abs(s - points)) < 1e-9 AND min(points) > 300, format('points from %s to %s; the reasons of row 1: %s', round(min(points)), round(max(points)), max(told) FILTER (WHERE id = 1)))
FROM (SELECT id, userseg.scorecard_points('applications', a) AS points, (SELECT sum((r ->> 'contribution')::float8) FROM jsonb_array_elements(d.reasons) r) AS s,
    (SELECT string_agg(format('%s %s', r ->> 'feature', round((r ->> 'contribution')::numeric, 1)), ', ') FROM jsonb_array_elements(d.reasons) r) AS told
  FROM applications a, LATERAL userseg.predict_detail('applications', a) d) x;
SELECT 1 FROM userseg.train('applications', 'scorecard', 'applications', target => 'outcome', id => 'id', params => '{"positive": "bad", "min_iv": 0}', holdout => 0) \g /dev/null
SELECT pg_temp.ok(max(far) < 1e-9 AND count(*) = 4, format('applications: %s bins of %s variables counted again, within %s', sum(bins), count(*), max(far))) FROM pg_temp.counted('applications', 'applications', 'outcome = ''bad''');
SELECT userseg.drop_model('applications') \g /dev/null
DROP TABLE public.applications;
