-- Leaves of trees as rules.

CREATE FUNCTION userseg.rules(model text, tree_number int DEFAULT NULL)
RETURNS TABLE (tree int, leaf int, depth int, rule text, n float8, share float8, label text, value float8, lift float8)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 30
AS 'MODULE_PATHNAME', 'userseg_rules';
COMMENT ON FUNCTION userseg.rules(text, int)
IS 'Leaves of a decision tree, or of one or all trees of a forest or boosting: the rule as a condition over the source, the weight and share of its training rows, class, value and lift';
