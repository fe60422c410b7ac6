/*
 * formula_parts.c
 *	  What is used more than once in a formula.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "data/formula.h"

/* What gets a name, each behind all that it needs. */
typedef struct Names
{
	UsFormula **part;
	int		   *level;
	int			n;
	int			room;
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
	if (f->uses < 2 || f->kind == US_F_CONSTANT || f->kind == US_F_LABEL || f->kind == US_F_FIELD)
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
	f->mark = names->n;
	return level;
}

int
us_formula_parts(UsFormula *f, UsFormula ***part, int **level)
{
	Names		names = {0};

	count(f, 1);
	(void) name_parts(f, &names);
	*part = names.part;
	*level = names.level;
	return names.n;
}
