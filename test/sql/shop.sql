-- The simulated shop: exact consistency with its truth, and its statistics against the
-- formulas of doc/shop.md, each as a deviate z from the expected value, with the standard
-- deviation that the model gives; |z| < 4 (two-sided probability 6e-5).
SET timezone = 'UTC';
SET extra_float_digits = 0;

CREATE TEMP TABLE event AS
  SELECT row_number() OVER () AS row_no, e.*
  FROM userseg.simulate_shop(1500, 364, 7, duplicate_rate => 0, missing_rate => 0) AS e;
CREATE TEMP TABLE truth AS
  SELECT *, '2024-01-01 00:00:00+00'::timestamptz + interval '364 days' AS window_end
  FROM userseg.simulate_shop_truth(1500, 364, 7);

-- what it looks like
SELECT user_id, event_time, kind, order_id, product_id, category, round(amount::numeric, 2) AS amount, rating,
       round(latitude::numeric, 3) AS latitude, round(longitude::numeric, 3) AS longitude
FROM event WHERE user_id = (SELECT min(user_id) FROM event WHERE kind = 'return') AND kind IN ('purchase', 'return', 'rating')
ORDER BY row_no LIMIT 8;
SELECT group_id, group_name, count(*) FROM truth GROUP BY 1, 2 ORDER BY 1;

-- the same again; other seeds differ; a smaller shop is the head of a larger one
SELECT count(*) AS differences FROM (
  (SELECT user_id, event_time, kind, order_id, product_id, category, amount, rating, latitude, longitude FROM event WHERE user_id <= 300
   EXCEPT SELECT * FROM userseg.simulate_shop(300, 364, 7, duplicate_rate => 0, missing_rate => 0))
  UNION ALL
  (SELECT * FROM userseg.simulate_shop(300, 364, 7, duplicate_rate => 0, missing_rate => 0)
   EXCEPT SELECT user_id, event_time, kind, order_id, product_id, category, amount, rating, latitude, longitude FROM event)) AS d;
SELECT count(*) AS shared_times FROM userseg.simulate_shop(300, 364, 8) AS a JOIN event AS b USING (user_id, event_time);
SELECT count(*) AS differences FROM (
  SELECT * FROM userseg.simulate_shop_truth(300, 364, 7) EXCEPT SELECT * FROM userseg.simulate_shop_truth(1500, 364, 7)) AS d;
-- a select list streams the same rows
SELECT count(*) AS rows, count(DISTINCT r) AS different FROM (
  SELECT userseg.simulate_shop(20, 100, 7)::text AS r UNION ALL SELECT e::text FROM userseg.simulate_shop(20, 100, 7) AS e) AS s;
SELECT (userseg.simulate_shop(2000000000, 3660, 7)).user_id LIMIT 1;

-- by user, by time within a user, inside the window
SELECT count(*) FILTER (WHERE before.user_id > e.user_id OR before.user_id = e.user_id AND before.event_time > e.event_time) AS out_of_order,
       count(*) FILTER (WHERE e.event_time < '2024-01-01 00:00:00+00' OR e.event_time >= '2024-01-01 00:00:00+00'::timestamptz + interval '364 days') AS outside
FROM event AS e LEFT JOIN event AS before ON before.row_no = e.row_no - 1;

-- what each kind of event has
SELECT kind, bool_and(order_id IS NOT NULL) AS has_order, bool_or(order_id IS NOT NULL) AS any_order,
       bool_and(amount IS NOT NULL) AS has_amount, bool_or(amount IS NOT NULL) AS any_amount, sign(min(amount)) AS low, sign(max(amount)) AS high,
       min(rating) AS lowest_rating, max(rating) AS highest_rating, bool_and(rating IS NOT NULL) AS has_rating
FROM event GROUP BY kind ORDER BY kind;
SELECT count(DISTINCT product_id) AS products, min(product_id), max(product_id), count(DISTINCT category) AS categories,
       count(DISTINCT (product_id, category)) AS pairs, bool_and(latitude BETWEEN -90 AND 90 AND longitude >= -180 AND longitude < 180) AS on_earth
