-- Poisson regression on public data, against iteratively reweighted least squares in numpy: glm_levels_reference.py.  In the second
-- step most months have next to no weight beside a few rows of thousands.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
SELECT '1..3';

CREATE TABLE trained AS SELECT * FROM userseg.train('golden_glm', 'glm', 'userseg_data.online_shoppers', target => 'administrative', id => 'row_no',
  params => '{"family": "poisson"}', holdout => 0);
SELECT pg_temp.ok(abs((details->>'deviance')::float8 / 31391.1891666885 - 1) < 1e-12 AND converged, 'deviance') FROM trained;
CREATE TABLE c AS SELECT * FROM userseg.coefficients('golden_glm');
SELECT pg_temp.ok(count(*) = 27 AND bool_and(abs(coefficient - b) < 1e-8 AND abs(std_error - s) < 1e-8), 'coefficients and standard errors')
FROM c JOIN (VALUES
  ('(intercept)', 1.2245123004, 0.0371211195),
  ('administrative_duration', 0.0013640680, 0.0000169666),
  ('informational', 0.0889209341, 0.0042143490),
  ('informational_duration', -0.0000287155, 0.0000414516),
  ('product_related', 0.0064723537, 0.0001763369),
  ('product_related_duration', -0.0001338256, 0.0000041978),
  ('bounce_rates', 6.0900547770, 0.6449066912),
  ('exit_rates', -23.1892856368, 0.5191126796),
  ('page_values', -0.0003970811, 0.0003046887),
  ('special_day', -0.2630119630, 0.0437024445),
  ('month=Dec', -0.1905125031, 0.0318672154),
  ('month=Feb', -1.0188379884, 0.1042749843),
  ('month=Jul', -0.1993732000, 0.0414017192),
  ('month=June', -0.0206047954, 0.0476830551),
  ('month=Mar', -0.3250187545, 0.0320955370),
  ('month=May', -0.2108057108, 0.0306966522),
  ('month=Nov', -0.1846164388, 0.0295790766),
  ('month=Oct', 0.0794639941, 0.0351056945),
  ('month=Sep', 0.0712186217, 0.0375761061),
  ('operating_systems', -0.0009689200, 0.0073064180),
  ('browser', -0.0139988371, 0.0039800138),
  ('region', 0.0045800801, 0.0025248384),
  ('traffic_type', -0.0043003448, 0.0016204689),
  ('visitor_type=Other', -0.0241667075, 0.1031420128),
  ('visitor_type=Returning_Visitor', 0.1343245884, 0.0173521908),
  ('weekend', -0.0242442133, 0.0138479868),
  ('revenue', 0.0824949997, 0.0160684485)
) r (term, b, s) USING (term);
SELECT pg_temp.ok(array_agg(term || ' ' || note ORDER BY term) = '{month=Aug reference,visitor_type=New_Visitor reference}', 'one level of each category is left out')
FROM c WHERE coefficient IS NULL;
