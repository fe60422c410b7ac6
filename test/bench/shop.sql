-- The simulated shop, a million events: medians of 5, a line a comparison:
--   | work / against | userseg ms | peer ms | ratio | target |
-- psql -XAtq -f test/bench/shop.sql   (in a database with the extension; leaves nothing)
SET max_parallel_workers_per_gather = 0;
SET work_mem = '1GB';
SET client_min_messages = warning;

CREATE FUNCTION pg_temp.milliseconds(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
  begun timestamptz;
  times float8[];
BEGIN
  FOR i IN 1..5 LOOP
    DROP TABLE IF EXISTS pg_temp.written;
    begun := clock_timestamp();
    EXECUTE query;
    times := times || (extract(epoch FROM clock_timestamp() - begun) * 1000)::float8;
  END LOOP;
  RETURN (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(times) AS t);
END $$;

CREATE FUNCTION pg_temp.line(what text, query text, against text, floor_query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  ours float8 := pg_temp.milliseconds(query);
  theirs float8 := pg_temp.milliseconds(floor_query);
BEGIN
  RETURN format('| %s / %s | %s | %s | %s | |', what, against, round(ours::numeric), round(theirs::numeric), round((ours / theirs)::numeric, 2));
END $$;

CREATE TEMP TABLE event AS SELECT * FROM userseg.simulate_shop(4250);
SELECT format('-- %s events', count(*)) FROM event;

SELECT pg_temp.line('events in a select list', 'SELECT count(r) FROM (SELECT userseg.simulate_shop(4250) AS r OFFSET 0) AS s',
  'generate_series in a select list', format('SELECT count(r) FROM (SELECT generate_series(1, %s) AS r OFFSET 0) AS s', (SELECT count(*) FROM event)));
SELECT pg_temp.line('events in FROM', 'SELECT count(amount) FROM userseg.simulate_shop(4250)',
  'generate_series in FROM', format('SELECT count(i) FROM generate_series(1, %s) AS i', (SELECT count(*) FROM event)));
SELECT pg_temp.line('events into a table', 'CREATE TEMP TABLE written AS SELECT * FROM userseg.simulate_shop(4250)',
  'copy of the table', 'CREATE TEMP TABLE written AS SELECT * FROM event');
