/*
 * sql_step.c
 *	  Iterations of a training as SQL aggregates over its source.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "infra/objects.h"
#include "verbs/sql_step.h"

/* Columns that _encode_point takes one by one; more come as a row (a function has at most 100 arguments). */
#define MAX_POINT_COLUMNS 90

typedef struct SqlStep
{
	char	   *query;
	Datum		encoder;		/* bytea */
	Oid			argument_type;	/* of the state that steers, such as userseg.centroid_set */
	MemoryContext context;		/* results are copied here */
} SqlStep;

static struct varlena *
run(void *context, const struct varlena *argument)
{
	SqlStep    *s = context;
	Oid			type[2] = {BYTEAOID, s->argument_type};
	Datum		value[2] = {s->encoder, PointerGetDatum(argument)};
	struct varlena *result;
	bool		isnull;
	Datum		d;
	MemoryContext old;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	us_source_begin_readonly();
	if (SPI_execute_with_args(s->query, 2, type, value, NULL, true, 0) != SPI_OK_SELECT
		|| SPI_processed != 1)
		elog(ERROR, "a step of the training returned " UINT64_FORMAT " rows", SPI_processed);
	us_source_end_readonly();
	d = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	old = MemoryContextSwitchTo(s->context);
	result = isnull ? NULL : PG_DETOAST_DATUM_COPY(d);
	MemoryContextSwitchTo(old);
	SPI_finish();
	return result;
}

/* The arguments that carry the row: weight, then the columns in the order of the features. */
static void
append_row(StringInfo q, const UsFrame *frame, const UsEncoder *encoder)
{
	int			n = us_encoder_nfeatures(encoder);
	const char *weight = NULL;

	for (int i = 0; i < frame->ncolumns; i++)
		if (frame->column[i].role == US_ROLE_WEIGHT)
			weight = frame->column[i].name;
	if (weight)
		appendStringInfo(q, ", s.%s::float8", quote_identifier(weight));
	else
		appendStringInfoString(q, ", NULL::float8");
	if (n > MAX_POINT_COLUMNS)
		appendStringInfoString(q, ", s");
	else
		for (int i = 0; i < n; i++)
			appendStringInfo(q, ", s.%s", quote_identifier(us_encoder_feature(encoder, i)->name));
}

void
us_sql_step_make(UsSqlStep *step, const UsAlgorithm *algorithm, UsSource *source,
				 const UsFrame *frame, const UsEncoder *encoder)
{
	SqlStep    *s = palloc0(sizeof(SqlStep));
	UsWriter	w;
	StringInfoData q;

	if (us_encoder_out_of_fold(encoder))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("strategy \"sql\" cannot use out-of-fold target encoding"),
				 errdetail("An SQL step sees one row at a time and not its fold."),
				 errhint("Use strategy \"local\", or another encoding of the category.")));
	us_writer_init(&w);
	us_encoder_write(encoder, &w);
	s->encoder = PointerGetDatum(us_writer_varlena(&w));
	s->argument_type = us_extension_type("centroid_set");
	s->context = CurrentMemoryContext;

	initStringInfo(&q);
	appendStringInfo(&q, "SELECT userseg.%s(userseg.%s($1, $2", algorithm->sql_aggregate,
					 us_encoder_nfeatures(encoder) > MAX_POINT_COLUMNS ? "_encode_row" : "_encode_point");
	append_row(&q, frame, encoder);
	appendStringInfo(&q, ")) FROM %s s", us_source_from(source));
	s->query = q.data;
	step->run = run;
	step->context = s;
}
