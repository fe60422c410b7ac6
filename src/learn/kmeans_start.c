/*
 * kmeans_start.c
 *	  The part that k-means and mini-batch k-means share: all rows are encoded into a matrix,
 *	  and first centres come from a search on a sample of their distinct rows, for one
 *	  k or for each of a range.
 */
#include "postgres.h"

#include <math.h>

#include "learn/kmeans_start.h"
#include "math/distance.h"

#define AUTO_LO				2
#define AUTO_HI				10

const char *const us_kmeans_metrics[] = {"euclidean", "cosine", NULL};
const char *const us_kmeans_criteria[] = {
	[US_CRITERION_SILHOUETTE] = "silhouette",
	[US_CRITERION_ELBOW] = "elbow",
	[US_CRITERION_CALINSKI_HARABASZ] = "calinski_harabasz",
	[US_CRITERION_DAVIES_BOULDIN] = "davies_bouldin",
	[US_CRITERION_BIC] = "bic",
	NULL
};

static const UsParam *
param(const UsKmeansStart *s, const char *name)
{
	return us_params_get(s->input->params, name);
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
encode_point(const UsKmeansStart *s, const double *point, bool numbers, double *x)
{
	const UsEncoder *encoder = s->input->encoder;
	int			n = us_encoder_nfeatures(encoder);
	UsValue    *value;

	if (!numbers)
	{
		memcpy(x, point, sizeof(double) * s->space->width);
		return;
	}
	value = (UsValue *) palloc0(sizeof(UsValue) * n);
	for (int i = 0; i < n; i++)
		value[i].number = point[i];
	us_encoder_apply_row(encoder, value, x, NULL);
	pfree(value);
}

static void
take_given(UsKmeansStart *s, const UsParam *init)
{
	const UsEncoder *encoder = s->input->encoder;
	bool		numbers = all_numbers(encoder);
	int			width = s->space->width;
	int			dim = numbers ? us_encoder_nfeatures(encoder) : width;

	if (init->dim != dim)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the points of init have %d numbers, but %d are needed", init->dim, dim),
				 numbers ?
				 errdetail("All features are numbers: a point has one number a feature, in the units of the source.") :
				 errdetail("Some features are not numbers: a point has one number an encoded column, in encoded units.")));
	s->given = (double *) palloc(sizeof(double) * init->n_points * width);
	for (int i = 0; i < init->n_points; i++)
	{
		double	   *x = s->given + (Size) i * width;

		encode_point(s, init->points + (Size) i * init->dim, numbers, x);
		if (s->space->unit)
			(void) us_unit_vector(x, width, x);
		for (int j = 0; j < width; j++)
		{
			double		reach = us_grid_relative(s->space->grid[j], US_GRID_MAX_Q);

			x[j] = fmin(fmax(x[j] - s->space->grid[j].offset, -reach), reach);
		}
	}
}

/* ---- parameters ---- */

static void
read_k(UsKmeansStart *s)
{
	const UsParam *k = param(s, "k");
	const UsParam *init = param(s, "init");

	s->lo = AUTO_LO;
	s->hi = AUTO_HI;
	if (k->is_range)
	{
		s->lo = (int) k->lo;
		s->hi = (int) k->hi;
	}
	else if (!k->is_auto)
		s->lo = s->hi = (int) k->integer;
	if (init->n_points == 0)
		return;
	if (k->given && (k->is_auto || k->is_range || k->integer != init->n_points))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("init has %d points, which is not the k that is asked for", init->n_points),
				 errhint("Leave k out, or give as many points as clusters.")));
	if (init->n_points > US_KMEANS_MAX_K)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("init has %d points, at most %d are possible", init->n_points, US_KMEANS_MAX_K)));
	s->lo = s->hi = init->n_points;
	take_given(s, init);
}

static void
read_plans(UsKmeansStart *s)
{
	us_kmeans_search_plan(s->input->params, &s->search);
	if (!us_criterion_find(param(s, "criterion")->text, &s->plan.criterion))
		elog(ERROR, "unexpected criterion \"%s\"", param(s, "criterion")->text);
	s->plan.measure.silhouette_rows = (int) param(s, "silhouette_rows")->integer;
	s->plan.search = &s->search;
	s->plan.seed = s->input->seed;
	s->plan.measure.weight_unit = ldexp(1.0, -s->space->weight_exponent);
}

