/*
 * recipe.c
 *	  A fit on some rows: target, encoder, algorithm.
 */
#include "postgres.h"

#include <math.h>

#include "eval/recipe.h"
#include "infra/progress.h"

void
us_recipe_make(UsRecipe *recipe, const UsAlgorithm *algorithm, const UsParams *params, Jsonb *transform,
			   UsNullPolicy null_policy, uint64 seed)
{
	UsTransform *steps = us_transform_parse(transform);

	if (algorithm->native)
		us_transform_native(steps);
	*recipe = (UsRecipe) {
		.algorithm = algorithm,
		.task = US_TASK_CLUSTERING,
		.params = params,
		.transform = steps,
		.null_policy = null_policy,
		.seed = seed
	};
}

static const UsColumn *
target_column(const UsFrame *frame, int *column)
{
	for (int j = 0; j < frame->ncolumns; j++)
		if (frame->column[j].role == US_ROLE_TARGET)
		{
			*column = j;
			return &frame->column[j];
		}
	return NULL;
}

/* Has a column of numbers few distinct whole values? */
static bool
few_classes(UsFrame *frame, int j)
{
	double		seen[US_FEW_CLASSES];
	int			n = 0;

	for (int i = 0; i < frame->nchunks; i++)
	{
		const UsChunk *chunk = us_frame_chunk(frame, i);
		const double *y = chunk->column[j].number;

		us_progress("target", i, frame->nchunks);
		for (int r = 0; r < chunk->nrows; r++)
		{
			int			k = 0;

			while (k < n && seen[k] != y[r])
				k++;
			if (k < n)
				continue;
			if (n == US_FEW_CLASSES || y[r] != rint(y[r]))
				return false;
			seen[n++] = y[r];
		}
	}
	return true;
}

/* The task where nobody asked for one. */
static UsTask
natural_task(const UsAlgorithm *algorithm, UsFrame *frame, const UsColumn *target, int column)
{
	if (us_kind_is_class(target->kind))
	{
		if (us_algorithm_can(algorithm, US_TASK_CLASSIFICATION))
			return US_TASK_CLASSIFICATION;
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" predicts numbers, and target \"%s\" is of type %s",
						algorithm->name, target->name, target->type_name),
				 target->kind == US_KIND_BOOLEAN ?
				 errhint("Use a classifier such as \"logistic\", or params {\"task\": \"regression\"} to take false and true as 0 and 1.") :
				 errhint("Use a classifier such as \"logistic\", or a number as target.")));
	}
	if (us_algorithm_can(algorithm, US_TASK_REGRESSION))
		return US_TASK_REGRESSION;
	if (few_classes(frame, column))
		return US_TASK_CLASSIFICATION;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("algorithm \"%s\" predicts classes, and target \"%s\" is a number with fractions or more than %d values",
					algorithm->name, target->name, US_FEW_CLASSES),
			 errhint("Use a regression such as \"linear\", or params {\"task\": \"classification\"} to take every number as a class.")));
}

UsTask
us_recipe_task(const UsAlgorithm *algorithm, const UsParams *params, UsFrame *frame)
{
	int			column = -1;
	const UsColumn *target = target_column(frame, &column);
	const UsParam *asked;
	UsTask		task;

	if (!algorithm->needs_target || target == NULL)
		return US_TASK_CLUSTERING;
	asked = us_params_get(params, "task");
	if (asked->is_null)
		return natural_task(algorithm, frame, target, column);
	(void) us_task_parse(asked->text, &task);
	if (!us_algorithm_can(algorithm, task))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" cannot do task \"%s\"", algorithm->name, asked->text),
				 errhint("Its task is %s.", algorithm->task)));
	return task;
}

/* The parameter of that name, if the algorithm has it and it was given; or NULL. */
static const UsParam *
given(const UsParams *params, const char *name)
{
	for (int i = 0; i < params->n; i++)
		if (strcmp(params->spec[i].name, name) == 0)
			return params->value[i].is_null ? NULL : &params->value[i];
	return NULL;
}

UsTarget *
us_recipe_target(const UsRecipe *recipe, UsFrame *frame)
{
	UsTarget   *target;
	const UsParam *positive = given(recipe->params, "positive");
	const UsParam *weights = given(recipe->params, "class_weight");

	if (recipe->task == US_TASK_CLUSTERING)
		return NULL;
	target = us_target_create(frame, recipe->task);
	if (recipe->task == US_TASK_REGRESSION && (positive || weights))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter \"%s\" is for classes, and target \"%s\" is predicted as a number",
						positive ? "positive" : "class_weight", target->name),
				 errhint("Leave it out, or use params {\"task\": \"classification\"}.")));
	if (positive)
		us_target_set_positive(target, positive->text);
	if (weights && weights->text)
		us_target_balance(target);
	else if (weights)
		us_target_weigh(target, weights->n_names, weights->names, weights->weights);
	return target;
}

UsLoss
us_recipe_loss(const UsRecipe *recipe)
{
	UsLoss		loss = {US_LOSS_SQUARED, 0};

	if (recipe->task == US_TASK_REGRESSION && recipe->params != NULL && recipe->algorithm->loss != NULL)
		recipe->algorithm->loss(recipe->params, &loss);
	return loss;
}

UsEncoder *
us_recipe_encode(const UsRecipe *recipe, UsFrame *frame, UsBudget *budget)
{
	us_progress("learn the preprocessing", 0, 0);
	return us_encoder_learn(frame, recipe->transform, recipe->null_policy, recipe->seed, budget);
}

void
us_recipe_fit(const UsRecipe *recipe, UsFrame *frame, UsEncoder *encoder,
			  const UsSqlStep *sql_step, UsBudget *budget, UsFitted *fitted)
{
	UsFitInput	input = {0};

	memset(fitted, 0, sizeof(UsFitted));
	fitted->recipe = recipe;
	fitted->target = us_recipe_target(recipe, frame);
	fitted->encoder = encoder ? encoder : us_recipe_encode(recipe, frame, budget);
	input.task = recipe->task;
	input.frame = frame;
	input.target = fitted->target;
	input.encoder = fitted->encoder;
	input.params = recipe->params;
	input.seed = recipe->seed;
	input.budget = budget;
	input.sql_step = sql_step;
	recipe->algorithm->fit(&input, &fitted->result);
	if (recipe->task == US_TASK_CLASSIFICATION && fitted->result.n_labels != fitted->target->n_classes)
		elog(ERROR, "algorithm \"%s\" has %d labels for %d classes", recipe->algorithm->name,
			 fitted->result.n_labels, fitted->target->n_classes);
}
