/*
 * target.c
 *	  What a supervised algorithm learns to predict.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "utils/float.h"

#include "data/encode_levels.h"
#include "data/target.h"
#include "infra/compat.h"
#include "infra/progress.h"
#include "math/exact_sum.h"
#include "math/simd.h"

/* class names that a hint lists */
#define LISTED_CLASSES	20

/* What is known of a class while they are counted. */
typedef struct Class
{
	double		number;			/* NUMBER, BOOLEAN */
	const char *text;			/* CATEGORY: bytes in the dictionary */
	int			len;
	int			code;
	int64		rows;
	UsExactSum *weight;			/* NULL without weights */
} Class;

typedef struct Classes
{
	const UsColumn *column;
	bool		weighted;
	int			n;
	int			room;
	Class	   *class;
	int		   *by_code;		/* CATEGORY: code → class, or -1 */
	int			last;			/* NUMBER: class of the row before */
} Classes;

bool
us_kind_is_class(UsKind kind)
{
	return kind != US_KIND_NUMBER;
}

static int
target_column(const UsFrame *frame)
{
	for (int j = 0; j < frame->ncolumns; j++)
		if (frame->column[j].role == US_ROLE_TARGET)
			return j;
	elog(ERROR, "frame has no target");
}

/* ---- classes ---- */

pg_noreturn static void
too_many_classes(const UsColumn *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target \"%s\" has more than %d classes", column->name, US_MAX_CLASSES),
			 column->kind == US_KIND_NUMBER ?
			 errhint("Leave out params {\"task\": \"classification\"} to predict it as a number.") :
			 errhint("Group its values into fewer classes in the source.")));
}

static int
add_class(Classes *c, Class class)
{
	if (c->n == US_MAX_CLASSES)
		too_many_classes(c->column);
	if (c->n == c->room)
	{
		c->room = Max(8, 2 * c->room);
		c->class = c->class ? repalloc(c->class, c->room * sizeof(Class)) : palloc(c->room * sizeof(Class));
	}
	if (c->weighted)
		class.weight = palloc0(sizeof(UsExactSum));
	c->class[c->n] = class;
	return c->n++;
}

static int
class_of_code(Classes *c, int code)
{
	if (c->by_code[code] < 0)
	{
		Class		class = {.code = code};

		class.text = us_dictionary_get(c->column->dictionary, code, &class.len);
		c->by_code[code] = add_class(c, class);
	}
	return c->by_code[code];
}

static int
class_of_number(Classes *c, double number)
{
	if (c->n > 0 && c->class[c->last].number == number)
		return c->last;
	for (int k = 0; k < c->n; k++)
		if (c->class[k].number == number)
			return c->last = k;
	return c->last = add_class(c, (Class) {.number = number});
}

/* A chunk whose numbers are all of the two classes that are known, without weights; false, and nothing done, for others. */
static bool
count_two(Classes *c, const UsChunk *chunk, const UsChunkColumn *v)
{
	int64		first = 0;
	int64		second = 0;

	if (c->n != 2 || c->by_code || c->weighted)
		return false;
	for (int r = 0; r < chunk->nrows; r++)
	{
		first += v->number[r] == c->class[0].number;
		second += v->number[r] == c->class[1].number;
	}
	if (first + second != chunk->nrows)
		return false;
	c->class[0].rows += first;
	c->class[1].rows += second;
	return true;
}

static void
count_classes(Classes *c, UsFrame *frame, int j)
{
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const UsChunkColumn *v = &chunk->column[j];

		us_progress("target", i, frame->nchunks);
		if (count_two(c, chunk, v))
			continue;
		for (int r = 0; r < chunk->nrows; r++)
		{
			int			k;

			if (c->by_code ? v->code[r] < 0 : isnan(v->number[r]))
				elog(ERROR, "target is NULL");
			k = c->by_code ? class_of_code(c, v->code[r]) : class_of_number(c, v->number[r]);
			c->class[k].rows++;
			if (chunk->weight)
				us_exact_add(c->class[k].weight, chunk->weight[r]);
		}
	}
}

static int
compare_classes(const void *a, const void *b)
{
	const Class *x = a;
	const Class *y = b;

	if (x->text)
		return us_bytes_compare(x->text, x->len, y->text, y->len);
	return (x->number > y->number) - (x->number < y->number);
}

