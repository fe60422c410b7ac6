/*
 * hierarchical.c
 *	  Hierarchical clustering: parameters, the course of a training, details.
 *
 * 1. The points: all rows, or weighted prototypes of them (hierarchical_points.c).
 * 2. Their tree (stat/linkage.c).
 * 3. The number of segments (hierarchical_choose.c): given, by height, or by a criterion.
 */
#include "postgres.h"

#include <math.h>

#include "data/matrix.h"
#include "infra/progress.h"
#include "learn/hierarchical_choose.h"
#include "learn/hierarchical_points.h"
#include "learn/microcluster.h"

#define MAX_K				10000
#define AUTO_LO				2
#define AUTO_HI				10
#define LEAST_PROTOTYPES	64

static const char *const linkages[] = {"ward", "complete", "average", "single", "weighted", "centroid", "median", NULL};
static const char *const metrics[] = {"euclidean", "cosine", "manhattan", NULL};
static const char *const criteria[] = {
	[US_CUT_SILHOUETTE] = "silhouette",
	[US_CUT_LARGEST_GAP] = "largest_gap",
	[US_CUT_GAP_STATISTIC] = "gap_statistic",
	[US_CUT_INCONSISTENCY] = "inconsistency",
	NULL
};

static const UsParamSpec specs[] = {
	{"k", US_PARAM_COUNT, "\"auto\"", 1, MAX_K, NULL,
	"number of segments; \"auto\" tries 2 to 10, [lo, hi] that range, and criterion chooses"},
	{"linkage", US_PARAM_CHOICE, "\"ward\"", 0, 0, linkages,
	"what the distance of two clusters is"},
	{"metric", US_PARAM_CHOICE, "\"euclidean\"", 0, 0, metrics,
	"distance of two rows; ward, centroid and median need euclidean"},
	{"height", US_PARAM_NUMBER, NULL, 0, 1e300, NULL,
	"cut at this height instead of a number of segments"},
	{"criterion", US_PARAM_CHOICE, "\"silhouette\"", 0, 0, criteria,
	"what chooses k from a range"},
	{"max_exact", US_PARAM_INT, "20000", 2, 100000, NULL,
	"up to so many rows, if memory allows, every row is clustered; more are summed up in prototypes first"},
	{"prototypes", US_PARAM_INT, "2048", LEAST_PROTOTYPES, 65535, NULL,
	"weighted prototypes that stand for the rows of a larger source"},
	{"min_rows", US_PARAM_INT, "1", 1, 1000, NULL,
	"rows that each point of the model stands for at least; from 2 on no point is a single row"},
	{"max_cut", US_PARAM_INT, "256", 1, MAX_K, NULL,
	"most segments that userseg.cut can make of the model"},
	{"silhouette_rows", US_PARAM_INT, "5000", 0, 100000, NULL,
	"points on which the silhouette is computed, up to as many exactly; 0: none"},
	{"cophenetic_rows", US_PARAM_INT, "10000", 0, 100000, NULL,
	"points on which the cophenetic correlation is computed, up to as many exactly; 0: none"},
	{"references", US_PARAM_INT, "20", 2, 1000, NULL,
	"reference sets of the gap statistic"},
	{"workers", US_PARAM_INT, NULL, 0, 64, NULL,
	"parallel workers that make the prototypes; default by the size of the work, at most userseg.max_parallel_workers"},
	{NULL}
};

/* One training. */
typedef struct Fit
{
	const UsFitInput *input;
	UsFitResult *result;
	UsReport   *details;
	UsArena    *arena;
	UsHierarchyPlan plan;
	UsHierarchicalModel *model;
	uint16	   *of_row;			/* the point of each row, then its branch less 1; or NULL */
	UsTree	   *tree;			/* of the model, while it is being made */
	UsCutPlan	cut;
	UsCutCandidate *candidate;
	int			chosen;
	char	   *reason;			/* NULL: k was given */
	double		cophenetic;
	int			distinct;		/* points */
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

static int
choice(const char *text, const char *const *choices)
{
	for (int i = 0; choices[i] != NULL; i++)
		if (strcmp(text, choices[i]) == 0)
			return i;
	elog(ERROR, "unexpected choice \"%s\"", text);
}

/* ---- parameters ---- */

void
us_hierarchy_read_linkage(const UsParams *params, UsLinkage *linkage, UsMetric *metric)
{
	if (!us_linkage_find(us_params_get(params, "linkage")->text, linkage) ||
		!us_metric_find(us_params_get(params, "metric")->text, metric))
		elog(ERROR, "unexpected linkage or metric");
	if (us_linkage_is_geometric(*linkage) && *metric != US_METRIC_EUCLIDEAN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("linkage \"%s\" is not defined for metric \"%s\"",
						us_linkage_name(*linkage), us_metric_name(*metric)),
				 errdetail("It works with the centres of clusters, which only belong to Euclidean distances."),
				 errhint("Use metric \"euclidean\", or one of the linkages \"average\", \"complete\", \"weighted\" and \"single\".")));
}

