/*
 * condition_sql.c
 *	  Conditions on features as SQL.
 *
 * Where NULL fulfils a condition, it is written as the opposite that IS NOT TRUE: so that each is one
 * comparison, whatever NULL does.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "model/formula_sql.h"

#define MICROSECONDS	1000000.0

/* ---- names and literals ---- */

void
us_sql_number(UsSqlWriter *w, double number)
{
	if (isnan(number))
		appendStringInfoString(&w->text, "NULL::float8");
	else if (number >= 0 && !isinf(number))
		appendStringInfo(&w->text, "%s::float8", double_to_shortest_decimal(number));
	else
		appendStringInfo(&w->text, "'%s'::float8", double_to_shortest_decimal(number));
}

void
us_sql_literal(UsSqlWriter *w, const char *text)
{
	appendStringInfoString(&w->text, quote_literal_cstr(text));
}

void
us_sql_column(UsSqlWriter *w, int feature)
{
	appendStringInfo(&w->text, "%s\"", w->prefix);
	for (const char *p = us_encoder_feature(w->encoder, feature)->name; *p; p++)
	{
		if (*p == '"')
			appendStringInfoChar(&w->text, '"');
		appendStringInfoChar(&w->text, *p);
	}
	appendStringInfoChar(&w->text, '"');
}

/* ---- what a value is compared as ---- */

/* Whether the type, or that of the elements of an array, has that name. */
static bool
is_type(const UsFeature *feature, const char *name)
{
	Size		len = strlen(name);
	const char *rest = feature->type_name + len;

	return strncmp(feature->type_name, name, len) == 0 && (*rest == '\0' || strcmp(rest, "[]") == 0);
}

/* Whether the numbers of the type are all finite. */
static bool
all_finite(const UsFeature *feature)
{
	return is_type(feature, "integer") || is_type(feature, "bigint") || is_type(feature, "smallint");
}

void
us_sql_operand(UsSqlWriter *w, int feature, int element)
{
	const UsFeature *f = us_encoder_feature(w->encoder, feature);

	us_sql_column(w, feature);
	if (element > 0)
		appendStringInfo(&w->text, "[%d]", element);
	else if (f->kind == US_KIND_DURATION && strcmp(f->type_name, "interval") != 0)
		appendStringInfoString(&w->text, "::interval");
	else if (f->kind == US_KIND_CATEGORY)
		appendStringInfoString(&w->text, strcmp(f->type_name, "text") == 0 ? " COLLATE \"C\"" : "::text COLLATE \"C\"");
	else if (f->kind == US_KIND_TAGS)
		appendStringInfoString(&w->text, "::text[] COLLATE \"C\"");
}

/* A vector of the right length without NaN and infinities. */
static void
vector_known(UsSqlWriter *w, int feature)
{
	const UsFeature *f = us_encoder_feature(w->encoder, feature);

	appendStringInfoString(&w->text, "cardinality(");
	us_sql_column(w, feature);
	appendStringInfo(&w->text, ") = %d", f->dim);
	if (all_finite(f))
		return;
	appendStringInfoString(&w->text, " AND NOT (");
	us_sql_column(w, feature);
	appendStringInfoString(&w->text, "::float8[] && '{NaN,Infinity,-Infinity}'::float8[])");
}

void
us_sql_known(UsSqlWriter *w, int feature)
{
	const UsFeature *f = us_encoder_feature(w->encoder, feature);

	switch (f->kind)
	{
		case US_KIND_VECTOR:
			vector_known(w, feature);
			return;
		case US_KIND_TIME:
		case US_KIND_DURATION:
			appendStringInfoString(&w->text, "isfinite(");
			us_sql_operand(w, feature, 0);
			appendStringInfoChar(&w->text, ')');
			return;
		case US_KIND_NUMBER:
			if (all_finite(f))
				break;
			appendStringInfoString(&w->text, "abs(");
			us_sql_column(w, feature);
			appendStringInfoString(&w->text, ") < 'Infinity'");
			return;
		default:
			break;
	}
	us_sql_column(w, feature);
	appendStringInfoString(&w->text, " IS NOT NULL");
}

