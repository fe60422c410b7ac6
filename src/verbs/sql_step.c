/*
 * sql_step.c
 *	  Iterations of a training as SQL aggregates over its source.
 *
 * A step is a source of its own: one SELECT around the user's, in which the encoder
 * and the state stand as literals.  So it runs under the same guard, as the same
 * user, and the planner is as free to use parallel workers or shards.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "infra/objects.h"
#include "verbs/sql_step.h"

/* Columns that _encode_point takes one by one; more come as a row (a function has at most 100 arguments). */
#define MAX_POINT_COLUMNS 90

/* How the aggregates of supervised algorithms are fed: the response is passed too, and what steers is a bytea. */
typedef struct Form
{
	const char *aggregate;
	const char *encode;			/* function of the columns */
	const char *encode_row;		/* function of the row */
} Form;

static const Form forms[] = {
	{"gram_step", "_encode_gram", "_encode_gram_row"},
	{"logistic_step", "_encode_logistic", "_encode_logistic_row"},
	{"naive_bayes_step", "_encode_naive_bayes", "_encode_naive_bayes_row"}
};

typedef struct SqlStep
{
	char	   *head;			/* up to the state */
	char	   *tail;
	const char *source;			/* as the user gave it, for messages */
	Oid			argument_type;	/* of the state that steers, such as userseg.centroid_set */
	MemoryContext context;		/* results are copied here */
	struct varlena *result;
} SqlStep;

static bool
take_result(TupleTableSlot *slot, void *arg)
{
	SqlStep    *s = arg;
	bool		isnull;
	Datum		d = slot_getattr(slot, 1, &isnull);
	MemoryContext old = MemoryContextSwitchTo(s->context);

	s->result = isnull ? NULL : PG_DETOAST_DATUM_COPY(d);
	MemoryContextSwitchTo(old);
	return true;
}

static struct varlena *
run(void *context, const struct varlena *argument)
{
	SqlStep    *s = context;
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "userseg SQL step",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	Oid			output;
	bool		is_varlena;
	char	   *text;

	CHECK_FOR_INTERRUPTS();
	getTypeOutputInfo(s->argument_type, &output, &is_varlena);
	text = psprintf("%s'%s'%s", s->head, OidOutputFunctionCall(output, PointerGetDatum(argument)),
					s->tail);
	s->result = NULL;
	us_source_each(us_source_open_step(text, s->source), take_result, s);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return s->result;
}

/* That of a supervised algorithm; NULL for the others. */
static const Form *
form_of(const UsAlgorithm *algorithm)
{
	for (int i = 0; i < lengthof(forms); i++)
		if (strcmp(forms[i].aggregate, algorithm->sql_aggregate) == 0)
			return &forms[i];
	return NULL;
}

/* The response of a row: a number, or the class index of the target. */
static void
append_response(StringInfo q, const UsFrame *frame, const UsTarget *target)
{
	const UsColumn *column = &frame->column[target->column];
	const char *name = quote_identifier(column->name);
	bool		number = column->kind != US_KIND_CATEGORY;

	if (target->task == US_TASK_REGRESSION)
	{
		appendStringInfo(q, ", s.%s::pg_catalog.float8", name);
		return;
	}
	appendStringInfoString(q, ", (pg_catalog.array_position(ARRAY[");
	for (int k = 0; k < target->n_classes; k++)
	{
		if (k > 0)
			appendStringInfoString(q, ", ");
		if (column->kind == US_KIND_NUMBER)
			appendStringInfo(q, "'%.17g'::pg_catalog.float8", target->class_number[k]);
		else if (number)
			appendStringInfo(q, "%d", (int) target->class_number[k]);
		else
			appendStringInfo(q, "%s::pg_catalog.text", quote_literal_cstr(target->class_name[k]));
	}
	appendStringInfo(q, "], s.%s::pg_catalog.%s) - 1)::pg_catalog.float8", name,
					 column->kind == US_KIND_NUMBER ? "float8" : number ? "int4" : "text");
}

/*
 * The arguments that carry the row: weight, then the columns in the order of the features.  (The
 * row is s.*, since s alone would be a column of that name.)
 */
static void
append_row(StringInfo q, const UsFrame *frame, const UsTarget *target, const UsEncoder *encoder)
{
	int			n = us_encoder_nfeatures(encoder);
	const char *weight = NULL;

	for (int i = 0; i < frame->ncolumns; i++)
		if (frame->column[i].role == US_ROLE_WEIGHT)
			weight = frame->column[i].name;
	if (weight)
		appendStringInfo(q, ", s.%s::pg_catalog.float8", quote_identifier(weight));
	else
		appendStringInfoString(q, ", NULL::pg_catalog.float8");
	if (target != NULL)
		append_response(q, frame, target);
	if (n > MAX_POINT_COLUMNS)
		appendStringInfoString(q, ", s.*");
	else
		for (int i = 0; i < n; i++)
			appendStringInfo(q, ", s.%s", quote_identifier(us_encoder_feature(encoder, i)->name));
}

void
us_sql_step_make(UsSqlStep *step, const UsAlgorithm *algorithm, UsSource *source,
				 const UsFrame *frame, const UsTarget *target, const UsEncoder *encoder)
{
	const Form *form = form_of(algorithm);
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
	initStringInfo(&q);
	appendStringInfo(&q, "SELECT userseg.%s(userseg.%s(E'\\\\x%s'::pg_catalog.bytea, ",
					 algorithm->sql_aggregate,
					 us_encoder_nfeatures(encoder) > MAX_POINT_COLUMNS ?
					 (form ? form->encode_row : "_encode_row") : (form ? form->encode : "_encode_point"),
					 us_hex_encode(w.buf.data + VARHDRSZ, w.buf.len - VARHDRSZ));
	s->head = q.data;

	initStringInfo(&q);
	appendStringInfo(&q, "::%s.%s", form ? "pg_catalog" : "userseg", form ? "bytea" : algorithm->sql_argument);
	append_row(&q, frame, form ? target : NULL, encoder);
	appendStringInfo(&q, ")) FROM %s s", us_source_from(source));
	if (form)
		appendStringInfo(&q, " WHERE s.%s IS NOT NULL", quote_identifier(target->name));
	s->tail = q.data;
	s->source = us_source_shown(source);
	s->argument_type = form ? BYTEAOID : us_extension_type(algorithm->sql_argument);
	s->context = CurrentMemoryContext;
	step->run = run;
	step->context = s;
}
