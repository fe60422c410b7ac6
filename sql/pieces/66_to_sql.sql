-- Models as plain SQL.

CREATE FUNCTION userseg.to_sql(model text, output text DEFAULT NULL, alias text DEFAULT NULL, class text DEFAULT NULL,
                               subselect boolean DEFAULT false, max_length int DEFAULT 1000000)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'userseg_to_sql';
COMMENT ON FUNCTION userseg.to_sql(text, text, text, text, boolean, int)
IS 'A model as an SQL expression over the columns of its source, preprocessing included: gives the predictions of the model on any PostgreSQL, without the extension. Output: label, id, value or probability';