FROM event;

-- events and truth agree exactly
SELECT count(*) AS users, sum(t.orders) = sum(coalesce(o.orders, 0)) AS same_orders, count(*) FILTER (WHERE t.orders <> coalesce(o.orders, 0)) AS users_differ,
       count(*) FILTER (WHERE t.dropout_time <> o.last_order) AS left_at_other_time,
       count(*) FILTER (WHERE group_name <> 'window_shopper' AND t.joined_at <> o.first_order) AS joined_at_other_time
FROM truth AS t LEFT JOIN (
  SELECT user_id, count(DISTINCT order_id) AS orders, min(event_time) AS first_order, max(event_time) AS last_order
  FROM event WHERE kind = 'purchase' GROUP BY 1) AS o USING (user_id);
-- whatever is returned or rated was bought, a line once; what is bought was in the cart, what is in the cart was seen
SELECT x.kind, count(*) FILTER (WHERE p.row_no IS NULL) AS never_bought, count(*) - count(DISTINCT (x.order_id, x.product_id)) AS twice,
       count(*) FILTER (WHERE x.kind = 'return' AND x.amount <> -p.amount) AS other_amount,
       min(x.event_time - p.event_time) >= CASE x.kind WHEN 'return' THEN interval '1 day' ELSE interval '2 days' END AS later
FROM event AS x LEFT JOIN event AS p ON p.kind = 'purchase' AND p.order_id = x.order_id AND p.product_id = x.product_id AND p.user_id = x.user_id
WHERE x.kind IN ('return', 'rating') GROUP BY 1 ORDER BY 1;
SELECT p.kind, count(*) AS without FROM event AS p
WHERE p.kind IN ('purchase', 'cart') AND p.event_time > '2024-01-02 00:00:00+00' AND NOT EXISTS (
  SELECT FROM event AS v WHERE v.user_id = p.user_id AND v.product_id = p.product_id AND v.kind = CASE p.kind WHEN 'purchase' THEN 'cart' ELSE 'view' END
  AND v.event_time BETWEEN p.event_time - interval '3 hours' AND p.event_time)
GROUP BY 1;

-- groups by their shares: chi-square with 7 degrees of freedom, below its 0.9999 quantile
WITH share(group_name, share) AS (VALUES ('vip', 0.05), ('regular', 0.18), ('bargain_hunter', 0.14), ('big_spender', 0.08),
  ('newcomer', 0.13), ('one_time', 0.20), ('lapsed', 0.14), ('window_shopper', 0.08))
SELECT sum((n - 1500 * share)^2 / (1500 * share)) < 29.9 AS shares
FROM share JOIN (SELECT group_name, count(*) AS n FROM truth GROUP BY 1) AS c USING (group_name);

-- mean orders of a group in 364 days: the expectation integrates the MBG/NBD formula of doc/shop.md over rate,
-- dropout and joining (scipy 1.10.1, quad and Gauss-Legendre)
WITH expected(group_name, orders) AS (VALUES ('vip', 39.9766), ('regular', 14.7123), ('bargain_hunter', 14.3358), ('big_spender', 4.3727),
  ('newcomer', 1.6733), ('one_time', 1.0), ('lapsed', 8.4011), ('window_shopper', 0.5319))
SELECT group_name, abs(avg(t.orders) - e.orders) <= 4 * stddev(t.orders) / sqrt(count(*)) AS mean_orders
FROM truth AS t JOIN expected AS e USING (group_name) GROUP BY group_name, e.orders ORDER BY 1;

-- Poisson: orders after the first less rate * time as a customer is a martingale whose variance is rate * time
WITH m AS (
  SELECT orders - 1 - order_rate * days AS m, order_rate * days AS v FROM (
    SELECT *, extract(epoch FROM coalesce(dropout_time, window_end) - joined_at)::float8 / 86400 AS days
    FROM truth WHERE group_name <> 'window_shopper') AS t)
