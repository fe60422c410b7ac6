/*
 * hierarchical_path.c
 *	  Hierarchical clustering for several numbers of segments: all cuts of one tree.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/hierarchical_points.h"
#include "learn/pathway.h"
#include "math/kernels.h"

/* up to so many points distances are kept, so that the result does not depend on the memory */
#define MATRIX_POINTS	2048

/* coordinates that the search for nearest clusters compares, in n^2 width */
#define USUAL_WORK		4.0

/* UsPathSettings.own */
typedef enum Own
{
	OWN_LINKAGE,
	OWN_METRIC
} Own;

/* The criterion of training as one that several algorithms have. */
static UsCriterion
criterion_of(const char *name)
{
	if (strcmp(name, "gap_statistic") == 0)
		return US_CRITERION_GAP;
	if (strcmp(name, "silhouette") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("criterion \"%s\" judges a tree, not partitions", name),
				 errhint("Use \"silhouette\" or \"gap_statistic\", or train with a range of k.")));
	return US_CRITERION_SILHOUETTE;
}

static void
path_settings(const UsParams *params, UsPathSettings *settings)
{
	const UsParam *workers = us_params_get(params, "workers");
	UsLinkage	linkage;
	UsMetric	metric;

	us_path_refuse(params);
	if (!us_params_get(params, "height")->is_null)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("params have a height, but select_k compares several numbers of segments"),
				 errhint("Use the arguments k_min and k_max.")));
	us_hierarchy_read_linkage(params, &linkage, &metric);
	settings->unit = metric == US_METRIC_COSINE;
	settings->sample_rows = Min(us_params_get(params, "max_exact")->integer,
								us_params_get(params, "prototypes")->integer);
	settings->silhouette_rows = (int) us_params_get(params, "silhouette_rows")->integer;
	settings->silhouette_metric = metric;
	settings->workers = workers->is_null ? -1 : (int) workers->integer;
	settings->criterion = criterion_of(us_params_get(params, "criterion")->text);
	settings->own[OWN_LINKAGE] = linkage;
	settings->own[OWN_METRIC] = metric;
}

static UsLinkageStorage
storage_for(UsLinkage linkage, int n)
{
	if (us_linkage_can(linkage, US_LINKAGE_FLOAT8) &&
		(n <= MATRIX_POINTS || !us_linkage_can(linkage, US_LINKAGE_NO_MATRIX)))
		return US_LINKAGE_FLOAT8;
	return US_LINKAGE_NO_MATRIX;
}

static Size
path_bytes(const UsPathSettings *settings, int n, int width, int hi)
{
	UsLinkage	linkage = (UsLinkage) settings->own[OWN_LINKAGE];

	return us_hierarchy_bytes(linkage, storage_for(linkage, n), n, width) +
		(Size) n * (sizeof(int32) + sizeof(uint16));
}

static double
path_work(const UsPathSettings *settings, int n, int width, int lo, int hi, UsPathEffort effort)
{
	return USUAL_WORK * n * n * width;
}

/* The points in units of the largest coordinate, as directions for cosine distances, in order. */
static int32 *
take_points(const UsPoints *from, UsMetric metric, UsArena *arena, UsHierarchyPoints *p)
{
	double	   *x;
	double	   *weight;

	memset(p, 0, sizeof(UsHierarchyPoints));
	p->n = from->n;
	p->width = from->width;
	p->dim = p->width + (metric == US_METRIC_COSINE);
	p->metric = metric;
	p->exact = true;
	x = (double *) us_arena_array(arena, (Size) p->n * p->dim, sizeof(double));
	weight = (double *) us_arena_array(arena, p->n, sizeof(double));
	for (int i = 0; i < p->n; i++)
	{
		const float *row = from->x + (Size) (i / US_LANES) * p->width * US_LANES + i % US_LANES;
		double	   *to = x + (Size) i * p->dim;

		for (int j = 0; j < p->width; j++)
			to[j] = row[j * US_LANES];
		if (metric == US_METRIC_COSINE)
			us_hierarchy_direction(to, p->width);
		weight[i] = from->weight ? (double) from->weight[i] : 1;
	}
	return us_hierarchy_put_in_order(p, arena, x, weight, NULL);
}

static void
path_run(const UsPathTask *task, double rows, UsPathVisit visit, void *context)
{
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "hierarchical path",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	UsArena    *arena = us_arena_create(own, NULL);
	UsHierarchyPoints p;
	UsLinkageInput in = {0};
	UsMerge    *merge;
	UsTree	   *tree;
	int32	   *order;
	int32	   *leaf;
	uint16	   *label;

	in.linkage = (UsLinkage) task->settings->own[OWN_LINKAGE];
	in.metric = (UsMetric) task->settings->own[OWN_METRIC];
	order = take_points(task->points, in.metric, arena, &p);
	in.storage = storage_for(in.linkage, p.n);
	in.n = p.n;
	in.width = p.dim;
	in.x = p.x;
	in.weight = task->points->weight ? p.weight : NULL;
	merge = (UsMerge *) us_arena_array(arena, p.n, sizeof(UsMerge));
	us_linkage(&in, us_arena_alloc(arena, us_linkage_bytes(in.linkage, in.storage, in.n, in.width)), merge);
	tree = us_tree_make(merge, p.n);
	leaf = (int32 *) us_arena_array(arena, p.n, sizeof(int32));
	label = (uint16 *) us_arena_array(arena, (Size) task->points->nblocks * US_LANES, sizeof(uint16));
	for (int k = task->lo; k <= task->hi; k++)
	{
		UsPathStep	step = {k, label, NAN, NAN};

		us_progress("cuts", k - task->lo, task->hi - task->lo + 1);
		us_tree_cut(tree, k, leaf);
		for (int i = 0; i < p.n; i++)
			label[order[i]] = (uint16) (leaf[i] - 1);
		visit(context, &step);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(own);
}

const UsPathway us_hierarchical_pathway = {
	.settings = path_settings,
	.bytes = path_bytes,
	.work = path_work,
	.run = path_run,
};
