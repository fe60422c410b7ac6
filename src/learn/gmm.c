/*
 * gmm.c
 *	  Gaussian mixtures: parameters, the course of a training, details.
 *
 * 1. All rows are encoded into a matrix; on the way the distinct rows with the smallest hashes are
 *	  sampled (kmeans_sample.c): for small sources that is all of them.
 * 2. On the sample, the search for a good mixture (gmm_search.c), for one k or for each of a range,
 *	  and the choice by BIC.
 * 3. From its parameters EM on all rows (gmm_run.c).
 * 4. Singular components are looked for, and told with a remedy (gmm_report.c).
 */
#include "postgres.h"

#include <math.h>

#include "infra/lapack.h"
#include "learn/gmm_model.h"
#include "learn/gmm_partial.h"
#include "learn/gmm_path.h"
#include "learn/gmm_report.h"
#include "learn/gmm_task.h"
#include "learn/kmeans_sample.h"

#define AUTO_LO				1
#define AUTO_HI				10

/* Rows of the sample: so many, or so many for each component and column; but not more values than this. */
#define SAMPLE_ROWS			16384
#define SAMPLE_ROWS_EACH	20
#define SAMPLE_VALUES		(1 << 22)
#define LEAST_SAMPLE_ROWS	1024

/* effort of the search for one k, in products of rows, where it is the only one */
#define WORK_ONE			3e9

static const char *const covariances[] = {"full", "diag", "tied", "spherical", NULL};
static const char *const searches[] = {"moves", "starts", NULL};
static const char *const strategies[] = {"auto", "local", "sql", NULL};

static const UsParamSpec specs[] = {
	{"k", US_PARAM_COUNT, "\"auto\"", 1, US_MIXTURE_MAX_K, NULL,
	"number of components; \"auto\" tries 1 to 10, [lo, hi] that range, and BIC chooses"},
	{"covariance", US_PARAM_CHOICE, "\"full\"", 0, 0, covariances,
	"full: a matrix for each component; tied: one for all; diag: a variance for each component and column; spherical: a variance for each component"},
	{"n_init", US_PARAM_INT, "10", 1, 1000, NULL,
	"starts of the search, fewer when its effort is used up first"},
	{"search", US_PARAM_CHOICE, "\"moves\"", 0, 0, searches,
	"moves improves the best start by moving single components; starts only compares the starts"},
	{"reg_covar", US_PARAM_NUMBER, "1e-6", 0, 1e6, NULL,
	"added to all variances, in encoded units, so that covariances stay positive definite"},
	{"tolerance", US_PARAM_NUMBER, "1e-6", 0, 1, NULL,
	"ends when an iteration raises the mean log-likelihood by at most this"},
	{"max_iter", US_PARAM_INT, "500", 1, 1000000, NULL,
	"most iterations over all rows"},
	{"sample_rows", US_PARAM_INT, NULL, LEAST_SAMPLE_ROWS, 1000000, NULL,
	"distinct rows that the search works on; default 16384, or 20 a component and column if that is more, but at most 4194304 values"},
	{"strategy", US_PARAM_CHOICE, "\"auto\"", 0, 0, strategies,
	"sql: each iteration is one SQL aggregate over the source; auto is local"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers to wait for; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

static const UsParam *
param(const UsGmmFit *f, const char *name)
{
	return us_params_get(f->input->params, name);
}

/* ---- parameters ---- */

static void
read_k(const UsParam *k, int *lo, int *hi)
{
	*lo = AUTO_LO;
	*hi = AUTO_HI;
	if (k->is_range)
	{
		*lo = (int) k->lo;
		*hi = (int) k->hi;
	}
	else if (!k->is_auto)
		*lo = *hi = (int) k->integer;
}

static void
read_params(UsGmmFit *f)
{
	read_k(param(f, "k"), &f->lo, &f->hi);
	us_gmm_search_plan(f->input->params, &f->search);
	if (f->lo == f->hi)
		f->search.max_work = WORK_ONE;
	f->search.seed = f->input->seed;
	us_mixture_check_sizes(f->search.covariance, f->hi, f->space->width);
	for (int j = 0; j < f->space->width; j++)
		if (f->space->grid[j].exponent < US_MIXTURE_MIN_EXPONENT)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" is too narrow to compute densities",
							us_encoder_column(f->input->encoder, j)->name),
					 errhint("Use a transform such as \"standard\" for this column.")));
}

/* ---- the sample ---- */

static int64
sample_rows(const UsParams *params, int64 nrows, int width, int max_k)
{
	const UsParam *asked = us_params_get(params, "sample_rows");
	int64		rows;

	if (!asked->is_null)
		rows = asked->integer;
	else
	{
		rows = Max(SAMPLE_ROWS, (int64) SAMPLE_ROWS_EACH * max_k * width);
		rows = Min(rows, SAMPLE_VALUES / width);
		rows = Max(rows, LEAST_SAMPLE_ROWS);
	}
	return Max(Min(rows, nrows), max_k);
}

