-- Score breaks, scores and segments of RFM figures.

-- Breaks

CREATE FUNCTION userseg._rfm_breaks_step(state bytea, value float8, n int) RETURNS bytea
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_breaks_step';
COMMENT ON FUNCTION userseg._rfm_breaks_step(bytea, float8, int) IS 'Transition function of rfm_breaks';

CREATE FUNCTION userseg._rfm_breaks_combine(a bytea, b bytea) RETURNS bytea
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_breaks_combine';
COMMENT ON FUNCTION userseg._rfm_breaks_combine(bytea, bytea) IS 'Combine function of rfm_breaks';

CREATE FUNCTION userseg._rfm_breaks_final(state bytea) RETURNS float8[]
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_rfm_breaks_final';
COMMENT ON FUNCTION userseg._rfm_breaks_final(bytea) IS 'Final function of rfm_breaks';

CREATE AGGREGATE userseg.rfm_breaks(value float8, n int) (
	SFUNC = userseg._rfm_breaks_step,
	STYPE = bytea,
	SSPACE = 8192,
	FINALFUNC = userseg._rfm_breaks_final,
	COMBINEFUNC = userseg._rfm_breaks_combine,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.rfm_breaks(float8, int) IS 'The n - 1 breaks that share the values out among n scores';

-- Scores

CREATE FUNCTION userseg.rfm_score(value float8, breaks float8[], reverse boolean DEFAULT false) RETURNS int
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_score';
COMMENT ON FUNCTION userseg.rfm_score(float8, float8[], boolean) IS '1 plus the number of breaks below the value; reversed (for recency) small values score high';

-- Segments.  Built-in rules are code; this table holds only what overrides them.

CREATE TABLE userseg.rfm_rule (
	position int NOT NULL,
	segment text NOT NULL,
	replaces text,
	r_min int NOT NULL DEFAULT 1,
	r_max int NOT NULL DEFAULT 5,
	f_min int NOT NULL DEFAULT 1,
	f_max int NOT NULL DEFAULT 5,
	m_min int NOT NULL DEFAULT 1,
	m_max int NOT NULL DEFAULT 5,
	CONSTRAINT rfm_rule_pkey PRIMARY KEY (position),
	CONSTRAINT rfm_rule_segment CHECK (segment <> '' AND pg_catalog.octet_length(segment) <= 63),
	CONSTRAINT rfm_rule_replaces CHECK (replaces IN ('Champions', 'Loyal', 'Potential Loyalist', 'New', 'Promising',
		'Need Attention', 'About To Sleep', 'At Risk', 'Can''t Lose', 'Hibernating', 'Lost')),
	CONSTRAINT rfm_rule_r CHECK (1 <= r_min AND r_min <= r_max AND r_max <= 5),
	CONSTRAINT rfm_rule_f CHECK (1 <= f_min AND f_min <= f_max AND f_max <= 5),
	CONSTRAINT rfm_rule_m CHECK (1 <= m_min AND m_min <= m_max AND m_max <= 5)
);
COMMENT ON TABLE userseg.rfm_rule IS 'Rules that override the built-in RFM segments of the whole database; of several that match, the lowest position holds';
COMMENT ON COLUMN userseg.rfm_rule.position IS 'Order of the rules, lowest first';
COMMENT ON COLUMN userseg.rfm_rule.segment IS 'Name that the matching cells get, at most 63 bytes';
COMMENT ON COLUMN userseg.rfm_rule.replaces IS 'Only cells whose built-in segment this is; NULL for any';
COMMENT ON COLUMN userseg.rfm_rule.r_min IS 'Lowest recency score';
COMMENT ON COLUMN userseg.rfm_rule.r_max IS 'Highest recency score';
COMMENT ON COLUMN userseg.rfm_rule.f_min IS 'Lowest frequency score';
COMMENT ON COLUMN userseg.rfm_rule.f_max IS 'Highest frequency score';
COMMENT ON COLUMN userseg.rfm_rule.m_min IS 'Lowest monetary score';
COMMENT ON COLUMN userseg.rfm_rule.m_max IS 'Highest monetary score';
GRANT SELECT ON userseg.rfm_rule TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('userseg.rfm_rule', '');

CREATE FUNCTION userseg.rfm_segment(r int, f int, m int) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_rfm_segment';
COMMENT ON FUNCTION userseg.rfm_segment(int, int, int) IS 'Name of the segment of three scores from 1 to 5';

CREATE FUNCTION userseg.rfm_rules(OUT r int, OUT f int, OUT m int, OUT segment text, OUT rule int) RETURNS SETOF record
LANGUAGE C STABLE PARALLEL SAFE ROWS 125 COST 100 AS 'MODULE_PATHNAME', 'userseg_rfm_rules';
COMMENT ON FUNCTION userseg.rfm_rules() IS 'The segments in force: one row for each cell, with the position of the rule or NULL where built in';

-- Stored breaks: a scale holds those of all three figures, and belongs to a role.

CREATE TABLE userseg._rfm_scale (
	name text COLLATE "C" NOT NULL,
	owner text COLLATE "C" NOT NULL,
	recency float8[] NOT NULL,
	frequency float8[] NOT NULL,
	monetary float8[] NOT NULL,
	saved_at timestamptz NOT NULL,
	saved_by text COLLATE "C" NOT NULL,
	CONSTRAINT _rfm_scale_pkey PRIMARY KEY (name)
);
COMMENT ON TABLE userseg._rfm_scale IS 'Stored score breaks';
COMMENT ON COLUMN userseg._rfm_scale.name IS 'Name of the scale';
COMMENT ON COLUMN userseg._rfm_scale.owner IS 'Role that owns it';
COMMENT ON COLUMN userseg._rfm_scale.recency IS 'Breaks of recency';
COMMENT ON COLUMN userseg._rfm_scale.frequency IS 'Breaks of frequency';
COMMENT ON COLUMN userseg._rfm_scale.monetary IS 'Breaks of monetary value';
COMMENT ON COLUMN userseg._rfm_scale.saved_at IS 'When it was saved last';
COMMENT ON COLUMN userseg._rfm_scale.saved_by IS 'Role that saved it last';
REVOKE ALL ON userseg._rfm_scale FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('userseg._rfm_scale', '');

CREATE VIEW userseg.rfm_scales WITH (security_barrier) AS
SELECT name, owner, recency, frequency, monetary, saved_at, saved_by
FROM userseg._rfm_scale WHERE userseg._acts_as(owner);
COMMENT ON VIEW userseg.rfm_scales IS 'Stored score breaks that you may use';
COMMENT ON COLUMN userseg.rfm_scales.name IS 'Name of the scale';
COMMENT ON COLUMN userseg.rfm_scales.owner IS 'Role that owns it';
COMMENT ON COLUMN userseg.rfm_scales.recency IS 'Breaks of recency';
COMMENT ON COLUMN userseg.rfm_scales.frequency IS 'Breaks of frequency';
COMMENT ON COLUMN userseg.rfm_scales.monetary IS 'Breaks of monetary value';
COMMENT ON COLUMN userseg.rfm_scales.saved_at IS 'When it was saved last';
COMMENT ON COLUMN userseg.rfm_scales.saved_by IS 'Role that saved it last';
GRANT SELECT ON userseg.rfm_scales TO PUBLIC;

CREATE FUNCTION userseg.save_rfm_scale(name text, recency float8[], frequency float8[], monetary float8[]) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_save_rfm_scale';
COMMENT ON FUNCTION userseg.save_rfm_scale(text, float8[], float8[], float8[]) IS 'Store score breaks under a name, or replace those of the name';

CREATE FUNCTION userseg.drop_rfm_scale(name text) RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000 AS 'MODULE_PATHNAME', 'userseg_drop_rfm_scale';
COMMENT ON FUNCTION userseg.drop_rfm_scale(text) IS 'Drop stored score breaks';

CREATE TYPE userseg.rfm_cell AS (r int, f int, m int, segment text);
COMMENT ON TYPE userseg.rfm_cell IS 'Scores of recency, frequency and monetary value, and their segment';
COMMENT ON COLUMN userseg.rfm_cell.r IS 'Score of recency: high for a recent purchase';
COMMENT ON COLUMN userseg.rfm_cell.f IS 'Score of frequency';
COMMENT ON COLUMN userseg.rfm_cell.m IS 'Score of monetary value';
COMMENT ON COLUMN userseg.rfm_cell.segment IS 'Name of the segment';

CREATE FUNCTION userseg.rfm_scores(scale text, recency float8, frequency float8, monetary float8) RETURNS userseg.rfm_cell
LANGUAGE C STABLE PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'userseg_rfm_scores';
COMMENT ON FUNCTION userseg.rfm_scores(text, float8, float8, float8) IS 'Scores by stored breaks, and the segment; NULL where a figure is';
