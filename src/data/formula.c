/*
 * formula.c
 *	  Building what a model computes as an expression tree.
 */
#include "postgres.h"

#include <math.h>

#include "data/formula.h"

/* exp of this can be added up a thousand times */
#define MOST_EXPONENT	700

/* sizes stop growing here */
#define MOST_SIZE	(INT64CONST(1) << 40)

UsFormula *
us_formula_new(UsFormulaKind kind, int n, UsFormula *const *arg)
{
	UsFormula  *f = palloc0(sizeof(UsFormula));

	f->kind = kind;
	f->n = n;
	f->size = 1;
	if (n > 0)
		f->arg = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsFormula *) * (Size) n);
	f->may_miss = kind == US_F_COLUMN || kind == US_F_PHASE;
	for (int i = 0; i < n; i++)
	{
		f->arg[i] = arg[i];
		f->size = Min(f->size + arg[i]->size, MOST_SIZE);
		f->may_miss |= arg[i]->may_miss;
	}
	if (kind == US_F_FILL)
		f->may_miss = false;
	return f;
}

void
us_formula_check(const UsFormulaRequest *request, int64 nodes, const char *what)
{
	if (nodes > request->most_nodes)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s are too many for an expression of at most %lld nodes", what, (long long) request->most_nodes),
				 errhint("Raise max_length, or train a smaller model: fewer trees, leaves, features or levels of categories.")));
}

UsFormula *
us_formula_constant(double number)
{
	UsFormula  *f = us_formula_new(US_F_CONSTANT, 0, NULL);

	f->number = number;
	return f;
}

UsFormula *
us_formula_two(UsFormulaKind kind, UsFormula *x, UsFormula *y)
{
	UsFormula  *const arg[] = {x, y};

	return us_formula_new(kind, 2, arg);
}

/* ---- functions that pass through values by level ---- */

/* A function of a number, with two constants. */
typedef double (*Mapping) (double x, double a, double b);

typedef struct MapContext
{
	Mapping		map;
	double		a;
	double		b;
} MapContext;

UsFormula *
us_formula_by_level(const UsFormula *x, double (*map) (const void *context, double value), const void *context)
{
	UsFormula  *f;

	if (x->kind != US_F_CONSTANT && x->kind != US_F_LEVELS && x->kind != US_F_TAG && x->kind != US_F_KNOWN)
		return NULL;
	f = palloc(sizeof(UsFormula));
	*f = *x;
	f->number = map(context, x->number);
	f->other = map(context, x->other);
	f->rest = map(context, x->rest);
	if (x->value)
	{
		f->value = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) (x->nlevels + 2));
		f->may_miss = false;
		for (int i = 0; i < x->nlevels + 2; i++)
		{
			f->value[i] = map(context, x->value[i]);
			f->may_miss |= isnan(f->value[i]);
		}
	}
	else if (x->nspecial > 0)
	{
		f->special = palloc(sizeof(double) * x->nspecial);
		for (int i = 0; i < x->nspecial; i++)
			f->special[i] = map(context, x->special[i]);
	}
	return f;
}

static double
map_with_constants(const void *context, double x)
{
	const MapContext *c = context;

	return c->map(x, c->a, c->b);
}

/* What x becomes when all its values go through the mapping; NULL: it is no list of values. */
static UsFormula *
mapped(const UsFormula *x, Mapping map, double a, double b)
{
	MapContext	c = {map, a, b};

	return us_formula_by_level(x, map_with_constants, &c);
}

static double
map_fill(double x, double a, double b)
{
	return us_op_fill(x, a);
}

static double
map_affine(double x, double a, double b)
{
	return us_op_affine(x, a, b);
}

static double
map_clip(double x, double a, double b)
{
	return x < a ? a : x > b ? b : x;
}

static double
map_real(double x, double a, double b)
{
	return (float) x;
}

static double
map_round(double x, double a, double b)
{
	return rint(x);
}

static double
map_square(double x, double a, double b)
{
	return (x - a) * (x - a);
}

static double
map_real_square(double x, double a, double b)
{
	float		d = (float) x - (float) a;

	return d * d;
}

UsFormula *
us_formula_one(UsFormulaKind kind, UsFormula *x)
{
	UsFormula  *f = NULL;

	if (kind == US_F_REAL)
		f = mapped(x, map_real, 0, 0);
	else if (kind == US_F_ROUND)
		f = mapped(x, map_round, 0, 0);
	return f ? f : us_formula_new(kind, 1, &x);
}

UsFormula *
us_formula_fill(UsFormula *x, double number)
{
	UsFormula  *f = mapped(x, map_fill, number, 0);

	if (f == NULL)
	{
		f = us_formula_new(US_F_FILL, 1, &x);
		f->number = number;
	}
	return f;
}

UsFormula *
us_formula_affine(UsFormula *x, double a, double b)
{
	UsFormula  *f = mapped(x, map_affine, a, b);

	if (f)
		return f;
	if (a != 0)
		x = us_formula_two(US_F_SUB, x, us_formula_constant(a));
	return us_formula_scale(x, b);
}

UsFormula *
us_formula_scale(UsFormula *x, double b)
{
	UsFormula  *f = mapped(x, map_affine, 0, b);

	if (f || b == 1)
		return f ? f : x;
	return us_formula_two(US_F_MUL, x, us_formula_constant(b));
}

