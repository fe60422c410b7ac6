/*
 * test_target.c
 *	  Targets: classes in their order, numbers, weights.
 */
#include "postgres.h"

#include <math.h>

#include "data/frame_build.h"
#include "data/frame_view.h"
#include "data/target.h"
#include "unit.h"

#define MB ((Size) 1024 * 1024)

/* A frame of one target. */
static UsFrame *
numbers(UsKind kind, int n, const double *y, const double *weight)
{
	UsColumn	column = {.name = "y", .kind = kind, .role = US_ROLE_TARGET, .type_name = "double precision"};
	UsFrameBuilder *builder = us_frame_begin(&column, 1, weight != NULL, false, us_budget_create(8 * MB));

	for (int r = 0; r < n; r++)
	{
		if (weight)
			builder->weight[builder->row] = weight[r];
		us_frame_put_number(builder, 0, y[r]);
		us_frame_end_row(builder);
	}
	return us_frame_finish(builder, NULL);
}

static UsFrame *
texts(int n, const char *const *y)
{
	UsColumn	column = {.name = "y", .kind = US_KIND_CATEGORY, .role = US_ROLE_TARGET, .type_name = "text"};
	UsFrameBuilder *builder = us_frame_begin(&column, 1, false, false, us_budget_create(8 * MB));

	for (int r = 0; r < n; r++)
	{
		us_frame_put_category(builder, 0, y[r], (int) strlen(y[r]));
		us_frame_end_row(builder);
	}
	return us_frame_finish(builder, NULL);
}

UNIT_TEST(classes_stand_in_the_order_of_their_bytes)
{
	static const char *const y[] = {"yes", "no", "yes", "Zoo", "\xc3\xa9", "no", "yes"};
	UsFrame    *frame = texts(7, y);
	UsTarget   *t = us_target_create(frame, US_TASK_CLASSIFICATION);
	double		index[7];

	UNIT_EQUAL_INT(t->n_classes, 4);
	UNIT_EQUAL_STRING(t->class_name[0], "Zoo");
	UNIT_EQUAL_STRING(t->class_name[1], "no");
	UNIT_EQUAL_STRING(t->class_name[2], "yes");
	UNIT_EQUAL_STRING(t->class_name[3], "\xc3\xa9");
	UNIT_EQUAL_INT(t->class_rows[2], 3);
	UNIT_EQUAL_INT(t->positive, -1);
	us_target_chunk(t, us_frame_chunk(frame, 0), index);
	for (int r = 0; r < 7; r++)
		UNIT_EQUAL_STRING(t->class_name[(int) index[r]], y[r]);
	us_target_set_positive(t, "no");
	UNIT_EQUAL_INT(t->positive, 1);
	UNIT_ERROR(us_target_set_positive(t, "maybe"), ERRCODE_INVALID_PARAMETER_VALUE, "\"maybe\", which is no class");
}

UNIT_TEST(numbers_and_booleans_as_classes)
{
	static const double y[] = {10, 2, -1, 2, 0.5, 10, 2};
	static const double b[] = {1, 0, 0};
	UsFrame    *frame = numbers(US_KIND_NUMBER, 7, y, NULL);
	UsTarget   *t = us_target_create(frame, US_TASK_CLASSIFICATION);
	double		index[7];

	UNIT_EQUAL_INT(t->n_classes, 4);
	UNIT_EQUAL_STRING(t->class_name[0], "-1");
	UNIT_EQUAL_STRING(t->class_name[1], "0.5");
	UNIT_EQUAL_STRING(t->class_name[3], "10");
	us_target_chunk(t, us_frame_chunk(frame, 0), index);
	for (int r = 0; r < 7; r++)
		UNIT_CHECK(t->class_number[(int) index[r]] == y[r]);

	t = us_target_create(numbers(US_KIND_BOOLEAN, 3, b, NULL), US_TASK_CLASSIFICATION);
	UNIT_EQUAL_STRING(t->class_name[0], "false");
	UNIT_EQUAL_STRING(t->class_name[1], "true");
	UNIT_EQUAL_INT(t->positive, 1);
	UNIT_EQUAL_INT(t->class_rows[0], 2);
}

static void
first_rows(void *context, int i, const UsChunk *chunk, bool *keep)
{
	for (int r = 0; r < chunk->nrows; r++)
		keep[r] = r < *(int *) context;
}

