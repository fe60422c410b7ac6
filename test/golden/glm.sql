-- Generalised linear models and linear regressions with weights, offsets, categories and missing values against statsmodels
-- (glm_reference.py): bank clients, shop sessions, wholesale customers.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || coalesce(what, 'nothing to compare')
$$;
CREATE TEMP TABLE reference (model text, term text, value float8, std_error float8);
INSERT INTO reference VALUES
  ('poisson', '(intercept)', -4.530203473653547, 0.011243912613290795),
  ('poisson', 'age', -0.0019178420124139495, 0.00020732983870363271),
  ('poisson', 'balance', -1.578761153019768e-05, 7.998139930357653e-07),
  ('poisson', 'contact=telephone', 0.34946292299835785, 0.007768640323553142),
  ('poisson', 'contact=unknown', 0.06906517281151224, 0.0044903682100749884),
  ('poisson', 'marital=married', 0.09586341017336299, 0.006567129352672732),
  ('poisson', 'marital=single', -0.027121064790004066, 0.007574611241459834),
  ('poisson', '.deviance', 483259.23991930333, NULL),
  ('poisson', '.pearson', 3054806.141627057, NULL),
  ('poisson', '.log_likelihood', -361225.8156229812, NULL),
  ('gamma', '(intercept)', 5.557263326656585, 0.026758259643556),
  ('gamma', 'age', 0.0003608794591325866, 0.0004998498225556125),
  ('gamma', 'balance', 7.534406465973245e-06, 1.620178112601058e-06),
  ('gamma', 'contact=telephone', -0.11026277467133133, 0.01972881240008165),
  ('gamma', 'contact=unknown', -0.04050683905456702, 0.010525815471158132),
  ('gamma', 'marital=married', -0.030918326942913937, 0.01515065246475136),
  ('gamma', 'marital=single', 0.017574149080385588, 0.01747300555349036),
  ('gamma', '.deviance', 70537.81645085117, NULL),
  ('gamma', '.pearson', 89978.14097744988, NULL),
  ('logistic', '(intercept)', -0.587571662157769, 0.09224885474514954),
  ('logistic', 'product_related', 0.003138522163079733, 0.00031765541582569996),
  ('logistic', 'bounce_rates', 0.13372979547037128, 2.094033768934789),
  ('logistic', 'exit_rates', -31.01909215017104, 1.2963806652036436),
  ('logistic', 'month=Dec', -0.3178047719094972, 0.0969210609774471),
  ('logistic', 'month=Feb', -1.9512505104376268, 0.36923965803874403),
  ('logistic', 'month=Jul', 0.07690476824311737, 0.12077677926402107),
  ('logistic', 'month=June', -0.27863378284507756, 0.1511283857117099),
  ('logistic', 'month=Mar', -0.5516884941234047, 0.09854614310870025),
  ('logistic', 'month=May', -0.301536306417196, 0.09189065923593316),
  ('logistic', 'month=Nov', 0.5057900828675671, 0.08921513641660472),
  ('logistic', 'month=Oct', 0.1297283618258935, 0.10819782186763331),
  ('logistic', 'month=Sep', 0.11870689749874806, 0.11462496745295706),
  ('logistic', 'visitor_type=Other', 0.2760582292159566, 0.20141442252407035),
  ('logistic', 'visitor_type=Returning_Visitor', -0.3780353666113928, 0.04350482180041374),
  ('logistic', '.deviance', 23485.00865709765, NULL),
  ('logistic', '.log_likelihood', -11742.504328548825, NULL),
  ('tweedie', '(intercept)', 5.118600848114746, 0.1222928739313521),
  ('tweedie', 'product_related', 0.005228947227521221, 0.0003705478712232283),
  ('tweedie', 'bounce_rates', 5.650605345408907, 1.7402053773844506),
  ('tweedie', 'exit_rates', -28.99983726974216, 1.4209289814240413),
  ('tweedie', 'month=Dec', -0.29119806382149055, 0.12540064293301248),
  ('tweedie', 'month=Feb', -1.8194945961521645, 0.3166923515058007),
  ('tweedie', 'month=Jul', -0.23451451528809816, 0.16250199070984428),
  ('tweedie', 'month=June', -0.43749817019824827, 0.19601428973929494),
  ('tweedie', 'month=Mar', -0.29784059946256397, 0.12454450619247769),
  ('tweedie', 'month=May', -0.467608023424795, 0.11810460396763403),
  ('tweedie', 'month=Nov', -0.2895926368023133, 0.11764418156582888),
  ('tweedie', 'month=Oct', 0.08772220048825319, 0.14310087702529786),
  ('tweedie', 'month=Sep', -0.016148103782775765, 0.15238218615561996),
  ('tweedie', 'visitor_type=Other', -0.05825624940558053, 0.31465293182309),
  ('tweedie', 'visitor_type=Returning_Visitor', 0.05801824324321436, 0.06480778538119158),
  ('tweedie', '.deviance', 274232.44312622515, NULL),
  ('tweedie', '.pearson', 637839.7597897365, NULL),
  ('wls nonrobust', '(intercept)', 7.927400381844222, 0.11224626622778075),
  ('wls nonrobust', 'fresh', -4.619556390024436e-06, 3.5353899594422814e-06),
  ('wls nonrobust', 'milk', 9.990234297644979e-05, 6.662218523721326e-06),
  ('wls nonrobust', 'frozen', -2.4165945215700686e-05, 9.150046801549541e-06),
  ('wls nonrobust', 'delicassen', 6.658039650131103e-06, 1.834620962122314e-05),
  ('wls nonrobust', 'area=r2', 0.41211787177101655, 0.16567588026887853),
  ('wls nonrobust', 'area=r3', 0.04595176882108776, 0.11259507271760817),
  ('wls nonrobust', '.r2', 0.3891910296456689, NULL),
  ('wls nonrobust', '.adjusted_r2', 0.380727164005655, NULL),
  ('wls nonrobust', '.log_likelihood', -588.0226385621754, NULL),
  ('wls nonrobust', '.aic', 1190.0452771243508, NULL),
  ('wls nonrobust', '.bic', 1218.652700212737, NULL),
  ('wls HC0', '(intercept)', 7.927400381844222, 0.11794645872962266),
  ('wls HC0', 'fresh', -4.619556390024436e-06, 3.651100596119612e-06),
  ('wls HC0', 'milk', 9.990234297644979e-05, 1.160997115524829e-05),
  ('wls HC0', 'frozen', -2.4165945215700686e-05, 1.0851476566702578e-05),
  ('wls HC0', 'delicassen', 6.658039650131103e-06, 3.059819598954111e-05),
  ('wls HC0', 'area=r2', 0.41211787177101655, 0.1433108388252949),
  ('wls HC0', 'area=r3', 0.04595176882108776, 0.10987449860934902),
  ('wls HC1', '(intercept)', 7.927400381844222, 0.11889601426217512),
  ('wls HC1', 'fresh', -4.619556390024436e-06, 3.680494634807104e-06),
  ('wls HC1', 'milk', 9.990234297644979e-05, 1.1703439941526227e-05),
  ('wls HC1', 'frozen', -2.4165945215700686e-05, 1.0938838915019425e-05),
  ('wls HC1', 'delicassen', 6.658039650131103e-06, 3.0844533917792084e-05),
  ('wls HC1', 'area=r2', 0.41211787177101655, 0.14446459622799276),
  ('wls HC1', 'area=r3', 0.04595176882108776, 0.11075906894036765),
  ('wls HC2', '(intercept)', 7.927400381844222, 0.12468914190758182),
  ('wls HC2', 'fresh', -4.619556390024436e-06, 3.950997719425199e-06),
  ('wls HC2', 'milk', 9.990234297644979e-05, 1.2410956551436487e-05),
  ('wls HC2', 'frozen', -2.4165945215700686e-05, 1.3702397050956484e-05),
  ('wls HC2', 'delicassen', 6.658039650131103e-06, 4.855054384879492e-05),
  ('wls HC2', 'area=r2', 0.41211787177101655, 0.14614842698245567),
  ('wls HC2', 'area=r3', 0.04595176882108776, 0.11096530957573741),
  ('wls HC3', '(intercept)', 7.927400381844222, 0.13837880553598558),
  ('wls HC3', 'fresh', -4.619556390024436e-06, 4.623130944911177e-06),
  ('wls HC3', 'milk', 9.990234297644979e-05, 1.3431081432747817e-05),
  ('wls HC3', 'frozen', -2.4165945215700686e-05, 1.7826837873482027e-05),
  ('wls HC3', 'delicassen', 6.658039650131103e-06, 8.146620455814314e-05),
  ('wls HC3', 'area=r2', 0.41211787177101655, 0.14975233052249123),
  ('wls HC3', 'area=r3', 0.04595176882108776, 0.112091344625108);
