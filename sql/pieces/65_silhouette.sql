-- How well rows lie in the groups that somebody gave them.

CREATE FUNCTION userseg.silhouette(
  source      text,
  label       text,
  features    text[]  DEFAULT NULL,
  id          text    DEFAULT NULL,
  transform   jsonb   DEFAULT '{}',
  null_policy text    DEFAULT 'impute',
  metric      text    DEFAULT 'euclidean',
  sample_rows int     DEFAULT 10000,
  each_row    boolean DEFAULT false,
  seed        bigint  DEFAULT 42,
  weight      text    DEFAULT NULL,
  workers     int     DEFAULT NULL)
RETURNS TABLE (id text, label text, neighbour text, silhouette float8, n_rows bigint, details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 1000
AS 'MODULE_PATHNAME', 'userseg_silhouette';
COMMENT ON FUNCTION userseg.silhouette(text, text, text[], text, jsonb, text, text, int, boolean, bigint, text, int)
IS 'Silhouettes of the rows of a source with labels: their mean, or with each_row one value a row';
