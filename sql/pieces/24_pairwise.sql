-- Distances of all pairs of rows of a small source.

CREATE FUNCTION userseg.pairwise(
  source   text,
  id       text,
  features text[] DEFAULT NULL,
  metric   text   DEFAULT 'euclidean')
RETURNS TABLE (a text, b text, distance float8)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 100000
AS 'MODULE_PATHNAME', 'userseg_pairwise';
COMMENT ON FUNCTION userseg.pairwise(text, text, text[], text)
IS 'Distances of all pairs of rows, each once, of up to 5000 rows: euclidean, sqeuclidean, cosine, manhattan or chebyshev, of the numbers as they are';
