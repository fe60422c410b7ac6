/*
 * test_crossval.c
 *	  Fits on parts of the rows: split, folds, answers, metrics, leaks.
 */
#include "postgres.h"

#include <math.h>

#include "utils/jsonb.h"
#include "utils/builtins.h"

#include "data/frame_build.h"
#include "data/params_json.h"
#include "eval/crossval.h"
#include "eval/leakage.h"
#include "eval/split.h"
#include "math/random.h"
#include "unit.h"
#include "unit_encode.h"
#include "unit_learner.h"

#define MB ((Size) 1024 * 1024)

enum
{
	X, COPY, CITY, ID, LATER, Y, T, NCOLUMNS
};

static const UsColumn columns[NCOLUMNS] = {
	{.name = "x", .kind = US_KIND_NUMBER, .type_name = "double precision"},
	{.name = "copy", .kind = US_KIND_NUMBER, .type_name = "double precision"},
	{.name = "city", .kind = US_KIND_CATEGORY, .type_name = "text"},
	{.name = "number", .kind = US_KIND_NUMBER, .type_name = "integer"},
	{.name = "later", .kind = US_KIND_TIME, .type_name = "date"},
	{.name = "y", .kind = US_KIND_BOOLEAN, .role = US_ROLE_TARGET, .type_name = "boolean"},
	{.name = "t", .kind = US_KIND_TIME, .role = US_ROLE_TIME, .type_name = "date"}
};

/* What the rows are like. */
typedef struct Data
{
	int			n;
	int			step;			/* order: row i * step % n */
	double		signal;			/* difference of the means of x between the classes */
	bool		numbers;		/* y = 3 + 2 x + noise / 10 instead of classes */
	int			copies;			/* rows of each id */
} Data;

static UsFrame *
build(Data d, UsBudget *budget)
{
	UsColumn	column[NCOLUMNS];
	UsFrameBuilder *builder;

	memcpy(column, columns, sizeof(column));
	if (d.numbers)
		column[Y].kind = US_KIND_NUMBER;
	builder = us_frame_begin(column, NCOLUMNS, false, true, budget);
	for (int i = 0; i < d.n; i++)
	{
		int			r = (int) ((int64) i * Max(d.step, 1) % d.n);
		UsRandom	random;
		bool		y;
		double		x;
		char		city[16];

		us_random_init(&random, 7, r);
		y = us_random_double(&random) < 0.3;
		x = us_random_normal(&random) + (y ? d.signal : 0);
		builder->key[builder->row] = us_hash64(r / Max(d.copies, 1));
		us_frame_put_number(builder, X, x);
		us_frame_put_number(builder, COPY, x);
		snprintf(city, sizeof(city), "c%d", (int) us_random_below(&random, 300));
		us_frame_put_category(builder, CITY, city, (int) strlen(city));
		us_frame_put_number(builder, ID, r);
		us_frame_put_number(builder, LATER, 1000 + r * 100 + (r % 20 == 0 ? 50 : -50));
		us_frame_put_number(builder, Y, d.numbers ? 3 + 2 * x + us_random_normal(&random) / 10 : y);
		us_frame_put_number(builder, T, 1000 + r * 100);
		us_frame_end_row(builder);
	}
	return us_frame_finish(builder, NULL);
}

static UsRecipe
recipe(UsTask task, const char *transform)
{
	return (UsRecipe) {
		.algorithm = &unit_learner,
		.task = task,
		.params = us_params_parse(NULL, us_classifier_params, NULL),
		.transform = unit_transform(transform),
		.seed = 42
	};
}

static const UsMetricValue *
metric(const UsMetrics *m, const char *name)
{
	for (int i = 0; i < m->n; i++)
		if (strcmp(m->metric[i].name, name) == 0)
			return &m->metric[i];
	elog(ERROR, "no metric %s", name);
}

UNIT_TEST(splits_by_key_and_by_time)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrame    *frame = build((Data) {.n = 10000, .copies = 4}, budget);
	UsSplit		split = us_split_by_key(0.2, 42);
	UsFrame    *training = us_frame_view(frame, us_split_training, &split, budget);
	UsFrame    *rest = us_frame_view(frame, us_split_holdout, &split, budget);
	int			alone = 0;

	UNIT_EQUAL_INT(training->nrows + rest->nrows, 10000);
	/* 2500 keys: sd of the share is 0.008 */
	UNIT_CLOSE(rest->nrows / 10000.0, 0.2, 0.04);
	/* the four rows of a key are neighbours and on one side */
	for (int r = 0; r < rest->nrows; r += 4)
		alone += us_frame_chunk(rest, 0)->key[r % US_CHUNK_ROWS] != us_frame_chunk(rest, 0)->key[r % US_CHUNK_ROWS + 3];
	UNIT_EQUAL_INT(alone, 0);
	UNIT_EQUAL_INT(us_split_by_key(0, 42).kind, US_SPLIT_NONE);

	split = us_split_by_time(frame, 0.25, budget);
	rest = us_frame_view(frame, us_split_holdout, &split, budget);
	UNIT_EQUAL_INT(rest->nrows, 2500);
	UNIT_CLOSE(us_frame_chunk(rest, 0)->column[T].number[0], 1000 + 7500 * 100, 0);
	UNIT_CHECK(us_split_holds_out(&split, 0, 1000 + 7500 * 100) && !us_split_holds_out(&split, 0, 1000 + 7499 * 100));
}