/* Largest number of segments that may be asked for. */
static int
most_segments(const UsParams *params)
{
	const UsParam *k = us_params_get(params, "k");

	return (int) (k->is_range ? k->hi : (k->is_auto ? AUTO_HI : k->integer));
}

static void
read_cut(Fit *f)
{
	const UsParam *k = param(f, "k");

	f->cut.lo = AUTO_LO;
	if (k->is_range)
		f->cut.lo = (int) k->lo;
	else if (!k->is_auto)
		f->cut.lo = (int) k->integer;
	f->cut.hi = most_segments(f->input->params);
	f->cut.criterion = (UsCutCriterion) choice(param(f, "criterion")->text, criteria);
	f->cut.linkage = f->plan.linkage;
	f->cut.silhouette_rows = (int) param(f, "silhouette_rows")->integer;
	f->cut.references = (int) param(f, "references")->integer;
	f->cut.seed = f->input->seed;
	f->cut.budget = f->input->budget;
	if (!param(f, "height")->is_null && k->given && !k->is_auto)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameters \"k\" and \"height\" exclude each other"),
				 errhint("Give one of them: a number of segments, or the height to cut at.")));
}

/* ---- points and tree ---- */

static void
plan_points(Fit *f)
{
	int			least = Max(LEAST_PROTOTYPES, f->cut.hi);
	Size		room = us_budget_left(f->input->budget) / 10 * 9;

	f->plan.nrows = f->input->frame->nrows;
	f->plan.width = us_encoder_width(f->input->encoder);
	f->plan.max_exact = (int) param(f, "max_exact")->integer;
	f->plan.max_prototypes = Max((int) param(f, "prototypes")->integer, Min(2 * f->cut.hi, 65535));
	f->plan.min_rows = (int) param(f, "min_rows")->integer;
	if (f->plan.nrows < f->plan.min_rows)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_rows is %d, but the source has only " INT64_FORMAT " rows", f->plan.min_rows, f->plan.nrows),
				 errhint("Use a smaller min_rows, or more rows.")));
	us_hierarchy_decide(&f->plan, room, least);
	if (f->plan.short_of_memory)
		warn(f->result,
			 psprintf("userseg.max_memory leaves %.1f MB for the tree: " INT64_FORMAT " rows are clustered as %d prototypes",
					  room / 1048576.0, f->plan.nrows, f->plan.n));
}

static void
build_tree(Fit *f)
{
	UsHierarchicalModel *m = f->model;
	UsArena    *scratch = us_arena_create(CurrentMemoryContext, f->input->budget);
	UsLinkageInput in = {0};
	int			exponent;

	us_progress("points", 0, f->plan.nrows);
	us_hierarchy_points(&f->plan, f->input, f->arena, f->details, &m->points, &f->of_row);
	/* fewer prototypes than planned may have room for a better storage */
	if (!f->plan.exact)
		(void) us_hierarchy_storage(f->plan.linkage, m->points.n, f->plan.width,
									us_budget_left(f->input->budget) / 10 * 9, &f->plan.storage);
	m->merge = (UsMerge *) us_arena_array(f->arena, Max(m->points.n, 1), sizeof(UsMerge));
	in.linkage = f->plan.linkage;
	in.metric = f->plan.metric;
	in.storage = f->plan.storage;
	in.n = m->points.n;
	in.width = m->points.dim;
	in.x = m->points.x;
	in.weight = us_hierarchy_weights(&m->points, &exponent);
	us_progress("tree", 0, m->points.n);
	us_linkage(&in, us_arena_alloc(scratch, us_linkage_bytes(in.linkage, in.storage, in.n, in.width)), m->merge);
	us_arena_reset(scratch);
	for (int i = 0; i < m->points.n - 1; i++)
	{
		m->merge[i].height = ldexp(m->merge[i].height, m->points.exponent +
								   (in.linkage == US_LINKAGE_WARD ? exponent / 2 : 0));
		m->merge[i].size = ldexp(m->merge[i].size, exponent);
	}
	f->tree = us_tree_make(m->merge, m->points.n);
}

