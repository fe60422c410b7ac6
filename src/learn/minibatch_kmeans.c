/*
 * minibatch_kmeans.c
 *	  Mini-batch k-means: parameters, the course of a training, its continuation, details.
 *
 * 1. All rows are encoded into a matrix in random order (data/shuffle.c); on the way some distinct
 *	  rows are sampled.
 * 2. First centres, and the number of clusters, from a search on the sample as in k-means.
 * 3. Centres move batch by batch (minibatch_kmeans_run.c), until that brings nothing any more.
 * 4. A few iterations of Lloyd's algorithm on all rows, which also give the sizes and the
 *	  inertia of the model.
 *
 * The model is a k-means model.
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_partial.h"
#include "learn/kmeans_start.h"
#include "learn/minibatch_kmeans_run.h"

static const UsParamSpec specs[] = {
	{"k", US_PARAM_COUNT, "\"auto\"", 1, US_KMEANS_MAX_K, NULL,
	"number of clusters; \"auto\" tries 2 to 10, [lo, hi] that range, on the sample, and criterion chooses"},
	{"metric", US_PARAM_CHOICE, "\"euclidean\"", 0, 0, us_kmeans_metrics,
	"cosine brings every encoded row to unit length first"},
	{"batch_size", US_PARAM_INT, "1024", US_LANES, 1000000, NULL,
	"rows of a batch, rounded up to a multiple of 16"},
	{"init", US_PARAM_CHOICE_OR_POINTS, "\"k-means++\"", 0, 0, us_kmeans_inits,
	"first centres, from the sample; points are in the units of the source, one number a feature, when all features are numbers, else in encoded units, one number an encoded column"},
	{"n_init", US_PARAM_INT, "3", 1, 10000, NULL,
	"starts on the sample, of which the one with the least inertia is taken"},
	{"search", US_PARAM_CHOICE, "\"starts\"", 0, 0, us_kmeans_searches,
	"moves improves every start by moving single centres; starts only compares the starts"},
	{"max_iter", US_PARAM_INT, "100", 1, 1000000, NULL,
	"most passes over all rows"},
	{"max_no_improvement", US_PARAM_INT, "10", 0, 1000000, NULL,
	"ends when the smoothed inertia of the batches did not fall for so many of them; 0: never"},
	{"tolerance", US_PARAM_NUMBER, "0", 0, 1, NULL,
	"ends when the smoothed squared distances that the centres moved add up to at most this times the mean variance of the columns; 0: never"},
	{"reassign", US_PARAM_NUMBER, "0", 0, 1, NULL,
	"a centre with fewer rows than this share of the largest one is put elsewhere; 0: only one without any row"},
	{"polish", US_PARAM_INT, "1", 0, 1000, NULL,
	"iterations of Lloyd's algorithm over all rows at the end"},
	{"criterion", US_PARAM_CHOICE, "\"silhouette\"", 0, 0, us_kmeans_criteria,
	"what chooses k from a range"},
	{"sample_rows", US_PARAM_INT, NULL, US_LEAST_SAMPLE_ROWS, 1000000, NULL,
	"distinct rows that the search works on; default 16384, or 50 a cluster if that is more, but at most 4194304 values or 10 a cluster"},
	{"silhouette_rows", US_PARAM_INT, "5000", 0, 100000, NULL,
	"distinct rows of the sample on which the silhouette is computed; 0: none"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for in the passes over all rows; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

/* what partial_train may set anew */
static const char *const partial_params[] = {"batch_size", "workers", NULL};

static const UsParam *
param(const UsFitInput *input, const char *name)
{
	return us_params_get(input->params, name);
}

static int
batch_rows(const UsParams *params)
{
	return (int) TYPEALIGN(US_LANES, us_params_get(params, "batch_size")->integer);
}

static void
report_batches(UsReport *details, const UsBatchPlan *plan, const UsBatchResult *batches)
{
	us_report_int(details, "batch_size", plan->batch_rows);
	us_report_int(details, "batches", batches->batches);
	us_report_number(details, "batch_passes", batches->passes);
	us_report_number(details, "smoothed_inertia", batches->smoothed);
	us_report_int(details, "reassigned_centers", batches->reassigned);
}

static void
minibatch_fit(const UsFitInput *input, UsFitResult *result)
{
	UsKmeansStart s = {.shuffled = true};
	UsBatchPlan plan = {0};
	UsBatchResult batches;
	UsRunResult run;
	double		inertia;

	plan.batch_rows = batch_rows(input->params);
	plan.max_passes = (int) param(input, "max_iter")->integer;
	plan.patience = (int) param(input, "max_no_improvement")->integer;
	plan.tolerance = param(input, "tolerance")->number;
	plan.starved = param(input, "reassign")->number;
	plan.seed = input->seed;

	us_kmeans_start_open(&s, input, result);
	us_kmeans_start_load(&s);
	us_kmeans_start_find(&s);
	plan.k = s.k;
	us_batches_run(s.run, s.space, &plan, s.center, s.count, &batches);
	us_kmeans_run_lloyd(s.run, s.center, s.k, (int) param(input, "polish")->integer, 0, &run);
	inertia = run.inertia * s.plan.measure.weight_unit;

	result->converged = batches.converged || (plan.patience == 0 && plan.tolerance == 0);
	result->iterations = batches.batches;
	us_report_int(s.details, "iterations", batches.batches);
	us_report_int(s.details, "polish_iterations", run.iterations);
	us_report_int(s.details, "passes", run.passes);
	us_report_int(s.details, "repaired_clusters", run.repairs);
	us_report_bool(s.details, "converged", result->converged);
	report_batches(s.details, &plan, &batches);
	us_kmeans_start_report(&s, &run.sums, inertia);
	us_kmeans_start_result(&s, &run.sums, inertia);
}

/* The new rows once, batch by batch, into the counts that the model has. */
static void
minibatch_partial_fit(const UsPartialInput *input, UsFitResult *result)
{
	UsKmeansPartial p = {0};
	UsBatchPlan plan = {0};
	UsBatchResult batches;
	UsRunResult run;
	double	   *count;

	us_kmeans_partial_open(&p, input, result, true);
	plan.k = p.old->k;
	plan.batch_rows = batch_rows(input->fit.params);
	plan.max_passes = 1;
	plan.starved = -1;
	plan.seed = input->fit.seed;
	count = (double *) palloc(sizeof(double) * plan.k);
	memcpy(count, p.prior.weight, sizeof(double) * plan.k);
	us_batches_run(p.run, p.space, &plan, p.center, count, &batches);
	us_kmeans_run_lloyd(p.run, p.center, plan.k, 0, 0, &run);
	us_report_int(p.details, "iterations", batches.batches);
	report_batches(p.details, &plan, &batches);
	us_kmeans_partial_result(&p, &run);
	result->iterations = batches.batches;
}

static uint64
minibatch_memory(const UsParams *params, int64 nrows, int width)
{
	/* the rows stand twice while they are shuffled */
	return us_kmeans_start_memory(params, nrows, width) +
		(uint64) nrows * (sizeof(float) * width + 2 * sizeof(int64));
}

const UsAlgorithm us_algorithm_minibatch_kmeans = {
	.name = "minibatch_kmeans",
	.task = "clustering",
	.description = "mini-batch k-means clustering: centres move with small random batches; for many rows, and for rows that keep coming",
	.sql_aggregate = NULL,
	.needs_target = false,
	.params = specs,
	.fit = minibatch_fit,
	.partial_fit = minibatch_partial_fit,
	.partial_params = partial_params,
	.memory = minibatch_memory,
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