/* Bytes of points, of what k-means has for them, of weights, and of the search. */
static Size
search_bytes(UsCovariance covariance, int64 rows, int width, int hi, int starts)
{
	Size		point = sizeof(float) * width + 2 * sizeof(int64) + sizeof(uint64) +
		4 * sizeof(float) + 2 * sizeof(uint16) + sizeof(double);

	return rows * point + us_search_space_bytes((int) rows, width, hi) +
		us_gmm_search_bytes(covariance, hi, width, starts);
}

/* Only a budget that cannot hold the sample makes it smaller, and that is told. */
static int
sample_capacity(UsGmmFit *f)
{
	int			width = f->space->width;
	int64		wanted = sample_rows(f->input->params, f->input->frame->nrows, width, f->hi);
	int64		rows = wanted;
	Size		room = us_budget_left(f->input->budget) / 4 * 3;

	while (rows > LEAST_SAMPLE_ROWS && rows > 2 * f->hi &&
		   us_sampler_bytes(f->space, (int) rows) +
		   search_bytes(f->search.covariance, rows, width, f->hi, f->search.starts) > room)
		rows /= 2;
	if (rows < wanted)
		us_fit_warn(f->result, psprintf("the search used a sample of " INT64_FORMAT " rows instead of " INT64_FORMAT
								", since userseg.max_memory leaves %.1f MB for it",
								rows, wanted, room / (1024.0 * 1024.0)));
	return (int) rows;
}

/* The points as mixtures take them. */
static void
take_points(UsGmmFit *f)
{
	int			width = f->space->width;
	double		unit = ldexp(1.0, f->space->weighted ? -f->space->weight_exponent : 0);
	double		variance = 0;

	for (int j = 0; j < width; j++)
	{
		const UsEncodedColumn *c = us_encoder_column(f->input->encoder, j);

		variance += c->sd * c->sd / width;
	}
	us_gmm_points_make(&f->points, f->points.points, unit, us_gmm_weight_exponent(f->space), variance,
					   f->hi, f->arena);
}

/* Encode all rows, and draw the points. */
static void
load(UsGmmFit *f)
{
	int			width = f->space->width;
	int			capacity = sample_capacity(f);
	UsArena    *arena = us_arena_create(CurrentMemoryContext, f->input->budget);
	const UsParam *workers = param(f, "workers");
	Size		parameters = us_gmm_search_bytes(f->search.covariance, f->hi, width, f->search.starts);
	UsGmmRunPlan plan = {0};
	UsSampler  *sampler;

	us_budget_take(f->input->budget, parameters, "parameters of the mixture");
	f->parameter_bytes = parameters;
	plan.input = f->input;
	plan.space = f->space;
	plan.covariance = f->search.covariance;
	plan.max_k = f->hi;
	plan.workers = workers->is_null ? -1 : (int) workers->integer;
	plan.reserve = us_sampler_bytes(f->space, capacity) - parameters +
		search_bytes(f->search.covariance, capacity, width, f->hi, f->search.starts);
	f->run = us_gmm_run_create(&plan);

	sampler = us_sampler_create(f->space, capacity, f->input->seed, arena);
	us_gmm_run_encode(f->run, us_sampler_visit, sampler);
	f->points.points = us_sampler_points(sampler, f->arena, &f->complete);
	us_arena_reset(arena);
	if (f->points.points->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has a weight")));
	if (f->points.points->n < f->hi)
	{
		const UsParam *k = param(f, "k");
		int			distinct = f->points.points->n;

		if (f->lo > distinct && !k->is_auto)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("k is %d, but the source has only %d distinct rows", f->lo, distinct),
					 errdetail(INT64_FORMAT " rows, %d encoded columns.", f->input->frame->nrows, width),
					 errhint("Use a k of at most %d, or more columns.", distinct)));
		f->hi = distinct;
	}
	take_points(f);
}

/* ---- the search ---- */

/* Components by falling weight. */
static UsMixture *
sorted(const UsMixture *m)
{
	Size		n = us_mixture_covariances((UsCovariance) m->covariance, m->k, m->d);
	Size		each = m->covariance == US_COVARIANCE_TIED ? 0 : n / m->k;
	double	   *weight = (double *) palloc(sizeof(double) * m->k);
	double	   *mean = (double *) palloc(sizeof(double) * m->k * m->d);
	double	   *covariance = (double *) MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * n);
	int		   *order = (int *) palloc(sizeof(int) * m->k);
	UsMixture  *to;
	int			bad;

	memcpy(covariance, us_mixture_covariance(m), sizeof(double) * n);
	for (int i = 0; i < m->k; i++)
	{
		int			at = i;

		while (at > 0 && us_mixture_weight(m)[order[at - 1]] < us_mixture_weight(m)[i])
		{
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
	}
	for (int i = 0; i < m->k; i++)
	{
		weight[i] = us_mixture_weight(m)[order[i]];
		memcpy(mean + (Size) i * m->d, us_mixture_mean(m) + (Size) order[i] * m->d, sizeof(double) * m->d);
		memcpy(covariance + each * i, us_mixture_covariance(m) + each * order[i], sizeof(double) * each);
	}
	to = us_mixture_make((UsCovariance) m->covariance, m->k, m->d, m->gridded, m->weight_exponent,
						 us_mixture_grid(m), weight, mean, covariance, &bad);
	if (to == NULL)
		elog(ERROR, "the order of components matters");
	pfree(weight);
	pfree(mean);
	pfree(covariance);
	pfree(order);
	return to;
}

