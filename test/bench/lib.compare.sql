-- pg_temp.compare(): two statements in turn, five times each; one row of the table with their
-- medians in milliseconds.  before_ours and before_peer run before each, untimed.
CREATE FUNCTION pg_temp.compare(what text, target text, ours text, peer text,
  before_ours text DEFAULT 'SELECT', before_peer text DEFAULT 'SELECT') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  begun timestamptz;
  a float8[];
  b float8[];
  x float8;
  y float8;
BEGIN
  FOR i IN 1..5 LOOP
    EXECUTE before_ours;
    begun := clock_timestamp();
    EXECUTE ours;
    a := a || (extract(epoch FROM clock_timestamp() - begun) * 1000)::float8;
    EXECUTE before_peer;
    begun := clock_timestamp();
    EXECUTE peer;
    b := b || (extract(epoch FROM clock_timestamp() - begun) * 1000)::float8;
  END LOOP;
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) INTO x FROM unnest(a) t;
  SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) INTO y FROM unnest(b) t;
  RETURN format('| %s | %s | %s | %s | %s |', what, round(x::numeric), round(y::numeric), round((x / y)::numeric, 2), target);
END $$;
