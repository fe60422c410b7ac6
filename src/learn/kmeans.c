/*
 * kmeans.c
 *	  k-means: parameters, the course of a training, details.
 *
 * 1. All rows are encoded into a matrix; on the way the distinct rows with the
 *	  smallest hashes are sampled (kmeans_sample.c): for small sources that is all of them.
 * 2. On the sample, the search for a good partition (kmeans_search.c), for one k or
 *	  for each of a range, and the choice (kmeans_choose.c).
 * 3. From its centres Lloyd's algorithm on all rows (kmeans_run.c).
 */
#include "postgres.h"

#include <math.h>

#include "infra/progress.h"
#include "learn/kmeans_choose.h"
#include "learn/kmeans_model.h"
#include "learn/kmeans_path.h"
#include "learn/kmeans_run.h"
#include "learn/kmeans_sample.h"
#include "math/distance.h"

#define MAX_K				10000
#define AUTO_LO				2
#define AUTO_HI				10

static const char *const metrics[] = {"euclidean", "cosine", NULL};
static const char *const strategies[] = {"auto", "local", "sql", NULL};
static const char *const criteria[] = {
	[US_CRITERION_SILHOUETTE] = "silhouette",
	[US_CRITERION_ELBOW] = "elbow",
	[US_CRITERION_CALINSKI_HARABASZ] = "calinski_harabasz",
	[US_CRITERION_DAVIES_BOULDIN] = "davies_bouldin",
	[US_CRITERION_BIC] = "bic",
	NULL
};

static const UsParamSpec specs[] = {
	{"k", US_PARAM_COUNT, "\"auto\"", 1, MAX_K, NULL,
	"number of clusters; \"auto\" tries 2 to 10, [lo, hi] that range, and criterion chooses"},
	{"metric", US_PARAM_CHOICE, "\"euclidean\"", 0, 0, metrics,
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
	{"criterion", US_PARAM_CHOICE, "\"silhouette\"", 0, 0, criteria,
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

/* One training. */
typedef struct Fit
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsSpace    *space;
	UsArena    *arena;			/* of points and partitions */
	UsPoints   *points;
	UsScratch  *scratch;
	UsSearchSpace *search_space;	/* NULL with given centres */
	bool		complete;		/* the points are all rows */
	int			lo;				/* candidates for k */
	int			hi;
	double	   *given;			/* centres given by the user, relative, [hi][width]; or NULL */
	UsKmeansRun *run;
	UsChoicePlan plan;
	UsSearchPlan search;
	UsCandidate *candidate;
	int			chosen;
	double	   *center;			/* [k][width] */
	int			k;
} Fit;

static const UsParam *
param(const Fit *f, const char *name)
{
	return us_params_get(f->input->params, name);
}

static void
warn(UsFitResult *result, char *text)
{
	Size		bytes = (result->n_warnings + 1) * sizeof(char *);

	result->warnings = (char **) (result->warnings ? repalloc(result->warnings, bytes) : palloc(bytes));
	result->warnings[result->n_warnings++] = text;
}

/* ---- given centres ---- */

static bool
all_numbers(const UsEncoder *encoder)
{
	for (int i = 0; i < us_encoder_nfeatures(encoder); i++)
	{
		UsKind		kind = us_encoder_feature(encoder, i)->kind;

		if (kind != US_KIND_NUMBER && kind != US_KIND_BOOLEAN &&
			kind != US_KIND_TIME && kind != US_KIND_DURATION)
			return false;
	}
	return true;
}

/* One given point in encoded units. */
static void
encode_point(const Fit *f, const double *point, bool numbers, double *x)
{
	const UsEncoder *encoder = f->input->encoder;
	int			n = us_encoder_nfeatures(encoder);
	UsValue    *value;

	if (!numbers)
	{
		memcpy(x, point, sizeof(double) * f->space->width);
		return;
	}
	value = (UsValue *) palloc0(sizeof(UsValue) * n);
	for (int i = 0; i < n; i++)
		value[i].number = point[i];
	us_encoder_apply_row(encoder, value, x, NULL);
	pfree(value);
}

static void
take_given(Fit *f, const UsParam *init)
{
	const UsEncoder *encoder = f->input->encoder;
	bool		numbers = all_numbers(encoder);
	int			width = f->space->width;
	int			dim = numbers ? us_encoder_nfeatures(encoder) : width;

	if (init->dim != dim)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the points of init have %d numbers, but %d are needed", init->dim, dim),
				 numbers ?
				 errdetail("All features are numbers: a point has one number a feature, in the units of the source.") :
				 errdetail("Some features are not numbers: a point has one number an encoded column, in encoded units.")));
	f->given = (double *) palloc(sizeof(double) * init->n_points * width);
	for (int i = 0; i < init->n_points; i++)
	{
		double	   *x = f->given + (Size) i * width;

		encode_point(f, init->points + (Size) i * init->dim, numbers, x);
		if (f->space->unit)
			(void) us_unit_vector(x, width, x);
		for (int j = 0; j < width; j++)
		{
			double		reach = us_grid_relative(f->space->grid[j], US_GRID_MAX_Q);

			x[j] = fmin(fmax(x[j] - f->space->grid[j].offset, -reach), reach);
		}
	}
}

