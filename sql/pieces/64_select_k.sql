-- The number of clusters.

CREATE FUNCTION userseg.select_k(
  algorithm      text,
  source         text,
  k_min          int     DEFAULT 1,
  k_max          int     DEFAULT 10,
  id             text    DEFAULT NULL,
  features       text[]  DEFAULT NULL,
  transform      jsonb   DEFAULT '{}',
  params         jsonb   DEFAULT '{}',
  null_policy    text    DEFAULT 'impute',
  weight         text    DEFAULT NULL,
  seed           bigint  DEFAULT 42,
  criterion      text    DEFAULT NULL,
  reference_sets int     DEFAULT 50,
  bootstraps     int     DEFAULT 20)
RETURNS TABLE (k int, n_rows bigint, inertia float8, silhouette float8, calinski_harabasz float8,
               davies_bouldin float8, gap float8, gap_se float8, bic float8, aic float8,
               stability float8, jaccard float8[], recommended boolean, reason text, details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 10
AS 'MODULE_PATHNAME', 'userseg_select_k';
COMMENT ON FUNCTION userseg.select_k(text, text, int, int, text, text[], jsonb, jsonb, text, text, bigint, text, int, int)
IS 'How many clusters: one row for each number, with the figures of every criterion, the recommended one and why';
