/*
 * formula_share.c
 *	  A whole expression, with or without names for what occurs several times.
 *
 * Without, it has no sub-select and can be the expression of a generated column or an index.  With, it is
 *
 *		(SELECT ... FROM (SELECT ... AS s1, ... OFFSET 0) AS l1 CROSS JOIN LATERAL (SELECT ... AS s2 OFFSET 0) AS l2)
 *
 * where each level names what only needs names of the levels before; OFFSET keeps the planner from putting
 * the expressions back where the names stand.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "model/formula_sql.h"

/* What gets a name, each behind all that it needs. */
typedef struct Names
{
	UsFormula **part;
	int		   *level;
	int			n;
	int			room;
	int			levels;
} Names;

/* How often the text of an argument of a node of that kind stands in its text. */
static int
repeats(const UsFormula *f, int i)
{
	switch (f->kind)
	{
		case US_F_LOG1P:
		case US_F_SIGNED_LOG1P:
		case US_F_YEO_JOHNSON:
		case US_F_PIECES:
		case US_F_NORMAL_QUANTILE:
			return 2;
		case US_F_CLIP:
			return f->arg[0]->may_miss ? 2 : 1;
		case US_F_PICK:
			return i < f->n / 2 ? 2 : 1;
		default:
			return 1;
	}
}

static void
count(UsFormula *f, int uses)
{
	bool		first = f->uses == 0;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	f->uses += uses;
	for (int i = 0; first && i < f->n; i++)
		count(f->arg[i], repeats(f, i));
}

/* Name what is used often below f; returns the level of names that f itself needs. */
static int
name_parts(UsFormula *f, Names *names)
{
	int			level = 0;

	check_stack_depth();
	if (f->mark > 0)
		return names->level[f->mark - 1];
	for (int i = 0; i < f->n; i++)
		level = Max(level, name_parts(f->arg[i], names));
	if (f->uses < 2 || f->kind == US_F_CONSTANT || f->kind == US_F_LABEL)
		return level;
	if (names->n == names->room)
	{
		names->room = Max(2 * names->room, 64);
		names->part = names->part == NULL ? palloc(sizeof(UsFormula *) * names->room) :
			repalloc(names->part, sizeof(UsFormula *) * names->room);
		names->level = names->level == NULL ? palloc(sizeof(int) * names->room) :
			repalloc(names->level, sizeof(int) * names->room);
	}
	names->part[names->n] = f;
	names->level[names->n++] = ++level;
	names->levels = Max(names->levels, level);
	f->mark = names->n;
	return level;
}

/* A stem that no feature begins with. */
static const char *
choose_stem(const UsEncoder *encoder)
{
	char	   *stem = "s";
	bool		taken = true;

	while (taken)
	{
		taken = false;
		for (int i = 0; i < us_encoder_nfeatures(encoder) && !taken; i++)
			taken = strncmp(us_encoder_feature(encoder, i)->name, stem, strlen(stem)) == 0 &&
				strspn(us_encoder_feature(encoder, i)->name + strlen(stem), "0123456789") > 0;
		if (taken)
			stem = psprintf("%s_", stem);
	}
	return stem;
}

/* Write what a name stands for, which would else be written as the name. */
static void
definition(UsSqlWriter *w, UsFormula *f)
{
	int			mark = f->mark;

	f->mark = 0;
	us_sql_formula(w, f);
	f->mark = mark;
	appendStringInfo(&w->text, " AS %s%d", w->stem, mark);
}

void
us_sql_expression(UsSqlWriter *w, UsFormula *f)
{
	Names		names = {0};

	if (w->shared)
	{
		w->stem = choose_stem(w->encoder);
		count(f, 1);
		(void) name_parts(f, &names);
	}
	if (names.n == 0)
	{
		us_sql_formula(w, f);
		return;
	}
	appendStringInfoString(&w->text, "(SELECT ");
	us_sql_formula(w, f);
	appendStringInfoString(&w->text, " FROM ");
	for (int level = 1; level <= names.levels; level++)
	{
		const char *comma = level > 1 ? " CROSS JOIN LATERAL (SELECT " : "(SELECT ";

		for (int i = 0; i < names.n; i++)
		{
			if (names.level[i] != level)
				continue;
			appendStringInfoString(&w->text, comma);
			definition(w, names.part[i]);
			comma = ", ";
		}
		appendStringInfo(&w->text, " OFFSET 0) AS %sl%d", w->stem, level);
	}
	appendStringInfoChar(&w->text, ')');
}