SELECT abs(sum(m) / sqrt(sum(v))) < 4 AS mean, abs(sum(m * m) / sum(v) - 1) < 4 * stddev(m * m) * sqrt(count(*)) / sum(v) AS dispersion FROM m;
-- leaving: after each order with the user's probability
SELECT abs(sum((dropout_time IS NOT NULL)::int - orders * dropout_probability) / sqrt(sum(orders * dropout_probability * (1 - dropout_probability)))) < 4 AS dropouts
FROM truth WHERE group_name <> 'one_time';
SELECT bool_and(dropout_time = joined_at AND orders = 1) AS one_time_buys_once FROM truth WHERE group_name = 'one_time';

-- order values: mean of the user, lines, lognormal scatter
WITH o AS (
  SELECT user_id, order_id, sum(amount) AS value FROM event WHERE kind = 'purchase' GROUP BY 1, 2),
r AS (SELECT value / mean_order_value - 1 AS d FROM o JOIN truth USING (user_id))
SELECT abs(avg(d)) < 4 * stddev(d) / sqrt(count(*)) AS mean_value, count(*) > 10000 AS many FROM r;
-- returns: lines at least 100 days old (a return later than that has probability 4e-10 of a return)
WITH l AS (
  SELECT t.return_rate AS p, EXISTS (SELECT FROM event AS r WHERE r.kind = 'return' AND r.order_id = e.order_id AND r.product_id = e.product_id) AS returned
  FROM event AS e JOIN truth AS t USING (user_id) WHERE e.kind = 'purchase' AND e.event_time < t.window_end - interval '100 days')
SELECT abs(sum(returned::int - p) / sqrt(sum(p * (1 - p)))) < 4 AS returns, count(*) > 10000 AS many FROM l;
-- ratings: by group
WITH rate(group_name, p) AS (VALUES ('vip', 0.25), ('regular', 0.18), ('bargain_hunter', 0.20), ('big_spender', 0.15),
  ('newcomer', 0.15), ('one_time', 0.10), ('lapsed', 0.15), ('window_shopper', 0.10)),
l AS (
  SELECT p, EXISTS (SELECT FROM event AS r WHERE r.kind = 'rating' AND r.order_id = e.order_id AND r.product_id = e.product_id) AS rated
  FROM event AS e JOIN truth AS t USING (user_id) JOIN rate USING (group_name) WHERE e.kind = 'purchase' AND e.event_time < t.window_end - interval '100 days')
SELECT abs(sum(rated::int - p) / sqrt(sum(p * (1 - p)))) < 4 AS ratings FROM l;
-- what was returned is rated lower; regulars rate higher than lapsed users
WITH r AS (
  SELECT e.rating, group_name, EXISTS (SELECT FROM event AS x WHERE x.kind = 'return' AND x.order_id = e.order_id AND x.product_id = e.product_id) AS returned
  FROM event AS e JOIN truth USING (user_id) WHERE e.kind = 'rating')
SELECT avg(rating) FILTER (WHERE NOT returned) - avg(rating) FILTER (WHERE returned) BETWEEN 0.9 AND 1.5 AS returned_lower,
       avg(rating) FILTER (WHERE group_name = 'regular') - avg(rating) FILTER (WHERE group_name = 'lapsed') BETWEEN 0.2 AND 0.8 AS regular_higher FROM r;

-- views without purchase: extra views of each order, and 1 + extra views in each session without order; sessions are Poisson,
-- so that the variance of the views in them is rate * time * E[(1 + Poisson(v))^2]
WITH extra(group_name, v) AS (VALUES ('vip', 3), ('regular', 3), ('bargain_hunter', 5), ('big_spender', 4),
  ('newcomer', 4), ('one_time', 4), ('lapsed', 3), ('window_shopper', 6)),
u AS (
  SELECT user_id, v::float8, orders, session_rate * extract(epoch FROM coalesce(dropout_time, window_end) - joined_at)::float8 / 86400 AS sessions
  FROM truth JOIN extra USING (group_name)),
