/*
 * compare_folds.c
 *	  userseg.compare with folds: two ways of training on the same folds.
 *
 * The models themselves are not asked: what they were made by (algorithm, columns, preprocessing, parameters) is fitted and
 * measured fold by fold, on the same rows.  Folds share training rows, so their differences are not independent:
 * the t test is corrected for that.
 */
#include "postgres.h"

#include <math.h>

#include "stat/proportion.h"
#include "verbs/cross_validate.h"
#include "verbs/evaluate.h"

#define LEVEL	0.95

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* How a version was trained, as arguments for another source. */
static void
make_args(const UsModel *model, const UsVersionLineage *l, const UsEvaluationArgs *args, int folds,
		  UsCrossValidateArgs *cv)
{
	if (model->artifact->task == US_TASK_CLUSTERING || l->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("model \"%s\" version %d has no target to be measured by", model->info.model,
						model->info.version),
				 errhint("This is for classifiers and regressions.")));
	*cv = (UsCrossValidateArgs) {
		.train = {
			.algorithm = model->info.algorithm,
			.source = args->source,
			.target = l->target,
			.id = l->id,
			.n_features = l->n_columns,
			.features = l->columns,
			.transform = l->transform,
			.params = l->params,
			.null_policy = l->null_policy,
			.weight = l->weight,
			.time_column = l->time_column,
			.seed = l->seed
		},
		.folds = folds,
		.split = "auto"
	};
}

/* Folds are the same for the same keys, or times, only. */
static void
check_pair(const UsTrainArgs *a, const UsTrainArgs *b)
{
	if (!same_text(a->target, b->target) || !same_text(a->id, b->id) || !same_text(a->weight, b->weight) ||
		!same_text(a->time_column, b->time_column))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the models cannot be fitted on the same folds"),
				 errdetail("Targets \"%s\" and \"%s\", ids \"%s\" and \"%s\"; weights and time columns must be the same too.",
						   a->target, b->target, a->id ? a->id : "", b->id ? b->id : "")));
	if (a->id == NULL && a->time_column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("folds need an id, or a time column, to be the same for both models"),
				 errhint("Train with id => 'column'.")));
}

static void
check_folds(const UsCrossValidateResult *r)
{
	for (int f = 0; f < r[0].n_folds; f++)
		if (r[0].fold[f].n_test != r[1].fold[f].n_test || r[0].fold[f].n_training != r[1].fold[f].n_training)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("fold %d has " INT64_FORMAT " rows for one model and " INT64_FORMAT " for the other",
							f + 1, r[0].fold[f].n_test, r[1].fold[f].n_test),
					 errhint("A null_policy \"skip\" leaves out other rows where columns differ.")));
}

/* One metric; false when a fold of either has none. */
static bool
compare_metric(const UsCrossValidateResult *r, const UsFoldSummary *s, UsCompareLine *line)
{
	int			n = r[0].n_folds;
	double	   *difference = palloc(sizeof(double) * n);
	double		share = 0;
	double		t;

	*line = (UsCompareLine) {.metric = s->name, .test = psprintf("corrected t, %d folds", n), .n = s->n_rows};
	for (int f = 0; f < n; f++)
	{
		double		a = us_crossval_value(&r[0].fold[f], s->name);
		double		b = us_crossval_value(&r[1].fold[f], s->name);

		if (isnan(a) || isnan(b))
			return false;
		difference[f] = a - b;
		line->a += a / n;
		line->b += b / n;
		share += (double) r[0].fold[f].n_test / r[0].fold[f].n_training;
	}
	line->p_value = us_corrected_t(difference, n, share / n, LEVEL, &line->difference, &t, &line->low, &line->high);
	pfree(difference);
	return true;
}

UsCompareLine *
us_compare_folds(const UsEvaluationArgs *args, int folds, int *n)
{
	UsCrossValidateArgs cv[2];
	UsCrossValidateResult result[2] = {{0}};
	UsCompareLine *line;

	for (int i = 0; i < 2; i++)
	{
		const UsModel *model = us_model_open(i == 0 ? args->model : args->other, US_PRIVILEGE_USAGE);

		make_args(model, us_catalog_lineage(&model->info), args, folds, &cv[i]);
	}
	check_pair(&cv[0].train, &cv[1].train);
	cv[1].train.seed = cv[0].train.seed;
	for (int i = 0; i < 2; i++)
		us_cross_validate(&cv[i], &result[i]);
	check_folds(result);
	line = palloc(sizeof(UsCompareLine) * Max(result[0].n_summary, 1));
	*n = 0;
	for (int i = 0; i < result[0].n_summary; i++)
		*n += compare_metric(result, &result[0].summary[i], &line[*n]);
	return line;
}
