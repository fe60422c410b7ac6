-- Models as PMML.

CREATE FUNCTION userseg.to_pmml(model text, max_length int DEFAULT 10000000)
RETURNS xml
LANGUAGE C STABLE PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'userseg_to_pmml';
COMMENT ON FUNCTION userseg.to_pmml(text, int)
IS 'A model as a document of PMML 4.4, preprocessing included, for other software that scores with such models';