/* Rows, and rows of class true, on the measured side of each fold; whether the sides add up and keys stay together. */
static void
check_folds(UsFrame *frame, UsFolds *folds, int64 *rows, int64 *positives, UsBudget *budget)
{
	int64		total = 0;

	for (int f = 0; f < folds->n; f++)
	{
		UsFrame    *training;
		UsFrame    *test;

		folds->at = f;
		training = us_frame_view(frame, us_folds_training, folds, budget);
		test = us_frame_view(frame, us_folds_test, folds, budget);
		rows[f] = test->nrows;
		positives[f] = 0;
		for (int c = 0; c < test->nchunks; c++)
		{
			const UsChunk *chunk = us_frame_chunk(test, c);

			for (int r = 0; r < chunk->nrows; r++)
				positives[f] += chunk->column[Y].number[r] > 0;
		}
		if (folds->kind != US_FOLDS_TIME)
			UNIT_EQUAL_INT(training->nrows + test->nrows, frame->nrows);
		else
			UNIT_CHECK(us_frame_chunk(training, training->nchunks - 1)->column[T].number[0] <
					   us_frame_chunk(test, 0)->column[T].number[0]);
		total += rows[f];
		us_frame_free(training);
		us_frame_free(test);
	}
	if (folds->kind != US_FOLDS_TIME)
		UNIT_EQUAL_INT(total, frame->nrows);
}

UNIT_TEST(folds_are_of_equal_size)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrame    *frame = build((Data) {.n = 1003}, budget);
	UsTarget   *target = us_target_create(frame, US_TASK_CLASSIFICATION);
	UsFolds    *folds;
	int64		rows[7];
	int64		positives[7];

	folds = us_folds_create(frame, US_FOLDS_KEY, 7, target, 1, budget);
	check_folds(frame, folds, rows, positives, budget);
	for (int f = 0; f < 7; f++)
		UNIT_CHECK(rows[f] >= 141 && rows[f] <= 146);
	folds = us_folds_create(frame, US_FOLDS_STRATIFIED, 7, target, 1, budget);
	check_folds(frame, folds, rows, positives, budget);
	for (int f = 0; f < 7; f++)
	{
		UNIT_CHECK(rows[f] >= 141 && rows[f] <= 146);
		UNIT_CHECK(llabs(positives[f] - target->class_rows[1] / 7) <= 2);
	}
	folds = us_folds_create(frame, US_FOLDS_TIME, 4, target, 1, budget);
	check_folds(frame, folds, rows, positives, budget);
	for (int f = 0; f < 4; f++)
		UNIT_CHECK(rows[f] >= 200 && rows[f] <= 201);
}

UNIT_TEST(folds_keep_rows_of_a_key_together)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrame    *frame = build((Data) {.n = 1000, .copies = 10}, budget);
	UsTarget   *target = us_target_create(frame, US_TASK_CLASSIFICATION);
	UsFoldKind	kind = us_folds_kind("auto", frame, US_TASK_CLASSIFICATION, true);
	UsFolds    *folds;
	int64		rows[5];
	int64		positives[5];

	UNIT_EQUAL_INT(kind, US_FOLDS_TIME);	/* there is a time column */
	frame->column[T].role = US_ROLE_FEATURE;
	UNIT_EQUAL_INT(us_folds_kind("auto", frame, US_TASK_CLASSIFICATION, true), US_FOLDS_KEY);
	UNIT_EQUAL_INT(us_folds_kind("auto", frame, US_TASK_CLASSIFICATION, false), US_FOLDS_STRATIFIED);
	UNIT_EQUAL_INT(us_folds_kind("auto", frame, US_TASK_REGRESSION, false), US_FOLDS_KEY);
	UNIT_ERROR(us_folds_kind("time", frame, US_TASK_REGRESSION, false), ERRCODE_INVALID_PARAMETER_VALUE, "needs a time column");
	UNIT_ERROR(us_folds_kind("stratified", frame, US_TASK_REGRESSION, false), ERRCODE_INVALID_PARAMETER_VALUE, "needs classes");
	UNIT_ERROR(us_folds_kind("x", frame, US_TASK_REGRESSION, false), ERRCODE_INVALID_PARAMETER_VALUE, "no split \"x\"");
	folds = us_folds_create(frame, US_FOLDS_KEY, 5, target, 1, budget);
	check_folds(frame, folds, rows, positives, budget);
	for (int f = 0; f < 5; f++)
		UNIT_CHECK(rows[f] % 10 == 0 && rows[f] >= 180 && rows[f] <= 220);
	frame = build((Data) {.n = 1000, .copies = 100}, budget);
	UNIT_ERROR(us_folds_create(frame, US_FOLDS_KEY, 20, target, 1, budget), ERRCODE_INVALID_PARAMETER_VALUE, "too few for 20 folds");
}

