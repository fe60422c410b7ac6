-- Scorecards: their bins, and the points of a row.

CREATE FUNCTION userseg.scorecard(model text)
RETURNS TABLE (feature text, status text, bin int, condition text, n float8, share float8, event_rate float8, woe float8, iv float8, points float8)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 60
AS 'MODULE_PATHNAME', 'userseg_scorecard';
COMMENT ON FUNCTION userseg.scorecard(text)
IS 'Bins of a scorecard: the condition over the source, weight and share of its training rows, share of the positive class, weight of evidence, part of the information value, points';

CREATE FUNCTION userseg._scorecard_points(model text, columns text[], present oid, VARIADIC "any") RETURNS float8
LANGUAGE C STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_scorecard_points_columns';
COMMENT ON FUNCTION userseg._scorecard_points(text, text[], oid, "any") IS 'userseg.scorecard_points of columns';

CREATE FUNCTION userseg.scorecard_points(model text, features record) RETURNS float8
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20 SUPPORT userseg._predict_support AS 'MODULE_PATHNAME', 'userseg_scorecard_points';
COMMENT ON FUNCTION userseg.scorecard_points(text, record) IS 'Points of a row by a scorecard: the sum of the points of its bins';