/* ---- parameters ---- */

static void
read_k(Fit *f)
{
	const UsParam *k = param(f, "k");
	const UsParam *init = param(f, "init");

	f->lo = AUTO_LO;
	f->hi = AUTO_HI;
	if (k->is_range)
	{
		f->lo = (int) k->lo;
		f->hi = (int) k->hi;
	}
	else if (!k->is_auto)
		f->lo = f->hi = (int) k->integer;
	if (init->n_points == 0)
		return;
	if (k->given && (k->is_auto || k->is_range || k->integer != init->n_points))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("init has %d points, which is not the k that is asked for", init->n_points),
				 errhint("Leave k out, or give as many points as clusters.")));
	if (init->n_points > MAX_K)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("init has %d points, at most %d are possible", init->n_points, MAX_K)));
	f->lo = f->hi = init->n_points;
	take_given(f, init);
}

static void
read_plans(Fit *f)
{
	us_kmeans_search_plan(f->input->params, &f->search);
	if (!us_criterion_find(param(f, "criterion")->text, &f->plan.criterion))
		elog(ERROR, "unexpected criterion \"%s\"", param(f, "criterion")->text);
	f->plan.measure.silhouette_rows = (int) param(f, "silhouette_rows")->integer;
	f->plan.search = &f->search;
	f->plan.seed = f->input->seed;
	f->plan.measure.weight_unit = ldexp(1.0, -f->space->weight_exponent);
}

/* ---- the sample ---- */

static int64
sample_rows(const UsParams *params, int64 nrows, int width, int max_k, bool given)
{
	const UsParam *asked = us_params_get(params, "sample_rows");
	int64		rows = asked->is_null ? 0 : asked->integer;

	if (asked->is_null && given)
		rows = Max(us_params_get(params, "silhouette_rows")->integer, US_LEAST_SAMPLE_ROWS);
	return us_sample_rows(rows, nrows, width, max_k);
}

/* Bytes that points, scratch and search take. */
static Size
search_bytes(int64 rows, int width, int lo, int hi)
{
	Size		point = sizeof(float) * width + 2 * sizeof(int64) + sizeof(uint64) +
		4 * sizeof(float) + 2 * sizeof(uint16);

	return rows * point + us_search_space_bytes((int) rows, width, hi) +
		(hi - lo + 1) * (us_sums_bytes(hi, width) + sizeof(float) * hi * width);
}

/*
 * The rows of the sample that fit: only a budget that cannot hold it makes the sample smaller,
 * and that is told.
 */
