-- Coefficients of linear predictors.

CREATE FUNCTION userseg.coefficients(model text, level float8 DEFAULT 0.95)
RETURNS TABLE (class text, term text, coefficient float8, std_error float8, statistic float8, p_value float8,
               ci_low float8, ci_high float8, encoded float8, note text)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 30
AS 'MODULE_PATHNAME', 'userseg_coefficients';
COMMENT ON FUNCTION userseg.coefficients(text, float8)
IS 'Coefficients of a linear, logistic or generalised linear model in units of the source, with standard errors, t or z statistics, p-values and intervals of the level';
