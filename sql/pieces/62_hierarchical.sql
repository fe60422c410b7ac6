-- Trees of hierarchical clustering: looked at, and cut again.

CREATE FUNCTION userseg.cut(model text, k int DEFAULT NULL, height float8 DEFAULT NULL, alias text DEFAULT NULL)
RETURNS TABLE (model text, version int, n_segments int, height_low float8, height_high float8,
               metric text, metric_value float8, details jsonb)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1
AS 'MODULE_PATHNAME', 'userseg_cut';
COMMENT ON FUNCTION userseg.cut(text, int, float8, text)
IS 'Cut the tree of a hierarchical model into k segments, or at a height: a new version, without training';

CREATE FUNCTION userseg.dendrogram(model text)
RETURNS TABLE (step int, a int, b int, height float8, size float8, inconsistency float8)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'userseg_dendrogram';
COMMENT ON FUNCTION userseg.dendrogram(text)
IS 'Merges of a hierarchical model: clusters a and b make cluster (number of leaves + step), all numbers from 0 as in scipy';

CREATE FUNCTION userseg.dendrogram_leaves(model text)
RETURNS TABLE (place int, leaf int, weight float8, segment_id int, segment text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'userseg_dendrogram_leaves';
COMMENT ON FUNCTION userseg.dendrogram_leaves(text)
IS 'Leaves of a hierarchical model from left to right in its dendrogram, with weight and segment';
