/*
 * source_parse.c
 *	  The text of a source: a name, or exactly one SELECT that only reads.
 *
 * Only the raw parse tree is looked at.  What it cannot show (views and functions
 * that write) is stopped when the source runs, by transaction_read_only.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "nodes/value.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "data/source_text.h"
#include "infra/compat.h"

#define HINT_SOURCE \
	"The source is the name of a table or view, or the text of one SELECT that only reads."

/* Bytes of a source that a message shows. */
#define SHOWN_BYTES		200

void
us_source_error_context(void *arg)
{
	const UsSource *source = (const UsSource *) arg;
	const char *text = source->step_of ? source->step_of : source->text;
	int			position = geterrposition();
	int			len;

	if (source->step_of)
		errposition(0);
	else if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(source->sql);
		return;
	}
	len = (int) strlen(text);
	errcontext("%ssource \"%.*s%s\"", source->step_of ? "iteration over " : "",
			   pg_mbcliplen(text, len, SHOWN_BYTES), text, len > SHOWN_BYTES ? "..." : "");
}

/* While the text is parsed: syntax errors tell what a source is. */
static void
parse_error_context(void *arg)
{
	if (geterrcode() == ERRCODE_SYNTAX_ERROR)
		errhint(HINT_SOURCE);
	us_source_error_context(arg);
}

pg_noreturn static void
not_one_select(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("source must be one SELECT"),
			 errdetail_internal("%s", detail),
			 errhint(HINT_SOURCE)));
}

/*
 * Refuse what would write or lock, at any depth.  raw_expression_tree_walker()
 * descends into every clause of SELECT, VALUES and WITH, joins, subqueries, function
 * calls and window definitions; it skips only parts that hold no expression (names,
 * types without modifiers, SEARCH and CYCLE clauses).
 */
static bool
refuse_writing(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_SelectStmt:
			if (((SelectStmt *) node)->intoClause != NULL)
				not_one_select("It has an INTO clause.");
			if (((SelectStmt *) node)->lockingClause != NIL)
				not_one_select("It locks rows, by FOR UPDATE or FOR SHARE.");
			break;
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
			not_one_select(psprintf("It holds %s in a WITH clause.",
									GetCommandTagName(CreateCommandTag(node))));
		default:
			break;
	}
	return raw_expression_tree_walker(node, refuse_writing, context);
}

/*
 * Has the text only the characters of a qualified name, outside of quotes?  (The
 * server's splitting takes everything but blanks and dots for a name.)
 */
static bool
looks_like_name(const char *text)
{
	bool		quoted = false;
	char		previous = '.';

	for (const char *p = text; *p != '\0'; p++)
	{
		unsigned char c = (unsigned char) *p;

		if (c == '"')
			quoted = !quoted;
		else if (quoted || scanner_isspace(c) || c == '.' || c == '_' || IS_HIGHBIT_SET(c) ||
				 (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			 /* as it should be */ ;
		else if ((c < '0' || c > '9') && c != '$')
			return false;
		else if (previous == '.')
			return false;
		if (!scanner_isspace(c))
			previous = c;
	}
	return !quoted;
}

/* "SELECT * FROM name", if the text has the form of a name. */
static bool
parse_name(UsSource *source)
{
	List	   *names;
	ListCell   *lc;
	StringInfoData name;

	if (!looks_like_name(source->text) ||
		!SplitIdentifierString(pstrdup(source->text), '.', &names) || names == NIL)
		return false;
	initStringInfo(&name);
	foreach(lc, names)
	{
		char	   *part = (char *) lfirst(lc);

		if (name.len > 0)
			appendStringInfoChar(&name, '.');
		appendStringInfoString(&name, quote_identifier(part));
		lfirst(lc) = makeString(part);
	}
	source->is_relation = true;
	source->name = makeRangeVarFromNameList(names);
	source->from = name.data;
	source->sql = psprintf("SELECT * FROM %s", name.data);
	return true;
}

/* The text of the one statement, in parentheses; a comment may end it. */
static const char *
parenthesize(const char *sql, const RawStmt *raw)
{
	const char *start = sql + Max(raw->stmt_location, 0);
	int			len = raw->stmt_len > 0 ? raw->stmt_len : (int) strlen(start);

	return psprintf("(%.*s\n)", len, start);
}

void
us_source_parse(UsSource *source)
{
	ErrorContextCallback callback;
	List	   *statements;
	Node	   *statement;

	if (!parse_name(source))
		source->sql = source->text;

	callback.callback = parse_error_context;
	callback.arg = source;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	statements = raw_parser(source->sql, RAW_PARSE_DEFAULT);
	if (statements == NIL)
		not_one_select("It holds no statement.");
	if (list_length(statements) > 1)
		not_one_select(psprintf("It holds %d statements.", list_length(statements)));
	source->raw = linitial_node(RawStmt, statements);
	statement = source->raw->stmt;
	if (!IsA(statement, SelectStmt))
		not_one_select(psprintf("It is %s.", GetCommandTagName(CreateCommandTag(statement))));
	refuse_writing(statement, NULL);
	if (!source->is_relation)
		source->from = parenthesize(source->sql, source->raw);

	error_context_stack = callback.previous;
}
