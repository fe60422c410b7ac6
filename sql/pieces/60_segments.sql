-- Segments: what they are and what they are called.

CREATE FUNCTION userseg.centroids(model text, space text DEFAULT 'original')
RETURNS TABLE (segment_id int, segment text, feature text, value float8, z float8,
               lift_vs_rest float8, n bigint)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 100
AS 'MODULE_PATHNAME', 'userseg_centroids';
COMMENT ON FUNCTION userseg.centroids(text, text)
IS 'Means and shares of the features in each segment, in the units of the source or (space encoded) as the model sees them';

CREATE FUNCTION userseg.describe_segments(model text)
RETURNS TABLE (segment_id int, segment text, n bigint, share float8, suggested_name text,
               top_features jsonb, rule text, rule_fidelity float8,
               rule_precision float8, rule_recall float8)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 10
AS 'MODULE_PATHNAME', 'userseg_describe_segments';
COMMENT ON FUNCTION userseg.describe_segments(text)
IS 'Segment cards: size, a name to consider, what makes the segment, a rule that imitates it';

CREATE FUNCTION userseg.name_segment(model text, segment_id int, name text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'userseg_name_segment';
COMMENT ON FUNCTION userseg.name_segment(text, int, text)
IS 'Name a segment of a model; the name stays when the model is trained again (NULL: back to the default name)';
