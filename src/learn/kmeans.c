/*
 * kmeans.c
 *	  k-means: parameters, the course of a training, its continuation, details.
 *
 * 1. All rows are encoded into a matrix; on the way the distinct rows with the
 *	  smallest hashes are sampled (kmeans_sample.c): for small sources that is all of them.
 * 2. On the sample, the search for a good partition (kmeans_search.c), for one k or
 *	  for each of a range, and the choice (kmeans_choose.c).
 * 3. From its centres Lloyd's algorithm on all rows (kmeans_run.c).
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_partial.h"
#include "learn/kmeans_start.h"

static const char *const strategies[] = {"auto", "local", "sql", NULL};

static const UsParamSpec specs[] = {
	{"k", US_PARAM_COUNT, "\"auto\"", 1, US_KMEANS_MAX_K, NULL,
	"number of clusters; \"auto\" tries 2 to 10, [lo, hi] that range, and criterion chooses"},
	{"metric", US_PARAM_CHOICE, "\"euclidean\"", 0, 0, us_kmeans_metrics,
	"cosine brings every encoded row to unit length first"},
	{"init", US_PARAM_CHOICE_OR_POINTS, "\"k-means++\"", 0, 0, us_kmeans_inits,
	"first centres; points are in the units of the source, one number a feature, when all features are numbers, else in encoded units, one number an encoded column"},
	{"n_init", US_PARAM_INT, "10", 1, 10000, NULL,
	"starts of the search, fewer when its effort is used up first"},
	{"search", US_PARAM_CHOICE, "\"moves\"", 0, 0, us_kmeans_searches,
	"moves improves every start by moving single centres; starts only compares the starts"},
	{"max_iter", US_PARAM_INT, "300", 1, 1000000, NULL,
	"most iterations over all rows"},
	{"tolerance", US_PARAM_NUMBER, "1e-4", 0, 1, NULL,
	"ends when the squared distances that the centres moved add up to at most this times the mean variance of the columns; 0: when no centre moves"},
	{"criterion", US_PARAM_CHOICE, "\"silhouette\"", 0, 0, us_kmeans_criteria,
	"what chooses k from a range"},
	{"sample_rows", US_PARAM_INT, NULL, US_LEAST_SAMPLE_ROWS, 1000000, NULL,
	"distinct rows that the search works on; default 16384, or 50 a cluster if that is more, but at most 4194304 values or 10 a cluster"},
	{"silhouette_rows", US_PARAM_INT, "5000", 0, 100000, NULL,
	"distinct rows on which the silhouette is computed; up to as many it is exact, 0: none"},
	{"strategy", US_PARAM_CHOICE, "\"auto\"", 0, 0, strategies,
	"sql: each iteration is one SQL aggregate over the source; auto is local"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

/* what partial_train may set anew */
static const char *const partial_params[] = {"max_iter", "tolerance", "workers", NULL};

static void
kmeans_fit(const UsFitInput *input, UsFitResult *result)
{
	UsKmeansStart s = {0};
	UsRunResult run;
	double		inertia;

	us_kmeans_start_open(&s, input, result);
	us_kmeans_start_load(&s);
	us_kmeans_start_find(&s);
	us_kmeans_run_lloyd(s.run, s.center, s.k, (int) us_params_get(input->params, "max_iter")->integer,
						us_params_get(input->params, "tolerance")->number, &run);
	inertia = run.inertia * s.plan.measure.weight_unit;
	us_report_int(s.details, "iterations", run.iterations);
	us_report_int(s.details, "passes", run.passes);
	us_report_int(s.details, "repaired_clusters", run.repairs);
	us_report_bool(s.details, "converged", run.converged);
	us_report_number(s.details, "tolerance", us_params_get(input->params, "tolerance")->number);
	us_kmeans_start_report(&s, &run.sums, inertia);
	us_kmeans_start_result(&s, &run.sums, inertia);
	result->converged = run.converged;
	result->iterations = run.iterations;
}

/* Lloyd's algorithm on the new rows, with the model as prior. */
static void
kmeans_partial_fit(const UsPartialInput *input, UsFitResult *result)
{
	UsKmeansPartial p = {0};
	UsRunResult run;

	us_kmeans_partial_open(&p, input, result, false);
	us_kmeans_run_lloyd(p.run, p.center, p.old->k,
						(int) us_params_get(input->fit.params, "max_iter")->integer,
						us_params_get(input->fit.params, "tolerance")->number, &run);
	us_report_int(p.details, "iterations", run.iterations);
	/* a single step is not a fit cut short */
	run.converged = run.converged || us_params_get(input->fit.params, "max_iter")->integer == 1;
	us_report_bool(p.details, "converged", run.converged);
	us_kmeans_partial_result(&p, &run);
	result->converged = run.converged;
	result->iterations = run.iterations;
}

static uint64
kmeans_memory(const UsParams *params, int64 nrows, int width)
{
	return us_kmeans_start_memory(params, nrows, width);
}

const UsAlgorithm us_algorithm_kmeans = {
	.name = "kmeans",
	.task = "clustering",
	.description = "k-means clustering: exact sums, restarts with moves of centres, automatic number of clusters",
	.sql_aggregate = "kmeans_step",
	.sql_argument = "centroid_set",
	.needs_target = false,
	.params = specs,
	.fit = kmeans_fit,
	.partial_fit = kmeans_partial_fit,
	.partial_params = partial_params,
	.memory = kmeans_memory,
	.score = us_kmeans_model_score,
	.label = us_kmeans_model_label,
	.label_block = us_kmeans_model_label_block,
	.score_block = us_kmeans_model_score_block,
	.proba = us_kmeans_model_proba,
	.explain = us_kmeans_model_explain,
	.center = us_kmeans_model_center,
	.formula = us_kmeans_model_formula,
	.shape = US_SHAPE_CENTRES,
	.describe = us_kmeans_model_describe,
	.write = us_kmeans_model_write,
	.read = us_kmeans_model_read,
	.pathway = &us_kmeans_pathway,
};
