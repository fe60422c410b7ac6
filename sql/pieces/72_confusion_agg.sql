-- Predicted against actual labels.

CREATE TYPE userseg.confusion_counts;

CREATE FUNCTION userseg._confusion_counts_in(cstring) RETURNS userseg.confusion_counts
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_confusion_counts_in';
COMMENT ON FUNCTION userseg._confusion_counts_in(cstring) IS 'Input function of userseg.confusion_counts: hexadecimal text';

CREATE FUNCTION userseg._confusion_counts_out(userseg.confusion_counts) RETURNS cstring
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_confusion_counts_out';
COMMENT ON FUNCTION userseg._confusion_counts_out(userseg.confusion_counts) IS 'Output function of userseg.confusion_counts: hexadecimal text';

CREATE FUNCTION userseg._confusion_counts_recv(internal) RETURNS userseg.confusion_counts
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_confusion_counts_recv';
COMMENT ON FUNCTION userseg._confusion_counts_recv(internal) IS 'Binary input function of userseg.confusion_counts';

CREATE FUNCTION userseg._confusion_counts_send(userseg.confusion_counts) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'userseg_confusion_counts_send';
COMMENT ON FUNCTION userseg._confusion_counts_send(userseg.confusion_counts) IS 'Binary output function of userseg.confusion_counts';

CREATE TYPE userseg.confusion_counts (
  INPUT = userseg._confusion_counts_in,
  OUTPUT = userseg._confusion_counts_out,
  RECEIVE = userseg._confusion_counts_recv,
  SEND = userseg._confusion_counts_send,
  INTERNALLENGTH = VARIABLE,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE userseg.confusion_counts IS 'Weight of rows by actual and predicted label: the state of confusion_agg';

CREATE FUNCTION userseg._confusion_step(state userseg.confusion_counts, predicted text, actual text) RETURNS userseg.confusion_counts
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_confusion_step';
COMMENT ON FUNCTION userseg._confusion_step(userseg.confusion_counts, text, text) IS 'Transition function of confusion_agg';

CREATE FUNCTION userseg._confusion_step(state userseg.confusion_counts, predicted text, actual text, weight float8) RETURNS userseg.confusion_counts
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 3 AS 'MODULE_PATHNAME', 'userseg_confusion_step';
COMMENT ON FUNCTION userseg._confusion_step(userseg.confusion_counts, text, text, float8) IS 'Transition function of confusion_agg, weighted';

CREATE FUNCTION userseg._confusion_combine(a userseg.confusion_counts, b userseg.confusion_counts) RETURNS userseg.confusion_counts
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_confusion_combine';
COMMENT ON FUNCTION userseg._confusion_combine(userseg.confusion_counts, userseg.confusion_counts) IS 'Combine function of confusion_agg';

CREATE FUNCTION userseg._confusion_final(state userseg.confusion_counts) RETURNS jsonb
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'userseg_confusion_final';
COMMENT ON FUNCTION userseg._confusion_final(userseg.confusion_counts) IS 'Final function of confusion_agg';

CREATE AGGREGATE userseg.confusion_agg(predicted text, actual text) (
  SFUNC = userseg._confusion_step,
  STYPE = userseg.confusion_counts,
  SSPACE = 600,
  FINALFUNC = userseg._confusion_final,
  COMBINEFUNC = userseg._confusion_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.confusion_agg(text, text) IS 'Confusion matrix and the measures that follow from it';

CREATE AGGREGATE userseg.confusion_agg(predicted text, actual text, weight float8) (
  SFUNC = userseg._confusion_step,
  STYPE = userseg.confusion_counts,
  SSPACE = 600,
  FINALFUNC = userseg._confusion_final,
  COMBINEFUNC = userseg._confusion_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE userseg.confusion_agg(text, text, float8) IS 'Confusion matrix and the measures that follow from it; rows weighted';
