/*
 * to_sql.c
 *	  A model as an SQL expression.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "data/names.h"
#include "infra/guc.h"
#include "model/answer_formula.h"
#include "model/formula_sql.h"
#include "verbs/score.h"
#include "verbs/to_sql.h"

/* characters that a node of a tree takes at least, and bytes that it takes while it is written */
#define NODE_CHARACTERS		10
#define NODE_BYTES			512

#define MOST_CHARACTERS		100000000

static const char *const outputs[] = {"value", "label", "id", "probability"};

/* The position of the output, checked. */
static int
find_output(const UsModel *m, const UsToSql *how)
{
	const char *output = how->output ? how->output : m->n_labels > 0 ? "label" : "value";

	for (int i = 0; i < lengthof(outputs); i++)
	{
		if (strcmp(output, outputs[i]) != 0)
			continue;
		if (how->class != NULL && strcmp(output, "probability") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("class is given, but output is \"%s\"", output),
					 errhint("Use output => 'probability'.")));
		return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no output \"%s\"", output),
			 errhint("Outputs are \"value\", \"label\", \"id\" and \"probability\".")));
}

/* The label of that name, from 0. */
static int
find_class(const UsModel *m, const char *class)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int k = 0; k < m->n_labels; k++)
	{
		if (strcmp(m->label_name[k], class) == 0)
			return k;
		if (k < 20)
			us_names_append(&names, m->label_name[k]);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("model \"%s\" version %d has no class \"%s\"", m->info.model, m->info.version, class),
			 errhint("It has %s%s.", names.data, m->n_labels > 20 ? ", ..." : "")));
}

static void
check(const UsToSql *how)
{
	if (how->max_length < 1 || how->max_length > MOST_CHARACTERS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_length is %d, outside of 1 .. %d", how->max_length, MOST_CHARACTERS)));
	if (how->alias != NULL && (how->alias[0] == '\0' || strlen(how->alias) >= NAMEDATALEN))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("alias has %zu bytes, a name has 1 to %d", strlen(how->alias), NAMEDATALEN - 1)));
}

/* "alias".  */
static char *
prefix(const char *alias)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (alias == NULL)
		return buf.data;
	appendStringInfoChar(&buf, '"');
	for (const char *p = alias; *p; p++)
	{
		if (*p == '"')
			appendStringInfoChar(&buf, '"');
		appendStringInfoChar(&buf, *p);
	}
	appendStringInfoString(&buf, "\".");
	return buf.data;
}

/* Labels, or their numbers, as literals. */
static char **
label_literals(const UsModel *m, bool numbers)
{
	char	  **label = palloc(sizeof(char *) * Max(m->n_labels, 1));

	for (int k = 0; k < m->n_labels; k++)
		label[k] = numbers ? psprintf("%d", m->label_id[k]) :
			psprintf("%s::text", quote_literal_cstr(m->label_name[k]));
	return label;
}

/* Rows with NULL have no answer where the model does not impute: the start of a CASE, or nothing. */
static bool
open_null_case(UsSqlWriter *w, const UsEncoder *encoder)
{
	const char *word = "CASE WHEN ";

	if (us_encoder_null_policy(encoder) == US_NULL_IMPUTE)
		return false;
	for (int f = 0; f < us_encoder_nfeatures(encoder); f++)
	{
		if (us_encoder_feature(encoder, f)->width == 0)
			continue;
		appendStringInfoString(&w->text, word);
		us_sql_known(w, f);
		word = " AND ";
	}
	appendStringInfoString(&w->text, " THEN ");
	return true;
}

char *
us_to_sql(const char *reference, const UsToSql *how)
{
	static const UsAnswerKind kinds[] = {US_ANSWER_VALUE, US_ANSWER_LABEL, US_ANSWER_LABEL, US_ANSWER_TOP};
	UsModel    *m = us_model_open(reference, US_PRIVILEGE_USAGE);
	int			output = find_output(m, how);
	UsAnswerKind kind = kinds[output];
	int			class = 0;
	int64		most_nodes = Min(how->max_length / NODE_CHARACTERS, (int64) us_max_memory_kb * 1024 / NODE_BYTES);
	UsSqlWriter w;
	UsFormula  *f;
	bool		null_case;

	check(how);
	if (kind == US_ANSWER_VALUE)
		us_scorer_require_value(us_scorer(m));
	else
		us_scorer_require_labels(us_scorer(m));
	if (how->class != NULL)
	{
		class = find_class(m, how->class);
		kind = US_ANSWER_CLASS;
	}
	f = us_answer_formula(m->artifact, kind, class, most_nodes);
	us_sql_open(&w, m->artifact->encoder, prefix(how->alias),
				psprintf("model \"%s\" version %d", m->info.model, m->info.version), how->max_length);
	w.label = label_literals(m, strcmp(outputs[output], "id") == 0);
	w.shared = how->subselect;
	null_case = open_null_case(&w, m->artifact->encoder);
	us_sql_expression(&w, f);
	if (null_case)
		appendStringInfoString(&w.text, " END");
	us_sql_check(&w);
	return w.text.data;
}