/* A bound as a literal of the type of the feature. */
static void
bound(UsSqlWriter *w, int feature, double x)
{
	const UsFeature *f = us_encoder_feature(w->encoder, feature);
	int64		micros;
	char		buf[MAXDATELEN + 1];
	struct pg_tm tm;
	fsec_t		fsec;

	if (f->kind != US_KIND_TIME && f->kind != US_KIND_DURATION)
	{
		us_sql_number(w, x);
		return;
	}
	x = f->kind == US_KIND_TIME ? rint(x * MICROSECONDS) : floor(x * MICROSECONDS);
	micros = x < -9e18 ? INT64CONST(-9000000000000000000) : x > 9e18 ? INT64CONST(9000000000000000000) : (int64) x;
	if (f->kind == US_KIND_DURATION)
	{
		int64		size = micros < 0 ? -micros : micros;

		appendStringInfo(&w->text, "interval '%s" INT64_FORMAT, micros < 0 ? "-" : "", size / 1000000);
		if (size % 1000000 != 0)
			appendStringInfo(&w->text, ".%06d", (int) (size % 1000000));
		appendStringInfoString(&w->text, " seconds'");
		return;
	}
	if (timestamp2tm(micros, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "no instant at " INT64_FORMAT, micros);
	EncodeDateTime(&tm, fsec, f->zoned, 0, NULL, USE_ISO_DATES, buf);
	appendStringInfo(&w->text, "%s '%s'", f->zoned ? "timestamptz" : "timestamp", buf);
}

/* ---- numbers ---- */

/* low < v <= high; rows that are NULL do not fulfil it. */
static void
inside(UsSqlWriter *w, const UsCondition *c, double low, double high)
{
	const UsFeature *f = us_encoder_feature(w->encoder, c->feature);
	bool		finite = f->kind == US_KIND_NUMBER && all_finite(f);
	const char *and = "";

	if (isinf(low) && isinf(high) && low < 0 && high > 0)
	{
		us_sql_known(w, c->feature);
		return;
	}
	if (low == INFINITY || high == -INFINITY || low >= high)
	{
		appendStringInfoString(&w->text, "false");
		return;
	}
	if (f->kind == US_KIND_VECTOR || f->kind == US_KIND_DURATION)
	{
		us_sql_known(w, c->feature);
		and = " AND ";
		finite = true;
	}
	if (!isinf(low) || !finite)
	{
		appendStringInfoString(&w->text, and);
		us_sql_operand(w, c->feature, c->element);
		appendStringInfoString(&w->text, " > ");
		if (isinf(low))
			appendStringInfoString(&w->text, "'-infinity'");
		else
			bound(w, c->feature, low);
		and = " AND ";
	}
	if (!isinf(high) || !finite)
	{
		appendStringInfoString(&w->text, and);
		us_sql_operand(w, c->feature, c->element);
		appendStringInfoString(&w->text, isinf(high) ? " < " : " <= ");
		if (isinf(high))
			appendStringInfoString(&w->text, "'infinity'");
		else
			bound(w, c->feature, high);
	}
}

/* Known values that are not in low < v <= high. */
static void
outside(UsSqlWriter *w, const UsCondition *c)
{
	if (c->low == INFINITY || c->high == -INFINITY || c->low >= c->high)
		inside(w, c, -INFINITY, INFINITY);
	else if (isinf(c->low))
		inside(w, c, isinf(c->high) ? INFINITY : c->high, INFINITY);
	else if (isinf(c->high))
		inside(w, c, -INFINITY, c->low);
	else
	{
		appendStringInfoChar(&w->text, '(');
		inside(w, c, -INFINITY, c->low);
		appendStringInfoString(&w->text, " OR ");
		inside(w, c, c->high, INFINITY);
		appendStringInfoChar(&w->text, ')');
	}
}

static void
number_condition(UsSqlWriter *w, const UsCondition *c, bool holds, bool null)
{
	if (null)
	{
		appendStringInfoChar(&w->text, '(');
		holds = !holds;
	}
	if (holds)
		inside(w, c, c->low, c->high);
	else
		outside(w, c);
	if (null)
		appendStringInfoString(&w->text, ") IS NOT TRUE");
}

static void
boolean_condition(UsSqlWriter *w, const UsCondition *c, bool holds, bool null)
{
	bool		no = (c->low < 0 && 0 <= c->high) == holds;
	bool		yes = (c->low < 1 && 1 <= c->high) == holds;

	if (no == yes)
	{
		if (no == null)
		{
			appendStringInfoString(&w->text, no ? "true" : "false");
			return;
		}
		us_sql_column(w, c->feature);
		appendStringInfoString(&w->text, null ? " IS NULL" : " IS NOT NULL");
		return;
	}
	if (no && !null)
		appendStringInfoString(&w->text, "NOT ");
	us_sql_column(w, c->feature);
	if (null)
		appendStringInfoString(&w->text, no ? " IS NOT TRUE" : " IS NOT FALSE");
}

/* ---- categories and tags ---- */

static void
level_list(UsSqlWriter *w, const UsCondition *c, bool holds)
{
	const char *comma = "";

	for (int i = 0; i < c->nlevels; i++)
	{
		if (c->holds[i] != holds)
			continue;
		appendStringInfoString(&w->text, comma);
		us_sql_literal(w, c->level[i]);
		comma = ", ";
		us_sql_check(w);
	}
}

/* Rows whose level is among the n with that value of holds. */
static void
in_levels(UsSqlWriter *w, const UsCondition *c, bool holds, int n)
{
	us_sql_operand(w, c->feature, 0);
	appendStringInfoString(&w->text, n == 1 ? " = " : " IN (");
	level_list(w, c, holds);
	appendStringInfoString(&w->text, n == 1 ? "" : ")");
}

static void
levels_condition(UsSqlWriter *w, const UsCondition *c, bool holds, bool null)
{
	bool		other = c->holds[c->nlevels] == holds;	/* other levels are wanted: list those that are not */
	bool		listed = other ? !holds : holds;
	int			n = 0;

	for (int i = 0; i < c->nlevels; i++)
		n += c->holds[i] == listed;
	if (n == 0)
	{
		if (other == null)
			appendStringInfoString(&w->text, null ? "true" : "false");
		else
		{
			us_sql_column(w, c->feature);
			appendStringInfoString(&w->text, null ? " IS NULL" : " IS NOT NULL");
		}
	}
	else if (!other)
	{
		if (null)
			appendStringInfoChar(&w->text, '(');
		in_levels(w, c, listed, n);
		if (null)
		{
			appendStringInfoString(&w->text, " OR ");
			us_sql_column(w, c->feature);
			appendStringInfoString(&w->text, " IS NULL)");
		}
	}
	else
	{
		appendStringInfoString(&w->text, null ? "(" : "NOT (");
		in_levels(w, c, listed, n);
		appendStringInfoString(&w->text, null ? ") IS NOT TRUE" : ")");
	}
}

static void
tag_condition(UsSqlWriter *w, const UsCondition *c, bool holds)
{
	bool		without = c->without == holds;

	if (without)
		appendStringInfoChar(&w->text, '(');
	if (c->tag < c->nlevels)
	{
		us_sql_literal(w, c->level[c->tag]);
		appendStringInfoString(&w->text, " = ANY (");
		us_sql_operand(w, c->feature, 0);
		appendStringInfoChar(&w->text, ')');
	}
	else
	{
		appendStringInfoString(&w->text, "NOT (array_remove(");
		us_sql_operand(w, c->feature, 0);
		appendStringInfoString(&w->text, ", NULL) <@ ARRAY[");
		for (int i = 0; i < c->nlevels; i++)
		{
			appendStringInfoString(&w->text, i > 0 ? ", " : "");
			us_sql_literal(w, c->level[i]);
			us_sql_check(w);
		}
		appendStringInfoString(&w->text, "]::text[])");
	}
	if (without)
		appendStringInfoString(&w->text, ") IS NOT TRUE");
}

void
us_sql_condition(UsSqlWriter *w, const UsCondition *c, bool holds)
{
	bool		null = c->null == holds;

	switch (c->kind)
	{
		case US_CONDITION_NUMBER:
			if (us_encoder_feature(w->encoder, c->feature)->kind == US_KIND_BOOLEAN)
				boolean_condition(w, c, holds, null);
			else
				number_condition(w, c, holds, null);
			break;
		case US_CONDITION_LEVELS:
			levels_condition(w, c, holds, null);
			break;
		case US_CONDITION_TAG:
			tag_condition(w, c, holds);
			break;
		case US_CONDITION_NULL:
			if (null)
				appendStringInfoChar(&w->text, '(');
			us_sql_known(w, c->feature);
			if (null)
				appendStringInfoString(&w->text, ") IS NOT TRUE");
			break;
		case US_CONDITION_ENCODED:
			us_sql_formula(w, us_encoder_formula(w->encoder, c->column));
			appendStringInfoString(&w->text, holds ? " <= " : " > ");
			us_sql_number(w, c->bound);
			break;
	}
	us_sql_check(w);
}
