/*
 * gmm_path.c
 *	  The search for mixtures by its parameters, and the mixtures of several numbers of
 *	  components.
 *
 * Their partitions have the most probable component of each row as its label.  For comparison one start with
 * some iterations does.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/compat.h"
#include "infra/lapack.h"
#include "infra/progress.h"
#include "learn/gmm_path.h"
#include "learn/gmm_task.h"

/* effort of the search for each k, in products of rows: of a training, for comparison only */
#define WORK_EACH			5e8
#define WORK_QUICK			1e7

#define PATIENCE			40

/* of the mean log-likelihood, while starts are compared and for the best of them: at most this */
#define ROUGH_TOLERANCE		1e-5
#define SEARCH_TOLERANCE	1e-6

#define QUICK_ITERATIONS	30
#define QUICK_TOLERANCE		1e-4

/* distinct rows, since mixtures cost more than partitions; and those of the silhouette */
#define SAMPLE_ROWS			4096
#define SILHOUETTE_ROWS		4096

/* steps of k-means that a product takes, passes of a training, and of a comparison */
#define STEPS_A_PRODUCT		6.0
#define USUAL_PASSES		1000.0
#define QUICK_PASSES		50.0

/* UsPathSettings.own */
typedef enum Own
{
	OWN_COVARIANCE,
	OWN_STARTS,
	OWN_PATIENCE,
	OWN_MAX_ITER,
	OWN_TOLERANCE,
	OWN_REG
} Own;

void
us_gmm_search_plan(const UsParams *params, UsGmmSearchPlan *plan)
{
	memset(plan, 0, sizeof(UsGmmSearchPlan));
	if (!us_covariance_find(us_params_get(params, "covariance")->text, &plan->covariance))
		elog(ERROR, "unexpected covariance");
	plan->starts = (int) us_params_get(params, "n_init")->integer;
	plan->max_iter = (int) us_params_get(params, "max_iter")->integer;
	plan->tolerance = fmin(us_params_get(params, "tolerance")->number, SEARCH_TOLERANCE);
	plan->rough = fmax(plan->tolerance, ROUGH_TOLERANCE);
	plan->reg = us_params_get(params, "reg_covar")->number;
	plan->max_work = WORK_EACH;
	plan->patience = strcmp(us_params_get(params, "search")->text, "moves") == 0 ? PATIENCE : 0;
}

void
us_gmm_refuse_singular(const UsGmmSearchPlan *plan, int k)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a mixture of %d components with %s covariances and reg_covar %g has a component whose covariance is not positive definite",
					k, us_covariance_name(plan->covariance), plan->reg),
			 errdetail("Its rows lie in a plane, or it has too few of them."),
			 errhint("Use a larger reg_covar, covariance \"diag\", fewer components, or drop columns that depend on others.")));
}

static void
path_settings(const UsParams *params, UsPathSettings *settings)
{
	const UsParam *sample = us_params_get(params, "sample_rows");
	const UsParam *workers = us_params_get(params, "workers");
	UsGmmSearchPlan plan;

	us_path_refuse(params);
	us_lapack_load();
	us_gmm_search_plan(params, &plan);
	settings->unit = false;
	settings->weight_counts = true;
	settings->sample_rows = sample->is_null ? SAMPLE_ROWS : sample->integer;
	settings->silhouette_rows = SILHOUETTE_ROWS;
	settings->silhouette_metric = US_METRIC_EUCLIDEAN;
	settings->workers = workers->is_null ? -1 : (int) workers->integer;
	settings->criterion = US_CRITERION_BIC;
	settings->own[OWN_COVARIANCE] = plan.covariance;
	settings->own[OWN_STARTS] = plan.starts;
	settings->own[OWN_PATIENCE] = plan.patience;
	settings->own[OWN_MAX_ITER] = plan.max_iter;
	settings->own[OWN_TOLERANCE] = plan.tolerance;
	settings->own[OWN_REG] = plan.reg;
}

static UsGmmSearchPlan
plan_of(const UsPathTask *task)
{
	const double *o = task->settings->own;
	UsGmmSearchPlan plan = {0};

	plan.covariance = (UsCovariance) o[OWN_COVARIANCE];
	plan.starts = (int) o[OWN_STARTS];
	plan.patience = (int) o[OWN_PATIENCE];
	plan.max_iter = (int) o[OWN_MAX_ITER];
	plan.tolerance = o[OWN_TOLERANCE];
	plan.rough = fmax(plan.tolerance, ROUGH_TOLERANCE);
	plan.reg = o[OWN_REG];
	plan.max_work = WORK_EACH;
	plan.seed = task->seed;
	if (task->effort == US_PATH_QUICK)
	{
		plan.starts = 1;
		plan.patience = 0;
		plan.max_iter = Min(plan.max_iter, QUICK_ITERATIONS);
		plan.tolerance = plan.rough = QUICK_TOLERANCE;
		plan.max_work = WORK_QUICK;
	}
	return plan;
}

