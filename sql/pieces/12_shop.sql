-- A simulated shop: events of users whose true groups are known (doc/shop.md).

CREATE FUNCTION userseg.simulate_shop(
  customers      int,
  days           int              DEFAULT 365,
  seed           bigint           DEFAULT 42,
  start          timestamptz      DEFAULT '2024-01-01 00:00:00+00',
  duplicate_rate double precision DEFAULT 0.005,
  missing_rate   double precision DEFAULT 0.01)
RETURNS TABLE (
  user_id    bigint,
  event_time timestamptz,
  kind       text,
  order_id   bigint,
  product_id int,
  category   text,
  amount     double precision,
  rating     double precision,
  latitude   double precision,
  longitude  double precision)
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1 ROWS 100000
AS 'MODULE_PATHNAME', 'userseg_simulate_shop';
COMMENT ON FUNCTION userseg.simulate_shop(int, int, bigint, timestamptz, double precision, double precision) IS
  'Events (view, cart, purchase, return, rating) of a simulated shop, by user and time; the same for the same arguments';

CREATE FUNCTION userseg.simulate_shop_truth(
  customers int,
  days      int         DEFAULT 365,
  seed      bigint      DEFAULT 42,
  start     timestamptz DEFAULT '2024-01-01 00:00:00+00')
RETURNS TABLE (
  user_id             bigint,
  group_id            int,
  group_name          text,
  joined_at           timestamptz,
  dropout_time        timestamptz,
  orders              int,
  order_rate          double precision,
  dropout_probability double precision,
  mean_order_value    double precision,
  session_rate        double precision,
  return_rate         double precision,
  favourite_category  text,
  habit               text,
  home_city           text,
  home_latitude       double precision,
  home_longitude      double precision,
  utc_offset          int)
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1 ROWS 1000
AS 'MODULE_PATHNAME', 'userseg_simulate_shop_truth';
COMMENT ON FUNCTION userseg.simulate_shop_truth(int, int, bigint, timestamptz) IS
  'True group and parameters of every user of simulate_shop with the same arguments';