CREATE VIEW bank AS SELECT row_no, CASE WHEN row_no % 10 <> 0 THEN balance END AS balance, age, contact, marital, ln(1 + duration::float8) AS exposure, duration, campaign, 1 + row_no % 3 AS w FROM userseg_data.bank_marketing;
CREATE VIEW long_calls AS SELECT * FROM bank WHERE duration > 0;
CREATE VIEW shop AS SELECT row_no, product_related, CASE WHEN row_no % 7 <> 0 THEN bounce_rates END AS bounce_rates, exit_rates, special_day, month, visitor_type, revenue, administrative_duration, 1 + row_no % 4 AS w FROM userseg_data.online_shoppers;
CREATE VIEW whole AS SELECT row_no, fresh, CASE WHEN row_no % 9 <> 0 THEN milk END AS milk, frozen, delicassen, 'r' || region AS area, ln(grocery::float8) AS y, 1 + row_no % 3 AS w FROM userseg_data.wholesale_customers;
CREATE TEMP TABLE run (model text, algorithm text, source text, target text, weight text, features text[], params jsonb);
INSERT INTO run VALUES
  ('poisson', 'glm', 'bank', 'campaign', 'w', '{age,balance,contact,marital,exposure}', '{"offset": "exposure"}'),
  ('gamma', 'glm', 'long_calls', 'duration', 'w', '{age,balance,contact,marital}', '{"family": "gamma"}'),
  ('logistic', 'logistic', 'shop', 'revenue', 'w', '{product_related,bounce_rates,exit_rates,month,visitor_type}', '{}'),
  ('tweedie', 'glm', 'shop', 'administrative_duration', NULL, '{product_related,bounce_rates,exit_rates,month,visitor_type,special_day}', '{"family": "tweedie", "power": 1.5, "offset": "special_day"}'),
  ('wls nonrobust', 'linear', 'whole', 'y', 'w', '{fresh,milk,frozen,delicassen,area}', '{}'),
  ('wls HC0', 'linear', 'whole', 'y', 'w', '{fresh,milk,frozen,delicassen,area}', '{"robust": "HC0"}'),
  ('wls HC1', 'linear', 'whole', 'y', 'w', '{fresh,milk,frozen,delicassen,area}', '{"robust": "HC1"}'),
  ('wls HC2', 'linear', 'whole', 'y', 'w', '{fresh,milk,frozen,delicassen,area}', '{"robust": "HC2"}'),
  ('wls HC3', 'linear', 'whole', 'y', 'w', '{fresh,milk,frozen,delicassen,area}', '{"robust": "HC3"}');
