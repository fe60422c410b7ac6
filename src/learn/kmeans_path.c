/*
 * kmeans_path.c
 *	  The search of k-means by its parameters, and its partitions for several numbers of
 *	  clusters.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "learn/kmeans_choose.h"
#include "learn/kmeans_path.h"

#define PATIENCE			50
#define MOST_ITERATIONS		300

/* effort of a search, in coordinates compared: on all rows, on a sample, for comparison only */
#define WORK_COMPLETE		2e9
#define WORK_SAMPLE			1e9
#define WORK_QUICK			1e8
#define PASSES_QUICK		1500.0

/* on a sample the last digits of the inertia mean nothing */
#define SAMPLE_TOLERANCE	1e-5

/* iterations over the points that the effort of small sets is about */
#define USUAL_PASSES		3000.0

const char *const us_kmeans_inits[] = {"k-means++", "k-means||", "random", NULL};
const char *const us_kmeans_searches[] = {"moves", "starts", NULL};

/* UsPathSettings.own */
typedef enum Own
{
	OWN_SEEDING,
	OWN_STARTS,
	OWN_MOVES,
	OWN_MAX_ITER
} Own;

void
us_kmeans_search_plan(const UsParams *params, UsSearchPlan *plan)
{
	const UsParam *init = us_params_get(params, "init");

	memset(plan, 0, sizeof(UsSearchPlan));
	plan->seeding = US_SEED_PLUS_PLUS;
	for (int i = 0; init->n_points == 0 && us_kmeans_inits[i] != NULL; i++)
		if (strcmp(init->text, us_kmeans_inits[i]) == 0)
			plan->seeding = (UsSeeding) i;
	plan->starts = (int) us_params_get(params, "n_init")->integer;
	plan->moves = strcmp(us_params_get(params, "search")->text, us_kmeans_searches[0]) == 0;
	plan->patience = PATIENCE;
	plan->max_iter = (int) Min(us_params_get(params, "max_iter")->integer, MOST_ITERATIONS);
}

void
us_kmeans_search_effort(UsSearchPlan *plan, UsPathEffort effort, bool complete)
{
	plan->tolerance = complete ? 0 : SAMPLE_TOLERANCE;
	plan->max_work = complete ? WORK_COMPLETE : WORK_SAMPLE;
	if (effort == US_PATH_QUICK)
	{
		plan->tolerance = SAMPLE_TOLERANCE;
		plan->max_work = WORK_QUICK;
		plan->max_passes = PASSES_QUICK;
	}
}

static void
path_settings(const UsParams *params, UsPathSettings *settings)
{
	const UsParam *sample = us_params_get(params, "sample_rows");
	const UsParam *workers = us_params_get(params, "workers");
	UsSearchPlan plan;

	us_path_refuse(params);
	if (us_params_get(params, "init")->n_points > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("init of given points has one number of clusters, but select_k compares several"),
				 errhint("Leave init out.")));
	us_kmeans_search_plan(params, &plan);
	settings->unit = strcmp(us_params_get(params, "metric")->text, "cosine") == 0;
	settings->sample_rows = sample->is_null ? 0 : sample->integer;
	settings->silhouette_rows = (int) us_params_get(params, "silhouette_rows")->integer;
	settings->silhouette_metric = US_METRIC_EUCLIDEAN;
	settings->workers = workers->is_null ? -1 : (int) workers->integer;
	if (!us_criterion_find(us_params_get(params, "criterion")->text, &settings->criterion))
		elog(ERROR, "unexpected criterion");
	settings->own[OWN_SEEDING] = plan.seeding;
	settings->own[OWN_STARTS] = plan.starts;
	settings->own[OWN_MOVES] = plan.moves;
	settings->own[OWN_MAX_ITER] = plan.max_iter;
}

static Size
path_bytes(const UsPathSettings *settings, int n, int width, int hi)
{
	return us_scratch_bytes(n, width) + us_search_space_bytes(n, width, hi);
}

static double
path_work(const UsPathSettings *settings, int n, int width, int lo, int hi, UsPathEffort effort)
{
	UsSearchPlan plan = {0};
	double		passes = effort == US_PATH_QUICK ? PASSES_QUICK : USUAL_PASSES;
	double		work = 0;

	us_kmeans_search_effort(&plan, effort, true);
	for (int k = lo; k <= hi; k++)
		work += Min(passes * n * width * k, plan.max_work);
	return work;
}

/* What is passed on of each partition. */
typedef struct Passing
{
	const UsPoints *p;
	double		rows;
	UsPathVisit visit;
	void	   *context;
} Passing;

static void
pass_on(void *context, const UsPartition *best, const UsSearchResult *search)
{
	Passing    *passing = (Passing *) context;
	UsPathStep	step;

	step.k = best->k;
	step.label = best->label;
	step.log_likelihood = us_figures_spherical(passing->p, &best->sums, passing->rows,
											   &step.n_parameters);
	passing->visit(passing->context, &step);
}

static void
path_run(const UsPathTask *task, double rows, UsPathVisit visit, void *context)
{
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "k-means path",
											  ALLOCSET_DEFAULT_SIZES);
	UsArena    *arena = us_arena_create(own, NULL);
	const double *o = task->settings->own;
	UsSearchPlan plan = {0};
	Passing		passing = {task->points, rows, visit, context};

	plan.seeding = (UsSeeding) o[OWN_SEEDING];
	plan.starts = (int) o[OWN_STARTS];
	plan.moves = o[OWN_MOVES] != 0;
	plan.max_iter = (int) o[OWN_MAX_ITER];
	plan.patience = PATIENCE;
	us_kmeans_search_effort(&plan, task->effort, task->complete);
	us_kmeans_each_k(task->points, task->lo, task->hi, &plan, task->seed,
					 us_scratch_create(arena, task->points),
					 us_search_space_create(arena, task->points, task->hi), pass_on, &passing);
	MemoryContextDelete(own);
}

const UsPathway us_kmeans_pathway = {
	.settings = path_settings,
	.bytes = path_bytes,
	.work = path_work,
	.run = path_run,
};