static Size
path_bytes(const UsPathSettings *settings, int n, int width, int hi)
{
	UsCovariance covariance = (UsCovariance) settings->own[OWN_COVARIANCE];

	return us_scratch_bytes(n, width) + us_search_space_bytes(n, width, hi) +
		(Size) n * (sizeof(double) + sizeof(uint16)) +
		2 * us_gmm_search_bytes(covariance, hi, width, (int) settings->own[OWN_STARTS]);
}

static double
path_work(const UsPathSettings *settings, int n, int width, int lo, int hi, UsPathEffort effort)
{
	UsCovariance covariance = (UsCovariance) settings->own[OWN_COVARIANCE];
	double		pass = (double) n * (width + us_gmm_products(covariance, width));
	double		work = 0;

	for (int k = lo; k <= hi; k++)
		work += effort == US_PATH_QUICK ? QUICK_PASSES * pass * k :
			Max(Min(USUAL_PASSES * pass * k, WORK_EACH), QUICK_PASSES * pass * k);
	return STEPS_A_PRODUCT * work;
}

/* The mean of the variances of the columns. */
static double
mean_variance(const UsPoints *p, UsArena *arena)
{
	UsSums		sums = us_sums_at(us_arena_alloc(arena, us_sums_bytes(1, p->width)), 1, p->width);
	uint16	   *label = (uint16 *) us_arena_array(arena, (Size) p->nblocks * US_LANES, sizeof(uint16));

	us_points_sums(p, label, &sums);
	return us_sums_inertia(&sums, p->squares, p->grid) / ((double) sums.weight[0] * p->width);
}

/* label[n]: the most probable component of each point, of equal ones the first. */
static void
find_labels(const UsGmmPoints *p, const UsMixture *mixture, uint16 *label)
{
	UsGmm		g = us_mixture_gmm(mixture);
	UsGmmScratch *s = us_gmm_scratch(g.k, g.d);

	for (int at = 0; at < p->points->n; at += US_GMM_TILE)
	{
		int			n = Min(p->points->n - at, US_GMM_TILE);

		us_progress("labels", at, p->points->n);
		us_gmm_load(s, p->points->x + (Size) at * g.d, n, g.d, p->factor);
		us_gmm_log_densities(&g, s, n);
		for (int i = 0; i < n; i++)
		{
			int			best = 0;

			for (int c = 1; c < g.k; c++)
				if (s->r[(Size) c * US_GMM_STRIDE + i] > s->r[(Size) best * US_GMM_STRIDE + i])
					best = c;
			label[at + i] = (uint16) best;
		}
	}
}

static void
check_points(const UsPathTask *task, UsCovariance covariance)
{
	us_mixture_check_sizes(covariance, task->hi, task->points->width);
	for (int j = 0; j < task->points->width; j++)
		if (task->points->grid[j].exponent < US_MIXTURE_MIN_EXPONENT)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("encoded column number %d is too narrow to compute densities", j + 1),
					 errhint("Use a transform such as \"standard\" for all columns.")));
}

/*
 * A mixture with a component that has collapsed onto a plane has no likelihood that could be compared
 * (gmm_trouble.h): it is shown without.  One that cannot be found at all is refused in the partitions that are
 * shown, and left out in those for comparison.
 */
static void
path_run(const UsPathTask *task, double rows, UsPathVisit visit, void *context)
{
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "mixture path",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	UsArena    *arena = us_arena_create(own, NULL);
	UsGmmSearchPlan plan = plan_of(task);
	const UsMixture *fewer = NULL;
	UsGmmPoints p;
	uint16	   *label;

	check_points(task, plan.covariance);
	us_gmm_points_make(&p, task->points, 1, US_MIXTURE_WEIGHT_BITS, mean_variance(task->points, arena),
					   task->hi, arena);
	label = (uint16 *) us_arena_array(arena, (Size) task->points->nblocks * US_LANES, sizeof(uint16));
	for (int k = task->lo; k <= task->hi; k++)
	{
		UsGmmCandidate c = {0};
		UsPathStep	step = {k, label, NAN, 0};

		us_progress("search", k - task->lo, task->hi - task->lo + 1);
		c.k = k;
		us_gmm_search(&p, &plan, fewer, &c);
		fewer = c.mixture;
		if (c.mixture == NULL && task->effort == US_PATH_THOROUGH)
			us_gmm_refuse_singular(&plan, k);
		if (c.mixture == NULL)
			continue;
		find_labels(&p, c.mixture, label);
		if (c.n_troubles == 0)
			step.log_likelihood = c.log_likelihood / p.total_weight * rows;
		step.n_parameters = us_mixture_parameters(c.mixture);
		visit(context, &step);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(own);
}

const UsPathway us_gmm_pathway = {
	.settings = path_settings,
	.bytes = path_bytes,
	.work = path_work,
	.run = path_run,
};