c AS (
  SELECT user_id, count(*) FILTER (WHERE kind = 'view') - count(*) FILTER (WHERE kind = 'purchase') AS views FROM event GROUP BY 1)
SELECT abs(sum(coalesce(views, 0) - orders * v - sessions * (1 + v)) / sqrt(sum(orders * v + sessions * (v + (1 + v) ^ 2)))) < 4 AS views
FROM u LEFT JOIN c USING (user_id);

-- habits: part of the orders in some local hours (weights of the hours in doc/shop.md)
WITH part(habit, from_hour, to_hour, p) AS (VALUES ('commuter', 6, 9, 56.0 / 197), ('daytime', 9, 16, 152.0 / 215), ('evening', 18, 21, 96.0 / 209), ('night', 22, 25, 94.0 / 231)),
o AS (
  SELECT DISTINCT habit, order_id, extract(hour FROM event_time + utc_offset * interval '1 hour')::int AS hour
  FROM event JOIN truth USING (user_id) WHERE kind = 'purchase')
SELECT habit, abs(sum((hour BETWEEN from_hour AND to_hour OR hour + 24 BETWEEN from_hour AND to_hour)::int - p) / sqrt(count(*) * p * (1 - p))) < 4 AS hours
FROM o JOIN part USING (habit) GROUP BY habit, p ORDER BY 1;
-- the week: part of the orders at the weekend
WITH part(habit, p) AS (VALUES ('commuter', 12.0 / 66), ('daytime', 7.0 / 66), ('evening', 26.0 / 73), ('night', 26.0 / 73)),
o AS (
  SELECT DISTINCT habit, order_id, extract(isodow FROM event_time + utc_offset * interval '1 hour')::int AS day
  FROM event JOIN truth USING (user_id) WHERE kind = 'purchase')
SELECT habit, abs(sum((day >= 6)::int - p) / sqrt(count(*) * p * (1 - p))) < 4 AS weekend FROM o JOIN part USING (habit) GROUP BY habit, p ORDER BY 1;

-- tastes: users buy their favourite category most often; popular products sell best (rank r below 50 q with probability sqrt(q))
SELECT avg((category = favourite_category)::int) > 2.0 / 12 AS favourite FROM event JOIN truth USING (user_id) WHERE kind = 'purchase';
SELECT abs(sum(((product_id - 1) % 50 < 8)::int - 0.4) / sqrt(count(*) * 0.4 * 0.6)) < 4 AS popularity FROM event WHERE kind = 'view' AND event_time > '2024-06-01 00:00:00+00' AND order_id IS NULL;

-- places: distances of homes from the centre are Rayleigh; the last city lies on both sides of the 180th meridian
WITH city(home_city, latitude, longitude, radius) AS (VALUES ('Aldermouth', 51.2, -1.3, 14.0), ('Meridian Bay', -17.4, 179.95, 15.0)),
d AS (
  SELECT home_city, radius, 2 * 6371.0088 * asin(sqrt(sind((home_latitude - latitude) / 2) ^ 2
    + cosd(home_latitude) * cosd(latitude) * sind((home_longitude - longitude) / 2) ^ 2)) AS km, home_longitude
  FROM userseg.simulate_shop_truth(4000, 364, 7) JOIN city USING (home_city))
SELECT home_city, abs(avg(km) - radius * sqrt(pi() / 2)) < 4 * radius * sqrt((2 - pi() / 2) / count(*)) AS rayleigh, sign(min(home_longitude)) AS west, sign(max(home_longitude)) AS east
FROM d GROUP BY home_city, radius ORDER BY 1;

-- defects: the same events, some twice, some with gaps
WITH d AS (SELECT * FROM userseg.simulate_shop(300, 364, 7, duplicate_rate => 0.1, missing_rate => 0))
SELECT count(*) AS lost FROM (
  (SELECT user_id, event_time, kind, order_id, product_id, category, amount, rating, latitude, longitude FROM event WHERE user_id <= 300 EXCEPT SELECT * FROM d)
  UNION ALL (SELECT * FROM d EXCEPT SELECT user_id, event_time, kind, order_id, product_id, category, amount, rating, latitude, longitude FROM event)) AS x;
