/*
 * registry.c
 *	  The table of algorithms.  A new one is one line here.
 */
#include "postgres.h"

#include "learn/algorithm.h"

static const UsAlgorithm *const algorithms[] = {
	&us_algorithm_kmeans,
	&us_algorithm_minibatch_kmeans,
	&us_algorithm_linear,
	&us_algorithm_logistic,
	&us_algorithm_glm,
	&us_algorithm_svm,
	&us_algorithm_hierarchical,
	&us_algorithm_gmm,
	&us_algorithm_isolation_forest,
	&us_algorithm_decision_tree,
	&us_algorithm_random_forest,
	&us_algorithm_gradient_boosting,
	&us_algorithm_naive_bayes,
	&us_algorithm_scorecard,
	&us_algorithm_mlp,
	&us_algorithm_autoencoder,
	NULL						/* ends the table */
};

static const char *const task_names[] = {
	[US_TASK_CLUSTERING] = "clustering",
	[US_TASK_CLASSIFICATION] = "classification",
	[US_TASK_REGRESSION] = "regression",
};

const UsAlgorithm *
us_algorithm_get(int i)
{
	return i >= 0 && i < lengthof(algorithms) ? algorithms[i] : NULL;
}

const UsAlgorithm *
us_algorithm_find(const char *name)
{
	for (int i = 0; algorithms[i] != NULL; i++)
		if (strcmp(algorithms[i]->name, name) == 0)
			return algorithms[i];
	return NULL;
}

bool
us_algorithm_can(const UsAlgorithm *algorithm, UsTask task)
{
	return strstr(algorithm->task, us_task_name(task)) != NULL;
}

const UsParamSpec *
us_algorithm_common_params(const UsAlgorithm *algorithm)
{
	if (!algorithm->needs_target)
		return us_common_params;
	return us_algorithm_can(algorithm, US_TASK_CLASSIFICATION) ?
		us_classifier_params : us_supervised_params;
}

const char *
us_task_name(UsTask task)
{
	return task_names[task];
}

bool
us_task_parse(const char *name, UsTask *task)
{
	for (int i = 0; i < lengthof(task_names); i++)
		if (strcmp(name, task_names[i]) == 0)
		{
			*task = (UsTask) i;
			return true;
		}
	return false;
}

void
us_fit_warn(UsFitResult *result, char *text)
{
	Size		bytes = (result->n_warnings + 1) * sizeof(char *);

	result->warnings = (char **) (result->warnings ? repalloc(result->warnings, bytes) : palloc(bytes));
	result->warnings[result->n_warnings++] = text;
}