/* Cross-validate; the summary of a metric. */
static UsFoldSummary
cross_validate(Data d, UsTask task, const char *transform, int n, const char *name)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrame    *frame = build(d, budget);
	UsRecipe	r = recipe(task, transform);
	UsFolds    *folds;
	UsFoldResult *result = palloc0(n * sizeof(UsFoldResult));
	UsFoldSummary *summary;
	int			count;

	folds = us_folds_create(frame, task == US_TASK_CLASSIFICATION ? US_FOLDS_STRATIFIED : US_FOLDS_KEY, n,
							us_recipe_target(&r, frame), 42, budget);
	for (int f = 0; f < n; f++)
		us_crossval_fold(&r, frame, folds, f, budget, &result[f]);
	summary = us_crossval_summary(result, n, &count);
	us_frame_free(frame);
	for (int i = 0; i < count; i++)
		if (strcmp(summary[i].name, name) == 0)
			return summary[i];
	elog(ERROR, "no metric %s", name);
}

#define ONLY_X "{\"x\": \"none\"}"

UNIT_TEST(cross_validation_finds_what_is_there)
{
	Data		d = {.n = 20000, .signal = 1};
	UsFoldSummary s = cross_validate(d, US_TASK_CLASSIFICATION, ONLY_X, 5, "auc");
	UsFoldSummary again;

	/* AUC of two normals one standard deviation apart: Phi(1 / sqrt(2)) */
	UNIT_CLOSE(s.mean, 0.76025, 0.01);
	UNIT_CHECK(s.ci_low < 0.76025 && s.ci_high > 0.76025);
	UNIT_EQUAL_INT(s.n, 5);
	UNIT_EQUAL_INT(s.n_rows, 20000);
	d.step = 7;
	again = cross_validate(d, US_TASK_CLASSIFICATION, ONLY_X, 5, "auc");
	UNIT_CHECK(again.mean == s.mean && again.sd == s.sd);

	d = (Data) {.n = 5000, .numbers = true};
	s = cross_validate(d, US_TASK_REGRESSION, ONLY_X, 5, "rmse");
	UNIT_CLOSE(s.mean, 0.1, 0.005);
}

#define ONLY_CITY "{\"city\": [{\"target\": {\"smoothing\": 0}}]}"

/* The frame without the columns before the city. */
static UsFrame *
only_city(Data d, UsBudget *budget)
{
	UsFrame    *frame = build(d, budget);

	for (int j = 0; j < NCOLUMNS; j++)
		if (j != CITY && frame->column[j].role == US_ROLE_FEATURE)
			frame->column[j].role = US_ROLE_WEIGHT;
	return frame;
}

UNIT_TEST(target_encoding_in_the_folds_shows_no_skill_on_noise)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrame    *frame = only_city((Data) {.n = 5000}, budget);
	UsRecipe	r = recipe(US_TASK_CLASSIFICATION, ONLY_CITY);
	UsTarget   *target = us_recipe_target(&r, frame);
	UsFolds    *folds = us_folds_create(frame, US_FOLDS_STRATIFIED, 5, target, 42, budget);
	UsFoldResult result[5];
	UsFitted	fitted;
	int			count;
	UsFoldSummary *summary;

	for (int f = 0; f < 5; f++)
		us_crossval_fold(&r, frame, folds, f, budget, &result[f]);
	summary = us_crossval_summary(result, 5, &count);
	UNIT_EQUAL_STRING(summary[0].name, "auc");
	UNIT_CHECK(summary[0].ci_low < 0.5 && summary[0].ci_high > 0.5);
	UNIT_CLOSE(summary[0].mean, 0.5, 0.03);
	/*
	 * An encoder of all rows knows the target of those that it encodes: 300 levels of about 17 rows.  (The model is turned
	 * round then, since what it learned from is the mean of the others.)
	 */
	us_recipe_fit(&r, frame, NULL, NULL, budget, &fitted);
	UNIT_CHECK(fabs(metric(us_measure(&fitted, frame, US_MEASURE_FULL, budget), "auc")->value - 0.5) > 0.05);
}