/* Bytes that measuring the tree takes beside it. */
static Size
measure_bytes(const Fit *f)
{
	return (Size) f->model->points.n * sizeof(double) * (f->model->points.dim + 3);
}

static void
find_cophenetic(Fit *f)
{
	int			rows = (int) param(f, "cophenetic_rows")->integer;
	UsTreePoints sample = us_hierarchy_sample(&f->model->points, rows);

	us_progress("cophenetic correlation", 0, 0);
	us_budget_take(f->input->budget, measure_bytes(f), "the cophenetic correlation");
	f->cophenetic = rows > 0 ? us_tree_cophenetic(f->tree, &sample) : NAN;
	us_budget_release(f->input->budget, measure_bytes(f));
}

/* ---- the number of segments ---- */

/* A range is cut at the number of distinct points; a given k above it is an error. */
static void
check_distinct(Fit *f)
{
	const UsParam *k = param(f, "k");

	f->distinct = us_hierarchy_distinct(&f->model->points);
	if (f->cut.hi <= f->distinct)
		return;
	if (f->cut.lo > f->distinct && k->given && !k->is_auto)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k is %d, but the source has only %d distinct %s", f->cut.lo, f->distinct,
						f->model->points.exact ? "rows" : "prototypes"),
				 errdetail(INT64_FORMAT " rows, %d encoded columns.",
						   f->input->frame->nrows, f->plan.width),
				 errhint("Use a k of at most %d, or more columns.", f->distinct)));
	f->cut.hi = f->distinct;
	f->cut.lo = Min(f->cut.lo, f->cut.hi);
}

static void
cut_by_height(Fit *f, double height)
{
	int			k = us_tree_clusters_at(f->tree, height);

	if (k > MAX_K)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a cut at height %g makes %d segments, at most %d are possible", height, k, MAX_K),
				 errhint("The highest merge is at %g.", f->tree->top[f->tree->undo[0]])));
	f->cut.lo = f->cut.hi = k;
}

static void
choose_cut(Fit *f)
{
	const UsParam *height = param(f, "height");

	check_distinct(f);
	if (!height->is_null)
		cut_by_height(f, height->number);
	f->candidate = (UsCutCandidate *) palloc(sizeof(UsCutCandidate) * (f->cut.hi - f->cut.lo + 1));
	us_budget_take(f->input->budget, measure_bytes(f), "the choice of the number of segments");
	f->chosen = us_cut_choose(&f->model->points, f->tree, &f->cut, f->candidate, &f->reason);
	us_budget_release(f->input->budget, measure_bytes(f));
}

/* The branches of the rows, where their points are known. */
static void
find_branches(Fit *f)
{
	const UsHierarchicalModel *m = f->model;
	int64		rows = (int64) f->input->frame->nchunks * US_CHUNK_ROWS;

	for (int64 i = 0; f->of_row != NULL && i < rows; i++)
	{
		if (i % US_CHUNK_ROWS == 0)
			us_progress("branches", i, rows);
		f->of_row[i] = (uint16) (m->branch[f->of_row[i]] - 1);
	}
}

/* ---- details ---- */

static void
report_candidates(Fit *f)
{
	UsReport   *table = us_report_add_array(f->details, "candidates");

	for (int i = 0; i <= f->cut.hi - f->cut.lo; i++)
	{
		const UsCutCandidate *c = &f->candidate[i];
		UsReport   *row = us_report_add_object(table, NULL);

		us_report_int(row, "k", c->k);
		us_report_number(row, "height_low", c->low);
		us_report_number(row, "height_high", c->high);
		us_report_number(row, "silhouette", c->silhouette);
		us_report_number(row, "inconsistency", c->inconsistency);
		us_report_number(row, "inertia", c->inertia);
		if (f->cut.criterion == US_CUT_GAP_STATISTIC)
		{
			us_report_number(row, "gap", c->gap);
			us_report_number(row, "gap_error", c->gap_error);
		}
	}
}

static const char *
chosen_by(const Fit *f)
{
	if (!param(f, "height")->is_null)
		return "height";
	return f->reason ? criteria[f->cut.criterion] : "given";
}

