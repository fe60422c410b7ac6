/*
 * rules_text.c
 *	  The rule of a leaf as one would write it in a WHERE clause.
 *
 * It holds for the rows of the leaf, NULL included, but takes NaN and infinity as the numbers that they are in
 * SQL; to_sql() has the longer conditions that are exact for these too.
 */
#include "postgres.h"

#include <math.h>

#include "utils/builtins.h"

#include "eval/rule.h"
#include "verbs/rules.h"

/* A comparison of the feature, or of one element of it. */
static void
compare(UsSqlWriter *w, const UsCondition *c, double bound, bool above)
{
	UsFacet		facet = {.feature = c->feature, .element = c->element};

	appendStringInfoString(&w->text, us_rule_condition(us_encoder_feature(w->encoder, c->feature), &facet, bound, above));
}

static void
is_null(UsSqlWriter *w, const UsCondition *c, bool null)
{
	appendStringInfoString(&w->text, us_rule_null_condition(us_encoder_feature(w->encoder, c->feature), null));
}

static void
number_text(UsSqlWriter *w, const UsCondition *c)
{
	if (us_encoder_feature(w->encoder, c->feature)->kind == US_KIND_BOOLEAN)
	{
		compare(w, c, 0, c->high >= 1);
		return;
	}
	if (!isinf(c->low))
		compare(w, c, c->low, true);
	if (!isinf(c->low) && !isinf(c->high))
		appendStringInfoString(&w->text, " AND ");
	if (!isinf(c->high))
		compare(w, c, c->high, false);
}

/* The levels that hold, or those that do not where all others do. */
static void
levels_text(UsSqlWriter *w, const UsCondition *c, int n)
{
	bool		listed = !c->holds[c->nlevels];
	const char *comma = "";

	appendStringInfoString(&w->text, quote_identifier(us_encoder_feature(w->encoder, c->feature)->name));
	appendStringInfoString(&w->text, n == 1 ? (listed ? " = " : " <> ") : listed ? " IN (" : " NOT IN (");
	for (int i = 0; i < c->nlevels; i++)
	{
		if (c->holds[i] != listed)
			continue;
		appendStringInfoString(&w->text, comma);
		appendStringInfoString(&w->text, quote_literal_cstr(c->level[i]));
		comma = ", ";
		us_sql_check(w);
	}
	if (n > 1)
		appendStringInfoChar(&w->text, ')');
}

/* How many levels are to be listed; of a number, whether it has bounds. */
static int
listed(const UsSqlWriter *w, const UsCondition *c)
{
	int			n = 0;

	if (c->kind == US_CONDITION_LEVELS)
	{
		for (int i = 0; i < c->nlevels; i++)
			n += c->holds[i] != c->holds[c->nlevels];
		return n;
	}
	if (us_encoder_feature(w->encoder, c->feature)->kind == US_KIND_BOOLEAN)
		return (c->low < 0 && c->high >= 0) != (c->low < 1 && c->high >= 1);
	return !isinf(c->low) || !isinf(c->high);
}

/* Does the condition hold for every value, or for none, when nothing is listed? */
static bool
holds_for_values(const UsCondition *c)
{
	return c->kind == US_CONDITION_LEVELS ? c->holds[c->nlevels] : c->low < c->high;
}

bool
us_rule_part_text(UsSqlWriter *w, const UsRulePart *part)
{
	const UsCondition *c = &part->condition;
	bool		number = c->kind == US_CONDITION_NUMBER;
	int			n;

	if (!part->holds || (!number && c->kind != US_CONDITION_LEVELS))
	{
		us_sql_condition(w, c, part->holds);
		return true;
	}
	n = listed(w, c);
	if (n == 0 && holds_for_values(c))
	{
		if (c->null)
			return false;
		is_null(w, c, false);
	}
	else if (n == 0 || (number && !(c->low < c->high)))
	{
		if (c->null)
			is_null(w, c, true);
		else
			appendStringInfoString(&w->text, "false");
	}
	else
	{
		appendStringInfoString(&w->text, c->null ? "(" : "");
		if (number)
			number_text(w, c);
		else
			levels_text(w, c, n);
		if (!c->null)
			return true;
		appendStringInfoString(&w->text, " OR ");
		is_null(w, c, true);
		appendStringInfoChar(&w->text, ')');
	}
	return true;
}