static int
sample_capacity(Fit *f)
{
	int			width = f->space->width;
	int64		wanted = sample_rows(f->input->params, f->input->frame->nrows, width, f->hi,
									 f->given != NULL);
	int64		rows = wanted;
	Size		room = us_budget_left(f->input->budget) / 4 * 3;

	while (rows > US_LEAST_SAMPLE_ROWS && rows > 2 * f->hi &&
		   us_sampler_bytes(f->space, (int) rows) + search_bytes(rows, width, f->lo, f->hi) > room)
		rows /= 2;
	if (rows < wanted)
		warn(f->result,
			 psprintf("the search used a sample of " INT64_FORMAT " rows instead of " INT64_FORMAT
					  ", since userseg.max_memory leaves %.1f MB for it",
					  rows, wanted, room / (1024.0 * 1024.0)));
	return (int) rows;
}

/* Encode all rows, and draw the points. */
static void
load(Fit *f)
{
	int			width = f->space->width;
	int			capacity = sample_capacity(f);
	UsArena    *arena = us_arena_create(CurrentMemoryContext, f->input->budget);
	const UsParam *workers = param(f, "workers");
	UsRunPlan	plan = {0};
	UsSampler  *sampler;

	plan.input = f->input;
	plan.space = f->space;
	plan.max_k = f->hi;
	plan.workers = workers->is_null ? -1 : (int) workers->integer;
	plan.reserve = us_sampler_bytes(f->space, capacity) + search_bytes(capacity, width, f->lo, f->hi);
	f->run = us_kmeans_run_create(&plan);

	sampler = us_sampler_create(f->space, capacity, f->input->seed, arena);
	us_kmeans_run_encode(f->run, us_sampler_visit, sampler);
	f->points = us_sampler_points(sampler, f->arena, &f->complete);
	us_arena_reset(arena);
	if (f->points->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has a weight")));
	f->scratch = us_scratch_create(f->arena, f->points);
	f->plan.measure.rows = us_points_rows(f->points);
	us_kmeans_search_effort(&f->search, US_PATH_THOROUGH, f->complete);
}

/* ---- the number of clusters ---- */

/* A range is cut at the number of distinct rows; a given k above it is an error. */
static void
check_distinct(Fit *f)
{
	int			distinct = f->points->n;
	bool		is_auto = !param(f, "k")->given && f->given == NULL;

	is_auto = is_auto || param(f, "k")->is_auto;
	if (!f->complete || f->hi <= distinct)
		return;
	if (f->lo > distinct && !is_auto)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k is %d, but the source has only %d distinct rows", f->lo, distinct),
				 errdetail(INT64_FORMAT " rows, %d encoded columns.",
						   f->input->frame->nrows, f->space->width),
				 errhint("Use a k of at most %d, or more columns.", distinct)));
	f->hi = distinct;
	f->lo = Min(f->lo, f->hi);
}

/*
 * Means of clusters of the points as a start for all rows, the largest cluster first;
 * centres that a sample of few distinct rows lacks are repeated, so that the run
 * finds them rows of their own.
 */