SELECT count(*) = count(DISTINCT (user_id, event_time, kind, order_id, product_id)) AS no_accidental_duplicates FROM event;
WITH d AS (
  SELECT count(*) AS copies, max(category) IS NULL AS no_category, max(latitude) IS NULL AS no_place, max(longitude) IS NULL AS no_longitude,
         max(kind) IN ('purchase', 'return') AND max(amount) IS NULL AS no_amount, max(kind) IN ('purchase', 'return') AS money
  FROM userseg.simulate_shop(1500, 364, 7, duplicate_rate => 0.05, missing_rate => 0.02) GROUP BY user_id, event_time, kind, order_id, product_id)
SELECT max(copies) AS most_copies, count(*) = (SELECT count(*) FROM event) AS same_events,
       abs(sum(copies - 1.05) / sqrt(count(*) * 0.05 * 0.95)) < 4 AS duplicates,
       abs(sum(no_category::int - 0.02) / sqrt(count(*) * 0.02 * 0.98)) < 4 AS categories,
       abs(sum(no_place::int - 0.02) / sqrt(count(*) * 0.02 * 0.98)) < 4 AS places, bool_and(no_place = no_longitude) AS both,
       abs(sum(no_amount::int - 0.02) FILTER (WHERE money) / sqrt(count(*) FILTER (WHERE money) * 0.02 * 0.98)) < 4 AS amounts
FROM d;

-- the ends of the range
SELECT count(*) >= 0 AS ok FROM userseg.simulate_shop(1, 1, -9223372036854775808, '4714-11-24 00:00:00+00 BC', 0.999, 0.999);
SELECT count(*) > 0 AS ok FROM userseg.simulate_shop(20, 3660, 9223372036854775807, '294266-01-01 00:00:00+00');
SELECT count(*) AS users, min(user_id), max(user_id) FROM userseg.simulate_shop_truth(5, 1);

-- errors
SELECT * FROM userseg.simulate_shop(0);
SELECT * FROM userseg.simulate_shop(NULL);
SELECT * FROM userseg.simulate_shop(-5, 10);
SELECT * FROM userseg.simulate_shop(5, 0);
SELECT * FROM userseg.simulate_shop(5, 3661);
SELECT * FROM userseg.simulate_shop(5, NULL);
SELECT * FROM userseg.simulate_shop(5, 10, NULL);
SELECT * FROM userseg.simulate_shop(5, 10, 1, 'infinity');
SELECT * FROM userseg.simulate_shop(5, 10, 1, '-infinity');
SELECT * FROM userseg.simulate_shop(5, 3660, 1, '294270-01-01 00:00:00+00');
SELECT * FROM userseg.simulate_shop(5, 10, 1, NULL);
SELECT * FROM userseg.simulate_shop(5, 10, duplicate_rate => 1);
SELECT * FROM userseg.simulate_shop(5, 10, duplicate_rate => 'NaN');
SELECT * FROM userseg.simulate_shop(5, 10, missing_rate => -0.1);
SELECT * FROM userseg.simulate_shop(5, 10, missing_rate => 'infinity');
SELECT * FROM userseg.simulate_shop(5, 10, missing_rate => NULL);
SELECT * FROM userseg.simulate_shop_truth(0);
SELECT * FROM userseg.simulate_shop_truth(5, 3661);
SELECT * FROM userseg.simulate_shop_truth(5, 10, 1, 'infinity');
SELECT * FROM userseg.simulate_shop_truth(5, 10, NULL);
-- cancelled on the way
SET statement_timeout = '100ms';
SELECT count(*) FROM userseg.simulate_shop(2000000000, 3660);
SELECT count(*) FROM userseg.simulate_shop_truth(2000000000, 3660);
RESET statement_timeout;
