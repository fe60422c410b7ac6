-- Tables of users and their segments.

CREATE FUNCTION userseg.assign(
  model      text,
  source     text,
  id         text,
  into_table text,
  history    boolean     DEFAULT true,
  as_of      timestamptz DEFAULT now())
RETURNS TABLE (n_rows bigint, n_new bigint, n_changed bigint, n_unchanged bigint, n_gone bigint,
               n_unscored bigint, version int)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 1
AS 'MODULE_PATHNAME', 'userseg_assign';
COMMENT ON FUNCTION userseg.assign(text, text, text, text, boolean, timestamptz)
IS 'Score a source and keep a table of its ids and their segments up to date, with history';