SELECT '1..' || count(*) FROM run;
CREATE FUNCTION pg_temp.far(a float8, b float8) RETURNS float8 LANGUAGE sql AS $$ SELECT abs(a - b) / greatest(abs(b), 1e-300) $$;
CREATE FUNCTION pg_temp.compare(r run) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d jsonb;
  result text;
BEGIN
  SELECT details INTO d FROM userseg.train('fresh', r.algorithm, r.source, target => r.target, id => 'row_no', weight => r.weight, features => r.features, holdout => 0, params => r.params,
    transform => (SELECT jsonb_object_agg(f, '{"onehot": {"min_count": 1}}'::jsonb) FROM unnest(r.features) f WHERE f IN ('contact', 'marital', 'month', 'visitor_type', 'area')));
  WITH ours AS (SELECT term, coefficient, c.std_error FROM userseg.coefficients('fresh') c WHERE coalesce(note, '') NOT IN ('reference', 'offset')
      UNION ALL SELECT '.' || key, value::float8, NULL FROM jsonb_each_text(d) WHERE value ~ '^-?[0-9.e+-]+$'
      UNION ALL SELECT '.pearson', (d ->> 'pearson_chi2')::float8, NULL)
  SELECT pg_temp.ok(count(o.term) = count(*) AND max(pg_temp.far(o.coefficient, f.value)) < 1e-6 AND max(pg_temp.far(o.std_error, f.std_error)) < 1e-6
      AND count(*) FILTER (WHERE f.term NOT LIKE '.%') = (SELECT count(*) FROM ours WHERE term NOT LIKE '.%'),
    format('%s: %s terms and figures within %s, errors within %s%s', r.model, count(o.term), max(pg_temp.far(o.coefficient, f.value)), max(pg_temp.far(o.std_error, f.std_error)),
      ', not ' || string_agg(f.term || ' ' || coalesce(o.coefficient::text || ' ' || coalesce(o.std_error::text, ''), 'missing') || ' for ' || f.value || coalesce(' ' || f.std_error, ''), ', ')
        FILTER (WHERE o.term IS NULL OR pg_temp.far(o.coefficient, f.value) > 1e-6 OR pg_temp.far(o.std_error, f.std_error) > 1e-6)))
  INTO result FROM reference f LEFT JOIN ours o ON o.term = f.term WHERE f.model = r.model;
  RETURN result;
END $$;
SELECT pg_temp.compare(r) FROM run r;
SELECT userseg.drop_model('fresh') \g /dev/null