static char *
class_name(const Classes *c, const Class *class)
{
	if (class->text)
		return pnstrdup(class->text, class->len);
	if (c->column->kind == US_KIND_BOOLEAN)
		return pstrdup(class->number == 0 ? "false" : "true");
	return double_to_shortest_decimal(class->number);
}

static void
make_classes(UsTarget *t, UsFrame *frame)
{
	Classes		c = {.column = &frame->column[t->column], .weighted = frame->weighted};
	int			size = c.column->kind == US_KIND_CATEGORY ?
		us_dictionary_size(c.column->dictionary) : 0;

	if (c.column->kind == US_KIND_CATEGORY)
	{
		c.by_code = MemoryContextAllocHuge(CurrentMemoryContext, Max(size, 1) * sizeof(int));
		memset(c.by_code, -1, size * sizeof(int));
	}
	count_classes(&c, frame, t->column);
	if (c.n == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" is \"%s\" in all of " INT64_FORMAT " rows", c.column->name,
						class_name(&c, &c.class[0]), frame->nrows),
				 errdetail("There is nothing to tell apart."),
				 errhint("A classifier needs rows of at least two classes.")));
	qsort(c.class, c.n, sizeof(Class), compare_classes);

	t->n_classes = c.n;
	t->class_name = palloc(c.n * sizeof(char *));
	t->class_rows = palloc(c.n * sizeof(int64));
	t->class_mass = palloc(c.n * sizeof(double));
	t->class_factor = palloc(c.n * sizeof(double));
	if (c.by_code)
		t->class_of = c.by_code;
	else
		t->class_number = palloc(c.n * sizeof(double));
	for (int k = 0; k < c.n; k++)
	{
		const Class *class = &c.class[k];

		t->class_name[k] = class_name(&c, class);
		t->class_rows[k] = class->rows;
		t->class_mass[k] = class->weight ? us_exact_round(class->weight) : (double) class->rows;
		t->class_factor[k] = 1;
		if (c.by_code)
			t->class_of[class->code] = k;
		else
			t->class_number[k] = class->number;
		t->mass += t->class_mass[k];
	}
	t->positive = c.n == 2 ? 1 : -1;
	pfree(c.class);
}

/* ---- numbers ---- */

static void
measure_numbers(UsTarget *t, UsFrame *frame)
{
	const UsColumn *column = &frame->column[t->column];
	UsExactSum *weight = palloc0(sizeof(UsExactSum));

	if (column->kind == US_KIND_CATEGORY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" of type %s is no number", column->name, column->type_name),
				 errhint("A regression needs a number; use a classifier, or cast the column in the source.")));
	t->min = get_float8_infinity();
	t->max = -get_float8_infinity();
	t->positive = -1;
	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *y = chunk->column[t->column].number;

		us_progress("target", i, frame->nchunks);
		for (int r = 0; r < chunk->nrows; r++)
		{
			t->min = Min(t->min, y[r]);
			t->max = Max(t->max, y[r]);
		}
		if (chunk->weight)
			us_exact_add_array(weight, chunk->weight, chunk->nrows);
	}
	t->mass = frame->weighted ? us_exact_round(weight) : (double) frame->nrows;
	pfree(weight);
	if (t->min == t->max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" is %g in all of " INT64_FORMAT " rows", column->name, t->min,
						frame->nrows),
				 errdetail("There is nothing to explain."),
				 errhint("A regression needs rows with at least two different numbers.")));
}

UsTarget *
us_target_create(UsFrame *frame, UsTask task)
{
	UsTarget   *t = palloc0(sizeof(UsTarget));

	t->task = task;
	t->column = target_column(frame);
	t->name = frame->column[t->column].name;
	t->nrows = frame->nrows;
	t->row_weight = frame->row_weight;
	if (task == US_TASK_CLASSIFICATION)
		make_classes(t, frame);
	else
		measure_numbers(t, frame);
	return t;
}

/* ---- positive class, weights ---- */