UNIT_TEST(the_target_of_a_view_has_the_classes_of_its_rows)
{
	static const char *const y[] = {"b", "a", "b", "c"};
	UsFrame    *frame = texts(4, y);
	int			n = 3;
	UsFrame    *view = us_frame_view(frame, first_rows, &n, us_budget_create(8 * MB));
	UsTarget   *t = us_target_create(view, US_TASK_CLASSIFICATION);
	double		index[4];

	UNIT_EQUAL_INT(t->n_classes, 2);
	us_target_chunk(t, us_frame_chunk(frame, 0), index);
	UNIT_CHECK(index[0] == 1 && index[1] == 0 && index[2] == 1 && index[3] == -1);
	n = 1;
	view = us_frame_view(frame, first_rows, &n, us_budget_create(8 * MB));
	UNIT_ERROR(us_target_create(view, US_TASK_CLASSIFICATION), ERRCODE_INVALID_PARAMETER_VALUE,
			   "is \"b\" in all of 1 rows");
}

UNIT_TEST(class_weights)
{
	static const double y[] = {0, 0, 0, 1};
	static const double w[] = {1, 2, 3, 4};
	UsFrame    *frame = numbers(US_KIND_BOOLEAN, 4, y, w);
	UsTarget   *t = us_target_create(frame, US_TASK_CLASSIFICATION);
	const UsChunk *chunk = us_frame_chunk(frame, 0);
	char	   *name[] = {"true"};
	double		factor[] = {2.5};
	double		index[4];
	double		room[4];

	us_target_chunk(t, chunk, index);
	UNIT_CHECK(us_target_weights(t, chunk, index, room) == chunk->weight);
	UNIT_CLOSE(t->mass, 10, 0);
	UNIT_CLOSE(t->class_mass[0], 6, 0);
	us_target_balance(t);
	/* n / (k * n_c), as class_weight="balanced" of scikit-learn with these weights */
	UNIT_CLOSE(t->class_factor[0], 10.0 / 12, 1e-15);
	UNIT_CLOSE(t->class_factor[1], 10.0 / 8, 1e-15);
	UNIT_CHECK(us_target_weights(t, chunk, index, room) == room);
	UNIT_CLOSE(room[2], 3 * 10.0 / 12, 1e-15);

	t = us_target_create(frame, US_TASK_CLASSIFICATION);
	us_target_weigh(t, 1, name, factor);
	us_target_weights(t, chunk, index, room);
	UNIT_CLOSE(room[2], 3, 0);
	UNIT_CLOSE(room[3], 10, 0);
	name[0] = "1";
	UNIT_ERROR(us_target_weigh(t, 1, name, factor), ERRCODE_INVALID_PARAMETER_VALUE, "\"1\", which is no class");
}

UNIT_TEST(numbers_to_be_predicted)
{
	static const double y[] = {3, -1, 2.5};
	static const double same[] = {4, 4};
	static const char *const word[] = {"a", "b"};
	UsTarget   *t = us_target_create(numbers(US_KIND_NUMBER, 3, y, NULL), US_TASK_REGRESSION);

	UNIT_CHECK(t->min == -1 && t->max == 3 && t->mass == 3 && t->n_classes == 0);
	UNIT_ERROR(us_target_create(numbers(US_KIND_NUMBER, 2, same, NULL), US_TASK_REGRESSION),
			   ERRCODE_INVALID_PARAMETER_VALUE, "is 4 in all of 2 rows");
	UNIT_ERROR(us_target_create(texts(2, word), US_TASK_REGRESSION),
			   ERRCODE_INVALID_PARAMETER_VALUE, "is no number");
}

UNIT_TEST(too_many_classes)
{
	double	   *y = palloc(sizeof(double) * 1001);

	for (int i = 0; i < 1001; i++)
		y[i] = i;
	UNIT_EQUAL_INT(us_target_create(numbers(US_KIND_NUMBER, 1000, y, NULL), US_TASK_CLASSIFICATION)->n_classes, 1000);
	UNIT_ERROR(us_target_create(numbers(US_KIND_NUMBER, 1001, y, NULL), US_TASK_CLASSIFICATION),
			   ERRCODE_INVALID_PARAMETER_VALUE, "more than 1000 classes");
}
