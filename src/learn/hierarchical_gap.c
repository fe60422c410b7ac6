/*
 * hierarchical_gap.c
 *	  The gap statistic of the cuts of a tree.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "infra/progress.h"
#include "learn/hierarchical_choose.h"
#include "math/hash.h"
#include "math/kernels.h"
#include "stat/gap.h"

/* streams of random numbers */
#define STREAM_REFERENCE	0x686761700000UL

typedef struct Race
{
	double		key;
	int32		number;
} Race;

static inline int
compare_race(const Race *a, const Race *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->number < b->number ? -1 : (a->number > b->number ? 1 : 0);
}

#define ST_SORT sort_race
#define ST_ELEMENT_TYPE Race
#define ST_COMPARE(a, b) compare_race(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * The points that take part, each with weight 1: an exponential race by weight whose random numbers
 * follow from the coordinates.
 */
static void
draw_points(const UsHierarchyPoints *from, uint64 seed, UsHierarchyPoints *to)
{
	Race	   *race = (Race *) palloc(sizeof(Race) * from->n);

	for (int i = 0; i < from->n; i++)
	{
		uint64		hash = us_hash_bytes(from->x + (Size) i * from->dim, sizeof(double) * from->dim, 0);

		race[i].key = -log(us_uniform(seed, hash + i)) / from->weight[i];
		race[i].number = i;
	}
	sort_race(race, from->n);
	*to = *from;
	to->n = Min(from->n, US_GAP_POINTS);
	to->x = (double *) palloc(sizeof(double) * to->n * to->dim);
	to->weight = (double *) palloc(sizeof(double) * to->n);
	to->within = NULL;
	for (int i = 0; i < to->n; i++)
	{
		memcpy(to->x + (Size) i * to->dim, from->x + (Size) race[i].number * to->dim, sizeof(double) * to->dim);
		to->weight[i] = 1;
	}
	pfree(race);
}

/* log W of the cuts into lo .. hi. */
static void
log_within(const UsHierarchyPoints *p, UsLinkage linkage, int lo, int hi, void *memory, UsMerge *merge, double *log_w)
{
	UsLinkageStorage storage = us_linkage_can(linkage, US_LINKAGE_FLOAT8) ? US_LINKAGE_FLOAT8 : US_LINKAGE_NO_MATRIX;
	UsLinkageInput in = {linkage, p->metric, storage, p->n, p->dim, p->x, NULL};

	us_linkage(&in, memory, merge);
	us_hierarchy_inertia(p, us_tree_make(merge, p->n), lo, hi, log_w);
	for (int i = 0; i <= hi - lo; i++)
		log_w[i] = log(log_w[i]);
}

static double
get_point(const void *rows, int64 i, double *x)
{
	const UsHierarchyPoints *p = (const UsHierarchyPoints *) rows;

	memcpy(x, p->x + i * p->dim, sizeof(double) * p->dim);
	return 1;
}

/* One point of a reference set; for cosine distances a direction again. */
static void
draw_reference(const UsGapBox *box, const UsHierarchyPoints *p, UsRandom *random, double *x)
{
	us_gap_draw(box, random, x);
	if (p->metric == US_METRIC_COSINE)
		us_hierarchy_direction(x, p->width);
}

void
us_cut_gap(const UsHierarchyPoints *points, const UsCutPlan *plan, double *gap, double *se)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gap statistic", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	UsHierarchyPoints p;
	UsGapBox	box;
	UsMerge    *merge;
	double	   *log_w;
	double	   *reference;
	void	   *memory;
	int			hi;
	int			nk;

	draw_points(points, plan->seed, &p);
	hi = Min(plan->hi, p.n);
	nk = Max(hi - plan->lo + 1, 0);
	for (int i = nk; i <= plan->hi - plan->lo; i++)
		gap[i] = se[i] = NAN;
	merge = (UsMerge *) palloc(sizeof(UsMerge) * p.n);
	memory = us_block_alloc(us_linkage_bytes(plan->linkage, us_linkage_can(plan->linkage, US_LINKAGE_FLOAT8) ?
											 US_LINKAGE_FLOAT8 : US_LINKAGE_NO_MATRIX, p.n, p.dim));
	log_w = (double *) palloc(sizeof(double) * (nk + 1));
	reference = (double *) palloc(sizeof(double) * (nk + 1) * plan->references);
	box = us_gap_box_at(palloc(us_gap_box_bytes(p.dim)), p.dim);
	us_gap_box_fit(&box, get_point, &p, p.n);
	if (nk > 0)
		log_within(&p, plan->linkage, plan->lo, hi, memory, merge, log_w);
	for (int r = 0; r < plan->references && nk > 0; r++)
	{
		UsRandom	random;

		us_progress("reference sets", r, plan->references);
		us_random_init(&random, plan->seed, STREAM_REFERENCE + r);
		for (int i = 0; i < p.n; i++)
			draw_reference(&box, &p, &random, p.x + (Size) i * p.dim);
		log_within(&p, plan->linkage, plan->lo, hi, memory, merge, reference + (Size) r * nk);
	}
	if (nk > 0)
		us_gap(log_w, reference, plan->references, nk, gap, se);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