/* The best mixture for each k, and the one with the smallest BIC that is well posed. */
static void
search(UsGmmFit *f)
{
	const UsMixture *fewer = NULL;

	f->candidate = (UsGmmCandidate *) palloc0(sizeof(UsGmmCandidate) * (f->hi - f->lo + 1));
	f->chosen = -1;
	for (int k = f->lo; k <= f->hi; k++)
	{
		UsGmmCandidate *c = &f->candidate[k - f->lo];
		const UsGmmCandidate *best = f->chosen < 0 ? NULL : &f->candidate[f->chosen];

		c->k = k;
		us_gmm_search(&f->points, &f->search, fewer, c);
		fewer = c->mixture;
		if (c->mixture == NULL)
			continue;
		if (best == NULL || (c->n_troubles == 0 && (best->n_troubles > 0 || c->bic < best->bic)))
			f->chosen = k - f->lo;
	}
	if (f->chosen < 0)
		us_gmm_refuse_singular(&f->search, f->hi);
}

/* ---- the vtable ---- */

static void
gmm_fit(const UsFitInput *input, UsFitResult *result)
{
	UsGmmFit	f = {0};
	UsMixture  *start;

	memset(result, 0, sizeof(UsFitResult));
	us_lapack_load();
	f.input = input;
	f.result = result;
	f.details = us_report_object();
	f.space = us_space_create(input->encoder, input->frame, false);
	f.arena = us_arena_create(CurrentMemoryContext, input->budget);
	read_params(&f);
	load(&f);
	search(&f);
	start = sorted(f.candidate[f.chosen].mixture);
	us_gmm_run_em(f.run, start, f.search.reg, f.search.max_iter, param(&f, "tolerance")->number, &f.final);
	if (f.final.singular > 0)
		us_gmm_refuse_singular(&f.search, start->k);
	us_gmm_find_troubles(&f);
	us_gmm_report(&f);

	result->model = us_gmm_model_create(f.final.mixture, f.final.log_likelihood, f.final.total_weight,
										f.final.rows, f.search.reg, f.n_troubles);
	result->task = US_TASK_CLUSTERING;
	result->n_labels = f.final.mixture->k;
	result->metric = "log_likelihood";
	result->metric_value = f.final.log_likelihood;
	result->converged = f.final.converged;
	result->iterations = f.final.iterations;
	result->details = f.details;
	us_gmm_run_end(f.run);
	us_budget_release(input->budget, f.parameter_bytes);
	us_arena_reset(f.arena);
}

static uint64
gmm_memory(const UsParams *params, int64 nrows, int width)
{
	UsGmmSearchPlan plan;
	int			lo;
	int			hi;
	int64		rows;
	UsSpace		space = {.width = width};

	us_gmm_search_plan(params, &plan);
	read_k(us_params_get(params, "k"), &lo, &hi);
	rows = sample_rows(params, nrows, width, hi);
	return (uint64) nrows * sizeof(float) * width + us_sampler_bytes(&space, (int) rows) +
		search_bytes(plan.covariance, rows, width, hi, plan.starts);
}

const UsAlgorithm us_algorithm_gmm = {
	.name = "gmm",
	.task = "clustering",
	.description = "Gaussian mixture by EM: soft membership, densities for outliers, automatic number of components",
	.sql_aggregate = "gmm_step",
	.sql_argument = "mixture",
	.needs_target = false,
	.gives_value = true,
	.params = specs,
	.fit = gmm_fit,
	.partial_fit = us_gmm_partial_fit,
	.partial_params = us_gmm_partial_params,
	.memory = gmm_memory,
	.score = us_gmm_model_score,
	.label = us_gmm_model_label,
	.label_block = us_gmm_model_label_block,
	.score_block = us_gmm_model_score_block,
	.proba = us_gmm_model_proba,
	.explain = us_gmm_model_explain,
	.formula = us_gmm_model_formula,
	.shape = US_SHAPE_SCORES,
	.center = us_gmm_model_center,
	.describe = us_gmm_model_describe,
	.write = us_gmm_model_write,
	.read = us_gmm_model_read,
	.pathway = &us_gmm_pathway,
};