static void
start_from(Fit *f, const UsSums *sums, int k)
{
	int		   *order = (int *) palloc(sizeof(int) * sums->k);
	int			width = f->space->width;

	for (int i = 0; i < sums->k; i++)
	{
		int			at = i;

		while (at > 0 && sums->weight[order[at - 1]] < sums->weight[i])
		{
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
	}
	f->k = k;
	f->center = (double *) palloc(sizeof(double) * k * width);
	for (int i = 0; i < k; i++)
		us_sums_mean(sums, order[i < sums->k ? i : 0], f->space->grid,
					 f->center + (Size) i * width);
	pfree(order);
}

/* First centres: given, or from the search; sets k and center. */
static void
find_start(Fit *f)
{
	int			k = f->hi;

	check_distinct(f);
	if (f->given != NULL)
	{
		f->k = k;
		f->center = f->given;
		return;
	}
	f->plan.lo = Min(f->lo, f->points->n);
	f->plan.hi = Min(f->hi, f->points->n);
	f->candidate = (UsCandidate *) palloc0(sizeof(UsCandidate) * (f->plan.hi - f->plan.lo + 1));
	f->search_space = us_search_space_create(f->arena, f->points, f->plan.hi);
	f->chosen = us_kmeans_choose(f->points, &f->plan, f->scratch, f->search_space, f->arena,
								 f->candidate);
	if (f->lo < f->hi || f->points->n >= f->hi)
		k = f->candidate[f->chosen].figures.k;
	start_from(f, &f->candidate[f->chosen].sums, k);
}

/* ---- details ---- */

static void
report_candidates(Fit *f)
{
	int			n = f->plan.hi - f->plan.lo + 1;
	UsReport   *table = us_report_add_array(f->details, "candidates");
	int			elbow = us_kmeans_elbow(f->candidate, n);

	for (int i = 0; i < n; i++)
	{
		const UsCandidate *c = &f->candidate[i];
		UsReport   *row = us_report_add_object(table, NULL);

		us_report_int(row, "k", c->figures.k);
		us_report_number(row, "inertia", c->figures.inertia);
		us_report_number(row, "silhouette", c->figures.silhouette);
		us_report_number(row, "davies_bouldin", c->figures.davies_bouldin);
		us_report_number(row, "calinski_harabasz", c->figures.calinski_harabasz);
		us_report_number(row, "bic", c->figures.bic);
		us_report_int(row, "starts", c->search.starts);
		us_report_int(row, "iterations", c->search.iterations);
		us_report_int(row, "moves", c->search.moves);
		us_report_int(row, "gains", c->search.gains);
	}
	if (elbow >= 0)
		us_report_int(f->details, "elbow", f->candidate[elbow].figures.k);
	else
		us_report_null(f->details, "elbow");
	us_report_text(f->details, "chosen_by", f->lo < f->hi ? criteria[f->plan.criterion] : "given");
}

static void
report_sample(Fit *f)
{
	UsReport   *r = us_report_add_object(f->details, "sample");

	us_report_int(r, "distinct_rows", f->points->n);
	us_report_number(r, "rows", f->plan.measure.rows);
	us_report_bool(r, "complete", f->complete);
	us_report_int(r, "silhouette_rows", Min(f->points->n, f->plan.measure.silhouette_rows));
	us_report_bool(r, "silhouette_exact", f->complete && f->points->n <= f->plan.measure.silhouette_rows);
}

/* Criteria of the final centres, on the points. */
static void
report_criteria(Fit *f)
{
	UsPartition *a = f->search_space && f->k <= f->plan.hi ? f->search_space->trial :
		us_partition_create(f->arena, f->points, f->k);
	UsFigures	c;
	UsReport   *r = us_report_add_object(f->details, "criteria");

	us_partition_set_k(a, f->k);
	for (Size i = 0; i < (Size) f->k * f->space->width; i++)
		a->center[i] = us_grid_coordinate(f->center[i], f->space->scale);
	us_partition_assign(a, f->points, f->scratch);
	us_kmeans_measure(f->points, a, &f->plan.measure, &c);
	us_report_number(r, "silhouette", c.silhouette);
	us_report_number(r, "davies_bouldin", c.davies_bouldin);
	us_report_number(r, "calinski_harabasz", c.calinski_harabasz);
}

static void
report(Fit *f, const UsRunResult *run, double inertia)
{
	UsReport   *sizes;

	us_report_int(f->details, "k", f->k);
	us_report_text(f->details, "metric", param(f, "metric")->text);
	us_report_text(f->details, "init", f->given ? "given" : param(f, "init")->text);
	us_report_number(f->details, "inertia", inertia);
	us_report_int(f->details, "iterations", run->iterations);
	us_report_int(f->details, "passes", run->passes);
	us_report_int(f->details, "repaired_clusters", run->repairs);
	us_report_bool(f->details, "converged", run->converged);
	us_report_number(f->details, "tolerance", param(f, "tolerance")->number);
	us_report_int(f->details, "seed", (int64) f->input->seed);
	sizes = us_report_add_array(f->details, "sizes");
	for (int i = 0; i < f->k; i++)
		us_report_int(sizes, NULL, run->sums.rows[i]);
	if (f->space->weighted)
	{
		UsReport   *weights = us_report_add_array(f->details, "weights");

		for (int i = 0; i < f->k; i++)
			us_report_number(weights, NULL, run->sums.weight[i] * f->plan.measure.weight_unit);
	}
	report_criteria(f);
	if (f->candidate != NULL)
		report_candidates(f);
	report_sample(f);
	us_kmeans_run_report(f->run, f->details);
}

/* ---- the vtable ---- */

static void
kmeans_fit(const UsFitInput *input, UsFitResult *result)
{
	Fit			f = {0};
	UsRunResult run;
	double		inertia;

	memset(result, 0, sizeof(UsFitResult));
	f.input = input;
	f.result = result;
	f.details = us_report_object();
	f.space = us_space_create(input->encoder, input->frame,
							  strcmp(param(&f, "metric")->text, "cosine") == 0);
	f.arena = us_arena_create(CurrentMemoryContext, input->budget);
	read_k(&f);
	read_plans(&f);
	load(&f);
	find_start(&f);
	us_kmeans_run_lloyd(f.run, f.center, f.k, (int) param(&f, "max_iter")->integer,
						param(&f, "tolerance")->number, &run);
	inertia = run.inertia * f.plan.measure.weight_unit;
	report(&f, &run, inertia);

	result->model = us_kmeans_model_create(f.space, f.k, f.center, &run.sums, inertia);
	result->task = US_TASK_CLUSTERING;
	result->n_labels = f.k;
	result->metric = "inertia";
	result->metric_value = inertia;
	result->converged = run.converged;
	result->iterations = run.iterations;
	result->details = f.details;
	result->labels = us_kmeans_run_labels(f.run);
	us_kmeans_run_end(f.run);
	us_arena_reset(f.arena);
}

static uint64
kmeans_memory(const UsParams *params, int64 nrows, int width)
{
	const UsParam *k = us_params_get(params, "k");
	const UsParam *init = us_params_get(params, "init");
	int			hi = init->n_points > 0 ? init->n_points :
		(int) (k->is_range ? k->hi : (k->is_auto ? AUTO_HI : k->integer));
	int			lo = init->n_points > 0 || k->integer > 0 ? hi : 1;
	int64		rows = sample_rows(params, nrows, width, hi, init->n_points > 0);
	UsSpace		space = {.width = width};

	return (uint64) nrows * (sizeof(float) * width + sizeof(uint16)) +
		us_sampler_bytes(&space, (int) rows) + search_bytes(rows, width, lo, hi);
}

const UsAlgorithm us_algorithm_kmeans = {
	.name = "kmeans",
	.task = "clustering",
	.description = "k-means clustering: exact sums, restarts with moves of centres, automatic number of clusters",
	.sql_aggregate = "kmeans_step",
	.needs_target = false,
	.params = specs,
	.fit = kmeans_fit,
	.memory = kmeans_memory,
	.score = us_kmeans_model_score,
	.label = us_kmeans_model_label,
	.label_block = us_kmeans_model_label_block,
	.score_block = us_kmeans_model_score_block,
	.proba = us_kmeans_model_proba,
	.explain = us_kmeans_model_explain,
	.center = us_kmeans_model_center,
	.describe = us_kmeans_model_describe,
	.write = us_kmeans_model_write,
	.read = us_kmeans_model_read,
	.pathway = &us_kmeans_pathway,
};