UsFormula *
us_formula_clip(UsFormula *x, double low, double high)
{
	UsFormula  *f = mapped(x, map_clip, low, high);

	if (f == NULL)
	{
		f = us_formula_new(US_F_CLIP, 1, &x);
		f->number = low;
		f->other = high;
	}
	return f;
}

UsFormula *
us_formula_real_square(UsFormula *x, double number)
{
	UsFormula  *f = mapped(x, map_real_square, number, 0);

	if (f == NULL)
	{
		f = us_formula_new(US_F_REAL_SQUARE, 1, &x);
		f->number = number;
	}
	return f;
}

UsFormula *
us_formula_square(UsFormula *x, double number)
{
	UsFormula  *f = mapped(x, map_square, number, 0);

	if (f == NULL)
	{
		f = us_formula_new(US_F_SQUARE, 1, &x);
		f->number = number;
	}
	return f;
}

double
us_formula_level(const UsFormula *f, int place)
{
	if (f->value)
		return f->value[place];
	for (int i = 0; i < f->nspecial; i++)
		if (f->place[i] == place)
			return f->special[i];
	return f->rest;
}

/* Add the values of a LEVELS to dense ones. */
static void
add_levels(const UsFormula *x, double *value)
{
	if (x->value)
	{
		for (int i = 0; i < x->nlevels + 2; i++)
			value[i] += x->value[i];
		return;
	}
	if (x->rest != 0)
		for (int i = 0; i < x->nlevels + 2; i++)
			value[i] += x->rest;
	for (int i = 0; i < x->nspecial; i++)
		value[x->place[i]] += x->special[i] - x->rest;
}

UsFormula *
us_formula_sum(int n, UsFormula *const *arg)
{
	UsFormula **term = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(UsFormula *) * (Size) (n + 1));
	UsFormula  *dense = NULL;	/* values by level that are being added up */
	UsFormula  *constant = NULL;
	int			m = 0;

	for (int i = 0; i < n; i++)
	{
		UsFormula  *x = arg[i];

		if (x->kind == US_F_CONSTANT)
		{
			if (constant == NULL)
				term[m++] = constant = us_formula_constant(0);
			constant->number += x->number;
			continue;
		}
		if (x->kind == US_F_LEVELS && m > 0 && term[m - 1]->kind == US_F_LEVELS &&
			term[m - 1]->feature == x->feature && term[m - 1]->level == x->level)
		{
			if (term[m - 1] != dense)
			{
				dense = palloc(sizeof(UsFormula));
				*dense = *term[m - 1];
				dense->value = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * (Size) (x->nlevels + 2));
				memset(dense->value, 0, sizeof(double) * (Size) (x->nlevels + 2));
				add_levels(term[m - 1], dense->value);
				term[m - 1] = dense;
			}
			add_levels(x, dense->value);
			continue;
		}
		term[m++] = x;
	}
	if (m == 0)
		term[m++] = us_formula_constant(0);
	return m == 1 ? term[0] : us_formula_new(US_F_SUM, m, term);
}

UsFormula *
us_formula_pieces(UsFormula *x, int n, UsPiece *piece)
{
	UsFormula  *f = us_formula_new(US_F_PIECES, 1, &x);

	f->nlevels = n;
	f->piece = piece;
	f->size = Min(f->size + n * (f->arg[0]->size + 4), MOST_SIZE);
	return f;
}

/* ---- choices ---- */

UsFormula *
us_formula_label(int label)
{
	UsFormula  *f = us_formula_new(US_F_LABEL, 0, NULL);

	f->number = label;
	return f;
}

UsFormula *
us_formula_above(UsFormula *a, UsFormula *b, UsFormula *result, UsFormula *otherwise)
{
	UsFormula  *const arg[] = {a, b, result, otherwise};

	return us_formula_new(US_F_ABOVE, 4, arg);
}

UsFormula *
us_formula_pick(int n, UsFormula *const *rank, UsFormula *const *result, bool least)
{
	UsFormula **arg;
	UsFormula  *f;

	if (n == 1)
		return result[0];
	if (n == 2)
		return us_formula_above(rank[least ? 0 : 1], rank[least ? 1 : 0], result[1], result[0]);
	arg = palloc(sizeof(UsFormula *) * 2 * n);
	memcpy(arg, rank, sizeof(UsFormula *) * n);
	memcpy(arg + n, result, sizeof(UsFormula *) * n);
	f = us_formula_new(US_F_PICK, 2 * n, arg);
	f->number = least ? -1 : 1;
	return f;
}

UsFormula *
us_formula_pick_label(int n, UsFormula *const *rank, bool least)
{
	UsFormula **label = palloc(sizeof(UsFormula *) * n);

	for (int k = 0; k < n; k++)
		label[k] = us_formula_label(k + 1);
	return us_formula_pick(n, rank, label, least);
}

UsFormula *
us_formula_softmax(int n, UsFormula *const *score, int class)
{
	UsFormula  *own = class < 0 ? us_formula_new(US_F_LARGEST, n, score) : score[class];
	UsFormula **term = palloc(sizeof(UsFormula *) * n);

	for (int k = 0; k < n; k++)
	{
		term[k] = k == class ? us_formula_constant(1) :
			us_formula_one(US_F_EXP, us_formula_two(US_F_SUB, score[k], own));
		term[k]->number = k == class ? 1 : MOST_EXPONENT;
	}
	return us_formula_two(US_F_DIV, us_formula_constant(1), us_formula_sum(n, term));
}