static void
report(Fit *f)
{
	const UsHierarchicalModel *m = f->model;
	const UsCutCandidate *c = &f->candidate[f->chosen];
	int			rows = (int) param(f, "cophenetic_rows")->integer;

	us_report_text(f->details, "linkage", us_linkage_name(m->linkage));
	us_report_text(f->details, "metric", us_metric_name(m->points.metric));
	us_report_bool(f->details, "exact", m->points.exact);
	us_report_int(f->details, "points", m->points.n);
	us_report_int(f->details, "least_rows", m->points.least_rows);
	us_report_int(f->details, "distinct_points", f->distinct);
	us_report_text(f->details, "distances", f->plan.storage == US_LINKAGE_FLOAT8 ? "float8" :
				   f->plan.storage == US_LINKAGE_FLOAT4 ? "float4" : "recomputed");
	us_report_int(f->details, "max_cut", m->branches);
	us_hierarchical_report_cut(m, c->silhouette, f->details);
	us_report_text(f->details, "chosen_by", chosen_by(f));
	if (f->reason)
		us_report_text(f->details, "reason", f->reason);
	else
		us_report_null(f->details, "reason");
	us_report_int(f->details, "silhouette_points", Min(m->points.n, m->silhouette_rows));
	us_report_number(f->details, "cophenetic_correlation", f->cophenetic);
	us_report_int(f->details, "cophenetic_points", Min(m->points.n, rows));
	if (f->cut.lo < f->cut.hi)
		report_candidates(f);
}

/* ---- the vtable ---- */

static void
hierarchical_fit(const UsFitInput *input, UsFitResult *result)
{
	Fit			f = {0};
	UsHierarchicalModel *m = (UsHierarchicalModel *) palloc0(sizeof(UsHierarchicalModel));

	memset(result, 0, sizeof(UsFitResult));
	f.input = input;
	f.result = result;
	f.model = m;
	f.details = us_report_object();
	f.arena = us_arena_create(CurrentMemoryContext, input->budget);
	us_hierarchy_read_linkage(input->params, &f.plan.linkage, &f.plan.metric);
	read_cut(&f);
	(void) us_space_create(input->encoder, input->frame, f.plan.metric == US_METRIC_COSINE);	/* refuses too wide columns */
	plan_points(&f);
	build_tree(&f);
	find_cophenetic(&f);
	choose_cut(&f);

	m->linkage = f.plan.linkage;
	m->k = f.candidate[f.chosen].k;
	m->branches = Min(Max((int) param(&f, "max_cut")->integer, m->k), f.distinct);
	m->branches = Max(m->branches, m->k);
	m->silhouette_rows = f.cut.silhouette_rows;
	if (m->linkage == US_LINKAGE_WARD && m->points.within != NULL)
		m->components = us_hierarchical_components(m);
	us_hierarchical_prepare(m);
	find_branches(&f);
	report(&f);

	result->model = m;
	result->task = US_TASK_CLUSTERING;
	result->n_labels = m->k;
	result->metric = "silhouette";
	result->metric_value = f.candidate[f.chosen].silhouette;
	result->converged = true;
	result->details = f.details;
	result->labels = f.of_row;
}

static uint64
hierarchical_memory(const UsParams *params, int64 nrows, int width)
{
	int			max_exact = (int) us_params_get(params, "max_exact")->integer;
	int			prototypes = (int) us_params_get(params, "prototypes")->integer;
	UsHierarchyPlan plan = {0};

	(void) us_linkage_find(us_params_get(params, "linkage")->text, &plan.linkage);
	plan.nrows = nrows;
	plan.width = width;
	plan.max_exact = max_exact;
	plan.max_prototypes = prototypes;
	us_hierarchy_decide(&plan, SIZE_MAX / 2, LEAST_PROTOTYPES);
	return us_hierarchy_bytes(plan.linkage, plan.storage, plan.n, width) +
		(plan.exact ? 0 : us_prototypes_bytes(plan.n, nrows, width));
}

const UsAlgorithm us_algorithm_hierarchical = {
	.name = "hierarchical",
	.task = "clustering",
	.description = "hierarchical clustering: seven linkages, exact or on prototypes of many rows, automatic number of segments, cut again without training",
	.needs_target = false,
	.params = specs,
	.fit = hierarchical_fit,
	.memory = hierarchical_memory,
	.score = us_hierarchical_score,
	.label = us_hierarchical_label,
	.label_block = us_hierarchical_label_block,
	.score_block = us_hierarchical_score_block,
	.proba = us_hierarchical_proba,
	.explain = us_hierarchical_explain,
	.center = us_hierarchical_center,
	.tree = &us_hierarchical_tree,
	.describe = us_hierarchical_describe,
	.write = us_hierarchical_write,
	.read = us_hierarchical_read,
	.pathway = &us_hierarchical_pathway,
};