static char *
list_classes(const UsTarget *t)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int k = 0; k < Min(t->n_classes, LISTED_CLASSES); k++)
		appendStringInfo(&buf, "%s\"%s\"", k > 0 ? ", " : "", t->class_name[k]);
	if (t->n_classes > LISTED_CLASSES)
		appendStringInfo(&buf, ", ... (%d more)", t->n_classes - LISTED_CLASSES);
	return buf.data;
}

static int
find_class(const UsTarget *t, const char *parameter, const char *name)
{
	for (int k = 0; k < t->n_classes; k++)
		if (strcmp(t->class_name[k], name) == 0)
			return k;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("parameter \"%s\" names \"%s\", which is no class of target \"%s\"",
					parameter, name, t->name),
			 errhint("Classes are %s.", list_classes(t))));
}

void
us_target_set_positive(UsTarget *t, const char *name)
{
	t->positive = find_class(t, "positive", name);
}

void
us_target_balance(UsTarget *t)
{
	for (int k = 0; k < t->n_classes; k++)
	{
		t->class_factor[k] = t->mass / (t->n_classes * t->class_mass[k]);
		t->factored |= t->class_factor[k] != 1;
	}
}

void
us_target_weigh(UsTarget *t, int n, char *const *name, const double *factor)
{
	for (int i = 0; i < n; i++)
	{
		t->class_factor[find_class(t, "class_weight", name[i])] = factor[i];
		t->factored |= factor[i] != 1;
	}
}

/* ---- rows ---- */

/* Class of a number, or -1. */
static int
find_number(const UsTarget *t, double number)
{
	int			lo = 0;
	int			hi = t->n_classes - 1;

	while (lo < hi)
	{
		int			middle = (lo + hi) / 2;

		if (t->class_number[middle] < number)
			lo = middle + 1;
		else
			hi = middle;
	}
	return t->class_number[lo] == number ? lo : -1;
}

/* Class 0, 1 or -1 of the first numbers of n, in whole vectors; how many they are. */
US_CLONES static int
two_classes(const double *class_number, const double *x, int n, double *y)
{
	const UsDoubleLanes zero = {0};
	const double first = class_number[0];
	const double second = class_number[1];
	int			r = 0;

	/* index + 2: where 0 is an alternative, compilers select lane by lane */
	for (; r + US_HALF_LANES <= n; r += US_HALF_LANES)
	{
		UsDoubleLanes v = *(const UsLooseDoubleLanes *) (x + r);
		UsDoubleLanes k = US_SELECT_DOUBLE(v == first, 2.0 + zero, 1.0 + zero);

		k = US_SELECT_DOUBLE(v == second, 3.0 + zero, k);
		*(UsLooseDoubleLanes *) (y + r) = (UsLooseDoubleLanes) (k - 2.0);
	}
	return r;
}

void
us_target_chunk(const UsTarget *t, const UsChunk *chunk, double *y)
{
	const UsChunkColumn *c = &chunk->column[t->column];

	if (t->task == US_TASK_REGRESSION)
		memcpy(y, c->number, chunk->nrows * sizeof(double));
	else if (t->class_of)
	{
		for (int r = 0; r < chunk->nrows; r++)
			y[r] = c->code[r] < 0 ? -1 : t->class_of[c->code[r]];
	}
	else if (t->n_classes == 2)
	{
		int			r = two_classes(t->class_number, c->number, chunk->nrows, y);

		for (; r < chunk->nrows; r++)
			y[r] = find_number(t, c->number[r]);
	}
	else
	{
		for (int r = 0; r < chunk->nrows; r++)
			y[r] = find_number(t, c->number[r]);
	}
}

const double *
us_target_weights(const UsTarget *t, const UsChunk *chunk, const double *y, double *room)
{
	if (!t->factored)
		return chunk->weight;
	for (int r = 0; r < chunk->nrows; r++)
		room[r] = (chunk->weight ? chunk->weight[r] : 1) * (y[r] >= 0 ? t->class_factor[(int) y[r]] : 1);
	return room;
}

double
us_target_row(const UsTarget *t)
{
	double		mass = t->mass;

	if (t->factored)
	{
		mass = 0;
		for (int k = 0; k < t->n_classes; k++)
			mass += t->class_mass[k] * t->class_factor[k];
	}
	if (t->row_weight > 0)
		return fmin(t->row_weight * (mass / t->mass), 1);
	return fmin(mass / (double) t->nrows, 1);
}
