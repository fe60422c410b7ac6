-- One iteration of a training as an SQL aggregate (params {"strategy": "sql"}).

CREATE FUNCTION userseg._encode_point(encoder bytea, c userseg.centroid_set, weight float8, VARIADIC columns "any")
RETURNS userseg.kmeans_point
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_point';
COMMENT ON FUNCTION userseg._encode_point(bytea, userseg.centroid_set, float8, "any")
IS 'Internal: a row of a training, encoded and assigned to its nearest centre';

CREATE FUNCTION userseg._encode_row(encoder bytea, c userseg.centroid_set, weight float8, features record)
RETURNS userseg.kmeans_point
LANGUAGE C STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'userseg_encode_row';
COMMENT ON FUNCTION userseg._encode_row(bytea, userseg.centroid_set, float8, record)
IS 'Internal: the same for a row of many columns';
