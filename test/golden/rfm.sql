-- RFM of Online Retail for every customer, both rules for cancellations, against pandas
-- and exact decimals; scores and breaks against numpy's quantiles.
SET timezone = 'UTC';
CREATE FUNCTION pg_temp.ok(passed boolean, what text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN passed THEN 'ok' ELSE 'not ok' END || ' - ' || what
$$;
SELECT '1..10';

-- the rows that the reference uses: with a customer, exact duplicates once
CREATE TEMP VIEW line AS
SELECT DISTINCT invoice_no, stock_code, description, quantity, invoice_date, unit_price, customer_id, country
FROM userseg_data.online_retail WHERE customer_id IS NOT NULL;

-- dropped: cancelled invoices (C...) are left out
CREATE TEMP TABLE dropped AS
SELECT customer_id, userseg.rfm_agg(invoice_date, quantity * unit_price, invoice_no) AS s
FROM line WHERE invoice_no NOT LIKE 'C%' GROUP BY customer_id;

SELECT pg_temp.ok(count(*) = 4339, 'dropped: ' || count(*) || ' customers') FROM dropped JOIN userseg_golden.rfm_dropped USING (customer_id);
SELECT pg_temp.ok(count(*) = 4339 AND bool_and(
		userseg.recency_days(s, '2011-12-10', 'UTC') = g.recency_days AND userseg.frequency(s) = g.frequency AND userseg.is_exact(s)
		AND userseg.monetary_exact(s) = g.monetary AND userseg.monetary(s) = g.monetary::float8
		AND userseg.purchases(s) = g.n_lines AND userseg.returns(s) = 0 AND userseg.skipped(s) = 0
		AND userseg.first_at(s) = g.first_ts::timestamptz AND userseg.last_at(s) = g.last_ts::timestamptz),
	'dropped: every figure of every customer')
FROM dropped JOIN userseg_golden.rfm_dropped g USING (customer_id);

-- netted: cancelled lines are events too; their negative amounts make them returns
CREATE TEMP TABLE netted AS
SELECT customer_id, userseg.rfm_agg(invoice_date, quantity * unit_price, invoice_no) AS s
FROM line GROUP BY customer_id;

SELECT pg_temp.ok(count(*) = 4372, 'netted: ' || count(*) || ' customers') FROM netted JOIN userseg_golden.rfm_netted USING (customer_id);
SELECT pg_temp.ok(count(*) = 4372 AND bool_and(
		userseg.recency_days(s, '2011-12-10', 'UTC') IS NOT DISTINCT FROM g.recency_days::int AND userseg.frequency(s) = g.frequency
		AND userseg.monetary_exact(s) = g.monetary AND (userseg.returns(s) > 0) = (g.n_cancelled_invoices > 0)),
	'netted: every figure of every customer')
FROM netted JOIN userseg_golden.rfm_netted g USING (customer_id);
SELECT pg_temp.ok(sum(userseg.returns(s)) = (SELECT count(*) FROM line WHERE invoice_no LIKE 'C%'), 'netted: returns are the cancelled lines') FROM netted;

-- rolled up over all customers, in two steps, the totals stay exact
SELECT pg_temp.ok(userseg.monetary_exact(userseg.rollup(s)) = (body #>> '{netted,total_monetary}')::numeric, 'netted: total')
FROM (SELECT userseg.rollup(s) AS s FROM netted GROUP BY customer_id % 10) x, userseg_golden.doc WHERE name = 'rfm_summary' GROUP BY body;

-- 18,536 invoices are more than a state keeps: an estimate, within three standard errors
SELECT pg_temp.ok(NOT userseg.is_exact(s) AND abs(userseg.frequency(s) / n - 1) < 3 * userseg.frequency_error(s),
	'dropped: estimate of all ' || n || ' invoices')
FROM (SELECT userseg.rollup(s) AS s, sum(userseg.frequency(s)) AS n FROM dropped) x;

-- breaks are numpy's quantiles, to their last bit or two
CREATE TEMP TABLE figure AS
SELECT customer_id, userseg.recency_days(s, '2011-12-10', 'UTC') AS recency, userseg.frequency(s) AS frequency, userseg.monetary(s) AS monetary FROM dropped;
CREATE TEMP TABLE break AS
SELECT userseg.rfm_breaks(recency, 5) AS recency, userseg.rfm_breaks(frequency, 5) AS frequency, userseg.rfm_breaks(monetary, 5) AS monetary FROM figure;
SELECT pg_temp.ok(count(*) = 12 AND bool_and(abs(ours - theirs::float8) <= 1e-13 * ours), 'breaks of all three figures')
FROM break, userseg_golden.doc, LATERAL (VALUES (recency, body #> '{dropped,breaks,recency_days}'), (frequency, body #> '{dropped,breaks,frequency}'),
		(monetary, body #> '{dropped,breaks,monetary}')) v (mine, numpy), LATERAL ROWS FROM (unnest(mine), jsonb_array_elements_text(numpy)) u (ours, theirs)
WHERE name = 'rfm_summary';

-- and so are the scores of every customer
SELECT pg_temp.ok(count(*) = 4339 AND bool_and(userseg.rfm_score(f.recency, b.recency, reverse => true) = r_quant5
		AND userseg.rfm_score(f.frequency, b.frequency) = f_quant5 AND userseg.rfm_score(f.monetary, b.monetary) = m_quant5), 'scores of every customer')
FROM figure f JOIN userseg_golden.rfm_dropped USING (customer_id), break b;

-- stored under a name they give the same, and everyone a segment
SELECT userseg.save_rfm_scale('retail', recency, frequency, monetary) FROM break \gset
SELECT pg_temp.ok(count(*) = 4339 AND bool_and(c.r = r_quant5 AND c.f = f_quant5 AND c.m = m_quant5 AND c.segment = userseg.rfm_segment(c.r, c.f, c.m)),
	'stored scores of every customer')
FROM figure JOIN userseg_golden.rfm_dropped USING (customer_id), userseg.rfm_scores('retail', figure.recency, figure.frequency, figure.monetary) c;
