/*
 * target_bind.c
 *	  The target of a trained model on the rows of another frame.
 */
#include "postgres.h"

#include <math.h>

#include "data/target.h"

static int
target_column(const UsFrame *frame)
{
	for (int j = 0; j < frame->ncolumns; j++)
		if (frame->column[j].role == US_ROLE_TARGET)
			return j;
	elog(ERROR, "frame has no target");
}

/* The class of the category of that code, by its bytes; or -1. */
static int
class_of_code(const UsTarget *t, const UsDictionary *dictionary, int code)
{
	int			len;
	const char *bytes = us_dictionary_get(dictionary, code, &len);

	for (int k = 0; k < t->n_classes; k++)
		if (strlen(t->class_name[k]) == len && memcmp(t->class_name[k], bytes, len) == 0)
			return k;
	return -1;
}

/* The number that a class is named by: false and true are 0 and 1; NaN for another text. */
static double
class_number(const char *name)
{
	char	   *end;
	double		number;

	if (strcmp(name, "false") == 0 || strcmp(name, "true") == 0)
		return name[0] == 't';
	number = strtod(name, &end);
	return *name == '\0' || *end != '\0' ? NAN : number;
}

static void
bind_numbers(UsTarget *t, const UsColumn *column)
{
	t->class_number = palloc(t->n_classes * sizeof(double));
	for (int k = 0; k < t->n_classes; k++)
	{
		t->class_number[k] = class_number(t->class_name[k]);
		if (isnan(t->class_number[k]) || (k > 0 && t->class_number[k] <= t->class_number[k - 1]))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("target \"%s\" of type %s cannot be compared with the classes of the model",
							column->name, column->type_name),
					 errdetail("One of them is \"%s\".", t->class_name[k]),
					 errhint("Cast the column in the source to the type it was trained with.")));
	}
}

UsTarget *
us_target_bind(UsFrame *frame, UsTask task, int n_classes, char **class_name, int positive)
{
	UsTarget   *t = palloc0(sizeof(UsTarget));
	const UsColumn *column;

	t->task = task;
	t->column = target_column(frame);
	column = &frame->column[t->column];
	t->name = column->name;
	t->nrows = frame->nrows;
	t->positive = -1;
	if (task == US_TASK_REGRESSION)
	{
		if (column->kind == US_KIND_CATEGORY)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("target \"%s\" of type %s is no number", column->name, column->type_name),
					 errhint("The model predicts a number; cast the column in the source.")));
		return t;
	}
	t->n_classes = n_classes;
	t->class_name = class_name;
	t->positive = positive;
	if (column->kind == US_KIND_CATEGORY)
	{
		int			size = us_dictionary_size(column->dictionary);

		t->class_of = palloc(Max(size, 1) * sizeof(int));
		for (int code = 0; code < size; code++)
			t->class_of[code] = class_of_code(t, column->dictionary, code);
	}
	else
		bind_numbers(t, column);
	return t;
}
