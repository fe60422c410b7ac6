/*
 * prepare.c
 *	  What training and its explanation share: arguments checked, the source read,
 *	  the encoder learned.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "data/params_json.h"
#include "data/transform.h"
#include "infra/closest.h"
#include "infra/guc.h"
#include "infra/progress.h"
#include "verbs/train.h"

/* of the memory of a training, for the rows that an algorithm reads pass by pass */
#define STREAMED_SHARE	0.75

static const UsAlgorithm *
find_algorithm(const char *name)
{
	const UsAlgorithm *algorithm = us_algorithm_find(name);
	UsClosest	closest;

	if (algorithm)
		return algorithm;
	us_closest_init(&closest, name);
	for (int i = 0; us_algorithm_get(i); i++)
		us_closest_offer(&closest, us_algorithm_get(i)->name);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("algorithm \"%s\" does not exist", name),
			 errhint("SELECT algorithm, description FROM userseg.algorithms() lists them.%s",
					 us_closest_hint(&closest))));
}

UsNullPolicy
us_null_policy_parse(const char *text)
{
	if (strcmp(text, "impute") == 0)
		return US_NULL_IMPUTE;
	if (strcmp(text, "error") == 0)
		return US_NULL_ERROR;
	if (strcmp(text, "skip") == 0)
		return US_NULL_SKIP;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no null_policy \"%s\"", text),
			 errhint("Policies are \"impute\", \"error\" and \"skip\".")));
}

void
us_train_warn(UsPrepared *p, const char *fmt,...)
{
	StringInfoData text;
	int			needed;

	initStringInfo(&text);
	do
	{
		va_list		args;

		va_start(args, fmt);
		needed = appendStringInfoVA(&text, fmt, args);
		va_end(args);
		if (needed > 0)
			enlargeStringInfo(&text, needed);
	} while (needed > 0);
	if (p->n_warnings == p->warnings_room)
	{
		p->warnings_room = p->warnings_room ? p->warnings_room * 2 : 8;
		p->warnings = p->warnings
			? repalloc(p->warnings, p->warnings_room * sizeof(char *))
			: palloc(p->warnings_room * sizeof(char *));
	}
	p->warnings[p->n_warnings++] = text.data;
}

static void
check_scalars(const UsTrainArgs *args, const UsPrepared *p)
{
	if (isnan(args->holdout) || args->holdout < 0 || args->holdout >= 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("holdout is %g, outside of 0 <= holdout < 1", args->holdout),
				 errhint("0.2 keeps a fifth of the rows for the metrics; 0 keeps none.")));
	if (p->recipe.algorithm->needs_target && args->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("algorithm \"%s\" needs a target", args->algorithm),
				 errhint("Name the column to be predicted: target => 'column'.")));
}

void
us_train_recipe(const UsTrainArgs *args, UsRecipe *recipe)
{
	const UsAlgorithm *algorithm = find_algorithm(args->algorithm);
	const UsParams *params = us_params_parse(algorithm->params, us_algorithm_common_params(algorithm), args->params);

	us_recipe_make(recipe, algorithm, params, args->transform, us_null_policy_parse(args->null_policy),
				   (uint64) args->seed);
}

void
us_train_check_rows(const UsPrepared *p)
{
	if (p->frame->nrows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the source has no rows to train on"),
				 errdetail(INT64_FORMAT " rows were read, " INT64_FORMAT " of them left out.",
						   p->info->n_read, p->info->n_read - p->frame->nrows),
				 errhint("Look at the source, the null_policy and the weights.")));
}

static void
read_source(const UsTrainArgs *args, UsPrepared *p)
{
	UsSourceSpec spec = {0};
	ListCell   *lc;

	spec.target = args->target;
	spec.id = args->id;
	spec.weight = args->weight;
	spec.time_column = args->time_column;
	spec.all_features = args->n_features < 0;
	spec.n_features = Max(args->n_features, 0);
	spec.features = args->features;
	spec.null_policy = p->recipe.null_policy;
	spec.share = p->recipe.algorithm->streams ? STREAMED_SHARE : 0;

	p->source = us_source_open(args->source);
	p->info = us_source_columns(p->source, &spec);
	us_progress("read the source", 0, 0);
	p->frame = us_source_read(p->source, &spec, p->budget, p->info);
	foreach(lc, p->info->warnings)
		us_train_warn(p, "%s", (char *) lfirst(lc));
	us_train_check_rows(p);
}

void
us_train_read(const UsTrainArgs *args, UsPrepared *p)
{
	memset(p, 0, sizeof(UsPrepared));
	us_train_recipe(args, &p->recipe);
	check_scalars(args, p);
	us_progress_begin(us_params_get(p->recipe.params, "verbose")->boolean);
	p->budget = us_budget_create((Size) us_max_memory_kb * 1024);
	read_source(args, p);
	p->recipe.task = us_recipe_task(p->recipe.algorithm, p->recipe.params, p->frame);
}

UsFrame *
us_train_rows(const UsPrepared *p)
{
	return p->source_rows ? p->source_rows : p->frame;
}

UsMetrics *
us_train_measure(const UsPrepared *p, const UsFitted *fitted, UsFrame *rows, UsMeasureMode mode, UsBudget *budget)
{
	return p->measure ? p->measure(p->measure_context, fitted, rows, budget) : us_measure(fitted, rows, mode, budget);
}

void
us_train_encode(UsPrepared *p)
{
	p->encoder = us_recipe_encode(&p->recipe, p->frame, p->budget);
	for (int i = 0; i < us_encoder_nwarnings(p->encoder); i++)
		us_train_warn(p, "%s", us_encoder_warning(p->encoder, i));
}