void
us_kmeans_start_open(UsKmeansStart *s, const UsFitInput *input, UsFitResult *result)
{
	memset(result, 0, sizeof(UsFitResult));
	s->input = input;
	s->result = result;
	s->details = us_report_object();
	s->space = us_space_create(input->encoder, input->frame,
							   strcmp(param(s, "metric")->text, "cosine") == 0);
	s->arena = us_arena_create(CurrentMemoryContext, input->budget);
	read_k(s);
	read_plans(s);
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
sample_capacity(UsKmeansStart *s)
{
	int			width = s->space->width;
	int64		wanted = sample_rows(s->input->params, s->input->frame->nrows, width, s->hi,
									 s->given != NULL);
	int64		rows = wanted;
	Size		room = us_budget_left(s->input->budget) / 4 * 3;

	while (rows > US_LEAST_SAMPLE_ROWS && rows > 2 * s->hi &&
		   us_sampler_bytes(s->space, (int) rows) + search_bytes(rows, width, s->lo, s->hi) > room)
		rows /= 2;
	if (rows < wanted)
		us_fit_warn(s->result,
					psprintf("the search used a sample of " INT64_FORMAT " rows instead of " INT64_FORMAT
							 ", since userseg.max_memory leaves %.1f MB for it",
							 rows, wanted, room / (1024.0 * 1024.0)));
	return (int) rows;
}

void
us_kmeans_start_load(UsKmeansStart *s)
{
	int			width = s->space->width;
	int			capacity = sample_capacity(s);
	UsArena    *arena = us_arena_create(CurrentMemoryContext, s->input->budget);
	const UsParam *workers = param(s, "workers");
	UsRunPlan	plan = {0};
	UsSampler  *sampler;

	plan.input = s->input;
	plan.space = s->space;
	plan.max_k = s->hi;
	plan.shuffled = s->shuffled;
	plan.workers = workers->is_null ? -1 : (int) workers->integer;
	plan.reserve = us_sampler_bytes(s->space, capacity) + search_bytes(capacity, width, s->lo, s->hi);
	s->run = us_kmeans_run_create(&plan);

	sampler = us_sampler_create(s->space, capacity, s->input->seed, arena);
	us_kmeans_run_encode(s->run, us_sampler_visit, sampler);
	s->points = us_sampler_points(sampler, s->arena, &s->complete);
	us_arena_reset(arena);
	if (s->points->n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has a weight")));
	s->scratch = us_scratch_create(s->arena, s->points);
	s->plan.measure.rows = us_points_rows(s->points);
	us_kmeans_search_effort(&s->search, US_PATH_THOROUGH, s->complete);
}

/* ---- the number of clusters ---- */

/* A range is cut at the number of distinct rows; a given k above it is an error. */
static void
check_distinct(UsKmeansStart *s)
{
	int			distinct = s->points->n;
	bool		is_auto = !param(s, "k")->given && s->given == NULL;

	is_auto = is_auto || param(s, "k")->is_auto;
	if (!s->complete || s->hi <= distinct)
		return;
	if (s->lo > distinct && !is_auto)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k is %d, but the source has only %d distinct rows", s->lo, distinct),
				 errdetail(INT64_FORMAT " rows, %d encoded columns.",
						   s->input->frame->nrows, s->space->width),
				 errhint("Use a k of at most %d, or more columns.", distinct)));
	s->hi = distinct;
	s->lo = Min(s->lo, s->hi);
}

/*
 * Means of clusters of the points as a start for all rows, the largest cluster first;
 * centres that a sample of few distinct rows lacks are repeated, so that the run
 * finds them rows of their own.
 */
static void
start_from(UsKmeansStart *s, const UsSums *sums, int k)
{
	int		   *order = (int *) palloc(sizeof(int) * sums->k);
	int			width = s->space->width;

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
	s->k = k;
	s->center = (double *) palloc(sizeof(double) * k * width);
	s->count = (double *) palloc(sizeof(double) * k);
	for (int i = 0; i < k; i++)
	{
		us_sums_mean(sums, order[i < sums->k ? i : 0], s->space->grid,
					 s->center + (Size) i * width);
		s->count[i] = i < sums->k ? (double) sums->weight[order[i]] : 0;
	}
	pfree(order);
}

