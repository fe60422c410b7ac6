-- demo.sql: from events to named segments that applications join.  Run by test/demo
-- with variable retail: true if table online_retail holds the Online Retail export.
\set ON_ERROR_STOP on
\pset footer off
SET timezone = 'UTC';

\echo
\echo '1. The events: what users bought and returned'
\if :retail
CREATE TABLE event AS
SELECT customer_id AS user_id, invoice_date AT TIME ZONE 'UTC' AS event_time, invoice_no AS order_id,
       stock_code AS product, quantity * unit_price AS amount
FROM online_retail;
\else
CREATE TABLE event AS
SELECT user_id, event_time, order_id, product_id AS product, amount
FROM userseg.simulate_shop(customers => 10000, days => 365, seed => 42)
WHERE kind IN ('purchase', 'return');
\endif
SELECT count(*) AS lines, count(DISTINCT user_id) AS users, min(event_time)::date AS from_day, max(event_time)::date AS to_day FROM event;

\echo
\echo '2. Cleaned: one line of each set of duplicates, nothing without user or amount'
CREATE TABLE purchase AS
SELECT DISTINCT * FROM event WHERE user_id IS NOT NULL AND amount <> 0;
SELECT (SELECT count(*) FROM event WHERE user_id IS NULL) AS without_user,
       (SELECT count(*) FROM event WHERE user_id IS NOT NULL AND coalesce(amount, 0) = 0) AS without_amount,
       (SELECT count(*) FROM event WHERE user_id IS NOT NULL AND amount <> 0) - (SELECT count(*) FROM purchase) AS duplicates,
       (SELECT count(*) FROM purchase) AS kept;

\echo
\echo '3. Behaviour of every user who bought more than was returned'
SELECT max(event_time) + interval '1 day' AS as_of FROM purchase \gset
CREATE TABLE customer AS
SELECT user_id AS id, userseg.recency_days(rfm, :'as_of') AS recency, userseg.frequency(rfm) AS frequency,
       userseg.monetary(rfm) AS monetary, userseg.average_value(rfm) AS basket
FROM (SELECT user_id, userseg.rfm_agg(event_time, amount, order_id) AS rfm FROM purchase GROUP BY user_id) AS behaviour
WHERE userseg.frequency(rfm) > 0 AND userseg.monetary(rfm) > 0;
SELECT count(*) AS users, round(avg(recency)) AS recency, round(avg(frequency), 1) AS frequency,
       round(avg(monetary)::numeric, 2) AS monetary FROM customer;

\echo
\echo '4. A segmentation: k-means, the number of segments chosen by silhouette'
SELECT model, version, n_rows, metric, round(metric_value::numeric, 4) AS value, converged, iterations, duration
FROM userseg.train('value', 'kmeans', 'customer', id => 'id', features => '{recency,frequency,monetary}',
  transform => '{"recency": ["log1p", "standard"], "frequency": ["log1p", "standard"], "monetary": ["log1p", "standard"]}',
  params => '{"k": [3, 8]}');

\echo
\echo '5. Its segments, named after what makes them'
SELECT userseg.name_segment('value', segment_id, suggested_name) FROM userseg.describe_segments('value') \g /dev/null
SELECT segment_id AS id, segment, n, round(share::numeric, 3) AS share, rule, round(rule_fidelity::numeric, 3) AS fidelity
FROM userseg.describe_segments('value') ORDER BY n DESC;

\echo
\echo '6. Every user assigned, into a table'
SELECT n_rows, n_new, version FROM userseg.assign('value', 'customer', 'id', 'customer_segment');
SELECT * FROM customer_segment ORDER BY id LIMIT 3;

\echo
\echo '7. What applications do: join on the label'
SELECT segment, count(DISTINCT id) AS users, round(sum(amount)::numeric) AS sales,
       round((100 * sum(amount) / sum(sum(amount)) OVER ())::numeric, 1) AS "% of sales"
FROM purchase JOIN customer_segment ON id = user_id
GROUP BY segment ORDER BY sales DESC;
\echo
\echo '   and score one user in a request'
SELECT id, recency, frequency, monetary, userseg.predict('value', c) AS segment FROM customer AS c ORDER BY monetary DESC LIMIT 1;
