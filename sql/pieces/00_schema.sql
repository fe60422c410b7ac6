-- Nothing that stands in the schema where the extension is created can be picked up
-- by the views and defaults below.
SET LOCAL search_path = pg_catalog, pg_temp;

-- The schema is made here, never found: a schema made beforehand would keep its
-- owner, who could plant closer-matching functions in it.
CREATE SCHEMA userseg;
COMMENT ON SCHEMA userseg IS 'userseg: user value segmentation';
GRANT USAGE ON SCHEMA userseg TO PUBLIC;

CREATE FUNCTION userseg.version() RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_version';
COMMENT ON FUNCTION userseg.version() IS 'Version of the loaded userseg library';
