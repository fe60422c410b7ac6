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

#include "model/formula_sql.h"

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
	UsFormula **part;
	int		   *level;
	int			levels = 0;
	int			n = 0;

	if (w->shared)
	{
		w->stem = choose_stem(w->encoder);
		n = us_formula_parts(f, &part, &level);
	}
	if (n == 0)
	{
		us_sql_formula(w, f);
		return;
	}
	appendStringInfoString(&w->text, "(SELECT ");
	us_sql_formula(w, f);
	appendStringInfoString(&w->text, " FROM ");
	for (int i = 0; i < n; i++)
		levels = Max(levels, level[i]);
	for (int l = 1; l <= levels; l++)
	{
		const char *comma = l > 1 ? " CROSS JOIN LATERAL (SELECT " : "(SELECT ";

		for (int i = 0; i < n; i++)
		{
			if (level[i] != l)
				continue;
			appendStringInfoString(&w->text, comma);
			definition(w, part[i]);
			comma = ", ";
		}
		appendStringInfo(&w->text, " OFFSET 0) AS %sl%d", w->stem, l);
	}
	appendStringInfoChar(&w->text, ')');
}
