/*
 * column_sql.c
 *	  Features as numbers in SQL: columns, phases of times, values by level, tags.
 */
#include "postgres.h"

#include <math.h>

#include "datatype/timestamp.h"

#include "model/formula_sql.h"

/* from the epoch of Unix to that of PostgreSQL, seconds */
#define EPOCH_SECONDS	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)

/* ---- columns ---- */

static void
say(UsSqlWriter *w, const char *text)
{
	appendStringInfoString(&w->text, text);
}

/* Seconds of a time since an instant, or of a duration. */
static void
seconds(UsSqlWriter *w, const UsFormula *f)
{
	const UsFeature *feature = us_encoder_feature(w->encoder, f->feature);

	say(w, "(extract(epoch FROM ");
	us_sql_operand(w, f->feature, 0);
	if (feature->kind == US_KIND_DURATION)
	{
		/* a year of an interval has 365.25 days there, 12 months of 30 days elsewhere */
		say(w, ") - extract(year FROM ");
		us_sql_operand(w, f->feature, 0);
		say(w, ") * 453600)::float8");
	}
	else
	{
		int64		micros = (int64) rint(fmax(fmin(f->zero, 8e12), -8e12) * 1000000.0) + EPOCH_SECONDS * 1000000;
		int64		size = micros < 0 ? -micros : micros;

		appendStringInfo(&w->text, ") - '%s" INT64_FORMAT ".%06d'::numeric)::float8", micros < 0 ? "-" : "",
						 size / 1000000, (int) (size % 1000000));
	}
}

void
us_sql_value(UsSqlWriter *w, const UsFormula *f, double otherwise)
{
	const UsFeature *feature = us_encoder_feature(w->encoder, f->feature);
	bool		plain = feature->kind == US_KIND_BOOLEAN ||
		(feature->kind == US_KIND_NUMBER && (strcmp(feature->type_name, "integer") == 0 ||
											 strcmp(feature->type_name, "bigint") == 0 ||
											 strcmp(feature->type_name, "smallint") == 0));

	if (plain)
	{
		say(w, isnan(otherwise) ? "" : "coalesce(");
		us_sql_column(w, f->feature);
		say(w, feature->kind == US_KIND_BOOLEAN ? "::int::float8" : "::float8");
		if (isnan(otherwise))
			return;
		say(w, ", ");
		us_sql_number(w, otherwise);
		say(w, ")");
		return;
	}
	say(w, "CASE WHEN ");
	us_sql_known(w, f->feature);
	say(w, " THEN ");
	if (feature->kind == US_KIND_TIME || feature->kind == US_KIND_DURATION)
		seconds(w, f);
	else
	{
		us_sql_column(w, f->feature);
		if (f->element > 0)
			appendStringInfo(&w->text, "[%d]", f->element);
		say(w, "::float8");
	}
	if (!isnan(otherwise))
	{
		say(w, " ELSE ");
		us_sql_number(w, otherwise);
	}
	say(w, " END");
}

/* The time of a feature without zone, to the second; and fields of it. */
static void
local_time(UsSqlWriter *w, const UsFormula *f)
{
	if (f->zone)
		say(w, "(");
	us_sql_column(w, f->feature);
	if (f->zone)
	{
		say(w, " AT TIME ZONE ");
		us_sql_literal(w, f->zone);
		say(w, ")");
	}
	else
		say(w, "::timestamp");
}

static void
field(UsSqlWriter *w, const UsFormula *f, const char *name)
{
	appendStringInfo(&w->text, "extract(%s FROM ", name);
	local_time(w, f);
	say(w, ")");
}

/* The length of the month or year around a time, in days. */
static void
days_of(UsSqlWriter *w, const UsFormula *f, const char *name, const char *of)
{
	appendStringInfo(&w->text, "extract(%s FROM date_trunc('%s', ", name, of);
	local_time(w, f);
	appendStringInfo(&w->text, ") + interval '1 %s -1 day')", of);
}

void
us_sql_phase(UsSqlWriter *w, const UsFormula *f)
{
	say(w, "CASE WHEN ");
	us_sql_known(w, f->feature);
	say(w, " THEN ");
	if (strcmp(f->text, "hour") == 0)
	{
		say(w, "(");
		field(w, f, "hour");
		say(w, "::float8 + ");
		field(w, f, "minute");
		say(w, "::float8 / 60 + floor(");
		field(w, f, "second");
		say(w, ")::float8 / 3600) / 24");
	}
	else if (strcmp(f->text, "dow") == 0)
	{
		field(w, f, "dow");
		say(w, "::float8 / 7");
	}
	else if (strcmp(f->text, "month") == 0)
	{
		say(w, "(");
		field(w, f, "month");
		say(w, "::float8 - 1) / 12");
	}
	else
	{
		say(w, "(");
		field(w, f, f->text);
		say(w, "::float8 - 1) / ");
		days_of(w, f, f->text, strcmp(f->text, "day") == 0 ? "month" : "year");
		say(w, "::float8");
	}
	say(w, " END");
}

/* ---- values by level ---- */

static bool
same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* How many values levels have beside that of the others: 0, 1, 2 for more; and the first of them. */
static int
own_values(const UsFormula *f, double other, double *value)
{
	int			found = 0;

	for (int i = 0; i < f->nlevels && found < 2; i++)
	{
		double		v = us_formula_level(f, i);

		if (same(v, other) || (found > 0 && same(v, *value)))
			continue;
		if (found++ == 0)
			*value = v;
	}
	return found;
}

void
us_sql_levels(UsSqlWriter *w, const UsFormula *f)
{
	double		null = us_formula_level(f, f->nlevels);
	double		other = us_formula_level(f, f->nlevels + 1);
	bool		alike = same(null, other);
	double		value = 0;
	int			own = own_values(f, other, &value);
	bool		two = own == 1;
	const char *between = "";

	if (own == 0 && alike)
	{
		us_sql_number(w, other);
		return;
	}
	say(w, "CASE");
	if (!alike)
	{
		say(w, " WHEN ");
		us_sql_column(w, f->feature);
		say(w, " IS NULL THEN ");
		us_sql_number(w, null);
		if (own == 0)
		{
			say(w, " ELSE ");
			us_sql_number(w, other);
			say(w, " END");
			return;
		}
		if (!two)
			say(w, " ELSE CASE");
	}
	if (two)
		say(w, " WHEN ");
	else
		say(w, " ");
	us_sql_operand(w, f->feature, 0);
	say(w, two ? " IN (" : "");
	for (int i = 0; i < f->nlevels; i++)
	{
		double		v = us_formula_level(f, i);

		if (same(v, other))
			continue;
		say(w, two ? between : " WHEN ");
		us_sql_literal(w, f->level[i]);
		if (!two)
		{
			say(w, " THEN ");
			us_sql_number(w, v);
		}
		between = ", ";
		us_sql_check(w);
	}
	if (two)
	{
		say(w, ") THEN ");
		us_sql_number(w, value);
	}
	say(w, " ELSE ");
	us_sql_number(w, other);
	say(w, alike || two ? " END" : " END END");
}

void
us_sql_tag(UsSqlWriter *w, const UsFormula *f)
{
	UsCondition c = {.kind = US_CONDITION_TAG, .feature = f->feature, .nlevels = f->nlevels, .level = f->level, .tag = f->tag};

	say(w, "CASE WHEN ");
	us_sql_condition(w, &c, true);
	say(w, " THEN ");
	us_sql_number(w, f->number);
	say(w, " ELSE ");
	us_sql_number(w, f->other);
	say(w, " END");
}