/* The target that parameters make of a frame. */
static UsTarget *
target_by(const char *params, UsTask task)
{
	UsRecipe	r = recipe(task, ONLY_X);

	r.params = us_params_parse(NULL, us_classifier_params,
							   DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(params))));
	return us_recipe_target(&r, build((Data) {.n = 100, .numbers = task == US_TASK_REGRESSION}, us_budget_create(64 * MB)));
}

UNIT_TEST(parameters_of_the_target)
{
	UNIT_EQUAL_INT(target_by("{\"positive\": false}", US_TASK_CLASSIFICATION)->positive, 0);
	UNIT_CLOSE(target_by("{\"class_weight\": {\"true\": 3}}", US_TASK_CLASSIFICATION)->class_factor[1], 3, 0);
	UNIT_CHECK(target_by("{\"class_weight\": \"balanced\"}", US_TASK_CLASSIFICATION)->factored);
	UNIT_CHECK(target_by("{}", US_TASK_REGRESSION)->min < target_by("{}", US_TASK_REGRESSION)->max);
	UNIT_ERROR(target_by("{\"class_weight\": \"balanced\"}", US_TASK_REGRESSION), ERRCODE_INVALID_PARAMETER_VALUE,
			   "parameter \"class_weight\" is for classes");
	UNIT_ERROR(target_by("{\"positive\": 1}", US_TASK_REGRESSION), ERRCODE_INVALID_PARAMETER_VALUE,
			   "parameter \"positive\" is for classes");
}

UNIT_TEST(the_positive_class_turns_the_metrics)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrame    *frame = build((Data) {.n = 2000, .signal = 1}, budget);
	UsRecipe	r = recipe(US_TASK_CLASSIFICATION, ONLY_X);
	UsFitted	fitted;
	UsAnswers  *a;
	UsMetrics  *m[2];

	for (int i = 0; i < 2; i++)
	{
		us_recipe_fit(&r, frame, NULL, NULL, budget, &fitted);
		if (i == 1)
			us_target_set_positive(fitted.target, "false");
		a = us_answers_collect(&fitted, frame, 0, budget);
		UNIT_EQUAL_INT(a->n, 2000);
		UNIT_CHECK(a->proba[0] == NULL && a->actual[0] == ((us_frame_chunk(frame, 0)->column[Y].number[0] == 1) ^ i));
		us_answers_free(a);
		m[i] = us_measure(&fitted, frame, US_MEASURE_FULL, budget);
	}
	/* the same for a symmetric metric; precision is that of the other class */
	UNIT_CLOSE(metric(m[1], "auc")->value, metric(m[0], "auc")->value, 1e-12);
	UNIT_CLOSE(metric(m[1], "accuracy")->value, metric(m[0], "accuracy")->value, 1e-12);
	UNIT_CLOSE(metric(m[1], "recall")->value, metric(m[0], "specificity")->value, 1e-12);
	a = us_answers_collect(&fitted, frame, 500, budget);
	UNIT_CHECK(a->sampled && a->n > 400 && a->n <= 500);
	us_answers_free(a);
}

/* The suspects of some rows, as "column:kind column:kind". */
static const char *
suspects(Data d, UsTask task)
{
	UsBudget   *budget = us_budget_create(64 * MB);
	UsFrame    *frame = build(d, budget);
	int			n;
	UsSuspect  *s = us_leakage_find(frame, us_target_create(frame, task), 42, budget, &n);
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < n; i++)
		appendStringInfo(&buf, "%s%s:%s", i > 0 ? " " : "", s[i].column, s[i].kind);
	us_frame_free(frame);
	UNIT_EQUAL_INT(us_budget_used(budget), 0);
	return buf.data;
}

UNIT_TEST(leaks_are_found)
{
	static const char *const others = "copy:duplicate number:id later:later";

	UNIT_EQUAL_STRING(suspects((Data) {.n = 5000}, US_TASK_CLASSIFICATION), others);
	UNIT_EQUAL_STRING(suspects((Data) {.n = 20000, .step = 7}, US_TASK_CLASSIFICATION), others);
	UNIT_EQUAL_STRING(suspects((Data) {.n = 40}, US_TASK_CLASSIFICATION), "");
	/* two standard deviations apart is an honest column, eight are none */
	UNIT_EQUAL_STRING(suspects((Data) {.n = 5000, .signal = 2}, US_TASK_CLASSIFICATION), others);
	UNIT_EQUAL_STRING(suspects((Data) {.n = 5000, .signal = -8}, US_TASK_CLASSIFICATION),
					  "x:target copy:target copy:duplicate number:id later:later");
	/* R2 of 3 + 2 x + noise / 10 is 1 - 0.01 / 4.01 = 0.9975 */
	UNIT_EQUAL_STRING(suspects((Data) {.n = 5000, .numbers = true}, US_TASK_REGRESSION),
					  "x:target copy:target copy:duplicate number:id later:later");
}