void
us_kmeans_start_find(UsKmeansStart *s)
{
	int			k = s->hi;

	check_distinct(s);
	if (s->given != NULL)
	{
		s->k = k;
		s->center = s->given;
		s->count = (double *) palloc0(sizeof(double) * k);
		return;
	}
	s->plan.lo = Min(s->lo, s->points->n);
	s->plan.hi = Min(s->hi, s->points->n);
	s->candidate = (UsCandidate *) palloc0(sizeof(UsCandidate) * (s->plan.hi - s->plan.lo + 1));
	s->search_space = us_search_space_create(s->arena, s->points, s->plan.hi);
	s->chosen = us_kmeans_choose(s->points, &s->plan, s->scratch, s->search_space, s->arena,
								 s->candidate);
	if (s->lo < s->hi || s->points->n >= s->hi)
		k = s->candidate[s->chosen].figures.k;
	start_from(s, &s->candidate[s->chosen].sums, k);
}

/* ---- details ---- */

static void
report_candidates(UsKmeansStart *s)
{
	int			n = s->plan.hi - s->plan.lo + 1;
	UsReport   *table = us_report_add_array(s->details, "candidates");
	int			elbow = us_kmeans_elbow(s->candidate, n);

	for (int i = 0; i < n; i++)
	{
		const UsCandidate *c = &s->candidate[i];
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
		us_report_int(s->details, "elbow", s->candidate[elbow].figures.k);
	else
		us_report_null(s->details, "elbow");
	us_report_text(s->details, "chosen_by", s->lo < s->hi ? us_kmeans_criteria[s->plan.criterion] : "given");
}

static void
report_sample(UsKmeansStart *s)
{
	UsReport   *r = us_report_add_object(s->details, "sample");

	us_report_int(r, "distinct_rows", s->points->n);
	us_report_number(r, "rows", s->plan.measure.rows);
	us_report_bool(r, "complete", s->complete);
	us_report_int(r, "silhouette_rows", Min(s->points->n, s->plan.measure.silhouette_rows));
	us_report_bool(r, "silhouette_exact", s->complete && s->points->n <= s->plan.measure.silhouette_rows);
}

/* Criteria of the final centres, on the points. */
static void
report_criteria(UsKmeansStart *s)
{
	UsPartition *a = s->search_space && s->k <= s->plan.hi ? s->search_space->trial :
		us_partition_create(s->arena, s->points, s->k);
	UsFigures	c;
	UsReport   *r = us_report_add_object(s->details, "criteria");

	us_partition_set_k(a, s->k);
	for (Size i = 0; i < (Size) s->k * s->space->width; i++)
		a->center[i] = us_grid_coordinate(s->center[i], s->space->scale);
	us_partition_assign(a, s->points, s->scratch);
	us_kmeans_measure(s->points, a, &s->plan.measure, &c);
	us_report_number(r, "silhouette", c.silhouette);
	us_report_number(r, "davies_bouldin", c.davies_bouldin);
	us_report_number(r, "calinski_harabasz", c.calinski_harabasz);
}

void
us_kmeans_start_report(UsKmeansStart *s, const UsSums *sums, double inertia)
{
	UsReport   *sizes;

	us_report_int(s->details, "k", s->k);
	us_report_text(s->details, "metric", param(s, "metric")->text);
	us_report_text(s->details, "init", s->given ? "given" : param(s, "init")->text);
	us_report_number(s->details, "inertia", inertia);
	us_report_int(s->details, "seed", (int64) s->input->seed);
	sizes = us_report_add_array(s->details, "sizes");
	for (int i = 0; i < s->k; i++)
		us_report_int(sizes, NULL, sums->rows[i]);
	if (s->space->weighted)
	{
		UsReport   *weights = us_report_add_array(s->details, "weights");

		for (int i = 0; i < s->k; i++)
			us_report_number(weights, NULL, sums->weight[i] * s->plan.measure.weight_unit);
	}
	report_criteria(s);
	if (s->candidate != NULL)
		report_candidates(s);
	report_sample(s);
	us_kmeans_run_report(s->run, s->details);
}

void
us_kmeans_start_result(UsKmeansStart *s, const UsSums *sums, double inertia)
{
	UsFitResult *result = s->result;

	result->model = us_kmeans_model_create(s->space, s->k, s->center, sums, inertia);
	result->task = US_TASK_CLUSTERING;
	result->n_labels = s->k;
	result->metric = "inertia";
	result->metric_value = inertia;
	result->details = s->details;
	result->labels = us_kmeans_run_labels(s->run);
	us_kmeans_run_end(s->run);
	us_arena_reset(s->arena);
}

uint64
us_kmeans_start_memory(const UsParams *params, int64 nrows, int width)
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
