-- Agreement of labelings against scikit-learn: two labelings of 12 rows; k-means with three clusters on iris
-- against the species.
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
  SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
CREATE TEMP TABLE iris AS
SELECT userseg.contingency_agg(species, k3::int::text) AS c FROM userseg_data.iris JOIN userseg_golden.kmeans_labels_iris ON id = row_no;
CREATE TEMP TABLE twelve AS
SELECT userseg.contingency_agg(a, b) AS c
FROM userseg_golden.doc, jsonb_array_elements_text(body #> '{validity,a,labels}') WITH ORDINALITY x(a, i)
JOIN LATERAL jsonb_array_elements_text(body #> '{validity,b,labels}') WITH ORDINALITY y(b, j) ON i = j WHERE name = 'misc';
SELECT '1..8';
SELECT pg_temp.ok(abs(ours - (body #>> path)::float8) <= 1e-12, array_to_string(path, ' ') || ' within ' || abs(ours - (body #>> path)::float8))
FROM userseg_golden.doc, LATERAL (
  SELECT userseg.adjusted_rand(c) AS ours, '{iris_kmeans3_vs_species,ari}'::text[] AS path FROM iris
  UNION ALL SELECT userseg.normalized_mutual_info(c), '{iris_kmeans3_vs_species,nmi}' FROM iris
  UNION ALL SELECT userseg.adjusted_rand(c), '{validity,ari}' FROM twelve
  UNION ALL SELECT userseg.normalized_mutual_info(c), '{validity,nmi_arithmetic}' FROM twelve
  UNION ALL SELECT (userseg.v_measure(c)).homogeneity, '{validity,homogeneity}' FROM twelve
  UNION ALL SELECT (userseg.v_measure(c)).completeness, '{validity,completeness}' FROM twelve
  UNION ALL SELECT (userseg.v_measure(c)).v_measure, '{validity,v_measure}' FROM twelve) o
WHERE name = 'misc';
SELECT pg_temp.ok(userseg.contingency_rows(c) = 150 AND userseg.contingency_nulls(c) = 0, 'every row of iris has both labels') FROM iris;
